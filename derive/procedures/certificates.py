"""The search for what shows an equation to the kernel: bases of rows and columns, kappa, relations between sums.

Nothing here is trusted. ``closure_of`` may be told not to test (``testing=False``): it then writes the certificate that
a false claim would have, which is what the kernel is attacked with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from derive.errors import WorkLimit
from derive.kernel.atoms import one_atom
from derive.kernel.closure import Automaton, classes_of, is_unit
from derive.kernel.differences import Gap, graded
from derive.kernel.polynomials import (
    Poly,
    Refused,
    Weight,
    of,
    vector_from_data,
    vector_to_data,
    weight_from_data,
    weight_to_data,
)
from derive.kernel.products import relation_sums, substituted
from derive.kernel.values import SLOPES
from derive.procedures.spans import ONE, ZERO, Span, Vector, column_times, inner, row_times
from derive.procedures.weights import NO_SHIFT, Names, Shift, names_in

MOST_ATOMS = 60

Classes = Callable[[Automaton], dict[Any, Poly]]
"""How letters are told apart by their columns: as the kernel does, or, for an audit, with less knowledge."""


@dataclass(frozen=True, slots=True)
class Differs:
    """The sides differ: at the horizon named, if the claim is one of sums without products."""

    horizon: int | None


@dataclass(slots=True)
class _Rows:
    """The span of u M_v, grown breadth first, with the length of a word that leads to each row."""

    basis: list[Vector] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    steps: list[list[Any]] = field(default_factory=list)


def _rows_of(names: Names, start: Vector, first: Shift, letters: list[dict[Any, Any]], scales: list[Shift]) -> _Rows:
    found, span = _Rows(), Span()
    queue: list[tuple[Vector, int, int]] = [(start, -1, 0)]
    for row, place, length in queue:
        for number, arrows in enumerate(letters):
            target = row_times(row, arrows)
            if not target:
                continue
            identity, grew = span.insert(target)
            up = scales[number] if place >= 0 else first.times(scales[number].factor)
            found.steps.append([place, number, names.weight_written(identity.factor, up),
                                names.written(identity.coefficients)])
            if grew:
                found.lengths.append(length + 1)
                queue.append((span.rows[-1], len(span.rows) - 1, length + 1))
    found.basis = span.rows
    return found


def closure_of(found: Automaton, *, infinite: bool, testing: bool = True,
               columns_of: Classes | None = None) -> dict[str, Any] | Differs:
    """The certificate of one automaton, or where it is not 0.

    Raises:
        Refused: for weights with a negative power of the discount.
        WorkLimit: for spans of too many dimensions.
    """
    names = names_in(found)
    scales = [names.shift(arrows) for arrows in found.letters.values()]
    letters = [names.vector(arrows, s) for s, arrows in zip(scales, found.letters.values(), strict=True)]
    if any(any(s.powers) for s in scales):
        raise Refused("a negative power on an arrow")
    first = names.shift(found.start)
    start = names.vector(found.start, first)
    rows = _rows_of(names, start, first, letters, scales)

    def tested(row: Vector, column: Vector) -> bool:
        return testing and not inner(row, column).is_zero()

    for end, values in found.ends.items():
        if (end or found.each) and not infinite:
            column = names.vector(values, names.shift(values))
            for row, length in zip(rows.basis, rows.lengths, strict=True):
                if tested(row, column):
                    return Differs(length - 1)
    data: dict[str, Any] = {"rows": [names.written(row) for row in rows.basis], "steps": rows.steps}
    if found.each:
        return {**data, "columns": [], "units": []}
    classes = (columns_of or classes_of)(found)
    common = names.shift(*classes.values())
    matrices = {kind: names.vector(matrix, common) for kind, matrix in classes.items()}
    final = found.ends.get((), {})
    last = names.shift(final)
    ending = names.vector(final, last)
    if infinite:
        if last != NO_SHIFT:
            raise Refused("a fraction at the end of a word at an infinite horizon")
        unit = matrices.pop((), {})
        determinant, kappa = resolved(unit, ending, common.factor)
        if tested(start, kappa):
            return Differs(0)
        for matrix in matrices.values():
            image = column_times(matrix, kappa)
            for row, length in zip([start, *rows.basis], [0, *rows.lengths], strict=True):
                if tested(row, image):
                    return Differs(length)
        return {**data, "kappa": names.written(kappa), "determinant": names.weight_written(determinant)}
    units = [matrix for kind, matrix in matrices.items() if is_unit(kind)]
    columns, lengths, identities = Span(), list[int](), list[list[Any]]()
    targets = 0

    def insert(column: Vector, length: int, up: Shift) -> None:
        nonlocal targets
        identity, grew = columns.insert(column)
        if column:
            identities.append([targets, names.weight_written(identity.factor, up),
                               names.written(identity.coefficients)])
        targets += 1
        if grew:
            lengths.append(length)

    insert(ending, 0, last)
    done = 0
    while done < len(columns.rows):
        for unit in units:
            insert(column_times(unit, columns.rows[done]), lengths[done] + 1, NO_SHIFT.times(common.factor))
        done += 1
    for kind, matrix in matrices.items():
        for column, length in zip(columns.rows, lengths, strict=True):
            image = column_times(matrix, column)
            if tested(start, image):
                return Differs(length)
            if not is_unit(kind):
                for row, more in zip(rows.basis, rows.lengths, strict=True):
                    if tested(row, image):
                        return Differs(more + length)
    return {**data, "columns": [names.written(column) for column in columns.rows], "units": identities}


def resolved(unit: Mapping[Any, Any], end: Vector, scale: int) -> tuple[Any, Vector]:
    """(d, d kappa) with kappa = end + U kappa, where ``unit`` is U times ``scale``, which has no fractions.

    U is triangular but for its loops: (scale - loop) kappa_p = scale end_p + what follows, and d is the product of all
    scale - loop.
    """
    arrows: dict[int, dict[int, Any]] = {}
    for (p, q), weight in unit.items():
        row = arrows.setdefault(p, {})
        row[q] = row.get(q, ZERO) + weight
    factors = {p: scale * ONE - row.pop(p, ZERO) for p, row in arrows.items()}
    determinant = reduce(lambda one, two: one * two, factors.values(), ONE)
    if determinant.is_zero():
        raise Refused("an infinite sum of what does not fade")
    known: Vector = {}

    def value(place: int) -> Any:
        if place not in known:
            total = determinant * end.get(place, ZERO)
            if place in arrows:
                total = scale * total
                for target, weight in arrows[place].items():
                    total = total + weight * value(target)
                total = total / factors[place]
            known[place] = total
        return known[place]

    for place in (*arrows, *end):
        value(place)
    return determinant, {place: entry for place, entry in known.items() if not entry.is_zero()}


def certificate(gap: Gap, *, testing: bool = True) -> dict[str, Any] | Differs:
    """What ``by_closure`` needs for a gap, or where the sides differ.

    Raises:
        Refused, WorkLimit: where the search does not go.
    """
    infinite = gap.context.infinite
    if gap.polynomial is None:
        sums = []
        for one in gap.sums:
            found = closure_of(one, infinite=infinite, testing=testing)
            if isinstance(found, Differs) and any(f[0] in SLOPES for letter in one.letters for f, _ in letter):
                raise Refused("the gradient of a value beside what comes after it")  # it is not written out there
            if isinstance(found, Differs):
                return found
            sums.append(found)
        return {"sums": sums}
    relations = linear_relations(gap, testing=testing)
    images = {k: (factor, combination) for k, factor, combination, _ in relations}
    if testing and substituted(gap.polynomial, images):
        return Differs(None)
    return {"relations": [
        {"number": k, "factor": weight_to_data(factor), "of": vector_to_data(combination), "sums": sums}
        for k, factor, combination, sums in relations]}


# -- relations between sums: all conditions of a closure are linear in the start ------------------------------


def linear_relations(gap: Gap, *, testing: bool = True) -> list[tuple[int, Weight, Poly, list[Any]]]:
    """(k, f, c, closures) with f y_k = sum c_j y_j: what no test column tells apart is related."""
    infinite = gap.context.infinite
    atoms = [one_atom(infinite)[0], *(atom[0] for atom in gap.atoms)]  # the number 1 first: others are told by it
    if len(atoms) > MOST_ATOMS:
        raise WorkLimit(f"a product of more than {MOST_ATOMS} sums")
    parts: dict[tuple[int, bool], list[tuple[int, Automaton]]] = {}
    for number, atom in enumerate(atoms, start=-1):
        (found,) = graded(gap.reading, of(atom), gap.open_times, gap.policy, each=False)
        parts.setdefault((dict(atom).get(("R",), 0), found.each), []).append((number, found))
    names = names_in(*(one for members in parts.values() for _, one in members))
    points = Span(500)
    for (_, each), members in parts.items():
        starts = _starts(names, members)
        for column in _tests(names, members, infinite, each=each):
            values = {k: inner(u, column) for k, u in starts}
            points.insert({k: v for k, v in values.items() if not v.is_zero()})
    independent = points.reduced_rows()
    result = []
    for number in range(len(gap.atoms)):
        if number in independent:
            continue
        within = {pivot: row for pivot, row in independent.items() if number in row}
        factor = reduce(lambda one, two: one * two, (row[pivot] for pivot, row in within.items()), ONE)
        combination = {pivot: row[number] * (factor / row[pivot]) for pivot, row in within.items()}
        weight = weight_from_data(weight_to_data(names.weight(factor)))  # in the order in which the kernel reads them,
        image = vector_from_data(vector_to_data(names.poly(combination)))  # for states are numbered as they are met
        sums = []
        for one in relation_sums(gap, number, weight, image):
            closure = closure_of(one, infinite=infinite, testing=testing)
            if isinstance(closure, Differs):
                raise Refused("a relation between sums that its closure does not show")
            sums.append(closure)
        result.append((number, weight, image, sums))
    return result


def _starts(names: Names, members: list[tuple[int, Automaton]]) -> list[tuple[int, Vector]]:
    base, result = 0, []
    for number, found in members:
        if names.shift(found.start) != NO_SHIFT:
            raise Refused("a fraction at the start of a sum in a product")
        start = names.vector(found.start, NO_SHIFT)
        result.append((number, {base + q: w for q, w in start.items()}))
        base += _size(found)
    return result


def _size(found: Automaton) -> int:
    places = [p for _, p in found.start] + [q for m in found.letters.values() for _, pq in m for q in pq]
    return 1 + max([*places, *(q for column in found.ends.values() for _, q in column)], default=0)


def _tests(names: Names, members: list[tuple[int, Automaton]], infinite: bool, *, each: bool) -> list[Vector]:
    """A spanning set of the columns that a start must be orthogonal to, of all automata side by side."""
    base = 0
    letters: dict[Any, dict[Any, Any]] = {}
    classes: dict[Any, dict[Any, Any]] = {}
    ends: dict[Any, Vector] = {}
    down = names.shift(*(column for _, found in members for column in found.ends.values()))
    of_classes = [{} if each else classes_of(found) for _, found in members]
    arrow_sets = [(found.letters, kinds) for (_, found), kinds in zip(members, of_classes, strict=True)]
    common = names.shift(*(arrows for pair in arrow_sets for part in pair for arrows in part.values()))
    if any(common.powers):
        raise Refused("a negative power on an arrow")
    for (_, found), pair in zip(members, arrow_sets, strict=True):
        for source, target in zip(pair, (letters, classes), strict=True):
            for key, arrows in source.items():
                target.setdefault(key, {}).update(
                    {(base + p, base + q): w for (p, q), w in names.vector(arrows, common).items()})
        for end, values in found.ends.items():
            ends.setdefault(end, {}).update({base + q: w for q, w in names.vector(values, down).items()})
        base += _size(found)
    once: list[Vector] = []
    always: list[Vector] = []
    for end, column in ends.items():
        if end or each:
            always += [column_times(m, column) for m in letters.values()]
    if infinite:
        unit = classes.pop((), {})
        _, kappa = resolved(unit, ends.get((), {}), common.factor)
        once.append(kappa)
        always += [column_times(m, kappa) for m in classes.values()]
    elif not each:
        columns = Span(500)
        columns.insert(ends.get((), {}))
        units = [m for kind, m in classes.items() if is_unit(kind)]
        for column in columns.rows:
            for m in units:
                columns.insert(column_times(m, column))
            once += [column_times(m, column) for m in units]
            always += [column_times(m, column) for kind, m in classes.items() if not is_unit(kind)]
    span = Span(500)
    for column in always:
        span.insert(column)
    for column in span.rows:
        for m in letters.values():
            span.insert(column_times(m, column))
    return [*once, *span.rows]


