"""What the kernel refused to read, in the words of the field: which construct is missing, and what to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sympy import Expr

from derive.counterexample.unfolded import MOST_VISITS
from derive.language.expression import subterms
from derive.language.horizons import VALUES
from derive.language.vocabulary import pi_old
from derive.procedures.answers import Equal
from derive.procedures.certificates import Differs


@dataclass(frozen=True, slots=True)
class Missing:
    """A construct that is outside of what is decided for every horizon at once, and the next move; either may be ''."""

    says: str
    move: str = ""


_TABLE: tuple[tuple[str, str, str], ...] = (
    (r"a value at another time",
     "a value V_k at the state of another time than k, such as V_{{t+1}}(s_t)",
     "a free function of the state, b(s_t), in its place says as much of a baseline"),
    (r"(mu|P|pi|r|same|V|.*\S) joins steps",
     "{0} is asked of places of two steps of a trajectory, other than s_t, a_t and s_{{t+1}}",
     "functions of the past are written as functions of the history, h(tau.h[t])"),
    (r"a time that is a sum of times",
     "a place at a time that runs backwards, or that adds two times, beside places at other times",
     "one sum may run backwards (s_{{H-t}} alone); sum over both times apart, with limits, where two are added"),
    (r"a sum over a time of products of sums over trajectories",
     "a sum over times of a product of two expectations, such as Σ_t E[f(s_t)]²",
     "the products are decided at one free time t; the sum is an equation where both sides have the same summand"),
    (r"the logarithm of (sum|E|num|\+)",
     "the logarithm of {0}",
     "logarithms are read of μ, P, π, and of their products, quotients and powers"),
    (r"a product of sums or of weights over a time",
     "a product over times of sums, or of weights that every factor has",
     "take what is the same at every time out: Π_t γ f(s_t) = γ^{{H+1}} Π_t f(s_t)"),
    (r"a product over a time of more than symbols of its own step",
     "a product over times of factors of more than one step each", ""),
    (r"free (?=.*trajectory .*trajectory)(.*)",
     "two trajectories that are free at once", "put each into an expectation of its own"),
    (r"free (?=.*batch )(.*)",
     "samples that stand outside of an expectation, compared sample by sample for every m at once",
     "their means are decided: expect(samples, ...) around both sides"),
    (r"free (.*)", "{0} free at an infinite horizon", "put it into an expectation, or sum over it"),
    (r"a sum over states or actions of products of sums that depend on them",
     "a sum over states or actions of a product of two expectations (occupancies, say) that depend on them", ""),
    (r"an infinite sum that is not known to converge|an infinite sum whose terms may grow",
     "an infinite sum whose terms are not plainly at most as large as those of Σ_t γ^t: a ratio, or a negative factor, "
     "in each of them", ""),
    (r"division by a function of draws",
     "division by a function of several samples, as in self-normalised importance sampling", ""),
    (r"division by (a reward or a value|a sum over trajectories|a sum)",
     "division by {0}", "where it divides a whole side, multiply both sides by it"),
    (r"the gradient of a value beside what comes after it",
     "the gradient of a value beside rewards or states that come later",
     "write the gradient of the value out first, by its recursion"),
)

_KINDS = {"sum": "a sum", "E": "an expectation", "num": "a number", "+": "a sum"}


def missing(why: str) -> Missing:
    """A refusal of the kernel as a construct that is missing, and the next move; as it is where no words are known."""
    for pattern, says, move in _TABLE:
        found = re.fullmatch(pattern, why)
        if found is not None:
            about = found[1] if found.groups() else ""
            return Missing(says.format(_KINDS.get(about, about)), move.format(about))
    return Missing(why)


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
