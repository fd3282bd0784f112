"""The gradient of J by methods that read no theorem, set beside a claim about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sympy import Expr

from derive.evaluation.letters import Sides
from derive.evaluation.ways import EPS, Compared
from derive.numeric import infinite
from derive.numeric.comparison import ROUNDING_UNITS, Comparison, Row, compare, held, left_out
from derive.numeric.directions import ENOUGH, random_directions
from derive.numeric.tabular import FloatArray


def gradient_methods(sides: Sides, compared: Sequence[Compared], *, bare: Expr, samples: int, seed: int,
                     tell: Callable[[str], None]) -> tuple[tuple[Row, ...], Comparison | None]:
    """The rows of the methods, the reference first, then the side that is the bare gradient, as it was evaluated.

    Nothing where neither side is that gradient.
    """
    if bare not in (sides.left, sides.right):
        return (), None
    rows: tuple[Row, ...]
    simulated = None
    if sides.endless:
        tell("the gradient of J by linear systems")
        rows = _endless(sides, seed)
    else:
        simulated = compare(sides.instance.mdp, sides.instance.theta, samples=samples, seed=seed, tell=tell)
        rows = simulated.rows
    reference = rows[0].gradient
    assert reference is not None
    whole = next((one for one in compared if one.left.shape == (reference.size,)), None)
    side = "left" if sides.left == bare else "right"
    name = f"the {side} side, by the kernel's automata"
    if whole is None:
        return (*rows, left_out(name, "its whole gradient was not evaluated")), simulated
    found: FloatArray = getattr(whole, side).reshape(reference.shape)
    assert rows[0].resolution is not None
    resolution = whole.resolution.reshape(reference.shape) + rows[0].resolution
    return (*rows, held(f"the {side} side, {whole.way}", found, reference, resolution, ROUNDING_UNITS)), simulated


def _endless(sides: Sides, seed: int) -> tuple[Row, ...]:
    """Occupancies and values by linear systems, and the complex step through another one."""
    mdp, theta = sides.instance.mdp, sides.instance.theta
    gradient, steps = infinite.gradient(mdp, theta), mdp.states + 2 / (1 - mdp.gamma)
    bound = float(np.abs(mdp.r).max()) / (1 - mdp.gamma) ** 2  # occupancies times values
    rounding = np.full(gradient.shape, EPS * steps * max(bound, 1e-300))
    table = random_directions(mdp, ENOUGH, seed=seed)
    along = np.tensordot(table, gradient, axes=2)
    stepped = infinite.complex_step(mdp, theta, table)
    scale = rounding[0, 0] * np.abs(table).sum(axis=(1, 2))
    return (Row("occupancies and values, linear systems", gradient, rounding, 0.0, 0.0, 0.0),
            held(f"complex step, random directions: {ENOUGH}", stepped, along, scale, ROUNDING_UNITS))
