"""The evidence for one equation: the kernel first; then shapes, as a cross-check, as evidence, towards a witness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sympy import Expr

from derive.checking.scope import reach_of
from derive.counterexample.claim import Claim, Witness
from derive.counterexample.corridor import find_in_a_corridor
from derive.counterexample.unfolded import find_unfolded
from derive.counterexample.witness import find_witness, oracle_objects
from derive.errors import KernelDisagrees, MalformedTerm, OutsideFragment, WorkLimit
from derive.kernel.terms import Malformed
from derive.language.assumptions import POSSIBLE, Assumption
from derive.language.models import Shape
from derive.procedures import answers
from derive.procedures.audit import relations_used
from derive.procedures.certificates import Differs
from derive.procedures.decide import Comparison
from derive.procedures.decision import Outside, Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.semantics.kept_models import Models

Crossing = Literal["none", "cheapest", "thorough"]
"""How many shapes are asked where the kernel has an equation; where they contradict it, derive has a defect."""


FAR = 4
"""The first horizon at which few shapes are small enough to be searched."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the kernel says of an equation, and what shapes say."""

    kernel: Shown | Differs | Outside
    shapes: answers.Answer | None = None


class Deciding:
    """The questions of one chain under its assumptions, each asked once."""

    def __init__(self, terms: Sequence[Expr], assumptions: Iterable[Assumption], *, infinite: bool,
                 models: Models | None = None, crossing: Crossing = "cheapest") -> None:
        self.assumptions, self.crossing = frozenset(assumptions), crossing
        self.infinite = infinite
        self.encoding = Encoding(self.assumptions, infinite=infinite)
        self.context = context_of(self.assumptions, infinite=infinite)
        self.comparison = Comparison(terms, self.assumptions, models)
        self._known: dict[tuple[Expr, Expr], Shown | Differs | Outside] = {}

    def kernel(self, before: Expr, after: Expr) -> Shown | Differs | Outside:
        """What the kernel says of an equation."""
        if (before, after) not in self._known:
            self._known[before, after] = self._asked(before, after)
        return self._known[before, after]

    def _asked(self, before: Expr, after: Expr) -> Shown | Differs | Outside:
        try:
            return decided(self.context, self.encoding.term(before), self.encoding.term(after))
        except (OutsideFragment, MalformedTerm, WorkLimit) as outside:
            return Outside(str(outside))
        except Malformed as malformed:
            return Outside(str(malformed))

    def evidence(self, before: Expr, after: Expr) -> Evidence:
        """The kernel's answer and that of shapes: the cheapest where the kernel has an equation.

        Raises:
            KernelDisagrees: when the kernel has an equation and a shape contradicts it.
        """
        kernel = self.kernel(before, after)
        if not isinstance(kernel, Shown):
            return Evidence(kernel, self.comparison.compare(before, after))
        if self.crossing == "none":
            return Evidence(kernel)
        shapes = self.comparison.crossed(before, after, first=kernel.equation.context.first,
                                         thorough=self.crossing == "thorough")
        if isinstance(shapes, answers.Different):
            reach, shape = reach_of(kernel.equation.context), shapes.shape.shown(endless=self.infinite)
            raise KernelDisagrees(f"{before} = {after}: an equation of the kernel for {reach}, and different at "
                                  f"{shape}. This is a defect of derive; please report it.")
        return Evidence(kernel, shapes)

    def relations(self, shown: Shown) -> tuple[str, ...]:
        """What an equation rests on besides algebra."""
        gap = shown.gap
        return () if gap is None else relations_used(gap)

    # -- towards a witness -------------------------------------------------------------------------

    def claim(self, before: Expr, after: Expr) -> Claim:
        """The equation with its class of models."""
        return Claim(before, after, self.assumptions, POSSIBLE in self.assumptions, self.infinite)

    def witness(self, before: Expr, after: Expr, reaching: Shape | None, *, zeros: bool = True) -> Witness | None:
        """The smallest model found on which the sides differ."""
        return find_witness(self.claim(before, after), reaching=reaching, zeros=zeros,
                            agrees=lambda shape: self.comparison.agrees(before, after, shape))

    def oracle_objects(self, before: Expr, after: Expr, *, shown: bool) -> bool:
        """Whether the oracle alone separates the sides on a small model, or on one of two.

        Where the kernel has ``shown`` them to be equal, it is asked by a thorough look only.
        """
        models = {"none": 0, "cheapest": 0 if shown else 1, "thorough": 2}[self.crossing]
        return oracle_objects(self.claim(before, after), models)

    def early_witness(self, before: Expr, after: Expr, horizon: int | None) -> Witness | None:
        """A small model on which the sides differ, where the kernel says that they do: first at a late horizon."""
        far = None if horizon is None or horizon < FAR else find_in_a_corridor(self.claim(before, after), horizon)
        return far or self.witness(before, after, None, zeros=False)

    def late_witness(self, before: Expr, after: Expr, horizon: int) -> Witness | None:
        """A model on which the sides differ at a horizon that the automata name."""
        claim = self.claim(before, after)
        near = None if horizon >= FAR else find_in_a_corridor(claim, horizon)
        return near or self.witness(before, after, Shape(2, 2, horizon)) or find_unfolded(claim, horizon)
