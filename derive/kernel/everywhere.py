"""Two terms -> the automata that must be 0 for them to be equal, and the decision.

The closure of each automaton, with the theorem and its proof, stands in ``closure``. Here
a claim is brought to it: its sides are compiled, subtracted, written in the coordinates
of a policy's values where such values occur, pushed, and their weights made polynomials.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
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
from derive.errors import OutsideFragment, WorkLimit
from derive.kernel import automata
from derive.kernel.automata import Automaton, Marks, Monomial, Weight, added, weighed
from derive.kernel.closure import Closure, Difference, Relations, Somewhere, closed
from derive.kernel.compile import DYNAMICS, PathCompiler, Paths
from derive.kernel.coordinates import in_coordinates
from derive.kernel.forms import Form, Forms
from derive.kernel.ranges import balanced
from derive.kernel.spans import CONTEXT
from derive.language.expression import subterms
from derive.language.signature import VALUES
from derive.language.terms import Time, Trajectory
from derive.language.typing import is_symmetric, rank

CERTAIN: Monomial = ((("sa", "pi", "pi"), 1), (DYNAMICS, 1))
"""P pi on every step, the law of a trajectory: a constant is the expectation of itself."""


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Yes: equal for every finite MDP and every horizon, with the closures that show it."""

    closures: tuple[Closure, ...]
    coordinates: str | None = None
    """The policy whose values are coordinates of the reward, if any."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The claim is not in the fragment, and why."""

    why: str


Decision = Everywhere | Somewhere | Outside


class Sides:
    """The terms of one chain compiled under its assumptions, each once: a middle term stands in two steps."""

    def __init__(self, assumptions: Iterable[Assumption]) -> None:
        known = frozenset(assumptions)
        self.additive = additive_return in known
        self.forms = Forms(additive=self.additive, possible_only=POSSIBLE in known,
                           positive={policy_positive, dynamics_positive, initial_positive} <= known)
        self._paths: dict[tuple[Expr, Expr], Paths] = {}

    def along(self, term: Expr, path: Trajectory) -> Paths:
        """A term about one free trajectory."""
        key = (term, path)
        if key not in self._paths:
            self._paths[key] = PathCompiler(path, additive=self.additive).compiled(term)
        return self._paths[key]


def decide_everywhere(before: Expr, after: Expr, assumptions: Iterable[Assumption],
                      relations: Relations | None = None, sides: Sides | None = None) -> Decision:
    """Whether two terms are equal in every finite MDP at every horizon; ``sides`` shares work along a chain."""
    if any(rank(side) == 2 and not is_symmetric(side) for side in (before, after)):
        return Outside("a matrix that is not symmetric by its form takes two directions, which are not provided")
    compiled = sides or Sides(assumptions)
    decision: Decision = Outside("")
    for policy in valued(before, after):
        decision = _decided(before, after, compiled, relations or Relations(), policy)
        if isinstance(decision, Everywhere):
            break
    return decision


def _decided(before: Expr, after: Expr, compiled: Sides, relations: Relations, policy: str | None) -> Decision:
    closures = []
    try:
        for difference in differences(before, after, (), compiled, policy):
            outcome = closed(difference, relations)
            if isinstance(outcome, Somewhere):
                return outcome
            closures.append(outcome)
    except (OutsideFragment, WorkLimit) as outside:
        return Outside(str(outside))
    return Everywhere(tuple(closures), policy)


def valued(*terms: Expr) -> list[str | None]:
    """The policies whose values occur, pi first: each may give the coordinates. [None] if there is none."""
    names = {str(node.args[0].label) for term in terms for node in subterms(term) if isinstance(node, VALUES)}
    return sorted(names, key=lambda name: (name != "pi", name)) or [None]


# -- from terms to differences -------------------------------------------------------------------------


def differences(before: Expr, after: Expr, assumptions: Iterable[Assumption], sides: Sides | None = None,
                coordinates: str | None = None) -> list[Difference]:
    """The automata all of which must be 0 for the terms to be equal.

    Raises:
        OutsideFragment: naming what cannot be compiled.
    """
    free = before.free_symbols | after.free_symbols
    paths = [index for index in free if isinstance(index, Trajectory)]
    times = frozenset(index for index in free if isinstance(index, Time))
    if len(paths) > 1 or len(paths) + len(times) < len(free):
        raise OutsideFragment(f"free indices: {', '.join(sorted(map(str, free)))}")
    compiled, gap = sides or Sides(assumptions), _Gap(times, coordinates)
    if paths:
        return gap.each(_minus(compiled.along(before, paths[0]), compiled.along(after, paths[0])))
    forms = compiled.forms
    form = dict(forms.form(before))
    for product, weight in forms.form(after).items():
        form[product] = added(form.get(product, {}), _negative(weight))
    form = {product: weight for product, weight in form.items() if weight}
    if all(len(product) <= 1 for product in form):
        return gap.linear(form, forms.atoms)
    return gap.polynomial(form, forms.atoms)


