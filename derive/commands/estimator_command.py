"""``derive estimator``: is an estimator of the gallery, or of a file, biased?

Exit status: 0 if all are unbiased or proportional by a positive constant (with ``--expect``:
if all have that verdict), 1 if not, 2 for an unknown name or bad input, 3 for a defect here.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import click

from derive.commands.arguments import say
from derive.commands.fitting import fitted
from derive.diagnostics import visible
from derive.errors import BadInput
from derive.estimators import description
from derive.estimators.gallery import ENTRIES
from derive.estimators.result import VERDICTS
from derive.estimators.subjects import Options, examined, number
from derive.process.child import doing
from derive.process.streams import own_output
from derive.report.output import refuse_inputs
from derive.report.progress import progress

PAGE = 120
"""Columns of what is said of an estimator where it is written to a file or a pipe."""


def run(names: Sequence[str], *, groups: str | None, rewards: str | None, lengths: str | None, prompts: int | None,
        target: str | None, beta: str | None, model: str | None, gamma: float | None, horizon: int | None,
        compare: bool, expect: str | None, style: str, output: Path | None) -> int:
    """What the command does; see the module for the status that is returned."""
    if expect is not None and expect not in VERDICTS:
        raise BadInput(f"--expect {expect}: the verdicts are {', '.join(VERDICTS)}")
    if not names and not compare:
        say(fitted(description.listed(ENTRIES)) if style == "full" else json.dumps(
            {"schema": 1, "gallery": [{"name": entry.name, "statement": entry.statement, "verdict": entry.verdict,
                                       "source": entry.source} for entry in ENTRIES]}, ensure_ascii=False, indent=2))
        return 0
    given = {"group": groups, "rewards": rewards, "lengths": lengths, "prompts": prompts, "target": target,
             "beta": beta, "model": model, "gamma": gamma, "horizon": horizon}
    if output is not None:
        from derive.estimators import comparison

        refuse_inputs([output], [Path(name.rpartition(":")[0]) for name in names if ".py:" in name])
        comparison.check(output)
    options = Options(_whole(groups, "--group"), _numbers(rewards), _whole(lengths, "--lengths"), prompts, target,
                      None if beta is None else number(beta), model, gamma, horizon)
    asked = names or runnable()
    found = []
    with progress(len(asked), visible(asked[0])) as tell:
        for place, name in enumerate(asked, 1):
            if len(asked) > 1:  # a loss that never ends is not looked for among the others
                doing(f"{visible(name)}, estimator {place} of {len(asked)}")
            found.append(examined(name, options))
            tell(visible(name))
    results = [result for result, _ in found]
    if style == "json":
        say(json.dumps({"schema": 1, "estimators": [description.payload(result) for result in results]},
                              ensure_ascii=False, indent=2))
    elif compare:
        say(fitted(description.compared(results)))
    else:
        say(fitted("\n\n".join(description.described(result, entry) for result, entry in found), most=PAGE))
    if output is not None:
        comparison.write(output, found, command=_command(names, output, given))
        click.echo(f"wrote {visible(output)}", file=sys.stderr if style == "json" else own_output())
    return 0 if all(result.good if expect is None else result.verdict == expect for result in results) else 1


def _command(names: Sequence[str], output: Path, given: Mapping[str, object]) -> str:
    """What makes the same file again."""
    options = [part for name, value in given.items() if value is not None for part in (f"--{name}", str(value))]
    return shlex.join(["derive", "estimator", *names, *options, "--compare", "-o", output.name])


def runnable() -> list[str]:
    """The names of the gallery that can be run here: without torch, no losses."""
    with_torch = find_spec("torch") is not None
    return [entry.name for entry in ENTRIES if with_torch or not entry.loss]


def _numbers(text: str | None) -> tuple[Fraction, ...] | None:
    return None if text is None else tuple(number(part) for part in text.split(","))


def _whole(text: str | None, option: str) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"{option} {text}: expected whole numbers such as 2,3,4") from None
