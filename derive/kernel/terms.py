"""Terms: plain nested tuples, bound indices by height, substitution, JSON.

    number         ("num", p, q)                     gamma, sample size   ("gamma",), ("m",)
    sum, product   ("+", ...), ("*", ...)            to a time  ("gamma^", time) ("c^", name, time) ("q^", p, q, time)
    quotient       ("/", above, below)               power                ("^", base, n)
    gradient, log  ("grad", x), ("log", x)           expectation          ("E", index, policy, body)
    trace          ("trace", x), x a matrix, such as a gradient times a gradient, which is their outer product
    over an index  ("sum" | "prod", index, range, body)
    model          ("mu", s)  ("P", x, s, a)  ("pi", policy, a, s)  ("r", s, a, x)  indicator ("same", place, place)
    free function  ("f", name, place, ...), a number without places       return  ("R", path)
    value          ("V", policy, time, s)

An index is (sort, name) while it is free and (sort, height) where it is bound, one more than the greatest height
inside: terms that differ in bound names only are equal, and nothing that holds no binder can be captured. A time is
("lin", n, ((base, c), ...)), that is n + sum c base, base "H" or an index; ("inf",) ends an infinite sum. A range is
("from", first, last) for times, ("from", 1, ("m",)) for draws, ("all",) else. A place is a state or an action, free or
bound, or ("s" | "a" | "h", path, time), h_t = (s_0, a_0, ..., s_t) for free functions only; a path is a trajectory or
("drawn", batch, draw). J, Q, A, Var, P(tau) are no terms here: they are put in before. The policy "pi" depends on
theta, no other does.
"""

from __future__ import annotations

from typing import Any

Tuple = tuple[Any, ...]
Term = Tuple

SORTS = ("state", "action", "time", "trajectory", "draw", "batch")
BINDERS = ("sum", "prod", "E")
OPERATORS = ("+", "*", "^", "/", "grad", "log", "trace")
INF: Tuple = ("inf",)
ALL: Tuple = ("all",)
SAMPLES: Tuple = ("from", 1, ("m",))
PLACES = {"mu": "s", "P": "ssa", "pi": "as", "r": "sas", "V": "s"}
HELD = "@pi"
"""The policy that has the values of pi and does not move with theta."""


class Malformed(Exception):
    """No term of the language."""


def is_index(x: Any) -> bool:
    return type(x) is tuple and len(x) == 2 and x[0] in SORTS and type(x[1]) in (str, int)


def time(number: int = 0, *parts: tuple[Any, int]) -> Tuple:
    """number + sum c base, in normal form."""
    total: dict[Any, int] = {}
    for base, c in parts:
        total[base] = total.get(base, 0) + c
    return ("lin", number, tuple(sorted(((b, c) for b, c in total.items() if c), key=repr)))


LAST = time(0, ("H", 1))


def at(index: Tuple, n: int = 0) -> Tuple:
    """The time index + n."""
    return time(n, (index, 1))


def shifted(t: Tuple, by: int) -> Tuple:
    return t if t == INF else ("lin", t[1] + by, t[2])


def subterms(term: Tuple) -> list[Tuple]:
    """Every tuple inside that is not empty, indices and times included, outer ones first."""
    found = [term] if term else []
    for one in found:  # which grows
        found += [x for x in one if type(x) is tuple and x]
    return found


def occurs(x: Tuple, term: Any) -> bool:
    """Whether a tuple that is not empty stands somewhere in a term."""
    return type(term) is tuple and x in subterms(term)


def inside(term: Tuple) -> Tuple:
    """The terms directly inside an operator."""
    return tuple(x for x in term[1:] if type(x) is tuple) if term[0] in OPERATORS else ()


def height(term: Tuple) -> int:
    return max((x[1][1] for x in subterms(term) if x[0] in BINDERS and len(x) == 4), default=0)


