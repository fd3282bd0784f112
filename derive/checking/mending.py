"""What would make a refuted or conditional step true: a constant factor, or one more assumption, by the kernel alone.

Only what the kernel shows is said. A factor is a term in gamma, m, H and numbers, the same for every MDP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr

from derive.assumptions import (
    POSSIBLE,
    Assumption,
    covers,
    discount_below_one,
    iid_samples,
    policy_positive,
    samples_at_least,
    undiscounted,
)
from derive.checking.deciding import Deciding
from derive.checking.scope import reach_of
from derive.errors import InvalidChain, MalformedTerm, OutsideFragment, WorkLimit
from derive.kernel.contexts import Context
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, Term
from derive.language.expression import Plus, Ratio, Times, subterms
from derive.language.terms import Policy
from derive.language.vocabulary import H, gamma, m, pi
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of


def factors(before: Expr, after: Expr, *, infinite: bool, samples: bool) -> Iterator[Expr]:
    """The constants that are tried, the likeliest first."""
    if samples:
        yield from (Ratio(m - 1, m), Ratio(m, m - 1), m, Ratio(1, m))
    if infinite:
        yield from (1 - gamma, Ratio(1, 1 - gamma), gamma)
    else:
        yield from (Plus(H, 1), Ratio(1, Plus(H, 1)))
    yield from (Times(-1, 1), Times(2, 1), Ratio(1, 2))


def proportional(deciding: Deciding, before: Expr, after: Expr) -> str:
    """"proportional: ..." if the right side is a constant times the left one, in every MDP; else empty."""
    if before == 0 or after == 0:
        return ""
    samples = deciding.comparison.signature_of(before, after).samples
    context = _at_least(deciding.context, 2) if samples else deciding.context
    for factor in factors(before, after, infinite=deciding.infinite, samples=samples):
        equation = _shown(deciding.encoding, context, after, Times(factor, before))
        if equation is not None:
            reach = reach_of(equation.equation.context)
            number = factor.args[0] if isinstance(factor, Times) else factor
            return f"proportional: the right side is {number} times the left side, {reach}"
    return ""


def holds_under(deciding: Deciding, before: Expr, after: Expr) -> str:
    """"holds under ..." if one more assumption makes the step an equation that owes nothing; else empty."""
    found = settling(deciding, before, after)
    return f"holds under {found}" if found is not None else ""


def settling(deciding: Deciding, before: Expr, after: Expr) -> Assumption | None:
    """The first single assumption under which the kernel has an equation that owes nothing."""
    for one in _candidates(deciding, before, after):
        assumed = deciding.assumptions | {one}
        try:
            context = context_of(assumed, infinite=deciding.infinite)
        except InvalidChain:
            continue
        if _shown(Encoding(assumed, infinite=deciding.infinite), context, before, after) is not None:
            return one
    return None


def _candidates(deciding: Deciding, before: Expr, after: Expr) -> Iterator[Assumption]:
    fixed = sorted({node for side in (before, after) for node in subterms(side)
                    if isinstance(node, Policy) and not node.learned and node.label != Policy.HELD}, key=str)
    listed: list[Assumption] = [covers(one, pi) for one in fixed]
    listed += [policy_positive, discount_below_one, iid_samples, samples_at_least(2)]
    listed += [] if deciding.infinite else [undiscounted, POSSIBLE]
    yield from (one for one in listed if one not in deciding.assumptions)


def _at_least(context: Context, samples: int) -> Context:
    return replace(context, samples=max(context.samples, samples))


def _shown(encoding: Encoding, context: Context, before: Expr, after: Expr) -> Shown | None:
    try:
        sides: list[Term] = [encoding.term(side) for side in (before, after)]
        found = decided(context, *sides)
    except (OutsideFragment, MalformedTerm, WorkLimit, Malformed, Refused):
        return None
    return found if isinstance(found, Shown) and not found.equation.context.owes else None
