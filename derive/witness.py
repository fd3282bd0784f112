"""The smallest MDP found on which two terms differ.

Shapes are searched smallest first. On each, a few random rational models are drawn; the
first that separates the terms is shrunk (rewards to 0, probabilities to 0 or 1, then
every number towards a short fraction) and checked again after every step. A candidate
counts only if the brute-force enumeration, which shares no arithmetic with the kernel,
computes different values too and agrees with the kernel's exact ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import product
from random import Random
from typing import Any

from sympy import Expr

from derive.assumptions import Assumption, additive_return, dynamics_positive, initial_positive, policy_positive
from derive.enumerate import Enumeration
from derive.errors import DeriveError, NotApplicable, OutsideFragment, Undefined
from derive.kernel.concrete import Balls, Rationals, as_fraction, concrete_evaluator, concrete_model
from derive.kernel.endless_models import endless_value
from derive.kernel.evaluate import Evaluator
from derive.kernel.everywhere import Sides
from derive.kernel.generic import plain_way
from derive.kernel.ranges import MOST_STEPS
from derive.language.binding import Index
from derive.language.signature import Signature, signature
from derive.language.terms import Action, Batch, Draw, State, Time, Trajectory
from derive.models import Model, Shape

DRAWS = 12
MOST_OUTCOMES = 300
"""Trajectories, or joint samples, that a witness may have: it is to be redone by hand."""
AGREEMENT = Fraction(1, 10**20)
TAIL = 100
"""Times gamma^T, T the steps that the enumeration of an infinite horizon goes: how far it may be off."""
ENDLESS = (Shape(1, 1, 5), Shape(1, 2, 5), Shape(1, 3, 4), Shape(2, 1, 4), Shape(2, 2, 3))
"""States, actions, and the steps after which the enumeration of an infinite horizon stops."""

F0, F1 = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Witness:
    """A model, the values of the free indices, and both sides there."""

    model: Model
    indices: Mapping[Index, Any]
    left: Fraction
    right: Fraction
    exact: bool


@dataclass(frozen=True)
class Claim:
    """An equation and the class of models it is claimed for."""

    before: Expr
    after: Expr
    assumptions: frozenset[Assumption]
    possible_only: bool
    endless: Sides | None = None
    """The automata of an infinite horizon, where the equation speaks of one."""

    @cached_property
    def signature(self) -> Signature:
        return signature(self.before, self.after)

    @property
    def additive(self) -> bool:
        return additive_return in self.assumptions

    def values(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction, bool] | None:
        """Both sides at a model, computed twice; None unless they are defined and differ.

        The last entry says whether the values are exact rationals of the kernel.
        """
        try:
            return self._exact(model, indices) or None
        except (Undefined, NotApplicable):
            return None
        except OutsideFragment:
            return self._enclosed(model, indices)

    def _kernel(self, model: Model, ring: Rationals) -> Evaluator:
        return concrete_evaluator(model, ring, (self.before, self.after), possible_only=self.possible_only)

    def _enumerated(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction]:
        oracle = Enumeration(model, possible_only=self.possible_only)
        return oracle.value(self.before, dict(indices)), oracle.value(self.after, dict(indices))

    def _exact(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction, bool] | None:
        left, right = self.computed(model, indices)
        if abs(left - right) <= 2 * self._tail(model, left, right):
            return None
        seen = self._enumerated(model, indices)
        for exact, enumerated, side in zip((left, right), seen, (self.before, self.after), strict=True):
            if abs(exact - enumerated) > AGREEMENT * max(F1, abs(exact)) + self._tail(model, left, right):
                if self.endless is not None and self._on_its_way(model, indices, side, exact, enumerated):
                    return None
                raise DeriveError(
                    f"the kernel and the enumeration disagree on {side}: {exact} and {float(enumerated)!r}. "
                    "This is a defect of derive; please report it.")
        return left, right, True

    def computed(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction]:
        """Both sides by the kernel alone."""
        if self.endless is not None:
            ring_model = concrete_model(model, Rationals())
            left, right = (endless_value(side, self.endless, ring_model) for side in (self.before, self.after))
        else:
            kernel = self._kernel(model, Rationals())
            left, right = (kernel.value(side, _environment(indices)) for side in (self.before, self.after))
        return as_fraction(left), as_fraction(right)

    def _tail(self, model: Model, left: Fraction, right: Fraction) -> Fraction:
        """What the enumeration leaves out where it stops: nothing at a finite horizon."""
        if self.endless is None:
            return F0
        steps = model.shape.horizon - self.signature.largest_offset
        return TAIL * model.gamma ** max(0, steps) * max(F1, abs(left), abs(right))

    def _on_its_way(self, model: Model, indices: Mapping[Index, Any], side: Expr, exact: Fraction,
                    enumerated: Fraction) -> bool:
        """Whether the enumeration was only cut off too early: one step less is much farther away."""
        shape = replace(model.shape, horizon=model.shape.horizon - 1)
        earlier = Enumeration(replace(model, shape=shape), possible_only=self.possible_only)
        return abs(exact - enumerated) * 4 < abs(exact - earlier.value(side, dict(indices)))

    def _enclosed(self, model: Model, indices: Mapping[Index, Any]) -> tuple[Fraction, Fraction, bool] | None:
        """With logarithms the kernel gives balls; they must be disjoint."""
        try:
            kernel = self._kernel(model, Balls())
            left, right = (kernel.value(side, _environment(indices)) for side in (self.before, self.after))
            if left.overlaps(right):
                return None
            seen = self._enumerated(model, indices)
        except (Undefined, NotApplicable, OutsideFragment):
            return None
        rounded = [value.limit_denominator(10**12) for value in seen]
        return (rounded[0], rounded[1], False) if abs(seen[0] - seen[1]) > AGREEMENT else None


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


def find_witness(claim: Claim, *, reaching: Shape | None = None,
                 agrees: Callable[[Shape], bool | None] = lambda shape: None) -> Witness | None:
    """The smallest counterexample found, or None. Deterministic.

    ``reaching`` is a shape known to separate the terms; the search goes up to it. Where
    ``agrees`` says that the generic model of a shape does not separate them, only a few
    models with zeros are tried, if there are any.
    """
    for shape in _shapes(claim, reaching):
        source = Random(f"witness/{shape}")
        few = STYLES[1:] * 4 if _may_vanish(claim, shape) else ()
        for style in few if agrees(shape) else STYLES * DRAWS:
            model = _random_model(claim, shape, source, style)
            witness = _witness_at(claim, model)
            if witness is not None:
                return shrunk(claim, witness)
    return None


def _may_vanish(claim: Claim, shape: Shape) -> bool:
    """Whether a probability can be 0 at this shape: the only outcome of a row has probability 1."""
    of_states = not {initial_positive, dynamics_positive} <= claim.assumptions
    return (shape.states > 1 and of_states) or (shape.actions > 1 and policy_positive not in claim.assumptions)


def _shapes(claim: Claim, reaching: Shape | None) -> list[Shape]:
    if claim.endless is not None:
        return list(ENDLESS)
    needs = min(claim.signature.largest_offset, MOST_STEPS)
    sizes = [Shape(n, k, h, m) for n, k, h, m in product(
        range(1, 4), range(1, 5), range(max(3, needs + 2)), (1, 2, 3, 4) if claim.signature.samples else (1,))]
    if reaching is not None:
        sizes.append(reaching)
    fitting = {shape for shape in sizes if shape.trajectories**shape.samples <= MOST_OUTCOMES}
    if reaching is not None and reaching.trajectories <= 20 * MOST_OUTCOMES:
        fitting.add(reaching)
    return sorted(fitting)


# -- drawing ------------------------------------------------------------------------------------

STYLES = ("positive", "zeros")
_SMALL = [Fraction(n, d) for d in (1, 2, 3) for n in range(-3, 4)]
_WEIGHTS = (1, 1, 2, 3, 5)


def _random_model(claim: Claim, shape: Shape, source: Random, style: str) -> Model:
    n, k = range(shape.states), range(shape.actions)
    parts = claim.signature
    zeros = style == "zeros"

    def row(size: int, may_vanish: bool) -> tuple[Fraction, ...]:
        weights = [source.choice((0, *_WEIGHTS) if may_vanish else _WEIGHTS) for _ in range(size)]
        weights = weights if any(weights) else [1, *weights[1:]]
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def number() -> Fraction:
        return source.choice(_SMALL)

    returns = None if claim.additive else {path: number() for path in shape.paths()}
    sizes = {"state": n, "action": k}
    return Model(
        shape=shape,
        mu=row(len(n), zeros and initial_positive not in claim.assumptions),
        P=tuple(tuple(row(len(n), zeros and dynamics_positive not in claim.assumptions) for _ in k) for _ in n),
        r=tuple(tuple(tuple(number() for _ in n) for _ in k) for _ in n),
        gamma=Fraction(1, 50) if claim.endless is not None else source.choice(
            (Fraction(1, 2), Fraction(1, 3), Fraction(2, 3))),
        policies={name: tuple(row(len(k), zeros and policy_positive not in claim.assumptions) for _ in n)
                  for name in sorted(parts.policies | {"pi"})},
        scores=tuple(tuple(number() for _ in k) for _ in n),
        returns=returns,
        functions={name: {places: number() for places in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in sorted(parts.functions)},
    )


def _witness_at(claim: Claim, model: Model) -> Witness | None:
    """The first values of the free indices at which the model separates the sides."""
    free = sorted(claim.before.free_symbols | claim.after.free_symbols, key=lambda i: (i.sort, str(i.label)))
    for values in product(*(_range(index, claim, model) for index in free)):
        indices = dict(zip(free, values, strict=True))
        found = claim.values(model, indices)
        if found is not None:
            return Witness(model, indices, *found)
    return None


def _range(index: Index, claim: Claim, model: Model) -> list[Any]:
    shape = model.shape
    match index:
        case State():
            return list(range(shape.states))
        case Action():
            return list(range(shape.actions))
        case Time():
            return list(range(shape.horizon + 1))
        case Draw():
            return list(range(1, shape.samples + 1))
        case Trajectory():
            return [path for path in shape.paths() if not claim.possible_only or model.probability_of(path) > 0]
        case Batch():
            possible = [path for path in shape.paths() if model.probability_of(path) > 0]
            return [dict(enumerate(draws, 1)) for draws in product(possible, repeat=shape.samples)]
    return []


# -- shrinking -----------------------------------------------------------------------------------


def shrunk(claim: Claim, witness: Witness) -> Witness:
    """Simpler numbers, one change at a time, each kept only if the sides still differ."""
    before = None
    while before is not witness:
        before = witness
        for simpler in (_zeroed_blocks, _simpler_rows, _shorter_numbers, _plain_discount):
            witness = _shrunk_by(simpler, claim, witness)
    return witness


def _shrunk_by(simpler: Callable[[Model], Iterator[Model]], claim: Claim, witness: Witness) -> Witness:
    """One kind of change, again from its start after each success."""
    progress = True
    while progress:
        progress = False
        for candidate in simpler(witness.model):
            found = claim.values(candidate, witness.indices) if _in_class(claim, candidate, witness) else None
            if found is not None:
                witness, progress = Witness(candidate, witness.indices, *found), True
                break
    return witness


def _in_class(claim: Claim, model: Model, witness: Witness) -> bool:
    """Whether the model satisfies the assumptions, and the trajectories at hand stay possible."""
    def vanishes(rows: Any) -> bool:
        return any(entry == 0 for row in rows for entry in row)

    if initial_positive in claim.assumptions and vanishes([model.mu]):
        return False
    if dynamics_positive in claim.assumptions and any(vanishes(table) for table in model.P):
        return False
    for name, table in model.policies.items():
        if vanishes(table) and (policy_positive in claim.assumptions or not vanishes(witness.model.policies[name])):
            return False
    for index, value in witness.indices.items():
        paths = [value] if isinstance(index, Trajectory) and claim.possible_only else (
            list(value.values()) if isinstance(index, Batch) else [])
        if any(model.probability_of(path) == 0 for path in paths):
            return False
    return True


def _plain_discount(model: Model) -> Iterator[Model]:
    if model.gamma > Fraction(1, 50) and model.gamma != Fraction(1, 2):
        yield replace(model, gamma=Fraction(1, 2))


def _zeroed_blocks(model: Model) -> Iterator[Model]:
    def zero(table: Any) -> Any:
        return tuple(zero(entry) for entry in table) if isinstance(table, tuple) else F0

    if model.r != zero(model.r):
        yield replace(model, r=zero(model.r))
    if model.scores != zero(model.scores):
        yield replace(model, scores=zero(model.scores))
    if model.returns is not None and any(model.returns.values()):
        yield replace(model, returns=dict.fromkeys(model.returns, F0))
    for name, table in model.functions.items():
        if any(table.values()):
            yield replace(model, functions={**model.functions, name: dict.fromkeys(table, F0)})


def _cost(number: Fraction) -> tuple[int, int, bool]:
    return (number.denominator, abs(number.numerator), number < 0)


def _simpler_numbers(number: Fraction) -> list[Fraction]:
    return [Fraction(c) for c in (0, 1, -1, 2) if _cost(Fraction(c)) < _cost(number)]


def _row_cost(row: tuple[Fraction, ...]) -> tuple[Any, ...]:
    return (max(entry.denominator for entry in row), sum(entry != 0 for entry in row), [-entry for entry in row])


def _simpler_rows_of(row: tuple[Fraction, ...]) -> list[tuple[Fraction, ...]]:
    size = len(row)
    sure = [tuple(F1 if j == i else F0 for j in range(size)) for i in range(size)]
    even = tuple(Fraction(1, size) for _ in row)
    halves = [tuple(Fraction(int(j in pair), 2) for j in range(size)) for pair in product(range(size), repeat=2)
              if pair[0] < pair[1]]
    return [candidate for candidate in (*sure, *halves, even) if _row_cost(candidate) < _row_cost(row)]


def _simpler_rows(model: Model) -> Iterator[Model]:
    for row in _simpler_rows_of(model.mu):
        yield replace(model, mu=row)
    for s, table in enumerate(model.P):
        for a, old in enumerate(table):
            for row in _simpler_rows_of(old):
                yield replace(model, P=_put(model.P, s, _put(table, a, row)))
    for name, rows in model.policies.items():
        for s, old in enumerate(rows):
            for row in _simpler_rows_of(old):
                yield replace(model, policies={**model.policies, name: _put(rows, s, row)})


def _shorter_numbers(model: Model) -> Iterator[Model]:
    for s, row in enumerate(model.scores):
        for a, number in enumerate(row):
            for short in _simpler_numbers(number):
                yield replace(model, scores=_put(model.scores, s, _put(row, a, short)))
    for s, table in enumerate(model.r):
        for a, row in enumerate(table):
            for x, number in enumerate(row):
                for short in _simpler_numbers(number):
                    yield replace(model, r=_put(model.r, s, _put(table, a, _put(row, x, short))))
    yield from _shorter_tables(model.returns, lambda table: replace(model, returns=table))
    for name, values in model.functions.items():
        yield from _shorter_tables(values, partial(_with_function, model, name))


def _with_function(model: Model, name: str, table: Mapping[tuple[int, ...], Fraction]) -> Model:
    return replace(model, functions={**model.functions, name: table})


def _shorter_tables(table: Mapping[Any, Fraction] | None, rebuilt: Callable[[Any], Model]) -> Iterator[Model]:
    for key, number in (table or {}).items():
        for short in _simpler_numbers(number):
            yield rebuilt({**(table or {}), key: short})


def _put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])
