"""Products of sums over trajectories: a polynomial in the sums, decided at every horizon.

**Normal forms.** By the column identities of ``closure`` every sum is, at horizon H, a
combination of *normal words* of H + 1 letters: letters read as they stand, then the class
of the last letter that is no unit, then units; or units only; or letters that end in
c != 1. ``NormalForms`` turns the automata of several sums y_1, ..., y_r into one that
reads normal words, so that y_i = sum_w N_i(w) [w] with the weights N_i(w) = u_i N_w e.

**Theorem.** Let I_n be the span of the vectors (N_1(w), ..., N_r(w)), w of length n. A
polynomial p(y_1, ..., y_r) is 0 at the horizon n - 1 in every finite MDP if it vanishes
on I_n, as a polynomial function of a point of I_n.

*Proof.* The point (y_1, ..., y_r) is the combination of vectors of I_n with the numbers
[w] as coefficients, so p is 0 there, for every value of the [w]. QED (Conversely normal
words are independent functions on large enough MDPs, hence p must vanish on I_n.)

p is made homogeneous of degree k with the sum that is 1. It vanishes on I_n if and only
if its polar form does on all k vectors of a basis; I_n is the image of the space C_n of
the columns N_w e with w of length n. The spaces of symmetric tensors Sym^k C_1 + ... +
Sym^k C_n grow until one adds nothing, and then they never grow again, since Sym^k C_(n+1)
is the image of Sym^k C_n under the letters: so finitely many n settle all horizons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations_with_replacement, permutations
from typing import Any

from derive.errors import OutsideFragment, WorkLimit
from derive.procedures.automata import UNIT
from derive.procedures.closure import Difference, Matrix, Relations, Somewhere, classes_of, vanishing_end
from derive.procedures.spans import ONE, ZERO, Span, Vector, column_times, inner

MOST_FACTORS = 3
MOST_TENSORS = 1_500
MOST_WORK = 1_000_000
"""Entries of tensors times the basis that each is reduced by."""

Polynomial = Mapping[tuple[int, ...], Any]
"""{the sums multiplied, by number: coefficient}, all products with the same number of factors."""


@dataclass(frozen=True, slots=True)
class NormalForms:
    """One automaton over normal words: a row for each sum, the letters' matrices, and the columns at the ends."""

    rows: list[Vector]
    letters: list[Matrix]
    ends: list[Vector]


def normal_forms(parts: Sequence[tuple[Difference, Mapping[int, Vector]]], number: int,
                 relations: Relations) -> NormalForms:
    """The normal words of sums: each part is an automaton without a start, and the start of each sum in it."""
    rows: list[Vector] = [{} for _ in range(number)]
    letters: list[Matrix] = []
    ends: list[Vector] = []
    base = 0
    for part, starts in parts:
        places = [place for arrows in part.letters.values() for pair in arrows for place in pair]
        size = 1 + max([*places, *(q for column in part.ends.values() for q in column),
                        *(q for row in starts.values() for q in row)], default=0)
        tail = base + size  # the states after the last letter that is no unit
        for one, row in starts.items():
            rows[one] |= {base + q: w for q, w in row.items()}
            rows[one] |= {} if part.each else {tail + q: w for q, w in row.items()}
        letters += [_moved(arrows, base, base) for arrows in part.letters.values()]
        for kind, arrows in classes_of(part, relations).items():
            letters.append(_moved(arrows, tail if kind[0] == "unit" else base, tail))
        for end, column in part.ends.items():
            if not vanishing_end(end, relations):
                shift = tail if end == UNIT and not part.each else base
                ends.append({shift + q: w for q, w in column.items()})
        base = tail + size
    return NormalForms(rows, letters, ends)


def _moved(arrows: Matrix, source: int, target: int) -> Matrix:
    return {(source + p, target + q): weight for (p, q), weight in arrows.items()}


def columns_by_length(forms: NormalForms) -> Iterator[list[Vector]]:
    """A basis of the columns N_w e with w of length 1, of length 2, and so on."""
    columns = forms.ends
    while True:
        span = Span()
        for letter in forms.letters:
            for column in columns:
                span.insert(column_times(letter, column))
        columns = span.rows
        yield columns


