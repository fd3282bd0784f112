"""A witness made simpler: blocks of numbers to 0, rows to 0 and 1, every number towards a short fraction.

One change at a time, the sides computed after every step; the simplest model is computed again by the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from itertools import combinations, islice
from typing import Any

from derive.counterexample.claim import Claim, Witness
from derive.language.assumptions import dynamics_positive, initial_positive, policy_positive
from derive.language.models import Model
from derive.language.terms import Batch, Trajectory

F0, F1 = Fraction(0), Fraction(1)


def shrunk(claim: Claim, witness: Witness) -> Witness:
    """Simpler numbers, one change at a time, each kept only if the sides still differ."""
    simplest = _shrunk(claim, witness, confirmed=False)
    found = claim.values(simplest.model, simplest.indices)
    if found is None:  # the oracle has no value there, as at zeros of quotients that it does not cancel
        return _shrunk(claim, witness, confirmed=True)
    left, right, exact = found
    return replace(simplest, left=left, right=right, exact=exact)


def confirmed(claim: Claim, witness: Witness) -> Witness | None:
    """The same for a witness that only the kernel has seen: None if the oracle has no value there either."""
    simplest = _shrunk(claim, witness, confirmed=False)
    for candidate in (simplest, witness):
        found = claim.values(candidate.model, candidate.indices)
        if found is not None:
            left, right, exact = found
            seen = replace(candidate, left=left, right=right, exact=exact)
            return seen if candidate is simplest else _shrunk(claim, seen, confirmed=True)
    return None


def _shrunk(claim: Claim, witness: Witness, *, confirmed: bool) -> Witness:
    before = None
    while before is not witness:
        before = witness
        for simpler in (_zeroed_blocks, _simpler_rows, _shorter_numbers, _plain_discount):
            witness = _shrunk_by(simpler, claim, witness, confirmed=confirmed)
    return witness


def _shrunk_by(simpler: Callable[[Model], Iterator[Model]], claim: Claim, witness: Witness, *,
               confirmed: bool) -> Witness:
    """One kind of change, from where the last one succeeded; what was tried before it is tried in the next round."""
    first, last = 0, None
    while first != last:
        last = None
        for n, candidate in enumerate(islice(simpler(witness.model), first, None), first):
            found = claim.values(candidate, witness.indices, confirmed=confirmed) if _in_class(
                claim, candidate, witness) else None
            if found is not None:
                left, right, exact = found
                witness, first = replace(witness, model=candidate, left=left, right=right, exact=exact), n
                break
        else:
            last = first
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
    if model.gamma != Fraction(1, 2):
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


def _simpler_numbers(number: Fraction, *, between: bool = False) -> list[Fraction]:
    """Simpler numbers to try; ``between`` for a scalar, which may have to lie between 0 and 1."""
    tried = (*map(Fraction, (0, 1, -1, 2)), *([Fraction(1, 2)] if between else []))
    return [simple for simple in tried if _cost(simple) < _cost(number)]


def _row_cost(row: tuple[Fraction, ...]) -> tuple[Any, ...]:
    return (max(entry.denominator for entry in row), sum(entry != 0 for entry in row), [-entry for entry in row])


@lru_cache(maxsize=1_000)  # states of a long model have few rows, and each is asked for after every change
def _simpler_rows_of(row: tuple[Fraction, ...]) -> tuple[tuple[Fraction, ...], ...]:
    size, longest = len(row), max(entry.denominator for entry in row)
    sure = [tuple(F1 if j == i else F0 for j in range(size)) for i in range(size)]
    even = tuple(Fraction(1, size) for _ in row)
    halves = [tuple(Fraction(int(j in pair), 2) for j in range(size)) for pair in combinations(range(size), 2)
              if longest > 1]
    leaning = [tuple(Fraction(1 + (j == i), size + 1) for j in range(size)) for i in range(size)]
    cost = _row_cost(row)
    return tuple(candidate for candidate in (*sure, *halves, even, *leaning) if _row_cost(candidate) < cost)


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
        for short in _simpler_numbers(number, between=key == ()):
            yield rebuilt({**(table or {}), key: short})


def _put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])