def free(term: Tuple) -> set[Tuple]:
    """The indices with a name of their own."""
    return {x for x in subterms(term) if is_index(x) and type(x[1]) is str}


def replaced(term: Any, old: Tuple, new: Any) -> Any:
    """One tuple for another, wherever it stands; times stay in normal form."""
    if type(term) is not tuple:
        return term
    if term == old:
        return new
    if term and term[0] == "lin":
        if all(base != old for base, _ in term[2]):
            return term
        number, parts = term[1], list[Any]()
        for base, c in term[2]:
            image = time(0, (base, 1)) if base != old else new if new[0] == "lin" else at(new)
            number += c * image[1]
            parts += [(b, c * d) for b, d in image[2]]
        return time(number, *parts)
    return tuple([replaced(x, old, new) if type(x) is tuple else x for x in term])


def bound(kind: str, index: Tuple, domain: Any, body: Term) -> Term:
    """A binder over a free index."""
    own = (index[0], 1 + height(body))
    return (kind, own, domain, replaced(body, index, own))


def opened(term: Term, name: str) -> tuple[Tuple, Term]:
    """A free index and the body of a binder with it."""
    index = (term[1][0], name)
    if occurs(index, term[3]):
        raise Malformed(f"{name} is free inside")
    return index, replaced(term[3], term[1], index)


# -- what a term is ---------------------------------------------------------------------------------------


DEEPEST, LARGEST, STEEPEST = 150, 10**1000, 1_000
"""Levels of a term, the largest number in it, and its highest power: to write it out takes its time."""


def exact(x: Any, room: int = DEEPEST) -> None:
    """Raise ``Malformed`` unless this is made of tuples, str and int alone, not of their kin, and not too deep."""
    if type(x) is tuple and room:
        for y in x:
            exact(y, room - 1)
    elif type(x) not in (str, int):
        raise Malformed("a term that nests too deeply" if type(x) is tuple else f"a {type(x).__name__} in a term")
    elif type(x) is int and abs(x) > LARGEST:
        raise Malformed("a number of more than a thousand digits")


def check(term: Any, scope: frozenset[Tuple] = frozenset()) -> None:
    """Raise ``Malformed`` unless this is a scalar term, its bound indices those in ``scope`` and its own."""

    def need(condition: Any) -> None:
        if not condition:
            raise Malformed(f"no term: {str(term)[:200]}")

    need(type(term) is tuple and term and type(term[0]) is str)
    head, rest = term[0], term[1:]
    if head == "num":
        need(len(rest) == 2 and all(type(n) is int for n in rest) and rest[1] > 0)
    elif head in ("gamma", "m"):
        need(not rest)
    elif head in ("gamma^", "c^", "q^"):
        need(len(rest) == {"gamma^": 1, "c^": 2, "q^": 3}[head])
        check_time(rest[-1], scope)
        if head == "c^":
            check_name(rest[0])
        need(head != "q^" or (type(rest[0]) is type(rest[1]) is int and rest[0] and rest[1] > 0))
    elif head in OPERATORS:
        need(len(rest) == 2 if head in ("/", "^") else len(rest) == 1 if head in ("grad", "log", "trace") else rest)
        need(head != "^" or (type(rest[1]) is int and abs(rest[1]) <= STEEPEST))
        for x in rest[:1] if head == "^" else rest:
            check(x, scope)
    elif head in BINDERS:
        need(len(rest) == 3 and is_index(rest[0]))
        index, domain, body = rest
        need(type(body) is tuple and type(index[1]) is int and index[1] == 1 + height(body))
        if head == "E":
            need(index[0] in ("trajectory", "batch"))
            check_policy(domain)
        elif index[0] == "time":
            need(type(domain) is tuple and len(domain) == 3 and domain[0] == "from")
            check_time(domain[1], scope)
            if domain[2] != INF:
                check_time(domain[2], scope)
        else:
            need(domain == (SAMPLES if index[0] == "draw" else ALL) and index[0] != "batch")
        check(body, scope | {index})
    elif head == "same":
        need(len(rest) == 2)
        one, two = (check_place(x, scope) for x in rest)
        need(one == two != "h")
    elif head in PLACES or head == "f":
        named = head in ("pi", "f", "V")
        need(not named or rest)
        if head in ("pi", "V"):
            check_policy(rest[0])
        elif named:
            check_name(rest[0])
        if head == "V":
            need(len(rest) == 3)
            if rest[1] != INF:
                check_time(rest[1], scope)
        found = "".join(check_place(x, scope) for x in rest[2 if head == "V" else int(named):])
        need(found == PLACES.get(head, found))
    elif head == "R":
        need(len(rest) == 1)
        check_path(rest[0], scope)
    else:
        need(False)


