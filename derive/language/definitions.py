"""Defined notions: one record each, with what it stands for; ``expanded`` puts that in its place.

Primitive are numbers, gamma, H, m, indices, + * / ^, sums, products, expectations over a law,
gradients, logarithms, mu, P, policies, r, V, free functions, and R while returns are arbitrary.
All else is a record of ``DEFINITIONS``. A record speaks of primitives and of records above it,
so definitions are acyclic. Printing and rules keep the author's term; what decides, evaluates
or asks for side conditions may read the expansion instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr

from derive.errors import MalformedTerm, NotATerm, WorkLimit
from derive.language.binding import Binder, Index, each
from derive.language.expression import Plus, Ratio, Times
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Between,
    Discount,
    Everything,
    Expect,
    Forever,
    Horizon,
    Initial,
    Law,
    Objective,
    Prod,
    Return,
    Reward,
    SampleSize,
    State,
    StateAt,
    StateValue,
    Time,
    Total,
    Trajectory,
    TrajectoryProbability,
    Transition,
    Var,
)

MOST_NODES = 50_000
"""Nodes that an expansion may have; nested variances triple at every level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a definition may depend on besides its arguments: the kind of return, and of horizon."""

    additive: bool
    infinite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One defined notion.

    ``sorts`` are those of the arguments of ``node``, the class of terms that say the notion;
    without a class the vocabulary writes it out at once. ``stands_for`` takes a situation and
    the arguments; it gives None where the notion is primitive there, and raises MalformedTerm
    where it has no meaning.
    """

    name: str
    node: type[Expr] | None
    sorts: tuple[str, ...]
    stands_for: Callable[..., Expr | None]


# -- what each stands for ---------------------------------------------------------------------------


def _finite_only(term: Expr, situation: Situation, what: str) -> None:
    if situation.infinite:
        raise MalformedTerm(f"{term} is about {what}, which an infinite horizon does not have.", term)


def _of_rewards(term: Expr, situation: Situation) -> None:
    if not situation.additive:
        raise MalformedTerm(f"{term} has no meaning while R(τ) is arbitrary. Assume additive_return.", term)


def _timed(term: Expr, time: Expr, situation: Situation) -> None:
    """A value has a time at a finite horizon and none at an infinite one."""
    _of_rewards(term, situation)
    if isinstance(time, Forever) and not situation.infinite:
        raise MalformedTerm(f"{term} has no time, which a value at a finite horizon needs.", term)
    if situation.infinite and not isinstance(time, Forever):
        raise MalformedTerm(f"{term} is a value with time to go, which an infinite horizon does not have.", term)


def discounted_rewards(path: Expr, last: Expr) -> Expr:
    """sum_{t=0..last} gamma^t r(s_t, a_t, s_{t+1})."""

    def step(t: Expr) -> Expr:
        return Times(Discount() ** t, Reward(StateAt(path, t), ActionAt(path, t), StateAt(path, Plus(t, 1))))

    return each(Total, Time, Between(0, last), step)


def _trajectory_probability(situation: Situation, policy: Expr, path: Expr) -> Expr:
    """mu(s_0) prod_{t=0..H} P(s_{t+1}|s_t,a_t) policy(a_t|s_t)."""
    _finite_only(TrajectoryProbability(policy, path), situation, "a whole trajectory")

    def step(t: Expr) -> Expr:
        now, act, then = StateAt(path, t), ActionAt(path, t), StateAt(path, Plus(t, 1))
        return Times(Transition(then, now, act), ActionProbability(policy, act, now))

    return Times(Initial(StateAt(path, 0)), each(Prod, Time, Between(0, Horizon()), step))


def _return(situation: Situation, path: Expr) -> Expr | None:
    """sum_{t=0..H} gamma^t r(s_t,a_t,s_{t+1}) if returns are additive."""
    _finite_only(Return(path), situation, "a whole trajectory")
    return discounted_rewards(path, Horizon()) if situation.additive else None


def _objective(situation: Situation, policy: Expr) -> Expr:
    """E_{tau~P_policy}[R(tau)]; at an infinite horizon E[sum_{t>=0} gamma^t r_t]."""
    if situation.infinite:
        _of_rewards(Objective(policy), situation)
        return each(Expect, Trajectory, Law(policy), lambda path: discounted_rewards(path, Forever()))
    return each(Expect, Trajectory, Law(policy), Return)


