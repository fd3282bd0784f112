"""``derive estimator``: exit statuses, text, JSON, files; and that it needs neither torch nor SymPy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from derive.cli import main
from derive.estimators.gallery import ENTRIES

CODE = '''
import numpy as np

def centred(r):
    return r - r.mean()

def broken(r):
    return r.nothing

def weighted(r, lengths):
    return r / lengths
'''


INTERRUPTING = """
def advantage(r):
    raise KeyboardInterrupt

def loss(log_probs, rewards, mask):
    raise KeyboardInterrupt("mine")
"""


@pytest.mark.parametrize(("name", "kind"), [("advantage", "advantage fails with KeyboardInterrupt: (no message)"),
                                            ("loss", "loss fails with KeyboardInterrupt: mine"),
                                            ("nothing", "fails when it is executed: KeyboardInterrupt")])
def test_an_interrupt_that_a_function_raises_is_its_error(name: str, kind: str, tmp_path: Path,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    """As of a theorem: nobody has interrupted the command, which said so and ended with 130."""
    if name == "loss":
        pytest.importorskip("torch")
    path = tmp_path / "mine.py"
    path.write_text(INTERRUPTING + ("raise KeyboardInterrupt\n" if name == "nothing" else ""), encoding="utf-8")
    assert main(["estimator", f"{path}:{name}"]) == 2
    assert kind in capsys.readouterr().err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(CODE, encoding="utf-8")
    return path


@pytest.mark.parametrize(("arguments", "status"), [
    (["rloo"], 0), (["centred"], 0), (["grpo"], 1), (["rloo", "grpo"], 1), (["grpo", "--expect", "biased"], 0),
    (["rloo", "--expect", "biased"], 1), (["grpo-binary", "--group", "4"], 1), (["grpo-binary", "--group", "2"], 0),
    (["sum-over-others", "--group", "2"], 1), (["pass@2"], 0), (["rloo", "--target", "pass@2"], 1), ([], 0),
    (["nothing"], 2), (["rloo", "--group", "x"], 2), (["rloo", "--rewards", "1,y"], 2),
    (["rloo", "--expect", "good"], 2),
    (["missing.py:f"], 2), (["rloo", "--rewards", "1,1"], 2), (["opo", "--rewards", "0,1,3"], 2),
    (["rloo", "--group", "100000"], 2), (["rloo", "-o", "x.gif"], 2),
])
def test_exit_statuses(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimator", *arguments]) == status
    captured = capsys.readouterr()
    assert (captured.err.startswith("error: ")) is (status == 2)
    assert "Traceback" not in captured.err


def test_what_is_known_of_an_estimator_is_no_longer_than_a_page(tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    """It was a line of more than 230 characters, in a file too; the first line stays whole, for programs."""
    pytest.importorskip("torch")
    path = tmp_path / f"{'long' * 40}.py"
    path.write_text("def loss(log_probs, rewards, mask):\n"
                    "    return -(log_probs * mask * rewards[:, None]).sum() / rewards.numel()\n", encoding="utf-8")
    main(["estimator", f"{path}:loss"])
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"{path}:loss: unbiased, within 1e-10 (floats)"
    assert "    known: exact at these policies: " in others[0]
    assert max(map(len, others)) <= 120


def test_a_function_of_a_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimator", f"{file}:centred", "--group", "2,3,4"]) == 0
    printed = capsys.readouterr().out
    assert "proportional, factor (G-1)/G, fits G = 2, 3, 4" in printed
    assert "exact at G = 2, 3, 4, rewards 0, 1, 3, every policy" in printed
    assert main(["estimator", f"{file}:weighted"]) == 1
    assert "rewards 0, 1, 1, 3, lengths 2, 1, 3, 2" in capsys.readouterr().out
    assert main(["estimator", f"{file}:weighted", "--rewards", "0,1,3", "--lengths", "1,2,2"]) == 0
    assert "factor 1/2" in capsys.readouterr().out  # r/2, as it happens


@pytest.mark.parametrize(("name", "message"), [
    ("broken", "AttributeError"), ("absent", "has no function 'absent'; it has centred, broken, weighted"),
])
def test_bad_functions_of_a_file(name: str, message: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimator", f"{file}:{name}"]) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_fails_or_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("import nothing_of_the_kind", "raise SystemExit(0)", "def f(:"):
        path = tmp_path / "bad.py"
        path.write_text(text, encoding="utf-8")
        assert main(["estimator", f"{path}:f"]) == 2
        assert "fails when it is executed" in capsys.readouterr().err
    assert main(["estimator", str(path)]) == 2
    assert "which function?" in capsys.readouterr().err


def test_a_file_that_ends_the_process_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ends.py"
    path.write_text("import os\n\ndef f(r):\n    os._exit(0)\n", encoding="utf-8")
    assert main(["estimator", f"{path}:f"]) == 2
    assert "ended without a result" in capsys.readouterr().err


LOSS = '''
def token_mean(log_probs, advantages, mask):
    return -(log_probs * advantages[:, None] * mask).sum() / mask.sum()

def summed(log_probs, advantages, mask):
    return -(log_probs * advantages[:, None] * mask).sum() / len(mask)

def scaled(logprobs, rewards, response_mask):
    return -(logprobs * rewards[:, None] * response_mask).sum() / 10
'''


def test_a_loss_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "losses.py"
    path.write_text(LOSS, encoding="utf-8")
    assert main(["estimator", f"{path}:token_mean", "--group", "2"]) == 1
    assert main(["estimator", f"{path}:summed", "--group", "2"]) == 0
    printed = capsys.readouterr().out
    assert "exact at these policies: 3 responses (2 tokens, length 2) at G = 2" in printed
    assert main(["estimator", f"{path}:scaled", "--group", "2,4", "--rewards", "0,1,3"]) == 0
    assert "factor 1/5" in capsys.readouterr().out
    assert main(["estimator", f"{path}:summed", "--rewards", "0,1"]) == 2
    assert main(["estimator", f"{path}:summed", "--lengths", "1,2,2"]) == 2
    assert main(["estimator", "k2-token", "--expect", "biased"]) == 0
    assert main(["estimator", "k2-token", "--target", "kl:token"]) == 0
    assert main(["estimator", "reinforce-k1-reward", "--beta", "1/5"]) == 1
    assert main(["estimator", f"{path}:summed", "--group", "2", "--beta", "1/5"]) == 2
    assert "--target J-kl asks for" in capsys.readouterr().err


def test_an_option_that_means_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimator", "rloo", "--beta", "1/5"]) == 2
    assert "rloo is an advantage function: --beta" in capsys.readouterr().err


def test_a_loss_without_torch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["estimator", "ppo"]) == 2
    assert "pip install 'derive-rl[torch]'" in capsys.readouterr().err
    assert main(["estimator"]) == 0
    assert "ppo " in capsys.readouterr().out


def test_a_defect_here_is_no_bad_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*arguments: object) -> None:
        raise AssertionError("planted")

    monkeypatch.setattr("derive.commands.estimator_command.examined", fails)
    assert main(["estimator", "rloo"]) == 3
    assert "error: internal: AssertionError: planted" in capsys.readouterr().err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimator", "grpo", "centred", "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 1
    grpo, centred = data["estimators"]
    assert {"name", "verdict", "factor", "kind", "known", "probability", "rewards", "effective_reward", "relative_bias",
            "cosine", "worst_group", "groups", "notes"} <= set(grpo)
    assert (grpo["name"], grpo["verdict"], grpo["factor"]) == ("grpo", "biased", None)
    assert centred["factor"] == "(G-1)/G"
    assert centred["groups"][2] == {"group": 4, "verdict": "proportional", "factor": "3/4", "kind": "constant"}
    assert main(["estimator", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["gallery"]) == len(ENTRIES)


def test_the_comparison_and_its_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "compare.svg"
    assert main(["estimator", "rloo", "grpo", "centred", "--compare", "-o", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["estimator", "rloo", "grpo", "centred"]
    picture = ElementTree.parse(path).getroot()
    lines_drawn = [node for node in picture if node.tag.endswith("polyline")]
    assert len(lines_drawn) == 3 + 2  # three errors, and the biases of two


def test_the_comparison_as_a_report_says_how_to_make_it_again(tmp_path: Path,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "compare.tex"
    asked = ["estimator", "rloo", "centred", "--group", "2,3", "--rewards", "0,1/2,3", "--compare", "-o", str(path)]
    assert main(asked) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"wrote {path}"
    source = path.read_text(encoding="utf-8")
    assert str(tmp_path) not in source
    for words in ("derive estimator rloo centred", "2,3", "0,1/2,3"):
        assert words in source.replace("{}", "")
    assert main(["estimator", "rloo", "--format", "json", "-o", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == 1


def test_an_output_that_cannot_be_is_refused_before_anything_is_run(tmp_path: Path,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "code.py"
    file.write_text("raise SystemExit(99)\ndef f(r): return r\n", encoding="utf-8")
    for target, words in ((file, "is the name of a Python file"), (tmp_path / "no" / "a.svg", "does not exist"),
                          (tmp_path / "a.gif", "ends in none of")):
        assert main(["estimator", f"{file}:f", "-o", str(target)]) == 2
        assert words in capsys.readouterr().err


def test_the_help_and_the_package_load_little() -> None:
    script = ("import sys, derive.estimators, derive.estimators.advantage, derive.estimators.gallery, derive.cli\n"
              "print(' '.join(sys.modules))")
    loaded = set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                                check=True).stdout.split())
    assert not loaded & {"torch", "sympy", "derive.estimators.tensors"}
    assert "derive.estimators.advantage" in loaded


LOSSES = '''
def whole(log_probs, rewards, mask):
    return -((log_probs * mask).sum(-1) * rewards).mean()


def to_go(log_probs, rewards_to_go, mask):
    return -(log_probs * rewards_to_go * mask).sum(-1).mean()
'''


def test_a_finite_mdp_by_the_names_of_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rewards to go without gamma^t are unbiased for gamma = 1 and biased below (the factor that everybody drops)."""
    pytest.importorskip("torch")
    path, model = tmp_path / "losses.py", tmp_path / "model.json"
    path.write_text(LOSSES, encoding="utf-8")
    model.write_text(json.dumps({"mu": [1, 0], "P": [[[0.5, 0.5], [0, 1]], [[1, 0], [0.25, 0.75]]],
                                 "r": [[1, 0], [0.5, 2]], "gamma": 0.5, "horizon": 1}), encoding="utf-8")
    assert main(["estimator", f"{path}:whole", "--model", "two-state"]) == 0
    assert "unbiased\n    known: exact at these policies: an MDP with 2 states" in capsys.readouterr().out
    assert main(["estimator", f"{path}:to_go", "--model", str(model)]) == 1
    assert main(["estimator", f"{path}:to_go", "--model", str(model), "--gamma", "1"]) == 0
    assert main(["estimator", f"{path}:to_go", "--model", str(model), "--horizon", "0"]) == 0  # one decision
    capsys.readouterr()
    assert main(["estimator", f"{path}:to_go", "--model", "random:7", "--horizon", "0", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["estimators"][0]["effective_reward"]
    assert max(len(row["reward"]) for row in rows) < 12  # and no fraction of two integers of 16 digits


def test_a_model_of_long_episodes_is_run_where_a_reward_is_in_reach(tmp_path: Path,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    """lake has 10^12 trajectories, and no reward is within 5 decisions of its start."""
    pytest.importorskip("torch")
    path = tmp_path / "losses.py"
    path.write_text(LOSSES, encoding="utf-8")
    assert main(["estimator", f"{path}:whole", "--model", "lake"]) == 0
    said = capsys.readouterr().out
    assert "lake has too many episodes with 21 decisions: run with 2 decisions from state 14 (48 episodes)" in said


@pytest.mark.parametrize(("arguments", "said"), [
    (["--model", "lake", "--horizon", "20"], "the command line does without --horizon"),
    (["--model", "nothing"], "no model 'nothing'"),
    (["--horizon", "1"], "give --model as well"),
    (["--model", "two-state", "--rewards", "0,1,3"], "an MDP has its own"),
])
def test_a_model_that_is_none(arguments: list[str], said: str, tmp_path: Path,
                              capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "losses.py"
    path.write_text(LOSSES, encoding="utf-8")
    assert main(["estimator", f"{path}:whole", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_advantages_have_no_states(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimator", f"{file}:centred", "--model", "two-state"]) == 2
    assert "is an advantage function" in capsys.readouterr().err


def test_an_edited_file_is_asked_as_it_is_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was executed from Python's bytecode, which counts as current by the second and the size of the file."""
    path, stamp = tmp_path / "advantages.py", 1_700_000_000
    for weight, word in ((0, "no gradient"), (1, "unbiased"), (0, "no gradient")):
        path.write_text(f"def weighted(rewards):\n    return [{weight} * r for r in rewards]\n", encoding="utf-8")
        os.utime(path, (stamp, stamp))
        main(["estimator", f"{path}:weighted", "--format", "json"])
        (found,) = json.loads(capsys.readouterr().out)["estimators"]
        assert found["verdict"] == word
    assert not (tmp_path / "__pycache__").exists()


def test_a_large_group_is_run_and_not_compared_with_its_form(capsys: pytest.CaptureFixture[str]) -> None:
    """It was compared on 3^16 tuples, without an end; at G = 4 it is."""
    assert main(["estimator", "rloo", "--group", "16"]) == 0
    found = capsys.readouterr().out
    assert "3^16 tuples are too many" in found
    assert "every G" not in found.replace("a theorem holds at every G", "")
    assert main(["estimator", "rloo", "--group", "4"]) == 0
    assert "the code has its form at G = 4" in capsys.readouterr().out
