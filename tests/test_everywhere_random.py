"""The everywhere decision against brute force on random pairs: no false yes, no false no.

A pair is evaluated on generic models of several shapes at random points modulo random primes, by the
evaluator that knows nothing of automata. "Everywhere" while a shape differs is a false yes;
"somewhere at H" while every shape with that H agrees is a false no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import product
from random import Random

import pytest
from everywhere_terms import (
    POSITIVE,
    Maker,
    Mono,
    Pair,
    Part,
    Side,
    another_law,
    as_sum,
    causality,
    log_derivative,
    mean_one,
    push,
    side_term,
    split,
    swap,
    zero_added,
)

from derive.assumptions import POSSIBLE, additive_return, dynamics_positive, initial_positive, policy_positive, possible
from derive.enumerate import Enumeration
from derive.errors import MalformedTerm, NotApplicable, Undefined
from derive.language.signature import Signature, signature
from derive.language.terms import Trajectory
from derive.language.vocabulary import tau
from derive.models import Model, Shape, Table
from derive.procedures.closure import Relations, Somewhere
from derive.procedures.evaluate import Evaluator
from derive.procedures.everywhere import Decision, Everywhere, Outside, Sides, _decided, choices, decide_everywhere
from derive.procedures.modular import residue_model
from derive.procedures.rings import RingModel

QUICK = 300
"""Pairs in the default run."""

# -- pairs ---------------------------------------------------------------------------------------------


REWRITES = [
    *[split, causality] * 3, *[swap, zero_added, push, log_derivative, another_law] * 2, as_sum, mean_one]


def slipped(rng: Random, mono: Mono) -> Mono:
    """One bound, factor or place changed a little."""
    options = ["number"] + ["bound"] * 3 * bool(mono.sums) + ["factor"] * 2 * bool(mono.factors)
    match rng.choice(options):
        case "bound":
            n = rng.randrange(len(mono.sums))
            one, by = mono.sums[n], rng.choice([-1, 1])
            if rng.random() < 0.5:
                new = replace(one, first=(one.first[0], one.first[1] + by))
            else:
                new = replace(one, last=(one.last[0], one.last[1] + by))
            return replace(mono, sums=(*mono.sums[:n], new, *mono.sums[n + 1 :]))
        case "factor":
            n = rng.randrange(len(mono.factors))
            kind, *places = mono.factors[n]
            other = {"b": ["bx", "c"], "bx": "b", "q": "r", "r": "q", "score": "q"}.get(kind)
            new_factor = (rng.choice(other), *places) if other else ("one",)
            return replace(mono, factors=(*mono.factors[:n], new_factor, *mono.factors[n + 1 :]))
    return replace(mono, number=mono.number + rng.choice([-1, 1]) or 3)


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

SHAPES = [Shape(*size) for size in (
    (1, 2, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2), (1, 2, 3), (2, 1, 3), (3, 3, 1), (2, 2, 3))]
FEW = [Shape(*size) for size in ((2, 2, 0), (2, 2, 1), (1, 2, 2), (2, 1, 3))]
"""The shapes of the default run."""
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


@dataclass
class Tally:
    """What a campaign saw on some shapes."""

    shapes: list[Shape] = field(default_factory=lambda: SHAPES)
    false_yes: list[int] = field(default_factory=list)
    false_no: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, seed: int, pair: Pair, decision: Decision) -> None:
        self.counts["pairs"] += 1
        self.counts[type(decision).__name__] += 1
        match decision:
            case Everywhere():
                if first_difference(pair, self.shapes) is not None:
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
    decision: Decision = Outside("")
    for policy in choices(pair.before, pair.after):
        decision = _decided(pair.before, pair.after, Sides(pair.assumptions), Relations(), policy)
        if isinstance(decision, Everywhere):
            break
    return decision


def campaign(seeds: Iterable[int], shapes: list[Shape] = SHAPES) -> Tally:
    """Decide and evaluate the pairs of these seeds."""
    tally = Tally(shapes)
    for seed in seeds:
        pair = random_pair(seed)
        tally.add(seed, pair, decided(pair))
    return tally


def test_a_sample_of_random_pairs_has_no_false_yes_and_no_false_no() -> None:
    tally = campaign(range(QUICK), FEW)
    assert (tally.false_yes, tally.false_no) == ([], [])
    assert min(tally.counts["Everywhere"], tally.counts["Somewhere"]) > QUICK // 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_twenty_thousand_random_pairs(batch: int) -> None:
    tally = campaign(range(100_000 + 2_000 * batch, 102_000 + 2_000 * batch))
    assert (tally.false_yes, tally.false_no) == ([], [])


# -- concrete models with zeros, by enumeration ----------------------------------------------------------

CLOSE = Fraction(1, 10**12)
"""Difference quotients of the enumeration err by some 1e-28, second ones too."""


def concrete(rng: Random, shape: Shape, pair: Pair) -> Model:
    """A rational model; a probability may be 0 wherever no assumption forbids it."""
    n, k = range(shape.states), range(shape.actions)

    def row(size: int, positive: bool) -> tuple[Fraction, ...]:
        weights = [rng.choice([1, 2, 3] if positive else [0, 0, 1, 2]) for _ in range(size)]
        weights = weights if any(weights) else [1, *weights[1:]]
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def numbers(size: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(rng.randint(1, 5), rng.randint(1, 3)) for _ in range(size))

    def table(positive: bool) -> Table:
        return tuple(row(shape.actions, positive) for _ in n)

    known = pair.assumptions
    return Model(
        shape=shape, mu=row(shape.states, initial_positive in known), gamma=Fraction(rng.randint(0, 3), 3),
        P=tuple(tuple(row(shape.states, dynamics_positive in known) for _ in k) for _ in n),
        r=tuple(tuple(numbers(shape.states) for _ in k) for _ in n),
        policies={name: table(policy_positive in known) for name in ("pi", "beta")},
        scores=tuple(numbers(shape.actions) for _ in n),
        returns=None if additive_return in known else {path: rng.choice(numbers(3)) for path in shape.paths()},
        functions={"b": dict(zip(product(n), numbers(shape.states), strict=True)),
                   "c": dict(zip(product(n), numbers(shape.states), strict=True)),
                   "q": dict(zip(product(n, k), numbers(shape.states * shape.actions), strict=True))})


def separated(pair: Pair, concrete_model: Model) -> bool:
    """Whether both sides have a value in some place and these differ."""
    limited = POSSIBLE in pair.assumptions
    oracle = Enumeration(concrete_model, possible_only=limited)
    free = sorted(pair.before.free_symbols | pair.after.free_symbols, key=str)
    paths = [path for path in concrete_model.shape.paths() if not limited or concrete_model.probability_of(path)]
    times = range(concrete_model.shape.horizon + 1)
    for places in product(*(paths if isinstance(index, Trajectory) else times for index in free)):
        environment = dict(zip(free, places, strict=True))
        try:
            one, two = (oracle.value(side, environment) for side in (pair.before, pair.after))
        except (Undefined, NotApplicable):
            continue
        if abs(one - two) > CLOSE * max(1, abs(one)):
            return True
    return False


def enumerated(seeds: Iterable[int], made: Callable[[int], Pair], name: str = "concrete") -> tuple[int, list[int]]:
    """How many pairs were called equal everywhere, and those of them that a concrete model separates."""
    yes, wrong = 0, []
    for seed in seeds:
        rng, pair = Random(f"{name} {seed}"), made(seed)
        if seed % 3:
            pair = Pair(pair.before, pair.after, pair.assumptions - POSITIVE, pair.made)
        if not isinstance(decided(pair), Everywhere):
            continue
        yes += 1
        sizes = [(2, 2, 0), (2, 2, 1), (1, 2, 1), (2, 2, 1), (1, 2, 2)]
        if any(separated(pair, concrete(rng, Shape(*size), pair)) for size in sizes):
            wrong.append(seed)
    return yes, wrong


def with_logs(seed: int) -> Pair:
    """A random pair, every other one with logarithms."""
    return random_pair(seed, logs=seed % 2 == 1)


def test_concrete_models_with_zeros_separate_no_yes() -> None:
    yes, wrong = enumerated(range(40), with_logs)
    assert wrong == []
    assert yes > 5


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(4))
def test_many_concrete_models_with_zeros_separate_no_yes(batch: int) -> None:
    assert enumerated(range(1_000 + 500 * batch, 1_500 + 500 * batch), with_logs)[1] == []
