"""``check_loss``: is the mean gradient of a torch loss the gradient of its target? On small models, all batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, Literal

import numpy as np

from derive.errors import BadInput
from derive.estimators import enumeration, field, keeping, ratios, rounding, targets
from derive.estimators.batches import Loss, asked_for, float_gradient
from derive.estimators.enumeration import Case, Floats
from derive.estimators.field import Sum
from derive.estimators.groups import group_sizes
from derive.estimators.loss_sizes import Measured
from derive.estimators.model import TabularLM
from derive.estimators.naming import LOOKUP, listed, named, parameters
from derive.estimators.provenance import Ledger, LeftExact
from derive.estimators.result import (
    VERDICTS,
    Effective,
    EstimatorResult,
    Factor,
    GroupResult,
    Kind,
    Verdict,
    WorstGroup,
    weakest,
)
from derive.estimators.sizes import fitted
from derive.estimators.suite import Given, further_models, models_of
from derive.estimators.tabular import TabularModel
from derive.numeric.tabular import about_discount


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model says: exact vectors (None where floats had to do), and the sizes in doubles."""

    case: Case
    exact: tuple[list[list[Sum]], list[list[Sum]]] | None
    pair: rounding.Pair
    reached: bool
    undefined: float
    leak: float
    trace_variance: float
    effective: tuple[Effective, ...]
    worst: WorstGroup | None
    left: str | None
    said: tuple[str, ...]
    """Readings of floats, ties and casts."""
    single: str | None


GROUPS, LADDER, FURTHER_GROUPS = (4,), (2, 4), (5, 6)
"""Where no group size was asked for, the smallest model is run in floats at others too, one of them odd."""


LARGEST_ELSEWHERE = 4
A_PENALTY = ("it asks for log-probabilities of a reference policy, and is compared with J alone: for a KL penalty take "
             "the target J-kl (--target J-kl --beta ...), or set its weight to 0")


def check_loss(loss: Loss, group: int | Sequence[int] = GROUPS, target: str = "J", *,
               model: Given | Sequence[Given] | None = None, beta: object = Fraction(1, 10),
               off_policy: bool = False, exact: bool | Literal["auto"] = "auto",
               name: str | None = None) -> EstimatorResult:
    """Whether -E[∇ loss] is the gradient of the target, over all batches of small models.

    The loss is called by the names that it declares (log_probs, old_log_probs, ref_log_probs,
    mask, rewards, ...; shapes (samples, length) and (samples,), prompts x G samples with
    those of a prompt together) and returns one number. A KL target is descended, J climbed.
    ``model`` is a ``TabularLM`` or a finite MDP, whose episodes are the samples (``episodes`` says
    what each name means there), or several; None is a suite of language models.
    ``off_policy`` samples from an old policy, or a rollout policy where the loss asks for
    one, that differs from pi: the model's own, or one that is drawn. ``advantages`` are leave-one-out ones.
    ``exact`` True runs all models in exact numbers, "auto" the small ones. Where no group size is given, the
    smallest model is run at other ones too; where no model is given, so are longer responses and more prompts.

    Raises ``BadInput`` for a loss that fails, is random, changes its arguments, asks for a
    name that is not known, or returns no single number; for a model that is none, or on which
    the target has no gradient.
    """
    sizes, goal = group_sizes(group), targets.target_name(target)
    models = models_of(model)
    asked = {LOOKUP.get(one.name) for some in parameters(loss) for one in some}
    if "log_probs" not in asked:
        raise BadInput(f"{named(loss)} asks for {listed(loss)}, and so for no log-probabilities of the policy: name a "
                       "parameter log_probs, or wrap it, as in lambda log_probs, mask, rewards: ...")
    try:
        weight = Fraction(str(beta))
    except (ValueError, ZeroDivisionError):
        raise BadInput(f"beta = {beta!r}: expected a number such as 1/10") from None
    rows, outcomes, before = [], [], keeping.state_of(loss)
    sampled = behaviour_of(asked)
    on_policy = not off_policy and all(one.policy(sampled) == one.policy("pi") for one in models)
    for size in sizes:
        found = _examined(loss, models, size, goal, weight, asked, away=off_policy, exact=exact)
        row = _row(size, found)
        if len(models) == 1 and (row.verdict == "proportional" or (row.verdict == "unbiased" and on_policy)):
            row = _compared_elsewhere(row, found, lambda number, mode: _examined(
                loss, (models[0].redrawn(),), number, goal, weight, asked, away=off_policy, exact=mode), exact)
        rows.append(row)
        outcomes += found
    others = [(models[0], size) for size in FURTHER_GROUPS if group is GROUPS or group is LADDER]
    others += [(one, sizes[0]) for one in further_models() if model is None and sizes[0] <= LARGEST_ELSEWHERE]
    for one, size in others:
        if weakest([row.verdict for row in rows]) in ("unbiased", "proportional"):
            rows += _further(partial(_examined, loss, (one,), size, goal, weight, asked, away=off_policy, exact=False),
                             size, rows)
    away = None
    if on_policy and asked & {"old_log_probs", "rollout_log_probs"}:
        distant = _examined(loss, models, sizes[0], goal, weight, asked, away=True, exact=False)
        away = _row(sizes[0], distant).verdict
    result = _together(tuple(rows), outcomes, name or named(loss), goal, away)
    if goal == "J" and "ref_log_probs" in asked and not result.good:
        result = replace(result, notes=(A_PENALTY, *result.notes))
    return replace(result, notes=(*result.notes, *keeping.notes_on(loss, before)))


