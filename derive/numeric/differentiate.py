"""Derivatives of J that know nothing of policy gradients: complex step and central differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.numeric.closed_form import objective
from derive.numeric.tabular import FloatArray, TabularMDP, checked_theta

COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-3
"""Near eps^(1/5), which balances the rounding eps/h and the truncation h^4 of the four-point formula."""


def complex_step(mdp: TabularMDP, theta: Any) -> FloatArray:
    """Im J(theta + i h e) / h at h = 1e-30 for each coordinate e, shape (S, A).

    Exact to rounding, since there is no difference to cancel and the error is of order
    h^2 (Squire and Trapp 1998).

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    point = checked_theta(mdp, theta)
    gradient = np.zeros(point.shape)
    for place in np.ndindex(*point.shape):
        moved = point.astype(np.complex128)
        moved[place] += 1j * COMPLEX_STEP
        gradient[place] = objective(mdp, moved).imag / COMPLEX_STEP
    return gradient


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """A gradient (S, A) by differences, and how far each entry may be off, (S, A)."""

    gradient: FloatArray
    error: FloatArray


def central_differences(mdp: TabularMDP, theta: Any, *, step: float = CENTRAL_STEP) -> Differences:
    """E(h) = (4 D(h) - D(2h)) / 3 with D(h) = (J(theta + h e) - J(theta - h e)) / 2h, and its error.

    E(h) is off by c h^4 + ..., so E(2h) - E(h) is 15 times that: the error is this
    difference over 15 (Richardson), plus the rounding of J divided by h.

    Raises:
        InvalidModel: if theta has another shape or is not a table of numbers.
    """
    point = checked_theta(mdp, theta)
    one, two, four = (_differences(mdp, point, multiple * step) for multiple in (1, 2, 4))
    best, coarse = (4 * one - two) / 3, (4 * two - four) / 3
    rounding = np.finfo(float).eps * mdp.return_bound * (mdp.horizon + 1) / step
    return Differences(best, np.abs(coarse - best) / 15 + rounding)


def _differences(mdp: TabularMDP, point: FloatArray, step: float) -> FloatArray:
    quotients = np.zeros(point.shape)
    for place in np.ndindex(*point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[place] += step
        behind[place] -= step
        quotients[place] = (objective(mdp, ahead) - objective(mdp, behind)) / (2 * step)
    return quotients
