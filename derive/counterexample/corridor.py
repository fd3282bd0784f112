"""A counterexample at a late horizon: two lanes of positions, with a choice between them at few of these only.

A difference that begins at H = 8, or one between literal times such as s_13 and s_14, needs as many steps, and a model
whose policy is positive has 2^(H+1) trajectories. A policy that has a choice at three positions and none elsewhere has
eight; where policies have to be positive, they are made so in what is left of it. So

    position i, lane 0 or 1  ->  position i + 1, in the same lane; where there is a choice, in the lane that is taken,

with random numbers at the positions, seen from which lane and step are told apart. What separates the sides is made
smaller, positions with the same next ones merged, and counts once ``Claim.values``, the enumeration too, has
confirmed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from random import Random

from derive.counterexample.claim import Claim, Witness
from derive.counterexample.shrinking import shrunk
from derive.counterexample.unfolded import MOST_VISITS, Sketch, separated, smaller
from derive.counterexample.witness import MOST_OUTCOMES
from derive.language.assumptions import dynamics_positive, initial_positive, policy_positive
from derive.language.model_class import fitted
from derive.language.models import Model, Shape
from derive.language.terms import Batch
from derive.semantics.concrete import sums_over_trajectories

CHOICES = 3
DRAWS = 30
LATEST = 20
"""The last horizon that is tried."""
SEARCHING = 40_000
"""Trajectories that may be walked for a draw that separates the sides, and as many to make it smaller."""
F0, F1 = Fraction(0), Fraction(1)
_NUMBERS = [Fraction(n, d) for d in (1, 2) for n in (1, 2, 3, -1, -2)]
_ROWS = (Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(1, 4))


def find_in_a_corridor(claim: Claim, horizon: int) -> Witness | None:
    """A counterexample at this horizon, or soon after, by a corridor; None if none is confirmed. Deterministic."""
    free = claim.before.free_symbols | claim.after.free_symbols
    everything = not claim.possible_only and any(map(sums_over_trajectories, (claim.before, claim.after)))
    if claim.endless or everything or claim.signature.samples or any(isinstance(index, Batch) for index in free) or (
            {initial_positive, dynamics_positive} & claim.assumptions):
        return None
    searched = Sketch(claim.before, claim.after, claim.assumptions - {policy_positive}, claim.possible_only,
                      left=[SEARCHING], most=MOST_OUTCOMES)
    for h, draw in product(range(horizon, min(horizon + 2, LATEST) + 1), range(DRAWS)):
        drawn = separated(searched, corridor(claim, h, Random(f"corridor/{h}/{draw}")))
        if drawn is None:
            continue
        merged = smaller(replace(searched, left=[SEARCHING]), drawn)
        for rough in (shrunk(replace(searched, left=[SEARCHING]), merged), merged, drawn):
            for candidate in _into_the_class(claim, rough.model):
                found = claim.values(candidate, rough.indices)
                if found is not None:
                    return Witness(candidate, rough.indices, *found)
    return None


def _into_the_class(claim: Claim, model: Model) -> Iterator[Model]:
    """The model; where policies have to be positive, with a little of the uniform one, if that is not too long."""
    if policy_positive not in claim.assumptions:
        yield model
        return
    if model.feasible() > MOST_VISITS:
        return
    even = Fraction(1, model.shape.actions)
    for weight in (Fraction(1, 2), Fraction(1, 10)):
        yield replace(model, policies={
            name: tuple(tuple((1 - weight) * p + weight * even for p in row) for row in rows)
            for name, rows in model.policies.items()})


def corridor(claim: Claim, horizon: int, source: Random) -> Model:
    """Positions 0..H+1 in two lanes; the first lane alone before the first choice."""
    chosen = sorted(source.sample(range(horizon + 1), min(CHOICES, horizon + 1)))
    places = [(i, lane) for i in range(horizon + 2) for lane in (0, 1) if lane == 0 or i > chosen[0]]
    number = {place: n for n, place in enumerate(places)}
    states = range(len(places))

    def onward(place: tuple[int, int], action: int) -> tuple[Fraction, ...]:
        i, lane = place
        if i == horizon + 1:
            return tuple(Fraction(x == number[place]) for x in states)
        then = number[i + 1, action if i in chosen else lane]
        return tuple(Fraction(x == then) for x in states)

    def policy() -> tuple[tuple[Fraction, ...], ...]:
        first = (source.choice(_ROWS) if i in chosen else F1 for i, _ in places)
        return tuple((p, F1 - p) for p in first)

    parts = claim.signature
    P = tuple(tuple(onward(place, action) for action in (0, 1)) for place in places)
    sizes = {"state": states, "action": range(2)}
    model = Model(
        shape=Shape(len(places), 2, horizon), mu=tuple(Fraction(s == 0) for s in states), P=P,
        gamma=Fraction(1, 2),
        r=tuple(tuple(tuple(source.choice(_NUMBERS) if p else F0 for p in row) for row in table) for table in P),
        policies={name: policy() for name in sorted(parts.policies | {"pi"})},
        scores=tuple((F1, F0) if i in chosen else (F0, F0) for i, _ in places),
        functions={name: {at: source.choice(_NUMBERS) for at in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in sorted(parts.functions)})
    model = fitted(claim.assumptions, model)
    if claim.additive:
        return model
    paths = model.feasible_paths(model.policies) if parts.returns else ()
    return replace(model, returns={path: source.choice(_NUMBERS) for path in paths})
