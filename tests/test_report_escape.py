"""Text from anywhere is printed, never obeyed; and docstrings come apart into their parts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.report.escape import SYMBOLS, Tex, bookmark, code, heading, literal, prose
from derive.report.prose import words

ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}",
    "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


@pytest.mark.parametrize("char", ESCAPED, ids=lambda char: f"{ord(char):x}")
def test_every_special_character_is_printed(char: str) -> None:
    assert literal(char) == ESCAPED[char]
    assert literal(f"a{char}b") == f"a{ESCAPED[char]}b"


@pytest.mark.parametrize(("text", "expected"), [
    ("a\x00\x07\x1b\x7fb", "ab"), ("a\u202e\u200bb", "ab"), ("a\tb\nc", "a b c"), ("--", "-{}-"), (",,", ",{},"),
    ("∇τ", r"$\nabla$$\tau$"), ("é", r"\'{e}"), ("e\u0301", r"\'{e}"), ("ß", r"\ss{}"),
    ("😀", r"{\ttfamily [U+1F600]}"), ("\ud800", r"{\ttfamily [U+D800]}"), ("", ""),
])
def test_other_characters_are_dropped_spelled_or_shown(text: str, expected: str) -> None:
    assert literal(text) == expected


COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")
HARMLESS = re.compile(
    r"\\(?:text[a-z]+|allowbreak|ttfamily|emph|texttt|texorpdfstring|math[a-z]+|operatorname|[{}$&#_%`'^\"=.~,]|"
    r"(?:ss|ae|AE|oe|OE|o|O|l|L|dh|th|i|S|P|u|r|H|v|c|k|dots|sum|prod)(?![A-Za-z])|guillemot\w+)")


KNOWN = set(re.findall(r"\\[A-Za-z]+", " ".join([*SYMBOLS.values(), r"\mid \sim"])))


def _commands(latex: str) -> set[str]:
    return {found for found in COMMAND.findall(latex) if not HARMLESS.match(found) and found not in KNOWN}


@pytest.mark.slow
@given(st.text())
def test_no_text_brings_a_command_or_an_open_brace(text: str) -> None:
    for write in (literal, prose, code, bookmark, heading):
        written = write(text)
        assert isinstance(written, Tex)
        assert written.isascii()
        assert not _commands(written)
        bare = re.sub(r"\\[{}$%#&\\]", "", written)
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        assert "%" not in bare
        assert "#" not in bare


@pytest.mark.parametrize(("text", "expected"), [
    ("the state s_t", r"the state $s_{t}$"), ("s_{t+1}", r"$s_{t+1}$"), ("γ^t", r"$\gamma^{t}$"),
    ("τ^(1)", r"$\tau^{(1)}$"), ("Σ_{t=0..H}", r"$\sum_{t=0,\dots,H}$"), ("a state", "a state"),
    ("the return R is", r"the return $R$ is"), ("it *estimates* it", r"it \emph{estimates} it"), ("a * b", "a * $b$"),
    ('"so"', r"\textquotedblleft{}so\textquotedblright{}"), ("snake_case", r"snake\_case"), ("A", "A"),
    ("one's", r"one\textquoteright{}s"), ("at H = 0, 1", "at $H$~=~0, 1"), ("T - 1", r"$T$~$\mathord{-}$~1"),
])
def test_prose_sets_what_looks_like_a_formula(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_a_formula_in_prose_cannot_break_out() -> None:
    assert prose(r"x_{a}\input{bc}") == r"$x_{a}$\textbackslash{}input\{bc\}"
    assert prose("x_{%#&~}") == r"$x_{\text{\%}\text{\#}\text{\&}\sim }$"
    assert prose(r"x_{\par}") == r"x\_\{\textbackslash{}par\}"


def test_a_long_word_may_be_broken_and_a_short_one_may_not() -> None:
    assert literal("x" * 200).count(r"\allowbreak{}") == 25
    assert r"\allowbreak" not in literal("x" * 24)


DOCSTRING = """The statement, on
two lines.

    ∇J = 0

A remark.

Why it matters: because it
does.

Outline
    1. First,
       continued.
    2. Second.

Source: a book.
"""


def test_a_docstring_comes_apart() -> None:
    said = words(DOCSTRING)
    assert said.statement == "The statement, on two lines."
    assert said.why == "because it does."
    assert said.outline == ("First, continued.", "Second.")
    assert said.source == "a book."
    assert said.remarks == ("A remark.",)


@pytest.mark.parametrize("text", ["", "   \n\n  "])
def test_an_empty_docstring_says_nothing(text: str) -> None:
    assert words(text) == words("")


def test_text_in_no_known_form_is_kept() -> None:
    assert words("One.\n\nTwo: three.\n\n    kept") == words("One.\n\nTwo: three.\n\nkept")
    assert words("One.\n\nOutline\n- no number").outline == ("- no number",)
