"""The kernel's evidence in words: the scope that a verdict prints."""

from __future__ import annotations

from derive.models import Shape
from derive.procedures import decide
from derive.verdict import Scope

WITHOUT_END = "every discount below 1, infinite horizon"


def _with_zeros(answer: decide.Equal) -> tuple[str, ...]:
    """The zeros that were tried on the same shapes, said together."""
    by_shapes: dict[tuple[Shape, ...], list[str]] = {}
    for says, shapes in answer.with_zeros:
        by_shapes.setdefault(shapes, []).append(says)
    return tuple(f"{', '.join(map(str, shapes))} with {'; '.join(patterns)}" for shapes, patterns in by_shapes.items())


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
    def shown(shape: Shape) -> str:
        return f"({shape.states},{shape.actions},∞)" if answer.endless else str(shape)

    probes = ", ".join(map(shown, answer.probes))
    return Scope(
        everywhere=_everywhere(answer),
        exact=tuple(map(shown, answer.exact)),
        vacuous=tuple(map(shown, answer.vacuous)) if answer.both_vanish else (),
        with_zeros=_with_zeros(answer),
        cutoff=cutoff,
        probes=f"also agreed at {answer.points} random points modulo 31-bit primes: {probes}" if probes else "",
    )
