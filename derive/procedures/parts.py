"""An equation from equations of its parts: for what the kernel reads at one time, and not as a sum over all.

Σ_t E[f_t]² is a sum of products of expectations, which the kernel does not read; at a free time t it reads the product.
So a product below a sum over times is replaced by 0 where it is 0, summands are compared where both sides are the same
sum, and what gradients are of where both sides are gradients, as of means given events; and the kernel puts what it has
shown into the whole (``under``) and one after the other (``chained``). Nothing here is trusted.

A gradient of an expectation whose body holds V of the policy that is held at theta is shown by way of the score of the
trajectory, ∇E[f] = E[Σ_t ∇log π(a_t|s_t) f]: the kernel makes both equations, and not always the one that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from derive.errors import WorkLimit
from derive.kernel.closure import NotShown
from derive.kernel.contexts import Context
from derive.kernel.contexts import to_data as context_data
from derive.kernel.definedness import defined
from derive.kernel.equations import Equation, chained, instance, under
from derive.kernel.polynomials import Refused
from derive.kernel.terms import (
    HELD,
    INF,
    LAST,
    Malformed,
    Term,
    Tuple,
    at,
    bound,
    free,
    opened,
    subterms,
    time,
    to_data,
)

MOST_ASKED = 16
ZERO: Term = ("num", 0, 1)
WHOLE = (("from", time(), LAST), ("from", time(), INF))

Found = tuple[Equation, dict[str, Any]]
"""An equation, and what makes it again."""
Ask = Callable[[Context, Term, Term], Found | None]


@dataclass(frozen=True, slots=True)
class Part:
    """An equation inside a bigger term."""

    whole: Equation
    data: dict[str, Any]


def by_parts(context: Context, before: Term, after: Term, ask: Ask) -> Found | None:
    """The equation and its evidence, if the kernel has one for enough of the parts."""
    search = Search(context, ask)
    first, left = search.without_zeros(before, forwards=True)
    last, right = search.without_zeros(after, forwards=False)
    middle = search.between(context, left, right, ())
    return None if middle is None else linked(context, before, after, [*first, *middle, *last])


def by_scores(context: Context, before: Term, after: Term, ask: Ask) -> Found | None:
    """The equation and its evidence, if it is one by way of scores in the place of gradients of held values."""
    ways = [before, _with_scores(before), _with_scores(after), after]
    if ways[1] == before and ways[2] == after:
        return None
    search, parts = Search(context, ask), list[Part]()
    for one, two in pairwise(ways):
        if one != two:
            found = search.part(context, one, two, ())
            if found is None:
                return None
            parts.append(found)
    return linked(context, before, after, parts)


def _with_scores(term: Term) -> Term:
    """With scores in the place of gradients of expectations that hold values of the held policy.

    ∇E[f] becomes E[Σ_k ∇log π(a_k|s_k) f]; where f is a sum over times, that over the times from k on, as it must be
    without a last decision; and so where the sum stands outside.
    """
    if term[0] in ("+", "*"):
        return (term[0], *map(_with_scores, term[1:]))
    if term[0] != "grad" or not any(x[0] == "V" and len(x) == 4 and x[1] == HELD for x in subterms(term[1])):
        return term
    inside, span, index = term[1], None, ("time", "later")
    if inside[0] == "sum" and inside[2] in WHOLE:
        span, (_, inside) = inside[2], opened(inside, index[1])
    factors = inside[1:] if inside[0] == "*" else (inside,)
    means = [x for x in factors if x[0] == "E" and x[1][0] == "trajectory" and x[2] == "pi"]
    if len(means) != 1 or sum(map(expects, factors)) > 1:
        return term
    path, body = opened(means[0], "path")
    if span is None and body[0] == "sum" and body[2] in WHOLE:
        span, (_, body) = body[2], opened(body, index[1])
    body = ("*", *(x for x in factors if x[0] != "E"), body)
    step = ("time", "step")
    score = ("grad", ("log", ("pi", "pi", ("a", path, at(step)), ("s", path, at(step)))))
    if span is None:
        return bound("E", path, "pi", ("*", bound("sum", step, WHOLE[0], score), body))
    later = bound("sum", index, ("from", at(step), span[2]), body)
    return bound("sum", step, span, bound("E", path, "pi", ("*", score, later)))


def linked(context: Context, before: Term, after: Term, parts: list[Part]) -> Found | None:
    """The parts one after the other, in the context, if they reach as far as the two terms do by themselves."""
    if not parts:
        return None
    try:
        equation = parts[0].whole
        for part in parts[1:]:
            equation = chained(equation, part.whole)
        equation = instance(equation, {}, context)
        own = defined(context, before, after)
    except (Refused, NotShown, Malformed, WorkLimit):
        return None
    if equation.context.owes - own.owes or (
            equation.context.first, equation.context.samples) != (own.first, own.samples):
        return None
    return equation, {"by": "parts", "links": [part.data for part in parts]}


class Search:
    """What is asked of the kernel for the parts of one claim, at most so much."""

    def __init__(self, context: Context, ask: Ask) -> None:
        self.context, self._ask, self.asked = context, ask, 0

    def part(self, context: Context, one: Term, two: Term, wraps: tuple[Tuple, ...]) -> Part | None:
        """one = two by the kernel, inside a bigger term."""
        self.asked += 1
        if self.asked > MOST_ASKED:
            return None
        try:
            found = self._ask(context, one, two)
            if found is None:
                return None
            equation, evidence = found
            whole = under(equation, wraps)
        except (Refused, Malformed):
            return None
        return Part(whole, {"before": to_data(one), "after": to_data(two), "context": context_data(context),
                            "evidence": evidence, "wraps": to_data(wraps)})

    def without_zeros(self, term: Term, *, forwards: bool) -> tuple[list[Part], Term]:
        """The term with products of expectations below sums over times replaced by 0 where they are 0."""
        parts: list[Part] = []
        tried: set[Term] = set()
        while True:
            places = (found for found in _products(self.context, term, ()) if found[1] not in tried)
            for context, one, wraps in places:
                tried.add(one)
                part = self.part(context, *((one, ZERO) if forwards else (ZERO, one)), wraps)
                if part is not None:
                    parts = [*parts, part] if forwards else [part, *parts]
                    term = part.whole.after if forwards else part.whole.before
                    break
            else:
                return parts, term

    def between(self, context: Context, one: Term, two: Term, wraps: tuple[Tuple, ...]) -> list[Part] | None:
        """What leads from one term to another at the same place: nothing, one equation, or one for each part."""
        if one == two:
            return []
        whole = self.part(context, one, two, wraps)
        if whole is not None:
            return [whole]
        if one[0] != two[0] or len(one) != len(two):
            return None
        head = one[0]
        if head in ("+", "*"):
            parts: list[Part] = []
            for n in range(1, len(one)):
                found = self.between(context, one[n], two[n], ((head, two[1:n], one[n + 1:]), *wraps))
                if found is None:
                    return None
                parts += found
            return parts
        if head == "grad":
            return self.between(context, one[1], two[1], (("grad",), *wraps))
        if head in ("^", "/") and one[2] == two[2]:
            return self.between(context, one[1], two[1], ((head, one[2]), *wraps))
        if head in ("sum", "E") and one[1][0] == two[1][0] and one[2] == two[2]:
            inside, index, body = opened_below(context, one, two)
            return self.between(inside, body, opened(two, index[1])[1], ((head, index, one[2]), *wraps))
        return None


def opened_below(context: Context, *terms: Term) -> tuple[Context, Tuple, Term]:
    """The body of the first binder with a letter that stands in none, and the context with its range."""
    sort, known = terms[0][1][0], {name for term in terms for _, name in free(term)}
    known |= {name for (_, name), _, _ in context.ranges}
    name = next(f"{sort[0]}{n}" for n in range(1, len(known) + 2) if f"{sort[0]}{n}" not in known)
    index, body = opened(terms[0], name)
    span = terms[0][2]
    if sort == "time" and span not in WHOLE and not context.infinite:
        context = replace(context, ranges=context.ranges | {(index, *span[1:])})
    return context, index, body


def _products(context: Context, term: Term, wraps: tuple[Tuple, ...], *,
              timed: bool = False) -> Iterator[tuple[Context, Term, tuple[Tuple, ...]]]:
    """The products of two expectations below sums over times, with the way from there to the whole."""
    head = term[0]
    factors = term[1:] if head == "*" else (term[1],) * term[2] if head == "^" else ()
    if timed and sum(map(expects, factors)) > 1:
        yield context, term, wraps
    elif head in ("+", "*"):
        for n in range(1, len(term)):
            yield from _products(context, term[n], ((head, term[1:n], term[n + 1:]), *wraps), timed=timed)
    elif head == "/":
        yield from _products(context, term[1], (("/", term[2]), *wraps), timed=timed)
    elif head == "sum" and term[1][0] == "time":
        inside, index, body = opened_below(context, term)
        yield from _products(inside, body, (("sum", index, term[2]), *wraps), timed=True)


def expects(term: Term) -> bool:
    """Whether an expectation stands in a term."""
    return any(x[0] == "E" for x in subterms(term))
