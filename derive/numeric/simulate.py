"""A simulator that knows only ``reset`` and ``step``, and the Monte Carlo policy gradient.

    g = (1/m) sum_i sum_t grad log pi(a_t|s_t) R(tau^(i))

(REINFORCE with the full return, Williams 1992). The estimator sees no probability of the
model: n episodes run side by side, through ``reset`` and ``step`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import BadInput
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta, softmax

States = NDArray[np.intp]
CHUNK = 1_000_000
"""Entries of the largest array of a chunk of episodes."""
MOST_WORK = 2e9
"""Elementary operations that an estimate may take: some ten seconds."""
A_STEP = 60_000
"""What a step of all episodes of a chunk costs beside the operations in it."""
POINTS = 60


def _draw(cumulated: FloatArray, rng: np.random.Generator) -> States:
    """One index per row of cumulated probabilities (n, k)."""
    drawn: States = (rng.random(len(cumulated))[:, None] >= cumulated).sum(axis=1)
    return drawn


def _cumulated(rows: FloatArray) -> FloatArray:
    """Cumulated rows that reach 1 exactly at the last possible entry, so that no impossible one is drawn."""
    sums = np.cumsum(rows, axis=-1)
    return np.where(sums >= sums[..., -1:], 1.0, sums)


@dataclass(slots=True, eq=False)
class Simulator:
    """n episodes of a tabular MDP side by side: ``reset(rng, episodes)``, then ``step(actions)`` until done."""

    mdp: TabularMDP
    _states: States = field(init=False, repr=False)
    _time: int = field(init=False, repr=False)
    _rng: np.random.Generator = field(init=False, repr=False)
    _first: FloatArray = field(init=False, repr=False)
    _next: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._first, self._next = _cumulated(self.mdp.mu), _cumulated(self.mdp.P)
        self._time = self.mdp.horizon + 1

    def reset(self, rng: np.random.Generator, episodes: int = 1) -> States:
        """Start afresh: the initial states (n,)."""
        self._rng, self._time = rng, 0
        self._states = _draw(np.broadcast_to(self._first, (episodes, self.mdp.states)), rng)
        return self._states

    def step(self, actions: States) -> tuple[States, FloatArray, bool]:
        """The next states (n,), the rewards (n,), and whether the episodes are over.

        Raises:
            BadInput: before ``reset``, or after the episodes are over.
        """
        if self._time > self.mdp.horizon:
            raise BadInput("The episodes are over, or have not begun. Call reset(rng, episodes) before step.")
        following = _draw(self._next[self._states, actions], self._rng)
        rewards: FloatArray = self.mdp.r[self._states, actions, following]
        self._states, self._time = following, self._time + 1
        return following, rewards, self._time > self.mdp.horizon


def sampled_gradients(simulator: Simulator, theta: FloatArray, gamma: float, episodes: int,
                      rng: np.random.Generator) -> FloatArray:
    """sum_t grad log pi(a_t|s_t) R(tau) of each of n episodes, (n, S, A)."""
    policy = softmax(theta)
    states, actions = policy.shape
    choice, numbers = _cumulated(policy), np.arange(episodes)
    visits = np.zeros((episodes, states, actions))
    returns, discount, done = np.zeros(episodes), 1.0, False
    here = simulator.reset(rng, episodes)
    while not done:
        taken = _draw(choice[here], rng)
        visits[numbers, here, taken] += 1
        here, rewards, done = simulator.step(taken)
        returns += discount * rewards
        discount *= gamma
    score = visits - policy * visits.sum(axis=2, keepdims=True)
    gradients: FloatArray = score * returns[:, None, None]
    return gradients


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A Monte Carlo gradient (S, A) with its standard errors (S, A).

    ``counts`` (K,) are log-spaced numbers of episodes, ``running`` and ``running_error``
    (K, S, A) the estimates and standard errors after as many; the last are the final ones.
    ``one_episode`` is the largest change that one more episode like those seen can make.
    """

    gradient: FloatArray
    standard_error: FloatArray
    counts: NDArray[np.intp]
    running: FloatArray
    running_error: FloatArray
    one_episode: float


def affordable(mdp: TabularMDP, samples: int) -> int:
    """As many of the episodes as the work limit admits, at least two."""
    steps = mdp.horizon + 1
    each = steps * (mdp.states + mdp.actions + 20) + 6 * mdp.states * mdp.actions + A_STEP * steps / _chunk(mdp)
    return max(2, min(samples, int((MOST_WORK - A_STEP * steps * 2) // each)))


def _chunk(mdp: TabularMDP) -> int:
    """How many episodes run side by side."""
    return max(1, CHUNK // (mdp.states * (mdp.actions + 1)))


def monte_carlo(mdp: TabularMDP, theta: Any, *, samples: int, seed: int, points: int = POINTS) -> Estimate:
    """The policy gradient from ``samples`` simulated episodes, with about ``points`` running estimates.

    Means and variances are merged chunk by chunk (Chan, Golub and LeVeque 1983).

    Raises:
        BadInput: if there are fewer than two episodes, which have no standard error.
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    if samples < 2:
        raise BadInput(f"{samples} episodes have no standard error. Give samples >= 2.")
    point, rng, simulator = checked_theta(mdp, theta), np.random.default_rng(seed), Simulator(mdp)
    points = max(2, min(points, int(MOST_WORK // (A_STEP * (mdp.horizon + 1)))))  # each starts a chunk of its own
    counts = np.unique(np.geomspace(2, samples, points).round().astype(np.intp))
    mean, squares, seen, largest = np.zeros(point.shape), np.zeros(point.shape), 0, 0.0
    running, errors = [], []
    for count in counts:
        for size in _chunks(int(count) - seen, _chunk(mdp)):
            drawn = sampled_gradients(simulator, point, mdp.gamma, size, rng)
            centre = drawn.mean(axis=0)
            away, total = centre - mean, seen + size
            squares += ((drawn - centre) ** 2).sum(axis=0) + away**2 * seen * size / total
            mean = mean + away * size / total
            seen, largest = total, max(largest, float(np.abs(drawn).max()))
        running.append(mean)
        errors.append(np.sqrt(squares / (seen - 1) / seen))
    return Estimate(mean, errors[-1], counts, np.array(running), np.array(errors), largest / samples)


def _chunks(number: int, most: int) -> Iterator[int]:
    while number > 0:
        yield min(number, most)
        number -= most
