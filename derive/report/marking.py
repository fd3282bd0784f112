"""The part of a step that is wrong: found by comparing the sides, shown in the side with carets under it."""

from __future__ import annotations

from collections.abc import Iterator

from derive.checking.judgement import Judgement
from derive.language.expression import Term, Times
from derive.language.notation import UNICODE, write
from derive.report.excerpt import cut
from derive.verdict import Estimates, Malformed, Refuted, SameMean


def marked_part(step: Judgement) -> Term | None:
    """The part of the right side that is wrong: an ill-typed operand, or the smallest part that changed."""
    if isinstance(step.verdict, Malformed):
        return step.verdict.where
    if not isinstance(step.verdict, (Refuted, Estimates, SameMean)):
        return None
    part = _changed(step.before, step.after)
    return None if part == step.after else part


def _changed(before: Term, after: Term) -> Term:
    """Descend while exactly one argument differs; of products that differ by one factor, that factor."""
    if type(before) is not type(after) or len(before.args) != len(after.args):
        if isinstance(before, Times) and isinstance(after, Times):
            extra = [factor for factor in after.args if factor not in before.args]
            return extra[0] if len(extra) == 1 else after
        return after
    differing = [(one, two) for one, two in zip(before.args, after.args, strict=True) if one != two]
    if len(differing) != 1:
        return after
    return _changed(*differing[0])


def marked_lines(step: Judgement, part: Term, width: int) -> Iterator[tuple[str, str]]:
    """The side with the marked part and a line of carets under it, cut to the width."""
    for side in (step.after, step.before):
        text = write(side, UNICODE, mark=part)
        if "\x01" not in text:
            continue
        before, _, rest = text.partition("\x01")
        marked, _, after = rest.partition("\x02")
        plain, carets = cut(before, marked, after.replace("\x01", "").replace("\x02", ""), width - 2)
        yield f"  {plain}", ""
        yield f"  {carets}", "red"
        return
