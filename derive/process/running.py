"""From a command to its exit status: what is refused beforehand, and what every exception means on stderr."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable
from functools import partial, wraps
from io import StringIO
from typing import Any

import click

from derive.diagnostics import DEFECT, INTERRUPTED, NOT_CHECKED, visible
from derive.errors import BadInput, DeriveError, KernelDisagrees, RuleDisagrees, exhausted, out_of_memory, said
from derive.process.interrupts import heeded
from derive.process.isolation import TIME, in_child
from derive.process.limits import Limits
from derive.process.streams import CannotWrite, prints_to_stderr, standard_streams

LONGEST_ARGUMENT = 4096
"""Characters; no path is longer, and no number need be."""


def run(command: click.Command, arguments: list[str]) -> int:
    """Run a command with guarded streams; its exit status."""
    with standard_streams() as streams:
        try:
            status = _status(partial(_dispatched, command, arguments))
        except CannotWrite as error:
            return streams.failed(error)
        return streams.closed_with(status)


def _dispatched(command: click.Command, arguments: list[str]) -> Any:
    for argument in arguments:
        if len(argument) > LONGEST_ARGUMENT:
            raise BadInput(f"{argument[:20]}...: an argument of {len(argument):,} characters; "
                           f"at most {LONGEST_ARGUMENT:,}.")
        if "\0" in argument:
            raise BadInput("an argument holds a NUL character, which no name does.")
        try:
            os.fsencode(argument)
        except UnicodeEncodeError:
            raise BadInput(f"{visible(argument)}: an argument holds half a character, which no name does.") from None
        if not argument:
            raise BadInput("an argument is empty. Give a file, a folder or a name, or leave it out.")
    return command.main(args=arguments, prog_name="derive", standalone_mode=False)


def _status(run: Callable[[], Any], limits: Limits | None = None) -> int:
    """What a command returns, or what its exception means under the limits of its process, said on stderr."""
    try:
        with heeded():
            result = run()
        sys.stdout.flush()
    except click.ClickException as error:
        shown = StringIO()
        error.show(shown)
        click.echo(re.sub("^Error: ", "error: ", shown.getvalue(), count=1, flags=re.MULTILINE), err=True, nl=False)
        return NOT_CHECKED
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except DeriveError as error:
        ours = isinstance(error, (RuleDisagrees, KernelDisagrees)) or type(error) is DeriveError
        click.echo(f"error: {visible(error, most=2000)}", err=True)
        return DEFECT if ours else NOT_CHECKED
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CannotWrite:
        raise
    except OSError as error:
        click.echo(f"error: {visible(error.filename or 'a file')}: {error.strerror or said(error)}.", err=True)
        return NOT_CHECKED
    except Exception as error:
        if what := exhausted(error):
            megabytes = None if limits is None or not out_of_memory(error) else limits.megabytes
            click.echo(f"error: {what}." if megabytes is None else f"error: {short_of(megabytes)}.", err=True)
            return NOT_CHECKED
        text = f"error: internal: {type(error).__name__}: {said(error)}. This is a defect of derive; please report it"
        debug = os.environ.get("DERIVE_DEBUG")
        click.echo("".join(traceback.format_exception(error)) + text if debug else
                   f"{text}; DERIVE_DEBUG=1 shows where it happened.", err=True)
        return DEFECT
    return result if isinstance(result, int) else 0


def guarded(command: Callable[..., int]) -> Callable[..., int]:
    """The command, run in a child: a proof that ends its process does not end the run with its own status.

    Nor is what the proof prints output of the command: it goes to standard error. The command's options ``--timeout``
    and ``--memory``, where it has them, are the limits of the child.
    """

    def aside(*arguments: Any, **options: Any) -> int:
        with prints_to_stderr():
            return command(*arguments, **options)

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> int:
        limits = Limits(seconds=options.pop("timeout", None), megabytes=options.pop("memory", None))
        found = in_child(partial(_status, partial(aside, *arguments, **options), limits), limits)
        if isinstance(found, int):
            return found
        if found.ending == TIME:
            whole = f" for the whole command, which was at {found.detail}" if found.detail else ""
            raise BadInput(f"{limits.seconds:g} s were not enough{whole}; --timeout SECONDS allows more.")
        more = "" if limits.megabytes is None else f" It may have {limits.megabytes} MB; --memory MB allows more."
        raise BadInput(f"the process that ran the command ended without a result: {found.detail}.{more}")

    return run


def short_of(megabytes: int) -> str:
    """What was not enough, and the next move."""
    return f"{megabytes} MB of memory were not enough; --memory MB allows more"
