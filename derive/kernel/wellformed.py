"""What one direction of theta may decide, and which horizon a term speaks of.

A gradient is taken along one direction v. An identity of rank 1, linear in gradients, holds for every gradient iff it
does along every v. An identity of rank 2 is one of quadratic forms along v: it says what is claimed only where both
sides are symmetric by their form, for a symmetric matrix is determined by its quadratic form. A trace is the sum of
v' M v over the coordinates v. An identity in which traces stand to first order only, and beside no gradient, holds if
it does with v' M v for each trace, for every v: c v in the place of v shows that the parts with and without a trace
agree, and each is added up. Of products of traces one direction says too little: |f|^2 |g|^2 = (f . g)^2 along each.
"""

from __future__ import annotations

from derive.kernel.polynomials import Refused
from derive.kernel.terms import BINDERS, HELD, INF, Malformed, Term, check, exact, free, inside, subterms

HIGHEST = 2


def rank(t: Term) -> int | None:
    """0 for numbers, 1 for gradients, 2 for matrices; None for the number 0, which has every rank.

    Raises:
        Malformed: for a sum of different ranks, for a quotient by, logarithm, or product over an index of rank > 0, and
            for the gradient of a trace.
    """
    head = t[0]
    if head == "num":
        return 0 if t[1] else None
    if head == "+":
        ranks = {rank(x) for x in t[1:]} - {None}
        if len(ranks) > 1:
            raise Malformed("a sum of terms of different rank")
        return ranks.pop() if ranks else None
    if head == "*":
        found = [rank(x) for x in t[1:]]
        return None if None in found else sum(r for r in found if r is not None)
    if head == "grad":
        inner = rank(t[1])
        if any(x[0] == "trace" for x in subterms(t[1])):
            raise Malformed("the gradient of a trace, a third derivative")
        return None if inner is None else inner + 1
    if head == "trace":
        inner = rank(t[1])
        if inner not in (2, None):
            raise Malformed("the trace of what is no matrix")
        return None if inner is None else 0
    if head in BINDERS:
        inner = rank(t[3])
        if head == "prod" and inner:
            raise Malformed("a product of gradients over an index")
        return inner
    if head == "^":
        inner = rank(t[1])
        if inner and t[2] < 0:
            raise Malformed("division by a gradient")
        return (inner or 0) * t[2] if t[2] != 0 else 0
    if head in ("/", "log"):
        if rank(t[-1]):
            raise Malformed("division by a gradient" if head == "/" else "the logarithm of a gradient")
        return rank(t[1]) if head == "/" else 0
    return 0


def symmetric(t: Term) -> bool:
    """Whether a matrix is symmetric by its form."""
    return transposed(t) == t


def without_numbers(t: Term) -> Term:
    """A gradient without the numbers that it is multiplied by: (c f)(d f)^T = c d f f^T."""
    if t[0] == "*":
        (big,) = [x for x in t[1:] if rank(x)]
        return without_numbers(big)
    return without_numbers(t[1]) if t[0] == "/" else t


def transposed(t: Term) -> Term | None:
    """The transpose of a matrix: g f^T for f g^T, the order in a product of two gradients being that of the matrix.

    One that is symmetric by its form stays as it is; None for one that takes two directions.
    """
    head = t[0]
    if rank(t) is None:
        return t
    if head == "+":
        turned = [(x, transposed(x)) for x in t[1:]]
        if any(two is None for _, two in turned):
            return None
        odd = [one for one in turned if one[0] != one[1]]
        same = sorted([repr(one) for one, _ in odd]) == sorted([repr(two) for _, two in odd])
        return t if same else ("+", *(two for _, two in turned))
    if head == "*":
        big = [n for n, x in enumerate(t) if n and rank(x)]
        if len(big) == 2:
            one, two = (t[n] for n in big)
            return t if without_numbers(one) == without_numbers(two) else tuple(
                [two if n == big[0] else one if n == big[1] else x for n, x in enumerate(t)])
        inner = transposed(t[big[0]]) if len(big) == 1 else None
        return None if inner is None else tuple([inner if n == big[0] else x for n, x in enumerate(t)])
    if head in BINDERS or head == "/":
        n = 3 if head in BINDERS else 1
        inner = transposed(t[n])
        return None if inner is None else (*t[:n], inner, *t[n + 1:])
    of_gradients = head == "grad" and (
        t[1][0] == "grad" or (t[1][0] == "+" and all(x[0] == "grad" for x in t[1][1:])))
    return t if of_gradients or (head == "^" and t[2] == 2) else None


