"""The results of a run for programs: JSON, GitHub's workflow commands, SARIF 2.1.0 and JUnit's XML."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from derive.codes import CODES, headline
from derive.diagnostics import ERROR, NOTE, WARNING, Diagnostic, Fix, Span, visible
from derive.report.payload import SCHEMA

PROGRAM = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "note"}


def as_json(theorems: Sequence[dict[str, Any]], errors: Sequence[str], diagnostics: Sequence[Diagnostic], *,
            status: int) -> str:
    """Schema 2. ``ok`` is false unless the exit status is 0. In ASCII, so that any stream can hold it."""
    data = {"schema": SCHEMA, "ok": status == 0, "exit": status, "theorems": list(theorems), "errors": list(errors),
            "diagnostics": [one.as_data() for one in diagnostics]}
    return json.dumps(data, indent=2) + "\n"


# -- GitHub ----------------------------------------------------------------------------------------


def as_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command a diagnostic: ``::error file=...,line=...::message``."""
    return "".join(f"{line}\n" for line in map(_command, diagnostics))


def _command(one: Diagnostic) -> str:
    names = {ERROR: "error", WARNING: "warning", NOTE: "notice"}
    places = {"file": one.file}
    if one.span is not None:
        places |= {"line": str(one.span.line), "endLine": str(one.span.end_line), "col": str(one.span.column)}
        if one.span.end_line == one.span.line:
            places["endColumn"] = str(max(one.span.column, one.span.end_column - 1))
    places["title"] = f"derive {one.code}"
    listed = ",".join(f"{name}={_escaped(value, also=':,')}" for name, value in places.items())
    return f"::{names[one.severity]} {listed}::{_escaped(_sentence(one))}"


def _escaped(text: str, *, also: str = "") -> str:
    """As GitHub's runner reads it back."""
    shown = visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in also:
        shown = shown.replace(character, f"%{ord(character):02X}")
    return shown


def _sentence(one: Diagnostic) -> str:
    theorem = f"{one.theorem}: " if one.theorem else ""
    return f"{theorem}{one.message}" + (f" ({one.hint})" if one.hint else "")


# -- SARIF -----------------------------------------------------------------------------------------


def as_sarif(diagnostics: Iterable[Diagnostic], *, version: str) -> str:
    """One run of SARIF 2.1.0, as code scanning takes it; columns are characters from 1, ends excluded."""
    rules = [{"id": code.number, "shortDescription": {"text": code.headline},
              "fullDescription": {"text": code.explanation}} for code in CODES]
    driver = {"name": "derive", "version": version, "rules": rules}
    data = {"$schema": PROGRAM, "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints",
                      "results": [_result(one) for one in diagnostics]}]}
    return json.dumps(data, indent=2) + "\n"


def _result(one: Diagnostic) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.file)}}
    if one.span is not None:
        place["region"] = _region(one.span)
    fixes = {"fixes": [_fix(one.fix, one.file)]} if one.fix is not None else {}
    return {"ruleId": one.code, "level": _LEVELS[one.severity], "message": {"text": visible(_sentence(one))},
            "locations": [{"physicalLocation": place}], **fixes}


def _region(span: Span) -> dict[str, int]:
    return {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def _fix(fix: Fix, file: str) -> dict[str, Any]:
    """A fix with its imports; one that ``--fix`` makes under ``--unsafe-fixes`` only says so."""
    replacements = [{"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                    for edit in (*fix.edits, *fix.imports)]
    says = visible(fix.says) + (" (unsafe)" if fix.unsafe else "")
    return {"description": {"text": says}, "properties": {"unsafe": fix.unsafe},
            "artifactChanges": [{"artifactLocation": {"uri": _uri(file)}, "replacements": replacements}]}


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(file.replace("\\", "/")))  # any name that a file can have


# -- JUnit -----------------------------------------------------------------------------------------


def as_junit(theorems: Sequence[dict[str, Any]], diagnostics: Sequence[Diagnostic], *, seconds: float) -> str:
    """A suite of one case for each theorem, and one for each file that could not be checked."""
    cases = [*(_case(theorem, diagnostics) for theorem in theorems), *_unchecked(theorems, diagnostics)]
    failures, errors = (str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error"))
    suite = ElementTree.Element("testsuite", name="derive", tests=str(len(cases)), failures=failures, errors=errors,
                                time=f"{seconds:.3f}")
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(theorem: dict[str, Any], diagnostics: Sequence[Diagnostic]) -> ElementTree.Element:
    seconds = sum(step["seconds"] for step in theorem["steps"])
    case = ElementTree.Element("testcase", classname=visible(theorem["file"]), name=visible(theorem["name"]),
                               file=visible(theorem["file"]), line=str(theorem["line"]), time=f"{seconds:.3f}")
    own = [one for one in diagnostics if (one.file, one.theorem) == (theorem["file"], theorem["name"])]
    wrong = [one for one in own if one.severity == ERROR]
    if wrong:
        failure = ElementTree.SubElement(case, "failure", type=wrong[0].code, message=visible(wrong[0].message))
        failure.text = "\n".join(_line(one) for one in wrong)
    rest = [one for one in own if one.severity != ERROR]
    if rest:
        ElementTree.SubElement(case, "system-out").text = "\n".join(_line(one) for one in rest)
    return case


def _unchecked(theorems: Sequence[dict[str, Any]], diagnostics: Sequence[Diagnostic]) -> Iterator[ElementTree.Element]:
    known = {(theorem["file"], theorem["name"]) for theorem in theorems}
    for one in diagnostics:
        if (one.file, one.theorem) not in known:
            case = ElementTree.Element("testcase", classname=visible(one.file), name=visible(one.theorem or one.file),
                                       file=visible(one.file), time="0")
            error = ElementTree.SubElement(case, "error", type=one.code, message=visible(one.message))
            error.text = _line(one)
            yield case


def _line(one: Diagnostic) -> str:
    return visible(f"{one.place}: {one.severity}[{one.code}] {headline(one.code)}: {_sentence(one)}")
