"""What an equation holds for: a class of models, horizons, ranges; and what it still owes.

A context belongs to its equation for ever. Two contexts are put together by ``joined``, which is refused where one
term would mean two things: ``possible`` says that trajectories range over those with P(tau; theta) > 0, which changes
what a sum over trajectories *is*; every other assumption only narrows the class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from derive.kernel.polynomials import NAMED, Refused
from derive.kernel import terms
from derive.kernel.terms import (
    INF, LAST, Malformed, Term, Tuple, check_time, free, is_index, subterms, time,
)
from derive.kernel.wellformed import speaks_of_trajectories

HORIZONS = ("none", "finite", "infinite")
POSITIVE = ("dynamics", "initial", "policy")
SCALARS = ("positive", "unit", "below one")
"""c > 0, 0 <= c <= 1, 0 <= c < 1."""


@dataclass(frozen=True, slots=True)
class Context:
    """The models, the horizons and the indices for which an equation holds.

    ``horizon`` "none" is that of an equation without trajectory, time, value and H, which serves both kinds.
    ``positive``: which of "policy" (each policy), "initial", "dynamics" have no zeros. ``discount``: 0 <= gamma < 1.
    ``iid``: samples are independent draws of the law they are asked of. ``undiscounted``: gamma = 1. ``covers`` holds
    (b, policy): b > 0 where the policy is. ``scalars`` holds (name, which of ``SCALARS`` a number is). ``first`` is the
    first horizon, ``samples`` the least m. Free times range over 0..H, or what ``ranges`` says, (index, first, last);
    free draws over 1..m, a free trajectory over all, or over the possible ones.
    ``owes``: conditions (what, term, ...) under which alone both sides are defined.
    """

    horizon: str = "finite"
    positive: frozenset[str] = frozenset()
    possible: bool = False
    discount: bool = False
    iid: bool = False
    undiscounted: bool = False
    covers: frozenset[Tuple] = frozenset()
    scalars: frozenset[Tuple] = frozenset()
    ranges: frozenset[Tuple] = frozenset()
    first: int = 0
    samples: int = 1
    owes: frozenset[Tuple] = frozenset()

    @property
    def infinite(self) -> bool:
        return self.horizon == "infinite"

    def joined(self, other: Context, *terms: Term) -> Context:
        """Both at once, for equations between these terms.

        Raises:
            Refused: where a term would mean two things.
        """
        kinds = {self.horizon, other.horizon} - {"none"}
        if len(kinds) > 1:
            raise Refused("a finite and an infinite horizon")
        if self.possible != other.possible and any(map(speaks_of_trajectories, terms)):
            raise Refused("possible trajectories in one, all in the other")
        spoken = {x for t in terms for x in free(t)} | self.limiting() | other.limiting()
        if {x[0] for x in self.ranges ^ other.ranges} & spoken:
            raise Refused("a free time with two ranges")
        return replace(plain(Context(
            kinds.pop() if kinds else "none", self.positive | other.positive, self.possible or other.possible,
            self.discount or other.discount, self.iid or other.iid, self.undiscounted or other.undiscounted,
            self.covers | other.covers, self.scalars | other.scalars, self.ranges | other.ranges,
            max(self.first, other.first), max(self.samples, other.samples), self.owes | other.owes)))

    def within(self, other: Context) -> bool:
        """Whether every model of this context is one of the other's, at the same kind of horizon."""
        return (other.horizon in ("none", self.horizon) and self.positive >= other.positive
                and self.discount >= other.discount and self.iid >= other.iid
                and self.undiscounted >= other.undiscounted and self.covers >= other.covers
                and self.scalars >= other.scalars)

    def bounded(self) -> tuple[set[str], set[str]]:
        """The central symbols c with 0 <= c < 1, and those with 0 <= c <= 1."""
        strict = {NAMED + name for name, kind in self.scalars if kind == "below one"}
        strict |= {"gamma"} if self.discount or self.infinite else set()
        return strict, strict | {NAMED + name for name, kind in self.scalars if kind == "unit"}

    def limiting(self) -> set[Tuple]:
        """The letters that limit the ranges of others."""
        return {x for _, low, high in self.ranges for x in (*free(low), *free(high))}

    def range_of(self, index: Tuple) -> Tuple:
        """(first, last) of a free time."""
        return next(((low, high) for one, low, high in self.ranges if one == index),
                    (time(), INF if self.infinite else LAST))


def plain(context: Any) -> Context:
    """The context, if it is one of this very class with values of the right kinds: its methods are trusted.

    Raises:
        Malformed: otherwise.
    """
    if type(context) is not Context or type(context.horizon) is not str or context.horizon not in HORIZONS or not (
            all(type(one) is frozenset for one in (
                context.positive, context.owes, context.covers, context.scalars, context.ranges))
            and all(type(x) is str and x in POSITIVE for x in context.positive)
            and all(type(x) is tuple for x in context.owes)
            and all(type(x) is tuple and len(x) == 2 and all(type(y) is str for y in x)
                    for x in context.covers | context.scalars)
            and all(x[1] in SCALARS for x in context.scalars)
            and all(type(x) is tuple and len(x) == 3 and is_index(x[0]) and x[0][0] == "time" for x in context.ranges)
            and len({x[0] for x in context.ranges}) == len(context.ranges)
            and not (context.undiscounted and (context.discount or context.infinite))
            and not (context.infinite and context.ranges)
            and all(type(x) is bool for x in (context.possible, context.discount, context.iid, context.undiscounted))
            and type(context.first) is type(context.samples) is int and context.first >= 0 < context.samples):
        raise Malformed("no context, or one without a model")
    for _, low, high in context.ranges:
        check_time(low, frozenset())
        check_time(high, frozenset())
    left = {one: free(low) | free(high) for one, low, high in context.ranges}
    while ends := [one for one, limits in left.items() if not limits & left.keys()]:
        for one in ends:
            del left[one]
    if left:
        raise Malformed("ranges that limit each other")
    return context


def speaks_of_a_horizon(*terms: Term) -> bool:
    """Whether a term has a trajectory, a time, a value or an H in it."""
    return any(x[0] in ("E", "lin", "inf", "R", "m", "trajectory", "batch", "time") for t in terms for x in subterms(t))


def to_data(context: Context) -> dict[str, Any]:
    return {"horizon": context.horizon, "positive": sorted(context.positive), "possible": context.possible,
            "discount": context.discount, "iid": context.iid, "undiscounted": context.undiscounted,
            "covers": sorted(map(list, context.covers)), "scalars": sorted(map(list, context.scalars)),
            "ranges": terms.to_data(tuple(sorted(context.ranges))), "first": context.first,
            "samples": context.samples}


def from_data(data: Any) -> Context:
    """The assumptions of a certificate; what is owed is found anew, first horizon and least m are no smaller.

    Raises:
        Malformed: for anything that ``to_data`` does not write.
    """
    if type(data) is not dict or set(data) != set(to_data(Context())) or type(data["positive"]) is not list:
        raise Malformed("no context")
    listed = {name: data[name] for name in ("positive", "covers", "scalars", "ranges")}
    if any(type(one) is not list or one != sorted(one) for one in listed.values()):
        raise Malformed("a part of a context that is no sorted list")
    sets = {name: terms.from_data(one) for name, one in listed.items()}
    if any(len(set(one)) != len(one) for one in sets.values()):
        raise Malformed("a part of a context with repeats")
    return plain(Context(**{**data, **{name: frozenset(one) for name, one in sets.items()}}))
