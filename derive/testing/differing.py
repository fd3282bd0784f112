"""Whether two terms differ on one MDP, by each of the ways that there are to look.

None shares arithmetic with the kernel but the last: the float interpretation, enumeration
in fractions, at an infinite horizon linear systems over states, and the kernel's own exact
solution.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr

from derive.counterexample.claim import Claim
from derive.counterexample.enumerate import Enumeration
from derive.language.assumptions import POSSIBLE, Assumption
from derive.language.binding import Index
from derive.language.definitions import inside
from derive.language.model_class import holds_at
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Batch, Grad, Log
from derive.language.typing import refuse_foreign
from derive.numeric.gaps import Gap, assignments
from derive.numeric.instances import instance_of
from derive.numeric.interpretation import Meaning

FLOAT, EXACT = "float", "exact"
ORACLE, SOLVED = "infinite horizon, linear systems", "infinite horizon, kernel"
MOST_ENUMERATED = 40
"""Trajectories, or joint samples, of an example that is also enumerated in fractions."""
MOST_POINTS = {FLOAT: 100, EXACT: 12, ORACLE: 12, SOLVED: 12}
"""Values of the free indices at which the sides are compared on one MDP."""
ROUNDING = Fraction(1, 10**18)
"""How far two difference quotients, or logarithms, of equal numbers may lie apart; quotients err by some 1e-28."""

Differs = Callable[[Mapping[Index, Any]], bool]
"""Whether two sides differ at these values of the free indices."""


@dataclass(frozen=True, slots=True)
class Point:
    """A model, and the values of the free indices there."""

    model: Model
    indices: Mapping[Index, Any]
    endless: bool


def claim_of(before: Expr, after: Expr, known: Collection[Assumption], *, endless: bool) -> Claim:
    """The equation with its class of models."""
    return Claim(before, after, frozenset(known), POSSIBLE in known, endless)


def methods_at(shape: Shape, *, endless: bool) -> tuple[str, ...]:
    """The ways to look at an MDP of this shape."""
    if endless:
        return ORACLE, SOLVED
    return (FLOAT, EXACT) if shape.trajectories**shape.samples <= MOST_ENUMERATED else (FLOAT,)


def points(before: Expr, after: Expr, known: Collection[Assumption], model: Model, method: str,
           *, endless: bool) -> Iterator[Point]:
    """Values for the free indices at which the claim is made: all of them, or a selection that the model decides."""
    free = {index for index in before.free_symbols | after.free_symbols if isinstance(index, Index)}
    for at in assignments(free, instance_of(model, signature(before, after)), possible_only=POSSIBLE in known,
                          most=MOST_POINTS[method], rng=np.random.default_rng(0)):
        found = {index: dict(enumerate(value, 1)) if isinstance(value, tuple) and isinstance(index, Batch) else value
                 for index, value in at.items()}
        if holds_at(known, found, model.shape.horizon, infinite=endless):
            yield Point(model, found, endless)


def differing(before: Expr, after: Expr, known: Collection[Assumption], method: str, model: Model) -> Differs:
    """How to look at one MDP by one method. What it gives raises as the evaluators do.

    Raises:
        Undefined, NotApplicable, OutsideFragment, WorkLimit: where a side has no value at the model.
    """
    return _METHODS[method](before, after, known, model)


def _in_floats(before: Expr, after: Expr, known: Collection[Assumption], model: Model) -> Differs:
    refuse_foreign(before, after)
    instance = instance_of(model, signature(before, after))
    meaning = Meaning(instance, POSSIBLE in known)

    def differs(indices: Mapping[Index, Any]) -> bool:
        at = {index: tuple(value.values()) if isinstance(index, Batch) else value for index, value in indices.items()}
        left, right = meaning.value(before, at), meaning.value(after, at)
        sizes = (float(np.max(np.abs(value))) for value in (left, right))
        return Gap(float(np.max(np.abs(left - right))), max(instance.largest_number, *sizes)).differs

    return differs


def _exactly(before: Expr, after: Expr, known: Collection[Assumption], model: Model) -> Differs:
    oracle = Enumeration(model, possible_only=POSSIBLE in known)
    rounded = any(isinstance(node, (Grad, Log)) for side in (before, after) for node in inside(side))

    def differs(indices: Mapping[Index, Any]) -> bool:
        left, right = oracle.value(before, dict(indices)), oracle.value(after, dict(indices))
        return abs(left - right) > (ROUNDING * max(Fraction(1), abs(left), abs(right)) if rounded else 0)

    return differs


def _by_oracle(before: Expr, after: Expr, known: Collection[Assumption], model: Model) -> Differs:
    """By the linear systems over states that share no arithmetic with the kernel."""
    claim = claim_of(before, after, known, endless=True)
    return lambda indices: claim.oracle_objects(model, indices)


def _solved(before: Expr, after: Expr, known: Collection[Assumption], model: Model) -> Differs:
    """By the kernel's resolvents in rational numbers."""
    claim = claim_of(before, after, known, endless=True)

    def differs(indices: Mapping[Index, Any]) -> bool:
        left, right = claim.computed(model, indices)
        return left != right

    return differs


_METHODS: Mapping[str, Callable[[Expr, Expr, Collection[Assumption], Model], Differs]] = MappingProxyType(
    {FLOAT: _in_floats, EXACT: _exactly, ORACLE: _by_oracle, SOLVED: _solved})
