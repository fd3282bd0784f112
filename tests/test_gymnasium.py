"""Environments of Gymnasium: small, of 48 and of 501 states; where Gymnasium is not installed, their kind of table."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from test_both_sides import FALSE, TRUE

from derive.cli import main
from derive.evaluation.both_sides import evaluate
from derive.numeric.closed_form import closed_form
from proofs.policy_gradient import policy_gradient

ENVIRONMENTS = {"FrozenLake-v1": (16, 100), "CliffWalking-v1": (48, 100), "Taxi-v4": (501, 50)}
"""States and a horizon; how long they take, ``benchmarks/bench_evaluate.py`` says."""


class Grid:
    """A grid of 22 by 22 cells with 4 moves that slip; the last cell pays 1 and ends the walk."""

    def __init__(self, side: int = 22) -> None:
        self.P: dict[int, dict[int, list[Any]]] = {}
        for cell in range(side * side):
            self.P[cell] = {}
            for action, (down, right) in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))):
                row = min(max(cell // side + down, 0), side - 1)
                column = min(max(cell % side + right, 0), side - 1)
                target = row * side + column
                end = target == side * side - 1
                self.P[cell][action] = [(0.8, target, float(end), end), (0.2, cell, 0.0, False)]
        self.isd = np.eye(side * side)[side * side - 2 * side - 3]


def test_a_table_of_484_states_in_seconds() -> None:
    start = time.process_time()
    right = evaluate(policy_gradient, Grid(), gamma=0.95, horizon=50, methods=False)
    assert time.process_time() - start < 10
    assert right.conclusion == "both sides agree on this model"
    (swept,) = right.compared
    reference = closed_form(right.mdp, right.theta).reshape(-1)
    assert swept.right == pytest.approx(reference, rel=1e-9, abs=1e-12)
    assert np.abs(reference).max() > 1e-3
    wrong = evaluate(FALSE["the discount of Q lost"], Grid(), gamma=0.95, horizon=50, methods=False)
    assert wrong.conclusion == "THE SIDES DIFFER on this model; the theorem is refuted"


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environments_of_gymnasium(name: str) -> None:
    gymnasium = pytest.importorskip("gymnasium")
    states, horizon = ENVIRONMENTS[name]
    environment = gymnasium.make(name)
    right = evaluate(policy_gradient, environment, horizon=horizon)
    assert (right.mdp.states, right.mdp.horizon, right.mdp.gamma) == (states, horizon, 0.99)
    assert right.conclusion == "both sides agree on this model"
    reference = closed_form(right.mdp, right.theta).reshape(-1)
    assert right.compared[-1].right == pytest.approx(reference, rel=1e-8, abs=1e-9)
    for claim in ("half", "a baseline of the action", "the discount of Q lost"):
        wrong = evaluate(FALSE[claim], environment, horizon=horizon, methods=False)
        assert wrong.conclusion == "THE SIDES DIFFER on this model; the theorem is refuted"
    assert evaluate(TRUE["Q"], environment, horizon=horizon, methods=False).agrees


def test_an_environment_is_named_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gymnasium")
    arguments = ["evaluate", "policy_gradient", "gymnasium:FrozenLake-v1", "--gamma", "0.95", "--horizon", "50"]
    assert main([*arguments, "--samples", "1000"]) == 0
    printed = capsys.readouterr().out
    assert "model: FrozenLake-v1, 16 states, 4 actions, H = 50, γ = 0.95" in printed
    assert main(["evaluate", "policy_gradient", "gymnasium:Nowhere-v0"]) == 2
    assert main(["evaluate", "policy_gradient", "gymnasium:CartPole-v1"]) == 2
    assert "has no table P" in capsys.readouterr().err
