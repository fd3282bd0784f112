"""One question for the three evaluators, and a model small enough for paper and pencil."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Expr

from derive.counterexample.enumerate import Enumeration
from derive.errors import OutsideFragment
from derive.language.binding import Index
from derive.language.definitions import resolved
from derive.language.expression import Times
from derive.language.horizons import is_endless
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Batch, Policy, Trajectory
from derive.language.vocabulary import a, i, s, samples, t, tau, x
from derive.numeric.instances import instance_of
from derive.numeric.interpretation import Meaning
from derive.semantics.concrete import Balls, Rationals, as_fraction, concrete_model
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import plain_way
from derive.semantics.infinite_horizon import InfiniteHorizon
from derive.stationary.evaluation import Stationary

F = Fraction
Places = Mapping[Index, Any]


def evaluated(term: Expr, model: Model, places: Places) -> Fraction:
    """By the exact evaluator; a gradient is its part along the direction, a matrix its quadratic form there."""
    ways: dict[Index, Any] = {}
    for index, value in places.items():
        if isinstance(index, Batch):
            ways[index] = {number: plain_way(path) for number, path in value.items()}
        else:
            ways[index] = plain_way(value) if isinstance(index, Trajectory) else value
    kind = InfiniteHorizon if is_endless(term) else Evaluator
    term = resolved(term, additive=model.returns is None, infinite=is_endless(term))
    try:
        return as_fraction(kind(concrete_model(model, Rationals())).value(term, ways))
    except OutsideFragment:  # a logarithm, in balls
        return Fraction(float(kind(concrete_model(model, Balls())).value(term, ways).mid()))


def enumerated(term: Expr, model: Model, places: Places) -> Fraction:
    """By brute force; by linear systems over states where there is no last decision."""
    return (Stationary(model) if is_endless(term) else Enumeration(model)).value(term, dict(places))


def in_floats(term: Expr, model: Model, places: Places) -> float:
    """By the float interpretation, along the direction; the rank of a product of gradients is not asked."""
    parts = signature(term)
    at = {index: tuple(value.values()) if isinstance(index, Batch) else value for index, value in places.items()}
    part = Meaning(instance_of(model, parts)).jet(Times(1, term), at, 0)[0]
    direction = np.array([float(entry) for row in model.scores for entry in row])
    while np.ndim(part):
        part = part @ direction
    return 0.0 if part is None else float(part)


EVALUATORS: dict[str, Callable[[Expr, Model, Places], Any]] = {
    "evaluator": evaluated, "enumeration": enumerated, "floats": in_floats}


# Action 0 stays, action 1 goes to the other state; entering state 1 pays 1 from state 0 and 2 from
# state 1; gamma = 1/2; the start is state 0; H = 1. pi(.|0) = (1/4, 3/4), pi(.|1) = (1/2, 1/2). Two
# trajectories are sampled.
TWO_STATE = Model(
    shape=Shape(2, 2, 1, 2), mu=(F(1), F(0)),
    P=(((F(1), F(0)), (F(0), F(1))), ((F(0), F(1)), (F(1), F(0)))),
    r=(((F(0), F(1)), (F(0), F(1))), ((F(0), F(2)), (F(0), F(2)))),
    gamma=F(1, 2), policies={"pi": ((F(1, 4), F(3, 4)), (F(1, 2), F(1, 2))), "b": ((F(1, 2), F(1, 2)),) * 2},
    scores=((F(0), F(1)), (F(0), F(0))), functions={"c": {(): F(3)}}).validate()

B = Policy("b")
GONE, STAYED = (0, 1, 1, 0, 1), (0, 0, 0, 1, 1)
PLACES: dict[Index, Any] = {
    s: 0, a: 1, x: 1, t: 0, i: 1, tau: GONE, samples: {1: GONE, 2: STAYED}}


def at_hand(term: Expr) -> dict[Index, Any]:
    """What the free indices of a term are in the paper calculations."""
    return {index: PLACES[index] for index in term.free_symbols}
