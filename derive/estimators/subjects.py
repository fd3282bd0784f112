"""What the command line is asked about: a name of the gallery, or a function in a file; and its result."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from derive.errors import BadInput, memory_passes, said
from derive.estimators.advantage import LADDER, REWARDS, check_advantage
from derive.estimators.gallery import entry_of
from derive.estimators.gallery.entry import Entry
from derive.estimators.naming import asks_for_log_probabilities
from derive.estimators.result import EstimatorResult, Factor
from derive.estimators.without_torch import need_torch, next_move
from derive.files.overlay import Tried, without_bytecode
from derive.numeric.tabular import TabularMDP
from derive.process.interrupts import interrupt_passes

MOST_TUPLES = 70_000
"""On which a function is compared with its form."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; None is the default of the estimator."""

    groups: tuple[int, ...] | None = None
    rewards: tuple[Fraction, ...] | None = None
    lengths: tuple[int, ...] | None = None
    prompts: int | None = None
    target: str | None = None
    beta: Fraction | None = None
    model: str | None = None
    """A finite MDP, named as for ``derive evaluate``, for losses."""
    gamma: float | None = None
    horizon: int | None = None


def examined(name: str, options: Options) -> tuple[EstimatorResult, Entry | None]:
    """The result for a name of the gallery or FILE.py:FUNCTION. Raises ``BadInput``."""
    if ":" in name and name.rpartition(":")[0].endswith(".py"):
        return _of_function(loaded(name), name, options), None
    if name.endswith(".py"):
        raise BadInput(f"{name}: which function? Write {name}:FUNCTION")
    entry = entry_of(name)
    return of_entry(entry, options), entry


def of_entry(entry: Entry, options: Options = Options()) -> EstimatorResult:
    """The result for an entry of the gallery; ``every G`` where its form is that of a theorem."""
    if options.rewards is not None and options.lengths is None and entry.lengths is not None:
        raise BadInput(f"{entry.name} needs the lengths of the responses: give --lengths with --rewards")
    if entry.loss:
        chosen = replace(options, groups=options.groups or entry.groups, target=options.target or entry.target)
        return _of_function(entry.function, entry.name, chosen, off_policy=entry.off_policy)
    chosen = replace(
        options, groups=options.groups or entry.groups,
        rewards=options.rewards or tuple(map(Fraction, entry.rewards)),
        lengths=options.lengths or (entry.lengths if options.rewards is None else None),
        prompts=options.prompts or entry.prompts, target=options.target or entry.target)
    result = _of_function(entry.function, entry.name, chosen)
    if entry.form is None or chosen.prompts != 1:
        return result
    return with_theorem(result, entry, chosen.rewards or ())


def with_theorem(result: EstimatorResult, entry: Entry, rewards: Sequence[Fraction]) -> EstimatorResult:
    """The result for every G, if the code has the form of the entry at the sizes that were run, and they settle it."""
    form = entry.form
    sizes = [row.group for row in result.groups]
    settled = form.settles(result) if form is not None and result.exact and min(sizes) >= 2 else None
    if form is None or settled is None:
        return result
    if len(rewards) ** max(sizes) > MOST_TUPLES:
        note = (f"it was not compared at G = {max(sizes)} with its form, of which a theorem holds at every G: "
                f"{len(rewards):,}^{max(sizes)} tuples are too many")
        return replace(result, notes=(*result.notes, note))
    if not all(form.agrees(entry.function, rewards, size) for size in sizes):
        return result
    known = f"proved, every G >= 2, {settled}; the code has its form at G = {', '.join(map(str, sizes))}"
    factor = result.factor if form.term == "1" or len(sizes) == 1 else Factor(form.term)
    return replace(result, known=known, factor=factor)


