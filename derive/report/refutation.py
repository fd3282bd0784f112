"""A counterexample in words, and as a Python snippet that replays it."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from sympy import Expr

from derive.counterexample.claim import Witness
from derive.language.alphabets import UNICODE
from derive.language.definitions import inside
from derive.language.models import Model, Shape
from derive.language.signature import Signature, signature
from derive.language.source import source
from derive.language.terms import Applied, Batch, Function, HistoryAt, Trajectory
from derive.testing.differing import Point

FEW = 4
"""Values of functions that are listed though they are 0."""


def describe(witness: Witness, before: Expr, after: Expr) -> list[str]:
    """The model, the values of the free indices and both sides, one line each."""
    model, speaks = witness.model, signature(before, after)
    lines = [_shape(witness, speaks)]
    lines += _dynamics(model)
    lines += [_policy(name, table) for name, table in model.policies.items() if name == "pi" or name in speaks.policies]
    if speaks.order:
        lines.append(_direction(model))
    lines += _returns(model, speaks)
    histories = history_places(before, after)
    values = [(f"{_called(name, places, histories)} = {value}", value)
              for name, table in model.functions.items() for places, value in table.items()]
    few = len(values) <= FEW
    lines += [line for line, value in values if few or value]
    lines += [] if few or all(value for _, value in values) else ["every other value of these functions 0"]
    lines += [_index(index, value) for index, value in witness.indices.items()]
    along = ", along the direction φ" if speaks.order else ""
    left, right = (value_text(witness, side) for side in (witness.left, witness.right))
    lines.append(f"left side {left}, right side {right}{along}")
    return lines


def _called(name: str, places: tuple[Any, ...], histories: set[tuple[str, int]]) -> str:
    """A function at its places; a number without a value by its name, as formulas have it."""
    if not places:
        return str(Function(name)())
    return f"{name}({', '.join(entry(name, n, place, histories) for n, place in enumerate(places))})"


def history_places(*sides: Expr) -> set[tuple[str, int]]:
    """(function, number of the argument) of the arguments that are histories."""
    return {(str(node.args[0].label), n) for side in sides for node in inside(side) if isinstance(node, Applied)
            for n, place in enumerate(node.args[1:]) if isinstance(place, HistoryAt)}


def entry(name: str, number: int, place: int, histories: set[tuple[str, int]], before: str = "…, ") -> str:
    """An argument of a function in a model; of a history its last state, whatever came before."""
    return f"({before}{place})" if (name, number) in histories else str(place)


SHORT = 10**4
"""The largest denominator of a fraction that a rounded value is shown as."""


def value_text(witness: Witness, value: Fraction) -> str:
    """An exact rational; with logarithms, a rounded decimal that says so, or the short fraction that it rounds to."""
    if witness.exact:
        return str(value)
    return f"{float(value):.12f}..." if value.denominator > SHORT else f"{value} (to 12 digits)"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shape_text(witness: Witness) -> str:
    """How large the model is, in words."""
    return shape_of(witness.model.shape, endless=witness.endless)


def shape_of(shape: Shape, *, endless: bool) -> str:
    """States, actions and decisions, in words."""
    steps = "no last decision" if endless else f"{_count(shape.horizon + 1, 'decision')} (H = {shape.horizon})"
    return f"{_count(shape.states, 'state')}, {_count(shape.actions, 'action')}, {steps}"


def _shape(witness: Witness, speaks: Signature) -> str:
    text = shape_text(witness)
    return f"{text}, m = {witness.model.shape.samples}" if speaks.samples else text


def _row(row: tuple[Fraction, ...]) -> str:
    return f"({', '.join(map(str, row))})"


def _dynamics(model: Model) -> list[str]:
    if model.shape.states == 1:
        return []
    lines = [f"μ = {_row(model.mu)}"]
    rows = {(s, a): model.P[s][a] for s, a in product(range(model.shape.states), range(model.shape.actions))}
    if len(set(rows.values())) == 1:
        return [*lines, f"P(·|s, a) = {_row(next(iter(rows.values())))} for every s, a"]
    return lines + [f"P(·|{s}, {a}) = {_row(row)}" for (s, a), row in rows.items()]


def _policy(name: str, table: Any) -> str:
    symbol = "π" if name == "pi" else UNICODE.letters.get(name, name)
    if len(set(table)) == 1:
        return f"{symbol}(·|s) = {_row(table[0])}" + (" for every s" if len(table) > 1 else "")
    return "; ".join(f"{symbol}(·|{s}) = {_row(row)}" for s, row in enumerate(table))


def _direction(model: Model) -> str:
    rows = "; ".join(f"φ(·|{s}) = {_row(row)}" for s, row in enumerate(model.scores))
    return f"direction {rows}, that is Dπ(a|s) = π(a|s) (φ(a|s) - Σ_b π(b|s) φ(b|s))"


def _returns(model: Model, speaks: Signature) -> list[str]:
    """The rewards or returns that the claim speaks of, zeros left out."""
    lines = []
    if speaks.rewards or (speaks.returns and model.returns is None):
        n, k = range(model.shape.states), range(model.shape.actions)
        entries = [f"r({s},{a},{x}) = {model.r[s][a][x]}" for s, a, x in product(n, k, n) if model.r[s][a][x]]
        lines.append(f"{', '.join(entries) or 'r = 0'}{', every other reward 0' if entries else ''}")
    if speaks.discount or (speaks.returns and model.returns is None):
        lines.append(f"γ = {model.gamma}")
    if speaks.returns and model.returns is not None:
        entries = [f"R{_path(path)} = {value}" for path, value in model.returns.items() if value]
        lines.append(f"{', '.join(entries) or 'R = 0'}{', every other return 0' if entries else ''}")
    return lines


def _path(path: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, path))})"


def _index(index: Any, value: Any) -> str:
    """What a free letter stands for."""
    if isinstance(index, Trajectory):
        return f"{index}: {_path(value)}, as (s_0, a_0, ..., s_{{H+1}})"
    if isinstance(index, Batch):
        return "sample: " + ", ".join(f"τ^{{({number})}} = {_path(path)}" for number, path in value.items())
    return f"{index} = {value}"


# -- replay -----------------------------------------------------------------------------------


def replay(witness: Witness | Point, before: Expr, after: Expr, *, possible_only: bool) -> str:
    """Python that computes both sides at the counterexample by an oracle without the kernel, and prints them."""
    room, oracle = ("stationary.evaluation", "Stationary") if witness.endless else (
        "counterexample.enumerate", "Enumeration")
    options = "" if witness.endless else f", possible_only={possible_only}"
    indices = ", ".join(f"{type(index).__name__}({index.label!r}): {value!r}"
                        for index, value in witness.indices.items())
    lines = [
        "from fractions import Fraction",
        "from derive import *",
        f"from derive.{room} import {oracle}",
        "from derive.language.models import Model, Shape",
        "",
        f"model = {_model_source(witness.model)}",
        f"at = {oracle}(model{options})",
        f"indices = {{{indices}}}",
        f"print(float(at.value({source(before)}, indices)))",
        f"print(float(at.value({source(after)}, indices)))",
    ]
    return "\n".join(lines)


def _model_source(model: Model) -> str:
    shape = model.shape
    functions = {name: dict(table) for name, table in model.functions.items()}
    parts = [
        f"shape=Shape({shape.states}, {shape.actions}, {shape.horizon}, {shape.samples})",
        *(f"{name}={getattr(model, name)!r}" for name in ("mu", "P", "r", "gamma", "policies", "scores")),
        f"returns={None if model.returns is None else dict(model.returns)!r}",
        f"functions={functions!r}",
    ]
    return f"Model({', '.join(parts)})"