def _further(run: Callable[[], list[Outcome]], group: int, rows: Sequence[GroupResult]) -> list[GroupResult]:
    """The row of what was not asked for, if it is worse than all others; a loss may not run there."""
    try:
        outcomes = run()
    except BadInput:
        return []
    row = _row(group, outcomes)
    worse = VERDICTS.index(row.verdict) > max(VERDICTS.index(one.verdict) for one in rows)
    return [replace(row, where=f"with {outcomes[0].case.model}, which was not asked for")] if worse else []


def _examined(loss: Loss, models: Sequence[TabularModel], group: int, goal: str, beta: Fraction, asked: set[str | None],
              *, away: bool, exact: bool | Literal["auto"]) -> list[Outcome]:
    outcomes = []
    behaviour = behaviour_of(asked)
    shape, bools = conventions(loss, models[0], behaviour)
    for one in models:
        distant = one.away(behaviour) if away and one.policy(behaviour) == one.policy("pi") else one
        case = Case(loss, distant, group, behaviour, shape, bools=bools)
        floats = enumeration.in_floats(case)
        outcomes.append(_outcome(floats, goal, beta, exact=exact))
    return outcomes


def _outcome(floats: Floats, goal: str, beta: Fraction, *, exact: bool | Literal["auto"]) -> Outcome:
    case = floats.case
    aim = targets.table(goal, case.model, case.model.policy(case.behaviour), beta)
    wanted = targets.in_logits(case.model, aim)
    if not any(entry for row in wanted for entry in row):
        raise BadInput(f"the gradient of {goal} is 0 with {case.model}, so that there is nothing to compare with; give "
                       "rewards and policies on which it depends")
    vectors, left = None, None
    odd = about_discount(case.model.discount)
    said = (*floats.said, *((odd,) if odd else ()))
    work = len(case.batches) * case.design.prompts * case.group
    if exact is True or (exact == "auto" and work <= enumeration.WORK):
        ledger = Ledger()
        try:
            table = enumeration.in_exact_numbers(floats, ledger)
            vectors = (targets.in_logits(case.model, table), wanted)
            said += (*ledger.lines(), *sorted(ledger.ties))
        except LeftExact as reason:
            left = str(reason)
    numbers = Measured(floats, wanted, aim)
    pair = rounding.Pair(numbers.mean, numbers.wanted, numbers.noise)
    return Outcome(case, vectors, pair, floats.reached, numbers.undefined, numbers.leak, numbers.trace_variance,
                   numbers.effective, numbers.worst, left, said, floats.single)


def behaviour_of(asked: Collection[str | None]) -> str:
    """The name of the policy that the samples come from: rollout for a loss that asks for its log-probabilities."""
    return "rollout" if "rollout_log_probs" in asked else "old"


def conventions(loss: Loss, model: TabularModel, behaviour: str) -> tuple[str | None, bool]:
    """(the shape of ``advantages``, whether ``mask`` is of bools): the first with which the loss runs.

    The shape is "sequence", (samples,), or "token"; None if the loss does not ask. It is tried where
    samples and length differ; where all samples have one decision, every shape broadcasts with
    every other, so that a model with two is asked. A mask is of 0 and 1 in floats, unless only bools do.
    """
    asked = asked_for(loss)
    asked_model = model if model.longest > 1 else TabularLM(vocab=2, length=2)
    group = 3 if asked_model.longest != 3 * asked_model.prompt_count else 4
    shapes = ("sequence", "token") if "advantages" in asked else (None,)
    for bools in (False, True) if "mask" in asked else (False,):
        for shape in shapes:
            case = Case(loss, asked_model, group, behaviour, shape, bools=bools)
            try:
                float_gradient(loss, case.batch([0] * group * asked_model.prompt_count))
            except BadInput:
                continue
            return shape, bools
    return shapes[-1], False


