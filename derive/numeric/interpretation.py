"""The float meaning of every term: one row of a table per node, by brute-force enumeration.

A term of rank q has the value of shape (p,) * q, p = S A, with theta[s, a] at coordinate
s A + a. The meaning is a jet (value and derivatives, ``numeric.jets``): ``Grad`` asks its
argument for one more derivative and drops the value. Nothing is shared with the exact
kernel but the terms, the models and ``semantics.md``.

Results are kept per (subterm, order, values of its free indices). A sampled trajectory
counts as the trajectory that it is, so the part of a batch average that belongs to one
draw is computed once per trajectory, not once per batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr, Rational

from derive.errors import InvalidModel, MalformedTerm, NotApplicable, OutsideFragment
from derive.language.definitions import resolved
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.horizons import is_endless
from derive.language.ranks import rank
from derive.language.terms import (
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Defined,
    Discount,
    Expect,
    Grad,
    Horizon,
    Initial,
    Log,
    Objective,
    Outer,
    Prod,
    Return,
    Reward,
    Same,
    SampleSize,
    StateValue,
    Time,
    Total,
    Trace,
    TrajectoryProbability,
    Transition,
    Var,
)
from derive.language.typing import refuse_foreign, sort_in_a_model
from derive.numeric import jets
from derive.numeric.instances import Instance
from derive.numeric.jets import Jet
from derive.numeric.places import Place, Places, open_places, place
from derive.numeric.trajectory_law import TrajectoryLaw

MOST_JOINT_SAMPLES = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """The table applied to one instance; ``possible_only`` keeps trajectories of probability 0 out of sums."""

    instance: Instance
    possible_only: bool = False
    law: TrajectoryLaw = field(init=False)
    known: dict[Any, Jet] = field(default_factory=dict, init=False, repr=False)
    open_places: dict[Expr, tuple[Expr, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "law", TrajectoryLaw(self.instance))

    def value(self, term: Expr, at: Places) -> Any:
        """A float, or an array of shape (p,) * rank."""
        part = self.jet(term, at, 0)[0]
        shape = (self.instance.parameters,) * rank(term)
        if not shape:
            return 0.0 if part is None else float(part)
        return np.zeros(shape) if part is None else part

    def jet(self, term: Expr, at: Places, order: int) -> Jet:
        """The term with ``order`` derivatives, the free indices having the values ``at``."""
        if isinstance(term, Rational):
            return jets.constant(float(term), order)
        key = self._key(term, at, order)
        if key is not None and (found := self.known.get(key)) is not None:
            return found
        row = ROWS.get(type(term))
        if row is None:
            raise OutsideFragment(f"{term} has no value in floats.")
        result = row(self, term, at, order)
        if key is not None:
            self.known[key] = result
        return result

    def _key(self, term: Expr, at: Places, order: int) -> Any:
        leaves = self.open_places.get(term)
        if leaves is None:
            leaves = self.open_places[term] = tuple(dict.fromkeys(open_places(term)))
        try:
            return term, order, *(self.place(leaf, at) for leaf in leaves)
        except NotApplicable:  # perhaps below an empty sum: left to the row to say
            return None

    def place(self, term: Expr, at: Places) -> Any:
        """The value of a state, action, time, draw, trajectory or batch; raises as ``places.place`` does."""
        return place(term, at, self.instance)

    def range_of(self, binder: Expr, at: Places) -> Iterator[Place]:
        """The values that the index of a sum or product takes."""
        match binder.index.sort:
            case "state":
                yield from range(self.instance.mdp.states)
            case "action":
                yield from range(self.instance.mdp.actions)
            case "time" | "draw":
                first, last = (self.place(limit, at) for limit in binder.domain.args)
                yield from range(first, last + 1)
            case "trajectory":
                yield from self.law.support("pi") if self.possible_only else self.law.every()
            case sort:
                raise MalformedTerm(f"{binder} sums over a {sort}.", binder)

    def weighted(self, binder: Expr, order: int) -> Iterator[tuple[Place, Jet]]:
        """The possible values of a random trajectory or batch, each with its probability.

        Raises:
            OutsideFragment: if a batch has more than ``MOST_JOINT_SAMPLES`` joint values.
        """
        single = self.law.weighted(policy_name(binder.domain), order)
        if binder.index.sort == "trajectory":
            yield from single
            return
        number = len(single) ** self.instance.samples
        if number > MOST_JOINT_SAMPLES:
            raise OutsideFragment(
                f"{self.instance.samples} trajectories have {number:,} joint values; "
                f"at most {MOST_JOINT_SAMPLES:,} are enumerated.")
        for draws in product(single, repeat=self.instance.samples):
            weight = jets.constant(1.0, order)
            for _, probability in draws:
                weight = jets.times(weight, probability, order)
            yield tuple(path for path, _ in draws), weight


def value(term: Expr, instance: Instance, at: Places | None = None, *, possible_only: bool = False) -> Any:
    """The value of a term: a float, a gradient (p,), or a matrix (p, p), with p = S A.

    ``at`` gives the free indices their values. With ``possible_only`` a sum or product
    over trajectories runs over those of positive probability under pi.

    Raises:
        Undefined: for a zero denominator, or the log of a number that is not positive.
        NotApplicable: for a time outside the trajectory, or a free index without a value.
        OutsideFragment: if a batch has too many joint values.
        InvalidModel: if the instance has no table for a policy or function.
        NotATerm: if a part is not of this language.
    """
    refuse_foreign(term)
    return Meaning(instance, possible_only).value(term, at or {})


def policy_name(domain: Expr) -> str:
    """The name of the policy in ``Law(policy)``, ``P(tau; policy)`` and the like."""
    return str(domain.args[0].label)


# -- the table: what each node means ------------------------------------------------------------


def _number(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.constant(float(meaning.place(term, at)), order)


def _discount(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.constant(meaning.instance.mdp.gamma, order)


def _plus(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.plus([meaning.jet(argument, at, order) for argument in term.args], order)


def _times(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    result = jets.constant(1.0, order)
    for argument in term.args:
        result = jets.times(result, meaning.jet(argument, at, order), order)
    return result


def _power(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.power(meaning.jet(term.args[0], at, order), meaning.place(term.args[1], at), order, term)


def _ratio(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    above, below = (meaning.jet(argument, at, order) for argument in term.args)
    return jets.times(above, jets.reciprocal(below, order, term), order)


def _log(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.log(meaning.jet(term.args[0], at, order), order, term)


def _grad(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    if order >= 2:
        raise OutsideFragment(f"{term} is differentiated more than twice.")
    return meaning.jet(term.args[0], at, order + 1)[1:]


def _outer(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    one, two = (meaning.jet(argument, at, order) for argument in term.args)
    if order:
        raise OutsideFragment(f"{term} is differentiated: a third derivative.")
    return (None if one[0] is None or two[0] is None else np.outer(one[0], two[0]),)


def _trace(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    (matrix,) = term.args
    part = meaning.jet(matrix, at, order)[0]
    if order:
        raise OutsideFragment(f"{term} is differentiated: a third derivative.")
    return (None if part is None else np.trace(part),)


def _initial(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.constant(float(meaning.instance.mdp.mu[meaning.place(term.args[0], at)]), order)


def _transition(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    x, s, a = (meaning.place(argument, at) for argument in term.args)
    return jets.constant(float(meaning.instance.mdp.P[s, a, x]), order)


def _reward(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    s, a, x = (meaning.place(argument, at) for argument in term.args)
    return jets.constant(float(meaning.instance.mdp.r[s, a, x]), order)


def _action_probability(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    a, s = (meaning.place(argument, at) for argument in term.args[1:])
    return meaning.law.action(policy_name(term), s, a, order)


def _trajectory_probability(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return meaning.law.probability(policy_name(term), meaning.place(term.args[1], at), order)


def _return(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.constant(meaning.law.return_of(meaning.place(term.args[0], at)), order)


def _same(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    one, two = (meaning.place(argument, at) for argument in term.args)
    return jets.constant(float(one == two), order)


def _applied(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    key = str(term.args[0].label), tuple(map(sort_in_a_model, term.args[1:]))
    if key not in meaning.instance.functions:
        raise InvalidModel(f"The instance has no table for {term}. Give `functions` the key {key}.")
    return jets.constant(
        float(meaning.instance.functions[key][tuple(meaning.place(argument, at) for argument in term.args[1:])]), order)


def _state_value(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    policy, time, s = term.args
    return meaning.law.state_value(str(policy.label), meaning.place(time, at), meaning.place(s, at), order)


def _action_value(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    policy, *where = term.args
    t, s, a = (meaning.place(one, at) for one in where)
    return meaning.law.action_value(str(policy.label), t, s, a, order)


def _advantage(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    policy, time, s, _ = term.args
    minus = jets.times(jets.constant(-1.0, order), _state_value(meaning, StateValue(policy, time, s), at, order), order)
    return jets.plus([_action_value(meaning, term, at, order), minus], order)


def _objective(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    law = meaning.law
    return jets.plus(
        [jets.times(weight, jets.constant(law.return_of(path), order), order)
         for path, weight in law.weighted(policy_name(term), order)], order)


def _defined(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    additive = meaning.instance.returns is None
    return meaning.jet(resolved(term, additive=additive, infinite=is_endless(term)), at, order)


def _total(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    index, body = term.index, term.body
    return jets.plus(
        [meaning.jet(body, {**at, index: one}, order) for one in meaning.range_of(term, at)], order)


def _prod(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    result = jets.constant(1.0, order)
    for one in meaning.range_of(term, at):
        result = jets.times(result, meaning.jet(term.body, {**at, term.index: one}, order), order)
    return result


def _outcomes(meaning: Meaning, term: Expr, at: Places, order: int) -> list[tuple[Jet, Jet]]:
    index, body = term.index, term.body
    return [(weight, meaning.jet(body, {**at, index: one}, order)) for one, weight in meaning.weighted(term, order)]


def _expect(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    return jets.plus([jets.times(weight, z, order) for weight, z in _outcomes(meaning, term, at, order)], order)


def _var(meaning: Meaning, term: Expr, at: Places, order: int) -> Jet:
    """E[(z - E z)(z - E z)^T]; a gradient has one at order 0 only, more being a third derivative."""
    outcomes, gradient = _outcomes(meaning, term, at, order), rank(term.body) == 1
    if gradient and order:
        raise MalformedTerm(f"{term} is a matrix; its gradient has no meaning here.", term)
    mean = jets.plus([jets.times(weight, z, order) for weight, z in outcomes], order)
    away = jets.times(mean, jets.constant(-1.0, order), order)
    parts = []
    for weight, z in outcomes:
        gap = jets.plus([z, away], order)
        square = (None if gap[0] is None else np.outer(gap[0], gap[0]),) if gradient else jets.times(gap, gap, order)
        parts.append(jets.times(weight, square, order))
    return jets.plus(parts, order)


Row = Callable[[Meaning, Expr, Places, int], Jet]

ROWS: Mapping[type, Row] = MappingProxyType({
    Time: _number, Horizon: _number, SampleSize: _number, Discount: _discount,
    Plus: _plus, Times: _times, Power: _power, Ratio: _ratio, Log: _log, Grad: _grad,
    Outer: _outer, Trace: _trace,
    Initial: _initial, Transition: _transition, Reward: _reward,
    ActionProbability: _action_probability, TrajectoryProbability: _trajectory_probability,
    StateValue: _state_value, ActionValue: _action_value, Advantage: _advantage,
    Return: _return, Objective: _objective, Applied: _applied, Same: _same, Defined: _defined,
    Total: _total, Prod: _prod, Expect: _expect, Var: _var,
})
