"""What a theorem is evaluated on: a model with its theta, and a table for every function that it leaves open."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from derive.errors import BadInput
from derive.language.assumptions import (
    BELOW_ONE,
    COVERS,
    HORIZON,
    SAMPLES,
    SCALAR,
    UNIT,
    Assumption,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
    undiscounted,
)
from derive.language.models import Model
from derive.language.signature import Signature
from derive.numeric.files import load, read_json
from derive.numeric.instances import FunctionKey, Instance
from derive.numeric.sources import BUILT_IN, built_in, from_gymnasium, random_mdp
from derive.numeric.tabular import ROW_TOLERANCE, FloatArray, TabularMDP, checked_theta, from_model, logits, softmax

GYMNASIUM = "gymnasium:"
GAMMA, DECISIONS = 0.99, 20
"""Discount and horizon of an environment that has none of its own, unless they are given."""
SOME = 3
"""m, where the theorem has samples: with one, a sum of samples is as good as their mean."""


def model_of(given: Any, *, theta: Any = None, gamma: float | None = None, horizon: int | None = None,
             seed: int = 0) -> tuple[TabularMDP, FloatArray, str]:
    """The MDP that is named or given, theta (S, A), and where theta is from.

    ``given`` is a ``TabularMDP``, a ``Model``, an environment with a table ``P[s][a]`` as Gymnasium's toy texts have
    it, a path, or a name: built-in, ``random:SEED``, ``gymnasium:ID``.

    Raises:
        BadInput: for an unknown name, an unreadable file, an object that is none of these.
        InvalidModel: if the numbers make no MDP.
    """
    whence, found = "given", theta
    match given:
        case TabularMDP():
            mdp = given
        case Model():
            mdp = from_model(given)
            if theta is None:
                found, whence = logits(given.policies["pi"]), "the logarithm of the model's policy"
        case str() | Path():
            mdp, stored = _named(str(given))
            if theta is None and stored is not None:
                found, whence = stored, "from the file"
        case _:
            mdp = from_gymnasium(given, gamma=GAMMA, horizon=DECISIONS)
    changes: dict[str, Any] = {"gamma": gamma, "horizon": horizon}
    mdp = replace(mdp, **{name: value for name, value in changes.items() if value is not None})
    if found is None:
        found, whence = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions)), f"drawn by seed {seed}"
    return mdp, checked_theta(mdp, found), whence


def _named(name: str) -> tuple[TabularMDP, FloatArray | None]:
    if name.startswith("random:"):
        text = name.partition(":")[2]
        if not text.isdigit():
            raise BadInput(f"{name}: write random:SEED with a whole number, for example random:7.")
        return random_mdp(int(text), 3, 2, 3), None
    if name.startswith(GYMNASIUM):
        return from_gymnasium(_environment(name.removeprefix(GYMNASIUM)), gamma=GAMMA, horizon=DECISIONS), None
    if name.endswith((".json", ".npz")) or "/" in name:
        loaded = load(name)
        return loaded.mdp, loaded.theta
    if name not in BUILT_IN and Path(name).is_file():
        raise BadInput(f"{name}: a file with a model ends in .json or .npz, and has the fields mu, P, r, gamma and "
                       "horizon.")
    if name not in BUILT_IN:
        raise BadInput(f"There is no model {name!r}. Name a built-in one ({', '.join(BUILT_IN)}), random:SEED, "
                       f"{GYMNASIUM}ID, or a .json or .npz file.")
    return built_in(name), None


def _environment(identifier: str) -> object:
    try:
        import gymnasium  # type: ignore[import-not-found, unused-ignore]  # optional, for this source only
    except ImportError:
        raise BadInput("gymnasium is not installed: pip install 'derive-rl[gymnasium]', or give a .json or .npz "
                       "file.") from None
    try:
        return gymnasium.make(identifier)
    except Exception as error:
        raise BadInput(f"{GYMNASIUM}{identifier}: {error}") from error


# -- functions, policies and numbers that the theorem leaves open ------------------------------------------------


def read_tables(options: Iterable[str]) -> dict[str, Any]:
    """Tables from ``NAME=FILE.json``: nested lists of numbers, one axis for each argument of the function.

    Raises:
        BadInput: for an option of another form, a name that is given twice, or a file that cannot be read.
    """
    tables: dict[str, Any] = {}
    for option in options:
        name, equals, path = option.partition("=")
        if not (name and equals and path):
            raise BadInput(f"--function {option}: write NAME=FILE.json, for example b=values.json.")
        if name in tables:
            raise BadInput(f"--function {name} is given twice. Keep one.")
        tables[name] = read_json(path, wanted="nested lists of numbers")
    return tables


def instance_at(mdp: TabularMDP, theta: FloatArray, parts: Signature, assumptions: Collection[Assumption],
                given: Mapping[str, Any], *, seed: int) -> Instance:
    """The instance with the tables that are given, the others drawn by seed.

    Raises:
        BadInput: for a table that no function of the theorem takes, or of another shape.
        InvalidModel: for a policy whose rows are no probabilities.
    """
    rng, sizes = np.random.default_rng([seed, 2]), {"state": mdp.states, "action": mdp.actions}
    keys, policies = sorted(parts.functions), sorted(parts.policies - {"pi"})
    known = {name for name, _ in keys} | set(policies)
    for name in given:
        if name not in known:
            has = f"It leaves open: {', '.join(sorted(known))}." if known else "It leaves none open."
            raise BadInput(f"it has no function, policy or number {name}. {has}")
    functions = {}
    for name, sorts in keys:
        shape = tuple(sizes[sort] for sort in sorts)
        drawn = _drawn(rng, name, shape, assumptions)
        functions[name, sorts] = _table(name, given[name], shape, sorts) if name in given else drawn
    laws = {}
    for name in policies:
        rows = rng.dirichlet(np.ones(mdp.actions), size=mdp.states)
        laws[name] = _rows(name, _table(name, given[name], rows.shape, ("state", "action"))) if name in given else rows
    least = max([SOME, *(one.about[0] for one in assumptions if one.kind == SAMPLES)])
    return Instance(mdp=mdp, theta=theta, functions=functions, policies=laws, samples=least if parts.samples else 1)


def _drawn(rng: np.random.Generator, name: str, shape: tuple[int, ...], assumptions: Collection[Assumption]
           ) -> FloatArray:
    """Normal numbers; a number that is assumed to lie in (0, 1) or above 0, in the middle of (0, 1)."""
    ranged = any(one.kind == SCALAR and one.about[0] == name for one in assumptions)
    return np.asarray(rng.uniform(0.1, 0.9) if ranged else rng.normal(size=shape), dtype=np.float64)


def _rows(name: str, table: FloatArray) -> FloatArray:
    """The rows of a policy; as those of an MDP they may be off by 1e-8, and are divided by their sums."""
    sums = table.sum(axis=1, keepdims=True)
    if (table < 0).any() or (np.abs(sums - 1) > ROW_TOLERANCE).any():
        raise BadInput(f"{name} is no policy: each row holds probabilities. Make each row sum to 1.")
    return np.asarray(table / sums)


def _table(name: str, values: Any, shape: tuple[int, ...], sorts: tuple[str, ...]) -> FloatArray:
    try:
        table = np.asarray(values)
    except ValueError:
        raise BadInput(f"{name} is no rectangular array: its lists differ in length. Make them equal.") from None
    if isinstance(values, (dict, str, bool)) or values is None:
        shown = json.dumps(values, default=str)[:40]
        raise BadInput(f"{name} is {shown} in its file. Give nested lists of numbers, or a number.")
    if table.dtype.kind not in "iuf" or not np.isfinite(table).all():
        raise BadInput(f"{name} holds something that is not a finite number. Give nested lists of numbers.")
    if table.shape != shape:
        axes = f"one axis for each argument ({', '.join(sorts)})" if sorts else "a number, for it has no arguments"
        raise BadInput(f"{name} has shape {table.shape}, expected {shape}: {axes}.")
    return table.astype(np.float64)


# -- the class of the theorem --------------------------------------------------------------------------------------


def holds(assumption: Assumption, instance: Instance, *, endless: bool) -> bool:
    """Whether the instance satisfies an assumption about its numbers; any other says how sums are meant."""
    mdp = instance.mdp
    if assumption in (discount_below_one, undiscounted):
        return mdp.gamma == 1 if assumption == undiscounted else 0 <= mdp.gamma < 1
    if assumption.kind == HORIZON:
        return bool(endless or mdp.horizon >= assumption.about[0])
    if assumption.kind == COVERS:
        behaviour, policy = (_policy(name, instance) for name in assumption.about)
        return behaviour is None or policy is None or bool((behaviour > 0)[policy > 0].all())
    if assumption.kind == SCALAR:
        name, kind = assumption.about
        key: FunctionKey = (name, ())
        value = float(instance.functions.get(key, np.array(0.5)))  # a number that the claim does not speak of
        return {BELOW_ONE: 0 <= value < 1, UNIT: 0 <= value <= 1}.get(kind, value > 0)
    tables: dict[Assumption, list[FloatArray]] = {
        initial_positive: [mdp.mu], dynamics_positive: [mdp.P],
        policy_positive: [softmax(instance.theta), *instance.policies.values()]}
    return all((table > 0).all() for table in tables.get(assumption, []))


def _policy(name: str, instance: Instance) -> FloatArray | None:
    if name == "pi":
        table: FloatArray = softmax(instance.theta)
        return table
    return instance.policies.get(name)
