"""An equation in which means given a state, or a state and an action, are functions of these: E[G_t | s_t=s] = V_t(s).

Two such means of one state are no sum over trajectories, nor are their product, a square, or a sum over the states of
it. So each is replaced by a value, or by sums over the actions and next states of one step, where the kernel shows
that it is that, and what is left is asked for: by this way Σ_s p_t(s) E[G_t | s_t = s]² is E[V_t(s_t)²]. The kernel
puts the parts together, as in ``parts``; nothing is trusted.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.kernel.contexts import Context
from derive.kernel.terms import ALL, INF, Term, Tuple, bound, occurs, replaced, shifted, subterms
from derive.procedures.parts import Ask, Found, Part, Search, linked, opened_below

Place = tuple[Context, Term, tuple[Tuple, ...]]
"""A part of a term, the context that it stands in, and the way from there to the whole."""


def by_values(context: Context, before: Term, after: Term, ask: Ask) -> Found | None:
    """The equation and its evidence, if it is one by way of values in the place of conditional means."""
    if not any(_is_conditional(x) for side in (before, after) for x in subterms(side)):
        return None
    search = Search(context, ask)
    first, left = _with_values(search, before, forwards=True)
    last, right = _with_values(search, after, forwards=False)
    middle = search.between(context, left, right, ()) if first or last else None
    return None if middle is None else linked(context, before, after, [*first, *middle, *last])


def _with_values(search: Search, term: Term, *, forwards: bool) -> tuple[list[Part], Term]:
    parts: list[Part] = []
    tried: set[Term] = set()
    while place := next((one for one in _means(search.context, term, ()) if one[1] not in tried), None):
        context, mean, wraps = place
        tried.add(mean)
        for value in _values(context, mean):
            part = search.part(context, *((mean, value) if forwards else (value, mean)), wraps)
            if part is not None:
                parts = [*parts, part] if forwards else [part, *parts]
                term = part.whole.after if forwards else part.whole.before
                tried.clear()
                break
    return parts, term


def _means(context: Context, term: Term, wraps: tuple[Tuple, ...]) -> Iterator[Place]:
    """The conditional means in a term, where an equation can be put into it."""
    head = term[0]
    if _is_conditional(term):
        yield context, term, wraps
    elif head in ("+", "*"):
        for n in range(1, len(term)):
            yield from _means(context, term[n], ((head, term[1:n], term[n + 1:]), *wraps))
    elif head in ("/", "^"):
        yield from _means(context, term[1], ((head, term[2]), *wraps))
    elif head == "grad":
        yield from _means(context, term[1], (("grad",), *wraps))
    elif head in ("sum", "E"):
        inside, index, body = opened_below(context, term)
        yield from _means(inside, body, ((head, index, term[2]), *wraps))


def _is_conditional(x: Tuple) -> bool:
    """Whether a term is E[f 1{...}] / E[1{...}]."""
    return x[0] == "/" and len(x) == 3 and all(part[0] == "E" and part[1][0] == "trajectory" for part in x[1:]) and any(
        one[0] == "same" for one in subterms(x[2]))


def _values(context: Context, mean: Term) -> Iterator[Term]:
    """What a mean given places may be: V_t(s), and Q_t(s, a) where an action is given, of its own policy; or local."""
    _, path, policy, events = mean[2]
    given = [(one, two) for event in subterms(events) if event[0] == "same"
             for one, two in (event[1:], event[:0:-1]) if one[1:2] == (path,) and two[0] in ("state", "action")]
    for (_, _, t), s in [one for one in given if one[0][0] == "s"]:
        for (_, _, k), a in [one for one in given if one[0][0] == "a" and one[0][2] == t]:
            x = ("state", "next")
            later = ("V", policy, INF if context.infinite else shifted(k, 1), x)
            to_go = ("+", ("r", s, a, x), ("*", ("gamma",), later))
            yield bound("sum", x, ALL, ("*", ("P", x, s, a), to_go))
        yield ("V", policy, INF if context.infinite else t, s)
        yield from _of_one_step(mean, policy, t, dict(given))


def _of_one_step(mean: Term, policy: str, t: Tuple, given: dict[Tuple, Tuple]) -> Iterator[Term]:
    """Σ_a π(a|s) Σ_x P(x|s,a) f(s, a, x), an action that is given put in; nothing where f is about other times."""
    _, path, _, body = mean[1]
    here, action, ahead = ("s", path, t), ("a", path, t), ("s", path, shifted(t, 1))
    if here not in given or body[0] != "*":
        return
    s, a, x = given[here], given.get(action, ("action", "chosen")), ("state", "next")
    local: Term = ("*", *(factor for factor in body[1:] if factor[0] != "same"))
    for place, letter in ((here, s), (action, a), (ahead, x)):
        local = replaced(local, place, letter)
    if occurs(path, local):
        return
    if occurs(x, local):
        local = bound("sum", x, ALL, ("*", ("P", x, s, a), local))
    yield local if action in given else bound("sum", a, ALL, ("*", ("pi", policy, a, s), local))
