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
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derive import __version__
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.running import guarded, run

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from derive.theorems import Theorem

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
NAMES = click.argument("names", nargs=-1)
JOBS = click.option("-j", "--jobs", default=1, show_default=True, type=click.IntRange(1, 256),
                    help="Processes to use; the results are the same for any number.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 to 3, or 130 when interrupted."""
    gc.set_threshold(50_000, 20, 50)  # terms and polynomials are long-lived: looking at them often finds nothing
    atexit.register(gc.freeze)  # nor does Python, when it ends, need to look at every object for cycles
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's import starts threads: no matrix here is worth them
    return run(commands, list(sys.argv[1:] if arguments is None else arguments))


GROUPS = (
    ("Check a derivation", ("check", "audit", "show", "explain")),
    ("Look at numbers", ("evaluate", "fuzz", "probe")),
    ("Check an estimator or a loss", ("estimator",)),
    ("Hand it on", ("report", "verify")),
)


class _Grouped(click.Group):
    """Lists its commands by what they are for, each with a whole sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in GROUPS:
            listed = [(name, self.commands[name]) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, (command.help or "").split("\n\n")[0].replace("\n", " "))
                                    for name, command in listed])


@click.group(cls=_Grouped, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="derive")
def commands() -> None:
    """Check policy-gradient derivations, step by step: proved exactly, or refuted by a small MDP.

    A first look: derive check policy_gradient, then derive explain. Exit statuses: derive explain status.
    """


# -- check -------------------------------------------------------------------------------------


@commands.command()
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
@click.option("--if-any", is_flag=True, help="Pass over PATHS that define no theorem, as a hook needs it.")
@click.option("--statistics", is_flag=True, help="Count how often each code was met.")
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 whatever was found.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write there instead of to the terminal.")
@click.option("--certificate", type=click.Path(path_type=Path),
              help="Write what an independent checker needs (see derive verify).")
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(0.1, 1e6), metavar="SECONDS",
              help="Of each file; what takes longer is undecided.")
@click.option("--memory", default=1000, show_default=True, type=click.IntRange(250, 10**7), metavar="MB",
              help="Of each file; what takes more is undecided.")
@JOBS
def check(paths: tuple[Path, ...], style: str, output: Path | None, certificate: Path | None, jobs: int, *,
          timeout: float, memory: int, select: tuple[str, ...], ignore: tuple[str, ...],
          exclude: tuple[str, ...], **flags: Any) -> int:
    """Check every step of the theorems in PATHS: files, folders, names of bundled proofs, or - for standard input.

    Without PATHS: those of [tool.derive] in pyproject.toml, else the bundled proofs.

    Exit status: 0 if everything is as claimed, warnings allowed; 1 if something is not; 2 if a file could not be
    read, ran out of time or memory, crashed, or holds no theorem; 3 for a defect of derive. The largest wins.
    """
    from derive.configuration import configuration
    from derive.isolation import Limits
    from derive.run_check import Options
    from derive.run_check import check as checked

    known = configuration()
    flags["strict"] = flags["strict"] or known.strict
    return checked(paths or known.paths, Options(
        style=style, output=output, certificate=certificate, jobs=jobs, select=_split(select) or known.select,
        ignore=_split(ignore) or known.ignore, exclude=(*known.exclude, *_split(exclude)),
        limits=Limits(seconds=timeout, megabytes=memory), **flags))


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


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


def _console(output: Path | None) -> Any:
    from derive.report.output import console_for

    return console_for(output)


def _built(theorem: Theorem) -> None:
    from derive.campaign import built

    built(theorem)


@commands.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--against", "proofs", multiple=True, type=click.Path(path_type=Path),
              help="Compare with the terms of this proof; may be repeated.")
@click.option("--partial", is_flag=True, help="Steps without evidence, or without an equation, are no failure.")
@guarded
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
        click.echo(f"    {scope(one.equation.context, one.equation.before, one.equation.after)}")
    claimed = [one for one in outcomes if one.claimed]
    count = sum(one.equation is not None for one in claimed)
    bad = [one for one in claimed if one.equation is None and not (partial and one.why == "no evidence")]
    good = bool(count) and not bad
    if proofs:
        good = _is_about(read(path), proofs, partial=partial) and good
    none = len(outcomes) - len(claimed)
    click.echo(f"{count} of {len(claimed)} claimed equations verified; "
               f"{none} {'step claims' if none == 1 else 'steps claim'} none")
    if not proofs:
        click.echo("these are the statements above; --against PROOF compares them with the terms of a proof")
    return 0 if good else 1


def _is_about(data: dict[str, Any], proofs: tuple[Path, ...], *, partial: bool) -> bool:
    """Whether the certificate is about these proofs; says what differs."""
    from derive.certificate import against
    from derive.statements import visible

    wrong = against(data, _named([str(proof) for proof in proofs]), partial=partial)
    for step, text in wrong:
        click.echo(f"{visible(step)}: {visible(text)}")
    return not wrong


@commands.command()
@NAMES
@click.option("--shape", default="20,5,200", show_default=True, metavar="S,A,H", help="States, actions, last decision.")
@click.option("--points", default=8, show_default=True, type=click.IntRange(1, 64), help="Random points and primes.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@guarded
def probe(names: tuple[str, ...], shape: str, points: int, seed: int) -> int:
    """Compare every step of the theorems NAMES at random points of one large shape."""
    from derive.report.probing import probed

    theorems = _named(names)
    for theorem in theorems:
        _built(theorem)
    with _console(None) as console:
        return 0 if probed(console, theorems, shape, points=points, seed=seed) else 1


@commands.command()
@NAMES
@click.option("--format", "style", type=click.Choice(["full", "json"]), default="full", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write there instead of to the terminal.")
@guarded
def audit(names: tuple[str, ...], style: str, output: Path | None) -> int:
    """Say what each assumption of the theorems NAMES is needed for, with a model, and which relations are used.

    Exit status: 1 if an assumption of a theorem that follows is idle, else 0.
    """
    import json

    from derive.checking.examine import Session
    from derive.report.auditing import audited, payload
    from derive.report.output import refuse_inputs

    refuse_inputs([output], [Path(name) for name in names])
    theorems, session = _named(names), Session()
    for theorem in theorems:
        _built(theorem)
    with _console(output) as console:
        examined = [session.examine(theorem) for theorem in theorems]
        if style == "json":
            console.print(json.dumps(payload(examined), indent=2), soft_wrap=True, markup=False, highlight=False)
        else:
            for one in examined:
                audited(console, one)
    return 1 if any(one.idle and one.follows for one in examined) else 0


# -- show and explain -----------------------------------------------------------------------------


@commands.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--latex", is_flag=True, help="The chain as LaTeX.")
@click.option("--replay", type=int, metavar="STEP", help="Python that recomputes the counterexample of a step.")
@guarded
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
            known = [file.stem for file in proof_files([bundled()])]
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"The bundled ones: {', '.join(known)}."
            raise BadInput(f"{visible(name)}: no such file, and no bundled theorem of that name. {hint}")
        found += [theorem for file in matches for theorem in load(file)]
    return found


@commands.command()
@click.argument("subject", required=False)
def explain(subject: str | None) -> int:
    """Explain a rule or a diagnostic code; without a subject, list them."""
    from derive.report import explanations

    if subject is None:
        click.echo(explanations.overview())
        return 0
    from derive.proof_files import bundled, search

    click.echo(explanations.explanation(subject, [file.stem for file in search(bundled()).files]))
    return 0


# -- evaluate --------------------------------------------------------------------------------------


@commands.command()
@click.argument("theorem", default="policy_gradient")
@click.argument("mdp", default="two-state")
@click.option("--samples", default=100_000, show_default=True, type=click.IntRange(2, 10_000_000),
              help="Monte Carlo trajectories.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the simulator and of theta.")
@guarded
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
@click.option("--examples", default=20, show_default=True, type=click.IntRange(1, 1_000_000),
              help="Random MDPs for each step.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@JOBS
@guarded
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
@guarded
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
@guarded
def report(names: tuple[str, ...], output: Path, samples: int, seed: int) -> int:
    """Write the checked theorems NAMES (default: all bundled ones) as a LaTeX document."""
    from derive.report.handout import write_handout

    theorems = _named(names)
    for theorem in theorems:
        _built(theorem)
    command = shlex.join(["derive", "report", *names, "--samples", str(samples), "--seed", str(seed),
                          "-o", output.name])
    good = write_handout(theorems, output, samples=samples, seed=seed, command=command)
    click.echo(f"wrote {output}" + ("" if good else "; not everything in it is as claimed: derive check says what"))
    return 0 if good else 1