# -- verdicts --------------------------------------------------------------------------------------


def _row(group: int, outcomes: Sequence[Outcome]) -> GroupResult:
    shown = max(outcomes, key=lambda one: (one.pair.size > 0, _relative(one.pair)))  # not one where nothing happens
    sizes: dict[str, Any] = {
        "relative_bias": _relative(shown.pair), "cosine": _cosine(shown.pair), "trace_variance": shown.trace_variance,
        "target_length": float(np.linalg.norm(shown.pair.target)), "effective_reward": shown.effective,
        "worst_group": shown.worst, "notes": (f"sizes at G = {group} are those of {shown.case.model}, in its logits, "
                                              "for one batch",)}
    if any(outcome.leak for outcome in outcomes):
        return _leaking(group, outcomes)
    apart = max((abs(line.effective - line.wanted) for line in shown.effective), default=0.0)
    if _relative(shown.pair) <= rounding.EPSILON < apart:
        sizes["notes"] += ("H(o) is a mean over tokens; a part that depends on the prefix only has no gradient",)
    undefined = max(outcome.undefined for outcome in outcomes)
    if undefined:
        return GroupResult(group, "undefined", probability=f"{undefined:.4g}", worst_group=shown.worst)
    if not any(outcome.reached for outcome in outcomes):
        return GroupResult(group, "no gradient", notes=("nothing of the loss depends on log_probs",))
    exact = [outcome.exact for outcome in outcomes if outcome.exact is not None]
    rounded = [outcome.pair for outcome in outcomes if outcome.exact is None]
    verdict, factor, kind, figure, within, notes = _judged(exact, [outcome.pair for outcome in outcomes])
    single = next((outcome.single for outcome in outcomes if outcome.single is not None), None)
    if single is not None and verdict in ("unbiased", "proportional"):
        return GroupResult(group, "undecided", numerical=single, **{**sizes, "notes": (single, *sizes["notes"])})
    if verdict == "unbiased" and not rounded:
        sizes["relative_bias"] = 0.0
    if verdict == "biased" and sizes["relative_bias"] <= rounding.EPSILON and rounding.AN_EPSILON not in notes:
        notes += (rounding.AN_EPSILON,)
    if verdict == "proportional" and kind == "model-dependent":
        notes = (*(note for note in notes if note != rounding.BETWEEN_PROMPTS), _by_model(outcomes))
    return GroupResult(group, verdict, factor, kind, figure, within,
                       **{**sizes, "notes": notes + sizes["notes"]})


def _judged(exact: Sequence[tuple[list[list[Sum]], list[list[Sum]]]], pairs: Sequence[rounding.Pair],
            ) -> tuple[Verdict, Factor | None, Kind | None, str | None, float | None, tuple[str, ...]]:
    """(verdict, factor, kind, figure, the size up to which it holds, notes) about all models, some of them exact."""
    try:
        decided = ratios.verdict(exact) if exact else None
    except field.Unsupported:  # the factor is no number that is known here: floats have it
        decided = None
    if decided is not None and len(exact) == len(pairs):
        verdict, factor, kind, notes = decided
        return verdict, factor, kind, None, None, notes
    judged = rounding.judged(pairs)
    if decided is not None and decided[0] == judged.verdict == "biased":  # for that one model is enough
        return "biased", None, None, None, None, tuple(note for note in judged.notes if note in decided[3])
    if decided is not None and VERDICTS.index(decided[0]) > VERDICTS.index(judged.verdict):
        verdict, factor, kind, notes = decided  # exact numbers see what rounding hides
        return verdict, factor, kind, None, None, notes
    factor = judged.factor
    if decided is not None and decided[1] is not None and factor is not None and factor.value is not None:
        factor = Factor(decided[1].text, factor.value)
    return judged.verdict, factor, judged.kind, judged.figure, judged.within, judged.notes


def _by_model(outcomes: Sequence[Outcome]) -> str:
    """The factor with each model, for one that is not the same with all."""
    found: dict[str, list[str]] = {}
    for one in outcomes:
        try:
            mean, wanted = ([entry for row in table for entry in row] for table in one.exact or ((), ()))
            factor = ratios.ratio(mean, wanted) if one.exact is not None else None
        except field.Unsupported:
            factor = None
        if factor is not None:
            text = field.text(factor)
        else:
            text = f"{float(np.vdot(one.pair.mean, one.pair.target) / np.vdot(one.pair.target, one.pair.target)):.4g}"
        found.setdefault(text, []).append(str(one.case.model))
    return "the direction is right and the factor differs between models: " + ", ".join(
        f"{text} with {' and '.join(models)}" for text, models in found.items())


