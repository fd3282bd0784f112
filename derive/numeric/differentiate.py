"""Derivatives of J that know nothing of policy gradients: complex step and central differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.numeric.closed_form import objective
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta

COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-3
"""Near eps^(1/5), which balances the rounding eps/h and the truncation h^4 of the four-point formula."""


def complex_step(mdp: TabularMDP, theta: Any, *, directions: FloatArray | None = None) -> FloatArray:
    """Im J(theta + i h e) / h at h = 1e-30 for each coordinate e, (S, A); or for each direction (K, S, A), (K,).

    Exact to rounding, since there is no difference to cancel and the error is of order
    h^2 (Squire and Trapp 1998).

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    point = checked_theta(mdp, theta).astype(np.complex128)
    return _each(point, directions, lambda move: objective(mdp, point + 1j * COMPLEX_STEP * move).imag / COMPLEX_STEP)


def _each(point: Any, directions: FloatArray | None, derivative: Callable[[FloatArray], float]) -> FloatArray:
    """The derivative along every coordinate, or along every direction."""
    if directions is not None:
        return np.array([derivative(move) for move in directions])
    gradient = np.zeros(point.shape)
    for place in np.ndindex(*point.shape):
        unit = np.zeros(point.shape)
        unit[place] = 1.0
        gradient[place] = derivative(unit)
    return gradient


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """A gradient (S, A), or derivatives along directions (K,), by differences, and how far each may be off."""

    gradient: FloatArray
    error: FloatArray


def central_differences(mdp: TabularMDP, theta: Any, *, step: float = CENTRAL_STEP,
                        directions: FloatArray | None = None) -> Differences:
    """E(h) = (4 D(h) - D(2h)) / 3 with D(h) = (J(theta + h e) - J(theta - h e)) / 2h, and its error.

    E(h) is off by c h^4 + ..., so E(2h) - E(h) is 15 times that: the error is this
    difference over 15 (Richardson), plus the rounding of J divided by h. Along every
    coordinate, (S, A), or along directions (K, S, A), (K,).

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    point = checked_theta(mdp, theta)

    def quotients(width: float) -> FloatArray:
        return _each(point, directions, lambda move: (
            objective(mdp, point + width * move) - objective(mdp, point - width * move)) / (2 * width))

    one, two, four = (quotients(multiple * step) for multiple in (1, 2, 4))
    best, coarse = (4 * one - two) / 3, (4 * two - four) / 3
    rounding = np.finfo(float).eps * mdp.return_bound * (mdp.horizon + 1) / step
    return Differences(best, np.abs(coarse - best) / 15 + rounding)
