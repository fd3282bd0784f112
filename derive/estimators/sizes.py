"""A factor over several group sizes: the term in G that fits the numbers found, said as a fit and not as a theorem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isclose, sqrt

from derive.estimators.result import Factor, GroupResult, Kind

TERMS: Mapping[str, Callable[[int], float]] = {
    "(G-1)/G": lambda size: (size - 1) / size,
    "G/(G-1)": lambda size: size / (size - 1),
    "(G-2)/(G-1)": lambda size: (size - 2) / (size - 1),
    "1/G": lambda size: 1 / size,
    "1/(G-1)": lambda size: 1 / (size - 1),
    "G": lambda size: float(size),
    "G-1": lambda size: float(size - 1),
    "sqrt(G)": lambda size: sqrt(size),
    "1/sqrt(G)": lambda size: 1 / sqrt(size),
}


def fitted(rows: Sequence[GroupResult]) -> tuple[Factor | None, Kind | None]:
    """(the factor of one size, or the term that fits several; ``constant`` only if it is for each size)."""
    factors = [row.factor for row in rows]
    if not rows or any(factor is None for factor in factors):
        return None, None
    known = [factor for factor in factors if factor is not None]
    if any(row.kind == "model-dependent" for row in rows):
        return (known[0] if len(set(map(str, known))) == 1 else _listed(rows)), "model-dependent"
    values = [factor.value for factor in known if factor.value is not None]
    if len(set(map(str, known))) == 1:
        return known[0], "constant"
    for text, term in TERMS.items():
        if all(row.group > 1 and isclose(term(row.group), value, rel_tol=1e-9, abs_tol=1e-12)
               for row, value in zip(rows, values, strict=True)):
            return Factor(f"{text}, fits {_sizes(rows)}"), "constant"
    return _listed(rows), "constant"


def _listed(rows: Sequence[GroupResult]) -> Factor:
    factors = [str(row.factor) for row in rows]
    separator = "; " if any("," in one or " " in one for one in factors) else ", "
    return Factor(f"{separator.join(factors)} at {_sizes(rows)}")


def _sizes(rows: Sequence[GroupResult]) -> str:
    return f"G = {', '.join(str(row.group) for row in rows)}"
