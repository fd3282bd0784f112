"""The command line: ``derive check``, ``show``, ``evaluate``, ``fuzz``, ``report``, ``explain``.

Exit status: 0 all as claimed, 1 something is not, 2 bad usage or input. SymPy, FLINT and
rich are imported by the commands that need them, so that ``--help`` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derive import __version__
from derive.errors import BadInput, DeriveError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from rich.console import Console

    from derive.theorems import Theorem

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
NAMES = click.argument("names", nargs=-1)
JOBS = click.option("-j", "--jobs", default=1, show_default=True, type=click.IntRange(1, 256),
                    help="Processes to use; the results are the same for any number.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1, 2, or 130 when interrupted."""
    gc.set_threshold(50_000, 20, 50)  # terms and polynomials are long-lived: looking at them often finds nothing
    atexit.register(gc.freeze)  # nor does Python, when it ends, need to look at every object for cycles
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's import starts threads: no matrix here is worth them
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
@JOBS
def check(paths: tuple[Path, ...], style: str, strict: bool, output: Path | None, certificate: Path | None,
          jobs: int) -> int:
    """Check every step of the theorems in PATHS (files or folders; default: the bundled proofs)."""
    from time import perf_counter

    from derive.campaign import Look, check_files
    from derive.report.terminal import summary

    start, errors = perf_counter(), list[str]()
    files = list(_files(paths, errors))
    payloads: list[dict[str, Any]] = []
    settled: list[bool] = []
    steps, idle = 0, False
    with _console(output) as console, _executor(jobs) as executor:
        look = Look(style, strict, console.width, console.color_system is not None)
        try:
            for checked in check_files(files, look=look, executor=executor):
                console.file.write(checked.text)
                console.file.flush()
                payloads += checked.payload["theorems"]
                errors += checked.errors
                settled += checked.settled
                steps, idle = steps + checked.steps, idle or checked.idle
        finally:  # interrupted: say what is settled
            if style == "json":
                _print_json(console, payloads, errors)
            else:
                summary(console, settled, steps, len(errors), perf_counter() - start)
    for error in errors:
        click.echo(f"error: {error}", err=True)
    if errors or not settled:
        return 2
    if certificate is not None:
        _write_certificate(certificate, files)
    return 0 if all(settled) and not (strict and idle) else 1


@contextmanager
def _executor(jobs: int) -> Iterator[Executor | None]:
    """Processes for more than one job; what has not begun is dropped when interrupted."""
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=jobs)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _write_certificate(path: Path, files: list[Path]) -> None:
    import json

    from derive.certificate import certificate
    from derive.checking.examine import Session
    from derive.proof_files import load
    from derive.report.output import write_whole

    session = Session()
    data = certificate([session.examine(theorem) for file in files for theorem in load(file)])
    write_whole(path, (json.dumps(data, separators=(",", ":")) + "\n").encode())


def _print_json(console: Console, theorems: list[dict[str, Any]], errors: list[str]) -> None:
    import json

    ok = bool(theorems) and not errors and all(theorem["as_claimed"] for theorem in theorems)
    data = {"schema": 1, "ok": ok, "theorems": theorems, "errors": errors}
    console.file.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def _console(output: Path | None) -> Any:
    from derive.report.output import console_for

    return console_for(output)


def _files(paths: Iterable[Path], errors: list[str]) -> Iterator[Path]:
    """The proof files of all paths; what cannot be read is noted in ``errors`` and skipped."""
    from derive.proof_files import bundled, search

    for path in list(paths) or [bundled()]:
        found = search(path)
        errors += found.errors
        yield from found.files


def _built(theorem: Theorem) -> None:
    from derive.campaign import built

    built(theorem)


@commands.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--against", "proofs", multiple=True, type=click.Path(path_type=Path),
              help="Compare with the terms of this proof; may be repeated.")
