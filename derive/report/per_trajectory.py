"""Both sides of a refuted step trajectory by trajectory, on the counterexample: where the sums part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Expr

from derive.checking.judgement import Examined, Judgement
from derive.counterexample.claim import Claim, Witness
from derive.errors import DeriveError
from derive.language.assumptions import POSSIBLE
from derive.language.binding import Index
from derive.language.expression import Plus, Ratio, Times
from derive.language.models import Path
from derive.language.terms import Everything, Expect, Grad, Law, Objective, Total, Trajectory
from derive.language.vocabulary import P, R, pi

MOST_TRAJECTORIES = 16
LETTER = "τ'"
"""A trajectory that no proof has a letter for."""


@dataclass(frozen=True, slots=True)
class Share:
    """One trajectory, and what it gives to the left and to the right side."""

    path: Path
    left: Fraction
    right: Fraction


def claim_of(one: Examined, step: Judgement) -> Claim:
    """A step with the class of models that its theorem speaks of."""
    assumptions = frozenset(one.theorem.assumes)
    return Claim(step.before, step.after, assumptions, POSSIBLE in assumptions, one.theorem.endless)


def shares(claim: Claim, witness: Witness) -> tuple[Share, ...]:
    """What each trajectory gives to both sides; empty unless both are sums over trajectories, and there are few.

    Trajectories that give nothing to either side are left out. The shares of a side add up to it.
    """
    model = witness.model
    if witness.endless or not witness.exact or model.shape.trajectories > MOST_TRAJECTORIES:
        return ()
    letter = Trajectory(LETTER)
    before, after = (summand(side, letter) for side in (claim.before, claim.after))
    if before is None or after is None:
        return ()
    inside = Claim(before, after, claim.assumptions, claim.possible_only, claim.endless)
    try:
        found = tuple(_share(inside, witness, letter, path) for path in model.shape.paths())
    except DeriveError:
        return ()
    if (sum(one.left for one in found), sum(one.right for one in found)) != (witness.left, witness.right):
        return ()  # a sum over the possible trajectories, and one that is not
    return tuple(one for one in found if one.left or one.right)


def _share(inside: Claim, witness: Witness, letter: Trajectory, path: Path) -> Share:
    indices: Mapping[Index, Any] = {**witness.indices, letter: path}
    left, right = inside.computed(witness.model, indices)
    return Share(path, left, right)


def summand(side: Expr, letter: Trajectory) -> Expr | None:
    """What stands under the sum over trajectories that a side is; None for another form.

    E_τ[f] is Σ_τ P(τ) f, J is Σ_τ P(τ) R(τ), a gradient goes inside, and so does a factor without a trajectory.
    """
    match side:
        case Total(index=Trajectory(), domain=Everything()):
            return side.instantiated(letter)
        case Expect(index=Trajectory(), domain=Law(args=(policy,))):
            return P(letter, policy=policy) * side.instantiated(letter)
        case Objective(args=(policy,)):
            return P(letter, policy=policy) * R(letter) if policy == pi else None
        case Grad(args=(inner,)):
            body = summand(inner, letter)
            return None if body is None else Grad(body)
        case Plus():
            bodies = [summand(part, letter) for part in side.args]
            return None if any(body is None for body in bodies) else Plus(*bodies)
        case Times():
            sums = [(place, body) for place, part in enumerate(side.args)
                    if (body := summand(part, letter)) is not None]
            if len(sums) != 1:
                return None
            (place, body), = sums
            return Times(*side.args[:place], body, *side.args[place + 1 :])
        case Ratio(args=(above, below)):
            body = summand(above, letter)
            return None if body is None else Ratio(body, below)
    return None


def share_lines(found: tuple[Share, ...], left: Fraction, right: Fraction) -> Iterator[str]:
    """A table of them, with the sums below."""
    if not found:
        return
    rows = [(_shown(one.path), str(one.left), str(one.right)) for one in found] + [("sum", str(left), str(right))]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    yield "what each trajectory (s_0, a_0, ..., s_{H+1}) gives:"
    for name, one, other in rows:
        mark = "  <- here they part" if one != other and name != "sum" else ""
        yield f"  {name:<{widths[0]}}  left {one:<{widths[1]}}  right {other:<{widths[2]}}{mark}".rstrip()


def _shown(path: Path) -> str:
    return f"({', '.join(map(str, path))})"
