"""All batches of one model through a loss: derivatives in floats, and in exact numbers while the loss lets them be.

Every exact derivative is compared with the one in floats, batch by batch; where they differ
the run is numerical. A loss that is random is refused, and one that depends on the order of
the samples is run on all tuples or refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import permutations, product
from typing import Any

import numpy as np
import torch
from flint import fmpq

from derive.errors import BadInput, memory_passes
from derive.estimators import draws, field, randomness
from derive.estimators.batches import Batch, Loss, asked_for, exact_gradient, float_arguments, float_gradient, scalar
from derive.estimators.field import Sum, Unsupported
from derive.estimators.groups import Design
from derive.estimators.naming import bound, named
from derive.estimators.precision import in_doubles
from derive.estimators.provenance import Ledger, LeftExact
from derive.estimators.rounding import FloatArray
from derive.estimators.runs import AGREEMENT, SINGLE, SLACK
from derive.estimators.tabular import Policy, TabularModel
from derive.estimators.targets import Table
from derive.process.interrupts import interrupt_passes

MOST_TUPLES = 100
"""Up to so many tuples a loss is run in all orders."""
MOST_UNORDERED = 10_000
REPEATED, REORDERED = 30, 300
"""At most so many batches are run again, and in another order; up to so many tuples in all their orders."""
WATCHED = 3
"""In so many batches every operation is looked at, which takes three times as long."""
SINGLES = 12
"""So many batches are run in float32, and with casts changed to doubles."""
VECTORISED = 1_500
"""From so many batches on, ``torch.func.vmap`` is tried."""
CAST = 1e-12
"""Casts that change no derivative by more are none."""
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
    loss: Loss
    """What was run: the loss, or the loss with its casts to fewer digits changed to doubles."""
    said: tuple[str, ...] = ()
    single: str | None = None
    """Where the loss is another one in float32, if anywhere."""

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
    found = _steady(case, case.loss)
    if found is None:
        if case.design.responses ** (case.design.prompts * case.group) > MOST_UNORDERED:
            raise BadInput(f"{named(case.loss)} depends on the order of the samples, and there are too many orders to "
                           f"run at G = {case.group} with {case.model}. Take a smaller group or model.")
        return in_floats(replace(case, tuples=MOST_UNORDERED))
    difference = _of_casts(found)
    if difference is not None:
        doubled = _steady(case, in_doubles(case.loss))
        if doubled is not None:
            found = replace(doubled, said=(
                "float32 in the code: run in doubles instead, since no verdict is about rounding; as it is written a "
                f"derivative differs by {difference:.0e} of the largest",))
    return replace(found, single=_in_single(found))


def _steady(case: Case, loss: Loss) -> Floats | None:
    """The derivatives of all batches, or None if they depend on an order of the samples that was not run."""
    with randomness.refused(named(loss)):
        found = _vectorised(case, loss) if len(case.batches) >= VECTORISED else None
        if found is None:
            rows = [float_gradient(loss, case.batch(responses)) for responses, _ in case.batches]
            reached = any(row is not None for row in rows)
            shape = (case.design.prompts * case.group, case.model.longest)
            found = Floats(case, np.array([np.zeros(shape) if row is None else row for row in rows]), reached, loss)
        with randomness.elsewhere(named(loss)) as seed:
            return found if _repeated(found, seed) else None


def _of_casts(found: Floats) -> float | None:
    """By how much casts to fewer digits change a derivative, relative to the largest; None if they do not."""
    changed, largest = in_doubles(found.loss), 0.0
    for number in _some(found, SINGLES):
        try:
            other = _one(found.case, changed, found.case.batches[number][0])
        except BadInput:
            return None
        difference = float(np.abs(other - found.derivatives[number]).max(initial=0.0))
        if np.isfinite(difference):
            largest = max(largest, difference / found.scale if found.scale else 0.0)
    return largest if CAST < largest <= SINGLE else None


def _in_single(found: Floats) -> str | None:
    """Where the loss is another one in float32, if anywhere; None too where it does not run there."""
    for number in _some(found, SINGLES):
        responses = found.case.batches[number][0]
        try:
            other = _one(found.case, found.case.loss, responses, single=True)
        except BadInput:  # a tensor of doubles of its own, perhaps: it says nothing about float32
            return None
        if not np.allclose(other, found.derivatives[number], rtol=SINGLE, atol=SINGLE * found.scale, equal_nan=True):
            if not _alike(_one(found.case, found.case.loss, responses, single=True), other, 1e-6, found.scale):
                raise BadInput(_remembers(found.case))
            rewards = ", ".join(map(str, found.case.batch(responses).rewards))
            return f"in float32 it is another loss, for example at the rewards ({rewards})"
    return None


def _some(found: Floats, most: int) -> list[int]:
    count = len(found.case.batches)
    return random.Random(1).sample(range(count), min(count, most))


def _repeated(found: Floats, seed: Callable[[int], None]) -> bool:
    """Whether shuffled batches have the same derivatives; repeated in a sequence of their own, so that no count fits.

    The global generators are in other states each time. Raises ``BadInput`` for a loss that is random or remembers.
    """
    case, shuffle, scale = found.case, random.Random(0), found.scale
    chosen = shuffle.sample(range(len(case.batches)), min(len(case.batches), REPEATED))
    with draws.refused(named(case.loss)):
        for number in chosen[:WATCHED]:
            _one(case, found.loss, case.batches[number][0])
    for number in chosen:
        seed(number)
        if not _alike(_one(case, found.loss, case.batches[number][0]), found.derivatives[number], 1e-9, scale):
            raise BadInput(_remembers(case))
    return case.design.every_order or all(
        _same_in(found, number, order) for number, order in _orders(case, shuffle))


def _orders(case: Case, shuffle: random.Random) -> Iterator[tuple[int, list[int]]]:
    """(batch, order of its samples): all, where there are few; else some, at random and with falling rewards."""
    if case.design.responses ** (case.design.prompts * case.group) <= REORDERED:
        places = [permutations(range(start, start + case.group))
                  for start in range(0, case.group * case.design.prompts, case.group)]
        orders = [[place for part in parts for place in part] for parts in product(*places)]
        for number, (responses, _) in enumerate(case.batches):
            seen: set[tuple[int, ...]] = {responses}
            for order in orders:
                changed = tuple(responses[place] for place in order)
                if changed not in seen:
                    seen.add(changed)
                    yield number, order
        return
    for number in shuffle.sample(range(len(case.batches)), min(len(case.batches), REPEATED)):
        yield number, _shuffled(case, shuffle)
    for number in shuffle.sample(range(len(case.batches)), min(len(case.batches), 2 * REPEATED)):
        yield number, _falling(case, case.batches[number][0])


def _same_in(found: Floats, number: int, order: list[int]) -> bool:
    """Whether a batch has the same derivatives in another order."""
    case = found.case
    changed = [case.batches[number][0][place] for place in order]
    other = _one(case, found.loss, changed)
    if _alike(other, found.derivatives[number][order], 1e-6, found.scale):
        return True
    if not all(_alike(_one(case, found.loss, changed), other, 1e-9, found.scale) for _ in range(3)):
        raise BadInput(_remembers(case))
    return False


def _falling(case: Case, responses: Sequence[int]) -> list[int]:
    """The order of falling rewards, within each prompt."""
    rewards = case.batch(responses).rewards
    return sorted(range(len(responses)), key=lambda place: (place // case.group, -rewards[place]))


def _alike(one: FloatArray, other: FloatArray, tolerance: float, scale: float) -> bool:
    return bool(np.allclose(one, other, rtol=tolerance, atol=tolerance * scale / 1e3, equal_nan=True))


def _remembers(case: Case) -> str:
    return (f"{named(case.loss)} is random, or remembers earlier calls: the same batch has another gradient when it is "
            "run again. Fix its randomness outside of it.")


def _one(case: Case, loss: Loss, responses: Sequence[int], *, single: bool = False) -> FloatArray:
    gradient = float_gradient(loss, case.batch(responses), single=single)
    return np.zeros((len(responses), case.model.longest)) if gradient is None else gradient


def _shuffled(case: Case, shuffle: random.Random) -> list[int]:
    order: list[int] = []
    for prompt in range(case.design.prompts):
        places = list(range(prompt * case.group, (prompt + 1) * case.group))
        shuffle.shuffle(places)
        order += places
    return order


def _vectorised(case: Case, loss: Loss) -> Floats | None:
    """All batches at once by ``torch.func.vmap``, or None for a loss with branches, lists or ``.item()``."""
    first = case.batch(case.batches[0][0])
    names = bound(loss, float_arguments(first, asked_for(loss)))
    leaf = next(name for name, value in names.items() if isinstance(value, torch.Tensor) and value.requires_grad)
    stacked: dict[str, list[torch.Tensor]] = {
        name: [] for name, value in names.items() if isinstance(value, torch.Tensor)}
    for responses, _ in case.batches:
        for name, value in bound(loss, float_arguments(case.batch(responses), asked_for(loss))).items():
            if name in stacked:
                stacked[name].append(value.detach())
    tensors = {name: torch.stack(values) for name, values in stacked.items()}
    fixed = {name: value for name, value in names.items() if name not in tensors}

    looped = (0, len(case.batches) // 2)

    def loss_of(log_probs: torch.Tensor, others: dict[str, torch.Tensor]) -> torch.Tensor:
        returned = loss(**{**fixed, **others, leaf: log_probs})
        return scalar(returned, named(loss)).sum()

    try:
        log_probs = tensors.pop(leaf)
        gradients = torch.func.vmap(torch.func.grad(loss_of))(log_probs, tensors).numpy()
        alone = [float_gradient(loss, case.batch(case.batches[number][0])) for number in looped]
    except BaseException as error:  # the loop says what is wrong, if anything is
        interrupt_passes(error)
        return None
    found = Floats(case, gradients, True, loss)
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
                    _one(case, floats.loss, responses), floats.derivatives[number], 1e-9, scale):
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
    except BaseException as error:  # it runs in floats, so something is missing here
        interrupt_passes(error)
        memory_passes(error)
        raise ledger.leave(f"{type(error).__name__}: {' '.join(str(error).split())[:120]}") from None


def _difference(slopes: dict[tuple[int, int], Sum] | None, derivatives: FloatArray, scale: float) -> str | None:
    """What exact numbers and floats disagree about, if anything."""
    defined = bool(np.isfinite(derivatives).all())
    if slopes is None or not defined:
        return "which batches have a value" if (slopes is None) == defined else None
    own = np.zeros(derivatives.shape)
    for place, slope in slopes.items():
        own[place] = float(field.ball(slope, 128))
    allowed = AGREEMENT * float(np.abs(derivatives).max(initial=0.0)) + SLACK * scale
    return None if float(np.abs(own - derivatives).max(initial=0.0)) <= allowed else "a derivative"
