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

*Values.* Where V, A of a policy stand, the reward is written in their coordinates
(``coordinates``), and Bellman's equations become relations between symbols of one step:

    [P pi A c]1 = 0 (A of this pi),     [P eps m(s, a)]1 = 0,     V_{H+1} = 0,

so a letter that is one of these columns is in no class, and an end that has V as a
factor is not tested. The true V, A, eps satisfy the relations, which is all that the
proof asks; each time has its own, so they may depend on t.

*Free times.* "For every t in 0..H" is a claim about words with a mark on one letter. A
mark is a symbol, so marked letters are letters of their own: U becomes one matrix for
each set of marks, K the span of all U_1 ... U_j E_1, and the proof goes through for the
words whose marks stand at given steps.

**What it does not say.** Definedness is ``obligations``' business: pi cancels here
without a trace. A "no" names a word, and the horizon |v| + j at which the sides differ
on a model with enough states; it refutes nothing until a witness is verified.

Each use of normalisation is switched by ``Relations``, so that an audit can ask which
steps need which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from derive.procedures.automata import UNIT, Monomial
from derive.procedures.paths import DYNAMICS
from derive.procedures.spans import ZERO, Identity, Span, Vector, column_times, inner, row_times

Matrix = dict[tuple[int, int], Any]
Class = tuple[str, Monomial]
"""("unit", 1), ("c", c), ("m", m) or ("own", letter), each times the marks of the letter."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations that may be used; all of them, unless an audit says otherwise."""

    dynamics: bool = True
    policy: bool = True
    advantage: bool = True
    residual: bool = True
    terminal: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """One automaton over polynomials, pushed and ready to be tested; ``each`` compares trajectory by trajectory."""

    start: Vector
    letters: Mapping[Monomial, Matrix]
    ends: Mapping[Monomial, Vector]
    each: bool
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """What shows that a difference is 0: bases, and the identities that make them closed."""

    difference: Difference
    rows: list[Vector]
    columns: list[Vector]
    steps: list[tuple[Monomial, int, Identity]] = field(default_factory=list)
    units: list[Identity] = field(default_factory=list)
    determinant: Any | None = None
    """At an infinite horizon: what the one column, kappa, was multiplied with."""


@dataclass(frozen=True, slots=True)
class Somewhere:
    """No: at this horizon the sides differ in some MDP, if the claim lies in the complete fragment."""

    horizon: int
    word: tuple[Monomial, ...]


def column_class(letter: Monomial, relations: Relations) -> Class | None:
    """The class of the column [letter]1: ("unit", 1), ("c", c), a class of its own, or None where it is 0."""
    exponents = dict(letter)
    dependent = {symbol[1]: e for symbol, e in letter if symbol[0] == "sax" and symbol != DYNAMICS}
    if not relations.dynamics or exponents.get(DYNAMICS) != 1:
        return ("own", letter)
    if dependent:
        return None if relations.residual and dependent == {"eps": 1} else ("own", letter)
    rest = tuple((symbol, e) for symbol, e in letter if symbol != DYNAMICS)
    of_action = [(symbol, e) for symbol, e in rest if symbol[0] == "sa"]
    of_state = tuple((symbol, e) for symbol, e in rest if symbol[0] != "sa")
    match of_action:
        case [((_, "pi", _), 1)] if relations.policy:
            return ("c" if any(symbol[0] == "s" for symbol, _ in of_state) else "unit", of_state)
        case [((_, "dpi" | "d2pi", _), 1)] if relations.policy:
            return None
        case [((_, "A", one), 1), ((_, "pi", other), 1)] if one == other and relations.advantage:
            return None
    return ("m", rest)


def vanishing_end(end: Monomial, relations: Relations) -> bool:
    """Whether V_{H+1}, which is 0, is a factor of the column at the end."""
    return relations.terminal and any(symbol[1] == "V" and e > 0 for symbol, e in end)


def closed(difference: Difference, relations: Relations) -> Closure | Somewhere:
    """Grow the bases and test; the closure, or the word at which a test fails."""
    closure = Closure(difference, [], [])
    words = grown(closure)
    columns, lengths, classes = _columns(difference, relations, closure)
    closure.columns.extend(columns)
    ends = {c: end for c, end in difference.ends.items() if not vanishing_end(c, relations)}
    live = replace(difference, ends=ends)
    return _tested(live, classes, closure.rows, words, columns, lengths) or closure


def grown(closure: Closure) -> list[tuple[Monomial, ...]]:
    """Put a basis of the rows u M_v, v not empty, into the closure; the word of each."""
    difference, rows, words = closure.difference, Span(), list[tuple[Monomial, ...]]()
    queue: list[tuple[Vector, tuple[Monomial, ...], int]] = [(difference.start, (), -1)]
    while queue:
        row, word, number = queue.pop(0)
        for letter, arrows in difference.letters.items():
            identity, grew = rows.insert(row_times(row, arrows))
            closure.steps.append((letter, number, identity))
            if grew:
                words.append((*word, letter))
                queue.append((rows.rows[-1], words[-1], len(rows.rows) - 1))
    closure.rows.extend(rows.rows)
    return words


def classes_of(difference: Difference, relations: Relations) -> dict[Class, Matrix]:
    """The sum of the matrices of each class of letters whose column is not 0; none trajectory by trajectory."""
    classes: dict[Class, Matrix] = {}
    for letter, arrows in () if difference.each else difference.letters.items():
        kind = column_class(letter, relations)
        if kind is None:
            continue
        matrix = classes.setdefault(kind, {})
        for place, weight in arrows.items():
            matrix[place] = matrix.get(place, ZERO) + weight
    return classes


def _columns(difference: Difference, relations: Relations,
             closure: Closure) -> tuple[list[Vector], list[int], dict[Class, Matrix]]:
    """The basis K of the columns U_1 ... U_j E_1, j of each, and the matrices of the classes."""
    classes, columns, lengths = classes_of(difference, relations), Span(), list[int]()
    if difference.each:
        return [], [], classes
    units = [matrix for kind, matrix in sorted(classes.items()) if kind[0] == "unit"]

    def insert(column: Vector, length: int) -> None:
        identity, grew = columns.insert(column)
        closure.units.append(identity)
        if grew:
            lengths.append(length)

    insert(difference.ends.get(UNIT, {}), 0)
    done = 0
    while done < len(columns.rows):
        for unit in units:
            insert(column_times(unit, columns.rows[done]), lengths[done] + 1)
        done += 1
    return columns.rows, lengths, classes


def _tested(difference: Difference, classes: Mapping[Class, Matrix], rows: list[Vector],
            words: list[tuple[Monomial, ...]], columns: list[Vector], lengths: list[int]) -> Somewhere | None:
    """The first test among C1, C2, C3 that fails."""
    for c, end in difference.ends.items():
        if c == UNIT and not difference.each:
            continue
        for row, word in zip(rows, words, strict=True):
            if not inner(row, end).is_zero():
                return Somewhere(len(word) - 1, word)  # C3
    for kind, matrix in classes.items():
        for column, length in zip(columns, lengths, strict=True):
            image = column_times(matrix, column)
            if not inner(difference.start, image).is_zero():
                return Somewhere(length, ())  # C1 for a unit class, C2 with v empty for the others
            if kind[0] == "unit":
                continue
            for row, word in zip(rows, words, strict=True):
                if not inner(row, image).is_zero():
                    return Somewhere(len(word) + length, word)  # C2
    return None
