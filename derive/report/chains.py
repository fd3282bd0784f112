"""A chain as plain text or LaTeX, and the replay of a counterexample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from derive.checking.examine import examine
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, Refuted, SameMean
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.language.alphabets import LATEX
from derive.language.assumptions import POSSIBLE
from derive.language.notation import write
from derive.report.notions import stand_for
from derive.report.refutation import replay
from derive.report.wording import shown_path
from derive.rules.rule import Rule

MOST_NAMED = 3
"""Theorems that are named where it is not said which is meant."""


def _reason(reason: object) -> str:
    if reason is None:
        return "?"
    if isinstance(reason, Rule):
        return reason.name.replace("_", " ")
    return reason.title if isinstance(reason, Theorem) else str(reason)


def plain(theorem: Theorem, width: int | None = None) -> str:
    """Title, docstring, claim and lines, unchecked; within so many columns, if they are given."""
    lines = [visible(f"{theorem.title}  ({shown_path(theorem.file)}:{theorem.line})"), "", theorem.docstring, ""]
    lines += [f"where {term} := {body}" for term, body in stand_for(theorem)]
    if theorem.assumes:
        lines.append("assuming " + ", ".join(f"{one.name}: {one.says}" for one in theorem.assumes))
    lines += ["", f"      {theorem.chain.terms[0]}"]
    for term, reason in zip(theorem.chain.terms[1:], theorem.chain.reasons, strict=True):
        tag = f"  ({reason.tag})" if reason.tag else ""
        lines.append(f"    {reason.sign} {term}    [{_reason(reason.reason)}]{tag}")
    shown = [visible(line) for part in lines for line in part.split("\n")]
    return "\n".join(shown if width is None else _within(shown, width))


def _within(lines: Sequence[str], width: int) -> Iterator[str]:
    """The lines, those that are too long wrapped: a paragraph flows on, what is indented hangs."""
    for flows, run in groupby(lines, key=lambda line: bool(line) and not line[0].isspace()):
        block = list(run)
        if all(len(line) <= width for line in block):
            yield from block
        elif flows:
            yield from wrap(" ".join(block), width, break_long_words=False, break_on_hyphens=False)
        else:
            for line in block:
                indent = " " * (len(line) - len(line.lstrip()))
                yield from wrap(line.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}    ",
                                break_long_words=False, break_on_hyphens=False) or [line]


def latex(theorem: Theorem) -> str:
    """The chain as an ``align*`` environment."""
    first, *rest = theorem.chain.terms
    signs = [by.latex for by in theorem.chain.reasons]
    rows = [rf"{write(first, LATEX)} &{signs[0]} {write(rest[0], LATEX)}"]
    rows += [rf"&{sign} {write(term, LATEX)}" for sign, term in zip(signs[1:], rest[1:], strict=True)]
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def replay_of(theorems: Sequence[Theorem], asked: str) -> str:
    """Python that recomputes the counterexample of a step: "STEP" of the only theorem, or "NAME:STEP".

    Raises:
        BadInput: if there is no such step, or it has no counterexample, or it may be one of several theorems.
    """
    name, _, step_number = asked.rpartition(":")
    meant = [one for one in theorems if one.name == name] if name else list(theorems)
    if not step_number.isdecimal() or len(meant) != 1:
        names = ", ".join(f"{one.name}:1" for one in theorems[:MOST_NAMED])
        raise BadInput(f"--replay {asked}: a step, or a theorem and its step, as in {names}.")
    (theorem,), number = meant, int(step_number)
    steps = examine(theorem).steps
    if not 1 <= number <= len(steps):
        raise BadInput(f"--replay {asked}: {theorem.name} has steps 1 to {len(steps)}.")
    step = steps[number - 1]
    if not isinstance(step.verdict, (Refuted, Estimates, SameMean)):
        raise BadInput(f"--replay {asked}: step {number} of {theorem.name} is {step.verdict.code}; "
                       "it has no counterexample.")
    return replay(step.verdict.witness, step.before, step.after, possible_only=POSSIBLE in theorem.assumes)
