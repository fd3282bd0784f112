"""The command line: ``derive check``, ``show``, ``evaluate``, ``fuzz``, ``report``, ``explain``.

Exit status: 0 all as claimed, 1 something is not, 2 bad usage or input. SymPy, FLINT and
rich are imported by the commands that need them, so that ``--help`` answers at once.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derive import __version__
from derive.errors import BadInput, DeriveError

if TYPE_CHECKING:
    from rich.console import Console

    from derive.chain import Examined
    from derive.derivation import Theorem

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
NAMES = click.argument("names", nargs=-1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1, 2, or 130 when interrupted."""
    try:
        result = commands.main(
            args=None if arguments is None else list(arguments), prog_name="derive", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return 2
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except DeriveError as error:
        click.echo(f"error: {error}", err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; there is nobody to tell
        return 1
    return result if isinstance(result, int) else 0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="derive")
def commands() -> None:
    """Check policy-gradient derivations, step by step: proved exactly, or refuted by a small MDP."""


# -- check -------------------------------------------------------------------------------------


@commands.command()
@PATHS
@click.option("--format", "style", type=click.Choice(["full", "concise", "json"]), default="full", show_default=True)
@click.option("--strict", is_flag=True, help="Idle assumptions are errors.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write there instead of to the terminal.")
@click.option("--certificate", type=click.Path(path_type=Path),
              help="Write what an independent checker needs (see derive verify).")
def check(paths: tuple[Path, ...], style: str, strict: bool, output: Path | None, certificate: Path | None) -> int:
    """Check every step of the theorems in PATHS (files or folders; default: the bundled proofs)."""
    from time import perf_counter

    from derive.chain import Session
    from derive.report import terminal

    start, session = perf_counter(), Session()
    examined: list[Examined] = []
    errors: list[str] = []
    with _console(output) as console:
        for theorem in _theorems(paths, errors):
            try:
                one = session.examine(theorem)
            except DeriveError as error:
                errors.append(f"{_place(theorem)}: {theorem.name}: {error}")
                continue
            examined.append(one)
            if style == "full":
                terminal.full(console, one, strict=strict)
            elif style == "concise":
                terminal.concise(console, one)
        if style == "json":
            _print_json(console, examined, errors)
        else:
            terminal.summary(console, examined, len(errors), perf_counter() - start)
    if certificate is not None:
        _write_certificate(certificate, [one.theorem for one in examined])
    for error in errors:
        click.echo(f"error: {error}", err=True)
    idle = strict and any(one.idle for one in examined)
    return 2 if errors else 0 if all(one.as_claimed for one in examined) and not idle else 1


def _write_certificate(path: Path, theorems: list[Theorem]) -> None:
    import json

    from derive.certificate import certificate
    from derive.report.output import write_whole

    write_whole(path, (json.dumps(certificate(theorems), separators=(",", ":")) + "\n").encode())


def _print_json(console: Console, examined: list[Examined], errors: list[str]) -> None:
    import json

    from derive.report.payload import payload

    console.file.write(json.dumps(payload(examined, errors), ensure_ascii=False, indent=2) + "\n")


def _console(output: Path | None) -> Any:
    from derive.report.output import console_for

    return console_for(output)


def _theorems(paths: Iterable[Path], errors: list[str]) -> Iterable[Theorem]:
    """The theorems of all files; what cannot be read is noted in ``errors`` and skipped."""
    from derive.proof_files import bundled, load, proof_files

    for path in list(paths) or [bundled()]:
        try:
            files = list(proof_files([path]))
        except BadInput as error:
            errors.append(str(error))
            continue
        for file in files:
            try:
                found = load(file)
                for theorem in found:
                    _built(theorem)
            except BadInput as error:
                errors.append(str(error))
                continue
            yield from found


def _built(theorem: Theorem) -> None:
    """Build the chain, or say where that fails."""
    from derive.proof_files import place_of

    try:
        _ = theorem.chain
    except (Exception, SystemExit) as error:
        kind = "" if isinstance(error, DeriveError) else f"{type(error).__name__}: "
        raise BadInput(f"{place_of(error, Path(theorem.file))}: theorem {theorem.name}: {kind}{error}") from error


def _place(theorem: Theorem) -> str:
    return f"{theorem.file}:{theorem.line}"


@commands.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--against", "proofs", multiple=True, type=click.Path(path_type=Path),
              help="Recompile the terms of this proof and compare; may be repeated.")
def verify(path: Path, proofs: tuple[Path, ...]) -> int:
    """Re-check the certificate PATH with code that shares nothing with the prover."""
    from derive.verify import NotCertified, read, verified

    try:
        data = read(path)
    except NotCertified as error:
        raise BadInput(str(error)) from None
    outcomes = verified(data)
    for step, outcome in outcomes:
        click.echo(f"{step}: {outcome}")
    good = all(outcome in ("verified", "no certificate") for _, outcome in outcomes)
    if proofs:
        good = _is_about(data, proofs) and good
    count = sum(outcome == "verified" for _, outcome in outcomes)
    click.echo(f"{count} of {len(outcomes)} steps verified for every finite MDP and every horizon")
    return 0 if good and count else 1


