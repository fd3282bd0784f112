"""The tables of one rational model: probabilities, rewards, and the values of policies without a last decision.

A policy may be *tilted*, as in ``enumerate``: pi_e(a|s) is proportional to
pi(a|s) (1 + e phi + e^2 phi^2 / 2), whose first two derivatives at e = 0 are those of the
softmax of logits e phi. V = r_pi + gamma P_pi V (Sutton and Barto, 3.5) is solved for.
"""

from __future__ import annotations

from fractions import Fraction

from derive.errors import OutsideFragment
from derive.language.models import Model, Table
from derive.stationary.functionals import Entry
from derive.stationary.systems import F0, LinearEquation, solved


class Tables:
    """What an entry of a table is, on one model; policies and values are computed when they are asked for."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._tilted: dict[Fraction, Table] = {}
        self._values: dict[tuple[str, Fraction], list[Fraction]] = {}

    def read(self, entry: Entry) -> Fraction:
        """The entry, all its places being numbers.

        Raises:
            Diverges: for a value that is no convergent sum of rewards.
            OutsideFragment: for a table that there is not.
        """
        model = self.model
        match entry.table, entry.places:
            case ("mu",), (int(s),):
                return model.mu[s]
            case ("P",), (int(x), int(s), int(a)):
                return model.P[s][a][x]
            case ("policy", str(name), Fraction() as tilt), (int(a), int(s)):
                return self.policy(name, tilt)[s][a]
            case ("same",), (int(x), int(y)):
                return Fraction(x == y)
            case ("r",), (int(s), int(a), int(x)):
                return model.r[s][a][x]
            case ("function", str(name)), places:
                return model.functions[name][places]  # type: ignore[index]
            case ("V", str(name), Fraction() as tilt), (int(s),):
                return self.values(name, tilt)[s]
            case ("Q", str(name), Fraction() as tilt), (int(s), int(a)):
                return self._ahead(name, tilt, s, a)
            case ("A", str(name), Fraction() as tilt), (int(s), int(a)):
                return self._ahead(name, tilt, s, a) - self.values(name, tilt)[s]
        raise OutsideFragment(f"{entry} is in no table")

    def policy(self, name: str, tilt: Fraction) -> Table:
        """The rows of a policy; only pi moves."""
        rows = self.model.policy(name)
        if name != "pi" or tilt == 0:
            return rows
        if tilt not in self._tilted:
            moved = [[p * (1 + tilt * phi + (tilt * phi) ** 2 / 2) for p, phi in zip(*both, strict=True)]
                     for both in zip(rows, self.model.scores, strict=True)]
            self._tilted[tilt] = tuple(tuple(weight / sum(row) for weight in row) for row in moved)
        return self._tilted[tilt]

    def values(self, name: str, tilt: Fraction) -> list[Fraction]:
        """V of each state."""
        if (name, tilt) not in self._values:
            rows = self.policy(name, tilt)
            equations = []
            for s, row in enumerate(rows):
                equation = LinearEquation()
                for a, p in enumerate(row):
                    for x, q in enumerate(self.model.P[s][a]):
                        gain = p * q * self.model.r[s][a][x]
                        equation.add(None, (gain, abs(gain)))
                        equation.add(x, (p * q * self.model.gamma, abs(p * q * self.model.gamma)))
                equations.append(equation)
            self._values[name, tilt] = solved(equations)
        return self._values[name, tilt]

    def _ahead(self, name: str, tilt: Fraction, s: int, a: int) -> Fraction:
        """Q = sum_x P (r + gamma V(x))."""
        after = zip(self.model.P[s][a], self.model.r[s][a], self.values(name, tilt), strict=True)
        return sum((p * (r + self.model.gamma * v) for p, r, v in after), F0)
