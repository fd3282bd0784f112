"""What a set of terms speaks of: which parts of a model, how many derivatives, which literal times."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer

from derive.errors import MalformedTerm
from derive.language.definitions import resolved
from derive.language.expression import Plus, Power, subterms
from derive.language.horizons import VALUES, is_endless
from derive.language.terms import (
    ActionAt,
    ActionValue,
    Advantage,
    Applied,
    Batch,
    Discount,
    Grad,
    Log,
    Objective,
    Policy,
    Prod,
    Return,
    Reward,
    SampleSize,
    StateAt,
    StateValue,
    Time,
    Total,
)
from derive.language.typing import check_functions, sort_in_a_model

MOST_STEPS = 12
"""Literal times up to this have shapes of their own."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Which parts of a model a set of terms speaks of."""

    rewards: bool
    returns: bool
    discount: bool
    samples: bool
    policies: frozenset[str]
    functions: frozenset[tuple[str, tuple[str, ...]]]
    order: int
    largest_offset: int
    logarithms: bool
    endless: bool = False


def signature(*terms: Expr) -> Signature:
    """The symbols, the order of differentiation and the largest literal time in ``terms``.

    Raises:
        MalformedTerm: if one function has two kinds of arguments.
    """
    check_functions(terms)
    terms = tuple(_resolved(term, infinite=is_endless(*terms)) for term in terms)
    nodes = [node for term in terms for node in subterms(term)]
    functions = {
        (str(node.args[0].label), tuple(map(sort_in_a_model, node.args[1:])))
        for node in nodes if isinstance(node, Applied)
    }
    return Signature(
        rewards=any(isinstance(node, Reward) for node in nodes),
        returns=any(isinstance(node, (Return, Objective, *VALUES)) for node in nodes),
        discount=any(isinstance(node, Discount) for node in nodes),
        samples=any(isinstance(node, (SampleSize, Batch)) for node in nodes),
        policies=frozenset("pi" if node.label == node.HELD else str(node.label)
                           for node in nodes if isinstance(node, Policy)),
        functions=frozenset(functions),
        order=max((_grad_depth(term) for term in terms), default=0),
        largest_offset=max((_offset(term) for term in terms), default=0),
        endless=is_endless(*terms),
        logarithms=any(_asks_a_logarithm(term, differentiated=False) for term in terms),
    )


def _resolved(term: Expr, *, infinite: bool) -> Expr:
    """The term without ``Defined`` nodes; as it is where these have no meaning, which its step says."""
    try:
        return resolved(term, additive=True, infinite=infinite)
    except MalformedTerm:
        return term


def _asks_a_logarithm(term: Expr, *, differentiated: bool) -> bool:
    """Whether the value of a logarithm is asked, not only its derivative, as in grad(log(...))."""
    if isinstance(term, Log) and not differentiated:
        return True
    linear = isinstance(term, Grad) or (differentiated and isinstance(term, (Plus, Total)))
    return any(_asks_a_logarithm(argument, differentiated=linear) for argument in term.args)


def _offset(term: Expr) -> int:
    """The literal times of a term: of nested sums they add up, side by side the largest counts."""
    if isinstance(term, (Total, Prod)) and isinstance(term.index, Time):
        return max(_literal(term.domain) + _offset(term.body), *map(_offset, term.domain.args))
    inner = max((_offset(argument) for argument in term.args), default=0)
    match term:
        case (StateAt(args=(_, time)) | ActionAt(args=(_, time)) | Power(args=(Discount(), time))
              | StateValue(args=(_, time, *_)) | ActionValue(args=(_, time, *_)) | Advantage(args=(_, time, *_))):
            return max(inner, _literal(time))
    return inner


def _literal(time: Expr) -> int:
    return max((abs(int(number)) for number in subterms(time) if isinstance(number, Integer)), default=0)


def _grad_depth(term: Expr) -> int:
    inner = max((_grad_depth(argument) for argument in term.args), default=0)
    return inner + isinstance(term, Grad)
