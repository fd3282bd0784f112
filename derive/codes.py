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
         "kernel has an equation of the step it is true, only its reason does not give it, or is missing: a warning, "
         "and by(automata) gives it. Otherwise the sides are equal on the shapes that were checked, nothing is known "
         "beyond them: an error."),
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
    Code("D020", "not-claimed", "no equality is claimed",
         "The line says \"approximately\" or \"becomes\". Its sides are well-formed, nothing is judged, and nothing "
         "follows across it: the chain begins anew after it."),
    Code("D023", "proportional", "one side is a multiple of the other",
         "The line says \"proportional\", and the kernel has made an equation: the right side is the factor that is "
         "named times the left one. Factors are numbers and terms in gamma, m and H, the same for every MDP. No "
         "equality is claimed, and nothing follows across the line."),
    Code("D008", "proved", "proved",
         "The kernel has made an equation: both sides are defined and equal. The scope says for which models: "
         "everywhere (every finite MDP, the horizons named), trusts (what was believed), by rule (whatever the "
         "written proof of "
         "the rule covers), by cutoff (every number of states and actions, at the horizons checked), exact (all "
         "parameter values of the shapes (|S|,|A|,H) listed). Agreement at random points is added information and "
         "proves nothing."),
    Code("D009", "", "a verdict differs from the one declared",
         "A step declares the verdict it expects with by(..., expect=...), and has another one. Correct the "
         "declaration, or the step."),
    Code("D010", "", "an idle assumption",
         "An assumption of the theorem settles no side condition and excludes no counterexample. Drop it, and the "
         "theorem says more. A warning."),
    Code("D011", "", "a file cannot be read as a proof",
         "It does not exist, cannot be opened, is not valid Python, or is no regular file of at most a million bytes. "
         "Nothing in it was checked, so nothing is said of it."),
    Code("D012", "", "a proof cannot be executed",
         "A proof is Python, and Python stopped: a name that does not exist, a call with the wrong arguments, a chain "
         "that is none. If it happened inside one theorem, the others of the file are checked."),
    Code("D013", "", "a theorem is lost, or there is none",
         "A theorem that a file declares is not there when the file has been executed: its name is given twice, it "
         "was deleted, or it stands where it is not reached. Or a file has no theorem at all."),
    Code("D014", "", "out of time",
         "The file was not checked within --timeout SECONDS. What was settled before is shown; of the rest nothing is "
         "claimed. Split the step, use smaller literal times, or allow more."),
    Code("D015", "", "out of memory",
         "The file was not checked within --memory MB. What was settled before is shown; of the rest nothing is "
         "claimed. Split the step, use smaller literal times, or allow more."),
    Code("D016", "", "the process ended without a result",
         "The process that checked a file ended before it said what it found: the file ended it, or a signal did. "
         "What was settled before is shown."),
    Code("D017", "", "a defect of derive",
         "Two kinds of evidence contradict each other, or the program itself failed. This is never the fault of the "
         "derivation. Please report it, with the file; DERIVE_DEBUG=1 shows where it happened."),
    Code("D018", "", "a letter is free on one side only",
         "The equation is checked for every value of the letter, which is legal and rarely meant. Usually a sum or an "
         "expectation that should bind it is missing."),
    Code("D019", "", "one term makes two steps false",
         "The steps before and after a term are both refuted, and its two neighbours are equal. So this one term is "
         "wrong, and nothing else."),
    Code("D021", "", "a run was stopped before its end",
         "It was interrupted, or its results could not be written any more. Of the files that it did not come to "
         "nothing is said."),
    Code("D022", "", "the claim says more than its steps",
         "Every step is true, for the horizons, the sample sizes and the times at which it has a meaning; the claim "
         "from the first line to the last has a meaning for more, and is false there, or not known to be true. Assume "
         "what the steps need, such as horizon_at_least(1), or take the line away that needs it."),
)


KINDS = {
    "idle": "D010", "unreadable": "D011", "not executed": "D012", "lost": "D013", "time": "D014", "memory": "D015",
    "ended": "D016", "defect": "D017", "free letter": "D018", "shared term": "D019", "declaration": "D009",
    "stopped": "D021", "more than its steps": "D022",
}
"""The codes of what is no verdict."""


def headline(number: str) -> str:
    """The headline of a code."""
    return next(code.headline for code in CODES if code.number == number)


def code_of(verdict: str) -> Code:
    """The code of a verdict."""
    return next(code for code in CODES if code.verdict == verdict)