def vanishes(polynomial: Polynomial, forms: NormalForms) -> Somewhere | None:
    """Nothing if the polynomial is 0 at every horizon, or the first horizon at which it is not.

    Raises:
        OutsideFragment: for more than ``MOST_FACTORS`` factors.
        WorkLimit: for spaces of too many dimensions.
    """
    degree = max((len(product) for product in polynomial), default=0)
    if degree > MOST_FACTORS:
        raise OutsideFragment(f"a product of {degree} sums over trajectories; {MOST_FACTORS} are decided")
    tensors, work = Span(most_rows=MOST_TENSORS), 0
    for horizon, columns in enumerate(columns_by_length(forms)):
        points = [[inner(row, column) for row in forms.rows] for column in columns]
        chosen = list(combinations_with_replacement(range(len(columns)), degree))
        if any(not _polar(polynomial, [points[j] for j in places]).is_zero() for places in chosen):
            return Somewhere(horizon, ())
        grew = False
        for places in chosen:
            tensor = _symmetric([columns[j] for j in places])
            work += len(tensor) * (1 + len(tensors.rows))
            if work > MOST_WORK:
                raise WorkLimit(f"a product of sums whose symmetric tensors take more than {MOST_WORK} steps")
            grew |= tensors.insert(tensor)[1]
        if not grew:
            return None
    raise AssertionError("columns_by_length never ends")


def _polar(polynomial: Polynomial, points: Sequence[Sequence[Any]]) -> Any:
    """The polar form of a homogeneous polynomial: the sum over all ways to hand the points to its factors."""
    result = ZERO
    for product, weight in polynomial.items():
        for order in permutations(range(len(points))):
            term = weight
            for number, place in zip(product, order, strict=True):
                term = term * points[place][number]
            result = result + term
    return result


def _symmetric(columns: Sequence[Vector]) -> dict[Any, Any]:
    """The symmetric tensor of some columns, keyed by sorted places."""
    result: dict[Any, Any] = {(): ONE}
    for column in columns:
        longer: dict[Any, Any] = {}
        for places, value in result.items():
            for place, entry in column.items():
                key = tuple(sorted((*places, place)))
                longer[key] = longer.get(key, ZERO) + value * entry
        result = longer
    return {key: value for key, value in result.items() if not value.is_zero()}


# -- relations between the sums ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinearRelation:
    """``factor * y_number = sum_j of[j] y_j`` at every horizon."""

    number: int
    factor: Any
    of: Mapping[int, Any]


def linear_relations(forms: NormalForms) -> list[LinearRelation]:
    """All linear relations between the sums that hold at every horizon with the same coefficients."""
    points, seen = Span(), Span()
    for columns in columns_by_length(forms):
        for column in columns:
            values = {number: inner(row, column) for number, row in enumerate(forms.rows)}
            points.insert({number: value for number, value in values.items() if not value.is_zero()})
        grew = [seen.insert(column)[1] for column in columns]
        if not any(grew):
            break
    independent = points.reduced_rows()
    relations = []
    for number in range(len(forms.rows)):
        if number in independent:
            continue
        within = {pivot: row for pivot, row in independent.items() if number in row}
        factor = reduce(lambda left, right: left * right, (row[pivot] for pivot, row in within.items()), ONE)
        of = {pivot: row[number] * (factor / row[pivot]) for pivot, row in within.items()}
        relations.append(LinearRelation(number, factor, of))
    return relations


def substituted(polynomial: Polynomial, relations: Sequence[LinearRelation]) -> dict[tuple[int, ...], Any]:
    """A homogeneous polynomial with the relations put in, times a power of all their factors."""
    whole = reduce(lambda left, right: left * right, (one.factor for one in relations), ONE)
    images = {one.number: {j: c * (whole / one.factor) for j, c in one.of.items()} for one in relations}
    result: dict[tuple[int, ...], Any] = {}
    for product, weight in polynomial.items():
        terms: dict[tuple[int, ...], Any] = {(): weight}
        for number in product:
            image = images.get(number, {number: whole})
            terms = _products(terms, image)
        for key, value in terms.items():
            result[key] = result.get(key, ZERO) + value
    return {key: value for key, value in result.items() if not value.is_zero()}


def _products(terms: Mapping[tuple[int, ...], Any], image: Mapping[int, Any]) -> dict[tuple[int, ...], Any]:
    result: dict[tuple[int, ...], Any] = {}
    for product, weight in terms.items():
        for number, factor in image.items():
            key = tuple(sorted((*product, number)))
            result[key] = result.get(key, ZERO) + weight * factor
    return result