def _action_value(situation: Situation, policy: Expr, time: Expr, s: Expr, a: Expr) -> Expr:
    """sum_x P(x|s,a) (r(s,a,x) + gamma V_{t+1}(x)); V without a time at an infinite horizon."""
    _timed(ActionValue(policy, time, s, a), time, situation)
    after = time if situation.infinite else time + 1

    def outcome(x: Expr) -> Expr:
        return Times(Transition(x, s, a),
                     Plus(Reward(s, a, x), Times(Discount(), StateValue(policy, after, x))))

    return each(Total, State, Everything(), outcome)


def _advantage(situation: Situation, policy: Expr, time: Expr, s: Expr, a: Expr) -> Expr:
    """Q_t(s,a) - V_t(s)."""
    _timed(Advantage(policy, time, s, a), time, situation)
    return ActionValue(policy, time, s, a) - StateValue(policy, time, s)


def _variance(situation: Situation, index: Index, law: Expr, body: Expr) -> Expr:
    """E[f f] - E[f] E[f]; of a gradient, whose products are outer products, the covariance matrix."""
    _finite_only(Var(index, law, body), situation, "samples of whole trajectories")
    mean = Expect(index, law, body)
    return Expect(index, law, Times(body, body)) - Times(mean, mean)


def _sample_mean(situation: Situation, index: Index, body: Expr) -> Expr:
    """1/m sum_{i=1..m} f."""
    return Times(Ratio(1, SampleSize()), Total(index, Between(1, SampleSize()), body))


# -- the records ------------------------------------------------------------------------------------

_VALUE = ("policy", "time or forever", "state", "action")

RETURN = Definition(name="additive return", node=Return, sorts=("trajectory",), stands_for=_return)
TRAJECTORY_PROBABILITY = Definition(
    name="probability of a trajectory", node=TrajectoryProbability, sorts=("policy", "trajectory"),
    stands_for=_trajectory_probability)
OBJECTIVE = Definition(name="objective", node=Objective, sorts=("policy",), stands_for=_objective)
ACTION_VALUE = Definition(name="action value", node=ActionValue, sorts=_VALUE, stands_for=_action_value)
ADVANTAGE = Definition(name="advantage", node=Advantage, sorts=_VALUE, stands_for=_advantage)
VARIANCE = Definition(
    name="variance", node=Var, sorts=("trajectory or batch", "domain", "scalar"), stands_for=_variance)
SAMPLE_MEAN = Definition(name="mean over samples", node=None, sorts=("draw", "scalar"), stands_for=_sample_mean)

DEFINITIONS = (RETURN, TRAJECTORY_PROBABILITY, OBJECTIVE, ACTION_VALUE, ADVANTAGE, VARIANCE, SAMPLE_MEAN)


def definition_of(term: Expr) -> Definition | None:
    """The record of the notion that a term says by its outermost node, if it is a defined one."""
    return next((record for record in DEFINITIONS if record.node is type(term)), None)


# -- expansion --------------------------------------------------------------------------------------


def expanded(term: Expr, *, additive: bool, infinite: bool) -> Expr:
    """``term`` with every defined notion replaced by what it stands for, down to primitives.

    Raises:
        MalformedTerm: for a notion without a meaning in this situation, such as Q without a
            time at a finite horizon, or any value while returns are arbitrary.
        WorkLimit: for an expansion of more than ``MOST_NODES`` nodes, or one that nests too deeply.
    """
    try:
        return _Expansion(Situation(additive=additive, infinite=infinite)).of(term)
    except NotATerm as deep:
        raise WorkLimit(f"Written out by the definitions, the term is too large: {deep}") from None


class _Expansion:
    """One walk; equal subterms are expanded once, with their loose bound indices as they are."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self._known: dict[Expr, Expr | None] = {}  # None: stays as it is
        self._sizes: dict[Expr, int] = {}

    def of(self, term: Expr) -> Expr:
        if not term.args:
            return term
        if term not in self._known:
            result = self._replaced(term)
            self._known[term] = None if result is term else result
        found = self._known[term]
        return term if found is None else found

    def _replaced(self, term: Expr) -> Expr:
        record = definition_of(term)
        meaning = None if record is None else record.stands_for(self.situation, *term.args)
        if meaning is not None:
            return self.of(meaning)
        kept = term.args[:1] if isinstance(term, Binder) else ()
        arguments = kept + tuple(self.of(argument) for argument in term.args[len(kept):])
        if all(new is old for new, old in zip(arguments, term.args, strict=True)):
            return term
        if sum(map(self._size, arguments)) > MOST_NODES:
            raise WorkLimit(f"Written out by the definitions, the term has more than {MOST_NODES:,} nodes.")
        return term.func(*arguments)

    def _size(self, term: Expr) -> int:
        if term not in self._sizes:
            self._sizes[term] = 1 + sum(map(self._size, term.args))
        return self._sizes[term]
