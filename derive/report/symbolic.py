"""The closed form on a small MDP, as a formula in its probabilities and rewards.

The value of a term along the direction phi is linear in phi, so the derivative in the
softmax parameter theta(s, a) is its coefficient of phi(a|s); it is factored by FLINT and
the eliminated outcomes are put back as probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr

from derive.language.models import Shape
from derive.language.signature import signature
from derive.language.terms import Function, Policy
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import called, generic_model


def derivative_formulas(term: Expr, shape: Shape, *, possible_only: bool) -> list[tuple[str, str]]:
    """(∂/∂θ(s,a), formula) for each state and action, with the additive return."""
    model = generic_model(shape, signature(term), additive=True)
    value = Evaluator(model, possible_only=possible_only).value(term, {})
    names = model.ring.field.context.names()
    symbols = called(signature(term))
    numerator = model.ring.field.expanded(value.num, {n: e for n, e in value.exps.items() if e > 0})
    if any(exponent < 0 for exponent in value.exps.values()):
        return []
    formulas = []
    for s in range(shape.states):
        for a in range(shape.actions):
            place = names.index(f"phi_{s}_{a}")
            formulas.append((f"∂/∂θ({s},{a})", _formula(_coefficient(numerator, place), names, shape, symbols)))
    return formulas


def _coefficient(polynomial: Any, place: int) -> Any:
    """The coefficient of the indeterminate number ``place`` to the first power."""
    kept = {}
    for exponents, coefficient in polynomial.to_dict().items():
        if exponents[place] == 1:
            kept[(*exponents[:place], 0, *exponents[place + 1 :])] = coefficient
    return polynomial.context().from_dict(kept)


def _formula(polynomial: Any, names: tuple[str, ...], shape: Shape, symbols: Mapping[str, Policy | Function]) -> str:
    if polynomial.is_zero():
        return "0"
    content, factors = polynomial.factor()
    sign, pieces = int(content), []
    lasts = _last_outcomes(polynomial.context(), names, shape, symbols)
    for factor, exponent in sorted(factors, key=lambda pair: (len(pair[0]), str(pair[0]))):
        text = lasts.get(str(factor))
        if text is None and str(-factor) in lasts:
            text, sign = lasts[str(-factor)], sign * (-1) ** int(exponent)
        text = text or (_sum(factor, names, symbols) if len(factor) == 1 else f"({_sum(factor, names, symbols)})")
        pieces.append(text if exponent == 1 else f"{text}^{exponent}")
    head = {1: "", -1: "-"}.get(sign, f"{sign} ")
    return head + " ".join(pieces)


def _last_outcomes(context: Any, names: tuple[str, ...], shape: Shape,
                   symbols: Mapping[str, Policy | Function]) -> dict[str, str]:
    """1 - sum of a row -> the name of its last outcome."""
    def gap(prefix: str) -> str:
        total = context.constant(1)
        for place, name in enumerate(names):
            if name.startswith(prefix):
                total = total - context.gen(place)
        return str(total)

    found = {gap("mu_"): f"μ({shape.states - 1})"}
    for s in range(shape.states):
        for stem, policy in symbols.items():
            if isinstance(policy, Policy):
                found[gap(f"{stem}_{s}_")] = f"{_policy(policy)}({shape.actions - 1}|{s})"
        for a in range(shape.actions):
            found[gap(f"P_{s}_{a}_")] = f"P({shape.states - 1}|{s},{a})"
    return found


def _policy(policy: Policy) -> str:
    return "π" if policy.learned else str(policy)


def _sum(polynomial: Any, names: tuple[str, ...], symbols: Mapping[str, Policy | Function]) -> str:
    parts = []
    for exponents, coefficient in sorted(polynomial.to_dict().items(), reverse=True):
        factors = [_power(names[place], exponent, symbols) for place, exponent in enumerate(exponents) if exponent]
        number = int(coefficient)
        body = " ".join(factors) if factors and abs(number) == 1 else " ".join([str(abs(number)), *factors])
        parts.append(("- " if number < 0 else "+ ") + body)
    text = " ".join(parts)
    return text[2:] if text.startswith("+ ") else "-" + text[2:]


def _power(name: str, exponent: int, symbols: Mapping[str, Policy | Function]) -> str:
    head, *places = name.split("_")
    match head, places:
        case "mu", [s]:
            shown = f"μ({s})"
        case "P", [s, a, x]:
            shown = f"P({x}|{s},{a})"
        case "r", _:
            shown = f"r({','.join(places)})"
        case "gamma", _:
            shown = "γ"
        case _:
            symbol = symbols.get(head)
            shown = (f"{_policy(symbol)}({places[1]}|{places[0]})" if isinstance(symbol, Policy) else
                     str(Function(symbol.label)()) if symbol is not None and not places else
                     f"{symbol}({','.join(places)})" if symbol is not None else name)
    return shown if exponent == 1 else f"{shown}^{exponent}"
