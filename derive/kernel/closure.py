"""When an automaton is 0 in every finite MDP: bases and identities that show it, checked from the terms' own letters.

**Finite horizons.** A difference of sums over trajectories is, at horizon H, the sum over words w of H + 1 letters and
ends c of (u M_w E_c) mu [w_0] ... [w_H] <c>, a letter m meaning the matrix [m](s, x) = sum_a m(s, a, x). Letters
multiply as matrices; the column [m]1 of the last one is known up to the normal form of ``local_sums``. A letter with
[m]1 = 1 is a *unit*; U sums the matrices of the units (of those with one set of marks); letters with one column are a
*class* k, M_k sums their matrices; letters with [m]1 = 0 are in none.

*Theorem.* If for all words v, all classes k that are no units, and all j >= 0

    (C1)  u U^(j+1) E_1 = 0,    (C2)  u M_v M_k U^j E_1 = 0    (v may be empty),    (C3)  u M_v E_c = 0    (v not empty)

for c != 1, then the difference is 0 at every H >= 0, in every finite MDP, for all values of gamma and m.
*Proof.* Split each word that ends in 1 by its longest suffix y of units; [y]1 = 1. All of it units: (C1). Else the
word is v l y, its value mu [v][l]1, and the weights of one v, k, |y| add up to u M_v M_k U^j E_1 = 0. Words that end in
c != 1 have at least one letter: (C3). Weights are polynomials that vanish, hence at every gamma and m. QED
It is enough to test (C2), (C3) on the rows u, B and (C1), (C2) on the columns K, where B spans all u M_v, v not empty
(u itself is not in B: H >= 0), and K spans U_1 ... U_j E_1. With ``each``, where the coefficients must agree on every
trajectory (a free one, or R(tau) arbitrary, whose values are free), no column is used and B is tested on every end.

**Infinite horizons.** Words of every length, also 0, that end in 1 where nothing but a law is left. Let
kappa = (1 - U)^-1 E_1. If (D1) u kappa = 0 and (D2) u M_v M_k kappa = 0 for all v, also the empty one, and all classes
k that are no units, then the difference is 0 for every gamma in [0, 1). *Proof.* The sum converges absolutely, so it
may be regrouped as above; the weights of units add up to E_1 + U E_1 + ... = kappa. QED
*Convergence.* Apart from loops at one state there is no cycle; each loop reads units, its weights are nonnegative
multiples, in all at most 1, of products of numbers in [0, 1], such as gamma; those products in which no number is below
1 have in all less than 1. So the matrix of absolute values of a step is block triangular with stochastic blocks times
numbers below 1, its spectral radius is below 1, uniformly near theta: the sum converges absolutely and may be
differentiated term by term.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from derive.kernel.factors import MU, at, factor, joined, law_of, names, released, times
from derive.kernel.terms import HELD, INF, LAST, Tuple, time
from derive.kernel import symbols
from derive.kernel.symbols import symbol
from derive.kernel.contexts import Context
from derive.kernel.local_sums import column
from derive.kernel.polynomials import (
    Monomial, Poly, Refused, Weight, add, apply, by_key, dot, negative, of, product, put, scaled,
)
from derive.kernel.unfolding import at_end, binder, unfold
from derive.kernel.values import in_coordinates, unrolled

MOST_STATES = 600


class NotShown(Exception):
    """The certificate does not show the claim."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """start {(central, state)}, letters {letter: {(central, (row, column))}}, ends {end: {(central, state)}}.

    ``states`` are the monomials that the numbers stand for; with ``each`` the value is asked of every trajectory.
    """

    start: Poly
    letters: dict[Monomial, Poly] = field(default_factory=dict)
    ends: dict[Monomial, Poly] = field(default_factory=dict)
    each: bool = False
    states: tuple[Monomial, ...] = ()


def without_mu(monomial: Monomial) -> Monomial:
    if dict(monomial).get(MU, 0) not in (0, 1):
        raise Refused("a sum over all trajectories with the square of the initial law")
    return tuple(x for x in monomial if x[0] != MU)


def automaton(poly: Poly, infinite: bool, policy: str | None = None, *, plain: bool = False,
              each: bool = False) -> Automaton:
    """States are monomials, numbered as they are met; ``plain`` leaves values as they are, in no coordinates."""
    numbers: dict[Monomial, int] = {}
    queue: list[Monomial] = []
    start: Poly = {}
    letters: dict[Monomial, Poly] = {}
    ends: dict[Monomial, Poly] = {}

    def arrive(monomial: Monomial) -> list[tuple[Monomial, int, Any]]:
        """(central, state, number) for each state that a monomial is a combination of."""
        found = of(monomial) if plain or each else unrolled(monomial, policy, infinite)
        for _, one in found:
            if one not in numbers:
                if len(numbers) >= MOST_STATES:
                    raise Refused(f"more than {MOST_STATES} states")
                numbers[one] = len(numbers)
                queue.append(one)
        return [(c, numbers[one], v) for (c, one), v in found.items()]

    for (c, monomial), v in poly.items():
        for d, p, w in arrive(released(without_mu(monomial))):
            put(start, (product(c, d), p), v * w)
    for monomial in queue:
        here = numbers[monomial]
        if infinite and (is_law(monomial) or is_constant(monomial)):
            if is_law(monomial):
                put(ends.setdefault((), {}), ((), here), 1)
            continue
        steps = unfold(of(monomial))
        if policy and not (plain or each):
            steps = in_coordinates(steps, policy, infinite)
        for (c, (letter, rest)), v in steps.items():
            letter = symbols.released(letter)
            for d, q, w in arrive(released(rest)):
                put(letters.setdefault(letter, {}), (product(c, d), (here, q)), v * w)
    if not infinite:
        reached = {q for arrows in letters.values() for _, (_, q) in arrows}
        for monomial, here in numbers.items():
            if here in reached:  # H >= 0: no word ends where it starts
                for (c, end), v in at_end(of(monomial)).items():
                    put(ends.setdefault(end, {}), (c, here), v)
    letters, ends = ({k: m for k, m in sorted(part.items()) if m} for part in (letters, ends))
    return Automaton(start, letters, ends, each, tuple(numbers))


def is_law(monomial: Monomial) -> bool:
    return len(monomial) == 1 and monomial[0][1] == 1 and law_of(monomial[0][0]) is not None


def is_constant(monomial: Monomial) -> bool:
    """The gradient of a law at an infinite horizon, or its gradient: what it is summed to does not depend on theta."""
    return len(monomial) == 1 and monomial[0][1] == 1 and monomial[0][0][0] == "grad" and all(
        is_law(m) or is_constant(m) for (_, m), _ in monomial[0][0][1])


def open_times(poly: Poly) -> set[str]:
    """The free times (@name) and the times that a binder above has opened (!number)."""
    return {base for _, m in poly for f, _ in m for base in names(f) if base[:1] in ("@", "!")}


def marked(poly: Poly, open_: Iterable[str], context: Context) -> Poly:
    """From the first horizon on, for every value of the open times in their ranges: a mark on the letter they name.

    A mark is a symbol, so words with different marks are different words, and (C1)-(C3) hold for each value apart.
    Times in whose range others stand are summed last.
    """
    if context.first and not context.infinite:
        poly = times(poly, factor(("ge", context.first)))
    spans = {var: context.range_of(("time", var[1:])) if var[0] == "@" else (time(), INF if context.infinite else LAST)
             for var in open_}
    while spans:
        asked = {base[1] for span in spans.values() for t in span if t != INF for base, _ in t[2] if base != "H"}
        var = next((v for v in sorted(spans) if v[1:] not in asked), None)
        if var is None:
            raise Refused("free times with ranges that speak of each other")
        lo, hi = (limit_of(t) for t in spans.pop(var))
        poly = times(poly, factor(at(symbol("mark", var, ()), var, 0)))
        result: Poly = {}
        for (c, monomial), v in poly.items():
            mu = tuple(x for x in monomial if x[0] == MU)
            rest = tuple(x for x in monomial if x[0] != MU)
            for (d, one), w in binder("sum", var, lo, hi, {(c, rest): v}).items():
                put(result, (d, joined(mu, one)), w)
        poly = result
    return poly


def limit_of(t: Tuple) -> Tuple:
    """A limit of the range of a free time."""
    if t == INF:
        return ("inf", 0)
    _, n, parts = t
    if len(parts) > 1 or any(c != 1 for _, c in parts):
        raise Refused("a limit that is a sum of times")
    return ("", n) if not parts else ("H" if parts[0][0] == "H" else f"@{parts[0][0][1]}", n)


def vanishes_outside(context: Context, monomial: Monomial, policy: str) -> bool:
    """Whether each summand is 0 where mu, P or pi is: it keeps those of them that may be 0, to a positive power.

    The derivative of pi counts, for a nonnegative function has derivative 0 where it is 0; the second one where it is
    owed that the support stays the same near theta. What is covered is 0 where the policy is.
    """
    monomial, policy = released(monomial), "pi" if policy == HELD else policy
    kept = ("pi", "dpi", "d2pi") if any(one[0] == "support" for one in context.owes) else ("pi", "dpi")
    if "initial" not in context.positive and dict(monomial).get(MU, 0) < 1:
        return False
    if context.infinite and any(law_of(f) not in (None, policy) for f, _ in monomial):
        return False  # an infinite horizon is not read to its end
    poly = marked(of(monomial), open_times(of(monomial)), context)
    watched = [policy, *(law for b, law in context.covers if b == policy)]
    for letter in automaton(poly, context.infinite, plain=True).letters:
        e = dict(letter)
        if "dynamics" not in context.positive and e.get(symbol("P", "", ("x", "s", "a")), 0) < 1:
            return False
        if "policy" not in context.positive and not any(
                sum(e.get(symbol(what, law, ("a", "s")), 0) for what in kept) >= 1 for law in watched):
            return False
    return True


# -- the conditions ------------------------------------------------------------------------------------------


def classes_of(found: Automaton) -> dict[Monomial, Poly]:
    """{column: the sum of the matrices of its letters}; letters whose column is 0 are left out."""
    classes: dict[Monomial, Poly] = {}
    for letter, arrows in found.letters.items():
        kind = column(letter)
        if kind is not None:
            classes[kind] = add([classes.get(kind, {}), arrows])
    return dict(sorted(classes.items()))


def is_unit(kind: Monomial) -> bool:
    return all(f[0] == "mark" for f, _ in kind)


def identity(target: Poly, one: tuple[Weight, Poly], basis: list[Poly]) -> None:
    """factor * target = sum of[i] basis[i], the factor not 0."""
    factor_, combination = one
    if not factor_:
        raise NotShown("the factor of an identity is 0")
    gap = [scaled(target, factor_)]
    for place, c in by_key(combination).items():
        if not 0 <= place < len(basis):
            raise NotShown("an identity names no row")
        gap.append(negative(scaled(basis[place], c)))
    if add(gap):
        raise NotShown("an identity does not hold")


Identities = dict[Any, tuple[Weight, Poly]]


def check_rows(found: Automaton, rows: list[Poly], steps: Identities) -> None:
    """start M and B M lie in the span of B, for every letter."""
    for place, row in [(-1, found.start), *enumerate(rows)]:
        for k, arrows in enumerate(found.letters.values()):
            target = apply(arrows, row, row=True)
            if target:
                if (place, k) not in steps:
                    raise NotShown("an identity is missing")
                identity(target, steps.pop((place, k)), rows)
    if steps:
        raise NotShown("an identity that is of no use")


def check_finite(found: Automaton, rows: list[Poly], steps: Identities, columns: list[Poly], units: Identities) -> None:
    """C1, C2, C3, from the bases of rows and columns."""
    check_rows(found, rows, steps)
    for end, values in found.ends.items():
        if (end or found.each) and any(dot(row, values) for row in rows):
            raise NotShown("words that end in a function of the last state do not cancel")
    classes = {} if found.each else classes_of(found)
    if not found.each:
        targets = [found.ends.get((), {})]
        targets += [apply(m, one, row=False) for one in columns for kind, m in classes.items() if is_unit(kind)]
        for n, target in enumerate(targets):
            if target:
                if n not in units:
                    raise NotShown("an identity of columns is missing")
                identity(target, units.pop(n), columns)
    if units or (found.each and columns):
        raise NotShown("columns or identities that are of no use")
    for kind, matrix in classes.items():
        for one in columns:
            image = apply(matrix, one, row=False)
            if dot(found.start, image) or (not is_unit(kind) and any(dot(row, image) for row in rows)):
                raise NotShown(f"words whose last letter is of the class {kind} do not cancel")


def check_infinite(context: Context, found: Automaton, rows: list[Poly], steps: Identities, kappa: Poly,
                   determinant: Weight) -> None:
    """D1, D2; kappa is determinant * (1 - U)^-1 E_1."""
    check_convergence(context, found)
    check_rows(found, rows, steps)
    classes = classes_of(found)
    if any(f[0] == "mark" for letter in found.letters for f, _ in letter):
        raise Refused("a free time at an infinite horizon")
    unit = classes.pop((), {})
    if not determinant or add([kappa, negative(apply(unit, kappa, row=False)),
                               negative(scaled(found.ends.get((), {}), determinant))]):
        raise NotShown("kappa is not E_1 + U kappa")
    if dot(found.start, kappa):
        raise NotShown("words of unit letters do not cancel")
    images = [apply(matrix, kappa, row=False) for matrix in classes.values()]
    if any(dot(row, image) for row in [found.start, *rows] for image in images):
        raise NotShown("words with a last letter that is no unit do not cancel")


def check_convergence(context: Context, found: Automaton) -> None:
    """Raise ``Refused`` unless the sum over all words converges absolutely for every gamma in [0, 1)."""
    below, unit = context.bounded()
    loops: dict[int, Any] = {}
    slow: dict[int, Any] = {}
    ahead: dict[int, set[int]] = {}
    for letter, matrix in found.letters.items():
        for (p, q), weight in by_key(matrix).items():
            powers = {c: dict(c) for c in weight}
            if any("m" in e or e.get("gamma", 0) < 0 for e in powers.values()):
                raise Refused("a negative power of the discount at an infinite horizon")
            if p != q:
                ahead.setdefault(p, set()).add(q)
                continue
            if column(letter) != () or any(
                    weight[c] < 0 or e.keys() - unit or min(e.values(), default=1) < 0 for c, e in powers.items()):
                raise Refused("an infinite sum that is not known to converge")
            loops[p] = loops.get(p, 0) + sum(weight.values())
            slow[p] = slow.get(p, 0) + sum(weight[c] for c, e in powers.items() if not e.keys() & below)
    if any(total > 1 for total in loops.values()) or any(total >= 1 for total in slow.values()):
        raise Refused("an infinite sum whose terms may grow")
    while ahead:
        last = {p for p, targets in ahead.items() if not targets & ahead.keys()}
        if not last:
            raise Refused("a cycle that is no loop, at an infinite horizon")
        ahead = {p: targets for p, targets in ahead.items() if p not in last}


