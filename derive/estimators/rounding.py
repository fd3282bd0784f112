"""The numerical verdict: what double precision resolves, and the words for it.

Nothing here is called proved or exact, and every verdict names the size up to which it holds. It is
relative: |E[g] - c grad J| against |c grad J|. What doubles leave of an equality is below 1e-10, or, where the
noise is much larger than the target, below what rounding leaves of the noise; a larger difference is one,
also one of the size that an epsilon in a denominator leaves. Only for results that are themselves in
float32 the size is 1e-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from derive.estimators.result import EstimatorResult, Factor, Kind, Verdict

ROUNDING = 1e-10
EPSILON = 1e-6
AN_EPSILON = "the bias is of the size that an epsilon in a denominator leaves; without it, is it there?"
UNITS = 100 * float(np.finfo(float).eps)
"""What rounding leaves of a sum, relative to the sizes of its terms: a hundred units in the last place."""
RESOLVED = 1e-8
"""A mean of at least so much of the noise is resolved to two parts in a million."""
BETWEEN_PROMPTS = "right direction within a prompt, factors differ between prompts"
DROWNING = 1e4
"""Noise of so many times the target: a mean of ``ROUNDING`` of it would be no small part of the target."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Numerical:
    """A verdict over several models, with the figure that it rests on, and the size up to which it holds."""

    verdict: Verdict
    figure: str
    factor: Factor | None = None
    kind: Kind | None = None
    notes: tuple[str, ...] = ()
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """The mean gradient and the target of one model, one row for each prompt; ``size`` is E|g|, the scale of noise."""

    mean: FloatArray
    target: FloatArray
    size: float


def judged(pairs: Sequence[Pair], *, tolerance: float = ROUNDING) -> Numerical:
    """The verdict about all models together: a bias needs one of them, everything else needs them all."""
    models = f"{len(pairs)} policies" if len(pairs) != 1 else "1 policy"
    if all(pair.size == 0.0 for pair in pairs):
        return Numerical("no gradient", f"0 at {models}")
    zeros = [float(np.linalg.norm(pair.mean)) / pair.size if pair.size else 0.0 for pair in pairs]
    drowned = [pair for pair, zero in zip(pairs, zeros, strict=True) if zero <= RESOLVED and _drowns(pair)]
    if drowned:
        largest = max(map(_relative_size, drowned))
        return Numerical("undecided", f"the noise is {largest:.0e} times the target at {models}: double precision does "
                         "not resolve the mean")
    if max(zeros) <= tolerance:
        return Numerical("zero mean", f"{max(zeros):.1e} of the noise at {models}", within=tolerance)
    biases = [_relative(pair.mean - pair.target, pair.target) for pair in pairs]
    limits = [_limit(pair, pair.target, tolerance) for pair in pairs]
    if _all_below(biases, limits):
        return Numerical("unbiased", f"relative bias {max(biases):.1e} at {models}", Factor("1", 1.0), "constant",
                         within=max(limits))
    factors = [float(np.vdot(pair.mean, pair.target) / np.vdot(pair.target, pair.target)) for pair in pairs]
    left = [_relative(pair.mean - factor * pair.target, factor * pair.target)
            for pair, factor in zip(pairs, factors, strict=True)]
    limits = [_limit(pair, factor * pair.target, tolerance) for pair, factor in zip(pairs, factors, strict=True)]
    if not _all_below(left, limits):
        notes: tuple[str, ...] = (BETWEEN_PROMPTS,) if _each_prompt(pairs, tolerance) else ()
        if max(biases) <= EPSILON:
            notes += (AN_EPSILON,)
        return Numerical("biased", f"relative bias {max(biases):.2g} at {models}", notes=notes)
    if min(factors) < 0 < max(factors):
        return Numerical("biased", f"factors from {min(factors):.4g} to {max(factors):.4g} at {models}", notes=(
            "the direction is right for some policies and the opposite one for others",))
    figure = f"residual {max(left):.1e} at {models}"
    spread = max(factors) - min(factors)
    notes = ("the direction is the opposite one",) if max(factors) < 0 else ()
    if spread <= max(limits) * max(map(abs, factors)):
        return Numerical("proportional", figure, _written(factors[0]), "constant", notes,
                         within=max(limits))
    notes += (BETWEEN_PROMPTS,) if not notes else ()
    return Numerical("proportional", figure, Factor(f"{min(factors):.4g} to {max(factors):.4g}"), "model-dependent",
                     notes, within=max(limits))


def nearly_unbiased(result: EstimatorResult) -> bool:
    """Unbiased, or so up to what an epsilon in a denominator leaves."""
    return all(row.verdict == "unbiased" or (row.verdict in ("biased", "proportional") and row.relative_bias is not None
                                             and row.relative_bias <= EPSILON) for row in result.groups)


def _written(factor: float) -> Factor:
    """Six digits, or ten for what would be read as 1."""
    text = f"{factor:.6g}"
    return Factor(f"{factor:.10g}" if text in ("1", "-1") else text, factor)


def _limit(pair: Pair, reference: FloatArray, tolerance: float) -> float:
    """The relative difference that rounding can leave between the mean and a reference."""
    size = float(np.linalg.norm(reference))
    return max(tolerance, UNITS * pair.size / size) if size else tolerance


def _all_below(sizes: Sequence[float], limits: Sequence[float]) -> bool:
    return all(size <= limit for size, limit in zip(sizes, limits, strict=True))


def _relative_size(pair: Pair) -> float:
    size = float(np.linalg.norm(pair.target))
    return pair.size / size if size else 0.0


def _drowns(pair: Pair) -> bool:
    return _relative_size(pair) > DROWNING


def _each_prompt(pairs: Sequence[Pair], tolerance: float) -> bool:
    """Whether each prompt by itself has the right direction, up to a positive factor."""
    for pair in pairs:
        for mean, target in zip(pair.mean, pair.target, strict=True):
            square = float(np.vdot(target, target))
            factor = float(np.vdot(mean, target)) / square if square else 0.0
            if factor <= 0 or _relative(mean - factor * target, factor * target) > _limit(
                    pair, factor * target, tolerance):
                return False
    return bool(pairs[0].mean.shape[0] > 1)


def _relative(difference: FloatArray, reference: FloatArray) -> float:
    size = float(np.linalg.norm(reference))
    return float(np.linalg.norm(difference)) / size if size else float("inf")
