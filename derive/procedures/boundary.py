"""Which probabilities are built in as zeros, and on which shapes.

A sum over the support of a law does not follow at the boundary by continuity, so claims
with such sums are tried with exact zeros. Each zero is tried alone, for one can hide
another: where mu(0) = 0, state 0 is never the first, and a zero of pi in it shows nothing
about time 0. And they are tried together, for a difference may need several.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from derive.language.assumptions import COVERS, Assumption, dynamics_positive, initial_positive, policy_positive
from derive.language.models import Shape
from derive.language.signature import MOST_STEPS
from derive.semantics.generic import Zeros

SMALL = (Shape(2, 2, 0), Shape(1, 3, 0), Shape(2, 2, 1), Shape(1, 3, 1))
"""Three actions, because where one of two is never taken every score of that state is 0."""
MOST_TRAJECTORIES = 600
"""Trajectories of a shape that is tried only because of the claim's own literal times."""

Pattern = tuple[Zeros, str]
"""The zeros, and what they are called in a verdict."""


def patterns(assumptions: Collection[Assumption], fixed: Iterable[str]) -> list[Pattern]:
    """Every zero that the class allows alone, then together; ``fixed`` are the policies other than pi."""
    first, other, step = _named("μ(0)=0", "mu", 0), _named("μ(1)=0", "mu", 1), _named("P(0|0,0)=0", "P", 0, 0, 0)
    of_states = [] if initial_positive in assumptions else [first]
    of_states += [] if dynamics_positive in assumptions else [step]
    alone = [*of_states, *([] if initial_positive in assumptions else [other])]
    together = [of_states] if len(of_states) > 1 else []
    if policy_positive not in assumptions:
        choice = _named("π(0|0)=0", "pi", 0, 0)
        covering = {one.about[0] for one in assumptions if one.kind == COVERS}
        zeros_of = {name: _named(f"{name}(0|0)=0", name, 0, 0) for name in sorted(fixed)}
        others = list(zeros_of.values())
        alone += [choice, *(one for name, one in zeros_of.items() if name not in covering)]
        together += [[*of_states, choice]] if of_states else []
        together += [[choice, one] for one in others]
    found = [*alone, *({zero: says for one in ones for zero, says in one.items()} for ones in together)]
    return [(frozenset(zeros), ", ".join(zeros.values())) for zeros in found]


def _named(says: str, *place: Any) -> dict[tuple[Any, ...], str]:
    return {place: says}


def shapes(first: int, reach: int, nesting: int, most: int) -> list[Shape]:
    """The small shapes, and those at the claim's own horizons, with two actions in one state where more are too many.

    ``first`` is the least horizon at which the claim says something, ``reach`` what its
    literal times ask for, ``nesting`` how many loops over trajectories stand inside each
    other, and ``most`` how many rounds all of them may take together.
    """
    own = {first, first + 1} | ({reach - 1, reach} if reach > 2 else set())
    late: list[Shape] = []
    for horizon in sorted(own & set(range(2, MOST_STEPS + 1))):
        larger = [shape for shape in (Shape(2, 2, horizon), Shape(1, 3, horizon))
                  if shape.trajectories <= MOST_TRAJECTORIES]
        late += larger or [Shape(1, 2, horizon)]
    return [shape for shape in (*SMALL, *late) if shape.trajectories**max(1, nesting) <= most]


def fit(zeros: Zeros, shape: Shape) -> bool:
    """Whether the shape has these places, and another outcome in their rows."""
    sizes = {"mu": shape.states, "P": shape.states}
    return all(sizes.get(what, shape.actions) > max(1, places[-1]) and (what == "mu" or places[0] < shape.states)
               for what, *places in zeros)
