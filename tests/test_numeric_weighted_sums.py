"""Automata on an MDP in floats against the enumeration of the term that they were compiled from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sympy import Expr

from derive.assumptions import (
    VOCABULARY,
    additive_return,
    dynamics_positive,
    initial_positive,
    policy_positive,
    possible,
)
from derive.errors import OutsideFragment, Undefined, WorkLimit
from derive.language.expression import as_term
from derive.language.signature import signature
from derive.language.terms import Policy
from derive.language.typing import rank
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    expect,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mean,
    mu,
    pi,
    prod,
    r,
    ratio,
    samples,
    t,
    tau,
    total,
    variance,
)
from derive.models import Shape
from derive.numeric import weighted_sums
from derive.numeric.instances import Instance, random_instance
from derive.numeric.interpretation import value
from derive.numeric.weighted_sums import WeightedSums
from derive.procedures.everywhere import Sides
from derive.strategies import terms

beta, b, q, w = Policy("beta"), function("b"), function("q"), function("w")
POSITIVE = [policy_positive, initial_positive, dynamics_positive]


def score(at: Any) -> Expr:
    return grad(log(pi(tau.a[at] | tau.s[at])))


def reward(at: Any) -> Expr:
    return r(tau.s[at], tau.a[at], tau.s[at + 1])


def made(term: Expr, shape: Shape, seed: int = 0, **options: Any) -> Instance:
    rng = np.random.default_rng(seed)
    return random_instance(rng, shape, signature(term), assumptions=[additive_return], **options)


def both(term: Expr, instance: Instance, known: Any = POSITIVE, number: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """The automata's value along random directions, and the enumeration's."""
    mdp = instance.mdp
    table = np.random.default_rng(5).normal(size=(number, mdp.states, mdp.actions))
    sides = Sides([additive_return, *known])
    found = WeightedSums(instance, table).polynomial(sides.forms.form(term), sides.forms.atoms)
    gradient = np.asarray(value(term, instance, possible_only=possible(tau) in known))
    flat = table.reshape(number, -1)
    return found.value, flat @ gradient if rank(term) else np.full(number, float(gradient))


ratios = prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=t)
TERMS: dict[str, Any] = {
    "objective": grad(J),
    "score and return": expect(tau, total(t, score(t)) * R(tau)),
    "a sum over all trajectories": total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
    "to go": expect(tau, total(t, score(t) * total(k, gamma ** (k - t) * reward(k), start=t))),
    "Q": expect(tau, total(t, gamma**t * score(t) * Q[t](tau.s[t], tau.a[t]))),
    "A of another policy": expect(tau, total(t, score(t) * A[t](tau.s[t], tau.a[t], policy=beta))),
    "errors": expect(
        tau, total(t, gamma**t * score(t) * (reward(t) + gamma * V[t + 1](tau.s[t + 1]) - V[t](tau.s[t])))),
    "V at the start": expect(tau, V[0](tau.s[0]) * b(tau.s[1])),
    "baselines": expect(tau, total(t, score(t) * (b(tau.s[t]) - b(tau.s[t + 1]) + q(tau.s[t], tau.a[t])))),
    "a function of a step": expect(tau, total(t, score(t) * w(tau.s[t], tau.a[t], tau.s[t + 1]))),
    "the last state": expect(tau, score(0) * b(tau.s[H + 1])),
    "literal times": expect(tau, score(1) * q(tau.s[1], tau.a[1]) * b(tau.s[2])),
    "ratios": expect(tau, total(t, gamma**t * ratios * score(t) * reward(t)), policy=beta),
    "logarithms": expect(tau, score(0) * total(t, log(pi(tau.a[t] | tau.s[t])) + log(mu(tau.s[0])))),
    "logarithm of a transition": expect(tau, total(t, log(P(tau.s[t + 1] | tau.s[t], tau.a[t])))),
    "a reciprocal": expect(tau, ratio(1, mu(tau.s[0])) * score(0) * b(tau.s[1])),
    "a product of sums": expect(tau, b(tau.s[0])) * grad(J) * J,
    "a variance": variance(tau, R(tau)),
    "discounts of H": gamma**H * expect(tau, score(0) * b(tau.s[1])),
    "samples": expect(samples, mean(i, grad(log(P(samples[i]))) * R(samples[i]))),
    "too many samples": expect(samples, total(i, grad(log(P(samples[i]))) * R(samples[i]))),
    "a number of samples": ratio(1, m) * grad(J) * m * m,
    "nothing": expect(tau, 0 * score(0)),
}


@pytest.mark.parametrize("shape", [Shape(2, 2, 1), Shape(2, 3, 1), Shape(3, 2, 2)], ids=str)
@pytest.mark.parametrize("name", TERMS)
def test_terms_have_the_value_of_their_enumeration(name: str, shape: Shape) -> None:
    term = as_term(TERMS[name])
    shape = Shape(2, 2, 1, 2) if signature(term).samples else shape
    found, expected = both(term, made(term, shape))
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)
    assert (np.abs(expected).max() > 1e-3) == (name != "nothing")


@pytest.mark.parametrize("name", ["score and return", "to go", "Q", "baselines", "a product of sums"])
def test_impossible_trajectories_count_for_nothing(name: str) -> None:
    term = as_term(TERMS[name])
    for seed in range(4):
        instance = made(term, Shape(3, 2, 1), seed, zeros=True)
        found, expected = both(term, instance, [possible(tau)])
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_a_planted_error_is_seen() -> None:
    """The twin: V one step late, and a derivative without its mean."""
    class Late(WeightedSums):
        def _valued(self, name: str) -> Any:
            v, advantage = super()._valued(name)
            return np.roll(v, 1, axis=0), advantage

    class Uncentred(WeightedSums):
        def _derivative(self, name: str) -> Any:
            return self._policy(name) * self.directions

    for wrong, name in ((Late, "errors"), (Uncentred, "baselines")):
        term = as_term(TERMS[name])
        instance, sides = made(term, Shape(2, 2, 2)), Sides([additive_return, *POSITIVE])
        table = np.random.default_rng(5).normal(size=(3, 2, 2))
        found = wrong(instance, table).polynomial(sides.forms.form(term), sides.forms.atoms)
        assert found.value != pytest.approx(both(term, instance)[1], rel=1e-6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(terms(rank=1, depth=3) | terms(depth=3), st.integers(0, 99))
def test_random_terms_have_the_value_of_their_enumeration(term: Expr, seed: int) -> None:
    instance = made(term, Shape(2, 2, 1), seed)
    try:
        found, expected = both(term, instance)
    except (OutsideFragment, WorkLimit):
        assume(False)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_size_bounds_the_rounding() -> None:
    """A difference of large numbers: the value is lost in rounding, and the size says so."""
    term = as_term(expect(tau, 10**9 * b(tau.s[0]) * score(0)) - expect(tau, 10**9 * score(0) * b(tau.s[0])))
    instance, sides = made(term, Shape(2, 2, 1)), Sides([additive_return, *POSITIVE])
    found = WeightedSums(instance, np.ones((1, 2, 2)) * [[1.0, 2.0]]).polynomial(
        sides.forms.form(term), sides.forms.atoms)
    assert np.abs(found.value).max() <= np.finfo(float).eps * 8 * found.size.max()
    assert found.size.min() > 1e6


def test_what_has_no_value_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    inverse = as_term(expect(tau, ratio(1, b(tau.s[0])) * score(0)))
    instance = made(inverse, Shape(2, 2, 1))
    zero = replace(instance, functions={("b", ("state",)): np.array([0.0, 1.0])})
    with pytest.raises(Undefined, match="a division by f"):
        both(inverse, zero)
    logarithm = as_term(expect(tau, log(b(tau.s[0])) * score(0)))
    with pytest.raises(Undefined, match="the logarithm of f"):
        both(logarithm, zero)
    still = WeightedSums(replace(instance, mdp=replace(instance.mdp, gamma=0.0)), np.ones((1, 2, 2)))
    assert still.weight({(0, 0): 2, (1, 0): 5}) == 2
    with pytest.raises(Undefined, match="negative power of the discount"):
        still.weight({(-1, 0): 1})
    arbitrary, closed = Sides(POSITIVE), Sides([additive_return, *POSITIVE])
    form = arbitrary.forms.form(grad(J))
    with pytest.raises(OutsideFragment, match="a power of an arbitrary return"):
        still.polynomial(form, arbitrary.forms.atoms)
    form = closed.forms.form(as_term(expect(tau, score(t))))
    with pytest.raises(OutsideFragment, match="a free time"):
        still.polynomial(form, closed.forms.atoms)
    monkeypatch.setattr(weighted_sums, "MOST_WORK", 100)
    with pytest.raises(WorkLimit):
        both(grad(J), instance)


def test_the_vocabulary_of_assumptions_compiles_no_closed_term_differently() -> None:
    """All assumptions at once, as an MDP without zeros satisfies them."""
    term = as_term(TERMS["ratios"])
    instance = made(term, Shape(2, 2, 1))
    one, two = both(term, instance, VOCABULARY), both(term, instance)
    assert one[0] == pytest.approx(two[0])
