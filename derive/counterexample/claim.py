"""An equation with its class of models, and what both sides are at one of them.

A model is a witness only if an oracle that shares no arithmetic with the kernel computes
different values too and agrees with the kernel's exact ones: brute-force enumeration, or
linear systems over states where there is no last decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Expr, Rational

from derive import display
from derive.counterexample.enumerate import Enumeration
from derive.errors import DeriveError, NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import Assumption, additive_return
from derive.language.binding import Index, rewrite_bottom_up
from derive.language.definitions import resolved
from derive.language.expression import subterms
from derive.language.horizons import is_endless
from derive.language.model_class import admits
from derive.language.models import Model
from derive.language.reindexing import reindexed
from derive.language.signature import Signature, signature
from derive.language.terms import Applied, Batch, Trajectory
from derive.semantics.concrete import Balls, Rationals, as_fraction, concrete_evaluator, middle
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import plain_way
from derive.semantics.infinite_horizon import Summands
from derive.stationary.evaluation import Stationary

AGREEMENT = Fraction(1, 10**20)
"""How far the oracle's difference quotients may be off."""

F1 = Fraction(1)


@dataclass(frozen=True, slots=True)
class Witness:
    """A model, the values of the free indices, and both sides there."""

    model: Model
    indices: Mapping[Index, Any]
    left: Fraction
    right: Fraction
    exact: bool
    endless: bool = False
    """Whether decisions never end; the horizon of the model's shape is not read then."""

    def _repr_html_(self) -> str:
        """The model and both sides, for notebooks."""
        model, shape = self.model, self.model.shape
        rows = [("shape (|S|, |A|, H)", shape.shown(endless=self.endless)), ("μ", _row(model.mu))]
        rows += [(f"P(·|{s}, {a})", _row(row)) for s, table in enumerate(model.P) for a, row in enumerate(table)]
        rows += [(f"{'π' if name == 'pi' else name}(·|{s})", _row(row))
                 for name, table in model.policies.items() for s, row in enumerate(table)]
        rows += [(f"φ(·|{s})", _row(row)) for s, row in enumerate(model.scores)]
        rows += [("γ", str(model.gamma))]
        rows += [(f"R{path}", str(value)) for path, value in (model.returns or {}).items() if value]
        rows += [(f"r({s}, {a}, {x})", str(value)) for s, table in enumerate(model.r) for a, row in enumerate(table)
                 for x, value in enumerate(row) if value]
        rows += [(f"{name}{places}", str(value)) for name, table in model.functions.items()
                 for places, value in table.items()]
        rows += [(str(index), str(value)) for index, value in self.indices.items()]
        rows += [("left side", str(self.left)), ("right side", str(self.right))]
        return display.table([(display.text(name), display.text(value)) for name, value in rows])


def _row(row: tuple[Fraction, ...]) -> str:
    return f"({', '.join(map(str, row))})"


class NoComparison(Exception):
    """A side has no value on a model, or the model is not in the class."""


