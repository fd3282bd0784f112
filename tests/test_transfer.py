"""Automata on an MDP in floats against the enumeration of the term that they were read from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sympy import Expr

from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import (
    VOCABULARY,
    additive_return,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
    possible,
    undiscounted,
)
from derive.language.expression import as_term
from derive.language.models import Shape
from derive.language.ranks import rank
from derive.language.signature import signature
from derive.language.terms import Policy
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
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
    x,
)
from derive.numeric.instances import Instance, random_instance
from derive.numeric.interpretation import value
from derive.procedures.encoding import Encoding, context_of
from derive.testing.strategies import terms
from derive.transfer import floats
from derive.transfer.floats import Amount, AtInstance
from derive.transfer.floats import value as by_transfer

beta, b, q, w, u = Policy("beta"), function("b"), function("q"), function("w"), function("u")
POSITIVE = [policy_positive, initial_positive, dynamics_positive]


def score(at: Any) -> Expr:
    return grad(log(pi(tau.a[at] | tau.s[at])))


def reward(at: Any) -> Expr:
    return r(tau.s[at], tau.a[at], tau.s[at + 1])


def made(term: Expr, shape: Shape, seed: int = 0, **options: Any) -> Instance:
    rng = np.random.default_rng(seed)
    return random_instance(rng, shape, signature(term), assumptions=[additive_return], **options)


def transferred(term: Expr, instance: Instance, table: np.ndarray, known: Any = POSITIVE) -> Amount:
    assumed = frozenset([additive_return, iid_samples, *known])
    encoded = Encoding(assumed, infinite=False).term(term)
    return by_transfer(context_of(assumed, infinite=False), encoded, instance, table)


def both(term: Expr, instance: Instance, known: Any = POSITIVE, number: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """The automata's value along random directions, and the enumeration's."""
    mdp = instance.mdp
    table = np.random.default_rng(5).normal(size=(number, mdp.states, mdp.actions))
    gradient = np.asarray(value(term, instance, possible_only=possible(tau) in known))
    flat = table.reshape(number, -1)
    return transferred(term, instance, table, known).value, (
        flat @ gradient if rank(term) else np.full(number, float(gradient)))


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
    "sums over actions": expect(tau, score(0) * total(a, pi(a | tau.s[1]) * q(tau.s[1], a)) * q(tau.s[1], tau.a[1])),
    "the slope of a sum over actions": expect(tau, total(t, grad(total(a, pi(a | tau.s[t]) * q(tau.s[t], a))))),
    "sums over next states": expect(tau, score(0) * total(x, P(x | tau.s[0], tau.a[0]) * b(x)) ** 2),
    "values of two policies": expect(tau, score(0) * total(a, beta(a | tau.s[1]) * Q[1](tau.s[1], a)) * V[0](
        tau.s[0], policy=beta)),
    "no transitions": total(tau, mu(tau.s[0]) * prod(t, pi(tau.a[t] | tau.s[t])) * score(0) * q(tau.s[0], tau.a[0])),
    "a place that stands twice": expect(
        tau, score(0) * total(x, w(x, tau.a[0], x)) * total(a, r(tau.s[1], a, tau.s[1]))),
    "twice at the end": expect(tau, score(0) * u(tau.s[H + 1], tau.s[H + 1])),
    "nothing": expect(tau, 0 * score(0)),
}


@pytest.mark.parametrize(("shape", "name"), [
    *((Shape(2, 2, 1), name) for name in TERMS), *((Shape(2, 3, 1), name) for name in TERMS),
    *((Shape(3, 2, 2), name) for name in ("errors", "ratios", "Q", "the last state"))], ids=str)
def test_terms_have_the_value_of_their_enumeration(name: str, shape: Shape) -> None:
    term = as_term(TERMS[name])
    shape = Shape(2, 2, 1, 2) if signature(term).samples else shape
    found, expected = both(term, made(term, shape))
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)
    assert (np.abs(expected).max() > 1e-5) == (name != "nothing")


@pytest.mark.parametrize("name", ["score and return", "to go", "Q", "baselines", "a product of sums"])
def test_impossible_trajectories_count_for_nothing(name: str) -> None:
    term = as_term(TERMS[name])
    for seed in range(4):
        instance = made(term, Shape(3, 2, 1), seed, zeros=True)
        found, expected = both(term, instance, [possible(tau)])
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_impossible_steps_are_left_out_or_counted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each term with the steps that P allows alone, and with all of them."""
    for name in TERMS:
        term = as_term(TERMS[name])
        if signature(term).samples or "transition" in name:
            continue
        instance = made(term, Shape(3, 2, 1), 1, zeros=True)
        directions = np.random.default_rng(5).normal(size=(3, 3, 2))
        found = []
        for share in (0.0, 2.0):
            monkeypatch.setattr(floats, "SPARSE", share)
            try:
                found.append(transferred(term, instance, directions).value)
            except Undefined:
                found.append(np.full(3, np.nan))
        assert found[0] == pytest.approx(found[1], rel=1e-11, abs=1e-12, nan_ok=True)


