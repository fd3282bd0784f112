"""What once ran on without end, or took all memory, ends soon: with a verdict, or undecided and why.

The limits of time and memory of each file (``test_isolation``) stand behind these budgets.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from math import comb
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sympy import Expr

from derive import (
    H,
    J,
    R,
    Time,
    by,
    calc,
    examine,
    expect,
    gamma,
    i,
    iid_samples,
    log,
    mean,
    samples,
    scalar,
    t,
    tau,
    total,
)
from derive import theorem as declared
from derive.certificates.multiplying import MOST_PRODUCTS, products
from derive.cli import main
from derive.language.models import Shape
from derive.language.signature import signature
from derive.procedures.decide import Comparison
from derive.runs.campaign import Look, check_file
from derive.semantics import kept_models
from derive.semantics.kept_models import Models

SECONDS = 20
"""Processor time of one row on a slow machine; each takes one to six."""


def repeated(step: Callable[[Expr, int], Expr], times: int) -> Expr:
    term: Expr = gamma
    for number in range(times):
        term = step(term, number)
    return term


def nested(times: int) -> Expr:
    return repeated(lambda e, n: total(Time(f"l{n}"), (e + 1) * gamma ** Time(f"l{n}")), times)


def twice(term: Expr) -> tuple[Expr, Expr]:
    return term, 2 * term


def a_sum(terms: int) -> tuple[Expr, Expr]:
    long = sum(((n + 1) * gamma**n * J for n in range(terms)), start=0 * J)
    return long, long + J - J


def numbers(count: int) -> Expr:
    return sum((scalar(f"c{n}") for n in range(1, count)), start=scalar("c0"))


ROWS: dict[str, tuple[Callable[[], tuple[Any, Any]], str, str]] = {
    "a polynomial of degree 8192": (lambda: twice(repeated(lambda e, _: e * (e + 1), 13)), "undecided", "2049 by 2048"),
    "sums of sums": (lambda: twice(nested(14)), "refuted", ""),
    "200 terms": (lambda: a_sum(200), "undecided", "which are too large; the sides agree at"),
    "a power of 13 numbers": (lambda: twice(numbers(13) ** 20), "undecided", "exceeds 2000000 terms"),
    "a power of a mean": (lambda: (expect(samples, mean(i, R(samples[i])) ** 12), J**12), "refuted", ""),
    "a hundred logarithms": (lambda: twice(repeated(lambda e, _: log(e), 100)), "undecided", "logarithms"),
    "to 10^9": (lambda: twice(total(t, gamma**t, stop=10**9)), "undecided", "400,000 operations"),
    "to H + 10^6": (lambda: (e := total(t, gamma**t, stop=H + 10**6), e + J - J), "unjustified", ""),
    "a power of 2000": (lambda: twice(gamma**2000 * J), "undecided", "the exponent 2000 exceeds 1000"),
}
SLOW = {"a polynomial of degree 8192", "200 terms", "to 10^9", "a power of a mean"}


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.deep] if name in SLOW else [])
                                  for name in ROWS])
def test_it_ends_soon_and_says_why(name: str) -> None:
    claim, code, why = ROWS[name]

    @declared(name, assumes=[iid_samples] if "mean" in name else [])
    def bounded() -> Any:
        before, after = claim()
        return calc(before, by(), after)

    began = time.process_time()
    (step,) = examine(bounded).steps
    assert time.process_time() - began < SECONDS
    assert step.verdict.code == code
    assert why in getattr(step.verdict, "why", "")


def chained(folder: Path, reasons: list[str], term: str, last: str = "") -> str:
    """A file of lemmas, a term equal to itself, each by its reason, the last one about another term."""
    names = [f"l{n}" for n in range(len(reasons))]
    terms = [*(term for _ in reasons[1:]), last or term]
    (folder / "a.py").write_text("from derive import *\n" + "".join(
        f"@theorem('{name}')\ndef {name}(): return calc({term}, by({reason}), {after} * 1)\n"
        for name, reason, after in zip(names, reasons, terms, strict=True)))
    return str(folder / "a.py")


@pytest.mark.deep
@pytest.mark.parametrize("forward", [True, False])
def test_1500_lemmas_each_by_another(forward: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1,500 each by the one before were a RecursionError, and 101 each by the one after it."""
    reasons = ["regroup", *(f"l{n}" for n in range(1499))] if forward else [*(f"l{n + 1}" for n in range(1499)),
                                                                            "regroup"]
    assert main(["check", "-q", chained(tmp_path, reasons, "J")]) == 0
    assert capsys.readouterr() == ("", "")


NESTED = 120
"""Lemmas, each by the one after it; 101 were too many."""
FAR = 40
"""Lemmas of which each step is judged: none has an equation."""
RULED = "total(s, J)"
"""The kernel does not read it, so a lemma about it is asked for its steps."""


