"""The report as one HTML file: MathML, no script, nothing that is loaded; light, dark, and on paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from sympy import Expr

from derive.checking.judgement import Examined
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.language.alphabets import LATEX
from derive.language.notation import write
from derive.report.curve import ON_A_PAGE, environment_for
from derive.report.document import TITLE, rules_used, versions
from derive.report.inline import WORDS, Formula, capital, passages
from derive.report.legend import SIGNS, VERDICTS
from derive.report.lines import pieces
from derive.report.numbers import Evaluated, coordinates, in_a_word
from derive.report.plot import panels
from derive.report.shown import groups
from derive.report.spelled_out import summands

_SIGN = re.compile(r"(<math[^>]*><mrow><mo)(>(?:\+|-|&#x0002B;|&#x02212;)</mo>)")

_FIXED = re.compile(r"(\\Big[lr])\\[lr]Vert")
"""Bars of a fixed size, which the library that makes MathML has no sign for."""


def page(examined: Sequence[Examined], evaluated: Evaluated | None, *, command: str, title: str = TITLE) -> str:
    """The page; ``command`` is what reproduces it.

    Raises:
        BadInput: if what turns LaTeX into MathML is not installed.
    """
    return environment().get_template("page.html").render(
        title=visible(title), groups=groups(examined), evaluated=evaluated,
        panels=() if evaluated is None else panels(evaluated.comparison), colours=ON_A_PAGE,
        rules=rules_used(examined), verdicts=VERDICTS, signs=SIGNS,
        versions=versions(), command=visible(command))


def environment() -> Environment:
    """Everything is escaped but MathML, which is made of terms."""
    environment = Environment(loader=PackageLoader("derive.report", "templates"), undefined=StrictUndefined,
                              autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters["visible"] = visible
    environment.filters["prose"] = prose
    environment.filters["told"] = partial(prose, words=frozenset())
    environment.filters["capital"] = capital
    environment.filters["mathml"] = mathml
    environment.filters["summands"] = summands
    environment.filters["in_a_word"] = in_a_word
    environment.filters["coordinates"] = coordinates
    return environment_for(environment)


def prose(text: str, *, words: frozenset[str] = WORDS) -> Markup:
    """A sentence with its emphasis and its formulas; ``words`` are the letters that, alone, are no variables."""
    written = Markup()
    for emphasised, parts in passages(text, words):
        passage = Markup().join(_formula(part) if isinstance(part, Formula) else escape(visible(part))
                                for part in parts)
        written += Markup("<em>{}</em>").format(passage) if emphasised else passage
    return written


def _formula(piece: Formula) -> Markup:
    below, above = (visible(script.replace("..", ",…,")) for script in (piece.below, piece.above))
    return (Markup("<i>{}</i>").format(piece.base) + (Markup("<sub>{}</sub>").format(below) if below else "")
            + (Markup("<sup>{}</sup>").format(above) if above else ""))


def mathml(term: Expr, *, display: str = "block") -> Markup:
    """A term as MathML.

    Raises:
        BadInput: if latex2mathml is not installed.
    """
    try:
        from latex2mathml.converter import convert
    except ImportError:
        raise BadInput("a report in HTML needs latex2mathml: pip install 'derive-rl[html]'. "
                       "Or write the source of a paper, with -o report.tex.") from None
    latex = write(term, LATEX).replace(r"\sum_", r"\sum\limits_").replace(r"\prod_", r"\prod\limits_")
    parts = [latex] if display == "inline" else pieces(latex)
    made = [Markup(str(convert(_FIXED.sub("\\1‖", part), display=display)).replace(
        "<mi>log</mi>", '<mi>log</mi><mspace width="0.167em" />').replace("&#x0007E;", "&#x0223C;")) for part in parts]
    if len(made) == 1:
        return made[0]
    return Markup('<span class="pieces">{}</span>').format(Markup("<wbr/>").join(map(_piece, made)))


def _piece(made: Markup) -> Markup:
    """A part of a formula that may start a line; a sign in front keeps the space of one between its sides."""
    return Markup('<span class="piece">{}</span>').format(Markup(_SIGN.sub(r'\1 form="infix"\2', str(made), count=1)))
