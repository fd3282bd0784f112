"""Whether two terms agree on generic models at random points modulo random primes, by an evaluator without automata."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product

from random_sums import Pair

from derive.errors import NotApplicable
from derive.language.assumptions import additive_return
from derive.language.models import Shape
from derive.language.signature import Signature
from derive.language.terms import Trajectory
from derive.semantics.evaluate import Evaluator
from derive.semantics.modular import residue_model
from derive.semantics.rings import RingModel

SHAPES = [Shape(*size) for size in (
    (1, 2, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2), (1, 2, 3), (2, 1, 3), (3, 3, 1), (2, 2, 3))]
EVERYTHING = Signature(
    rewards=True, returns=True, discount=True, samples=False, policies=frozenset({"pi", "beta"}),
    functions=frozenset({("b", ("state",)), ("c", ("state",)), ("q", ("state", "action")),
                         ("pi", ("state", "action")), ("dpi", ("state", "action"))}),
    order=2, largest_offset=0, logarithms=False)


@cache
def model(shape: Shape, additive: bool) -> RingModel:
    """The generic model of a shape at two random points modulo random 31-bit primes."""
    return residue_model(shape, EVERYTHING, additive=additive, seed=7, points=2)


def agrees(pair: Pair, shape: Shape) -> bool | None:
    """Whether the sides agree at a shape; None where they do not apply."""
    ring_model = model(shape, additive_return in pair.assumptions)
    evaluator = Evaluator(ring_model)
    free = sorted(pair.before.free_symbols | pair.after.free_symbols, key=str)
    ranges = [[ring_model.ways[0]] if isinstance(index, Trajectory) else range(shape.horizon + 1) for index in free]
    try:
        return all(ring_model.ring.is_zero(
            evaluator.value(pair.before, dict(zip(free, places, strict=True)))
            - evaluator.value(pair.after, dict(zip(free, places, strict=True)))) for places in product(*ranges))
    except NotApplicable:
        return None


def first_difference(pair: Pair, shapes: Iterable[Shape] = SHAPES) -> Shape | None:
    """The first shape at which the sides differ."""
    return next((shape for shape in shapes if agrees(pair, shape) is False), None)


def shapes_at(horizon: int) -> list[Shape]:
    """The shapes with this horizon that can be enumerated."""
    sizes = [(1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)]
    return [shape for shape in (Shape(n, k, horizon) for n, k in sizes) if shape.trajectories <= 20_000]
