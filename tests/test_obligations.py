"""What a term owes: every side condition, and every rule of the calculus of signs, holds and fails."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sympy import Expr, Integer

from derive.language.assumptions import (
    POSSIBLE,
    Assumption,
    below_one,
    covers,
    discount_below_one,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
    positive,
    possible,
    samples_at_least,
)
from derive.language.expression import Plus, Power, Times
from derive.language.terms import Between, Policy, Prod, State, Time, Total, Trajectory
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
    k,
    log,
    m,
    mean,
    mu,
    pi,
    pi_old,
    prod,
    r,
    ratio,
    s,
    samples,
    scalar,
    t,
    tau,
    total,
    trajectory_probability_of,
    variance,
    x,
)
from derive.procedures.linear_times import linear, same_time
from derive.procedures.obligations import obligations, undischarged

ALL = (initial_positive, dynamics_positive, policy_positive)
b = Policy("b")
sigma = Trajectory("sigma")
f = function("f")


def owed(term: Expr, *assumed: Assumption) -> list[str]:
    return [str(obligation) for obligation in undischarged([term], assumed)]


def free(term: Expr, *assumed: Assumption) -> bool:
    return not owed(term, *assumed)


# -- the side conditions, in the author's letters ---------------------------------------------------


def test_a_term_without_conditions_owes_nothing() -> None:
    for term in (J, grad(J), P(tau) * R(tau), expect(tau, R(tau)), total(t, gamma**t), variance(tau, R(tau))):
        assert free(term)


def test_a_ratio_owes_its_denominator() -> None:
    assert owed(ratio(1, R(tau))) == ["R(τ) ≠ 0"]
    assert owed(ratio(J, pi(a | s))) == ["π_θ(a|s) ≠ 0"]
    assert free(ratio(J, pi(a | s)), policy_positive)
    assert owed(ratio(J, ratio(1, mu(s)))) == ["μ(s) ≠ 0"]  # 1/x is never 0, where it is defined


def test_a_logarithm_owes_its_argument() -> None:
    assert owed(log(mu(s))) == ["μ(s) > 0"]
    assert free(log(mu(s)), initial_positive)
    assert owed(log(-mu(s)), initial_positive) == [f"{-mu(s)} > 0"]
    assert owed(log(P(tau))) == ["P(τ;θ) > 0"]


def test_a_sampled_trajectory_owes_its_law() -> None:
    says = ["τ^{(1)}, ..., τ^{(m)} have a declared law"]
    for term in (R(samples[1]), mean(i, R(samples[i])), expect(samples, R(samples[2]))):
        assert owed(term) == says
        assert undischarged([term], ())[0].settled_by == (iid_samples,)
        assert free(term, iid_samples)


def test_obligations_are_listed_once_and_in_bound_letters() -> None:
    term = total(s, total(a, ratio(1, pi(a | s)) + ratio(2, pi(a | s)))) + ratio(1, pi(a | s))
    assert owed(term) == ["π_θ(a|s) ≠ 0"]
    assert owed(total(State("q"), ratio(mu(s), mu(State("q"))))) == ["μ(x) ≠ 0"]  # s is taken
    assert owed(total(tau, ratio(1, R(tau)))) == ["R(τ) ≠ 0"]
    assert [str(one) for one in obligations([ratio(1, gamma), log(gamma)])] == ["γ ≠ 0", "γ > 0"]


SETTLED: tuple[tuple[Expr, tuple[Assumption, ...]], ...] = (
    (ratio(1, pi(a | s)), (policy_positive,)),
    (ratio(1, mu(s) * P(x | s, a)), (initial_positive, dynamics_positive)),
    (ratio(1, pi(a | s) * mu(s)), (policy_positive, initial_positive)),
    (ratio(1, P(tau)), (POSSIBLE,)),
    (log(mu(tau.s[0])), (POSSIBLE,)),
    (log(pi(tau.a[t] | tau.s[t])), (POSSIBLE,)),
    (ratio(1, gamma), ()),
)


@pytest.mark.parametrize(("term", "settled_by"), SETTLED, ids=[str(term) for term, _ in SETTLED])
def test_what_would_settle_an_obligation(term: Expr, settled_by: tuple[Assumption, ...]) -> None:
    (obligation,) = undischarged([term], ())
    assert obligation.settled_by == settled_by


# -- the calculus of signs: (expression, assumptions under which it is positive, and not enough) -------

E0, EH = total(t, mu(s)), total(t, mu(s), stop=H - 1)

POSITIVE: tuple[tuple[Expr, tuple[Assumption, ...], tuple[Assumption, ...] | None], ...] = (
    (Integer(2), (), None),
    (m, (), None),
    (mu(s), (initial_positive,), (dynamics_positive, policy_positive)),
    (P(x | s, a), (dynamics_positive,), (initial_positive, policy_positive)),
    (pi(a | s), (policy_positive,), (initial_positive, dynamics_positive)),
    (mu(s) + P(x | s, a), (initial_positive, dynamics_positive), (initial_positive,)),
    (mu(s) * pi(a | s), (initial_positive, policy_positive), (policy_positive,)),
    (2 * mu(s), (initial_positive,), ()),
    (ratio(mu(s), m), (initial_positive,), ()),
    (mu(s) ** t, (initial_positive,), ()),
    (prod(t, mu(s), stop=H - 7), (initial_positive,), ()),  # the empty product is 1
    (expect(tau, mu(s)), (initial_positive,), ()),
    (total(s, mu(s)), (initial_positive,), ()),
    (total(a, pi(a | s)), (policy_positive,), ()),
    (total(tau, P(tau)), ALL, ALL[:2]),
    (total(t, mu(s)), (initial_positive,), ()),
    (total(i, mu(s)), (initial_positive,), ()),
    (P(tau), ALL, ALL[1:]),
    (P(tau), (possible(tau),), (*ALL[:2],)),
    (P(samples[1]), (iid_samples,), (possible(tau),)),
    (mu(tau.s[0]), (possible(tau),), ()),
    (P(tau.s[t + 1] | tau.s[t], tau.a[t]), (possible(tau),), ()),
    (P(tau.s[3] | tau.s[2], tau.a[2]), (possible(tau),), ()),
    (pi(tau.a[t] | tau.s[t]), (possible(tau),), ()),
    (prod(t, pi(tau.a[t] | tau.s[t])), (possible(tau),), ()),
    (trajectory_probability_of(tau), (possible(tau),), ALL[:2]),
    (pi(samples[i].a[t] | samples[i].s[t]), (iid_samples,), (possible(tau),)),
    (total(tau, P(tau)), (possible(tau),), ()),
)


@pytest.mark.parametrize(("term", "enough", "too_few"), POSITIVE, ids=[str(term) for term, *_ in POSITIVE])
def test_positive(term: Expr, enough: tuple[Assumption, ...], too_few: tuple[Assumption, ...] | None) -> None:
    inside = iid_samples if samples in term.free_symbols else policy_positive
    assert f"{term} > 0" not in owed(log(term), *enough)
    assert f"{term} ≠ 0" not in owed(ratio(1, term), *enough)
    assert free(log(term), *enough, *((iid_samples,) if inside == iid_samples else ()))
    if too_few is not None:
        assert f"{term} > 0" in owed(log(term), *too_few)
        assert f"{term} ≠ 0" in owed(ratio(1, term), *too_few)


NEVER: tuple[Expr, ...] = (
    Integer(0), Integer(-2), gamma, f(s), R(tau), r(s, a, x), J, R(tau) * R(tau), gamma**t, -mu(s), mu(s) - mu(x),
    1 - gamma, variance(tau, R(tau)),
    total(t, mu(s), stop=H - 1),  # may be empty, and then 0
    total(t, mu(s), start=1),
    total(k, mu(s), stop=t),
    Total(t, Between(2, m), mu(s)),
    mu(tau.s[1]),
    mu(tau.s[t]),
    P(tau.s[t + 2] | tau.s[t], tau.a[t]),
    P(tau.s[t + 1] | tau.s[t], tau.a[t + 1]),
    P(tau.s[t] | tau.s[t + 1], tau.a[t]),
    P(tau.s[t + 1] | tau.s[t], sigma.a[t]),
    P(tau.s[1] | s, tau.a[0]),
    P(x | tau.s[0], tau.a[0]),
    pi(tau.a[t] | tau.s[t + 1]),
    pi(sigma.a[t] | tau.s[t]),
    pi(tau.a[t] | s),
    pi(a | tau.s[t]),
    b(tau.a[t] | tau.s[t]),
    P(tau, policy=b),
    prod(t, pi(tau.a[t] | s)),
    expect(sigma, R(sigma)),
)


@pytest.mark.parametrize("term", NEVER, ids=str)
def test_what_a_possible_trajectory_does_not_make_positive(term: Expr) -> None:
    known = (possible(tau), initial_positive) if isinstance(term, Total) else (possible(tau),)
    assert f"{term} > 0" in owed(log(term), *known)


def test_nonzero_is_more_than_positive() -> None:
    for term in (Integer(-2), -1 * mu(s), Times(-1, pi(a | s), mu(s)), Power(-mu(s), 3), ratio(-mu(s), mu(x))):
        known = (initial_positive, policy_positive)
        assert f"{term} ≠ 0" not in owed(ratio(1, term), *known)
        assert f"{term} > 0" in owed(log(term), *known)
    for term in (Integer(0), 0 * mu(s), mu(s) + f(s), -1 * f(s), Power(f(s), 2), ratio(f(s), mu(s)), Plus(1, -1)):
        assert f"{term} ≠ 0" in owed(ratio(1, term), initial_positive)


def test_no_assumption_decides_an_empty_product_of_terms() -> None:
    assert owed(log(Times())) == [f"{Times()} > 0"]


# -- what is known inside a binder -------------------------------------------------------------------


def test_an_expectation_runs_over_possible_trajectories_of_its_own_law() -> None:
    assert free(expect(tau, log(P(tau))))
    assert free(expect(tau, log(pi(tau.a[t] | tau.s[t]))))
    assert free(variance(tau, ratio(R(tau), P(tau))))
    assert free(expect(tau, ratio(P(tau), P(tau, policy=b)), policy=b))
    assert owed(expect(tau, ratio(P(tau, policy=b), P(tau)), policy=b)) == ["P(τ;θ) ≠ 0"]
    assert owed(expect(tau, log(P(sigma)))) == [f"{P(sigma)} > 0"]
    assert free(expect(samples, log(P(samples[1]))), iid_samples)
    assert owed(expect(samples, log(P(samples[1])), policy=b), iid_samples) == [f"{P(samples[1])} > 0"]


def test_a_sum_over_trajectories_is_narrowed_by_assumption_only() -> None:
    term = total(tau, P(tau) * log(P(tau)))
    assert owed(term) == ["P(τ;θ) > 0"]
    assert free(term, possible(tau))
    assert free(Prod(tau, total(tau, 1).domain, log(P(tau))), possible(tau))
    assert owed(total(tau, P(tau, policy=b) * log(P(tau, policy=b))), possible(tau)) != []


# -- the gradient of a sum over a support ------------------------------------------------------------

MOVES = "the possible trajectories stay the same near θ in "


def moving(term: Expr, *assumed: Assumption) -> bool:
    """Whether the term owes that its support does not move."""
    found = [one for one in undischarged([term], assumed) if one.says.startswith(MOVES)]
    assert all(one.settled_by == (policy_positive,) for one in found)
    return bool(found)


STAYS: tuple[tuple[Expr, tuple[Assumption, ...]], ...] = (
    (grad(expect(tau, R(tau))), ()),
    (grad(expect(tau, log(mu(s)))), (initial_positive,)),
    (grad(variance(tau, R(tau))), ()),
    (grad(total(tau, P(tau) * R(tau))), ()),  # no assumption: the sum is over all trajectories
    (grad(total(tau, P(tau) * R(tau))), (possible(tau),)),
    (grad(total(tau, P(tau))), (possible(tau),)),
    (expect(tau, grad(log(P(tau)))), ()),  # the support lies outside the gradient
    (grad(expect(tau, log(P(tau)))), (policy_positive,)),
    (grad(grad(expect(tau, R(tau)))), ()),  # P R summed over all trajectories, as a function of theta
    (grad(grad(expect(samples, R(samples[1])))), (iid_samples,)),
    (grad(expect(tau, log(pi(tau.a[0] | tau.s[0])), policy=b)), (covers(b, pi),)),  # a fixed law
    (grad(grad(expect(tau, log(P(tau))))), (policy_positive,)),
    (grad(total(tau, R(tau))), (possible(tau), policy_positive)),
)
MOVING: tuple[tuple[Expr, tuple[Assumption, ...]], ...] = (
    (grad(expect(tau, log(P(tau)))), ()),  # undefined off the support
    (grad(expect(tau, log(mu(s)))), ()),
    (grad(variance(tau, ratio(1, P(tau)))), ()),
    (grad(grad(expect(tau, log(P(tau))))), ()),
    (grad(grad(total(tau, P(tau) * R(tau)))), (possible(tau),)),  # second order: pi = theta^2 at 0
    (grad(expect(samples, ratio(R(samples[1]), P(samples[1])))), (iid_samples,)),
    (grad(total(tau, R(tau))), (possible(tau),)),  # no factor P(tau)
    (grad(total(tau, P(sigma) * R(tau))), (possible(tau),)),
    (grad(total(tau, P(tau) * log(P(tau)))), (possible(tau),)),
    (grad(total(tau, P(tau) + R(tau))), (possible(tau),)),
)


@pytest.mark.parametrize(("term", "assumed"), STAYS, ids=str)
def test_the_gradient_passes_a_support_that_stays(term: Expr, assumed: tuple[Assumption, ...]) -> None:
    assert not moving(term, *assumed)


@pytest.mark.parametrize(("term", "assumed"), MOVING, ids=str)
def test_the_gradient_of_a_moving_support_owes_a_positive_policy(term: Expr, assumed: tuple[Assumption, ...]) -> None:
    assert moving(term, *assumed)
    assert not moving(term, *assumed, policy_positive)


def test_the_probability_under_another_policy_does_not_vanish_where_pi_does() -> None:
    # pi = (theta^2, 1 - theta^2), b uniform: sum over possible tau of b(tau) R(tau) jumps at theta = 0
    assert moving(grad(total(tau, P(tau, policy=b) * R(tau))), possible(tau))


EXPONENTS: tuple[tuple[Expr, bool], ...] = (
    (gamma**t, True), (gamma ** (H - t), True), (gamma ** (H + 1), True), (gamma**2, True),
    (total(t, total(k, gamma ** (k - t), start=t)), True), (total(t, gamma ** (t - 1), start=1), True),
    (total(t, total(k, gamma ** (t - k), start=0, stop=t)), True), (gamma ** (2 * (H - t)), True),
    (gamma ** (t - 1), False), (gamma ** (H - 1), False), (gamma ** (t - k), False), (gamma ** (H - 2 * t), False),
    (total(t, total(k, gamma ** (k - t))), False), (total(t, gamma ** (t - 1)), False), (gamma ** (t * t), False),
    (total(t, gamma**t, start=H * H), False), (total(t, gamma**t, start=k), False),
)


@pytest.mark.parametrize(("term", "free_of_conditions"), EXPONENTS, ids=[str(term) for term, _ in EXPONENTS])
def test_an_exponent_owes_that_it_is_not_negative(term: Expr, free_of_conditions: bool) -> None:
    assert free(term) == free_of_conditions
    if not free_of_conditions:
        (obligation,) = undischarged([term], ALL)
        assert "≥ 0 in" in obligation.says
        assert obligation.settled_by == ()


def test_two_times_of_one_letter_have_two_ranges() -> None:
    """k starts at t - 3 < 0; the innermost sum, which starts at 5, is opened as t too."""
    assert owed(total(t, total(k, total(Time("q"), gamma**k * gamma ** Time("q"), start=5), start=t - 3))) != []


# -- times -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "two", "same"), [
    (t + 1, 1 + t, True), (t + k, k + t, True), (2 * t, t + t, True), (t - t, Integer(0), True), (H + 0, H, True),
    (t + 1, t + 2, False), (t, k, False), (2 * t, t, False), (0 * t, Integer(0), True),
    (t * t, t * t, False), (t * t + 1, t * t + 1, False), (2 * (t * t), Integer(1), False)], ids=str)
def test_times_are_compared_as_linear_forms(one: Expr, two: Expr, same: bool) -> None:
    assert same_time(one, two) is same


def test_a_linear_form_lists_its_coefficients() -> None:
    assert linear(2 * (t + 1) - k) == {t: 2, None: 2, k: -1}
    assert linear(gamma) is None
    assert linear(Plus(t, gamma)) is None
    assert linear(Times(t, 2)) is None  # not the form that is written


def test_the_assumptions_are_an_iterable() -> None:
    def lazily() -> Iterable[Assumption]:
        yield policy_positive

    assert undischarged([ratio(1, pi(a | s))], lazily()) == ()
    assert isinstance(t, Time)


# -- numbers -----------------------------------------------------------------------------------------

SCALAR = scalar("c")
NUMBERS: tuple[tuple[Expr, Assumption], ...] = (
    (m - 1, samples_at_least(2)), (m - 2, samples_at_least(3)), (1 - gamma, discount_below_one),
    (SCALAR, positive(SCALAR)), (1 - SCALAR, below_one(SCALAR)), (1 - gamma * SCALAR, below_one(SCALAR)))


@pytest.mark.parametrize(("number", "assumed"), NUMBERS, ids=str)
def test_a_number_that_an_assumption_makes_positive_is_owed_without_it(number: Expr, assumed: Assumption) -> None:
    also = [discount_below_one] if number == 1 - gamma * SCALAR else []
    assert undischarged([ratio(1, number)], [assumed, *also]) == ()
    assert undischarged([ratio(1, number)], also) != ()


def test_a_number_is_not_positive_because_more_samples_than_it_needs_are_assumed() -> None:
    assert undischarged([ratio(1, m - 3)], [samples_at_least(3)]) != ()
    assert undischarged([ratio(1, H)], [samples_at_least(3)]) != ()
    assert undischarged([ratio(1, H + 1)], []) == ()


def test_a_policy_that_covers_another_is_positive_along_its_trajectories() -> None:
    """And not the other way round; the held policy has the values of pi."""
    cover = covers(b, pi)
    chosen, held = b(tau.a[0] | tau.s[0]), pi_old(tau.a[0] | tau.s[0])
    assert undischarged([expect(tau, ratio(1, chosen))], [cover]) == ()
    assert undischarged([expect(tau, ratio(1, chosen), policy=pi_old)], [cover]) == ()
    assert undischarged([expect(tau, ratio(1, chosen))], []) != ()
    assert undischarged([expect(tau, ratio(1, pi(tau.a[0] | tau.s[0])), policy=b)], [cover]) != ()
    assert undischarged([expect(tau, ratio(1, held))], []) == ()
