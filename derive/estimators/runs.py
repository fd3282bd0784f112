"""Running an advantage function on every batch: in exact numbers or in floats.

What the function returns for a batch is an ``Outcome``; a NaN, an infinity or a division by
zero is an undefined one and keeps its probability. A function that is random, or that cares
about the order of the samples where only one order is run, is refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from math import isfinite
from typing import Any

import numpy as np

from derive.errors import BadInput, memory_passes, said
from derive.estimators import randomness
from derive.estimators.groups import Design
from derive.estimators.naming import bound, named
from derive.estimators.numbers import Exact, exact, nearest
from derive.estimators.provenance import Ledger, LeftExact
from derive.estimators.without_torch import next_move
from derive.process.interrupts import interrupt_passes

REPEATED = 2_000
"""At most so many batches are run again, to see whether the function is random or depends on the order."""


class _Resample:
    """The type of ``RESAMPLE``."""

    def __repr__(self) -> str:
        return "RESAMPLE"


RESAMPLE = _Resample()
"""Returned for a group that is thrown away and sampled again for the same prompt (dynamic sampling)."""
DROPPED: tuple[Any, ...] = ()
AGREEMENT, SLACK = 1e-12, 1e-14
"""Exact numbers and floats may differ by so much of the largest float of the batch, or of all: by rounding only."""
SINGLE, SINGLES = 1e-2, 100
"""Results in float32 may differ by so much of the largest; so many batches are run in it."""
Advantage = Callable[..., Any]
Run = Callable[[Sequence[int]], tuple[Any, ...] | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A batch, the number of tuples that it stands for, and the advantages of its samples.

    None is undefined, and ``DROPPED``, which is empty, a batch that is sampled again.
    """

    batch: tuple[int, ...]
    weight: int
    advantages: tuple[Any, ...] | None


@dataclass(frozen=True)
class Question:
    """An advantage function, how its batches are made, and the reward and length of each response.

    ``number`` makes a fraction one of the numbers that the function is to compute with, float or exact, and
    ``array`` an array of a list of them.
    """

    function: Advantage
    design: Design
    rewards: tuple[Fraction, ...]
    lengths: tuple[int, ...] | None
    array: Callable[[list[Any]], Any]
    number: Callable[[Fraction], Any] = float

    @cached_property
    def _values(self) -> list[Any]:
        return [self.number(reward) for reward in self.rewards] * self.design.prompts

    @cached_property
    def _sizes(self) -> list[Any]:
        return [self.number(Fraction(length)) for length in self.lengths or ()] * self.design.prompts

    @cached_property
    def _index(self) -> Any:
        return np.repeat(np.arange(self.design.prompts), self.design.group)

    def called(self, batch: Sequence[int]) -> list[Any]:
        """What the function returns for one batch, as a list of one number a sample. Raises ``BadInput``."""
        returned = self.returned(batch)
        if returned is RESAMPLE:
            if self.design.prompts > 1:
                raise BadInput("RESAMPLE is for one prompt; with several, ask about each prompt by itself")
            return list(DROPPED)
        return listed(returned, len(batch), named(self.function))

    def returned(self, batch: Sequence[int]) -> Any:
        """The same as the function returns it."""
        values = [self._values[response] for response in batch]
        given = self.array(values)
        available: dict[str, Any] = {"rewards": given, "index": self._index.copy(), "group_size": self.design.group}
        if self.lengths is not None:
            available["lengths"] = self.array([self._sizes[response] for response in batch])
            if self.number is float and isinstance(available["lengths"], np.ndarray):
                available["lengths"] = available["lengths"].astype(int)  # to be counted with
        before = given.tolist() if self.number is float else None
        returned = self.function(**bound(self.function, available, first="rewards"))
        if before is not None and given.tolist() != before:
            raise BadInput(f"{named(self.function)} changes its rewards in place; let it work on a copy")
        return returned


def listed(returned: Any, size: int, name: str) -> list[Any]:
    """A returned array, list or tuple as a flat list. Raises ``BadInput`` for a wrong shape."""
    if isinstance(returned, tuple) and len(returned) != size and returned:
        returned = returned[0]  # (advantages, returns), as verl has it
    if isinstance(getattr(returned, "ledger", None), Ledger):
        returned = returned.array  # a tensor of exact numbers
    flat = returned.tolist() if hasattr(returned, "tolist") else returned
    if not isinstance(flat, list | tuple):
        raise BadInput(f"{name} returned {type(returned).__name__}; expected one advantage for each of {size} rewards")
    if len(flat) != size or any(isinstance(entry, list | tuple) for entry in flat):
        shape = getattr(returned, "shape", None) or f"({len(flat)},)"
        raise BadInput(f"{name} returned an array of shape {tuple(shape) if not isinstance(shape, str) else shape}; "
                       f"expected ({size},), one advantage for each reward")
    return list(flat)


