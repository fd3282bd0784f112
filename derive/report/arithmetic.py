"""Both sides of a theorem worked out in fractions on a model that is small enough for paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from sympy import Expr

from derive.checking.theorems import Theorem
from derive.counterexample.claim import Claim, Witness
from derive.errors import DeriveError
from derive.language.assumptions import POSSIBLE
from derive.language.binding import Index
from derive.language.model_class import admits
from derive.language.models import Model, Path, Table
from derive.language.signature import Signature, signature
from derive.language.terms import Action, Draw, State, Time, Trajectory
from derive.numeric.tabular import FloatArray, TabularMDP, softmax
from derive.report.per_trajectory import LETTER, Share, summand
from derive.report.refutation import describe

MOST_TRAJECTORIES = 12
"""More are no work for paper."""
LARGEST_DENOMINATOR = 1_000
SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class Worked:
    """A model in words, the coordinate of theta, each term's value there, and what each trajectory gives."""

    given: tuple[str, ...]
    coordinate: str
    values: tuple[tuple[Expr, Fraction], ...]
    shares: tuple[Share, ...]


def worked(theorem: Theorem, mdp: TabularMDP, theta: FloatArray | None = None) -> Worked | None:
    """The theorem's terms on the model; None where they have no exact value there, or it is too much for paper."""
    found = attempt(theorem, mdp, theta)
    return found if isinstance(found, Worked) else None


def attempt(theorem: Theorem, mdp: TabularMDP, theta: FloatArray | None = None) -> Worked | str:
    """The theorem's terms on the model, or why there is no arithmetic for paper.

    The policy is that of ``theta`` where its numbers are simple fractions, else uniform. Other policies and functions
    get small numbers. The gradient is one coordinate: that of the last action in the first state.
    """
    terms = theorem.chain.terms
    known = frozenset(theorem.assumes)
    try:
        parts = signature(*terms)
        model = _model(mdp, theta, parts)
    except (DeriveError, ValueError) as error:
        return str(error)
    if theorem.endless:
        return "the theorem has no last decision"
    if parts.samples:
        return "the theorem draws samples"
    if any(not index.is_bound for term in terms for index in term.atoms(Trajectory)):
        return "the theorem speaks of any one trajectory"
    if (count := model.feasible()) > MOST_TRAJECTORIES:
        return f"the model has {count:,} possible trajectories, and more than {MOST_TRAJECTORIES} are no work for paper"
    free = {index for term in terms for index in term.atoms(State, Action, Time, Draw) if not index.is_bound}
    letters = dict.fromkeys(sorted(free, key=str), 0)
    if not admits(known, model, letters, infinite=False):
        return "the theorem's assumptions do not hold on the model"
    claims = [Claim(terms[0], term, known, POSSIBLE in known) for term in terms]
    try:
        values = tuple((term, claim.computed(model, letters)[1]) for term, claim in zip(terms, claims, strict=True))
    except DeriveError:
        return "a side has no exact value on the model"
    witness = Witness(model, letters, values[0][1], values[-1][1], exact=True)
    given = tuple(line for line in describe(witness, terms[0], terms[-1])[:-1] if not line.startswith("direction"))
    start = next(s for s, p in enumerate(model.mu) if p)
    return Worked(given, f"θ({start}, {model.shape.actions - 1})" if parts.order else "", values,
                  _shares(claims[-1], witness))


def _model(mdp: TabularMDP, theta: FloatArray | None, parts: Signature) -> Model:
    """The MDP in fractions.

    Raises:
        ValueError: if a number of it is no simple fraction.
    """
    shape, uniform = mdp.shape, ((Fraction(1, mdp.actions),) * mdp.actions,) * mdp.states
    start = int(np.flatnonzero(mdp.mu)[0])
    leaning = tuple(Fraction(2 * (a + 1), mdp.actions * (mdp.actions + 1)) for a in range(mdp.actions))
    counts = {"state": shape.states, "action": shape.actions, "time": shape.horizon + 1}
    functions = {name: {place: Fraction(1 + sum(place)) for place in product(*(range(counts[sort]) for sort in sorts))}
                 for name, sorts in parts.functions if all(sort in counts for sort in sorts)}
    return Model(
        shape=shape, mu=_row(mdp.mu), P=tuple(tuple(_row(row) for row in table) for table in mdp.P),
        r=tuple(tuple(tuple(map(_fraction, row)) for row in table) for table in mdp.r), gamma=_fraction(mdp.gamma),
        policies={"pi": _policy(theta, uniform),
                  **dict.fromkeys(sorted(parts.policies - {"pi"}), (leaning,) * shape.states)},
        scores=tuple(tuple(Fraction(int((s, a) == (start, shape.actions - 1))) for a in range(shape.actions))
                     for s in range(shape.states)),
        functions=functions).validate()


def _policy(theta: FloatArray | None, uniform: Table) -> Table:
    if theta is None:
        return uniform
    try:
        return tuple(_row(row) for row in softmax(theta))
    except ValueError:
        return uniform


def _row(row: Sequence[float] | FloatArray) -> tuple[Fraction, ...]:
    found = tuple(map(_fraction, row))
    if sum(found) != 1:
        raise ValueError("probabilities of the model are no simple fractions")
    return found


def _fraction(number: float) -> Fraction:
    found = Fraction(float(number)).limit_denominator(LARGEST_DENOMINATOR)
    if abs(float(found) - number) > SMALL:
        raise ValueError(f"{number!r} of the model is no simple fraction")
    return found


def _shares(claim: Claim, witness: Witness) -> tuple[Share, ...]:
    """What each possible trajectory gives to both sides, if both are sums over trajectories."""
    letter = Trajectory(LETTER)
    before, after = (summand(side, letter) for side in (claim.before, claim.after))
    if before is None or after is None:
        return ()
    inside = Claim(before, after, claim.assumptions, claim.possible_only)
    try:
        found = tuple(_share(inside, witness, letter, path) for path in witness.model.feasible_paths())
    except DeriveError:
        return ()
    whole = sum(one.left for one in found), sum(one.right for one in found)
    return found if whole == (witness.left, witness.right) else ()


def _share(inside: Claim, witness: Witness, letter: Trajectory, path: Path) -> Share:
    indices: Mapping[Index, Any] = {**witness.indices, letter: path}
    return Share(path, *inside.computed(witness.model, indices))
