"""One concrete place where terms have values: a model, a theta, and a table for every free symbol."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from derive.errors import InvalidModel
from derive.language.assumptions import (
    Assumption,
    additive_return,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.models import Model, Path, Shape
from derive.language.signature import Signature
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta, from_model, logits

FunctionKey = tuple[str, tuple[str, ...]]
"""A free function's name with the sorts of its arguments, as in ``Signature.functions``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """A model at a parameter: what ``interpretation.value`` reads.

    ``theta`` is (S, A), an entry -inf meaning an action that is never taken. ``returns``
    gives R of every trajectory, or is None for the additive return. ``policies`` holds
    the fixed policies, name -> (S, A); ``functions`` the free functions, (name, sorts) ->
    array indexed by the arguments; ``samples`` is m.

    Raises:
        InvalidModel: if theta, a policy or m does not fit the model.
    """

    mdp: TabularMDP
    theta: FloatArray
    returns: Mapping[Path, float] | None = None
    policies: Mapping[str, FloatArray] = field(default_factory=dict)
    functions: Mapping[FunctionKey, FloatArray] = field(default_factory=dict)
    samples: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "theta", checked_theta(self.mdp, self.theta))
        for name, policy in self.policies.items():
            rows = np.asarray(policy, dtype=np.float64)
            if rows.shape != self.theta.shape or (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1):
                raise InvalidModel(f"The policy {name} is not a table (S, A) of probabilities. Make each row sum to 1.")
        if self.samples < 1:
            raise InvalidModel(f"m is {self.samples}; at least one trajectory is sampled. Give m >= 1.")

    @property
    def parameters(self) -> int:
        """p = S A, the number of coordinates of a gradient; theta[s, a] is coordinate s A + a."""
        return self.mdp.states * self.mdp.actions

    @property
    def largest_number(self) -> float:
        """The largest absolute value among the numbers given, at least 1."""
        tables = [self.mdp.r, *self.functions.values()]
        if self.returns is not None:
            tables.append(np.array(list(self.returns.values())))
        return max(1.0, self.mdp.return_bound, *(float(np.abs(table).max(initial=0.0)) for table in tables))


def random_instance(rng: np.random.Generator, shape: Shape, signature: Signature, *,
                    assumptions: Collection[Assumption] = (), zeros: bool = False) -> Instance:
    """A random instance of ``shape`` with every symbol of ``signature`` given numbers.

    Probabilities are Dirichlet rows, positive throughout; with ``zeros`` a third of the
    entries of mu, of P and of every policy is 0, except where an assumption forbids it. R
    is arbitrary unless ``additive_return`` is assumed.
    """
    n, k = shape.states, shape.actions
    choosy = zeros and policy_positive not in assumptions
    mdp = TabularMDP(
        _rows(rng, (n,), zeros and initial_positive not in assumptions),
        _rows(rng, (n, k, n), zeros and dynamics_positive not in assumptions),
        rng.normal(size=(n, k, n)), float(rng.uniform(0.1, 0.95)), shape.horizon, name=f"random {shape}")
    theta = rng.normal(size=(n, k))
    theta = np.where(_kept(rng, theta), theta, -np.inf) if choosy else theta
    sizes = {"state": n, "action": k}
    functions = {
        (name, sorts): rng.normal(size=tuple(sizes[sort] for sort in sorts))
        for name, sorts in sorted(signature.functions)}
    policies = {name: _rows(rng, (n, k), choosy) for name in sorted(signature.policies - {"pi"})}
    returns = None
    if signature.returns and additive_return not in assumptions:
        returns = {path: float(number) for path, number in
                   zip(shape.paths(), rng.normal(size=shape.trajectories), strict=True)}
    return Instance(mdp=mdp, theta=theta, returns=returns, policies=policies, functions=functions,
                    samples=shape.samples)


def _rows(rng: np.random.Generator, size: tuple[int, ...], zeros: bool) -> FloatArray:
    """Dirichlet rows along the last axis; with zeros, a third of the entries but never a whole row."""
    rows = rng.dirichlet(np.ones(size[-1]), size=size[:-1])
    if zeros:
        rows = np.where(_kept(rng, rows), rows, 0.0)
    result: FloatArray = rows / rows.sum(axis=-1, keepdims=True)
    return result


def _kept(rng: np.random.Generator, rows: FloatArray) -> NDArray[np.bool_]:
    """Two thirds of the entries of a table, and the largest of each row."""
    kept: NDArray[np.bool_] = rng.random(rows.shape) > 1 / 3
    np.put_along_axis(kept, rows.argmax(axis=-1)[..., None], True, axis=-1)
    return kept


def instance_of(model: Model, signature: Signature) -> Instance:
    """The floats of an exact model, with theta = log pi (-inf where pi is 0).

    The directional derivative along ``model.scores`` is ``gradient @ scores.ravel()``.

    Raises:
        InvalidModel: if the model lacks a function or policy of ``signature``.
    """
    try:
        functions = {key: _table(model, key) for key in sorted(signature.functions)}
        policies = {name: np.array([[float(entry) for entry in row] for row in model.policies[name]])
                    for name in sorted(signature.policies - {"pi"})}
        theta = logits(model.policies["pi"])
    except KeyError as error:
        raise InvalidModel(f"The model gives no numbers for {error.args[0]!r}. Add a table for it.") from error
    returns = None if model.returns is None else {path: float(number) for path, number in model.returns.items()}
    return Instance(mdp=from_model(model), theta=theta, returns=returns, policies=policies, functions=functions,
                    samples=model.shape.samples)


def _table(model: Model, key: FunctionKey) -> FloatArray:
    name, sorts = key
    sizes = {"state": model.shape.states, "action": model.shape.actions}
    table = np.zeros(tuple(sizes[sort] for sort in sorts))
    entries = model.functions[name]
    for place in np.ndindex(*table.shape):
        table[place] = float(entries[place])
    return table
