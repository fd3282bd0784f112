"""What would make a refuted or conditional step true: a constant factor, or one more assumption, by the kernel alone.

Only what the kernel shows is said. A factor is a term in gamma, m, H and numbers, the same for every MDP.
The counterexample is read first: a factor that it contradicts, or an assumption that it satisfies, is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from sympy import Expr, Integer

from derive.checking.deciding import Deciding
from derive.checking.scope import reach_of
from derive.counterexample.claim import Witness
from derive.errors import InvalidChain, MalformedTerm, OutsideFragment, WorkLimit
from derive.kernel.contexts import Context
from derive.kernel.definedness import defined
from derive.kernel.equations import Equation
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, Term
from derive.language.assumptions import (
    POSSIBLE,
    SAMPLES,
    Assumption,
    additive_return,
    covers,
    discount_below_one,
    iid_samples,
    policy_positive,
    samples_at_least,
    undiscounted,
)
from derive.language.definitions import inside
from derive.language.expression import Plus, Ratio, Times, subterms
from derive.language.model_class import admits
from derive.language.models import Shape
from derive.language.terms import Policy, Total, Trajectory
from derive.language.vocabulary import H, gamma, m, pi
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.obligations import owed_by, undischarged

DIGITS = Fraction(1, 10**9)
"""How far the two sides of a witness may be from what they are, where they are rounded."""


def factors(before: Expr, after: Expr, *, infinite: bool, samples: bool) -> Iterator[Expr]:
    """The constants that are tried, the likeliest first."""
    if samples:
        yield from (Ratio(m - 1, m), Ratio(m, m - 1), m, Ratio(1, m))
    if infinite:
        yield from (1 - gamma, Ratio(1, 1 - gamma), gamma)
    else:
        yield from (Plus(H, 1), Ratio(1, Plus(H, 1)))
    yield from (Times(-1, 1), Times(2, 1), Ratio(1, 2))


def proportional(deciding: Deciding, before: Expr, after: Expr, witness: Witness) -> str:
    """"proportional: ..." if the right side is a constant times the left one, in every MDP; else empty."""
    found = factor_between(deciding, before, after, witness)
    return "" if found is None else f"proportional: the right side is {found.factor} times the left side, {found.reach}"


@dataclass(frozen=True, slots=True)
class Multiple:
    """The constant by which the right side is a multiple of the left one in every MDP, and for which horizons."""

    factor: Expr
    reach: str
    equation: Equation


def multiple(deciding: Deciding, before: Expr, after: Expr) -> Multiple | None:
    """The factor between two sides that may be equal, too."""
    same = deciding.kernel(before, after)
    if isinstance(same, Shown):
        return Multiple(Integer(1), reach_of(same.equation.context), same.equation)
    witness = deciding.witness(before, after, None)
    return None if witness is None else factor_between(deciding, before, after, witness)


def factor_between(deciding: Deciding, before: Expr, after: Expr, witness: Witness) -> Multiple | None:
    """The factor between two sides that differ at a witness, if there is one for every MDP."""
    if before == 0 or after == 0:
        return None
    samples = deciding.comparison.signature_of(before, after).samples
    for factor in factors(before, after, infinite=deciding.infinite, samples=samples):
        if not _may_be(factor, witness):
            continue
        vanishes = m - 1 in subterms(factor)
        context = _at_least(deciding.context, 2) if vanishes else deciding.context
        equation = _shown(deciding.encoding, context, after, Times(factor, before))
        if equation is not None:
            number = factor.args[0] if isinstance(factor, Times) else factor
            reach = reach_of(equation.equation.context) + (", γ > 0" if factor == gamma else "")  # 0 is no factor
            return Multiple(number, reach, equation.equation)
    return None


def mean_is_off(deciding: Deciding, mean: Expr, of_random: Expr) -> str:
    """By what constant factor the mean of the random side is off, if by one; ``mean`` is that of the other side."""
    where = deciding.witness(mean, of_random, None)
    found = None if where is None else factor_between(deciding, mean, of_random, where)
    return "" if found is None else f"the mean of the random side is {found.factor} times the other side, {found.reach}"


def without_a_law(deciding: Deciding, sides: Sequence[Expr], means: Sequence[Expr]) -> str:
    """What to assume where nothing is known of means, for samples without a law: all that makes the means agree."""
    owed = undischarged(sides, deciding.assumptions, endless=deciding.infinite)
    wanted = tuple(dict.fromkeys(one for obligation in owed for one in obligation.settled_by))
    found = settling_together(deciding, means[0], means[1], wanted, trusting=False)
    says = "the samples have no declared law, so nothing is known of means"
    if found and not owed_by(sides, deciding.assumptions | {*found}, endless=deciding.infinite):
        return f"{says}; under assumes=[{', '.join(one.name for one in found)}] the means agree"
    return f"{says}; assumes=[iid_samples] gives one"


def means_agree(deciding: Deciding, before: Expr, after: Expr) -> str:
    """Where the means are equal: from how many samples on, if a number of them makes both defined."""
    least = settling(deciding, before, after)
    if least is not None and least.kind == SAMPLES:
        return f"the means agree for m ≥ {least.about[0]}: assumes=[{least}] leaves the others out"
    return "the means agree wherever both are defined"


def _may_be(factor: Expr, witness: Witness) -> bool:
    """Whether the right side is the factor times the left one at the witness, as far as its digits say."""
    model = witness.model
    if model.shape.samples == 1 and m in subterms(factor):
        return True  # factors of m are asked for from two samples on
    values = {gamma: model.gamma, m: Fraction(model.shape.samples), H: Fraction(model.shape.horizon)}
    number = _number(factor, values)
    return abs(number * witness.left - witness.right) <= (0 if witness.exact else DIGITS)


def _number(factor: Expr, values: Mapping[Expr, Fraction]) -> Fraction:
    if factor in values:
        return values[factor]
    parts = [_number(argument, values) for argument in factor.args]
    match factor:
        case Plus():
            return sum(parts, Fraction(0))
        case Times():
            return prod(parts, start=Fraction(1))
        case Ratio():
            return parts[0] / parts[1]
    return Fraction(str(factor))


def holds_under(deciding: Deciding, before: Expr, after: Expr, witness: Witness) -> str:
    """"holds under ..." if one more assumption makes the step an equation; else empty."""
    if (found := settling(deciding, before, after, witness)) is not None:
        return f"holds under {found}"
    found = settling(deciding, before, after, witness, owing=True)
    return "" if found is None else f"holds under {found}, wherever both sides are defined"


def holds_before(deciding: Deciding, before: Expr, after: Expr, witness: Witness) -> str:
    """Where sides without H, with literal times, are equal at the horizon that these end with; else empty."""
    last = witness.model.shape.horizon - 1
    latest = deciding.comparison.signature_of(before, after).largest_offset
    if deciding.infinite or last < 1 or latest not in (last, last + 1) or any(H in subterms(side) for side in (
            before, after)):
        return ""
    if not deciding.comparison.agrees(before, after, Shape(2, 2, last)):
        return ""
    return (f"at H = {last} the sides agree, on 2 states and 2 actions; a claim is for every horizon, and none can be "
            "fixed: write sums over t for the terms of single times")


def settling(deciding: Deciding, before: Expr, after: Expr, witness: Witness | None = None, *,
             owing: bool = False) -> Assumption | None:
    """The first single assumption under which the kernel has an equation that owes nothing; or whatever it owes.

    ``possible`` and ``additive_return`` change what is said, and a law of samples is no property of a model: a
    witness says nothing of them.
    """
    for one in _candidates(deciding, before, after):
        if witness is not None and one not in (POSSIBLE, iid_samples, additive_return) and admits(
                [one], witness.model, witness.indices, infinite=deciding.infinite):
            continue
        if _settles(deciding, before, after, (one,), owing=owing):
            return one
    return None


def settling_together(deciding: Deciding, before: Expr, after: Expr, wanted: Sequence[Assumption], *,
                      trusting: bool) -> tuple[Assumption, ...]:
    """The assumptions under which nothing is owed any more: those wanted, and one more where they need it.

    None of them is idle, and there are none if these are not enough. What a rule gave, ``trusting`` it, need only
    be defined.
    """
    tried = ((*wanted, *more) for more in ((), *((one,) for one in _candidates(deciding, before, after))))
    found = next((some for some in tried if some and _settles(
        deciding, before, after, some, trusting=trusting)), ())
    for one in found:
        rest = tuple(other for other in found if other != one)
        if rest and _settles(deciding, before, after, rest, trusting=trusting):
            found = rest
    return tuple(sorted(found, key=lambda one: one.kind != ""))  # numbers of samples and the like come last


def _settles(deciding: Deciding, before: Expr, after: Expr, more: Sequence[Assumption], *,
             trusting: bool = False, owing: bool = False) -> bool:
    """Whether the kernel has an equation under more assumptions that owes nothing, unless it may be ``owing``."""
    assumed = deciding.assumptions | {*more}
    encoding = Encoding(assumed, infinite=deciding.infinite)
    try:
        context = context_of(assumed, infinite=deciding.infinite)
        if trusting:
            return not defined(context, encoding.term(before), encoding.term(after)).owes
    except (InvalidChain, OutsideFragment, MalformedTerm, Malformed):
        return False
    return _shown(encoding, context, before, after, owing=owing) is not None


def _candidates(deciding: Deciding, before: Expr, after: Expr) -> Iterator[Assumption]:
    fixed = sorted({node for side in (before, after) for node in inside(side)
                    if isinstance(node, Policy) and not node.learned and node.label != Policy.HELD}, key=str)
    speaks = deciding.comparison.signature_of(before, after)
    listed: list[Assumption] = [additive_return] if speaks.returns and speaks.rewards else []
    listed += [covers(one, pi) for one in fixed]
    listed += [policy_positive, discount_below_one]
    listed += [iid_samples, samples_at_least(2)] if speaks.samples else []
    listed += [] if deciding.infinite else [undiscounted]
    listed += [POSSIBLE] if any(_over_trajectories(side) for side in (before, after)) else []
    yield from (one for one in listed if one not in deciding.assumptions)


def _over_trajectories(side: Expr) -> bool:
    """Whether a trajectory is free, or summed over: there ``possible`` makes a difference."""
    return any(isinstance(index, Trajectory) for index in side.free_symbols) or any(
        isinstance(node, Total) and isinstance(node.index, Trajectory) for node in inside(side))


def _at_least(context: Context, samples: int) -> Context:
    return replace(context, samples=max(context.samples, samples))


def _shown(encoding: Encoding, context: Context, before: Expr, after: Expr, *, owing: bool = False) -> Shown | None:
    try:
        sides: list[Term] = [encoding.term(side) for side in (before, after)]
        found = decided(context, *sides)
    except (OutsideFragment, MalformedTerm, WorkLimit, Malformed, Refused):
        return None
    return found if isinstance(found, Shown) and (owing or not found.equation.context.owes) else None
