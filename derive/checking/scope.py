"""What was established for a step, in words: one line for each kind of evidence, and none printed for another."""

from __future__ import annotations

from dataclasses import dataclass

from derive.kernel.contexts import Context
from derive.kernel.equations import Equation
from derive.kernel.wellformed import at_theta
from derive.language.models import Shape
from derive.procedures import answers

WITHOUT_END = "every discount below 1, infinite horizon"


@dataclass(frozen=True, slots=True)
class Scope:
    """What was established, one line per kind of evidence; empty strings where none."""

    by_rule: str = ""
    everywhere: str = ""
    relations: tuple[str, ...] = ()
    """What the equation rests on besides algebra."""
    trusts: str = ""
    exact: tuple[str, ...] = ()
    vacuous: tuple[str, ...] = ()
    """The shapes tried, where both sides are 0 on all of them: agreement there says little."""
    with_zeros: tuple[str, ...] = ()
    cutoff: str = ""
    probes: str = ""

    def lines(self) -> list[tuple[str, str]]:
        """(kind, text) for each evidence there is."""
        using = f", using {' and '.join(self.relations)}" if self.relations else ""
        found = [("by rule", self.by_rule), ("everywhere", self.everywhere + using), ("trusts", self.trusts),
                 ("by cutoff", self.cutoff), ("exact", ", ".join(self.exact)),
                 ("both sides are 0", ", ".join(self.vacuous)),
                 ("exact, with zeros", "; ".join(self.with_zeros)), ("random points", self.probes)]
        return [(kind, text) for kind, text in found if text]


def reach_of(context: Context) -> str:
    """The horizons and sample sizes of an equation: "every horizon H ≥ 8, every m ≥ 2"."""
    if context.infinite:
        reach = WITHOUT_END
    else:
        reach = f"every horizon H ≥ {context.first}" if context.first else "every horizon"
    return f"{reach}, every m ≥ {context.samples}" if context.samples > 1 else reach


def scope_of(shapes: answers.Equal | None, equation: Equation | None = None, *, by_rule: str = "",
             relations: tuple[str, ...] = ()) -> Scope:
    """The evidence in words; ``shapes`` agreed, ``equation`` is the kernel's, ``by_rule`` what the reason covers."""
    everywhere = trusts = ""
    if equation is not None and not equation.trusts:
        everywhere = f"every finite MDP, {reach_of(equation.context)}, by automata"
        everywhere += ", at θ_old = θ" if at_theta(equation.before, equation.after) else ""
    elif equation is not None:
        trusts = f"{', '.join(sorted(equation.trusts))} (believed, not checked by the kernel)"
    if shapes is None:
        return Scope(by_rule=by_rule, everywhere=everywhere, relations=relations, trusts=trusts)
    horizons = ", ".join(str(horizon) for horizon in shapes.cutoff_horizons)
    cutoff = f"every number of states and actions at H = {horizons}" if horizons else ""
    if shapes.cutoff_samples:
        listed = ", ".join(str(shape) for shape in shapes.cutoff_samples)
        cutoff = "; ".join(part for part in (cutoff, f"every number m of samples on {listed}") if part)

    def shown(shape: Shape) -> str:
        return shape.shown(endless=shapes.endless)

    probes = ", ".join(map(shown, shapes.probes))
    return Scope(
        by_rule=by_rule, everywhere=everywhere, relations=relations, trusts=trusts,
        exact=tuple(map(shown, shapes.exact)),
        vacuous=tuple(map(shown, shapes.vacuous)) if shapes.both_vanish else (), with_zeros=_with_zeros(shapes),
        cutoff=cutoff,
        probes=f"also agreed at {shapes.points} random points modulo 31-bit primes: {probes}" if probes else "")


def _with_zeros(shapes: answers.Equal) -> tuple[str, ...]:
    """The zeros that were tried on the same shapes, said together."""
    by_shapes: dict[tuple[Shape, ...], list[str]] = {}
    for says, tried in shapes.with_zeros:
        by_shapes.setdefault(tried, []).append(says)
    found = []
    for tried, patterns in by_shapes.items():
        listed = ", ".join(shape.shown(endless=shapes.endless) for shape in tried)
        found.append(f"{listed} with {'; '.join(patterns)}")
    return tuple(found)
