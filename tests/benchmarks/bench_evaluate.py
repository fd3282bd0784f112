"""Both sides by dynamic programming against NumPy written by hand for the same formula; ratios from one run.

The formula is sum_t gamma^t grad log pi(a_t|s_t) Q_t(s_t, a_t), or the rewards to go in the place of Q. By hand, Q goes
backward and the law of the state forward. Ours gives the sums of absolute values too, by which rounding is bounded:
twice the work. A formula is read once for all models, which is given apart.

Runs take turns, and the fastest of each is compared, in seconds of the processor: the machine may be busy. Linear
algebra has one thread, for seconds of the processor count those in which a second one waits.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from time import process_time

import numpy as np

from derive.language.assumptions import additive_return
from derive.language.expression import as_term
from derive.language.vocabulary import Q, expect, gamma, grad, k, log, pi, r, t, tau, total
from derive.numeric.instances import Instance
from derive.numeric.sources import from_gymnasium, random_mdp
from derive.numeric.tabular import FloatArray, TabularMDP, softmax
from derive.procedures.encoding import Encoding, context_of
from derive.transfer.sums import formula

SCORE = grad(log(pi(tau.a[t] | tau.s[t])))
FORMULAS = {
    "Q": expect(tau, total(t, gamma**t * SCORE * Q[t](tau.s[t], tau.a[t]))),
    "to go": expect(tau, total(t, SCORE * total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t))),
}
REPEATS = 9
MOST = 2.0
"""How much longer than by hand it may take, from 16 states on."""


def by_hand(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    policy, P, discount = softmax(theta), mdp.P, mdp.gamma
    reward = (P * mdp.r).sum(axis=2)
    step = np.matmul(policy[:, None, :], P)[:, 0]
    q, value = np.empty((mdp.horizon + 1, *theta.shape)), np.zeros(mdp.states)
    for n in range(mdp.horizon, -1, -1):
        q[n] = reward + discount * (P @ value)
        value = (policy * q[n]).sum(axis=1)
    found, here, power = np.zeros_like(theta), mdp.mu, 1.0
    for n in range(mdp.horizon + 1):
        found += power * here[:, None] * policy * (q[n] - (policy * q[n]).sum(axis=1, keepdims=True))
        here, power = here @ step, power * discount
    return found


def fastest(*runs: Callable[[], object]) -> list[float]:
    """Seconds of the fastest of each, which take turns."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(REPEATS):
        for run, found in zip(runs, times, strict=True):
            start = process_time()
            run()
            found.append(process_time() - start)
    return [min(found) for found in times]


def models() -> dict[str, TabularMDP]:
    found = {f"random, {n} states": random_mdp(0, n, 4, 100) for n in (16, 64, 256, 501)}
    try:
        import gymnasium
    except ImportError:
        return found
    for name, horizon in (("FrozenLake-v1", 100), ("CliffWalking-v1", 100), ("Taxi-v4", 50)):
        found[name] = from_gymnasium(gymnasium.make(name), gamma=0.99, horizon=horizon)
    return found


def main() -> int:
    context, encoding = context_of([additive_return], infinite=False), Encoding([additive_return], infinite=False)
    print(f"{'model':22} {'formula':8} {'by hand':>10} {'ours':>10} {'ratio':>6} {'reading':>10}")
    worst = 0.0
    for name, mdp in models().items():
        theta = np.random.default_rng(0).normal(size=(mdp.states, mdp.actions))
        instance, expected = Instance(mdp=mdp, theta=theta), by_hand(mdp, theta)
        for said, term in FORMULAS.items():
            side = encoding.term(as_term(term))
            one = formula(context, side, rank=1)
            if not np.allclose(one.at(instance).value, expected, rtol=1e-8, atol=1e-10):
                print(f"{name}, {said}: ours is another gradient")
                return 1
            hand, ours, reading = fastest(lambda: by_hand(mdp, theta), lambda: one.at(instance),  # noqa: B023
                                          lambda: formula(context, side, rank=1))  # noqa: B023
            worst = max(worst, ours / hand)
            print(f"{name:22} {said:8} {1e3 * hand:8.2f}ms {1e3 * ours:8.2f}ms {ours / hand:6.2f} "
                  f"{1e3 * reading:8.2f}ms", flush=True)
    print(f"largest ratio {worst:.2f}, aim {MOST:.0f}")
    return int(worst > MOST)


if __name__ == "__main__":
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # read when NumPy is loaded
    sys.exit(main() if one.items() <= os.environ.items() else
             subprocess.run([sys.executable, *sys.argv], env={**os.environ, **one}).returncode)
