"""HTML for notebooks: tables and text of any origin, escaped. What is shown of a value is said where the value is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from derive.diagnostics import visible

COLOURS = {"proved": "#1a7f37", "refuted": "#cf222e", "malformed": "#cf222e", "undecided": "#8250df"}
OTHER = "#9a6700"


def text(value: object) -> str:
    """Any text, as HTML that can only print it; ``$`` starts no formula."""
    return escape(visible(value)).replace("$", "<span>$</span>").replace("\\", "&#92;")


def formula(latex: str) -> str:
    r"""LaTeX that MathJax sets: ``\( ... \)``."""
    return f"\\({escape(latex, quote=False)}\\)"


def badge(code: str) -> str:
    """A verdict in its colour."""
    return f'<b style="color:{COLOURS.get(code, OTHER)}">{text(code)}</b>'


def table(rows: Iterable[Sequence[str]], *, head: Sequence[str] = ()) -> str:
    """Rows of cells that are HTML already, aligned to the left."""
    style = ' style="text-align:left"'
    first = "".join(f"<th{style}>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td{style}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{first}</tr>' if head else ''}{body}</table>"
