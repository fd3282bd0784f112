"""All batches of one model through a loss: derivatives in floats, and in exact numbers while the loss lets them be.

Every exact derivative is compared with the one in floats, batch by batch; where they differ
the run is numerical. A loss that is random is refused, and one that depends on the order of
the samples is run on all tuples or refused.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch
from flint import fmpq

from derive.errors import BadInput
from derive.estimators import field, randomness
from derive.estimators.batches import Batch, Loss, asked_for, exact_gradient, float_arguments, float_gradient, scalar
from derive.estimators.field import Sum, Unsupported
from derive.estimators.groups import Design
from derive.estimators.naming import bound, named
from derive.estimators.provenance import Ledger, LeftExact
from derive.estimators.rounding import FloatArray
from derive.estimators.runs import AGREEMENT
from derive.estimators.tabular import Policy, TabularModel
from derive.estimators.targets import Table

MOST_TUPLES = 100
"""Up to so many tuples a loss is run in all orders."""
MOST_UNORDERED = 10_000
REPEATED = 30
"""At most so many batches are run again."""
VECTORISED = 1_500
"""From so many batches on, ``torch.func.vmap`` is tried."""
WORK = 500
"""Samples (batches x batch size) up to which exact numbers are tried by themselves."""


@dataclass(frozen=True)
class Case:
    """One model at one group size; ``behaviour`` is the name of the policy that the samples come from."""

    loss: Loss
    model: TabularModel
    group: int
    behaviour: str
    advantages: str | None
    tuples: int = MOST_TUPLES
    bools: bool = False
    """Whether the mask is of bools."""

    @cached_property
    def design(self) -> Design:
        """How a batch is sampled."""
        return Design(self.model.prompt_count, len(self.model.lengths), self.group, self.tuples)

    @cached_property
    def batches(self) -> list[tuple[tuple[int, ...], int]]:
        """All batches with the number of tuples they stand for."""
        return list(self.design.batches())

    @cached_property
    def law(self) -> tuple[Fraction, ...]:
        """The probability of each response (prompts x responses, flat)."""
        policy: Policy = self.model.policy(self.behaviour)
        return tuple(probability for row in self.model.law(policy) for probability in row)

    def batch(self, responses: Sequence[int]) -> Batch:
        """The batch of these responses."""
        return Batch(self.model, self.group, tuple(responses), self.advantages, self.bools)

    def probability(self, responses: Sequence[int], orders: int) -> Fraction:
        """The probability of a batch in any of its orders."""
        total = Fraction(orders)
        for response in responses:
            total *= self.law[response]
        return total


@dataclass(frozen=True, slots=True)
class Floats:
    """Derivatives of all batches (batches, samples, length), NaN where undefined; None if none reached log_probs."""

    case: Case
    derivatives: FloatArray
    reached: bool

    @property
    def defined(self) -> Any:
        """Which batches have a value."""
        return np.isfinite(self.derivatives).all(axis=(1, 2))

    @property
    def scale(self) -> float:
        """The largest derivative: a loss times 1e-9 is compared as strictly as any other."""
        return float(np.abs(np.where(np.isfinite(self.derivatives), self.derivatives, 0.0)).max(initial=0.0))


def in_floats(case: Case) -> Floats:
    """The derivatives in doubles. Raises ``BadInput``; may come back with ``tuples`` raised for another order."""
    with randomness.refused(named(case.loss)):
        found = _vectorised(case) if len(case.batches) >= VECTORISED else None
        if found is None:
            rows = [float_gradient(case.loss, case.batch(responses)) for responses, _ in case.batches]
            reached = any(row is not None for row in rows)
            shape = (case.design.prompts * case.group, case.model.longest)
            found = Floats(case, np.array([np.zeros(shape) if row is None else row for row in rows]), reached)
        if _repeated(found):
            return found
    if case.design.responses ** (case.design.prompts * case.group) > MOST_UNORDERED:
        raise BadInput(f"{named(case.loss)} depends on the order of the samples, and there are too many orders to run "
                       f"at G = {case.group} with {case.model}. Take a smaller group or model.")
    return in_floats(replace(case, tuples=MOST_UNORDERED))


def _repeated(found: Floats) -> bool:
    """Whether shuffled batches have the same derivatives; repeated in a sequence of their own, so that no count fits.

    Raises ``BadInput`` for a loss that is random or remembers.
    """
    case, shuffle, scale = found.case, random.Random(0), found.scale
    for number in shuffle.sample(range(len(case.batches)), min(len(case.batches), REPEATED)):
        responses = case.batches[number][0]
        again = _one(case, responses)
        if not _alike(again, found.derivatives[number], 1e-9, scale):
            raise BadInput(_remembers(case))
        if case.design.every_order:
            continue
        order = _shuffled(case, shuffle)
        changed = [responses[place] for place in order]
        other = _one(case, changed)
        if not _alike(other, again[order], 1e-6, scale):
            if not all(_alike(_one(case, changed), other, 1e-9, scale) for _ in range(3)):
                raise BadInput(_remembers(case))
            return False
    return True


def _alike(one: FloatArray, other: FloatArray, tolerance: float, scale: float) -> bool:
    return bool(np.allclose(one, other, rtol=tolerance, atol=tolerance * scale / 1e3, equal_nan=True))


def _remembers(case: Case) -> str:
    return (f"{named(case.loss)} is random, or remembers earlier calls: the same batch has another gradient when it is "
            "run again. Fix its randomness outside of it.")


def _one(case: Case, responses: Sequence[int]) -> FloatArray:
    gradient = float_gradient(case.loss, case.batch(responses))
    return np.zeros((len(responses), case.model.longest)) if gradient is None else gradient


def _shuffled(case: Case, shuffle: random.Random) -> list[int]:
    order: list[int] = []
    for prompt in range(case.design.prompts):
        places = list(range(prompt * case.group, (prompt + 1) * case.group))
        shuffle.shuffle(places)
        order += places
    return order


def _vectorised(case: Case) -> Floats | None:
    """All batches at once by ``torch.func.vmap``, or None for a loss with branches, lists or ``.item()``."""
    first = case.batch(case.batches[0][0])
    names = bound(case.loss, float_arguments(first, asked_for(case.loss)))
    leaf = next(name for name, value in names.items() if isinstance(value, torch.Tensor) and value.requires_grad)
    stacked: dict[str, list[torch.Tensor]] = {
        name: [] for name, value in names.items() if isinstance(value, torch.Tensor)}
    for responses, _ in case.batches:
        for name, value in bound(case.loss, float_arguments(case.batch(responses), asked_for(case.loss))).items():
            if name in stacked:
                stacked[name].append(value.detach())
    tensors = {name: torch.stack(values) for name, values in stacked.items()}
    fixed = {name: value for name, value in names.items() if name not in tensors}

    looped = (0, len(case.batches) // 2)

    def loss_of(log_probs: torch.Tensor, others: dict[str, torch.Tensor]) -> torch.Tensor:
        returned = case.loss(**{**fixed, **others, leaf: log_probs})
        return scalar(returned, named(case.loss)).sum()

    try:
        log_probs = tensors.pop(leaf)
        gradients = torch.func.vmap(torch.func.grad(loss_of))(log_probs, tensors).numpy()
        alone = [float_gradient(case.loss, case.batch(case.batches[number][0])) for number in looped]
    except Exception:  # the loop says what is wrong, if anything is
        return None
    found = Floats(case, gradients, True)
    if any(row is None or not _alike(row, gradients[number], 1e-9, found.scale)
           for row, number in zip(alone, looped, strict=True)):
        return None
    return found


def in_exact_numbers(floats: Floats, ledger: Ledger) -> Table:
    """E[Σ d loss/d log_probs], a coefficient for each response and token, exactly.

    Raises ``LeftExact`` where the loss leaves exact numbers or they differ from the floats.
    """
    case = floats.case
    count = case.design.prompts * case.design.responses
    scale = floats.scale
    lengths = case.model.lengths * case.design.prompts
    table: Table = [[{} for _ in range(lengths[response])] for response in range(count)]
    for number, (responses, orders) in enumerate(case.batches):
        slopes = _attempt(case, responses, ledger)
        said = _difference(slopes, floats.derivatives[number], scale)
        if said is not None:
            if slopes != _attempt(case, responses, ledger) or not _alike(
                    _one(case, responses), floats.derivatives[number], 1e-9, scale):
                raise BadInput(_remembers(case))
            raise ledger.leave(f"exact numbers and floats disagree about {said}")
        if slopes is None:
            continue
        probability = case.probability(responses, orders)
        weight = field.rational(fmpq(probability.numerator, probability.denominator))
        for (sample, place), slope in slopes.items():
            row = table[responses[sample]]
            if place < len(row):  # else padding, which is reported by itself
                row[place] = field.add(row[place], field.multiply(slope, weight))
    if ledger.exits:
        raise LeftExact(ledger.exits[0])
    return table


def _attempt(case: Case, responses: Sequence[int], ledger: Ledger) -> dict[tuple[int, int], Sum] | None:
    try:
        return exact_gradient(case.loss, case.batch(responses), ledger)
    except LeftExact:
        raise
    except ZeroDivisionError:
        return None
    except Unsupported as error:
        raise ledger.leave(str(error)) from None
    except Exception as error:  # it runs in floats, so something is missing here
        raise ledger.leave(f"{type(error).__name__}: {' '.join(str(error).split())[:120]}") from None


def _difference(slopes: dict[tuple[int, int], Sum] | None, derivatives: FloatArray, scale: float) -> str | None:
    """What exact numbers and floats disagree about, if anything."""
    defined = bool(np.isfinite(derivatives).all())
    if slopes is None or not defined:
        return "which batches have a value" if (slopes is None) == defined else None
    own = np.zeros(derivatives.shape)
    for place, slope in slopes.items():
        own[place] = float(field.ball(slope, 128))
    return None if np.allclose(own, derivatives, rtol=AGREEMENT, atol=AGREEMENT * scale) else "a derivative"
