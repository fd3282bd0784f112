"""The automata on a generic shape, exactly, by products of matrices over the field.

Run backward in time: where the automaton only reads unit letters the mass of the future
is sum_x P sum_a pi = 1 and collapses, while forward the mass of the past does not. The
generic model of 2 states and 2 actions at H = 8 has 524,288 trajectories; backward it
takes milliseconds, and the field's budget of terms stops what would be too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

from derive.errors import OutsideFragment
from derive.procedures.automata import Monomial, Symbol, Weight
from derive.procedures.closure import Difference
from derive.procedures.coordinates import VALUES
from derive.procedures.paths import DYNAMICS
from derive.procedures.rings import RingModel


def exact_value(difference: Difference, model: RingModel, *, backward: bool = True) -> Any:
    """The value on a generic shape, exactly, by products of matrices over the model's ring.

    Raises:
        OutsideFragment: for an arbitrary return, or a symbol that the model has no table of.
    """
    if difference.endless:
        raise OutsideFragment("a sum without end has no last step to start from")
    if difference.each:
        raise OutsideFragment("an arbitrary return has no backward recursion; it is compared path by path")
    model.ring.begin()
    tables = Letters(model)
    letters = [(tables.matrix(letter), arrows) for letter, arrows in difference.letters.items()]
    states = range(model.shape.states)
    direction = _backward if backward else _forward
    return direction(difference, letters, states, tables, model)


def _backward(difference: Difference, letters: Any, states: range, tables: Letters, model: RingModel) -> Any:
    ring, weight = model.ring, tables.weight
    values: dict[tuple[int, int], Any] = {}
    for end, column in difference.ends.items():
        for (q, polynomial), s in product(column.items(), states):
            part = weight(polynomial) * tables.at_end(end, s)
            values[q, s] = part if (q, s) not in values else values[q, s] + part
    for _ in range(model.shape.horizon + 1):
        parts: dict[tuple[int, int], list[Any]] = {}
        for matrix, arrows in letters:
            for (p, q), polynomial in arrows.items():
                for s in states:
                    image = [matrix[s, x] * values[q, x] for x in states if (q, x) in values]
                    if image:
                        parts.setdefault((p, s), []).append(weight(polynomial) * ring.total(image))
        values = {place: ring.total(found) for place, found in parts.items()}
    return ring.total([model.mu[s] * weight(polynomial) * values[q, s]
                       for (q, polynomial), s in product(difference.start.items(), states) if (q, s) in values])


def _forward(difference: Difference, letters: Any, states: range, tables: Letters, model: RingModel) -> Any:
    ring, weight = model.ring, tables.weight
    values = {(q, s): weight(polynomial) * model.mu[s]
              for (q, polynomial), s in product(difference.start.items(), states)}
    for _ in range(model.shape.horizon + 1):
        parts: dict[tuple[int, int], list[Any]] = {}
        for matrix, arrows in letters:
            for (p, q), polynomial in arrows.items():
                for x in states:
                    image = [values[p, s] * matrix[s, x] for s in states if (p, s) in values]
                    if image:
                        parts.setdefault((q, x), []).append(weight(polynomial) * ring.total(image))
        values = {place: ring.total(found) for place, found in parts.items()}
    return ring.total([values[q, s] * weight(polynomial) * tables.at_end(end, s)
                       for end, column in difference.ends.items()
                       for (q, polynomial), s in product(column.items(), states) if (q, s) in values])


class Letters:
    """The letters and weights of automata as matrices and elements over a model's ring.

    ``values[policy]`` is (V, A) of a policy, [s] and [s, a]; without it letters with values are refused.
    """

    def __init__(self, model: RingModel, values: Mapping[str, tuple[Any, Any]] | None = None) -> None:
        self.model, self.values = model, values or {}
        self._weights: dict[str, Any] = {}

    def weight(self, polynomial: Any) -> Any:
        """A polynomial in gamma and m, remembered."""
        key = str(polynomial)
        if key not in self._weights:
            self._weights[key] = self.number({power: Fraction(int(c)) for power, c in polynomial.to_dict().items()})
        return self._weights[key]

    def number(self, weight: Weight) -> Any:
        """A weight {(exponent of gamma, exponent of m): coefficient}."""
        ring, model = self.model.ring, self.model
        return ring.total([
            ring.integer(value.numerator) / ring.integer(value.denominator)
            * _raised(ring.integer(model.shape.samples), int(m), ring) * _raised(model.gamma, int(g), ring)
            for (g, m), value in weight.items()])

    def matrix(self, letter: Monomial) -> Mapping[tuple[int, int], Any]:
        """[letter](s, x) = sum_a letter(s, a, x)."""
        n, k = range(self.model.shape.states), range(self.model.shape.actions)
        return {(s, x): self.model.ring.total([self._product(letter, s, a, x) for a in k]) for s, x in product(n, n)}

    def at_end(self, end: Monomial, s: int) -> Any:
        """A function of the last state."""
        return self._product(end, s, 0, s)

    def _product(self, letter: Monomial, s: int, a: int, x: int) -> Any:
        result = self.model.ring.one
        for symbol, exponent in letter:
            result = result * _raised(self._entry(symbol, s, a, x), exponent, self.model.ring)
        return result

    def _entry(self, symbol: Symbol, s: int, a: int, x: int) -> Any:
        place, what, name = symbol
        if symbol == DYNAMICS:
            return self.model.P[s, a, x]
        if what == "pi":
            return self.model.policies[name][s, a][0]
        if what in ("dpi", "d2pi"):
            return self.model.policies[name][s, a][1 if what == "dpi" else 2]
        if what == "r" and name == "":
            return self.model.reward(s, a, x)
        if what == "f":
            return self.model.functions[name][{"s": (s,), "x": (x,), "sa": (s, a), "sax": (s, a, x)}[place]]
        if what in VALUES and name in self.values:
            return self.values[name][0][s if place == "s" else x] if what == "V" else self.values[name][1][s, a]
        raise OutsideFragment(f"{what} has no table on a concrete shape")


def _raised(value: Any, exponent: int, ring: Any) -> Any:
    result = ring.one
    for _ in range(abs(exponent)):
        result = result * value
    return result if exponent >= 0 else ring.one / result
