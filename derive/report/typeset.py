"""The report as a PDF without any TeX: the plain data of ``shown`` as Typst, compiled by the library ``typst``.

Text reaches the engine as string literals only, terms by the alphabet of Typst; the source reads no file. The
engine has threads of its own, which do not survive a fork, so it runs in a fresh process, with a time limit.
"""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from sympy import Expr

from derive.checking.judgement import Examined
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.language.alphabets import TYPST, TYPST_LOOSE, typst_word
from derive.language.expression import subterms
from derive.language.horizons import VALUES
from derive.language.notation import write
from derive.language.vocabulary import objective as objective_of
from derive.language.vocabulary import pi, tau
from derive.language.vocabulary import trajectory_probability as probability_of
from derive.report.curve import drawn
from derive.report.document import TITLE, rules_used, versions
from derive.report.escape import LONGEST_WORD
from derive.report.inline import WORDS, Formula, capital, passages, sentence
from derive.report.legend import SIGNS, VERDICTS
from derive.report.numbers import Evaluated, coordinates, in_a_word
from derive.report.output import write_whole
from derive.report.plot import panels
from derive.report.shown import groups
from derive.report.spelled_out import summands

ABSENT = "\U0010fffe"
"""A code point that is no character, so no font has a shape for it."""
JOINER = "\u2060"
"""Between two characters, no line ends there."""
MOST_PROBED = 500
SECONDS = 60.0
_LONG, _BREAK = re.compile(rf"\S{{{LONGEST_WORD},}}"), "\\1\u200b"
_GLYPH = re.compile(r'href="#(g[0-9A-F]+)"')


class Typ(str):
    """A string that is Typst, in its markup mode."""

    __slots__ = ()


def available() -> bool:
    """Whether the library that makes a PDF is installed."""
    return find_spec("typst") is not None


def typeset(examined: Sequence[Examined], evaluated: Evaluated | None, *, command: str, title: str = TITLE) -> str:
    """The Typst source of the report; ``command`` is what reproduces it."""
    return environment().get_template("report.typ").render(
        title=visible(title), groups=groups(examined), evaluated=evaluated,
        objective=objective_of(pi), probability=probability_of(pi, tau),
        picture=None if evaluated is None else quoted(drawn(panels(evaluated.comparison))),
        valued=any(isinstance(node, VALUES) for one in examined for term in one.theorem.chain.terms
                   for node in subterms(term)),
        no_words=frozenset(), endless=any(one.theorem.endless for one in examined),
        rules=rules_used(examined), versions=versions(), command=command, verdicts=VERDICTS, signs=SIGNS)


def environment(*packages: str) -> Environment:
    """A name that is missing, or text that is not Typst, is an error; ``packages`` have templates of their own."""
    made = Environment(loader=ChoiceLoader([PackageLoader(one, "templates") for one in (*packages, "derive.report")]),
                       undefined=StrictUndefined, autoescape=False, finalize=_only_typst, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True)
    made.filters |= {"literal": literal, "prose": prose, "formula": formula, "code": code, "capital": capital,
                     "relation": relation, "definition": definition, "summands": summands,
                     "colour": colour, "label": label, "sentence": sentence, "switch": switch,
                     "in_a_word": in_a_word, "coordinates": coordinates, "told": partial(prose, words=frozenset())}
    return made


def _only_typst(value: Any) -> Any:
    if isinstance(value, (Typ, int)):
        return value
    if isinstance(value, StrictUndefined):
        return str(value)  # raises, naming what is missing
    raise TypeError(f"{value!r} is not marked as Typst; pass it through a filter")


# -- text and terms -----------------------------------------------------------------------------------


def quoted(text: str) -> Typ:
    """``text`` as a string of code."""
    return Typ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def _string(text: str) -> str:
    """A string literal, with what would have no shape of its own spelled out."""
    return quoted(visible(unicodedata.normalize("NFC", text)))


def literal(text: str) -> Typ:
    """``text`` as it is; a very long word may be broken."""
    shown = visible(unicodedata.normalize("NFC", str(text)))
    return Typ(f"#{quoted(_LONG.sub(lambda word: re.sub('(.{8})', _BREAK, word[0]), shown))};")


def prose(text: str, *, words: frozenset[str] = WORDS) -> Typ:
    """``text`` as a sentence, with its emphasis and its formulas."""
    written = []
    for emphasised, pieces in passages(text, words):
        passage = "".join(_formula(piece) if isinstance(piece, Formula) else _joined(piece) if piece else ""
                          for piece in pieces)
        written.append(f"#emph[{passage}]" if emphasised else passage)
    return Typ("".join(written))


def _joined(text: str) -> Typ:
    """Text beside formulas: no line ends before a bracket that belongs to one, nor at the bar in P(·|0, 1)."""
    return Typ(literal(text).replace('#"(', f'#"{JOINER}(').replace("·|", f"·|{JOINER}"))


