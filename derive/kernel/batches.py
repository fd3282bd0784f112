"""Equations that hold for every batch of samples, as functions of the m trajectories that are drawn.

A term is read as a polynomial in numbers, in functions of the draws that are named, and in sums over all draws of
functions of one: {(central, (numbers, atoms)): number} as in ``reading``, with factors ("drawn", draw, monomial) among
the numbers, the draw "" for "summed over 1..m". Reading is a homomorphism into the functions of a batch, whatever the
draws are, two named ones the same or not: a difference in which everything cancels is 0 for every batch and every m.
What is left may be linear in one draw, a sum over i of c f_i, or c f_i itself, c a product of others: then it is 0 if f
is 0 on every trajectory, which an automaton with ``each`` shows. All else has to cancel as it is.
"""

from __future__ import annotations

from derive.kernel.factors import LOOSE, inside, joined, mentions, of_numbers, released
from derive.kernel.local_sums import DERIVATIVES
from derive.kernel.polynomials import Monomial, Poly, Refused, add, central, multiply, of, product, put
from derive.kernel.reading import Closed, Path
from derive.kernel.terms import Term, Tuple, opened, subterms
from derive.kernel.unfolding import binder, gradient

SUMMED, NOBODY = "", "."


class OfDraws(Closed):
    """Terms about one free batch."""

    def __init__(self, closed: Closed, batch: Tuple) -> None:
        super().__init__(closed.context)
        self.closed, self.batch = closed, batch

    def draws(self, t: Term) -> set[Tuple]:
        return {x for x in subterms(t) if len(x) == 3 and x[0] == "drawn" and x[1] == self.batch}

    def read(self, t: Term) -> Poly:
        own = self.draws(t)
        if not own:
            return self.closed.read(t)
        over_draws = any(x[0] == "sum" and len(x) == 4 and x[1][0] == "draw" for x in subterms(t))
        if len(own) > 1 or over_draws:
            return Closed.read(self, t)
        (path,) = own
        return self.at_draw(repr(path[2]), Path(path, self.closed).read(t))

    def at_draw(self, draw: str, poly: Poly) -> Poly:
        """What one sample gives; the numbers in it stand outside."""
        result: Poly = {}
        for (c, monomial), v in poly.items():
            numbers: Monomial = ()
            atoms: list[Tuple] = []
            own: Monomial = ()
            for f, e in monomial:
                if f[0] == "number" and e > 0:
                    atoms += [f[1:]] * e
                elif f[0] in ("power", "ge", "over") or f[2:] == (LOOSE, 0) or (f[0] == "sum" and of_numbers(f)):
                    numbers = joined(numbers, ((f, e),))
                else:
                    own = joined(own, ((f, e),))
            c = c if own or draw != SUMMED else product(c, central("m", 1))  # a sum of ones
            put(result, (c, (joined(numbers, drawn(draw, own)), tuple(sorted(atoms)))), v)
        return result

    def times(self, one: Poly, two: Poly) -> Poly:
        """Functions of one named draw are one function of it."""
        result: Poly = {}
        for (c, (numbers, atoms)), v in multiply(one, two, self.joined).items():
            named = [(f, e) for f, e in numbers if f[0] == "drawn" and f[1] != SUMMED]
            rest, own = tuple(x for x in numbers if x not in named), dict[str, Monomial]()
            for f, e in named:
                for _ in range(e):
                    own[f[1]] = joined(own.get(f[1], ()), f[2])
            for draw, monomial in own.items():
                rest = product(rest, drawn(draw, monomial))
            put(result, (c, (rest, atoms)), v)
        return result

    def inverse(self, t: Term) -> Poly:
        if self.draws(t):
            raise Refused("division by a function of several samples")
        return self.closed.inverse(t)

    def gradient(self, poly: Poly) -> Poly:
        """The product rule; samples are held fixed."""
        result: Poly = {}
        for (c, (numbers, atoms)), v in poly.items():
            fixed = tuple(x for x in numbers if x[0][0] != "drawn")
            own = tuple(x for x in numbers if x[0][0] == "drawn")
            parts = [(of((own, ())), self.closed.gradient(of((fixed, atoms))))]
            parts += [(of((product(numbers, ((f, -1),)), atoms), {(): e}), self.at_draw(f[1], gradient(of(f[2]))))
                      for f, e in own]
            for beside, moved in parts:
                for (d, key), w in self.times(beside, moved).items():
                    put(result, (product(c, d), key), v * w)
        return result

    def log(self, t: Term) -> Poly:
        return Closed.log(self, t) if self.draws(t) else self.closed.log(t)

    def log_atom(self, t: Term) -> Poly:
        raise Refused("the logarithm of a function of several samples")

    def atom(self, t: Term) -> Poly:
        if t[0] == "sum" and t[1][0] == "draw":
            return self.over_draws(t)
        if t[0] == "sum" and t[1][0] == "time":
            return self.at_times(t)
        raise Refused(f"{t[0]} of several samples")

    def at_times(self, t: Term) -> Poly:
        """A sum over a time that one draw knows at most, named or summed, with its numbers; the rest stands before it.

        sum_t c_t sum_i f_i(t) = sum_i sum_t c_t f_i(t): no range of times knows a draw.
        """
        var, body = self.closed.opened(t)
        lo, hi = self.closed.time(t[2][1]), self.closed.time(t[2][2])
        result: Poly = {}
        for (c, (numbers, atoms)), v in self.read(body).items():
            knows = [(f, e) for f, e in numbers if (
                any(mentions(g, var) for g, _ in f[2]) if f[0] == "drawn" else mentions(f, var))]
            own = [(f, e) for f, e in knows if f[0] == "drawn"]
            if len(own) > 1 or any(e != 1 for _, e in own) or any(
                    mentions(f, var) for one, _ in atoms for f, _ in one):
                raise Refused("a sum over a time of functions of several samples")
            draw, summand = (own[0][0][1:] if own else (NOBODY, ()))
            summand = joined(summand, tuple(x for x in knows if x not in own))
            beside = of((tuple(x for x in numbers if x not in knows), atoms), {c: v})
            result = add([result, self.times(beside, self.at_draw(draw, binder("sum", var, lo, hi, of(summand))))])
        return result

    def over_draws(self, t: Term) -> Poly:
        """A sum over all draws: of each function of its draw, beside what does not depend on it."""
        index, body = opened(t, self.name())
        result: Poly = {}
        for (c, (numbers, atoms)), v in self.read(body).items():
            own = [f for f, _ in numbers if f[0] == "drawn" and f[1] == repr(index)]
            if not own:
                put(result, (product(c, central("m", 1)), (numbers, atoms)), v)
            for f in own:
                put(result, (c, (product(numbers, ((f, -1), (("drawn", SUMMED, f[2]), 1))), atoms)), v)
        return result


