"""Random means with other means as constants inside them, finite and without end, against the same taken out."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from kernel_letters import ADD, END, FALSE, TRUE, Claim, b, beta, discounted, f, g, q, score
from random_claims import tally
from sympy import Expr, Integer

from derive.language.vocabulary import J, V, expect, forever, gamma, grad, k, mu, s, t, tau, total

SIZES = ((1, 2, 1), (2, 2, 1))


def constants(last: Any) -> list[Expr]:
    """Numbers of the same letters as what they stand beside."""
    return [
        J, expect(tau, total(t, gamma**t * b(tau.s[t]), stop=last)),
        expect(tau, f(tau.s[1]) * g(tau.a[0]), policy=beta),
        expect(tau, total(k, gamma**k * total(t, gamma**t * b(tau.s[t]), stop=k), stop=last)), total(s, mu(s) * f(s)),
        expect(tau, f(tau.s[0])) * J, *([expect(tau, V(tau.s[0], policy=beta))] if last is forever else [])]


def body(rng: Random, last: Any, inside: Expr) -> Expr:
    """A sum over t, perhaps with one over k in it, of functions of the trajectory; constants beside each."""
    summand = rng.choice([discounted(t), gamma**t * f(tau.s[t]), gamma**t * q(tau.s[t], tau.a[t])]) * inside
    if rng.random() < 0.5:
        start = rng.choice([0, t])
        later = total(k, gamma**k * b(tau.s[k]), start=start, stop=last)
        summand = summand * later if rng.random() < 0.5 else summand + gamma**t * inside * later
    return total(t, summand, stop=last)


def pair(seed: int) -> Claim:
    rng = Random(f"constants/{seed}")
    last = forever if rng.random() < 0.5 else None
    one, two = rng.sample(constants(last), 2)
    near, derived = rng.random() < 0.5, rng.random() < 0.3
    state = rng.getstate()
    before = expect(tau, body(rng, last, one))
    rng.setstate(state)
    outside = expect(tau, body(rng, last, Integer(1)))
    other = two if near and seed % 2 else one + one if near else one
    after = other * outside
    if derived:
        before, after = grad(before), grad(after)
        if rng.random() < 0.5:  # a constant beside a score is a baseline
            before = before + expect(tau, score(0) * one)
    return Claim(f"constant {seed}", before, after, frozenset(END if last is forever else ADD), FALSE if near else TRUE,
                 sizes=((1, 2, 3), (2, 2, 3)) if last is forever else SIZES)


@pytest.mark.slow
def test_random_constants_in_means() -> None:
    counts = tally(map(pair, range(16)))
    assert counts["shown, true"] > 0.7 * counts["true"] > 3
    assert counts["near"] > 4


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_two_thousand_constants_in_means(batch: int) -> None:
    counts = tally(map(pair, range(1000 + 200 * batch, 1200 + 200 * batch)))
    assert counts["shown, true"] > 0.7 * counts["true"]
