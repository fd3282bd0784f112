"""Numbers inside an expectation: J, or another expectation, as in E[(R(tau) - J)^2].

They do not depend on the trajectory at hand, so the body is a sum of products of them
with functions of the trajectory, and they move out: E[R^2] - 2 J E[R] + J^2 E[1].
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from sympy import Expr, Integer

from derive.errors import OutsideFragment
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.terms import Expect, Objective, Total, Var

Parts = list[tuple[tuple[Expr, ...], Expr]]
"""[(numbers, function of the trajectory), ...]: the sum of their products."""

MOST_PARTS = 64


def is_number(term: Expr) -> bool:
    """Whether a term is a mean of its own, whatever trajectory stands around it."""
    return isinstance(term, (Objective, Expect, Var)) and not term.free_symbols


def has_numbers(term: Expr) -> bool:
    """Whether such a number stands somewhere in a term."""
    return any(is_number(node) for node in subterms(term))


def apart(term: Expr) -> Parts:
    """The term as a sum of numbers times functions of the trajectory.

    Raises:
        OutsideFragment: if a number stands where it cannot be taken out of.
    """
    if not has_numbers(term):
        return [((), term)]
    if is_number(term):
        return [((term,), Integer(1))]
    match term:
        case Plus():
            return [part for argument in term.args for part in apart(argument)]
        case Times():
            return _multiplied(apart(argument) for argument in term.args)
        case Power(args=(base, Integer() as exponent)) if exponent >= 1:
            return _multiplied([apart(base)] * int(exponent))
        case Ratio(args=(above, below)) if not has_numbers(below):
            return [(numbers, Ratio(one, below)) for numbers, one in apart(above)]
        case Total():
            return [(numbers, Total(term.index, term.domain, one)) for numbers, one in apart(term.body)]
    raise OutsideFragment(f"{term} holds a mean in a place that it cannot be taken out of")


def _multiplied(factors: Iterable[Parts]) -> Parts:
    result: Parts = []
    for chosen in product(*factors):
        result.append((tuple(number for numbers, _ in chosen for number in numbers),
                       Times(*(one for _, one in chosen))))
        if len(result) > MOST_PARTS:
            raise OutsideFragment(f"a product of sums of means with more than {MOST_PARTS} parts")
    return result
