"""A term as a polynomial in sums over all trajectories, and each of these as an automaton, values as they are."""

from __future__ import annotations

from collections.abc import Sequence

from derive.errors import NotApplicable
from derive.kernel import histories
from derive.kernel.closure import Automaton, automaton, marked
from derive.kernel.contexts import Context
from derive.kernel.differences import checked, convergent
from derive.kernel.factors import MU
from derive.kernel.polynomials import Monomial, Poly, Refused, of, product, put
from derive.kernel.reading import Closed
from derive.kernel.terms import Term, Tuple, free
from derive.language.models import Shape


def plain_automaton(monomial: Monomial, first: int, infinite: bool = False) -> Automaton:
    """The automaton of a sum over all trajectories from a horizon on, values as they are, with mu once."""
    return plain_automaton_of(of(monomial), dict(monomial).get(MU, 0), first, infinite)


def plain_automaton_of(poly: Poly, mu: int, first: int, infinite: bool) -> Automaton:
    """As ``plain_automaton``, of a combination of sums in which mu(s_0) stands to one power."""
    initial = ((MU, 1 - mu),) if mu != 1 else ()
    once = {(c, product(monomial, initial)): v for (c, monomial), v in poly.items()}
    context = Context(horizon="infinite") if infinite else Context(first=first)
    return automaton(marked(once, (), context), infinite, plain=True)


def sums_of(context: Context, side: Term, shape: Shape) -> tuple[Poly, int]:
    """A term as {(central, (numbers, sums over all trajectories)): number}, and the first horizon that it has.

    Raises:
        Refused, Malformed: for what the kernel does not read.
        NotApplicable: where the term asks for a time or a sample that the shape has not.
    """
    poly, found = polynomial_of(context, side)
    if not found.infinite and (found.first > shape.horizon or found.samples > shape.samples):
        raise NotApplicable(f"it is defined from H = {found.first} and m = {found.samples} on")
    return poly, found.first


def polynomial_of(context: Context, side: Term, places: Sequence[Tuple] = ()) -> tuple[Poly, Context]:
    """A term as a polynomial in sums over all trajectories, and the context with the first horizon and the least m.

    Free states and actions in ``places`` are summed against a free function of them, ``kernel.reading.TEST``. A
    function of the history looks at its last state only, as in every concrete model.

    Raises:
        Refused, Malformed: for what the kernel does not read.
    """
    if unbound := free(side) - set(places):
        raise Refused("free " + ", ".join(sorted(f"{sort} {name}" for sort, name in unbound)))
    context = checked(context, side, side)
    side = histories.read(side)
    if context.infinite:
        convergent(context, side)
    closed, poly = Closed(context), Poly()
    read = closed.read(side)
    for _, (_, atoms) in read:
        for one in atoms:
            closed.kept(one)
    for (c, (numbers, atoms)), v in closed.tested(read, [places]).items():
        put(poly, (c, (numbers, tuple(sorted(monomial for monomial, _ in atoms)))), v)
    return poly, context