def exact_outcomes(question: Question, in_floats: Question, ledger: Ledger) -> list[Outcome]:
    """All outcomes in exact numbers. Raises ``LeftExact`` where the function leaves them.

    Each is compared with what the function does in floats: NumPy does other things to arrays
    of objects here and there (``np.nan_to_num`` returns them as they are).
    """
    def run(batch: Sequence[int]) -> tuple[Any, ...] | None:
        numbers = []
        for entry in question.called(batch):
            made = exact(entry, ledger) if not isinstance(entry, float) or np.isfinite(entry) else None
            if made is None and not isinstance(entry, float):
                raise ledger.leave(f"a result of type {type(entry).__name__}")
            if made is None or made.value is None:
                return None
            numbers.append(made)
        return tuple(numbers)

    with randomness.refused(named(question.function)):
        outcomes = _all(question, run)
        calls = _in_another_sequence(in_floats, outcomes)
        scale = max((abs(entry) for call in calls for entry in call.returned or ()), default=0.0)
        for call in calls:
            outcome = call.outcome
            if _close(call.arranged(outcome.advantages), call.returned, scale):
                continue
            straight = _steady(in_floats, call, scale)
            if _close(outcome.advantages, straight, scale):
                continue
            if not _same(_shielded(question, run, outcome.batch), outcome.advantages, scale):
                raise BadInput(_remembers(question))
            rewards = ", ".join(str(question.rewards[one % question.design.responses]) for one in outcome.batch)
            raise ledger.leave(f"exact numbers and floats disagree at the rewards ({rewards})")
        if ledger.exits:  # the function caught the exception and went on
            raise LeftExact(ledger.exits[0])
    return outcomes


def float_outcomes(question: Question) -> list[Outcome]:
    """All outcomes in doubles."""
    with randomness.refused(named(question.function)):
        outcomes = _all(question, partial(_in_floats, question))
        scale = max((abs(entry) for outcome in outcomes for entry in outcome.advantages or ()), default=0.0)
        for call in _in_another_sequence(question, outcomes, REPEATED):
            if not _same(call.returned, call.arranged(call.outcome.advantages), scale):
                _steady(question, call, scale)
                raise BadInput(_remembers(question))
    return outcomes


def _in_floats(question: Question, batch: Sequence[int]) -> tuple[float, ...] | None:
    with np.errstate(all="ignore"):
        try:
            numbers = tuple(float(entry) for entry in question.called(batch))
        except ZeroDivisionError:
            return None
        except LeftExact:
            raise BadInput(_remembers(question)) from None  # nothing here is exact but what it has kept
    return numbers if all(map(isfinite, numbers)) else None


def _close(exact_ones: tuple[Any, ...] | None, floats: tuple[float, ...] | None, scale: float) -> bool:
    """Whether the same came out, as far as doubles show."""
    if exact_ones is None or floats is None:
        return exact_ones is floats
    if len(exact_ones) != len(floats):
        return False
    allowed = AGREEMENT * max(map(abs, floats), default=0.0) + SLACK * scale
    return all(abs(nearest(x) - y) <= allowed for x, y in zip(exact_ones, floats, strict=True))


def _shielded(question: Question, run: Run, batch: Sequence[int]) -> tuple[Any, ...] | None:
    """A run of one batch, with every failure of the function under test as ``BadInput``."""
    try:
        return run(batch)
    except ZeroDivisionError:
        return None
    except (LeftExact, BadInput):
        raise
    except BaseException as error:  # whatever the function under test does
        interrupt_passes(error)
        memory_passes(error)
        rewards = ", ".join(str(question.rewards[number % question.design.responses]) for number in batch)
        raise BadInput(f"{named(question.function)} fails with {type(error).__name__}: {said(error)}; "
                       f"rewards ({rewards}){next_move(error)}") from error


def _all(question: Question, run: Run) -> list[Outcome]:
    outcomes = [Outcome(batch, weight, _shielded(question, run, batch)) for batch, weight in question.design.batches()]
    if all(outcome.advantages == DROPPED for outcome in outcomes):
        raise BadInput(f"{named(question.function)} returns RESAMPLE for every group")
    return outcomes


