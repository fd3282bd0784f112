"""Why a step is left undecided: no shape says anything, or none of those that agree is evidence."""

from __future__ import annotations

from sympy import Expr

from derive.counterexample.unfolded import MOST_VISITS
from derive.language.expression import subterms
from derive.language.horizons import VALUES
from derive.language.vocabulary import pi_old
from derive.procedures.answers import Equal
from derive.procedures.certificates import Differs
from derive.procedures.refusals import Missing, missing


def on_no_shape(why: str, kernel: object) -> str:
    """Why nothing is known at finite horizons, where shapes say nothing because of ``why``."""
    if isinstance(kernel, Differs) and kernel.horizon is not None:
        return (f"the automata find a difference at H = {kernel.horizon}, and no counterexample of at most "
                f"{MOST_VISITS} trajectories was found; {why}")
    found = missing(getattr(kernel, "why", ""))
    if not found.says or found == Missing(getattr(kernel, "why", "")):
        return why
    move = f". {found.move[0].upper()}{found.move[1:]}" if found.move else ""
    return f"{found.says}; and on shapes: {why}{move}"


def unseen(before: Expr, after: Expr, answer: Equal, horizon: int) -> str:
    """Why a difference of the automata is not believed: shapes of that very horizon agree, or none is so long."""
    if not answer.endless and all(shape.horizon < horizon for shape in answer.exact):
        return (f"the automata find a difference at H = {horizon}, which the shapes tried do not reach; "
                f"no counterexample of at most {MOST_VISITS} trajectories was confirmed")
    if any(isinstance(node, VALUES) and node.args[0] == pi_old for side in (before, after) for node in subterms(side)):
        return ("a gradient over trajectories whose body holds V, Q or A of pi_old: the sides agree on the shapes "
                'tried, and automata do not show more. With old = Policy("old") in the place of pi_old, the claim '
                "for every fixed policy, they may")
    return ("the sides agree on the shapes tried, and the automata, whose normal forms of them differ, do not show "
            "more; that is neither a proof nor a counterexample")
