"""``check_advantage``: is the estimator with these advantages biased? For every policy, at given rewards."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import ModuleType
from typing import Any, Literal

import numpy as np

from derive.errors import BadInput
from derive.estimators import effective, field, forms, keeping, logits, rounding
from derive.estimators.groups import Design, group_sizes
from derive.estimators.naming import LOOKUP, named, parameters
from derive.estimators.numbers import exact
from derive.estimators.provenance import Ledger, LeftExact
from derive.estimators.result import VERDICTS, EstimatorResult, GroupResult, weakest
from derive.estimators.runs import (
    Advantage,
    Outcome,
    Question,
    exact_outcomes,
    float_outcomes,
    narrow,
    single_differs,
)
from derive.estimators.sizes import fitted
from derive.estimators.without_torch import need_torch

Number = int | float | str | Fraction
Arrays = Literal["auto", "numpy", "torch"]
REWARDS: tuple[int, ...] = (0, 1, 3)
REWARDS_WITH_LENGTHS, LENGTHS = (0, 1, 1, 3), (2, 1, 3, 2)
"""The default for a function that asks for lengths: the length is no function of the reward, nor monotone in it."""
GROUPS, LADDER, FURTHER_GROUP = (4,), (2, 3, 4), 5
FURTHER_REWARDS, FURTHER_LENGTHS = ("-33/2", "1/4", "45/2"), (3, 1, 2)
"""Where neither was asked for, the verdict is put to another group size and other rewards as well, in floats: a
function may be made for the default ones, or for rewards that are whole, not negative or below 10."""
MOST_RESPONSES = 16
NO_NUMBER = "it returns no number"
POLICIES = 5
"""So many policies are compared where the run is numerical."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not depend on the group size: responses sorted by reward, the target, how arrays are made."""

    rewards: tuple[Fraction, ...]
    lengths: tuple[int, ...] | None
    prompts: int
    target: str
    arrays: Literal["numpy", "torch"]

    def wanted(self) -> effective.Table:
        """The effective reward of the target."""
        if self.target == "J":
            return effective.wanted_for_return(self.rewards, self.prompts)
        return effective.wanted_for_best_of(self.rewards, self.prompts, int(self.target.removeprefix("pass@")))


def check_advantage(function: Advantage, rewards: Sequence[Number] = REWARDS,
                    group: int | Sequence[int] = GROUPS, *, prompts: int = 1, lengths: Sequence[int] | None = None,
                    target: str = "J", arrays: Arrays = "auto", name: str | None = None) -> EstimatorResult:
    """Whether (1/G) Σ_i A_i ∇log π(o_i) has the mean ∇J, A = function(rewards), for every policy at these rewards.

    The function gets a flat array of prompts x G rewards (samples of a prompt together), and,
    if it declares them, ``index``, ``lengths`` and ``group_size``; it returns as many
    advantages. It runs on exact numbers where it can; what makes a run numerical is named.
    ``lengths`` are those of the responses, one for each reward. ``target`` is J or pass@k (the
    best of k). ``arrays`` says what it is called with; "auto" takes torch for a function that
    mentions torch. Of rewards and group, what is not given is tried with other values too, in floats.

    Raises ``BadInput`` for a function that fails, is random, or returns another shape.
    """
    sizes = group_sizes(group)
    own_rewards, own_sizes = rewards is not REWARDS or target != "J", group is not GROUPS and group is not LADDER
    if rewards is REWARDS and lengths is None and _asks_for_lengths(function):
        rewards, lengths = REWARDS_WITH_LENGTHS, LENGTHS
    setting = _setting(function, rewards, lengths, prompts, target, arrays)
    ledger, before = Ledger(), keeping.state_of(function)
    rows = tuple(_at(function, setting, size, ledger) for size in sizes)
    result = _together(rows, setting, ledger, name or named(function))
    result = replace(result, notes=(*result.notes, *keeping.notes_on(function, before)))
    if own_rewards and own_sizes:
        return result
    further = setting if own_rewards else replace(
        setting, rewards=tuple(map(Fraction, FURTHER_REWARDS)), lengths=FURTHER_LENGTHS if setting.lengths else None)
    return _further(function, result, further, min(sizes) if own_sizes else FURTHER_GROUP)