@click.option("--partial", is_flag=True, help="Steps without evidence are no failure.")
def verify(path: Path, proofs: tuple[Path, ...], partial: bool) -> int:
    """Make the equations of the certificate PATH again, by the kernel alone, and print them."""
    from derive.statements import scope, statement, visible
    from derive.verify import NotCertified, read, verified

    try:
        outcomes = list(verified(read(path)))
    except NotCertified as error:
        raise BadInput(visible(error)) from None
    for one in outcomes:
        name = visible(one.name)
        if one.equation is None:
            click.echo(f"{name}: {'' if one.claimed else visible(one.verdict) + ', '}{visible(one.why)}")
            continue
        means = "" if one.verdict == "proved" else f" ({visible(one.verdict)}: an equation of means)"
        click.echo(f"{name}: verified{means}")
        click.echo(f"    {statement(one.equation.before)} = {statement(one.equation.after)}")
        click.echo(f"    {scope(one.equation.context)}")
    claimed = [one for one in outcomes if one.claimed]
    count = sum(one.equation is not None for one in claimed)
    bad = [one for one in claimed if one.equation is None and not (partial and one.why == "no evidence")]
    good = bool(count) and not bad
    if proofs:
        good = _is_about(read(path), proofs) and good
    click.echo(f"{count} of {len(claimed)} claimed equations verified; {len(outcomes) - len(claimed)} steps claim none")
    if not proofs:
        click.echo("these are the statements above; --against PROOF compares them with the terms of a proof")
    return 0 if good else 1


def _is_about(data: dict[str, Any], proofs: tuple[Path, ...]) -> bool:
    """Whether the certificate is about these proofs; says what differs."""
    from derive.certificate import against
    from derive.statements import visible

    wrong = against(data, _named([str(proof) for proof in proofs]))
    for step, text in wrong:
        click.echo(f"{visible(step)}: {visible(text)}")
    return not wrong


@commands.command()
@NAMES
@click.option("--shape", default="20,5,200", show_default=True, metavar="S,A,H", help="States, actions, last decision.")
@click.option("--points", default=8, show_default=True, type=click.IntRange(1, 64), help="Random points and primes.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
def probe(names: tuple[str, ...], shape: str, points: int, seed: int) -> int:
    """Compare every step of the theorems NAMES at random points of one large shape."""
    from derive.report.probing import probed

    theorems = _named(names)
    for theorem in theorems:
        _built(theorem)
    with _console(None) as console:
        return 0 if probed(console, theorems, shape, points=points, seed=seed) else 1


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
    """Evaluate the formula of THEOREM on MDP, next to independent methods.

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
@JOBS
def fuzz(names: tuple[str, ...], examples: int, seed: int, jobs: int) -> int:
    """Re-check every step of the theorems NAMES on random MDPs of random shapes."""
    from derive.report.fuzzing import fuzzed

    theorems = _named(names)
    for theorem in theorems:
        _built(theorem)
    with _console(None) as console, _executor(jobs) as executor:
        return 0 if fuzzed(console, theorems, examples=examples, seed=seed, executor=executor) else 1


# -- estimator -------------------------------------------------------------------------------------


@commands.command()
@NAMES
@click.option("--group", "groups", metavar="G,...", help="Group sizes, such as 2,3,4.")
@click.option("--rewards", metavar="R,...", help="Rewards of the responses, such as 0,1,3 or 0,1/2,1.")
@click.option("--lengths", metavar="L,...", help="Lengths of the responses, one for each reward.")
@click.option("--prompts", type=click.IntRange(1, 4), help="Prompts in one batch.")
@click.option("--target", help="J, pass@2, ...; for losses also kl:pi,ref  kl:ref,pi  kl:token  J-kl  J-kl:token.")
@click.option("--beta", help="The weight of the KL in J-kl, such as 1/10.")
@click.option("--compare", is_flag=True, help="A table with one line each (of the gallery, without NAMES).")
@click.option("--expect", metavar="VERDICT", help="Succeed if this is the verdict.")
@click.option("--format", "style", type=click.Choice(["full", "json"]), default="full", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Draw bias and error against batch size (.svg).")
def estimator(names: tuple[str, ...], **options: Any) -> int:
    """Say whether estimators are biased: NAMES of the gallery, or FILE.py:FUNCTION; no name lists the gallery."""
    from derive.estimator_command import run

    return run(names, **options)


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
