"""Terms as evaluators of infinite horizons read them: places at one time each, no sum of two.

    sum_{k=lo..hi} f(k + u) = sum_{k=lo+u..hi+u} f(k)        u without k; both are empty where hi < lo
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer

from derive.language.binding import Binder, substitute
from derive.language.expression import Plus, Times, negative, subterms
from derive.language.terms import ActionAt, Between, Forever, Prod, StateAt, Time, Total


def reindexed(term: Expr) -> Expr:
    """The term with its sums and products over times counted from what is added to them, where something is."""
    if not any(len(_letters(node.args[1])) > 1 for node in subterms(term) if isinstance(node, (StateAt, ActionAt))):
        return term
    return _moved(term)


def _moved(term: Expr) -> Expr:
    if not term.args:
        return term
    if not isinstance(term, Binder):
        parts = [_moved(part) for part in term.args]
        return term if all(one is two for one, two in zip(parts, term.args, strict=True)) else term.func(*parts)
    index, body = term.opened()
    body, domain = _moved(body), term.domain
    if isinstance(term, (Total, Prod)) and isinstance(domain, Between):
        added = _added(index, body)
        if added is not None:
            body = substitute(body, {index: Plus(index, negative(added))})
            first, last = domain.args
            domain = Between(Plus(first, added), last if isinstance(last, Forever) else Plus(last, added))
    return term.func(index, domain, body)


def _added(index: Any, body: Expr) -> Expr | None:
    """What is added to a time, once, where a trajectory is read: letters that no sum inside binds."""
    for node in subterms(body):
        if isinstance(node, (StateAt, ActionAt)):
            letters = _letters(node.args[1])
            others = [(letter, n) for letter, n in letters.items() if letter != index]
            if letters.get(index) == 1 and others and not any(letter.is_bound for letter, _ in others):
                parts = [letter if n == 1 else Times(Integer(n), letter) for letter, n in others]
                return parts[0] if len(parts) == 1 else Plus(*parts)
    return None


def _letters(time: Expr) -> dict[Any, int]:
    """The letters of a time and how often each stands in it; none for what is no sum of multiples of letters."""
    match time:
        case Time():
            return {time: 1}
        case Plus():
            found: dict[Any, int] = {}
            for part in time.args:
                for letter, n in _letters(part).items():
                    found[letter] = found.get(letter, 0) + n
            return {letter: n for letter, n in found.items() if n}
        case Times(args=(Integer() as n, letter)):
            return {one: int(n) * m for one, m in _letters(letter).items()}
    return {}
