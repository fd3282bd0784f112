"""A witness as a small table that a reader can redo by hand: what is zero or out of reach is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from sympy import Expr

from derive.counterexample.claim import Witness
from derive.language.binding import Index
from derive.language.definitions import inside
from derive.language.horizons import VALUES
from derive.language.models import Path
from derive.language.terms import (
    Action,
    Batch,
    Discount,
    Expect,
    Function,
    Grad,
    Initial,
    Objective,
    Policy,
    Return,
    Reward,
    State,
    Total,
    Trajectory,
    TrajectoryProbability,
    Transition,
    Var,
)
from derive.report.escape import Tex
from derive.report.formulas import formula
from derive.report.lines import width
from derive.report.refutation import SHORT, entry, history_places

MOST_TRAJECTORIES = 10
NARROWEST, WIDEST = 60.0, 340.0
"""Points between which the second column of the table may be wide."""
_LAWS = (Objective, TrajectoryProbability, Expect, Var)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table: a name in words and the numbers it has."""

    name: Tex
    values: Tex


@dataclass(frozen=True, slots=True)
class Way:
    """A possible trajectory with its probability, the derivative of that, and its return."""

    path: Tex
    probability: Tex
    derivative: Tex
    returned: Tex


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A model at which two sides differ, in print."""

    shape: Tex
    entries: tuple[Entry, ...]
    span: Tex
    ways: tuple[Way, ...]
    differentiates: bool
    returns: bool
    left: Tex
    right: Tex
    relation: Tex


def counterexample(before: Expr, after: Expr, witness: Witness, *, additive: bool) -> Counterexample:
    """The witness of ``before = after`` in print; ``additive`` says whether R is made of rewards."""
    table = _Table((before, after), witness, additive)
    entries = tuple(table.entries())
    widest = max((width(entry.values) for entry in entries), default=0.0)
    return Counterexample(
        shape=_shape(witness, table.samples),
        entries=entries,
        span=Tex(f"{min(max(widest, NARROWEST), WIDEST):.0f}pt"),
        ways=tuple(table.ways()),
        differentiates=table.differentiates,
        returns=table.returns,
        left=_value(witness.left) if witness.exact else _decimal(witness.left),
        right=_value(witness.right) if witness.exact else _decimal(witness.right),
        relation=Tex("=") if witness.exact else Tex(r"\approx"),
    )


def _value(value: Fraction) -> Tex:
    sign = "-" if value < 0 else ""
    above, below = abs(value.numerator), value.denominator
    return Tex(f"{sign}{above}" if below == 1 else rf"{sign}\tfrac{{{above}}}{{{below}}}")


def _decimal(value: Fraction) -> Tex:
    """A value beside logarithms, rounded; a fraction if it rounds to a short one."""
    return _value(value) if value.denominator <= SHORT else Tex(f"{float(value):.10f}")


def _shape(witness: Witness, samples: bool) -> Tex:
    shape = witness.model.shape
    number = f",\\quad m = {shape.samples}" if samples else ""
    last = r"\infty" if witness.endless else str(shape.horizon)
    return Tex(rf"|\mathcal S| = {shape.states},\quad |\mathcal A| = {shape.actions},\quad H = {last}{number}")


def _path(path: Path) -> str:
    return f"({', '.join(map(str, path))})"


class _Table:
    """Which parts of a witness the two sides speak of, and their entries."""

    def __init__(self, sides: tuple[Expr, Expr], witness: Witness, additive: bool) -> None:
        self.witness, self.model, self.additive = witness, witness.model, additive
        nodes = [node for side in sides for node in inside(side)]
        self.endless, self.histories = witness.endless, history_places(*sides)
        self.lawful = any(isinstance(node, _LAWS) for node in nodes)
        self.initial = self.lawful or any(isinstance(node, Initial) for node in nodes)
        self.dynamics = self.lawful or any(isinstance(node, (Transition, *VALUES)) for node in nodes)
        self.differentiates = any(isinstance(node, Grad) for node in nodes)
        self.summed = any(isinstance(node, Objective) or (isinstance(node, (Total, Expect, Var))
                          and isinstance(node.index, (Trajectory, Batch))) for node in nodes)
        self.samples = any(isinstance(node, Batch) for node in nodes)
        self.returns = any(isinstance(node, (Return, Objective, *VALUES)) for node in nodes)
        self.rewards = additive and (self.returns or any(isinstance(node, Reward) for node in nodes))
        later = self.endless or self.model.shape.horizon > 0
        self.discounts = (additive and self.returns and later) or any(isinstance(node, Discount) for node in nodes)
        self.reached = self._reached(nodes)

    def _reached(self, nodes: list[Expr]) -> set[int]:
        """The states that can occur; all of them if the sides speak of states that need not occur."""
        everywhere = set(range(self.model.shape.states))
        if not self.lawful or any(
                isinstance(node, (State, Action)) or (isinstance(node, Trajectory) and not node.is_bound)
                or (isinstance(node, Total) and isinstance(node.index, (State, Action))) for node in nodes):
            return everywhere
        reached = {s for s in everywhere if self.model.mu[s]}
        for _ in range(self.model.shape.states if self.endless else self.model.shape.horizon):
            reached |= {x for s in reached for a in range(self.model.shape.actions) for x in everywhere
                        if self.model.P[s][a][x] and self._may(s, a)}
        return reached

    def _may(self, s: int, a: int) -> bool:
        return any(table[s][a] for table in self.model.policies.values())

    def entries(self) -> Iterator[Entry]:
        """The lines of the table, one for each part of the model that is used."""
        for words, name, cells in self._parts():
            written = [rf"{name}({place}) = {_value(value)}" for place, value in cells if value]
            zero = Tex(f"${name} = 0$ everywhere")
            yield Entry(Tex(words), Tex(_listed(written)) if written else zero)
        if self.discounts:
            yield Entry(Tex("discount"), Tex(rf"$\gamma = {_value(self.model.gamma)}$"))
        for index, value in self.witness.indices.items():
            yield self._fixed(index, value)

    def _parts(self) -> Iterator[tuple[str, str, Iterable[tuple[str, Fraction]]]]:
        model, every = self.model, range(self.model.shape.states)
        pairs = [(s, a) for s in sorted(self.reached) for a in range(model.shape.actions)]
        if self.initial:
            yield "initial law", r"\mu", ((f"{s}", model.mu[s]) for s in every)
        if self.dynamics:
            yield "dynamics", "P", ((rf"{x} \mid {s}, {a}", model.P[s][a][x])
                                    for s, a in pairs if self._may(s, a) or not self.lawful for x in every)
        for name, table in sorted(model.policies.items()):
            spelled = formula(Policy(name))
            yield "policy", spelled, ((rf"{a} \mid {s}", table[s][a]) for s, a in pairs)
        if self.differentiates:
            yield "direction", r"\varphi", ((rf"{a} \mid {s}", model.scores[s][a]) for s, a in pairs)
            yield "along it", r"D\pi_\theta", ((rf"{a} \mid {s}", model.policies["pi"][s][a] * self._centred(s, a))
                                               for s, a in pairs)
        if self.rewards:
            yield "reward", "r", ((f"{s}, {a}, {x}", model.r[s][a][x]) for s, a in pairs for x in every)
        if self.returns and model.returns is not None:
            yield "return", "R", ((", ".join(map(str, path)), value) for path, value in model.returns.items()
                                  if model.probability_of(path) or not self.lawful)
        for name, values in sorted(model.functions.items()):
            yield "function", formula(Function(name)), (
                (", ".join(entry(name, n, place, self.histories, r"\ldots, ") for n, place in enumerate(at)), value)
                for at, value in values.items())

    def _fixed(self, index: Index, value: object) -> Entry:
        """The value of a free index."""
        name = formula(index)
        if isinstance(index, Batch) and isinstance(value, dict):
            drawn = [rf"{name}^{{({number})}} = {_path(path)}" for number, path in value.items()]
            return Entry(Tex("samples drawn"), Tex(_listed(drawn)))
        shown = _path(value) if isinstance(value, tuple) else str(value)
        return Entry(Tex("at"), Tex(f"${name} = {shown}$"))

    def ways(self) -> Iterator[Way]:
        """The possible trajectories, if a sum or mean over them is meant and they are few."""
        paths = [path for path in self.model.feasible_paths() if self.model.probability_of(path)]
        if self.endless or not self.summed or set(self.model.policies) != {"pi"} or len(paths) > MOST_TRAJECTORIES:
            return
        for path in paths:
            probability = self.model.probability_of(path)
            yield Way(Tex(_path(path)), _value(probability), _value(probability * self._score(path)),
                      _value(self.model.reward_of(path)))

    def _score(self, path: Path) -> Fraction:
        """sum_t (phi(a_t|s_t) - sum_b pi(b|s_t) phi(b|s_t)), the derivative of log P(tau)."""
        return sum((self._centred(s, a) for s, a in zip(path[:-1:2], path[1::2], strict=True)), Fraction(0))

    def _centred(self, s: int, a: int) -> Fraction:
        """phi(a|s) - sum_b pi(b|s) phi(b|s), the derivative of log pi(a|s)."""
        pi, phi = self.model.policies["pi"][s], self.model.scores[s]
        return phi[a] - sum((p * f for p, f in zip(pi, phi, strict=True)), Fraction(0))


def _listed(formulas: list[str]) -> str:
    """Formulas in a row that may be broken between any two."""
    return ", ".join(f"${formula}$" for formula in formulas)

