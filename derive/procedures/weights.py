"""Weights of the kernel as FLINT's polynomials, and back: the arithmetic of the search for certificates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from derive.kernel.closure import Automaton
from derive.kernel.polynomials import CENTRAL, Monomial, Poly, Refused, Weight, by_key, vector_to_data, weight_to_data
from derive.procedures.spans import CONTEXT, VARIABLES, Vector


class Names:
    """Which variable of FLINT's stands for which central symbol: gamma, m, and the author's numbers of one gap."""

    def __init__(self, polys: Iterable[Mapping[Any, Any]]) -> None:
        found = {name for poly in polys for c, _ in poly for name, _ in c} - set(CENTRAL)
        if len(found) > len(VARIABLES) - len(CENTRAL):
            raise Refused(f"more than {len(VARIABLES) - len(CENTRAL)} numbers without a value")
        self.listed = (*CENTRAL, *sorted(found))

    def powers(self, c: Monomial) -> tuple[int, ...]:
        known = dict(c)
        return tuple(known.get(name, 0) for name in self.listed) + (0,) * (len(VARIABLES) - len(self.listed))

    def shift(self, *polys: Mapping[Any, Any]) -> Shift:
        """The least shift, by powers that are not negative, that makes polynomials of all weights."""
        rows = [self.powers(c) for poly in polys for c, _ in poly]
        return Shift(tuple(max([0, *(-row[place] for row in rows)]) for place in range(len(VARIABLES))),
                     lcm(1, *(Fraction(v).denominator for poly in polys for v in poly.values())))

    def polynomial(self, weight: Weight, shift: Shift) -> Any:
        return CONTEXT.from_dict({tuple(p + q for p, q in zip(self.powers(c), shift.powers, strict=True)):
                                  int(v * shift.factor) for c, v in weight.items()})

    def vector(self, poly: Mapping[Any, Any], shift: Shift) -> dict[Any, Any]:
        try:
            return {place: self.polynomial(w, shift) for place, w in by_key(dict(poly)).items()}
        except (ValueError, OverflowError):
            raise Refused("a negative power") from None

    def weight(self, polynomial: Any, shift: Shift | None = None) -> Weight:
        """A FLINT polynomial times a shift, as a weight of the kernel."""
        up = shift or NO_SHIFT
        return {tuple(sorted((name, int(e) + q) for name, e, q in zip(
            self.listed, powers, up.powers, strict=False) if int(e) + q)): int(v) * up.factor
            for powers, v in polynomial.to_dict().items()}

    def poly(self, vector: Vector) -> Poly:
        return {(c, place): v for place, p in vector.items() for c, v in self.weight(p).items()}

    def written(self, vector: Vector) -> list[Any]:
        return vector_to_data(self.poly(vector))

    def weight_written(self, polynomial: Any, shift: Shift | None = None) -> list[Any]:
        return weight_to_data(self.weight(polynomial, shift))


@dataclass(frozen=True, slots=True)
class Shift:
    """What a weight is multiplied with to be a polynomial with integer coefficients."""

    powers: tuple[int, ...] = (0,) * len(VARIABLES)
    factor: int = 1

    def times(self, factor: int) -> Shift:
        return Shift(self.powers, self.factor * factor)


NO_SHIFT = Shift()


def names_in(*automata: Automaton) -> Names:
    return Names(poly for one in automata for poly in (one.start, *one.letters.values(), *one.ends.values()))
