"""A result as text for a terminal, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.estimators.gallery.entry import Entry
from derive.estimators.result import EstimatorResult


def described(result: EstimatorResult, entry: Entry | None = None) -> str:
    """All that is known about one estimator, and what the gallery says of it."""
    if entry is None:
        return str(result)
    first, *rest = str(result).split("\n")
    remark = [f"    note: {entry.remark}"] if entry.remark else []
    return "\n".join([first, f"    {entry.statement}   [{entry.source}]", *rest, *remark])


def compared(results: Sequence[EstimatorResult]) -> str:
    """One line for each estimator: verdict, bias, direction, variance, effective reward."""
    width = max(len("estimator"), *(len(result.name) for result in results))
    said = [words if len(words := result.says) <= 32 else str(result.verdict) for result in results]
    wide = max(len("verdict"), *map(len, said))
    lines = [f"{'estimator':{width}}  {'G':>3} {'verdict':{wide}} {'rel. bias':>10} {'cosine':>8} {'variance':>9}"
             "  H(o)"]
    for result, words in zip(results, said, strict=True):
        bias = "-" if result.relative_bias is None else f"{result.relative_bias:.2g}"
        cosine = "-" if result.cosine is None else f"{result.cosine:.4f}"
        variance = "-" if result.trace_variance is None else f"{result.trace_variance:.4g}"
        effective = " ".join(f"{row.effective:.2f}" for row in result.effective_reward)
        lines.append(f"{result.name:{width}}  {result.at.group:>3} {words:{wide}} {bias:>10} {cosine:>8} {variance:>9}"
                     f"  {effective}")
    return "\n".join(lines)


def listed(entries: Sequence[Entry]) -> str:
    """The gallery, one line each."""
    width = max(len(entry.name) for entry in entries)
    return "\n".join(f"{entry.name:{width}}  {entry.verdict:12}  {entry.statement}" for entry in entries)


def payload(result: EstimatorResult) -> dict[str, Any]:
    """The result for programs (``derive estimator --format json``)."""
    group = result.worst_group
    return {
        "name": result.name, "verdict": result.verdict, "factor": _text(result.factor), "kind": result.kind,
        "known": result.known, "exact": result.exact, "within": result.within, "away": result.away,
        "target": result.target, "probability": result.probability,
        "rewards": list(result.rewards), "lengths": list(result.lengths) if result.lengths else None,
        "effective_reward": [{"prompt": row.prompt, "reward": row.reward, "length": row.length,
                              "effective": row.effective, "wanted": row.wanted} for row in result.effective_reward],
        "relative_bias": result.relative_bias, "cosine": result.cosine, "trace_variance": result.trace_variance,
        "worst_group": None if group is None else {
            "rewards": list(group.rewards), "lengths": list(group.lengths) if group.lengths else None,
            "probability": group.probability, "advantages": list(group.coefficients)},
        "curl": result.curl,
        "groups": [{"group": row.group, "verdict": row.verdict, "factor": _text(row.factor), "kind": row.kind,
                    **({"where": row.where} if row.where else {})}
                   for row in result.groups],
        "notes": list(result.notes),
    }


def _text(factor: object) -> str | None:
    return None if factor is None else str(factor)
