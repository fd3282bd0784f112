"""Zeros of probabilities: each is tried alone and with others, at the claim's own horizons, and only that is said."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import Expr, Integer

from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.scope import scope_of
from derive.checking.verdict import Proved, Refuted, Verdict
from derive.counterexample.enumerate import Enumeration
from derive.language.assumptions import (
    Assumption,
    dynamics_positive,
    initial_positive,
    policy_positive,
    possible,
)
from derive.language.expression import as_term
from derive.language.models import Model, Shape
from derive.language.terms import Policy
from derive.language.vocabulary import (
    J,
    P,
    R,
    a,
    expect,
    function,
    grad,
    log,
    mu,
    pi,
    ratio,
    s,
    t,
    tau,
    total,
    variance,
)
from derive.procedures import answers, boundary, decide
from derive.procedures.answers import Answer, Different, Equal
from derive.procedures.decide import Comparison
from derive.rules import automata

F = Fraction
beta, f, g, q = Policy("beta"), function("f"), function("g"), function("q")
score = grad(log(P(tau)))
MU, OTHER, DYNAMICS, POLICY, BETA = "μ(0)=0", "μ(1)=0", "P(0|0,0)=0", "π(0|0)=0", "beta(0|0)=0"


def answer(before: Expr, after: Any, *assumes: Assumption) -> Answer:
    return Comparison([before, as_term(after)], assumes).compare(before, as_term(after))


def equal(before: Expr, after: Any, *assumes: Assumption) -> Equal:
    found = answer(before, after, *assumes)
    assert isinstance(found, Equal)
    return found


def verdict(before: Expr, after: Any, *assumes: Assumption) -> Verdict:
    declared = theorem("a step", assumes=assumes)(lambda: calc(before, by(automata), as_term(after)))
    return examine(declared).steps[0].verdict


# -- which zeros -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("assumes", "patterns"), [
    ((), [MU, DYNAMICS, OTHER, POLICY, f"{MU}, {DYNAMICS}", f"{MU}, {DYNAMICS}, {POLICY}"]),
    ((policy_positive,), [MU, DYNAMICS, OTHER, f"{MU}, {DYNAMICS}"]),
    ((initial_positive,), [DYNAMICS, POLICY, f"{DYNAMICS}, {POLICY}"]),
    ((initial_positive, dynamics_positive), [POLICY]),
    ((initial_positive, dynamics_positive, policy_positive), []),
])
def test_every_zero_that_the_class_allows_alone_and_together(assumes: tuple[Assumption, ...],
                                                             patterns: list[str]) -> None:
    assert [says for _, says in boundary.patterns(assumes, ())] == patterns
    assert {says for says, _ in equal(expect(tau, R(tau)), J, *assumes).with_zeros} == set(patterns)
    squared = expect(tau, f(tau.s[1]) * f(tau.s[1])) - expect(tau, f(tau.s[1])) * expect(tau, f(tau.s[1]))
    seen = {says for says, _ in equal(variance(tau, f(tau.s[1])), squared, *assumes).with_zeros}
    assert seen == set(patterns)


def test_each_fixed_policy_alone_and_beside_pi() -> None:
    found = [says for _, says in boundary.patterns([initial_positive, dynamics_positive], {"beta", "alpha"})]
    assert found == [POLICY, "alpha(0|0)=0", BETA, f"{POLICY}, alpha(0|0)=0", f"{POLICY}, {BETA}"]


def test_a_zero_needs_another_outcome_in_its_row() -> None:
    one, two = Shape(1, 2, 0), Shape(2, 1, 0)
    fitting = {says: (boundary.fit(zeros, one), boundary.fit(zeros, two))
               for zeros, says in boundary.patterns([], {"beta"})}
    assert fitting[MU] == fitting[OTHER] == fitting[DYNAMICS] == (False, True)
    assert fitting[POLICY] == fitting[BETA] == (True, False)
    assert fitting[f"{MU}, {DYNAMICS}, {POLICY}"] == (False, False)


# -- false where a probability is 0 --------------------------------------------------------------------------


def covering(time: int) -> tuple[Expr, Expr]:
    """E_pi[b/pi] at one time: sum_a b(a|s) over the actions that pi takes, which is 1 only if pi takes them all."""
    return expect(tau, ratio(beta(tau.a[time] | tau.s[time]), pi(tau.a[time] | tau.s[time]))), Integer(1)


FALSE: dict[str, tuple[Expr, Any]] = {
    "weight of beta at the first step": covering(0),
    "weight of beta at the second step": covering(1),
    "weight of pi under beta": (
        expect(tau, ratio(pi(tau.a[0] | tau.s[0]), beta(tau.a[0] | tau.s[0])), policy=beta), 1),
    "number of actions": (expect(tau, ratio(1, pi(tau.a[0] | tau.s[0]))), total(a, 1)),
    "number of actions at a late step": (expect(tau, ratio(1, pi(tau.a[4] | tau.s[4]))), total(a, 1)),
    # where one of two actions is never taken the gradient is 0: it needs three actions
    "weight of beta times a gradient": (
        expect(tau, ratio(beta(tau.a[0] | tau.s[0]), pi(tau.a[0] | tau.s[0]))
               * grad(total(a, pi(a | tau.s[0]) * q(tau.s[0], a)))),
        expect(tau, grad(total(a, pi(a | tau.s[0]) * q(tau.s[0], a))))),
}


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_at_a_zero_is_refuted_and_true_without(name: str) -> None:
    before, after = FALSE[name]
    found = verdict(before, after)
    assert isinstance(found, Refuted)
    assert any(0 in row for table in found.witness.model.policies.values() for row in table)
    assert isinstance(answer(before, after, policy_positive), Equal)


def test_without_the_zero_alone_the_weight_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: a zero of pi only where state 0 is never the first."""
    honest = boundary.patterns
    monkeypatch.setattr(boundary, "patterns", lambda assumes, fixed: [
        pattern for pattern in honest(assumes, fixed) if POLICY not in pattern[1] or MU in pattern[1]])
    assert isinstance(answer(*covering(0)), Equal)


