"""Every claim that the kernel is tested with, and what is true of it; by name, for the tests of planted bugs."""

from __future__ import annotations

from functools import cache

from claims_batches import BATCHES
from claims_classes import CLASSES
from claims_conditional import (
    AT_NEGATIVE_DISCOUNTS,
    BECOME_ONE,
    CONDITIONAL,
    OCCUPANCIES,
    PROBABILITIES,
    QUOTIENTS,
    SQUARES,
)
from claims_constants import AT_SMOOTH_ZEROS, CONSTANTS
from claims_faults import FAULTS
from claims_fragment import FRAGMENT
from claims_histories import HISTORIES
from claims_local import LOCAL
from claims_matrices import OUTER, SEVERAL, TRACE
from claims_meaning import ASYMMETRIC, MEANING, UNSEEN
from claims_places import PLACES
from claims_prefixes import LOGARITHMS, PREFIXES
from claims_reindexed import REINDEXED
from claims_samples import CONVERGENCE, INFINITE, SAMPLES
from claims_sums import SUMS
from claims_unfolding import STEP
from claims_values import VALUES
from kernel_letters import FALSE, Claim

from derive.errors import MalformedTerm
from derive.kernel.contexts import Context
from derive.kernel.terms import Malformed, Term
from derive.language.horizons import is_endless
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside, Shown, decided
from derive.procedures.encoding import Encoding, context_of

CLAIMS: tuple[Claim, ...] = (
    *LOCAL, *STEP, *SUMS, *VALUES, *SAMPLES, *INFINITE, *CONVERGENCE, *MEANING, *FAULTS, *FRAGMENT, *CLASSES,
    *PLACES, *HISTORIES, *OUTER, *TRACE, *PREFIXES, *LOGARITHMS, *BATCHES, *CONSTANTS, *REINDEXED,
    *CONDITIONAL, *PROBABILITIES, *QUOTIENTS, *SQUARES,
    *BECOME_ONE, *OCCUPANCIES)
ALONG_A_LINE = (*ASYMMETRIC, *SEVERAL)
"""False, and true along each direction of theta."""
NAMED = {claim.name: claim for claim in (*CLAIMS, *ALONG_A_LINE, *UNSEEN, *AT_SMOOTH_ZEROS,
                                      *AT_NEGATIVE_DISCOUNTS)}


@cache
def encoded(claim: Claim) -> tuple[Context, Term, Term]:
    """The context and the sides of a claim, as the kernel's.

    Raises:
        MalformedTerm: for what the language does not say.
    """
    infinite = is_endless(claim.before, claim.after)
    encoding = Encoding(claim.assumes, infinite=infinite)
    return context_of(claim.assumes, infinite=infinite), encoding.term(claim.before), encoding.term(claim.after)


def verdict(claim: Claim) -> Shown | Differs | Outside:
    """What is decided; a claim that is no equation is outside."""
    try:
        return decided(*encoded(claim))
    except (Malformed, MalformedTerm) as wrong:
        return Outside(f"malformed: {wrong}")


def is_made(claim: Claim) -> bool:
    """Whether a claim becomes an equation; one that owes nothing, unless it is false."""
    found = verdict(claim)
    return isinstance(found, Shown) and (claim.truth == FALSE or not found.equation.context.owes)
