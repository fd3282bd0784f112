"""Random claims put to the kernel: how many of them it shows, none of which has a model on which its sides differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kernel_claims import verdict
from kernel_letters import TRUE, Claim
from kernel_oracle import witness_of_a_difference

from derive.procedures.decision import Shown


def tally(claims: Iterable[Claim], *, sizes: int | None = None) -> Counter[str]:
    """How many are true, and how many near misses; how many of each were shown. ``sizes``: of the first so many."""
    counts = Counter[str]()
    for claim in claims:
        shown = isinstance(verdict(claim), Shown)
        counts["true" if claim.truth == TRUE else "near"] += 1
        counts[f"{'shown' if shown else 'not shown'}, {claim.truth}"] += 1
        if shown:
            assert witness_of_a_difference(claim, range(2), sizes=sizes) is None, claim
    return counts
