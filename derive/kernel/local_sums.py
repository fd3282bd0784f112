"""Symbols of one step, and sums of them over states and actions in one normal form.

A symbol is (what, name, when, places, inside). Places are tokens: "s", "a", "x" are the state, the action and the next
state of a step, "s.name" a free letter, "s1" a bound one; the first character tells the sort. ``when`` is the time of a
value, () for what has none. The symbol "sum" is a sum over bound places of a monomial, inside = (bound, monomial), that
falls into no two factors; so a product of sums is a product of symbols. What is known of sums:

    sum_s mu(s) = sum_x P(x|s,a) = sum_a pi(a|s) = 1        for each policy
    sum_a dpi(a|s) = sum_a d2pi(a|s) = 0                    the derivatives of the line above
    sum_a pi(a|s) A(s,a) = 0                                A = Q - V and V = sum_a pi Q, of one policy
    sum_x P(x|s,a) eps(s,a,x) = 0                           eps = r + gamma V' - Q and Q = sum_x P (r + gamma V')

Equal normal forms are equal in every finite MDP, each line being used at one state (and action) with nothing else
under its sum. Different ones say nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derive.kernel.polynomials import (
    NAMED, Monomial, Number, Poly, Refused, add, central, inverse, multiply, negative, number, of, product, put, scaled,
)
from derive.kernel.symbols import Symbol, component, moves, renamed_inside, symbol
from derive.kernel.terms import INF, Term, Tuple, opened, time

MOST_TERMS, MOST_POWER, MOST_FACTORED = 2000, 40, 10**6
LOG_OF, LOG_PRIME = f"{NAMED}.log ", f"{NAMED}.prime "
"""Central symbols that no author can name: the logarithms of numbers without a value, and of primes."""
DISTRIBUTIONS = {"mu": 1, "P": 1, "pi": 1, "dpi": 0, "d2pi": 0}
DERIVATIVES = {"pi": "dpi", "dpi": "d2pi", "V": "dV", "dV": "d2V"}
LAST_TIME = ("H", 1)


def over(place: str, monomial: Monomial) -> Monomial | None:
    """The normal form of the sum over a place of a monomial; None where it is 0."""
    rest = tuple((f, e) for f, e in monomial if place not in f[3])
    bound, inner = [place], dict[Symbol, int]()
    for f, e in monomial:
        if place not in f[3]:
            continue
        if f[0] != "sum":
            inner[f] = inner.get(f, 0) + e
            continue
        if e < 0:
            raise Refused("the reciprocal of a sum inside a sum")
        for _ in range(e):  # each copy has bound places of its own
            names = {p: f"{p[0]}#{len(bound) + j}" for j, p in enumerate(f[4][0])}
            bound += names.values()
            for g, k in renamed_inside(f[4][1], names):
                inner[g] = inner.get(g, 0) + k
    names = {place: f"{'a' if place[0] == 'a' else 's'}#0"}
    own = tuple((f, e) for f, e in inner.items() if e)
    parts = reduced([names[place], *bound[1:]], renamed_inside(own, names))
    return None if parts is None else product(rest, parts)


def without_first(bound: Tuple, monomial: Monomial, first: str, name: str) -> Monomial:
    """What is summed over all bound places but the first, which has a name now."""
    names = {p: f"{p[0]}#{j}" for j, p in enumerate(bound)} | {first: name}
    found = reduced([names[p] for p in bound if p != first], renamed_inside(monomial, names))
    if found is None:
        raise Refused("a sum that is 0 for each of its states")
    return found


def reduced(bound: list[str], monomial: Monomial) -> Monomial | None:
    """A sum over bound places as a product of plain symbols and components; None where it is 0."""
    again = True
    while again:
        again = False
        for place in bound:
            value = known_sum(place, [(f, e) for f, e in monomial if place in f[3]])
            if value == 0:
                return None
            if value == 1:
                bound = [p for p in bound if p != place]
                monomial = tuple(one for one in monomial if place not in one[0][3])
                again = True
                break
    result = tuple((f, e) for f, e in monomial if not set(f[3]) & set(bound))
    left = [(f, e) for f, e in monomial if set(f[3]) & set(bound)]
    while bound:
        group, joined = [bound[0]], list[tuple[Symbol, int]]()
        while more := [one for one in left if set(one[0][3]) & set(group)]:
            joined += more
            left = [one for one in left if one not in more]
            group += [p for p in bound if p not in group and any(p in f[3] for f, _ in more)]
        bound = [p for p in bound if p not in group]
        result = product(result, ((component(tuple(group), tuple(sorted(joined))), 1),))
    return result


def known_sum(place: str, own: list[tuple[Symbol, int]]) -> int | None:
    """The sum over one place of the symbols that hold it: 1, 0, or None where it is not known."""
    if any(e != 1 for _, e in own):
        return None
    found = {f[0]: f for f, _ in own}
    if len(own) == 1:
        ((what, _, _, places, _), _), = own
        if places[0] == place and place not in places[1:]:
            return DISTRIBUTIONS.get(what)
    if len(own) == 2 and found.keys() == {"A", "pi"}:
        (_, name, _, (s, a), _), (_, policy, _, (b, y), _) = found["A"], found["pi"]
        if name == policy and a == b == place and s == y != place:
            return 0
    if len(own) == 2 and found.keys() == {"P", "eps"}:
        (x, *now), (*here, y) = found["P"][3], found["eps"][3]
        if x == y == place and now == here and place not in now:
            return 0
    return None


def column(letter: Monomial) -> Monomial | None:
    """The sum of a letter over its action and next state, as a monomial in the state and marks; None where it is 0."""
    first = over("x", letter)
    return None if first is None else over("a", first)


# -- gradients ----------------------------------------------------------------------------------------------


def derivative(f: Symbol) -> Poly:
    """The derivative in theta of a symbol, along the direction."""
    what, name, when, places, inside = f
    if not moves(f):
        return {}
    if what in DERIVATIVES:
        return of((((DERIVATIVES[what], name, when, places, inside), 1),))
    if what == "log pi":
        return of(product(((symbol("dpi", name, places), 1),), ((symbol("pi", name, places), -1),)))
    if what == "sum":
        bound, monomial = inside
        names = {p: f"{p[0]}#{j + 1}" for j, p in enumerate(bound)}
        result: Poly = {}
        for (c, changed), v in differentiated(renamed_inside(monomial, names)).items():
            found = reduced(list(names.values()), changed)
            if found is not None:
                put(result, (c, found), v)
        return result
    raise Refused(f"the gradient of {what}")


def differentiated(monomial: Monomial) -> Poly:
    """The product rule."""
    result: Poly = {}
    for f, e in monomial:
        rest = product(monomial, ((f, -1),))
        for (c, changed), v in derivative(f).items():
            put(result, (c, product(rest, changed)), v * e)
    return result


# -- rewards in the coordinates of a policy -------------------------------------------------------------------


def reward(policy: str, when: Tuple, later: Tuple, places: Tuple) -> Poly:
    """r(s,a,x) = V(s) + A(s,a) - gamma V'(x) + eps(s,a,x), V' = V_{H+1} = 0 after the last step."""
    s, a, x = places
    parts = [of(((symbol("V", policy, (s,), when), 1),)), of(((symbol("A", policy, (s, a), when), 1),)),
             of(((symbol("eps", policy, places, when), 1),))]
    if later != LAST_TIME:
        parts.append(of(((symbol("V", policy, (x,), later), 1),), {central("gamma", 1): -1}))
    return add(parts)


def in_coordinates(poly: Poly, policy: str, when: Tuple, later: Tuple) -> Poly:
    """Every r in coordinates; after gradients have been taken, for a reward does not depend on theta."""
    todo, done = list(poly.items()), dict[Any, Any]()
    while todo:
        (c, monomial), v = todo.pop()
        found = next((one for one in monomial if rewards_in(one[0])), None)
        if found is None:
            put(done, (c, monomial), v)
            continue
        f, e = found
        if e < 0 or any(k < 0 and g[0] in ("V", "A", "eps") for g, k in monomial):
            raise Refused("division by a reward or a value")
        if len(todo) > MOST_TERMS:
            raise Refused(f"more than {MOST_TERMS} summands in coordinates")
        rest = product(monomial, ((f, -1),))
        if f[0] == "r":
            parts = reward(policy, when, later, f[3])
        else:
            names = {p: f"{p[0]}#{j + 1}" for j, p in enumerate(f[4][0])}
            parts = {}
            inner = in_coordinates(of(renamed_inside(f[4][1], names)), policy, when, later)
            for (d, changed), w in inner.items():
                image = reduced(list(names.values()), changed)
                if image is not None:
                    put(parts, (d, image), w)
        todo += [((product(c, d), product(rest, changed)), v * w) for (d, changed), w in parts.items()]
    return done


def rewards_in(f: Symbol) -> bool:
    return f[0] == "r" or (f[0] == "sum" and any(rewards_in(g) for g, _ in f[4][1]))


# -- from terms -----------------------------------------------------------------------------------------------


class Reading:
    """A term as a polynomial: numbers, + * ^ / grad and log of products, alike for everything that is read."""

    joined: Callable[[Any, Any], Any] = staticmethod(product)
    one: Any = ()

    def read(self, t: Term) -> Poly:
        head = t[0]
        if head == "num":
            return of(self.one, number(t[1] if t[2] == 1 else Fraction(t[1], t[2])))
        if head in ("gamma", "m"):
            return of(self.one, {central(head, 1): 1})
        if head == "f" and len(t) == 2:
            return of(self.one, {central(NAMED + t[1], 1): 1})
        if head == "+":
            return add(map(self.read, t[1:]))
        if head == "^" and abs(t[2]) > MOST_POWER:
            raise Refused(f"a power above {MOST_POWER}")
        if head in ("*", "^"):
            result = of(self.one)
            for x in t[1:] if head == "*" else (t[1],) * abs(t[2]):
                result = self.times(result, self.read(x) if head == "*" or t[2] > 0 else self.inverse(x))
            return result
        if head == "/":
            return self.times(self.read(t[1]), self.inverse(t[2]))
        if head == "grad":
            return self.gradient(self.read(t[1]))
        if head == "log":
            return self.log(t[1])
        if head == "trace":  # along one direction (wellformed)
            return self.read(t[1])
        return self.atom(t)

    def times(self, one: Poly, two: Poly) -> Poly:
        return multiply(one, two, self.joined)

    def inverse(self, t: Term) -> Poly:
        return inverse(self.read(t))

    def gradient(self, poly: Poly) -> Poly:
        return add(scaled(differentiated(monomial), {c: v}) for (c, monomial), v in poly.items())

    def log(self, t: Term) -> Poly:
        """log(f g) = log f + log g, log f^n = n log f: t > 0 is owed, and the factors that are read are >= 0."""
        head = t[0]
        if head == "*":
            return add(map(self.log, t[1:]))
        if head == "/":
            return add([self.log(t[1]), negative(self.log(t[2]))])
        if head == "^":
            return scaled(self.log(t[1]), number(t[2]))
        if head in ("num", "+", "sum") and (found := self.read(t)).keys() == {((), self.one)}:
            return self.log_of_number(Fraction(found[(), self.one]))
        if head == "f" and len(t) == 2:
            return of(self.one, {central(f"{LOG_OF}{t[1]}", 1): 1})
        return self.log_atom(t)

    def log_of_number(self, value: Number) -> Poly:
        """The sum of the logarithms of its prime factors, a number each of which nothing more is known."""
        result, sizes = Poly(), {1: value.numerator, -1: value.denominator}
        if min(sizes.values()) < 1 or max(sizes.values()) > MOST_FACTORED:
            raise Refused("the logarithm of such a number")
        for sign, size in sizes.items():
            p = 2
            while size > 1:
                if size % p:
                    p = p + 1 if p * p <= size else size
                    continue
                size //= p
                put(result, (central(f"{LOG_PRIME}{p}", 1), self.one), sign)
        return result

    def atom(self, t: Term) -> Poly:
        raise Refused(f"{t[0]} here")

    def log_atom(self, t: Term) -> Poly:
        raise Refused(f"the logarithm of {t[0]}")


class Local(Reading):
    """Terms without trajectories; ``place`` and ``moment`` say what places and the times of values are."""

    def __init__(self, place: Callable[[Tuple], str] | None = None, moment: Callable[[Tuple], Tuple] | None = None):
        self.places: dict[Tuple, str] = {}
        self.given, self.moment, self.fresh = place, moment or moment_of, 0

    def place(self, x: Tuple) -> str:
        if x in self.places:
            return self.places[x]
        if self.given is not None:
            return self.given(x)
        if x[0] not in ("state", "action"):
            raise Refused("a place of a trajectory")
        return f"{x[0][0]}.{x[1]}"

    def atom(self, t: Term) -> Poly:
        head = t[0]
        if head == "sum" and t[1][0] in ("state", "action"):
            self.fresh += 1
            index, body = opened(t, f"#{self.fresh}")
            self.places[index] = token = f"{index[0][0]}!{self.fresh}"
            result: Poly = {}
            for (c, monomial), v in self.read(body).items():
                found = over(token, monomial)
                if found is not None:
                    put(result, (c, found), v)
            return result
        if head == "gamma^":
            _, n, parts = t[1]
            named = [("H" if base == "H" else f".{base[1]}", k) for base, k in parts]
            powers = tuple(sorted((symbol("gamma^", name, ()), k) for name, k in named))
            return of(powers, {central("gamma", n): 1})
        if head == "V":
            when = self.moment(t[2])
            return {} if when == LAST_TIME else of(((symbol("V", t[1], (self.place(t[3]),), when), 1),))
        if head in ("mu", "P", "r"):
            return of(((symbol(head, "", tuple(map(self.place, t[1:]))), 1),))
        if head in ("pi", "f"):
            return of(((symbol(head, t[1], tuple(map(self.place, t[2:]))), 1),))
        raise Refused(f"{head} beside sums over states and actions")

    def log_atom(self, t: Term) -> Poly:
        if t[0] not in ("mu", "P", "pi"):
            raise Refused(f"the logarithm of {t[0]}")
        ((((_, name, _, places, _), _),),) = (key for _, key in self.atom(t))
        return of(((symbol(f"log {t[0]}", name, places), 1),))


def moment_of(t: Tuple) -> Tuple:
    """A time as (what it is counted from, number)."""
    if t == INF:
        return ("inf", 0)
    if t == time(t[1], ("H", 1)):
        return ("H", t[1])
    return (repr(t[2]) if t[2] else "", t[1])


