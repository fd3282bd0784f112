"""Numbers worked out on paper for a two-state MDP with H = 1, asked of all three evaluators.

The model (``test_models.paper_model``): mu = (1/3, 2/3);
P(.|0,0) = (1/2, 1/2), P(.|0,1) = (1, 0), P(.|1,0) = (0, 1), P(.|1,1) = (1/4, 3/4);
r(0,0,.) = (0, 2), r(0,1,.) = (1, 1), r(1,0,.) = (-1, -1), r(1,1,.) = (3, 0); gamma = 1/2;
pi(.|0) = (1/2, 1/2), pi(.|1) = (1/4, 3/4); logits move along phi = ((1, 0), (0, 2)).

Scores u(a|s) = phi(s,a) - sum_b pi(b|s) phi(s,b): the centre is 1/2 at state 0 and
3/4 2 = 3/2 at state 1, so u(.|0) = (1/2, -1/2), u(.|1) = (-3/2, 1/2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sympy import Expr
from test_models import paper_model

from derive.counterexample.enumerate import Enumeration
from derive.language.binding import Index
from derive.language.models import Model, Shape
from derive.language.ranks import rank
from derive.language.signature import signature
from derive.language.vocabulary import (
    J,
    P,
    R,
    a,
    additive_return_of,
    expect,
    grad,
    i,
    log,
    mean,
    mu,
    pi,
    s,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)
from derive.numeric.instances import instance_of
from derive.numeric.interpretation import value as float_value
from derive.semantics.concrete import Rationals, as_fraction, concrete_model
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import generic_model

F = Fraction

ONE, TWO, THREE = (0, 0, 1, 1, 0), (1, 1, 0, 1, 0), (1, 0, 1, 0, 1)
# P(ONE)   = 1/3 1/2 1/2 3/4 1/4 = 1/64,  score u(0|0) + u(1|1) =  1/2 + 1/2 =  1
# P(TWO)   = 2/3 3/4 1/4 1/2 1   = 1/16,  score u(1|1) + u(1|0) =  1/2 - 1/2 =  0
# P(THREE) = 2/3 1/4 1   1/4 1   = 1/24,  score u(0|1) + u(0|1) = -3/2 - 3/2 = -3
FEW = {ONE: F(8), TWO: F(5), THREE: F(-2)}
# with R = FEW and 0 elsewhere:
#   J        = 8/64 + 5/16 - 2/24           = 6/48 + 15/48 - 4/48 = 17/48
#   grad J   = 8 1/64 + 0 + (-2)(-3)/24     = 1/8 + 1/4           = 3/8
#   E[(score R)^2] = 64/64 + 0 + 36/24      = 5/2,  variance 5/2 - 9/64 = 151/64


def scored(path: Expr) -> Expr:
    return grad(log(P(path))) * R(path)


def kernel(model: Model, term: Expr, indices: Mapping[Index, Any]) -> Fraction:
    evaluator = Evaluator(concrete_model(model, Rationals()))
    ways = {way.path: way for way in evaluator.model.ways}
    places = {index: ways[place] if isinstance(place, tuple) else place for index, place in indices.items()}
    return as_fraction(evaluator.value(term, places))


def along_the_direction(model: Model, term: Expr, indices: Mapping[Index, Any]) -> float:
    """The float gradient or matrix, contracted with the direction of the model."""
    result = float_value(term, instance_of(model, signature(term)), indices)
    direction = np.array([[float(entry) for entry in row] for row in model.scores]).ravel()
    for _ in range(rank(term)):
        result = result @ direction
    return float(result)


def agrees(model: Model, term: Expr, expected: Fraction, indices: Mapping[Index, Any] | None = None) -> None:
    places = indices or {}
    assert kernel(model, term, places) == expected
    assert abs(Enumeration(model).value(term, dict(places)) - expected) < F(1, 10**25)
    assert along_the_direction(model, term, places) == pytest.approx(float(expected), rel=1e-12, abs=1e-13)


# -- one trajectory ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "probability", "score"), [(ONE, F(1, 64), 1), (TWO, F(1, 16), 0), (THREE, F(1, 24), -3)])
def test_probability_and_score_of_a_trajectory(path: tuple[int, ...], probability: Fraction, score: int) -> None:
    model, at = paper_model(), {tau: path}
    agrees(model, P(tau), probability, at)
    agrees(model, grad(log(P(tau))), F(score), at)
    agrees(model, grad(P(tau)), probability * score, at)
    agrees(model, total(t, grad(log(pi(tau.a[t] | tau.s[t])))), F(score), at)


def test_the_additive_return_of_a_trajectory() -> None:
    # ONE: r(0,0,1) + 1/2 r(1,1,0) = 2 + 3/2;  TWO: 3 + 1/2;  THREE: -1 - 1/2
    for path, expected in ((ONE, F(7, 2)), (TWO, F(7, 2)), (THREE, F(-3, 2))):
        agrees(paper_model(), R(tau), expected, {tau: path})
        agrees(paper_model(), additive_return_of(tau), expected, {tau: path})


def test_one_step() -> None:
    # D pi(0|1) = 1/4 (-3/2) = -3/8;  D log pi(0|1) = -3/2
    agrees(paper_model(), grad(pi(a | s)), F(-3, 8), {s: 1, a: 0})
    agrees(paper_model(), grad(log(pi(a | s))), F(-3, 2), {s: 1, a: 0})
    # second derivative of pi(0|0) along phi, pi = 1/(1 + e^-z) at z = 0 (odd about 0): 0
    agrees(paper_model(), grad(grad(pi(a | s))), F(0), {s: 0, a: 0})
    # at state 1, pi(0|1) = p = 1/4 with u = -3/2; D u = -sum_b pi phi u_b = -(3/4) 2 (1/2) = -3/4;
    # p (u^2 + D u) = 1/4 (9/4 - 3/4) = 3/8
    agrees(paper_model(), grad(grad(pi(a | s))), F(3, 8), {s: 1, a: 0})


# -- the additive return, by backward induction on paper ------------------------------------------
# Mean rewards rbar(s,a): rbar(0,.) = (1, 1), rbar(1,.) = (-1, 3/4).
# Last decision: V_1(0) = 1,  V_1(1) = 1/4 (-1) + 3/4 3/4 = 5/16.
# First: Q_0(0,0) = 1 + 1/2 (1/2 + 1/2 5/16) = 85/64,  Q_0(0,1) = 1 + 1/2 = 3/2,
#        Q_0(1,0) = -1 + 1/2 5/16 = -27/32,  Q_0(1,1) = 3/4 + 1/2 (1/4 + 3/4 5/16) = 127/128.
# V_0(0) = 1/2 85/64 + 1/2 96/64 = 181/128,  V_0(1) = 1/4 (-27/32) + 3/4 127/128 = 273/512.
OBJECTIVE = F(635, 768)
# J = 1/3 181/128 + 2/3 273/512 = 724/1536 + 546/1536 = 1270/1536.
SLOPE = F(499, 768)
# t = 0, state 0: 1/3 (1/2 1/2 85/64 - 1/2 1/2 96/64) = -11/768;
# t = 0, state 1: 2/3 (1/4 (-3/2) (-27/32) + 3/4 1/2 127/128) = 1/4 (27/32 + 127/128) = 235/512;
# Pr(s_1 = 1) = 1/3 1/4 + 2/3 (1/4 + 3/4 3/4) = 1/12 + 13/24 = 5/8;
# t = 1, state 0: rbar is constant there: 0;
# t = 1, state 1: 1/2 5/8 (1/4 (-3/2) (-1) + 3/4 1/2 3/4) = 5/16 21/32 = 105/512;
# in all -11/768 + 340/512 = -11/768 + 510/768.
SECOND_MOMENT = F(4265, 1536)
# E[r_0^2]: state 0: 1/2 (1/2 4) + 1/2 = 3/2; state 1: 1/4 + 3/4 1/4 9 = 31/16; 1/3 3/2 + 2/3 31/16 = 43/24.
# E[r_1^2] with Pr(s_1) = (3/8, 5/8): 3/8 3/2 + 5/8 31/16 = 227/128.
# E[r_0 r_1] = E[r_0 V_1(s_1)]: state 0: 1/2 (1/2 2 5/16) + 1/2 = 21/32;
#              state 1: 1/4 (-5/16) + 3/4 (1/4 3) = 31/64; 1/3 21/32 + 2/3 31/64 = 13/24.
# E[R^2] = 43/24 + 2 1/2 13/24 + 1/4 227/128 = 7/3 + 227/512 = 3584/1536 + 681/1536.


def test_the_objective_and_its_gradient() -> None:
    for term in (J, expect(tau, R(tau)), total(tau, P(tau) * R(tau))):
        agrees(paper_model(), term, OBJECTIVE)
        agrees(paper_model(), grad(term), SLOPE)
    agrees(paper_model(), expect(tau, scored(tau)), SLOPE)


def test_mean_and_variance_of_the_return_over_two_samples() -> None:
    model = paper_model(samples=2)
    estimate = mean(i, R(samples[i]))
    agrees(model, expect(samples, estimate), OBJECTIVE)
    agrees(model, expect(samples, R(samples[1]) * R(samples[2])), OBJECTIVE**2)
    agrees(model, expect(samples, R(samples[2]) * R(samples[2])), SECOND_MOMENT)
    agrees(model, variance(tau, R(tau)), SECOND_MOMENT - OBJECTIVE**2)
    agrees(model, variance(samples, estimate), (SECOND_MOMENT - OBJECTIVE**2) / 2)


def test_the_arbitrary_return_and_the_likelihood_ratio_estimate() -> None:
    model = paper_model(FEW, samples=2)
    agrees(model, J, F(17, 48))
    agrees(model, grad(J), F(3, 8))
    estimate = mean(i, scored(samples[i]))
    agrees(model, expect(samples, estimate), F(3, 8))
    agrees(model, variance(tau, scored(tau)), F(151, 64))
    agrees(model, variance(samples, estimate), F(151, 128))


def test_the_estimate_on_two_given_samples() -> None:
    # (8 1 + (-2)(-3)) / 2 = 7 on the samples (ONE, THREE)
    model, term = paper_model(FEW, samples=2), mean(i, scored(samples[i]))
    evaluator = Evaluator(concrete_model(model, Rationals()))
    ways = {way.path: way for way in evaluator.model.ways}
    assert as_fraction(evaluator.value(term, {samples: {1: ways[ONE], 2: ways[THREE]}})) == 7
    assert abs(Enumeration(model).value(term, {samples: {1: ONE, 2: THREE}}) - 7) < F(1, 10**25)
    assert along_the_direction(model, term, {samples: (ONE, THREE)}) == pytest.approx(7)


# -- laws known a priori, on every kind of model --------------------------------------------------


def test_laws_known_a_priori_at_the_paper_model() -> None:
    constant = replace(paper_model(), r=(((F(3),) * 2,) * 2,) * 2)
    agrees(paper_model(), total(tau, P(tau)), F(1))
    agrees(paper_model(), total(s, mu(s)), F(1))
    agrees(paper_model(), total(x, P(x | s, a)), F(1), {s: 1, a: 1})
    agrees(constant, J, F(3) * (1 + F(1, 2)))  # 3 (1 + gamma)
    agrees(constant, grad(J), F(0))
    agrees(paper_model(dict.fromkeys(Shape(2, 2, 1).paths(), F(7))), grad(J), F(0))
    agrees(paper_model(), expect(tau, grad(log(P(tau)))), F(0))


@pytest.mark.parametrize("shape", [Shape(1, 3, 0), Shape(2, 2, 1), Shape(2, 3, 1), Shape(3, 2, 1)], ids=str)
def test_laws_known_a_priori_on_generic_models(shape: Shape) -> None:
    terms = (total(tau, P(tau)), grad(total(tau, P(tau))), expect(tau, grad(log(P(tau)))), total(a, grad(pi(a | s))))
    evaluator = Evaluator(generic_model(shape, signature(*terms), additive=False))
    for term, expected in zip(terms, (1, 0, 0, 0), strict=True):
        gap = evaluator.value(term, {s: 0}) - evaluator.ring.integer(expected)
        assert evaluator.ring.is_zero(gap)
