"""``%%derive`` in notebooks: the cell is run, and the theorems that it declares are checked and shown.

The cell runs in the notebook's own process, like any other, so that names of earlier cells may be used, and its
theorems are reasons in later ones. An interrupt of the kernel ends a check.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from derive.checking.derivation import Made, recorded
from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.diagnostics import Diagnostic
from derive.display import text
from derive.files.overlay import overlaid
from derive.report import terminal
from derive.report.findings import findings
from derive.report.trouble import trouble
from derive.report.wording import shown_path
from derive.runs.campaign import built


class NotAsClaimed(Exception):
    """What a cell raises at its end, so that whoever runs a notebook sees what its reader has been shown."""

    def _render_traceback_(self) -> list[str]:
        """One line for IPython, which would show our frames."""
        return [f"derive: {self}"]


CELL = "<cell>"
"""How the file of a cell is called, which has a name of its own only for Python."""
OPTIONS = {"-v": "verbose", "--verbose": "verbose"}


def register(shell: Any) -> None:
    """Add ``%%derive`` to an IPython shell."""

    def derive(line: str, cell: str) -> None:
        """Run a cell and check the theorems in it; -v shows the evidence for every step."""
        _refused(checked_cell(shell, line, cell))

    shell.register_magic_function(derive, "cell", "derive")


def _refused(examined: Iterable[Examined]) -> None:
    """Raises NotAsClaimed for theorems that are not as claimed."""
    wrong = [one.theorem.name for one in examined if not one.as_claimed]
    if wrong:
        raise NotAsClaimed(f"not as claimed: {', '.join(wrong)}")


def checked_cell(shell: Any, line: str, cell: str) -> list[Examined]:
    """Run a cell, show what comes of each theorem that it declares, and return that.

    Raises:
        ValueError: for an option that there is none of.
        NotAsClaimed: if the cell fails, declares no theorem, or one that cannot be read.
    """
    options = shlex.split(line)
    for option in options:
        if option not in OPTIONS:
            raise ValueError(f"%%derive has no option {option}; -v shows the evidence for every step.")
    with recorded() as events:
        result = shell.run_cell(cell, store_history=False)
    if not result.success:
        raise NotAsClaimed("nothing was checked, for the cell fails as is shown above")
    theorems = list(dict.fromkeys(event.theorem for event in events if isinstance(event, Made)))
    if not theorems:
        raise NotAsClaimed("this cell declares no theorem")
    examined, unread = [], []
    with ExitStack() as cells:
        for file in dict.fromkeys(theorem.file for theorem in theorems):
            cells.enter_context(overlaid(Path(file), cell.encode()))
        for shown in _shown(theorems, verbose=bool(options)):
            shell.display_pub.publish({"text/plain": shown.plain, "text/html": shown.html})
            examined += [shown.examined] if shown.examined is not None else []
            unread += [shown.name] if shown.examined is None else []
    if unread:
        raise NotAsClaimed(f"not checked: {', '.join(unread)}")
    return examined


@dataclass(frozen=True, slots=True)
class _Shown:
    name: str
    plain: str
    html: str
    examined: Examined | None = None


def _shown(theorems: Iterable[Theorem], *, verbose: bool) -> Iterator[_Shown]:
    session = Session()
    for theorem in theorems:
        try:
            built(theorem)
            one = session.examine(theorem)
        except Exception as error:
            told = trouble(error, theorem.file, theorem).diagnostic
            plain = _plain(theorem, lambda console, told=told: terminal.told(console, told))
            yield _Shown(theorem.name, plain, f"<pre>{_lines(plain)}</pre>")
            continue
        found = findings(one)
        plain = _plain(theorem, lambda console, one=one, found=found:
                       terminal.full(console, one, found, verbose=verbose))
        yield _Shown(theorem.name, plain, _html(one, found, plain), one)


def _html(one: Examined, found: tuple[Diagnostic, ...], plain: str) -> str:
    """The table of the steps, and below it what is wrong, in the words and on the source that a terminal shows."""
    return one._repr_html_() + (f"<pre>{_lines(plain)}</pre>" if found else "")


def _lines(plain: str) -> str:
    return "\n".join(text(line) for line in plain.rstrip("\n").split("\n"))


def _plain(theorem: Theorem, write: Any) -> str:
    out = StringIO()
    write(Console(file=out, width=100, height=25, highlight=False, markup=False, emoji=False, color_system=None,
                  force_jupyter=False))  # or rich shows it by itself
    found = out.getvalue()
    for name in (theorem.file, shown_path(theorem.file)):
        found = found.replace(name, CELL)
    return found
