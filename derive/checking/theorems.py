"""What a front end hands over: a theorem, its chain, and the reasons of its steps, as plain data.

Nothing here knows where a chain was written. The Python front end is ``derive.checking.derivation``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr

from derive.display import formula, text
from derive.errors import BadInput, InvalidChain
from derive.language.alphabets import LATEX
from derive.language.assumptions import Assumption
from derive.language.horizons import is_endless
from derive.language.notation import write
from derive.rules.decision import Decision, Relation
from derive.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class By:
    """A reason, the label of the line it leads to, the verdict it expects, and its place (from 1)."""

    reason: Rule | Decision | Relation | Theorem | str | None
    tag: str | None
    expect: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return "by(...)"

    @property
    def relation(self) -> Relation | None:
        """The relation between the lines, where it is no equality."""
        return self.reason if isinstance(self.reason, Relation) else None

    @property
    def sign(self) -> str:
        """The relation in print."""
        return "=" if self.relation is None else self.relation.sign

    @property
    def latex(self) -> str:
        """The relation in LaTeX."""
        return "=" if self.relation is None else self.relation.latex


@dataclass(frozen=True, slots=True)
class Chain:
    """term, by, term, by, ..., term."""

    terms: tuple[Expr, ...]
    reasons: tuple[By, ...]


@dataclass(frozen=True, eq=False, repr=False)
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
    def broken(self) -> By | None:
        """The first line of the chain that claims no equality; then the chain claims nothing end to end."""
        return next((by for by in self.chain.reasons if by.relation is not None), None)

    @property
    def sign(self) -> str:
        """The relation of the first term to the last, in print."""
        return "=" if self.broken is None else self.broken.sign

    @property
    def claim(self) -> str:
        """What the chain says end to end: its first and last term."""
        return f"{self.chain.terms[0]} {self.sign} {self.chain.terms[-1]}"

    @property
    def spoken(self) -> str:
        """For messages: it may stand where a letter was meant, or hide one."""
        return f"theorem {self.name}"

    @property
    def usage(self) -> str:
        """How a proof writes it."""
        return f"by({self.name})"

    def __str__(self) -> str:
        return self.title

    def __repr__(self) -> str:
        return self.spoken

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
        signs = (by.latex for by in self.chain.reasons)
        return first + r" \\ ".join(f" &{sign} {term}" for sign, term in zip(signs, rest, strict=True))


def a_theorem(given: object) -> Theorem:
    """What is given, where a theorem is asked for.

    Raises:
        BadInput: if it is none, but a name, or a function without its decorator.
    """
    if isinstance(given, Theorem):
        return given
    raise BadInput(f"{given!r} is no theorem: give what @theorem(...) made of a function; a bundled one is "
                   "from derive.proofs.policy_gradient import policy_gradient.")
