"""Where a gradient is looked at: along every coordinate, or along a few directions where that is too much work.

A wrong gradient has the right derivative along a random direction with probability 0, so
a few of them see what all coordinates would, only not where.
"""

from __future__ import annotations

import numpy as np

from derive.numeric.tabular import FloatArray, TabularMDP

MOST_WORK = 3e9
"""Elementary operations that one method may take: a few seconds."""
A_STEP = 3_000
"""What a step of a loop in Python costs beside the operations in it."""
ENOUGH = 8


def operations(mdp: TabularMDP) -> float:
    """What one value of J takes, by dynamic programming."""
    table = mdp.states**2
    return 6.0 * table * mdp.actions + (mdp.horizon + 1) * (table + A_STEP)


def directions(mdp: TabularMDP, values: int, *, seed: int) -> FloatArray | None:
    """(K, S, A): None for every coordinate, else random ones, as many as may be afforded, perhaps none.

    ``values`` is how many values of J a derivative takes.
    """
    cost = values * operations(mdp)
    if mdp.states * mdp.actions * cost <= MOST_WORK:
        return None
    return random_directions(mdp, min(ENOUGH, int(MOST_WORK // cost)), seed=seed)


def random_directions(mdp: TabularMDP, number: int, *, seed: int) -> FloatArray:
    """(K, S, A) normal numbers, the same for the same seed."""
    drawn: FloatArray = np.random.default_rng([seed, 1]).normal(size=(number, mdp.states, mdp.actions))
    return drawn


def along(gradient: FloatArray, table: FloatArray | None) -> FloatArray:
    """A gradient (S, A) as it is, or its derivatives along directions (K, S, A)."""
    if table is None:
        return gradient
    found: FloatArray = np.tensordot(table, gradient, axes=2)
    return found
