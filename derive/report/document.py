"""The report as one LaTeX document: theorems, refuted twins, numbers, rules, versions.

Deterministic: no dates, no places on this machine, nothing that depends on a hash.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from derive import __version__
from derive.checking.judgement import Examined
from derive.checking.verdict import Estimates, Proved, SameMean
from derive.language.expression import subterms
from derive.language.horizons import VALUES
from derive.language.vocabulary import objective as objective_of
from derive.language.vocabulary import pi, tau
from derive.language.vocabulary import trajectory_probability as probability_of
from derive.report.escape import Tex, bookmark, code, literal, prose
from derive.report.formulas import formula
from derive.report.legend import SIGNS, VERDICTS
from derive.report.numbers import Evaluated, centimetres, numbers, path
from derive.report.theorems import REASON, rule_label, section
from derive.rules.rule import Rule

TITLE = "Policy-gradient derivations, checked step by step"
_IN_THE_MEAN = (Estimates.code, SameMean.code)
LIBRARIES = ("sympy", "python-flint", "numpy")


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule that some step names."""

    label: Tex
    name: Tex
    statement: Tex
    proof: Tex
    conditions: Tex


def document(examined: Sequence[Examined], evaluated: Evaluated | None, *, command: str,
             title: str = TITLE) -> str:
    """The LaTeX source of the report; ``command`` is what reproduces it.

    Raises:
        BadInput: if a name in a formula cannot be set.
    """
    labels = {one.theorem: Tex(f"theorem:{number}") for number, one in enumerate(examined, 1)}
    sections = [(one, section(one, labels)) for one in examined]
    return environment().get_template("report.tex").render(
        title=literal(title), plain_title=bookmark(title), reason_width=Tex(f"{REASON:.0f}pt"),
        objective=formula(objective_of(pi)), probability=formula(probability_of(pi, tau)),
        theorems=[shown for one, shown in sections if one.expected == Proved.code],
        means=[shown for one, shown in sections if one.expected in _IN_THE_MEAN],
        twins=[shown for one, shown in sections if one.expected not in (Proved.code, *_IN_THE_MEAN)],
        numbers=None if evaluated is None else numbers(evaluated),
        valued=any(isinstance(node, VALUES) for one in examined for term in one.theorem.chain.terms
                   for node in subterms(term)),
        endless=any(one.theorem.endless for one in examined),
        verdicts=[(literal(word), Tex(colour), prose(says)) for word, colour, says in VERDICTS], signs=prose(SIGNS),
        rules=_rules(examined), command=code(command),
        versions=[(literal(name), literal(number)) for name, number in versions()],
    )


def environment(package: str = "derive.report") -> Environment:
    """Templates of a package, with LaTeX-safe delimiters; a missing name, or text that is not LaTeX, is an error."""
    made = Environment(
        loader=PackageLoader(package, "templates"),
        block_start_string=r"\BLOCK{", block_end_string="}", variable_start_string=r"\VAR{", variable_end_string="}",
        comment_start_string=r"\#{", comment_end_string="}", trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined, autoescape=False, finalize=_only_latex, keep_trailing_newline=True,
    )
    made.filters |= {"literal": literal, "path": path, "cm": centimetres}
    return made


def _only_latex(value: Any) -> Any:
    if isinstance(value, (Tex, int)):
        return value
    if isinstance(value, StrictUndefined):
        return str(value)  # raises, naming what is missing
    raise TypeError(f"{value!r} is not marked as LaTeX; pass it through derive.report.escape")


def rules_used(examined: Sequence[Examined]) -> list[Rule]:
    """The rules that the chains name, in the order of their first use."""
    used: dict[str, Rule] = {}
    for one in examined:
        for step in one.steps:
            if isinstance(step.by.reason, Rule):
                used.setdefault(step.by.reason.name, step.by.reason)
    return list(used.values())


def _rules(examined: Sequence[Examined]) -> list[RuleEntry]:
    return [RuleEntry(rule_label(rule), literal(str(rule)), prose(rule.statement, words=frozenset()),
                      prose(rule.proof), prose(rule.conditions)) for rule in rules_used(examined)]


def versions() -> list[tuple[str, str]]:
    """What a report was made with."""
    found = [("derive", __version__), ("python", platform.python_version())]
    for name in LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "unknown"))
    return found

