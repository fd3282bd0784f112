"""Random pairs with V, Q and A: what is known of values as rewritings, applied carelessly.

Kinds of factors are V(s_t), Vx = V(s_{t+1}), A, Q and td, the temporal-difference error, of pi, and
with a ``b`` at the end of beta. Times may be free, and sums over a time may stand outside an
expectation. Whether a pair is equal is for the evaluation on shapes to say, never for this file.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from random_sums import (
    FACTORS,
    FREE,
    LAST,
    POSITIVE,
    ZERO,
    Bound,
    Factor,
    Maker,
    Mono,
    Pair,
    Part,
    Rewritten,
    Side,
    Sum,
    another_law,
    as_sum,
    beta,
    causality,
    later,
    log_derivative,
    mean_one,
    push,
    side_term,
    split,
    swap,
    time_of,
    zero_added,
)
from sympy import Expr

from derive.language.assumptions import additive_return, possible
from derive.language.signature import signature
from derive.language.terms import Policy
from derive.language.vocabulary import A, Q, V, gamma, pi, tau

KINDS = ("V", "Vx", "A", "Q", "td")


def _factors(suffix: str, policy: Policy) -> None:
    def value(at: Bound) -> Expr:
        return V[time_of(at)](tau.s[time_of(at)], policy=policy)

    def ahead(at: Bound) -> Expr:
        return V[later(at)](tau.s[later(at)], policy=policy)

    FACTORS["V" + suffix] = value
    FACTORS["Vx" + suffix] = ahead
    FACTORS["A" + suffix] = lambda at: A[time_of(at)](tau.s[time_of(at)], tau.a[time_of(at)], policy=policy)
    FACTORS["Q" + suffix] = lambda at: Q[time_of(at)](tau.s[time_of(at)], tau.a[time_of(at)], policy=policy)
    FACTORS["td" + suffix] = lambda at: FACTORS["r"](at) + gamma * ahead(at) - value(at)


_factors("", pi)
_factors("b", beta)
FACTORS["gamma"] = lambda: gamma


def value_kind(kind: str) -> tuple[str, str] | None:
    """(V, Vx, A, Q or td; the suffix of the policy), or None for what is no value."""
    for suffix in ("", "b"):
        if kind.removesuffix("b" if suffix else "") in KINDS and kind.endswith(suffix):
            return kind.removesuffix("b" if suffix else ""), suffix
    return None


class ValueMaker(Maker):
    """Draws sides with values of the policies named by ``suffixes``, at free times too."""

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.suffixes = rng.choice([[""]] * 6 + [["b"]] * 2 + [["", "b"]] * 2)
        self.free: list[str] = rng.choice([[]] * 5 + [["t"]] * 3 + [["t", "k"]])

    def local(self, t: str, outer: list[str]) -> Factor:
        """A factor at a time, a value every other time."""
        if self.rng.random() < 0.5:
            return super().local(t, outer)
        places: list[Bound] = [ZERO, ("", 1), LAST, ("H", -1), ("", 2)]
        place = (t, 0) if self.rng.random() < 0.9 else self.rng.choice(places)
        kind = self.rng.choice(["V", "V", "Vx", "A", "A", "Q", "td"])
        return (kind + self.rng.choice(self.suffixes), place)

    def mono(self, law: str) -> Mono:
        """A monomial that also may have factors and bounds at the free times."""
        rng = self.rng
        sums: list[Sum] = []
        factors: list[Factor] = []
        for name in self.free:
            if rng.random() < 0.8:
                factors += [self.local(name, self.free) for _ in range(rng.choice([1, 1, 2]))]
        for _ in range(rng.choice([0, 1, 1, 1, 2, 2])):
            outer = [*self.free, *(one.index for one in sums)]
            sums.append(Sum(next(self.names), *self.limits(outer)))
            factors += [self.local(sums[-1].index, outer) for _ in range(rng.choice([0, 1, 1, 2]))]
        if factors and rng.random() < 0.2:
            factors.append(rng.choice(factors))  # a square
        if not factors or rng.random() < 0.1:
            literal: list[Bound] = [ZERO, ZERO, ("", 1), LAST]
            kinds = ["V" + rng.choice(self.suffixes), "V" + rng.choice(self.suffixes), "Q", "g"]
            factors.append(rng.choice([("end",), ("R",), (rng.choice(kinds), rng.choice(literal))]))
        if (law == "beta" and rng.random() < 0.4) or rng.random() < 0.03:
            at = [(one.index, shift) for one in sums for shift in (0, -1)] + [LAST] * 3
            factors.append(("rho", rng.choice(at)))
        return Mono(rng.choice([1, 1, 1, -1, 2]), tuple(sums), tuple(factors))

    def part(self) -> Part:
        law = self.rng.choice(["pi", "pi", "pi", "beta"])
        kind = self.rng.choice(["E"] * 40 + ["sum"] * 5 + ["grad", "grad", "var"])
        part = Part(kind, law, tuple(self.mono(law) for _ in range(self.rng.choice([1, 1, 1, 2]))))
        if kind == "E" and self.rng.random() < 0.25:
            part = (outside(self.rng, self, part, 0) or [part])[0]
        return part


# -- rewritings ------------------------------------------------------------------------------------------------


def _with(part: Part, number: int, *monos: Mono) -> Part:
    return replace(part, monos=(*part.monos[:number], *monos, *part.monos[number + 1 :]))


def _values(mono: Mono) -> list[int]:
    return [n for n, factor in enumerate(mono.factors) if value_kind(factor[0])]


def _instead(mono: Mono, place: int, terms: list[tuple[int, list[Factor]]], *sums: Sum) -> list[Mono]:
    """The monomial with one factor replaced by a sum of products, after more sums."""
    before, after = mono.factors[:place], mono.factors[place + 1 :]
    return [Mono(mono.number * number, (*mono.sums, *sums), (*before, *factors, *after)) for number, factors in terms]


def definition(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """Q = V + A, delta = r + gamma V(x) - V: true on every trajectory."""
    mono = part.monos[number]
    options = [n for n, factor in enumerate(mono.factors) if value_kind(factor[0]) or factor[0] == "r"]
    if not options:
        return None
    n = rng.choice(options)
    (kind, *places), found = mono.factors[n], value_kind(mono.factors[n][0])
    what, suffix = found or (kind, rng.choice(getattr(maker, "suffixes", [""])))

    def at(name: str) -> Factor:
        return (name if name == "r" else name + suffix, *places)

    terms: dict[str, list[tuple[int, list[Factor]]]] = {
        "Q": [(1, [at("V")]), (1, [at("A")])],
        "A": [(1, [at("Q")]), (-1, [at("V")])],
        "V": [(1, [at("Q")]), (-1, [at("A")])],
        "td": [(1, [at("r")]), (1, [("gamma",), at("Vx")]), (-1, [at("V")])],
        "r": [(1, [at("td")]), (1, [at("V")]), (-1, [("gamma",), at("Vx")])],
    }
    return [_with(part, number, *_instead(mono, n, terms[what]))] if what in terms else None


def bellman(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """A value as its mean one step later: true where nothing else knows that step."""
    mono = part.monos[number]
    if not _values(mono):
        return None
    n = rng.choice(_values(mono))
    kind, *places = mono.factors[n]
    what, suffix = value_kind(kind) or ("", "")
    one_step: list[tuple[int, list[Factor]]] = [(1, [("r", *places)]), (1, [("gamma",), ("Vx" + suffix, *places)])]
    terms: dict[str, list[tuple[int, list[Factor]]]] = {
        "V": one_step, "Q": one_step, "A": [(1, [("td" + suffix, *places)])], "td": [(1, [("A" + suffix, *places)])]}
    return [_with(part, number, *_instead(mono, n, terms[what]))] if what in terms else None


def unrolled(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """V_t as what follows: the rewards, the rewards less A, or V - gamma V(x), which telescopes."""
    mono = part.monos[number]
    options = [n for n in _values(mono) if (value_kind(mono.factors[n][0]) or "?")[0] in ("V", "Q")]
    if not options:
        return None
    n = rng.choice(options)
    kind, place = mono.factors[n]
    what, suffix = value_kind(kind) or ("", "")
    k = next(maker.names)
    weight: Factor = ("gd", (k, 0), place)
    terms: list[tuple[int, list[Factor]]] = [(1, [weight, ("r", (k, 0))])]
    if what == "V":
        way = rng.choice(["rewards", "difference", "telescope"])
        if way == "difference":
            terms.append((-1, [weight, ("A" + suffix, (k, 0))]))
        if way == "telescope":
            terms = [(1, [weight, ("V" + suffix, (k, 0))]), (-1, [weight, ("gamma",), ("Vx" + suffix, (k, 0))])]
    return [_with(part, number, *_instead(mono, n, terms, Sum(k, place, LAST)))]


def centred(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """Plus an A or a delta - A times something of its past."""
    if part.kind not in ("E", "sum"):
        return None
    t, k = next(maker.names), next(maker.names)
    suffix = rng.choice(getattr(maker, "suffixes", [""]))
    if part.law == "beta" and rng.random() < 0.6:
        suffix = "b"
    once = Sum(t, *rng.choice(FREE))
    sums, known = [once], list[Factor]()
    for _ in range(rng.choice([0, 1, 1, 2])):
        if rng.random() < 0.4 and len(sums) == 1:
            sums.append(Sum(k, ZERO, (t, -1)))
            known.append((rng.choice(["r", "score", "A" + suffix, "Vx" + suffix, "td" + suffix]), (k, 0)))
        else:
            known.append((rng.choice(["b", "V" + suffix, "g", "V" + suffix, "c"]), (t, 0)))
    if rng.random() < 0.4:
        extra: list[Factor] = [(rng.choice(["q", "A" + suffix, "score", "Q" + suffix]), (t, 0))] * rng.choice([0, 1])
        added = [Mono(sign, tuple(sums), ((kind + suffix, (t, 0)), *extra, *known))
                 for sign, kind in ((1, "td"), (-1, "A"))]
    else:
        added = [Mono(rng.choice([1, 2]), tuple(sums), ((rng.choice(["A", "A", "td"]) + suffix, (t, 0)), *known))]
    return [replace(part, monos=(*part.monos, *added))]


def pushed_value(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """V(s_{t+1}) at t as V(s_t) at t + 1, where the last one is 0."""
    mono = part.monos[number]
    inner = {name for one in mono.sums for name in (one.first[0], one.last[0])}
    for n, one in enumerate(mono.sums):
        uses = [factor for factor in mono.factors if any(one.index == place[0] for place in factor[1:])]
        if len(uses) != 1 or uses[0][0] not in ("Vx", "Vxb") or one.index in inner or one.last != LAST:
            continue
        rest = tuple(factor for factor in mono.factors if factor not in uses)
        moved = Sum(one.index, (one.first[0], one.first[1] + 1), LAST)
        return [_with(part, number, replace(
            mono, sums=(*mono.sums[:n], moved, *mono.sums[n + 1 :]),
            factors=(*rest, (uses[0][0].replace("x", ""), (one.index, 0)))))]
    return None


def outside(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """The first sum of a monomial outside of the expectation, and a discount at that time too."""
    if part.kind != "E" or part.outer:
        return None
    mono = part.monos[number]
    if not mono.sums:
        return None
    rest = [replace(part, monos=(*part.monos[:number], *part.monos[number + 1 :]))] if len(part.monos) > 1 else []
    first = mono.sums[0]
    weights = tuple(f for f in mono.factors if f == ("g", (first.index, 0)))[:1]
    factors = list(mono.factors)
    for weight in weights:
        factors.remove(weight)
    moved = replace(mono, sums=mono.sums[1:], factors=tuple(factors))
    return [replace(part, monos=(moved,), outer=(first,), scale=weights), *rest]


def inside(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """The sums outside of an expectation in it."""
    if not part.outer:
        return None
    monos = tuple(replace(m, sums=(*part.outer, *m.sums), factors=(*m.factors, *part.scale)) for m in part.monos)
    return [replace(part, monos=monos, outer=(), scale=())]


REWRITES = [
    *[definition, bellman, unrolled, centred] * 4, *[outside, inside, pushed_value] * 2, split, split, causality, swap,
    zero_added, push, another_law, log_derivative, as_sum, mean_one]
KEEPING_SUMS = {definition, bellman, unrolled, centred, inside, pushed_value, split, causality, swap, push}
"""Rewritings of a part that has sums outside."""


def slipped(rng: Random, mono: Mono) -> Mono:
    """One bound, factor, policy or place changed a little."""
    options = ["number"] + ["bound"] * 2 * bool(mono.sums) + ["factor"] * 4 * bool(mono.factors)
    match rng.choice(options):
        case "bound":
            n = rng.randrange(len(mono.sums))
            one, by = mono.sums[n], rng.choice([-1, 1])
            new = (replace(one, first=(one.first[0], one.first[1] + by)) if rng.random() < 0.5
                   else replace(one, last=(one.last[0], one.last[1] + by)))
            return replace(mono, sums=(*mono.sums[:n], new, *mono.sums[n + 1 :]))
        case "factor":
            n = rng.randrange(len(mono.factors))
            kind, *places = mono.factors[n]
            found = value_kind(kind)
            if found:
                what, suffix = found
                names = [one + suffix for one in KINDS if one != what] + [what + ("" if suffix else "b")]
                new_factor: Factor = (rng.choice(names), *places)
            else:
                other = {"b": "bx", "bx": "b", "q": "r", "r": "q", "score": "q"}.get(kind)
                new_factor = (other, *places) if other else ("one",)
            return replace(mono, factors=(*mono.factors[:n], new_factor, *mono.factors[n + 1 :]))
    return replace(mono, number=mono.number + rng.choice([-1, 1]) or 3)


def _rewritten(rng: Random, maker: Maker, parts: list[Part]) -> tuple[list[Part], str]:
    made: list[str] = []
    wanted = rng.choice([1, 1, 2, 2, 3])
    for _ in range(30):
        if len(made) >= wanted:
            break
        place = rng.randrange(len(parts))
        part, rewrite = parts[place], rng.choice(REWRITES)
        if part.outer and rewrite not in KEEPING_SUMS:
            continue
        new = rewrite(rng, maker, part, rng.randrange(len(part.monos)))
        if new is not None:
            parts, made = [*parts[:place], *new, *parts[place + 1 :]], [*made, rewrite.__name__]
    if rng.random() < 0.4:
        place = rng.randrange(len(parts))
        monos = list(parts[place].monos)
        number = rng.randrange(len(monos))
        monos[number] = slipped(rng, monos[number])
        parts = [*parts[:place], replace(parts[place], monos=tuple(monos)), *parts[place + 1 :]]
        made.append("slip")
    return parts, " ".join(made)


def value_pair(seed: int) -> Pair:
    """A pair of derivatives up to the second, which is as far as jets go."""
    rng = Random(f"values {seed}")
    while True:
        pair = _drawn(rng)
        if signature(pair.before, pair.after).order <= 2:
            return pair


def _drawn(rng: Random) -> Pair:
    """A random side with values and a rewriting of it, sometimes with a slip."""
    maker = ValueMaker(rng)
    kind = rng.choice(["sum"] * 18 + ["path"])
    parts = [maker.part() for _ in range(rng.choice([1, 1, 2]))]
    if kind == "path":
        parts = [Part("path", "pi", parts[0].monos)]
    assumed = set(POSITIVE) if rng.random() < 0.85 else set()
    assumed |= {additive_return} if rng.random() < 0.9 else set()
    assumed |= {possible(tau)} if rng.random() < 0.3 else set()
    before: Side = tuple((part,) for part in parts)
    changed, made = _rewritten(rng, maker, parts)
    after: Side = tuple((part,) for part in changed)
    if rng.random() < 0.01:
        other = maker.part()
        before = tuple((*product, other) for product in before)
        after = tuple((other, *product) for product in after)
    sides = [side_term(before), side_term(after)]
    rng.shuffle(sides)
    return Pair(sides[0], sides[1], frozenset(assumed), made)
