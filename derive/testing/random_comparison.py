"""Whether two terms differ on one random MDP, by each of the ways that there are to look.

A seed is an MDP of the theorem's class. Zeros are built in for every other seed, where no
assumption forbids them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from random import Random
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr

from derive.counterexample.claim import Claim
from derive.counterexample.enumerate import Enumeration
from derive.errors import NotApplicable
from derive.language.assumptions import POSSIBLE, Assumption
from derive.language.binding import Index
from derive.language.expression import subterms
from derive.language.model_class import fits, holds_at
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Batch, Grad, Log
from derive.numeric.gaps import assignments, largest_gap
from derive.numeric.instances import instance_of, random_instance
from derive.testing.random_models import random_model

FLOAT, EXACT = "float", "exact"
ORACLE, SOLVED = "infinite horizon, linear systems", "infinite horizon, kernel"
MOST_ASSIGNMENTS = {FLOAT: 100, EXACT: 12, ORACLE: 12, SOLVED: 12}
ROUNDING = Fraction(1, 10**18)
"""How far two difference quotients, or logarithms, of equal numbers may lie apart; quotients err by some 1e-28."""


def differ_at_random(before: Expr, after: Expr, known: Collection[Assumption], method: str, shape: Shape,
               seed: int) -> bool:
    """Whether the terms differ on the MDP of this seed, at some values of the free indices.

    Raises:
        Undefined, NotApplicable, OutsideFragment, WorkLimit: where a side has no value there.
    """
    if not fits(known, shape, infinite=method in (ORACLE, SOLVED)):
        raise NotApplicable(f"{shape} is no shape of the class")
    return _METHODS[method](before, after, known, shape, seed)


def claim_of(before: Expr, after: Expr, known: Collection[Assumption], *, endless: bool) -> Claim:
    """The equation with its class of models."""
    return Claim(before, after, frozenset(known), POSSIBLE in known, endless)


def _in_floats(before: Expr, after: Expr, known: Collection[Assumption], shape: Shape, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    if any(one.kind for one in known):  # the class has a shape of its own
        instance = instance_of(_model(before, after, known, shape, seed), signature(before, after))
    else:
        instance = random_instance(rng, shape, signature(before, after), assumptions=known, zeros=bool(seed % 2))
    gap = largest_gap(before, after, instance, possible_only=POSSIBLE in known, most=MOST_ASSIGNMENTS[FLOAT], rng=rng)
    return gap.differs


def _exactly(before: Expr, after: Expr, known: Collection[Assumption], shape: Shape, seed: int) -> bool:
    model = _model(before, after, known, shape, seed)
    oracle = Enumeration(model, possible_only=POSSIBLE in known)
    rounded = any(isinstance(node, (Grad, Log)) for side in (before, after) for node in subterms(side))
    for indices in _places(before, after, known, model, EXACT, seed):
        left, right = oracle.value(before, indices), oracle.value(after, indices)
        if abs(left - right) > (ROUNDING * max(Fraction(1), abs(left), abs(right)) if rounded else 0):
            return True
    return False


def _by_oracle(before: Expr, after: Expr, known: Collection[Assumption], shape: Shape, seed: int) -> bool:
    """By the linear systems over states that share no arithmetic with the kernel."""
    claim, model = claim_of(before, after, known, endless=True), _model(before, after, known, shape, seed)
    return any(claim.oracle_objects(model, at) for at in _places(before, after, known, model, ORACLE, seed))


def _solved(before: Expr, after: Expr, known: Collection[Assumption], shape: Shape, seed: int) -> bool:
    """By the kernel's resolvents in rational numbers."""
    claim, model = claim_of(before, after, known, endless=True), _model(before, after, known, shape, seed)
    values = [claim.computed(model, at) for at in _places(before, after, known, model, SOLVED, seed)]
    return any(left != right for left, right in values)


_METHODS: Mapping[str, Callable[[Expr, Expr, Collection[Assumption], Shape, int], bool]] = MappingProxyType(
    {FLOAT: _in_floats, EXACT: _exactly, ORACLE: _by_oracle, SOLVED: _solved})


def _model(before: Expr, after: Expr, known: Collection[Assumption], shape: Shape,
           seed: int) -> Model:
    return random_model(Random(seed), shape, signature(before, after), known, zeros=bool(seed % 2))


def _places(before: Expr, after: Expr, known: Collection[Assumption], model: Model, method: str,
            seed: int) -> Iterator[dict[Index, Any]]:
    """Values for the free indices, as the enumeration reads them."""
    free = {index for index in before.free_symbols | after.free_symbols if isinstance(index, Index)}
    for at in assignments(free, instance_of(model, signature(before, after)), possible_only=POSSIBLE in known,
                          most=MOST_ASSIGNMENTS[method], rng=np.random.default_rng(seed)):
        found = {index: dict(enumerate(value, 1)) if isinstance(value, tuple) and isinstance(index, Batch) else value
                 for index, value in at.items()}
        if holds_at(known, found, model.shape.horizon):
            yield found
