"""The same sums over all trajectories, one by one: no recursion, no dynamic programming.

    J = sum_tau P(tau) R(tau),    grad J = sum_tau P(tau) sum_t grad log pi(a_t|s_t) R(tau)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import OutsideFragment
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta, scores, softmax

MOST_TRAJECTORIES = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """All N trajectories: states (N, H+2), actions (N, H+1), probability (N,), returns (N,)."""

    states: NDArray[np.intp]
    actions: NDArray[np.intp]
    probability: FloatArray
    returns: FloatArray


def trajectories(mdp: TabularMDP, theta: Any) -> Trajectories:
    """Every (s_0, a_0, ..., s_{H+1}) with P(tau; theta) and R(tau) multiplied and added out.

    Raises:
        OutsideFragment: if there are more than ``MOST_TRAJECTORIES``.
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    policy = softmax(checked_theta(mdp, theta))
    number, steps = mdp.shape.trajectories, mdp.horizon + 1
    if number > MOST_TRAJECTORIES:
        text = f"{number:,}" if number < 10**12 else "more than 10^12"
        raise OutsideFragment(f"There are {text} trajectories; at most {MOST_TRAJECTORIES:,} are enumerated.")
    sizes = (mdp.states, *((mdp.actions, mdp.states) * steps))
    columns = np.array(np.unravel_index(np.arange(number), sizes)).T
    states, actions = columns[:, 0::2], columns[:, 1::2]
    probability = mdp.mu[states[:, 0]].copy()
    returns = np.zeros(number)
    for t in range(steps):
        step = states[:, t], actions[:, t], states[:, t + 1]
        probability *= policy[step[:2]] * mdp.P[step]
        returns += mdp.gamma**t * mdp.r[step]
    return Trajectories(states, actions, probability, returns)


def enumerated_objective(mdp: TabularMDP, theta: Any) -> float:
    """J(theta) as the sum over all trajectories. Raises as ``trajectories`` does."""
    every = trajectories(mdp, theta)
    return float(every.probability @ every.returns)


def enumerated_gradient(mdp: TabularMDP, theta: Any) -> FloatArray:
    """The closed form as the sum over all trajectories, (S, A). Raises as ``trajectories`` does."""
    every = trajectories(mdp, theta)
    score, weight = scores(theta), every.probability * every.returns
    gradient = np.zeros((mdp.states, mdp.actions))
    for t in range(mdp.horizon + 1):
        for s in range(mdp.states):
            here = every.states[:, t] == s
            gradient[s] += weight[here] @ score[s, every.actions[here, t]]
    return gradient
