"""The kernel's terms and contexts in words, for a reader who has nothing but the certificate. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derive.certificates.names import BOUND, lettered
from derive.kernel.contexts import Context
from derive.kernel.terms import ALL, HELD, INF, SAMPLES, Term, Tuple, free, is_index, subterms
from derive.kernel.wellformed import at_theta

SAYS = {"dynamics": "every transition is possible", "initial": "every state may be first",
        "policy": "every policy is positive"}
VISIBLE_END = 200


def visible(text: object) -> str:
    """Text of a certificate on one line: control characters and what reorders or breaks lines are escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
    return shown if len(shown) <= VISIBLE_END else shown[:VISIBLE_END] + "..."


def time(t: Tuple) -> str:
    """A time: t + 1, H - 2, ∞."""
    if t == INF:
        return "∞"
    parts = [(f"{'' if abs(c) == 1 else abs(c)}{base if base == 'H' else index(base)}", c) for base, c in t[2]]
    if t[1] or not parts:
        parts.append((str(abs(t[1])), 1 if t[1] >= 0 else -1))
    text = "".join(f" {'-' if c < 0 else '+'} {part}" for part, c in parts)
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}"


def index(x: Tuple) -> str:
    """A free letter, or the one that a bound one gets from its height."""
    return str(x[1]) if type(x[1]) is str else f"{BOUND[x[0]]}{x[1]}"


def path(p: Tuple) -> str:
    """A trajectory or a sample."""
    if p[0] == "drawn":
        return f"{index(p[1])}[{p[2] if type(p[2]) is int else index(p[2])}]"
    return index(p)


def policy(name: str) -> str:
    return {"pi": "π", HELD: "π_old"}.get(name, name)


def statement(t: Term) -> str:
    """A term of the kernel in one line, as it was expanded."""
    said = lettered(t)
    paths = {x for x in subterms(said) if is_index(x) and x[0] == "trajectory"}
    return _Sentence(alone=len(paths) < 2).said(said)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """How the parts of one statement are said; places of a trajectory that is ``alone`` do not name it."""

    alone: bool

    def place(self, x: Tuple) -> str:
        """A state, an action or a history."""
        if x[0] not in ("s", "a", "h"):
            return index(x)
        return f"{x[0]}_{{{time(x[2])}}}" + ("" if self.alone and x[1][0] != "drawn" else f"({path(x[1])})")

    def places(self, *found: Tuple) -> str:
        return ",".join(map(self.place, found))

    def product(self, factors: Sequence[Term]) -> str:
        text, numeral = "", False
        for x in factors:
            dot = numeral or x[0] in ("num", "/", "m")  # 3 1/2, and 1/c (c + d), would be read otherwise
            said = f"({self.said(x)})" if x[0] == "num" and x[1] < 0 else self.said(x)
            text += (" · " if dot else " ") + said if text else said
            numeral = x[0] in ("num", "/")
        return text

    def said(self, t: Term) -> str:
        head = t[0]
        if head == "num":
            return str(t[1]) if t[2] == 1 else f"{t[1]}/{t[2]}"
        if head in ("gamma", "m"):
            return "γ" if head == "gamma" else "m"
        if head == "gamma^":
            return f"γ^{{{time(t[1])}}}"
        if head in ("c^", "q^"):
            base = t[1] if head == "c^" else f"({t[1]}/{t[2]})"
            return f"{base}^{{{time(t[-1])}}}"
        if head == "+":
            return "(" + " + ".join(map(self.said, t[1:])) + ")"
        if head == "*":
            return self.product(t[1:])
        if head == "/":
            return f"({self.said(t[1])})/({self.said(t[2])})"
        if head == "^":
            return f"({self.said(t[1])})^{t[2]}"
        if head in ("grad", "log", "trace"):
            return f"{ {'grad': '∇', 'log': 'log ', 'trace': 'tr'}[head]}[{self.said(t[1])}]"
        if head == "E":
            return f"E_{{{index(t[1])}~{policy(t[2])}}}[{self.said(t[3])}]"
        if head in ("sum", "prod"):
            return f"{'Σ' if head == 'sum' else 'Π'}_{{{index(t[1])}{_range(t[2])}}}[{self.said(t[3])}]"
        if head == "R":
            return f"R({path(t[1])})"
        if head == "V":
            when = "" if t[2] == INF else f"_{{{time(t[2])}}}"
            return f"V^{{{policy(t[1])}}}{when}({self.place(t[3])})"
        if head == "same":
            return f"1{{{self.place(t[1])} = {self.place(t[2])}}}"
        if head == "mu":
            return f"μ({self.place(t[1])})"
        if head == "P":
            return f"P({self.place(t[1])}|{self.places(*t[2:])})"
        if head == "pi":
            return f"{policy(t[1])}({self.place(t[2])}|{self.place(t[3])})"
        if len(t) == 2:
            return str(t[1])
        return f"r({self.places(*t[1:])})" if head == "r" else f"{t[1]}({self.places(*t[2:])})"


def condition(owed: Tuple) -> str:
    """What an equation owes, in words."""
    what = owed[0]
    if what in ("nonzero", "positive"):
        return f"{statement(owed[1])} {'≠' if what == 'nonzero' else '>'} 0"
    if what == "exponent":
        return f"{time(owed[1])} ≥ 0"
    if what == "support":
        return f"the possible trajectories stay the same near θ in {statement(owed[1])}"
    return {"discount": "γ < 1", "law": "samples have a declared law"}[what]


RANGES = {"positive": "{} > 0", "unit": "0 ≤ {} ≤ 1", "below one": "0 ≤ {} < 1"}
"""What is said of a number."""


def _range(span: Any) -> str:
    if span == ALL:
        return ""
    return "=1..m" if span == SAMPLES else f"={time(span[1])}..{time(span[2])}"


def scope(context: Context, *sides: Term) -> str:
    """For which models, horizons and samples an equation holds, and whether as functions of theta."""
    reach = {"none": "both kinds of horizon", "infinite": "an infinite horizon, 0 ≤ γ < 1"}.get(
        context.horizon, f"every horizon H ≥ {context.first}" if context.first else "every horizon")
    parts = ["every finite MDP", reach]
    if context.samples > 1:
        parts.append(f"every m ≥ {context.samples}")
    assumed = [SAYS[one] for one in sorted(context.positive)]
    assumed += ["trajectories range over the possible ones"] if context.possible else []
    assumed += ["0 ≤ γ < 1"] if context.discount and not context.infinite else []
    assumed += ["samples are independent draws"] if context.iid else []
    assumed += ["γ = 1"] if context.undiscounted else []
    assumed += [f"{policy(b)} takes every action that {policy(one)} takes" for b, one in sorted(context.covers)]
    assumed += [f"{RANGES[kind].format(name)}" for name, kind in sorted(context.scalars)]
    times = {x for side in sides for x in free(side) if x[0] == "time"} | {one for one, _, _ in context.ranges}
    for one in sorted(times):
        low, high = context.range_of(one)
        assumed.append(f"{time(low)} ≤ {index(one)}" + ("" if high == INF else f" ≤ {time(high)}"))
    parts += ["at θ_old = θ"] if at_theta(*sides) else []
    return ", ".join(parts) + (f"; where {', '.join(assumed)}" if assumed else "")