def _at(function: Advantage, setting: Setting, group: int, ledger: Ledger) -> GroupResult:
    """The verdict at one group size: exact if the function lets it be, else numerical, with the reason."""
    design = Design(setting.prompts, len(setting.rewards), group)
    wanted = setting.wanted()
    own = Ledger()
    try:
        question = Question(function, design, setting.rewards, setting.lengths, _exact_array(setting.arrays, own),
                            lambda fraction: exact(fraction, own))
        floats = replace(question, array=_float_array(setting.arrays), number=float)
        outcomes = exact_outcomes(question, floats, own)
        decision = effective.decided(outcomes, design, wanted)
    except (LeftExact, field.Unsupported) as reason:
        return _numerical(function, setting, design, wanted, str(reason))
    except BadInput as error:
        if error.__cause__ is None:
            raise
        return _numerical(function, setting, design, wanted,  # exact numbers miss something that floats have
                          f"{type(error.__cause__).__name__}: {error.__cause__}")
    ledger.readings.update(own.readings)
    probability, notes = None, decision.notes
    if decision.verdict == "undefined":
        policy = forms.policies(setting.prompts, len(setting.rewards))
        chance = field.as_rational(decision.undefined.at(policy))
        probability = f"{chance} at {_written(policy)}"
        notes += (_no_number(question, outcomes),)
    turning = "not asked"
    if setting.prompts == 1 and decision.verdict != "undefined":
        has = len(setting.rewards) > 2 and effective.curl(decision.effective)
        turning = "E[g] is the gradient of no objective" if has else "E[g] is the gradient of an objective"
    if not design.every_order:
        notes += (f"at G = {group} one order of each group was run; shuffling some made no difference",)
    numbers = _sizes(outcomes, setting, design, wanted)
    if decision.verdict == "biased" and numbers.get("relative_bias", 1.0) <= rounding.EPSILON:
        notes += (rounding.AN_EPSILON,)
    if decision.verdict == "unbiased":
        numbers["relative_bias"] = 0.0  # what the sums in doubles leave is not there
    row = GroupResult(group, decision.verdict, decision.factor, decision.kind, None, probability=probability,
                      curl=turning, notes=notes, **numbers)
    return _in_single(row, floats, outcomes, setting)


def _numerical(function: Advantage, setting: Setting, design: Design, wanted: effective.Table,
               reason: str) -> GroupResult:
    question = Question(function, design, setting.rewards, setting.lengths, _float_array(setting.arrays))
    outcomes = float_outcomes(question)
    pairs, undefined = [], 0.0
    for number in range(POLICIES):
        policy, values = _doubles(setting, wanted, number)
        sizes = logits.measured(outcomes, design, policy, values)
        undefined = max(undefined, sizes.undefined)
        pairs.append(sizes.pair)
    if undefined:
        chance = logits.measured(outcomes, design, *_doubles(setting, wanted, 0)).undefined
        policy_text = _written(forms.policies(setting.prompts, len(setting.rewards)))
        return GroupResult(design.group, "undefined", numerical=reason, probability=f"{chance:.4g} at {policy_text}",
                           notes=(_no_number(question, outcomes),), **_sizes(outcomes, setting, design, wanted))
    few = narrow(question, outcomes[0].batch)
    found = rounding.judged(pairs, tolerance=rounding.EPSILON if few else rounding.ROUNDING)
    row = GroupResult(design.group, found.verdict, found.factor, found.kind, f"{found.figure}; {reason}",
                      notes=found.notes, within=found.within, **_sizes(outcomes, setting, design, wanted))
    return row if few else _in_single(row, question, outcomes, setting)


def _no_number(question: Question, outcomes: Sequence[Outcome]) -> str:
    """For which rewards nothing is defined, first."""
    batch = next(outcome.batch for outcome in outcomes if outcome.advantages is None)
    rewards = [str(question.rewards[one % question.design.responses]) for one in batch]
    alike = len(set(rewards)) == 1
    where = f"where every reward is {rewards[0]}" if alike else f"for the rewards ({', '.join(rewards)})"
    alone = "; a group of one has no others, and no spread" if question.design.group == 1 else ""
    return f"{where} {NO_NUMBER}: a division by 0, a NaN or an infinity{alone}"


