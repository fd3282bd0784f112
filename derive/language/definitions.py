"""Defined notions: one record each, with what it stands for; ``expanded`` puts that in its place.

Primitive are numbers, gamma, H, m, indices, + * / ^, sums, products, expectations over a law,
gradients, logarithms, mu, P, policies, r, V, free functions, and R while returns are arbitrary.
All else is a record of ``DEFINITIONS``. A record speaks of primitives and of records above it,
so definitions are acyclic. Printing and rules keep the author's term; what decides, evaluates
or asks for side conditions may read the expansion instead.

A new notion needs a record and nothing else: its terms are ``Defined`` nodes, which are written
by the record's notation, have the sorts and the rank that it says, and are evaluated and decided
as what it stands for. The older notions have node classes, for which there are faster rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType

from sympy import Expr

from derive.errors import MalformedTerm
from derive.language.binding import Index, each
from derive.language.derivatives import derivative_of
from derive.language.expansion import Definition, Expansion, Situation, record_of
from derive.language.expression import Plus, Ratio, Times, has, subterms
from derive.language.notation import Notation
from derive.language.terms import (
    MOMENT,
    SCALAR,
    TIME,
    Action,
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Batch,
    Between,
    Defined,
    Discount,
    Draw,
    Drawn,
    Everything,
    Expect,
    Forever,
    Function,
    Horizon,
    Initial,
    Law,
    Log,
    Objective,
    Policy,
    Prod,
    Return,
    Reward,
    Same,
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


def _td_error(situation: Situation, policy: Expr, path: Expr, t: Expr) -> Expr:
    """r(s_t,a_t,s_{t+1}) + gamma V_{t+1}(s_{t+1}) - V_t(s_t); V without a time at an infinite horizon."""
    _of_rewards(TD_ERROR(policy, path, t), situation)
    now, act, then = StateAt(path, t), ActionAt(path, t), StateAt(path, t + 1)
    here, after = (Forever(), Forever()) if situation.infinite else (t, t + 1)
    ahead = Times(Discount(), StateValue(policy, after, then))
    return Reward(now, act, then) + ahead - StateValue(policy, here, now)


def _reward_to_go(situation: Situation, path: Expr, t: Expr) -> Expr:
    """sum_{k=t..H} gamma^(k-t) r(s_k,a_k,s_{k+1}), without end at an infinite horizon (Sutton and Barto 2018, 3.8)."""
    def step(k: Expr) -> Expr:
        return Times(Discount() ** (k - t), Reward(StateAt(path, k), ActionAt(path, k), StateAt(path, k + 1)))

    return each(Total, Time, Between(t, Forever() if situation.infinite else Horizon()), step)


def _expected_reward(situation: Situation, s: Expr, a: Expr) -> Expr:
    """sum_x P(x|s,a) r(s,a,x) (Sutton and Barto 2018, 3.5)."""
    return each(Total, State, Everything(), lambda x: Times(Transition(x, s, a), Reward(s, a, x)))


def _marginal(situation: Situation, policy: Expr, time: Expr, s: Expr) -> Expr:
    """E_policy[1{s_t = s}], the probability that the state at time t is s."""
    return each(Expect, Trajectory, Law(policy), lambda path: Same(StateAt(path, time), s))


def _occupancy(situation: Situation, policy: Expr, s: Expr) -> Expr:
    """sum_{t>=0} gamma^t p_t(s): not normalised (Sutton et al. 2000)."""
    if not situation.infinite:
        raise MalformedTerm(f"{OCCUPANCY(policy, s)} is a sum over all times; at a finite horizon write p[t]({s}), the "
                            "probability of a state at a time.", OCCUPANCY(policy, s))
    return each(Total, Time, Between(0, Forever()), lambda t: Times(Discount() ** t, MARGINAL(policy, t, s)))


def _normalised_occupancy(situation: Situation, policy: Expr, s: Expr) -> Expr:
    """(1 - gamma) sum_{t>=0} gamma^t p_t(s): a distribution (Kakade and Langford 2002)."""
    return Times(1 - Discount(), OCCUPANCY(policy, s))


def _entropy(situation: Situation, policy: Expr, s: Expr) -> Expr:
    """-sum_a policy(a|s) log policy(a|s)."""
    def term(a: Expr) -> Expr:
        return Times(ActionProbability(policy, a, s), Log(ActionProbability(policy, a, s)))

    return -each(Total, Action, Everything(), term)


def _divergence(situation: Situation, policy: Expr, other: Expr, s: Expr) -> Expr:
    """KL(policy || other) = sum_a policy(a|s) (log policy(a|s) - log other(a|s))."""
    def term(a: Expr) -> Expr:
        chosen = ActionProbability(policy, a, s)
        return Times(chosen, Log(chosen) - Log(ActionProbability(other, a, s)))

    return each(Total, Action, Everything(), term)


def _derivative(situation: Situation, body: Expr, number: Expr) -> Expr:
    """d f / d c + 0 f, written out by the rules of differentiation: where f has no value it has no derivative."""

    def meaning(term: Expr) -> Expr:
        found = Expansion(situation, _OF_CLASS).meaning(term)
        return term if found is None else found

    return Plus(derivative_of(body, number, meaning), Times(0, body))


# -- the records ------------------------------------------------------------------------------------

_PI, _S, _A, _T, _TAU = Policy("pi"), State("s"), Action("a"), Time("t"), Trajectory("tau")
_C = Applied(Function("c"))

RETURN = Definition(
    name="return", says="The definition of the additive return, in force when additive_return is assumed.",
    node=Return, sorts=("trajectory",), example=(_TAU,), notation=Return.notation, stands_for=_return)
TRAJECTORY_PROBABILITY = Definition(
    name="trajectory_probability",
    says="The definition: the chain rule of probability for a Markov decision process with a Markov policy.",
    node=TrajectoryProbability, sorts=("policy", "trajectory"), example=(_PI, _TAU),
    notation=TrajectoryProbability.notation, stands_for=_trajectory_probability)
OBJECTIVE = Definition(
    name="objective", says="The definition of the objective, the expected return. Impossible trajectories add 0.",
    node=Objective, sorts=("policy",), example=(_PI,), notation=Objective.notation, stands_for=_objective)
ACTION_VALUE = Definition(
    name="action_value", says="The definition: the reward of a step and the discounted value of where it leads.",
    node=ActionValue, sorts=("policy", MOMENT, "state", "action"), example=(_PI, _T, _S, _A),
    notation=ActionValue.notation, stands_for=_action_value)
ADVANTAGE = Definition(
    name="advantage", says="The definition: how much better an action is than the policy.",
    node=Advantage, sorts=("policy", MOMENT, "state", "action"), example=(_PI, _T, _S, _A),
    notation=Advantage.notation, stands_for=_advantage)
VARIANCE = Definition(
    name="variance", says="The definition: the mean of the square less the square of the mean.",
    node=Var, sorts=("trajectory or batch", "domain", SCALAR), example=(_TAU, Law(_PI), Return(_TAU)),
    notation=Var.notation, stands_for=_variance)
SAMPLE_MEAN = Definition(
    name="sample_mean", says="The definition: the sum over the sampled trajectories divided by their number.",
    node=None, sorts=("draw", SCALAR), example=(Draw("i"), Return(Drawn(Batch("tau"), Draw("i")))), notation=None,
    stands_for=_sample_mean)
TD_ERROR = Definition(
    name="td_error", says="The definition: what a step brings beyond the value of the state it starts in.",
    sorts=("policy", "trajectory", TIME), example=(_PI, _TAU, _T),
    notation=Notation(letter="delta", python="delta", inside=(1,), below=2, policy=0), stands_for=_td_error)
REWARD_TO_GO = Definition(
    name="reward_to_go", says="The definition: the discounted rewards from a time on, counted from there.",
    sorts=("trajectory", TIME), example=(_TAU, _T),
    notation=Notation(letter="G", python="G", inside=(0,), below=1), stands_for=_reward_to_go)

EXPECTED_REWARD = Definition(
    name="expected_reward", says="The definition: the mean reward of an action, over the next state.",
    sorts=("state", "action"), example=(_S, _A),
    notation=Notation(letter="r", python="r", inside=(0, 1)), stands_for=_expected_reward)
MARGINAL = Definition(
    name="marginal", says="The definition: the probability of a state at a time.",
    sorts=("policy", TIME, "state"), example=(_PI, _T, _S),
    notation=Notation(letter="p", python="p", inside=(2,), below=1, policy=0), stands_for=_marginal)
OCCUPANCY = Definition(
    name="occupancy", infinite=True,
    says="The definition: the discounted occupancy of a state, not normalised: its sum is 1/(1-γ).",
    sorts=("policy", "state"), example=(_PI, _S),
    notation=Notation(letter="d", python="d", inside=(1,), policy=0), stands_for=_occupancy)
NORMALISED_OCCUPANCY = Definition(
    name="normalized_occupancy", infinite=True,
    says="The definition: 1-γ times the discounted occupancy, a distribution of states.",
    sorts=("policy", "state"), example=(_PI, _S),
    notation=Notation(letter="dbar", python="d_normalized", inside=(1,), policy=0), stands_for=_normalised_occupancy)
ENTROPY = Definition(
    name="entropy", says="The definition: the entropy of the actions of a policy in a state.",
    sorts=("policy", "state"), example=(_PI, _S),
    notation=Notation(letter="entropy", python="entropy", inside=(1,), policy=0), stands_for=_entropy)
DIVERGENCE = Definition(
    name="divergence", says="The definition: the Kullback-Leibler divergence of two policies in a state.",
    sorts=("policy", "policy", "state"), example=(_PI, Policy("b"), _S),
    notation=Notation(letter="KL", python="kl", inside=(0, 1, 2)), stands_for=_divergence)

DERIVATIVE = Definition(
    name="derivative",
    says="The definition: the derivative in a number without a value, by the rules; 0 f keeps what f owes.",
    sorts=(SCALAR, SCALAR), example=(Times(_C, Return(_TAU)) - _C**2, _C),
    notation=Notation(letter="partial", python="derivative", inside=(0,), below=1), stands_for=_derivative)

DEFINITIONS = (
    RETURN, TRAJECTORY_PROBABILITY, OBJECTIVE, ACTION_VALUE, ADVANTAGE, VARIANCE, SAMPLE_MEAN, TD_ERROR,
    REWARD_TO_GO, EXPECTED_REWARD, MARGINAL, OCCUPANCY, NORMALISED_OCCUPANCY, ENTROPY, DIVERGENCE,
    DERIVATIVE)

_OF_CLASS: Mapping[type, Definition] = MappingProxyType(
    {record.node: record for record in DEFINITIONS if record.node not in (None, Defined)})
_NO_CLASS: Mapping[type, Definition] = MappingProxyType({})


# -- writing terms out -------------------------------------------------------------------------------


def definition_of(term: Expr) -> Definition | None:
    """The record of the notion that a term says by its outermost node, if it is a defined one."""
    return record_of(term, _OF_CLASS)


@lru_cache(maxsize=4_000)  # every pass over a term asks for the same ones
def meaning_of(term: Expr, *, additive: bool, infinite: bool) -> Expr | None:
    """What the outermost node of a term stands for, one definition unfolded; None for a primitive node.

    Raises:
        MalformedTerm: where the notion has no meaning in this situation.
    """
    return Expansion(Situation(additive=additive, infinite=infinite), _OF_CLASS).meaning(term)


def expanded(term: Expr, *, additive: bool, infinite: bool) -> Expr:
    """``term`` with every defined notion replaced by what it stands for, down to primitives.

    Raises:
        MalformedTerm: for a notion without a meaning in this situation, such as Q without a
            time at a finite horizon, or any value while returns are arbitrary.
        WorkLimit: for an expansion that is too large or nests too deeply.
    """
    return Expansion(Situation(additive=additive, infinite=infinite), _OF_CLASS).of(term)


def resolved(term: Expr, *, additive: bool, infinite: bool) -> Expr:
    """``term`` with its ``Defined`` nodes replaced; notions with a class of their own stay.

    Raises:
        MalformedTerm, WorkLimit: as ``expanded``.
    """
    if not has(term, Defined):
        return term
    return Expansion(Situation(additive=additive, infinite=infinite), _NO_CLASS).of(term)


def some_meaning(term: Expr) -> Expr:
    """What a ``Defined`` term stands for at one kind of horizon or the other: of one rank, with the same policies.

    Raises:
        MalformedTerm: where it has no meaning at either.
    """
    infinite = any(isinstance(node, Forever) or (isinstance(node, Defined) and node.record.infinite)
                   for node in subterms(term))
    try:
        found = meaning_of(term, additive=True, infinite=infinite)
    except MalformedTerm:
        found = meaning_of(term, additive=True, infinite=not infinite)
    if found is None:
        raise MalformedTerm(f"{term} stands for nothing.", term)
    return found


def inside(term: Expr) -> Iterator[Expr]:
    """The subterms of a term, and those of what its ``Defined`` nodes stand for, where they have a meaning."""
    todo, opened = [term], set[Expr]()
    while todo:
        for node in subterms(todo.pop()):
            yield node
            if isinstance(node, Defined) and node not in opened:  # once: names of names double at every level
                opened.add(node)
                with suppress(MalformedTerm):
                    todo.append(some_meaning(node))
