"""Shared setup: the quick Hypothesis profile, the folder of helper modules on the path, and ranks left aside."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from derive.kernel import differences, equations
from derive.kernel.terms import Term, check

sys.path.insert(0, str(Path(__file__).parent))

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in the background of a shell; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Hundreds of processes are started below: each would compile all modules again, which takes longer than their work.
# They are written where Python writes them; in a folder of their own SymPy would be compiled again by each worker.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("quick", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """With ``-n`` of xdist, neighbouring tests go to one worker, for they share what is examined."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


@pytest.fixture
def ranks_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel along one direction, where a matrix is a number: for random terms that multiply scores."""

    def checked(infinite: bool, *terms: Term) -> None:
        for one in terms:
            check(one)

    monkeypatch.setattr(differences, "well_formed", checked)
    for module in (equations, differences):
        monkeypatch.setattr(module, "one_direction", lambda *terms: None)
