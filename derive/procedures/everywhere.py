"""Two terms -> the automata that must be 0 for them to be equal, and the decision.

The closure of each automaton, with the theorem and its proof, stands in ``closure``. Here
a claim is brought to it: its sides are compiled, subtracted, written in the coordinates
of a policy's values where such values occur, pushed, and their weights made polynomials.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

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
from derive.language.definitions import resolved
from derive.language.expression import subterms
from derive.language.horizons import VALUES, is_endless
from derive.language.terms import Time, Trajectory
from derive.language.typing import is_symmetric, rank, refuse_foreign
from derive.procedures import automata, products
from derive.procedures.automata import Automaton, Marks, Monomial, Weight, added, weighed
from derive.procedures.closure import Closure, Difference, Relations, Somewhere, closed
from derive.procedures.compile import PathCompiler
from derive.procedures.coordinates import in_coordinates, policies_valued
from derive.procedures.endless import closed_endless, finished, unending
from derive.procedures.forms import Form, Forms
from derive.procedures.local import Local, is_local, local_coordinates
from derive.procedures.paths import DYNAMICS, Paths
from derive.procedures.products import LinearRelation, NormalForms, Polynomial
from derive.procedures.ranges import at_literal, balanced, first_horizon
from derive.procedures.spans import CONTEXT, Vector
from derive.procedures.unrolled import unrolled

CERTAIN: Monomial = ((("sa", "pi", "pi"), 1), (DYNAMICS, 1))
"""P pi on every step, the law of a trajectory: a constant is the expectation of itself."""


class Coordinates(NamedTuple):
    """The policy in whose values the reward is written; whether those of other policies are unrolled."""

    policy: str
    unroll: bool


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Yes: equal for every finite MDP and every horizon, with the closures that show it."""

    closures: tuple[Closure, ...] | None
    """None where a product of sums needs more than linear relations between them."""
    coordinates: Coordinates | None = None
    product: ProductGap | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """The claim is not in the fragment, and why."""

    why: str


Decision = Everywhere | Somewhere | Outside


