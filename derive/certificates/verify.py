"""Re-check a certificate by the kernel alone: the terms are in it, so nothing is compiled and nothing is searched.

Imports the standard library and ``derive.kernel``. What is verified is printed as the statement
that the kernel has made an equation of, so that a reader sees what was shown without the proof file.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derive.certificates.multiplying import refuse_too_many
from derive.certificates.names import refuse_misleading
from derive.kernel.closure import NotShown
from derive.kernel.contexts import from_data as context_from
from derive.kernel.equations import Equation, by_closure, by_normal_form, chained, gap_of, instance, same, under
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed
from derive.kernel.terms import from_data as term_from

SCHEMA = 4
LARGEST = 64_000_000
"""Bytes that a certificate may have."""
STEP = {"step", "line", "label", "verdict", "claim"}
CLAIM = {"of", "before", "after", "context", "evidence"}
EVIDENCE = {"closure": {"by", "policy", "certificate"}, "normal form": {"by", "coordinates"}, "same": {"by"},
            "parts": {"by", "links"}, "letters": {"by", "before", "after", "context", "evidence", "puts"}}
LINK = {"before", "after", "context", "evidence", "wraps"}
"""An equation, and the way from it to the whole of which it is a part."""
MAKE_ONE = "Make one with derive check --certificate FILE."
DEEPEST = 8
EQUATIONS = {"proved": "sides", "estimates": "means", "same-mean": "means"}
"""The verdicts that claim an equation, and of what."""


class NotCertified(Exception):
    """The certificate does not show what it claims; the message says where it breaks."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step: its equation, or why there is none; ``claimed`` if its verdict claims one."""

    name: str
    verdict: str
    equation: Equation | None
    why: str

    @property
    def claimed(self) -> bool:
        return self.verdict in EQUATIONS


def read(path: Path) -> dict[str, Any]:
    """The certificate in a file, as plain data.

    Raises:
        NotCertified: if it is no such file, or holds anything that a certificate does not.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotCertified(f"{path}: not a plain file. {MAKE_ONE}")
        if path.stat().st_size > LARGEST:
            raise NotCertified(f"{path}: more than {LARGEST:,} bytes, which no certificate has. {MAKE_ONE}")
        content = path.read_bytes()
    except OSError as error:
        raise NotCertified(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from None
    try:
        data = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_float=_no_number,
                          parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotCertified(f"{path}: no certificate: {_slip(content, error)}. {MAKE_ONE}") from None
    try:
        check_form(data)
    except NotCertified as wrong:
        raise NotCertified(f"{path}: {wrong}. {MAKE_ONE}") from None
    return dict(data)


def _slip(content: bytes, error: ValueError | RecursionError) -> str:
    """What keeps the content from being read, without the words of Python's JSON reader."""
    match error:
        case json.JSONDecodeError() if not content.strip():
            return "the file is empty"
        case json.JSONDecodeError(lineno=line, colno=column, doc=text, pos=at):
            found = ascii(text[at:at + 20]) if at < len(text) else "the end of the file"
            return f"line {line}, column {column} is not JSON (found {found})"
        case UnicodeDecodeError(start=start):
            return f"byte {start} is no UTF-8"
        case RecursionError():
            return "its lists are nested too deeply"
        case _:
            return str(error)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key that is listed twice")
    return result


def _no_number(text: str) -> Any:
    raise ValueError(f"{text[:20]}, which is no whole number")


def check_form(data: Any) -> None:
    """Raise ``NotCertified`` unless the data has the form of a certificate; what it shows is another question."""

    def need(condition: bool, what: str) -> None:
        if not condition:
            raise NotCertified(f"not a certificate of schema {SCHEMA}: {what}")

    need(type(data) is dict and set(data) == {"schema", "theorems"} and type(data["schema"]) is int
         and data["schema"] == SCHEMA, "the outermost entries")
    need(type(data["theorems"]) is list and bool(data["theorems"]), "it has no theorems")
    seen: set[tuple[str, str]] = set()
    for theorem in data["theorems"]:
        need(type(theorem) is dict and set(theorem) == {"name", "file", "steps"}, "the entries of a theorem")
        need(type(theorem["name"]) is str and type(theorem["file"]) is str, "the name of a theorem")
        need((theorem["name"], theorem["file"]) not in seen, "a theorem that is listed twice")
        seen.add((theorem["name"], theorem["file"]))
        need(type(theorem["steps"]) is list and bool(theorem["steps"]), "a theorem without steps")
        for number, step in enumerate(theorem["steps"], 1):
            need(type(step) is dict and set(step) == STEP, "the entries of a step")
            need(type(step["step"]) is int and step["step"] == number, "the numbers of steps")
            need(type(step["line"]) is int and type(step["verdict"]) is str
                 and type(step["label"]) in (str, type(None)), "the line, label or verdict of a step")
            _check_claim(step, need)


