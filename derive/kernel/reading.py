"""From terms to what must vanish.

``Path`` reads a term about one trajectory as a polynomial in the factors of ``unfolding``. ``Closed`` reads a term that
has no trajectory free as a polynomial in sums over trajectories. Its keys are (numbers, atoms): numbers is a monomial
in powers of gamma to H and to open times, and guards; an atom is (monomial, support), the sum of the monomial over all
trajectories, where ``support`` names the policy to whose possible trajectories the sum is restricted as written, or "".
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.kernel.atoms import numbers_out, one_atom
from derive.kernel.factors import LOOSE, MU, at, factor, holds, joined, law, mentions
from derive.kernel.symbols import symbol as symbol_of
from derive.kernel.closure import open_times, vanishes_outside
from derive.kernel.contexts import Context
from derive.kernel.local_sums import LAST_TIME, Reading
from derive.kernel.places import summed
from derive.kernel.polynomials import (
    NAMED, Monomial, Poly, Refused, central, frozen, multiply, of, product, put, raised, scaled, to_the,
)
from derive.kernel.samples import over_samples
from derive.kernel.terms import INF, Malformed, Term, Tuple, is_index, occurs, opened, time
from derive.kernel.unfolding import binder, gradient
from derive.kernel.wellformed import everywhere


TEST = ".test"
"""The name of a function that no term can name."""


def over(atom: Tuple) -> Tuple:
    """1 over a sum over trajectories."""
    return ("over", frozen(of(((), (atom,)))))


class Path(Reading):
    """A term about the trajectory ``path``; bound times stand under ``closed.names``, free ones are @name."""

    joined = staticmethod(joined)

    def __init__(self, path: Tuple | None, closed: Closed) -> None:
        self.path, self.closed = path, closed

    def gradient(self, poly: Poly) -> Poly:
        return gradient(poly)

    def atom(self, t: Term) -> Poly:
        head = t[0]
        if head in ("gamma^", "c^", "q^"):
            name = "gamma" if head == "gamma^" else NAMED + t[1] if head == "c^" else f"={t[1]}/{t[2]}"
            _, n, parts = t[-1]
            result: Poly = of((), to_the(name, n))
            for base, c in parts:
                result = multiply(result, factor(("power", name, self.closed.time(time(0, (base, 1)))[0]), c), joined)
            return result
        if head in ("sum", "prod") and t[1][0] == "time":
            return self.over_time(head, t)
        if head == "sum" and t[1][0] in ("state", "action"):
            letter, body = self.closed.letter(t)
            result = {}
            for (c, monomial), v in self.read(body).items():
                for (d, one), w in summed(monomial, letter, self.closed.infinite).items():
                    put(result, (product(c, d), one), v * w)
            return result
        if head in ("mu", "P", "pi", "r", "f", "V", "R", "same"):
            return self.symbol(t)
        if self.path is None or not occurs(self.path, t):
            return self.constant(t)
        raise Refused(f"{head} of a trajectory")

    def over_time(self, kind: str, t: Term, *, log: bool = False) -> Poly:
        var, body = self.closed.opened(t)
        lo, hi = self.closed.time(t[2][1]), self.closed.time(t[2][2])
        return binder("sum" if log else kind, var, lo, hi, self.log(body) if log else self.read(body))

    def constant(self, t: Term) -> Poly:
        """A sum over trajectories of its own: a number here."""
        result: Poly = {}
        for (c, (numbers, atoms)), v in self.closed.read(t).items():
            found = numbers
            for one in atoms:
                self.closed.kept(one)
                found = joined(found, ((("number", *one), 1),))
            put(result, (c, found), v)
        return result

    def inverse(self, t: Term) -> Poly:
        if self.path is None or not occurs(self.path, t):
            return {(c, numbers): v for (c, (numbers, _)), v in self.closed.inverse(t).items()}
        return super().inverse(t)

    def place(self, x: Tuple) -> Tuple:
        """(letter,), or a place of the trajectory and its time."""
        if is_index(x):
            return (self.closed.letters.get(x, f"{x[0][0]}.{x[1]}"),)
        if x[1] != self.path:
            raise Refused("a state or an action that is not of this trajectory")
        return (x[0], *self.closed.time(x[2]))

    def symbol(self, t: Term) -> Poly:
        head = t[0]
        if head == "R":
            if t[1] != self.path:
                raise Refused("the return of another trajectory")
            return factor(("R",))
        named = head in ("pi", "f", "V")
        found = [self.place(x) for x in t[3 if head == "V" else 1 + named:]]
        timed = [x for x in found if len(x) > 1]
        when: Tuple = () if head != "V" else ("inf", 0) if t[2] == INF else self.closed.time(t[2])
        if head == "same" and found[0] == found[1]:
            return of(())
        if when and (when[0] == "inf") != self.closed.infinite:
            raise Refused("a value of another horizon")
        if head == "mu" and timed:
            if found != [("s", "", 0)]:
                raise Refused("the initial law of a later state")
            return factor(MU)
        if when == LAST_TIME:
            return {}
        base, n = (timed[0][1], min(k for _, _, k in timed)) if timed else (LOOSE, 0)
        steps = {("s", base, n): "s", ("a", base, n): "a", ("s", base, n + 1): "x"}
        if any(x not in steps for x in timed):
            raise Refused(f"{head} joins steps")
        places: Tuple = tuple(steps.get(x, x[0]) for x in found)
        if when and timed:
            if when not in (("inf", 0), (base, n)):
                raise Refused("a value at another time")
            when = ("rel", 0)
        places = tuple(sorted(places)) if head == "same" else places
        return factor(at(symbol_of(head, t[1] if named else "", places, when), base, n))

    def log_atom(self, t: Term) -> Poly:
        if t[0] == "prod" and t[1][0] == "time":
            return self.over_time("prod", t, log=True)
        if t[0] == "mu" and self.symbol(t) == factor(MU):
            return factor(at(symbol_of("log mu", "", ("s",)), "", 0))
        if t[0] in ("mu", "P", "pi"):
            (((_, ((f, _),)), _),) = self.symbol(t).items()
            return factor(at(symbol_of(f"log {t[0]}", f[1][1], f[1][3]), *f[2:]))
        raise Refused(f"the logarithm of {t[0]}")


class Closed(Reading):
    """Terms without a free trajectory, in a context."""

    one = ((), ())

    def __init__(self, context: Context) -> None:
        self.context, self.infinite = context, context.infinite
        self.names: dict[Tuple, str] = {}
        self.letters: dict[Tuple, str] = {}
        self.ranged: set[str] = set()
        self.fresh = 0

    @staticmethod
    def joined(one: Tuple, two: Tuple) -> Tuple:
        """The product; a sum beside 1 over it is 1, for it is not 0, which is owed."""
        numbers, atoms = joined(one[0], two[0]), sorted(one[1] + two[1])
        if any(f[0] == "over" for f, _ in numbers):
            for atom in tuple(atoms):
                if dict(numbers).get(over(atom)):
                    atoms.remove(atom)
                    numbers = product(numbers, ((over(atom), -1),))
        return (numbers, tuple(atoms))

    def inverse(self, t: Term) -> Poly:
        """1 over each factor of a product, or over a sum of them as it is: ``cleared`` multiplies by what is left."""
        below = self.read(t)
        if not below:
            raise Refused("division by 0")
        if len(below) == 1:
            (((c, (numbers, atoms)), value),) = below.items()
            if all(f[0] in ("at", "power", "over") for f, _ in numbers):
                for one in atoms:
                    numbers = joined(numbers, ((over(one), -1),))
                return {(raised(c, -1), (raised(numbers, -1), ())): Fraction(1) / value}
        return of((((("over", frozen(below)), 1),), ()))

    def name(self) -> str:
        self.fresh += 1
        return f"#{self.fresh}"

    def opened(self, t: Term) -> tuple[str, Term]:
        """The body of a binder over a time; the time stands under a name that no unfolding gives.

        ``ranged`` are those that are known to lie in 0..H.
        """
        name = self.name()
        index, body = opened(t, name)
        self.names[index] = var = f"!{name[1:]}"
        (low, m), (high, n) = self.time(t[2][1]), self.time(t[2][2])
        inside = {"H", "inf"} | self.ranged | {b for b in (low, high) if b[:1] == "@"}
        if m >= 0 and (low == "" or low in inside) and (n <= 0 if high in inside else high == "" and (
                n <= self.context.first or self.infinite)):
            self.ranged.add(var)
        return var, body

    def letter(self, t: Term) -> tuple[str, Term]:
        """The body of a sum over states or actions, and how the place is called."""
        name = self.name()
        index, body = opened(t, name)
        self.letters[index] = token = f"{index[0][0]}!{name[1:]}"
        return token, body

    def time(self, t: Tuple) -> tuple[str, int]:
        if t == INF:
            return ("inf", 0)
        _, n, parts = t
        if len(parts) > 1 or any(c != 1 for _, c in parts):
            raise Refused("a time that is a sum of times")
        if not parts:
            return ("", n)
        base = parts[0][0]
        if base != "H" and type(base[1]) is int:
            raise Malformed("a bound time outside of its sum")
        return ("H" if base == "H" else self.names.get(base) or f"@{base[1]}", n)

    def atom(self, t: Term) -> Poly:
        head = t[0]
        if head in ("gamma^", "c^", "q^", "mu", "P", "pi", "r", "f", "V", "same"):
            return {(c, (numbers, ())): v for (c, numbers), v in Path(None, self).atom(t).items()}
        if head == "sum" and t[1][0] in ("state", "action"):
            letter, body = self.letter(t)
            return self.over_letter(self.read(body), letter)
        if head == "E" and t[1][0] == "trajectory":
            path, body = opened(t, self.name())
            return self.expected(path, t[2], body)
        if head == "E":
            return over_samples(self, t)
        if head == "sum" and t[1][0] == "trajectory":
            path, body = opened(t, self.name())
            return self.summed(Path(path, self).read(body), "pi" if self.context.possible else "")
        if head == "sum" and t[1][0] == "draw":  # what is read here does not depend on which sample it is
            _, body = opened(t, self.name())
            return scaled(self.read(body), {central("m", 1): 1})
        if head == "sum" and t[1][0] == "time":
            var, body = self.opened(t)
            return self.bound(var, self.time(t[2][1]), self.time(t[2][2]), self.read(body))
        raise Refused(f"{head} beside sums over trajectories")

    def log_atom(self, t: Term) -> Poly:
        return {(c, (numbers, ())): v for (c, numbers), v in Path(None, self).log_atom(t).items()}

    def over_letter(self, poly: Poly, letter: str) -> Poly:
        """The sum over a state or an action, which stands in one sum over trajectories at most."""
        result: Poly = {}
        for (c, (numbers, atoms)), v in poly.items():
            within = [one for one in atoms if any(holds(f, letter) for f, _ in one[0])]
            if len(within) > 1:
                raise Refused("a sum over states or actions of products of sums that depend on them")
            own = tuple(one for one in numbers if holds(one[0], letter))
            monomial, support = within[0] if within else ((), "")
            rest = (tuple(one for one in numbers if one not in own), tuple(one for one in atoms if one not in within))
            for (d, changed), w in summed(joined(monomial, own), letter, self.infinite).items():
                put(result, (product(c, d), self.joined(rest, numbers_out(changed, support, alone=not within))), v * w)
        return result

    def tested(self, poly: Poly, groups: Sequence[Sequence[Tuple]]) -> Poly:
        """The sum over free states and actions against a free function of each group of them: 0 iff each value is.

        For the functions may be those that are 1 at one value of their places and 0 elsewhere. Atoms are released.
        """
        letters = sorted(tuple(sorted(f"{x[0][0]}.{x[1]}" for x in group)) for group in groups if group)
        for n, group in enumerate(letters):
            test = of((((at(symbol_of("f", f"{TEST}{n}", group), LOOSE, 0), 1),), ()))
            poly = multiply(poly, test, self.joined)
        for letter in sorted(x for group in letters for x in group):
            poly = self.over_letter(poly, letter)
        return poly

    def expected(self, path: Tuple, policy: str, body: Term) -> Poly:
        """The sum of P f over the support, which is that over all trajectories where f has a value on all."""
        weight = joined(((MU, 1),), ((law(policy, self.infinite), 1),))
        support = "" if everywhere(body) else policy
        return self.summed(multiply(Path(path, self).read(body), of(weight), joined), support)

    def summed(self, poly: Poly, support: str) -> Poly:
        support = "" if len(self.context.positive) == 3 else support
        result: Poly = {}
        for (c, monomial), v in poly.items():
            put(result, (c, numbers_out(monomial, support)), v)
        return result

    def merged(self, numbers: Monomial, atoms: Tuple) -> Tuple:
        """Numbers that know their time multiply one of the sums."""
        if not numbers:
            return atoms
        (monomial, support), *rest = atoms or (one_atom(self.infinite),)
        return tuple(sorted(((joined(monomial, numbers), support), *rest)))

    def bound(self, var: str, lo: Tuple, hi: Tuple, poly: Poly) -> Poly:
        """The sum over a time of a polynomial in sums, at most one of which knows the time."""
        result: Poly = {}
        for (c, (numbers, atoms)), v in poly.items():
            knows = tuple((f, e) for f, e in numbers if mentions(f, var))
            numbers = tuple(one for one in numbers if one not in knows)
            within = [one for one in atoms if any(mentions(f, var) for f, _ in one[0])]
            outside = [one for one in atoms if one not in within]
            if len(within) > 1:
                raise Refused("a sum over a time of products of sums over trajectories")
            if not within:  # a number: merged with a sum over trajectories where that is asked for
                for (d, changed), w in binder("sum", var, lo, hi, of(knows)).items():
                    put(result, (product(c, d), (joined(numbers, changed), tuple(outside))), v * w)
                continue
            monomial, support = within[0]
            for (d, changed), w in binder("sum", var, lo, hi, of(joined(monomial, knows))).items():
                key = self.joined((numbers, tuple(outside)), numbers_out(changed, support))
                put(result, (product(c, d), key), v * w)
        return result

    def gradient(self, poly: Poly) -> Poly:
        """The product rule; a sum over a support is differentiated as one over all, once it is known to be one."""
        result: Poly = {}
        for (c, (numbers, atoms)), v in poly.items():
            for (d, changed), w in gradient(of(numbers)).items():
                put(result, (product(c, d), (changed, atoms)), v * w)
            for k, (monomial, support) in enumerate(atoms):
                self.kept(atoms[k])
                outer = tuple(x for x in monomial if x[0] == MU)
                inner = tuple(x for x in monomial if x[0] != MU)
                for (d, changed), w in gradient(of(inner)).items():
                    key = self.joined((numbers, (*atoms[:k], *atoms[k + 1:])), numbers_out(changed + outer, support))
                    put(result, (product(c, d), key), v * w)
        return result

    def kept(self, atom: Tuple) -> None:
        """Raise unless a sum over a support may run over all trajectories, for all times in 0..H that are open."""
        if atom[1] and {b for b in open_times(of(atom[0])) if b[:1] == "!"} - self.ranged:
            raise Refused("a sum over possible trajectories at a time that may lie outside of 0..H")
        if atom[1] and not vanishes_outside(self.context, *atom):
            raise Refused("a sum over possible trajectories whose terms do not vanish on the impossible ones")
