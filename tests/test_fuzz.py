"""Fuzzing: what is proved survives, what is false is caught, and a seed is a run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import find, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from sympy import Integer

from derive.checking.derivation import By, Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.proof_files import bundled, load, proof_files
from derive.checking.verdict import Estimates, Malformed, NeedsCondition, Refuted, SameMean
from derive.cli import main
from derive.errors import NotApplicable, Undefined
from derive.language.assumptions import additive_return, earlier, iid_samples, policy_positive, possible
from derive.language.expression import as_term
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.vocabulary import (
    J,
    P,
    R,
    a,
    b,
    expect,
    function,
    grad,
    i,
    k,
    log,
    m,
    mean,
    pi,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
)
from derive.numeric.gaps import largest_gap
from derive.numeric.instances import random_instance
from derive.report.refutation import replay
from derive.testing import fuzz as fuzzing
from derive.testing import kept
from derive.testing.differing import EXACT, FLOAT
from derive.testing.fuzz import FuzzResult, fuzz
from derive.testing.kept import KeptModels
from derive.testing.theorem_models import models_of
from proofs.gradient_of_probability import gradient_of_probability
from proofs.likelihood_ratio_gradient import likelihood_ratio_gradient
from proofs.policy_gradient import policy_gradient
from proofs.sample_estimate_is_unbiased import sample_estimate_is_unbiased
from proofs.score_of_a_trajectory import score_of_a_trajectory
from proofs.variance_of_the_estimate import variance_of_the_estimate

BUNDLED = (gradient_of_probability, likelihood_ratio_gradient, score_of_a_trajectory, policy_gradient,
           sample_estimate_is_unbiased, variance_of_the_estimate)
estimate = mean(i, grad(log(P(samples[i]))) * R(samples[i]))


def claimed(before, after, *, assumes=(), reason: By | None = None) -> Theorem:
    """A theorem of one step."""

    @theorem("claimed", assumes=assumes)
    def claim():
        return calc(as_term(before), reason or by("words"), as_term(after))

    return claim


@pytest.mark.slow
@pytest.mark.parametrize("proof", BUNDLED[::2], ids=lambda proof: proof.name)
def test_bundled_proofs_survive(proof: Theorem) -> None:
    result = fuzz([proof], examples=12, seed=0)
    assert result.passed, result.failure
    assert sum(result.shapes.values()) >= 12
    assert result.comparisons[FLOAT] > 0
    assert result.comparisons[EXACT] > 0


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(5))
def test_bundled_proofs_survive_many_examples(seed: int) -> None:
    result = fuzz(BUNDLED, examples=300, seed=seed)
    assert result.passed, result.failure
    assert len(result.shapes) > 30


@pytest.mark.deep
def test_every_bundled_theorem_survives() -> None:
    files = [file for file in proof_files([bundled()]) if file.parent == bundled()]
    result = fuzz([proof for file in files for proof in load(file)], examples=8, seed=0)
    assert result.passed, result.failure


FALSE = {
    "score without return": (grad(J), expect(tau, grad(log(P(tau)))), [possible(tau)]),
    "factor 2": (grad(J), 2 * expect(tau, grad(log(P(tau))) * R(tau)), [possible(tau)]),
    "only with three actions": (pi(a | s) * pi(b | s) * (pi(a | s) + pi(b | s) - 1) * (pi(a | s) - pi(b | s)), 0, []),
    "only with two samples": (variance(samples, mean(i, R(samples[i]))), variance(tau, R(tau)), [iid_samples]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FALSE)
def test_a_false_step_fails_on_the_smallest_shape_and_has_a_witness(name: str) -> None:
    before, after, assumes = FALSE[name]
    result = fuzz([claimed(before, after, assumes=assumes)], examples=40, seed=1)
    assert result.failure is not None
    assert result.failure.says == "expected proved, but the sides differ"
    assert result.failure.witness is not None
    assert result.failure.shape is not None
    assert result.failure.shape.trajectories >= result.failure.witness.model.shape.trajectories
    smallest = {"only with three actions": 3, "only with two samples": 1}.get(name, 1)
    assert result.failure.shape.actions >= smallest
    assert result.failure.shape.horizon == 0
    if name == "only with two samples":
        assert result.failure.shape.samples == 2


@pytest.mark.slow
def test_a_side_without_a_value_fails_a_proved_step() -> None:
    step = grad(log(pi(a | s))), ratio(grad(pi(a | s)), pi(a | s))
    lacking = fuzz([claimed(*step)], examples=60, seed=0)
    assert lacking.failure is not None
    assert "a side has no value" in lacking.failure.says
    assert lacking.failure.witness is None
    assert fuzz([claimed(*step, assumes=[policy_positive])], examples=60, seed=0).passed
    assert fuzz([claimed(*step, reason=by("words", expect=NeedsCondition))], examples=60, seed=0).passed


@pytest.mark.slow
def test_a_step_expected_to_be_refuted_must_be_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "MOST_SEPARATING", 20)
    wrong = by("words", expect=Refuted)
    assert fuzz([claimed(J, 2 * J, reason=wrong)], examples=4, seed=0).passed
    true = fuzz([claimed(J, expect(tau, R(tau)), reason=wrong)], examples=4, seed=0)
    assert true.failure is not None
    assert true.failure.shape is None
    assert "comparisons did not tell the sides apart" in true.failure.says
    assert sum(true.shapes.values()) < 8 < 60 < sum(true.comparisons.values())  # and three times 20 more


@pytest.mark.slow
def test_times_are_those_that_the_cases_admit() -> None:
    """Past rewards drop out, at earlier times only; with one decision there are none, and nothing is compared."""
    step = expect(tau, grad(log(pi(tau.a[k] | tau.s[k]))) * r(tau.s[t], tau.a[t], tau.s[t + 1])), 0
    assert fuzz([claimed(*step, assumes=[earlier(t, k)])], examples=20, seed=0).passed
    assert fuzz([claimed(*step)], examples=30, seed=0).failure is not None
    instance = random_instance(np.random.default_rng(0), Shape(1, 2, 0), signature(*map(as_term, step)))
    with pytest.raises(NotApplicable, match="as the assumptions say"):
        largest_gap(*map(as_term, step), instance, assumptions=[earlier(t, k)])


@pytest.mark.slow
def test_estimates_have_the_right_mean_and_differ() -> None:
    assumes = [possible(tau), iid_samples]
    good = by("words", expect=Estimates)
    assert fuzz([claimed(grad(J), estimate, assumes=assumes, reason=good)], examples=12, seed=0).passed
    biased = fuzz([claimed(grad(J), ratio(1, m) * estimate, assumes=assumes, reason=good)], examples=12, seed=0)
    assert biased.failure is not None
    assert biased.failure.says == "expected estimates, but the means differ"
    same = by("words", expect=SameMean)
    assert fuzz([claimed(R(samples[1]), mean(i, R(samples[i])), assumes=assumes, reason=same)],
                examples=9, seed=0).passed


@pytest.mark.slow
def test_what_has_no_truth_value_is_not_compared() -> None:
    step = claimed(grad(J), J, reason=by("words", expect=Malformed))
    result = fuzz([step], examples=4, seed=0)
    assert result.passed
    assert not sum(result.comparisons.values())
    assert not result.uncompared
    ill_typed = fuzz([claimed(grad(J), J)], examples=4, seed=0)
    assert not ill_typed.passed  # it is declared proved
    assert ill_typed.failure is None
    assert [str(step) for step in ill_typed.unsupported] == ["claim, step 1"]
    assert not sum(ill_typed.comparisons.values())


def test_an_examined_theorem_is_held_to_its_verdicts() -> None:
    refuted = claimed(J, 2 * J)
    assert not fuzz([refuted], examples=6, seed=0).passed
    assert fuzz([examine(refuted)], examples=6, seed=0).passed


def test_a_failure_ends_the_run() -> None:
    result = fuzz([claimed(J, 2 * J), gradient_of_probability], examples=50, seed=0)
    assert result.failure is not None
    assert sum(result.shapes.values()) < 50


@pytest.mark.slow
def test_literal_times_are_reached() -> None:
    step = claimed(total(t, R(tau), start=3), Integer(0))
    result = fuzz([step], examples=40, seed=0)
    assert result.failure is not None
    assert result.failure.shape == Shape(1, 1, 3)


# -- determinism ------------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
from derive.testing.fuzz import fuzz
from proofs.policy_gradient import policy_gradient
from proofs.variance_of_the_estimate import variance_of_the_estimate
print(fuzz([policy_gradient, variance_of_the_estimate], examples=6, seed=5))
from tests.test_fuzz import claimed, J, R, tau, expect
print(fuzz([claimed(J, expect(tau, R(tau) * R(tau)))], examples=6, seed=5))
"""


