"""Does the stated reason give the step? A rule by rewriting, a theorem as a lemma, and what would give it instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sympy import Expr

from derive.checking.scope import WITHOUT_END, reach_of
from derive.checking.theorems import Theorem
from derive.errors import DoesNotMatch, OutsideFragment, WorkLimit
from derive.kernel.contexts import Context
from derive.kernel.definedness import OutOfRange
from derive.kernel.equations import Equation, instance
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, free
from derive.kernel.wellformed import at_theta
from derive.language.assumptions import CASE, Assumption
from derive.language.binding import Index
from derive.procedures.encoding import Encoding
from derive.procedures.refusals import missing
from derive.rules import RULES
from derive.rules.lemma import Bindings, Lemma
from derive.rules.rule import Rule

RANGED = ("time", "draw", "trajectory", "batch")
"""The sorts of letters whose range, or support, an equation is bound to."""


@dataclass(frozen=True, slots=True)
class Given:
    """A reason that gives a step: what its proof covers, and the instances of lemmas that it used.

    ``loose``: a lemma was used below a sum at its letter, whose range or support nobody has compared with the lemma's.
    """

    covers: str
    using: tuple[Equation, ...] = ()
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons that a theorem may give, under its assumptions."""

    assumptions: frozenset[Assumption]
    context: Context
    encoding: Encoding
    lemma: Callable[[Theorem], Equation | None] = field(repr=False)

    def given(self, before: Expr, after: Expr, reason: Rule | Theorem) -> Given:
        """What the reason covers, if it gives the step.

        Raises:
            DoesNotMatch: if it does not, or assumes or needs more than the theorem has.
            WorkLimit: if rewriting does not come to rest.
        """
        if isinstance(reason, Theorem):
            return self._by_lemma(before, after, reason)
        missing = [assumption.name for assumption in reason.assumes if assumption not in self.assumptions]
        if missing:
            raise DoesNotMatch(f"{reason.name} needs {', '.join(missing)}, which the theorem does not assume.",
                               assumed=tuple(missing) if _fits(lambda: reason.justify(before, after)) else ())
        reason.justify(before, after)
        reach = WITHOUT_END if self.context.infinite else "every horizon"
        return Given(reason.holds_for.replace("every horizon", reach))

    def _by_lemma(self, before: Expr, after: Expr, lemma: Theorem) -> Given:
        missing = [assumption for assumption in lemma.assumes if assumption not in self.assumptions]
        if others := [one.name for one in missing if one.kind != CASE]:
            said = _said_by(lemma)
            raise DoesNotMatch(f"{lemma.name} assumes {', '.join(others)}, which this theorem does not.",
                               assumed=tuple(others) if _fits(lambda: said.used(before, after)) else ())
        if lemma.endless != self.context.infinite:
            raise DoesNotMatch(f"{lemma.name} speaks of another horizon.")
        if lemma.broken is not None:
            raise DoesNotMatch(f"{lemma.name} breaks at {lemma.sign} and says nothing end to end.")
        equation = self.lemma(lemma)
        if equation is None:
            raise DoesNotMatch(f"{lemma.name} is not proved itself.")
        used = replace(_said_by(lemma), at_theta=at_theta(equation.before, equation.after)).used(before, after)
        using = tuple(self._instance(lemma, equation, bindings) for bindings in used)
        contexts = [self.context, *(one.context for one in using)]
        first, samples = max(one.first for one in contexts), max(one.samples for one in contexts)
        reach = reach_of(replace(self.context, first=first, samples=samples))
        loose = any(_is_loose(value) and index.sort in RANGED for one in used for index, value in one.items())
        if missing and loose:  # cases go with their letters, and the kernel compares free ones only
            raise DoesNotMatch(f"{lemma.name} assumes {', '.join(one.name for one in missing)}, "
                               "which nobody has compared with the sum that it is used below.")
        return Given(f"every finite MDP, {reach}", using, loose)

    def _instance(self, lemma: Theorem, equation: Equation, bindings: Bindings) -> Equation:
        """The lemma at other letters, by the kernel: its ranges are owed, and what it says must stay the same."""
        values = {}
        for index, value in bindings.items():
            if _is_loose(value):
                continue  # the letter of a sum: where its range matters, only the kernel's own decision counts
            values[self.encoding.index(index)] = self._encoded(index, value)
        known = free(equation.before) | free(equation.after)
        try:
            return instance(equation, {old: new for old, new in values.items() if old in known}, self.context)
        except OutOfRange:
            times = ", ".join(f"{index} = {value}" for index, value in bindings.items() if index.sort == "time")
            said = " and ".join(one.name for one in lemma.assumes if one.kind == CASE) or "0 ≤ t ≤ H"
            raise DoesNotMatch(f"{lemma.name} is about times with {said}, which this theorem does not say of "
                               f"{times}.") from None
        except (Refused, Malformed, OutsideFragment) as refused:
            raise DoesNotMatch(f"{lemma.name} does not serve here: {missing(str(refused)).says}.") from None

    def _encoded(self, index: Index, value: Expr) -> object:
        encode = {"time": self.encoding.time, "state": self.encoding.place, "action": self.encoding.place,
                  "draw": self.encoding.draw}.get(index.sort, self.encoding.path)
        return encode(value)

    def hint(self, before: Expr, after: Expr, *, everywhere: bool) -> str:
        """A rule that would give the step, if there is one; else the automata, if they do."""
        for rule in RULES:
            if not set(rule.assumes) <= self.assumptions:
                continue
            try:
                if not rule.touches(before, after):  # most do not, which is soon seen
                    continue
                rule.justify(before, after)
            except (DoesNotMatch, WorkLimit):
                continue
            return f"by({rule.python}) gives this step"
        return "by(automata) gives this step" if everywhere else ""


def _said_by(lemma: Theorem) -> Lemma:
    """The equation that a theorem is used as, end to end."""
    return Lemma(lemma.name, lemma.chain.terms[0], lemma.chain.terms[-1])


def _fits(use: Callable[[], object]) -> bool:
    """Whether a reason would give the step if only what it assumes were assumed."""
    try:
        use()
    except (DoesNotMatch, WorkLimit):
        return False
    return True


def _is_loose(value: Expr) -> bool:
    """Whether the letter of a sum or an expectation outside stands in a term."""
    return any(isinstance(one, Index) and one.is_bound for one in value.free_symbols)


def only_words(reason: object) -> str:
    """Why a reason that is no rule gives nothing; words that are a rule's name are that rule without quotes."""
    if reason is None:
        return "no reason is given"
    named = any(reason in (rule.python, rule.name) for rule in RULES)
    return f"the reason {reason!r} is words, not a rule" + ("; without quotes it is the rule of that name" * named)


def made_of(reason: object, before: Expr) -> Expr | None:
    """What a rule makes of the left side of a step that it does not give."""
    if not isinstance(reason, Rule):
        return None
    try:
        made, used = reason.applied(before)
    except WorkLimit:
        return None
    return made if used else None
