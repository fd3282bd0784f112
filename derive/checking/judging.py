"""From evidence to a verdict, for every step of a chain.

Each step is put to the kernel, which makes an equation of it or not; to shapes, which may
contradict, and lead to a witness; and to its reason. A failure never stops the rest. This
file is the only maker of ``Proved``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

from sympy import Expr

from derive.certificates.statements import condition
from derive.checking.boundary import at_its_ends, missing
from derive.checking.deciding import Crossing, Deciding, Evidence
from derive.checking.judgement import Judgement
from derive.checking.mending import (
    holds_before,
    holds_under,
    mean_is_off,
    means_agree,
    proportional,
    settling_together,
    without_a_law,
)
from derive.checking.outside import on_no_shape, unseen
from derive.checking.proportionality import proportionality
from derive.checking.reasons import Given, Reasons, made_of, only_words
from derive.checking.scope import reach_of, scope_of
from derive.checking.theorems import By, Theorem
from derive.checking.verdict import (
    Estimates,
    Malformed,
    NeedsCondition,
    NotClaimed,
    Proved,
    Refuted,
    SameMean,
    Undecided,
    Unjustified,
    Verdict,
)
from derive.errors import DoesNotMatch, KernelDisagrees, MalformedTerm, OutsideFragment, RuleDisagrees, WorkLimit
from derive.kernel.equations import Equation, by_rule
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed as NoTerm
from derive.language.assumptions import POSSIBLE, check_step, iid_samples
from derive.language.binding import Index
from derive.language.dependence import is_random, speaks_of_histories
from derive.language.terms import Batch, Expect, Law
from derive.language.vocabulary import pi
from derive.procedures import answers
from derive.procedures.certificates import Differs
from derive.procedures.decision import Shown
from derive.procedures.obligations import Obligation, obligations, undischarged
from derive.procedures.refusals import missing as missing_construct
from derive.rules.decision import Decision
from derive.rules.decision import proportional as proportional_to
from derive.rules.rule import Rule
from derive.semantics.kept_models import Models

LAST_STATE = "shapes, which have functions of the last state only"


def _notes(before: Expr, after: Expr) -> tuple[str, ...]:
    """A letter that is free on one side only is legal, but rarely meant."""
    one, two = before.free_symbols, after.free_symbols
    odd = {index for index in one ^ two if isinstance(index, Index) and not isinstance(index, Batch)}
    if before == 0 or after == 0 or not odd:
        return ()
    names = ", ".join(sorted(str(index) for index in odd))
    are = "is" if len(odd) == 1 else "are"
    return (f"{names} {are} free on one side only; the equation is checked for every value.",)


class Examiner:
    """One theorem's assumptions, and the way from evidence to a verdict."""

    def __init__(self, theorem: Theorem, models: Models, crossing: Crossing,
                 lemma: Callable[[Theorem], Equation | None]) -> None:
        self.assumptions = frozenset(theorem.assumes)
        terms = theorem.chain.terms
        means = [self._mean_of(term) for term in terms if is_random(term)]
        self.infinite = theorem.endless
        self.deciding = Deciding(
            [*terms, *means], self.assumptions, infinite=self.infinite, models=models, crossing=crossing)
        self.reasons = Reasons(self.assumptions, self.deciding.context, self.deciding.encoding, lemma)

    def judged(self, before: Expr, after: Expr, by: By) -> Judgement:
        """The judgement of one step."""
        began = perf_counter()
        found = self._judged(before, after, by)
        notes = () if isinstance(found.verdict, Malformed) else _notes(before, after)
        return replace(found, notes=notes, seconds=perf_counter() - began)

    def linked(self, before: Expr, after: Expr, whole: Equation | None) -> Verdict:
        """The verdict on a claim with the equation that its steps make one after the other.

        That may hold from a later horizon on, or for more samples; then the claim is asked for by itself.
        """
        wanted = self.deciding.context
        if whole is not None and not whole.trusts and (
                (whole.context.first, whole.context.samples) == (wanted.first, wanted.samples)):
            return Proved(whole)
        return self.claimed(before, after)

    def claimed(self, before: Expr, after: Expr) -> Verdict:
        """The verdict on a claim by itself: no reason is needed where the kernel has an equation."""
        found = self._judged(before, after, By(None, None, Proved.code, 0)).verdict
        if isinstance(found, Unjustified) and found.equation is not None:
            return Proved(found.equation)
        return found

    def _judged(self, before: Expr, after: Expr, by: By) -> Judgement:
        blank = Judgement(before=before, after=after, by=by, verdict=Undecided(""))
        try:
            check_step(before, after, self.assumptions, endless=self.infinite)
        except MalformedTerm as malformed:
            return replace(blank, verdict=Malformed(
                str(malformed), malformed.where, malformed.within, malformed.nth))
        if by.relation == proportional_to:
            return replace(blank, verdict=proportionality(self.deciding, before, after))
        if by.relation is not None:
            return replace(blank, verdict=NotClaimed(by.relation.says))
        everything = obligations([before, after], sorted(self.assumptions, key=str), endless=self.infinite)
        owed = undischarged([before, after], self.assumptions, endless=self.infinite) if (
            everything or POSSIBLE in self.assumptions) else ()  # what is narrowed to the possible owes more
        blank = replace(blank, obligations=everything, owed=frozenset(one.says for one in owed))
        if is_random(before) or is_random(after):
            found = self._random(blank, owed)
            if found is not None:
                return found
        if isinstance(known := self.deciding.kernel(before, after), Differs):
            witness = self.deciding.early_witness(before, after, None if self.infinite else known.horizon)
            if witness is not None:
                return self._refuted(blank, witness, owed)
        evidence = self.deciding.evidence(before, after)
        if isinstance(evidence.kernel, Shown):
            if self.infinite and self.deciding.oracle_objects(before, after, shown=True):
                raise KernelDisagrees(f"{before} = {after}: an equation of the kernel, different by the oracle")
            return self._shown(blank, evidence, owed)
        return self._not_shown(blank, evidence, owed)

    # -- the kernel has an equation ------------------------------------------------------------------

    def _shown(self, blank: Judgement, evidence: Evidence, owed: tuple[Obligation, ...]) -> Judgement:
        shown = evidence.kernel
        assert isinstance(shown, Shown)
        equation = shown.equation
        shapes = evidence.shapes if isinstance(evidence.shapes, answers.Equal) else None
        scope = scope_of(shapes, equation, relations=self.deciding.relations(shown))
        blank = replace(blank, equation=equation, evidence=shown.evidence, scope=scope)
        if equation.context.owes:
            return replace(blank, verdict=self._needs(blank, owed, equation))
        given = self._given(blank)
        if isinstance(given, Unjustified):
            made = made_of(blank.by.reason, blank.before)
            return replace(blank, verdict=replace(given, equation=equation), made=made)
        return replace(blank, verdict=Proved(equation), scope=replace(scope, by_rule=given.covers))

    def _given(self, blank: Judgement) -> Given | Unjustified:
        """Whether the reason gives the step that the kernel, or shapes, have found to hold."""
        reason, everywhere, assuming = blank.by.reason, blank.equation is not None, tuple[str, ...]()
        if isinstance(reason, Decision):
            return Given("") if everywhere else Unjustified(f"{reason} do not decide it")
        if isinstance(reason, (Rule, Theorem)):
            try:
                return self.reasons.given(blank.before, blank.after, reason)
            except (DoesNotMatch, WorkLimit) as mismatch:
                why, assuming = str(mismatch), getattr(mismatch, "assumed", ())
        else:
            why = only_words(reason)
        hint = self.reasons.hint(blank.before, blank.after, everywhere=everywhere)
        return Unjustified(why, hint, assuming=assuming)

    # -- it has none ------------------------------------------------------------------------------------

    def _not_shown(self, blank: Judgement, evidence: Evidence, owed: tuple[Obligation, ...]) -> Judgement:
        before, after, answer = blank.before, blank.after, evidence.shapes
        horizon = evidence.kernel.horizon if isinstance(evidence.kernel, Differs) else None
        match answer:
            case answers.Different(shape):
                witness = self.deciding.witness(before, after, shape)
                if witness is None and horizon is not None and not self.infinite:
                    witness = self.deciding.late_witness(before, after, horizon)
                if witness is None:
                    return replace(blank, verdict=Undecided(
                        f"the sides differ on the generic model {shape.shown(endless=self.infinite)}, "
                        "but no concrete counterexample with small numbers was found"))
                return self._refuted(blank, witness, owed)
            case answers.Undecided(why, may_diverge):
                witness = self.deciding.witness(before, after, None) if may_diverge else None
                if witness is None and horizon is not None and not self.infinite:
                    witness = self.deciding.late_witness(before, after, horizon)
                if witness is not None:
                    return self._refuted(blank, witness, owed)
                gone = None if self.infinite else missing(before, after)
                if not self.infinite:
                    why = at_its_ends(self.assumptions, before, after) or on_no_shape(why, evidence.kernel)
                return replace(blank, verdict=Undecided(why) if gone is None else Malformed(gone.why, gone.where))
        assert isinstance(answer, answers.Equal)
        late = None if horizon is None else self.deciding.late_witness(before, after, horizon)
        if late is not None:
            return self._refuted(blank, late, owed)
        if self.infinite and self.deciding.oracle_objects(before, after, shown=False):
            raise KernelDisagrees(f"{before} = {after}: equal on shapes, different by the oracle")
        outside = missing_construct(
            getattr(evidence.kernel, "why", "") or "a product of expectations that no linear relations settle")
        if speaks_of_histories(before, after):
            why = "functions of the whole history at an infinite horizon" if self.infinite else outside.says
            return replace(blank, verdict=Undecided(
                f"{why}; the sides agree on {LAST_STATE}, which says nothing of others"))
        blank = replace(blank, scope=scope_of(answer))
        if horizon is not None:  # whatever a rule says of it
            return replace(blank, verdict=Undecided(unseen(before, after, answer, horizon)))
        given = self._given(blank)
        if isinstance(given, Given) and not isinstance(blank.by.reason, Decision):
            return self._believed(blank, answer, given, owed)
        verdict = given if isinstance(given, Unjustified) else Unjustified(f"{blank.by.reason} do not decide it")
        if isinstance(blank.by.reason, Decision):
            verdict = replace(verdict, why=f"{blank.by.reason} do not decide it: {outside.says}",
                              hint=self.reasons.hint(before, after, everywhere=False) or outside.move)
        if owed:
            verdict = replace(verdict, why=f"{verdict.why}; it owes {', '.join(map(str, owed))} besides")
        return replace(blank, verdict=verdict, made=made_of(blank.by.reason, before))

    def _refuted(self, blank: Judgement, witness: Any, owed: tuple[Obligation, ...], note: str = "") -> Judgement:
        """A rule that gives a refuted step, with nothing owed, is a defect of ours."""
        reason = blank.by.reason
        if isinstance(reason, (Rule, Theorem)) and not owed:
            try:
                used = [one.context for one in self.reasons.given(blank.before, blank.after, reason).using]
            except (DoesNotMatch, WorkLimit):
                used = None
            found = witness.model.shape  # before the first horizon of a lemma it says nothing
            if used is not None and all((self.infinite or found.horizon >= one.first) and found.samples >= one.samples
                                        for one in used):
                raise RuleDisagrees(
                    f"the rule {reason.name} gives {blank.before} = {blank.after}, which has a verified "
                    "counterexample. This is a defect of derive, not of the derivation; please report it.")
        if not note and isinstance(self.deciding.kernel(blank.before, blank.after), Differs):
            note = proportional(self.deciding, blank.before, blank.after, witness)
        note = note or holds_under(self.deciding, blank.before, blank.after, witness)
        note = note or holds_before(self.deciding, blank.before, blank.after, witness)
        return replace(blank, verdict=Refuted(witness, note), made=made_of(reason, blank.before))

    def _believed(self, blank: Judgement, answer: answers.Equal, given: Given,
                  owed: tuple[Obligation, ...]) -> Judgement:
        """A step that a rule gives and the kernel does not decide: shapes must agree, one with a zero among them."""
        reason = blank.by.reason
        assert isinstance(reason, (Rule, Theorem))
        name = f"rule: {reason.name.replace('_', ' ')}" if isinstance(reason, Rule) else f"lemma: {reason.name}"
        try:
            before, after = (self.deciding.encoding.term(side) for side in (blank.before, blank.after))
            equation = by_rule(self.deciding.context, before, after, name, *given.using)
        except (Refused, NoTerm, OutsideFragment, MalformedTerm) as refused:
            return replace(blank, verdict=Undecided(
                f"{reason.name} gives it, but the kernel has no such equation: "
                f"{missing_construct(str(refused)).says}"))
        blank = replace(blank, equation=equation, scope=scope_of(answer, equation, by_rule=given.covers))
        if equation.context.owes:
            return replace(blank, verdict=self._needs(blank, owed, equation))
        if given.loose:
            return replace(blank, verdict=Undecided(
                f"{reason.name} is used below a sum at its letter, where the ranges would have to be compared"))
        if not answer.tried_with_zeros:
            return replace(blank, verdict=Undecided(
                f"{reason.name} gives it, but no shape with a zero could be compared, and a rule alone proves nothing"))
        own = by_rule(self.deciding.context, before, after, name).context
        if (equation.context.first, equation.context.samples) > (own.first, own.samples):
            return replace(blank, verdict=Undecided(
                f"shown for {reach_of(equation.context)}; below that nothing is known"))
        return replace(blank, verdict=Proved(equation))

    def _needs(self, blank: Judgement, owed: tuple[Obligation, ...], equation: Equation) -> NeedsCondition:
        wanted = tuple(dict.fromkeys(one for obligation in owed for one in obligation.settled_by))
        settled = settling_together(
            self.deciding, blank.before, blank.after, wanted, trusting=bool(equation.trusts))
        conditions = tuple(map(str, owed)) or tuple(sorted(map(condition, equation.context.owes)))
        return NeedsCondition(conditions, tuple(one.name for one in settled), equation)

    # -- random ------------------------------------------------------------------------------------

    def _mean_of(self, term: Expr) -> Expr:
        """E over the samples that occur free."""
        for batch in sorted((index for index in term.free_symbols if isinstance(index, Batch)), key=str):
            term = Expect(batch, Law(pi), term)
        return term

    def _random(self, blank: Judgement, owed: tuple[Obligation, ...]) -> Judgement | None:
        """Estimates or SameMean; None if the sides are equal as random variables, or nothing fits.

        Raises:
            KernelDisagrees: when the kernel has an equation of means and a shape contradicts it.
        """
        before, after = blank.before, blank.after
        if isinstance(self.deciding.kernel(before, after), Shown):
            return None
        if not isinstance(self.deciding.comparison.compare(before, after), answers.Different):
            return None
        witness = self.deciding.witness(before, after, None)
        if witness is None:
            return None
        means = [self._mean_of(side) for side in (before, after)]
        evidence = self.deciding.evidence(*means)
        if not isinstance(evidence.kernel, Shown):
            return self._means_unknown(blank, means, evidence, witness, owed)
        equation = evidence.kernel.equation
        shapes = evidence.shapes if isinstance(evidence.shapes, answers.Equal) else None
        blank = replace(blank, equation=equation, evidence=evidence.kernel.evidence, scope=scope_of(shapes, equation))
        if ("law",) in equation.context.owes:
            return replace(blank, verdict=Undecided(without_a_law(self.deciding, (before, after), means)))
        if equation.context.owes or owed:
            return self._refuted(blank, witness, owed, means_agree(self.deciding, *means))
        law = str(iid_samples.says)
        both = is_random(before) and is_random(after)
        verdict = SameMean(law, witness, equation) if both else Estimates(law, witness, equation)
        return replace(blank, verdict=verdict)

    def _means_unknown(self, blank: Judgement, means: list[Expr], evidence: Evidence, witness: Any,
                       owed: tuple[Obligation, ...]) -> Judgement | None:
        """The sides differ; the means agree on shapes alone, or nothing is known of them."""
        if not isinstance(evidence.shapes, answers.Equal):
            if is_random(blank.before) and is_random(blank.after):
                return None
            note = mean_is_off(self.deciding, *(means if is_random(blank.after) else means[::-1]))
            return self._refuted(blank, witness, owed, note) if note else None
        scope = scope_of(evidence.shapes)
        horizon = evidence.kernel.horizon if isinstance(evidence.kernel, Differs) else None
        if horizon is not None and self.deciding.late_witness(means[0], means[1], horizon) is not None:
            return self._refuted(blank, witness, owed)
        if speaks_of_histories(*means):
            return replace(blank, verdict=Undecided(
                f"the sides differ; their means agree on {LAST_STATE}, which says nothing of others"))
        if (is_random(blank.before) and is_random(blank.after)) or owed:
            shapes = evidence.shapes
            least = min((shape.samples for shape in shapes.exact or shapes.vacuous), default=1)
            note = f"the means agree for m ≥ {least}, on the shapes checked" if least > 1 else (
                "the means agree on the shapes checked")
            return self._refuted(replace(blank, scope=scope), witness, owed, note)
        return replace(blank, scope=scope, verdict=Unjustified(
            "the sides differ; that their means agree is seen on these shapes only", ""))


