"""The values of indices: which state s_t is, which trajectory tau^(i), and what a term leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sympy import Expr, Integer

from derive.errors import MalformedTerm, NotApplicable, OutsideFragment
from derive.language.binding import Binder, Index
from derive.language.expression import Plus, Times
from derive.language.models import Path
from derive.language.terms import ActionAt, Drawn, Forever, Horizon, SampleSize, StateAt
from derive.language.typing import sort_of
from derive.numeric.instances import Instance

Place = int | Path | tuple[Path, ...]
"""A value of an index: a state, action, time or draw; a trajectory; a batch of m trajectories."""
Places = Mapping[Index, Place]


def place(term: Expr, at: Places, instance: Instance) -> Any:
    """The value of a state, action, time, draw, trajectory or batch.

    Raises:
        NotApplicable: for a time or draw outside its range, or an index without a value.
    """
    match term:
        case Index():
            if term not in at:
                raise NotApplicable(f"The free index {term} has no value. Give it one in `at`.")
            return at[term]
        case Integer():
            return int(term)
        case Horizon():
            return instance.mdp.horizon
        case SampleSize():
            return instance.samples
        case Forever():
            raise OutsideFragment("A sum without end has no value by enumeration in floats.")
        case Plus():
            return sum(place(argument, at, instance) for argument in term.args)
        case Times():
            return int(np.prod([place(argument, at, instance) for argument in term.args]))
        case StateAt() | ActionAt():
            return _along(term, at, instance)
        case Drawn():
            batch, number = (place(argument, at, instance) for argument in term.args)
            if not 1 <= number <= len(batch):
                raise NotApplicable(f"{term} is draw {number} of {len(batch)}.")
            return batch[number - 1]
    raise MalformedTerm(f"{term} is a {sort_of(term)} where an index is needed.", term)


def _along(term: Expr, at: Places, instance: Instance) -> int:
    path, time = (place(argument, at, instance) for argument in term.args)
    last = instance.mdp.horizon + isinstance(term, StateAt)
    if not 0 <= time <= last:
        raise NotApplicable(f"{term} asks for time {time}; at H = {instance.mdp.horizon} there are 0..{last}.")
    return int(path[2 * time + isinstance(term, ActionAt)])


def open_places(term: Expr, bound: frozenset[Index] = frozenset()) -> Iterator[Expr]:
    """The free indices of a term, with each free tau^(i) taken whole."""
    if isinstance(term, Index):
        if term not in bound:
            yield term
    elif isinstance(term, Drawn) and not term.free_symbols & bound:
        yield term
    elif isinstance(term, Binder):
        yield from open_places(term.args[1], bound)
        yield from open_places(term.args[2], bound | {term.args[0]})
    else:
        for argument in term.args:
            yield from open_places(argument, bound)
