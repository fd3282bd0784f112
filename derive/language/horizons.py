"""Finite and infinite horizons are different models: one derivation speaks of one of them.

Where a term has ``Forever`` in it, decisions never end: values have no time, trajectories
no last step, no probability P(tau) and no return R(tau) of their own, and only sums of
expectations have a meaning.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from derive.errors import MalformedTerm
from derive.language.definitions import resolved
from derive.language.expression import has, subterms
from derive.language.terms import (
    ActionAt,
    ActionValue,
    Advantage,
    Batch,
    Between,
    Defined,
    Expect,
    Forever,
    Horizon,
    Prod,
    Return,
    SampleSize,
    StateAt,
    StateValue,
    Total,
    Trajectory,
    TrajectoryProbability,
    Var,
)

VALUES = (StateValue, ActionValue, Advantage)
_LETTERS = {StateValue: "V", ActionValue: "Q", Advantage: "A"}


def is_endless(*terms: Expr) -> bool:
    """Whether some term speaks of an infinite horizon."""
    return any(has(term, Forever) or (has(term, Defined) and any(
        isinstance(node, Defined) and node.record.infinite for node in subterms(term))) for term in terms)


def check_horizons(terms: Iterable[Expr], *, endless: bool = False) -> None:
    """All terms speak of one horizon; ``endless`` if others that belong to them speak of an infinite one.

    Raises:
        MalformedTerm: naming what has no meaning there.
    """
    listed = list(terms)
    infinite = endless or is_endless(*listed)
    listed = [resolved(term, additive=True, infinite=infinite) for term in listed]
    if not infinite:
        return
    for term in listed:
        nodes = [*term.free_symbols, *subterms(term)]
        timed = [node for node in nodes if _has_time_to_go(node)]  # before the trajectory that its state is of
        for node in (*timed, *nodes):
            if why := _finite(node):
                untimed = _untimed(listed)
                if untimed is not None:
                    raise MalformedTerm(f"{untimed} has no time, as without a last decision, where {node} {why}. "
                                        f"{_with_time(untimed)}", untimed)
                if timed:
                    raise MalformedTerm(f"{node} {why}; without a last decision write {_without_time(node)}.", node)
                raise MalformedTerm(f"{node} {why}, which an infinite horizon does not have.", node)


def _untimed(terms: Iterable[Expr]) -> Expr | None:
    """A value without a time, where nothing else speaks of an infinite horizon."""
    nodes = [node for term in terms for node in subterms(term)]
    if any(isinstance(node, Between) and Forever() in node.args for node in nodes):
        return None
    return next((node for node in nodes if isinstance(node, VALUES) and isinstance(node.args[1], Forever)), None)


def _with_time(value: Expr) -> str:
    """How a value is written at a finite horizon, at the time of its state."""
    letter = _LETTERS[type(value)]
    state = value.args[2]
    time = state.args[1] if isinstance(state, StateAt) else "t"
    return f"Write {letter}[{time}](...) there, or stop=forever in the sums."


def _has_time_to_go(node: Expr) -> bool:
    return isinstance(node, VALUES) and not isinstance(node.args[1], Forever)


def _without_time(value: Expr) -> str:
    """How a value with a time is written without a last decision."""
    policy, _, *places = value.args
    given = [f"tau.{'s' if isinstance(one, StateAt) else 'a'}[{one.args[1]}]"
             if isinstance(one, (StateAt, ActionAt)) and isinstance(one.args[0], Trajectory) else str(one)
             for one in places]
    if not policy.learned:
        given.append(f"policy={'pi_old' if policy.label == policy.HELD else policy.label}")
    return f"{_LETTERS[type(value)]}({', '.join(given)})"


def _finite(node: Expr) -> str:
    """What of a finite horizon a node asks for, in words; empty if nothing."""
    match node:
        case Horizon():
            return "is the last time"
        case Return() | TrajectoryProbability():
            return "is about a whole trajectory"
        case Batch() | SampleSize() | Var():
            return "is about samples of whole trajectories"
        case Total(index=Trajectory()) | Prod(index=Trajectory()):
            return "runs over whole trajectories"
        case Prod(domain=Between(args=(_, Forever()))):
            return "has a last factor"
        case Between(args=(Forever(), _)):
            return "starts at the last time"
    if _has_time_to_go(node):
        return "is a value with time to go"
    if isinstance(node, Trajectory) and not node.is_bound:
        return "is a whole trajectory"
    if isinstance(node, Expect) and not isinstance(node.index, Trajectory):
        return "is about samples of whole trajectories"
    return ""
