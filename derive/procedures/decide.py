"""Whether two terms are equal on shapes: the ladder, and the only maker of ``Equal``.

``Comparison`` holds the generic models of one chain, so that each term is evaluated once
per shape however many steps it stands in. Shapes are tried smallest first; a difference
ends the question there. A difference in the generic field is not yet a refutation (that
takes a verified witness), and agreement on finitely many shapes is not yet "every finite
MDP" (that takes a rule or a cutoff); both say exactly what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from sympy import Expr

from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import CASE, POSSIBLE, Assumption, additive_return, undiscounted
from derive.language.binding import Binder, Index
from derive.language.definitions import resolved
from derive.language.expression import subterms
from derive.language.model_class import fits, holds_at
from derive.language.models import Shape
from derive.language.ranks import settled_by_one_direction
from derive.language.signature import MOST_STEPS, Signature, signature
from derive.language.terms import Action, Batch, Draw, Expect, State, Time, Trajectory, Var
from derive.language.typing import refuse_foreign
from derive.procedures import boundary
from derive.procedures.answers import Answer, Different, Equal, Outcome, Undecided
from derive.procedures.cutoff import sufficient_shape
from derive.procedures.sample_sizes import largest_draw, sufficient_samples
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import Zeros, generic_model
from derive.semantics.infinite_horizon import InfiniteHorizon, Summands
from derive.semantics.kept_models import Models, made, relieved
from derive.semantics.modular import residue_model
from derive.semantics.walks import NotKnownToConverge

EXACT = (Shape(1, 3, 0), Shape(2, 2, 0), Shape(2, 2, 1), Shape(2, 3, 1), Shape(3, 2, 1), Shape(2, 2, 2))
CUTOFF = (Shape(3, 2, 0), Shape(4, 3, 1))
PROBES = (Shape(1, 4, 0), Shape(4, 2, 1), Shape(2, 2, 3), Shape(3, 3, 2))
SAMPLED = (Shape(1, 3, 0), Shape(2, 2, 0), Shape(3, 2, 0), Shape(2, 2, 1))
INFINITE = (Shape(1, 2, 0), Shape(1, 3, 0), Shape(2, 2, 0), Shape(2, 3, 0))
"""States and actions where there is no last decision; the horizon of such a shape is not read."""
INFINITE_PROBES = (Shape(3, 2, 0), Shape(4, 3, 0))
INFINITE_CROSSED = (Shape(1, 2, 0), Shape(2, 2, 0))
INFINITE_WITH_ZEROS = (Shape(2, 2, 0), Shape(1, 3, 0))
LATEST = 2
"""The last value of a free time there."""
CROSSED = (Shape(1, 2, 0), Shape(2, 2, 0), Shape(1, 2, 1), Shape(2, 2, 1))
MOST_CROSSED = 40
"""Trajectories, or tuples of nested ones, of a shape that only has to contradict the kernel."""
MOST_WAYS = 20_000
"""Trajectories, or tuples of nested trajectories, that an exact shape may loop over."""
MOST_SAMPLES = 5
MOST_LISTED = 8
MOST_OPERATIONS = 1_500_000
"""Field elements that all shapes of one question may make; some seconds, and half a gigabyte."""
NO_SHAPES = "fewer than two of the small models that are tried have every time and sample that the claim asks for"


class Comparison:
    """The generic models of a chain under its assumptions, and the questions asked of them."""

    def __init__(self, terms: Sequence[Expr], assumptions: Iterable[Assumption], models: Models | None = None) -> None:
        self.assumptions = frozenset(assumptions)
        self.additive = additive_return in self.assumptions
        self.possible_only = POSSIBLE in self.assumptions
        spoken = signature(*terms)  # what does not change the model is left out, so that more chains share it
        self.signature = replace(spoken, largest_offset=0, samples=False, returns=spoken.returns or not self.additive)
        self.unit_discount = undiscounted in self.assumptions
        kind = (self.signature, self.additive, self.possible_only, self.unit_discount,
                frozenset(one for one in self.assumptions if one.kind == CASE))
        self._evaluators, self._values = (models or Models()).of(kind)
        self.endless = spoken.endless
        self._signatures: dict[tuple[Expr, Expr], Signature] = {}
        self._summands: Summands = {}

    def signature_of(self, before: Expr, after: Expr) -> Signature:
        """What the two sides speak of."""
        return self._speaks(before, after)

    def agrees(self, before: Expr, after: Expr, shape: Shape) -> bool | None:
        """Whether the generic model of a shape agrees, or does at random points; None where it cannot be asked."""
        before, after = self._resolved(before, after)
        found = self._quietly(before, after, shape, frozenset(), modular=True)
        if found is None and not self.endless and shape.trajectories**shape.samples <= MOST_WAYS // 50:
            found = self._quietly(before, after, shape, frozenset(), modular=False)
        return None if found is None else found is not Outcome.DIFFER

    def compare(self, before: Expr, after: Expr) -> Answer:
        """Are the terms equal on every applicable shape of the ladder?

        Raises:
            NotATerm: if a part is not of this language.
        """
        refuse_foreign(before, after)
        before, after = self._resolved(before, after)
        answer = self._on_shapes(before, after)
        if isinstance(answer, Equal) and not settled_by_one_direction(before, after):
            return Undecided("the sides agree along each direction of θ; a matrix that is not symmetric by its form "
                             "and a product of traces take two directions, which are not provided")
        return answer

    def crossed(self, before: Expr, after: Expr, *, first: int, thorough: bool) -> Equal | Different | None:
        """What the two cheapest shapes say of an equation that holds from a first horizon on; None if none applies.

        A ``thorough`` look takes more, with zeros built in too: where a letter is lost with its probability, that is
        where it shows.
        """
        if self._speaks(before, after).samples:
            return None
        before, after = self._resolved(before, after)
        depth = max(1, _nesting(before), _nesting(after))
        shapes = [shape for shape in CROSSED if shape.horizon >= first and shape.trajectories**depth <= MOST_CROSSED]
        shapes = list(INFINITE_CROSSED) if self.endless else [one for one in shapes if self._fits(one)]
        shapes = shapes if thorough else shapes[: 1 if self.endless else 2]
        agreeing = []
        for shape in shapes:
            outcome = self._quietly(before, after, shape, frozenset(), modular=False)
            if outcome is Outcome.DIFFER:
                return Different(shape)
            if outcome is Outcome.AGREE:
                agreeing.append(shape)
        with_zeros = []
        for pattern, says, _ in self._with_zeros(before, after, first) if thorough else ():
            fitting = tuple(shape for shape in shapes[:2] if boundary.fit(pattern, shape))
            outcomes = [self._quietly(before, after, shape, pattern, modular=False) for shape in fitting]
            if Outcome.DIFFER in outcomes:
                return Different(fitting[outcomes.index(Outcome.DIFFER)], pattern)
            if Outcome.AGREE in outcomes:
                with_zeros.append((says, tuple(one for one, said in zip(fitting, outcomes, strict=True)
                                               if said is Outcome.AGREE)))
        if not agreeing:
            return None
        return Equal(exact=tuple(agreeing), with_zeros=tuple(with_zeros), endless=self.endless)

    def _on_shapes(self, before: Expr, after: Expr) -> Answer:
        seen: list[tuple[Shape, Outcome]] = []
        relieved(self._evaluators, self._values)
        notes, began = dict[str, list[Shape]](), self._made()
        for shape in self._shapes(before, after):
            if self._made() - began > MOST_OPERATIONS:
                notes.setdefault(f"not asked after {MOST_OPERATIONS:,} operations", []).append(shape)
                continue
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
            if outcome is Outcome.DIFFER:
                return Different(shape)
            seen.append((shape, outcome))
        exact = [shape for shape, outcome in seen if outcome is Outcome.AGREE]
        vacuous = [shape for shape, outcome in seen if outcome is Outcome.VACUOUS]
        counted = exact or vacuous
        if len(counted) < 2:
            said = [f"{self._listed(shapes)}: {text}" for text, shapes in notes.items()]
            return Undecided("; ".join([*(said or [NO_SHAPES]), *self._agreed(counted)]))
        reach = self._reach(before, after)
        if self.endless and any(isinstance(index, Time) for index in before.free_symbols | after.free_symbols):
            return Undecided(f"free times at an infinite horizon; the sides agree for the times up to {LATEST}, "
                             "which is no proof")
        if not self.endless and reach > 2 and max(shape.horizon for shape in counted) < reach:
            return Undecided("; ".join([f"the literal times need shapes with H >= {reach}, which are too large",
                                        *self._agreed(counted)]))
        return self._beyond(before, after, exact, vacuous)

    def _beyond(self, before: Expr, after: Expr, exact: list[Shape], vacuous: list[Shape]) -> Answer:
        """Zeros built in, probes and cutoffs, once the exact shapes agree."""
        sampled = self._speaks(before, after).samples
        middle = max(2, largest_draw(before, after)) if sampled else 1
        counted = exact or vacuous
        with_zeros, tried = [], 0
        for pattern, says, shapes in self._with_zeros(before, after, min(shape.horizon for shape in counted)):
            agreeing, tried = [], tried + 1
            for shape in shapes:
                shape = replace(shape, samples=middle)
                outcome = self._quietly(before, after, shape, pattern, modular=False)
                if outcome is Outcome.DIFFER:
                    return Different(shape, pattern)
                if outcome is Outcome.AGREE:
                    agreeing.append(shape)
            if agreeing:
                with_zeros.append((says, tuple(agreeing)))
        probes = []
        for shape in INFINITE_PROBES if self.endless else PROBES:
            probe = Shape(shape.states, shape.actions, shape.horizon, middle)
            if not self._fits(probe):
                continue
            outcome = self._quietly(before, after, probe, frozenset(), modular=True)
            if outcome is Outcome.DIFFER:
                return Different(probe)
            if outcome is Outcome.AGREE:
                probes.append(probe)
        needed = sufficient_samples(before, after) if sampled else None
        settled = [] if needed is None else [
            base for base in SAMPLED if all(replace(base, samples=m) in counted for m in range(1, needed + 1))]
        return Equal(
            exact=tuple(exact), vacuous=tuple(vacuous), with_zeros=tuple(with_zeros), probes=tuple(probes),
            cutoff_horizons=() if self.endless else self._cutoff_horizons(before, after, counted),
            cutoff_samples=tuple(settled), identical=before == after, endless=self.endless,
            tried_with_zeros=bool(with_zeros) or not tried,
        )

    def _listed(self, shapes: Sequence[Shape]) -> str:
        shown = [shape.shown(endless=self.endless) for shape in shapes]
        return ", ".join(shown if len(shown) <= MOST_LISTED else [*shown[:2], "...", *shown[-2:]])

    def _agreed(self, shapes: Sequence[Shape]) -> list[str]:
        """What did work, where more ran out: no evidence, and said to be none."""
        return [f"the sides agree at {self._listed(shapes)}, which is no proof"] if shapes else []

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
        return [shape for shape in shapes if shape.trajectories**max(1, depth) <= MOST_WAYS and self._fits(shape)]

    def _fits(self, shape: Shape) -> bool:
        return fits(self.assumptions, shape, infinite=self.endless)

    def _resolved(self, *sides: Expr) -> Iterator[Expr]:
        """What evaluators read: samples, say, are looked for in terms, and not in what names stand for."""
        return (resolved(side, additive=self.additive, infinite=self.endless) for side in sides)

    def _speaks(self, before: Expr, after: Expr) -> Signature:
        """What the two sides speak of, found once."""
        if (before, after) not in self._signatures:
            self._signatures[before, after] = signature(before, after)
        return self._signatures[before, after]

    def _reach(self, before: Expr, after: Expr) -> int:
        """The horizon that the literal times of the claim ask for: one more than the largest."""
        return self._speaks(before, after).largest_offset + 1

    def _with_zeros(self, before: Expr, after: Expr, first: int) -> Iterator[tuple[Zeros, str, list[Shape]]]:
        """Zeros to build in where sums over a support occur and the class allows them, each with its shapes."""
        supports = any(isinstance(node, (Expect, Var)) for term in (before, after) for node in subterms(term))
        if not (supports or self.possible_only):
            return
        if self.endless:
            shapes = list(INFINITE_WITH_ZEROS)
        else:
            shapes = boundary.shapes(first, self._reach(before, after), max(_nesting(before), _nesting(after)),
                                     MOST_WAYS)
        for pattern, says in boundary.patterns(self.assumptions, self._speaks(before, after).policies - {"pi"}):
            yield pattern, says, [shape for shape in shapes if boundary.fit(pattern, shape) and self._fits(shape)]

    def _cutoff_horizons(self, before: Expr, after: Expr, counted: list[Shape]) -> tuple[int, ...]:
        reached = []
        for horizon in sorted({shape.horizon for shape in counted}):
            needed = sufficient_shape(before, after, horizon, additive=self.additive, possible_only=self.possible_only)
            if needed and any(one.horizon == horizon and one.states >= needed[0] and one.actions >= needed[1]
                              for one in counted):
                reached.append(horizon)
        return tuple(reached)

    def _made(self) -> int:
        """The work on exact models so far."""
        return made(self._evaluators)

    # -- one shape ----------------------------------------------------------------------------------

    def _quietly(self, before: Expr, after: Expr, shape: Shape, zeros: Zeros, *, modular: bool) -> Outcome | None:
        """What a shape says; None where it cannot be computed."""
        try:
            return self._agree(before, after, shape, zeros, modular=modular)
        except (NotApplicable, Undefined, OutsideFragment, WorkLimit):
            return None

    def _agree(self, before: Expr, after: Expr, shape: Shape, zeros: Zeros, *, modular: bool) -> Outcome:
        free = tuple(sorted(before.free_symbols | after.free_symbols, key=lambda i: (i.sort, str(i.label))))
        left = self._all_values(before, shape, zeros, free, modular)
        right = self._all_values(after, shape, zeros, free, modular)
        ring = self._evaluator(shape, zeros, modular).ring
        if not all(ring.is_zero(one - two) for one, two in zip(left, right, strict=True)):
            return Outcome.DIFFER
        literal = before == 0 or after == 0
        lively = bool(left) and (literal or not all(ring.is_zero(value) for value in [*left, *right]))
        return Outcome.AGREE if lively else Outcome.VACUOUS

    def _all_values(self, term: Expr, shape: Shape, zeros: Zeros, free: tuple[Index, ...], modular: bool) -> list[Any]:
        key = (term, shape, zeros, free, modular)
        if key not in self._values:
            evaluator = self._evaluator(shape, zeros, modular)
            if modular and (any(isinstance(index, Batch) for index in free)
                            or sum(isinstance(index, Trajectory) for index in free) > 1):
                raise OutsideFragment("several free trajectories have no array of residues")
            places = [at for at in product(*(self._range(index, evaluator) for index in free))
                      if holds_at(self.assumptions, dict(zip(free, at, strict=True)), shape.horizon,
                                  infinite=self.endless)]
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
                    raise WorkLimit(f"{len(ways)}^{shape.samples} batches of samples are too many to go through")
                return [dict(enumerate(draws, 1)) for draws in product(ways, repeat=shape.samples)]
        raise OutsideFragment(f"a free {index.sort}")

    def _evaluator(self, shape: Shape, zeros: Zeros, modular: bool) -> Evaluator:
        key = (shape, zeros, modular)
        if key not in self._evaluators:
            model = (residue_model(shape, self.signature, additive=self.additive, seed=0) if modular
                     else generic_model(shape, self.signature, additive=self.additive, zeros=zeros))
            if self.unit_discount:
                model = replace(model, gamma=model.ring.one)
            self._evaluators[key] = (InfiniteHorizon(model, self._summands) if self.endless
                                     else Evaluator(model, possible_only=self.possible_only))
        return self._evaluators[key]


def _nesting(term: Expr) -> int:
    """How many loops over trajectories stand inside each other (free ones count)."""
    free = sum(isinstance(index, Trajectory) for index in term.free_symbols)

    def depth(node: Expr) -> int:
        inner = max((depth(argument) for argument in node.args), default=0)
        return inner + (isinstance(node, Binder) and isinstance(node.index, Trajectory))

    return free + depth(term)