def _check_claim(step: dict[str, Any], need: Any) -> None:
    claim = step["claim"]
    if claim is None:
        return
    need(type(claim) is dict and set(claim) == CLAIM, "the entries of a claim")
    need(claim["of"] == EQUATIONS.get(step["verdict"]), "a claim that does not fit its verdict")
    _check_evidence(claim["evidence"], need, DEEPEST)


def _check_evidence(evidence: Any, need: Any, room: int) -> None:
    need(room and type(evidence) is dict and type(evidence.get("by")) is str and evidence["by"] in EVIDENCE
         and set(evidence) == EVIDENCE[evidence["by"]], "the entries of the evidence")
    if evidence["by"] == "parts":
        need(type(evidence["links"]) is list and bool(evidence["links"]), "the parts of an equation")
        for link in evidence["links"]:
            need(type(link) is dict and set(link) == LINK, "the entries of a part of an equation")
            _check_evidence(link["evidence"], need, room - 1)
    if evidence["by"] == "letters":
        need(type(evidence["puts"]) is list and all(type(one) is list and len(one) == 2 for one in evidence["puts"]),
             "what is put in for letters")
        _check_evidence(evidence["evidence"], need, room - 1)


def remade(claim: dict[str, Any]) -> Equation:
    """The equation of a claim, made again by the kernel.

    Raises:
        NotCertified: saying why there is none.
    """
    try:
        context = context_from(claim["context"])
        before, after = term_from(claim["before"]), term_from(claim["after"])
        refuse_misleading(context, before, after)
        refuse_too_many(before, after)
        evidence = claim["evidence"]
        if evidence["by"] == "closure":
            policy = evidence["policy"]
            equation = by_closure(gap_of(context, before, after, policy), evidence["certificate"])
        elif evidence["by"] == "normal form":
            coordinates = evidence["coordinates"]
            equation = by_normal_form(context, before, after,
                                      None if coordinates is None else term_from(coordinates))
        elif evidence["by"] == "parts":
            equation = instance(_in_parts(evidence["links"]), {}, context)
            if (equation.before, equation.after) != (before, after):
                raise NotShown("the parts do not lead from one side to the other")
        elif evidence["by"] == "letters":
            puts = [(term_from(letter), term_from(place)) for letter, place in evidence["puts"]]
            if len(dict(puts)) != len(puts):
                raise NotShown("a letter that is put in twice")
            equation = instance(remade(evidence), dict(puts), context)
            if (equation.before, equation.after) != (before, after):
                raise NotShown("what holds for letters is not the claim at these places")
        else:
            if before != after:
                raise NotShown("the sides are not the same term")
            equation = same(context, before)
    except (NotShown, Refused, Malformed) as why:
        raise NotCertified(str(why)) from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError) as wrong:
        raise NotCertified(f"malformed ({type(wrong).__name__})") from None
    if equation.context.owes:
        raise NotCertified("a side may be undefined, which the assumptions do not exclude")
    return equation


def _in_parts(links: list[dict[str, Any]]) -> Equation:
    """Each part made again and put into its whole, one after the other."""
    first, *rest = (under(remade(link), term_from(link["wraps"])) for link in links)
    for one in rest:
        first = chained(first, one)
    return first


def verified(data: dict[str, Any]) -> Iterator[Outcome]:
    """What becomes of each step of a certificate, in order."""
    check_form(data)
    for theorem in data["theorems"]:
        for step in theorem["steps"]:
            name = f"{theorem['name']} step {step['step']}"
            if step["claim"] is None:
                why = "no evidence" if step["verdict"] in EQUATIONS else "no equation claimed"
                yield Outcome(name, step["verdict"], None, why)
                continue
            try:
                yield Outcome(name, step["verdict"], remade(step["claim"]), "")
            except NotCertified as why:
                yield Outcome(name, step["verdict"], None, str(why))
