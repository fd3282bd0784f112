"""A polynomial in sums over trajectories is 0, from linear relations between the sums.

Each relation f y_k = sum_j c_j y_j (y_{-1} = 1, f a polynomial in gamma and m that is not 0) is shown by a closure of
its own. Put into the polynomial p, made homogeneous by y_{-1}, they give F p for the product F of powers of the f; if
that is 0 term by term, gamma^H and guards [H >= n] being indeterminates too, then p vanishes wherever F does not, and
p is a polynomial in gamma (in m a rational function without poles at m >= 1) in every model: it vanishes. At an
infinite horizon p is analytic in gamma on [0, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.kernel.closure import NotShown
from derive.kernel.differences import Gap, linear
from derive.kernel.polynomials import (
    ONE, Poly, Weight, by_key, multiply, negative, of, put, scaled, vector_from_data, weighed, weight_from_data,
)


def check_product(gap: Gap, relations: Any, check_parts: Callable[..., None]) -> None:
    """Raise ``NotShown`` unless the relations are shown and make the polynomial 0."""
    images: dict[int, tuple[Weight, Poly]] = {}
    for one in relations:
        if type(one) is not dict or set(one) != {"number", "factor", "of", "sums"} or type(one["number"]) is not int:
            raise NotShown("a relation of no form that is read")
        k, factor, combination = one["number"], weight_from_data(one["factor"]), vector_from_data(one["of"])
        if not factor or not max(images, default=-1) < k < len(gap.atoms) or any(
                not -1 <= j < len(gap.atoms) for _, j in combination):
            raise NotShown("relations that are not in order, or between sums that are not there")
        images[k] = factor, combination
        if gap.context.undiscounted and any(name == "gamma" for c in (*factor, *(d for d, _ in combination))
                                            for name, _ in c):
            raise NotShown("a relation with a discount, where it is 1")  # its factor may be 0 there
        check_parts(relation_sums(gap, k, factor, combination), one["sums"], gap.reading)
    if any(j in images for _, combination in images.values() for _, j in combination):
        raise NotShown("a relation rests on another")
    if substituted(gap.polynomial, images):
        raise NotShown("the relations do not make the polynomial 0")


def relation_sums(gap: Gap, k: int, factor: Weight, combination: Poly) -> Any:
    """The automata of factor y_k - sum_j c_j y_j."""
    form = of((gap.atoms[k],), factor)
    for (c, j), v in negative(combination).items():
        put(form, (c, (gap.atoms[j],) if j >= 0 else ()), v)
    return linear(gap.reading, form, gap.open_times, gap.policy)


def substituted(polynomial: Any, images: dict[int, tuple[Weight, Poly]]) -> Poly:
    """F p, with the relations put in: every monomial is multiplied by the factors it does not bring itself."""
    degree = max((len(key) for _, (_, key) in polynomial), default=0)
    result: Poly = {}
    for (numbers, key), weight in by_key(dict(polynomial)).items():
        terms = of((), weight)
        for k in (*key, *(-1,) * (degree - len(key))):
            _, combination = images.get(k, (ONE, of(k)))
            others = ONE
            for j, (other, _) in images.items():
                others = others if j == k else weighed(others, other)
            image = {(c, (j,)): v for (c, j), v in scaled(combination, others).items()}
            terms = multiply(terms, image, lambda a, b: tuple(sorted(a + b)))
        for (c, one), v in terms.items():
            put(result, (c, (numbers, one)), v)
    return result
