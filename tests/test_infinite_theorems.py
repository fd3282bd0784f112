"""Infinite horizons: convergence before algebra, values by hand, two evaluators, and the verdicts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from further_theorems import ENDLESS, FALSE, THEOREMS, b, beta, endless, error, reward, score
from random_pairs import decision
from random_sums import Pair
from sympy import Expr
from test_models import paper_model

from derive.checking.deciding import Deciding
from derive.checking.derivation import Chain, Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Malformed, NeedsCondition, Proved, Refuted, Undecided
from derive.errors import BadInput, KernelDisagrees, MalformedTerm, OutsideFragment
from derive.language.assumptions import iid_samples
from derive.language.expression import as_term
from derive.language.horizons import is_endless
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.typing import check_equation
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    expect,
    forever,
    gamma,
    grad,
    k,
    log,
    m,
    pi,
    prod,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
)
from derive.numeric import infinite
from derive.numeric.instances import instance_of
from derive.numeric.sources import random_mdp
from derive.procedures.answers import Equal
from derive.procedures.certificates import Differs
from derive.procedures.decide import Comparison
from derive.procedures.decision import Outside, Shown
from derive.procedures.encoding import Encoding, context_of
from derive.rules import automata, gradient_of_a_sum
from derive.semantics.concrete import Rationals, as_fraction, concrete_model
from derive.semantics.generic import generic_model
from derive.semantics.infinite_horizon import InfiniteHorizon
from derive.stationary.evaluation import Stationary
from derive.testing.fuzz import fuzz
from derive.transfer.floats import value as by_transfer

F = Fraction


def asked(before: Any, after: Any, assumes: Any = ENDLESS) -> Shown | Differs | Outside:
    return decision(Pair(as_term(before), as_term(after), frozenset(assumes), ""))


ENDLESS_THEOREMS = [theorem for theorem in THEOREMS if is_endless(*theorem.chain.terms)]


def one_state() -> Model:
    """One state, actions 0 and 1 with probability 1/4 and 3/4, rewards 1 and 0, phi = (1, 0)."""
    return Model(shape=Shape(1, 2, 0), mu=(F(1),), P=(((F(1),), (F(1),)),), r=(((F(1),), (F(0),)),), gamma=F(1, 2),
                 policies={"pi": ((F(1, 4), F(3, 4)),), "beta": ((F(1, 2), F(1, 2)),)}, scores=((F(1), F(0)),),
                 functions={"b": {(0,): F(3)}})


BY_HAND: list[tuple[Expr, Fraction]] = [
    (J, F(1, 2)),  # 1/4 / (1 - 1/2)
    (expect(tau, V(tau.s[0])), F(1, 2)),
    (endless(gamma**t), F(2)),
    (expect(tau, Q(tau.s[0], tau.a[0])), F(1, 2)),
    # Q(0) = 1 + 1/2 1/2 = 5/4, Q(1) = 1/4; A(0) = 3/4, A(1) = -1/4
    (expect(tau, A(tau.s[0], tau.a[0]) ** 2), F(1, 4) * F(9, 16) + F(3, 4) * F(1, 16)),
    # D pi = 1/4 3/4 = 3/16 on the action of reward 1, so grad J = 3/16 2
    (grad(J), F(3, 8)),
    (endless(gamma**t * expect(tau, b(tau.s[t]))), F(6)),
    (expect(tau, total(t, gamma**t * reward(t), stop=forever), policy=beta), F(1)),
]


@pytest.mark.parametrize(("term", "expected"), BY_HAND, ids=lambda value: str(value))
def test_values_by_hand(term: Expr, expected: Fraction) -> None:
    assert _kernel(term, one_state()) == expected
    assert abs(Stationary(one_state()).value(term) - expected) < F(1, 10**25)


def _kernel(term: Expr, model: Model) -> Fraction:
    return as_fraction(InfiniteHorizon(concrete_model(model, Rationals())).value(term, {}))


def paper() -> Model:
    """The paper model with a second policy and a function of states."""
    policies = {**paper_model().policies, "beta": ((F(1, 3), F(2, 3)), (F(1, 2), F(1, 2)))}
    return replace(paper_model(), shape=Shape(2, 2, 0), gamma=F(1, 2), policies=policies,
                   functions={"b": {(0,): F(2), (1,): F(1)}})


@pytest.mark.parametrize("term", [
    side for side in (*(term for one in ENDLESS_THEOREMS for term in one.chain.terms),
                      *(as_term(side) for left, right, _ in FALSE.values() for side in (left, right)))
    if is_endless(side)], ids=str)
def test_both_evaluators_give_the_same(term: Expr) -> None:
    assert abs(_kernel(term, paper()) - Stationary(paper()).value(term)) < F(1, 10**25)


@pytest.mark.parametrize("one", ENDLESS_THEOREMS, ids=lambda one: one.name)
def test_true_theorems_are_proved(one: Theorem) -> None:
    examined = examine(one)
    assert examined.follows
    for step in examined.steps:
        assert isinstance(step.verdict, Proved)
        assert step.scope is not None
        assert "every discount below 1, infinite horizon" in step.scope.everywhere


@pytest.mark.parametrize("name", FALSE)
def test_false_twins_are_refuted_with_a_verified_witness(name: str) -> None:
    left, right, assumed = FALSE[name]
    assert isinstance(asked(left, right, assumed), Differs)

    @theorem(name, assumes=assumed)
    def twin() -> Chain:
        return calc(left, by(automata), right)

    (step,) = examine(twin).steps
    assert isinstance(step.verdict, Refuted)
    assert step.verdict.witness.left != step.verdict.witness.right


def _tail(policy: Any) -> Expr:
    """E r_k + E r_{k+1} + ... from a time t on."""
    return total(k, expect(tau, reward(k), policy=policy), start=t, stop=forever)


DIVERGENT: dict[str, Expr] = {
    "no discount": endless(expect(tau, reward(t))),
    "no discount, minus itself": endless(expect(tau, reward(t))) - endless(expect(tau, reward(t))),
    "no discount, times 0": 0 * endless(expect(tau, reward(t))),
    "no discount, times 1 - 1": (1 - as_term(1)) * endless(expect(tau, reward(t))),
    "no discount, to the power 0": endless(expect(tau, reward(t))) ** 0,
    "no discount, inside": expect(tau, total(t, reward(t), stop=forever) - total(t, reward(t), stop=forever)),
    "no discount, times 0 inside": expect(tau, 0 * total(t, reward(t), stop=forever)),
    "a growing weight": endless(gamma ** (-1 * t) * expect(tau, reward(t))),
    "the score of a whole trajectory": expect(tau, total(t, score(t), stop=forever) * J),
    "a tail minus itself": endless(_tail(pi) - _tail(pi)),
    "the gradient of a tail without theta": endless(gamma**t * grad(_tail(beta))),
    "the gradient of a sum without theta": grad(endless(expect(tau, reward(t), policy=beta))),
    "times 0 / 2 inside": expect(tau, ratio(0, 2) * total(t, reward(t), stop=forever)),
    "times a gradient that is 0": expect(tau, grad(b(tau.s[0])) * total(t, reward(t), stop=forever)),
    "times log 1": expect(tau, log(as_term(1)) * total(t, reward(t), stop=forever)),
    "times an empty sum": expect(tau, total(k, b(tau.s[k]), start=1, stop=0) * total(t, reward(t), stop=forever)),
    "times an empty sum, at every time": endless(gamma**t * expect(
        tau, total(k, b(tau.s[k]), start=t + 1, stop=t) * total(k, reward(k), stop=forever))),
    "the gradient of rewards": expect(tau, grad(total(t, reward(t), stop=forever))),
    "the same number again and again": endless(J),
    "a number of a state again and again": endless(expect(tau, b(tau.s[0]))),
    "squared importance ratios": endless(gamma**t * expect(tau, prod(
        k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=t) ** 2 * reward(t), policy=beta)),
}


@pytest.mark.parametrize("name", DIVERGENT)
def test_a_sum_that_may_diverge_is_not_decided(name: str) -> None:
    """A bare closure would accept sum_t 2^t = -1; so would a bare linear system."""
    term = DIVERGENT[name]
    assert isinstance(asked(term, 0), Outside)
    with pytest.raises(OutsideFragment):
        InfiniteHorizon(generic_model(Shape(2, 2, 0), signature(term), additive=True)).value(term, {})
    if name != "squared importance ratios":
        with pytest.raises(OutsideFragment):
            Stationary(paper()).value(term)
        with pytest.raises(OutsideFragment):
            _kernel(term, paper())


def test_squared_importance_ratios_converge_on_some_models_only() -> None:
    """One state, reward 1 on action 0: E_beta[rho^2] = sum pi^2/beta, and E_beta[rho^2 r] = pi(0)^2/beta(0)."""
    term = DIVERGENT["squared importance ratios"]
    near = one_state()  # sum pi^2/beta = (1/16 + 9/16) 2 = 5/4, times gamma 5/8: 1/8 / (1 - 5/8)
    assert Stationary(near).value(term) == _kernel(term, near) == F(1, 3)
    far = replace(near, policies={**near.policies, "beta": ((F(7, 8), F(1, 8)),)})  # 1/14 + 9/2, times gamma 16/7
    for value in (Stationary(far).value, lambda term: _kernel(term, far)):
        with pytest.raises(OutsideFragment, match="converge"):
            value(term)


@pytest.mark.parametrize("number", [
    J, expect(tau, b(tau.s[0])), expect(tau, b(tau.s[2])), expect(tau, V(tau.s[0])), grad(expect(tau, b(tau.s[2]))),
    total(k, gamma**k * expect(tau, reward(k)), stop=forever), expect(tau, A(tau.s[1], tau.a[1]) ** 2)], ids=str)
def test_a_sum_over_a_time_that_its_terms_do_not_have(number: Expr) -> None:
    """An expectation that has been read to its end is still there at every later time."""
    assert isinstance(asked((1 - gamma) * endless(gamma**t * number), number), Shown)
    assert isinstance(asked(endless(gamma**t * number), number), Differs)


@pytest.mark.slow
def test_a_sum_that_may_diverge_is_undecided_in_a_chain() -> None:
    @theorem("divergent", assumes=ENDLESS)
    def divergent() -> Chain:
        return calc(endless(expect(tau, reward(t))), by(automata), endless(expect(tau, reward(t))))

    assert isinstance(examine(divergent).claim, Undecided)


def test_the_discount_must_be_declared_below_one() -> None:
    @theorem("undeclared", assumes=[one for one in ENDLESS if one.name != "discount_below_one"])
    def undeclared() -> Chain:
        return calc(J, by(automata), expect(tau, V(tau.s[0])))

    verdict = examine(undeclared).claim
    assert isinstance(verdict, NeedsCondition)
    assert verdict.conditions == ("γ < 1",)
    assert verdict.settled_by == ("discount_below_one",)


@pytest.mark.parametrize("other", [
    expect(tau, R(tau)), total(tau, P(tau)), gamma**H, expect(tau, V[0](tau.s[0])), variance(tau, b(tau.s[0])),
    expect(samples, b(samples[1].s[0])), m * J, b(tau.s[0]), prod(t, gamma, stop=forever),
    total(t, gamma**t, start=forever, stop=forever), expect(tau, b(tau.s[H]))], ids=str)
def test_one_claim_has_one_horizon(other: Expr) -> None:
    with pytest.raises(MalformedTerm, match=r"infinite horizon does not have|needs a time|without a last decision"):
        check_equation(other, endless(gamma**t))


def test_one_chain_has_one_horizon() -> None:
    """J is the same word for two numbers."""
    @theorem("mixed", assumes=ENDLESS)
    def mixed() -> Chain:
        return calc(expect(tau, R(tau)), by(automata), J, by(automata), expect(tau, V(tau.s[0])))

    first, second = examine(mixed).steps
    assert isinstance(first.verdict, Malformed)
    assert isinstance(second.verdict, Proved)


def test_a_lemma_about_a_finite_horizon_is_no_reason_without_one() -> None:
    @theorem("finite", assumes=ENDLESS)
    def finite() -> Chain:
        return calc(grad(J), by(automata), grad(expect(tau, R(tau))))

    @theorem("user", assumes=ENDLESS)
    def user() -> Chain:
        return calc(grad(J), by(finite), endless(gamma**t * expect(tau, score(t) * error)))

    (step,) = examine(user).steps
    assert "another horizon" in getattr(step.verdict, "why", "")


def test_what_is_decided_without_positivity() -> None:
    """The sums keep P, pi and mu as factors, so nothing is asked of zeros."""
    bare: list[Any] = [one for one in ENDLESS if "positive" not in one.name]
    claim = endless(gamma**t * expect(tau, score(t) * error))
    assert isinstance(asked(grad(J), claim, bare), Shown)


def test_free_times_are_decided_as_power_series() -> None:
    """Where the series are not known to converge, shapes can only try some of the times."""
    @theorem("free", assumes=ENDLESS)
    def free() -> Chain:
        return calc(expect(tau, gamma**t * V(tau.s[t])), by(automata), expect(tau, gamma**t * Q(tau.s[t], tau.a[t])))

    assert examine(free).follows

    @theorem("growing", assumes=ENDLESS)
    def growing() -> Chain:
        return calc(2**t * expect(tau, V(tau.s[t])), by(automata), 2**t * expect(tau, Q(tau.s[t], tau.a[t])))

    verdict = examine(growing).claim
    assert isinstance(verdict, Undecided)
    assert "free times" in verdict.why


def test_a_false_claim_with_a_free_time_is_refuted() -> None:
    @theorem("free", assumes=ENDLESS)
    def free() -> Chain:
        return calc(expect(tau, b(tau.s[t])), by(automata), expect(tau, b(tau.s[t + 1])))

    verdict = examine(free).claim
    assert isinstance(verdict, Refuted)
    assert set(verdict.witness.indices) == {t}


def test_the_gradient_of_a_temporal_difference_error() -> None:
    """V(s_{t+1}) is read at the next step, which there always is."""
    errors = endless(gamma**t * expect(tau, error))
    assert isinstance(asked(grad(errors), as_term(0)), Shown)
    ahead = grad(expect(tau, V(tau.s[1])))
    assert not isinstance(asked((1 - gamma) * endless(gamma**t * ahead), ahead), Differs)


def test_an_empty_sum_has_the_value_0() -> None:
    assert _kernel(expect(tau, total(k, b(tau.s[k]), start=1, stop=0)) + J, one_state()) == F(1, 2)


def test_large_numbers_in_front_of_a_sum() -> None:
    """Nothing is cut off, so the size of numbers does not matter."""
    @theorem("large", assumes=ENDLESS)
    def large() -> Chain:
        return calc(10**7 * (1 - gamma) * endless(gamma**t) - 10**7, by(automata), expect(tau, b(tau.s[0])))

    assert isinstance(examine(large).claim, Refuted)


def test_a_rule_speaks_of_the_horizon_of_its_chain() -> None:
    @theorem("rule", assumes=ENDLESS)
    def through() -> Chain:
        return calc(grad(endless(gamma**t * expect(tau, reward(t)))), by(gradient_of_a_sum),
                    endless(grad(gamma**t * expect(tau, reward(t)))))

    (step,) = examine(through).steps
    assert isinstance(step.verdict, Proved)
    assert step.scope is not None
    assert step.scope.by_rule == "every finite MDP, every discount below 1, infinite horizon"


def test_fuzz_looks_at_examples_without_end() -> None:
    @theorem("refuted", assumes=ENDLESS)
    def wrong() -> Chain:
        return calc(endless(gamma**t * J), by(automata, expect=Refuted), J + expect(tau, 0 * V(tau.s[0])))

    result = fuzz([wrong], examples=6, seed=0)
    assert result.passed
    assert result.separated["wrong, step 1"] > 0


def test_an_error_that_automata_and_shapes_share_is_seen_by_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    equal = Equal(exact=(Shape(1, 2, 0), Shape(2, 2, 0)), endless=True)
    true = Deciding([J], ENDLESS, infinite=True).kernel(J, expect(tau, V(tau.s[0])))
    assert isinstance(true, Shown)
    monkeypatch.setattr(Comparison, "compare", lambda self, before, after: equal)
    monkeypatch.setattr(Deciding, "kernel", lambda self, before, after: Outside("not asked"))

    @theorem("false", assumes=ENDLESS)
    def false() -> Chain:
        return calc(endless(gamma**t * expect(tau, b(tau.s[0]))), by(automata), expect(tau, b(tau.s[0])))

    with pytest.raises(KernelDisagrees, match="equal on shapes, different by the oracle"):
        examine(false)
    monkeypatch.setattr(Deciding, "kernel", lambda self, before, after: true)
    monkeypatch.setattr(Comparison, "crossed", lambda self, before, after, first, thorough: equal)
    with pytest.raises(KernelDisagrees, match="an equation of the kernel, different by the oracle"):
        examine(false, thorough=True)


def test_an_error_of_the_kernel_is_seen_by_the_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    true = Deciding([J], ENDLESS, infinite=True).kernel(J, expect(tau, V(tau.s[0])))
    assert isinstance(true, Shown)
    monkeypatch.setattr(Deciding, "kernel", lambda self, before, after: true)

    @theorem("false", assumes=ENDLESS)
    def false() -> Chain:
        return calc(endless(gamma**t * expect(tau, b(tau.s[0]))), by(automata), expect(tau, b(tau.s[0])))

    with pytest.raises(KernelDisagrees, match=r"infinite horizon, and different at \(1,2,∞\)"):
        examine(false)


# -- in floats ---------------------------------------------------------------------------------------------------


def in_floats(term: Expr, model: Model) -> tuple[float, float]:
    """The value along the model's direction by linear systems over states, and the sum of absolute values."""
    known = [*ENDLESS, iid_samples]
    encoded = Encoding(known, infinite=True).term(term)
    direction = np.array([[[float(entry) for entry in row] for row in model.scores]])
    spoken = signature(term, b(s), J, expect(tau, b(tau.s[0]), policy=beta))
    found = by_transfer(context_of(known, infinite=True), encoded, instance_of(model, spoken), direction)
    return float(found.value[0]), float(found.size[0])


