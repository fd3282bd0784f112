"""What a term owes to be defined, read off the term as written, and the calculus that discharges it.

A quotient owes a denominator that is not 0, a logarithm a positive argument, a power of gamma an exponent that is not
negative, a gradient of a sum over a support that the support stays, a place that it lies on the trajectory, a sample
that it exists and has a law, a sum over all times and a value without a time a discount below 1. The calculus knows
signs of products, quotients and sums, probabilities that are positive by assumption or along a possible trajectory,
and limits of ranges; numbers of models are never looked at. Where places and samples ask for it, literal times inside
sums too, the first horizon and the least m are raised; what can never hold is no term.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from derive.kernel.contexts import Context
from derive.kernel.local_sums import Reading
from derive.kernel.polynomials import Poly, Refused, central, of
from derive.kernel.terms import (
    BINDERS, HELD, INF, LAST, Malformed, Term, Tuple, free, inside, is_index, law_term, opened, replaced, time,
)
from derive.kernel.wellformed import gradients

Support = dict[Tuple, object]
"""Trajectories and batches that are possible -> under which policy; bound times -> (first, last), inner ones last."""
WHOLE = (("from", time(), LAST), ("from", time(), INF))


STEPS = "H+1"
"""The central symbol of the number of decisions."""


class OutOfRange(Malformed):
    """A time that does not exist, whatever the horizon."""


def in_words(t: Tuple) -> str:
    """A time as it is written; what a sum binds has no name."""
    parts = [(c, "H" if base == "H" else "(the time of a sum)" if str(base[1])[:1] in "#123456789" else base[1])
             for base, c in t[2]] + [(t[1], "")] * bool(t[1] or not t[2])
    said = " ".join(f"{'-' if c < 0 else '+'} {abs(c) if abs(c) != 1 or not name else ''}{name}" for c, name in parts)
    return said.removeprefix("+ ")


def defined(context: Context, *terms: Term) -> Context:
    """The context with the first horizon and the least m that the terms ask for, and what they owe.

    Raises:
        OutOfRange: for a place that is on no trajectory.
    """
    walk = Walk(context)
    for t in terms:
        paths: Support = {x: "pi" for x in free(t) if x[0] == "trajectory" and context.possible}
        walk.owes |= set(walk.owed(t, paths, 0))
    return replace(context, first=walk.first, samples=walk.samples, owes=context.owes | walk.owes)


class Numbers(Reading):
    """Terms in numbers alone, among them sum_{t=0..H} 1 = H + 1."""

    def atom(self, t: Term) -> Poly:
        if t[0] == "sum" and t[1][0] == "time" and t[2:] == (WHOLE[0], ("num", 1, 1)):
            return of(self.one, {central(STEPS, 1): 1})
        return super().atom(t)


class Walk:
    """One walk over terms; ``first``, ``samples`` and ``owes`` grow."""

    def __init__(self, context: Context) -> None:
        self.context, self.first, self.samples = context, context.first, context.samples
        self.owes: set[Tuple] = set()

    def opened(self, t: Term, support: Support) -> tuple[Tuple, Term]:
        """The body with a letter that depends on the depth only, so that the same term owes the same."""
        return opened(t, f"#{len(support)}.{t[1][1]}")

    def owed(self, t: Term, support: Support, above: int) -> Iterator[Tuple]:
        head = t[0]
        if head == "/" and not self.nonzero(t[2], support):
            yield ("nonzero", t[2])
        elif head == "^" and t[2] < 0 and not self.nonzero(t[1], support):
            yield ("nonzero", t[1])
        elif head == "log" and not self.positive(t[1], support):
            yield ("positive", t[1])
        elif head in ("gamma^", "c^", "q^"):
            try:
                self.at_least_zero(t[-1], support)
            except OutOfRange:
                yield ("exponent", t[-1])
        elif head == "V":
            if t[2] != INF:
                self.on_trajectory(t[2], 1, support)
            elif not self.context.discount:
                yield ("discount",)
        if head in ("mu", "P", "pi", "r", "f", "V", "R", "same"):
            for x in t[1:]:
                if type(x) is tuple and x[0] in ("s", "a", "h"):
                    self.on_trajectory(x[2], int(x[0] != "a"), support)
                yield from self.drawn(x[1] if type(x) is tuple and x[0] in ("s", "a", "h") else x)
        if head in BINDERS:
            yield from self.binder(t, support, above)
        for x in inside(t):
            yield from self.owed(x, support, above + (head == "grad"))

    def binder(self, t: Term, support: Support, above: int) -> Iterator[Tuple]:
        index, body = self.opened(t, support)
        within = dict(support)
        if index[0] == "time":
            within[index] = t[2][1:]
            if t[2][2] == INF and not self.context.discount:
                yield ("discount",)
        policy = self.restricted(t)
        if policy is not None:
            within[index] = policy
            moves = t[0] != "E" or t[2] == "pi"  # the support of a fixed law stays where it is
            order = above + gradients(body)
            if moves and "policy" not in self.context.positive and (above or order > 1) and not (
                    self.stays(t, index, body, support) and (t[0] == "E" or order == 1)):
                yield ("support", t)
        yield from self.owed(body, within, above)

    def restricted(self, t: Term) -> str | None:
        """The policy to whose possible trajectories the index is restricted, if it is."""
        if t[0] == "E":
            return "pi" if t[2] == HELD else str(t[2])
        return "pi" if t[1][0] == "trajectory" and self.context.possible else None

    def stays(self, t: Term, index: Tuple, body: Term, support: Support) -> bool:
        """Whether the summand is P f, f defined everywhere: P is nonnegative, so its gradient is 0 where it is 0.

        A sum over possible trajectories so is one over all to first order only; at second order a positive policy is
        asked for. An expectation of such f is the sum of P f over all at every theta, so its derivatives are too. The
        law of independent samples is a product of such P, and its gradient is 0 where it is 0 too.
        """
        if t[0] == "E":
            rest = [body]
        else:
            weight, rest = law_term("pi", index), list(body[1:]) if body[0] == "*" else [body]
            for part in (weight,) if weight in rest else weight[1:]:
                if part not in rest:
                    return False
                rest.remove(part)
        off = {**support, index: None}  # it need not be possible
        return not any(True for x in rest for _ in self.owed(x, off, 0))

    # -- times --------------------------------------------------------------------------------------------

    def at_least_zero(self, t: Tuple, support: Support) -> None:
        """t >= 0 for all times in their ranges, from some first horizon on: inner times at their worst limit first."""
        number, parts = t[1], dict(t[2])
        ranges = {x: span for x, span in support.items() if x[0] == "time"}
        for index in [*reversed(ranges), *(x for x in parts if x != "H" and x not in ranges)]:
            c = parts.pop(index, 0)
            span: Any = ranges.get(index, self.context.range_of(index))
            limit = span[0] if c > 0 else span[1]
            if c and limit == INF:
                raise OutOfRange(f"a time that may be negative: {in_words(t)}")
            if c:
                number += c * limit[1]
                for base, k in limit[2]:
                    parts[base] = parts.get(base, 0) + c * k
        left = {base: c for base, c in parts.items() if c}
        slope = left.pop("H", 0)
        if left:  # a limit brought in a free time again: at its own worst
            self.at_least_zero(time(number, *left.items(), ("H", slope)), {})
        elif slope < 0 or (slope == 0 and number < 0):
            raise OutOfRange(f"a time that may lie outside of the trajectory: {in_words(t)} may be negative")
        elif slope:
            self.first = max(self.first, -(number // slope))

    def on_trajectory(self, t: Tuple, beyond: int, support: Support) -> None:
        """0 <= t <= H + beyond."""
        self.at_least_zero(t, support)
        if not self.context.infinite and (t[2] or t[1] > beyond):
            self.at_least_zero(time(beyond - t[1], ("H", 1), *((base, -c) for base, c in t[2])), support)

    def drawn(self, path: object) -> Iterator[Tuple]:
        if type(path) is tuple and path[0] == "drawn":
            if not self.context.iid:
                yield ("law",)
            if type(path[2]) is int:
                self.samples = max(self.samples, path[2])

    # -- signs --------------------------------------------------------------------------------------------

    def nonzero(self, t: Term, support: Support) -> bool:
        if t[0] == "num":
            return bool(t[1] != 0)
        if t[0] == "*":
            return all(self.nonzero(x, support) for x in t[1:])
        if t[0] in ("^", "/"):
            return self.nonzero(t[1], support)
        return self.positive(t, support)

    def positive(self, t: Term, support: Support) -> bool:
        head, known = t[0], self.context.positive
        if head == "num":
            return bool(t[1] > 0)
        if head == "m" or (head == "f" and len(t) == 2 and (t[1], "positive") in self.context.scalars):
            return True
        if head in ("+", "*", "/"):
            return all(self.positive(x, support) for x in t[1:]) or self.number_above_zero(t)
        if head == "^":
            return self.positive(t[1], support)
        if head in BINDERS:
            index, body = self.opened(t, support)
            if head == "sum" and index[0] == "time" and t[2] not in WHOLE:
                return False  # it may be empty
            if head == "E" and (asked := self.event(index, body)):
                return asked <= known  # one that is like this is possible, step by step
            policy = self.restricted(t)
            within = {**support, index: policy} if policy else {**support, index: t[2][1:]} if (
                index[0] == "time") else support
            return self.positive(body, within) or (head == "sum" and index[0] == "time" and self.nonnegative(
                body) and self.positive(replaced(body, index, t[2][1]), support))
        if head == "gamma^":
            return bool(t[1] == time())
        if head == "mu":
            s = t[1]
            return "initial" in known or (s[0] == "s" and s[2] == time() and self.law_of(s[1], support) is not None)
        if head == "P":
            x, s, a = t[1:]
            return "dynamics" in known or (x[0] == s[0] == "s" and a[0] == "a" and x[1] == s[1] == a[1] and (
                s[2] == a[2] and x[2] == time(s[2][1] + 1, *s[2][2])) and self.law_of(s[1], support) is not None)
        if head == "pi":
            _, policy, a, s = t
            own = "pi" if policy == HELD else policy
            law = self.law_of(a[1], support) if a[0] == "a" and s[0] == "s" and a[1:] == s[1:] else None
            return "policy" in known or law == own or (law is not None and (own, law) in self.context.covers)
        return False

    def nonnegative(self, t: Term) -> bool:
        """Products and sums of probabilities, indicators and powers of a discount of at least 0."""
        head = t[0]
        if head in ("gamma", "gamma^"):
            return self.context.discount
        if head in ("+", "*") or head in BINDERS:
            return all(map(self.nonnegative, inside(t) if head not in BINDERS else t[3:]))
        return head in ("mu", "P", "pi", "same") or (head == "num" and bool(t[1] >= 0))

    def event(self, path: Tuple, body: Term) -> set[str]:
        """What has no zeros where the states and actions that this asks for, at distinct places, are possible.

        What is asked for at a place is drawn there with a probability above 0, whatever was drawn before; at other
        places something is. Empty, if this is no such event.
        """
        found = body[1:] if body[0] == "*" else (body,)
        if any(one[0] != "same" or not any(map(is_index, one[1:])) for one in found):
            return set()
        places = [x for one in found for x in one[1:] if not is_index(x)]
        if len(set(places)) < len(found) or len({x[2][2] for x in places}) > 1 or any(x[1] != path for x in places):
            return set()
        return {name for kind, _, t in places for name in (
            ("policy",) if kind == "a" else ("initial",) if t == time() else ("dynamics",) if not t[2] else
            ("initial", "dynamics"))}

    def number_above_zero(self, t: Term) -> bool:
        """Whether a number is positive: a + b m, b >= 0, at the least m; a + b (H + 1), b >= 0, at the first horizon;

        a + b c, c a product of numbers in [0, 1], of which one is below 1 or a + b is positive.
        """
        try:
            found = {c: v for (c, _), v in Numbers().read(t).items()}
        except Refused:
            return False
        lowest = found.pop((), 0)
        if len(found) != 1:
            return False
        (powers,), (slope,) = found, found.values()
        if any(e < 1 for _, e in powers):
            return False
        names = {name for name, _ in powers}
        least = {"m": self.context.samples, STEPS: 0 if self.context.infinite else self.context.first + 1}
        if len(names) == 1 and names <= least.keys():
            return slope >= 0 and lowest + slope * least[powers[0][0]] ** powers[0][1] > 0
        below, unit = self.context.bounded()
        return names <= unit and lowest > 0 and lowest + slope >= 0 and (bool(names & below) or lowest + slope > 0)

    def law_of(self, path: Tuple, support: Support) -> object:
        """The policy under which a trajectory is known to be possible."""
        if path[0] == "drawn":
            return support.get(path[1], "pi") if self.context.iid else None
        return support.get(path)


