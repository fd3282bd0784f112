"""Certificates: what an independent checker needs to see that steps hold everywhere.

A certificate names, for every step, its file, line and both terms as source text, and the
closures of the automata decision. ``derive.verify`` re-checks the closures; ``against``
recompiles the terms of a proof and compares, so that a certificate cannot be attached to
another step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from derive.assumptions import Assumption, check_step
from derive.derivation import Theorem
from derive.errors import MalformedTerm, OutsideFragment, WorkLimit
from derive.language.source import source
from derive.procedures.automata import Monomial
from derive.procedures.closure import Closure, Difference
from derive.procedures.everywhere import (
    Coordinates,
    Everywhere,
    ProductGap,
    Sides,
    decide_everywhere,
    differences,
    product_of,
)
from derive.procedures.spans import Identity, Vector
from derive.verify import SCHEMA


def certificate(theorems: Sequence[Theorem]) -> dict[str, Any]:
    """The certificate of all steps that the automata decide, as plain data."""
    return {"schema": SCHEMA, "theorems": [_theorem(theorem) for theorem in theorems]}


def _theorem(theorem: Theorem) -> dict[str, Any]:
    chain, steps = theorem.chain, []
    for number, (before, after) in enumerate(zip(chain.terms, chain.terms[1:], strict=False), 1):
        decision = _decision(before, after, theorem.assumes, endless=theorem.endless)
        shown = decision if isinstance(decision, Everywhere) and decision.closures is not None else None
        steps.append({
            "step": number, "line": chain.reasons[number - 1].line, "label": chain.reasons[number - 1].tag,
            "before": source(before), "after": source(after),
            "coordinates": list(shown.coordinates) if shown and shown.coordinates else None,
            "product": _product(shown.product) if shown and shown.product else None,
            "closures": [_closure(one) for one in shown.closures or ()] if shown else None,
        })
    return {"name": theorem.name, "file": Path(theorem.file).name,
            "assumptions": sorted(one.name for one in theorem.assumes), "steps": steps}


def _decision(before: Any, after: Any, assumptions: Sequence[Assumption], *, endless: bool) -> Any:
    """The automata decision; None for a line that has no meaning."""
    try:
        check_step(before, after, assumptions, endless=endless)
    except MalformedTerm:
        return None
    return decide_everywhere(before, after, assumptions, sides=Sides(assumptions, endless=endless))


def _closure(closure: Closure) -> dict[str, Any]:
    numbers = {letter: number for number, letter in enumerate(closure.difference.letters)}
    return {
        **_difference(closure.difference),
        "rows": [_vector(row) for row in closure.rows],
        "columns": [_vector(column) for column in closure.columns],
        "steps": [{"row": row, "letter": numbers[letter], **_identity(one)} for letter, row, one in closure.steps],
        "units": [_identity(one) for one in closure.units],
        "determinant": _polynomial(closure.determinant) if closure.determinant is not None else None,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "each": difference.each,
        "endless": difference.endless,
        "start": _vector(difference.start),
        "letters": [
            {"letter": _letter(letter), "arrows": [[p, q, _polynomial(w)] for (p, q), w in sorted(arrows.items())]}
            for letter, arrows in difference.letters.items()
        ],
        "ends": [{"end": _letter(end), "column": _vector(column)} for end, column in difference.ends.items()],
    }


def _product(product: ProductGap) -> dict[str, Any]:
    return {
        "polynomial": [[list(sums), _polynomial(weight)] for sums, weight in sorted(product.polynomial.items())],
        "relations": [{"number": one.number, "factor": _polynomial(one.factor), "of": _vector(dict(one.of))}
                      for one in product.relations],
    }


def _letter(letter: Monomial) -> list[list[Any]]:
    return [[*symbol, exponent] for symbol, exponent in letter]


def _polynomial(value: Any) -> list[list[int]]:
    return [[int(g), int(m), int(c)] for (g, m), c in sorted(value.to_dict().items())]


def _vector(values: Vector) -> list[list[Any]]:
    return [[place, _polynomial(value)] for place, value in sorted(values.items())]


def _identity(one: Identity) -> dict[str, Any]:
    return {"factor": _polynomial(one.factor), "of": _vector(one.coefficients)}


# -- against a proof ------------------------------------------------------------------------------------


def against(data: dict[str, Any], theorems: Sequence[Theorem]) -> list[tuple[str, str]]:
    """What differs between a certificate and the proofs it claims to be about, step by step."""
    known = {theorem.name: theorem for theorem in theorems}
    outcomes = []
    for entry in data["theorems"]:
        theorem = known.get(entry["name"])
        if theorem is None:
            outcomes.append((str(entry["name"]), "no theorem of that name in the proof"))
            continue
        outcomes += [(f"{entry['name']} step {number}", text) for number, text in _compared(entry, theorem)]
    return outcomes


def _compared(entry: dict[str, Any], theorem: Theorem) -> list[tuple[int, str]]:
    terms = theorem.chain.terms
    if len(entry["steps"]) != len(terms) - 1:
        return [(0, f"the proof has {len(terms) - 1} steps, the certificate {len(entry['steps'])}")]
    if entry["assumptions"] != sorted(one.name for one in theorem.assumes):
        return [(0, "the assumptions are not those of the proof")]
    outcomes = []
    for number, (step, before, after) in enumerate(zip(entry["steps"], terms, terms[1:], strict=False), 1):
        if (step["before"], step["after"]) != (source(before), source(after)):
            outcomes.append((number, "the terms are not those of the proof"))
        elif step["closures"] is not None and not _same_automata(step, before, after, theorem):
            outcomes.append((number, "the automata are not those of the terms"))
    return outcomes


def _same_automata(step: Any, before: Any, after: Any, theorem: Theorem) -> bool:
    """Recompile the terms and compare: the certificate must be about these automata."""
    sides = Sides(theorem.assumes, endless=theorem.endless)
    closures, coordinates = step["closures"], None
    match step.get("coordinates"):
        case [str() as policy, bool() as unroll]:
            coordinates = Coordinates(policy, unroll)
        case other if other is not None:
            return False
    try:
        compiled = [_difference(one) for one in differences(before, after, (), sides, coordinates)]
        gap = product_of(before, after, sides, coordinates)
    except (OutsideFragment, WorkLimit):
        return False
    plain = [{key: closure.get(key) for key in ("each", "endless", "start", "letters", "ends")} for closure in closures]
    product = _product(gap) if gap is not None else None
    return json.loads(json.dumps([compiled, product])) == [plain, step.get("product")]
