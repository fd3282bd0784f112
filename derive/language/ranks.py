"""Ranks: 0 for a scalar, 1 for a gradient, 2 for a matrix; and what one direction of theta says of terms."""

from __future__ import annotations

from collections import Counter

from sympy import Expr

from derive.errors import MalformedTerm
from derive.language.definitions import some_meaning
from derive.language.dependence import depends_on_theta
from derive.language.expression import Plus, Power, Ratio, Times, has
from derive.language.terms import Defined, Expect, Grad, Log, Outer, Prod, Total, Trace, Var


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
                    f"{first} and {second} are both gradients. Write outer(f, g) for their product that is a matrix, "
                    "inner(f, g) for the one that is a number.", second, term)
            return ranked[0][1] if ranked else 0
        case Power():
            inner = rank(term.args[0])
            if inner and term.args[1] != 1:
                raise MalformedTerm(
                    f"{term.args[0]} is a gradient, which has no powers. Write outer(f, f) for the matrix f f^T, "
                    "inner(f, f) for the square of its length.", term)
            return inner
        case Ratio():
            _scalar_only(term.args[1], "a denominator", term)
            return rank(term.args[0])
        case Log():
            _scalar_only(term.args[0], "the argument of a logarithm", term)
            return 0
        case Prod():
            _scalar_only(term.body, "a factor of a product", term)
            return 0
        case Outer():
            for argument in term.args:
                if argument != 0 and rank(argument) != 1:
                    raise MalformedTerm(f"{argument} is no gradient; {term} multiplies two.", argument, term)
            return 2
        case Trace(args=(matrix,)):
            if matrix != 0 and rank(matrix) != 2:
                raise MalformedTerm(f"{matrix} is no matrix; {term} adds up the diagonal of one.", matrix, term)
            return 0
        case Grad():
            inner = rank(term.args[0])
            if _traces(term.args[0]):
                raise MalformedTerm(f"{term} is a gradient of a product of gradients, a third derivative.", term)
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
            raise MalformedTerm(f"{argument} is a gradient; {term} takes none.", argument, term)
    return 0


def _scalar_only(term: Expr, role: str, whole: Expr) -> None:
    if rank(term):
        raise MalformedTerm(f"{term} is a gradient and cannot be {role}.", term, whole)


def _common_rank(parts: tuple[Expr, ...], whole: Expr) -> int:
    ranks = {rank(part) for part in parts if part != 0}
    if len(ranks) > 1:
        odd = min((part for part in parts if part != 0), key=rank)
        raise MalformedTerm(f"{whole} adds a gradient and a scalar ({odd} has no gradient).", whole)
    return ranks.pop() if ranks else 0


def settled_by_one_direction(*terms: Expr) -> bool:
    """Whether an identity of terms holds if it does where theta moves along one line, whichever.

    A matrix M is seen as v' M v there, and its trace too, for the trace adds these up over the coordinates; of a
    product of two traces a line shows too little: |f|^2 |g|^2 = (f . g)^2 holds on every line.
    """
    return all(_traces(term) < 2 and (rank(term) < 2 or is_symmetric(term)) for term in terms)


def _traces(term: Expr) -> int:
    """How many traces are multiplied at most; 2 where one is not a factor of a sum of products."""
    if not has(term, Trace, Defined):
        return 0
    match term:
        case Plus():
            return max(map(_traces, term.args))
        case Times():
            found = sum(map(_traces, term.args))
            return 2 if found and any(map(rank, term.args)) else found
        case Ratio(args=(above, below)):
            return 2 if _traces(below) else _traces(above)
        case Total() | Expect():
            return _traces(term.body)
        case Trace(args=(matrix,)):
            return 1 + _traces(matrix)
        case Defined():
            return _traces(some_meaning(term))
    return 2 if any(map(_traces, term.args)) else 0


def _without_numbers(term: Expr) -> Expr:
    """A gradient without the numbers that it is multiplied by: (c f)(d f)^T = c d f f^T."""
    match term:
        case Times():
            (big,) = [part for part in term.args if rank(part)]
            return _without_numbers(big)
        case Ratio(args=(above, _)):
            return _without_numbers(above)
    return term


def is_symmetric(term: Expr) -> bool:
    """Whether a term of rank 2 is a symmetric matrix by its form: a covariance, a second derivative, f f^T, their sums.

    A single direction v sees v' M v, hence only the symmetric part of M; grad(f grad(g))
    holds an outer product of two different gradients, which it does not determine.
    """
    match term:
        case Var():
            return True
        case Outer(args=(one, two)):
            return bool(_without_numbers(one) == _without_numbers(two))
        case Plus():
            odd = [part for part in term.args if not is_symmetric(part)]
            return Counter(odd) == Counter(map(_transposed, odd))
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


def _transposed(term: Expr) -> Expr | None:
    """The transpose of a matrix, with g f^T for f g^T; None where it has no form of its own."""
    match term:
        case Outer(args=(one, two)):
            return Outer(two, one)
        case Times() | Plus():
            parts = [_transposed(part) if rank(part) else part for part in term.args]
            return None if None in parts else term.func(*parts)
        case Ratio(args=(above, below)):
            turned = _transposed(above)
            return None if turned is None else Ratio(turned, below)
        case Total() | Expect():
            turned = _transposed(term.body)
            return None if turned is None else term.func(term.index, term.domain, turned)
    return term if is_symmetric(term) else None


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
