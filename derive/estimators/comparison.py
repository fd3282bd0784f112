"""The comparison of estimators on the disk: its table with its plot as a report, or the plot alone.

Which, the name of the file says: .tex, .pdf and .html are reports, .svg and .png pictures. Nothing in them
depends on the date or the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from derive.diagnostics import visible
from derive.errors import BadInput
from derive.estimators import plot
from derive.estimators.gallery.entry import Entry
from derive.estimators.plot import Picture
from derive.estimators.result import SHOWN_ROWS, EstimatorResult
from derive.report import typeset
from derive.report.document import environment, versions
from derive.report.escape import Tex, bookmark, code, literal
from derive.report.inline import capital
from derive.report.output import check_target, write_whole
from derive.report.tex import compile_pdf, find_engine

TITLE = "Estimators of the policy gradient, compared"
PACKAGE = "derive.estimators"
POINTS = 0.72
"""TeX points for a pixel of the picture."""
Found = Sequence[tuple[EstimatorResult, Entry | None]]
Text = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of one estimator, in the language of the report."""

    name: str
    group: int
    verdict: str
    factor: str
    colour: str
    bias: str
    cosine: str
    variance: str
    statement: str
    source: str
    target: str
    known: str
    effective: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


def write(path: Path, found: Found, *, command: str) -> None:
    """A report or a picture on ``path``, by its ending.

    Raises ``BadInput`` for another ending, a path that cannot be written, a PNG without Pillow, a PDF
    without LaTeX or Typst, or a picture of nothing.
    """
    check(path)
    results = [result for result, _ in found]
    match path.suffix.lower():
        case ".svg":
            content = plot.svg(plot.picture(results)).encode()
        case ".png":
            from derive.estimators.raster import png

            content = png(plot.picture(results))
        case ".tex":
            content = tex(found, command=command).encode()
        case ".html":
            content = html(found, command=command).encode()
        case _ if find_engine() is None and typeset.available():
            typeset.compile_typst(typ(found, command=command), path)
            return
        case _:
            compile_pdf(tex(found, command=command), path)
            return
    write_whole(path, content)


def check(path: Path) -> None:
    """Nothing, if ``path`` has an ending that is known and can be written. Raises ``BadInput`` otherwise."""
    if path.suffix.lower() not in (".svg", ".png", ".tex", ".html", ".pdf"):
        raise BadInput(f"{path} ends in none of .svg and .png (the plot), .tex, .pdf and .html (a report with it)")
    check_target(path)


def tex(found: Found, *, command: str) -> str:
    """The report as a LaTeX document."""
    shown, rows = _picture(found), [
        _row(*one, literal, lambda number: Tex(f"${number}$"), literal) for one in found]
    return environment(PACKAGE).get_template("comparison.tex").render(
        title=literal(TITLE), plain_title=bookmark(TITLE), rows=rows,
        plot=None if shown is None else _in_tikz(shown), command=code(command),
        versions=[(literal(name), literal(number)) for name, number in versions()])


def html(found: Found, *, command: str) -> str:
    """The report as one page, without a script, and nothing that is loaded."""
    shown, rows = _picture(found), [
        _row(*one, visible, lambda number: number.replace("-", "−"), visible) for one in found]
    pages = Environment(loader=PackageLoader(PACKAGE, "templates"), undefined=StrictUndefined, autoescape=True,
                        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return pages.get_template("comparison.html").render(
        title=TITLE, rows=rows, command=visible(command), versions=versions(),
        plot=None if shown is None else Markup(plot.svg(shown)))


def typ(found: Found, *, command: str) -> str:
    """The report in Typst."""
    def text(words: str) -> typeset.Typ:
        return typeset.literal(words) if words else typeset.Typ("")

    shown, rows = _picture(found), [
        _row(*one, text, lambda number: text(number.replace("-", "−")), typeset.colour) for one in found]
    return typeset.environment(PACKAGE).get_template("comparison.typ").render(
        title=TITLE, rows=rows, command=visible(command), versions=versions(),
        plot=None if shown is None else typeset.quoted(plot.svg(shown)))


def _picture(found: Found) -> Picture | None:
    """None if there is nothing to draw: a table is still a report."""
    try:
        return plot.picture([result for result, _ in found])
    except BadInput:
        return None


def _row(result: EstimatorResult, entry: Entry | None, text: Text, figure: Text, shade: Text) -> Row:
    def number(value: float | None, style: str) -> str:
        return text("") if value is None else figure(format(value, style))

    words = result.says
    colour = "good" if result.good else "fair" if result.verdict in ("proportional", "undecided") else "bad"
    effective = result.effective_reward[:SHOWN_ROWS]
    several = any(row.prompt for row in effective)
    notes = (*result.notes, *((entry.remark,) if entry and entry.remark else ()))
    return Row(
        text(result.name), result.at.group, text(result.verdict), text(words.removeprefix(result.verdict)),
        shade(colour), number(result.relative_bias, ".2g"), number(result.cosine, ".4f"),
        number(result.trace_variance, ".4g"), text(entry.statement if entry else ""),
        text(entry.source if entry else ""), text("" if result.target == "J" else result.target), text(result.known),
        tuple((text(row.outcome(several=several)), number(row.effective, ".4f"), number(row.wanted, ".4f"))
              for row in effective),
        tuple(text(capital(note)) for note in notes))


def _in_tikz(shown: Picture) -> dict[str, Any]:
    def length(pixels: float) -> Tex:
        return Tex(f"{pixels * POINTS:.2f}")

    def path(points: Sequence[plot.Point]) -> Tex:
        return Tex(" -- ".join(f"({length(x)},{length(y)})" for x, y in points))

    def colour(number: str) -> Tex:
        return Tex(f"line{plot.COLOURS.index(number)}")

    return {
        "colours": [(colour(number), Tex(number.removeprefix("#").upper())) for number in plot.COLOURS],
        "width": length(plot.WIDTH), "height": length(plot.HEIGHT),
        "lines": [{"colour": colour(one.colour), "error": path(one.error), "bias": path(one.bias or ())}
                  for one in shown.lines],
        "across": [(length(x), Tex(label)) for x, label in shown.across],
        "up": [(length(y), Tex(f"10^{{{power}}}")) for y, power in shown.up],
        "legend": [(literal(words), Tex("") if one is None else colour(one)) for words, one in shown.legend]}
