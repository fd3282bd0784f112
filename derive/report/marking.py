"""The part of a step that is wrong: found by comparing the sides, shown in the side with carets under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.checking.judgement import Judgement
from derive.checking.verdict import Estimates, Malformed, Refuted, SameMean
from derive.language.expression import Plus, Term, Times
from derive.language.spoken import Letters
from derive.report.excerpt import cut


def wrong_parts(step: Judgement) -> tuple[Term, ...]:
    """The part of a side that is wrong, and those around it, innermost first.

    It is an operand without a meaning, or the smallest part of the right side that differs from the left.
    """
    if isinstance(step.verdict, Malformed):
        return tuple(part for part in (step.verdict.where, step.verdict.within) if part is not None)
    if not isinstance(step.verdict, (Refuted, Estimates, SameMean)):
        return ()
    return tuple(reversed(list(_changed(step.before, step.after))))


def marked_part(step: Judgement) -> Term | None:
    """The innermost wrong part, if it is less than a whole side."""
    part = next(iter(wrong_parts(step)), None)
    return None if part == step.after else part


def _changed(before: Term, after: Term) -> Iterator[Term]:
    """The right side, and then what differs inside it while that is one argument, or one factor or summand more."""
    yield after
    if type(before) is not type(after) or len(before.args) != len(after.args):
        if isinstance(before, (Times, Plus)) and isinstance(after, type(before)):
            extra = [part for part in after.args if part not in before.args]
            if len(extra) == 1:
                yield extra[0]
        return
    differing = [(one, two) for one, two in zip(before.args, after.args, strict=True) if one != two]
    if len(differing) == 1:
        yield from _changed(*differing[0])


def marked_lines(step: Judgement, part: Term, width: int, letters: Sequence[Letters]) -> Iterator[tuple[str, str]]:
    """The side with the marked part and a line of carets under it, cut to the width; ``letters`` those of its sides."""
    for side, own in zip((step.after, step.before), reversed(letters), strict=True):
        text = own.written(side, part)
        if "\x01" not in text:
            continue
        before, _, rest = text.partition("\x01")
        marked, _, after = rest.partition("\x02")
        plain, carets = cut(before, marked, after.replace("\x01", "").replace("\x02", ""), width - 2)
        yield f"  {plain}", ""
        yield f"  {carets}", "red"
        return
