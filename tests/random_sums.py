"""Random sums over trajectories, and rewritings of them.

A side is plain data: parts, each an expectation (or a sum, or a gradient of one) of monomials
``coefficient * sum over nested times of a product of factors``. A pair is a side and a rewriting of
it: split a range, swap sums, drop or add a zero by causality, push b(s_{t+1}) to b(s_t), take the
log-derivative, change the law. Rewritings are applied carelessly and often with a slip: whether the
pair is equal is for the evaluation on shapes to say, never for this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from operator import add, mul
from random import Random
from typing import Any

from sympy import Expr, Integer

from derive.language.assumptions import (
    Assumption,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.expression import Ratio, as_term
from derive.language.terms import Policy, Time
from derive.language.vocabulary import H, P, R, expect, function, gamma, grad, log, pi, prod, r, tau, total, variance

beta = Policy("beta")
b, c, q = function("b"), function("c"), function("q")
POSITIVE = frozenset({policy_positive, dynamics_positive, initial_positive})

Bound = tuple[str, int]
"""A time: the base "" (none), "H" or the name of a time, and a number to add."""

Factor = tuple[Any, ...]
"""(kind, place, ...), a place being a ``Bound``."""

ZERO, LAST = ("", 0), ("H", 0)


@dataclass(frozen=True)
class Sum:
    """The sum over first <= index <= last."""

    index: str
    first: Bound
    last: Bound


@dataclass(frozen=True)
class Mono:
    """A number times nested sums over times of a product of factors."""

    number: int
    sums: tuple[Sum, ...]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Part:
    """A sum of monomials under a law: ``kind`` is E, sum (over all trajectories), grad, grad2, var or path (no law).

    ``outer`` are sums over times outside of it, ``scale`` are factors between these and it.
    """

    kind: str
    law: str
    monos: tuple[Mono, ...]
    outer: tuple[Sum, ...] = ()
    scale: tuple[Factor, ...] = ()


Side = tuple[tuple[Part, ...], ...]
"""A sum of products of parts."""


@dataclass(frozen=True)
class Pair:
    """Two terms, and what is assumed of them."""

    before: Expr
    after: Expr
    assumptions: frozenset[Assumption]
    made: str


# -- from data to terms ----------------------------------------------------------------------------------


def time_of(place: Bound) -> Expr:
    base, number = place
    if not base:
        return Integer(number)
    named = H if base == "H" else Time(base)
    return named + number if number else named


def later(place: Bound) -> Expr:
    return time_of((place[0], place[1] + 1))


def _chosen(policy: Policy, t: Expr) -> Expr:
    return policy(tau.a[t] | tau.s[t])


def _score(place: Bound) -> Expr:
    return grad(log(_chosen(pi, time_of(place))))


def _step_ratio(above: Policy, below: Policy, t: Expr) -> Expr:
    return Ratio(_chosen(above, t), _chosen(below, t))


FACTORS: dict[str, Callable[..., Expr]] = {
    "one": lambda: Integer(1),
    "score": _score,
    "hess": lambda at: grad(_score(at)),
    "tangent": lambda at: Ratio(grad(_chosen(pi, time_of(at))), _chosen(pi, time_of(at))),
    "r": lambda at: r(tau.s[time_of(at)], tau.a[time_of(at)], tau.s[later(at)]),
    "q": lambda at: q(tau.s[time_of(at)], tau.a[time_of(at)]),
    "b": lambda at: b(tau.s[time_of(at)]),
    "bx": lambda at: b(tau.s[later(at)]),
    "c": lambda at: c(tau.s[time_of(at)]),
    "g": lambda at: gamma ** time_of(at),
    "gd": lambda at, other: gamma ** (time_of(at) - time_of(other)),
    "end": lambda: b(tau.s[H + 1]),
    "R": lambda: R(tau),
    "R2": lambda: R(tau) ** 2,
    "rho": lambda at: prod(Time("w"), _step_ratio(pi, beta, Time("w")), stop=time_of(at)),
    "back": lambda at: _step_ratio(beta, pi, time_of(at)),
    "scores": lambda: grad(log(P(tau))),
    "logp": lambda at: log(_chosen(pi, time_of(at))),
}


def _joined(parts: list[Expr], join: Callable[[Any, Any], Any]) -> Expr:
    """Sums and products; a bare number goes second, where the term decides."""
    result = parts[0]
    for part in parts[1:]:
        result = join(part, result) if isinstance(result, Integer) else join(result, part)
    return as_term(result)


def mono_term(mono: Mono) -> Expr:
    """The monomial as a term about tau."""
    body = _joined([FACTORS[kind](*places) for kind, *places in mono.factors] or [Integer(1)], mul)
    for one in reversed(mono.sums):
        body = total(Time(one.index), body, start=time_of(one.first), stop=time_of(one.last))
    return body if mono.number == 1 else _joined([body, Integer(mono.number)], mul)


def part_term(part: Part) -> Expr:
    """A part as a term."""
    factors = [FACTORS[kind](*places) for kind, *places in part.scale]
    term = _joined([*factors, _under_law(part)], mul)
    for one in reversed(part.outer):
        term = total(Time(one.index), term, start=time_of(one.first), stop=time_of(one.last))
    return term


def _under_law(part: Part) -> Expr:
    body = _joined([mono_term(mono) for mono in part.monos], add)
    policy = beta if part.law == "beta" else pi
    match part.kind:
        case "path":
            return body
        case "sum":
            return total(tau, P(tau, policy=policy) * body)
        case "grad":
            return grad(expect(tau, body, policy=policy))
        case "grad2":
            return grad(grad(expect(tau, body, policy=policy)))
        case "var":
            return variance(tau, body, policy=policy)
    return expect(tau, body, policy=policy)


def side_term(side: Side) -> Expr:
    """A side as a term."""
    if not side:
        return Integer(0)
    return _joined([_joined([part_term(part) for part in parts], mul) for parts in side], add)


# -- random sides ------------------------------------------------------------------------------------------

FREE = [(ZERO, LAST)] * 6 + [
    (ZERO, ZERO), (LAST, LAST), (("", 1), LAST), (ZERO, ("H", -1)), (("", 1), ("H", -1)), (ZERO, ("", 1)),
    (ZERO, ("", 2)), (("", 2), LAST), (("H", -1), LAST), (("", 1), ("", 1)), (("", 1), ("", 2)),
]
NEAR = ["to the end"] * 4 + ["from the start"] * 3 + ["before"] * 3 + ["after"] * 3 + ["same", "free", "to 2", "to H-1"]


class Maker:
    """Draws sides; ``logs`` admits values of logarithms, which only the enumeration can evaluate."""

    def __init__(self, rng: Random, *, logs: bool = False) -> None:
        self.rng, self.names, self.logs = rng, (f"t{n}" for n in count()), logs

    def limits(self, outer: list[str]) -> tuple[Bound, Bound]:
        if not outer or self.rng.random() < 0.15:
            return self.rng.choice(FREE)
        t = self.rng.choice(outer)
        match self.rng.choice(NEAR):
            case "to the end":
                return (t, 0), LAST
            case "from the start":
                return ZERO, (t, 0)
            case "before":
                return ZERO, (t, -1)
            case "after":
                return (t, 1), LAST
            case "same":
                return (t, 0), (t, 0)
            case "to 2":
                return (t, self.rng.choice([0, 1])), ("", 2)
            case "to H-1":
                return (t, 0), ("H", -1)
        return ZERO, LAST

    def local(self, t: str, outer: list[str]) -> Factor:
        """A factor at a time; now and then at a literal time."""
        place = (t, 0) if self.rng.random() < 0.93 else self.rng.choice([ZERO, ("", 1), LAST, ("H", -1)])
        kinds = ["score"] * 5 + ["r"] * 3 + ["q", "b", "bx", "g"] * 2 + ["c", "tangent", "hess", "back"]
        kind = self.rng.choice(kinds + (["logp"] * 6 if self.logs else []))
        if kind == "g" and outer and self.rng.random() < 0.5:
            return ("gd", (t, 0), (self.rng.choice(outer), 0))
        return (kind, place)

    def mono(self, law: str) -> Mono:
        sums: list[Sum] = []
        factors: list[Factor] = []
        for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 2, 3])):
            outer = [one.index for one in sums]
            sums.append(Sum(next(self.names), *self.limits(outer)))
            factors += [self.local(sums[-1].index, outer) for _ in range(self.rng.choice([0, 1, 1, 1, 2]))]
        extra = ["end", "R", "R2", "scores", "one", "g0"]
        if not factors or self.rng.random() < 0.15:
            kind = self.rng.choice(extra)
            factors.append(("g", self.rng.choice([LAST, ("", 1)])) if kind == "g0" else (kind,))
        if (law == "beta" and self.rng.random() < 0.7) or self.rng.random() < 0.03:
            at = [(one.index, shift) for one in sums for shift in (0, -1)] + [LAST] * 3 + [("H", -1)]
            factors.append(("rho", self.rng.choice(at)))
        return Mono(self.rng.choice([1, 1, 1, -1, 2]), tuple(sums), tuple(factors))

    def part(self) -> Part:
        law = self.rng.choice(["pi", "pi", "pi", "beta"])
        kind = self.rng.choice(["E"] * 7 + ["sum", "sum", "grad", "grad2"])
        return Part(kind, law, tuple(self.mono(law) for _ in range(self.rng.choice([1, 1, 1, 2]))))


# -- rewritings ----------------------------------------------------------------------------------------------

Rewritten = list[Part] | None


def _with(part: Part, number: int, *monos: Mono) -> Part:
    return replace(part, monos=(*part.monos[:number], *monos, *part.monos[number + 1 :]))


def split(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """One sum as two: off its first or its last index."""
    mono = part.monos[number]
    if not mono.sums:
        return None
    place = rng.randrange(len(mono.sums))
    one = mono.sums[place]
    (x, m), (y, n) = one.first, one.last
    if rng.random() < 0.5:
        halves = (one.first, one.first), ((x, m + 1), one.last)
    else:
        halves = (one.first, (y, n - 1)), (one.last, one.last)
    sums = [replace(one, first=first, last=last) for first, last in halves]
    before, after = mono.sums[:place], mono.sums[place + 1 :]
    return [_with(part, number, *(replace(mono, sums=(*before, new, *after)) for new in sums))]


def swap(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """Two neighbouring sums the other way round."""
    mono = part.monos[number]
    found = [n for n in range(len(mono.sums) - 1) if mono.sums[n].first == ZERO and mono.sums[n].last == LAST]
    rng.shuffle(found)
    for n in found:
        outer, inner = mono.sums[n : n + 2]
        t, k = outer.index, inner.index
        if inner.first[0] == t and inner.last == LAST:
            turned = Sum(k, ZERO, LAST), Sum(t, ZERO, (k, -inner.first[1]))
        elif inner.last[0] == t and inner.first == ZERO:
            turned = Sum(k, ZERO, LAST), Sum(t, (k, -inner.last[1]), LAST)
        elif t not in (inner.first[0], inner.last[0]):
            turned = inner, outer
        else:
            continue
        return [_with(part, number, replace(mono, sums=(*mono.sums[:n], *turned, *mono.sums[n + 2 :])))]
    return None


def zero_added(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """Plus a score times something of its past."""
    if part.kind == "path":
        return None
    t, k = next(maker.names), next(maker.names)
    kind = rng.choice(["b", "c", "one", "past", "past", "past of k"])
    once = Sum(t, *rng.choice(FREE))
    match kind:
        case "past" | "past of k":
            known: Factor = (rng.choice(["q", "r", "b", "bx", "score"]), (k, 0))
            sums = (once, Sum(k, ZERO, (t, -1))) if kind == "past" else (Sum(k, ZERO, LAST), Sum(t, (k, 1), LAST))
            mono = Mono(1, sums, (("score", (t, 0)), known))
        case "one":
            mono = Mono(2, (once,), (("score", (t, 0)), ("g", (t, 0))))
        case _:
            mono = Mono(1, (once,), (("score", (t, 0)), (kind, (t, 0))))
    if part.law == "beta":
        mono = replace(mono, factors=(*mono.factors, ("rho", rng.choice([LAST, (t, 0), (t, 0)]))))
    if part.kind in ("E", "sum"):
        return [replace(part, monos=(*part.monos, mono))]
    return [part, Part("E", part.law, (mono,))]


def causality(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """Only what comes after a score, where everything did."""
    mono = part.monos[number]
    scores = {places[0][0] for kind, *places in mono.factors if kind in ("score", "tangent")}
    for n in range(1, len(mono.sums)):
        one = mono.sums[n]
        known = [s for s in mono.sums[:n] if s.index in scores]
        if one.first == ZERO and one.last == LAST and one.index not in scores and known:
            state_only = all(kind in ("b", "c") for kind, *places in mono.factors if (one.index, 0) in places)
            new = replace(one, first=(known[0].index, 1 if state_only else 0))
            return [_with(part, number, replace(mono, sums=(*mono.sums[:n], new, *mono.sums[n + 1 :])))]
    return None


def push(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """b(s_{t+1}) at t as b(s_t) at t + 1, and the last one by itself; or back."""
    mono = part.monos[number]
    inner = {name for one in mono.sums for name in (one.first[0], one.last[0])}
    for n, one in enumerate(mono.sums):
        uses = [factor for factor in mono.factors if any(one.index == place[0] for place in factor[1:])]
        if [factor[0] for factor in uses] != ["bx"] or one.index in inner or one.last not in (LAST, ("H", -1)):
            continue
        rest = tuple(factor for factor in mono.factors if factor not in uses)
        first = (one.first[0], one.first[1] + 1)
        moved = replace(mono, sums=(*mono.sums[:n], Sum(one.index, first, LAST), *mono.sums[n + 1 :]),
                        factors=(*rest, ("b", (one.index, 0))))
        ended = replace(mono, sums=(*mono.sums[:n], *mono.sums[n + 1 :]), factors=(*rest, ("end",)))
        return [_with(part, number, moved, *([ended] if one.last == LAST else []))]
    return None


def log_derivative(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """grad E[f] = E[score f] for f without theta."""
    if part.kind == "grad" and part.law == "pi":
        u = next(maker.names)
        by_step = rng.random() < 0.7
        return [Part("E", "pi", tuple(
            replace(mono, sums=(*mono.sums, Sum(u, ZERO, LAST)), factors=(*mono.factors, ("score", (u, 0)))) if by_step
            else replace(mono, factors=(*mono.factors, ("scores",))) for mono in part.monos))]
    return None


def another_law(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """Importance ratios: all of them, or those up to a time."""
    if part.kind == "path":
        return None
    if part.law == "beta" and all(("rho", LAST) in mono.factors for mono in part.monos):
        def plain(mono: Mono) -> Mono:
            return replace(mono, factors=tuple(f for f in mono.factors if f != ("rho", LAST)))
        return [replace(part, law="pi", monos=tuple(map(plain, part.monos)))]
    if part.law == "pi" and not any(f[0] == "rho" for mono in part.monos for f in mono.factors):
        def reweighted(mono: Mono) -> Mono:
            at = (mono.sums[-1].index, 0) if mono.sums and rng.random() < 0.6 else LAST
            return replace(mono, factors=(*mono.factors, ("rho", at)))
        return [replace(part, law="beta", monos=tuple(map(reweighted, part.monos)))]
    return None


def as_sum(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """E as a sum over all trajectories, and the parts one by one."""
    if part.kind in ("E", "sum"):
        return [replace(part, kind=rng.choice(["E", "sum"]), monos=(mono,)) for mono in part.monos]
    return None


def mean_one(rng: Random, maker: Maker, part: Part, number: int) -> Rewritten:
    """One step as if the other policy acted: of no consequence only after everything else."""
    if part.law != "pi" or part.kind == "path":
        return None
    mono = part.monos[number]
    at = rng.choice([LAST, (mono.sums[0].index, 0)]) if mono.sums else LAST
    return [_with(part, number, replace(mono, factors=(*mono.factors, ("back", at))))]