def drawn(draw: str, own: Monomial) -> Monomial:
    """A function of a draw, or of each, as a factor; the function 1 is none."""
    return ((("drawn", draw, own), 1),) if own else ()


def has_slopes(monomial: Monomial) -> bool:
    """Whether something in it has been differentiated, or is to be."""
    return any(f[0] == "grad" or (f[0] == "at" and f[1][0] in DERIVATIVES.values()) or has_slopes(
        tuple((g, 1) for g in inside(f))) for f, _ in monomial)


def of_one_draw(form: Poly) -> list[Poly]:
    """Functions of one trajectory: if each is 0 on all of them, the form is 0 for every batch.

    Raises:
        Refused: for what does not cancel and is of several draws, or of none.
    """
    moving: Poly = {}
    for (c, (numbers, atoms)), v in form.items():
        rest = released(tuple(x for x in numbers if x[0][0] != "drawn"))
        for f, e in numbers:
            if f[0] == "drawn":
                own = released(f[2])
                c = c if own or f[1] != SUMMED else product(c, central("m", e))  # a sum of ones
                rest = product(rest, tuple((one, e) for one, _ in drawn(f[1], own)))
        put(moving, (c, (rest, tuple(sorted((released(m), support) for m, support in atoms)))), v)
    parts: dict[str, Poly] = {}
    for (c, (numbers, atoms)), v in moving.items():
        found = [(f, e) for f, e in numbers if f[0] == "drawn"]
        if len(found) > 1:  # what is differentiated has many forms
            found = [(f, e) for f, e in found if has_slopes(f[2])]
        if len(found) != 1 or found[0][1] != 1:
            raise Refused("functions of several samples, or of none, that do not cancel")
        ((f, _),) = found
        beside = repr((f[1], tuple(x for x in numbers if x[0] != f), atoms))
        put(parts.setdefault(beside, {}), (c, f[2]), v)
    return [part for _, part in sorted(parts.items())]