def _is_about(data: dict[str, Any], proofs: tuple[Path, ...]) -> bool:
    """Whether the certificate is about these proofs; says what differs."""
    from derive.certificate import against

    wrong = against(data, _named([str(proof) for proof in proofs]))
    for step, text in wrong:
        click.echo(f"{step}: {text}")
    return not wrong


# -- show and explain -----------------------------------------------------------------------------


@commands.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--latex", is_flag=True, help="The chain as LaTeX.")
@click.option("--replay", type=int, metavar="STEP", help="Python that recomputes the counterexample of a step.")
def show(path: Path, latex: bool, replay: int | None) -> int:
    """Show the chains of a proof file, or of a bundled theorem, without checking them."""
    from derive.report import chains

    theorems = _named([str(path)])
    for theorem in theorems:
        _built(theorem)
        if replay is not None:
            click.echo(chains.replay_of(theorem, replay))
        else:
            click.echo(chains.latex(theorem) if latex else chains.plain(theorem))
    return 0


def _named(names: Sequence[str]) -> list[Theorem]:
    """The theorems of files, or bundled theorems by name; all bundled ones for no name."""
    from derive.proof_files import bundled, load, proof_files

    if not names:
        return [theorem for file in proof_files([bundled()]) for theorem in load(file)]
    found: list[Theorem] = []
    for name in names:
        if name.endswith(".py") or Path(name).exists():
            found += [theorem for file in proof_files([Path(name)]) for theorem in load(file)]
            continue
        matches = [file for file in proof_files([bundled()]) if file.stem == name]
        if not matches:
            known = ", ".join(file.stem for file in proof_files([bundled()]))
            raise BadInput(f"{name}: no such file, and no bundled theorem of that name. The bundled ones: {known}.")
        found += [theorem for file in matches for theorem in load(file)]
    return found


@commands.command()
@click.argument("subject", required=False)
def explain(subject: str | None) -> int:
    """Explain a rule or a diagnostic code; without a subject, list them."""
    from derive.report import explanations

    click.echo(explanations.overview() if subject is None else explanations.explanation(subject))
    return 0


# -- evaluate --------------------------------------------------------------------------------------


@commands.command()
@click.argument("theorem", default="policy_gradient")
@click.argument("mdp", default="two-state")
@click.option("--samples", default=100_000, show_default=True, type=click.IntRange(2, 10_000_000),
              help="Monte Carlo trajectories.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the simulator and of theta.")
def evaluate(theorem: str, mdp: str, samples: int, seed: int) -> int:
    """Evaluate the closed form of THEOREM on MDP, next to independent methods.

    MDP is a built-in name (see below), random:SEED, or a .json or .npz file with the
    fields mu (S,), P (S,A,S), r (S,A,S) or (S,A), gamma, horizon, and optionally theta
    (S,A). Built-in: bandit, two-state, corridor, lake.
    """
    from derive.report.evaluation import evaluated

    subject, *_ = _named([theorem])
    _built(subject)
    with _console(None) as console:
        return 0 if evaluated(console, subject, mdp, samples=samples, seed=seed) else 1


# -- fuzz ------------------------------------------------------------------------------------------


@commands.command()
@NAMES
@click.option("--examples", default=20, show_default=True, type=click.IntRange(1), help="Random MDPs for each step.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
def fuzz(names: tuple[str, ...], examples: int, seed: int) -> int:
    """Re-check every step of the theorems NAMES on random MDPs of random shapes."""
    from derive.report.fuzzing import fuzzed

    theorems = _named(names)
    for theorem in theorems:
        _built(theorem)
    with _console(None) as console:
        return 0 if fuzzed(console, theorems, examples=examples, seed=seed) else 1


# -- report ----------------------------------------------------------------------------------------


@commands.command()
@NAMES
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("report.tex"), show_default=True,
              help="A .tex file, or a .pdf file if a TeX engine is installed.")
@click.option("--samples", default=20_000, show_default=True, type=click.IntRange(2, 10_000_000),
              help="Monte Carlo trajectories of the convergence plot.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
def report(names: tuple[str, ...], output: Path, samples: int, seed: int) -> int:
    """Write the checked theorems NAMES (default: all bundled ones) as a LaTeX document."""
    from derive.report.handout import write_handout

    theorems = _named(names)
    for theorem in theorems:
        _built(theorem)
    command = shlex.join(["derive", "report", *names, "--samples", str(samples), "--seed", str(seed),
                          "-o", output.name])
    good = write_handout(theorems, output, samples=samples, seed=seed, command=command)
    click.echo(f"wrote {output}")
    return 0 if good else 1
