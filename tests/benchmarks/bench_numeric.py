"""How fast is the closed form? Run: python tests/benchmarks/bench_numeric.py

Against the same dynamic programme written by hand in straightforward NumPy (target: at
most 1.5 times its time), and against reverse-mode differentiation of J where torch is
installed. The runs are interleaved; medians and their ratio are printed.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from derive.numeric.closed_form import closed_form
from derive.numeric.sources import lake, random_mdp
from derive.numeric.tabular import TabularMDP

TARGET, ROUNDS = 1.5, 31


def by_hand(mdp: TabularMDP, theta: np.ndarray) -> np.ndarray:
    """Forward d_t, backward Q_t, gradient = sum_t gamma^t d_t pi (Q_t - V_t): reward to go."""
    pi = np.exp(theta - theta.max(axis=1, keepdims=True))
    pi /= pi.sum(axis=1, keepdims=True)
    rewards = (mdp.P * mdp.r).sum(axis=2)
    move = np.einsum("sa,sax->sx", pi, mdp.P)
    reached = [mdp.mu]
    for _ in range(mdp.horizon):
        reached.append(reached[-1] @ move)
    gradient, later = np.zeros(theta.shape), np.zeros(mdp.states)
    for t in range(mdp.horizon, -1, -1):
        q = rewards + mdp.gamma * mdp.P @ later
        later = (pi * q).sum(axis=1)
        gradient += mdp.gamma**t * reached[t][:, None] * pi * (q - later[:, None])
    return gradient


def by_torch(mdp: TabularMDP) -> Callable[[np.ndarray], np.ndarray]:
    """J by the backward recursion in torch, float64, and its reverse-mode gradient."""
    import torch

    mu, P, r = (torch.tensor(array.copy()) for array in (mdp.mu, mdp.P, mdp.r))

    def run(theta: np.ndarray) -> np.ndarray:
        leaf = torch.tensor(theta, requires_grad=True)
        pi = torch.softmax(leaf, dim=1)
        rewards, later = (P * r).sum(2), torch.zeros(mdp.states, dtype=torch.float64)
        for _ in range(mdp.horizon + 1):
            later = (pi * (rewards + mdp.gamma * P @ later)).sum(1)
        (mu @ later).backward()
        return leaf.grad.numpy()

    return run


def interleaved(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each way, the ways taking turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def main() -> int:
    """Print one line per MDP; status 1 if the closed form misses its target anywhere."""
    has_torch, missed = importlib.util.find_spec("torch") is not None, False
    if not has_torch:
        print("torch is not installed: the comparison with reverse-mode autodiff is skipped.")
    for mdp in (random_mdp(0, 2, 2, 1), lake(), random_mdp(0, 20, 4, 50), random_mdp(0, 100, 5, 100),
                random_mdp(0, 300, 4, 200)):
        theta = np.random.default_rng(0).normal(size=(mdp.states, mdp.actions))
        ways: dict[str, Callable[[], object]] = {
            "closed form": lambda mdp=mdp, theta=theta: closed_form(mdp, theta),
            "by hand": lambda mdp=mdp, theta=theta: by_hand(mdp, theta)}
        assert np.allclose(closed_form(mdp, theta), by_hand(mdp, theta), rtol=1e-9, atol=1e-12)
        if has_torch:
            run = by_torch(mdp)
            assert np.allclose(closed_form(mdp, theta), run(theta), rtol=1e-9, atol=1e-12)
            ways["torch"] = lambda run=run, theta=theta: run(theta)
        medians = interleaved(ways)
        ratio = medians["closed form"] / medians["by hand"]
        missed |= ratio > TARGET
        times = ", ".join(f"{name} {seconds * 1e6:,.0f} us" for name, seconds in medians.items())
        print(f"{mdp.shape!s:>13}: {times}; closed form / by hand = {ratio:.2f} (target at most {TARGET})")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
