"""Checking: ``check``, ``audit``, ``show``, ``explain``, ``lsp``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from derive.commands.arguments import (
    JOBS,
    MEMORY,
    MEMORY_OF_ALL,
    NAMES,
    PATH,
    PATHS,
    TIMEOUT,
    TIMEOUT_OF_ALL,
    console_of,
    say,
)
from derive.commands.fitting import fitted
from derive.commands.subjects import built
from derive.errors import BadInput
from derive.process.running import guarded
from derive.process.streams import own_output


@click.command()
@PATHS
@click.option("--format", "style", type=click.Choice(["full", "concise", "json", "github", "sarif", "junit"]),
              default="full", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="Show claims, every step and the evidence for it.")
@click.option("-q", "--quiet", is_flag=True, help="Show what is wrong and nothing else.")
@click.option("--thorough", is_flag=True, help="Ask more shapes, and zeros, where a step is decided already.")
@click.option("--strict", is_flag=True, help="Warnings make the exit status 1.")
@click.option("--select", multiple=True, metavar="CODES", help="Report these codes only, such as D001,D005.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not report these codes.")
@click.option("--exclude", multiple=True, metavar="PATTERNS", help="Pass over files and folders of these names.")
@click.option("--fix", is_flag=True, help="Put the rules that are missing into the files, and check them again.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option("--unsafe-fixes", is_flag=True, help="Also fixes that change what is claimed, such as an assumption.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until interrupted.")
@click.option("--if-any", is_flag=True, help="Pass over PATHS that define no theorem, as a hook needs it.")
@click.option("--statistics", is_flag=True, help="Count how often each code was met.")
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 whatever was found.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write there instead of to the terminal.")
@click.option("--certificate", type=click.Path(path_type=Path),
              help="Write what an independent checker needs (see derive verify); only a certificate is replaced.")
@click.option("--journal", type=click.Path(path_type=Path), metavar="FILE",
              help="Write each file's verdicts there as they come; of files and imports that are as they were when "
                   "they were written, take them from there.")
@TIMEOUT
@MEMORY
@JOBS
def check(paths: tuple[Path, ...], style: str, output: Path | None, certificate: Path | None, jobs: int, *,
          journal: Path | None, timeout: float, memory: int, select: tuple[str, ...], ignore: tuple[str, ...],
          exclude: tuple[str, ...], watch: bool, **flags: Any) -> int:
    """Check every step of the theorems in PATHS: files, folders, names of bundled proofs, or - for standard input.

    Without PATHS: those of [tool.derive] in pyproject.toml, else the bundled proofs.

    Exit status: 0 if everything is as claimed, warnings allowed; 1 if something is not; 2 if a file could not be
    read, ran out of time or memory, crashed, or holds no theorem; 3 for a defect of derive. The largest wins.
    """
    from derive.files.configuration import configuration
    from derive.process.limits import Limits
    from derive.runs.run_check import Options
    from derive.runs.run_check import check as checked
    from derive.runs.run_check import watch as watched

    known = configuration()
    flags["strict"] = flags["strict"] or known.strict
    return (watched if watch else checked)(paths or known.paths, Options(
        style=style, output=output, certificate=certificate, journal=journal, jobs=jobs,
        select=_split(select) or known.select, ignore=_split(ignore) or known.ignore,
        exclude=(*known.exclude, *_split(exclude)),
        limits=Limits(seconds=timeout, megabytes=memory), **flags))


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


@click.command()
@NAMES
@click.option("--format", "style", type=click.Choice(["full", "json"]), default="full", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write there instead of to the terminal.")
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def audit(names: tuple[str, ...], style: str, output: Path | None) -> int:
    """Say what each assumption of the theorems NAMES is needed for, with a model, and which relations are used.

    Exit status: 1 if a theorem is not as claimed, or an assumption of one that follows is idle; else 0.
    """
    import json

    from derive.checking.examine import Session
    from derive.report.auditing import audited, payload
    from derive.report.output import refuse_inputs

    refuse_inputs([output], [Path(name) for name in names])
    (theorems, broken), session = built(names), Session()
    with console_of(output) as console:
        examined = [session.examine(theorem) for theorem in theorems]
        if style == "json":
            console.print(json.dumps(payload(examined), indent=2), soft_wrap=True, markup=False, highlight=False)
        else:
            for one in examined:
                audited(console, one)
    return max(broken, int(any((one.idle and one.follows) or not one.as_claimed for one in examined)))


@click.command()
@click.argument("path", type=PATH)
@click.option("--latex", is_flag=True, help="The chain as LaTeX.")
@click.option("--replay", metavar="[NAME:]STEP", help="Python that recomputes the counterexample of a step, of the "
              "theorem NAME where the file has several.")
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def show(path: Path, latex: bool, replay: str | None) -> int:
    """Show the chains of a proof file, or of a bundled theorem, without checking them."""
    from derive.report import chains

    theorems, broken = built([str(path)])
    if replay is not None:
        say(chains.replay_of(theorems, replay))
        return broken
    width = get_terminal_size().columns if own_output().isatty() else None
    for theorem in theorems:
        say(chains.latex(theorem) if latex else chains.plain(theorem, width))
    return broken


@click.command()
@click.argument("subject", required=False)
def explain(subject: str | None) -> int:
    """Explain a rule, a diagnostic code, an assumption or a name of a proof; without a subject, list them."""
    from derive.report import explanations

    if subject is None:
        say(fitted(explanations.overview()))
        return 0
    from derive.checking.proof_files import bundled, search

    say(fitted(explanations.explanation(subject, [file.stem for file in search(bundled()).files])))
    return 0


@click.command()
def lsp() -> int:
    """Serve an editor over standard input and output: diagnostics on save, fixes, what a rule says."""
    try:
        from derive.integrations.language_server import server
    except ImportError as error:
        if error.name is None or error.name.split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise BadInput("the language server needs pygls: pip install 'derive-rl[lsp]'.") from None
    server().start_io(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))  # it closes them in the end
    return 0
