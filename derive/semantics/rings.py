"""A finite MDP over a ring: what ``evaluate`` reads, whatever the numbers are.

Three rings share one evaluator: polynomials (``generic.py``: an exact proof), residues
modulo a prime (``generic.py``: a quick test), and rationals (a witness). A ring gives
tables of jets and a list of paths; zeros are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from derive.errors import NotApplicable
from derive.language.models import HELD, Path, Shape
from derive.semantics.jets import Jet


class Arithmetic(Protocol):
    """The ring operations that the evaluator needs beyond ``+ - * /`` of its elements."""

    zero: Any
    one: Any
    ordered: bool
    """Whether elements are numbers that have an exact absolute value."""

    def begin(self) -> None:
        """A new value is asked for; rings that count their work start anew."""

    def size(self, element: Any) -> int:
        """How many words of memory an element takes; 0 where all take the same."""

    def integer(self, number: int) -> Any:
        """An integer as a ring element."""

    def total(self, elements: Iterable[Any]) -> Any:
        """A sum."""

    def is_zero(self, element: Any) -> bool:
        """Whether an element is exactly 0."""

    def log(self, element: Any) -> Any:
        """The value of a logarithm, or ``OutsideFragment``."""

    def collapse(self, element: Any, ways: int) -> Any:
        """The sum over the trajectories that one element carries (rings of arrays)."""


class Indexed(Protocol):
    """A table that is asked by numbers, or in a ring of arrays by arrays of numbers."""

    def __getitem__(self, places: Any, /) -> Any:
        """The entry at these places."""


class Held:
    """The table of pi as that of a policy that does not move."""

    def __init__(self, table: Indexed, zero: Any) -> None:
        self.table, self.zero = table, zero

    def __getitem__(self, places: Any) -> Jet:
        return (self.table[places][0], self.zero, self.zero)


class Way:
    """One trajectory of a ring model, and what was computed along it.

    In a ring of arrays the entries of ``states`` and ``actions`` are arrays, one entry a
    trajectory, and ``count`` says how many trajectories that is.
    """

    __slots__ = ("_probability", "actions", "count", "path", "states")

    def __init__(self, path: Path, states: Sequence[Any], actions: Sequence[Any], count: int = 1) -> None:
        self.path, self.states, self.actions, self.count = path, states, actions, count
        self._probability: dict[tuple[str, int], Jet] = {}

    def state(self, t: int) -> Any:
        if not 0 <= t < len(self.states):
            raise NotApplicable(f"s_{t} does not exist on a trajectory with H = {len(self.actions) - 1}")
        return self.states[t]

    def action(self, t: int) -> Any:
        if not 0 <= t < len(self.actions):
            raise NotApplicable(f"a_{t} does not exist on a trajectory with H = {len(self.actions) - 1}")
        return self.actions[t]

    def probability(self, model: RingModel, policy: str, order: int) -> Jet:
        """P(tau; theta) as a jet: P, P sum_t u_t, P ((sum_t u_t)^2 + sum_t D u_t), u the score."""
        key = (policy, order)
        if key not in self._probability:
            self._probability[key] = self._computed(model, policy, order)
        return self._probability[key]

    def _computed(self, model: RingModel, policy: str, order: int) -> Jet:
        value = model.mass(self, policy)
        if order == 0 or policy != "pi":
            return (value, *[model.ring.zero] * order)
        score = model.score(self, 0)
        if order == 1:
            return (value, value * score)
        return (value, value * score, value * (score * score + model.score(self, 1)))


@dataclass(frozen=True, slots=True)
class RingModel:
    """A finite MDP whose entries are elements of ``ring``; tables are keyed by indices.

    ``policies[name][s, a]`` is a jet, ``scores[s, a]`` the jet (u, Du) of the score
    u = D pi / pi; ``functions[name][args]`` an element. ``rewards`` and ``returns`` are
    asked only where the claim speaks of them; ``table`` makes
    jets that were computed for each index readable as the ring's indices are.
    """

    ring: Any
    shape: Shape
    mu: Indexed
    P: Indexed
    policies: Mapping[str, Indexed]
    scores: Indexed
    gamma: Any
    reward: Callable[[int, int, int], Any]
    arbitrary_return: Callable[[Path], Any] | None
    functions: Mapping[str, Indexed]
    ways: list[Way]
    table: Callable[[Mapping[Any, Jet]], Indexed] = lambda jets: jets
    _known: dict[tuple[tuple[Any, ...], int, Path], Any] = field(default_factory=dict)
    _discounts: list[Any] = field(default_factory=list)
    _possible: dict[str, list[Way]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        held = Held(self.policies["pi"], self.ring.zero)
        object.__setattr__(self, "policies", {**self.policies, HELD: held})

    def possible(self, policy: str) -> list[Way]:
        """The trajectories no factor of whose probability is exactly 0."""
        if policy not in self._possible:
            is_zero = self.ring.is_zero
            self._possible[policy] = [
                way for way in self.ways if not is_zero(way.probability(self, policy, 0)[0])
            ]
        return self._possible[policy]

    def return_of(self, way: Way) -> Any:
        """R(tau), arbitrary or additive."""
        if self.arbitrary_return is not None:
            return self.arbitrary_return(way.path)
        while len(self._discounts) < len(way.actions):
            self._discounts.append(self._discounts[-1] * self.gamma if self._discounts else self.ring.one)
        return self._folded(way, ("return",), lambda s: self.ring.zero,
                            lambda value, t, s, a, x: value + self._discounts[t] * self.reward(s, a, x))

    def mass(self, way: Way, policy: str) -> Any:
        """The value of P(tau) under a policy."""
        P, table = self.P, self.policies[policy]
        return self._folded(way, ("mass", policy), lambda s: self.mu[s],
                            lambda value, t, s, a, x: value * P[s, a, x] * table[s, a][0])

    def score(self, way: Way, turn: int) -> Any:
        """sum_t u_t, or sum_t D u_t."""
        return self._folded(way, ("score", turn), lambda s: self.ring.zero,
                            lambda value, t, s, a, x: value + self.scores[s, a][turn])

    def _folded(self, way: Way, what: tuple[Any, ...], first: Callable[[Any], Any], step: Callable[..., Any]) -> Any:
        """A fold over the steps of a trajectory, remembered at each of its beginnings.

        The one way of a ring of arrays has the path (); its beginnings differ by length.
        """
        known, path, t = self._known, way.path, len(way.actions)
        while t > 0 and (what, t, path[: 2 * t + 1]) not in known:
            t -= 1
        value = known[what, t, path[: 2 * t + 1]] if t else first(way.states[0])
        for later in range(t, len(way.actions)):
            value = step(value, later, way.states[later], way.actions[later], way.states[later + 1])
            known[what, later + 1, path[: 2 * later + 3]] = value
        return value


def score_jets(ring: Any, logits: Mapping[tuple[int, int], tuple[Any, ...]], shape: Shape,
               policy: Mapping[tuple[int, int], Any], *, second: bool) -> dict[tuple[int, int], Jet]:
    """The score u = phi - sum_b pi(b|s) phi(b|s) and its derivative, for each (s, a).

    ``logits[s, a]`` is (phi, psi), the first and second derivative of the logits along
    the direction, both free; D u = psi - sum_b pi (psi + phi u). For every positive
    policy that is twice differentiable some (phi, psi) gives its derivatives, and
    conversely (semantics: the generic policy).
    """
    scores: dict[tuple[int, int], Jet] = {}
    actions = range(shape.actions)
    for s in range(shape.states):
        centre = ring.total([policy[s, b] * logits[s, b][0] for b in actions])
        first = {a: logits[s, a][0] - centre for a in actions}
        if not second:
            scores |= {(s, a): (first[a], None) for a in actions}
            continue
        drift = ring.total([policy[s, b] * (logits[s, b][1] + logits[s, b][0] * first[b]) for b in actions])
        scores |= {(s, a): (first[a], logits[s, a][1] - drift) for a in actions}
    return scores


def policy_jets(policy: Mapping[tuple[int, int], Any], scores: Mapping[tuple[int, int], Jet], *,
                second: bool) -> dict[tuple[int, int], Jet]:
    """(pi, pi u, pi (u^2 + Du)) for each (s, a); the last is None unless ``second``."""
    return {
        key: (value, value * u, value * (u * u + turn) if second else None)
        for key, value in policy.items()
        for u, turn in [scores[key]]
    }
