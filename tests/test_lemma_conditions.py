"""What a lemma is good for: an equation at theta stands below no gradient, and cases go with their letters."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Proved, Refuted, Undecided, Unjustified, Verdict
from derive.language.assumptions import Assumption, at_most, covers, earlier, policy_positive
from derive.language.terms import Policy, Time
from derive.language.vocabulary import (
    J,
    P,
    R,
    expect,
    function,
    gamma,
    grad,
    k,
    log,
    pi,
    pi_old,
    r,
    ratio,
    t,
    tau,
    total,
)
from derive.rules import automata

beta, f, j, n = Policy("beta"), function("f"), Time("j"), Time("n")
MOVING, HELD = expect(tau, f(tau.s[1])), expect(tau, f(tau.s[1]), policy=pi_old)


def verdict(*items: Any, assumes: tuple[Assumption, ...] = ()) -> Verdict:
    return examine(step(*items, assumes=assumes)).steps[0].verdict


def step(*items: Any, assumes: tuple[Assumption, ...] = ()) -> Theorem:
    @theorem("a step", assumes=assumes)
    def one():  # type: ignore[no-untyped-def]
        return calc(*items)

    return one


# -- equations at theta ------------------------------------------------------------------------------

AT_THETA = step(HELD, by(automata), MOVING)


def test_an_equation_at_theta_is_not_used_below_a_gradient() -> None:
    """The left side does not move: its gradient is 0, that of the right side is not."""
    assert isinstance(verdict(grad(HELD), by(AT_THETA), grad(MOVING)), Refuted)
    assert isinstance(verdict(grad(gamma * HELD), by(AT_THETA), grad(gamma * MOVING)), Refuted)


def test_it_is_used_beside_one_and_at_the_top() -> None:
    score = grad(log(pi(tau.a[0] | tau.s[0])))
    assert isinstance(verdict(HELD * gamma, by(AT_THETA), MOVING * gamma), Proved)
    assert isinstance(verdict(HELD * expect(tau, score), by(AT_THETA), MOVING * expect(tau, score)), Proved)


def test_a_lemma_with_a_gradient_of_its_own_is_used_where_it_is_said() -> None:
    """E_old[f]' = 0 is an equation at theta with a gradient in it."""
    still = step(grad(HELD), by(automata), 0)
    assert isinstance(verdict(grad(HELD) + grad(MOVING), by(still), grad(MOVING)), Proved)


# -- covered policies --------------------------------------------------------------------------------

COVERED = (covers(beta, pi),)
SAMPLED = step(expect(tau, ratio(P(tau), P(tau, policy=beta)) * R(tau), policy=beta), by(automata), J, assumes=COVERED)


def test_a_lemma_for_covered_policies_stands_below_one_gradient_and_not_below_two() -> None:
    """At pi = (theta^2, 1 - theta^2), beta = (0, 1), theta = 0 it is J only in first order: pi'' is not covered."""
    one, two = SAMPLED.chain.terms
    for assumes, below_two in ((COVERED, Undecided), ((*COVERED, policy_positive), Proved)):
        assert isinstance(verdict(grad(one), by(SAMPLED), grad(two), assumes=assumes), Proved)
        assert isinstance(verdict(grad(grad(one)), by(SAMPLED), grad(grad(two)), assumes=assumes), below_two)
        assert isinstance(verdict(grad(gamma * grad(one)), by(SAMPLED), grad(gamma * grad(two)), assumes=assumes),
                          below_two)


# -- cases ---------------------------------------------------------------------------------------------


def inside(score: Time, reward: Time) -> Expr:
    return grad(log(pi(tau.a[score] | tau.s[score]))) * r(tau.s[reward], tau.a[reward], tau.s[reward + 1])


def mean_of(score: Time, reward: Time) -> Expr:
    return expect(tau, inside(score, reward))


PAST = step(mean_of(k, t), by(automata), 0, assumes=(earlier(t, k),))


def test_a_lemma_for_t_before_k_serves_other_letters_for_which_that_is_said() -> None:
    assert isinstance(verdict(mean_of(j, n), by(PAST), 0, assumes=(earlier(n, j),)), Proved)


def test_it_does_not_serve_letters_of_which_nothing_or_less_is_said() -> None:
    """At j = n the mean of score and reward is the gradient of the mean reward."""
    for said in ((), (at_most(n, j),), (earlier(j, n),)):
        assert isinstance(verdict(mean_of(j, n), by(PAST), 0, assumes=said), Refuted)


def test_it_does_not_serve_below_a_sum_whose_range_nobody_has_compared() -> None:
    """True, for the sum stops before k; that the lemma gives it is not seen."""
    found = verdict(expect(tau, total(k, total(t, inside(k, t), stop=k - 1))), by(PAST), 0)
    assert isinstance(found, Unjustified)
    assert found.true


def test_what_is_said_of_other_letters_in_other_ways_is_true_all_the_same() -> None:
    """n + 2 <= j implies n < j; where the reason is not seen to be it, the step keeps its equation."""
    found = verdict(mean_of(j, n), by(PAST), 0, assumes=(at_most(n + 2, j),))
    assert isinstance(found, Proved) or (isinstance(found, Unjustified) and found.true)
