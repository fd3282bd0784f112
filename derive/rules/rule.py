"""What a rule is, and when it gives a step.

A rule rewrites nodes. It gives the step ``before = after`` when rewriting both sides
with it, at every place and to a fixed point, leads to terms that are equal by ring laws;
so it may be used in either direction and in many places at once. Two terms that are
already equal by ring laws are a regrouping, and then every other rule says that nothing
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sympy import Expr

from derive.errors import DoesNotMatch, NotATerm, WorkLimit
from derive.language.assumptions import Assumption
from derive.language.binding import rewrite_bottom_up
from derive.rules.ring import same_by_ring

MOST_PASSES = 30

Rewrite = Callable[[Expr], Expr]
"""A function of one node: the rewritten node, or the same object where it does not apply."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason: what it says, why it is true, when it may be used, and how it rewrites.

    ``takes`` and ``refuses`` are steps (before, after); ``tidy`` are rewrites that may
    follow but do not count as a use of the rule. ``assumes`` are assumptions without
    which the rule does not hold, beyond the side conditions that the terms themselves owe.
    """

    name: str
    statement: str
    proof: str
    conditions: str
    rewrite: Rewrite
    takes: Callable[[], tuple[Expr, Expr]]
    refuses: Callable[[], tuple[Expr, Expr]]
    tidy: Rewrite = field(default=lambda node: node)
    assumes: tuple[Assumption, ...] = ()
    holds_for: str = "every finite MDP, every horizon"
    spelling: str = ""

    @property
    def python(self) -> str:
        """How a proof writes it, inside by(...)."""
        return self.spelling or self.name

    @property
    def usage(self) -> str:
        """How a chain writes it."""
        return f"by({self.python})"

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    def applied(self, term: Expr) -> tuple[Expr, bool]:
        """The term rewritten to a fixed point, and whether the rule was used.

        Raises:
            WorkLimit: if it does not come to rest.
        """
        return to_fixed_point(term, self.rewrite, self.tidy)

    def touches(self, before: Expr, after: Expr) -> bool:
        """Whether there is a place for the rule on either side; without one it cannot give the step."""
        return self.applied(before)[1] or self.applied(after)[1]

    def justify(self, before: Expr, after: Expr) -> None:
        """Nothing, if the rule gives the step.

        Raises:
            DoesNotMatch: otherwise, saying what the rule makes of each side.
        """
        justify(self.name, before, after, self.applied)


def to_fixed_point(term: Expr, rewrite: Rewrite, tidy: Rewrite, *,
                   closed: tuple[type, ...] = ()) -> tuple[Expr, bool]:
    """``term`` rewritten everywhere, but inside ``closed`` nodes, until nothing changes; did ``rewrite`` something?"""
    used = False

    def once(node: Expr) -> Expr:
        nonlocal used
        changed = rewrite(node)
        if changed is not node:
            used = True
        return tidy(changed)

    for _ in range(MOST_PASSES):
        try:
            rewritten = rewrite_bottom_up(term, once, closed=closed)
        except NotATerm as deep:  # a recursion, such as that of the gradient of a value
            raise WorkLimit(f"rewriting does not come to rest: {deep}") from None
        if rewritten == term:
            return term, used
        term = rewritten
    raise WorkLimit(f"rewriting does not come to rest after {MOST_PASSES} passes")


def justify(name: str, before: Expr, after: Expr, applied: Callable[[Expr], tuple[Expr, bool]]) -> None:
    """The test that a step is an instance of a rewriting, in any place and direction."""
    if same_by_ring(before, after):
        raise DoesNotMatch(f"{name}: the two sides differ only by regrouping; say by(regroup).")
    left, used_left = applied(before)
    right, used_right = applied(after)
    if not (used_left or used_right):
        raise DoesNotMatch(f"{name}: neither side has a place where it applies.")
    if not same_by_ring(left, right):
        raise DoesNotMatch(f"{name}: it turns the left side into {left}, and the right side into {right}.")