def traces(t: Term) -> int:
    """How many traces are multiplied, at most.

    Raises:
        Refused: for one beside a gradient, under a logarithm, a power or a product, or divided by.
    """
    head = t[0]
    parts = [traces(x) for x in ((t[3],) if head in BINDERS else inside(t))]
    if head == "trace":
        parts.append(1)
    total = max(parts, default=0) if head == "+" else sum(parts)
    if total and (head in ("log", "^", "prod") or (head == "/" and parts[1]) or (
            head == "*" and any(rank(x) for x in t[1:]))):
        raise Refused("a trace that is no factor of a sum of products")
    return total


def one_direction(*terms: Term) -> None:
    """Raise ``Refused`` where one direction does not decide."""
    if any(traces(t) > 1 for t in terms):
        raise Refused("a product of traces takes more than one direction")
    if any(rank(t) == 2 and not symmetric(t) for t in terms):
        raise Refused("a matrix that is not symmetric by its form takes two directions")


def well_formed(infinite: bool, *terms: Term) -> None:
    """Raise ``Malformed`` unless these are terms of one rank, at most 2, about one kind of horizon."""
    for t in terms:
        exact(t)
        check(t)
        for x in subterms(t):
            if (x == INF and not infinite) or (infinite and asks_for_an_end(x)):
                raise Malformed("a finite and an infinite horizon in one equation")
        if infinite and any(x[0] in ("trajectory", "batch") for x in free(t)):
            raise Malformed("a whole trajectory at an infinite horizon")
    ranks = {rank(t) for t in terms} - {None}
    if len(ranks) > 1 or any(r > HIGHEST for r in ranks if r is not None):
        raise Malformed("sides of different rank, or of a rank above 2")


def asks_for_an_end(x: Term) -> bool:
    """Whether a tuple has a meaning at finite horizons only."""
    if x[0] == "lin" and len(x) == 3:
        return any(base == "H" for base, _ in x[2])
    if x[0] in ("R", "m", "batch"):
        return True
    if x[0] in ("sum", "prod") and len(x) == 4:
        return bool(x[1][0] == "trajectory" or (x[0] == "prod" and x[2][-1] == INF))
    return bool(x[0] == "h" or (x[0] == "V" and len(x) == 4 and x[2] != INF))


def speaks_of_trajectories(t: Term) -> bool:
    """Whether ``possible`` changes what the term says: a sum over trajectories, or a free one."""
    return any(x[0] in ("sum", "prod") and len(x) == 4 and x[1][0] == "trajectory" for x in subterms(t)) or any(
        x[0] == "trajectory" for x in free(t))


def everywhere(t: Term) -> bool:
    """Whether a term has a value on every trajectory, possible or not: no quotient and no logarithm stands in it."""
    return not any(x[0] in ("/", "log") or (x[0] == "^" and x[2] < 0) for x in subterms(t))


def at_theta(*terms: Term) -> bool:
    """Whether a term speaks of the policy that is held: two sides are equal at theta then, not as functions of it."""
    return any(HELD in x for t in terms for x in subterms(t))


def gradients(t: Term) -> int:
    """How deep gradients stand in one another."""
    inner = [x for x in t[1:] if type(x) is tuple] if t[0] in BINDERS else inside(t)
    return int(max((gradients(x) for x in inner), default=0) + (t[0] == "grad"))