def _in_single(row: GroupResult, question: Question, outcomes: Sequence[Outcome], setting: Setting) -> GroupResult:
    """The row, without a verdict that would not hold in float32, in which trainers run."""
    said = None if row.verdict not in ("unbiased", "proportional") else single_differs(
        question, outcomes, _float_array(setting.arrays, single=True))
    return row if said is None else replace(row, verdict="undecided", factor=None, kind=None, numerical=said,
                                            notes=(*row.notes, said))


def _further(function: Advantage, result: EstimatorResult, setting: Setting, group: int) -> EstimatorResult:
    """The result, and what is found with rewards or a group size that nobody asked for, if it is worse."""
    if result.verdict not in ("unbiased", "proportional"):
        return result
    where = f"at G = {group}, rewards {', '.join(map(str, setting.rewards))}"
    design = Design(setting.prompts, len(setting.rewards), group)
    try:
        row = _numerical(function, setting, design, setting.wanted(), f"{where}, which were not asked for")
    except BadInput as error:
        return replace(result, notes=(*result.notes, f"{where} it was tried too, and fails: {error}"))
    worse = VERDICTS.index(row.verdict) > VERDICTS.index(result.verdict) or (
        result.kind == "constant" and row.kind != "constant") or (result.good and not _upwards(row))
    if not worse:
        return replace(result, notes=(*result.notes, f"{where} it is {row.verdict}, too, in floats"))
    row = replace(row, where=f"rewards {', '.join(map(str, setting.rewards))}")
    verdict = weakest([result.verdict, row.verdict])
    factor, kind = fitted([*result.groups, row])
    return replace(result, verdict=verdict, factor=factor, kind=kind, exact=False, groups=(*result.groups, row),
                   known=f"{result.known} ({result.verdict}); numerical {where}: {row.numerical}",
                   notes=(*result.notes, f"it depends on rewards or sizes: {where} it is {row.verdict}"))


def _upwards(row: GroupResult) -> bool:
    return row.factor is not None and (row.factor.value is None or row.factor.value > 0)


def _doubles(setting: Setting, wanted: effective.Table, number: int) -> tuple[Any, Any]:
    """(a policy, the effective reward that is wanted there), both prompts x responses."""
    policies = forms.policies(setting.prompts, len(setting.rewards), number)
    values = [[float(field.ball(form.at(policies))) for form in row] for row in wanted]
    return np.array([[float(entry.p) / float(entry.q) for entry in row] for row in policies]), np.array(values)


def _sizes(outcomes: Sequence[Outcome], setting: Setting, design: Design, wanted: effective.Table) -> dict[str, Any]:
    policy, values = _doubles(setting, wanted, 0)
    sizes = logits.measured(outcomes, design, policy, values)
    if sizes.undefined:
        return {"worst_group": None}
    return {
        "target_length": float(np.linalg.norm(sizes.target)), "relative_bias": sizes.relative_bias,
        "cosine": sizes.cosine, "trace_variance": sizes.trace_variance,
        "effective_reward": logits.table(sizes, policy, values, setting.rewards, setting.lengths),
        "worst_group": logits.worst_group(sizes, outcomes, design, policy, setting.rewards, setting.lengths),
    }


def _together(rows: tuple[GroupResult, ...], setting: Setting, ledger: Ledger, name: str) -> EstimatorResult:
    verdict = weakest([row.verdict for row in rows])
    deciding = [row for row in rows if row.verdict == verdict]
    factor, kind = fitted(deciding if verdict != "proportional" else rows)
    rewards = tuple(map(str, setting.rewards))
    at = f"at G = {', '.join(str(row.group) for row in rows)}, rewards {', '.join(rewards)}"
    if setting.lengths:
        at += f", lengths {', '.join(map(str, setting.lengths))}"
    if setting.prompts > 1:
        at += f", {setting.prompts} prompts"
    numerical = [row for row in rows if row.numerical is not None]
    known = f"exact {at}, every policy"
    if numerical:
        known = f"numerical {at}: {numerical[-1].numerical}"
    notes = list(ledger.lines())
    for row in rows:
        known_undefined = any(NO_NUMBER in note for note in notes)  # the smallest size shows it best
        notes += [note for note in row.notes if note not in notes and not (known_undefined and NO_NUMBER in note)]
    if len(set(setting.rewards)) == 2 and verdict in ("unbiased", "proportional"):
        notes.append("two reward values cannot show a bias in direction (theorem: two reward values); try three")
    notes.append(f"called with {setting.arrays} arrays")
    reference = _written(forms.policies(setting.prompts, len(rewards)))
    notes.append(f"sizes are in the logits, for one batch, at {reference}")
    return EstimatorResult(name, verdict, known, rows, factor, kind, rewards, setting.lengths, setting.target,
                           tuple(notes), exact=not numerical)


