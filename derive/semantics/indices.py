"""Times, states, actions and trajectories: what an index denotes on one model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from operator import itemgetter
from typing import Any

from sympy import Expr, Integer

from derive.errors import NotApplicable, OutsideFragment
from derive.language.binding import Index
from derive.language.expression import Plus, Times
from derive.language.terms import (
    Action,
    ActionAt,
    Between,
    Draw,
    Drawn,
    Horizon,
    SampleSize,
    State,
    StateAt,
    Time,
    Trajectory,
)
from derive.semantics.rings import RingModel, Way

Environment = dict[Index, Any]
Whole = Callable[[Environment], int]


class Indices:
    """The meaning of indices; ``possible_only`` narrows sums over trajectories."""

    model: RingModel
    possible_only: bool
    _indices: dict[Index, Index]

    def _same(self, index: Index) -> Index:
        """One object for all equal indices: looking up an identical key never compares terms."""
        return self._indices.setdefault(index, index)

    def whole(self, term: Expr) -> Whole:
        """The closure that computes a time or a draw as an ``int``."""
        match term:
            case Integer():
                constant = int(term)
                return lambda environment: constant
            case Time() | Draw():
                return itemgetter(self._same(term))
            case Horizon():
                horizon = self.model.shape.horizon
                return lambda environment: horizon
            case SampleSize():
                samples = self.model.shape.samples
                return lambda environment: samples
            case Plus() | Times():
                parts = [self.whole(argument) for argument in term.args]
                combined = sum if isinstance(term, Plus) else prod
                return lambda environment: combined([part(environment) for part in parts])
        raise OutsideFragment(f"{term} is not a time")

    def place(self, term: Expr) -> Callable[[Environment], Any]:
        """The closure that computes a state or an action as its number."""
        match term:
            case State() | Action():
                return itemgetter(self._same(term))
            case StateAt(args=(path, time)):
                way, at = self.way(path), self.whole(time)
                return lambda environment: way(environment).state(at(environment))
            case ActionAt(args=(path, time)):
                way, at = self.way(path), self.whole(time)
                return lambda environment: way(environment).action(at(environment))
        raise OutsideFragment(f"{term} is neither a state nor an action")

    def way(self, term: Expr) -> Callable[[Environment], Way]:
        """The closure that finds a trajectory."""
        match term:
            case Trajectory():
                return itemgetter(self._same(term))
            case Drawn(args=(batch, number)):
                draw = self.whole(number)

                def drawn(environment: Environment) -> Way:
                    place = draw(environment)
                    if place not in environment[batch]:
                        raise NotApplicable(f"τ^{{({place})}} does not exist for m = {self.model.shape.samples}")
                    found: Way = environment[batch][place]
                    return found

                return drawn
        raise OutsideFragment(f"{term} is not a trajectory")

    def choices(self, index: Index, domain: Expr) -> Callable[[Environment], Iterable[Any]]:
        """The closure that lists the values an index runs over."""
        shape = self.model.shape
        match index:
            case State():
                return lambda environment: range(shape.states)
            case Action():
                return lambda environment: range(shape.actions)
            case Trajectory():
                ways = self.ways()
                return lambda environment: ways
        if not isinstance(domain, Between):
            raise OutsideFragment(f"a sum over a {index.sort} without limits")
        first, last = self.whole(domain.args[0]), self.whole(domain.args[1])
        return lambda environment: range(first(environment), last(environment) + 1)

    def ways(self) -> list[Way]:
        """The trajectories that a sum over trajectories runs over."""
        return self.model.possible("pi") if self.possible_only else self.model.ways
