"""Where MDPs come from: built in, at random from a seed, or from a Gymnasium-style table.

Files are read by ``derive.numeric.files``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from derive.errors import BadInput
from derive.numeric.tabular import FloatArray, TabularMDP

# -- built in -------------------------------------------------------------------------------------


def bandit() -> TabularMDP:
    """One state, three arms with rewards 1, 2, 4; one decision."""
    return TabularMDP(np.ones(1), np.ones((1, 3, 1)), np.array([[[1.0], [2.0], [4.0]]]), 1.0, 0, name="bandit")


def two_state() -> TabularMDP:
    """Two states, two actions, two decisions: small enough for paper and pencil.

    Action 0 stays, action 1 goes to the other state; entering state 1 pays 1 from state
    0 and 2 from state 1; gamma = 1/2; the start is state 0.
    """
    stay = np.eye(2)
    P = np.stack([stay, stay[::-1]], axis=1)
    r = np.zeros((2, 2, 2))
    r[0, :, 1], r[1, :, 1] = 1.0, 2.0
    return TabularMDP(stay[0], P, r, 0.5, 1, name="two-state")


def corridor(length: int = 5, horizon: int = 8, slip: float = 0.1) -> TabularMDP:
    """A corridor of 5 cells: left, right; a move slips (stays) with probability 0.1.

    Entering the last cell pays 1 and ends the walk there; the start is cell 0.
    """
    P, r = np.zeros((length, 2, length)), np.zeros((length, 2, length))
    for cell in range(length - 1):
        for action, target in enumerate((max(cell - 1, 0), cell + 1)):
            P[cell, action, cell] += slip
            P[cell, action, target] += 1 - slip
    r[length - 2, :, length - 1] = 1.0
    P[length - 1, :, length - 1] = 1.0
    return TabularMDP(np.eye(length)[0], P, r, 0.95, horizon, name="corridor")


LAKE = ("....", ".O.O", "...O", "O..G")


def lake(horizon: int = 20, slip: float = 0.2) -> TabularMDP:
    """A 4x4 grid from the upper left corner to G, with holes O; the grid is ``LAKE``.

    Actions left, down, right, up; a move goes to each side instead with probability
    ``slip / 2``, and against the rim it stays. Entering G pays 1; G and holes are final.
    """
    side, moves = len(LAKE), ((0, -1), (1, 0), (0, 1), (-1, 0))
    P, r = np.zeros((side**2, 4, side**2)), np.zeros((side**2, 4, side**2))
    for row, column in np.ndindex(side, side):
        here = row * side + column
        if LAKE[row][column] in "OG":
            P[here, :, here] = 1.0
            continue
        for action in range(4):
            for turn, chance in ((0, 1 - slip), (1, slip / 2), (3, slip / 2)):
                down, right = moves[(action + turn) % 4]
                x, y = min(max(row + down, 0), side - 1), min(max(column + right, 0), side - 1)
                P[here, action, x * side + y] += chance
                r[here, action, x * side + y] = float(LAKE[x][y] == "G")
    return TabularMDP(np.eye(side**2)[0], P, r, 0.99, horizon, name="lake")


BUILT_IN: Mapping[str, Callable[[], TabularMDP]] = MappingProxyType(
    {"bandit": bandit, "two-state": two_state, "corridor": corridor, "lake": lake})


def built_in(name: str) -> TabularMDP:
    """The built-in MDP of that name.

    Raises:
        BadInput: if there is none, with the names that there are.
    """
    if name not in BUILT_IN:
        raise BadInput(f"There is no built-in MDP {name!r}. Choose one of {', '.join(BUILT_IN)}.")
    return BUILT_IN[name]()


# -- at random --------------------------------------------------------------------------------------


def random_mdp(seed: int, states: int, actions: int, horizon: int, *, gamma: float = 0.9) -> TabularMDP:
    """Dirichlet rows with about a quarter of the entries 0 (never a whole row), normal rewards.

    Raises:
        BadInput: unless states and actions are at least 1.
        InvalidModel: if the horizon is negative.
    """
    if min(states, actions) < 1:
        raise BadInput(f"{states} states and {actions} actions make no MDP. Give at least one of each.")
    rng = np.random.default_rng(seed)

    def rows(*shape: int) -> FloatArray:
        weights = rng.exponential(size=shape) * (rng.random(shape) > 0.25)
        np.put_along_axis(weights, rng.integers(shape[-1], size=shape[:-1])[..., None], 1.0, axis=-1)
        table: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
        return table

    return TabularMDP(rows(states), rows(states, actions, states), rng.normal(size=(states, actions, states)),
                      gamma, horizon, name=f"random, seed {seed}")


# -- a Gymnasium-style table --------------------------------------------------------------------------


def from_gymnasium(env: Any, *, gamma: float, horizon: int) -> TabularMDP:
    """The MDP of an environment with a table ``P[s][a] = [(probability, next, reward, terminated), ...]``.

    As in Gymnasium's toy-text environments (``env.unwrapped.P``); nothing of Gymnasium is
    imported. Entries with the same next state are merged, their reward being the
    probability-weighted mean (J and its gradient do not change). After ``terminated``
    nothing more is earned: a state that is entered only so becomes absorbing with reward
    0; where an ordinary state ends an episode, the transition leads to one added
    absorbing state, the last. The start is ``initial_state_distrib`` or ``isd``, else state 0.

    Raises:
        BadInput: if the table is missing or not of this form.
        InvalidModel: if its rows are not probabilities.
    """
    inner = getattr(env, "unwrapped", env)
    entries, states, actions = _entries(getattr(inner, "P", None), type(inner).__name__)
    mu = _start(inner, states)
    ordinary = {x for s, _, p, x, _, ended in entries if not ended and p > 0 and s != x} | set(np.flatnonzero(mu))
    finals = {x for *_, p, x, _, ended in entries if ended and p > 0} - ordinary
    extra = any(ended and p > 0 and x in ordinary for _, _, p, x, _, ended in entries)
    size = states + extra
    P, gain = np.zeros((size, actions, size)), np.zeros((size, actions, size))
    for s, a, p, x, reward, ended in entries:
        if s not in finals:
            target = states if ended and x in ordinary else x
            P[s, a, target] += p
            gain[s, a, target] += p * reward
    for final in [*finals, *range(states, size)]:
        P[final, :, final] = 1.0
    r = np.divide(gain, P, out=np.zeros_like(gain), where=P != 0)
    mu = np.concatenate([mu, np.zeros(size - states)])
    name = getattr(getattr(inner, "spec", None), "id", None) or type(inner).__name__
    return TabularMDP(mu, P, r, gamma, horizon, name=str(name))


Entry = tuple[int, int, float, int, float, bool]


def _entries(table: Any, owner: str) -> tuple[list[Entry], int, int]:
    """All (s, a, probability, next, reward, terminated), and the numbers of states and actions."""
    form = "P[s][a] = [(probability, next, reward, terminated), ...]"
    if not isinstance(table, (Mapping, list, tuple)) or not table:
        raise BadInput(f"{owner} has no table P of transitions. Give an environment with {form}.")
    states = len(table)
    entries: list[Entry] = []
    try:
        actions = len(table[0])
        for s, a in np.ndindex(states, actions):
            if len(table[s]) != actions:
                raise BadInput(f"P[{s}] of {owner} has {len(table[s])} actions, P[0] has {actions}. "
                               "Give every state the same actions.")
            for p, x, reward, ended in table[s][a]:
                if int(x) != x or not 0 <= x < states:
                    raise BadInput(f"P[{s}][{a}] of {owner} leads to {x!r}. Give a next state in 0..{states - 1}.")
                if not (math.isfinite(p) and math.isfinite(reward)):
                    raise BadInput(f"P[{s}][{a}] of {owner} holds ({p}, {x}, {reward}, {ended}). Give finite numbers.")
                entries.append((s, a, float(p), int(x), float(reward), bool(ended)))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BadInput(f"The table P of {owner} is not of the form {form} with s, a = 0, 1, ... ({error}). "
                       "Correct the entry.") from error
    return entries, states, actions


def _start(env: Any, states: int) -> FloatArray:
    given = getattr(env, "initial_state_distrib", None)
    given = getattr(env, "isd", None) if given is None else given
    if given is None:
        first: FloatArray = np.eye(states)[0]
        return first
    try:
        mu = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        mu = np.zeros(0)
    if mu.shape != (states,):
        raise BadInput(f"The initial distribution of {type(env).__name__} has shape {mu.shape}. "
                       f"Give one probability for each of its {states} states.")
    return mu
