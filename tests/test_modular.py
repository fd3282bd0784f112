"""Residues against Fractions reduced modulo the same prime, and against the exact field: never a proof."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given
from hypothesis import strategies as st
from sympy import Expr

from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.models import Shape
from derive.language.signature import signature
from derive.language.terms import Policy, Trajectory
from derive.language.vocabulary import (
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
    tau,
    total,
    variance,
    x,
)
from derive.semantics.evaluate import Evaluator
from derive.semantics.modular import POINTS, ResidueRing, Residues, residue_model

PRIMES = np.array([[2**31 - 1], [1073741827]], dtype=np.uint64)  # a Mersenne prime, and the first above 2^30
RING = ResidueRing(PRIMES)
NUMBERS = st.fractions(min_value=-50, max_value=50, max_denominator=20)


def residues(number: Fraction) -> Residues:
    return RING.integer(number.numerator) / RING.integer(number.denominator)


@pytest.mark.slow
@given(NUMBERS, NUMBERS)
def test_arithmetic_follows_the_fractions(one: Fraction, two: Fraction) -> None:
    left, right = residues(one), residues(two)
    assert RING.is_zero(left + right - residues(one + two))
    assert RING.is_zero(left * right - residues(one * two))
    assert RING.is_zero(RING.total([left, right, right]) - residues(one + 2 * two))
    assert RING.is_zero(left - right) == (one == two)
    if two:
        assert RING.is_zero(left / right - residues(one / two))
    else:
        with pytest.raises(Undefined, match="division by zero"):
            left / right


@pytest.mark.parametrize("shape", [(2, 1), (2, 2), (2, 3), (2, 7), (2, 3, 5), (2, 64)])
def test_every_entry_is_inverted(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(1, 2**30, size=shape, dtype=np.uint64)
    primes = PRIMES.reshape(2, *[1] * (len(shape) - 1))
    assert (values * Residues(values, primes).inverse().values % primes == 1).all()
    values[1, -1] = 0
    with pytest.raises(Undefined, match="division by zero"):
        Residues(values, primes).inverse()


def test_the_columns_are_summed_and_a_single_one_counts_for_each() -> None:
    columns = Residues(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint64), PRIMES)
    assert RING.collapse(columns, 3).values.tolist() == [[6], [15]]
    assert RING.collapse(RING.integer(7), 3).values.tolist() == [[21], [21]]
    assert RING.total([]).values.tolist() == [[0], [0]]
    with pytest.raises(TypeError):
        hash(columns)
    with pytest.raises(OutsideFragment, match="no residues"):
        RING.log(columns)


def test_points_are_random_primes_of_31_bits_and_rows_sum_to_one() -> None:
    b, f = Policy("b"), function("f")
    model = residue_model(Shape(2, 3, 1), signature(b(a | s), f(s, a)), additive=True, seed=0)
    primes = [int(prime) for prime in model.ring.primes[:, 0]]
    assert len(primes) == POINTS
    assert all(fmpz(prime).is_prime() and 2**30 < prime < 2**31 for prime in primes)
    one, total_of = model.ring.one, model.ring.total
    rows = [[model.mu[y] for y in range(2)]]
    rows += [[model.P[y, c, z] for z in range(2)] for y, c in product(range(2), range(3))]
    rows += [[model.policies[name][y, c][0] for c in range(3)] for name in ("pi", "b") for y in range(2)]
    for row in rows:
        assert model.ring.is_zero(total_of(row) - one)
    for y in range(2):  # sum_a D pi = 0
        assert model.ring.is_zero(total_of([model.policies["pi"][y, c][1] for c in range(3)]))
        assert model.ring.is_zero(model.policies["b"][y, 0][1])
    same = residue_model(Shape(2, 3, 1), signature(b(a | s), f(s, a)), additive=True, seed=0)
    other = residue_model(Shape(2, 3, 1), signature(b(a | s), f(s, a)), additive=True, seed=1)
    assert (same.ring.primes == model.ring.primes).all()
    assert not (other.ring.primes == model.ring.primes).all()


score = grad(log(P(tau)))
SIDES: tuple[tuple[Expr, Expr, Expr], ...] = (  # equal, equal, different
    (grad(J), expect(tau, score * R(tau)), J),
    (total(tau, P(tau)) * J, J, 2 * J),
    (grad(grad(J)), expect(tau, (grad(score) * R(tau))) + grad(grad(J)) - expect(tau, grad(score) * R(tau)), grad(J)),
    (expect(samples, mean(i, R(samples[i]))), J, J * J),
    (variance(samples, mean(i, R(samples[i]))), ratio(variance(tau, R(tau)), 2), variance(tau, R(tau))),
    (total(s, mu(s)), total(x, total(s, total(a, mu(s) * pi(a | s) * P(x | s, a)))), gamma),
    (expect(tau, expect(Trajectory("sigma"), R(Trajectory("sigma"))) * R(tau)), J * J, J),
)


@pytest.mark.parametrize("additive", [False, True])
@pytest.mark.parametrize("sides", SIDES, ids=lambda sides: str(sides[0]))
def test_identities_hold_and_their_twins_do_not(sides: tuple[Expr, Expr, Expr], additive: bool) -> None:
    model = residue_model(Shape(3, 2, 1, 2), signature(*sides), additive=additive, seed=7)
    one, two, wrong = (Evaluator(model).value(side, {}) for side in sides)
    assert model.ring.is_zero(one - two)
    assert not model.ring.is_zero(one - wrong)


def test_free_indices_are_numbers_or_all_trajectories_at_once() -> None:
    evaluator = Evaluator(residue_model(Shape(2, 2, 1), signature(grad(log(P(tau)))), additive=False, seed=3))
    (every,) = evaluator.ways()
    assert every.count == 32
    gap = evaluator.value(grad(P(tau)), {tau: every}) - evaluator.value(P(tau) * score, {tau: every})
    assert gap.values.shape == (POINTS, 32)
    assert evaluator.ring.is_zero(gap)
    assert not evaluator.ring.is_zero(evaluator.value(pi(a | s) - pi(a | x), {a: 0, s: 0, x: 1}))


def test_two_trajectories_at_once_are_refused() -> None:
    sigma = Trajectory("sigma")
    evaluator = Evaluator(residue_model(Shape(2, 2, 0), signature(R(tau)), additive=False, seed=3))
    with pytest.raises(OutsideFragment, match="two trajectories at once"):
        evaluator.value(expect(tau, expect(sigma, R(sigma) * R(tau))), {})
    with pytest.raises(OutsideFragment, match="two trajectories at once"):
        evaluator.value(total(tau, total(sigma, R(sigma) * R(tau))), {})


def test_rewards_that_the_claim_does_not_speak_of_have_no_numbers() -> None:
    evaluator = Evaluator(residue_model(Shape(2, 2, 0), signature(gamma), additive=False, seed=3))
    with pytest.raises(OutsideFragment, match="rewards are not part"):
        evaluator.value(r(s, a, x), {s: 0, a: 0, x: 0})


def test_too_many_trajectories_are_not_applicable() -> None:
    with pytest.raises(NotApplicable, match=r"\(3,3,4\) has 177147 trajectories"):
        residue_model(Shape(3, 3, 4), signature(J), additive=True, seed=0)


def test_a_free_trajectory_beside_a_sample_is_not_run_in_lockstep() -> None:
    before, after = expect(samples, R(samples[1]) * R(tau)), J * R(tau)
    evaluator = Evaluator(residue_model(Shape(2, 2, 0, 2), signature(before, after), additive=False, seed=3))
    (every,) = evaluator.ways()
    with pytest.raises(OutsideFragment, match="no array of residues"):
        evaluator.value(before, {tau: every})


@pytest.mark.parametrize("additive", [True, False])
def test_a_horizon_with_too_many_trajectories_is_refused(additive: bool) -> None:
    """Each with a return of its own, which Python would not draw: OverflowError."""
    with pytest.raises(NotApplicable, match="33554432 trajectories"):
        residue_model(Shape(2, 2, 11), signature(expect(tau, R(tau))), additive=additive, seed=0)
