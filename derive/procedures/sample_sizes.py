"""From finitely many sample sizes to every m.

**Theorem.** If each side times m^q is a polynomial in m of degree at most e, the values
m = 1, ..., e + 1 settle every m: a nonzero polynomial of degree e has at most e roots.

The mean over m independent samples of a function of one sample is (1/m) times a sum
whose expectation is m E[f]; its square expands to m terms i = j and m(m-1) terms i != j
with equal expectations, a polynomial of degree 2. So mean and variance of a sample mean
have q = e = 2, and m = 1, 2, 3 are enough. The bound is read off the term: 1/m =
(m^2 - 6m + 11)/6 has e = 3, holds at m = 1, 2, 3, and is refuted at 4.
"""

from __future__ import annotations

from typing import NamedTuple

from sympy import Expr, Integer

from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.terms import Between, Draw, Drawn, Expect, Grad, SampleSize, Total, Var


class _Outside(Exception):
    """The side is no polynomial in m over a power of m."""


class _Degree(NamedTuple):
    """``side * m**down`` is a polynomial in m of degree at most ``up``."""

    down: int
    up: int


def sufficient_samples(before: Expr, after: Expr) -> int | None:
    """e + 1, so that m = 1..e+1 settle every m; None if a side is no such polynomial.

    With a sample named by its number, tau^(1), small m are special: no bound is given.
    Several free sample numbers need as many samples to be all different.
    """
    sides = (*subterms(before), *subterms(after))
    if any(isinstance(node, Drawn) and isinstance(node.args[1], Integer) for node in sides):
        return None
    try:
        left, right = _degree(before), _degree(after)
    except _Outside:
        return None
    down = max(left.down, right.down)
    distinct = sum(isinstance(index, Draw) for index in before.free_symbols | after.free_symbols)
    return max(distinct, 1 + max(left.up + down - left.down, right.up + down - right.down))


def _degree(term: Expr) -> _Degree:
    if not _samples(term):
        return _Degree(0, 0)
    match term:
        case SampleSize():
            return _Degree(0, 1)
        case Plus():
            parts = [_degree(argument) for argument in term.args]
            down = max(part.down for part in parts)
            return _Degree(down, max(part.up + down - part.down for part in parts))
        case Times():
            parts = [_degree(argument) for argument in term.args]
            return _Degree(sum(part.down for part in parts), sum(part.up for part in parts))
        case Ratio(args=(above, SampleSize())):
            inner = _degree(above)
            return _Degree(inner.down + 1, inner.up)
        case Ratio(args=(above, Power(args=(SampleSize(), Integer() as exponent)))) if exponent >= 0:
            inner = _degree(above)
            return _Degree(inner.down + int(exponent), inner.up)
        case Ratio(args=(above, below)) if not _samples(below):
            return _degree(above)
        case Power(args=(base, Integer() as exponent)) if exponent >= 0:
            inner = _degree(base)
            return _Degree(inner.down * int(exponent), inner.up * int(exponent))
        case Expect(body=body) | Grad(args=(body,)):
            return _degree(body)
        case Var(body=body):
            inner = _degree(body)
            return _Degree(2 * inner.down, 2 * inner.up)
        case Total(index=Draw(), domain=Between(args=(Integer() as first, SampleSize())), body=body) if first == 1:
            inner = _degree(body)
            return _Degree(inner.down, inner.up + 1)
        case Total(domain=domain, body=body) if not _samples(domain):
            return _degree(body)
    if not any(isinstance(node, SampleSize) for node in subterms(term)):
        return _Degree(0, 0)  # a function of single samples: its mean does not depend on m
    raise _Outside


def largest_draw(*terms: Expr) -> int:
    """The largest literal sample number, at least 1; the terms have a meaning from that m on."""
    numbers = [node.args[1] for term in terms for node in subterms(term) if isinstance(node, Drawn)]
    return max([1, *(int(number) for number in numbers if isinstance(number, Integer))])


def _samples(term: Expr) -> bool:
    return any(isinstance(node, (SampleSize, Drawn)) for node in subterms(term))
