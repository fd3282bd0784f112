"""What an equation holds for: a class of models, horizons, ranges; and what it still owes.

A context belongs to its equation for ever. Two contexts are put together by ``joined``, which is refused where one
term would mean two things: ``possible`` says that trajectories range over those with P(tau; theta) > 0, which changes
what a sum over trajectories *is*; every other assumption only narrows the class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, Term, Tuple, subterms
from derive.kernel.wellformed import speaks_of_trajectories

HORIZONS = ("none", "finite", "infinite")
POSITIVE = ("dynamics", "initial", "policy")


@dataclass(frozen=True, slots=True)
class Context:
    """The models, the horizons and the indices for which an equation holds.

    ``horizon`` "none" is that of an equation without trajectory, time, value and H, which serves both kinds.
    ``positive``: which of "policy" (each policy), "initial", "dynamics" have no zeros. ``discount``: 0 <= gamma < 1.
    ``iid``: samples are independent draws of the law they are asked of. ``first`` is the first horizon, ``samples`` the
    least m. Free times range over 0..H, free draws over 1..m, a free trajectory over all, or over the possible ones.
    ``owes``: conditions (what, term, ...) under which alone both sides are defined.
    """

    horizon: str = "finite"
    positive: frozenset[str] = frozenset()
    possible: bool = False
    discount: bool = False
    iid: bool = False
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
        return Context(kinds.pop() if kinds else "none", self.positive | other.positive,
                       self.possible or other.possible, self.discount or other.discount, self.iid or other.iid,
                       max(self.first, other.first), max(self.samples, other.samples), self.owes | other.owes)

    def within(self, other: Context) -> bool:
        """Whether every model of this context is one of the other's, at the same kind of horizon."""
        return (other.horizon in ("none", self.horizon) and self.positive >= other.positive
                and self.discount >= other.discount and self.iid >= other.iid)


def plain(context: Any) -> Context:
    """The context, if it is one of this very class with values of the right kinds: its methods are trusted.

    Raises:
        Malformed: otherwise.
    """
    if type(context) is not Context or type(context.horizon) is not str or context.horizon not in HORIZONS or not (
            type(context.positive) is type(context.owes) is frozenset
            and all(type(x) is str and x in POSITIVE for x in context.positive)
            and all(type(x) is tuple for x in context.owes)
            and all(type(x) is bool for x in (context.possible, context.discount, context.iid))
            and type(context.first) is type(context.samples) is int and context.first >= 0 < context.samples):
        raise Malformed("no context")
    return context


def speaks_of_a_horizon(*terms: Term) -> bool:
    """Whether a term has a trajectory, a time, a value or an H in it."""
    return any(x[0] in ("E", "lin", "inf", "R", "m", "trajectory", "batch", "time") for t in terms for x in subterms(t))


def to_data(context: Context) -> dict[str, Any]:
    return {"horizon": context.horizon, "positive": sorted(context.positive), "possible": context.possible,
            "discount": context.discount, "iid": context.iid}


def from_data(data: Any) -> Context:
    """The assumptions of a certificate; first horizon, least m and what is owed are found anew.

    Raises:
        Malformed: for anything that ``to_data`` does not write.
    """
    if type(data) is not dict or set(data) != set(to_data(Context())) or type(data["positive"]) is not list:
        raise Malformed("no context")
    positive = data["positive"]
    if any(type(x) is not str for x in positive) or sorted(set(positive)) != positive:
        raise Malformed("the positivities are no sorted list")
    return plain(replace(Context(**{**data, "positive": frozenset(positive)})))
