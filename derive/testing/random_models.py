"""Which MDPs a fuzzing run draws: shapes within a work limit, and exact models of a theorem's class.

Small shapes, long ones, where one state or one action keeps the trajectories few, and
wide ones, with four or five actions, are drawn in turn; and where the claim has literal
times, shapes at which they exist.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from itertools import product
from random import Random

from sympy import Expr

from derive.language.assumptions import (
    Assumption,
    additive_return,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.binding import Binder
from derive.language.model_class import fitted
from derive.language.models import Model, Shape
from derive.language.signature import Signature
from derive.language.terms import Trajectory

LONGEST = 8
"""The last decision of a long shape, unless the claim's literal times ask for more."""
WIDE = ((1, 4), (1, 5), (2, 4))
FAMILIES = ("small", "long", "late", "wide")
"""In the order in which examples take them."""
MOST_LATE = 5_000
"""Trajectories of the least shape at which a claim's literal times exist, where no smaller one has a choice."""
WITHOUT_END = tuple(Shape(n, k, 0) for n, k in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 2)))
"""States and actions of an infinite horizon; the last number is not read."""


def shapes(parts: Signature, terms: Collection[Expr], most: int) -> dict[str, list[Shape]]:
    """The shapes of each family with at most ``most`` trajectories, or joint samples; each sorted.

    "late" are those at which the literal times exist, the same as all where there are none.
    """
    samples, least = (1, 2, 3) if parts.samples else (1,), parts.largest_offset
    longer = range(3, max(LONGEST, least + 1) + 1)
    sizes = {
        "small": product(range(1, 4), range(1, 4), range(max(3, min(least, 5) + 2))),
        "long": ((n, k, h) for (n, k), h in product(((1, 1), (1, 2), (2, 1)), longer)),
        "wide": ((n, k, 0) for n, k in WIDE),
    }
    alone = max(map(_nesting, terms), default=0) <= 1
    limits = {"small": most, "long": 2 * most if alone else most, "wide": most}
    found = {family: sorted(Shape(*size, m) for size, m in product(listed, samples)
                            if Shape(*size).trajectories**m <= limits[family])
             for family, listed in sizes.items()}
    late = [shape for shape in sorted({*found["small"], *found["long"]}) if shape.horizon >= least]
    if alone and all(shape.states * shape.actions == 1 for shape in late):
        late += [shape for shape in (Shape(1, 2, least), Shape(2, 1, least)) if shape.trajectories <= MOST_LATE]
    return {**found, "late": late}


def _nesting(term: Expr) -> int:
    """How many loops over trajectories stand inside each other."""
    inner = max((_nesting(argument) for argument in term.args), default=0)
    return inner + (isinstance(term, Binder) and isinstance(term.index, Trajectory))


def shape_of_example(source: Random, parts: Signature, terms: Collection[Expr], most: int, number: int, *,
                     longest_first: bool) -> Shape:
    """The shape of the example of this number: families in turn, of each all sizes as often.

    Long ones go through all horizons. Where literal times ask for more than one decision
    there are no wide ones.
    """
    turn, place = divmod(number, len(FAMILIES))
    family = FAMILIES[place]
    if family == "wide" and parts.largest_offset > 1:
        family = "late"
    found = shapes(parts, terms, most)
    fitting = found[family] or found["small"]
    if family == "long":
        horizons = sorted({shape.horizon for shape in fitting}, reverse=longest_first)
        fitting = [shape for shape in fitting if shape.horizon == horizons[turn % len(horizons)]]
    sizes = source.choice(sorted({(shape.states, shape.actions) for shape in fitting}))
    return source.choice([shape for shape in fitting if (shape.states, shape.actions) == sizes])


def random_model(source: Random, shape: Shape, parts: Signature, known: Collection[Assumption], *,
                 zeros: bool) -> Model:
    """A random exact model of the theorem's class, with small fractions; ``zeros`` where no assumption forbids them."""
    n, k = range(shape.states), range(shape.actions)

    def row(size: int, positive: bool) -> tuple[Fraction, ...]:
        weights = [source.choice((1, 2, 3, 7) if positive or not zeros else (0, 0, 1, 2, 3)) for _ in range(size)]
        weights[source.randrange(size)] += not any(weights)
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def number() -> Fraction:
        return Fraction(source.randint(-5, 5), source.choice((1, 2, 3, 4)))

    sizes = {"state": n, "action": k}
    return fitted(known, Model(
        shape=shape, mu=row(len(n), initial_positive in known),
        P=tuple(tuple(row(len(n), dynamics_positive in known) for _ in k) for _ in n),
        r=tuple(tuple(tuple(number() for _ in n) for _ in k) for _ in n),
        gamma=Fraction(source.randint(0, 9), 10),
        policies={name: tuple(row(len(k), policy_positive in known) for _ in n)
                  for name in sorted(parts.policies | {"pi"})},
        scores=tuple(tuple(number() for _ in k) for _ in n),
        returns=None if additive_return in known else {path: number() for path in shape.paths()},
        functions={name: {places: number() for places in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in sorted(parts.functions)},
    ).validate())
