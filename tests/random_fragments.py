"""Random pairs for fragments of their own: products of sums, literal times, values unrolled under gradients."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from random_pairs import _rewritten as rewritten
from random_sums import (
    FACTORS,
    LAST,
    POSITIVE,
    ZERO,
    Bound,
    Factor,
    Maker,
    Mono,
    Pair,
    Part,
    Sum,
    beta,
    mono_term,
    part_term,
    side_term,
)
from random_values import ValueMaker, value_kind
from random_values import _rewritten as rewritten_values
from sympy import Expr, Integer

from derive.language.assumptions import additive_return, possible
from derive.language.expression import as_term
from derive.language.signature import signature
from derive.language.terms import Time
from derive.language.vocabulary import H, expect, gamma, tau, total, variance

ONE = Integer(1)


def _assumed(rng: Random, *, additive: float) -> frozenset[Any]:
    assumed = set(POSITIVE) if rng.random() < 0.7 else {one for one in POSITIVE if rng.random() < 0.5}
    assumed |= {additive_return} if rng.random() < additive else set()
    assumed |= {possible(tau)} if rng.random() < 0.3 else set()
    return frozenset(assumed)


# -- products --------------------------------------------------------------------------------------------------


def _number(rng: Random) -> Expr:
    """A number that depends on H: H + 1, gamma^H, H - 1 from 1 on, 1 for H >= 2, 1 for H = 0."""
    n = Time("n")
    match rng.randrange(6):
        case 0:
            return total(n, ONE)
        case 1:
            return gamma**H
        case 2:
            return total(n, ONE, start=2)
        case 3:
            return total(n, ONE, start=2) - total(n, ONE, start=3)
        case 4:
            return 1 + total(n, ONE, start=2) - total(n, ONE)
    return total(n, gamma**n)


def _small(rng: Random, maker: Maker) -> Part:
    """A part that is quick to evaluate, without gradients."""
    law = rng.choice(["pi", "pi", "beta"])
    while True:
        part = Part("E", law, tuple(maker.mono(law) for _ in range(rng.choice([1, 1, 2]))))
        kinds = [f[0] for mono in part.monos for f in mono.factors]
        if all(len(mono.sums) < 3 for mono in part.monos) and "hess" not in kinds:
            return part


def _polynomial(terms: list[tuple[int, tuple[Expr, ...]]]) -> Expr:
    parts: list[Expr] = []
    for number, factors in terms:
        product: Any = factors[0]
        for factor in factors[1:]:
            product = product * factor
        parts.append(product if number == 1 else product * number)
    result: Any = parts[0]
    for one in parts[1:]:
        result = result + one
    return as_term(result)


def product_pair(seed: int) -> Pair:
    """An algebraic identity between sums, some of them rewritten or slipped."""
    rng = Random(f"product {seed}")
    while True:
        maker = Maker(rng)
        parts = [_small(rng, maker) for _ in range(3)]
        others = []
        for part in parts:
            changed, _ = rewritten(rng, maker, [part]) if rng.random() < 0.5 else ([part], "")
            others.append(changed)
        x, y, z = (part_term(part) for part in parts)
        x1, y1, z1 = (side_term(tuple((one,) for one in changed)) for changed in others)
        if rng.random() < 0.4:
            z = z1 = _number(rng)
        f = mono_term(maker.mono("pi"))
        g = mono_term(maker.mono("pi"))
        law = rng.choice(["pi", "pi", "beta"])
        policy = {"policy": beta} if law == "beta" else {}
        before, after = _identity(rng, (x, y, z), (x1, y1, z1), (f, g), policy)
        if rng.random() < 0.25:
            after = rng.choice([after + x1 * z1, after * 2, after + z1, (gamma * after), after - y1 * y1])
        if signature(before, after).order <= 2:
            return Pair(as_term(before), as_term(after), _assumed(rng, additive=0.5), "product")


def _identity(rng: Random, old: Any, new: Any, functions: Any, policy: Any) -> tuple[Any, Any]:
    (x, y, z), (u, v, w), (f, g) = old, new, functions

    def mean(body: Any) -> Expr:
        return expect(tau, body, **policy)

    options = [
        ((x + y) * z, u * w + w * v),
        ((x + y) * (x - y), u * u - v * v),
        ((x + y) ** 2, u * u + 2 * (v * u) + v**2),
        (x * y * z, w * v * u),
        ((x - y) * (y - z) * (z - x) + (x * x * y + y * y * z + z * z * x), u * v * v + v * w * w + w * u * u),
        (x * y, v * u), (x * z, w * u), (x * x, u * u), (x * y, u * u), (x * z * z, u * w * w),
        (x**3, u * u * u),
        (variance(tau, f, **policy), mean(f * f) - mean(f) ** 2),
        (variance(tau, f, **policy), mean((f - mean(f)) ** 2)),
        (variance(tau, f, **policy) + x * y, mean((f - x) ** 2) - (mean(f) - u) ** 2 + v * u),
        (mean((f - mean(f)) * (g - mean(g))), mean(f * g) - mean(g) * mean(f)),
        (variance(tau, f + g, **policy) - variance(tau, f - g, **policy),
         4 * mean(f * g) - 4 * (mean(f) * mean(g))),
        (variance(tau, f - x, **policy), variance(tau, f, **policy)),
        (mean(x * f), u * mean(f)), (mean(gamma**H * f) * z, mean(f) * mean(gamma**H) * w),
        (mean(f) * gamma**H * y, mean(gamma**H * f) * v),
        (mean(x * f * z), w * u * mean(f)),
    ]
    return rng.choice(options)


# -- literal times -------------------------------------------------------------------------------------------------


class LiteralMaker(Maker):
    """Many places are literal: at a number, or counted from H."""

    def local(self, t: str, outer: list[str]) -> Factor:
        kind, *places = super().local(t, outer)
        if kind not in ("g", "gd") and self.rng.random() < 0.4:
            far: list[Bound] = [ZERO, ("", 1), ("", 2), ("", 3), LAST, ("H", -1), ("H", -2)]
            return (kind, self.rng.choice(far))
        return (kind, *places)


def literal_pair(seed: int) -> Pair:
    """A pair of sides with literal times, with values and free times in every third."""
    rng = Random(f"literal {seed}")
    while True:
        maker: Maker = _LiteralValues(rng) if seed % 3 == 0 else LiteralMaker(rng)
        parts = [maker.part() for _ in range(rng.choice([1, 1, 2]))]
        changed, made = (rewritten_values if seed % 3 == 0 else rewritten)(rng, maker, parts)
        before, after = (side_term(tuple((one,) for one in side)) for side in (parts, changed))
        if signature(before, after).order <= 2:
            return Pair(before, after, _assumed(rng, additive=1.0), made)


class _LiteralValues(ValueMaker):
    def local(self, t: str, outer: list[str]) -> Factor:
        kind, *places = super().local(t, outer)
        if kind not in ("g", "gd", "gamma") and self.rng.random() < 0.4:
            return (kind, self.rng.choice([ZERO, ("", 1), ("", 2), LAST, ("H", -1), ("H", -2)]))
        return (kind, *places)


# -- unrolling ---------------------------------------------------------------------------------------------------------


def unrolled_pair(seed: int) -> Pair:
    """Gradients, first and second, of sums with values; values of one policy under the law of another."""
    rng = Random(f"unrolled {seed}")
    while True:
        maker = ValueMaker(rng)
        maker.suffixes = rng.choice([[""], [""], ["b"], ["", "b"]])
        parts = []
        for _ in range(rng.choice([1, 1, 2])):
            law = rng.choice(["pi", "pi", "pi", "beta"])
            kind = rng.choice(["grad"] * 5 + ["grad2"] * 2 + ["E"] * 2)
            mono = maker.mono(law)
            while not any(value_kind(f[0]) for f in mono.factors):
                mono = maker.mono(law)
            parts.append(Part(kind, law, (_without_scores(rng, mono, kind),)))
        changed, made = _changed(rng, maker, parts)
        before, after = (side_term(tuple((one,) for one in side)) for side in (parts, changed))
        if signature(before, after).order <= 2:
            return Pair(before, after, _assumed(rng, additive=1.0), made)


def _without_scores(rng: Random, mono: Mono, kind: str) -> Mono:
    if kind == "E":
        return mono
    plain = {"score": "b", "hess": "q", "tangent": "r", "logp": "q"}
    return replace(mono, factors=tuple((plain.get(f[0], f[0]), *f[1:]) for f in mono.factors if f[0] != "scores") or (
        ("one",),))


def _changed(rng: Random, maker: ValueMaker, parts: list[Part]) -> tuple[list[Part], str]:
    """The usual rewritings; or the product rule under the law, scores up to the end."""
    if rng.random() < 0.6:
        return rewritten_values(rng, maker, parts)
    result: list[Part] = []
    for part in parts:
        if part.kind == "grad" and part.law == "pi":
            u = next(maker.names)
            last: Bound = rng.choice([LAST, *[(one.index, 0) for mono in part.monos for one in mono.sums]])
            result.append(Part("E", "pi", tuple(
                replace(mono, sums=(*mono.sums, Sum(u, ZERO, last)), factors=(*mono.factors, ("score", (u, 0))))
                for mono in part.monos)))
        else:
            result.append(part)
    return rewritten_values(rng, maker, result)


assert FACTORS
