"""The verdict about mean gradients that are exact, by their ratios to the target."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq

from derive.estimators import field
from derive.estimators.field import Sum
from derive.estimators.result import Factor, Kind, Verdict
from derive.estimators.rounding import BETWEEN_PROMPTS


def verdict(pairs: Sequence[tuple[list[list[Sum]], list[list[Sum]]]],
            ) -> tuple[Verdict, Factor | None, Kind | None, tuple[str, ...]]:
    """The verdict about all models whose vectors are exact.

    Raises ``field.Unsupported`` where it is not known: for a sum that is not known to be 0 or not, and for a factor
    that is no number of the field.
    """
    factors: list[Sum | None] = []
    for mean, wanted in pairs:
        factors.append(ratio([entry for row in mean for entry in row], [entry for row in wanted for entry in row]))
    if all(factor == {} for factor in factors):
        return "zero mean", None, None, ()
    if any(factor is None for factor in factors):
        inside = all(all(_positive(ratio(one, other)) for one, other in zip(mean, wanted, strict=True))
                     for mean, wanted in pairs)
        return "biased", None, None, (BETWEEN_PROMPTS,) if inside else ()
    known = [factor for factor in factors if factor is not None]
    signs = {field.sign(factor) for factor in known}
    if len(signs) > 1:
        return "biased", None, None, ("the direction is right for some policies and not for others",)
    wrong = ("the direction is the opposite one",) if signs == {-1} else ()
    if all(factor == known[0] for factor in known):
        factor = Factor(field.text(known[0]), float(field.ball(known[0])))
        return ("unbiased" if factor.text == "1" else "proportional"), factor, "constant", wrong
    text = ", ".join(dict.fromkeys(field.text(factor) for factor in known))
    return "proportional", Factor(text), "model-dependent", wrong or (BETWEEN_PROMPTS,)


def ratio(mean: Sequence[Sum], wanted: Sequence[Sum]) -> Sum | None:
    """The c with mean = c wanted, {} for mean = 0, or None. Raises ``field.Unsupported`` as ``verdict`` does."""
    if all(field.is_zero(entry) for entry in mean):
        return {}
    pivot = next((place for place, entry in enumerate(wanted) if not field.is_zero(entry)), None)
    if pivot is None:
        return None
    for one, other in zip(mean, wanted, strict=True):
        difference = field.add(field.multiply(one, wanted[pivot]), field.multiply(mean[pivot], other), scale=-1)
        if not field.is_zero(difference):
            return None
    if any(logs for _, logs in wanted[pivot]):
        return _of_logarithms(mean[pivot], wanted[pivot])
    return field.multiply(mean[pivot], field.inverse(wanted[pivot]))


def _of_logarithms(one: Sum, other: Sum) -> Sum:
    """one/other where both hold logarithms: q √d of a pair of terms, if one is that times the other."""
    (root, logs), number = next(iter(other.items()))
    for (d, powers), own in one.items():
        if powers == logs:  # √d/√root = √(d root)/root
            constant = field.multiply(field.multiply({(d, ()): own / number}, {(root, ()): fmpq(1)}),
                                      field.rational(fmpq(1, root)))
            if field.multiply(other, constant) == one:
                return constant
    raise field.Unsupported("the ratio of two sums of logarithms")


def _positive(factor: Sum | None) -> bool:
    return factor is not None and bool(factor) and field.sign(factor) > 0
