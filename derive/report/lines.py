"""Long formulas, broken into lines: before + and -, then between factors, then inside brackets.

The LaTeX is the one that ``notation.write`` makes, so a small reader is enough. Widths
are estimated from the advance widths of Computer Modern, a little on the wide side; what
no break can make narrow enough is scaled down by TeX itself (``\\fit`` in the template).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from derive.report.escape import Tex

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
_OPENERS, _CLOSERS = "([", ")]"
POINT = 10.95
"""The size of the type: widths in em times this are points."""

_WIDTHS = MappingProxyType({
    r"\nabla": 0.84, r"\sum": 1.5, r"\prod": 1.35, r"\log": 1.45, r"\mathbb": 0.0, r"\operatorname": 0.2,
    r"\mid": 0.84, r"\,": 0.17, r"\cdot": 0.75, r"\sim": 1.34, r"\dots": 1.2, r"\left": 0.2, r"\right": 0.2,
    r"\Bigl": 0.25, r"\Bigr": 0.25, r"\gamma": 0.55, r"\theta": 0.48, r"\tau": 0.5, r"\mu": 0.61, r"\pi": 0.58,
    r"\quad": 1.0, r"\qquad": 2.0, r"\neq": 1.34, r"\underline": 0.0,
    "+": 1.25, "-": 1.25, "=": 1.34, ">": 1.34, "(": 0.4, ")": 0.4, "[": 0.4, "]": 0.4, ",": 0.45, ";": 0.45,
    "m": 0.88, "H": 0.89, "E": 0.74, "P": 0.72, "R": 0.76, "J": 0.65, "|": 0.3, ":": 0.6, "'": 0.3, "t": 0.37,
})
_LIMITS = (r"\sum", r"\prod")
_SMALL = 0.72
SHORT = 30.0
"""Points below which a first factor is too short for a line of its own."""


LONG, PIECE = 400.0, 160.0
"""Points that a part in brackets, and one that ends with its brackets, may take on a screen."""


def width(latex: str) -> float:
    """The estimated width of a displayed formula, in points."""
    tokens = [token for token in _TOKEN.findall(latex) if not token.isspace()]
    return POINT * _Measure(tokens).row()


class _Measure:
    """A reader of one row of tokens that adds up advance widths, in em."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.place = tokens, 0

    def row(self) -> float:
        """The width up to the end or to a closing brace, which is consumed."""
        total = 0.0
        while self.place < len(self.tokens):
            if self.tokens[self.place] == "}":
                self.place += 1
                break
            total += self._scripted()
        return total

    def _scripted(self) -> float:
        """One nucleus with its subscript and superscript."""
        head = self.tokens[self.place]
        nucleus, scripts = self._nucleus(), 0.0
        while self.place < len(self.tokens) and self.tokens[self.place] in "_^":
            self.place += 1
            scripts = max(scripts, _SMALL * self._nucleus())
        return max(nucleus, scripts) + 0.17 if head in _LIMITS else nucleus + scripts

    def _nucleus(self) -> float:
        if self.place >= len(self.tokens):
            return 0.0
        token = self.tokens[self.place]
        self.place += 1
        if token == "{":
            return self.row()
        if token == r"\frac":
            return 0.25 + max(self._nucleus(), self._nucleus())
        if token == r"\tfrac":
            return 0.25 + _SMALL * max(self._nucleus(), self._nucleus())
        if token in (r"\text", r"\texttt"):
            return self._nucleus()
        return _WIDTHS.get(token, 0.52)


def broken(latex: str, first: float, following: float | None = None) -> list[Tex]:
    """The formula as lines of at most ``first``, then ``following`` points, as far as it has places to break.

    Every line but the first starts with +, - or a centred dot, or with what a bracket holds.
    """
    rest = first if following is None else following
    if width(latex) <= first:
        return [Tex(latex)]
    lines: list[str] = []
    for piece in _pieces(latex, min(first, rest), deepest=4):
        limit = first if len(lines) <= 1 else rest
        joined = lines[-1] + piece if lines else piece
        if lines and width(joined) <= limit:
            lines[-1] = joined
        else:
            lines.append(piece if not lines else _continued(piece))
    return [Tex(_fitted(line, first if place == 0 else rest)) for place, line in enumerate(lines)]


def pieces(latex: str) -> list[str]:
    """The parts of a formula that a browser may set on lines of their own; brackets are opened in a long one only."""
    return [part for piece in _pieces(latex, LONG, deepest=4) for part in _pieces(piece, PIECE, deepest=0)]


def _fitted(line: str, limit: float) -> str:
    """The line, or an order to scale it down where it could not be broken."""
    return line if width(line) <= limit else rf"\fit{{{limit:.0f}pt}}{{{line}}}"


def _continued(piece: str) -> str:
    """A piece at the start of a line: a product goes on with a dot, a sign keeps its space."""
    piece = piece.strip()
    if piece.startswith(r"\,"):
        return r"{}\cdot " + piece.removeprefix(r"\,").lstrip()
    return "{}" + piece


def _pieces(latex: str, limit: float, deepest: int) -> list[str]:
    """Parts that together are the formula, cut no finer than the limit asks for."""
    if width(latex) <= limit:
        return [latex]
    for cut in (_at_signs, _at_factors):
        parts = cut(latex)
        if len(parts) > 1:
            return [piece for part in parts for piece in _pieces(part, limit, deepest)]
    opened = _opened(latex)
    if deepest and opened != latex:
        return _pieces(opened, limit, deepest - 1)
    parts = _after_brackets(latex)
    return [piece for part in parts for piece in _pieces(part, limit, 0)] if len(parts) > 1 else [latex]


def _cut(latex: str, is_joint: Sequence[str]) -> list[str]:
    """Cut before the joints that stand outside all braces, brackets and scripts."""
    parts, depth, before = [""], 0, ""
    for token in _TOKEN.findall(latex):
        if token == "}" or (token in _CLOSERS and before != r"\Bigr"):
            depth -= 1
        if token in is_joint and depth == 0 and before not in ("", r"\Bigl(", r"\Bigl[") and parts[-1].strip():
            parts.append("")
        parts[-1] += token
        if token == "{" or (token in _OPENERS and before != r"\Bigl"):
            depth += 1
        if not token.isspace():
            before = before + token if before == r"\Bigl" else token
    return parts


def _at_signs(latex: str) -> list[str]:
    return _cut(latex, ("+", "-"))


def _at_factors(latex: str) -> list[str]:
    """Cut between factors; a short coefficient in front, such as 1/m, stays with what follows."""
    parts = _cut(latex, (r"\,", r"\cdot"))
    return ["".join(parts[:2]), *parts[2:]] if len(parts) > 1 and width(parts[0]) < SHORT else parts


def _after_brackets(latex: str) -> list[str]:
    """Cut behind brackets that have been opened."""
    return [part for part in re.split(r"(?<=\\Bigl[(\[])", latex) if part.strip()]


def _opened(latex: str) -> str:
    """The outermost pairs of growing brackets given a fixed size, so that a line may end between them."""
    written, braces, pairs = "", 0, 0
    for token in _TOKEN.findall(latex):
        braces += (token == "{") - (token == "}")
        pairs -= token == r"\right"
        outermost = pairs == 0 and braces == 0
        written += token.replace("left", "Bigl").replace("right", "Bigr") if outermost else token
        pairs += token == r"\left"
    return written
