"""Term -> the Python text that builds it, in the vocabulary of ``derive``."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Rational

from derive.language.binding import Binder, Index
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.notation import Notation, arguments_of
from derive.language.terms import (
    ActionAt,
    ActionProbability,
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
    Law,
    Log,
    Prod,
    Reward,
    SampleSize,
    StateAt,
    Time,
    Total,
    Transition,
)
from derive.language.vocabulary import pi

_LETTERS = {"state": "sx", "action": "ab", "time": "tk", "draw": "i", "trajectory": ("tau",), "batch": ("samples",)}
_CALLS = {Grad: "grad", Log: "log", Initial: "mu", Reward: "r"}


def source(term: Expr) -> str:
    """Python that builds ``term`` after ``from derive import *``."""
    return _Writer({}).text(term)


class _Writer:
    def __init__(self, names: dict[Index, str]) -> None:
        self.names = names

    def text(self, term: Any) -> str:
        if type(term) in _CALLS:
            return f"{_CALLS[type(term)]}({self._listed(term.args)})"
        notation = getattr(term, "notation", None)
        if notation is not None and not notation.binds:
            return self._noted(term, notation)
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
        return repr(term)

    def _listed(self, terms: Any) -> str:
        return ", ".join(map(self.text, terms))

    def _noted(self, term: Any, notation: Notation) -> str:
        """``R(tau)``, ``Q[t](s, a, policy=b)``; a letter alone has no place for another policy than pi."""
        arguments = arguments_of(term)
        policy = pi if notation.policy is None else arguments[notation.policy]
        if not notation.inside and policy != pi:
            return repr(term)
        time = Forever() if notation.below is None else arguments[notation.below]
        timed = "" if isinstance(time, Forever) else f"[{self.text(time)}]"
        places = [arguments[place] for place in notation.inside]
        called = f"({self._listed(places)}{self._under(policy)})" if places else ""
        return f"{notation.python}{timed}{called}"

    def _policy(self, policy: Any) -> str:
        return "pi" if policy == pi else f"Policy({policy.label!r})"

    def _under(self, policy: Any) -> str:
        return "" if policy == pi else f", policy=Policy({policy.label!r})"

    def _bound(self, binder: Any) -> str:
        taken = {self.names.get(index, str(index.label)) for index in binder.body.free_symbols if index != binder.index}
        letter = next(name for name in _LETTERS[binder.index.sort] if name not in taken)
        inside = _Writer({**self.names, binder.index: letter}).text(binder.body)
        match binder:
            case Binder(domain=Law(args=(policy,))):
                head = "expect" if isinstance(binder, Expect) else binder.notation.python
                return f"{head}({letter}, {inside}{self._under(policy)})"
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
