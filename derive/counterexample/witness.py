"""The smallest MDP found on which two terms differ.

Shapes are searched smallest first. On each, a few random rational models are drawn; the
first that separates the terms is made simpler (``shrinking``). What counts as a witness
says ``claim``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

from derive.counterexample.claim import Claim, NoComparison, Witness
from derive.counterexample.shrinking import confirmed, shrunk
from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import (
    HORIZON,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.binding import Index
from derive.language.expression import Ratio, subterms
from derive.language.model_class import fits, fitted
from derive.language.models import Model, Shape
from derive.language.signature import MOST_STEPS
from derive.language.terms import Action, Batch, Draw, Log, State, Time, Trajectory
from derive.stationary.systems import Diverges

DRAWS = 12
MOST_OUTCOMES = 300
"""Trajectories, or joint samples, that a witness may have: it is to be redone by hand."""
MOST_WITHOUT_VALUE = 40
"""Places of one model, or outcomes of a model, that are tried where a side has no value."""
MOST_WITHOUT_ANY = 8
"""Models of one shape that are drawn where a side has a value on none of them."""
INFINITE = tuple(Shape(n, k, 0) for n, k in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1), (3, 2)))
"""States and actions where there is no last decision; the horizon is not read."""
LATEST = 2
"""The last value that a free time is given there."""


def find_witness(claim: Claim, *, reaching: Shape | None = None, zeros: bool = True,
                 agrees: Callable[[Shape], bool | None] = lambda shape: None) -> Witness | None:
    """The smallest counterexample found, or None. Deterministic.

    ``reaching`` is a shape known to separate the terms; the search goes up to it. Where
    ``agrees`` says that the generic model of a shape does not separate them, only a few
    models with ``zeros`` are tried, if any.
    """
    oracle_first = False  # where it has had no value, nothing is made simpler before it is asked
    for shape in _shapes(claim, reaching):
        source = Random(f"witness/{shape}")
        styles = STYLES if claim.endless else STYLES[:2]
        few = styles[1:] * 8 if zeros and _may_vanish(claim, shape) else ()
        valued = False
        for number, style in enumerate(few if agrees(shape) else styles * DRAWS):
            if number == MOST_WITHOUT_ANY and not valued:
                break  # a side asks for what no model of the shape has, such as γ^-1 or a late time
            model = random_model(claim, shape, source, style)
            for found in _compared(claim, model, confirmed=oracle_first):
                valued = True
                if found is not None:
                    smallest = shrunk(claim, found) if oracle_first else confirmed(claim, found)
                    if smallest is not None:
                        return smallest
                    oracle_first = True
    return None


def _may_vanish(claim: Claim, shape: Shape) -> bool:
    """Whether a probability can be 0 at this shape, and something is lost with it that is not there without.

    The only outcome of a row has probability 1. Sums and products are continuous in the numbers of a model; quotients,
    logarithms and what is summed over possible trajectories need not be.
    """
    if not claim.possible_only and not any(
            isinstance(node, (Ratio, Log)) for side in (claim.before, claim.after) for node in subterms(side)):
        return False
    of_states = not {initial_positive, dynamics_positive} <= claim.assumptions
    return (shape.states > 1 and of_states) or (shape.actions > 1 and policy_positive not in claim.assumptions)


def _shapes(claim: Claim, reaching: Shape | None) -> list[Shape]:
    if claim.endless:
        return list(INFINITE)
    needs = min(claim.signature.largest_offset, MOST_STEPS)
    least = max([0, *(min(one.about[0], MOST_STEPS) for one in claim.assumptions if one.kind == HORIZON)])
    samples = (1, 2, 3, 4) if claim.signature.samples else (1,)
    sizes = [Shape(n, k, h, m) for n, k, h, m in product(
        range(1, 4), range(1, 5), range(max(3, needs + 2, least + 2)), samples)]
    if reaching is not None:
        sizes.append(reaching)
    fitting = {shape for shape in sizes if shape.trajectories**shape.samples <= MOST_OUTCOMES
               and fits(claim.assumptions, shape, infinite=False)}
    if reaching is not None and reaching.trajectories <= 20 * MOST_OUTCOMES:
        fitting.add(reaching)
    return sorted(fitting)


# -- drawing ------------------------------------------------------------------------------------

STYLES = ("positive", "zeros", "absorbing")
"""The last one has a state that is never left and where every number is 0: there sums without a discount converge."""
_SMALL = [Fraction(n, d) for d in (1, 2, 3) for n in range(-3, 4)]
_WEIGHTS = (1, 1, 2, 3, 5)


def random_model(claim: Claim, shape: Shape, source: Random, style: str) -> Model:
    n, k = range(shape.states), range(shape.actions)
    parts = claim.signature
    zeros = style != "positive"
    final = n[-1] if style == "absorbing" and dynamics_positive not in claim.assumptions else None

    def row(size: int, may_vanish: bool) -> tuple[Fraction, ...]:
        weights = [source.choice((0, *_WEIGHTS) if may_vanish else _WEIGHTS) for _ in range(size)]
        weights = weights if any(weights) else [1, *weights[1:]]
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def number(s: int | None = None) -> Fraction:
        drawn = source.choice(_SMALL)
        return Fraction(0) if s is not None and s == final else drawn

    def onward(s: int) -> tuple[Fraction, ...]:
        drawn = row(len(n), zeros and dynamics_positive not in claim.assumptions)
        return tuple(Fraction(x == s) for x in n) if s == final else drawn

    returns = None if claim.additive else {path: number() for path in shape.paths()}
    sizes = {"state": n, "action": k}
    return fitted(claim.assumptions, Model(
        shape=shape,
        mu=row(len(n), zeros and initial_positive not in claim.assumptions),
        P=tuple(tuple(onward(s) for _ in k) for s in n),
        r=tuple(tuple(tuple(number(s) for _ in n) for _ in k) for s in n),
        gamma=source.choice((Fraction(1, 2), Fraction(1, 3), Fraction(2, 3))),
        policies={name: tuple(row(len(k), zeros and policy_positive not in claim.assumptions) for _ in n)
                  for name in sorted(parts.policies | {"pi"})},
        scores=tuple(tuple(number() for _ in k) for _ in n),
        returns=returns,
        functions={name: {places: number(places[0] if sorts[:1] == ("state",) else None)
                          for places in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in sorted(parts.functions)},
    ))


def oracle_objects(claim: Claim, models: int) -> bool:
    """Whether the oracle alone separates the sides on one of so many small models, two at most."""
    for shape in (Shape(2, 2, 0), Shape(1, 2, 0))[:models]:
        model = random_model(claim, shape, Random(f"oracle/{shape}"), STYLES[0])
        free = sorted(claim.before.free_symbols | claim.after.free_symbols, key=str)
        if not fits(claim.assumptions, shape, infinite=claim.endless):
            continue
        try:
            if claim.oracle_objects(model, {index: _range(index, claim, model)[-1] for index in free}):
                return True
        except (NotApplicable, OutsideFragment, Undefined, WorkLimit):
            continue
    return False


@dataclass(frozen=True, slots=True)
class NoValue:
    """A model of a claim's class on which a side has no value, and why; ``indices`` are those of free letters."""

    model: Model
    indices: dict[Index, Any]
    why: str
    endless: bool = False


