"""Re-check a certificate without the code that made it: standard library only.

A certificate says that an automaton over the steps of a trajectory has the value 0 in
every finite MDP at every horizon (the theorem and its proof stand at the top of
``derive/procedures/everywhere.py``). This file recomputes, from the letters alone, which
columns normalisation makes equal to 1 or 0, checks that the given rows and columns are
closed under the letters, and then the three conditions. A polynomial in gamma and m is a
list of [exponent of gamma, exponent of m, integer]; a vector is a list of [place,
polynomial]; a letter is a list of [place, what, name, exponent].
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = 2
LARGEST = 64_000_000
"""Bytes that a certificate may have."""

Polynomial = dict[tuple[int, int], int]
Vector = dict[int, Polynomial]
Matrix = dict[tuple[int, int], Polynomial]


class NotCertified(Exception):
    """The certificate does not show what it claims; the message says where it breaks."""


def polynomial(data: Any) -> Polynomial:
    """A polynomial from its list form; zero coefficients and repeated powers are refused."""
    result = {(int(g), int(m)): int(c) for g, m, c in data}
    if len(result) != len(data) or 0 in result.values() or any(g < 0 or m < 0 for g, m in result):
        raise NotCertified("a polynomial is not in normal form")
    return result


def vector(data: Any) -> Vector:
    """A sparse vector from its list form."""
    return {int(place): polynomial(value) for place, value in data}


def add(one: Polynomial, two: Polynomial, sign: int = 1) -> Polynomial:
    """one + sign * two."""
    result = dict(one)
    for power, value in two.items():
        result[power] = result.get(power, 0) + sign * value
    return {power: value for power, value in result.items() if value}


def times(one: Polynomial, two: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    result: Polynomial = {}
    for (g, m), left in one.items():
        for (h, n), right in two.items():
            result = add(result, {(g + h, m + n): left * right})
    return result


def plus(one: Vector, two: Vector, factor: Polynomial, sign: int = 1) -> Vector:
    """one + sign * factor * two."""
    result = dict(one)
    for place, value in two.items():
        result[place] = add(result.get(place, {}), times(factor, value), sign)
    return {place: value for place, value in result.items() if value}


def apply(matrix: Matrix, values: Vector, *, row: bool) -> Vector:
    """values M for a row, M values for a column."""
    result: Vector = {}
    for (p, q), weight in matrix.items():
        source, target = (p, q) if row else (q, p)
        if source in values:
            result = plus(result, {target: weight}, values[source])
    return result


def dot(one: Vector, two: Vector) -> Polynomial:
    """A row times a column."""
    result: Polynomial = {}
    for place, value in one.items():
        result = add(result, times(value, two.get(place, {})))
    return result


def monomial(data: Any, places: tuple[str, ...]) -> Any:
    """A letter or an end: symbols at these places, each once, with an exponent that is not 0."""
    factors = tuple((*symbol, exponent) for *symbol, exponent in data)
    symbols = [factor[:-1] for factor in factors]
    if len(set(symbols)) != len(symbols) or any(
            len(symbol) != 3 or symbol[0] not in places or type(exponent) is not int or exponent == 0
            for *symbol, exponent in factors):
        raise NotCertified("a letter is not a monomial in normal form")
    return factors


def column_class(letter: Any) -> Any:
    """What the relations say of [letter]1: "unit" with its marks, None for 0, or a name shared by equal columns."""
    exponents = {(place, what, name): e for place, what, name, e in letter}
    dynamics = ("sax", "P", "")
    dependent = [(s[1], e) for s, e in exponents.items() if s[0] in ("sax", "x") and s != dynamics]
    if exponents.get(dynamics) != 1 or (dependent and dependent != [("eps", 1)]):
        return ("own", tuple(sorted(exponents.items())))
    if dependent:
        return None
    rest = sorted((symbol, e) for symbol, e in exponents.items() if symbol != dynamics)
    acts = [(symbol[1:], e) for symbol, e in rest if symbol[0] == "sa"]
    others = tuple((symbol, e) for symbol, e in rest if symbol[0] != "sa")
    if len(acts) == 1 and acts[0][1] == 1 and acts[0][0][0] in ("dpi", "d2pi"):
        return None
    if len(acts) == 1 and acts[0][1] == 1 and acts[0][0][0] == "pi":
        flat = tuple((*symbol, e) for symbol, e in others)
        return ("c" if any(symbol[0] == "s" for symbol, _ in others) else "unit", flat)
    if len(acts) == 2 and acts == [(("A", acts[0][0][1]), 1), (("pi", acts[0][0][1]), 1)]:
        return None
    return ("m", tuple(rest))


def identity(data: Any, target: Vector, basis: list[Vector], where: str) -> None:
    """factor * target = sum_i c_i basis_i, with a factor that is not 0."""
    factor, combination = polynomial(data["factor"]), vector(data["of"])
    if not factor or any(not 0 <= number < len(basis) for number in combination):
        raise NotCertified(f"{where}: the factor is 0 or names no row")
    if not target and (factor != {(0, 0): 1} or combination):
        raise NotCertified(f"{where}: nothing is to be combined, so the identity must be empty")
    gap = plus({}, target, factor)
    for number, coefficient in combination.items():
        gap = plus(gap, basis[number], coefficient, -1)
    if gap:
        raise NotCertified(f"{where}: the identity does not hold")


def check_closure(data: Any) -> None:
    """That the automaton of one closure is 0 in every finite MDP at every horizon.

    Raises:
        NotCertified: saying which identity or condition fails.
    """
    start = vector(data["start"])
    letters = [monomial(one["letter"], ("s", "sa", "sax", "mark")) for one in data["letters"]]
    matrices = [{(int(p), int(q)): polynomial(w) for p, q, w in one["arrows"]} for one in data["letters"]]
    ends = {monomial(one["end"], ("s",)): vector(one["column"]) for one in data["ends"]}
    rows, columns = [vector(row) for row in data["rows"]], [vector(column) for column in data["columns"]]
    if len(set(letters)) != len(letters) or len(ends) != len(data["ends"]):
        raise NotCertified("a letter or an end is listed twice")

    given = {(int(one["row"]), int(one["letter"])): one for one in data["steps"]}
    for number, row in [(-1, start), *enumerate(rows)]:
        for place, matrix in enumerate(matrices):
            if (number, place) not in given:
                raise NotCertified(f"row {number}, letter {place}: no identity is given")
            identity(given[number, place], apply(matrix, row, row=True), rows, f"row {number}, letter {place}")

    classes = {} if data["each"] else classes_of(letters, matrices)
    if data["endless"]:
        check_endless(data, letters, matrices, start, rows, ends)
        return
    if not data["each"]:
        units = [matrix for kind, matrix in sorted(classes.items()) if kind[0] == "unit"]
        targets = [ends.get((), {}), *(apply(unit, column, row=False) for column in columns for unit in units)]
        if len(data["units"]) != len(targets):
            raise NotCertified("the columns are not closed: an identity is missing")
        for number, (one, target) in enumerate(zip(data["units"], targets, strict=True)):
            identity(one, target, columns, f"column {number}")

    for end, column in ends.items():
        if any(factor[1] == "V" and factor[-1] > 0 for factor in end):
            continue  # V_{H+1} = 0
        if (end or data["each"]) and any(dot(row, column) for row in rows):
            raise NotCertified(f"C3 fails at the end {end}")
    for kind, matrix in classes.items():
        for column in columns:
            image = apply(matrix, column, row=False)
            if dot(start, image) or (kind[0] != "unit" and any(dot(row, image) for row in rows)):
                raise NotCertified(f"{'C1' if kind[0] == 'unit' else 'C2'} fails for the class {kind}")


def classes_of(letters: list[Any], matrices: list[Matrix]) -> dict[Any, Matrix]:
    """The sum of the matrices of each class of letters; letters whose column is 0 are in none."""
    classes: dict[Any, Matrix] = {}
    for letter, matrix in zip(letters, matrices, strict=True):
        total = classes.setdefault(column_class(letter), {})
        for arrow, weight in matrix.items():
            total[arrow] = add(total.get(arrow, {}), weight)
    classes.pop(None, None)
    return classes


def check_endless(data: Any, letters: list[Any], matrices: list[Matrix], start: Vector, rows: list[Vector],
                  ends: dict[Any, Vector]) -> None:
    """The conditions D1 to D3 of an infinite horizon, with kappa times the determinant as the one column."""
    if data["each"] or len(data["columns"]) != 1:
        raise NotCertified("an infinite horizon has one column, and no single trajectories")
    if any(factor[0] == "mark" for letter in letters for factor in letter):
        raise NotCertified("an infinite horizon has no free times")
    check_convergence(letters, matrices)
    classes = classes_of(letters, matrices)
    kappa, determinant = vector(data["columns"][0]), polynomial(data["determinant"])
    unit = classes.get(("unit", ()), {})
    gap = plus(plus(kappa, apply(unit, kappa, row=False), {(0, 0): 1}, -1), ends.get((), {}), determinant, -1)
    if not determinant or gap:
        raise NotCertified("kappa is not E_1 + U kappa")
    if dot(start, kappa):
        raise NotCertified("D1 fails")
    names = {end for end in ends if end} | {kind[1] for kind in classes if kind[0] == "c"}
    columns = [apply(matrix, kappa, row=False) for kind, matrix in classes.items() if kind[0] not in ("unit", "c")]
    columns += [plus(apply(classes.get(("c", end), {}), kappa, row=False), ends.get(end, {}), determinant)
                for end in names]
    if any(dot(row, column) for row in [start, *rows] for column in columns):
        raise NotCertified("D2 or D3 fails")


def check_convergence(letters: list[Any], matrices: list[Matrix]) -> None:
    """Each loop reads unit letters, its weights add up to at most 1 and are at least 0 times powers of gamma;

    no other cycle: then the sum over all words converges absolutely for every gamma in [0, 1).
    """
    loops: dict[int, int] = {}
    ahead: dict[int, set[int]] = {}
    for letter, matrix in zip(letters, matrices, strict=True):
        for (p, q), weight in matrix.items():
            if p != q:
                ahead.setdefault(p, set()).add(q)
                continue
            if column_class(letter) != ("unit", ()) or any(g < 1 or m or c < 0 for (g, m), c in weight.items()):
                raise NotCertified(f"the loop at {p} is not known to converge")
            loops[p] = loops.get(p, 0) + sum(weight.values())
    if any(total > 1 for total in loops.values()):
        raise NotCertified("a loop has a weight above 1")
    while ahead:
        last = {p for p, targets in ahead.items() if not targets & ahead.keys()}
        if not last:
            raise NotCertified("the automaton has a cycle that is no loop")
        ahead = {p: targets for p, targets in ahead.items() if p not in last}


def check_product(data: Any) -> None:
    """That the relations between sums, factor * y = sum_j c_j y_j, make a polynomial in them 0.

    Each relation is what one of the step's closures shows.

    Raises:
        NotCertified: if the polynomial is not 0 then, or the relations are not of the form that is read.
    """
    whole: Polynomial = {(0, 0): 1}
    images: dict[int, tuple[Polynomial, Vector]] = {}
    for one in data["relations"]:
        factor, of = polynomial(one["factor"]), vector(one["of"])
        if not factor or one["number"] in images:
            raise NotCertified("a relation between sums has the factor 0, or is given twice")
        images[int(one["number"])] = factor, of
        whole = times(whole, factor)
    if any(number in of for number in images for _, of in images.values()):
        raise NotCertified("a relation between sums rests on another")
    result: dict[tuple[int, ...], Polynomial] = {}
    degree = max((len(sums) for sums, _ in data["polynomial"]), default=0)
    for sums, weight in data["polynomial"]:
        if len(sums) != degree:
            raise NotCertified("the polynomial in sums is not homogeneous")
        terms: dict[tuple[int, ...], Polynomial] = {(): polynomial(weight)}
        for number in map(int, sums):
            others = [images[other][0] for other in images if other != number]
            scale = times_all([whole] if number not in images else others)
            image = images[number][1] if number in images else {number: {(0, 0): 1}}
            terms = product_of(terms, {other: times(scale, c) for other, c in image.items()})
        for key, value in terms.items():
            result[key] = add(result.get(key, {}), value)
    if any(result.values()):
        raise NotCertified("the relations do not make the polynomial in sums 0")


def times_all(factors: list[Polynomial]) -> Polynomial:
    """The product of polynomials."""
    result: Polynomial = {(0, 0): 1}
    for factor in factors:
        result = times(result, factor)
    return result


def product_of(terms: dict[tuple[int, ...], Polynomial], image: Vector) -> dict[tuple[int, ...], Polynomial]:
    """A polynomial in sums times a combination of sums."""
    result: dict[tuple[int, ...], Polynomial] = {}
    for sums, weight in terms.items():
        for number, factor in image.items():
            key = tuple(sorted((*sums, number)))
            result[key] = add(result.get(key, {}), times(weight, factor))
    return result


# -- files ----------------------------------------------------------------------------------------------


def read(path: Path) -> dict[str, Any]:
    """The certificate in a file.

    Raises:
        NotCertified: if it is no certificate.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise NotCertified(f"{path}: {path.stat().st_size:,} bytes; a certificate has at most {LARGEST:,}.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotCertified(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise NotCertified(f"{path}: not JSON. Certificates are written by derive check --certificate FILE.") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("theorems"), list):
        raise NotCertified(f"{path}: not a certificate of schema {SCHEMA}.")
    return data


def verified(data: dict[str, Any]) -> list[tuple[str, str]]:
    """(step, outcome) for every step: "verified", "no certificate", or what is wrong."""
    try:
        return [(f"{theorem['name']} step {step['step']}", _outcome(step["closures"], step.get("product")))
                for theorem in data["theorems"] for step in theorem["steps"]]
    except (KeyError, TypeError) as malformed:
        return [("certificate", f"NOT CERTIFIED: malformed ({malformed})")]


def _outcome(closures: Any, product: Any) -> str:
    if closures is None:
        return "no certificate"
    try:
        for closure in closures:
            check_closure(closure)
        if product is not None:
            check_product(product)
    except NotCertified as wrong:
        return f"NOT CERTIFIED: {wrong}"
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as malformed:
        return f"NOT CERTIFIED: malformed ({type(malformed).__name__}: {malformed})"
    return "verified"
