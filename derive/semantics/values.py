"""V, Q and A of a policy on one model, backward in time from V_{H+1} = 0, as jets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from derive.errors import NotApplicable
from derive.semantics import jets
from derive.semantics.jets import Jet
from derive.semantics.rings import Indexed, RingModel


@dataclass(frozen=True, slots=True)
class Values:
    """``states[t][s]`` for t = 0..H+1, ``actions[t][s, a]`` and ``advantages[t][s, a]`` for t = 0..H."""

    states: list[Indexed]
    actions: list[Indexed]
    advantages: list[Indexed]

    def state(self, t: int, s: Any) -> Jet:
        """V_t(s)."""
        found: Jet = _at(self.states, t, "V")[s]
        return found

    def action(self, t: int, s: Any, a: Any) -> Jet:
        """Q_t(s, a)."""
        found: Jet = _at(self.actions, t, "Q")[s, a]
        return found

    def advantage(self, t: int, s: Any, a: Any) -> Jet:
        """A_t(s, a)."""
        found: Jet = _at(self.advantages, t, "A")[s, a]
        return found


def _at(tables: list[Indexed], t: int, letter: str) -> Indexed:
    if not 0 <= t < len(tables):
        raise NotApplicable(f"{letter}_{t} does not exist: there are {letter}_0, ..., {letter}_{len(tables) - 1}")
    return tables[t]


def values_of(model: RingModel, policy: str, order: int) -> Values:
    """V, Q and A of a policy, with derivatives up to ``order``.

    Q_t(s,a) = sum_x P(x|s,a) (r(s,a,x) + gamma V_{t+1}(x)), V_t(s) = sum_a pi(a|s) Q_t(s,a)
    and A = Q - V: Bellman's equations (Sutton and Barto, 3.5), read backward in time.
    """
    ring, shape = model.ring, model.shape
    n, k = range(shape.states), range(shape.actions)
    padding, minus = (ring.zero,) * order, ring.integer(-1)
    after: dict[Any, Jet] = dict.fromkeys(n, (ring.zero, *padding))
    states, actions, advantages = [after], [], []
    for _ in range(shape.horizon + 1):
        q: dict[Any, Jet] = {}
        for s, a in product(n, k):
            ahead = [jets.scaled(model.P[s, a, x], jets.summed(
                [(model.reward(s, a, x), *padding), jets.scaled(model.gamma, after[x])], order, ring)) for x in n]
            q[s, a] = jets.summed(ahead, order, ring)
        choice = {key: model.policies[policy][key][: order + 1] for key in q}
        after = {s: jets.summed([jets.product(choice[s, a], q[s, a]) for a in k], order, ring) for s in n}
        gaps = {(s, a): jets.summed([q[s, a], jets.scaled(minus, after[s])], order, ring) for s, a in q}
        states.append(after)
        actions.append(q)
        advantages.append(gaps)
    return Values(*([model.table(one) for one in reversed(tables)] for tables in (states, actions, advantages)))
