"""The derivative of a term in a number without a value, such as a constant baseline, as a term.

Sums, means and the gradient in theta are linear, and finite sums are differentiated term by term; products, quotients,
powers and logarithms by their rules. What does not depend on the number is gone then, with what it owes; so whoever
takes the derivative for the term's owes the term too.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer

from derive.errors import MalformedTerm
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.terms import Applied, Defined, Expect, Grad, Log, Outer, Total, Trace, Var

Meaning = Callable[[Expr], Expr]


def derivative_of(term: Expr, number: Expr, meaning: Meaning) -> Expr:
    """d term / d number; ``meaning`` says what a notion stands for.

    Raises:
        MalformedTerm: where the number is none, or stands where no rule reaches it, as below a power to a time.
    """
    if not (isinstance(number, Applied) and len(number.args) == 1):
        raise MalformedTerm(f'{number} is no number without a value. Write c = scalar("c") and derivative[c](f).',
                            number)

    def of(part: Expr) -> Expr:
        return derivative_of(part, number, meaning)

    def product(one: Expr, two: Expr, times: Callable[[Expr, Expr], Expr]) -> Expr:
        first, second = of(one), of(two)
        return _sum(*([times(first, two)] if first != 0 else []), *([times(one, second)] if second != 0 else []))

    if term == number:
        return Integer(1)
    if isinstance(term, Defined):
        return of(meaning(term))
    if number not in subterms(term) and not any(isinstance(node, Defined) for node in subterms(term)):
        return Integer(0)
    match term:
        case Plus():
            return _sum(*filter(None, map(of, term.args)))
        case Times(args=(one,)):
            return of(one)
        case Times(args=(one, *more)):
            return product(one, more[0] if len(more) == 1 else Times(*more), _times)
        case Power(args=(base, Integer() as exponent)) if exponent > 0:
            inner = of(base)
            return Integer(0) if inner == 0 else _times(
                exponent, *([base ** (exponent - 1)] if exponent > 2 else [base] * int(exponent - 1)), inner)
        case Ratio(args=(above, below)):
            first, second = of(above), of(below)
            parts = [Ratio(first, below)] if first != 0 else []
            return _sum(*parts, *([Times(-1, Ratio(Times(above, second), below**2))] if second != 0 else []))
        case Log(args=(inside,)):
            inner = of(inside)
            return Integer(0) if inner == 0 else Ratio(inner, inside)
        case Grad(args=(inside,)) | Trace(args=(inside,)):
            inner = of(inside)
            return Integer(0) if inner == 0 else term.func(inner)
        case Outer(args=(one, two)):
            return product(one, two, Outer)
        case Var(index=index, domain=law, body=body):  # Cov(f, f') + Cov(f', f), of gradients too
            inner = of(body)
            return Integer(0) if inner == 0 else Var(index, law, Plus(body, inner)) - Var(index, law, body) - Var(
                index, law, inner)
        case Total() | Expect():
            inner = of(term.body)
            return Integer(0) if inner == 0 else term.func(term.index, term.domain, inner)
    raise MalformedTerm(f"{term} has no derivative in {number} that is written out: powers to a time and products over "
                        "an index have none.", term)


def _times(*factors: Expr) -> Expr:
    """A product without the factors 1, which owe nothing."""
    left = [one for one in factors if one != 1]
    return left[0] if len(left) == 1 else Times(*left) if left else Integer(1)


def _sum(*parts: Expr) -> Expr:
    if not parts:
        return Integer(0)
    return parts[0] if len(parts) == 1 else Plus(*parts)
