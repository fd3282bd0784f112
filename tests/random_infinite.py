"""Random pairs of sums that never end, and their values by plain numbers.

A side is a list of parts: a coefficient times sums over times, some of them outside of the expectation,
of powers of gamma times factors at these times. Rewritings are applied carelessly and often with a slip.
``Numbers`` adds up a part from its data, time by time, up to a last time: no automata, no resolvents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from operator import add
from random import Random
from typing import Any

import numpy as np
from random_sums import beta
from sympy import Expr, Integer

from derive.language.expression import as_term
from derive.language.terms import Policy, Time
from derive.language.vocabulary import (
    A,
    Q,
    V,
    expect,
    forever,
    function,
    gamma,
    grad,
    log,
    pi,
    prod,
    r,
    ratio,
    tau,
    total,
)

b, q = function("b"), function("q")
Place = tuple[str, int]
"""A time: its name, or "" for none, and a number to add."""

FOREVER = ("forever", 0)
LAST_TIME = 32
"""Where ``Numbers`` stops: with a discount of at most 0.3 what is left out is some 1e-16."""


@dataclass(frozen=True)
class Span:
    """A sum over first <= name <= last, or for ever."""

    name: str
    first: Place = ("", 0)
    last: Place = FOREVER


@dataclass(frozen=True)
class Part:
    """number * gamma^power * sums of gamma^(sum of c t) E[product of factors], or the gradient of it."""

    number: int
    power: int
    law: str
    sums: tuple[Span, ...]
    outer: int
    discount: tuple[tuple[str, int], ...]
    factors: tuple[tuple[str, Place], ...]
    ratio: Place | None = None
    derived: bool = False


Side = tuple[Part, ...]


# -- terms ---------------------------------------------------------------------------------------------------


def time_of(place: Place, ahead: int = 0) -> Any:
    name, number = place[0], place[1] + ahead
    if not name:
        return Integer(number)
    return Time(name) + number if number else Time(name)


def _step(policy: Policy, at: Any) -> Expr:
    return policy(tau.a[at] | tau.s[at])


def _td(at: Place, policy: Policy) -> Expr:
    t = time_of(at)
    return r(tau.s[t], tau.a[t], tau.s[time_of(at, 1)]) + gamma * V(tau.s[time_of(at, 1)], policy=policy) - V(
        tau.s[t], policy=policy)


FACTORS: dict[str, Callable[[Place], Expr]] = {
    "score": lambda at: grad(log(_step(pi, time_of(at)))),
    "r": lambda at: r(tau.s[time_of(at)], tau.a[time_of(at)], tau.s[time_of(at, 1)]),
    "b": lambda at: b(tau.s[time_of(at)]),
    "bx": lambda at: b(tau.s[time_of(at, 1)]),
    "q": lambda at: q(tau.s[time_of(at)], tau.a[time_of(at)]),
}
for _suffix, _policy in (("", pi), ("b", beta)):
    FACTORS["V" + _suffix] = lambda at, p=_policy: V(tau.s[time_of(at)], policy=p)  # type: ignore[misc]
    FACTORS["Vx" + _suffix] = lambda at, p=_policy: V(tau.s[time_of(at, 1)], policy=p)  # type: ignore[misc]
    FACTORS["A" + _suffix] = lambda at, p=_policy: A(tau.s[time_of(at)], tau.a[time_of(at)], policy=p)  # type: ignore[misc]
    FACTORS["Q" + _suffix] = lambda at, p=_policy: Q(tau.s[time_of(at)], tau.a[time_of(at)], policy=p)  # type: ignore[misc]
    FACTORS["td" + _suffix] = lambda at, p=_policy: _td(at, p)  # type: ignore[misc]


def part_term(part: Part) -> Expr:
    """The part as a term; powers of gamma stand as far out as the sums that bind their times allow."""
    inside, outside = part.sums[part.outer :], part.sums[: part.outer]
    bound = {one.name for one in inside}

    def power(names: Any) -> list[Any]:
        exponent: Any = 0
        for name, c in part.discount:
            if name in names:
                exponent = exponent + (c * Time(name) if c != 1 else Time(name))
        return [gamma**exponent] if exponent != 0 else []

    # a negative power waits for the one that makes up for it
    together = any(c < 0 for _, c in part.discount)
    names = [name for name, _ in part.discount]
    first = power(names) if together else power([name for name in names if name in bound])
    factors = [*first, *(FACTORS[kind](at) for kind, at in part.factors)]
    if part.ratio is not None:
        w = Time("w")
        factors.append(prod(w, ratio(_step(pi, w), _step(beta, w)), stop=time_of(part.ratio)))
    body = _product(factors)
    for one in reversed(inside):
        body = _total(one, body)
    term = expect(tau, body, policy=beta if part.law == "beta" else pi)
    if not together:
        term = _product([*power([name for name in names if name not in bound]), term])
    for one in reversed(outside):
        term = _total(one, term)
    term = grad(term) if part.derived else term
    scale = ([gamma**part.power] if part.power > 1 else [gamma] * part.power)
    term = _product([*scale, term])
    return term if part.number == 1 else term * part.number


def _total(one: Span, body: Expr) -> Expr:
    stop = forever if one.last == FOREVER else time_of(one.last)
    return total(Time(one.name), body, start=time_of(one.first), stop=stop)


def _product(factors: list[Any]) -> Expr:
    result: Any = factors[0] if factors else Integer(1)
    for one in factors[1:]:
        result = result * one
    return as_term(result)


def side_term(side: Side) -> Expr:
    """A side as a term."""
    result: Any = None
    for part in side:
        result = part_term(part) if result is None else add(result, part_term(part))
    return Integer(0) if result is None else result


# -- plain numbers ------------------------------------------------------------------------------------------------


@dataclass
class Numbers:
    """One model in complex floats; the policy moves by 1e-30 i along phi, so the imaginary part is a gradient."""

    states: int
    actions: int
    rng: Random
    last: int = LAST_TIME
    moved: complex = 0
    data: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, k, rng = self.states, self.actions, self.rng

        def rows(*size: int) -> Any:
            table = np.array([rng.randint(1, 9) for _ in range(int(np.prod(size)))], dtype=float).reshape(size)
            return table / table.sum(axis=-1, keepdims=True)

        def numbers(*size: int) -> Any:
            return np.array([rng.randint(-9, 9) / 4 for _ in range(int(np.prod(size)))]).reshape(size)

        self.data = {"mu": rows(n), "P": rows(n, k, n), "pi": rows(n, k), "beta": rows(n, k), "phi": numbers(n, k),
                     "r": numbers(n, k, n), "b": numbers(n), "q": numbers(n, k), "gamma": rng.choice([0.3, 0.25, 0.2])}

    def policy(self, name: str) -> Any:
        table = self.data[name]
        if name == "pi":
            table = table * np.exp(self.moved * self.data["phi"])
            table = table / table.sum(axis=1, keepdims=True)
        return table

    def values(self, name: str) -> tuple[Any, Any]:
        """V and Q by going backwards from 0 for many steps."""
        d, v = self.data, np.zeros(self.states)
        for _ in range(2 * self.last):
            action = (d["P"] * (d["r"] + d["gamma"] * v)).sum(axis=2)
            v = (self.policy(name) * action).sum(axis=1)
        return v, (d["P"] * (d["r"] + d["gamma"] * v)).sum(axis=2)

    def table(self, kind: str) -> Any:
        """A factor as an array [s, a, x]."""
        d, name = self.data, "pi"
        if kind == "score":
            return (d["phi"] - (self.policy("pi") * d["phi"]).sum(axis=1, keepdims=True))[:, :, None]
        if kind in ("r", "q", "b", "bx"):
            return {"r": d["r"], "q": d["q"][:, :, None], "b": d["b"][:, None, None], "bx": d["b"][None, None, :]}[kind]
        if kind.endswith("b"):
            kind, name = kind[:-1], "beta"
        v, action = self.values(name)
        return {"V": v[:, None, None], "Vx": v[None, None, :], "Q": action[:, :, None],
                "A": (action - v[:, None])[:, :, None],
                "td": d["r"] + d["gamma"] * v[None, None, :] - v[:, None, None]}[kind]

    def side(self, side: Side) -> tuple[float, float]:
        """The value, and the sum of the absolute values of what was added up."""
        found = [self.part(part) for part in side]
        return sum(value for value, _ in found), sum(size for _, size in found)

    def part(self, part: Part) -> tuple[float, float]:
        scale = part.number * self.data["gamma"] ** part.power
        if not part.derived:
            value, size = self._sum(part)
            return float(np.real(value)) * scale, size * abs(scale)
        self.moved = 1e-30j
        value, size = self._sum(part)
        self.moved = 0
        return float(np.imag(value) / 1e-30) * scale, size * abs(scale)

    def _sum(self, part: Part) -> tuple[complex, float]:
        d = self.data
        tables = [(self.table(kind), at) for kind, at in part.factors]
        weights = {name: d["P"] * self.policy(name)[:, :, None] for name in ("pi", "beta")}
        weights["both"] = weights["pi"] * (self.policy("pi") / d["beta"])[:, :, None]
        moves = {name: weight.sum(axis=1) for name, weight in weights.items()}
        pre: dict[str, list[Any]] = {}
        for name, move in moves.items():
            pre[name] = [np.eye(self.states)]
            for _ in range(self.last + 4):
                pre[name].append(pre[name][-1] @ move)
        result, size = 0j, 0.0
        for times in self._times(part.sums, {}):
            here: dict[int, list[Any]] = {}
            for table, (name, number) in tables:
                here.setdefault((times[name] if name else 0) + number, []).append(table)
            until = -1 if part.ratio is None else (times[part.ratio[0]] if part.ratio[0] else 0) + part.ratio[1]
            if until >= 0:
                here.setdefault(until, [])
            row, now = d["mu"], 0
            for at in sorted(here):
                law = part.law if at > until else "both" if part.law == "pi" else "pi"
                one = weights[law]
                for table in here[at]:
                    one = one * table
                row = row @ pre[law][at - now] @ one.sum(axis=1)
                now = at + 1
            value = row.sum() * d["gamma"] ** sum(c * times[name] for name, c in part.discount)
            result, size = result + value, size + abs(value)
        return result, size

    def _times(self, sums: tuple[Span, ...], known: dict[str, int]) -> Iterator[dict[str, int]]:
        if not sums:
            yield known
            return
        one = sums[0]
        first = (known[one.first[0]] if one.first[0] else 0) + one.first[1]
        last = self.last if one.last == FOREVER else (known[one.last[0]] if one.last[0] else 0) + one.last[1]
        for value in range(first, last + 1):
            yield from self._times(sums[1:], {**known, one.name: value})


# -- random sides -----------------------------------------------------------------------------------------------------


class Maker:
    """Draws parts and rewrites them."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.names = rng, (f"t{n}" for n in count())
        self.suffixes = rng.choice([[""]] * 6 + [["b"]] * 2 + [["", "b"]] * 2)

    def kind(self) -> str:
        rng = self.rng
        kind = rng.choice(["score"] * 4 + ["r"] * 4 + ["b", "bx", "q"] * 2 + ["V", "Vx", "A", "Q", "td"] * 2)
        return kind + rng.choice(self.suffixes) if kind in ("V", "Vx", "A", "Q", "td") else kind

    def part(self) -> Part:
        rng = self.rng
        sums: list[Span] = []
        discount: dict[str, int] = {}
        factors: list[tuple[str, Place]] = []
        for _ in range(rng.choice([0, 1, 1, 1, 2, 2])):
            name = next(self.names)
            once = Span(name, ("", rng.choice([0, 0, 0, 0, 1, 2])))
            if sums and rng.random() < 0.8:
                t = sums[-1].name
                once = rng.choice([Span(name, (t, 0)), Span(name, (t, 1)), Span(name, ("", 0), (t, 0)),
                                   Span(name, ("", 0), (t, -1)), Span(name), Span(name, ("", 1), (t, 0))])
            elif rng.random() < 0.1:
                once = Span(name, ("", 0), ("", rng.choice([0, 1, 2])))
            if once.last == FOREVER and rng.random() < 0.97:
                discount[name] = rng.choice([1, 1, 1, 1, 2])
                if once.first[0] and rng.random() < 0.6:
                    t = once.first[0]
                    discount[t] = discount.get(t, 0) - discount[name] + rng.choice([0, 0, 0, 1])
            elif rng.random() < 0.2:
                discount[name] = 1
            sums.append(once)
            factors += [(self.kind(), (name, 0)) for _ in range(rng.choice([0, 1, 1, 1, 2]))]
        if not factors or rng.random() < 0.15:
            factors.append((self.kind(), ("", rng.choice([0, 0, 1, 2]))))
        law = rng.choice(["pi"] * 4 + ["beta"])
        derived = rng.random() < 0.15 and sum(kind == "score" for kind, _ in factors) < 2
        ratio = None
        if law == "beta" and rng.random() < 0.5:
            ratio = (rng.choice(sums).name, 0) if sums and rng.random() < 0.8 else ("", rng.choice([0, 1, 2]))
        return Part(rng.choice([1, 1, 2, -1]), rng.choice([0, 0, 0, 1]), law, tuple(sums),
                    rng.randint(0, len(sums)), tuple((n, c) for n, c in discount.items() if c), tuple(factors),
                    ratio, derived)


