"""Text of any origin -> LaTeX that can only print it.

``Tex`` marks what is LaTeX already; the template refuses to print anything else, so no
text reaches the engine without passing here. The result is ASCII, the same for every
engine: known symbols become mathematics, accented letters accents, control characters
nothing, and any other character a visible stand-in such as [U+1F600].
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType

from derive.report.inline import WORDS, Formula, passages


class Tex(str):
    """A string that is LaTeX."""

    __slots__ = ()


_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
    "µ": "mu", "ϕ": "phi", "ϵ": "epsilon",
}
_SIGNS = {
    "∇": "nabla", "∑": "sum", "∏": "prod", "∂": "partial", "≠": "neq", "≤": "leq", "≥": "geq", "≈": "approx",
    "≡": "equiv", "∈": "in", "∉": "notin", "⊂": "subset", "∪": "cup", "∩": "cap", "∅": "emptyset", "∀": "forall",
    "∃": "exists", "∞": "infty", "·": "cdot", "⋅": "cdot", "×": "times", "±": "pm", "→": "to", "←": "leftarrow",
    "⇒": "Rightarrow", "⇔": "Leftrightarrow", "↦": "mapsto", "∝": "propto", "∼": "sim", "⟨": "langle",
    "⟩": "rangle", "‖": "Vert", "′": "prime", "∫": "int", "√": "surd", "−": "mathord{-}", "ℓ": "ell", "∣": "mid",
    "≟": "overset{?}{=}", "¬": "neg", "𝔼": "mathbb{E}", "ℝ": "mathbb{R}", "ℕ": "mathbb{N}",
}
_TEXT = {
    "\\": "textbackslash", "^": "textasciicircum", "~": "textasciitilde", "<": "textless", ">": "textgreater",
    "|": "textbar", "`": "textasciigrave", '"': "textquotedbl", "‘": "textquoteleft", "’": "textquoteright",
    "'": "textquotesingle", "“": "textquotedblleft", "”": "textquotedblright", "–": "textendash",
    "—": "textemdash", "…": "textellipsis",
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ð": "dh",
    "þ": "th", "ı": "i", "§": "S", "¶": "P", "©": "textcopyright", "°": "textdegree", "•": "textbullet",
    "«": "guillemotleft", "»": "guillemotright", "¡": "textexclamdown", "¿": "textquestiondown",
}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₜᵢ", "0123456789ti", strict=True))
_ACCENTS = MappingProxyType({
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
})
SYMBOLS = MappingProxyType({
    **{char: f"\\{name}" for char, name in {**_GREEK, **_SIGNS}.items()},
    **{char: f"{{}}^{{{script}}}" for char, script in _RAISED.items()},
    **{char: f"{{}}_{{{script}}}" for char, script in _LOWERED.items()},
})
"""Characters that are mathematics, and what they are there."""

_PRINTED = MappingProxyType({
    **{char: f"\\{char}" for char in "{}$&#_%"},
    **{char: f"\\{name}{{}}" for char, name in _TEXT.items()},
    **{char: f"${command}$" for char, command in SYMBOLS.items()},
    "\xa0": "~",
})
_JOINED = "-,"
"""Two of these in a row would be set as one: a dash, a low quote."""
LONGEST_WORD = 24


def _character(char: str) -> str:
    """One character as LaTeX, in text mode."""
    if char in _PRINTED:
        return _PRINTED[char]
    if " " <= char <= "~":
        return char
    if char.isspace():
        return " "
    if unicodedata.category(char) in ("Cc", "Cf"):
        return ""
    base, *marks = list(unicodedata.normalize("NFD", char))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return f"\\{_ACCENTS[marks[0]]}{{{base}}}"
    return f"{{\\ttfamily [U+{ord(char):04X}]}}"


def literal(text: str) -> Tex:
    """``text`` as it is, character by character, in text mode."""
    return Tex("".join(_word(word) for word in re.split(r"(\s+)", unicodedata.normalize("NFC", text))))


def _word(word: str) -> str:
    """A word; a very long one may be broken, so that no line is too wide."""
    following = [*word[1:], ""]
    printed = [_character(char) + ("{}" if char == after and char in _JOINED else "")
               for char, after in zip(word, following, strict=False)]
    if len(printed) <= LONGEST_WORD:
        return "".join(printed)
    return "".join(char + (r"\allowbreak{}" if place % 8 == 7 else "") for place, char in enumerate(printed))


def code(text: str) -> Tex:
    """``text`` as it is, in a typewriter face."""
    return Tex(rf"\texttt{{{literal(text)}}}")


def prose(text: str, *, words: frozenset[str] = WORDS) -> Tex:
    """``text`` as a sentence: straight quotes in pairs, *emphasis*, and formulas such as s_t, γ^t or Σ_{t=0..H}.

    ``words`` are the letters that, alone, are words and not variables.
    """
    written = []
    for emphasised, pieces in passages(text, words):
        passage = "".join(_formula(piece) if isinstance(piece, Formula) else literal(piece) for piece in pieces)
        written.append(rf"\emph{{{passage}}}" if emphasised else passage)
    return Tex("".join(written))


_MATH = MappingProxyType({"~": r"\sim", "|": r"\mid", "<": "<", ">": ">"})
_BIG = MappingProxyType({"Σ": r"\sum", "Π": r"\prod", "Var": r"\operatorname{Var}"})


def _formula(piece: Formula) -> str:
    head = _BIG.get(piece.base) if piece.below else None
    scripts = "".join(f"{mark}{{{_script(script)}}}" for mark, script in (("_", piece.below), ("^", piece.above))
                      if script)
    return f"${head or SYMBOLS.get(piece.base, piece.base)}{scripts}$"


def _script(text: str) -> str:
    inside = text.replace("..", "\x00")
    return "".join(r",\dots," if char == "\x00" else in_mathematics(char) for char in inside)


def in_mathematics(char: str) -> str:
    """One character as LaTeX, in mathematics mode."""
    if char in _MATH:
        return f"{_MATH[char]} "
    if char in SYMBOLS:
        return f"{SYMBOLS[char]} "
    if char.isascii() and (char.isalnum() or char in "+-=,;:()[] /'"):
        return char
    return f"\\text{{{_character(char)}}}"


_SPOKEN = MappingProxyType({**_GREEK, "∇": "grad", "Σ": "sum", "Π": "prod", "∑": "sum", "∏": "prod"})


def bookmark(text: str) -> Tex:
    """``text`` for a PDF outline: letters, digits and spaces, Greek letters by name."""
    spelled = "".join(_SPOKEN.get(char, char) for char in unicodedata.normalize("NFC", text))
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " .,;:()+=-/") else " " for char in spelled)
    return Tex(" ".join(plain.split()))


def heading(text: str) -> Tex:
    """``text`` for a section title: as it is on the page, spelled out in the PDF outline."""
    return Tex(rf"\texorpdfstring{{{literal(text)}}}{{{bookmark(text)}}}")
