"""The ways to the numbers of two sides: as they are written, by dynamic programming over states, along directions.

Free letters get values: states and actions all of them, times the first and the last ones, trajectories all or some
that are drawn. A way that has no number says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational

from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.evaluation.inputs import holds
from derive.evaluation.letters import MOST_PATHS, MOST_TRAJECTORIES, Sides, at_times, letters_at, paths_of
from derive.kernel.contexts import Context
from derive.kernel.differences import checked
from derive.kernel.reindexing import reindexed
from derive.kernel.terms import Term, free
from derive.language.assumptions import POSSIBLE, VOCABULARY, Assumption
from derive.language.binding import Binder
from derive.language.definitions import resolved
from derive.language.expression import subterms
from derive.language.horizons import VALUES
from derive.language.terms import Action, Batch, Objective, State, Time, Trajectory
from derive.language.vocabulary import expect
from derive.numeric.directions import ENOUGH, random_directions
from derive.numeric.interpretation import value as written_value
from derive.numeric.tabular import FloatArray
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.obligations import undischarged
from derive.transfer.floats import Amount
from derive.transfer.floats import value as along_directions
from derive.transfer.sums import formula

MOST_PLACES = 64
"""Values of free states and actions of a gradient."""
MOST_VALUES = 4_000_000
EPS = float(np.finfo(float).eps)
ROUNDINGS = 8.0
"""Units of rounding that a difference may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Both sides by one way, as flat arrays; ``axes`` are the labels of what they run over, the last one fastest.

    ``resolution`` is what rounding may have changed, ``scale`` the least of what went into a row: a difference of that
    size would have to be seen. ``empty`` are the rows that are 0 on both sides, with nothing in them that cancels.
    """

    way: str
    axes: tuple[tuple[str, ...], ...]
    left: FloatArray
    right: FloatArray
    resolution: FloatArray
    scale: FloatArray
    empty: NDArray[np.bool_]

    def label(self, row: int) -> str:
        """Where a row is: the values of free letters, and the coordinate of a gradient."""
        at = np.unravel_index(row, tuple(len(axis) for axis in self.axes)) if self.axes else ()
        return ", ".join(part for axis, k in zip(self.axes, at, strict=True) if (part := axis[int(k)]))

    @property
    def allowed(self) -> FloatArray:
        """How far the sides may be apart."""
        return ROUNDINGS * self.resolution

    @property
    def differs(self) -> NDArray[np.bool_]:
        """Rows in which the sides are further apart than rounding takes them."""
        return np.asarray(~(np.abs(self.left - self.right) <= self.allowed))

    @property
    def coarse(self) -> NDArray[np.bool_]:
        """Rows that are lost in rounding: neither side could be told from 0, nor from what went into it."""
        largest = np.maximum(np.abs(self.left), np.abs(self.right))
        return np.asarray((self.allowed >= np.maximum(largest, self.scale)) & ~self.empty & ~self.differs)

    @property
    def agrees(self) -> NDArray[np.bool_]:
        """Rows that were compared and are equal as far as floats tell."""
        return np.asarray(~(self.differs | self.empty | self.coarse))

    @property
    def counts(self) -> str:
        """How many rows say what, such as "4 agree, 2 empty"."""
        words = {"differs": "differ", "agrees": "agree", "empty": "empty", "coarse": "too coarse to say"}
        counted = ((int(getattr(self, name).sum()), word) for name, word in words.items())
        return ", ".join(f"{number:,} {word}" for number, word in counted if number)

    def says(self, row: int) -> str:
        """What a row says, in a word."""
        for name in ("differs", "empty", "coarse"):
            if getattr(self, name)[row]:
                return {"coarse": "too coarse to say"}.get(name, name)
        return "agrees"


Way = Callable[[Sides], Compared]


def as_written(sides: Sides) -> Compared:
    """By enumeration of trajectories, each node as the language means it.

    Raises:
        OutsideFragment: for an infinite horizon, or too many trajectories.
        Undefined, NotApplicable: where a side has no value.
    """
    if sides.endless:
        raise OutsideFragment("without a last decision there is nothing to enumerate")
    instance, count = sides.instance, sides.instance.mdp.shape.trajectories
    paths, drawn = paths_of(sides)
    combinations = list(letters_at(sides, paths))
    plain = [resolved(side, additive=True, infinite=False) for side in (sides.left, sides.right)]
    nesting = max(_nesting(side, instance.samples) for side in plain)
    over_all = any(isinstance(node, (Objective, *VALUES)) for side in plain for node in subterms(side))
    least = min(count, MOST_TRAJECTORIES + 1)  # whatever is more is too much
    work = float(least) ** max(1, nesting) if over_all or nesting else float(instance.mdp.horizon + 1)
    if work * max(1, len(combinations)) > MOST_TRAJECTORIES:
        raise OutsideFragment("too many trajectories to enumerate")
    if not combinations:
        raise NotApplicable(f"no values of its free letters fit this model with H = {instance.mdp.horizon}")
    arrays = []
    for side in (sides.left, sides.right):
        values = [_widened(np.asarray(written_value(side, instance, at, possible_only=sides.possible)), sides)
                  for at in combinations]
        arrays.append(np.concatenate([one.reshape(-1) for one in values]))
    largest = max(instance.largest_number, *(float(np.abs(one).max(initial=0.0)) for one in arrays))
    numbers = [abs(float(node)) for side in plain for node in subterms(side) if isinstance(node, Rational)]
    resolution = np.full(arrays[0].shape, EPS * max(64.0, work) * largest * max([1.0, *numbers]))
    labels = tuple(", ".join(f"{letter} = {_text(place)}" for letter, place in at.items()) for at in combinations)
    way = f"as written, {MOST_PATHS} trajectories drawn" if drawn else "as written"
    return Compared(way, (labels, *_coordinates(sides)), arrays[0], arrays[1], resolution,
                    np.full(resolution.shape, largest), (arrays[0] == 0) & (arrays[1] == 0))


def by_dynamic_programming(sides: Sides) -> Compared:
    """By sweeps over states of the kernel's automata (``transfer.sweeps``), however many trajectories there are.

    Raises:
        OutsideFragment, WorkLimit: for what these do not read.
        Undefined, NotApplicable: where a side has no value, or is not known to have one.
    """
    letters = [x for x in sides.letters if isinstance(x, (State, Action))]
    places = [(x.sort, str(x.label)) for x in letters]
    mdp = sides.instance.mdp
    sizes = tuple(mdp.states if isinstance(x, State) else mdp.actions for x in letters)
    if float(np.prod(sizes)) * (mdp.states * mdp.actions if sides.rank else 1) > MOST_VALUES:
        raise WorkLimit("it has too many values")
    if sides.rank and np.prod(sizes) > MOST_PLACES:
        raise WorkLimit(f"a gradient for each of {int(np.prod(sizes)):,} values of {', '.join(map(str, letters))}")
    labels = tuple(", ".join(f"{x} = {k}" for x, k in zip(letters, at, strict=True)) for at in np.ndindex(*sizes))

    context = _context(sides)

    def one(term: Term, here: Sides) -> Amount:
        return formula(context, term, rank=here.rank, places=places).at(here.instance)

    found = _each_time(sides, one)
    return _compared("by dynamic programming", sides, (labels, *_coordinates(sides)), *found)


def by_directions(sides: Sides) -> Compared:
    """As ``by_dynamic_programming``, for derivatives along random directions, second ones along each twice."""
    if any(isinstance(x, (State, Action)) for x in sides.letters):
        raise OutsideFragment("a free state or action")
    table = random_directions(sides.instance.mdp, ENOUGH, seed=sides.seed)
    labels = tuple(f"direction {k + 1}{' twice' if sides.rank > 1 else ''}" for k in range(ENOUGH))

    context = _context(sides)

    def one(term: Term, here: Sides) -> Amount:
        return along_directions(context, term, here.instance, table)

    return _compared(f"by dynamic programming, {ENOUGH} random directions", sides, (labels,), *_each_time(sides, one))


# -- parts -------------------------------------------------------------------------------------------------------


def _known(sides: Sides) -> list[Assumption]:
    """What holds at this instance: an additive return, and those of its probabilities positive that are."""
    named = [one for one in sides.assumptions if one.kind]
    known = [one for one in (*VOCABULARY, *named) if holds(one, sides.instance, endless=sides.endless)
             and one != POSSIBLE]
    return [*known, *([POSSIBLE] if sides.possible else [])]


def _each_time(sides: Sides, one: Callable[[Term, Sides], Amount]) -> tuple[list[str], list[Amount], list[Amount]]:
    """Both sides at each choice of the free times."""
    known = frozenset(_known(sides))
    if others := [x for x in sides.letters if not isinstance(x, (State, Action, Time))]:
        raise OutsideFragment(f"its claim is about every {', '.join(map(str, others))}")
    encoding, context = Encoding(known, infinite=sides.endless), _context(sides)
    left, right = (reindexed(encoding.term(side)) for side in (sides.left, sides.right))
    labels, lefts, rights = list[str](), list[Amount](), list[Amount]()
    for at in letters_at(sides, {}):
        here, pair = at_times(context, left, right, at, sides)
        _ensured(checked(context, *pair), here, known)
        labels.append(", ".join(f"{letter} = {n}" for letter, n in at.items()))
        lefts.append(one(pair[0], here))
        rights.append(one(pair[1], here))
    if not labels:
        raise NotApplicable(f"no values of its free times fit H = {sides.instance.mdp.horizon}")
    return labels, lefts, rights


def _context(sides: Sides) -> Context:
    """What holds at this instance; the ranges of free times are kept by their values."""
    return replace(context_of(_known(sides), infinite=sides.endless), ranges=frozenset())


def _ensured(context: Context, sides: Sides, known: frozenset[Assumption]) -> None:
    """What the sides owe holds at this instance, by their numbers if not by what is assumed.

    Raises:
        Undefined: otherwise.
    """
    plain = replace(context, owes=frozenset())
    for kind, *about in sorted(context.owes):
        if kind in ("nonzero", "positive") and not free(about[0]):
            found = formula(plain, about[0], rank=0).at(sides.instance)
            above, rounding = float(found.value), ROUNDINGS * _steps(sides) * EPS * float(found.size)
            if (abs(above) if kind == "nonzero" else above) > rounding:
                continue
        owed = undischarged([sides.left, sides.right], known, endless=sides.endless)
        said = ", ".join(map(str, owed)) or f"that something is {kind}"
        raise Undefined(f"it owes {said}, which this model does not ensure")


def _steps(sides: Sides) -> float:
    """Roundings in a row; what linear systems make of them is in the sizes (``transfer.arrays``)."""
    return (sides.instance.mdp.states if sides.endless else sides.instance.mdp.horizon) + 2.0


def _compared(way: str, sides: Sides, axes: tuple[tuple[str, ...], ...], labels: list[str], left: list[Amount],
              right: list[Amount]) -> Compared:
    values, sizes = ([np.concatenate([getattr(one, name).reshape(-1) for one in part]) for part in (left, right)]
                     for name in ("value", "size"))
    least, most = np.minimum(*sizes), np.maximum(*sizes)
    return Compared(way, (tuple(labels), *axes), values[0], values[1], EPS * _steps(sides) * (sizes[0] + sizes[1]),
                    np.where(least > 0, least, most), most == 0)


def _coordinates(sides: Sides) -> tuple[tuple[str, ...], ...]:
    mdp = sides.instance.mdp
    each = tuple(f"∂θ({s}, {a})" for s, a in np.ndindex(mdp.states, mdp.actions))
    return (each,) * sides.rank


def _widened(found: Any, sides: Sides) -> Any:
    """A number among gradients is 0."""
    shape = (sides.instance.parameters,) * sides.rank
    return found if found.shape == shape else np.zeros(shape)


def _nesting(term: Expr, samples: int) -> int:
    """How many trajectories are chosen at once."""
    inner = max((_nesting(argument, samples) for argument in term.args), default=0)
    match term:
        case Binder(index=Trajectory()):
            return inner + 1
        case Binder(index=Batch()):
            return inner + samples
    return inner


def _text(place: Any) -> str:
    return " ".join(map(str, place)) if isinstance(place, tuple) else str(place)


def in_the_mean(side: Expr) -> Expr:
    """A random side by its mean over the samples."""
    batches = [x for x in side.free_symbols if isinstance(x, Batch)]
    for batch in batches:
        side = expect(batch, side)
    return side

