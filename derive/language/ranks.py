"""Ranks: 0 for a scalar, 1 for a gradient, 2 for a matrix; and which matrices are symmetric by their form."""

from __future__ import annotations

from sympy import Expr

from derive.errors import MalformedTerm
from derive.language.definitions import some_meaning
from derive.language.dependence import depends_on_theta
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import Defined, Expect, Grad, Log, Prod, Total, Var


def rank(term: Expr) -> int:
    """0 for a scalar, 1 for a gradient, 2 for a covariance or a second derivative.

    Raises:
        MalformedTerm: if ranks do not fit: a sum of a gradient and a scalar, a product
            of two gradients, division by a gradient, a log of a gradient.
    """
    match term:
        case Plus():
            return _common_rank(term.args, term)
        case Times():
            ranked = [(argument, inner) for argument in term.args if (inner := rank(argument))]
            if len(ranked) > 1:
                (first, _), (second, _) = ranked[:2]
                raise MalformedTerm(
                    f"{first} and {second} are both gradients. Their product, a matrix, is written as a covariance: "
                    "variance(tau, f) is E[f f^T] - E[f] E[f]^T.", second)
            return ranked[0][1] if ranked else 0
        case Power():
            inner = rank(term.args[0])
            if inner and term.args[1] != 1:
                raise MalformedTerm(
                    f"{term.args[0]} is a gradient, which has no powers. The product of a gradient with itself, a "
                    "matrix, is written as a covariance: variance(tau, f) is E[f f^T] - E[f] E[f]^T.", term)
            return inner
        case Ratio():
            _scalar_only(term.args[1], "a denominator")
            return rank(term.args[0])
        case Log():
            _scalar_only(term.args[0], "the argument of a logarithm")
            return 0
        case Prod():
            _scalar_only(term.body, "a factor of a product")
            return 0
        case Grad():
            inner = rank(term.args[0])
            if inner >= 2:
                raise MalformedTerm(f"{term} is a third derivative; at most two are read.", term)
            return inner + 1
        case Var():
            inner = rank(term.body)
            if inner > 1:
                raise MalformedTerm(f"{term} is the variance of a matrix; scalars and gradients have one.", term)
            return 2 * inner
        case Total() | Expect():
            return rank(term.body)
        case Defined():
            return rank(some_meaning(term))
    for argument in term.args:
        if rank(argument):
            raise MalformedTerm(f"{argument} is a gradient; {term} takes none.", argument)
    return 0


def _scalar_only(term: Expr, role: str) -> None:
    if rank(term):
        raise MalformedTerm(f"{term} is a gradient and cannot be {role}.", term)


def _common_rank(parts: tuple[Expr, ...], whole: Expr) -> int:
    ranks = {rank(part) for part in parts if part != 0}
    if len(ranks) > 1:
        odd = min((part for part in parts if part != 0), key=rank)
        raise MalformedTerm(f"{whole} adds a gradient and a scalar ({odd} has no gradient).", odd)
    return ranks.pop() if ranks else 0


def is_symmetric(term: Expr) -> bool:
    """Whether a term of rank 2 is a symmetric matrix by its form: a covariance, a second derivative, their sums.

    A single direction v sees v' M v, hence only the symmetric part of M; grad(f grad(g))
    holds an outer product of two different gradients, which it does not determine.
    """
    match term:
        case Var():
            return True
        case Plus():
            return all(is_symmetric(part) for part in term.args)
        case Times():
            return all(is_symmetric(factor) for factor in term.args if rank(factor))
        case Ratio(args=(above, _)):
            return is_symmetric(above)
        case Total() | Expect():
            return is_symmetric(term.body)
        case Grad(args=(inner,)):
            return _is_a_gradient(inner)
        case Defined():
            return is_symmetric(some_meaning(term))
    return bool(term == 0)


def _is_a_gradient(term: Expr) -> bool:
    """Whether a term of rank 1 is the gradient of a scalar by its form."""
    match term:
        case Grad():
            return True
        case Plus():
            return all(_is_a_gradient(part) for part in term.args if part != 0)
        case Times():
            fixed = not any(depends_on_theta(factor) for factor in term.args if not rank(factor))
            return fixed and all(_is_a_gradient(factor) for factor in term.args if rank(factor))
        case Ratio(args=(above, below)):
            return _is_a_gradient(above) and not depends_on_theta(below)
        case Total():
            return _is_a_gradient(term.body)
        case Defined():
            return _is_a_gradient(some_meaning(term))
    return False