def _compared_elsewhere(row: GroupResult, found: list[Outcome],
                        run: Callable[[int, bool | Literal["auto"]], list[Outcome]],
                        exact: bool | Literal["auto"]) -> GroupResult:
    """A verdict at one policy next to one more policy of the same model, at which ``run`` runs the loss.

    A factor cannot be called constant by one policy, and what is unbiased at one only is so by coincidence.
    """
    if row.verdict == "unbiased":
        size = min(row.group, LARGEST_ELSEWHERE)
        other = _row(size, run(size, False))
        return row if other.verdict == "unbiased" else replace(other, notes=(
            "with this policy it is unbiased, and with another one of the same model it is not", *other.notes))
    both = _row(row.group, found + run(row.group, exact))
    if both.verdict == "proportional" and both.kind == "constant":
        return row
    said = f"the factor is {both.factor}" if both.verdict == "proportional" else f"it is {both.verdict}"
    return replace(row, kind="model-dependent", notes=(
        f"the factor is that of this policy: with another policy of the same model {said}", *row.notes))


def _leaking(group: int, outcomes: Sequence[Outcome]) -> GroupResult:
    """Log-probabilities of padding are functions of the parameters too, and no target has a gradient there."""
    largest = max(outcome.leak for outcome in outcomes)
    own = _row(group, [replace(outcome, leak=0.0) for outcome in outcomes])
    return replace(own, verdict="biased", factor=None, kind=None, within=None, probability=None, on_tokens=own.says,
                   numerical=f"a gradient of {largest:.2g} on padding",
                   notes=("mask leak: the gradient of log-probabilities of padding is not 0", *own.notes))


def _relative(pair: rounding.Pair) -> float:
    length = float(np.linalg.norm(pair.target))
    return float(np.linalg.norm(pair.mean - pair.target)) / length if length else float("inf")


def _cosine(pair: rounding.Pair) -> float | None:
    mean, target = float(np.linalg.norm(pair.mean)), float(np.linalg.norm(pair.target))
    return None if mean <= rounding.ROUNDING * pair.size or not target else float(
        np.vdot(pair.mean, pair.target)) / mean / target


def _where(outcomes: Sequence[Outcome]) -> str:
    """The models and group sizes; a model with several policies is named once."""
    counts = Counter((str(one.case.model), one.case.group) for one in outcomes)
    return "; ".join(f"{model}{f', {count} policies,' if count > 1 else ''} at G = {group}"
                     for (model, group), count in counts.items())


def _together(rows: tuple[GroupResult, ...], outcomes: Sequence[Outcome], name: str, goal: str,
              away: str | None) -> EstimatorResult:
    verdict = weakest([row.verdict for row in rows])
    factor, kind = fitted(rows if verdict == "proportional" else [row for row in rows if row.verdict == verdict])
    exact = [one for one in outcomes if one.exact is not None]
    rounded = [one for one in outcomes if one.exact is None]
    floated = bool(rounded) or any(row.where or row.within is not None for row in rows)
    settled = verdict == "biased" and any(row.verdict == "biased" and row.numerical is None for row in rows)
    parts = []
    if exact:
        parts.append(f"exact at these policies: {_where(exact)}")
    if rounded:
        figures = "; ".join(dict.fromkeys(row.numerical for row in rows if row.numerical)) or "floats"
        parts.append(f"numerical ({figures}) at: {_where(rounded)}")
    reasons = list(dict.fromkeys(one.left for one in outcomes if one.left is not None))
    if exact and not rounded:
        parts += [f"their ratio numerical ({row.numerical})" for row in rows if row.within and not row.where]
    parts += [f"numerical ({row.numerical}) at G = {row.group}, {row.where}" for row in rows if row.where]
    leak = any(outcome.leak for outcome in outcomes)
    notes = [line for one in outcomes for line in one.said] + [note for row in rows for note in row.notes]
    notes = [f"left exact numbers: {reason}" for reason in reasons] + list(dict.fromkeys(notes))
    if away is not None:
        notes.append(f"this is where old (or rollout) and pi agree; away from there: {away} (in floats)")
    return EstimatorResult(name, verdict, ". ".join(parts), rows, factor, kind, target=goal, notes=tuple(notes),
                           away=away, mask_leak=leak, exact=bool(exact) and (settled or not floated))


