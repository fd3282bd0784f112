"""Whether two terms are equal for every finite MDP and every horizon of a context: the kernel is asked first.

``decided`` finds what shows a claim and has the kernel make the equation; or says where the sides differ, or why
neither is known. It believes nothing that the kernel has not made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.certificates.multiplying import refuse_too_many
from derive.errors import WorkLimit
from derive.kernel.closure import NotShown
from derive.kernel.contexts import Context
from derive.kernel.differences import Gap
from derive.kernel.equations import Equation, by_closure, by_normal_form, gap_of
from derive.kernel.equations import same as reflexive
from derive.kernel.polynomials import Refused
from derive.kernel.terms import HELD, INF, Term, Tuple, shifted, subterms
from derive.procedures.at_places import by_later_times, by_letters
from derive.procedures.certificates import Differs, certificate
from derive.procedures.conditional_means import by_values
from derive.procedures.equal_means import by_equal_means
from derive.procedures.parts import by_parts, by_scores

OF_TRAJECTORIES = ("s", "a", "E", "R", "trajectory", "batch")


@dataclass(frozen=True, slots=True)
class Shown:
    """The equation, what an independent run of the kernel needs to make it again, and the gap that a closure fills."""

    equation: Equation
    evidence: dict[str, object]
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """Neither yes nor no, and why."""

    why: str


AROUND = ("a sum over a time of products of sums over trajectories", "the gradient of a quotient by a sum",
          "a matrix that is not symmetric by its form takes two directions")
"""The refusals of the kernel that parts may get round."""


def decided(context: Context, before: Term, after: Term) -> Shown | Differs | Outside:
    """An equation of the kernel, where the sides differ, or why neither is known.

    Raises:
        Malformed: for what is no equation.
    """
    try:
        refuse_too_many(before, after)
    except Refused as many:
        return Outside(str(many))
    answer = _whole(context, before, after)
    if isinstance(answer, Shown):
        return answer
    for general in (by_letters, by_later_times):
        at_places = general(context, before, after, _part)
        if at_places is not None:
            return Shown(*at_places)
    around = by_parts if isinstance(answer, Outside) and answer.why in AROUND else by_scores
    for by in (around, by_values, by_equal_means):
        found = by(context, before, after, _part)
        if found is not None:
            return Shown(*found)
    return answer


def _part(context: Context, before: Term, after: Term) -> tuple[Equation, dict[str, object]] | None:
    found = _whole(context, before, after)
    return (found.equation, found.evidence) if isinstance(found, Shown) else None


def _whole(context: Context, before: Term, after: Term) -> Shown | Differs | Outside:
    answer: Differs | Outside = Outside("")
    if is_local(before, after):
        found = _locally(context, before, after)
        if isinstance(found, Shown):
            return found
    for policy in policies(before, after):
        try:
            gap = gap_of(context, before, after, policy)
            closures = certificate(gap)
            if isinstance(closures, Differs):
                answer = closures if isinstance(answer, Outside) else answer
                continue
            return Shown(by_closure(gap, closures), {"by": "closure", "policy": policy, **closures}, gap)
        except (Refused, WorkLimit) as outside:
            answer = answer if isinstance(answer, Differs) else Outside(answer.why or str(outside))
        except NotShown as wrong:
            answer = Outside(f"the kernel does not accept what was found: {wrong}")
    if before == after and isinstance(answer, Outside):
        return _identical(context, before, answer)
    return answer


def _identical(context: Context, term: Term, answer: Outside) -> Shown | Outside:
    try:
        return Shown(reflexive(context, term), {"by": "same"})
    except Refused:
        return answer


def _locally(context: Context, before: Term, after: Term) -> Shown | Outside:
    """By normal forms, in the coordinates of each policy and time that values have."""
    why = ""
    for coordinates in local_coordinates(before, after):
        try:
            equation = by_normal_form(context, before, after, coordinates)
            return Shown(equation, {"by": "normal form", "coordinates": coordinates})
        except (Refused, NotShown) as outside:
            why = why or str(outside)
    return Outside(why)


def is_local(*terms: Term) -> bool:
    """Whether terms are about states and actions alone."""
    inside = [x for t in terms for x in subterms(t)]
    return any(x[0] in ("state", "action") for x in inside) and not any(x[0] in OF_TRAJECTORIES for x in inside)


def policies(*terms: Term) -> list[str | None]:
    """The policies whose values occur, pi first, and none: whose values rewards may be written in."""
    valued = [x for t in terms for x in subterms(t) if x[0] == "V" and len(x) == 4]
    names = sorted({"pi" if x[1] == HELD else str(x[1]) for x in valued}, key=lambda name: (name != "pi", name))
    return [*names, None] if names else [None]


def local_coordinates(*terms: Term) -> Iterator[Tuple | None]:
    """None, and each (policy, time of a decision) at which a value stands, or at the next."""
    yield None
    seen: set[Tuple] = set()
    for x in (x for t in terms for x in subterms(t) if x[0] == "V" and len(x) == 4):
        for moment in [x[2]] if x[2] == INF else [x[2], shifted(x[2], -1)]:
            one = ("pi" if x[1] == HELD else x[1], moment)
            if one not in seen:
                seen.add(one)
                yield one


