"""What each assumption of a theorem is needed for, and which relations its steps rest on, for a reader or as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from derive.checking.judgement import Examined, Judgement
from derive.checking.use import DEFINED, EQUAL, LEMMA, MEANING, SUPPORT, UNKNOWN, Need, needs
from derive.counterexample.claim import Witness
from derive.diagnostics import visible
from derive.language.assumptions import Assumption
from derive.report.excerpt import cells
from derive.report.refutation import describe, shape_of
from derive.report.terminal import fitted, indented
from derive.report.wording import shown_path

SCHEMA = 1
MOST_WITNESSES = 1
"""Models shown for an assumption: one says what it is for."""
WITHOUT = {
    MEANING: "without it a side has no meaning", DEFINED: "without it nothing says that {says}",
    EQUAL: "without it the sides differ", LEMMA: "assumed by the lemma {says}",
    SUPPORT: "it says which trajectories there are",
}


def audited(console: Console, one: Examined) -> None:
    """The assumptions of a theorem, each with the steps that need it and a model; then the relations of its steps."""
    title, where = visible(one.theorem.title), visible(f"{shown_path(one.theorem.file)}:{one.theorem.line}")
    if console.is_terminal and cells(f"{title}  {where}") > console.width:
        indented(console, title, 0, "bold")
        indented(console, where, 4, "dim")
    else:
        console.print(Text(title, style="bold") + Text(f"  {where}", style="dim"), soft_wrap=True)
    for depth, text, style in lines(one):
        fitted(console, visible(text), 4 * depth, style)
    console.print()


def lines(one: Examined) -> Iterator[tuple[int, str, str]]:
    """(depth, line, style) of an audit; first, what is not as claimed, for which nothing is needed."""
    if not one.as_claimed:
        yield 1, f"not as claimed: {_not_as_claimed(one)}; derive check says why", "red"
    if not one.theorem.assumes:
        yield 1, "nothing is assumed", ""
    found = needs(one)
    for assumption in sorted(set(one.theorem.assumes), key=lambda each: each.name):
        own = [need for need in found if need.assumption == assumption]
        yield 1, f"{assumption.name}: {assumption.says}", "cyan"
        if not own:
            yield 2, "idle: every verdict is the same without it", "yellow"
        shown = 0
        for (use, what, says), group in groupby(own, key=_kind):
            numbers = [need.step for need in group]
            yield 2, f"{_steps(numbers)}: {_sentence(use, what, says)}", ""
            witness = next((need.witness for need in own if need.step in numbers and need.witness is not None), None)
            if witness is not None and shown < MOST_WITNESSES:
                shown += 1
                for line in _model(witness, one.steps[numbers[0] - 1]):
                    yield 3, line, "dim"
    for relation, numbers in _relations(one):
        yield 1, f"{relation}, used by {_steps(numbers)}", ""


def _not_as_claimed(one: Examined) -> str:
    wrong = [f"step {number} is {step.verdict.code}" for number, step in enumerate(one.steps, 1) if not step.stands]
    return ", ".join(wrong) or f"on its own the claim is {one.claim.code}"


def _kind(need: Need) -> tuple[str, str, str]:
    """What neighbours share that are said together."""
    return need.dropped.use, need.dropped.what, "" if need.dropped.what == MEANING else need.dropped.says


def _sentence(use: str, what: str, says: str) -> str:
    if use == UNKNOWN:
        return "not known to be needed: the kernel does not decide the step"
    return WITHOUT[what].format(says=says)


def _steps(numbers: Sequence[int]) -> str:
    return f"step {numbers[0]}" if len(numbers) == 1 else f"steps {', '.join(map(str, numbers))}"


def _model(witness: Any, step: Judgement) -> list[str]:
    if isinstance(witness, Witness):
        return describe(witness, step.before, step.after)
    return [f"{shape_of(witness.model.shape, endless=witness.endless)}: {witness.why}"]


def _relations(one: Examined) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for number, step in enumerate(one.steps, 1):
        for relation in step.scope.relations if step.scope is not None else ():
            found.setdefault(relation, []).append(number)
    return list(found.items())


def payload(examined: Sequence[Examined]) -> dict[str, Any]:
    """The audits as data."""
    return {"schema": SCHEMA, "theorems": [_theorem(one, needs(one)) for one in examined]}


def _theorem(one: Examined, found: Sequence[Need]) -> dict[str, Any]:
    return {
        "name": one.theorem.name, "file": one.theorem.file, "line": one.theorem.line,
        "as_claimed": one.as_claimed,
        "assumptions": [_assumption(assumption, found, one) for assumption in sorted(
            set(one.theorem.assumes), key=lambda each: each.name)],
        "relations": [{"relation": relation, "steps": numbers} for relation, numbers in _relations(one)],
    }


def _assumption(assumption: Assumption, found: Sequence[Need], one: Examined) -> dict[str, Any]:
    own = [need for need in found if need.assumption == assumption]
    return {"name": assumption.name, "says": assumption.says, "idle": not own, "needs": [{
        "step": need.step, "known": need.dropped.use != UNKNOWN, "for": need.dropped.what, "says": need.dropped.says,
        "model": [] if need.witness is None else _model(need.witness, one.steps[need.step - 1]),
    } for need in own]}
