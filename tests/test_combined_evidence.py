"""Verdicts keep what they were proved under: lemmas, first horizons, ranges, means, conditions, and what is idle."""

from __future__ import annotations

from typing import Any

import pytest

from derive import (
    H,
    J,
    P,
    Policy,
    R,
    Time,
    a,
    additive_return,
    automata,
    by,
    calc,
    dynamics_positive,
    expect,
    function,
    gamma,
    grad,
    i,
    iid_samples,
    initial_positive,
    k,
    log,
    m,
    mean,
    pi,
    policy_positive,
    possible,
    r,
    ratio,
    samples,
    samples_at_least,
    t,
    tau,
    theorem,
    total,
    variance,
)
from derive.checking import deciding
from derive.checking.examine import Session, examine
from derive.checking.judgement import Examined
from derive.checking.theorems import Chain, Theorem
from derive.checking.verdict import (
    Estimates,
    NeedsCondition,
    Proved,
    Refuted,
    SameMean,
    Undecided,
    Unjustified,
    Verdict,
)
from derive.language.dependence import is_random
from derive.language.expression import Plus
from derive.language.terms import Draw
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside

beta, f, g, h, b1 = Policy("beta"), function("f"), function("g"), function("h"), function("b1")
j, n = Draw("j"), Time("l")
LATE = expect(tau, grad(log(pi(tau.a[0] | tau.s[0]))) * h(tau.s[1]))
POLYNOMIAL = H * (H - 1) * (H - 2) * (H - 3)


def claimed(*items: Any, assumes: Any = ()) -> Theorem:
    @theorem("claimed", assumes=assumes)
    def claim() -> Chain:
        return calc(*items)

    return claim


def verdict(before: Any, after: Any, *assumes: Any, reason: Any = automata) -> Verdict:
    return examine(claimed(before, by(reason), after, assumes=assumes)).steps[0].verdict


# -- lemmas -------------------------------------------------------------------------------------------------


def under_beta() -> tuple[Any, Any]:
    return (total(tau, P(tau, policy=beta) * g(tau.s[2], tau.a[2])), expect(tau, g(tau.s[2], tau.a[2]), policy=beta))


def test_a_lemma_about_all_trajectories_is_none_about_the_possible_ones() -> None:
    left, right = under_beta()
    lemma = claimed(left, by(automata), right)
    assert examine(lemma).follows
    uses = claimed(left, by(lemma), right, assumes=[possible(tau)])
    assert isinstance(Session().examine(uses).steps[0].verdict, Refuted)
    twin = claimed(left, by(lemma), right)
    assert Session().examine(twin).follows


def over(first: int, d: int) -> Any:
    """LATE times max(0, H + 1 - first - d)."""
    return total(n, total(t, LATE, start=n + d, stop=H), start=first, stop=first)


def late_chain() -> tuple[Theorem, Any]:
    u = expect(tau, b1(tau.s[8], tau.a[8]) * grad(log(pi(tau.a[0] | tau.s[0]))))
    x = over(3, 4) - 2 * over(4, 4) + over(4, 5)  # LATE if H = 7, else 0
    return claimed(x, by(automata), x + (u - u), by(automata), u - u, by(automata), 0), x


def test_a_chain_holds_from_the_first_horizon_of_its_lines_on() -> None:
    chain, _ = late_chain()
    found = examine(chain)
    assert [type(step.verdict) for step in found.steps] == [Proved, Proved, Proved]
    assert found.equation is not None
    assert found.equation.context.first == 8
    assert not isinstance(found.claim, Proved)  # it is false at H = 7
    assert found.reach == "every horizon H ≥ 8"


def test_a_lemma_gives_nothing_below_its_first_horizon() -> None:
    lemma, x = late_chain()
    objective = grad(expect(tau, f(tau.a[0])))
    (step,) = examine(claimed(objective, by(lemma), objective + x)).steps
    assert not isinstance(step.verdict, Proved)


def test_the_claim_does_not_follow_against_its_own_verdict() -> None:
    zero = expect(tau, g(tau.s[1], tau.a[1])) - expect(tau, g(tau.s[1], tau.a[1]))
    x1 = total(t, total(k, 1, start=t, stop=0), start=H, stop=H)  # 1 at H = 0, else 0
    found = examine(claimed(J, by(automata), J + zero, by(automata), J + x1 + zero, by(automata), J + x1))
    assert isinstance(found.claim, Refuted)
    assert not found.follows


def test_a_lemma_for_times_up_to_the_horizon_is_none_for_later_ones() -> None:
    lemma = claimed(total(k, LATE, start=t) - total(k, LATE, start=t + 1), by(automata), LATE)
    assert examine(lemma).follows
    base = grad(expect(tau, f(tau.a[0])))
    left = base + (total(k, LATE, start=7) - total(k, LATE, start=Plus(7, 1)))
    u = grad(expect(tau, b1(tau.s[7])))  # exists for H >= 6
    (step,) = examine(claimed(left + (u - u), by(lemma), base + LATE + (u - u))).steps
    assert isinstance(step.verdict, Refuted)  # and the lemma, which holds from H = 7 on, is no wrong rule
    assert step.verdict.witness.model.shape.horizon == 6


