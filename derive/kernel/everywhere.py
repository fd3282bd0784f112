"""Equality of sums over trajectories for every finite MDP and every horizon at once.

**What is decided.** The difference of two sums over trajectories is an automaton: its value
at horizon H is the sum over words w of H + 1 letters and ends c of

    (u M_w E_c) * mu [w_0] [w_1] ... [w_H] <c>,

where a letter m means the matrix [m](s, x) = sum_a m(s, a, x) of its step, and <c> the
column c(s). Letters multiply as matrices: nothing else is assumed about them, except
what normalisation says about the last one,

    [P pi c]1 = c,     [P pi' c]1 = [P pi'' c]1 = 0     (c a function of s alone),

since sum_x P = 1, sum_a pi = 1, and so sum_a pi' = sum_a pi'' = 0. A letter P pi with
c = 1 is a *unit letter*; U is the sum of the matrices of all unit letters; letters whose
column [m]1 is the same function are one *class* k, and M_k is the sum of their matrices.

**Theorem.** If for all words v, all non-unit non-zero classes k, and all j >= 0

    (C1)  u U^(j+1) E_1 = 0,
    (C2)  u M_v M_k U^j E_1 = 0          (v may be empty),
    (C3)  u M_v E_c = 0                  (v not empty, c != 1),

then the two sums are equal at every H >= 0 and in every finite MDP, for all values of
the free functions and of gamma and m.

*Proof.* By distributivity the difference is the displayed sum over words (``forms`` and
``compile`` construct it so; ``pushed`` replaces f(s_{t+1}) in letter t by f(s_t) in
letter t + 1, or in the end, which changes no summand). Take the words that end in 1,
and split each by its longest suffix y of unit letters; by normalisation [y]1 = 1. If the
word is all y, its total weight over all such words of length H + 1 is u U^(H+1) E_1 = 0
by (C1), times mu 1. Otherwise w = v l y with l no unit letter, uniquely, and its value is
mu [v] ([l]1), which depends on l through its class only, and is 0 if the class is zero.
Summing the weights over l in the class k and over the unit words y of length
j = H - |v| gives u M_v M_k U^j E_1 = 0 by (C2). Words that end in c != 1 have length
H + 1 >= 1 and vanish by (C3). All sums are finite. Weights are polynomials in gamma and m
that vanish identically, hence for every real gamma, 0 too. The column identities are used
at each time separately, so P, pi and the free functions may depend on time as well. QED

The words v are infinitely many, but the rows u M_v span a space of at most as many
dimensions as the automaton has states: B is a basis of the span of the u M_v with v not
empty, grown breadth first. **u itself is not in B**: it has read no letter, and H >= 0
forbids to end there. K is a basis of the columns U^j E_1. C2 is tested for u and for B
against M_k K, C3 for B, C1 for u U K. With an arbitrary return each R(tau) is free, so
its coefficients must agree on every trajectory: no column identity is used, and B is
tested against every end.

**What it does not say.** Definedness is ``obligations``' business: pi cancels here
without a trace. A "no" names a word, and the horizon |v| + j at which the sides differ
on a model with enough states; it refutes nothing until a witness is verified.

Each use of normalisation is switched by ``Relations``, so that an audit can ask which
steps need which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
from derive.kernel.automata import UNIT, Automaton, Monomial, Weight, added, weighed
from derive.kernel.compile import DYNAMICS, PathCompiler, Paths
from derive.kernel.forms import Form, Forms
from derive.kernel.ranges import balanced
from derive.kernel.spans import CONTEXT, ZERO, Identity, Span, Vector, column_times, inner, row_times
from derive.language.terms import Trajectory
from derive.language.typing import is_symmetric, rank

Matrix = dict[tuple[int, int], Any]

CERTAIN: Monomial = ((("sa", "pi", "pi"), 1), (DYNAMICS, 1))
"""P pi on every step, the law of a trajectory: a constant is the expectation of itself."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The normalisation relations that may be used; all of them, unless an audit says otherwise."""

    dynamics: bool = True
    policy: bool = True
    initial: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """One automaton over polynomials, pushed and ready to be tested; ``each`` compares trajectory by trajectory."""

    start: Vector
    letters: Mapping[Monomial, Matrix]
    ends: Mapping[Monomial, Vector]
    each: bool


