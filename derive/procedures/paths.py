"""Functions of one trajectory: polynomials in R(tau) with automata as coefficients, and their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sympy import Expr

from derive.errors import OutsideFragment
from derive.procedures import automata
from derive.procedures.automata import ONE, Automaton, Monomial, Symbol

Paths = dict[int, Automaton]
"""A function of one trajectory: the coefficient of each power of an arbitrary R(tau)."""

DYNAMICS: Symbol = ("sax", "P", "")


def policy_symbol(policy: Expr) -> Symbol:
    """pi(a_t | s_t) of a policy."""
    return ("sa", "pi", str(policy.label))


def letter_derivatives(letter: Monomial) -> list[tuple[Monomial, int]]:
    """The product rule on one letter: pi^e -> e pi^(e-1) pi', and so on.

    Raises:
        OutsideFragment: for a third derivative.
    """
    result = []
    for symbol, exponent in letter:
        place, what, name = symbol
        rest = automata.multiplied(letter, ((symbol, -1),))
        match what, name:
            case "pi", "pi":
                changed = automata.multiplied(rest, (((place, "dpi", name), 1),))
            case "dpi", _:
                changed = automata.multiplied(rest, (((place, "d2pi", name), 1),))
            case "d2pi", _:
                raise OutsideFragment("a third derivative of the policy")
            case "V" | "A", "pi":
                raise OutsideFragment("the gradient of a value function inside a mean, or beside what is still to come")
            case "log", "pi/pi":
                changed = automata.multiplied(rest, (((place, "dpi", "pi"), 1), ((place, "pi", "pi"), -1)))
            case _:
                continue
        result.append((changed, exponent))
    return result


def summed(parts: Iterable[Paths]) -> Paths:
    """The sum of functions of a trajectory."""
    columns: dict[int, list[Automaton]] = {}
    for part in parts:
        for power, one in part.items():
            columns.setdefault(power, []).append(one)
    return {power: automata.total(ones) for power, ones in columns.items()}


def multiplied(factors: Iterable[Paths]) -> Paths:
    """The product of functions of a trajectory."""
    result: Paths = {0: automata.constant(ONE)}
    for factor in factors:
        products: dict[int, list[Automaton]] = {}
        for power, one in result.items():
            for other, two in factor.items():
                products.setdefault(power + other, []).append(automata.times(one, two))
        result = {power: ones[0] if len(ones) == 1 else automata.total(ones) for power, ones in products.items()}
    return result


def differentiated(paths: Paths, fixed: Callable[[Automaton], Collection[int]] = lambda one: ()) -> Paths:
    """The derivative of a function of a trajectory; no step from the states ``fixed`` is differentiated."""
    return {power: automata.derived(one, letter_derivatives, fixed(one)) for power, one in paths.items()}
