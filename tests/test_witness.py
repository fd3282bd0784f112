"""Counterexamples: the smallest shape, found every time, inside the class, checked twice after every change."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import Expr
from test_models import paper_model

from derive.counterexample import witness as witness_module
from derive.counterexample.claim import Claim, NoComparison, Witness
from derive.counterexample.enumerate import Enumeration
from derive.counterexample.witness import find_witness
from derive.errors import DeriveError, MalformedTerm, Undefined
from derive.language.assumptions import (
    Assumption,
    additive_return,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
    possible,
)
from derive.language.models import Model, Shape
from derive.language.terms import Policy
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    expect,
    function,
    gamma,
    grad,
    i,
    log,
    mean,
    mu,
    pi,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    x,
)
from derive.semantics.concrete import Rationals

F = Fraction
score, b, f = grad(log(P(tau))), Policy("b"), function("f")


def claim(before: Expr, after: Expr, *assumes: Assumption) -> Claim:
    return Claim(before, after, frozenset(assumes), possible(tau) in assumes)


def entries(model: Model) -> dict[str, list[Fraction]]:
    return {"mu": list(model.mu), "P": [p for table in model.P for row in table for p in row],
            "pi": [p for row in model.policies["pi"] for p in row]}


# false claim, assumptions, smallest shape; the reason stands beside it
FALSE: tuple[tuple[Expr, Expr, tuple[Assumption, ...], Shape], ...] = (
    (J, 2 * J, (), Shape(1, 1, 0)),  # J may be anything
    (grad(J), 2 * grad(J), (), Shape(1, 2, 0)),  # one action: the policy cannot move
    (grad(J), total(tau, grad(P(tau))), (), Shape(1, 2, 0)),
    (mu(s), mu(x), (), Shape(2, 1, 0)),  # one state: mu = 1
    (P(x | s, a), P(s | s, a), (), Shape(2, 1, 0)),
    (total(s, mu(s) ** 2), total(s, mu(s)), (), Shape(2, 1, 0)),
    (total(t, gamma**t), total(t, gamma**t, stop=0), (), Shape(1, 1, 1)),  # H = 0 has one step
    (total(t, gamma**t), 1 + gamma * H, (), Shape(1, 1, 2)),  # 1, 1 + gamma, 1 + gamma + gamma^2
    (J, expect(tau, r(tau.s[0], tau.a[0], tau.s[1])), (additive_return,), Shape(1, 1, 1)),
    (mean(i, R(samples[i])), J, (iid_samples,), Shape(1, 2, 0)),  # a single trajectory is sure
    (expect(samples, mean(i, R(samples[i])) ** 2), J**2, (iid_samples,), Shape(1, 2, 0)),
    (mean(i, R(samples[i])), R(samples[1]), (iid_samples,), Shape(1, 2, 0, 2)),  # m = 1: the same
    (f(s), f(x), (), Shape(2, 1, 0)),
    (b(a | s), pi(a | s), (), Shape(1, 2, 0)),
    (R(tau), J, (possible(tau),), Shape(1, 2, 0)),
    (log(pi(a | s)), pi(a | s) - 1, (), Shape(1, 2, 0)),  # equal at pi = 1
    (gamma**t, 0 * gamma + 1, (), Shape(1, 1, 1)),  # t = 0 alone at H = 0
)


@pytest.mark.parametrize(("before", "after", "assumes", "shape"), FALSE, ids=[f"{x} = {y}" for x, y, *_ in FALSE])
def test_the_smallest_shape_is_found_every_time(before: Expr, after: Expr, assumes: tuple[Assumption, ...],
                                                shape: Shape) -> None:
    found = find_witness(claim(before, after, *assumes))
    assert found is not None
    assert found.model.shape == shape
    again = find_witness(claim(before, after, *assumes))
    assert again == found
    checked(found, before, after, possible(tau) in assumes)


def checked(found: Witness, before: Expr, after: Expr, possible_only: bool) -> None:
    """Probabilities, a gamma of the class, and the sides again by brute force."""
    found.model.validate()
    assert 0 < found.model.gamma < 1
    oracle = Enumeration(found.model, possible_only=possible_only)
    left, right = (oracle.value(side, dict(found.indices)) for side in (before, after))
    tolerance = F(1, 10**18) if found.exact else F(1, 10**11)
    assert abs(left - found.left) < tolerance
    assert abs(right - found.right) < tolerance
    assert left != right


TRUE: tuple[tuple[Expr, Expr, tuple[Assumption, ...]], ...] = (
    (grad(J), expect(tau, score * R(tau)), ()),
    (expect(tau, score), 0 * grad(J), ()),
    (P(tau) * score, grad(P(tau)), (possible(tau),)),
    (J, expect(tau, total(t, gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1]))), (additive_return,)),
    (log(pi(a | s) * mu(x)), log(pi(a | s)) + log(mu(x)), (policy_positive, initial_positive)),
)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after", "assumes"), TRUE, ids=[f"{x} = {y}" for x, y, _ in TRUE])
def test_nothing_is_found_for_a_true_claim(before: Expr, after: Expr, assumes: tuple[Assumption, ...],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_module, "MOST_OUTCOMES", 20)
    assert find_witness(claim(before, after, *assumes)) is None


def test_numbers_are_shrunk() -> None:
    found = find_witness(claim(J, 2 * J))
    assert found is not None
    assert (found.left, found.right, found.exact) == (1, 2, True)  # one trajectory of return 1
    assert set(found.model.r[0][0][0:1]) | {found.model.scores[0][0]} == {F(0)}
    assert found.model.gamma == F(1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("assumed", "table"), [
    (initial_positive, "mu"), (dynamics_positive, "P"), (policy_positive, "pi")])
def test_a_positive_table_stays_positive(assumed: Assumption, table: str) -> None:
    # shrinking would like a sure row in each table
    before, after = mu(s) + P(x | s, a) + pi(a | s), mu(x) + P(s | s, a) + pi(a | x)
    found, free = find_witness(claim(before, after, assumed)), find_witness(claim(before, after))
    assert found is not None
    assert free is not None
    assert 0 not in entries(found.model)[table]
    assert 0 in entries(free.model)["mu"] + entries(free.model)["P"]


@pytest.mark.slow
def test_a_zero_is_used_where_it_is_needed() -> None:
    counted, everything = expect(tau, ratio(1, P(tau))), total(tau, 1)
    found = find_witness(claim(counted, everything))
    assert found is not None
    assert 0 in [entry for table in entries(found.model).values() for entry in table]
    positive = (initial_positive, dynamics_positive, policy_positive)
    assert find_witness(claim(counted, everything, *positive)) is None


def test_possible_trajectories_stay_possible() -> None:
    for before, after, *assumes in ((R(tau), 2 * R(tau), possible(tau)), (P(tau), 2 * P(tau), possible(tau))):
        found = find_witness(claim(before, after, *assumes))
        assert found is not None
        assert found.model.probability_of(found.indices[tau]) > 0
    found = find_witness(claim(mean(i, R(samples[i])), R(samples[1]), iid_samples))
    assert found is not None
    assert all(found.model.probability_of(path) > 0 for path in found.indices[samples].values())


def test_impossible_trajectories_are_listed_only_where_a_sum_runs_over_them() -> None:
    # 18 of the 32 trajectories of the paper model are possible
    model, counted = paper_model({}), expect(tau, ratio(1, P(tau)))
    for before, assumes, ways, value in ((counted, (), 18, 18), (total(tau, 1), (), 32, 32),
                                         (total(tau, 1), (possible(tau),), 18, 18), (J + 1, (), 18, 1)):
        one = claim(before, 0 * gamma, *assumes)
        assert len(one._kernel(model, Rationals()).model.ways) == ways
        assert one.values(model, {}) == (value, 0, True)


def test_an_undefined_side_is_no_difference() -> None:
    impossible = {tau: (0, 1, 1, 0, 1)}  # P(1|0,1) = 0 in the paper model
    assert claim(log(P(tau)), gamma).values(paper_model({}), impossible) is None
    assert claim(mu(tau.s[3]), gamma).values(paper_model({}), {tau: (0, 0, 0, 0, 0)}) is None
    assert claim(log(P(tau)) + mu(tau.s[3]), gamma).values(paper_model({}), {tau: (0, 0, 0, 0, 0)}) is None


def test_logarithms_are_told_apart_by_disjoint_balls() -> None:
    # log 1/3 against log 2/3 and against -1.0986...; log 1/3 = 2 log 1/3 - log 1/3 within the balls
    model = paper_model({})
    found = claim(log(mu(s)), log(mu(x))).values(model, {s: 0, x: 1})
    assert found is not None
    assert not found[2]
    assert (float(found[0]), float(found[1])) == pytest.approx((-1.0986122886681098, -0.4054651081081644))
    assert claim(log(mu(s)), 2 * log(mu(s)) - log(mu(s))).values(model, {s: 0}) is None
    assert claim(log(mu(s) - 1), log(mu(s))).values(model, {s: 0}) is None


def test_a_disagreement_of_the_two_evaluators_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Enumeration.value
    monkeypatch.setattr(Enumeration, "value", lambda self, term, at=None: honest(self, term, at) + F(1, 1000))
    with pytest.raises(DeriveError, match="the kernel and the oracle disagree on J"):
        find_witness(claim(J, 2 * J))


def test_a_tiny_disagreement_of_a_difference_quotient_is_none() -> None:
    found = claim(grad(pi(a | s)), 2 * pi(a | s)).values(paper_model({}), {s: 1, a: 1})
    assert found == (F(3, 8), F(3, 2), True)


def test_every_step_of_shrinking_is_checked_and_the_last_by_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each model that becomes the witness has passed ``values`` itself."""
    passed: list[tuple[Model, bool]] = []
    honest = Claim.values

    def watched(self: Claim, model: Model, indices: Any, *, confirmed: bool = True) -> Any:
        found = honest(self, model, indices, confirmed=confirmed)
        if found is not None:
            passed.append((model, confirmed))
        return found

    monkeypatch.setattr(Claim, "values", watched)
    found = find_witness(claim(grad(J), 2 * grad(J)))
    assert found is not None
    assert passed[-1] == (found.model, True)
    assert len(passed) > 3


