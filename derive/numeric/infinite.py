"""The objective without a last decision and its gradient, by linear systems over states.

    V = r_pi + gamma P_pi V,   J = mu . V,   d = mu + gamma d P_pi,   DJ/Dtheta(s, a) = d(s) pi(a|s) (Q(s, a) - V(s))

(Sutton and Barto 2018, sections 3.5 and 13.2; d is not normalised). The other way is the complex step through the same
linear system for V, which knows nothing of d and Q.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from derive.errors import BadInput
from derive.numeric.tabular import FloatArray, TabularMDP, softmax

STEP = 1e-30


def values(mdp: TabularMDP, theta: Any) -> Any:
    """V (S,), theta (S, A); complex for complex theta.

    Raises:
        BadInput: unless 0 <= gamma < 1.
    """
    if not 0 <= mdp.gamma < 1:
        raise BadInput(f"gamma is {mdp.gamma:g}; without a last decision it is at least 0 and below 1.")
    policy = softmax(theta)
    moves = np.matmul(policy[:, None, :], mdp.P)[:, 0]
    reward = (policy * (mdp.P * mdp.r).sum(axis=2)).sum(axis=1)
    return np.linalg.solve(np.eye(mdp.states) - mdp.gamma * moves, reward)


def gradient(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """D J / D theta, (S, A), by occupancies and values."""
    policy, v = softmax(theta), values(mdp, theta)
    moves = np.matmul(policy[:, None, :], mdp.P)[:, 0]
    d = np.linalg.solve(np.eye(mdp.states) - mdp.gamma * moves.T, mdp.mu)
    q = (mdp.P * mdp.r).sum(axis=2) + mdp.gamma * mdp.P @ v
    found: FloatArray = d[:, None] * policy * (q - v[:, None])
    return found


def complex_step(mdp: TabularMDP, theta: FloatArray, directions: FloatArray) -> FloatArray:
    """The derivatives of J along directions (K, S, A), (K,)."""
    found: FloatArray = np.array([(mdp.mu @ values(mdp, theta + 1j * STEP * v)).imag / STEP for v in directions])
    return found
