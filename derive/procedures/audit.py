"""Which normalisation relations a step uses: each is switched off in turn."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from derive.assumptions import Assumption
from derive.procedures.closure import Relations
from derive.procedures.everywhere import Everywhere, Sides, decide_everywhere

RELATIONS: tuple[tuple[str, Relations], ...] = (
    ("Σ_x P(x|s,a) = 1", Relations(dynamics=False)),
    ("Σ_a π(a|s) = 1", Relations(policy=False)),
    ("Σ_a π(a|s) A(s,a) = 0", Relations(advantage=False)),
    ("E[δ|s,a] = A(s,a)", Relations(residual=False)),
    ("V_{H+1} = 0", Relations(terminal=False)),
)
"""A relation, and the relations without it. The derivatives of Σ_a π(a|s) = 1 go with it."""


def relations_used(before: Expr, after: Expr, assumptions: Iterable[Assumption],
                   sides: Sides | None = None) -> tuple[str, ...]:
    """The relations without which the automata do not find the terms equal."""
    known = tuple(assumptions)
    return tuple(name for name, without in RELATIONS
                 if not isinstance(decide_everywhere(before, after, known, without, sides), Everywhere))
