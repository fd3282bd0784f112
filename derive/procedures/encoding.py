"""The author's terms as the kernel's tuples: definitions put in, assumptions as a context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import InvalidChain, OutsideFragment
from derive.kernel import terms as k
from derive.kernel.contexts import Context
from derive.language.assumptions import (
    CASE,
    COVERS,
    HORIZON,
    POSSIBLE,
    SAMPLES,
    SCALAR,
    Assumption,
    additive_return,
    discount_below_one,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
    undiscounted,
)
from derive.language.binding import Binder, Index
from derive.language.definitions import meaning_of
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import (
    TIME,
    ActionAt,
    ActionProbability,
    Applied,
    Between,
    Discount,
    Drawn,
    Expect,
    Forever,
    Grad,
    HistoryAt,
    Horizon,
    Initial,
    Law,
    Log,
    Outer,
    Prod,
    Return,
    Reward,
    Same,
    SampleSize,
    StateAt,
    StateValue,
    Time,
    Total,
    Trace,
    Transition,
)
from derive.language.typing import refuse_foreign, sort_of

POSITIVE = {policy_positive: "policy", initial_positive: "initial", dynamics_positive: "dynamics"}
KINDS = {Total: "sum", Prod: "prod", Expect: "E"}


def context_of(assumptions: Iterable[Assumption], *, infinite: bool) -> Context:
    """What a theorem under these assumptions speaks of."""
    known = frozenset(assumptions)
    about = {kind: [one.about for one in known if one.kind == kind] for kind in (SAMPLES, HORIZON, COVERS, SCALAR)}
    return Context(
        horizon="infinite" if infinite else "finite",
        positive=frozenset(name for one, name in POSITIVE.items() if one in known),
        possible=POSSIBLE in known, discount=discount_below_one in known, iid=iid_samples in known,
        undiscounted=undiscounted in known, covers=frozenset(about[COVERS]), scalars=frozenset(about[SCALAR]),
        ranges=ranges_of(known), first=0 if infinite else max([0, *(n for n, in about[HORIZON])]),
        samples=max([1, *(n for n, in about[SAMPLES])]))


def ranges_of(assumptions: Iterable[Assumption]) -> frozenset[k.Tuple]:
    """The ranges of free times that cases say.

    What is said of two letters is the range of the first by name, whichever way round it was written: the kernel
    puts in letters in this order, each at its worst limit, and a limit may speak of a letter that comes later only.

    Raises:
        InvalidChain: for a time that is bounded twice on one side.
    """
    encoding, spans = Encoding((), infinite=False), dict[k.Tuple, list[k.Tuple]]()
    for one, two in (one.about for one in sorted(assumptions, key=str) if one.kind == CASE):
        low, high = encoding.time(one), encoding.time(two)
        gap = k.time(high[1] - low[1], *high[2], *((base, -c) for base, c in low[2]))
        letter, c = next(((base, c) for base, c in gap[2] if base != "H" and abs(c) == 1), (None, 0))
        if letter is None:
            raise InvalidChain(f"{one} ≤ {two} gives no free time a first or a last value.")
        limit = k.time(-c * gap[1], *((base, -c * n) for base, n in gap[2] if base != letter))
        side = 0 if c > 0 else 1
        if side == 0 and not limit[2] and limit[1] < 0:  # no time is below 0
            continue
        span = spans.setdefault(letter, [k.time(), k.LAST])
        if span[side] != (k.time(), k.LAST)[side]:
            raise InvalidChain(f"{letter[1]} is bounded twice on one side; give one case for it.")
        span[side] = limit
    return frozenset((letter, low, high) for letter, (low, high) in spans.items())


class Encoding:
    """Terms of one chain as the kernel's, each encoded once."""

    def __init__(self, assumptions: Iterable[Assumption], *, infinite: bool) -> None:
        known = frozenset(assumptions)
        self.additive, self.infinite = additive_return in known, infinite
        self._known: dict[Expr, k.Term] = {}
        self._late = {letter for letter, low, _ in ranges_of(known) if low[2]} if known else set()

    def term(self, term: Expr) -> k.Term:
        """The kernel's term of an author's, which has no loose index.

        Raises:
            NotATerm: for what is not of the language.
            OutsideFragment: for what the kernel does not read.
            MalformedTerm: for a notion that has no meaning here.
        """
        if term not in self._known:
            refuse_foreign(term)
            self._known[term] = self._term(term)
        return self._known[term]

    def _term(self, term: Expr) -> k.Term:
        meaning = meaning_of(term, additive=self.additive, infinite=self.infinite)
        if meaning is not None:
            return self._term(meaning)
        match term:
            case Rational():
                return ("num", int(term.p), int(term.q))
            case Horizon() | Time():
                return self.count(term)
            case Plus() if sort_of(term) == TIME:
                return with_one_number(self._term(part) for part in term.args)
            case SampleSize():
                return ("m",)
            case Discount():
                return ("gamma",)
            case Power(args=(Discount(), exponent)) if not isinstance(exponent, Integer):
                return ("gamma^", self.time(exponent))
            case Power(args=(Applied(args=(function,)), exponent)) if not isinstance(exponent, Integer):
                return ("c^", str(function.label), self.time(exponent))
            case Power(args=(Rational() as base, exponent)) if base != 0 and not isinstance(exponent, Integer):
                return ("q^", int(base.p), int(base.q), self.time(exponent))
            case Power(args=(Ratio(args=(Rational() as above, Rational() as below)), exponent)) if (
                    above * below != 0 and not isinstance(exponent, Integer)):
                return ("q^", int((above / below).p), int((above / below).q), self.time(exponent))
            case Power(args=(Power(args=(base, Integer() as inner)), exponent)) if (
                    inner > 0 and not isinstance(exponent, Integer)):
                return self._term(Power(base, Times(inner, exponent)))
            case Power(args=(Times(args=factors), exponent)) if not isinstance(exponent, Integer):
                return ("*", *(self._term(Power(factor, exponent)) for factor in factors))
            case Power(args=(base, Integer() as exponent)):
                return ("^", self._term(base), int(exponent))
            case Plus() | Times():
                return ("+" if isinstance(term, Plus) else "*", *map(self._term, term.args))
            case Ratio(args=(above, below)):
                return ("/", self._term(above), self._term(below))
            case Grad(args=(inside,)):
                return ("grad", self._term(inside))
            case Log(args=(inside,)):
                return ("log", self._term(inside))
            case Outer(args=(one, two)):
                return ("*", self._term(one), self._term(two))
            case Trace(args=(inside,)):
                return ("trace", self._term(inside))
            case Initial(args=(s,)):
                return ("mu", self.place(s))
            case Transition(args=places):
                return ("P", *map(self.place, places))
            case ActionProbability(args=(policy, a, s)):
                return ("pi", str(policy.label), self.place(a), self.place(s))
            case Reward(args=places):
                return ("r", *map(self.place, places))
            case Same(args=(one, two)):
                return ("same", self.place(one), self.place(two))
            case Applied(args=(function, *places)):
                return ("f", str(function.label), *map(self.place, places))
            case Return(args=(path,)):
                return ("R", self.path(path))
            case StateValue(args=(policy, time, s)):
                return ("V", str(policy.label), self.time(time), self.place(s))
            case Total() | Prod() | Expect():
                return self._binder(term)
            case Power():
                raise OutsideFragment(f"{term}, a power whose exponent is H or a time")
        raise OutsideFragment(f"{term}, which the kernel does not read")

    def _binder(self, term: Binder) -> k.Term:
        domain: Any = term.domain
        if isinstance(domain, Between):
            span: Any = ("from", *map(self.time, domain.args)) if isinstance(term.index, Time) else k.SAMPLES
            if not isinstance(term.index, Time) and tuple(domain.args) != (Integer(1), SampleSize()):
                raise OutsideFragment(f"{term} runs over other samples than 1, ..., m")
        else:
            span = str(domain.args[0].label) if isinstance(domain, Law) else k.ALL
        if never(span):
            return ("num", 0, 1) if isinstance(term, Total) else ("num", 1, 1)
        body = self._term(term.body)
        index = self.index(term.index)
        return k.bound(KINDS[type(term)], index, span, forwards(index, span, body))

    def index(self, index: Expr) -> k.Tuple:
        """A free index by its name; a bound one by a name of its own until its binder renumbers it."""
        label: Any = index.label
        return (index.sort, f"#{label}" if isinstance(label, int) else str(label))

    def time(self, time: Expr) -> k.Tuple:
        """A time, a linear form.

        Raises:
            OutsideFragment: for any other.
        """
        if isinstance(time, Forever):
            return k.INF
        match time:
            case Integer():
                return k.time(int(time))
            case Horizon():
                return k.LAST
            case Index():
                return k.at(self.index(time))
            case Plus():
                parts = list(map(self.time, time.args))
            case Times(args=(Integer() as factor, inside)):
                parts = [self.time(inside)] * abs(int(factor)) if abs(int(factor)) < 100 else [k.INF]
                parts = [k.time(-n, *((b, -c) for b, c in rest)) for _, n, rest in parts] if factor < 0 else parts
            case Times(args=(inside, Integer() as factor)):
                return self.time(Times(factor, inside))
            case _:
                parts = [k.INF]
        if any(part == k.INF for part in parts):
            raise OutsideFragment(f"{time} is no linear time")
        return k.time(sum(n for _, n, _ in parts), *(pair for _, _, rest in parts for pair in rest))

    def count(self, time: Expr) -> k.Term:
        """H or a time as a number: H = -1 + sum_{k=0..H} 1; t = sum_{k=1..t} 1, where 0 <= t.

        A time that is bound may be below 0, and one whose range begins with another: then it is -sum_{k=t+1..0} 1.
        """
        if isinstance(time, Horizon):
            return ("+", ones(k.time(), k.LAST), ("num", -1, 1))
        base = self.index(time)
        until = ones(k.time(1), k.at(base))
        if not base[1].startswith("#") and base not in self._late:
            return until
        return ("+", until, ("*", ("num", -1, 1), ones(k.at(base, 1), k.time())))

    def place(self, place: Expr) -> k.Tuple:
        if isinstance(place, (StateAt, ActionAt)):
            path, time = place.args
            kind = "h" if isinstance(place, HistoryAt) else "s" if isinstance(place, StateAt) else "a"
            return (kind, self.path(path), self.time(time))
        return self.index(place)

    def path(self, path: Expr) -> k.Tuple:
        if isinstance(path, Drawn):
            batch, draw = path.args
            return ("drawn", self.index(batch), self.draw(draw))
        return self.index(path)

    def draw(self, draw: Expr) -> k.Tuple | int:
        """The number of a sample."""
        return int(draw) if isinstance(draw, Integer) else self.index(draw)


