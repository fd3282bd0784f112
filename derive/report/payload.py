"""The verdicts as data (schema 2), for JSON and for every other format. Schema 1 had the same keys, and fewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from derive.checking.judgement import Examined, Judgement
from derive.checking.verdict import Estimates, Refuted, SameMean
from derive.codes import KINDS, code_of
from derive.counterexample.claim import Witness
from derive.diagnostics import NOTHING_WRONG, Diagnostic, Fix, exit_status
from derive.language.assumptions import POSSIBLE
from derive.report.findings import findings
from derive.report.refutation import replay
from derive.report.wording import conditions, reason_text, shown_path, why

SCHEMA = 2
ABOUT_NO_VERDICT = (KINDS["free letter"], KINDS["shared term"])


def payload(examined: Sequence[Examined], errors: Sequence[str] = (), diagnostics: Sequence[Diagnostic] | None = None,
            *, strict: bool = False, mends: Mapping[int, Fix] | None = None) -> dict[str, Any]:
    """``{"schema": 2, "ok": ..., "theorems": [...], "errors": [...], "diagnostics": [...]}``, plain data.

    Nothing examined is not ok. ``diagnostics`` are those of the steps, unless others are given; ``mends`` are fixes
    of the steps of one theorem.
    """
    by_theorem = [findings(one, mends) for one in examined]
    told = [found for group in by_theorem for found in group] if diagnostics is None else list(diagnostics)
    ok = bool(examined) and not errors and exit_status(told, strict=strict) == NOTHING_WRONG
    return {"schema": SCHEMA, "ok": ok,
            "theorems": [_theorem(one, found) for one, found in zip(examined, by_theorem, strict=True)],
            "errors": list(errors), "diagnostics": [one.as_data() for one in told]}


def _theorem(one: Examined, found: Sequence[Diagnostic]) -> dict[str, Any]:
    theorem = one.theorem
    return {
        "name": theorem.name,
        "title": theorem.title,
        "file": shown_path(theorem.file),
        "claim": theorem.claim,
        "claim_verdict": one.claim.code,
        "follows": one.follows,
        "reach": one.reach,
        "trusts": sorted(one.trusts),
        "assumptions": [
            {"name": assumption.name, "says": assumption.says, "used": assumption not in one.idle}
            for assumption in theorem.assumes
        ],
        "expected": one.expected,
        "as_claimed": one.as_claimed,
        "line": theorem.line,
        "steps": [_step(step, POSSIBLE in theorem.assumes, _of_step(found, number))
                  for number, step in enumerate(one.steps, 1)],
    }


def _of_step(found: Sequence[Diagnostic], number: int) -> Diagnostic | None:
    """What is said of a step's verdict, which comes before its notes."""
    return next((one for one in found if one.step == number and one.code not in ABOUT_NO_VERDICT), None)


def _step(step: Judgement, possible_only: bool, said: Diagnostic | None) -> dict[str, Any]:
    verdict = step.verdict
    scope = step.scope
    witness = verdict.witness if isinstance(verdict, (Refuted, Estimates, SameMean)) else None
    return {
        "line": step.by.line,
        "column": step.by.column,
        "label": step.by.tag,
        "before": str(step.before),
        "after": str(step.after),
        "reason": reason_text(step),
        "verdict": verdict.code,
        "expected": step.by.expect,
        "scope": dict(scope.lines()) if scope is not None else {},
        "conditions": conditions(step),
        "why": why(step),
        "notes": list(step.notes),
        "counterexample": None if witness is None else _counterexample(witness, step, possible_only),
        "seconds": round(step.seconds, 6),
        **_said(step, said),
    }


def _said(step: Judgement, said: Diagnostic | None) -> dict[str, Any]:
    """The keys that schema 2 adds; of a proved step, its code and nothing else."""
    if said is None:
        return {"code": code_of(step.verdict.code).number, "severity": None, "message": None, "hint": None, "fix": None,
                "span": None}
    data = said.as_data()
    return {key: data[key] or None for key in ("code", "severity", "message", "hint", "fix", "span")}


def _counterexample(witness: Witness, step: Judgement, possible_only: bool) -> dict[str, Any]:
    model, shape = witness.model, witness.model.shape
    return {
        "shape": [shape.states, shape.actions, None if witness.endless else shape.horizon, shape.samples],
        "mu": _texts(model.mu),
        "P": _texts(model.P),
        "r": _texts(model.r),
        "gamma": str(model.gamma),
        "policies": {name: _texts(table) for name, table in model.policies.items()},
        "scores": _texts(model.scores),
        "returns": None if model.returns is None else [
            {"trajectory": list(path), "value": str(value)} for path, value in model.returns.items()],
        "functions": {name: [{"at": list(places), "value": str(value)} for places, value in table.items()]
                      for name, table in model.functions.items()},
        "indices": {str(index): _plain(value) for index, value in witness.indices.items()},
        "left": str(witness.left),
        "right": str(witness.right),
        "exact": witness.exact,
        "replay": replay(witness, step.before, step.after, possible_only=possible_only),
    }


def _texts(value: Any) -> Any:
    return [_texts(entry) for entry in value] if isinstance(value, tuple) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return list(value) if isinstance(value, tuple) else value
