"""The command line. Exit status: 0 all as claimed, 1 something is not, 2 bad usage or input, 3 a defect of derive.

SymPy, FLINT and rich are imported by the commands that need them, so that ``--help`` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

import click

from derive import __version__
from derive.commands.checking import audit, check, explain, lsp, show
from derive.commands.handing_on import report, verify
from derive.commands.numbers import estimator, evaluate, fuzz, probe
from derive.process.running import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 to 3, or 130 when interrupted."""
    gc.set_threshold(50_000, 20, 50)  # terms and polynomials are long-lived: looking at them often finds nothing
    atexit.register(gc.freeze)  # nor does Python, when it ends, need to look at every object for cycles
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's import starts threads: no matrix here is worth them
    return run(commands, list(sys.argv[1:] if arguments is None else arguments))


GROUPS: tuple[tuple[str, tuple[click.Command, ...]], ...] = (
    ("Check a derivation", (check, audit, show, explain, lsp)),
    ("Look at numbers", (evaluate, fuzz, probe)),
    ("Check an estimator or a loss", (estimator,)),
    ("Hand it on", (report, verify)),
)


class _Grouped(click.Group):
    """Lists its commands by what they are for, each with a whole sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, listed in GROUPS:
            with formatter.section(title):
                formatter.write_dl([(command.name or "", (command.help or "").split("\n\n")[0].replace("\n", " "))
                                    for command in listed])


@click.group(cls=_Grouped, commands=[one for _, listed in GROUPS for one in listed],
             context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="derive")
def commands() -> None:
    """Check policy-gradient derivations, step by step: proved exactly, or refuted by a small MDP.

    A first look: derive check policy_gradient, then derive explain. Exit statuses: derive explain status.
    """
