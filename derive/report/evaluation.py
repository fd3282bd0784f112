"""``derive evaluate``: the closed form next to independent methods, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from sympy import Expr

from derive.assumptions import POSSIBLE
from derive.errors import BadInput, DeriveError
from derive.language.typing import is_random, rank
from derive.language.vocabulary import J, grad
from derive.models import Shape
from derive.numeric.comparison import Comparison, Row, compare
from derive.numeric.files import load
from derive.numeric.instances import Instance
from derive.numeric.interpretation import value
from derive.numeric.sources import built_in, from_gymnasium, random_mdp
from derive.numeric.tabular import FloatArray, TabularMDP
from derive.report.symbolic import derivative_formulas
from derive.theorems import Theorem

SMALL = (Shape(1, 2, 1), Shape(2, 2, 0))
MOST_TRAJECTORIES = 20_000
MOST_ROWS = 24


def mdp_of(name: str, seed: int) -> tuple[TabularMDP, FloatArray]:
    """The MDP that a command line names, and a parameter theta (S, A) for it.

    Raises:
        BadInput: for an unknown name or an unreadable file.
    """
    theta = None
    if name.startswith("random:"):
        mdp = random_mdp(_seed_of(name), 3, 2, 3)
    elif name.startswith("gymnasium:"):
        mdp = from_gymnasium(_gymnasium(name.partition(":")[2]), gamma=0.99, horizon=20)
    elif name.endswith((".json", ".npz")) or "/" in name:
        loaded = load(name)
        mdp, theta = loaded.mdp, loaded.theta
    else:
        mdp = built_in(name)
    drawn = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
    return mdp, drawn if theta is None else theta


def _seed_of(name: str) -> int:
    text = name.partition(":")[2]
    if not text.isdigit():
        raise BadInput(f"{name}: write random:SEED with a whole number, for example random:7.")
    return int(text)


def _gymnasium(identifier: str) -> object:
    try:
        import gymnasium  # type: ignore[import-not-found, unused-ignore]  # optional, for this source only
    except ImportError:
        raise BadInput("gymnasium is not installed: pip install gymnasium, or give a .json or .npz file.") from None
    try:
        return gymnasium.make(identifier)
    except Exception as error:
        raise BadInput(f"gymnasium:{identifier}: {error}") from error


def evaluated(console: Console, theorem: Theorem, name: str, *, samples: int, seed: int) -> bool:
    """Print the comparison; whether every method agrees.

    Raises:
        BadInput: if the theorem is not about the policy gradient, or the MDP is not usable.
    """
    if theorem.endless:
        raise BadInput(f"{theorem.name}: its horizon is infinite; evaluate computes up to a last decision.")
    closed = closed_form_of(theorem)
    mdp, theta = mdp_of(name, seed)
    comparison = compare(mdp, theta, samples=samples, seed=seed)
    console.print(f"{theorem.title}: {theorem.claim}")
    console.print(f"closed form: {closed}\n")
    _symbolic(console, closed, POSSIBLE in theorem.assumes)
    console.print(f"numbers on {mdp.name or name}: {mdp.states} states, {mdp.actions} actions, H = {mdp.horizon}, "
                  f"γ = {mdp.gamma:g}; softmax policy, θ {'from the file or ' if '.' in name else ''}by seed {seed}\n")
    rows = [*comparison.rows, *_sides(theorem, comparison)]
    console.print(_table(rows))
    console.print(_gradient(comparison))
    worst = max((row for row in rows if row.gradient is not None), key=lambda row: row.disagreement)
    agree = all(row.agrees for row in rows)
    console.print(f"largest disagreement: {worst.disagreement:.2g} of what {worst.method} can resolve "
                  f"(at most {worst.allowed:.2g} allowed)")
    console.print("all methods agree" if agree else "THE METHODS DISAGREE")
    return agree


def closed_form_of(theorem: Theorem) -> Expr:
    """The side of the claim that is not the bare gradient of J.

    Raises:
        BadInput: if neither side is the gradient of J, or the other side is random.
    """
    first, last = theorem.chain.terms[0], theorem.chain.terms[-1]
    target = grad(J)
    for side, other in ((first, last), (last, first)):
        if side == target and not is_random(other):
            return other
    raise BadInput(f"{theorem.name}: evaluate takes a theorem about ∇J(θ), such as policy_gradient; "
                   f"this one claims {theorem.claim}.")


def _symbolic(console: Console, closed: Expr, possible_only: bool) -> None:
    for shape in SMALL:
        try:
            formulas = derivative_formulas(closed, shape, possible_only=possible_only)
        except DeriveError:
            continue
        if not formulas:
            continue
        console.print(f"in symbols, on every MDP with |S| = {shape.states}, |A| = {shape.actions}, H = {shape.horizon} "
                      "(softmax θ):")
        for name, formula in formulas:
            console.print(f"  {name}  {formula}")
        console.print()


def _sides(theorem: Theorem, comparison: Comparison) -> list[Row]:
    """The two sides of the claim by their float meaning, where enumeration is small."""
    mdp = comparison.mdp
    count = mdp.states * (mdp.states * mdp.actions) ** (mdp.horizon + 1)
    if count > MOST_TRAJECTORIES:
        return []
    instance, reference = Instance(mdp=mdp, theta=comparison.theta), comparison.rows[0]
    if reference.gradient is None or reference.resolution is None:
        return []
    rows = []
    for label, side in (("left side, as written", theorem.chain.terms[0]),
                        ("right side, as written", theorem.chain.terms[-1])):
        if rank(side) != 1 or side.free_symbols:
            continue
        try:
            found = value(side, instance, possible_only=POSSIBLE in theorem.assumes)
        except DeriveError:
            continue
        gradient = np.asarray(found).reshape(reference.gradient.shape)
        resolution = reference.resolution * max(1.0, count / 64)  # rounding grows with the number of summands
        units = float(np.max(np.abs(gradient - reference.gradient) / resolution))
        rows.append(Row(label, gradient, resolution, units, 8.0, 0.0))
    return rows


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("method")
    for header in ("resolves", "disagreement", "allowed", "seconds"):
        table.add_column(header, justify="right")
    for row in rows:
        if row.gradient is None or row.resolution is None:
            table.add_row(row.method, "", row.skipped, "", "")
            continue
        first = row is rows[0]
        table.add_row(row.method, f"{np.max(row.resolution):.1e}", "" if first else f"{row.disagreement:.2g}",
                      "" if first else f"{row.allowed:.2g}", f"{row.seconds:.4f}" if row.seconds else "")
    return table


def _gradient(comparison: Comparison) -> Table:
    """The gradient as (s, a) rows: closed form, and Monte Carlo with its standard error."""
    table = Table(box=None, pad_edge=False, header_style="bold", title="\n∇J(θ)", title_justify="left",
                  title_style="")
    for header in ("s", "a", "closed form", "Monte Carlo", "standard error"):
        table.add_column(header, justify="right")
    estimate, closed = comparison.estimate, comparison.rows[0].gradient
    if closed is None:
        return table
    for place, (s, a) in enumerate(np.ndindex(*closed.shape)):
        if place == MOST_ROWS:
            table.add_row("...", "...", f"{closed.size - place} more", "", "")
            break
        table.add_row(str(s), str(a), f"{closed[s, a]:+.10f}", f"{estimate.gradient[s, a]:+.6f}",
                      f"{estimate.standard_error[s, a]:.6f}")
    return table
