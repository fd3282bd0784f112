"""The kernel's evidence in words: the scope that a verdict prints."""

from __future__ import annotations

from derive.procedures import decide
from derive.verdict import Scope

WITHOUT_END = "every discount below 1, infinite horizon"


def _with_zeros(answer: decide.Equal) -> tuple[str, ...]:
    if not answer.with_zeros:
        return ()
    shapes = [shape.shown(endless=answer.endless) for shape in decide.with_zeros(answer.endless)]
    return (f"{', '.join(shapes)} with {'; '.join(answer.with_zeros)}",)


def _everywhere(answer: decide.Equal) -> str:
    if answer.everywhere is None:
        return ""
    late = f"every horizon H ≥ {answer.first_horizon}" if answer.first_horizon else "every horizon"
    reach = WITHOUT_END if answer.endless else late
    text = f"every finite MDP, {reach}, by automata"
    return f"{text}, using {' and '.join(answer.relations)}" if answer.relations else text


def scope_of(answer: decide.Equal) -> Scope:
    """The kernel's evidence in words."""
    horizons = ", ".join(str(horizon) for horizon in answer.cutoff_horizons)
    cutoff = f"every number of states and actions at H = {horizons}" if horizons else ""
    if answer.cutoff_samples:
        shapes = ", ".join(str(shape) for shape in answer.cutoff_samples)
        cutoff = "; ".join(part for part in (cutoff, f"every number m of samples on {shapes}") if part)
    probes = ", ".join(shape.shown(endless=answer.endless) for shape in answer.probes)
    return Scope(
        everywhere=_everywhere(answer),
        exact=tuple(shape.shown(endless=answer.endless) for shape in answer.exact),
        with_zeros=_with_zeros(answer),
        cutoff=cutoff,
        probes=f"also agreed at {answer.points} random points modulo 31-bit primes: {probes}" if probes else "",
    )
