"""How the pieces of a formula are put together in LaTeX, in Typst and in Unicode text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

# How tightly a piece binds: a sum, a quotient on one line, something ending in a big operator,
# a product, a factor (log x, a power, a fraction), and what may bear an exponent.
SUM, QUOTIENT, OPERATOR, PRODUCT, FACTOR, ATOM = range(6)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How the pieces of a formula are put together in one medium.

    ``word`` is how a name is written that has no letter of its own; ``stacked`` says that a quotient
    is set one above the other and so needs no brackets.
    """

    letters: dict[str, str]
    signs: dict[str, str]
    subscript: Callable[[str, str], str]
    superscript: Callable[[str, str], str]
    fraction: Callable[[str, str], str]
    big: Callable[[str, str, str], str]
    bracket: Callable[[str, str, str], str]
    juxtapose: str
    given: str
    number: Callable[[int, int], str]
    mark: Callable[[str], str]
    word: Callable[[str], str] = lambda name: name
    stacked: bool = True


def _latex_big(symbol: str, lower: str, upper: str) -> str:
    single = len(lower) == 1 or (lower.startswith("\\") and lower[1:].isalpha())
    return symbol + (f"_{lower}" if single else f"_{{{lower}}}") + (f"^{{{upper}}}" if upper else "") + " "


def _latex_bracket(left: str, inside: str, right: str) -> str:
    left, right = (rf"\{side}" if side in "{}" else side for side in (left, right))
    return rf"\left{left} {inside} \right{right}"


def _unicode_big(symbol: str, lower: str, upper: str) -> str:
    if not upper:
        return f"{symbol}_{lower} " if _is_one(lower) else f"{symbol}_{{{lower}}} "
    return f"{symbol}_{{{lower}..{upper}}} "


def _is_one(script: str) -> bool:
    """Whether a script is one character, so that it needs no braces; a mark is none."""
    return len(script.strip("\x01\x02")) == 1


def _unicode_script(joint: str) -> Callable[[str, str], str]:
    return lambda base, script: f"{base}{joint}{script}" if _is_one(script) else f"{base}{joint}{{{script}}}"


_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "psi": "ψ", "omega": "ω",
}

LATEX = Alphabet(
    letters={**{name: f"\\{name}" for name in _GREEK}, "dbar": r"\bar d", "entropy": r"\mathcal{H}",
             "KL": r"\operatorname{KL}", "tr": r"\operatorname{tr}", "partial": r"\partial"},
    signs={
        "grad": r"\nabla_\theta ", "log": r"\log ", "sum": r"\sum", "prod": r"\prod", "E": r"\mathbb{E}",
        "Var": r"\operatorname{Var}", "~": r" \sim ", "dot": r"\cdot", "times": r" \cdot ", "..": r",\dots,",
        "forever": r"\infty", "indicator": r"\mathbf{1}", "angle": r"\langle \rangle",
        "length": r"\lVert \rVert",
    },
    subscript=lambda base, script: f"{base}_{{{script}}}" if len(script) > 1 else f"{base}_{script}",
    superscript=lambda base, script: f"{base}^{{{script}}}" if len(script) > 1 else f"{base}^{script}",
    fraction=lambda n, d: rf"\frac{{{n}}}{{{d}}}",
    big=_latex_big,
    bracket=_latex_bracket,
    juxtapose=r"\,",
    given=r" \mid ",
    number=lambda p, q: str(p) if q == 1 else rf"\tfrac{{{p}}}{{{q}}}",
    mark=lambda text: rf"\underline{{{text}}}",
)

UNICODE = Alphabet(
    letters={**_GREEK, "dbar": "d̄", "entropy": "ℋ", "partial": "∂"},
    signs={
        "grad": "∇", "log": "log ", "sum": "Σ", "prod": "Π", "E": "E", "Var": "Var", "~": "~", "dot": "·",
        "times": "·", "..": "..", "forever": "∞", "indicator": "1", "angle": "⟨ ⟩", "length": "‖ ‖",
    },
    subscript=_unicode_script("_"),
    superscript=_unicode_script("^"),
    fraction=lambda n, d: f"({n})/({d})",
    big=_unicode_big,
    bracket=lambda left, inside, right: f"{left}{inside}{right}",
    juxtapose=" ",
    given="|",
    number=lambda p, q: str(p) if q == 1 else f"{p}/{q}",
    mark=lambda text: f"\x01{text}\x02",
    stacked=False,
)


# -- Typst --------------------------------------------------------------------------------------------

BREAKABLE = 60
"""Characters of source from which on a bracket may be parted by the end of a line."""
_FENCES = {"(": "fenceround", ")": "unfenceround", "[": "fencesquare", "]": "unfencesquare"}
"""Brackets of a fixed size, which the head of a document defines, since Typst breaks no line between two that grow."""


def typst_word(name: str) -> str:
    """A name in Typst's mathematics, where two letters side by side would be the name of a variable."""
    if (name.isascii() and len(name) == 1 and name.isalpha()) or all(char in "0123456789," for char in name):
        return name
    return f'italic("{name}")'


def _typst_loose(left: str, inside: str, right: str) -> str:
    if left in _FENCES and len(inside) > BREAKABLE:
        return f"{_FENCES[left]} {inside} {_FENCES[right]}"
    return f"{left}{inside.replace(' joint ', ' thin ')}{right}"


TYPST = Alphabet(
    letters={**_GREEK, "dbar": "overline(d)", "entropy": "cal(H)", "KL": 'op("KL")', "tr": 'op("tr")',
             "partial": "partial", "old": 'italic("old")'},
    signs={
        "grad": "∇_θ ", "log": "log ", "sum": "∑", "prod": "∏", "E": "𝔼", "Var": 'op("Var")', "~": " ∼ ", "dot": "⋅",
        "times": " ⋅ ", "..": ",…,", "forever": "∞", "indicator": "bold(1)", "angle": "⟨ ⟩", "length": "‖ ‖",
    },
    subscript=lambda base, script: f"{base}_({script})",
    superscript=lambda base, script: f"{base}^({script})",
    fraction=lambda n, d: f"({n}) / ({d})",
    big=lambda symbol, lower, upper: f"{symbol}_({lower})" + (f"^({upper})" if upper else "") + " ",
    bracket=lambda left, inside, right: f"{left}{inside}{right}",
    juxtapose=" thin ",
    given=" ∣ ",
    number=lambda p, q: str(p) if q == 1 else f"inline({p}/{q})",
    mark=lambda text: f"underline({text})",
    word=typst_word,
)
"""For a formula on one line."""

TYPST_LOOSE = replace(TYPST, bracket=_typst_loose, juxtapose=" joint ", given=" given ")
"""For a formula that is wider than the page: lines may end behind a joint and inside of long brackets."""
