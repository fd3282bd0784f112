"""Term -> the Python text that builds it, in the vocabulary of ``derive``."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Rational

from derive.language.binding import Binder, Index
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Batch,
    Between,
    Discount,
    Drawn,
    Expect,
    Forever,
    Grad,
    Horizon,
    Initial,
    Log,
    Objective,
    Prod,
    Return,
    Reward,
    SampleSize,
    StateAt,
    StateValue,
    Time,
    Total,
    TrajectoryProbability,
    Transition,
    Var,
)
from derive.language.vocabulary import J, pi

_LETTERS = {"state": "sx", "action": "ab", "time": "tk", "draw": "i", "trajectory": ("tau",), "batch": ("samples",)}
_VALUES = {StateValue: "V", ActionValue: "Q", Advantage: "A"}
_CALLS = {Grad: "grad", Log: "log", Initial: "mu", Reward: "r", Return: "R"}


def source(term: Expr) -> str:
    """Python that builds ``term`` after ``from derive import *``."""
    return _Writer({}).text(term)


class _Writer:
    def __init__(self, names: dict[Index, str]) -> None:
        self.names = names

    def text(self, term: Any) -> str:
        if type(term) in _CALLS:
            return f"{_CALLS[type(term)]}({self._listed(term.args)})"
        if type(term) in _VALUES:
            return self._value(term)
        match term:
            case Integer():
                return str(int(term))
            case Rational():
                return f"ratio({term.p}, {term.q})"
            case Plus(args=parts):
                return "(" + " + ".join(map(self.text, parts)) + ")"
            case Times(args=factors):
                return "(" + " * ".join(map(self.text, factors)) + ")"
            case Power(args=(base, exponent)):
                return f"{self.text(base)}**({self.text(exponent)})"
            case Ratio(args=parts):
                return f"ratio({self._listed(parts)})"
            case Transition(args=(x, s, a)):
                return f"P({self.text(x)} | {self.text(s)}, {self.text(a)})"
            case ActionProbability(args=(policy, a, s)):
                return f"{self._policy(policy)}({self.text(a)} | {self.text(s)})"
            case TrajectoryProbability(args=(policy, path)):
                return f"P({self.text(path)}{self._under(policy)})"
            case StateAt(args=(path, time)):
                return f"{self.text(path)}.s[{self.text(time)}]"
            case ActionAt(args=(path, time)):
                return f"{self.text(path)}.a[{self.text(time)}]"
            case Drawn(args=(batch, number)):
                return f"{self.text(batch)}[{self.text(number)}]"
            case Applied(args=(name, *places)):
                return f"function({name.label!r})({self._listed(places)})"
            case Binder():
                return self._bound(term)
        return self._atom(term)

    def _atom(self, term: Any) -> str:
        match term:
            case Index():
                return self.names.get(term) or ("samples" if isinstance(term, Batch) else str(term.label))
            case Horizon():
                return "H"
            case SampleSize():
                return "m"
            case Discount():
                return "gamma"
            case Forever():
                return "forever"
            case Objective():
                return "J" if term == J else repr(term)
        return repr(term)

    def _listed(self, terms: Any) -> str:
        return ", ".join(map(self.text, terms))

    def _value(self, term: Any) -> str:
        policy, time, *places = term.args
        timed = "" if isinstance(time, Forever) else f"[{self.text(time)}]"
        return f"{_VALUES[type(term)]}{timed}({self._listed(places)}{self._under(policy)})"

    def _policy(self, policy: Any) -> str:
        return "pi" if policy == pi else f"Policy({policy.label!r})"

    def _under(self, policy: Any) -> str:
        return "" if policy == pi else f", policy=Policy({policy.label!r})"

    def _bound(self, binder: Any) -> str:
        taken = {self.names.get(index, str(index.label)) for index in binder.body.free_symbols if index != binder.index}
        letter = next(name for name in _LETTERS[binder.index.sort] if name not in taken)
        inside = _Writer({**self.names, binder.index: letter}).text(binder.body)
        match binder:
            case Expect():
                return f"expect({letter}, {inside}{self._under(binder.domain.args[0])})"
            case Var():
                return f"variance({letter}, {inside}{self._under(binder.domain.args[0])})"
            case Total() | Prod():
                head = "total" if isinstance(binder, Total) else "prod"
                return f"{head}({letter}, {inside}{self._limits(binder)})"
        return repr(binder)

    def _limits(self, binder: Any) -> str:
        if not isinstance(binder.index, Time) or not isinstance(binder.domain, Between):
            return ""
        first, last = binder.domain.args
        start = "" if first == 0 else f", start={self.text(first)}"
        return start + ("" if isinstance(last, Horizon) else f", stop={self.text(last)}")