def find_no_value(claim: Claim) -> NoValue | None:
    """The smallest model found on which a side has no value by the oracle: by zeros, or by a sum that diverges."""
    for shape in _shapes(claim, None):
        if shape.trajectories**shape.samples > MOST_WITHOUT_VALUE:
            continue
        source = Random(f"no value/{shape}")
        for _ in range(DRAWS // 2):
            model = random_model(claim, shape, source, "zeros")
            if claim.endless and discount_below_one not in claim.assumptions:
                model = replace(model, gamma=Fraction(1))
            free = sorted(claim.before.free_symbols | claim.after.free_symbols, key=str)
            for values in product(*(_range(index, claim, model) for index in free)):
                indices = dict(zip(free, values, strict=True))
                try:
                    claim.by_oracle(model, indices)
                except (Undefined, Diverges) as why:
                    return NoValue(model, indices, str(why), claim.endless)
                except (NotApplicable, OutsideFragment, WorkLimit):
                    continue
    return None


def _compared(claim: Claim, model: Model, *, confirmed: bool) -> Iterator[Witness | None]:
    """For all values of the free indices at which both sides have a value: None where they agree.

    ``confirmed`` if the oracle has to see it too.
    """
    free = sorted(claim.before.free_symbols | claim.after.free_symbols, key=lambda i: (i.sort, str(i.label)))
    valued = False
    for place, values in enumerate(product(*(_range(index, claim, model) for index in free))):
        if place == MOST_WITHOUT_VALUE and not valued:
            return
        indices = dict(zip(free, values, strict=True))
        with suppress(NoComparison):
            found = claim.compared(model, indices, confirmed=confirmed)
            valued = True
            yield None if found is None else Witness(model, indices, *found, endless=claim.endless)


def _range(index: Index, claim: Claim, model: Model) -> list[Any]:
    shape = model.shape
    match index:
        case State():
            return list(range(shape.states))
        case Action():
            return list(range(shape.actions))
        case Time():
            return list(range((LATEST if claim.endless else shape.horizon) + 1))
        case Draw():
            return list(range(1, shape.samples + 1))
        case Trajectory():
            return [path for path in shape.paths() if not claim.possible_only or model.probability_of(path) > 0]
        case Batch():
            possible = [path for path in shape.paths() if model.probability_of(path) > 0]
            return [dict(enumerate(draws, 1)) for draws in product(possible, repeat=shape.samples)]
    return []
