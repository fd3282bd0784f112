"""A result as text for a terminal, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.estimators.gallery.entry import Entry
from derive.estimators.result import Effective, EstimatorResult, GroupResult, WorstGroup

SHOWN_ADVANTAGES = 16
SHOWN_ROWS = 16


def verdict(result: EstimatorResult | GroupResult) -> str:
    """The verdict with its factor, such as ``proportional, factor 3/4``, and up to which size and where it holds."""
    words: str = result.verdict
    if result.verdict != "unbiased" and result.factor is not None:
        words += f", factor {result.factor}"
    if result.kind == "model-dependent":
        words += " (model-dependent)"
    if result.within is not None:
        words += f", within {result.within:.0e} (floats)"
    if isinstance(result, EstimatorResult) and result.away not in (None, result.verdict):
        words += f", where old and π agree ({result.away} away from there)"
    return words


def described(result: EstimatorResult, entry: Entry | None = None) -> str:
    """All that is known about one estimator."""
    lines = [f"{result.name}: {verdict(result)}"]
    if entry is not None:
        lines.append(f"    {entry.statement}   [{entry.source}]")
    lines.append(f"    known: {result.known}")
    if result.target != "J":
        lines.append(f"    against the gradient of {result.target}")
    if len(result.groups) > 1:
        lines += [f"    {', '.join(filter(None, (f'G = {row.group}', row.where)))}: {verdict(row)}"
                  for row in result.groups]
    if result.probability is not None:
        lines.append(f"    undefined with probability {result.probability}")
    if result.relative_bias is not None and result.trace_variance is not None:
        cosine = "none" if result.cosine is None else f"{result.cosine:.4f}"
        lines.append(f"    at G = {result.at.group}: relative bias {result.relative_bias:.2g}, cosine {cosine}, "
                     f"trace variance {result.trace_variance:.4g}")
    lines += _table(result)
    if result.worst_group is not None and result.verdict not in ("unbiased", "no gradient"):
        lines.append(f"    worst group: {worst(result.worst_group)}")
    if result.curl != "not asked":
        lines.append(f"    {result.curl}")
    lines += [f"    note: {note}" for note in (*result.notes, *((entry.remark,) if entry and entry.remark else ()))]
    return "\n".join(lines)


def _table(result: EstimatorResult) -> list[str]:
    if not result.effective_reward:
        return []
    several = max(row.prompt for row in result.effective_reward) > 0
    lines = ["    effective reward: what is climbed, H(o), next to what should be, both without their means",
             f"        {'reward':>14}{'H(o)':>12}{'wanted':>12}"]
    shown = result.effective_reward
    if len(shown) > SHOWN_ROWS:
        shown = tuple(sorted(shown, key=lambda row: abs(row.effective - row.wanted))[-SHOWN_ROWS:])
        lines[0] += f"; the {SHOWN_ROWS} of {len(result.effective_reward)} rows that differ most"
    for row in shown:
        lines.append(f"        {outcome(row, several=several):>14}{row.effective:12.4f}{row.wanted:12.4f}")
    return lines


def outcome(row: Effective, *, several: bool) -> str:
    """The response that a row of the effective-reward table is about; ``several`` is whether there are prompts."""
    name = row.reward + (f", length {row.length}" if row.length is not None else "")
    return f"prompt {row.prompt + 1}: {name}" if several else name


def worst(group: WorstGroup) -> str:
    """The worst group in one line."""
    text = f"rewards {', '.join(group.rewards)}"
    if group.lengths is not None:
        text += f", lengths {', '.join(map(str, group.lengths))}"
    shown = ", ".join(f"{number:.3g}" for number in group.coefficients[:SHOWN_ADVANTAGES])
    return f"{text}, probability {group.probability:.3g}: advantages {shown}"


def compared(results: Sequence[EstimatorResult]) -> str:
    """One line for each estimator: verdict, bias, direction, variance, effective reward."""
    width = max(len("estimator"), *(len(result.name) for result in results))
    said = [words if len(words := verdict(result)) <= 32 else str(result.verdict) for result in results]
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