@pytest.mark.parametrize("term", [
    side for side in (*(term for one in ENDLESS_THEOREMS for term in one.chain.terms),
                      *(as_term(side) for left, right, _ in FALSE.values() for side in (left, right)))
    if is_endless(side)], ids=str)
def test_linear_systems_in_floats_give_the_exact_value(term: Expr) -> None:
    value, size = in_floats(term, paper())
    assert value == pytest.approx(float(Stationary(paper()).value(term)), rel=1e-11, abs=1e-12)
    assert size >= abs(value) * (1 - 1e-12)


@pytest.mark.parametrize("name", [name for name in DIVERGENT if "0" not in name and "empty" not in name])
def test_floats_refuse_what_is_not_known_to_converge(name: str) -> None:
    with pytest.raises(OutsideFragment):
        in_floats(DIVERGENT[name], paper())


def test_two_gradients_of_the_objective_without_a_last_decision() -> None:
    """By occupancies and values, and by a complex step; the twin forgets the discount of the occupancies."""
    mdp, rng = random_mdp(1, 3, 2, 0), np.random.default_rng(0)
    theta, table = rng.normal(size=(3, 2)), rng.normal(size=(4, 3, 2))
    found = np.tensordot(table, infinite.gradient(mdp, theta), axes=2)
    assert found == pytest.approx(infinite.complex_step(mdp, theta, table), rel=1e-12)
    assert (1 - mdp.gamma) * found != pytest.approx(infinite.complex_step(mdp, theta, table), rel=1e-3)
    with pytest.raises(BadInput, match="below 1"):
        infinite.values(replace(mdp, gamma=1.0), theta)
