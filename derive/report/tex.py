"""A LaTeX source into a PDF, and either onto the disk: whole or not at all.

The engine runs in a folder of its own, without a shell, kept from files elsewhere, and
with a time limit; the source holds no text that was not escaped, so this is a second wall.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from derive.checking.judgement import Examined
from derive.errors import BadInput
from derive.report.document import TITLE, document
from derive.report.numbers import Evaluated
from derive.report.output import check_target, temporary_folder, write_whole
from derive.report.page import page
from derive.report.typeset import available, compile_typst, typeset

ENGINES = ("pdflatex", "lualatex")
SECONDS = 60.0
MOST_PASSES = 4
LEAST_ROOM = 1_000_000
"""Bytes; a report and what an engine writes beside it take less."""
_AGAIN = re.compile(r"Rerun to get|Rerun LaTeX|Table widths have changed|No file report\.(?:toc|out)")
_INSTALL = ("A PDF needs LaTeX or Typst, and neither was found. Install Typst: pip install 'derive-rl[pdf]'; "
            "or LaTeX, on Debian and Ubuntu: apt install texlive-latex-recommended texlive-pictures lmodern. "
            "Or write the source instead, with -o report.tex.")
_STAND_IN = re.compile(r"\{\\ttfamily \[U\+([0-9A-F]{4,6})\]\}")


def write_report(examined: Sequence[Examined], evaluated: Evaluated | None, path: Path, *,
                 command: str, title: str = TITLE) -> tuple[str, ...]:
    """The report on ``path``: a PDF if it ends in .pdf, the LaTeX source if in .tex, a page if in .html.

    A PDF is made by LaTeX where there is one, else by Typst. The characters that its fonts lack are returned.

    Raises:
        BadInput: if the path ends otherwise or cannot be written, or no engine makes a PDF of it.
    """
    kind = path.suffix.lower()
    if kind not in (".pdf", ".tex", ".html"):
        raise BadInput(f"{path} ends neither in .pdf nor in .tex nor in .html. Name the report, say, report.pdf.")
    check_target(path)
    if kind == ".html":
        write_whole(path, page(examined, evaluated, command=command, title=title).encode())
        return ()
    if kind == ".pdf" and find_engine() is None and available():
        return compile_typst(typeset(examined, evaluated, command=command, title=title), path)
    source = document(examined, evaluated, command=command, title=title)
    if kind == ".pdf":
        compile_pdf(source, path)
    else:
        write_whole(path, source.encode())
    return stood_in(source)


def stood_in(source: str) -> tuple[str, ...]:
    """The characters that a LaTeX source shows by their numbers, in order."""
    return tuple(sorted({chr(int(number, 16)) for number in _STAND_IN.findall(source)}))


# -- compiling --------------------------------------------------------------------------------------


def find_engine() -> str | None:
    """The first LaTeX engine on the search path, or None."""
    return next((found for name in ENGINES if (found := shutil.which(name))), None)


def compile_pdf(source: str, target: Path, *, engine: str | None = None, seconds: float = SECONDS) -> str:
    """Compile a source into ``target``, and return the log of the last pass.

    Raises:
        BadInput: if there is no engine, it fails or takes too long, or the target cannot be written.
    """
    check_target(target)
    program = engine or find_engine()
    if program is None:
        raise BadInput(_INSTALL)
    with temporary_folder("derive-report-") as folder:
        (folder / "report.tex").write_bytes(source.encode())
        log = _passes(program, folder, seconds)
        try:
            pdf = (folder / "report.pdf").read_bytes()
        except FileNotFoundError:
            raise BadInput(f"{Path(program).name} made no PDF. {_complaint(log)}") from None
    write_whole(target, pdf)
    return log


def _passes(program: str, folder: Path, seconds: float) -> str:
    """Run the engine until the contents and references are settled; the last log."""
    log = ""
    for _ in range(MOST_PASSES):
        status = _run([program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
                      folder, seconds)
        written = folder / "report.log"
        log = written.read_text(encoding="utf-8", errors="replace") if written.exists() else ""
        if status != 0:
            raise BadInput(f"{Path(program).name} failed with status {status}. {_full(folder) or _complaint(log)}")
        if not _AGAIN.search(log):
            break
    return log


def _run(command: list[str], folder: Path, seconds: float) -> int:
    """The exit status; on timeout the engine and whatever it started are killed."""
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(os.environ, folder), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        raise BadInput(f"{command[0]} cannot be run: {error.strerror}. Install a LaTeX engine.") from error
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise BadInput(f"{Path(command[0]).name} took longer than {seconds:g} seconds and was stopped. "
                       "Report on fewer theorems at a time, or write the source with -o report.tex.") from None
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(inherited: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment without search paths of the user's, restricted, with a fixed date and long log lines."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(("TEXINPUTS", "TEXMFOUTPUT"))}
    return {**kept, "openin_any": "p", "openout_any": "p", "shell_escape": "f", "SOURCE_DATE_EPOCH": "0",
            "FORCE_SOURCE_DATE": "1", "max_print_line": "10000", "TEXMFVAR": str(folder / "texmf-var")}


def _full(folder: Path) -> str:
    """That there is no room for the engine's own files, if there is none."""
    free = shutil.disk_usage(folder).free
    if free >= LEAST_ROOM:
        return ""
    return f"The folder for temporary files, {folder.parent}, has {free:,} bytes left. Empty it, or set TMPDIR."


def _complaint(log: str) -> str:
    """The first error in a log, with the line it names."""
    found = re.search(r"^! (.*?)$(?:.*?^(l\.\d+ .*?)$)?", log, re.MULTILINE | re.DOTALL)
    if found is None:
        return "Its log names no error. Check that texlive-latex-recommended and texlive-pictures are installed."
    return f"It says: {found[1]}" + (f" at {found[2].strip()}" if found[2] else "")


# -- onto the disk -----------------------------------------------------------------------------------
