"""What is handed on: ``report``, ``verify``."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from derive.commands.arguments import MEMORY_OF_ALL, NAMES, PATH, TIMEOUT_OF_ALL, say
from derive.commands.subjects import built, named
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.process.running import guarded

MOST_LISTED = 12


@click.command()
@NAMES
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("report.tex"), show_default=True,
              help="A .tex file; an .html page; or a .pdf file, by LaTeX where it is installed, else by typst. A file "
                   "that derive did not write is replaced only if it is named here.")
@click.option("--handout", is_flag=True,
              help="Exercises for a course: blanks in the derivations, and arithmetic on a model.")
@click.option("--solutions", is_flag=True, help="With --handout: the solutions instead of the exercises.")
@click.option("--blanks", type=click.Choice(["reasons", "sides", "both"]), default="reasons", show_default=True,
              help="With --handout: what is left blank in a derivation.")
@click.option("--model", default="two-state", show_default=True,
              help="With --handout: the model of the arithmetic, a file or a name as for derive evaluate.")
@click.option("--title", help="A title of your own.")
@click.option("--samples", default=20_000, show_default=True, type=click.IntRange(2, 10_000_000),
              help="Monte Carlo trajectories of the convergence plot.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def report(names: tuple[str, ...], output: Path, handout: bool, solutions: bool, blanks: str, model: str,
           title: str | None, samples: int, seed: int) -> int:
    """Write the checked theorems NAMES (default: all bundled ones) as a LaTeX document, a PDF or a page."""
    from derive.report.output import IN_REPORTS, refuse_foreign
    from derive.report.progress import progress
    from derive.report.reporting import make_handout, make_report, parts

    _refuse_of_the_other(handout)
    if click.get_current_context().get_parameter_source("output") is ParameterSource.DEFAULT:
        refuse_foreign(output, IN_REPORTS, f"Name a file with -o, or replace it with -o {output}.")
    theorems, broken = built(names)
    if handout:
        with progress(len(theorems)) as tell:
            lacking, sheet = make_handout(theorems, output, model=model, title=title, blanks=blanks,
                                          solutions=solutions, tell=tell)
        count = sum(exercise.worked is not None for exercise in sheet.exercises)
        exercises = "1 exercise" if len(theorems) == 1 else f"{len(theorems)} exercises"
        say(f"wrote {visible(output)}: {exercises}, {count} of them with arithmetic on {visible(model)}")
        for why, number in Counter(exercise.unworked for exercise in sheet.exercises if exercise.unworked).items():
            of = "an exercise has" if number == 1 else f"{number} exercises have"
            click.echo(f"{of} no arithmetic on {visible(model)}: {visible(why)}", err=True)
        _say_what_is_lacking(lacking)
        return broken
    command = shlex.join(["derive", "report", *names, "--samples", str(samples), "--seed", str(seed),
                          *(["--title", title] if title else []), "-o", output.name])
    with progress(parts(theorems)) as tell:
        made = make_report(theorems, output, samples=samples, seed=seed, command=command, title=title, tell=tell)
    doubt = "" if made.good else "; not everything in it is as claimed: derive check says what"
    say(f"wrote {visible(output)}{doubt}")
    _say_what_is_lacking(made.lacking)
    return max(broken, int(not made.good))


def _refuse_of_the_other(handout: bool) -> None:
    """An option that would be passed over in silence: one of handouts for a report, or the other way round."""
    context = click.get_current_context()
    options = ("samples", "seed") if handout else ("solutions", "blanks", "model")
    for name in options:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise BadInput(f"--{name} is an option of reports; a handout has no Monte Carlo." if handout else
                           f"--{name} is an option of handouts. Write --handout --{name}.")


def _say_what_is_lacking(characters: tuple[str, ...]) -> None:
    """One line about the characters that the fonts have no shape for."""
    if characters:
        listed = ", ".join(f"{char} (U+{ord(char):04X})" for char in characters[:MOST_LISTED])
        more = f" and {len(characters) - MOST_LISTED} more" if len(characters) > MOST_LISTED else ""
        click.echo(f"the fonts lack {listed}{more}; shown by number", err=True)


@click.command()
@click.argument("path", type=PATH)
@click.option("--against", "proofs", multiple=True, type=PATH,
              help="Compare with the terms of this proof; may be repeated.")
@click.option("--partial", is_flag=True, help="A step that is claimed and has no evidence in PATH is no failure.")
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def verify(path: Path, proofs: tuple[Path, ...], partial: bool) -> int:
    """Make the equations of the certificate PATH again, by the kernel alone, and print them.

    Exit status: 0 if every equation that is claimed is verified, and there is one; else 1. A step that is refuted,
    or needs a condition, claims none: it is listed, and nothing follows across it.
    """
    from derive.certificates.statements import scope, statement, visible
    from derive.certificates.verify import NotCertified, read, verified

    try:
        outcomes = list(verified(read(path)))
    except NotCertified as error:
        raise BadInput(visible(error)) from None
    for one in outcomes:
        name = visible(one.name)
        if one.equation is None:
            say(f"{name}: {visible(one.why)}" if one.claimed else
                f"{name}: {visible(one.verdict)}, {visible(one.why)}; nothing follows across it")
            continue
        means = "" if one.verdict == "proved" else f" ({visible(one.verdict)}: an equation of means)"
        say(f"{name}: verified{means}")
        say(f"    {statement(one.equation.before)} = {statement(one.equation.after)}")
        say(f"    {scope(one.equation.context, one.equation.before, one.equation.after)}")
    claimed = [one for one in outcomes if one.claimed]
    count = sum(one.equation is not None for one in claimed)
    bad = [one for one in claimed if one.equation is None and not (partial and one.why == "no evidence")]
    good = bool(count) and not bad
    if proofs:
        good = _is_about(read(path), proofs, partial=partial) and good
    none = Counter(visible(one.verdict) for one in outcomes if not one.claimed)
    why = f" ({', '.join(f'{number} {verdict}' for verdict, number in none.items())})" if none else ""
    say(f"{count} of {len(claimed)} claimed equations verified; "
        f"{none.total()} {'step claims' if none.total() == 1 else 'steps claim'} none{why}")
    if not count:
        say("nothing is verified" if claimed else
            "no step of this certificate claims an equation, so nothing is verified")
    elif not proofs:
        say("these are the statements above; --against PROOF compares them with the terms of a proof")
    return 0 if good else 1


def _is_about(data: dict[str, Any], proofs: tuple[Path, ...], *, partial: bool) -> bool:
    """Whether the certificate is about these proofs; says what differs."""
    from derive.certificates.statements import visible
    from derive.report.certificate import against

    wrong = against(data, named([str(proof) for proof in proofs]), partial=partial)
    for step, text in wrong:
        say(f"{visible(step)}: {visible(text)}")
    return not wrong
