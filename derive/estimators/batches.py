"""A batch of samples of a tabular model as the arguments of a loss, in floats and in exact numbers.

Padding is poisoned: log-probabilities there are finite, different from each other, and have a
derivative, so that a loss that uses them is seen (a zero there would pass unnoticed).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from flint import fmpq

from derive.errors import BadInput, memory_passes, said
from derive.estimators import field
from derive.estimators.field import Sum
from derive.estimators.naming import LOOKUP, bound, named, parameters
from derive.estimators.numbers import Exact
from derive.estimators.provenance import Ledger
from derive.estimators.tabular import TabularModel
from derive.estimators.tensors import ExactTensor, wrapped
from derive.process.interrupts import interrupt_passes

PADDING = {"pi": Fraction(1, 1499), "old": Fraction(1, 163), "ref": Fraction(1, 167), "rollout": Fraction(1, 173)}
MEANINGS = {"log_probs": "pi", "old_log_probs": "old", "ref_log_probs": "ref", "rollout_log_probs": "rollout"}
Loss = Callable[..., Any]
AdvantageOf = Callable[[Sequence[Fraction]], Sequence[Fraction]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Responses (numbers p K + k) and, for each sample, probabilities of its tokens under each policy."""

    model: TabularModel
    group: int
    responses: tuple[int, ...]
    advantages: str | None
    """"sequence" or "token": the shape of ``advantages``, if the loss asks for them; leave-one-out ones."""
    bools: bool = False
    """Whether the mask is of bools."""

    def probabilities(self, name: str) -> list[list[Fraction]]:
        """(samples, length) probabilities of the tokens, poison on the padding."""
        policy, count = self.model.policy(name), len(self.model.lengths)
        rows = []
        for response in self.responses:
            tokens = list(self.model.action_probabilities(policy, response // count, response % count))
            rows.append(tokens + [PADDING[name]] * (self.model.longest - len(tokens)))
        return rows

    @property
    def lengths(self) -> list[int]:
        """The number of tokens of each sample."""
        count = len(self.model.lengths)
        return [self.model.lengths[response % count] for response in self.responses]

    @property
    def rewards(self) -> list[Fraction]:
        """The reward of each sample."""
        count = len(self.model.lengths)
        return [self.model.reward_table[response // count][response % count] for response in self.responses]

    def leave_one_out(self) -> tuple[Fraction, ...]:
        """r_i minus the mean of the others of its prompt (r_i itself at G = 1)."""
        return _leave_one_out(tuple(self.rewards), self.group)

    def numbers(self, asked: Collection[str]) -> dict[str, list[Any]]:
        """Those of the arguments asked for that are no log-probabilities, as lists."""
        length, model = self.model.longest, self.model
        one, none = (True, False) if self.bools else (1, 0)
        made: dict[str, Callable[[], list[Any]]] = {
            "rewards": lambda: self.rewards, "lengths": lambda: self.lengths,
            "mask": lambda: [[one] * own + [none] * (length - own) for own in self.lengths],
            "token_level_rewards": lambda: self._padded(model.step_rewards, 0),
            "rewards_to_go": lambda: self._padded(model.to_go, 0),
            "values": lambda: self._padded(model.values, Fraction(1, 7)),
            "advantages": lambda: (list(self.leave_one_out()) if self.advantages == "sequence"
                                   else [[value] * length for value in self.leave_one_out()])}
        if self.advantages is None:
            del made["advantages"]
        return {name: make() for name, make in made.items() if name in asked}

    def _padded(self, table: Sequence[Sequence[Sequence[Fraction]]], padding: Fraction | int) -> list[list[Any]]:
        """Entries by prompt, sample and decision, as (samples, length)."""
        count = len(self.model.lengths)
        return [[*(row := table[response // count][response % count]), *[padding] * (self.model.longest - len(row))]
                for response in self.responses]

    def others(self, asked: Collection[str]) -> dict[str, Any]:
        """Arguments that are neither."""
        others: dict[str, Any] = {"index": np.repeat(np.arange(self.model.prompt_count), self.group),
                                  "group_size": self.group, "gamma": float(self.model.discount)}
        for number, name in enumerate(("states", "actions")):
            if name in asked:
                others[name] = torch.tensor([[*(row := self._taken(response, number)),
                                              *[0] * (self.model.longest - len(row))] for response in self.responses])
        return others

    def _taken(self, response: int, number: int) -> list[int]:
        return [pair[number] for pair in self.model.places[response % len(self.model.lengths)]]


def float_arguments(batch: Batch, asked: frozenset[str]) -> dict[str, Any]:
    """Arguments by meaning, as double tensors; ``log_probs`` is a leaf with a gradient, others if asked for."""
    arguments = batch.others(asked)
    for meaning, name in MEANINGS.items():
        if meaning not in asked:
            continue
        arguments[meaning] = torch.tensor(np.log(np.array(batch.probabilities(name), dtype=float)))
    for meaning, rows in batch.numbers(asked).items():
        kind = int if meaning == "lengths" else bool if meaning == "mask" and batch.bools else float
        arguments[meaning] = torch.tensor(np.array(rows, dtype=kind))
    arguments["log_probs"].requires_grad_(True)
    return arguments


def exact_arguments(batch: Batch, asked: frozenset[str], ledger: Ledger) -> dict[str, Any]:
    """The same as exact tensors; the derivative of log_probs[i, t] has the name (i, t)."""
    arguments = batch.others(asked)
    one = field.rational(fmpq(1))
    for meaning, name in MEANINGS.items():
        if meaning not in asked:
            continue
        rows = batch.probabilities(name)
        array = np.empty((len(rows), batch.model.longest), dtype=object)
        for place in np.ndindex(array.shape):
            array[place] = Exact(_logarithm(rows[place[0]][place[1]]), ledger, {place: one} if name == "pi" else None)
        arguments[meaning] = ExactTensor(array, ledger)
    for meaning, numbers in batch.numbers(asked).items():
        array = np.array(numbers, dtype=object)
        kept = meaning == "mask" and batch.bools
        arguments[meaning] = ExactTensor(array, ledger) if kept else wrapped(array, ledger)
    return arguments


@lru_cache(maxsize=4096)
def _leave_one_out(rewards: tuple[Fraction, ...], group: int) -> tuple[Fraction, ...]:
    """A batch is run several times, in floats and in exact numbers."""
    result: list[Fraction] = []
    for start in range(0, len(rewards), group):
        own = rewards[start:start + group]
        total = sum(own, Fraction(0))
        of = {reward: reward - (total - reward) / max(group - 1, 1) for reward in set(own)}
        result += [of[reward] for reward in own]
    return tuple(result)


@lru_cache(maxsize=4096)
def _logarithm(number: Fraction) -> Sum:
    return field.logarithm(field.rational(fmpq(number.numerator, number.denominator)))


@lru_cache(maxsize=64)
def asked_for(loss: Loss) -> frozenset[str]:
    """The meanings of the parameters of a loss."""
    return frozenset(LOOKUP[one.name] for some in parameters(loss) for one in some if one.name in LOOKUP)


def scalar(returned: Any, name: str, batch: Batch | None = None) -> Any:
    """The loss that a function returns: the first of a tuple, "loss" of a dictionary. Raises ``BadInput``."""
    where = "" if batch is None else f" (rewards {', '.join(map(str, batch.rewards))})"
    if isinstance(returned, tuple) and returned:
        returned = returned[0]
    if isinstance(returned, dict) and "loss" in returned:
        returned = returned["loss"]
    if not isinstance(returned, (torch.Tensor, ExactTensor)):  # nor has what NumPy makes a gradient
        raise BadInput(f"{name} returned {type(returned).__name__}; expected a tensor with one number, the loss{where}")
    shape = tuple(returned.shape)
    if shape not in ((), (1,)):
        raise BadInput(f"{name} returned a tensor of shape {shape}; expected one number, the loss{where}")
    return returned


def float_gradient(loss: Loss, batch: Batch, *, single: bool = False) -> Any:
    """d loss / d log_probs as an array (samples, length), NaN if the loss is; None if none reaches log_probs.

    ``single`` gives the loss float32 instead of doubles. Raises ``BadInput`` if the loss fails, changes its
    arguments, calls backward itself, or wants a GPU.
    """
    arguments = float_arguments(batch, asked_for(loss))
    if single:
        arguments = {name: value.detach().float().requires_grad_(value.requires_grad)
                     if isinstance(value, torch.Tensor) and value.dtype == torch.float64 else value
                     for name, value in arguments.items()}
    names = bound(loss, arguments)
    before = {name: value.detach().clone() for name, value in names.items() if isinstance(value, torch.Tensor)}
    try:
        value = scalar(loss(**names), named(loss), batch)
    except BadInput:
        raise
    except ZeroDivisionError:
        return np.full((len(batch.responses), batch.model.longest), np.nan)
    except BaseException as error:  # whatever the loss does
        interrupt_passes(error)
        memory_passes(error)
        raise BadInput(_failure(loss, error, batch)) from error
    for name, saved in before.items():
        if not torch.equal(saved, names[name].detach()):
            raise BadInput(f"{named(loss)} changes its argument {name!r} in place; let it work on a copy")
    if arguments["log_probs"].grad is not None:
        raise BadInput(f"{named(loss)} calls backward itself, which leaves a gradient beside that of what it returns; "
                       "let it return the loss only")
    if not value.requires_grad:
        return None
    if not torch.isfinite(value.detach()).all():
        return np.full((len(batch.responses), batch.model.longest), np.nan)
    try:
        (gradient,) = torch.autograd.grad(value.sum(), arguments["log_probs"], allow_unused=True)
    except Exception as error:  # a complex number, a graph that the loss has freed, a backward of its own
        raise BadInput(_failure(loss, error, batch)) from error
    return None if gradient is None else gradient.numpy()


def exact_gradient(loss: Loss, batch: Batch, ledger: Ledger) -> dict[tuple[int, int], Any] | None:
    """The same in exact numbers: (sample, token) -> coefficient; None for NaN. Raises ``LeftExact``."""
    value = scalar(loss(**bound(loss, exact_arguments(batch, asked_for(loss), ledger))), named(loss))
    if not isinstance(value, ExactTensor):
        return {}
    number = value.array.reshape(-1)[0]
    if not isinstance(number, Exact):
        raise ledger.leave(f"a loss of type {type(number).__name__}")
    return None if number.value is None else dict(number.slope)  # type: ignore[arg-type]


def _failure(loss: Loss, error: BaseException, batch: Batch) -> str:
    text = said(error)
    if "cuda" in text.lower() or "nvidia" in text.lower():
        return f"{named(loss)} needs a GPU ({text}); it is run on the CPU here. Take the device of its input."
    if "a leaf Variable that requires grad" in text or "in-place" in text:
        return f"{named(loss)} changes log_probs in place ({text}); let it work on a copy"
    shape = f"log-probabilities of shape ({len(batch.responses)}, {batch.model.longest})"
    return f"{named(loss)} fails with {type(error).__name__}: {text}; called with {shape}"