def _negative(weight: Weight) -> Weight:
    return weighed(weight, {(0, 0): Fraction(-1)})


def _minus(left: Paths, right: Paths) -> Paths:
    powers = left.keys() | right.keys()
    return {power: automata.total([
        *([left[power]] if power in left else []),
        *([automata.scaled(right[power], {(0, 0): Fraction(-1)})] if power in right else []),
    ]) for power in powers}


@dataclass(frozen=True, slots=True)
class _Gap:
    """How a gap becomes differences: for all values of the free ``times``, in the ``coordinates`` of a policy."""

    times: Marks
    coordinates: str | None

    def each(self, paths: Paths) -> list[Difference]:
        """Trajectory by trajectory, one automaton for each power of R(tau)."""
        return [difference for _, one in sorted(paths.items()) for difference in self._ready(one, each=True)]

    def linear(self, form: Form, atoms: list[Paths]) -> list[Difference]:
        """A combination of sums over trajectories, one automaton for each power of R(tau)."""
        columns: dict[int, list[Automaton]] = {}
        for product, weight in form.items():
            paths = atoms[product[0]] if product else {0: automata.along(CERTAIN, start=1)}
            for power, one in paths.items():
                columns.setdefault(power, []).append(automata.scaled(one, weight))
        return [difference for power, ones in sorted(columns.items())
                for difference in self._ready(automata.total(ones), each=power > 0)]

    def polynomial(self, form: Form, atoms: list[Paths]) -> list[Difference]:
        """Products of sums: atoms that are 0 or equal are found, and the polynomials compared."""
        needed = sorted({number for product in form for number in product})
        name: dict[int, tuple[int, ...] | None] = {}
        proofs: list[Difference] = []
        for number in needed:
            known = [one for one in dict.fromkeys(name.values()) if one]
            for other in (None, *known):
                gap: Form = {(number,): automata.ONE, **({other: _negative(automata.ONE)} if other else {})}
                found = self.linear(gap, atoms)
                if all(isinstance(closed(one, Relations()), Closure) for one in found):
                    name[number], proofs = other, [*proofs, *found]
                    break
            name.setdefault(number, (number,))
        merged: Form = {}
        for product, weight in form.items():
            factors = [name[number] for number in product]
            if None in factors:
                continue
            key = tuple(sorted(number for factor in factors for number in factor or ()))
            merged[key] = added(merged.get(key, {}), weight)
        merged = {product: weight for product, weight in merged.items() if weight}
        if any(len(product) > 1 for product in merged):
            raise OutsideFragment("a product of sums that is not settled by comparing its factors")
        return [*proofs, *self.linear(merged, atoms)]

    def _ready(self, one: Automaton, *, each: bool) -> list[Difference]:
        """Pushed, with integer polynomials as weights, one difference for each power of mu(s_0)."""
        if others := one.marks - self.times:
            raise OutsideFragment(f"the time {min(map(str, others))} is free on one side only")
        for time in sorted(self.times - one.marks, key=str):
            one = automata.times(one, automata.local(automata.UNIT, time))
        if self.coordinates is not None:
            one = in_coordinates(one, self.coordinates)
        moved = automata.trimmed(automata.pushed(one))
        return [_difference(balanced(moved, e), e, each=each) for e in moved.starts]


def _difference(part: Automaton, e: int, *, each: bool) -> Difference:
    row = part.starts[e]
    down = min((m for weight in row.values() for _, m in weight), default=0)
    scale = lcm(*(value.denominator for weight in row.values() for value in weight.values()))
    raised = {q: weighed(weight, {(0, max(0, -down)): Fraction(scale)}) for q, weight in row.items()}
    return Difference(
        {q: _polynomial_of(weight) for q, weight in raised.items()},
        {letter: {place: _polynomial_of(weight) for place, weight in arrows.items()}
         for letter, arrows in sorted((_marked(*key), arrows) for key, arrows in part.letters.items())},
        {c: {q: _polynomial_of(weight) for q, weight in column.items()} for c, column in sorted(part.ends.items())},
        each)


def _marked(marks: Marks, letter: Monomial) -> Monomial:
    """A letter with the free times that stand at it as symbols."""
    return automata.multiplied(letter, ((("mark", str(time.label), ""), 1) for time in marks))


def _polynomial_of(weight: Weight) -> Any:
    if any(g < 0 or m < 0 or value.denominator != 1 for (g, m), value in weight.items()):
        raise OutsideFragment("a weight with a negative power of the discount")
    return CONTEXT.from_dict({key: int(value) for key, value in weight.items()})
