"""The stable codes of diagnostics, and what each means; ``derive explain`` prints them."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A diagnostic: its number, the verdict it stands for, and its explanation."""

    number: str
    verdict: str
    headline: str
    explanation: str


CODES: tuple[Code, ...] = (
    Code("D001", "refuted", "the step is false",
         "A concrete MDP was found on which both sides are defined and differ. It was shrunk to the smallest found, "
         "and both sides were computed twice: exactly by the kernel, and by brute-force enumeration in fractions, "
         "which shares no arithmetic with the kernel. Look at the counterexample, then at the part that is marked."),
    Code("D002", "needs-condition", "the step needs a condition",
         "The sides are equal wherever both are defined, but the assumptions of the theorem do not imply that they "
         "are defined: a denominator may be 0, or the argument of a logarithm. Declare the assumption that is named, "
         "for example assumes=[possible(tau)], or restrict the sum."),
    Code("D003", "unjustified", "the step is not justified",
         "The rule or lemma that is named does not turn one side into the other, or no reason is given. Where the "
         "kernel has an equation of the step it is true, only the reason is missing: a warning, and by(automata) gives "
         "it. Otherwise the sides are equal on the shapes that were checked, nothing is known beyond them: an error."),
    Code("D004", "undecided", "the step could not be decided",
         "The kernel has no exact meaning for a part of the term, or a work limit was reached. Nothing is claimed. "
         "Split the step, or use smaller literal times."),
    Code("D005", "malformed", "a side has no meaning",
         "An operand has the wrong sort or rank: a product of two gradients, the sum of a gradient and a number, a "
         "state where an action is expected. There is nothing to prove or refute."),
    Code("D006", "estimates", "an estimate is written as an equality",
         "The left side is a number and the right side is a random variable, so they are not equal; but the mean of "
         "the right side over samples is the left side. Write the expectation of the estimate instead."),
    Code("D007", "same-mean", "two random variables with the same mean",
         "Both sides are random and differ, but their means over samples are equal."),
    Code("D008", "proved", "proved",
         "The kernel has made an equation: both sides are defined and equal. The scope says for which models: "
         "everywhere (every finite MDP, the horizons named), trusts (what was believed), by rule (whatever the "
         "written proof of "
         "the rule covers), by cutoff (every number of states and actions, at the horizons checked), exact (all "
         "parameter values of the shapes (|S|,|A|,H) listed). Agreement at random points is added information and "
         "proves nothing."),
    Code("D009", "", "a verdict differs from the one declared",
         "A step declares the verdict it expects with by(..., expect=...); without it, Proved is expected."),
    Code("D010", "", "an idle assumption",
         "An assumption of the theorem settles no side condition and excludes no counterexample. Drop it, and the "
         "theorem says more. A warning; an error under --strict."),
)


def code_of(verdict: str) -> Code:
    """The code of a verdict."""
    return next(code for code in CODES if code.verdict == verdict)
