"""The normal form modulo commutative ring laws, and how a rule is matched to a step.

``ring`` writes a term as a polynomial whose generators are all nodes that are not ring
operations, ``a/b`` being a times the generator 1/b, which never cancels with b. So it
proves regroupings and nothing more: it crosses no binder, no gradient, no logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Integer, Rational, srepr

from derive.errors import WorkLimit
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.typing import TIME, sort_of

MOST_PRODUCTS = 20_000

Monomial = tuple[tuple[Expr, Expr], ...]
"""((generator, exponent), ...), sorted; exponents are normal times, mostly numbers."""

Polynomial = dict[Monomial, Rational]


class _Budget:
    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_PRODUCTS

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise WorkLimit(f"the product of sums multiplies out to more than {MOST_PRODUCTS} terms")


def ring(term: Expr) -> Expr:
    """The normal form of ``term`` modulo commutative ring laws, as a term.

    Raises:
        WorkLimit: when multiplying out takes more than ``MOST_PRODUCTS`` products.
    """
    return _Normaliser().normal(term)


def same_by_ring(one: Expr, two: Expr) -> bool:
    """Whether two terms are equal by ring laws alone."""
    return bool(one == two or ring(one) == ring(two))


class _Normaliser:
    def __init__(self) -> None:
        self.budget = _Budget()
        self.keys: dict[Expr, str] = {}

    def key(self, term: Expr) -> str:
        if term not in self.keys:
            self.keys[term] = srepr(term)
        return self.keys[term]

    def normal(self, term: Expr) -> Expr:
        return self._written(self._polynomial(term)) if term.args else term

    def _polynomial(self, term: Expr) -> Polynomial:
        match term:
            case Rational():
                return {(): term} if term != 0 else {}
            case Plus():
                return self._sum([self._polynomial(argument) for argument in term.args])
            case Times():
                result: Polynomial = {(): Integer(1)}
                for argument in term.args:
                    result = self._product(result, self._polynomial(argument))
                return result
            case Ratio(args=(above, below)):
                return self._product(self._polynomial(above), self._inverse(below))
            case Power(args=(base, exponent)):
                return self._power(base, exponent)
        if not term.args:
            return self._generator(term)
        arguments = tuple(self.normal(argument) for argument in term.args)
        return self._generator(term if arguments == term.args else term.func(*arguments))  # a binder costs most

    def _generator(self, node: Expr, exponent: Expr | None = None) -> Polynomial:
        return {((node, Integer(1) if exponent is None else exponent),): Integer(1)}

    def _inverse(self, below: Expr) -> Polynomial:
        if isinstance(below, Rational) and below != 0:
            return {(): 1 / below}
        return self._generator(Ratio(1, self.normal(below)))

    def _power(self, base: Expr, exponent: Expr) -> Polynomial:
        if isinstance(exponent, Integer) and exponent >= 0:
            result: Polynomial = {(): Integer(1)}
            inner = self._polynomial(base)
            for _ in range(int(exponent)):
                result = self._product(result, inner)
            return result
        if isinstance(exponent, Integer) or sort_of(exponent) != TIME:
            return self._generator(Power(self.normal(base), exponent))
        inside = self._polynomial(base)
        if len(inside) == 1 and next(iter(inside.values())) == 1 and len(next(iter(inside))) == 1:
            ((generator, own),) = next(iter(inside))
            return self._generator(generator, self.normal(Times(own, exponent)))
        return self._generator(Power(self.normal(base), self.normal(exponent)))

    def _sum(self, parts: list[Polynomial]) -> Polynomial:
        result: Polynomial = {}
        for part in parts:
            for monomial, coefficient in part.items():
                total = result.get(monomial, Integer(0)) + coefficient
                if total == 0:
                    del result[monomial]
                else:
                    result[monomial] = total
        return result

    def _product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        self.budget.spend(len(left) * len(right))
        return self._sum([
            {self._joined(mine, theirs): one * two} for mine, one in left.items() for theirs, two in right.items()
        ])

    def _joined(self, mine: Monomial, theirs: Monomial) -> Monomial:
        exponents: dict[Expr, Expr] = dict(mine)
        for generator, exponent in theirs:
            if generator in exponents:
                exponents[generator] = _added(self, exponents[generator], exponent)
            else:
                exponents[generator] = exponent
        kept = [(generator, exponent) for generator, exponent in exponents.items() if exponent != 0]
        return tuple(sorted(kept, key=lambda pair: self.key(pair[0])) if len(kept) > 1 else kept)

    def _written(self, polynomial: Mapping[Monomial, Rational]) -> Expr:
        parts: list[Expr] = []
        for monomial, coefficient in polynomial.items():
            factors: list[Any] = [g if exponent == 1 else Power(g, exponent) for g, exponent in monomial]
            if coefficient != 1 or not factors:
                factors.insert(0, coefficient)
            parts.append(factors[0] if len(factors) == 1 else Times(*factors))
        if len(parts) < 2:
            return parts[0] if parts else Integer(0)
        return Plus(*sorted(parts, key=self.key))


def _added(normaliser: _Normaliser, one: Expr, two: Expr) -> Expr:
    if isinstance(one, Integer) and isinstance(two, Integer):
        return one + two
    return normaliser.normal(Plus(one, two))
