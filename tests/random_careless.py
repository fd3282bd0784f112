"""Random bodies at any places, rewritten carelessly: whether a pair is equal is for the evaluation on models to say.

A rewriting that looks at what stands beside a sum, and not at the sum itself, is caught by bodies that join any places.
"""

from __future__ import annotations

from random import Random
from typing import Any

from kernel_letters import beta, c, e, f, g, h, q, w, y, z
from random_places import PlacedPair, Twin, actions, both, differentiated
from sympy import Expr, Integer

from derive import d, p
from derive.language.assumptions import (
    Assumption,
    additive_return,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.expression import as_term
from derive.language.terms import Policy
from derive.language.vocabulary import (
    P,
    V,
    a,
    b,
    expect,
    forever,
    gamma,
    grad,
    k,
    log,
    mu,
    pi,
    r,
    s,
    same,
    t,
    tau,
    total,
    x,
)

SIGNATURES = {f: "s", c: "s", g: "a", q: "sa", z: "sa", both: "ss", actions: "aa", h: "sas"}
Atom = tuple[Any, tuple[Any, ...]]


class Careless:
    """Bodies of atoms at any places near a step, some of which are rewritten as sums over letters, rightly or not."""

    def __init__(self, rng: Random, *, endless: bool) -> None:
        self.rng, self.endless = rng, endless
        self.at: Any = k if endless or rng.random() < 0.5 else rng.choice([Integer(0), Integer(1)])
        n = self.at
        self.pools = {"s": [tau.s[n], tau.s[n], tau.s[n + 1], tau.s[n + 1]], "a": [tau.a[n]]}
        if n != 0 and not (endless or n == k):
            self.pools["s"].append(tau.s[0])
            self.pools["a"].append(tau.a[0])
        self.policy = rng.choice([pi, pi, beta])

    def atom(self) -> Atom:
        one = self.rng.choice(list(SIGNATURES))
        return one, tuple(self.rng.choice(self.pools[sort]) for sort in SIGNATURES[one])

    def special(self) -> Expr:
        n, S, chosen, after = self.at, tau.s[self.at], tau.a[self.at], tau.s[self.at + 1]
        now, then = (V, V) if self.endless else (V[n], V[n + 1])
        return self.rng.choice([Integer(1)] * 5 + [
            now(S), then(after), now(S, policy=beta), grad(log(pi(chosen | S))), grad(now(S)), gamma**2, r(S, chosen,
         after),
            then(after, policy=beta), total(e, grad(pi(e | S)) * z(S, e)), total(w, P(w | S, chosen) * then(w))])

    def changed(self, atoms: list[Atom], old: Any, new: Any) -> list[Atom]:
        """Some occurrences of a place replaced, most often all."""
        rate = self.rng.choice([1, 1, 1, 0.6])
        return [(one, tuple(new if place == old and self.rng.random() < rate else place for place in places))
                for one, places in atoms]

    def sides(self) -> Twin:
        rng, S, chosen, after = self.rng, tau.s[self.at], tau.a[self.at], tau.s[self.at + 1]
        atoms = [self.atom() for _ in range(rng.choice([1, 2, 2, 3]))]
        special = self.special()
        left = _product(special, atoms)
        which = rng.choice(["next", "next", "action", "action", "both", "point", "point"])
        inside, beside = list(atoms), list[Atom]()
        if rng.random() < 0.4 and len(atoms) > 1:
            inside, beside = atoms[:1], atoms[1:]
        law = rng.choice([self.policy] * 4 + [pi, beta])
        if which == "next":
            inside = self.changed(inside, after, y)
            right = total(y, P(y | S, chosen) * _product(Integer(1), inside))
        elif which == "action":
            inside = self.changed(inside, chosen, e)
            right = total(e, law(e | S) * _product(Integer(1), inside))
        elif which == "both":
            inside = self.changed(self.changed(inside, chosen, e), after, y)
            right = total(e, law(e | S) * total(y, P(y | S, rng.choice([e, e, e, chosen])) * _product(
                Integer(1), inside)))
        else:
            place = rng.choice([S, after])
            inside = self.changed(inside, place, x)
            right = total(x, same(x, place) * _product(Integer(1), inside))
        return self.closed(left), self.closed(special * right * _product(Integer(1), beside))

    def closed(self, body: Expr) -> Expr:
        mean = expect(tau, body, policy=self.policy)
        if self.at != k:
            return mean
        return total(k, gamma**k * mean, stop=forever) if self.endless else total(k, gamma**k * mean)


def _product(first: Expr, atoms: list[Atom]) -> Expr:
    for one, places in atoms:
        first = first * one(*places)
    return first


class CarelessLocal:
    """Sums over letters of atoms at any letters, and a rewriting by a law of sums, rightly or not."""

    def __init__(self, rng: Random, *, endless: bool) -> None:
        self.rng, self.endless = rng, endless
        self.letters = {"s": [s, y, x], "a": [a, e]}
        self.gradients = 0

    def any(self, sort: str) -> Any:
        return self.rng.choice(self.letters[sort])

    def value(self, place: Any, policy: Policy = pi) -> Expr:
        return V(place, policy=policy) if self.endless else V[t](place, policy=policy)

    def atom(self) -> Expr:
        one, two, chosen, policy = self.any("s"), self.any("s"), self.any("a"), self.rng.choice([pi, pi, beta])
        ways = [f(one), q(one, chosen), both(one, two), P(one | two, chosen), policy(chosen | one),
         policy(chosen | one),
                mu(one), same(one, two), g(chosen), P(one | two, chosen), same(chosen, self.any("a"))]
        if self.rng.random() < 0.15:
            ways = [self.value(one, policy)]
        elif not self.gradients and self.rng.random() < 0.2:
            self.gradients = 1
            ways = [grad(pi(chosen | one)), grad(self.value(one)), grad(d(one) if self.endless else p[t](one))]
        elif self.rng.random() < 0.15:
            ways = [d(one, policy=policy) if self.endless else p[self.rng.choice([t, t + 1])](one, policy=policy)]
        return self.rng.choice(ways)

    def sides(self) -> Twin:
        rng = self.rng
        atoms = [self.atom() for _ in range(rng.choice([2, 3, 3, 4]))]
        bound = [one for one in rng.sample([s, y, a, e], rng.choice([2, 3, 3,
         4])) if any(atom.has(one) for atom in atoms)]
        left, right = list(atoms), list(atoms)
        one, chosen = self.any("s"), self.any("a")
        which = rng.choice(["one", "one", "point", "point", "order", "letter", "twice"])
        if which == "one":  # a sum that is 1 put in
            right.append(rng.choice([total(w, P(w | one, chosen)), total(b, pi(b | one)), total(
                w, same(w, one)), total(w, P(w | one, chosen) * total(b, beta(b | w))),
                total(w, mu(w)), total(w, P(one | w, chosen)) if rng.random() < 0.3 else total(w, same(one, w))]))
        elif which == "point":  # a letter by another, under an indicator
            n = rng.randrange(len(right))
            right[n] = total(w, same(w, one) * right[n].xreplace({one: w}))
        elif which == "letter":
            n = rng.randrange(len(right))
            right[n] = right[n].xreplace({one: self.any("s"), chosen: self.any("a")})
        elif which == "twice":
            left.append(same(one, s))
            right.append(same(s, one) * rng.choice([same(one, s) * 1, same(s, s), f(one) * 0 + 1]))
        inner = list(bound)
        if which == "order":
            rng.shuffle(inner)
        return self.closed(left, bound), self.closed(right, inner)

    def closed(self, atoms: list[Expr], bound: list[Any]) -> Expr:
        body: Expr = as_term(1)
        for one in atoms:
            body = body * one
        for letter in bound:
            body = total(letter, body)
        return body


def careless_pair(seed: int) -> PlacedPair:
    """A mean and a careless rewriting of it; whether they are equal is for models to say."""
    rng = Random(f"careless {seed}")
    endless = rng.random() < 0.3
    maker = Careless if rng.random() < 0.6 else CarelessLocal
    one, two = maker(rng, endless=endless).sides()
    if rng.random() < 0.25 and not differentiated(one):
        one, two = grad(one), grad(two)
    assumes: set[Assumption] = {additive_return} | ({discount_below_one} if endless else set())
    if rng.random() < 0.4:
        assumes |= {policy_positive, initial_positive, dynamics_positive}
    return PlacedPair(as_term(one), as_term(two), frozenset(assumes), endless, False, "careless")
