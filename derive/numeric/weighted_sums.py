"""Sums over trajectories given as weighted automata, on one MDP in floats, however many trajectories there are.

A formula about trajectories is compiled elsewhere into automata: rows of weights to start
with, letters read at the steps t = 0..H, which are monomials in functions of (s_t, a_t,
s_{t+1}), and columns to end with at s_{H+1}. Here they are only read, as plain data, and
their value is computed backward in time by products of matrices,

    y_q(s) at t  =  sum over arrows (q -> p by a letter) of weight * sum_x letter(s, x) y_p(x) at t + 1,

together with the same sum of absolute values, by which rounding is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from derive.errors import OutsideFragment, Undefined, WorkLimit
from derive.numeric.instances import Instance
from derive.numeric.tabular import FloatArray, softmax

MOST_WORK = 5e9
"""Elementary operations that one formula may take."""
A_PRODUCT = 5_000
"""What one product of a matrix and a column costs beside the operations in it."""

Symbol = tuple[str, str, str]
"""(place, what, name): place is "s", "sa", "sax" or "x", what it is a function of."""
Monomial = tuple[tuple[Symbol, int], ...]


class Amount(NamedTuple):
    """Values and the sums of the absolute values that went into them: arrays of one shape."""

    value: FloatArray
    size: FloatArray

    def times(self, other: Amount) -> Amount:
        """The product, entry by entry."""
        return Amount(self.value * other.value, self.size * other.size)


@dataclass(slots=True, eq=False)
class WeightedSums:
    """Automata at one instance; derivatives in theta are taken along ``directions`` (K, S, A)."""

    instance: Instance
    directions: FloatArray
    _values: dict[str, tuple[FloatArray, FloatArray]] = field(default_factory=dict, init=False)
    _known: dict[tuple[Monomial, int], Amount] = field(default_factory=dict, init=False)
    _work: float = field(default=0.0, init=False)

    def polynomial(self, form: Mapping[tuple[int, ...], Any], atoms: Sequence[Mapping[int, Any]]) -> Amount:
        """A polynomial in sums over trajectories: {numbers of the atoms multiplied: weight}; (K,).

        Raises:
            OutsideFragment: for an atom that has free times, powers of an arbitrary return, or an unknown symbol.
            Undefined: for a division by 0 or the logarithm of 0.
            WorkLimit: for more than ``MOST_WORK``.
        """
        total = self._number(0.0)
        for numbers, weight in form.items():
            part = self._number(self.weight(weight))
            for number in numbers:
                part = part.times(self._atom(atoms[number]))
            total = Amount(total.value + part.value, total.size + part.size)
        return total

    def _number(self, number: float) -> Amount:
        value = np.full(len(self.directions), number)
        return Amount(value, np.abs(value))

    def _atom(self, paths: Mapping[int, Any]) -> Amount:
        if set(paths) - {0}:
            raise OutsideFragment("a power of an arbitrary return")
        return self.automaton(paths[0]) if paths else self._number(0.0)

    def automaton(self, one: Any) -> Amount:
        """One automaton with ``starts``, ``letters``, ``ends`` and ``marks``: its sum over all trajectories, (K,)."""
        if one.marks:
            raise OutsideFragment("a free time")
        mdp, last = self.instance.mdp, self.instance.mdp.horizon
        column: dict[int, Amount] = {}
        for end, weights in one.ends.items():
            self._add(column, weights.items(), self._of_state(end, last + 1))
        letters = [(letter, self._arrows(arrows)) for (_, letter), arrows in one.letters.items()]
        for t in range(last, -1, -1):
            earlier: dict[int, Amount] = {}
            for letter, by_target in letters:
                for target, weights in by_target.items():
                    if target in column:
                        self._add(earlier, weights, self._applied(letter, t, column[target]))
            column = earlier
        total = self._number(0.0)
        for power, weights in one.starts.items():
            start = _powers(mdp.mu, power, "mu(s_0)")
            for q, weight in weights.items():
                if q in column:
                    w = self.weight(weight)
                    total = Amount(total.value + w * (column[q].value @ start),
                                   total.size + abs(w) * (column[q].size @ np.abs(start)))
        return total

    def weight(self, weight: Mapping[tuple[int, int], Any]) -> float:
        """A polynomial in gamma and m, {(exponent of gamma, exponent of m): coefficient}."""
        gamma = self.instance.mdp.gamma
        if gamma == 0 and any(g < 0 for g, _ in weight):
            raise Undefined("a negative power of the discount, which is 0 here.")
        return float(sum(float(c) * gamma ** int(g) * float(self.instance.samples) ** int(m)
                         for (g, m), c in weight.items()))

    def _arrows(self, arrows: Mapping[tuple[int, int], Any]) -> dict[int, list[tuple[int, Any]]]:
        by_target: dict[int, list[tuple[int, Any]]] = {}
        for (source, target), weight in arrows.items():
            by_target.setdefault(target, []).append((source, weight))
        return by_target

    def _add(self, column: dict[int, Amount], weights: Iterable[tuple[int, Any]], amount: Amount) -> None:
        for q, weight in weights:
            w = self.weight(weight)
            part = Amount(w * amount.value, abs(w) * amount.size)
            column[q] = part if q not in column else Amount(column[q].value + part.value, column[q].size + part.size)

    def _applied(self, letter: Monomial, t: int, column: Amount) -> Amount:
        matrix = self._matrix(letter, t)
        self._work += matrix.value.size + A_PRODUCT
        if self._work > MOST_WORK:
            raise WorkLimit("its matrices take more than the work limit")
        return Amount(np.matmul(matrix.value, column.value[..., None])[..., 0],
                      np.matmul(matrix.size, column.size[..., None])[..., 0])

    # -- letters -------------------------------------------------------------------------------------

    def _matrix(self, letter: Monomial, t: int) -> Amount:
        """[letter](s, x) = sum_a letter(s, a, x) at time t, (K or 1, S, S)."""
        moving = any(symbol[1] in ("V", "A") for symbol, _ in letter)
        key = (letter, t if moving else -1)
        if key in self._known:
            return self._known[key]
        mdp = self.instance.mdp
        by_place = {place: np.ones(shape) for place, shape in (
            ("s", (1, mdp.states)), ("sa", (1, mdp.states, mdp.actions)),
            ("sax", (mdp.states, mdp.actions, mdp.states)), ("x", (1, mdp.states)))}
        for symbol, exponent in letter:
            by_place[symbol[0]] = by_place[symbol[0]] * _powers(self._table(symbol, t), exponent, symbol[1])
        self._work += by_place["sa"].size * mdp.states
        value, size = ((u[:, :, None] * np.matmul(q[:, :, None, :], full)[:, :, 0, :] * w[:, None, :])
                       for u, q, full, w in ([by_place[place] for place in ("s", "sa", "sax", "x")],
                                             [np.abs(by_place[place]) for place in ("s", "sa", "sax", "x")]))
        self._known = {old: amount for old, amount in self._known.items() if old[1] in (-1, t)}
        self._known[key] = Amount(value, size)
        return self._known[key]

    def _of_state(self, end: Monomial, t: int) -> Amount:
        value = np.ones((1, self.instance.mdp.states))
        for symbol, exponent in end:
            value = value * _powers(self._table(symbol, t), exponent, symbol[1])
        return Amount(value, np.abs(value))

    def _table(self, symbol: Symbol, t: int) -> FloatArray:
        """A symbol's numbers at time t, broadcast over directions; of the next state at place "x"."""
        place, what, name = symbol
        match what:
            case "P":
                return self.instance.mdp.P
            case "r" if not name:
                return self.instance.mdp.r
            case "pi" | "dpi":
                return self._policy(name)[None] if what == "pi" else self._derivative(name)
            case "f":
                return self._function(place, name)
            case "V":
                return self._valued(name)[0][t + (place == "x")][None]
            case "A":
                return self._valued(name)[1][t][None]
            case "log mu":
                return _logarithm(self.instance.mdp.mu, "mu(s_0)")[None]
            case "log":
                inner = name.split("/", 1)
                return _logarithm(self._table((place, inner[0], inner[1]), t), inner[0])
        raise OutsideFragment(f"the symbol {what} has no numbers here")

    def _policy(self, name: str) -> FloatArray:
        table: FloatArray = softmax(self.instance.theta) if name == "pi" else self.instance.policies[name]
        return table

    def _derivative(self, name: str) -> FloatArray:
        """D pi(a|s) = pi(a|s) (v(s, a) - sum_b pi(b|s) v(s, b)), (K, S, A)."""
        policy = self._policy(name)
        centre = (policy * self.directions).sum(axis=2, keepdims=True)
        derivative: FloatArray = policy * (self.directions - centre)
        return derivative

    def _function(self, place: str, name: str) -> FloatArray:
        sorts = {"s": ("state",), "x": ("state",), "sa": ("state", "action"), "sax": ("state", "action", "state")}
        table = self.instance.functions[name, sorts[place]]
        return table if place == "sax" else table[None]

    def _valued(self, name: str) -> tuple[FloatArray, FloatArray]:
        """V_t (H + 2, S) and A_t (H + 1, S, A) of a policy, backward from V_{H+1} = 0 (Sutton and Barto 2018, 3.5)."""
        if name not in self._values:
            mdp, policy = self.instance.mdp, self._policy(name)
            gain = (mdp.P * mdp.r).sum(axis=2)
            v = np.zeros((mdp.horizon + 2, mdp.states))
            advantage = np.zeros((mdp.horizon + 1, mdp.states, mdp.actions))
            for t in range(mdp.horizon, -1, -1):
                q = gain + mdp.gamma * (mdp.P @ v[t + 1])
                v[t] = (policy * q).sum(axis=1)
                advantage[t] = q - v[t][:, None]
            self._values[name] = v, advantage
        return self._values[name]


def _powers(table: FloatArray, exponent: int, what: str) -> FloatArray:
    if exponent < 0 and not table.all():
        raise Undefined(f"a division by {what}, which is 0 somewhere.")
    result: FloatArray = table ** float(exponent) if exponent < 0 else table**exponent
    return result


def _logarithm(table: FloatArray, what: str) -> FloatArray:
    if not (table > 0).all():
        raise Undefined(f"the logarithm of {what}, which is not positive everywhere.")
    result: FloatArray = np.log(table)
    return result
