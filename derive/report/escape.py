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
    "⟩": "rangle", "′": "prime", "∫": "int", "√": "surd", "−": "mathord{-}", "ℓ": "ell", "∣": "mid", "¬": "neg",
    "𝔼": "mathbb{E}", "ℝ": "mathbb{R}", "ℕ": "mathbb{N}",
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


_SCRIPT = r"(?:[A-Za-z0-9α-ω]|\{[^{}$\\]*\}|\([A-Za-z0-9]\))"
_FORMULA = re.compile(
    rf"(?<![A-Za-z0-9\\_$^’])(?P<base>Var(?=_)|[A-Za-zα-ωΓ-Ω∇Σ])(?P<sub>_{_SCRIPT})?(?P<sup>\^{_SCRIPT})?(?![A-Za-z0-9_^])")
_WORDS = frozenset("aAI")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\w(?:[^*]*\w)?)\*(?![\w*])")


def prose(text: str, *, words: frozenset[str] = _WORDS) -> Tex:
    """``text`` as a sentence: straight quotes in pairs, *emphasis*, and formulas such as s_t, γ^t or Σ_{t=0..H}.

    ``words`` are the letters that, alone, are words and not variables.
    """
    parts = _EMPHASIS.split(sentence(text))  # every second part was between asterisks
    return Tex("".join(rf"\emph{{{_with_formulas(part, words)}}}" if place % 2 else _with_formulas(part, words)
                       for place, part in enumerate(parts)))


def sentence(text: str) -> str:
    """``text`` on one line, with the quotes, dots and minus signs of a book; a relation keeps its neighbours."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    line = re.sub(r'"([^"]*)"', "“\\1”", line).replace("...", "…").replace("'", "’")
    line = re.sub(r"(?<![A-Za-z]{2}) - (?=\d|\(|\w(?![a-z]))", "\xa0−\xa0", line)
    return re.sub(r" ([=<>≠≤≥]) (?=\S{1,8}(?:\s|$))", "\xa0\\1\xa0", line)


def capital(text: str) -> str:
    """``text`` with a capital first letter."""
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def _with_formulas(text: str, words: frozenset[str]) -> Tex:
    written, place = [], 0
    for found in _FORMULA.finditer(text):
        below, above = found["sub"], found["sup"]
        if not (below or above) and (found["base"] in words and not text[found.end():].startswith("(")):
            continue
        written += [literal(text[place:found.start()]), _formula(found["base"], below, above)]
        place = found.end()
    return Tex("".join([*written, literal(text[place:])]))


_MATH = MappingProxyType({"~": r"\sim", "|": r"\mid", "<": "<", ">": ">"})
_BIG = MappingProxyType({"Σ": r"\sum", "Π": r"\prod", "Var": r"\operatorname{Var}"})


def _formula(base: str, below: str | None, above: str | None) -> str:
    head = _BIG.get(base) if below else None
    scripts = "".join(f"{mark}{{{_script(script[1:])}}}" for mark, script in (("_", below), ("^", above)) if script)
    return f"${head or SYMBOLS.get(base, base)}{scripts}$"


def _script(text: str) -> str:
    inside = text[1:-1] if text[0] == "{" else text
    inside = inside.replace("..", "\x00")
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
