"""The witness of last resort: a model in which time can be read off the state.

**When.** The automata name a horizon H at which two terms differ in some MDP, and every small
generic shape agrees there: the difference needs more states or actions than were tried.

**The model.** States 0, ..., H + 1 are *positions*, two more are absorbing *sinks*; there are
three actions. The start is position 0. Action "go" leads from position i to i + 1 or to a
sink, the other two to a sink only. Probabilities, scores, rewards and functions are generic
numbers at positions; at sinks functions, rewards and scores are 0 and policies uniform.

**Why it separates.** Write the difference as a sum over the words that remain once
normalisation is used up (``kernel.everywhere``), with a coefficient not 0 for some word;
take a longest such word, of k letters. The position at time t is t as long as nothing has
dropped out, so the numbers at (t, go, t + 1) occur in letter t only. Look at the part of
the difference that contains the product of the first k - 1 letters at those places. A
trajectory that drops out earlier lacks the probability of a later step; one that drops out
at the step before last gives a constant, no function of the row of position k - 1; and
words that go on beyond k letters are none. What is left is a combination of columns [m]1,
m the classes of last letters, of that one row. With three actions and three successors
these are linearly independent modulo constants: the data of one action may be varied
while another action restores the sums that are fixed. So the difference is not the zero
polynomial in the numbers, and it is not 0 at almost all of them. The same follows for models
with positive mu and P near by, by continuity.

**What may fail.** A claim whose terms hold steps without P is not covered by the argument, nor
one with second derivatives in its last letter, for which a ``Model`` has no free number.
And it is random rationals that are put in: a few draws may all be unlucky.

So nothing is concluded from the word. A draw that separates the sides is first made smaller,
by merging states, dropping actions and shrinking numbers as for any witness; so far sums
over trajectories run over the possible ones, some 3^(H+2), and zeros are allowed. Then it
is moved into the class of the claim and shrunk there. Each step is checked by the exact
kernel; what comes out counts only once ``Claim.values``, that is the enumeration too, has
confirmed it for the claim itself.
The work is bounded by a count, the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from itertools import chain, permutations, product
from random import Random
from typing import Any

from sympy import Expr

from derive.counterexample.claim import Claim, Witness
from derive.counterexample.shrinking import shrunk
from derive.counterexample.witness import MOST_OUTCOMES
from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import dynamics_positive, initial_positive
from derive.language.binding import Binder, Index
from derive.language.model_class import admits, fitted
from derive.language.models import Model, Path, Shape
from derive.language.signature import MOST_STEPS
from derive.language.terms import Action, Batch, Objective, State, Time, Trajectory
from derive.semantics.concrete import sums_over_trajectories

ACTIONS, GO = 3, 0
DRAWS = 4
MOST_VISITS = 20 * MOST_OUTCOMES
"""Trajectories that one evaluation may walk."""
SEARCHING, SHRINKING = 10 * MOST_VISITS, MOST_VISITS
"""Trajectories that the kernel may walk in all."""
EACH = 30
"""An evaluation takes as long as so many trajectories, however few it walks."""
MOST_SAMPLES = 4

F0, F1 = Fraction(0), Fraction(1)
_NUMBERS = [Fraction(sign * n, d) for d in (1, 2, 3) for n in (1, 2, 3, 5, 7) for sign in (1, -1)]
_WEIGHTS = (1, 2, 3, 5, 7)
_DISCOUNTS = (Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(3, 4))
_MIXTURES = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100))
"""Weights of the uniform row, where every probability has to be positive."""


@dataclass(frozen=True)
class Sketch(Claim):
    """A claim as the kernel alone sees it, for searching: on models not too large, until the work is spent."""

    left: list[int] = field(default_factory=lambda: [SEARCHING])
    most: int = MOST_VISITS

    def values(self, model: Model, indices: Mapping[Index, Any], *,
               confirmed: bool = True) -> tuple[Fraction, Fraction, bool] | None:
        if not admits(self.assumptions, model, indices, infinite=False):
            return None
        cost = visits(self, model)
        if cost > min(self.most, self.left[0]):
            return None
        self.left[0] -= cost + EACH
        try:
            left, right = self.computed(model, indices)
        except (Undefined, NotApplicable, WorkLimit):
            return None
        except OutsideFragment:
            return Claim.values(self, model, indices, confirmed=confirmed)
        return (left, right, True) if left != right else None


def visits(claim: Claim, model: Model) -> int:
    """How many trajectories, or tuples of nested ones, brute force walks for a side."""
    sides = (claim.before, claim.after)
    everything = not claim.possible_only and any(map(sums_over_trajectories, sides))
    paths = model.shape.trajectories if everything else model.feasible(model.policies)
    return int(paths ** max(_nesting(side, model.shape.samples) for side in sides))


@lru_cache(maxsize=1_000)
def _nesting(term: Expr, samples: int) -> int:
    inner = max((_nesting(argument, samples) for argument in term.args), default=0)
    match term:
        case Objective():
            return inner + 1
        case Binder(index=Trajectory()):
            return inner + 1
        case Binder(index=Batch()):
            return inner + samples
    return inner


def find_unfolded(claim: Claim, horizon: int) -> Witness | None:
    """A counterexample at this horizon by the unfolded model, made smaller; None if none is confirmed.

    None too for an infinite horizon, where no step is the last. Literal times may ask for
    steps that this horizon lacks; then later ones are tried. Deterministic. Models with
    zeros are searched whatever the claim assumes of mu and P; a witness satisfies the
    assumptions.
    """
    if claim.endless:
        return None
    searched = Sketch(claim.before, claim.after, claim.assumptions, claim.possible_only)
    relaxed = replace(searched, possible_only=True,
                      assumptions=claim.assumptions - {initial_positive, dynamics_positive})
    parts = claim.signature
    last = max(horizon, min(parts.largest_offset, MOST_STEPS))
    horizons = [h for h in range(horizon, last + 1) if 3 ** (h + 2) <= MOST_VISITS]
    for h, samples, draw in product(horizons, range(1, 1 + (MOST_SAMPLES if parts.samples else 1)), range(DRAWS)):
        model = unfolded_model(claim, h, Random(f"unfolded/{h}/{samples}/{draw}"), samples)
        drawn = separated(relaxed, model)
        if drawn is None:
            continue
        merged = smaller(relaxed, drawn)
        for rough in (shrunk(replace(relaxed, left=[SHRINKING]), merged), merged, drawn):
            for candidate in _into_the_class(claim, rough.model):
                found = searched.values(candidate, rough.indices)
                confirmed = found and _confirmed(claim, Witness(candidate, rough.indices, *found))
                if confirmed:
                    return confirmed
    return None


def _confirmed(claim: Claim, rough: Witness) -> Witness | None:
    """With simpler numbers, or as it is, if the enumeration sees the same values."""
    fresh = Sketch(claim.before, claim.after, claim.assumptions, claim.possible_only, left=[SHRINKING])
    for candidate in (shrunk(fresh, rough), rough):
        found = claim.values(candidate.model, candidate.indices)
        if found is not None:
            return replace(candidate, left=found[0], right=found[1], exact=found[2])
    return None


# -- drawing ------------------------------------------------------------------------------------


def unfolded_model(claim: Claim, horizon: int, source: Random, samples: int = 1) -> Model:
    """Positions 0..H+1 and two absorbing sinks, with random numbers at the positions."""
    last, first, second = horizon + 1, horizon + 2, horizon + 3
    states, actions = range(horizon + 4), range(ACTIONS)

    def row(size: int, *to: int) -> tuple[Fraction, ...]:
        weights = {x: source.choice(_WEIGHTS) for x in to}
        return tuple(Fraction(weights.get(x, 0), sum(weights.values())) for x in range(size))

    def onward(s: int, a: int) -> tuple[Fraction, ...]:
        if s > last:
            return row(len(states), s)
        return row(len(states), *([s + 1] if a == GO and s < last else []), first, second)

    def number(s: int) -> Fraction:
        return source.choice(_NUMBERS) if s <= last else F0

    def policy() -> tuple[tuple[Fraction, ...], ...]:
        return tuple(row(ACTIONS, *actions) if s <= last else (Fraction(1, ACTIONS),) * ACTIONS for s in states)

    def table(sorts: Sequence[str]) -> dict[tuple[int, ...], Fraction]:
        places = product(*(states if sort == "state" else actions for sort in sorts))
        return {at: number(at[0] if sorts[:1] == ("state",) else 0) for at in places}

    parts = claim.signature
    P = tuple(tuple(onward(s, a) for a in actions) for s in states)
    model = Model(
        shape=Shape(len(states), ACTIONS, horizon, samples), gamma=source.choice(_DISCOUNTS),
        mu=tuple(F1 if s == 0 else F0 for s in states), P=P,
        r=tuple(tuple(tuple(number(s) if p else F0 for p in P[s][a]) for a in actions) for s in states),
        policies={name: policy() for name in sorted(parts.policies | {"pi"})},
        scores=tuple(tuple(number(s) for _ in actions) for s in states),
        functions={name: table(sorts) for name, sorts in sorted(parts.functions)})
    model = fitted(claim.assumptions, model)
    return model if claim.additive else replace(model, returns={path: number(0) for path in model.feasible_paths()})


def separated(claim: Claim, model: Model) -> Witness | None:
    """The first place at which the model separates the sides; a free trajectory goes through all positions first."""
    free = sorted(claim.before.free_symbols | claim.after.free_symbols, key=str)
    if not all(isinstance(index, (Trajectory, Time, State, Action)) for index in free):
        return None
    through = (*chain(*((s, GO) for s in range(model.shape.horizon + 1))), model.shape.horizon + 1)
    ways = [through, *(path for path in model.feasible_paths() if path != through)] if free else []
    times = list(range(model.shape.horizon + 1))
    ranges: dict[type, Any] = {Trajectory: ways, Time: times, State: range(model.shape.states),
                              Action: range(model.shape.actions)}
    for places in product(*(ranges[type(index)] for index in free)):
        indices = dict(zip(free, places, strict=True))
        found = claim.values(model, indices)
        if found is not None:
            return Witness(model, indices, *found)
    return None


# -- fewer states and actions ------------------------------------------------------------------


def smaller(claim: Claim, witness: Witness) -> Witness:
    """States merged and actions dropped, one at a time, for as long as the sides differ."""
    found: Witness | None = witness
    while found is not None:
        witness, found = found, _one_less(claim, found)
    return witness


def _one_less(claim: Claim, witness: Witness) -> Witness | None:
    shape = witness.model.shape
    sorts = dict(claim.signature.functions)
    for sort, size in (("state", shape.states), ("action", shape.actions)):
        for kept, dropped in permutations(reversed(range(size)), 2):
            model, moved = _folded(witness.model, sorts, sort, kept, dropped)
            indices = {index: _moved(index, place, moved) for index, place in witness.indices.items()}
            if all(model.probability_of(place) > 0 for place in indices.values() if isinstance(place, tuple)):
                found = claim.values(model, indices)
                if found is not None:
                    return Witness(model, indices, *found)
    return None


def _moved(index: Index, place: Any, moved: Callable[[Path], Path]) -> Any:
    """What a letter stands for in the smaller model, read as a part of a trajectory."""
    match index:
        case Trajectory():
            return moved(place)
        case State():
            return moved((place,))[0]
        case Action():
            return moved((0, place))[1]
    return place


def _folded(model: Model, sorts: Mapping[str, Sequence[str]], sort: str, kept: int,
            dropped: int) -> tuple[Model, Callable[[Path], Path]]:
    """One state or action taken for another, whose rows stay; and what becomes of a trajectory."""
    shape, by_state = model.shape, sort == "state"
    size = shape.states if by_state else shape.actions
    stay = [place for place in range(size) if place != dropped]
    name = {place: number for number, place in enumerate(stay)}
    name[dropped] = name[kept]
    s_stay = stay if by_state else range(shape.states)
    a_stay = range(shape.actions) if by_state else stay

    def gathered(row: Sequence[Fraction]) -> tuple[Fraction, ...]:
        return tuple(row[place] + (row[dropped] if place == kept else F0) for place in stay)

    def moved(path: Path) -> Path:
        return tuple(name[place] if (n % 2 == 0) == by_state else place for n, place in enumerate(path))

    def table(values: Mapping[tuple[int, ...], Fraction], kinds: Sequence[str]) -> dict[tuple[int, ...], Fraction]:
        def renamed(at: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(name[place] if kind == sort else place for place, kind in zip(at, kinds, strict=True))
        return {renamed(at): value for at, value in values.items()
                if (sort, dropped) not in zip(kinds, at, strict=True)}

    smaller = Model(
        shape=replace(shape, states=len(s_stay), actions=len(a_stay)), gamma=model.gamma,
        mu=gathered(model.mu) if by_state else model.mu,
        P=tuple(tuple(gathered(model.P[s][a]) if by_state else model.P[s][a] for a in a_stay) for s in s_stay),
        r=tuple(tuple(tuple(model.r[s][a][x] for x in s_stay) for a in a_stay) for s in s_stay),
        policies={policy: tuple(rows[s] if by_state else gathered(rows[s]) for s in s_stay)
                  for policy, rows in model.policies.items()},
        scores=tuple(tuple(model.scores[s][a] for a in a_stay) for s in s_stay),
        functions={function: table(values, sorts[function]) for function, values in model.functions.items()})
    if model.returns is not None:
        returns = {moved(path): value for path, value in model.returns.items()}
        smaller = replace(smaller, returns={
            path: returns[path] for path in smaller.feasible_paths(smaller.policies) if path in returns})
    return smaller, moved


# -- the class of the claim ----------------------------------------------------------------------


def _into_the_class(claim: Claim, model: Model) -> Iterator[Model]:
    """Models that satisfy the assumptions: with the zeros that these forbid made positive, or all of mu and P.

    A sum over all trajectories may be undefined at a zero, whatever is assumed. Policies are positive already.
    """
    forbidden = (initial_positive in claim.assumptions and not all(model.mu),
                 dynamics_positive in claim.assumptions and not all(all(row) for table in model.P for row in table))
    if not any(forbidden):
        yield model
    for (initial, dynamics), weight in product({forbidden: None, (True, True): None}, _MIXTURES):
        def mixed(row: tuple[Fraction, ...], weight: Fraction = weight) -> tuple[Fraction, ...]:
            return tuple((1 - weight) * entry + weight / len(row) for entry in row)

        if initial or dynamics:
            yield replace(model, mu=mixed(model.mu) if initial else model.mu,
                          P=tuple(tuple(map(mixed, table)) for table in model.P) if dynamics else model.P)
