"""Equations: values that only these functions make, each with what it holds for and what was believed.

    by_closure, by_normal_form    everything recomputed from the terms; a certificate says how, never what
    by_rule                       believed, and named in ``trusts``; definedness and convergence are checked
    same, reversed_, chained      t = t; symmetry; transitivity
    instance, under               at other letters; inside a bigger term
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from derive.kernel.closure import Automaton, NotShown, check_finite, check_infinite
from derive.kernel.contexts import Context, plain, speaks_of_a_horizon
from derive.kernel.definedness import OutOfRange, Walk
from derive.kernel.differences import _KEY, Gap, Sealed, checked, convergent, difference
from derive.kernel.local_sums import Local, in_coordinates, moment_of
from derive.kernel.symbols import released
from derive.kernel.polynomials import Poly, Refused, add, negative, vector_from_data, weight_from_data
from derive.kernel.products import check_product
from derive.kernel.terms import (
    INF, Malformed, Term, Tuple, at, bound, check, check_name, check_time, exact, free, is_index, replaced, shifted,
    subterms, time,
)
from derive.kernel.wellformed import at_theta, gradients, one_direction, speaks_of_trajectories


class Equation(Sealed):
    """before = after, in every model of the context and for every value of the free indices.

    Both sides are defined wherever the conditions in ``context.owes`` hold.
    """

    __slots__ = ("after", "before", "context", "trusts")
    context: Context
    before: Term
    after: Term
    trusts: frozenset[str]

    def __repr__(self) -> str:
        return f"Equation({self.before} = {self.after}, {self.context}, trusts={sorted(self.trusts)})"


def serving_both(context: Context, before: Term, after: Term) -> Context:
    """The context of what is shown outright: of no horizon, where neither side speaks of one."""
    plain(context)
    return context if speaks_of_a_horizon(before, after) else replace(context, horizon="none", first=0, samples=1)


def _made(context: Context, before: Term, after: Term, trusts: frozenset[str] = frozenset()) -> Equation:
    """Where all equations but those by closure are made, whose gap was checked when it was made."""
    return Equation(_KEY, context=checked(context, before, after), before=before, after=after, trusts=frozenset(trusts))


def genuine(*equations: Any) -> None:
    if any(type(one) is not Equation for one in equations):
        raise TypeError("no equation")


# -- by decision ---------------------------------------------------------------------------------------------


def gap_of(context: Context, before: Term, after: Term, policy: str | None = None) -> Gap:
    """What a closure must show; ``policy``: the one in whose values rewards are written."""
    if policy is not None:
        check_name(policy)
    return difference(context, before, after, policy)


def by_closure(gap: Gap, certificate: Any) -> Equation:
    """An equation for every MDP and horizon of the gap's context, from bases and identities.

    Raises:
        NotShown: if the certificate does not show it, whatever it is.
    """
    if type(gap) is not Gap:
        raise TypeError("no gap of the kernel")
    try:
        certificate = plain_data(certificate)
        if gap.polynomial is None:
            keys(certificate, "sums")
            check_parts(gap.sums, certificate["sums"], gap.reading)
        else:
            keys(certificate, "relations")
            check_product(gap, certificate["relations"], check_parts)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError, RecursionError) as wrong:
        raise NotShown(f"no certificate ({type(wrong).__name__}: {wrong})") from wrong
    if speaks_of_a_horizon(gap.before, gap.after):
        return Equation(_KEY, context=gap.context, before=gap.before, after=gap.after, trusts=frozenset())
    return _made(serving_both(gap.context, gap.before, gap.after), gap.before, gap.after)  # gamma may be 1 in it


def plain_data(data: Any) -> Any:
    """A copy made of dicts, lists, str and int alone, for what is looked at twice must be twice the same."""
    if type(data) is dict and all(type(key) is str for key in data):
        return {key: plain_data(value) for key, value in data.items()}
    if type(data) is list:
        return [plain_data(x) for x in data]
    if type(data) not in (str, int):
        raise ValueError(f"a {type(data).__name__} in a certificate")
    return data


def keys(data: Any, *names: str) -> None:
    if type(data) is not dict or set(data) != set(names):
        raise NotShown(f"a part of a certificate has other entries than {', '.join(names)}")


def check_parts(sums: Sequence[Automaton], data: Any, context: Context) -> None:
    if type(data) is not list or len(sums) != len(data):
        raise NotShown("not one closure for each sum")
    for found, one in zip(sums, data, strict=True):
        keys(one, "rows", "steps", *(("kappa", "determinant") if context.infinite else ("columns", "units")))
        if any(type(part) is not list for key, part in one.items()):
            raise NotShown("a part of a closure that is no list")
        rows, columns = ([vector_from_data(x) for x in one.get(part, [])] for part in ("rows", "columns"))
        if any(not x or x in basis[:n] for basis in (rows, columns) for n, x in enumerate(basis)):
            raise NotShown("a row or a column that is 0 or listed twice")
        steps = {(p, k): (weight_from_data(f), vector_from_data(c)) for p, k, f, c in one["steps"]}
        if [[*place] for place in sorted(steps)] != [step[:2] for step in one["steps"]] or any(
                type(n) is not int for place in steps for n in place):
            raise NotShown("a step that is listed twice, not in order, or has no number")
        if context.infinite:
            kappa, determinant = vector_from_data(one["kappa"]), weight_from_data(one["determinant"])
            check_infinite(context, found, rows, steps, kappa, determinant)
            continue
        units = {n: (weight_from_data(f), vector_from_data(c)) for n, f, c in one["units"]}
        if sorted(units) != [unit[0] for unit in one["units"]] or any(type(n) is not int for n in units):
            raise NotShown("a column that is listed twice, not in order, or has no number")
        check_finite(found, rows, steps, columns, units)


def by_normal_form(context: Context, before: Term, after: Term, coordinates: Tuple | None = None) -> Equation:
    """An equation between sums over states and actions alone; ``coordinates`` (policy, time of a decision).

    Raises:
        NotShown: if the normal forms differ, which says nothing.
    """
    context = checked(context, before, after)
    if any(x[0] in ("s", "a", "E", "R", "trajectory", "batch") for t in (before, after) for x in subterms(t)):
        raise Refused("a trajectory")
    one_direction(before, after)
    reader = Local()
    gap: Poly = add({(c, released(m)): v} for one in (reader.read(before), negative(reader.read(after)))
                    for (c, m), v in one.items())
    if coordinates is not None:
        exact(coordinates)
        if len(coordinates) != 2:
            raise Refused("no coordinates")
        policy, when = coordinates
        check_name(policy)
        if when != INF:
            check_time(when, frozenset())
        later = shifted(when, 1)
        if context.infinite != (when == INF):
            raise Refused("coordinates of another horizon")
        if not context.infinite:
            walk = Walk(context)
            try:
                walk.on_trajectory(when, 0, {})
            except OutOfRange as why:
                raise Refused(str(why)) from None
            if walk.first > context.first:
                raise Refused("coordinates at a time that need not exist")
        gap = in_coordinates(gap, policy, moment_of(when), moment_of(later))
    if gap:
        raise NotShown("the normal forms differ")
    return _made(serving_both(context, before, after), before, after)


def by_rule(context: Context, before: Term, after: Term, rule: str, *using: Equation) -> Equation:
    """Believed: that the engine of ``rule`` turns one side into the other, ``using`` these equations.

    Equations at theta are used where no gradient stands: nobody has looked whether they stand below one. So are
    equations for covered policies where two do, as in ``under``.
    """
    genuine(*using)
    trusts, order = frozenset({str(rule)}), gradients(("+", before, after))
    if any(at_theta(one.before, one.after) for one in using) and order:
        raise Refused("an equation at theta, used where gradients stand")
    if any(one.context.covers for one in using) and "policy" not in context.positive and order > 1:
        raise Refused("an equation for covered policies, used where second gradients stand")
    for one in using:
        context, trusts = context.joined(one.context, before, after, one.before, one.after), trusts | one.trusts
    if context.infinite:
        convergent(checked(context, before, after), before, after)
    return _made(context, before, after, trusts)


def same(context: Context, term: Term) -> Equation:
    """term = term, where it is defined."""
    context = serving_both(context, term, term)
    if context.infinite:
        convergent(checked(context, term, term), term)
    return _made(context, term, term)


# -- combining ------------------------------------------------------------------------------------------------


def reversed_(one: Equation) -> Equation:
    genuine(one)
    return _made(one.context, one.after, one.before, one.trusts)


def chained(one: Equation, two: Equation) -> Equation:
    """one.before = two.after, where one ends as two begins; with the context, owes and trusts of both.

    An index that stands in the middle only may go: 0..H and 1..m are never empty, and other ranges are not from some
    first horizon on.
    """
    genuine(one, two)
    if one.after != two.before:
        raise NotShown("the first does not end where the second begins")
    context = one.context.joined(two.context, one.before, one.after, two.before, two.after)
    if owing(context) - free(one.before) - free(two.after):
        raise Refused("what the middle owes speaks of a letter that neither end has")
    kept = free(one.before) | free(two.after)
    context = nonempty(context, {x for x, _, _ in context.ranges} - kept)
    return _made(context, one.before, two.after, one.trusts | two.trusts)


def nonempty(context: Context, letters: set[Tuple]) -> Context:
    """Without the ranges of letters that stand nowhere, from the first horizon on at which these have a value."""
    gone = {one for one in context.ranges if one[0] in letters}
    walk = Walk(context)
    for _, low, high in gone:
        walk.at_least_zero(difference_of(high, low), {})
    if any(x in letters for one in context.ranges - gone for t in one[1:] for x in free(t)):
        raise Refused("a range that speaks of a letter that stands nowhere")
    return replace(context, first=walk.first, ranges=context.ranges - gone)


def difference_of(one: Tuple, two: Tuple) -> Tuple:
    return time(one[1] - two[1], *one[2], *((base, -c) for base, c in two[2]))


def owing(context: Context) -> set[Tuple]:
    """The free letters of what is owed; letters of sums inside are the walk's own, for every value in their ranges."""
    return {x for one in context.owes for x in free(one) if x[1][:1] != "#"}


