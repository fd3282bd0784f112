"""What must vanish for a claim to hold: automata, or a polynomial in sums over trajectories.

``difference`` is asked by the search and by the makers of equations alike; a ``Gap`` is made by it alone and does not
change, so that a certificate can be checked on the very object that it was sought for.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from derive.kernel.closure import Automaton, automaton, check_convergence, marked
from derive.kernel.contexts import Context, plain, speaks_of_a_horizon
from derive.kernel.definedness import defined
from derive.kernel.polynomials import Poly, Refused, add, negative, of, product, put
from derive.kernel.reading import Closed, Path, one_atom
from derive.kernel.terms import INF, Term, Tuple, bound, free, inside, opened, time
from derive.kernel.unfolding import MU
from derive.kernel.wellformed import one_direction, well_formed

_KEY = object()


class Sealed:
    """A value that only the kernel makes, and that does not change, is not copied and not pickled."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, key: object, /, **values: Any) -> None:
        if key is not _KEY:
            raise TypeError(f"{type(self).__name__} is made by the functions of the kernel")
        for name in self.__slots__:
            object.__setattr__(self, name, values[name])

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError(f"{type(self).__name__} does not change")

    def __delattr__(self, name: str) -> None:
        raise TypeError(f"{type(self).__name__} does not change")

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} is not copied; make it again")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__ not in ("derive.kernel.differences", "derive.kernel.equations"):
            raise TypeError("a class of one's own is no kernel's")


class Gap(Sealed):
    """``sums`` are automata that must be 0; or a ``polynomial`` {(central, (numbers, atoms))} in sums must be."""

    __slots__ = ("after", "atoms", "before", "context", "policy", "polynomial", "sums")
    context: Context
    before: Term
    after: Term
    policy: str | None
    sums: tuple[Automaton, ...]
    polynomial: Any
    atoms: tuple[Any, ...]


def checked(context: Context, before: Term, after: Term) -> Context:
    """The context of an equation between two terms: first, least m and owes as large as they ask for.

    Raises:
        Malformed: if this is no well-typed equation, or a side asks for a time that no horizon has.
        Refused: if a side speaks of a horizon, and the context of none.
    """
    plain(context)
    well_formed(context.infinite, before, after)
    if context.horizon == "none" and speaks_of_a_horizon(before, after):
        raise Refused("a term with a horizon, in a context of none")
    return defined(context, before, after)


def difference(context: Context, before: Term, after: Term, policy: str | None) -> Gap:
    """The difference of two terms in a context, which is checked here, in the coordinates of a policy.

    Raises:
        Malformed: for what is no equation.
        Refused: for what the table of unfolding does not read, and for infinite sums not known to converge.
    """
    context = checked(context, before, after)
    unbound = free(before) | free(after)
    paths = [x for x in unbound if x[0] == "trajectory"]
    known = all(x[0] in ("trajectory", "time", "draw") for x in unbound)
    if len(paths) > 1 or not known or (context.infinite and unbound):
        raise Refused("free " + ", ".join(sorted(f"{sort} {name}" for sort, name in unbound)))
    one_direction(before, after)
    sealed = {"context": context, "before": before, "after": after, "policy": policy}
    closed = Closed(context)
    open_ = {f"@{name}" for sort, name in unbound if sort == "time"}
    if paths:
        path = Path(paths[0], closed)
        by_mu: dict[int, Poly] = {}
        for (c, monomial), v in add([path.read(before), negative(path.read(after))]).items():
            e = dict(monomial).get(MU, 0)
            rest = product(monomial, ((MU, 1 - e),)) if e != 1 else monomial
            if any(f[0] == "number" for f, _ in rest):
                raise Refused("a sum over trajectories beside a free one")
            put(by_mu.setdefault(e, {}), (c, rest), v)
        sums = [one for _, part in sorted(by_mu.items()) for one in graded(context, part, open_, policy, each=True)]
        return Gap(_KEY, **sealed, sums=tuple(sums), polynomial=None, atoms=())
    if context.infinite:
        convergent(context, before, after)
    form: Poly = {}
    for side, sign in ((before, 1), (after, -1)):
        for (c, (numbers, atoms)), v in closed.read(side).items():
            for one in atoms:
                closed.kept(one)
            put(form, (c, (numbers, tuple(sorted((m, "") for m, _ in atoms)))), v * sign)
    if all(len(atoms) < 2 for _, (_, atoms) in form):
        merged: Poly = {}
        for (c, key), v in form.items():
            put(merged, (c, closed.merged(*key)), v)
        return Gap(_KEY, **sealed, sums=linear(context, merged, open_, policy), polynomial=None, atoms=())
    listed = tuple(sorted({one for _, (_, atoms) in form for one in atoms}))
    place = {one: k for k, one in enumerate(listed)}
    numbered = {(c, (n, tuple(sorted(place[one] for one in atoms)))): v for (c, (n, atoms)), v in form.items()}
    return Gap(_KEY, **sealed, sums=(), polynomial=MappingProxyType(numbered), atoms=listed)


