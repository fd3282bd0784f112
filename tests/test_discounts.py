"""A discount outside of [0, 1] is said wherever one comes in: files, command line, Python; the fuzzer draws none."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from derive.cli import main
from derive.numeric.sources import built_in
from derive.numeric.tabular import about_discount
from derive.testing.strategies import DISCOUNTS

MODEL = {"mu": [1.0], "P": [[[1.0], [1.0]]], "r": [[[1.0], [0.0]]], "horizon": 1}


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["evaluate", "score_has_mean_zero", *arguments, "--samples", "10"])
    out, err = capsys.readouterr()
    return status, " ".join(out.split()), err


@pytest.mark.slow
@pytest.mark.parametrize("gamma", [1.5, -0.5])
def test_it_is_said_of_a_file_and_of_the_command_line(gamma: float, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**MODEL, "gamma": gamma}), encoding="utf-8")
    wanted = f"note: the discount {gamma} is not in [0, 1]"
    assert wanted in evaluated(capsys, str(path))[1]
    assert wanted in evaluated(capsys, "two-state", f"--gamma={gamma}")[1]
    assert "is not in [0, 1]" not in evaluated(capsys, str(path), "--gamma", "1")[1]


def test_without_a_last_decision_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["evaluate", "advantage_form_infinite", "two-state", "--gamma", "1.5"])
    assert status == 2
    assert "the discount of two-state is 1.5" in capsys.readouterr().err


def test_a_model_in_python_is_asked() -> None:
    assert "1.5" in about_discount(replace(built_in("two-state"), gamma=1.5).gamma)
    assert about_discount(Fraction(-1, 2))
    assert not about_discount(0)
    assert not about_discount(Fraction(1))


def test_the_fuzzer_draws_none() -> None:
    assert not any(map(about_discount, DISCOUNTS))
