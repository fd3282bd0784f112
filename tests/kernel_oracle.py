"""Whether claims are true, by loops over everything: ``derive.counterexample.enumerate`` on small random models.

No code of the kernel is used here. A claim of finite horizons is tried on models with and without zeros, by loops; sums
without end by ``derive.stationary``, which goes over states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice, product
from random import Random
from typing import Any

from histories_oracle import OfHistories
from kernel_letters import Claim

from derive.counterexample.enumerate import Enumeration
from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.assumptions import (
    CASE,
    COVERS,
    POSSIBLE,
    SCALAR,
    additive_return,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
    undiscounted,
)
from derive.language.horizons import is_endless
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Action, Batch, Draw, State, Time, Trajectory
from derive.stationary.evaluation import Stationary
from derive.stationary.systems import Diverges

CLOSE = Fraction(1, 10**12)
"""Difference quotients err by 1e-28."""
SMALL = ((1, 2, 0), (2, 2, 0), (1, 2, 1), (2, 2, 1), (1, 2, 2), (2, 2, 2), (1, 3, 1))
SAMPLED = ((1, 2, 0, 1), (1, 2, 0, 2), (2, 2, 0, 2), (1, 2, 0, 3))
ENDLESS = ((1, 2, 3), (2, 1, 3), (2, 2, 3))
TINY = Fraction(1, 10**5)
NUMBERS = {"positive": (Fraction(1, 3), Fraction(2)), "unit": (Fraction(0), Fraction(1), Fraction(1, 3)),
           "below one": (Fraction(0), Fraction(1, 2), Fraction(1, 3))}
"""Values of a number without a value, ends of its range included."""
PLACES = 60
"""Values of the free indices that are tried on one model."""


def sizes_of(claim: Claim) -> tuple[tuple[int, ...], ...]:
    if claim.sizes:
        return claim.sizes
    if is_endless(claim.before, claim.after):
        return ENDLESS
    if signature(claim.before, claim.after).samples:
        return SAMPLED
    return SMALL


def model_of(claim: Claim, size: tuple[int, ...], rng: Random, discount: Fraction | None = None) -> Model:
    """A rational model of the claim's class; every other one may have zeros where no assumption forbids them.

    With a ``discount`` of its own all numbers are positive.
    """
    shape = Shape(*size)
    states, actions = range(shape.states), range(shape.actions)
    known, zeros = claim.assumes, rng.random() < 0.5
    named = signature(claim.before, claim.after)

    def row(length: int, positive: bool) -> tuple[Fraction, ...]:
        weights = [rng.choice([1, 2, 3, 5] if positive or not zeros else [0, 0, 1, 2]) for _ in range(length)]
        weights = weights if any(weights) else [1, *weights[1:]]
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def numbers(length: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(rng.randint(1 if discount else -5, 7), rng.randint(1, 3)) for _ in range(length))

    asked = {name for one in known if one.kind == COVERS for name in one.about}
    discounts = [Fraction(1, 2), Fraction(1, 3), Fraction(2, 3)]
    discounts += [] if discount_below_one in known else [Fraction(0), Fraction(1), Fraction(3, 2)]
    discounts = [TINY] if is_endless(claim.before, claim.after) else discounts
    discounts = [Fraction(1)] if undiscounted in known else discounts
    lengths = {"state": states, "action": actions}
    return narrowed(claim, rng, Model(
        shape=shape, mu=row(shape.states, initial_positive in known), gamma=discount or rng.choice(discounts),
        P=tuple(tuple(row(shape.states, dynamics_positive in known) for _ in actions) for _ in states),
        r=tuple(tuple(numbers(shape.states) for _ in actions) for _ in states),
        policies={name: tuple(row(shape.actions, policy_positive in known) for _ in states)
                  for name in sorted(named.policies | {"pi", "beta"} | asked)},
        scores=tuple(numbers(shape.actions) for _ in states),
        returns=None if additive_return in known else {path: rng.choice(numbers(3)) for path in shape.paths()},
        functions={name: dict(zip(places := list(product(*(lengths[sort] for sort in sorts))), numbers(len(places)),
                                  strict=True)) for name, sorts in sorted(named.functions)}))


def narrowed(claim: Claim, rng: Random, model: Model) -> Model:
    """The model with policies that cover what they are to cover, and numbers in their ranges."""
    policies, functions = dict(model.policies), dict(model.functions)
    for one in sorted(claim.assumes, key=str):
        if one.kind == COVERS:
            rows = [[mine or Fraction(theirs > 0) for mine, theirs in zip(*pair, strict=True)]
                    for pair in zip(*(policies[name] for name in one.about), strict=True)]
            policies[one.about[0]] = tuple(tuple(weight / sum(row) for weight in row) for row in rows)
        if one.kind == SCALAR and one.about[0] in functions:
            functions[one.about[0]] = {(): rng.choice(NUMBERS[one.about[1]])}
    return replace(model, policies=policies, functions=functions).validate()


def places_of(claim: Claim, model: Model, rng: Random) -> Iterator[dict[Any, Any]]:
    """Values of the free indices, in a random order."""
    shape = model.shape
    possible = POSSIBLE in claim.assumes

    def choices(index: Any) -> Iterable[Any]:
        match index:
            case State():
                return range(shape.states)
            case Action():
                return range(shape.actions)
            case Time():
                return range(shape.horizon + 1)
            case Draw():
                return range(1, shape.samples + 1)
            case Trajectory():
                return [path for path in shape.paths() if not possible or model.probability_of(path)]
            case Batch():
                drawn = [path for path in shape.paths() if model.probability_of(path)]
                return [dict(enumerate(paths, 1)) for paths in product(drawn, repeat=shape.samples)]
        raise AssertionError(f"a free {index}")

    cases = {x for one in claim.assumes if one.kind == CASE for side in one.about for x in side.free_symbols}
    free = sorted(claim.before.free_symbols | claim.after.free_symbols | cases, key=str)
    every = list(product(*map(choices, free)))
    rng.shuffle(every)
    kept = (places for places in (dict(zip(free, one, strict=True)) for one in every) if in_case(claim, model, places))
    yield from islice(kept, PLACES)


def in_case(claim: Claim, model: Model, places: dict[Any, Any]) -> bool:
    """Whether the free times are as the cases of the claim say."""
    cases = [one.about for one in claim.assumes if one.kind == CASE]
    return all(Enumeration(model).value(low, places) <= Enumeration(model).value(high, places) for low, high in cases)


def models_of(claim: Claim, seeds: range, sizes: int | None = None) -> Iterator[tuple[Model, Random]]:
    for seed in seeds:
        for size in sizes_of(claim)[:sizes]:
            rng = Random(f"{claim.name} {seed} {size}")
            yield model_of(claim, size, rng), rng


def values(claim: Claim, model: Model, places: dict[Any, Any]) -> tuple[Fraction, Fraction] | None:
    """The two values; None where an index does not exist.

    Raises:
        Undefined: where a side has no value.
    """
    endless = is_endless(claim.before, claim.after)
    oracle = Stationary(model) if endless else OfHistories(model, possible_only=POSSIBLE in claim.assumes)
    try:
        return oracle.value(claim.before, places), oracle.value(claim.after, places)
    except Diverges as diverges:
        raise Undefined(str(diverges)) from None
    except (NotApplicable, OutsideFragment):
        return None


def tolerance(claim: Claim, model: Model) -> Fraction:
    """What difference quotients may be wrong by."""
    return CLOSE


def witness_of_a_difference(claim: Claim, seeds: range = range(40), sizes: int | None = None) -> Model | None:
    """A model of the claim's class where both sides have values that differ; of the first so many shapes."""
    for model, rng in models_of(claim, seeds, sizes):
        for places in places_of(claim, model, rng):
            try:
                found = values(claim, model, places)
            except Undefined:
                continue
            if found is not None and abs(found[0] - found[1]) > tolerance(claim, model) * max(1, abs(found[0])):
                return model
    return None


def witness_of_no_value(claim: Claim, seeds: range = range(40)) -> Model | None:
    """A model of the claim's class where a side has no value."""
    for model, rng in models_of(claim, seeds):
        for places in places_of(claim, model, rng):
            try:
                found = values(claim, model, places)
            except Undefined:
                return model
            if found is None and model.shape.horizon >= claim.first:
                return model
    return None


def witness_of_divergence(claim: Claim, seeds: range = range(40)) -> Model | None:
    """A model with one state where a sum does not converge absolutely."""
    discount = Fraction(2, 3) if discount_below_one in claim.assumes else Fraction(1)
    for seed in seeds:
        model = model_of(claim, (1, 2, 0), Random(f"{claim.name} {seed}"), discount)
        try:
            Stationary(model).value(claim.before if claim.part is None else claim.part)
        except Diverges:
            return model
    return None