def linear(context: Context, form: Poly, open_: set[str], policy: str | None) -> tuple[Automaton, ...]:
    """The automata of a combination of sums over all trajectories; keys are () for a number, or one atom."""
    poly: Poly = {}
    for (c, atoms), v in form.items():
        put(poly, (c, (atoms or (one_atom(context.infinite),))[0][0]), v)
    return graded(context, poly, open_, policy, each=False)


def graded(context: Context, poly: Poly, open_: set[str], policy: str | None, *, each: bool) -> tuple[Automaton, ...]:
    """One automaton for each power of R(tau): its coefficients must agree on every trajectory, R being free."""
    grades: dict[int, Poly] = {}
    for (c, monomial), v in poly.items():
        put(grades.setdefault(dict(monomial).get(("R",), 0), {}), (c, monomial), v)
    return tuple(shut(automaton(marked(part, open_, context.first, context.infinite), context.infinite, policy,
                                each=each or r != 0)) for r, part in sorted(grades.items()))


def shut(one: Automaton) -> Automaton:
    """Read only, all through."""

    def shut_all(polys: dict[Any, Poly]) -> Any:
        return MappingProxyType({key: MappingProxyType(poly) for key, poly in polys.items()})

    return Automaton(MappingProxyType(one.start), shut_all(one.letters), shut_all(one.ends), one.each, one.states)  # type: ignore[arg-type]


def convergent(context: Context, *terms: Term) -> None:
    """Raise ``Refused`` unless every infinite sum converges absolutely as it is written, before anything cancels.

    Each expectation and each infinite sum is read alone. Times that a sum above has opened are summed too, weighted by
    gamma^(8t): if that double sum converges absolutely, so does each of its terms.
    """
    for term in terms:
        _convergent(context, term, [], None)


def _convergent(context: Context, t: Term, loose: list[Tuple], law: tuple[Tuple, str] | None) -> None:
    endless = t[0] == "sum" and t[1][0] == "time" and t[2][2] == INF
    if t[0] == "E" or endless:
        whole = bound("E", law[0], law[1], t) if law and t[0] != "E" else t
        for index in reversed(loose):
            if index in free(whole):
                whole = bound("sum", index, ("from", time(), INF), ("*", ("gamma^", time(0, (index, 8))), whole))
        for (c, (numbers, atoms)), _ in Closed(context).read(whole).items():
            for monomial, _ in Closed(context).merged(numbers, atoms):
                check_convergence(automaton(of(monomial, {c: 1}), True, plain=True))
    if t[0] in ("sum", "prod", "E"):
        index, body = opened(t, f"#{len(loose)}.{t[1][1]}")
        timed = [*loose, index] if index[0] == "time" else loose
        _convergent(context, body, timed, (index, t[2]) if t[0] == "E" else law)
    for x in inside(t):
        _convergent(context, x, loose, law)


