"""The verdict on ∝: the factor by which one side is a multiple of the other in every MDP, by the kernel alone."""

from __future__ import annotations

from sympy import Expr, Integer

from derive.checking.deciding import Deciding
from derive.checking.mending import multiple
from derive.checking.verdict import Proportional, Undecided, Verdict
from derive.procedures.decision import Shown


def proportionality(deciding: Deciding, before: Expr, after: Expr) -> Verdict:
    """The factor between two sides, the same for every MDP and not 0; undecided where none is found."""
    found = multiple(deciding, before, after)
    if found is None:
        return Undecided(_without_a_factor(deciding, before, after))
    context = found.equation.context
    if context.owes:
        return Undecided(f"the right side is {found.factor} times the left side where both are defined, which the "
                         "assumptions do not ensure")
    if (context.first, context.samples) > (deciding.context.first, deciding.context.samples):
        return Undecided(f"the right side is {found.factor} times the left side, {found.reach}; of others nothing "
                         "is known. Assume what leaves them out, such as samples_at_least(2)")
    if found.factor == 1 and _is_zero(deciding, before):
        return Undecided("both sides are 0 in every MDP, and so any factor fits. Write = 0 of what is 0")
    if found.factor == 1:
        return Proportional(f"both sides are equal, {found.reach}", found.equation)
    return Proportional(f"the right side is {found.factor} times the left side, {found.reach}", found.equation)


def _without_a_factor(deciding: Deciding, before: Expr, after: Expr) -> str:
    """Why nothing is found: one side may be 0, and only as 0 times the other is it a multiple."""
    for name, side in (("left", before), ("right", after)):
        if _is_zero(deciding, side):
            return (f"the {name} side is 0 in every MDP, and the other is not shown to be. The factor 0 is refused: "
                    "0 times anything is 0, so nothing would be said of the other side. Write = 0 of what is 0")
    return ("no number, and no factor of γ, m or H, is found by which one side is a multiple of the other in every MDP")


def _is_zero(deciding: Deciding, side: Expr) -> bool:
    zero = deciding.kernel(side, Integer(0))
    return isinstance(zero, Shown) and not zero.equation.context.owes
