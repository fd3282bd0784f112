"""From evidence to a verdict, for every step of a chain.

Each step is put to its reason (does the named rule turn one side into the other?) and,
independently, to the kernel (are the sides equal on generic models?); a step holds only
if both agree, and a failure never stops the rest. This file is the only maker of
``Proved``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from sympy import Expr

from derive.assumptions import POSSIBLE, Assumption, additive_return, check_assumed, check_step, iid_samples
from derive.claim import Claim, Witness
from derive.derivation import By, Theorem
from derive.errors import DoesNotMatch, KernelDisagrees, MalformedTerm, RuleDisagrees, WorkLimit
from derive.evidence import WITHOUT_END, scope_of
from derive.language.binding import Index
from derive.language.terms import Batch, Expect, Law
from derive.language.typing import check_equation, is_random
from derive.language.vocabulary import pi
from derive.models import Shape
from derive.procedures import decide
from derive.procedures.decide import Comparison, Models
from derive.procedures.everywhere import Everywhere, decide_everywhere
from derive.procedures.obligations import Obligation, owed_by, undischarged
from derive.rules import RULES
from derive.rules.decision import Decision
from derive.rules.lemma import Lemma
from derive.rules.rule import Rule
from derive.unfolded import MOST_VISITS, find_unfolded
from derive.verdict import (
    Estimates,
    Malformed,
    NeedsCondition,
    Proved,
    Refuted,
    SameMean,
    Scope,
    Undecided,
    Unjustified,
    Verdict,
)
from derive.witness import find_witness, oracle_objects


@dataclass(frozen=True, slots=True)
class Step:
    """One ``=`` with its verdict."""

    before: Expr
    after: Expr
    by: By
    verdict: Verdict
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def as_claimed(self) -> bool:
        """Whether the verdict is the one the author declared."""
        return self.verdict.code == self.by.expect


@dataclass(frozen=True, slots=True)
class Examined:
    """A theorem with the verdicts of its steps and of its claim end to end."""

    theorem: Theorem
    steps: tuple[Step, ...]
    claim: Verdict
    used: tuple[Assumption, ...]
    idle: tuple[Assumption, ...]
    seconds: float

    @property
    def follows(self) -> bool:
        """Whether the claim follows: every link is proved."""
        return all(isinstance(step.verdict, Proved) for step in self.steps)

    @property
    def expected(self) -> str:
        """The verdict that the author expects of the chain: the first that is not proved."""
        return next((step.by.expect for step in self.steps if step.by.expect != Proved.code), Proved.code)

    @property
    def as_claimed(self) -> bool:
        """Whether every step has its declared verdict."""
        return all(step.as_claimed for step in self.steps)


# -- examining -------------------------------------------------------------------------------------


class Session:
    """Examines theorems, each once, however many others use it as a lemma."""

    def __init__(self) -> None:
        self.models = Models()
        self._examined: dict[Theorem, Examined] = {}
        self._open: set[Theorem] = set()

    def examine(self, theorem: Theorem) -> Examined:
        """The verdict of every step of a theorem, and of its claim.

        Raises:
            RuleDisagrees: when a rule gives a step that has a verified counterexample.
            DoesNotMatch: when the theorem is being examined already: it rests on itself.
        """
        if theorem in self._open:
            raise DoesNotMatch(f"{theorem.name} rests on itself.")
        if theorem not in self._examined:
            self._open.add(theorem)
            try:
                self._examined[theorem] = self._run(theorem)
            finally:
                self._open.remove(theorem)
        return self._examined[theorem]

    def _run(self, theorem: Theorem) -> Examined:
        start = perf_counter()
        examiner = _Examiner(theorem, self)
        chain, steps = theorem.chain, []
        for before, after, reason in zip(chain.terms, chain.terms[1:], chain.reasons, strict=False):
            began = perf_counter()
            verdict = examiner.verdict(before, after, reason.reason)
            steps.append(Step(before, after, reason, verdict, perf_counter() - began, _binding_notes(before, after)))
        claim = steps[0].verdict if len(steps) == 1 else examiner.claimed(chain.terms[0], chain.terms[-1])
        used, idle = examiner.assumption_use()
        return Examined(theorem, tuple(steps), claim, used, idle, perf_counter() - start)


def examine(theorem: Theorem) -> Examined:
    """The verdict of every step of a theorem, and of its claim."""
    return Session().examine(theorem)


def _binding_notes(before: Expr, after: Expr) -> tuple[str, ...]:
    """A letter that is free on one side only is legal, but rarely meant."""
    one, two = before.free_symbols, after.free_symbols
    odd = {index for index in one ^ two if isinstance(index, Index) and not isinstance(index, Batch)}
    if before == 0 or after == 0 or not odd:
        return ()
    names = ", ".join(sorted(str(index) for index in odd))
    return (f"{names} is free on one side only; the equation is checked for every value.",)


class _Examiner:
    """One theorem's assumptions and generic models, and the way from evidence to a verdict."""

    def __init__(self, theorem: Theorem, session: Session) -> None:
        self.session = session
        lemmas = [reason.reason for reason in theorem.chain.reasons if isinstance(reason.reason, Theorem)]
        self.inherited = {assumption for lemma in lemmas for assumption in lemma.assumes}
        self.assumptions = frozenset(theorem.assumes)
        self.terms = theorem.chain.terms
        self.horizon = WITHOUT_END if theorem.endless else "every horizon"
        means = [self._mean_of(term) for term in self.terms if is_random(term)]
        self.comparison = Comparison([*self.terms, *means], self.assumptions, session.models)

    def verdict(self, before: Expr, after: Expr, reason: Any) -> Verdict:
        try:
            check_step(before, after, self.assumptions, endless=self.comparison.endless)
        except MalformedTerm as malformed:
            return Malformed(str(malformed), malformed.where)
        owed = undischarged([before, after], self.assumptions)
        if is_random(before) or is_random(after):
            random = self._random_verdict(before, after, owed)
            if random is not None:
                return random
        answer = self.comparison.compare(before, after)
        match answer:
            case decide.Different():
                return self._different(before, after, reason, answer)
            case decide.Undecided(why, may_diverge=False):
                return Undecided(why)
            case decide.Undecided(why):
                witness = self._witness(before, after, None)
                return Undecided(why) if witness is None else Refuted(witness)
            case decide.Equal(failing_horizon=int(horizon)):
                witness = (self._witness(before, after, Shape(2, 2, horizon))
                           or find_unfolded(self._claim(before, after), horizon))
                if witness is not None:
                    self._loudly(before, after, reason)
                    return Refuted(witness)
        if self.comparison.endless and oracle_objects(self._claim(before, after)):
            raise KernelDisagrees(f"{before} = {after}: equal by automata and on shapes, different by the oracle")
        scope = scope_of(answer)
        if owed:
            return _needs(owed, scope)
        found = self._justified(before, after, reason, scope, answer.outside)
        if isinstance(found, Unjustified) and answer.failing_horizon is not None:
            place = "" if answer.endless else f" at H = {answer.failing_horizon}"
            return Undecided(f"the automata find a difference{place}, which the shapes tried do not show; "
                             f"no counterexample of at most {MOST_VISITS} trajectories was confirmed")
        return found

    def claimed(self, before: Expr, after: Expr) -> Verdict:
        """The verdict on a claim by itself: no reason is needed where the automata cover the class."""
        found = self.verdict(before, after, None)
        if isinstance(found, Unjustified) and found.scope.everywhere:
            return Proved(found.scope)
        return found

    # -- different ---------------------------------------------------------------------------------

    def _claim(self, before: Expr, after: Expr) -> Claim:
        return Claim(before, after, self.assumptions, POSSIBLE in self.assumptions, self.comparison.endless)

    def _witness(self, before: Expr, after: Expr, reaching: Shape | None) -> Witness | None:
        return find_witness(self._claim(before, after), reaching=reaching,
                            agrees=lambda shape: self.comparison.agrees(before, after, shape))

    def _different(self, before: Expr, after: Expr, reason: Any, answer: decide.Different) -> Verdict:
        witness = self._witness(before, after, answer.shape)
        if witness is None:
            shape = answer.shape.shown(endless=self.comparison.endless)
            return Undecided(f"the sides differ on the generic model {shape}, "
                             "but no concrete counterexample with small numbers was found")
        self._loudly(before, after, reason)
        return Refuted(witness)

    def _loudly(self, before: Expr, after: Expr, reason: Any) -> None:
        """A rule that gives a refuted step, with nothing owed, is a defect of ours."""
        if isinstance(reason, (str, Decision, type(None))) or undischarged([before, after], self.assumptions):
            return
        try:
            self._justify(before, after, reason)
        except (DoesNotMatch, WorkLimit):
            return
        raise RuleDisagrees(
            f"the rule {reason.name} gives {before} = {after}, which has a verified counterexample. "
            "This is a defect of derive, not of the derivation; please report it.")

    # -- random ------------------------------------------------------------------------------------

    def _mean_of(self, term: Expr) -> Expr:
        """E over the samples that occur free."""
        for batch in sorted((index for index in term.free_symbols if isinstance(index, Batch)), key=str):
            term = Expect(batch, Law(pi), term)
        return term

    def _random_verdict(self, before: Expr, after: Expr, owed: Sequence[Obligation]) -> Verdict | None:
        """Estimates or SameMean; None if the sides are equal as random variables, or nothing fits."""
        if is_random(before) and not is_random(after):
            before, after = after, before
        if not isinstance(self.comparison.compare(before, after), decide.Different):
            return None
        witness = self._witness(before, after, None)
        if witness is None:
            return None
        means = [self._mean_of(side) for side in (before, after)]
        answer = self.comparison.compare(*means)
        if not isinstance(answer, decide.Equal):
            return None
        if owed:
            return _needs(owed, scope_of(answer))
        law = str(iid_samples.says)
        scope = scope_of(answer)
        return SameMean(law, witness, scope) if is_random(before) else Estimates(law, witness, scope)

    # -- equal -------------------------------------------------------------------------------------

    def _justified(self, before: Expr, after: Expr, reason: Any, scope: Scope, outside: str) -> Verdict:
        if isinstance(reason, Decision):
            return Proved(scope) if scope.everywhere else Unjustified(
                scope, f"{reason} do not decide it: {outside}", self._hint(before, after, scope))
        if reason is None:
            return Unjustified(scope, "no reason is given", self._hint(before, after, scope))
        if isinstance(reason, str):
            return Unjustified(scope, f"the reason {reason!r} is words, not a rule", self._hint(before, after, scope))
        try:
            held = self._justify(before, after, reason)
        except (DoesNotMatch, WorkLimit) as mismatch:
            return Unjustified(scope, str(mismatch), self._hint(before, after, scope))
        return Proved(replace(scope, by_rule=held))

    def _justify(self, before: Expr, after: Expr, reason: Rule | Theorem) -> str:
        """What the reason's proof covers, if the reason gives the step.

        Raises:
            DoesNotMatch: if it does not, or assumes or needs more than the theorem has.
        """
        if isinstance(reason, Theorem):
            return self._by_lemma(before, after, reason)
        missing = [assumption.name for assumption in reason.assumes if assumption not in self.assumptions]
        if missing:
            raise DoesNotMatch(f"{reason.name} needs {', '.join(missing)}, which the theorem does not assume.")
        reason.justify(before, after)
        return reason.holds_for.replace("every horizon", self.horizon)

    def _by_lemma(self, before: Expr, after: Expr, lemma: Theorem) -> str:
        missing = [assumption.name for assumption in lemma.assumes if assumption not in self.assumptions]
        if missing:
            raise DoesNotMatch(f"{lemma.name} assumes {', '.join(missing)}, which this theorem does not.")
        if lemma.endless != self.comparison.endless:
            raise DoesNotMatch(f"{lemma.name} speaks of another horizon.")
        if not self.session.examine(lemma).follows:
            raise DoesNotMatch(f"{lemma.name} is not proved itself.")
        Lemma(lemma.name, lemma.chain.terms[0], lemma.chain.terms[-1]).justify(before, after)
        return f"every finite MDP, {self.horizon}"


    def _hint(self, before: Expr, after: Expr, scope: Scope) -> str:
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
            return f"by({rule.name}) gives this step"
        return "by(automata) gives this step" if scope.everywhere else ""

    # -- assumptions -------------------------------------------------------------------------------

    def assumption_use(self) -> tuple[tuple[Assumption, ...], tuple[Assumption, ...]]:
        """Which assumptions settle an obligation, fix the model class or serve a lemma; and which are idle."""
        already = owed_by(self.terms, self.assumptions)
        used: list[Assumption] = []
        idle: list[Assumption] = []
        for assumption in sorted(self.assumptions, key=lambda assumption: assumption.name):
            settles = not owed_by(self.terms, self.assumptions - {assumption}) <= already
            needed = settles or assumption in self.inherited or self._fixes_the_class(assumption)
            (used if needed else idle).append(assumption)
        return tuple(used), tuple(idle)

    def _fixes_the_class(self, assumption: Assumption) -> bool:
        """Whether, without it, some step has a verified counterexample."""
        if assumption != additive_return:
            return False
        without = self.assumptions - {assumption}
        try:
            check_assumed(self.terms, without)
        except MalformedTerm:
            return True  # values have no meaning without it
        comparison = Comparison(self.terms, without)
        for before, after in zip(self.terms, self.terms[1:], strict=False):
            try:
                check_equation(before, after, endless=comparison.endless)
            except MalformedTerm:
                continue
            try:
                check_assumed([before, after], without, endless=comparison.endless)
            except MalformedTerm:
                return True
            if isinstance(decide_everywhere(before, after, without, sides=comparison.sides), Everywhere):
                continue  # the shapes would take longer
            if isinstance(comparison.compare(before, after), decide.Different):
                claim = Claim(before, after, without, POSSIBLE in without, comparison.endless)
                return find_witness(claim) is not None
        return False


def _needs(owed: Sequence[Obligation], scope: Scope) -> NeedsCondition:
    settled = {assumption.name: None for obligation in owed for assumption in obligation.settled_by}
    return NeedsCondition(tuple(str(obligation) for obligation in owed), tuple(settled), scope)
