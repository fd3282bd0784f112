"""A finite MDP as a model for a loss: a sample is an episode, its decisions are rows of π(.|s), softmax in logits.

What a loss gets. One place for each decision: ``log_probs[i, t]`` is log π(a_t|s_t) of episode i, and
the parameters are one logit for each state and action, the same at every t. An episode has as
many decisions as the horizon allows, and ends before that in a terminal state, one that every
action keeps, without a reward; what follows is padding, and ``mask`` and ``lengths`` say so.
``rewards`` (samples,) is the return Σ gamma^t r_t, whose mean is J; ``token_level_rewards`` are the r_t
as the environment gives them, ``rewards_to_go`` is Σ_k≥t gamma^(k-t) r_k, ``values`` the mean of that given
the past, ``states`` and ``actions`` are numbers, ``gamma`` is the discount. A loss that weights
decision t with gamma^t has to do so itself. ``advantages`` are leave-one-out ones of the whole
return, as for responses; groups are of episodes, whatever their first state. KL is that of the
laws of episodes, and per token that of the rows at the states visited. A table of returns of
whole trajectories (``Model.returns``) counts as a reward of the last decision, with gamma = 1, and leaves
no state terminal. Samples that no argument of a loss tells apart are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from derive.errors import BadInput
from derive.estimators.provenance import fraction_of
from derive.estimators.tabular import MOST_ACTIONS, MOST_SAMPLES, Policy, Row, TabularModel
from derive.language.models import Model, Path, Shape
from derive.numeric.tabular import TabularMDP

ROLES: Mapping[str, str] = {"pi": "pi", "old": "old", "pi_old": "old", "ref": "ref", "pi_ref": "ref",
                            "rollout": "rollout"}
"""The policies of a model that mean something to a loss."""
MOST_PATHS = 20_000
SHORTER = ("Take a shorter horizon or a smaller MDP, or its last decisions, as derive.estimators.shortening.shortened "
           "makes them, and the command line does without --horizon")
ROUNDING = 1e-12
"""A probability that is so near to a fraction of small denominator is that fraction, divided by a sum of floats."""


@dataclass(frozen=True)
class Episodes(TabularModel):
    """The episodes of a finite MDP. Made by ``episodes_of``, which says what is refused."""

    mdp: Model
    seed: int = 0
    pi: Policy | None = None
    old: Policy | None = None
    ref: Policy | None = None
    rollout: Policy | None = None

    def __post_init__(self) -> None:
        shape = self.mdp.shape
        if not 2 <= shape.actions <= MOST_ACTIONS:
            raise BadInput(f"an MDP with {shape.actions} actions: a loss is run on 2 to {MOST_ACTIONS}")
        self._check()
        if any(not path for path, *_ in self._table):
            raise BadInput("this MDP can start in a terminal state, and such an episode has no decision")
        if len(self._table) > MOST_SAMPLES:
            raise BadInput(f"this MDP has {len(self._table)} different episodes: at most {MOST_SAMPLES} are run. "
                           f"{SHORTER}")

    prompt_count = property(lambda self: 1)
    action_count = property(lambda self: self.mdp.shape.actions)
    place_count = property(lambda self: self.mdp.shape.states)
    discount = property(lambda self: self.mdp.gamma if self.mdp.returns is None else Fraction(1))

    @cached_property
    def terminal(self) -> frozenset[int]:
        """States that every action keeps, without a reward."""
        if self.mdp.returns is not None:
            return frozenset()
        P, r = self.mdp.P, self.mdp.r
        return frozenset(s for s in range(self.place_count)
                         if all(P[s][a][s] == 1 and r[s][a][s] == 0 for a in range(self.action_count)))

    def _paths(self) -> Iterator[tuple[Path, Fraction]]:
        """Trajectories that the dynamics allow, cut where a terminal state is entered, with the dynamics' part."""
        pending: list[tuple[Path, Fraction]] = [((s,), p) for s, p in enumerate(self.mdp.mu) if p]
        for _ in range(self.mdp.shape.horizon + 1):
            longer = []
            for path, chance in pending:
                if path[-1] in self.terminal:
                    yield path, chance
                    continue
                longer += [((*path, a, x), chance * p) for a in range(self.action_count)
                           for x, p in enumerate(self.mdp.P[path[-1]][a]) if p]
            if len(longer) > MOST_PATHS:
                raise BadInput(f"this MDP has more than {MOST_PATHS:,} trajectories. {SHORTER}")
            pending = longer
        yield from pending

    @cached_property
    def _table(self) -> tuple[tuple[tuple[tuple[int, int], ...], Row, Fraction], ...]:
        """(decisions, rewards, the dynamics' part of the probability) of each sample."""
        found: dict[tuple[tuple[tuple[int, int], ...], Row], Fraction] = {}
        for path, chance in self._paths():
            steps = [path[place:place + 3] for place in range(0, len(path) - 2, 2)]
            if self.mdp.returns is None:
                rewards = tuple(self.mdp.r[s][a][x] for s, a, x in steps)
            else:
                rewards = (Fraction(0),) * (len(steps) - 1) + (self.mdp.reward_of(path),)
            key = tuple((s, a) for s, a, _ in steps), rewards
            found[key] = found.get(key, Fraction(0)) + chance
        return tuple((decisions, rewards, chance) for (decisions, rewards), chance in found.items())

    @cached_property
    def places(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(decisions for decisions, _, _ in self._table)

    @cached_property
    def chances(self) -> Row:
        return tuple(chance for *_, chance in self._table)

    @cached_property
    def step_rewards(self) -> tuple[tuple[Row, ...], ...]:
        return (tuple(rewards for _, rewards, _ in self._table),)

    @cached_property
    def values(self) -> tuple[tuple[Row, ...], ...]:
        law, go = self.law(self.policy("pi"))[0], self.to_go[0]
        weights: dict[object, Fraction] = {}
        totals: dict[object, Fraction] = {}
        for sample, probability in enumerate(law):
            for step in range(self.lengths[sample]):
                past = self._past(sample, step)
                weights[past] = weights.get(past, Fraction(0)) + probability
                totals[past] = totals.get(past, Fraction(0)) + probability * go[sample][step]
        return (tuple(tuple(totals[past] / weights[past] for past in (
            self._past(sample, step) for step in range(self.lengths[sample]))) for sample in range(len(law))),)

    def _past(self, sample: int, step: int) -> object:
        """The time and the state; with a table of returns, all decisions before it too."""
        decisions = self.places[sample]
        if self.mdp.returns is None:
            return step, decisions[step][0]
        return decisions[:step], decisions[step][0]

    def __str__(self) -> str:
        shape = self.mdp.shape
        return (f"an MDP with {shape.states} states, {shape.actions} actions, at most {shape.horizon + 1} decisions "
                f"({len(self.places)} episodes)")


def episodes_of(given: Model | TabularMDP, seed: int = 0) -> Episodes:
    """The episodes of an MDP, exact or in floats.

    Of a ``Model``, pi, old, ref and rollout are taken where it has them, others are drawn by the
    seed, or pi; a ``TabularMDP`` has none. Its floats become fractions: those of small
    denominator nearby, else the doubles themselves, the largest probability of a row being what
    the others leave.

    Raises ``BadInput`` for a policy that means nothing to a loss, or has a probability 0 (a softmax
    has none), for an MDP with too many episodes, or one that can start where it ends; and
    ``InvalidModel`` for rows that are no probabilities.
    """
    if isinstance(given, TabularMDP):
        return Episodes(_exact(given), seed)
    unknown = [name for name in given.policies if name not in ROLES]
    if unknown:
        raise BadInput(f"the MDP has a policy {unknown[0]!r}, which means nothing to a loss; it knows "
                       f"{', '.join(ROLES)}. Rename it or leave it out")
    given.validate()
    n, k = given.shape.states, given.shape.actions
    if [[len(row) for row in rows] for rows in given.r] != [[n] * k] * n:
        raise BadInput(f"the rewards of the MDP are not of the shape ({n}, {k}, {n}): r[s][a][x]")
    policies: dict[str, Policy] = {}
    for name, table in given.policies.items():
        for state, row in enumerate(table):
            if min(row) <= 0:
                raise BadInput(f"{name}(·|s={state}) has a probability 0, which no softmax in logits has")
        policies[ROLES[name]] = (tuple(tuple(map(_number, row)) for row in table),)
    rewards = tuple(tuple(tuple(map(_number, row)) for row in rows) for rows in given.r)
    numbers = Model(shape=given.shape, mu=tuple(map(_number, given.mu)),
                    P=tuple(tuple(tuple(map(_number, row)) for row in rows) for rows in given.P), r=rewards,
                    gamma=_number(given.gamma), policies={}, scores=(), returns=given.returns and {
                        path: _number(value) for path, value in given.returns.items()})
    return Episodes(numbers, seed, **policies)


def _number(entry: Any) -> Fraction:
    if isinstance(entry, float | np.floating):
        return fraction_of(float(entry)) or Fraction(float(entry))
    return Fraction(entry)


def _exact(mdp: TabularMDP) -> Model:
    P = tuple(tuple(_probabilities(row) for row in rows) for rows in mdp.P)
    r = tuple(tuple(tuple(map(_number, row)) for row in rows) for rows in mdp.r)
    return Model(shape=Shape(mdp.states, mdp.actions, mdp.horizon), mu=_probabilities(mdp.mu), P=P, r=r,
                 gamma=_number(mdp.gamma), policies={}, scores=())


def _probabilities(row: Iterable[float]) -> Row:
    numbers = []
    for entry in map(float, row):
        near = Fraction(entry).limit_denominator(1000)
        numbers.append(near if abs(float(near) - entry) <= ROUNDING else Fraction(entry))
    largest = max(range(len(numbers)), key=lambda place: numbers[place])
    numbers[largest] += 1 - sum(numbers)
    return tuple(numbers)
