"""What a front end hands over: a theorem, its chain, and the reasons of its steps, as plain data.

Nothing here knows where a chain was written. The Python front end is ``derive.checking.derivation``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr

from derive.display import formula, text
from derive.errors import InvalidChain
from derive.language.alphabets import LATEX
from derive.language.assumptions import Assumption
from derive.language.horizons import is_endless
from derive.language.notation import write
from derive.rules.decision import Decision
from derive.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class By:
    """A reason, the label of the line it leads to, the verdict it expects, and its place (from 1)."""

    reason: Rule | Decision | Theorem | str | None
    tag: str | None
    expect: str
    line: int
    column: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """term, by, term, by, ..., term."""

    terms: tuple[Expr, ...]
    reasons: tuple[By, ...]


@dataclass(frozen=True, eq=False)
class Theorem:
    """A named chain under assumptions; it is also a reason for steps of other chains.

    ``line`` is where it starts in ``file``; ``docstring`` is the statement in words. Two theorems are
    the same if they are one object: the same words may stand in two files.
    """

    title: str
    name: str
    assumes: tuple[Assumption, ...]
    file: str
    line: int
    docstring: str
    written: Chain | InvalidChain = field(repr=False)
    """The chain, or what is wrong with it."""

    @property
    def chain(self) -> Chain:
        """The chain.

        Raises:
            InvalidChain: if what was written is none; the message says where.
        """
        written = self.written
        if isinstance(written, InvalidChain):
            raise written
        return written

    @property
    def endless(self) -> bool:
        """Whether the chain speaks of an infinite horizon."""
        return is_endless(*self.chain.terms)

    @property
    def claim(self) -> str:
        """What the chain claims end to end: its first and last term."""
        return f"{self.chain.terms[0]} = {self.chain.terms[-1]}"

    def __str__(self) -> str:
        return self.title

    def _repr_latex_(self) -> str:
        """The chain, for notebooks."""
        return f"$$\\begin{{aligned}}{self._lines()}\\end{{aligned}}$$"

    def _repr_html_(self) -> str:
        """Title, assumptions and chain, for notebooks."""
        assumed = ", ".join(assumption.name for assumption in self.assumes)
        under = f"<br>assuming {text(assumed)}" if assumed else ""
        aligned = formula(f"\\begin{{aligned}}{self._lines()}\\end{{aligned}}")
        return f"<p><b>{text(self.title)}</b>{under}</p><p>{aligned}</p>"

    def _lines(self) -> str:
        first, *rest = (write(term, LATEX) for term in self.chain.terms)
        return f"{first} &= " + r" \\ &= ".join(rest)
