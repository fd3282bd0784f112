"""A job of three ranks under ``mpiexec``, where mpi4py is installed and ranks can be started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1]), "OMPI_ALLOW_RUN_AS_ROOT": "1",
               "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
RANKS = "from mpi4py import MPI\nprint(MPI.COMM_WORLD.Get_size())"


def started(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Skips the test where there is no MPI; a machine may also forbid what its launcher asks for."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    launcher = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if launcher is None:
        pytest.skip("mpi4py has no mpiexec")

    def run(*command: str, seconds: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run([launcher, "-n", "3", sys.executable, *command], env={**os.environ, **ENVIRONMENT},
                              capture_output=True, text=True, timeout=seconds, check=False)

    try:
        probe = run("-c", RANKS, seconds=60)
    except subprocess.TimeoutExpired:
        pytest.skip("mpiexec starts no ranks on this machine within a minute")
    if probe.stdout.split() != ["3"] * 3:
        pytest.skip(f"mpiexec starts no ranks on this machine: {probe.stderr[-200:]}")
    return run(*arguments, seconds=timeout)
