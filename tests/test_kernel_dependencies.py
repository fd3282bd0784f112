"""All numerical linear dependencies among random terms with values, against the decision.

Terms are evaluated on generic models of several shapes and horizons at many points modulo one prime. The
kernel of that matrix holds all combinations that vanish; each must be shown, and a combination
beside the kernel must not. Rewards are stationary here, where the decision is not complete in theory.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from flint import nmod_mat
from random_pairs import decision
from random_sums import LAST, POSITIVE, ZERO, Bound, Factor, Mono, Pair, Part, Sum, part_term
from random_values import value_kind
from residues import EVERYTHING
from sympy import Expr, Integer

from derive.language.assumptions import additive_return
from derive.language.expression import Plus, Times
from derive.language.models import Shape
from derive.procedures.certificates import Differs
from derive.procedures.decision import Shown
from derive.semantics import modular
from derive.semantics.evaluate import Evaluator

PRIME = 2**31 - 1
SHAPES = [Shape(*size) for size in ((2, 2, 0), (2, 2, 1), (3, 2, 1), (2, 2, 2), (1, 2, 3), (2, 2, 3))]
ASSUMED = POSITIVE | {additive_return}


def random_terms(rng: Random, number: int, suffix: str) -> list[Expr]:
    """Different expectations of few factors at one or two times, so that many depend on each other."""
    found: dict[Expr, None] = {}
    kinds = ["V", "Vx", "A", "Q", "td"]
    while len(found) < number:
        law, second = rng.choice(["pi", "pi", "beta"]), rng.random() < 0.5
        places = ["t", "k"] if second else ["t"]
        ranges: list[tuple[Bound, Bound]] = [(ZERO, ZERO), (LAST, LAST), (("", 1), LAST), (ZERO, ("H", -1))]
        sums = [Sum("t", *rng.choice([(ZERO, LAST)] * 4 + ranges))]
        if second:
            limits: list[tuple[Bound, Bound]] = [
                (("t", 0), LAST), (("t", 1), LAST), (ZERO, LAST), (ZERO, ("t", -1)), (ZERO, ("t", 0))]
            sums.append(Sum("k", *rng.choice(limits)))
        factors: list[Factor] = []
        for place in places:
            for _ in range(rng.choice([1, 1, 1, 2])):
                kind = rng.choice([*(one + suffix for one in kinds), "r", "score", "b"])
                factors.append((kind, (place, 0)))
        if sum(value_kind(one[0]) is not None or one[0] == "r" for one in factors) == 0:
            continue
        weights: list[list[Factor]] = [[("g", ("t", 0))]] * 3 + [[], [("g", ("t", 0)), ("gamma",)]]
        weight = rng.choice(weights + [[("g", ("k", 0))]] * 2 * second)
        found[part_term(Part("E", law, (Mono(1, tuple(sums), (*factors, *weight)),)))] = None
    return list(found)


def values(terms: list[Expr], points: int) -> np.ndarray:
    """A row for each term: its values on all shapes at all points."""
    columns = []
    for shape in SHAPES:
        model = modular.residue_model(shape, EVERYTHING, additive=True, seed=3, points=points)
        evaluator = Evaluator(model)
        columns.append(np.stack([
            np.broadcast_to(evaluator.value(term, {}).values[:, 0], points) for term in terms]))
    return np.concatenate(columns, axis=1)


def kernel(matrix: np.ndarray) -> list[dict[int, int]]:
    """A basis of the combinations of rows that vanish, reduced: {row: coefficient modulo the prime}."""
    rows, width = matrix.shape
    reduced, rank = nmod_mat(width, rows, [int(x) for x in matrix.T.ravel()], PRIME).rref()
    pivots = [next(j for j in range(rows) if int(reduced[i, j])) for i in range(rank)]
    free = [j for j in range(rows) if j not in pivots]
    return [{j: 1, **{p: -int(reduced[i, j]) % PRIME for i, p in enumerate(pivots) if int(reduced[i, j])}}
            for j in free]


def rational(residue: int, bound: int = 20_000) -> Fraction | None:
    """The fraction with small numerator and denominator that is this residue."""
    (a, b), (x, y) = (PRIME, residue), (0, 1)
    while b > bound:
        quotient = a // b
        (a, b), (x, y) = (b, a - quotient * b), (y, x - quotient * y)
    return Fraction(b, y) if y and abs(y) <= bound else None


def combination(terms: list[Expr], coefficients: dict[int, Fraction]) -> Expr:
    """The sum of coefficient * term."""
    scale = int(np.lcm.reduce([one.denominator for one in coefficients.values()]))
    parts = [Times(Integer(int(one * scale)), terms[n]) for n, one in coefficients.items() if one]
    return Plus(*parts) if len(parts) > 1 else parts[0]


def outcome(term: Expr) -> Any:
    return decision(Pair(term, Integer(0), ASSUMED, ""))


def examined(seed: int, number: int, patch: pytest.MonkeyPatch, suffix: str = "") -> dict[str, int]:
    """Counts of dependencies, of those that the decision knows, and of wrong answers."""
    patch.setattr(modular, "random_primes", lambda source, count: np.full((count, 1), PRIME, dtype=np.uint64))
    rng = Random(f"dependencies {seed}")
    terms = random_terms(rng, number, suffix)
    matrix = values(terms, points=max(12, number // 5))
    basis = [{n: rational(residue) for n, residue in vector.items()} for vector in kernel(matrix)]
    readable: list[dict[int, Fraction]] = [
        {n: one for n, one in exact.items() if one is not None} for exact in basis if None not in exact.values()]
    counts = {"dependencies": len(basis), "unreadable": len(basis) - len(readable), "known": 0, "unknown": 0,
              "outside": 0, "false yes": 0, "combinations": 0}
    for exact in readable:
        found = outcome(combination(terms, exact))
        known = "known" if isinstance(found, Shown) else "unknown" if isinstance(found, Differs) else "outside"
        counts[known] += 1
    for _ in range(2 * len(readable)):
        mixed: dict[int, Fraction] = {}
        for exact in rng.sample(readable, min(2, len(readable))):
            for n, one in exact.items():
                mixed[n] = mixed.get(n, Fraction(0)) + rng.choice([1, 2, -1]) * one
        if rng.random() < 0.8:
            n = rng.choice([*mixed, rng.randrange(number)])
            mixed[n] = mixed.get(n, Fraction(0)) + rng.choice([1, -1, 2])
        if not any(mixed.values()):
            continue
        scaled = [one.numerator * pow(one.denominator, -1, PRIME) % PRIME for one in mixed.values()]
        value = sum(c * matrix[n].astype(object) for c, n in zip(scaled, mixed, strict=True)) % PRIME
        counts["combinations"] += 1
        counts["false yes"] += bool(value.any()) and isinstance(outcome(combination(terms, mixed)), Shown)
    return counts


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(6))
def test_every_numerical_dependency_is_known_and_no_other(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = examined(seed, 200, monkeypatch, "b" if seed % 3 == 2 else "")
    assert counts["false yes"] == counts["unknown"] == counts["unreadable"] == counts["outside"] == 0
    assert counts["known"] > 10


def test_dependencies_among_a_few_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = examined(100, 40, monkeypatch)
    assert counts["false yes"] == counts["unknown"] == counts["unreadable"] == counts["outside"] == 0
    assert counts["known"] > 0