@dataclass(frozen=True, slots=True)
class Closure:
    """What shows that a difference is 0: bases, and the identities that make them closed."""

    difference: Difference
    rows: list[Vector]
    columns: list[Vector]
    steps: list[tuple[Monomial, int, Identity]] = field(default_factory=list)
    units: list[Identity] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Yes: equal for every finite MDP and every horizon, with the closures that show it."""

    closures: tuple[Closure, ...]


@dataclass(frozen=True, slots=True)
class Somewhere:
    """No: at this horizon the sides differ in some MDP, if the claim lies in the complete fragment."""

    horizon: int
    word: tuple[Monomial, ...]


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
    closures = []
    try:
        for difference in differences(before, after, assumptions, sides):
            outcome = closed(difference, relations or Relations())
            if isinstance(outcome, Somewhere):
                return outcome
            closures.append(outcome)
    except (OutsideFragment, WorkLimit) as outside:
        return Outside(str(outside))
    return Everywhere(tuple(closures))


# -- from terms to differences -------------------------------------------------------------------------


def differences(before: Expr, after: Expr, assumptions: Iterable[Assumption],
                sides: Sides | None = None) -> list[Difference]:
    """The automata all of which must be 0 for the terms to be equal.

    Raises:
        OutsideFragment: naming what cannot be compiled.
    """
    compiled = sides or Sides(assumptions)
    free = before.free_symbols | after.free_symbols
    if free:
        (path, *others) = free
        if others or not isinstance(path, Trajectory):
            raise OutsideFragment(f"free indices: {', '.join(sorted(map(str, free)))}")
        return _each(_minus(compiled.along(before, path), compiled.along(after, path)))
    forms = compiled.forms
    gap = dict(forms.form(before))
    for product, weight in forms.form(after).items():
        gap[product] = added(gap.get(product, {}), _negative(weight))
    gap = {product: weight for product, weight in gap.items() if weight}
    if all(len(product) <= 1 for product in gap):
        return _linear(gap, forms.atoms)
    return _polynomial(gap, forms.atoms)


def _negative(weight: Weight) -> Weight:
    return weighed(weight, {(0, 0): Fraction(-1)})


def _minus(left: Paths, right: Paths) -> Paths:
    powers = left.keys() | right.keys()
    return {power: automata.total([
        *([left[power]] if power in left else []),
        *([automata.scaled(right[power], {(0, 0): Fraction(-1)})] if power in right else []),
    ]) for power in powers}


def _each(paths: Paths) -> list[Difference]:
    return [difference for _, one in sorted(paths.items()) for difference in _ready(one, each=True)]


def _linear(gap: Form, atoms: list[Paths]) -> list[Difference]:
    """A combination of sums over trajectories, one automaton for each power of R(tau)."""
    columns: dict[int, list[Automaton]] = {}
    for product, weight in gap.items():
        paths = atoms[product[0]] if product else {0: automata.along(CERTAIN, start=1)}
        for power, one in paths.items():
            columns.setdefault(power, []).append(automata.scaled(one, weight))
    return [difference for power, ones in sorted(columns.items())
            for difference in _ready(automata.total(ones), each=power > 0)]


def _polynomial(gap: Form, atoms: list[Paths]) -> list[Difference]:
    """Products of sums: atoms that are 0 or equal are found, and the polynomials compared (sound, not complete)."""
    needed = sorted({number for product in gap for number in product})
    name: dict[int, tuple[int, ...] | None] = {}
    proofs: list[Difference] = []
    for number in needed:
        known = [one for one in dict.fromkeys(name.values()) if one]
        for other in (None, *known):
            found = _linear({(number,): automata.ONE, **({other: _negative(automata.ONE)} if other else {})}, atoms)
            if all(isinstance(closed(one, Relations()), Closure) for one in found):
                name[number], proofs = other, [*proofs, *found]
                break
        name.setdefault(number, (number,))
    merged: Form = {}
    for product, weight in gap.items():
        factors = [name[number] for number in product]
        if None in factors:
            continue
        key = tuple(sorted(number for factor in factors for number in factor or ()))
        merged[key] = added(merged.get(key, {}), weight)
    merged = {product: weight for product, weight in merged.items() if weight}
    if any(len(product) > 1 for product in merged):
        raise OutsideFragment("a product of sums that is not settled by comparing its factors")
    return [*proofs, *_linear(merged, atoms)]


def _ready(one: Automaton, *, each: bool) -> list[Difference]:
    """Pushed, with integer polynomials as weights, one difference for each power of mu(s_0)."""
    moved = automata.trimmed(automata.pushed(one))
    ready = []
    for e in moved.starts:
        part = balanced(moved, e)
        row = part.starts[e]
        down = min((m for weight in row.values() for _, m in weight), default=0)
        scale = lcm(*(value.denominator for weight in row.values() for value in weight.values()))
        raised = {q: weighed(weight, {(0, max(0, -down)): Fraction(scale)}) for q, weight in row.items()}
        ready.append(Difference(
            {q: _polynomial_of(weight) for q, weight in raised.items()},
            {letter: {place: _polynomial_of(weight) for place, weight in arrows.items()}
             for (_, letter), arrows in sorted(part.letters.items(), key=lambda item: item[0][1])},
            {c: {q: _polynomial_of(weight) for q, weight in column.items()} for c, column in sorted(part.ends.items())},
            each))
    return ready


def _polynomial_of(weight: Weight) -> Any:
    if any(g < 0 or m < 0 or value.denominator != 1 for (g, m), value in weight.items()):
        raise OutsideFragment("a weight with a negative power of the discount")
    return CONTEXT.from_dict({key: int(value) for key, value in weight.items()})


# -- the closure ---------------------------------------------------------------------------------------


def column_class(letter: Monomial, relations: Relations) -> tuple[str, Monomial] | None:
    """The class of the column [letter]1: ("unit", 1), ("c", c), a class of its own, or None where it is 0."""
    exponents = dict(letter)
    dependent = [symbol for symbol in exponents if symbol[0] == "sax" and symbol != DYNAMICS]
    if not relations.dynamics or exponents.get(DYNAMICS) != 1 or dependent:
        return ("own", letter)
    rest = [(symbol, e) for symbol, e in letter if symbol != DYNAMICS]
    of_action = [(symbol, e) for symbol, e in rest if symbol[0] == "sa"]
    of_state = tuple((symbol, e) for symbol, e in rest if symbol[0] == "s")
    match of_action:
        case [((_, "pi", _), 1)] if relations.policy:
            return ("c", of_state) if of_state else ("unit", UNIT)
        case [((_, "dpi" | "d2pi", _), 1)] if relations.policy:
            return None
    return ("m", tuple(rest))


def closed(difference: Difference, relations: Relations) -> Closure | Somewhere:
    """Grow the bases and test; the closure, or the word at which a test fails."""
    rows, words, closure = Span(), list[tuple[Monomial, ...]](), Closure(difference, [], [])
    queue: list[tuple[Vector, tuple[Monomial, ...], int]] = [(difference.start, (), -1)]
    while queue:
        row, word, number = queue.pop(0)
        for letter, arrows in difference.letters.items():
            identity, grew = rows.insert(row_times(row, arrows))
            closure.steps.append((letter, number, identity))
            if grew:
                words.append((*word, letter))
                queue.append((rows.rows[-1], words[-1], len(rows.rows) - 1))
    columns, classes = _columns(difference, relations, closure)
    closure.rows.extend(rows.rows)
    closure.columns.extend(columns)
    return _tested(difference, classes, rows.rows, words, columns) or closure


def _columns(difference: Difference, relations: Relations,
             closure: Closure) -> tuple[list[Vector], dict[tuple[str, Monomial], Matrix]]:
    """The basis K of the columns U^j E_1, and the matrices of the classes; both empty trajectory by trajectory."""
    classes: dict[tuple[str, Monomial], Matrix] = {}
    if difference.each:
        return [], classes
    for letter, arrows in difference.letters.items():
        kind = column_class(letter, relations)
        if kind is None:
            continue
        matrix = classes.setdefault(kind, {})
        for place, weight in arrows.items():
            matrix[place] = matrix.get(place, ZERO) + weight
    unit, columns = classes.get(("unit", UNIT), {}), Span()
    column = difference.ends.get(UNIT, {})
    identity, grew = columns.insert(column)
    closure.units.append(identity)
    while grew:
        identity, grew = columns.insert(column_times(unit, columns.rows[-1]))
        closure.units.append(identity)
    return columns.rows, classes


def _tested(difference: Difference, classes: Mapping[tuple[str, Monomial], Matrix], rows: list[Vector],
            words: list[tuple[Monomial, ...]], columns: list[Vector]) -> Somewhere | None:
    """The first test among C1, C2, C3 that fails."""
    for c, end in difference.ends.items():
        if c == UNIT and not difference.each:
            continue
        for row, word in zip(rows, words, strict=True):
            if not inner(row, end).is_zero():
                return Somewhere(len(word) - 1, word)  # C3
    for kind, matrix in classes.items():
        for j, column in enumerate(columns):
            image = column_times(matrix, column)
            if not inner(difference.start, image).is_zero():
                return Somewhere(j, ())  # C1 for the unit class, C2 with v empty for the others
            if kind == ("unit", UNIT):
                continue
            for row, word in zip(rows, words, strict=True):
                if not inner(row, image).is_zero():
                    return Somewhere(len(word) + j, word)  # C2
    return None
