"""Equality of sums over trajectories that never end, for every finite MDP and discount below 1.

**What is decided.** Without a last decision a sum of expectations is an automaton that
stops reading where nothing that follows is asked for; its value is the sum over words of
*every* length, also 0, of (u M_w E_c) mu [w_0] ... [w_n] <c>. ``unending`` makes it from
the automaton of a finite horizon, whose last state only reads unit letters for ever.

**Convergence** is checked there, on each sum as it is written, before any algebra: the
bare closure below would accept sum_t 2^t = -1. Apart from loops at one state the
automaton must have no cycle, each loop must read unit letters only, and its weights must
be nonnegative multiples, in all at most 1, of positive powers of gamma. Then the matrix
of absolute values of one step is block triangular, its diagonal blocks are stochastic
matrices times numbers below 1, its spectral radius is below 1, and the sum converges
absolutely for every gamma in [0, 1). The same bound is uniform near theta, so gradients
may be taken term by term.

**Theorem.** With the letters, classes and column identities of ``closure`` (but not
V_{H+1} = 0: there is no last step), let kappa = (1 - U)^-1 E_1. If for all words v, also
the empty one, and all c != 1, with M_[c] the sum over the letters whose column is c,

    (D1)  u kappa = 0,
    (D2)  u M_v M_k kappa = 0          (k a class that is neither unit, nor zero, nor such a c),
    (D3)  u M_v (E_c + M_[c] kappa) = 0,

then both sums are equal in every finite MDP, for every gamma in [0, 1).

*Proof.* The sum converges absolutely, so it may be regrouped by normal form: words that
end in 1 by their longest suffix of unit letters, whose weights add up to
E_1 + U E_1 + U^2 E_1 + ... = kappa. Words of units only give u kappa times mu 1. Words
v l y with l in a class k give u M_v M_k kappa times mu [v] ([k]1). Where [l]1 = c is a
function of the state the value mu [v] c is also that of the word v with the end c, so
their weights are one sum. Weights are analytic in gamma on [0, 1) and vanish but for
finitely many gamma, hence everywhere. QED
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derive.errors import OutsideFragment
from derive.procedures.automata import UNIT, Automaton, Monomial, trimmed
from derive.procedures.closure import Class, Closure, Difference, Matrix, Relations, Somewhere, classes_of, grown
from derive.procedures.convergence import check_convergence, over
from derive.procedures.paths import DYNAMICS
from derive.procedures.spans import CONTEXT, ZERO, Vector, column_times, inner
from derive.procedures.spans import ONE as UNITY


def is_unit(letter: Monomial) -> bool:
    """Whether a letter is P pi of some policy."""
    match letter:
        case ((("sa", "pi", _), 1), (symbol, 1)):
            return bool(symbol == DYNAMICS)
    return False


def finished(one: Automaton, *, endless: bool = True) -> frozenset[int]:
    """The states at which a word may end and after which only unit letters of weight 1 follow.

    At an infinite horizon also those after which nothing follows.
    """
    return over(one, is_unit, endless=endless)


def unending(one: Automaton) -> Automaton:
    """The automaton that stops reading where nothing more is asked for.

    Raises:
        OutsideFragment: if it asks for a last step, or if the sum is not known to converge absolutely.
    """
    last = finished(one)
    if one.ends and (set(one.ends) != {UNIT} or set(one.ends[UNIT]) != last):
        raise OutsideFragment("a last step, which an infinite horizon does not have")
    letters = {letter: {place: weight for place, weight in arrows.items() if place[0] not in last}
               for letter, arrows in one.letters.items()}
    result = trimmed(replace(one, letters=letters))
    check_convergence(result, is_unit)
    return result


def closed_endless(difference: Difference, relations: Relations) -> Closure | Somewhere:
    """Grow the rows, solve for kappa and test; the closure, or the word at which a test fails."""
    closure = Closure(difference, [], [])
    words = grown(closure)
    classes = classes_of(difference, relations)
    units = [matrix for kind, matrix in classes.items() if kind[0] == "unit"]
    determinant, kappa = resolved(units, difference.ends.get(UNIT, {}))
    closure = replace(closure, columns=[kappa], determinant=determinant)
    if not inner(difference.start, kappa).is_zero():
        return Somewhere(0, ())  # D1
    for column in _tested_columns(difference, classes, determinant, kappa):
        for row, word in zip([difference.start, *closure.rows], [(), *words], strict=True):
            if not inner(row, column).is_zero():
                return Somewhere(len(word), word)  # D2, D3
    return closure


def _tested_columns(difference: Difference, classes: dict[Class, Matrix], determinant: Any,
                    kappa: Vector) -> list[Vector]:
    """M_k kappa, and E_c + M_[c] kappa, times the determinant."""
    found = [column_times(matrix, kappa) for kind, matrix in classes.items() if kind[0] not in ("unit", "c")]
    ends = {end for end in difference.ends if end != UNIT} | {kind[1] for kind in classes if kind[0] == "c"}
    for end in ends:
        column = column_times(classes.get(("c", end), {}), kappa)
        for place, value in difference.ends.get(end, {}).items():
            column[place] = column.get(place, ZERO) + determinant * value
        found.append(column)
    return found


def resolved(units: list[Matrix], end: Vector) -> tuple[Any, Vector]:
    """(d, d kappa) with kappa = E_1 + U kappa, U being triangular but for its loops; d is the product of 1 - loop."""
    arrows: dict[int, dict[int, Any]] = {}
    for matrix in units:
        for (p, q), weight in matrix.items():
            row = arrows.setdefault(p, {})
            row[q] = row.get(q, ZERO) + weight
    factors = {p: UNITY - row.pop(p, ZERO) for p, row in arrows.items()}
    determinant = CONTEXT.constant(1)
    for factor in factors.values():
        determinant = determinant * factor
    known: Vector = {}

    def value(place: int) -> Any:
        if place not in known:
            total = determinant * end.get(place, ZERO)
            for target, weight in arrows.get(place, {}).items():
                total = total + weight * value(target)
            known[place] = total / factors.get(place, UNITY)
        return known[place]

    for place in (*arrows, *end):
        value(place)
    return determinant, {place: entry for place, entry in known.items() if not entry.is_zero()}
