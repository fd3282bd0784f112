"""Term -> the Python text that builds it, in the vocabulary of ``derive``.

The text evaluates to a term equal to the one it was made from. Where the operators of Python would
make another one (2 * 3 is the number 6; a sum continues the sum on its left) the node is built by
its class, which an example of it gives: ``type(J * J)(2, 3)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import NotATerm
from derive.language.binding import Binder, Index
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.introduced import Introduced
from derive.language.notation import Notation, arguments_of
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    Applied,
    Between,
    Defined,
    Drawn,
    Everything,
    Expect,
    Function,
    Grad,
    HistoryAt,
    Initial,
    Law,
    Log,
    Objective,
    Outer,
    Policy,
    Prod,
    Reward,
    Same,
    StateAt,
    Time,
    Total,
    Transition,
    Var,
)
from derive.language.typing import refuse_foreign
from derive.language.vocabulary import H, J, a, b, forever, gamma, i, k, m, pi, pi_old, s, samples, t, tau, x

_NAMES = {s: "s", x: "x", a: "a", b: "b", t: "t", k: "k", i: "i", tau: "tau", samples: "samples", H: "H", m: "m",
          gamma: "gamma", forever: "forever", pi: "pi", pi_old: "pi_old", J: "J", Everything(): "total(s, J).domain"}
_CALLS = {Grad: "grad", Log: "log", Outer: "outer", Initial: "mu", Reward: "r", Ratio: "ratio", Same: "same"}
_CLASSES = {
    Plus: "type(J + J)", Times: "type(J * J)", Power: "type(J**1)", Objective: "type(J)",
    Total: "type(total(t, J))", Prod: "type(prod(t, J))", Expect: "type(expect(tau, J))",
    Var: "type(variance(tau, J))", Between: "type(total(t, J).domain)", Law: "type(expect(tau, J).domain)",
}


def source(term: Expr, names: Mapping[Expr, str] | None = None) -> str:
    """Python that builds ``term`` after ``from fractions import Fraction`` and ``from derive import *``.

    ``names`` are names that stand for terms, or parts of them, besides.

    Raises:
        NotATerm: for a part that is not of this language.
    """
    refuse_foreign(term)
    return _Writer(dict(names or {})).text(term)


class _Writer:
    def __init__(self, names: dict[Expr, str]) -> None:
        self.names = names

    def text(self, term: Any) -> str:
        kind = type(term)
        if term in self.names:
            return self.names[term]
        if term in _NAMES:
            return _NAMES[term]
        if kind in _CALLS:
            return f"{_CALLS[kind]}({self._listed(term.args)})"
        notation = getattr(term, "notation", None)
        if notation is not None and not notation.binds:
            return self._noted(term, notation)
        match term:
            case Integer():
                return str(int(term))
            case Rational():
                return f"Fraction({term.p}, {term.q})"
            case Plus() | Times() | Power():
                return self._operation(term)
            case Transition(args=(x, s, a)):
                return f"P({self.text(x)} | {self.text(s)}, {self.text(a)})"
            case ActionProbability(args=(policy, a, s)):
                return f"{self.text(policy)}({self.text(a)} | {self.text(s)})"
            case HistoryAt(args=(path, time)):
                return f"{self.text(path)}.h[{self.text(time)}]"
            case StateAt(args=(path, time)):
                return f"{self.text(path)}.s[{self.text(time)}]"
            case ActionAt(args=(path, time)):
                return f"{self.text(path)}.a[{self.text(time)}]"
            case Drawn(args=(batch, number)):
                return f"{self.text(batch)}[{self.text(number)}]"
            case Applied(args=(function,)):
                return f"scalar({str(function.label)!r})"
            case Applied(args=(function, *places)):
                return f"{self.text(function)}({self._listed(places)})"
            case Binder():
                return self._bound(term)
            case Index() | Policy():
                return f"{kind.__name__}({term.label!r})"
            case Function():
                return f"function({term.label!r})"
            case Objective() | Between() | Law():
                return self._by_class(term)
        raise NotATerm(f"{term} has no text.")

    def _listed(self, terms: Iterable[Any]) -> str:
        return ", ".join(map(self.text, terms))

    def _by_class(self, term: Any) -> str:
        return f"{_CLASSES[type(term)]}({self._listed(term.args)})"

    def _operation(self, term: Any) -> str:
        """With the operator of Python where it makes this node, else by the class."""
        if len(term.args) < 2:
            return self._by_class(term)
        first, second = term.args[:2]
        if isinstance(first, Rational) and isinstance(second, Rational):  # Python calculates
            return self._by_class(term)
        if isinstance(term, Power):
            if isinstance(first, Rational) and not isinstance(first, Integer):  # Fraction's own ** makes a float
                return self._by_class(term)
            base = self.text(first)
            return f"{f'({base})' if isinstance(first, (Power, Integer)) else base}**({self.text(second)})"
        if type(first) is type(term):  # a + b + c continues the sum a + b
            return self._by_class(term)
        return "(" + (" + " if isinstance(term, Plus) else " * ").join(map(self.text, term.args)) + ")"

    def _noted(self, term: Any, notation: Notation) -> str:
        """``R(tau)``, ``Q[t](s, a, policy=b)``; a letter alone, as J, has no place for another policy than pi."""
        arguments = arguments_of(term)
        policy = pi if notation.policy is None else arguments[notation.policy]
        if isinstance(term, Objective):
            return "J" if term == J else self._by_class(term)
        time = forever if notation.below is None else arguments[notation.below]
        timed = "" if time == forever else f"[{self.text(time)}]"
        places = [arguments[place] for place in notation.inside]
        return f"{self._name(term, notation)}{timed}({self._called(places, policy)})"

    def _name(self, term: Any, notation: Notation) -> str:
        """The name of a notion; one that the author has introduced, with its definition."""
        meaning = term.record.stands_for if isinstance(term, Defined) else None
        if not isinstance(meaning, Introduced):
            return notation.python
        return f"define({notation.python!r}, [{self._listed(meaning.letters)}], {self.text(meaning.body)})"

    def _called(self, places: list[Any], policy: Any) -> str:
        return f"{self._listed(places)}{self._under(policy)}" if places else self._under(policy).removeprefix(", ")

    def _under(self, policy: Any) -> str:
        return "" if policy == pi else f", policy={self.text(policy)}"

    def _bound(self, binder: Any) -> str:
        index, body = binder.index, binder.body
        outside = binder.domain.free_symbols  # a sum whose limits have its own letter is refused
        taken = {self.text(free) for free in (*body.free_symbols, *outside) if free != index}
        letter = next(name for name in _letters(index) if name not in taken)
        inside = _Writer({**self.names, index: letter}).text(body)
        match binder:
            case (Expect() | Var()) if isinstance(binder.domain, Law):
                head = "expect" if isinstance(binder, Expect) else binder.notation.python
                return f"{head}({letter}, {inside}{self._under(binder.domain.args[0])})"
            case (Total() | Prod()) if (limits := self._limits(binder)) is not None:
                return f"{'total' if isinstance(binder, Total) else 'prod'}({letter}, {inside}{limits})"
        return f"{_CLASSES[type(binder)]}({letter}, {self.text(binder.domain)}, {inside})"

    def _limits(self, binder: Any) -> str | None:
        """``start`` and ``stop`` where they are not the usual ones; None for a range that ``total`` cannot say."""
        if not isinstance(binder.index, Time):
            usual = Between(1, m) if binder.index.sort == "draw" else Everything()
            return "" if binder.domain == usual else None
        if not isinstance(binder.domain, Between):
            return None
        first, last = binder.domain.args
        start = "" if first == 0 else f", start={self.text(first)}"
        return start + ("" if last == H else f", stop={self.text(last)}")


def _letters(index: Index) -> Iterator[str]:
    """Texts for a bound index: the vocabulary's letters of its sort, then its last letter with a number."""
    known = [(free, name) for free, name in _NAMES.items() if type(free) is type(index)]
    label = str(known[-1][0].label)
    numbered = (f"{type(index).__name__}({f'{label}{number}'!r})" for number in count(1))
    return chain((name for _, name in known), numbered)