def test_where_the_oracle_has_no_value_shrinking_is_confirmed_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simplest model by one computation is none for the oracle: then the simplest that both accept."""
    honest = Claim.by_oracle

    def strict(self: Claim, model: Model, indices: Any) -> Any:
        if any(number == 0 for row in model.scores for number in row):
            raise Undefined("zeros are refused here")
        return honest(self, model, indices)

    monkeypatch.setattr(Claim, "by_oracle", strict)
    found = find_witness(claim(grad(J), 2 * grad(J)))
    assert found is not None
    assert all(number for row in found.model.scores for number in row)


@pytest.mark.slow
def test_the_search_goes_up_to_the_shape_that_is_known_to_differ() -> None:
    four = claim(H * (H - 1) * (H - 2), 0 * H)  # 0 at H = 0, 1, 2
    assert find_witness(four) is None
    found = find_witness(four, reaching=Shape(1, 1, 3))
    assert found is not None
    assert (found.model.shape, found.left) == (Shape(1, 1, 3), 6)
    assert find_witness(four, reaching=Shape(2, 2, 9)) is None  # too large to redo by hand


def test_one_letter_for_a_function_of_states_and_one_of_actions() -> None:
    with pytest.raises(MalformedTerm, match="two kinds of arguments"):
        find_witness(claim(total(s, f(s)), total(a, f(a))))


def test_policy_positive_speaks_of_every_policy() -> None:
    found = find_witness(claim(b(a | s), pi(a | s), policy_positive))
    assert found is not None
    assert 0 not in [entry for row in found.model.policies["b"] for entry in row]


@pytest.mark.parametrize(("before", "after", "most"), [
    (total(t, gamma**t * R(tau)), total(t, gamma ** (t - 1) * R(tau)), 6_000),  # γ^-1, on no shape
    (mu(tau.s[3]), mu(tau.s[2]), 20_000),  # from H = 2 on there is a value
])
def test_a_side_without_a_value_ends_the_search_early(before: Expr, after: Expr, most: int,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    honest = Claim.compared
    monkeypatch.setattr(Claim, "compared", lambda *one, **more: asked.append(1) or honest(*one, **more))
    found = find_witness(claim(before, after))
    assert (found is None) == (most == 6_000)
    assert len(asked) < most


def test_no_value_is_told_from_agreement() -> None:
    assert claim(J, J + 0).compared(paper_model({}), {}) is None
    with pytest.raises(NoComparison):
        claim(mu(tau.s[3]), gamma).compared(paper_model({}), {tau: (0, 0, 0, 0, 0)})