class Sides:
    """The terms of one chain compiled under its assumptions, each once: a middle term stands in two steps."""

    def __init__(self, assumptions: Iterable[Assumption], *, endless: bool = False) -> None:
        known = frozenset(assumptions)
        self.additive, self.endless = additive_return in known, endless
        self.forms = Forms(endless=endless, additive=self.additive, possible_only=POSSIBLE in known,
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
    """Whether two terms are equal in every finite MDP at every horizon; ``sides`` shares work along a chain.

    Raises:
        NotATerm: if a part is not of this language.
    """
    refuse_foreign(before, after)
    before, after = _resolved(before, after, assumptions, sides)
    if any(rank(side) == 2 and not is_symmetric(side) for side in (before, after)):
        return Outside("a matrix that is not symmetric by its form takes two directions, which are not provided")
    if is_local(before, after):
        return _locally(before, after, relations or Relations())
    compiled = sides or _sides(before, after, assumptions)
    decision: Decision = Outside("")
    for coordinates in choices(before, after):
        decision = _decided(before, after, compiled, relations or Relations(), coordinates)
        if isinstance(decision, Everywhere):
            break
    return decision


def _locally(before: Expr, after: Expr, relations: Relations) -> Decision:
    """By normal forms, in the coordinates of each policy and time that values have."""
    why = "no normal form shows it"
    for coordinates in local_coordinates(before, after):
        try:
            if Local(relations, coordinates).vanishes(before, after):
                return Everywhere(None)
        except (OutsideFragment, WorkLimit) as outside:
            why = str(outside)
    return Outside(why)


def _decided(before: Expr, after: Expr, compiled: Sides, relations: Relations,
             coordinates: Coordinates | None) -> Decision:
    closures = []
    try:
        gap = _gap(before, after, compiled, coordinates, relations)
        if isinstance(gap, ProductGap) and not gap.settled:
            return products.vanishes(gap.polynomial, gap.forms) or Everywhere(None, coordinates)
        for difference in gap.differences if isinstance(gap, ProductGap) else gap:
            outcome = (closed_endless if difference.endless else closed)(difference, relations)
            if isinstance(outcome, Somewhere):
                return outcome
            closures.append(outcome)
    except (OutsideFragment, WorkLimit) as outside:
        return Outside(str(outside))
    return Everywhere(tuple(closures), coordinates, gap if isinstance(gap, ProductGap) else None)


def _resolved(before: Expr, after: Expr, assumptions: Iterable[Assumption], sides: Sides | None) -> tuple[Expr, Expr]:
    """Both sides without ``Defined`` nodes."""
    additive, endless = ((sides.additive, sides.endless) if sides is not None
                         else (additive_return in frozenset(assumptions), is_endless(before, after)))
    return (resolved(before, additive=additive, infinite=endless),
            resolved(after, additive=additive, infinite=endless))


def _sides(before: Expr, after: Expr, assumptions: Iterable[Assumption]) -> Sides:
    return Sides(assumptions, endless=is_endless(before, after))


def valued(*terms: Expr) -> list[str]:
    """The policies whose values occur, pi first."""
    names = {str(node.args[0].label) for term in terms for node in subterms(term) if isinstance(node, VALUES)}
    return sorted(names, key=lambda name: (name != "pi", name))


def choices(before: Expr, after: Expr) -> list[Coordinates | None]:
    """The coordinates that may be taken: of each policy, with the values of others as they stand, or unrolled."""
    policies = valued(before, after)
    if not policies:
        return [None]
    return [Coordinates(policy, unroll) for policy in policies for unroll in (False, True)[: len(policies)]]


# -- from terms to differences -------------------------------------------------------------------------


def differences(before: Expr, after: Expr, assumptions: Iterable[Assumption], sides: Sides | None = None,
                coordinates: Coordinates | None = None) -> list[Difference]:
    """The automata all of which must be 0 for the terms to be equal.

    Raises:
        OutsideFragment: naming what cannot be compiled; for a product of sums that is not settled so.
    """
    gap = _gap(before, after, sides or _sides(before, after, assumptions), coordinates, Relations())
    if not isinstance(gap, ProductGap):
        return gap
    if not gap.settled:
        raise OutsideFragment("a product of sums that no linear relations between them settle")
    return gap.differences


def product_of(before: Expr, after: Expr, sides: Sides, coordinates: Coordinates | None = None) -> ProductGap | None:
    """The polynomial in sums that a claim is about, if it is about more than a combination of them."""
    gap = _gap(before, after, sides, coordinates, Relations())
    return gap if isinstance(gap, ProductGap) else None


def _gap(before: Expr, after: Expr, compiled: Sides, coordinates: Coordinates | None,
         relations: Relations) -> list[Difference] | ProductGap:
    before, after = _resolved(before, after, (), compiled)
    free = before.free_symbols | after.free_symbols
    paths = [index for index in free if isinstance(index, Trajectory)]
    times = frozenset(index for index in free if isinstance(index, Time))
    if len(paths) > 1 or len(paths) + len(times) < len(free):
        raise OutsideFragment(f"free indices: {', '.join(sorted(map(str, free)))}")
    if compiled.endless and free:
        raise OutsideFragment("free indices at an infinite horizon")
    gap = _Gap(times, coordinates, compiled.endless, 0 if compiled.endless else first_horizon(before, after))
    if paths:
        return gap.each(_minus(compiled.along(before, paths[0]), compiled.along(after, paths[0])))
    forms = compiled.forms
    form = dict(forms.form(before))
    for product, weight in forms.form(after).items():
        form[product] = added(form.get(product, {}), _negative(weight))
    form = {product: weight for product, weight in form.items() if weight}
    if all(len(product) <= 1 for product in form):
        return gap.linear(form, forms.atoms)
    return gap.product(form, forms.atoms, relations)


def _negative(weight: Weight) -> Weight:
    return weighed(weight, {(0, 0): Fraction(-1)})


def _minus(left: Paths, right: Paths) -> Paths:
    powers = left.keys() | right.keys()
    return {power: automata.total([
        *([left[power]] if power in left else []),
        *([automata.scaled(right[power], {(0, 0): Fraction(-1)})] if power in right else []),
    ]) for power in powers}


@dataclass(frozen=True, slots=True)
class ProductGap:
    """A polynomial in sums, the last of which is 1: their normal words, and what relates them linearly."""

    polynomial: Polynomial
    forms: NormalForms
    relations: tuple[LinearRelation, ...]
    differences: list[Difference]

    @property
    def settled(self) -> bool:
        """Whether the linear relations alone make the polynomial 0."""
        return not products.substituted(self.polynomial, self.relations)


@dataclass(frozen=True, slots=True)
class _Gap:
    """How a gap becomes differences: for all values of the free ``times``, in the ``coordinates`` of a policy."""

    times: Marks
    coordinates: Coordinates | None
    endless: bool
    first: int
    """The first horizon at which the literal times of the claim exist."""

    def each(self, paths: Paths) -> list[Difference]:
        """Trajectory by trajectory, one automaton for each power of R(tau)."""
        return [difference for _, one in sorted(paths.items()) for difference in self._ready(one, each=True)]

    def linear(self, form: Form, atoms: list[Paths]) -> list[Difference]:
        """A combination of sums over trajectories, one automaton for each power of R(tau)."""
        columns: dict[int, list[Automaton]] = {}
        for product, weight in form.items():
            paths = atoms[product[0]] if product else {0: self._one()}
            for power, one in paths.items():
                columns.setdefault(power, []).append(automata.scaled(one, weight))
        return [difference for power, ones in sorted(columns.items())
                for difference in self._ready(automata.total(ones), each=power > 0)]

    def _one(self) -> Automaton:
        """The number 1, as the sum over all trajectories of their probabilities."""
        certain = automata.along(CERTAIN, start=1)
        return unending(certain) if self.endless else certain

    def product(self, form: Form, atoms: list[Paths], relations: Relations) -> ProductGap:
        """A polynomial in sums, made homogeneous by the sum that is 1, and the normal words of the sums."""
        if self.times or self.endless:
            raise OutsideFragment("a product of sums at free times or at an infinite horizon")
        numbers = sorted({number for product in form for number in product})
        degree = max(map(len, form))
        place = {number: index for index, number in enumerate(numbers)}
        weights = _integral(list(form.values()))
        polynomial = {
            tuple(sorted([*(place[number] for number in product), *[len(numbers)] * (degree - len(product))])): weight
            for product, weight in zip(form, weights, strict=True)}
        certain: Paths = {0: self._one()}
        forms = self._normal_forms([*(atoms[number] for number in numbers), certain], relations)
        known = products.linear_relations(forms)
        keys: list[tuple[int, ...]] = [*((number,) for number in numbers), ()]
        related = [difference for one in known for difference in self.linear(
            {keys[one.number]: _weight(one.factor), **{keys[j]: _weight(-c) for j, c in one.of.items()}}, atoms)]
        return ProductGap(polynomial, forms, tuple(known), related)

    def _normal_forms(self, sums: list[Paths], relations: Relations) -> NormalForms:
        pieces: dict[tuple[int, int], list[Automaton]] = {}
        for number, paths in enumerate(sums):
            for power, one in paths.items():
                for e, row in one.starts.items():
                    pieces.setdefault((power, e), []).append(replace(one, starts={number: row}))
        parts = []
        for (power, _), ones in sorted(pieces.items()):
            moved = self._moved(automata.total(ones))
            each = power > 0
            parts.append((_difference(replace(moved, starts={}), {}, each=each),
                          dict(zip(moved.starts, _rows(list(moved.starts.values())), strict=True))))
        return products.normal_forms(parts, len(sums), relations)

    def _moved(self, one: Automaton) -> Automaton:
        """In coordinates, with a mark for every free time, pushed and without negative powers of gamma."""
        if others := one.marks - self.times:
            raise OutsideFragment(f"the time {min(map(str, others))} is free on one side only")
        for time in sorted(self.times - one.marks, key=str):
            one = automata.times(one, automata.local(automata.UNIT, time))
        if self.first:
            one = automata.times(one, at_literal(automata.UNIT, self.first))
        if self.coordinates is not None:
            second = policies_valued(one) - {self.coordinates.policy}
            if second and self.coordinates.unroll:
                moved = automata.pushed(one)
                one = unrolled(moved, second, finished(moved, endless=self.endless))
            one = in_coordinates(one, self.coordinates.policy)
        return balanced(automata.trimmed(automata.pushed(one)))

    def _ready(self, one: Automaton, *, each: bool) -> list[Difference]:
        """Pushed, with integer polynomials as weights, one difference for each power of mu(s_0)."""
        ready = []
        for row in one.starts.values():
            moved = self._moved(replace(one, starts={0: row}))
            if moved.starts:
                difference = _difference(moved, _rows([moved.starts[0]])[0], each=each)
                ready.append(replace(difference, endless=self.endless))
        return ready


def _difference(part: Automaton, start: Vector, *, each: bool) -> Difference:
    return Difference(
        start,
        {letter: {place: _polynomial_of(weight) for place, weight in arrows.items()}
         for letter, arrows in sorted((_marked(*key), arrows) for key, arrows in part.letters.items())},
        {c: {q: _polynomial_of(weight) for q, weight in column.items()} for c, column in sorted(part.ends.items())},
        each)


def _rows(rows: list[Mapping[int, Weight]]) -> list[Vector]:
    """Rows of weights as rows of polynomials, all times one number and one power of m."""
    whole = _integral([weight for row in rows for weight in row.values()])
    return [{q: whole.pop(0) for q in row} for row in rows]


def _integral(weights: list[Weight]) -> list[Any]:
    """Weights times one number and one power of m, so that all are integer polynomials."""
    down = min((m for weight in weights for _, m in weight), default=0)
    scale = lcm(*(value.denominator for weight in weights for value in weight.values()))
    factor: Weight = {(0, max(0, -down)): Fraction(scale)}
    return [_polynomial_of(weighed(weight, factor)) for weight in weights]


def _weight(polynomial: Any) -> Weight:
    return {(int(g), int(m)): Fraction(int(c)) for (g, m), c in polynomial.to_dict().items()}


def _marked(marks: Marks, letter: Monomial) -> Monomial:
    """A letter with the free times that stand at it as symbols."""
    return automata.multiplied(letter, ((("mark", str(time.label), ""), 1) for time in marks))


def _polynomial_of(weight: Weight) -> Any:
    if any(g < 0 or m < 0 or value.denominator != 1 for (g, m), value in weight.items()):
        raise OutsideFragment("a weight with a negative power of the discount")
    return CONTEXT.from_dict({key: int(value) for key, value in weight.items()})