@dataclass(frozen=True, slots=True)
class _Call:
    """What the function returns in doubles for the samples of a batch in an order."""

    outcome: Outcome
    order: Sequence[int]
    returned: tuple[float, ...] | None

    def arranged(self, advantages: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        """Advantages of the samples as they stand in the batch, in the order of this call."""
        return advantages and tuple(advantages[place] for place in self.order)


def _in_another_sequence(question: Question, outcomes: Sequence[Outcome], most: int | None = None) -> list[_Call]:
    """The batches in doubles, in another sequence, so that no count of calls fits, and in other orders of the samples.

    The global generators are in other states each time.
    """
    shuffle = random.Random(0)
    run, calls = partial(_in_floats, question), []
    with randomness.elsewhere(named(question.function)) as seed:
        for number, outcome in enumerate(shuffle.sample(outcomes, min(len(outcomes), most or len(outcomes)))):
            order = _order(question.design, number, shuffle)
            seed(number)
            calls.append(_Call(outcome, order, _shielded(question, run, [outcome.batch[place] for place in order])))
    return calls


def _steady(question: Question, call: _Call, scale: float) -> tuple[float, ...] | None:
    """What the function returns in doubles for the batch as it stands.

    Raises ``BadInput`` if it is random, remembers, or depends on an order that was not run.
    """
    run, batch = partial(_in_floats, question), call.outcome.batch
    straight = _shielded(question, run, batch)
    if _same(call.returned, call.arranged(straight), scale):
        return straight
    again = [batch[place] for place in call.order]
    steady = all(_same(_shielded(question, run, again), call.returned, scale) for _ in range(3)) and all(
        _same(_shielded(question, run, batch), straight, scale) for _ in range(3))
    if question.design.every_order or not steady:
        raise BadInput(_remembers(question))
    raise BadInput(f"{named(question.function)} depends on the order of the samples, and there are too many orders "
                   f"to run at G = {question.design.group}. Take a smaller group.")


def _order(design: Design, number: int, shuffle: random.Random) -> Sequence[int]:
    """The order in which a batch was run, if all are; else one at random and that of falling rewards in turn.

    Responses are sorted by their rewards.
    """
    if design.every_order:
        return range(design.prompts * design.group)
    if number % 2:
        return _shuffled(design, shuffle)
    return [place for start in range(0, design.prompts * design.group, design.group)
            for place in reversed(range(start, start + design.group))]


def single_differs(question: Question, outcomes: Sequence[Outcome], single: Callable[[list[Any]], Any]) -> str | None:
    """Where the function is another one in float32, if anywhere; None too where it does not run there."""
    scale = max((abs(_float(entry)) for outcome in outcomes for entry in outcome.advantages or ()), default=0.0)
    for outcome in random.Random(1).sample(outcomes, min(len(outcomes), SINGLES)):
        try:
            row = _in_floats(replace(question, array=single), outcome.batch)
        except Exception as error:  # an array of doubles of its own, perhaps: it says nothing about float32
            memory_passes(error)
            return None
        wanted = outcome.advantages
        if (row is None) != (wanted is None) or len(row or ()) != len(wanted or ()) or any(
                abs(x - _float(y)) > SINGLE * scale for x, y in zip(row or (), wanted or (), strict=True)):
            rewards = ", ".join(str(question.rewards[one % question.design.responses]) for one in outcome.batch)
            return f"in float32 it is another function, for example at the rewards ({rewards})"
    return None


def narrow(question: Question, batch: Sequence[int]) -> bool:
    """Whether the function returns numbers of fewer digits than a double."""
    with np.errstate(all="ignore"):
        returned = question.returned(batch)
    returned = returned[0] if isinstance(returned, tuple) and returned else returned
    return str(getattr(returned, "dtype", "")).removeprefix("torch.") in ("float32", "float16", "bfloat16")


def _float(number: Any) -> float:
    return nearest(number) if isinstance(number, Exact) else float(number)


def _remembers(question: Question) -> str:
    return (f"{named(question.function)} is random, or remembers earlier calls: called twice with the same rewards it "
            "returns different advantages. Fix its randomness outside of it.")


def _shuffled(design: Design, shuffle: random.Random) -> list[int]:
    """A random order of the samples within each prompt."""
    order: list[int] = []
    for prompt in range(design.prompts):
        places = list(range(prompt * design.group, (prompt + 1) * design.group))
        shuffle.shuffle(places)
        order += places
    return order


def _same(left: tuple[Any, ...] | None, right: tuple[Any, ...] | None, scale: float) -> bool:
    """``scale`` is the largest advantage of all batches: advantages times 1e-9 are compared as strictly as others."""
    if left is None or right is None or len(left) != len(right):
        return left is right
    if left == right:
        return True
    return all(x.value == y.value if isinstance(x, Exact) else abs(x - y) <= 1e-9 * scale
               for x, y in zip(left, right, strict=True))
