"""Concrete models: the kernel's arithmetic at one rational MDP.

Over the rationals a value is exact; where a logarithm's own value is asked, balls
(intervals with a midpoint) enclose it, and disjoint balls certify "different".
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from typing import Any

from flint import arb, fmpq
from sympy import Expr

from derive.errors import OutsideFragment
from derive.language.expression import subterms
from derive.language.models import Model
from derive.language.terms import Total, Trajectory
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import plain_way
from derive.semantics.infinite_horizon import InfiniteHorizon, Summands
from derive.semantics.rings import RingModel, policy_jets, score_jets


class Rationals:
    """Exact rational numbers."""

    zero: Any = fmpq(0)
    one: Any = fmpq(1)
    ordered = True

    def begin(self) -> None:
        """Nothing to count: a number has one term."""

    def size(self, element: Any) -> int:
        return 0

    def number(self, value: Fraction) -> Any:
        return fmpq(value.numerator, value.denominator)

    def integer(self, number: int) -> Any:
        return fmpq(number)

    def total(self, elements: Iterable[Any]) -> Any:
        return sum(elements, self.zero)

    def is_zero(self, element: Any) -> bool:
        return bool(element == 0)

    def collapse(self, element: Any, ways: int) -> Any:
        return element

    def log(self, element: Any) -> Any:
        raise OutsideFragment("the logarithm of a rational is not rational")


class Balls(Rationals):
    """Real numbers enclosed in balls, at FLINT's working precision."""

    zero, one, ordered = arb(0), arb(1), False

    def number(self, value: Fraction) -> Any:
        return arb(fmpq(value.numerator, value.denominator))

    def integer(self, number: int) -> Any:
        return arb(number)

    def is_zero(self, element: Any) -> bool:
        return bool(element == 0)

    def log(self, element: Any) -> Any:
        if not element > 0:
            raise OutsideFragment("the logarithm of a number that is not certainly positive")
        return element.log()


def concrete_model(model: Model, ring: Rationals, *, feasible_only: bool = False) -> RingModel:
    """A rational MDP as the evaluator reads it.

    ``feasible_only`` leaves out the trajectories along which mu, P or all policies are 0:
    enough for expectations, which never ask for them, not for a sum over all trajectories.
    """
    n, k = range(model.shape.states), range(model.shape.actions)
    number = ring.number
    tables = {
        name: {(s, a): number(table[s][a]) for s, a in product(n, k)} for name, table in model.policies.items()
    }
    logits = {(s, a): (number(model.scores[s][a]), ring.zero) for s, a in product(n, k)}
    scores = score_jets(ring, logits, model.shape, tables["pi"], second=True)
    policies: dict[str, Any] = {"pi": policy_jets(tables["pi"], scores, second=True)}
    policies |= {name: {key: (value, ring.zero, ring.zero) for key, value in table.items()}
                 for name, table in tables.items() if name != "pi"}
    return RingModel(
        ring=ring, shape=model.shape, mu=[number(entry) for entry in model.mu],
        P={(s, a, x): number(model.P[s][a][x]) for s, a, x in product(n, k, n)},
        policies=policies, scores=scores, gamma=number(model.gamma),
        reward=lambda s, a, x: number(model.r[s][a][x]),
        arbitrary_return=None if model.returns is None else lambda path: number(model.reward_of(path)),
        functions={name: {key: number(value) for key, value in table.items()}
                   for name, table in model.functions.items()},
        ways=[plain_way(path) for path in (
            model.feasible_paths(model.policies) if feasible_only else model.shape.paths())],
    )


def concrete_evaluator(model: Model, ring: Rationals, terms: Iterable[Expr], *, possible_only: bool,
                       endless: bool = False, summands: Summands | None = None) -> Evaluator:
    """Evaluates these terms; impossible trajectories are listed only if a sum runs over them."""
    if endless:
        return InfiniteHorizon(concrete_model(model, ring), summands)
    feasible_only = possible_only or not any(map(sums_over_trajectories, terms))
    return Evaluator(concrete_model(model, ring, feasible_only=feasible_only), possible_only=possible_only)


def sums_over_trajectories(term: Expr) -> bool:
    """Whether a sum runs over all trajectories, and not over those of a law."""
    return any(isinstance(node, Total) and isinstance(node.index, Trajectory) for node in subterms(term))


def as_fraction(value: Any) -> Fraction:
    """An exact rational of the kernel as a Python fraction."""
    return Fraction(int(value.p), int(value.q))


def middle(ball: Any) -> Fraction:
    """The middle of a ball, exactly."""
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