def instance(equation: Equation, substitution: Mapping[Tuple, Any], context: Context) -> Equation:
    """The equation at other letters, for a class of models that is no larger; its first horizon and least m are kept.

    Times owe 0..H, draws 1..m, which raises first and least m; states and actions are free letters again or places of a
    trajectory, a trajectory is a free one or a sample (of the law of pi, so possible where that is asked); a policy is
    never put in.

    Raises:
        Refused: for anything else, and where ``possible`` would change what the equation says.
    """
    genuine(equation)
    plain(context)
    substitution = dict([*substitution.items()])  # asked once
    if not context.within(equation.context):
        raise Refused("the context is larger than the equation's")
    if context.possible != equation.context.possible and (
            speaks_of_trajectories(equation.before) or speaks_of_trajectories(equation.after)):
        raise Refused("possible(tau) changes what the equation says")
    walk = Walk(context)
    known = free(equation.before) | free(equation.after)
    if owing(equation.context) - known:
        raise Refused("what is owed speaks of a letter that the equation has not")
    for old, new in substitution.items():
        if old not in known:
            raise Refused("what is no free index")
        if old[0] == "time":
            check_time(new, frozenset())
        elif old[0] == "draw" and type(new) is int and new >= 1:
            walk.samples = max(walk.samples, new)
        elif old[0] in ("state", "action") and type(new) is tuple and new and new[0] == old[0][0]:
            check(("f", "place", new))
        elif old[0] == "trajectory" and type(new) is tuple and new[:1] == ("drawn",):
            check(("R", new))
        elif not (is_index(new) and new[0] == old[0] and type(new[1]) is str):
            raise Refused(f"{new} for the {old[0]} {old[1]}")
    for old in {x for x in known if x[0] == "time"} | equation.context.limiting():
        low, high = (_put_in(t, substitution) for t in equation.context.range_of(old))
        new = _put_in(at(old), substitution)
        walk.at_least_zero(difference_of(new, low), {})
        if high != INF:
            walk.at_least_zero(difference_of(high, new), {})
        if old not in known:  # it limits others, and must have a value
            walk.at_least_zero(difference_of(*reversed(context.range_of(old))), {})
    before, after, *owes = (_put_in(t, substitution) for t in (equation.before, equation.after, *equation.context.owes))
    first, samples = max(walk.first, equation.context.first), max(walk.samples, equation.context.samples)
    kept = replace(context, first=first, samples=samples, owes=context.owes | frozenset(owes))
    return _made(kept, before, after, equation.trusts)


