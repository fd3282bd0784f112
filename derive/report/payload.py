"""The verdicts as JSON (schema 1), for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from derive.assumptions import POSSIBLE
from derive.checking.judgement import Examined, Judgement
from derive.claim import Witness
from derive.report.refutation import replay
from derive.rules.rule import Rule
from derive.verdict import Estimates, NeedsCondition, Refuted, SameMean, Unjustified


def payload(examined: Sequence[Examined], errors: Sequence[str] = ()) -> dict[str, Any]:
    """``{"schema": 1, "ok": ..., "theorems": [...], "errors": [...]}``, plain data. Nothing examined is not ok."""
    ok = bool(examined) and not errors and all(one.as_claimed for one in examined)
    return {"schema": 1, "ok": ok, "theorems": [_theorem(one) for one in examined], "errors": list(errors)}


def _theorem(one: Examined) -> dict[str, Any]:
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
        "steps": [_step(step, POSSIBLE in theorem.assumes) for step in one.steps],
    }


def _step(step: Judgement, possible_only: bool) -> dict[str, Any]:
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
    }


def conditions(step: Judgement) -> list[str]:
    """The side conditions that nothing settles."""
    return list(step.verdict.conditions) if isinstance(step.verdict, NeedsCondition) else []


def why(step: Judgement) -> str | None:
    """The verdict's explanation, where it has one."""
    return getattr(step.verdict, "why", None)


def hint(step: Judgement) -> str:
    """What to try next, where something is known to help."""
    verdict = step.verdict
    if isinstance(verdict, Unjustified):
        return verdict.hint
    if isinstance(verdict, NeedsCondition) and verdict.settled_by:
        names = ["possible(tau)" if name == POSSIBLE.name else name for name in verdict.settled_by]
        return f"assumes=[{', '.join(names)}] settles it"
    return ""


def reason_text(step: Judgement) -> str:
    """The reason as the reader knows it."""
    reason = step.by.reason
    if reason is None:
        return "(no reason given)"
    if isinstance(reason, str):
        return reason
    return reason.name.replace("_", " ") if isinstance(reason, Rule) else reason.title


def shown_path(file: str) -> str:
    """A path relative to the current folder where it lies below it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


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
