"""Forms of an advantage that a theorem speaks about for every group size, declared as data beside the code.

The code of an entry is compared with its form at the sizes that are run, on all tuples, in
exact numbers; what is then said about other sizes is said about the form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, Protocol

import numpy as np

from derive.estimators.numbers import exact
from derive.estimators.provenance import Ledger
from derive.estimators.result import EstimatorResult
from derive.estimators.theorems import Theorem, degree_in_the_group_size


class Form(Protocol):
    """What ``known`` makes of a result, if the code has the form."""

    @property
    def term(self) -> str:
        """The factor as a term in G; empty if none is claimed."""

    def agrees(self, function: Callable[..., Any], rewards: Sequence[Fraction], group: int) -> bool:
        """Whether the function has this form at one group size."""

    def settles(self, result: EstimatorResult) -> str | None:
        """For which policies the result holds at every G, and by which theorem; None if for none."""


@dataclass(frozen=True, slots=True)
class OwnReward:
    """The form A_i = h(G) (r_i - B(the other rewards)), to which the leave-one-out theorem applies.

    ``scale`` is h, ``term`` its text; ``baseline`` is B, and sees the other rewards only, which
    is the hypothesis of the theorem. For h = 0 the mean gradient is 0 instead.
    """

    scale: Callable[[int], Fraction]
    term: str
    baseline: Callable[[Sequence[Fraction]], Fraction]
    theorem: Theorem

    def agrees(self, function: Callable[..., Any], rewards: Sequence[Fraction], group: int) -> bool:
        """Whether the function has this form at one group size: compared on all tuples, in exact numbers."""
        return _same(function, rewards, group, lambda own, others: self.scale(group) * (own - self.baseline(others)))

    def settles(self, result: EstimatorResult) -> str | None:
        """Every policy, for the return; no size has to be run for that."""
        if result.target != "J":
            return None
        return f"every differentiable policy: theorem {self.theorem.name!r}"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """p(G)/(G^q (G-1)^s); ``numerator`` holds the coefficients of p, the constant one first."""

    numerator: tuple[int, ...]
    of_size: int = 0
    of_others: int = 0

    def at(self, group: int) -> Fraction:
        """The value at a group size >= 2."""
        above = sum(number * group**power for power, number in enumerate(self.numerator))
        return Fraction(above, group**self.of_size * (group - 1) ** self.of_others)


@dataclass(frozen=True, slots=True)
class Monomial:
    """c(G) r_i^a Π_k P_k, P_k the sum of the k-th powers of the other rewards."""

    coefficient: Coefficient
    own: int = 0
    others: tuple[int, ...] = ()

    def at(self, group: int, own: Fraction, others: Sequence[Fraction]) -> Fraction:
        """The value for one sample of one group."""
        value = self.coefficient.at(group) * own**self.own
        for power in self.others:
            value *= sum((reward**power for reward in others), Fraction(0))
        return value


@dataclass(frozen=True, slots=True)
class PowerSums:
    """The form A_i = Σ_t c_t(G) r_i^(a_t) Π_k P_k, with the factor that is claimed: the degree in G is bounded."""

    monomials: tuple[Monomial, ...]
    factor: Coefficient
    term: str

    def agrees(self, function: Callable[..., Any], rewards: Sequence[Fraction], group: int) -> bool:
        """Whether the function has this form at one group size: compared on all tuples, in exact numbers."""
        return _same(function, rewards, group, lambda own, others: sum(
            (one.at(group, own, others) for one in self.monomials), Fraction(0)))

    @property
    def degree(self) -> int:
        """The e of the theorem ``degree in G``."""
        all_of_them = [(one.coefficient, len(one.others)) for one in self.monomials] + [(self.factor, 0)]
        size = max(coefficient.of_size for coefficient, _ in all_of_them)
        others = max(coefficient.of_others for coefficient, _ in all_of_them)
        return max(len(coefficient.numerator) - 1 + sums + size - coefficient.of_size + others - coefficient.of_others
                   for coefficient, sums in all_of_them)

    def settles(self, result: EstimatorResult) -> str | None:
        """Every policy at the rewards of the result, if enough sizes have the factor that is claimed."""
        sizes = {row.group for row in result.groups if row.group >= 2}
        if len(sizes) <= self.degree or any(not self._claimed(row.group, str(row.factor), row.verdict)
                                            for row in result.groups):
            return None
        return (f"every policy at rewards {', '.join(result.rewards)}: theorem {degree_in_the_group_size().name!r}, "
                f"e = {self.degree}")

    def _claimed(self, group: int, factor: str, verdict: str) -> bool:
        claimed = self.factor.at(group) if group >= 2 else None
        return verdict == "zero mean" if claimed == 0 else claimed is not None and factor == str(claimed)


def _same(function: Callable[..., Any], rewards: Sequence[Fraction], group: int,
          form: Callable[[Fraction, Sequence[Fraction]], Fraction]) -> bool:
    ledger = Ledger()

    def differences() -> Iterator[bool]:
        for batch in product(rewards, repeat=group):
            wanted = [form(own, batch[:place] + batch[place + 1:]) for place, own in enumerate(batch)]
            yield list(function(np.array([exact(reward, ledger) for reward in batch], dtype=object))) == wanted

    return all(differences())