@pytest.mark.slow
def test_a_planted_error_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: V one step late, a derivative without its mean, a step's own action summed twice."""
    true_backward, true_segments = AtInstance.backward, floats.Floats.segments

    def late(self: Any, policy: str) -> Any:
        found = true_backward(self, policy)
        return np.concatenate([found[-1:], found[:-1]])

    def uncentred(self: AtInstance, name: str) -> Any:
        return self._policy(name) * self.directions

    def doubled(self: Any, array: Any, first: Any) -> Any:
        return true_segments(self, array, first) * (1 + (len(first) > 4))

    plants: list[tuple[Any, str, Any, str]] = [
        (AtInstance, "backward", late, "errors"), (AtInstance, "_derivative", uncentred, "baselines"),
        (floats.Floats, "segments", doubled, "literal times")]
    for owner, attribute, wrong, name in plants:
        term, shape = as_term(TERMS[name]), Shape(3, 2, 2)
        with monkeypatch.context() as patched:
            patched.setattr(owner, attribute, wrong)
            found, expected = both(term, made(term, shape))
        assert found != pytest.approx(expected, rel=1e-6)


def compared(term: Expr, seed: int) -> None:
    instance = made(term, Shape(2, 2, 1), seed)
    try:
        found, expected = both(term, instance)
    except (OutsideFragment, WorkLimit):
        assume(False)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


DRAWN = given(terms(rank=1, depth=3) | terms(depth=3), st.integers(0, 99))
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@settings(PATIENT, max_examples=30)
@DRAWN
def test_random_terms_have_the_value_of_their_enumeration(term: Expr, seed: int) -> None:
    compared(term, seed)


@pytest.mark.deep
@settings(PATIENT, max_examples=3000)
@DRAWN
def test_three_thousand_random_terms(term: Expr, seed: int) -> None:
    compared(term, seed)


def test_the_size_bounds_the_rounding() -> None:
    """A sum of large numbers that is 0: the value is lost in rounding, and the size says so."""
    term = as_term(expect(tau, 10**9 * b(tau.s[0]) * score(0)))
    instance = made(term, Shape(2, 2, 1))
    found = transferred(term, instance, np.ones((1, 2, 2)) * [[1.0, 2.0]])
    assert np.abs(found.value).max() <= np.finfo(float).eps * 8 * found.size.max()
    assert found.size.min() > 1e6


def test_what_has_no_value_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    inverse = as_term(expect(tau, ratio(1, b(tau.s[0])) * score(0)))
    instance = made(inverse, Shape(2, 2, 1))
    zero = replace(instance, functions={("b", ("state",)): np.array([0.0, 1.0])})
    with pytest.raises(Undefined, match="a division by f"):
        transferred(inverse, zero, np.ones((1, 2, 2)))
    logarithm = as_term(expect(tau, log(mu(tau.s[0])) * score(0)))
    with pytest.raises(Undefined, match="the logarithm of mu"):
        transferred(logarithm, replace(instance, mdp=replace(instance.mdp, mu=[0, 1])), np.ones((1, 2, 2)))
    without = replace(instance, mdp=replace(instance.mdp, gamma=0.0))
    still = AtInstance(without, np.ones((1, 2, 2)))
    assert still.weight({(): 2, (("gamma", 1),): 5}) == 2
    with pytest.raises(Undefined, match="a division by the discount"):
        still.weight({(("gamma", -1),): 1})
    directions = np.ones((1, 2, 2))
    arbitrary = frozenset(POSITIVE)
    with pytest.raises(OutsideFragment, match="a power of an arbitrary return"):
        by_transfer(context_of(arbitrary, infinite=False), Encoding(arbitrary, infinite=False).term(grad(J)), instance,
                    directions)
    with pytest.raises(OutsideFragment, match="time t that is free"):
        transferred(as_term(expect(tau, score(t))), instance, directions)
    with pytest.raises(NotApplicable, match="from H = 3 and m = 1 on"):
        transferred(as_term(expect(tau, b(tau.s[4]))), instance, directions)
    with pytest.raises(NotApplicable, match="m = 3 on"):
        transferred(as_term(expect(samples, R(samples[3]))), instance, directions)
    with pytest.raises(OutsideFragment, match="the number of states"):
        transferred(as_term(expect(tau, total(x, score(0)) * b(tau.s[1]))), instance, directions)
    with pytest.raises(OutsideFragment, match="a quotient by a sum"):
        transferred(as_term(ratio(1, 1 + J)), instance, directions)
    monkeypatch.setattr(floats, "MOST_WORK", 100)
    with pytest.raises(WorkLimit):
        both(grad(J), instance)


def test_the_vocabulary_of_assumptions_compiles_no_closed_term_differently() -> None:
    """All assumptions at once, as an MDP without zeros satisfies them."""
    term = as_term(TERMS["ratios"])
    instance = made(term, Shape(2, 2, 1))
    one, two = both(term, instance, set(VOCABULARY) - {undiscounted}), both(term, instance)
    assert one[0] == pytest.approx(two[0])
