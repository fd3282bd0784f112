"""How many values of m settle every m: degrees of sample means, and the identity that needs a fourth value."""

from __future__ import annotations

import pytest
from sympy import Expr, Integer

from derive.language.assumptions import iid_samples
from derive.language.expression import Power
from derive.language.models import Shape
from derive.language.terms import Between, Total
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    expect,
    gamma,
    grad,
    i,
    log,
    m,
    mean,
    prod,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
)
from derive.procedures.answers import Different, Equal
from derive.procedures.decide import Comparison
from derive.procedures.sample_sizes import sufficient_samples

estimate = mean(i, R(samples[i]))
pairs = total(i, total(i, R(samples[i])) * R(samples[i]))

# side, (q, e): side * m^q is a polynomial in m of degree at most e
DEGREES: tuple[tuple[Expr, tuple[int, int]], ...] = (
    (J, (0, 0)),
    (expect(samples, J), (0, 0)),
    (m * J, (0, 1)),
    (m * m, (0, 2)),
    (m**3, (0, 3)),
    (total(i, R(samples[i])), (0, 1)),
    (pairs, (0, 2)),
    (ratio(J, m), (1, 0)),
    (ratio(J, m**2), (2, 0)),
    (ratio(m * J, 2), (0, 1)),
    (ratio(m * J, H + 1), (0, 1)),
    (estimate, (1, 1)),
    (expect(samples, estimate), (1, 1)),
    (grad(expect(samples, estimate)), (1, 1)),
    (variance(samples, estimate), (2, 2)),
    (variance(samples, total(i, R(samples[i]))), (0, 2)),
    (estimate**2, (2, 2)),
    (estimate + J, (1, 1)),  # (sum R + m J) / m
    (ratio(J, m) + m, (1, 2)),  # (J + m^2) / m
    (total(t, m * gamma**t), (0, 1)),
    (total(s, total(i, R(samples[i]))), (0, 1)),
)


@pytest.mark.parametrize(("side", "degree"), DEGREES, ids=[str(side) for side, _ in DEGREES])
def test_degrees(side: Expr, degree: tuple[int, int]) -> None:
    down, up = degree
    # against 0, which is 0 / m^q of degree q: one value more than the larger degree
    assert sufficient_samples(side, Integer(0)) == 1 + max(up, down)
    # and against m^5, which becomes m^(5 + q)
    assert sufficient_samples(side, m**5) == 1 + max(up, 5 + down)


def test_mean_and_variance_of_a_sample_mean_need_three_values_at_most() -> None:
    assert sufficient_samples(expect(samples, estimate), J) == 2
    assert sufficient_samples(variance(samples, estimate), ratio(variance(tau, R(tau)), m)) == 3


OUTSIDE: tuple[Expr, ...] = (
    gamma**m,
    Power(gamma, m + 1),
    ratio(1, m + 1),
    ratio(1, total(i, R(samples[i]))),
    R(samples[1]),  # a sample that is named by its number: small m are special
    estimate * R(samples[2]),
    log(total(i, P(samples[i]))),
    prod(i, R(samples[i])),
    Total(i, Between(2, m), R(samples[i])),
    Total(i, Between(0, m), R(samples[i])),
    total(t, gamma**t, stop=m),
    estimate + gamma**m,
)


@pytest.mark.parametrize("side", OUTSIDE, ids=str)
def test_other_functions_of_m_have_no_bound(side: Expr) -> None:
    assert sufficient_samples(side, J) is None
    assert sufficient_samples(J, side) is None


def test_an_identity_that_holds_for_three_sample_sizes_only() -> None:
    """1/m = (m^2 - 6m + 11)/6 says m^3 - 6m^2 + 11m - 6 = (m-1)(m-2)(m-3) = 0."""
    one_over_m, quadratic = ratio(1, m), ratio(m**2 - 6 * m + 11, 6)
    assert sufficient_samples(one_over_m, quadratic) == 4
    answer = Comparison([one_over_m, quadratic], [iid_samples]).compare(one_over_m, quadratic)
    assert isinstance(answer, Different)
    assert answer.shape.samples == 4


def test_all_sample_sizes_are_reached_for_the_variance_of_a_mean() -> None:
    left, right = variance(samples, estimate), ratio(variance(tau, R(tau)), m)
    answer = Comparison([left, right], [iid_samples]).compare(left, right)
    assert isinstance(answer, Equal)
    assert answer.cutoff_samples
    assert {shape.samples for shape in answer.exact} == {1, 2, 3}


def test_the_cutoff_is_not_claimed_where_m_is_an_exponent() -> None:
    left, right = gamma**m * J, J * gamma**m
    answer = Comparison([left, right], [iid_samples]).compare(left, right)
    assert isinstance(answer, Equal)
    assert not answer.cutoff_samples


def test_a_sum_over_times_up_to_m_is_no_sample_mean() -> None:
    """1 + 2 + ... + m = m (m + 1) / 2 has degree 2, and equals 2m - 1 for m = 1, 2 only."""
    left, right = total(t, t + 0, start=1, stop=m), 2 * m - 1
    assert sufficient_samples(left, right) is None
    assert isinstance(Comparison([left, right], [iid_samples]).compare(left, right), Different)


def test_a_sample_that_does_not_exist_gives_no_evidence() -> None:
    """E[mean R(tau^(i)) R(tau^(5))] = J^2 + Var(R)/m for m >= 5; below it has no meaning."""
    left, right = expect(samples, estimate * R(samples[5])), J * J
    answer = Comparison([left, right], [iid_samples]).compare(left, right)
    assert not isinstance(answer, Equal)
    assert Shape(1, 3, 0) not in getattr(answer, "exact", ())