@pytest.mark.slow
def test_lemmas_nest_as_deeply_as_they_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reasons = [*(f"l{n + 1}" for n in range(NESTED - 1)), "regroup"]
    assert main(["check", "-q", chained(tmp_path, reasons, RULED)]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_nothing_follows_from_a_false_lemma_far_below(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reasons = [*(f"l{n + 1}" for n in range(FAR - 1)), "regroup"]
    assert main(["check", "--format", "json", chained(tmp_path, reasons, RULED, f"2 * {RULED}")]) == 1
    steps = [theorem["steps"][0] for theorem in json.loads(capsys.readouterr().out)["theorems"]]
    assert [step["verdict"] for step in steps] == ["unjustified"] * (FAR - 1) + ["refuted"]
    assert "is not proved itself" in steps[0]["why"]


@pytest.mark.slow
def test_lemmas_that_rest_on_each_other_in_a_long_circle_prove_nothing(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The claim is true; that it rests on itself is no reason, though shapes agree."""
    reasons = [*(f"l{n + 1}" for n in range(FAR - 1)), "l0"]
    assert main(["check", "--format", "json", chained(tmp_path, reasons, RULED)]) == 1
    theorems = json.loads(capsys.readouterr().out)["theorems"]
    assert {theorem["steps"][0]["verdict"] for theorem in theorems} == {"unjustified"}


@pytest.mark.slow
def test_many_names_that_are_not_defined_are_looked_up_in_seconds(tmp_path: Path) -> None:
    """400 took minutes: the whole text was parsed and split anew for each."""
    text = "".join(f"@theorem('{n}')\ndef l{n}(): return calc(J, by(regrup), J * 1)\n" for n in range(400))
    (tmp_path / "a.py").write_text("from derive import *\n" + text)
    began = time.process_time()
    found = check_file(str(tmp_path / "a.py"), Look())
    assert time.process_time() - began < SECONDS
    assert [one.hint for one in found.diagnostics] == ["did you mean regroup?"] * 400


def test_each_level_of_a_sum_is_looked_at_once() -> None:
    """It was twice: 2^36 looks."""
    assert signature(nested(36)).largest_offset == 0
    assert signature(total(t, total(Time("l"), J, stop=3), start=2)).largest_offset == 5  # literal times add up


# -- what multiplying out would cost ---------------------------------------------------------------

A, B, C = ("f", "a"), ("f", "b"), ("f", "c")
PRODUCTS: list[tuple[Any, int]] = [
    (A, 0),
    (("+", A, B), 0),
    (("*", A, B), 2),
    (("*", ("+", A, B), ("+", A, C)), 2 + 4),
    (("^", ("+", A, ("num", 1, 1)), 20), sum(2 * n for n in range(1, 21))),  # n monomials times 2, like ones collected
    (("^", ("+", ("*", A, B), ("+", A, C)), 3), 3 * 2 + 3 + 3 * 3 + 9 * 3),  # the base is read three times
]


@pytest.mark.parametrize(("term", "made"), PRODUCTS)
def test_products_are_counted_as_they_are_made(term: Any, made: int) -> None:
    assert products(term) == made


def test_a_power_of_many_numbers_is_refused_and_a_polynomial_in_one_is_not() -> None:
    many = ("+", *(("f", f"c{n}") for n in range(20)))
    assert comb(39, 19) > 10**10  # its monomials
    assert products(("^", many, 20)) > MOST_PRODUCTS > products(("^", ("+", A, ("num", 1, 1)), 40))


def test_a_certificate_that_would_never_end_is_not_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A kilobyte of terms with 10^10 monomials: the kernel has no budget of its own."""
    proof = tmp_path / "a.py"
    proof.write_text("from derive import *\n@theorem('x')\ndef x(): return calc(J, by(regroup), J * 1)\n")
    assert main(["check", str(proof), "--certificate", str(tmp_path / "c.json")]) == 0
    data = json.loads((tmp_path / "c.json").read_text())
    claim = data["theorems"][0]["steps"][0]["claim"]
    many = ["^", ["+", *(["f", f"c{n}"] for n in range(20))], 20]
    claim["before"], claim["after"] = many, ["*", many, ["num", 1, 1]]
    (tmp_path / "c.json").write_text(json.dumps(data))
    capsys.readouterr()
    assert main(["verify", str(tmp_path / "c.json")]) == 1
    assert "may take more than 2,000,000 products" in capsys.readouterr().out


def test_verify_has_limits_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("derive.certificates.verify.read", lambda path: time.sleep(100))
    assert main(["verify", str(tmp_path / "c.json"), "--timeout", "0.3"]) == 2
    assert capsys.readouterr().err == "error: 0.3 s were not enough; --timeout SECONDS allows more.\n"
    monkeypatch.setattr("derive.certificates.verify.read", lambda path: bytearray(2 * 10**9))
    assert main(["verify", str(tmp_path / "c.json")]) == 2
    assert capsys.readouterr().err == "error: 900 MB of memory were not enough; --memory MB allows more.\n"


def test_a_probe_that_would_take_hours_says_so(capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derive.transfer.probe.MOST_WORK", 1e6)
    assert main(["probe", "likelihood_ratio_gradient", "--shape", "20,5,100000", "--points", "1"]) == 0
    assert "not probed, its matrices take more than the work limit" in capsys.readouterr().out


@pytest.mark.parametrize(("elements", "kept"), [(1_000, True), (1_000_000, False)])
def test_models_that_much_was_computed_on_are_forgotten(elements: int, kept: bool) -> None:
    """Several undecided steps took 450 MB each, and the fifth ended the process; residues are small."""
    models, shape = Models(), Shape(1, 2, 0)
    evaluators, values = models.of("kind")
    evaluators |= {(shape, frozenset(), modular): SimpleNamespace(ring=SimpleNamespace(made=made))  # type: ignore[misc]
                   for modular, made in ((False, elements), (True, 10**9))}
    values[J] = [1]
    models.of("another")
    assert [bool(evaluators), bool(values)] == [kept, kept]


def test_what_is_asked_afterwards_is_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = expect(tau, R(tau)), J
    compared = Comparison([before, after], [])
    first = compared.compare(before, after)
    known = list(compared._evaluators.values())
    monkeypatch.setattr(kept_models, "MOST_KEPT", 0)
    assert first == compared.compare(before, after)
    assert not any(one is other for one in compared._evaluators.values() for other in known)
