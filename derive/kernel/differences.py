"""What must vanish for a claim to hold: automata, or a polynomial in sums over trajectories.

``difference`` is asked by the search and by the makers of equations alike; a ``Gap`` is made by it alone and does not
change, so that a certificate can be checked on the very object that it was sought for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from derive.kernel.factors import LOOSE, MU, ZERO, at, joined, released, thawed
from derive.kernel.atoms import numbers_out, one_atom
from derive.kernel.batches import OfDraws, of_one_draw
from derive.kernel.closure import Automaton, automaton, check_convergence, marked
from derive.kernel.contexts import Context, plain, speaks_of_a_horizon
from derive.kernel.definedness import defined
from derive.kernel.histories import as_functions_of_states
from derive.kernel.polynomials import Monomial, Poly, Refused, add, multiply, negative, product, put
from derive.kernel.reading import Closed, Path
from derive.kernel.reindexing import reindexed
from derive.kernel.symbols import symbol
from derive.kernel.terms import INF, Term, Tuple, bound, free, inside, opened, replaced, subterms, time
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
    """``sums`` are automata that must be 0; or a ``polynomial`` {(central, (numbers, atoms))} in sums must be.

    ``reading`` is the context that they were read in, with ``open_times`` marked.
    """

    __slots__ = ("after", "atoms", "before", "context", "open_times", "policy", "polynomial", "reading", "sums")
    context: Context
    before: Term
    after: Term
    policy: str | None
    reading: Context
    open_times: frozenset[str]
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
    places = [x for x in unbound if x[0] in ("state", "action")]
    batches = [x for x in unbound if x[0] == "batch"]
    if len(paths) + len(batches) > 1 or (context.infinite and any(
            x[0] in ("batch", "trajectory", "draw") for x in unbound)):
        raise Refused("free " + ", ".join(sorted(f"{sort} {name}" for sort, name in unbound)))
    one_direction(before, after)
    sealed: dict[str, Any] = {"context": context, "before": before, "after": after, "policy": policy}
    before, after = reindexed(before), reindexed(after)
    context, before, after = as_power_series(*from_its_time(*as_functions_of_states(context, before, after)))
    open_ = frozenset(f"@{name}" for sort, name in free(before) | free(after) if sort == "time")
    sealed |= {"reading": context, "open_times": open_}
    closed = Closed(context)
    if batches:
        reader = OfDraws(closed, batches[0])
        form = cleared(add([reader.read(before), negative(reader.read(after))]))
        sums = tuple(one for part in of_one_draw(form) for one in by_start(context, part, open_, policy, each=True))
        return Gap(_KEY, **sealed, sums=sums, polynomial=None, atoms=())
    if paths:
        path = Path(paths[0], closed)
        found = cleared({(c, (m, ())): v for (c, m), v in add([path.read(before), negative(path.read(after))]).items()})
        if any(atoms or any(f[0] == "number" for f, _ in monomial) for _, (monomial, atoms) in found):
            raise Refused("a sum over trajectories beside a free one")
        poly = add({(c, released(monomial)): v} for (c, (monomial, _)), v in found.items())
        sums = by_start(context, poly, open_, policy, each=True)
        return Gap(_KEY, **sealed, sums=sums, polynomial=None, atoms=())
    if context.infinite:
        convergent(context, before, after)
    form = Poly()
    for side, sign in ((before, 1), (after, -1)):
        for key, v in closed.read(side).items():
            put(form, key, v * sign)
    form = cleared(form)
    for _, (_, atoms) in form:  # what was divided by stands among them now
        for one in atoms:
            closed.kept(one)
    form = add({(c, (released(numbers), without_ones(released(m) for m, _ in atoms))): v}
               for (c, (numbers, atoms)), v in closed.tested(form, in_groups(form, places)).items())
    if all(len(atoms) < 2 for _, (_, atoms) in form):
        merged: Poly = {}
        for (c, key), v in form.items():
            put(merged, (c, closed.merged(*key)), v)
        return Gap(_KEY, **sealed, sums=linear(context, merged, open_, policy), polynomial=None, atoms=())
    form = add({(c, sums_apart(context, *key)): v} for (c, key), v in form.items())
    if context.undiscounted:
        form = undiscounted(add({(c, (tuple(x for x in n if x[0][:2] != ("power", "gamma")), a)): v}
                                for (c, (n, a)), v in form.items()))
    listed = tuple(sorted({one for _, (_, atoms) in form for one in atoms}))
    place = {one: k for k, one in enumerate(listed)}
    numbered = {(c, (n, tuple(sorted(place[one] for one in atoms)))): v for (c, (n, atoms)), v in form.items()}
    return Gap(_KEY, **sealed, sums=(), polynomial=MappingProxyType(numbered), atoms=listed)


def in_groups(form: Poly, places: Sequence[Tuple]) -> list[list[Tuple]]:
    """Free letters that one function tests: an action with the state that it is taken in, wherever both are spoken of.

    Two functions, one of each, leave the sum over all actions of one of them as a number of its own.
    """
    groups = {x: [x] for x in places}
    letters = {f"{x[0][0]}.{x[1]}": x for x in places}
    steps = [{letters[z]: f[2:] for f, _ in m if f[0] == "at" and f[1][0] == "same" for z in f[1][3] if z in letters}
             for _, (_, atoms) in form for m, _ in atoms]
    for a in [x for x in places if x[0] == "action"]:
        for s in [x for x in places if x[0] == "state" and len(groups[x]) == 1]:
            same = {one[a] == one[s] for one in steps if a in one and s in one}
            if same == {True}:
                groups[s] = [s, a]
                del groups[a]
                break
    return list(groups.values())


def without_ones(monomials: Iterable[Monomial]) -> Tuple:
    """Sums over all trajectories, without those of a law alone, which are 1."""
    return tuple(sorted((m, "") for m in monomials if numbers_out(m, "") != ((), ())))


def sums_apart(context: Context, numbers: Monomial, atoms: Tuple) -> Tuple:
    """In a product, sums of numbers over times are sums over trajectories like the others, for relations know them."""
    monomial, _ = one_atom(context.infinite)
    if any(f[0] == "sum" and e < 0 for f, e in numbers):
        raise Refused("division by a sum over times")
    apart = [(joined(monomial, ((f, 1),)), "") for f, e in numbers if f[0] == "sum" for _ in range(e)]
    return tuple(x for x in numbers if x[0][0] != "sum"), tuple(sorted((*atoms, *apart)))


def from_its_time(context: Context, before: Term, after: Term) -> tuple[Context, Term, Term]:
    """A claim about values at one free time, and no other time, as one about values at time 0.

    V_t with H decisions is V_0 with H - t, and where t runs over 0..H, so does H - t, for all H.
    """
    times = {x for x in free(before) | free(after) if x[0] == "time"}
    if len(times) != 1 or context.ranges:
        return context, before, after
    inside = [x for t in (before, after) for x in subterms(t)]
    if any(
            x[0] in ("s", "a", "E", "R", "m", "gamma^", "c^", "q^", "batch", "trajectory")
            or (x[0] in ("sum", "prod") and len(x) == 4 and x[1][0] not in ("state", "action"))
            or (x[0] == "lin" and list(x[2]) != [(t, 1) for t in times]) for x in inside):
        return context, before, after
    (t,) = times
    return replace(context, first=0), replaced(before, t, time()), replaced(after, t, time())


def as_power_series(context: Context, before: Term, after: Term) -> tuple[Context, Term, Term]:
    """f(t) = g(t) at every time without a last decision, as sum_t c^t f(t) = sum_t c^t g(t) for each c in [0, 1).

    Both sums are shown to converge absolutely before anything is computed, and so does what each of their terms sums;
    two power series in c that are equal on an interval have the same coefficients.
    """
    times = sorted(x for x in free(before) | free(after) if x[0] == "time") if context.infinite else []
    if times:
        before, after = across(before, after)
    for n, t in enumerate(times):
        c, every = f"@{n}", ("from", time(), INF)
        before, after = (bound("sum", t, every, ("*", ("c^", c, time(0, (t, 1))), x)) for x in (before, after))
        context = replace(context, scalars=context.scalars | {(c, "below one")})
    return context, before, after


def across(before: Term, after: Term) -> tuple[Term, Term]:
    """f / g = h as f = h g: what a side is divided by is not 0, which is owed."""
    if before[0] == "/":
        before, after = before[1], ("*", after, before[2])
    if after[0] == "/":
        before, after = ("*", before, after[2]), after[1]
    return before, after


def linear(context: Context, form: Poly, open_: frozenset[str], policy: str | None) -> tuple[Automaton, ...]:
    """The automata of a combination of sums over all trajectories; keys are () for a number, or one atom."""
    poly: Poly = {}
    for (c, atoms), v in form.items():
        put(poly, (c, (atoms or (one_atom(context.infinite),))[0][0]), v)
    return by_start(context, poly, open_, policy, each=False)


def by_start(context: Context, poly: Poly, open_: frozenset[str], policy: str | None, *,
             each: bool) -> tuple[Automaton, ...]:
    """Sums that start with the initial law, and those in which every first state counts once, must vanish apart.

    For a free trajectory mu(s_0) is a factor like any other; in a sum its other powers are functions of the state.
    """
    parts: dict[int, Poly] = {}
    for (c, monomial), v in poly.items():
        e = dict(monomial).get(MU, 0)
        if e not in (0, 1) and not each:
            monomial, e = product(monomial, ((MU, -e), (at(symbol("mu", "", ("s",)), *ZERO), e))), 0
        put(parts.setdefault(e, {}), (c, product(monomial, ((MU, 1 - e),)) if each else monomial), v)
    return tuple(one for _, part in sorted(parts.items()) for one in graded(context, part, open_, policy, each=each))


def graded(context: Context, poly: Poly, open_: frozenset[str], policy: str | None, *,
           each: bool) -> tuple[Automaton, ...]:
    """One automaton for each power of R(tau), whose values are free, so its coefficients must agree on every

    trajectory; and for each product of free numbers, for they may be any: constants, functions of free letters.
    """
    grades: dict[tuple[int, Any], Poly] = {}
    for (c, monomial), v in poly.items():
        loose = tuple((f, e) for f, e in monomial if f[2:] == (LOOSE, 0))
        key = dict(monomial).get(("R",), 0), loose
        put(grades.setdefault(key, {}), (c, tuple(x for x in monomial if x not in loose)), v)
    return tuple(shut(at_one(context, automaton(marked(part, open_, context), context.infinite, policy,
                                               each=each or r != 0))) for (r, _), part in sorted(grades.items()))


def cleared(form: Poly) -> Poly:
    """Times the product of all sums that something is divided by, each to the highest power that occurs.

    They are not 0, which is owed: so the form is 0 where this is.
    """
    while dividing := {f: e for _, (numbers, _) in form for f, e in numbers if f[0] == "over"}:
        f = max(dividing)
        most = max(dict(numbers).get(f, 0) for _, (numbers, _) in form)
        if any(dict(numbers).get(f, 0) < 0 for _, (numbers, _) in form):
            raise Refused("a quotient by a quotient")
        result: Poly = {}
        for (c, (numbers, atoms)), v in form.items():
            e = dict(numbers).get(f, 0)
            found = {(c, (tuple(x for x in numbers if x[0] != f), atoms)): v}
            for _ in range(most - e):
                found = multiply(found, thawed(f[1]), Closed.joined)
            for key, w in found.items():
                put(result, key, w)
        form = result
    return form


def at_one(context: Context, one: Automaton) -> Automaton:
    """The automaton at gamma = 1, for the class in which it is 1."""
    if not context.undiscounted:
        return one
    letters, ends = ({key: undiscounted(part) for key, part in polys.items()} for polys in (one.letters, one.ends))
    return replace(one, start=undiscounted(one.start), letters={k: m for k, m in letters.items() if m},
                   ends={k: m for k, m in ends.items() if m})


def undiscounted(poly: Poly) -> Poly:
    return add({(tuple(x for x in c if x[0] != "gamma"), key): v} for (c, key), v in poly.items())


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
                known = tuple(x for x in monomial if x[0][0] != "over" and x[0][2:] != (LOOSE, 0))
                check_convergence(context, automaton({(c, known): 1}, True, plain=True))
    if t[0] in ("sum", "prod", "E"):
        index, body = opened(t, f"#{len(loose)}.{t[1][1]}")
        timed = [*loose, index] if index[0] == "time" else loose
        _convergent(context, body, timed, (index, t[2]) if t[0] == "E" else law)
    for x in inside(t):
        _convergent(context, x, loose, law)