def test_literal_times_inside_sums_count() -> None:
    z = function("z")
    found = examine(claimed(total(t, expect(tau, grad(log(pi(tau.a[9] | tau.s[9]))) * z(tau.s[9]))), by(automata), 0))
    assert isinstance(found.claim, Proved)
    assert found.claim.equation.context.first == 9
    assert found.steps[0].scope is not None
    assert "every horizon H ≥ 9" in found.steps[0].scope.everywhere


def undecided_by_the_kernel(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """The kernel has no equation of a step that is no lemma's own; what is left are the reason and the shapes."""
    real = deciding.decided

    def decided(context: Any, before: Any, after: Any) -> Any:
        return answer if before[0] == after[0] == "sum" else real(context, before, after)

    monkeypatch.setattr(deciding, "decided", decided)


def used_below_a_sum() -> tuple[Theorem, Theorem]:
    """A lemma for each t in 0..H, used at every t of a sum."""
    left = expect(tau, g(tau.s[t], tau.a[t]))
    right = expect(tau, total(a, pi(a | tau.s[t]) * g(tau.s[t], a)))
    lemma = claimed(left, by(automata), right)
    return lemma, claimed(total(t, 2 * left), by(lemma), total(t, 2 * right))


def test_a_lemma_below_a_sum_at_its_letter_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its range would have to be compared: where the kernel does not decide the step, nothing is proved."""
    lemma, uses = used_below_a_sum()
    assert examine(uses).follows  # the kernel's own
    undecided_by_the_kernel(monkeypatch, Outside("not asked"))
    found = examine(uses).steps[0].verdict
    assert isinstance(found, Undecided)
    assert "ranges would have to be compared" in found.why
    monkeypatch.setattr("derive.checking.reasons.RANGED", ())  # nobody asks for ranges
    assert isinstance(examine(uses).steps[0].verdict, Proved)
    assert lemma.name == "claim"


def test_no_reason_is_believed_against_a_difference_that_the_kernel_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """No small shape shows it, no witness is found; a rule or a lemma says yes all the same."""
    _, uses = used_below_a_sum()
    undecided_by_the_kernel(monkeypatch, Differs(3))
    found = examine(uses).steps[0].verdict
    assert isinstance(found, Undecided)
    assert "find a difference at H = 3" in found.why


# -- means ----------------------------------------------------------------------------------------------------


REWARD = r(tau.s[0], tau.a[0], tau.s[1])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "estimate"), [
    (J, mean(i, R(samples[i])) + POLYNOMIAL),
    (expect(tau, REWARD, policy=beta), mean(i, ratio(
        beta(samples[i].a[0] | samples[i].s[0]), pi(samples[i].a[0] | samples[i].s[0])) * r(
        samples[i].s[0], samples[i].a[0], samples[i].s[1]))),
    (grad(J), mean(i, grad(log(P(samples[i]))) * R(samples[i]) + over(3, 4) - 2 * over(4, 4) + over(4, 5))),
], ids=["a polynomial in H", "without coverage", "late"])
def test_means_that_agree_on_shapes_are_no_estimate(number: Any, estimate: Any) -> None:
    found = verdict(number, estimate, iid_samples)
    assert is_random(estimate)
    assert not isinstance(found, (Estimates, Proved, SameMean))


def test_an_estimate_carries_its_equation_of_means() -> None:
    found = verdict(grad(J), mean(i, grad(log(P(samples[i]))) * R(samples[i])), iid_samples)
    assert isinstance(found, Estimates)
    assert not found.means.trusts


def test_the_counterexample_of_an_estimate_has_its_sides_as_they_are_written() -> None:
    """At the witness J is a mean, the estimate the return of one sample."""
    one = verdict(J, mean(i, R(samples[i])), iid_samples)
    other = verdict(mean(i, R(samples[i])), J, iid_samples)
    assert isinstance(one, Estimates)
    assert isinstance(other, Estimates)
    assert (one.witness.left, one.witness.right) == (other.witness.right, other.witness.left)
    assert one.witness.left != one.witness.right


def without_own(factor: Any) -> Any:
    """The mean of score times the return less the mean of the others, written with the mean of all."""
    return mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - factor * (m * mean(j, R(samples[j])) - R(samples[i]))))


def test_what_divides_by_one_less_than_m_estimates_from_two_samples_on() -> None:
    found = verdict(grad(J), without_own(ratio(1, m - 1)), iid_samples, samples_at_least(2))
    assert isinstance(found, Estimates)
    assert not found.means.context.owes
    assert found.means.context.samples == 2
    assert isinstance(verdict(grad(J), without_own(ratio(1, m - 1)), iid_samples), Refuted)
    own = mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - ratio(m, m - 1) * mean(j, R(samples[j]))))
    assert isinstance(verdict(grad(J), own, iid_samples, samples_at_least(2)), Refuted)


def test_an_estimate_whose_mean_is_off_by_a_factor_says_so() -> None:
    centred = mean(i, grad(log(P(samples[i]))) * (R(samples[i]) - mean(j, R(samples[j]))))
    for left, right in ((grad(J), centred), (centred, grad(J))):
        found = verdict(left, right, iid_samples, reason=None)
        assert isinstance(found, Refuted)
        assert "the mean of the random side is (m - 1)/m times the other side" in found.note
    twice = verdict(J, mean(i, 2 * R(samples[i])), iid_samples, reason=None)
    assert isinstance(twice, Refuted)
    assert "the mean of the random side is 2 times the other side" in twice.note
    other = verdict(J, mean(i, R(samples[i]) ** 2), iid_samples, reason=None)
    assert isinstance(other, Refuted)
    assert "the mean of" not in other.note


def test_a_baseline_without_the_own_sample_and_a_wrong_factor() -> None:
    """The means are both 0, the sides differ at m = 2."""
    own = R(samples[i])
    left = own - ratio(1, m - 1) * (total(j, R(samples[j])) - own)
    found = verdict(left, ratio(m - 1, m) * (own - mean(j, R(samples[j]))), iid_samples, reason=None)
    assert isinstance(found, Refuted)
    assert found.witness.model.shape.samples == 2
    assert found.note.startswith("the means agree for m ≥ 2")


@pytest.mark.parametrize("wrong", [POLYNOMIAL, over(3, 4) - 2 * over(4, 4) + over(4, 5)], ids=["H", "late"])
def test_no_condition_settles_what_is_false(wrong: Any) -> None:
    one = ratio(pi(tau.a[0] | tau.s[0]), pi(tau.a[0] | tau.s[0]))
    assert not isinstance(verdict(expect(tau, one, policy=beta) * LATE, LATE + wrong * LATE), (NeedsCondition, Proved))


# -- zeros, assumptions ------------------------------------------------------------------------------------------


def test_a_zero_at_the_first_step_is_seen() -> None:
    weight = ratio(beta(tau.a[0] | tau.s[0]), pi(tau.a[0] | tau.s[0]))
    assert isinstance(verdict(expect(tau, weight), 1, reason=None), Refuted)
    assert isinstance(verdict(expect(tau, weight), 1, policy_positive), Proved)
    count = expect(tau, ratio(1, pi(tau.a[0] | tau.s[0])))
    assert isinstance(verdict(count, total(a, 1), reason=None), Refuted)


def test_idle_is_what_the_kernel_does_without() -> None:
    claim = claimed(expect(tau, R(tau) * 1), by(automata), J, assumes=[policy_positive, possible(tau)])
    found = examine(claim)
    assert policy_positive in found.idle
    weighted = expect(tau, ratio(P(tau), P(tau, policy=beta)) * R(tau), policy=beta)
    needed = examine(claimed(J, by(automata), weighted,
                             assumes=[possible(tau), dynamics_positive, initial_positive, policy_positive]))
    assert needed.follows
    assert policy_positive in needed.used
    without = examine(claimed(J, by(automata), weighted, assumes=[possible(tau), dynamics_positive, initial_positive]))
    assert not without.follows


def test_possible_is_never_idle_beside_a_sum_over_trajectories() -> None:
    found: Examined = examine(claimed(J, by(automata), total(tau, P(tau) * R(tau)), assumes=[possible(tau)]))
    assert found.follows
    assert possible(tau) in found.used


@pytest.mark.slow
def test_rank_and_symmetry_are_asked_of_certificates_too() -> None:
    one, two = J, expect(tau, f(tau.s[1]))
    found = verdict(grad(one * grad(two)) - one * grad(grad(two)), grad(two * grad(one)) - two * grad(grad(one)),
                    policy_positive, initial_positive, dynamics_positive)
    assert isinstance(found, (Undecided, Unjustified))


@pytest.mark.parametrize("case", range(4))
def test_variances_are_proved(case: int) -> None:
    left, right = [
        (variance(tau, R(tau) - J), variance(tau, R(tau))), (variance(tau, R(tau) * J), J * J * variance(tau, R(tau))),
        (variance(tau, R(tau)), expect(tau, (R(tau) - J) * (R(tau) - J))),
        (expect(tau, (f(tau.s[0]) + J) ** 2), expect(tau, f(tau.s[0]) ** 2) + 2 * J * expect(tau, f(tau.s[0])) + J * J),
    ][case]
    assert isinstance(verdict(left, right), Proved)
    assert not isinstance(verdict(left, 2 * right + J), Proved)


def test_the_scope_of_additive_returns_is_kept() -> None:
    found = verdict(grad(J), expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t]))) * total(
        k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t))), additive_return)
    assert isinstance(found, Proved)
