"""Random pairs about products of means over the next state, some drawn: what becomes an equation holds."""

from __future__ import annotations

from random import Random

import pytest
from claims_unfolding import A_, S
from claims_values import next_mean
from kernel_claims import verdict
from kernel_letters import FALSE, NONE, TRUE, Claim, at_sizes, c, e, f, g, q
from random_claims import tally
from sympy import Expr

from derive.language.vocabulary import a, expect, gamma, grad, mu, pi, s, t, tau, total
from derive.procedures.decision import Shown

SIZES = at_sizes((1, 2, 0), (2, 2, 0), (2, 2, 1))["sizes"]
OF_STATES = (f, c)


def of_the_step(rng: Random, depth: int) -> Expr:
    """A polynomial in functions of (s_t, a_t), means over what follows among them."""
    if depth:
        one, two = of_the_step(rng, depth - 1), of_the_step(rng, depth - 1)
        return one * two if rng.random() < 0.6 else one + rng.choice([1, 2, gamma]) * two
    over_actions = total(e, pi(e | S[t]) * q(S[t], e))
    return rng.choice([next_mean(f, t), next_mean(f, t), next_mean(c, t), over_actions, f(S[t]), g(A_[t]),
                       pi(A_[t] | S[t])])


def pair(seed: int) -> Claim:
    """E[u(s_t, a_t) E[h(s_{t+1}) | s_t, a_t]] = E[u(s_t, a_t) h(s_{t+1})], at one time or all, or a twin of it."""
    rng = Random(seed)
    beside, h, near = of_the_step(rng, rng.randint(0, 2)), rng.choice(OF_STATES), rng.random() < 0.5
    if rng.random() < 0.3:
        one, two = beside * total(e, pi(e | S[t]) * q(S[t], e)), beside * q(S[t], A_[t])
        near = near or beside.subs(A_[t], A_[0]) != beside  # the action is used again
    else:
        one, two = beside * next_mean(h, t), beside * h(S[t + 1])
    if near:
        two = rng.choice([two * next_mean(h, t), two + beside, two * f(S[t]), two.subs(h(S[t + 1]), h(S[t])) + f(S[t])])
    one, two = (total(t, gamma**t * side) if seed % 2 else side.subs(t, 0) for side in (one, two))
    before, after = expect(tau, one), expect(tau, two)
    if rng.random() < 0.3:
        before, after = grad(before), grad(after)
    return Claim(f"tower {seed}", before, after, frozenset(NONE), FALSE if near else TRUE, sizes=SIZES)


def test_a_square_on_both_sides_of_a_sum_over_everything() -> None:
    before = expect(tau, next_mean(f) ** 2 * next_mean(c))
    after = total(s, mu(s) * total(a, pi(a | s) * next_mean(f).subs({S[0]: s, A_[0]: a}) ** 2
                                   * next_mean(c).subs({S[0]: s, A_[0]: a})))
    assert isinstance(verdict(Claim("", before, after, frozenset(NONE), TRUE)), Shown)


@pytest.mark.slow
def test_random_means_over_the_next_state() -> None:
    counts = tally(map(pair, range(50)), sizes=3)
    assert counts["shown, true"] > 0.9 * counts["true"] > 10
    assert counts["not shown, false"] > 0.7 * counts["near"] > 10


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_three_thousand_means_over_the_next_state(batch: int) -> None:
    tally(map(pair, range(1000 + 300 * batch, 1300 + 300 * batch)), sizes=3)
