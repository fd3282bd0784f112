"""The ladder: which shapes count, what ends the question, and what is left undecided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sympy import Expr, Integer

from derive.checking import deciding
from derive.checking.deciding import Deciding
from derive.errors import KernelDisagrees, MalformedTerm
from derive.language.assumptions import (
    Assumption,
    additive_return,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
    possible,
)
from derive.language.binding import Index
from derive.language.expression import Power
from derive.language.models import Shape
from derive.language.terms import Draw, Everything, Policy, Prod, Time, Trajectory
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    additive_return_of,
    expect,
    function,
    gamma,
    grad,
    i,
    log,
    mean,
    mu,
    notions,
    pi,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    x,
)
from derive.procedures import decide
from derive.procedures.answers import Answer, Different, Equal, Undecided
from derive.procedures.certificates import Differs
from derive.procedures.decide import NO_SHAPES, Comparison
from derive.semantics import field

sigma, f = Trajectory("sigma"), function("f")
score = grad(log(P(tau)))
ALL_POSITIVE = (initial_positive, dynamics_positive, policy_positive)


def answer(before: Expr, after: Expr, *assumes: Assumption) -> Answer:
    return Comparison([before, after], assumes).compare(before, after)


def equal(before: Expr, after: Expr, *assumes: Assumption) -> Equal:
    found = answer(before, after, *assumes)
    assert isinstance(found, Equal)
    return found


def horizons(shapes: Iterable[Shape]) -> set[int]:
    return {shape.horizon for shape in shapes}


def test_equal_on_every_shape_and_at_every_probe() -> None:
    found = equal(grad(J), expect(tau, score * R(tau)))
    assert set(found.exact) == {*decide.EXACT, *decide.CUTOFF}
    assert set(found.probes) == set(decide.PROBES)
    assert found.cutoff_horizons == (0, 1)  # (3, 2) and (4, 3) are on the ladder, (5, 4) is not
    assert (found.identical, found.both_vanish, found.cutoff_samples) == (False, False, ())


def test_a_difference_ends_at_the_smallest_shape() -> None:
    assert answer(grad(J), 2 * grad(J)) == Different(Shape(1, 3, 0))
    assert answer(mu(s), mu(x)) == Different(Shape(2, 2, 0))  # one state: both are 1
    assert answer(J, expect(tau, r(tau.s[0], tau.a[0], tau.s[1])), additive_return) == Different(Shape(2, 2, 1))


def test_the_two_meanings_of_the_return() -> None:
    assert isinstance(equal(R(tau), additive_return_of(tau), additive_return), Equal)
    assert isinstance(answer(R(tau), additive_return_of(tau)), Different)


def test_only_a_probe_sees_a_difference_at_four_actions() -> None:
    """prod over four actions at a time: p_4 as a polynomial in p_2, p_3 for three actions, (1,4,0) refutes it.

    Newton with e_1 = 1, e_4 = 0: p_4 = p_3 - e_2 p_2 + e_3, e_2 = (1 - p_2)/2, e_3 = (1 - 3 p_2 + 2 p_3)/6.
    """
    p2, p3, p4 = (total(a, pi(a | s) ** n) for n in (2, 3, 4))
    newton = p3 - ratio(1 - p2, 2) * p2 + ratio(1 - 3 * p2 + 2 * p3, 6)
    assert answer(p4, newton) == Different(Shape(1, 4, 0))


# -- shapes that do not count -----------------------------------------------------------------------


def test_a_shape_without_the_index_does_not_count() -> None:
    found = equal(expect(tau, score * mu(tau.s[2])), grad(expect(tau, mu(tau.s[2]))))
    assert 0 not in horizons(found.exact)  # s_2 needs H >= 1
    assert horizons(found.exact) == {1, 2, 3}
    assert horizons(found.probes) == {1, 2, 3}


def test_too_few_shapes_are_no_evidence() -> None:
    found = answer(mu(tau.s[t - 1]) * pi(a | s), pi(a | s) * mu(tau.s[t - 1]))
    assert found == Undecided(NO_SHAPES)  # t = 0 has no s_{-1}


def test_a_shape_on_which_both_sides_vanish_does_not_count() -> None:
    found = equal(total(t, P(tau), start=1), total(t, P(tau) * 1, start=1))
    assert 0 not in horizons(found.exact)  # the sum over t = 1..0 is empty on both sides
    assert not found.both_vanish


def test_sides_that_vanish_everywhere_are_counted_and_said() -> None:
    found = equal(expect(tau, score), grad(total(tau, P(tau))))
    assert found.both_vanish
    assert not equal(expect(tau, score), Integer(0)).both_vanish  # a literal 0 is meant


def test_a_denominator_that_is_zero_leaves_its_shape_out() -> None:
    one_state = ratio(J, 1 - mu(s))
    found = equal(one_state, J * ratio(1, 1 - mu(s)))
    assert {shape.states for shape in found.exact} == {2, 3, 4}
    everywhere = answer(ratio(J, mu(s) - mu(s)), ratio(2 * J, mu(s) - mu(s)))
    assert isinstance(everywhere, Undecided)
    assert everywhere.why.startswith("(1,3,0), (2,2,0)")
    assert everywhere.why.endswith(": undefined: division by zero")


def test_a_work_limit_leaves_its_shape_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "MOST_TERMS", 3)
    found = answer((f(s) + gamma) * (f(x) + gamma), (gamma + f(x)) * (gamma + f(s)))
    assert isinstance(found, Undecided)
    assert found.why.startswith("(1,3,0), (2,2,0)")
    assert "a product of 2 by 2 terms exceeds 3 terms" in found.why


def test_what_has_no_exact_meaning_is_undecided() -> None:
    assert answer(Prod(tau, Everything(), P(tau)), J) == Undecided("a product over trajectories")
    mixed = expect(samples, log(P(samples[1]) + P(samples[2])))
    assert isinstance(answer(mixed, J, iid_samples), Undecided)


def test_a_free_index_of_no_known_range_is_undecided() -> None:
    class Colour(Index):
        __slots__ = ()
        sort = "colour"

    comparison = Comparison([J], [])
    with pytest.raises(decide.OutsideFragment, match="a free colour"):
        comparison._range(Colour("red"), comparison._evaluator(Shape(1, 3, 0), frozenset(), False))


# -- literal times and nested sums ------------------------------------------------------------------


def test_literal_times_extend_the_horizon() -> None:
    # from step 3 on the summands are lost: equal for H <= 2
    lost = total(t, mu(s), start=3) + gamma, gamma
    assert answer(*(side + 0 for side in lost)) == Different(Shape(1, 2, 3))
    shifted = equal(gamma**3 * total(t, gamma**t), total(t, gamma ** (t + 3)))
    assert max(horizons(shifted.exact)) >= 4
    assert max(horizons(equal(gamma * J, J * gamma).exact)) == 2


def test_a_horizon_out_of_reach_is_undecided() -> None:
    far = answer(total(t, mu(s), start=40) + gamma, gamma + total(t, mu(s), start=40))
    assert isinstance(far, Undecided)
    assert far.why.startswith("the literal times need shapes with H >= 41, which are too large; the sides agree at")
    assert far.why.endswith(", which is no proof")


def test_one_shape_that_agrees_is_said_to_be_no_proof() -> None:
    """``because the sides agree at (1,2,12)`` stood there for an undecided step."""
    p = notions()["p"]
    one = answer(p[13](s), p[12](s))
    assert isinstance(one, Undecided)
    assert one.why == f"{NO_SHAPES}; the sides agree at (1,2,12), which is no proof"


@pytest.mark.slow
def test_sizes_that_no_loop_should_count_to_are_refused_at_once() -> None:
    late = expect(tau, function("b")(tau.s[10**8]))
    assert isinstance(answer(late, 2 * late), Undecided)
    power = answer(gamma ** (10**9) * J, J * gamma ** (10**9))
    assert isinstance(power, Undecided)
    assert "exceeds 1000" in power.why


@pytest.mark.slow
def test_nested_sums_over_trajectories_take_smaller_shapes() -> None:
    found = equal(expect(tau, expect(sigma, R(tau) * R(sigma))), J * J)
    assert max(shape.trajectories for shape in found.exact) ** 2 <= decide.MOST_WAYS
    assert found.probes == ()  # two axes of trajectories have no array
    pair = equal(R(tau) + R(sigma), R(sigma) + R(tau))
    assert max(shape.trajectories for shape in pair.exact) ** 2 <= decide.MOST_WAYS
    assert pair.probes == ()


# -- samples ----------------------------------------------------------------------------------------


def test_sample_sizes_are_tried_up_to_the_bound() -> None:
    estimate = mean(i, R(samples[i]))
    found = equal(expect(samples, estimate), J, iid_samples)
    assert {shape.samples for shape in found.exact} == {1, 2}
    assert all(shape.samples == 2 for shape in found.probes)
    assert found.cutoff_samples
    assert {shape.samples for shape in equal(gamma**H * estimate, estimate * gamma**H, iid_samples).exact} >= {1, 2}
    assert answer(estimate, R(samples[1]), iid_samples) == Different(Shape(1, 3, 0, 2))  # m = 1: the same


def test_a_free_sample_is_every_joint_outcome() -> None:
    estimate = mean(i, R(samples[i]))
    found = equal(estimate, ratio(1, 2) * (estimate + estimate), iid_samples)
    assert (Shape(2, 2, 1, 2) in found.exact) == (decide.MOST_WAYS >= 32**2)
    large = answer(prod(Draw("j"), gamma) * estimate, estimate * prod(Draw("j"), gamma), iid_samples)
    assert isinstance(large, Equal)
    assert Shape(2, 2, 1, 3) not in large.exact  # 32^3 joint outcomes are too many


# -- zeros built in (more in test_boundary) -----------------------------------------------------------


def test_without_a_support_no_zeros_are_needed() -> None:
    term = total(tau, P(tau) * R(tau))
    assert equal(term, J).with_zeros == ()
    assert equal(term, J, possible(tau)).with_zeros != ()


def test_a_zero_separates_what_the_generic_model_does_not() -> None:
    found = answer(expect(tau, ratio(1, P(tau))), total(tau, 1))
    assert found == Different(Shape(2, 2, 0), frozenset({("mu", 0)}))
    assert isinstance(answer(expect(tau, ratio(1, P(tau))), total(tau, 1), possible(tau)), Equal)


# -- bookkeeping ------------------------------------------------------------------------------------


def test_identical_terms_are_evaluated_all_the_same() -> None:
    found = equal(J, J)
    assert found.identical
    assert isinstance(answer(Prod(tau, Everything(), P(tau)), Prod(tau, Everything(), P(tau))), Undecided)
    assert not equal(J, J + 0 * J).identical


def test_terms_are_evaluated_once_for_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Expr] = []
    honest = decide.Evaluator.values

    def watched(self: Any, term: Expr, indices: Any, places: Any) -> Any:
        asked.append(term)
        return honest(self, term, indices, places)

    monkeypatch.setattr(decide.Evaluator, "values", watched)
    first, second, third = J, expect(tau, R(tau)), total(tau, P(tau) * R(tau))
    comparison = Comparison([first, second, third], ALL_POSITIVE)
    comparison.compare(first, second)
    once = asked.count(second)
    comparison.compare(second, third)
    assert asked.count(second) == once > 0


def test_the_automata_name_a_horizon_beyond_the_ladder() -> None:
    """Five times in a row, t < k < l < n < q, exist from H = 4 on; the ladder stops at H = 2."""
    times = [Time(letter) for letter in "tklnq"]
    chain: Expr = r(tau.s[times[-1]], tau.a[times[-1]], tau.s[times[-1] + 1])
    for earlier, later in zip(times[-2::-1], times[:0:-1], strict=True):
        chain = total(later, chain, start=earlier + 1)
    claim = expect(tau, total(times[0], chain))
    assert Deciding([claim], (), infinite=False).kernel(claim, Integer(0)) == Differs(4)


def test_a_kernel_that_says_yes_where_a_shape_says_no_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Deciding([J, 2 * J], (), infinite=False)
    shown = wrong.kernel(J, J)
    monkeypatch.setattr(deciding, "decided", lambda *sides: shown)
    with pytest.raises(KernelDisagrees, match=r"different at \(1,2,0\)"):
        wrong.evidence(J, 2 * J)


# -- defects ----------------------------------------------------------------------------------------


def test_a_matrix_is_not_its_transpose() -> None:
    """grad(f grad g) - f grad grad g is grad f times grad g, a matrix; the other side is its transpose."""
    one, two = pi(a | s), pi(a | x)
    before = grad(one * grad(two)) - one * grad(grad(two))
    after = grad(two * grad(one)) - two * grad(grad(one))
    assert not isinstance(answer(before, after, policy_positive), Equal)
    assert isinstance(answer(grad(grad(one)), grad(grad(two * 0 + one)), policy_positive), Equal)


def test_an_importance_weight_needs_coverage() -> None:
    """b(0|s) = 0 < pi(0|s): E_b never sees the trajectories that use action 0."""
    b = Policy("b")
    weighted = expect(tau, ratio(P(tau), P(tau, policy=b)) * R(tau), policy=b)
    assert not isinstance(answer(J, weighted), Equal)


def test_the_names_of_two_functions_do_not_run_together() -> None:
    b, others = function("b"), [function(f"b_{n}") for n in range(3)]
    gap: Expr = expect(tau, expect(sigma, R(tau) * R(sigma)))  # no probe has two axes
    for other in others:
        gap = gap * (b(s, x) - other(x))
    assert isinstance(answer(total(s, total(x, gap)), Integer(0)), Different)


def test_a_sample_named_by_its_number_needs_more_than_one() -> None:
    assert isinstance(answer(R(samples[i]), R(samples[1]), iid_samples), Different)


def test_free_draws_need_as_many_samples() -> None:
    assert isinstance(answer(R(samples[i]), R(samples[Draw("j")]), iid_samples), Different)


def test_one_letter_for_a_function_of_states_and_one_of_actions() -> None:
    with pytest.raises(MalformedTerm, match="two kinds of arguments"):
        answer(total(s, f(s)), total(a, f(a)))


def test_a_power_of_a_number_asks_for_no_horizon() -> None:
    assert isinstance(answer(Power(mu(s), 20) * mu(x), mu(x) * Power(mu(s), 20)), Equal)
