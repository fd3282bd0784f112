"""The letters that claims about the kernel are written with, and what a claim is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from derive.language.assumptions import (
    POSSIBLE,
    Assumption,
    additive_return,
    discount_below_one,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
)
from derive.language.expression import as_term
from derive.language.terms import Action, Draw, Policy, State, Time
from derive.language.vocabulary import (
    function,
    gamma,
    grad,
    log,
    pi,
    r,
    ratio,
    tau,
)

TRUE, FALSE, UNDEFINED, DIVERGENT, MALFORMED = "true", "false", "undefined", "divergent", "malformed"
"""What a claim is: equal wherever the assumptions hold; different somewhere; without a value somewhere where the
assumptions hold, for a quotient or a logarithm, or for an infinite sum; no equation at all."""


@dataclass(frozen=True, slots=True)
class Claim:
    """before = after under assumptions, and what is true of it.

    The name begins with the row of a table that it is a twin for. ``first`` and ``samples``: the first horizon and the
    least m that the terms have. ``owes``: the kinds of obligations of one that is equal where it has a value; without
    them nothing may be shown. ``sizes``: the shapes (|S|, |A|, H, m) on which it is tried. ``part``: what diverges, if
    it is not the first side.
    """

    name: str
    before: Expr
    after: Expr
    assumes: frozenset[Assumption]
    truth: str
    first: int = 0
    samples: int = 1
    owes: tuple[str, ...] = ()
    sizes: tuple[tuple[int, ...], ...] = ()
    part: Expr | None = None


def claims(row: str, *rows: tuple[Any, ...]) -> list[Claim]:
    """(name, before, after, assumptions, truth) and options, as claims of one row."""
    result = []
    for name, before, after, assumes, truth, *options in rows:
        settings: dict[str, Any] = options[0] if options else {}
        result.append(Claim(f"{row}: {name}", as_term(before), as_term(after), frozenset(assumes), truth, **settings))
    return result


def at_sizes(*sizes: tuple[int, ...]) -> dict[str, Any]:
    """Where a difference is to be looked for."""
    return {"sizes": sizes}


NONE: Iterable[Assumption] = ()
PP, ADD, IID = [policy_positive], [additive_return], [iid_samples]
DP, MP = [dynamics_positive], [initial_positive]
ALL = [policy_positive, initial_positive, dynamics_positive]
LT1, END, POSS = [discount_below_one], [additive_return, discount_below_one], [POSSIBLE]

beta = Policy("beta")
b, f, c, g, q, h, z = (function(name) for name in ("b", "f", "c", "g", "q", "h", "z"))
"""Of a state: b, f, c; of an action: g; of both: q, z; of both and a state: h."""
y, w, e, d = State("y"), State("w"), Action("e"), Action("d")
u, j = Time("u"), Draw("j")


def score(at: Any, *, policy: Policy = pi, path: Any = tau) -> Expr:
    """grad log pi(a_t|s_t)."""
    return grad(log(policy(path.a[at] | path.s[at])))


def reward(at: Any, *, path: Any = tau) -> Expr:
    """r(s_t, a_t, s_{t+1})."""
    return r(path.s[at], path.a[at], path.s[at + 1])


def rho(at: Any) -> Expr:
    """pi(a_t|s_t) / beta(a_t|s_t)."""
    return ratio(pi(tau.a[at] | tau.s[at]), beta(tau.a[at] | tau.s[at]))


def pair(at: Any) -> Expr:
    """q(s_t, a_t)."""
    return q(tau.s[at], tau.a[at])


def discounted(at: Any) -> Expr:
    """gamma^t r_t."""
    return gamma**at * reward(at)
