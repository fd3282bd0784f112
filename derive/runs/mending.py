"""``derive check --fix``: what the diagnostics propose is tried in a child, and kept only where it is better.

Nothing is written before the result is known: a text is checked in the place of the file, by the same checker,
and a fix after which the file is not better, or claims something else, is dropped.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import decode_source
from pathlib import Path
from typing import Any

from derive.checking.proof_files import LARGEST
from derive.checking.verdict import Unjustified
from derive.codes import code_of
from derive.diagnostics import ERROR, NOT_CHECKED, WARNING, Diagnostic, Edit, Fix, Span, visible
from derive.errors import BadInput
from derive.files.rewriting import Text as Characters
from derive.files.rewriting import apart, difference
from derive.fixing.spelling import imports
from derive.process.limits import Limits
from derive.report.output import write_whole
from derive.runs.campaign import Checked, Look, Text, check_isolated

MOST_ROUNDS = 10
MOST_APART = 20
"""Fixes that are tried one by one where they do not all do good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A file as it was and as it would be, what is wrong with it in each, and the fixes that lead there."""

    before: bytes
    after: bytes
    first: Checked
    checked: Checked
    made: tuple[Fix, ...] = ()

    @property
    def unsafe(self) -> int:
        """How many fixes are left that ask to be allowed."""
        return len({fix for fix in _fixes(self.checked) if fix.unsafe})


@dataclass(frozen=True, slots=True)
class Mender:
    """How files are checked, and which fixes may be made."""

    look: Look
    limits: Limits
    unsafe: bool = False

    def mended(self, files: Sequence[Path], *, jobs: int = 1) -> Iterator[Mended]:
        """Every file, in order, after all that could be done for it. Nothing is written."""
        texts = [Text(str(file), _content(file)) for file in files]
        for text, checked in zip(texts, self._check(texts, jobs=jobs), strict=True):
            yield self._mended(text, checked)

    def _check(self, texts: Sequence[Text], *, jobs: int = 1) -> Iterator[Checked]:
        return check_isolated(texts, look=self.look, jobs=jobs, limits=self.limits)

    def _mended(self, text: Text, checked: Checked) -> Mended:
        now = Mended(before=text.content, after=text.content, first=checked, checked=checked)
        try:
            Characters.of(text.content)
        except BadInput:
            return now
        for _ in range(MOST_ROUNDS):
            wanted = list(apart(fix for fix in _fixes(now.checked) if self.unsafe or not fix.unsafe))
            better = self._better(text.file, now, wanted)
            if better is None:
                return now
            now = better
        return now

    def _better(self, file: str, now: Mended, wanted: Sequence[Fix]) -> Mended | None:
        """The file after these fixes, or after those that do good, or one of them; None if it is not better."""
        groups = [list(wanted), *([fix] for fix in wanted[:MOST_APART] if len(wanted) > 1)] if wanted else []
        while groups:
            group = groups.pop(0)
            try:
                after = Characters.of(now.after).edited(_edits(now.after, group)).content
            except UnicodeEncodeError:
                continue
            if len(after) > LARGEST:
                continue
            checked = next(self._check([Text(file, after)]))
            if _trouble(checked) >= _trouble(now.checked) or not self._same_claims(now.checked, checked):
                continue
            good = [fix for fix in group if _does_good(fix, now.checked, checked)]
            if len(good) == len(group):
                return replace(now, after=after, checked=checked, made=(*now.made, *group))
            if good:  # what one theorem gains is no reason for what is written in another
                groups.insert(0, good)
        return None

    def _same_claims(self, before: Checked, after: Checked) -> bool:
        """Whether every theorem is still there, and says what it said: terms may have come in between, nothing else.

        Assumptions may have been added only where that is allowed.
        """
        known = {theorem["name"]: theorem for theorem in after.payload["theorems"]}
        for old in before.payload["theorems"]:
            new = known.get(old["name"])
            if new is None or any(old[key] != new[key] for key in ("title", "claim")):
                return False
            assumed = [{one["name"] for one in theorem["assumptions"]} for theorem in (old, new)]
            if not (assumed[0] <= assumed[1] if self.unsafe else assumed[0] == assumed[1]):
                return False
            if not _within(_lines(old), _lines(new)):
                return False
        return True


def _edits(content: bytes, fixes: Sequence[Fix]) -> list[Edit]:
    """The edits of several fixes, each once, and what imports the words that they need."""
    text = decode_source(content)
    words = frozenset(word for fix in fixes for word in fix.words)
    own = dict.fromkeys(edit for fix in fixes for edit in fix.edits)
    return [*own, *imports(ast.parse(text), text, words)]


def _fixes(checked: Checked) -> list[Fix]:
    return list(dict.fromkeys(one.fix for one in checked.diagnostics
                              if one.fix is not None and one.severity in (ERROR, WARNING)))


def _does_good(fix: Fix, before: Checked, after: Checked) -> bool:
    """Whether a theorem that proposed a fix is better after it; the file, for what is said of the whole file."""
    theorems = {one.theorem for one in before.diagnostics if one.fix == fix}
    return "" in theorems or not theorems or any(
        _trouble(after, theorem) < _trouble(before, theorem) for theorem in theorems)


def _trouble(checked: Checked, theorem: str = "") -> tuple[int, int, int, int]:
    """What is wrong with a file, or with one theorem of it, the gravest first: less is better."""
    found = [one for one in checked.diagnostics if theorem in ("", one.theorem)]
    errors = [one for one in found if one.severity == ERROR]
    worst = max((one.status for one in errors), default=0)
    unread = sum(one.status >= NOT_CHECKED for one in errors)
    return max(worst, NOT_CHECKED), unread, len(errors), sum(one.severity == WARNING for one in found)


def _lines(theorem: dict[str, Any]) -> list[str]:
    steps = theorem["steps"]
    return [step["before"] for step in steps] + [step["after"] for step in steps[-1:]]


def _within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether the lines are among the others, in their order."""
    rest = iter(many)
    return all(line in rest for line in few)


