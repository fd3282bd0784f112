"""What a theorem's own formula gives on an MDP: nothing else that is evaluated there reads the theorem.

Enumerated as it is written where trajectories are few, else by its automata, backward in
time; and where neither has a value, left out with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Expr

from derive.assumptions import (
    POSSIBLE,
    VOCABULARY,
    Assumption,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
    undiscounted,
)
from derive.errors import BadInput, DeriveError, OutsideFragment, Undefined, WorkLimit
from derive.language.binding import Binder
from derive.language.signature import signature
from derive.language.terms import Batch, Trajectory
from derive.language.typing import is_random
from derive.language.vocabulary import J, grad
from derive.numeric.comparison import ROUNDING_UNITS, Comparison, Row, held, left_out
from derive.numeric.directions import ENOUGH, along, random_directions
from derive.numeric.instances import Instance
from derive.numeric.interpretation import value
from derive.numeric.tabular import FloatArray, softmax
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.obligations import undischarged
from derive.theorems import Theorem
from derive.transfer.floats import value as by_transfer

MOST_TRAJECTORIES = 20_000
MOST_COORDINATES = 128
"""Coordinates of a gradient that automata are asked for; beyond, derivatives along a few random directions."""
SAMPLES = 3
"""m, where the formula has samples: with one, a sum of samples is as good as their mean."""


@dataclass(frozen=True, slots=True)
class OwnSides:
    """Rows for both sides of a claim about the gradient of J, and what else a reader has to know."""

    rows: tuple[Row, ...]
    formula: Row
    """The row of the side that is not the bare gradient of J."""
    drawn: str
    """The functions and policies that were given random numbers, and m, in words."""
    unmet: tuple[str, ...]
    """The assumptions that the MDP does not satisfy."""

    @property
    def notes(self) -> list[str]:
        """What a reader of the rows has to know."""
        outside = (f"this MDP is outside of the theorem's class ({', '.join(self.unmet)}): "
                   "a disagreement is no counterexample")
        return [*([self.drawn] if self.drawn else []), *([outside] if self.unmet else [])]

    @property
    def evaluated(self) -> bool:
        """Whether the formula has a value that would have shown a difference."""
        return self.formula.gradient is not None and not self.formula.coarse


def closed_form_of(theorem: Theorem) -> Expr:
    """The side of the claim that is not the bare gradient of J.

    Raises:
        BadInput: if neither side is the gradient of J, or the other is random or speaks of a free index.
    """
    first, last = theorem.chain.terms[0], theorem.chain.terms[-1]
    target = grad(J)
    for side, other in ((first, last), (last, first)):
        if side != target or is_random(other):
            continue
        if other.free_symbols:
            names = ", ".join(sorted(map(str, other.free_symbols)))
            raise BadInput(f"{theorem.name}: its claim is about every {names}; evaluate takes one number, "
                           "without free indices.")
        return other
    raise BadInput(f"{theorem.name}: evaluate takes a theorem about ∇J(θ), such as policy_gradient; "
                   f"this one claims {theorem.claim}.")


def own_sides(theorem: Theorem, comparison: Comparison, *, seed: int) -> OwnSides:
    """Both sides of the claim at the comparison's MDP and theta; free functions and fixed policies are drawn by seed.

    Raises:
        BadInput: as ``closed_form_of`` does.
    """
    closed = closed_form_of(theorem)
    instance, drawn = _instance(theorem, comparison, seed)
    rows = {}
    for label, side in (("left side", theorem.chain.terms[0]), ("right side", theorem.chain.terms[-1])):
        rows[side] = _row(label, side, theorem, instance, comparison, seed)
    unmet = tuple(assumption.name for assumption in theorem.assumes if not _holds(assumption, instance))
    return OwnSides(tuple(rows.values()), rows[closed], drawn, unmet)


def _instance(theorem: Theorem, comparison: Comparison, seed: int) -> tuple[Instance, str]:
    mdp, rng = comparison.mdp, np.random.default_rng([seed, 2])
    parts = signature(theorem.chain.terms[0], theorem.chain.terms[-1])
    sizes = {"state": mdp.states, "action": mdp.actions}
    functions = {(name, sorts): rng.normal(size=tuple(sizes[sort] for sort in sorts))
                 for name, sorts in sorted(parts.functions)}
    others = sorted(parts.policies - {"pi"})
    policies = {name: rng.dirichlet(np.ones(mdp.actions), size=mdp.states) for name in others}
    samples = SAMPLES if parts.samples else 1
    instance = Instance(mdp=mdp, theta=comparison.theta, functions=functions, policies=policies, samples=samples)
    drawn = ", ".join([*(name for name, _ in functions), *others])
    said = [f"{drawn}: random tables by seed {seed}"] if drawn else []
    return instance, "; ".join([*said, *([f"m = {samples}"] if parts.samples else [])])


def _holds(assumption: Assumption, instance: Instance) -> bool:
    """Whether the MDP satisfies an assumption about its numbers; any other holds here or says how sums are meant."""
    if assumption in (discount_below_one, undiscounted):
        return instance.mdp.gamma == 1 if assumption == undiscounted else 0 <= instance.mdp.gamma < 1
    tables: dict[Assumption, list[FloatArray]] = {
        initial_positive: [instance.mdp.mu], dynamics_positive: [instance.mdp.P],
        policy_positive: [softmax(instance.theta), *instance.policies.values()]}
    return all((table > 0).all() for table in tables.get(assumption, []))


def _row(label: str, side: Expr, theorem: Theorem, instance: Instance, comparison: Comparison, seed: int) -> Row:
    possible_only = POSSIBLE in theorem.assumes
    why = []
    for how in (_as_written, _by_automata):
        try:
            return how(label, side, possible_only, instance, comparison, seed)
        except (OutsideFragment, WorkLimit) as refused:
            why.append(str(refused).rstrip("."))
        except DeriveError as undefined:
            return left_out(label, str(undefined).rstrip("."))
    return left_out(label, "; ".join(why))


def _as_written(label: str, side: Expr, possible_only: bool, instance: Instance, comparison: Comparison,
                seed: int) -> Row:
    count = instance.mdp.shape.trajectories
    if count ** max(1, _nesting(side, instance.samples)) > MOST_TRAJECTORIES:
        raise OutsideFragment("too many trajectories to enumerate")
    found = np.asarray(value(side, instance, possible_only=possible_only)).reshape(comparison.reference.shape)
    resolution = np.full(found.shape, _rounding(comparison) * max(1.0, count / 64))  # it grows with the summands
    return held(f"{label}, as written", found, comparison.reference, resolution, ROUNDING_UNITS)


def _rounding(comparison: Comparison) -> float:
    """How far the reference may be off."""
    resolution = comparison.rows[0].resolution
    assert resolution is not None
    return float(np.max(resolution))


def _nesting(term: Expr, samples: int) -> int:
    """How many trajectories are chosen at once."""
    inner = max((_nesting(argument, samples) for argument in term.args), default=0)
    match term:
        case Binder(index=Trajectory()):
            return inner + 1
        case Binder(index=Batch()):
            return inner + samples
    return inner


def _by_automata(label: str, side: Expr, possible_only: bool, instance: Instance, comparison: Comparison,
                 seed: int) -> Row:
    """With what holds at this MDP: an additive return, and those of its probabilities positive that are."""
    mdp = instance.mdp
    known = [assumption for assumption in VOCABULARY if _holds(assumption, instance) and assumption != POSSIBLE]
    known += [POSSIBLE] if possible_only else []
    if owed := undischarged([side], frozenset(known)):  # automata cancel a factor that may be 0
        raise Undefined(f"it owes {', '.join(map(str, owed))}, which this MDP does not ensure")
    term = Encoding(known, infinite=False).term(side)
    every = mdp.states * mdp.actions <= MOST_COORDINATES
    table = (np.eye(mdp.states * mdp.actions).reshape(-1, mdp.states, mdp.actions) if every
             else random_directions(mdp, ENOUGH, seed=seed))
    found = by_transfer(context_of(known, infinite=False), term, instance, table)
    reference = comparison.reference if every else along(comparison.reference, table)
    rounding = np.finfo(float).eps * (mdp.horizon + 2) * found.size.reshape(reference.shape)
    resolution = rounding + _rounding(comparison) * (1.0 if every else np.abs(table).sum(axis=(1, 2)))
    name = f"{label}, by automata" if every else f"{label}, by automata, random directions: {ENOUGH}"
    return held(name, found.value.reshape(reference.shape), reference, resolution, ROUNDING_UNITS)