def late() -> tuple[Expr, Expr]:
    reads = g(tau.s[2], tau.a[2])
    return total(tau, P(tau, policy=beta) * reads), expect(tau, reads, policy=beta)


def test_a_claim_about_a_late_step_is_tried_with_zeros_at_its_own_horizon() -> None:
    """Over the trajectories that pi takes, P(tau; beta) adds up to less than 1."""
    model = Model(shape=Shape(1, 2, 2), mu=(F(1),), P=(((F(1),), (F(1),)),), r=(((F(0),), (F(0),)),), gamma=F(1),
                  policies={"pi": ((F(1), F(0)),), "beta": ((F(1, 2), F(1, 2)),)}, scores=((F(0), F(0)),),
                  functions={"g": {(0, 0): F(1), (0, 1): F(0)}})
    oracle = Enumeration(model, possible_only=True)
    assert [oracle.value(side) for side in late()] == [F(1, 8), F(1, 2)]  # beta(0)^3 g(0, 0), and beta(0) g(0, 0)
    assert isinstance(verdict(*late(), possible(tau)), Refuted)
    assert isinstance(verdict(*late()), Proved)
    assert isinstance(answer(*late(), possible(tau), policy_positive), Equal)


def test_without_the_own_horizon_the_late_claim_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "shapes", lambda *sizes: list(boundary.SMALL))
    assert isinstance(answer(*late(), possible(tau)), Equal)


@pytest.mark.parametrize(("first", "reach", "late"), [
    (0, 1, []), (0, 2, []), (1, 2, [(2, 2, 2), (1, 3, 2)]),
    (2, 3, [(2, 2, 2), (1, 3, 2), (2, 2, 3), (1, 3, 3)]),
    (0, 6, [(1, 2, 5), (1, 2, 6)]), (8, 9, [(1, 2, 8), (1, 2, 9)]), (40, 41, [])])