def check_name(name: Any) -> None:
    """Names that begin with # ! @ . or are not printable are the kernel's own, or nobody's."""
    if type(name) is not str or not name or name[0] in "#!@." or not name.isprintable():
        raise Malformed(f"the name {name!r}")


def check_policy(name: Any) -> None:
    if name != HELD:
        check_name(name)


def check_index(x: Any, sort: str, scope: frozenset[Tuple]) -> None:
    if not (is_index(x) and x[0] == sort and (type(x[1]) is str or x in scope)):
        raise Malformed(f"{x} is no {sort} in scope")
    if type(x[1]) is str:
        check_name(x[1])


def check_time(t: Any, scope: frozenset[Tuple]) -> None:
    if not (type(t) is tuple and len(t) == 3 and t[0] == "lin" and type(t[1]) is int and type(t[2]) is tuple):
        raise Malformed(f"{t} is no time")
    for part in t[2]:
        if not (type(part) is tuple and len(part) == 2 and type(part[1]) is int):
            raise Malformed(f"{t} is no time")
        if part[0] != "H":
            check_index(part[0], "time", scope)
    if t != time(t[1], *t[2]):
        raise Malformed(f"the time {t} is not in normal form")


def check_path(p: Any, scope: frozenset[Tuple]) -> None:
    if type(p) is tuple and len(p) == 3 and p[0] == "drawn":
        check_index(p[1], "batch", scope)
        if type(p[2]) is not int or p[2] < 1:
            check_index(p[2], "draw", scope)
        return
    check_index(p, "trajectory", scope)


def check_place(x: Any, scope: frozenset[Tuple]) -> str:
    """"s", "a" or "h"."""
    if type(x) is tuple and len(x) == 3 and x[0] in ("s", "a", "h"):
        check_path(x[1], scope)
        check_time(x[2], scope)
        return str(x[0])
    if not is_index(x) or x[0] not in ("state", "action"):
        raise Malformed(f"{x} is no state and no action")
    check_index(x, x[0], scope)
    return str(x[0][0])


def to_data(term: Any) -> Any:
    return [to_data(x) for x in term] if type(term) is tuple else term


def from_data(data: Any, room: int = DEEPEST) -> Any:
    """Tuples from lists; what is neither list, str nor int is refused.

    Raises:
        Malformed: saying what it is.
    """
    if type(data) is list and room:
        return tuple(from_data(x, room - 1) for x in data)
    if type(data) not in (str, int):
        raise Malformed(f"{str(data)[:40]} ({type(data).__name__}) in a term")
    return data


# -- the law and the additive return, which definedness and equations recognise -------------------------------


def law_term(policy: str, path: Tuple) -> Term:
    """P(path): mu(s_0) prod_t P(s_{t+1}|s_t,a_t) policy(a_t|s_t)."""
    t = ("time", "law")
    now, act, then = ("s", path, at(t)), ("a", path, at(t)), ("s", path, at(t, 1))
    step = ("*", ("P", then, now, act), ("pi", policy, act, now))
    return ("*", ("mu", ("s", path, time())), bound("prod", t, ("from", time(), LAST), step))
