"""Signs and Greek letters of a page, typed as Python: the words that the language has for them."""

from __future__ import annotations

import ast
from types import MappingProxyType

from derive.checking.file_tree import FileTree
from derive.checking.foreign_words import SCALARS
from derive.checking.slip import Slip
from derive.diagnostics import Fix, Span
from derive.language.alphabets import UNICODE

LETTERS = MappingProxyType({"τ": "tau", "π": "pi", "γ": "gamma", "μ": "mu", "δ": "delta"})
"""Letters of Greek that the language has by name."""
OPERATORS = MappingProxyType({
    **dict.fromkeys("Σ∑", "total(t, f)"), **dict.fromkeys("Π∏", "prod(t, f)"), **dict.fromkeys("∇", "grad(f)"),
    "∂": 'derivative[c](f), c = scalar("c")', "∞": "forever", "Sigma": "total(t, f)",
    **dict.fromkeys("·×∙⋅", "* for a product"), "−": "- for a difference", "²": "f**2", "³": "f**3",
    "√": "variance(tau, f); roots are not in the language", "𝔼": "expect(tau, f)"})
"""Signs, most of which Python does not read, and what is written for them."""
_NUMBERS = {**{UNICODE.letters[printed]: printed for printed in SCALARS.values() if printed in UNICODE.letters},
            "ε": "eps"}


def sign(name: str, file: FileTree, place: Span | None, *, policy: bool) -> Slip | None:
    """What to write for an undefined name that is a sign of a page; None for any other.

    ``policy``: it stands where a policy belongs.
    """
    message = f"{name} is not defined"
    if name == "μ" and policy:
        return Slip(message=message, span=place,
                    hint='b = Policy("b") declares a policy; mu is the law of the first state')
    if name in LETTERS:
        word = LETTERS[name]
        fix = None if place is None else Fix(span=place, text=word, words=() if _has(file, word) else (word,),
                                             says=f"{name}: {word}", unsafe=True)
        return Slip(message=message, span=place, hint=f"write {word}", fix=fix)
    if name in OPERATORS:
        return Slip(message=message, span=place, hint=f"write {OPERATORS[name]}")
    if name == "θ":
        return Slip(message=message, span=place,
                    hint="θ is not written: pi(a | s) depends on it, and grad(f) is the gradient in it")
    if name in _NUMBERS:
        word = "lam" if name == "λ" else _NUMBERS[name]
        return Slip(message=message, span=place,
                    hint=f'write {word}, where {word} = scalar("{_NUMBERS[name]}") declares the number')
    return None


def unread(text: str) -> str:
    """What to write for the sign that a text begins with and Python does not read; else empty."""
    return f"write {OPERATORS[text[0]]}" if text and text[0] in OPERATORS else ""


def _has(file: FileTree, word: str) -> bool:
    """Whether a file imports a word already, or all of them."""
    return any(alias.name in (word, "*") for node in ast.walk(file.tree)
               if isinstance(node, ast.ImportFrom) and node.module == "derive" for alias in node.names)
