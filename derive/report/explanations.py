"""What ``derive explain`` says about a rule or a code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from textwrap import fill, wrap

import derive  # its names only
from derive.checking.foreign_words import WORDS
from derive.codes import CODES, Code
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.language.assumptions import FAMILIES, VOCABULARY
from derive.report.words import WIDTH, of_word
from derive.rules import RULES, Rule, automata

SCOPE = """\
What the lines below a proved theorem say, one for each kind of evidence (derive check -v):

  by rule            the models for which the written proof of the stated rule holds
  everywhere         the kernel has made an equation of the step: every finite MDP, the horizons named;
                     "using" names the relations, such as Σ_a π = 1, without which it would not show
  trusts             what was believed and not checked by the kernel
  by cutoff          every number of states and actions, at the horizons named
  exact              shapes (|S|,|A|,H) on which both sides are the same rational function of all
                     probabilities, rewards and scores; (|S|,|A|,∞) without a last decision
  exact, with zeros  the same where probabilities were set to 0 beforehand
  both sides are 0   shapes on which there was nothing to see: agreement there says little
  random points      larger shapes, at random points modulo primes: this proves nothing

What stands beside an assumption: (idle) the kernel finds every verdict without it;
(not known to be needed) nobody can tell."""

STATUS = """\
Exit status of derive check; the largest wins:

  0  everything is as claimed; warnings are allowed, unless --strict
  1  something is not as claimed, or there is a warning under --strict
  2  a file could not be read, ran out of time or memory, crashed, or holds no theorem
  3  a defect of derive; please report it

130: it was interrupted, and says what was settled until then"""


def overview() -> str:
    """All rules, codes and assumptions, one line each."""
    lines = ["Rules (by(NAME)):", *_columns((rule.python, rule.statement) for rule in RULES)]
    lines += ["", "Decided without a rule (by(automata)):", *_columns([(automata.name, automata.statement)])]
    lines += ["", "Codes:", *_columns((code.number, code.headline) for code in sorted(CODES, key=lambda c: c.number))]
    lines += ["", "Other names that a proof may import:", *wrap(
        ", ".join(_other_names()), WIDTH, initial_indent="  ", subsequent_indent="  ")]
    assumed = [(one.name, one.says) for one in VOCABULARY]
    lines += ["", "Assumptions:", *_columns([*assumed, *FAMILIES.items()])]
    lines += ["", "Also: derive explain scope, derive explain status."]
    return "\n".join(lines)


def _other_names() -> list[str]:
    """The names that a proof may import and no list above has."""
    listed = {rule.python for rule in RULES} | {one.name for one in VOCABULARY}
    listed |= {name.partition("(")[0] for name in FAMILIES} | {automata.name, "main", "__version__"}
    return sorted((name for name in derive.__all__ if name not in listed and "verdict" not in str(
        getattr(getattr(derive, name), "__module__", ""))), key=str.lower)


def _columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Names, and what they say beside them, at one column."""
    listed = list(rows)
    width = max(len(name) for name, _ in listed)
    return [line for name, says in listed for line in wrap(
        f"  {name:<{width}}  {says}", WIDTH, subsequent_indent=" " * (width + 4), break_long_words=False,
        break_on_hyphens=False)]


def explanation(subject: str, theorems: Sequence[str] = ()) -> str:
    """A rule by its name, a code by its number or verdict, an assumption, a name of a proof, ``scope`` or ``status``.

    ``by(...)`` around it says nothing more. ``theorems`` are names that ``derive show`` knows.

    Raises:
        BadInput: for anything else, naming what is near.
    """
    subject = _reason(subject.strip())
    wanted = subject.lower().replace(" ", "_").replace("-", "_").split("(")[0]
    by_name = {rule.name: rule for rule in RULES} | {rule.python.lower(): rule for rule in RULES}
    if wanted in ("scope", "status", "exit_status"):
        return SCOPE if wanted == "scope" else STATUS
    if wanted == "definition":
        inside = [rule for rule in RULES if rule.spelling]
        one = by_name.get(subject.lower())
        return _rule(one) if one is not None else "\n".join(
            ["by(definition(X)) puts what X stands for in its place:", "",
             *(f"  {rule.python:<22}  {rule.statement}" for rule in inside)])
    if wanted in by_name:
        return _rule(by_name[wanted])
    if wanted == automata.name:
        return f"{automata.name}\n\n{fill(automata.statement, WIDTH)}"
    for code in CODES:
        if wanted and wanted in (code.number.lower(), code.verdict.replace("-", "_")):
            return _code(code)
    for assumption in VOCABULARY:
        if wanted == assumption.name.split("(")[0]:
            return f"{assumption.name}\n\n{fill(assumption.says, WIDTH)}\n\nassumes=[{assumption.name}]"
    for name, says in FAMILIES.items():
        if wanted == name.split("(")[0]:
            return f"{name}\n\n{fill(says, WIDTH)}\n\nassumes=[{name}]"
    word = re.split(r"[\[(.]", subject, maxsplit=1)[0]
    if (found := of_word(word)) is not None:
        return found
    for spelled in (word, wanted):
        if spelled in WORDS:
            return f"{word}: {WORDS[spelled]}"
    if wanted in theorems:
        return f"{wanted} is a theorem: derive show {wanted} prints it, derive check {wanted} checks it."
    raise BadInput(f"{visible(subject)}: no rule, code, assumption or word of that name.{_near(wanted, theorems)} "
                   "`derive explain` lists them.")


def _reason(subject: str) -> str:
    """What stands in ``by(...)``, and is explained by itself."""
    found = re.fullmatch(r"by\((.+)\)", subject)
    return found[1].strip() if found is not None else subject


def _near(wanted: str, theorems: Sequence[str]) -> str:
    """Names like the wanted one: with a word of it, or a letter or two apart."""
    words = {name.lower(): name for name in [*theorems, *WORDS, *derive.__all__]}
    names = [rule.name for rule in RULES] + [one.name for one in VOCABULARY]
    near = [words[wanted]] if wanted in words else []
    near = near or [words.get(one, one) for one in get_close_matches(wanted, [*names, *words], 3, 0.8)]
    near = near or [name for name in names if any(word in name for word in wanted.split("_") if len(word) > 2)]
    near = near or [words.get(one, one) for one in get_close_matches(wanted, [*names, *words], 3)]
    return f" Near: {', '.join(near)}." if near else ""


def _rule(rule: Rule) -> str:
    takes, refuses = rule.takes(), rule.refuses()
    lines = [f"{rule.name}, written by({rule.python})", "", f"  {rule.statement}", "",
             fill(f"Proof. {rule.proof}", WIDTH), "", fill(f"Requires: {rule.conditions}.", WIDTH),
             f"Holds for: {rule.holds_for}."]
    if rule.assumes:
        lines.append(f"Assumes: {', '.join(one.name for one in rule.assumes)}.")
    lines += ["", "Takes:", f"    {takes[0]}", f"  = {takes[1]}", "", "Refuses:", f"    {refuses[0]}",
              f"  = {refuses[1]}"]
    return "\n".join(lines)


def _code(code: Code) -> str:
    return f"{code.number}: {code.headline}\n\n{fill(code.explanation, WIDTH)}"
