"""An MDP whose episodes are too many: its last decisions, from a state in reach of a reward.

A verdict about a loss needs every group of episodes, and of those there are as many as the horizon
allows. What a loss does wrong, it does in short episodes too. So the dynamics, the rewards and the discount stay, the
horizon is the longest that leaves few episodes, and they begin in a state from which their returns
differ: from the start of a lake no goal is in reach of two decisions, and nothing would be compared. What is wrong
from a later decision on is not seen, and a result says what was run.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derive.errors import BadInput
from derive.estimators.episodes import Episodes, episodes_of
from derive.numeric.tabular import TabularMDP

MOST_EPISODES = 64
LONGEST = 6
"""No horizon above is tried: with two actions it has more episodes than that."""


def shortened(mdp: TabularMDP) -> tuple[TabularMDP, str | None]:
    """The MDP, or its last decisions and what was done. Raises ``BadInput`` if no start leaves anything to compare."""
    if mdp.mu @ np.array(_at_least(mdp, min(mdp.horizon, LONGEST)), dtype=float) <= MOST_EPISODES:
        try:
            if len(episodes_of(mdp).places) <= MOST_EPISODES:
                return mdp, None
        except BadInput:
            pass
    for horizon in range(min(mdp.horizon, LONGEST), -1, -1):
        few = [state for state, least in enumerate(_at_least(mdp, horizon)) if least <= MOST_EPISODES]
        starts = [one for one in (_from(mdp, state, horizon) for state in few) if one is not None]
        if starts:
            state, found = max(starts, key=lambda pair: (_returns(pair[1]), len(pair[1].places), -pair[0]))
            return _started(mdp, state, horizon), (
                f"{mdp.name} has too many episodes with {mdp.horizon + 1} decisions: run with {horizon + 1} "
                f"decision{'s' * (horizon > 0)} from state {state} ({len(found.places)} episodes), where different "
                "returns are in reach; dynamics, rewards and discount are its own")
    raise BadInput(f"{mdp.name} has too many episodes with any horizon from which a reward is in reach; take a smaller "
                   "MDP, such as random:7 with --horizon 1")


def _at_least(mdp: TabularMDP, horizon: int) -> list[int]:
    """At least so many episodes begin in each state: those whose states and actions differ."""
    states, actions = range(mdp.states), range(mdp.actions)
    ending = [all(mdp.P[s, a, s] == 1 and mdp.r[s, a, s] == 0 for a in actions) for s in states]
    counts = [mdp.actions] * mdp.states
    for _ in range(horizon):
        counts = [sum(sum(counts[x] for x in states if mdp.P[s, a, x] and not ending[x])
                      + any(mdp.P[s, a, x] and ending[x] for x in states) for a in actions) for s in states]
    return counts


def _from(mdp: TabularMDP, state: int, horizon: int) -> tuple[int, Episodes] | None:
    """(the state, the episodes from it), if they are few and their returns differ."""
    try:
        found = episodes_of(_started(mdp, state, horizon))
    except BadInput:
        return None
    return (state, found) if len(found.places) <= MOST_EPISODES and _returns(found) > 1 else None


def _returns(found: Episodes) -> int:
    return len(set(found.reward_table[0]))


def _started(mdp: TabularMDP, state: int, horizon: int) -> TabularMDP:
    return replace(mdp, mu=np.eye(mdp.states)[state], horizon=horizon)
