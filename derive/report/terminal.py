"""Verdicts for a reader at a terminal, in the manner of ruff and rustc."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from derive.checking.judgement import Examined, Judgement
from derive.checking.scope import Scope
from derive.codes import code_of
from derive.language.expression import Plus, Term, Times
from derive.language.notation import UNICODE, write
from derive.report.payload import conditions, hint, reason_text, shown_path, why
from derive.report.refutation import describe
from derive.verdict import Estimates, Malformed, Refuted, SameMean, Unjustified

STYLES = {"proved": "green", "refuted": "red", "malformed": "red", "estimates": "yellow", "same-mean": "yellow",
          "needs-condition": "yellow", "unjustified": "yellow", "undecided": "magenta"}


def full(console: Console, one: Examined, *, strict: bool = False) -> None:
    """One theorem: claim, assumptions, every step, diagnostics, scope."""
    theorem = one.theorem
    mark = Text("✓ " if one.as_claimed else "✗ ", style="green" if one.as_claimed else "red")
    place = Text(f"  {shown_path(theorem.file)}:{theorem.line}", style="dim")
    console.print(mark + Text(theorem.title, style="bold") + place, soft_wrap=True)
    _indented(console, theorem.claim, 4)
    if theorem.assumes:
        marks = {**dict.fromkeys(one.idle, " (idle)"), **dict.fromkeys(one.unknown, " (not known to be needed)")}
        names = [f"{assumption.name}{marks.get(assumption, '')}" for assumption in theorem.assumes]
        _indented(console, f"assuming {', '.join(names)}", 4, "dim")
    console.print()
    for number, step in enumerate(one.steps, 1):
        _step(console, number, step)
        if not step.as_claimed or step.verdict.code != "proved":
            diagnostic(console, one, number, step)
    for line in scope_lines(one.steps):
        _indented(console, line, 4, "dim", hang=31)
    _claim_line(console, one)
    if strict and one.idle:
        idle = ", ".join(assumption.name for assumption in one.idle)
        _indented(console, f"error[D010]: idle under --strict: {idle}", 4, "red")
    console.print()


def _indented(console: Console, text: str, columns: int, style: str = "", hang: int = 4) -> None:
    """Wrapped at the console's width, continuation lines indented further; no trailing spaces."""
    indent = " " * columns
    lines = [indent + text]
    if len(lines[0]) > console.width:
        hanging = indent + " " * hang
        lines = wrap(text, console.width, initial_indent=indent, subsequent_indent=hanging, break_long_words=False,
                     break_on_hyphens=False)
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def _step(console: Console, number: int, step: Judgement) -> None:
    label = f"{step.by.tag or number}"
    head = Text(f"{label:>6}  ", style="dim")
    head.append(f"{step.verdict.code:<16}", style=STYLES[step.verdict.code])
    head.append(reason_text(step), style="italic")
    if step.as_claimed and step.verdict.code != "proved":
        head.append("  (as declared)", style="dim")
    console.print(head, soft_wrap=True)
    if number == 1:
        _indented(console, f"  {step.before}", 8)
    _indented(console, f"= {step.after}", 8)


def diagnostic(console: Console, one: Examined, number: int, step: Judgement) -> None:
    """What is wrong with a step, where, and what to do."""
    for text, style in diagnostic_lines(one, number, step):
        _indented(console, text, 8, style)


def diagnostic_lines(one: Examined, number: int, step: Judgement) -> Iterator[tuple[str, str]]:
    """The lines of a diagnostic with their styles."""
    code = code_of(step.verdict.code)
    true = isinstance(step.verdict, Unjustified) and step.verdict.true
    severity = "note" if step.as_claimed else "warning" if true else "error"
    style = "cyan" if step.as_claimed else "yellow" if true else "red"
    headline = "the step is true; the reason is missing" if true else code.headline
    yield f"{severity}[{code.number}]: {headline}", f"bold {style}"
    place = f"{shown_path(one.theorem.file)}:{step.by.line}:{step.by.column}"
    yield f"--> {place}, step {number} of {len(one.steps)}", "dim"
    if not step.as_claimed and step.verdict.code == "proved":
        yield f"declared {step.by.expect}, found proved", style
    marked = marked_part(step)
    if marked is not None:
        yield from marked_lines(step, marked)
    if step.made is not None and isinstance(step.verdict, Refuted):
        yield f"the rule makes of the left side: {step.made}", ""
    if why(step):
        yield f"because {why(step)}", ""
    for condition in conditions(step):
        yield f"owes {condition}, which the assumptions do not imply", ""
    if isinstance(step.verdict, (Refuted, Estimates, SameMean)):
        if not isinstance(step.verdict, Refuted):
            yield f"its mean is equal, if {step.verdict.law}; as an equality it fails:", ""
        yield "smallest counterexample found:", ""
        for line in describe(step.verdict.witness, step.before, step.after):
            yield f"  {line}", ""
        yield f"replay with: derive show {shown_path(one.theorem.file)} --replay {number}", "dim"
    if isinstance(step.verdict, Refuted) and step.verdict.note:
        yield f"note: {step.verdict.note}", "cyan"
    if hint(step):
        yield f"hint: {hint(step)}", "cyan"