def ones(low: k.Tuple, high: k.Tuple) -> k.Term:
    """sum_{k=low..high} 1."""
    return k.bound("sum", ("time", "#"), ("from", low, high), ("num", 1, 1))


def never(span: Any) -> bool:
    """Whether a range of times is empty whatever H and the letters are: its sum is 0, its product 1."""
    if span[0] != "from" or k.INF in span or span == k.SAMPLES:
        return False
    (_, first, parts), (_, last, others) = span[1:]
    return bool(parts == others and last < first)


def forwards(index: k.Tuple, span: Any, body: k.Term) -> k.Term:
    """The body of a sum or product over the times first..last, counted from the other end if its places run backwards.

    f(first), ..., f(last) and f(first + last - t) for the same times are the same numbers, in another order.
    """
    if index[0] != "time" or span[0] != "from" or k.INF in span:
        return body
    times = [x[2] for x in k.subterms(body) if x[0] in ("s", "a", "h", "V") and len(x) > 2 and x[2] != k.INF]
    slopes = [c for _, _, parts in times for base, c in parts if base == index]
    if not slopes or max(slopes) > 0:
        return body
    (_, n, parts), (_, m, others) = span[1:]
    turned: k.Term = k.replaced(body, index, k.time(n + m, (index, -1), *parts, *others))
    return turned


def with_one_number(terms: Iterable[k.Term]) -> k.Term:
    """The sum of counts: H + 1 is sum_{k=0..H} 1, which is seen to be positive."""
    flat = [x for t in terms for x in (t[1:] if t[0] == "+" else (t,))]
    number = sum(x[1] for x in flat if x[0] == "num")
    rest = [x for x in flat if x[0] != "num"]
    return ("+", *rest, ("num", number, 1)) if number or len(rest) != 1 else rest[0]
