"""Numbers: ``evaluate``, ``fuzz``, ``probe``, ``estimator``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from derive.commands.arguments import JOBS, MEMORY_OF_ALL, NAMES, TIMEOUT_OF_ALL, console_of, processes
from derive.commands.subjects import built
from derive.errors import BadInput
from derive.process.child import doing
from derive.process.running import guarded


@click.command()
@click.argument("theorem", default="policy_gradient")
@click.argument("model", default="two-state")
@click.argument("more", nargs=-1, metavar="")
@click.option("--gamma", type=float, help="The discount, instead of the model's own.")
@click.option("--horizon", type=click.IntRange(0), help="The last decision, instead of the model's own.")
@click.option("--function", "functions", multiple=True, metavar="NAME=FILE",
              help="The values of a function, a number or a fixed policy that the theorem leaves open, as nested JSON "
                   "lists, one axis for each argument; may be repeated. Others are drawn and printed.")
@click.option("--samples", default=10_000, show_default=True, type=click.IntRange(2, 10_000_000),
              help="Monte Carlo trajectories, where a side is the gradient of J.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0),
              help="Of theta, of what is drawn, and of the simulator.")
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def evaluate(theorem: str, model: str, more: tuple[str, ...], *, gamma: float | None, horizon: int | None,
             functions: tuple[str, ...], samples: int, seed: int) -> int:
    """Evaluate both sides of THEOREM on MODEL, by dynamic programming over states.

    THEOREM is a file, of which every theorem is evaluated, FILE.py:THEOREM for one of them, or a bundled name; without
    any it is policy_gradient. --timeout is for all of them together.
    MODEL is bandit, two-state, corridor, lake, random:SEED, gymnasium:ID for an environment with a table P, or a
    .json or .npz file with the fields mu (S,), P (S,A,S), r (S,A,S) or (S,A), gamma, horizon, and
    optionally theta (S,A).

    Exit status: 0 if the theorem is as claimed and not refuted, and its sides were compared and agree on this model.
    """
    from derive.evaluation.both_sides import STAGES
    from derive.evaluation.both_sides import evaluate as evaluated
    from derive.evaluation.inputs import read_tables
    from derive.report.evaluation import shown
    from derive.report.progress import progress

    if more or model.partition(":")[0].endswith(".py"):
        raise BadInput(f"evaluate takes one THEOREM, or a file of several, and one MODEL, in this order; these are "
                       f"{' '.join((theorem, model, *more))}.")
    tables = read_tables(functions)
    theorems, worst = built([theorem])
    if any(model == one.name for one in theorems) and theorem.endswith(".py") and not Path(model).exists():
        raise BadInput(f"{model} is a theorem and no model: write {theorem}:{model}, and a model behind it.")
    with console_of(None) as console:
        for number, subject in enumerate(theorems):
            if len(theorems) > 1:
                doing(f"theorem {number + 1} of {len(theorems)}; {theorem}:{subject.name} is it alone")
            with progress(STAGES) as tell:
                found = evaluated(subject, model, gamma=gamma, horizon=horizon, functions=tables, samples=samples,
                                  seed=seed, progress=tell)
            if number:
                console.print()
            worst = max(worst, shown(console, found))
    return worst


@click.command()
@NAMES
@click.option("--examples", default=20, show_default=True, type=click.IntRange(1, 1_000_000),
              help="Random MDPs for each step.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--journal", type=click.Path(path_type=Path), metavar="FILE",
              help="Write what passed there, theorem by theorem; if the files of all theorems and their imports are "
                   "as they were when it was written, take it from there.")
@JOBS
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def fuzz(names: tuple[str, ...], examples: int, seed: int, journal: Path | None, jobs: int) -> int:
    """Re-check every step of the theorems NAMES on random MDPs of random shapes, drawn and shrunk by Hypothesis.

    What fails is kept in .hypothesis beside the pyproject.toml of the current folder, or of the next one above that
    has one, and tried first by the next run; without a pyproject.toml nothing is kept.

    Exit status: 1 if a step is not what it is declared to be, or one that is declared proved was never compared.
    """
    from derive.files.configuration import project

    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.devnull)  # it keeps more than we ask it to
    from derive.report.fuzzing import fuzzed
    from derive.report.output import refuse_inputs
    from derive.runs.fuzzing import Asked, campaign
    from derive.runs.journal import Loading

    loading = Loading.begin()
    (theorems, broken), folder = built(names), project()
    read = loading.read()
    asked = Asked(examples, seed, None if folder is None else folder / ".hypothesis" / "examples")
    refuse_inputs([journal], [Path(theorem.file) for theorem in theorems])
    opened = None if journal is None else asked.journal(journal)
    with console_of(None) as console, processes(jobs) as executor:
        results = campaign(theorems, asked, executor=executor, journal=opened, read=read)
        return max(broken, int(not fuzzed(console, results, len(theorems))))


@click.command()
@NAMES
@click.option("--shape", default="20,5,200", show_default=True, metavar="S,A,H", help="States, actions, last decision.")
@click.option("--points", default=8, show_default=True, type=click.IntRange(1, 64), help="Random points and primes.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def probe(names: tuple[str, ...], shape: str, points: int, seed: int) -> int:
    """Compare every step of the theorems NAMES at random points of one large shape."""
    from derive.report.probing import probed

    theorems, broken = built(names)
    with console_of(None) as console:
        return max(broken, int(not probed(console, theorems, shape, points=points, seed=seed)))


@click.command()
@NAMES
@click.option("--group", "groups", metavar="G,...", help="Group sizes, such as 2,3,4.")
@click.option("--rewards", metavar="R,...", help="Rewards of the responses, such as 0,1,3 or 0,1/2,1.")
@click.option("--lengths", metavar="L,...", help="Lengths of the responses, one for each reward.")
@click.option("--prompts", type=click.IntRange(1, 4), help="Prompts in one batch.")
@click.option("--target", help="J, pass@2, ...; for losses also kl:pi,ref  kl:ref,pi  kl:token  "
                                  "kl:token:ref,pi  J-kl  J-kl:token.")
@click.option("--beta", help="The weight of the KL in J-kl, such as 1/10.")
@click.option("--model", help="A finite MDP whose episodes a loss is run on, named as for derive evaluate: two-state, "
                              "random:7, model.json.")
@click.option("--gamma", type=float, help="The discount, instead of that of the MDP.")
@click.option("--horizon", type=click.IntRange(0), help="The last decision, instead of that of the MDP.")
@click.option("--compare", is_flag=True, help="A table with one line each (of the gallery, without NAMES).")
@click.option("--expect", metavar="VERDICT", help="Succeed if this is the verdict.")
@click.option("--format", "style", type=click.Choice(["full", "json"]), default="full", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="The comparison with its plot, bias and error against batch size (.tex, .pdf, .html), or the plot "
                   "alone (.svg, .png).")
@TIMEOUT_OF_ALL
@MEMORY_OF_ALL
@guarded
def estimator(names: tuple[str, ...], **options: Any) -> int:
    """Say whether estimators are biased: NAMES of the gallery, or FILE.py:FUNCTION; no name lists the gallery."""
    from derive.commands.estimator_command import run

    return run(names, **options)
