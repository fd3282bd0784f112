"""Whether two terms are equal: the ladder of shapes, and the only maker of ``Equal``.

``Comparison`` holds the generic models of one chain, so that each term is evaluated once
per shape however many steps it stands in. Shapes are tried smallest first; a difference
ends the question there. A difference in the generic field is not yet a refutation (that
takes a verified witness), and agreement on finitely many shapes is not yet "every finite
MDP" (that takes a rule or a cutoff); both say exactly what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sympy import Expr

from derive.assumptions import (
    POSSIBLE,
    Assumption,
    additive_return,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.errors import KernelDisagrees, NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.binding import Binder, Index
from derive.language.expression import subterms
from derive.language.signature import Signature, signature
from derive.language.terms import Action, Batch, Draw, Expect, State, Time, Trajectory, Var
from derive.language.typing import is_symmetric, rank
from derive.models import Shape
from derive.procedures.audit import relations_used
from derive.procedures.closure import Somewhere
from derive.procedures.cutoff import sufficient_shape
from derive.procedures.evaluate import Evaluator
from derive.procedures.everywhere import Everywhere, Outside, Sides, decide_everywhere
from derive.procedures.generic import Zeros, generic_model
from derive.procedures.infinite_horizon import InfiniteHorizon
from derive.procedures.modular import POINTS, residue_model
from derive.procedures.ranges import MOST_STEPS, first_horizon
from derive.procedures.sample_sizes import largest_draw, sufficient_samples
from derive.procedures.walks import NotKnownToConverge

EXACT = (Shape(1, 3, 0), Shape(2, 2, 0), Shape(2, 2, 1), Shape(2, 3, 1), Shape(3, 2, 1), Shape(2, 2, 2))
CUTOFF = (Shape(3, 2, 0), Shape(4, 3, 1))
PROBES = (Shape(1, 4, 0), Shape(4, 2, 1), Shape(2, 2, 3), Shape(3, 3, 2))
SAMPLED = (Shape(1, 3, 0), Shape(2, 2, 0), Shape(3, 2, 0), Shape(2, 2, 1))
WITH_ZEROS = (Shape(2, 2, 0), Shape(2, 2, 1))
INFINITE = (Shape(1, 2, 0), Shape(1, 3, 0), Shape(2, 2, 0), Shape(2, 3, 0))
"""States and actions where there is no last decision; the horizon of such a shape is not read."""
INFINITE_PROBES = (Shape(3, 2, 0), Shape(4, 3, 0))
LATEST = 2
"""The last value that a free time is given there."""
MOST_WAYS = 20_000
"""Trajectories, or tuples of nested trajectories, that an exact shape may loop over."""
MOST_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Equal:
    """Evidence of equality: the shapes, and what they imply."""

    exact: tuple[Shape, ...]
    with_zeros: tuple[str, ...] = ()
    probes: tuple[Shape, ...] = ()
    points: int = POINTS
    cutoff_horizons: tuple[int, ...] = ()
    cutoff_samples: tuple[Shape, ...] = ()
    both_vanish: bool = False
    identical: bool = False
    everywhere: Everywhere | None = None
    relations: tuple[str, ...] = ()
    failing_horizon: int | None = None
    endless: bool = False
    first_horizon: int = 0
    """The horizon from which on the literal times of the sides exist."""
    outside: str = ""
    """Why the automata do not decide it, where they do not."""


@dataclass(frozen=True, slots=True)
class Different:
    """The smallest ladder shape whose generic model separates the terms."""

    shape: Shape
    zeros: Zeros = frozenset()


@dataclass(frozen=True, slots=True)
class Undecided:
    """The question was not settled, and why."""

    why: str
    may_diverge: bool = False
    """Whether a sum over all times is not known to converge; on some model it may, and then be different."""


Answer = Equal | Different | Undecided


class Models:
    """Generic models and the values of terms on them, shared by the chains of a session that speak alike.

    Kept for the last few kinds of chain only, so that a long session does not grow.
    """

    __slots__ = ("_kinds",)
    KINDS = 4

    def __init__(self) -> None:
        self._kinds: dict[Any, tuple[dict[Any, Evaluator], dict[Any, list[Any]]]] = {}

    def of(self, kind: Any) -> tuple[dict[Any, Evaluator], dict[Any, list[Any]]]:
        """The evaluators and values of one kind of chain."""
        found = self._kinds.pop(kind, None) or ({}, {})
        self._kinds[kind] = found
        while len(self._kinds) > self.KINDS:
            del self._kinds[next(iter(self._kinds))]
        return found


class Comparison:
    """The generic models of a chain under its assumptions, and the questions asked of them."""

    def __init__(self, terms: Sequence[Expr], assumptions: Iterable[Assumption], models: Models | None = None) -> None:
        self.assumptions = frozenset(assumptions)
        self.additive = additive_return in self.assumptions
        self.possible_only = POSSIBLE in self.assumptions
        spoken = signature(*terms)  # what does not change the model is left out, so that more chains share it
        self.signature = replace(spoken, largest_offset=0, samples=False, returns=spoken.returns or not self.additive)
        self._evaluators, self._values = (models or Models()).of((self.signature, self.additive, self.possible_only))
        self.endless = spoken.endless
        self.sides = Sides(self.assumptions, endless=self.endless)
        self._signatures: dict[tuple[Expr, Expr], Signature] = {}

    def agrees(self, before: Expr, after: Expr, shape: Shape) -> bool | None:
        """Whether the generic model of a shape agrees, or does at random points; None where it cannot be asked."""
        found = self._quietly(before, after, shape, frozenset(), modular=True)
        if found is None and not self.endless and shape.trajectories**shape.samples <= MOST_WAYS // 50:
            return self._quietly(before, after, shape, frozenset(), modular=False)
        return found

    def compare(self, before: Expr, after: Expr) -> Answer:
        """Are the terms equal on every applicable shape of the ladder, and everywhere?

        Raises:
            KernelDisagrees: when the automata say "everywhere" and a shape says no.
        """
        if any(rank(side) == 2 and not is_symmetric(side) for side in (before, after)):
            return Undecided("a matrix that is not symmetric by its form takes two directions, which are not provided")
        answer = self._on_shapes(before, after)
        decision = decide_everywhere(before, after, self.assumptions, sides=self.sides)
        match answer, decision:
            case Different(shape), Everywhere():
                raise KernelDisagrees(f"{before} = {after}: equal everywhere by automata, different at "
                                      f"{shape.shown(endless=self.endless)}")
            case Equal(), Everywhere():
                first = 0 if self.endless else first_horizon(before, after)
                return replace(answer, everywhere=decision, first_horizon=first,
                               relations=self._relations(before, after, decision))
            case Equal(), Somewhere(horizon):
                return replace(answer, failing_horizon=horizon)
            case Equal(), Outside(why):
                return replace(answer, outside=why)
        return answer

    def _relations(self, before: Expr, after: Expr, decision: Everywhere) -> tuple[str, ...]:
        """The audit; trajectory by trajectory no relation is used."""
        if decision.closures is not None and all(closure.difference.each for closure in decision.closures):
            return ()
        return relations_used(before, after, self.assumptions, self.sides)

    def _on_shapes(self, before: Expr, after: Expr) -> Answer:
        seen: list[tuple[Shape, bool]] = []
        notes: dict[str, list[Shape]] = {}
        for shape in self._shapes(before, after):
            try:
                outcome = self._agree(before, after, shape, frozenset(), modular=False)
            except NotApplicable:
                continue
            except Undefined as undefined:
                notes.setdefault(f"undefined: {undefined}", []).append(shape)
                continue
            except WorkLimit as limit:
                notes.setdefault(str(limit), []).append(shape)
                continue
            except OutsideFragment as outside:
                return Undecided(str(outside), may_diverge=isinstance(outside, NotKnownToConverge))
            if outcome is None:
                return Different(shape)
            seen.append((shape, outcome))
        counted = [shape for shape, lively in seen if lively] or [shape for shape, _ in seen]
        if len(counted) < 2:
            said = [f"{self._listed(shapes)}: {text}" for text, shapes in notes.items()]
            return Undecided("; ".join([*said, *self._agreed(counted)]) or "fewer than two shapes of the ladder apply")
        reach = self._reach(before, after)
        if self.endless and any(isinstance(index, Time) for index in before.free_symbols | after.free_symbols):
            return Undecided(f"free times at an infinite horizon; the sides agree for the times up to {LATEST}")
        if not self.endless and reach > 2 and max(shape.horizon for shape in counted) < reach:
            return Undecided("; ".join([f"the literal times need shapes with H >= {reach}, which are too large",
                                        *self._agreed(counted)]))
        return self._beyond(before, after, counted, all(not lively for _, lively in seen))

    def _beyond(self, before: Expr, after: Expr, counted: list[Shape], both_vanish: bool) -> Answer:
        """Zeros built in, probes and cutoffs, once the exact shapes agree."""
        sampled = self._speaks(before, after).samples
        middle = max(2, largest_draw(before, after)) if sampled else 1
        found = []
        for zeros, says in self._patterns(before, after):
            outcomes = []
            for shape in with_zeros(self.endless):
                shape = replace(shape, samples=middle)
                outcomes.append(self._quietly(before, after, shape, zeros, modular=False))
                if outcomes[-1] is False:
                    return Different(shape, zeros)
            if any(outcomes):
                found.append(says)
        probes = []
        for shape in INFINITE_PROBES if self.endless else PROBES:
            probe = Shape(shape.states, shape.actions, shape.horizon, middle)
            agreed = self._quietly(before, after, probe, frozenset(), modular=True)
            if agreed is False:
                return Different(probe)
            if agreed:
                probes.append(probe)
        needed = sufficient_samples(before, after) if sampled else None
        settled = [] if needed is None else [
            base for base in SAMPLED if all(replace(base, samples=m) in counted for m in range(1, needed + 1))]
        return Equal(
            exact=tuple(counted), with_zeros=tuple(found), probes=tuple(probes),
            cutoff_horizons=() if self.endless else self._cutoff_horizons(before, after, counted),
            cutoff_samples=tuple(settled),
            both_vanish=both_vanish, identical=before == after, endless=self.endless,
        )

    def _listed(self, shapes: Sequence[Shape]) -> str:
        return ", ".join(shape.shown(endless=self.endless) for shape in shapes)

    def _agreed(self, shapes: Sequence[Shape]) -> list[str]:
        """What did work, where more ran out."""
        return [f"the sides agree at {self._listed(shapes)}"] if shapes else []

    # -- shapes -----------------------------------------------------------------------------------

    def _shapes(self, before: Expr, after: Expr) -> list[Shape]:
        if self.endless:
            return list(INFINITE)
        if self._speaks(before, after).samples:
            first = largest_draw(before, after)
            last = min(max(first, sufficient_samples(before, after) or first + 2), MOST_SAMPLES)
            shapes = [Shape(s.states, s.actions, s.horizon, m) for m in range(first, last + 1) for s in SAMPLED]
        else:
            shapes = sorted([*EXACT, *CUTOFF], key=lambda shape: shape.trajectories)
        reach = self._reach(before, after)
        if reach > 2:
            steps = range(3, min(reach, MOST_STEPS) + 1)
            shapes += [Shape(1, 2, h) for h in steps] + [Shape(2, 2, h) for h in steps]
        depth = max(_nesting(before), _nesting(after))
        return [shape for shape in shapes if shape.trajectories**max(1, depth) <= MOST_WAYS]

    def _speaks(self, before: Expr, after: Expr) -> Signature:
        """What the two sides speak of, found once."""
        if (before, after) not in self._signatures:
            self._signatures[before, after] = signature(before, after)
        return self._signatures[before, after]

    def _reach(self, before: Expr, after: Expr) -> int:
        """The horizon that the literal times of the claim ask for: one more than the largest."""
        return self._speaks(before, after).largest_offset + 1

    def _patterns(self, before: Expr, after: Expr) -> list[tuple[Zeros, str]]:
        """Zeros to build in where sums over a support occur and the class allows them."""
        supports = any(isinstance(node, (Expect, Var)) for term in (before, after) for node in subterms(term))
        if not (supports or self.possible_only):
            return []
        zeros: dict[tuple[Any, ...], str] = {}
        if initial_positive not in self.assumptions:
            zeros["mu", 0] = "μ(0)=0"
        if dynamics_positive not in self.assumptions:
            zeros["P", 0, 0, 0] = "P(0|0,0)=0"
        patterns = [{zero: says} for zero, says in zeros.items()] if len(zeros) > 1 else []
        patterns += [dict(zeros)] if zeros else []
        if policy_positive not in self.assumptions:
            patterns.append({**zeros, ("pi", 0, 0): "π(0|0)=0"})
            others = sorted(self._speaks(before, after).policies - {"pi"})
            patterns += [{(name, 0, 0): f"{name}(0|0)=0"} for name in others]
        return [(frozenset(pattern), ", ".join(pattern.values())) for pattern in patterns]

    def _cutoff_horizons(self, before: Expr, after: Expr, counted: list[Shape]) -> tuple[int, ...]:
        reached = []
        for horizon in sorted({shape.horizon for shape in counted}):
            needed = sufficient_shape(before, after, horizon, additive=self.additive, possible_only=self.possible_only)
            if needed and any(one.horizon == horizon and one.states >= needed[0] and one.actions >= needed[1]
                              for one in counted):
                reached.append(horizon)
        return tuple(reached)

    # -- one shape ----------------------------------------------------------------------------------

    def _quietly(self, before: Expr, after: Expr, shape: Shape, zeros: Zeros, *, modular: bool) -> bool | None:
        """True or False where the shape can be computed, None where it does not count."""
        try:
            return self._agree(before, after, shape, zeros, modular=modular) is not None
        except (NotApplicable, Undefined, OutsideFragment, WorkLimit):
            return None

    def _agree(self, before: Expr, after: Expr, shape: Shape, zeros: Zeros, *, modular: bool) -> bool | None:
        """None: they differ. Otherwise whether a side is ever nonzero (or literally 0)."""
        free = tuple(sorted(before.free_symbols | after.free_symbols, key=lambda i: (i.sort, str(i.label))))
        left = self._all_values(before, shape, zeros, free, modular)
        right = self._all_values(after, shape, zeros, free, modular)
        ring = self._evaluator(shape, zeros, modular).ring
        if not all(ring.is_zero(one - two) for one, two in zip(left, right, strict=True)):
            return None
        literal = before == 0 or after == 0
        return bool(left) and (literal or not all(ring.is_zero(value) for value in [*left, *right]))

    def _all_values(self, term: Expr, shape: Shape, zeros: Zeros, free: tuple[Index, ...], modular: bool) -> list[Any]:
        key = (term, shape, zeros, free, modular)
        if key not in self._values:
            evaluator = self._evaluator(shape, zeros, modular)
            if modular and (any(isinstance(index, Batch) for index in free)
                            or sum(isinstance(index, Trajectory) for index in free) > 1):
                raise OutsideFragment("several free trajectories have no array of residues")
            places = product(*(self._range(index, evaluator) for index in free))
            self._values[key] = evaluator.values(term, free, places)
        return self._values[key]

    def _range(self, index: Index, evaluator: Evaluator) -> list[Any]:
        """The declared range of a free index."""
        shape = evaluator.model.shape
        match index:
            case State():
                return list(range(shape.states))
            case Action():
                return list(range(shape.actions))
            case Time():
                return list(range((LATEST if self.endless else shape.horizon) + 1))
            case Draw():
                return list(range(1, shape.samples + 1))
            case Trajectory():
                return evaluator.ways()
            case Batch():
                ways = evaluator.model.possible("pi")
                if len(ways) ** shape.samples > MOST_WAYS:
                    raise WorkLimit(f"{len(ways)}^{shape.samples} samples")
                return [dict(enumerate(draws, 1)) for draws in product(ways, repeat=shape.samples)]
        raise OutsideFragment(f"a free {index.sort}")

    def _evaluator(self, shape: Shape, zeros: Zeros, modular: bool) -> Evaluator:
        key = (shape, zeros, modular)
        if key not in self._evaluators:
            model = (residue_model(shape, self.signature, additive=self.additive, seed=0) if modular
                     else generic_model(shape, self.signature, additive=self.additive, zeros=zeros))
            self._evaluators[key] = (InfiniteHorizon(model) if self.endless
                                     else Evaluator(model, possible_only=self.possible_only))
        return self._evaluators[key]


def with_zeros(endless: bool) -> tuple[Shape, ...]:
    """The shapes into which zeros are built."""
    return WITH_ZEROS[:1] if endless else WITH_ZEROS


def _nesting(term: Expr) -> int:
    """How many loops over trajectories stand inside each other (free ones count)."""
    free = sum(isinstance(index, Trajectory) for index in term.free_symbols)

    def depth(node: Expr) -> int:
        inner = max((depth(argument) for argument in node.args), default=0)
        return inner + (isinstance(node, Binder) and isinstance(node.index, Trajectory))

    return free + depth(term)