def printed(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True,
                          check=True).stdout


@pytest.mark.slow
def test_the_run_does_not_depend_on_the_hash_seed() -> None:
    assert printed("0") == printed("1")


def test_the_shape_that_fails_is_one_of_those_listed() -> None:
    """It was shrunk to, and not counted."""

    @theorem("two of it")
    def doubled() -> Any:
        return calc(grad(J), by("words"), 2 * grad(J))

    for seed in range(6):
        result = fuzz([doubled], examples=3, seed=seed)
        assert result.failure is not None
        assert result.failure.point is not None
        assert result.failure.point.model.shape.shown(endless=False) in result.shapes


@pytest.mark.slow
def test_a_seed_is_a_run() -> None:
    one, two, other = (fuzz(BUNDLED[:1], examples=8, seed=seed) for seed in (7, 7, 8))
    assert one == two
    assert isinstance(one, FuzzResult)
    assert one.shapes != other.shapes


# -- what failed, in Hypothesis's database and apart from it ---------------------------------------------------

DOUBLED = "from derive import *\n@theorem('doubled')\ndef doubled():\n    return calc(J, by('words'), {} * J)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pyproject.toml and one false theorem, as the current one."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "doubled.py").write_text(DOUBLED.format(2))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY", raising=False)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int) -> str:
    assert main(["fuzz", "doubled.py", "--examples", "4", *arguments]) == status
    captured = capsys.readouterr()
    assert not captured.err
    return captured.out


