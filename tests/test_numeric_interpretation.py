"""Terms on random instances: identities that hold, twins that do not, and what has no value."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import InvalidModel, MalformedTerm, NotApplicable, OutsideFragment, Undefined
from derive.language.assumptions import additive_return, dynamics_positive, initial_positive, policy_positive
from derive.language.expression import as_term
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Policy
from derive.language.vocabulary import (
    J,
    P,
    R,
    a,
    b,
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
    objective,
    pi,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    trajectory_probability,
    variance,
    x,
)
from derive.language.vocabulary import additive_return as additive
from derive.numeric.closed_form import closed_form
from derive.numeric.gaps import assignments, largest_gap
from derive.numeric.instances import Instance, instance_of, random_instance
from derive.numeric.interpretation import value

base, q, beta = function("b"), function("q"), Policy("beta")
score = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
score_i = total(t, grad(log(pi(samples[i].a[t] | samples[i].s[t]))))
estimator = mean(i, score_i * R(samples[i]))
to_go = total(t, grad(log(pi(tau.a[t] | tau.s[t])))
              * total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t))
past_only = total(t, grad(log(pi(tau.a[t] | tau.s[t])))
                  * total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), stop=t - 1))

TRUE = {
    "J is its definition": (J, objective(pi)),
    "P(tau) is its definition": (P(tau), trajectory_probability(pi, tau)),
    "log-derivative": (grad(P(tau)), P(tau) * grad(log(P(tau)))),
    "score of a trajectory": (grad(log(P(tau))), score),
    "policy gradient": (grad(J), expect(tau, score * R(tau))),
    "score has mean 0": (expect(tau, score), 0),
    "baseline": (expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t]))) * base(tau.s[t]))), 0),
    "ratio": (grad(log(pi(a | s))), ratio(grad(pi(a | s)), pi(a | s))),
    "power": (grad(pi(a | s) ** 3), 3 * pi(a | s) ** 2 * grad(pi(a | s))),
    "negative power": (pi(a | s) ** -2, ratio(1, pi(a | s) * pi(a | s))),
    "second derivative of a log": (grad(grad(log(prod(t, pi(tau.a[t] | tau.s[t]))))), grad(score)),
    "Fisher": (variance(tau, score), -1 * expect(tau, grad(score))),
    "Hessian of J": (grad(grad(J)), total(tau, grad(grad(P(tau))) * R(tau))),
    "importance": (J, expect(tau, ratio(P(tau), P(tau, policy=beta)) * R(tau), policy=beta)),
    "sum of a kernel": (total(x, P(x | s, a)) + total(b, beta(b | s)), 2),
}
TRUE_ADDITIVE = {
    "R is additive": (R(tau), additive(tau)),
    "reward to go": (grad(J), expect(tau, to_go)),
    "causality": (expect(tau, past_only), 0),
}
FALSE = {
    "score without return": (grad(J), expect(tau, score)),
    "wrong sign": (grad(J), expect(tau, -score * R(tau))),
    "first step forgotten": (grad(J), expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t]))), start=1) * R(tau))),
    "baseline of the action": (
        expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t]))) * q(tau.s[t], tau.a[t]))), 0),
    "log-derivative upside down": (grad(P(tau)), ratio(grad(log(P(tau))), P(tau))),
    "Fisher with the wrong sign": (variance(tau, score), expect(tau, grad(score))),
    "square of a mean": (variance(tau, R(tau)), expect(tau, R(tau) ** 2)),
    "off-policy without weights": (J, expect(tau, R(tau), policy=beta)),
    "transition reversed": (P(x | s, a), P(s | x, a)),
}


def made(seed: int, shape: Shape, pair, **options) -> Instance:
    parts = signature(*(side for side in pair if side != 0))
    return random_instance(np.random.default_rng(seed), shape, parts, **options)


def sides(pair):

    return as_term(pair[0]), as_term(pair[1])


@pytest.mark.parametrize("shape", [Shape(2, 2, 1), Shape(2, 3, 1), Shape(1, 3, 0)], ids=str)
@pytest.mark.parametrize("name", TRUE)
def test_identities(name, shape) -> None:
    before, after = sides(TRUE[name])
    gap = largest_gap(before, after, made(1, shape, (before, after)))
    assert not gap.differs
    assert gap.absolute < 1e-13 * gap.scale


@pytest.mark.parametrize("name", TRUE_ADDITIVE)
def test_identities_of_the_additive_return(name) -> None:
    before, after = sides(TRUE_ADDITIVE[name])
    instance = made(2, Shape(2, 2, 2), (before, after), assumptions=[additive_return])
    assert not largest_gap(before, after, instance).differs
    if name == "reward to go":  # and it fails for an arbitrary return
        assert largest_gap(before, after, made(2, Shape(2, 2, 2), (before, after))).differs


@pytest.mark.parametrize("name", FALSE)
def test_false_twins(name) -> None:
    before, after = sides(FALSE[name])
    assert largest_gap(before, after, made(3, Shape(2, 2, 1), (before, after))).differs


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_terms_against_the_closed_form(seed, zeros) -> None:
    instance = random_instance(
        np.random.default_rng(seed), Shape(2, 2, 1), signature(J), assumptions=[additive_return], zeros=zeros)
    assert value(grad(J), instance) == pytest.approx(closed_form(instance.mdp, instance.theta).ravel(), abs=1e-13)


def test_batches() -> None:
    for number in (1, 2, 3):
        instance = made(4, Shape(1, 2, 1, number), (estimator,))
        assert not largest_gap(expect(samples, estimator), grad(J), instance).differs
        claimed = ratio(1, m) * variance(tau, score * R(tau))
        assert not largest_gap(variance(samples, estimator), claimed, instance).differs
        assert largest_gap(variance(samples, estimator), ratio(1, m) * claimed, instance).differs == (number > 1)


def test_a_free_batch_takes_all_tuples_or_a_seeded_selection() -> None:
    instance = made(4, Shape(1, 2, 0, 2), (estimator,))  # two trajectories, two draws
    assert len(list(assignments({samples}, instance))) == 4
    assert {at[i] for at in assignments({i}, instance)} == {1, 2}
    few = list(assignments({samples, t}, instance, most=3))
    assert few == list(assignments({t, samples}, instance, most=3))
    assert len(few) == 3
    other = list(assignments({samples, t}, instance, most=3, rng=np.random.default_rng(1)))
    assert len(other) == 3


def test_the_memory_does_not_mix_draws() -> None:
    instance = made(6, Shape(2, 2, 1, 2), (estimator,))
    paths = list(instance.mdp.shape.paths())[:2]
    returns = [value(R(tau), instance, {tau: path}) for path in paths]
    swapped = {samples: (paths[1], paths[0])}
    assert value(R(samples[1]) - 2 * R(samples[2]), instance, swapped) == pytest.approx(returns[1] - 2 * returns[0])
    total_ = total(i, R(samples[i]) * R(samples[i]))
    assert value(total_, instance, swapped) == pytest.approx(returns[0] ** 2 + returns[1] ** 2)


# -- definedness --------------------------------------------------------------------------------------


def zeroed() -> Instance:
    """State 1 is never initial; the rest is positive."""
    instance = made(7, Shape(2, 2, 0), (J,))
    return replace(instance, mdp=replace(instance.mdp, mu=np.array([1.0, 0.0])))


def test_impossible_trajectories() -> None:
    everywhere, claimed = total(tau, P(tau) * grad(log(P(tau))) * R(tau)), grad(J)
    with pytest.raises(Undefined, match="logarithm of 0"):
        largest_gap(everywhere, claimed, zeroed())
    assert not largest_gap(everywhere, claimed, zeroed(), possible_only=True).differs
    assert not largest_gap(expect(tau, score * R(tau)), claimed, zeroed()).differs
    assert len(list(assignments({tau}, zeroed()))) == 2 * len(list(assignments({tau}, zeroed(), possible_only=True)))


@pytest.mark.parametrize("term", [
    ratio(1, 1 - total(a, pi(a | s))),
    ratio(grad(pi(a | s)), mu(s) - mu(s)),
    0 * ratio(1, 0),
    ratio(0, 0) ** 0,
    log(pi(a | s) - 1),
    log(total(a, pi(a | s)) - 1),
    (gamma - gamma) ** -1,
], ids=str)
def test_undefined(term) -> None:
    with pytest.raises(Undefined):
        value(term, made(8, Shape(2, 3, 1), (term,)), {s: 0, a: 1})


def test_defined_at_zero() -> None:
    instance = made(8, Shape(2, 2, 1), (gamma,))
    still = replace(instance, mdp=replace(instance.mdp, gamma=0.0))
    assert value(gamma**0, still) == 1
    assert value(total(t, gamma**t), still) == 1
    assert value(total(t, ratio(1, 0), start=1, stop=0), still) == 0
    assert value(prod(t, tau_free := ratio(1, 2), start=1, stop=0), still) == 1 != value(tau_free, still)


@pytest.mark.parametrize("term", [
    total(t, r(tau.s[t - 1], tau.a[t], tau.s[t])),
    pi(tau.a[2] | tau.s[1]),
    total(t, mu(tau.s[t + 2])),
    R(samples[3]),
], ids=str)
def test_outside_the_trajectory(term) -> None:
    instance = made(9, Shape(2, 2, 1, 2), (term,))
    path = next(instance.mdp.shape.paths())
    with pytest.raises(NotApplicable):
        value(term, instance, {tau: path, samples: (path, path)})


def test_the_last_state_has_a_time_but_no_action() -> None:
    instance = made(9, Shape(2, 2, 1), (mu(s),))
    assert value(mu(tau.s[2]), instance, {tau: (0, 0, 0, 0, 1)}) == instance.mdp.mu[1]


def test_what_is_missing_is_named() -> None:
    instance = made(9, Shape(2, 2, 1), (J,))
    with pytest.raises(InvalidModel, match="no table for b"):
        value(base(s), instance, {s: 0})
    with pytest.raises(InvalidModel, match="policy beta"):
        value(beta(a | s), instance, {s: 0, a: 0})
    with pytest.raises(NotApplicable, match="free index s"):
        value(mu(s), instance)


def test_too_large_or_too_often() -> None:
    large = made(9, Shape(2, 3, 1, 4), (estimator,))
    with pytest.raises(OutsideFragment, match="joint values"):
        value(expect(samples, estimator), large)
    with pytest.raises(OutsideFragment, match="more than twice"):
        value(expect(tau, grad(grad(grad(P(tau))))), made(9, Shape(1, 2, 0), (J,)))
    with pytest.raises(MalformedTerm, match="matrix"):
        value(total(s, grad(variance(tau, score))), made(9, Shape(1, 2, 0), (J,)))


# -- instances ----------------------------------------------------------------------------------------


def test_random_instances_keep_assumptions() -> None:
    shape, parts = Shape(3, 2, 1), signature(J, base(s), beta(a | s))
    free = random_instance(np.random.default_rng(0), shape, parts, zeros=True)
    assert (free.mdp.mu == 0).any() or (free.mdp.P == 0).any()
    assert free.returns is not None
    kept = random_instance(np.random.default_rng(0), shape, parts, zeros=True,
                           assumptions=[initial_positive, dynamics_positive, additive_return])
    assert (kept.mdp.mu > 0).all()
    assert (kept.mdp.P > 0).all()
    assert kept.returns is None
    assert set(kept.policies) == {"beta"}
    assert set(kept.functions) == {("b", ("state",))}


def test_random_instances_have_zeros_in_every_policy_unless_that_is_forbidden() -> None:
    shape, parts = Shape(3, 3, 0), signature(J, beta(a | s))
    free, kept, positive = (random_instance(np.random.default_rng(0), shape, parts, **options) for options in (
        {"zeros": True}, {"zeros": True, "assumptions": [policy_positive]}, {}))
    assert (free.policies["beta"] == 0).any()
    assert np.isneginf(free.theta).any()
    assert free.policies["beta"].sum(axis=1) == pytest.approx(np.ones(3))
    for instance in (kept, positive):
        assert (instance.policies["beta"] > 0).all()
        assert np.isfinite(instance.theta).all()


def exact_bandit(**changes) -> Model:
    """One state, two actions with pi = (0, 1) and the rewards 5 and 3."""
    one = Fraction(1)
    fields = {"shape": Shape(1, 2, 0), "mu": (one,), "P": (((one,), (one,)),), "r": (((5 * one,), (3 * one,)),),
              "gamma": Fraction(1, 2), "policies": {"pi": ((0 * one, one),)}, "scores": ((one, 0 * one),)}
    return Model(**{**fields, **changes})


def test_exact_models_keep_their_zeros() -> None:
    instance = instance_of(exact_bandit(), signature(J))
    assert value(J, instance) == 3
    assert value(grad(J), instance).tolist() == [0, 0]
    with pytest.raises(Undefined):
        value(log(pi(a | s)), instance, {s: 0, a: 0})
    with pytest.raises(InvalidModel, match="no numbers for 'b'"):
        instance_of(exact_bandit(), signature(base(s)))
    returns = {(0, 0, 0): Fraction(1), (0, 1, 0): Fraction(2)}
    tables = exact_bandit(functions={"b": {(0,): Fraction(7)}}, returns=returns)
    assert value(base(s) * J, instance_of(tables, signature(base(s), J)), {s: 0}) == 14


def test_instances_are_checked() -> None:
    instance = made(9, Shape(2, 2, 1), (J,))
    with pytest.raises(InvalidModel, match="policy beta is not a table"):
        replace(instance, policies={"beta": np.ones((2, 2))})
    with pytest.raises(InvalidModel, match="Give m >= 1"):
        replace(instance, samples=0)