def shared_reasons(found: Iterable[Diagnostic]) -> Iterator[tuple[int, str]]:
    """The lines of reasons that several steps share, as in a loop, and for which nothing was found; and the steps."""
    shared: dict[tuple[str, Span], list[int]] = {}
    for one in found:
        if one.code == code_of(Unjustified.code).number and one.fix is None and one.span and one.step is not None:
            shared.setdefault((one.theorem, one.span), []).append(one.step)
    for (theorem, span), steps in shared.items():
        if len(steps) > 1:
            *most, last = map(str, steps)
            yield span.line, f"steps {', '.join(most)} and {last} of {theorem}"


def _content(file: Path) -> bytes:
    """What a file holds; nothing, if it cannot be read, which its check then says."""
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError:
        return b""


def write_back(file: Path, one: Mended) -> None:
    """Put the mended text into the file, in one move.

    Raises:
        BadInput: if the file is a link that leads out of its folder, may not be written, or has changed meanwhile.
    """
    real = file.resolve()
    if not real.is_relative_to(file.parent.resolve()):
        raise BadInput(f"{file}: a link that leads out of its folder; it is not rewritten. Name {real} itself.")
    if not os.access(real, os.W_OK):
        raise BadInput(f"{file}: may not be written; it is left as it was.")
    if _content(real) != one.before:
        raise BadInput(f"{file}: was changed while it was checked; it is left as it is now.")
    write_whole(real, one.after)


def shown_difference(one: Mended, name: str, *, plain: bool) -> str:
    """What changes, as a unified diff; on a terminal what it would obey is spelled out."""
    shown = difference(Characters.of(one.before), Characters.of(one.after), name)
    return shown if plain else "".join(f"{visible(line)}\n" for line in shown.splitlines())