def _put_in(t: Term, substitution: Mapping[Tuple, Any]) -> Term:
    """All at once."""
    for n, old in enumerate(substitution):
        t = replaced(t, old, (old[0], f"\0{n}"))
    for n, (old, new) in enumerate(substitution.items()):
        t = replaced(t, (old[0], f"\0{n}"), new)
    return t


WRAPS = {"+": 3, "*": 3, "/": 2, "^": 2, "grad": 1, "sum": 3, "E": 3}


def _as_tuples(x: Any) -> Any:
    """A copy of tuples and lists, made of nothing else than tuples, str and int."""
    if type(x) in (tuple, list):
        return tuple([_as_tuples(y) for y in x])
    if type(x) not in (str, int):
        raise Refused(f"a {type(x).__name__} in a term")
    return x


def under(equation: Equation, wraps: Sequence[Tuple]) -> Equation:
    """The equation inside a bigger term, from inside out: ("+" | "*", terms before, terms after), ("/", below),

    ("^", n), ("grad",), ("sum" | "E", index, domain) over a free index. Definedness of both whole terms is computed
    anew. A gradient may be taken, for the sides are equal functions of theta on a class that is open in theta; what
    was owed inside stays owed. What is covered at theta need not be nearby: its first derivative is 0 where it is 0,
    the second one is not, so a second gradient asks for a positive policy.

    Raises:
        Refused: for anything else, and where a range may leave that of the equation.
    """
    genuine(equation)
    before, after, context = equation.before, equation.after, equation.context
    for wrap in map(_as_tuples, wraps):  # each looked at once: both sides are put into the same
        head = wrap[0] if wrap else ""
        if len(wrap) != WRAPS.get(head):
            raise Refused(f"under {head}")
        if head in ("+", "*"):
            before, after = ((head, *wrap[1], t, *wrap[2]) for t in (before, after))
        elif head in ("/", "^"):
            before, after = ((head, t, wrap[1]) for t in (before, after))
        elif head == "grad" and at_theta(before, after):
            raise Refused("the gradient of an equation at theta")
        elif head == "grad":
            before, after = (("grad", t) for t in (before, after))
            if context.covers and "policy" not in context.positive and gradients(("+", before, after)) > 1:
                raise Refused("a second gradient of an equation for covered policies")
        elif head in ("sum", "E"):
            _, index, domain = wrap
            if not (is_index(index) and type(index[1]) is str) or index in owing(context):
                raise Refused("a bound letter, or one that something is owed of")
            if type(domain) is tuple and index in free(domain):
                raise Refused("a sum over a range that speaks of its own letter")
            if index[0] == "time":
                if domain[2] == INF and not context.infinite:
                    raise Refused("an infinite sum of an equation for finite horizons")
                walk, one = Walk(context), ("time", "\0")
                low, high = context.range_of(index)
                walk.at_least_zero(difference_of(at(one), low), {one: domain[1:]})
                if high != INF:
                    walk.at_least_zero(difference_of(high, at(one)), {one: domain[1:]})
                if any(index in free(t) for x, *span in context.ranges for t in span if x != index):
                    raise Refused("a range that speaks of a letter that is bound")
                kept = frozenset(x for x in context.ranges if x[0] != index)
                context = replace(context, first=walk.first, ranges=kept)
            if head == "E" and domain != "pi" and (context.possible or index[0] == "batch"):
                raise Refused("possible under one policy, expected under another")
            before, after = (bound(head, index, domain, t) for t in (before, after))
    if context.infinite:
        convergent(checked(context, before, after), before, after)
    return _made(context, before, after, equation.trusts)


__all__ = ["Context", "Equation", "Malformed", "NotShown", "OutOfRange", "Refused", "by_closure", "by_normal_form",
           "by_rule", "chained", "gap_of", "instance", "reversed_", "same", "under"]
