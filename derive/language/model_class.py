"""Which models, and which values of free indices, satisfy the assumptions of a claim."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice, product
from typing import Any

from sympy import Expr, Integer

from derive.language.assumptions import (
    BELOW_ONE,
    CASE,
    COVERS,
    HORIZON,
    POSITIVE,
    SAMPLES,
    SCALAR,
    Assumption,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
    undiscounted,
)
from derive.language.binding import Index
from derive.language.expression import Plus, Times, subterms
from derive.language.models import HELD, Model, Shape
from derive.language.terms import Horizon


def fits(assumptions: Collection[Assumption], shape: Shape, *, infinite: bool) -> bool:
    """Whether a shape has the samples and, unless there is no last decision, the horizon that are asked for."""
    return all(shape.samples >= one.about[0] if one.kind == SAMPLES else infinite or shape.horizon >= one.about[0]
               for one in assumptions if one.kind in (SAMPLES, HORIZON))


FAR = 12
"""The last time that is tried for a letter where there is no last decision, beyond the numbers that cases name."""
MOST_TIMES = 100_000


def holds_at(assumptions: Collection[Assumption], indices: Mapping[Index, Any], horizon: int, *,
             infinite: bool = False) -> bool:
    """Whether the cases hold for these values of the free indices, and for some of the other letters they speak of.

    A claim is made for all times that its assumptions admit: at a horizon that has none it is not made. Nor is it
    taken to be where none was found among the first ``MOST_TIMES`` values.
    """
    cases = [one.about for one in assumptions if one.kind == CASE]
    others = sorted({letter for case in cases for time in case for letter in time.free_symbols
                     if isinstance(letter, Index) and letter not in indices}, key=str)
    last = FAR + _numbers(cases) if infinite else horizon
    return any(all(_in_order(case, {**indices, **dict(zip(others, values, strict=True))}, horizon) for case in cases)
               for values in islice(product(range(last + 1), repeat=len(others)), MOST_TIMES))


def leave_times(assumptions: Collection[Assumption]) -> bool:
    """Whether cases have times in common at some horizon; True where there are too many to try."""
    cases = [one.about for one in assumptions if one.kind == CASE]
    letters = {letter for case in cases for time in case for letter in time.free_symbols if isinstance(letter, Index)}
    far = FAR + _numbers(cases)
    return far ** (len(letters) + 1) > MOST_TIMES or any(holds_at(assumptions, {}, horizon) for horizon in range(far))


def _numbers(cases: Sequence[tuple[Any, ...]]) -> int:
    return sum(abs(int(part)) for case in cases for time in case for part in subterms(time)
               if isinstance(part, Integer))


def _in_order(case: tuple[Any, ...], indices: Mapping[Index, Any], horizon: int) -> bool:
    one, two = (_time(time, indices, horizon) for time in case)
    return one is None or two is None or bool(one <= two)


def _time(term: Expr, indices: Mapping[Index, Any], horizon: int) -> Any:
    match term:
        case Integer():
            return int(term)
        case Horizon():
            return horizon
        case Plus() | Times():
            parts = [_time(argument, indices, horizon) for argument in term.args]
            if None in parts:
                return None
            total = sum(parts) if isinstance(term, Plus) else 1
            for part in parts if isinstance(term, Times) else ():
                total *= part
            return total
    return indices.get(term)


def admits(assumptions: Collection[Assumption], model: Model, indices: Mapping[Index, Any], *, infinite: bool) -> bool:
    """Whether a model is one of the class, at these values of the free indices."""
    known = frozenset(assumptions)
    if not fits(known, model.shape, infinite=infinite) or not holds_at(
            known, indices, model.shape.horizon, infinite=infinite):
        return False
    if undiscounted in known and model.gamma != 1:
        return False
    if (discount_below_one in known or infinite) and not 0 <= model.gamma < 1:
        return False
    rows = {initial_positive: [model.mu], dynamics_positive: [row for table in model.P for row in table],
            policy_positive: [row for table in model.policies.values() for row in table]}
    if any(0 in row for one, listed in rows.items() if one in known for row in listed):
        return False
    return all(_says(one, model) for one in known if one.kind in (COVERS, SCALAR))


def _says(one: Assumption, model: Model) -> bool:
    if one.kind == COVERS:
        if not set(one.about) <= {*model.policies, HELD}:
            return True
        behaviour, policy = map(model.policy, one.about)
        return all(b > 0 for rows in zip(behaviour, policy, strict=True) for b, p in zip(*rows, strict=True) if p > 0)
    name, kind = one.about
    if name not in model.functions or () not in model.functions[name]:
        return True
    value = model.functions[name][()]
    return value > 0 if kind == POSITIVE else 0 <= value < 1 if kind == BELOW_ONE else 0 <= value <= 1


def fitted(assumptions: Collection[Assumption], model: Model) -> Model:
    """A drawn model moved into the class: its discount, numbers in their ranges, and policies that cover others."""
    known = frozenset(assumptions)
    if undiscounted in known:
        model = replace(model, gamma=Fraction(1))
    for one in sorted(known, key=str):
        if one.kind == SCALAR and not _says(one, model):
            name, kind = one.about
            value = abs(model.functions[name][()])
            moved = value + 1 if kind == POSITIVE else value / (1 + value)
            model = replace(model, functions={**model.functions, name: {(): moved}})
        if one.kind == COVERS and not _says(one, model):
            name, policy = one.about
            mixed = tuple(tuple((b + p) / 2 for b, p in zip(*rows, strict=True))
                          for rows in zip(model.policies[name], model.policy(policy), strict=True))
            model = replace(model, policies={**model.policies, name: mixed})
    return model
