"""A sentence, taken apart: plain text, *emphasis*, and formulas such as s_t, γ^t or Σ_{t=0..H}."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_SCRIPT = r"(?:[A-Za-z0-9α-ω]|\{[^{}$\\]*\}|\([A-Za-z0-9]\))"
_FORMULA = re.compile(
    rf"(?<![A-Za-z0-9\\_$^’])(?P<base>Var(?=_)|[A-Za-zα-ωΓ-Ω∇Σ])(?P<sub>_{_SCRIPT})?(?P<sup>\^{_SCRIPT})?(?![A-Za-z0-9_^])")
WORDS = frozenset("aAI")
"""Letters that, alone, are words and not variables."""
_EMPHASIS = re.compile(r"(?<![\w*])\*(\w(?:[^*]*\w)?)\*(?![\w*])")

_PLACES = re.compile(r"\((?:[^\s(),]{1,8}, ){1,5}[^\s(),]{1,8}\)")
"""A short list in brackets, such as (·|0, 1), that is not parted."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A letter, ∇, Σ, Π or Var, with what stands below and above it."""

    base: str
    below: str = ""
    above: str = ""


def passages(text: str, words: frozenset[str] = WORDS) -> Iterator[tuple[bool, tuple[str | Formula, ...]]]:
    """(emphasised, its pieces) for each passage of a sentence; ``words`` are letters that are no variables."""
    for place, part in enumerate(_EMPHASIS.split(sentence(text))):  # every second part was between asterisks
        yield bool(place % 2), tuple(_pieces(part, words))


def _pieces(text: str, words: frozenset[str]) -> Iterator[str | Formula]:
    place = 0
    for found in _FORMULA.finditer(text):
        below, above = found["sub"], found["sup"]
        if not (below or above) and (found["base"] in words and not text[found.end():].startswith(("(", ")", "|"))):
            continue
        yield text[place:found.start()]
        yield Formula(found["base"], _script(below), _script(above))
        place = found.end()
    yield text[place:]


def _script(written: str | None) -> str:
    """What stands behind _ or ^, without its braces."""
    return (written or "")[1:].removeprefix("{").removesuffix("}")


def sentence(text: str) -> str:
    """``text`` on one line, with the quotes, dots and minus signs of a book; a relation keeps its neighbours."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    line = re.sub(r'"([^"]*)"', "“\\1”", line).replace("...", "…")
    line = re.sub(r"(?<!\w)'([^']+)'(?!\w)", "‘\\1’", line).replace("'", "’")
    line = re.sub(r"(?<![A-Za-z]{2}) - (?=\d|\(|\w(?![a-z]))", "\xa0−\xa0", line)
    line = _PLACES.sub(lambda found: found[0].replace(" ", "\xa0"), line)
    return re.sub(r" ([=<>≠≤≥]) (?=\S{1,8}(?:\s|$))", "\xa0\\1\xa0", line)


def capital(text: str) -> str:
    """``text`` with a capital first letter."""
    return text[:1].upper() + text[1:] if text[:1].isascii() else text
