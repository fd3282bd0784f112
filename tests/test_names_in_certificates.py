"""What ``derive verify`` prints is what it verified: no name is read as notation, or as another letter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from library import SESSION

from derive import H, State, automata, calc, function, mu, scalar, t, theorem, total
from derive import by as because
from derive.certificates.names import TAKEN, lettered
from derive.certificates.statements import scope, statement
from derive.checking.theorems import Theorem
from derive.cli import main
from derive.kernel.contexts import Context
from derive.kernel.contexts import to_data as context_data
from derive.kernel.terms import ALL, Term, at, bound, time, to_data
from derive.language.definitions import DEFINITIONS
from derive.procedures.decision import Shown, decided
from derive.report.certificate import _evidence, certificate

PATH, LETTER = ("trajectory", "tau"), ("state", "x")
t1, r_t = scalar("t1"), scalar("r_t")
y, x1, g, c = State("y"), State("x1"), function("g"), scalar("c")


def gradient_of_return(policy: str) -> Term:
    """∇ E_{τ~policy}[R(τ)]: 0 for every policy but pi."""
    return ("grad", bound("E", PATH, policy, ("R", PATH)))


def gradient_of_number(name: str) -> Term:
    return ("grad", ("f", name))


def told(before: Term, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What verify says of an honest certificate of ``before = 0``."""
    found = decided(Context(), before, ("num", 0, 1))
    assert isinstance(found, Shown)
    claim = {"of": "sides", "before": to_data(before), "after": to_data(("num", 0, 1)),
             "context": context_data(Context()), "evidence": _evidence(dict(found.evidence))}
    step = {"step": 1, "line": 1, "label": None, "verdict": "proved", "claim": claim}
    data = {"schema": 4, "theorems": [{"name": "x", "file": "x.py", "steps": [step]}]}
    (folder / "c.json").write_text(json.dumps(data), encoding="utf-8")
    status = main(["verify", str(folder / "c.json")])
    return status, capsys.readouterr().out


@pytest.mark.parametrize(("before", "refused"), [
    (gradient_of_return("b"), False),
    (gradient_of_return("π"), True),
    (gradient_of_return("π'"), False),
    (gradient_of_return("π_θ"), True),
    (gradient_of_return("πθ"), True),
    (gradient_of_return("π²"), True),
    (gradient_of_number("J_theta"), True),
    (gradient_of_number("½"), True),
    (gradient_of_number("V_3"), True),
    (gradient_of_number("r'"), False),
    (gradient_of_number("c_0"), False),
    (gradient_of_number("E_{τ1~π}[R(τ1)]"), True),
    (gradient_of_number("H"), True),
    (gradient_of_number("Η"), True),
    (gradient_of_number("γ"), True),
    (gradient_of_number("Σ_x"), True),
    (gradient_of_number("c" * 41), True),
    (gradient_of_number("c d"), True),
])
def test_a_name_that_would_be_read_as_notation_is_refused(
        before: Term, refused: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = told(before, tmp_path, capsys)
    assert (status, ": verified\n" in said) == ((1, False) if refused else (0, True)), said


@theorem("a free letter that is called as bound ones are")
def captured() -> Any:
    return calc(total(y, mu(y) * g(x1)), because(automata), g(x1))


def test_a_bound_letter_is_none_that_is_free(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was printed as Σ_{x1}[μ(x1) g(x1)] = g(x1), which is false."""
    assert isinstance(captured, Theorem)
    data = certificate([SESSION.examine(captured)])
    (tmp_path / "c.json").write_text(json.dumps(data), encoding="utf-8")
    assert main(["verify", str(tmp_path / "c.json")]) == 0
    assert "Σ_{x1'}[μ(x1') g(x1)] = g(x1)" in capsys.readouterr().out


@theorem("a number that is called as bound times are")
def called_as_bound() -> Any:
    return calc(total(t, t1), because(automata), (H + 1) * t1)


@theorem("a number with a time for a subscript")
def with_a_time() -> Any:
    return calc(total(t, r_t), because(automata), (H + 1) * r_t)


def test_a_bound_letter_is_no_number_and_no_subscript(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Σ_{t1=0..H}[t1] = (H + 1) t1 was printed, and Σ_t r_t = (H + 1) r_t by derive check."""
    assert isinstance(with_a_time, Theorem)
    assert str(with_a_time.claim) == "Σ_{k=0..H} r_t = (H + 1) r_t"
    assert isinstance(called_as_bound, Theorem)
    data = certificate([SESSION.examine(called_as_bound)])
    (tmp_path / "c.json").write_text(json.dumps(data), encoding="utf-8")
    assert main(["verify", str(tmp_path / "c.json")]) == 0
    assert "Σ_{t1'=0..H}[t1]" in capsys.readouterr().out


def test_places_of_two_trajectories_name_them() -> None:
    def at_first(path: Any) -> Term:
        return ("f", "g", ("s", path, time()))

    one, two = ("trajectory", "u"), ("trajectory", "w")
    inner = bound("E", one, "pi", ("*", at_first(one), at_first(two)))
    assert statement(bound("E", two, "pi", inner)) == "E_{τ2~π}[E_{τ1~π}[g(s_{0}(τ1)) g(s_{0}(τ2))]]"
    assert statement(bound("E", one, "pi", at_first(one))) == "E_{τ1~π}[g(s_{0})]"


def test_free_times_and_factors_are_told_apart() -> None:
    half, t_ = ("num", 1, 2), at(("time", "t"))
    assert statement(("*", ("num", 3, 1), half, ("gamma^", t_))) == "3 · 1/2 · γ^{t}"
    assert scope(Context(), ("gamma^", t_)) == "every finite MDP, every horizon; where 0 ≤ t ≤ H"


def test_the_words_of_the_language_are_in_one_list() -> None:
    printed = {one.notation.letter for one in DEFINITIONS if one.notation is not None}
    assert printed - TAKEN <= {"∂"} | {one for one in printed if not one.isidentifier()}


def test_letters_are_taken_by_height() -> None:
    one = bound("sum", LETTER, ALL, ("mu", LETTER))
    assert statement(one) == "Σ_{x1}[μ(x1)]"
    assert lettered(("+", one, ("mu", ("state", "x1"))))[1][1] == ("state", "x1'")
