"""The automata on a generic shape, exactly, by products of matrices over the field.

Run backward in time: where the automaton only reads unit letters the mass of the future
is sum_x P sum_a pi = 1 and collapses, while forward the mass of the past does not. The
generic model of 2 states and 2 actions at H = 8 has 131,072 trajectories; backward it
takes milliseconds, and the field's budget of terms stops what would be too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from derive.errors import OutsideFragment
from derive.kernel.automata import Monomial, Symbol
from derive.kernel.closure import Difference
from derive.kernel.compile import DYNAMICS
from derive.kernel.rings import RingModel


def exact_value(difference: Difference, model: RingModel, *, backward: bool = True) -> Any:
    """The value on a generic shape, exactly, by products of matrices over the model's ring.

    Raises:
        OutsideFragment: for an arbitrary return, or a symbol that the model has no table of.
    """
    if difference.each:
        raise OutsideFragment("an arbitrary return has no backward recursion; it is compared path by path")
    model.ring.begin()
    letters = [(_exact_matrix(letter, model), arrows) for letter, arrows in difference.letters.items()]
    states = range(model.shape.states)
    weight = _ExactWeights(model)
    if backward:
        return _backward(difference, letters, states, weight, model)
    return _forward(difference, letters, states, weight, model)


def _backward(difference: Difference, letters: Any, states: range, weight: Any, model: RingModel) -> Any:
    ring = model.ring
    values: dict[tuple[int, int], Any] = {}
    for end, column in difference.ends.items():
        for (q, polynomial), s in product(column.items(), states):
            part = weight(polynomial) * _of_state(end, s, model)
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


def _forward(difference: Difference, letters: Any, states: range, weight: Any, model: RingModel) -> Any:
    ring = model.ring
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
    return ring.total([values[q, s] * weight(polynomial) * _of_state(end, s, model)
                       for end, column in difference.ends.items()
                       for (q, polynomial), s in product(column.items(), states) if (q, s) in values])


class _ExactWeights:
    """Polynomials in gamma and m as ring elements, remembered."""

    def __init__(self, model: RingModel) -> None:
        self.model = model
        self._known: dict[str, Any] = {}

    def __call__(self, polynomial: Any) -> Any:
        key = str(polynomial)
        if key not in self._known:
            ring, model = self.model.ring, self.model
            self._known[key] = ring.total([
                ring.integer(int(c) * model.shape.samples ** int(m)) * _raised(model.gamma, int(g), ring)
                for (g, m), c in polynomial.to_dict().items()])
        return self._known[key]


def _raised(value: Any, exponent: int, ring: Any) -> Any:
    result = ring.one
    for _ in range(abs(exponent)):
        result = result * value
    return result if exponent >= 0 else ring.one / result


def _exact_matrix(letter: Monomial, model: RingModel) -> Mapping[tuple[int, int], Any]:
    n, k = range(model.shape.states), range(model.shape.actions)
    return {(s, x): model.ring.total([_product(letter, s, a, x, model) for a in k]) for s, x in product(n, n)}


def _product(letter: Monomial, s: int, a: int, x: int, model: RingModel) -> Any:
    result = model.ring.one
    for symbol, exponent in letter:
        result = result * _raised(_entry(symbol, s, a, x, model), exponent, model.ring)
    return result


def _of_state(end: Monomial, s: int, model: RingModel) -> Any:
    return _product(end, s, 0, s, model)


def _entry(symbol: Symbol, s: int, a: int, x: int, model: RingModel) -> Any:
    place, what, name = symbol
    if symbol == DYNAMICS:
        return model.P[s, a, x]
    if what == "pi":
        return model.policies[name][s, a][0]
    if what in ("dpi", "d2pi"):
        return model.policies[name][s, a][1 if what == "dpi" else 2]
    if what == "r" and name == "":
        return model.reward(s, a, x)
    if what == "f":
        places = {"s": (s,), "sa": (s, a), "sax": (s, a, x)}[place]
        return model.functions[name][places]
    raise OutsideFragment(f"{what} has no table on a concrete shape")
