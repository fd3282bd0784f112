"""A term written out on two states, two actions and a single decision.

Nothing is evaluated: binders are replaced by their summands, s_0 by a state 0 or 1, and
P(tau; theta) by its definition, so that a reader sees what a sum over trajectories is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Integer

from derive.language.binding import Binder, rewrite_bottom_up
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.horizons import VALUES
from derive.language.models import Shape
from derive.language.terms import (
    Action,
    ActionAt,
    Applied,
    Batch,
    Between,
    Defined,
    Draw,
    Drawn,
    Expect,
    Forever,
    Function,
    Horizon,
    Objective,
    Prod,
    Return,
    State,
    StateAt,
    Total,
    Trajectory,
    TrajectoryProbability,
    Var,
)
from derive.language.vocabulary import as_a_sum, objective, trajectory_probability

SHAPE = Shape(2, 2, 0)
MOST_SUMMANDS = 8


@dataclass(frozen=True, slots=True)
class SpelledStep:
    """The step with this number, both sides as sums of concrete summands."""

    number: int
    left: Expr
    right: Expr


def spelled_step(terms: tuple[Expr, ...]) -> SpelledStep | None:
    """The last step of a chain that says something about sums over trajectories, written out; or None.

    A step whose sides read the same when written out, such as a definition, says nothing.
    """
    for number in range(len(terms) - 1, 0, -1):
        before, after = terms[number - 1], terms[number]
        if not (_is_summed(before) and _is_summed(after)):
            continue
        left, right = spelled(before), spelled(after)
        if left != right and max(map(_most_summands, (left, right))) <= MOST_SUMMANDS:
            return SpelledStep(number, left, right)
    return None


def _is_summed(term: Expr) -> bool:
    """Whether there is a sum over single trajectories, written as one; a fraction of such sums falls into no lines."""
    nodes = list(subterms(term))
    return any(map(_over_paths, nodes)) and not any(
        isinstance(node, (Batch, Defined, Draw, Drawn, Forever, Var, *VALUES))
        or (isinstance(node, Ratio) and any(map(_over_paths, subterms(node)))) for node in nodes)


def _over_paths(node: Expr) -> bool:
    return isinstance(node, (Total, Expect)) and isinstance(node.index, Trajectory)


def summands(side: Expr) -> tuple[Expr, ...]:
    """What a side is the sum of."""
    return side.args if isinstance(side, Plus) else (side,)


def _most_summands(term: Expr) -> int:
    return max((len(node.args) for node in subterms(term) if isinstance(node, Plus)), default=1)


def spelled(term: Expr) -> Expr:
    """The term written out on ``SHAPE``, products and sums flattened."""
    rewrites: tuple[Callable[[Expr], Expr], ...] = (_unfolded, _over_trajectories, _at_the_decision, _in_numbers)
    for rewrite in rewrites:
        last = None
        while term != last:  # an inner sum has numbers for bounds once the outer one is written out
            last, term = term, rewrite_bottom_up(term, rewrite)
    return rewrite_bottom_up(term, _flattened)


def _unfolded(node: Expr) -> Expr:
    """J and E over one trajectory as sums over trajectories."""
    match node:
        case Objective(args=(policy,)):
            return objective(policy)
        case Expect(index=Trajectory()):
            return as_a_sum(node)
    return node


def _over_trajectories(node: Expr) -> Expr:
    """A sum over trajectories as its summands, each a trajectory named by its states and actions."""
    if not (isinstance(node, Total) and isinstance(node.index, Trajectory)):
        return node
    paths = (",".join(map(str, path)) for path in SHAPE.paths())
    return Plus(*(node.instantiated(Trajectory(path)) for path in paths))


def _at_the_decision(node: Expr) -> Expr:
    """P(tau) by its definition, and sums and products over t = 0..H at H = 0."""
    match node:
        case TrajectoryProbability(args=(policy, path)):
            return rewrite_bottom_up(trajectory_probability(policy, path), _at_the_decision)
        case Horizon():
            return Integer(SHAPE.horizon)
        case Total() | Prod():
            return _instances(node)
    return node


def _instances(node: Binder) -> Expr:
    if not isinstance(node.domain, Between):
        return node
    first, last = (_number(bound) for bound in node.domain.args)
    if first is None or last is None:
        return node
    parts = [node.instantiated(Integer(time)) for time in range(first, last + 1)]
    if len(parts) == 1:
        return parts[0]
    return Plus(*parts) if parts and isinstance(node, Total) else Times(*parts) if parts else Integer(
        0 if isinstance(node, Total) else 1)


def _number(time: Expr) -> int | None:
    """A time without indices as a number."""
    match time:
        case Integer():
            return int(time)
        case Plus(args=parts):
            numbers = [_number(part) for part in parts]
            return None if None in numbers else sum(number for number in numbers if number is not None)
        case Times(args=(Integer() as factor, inner)) if (number := _number(inner)) is not None:
            return int(factor) * number
    return None


def _in_numbers(node: Expr) -> Expr:
    """s_0 and a_0 of a named trajectory as the numbers they are, exponents, and R of it."""
    match node:
        case Power(args=(base, Plus() as exponent)) if (number := _number(exponent)) is not None:
            return Power(base, Integer(number))
        case StateAt(args=(Trajectory() as path, time)) | ActionAt(args=(Trajectory() as path, time)):
            entries, now = _entries(path), _number(time)
            place = None if now is None else 2 * now + isinstance(node, ActionAt)
            if place is None or not 0 <= place < len(entries):
                return node
            return (Action if isinstance(node, ActionAt) else State)(entries[place])
        case Return(args=(Trajectory() as path,)) if _entries(path):
            kinds = (State, Action, State)
            return Applied(Function("R"), *(kind(entry) for kind, entry in zip(kinds, _entries(path), strict=True)))
    return node


def _entries(path: Trajectory) -> list[str]:
    parts = str(path.label).split(",")
    return parts if len(parts) > 1 else []


def _flattened(node: Expr) -> Expr:
    """(a b) c as a b c, the way a product is written."""
    for kind in (Times, Plus):
        if isinstance(node, kind) and any(isinstance(argument, kind) for argument in node.args):
            return kind(*(part for argument in node.args
                          for part in (argument.args if isinstance(argument, kind) else (argument,))))
    return node