def test_the_shapes_with_zeros(first: int, reach: int, late: list[tuple[int, int, int]]) -> None:
    found = boundary.shapes(first, reach, 1, decide.MOST_WAYS)
    assert found == [*boundary.SMALL, *(Shape(*sizes) for sizes in late)]
    assert all(shape.trajectories**2 <= 1_000 for shape in boundary.shapes(first, reach, 2, 1_000))


def test_a_sum_that_begins_late_is_tried_where_it_has_a_summand() -> None:
    """J hides at H = 0, 1, 2 that nothing else is compared there."""
    weight, _ = covering(0)
    claim = J + total(t, weight - 1, start=3)
    assert isinstance(verdict(claim, J), Refuted)
    assert isinstance(answer(claim, J, policy_positive), Equal)


# -- what is said ---------------------------------------------------------------------------------------------


def test_only_what_was_compared_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[Shape, Any, answers.Outcome]] = []
    honest = Comparison._agree

    def watched(self: Comparison, before: Expr, after: Expr, shape: Shape, zeros: Any, *, modular: bool) -> Any:
        outcome = honest(self, before, after, shape, zeros, modular=modular)
        compared.append((shape, zeros, outcome))
        return outcome

    monkeypatch.setattr(Comparison, "_agree", watched)
    second = expect(tau, q(tau.s[1], tau.a[1]))  # there is no a_1 at H = 0
    found = equal(J, J + second - second)
    names = dict(boundary.patterns([], ()))
    said = {(says, shape) for says, shapes in found.with_zeros for shape in shapes}
    assert said == {(names[zeros], shape) for shape, zeros, outcome in compared
                    if zeros and outcome is answers.Outcome.AGREE}
    assert min(shape.horizon for _, shape in said) == min(shape.horizon for shape in found.exact) == 1
    assert "(2,2,0)" not in "".join(scope_of(found).with_zeros)


def test_a_zero_that_makes_both_sides_vanish_is_not_said() -> None:
    """Where pi(0|0) = 0 and there is one state with two actions, every score is 0 on both sides."""
    last = expect(tau, g(tau.s[8], tau.a[8]) * grad(log(pi(tau.a[8] | tau.s[8]))))
    found = equal(last, expect(tau, grad(log(pi(tau.a[8] | tau.s[8]))) * g(tau.s[8], tau.a[8])))
    assert found.exact
    assert found.with_zeros == ()


def test_shapes_on_which_both_sides_vanish_are_not_called_evidence() -> None:
    found = equal(expect(tau, score), grad(total(tau, P(tau))))
    assert (found.exact, found.with_zeros, found.probes) == ((), (), ())
    assert found.both_vanish
    kinds = dict(scope_of(found).lines())
    assert "exact" not in kinds
    assert kinds["both sides are 0"].startswith("(1,3,0), (2,2,0)")
    literal = equal(expect(tau, score), 0)  # a literal 0 is meant
    assert not literal.both_vanish
    assert "both sides are 0" not in dict(scope_of(literal).lines())
    partly = equal(total(t, P(tau), start=1), total(t, P(tau) * 1, start=1))
    assert 0 not in {shape.horizon for shape in (*partly.exact, *partly.probes)}
    assert Shape(2, 2, 0) in partly.vacuous
    assert "both sides are 0" not in dict(scope_of(partly).lines())


def test_patterns_that_were_tried_on_the_same_shapes_are_said_together() -> None:
    lines = scope_of(equal(expect(tau, R(tau)), J)).with_zeros
    assert lines == (f"(2,2,0), (2,2,1) with {MU}; {DYNAMICS}; {OTHER}; {MU}, {DYNAMICS}; {MU}, {DYNAMICS}, {POLICY}",
                     f"(2,2,0), (1,3,0), (2,2,1), (1,3,1) with {POLICY}")


def test_a_difference_names_the_zero_that_shows_it() -> None:
    assert answer(*covering(0)) == Different(Shape(2, 2, 0), frozenset({("pi", 0, 0)}))
    states = expect(tau, ratio(1, mu(tau.s[0]))), total(s, 1)  # how many states come first
    assert answer(*states) == Different(Shape(2, 2, 0), frozenset({("mu", 0)}))
    assert isinstance(answer(*states, initial_positive), Equal)
