"""Expectations over m independent sampled trajectories, without the joint law.

The joint law of m samples has N^m outcomes. But what is averaged is made by sums and
products from functions of one sample each, so it is kept as a sum of products
``c * f_1(tau^(1)) ... f_m(tau^(m))`` of vectors over the N trajectories, and
independence gives E = c * E[f_1] ... E[f_m]: cost N per product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from sympy import Expr, Integer

from derive.errors import NotApplicable, OutsideFragment, WorkLimit
from derive.language.binding import Index
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.terms import Batch, Drawn, Grad, Log, Outer, Prod, Total, Trace, Trajectory
from derive.semantics import jets
from derive.semantics.jets import Jet

Vector = list[Jet]

MOST_PARTS = 5_000
"""Parts that a product over samples may have: of three samples to the power 12 there are 531,441."""


class Part(NamedTuple):
    """``factor * prod_i vectors[i](tau^(i))``."""

    factor: Jet
    vectors: dict[int, Vector]


_NOUNS: Mapping[type, str] = MappingProxyType(
    {Ratio: "a quotient", Log: "a logarithm", Power: "a power", Prod: "a product Π"})


class Sampling:
    """The law of a batch: independent draws under one policy, on one evaluator's model."""

    def __init__(self, evaluator: Any, batch: Index, policy: str) -> None:
        self.evaluator, self.batch, self.policy = evaluator, batch, policy
        self.ways = evaluator.model.possible(policy)
        self._vectors: dict[tuple[Expr, int], Vector] = {}
        self._means: dict[tuple[int, int], tuple[Vector, Jet]] = {}

    def expectation(self, body: Expr, order: int) -> Callable[[dict[Index, Any]], Jet]:
        """E[body] over independent draws, as a closure.

        Raises:
            OutsideFragment: when the body is not made of functions of single samples by
                sums, products, powers, gradients and constant denominators.
        """
        ring = self.evaluator.ring
        others = {index for index in body.free_symbols if isinstance(index, (Trajectory, Batch))} - {self.batch}
        if others and any(way.count > 1 for way in self.ways):
            raise OutsideFragment("samples beside another trajectory have no array of residues")

        def averaged(environment: dict[Index, Any]) -> Jet:
            spread = self._spread(body, environment, order)
            alike: dict[tuple[int, ...], list[Part]] = {}
            for part in spread:  # samples are alike: which functions a part is made of matters, not of which samples
                alike.setdefault(tuple(sorted(map(id, part.vectors.values()))), []).append(part)
            sums = []
            for parts in alike.values():
                factor = jets.summed([part.factor for part in parts], order, ring)
                means = [self._mean(vector, order) for vector in parts[0].vectors.values()]
                sums.append(jets.product(factor, reduce(jets.product, means)) if means else factor)
            return jets.summed(sums, order, ring)

        return averaged

    def _mean(self, vector: Vector, order: int) -> Jet:
        """E of one function of one sample; of the vectors that are kept, found once."""
        key = (id(vector), order)
        kept = self._means.get(key)
        if kept is not None and kept[0] is vector:
            return kept[1]
        mean = self._weighted(vector, order)
        self._means[key] = (vector, mean)
        return mean

    def _weighted(self, vector: Vector, order: int) -> Jet:
        weighted = [
            jets.product(way.probability(self.evaluator.model, self.policy, order), entry)
            for way, entry in zip(self.ways, vector, strict=True)
        ]
        found: tuple[Any, ...] = self.evaluator._collapsed(weighted, order, self.ways)
        return found

    def _draws(self, term: Expr) -> set[Expr]:
        return {node.args[1] for node in subterms(term) if isinstance(node, Drawn) and node.args[0] == self.batch}

    def _spread(self, term: Expr, environment: dict[Index, Any], order: int) -> list[Part]:
        draws = self._draws(term)
        if not draws:
            return [Part(self.evaluator.meaning(term, order, 0)(environment), {})]
        own = next(iter(draws))
        if len(draws) == 1 and (isinstance(own, Integer) or own in term.free_symbols):
            return self._function_of_one(term, own, environment, order)
        return self._composed(term, environment, order)

    def _function_of_one(self, term: Expr, draw: Expr, environment: dict[Index, Any], order: int) -> list[Part]:
        number = int(draw) if isinstance(draw, Integer) else environment[draw]
        if not 1 <= number <= self.evaluator.model.shape.samples:
            raise NotApplicable(f"τ^{{({number})}} does not exist for m = {self.evaluator.model.shape.samples}")
        shared = term.free_symbols <= {self.batch, draw}
        key = (term, order)
        if not (shared and key in self._vectors):
            meaning = self.evaluator.meaning(term, order, 0)
            vector = []
            for way in self.ways:
                environment[self.batch] = {number: way}
                vector.append(meaning(environment))
            self._vectors[key] = vector
        return [Part(self._one(order), {number: self._vectors[key]})]

    def _one(self, order: int) -> Jet:
        ring = self.evaluator.ring
        return (ring.one, *(ring.zero,) * order)

    def _composed(self, term: Expr, environment: dict[Index, Any], order: int) -> list[Part]:
        match term:
            case Plus():
                return [part for argument in term.args for part in self._spread(argument, environment, order)]
            case Trace(args=(matrix,)):
                return self._spread(matrix, environment, order)
            case Times() | Outer():
                return self._multiplied([self._spread(argument, environment, order) for argument in term.args], order)
            case Power(args=(base, Integer() as exponent)) if exponent >= 0:
                return self._multiplied([self._spread(base, environment, order)] * int(exponent), order)
            case Ratio(args=(above, below)) if not self._draws(below):
                divisor = self.evaluator.meaning(below, order, 0)(environment)
                return [
                    Part(jets.quotient(factor, divisor), vectors)
                    for factor, vectors in self._spread(above, environment, order)
                ]
            case Total():
                parts = []
                for value in self.evaluator.choices(term.index, term.domain)(environment):
                    environment[term.index] = value
                    parts += self._spread(term.body, environment, order)
                return parts
            case Grad(args=(inner,)):
                return [piece for part in self._spread(inner, environment, order + 1) for piece in _derived(part)]
        noun = _NOUNS.get(type(term), "no sum or product")
        raise OutsideFragment(f"{term} is {noun} that depends on several samples at once, and its mean is not that of "
                              "its parts")

    def _multiplied(self, factors: list[list[Part]], order: int) -> list[Part]:
        parts = [Part(self._one(order), {})]
        if prod(map(len, factors)) > MOST_PARTS:
            raise WorkLimit(f"a product over samples has more than {MOST_PARTS:,} parts when it is multiplied out")
        for factor in factors:
            known: dict[tuple[int, int], Vector] = {}
            parts = [_joined(left, right, known) for left in parts for right in factor]
        return parts


def _joined(left: Part, right: Part, known: dict[tuple[int, int], Vector]) -> Part:
    """The product of two parts; ``known`` are the products of their vectors, so that samples that are alike share."""
    vectors = dict(left.vectors)
    for number, vector in right.vectors.items():
        mine = vectors.get(number)
        if mine is None:
            vectors[number] = vector
            continue
        pair = (id(mine), id(vector))
        if pair not in known:
            known[pair] = [jets.product(one, two) for one, two in zip(mine, vector, strict=True)]
        vectors[number] = known[pair]
    return Part(jets.product(left.factor, right.factor), vectors)


def _derived(part: Part) -> list[Part]:
    """The product rule over a part: one piece for each factor that is differentiated."""
    kept = {number: [jet[:-1] for jet in vector] for number, vector in part.vectors.items()}
    pieces = [Part(part.factor[1:], kept)]
    for number, vector in part.vectors.items():
        pieces.append(Part(part.factor[:-1], {**kept, number: [jet[1:] for jet in vector]}))
    return pieces
