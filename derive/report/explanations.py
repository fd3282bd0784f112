"""What ``derive explain`` says about a rule or a code."""

from __future__ import annotations

from textwrap import fill

from derive.assumptions import VOCABULARY
from derive.codes import CODES, Code
from derive.errors import BadInput
from derive.rules import RULES, Rule, automata


def overview() -> str:
    """All rules, codes and assumptions, one line each."""
    width = max(len(rule.name) for rule in RULES)
    lines = ["Rules (by(NAME)):"] + [f"  {rule.name:<{width}}  {rule.statement}" for rule in RULES]
    lines += ["", "Decided without a rule (by(automata)):", f"  {automata.name:<{width}}  {automata.statement}"]
    lines += ["", "Codes:"] + [f"  {code.number}  {code.headline}" for code in CODES]
    lines += ["", "Assumptions:"] + [f"  {one.name:<{width}}  {one.says}" for one in VOCABULARY]
    return "\n".join(lines)


def explanation(subject: str) -> str:
    """A rule by its name, or a code by its number or verdict.

    Raises:
        BadInput: for anything else, naming what is near.
    """
    wanted = subject.strip().lower().replace(" ", "_").replace("-", "_")
    for rule in RULES:
        if wanted == rule.name:
            return _rule(rule)
    if wanted == automata.name:
        return f"{automata.name}\n\n{fill(automata.statement, 96)}"
    for code in CODES:
        if wanted in (code.number.lower(), code.verdict.replace("-", "_")) and wanted:
            return _code(code)
    near = [rule.name for rule in RULES if any(word in rule.name for word in wanted.split("_") if len(word) > 2)]
    hint = f" Near: {', '.join(near)}." if near else ""
    raise BadInput(f"{subject}: no rule and no code of that name.{hint} `derive explain` lists them.")


def _rule(rule: Rule) -> str:
    takes, refuses = rule.takes(), rule.refuses()
    lines = [rule.name, "", f"  {rule.statement}", "", fill(f"Proof. {rule.proof}", 96), "",
             fill(f"Requires: {rule.conditions}.", 96), f"Holds for: {rule.holds_for}."]
    if rule.assumes:
        lines.append(f"Assumes: {', '.join(one.name for one in rule.assumes)}.")
    lines += ["", "Takes:", f"    {takes[0]}", f"  = {takes[1]}", "", "Refuses:", f"    {refuses[0]}",
              f"  = {refuses[1]}"]
    return "\n".join(lines)


def _code(code: Code) -> str:
    return f"{code.number}: {code.headline}\n\n{fill(code.explanation, 96)}"
