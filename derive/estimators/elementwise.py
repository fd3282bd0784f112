"""Operations of torch on single exact numbers, with torch's conventions for derivatives at ties and kinks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from derive.estimators import field
from derive.estimators.numbers import Exact

HALF = Fraction(1, 2)


def larger(x: Exact, y: Exact) -> Any:
    """max(x, y); half of each derivative at a tie."""
    if x.value == y.value:
        return _tied(x, y, "maximum")
    return x if x > y else y


def smaller(x: Exact, y: Exact) -> Any:
    """min(x, y); half of each derivative at a tie."""
    if x.value == y.value:
        return _tied(x, y, "minimum")
    return x if x < y else y


def _tied(x: Exact, y: Exact, name: str) -> Any:
    if x.slope == y.slope:
        return x
    x.ledger.ties.add(f"{name} of equal numbers with different derivatives: half of each, as in torch")
    return (x + y) * HALF


def sign(x: Exact) -> int:
    """-1, 0 or 1, without a derivative."""
    return int(x > 0) - int(x < 0)


def rectified(x: Exact) -> Any:
    """max(x, 0), with derivative 0 at 0."""
    return x if x > 0 else 0


def sigmoid(x: Exact) -> Any:
    """1/(1 + exp(-x))."""
    return 1 / (1 + (-x).exp())


def is_whole(x: Exact) -> bool:
    """Whether the number is an integer."""
    number = None if x.value is None else field.as_rational(x.value)
    return number is not None and number.q == 1


def floor(x: Exact) -> int:
    """The largest integer below, of a rational number; without a derivative."""
    number = None if x.value is None else field.as_rational(x.value)
    if number is None:
        raise x.ledger.leave("floor of a number that is not rational")
    return int(number.p) // int(number.q)


def nearest_whole(x: Exact) -> int:
    """The nearest integer, of two the even one, as torch has it."""
    low = floor(x)
    above = x - low
    return low if above < HALF or (above == HALF and low % 2 == 0) else low + 1


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "__add__": operator.add, "__radd__": operator.add, "__sub__": operator.sub, "__rsub__": lambda x, y: y - x,
    "rsub": lambda x, y: y - x, "__mul__": operator.mul, "__rmul__": operator.mul, "mul": operator.mul,
    "__truediv__": operator.truediv, "__rtruediv__": lambda x, y: y / x, "__pow__": operator.pow, "pow": operator.pow,
    "__rpow__": lambda x, y: y**x, "__gt__": operator.gt, "gt": operator.gt, "__lt__": operator.lt, "lt": operator.lt,
    "__ge__": operator.ge, "ge": operator.ge, "__le__": operator.le, "le": operator.le, "__eq__": operator.eq,
    "eq": operator.eq, "__ne__": operator.ne, "ne": operator.ne,
    "__and__": lambda x, y: bool(x) and bool(y), "logical_and": lambda x, y: bool(x) and bool(y),
    "__xor__": lambda x, y: bool(x) != bool(y), "logical_xor": lambda x, y: bool(x) != bool(y),
    "__floordiv__": lambda x, y: floor(x / y), "floor_divide": lambda x, y: floor(x / y),
    "__or__": lambda x, y: bool(x) or bool(y), "logical_or": lambda x, y: bool(x) or bool(y),
}
UNARY: Mapping[str, Callable[[Any], Any]] = {
    "exp": Exact.exp, "log": Exact.log, "sqrt": Exact.sqrt, "square": Exact.square, "abs": abs, "__abs__": abs,
    "neg": operator.neg, "__neg__": operator.neg, "reciprocal": lambda x: 1 / x, "rsqrt": lambda x: 1 / x.sqrt(),
    "log1p": lambda x: (1 + x).log(), "expm1": lambda x: x.exp() - 1, "sign": sign, "relu": rectified,
    "sigmoid": sigmoid, "logsigmoid": lambda x: -(1 + (-x).exp()).log(), "softplus": lambda x: (1 + x.exp()).log(),
    "floor": floor, "ceil": lambda x: -floor(-x), "round": nearest_whole,
    "__invert__": lambda x: not bool(x), "logical_not": lambda x: not bool(x),
}
IN_PLACE: tuple[str, ...] = ("add", "sub", "mul", "div", "neg", "exp", "log", "sqrt", "clamp", "masked_fill", "abs")
"""What has a form with an underscore that changes the tensor itself."""
ALIASES: Mapping[str, str] = {
    "true_divide": "div", "divide": "div", "multiply": "mul", "subtract": "sub", "absolute": "abs", "clip": "clamp",
    "negative": "neg", "mm": "matmul", "mv": "matmul", "bmm": "matmul", "dot": "matmul", "inner": "matmul",
    "ger": "outer", "reshape": "view", "__div__": "div", "__rdiv__": "__rtruediv__", "swapaxes": "transpose",
}