Rewritten = list[Part] | None


def moved(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """Other sums outside of the expectation."""
    return [replace(part, outer=rng.randint(0, len(part.sums)))] if part.sums else None


def _put(part: Part, name: str, number: int) -> Part:
    """A time as a number."""
    def at(place: Place) -> Place:
        return ("", number + place[1]) if place[0] == name else place

    powers = dict(part.discount)
    power = part.power + powers.pop(name, 0) * number
    place = next(n for n, one in enumerate(part.sums) if one.name == name)
    sums = tuple(replace(one, first=at(one.first), last=at(one.last)) for one in part.sums if one.name != name)
    return replace(part, power=power, sums=sums, outer=part.outer - (place < part.outer),
                   discount=tuple(powers.items()),
                   factors=tuple((kind, at(p)) for kind, p in part.factors),
                   ratio=None if part.ratio is None else at(part.ratio))


def first_apart(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """The first time of a sum by itself."""
    open_ended = [one for one in part.sums if one.last == FOREVER and not one.first[0]]
    if not open_ended:
        return None
    one = rng.choice(open_ended)
    head = _put(part, one.name, one.first[1])
    if head.power < 0 or any(other.last[0] == "" and other.last[1] < 0 for other in head.sums):
        return None
    rest = tuple(replace(x, first=("", x.first[1] + 1)) if x == one else x for x in part.sums)
    return [head, replace(part, sums=rest)]


def causality(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """Only what comes after a score, or only what came before."""
    scores = {at[0] for kind, at in part.factors if kind == "score"}
    for n, one in enumerate(part.sums):
        before = [other.name for other in part.sums[:n] if other.name in scores]
        if before and one.first == ("", 0) and one.last == FOREVER:
            new = replace(one, first=(before[0], rng.choice([0, 0, 0, 1])))
            return [replace(part, sums=(*part.sums[:n], new, *part.sums[n + 1 :]))]
    return None


def pushed(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """b(s_{t+1}) at t as b(s_t) at t + 1."""
    inner = {name for one in part.sums for name in (one.first[0], one.last[0])}
    for n, one in enumerate(part.sums):
        uses = [factor for factor in part.factors if factor[1][0] == one.name]
        powers = dict(part.discount)
        if len(uses) != 1 or uses[0][0] not in ("bx", "Vx", "Vxb") or one.name in inner or one.last != FOREVER:
            continue
        if part.ratio is not None and part.ratio[0] == one.name:
            continue
        new = replace(one, first=(one.first[0], one.first[1] + 1))
        shift = powers.get(one.name, 0)
        if part.power < shift:
            return None
        kind = uses[0][0].replace("x", "")
        return [replace(part, power=part.power - shift, sums=(*part.sums[:n], new, *part.sums[n + 1 :]),
                        factors=tuple((kind, at) if (k, at) == uses[0] else (k, at) for k, at in part.factors))]
    return None


def valued(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """Q = V + A, delta = r + gamma V(x) - V, Bellman's equations, and a value as the rewards to go."""
    places = [n for n, (kind, _) in enumerate(part.factors) if kind not in ("score", "b", "bx", "q")]
    if not places:
        return None
    n = rng.choice(places)
    kind, at = part.factors[n]
    suffix = "b" if kind.endswith("b") else rng.choice(maker.suffixes) if kind == "r" else ""
    what = kind.removesuffix("b")

    def terms(*listed: tuple[int, int, str]) -> list[Part]:
        return [replace(part, number=part.number * number, power=part.power + power, factors=(
            *part.factors[:n], (name if name == "r" else name + suffix, at), *part.factors[n + 1 :]))
            for number, power, name in listed]

    options: dict[str, list[list[tuple[int, int, str]]]] = {
        "Q": [[(1, 0, "V"), (1, 0, "A")], [(1, 0, "r"), (1, 1, "Vx")]],
        "A": [[(1, 0, "Q"), (-1, 0, "V")], [(1, 0, "td")]],
        "V": [[(1, 0, "Q"), (-1, 0, "A")], [(1, 0, "r"), (1, 1, "Vx")], [(1, 0, "Q")], []],
        "td": [[(1, 0, "r"), (1, 1, "Vx"), (-1, 0, "V")], [(1, 0, "A")]],
        "r": [[(1, 0, "td"), (1, 0, "V"), (-1, 1, "Vx")]],
    }
    chosen = rng.choice(options.get(what, [[(1, 0, kind.removesuffix("b"))]]))
    if chosen:
        return terms(*chosen)
    k = next(maker.names)
    if any(place[0] == at[0] for place in [part.ratio or ("?", 0)]):
        return None
    powers = dict(part.discount)
    powers[k] = 1
    if at[0]:
        powers[at[0]] = powers.get(at[0], 0) - 1
    elif at[1] > part.power:
        return None
    if part.power < at[1]:
        return None
    return [replace(part, power=part.power - at[1],
                    sums=(*part.sums, Span(k, at)), discount=tuple((x, c) for x, c in powers.items() if c),
                    factors=(*part.factors[:n], ("r", (k, 0)), *part.factors[n + 1 :]))]


def zero_added(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """Plus something centred times something of its past."""
    t = next(maker.names)
    kind = rng.choice(["score", "A", "Ab"])
    factors: list[tuple[str, Place]] = [(kind, (t, 0)), (rng.choice(["b", "V", "b", "bx"]), (t, 0))]
    sums = [Span(t, ("", rng.choice([0, 0, 1])))]
    if rng.random() < 0.4:
        k = next(maker.names)
        sums.append(Span(k, ("", 0), (t, rng.choice([-1, -1, 0]))))
        factors[1] = (maker.kind(), (k, 0))
    law = "beta" if kind == "Ab" else "pi"
    return [part, Part(1, 0, law, tuple(sums), rng.randint(0, len(sums)), ((t, 1),), tuple(factors))]


def another_law(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """Importance ratios up to the last time."""
    if part.law == "pi" and part.sums:
        last = rng.choice(part.sums)
        return [replace(part, law="beta", ratio=(last.name, 0))]
    if part.law == "beta" and part.ratio is not None:
        return [replace(part, law="pi", ratio=None)]
    return None


def log_derivative(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """A gradient as a sum of scores up to a time."""
    if not part.derived or part.law != "pi":
        return None
    u = next(maker.names)
    last = rng.choice(part.sums).name if part.sums else ""
    number = max((at[1] for _, at in part.factors if not at[0]), default=0)
    return [replace(part, derived=False, sums=(*part.sums, Span(u, ("", 0), (last, 0 if last else number))),
                    factors=(*part.factors, ("score", (u, 0))))]


def geometric(rng: Random, maker: Maker, part: Part) -> Rewritten:
    """(1 - gamma) times a sum of gamma^j over a time that nothing else has."""
    j = next(maker.names)
    place = rng.randint(0, len(part.sums))
    new = replace(part, sums=(*part.sums[:place], Span(j), *part.sums[place:]), discount=(*part.discount, (j, 1)),
                  outer=rng.randint(0, len(part.sums) + 1))
    return [new, replace(new, number=-new.number, power=new.power + 1)]


REWRITES = [
    *[moved, first_apart, causality, valued] * 3, *[pushed, zero_added, another_law, log_derivative] * 2, geometric]


def slipped(rng: Random, part: Part) -> Part:
    """One number, bound, factor, law or power changed a little."""
    match rng.choice(["number", "bound", "bound", "factor", "factor", "power", "discount", "law"]):
        case "bound" if part.sums:
            n = rng.randrange(len(part.sums))
            one = part.sums[n]
            new = replace(one, first=(one.first[0], one.first[1] + 1))
            return replace(part, sums=(*part.sums[:n], new, *part.sums[n + 1 :]))
        case "factor":
            n = rng.randrange(len(part.factors))
            kind, at = part.factors[n]
            other = {"b": "bx", "bx": "b", "q": "r", "r": "q", "score": "q"}.get(kind)
            other = other or rng.choice([x + ("b" if kind.endswith("b") else "") for x in ("V", "Vx", "A", "Q", "td")])
            return replace(part, factors=(*part.factors[:n], (other, at), *part.factors[n + 1 :]))
        case "power":
            return replace(part, power=part.power + 1)
        case "discount" if part.discount:
            n = rng.randrange(len(part.discount))
            name, c = part.discount[n]
            changed = (*part.discount[:n], (name, c + 1), *part.discount[n + 1 :])
            return replace(part, discount=changed) if c != -1 else part
        case "law":
            return replace(part, law="pi" if part.law == "beta" else "beta")
    return replace(part, number=part.number + rng.choice([-1, 1]) or 3)


def endless_sides(seed: int) -> tuple[Side, Side, str]:
    """A random side, a rewriting of it, and how it was made."""
    rng = Random(f"endless {seed}")
    maker = Maker(rng)
    parts = [maker.part() for _ in range(rng.choice([1, 1, 2]))]
    before, made = tuple(parts), []
    wanted = rng.choice([1, 1, 2, 2, 3])
    for _ in range(20):
        if len(made) >= wanted:
            break
        place, rewrite = rng.randrange(len(parts)), rng.choice(REWRITES)
        new = rewrite(rng, maker, parts[place])
        if new is not None and len(parts) + len(new) < 9 and all(len(one.sums) <= 3 for one in new):
            parts, made = [*parts[:place], *new, *parts[place + 1 :]], [*made, rewrite.__name__]
    if rng.random() < 0.4:
        place = rng.randrange(len(parts))
        parts[place], made = slipped(rng, parts[place]), [*made, "slip"]
    return before, tuple(parts), " ".join(made)
