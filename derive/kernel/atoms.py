"""Sums over all trajectories, the atoms of ``reading``: what of them is a number, and what is left."""

from __future__ import annotations

from derive.kernel.factors import LOOSE, MU, OF_STEP, ZERO, at, joined, law, law_of, of_numbers
from derive.kernel.polynomials import Monomial, Refused, frozen, of, product
from derive.kernel.symbols import symbol
from derive.kernel.terms import Tuple


def one_atom(infinite: bool) -> Tuple:
    """The number 1, as the sum of the law of pi over all trajectories."""
    return (product(((MU, 1),), ((law("pi", infinite), 1),)), "")


def numbers_out(monomial: Monomial, support: str, *, alone: bool = False) -> Tuple:
    """(numbers, atoms): what knows no trajectory, sums of their own, and the rest, unless it is ``alone``.

    A law alone sums to 1 over all trajectories, and over its own support; over another's it is a sum like any other.
    """
    atoms = []
    for f, e in monomial:
        if f[0] == "number":
            if e < 0:
                raise Refused("division by a sum over trajectories")
            atoms += [f[1:]] * e
    numbers = tuple((f, e) for f, e in monomial if f[0] in ("power", "ge", "over") or f[2:] == (LOOSE, 0) or (
        f[0] == "sum" and of_numbers(f)))
    inside = tuple(sorted((f, e) for f, e in monomial if f[0] != "number" and (f, e) not in numbers))
    for f, e in numbers:
        if f[0] == "sum" and e < 0:  # that a quotient is by is not 0, which is owed
            numbers = joined(tuple(x for x in numbers if x[0] != f), ((("over", frozen(of((((f, 1),), ())))), -e),))
    if not (alone and not inside) and not (len(inside) == 2 and dict(inside).get(MU) == 1 and any(
            law_of(f) and e == 1 and support in ("", law_of(f)) for f, e in inside)):
        probabilities, left = at_a_place(inside, support)
        numbers = joined(numbers, probabilities)
        atoms += [(one, support) for one in left]
    return (numbers, tuple(sorted(atoms)))


def at_a_place(inside: Monomial, support: str) -> tuple[Monomial, Tuple]:
    """(numbers, the sum left, if any) of the probability that one place is like this: it is a product of laws.

    E[1{s_0 = z}] = mu(z), and E[1{s_t = z} 1{a_t = b}] = pi(b|z) E[1{s_t = z}]: given s_t the action has the law pi.
    """
    laws = [law_of(f) for f, e in inside if law_of(f) and e == 1]
    points = [f for f, e in inside if f[0] == "at" and f[1][0] == "same" and e > 0 and f[1][3][1] not in OF_STEP["P"]]
    letters = {f[1][3][0]: f[1][3][1] for f in points}
    if len(laws) != 1 or support not in ("", laws[0]) or dict(inside).get(MU) != 1 or (
            len(inside) != 2 + len(letters) or set(letters) not in ({"s"}, {"s", "a"})) or (
            len({f[2:] for f in points}) > 1):
        return (), (inside,)
    z: str = letters["s"]
    found: Monomial = ()
    if "a" in letters:
        found = ((at(symbol("pi", laws[0] or "", (letters["a"], z)), LOOSE, 0), 1),)
        inside = tuple(one for one in inside if one[0] not in points or one[0][1][3][0] == "s")
    if points[0][2:] == ZERO:
        return joined(((at(symbol("mu", "", (z,)), LOOSE, 0), 1),), found), ()
    return found, (inside,)
