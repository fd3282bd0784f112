"""The everywhere decision against brute force on random pairs: no false yes, no false no.

A pair is evaluated on generic models of several shapes at random points modulo random primes, by the
evaluator that knows nothing of automata. "Everywhere" while a shape differs is a false yes;
"somewhere at H" while every shape with that H agrees is a false no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from random import Random

import pytest
from everywhere_terms import POSITIVE, REWRITES, Maker, Pair, Part, Side, beta, side_term, slipped
from sympy import Expr, Integer

from derive.assumptions import Assumption, additive_return, possible
from derive.enumerate import Enumeration
from derive.errors import MalformedTerm, NotApplicable, OutsideFragment, WorkLimit
from derive.kernel.evaluate import Evaluator
from derive.kernel.everywhere import (
    Closure,
    Decision,
    Everywhere,
    Outside,
    Relations,
    Somewhere,
    closed,
    decide_everywhere,
    differences,
)
from derive.kernel.modular import residue_model
from derive.kernel.rings import RingModel
from derive.language.typing import Signature, signature
from derive.language.vocabulary import tau
from derive.models import Model, Shape
from derive.numeric.instances import random_instance  # noqa: F401

# -- pairs ---------------------------------------------------------------------------------------------


def random_pair(seed: int, *, logs: bool = False) -> Pair:
    """A pair of derivatives up to the second, which is as far as jets go."""
    rng = Random(f"pair {seed}")
    while True:
        pair = _drawn(rng, logs=logs)
        if signature(pair.before, pair.after).order <= 2:
            return pair


def _drawn(rng: Random, *, logs: bool) -> Pair:
    """A random side and a rewriting of it, sometimes with a slip; or two unrelated sides."""
    maker = Maker(rng, logs=logs)
    kind = rng.choice(["sum"] * 16 + ["path"] * 3 + ["product"])
    parts = [maker.part() for _ in range(rng.choice([1, 1, 2]))]
    if kind == "path":
        parts = [Part("path", "pi", (*parts[0].monos,))]
    assumed = set(POSITIVE) if rng.random() < 0.85 else set()
    assumed |= {one for one in (additive_return, possible(tau)) if rng.random() < 0.4}
    before: Side = tuple((part,) for part in parts)
    if rng.random() < 0.06:
        after: Side = () if rng.random() < 0.5 else ((maker.part(),),) if kind != "path" else ()
        return Pair(side_term(before), side_term(after), frozenset(assumed), "unrelated")
    changed, made = _rewritten(rng, maker, parts)
    after = tuple((part,) for part in changed)
    if kind == "product":
        other = maker.part()
        before = tuple((*product, other) for product in before)
        after = tuple((other, *product) for product in after)
    return Pair(side_term(before), side_term(after), frozenset(assumed), made)


def _rewritten(rng: Random, maker: Maker, parts: list[Part]) -> tuple[list[Part], str]:
    made: list[str] = []
    for _ in range(30):
        if len(made) >= rng.choice([1, 1, 2, 3]):
            break
        place = rng.randrange(len(parts))
        part, rewrite = parts[place], rng.choice(REWRITES)
        new = rewrite(rng, maker, part, rng.randrange(len(part.monos)))
        if new is not None:
            parts, made = [*parts[:place], *new, *parts[place + 1 :]], [*made, rewrite.__name__]
    if rng.random() < 0.45:
        place = rng.randrange(len(parts))
        monos = list(parts[place].monos)
        number = rng.randrange(len(monos))
        monos[number] = slipped(rng, monos[number])
        parts, made = [*parts[:place], Part(parts[place].kind, parts[place].law, tuple(monos)), *parts[place + 1 :]], [
            *made, "slip"]
    return parts, " ".join(made)


# -- brute force ---------------------------------------------------------------------------------------

SHAPES = [Shape(*size) for size in ((1, 2, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2), (1, 2, 3), (2, 1, 3), (3, 3, 1), (2, 2, 3))]
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
    free = pair.before.free_symbols | pair.after.free_symbols
    environment = dict.fromkeys(free, ring_model.ways[0])
    try:
        one, two = (evaluator.value(side, dict(environment)) for side in (pair.before, pair.after))
    except NotApplicable:
        return None
    return bool(ring_model.ring.is_zero(one - two))


def first_difference(pair: Pair, shapes: Iterable[Shape] = SHAPES) -> Shape | None:
    """The first shape at which the sides differ."""
    return next((shape for shape in shapes if agrees(pair, shape) is False), None)


def shapes_at(horizon: int) -> list[Shape]:
    """The shapes with this horizon that can be enumerated."""
    sizes = [(1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)]
    return [shape for shape in (Shape(n, k, horizon) for n, k in sizes) if shape.trajectories <= 20_000]


@dataclass
class Tally:
    """What a campaign saw."""

    false_yes: list[int] = field(default_factory=list)
    false_no: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, seed: int, pair: Pair, decision: Decision) -> None:
        self.counts["pairs"] += 1
        self.counts[type(decision).__name__] += 1
        match decision:
            case Everywhere():
                if first_difference(pair) is not None:
                    self.false_yes.append(seed)
            case Somewhere(horizon):
                self._refuted(seed, pair, horizon)
            case Outside(why):
                self.reasons[why[:60]] += 1

    def _refuted(self, seed: int, pair: Pair, horizon: int) -> None:
        verdicts = set()
        for shape in shapes_at(horizon):
            verdicts.add(agrees(pair, shape))
            if False in verdicts:
                return
        if True in verdicts:
            self.false_no.append(seed)
        else:
            self.counts["no at a horizon where the sides do not apply"] += 1


def decided(pair: Pair) -> Decision:
    """The decision; along one direction where ranks do not fit, as for products of scores."""
    with suppress(MalformedTerm):
        found = decide_everywhere(pair.before, pair.after, pair.assumptions)
        if not (isinstance(found, Outside) and "symmetric" in found.why):
            return found
    try:
        closures = [closed(one, Relations()) for one in differences(pair.before, pair.after, pair.assumptions)]
    except (OutsideFragment, WorkLimit) as outside:
        return Outside(str(outside))
    refused = [one for one in closures if isinstance(one, Somewhere)]
    return refused[0] if refused else Everywhere(tuple(one for one in closures if isinstance(one, Closure)))


def campaign(seeds: Iterable[int]) -> Tally:
    """Decide and evaluate the pairs of these seeds."""
    tally = Tally()
    for seed in seeds:
        pair = random_pair(seed)
        tally.add(seed, pair, decided(pair))
    return tally
