"""The numerical verdict: what double precision resolves, and the words for it.

Nothing here is called proved or exact. The thresholds are relative: |E[g] - c grad J| against
|c grad J|. Up to 1e-10 is rounding; up to 1e-6 is what an epsilon in a denominator or a cast to
float32 leaves, and is said with its size; more is a bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from derive.estimators.result import Factor, Kind, Verdict

ROUNDING = 1e-10
EPSILON = 1e-6
AN_EPSILON = "the bias is of the size that an epsilon in a denominator leaves; without it, is it there?"
RESOLVED = 1e-8
"""A mean of at least so much of the noise is resolved to ``EPSILON``."""
DROWNING = 1e4
"""Noise of so many times the target: a mean of ``ROUNDING`` of it would be no small part of the target."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Numerical:
    """A verdict over several models, with the figure that it rests on."""

    verdict: Verdict
    figure: str
    factor: Factor | None = None
    kind: Kind | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """The mean gradient and the target of one model, one row for each prompt; ``size`` is E|g|, the scale of noise."""

    mean: FloatArray
    target: FloatArray
    size: float


def judged(pairs: Sequence[Pair]) -> Numerical:
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
    if max(zeros) <= ROUNDING:
        return Numerical("zero mean", f"{max(zeros):.1e} of the noise at {models}")
    biases = [_relative(pair.mean - pair.target, pair.target) for pair in pairs]
    if max(biases) <= EPSILON:
        return Numerical("unbiased", f"relative bias {max(biases):.1e} at {models}{_cause(max(biases))}",
                         Factor("1", 1.0), "constant")
    factors = [float(np.vdot(pair.mean, pair.target) / np.vdot(pair.target, pair.target)) for pair in pairs]
    left = [_relative(pair.mean - factor * pair.target, factor * pair.target)
            for pair, factor in zip(pairs, factors, strict=True)]
    if max(left) > EPSILON:
        return Numerical("biased", f"relative bias {max(biases):.2g} at {models}", notes=(
            "right direction within a prompt, factors differ between prompts",) if _each_prompt(pairs) else ())
    if min(factors) < 0 < max(factors):
        return Numerical("biased", f"factors from {min(factors):.4g} to {max(factors):.4g} at {models}", notes=(
            "the direction is right for some policies and the opposite one for others",))
    figure = f"residual {max(left):.1e} at {models}{_cause(max(left))}"
    spread = max(factors) - min(factors)
    notes: tuple[str, ...] = ("the direction is the opposite one",) if max(factors) < 0 else ()
    if spread <= EPSILON * max(map(abs, factors)):
        return Numerical("proportional", figure, Factor(f"{factors[0]:.6g}", factors[0]), "constant", notes)
    notes += ("right direction within a prompt, factors differ between prompts",) if not notes else ()
    return Numerical("proportional", figure, Factor(f"{min(factors):.4g} to {max(factors):.4g}"), "model-dependent",
                     notes)


def _relative_size(pair: Pair) -> float:
    size = float(np.linalg.norm(pair.target))
    return pair.size / size if size else 0.0


def _drowns(pair: Pair) -> bool:
    return _relative_size(pair) > DROWNING


def _each_prompt(pairs: Sequence[Pair]) -> bool:
    """Whether each prompt by itself has the right direction, up to a positive factor."""
    for pair in pairs:
        for mean, target in zip(pair.mean, pair.target, strict=True):
            square = float(np.vdot(target, target))
            factor = float(np.vdot(mean, target)) / square if square else 0.0
            if factor <= 0 or _relative(mean - factor * target, factor * target) > EPSILON:
                return False
    return bool(pairs[0].mean.shape[0] > 1)


def _relative(difference: FloatArray, reference: FloatArray) -> float:
    size = float(np.linalg.norm(reference))
    return float(np.linalg.norm(difference)) / size if size else float("inf")


def _cause(bias: float) -> str:
    return ", an epsilon or float32 in the code" if bias > ROUNDING else ""