def _written(policies: Sequence[Sequence[Any]]) -> str:
    return ", ".join(f"π = ({', '.join(map(str, policy))})" for policy in policies)


def _setting(function: Advantage, rewards: Sequence[Number], lengths: Sequence[int] | None, prompts: int,
             target: str, arrays: Arrays) -> Setting:
    ledger = Ledger()
    if not isinstance(rewards, list | tuple | range | np.ndarray):
        raise BadInput(f"rewards {rewards!r}: expected several numbers, such as (0, 1, 3)")
    if not isinstance(target, str):
        raise BadInput(f"the target {target!r}: expected J or pass@k")
    try:
        values = [ledger.read(reward) if isinstance(reward, float) else Fraction(reward) for reward in rewards]
    except (LeftExact, ValueError, TypeError, ZeroDivisionError):
        raise BadInput(f"rewards {tuple(rewards)!r}: expected numbers such as 1, 1/10 or 0.1") from None
    if len(set(values)) < 2:
        raise BadInput("the rewards are all equal, so that every gradient of J is 0; give at least two values")
    if lengths is not None and (len(lengths) != len(values) or any(length < 1 for length in lengths)):
        raise BadInput(f"{len(values)} rewards need {len(values)} lengths of at least 1, not {tuple(lengths)}")
    if lengths is None and _asks_for_lengths(function):
        raise BadInput(f"{named(function)} asks for lengths: give those of the responses, as in lengths=(1, 2, 3)")
    known = target == "J" or (target.startswith("pass@") and target[5:].isdecimal() and int(target[5:]) >= 1)
    if not known:
        raise BadInput(f"the target {target!r}: an advantage function is compared with J or pass@k")
    if len(values) > MOST_RESPONSES:
        raise BadInput(f"{len(values)} rewards: at most {MOST_RESPONSES}")
    order = sorted(range(len(values)), key=lambda place: values[place])
    chosen = _convention(function) if arrays == "auto" else arrays
    if chosen == "torch":
        need_torch(named(function))
    return Setting(tuple(values[place] for place in order),
                   tuple(lengths[place] for place in order) if lengths is not None else None,
                   prompts, target, chosen)


def _asks_for_lengths(function: Advantage) -> bool:
    return any(LOOKUP.get(one.name) == "lengths" for one in parameters(function)[0][1:])


def _convention(function: Advantage) -> Literal["numpy", "torch"]:
    """torch for a function that uses it, or whose module imports it and not NumPy: r.std() is another number there."""
    plain = inspect.unwrap(function)
    if inspect.isfunction(plain):
        used = inspect.getclosurevars(plain)
        values = (*used.globals.values(), *used.nonlocals.values())
        if "torch" in used.unbound or any(  # unbound: imported in its body
                isinstance(value, ModuleType) and value.__name__.split(".")[0] == "torch" for value in values):
            return "torch"
    module = sys.modules.get(getattr(plain, "__module__", ""), ModuleType(""))
    imported = {value.__name__.split(".")[0] for value in vars(module).values() if isinstance(value, ModuleType)}
    return "torch" if "torch" in imported and "numpy" not in imported else "numpy"


def _exact_array(arrays: Literal["numpy", "torch"], ledger: Ledger) -> Callable[[list[Any]], Any]:
    if arrays == "numpy":
        return lambda numbers: np.array(numbers, dtype=object)
    from derive.estimators.tensors import exact_tensor

    return lambda numbers: exact_tensor(np.array(numbers, dtype=object), ledger)


def _float_array(arrays: Literal["numpy", "torch"], *, single: bool = False) -> Callable[[list[Any]], Any]:
    if arrays == "numpy":
        return lambda numbers: np.array(numbers, dtype=np.float32 if single else float)
    import torch

    return lambda numbers: torch.tensor(numbers, dtype=torch.float32 if single else torch.float64)
