"""The closed form of the policy gradient, and the objective, by dynamic programming.

    grad J(theta) = sum_tau P(tau) sum_t grad log pi(a_t|s_t) R(tau)

(Williams 1992; Sutton and Barto 2018, section 13.3). For the tabular softmax all that is
needed is W(s, a) = sum_t E[R(tau) 1{s_t = s, a_t = a}], since the score of theta[s, b] is
1{a_t = b} - pi(b|s) at s_t = s and 0 elsewhere:

    gradient[s, b] = W(s, b) - pi(b|s) sum_a W(s, a).

R(tau) is the full return. Cut at t it is past + future, and

    E[R 1{s_t = s, a_t = a}] = pi(a|s) (f_t(s) + gamma^t d_t(s) Q_t(s, a)),

where d_t(s) = Pr(s_t = s) and f_t(s) = E[sum_{k<t} gamma^k r_k 1{s_t = s}] come from a
forward pass and Q_t from a backward pass. So the past is really computed; that it drops
out of the gradient is left to the normalisation of pi in the last line of arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta, softmax


def _under(policy: Any, table: FloatArray) -> Any:
    """sum_a pi(a|s) table[s, a, x], shape (S, S)."""
    return np.matmul(policy[:, None, :], table)[:, 0, :]


def values(mdp: TabularMDP, theta: Any) -> Any:
    """V_t(s), t = 0..H+1, as an array (H + 2, S) with V_{H+1} = 0.

    Bellman's backward recursion. Complex for complex theta.
    """
    policy = softmax(theta)
    move = mdp.gamma * _under(policy, mdp.P)
    gain = _under(policy, mdp.P * mdp.r).sum(axis=1)
    table = np.zeros((mdp.horizon + 2, mdp.states), dtype=policy.dtype)
    for t in range(mdp.horizon, -1, -1):
        table[t] = gain + move @ table[t + 1]
    return table


def objective(mdp: TabularMDP, theta: Any) -> Any:
    """J(theta) = E[R(tau)] = sum_s mu(s) V_0(s); theta of shape (S, A).

    A float, or a complex number for complex theta (for the complex step).

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    if isinstance(theta, np.ndarray) and np.iscomplexobj(theta):
        checked_theta(mdp, theta.real)
        return complex(mdp.mu @ values(mdp, theta)[0])
    return float(mdp.mu @ values(mdp, checked_theta(mdp, theta))[0])


def closed_form(mdp: TabularMDP, theta: Any) -> FloatArray:
    """sum_tau P(tau) sum_t grad log pi(a_t|s_t) R(tau), as an array (S, A).

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    policy = softmax(checked_theta(mdp, theta))
    joint = _returns_where_visited(mdp, policy)
    gradient: FloatArray = joint - policy * joint.sum(axis=1, keepdims=True)
    return gradient


def returns_where_visited(mdp: TabularMDP, theta: Any) -> FloatArray:
    """W(s, a) = sum_t E[R(tau) 1{s_t = s, a_t = a}], the full return at each visit, (S, A).

    Unlike the gradient, it would show a wrong past. Raises as ``closed_form`` does.
    """
    return _returns_where_visited(mdp, softmax(checked_theta(mdp, theta)))


def _returns_where_visited(mdp: TabularMDP, policy: FloatArray) -> FloatArray:
    """O(H S^2 + S^2 A) operations: Q is never stored, only sum_t gamma^t d_t(s) V_{t+1}(x)."""
    weighted = mdp.P * mdp.r
    move, earn = _under(policy, mdp.P), _under(policy, weighted)
    steps, gain = mdp.horizon + 1, earn.sum(axis=1)

    later = np.zeros((steps + 1, mdp.states))  # V_t
    discounted_move = mdp.gamma * move
    for t in range(mdp.horizon, -1, -1):
        later[t] = gain + discounted_move @ later[t + 1]

    present = np.empty((steps, mdp.states))  # gamma^t d_t
    past = np.zeros(mdp.states)  # sum_t f_t
    here, so_far, discount = mdp.mu, np.zeros(mdp.states), 1.0
    for t in range(steps):
        present[t] = discount * here
        past += so_far
        so_far = so_far @ move + present[t] @ earn
        here = here @ move
        discount *= mdp.gamma

    reached = present.T @ later[1:]  # sum_t gamma^t d_t(s) V_{t+1}(x)
    future = present.sum(axis=0)[:, None] * weighted.sum(axis=2)
    future += mdp.gamma * np.matmul(mdp.P, reached[:, :, None])[:, :, 0]
    joint: FloatArray = policy * (past[:, None] + future)
    return joint