def marked_part(step: Judgement) -> Term | None:
    """The part of the right side that is wrong: an ill-typed operand, or the smallest part that changed."""
    if isinstance(step.verdict, Malformed):
        return step.verdict.where
    if not isinstance(step.verdict, (Refuted, Estimates, SameMean)):
        return None
    part = _changed(step.before, step.after)
    return None if part == step.after else part


def _changed(before: Term, after: Term) -> Term:
    """Descend while exactly one argument differs; of products and sums, that differ in length, stop."""
    if type(before) is not type(after) or len(before.args) != len(after.args):
        if isinstance(before, Times) and isinstance(after, Times):
            extra = [factor for factor in after.args if factor not in before.args]
            return extra[0] if len(extra) == 1 else after
        return after
    differing = [(one, two) for one, two in zip(before.args, after.args, strict=True) if one != two]
    if len(differing) != 1 or isinstance(after, Plus):
        return after
    return _changed(*differing[0])


def marked_lines(step: Judgement, part: Term) -> Iterator[tuple[str, str]]:
    """The side with the marked part and a line of carets under it."""
    for side in (step.after, step.before):
        text = write(side, UNICODE, mark=part)
        if "\x01" not in text:
            continue
        plain, carets, inside = "", "", False
        for character in text:
            if character in "\x01\x02":
                inside = character == "\x01"
                continue
            plain += character
            carets += "^" if inside else " "
        yield f"  {plain}", ""
        yield f"  {carets.rstrip()}", "red"
        return


def scope_lines(steps: Sequence[Judgement]) -> Iterator[str]:
    """The scope of each step, said once for neighbours that share it."""
    def scope(item: tuple[int, Judgement]) -> Scope | None:
        return item[1].scope

    for shared, group in groupby(enumerate(steps, 1), key=scope):
        numbers = [number for number, _ in group]
        if shared is None or not shared.lines():
            continue
        which = f"step {numbers[0]}" if len(numbers) == 1 else f"steps {numbers[0]}-{numbers[-1]}"
        for place, (kind, text) in enumerate(shared.lines()):
            yield f"{which if place == 0 else '':<11} {kind + ':':<18} {text}"


def _claim_line(console: Console, one: Examined) -> None:
    if one.follows:
        reach = f" for {one.reach}" if one.reach else ""
        _indented(console, f"every step is proved; the claim follows{reach}", 4, "green")
    elif one.equation is not None:
        reach = one.reach or "every horizon"
        _indented(console, f"every step is proved, for {reach}; the claim itself is {one.claim.code}", 4, "yellow")
    elif len(one.steps) > 1:
        _indented(console, f"the claim does not follow; on its own it is {one.claim.code}", 4, "yellow")


def concise(console: Console, one: Examined) -> None:
    """One line a step, for editors and grep."""
    for number, step in enumerate(one.steps, 1):
        status = "" if step.as_claimed else f" (declared {step.by.expect})"
        label = step.by.tag or f"step {number}"
        console.print(
            f"{shown_path(one.theorem.file)}:{step.by.line}:{step.by.column}: {code_of(step.verdict.code).number} "
            f"{step.verdict.code}{status}: {one.theorem.name} {label}: {reason_text(step)}",
            soft_wrap=True, highlight=False, markup=False)


def summary(console: Console, settled: Sequence[bool], steps: int, errors: int, seconds: float) -> None:
    """How many theorems are as claimed."""
    style = "green" if all(settled) and not errors else "red"
    text = f"{sum(settled)} of {len(settled)} theorems as claimed, {steps} steps, {seconds:.1f} s"
    console.print(Text(text + (f", {errors} unreadable" if errors else ""), style=style), soft_wrap=True)