def _of_function(function: Callable[..., Any], name: str, options: Options, *,
                 off_policy: bool = False) -> EstimatorResult:
    if asks_for_log_probabilities(function):
        return _of_loss(function, name, options, off_policy=off_policy)
    if (options.model, options.gamma, options.horizon) != (None, None, None):
        raise BadInput(f"{name} is an advantage function: --model, --gamma and --horizon are for losses, which are "
                       "given states and actions")
    if options.beta is not None:
        raise BadInput(f"{name} is an advantage function: --beta is the weight of a divergence, which losses may have")
    target = options.target or "J"
    return check_advantage(function, options.rewards or REWARDS, options.groups or LADDER,
                           prompts=options.prompts or 1, lengths=options.lengths, target=target, name=name)


def _of_loss(function: Callable[..., Any], name: str, options: Options, *, off_policy: bool) -> EstimatorResult:
    need_torch(f"{name} is a loss and")
    if options.lengths is not None or options.prompts is not None:
        raise BadInput(f"{name} is a loss: --lengths and --prompts are for advantage functions; models have their own")
    from derive.estimators.loss import LADDER as LOSS_LADDER
    from derive.estimators.loss import check_loss
    from derive.estimators.suite import three_responses
    from derive.estimators.targets import target_name

    if options.beta is not None and not target_name(options.target or "J").startswith("J-kl"):
        raise BadInput("--beta is the weight of the divergence that --target J-kl asks for; give that target as well")
    models: Any = None if options.rewards is None else three_responses(options.rewards)
    note = None
    if options.model is not None:
        models, note = mdp_of(options)
    elif options.gamma is not None or options.horizon is not None:
        raise BadInput("--gamma and --horizon are those of an MDP: give --model as well, such as --model two-state")
    groups = options.groups or (LOSS_LADDER if options.model is None else (2,))
    result = check_loss(function, groups, options.target or "J", model=models, off_policy=off_policy,
                        beta=options.beta if options.beta is not None else Fraction(1, 10), name=name)
    return result if note is None else replace(result, notes=(note, *result.notes))


def mdp_of(options: Options) -> tuple[TabularMDP, str | None]:
    """The MDP that is asked for, and what was made of it where its own horizon leaves too many episodes.

    A horizon that is given stays. Raises ``BadInput`` for one that is not found, or with rewards of responses.
    """
    from derive.estimators.shortening import shortened
    from derive.evaluation.inputs import model_of

    if options.rewards is not None:
        raise BadInput("--rewards are those of responses, and an MDP has its own: give --rewards or --model")
    found, *_ = model_of(options.model, gamma=options.gamma, horizon=options.horizon)
    return shortened(found) if options.horizon is None else (found, None)


def loaded(name: str) -> Callable[..., Any]:
    """The function FUNCTION of FILE.py:FUNCTION; the file is executed. Raises ``BadInput``."""
    path, _, function_name = name.rpartition(":")
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"{path}: no such file")
    module_name = f"_estimators_of_{file.stem}"
    try:
        source = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or said(error)}") from None
    specification = importlib.util.spec_from_file_location(module_name, file, loader=Tried(str(file), source))
    if specification is None or specification.loader is None:
        raise BadInput(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(specification)
    sys.modules[module_name] = module
    sys.path.insert(0, str(file.resolve().parent))
    try:
        with without_bytecode():
            specification.loader.exec_module(module)
    except BaseException as error:  # SystemExit too
        interrupt_passes(error)
        memory_passes(error)
        raise BadInput(f"{path} fails when it is executed: {type(error).__name__}: {said(error)}"
                       f"{next_move(error)}") from None
    finally:
        sys.path.remove(str(file.resolve().parent))
    function: Callable[..., Any] | None = getattr(module, function_name, None)
    if not callable(function):
        known = ", ".join(key for key, value in vars(module).items()
                          if callable(value) and getattr(value, "__module__", "") == module_name)
        raise BadInput(f"{path} has no function {function_name!r}; it has {known or 'none'}")
    return function


def number(text: str) -> Fraction:
    """A number of the command line: 1, 1/10 or 0.1. Raises ``BadInput``."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise BadInput(f"{text!r} is no number; write 1, 1/10 or 0.1") from None
