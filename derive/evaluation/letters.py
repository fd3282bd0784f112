"""Both sides of a theorem at the values of its free letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from sympy import Expr

from derive.kernel.contexts import Context
from derive.kernel.differences import from_its_time
from derive.kernel.terms import Term, replaced, time
from derive.language.assumptions import POSSIBLE, Assumption
from derive.language.binding import Index
from derive.language.model_class import holds_at
from derive.language.terms import Action, State, Time, Trajectory
from derive.numeric.instances import Instance
from derive.numeric.tabular import softmax

MOST_TRAJECTORIES = 4_000
"""That are enumerated, for all values of free letters together."""
MOST_TIMES, MOST_PATHS = 8, 8
"""Values of a free time; trajectories that are drawn where there are too many."""

Places = Mapping[Index, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """What is evaluated: both sides, their rank, what is assumed, and where."""

    left: Expr
    right: Expr
    rank: int
    assumptions: frozenset[Assumption]
    instance: Instance
    endless: bool
    seed: int

    @property
    def letters(self) -> list[Index]:
        """The free letters of both sides, in the order of their names."""
        return sorted(self.left.free_symbols | self.right.free_symbols, key=lambda x: (x.sort, str(x)))

    @property
    def possible(self) -> bool:
        return POSSIBLE in self.assumptions


def at_times(context: Context, left: Term, right: Term, at: Places, sides: Sides) -> tuple[Sides, tuple[Term, Term]]:
    """Both sides at these values of the free times, the late ones counted from the last decision.

    Values at one time and no other are those at time 0 of the decisions that are left (``kernel.differences``).
    """
    mdp = sides.instance.mdp
    _, *shifted = from_its_time(context, left, right)
    if len(at) == 1 and not sides.endless and shifted != [left, right]:
        (n,) = at.values()
        fewer = replace(sides.instance, mdp=replace(mdp, horizon=mdp.horizon - n))
        return replace(sides, instance=fewer), (shifted[0], shifted[1])
    for letter, n in at.items():
        late = not sides.endless and n > MOST_TIMES
        value = time(n - mdp.horizon, ("H", 1)) if late else time(n)
        left, right = (replaced(term, ("time", str(letter.label)), value) for term in (left, right))
    return sides, (left, right)


def letters_at(sides: Sides, paths: Mapping[Index, Sequence[Any]]) -> Iterator[dict[Index, Any]]:
    """Values of the free times within the cases that are assumed; with ``paths``, of all other letters too."""
    mdp, ranges = sides.instance.mdp, dict[Index, Sequence[Any]]()
    for letter in sides.letters:
        if isinstance(letter, Time):
            ranges[letter] = _times(mdp.horizon, sides.endless)
        elif letter in paths:
            ranges[letter] = paths[letter]
    for chosen in product(*ranges.values()):
        at = dict(zip(ranges, chosen, strict=True))
        if holds_at(sides.assumptions, at, mdp.horizon, infinite=sides.endless):
            yield at


def _times(last: int, endless: bool) -> list[int]:
    """All times, or the first and the last ones."""
    if endless or last < MOST_TIMES:
        return list(range(MOST_TIMES // 2 if endless else last + 1))
    half = MOST_TIMES // 2
    return [*range(half), *range(last - half + 1, last + 1)]


def paths_of(sides: Sides) -> tuple[dict[Index, Sequence[Any]], bool]:
    """The values of the free letters that are no times, and whether trajectories were drawn."""
    mdp, found, drawn = sides.instance.mdp, dict[Index, Sequence[Any]](), False
    for letter in sides.letters:
        if isinstance(letter, State):
            found[letter] = range(mdp.states)
        elif isinstance(letter, Action):
            found[letter] = range(mdp.actions)
        elif isinstance(letter, Trajectory):
            drawn = mdp.shape.trajectories > MOST_TRAJECTORIES // 20
            every: list[Any] = ([_drawn(sides.instance, [sides.seed, 3, k]) for k in range(MOST_PATHS)] if drawn
                                else list(mdp.shape.paths()))
            found[letter] = [path for path in every if not sides.possible or _possible(path, sides.instance)]
    return found, drawn


def _drawn(instance: Instance, seed: list[int]) -> tuple[int, ...]:
    """A trajectory under the policy at theta."""
    rng, mdp, policy = np.random.default_rng(seed), instance.mdp, softmax(instance.theta)
    path = [int(rng.choice(mdp.states, p=mdp.mu))]
    for _ in range(mdp.horizon + 1):
        action = int(rng.choice(mdp.actions, p=policy[path[-1]]))
        path += [action, int(rng.choice(mdp.states, p=mdp.P[path[-1], action]))]
    return tuple(path)


def _possible(path: tuple[int, ...], instance: Instance) -> bool:
    mdp, policy = instance.mdp, softmax(instance.theta)
    return bool(mdp.mu[path[0]] > 0 and all(mdp.P[path[k:k + 3]] > 0 and policy[path[k:k + 2]] > 0
                                             for k in range(0, len(path) - 1, 2)))