_BIG = {"Σ": "∑", "Π": "∏", "Var": 'op("Var")'}
_TOKEN = re.compile(r"\.\.|[A-Za-z]+|\d+|.", re.DOTALL)
_SIGNS = {"..": ",…,", "~": "∼", "|": "∣", "-": "-", "=": "=", "+": "+", "<": "<", ">": ">", ",": ",", " ": " "}


_BRACKETS = {"(": "(", ")": ")"}


def _formula(piece: Formula) -> str:
    base = _BIG.get(piece.base, piece.base) if piece.below else piece.base
    scripts = "".join(f"{mark}({_script(script)})" for mark, script in (("_", piece.below), ("^", piece.above))
                      if script)
    return f"${base}{scripts}$"


def _script(text: str) -> str:
    """What stands in a script: letters, digits and signs; anything else as text."""
    signs = _SIGNS | _BRACKETS if _balanced(text) else _SIGNS
    return " ".join(signs.get(token) or (typst_word(token) if token.isascii() and token.isalnum() else
                                          token if token in TYPST.letters.values() else _string(token))
                    for token in _TOKEN.findall(text))


def _balanced(text: str) -> bool:
    """Whether every bracket has its partner, as the syntax of Typst asks for."""
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def code(text: str) -> Typ:
    """``text`` as it is, in a typewriter face."""
    return Typ(f"#raw({_string(text)});")


def relation(sign: str) -> Typ:
    """What stands between the sides of a step; one that is doubted is red."""
    return Typ({"=": "$=$", "≟": "#bad[$doubted$]", "≈": "$≈$", "←": "$←$", "": ""}[sign])


def colour(name: str) -> Typ:
    """The function of the head that sets a verdict."""
    return Typ({"good": "good", "bad": "bad", "fair": "fair", "quiet": "quiet"}[name])


def switch(on: bool) -> Typ:
    """A truth value in code."""
    return Typ("true" if on else "false")


def label(name: str) -> Typ:
    """What a link leads to.

    Raises:
        ValueError: if it could be read as anything else.
    """
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"{name!r} is no label")
    return Typ(name)


def plain(term: Expr) -> Typ:
    """A term for mathematics mode."""
    return Typ(write(term, TYPST))


def formula(term: Expr) -> Typ:
    """A term in display style, on one line where it fits and over several where it does not."""
    return Typ(f"#fitted($display({write(term, TYPST)})$, $display({write(term, TYPST_LOOSE)})$)")


def definition(name: Expr, body: Expr) -> Typ:
    """What a name stands for."""
    return Typ(f"${write(name, TYPST)} := {write(body, TYPST)}$")


# -- compiling ----------------------------------------------------------------------------------------


class TypstFailed(RuntimeError):
    """The engine refuses a source: a defect of the writer, since no text of a user is code."""


def compile_typst(source: str, target: Path) -> tuple[str, ...]:
    """Compile a source into the PDF ``target``; the characters that the fonts lack, shown as [U+1F600].

    Raises:
        BadInput: if the target cannot be written, or the engine takes too long.
        TypstFailed: if the source is none.
    """
    absent = lacking(source)
    source = source.translate({ord(char): f"[U+{ord(char):04X}]" for char in absent})
    made, = _compiled(source, "pdf")
    write_whole(target, made)
    return absent


def lacking(text: str) -> tuple[str, ...]:
    """The characters of ``text`` that no font of the engine has a shape for, in order.

    Each is set on a page of its own, next to a code point that is no character: one without a shape looks like it.
    """
    found = sorted({char for char in text if not char.isascii() and char.isprintable()})[:MOST_PROBED]
    if not found:
        return ()
    pages = "#pagebreak()\n".join(f"#{_string(char)};\n" for char in (ABSENT, *found))
    absent, *shapes = (_GLYPH.findall(page.decode()) for page in _compiled(
        f'#set text(font: "New Computer Modern")\n{pages}', "svg"))
    return tuple(char for char, shape in zip(found, shapes, strict=True) if set(absent) & set(shape))


_ENGINE = """
import sys, typst
made = typst.compile(sys.stdin.buffer.read(), format=sys.argv[1], ignore_system_fonts=True, timestamp=0)
for page in made if isinstance(made, list) else [made]:
    sys.stdout.buffer.write(len(page).to_bytes(8, "big") + page)
"""
"""The date is fixed, so the same source gives the same file."""


def _compiled(source: str, form: str) -> list[bytes]:
    """The pages of a source as pictures, or the one PDF."""
    try:
        # -P: a file typst.py where the user works is not the library
        ended = subprocess.run([sys.executable, "-P", "-c", _ENGINE, form], input=source.encode(),
                               capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BadInput(f"Typst took longer than {SECONDS:g} seconds and was stopped. "
                       "Report on fewer theorems at a time, or write the source with -o report.tex.") from None
    if ended.returncode:
        raise TypstFailed(ended.stderr.decode(errors="replace").strip())
    found, rest = [], ended.stdout
    while rest:
        size = int.from_bytes(rest[:8], "big")
        found.append(rest[8:8 + size])
        rest = rest[8 + size:]
    return found
