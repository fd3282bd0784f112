"""A language server over standard input and output: diagnostics on save, what a word means, and fixes as actions.

A proof is a program. It is run when it is saved, never while it is looked at or typed, in a child with limits, and only
if the client says that it trusts the workspace: ``initializationOptions: {"trusted": true}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from derive import __version__
from derive.checking.proof_files import may_be_proof
from derive.codes import CODES
from derive.diagnostics import Diagnostic, Fix, Span, visible
from derive.errors import BadInput
from derive.process.limits import Limits
from derive.report.explanations import explanation
from derive.rules import RULES
from derive.runs.campaign import Look, check_isolated

SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning,
              "note": types.DiagnosticSeverity.Information}
LIMITS = Limits(seconds=60, megabytes=1000)
UNTRUSTED = ("derive runs proofs, so it checks none in a workspace that is not trusted. A client that trusts this one "
             'sends initializationOptions {"trusted": true}.')


@dataclass(frozen=True, slots=True)
class _Saved:
    """A text that was checked, and what was found."""

    text: str
    found: tuple[Diagnostic, ...]


def server(limits: Limits | None = None) -> LanguageServer:
    """A server that waits to be started; each file is checked within these limits."""
    made = LanguageServer("derive", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
    checked: dict[str, _Saved] = {}
    trusted: list[bool] = []

    @made.feature(types.INITIALIZE)
    def begin(params: types.InitializeParams) -> None:
        trusted.append(_trusts(params.initialization_options))

    @made.feature(types.INITIALIZED)
    def begun(_: types.InitializedParams) -> None:
        if not any(trusted):
            made.window_show_message(types.ShowMessageParams(types.MessageType.Info, UNTRUSTED))

    def places(text: str) -> _Places:
        return _Places(text, made.workspace.position_encoding or types.PositionEncodingKind.Utf16)

    def look_at(uri: str) -> None:
        path = to_fs_path(uri) if uri.startswith("file:") else None
        if not any(trusted) or path is None or not may_be_proof(Path(path)):
            return
        text = made.workspace.get_text_document(uri).source
        one = next(check_isolated([Path(path)], look=Look("json", mend=True), limits=limits or LIMITS))
        checked[uri] = _Saved(text, one.diagnostics)
        shown = [_diagnostic(each, places(text)) for each in one.diagnostics]
        made.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown))

    @made.feature(types.TEXT_DOCUMENT_DID_SAVE)
    @made.thread()
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        look_at(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        checked.pop(params.text_document.uri, None)

    @made.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = made.workspace.get_text_document(params.text_document.uri)
        said = meaning(document.word_at_position(params.position))
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, said)) if said else None

    @made.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        known = checked.get(uri)
        if known is None or made.workspace.get_text_document(uri).source != known.text:
            return []  # the places of the fixes are those of the text that was checked
        at = places(known.text)
        return [_action(each, each.fix, uri, at) for each in known.found
                if each.fix is not None and _meets(at.range(each.span or each.fix.span), params.range)]

    return made


def _trusts(options: Any) -> bool:
    """Whether the client says so, in what it sends along with its first request."""
    given = options.get("trusted") if isinstance(options, dict) else getattr(options, "trusted", None)
    return given is True


def meaning(word: str) -> str:
    """What a rule or a code says; empty for any other word."""
    names = {rule.name for rule in RULES} | {code.number for code in CODES}
    if word not in names:
        return ""
    try:
        return explanation(word)
    except BadInput:
        return ""


def _diagnostic(one: Diagnostic, at: _Places) -> types.Diagnostic:
    hint = f"\nhint: {visible(one.hint)}" if one.hint else ""
    span = one.span or Span(line=1, column=1, end_line=1, end_column=1)
    return types.Diagnostic(at.range(span), visible(one.message) + hint, SEVERITIES[one.severity], one.code,
                            source="derive")


def _action(one: Diagnostic, fix: Fix, uri: str, at: _Places) -> types.CodeAction:
    edits = [types.TextEdit(at.range(edit.span), edit.text) for edit in (*fix.edits, *fix.imports)]
    changes = " (changes what is claimed)" if fix.unsafe else ""
    return types.CodeAction(f"{visible(fix.says)}{changes}", kind=types.CodeActionKind.QuickFix,
                            diagnostics=[_diagnostic(one, at)], is_preferred=not fix.unsafe,
                            edit=types.WorkspaceEdit(changes={uri: edits}))


@dataclass(frozen=True, slots=True)
class _Places:
    """Spans of a text as the client counts: lines from 0, and units of the encoding that was agreed on."""

    text: str
    encoding: Any

    def range(self, span: Span) -> types.Range:
        lines = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

        def position(line: int, column: int) -> types.Position:
            before = lines[line - 1][: column - 1] if line <= len(lines) else ""
            match self.encoding:
                case types.PositionEncodingKind.Utf8:
                    return types.Position(line - 1, len(before.encode(errors="replace")))
                case types.PositionEncodingKind.Utf32:
                    return types.Position(line - 1, len(before))
            return types.Position(line - 1, len(before.encode("utf-16-le", "surrogatepass")) // 2)

        return types.Range(position(span.line, span.column), position(span.end_line, span.end_column))


def _meets(one: types.Range, other: types.Range) -> bool:
    def places(of: types.Range) -> tuple[tuple[int, int], tuple[int, int]]:
        return (of.start.line, of.start.character), (of.end.line, of.end.character)

    (first, last), (begin, end) = places(one), places(other)
    return first <= end and begin <= last
