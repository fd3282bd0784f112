"""Random pairs about a prefix of the trajectory, with states and actions free: what becomes an equation holds."""

from __future__ import annotations

from random import Random

import pytest
from claims_unfolding import A_, S
from kernel_letters import FALSE, TRUE, Claim, at_sizes, e, f, g
from random_claims import tally
from sympy import Expr

from derive.language.assumptions import horizon_at_least
from derive.language.vocabulary import P, a, expect, gamma, grad, mu, pi, r, s, same, tau, total, x

LETTERS = (s, a, x, e)
PLACES = (S[0], A_[0], S[1], A_[1])
LAW = (mu(s), pi(a | s), P(x | s, a), pi(e | x))
"""The probability of each step of the prefix, given the steps before."""
SIZES = at_sizes((1, 2, 1), (2, 2, 1), (2, 2, 2))["sizes"]


def function(rng: Random, length: int, depth: int = 2) -> Expr:
    """A polynomial in functions of the first ``length`` letters of the prefix."""
    if depth and rng.random() < 0.6:
        left, right = function(rng, length, depth - 1), function(rng, length, depth - 1)
        return left + rng.choice([1, 2, gamma]) * right if rng.random() < 0.6 else left * right
    known = [f(s), g(a), pi(a | s), f(x), r(s, a, x), g(e), pi(e | x)]
    return rng.choice(known[:(1, 3, 5, 7)[length - 1]])


def along(term: Expr) -> Expr:
    """The function with the places of the trajectory in place of the letters."""
    return term.subs(dict(zip(LETTERS, PLACES, strict=True)))


def law(rng: Random) -> tuple[Expr, Expr]:
    """Two ways to write the mean of a function on the event that some places of a prefix are the letters."""
    length = rng.randint(1, 4)
    body = function(rng, length)
    held = [rng.random() < 0.6 for _ in range(length)]
    before, after = along(body), body
    for place, letter, fixed in zip(PLACES, LETTERS, held, strict=False):
        if fixed:
            before = same(place, letter) * before
    for letter, probability, fixed in reversed(list(zip(LETTERS[:length], LAW, held, strict=False))):
        after = probability * after if fixed else total(letter, probability * after)
    before = expect(tau, before)
    return (grad(before), grad(after)) if rng.random() < 0.3 else (before, after)


def exchanged(rng: Random, term: Expr) -> Expr:
    """The term with one function of a letter that is free in it taken at another one."""
    swaps = [(f(s), f(x)), (f(x), f(s)), (g(a), g(e)), (g(e), g(a)), (pi(a | s), pi(e | s)), (pi(e | x), pi(a | x)),
             (P(x | s, a), P(s | x, a)), (P(x | s, a), P(x | s, e)), (mu(s), mu(x)), (gamma, 1)]
    rng.shuffle(swaps)
    for old, new in swaps:
        if (changed := term.subs(old, new)) != term:
            return changed
    return term + f(s)


def pair(seed: int) -> Claim:
    rng = Random(seed)
    before, after = law(rng)
    near = rng.random() < 0.5
    if near:
        after = exchanged(rng, after)
    return Claim(f"prefix {seed}", before, after, frozenset([horizon_at_least(1)]), FALSE if near else TRUE, first=1,
                 sizes=SIZES)


@pytest.mark.slow
def test_random_functions_of_a_prefix() -> None:
    counts = tally(map(pair, range(50)), sizes=3)
    assert counts["shown, true"] > 0.9 * counts["true"] > 10
    assert counts["not shown, false"] > 0.7 * counts["near"] > 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_three_thousand_functions_of_a_prefix(batch: int) -> None:
    counts = tally(map(pair, range(1000 + 300 * batch, 1300 + 300 * batch)), sizes=3)
    assert counts["shown, true"] > 0.9 * counts["true"]
