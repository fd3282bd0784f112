"""A handout in LaTeX, in Typst or as a page: the same exercises, each with its own writers of words and terms."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment
from sympy import Expr

from derive.diagnostics import visible
from derive.errors import BadInput
from derive.language.vocabulary import objective as objective_of
from derive.language.vocabulary import pi, tau
from derive.language.vocabulary import trajectory_probability as probability_of
from derive.report import document, escape, formulas, page, typeset
from derive.report.escape import Tex
from derive.report.handout import Handout
from derive.report.inline import capital
from derive.report.lines import width
from derive.report.output import check_target, write_whole
from derive.report.tex import compile_pdf, find_engine, stood_in

ROOM, REASON, BETWEEN = 440.0, 150.0, 24.0
"""Points across the page, of the column of reasons, and of a relation with the space around it."""


def write_handout(sheet: Handout, path: Path, *, solutions: bool) -> tuple[str, ...]:
    """The exercises, or their ``solutions``, on ``path``: a .pdf, .tex or .html; the characters that its fonts lack.

    Raises:
        BadInput: if the path ends otherwise or cannot be written, or no engine makes a PDF of it.
    """
    check_target(path)
    match path.suffix.lower():
        case ".html":
            write_whole(path, as_page(sheet, solutions=solutions).encode())
            return ()
        case ".pdf" if find_engine() is None and typeset.available():
            return typeset.compile_typst(as_typst(sheet, solutions=solutions), path)
        case ".pdf":
            source = as_latex(sheet, solutions=solutions)
            compile_pdf(source, path)
            return stood_in(source)
        case ".tex":
            source = as_latex(sheet, solutions=solutions)
            write_whole(path, source.encode())
            return stood_in(source)
    raise BadInput(f"{path} ends neither in .pdf nor in .tex nor in .html. Name the handout, say, handout.pdf.")


def as_latex(sheet: Handout, *, solutions: bool) -> str:
    """The LaTeX source."""
    return _rendered(document.environment(), "handout.tex", sheet, solutions, {
        "literal": escape.literal, "prose": escape.prose, "bookmark": escape.bookmark, "formula": _set,
        "equation": equation, "told": partial(escape.prose, words=frozenset()),
        "short": lambda term: _set(term, ROOM - REASON - 30), "plain": formulas.formula, "relation": relation})


def as_typst(sheet: Handout, *, solutions: bool) -> str:
    """The Typst source."""
    return _rendered(typeset.environment(), "handout.typ", sheet, solutions, {"plain": typeset.plain})


def as_page(sheet: Handout, *, solutions: bool) -> str:
    """The HTML page."""
    return _rendered(page.environment(), "handout.html", sheet, solutions, {})


def _rendered(environment: Environment, name: str, sheet: Handout, solutions: bool,
              filters: dict[str, Callable[..., Any]]) -> str:
    environment.filters |= {"capital": capital, "fraction": fraction, **filters}
    return environment.get_template(name).render(
        sheet=sheet, title=visible(sheet.title), solutions=solutions, objective=objective_of(pi),
        probability=probability_of(pi, tau),
        reason_width=Tex(f"{REASON:.0f}pt"), plain_title=escape.bookmark(sheet.title))


def relation(sign: str) -> Tex:
    """What stands between the sides of a line, in LaTeX."""
    return Tex({"=": "=", "≟": r"\overset{?}{=}", "≈": r"\approx", "←": r"\leftarrow", "": ""}[sign])


def equation(before: Expr, sign: str, after: Expr) -> Tex:
    """Both sides in display style: on one line, or one below the other where they are wider than the page."""
    between = rf"$\;{relation(sign)}\;$ "
    if sum(width(formulas.formula(side)) for side in (before, after)) + BETWEEN <= ROOM:
        return Tex(f"{_set(before)} {between}{_set(after)}")
    return Tex(rf"{_set(before)}\par\nopagebreak {between}{_set(after, ROOM - BETWEEN)}")


def fraction(value: Fraction) -> str:
    """A number as a student writes it."""
    return str(value).replace("-", "−")


def _set(term: Expr, room: float = ROOM) -> Tex:
    """A term in display style within so many points, in as many lines as that takes."""
    first, *rest = formulas.lines(term, room, room - 24)
    if not rest:
        return Tex(rf"$\displaystyle {first}$")
    return Tex(r"$\begin{aligned}[t]&" + "".join([first, *(rf"\\ &\quad {line}" for line in rest)])
               + r"\end{aligned}$")
