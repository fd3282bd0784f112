"""``derive evaluate``: a theorem's own formula next to independent methods, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table
from sympy import Expr

from derive.assumptions import POSSIBLE
from derive.errors import BadInput, DeriveError
from derive.language.signature import signature
from derive.models import Shape
from derive.numeric.comparison import Comparison, Row, compare
from derive.numeric.files import load
from derive.numeric.sources import built_in, from_gymnasium, random_mdp
from derive.numeric.tabular import FloatArray, TabularMDP
from derive.report.own_side import SAMPLES, OwnSides, closed_form_of, own_sides
from derive.report.symbolic import derivative_formulas
from derive.theorems import Theorem

SMALL = (Shape(1, 2, 1), Shape(2, 2, 0))
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
    """Print the comparison; whether the theorem's own formula was evaluated and every method agrees.

    Raises:
        BadInput: if the theorem is not about the policy gradient, or the MDP is not usable.
    """
    if theorem.endless:
        raise BadInput(f"{theorem.name}: its horizon is infinite; evaluate computes up to a last decision.")
    closed = closed_form_of(theorem)
    mdp, theta = mdp_of(name, seed)
    comparison = compare(mdp, theta, samples=samples, seed=seed)
    own = own_sides(theorem, comparison, seed=seed)
    console.print(f"{theorem.title}: {theorem.claim}")
    console.print(f"its formula: {closed}\n")
    _symbolic(console, closed, POSSIBLE in theorem.assumes)
    console.print(f"numbers on {mdp.name or name}: {mdp.states} states, {mdp.actions} actions, H = {mdp.horizon}, "
                  f"γ = {mdp.gamma:g}; softmax policy, θ {'from the file or ' if '.' in name else ''}by seed {seed}")
    for note in own.notes:
        console.print(note)
    console.print()
    rows = [*comparison.rows, *own.rows]
    console.print(_table(rows))
    console.print(_gradient(comparison))
    worst = max((row for row in rows if row.gradient is not None), key=lambda row: row.disagreement)
    console.print(f"largest disagreement: {worst.disagreement:.2g} of what {worst.method} can resolve "
                  f"(at most {worst.allowed:.2g} allowed)")
    return _concluded(console, rows, own)


def _concluded(console: Console, rows: Sequence[Row], own: OwnSides) -> bool:
    """The last line: it never calls a formula right that no row has evaluated."""
    if not all(row.agrees for row in rows):
        console.print("THE METHODS DISAGREE")
        return False
    if not own.evaluated:
        why = own.formula.skipped or "what it comes to is lost in rounding"
        console.print(f"THE THEOREM'S OWN FORMULA WAS NOT EVALUATED ({why}); that the other methods agree "
                      "says nothing about it", soft_wrap=True)
        return False
    console.print("all methods agree on this MDP")
    return True


def _symbolic(console: Console, closed: Expr, possible_only: bool) -> None:
    samples = SAMPLES if signature(closed).samples else 1
    for small in SMALL:
        shape = replace(small, samples=samples)
        try:
            formulas = derivative_formulas(closed, shape, possible_only=possible_only)
        except DeriveError:
            continue
        if not formulas:
            continue
        sampled = f", m = {samples}" if samples > 1 else ""
        console.print(f"in symbols, on every MDP with |S| = {shape.states}, |A| = {shape.actions}, H = {shape.horizon}"
                      f"{sampled} (softmax θ):")
        for name, formula in formulas:
            console.print(f"  {name}  {formula}")
        console.print()


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("method")
    for header in ("resolves", "disagreement", "allowed", "seconds"):
        table.add_column(header, justify="right")
    table.add_column("")
    for row in rows:
        if row.gradient is None or row.resolution is None:
            table.add_row(row.method, "", "", "", "", f"left out: {row.skipped}")
            continue
        first = row is rows[0]
        table.add_row(row.method, f"{np.max(row.resolution):.1e}", "" if first else f"{row.disagreement:.2g}",
                      "" if first else f"{row.allowed:.2g}", f"{row.seconds:.4f}" if row.seconds else "", row.says)
    return table


def _gradient(comparison: Comparison) -> Table:
    """The gradient as (s, a) rows: by dynamic programming, and Monte Carlo with its standard error."""
    table = Table(box=None, pad_edge=False, header_style="bold", title="\n∇J(θ)", title_justify="left",
                  title_style="")
    for header in ("s", "a", "dynamic programming", "Monte Carlo", "standard error"):
        table.add_column(header, justify="right")
    estimate, closed = comparison.estimate, comparison.reference
    for place, (s, a) in enumerate(np.ndindex(*closed.shape)):
        if place == MOST_ROWS:
            table.add_row("...", "...", f"{closed.size - place} more", "", "")
            break
        table.add_row(str(s), str(a), f"{closed[s, a]:+.10f}", f"{estimate.gradient[s, a]:+.6f}",
                      f"{estimate.standard_error[s, a]:.6f}")
    return table
