"""Finite MDPs in floats, and the tabular softmax policy with its score.

Shapes throughout the package: S states, A actions, decisions t = 0..H. ``mu`` is (S,),
``P[s, a, x]`` and ``r[s, a, x]`` are (S, A, S) with x the next state, ``theta`` is (S, A).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import InvalidModel
from derive.language.models import Model, Shape

FloatArray = NDArray[np.float64]

LARGEST_RETURN = 1e150
"""Its square is still a float."""
ROW_TOLERANCE = 1e-8
"""How far from 1 a row of probabilities may sum: rows written with nine digits pass, 0.333 thrice does not.

Such rows are divided by their sum, for no two methods would agree on what they leave over.
"""

LONGEST_HORIZON = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class TabularMDP:
    """A finite MDP with horizon: mu (S,), P (S, A, S), r (S, A, S), gamma, H.

    The arrays are copied, converted to float64 and made read-only; rows of probabilities
    sum to 1 up to ``ROW_TOLERANCE`` and are divided by their sum. gamma may be any real
    number (the horizon is finite), ``about_discount`` says what one outside of [0, 1] is;
    H >= 0 is the time of the last decision.

    Raises:
        InvalidModel: for a wrong shape, a number that is not finite, a negative
            probability, a row that does not sum to 1, a gamma or horizon that is none.
    """

    mu: FloatArray
    P: FloatArray
    r: FloatArray
    gamma: float
    horizon: int
    name: str = "MDP"

    def __post_init__(self) -> None:
        for field in ("mu", "P", "r"):
            object.__setattr__(self, field, _frozen(field, getattr(self, field)))
        _check_shapes(self.mu, self.P, self.r)
        _check_row("mu", self.mu)
        sums = self.P.sum(axis=2)
        bad = (self.P < 0).any(axis=2) | (np.abs(sums - 1) > ROW_TOLERANCE)
        if bad.any():
            state, action = (int(i) for i in np.argwhere(bad)[0])
            _check_row(f"P(·|s={state}, a={action})", self.P[state, action])
        object.__setattr__(self, "mu", _normalised(self.mu))
        object.__setattr__(self, "P", _normalised(self.P))
        object.__setattr__(self, "gamma", _discount(self.gamma))
        object.__setattr__(self, "horizon", _horizon(self.horizon))
        with np.errstate(over="ignore", invalid="ignore"):
            bound = self.return_bound
        if not bound <= LARGEST_RETURN:
            raise InvalidModel(f"returns of up to {bound:.1g}: rewards of up to {np.abs(self.r).max():.1g}, a discount "
                               f"of {self.gamma:g} and {self.horizon + 1} decisions; floats bear {LARGEST_RETURN:g}. "
                               "Scale the rewards, or give a discount of at most 1.")

    @property
    def states(self) -> int:
        """S, the number of states."""
        return int(self.P.shape[0])

    @property
    def actions(self) -> int:
        """A, the number of actions."""
        return int(self.P.shape[1])

    @property
    def shape(self) -> Shape:
        """(S, A, H) as the exact side writes it."""
        return Shape(self.states, self.actions, self.horizon)

    @property
    def return_bound(self) -> float:
        """max |r| sum_t |gamma|^t, a bound on |R(tau)|."""
        weights = np.abs(self.gamma) ** np.arange(self.horizon + 1)
        return float(np.abs(self.r).max() * weights.sum())


def _frozen(field: str, values: Any) -> FloatArray:
    try:
        array = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise InvalidModel(f"{field} is no rectangular array of numbers. Give nested lists of equal length.") from error
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise InvalidModel(f"{field}{list(place)} is {array[place]}. Give a finite number there.")
    array.flags.writeable = False
    return array


def _normalised(rows: FloatArray) -> FloatArray:
    """Rows along the last axis, divided by their sums; one that sums to 1 stays the same to the last bit."""
    table: FloatArray = rows / rows.sum(axis=-1, keepdims=True)
    table.flags.writeable = False
    return table


def _check_shapes(mu: FloatArray, P: FloatArray, r: FloatArray) -> None:
    if P.ndim != 3 or P.shape[0] != P.shape[2] or 0 in P.shape:
        raise InvalidModel(f"P has shape {P.shape}, expected (S, A, S), none of them 0. Write P[s, a, next state].")
    if mu.shape != P.shape[:1]:
        raise InvalidModel(f"mu has shape {mu.shape}, but P has {P.shape[0]} states. Give one entry per state.")
    if r.shape != P.shape:
        raise InvalidModel(f"r has shape {r.shape}, but P has {P.shape}. Give r[s, a, next state] the same shape.")


def _check_row(name: str, row: FloatArray) -> None:
    if (row < 0).any():
        raise InvalidModel(f"{name} has the negative entry {row.min():g}; a probability is at least 0. Correct it.")
    if abs(row.sum() - 1) > ROW_TOLERANCE:
        raise InvalidModel(f"{name} sums to {row.sum():.9g}, expected 1. Divide the row by its sum, or correct it.")


def about_discount(gamma: Any) -> str:
    """What is unusual about a discount; empty for one in [0, 1]."""
    if 0 <= gamma <= 1:
        return ""
    return (f"the discount {float(gamma):g} is not in [0, 1]: equations at a finite horizon hold for it all the same; "
            "what takes a discount in [0, 1], such as a sum over all times, or bounds, does not")


def _discount(gamma: Any) -> float:
    if isinstance(gamma, bool) or not isinstance(gamma, (int, float, np.floating, np.integer)):
        raise InvalidModel(f"gamma is {gamma!r}, not a number. Give a number such as 0.9.")
    try:
        number = float(gamma)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise InvalidModel(f"gamma is {number}. Give a finite number such as 0.9.")
    return number


def _horizon(horizon: Any) -> int:
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 0:
        raise InvalidModel(f"horizon is {horizon!r}; decisions are taken at t = 0..H. Give an integer H >= 0.")
    if horizon > LONGEST_HORIZON:
        raise InvalidModel(f"horizon is {horizon}; at most {LONGEST_HORIZON:,} is computed. Give a smaller one.")
    return int(horizon)


def checked_theta(mdp: TabularMDP, theta: Any) -> FloatArray:
    """theta as a float array (S, A); an entry -inf is an action that is never taken.

    Raises:
        InvalidModel: for another shape, NaN, +inf, or a row of -inf only.
    """
    try:
        array = np.array(theta, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidModel("theta is no rectangular array of numbers. Give one row of logits per state.") from error
    expected = (mdp.states, mdp.actions)
    if array.shape != expected:
        raise InvalidModel(f"theta has shape {array.shape}, expected {expected}. Give a logit per state and action.")
    if np.isfinite(array).all():
        return array
    bad = np.isnan(array) | (array == np.inf)
    if bad.any():
        s, a = (int(i) for i in np.argwhere(bad)[0])
        raise InvalidModel(f"theta[{s}, {a}] is {array[s, a]}. Give a finite number (or -inf: never taken).")
    if (dead := np.isneginf(array).all(axis=1)).any():
        raise InvalidModel(f"theta[{int(np.argmax(dead))}] is -inf throughout: no action is possible. Give a number.")
    return array


def softmax(theta: Any) -> Any:
    """pi(a|s) = exp(theta[s, a]) / sum_b exp(theta[s, b]), rows of an array (..., A).

    Also right for complex ``theta``: only the real part of the largest logit is
    subtracted, so the function stays analytic and a complex step may be taken through it.
    """
    theta = np.asarray(theta)
    shifted = np.exp(theta - theta.real.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def scores(theta: Any) -> FloatArray:
    """d log pi(a|s) / d theta[s, b] = 1[a = b] - pi(b|s), as an array [s, a, b] of shape (S, A, A).

    The derivative in theta[x, b] is 0 for x != s (Sutton and Barto 2018, exercise 13.3).
    """
    pi = softmax(theta)
    block: FloatArray = np.eye(pi.shape[1])[None, :, :] - pi[:, None, :]
    return block


def logits(policy: Sequence[Sequence[float | Fraction]]) -> FloatArray:
    """A theta whose softmax is the given policy (S, A): log pi, -inf where pi is 0."""
    with np.errstate(divide="ignore"):
        theta: FloatArray = np.log(np.array([[float(entry) for entry in row] for row in policy]))
    return theta


def from_model(model: Model) -> TabularMDP:
    """The floats of an exact model: mu, P, r, gamma and H (policies and tables are left behind).

    Raises:
        InvalidModel: if the rows are not probabilities.
    """
    def floats(table: Any) -> Any:
        return [floats(entry) for entry in table] if isinstance(table, (tuple, list)) else float(table)

    return TabularMDP(floats(model.mu), floats(model.P), floats(model.r), float(model.gamma),
                      model.shape.horizon, name=f"model of shape {model.shape}")
