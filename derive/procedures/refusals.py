"""What the kernel refused to read, in the words of the field: which construct is missing, and what to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """A construct that is outside of what is decided for every horizon at once, and the next move; either may be ''."""

    says: str
    move: str = ""


_NOUNS = {
    "sum": "a sum", "E": "an expectation", "num": "a number", "+": "a sum", "*": "a product", "/": "a quotient",
    "^": "a power", "prod": "a product Π", "log": "a logarithm", "grad": "a gradient",
    "trace": "a trace", "number": "an expectation", "gamma^": "a power of γ", "c^": "a power of a declared number",
    "q^": "a power of a number", "power": "a power", "m": "the number of samples", "V": "a value", "A": "an advantage",
    "dV": "the gradient of a value", "d2V": "a second gradient of a value", "R": "a return",
    "mu": "the initial law", "P": "a transition", "pi": "a policy", "dpi": "the gradient of a policy",
    "d2pi": "a second gradient of a policy", "log pi": "the logarithm of a policy", "r": "a reward",
    "f": "a free function", "same": "an indicator",
}
"""The heads of the kernel's terms, and of what it makes of them."""
_ONE = f"({'|'.join(map(re.escape, _NOUNS))})"

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
    (rf"the logarithm of {_ONE}",
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
    (r"free ((?:state|action|time|draw|trajectory|batch) .*)", "{0} that is free",
     "put it into an expectation, or sum over it"),
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
    (r"(.*), a power whose exponent is H or a time",
     "{0}, a power whose exponent is H or a time, of something else than γ or a number",
     "such powers are read of γ and of numbers: a declared one, c = scalar(\"c\"), may stand for the base"),
    (r"(.*) is no linear time", "the time {0}, which is no sum of letters, H and whole numbers", ""),
    (rf"{_ONE} beside sums over trajectories",
     "{0} that stands outside of every expectation and sum over trajectories",
     "products are read along a trajectory, as in expect(tau, prod(t, f(tau.s[t])))"),
    (rf"{_ONE} beside sums over states and actions", "{0} beside a sum over states or actions", ""),
    (r"E of a trajectory",
     "an expectation inside another one, of something that both trajectories stand in",
     "write it out, as E[(f(σ) - f(τ))^2] = E[f^2] - 2 f(τ) E[f] + f(τ)^2; an expectation of σ alone is decided"),
    (rf"{_ONE} (of several samples|of a trajectory|inside a trajectory|at the end|here)", "{0} {1}", ""),
    (rf"{_ONE} at .* after the last step", "{0} after the last step of a trajectory", ""),
    (rf"a sum over states or actions of a {_ONE} that depends on them",
     "a sum over states or actions of {0} that depends on them", ""),
    (rf"(the gradient of|a time in) {_ONE}", "{0} {1}", ""),
)


def missing(why: str) -> Missing:
    """A refusal of the kernel as a construct that is missing, and the next move; as it is where no words are known."""
    for pattern, says, move in _TABLE:
        found = re.fullmatch(pattern, why)
        if found is not None:
            return Missing(says.format(*(_NOUNS.get(one, one) for one in found.groups())), move.format(*found.groups()))
    return Missing(why)