@pytest.mark.slow
def test_a_failing_mdp_is_kept_and_tried_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = told(capsys, status=1)
    assert "replayed" not in first
    assert sorted(one.name for one in (project / ".hypothesis").iterdir()) == ["examples"]
    again, shared = told(capsys, "--seed", "8", status=1), told(capsys, "--seed", "8", "-j", "2", status=1)
    assert again == shared
    assert "replayed first: 1 MDPs that failed in an earlier run" in again
    assert "the sides differ (by float on (1,1,0)), replayed from an earlier run" in " ".join(again.split())
    assert again.partition("1 state")[2] == first.partition("1 state")[2]
    (project / "doubled.py").write_text(DOUBLED.format(1))
    mended = told(capsys, status=0)
    assert "replayed first" in mended
    assert "replayed" not in told(capsys, status=0)


def test_what_is_kept_and_no_mdp_of_the_class_is_not_tried(tmp_path: Path) -> None:
    plain, positive = claimed(J, 2 * J), claimed(J, 2 * J, assumes=[policy_positive, additive_return])
    known = KeptModels(tmp_path)
    model = find(models_of(plain, shape=Shape(1, 2, 0)), lambda model: min(model.policies["pi"][0]) == 0,
                 settings=settings(database=None))
    known.keep(plain, model)
    assert list(known.of(plain)) == [model]
    assert not list(known.of(positive))
    for text in (b"", b"\xff", b"[]", b"{}", b'{"shape": [1, 2]}', b"[" * 100_000, _text_of(model, "1/0"),
                 _text_of(model, "0.5"), _text_of(model, "-1")):
        DirectoryBasedExampleDatabase(tmp_path).save(b"derive fuzz claim", text)
    assert list(known.of(plain)) == [model]
    assert list(known.of(claimed(J, function("f")(s)))) == []  # it has no f
    known.drop(plain, model)
    assert not list(known.of(plain))


def _text_of(model: Model, chance: str) -> bytes:
    return kept._written(model).replace(b'"pi": [["', f'"pi": [["{chance}", "'.encode())


def test_the_replay_shows_the_failure_apart_from_the_database(project: Path,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, status=1)
    code = out.partition("the same in Python, apart from any database:\n")[2]
    exec(compile(code, "replay", "exec"), {})
    left, right = map(float, capsys.readouterr().out.split())
    assert right == 2 * left != 0


@pytest.mark.slow
def test_a_replay_raises_what_the_failure_says() -> None:
    step = grad(log(pi(a | s))), ratio(grad(pi(a | s)), pi(a | s))
    failure = fuzz([claimed(*step)], examples=60, seed=0).failure
    assert failure is not None
    assert failure.point is not None
    assert failure.sides == step
    with pytest.raises(Undefined):
        exec(replay(failure.point, *step, possible_only=False), {})


def test_without_a_project_nothing_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").unlink()
    told(capsys, status=1)
    assert [one.name for one in project.iterdir() if one.name != "__pycache__"] == ["doubled.py"]
    (project / "doubled.py").write_text(DOUBLED.format(1))
    (project / "pyproject.toml").write_text("")
    told(capsys, status=0)  # and nothing where there is no need
    assert not (project / ".hypothesis").exists()


def test_a_database_that_cannot_be_written_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = told(capsys, status=1)
    shutil.rmtree(project / ".hypothesis")
    (project / ".hypothesis").write_text("a file in its place")
    assert told(capsys, status=1) == kept


def _at_work(process: int) -> None:
    """Waits until it has a child: while modules are loaded, an interrupt ends it without a word."""
    children, end = Path(f"/proc/{process}/task/{process}/children"), time.monotonic() + 60
    while children.exists() and not children.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1 if children.exists() else 5)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.deep)])
def test_an_interrupt_ends_the_run_at_once(project: Path, jobs: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen([sys.executable, "-m", "derive", "fuzz", "policy_gradient", "advantage_form", "--examples",
                            "100000", "-j", jobs], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _at_work(run.pid)
    run.send_signal(signal.SIGINT)
    try:
        out, err = run.communicate(timeout=30)  # a theorem would take hours
    finally:
        run.kill()
    assert (run.returncode, err) == (130, b"interrupted\n")
    assert not out
    assert not (project / ".hypothesis").exists()
