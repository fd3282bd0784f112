"""``derive probe``: every step at random points of one large shape."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved
from derive.errors import BadInput, MalformedTerm, OutsideFragment, WorkLimit
from derive.language.assumptions import check_step
from derive.language.dependence import is_random
from derive.language.models import Shape
from derive.report.terminal import fitted
from derive.transfer.probe import Agreement, probe

LARGEST = (200, 50, 100_000)


def shape_of(text: str) -> Shape:
    """A shape from ``S,A,H``.

    Raises:
        BadInput: if it is not three whole numbers in range.
    """
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() and len(part) < 20 for part in parts):
        raise BadInput(f"--shape {text}: write three whole numbers S,A,H, for example 20,5,200.")
    n, k, h = (int(part) for part in parts)
    if not (1 <= n <= LARGEST[0] and 1 <= k <= LARGEST[1] and h <= LARGEST[2]):
        raise BadInput(f"--shape {text}: at least 1,1,0 and at most {','.join(map(str, LARGEST))}.")
    return Shape(n, k, h)


def probed(console: Console, theorems: Sequence[Theorem], text: str, *, points: int, seed: int) -> bool:
    """Print what each step does there; whether no step that is declared proved differs."""
    shape, good = shape_of(text), True
    for theorem in theorems:
        chain = theorem.chain
        for number, (before, after) in enumerate(zip(chain.terms, chain.terms[1:], strict=False), 1):
            label = chain.reasons[number - 1].tag or f"step {number}"
            if chain.reasons[number - 1].relation is not None:
                fitted(console, f"{theorem.name} {label}: not probed, no equality is claimed")
                continue
            if is_random(before) or is_random(after):
                fitted(console, f"{theorem.name} {label}: not probed, a side is random")
                continue
            try:
                check_step(before, after, theorem.assumes, endless=theorem.endless)
                found = probe(before, after, theorem.assumes, shape, points=points, seed=seed)
            except (MalformedTerm, OutsideFragment, WorkLimit) as outside:
                fitted(console, f"{theorem.name} {label}: not probed, {outside}")
                continue
            fitted(console, f"{theorem.name} {label}: {found}")
            declared = chain.reasons[number - 1].expect == Proved.code
            good = good and (isinstance(found, Agreement) or not declared)
    return good
