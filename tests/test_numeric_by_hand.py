"""Numbers computed with paper and pencil; each calculation stands beside its number."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    b,
    expect,
    gamma,
    grad,
    i,
    log,
    m,
    mean,
    mu,
    pi,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)
from derive.numeric.brute_force import enumerated_gradient, enumerated_objective
from derive.numeric.closed_form import closed_form, objective, returns_where_visited
from derive.numeric.differentiate import central_differences, complex_step
from derive.numeric.instances import Instance
from derive.numeric.interpretation import value
from derive.numeric.sources import bandit, two_state
from derive.numeric.tabular import logits, scores, softmax

# The two-state MDP of sources.two_state: action 0 stays, 1 swaps; start in 0; entering
# state 1 pays 1 from state 0, 2 from state 1; gamma = 1/2; H = 1. With the policy
# pi(.|0) = (1/4, 3/4), pi(.|1) = (1/2, 1/2) the trajectories are (a_0, a_1):
#   (0, 0)  P = 1/4 1/4 = 1/16   R = 0
#   (0, 1)  P = 1/4 3/4 = 3/16   R = 0 + 1/2 1 = 1/2
#   (1, 0)  P = 3/4 1/2 = 3/8    R = 1 + 1/2 2 = 2
#   (1, 1)  P = 3/4 1/2 = 3/8    R = 1 + 0     = 1
# J = 3/32 + 3/4 + 3/8 = 39/32.
# theta[0, 1] has the score 1[a = 1] - 3/4 at state 0. Sum of P R score:
#   (0, 1): 3/32 (-3/4 + 1/4) = -3/64;  (1, 0): 3/4 1/4 = 12/64;  (1, 1): 3/8 1/4 = 6/64;
#   in all 15/64, and theta[0, 0] has the opposite.
# theta[1, 0] has the score 1/2, -1/2 at state 1, visited at t = 1 only:
#   (1, 0): 3/4 1/2 = 3/8;  (1, 1): -3/8 1/2 = -3/16;  in all 3/16.
THETA = logits([[0.25, 0.75], [0.5, 0.5]])
TWO_STATE_J = 39 / 32
TWO_STATE_GRADIENT = np.array([[-15 / 64, 15 / 64], [3 / 16, -3 / 16]])
# W(s, a) = sum over trajectories and visits of P R:
#   W(0, 0) = (0,0): 0 twice, (0,1): 3/32           = 3/32
#   W(0, 1) = (0,1): 3/32, (1,0): 3/4, (1,1): 3/8   = 39/32
#   W(1, 0) = (1,0): 3/4;   W(1, 1) = (1,1): 3/8
TWO_STATE_VISITS = np.array([[3 / 32, 39 / 32], [3 / 4, 3 / 8]])


@pytest.mark.parametrize("method", [
    closed_form, enumerated_gradient, complex_step, lambda mdp, theta: central_differences(mdp, theta).gradient])
def test_two_state_gradient(method) -> None:
    assert method(two_state(), THETA) == pytest.approx(TWO_STATE_GRADIENT, abs=1e-11)


def test_two_state_objective_and_visits() -> None:
    assert objective(two_state(), THETA) == pytest.approx(TWO_STATE_J, abs=1e-15)
    assert enumerated_objective(two_state(), THETA) == pytest.approx(TWO_STATE_J, abs=1e-15)
    assert returns_where_visited(two_state(), THETA) == pytest.approx(TWO_STATE_VISITS, abs=1e-15)


def test_bandit() -> None:
    # Uniform policy: J = (1 + 2 + 4)/3 = 7/3; gradient 1/3 (r_a - 7/3) = (-4, -1, 5)/9.
    assert objective(bandit(), np.zeros((1, 3))) == pytest.approx(7 / 3, abs=1e-15)
    assert closed_form(bandit(), np.zeros((1, 3))) == pytest.approx(np.array([[-4 / 9, -1 / 9, 5 / 9]]), abs=1e-15)
    # pi = (1, 2, 1)/4: J = 9/4; gradient pi_a (r_a - 9/4) = (-5, -2, 7)/16.
    theta = np.log([[1.0, 2.0, 1.0]])
    assert closed_form(bandit(), theta) == pytest.approx(np.array([[-5 / 16, -2 / 16, 7 / 16]]), abs=1e-15)


def test_softmax_and_scores() -> None:
    assert softmax(THETA) == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))
    assert scores(THETA)[0] == pytest.approx(np.array([[0.75, -0.75], [-0.25, 0.25]]))  # 1[a = b] - pi(b|0)
    assert softmax(np.array([[1000.0, 1000.0 + np.log(3)]])) == pytest.approx(np.array([[0.25, 0.75]]))
    # d pi(1) / d theta_1 = pi(0) pi(1) = 3/16
    assert softmax(THETA + 1e-30j * np.array([[0, 1], [0, 0]]))[0, 1].imag == pytest.approx(3 / 16 * 1e-30)


TWO = Instance(mdp=two_state(), theta=THETA, samples=2)
ONE = Instance(mdp=bandit(), theta=np.zeros((1, 3)), samples=2)
PATH = (0, 1, 1, 0, 1)  # s_0 = 0, swap, s_1 = 1, stay, s_2 = 1: the third trajectory above


def at_path(term) -> object:
    return value(term, TWO, {tau: PATH})


def test_terms_along_a_trajectory() -> None:
    assert at_path(P(tau)) == pytest.approx(3 / 8)
    assert at_path(R(tau)) == pytest.approx(2)
    # Score of theta[0, :] at a_0 = 1: (-1/4, 1/4); of theta[1, :] at a_1 = 0: (1/2, -1/2).
    score = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
    assert at_path(score) == pytest.approx(np.array([-1 / 4, 1 / 4, 1 / 2, -1 / 2]))
    assert at_path(grad(log(P(tau)))) == pytest.approx(np.array([-1 / 4, 1 / 4, 1 / 2, -1 / 2]))
    # grad P = P score
    assert at_path(grad(P(tau))) == pytest.approx(np.array([-3, 3, 6, -6]) / 32)
    assert at_path(total(t, gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1]))) == pytest.approx(2)
    assert at_path(prod(t, pi(tau.a[t] | tau.s[t]))) == pytest.approx(3 / 8)
    assert at_path(mu(tau.s[0])) == 1
    assert at_path(total(x, P(x | tau.s[0], tau.a[0]) * r(tau.s[0], tau.a[0], x))) == 1
    assert at_path(total(t, t)) == 1  # 0 + 1
    assert at_path(H + 1 - 2 * H) == 0
    assert at_path(gamma ** (H + 1)) == 0.25
    assert at_path(gamma**-1) == 2


def test_objective_and_its_two_derivatives() -> None:
    assert value(J, TWO) == pytest.approx(39 / 32)
    assert value(grad(J), TWO) == pytest.approx(TWO_STATE_GRADIENT.ravel())
    # J(p) = (1-p) p / 2 + 3p/2 with p = pi(1|0), and dp/dtheta[0,1] = p (1-p):
    # dJ = (2-p) p (1-p) = 2p - 3p^2 + p^3, so d^2J = (2 - 6p + 3p^2) p (1-p) = -13/16 3/16.
    hessian = value(grad(grad(J)), TWO)
    assert hessian.shape == (4, 4)
    assert hessian[1, 1] == pytest.approx(-39 / 256)
    assert hessian[0, 1] == pytest.approx(39 / 256)
    # With q = pi(0|1): J = (p - p^2)/2 + p (q + 1), d^2J/dp dq = 1: 3/16 1/4 for theta[0,1], theta[1,0].
    assert hessian[1, 2] == hessian[2, 1] == pytest.approx(3 / 64)


def test_expectation_and_variance() -> None:
    # Bandit, uniform: E R = 7/3, E R^2 = 21/3 = 7, Var = 7 - 49/9 = 14/9; mean of two: 7/9.
    assert value(expect(tau, R(tau)), ONE) == pytest.approx(7 / 3)
    assert value(variance(tau, R(tau)), ONE) == pytest.approx(14 / 9)
    assert value(variance(samples, mean(i, R(samples[i]))), ONE) == pytest.approx(7 / 9)
    assert value(ratio(1, m) * variance(tau, R(tau)), ONE) == pytest.approx(7 / 9)
    # Var of the score is the Fisher matrix diag(pi) - pi pi^T: 1/3 - 1/9 = 2/9, else -1/9.
    fisher = value(variance(tau, grad(log(pi(tau.a[0] | tau.s[0])))), ONE)
    assert fisher == pytest.approx(np.full((3, 3), -1 / 9) + np.eye(3) / 3)
    # d Var(R) / d theta_a = pi_a (r_a^2 - 7) - 2 (7/3) pi_a (r_a - 7/3), at a = 0: -2 + 56/27 = 2/27.
    assert value(grad(variance(tau, R(tau))), ONE)[0] == pytest.approx(2 / 27)


def test_sums_over_states_and_actions() -> None:
    assert value(total(s, mu(s)), TWO) == 1
    assert value(total(b, pi(b | s)), TWO, {s: 0}) == pytest.approx(1)
    assert value(total(a, grad(pi(a | s))), TWO, {s: 0}) == pytest.approx(np.zeros(4), abs=1e-15)
    assert value(grad(pi(a | s)), TWO, {s: 0, a: 1}) == pytest.approx(np.array([-3 / 16, 3 / 16, 0, 0]))
    assert value(total(b, Fraction(1, 2) * pi(b | s) ** 2), TWO, {s: 0}) == pytest.approx(5 / 16)  # (1 + 9)/16 / 2
