"""Certificates: what the kernel alone needs to make the equations of a proof again.

A certificate holds, for every step, its verdict and, where that claims an equation, the expanded
terms, the assumptions as a context, and the evidence. ``derive.certificates.verify`` reads nothing else.
``against`` compares the terms with those of a proof, so that a certificate is about that proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sympy import Expr

from derive.certificates.verify import SCHEMA
from derive.checking.judgement import Examined, Judgement
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, Malformed, Proved, Refuted, SameMean
from derive.errors import MalformedTerm, OutsideFragment, WorkLimit
from derive.kernel.contexts import to_data as context_data
from derive.kernel.terms import to_data
from derive.language.terms import Batch, Expect, Law
from derive.language.vocabulary import pi
from derive.procedures.encoding import Encoding, context_of

KNOWN_TO_BE_WRONG = (Refuted.code, Malformed.code)
"""The verdicts that are no lack of evidence."""


def certificate(examined: Sequence[Examined]) -> dict[str, Any]:
    """The certificate of theorems that were examined, as plain data."""
    return {"schema": SCHEMA, "theorems": [_theorem(one) for one in examined]}


def _theorem(one: Examined) -> dict[str, Any]:
    return {"name": one.theorem.name, "file": Path(one.theorem.file).name,
            "steps": [_step(number, step, one.theorem) for number, step in enumerate(one.steps, 1)]}


def _step(number: int, step: Judgement, theorem: Theorem) -> dict[str, Any]:
    return {"step": number, "line": step.by.line, "label": step.by.tag, "verdict": step.verdict.code,
            "claim": _claim(step, theorem)}


def _claim(step: Judgement, theorem: Theorem) -> dict[str, Any] | None:
    """The equation that the verdict claims, with its evidence; None where a rule was believed or none is claimed."""
    match step.verdict:
        case Proved(equation):
            of = "sides"
        case Estimates(means=equation) | SameMean(means=equation):
            of = "means"
        case _:
            return None
    if step.evidence is None or equation.trusts:
        return None
    return {"of": of, "before": to_data(equation.before), "after": to_data(equation.after),
            "context": context_data(context_of(theorem.assumes, infinite=theorem.endless)),
            "evidence": _evidence(dict(step.evidence))}


def _evidence(evidence: dict[str, Any]) -> dict[str, Any]:
    if evidence["by"] == "closure":
        return {"by": "closure", "policy": evidence["policy"],
                "certificate": {key: value for key, value in evidence.items() if key not in ("by", "policy")}}
    if evidence["by"] == "normal form":
        coordinates = evidence["coordinates"]
        return {"by": "normal form", "coordinates": None if coordinates is None else to_data(coordinates)}
    if evidence["by"] == "parts":
        return {"by": "parts", "links": [{**one, "evidence": _evidence(one["evidence"])} for one in evidence["links"]]}
    if evidence["by"] == "letters":
        return {**evidence, "evidence": _evidence(evidence["evidence"])}
    return {"by": "same"}


# -- against a proof ------------------------------------------------------------------------------------


def against(data: dict[str, Any], theorems: Sequence[Theorem], *, partial: bool = False) -> list[tuple[str, str]]:
    """What differs between a certificate and the proofs it claims to be about: terms, assumptions, what is missing.

    A step that the proof claims and the certificate has no equation for is missing, unless ``partial``: then only
    one that is known to be wrong is.
    """
    known = {(theorem.name, Path(theorem.file).name): theorem for theorem in theorems}
    entries = {(entry["name"], entry["file"]): entry for entry in data["theorems"]}
    files = {entry["name"]: str(entry["file"]) for key, entry in entries.items() if key not in known}
    missing = {theorem.name: Path(theorem.file).name for key, theorem in known.items() if key not in entries}
    found = [(name, f"the certificate is of the file {files[name]}, this is {file}" if name in files
              else "is not in the certificate") for name, file in missing.items()]
    for key, entry in entries.items():
        if key not in known and entry["name"] in missing:
            continue
        if key not in known:
            found.append((str(entry["name"]), "no theorem of that name in the proof"))
        else:
            found += [(f"{entry['name']}{place}", text) for place, text in _compared(entry, known[key], partial)]
    return found


def _compared(entry: dict[str, Any], theorem: Theorem, partial: bool) -> list[tuple[str, str]]:
    terms = theorem.chain.terms
    if len(entry["steps"]) != len(terms) - 1:
        return [("", f"the proof has {len(terms) - 1} steps, the certificate {len(entry['steps'])}")]
    encoding = Encoding(theorem.assumes, infinite=theorem.endless)
    assumed = context_data(context_of(theorem.assumes, infinite=theorem.endless))
    outcomes = []
    for step, reason, before, after in zip(entry["steps"], theorem.chain.reasons, terms, terms[1:], strict=False):
        place, claim = f" step {step['step']}", step["claim"]
        if (step["line"], step["label"]) != (reason.line, reason.tag):
            outcomes.append((place, "the line or the label is not that of the proof"))
        unknown = claim is None and step["verdict"] not in KNOWN_TO_BE_WRONG
        if step["verdict"] != reason.expect and not (partial and unknown):
            outcomes.append((place, f"the proof claims {reason.expect}, the certificate has {step['verdict']}"))
        if claim is None:
            continue
        sides = (before, after) if claim["of"] == "sides" else tuple(map(_mean_of, (before, after)))
        try:
            own = [to_data(encoding.term(side)) for side in sides]
        except (OutsideFragment, MalformedTerm, WorkLimit) as outside:
            outcomes.append((place, f"the proof's term has no form in the kernel: {outside}"))
            continue
        if sorted(map(str, own)) != sorted(map(str, (claim["before"], claim["after"]))):
            outcomes.append((place, "the terms are not those of the proof"))
        if claim["context"] != assumed:
            outcomes.append((place, "the assumptions are not those of the proof"))
    return outcomes


def _mean_of(term: Expr) -> Expr:
    for batch in sorted((index for index in term.free_symbols if isinstance(index, Batch)), key=str):
        term = Expect(batch, Law(pi), term)
    return term
