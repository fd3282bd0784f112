"""Random pairs of sums over trajectories: a side and a rewriting of it, sometimes with a slip; and what is decided."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from random_sums import (
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

from derive.errors import MalformedTerm, OutsideFragment
from derive.kernel.terms import Malformed
from derive.language.assumptions import additive_return, possible
from derive.language.horizons import is_endless
from derive.language.signature import signature
from derive.language.vocabulary import tau
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside, Shown, decided
from derive.procedures.encoding import Encoding, context_of

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


def decision(pair: Pair) -> Shown | Differs | Outside:
    """What is decided; a pair that is no equation is outside."""
    infinite = is_endless(pair.before, pair.after)
    encoding = Encoding(pair.assumptions, infinite=infinite)
    try:
        sides = encoding.term(pair.before), encoding.term(pair.after)
        return decided(context_of(pair.assumptions, infinite=infinite), *sides)
    except (Malformed, MalformedTerm, OutsideFragment) as wrong:
        return Outside(str(wrong))