@dataclass(frozen=True)
class Claim:
    """An equation and the class of models it is claimed for."""

    before: Expr
    after: Expr
    assumptions: frozenset[Assumption]
    possible_only: bool
    endless: bool = False
    """Whether decisions never end."""

    def __post_init__(self) -> None:
        infinite = self.endless or is_endless(self.before, self.after)
        for name in ("before", "after"):  # as evaluators read them
            side = resolved(getattr(self, name), additive=self.additive, infinite=infinite)
            object.__setattr__(self, name, reindexed(side) if infinite else side)

    @cached_property
    def signature(self) -> Signature:
        return signature(self.before, self.after)

    @property
    def additive(self) -> bool:
        return additive_return in self.assumptions

    def values(self, model: Model, indices: Mapping[Index, Any], *,
               confirmed: bool = True) -> tuple[Fraction, Fraction, bool] | None:
        """Both sides at a model, computed twice (once unless ``confirmed``); None unless they are defined and differ.

        The last entry says whether the values are exact rationals of the kernel.
        """
        try:
            return self.compared(model, indices, confirmed=confirmed)
        except NoComparison:
            return None

    def compared(self, model: Model, indices: Mapping[Index, Any], *,
                 confirmed: bool = True) -> tuple[Fraction, Fraction, bool] | None:
        """As ``values``, None only where the sides agree.

        Raises:
            NoComparison: where a side has no value, or the model is not one of the claim's.
        """
        if not admits(self.assumptions, model, indices, infinite=self.endless):
            raise NoComparison
        try:
            return self._exact(model, indices, confirmed=confirmed)
        except (Undefined, NotApplicable, WorkLimit):
            raise NoComparison from None
        except OutsideFragment:
            return self._enclosed(model, indices, confirmed=confirmed)

    def _sides(self, model: Model) -> tuple[Expr, Expr]:
        """Both sides as the kernel evaluates them: without a last decision a power lambda^t is one of a number."""
        if not (self.endless and self._scalars):
            return self.before, self.after
        numbers = {one: _rational(model.functions[str(one.args[0].label)][()]) for one in self._scalars}
        before, after = (rewrite_bottom_up(side, lambda node: numbers.get(node, node))
                         for side in (self.before, self.after))
        return before, after

    @cached_property
    def _scalars(self) -> frozenset[Expr]:
        return frozenset(node for side in (self.before, self.after) for node in subterms(side)
                         if isinstance(node, Applied) and len(node.args) == 1)

    def _kernel(self, model: Model, ring: Rationals) -> Evaluator:
        """The one of the last model is kept: a search goes through all places of a model, one after the other."""
        if not (self._last and self._last[0][0] is model and type(self._last[0][1]) is type(ring)):
            made = concrete_evaluator(model, ring, (self.before, self.after), possible_only=self.possible_only,
                                      endless=self.endless, summands=self._summands)
            self._last[:] = [(model, ring, made)]
        return self._last[0][2]

    @cached_property
    def _last(self) -> list[tuple[Model, Rationals, Evaluator]]:
        return []

    @cached_property
    def _summands(self) -> Summands:
        """What sums over time fall into, found once for all models."""
        return {}

    def by_oracle(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction]:
        """Both sides without the kernel.

        Raises:
            Undefined, NotApplicable, OutsideFragment: where a side has no value.
        """
        oracle = Stationary(model) if self.endless else Enumeration(model, possible_only=self.possible_only)
        return oracle.value(self.before, dict(indices)), oracle.value(self.after, dict(indices))

    def _exact(self, model: Model, indices: Mapping[Index, Any], *,
               confirmed: bool) -> tuple[Fraction, Fraction, bool] | None:
        left, right = self.computed(model, indices)
        if left == right:
            return None
        if not confirmed:
            return left, right, True
        seen = self.by_oracle(model, indices)
        for exact, found, side in zip((left, right), seen, (self.before, self.after), strict=True):
            if abs(exact - found) > AGREEMENT * max(F1, abs(exact)):
                raise DeriveError(
                    f"the kernel and the oracle disagree on {side}: {exact} and {float(found)!r}. "
                    "This is a defect of derive; please report it.")
        return left, right, True

    def computed(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction]:
        """Both sides by the kernel alone."""
        kernel = self._kernel(model, Rationals())
        left, right = (kernel.value(side, _environment(indices)) for side in self._sides(model))
        return as_fraction(left), as_fraction(right)

    def oracle_objects(self, model: Model, indices: Mapping[Index, Any]) -> bool:
        """Whether the oracle alone says that the sides differ, by more than its quotients are off."""
        left, right = self.by_oracle(model, indices)
        return abs(left - right) > AGREEMENT * max(F1, abs(left), abs(right))

    def _enclosed(self, model: Model, indices: Mapping[Index, Any], *,
                  confirmed: bool) -> tuple[Fraction, Fraction, bool] | None:
        """With logarithms the kernel gives balls; they must be disjoint."""
        try:
            kernel = self._kernel(model, Balls())
            left, right = (kernel.value(side, _environment(indices)) for side in self._sides(model))
            if left.overlaps(right):
                return None
            seen = self.by_oracle(model, indices) if confirmed else (middle(left), middle(right))
        except (Undefined, NotApplicable, OutsideFragment, WorkLimit):
            raise NoComparison from None
        rounded = [value.limit_denominator(10**12) for value in seen]
        return (rounded[0], rounded[1], False) if abs(seen[0] - seen[1]) > AGREEMENT else None


def _rational(number: Fraction) -> Expr:
    return Rational(number.numerator, number.denominator)


def _environment(indices: Mapping[Index, Any]) -> dict[Index, Any]:
    result: dict[Index, Any] = {}
    for index, value in indices.items():
        if isinstance(index, Trajectory):
            result[index] = plain_way(value)
        elif isinstance(index, Batch):
            result[index] = {number: plain_way(path) for number, path in value.items()}
        else:
            result[index] = value
    return result
