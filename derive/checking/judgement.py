"""What is known of a step and of a theorem, once: report, JSON, certificate and replay read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr

from derive.checking.scope import Scope, reach_of
from derive.checking.theorems import By, Theorem
from derive.checking.verdict import Proved, Refuted, Unjustified, Verdict
from derive.display import badge, formula, table, text
from derive.kernel.equations import Equation
from derive.language.alphabets import LATEX, UNICODE
from derive.language.assumptions import Assumption
from derive.language.notation import write
from derive.procedures.obligations import Obligation


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One ``=`` with its verdict and everything that led to it.

    ``equation`` is the kernel's, of the sides or of their means, and ``evidence`` what makes it again;
    ``obligations`` are what the sides owe, with what settles each, ``owed`` those that nothing settles;
    ``made`` is what the stated rule made of the left side, for a step that it does not give.
    """

    before: Expr
    after: Expr
    by: By
    verdict: Verdict
    seconds: float = 0.0
    equation: Equation | None = None
    evidence: Mapping[str, Any] | None = None
    scope: Scope | None = None
    obligations: tuple[Obligation, ...] = ()
    owed: frozenset[str] = frozenset()
    made: Expr | None = None
    notes: tuple[str, ...] = ()

    @property
    def as_claimed(self) -> bool:
        """Whether the verdict is the one the author declared."""
        return self.verdict.code == self.by.expect

    @property
    def lacks_reason(self) -> bool:
        """Whether it is claimed and true for every model, and no reason gives it: a warning."""
        verdict = self.verdict
        return isinstance(verdict, Unjustified) and verdict.true and self.by.expect == Proved.code

    @property
    def stands(self) -> bool:
        """Whether it is as claimed, but perhaps for its reason."""
        return self.as_claimed or self.lacks_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A theorem with the judgements of its steps and of its claim end to end."""

    theorem: Theorem
    steps: tuple[Judgement, ...]
    claim: Verdict
    equation: Equation | None = None
    """All steps chained, if every one is proved."""
    used: tuple[Assumption, ...] = ()
    idle: tuple[Assumption, ...] = ()
    unknown: tuple[Assumption, ...] = ()
    """Assumptions that are not known to be needed, nor known to be idle."""
    wrong_terms: tuple[int, ...] = ()
    """The terms, counted from 0, that make the steps before and after them false, though their neighbours are equal."""
    seconds: float = field(default=0.0, compare=False)

    @property
    def follows(self) -> bool:
        """Whether the claim follows: every link is proved, and nothing is known against the claim end to end."""
        linked = self.equation is not None and all(isinstance(step.verdict, Proved) for step in self.steps)
        return linked and not isinstance(self.claim, Refuted)

    @property
    def reach(self) -> str:
        """For which horizons it follows, where that is less than all of them; empty otherwise."""
        context = self.equation.context if self.equation is not None else None
        return reach_of(context) if context is not None and (context.first or context.samples > 1) else ""

    @property
    def trusts(self) -> frozenset[str]:
        """What was believed and not checked, lemmas included."""
        return frozenset().union(*(step.equation.trusts for step in self.steps if step.equation is not None))

    @property
    def expected(self) -> str:
        """The verdict that the author expects of the chain: the first that is neither proved nor not claimed at all."""
        expected = (step.by.expect for step in self.steps if step.by.relation is None)
        return next((code for code in expected if code != Proved.code), Proved.code)

    @property
    def as_claimed(self) -> bool:
        """Whether every step has its declared verdict, or is true and lacks its reason only, and no more is claimed."""
        return all(step.stands for step in self.steps) and not self.overreaches

    @property
    def overreaches(self) -> bool:
        """Whether the claim is false though all steps are true: each for some horizons, sizes or times, it for all.

        Or nobody knows: the steps are proved, the kernel does not put them one after the other, nor decide the claim.
        """
        if self.theorem.broken is not None or self.expected != Proved.code:
            return False
        if isinstance(self.claim, Refuted):
            return all(step.stands for step in self.steps)
        proved = all(isinstance(step.verdict, Proved) for step in self.steps)
        return proved and self.equation is None and not isinstance(self.claim, Proved)

    @property
    def lacking(self) -> tuple[int, ...]:
        """The steps that lack their reason, where all others are proved and so is the claim: then it holds."""
        numbers = tuple(number for number, step in enumerate(self.steps, 1) if step.lacks_reason)
        proved = sum(isinstance(step.verdict, Proved) for step in self.steps)
        true = isinstance(self.claim, Proved) or (isinstance(self.claim, Unjustified) and self.claim.true)
        return numbers if true and proved + len(numbers) == len(self.steps) else ()

    @property
    def holds(self) -> str:
        """What is said of a claim that holds, though a reason is missing; empty for others."""
        if not self.lacking:
            return ""
        steps = "step" if len(self.lacking) == 1 else "steps"
        return f"the claim holds; no reason gives {steps} {', '.join(map(str, self.lacking))}"

    def __str__(self) -> str:
        """A line a step."""
        lines = [f"{self.theorem.title}: {self._follows}"]
        for number, step in enumerate(self.steps, 1):
            sides = f"{write(step.before, UNICODE)} {step.by.sign} {write(step.after, UNICODE)}"
            why = getattr(step.verdict, "why", "") or getattr(step.verdict, "note", "")
            lines.append(f"  {number}  {step.verdict.code}  {sides}" + (f"  ({why})" if why else ""))
        return "\n".join(lines)

    @property
    def _follows(self) -> str:
        return "the claim follows" if self.follows else self.holds or f"on its own the claim is {self.claim.code}"

    def _repr_html_(self) -> str:
        """A line a step, for notebooks."""
        rows = [(str(number), formula(f"{write(step.before, LATEX)} {step.by.latex} {write(step.after, LATEX)}"),
                 badge(step.verdict.code), text(getattr(step.verdict, "why", "")))
                for number, step in enumerate(self.steps, 1)]
        head = ("step", "equation", "verdict", "")
        return f"<p><b>{text(self.theorem.title)}</b></p>{table(rows, head=head)}<p>{text(self._follows)}</p>"
