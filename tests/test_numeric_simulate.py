"""The simulator: its laws, its seeds, and estimates that converge at the rate they claim."""

from __future__ import annotations

import numpy as np
import pytest

from derive.errors import BadInput
from derive.numeric.closed_form import closed_form
from derive.numeric.simulate import Simulator, monte_carlo
from derive.numeric.sources import bandit, corridor, two_state

THETA = np.log([[0.25, 0.75], [0.5, 0.5]])


def test_episodes_of_the_two_state_mdp() -> None:
    """Staying in 0, then swapping to 1, then staying there: rewards 0, then 1; done after H + 1 = 2 steps."""
    simulator = Simulator(two_state())
    assert simulator.reset(np.random.default_rng(0), 3).tolist() == [0, 0, 0]
    states, rewards, done = simulator.step(np.array([0, 1, 1]))
    assert (states.tolist(), rewards.tolist(), done) == ([0, 1, 1], [0.0, 1.0, 1.0], False)
    states, rewards, done = simulator.step(np.array([1, 0, 1]))
    assert (states.tolist(), rewards.tolist(), done) == ([1, 1, 0], [1.0, 2.0, 0.0], True)
    with pytest.raises(BadInput, match="Call reset"):
        simulator.step(np.array([0, 0, 0]))


def test_step_before_reset() -> None:
    with pytest.raises(BadInput, match="Call reset"):
        Simulator(two_state()).step(np.array([0]))


def test_frequencies() -> None:
    """A slip has probability 0.1; of 40,000 moves 4,000 +- 60 (one sigma) stay."""
    simulator = Simulator(corridor())
    simulator.reset(np.random.default_rng(1), 40_000)
    states, _, _ = simulator.step(np.ones(40_000, dtype=np.intp))
    assert set(states.tolist()) == {0, 1}
    assert abs(int((states == 0).sum()) - 4_000) < 5 * 60


def test_seeds() -> None:
    one, same, other = (monte_carlo(two_state(), THETA, samples=500, seed=seed) for seed in (1, 1, 2))
    assert (one.gradient == same.gradient).all()
    assert (one.gradient != other.gradient).any()


def test_running_estimates() -> None:
    estimate = monte_carlo(two_state(), THETA, samples=20_000, seed=4)
    assert estimate.counts[0] == 2
    assert estimate.counts[-1] == 20_000
    assert 45 <= len(estimate.counts) <= 60
    assert (np.diff(estimate.counts) > 0).all()
    assert (estimate.running[-1] == estimate.gradient).all()
    assert (estimate.running_error[-1] == estimate.standard_error).all()
    z = (estimate.gradient - closed_form(two_state(), THETA)) / estimate.standard_error
    assert np.abs(z).max() < 4.5


def test_standard_error_by_hand() -> None:
    """Bandit, uniform: g = score_a R; E g_2 = 5/9, E g_2^2 = (1/9 + 4/9 + 4/9 16)/3 = 23/9, Var = 182/81."""
    estimate = monte_carlo(bandit(), np.zeros((1, 3)), samples=50_000, seed=9)
    assert estimate.standard_error[0, 2] == pytest.approx(np.sqrt(182 / 81 / 50_000), rel=0.02)
    assert estimate.one_episode == pytest.approx(8 / 3 / 50_000)  # the largest: score 2/3 times R = 4


def test_merging_chunks_changes_nothing() -> None:
    """Fewer running points mean larger chunks of the same stream sizes; the variance must still be one pass."""
    few = monte_carlo(bandit(), np.zeros((1, 3)), samples=3_000, seed=0, points=2)
    many = monte_carlo(bandit(), np.zeros((1, 3)), samples=3_000, seed=0, points=60)
    assert few.standard_error == pytest.approx(many.standard_error, rel=0.1)


def test_one_episode_has_no_error() -> None:
    with pytest.raises(BadInput, match="Give samples >= 2"):
        monte_carlo(bandit(), np.zeros((1, 3)), samples=1, seed=0)
