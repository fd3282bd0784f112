"""Certificates: every one is verified by the kernel alone, and every corruption is refused.

Named for its place: beside ``test_proofs.py`` it runs on the same worker, and the theorems are examined once.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import further_theorems
import pytest
from library import FILES, SESSION, examined

from derive import A, J, R, additive_return, automata, calc, expect, gamma, grad, log, pi, possible, t, tau, total
from derive import by as because
from derive import theorem as declared
from derive.certificates.verify import NotCertified, check_form, read, verified
from derive.checking.judgement import Examined
from derive.checking.proof_files import bundled, load
from derive.checking.theorems import Chain, Theorem
from derive.cli import main
from derive.report.certificate import against, certificate


@declared("values", assumes=[additive_return])
def with_values() -> Chain:
    return calc(grad(J), because(automata), expect(tau, total(
        t, gamma**t * grad(log(pi(tau.a[t] | tau.s[t]))) * A[t](tau.s[t], tau.a[t]))))


@declared("undefined without possible(tau)")
def undefined() -> Chain:
    return calc(R(tau), because(automata), R(tau) * (log(pi(tau.a[0] | tau.s[0])) + 1 - log(pi(tau.a[0] | tau.s[0]))))


SOURCES: dict[str, Path | Theorem] = {
    **{file.stem: file for file in FILES},
    **{one.name: one for one in (*further_theorems.THEOREMS, with_values) if not one.endless},
}
"""What is certified; examined when a test asks for it, for every worker collects this file."""


@cache
def certified(name: str) -> tuple[Examined, Any]:
    """One of these, and its certificate."""
    source = SOURCES[name]
    one = examined(source) if isinstance(source, Path) else SESSION.examine(source)
    return one, json.loads(json.dumps(certificate([one])))


@cache
def examined_all() -> tuple[Examined, ...]:
    return tuple(certified(name)[0] for name in SOURCES)


@cache
def whole() -> Any:
    """The certificate of all of them."""
    return json.loads(json.dumps(certificate(examined_all())))


def claims(data: Any) -> list[tuple[str, Any]]:
    return [(f"{theorem['name']}-{step['step']}", step["claim"])
            for theorem in data["theorems"] for step in theorem["steps"] if step["claim"] is not None]


def outcomes(data: Any) -> dict[str, str]:
    return {one.name: "verified" if one.equation is not None else one.why for one in verified(data)}


@pytest.mark.slow
def test_every_equation_that_is_claimed_is_verified() -> None:
    found = outcomes(whole())
    for one in examined_all():
        for number, step in enumerate(one.steps, 1):
            claimed = step.verdict.code in ("proved", "estimates", "same-mean")
            expected = "verified" if claimed else "no equation claimed"
            assert found[f"{one.theorem.name} step {number}"] == expected, one.theorem.name
    assert sum(text == "verified" for text in found.values()) >= 30


def test_a_step_that_may_be_undefined_has_no_certificate() -> None:
    """The closures alone would show it: the logarithms cancel."""
    examined = SESSION.examine(undefined)
    assert examined.steps[0].verdict.code == "needs-condition"
    (entry,) = certificate([examined])["theorems"]
    assert entry["steps"][0]["claim"] is None
    with_it = certificate([SESSION.examine(_possible())])
    (claim,) = (step["claim"] for step in with_it["theorems"][0]["steps"])
    forged = copy.deepcopy(with_it)
    forged["theorems"][0]["steps"][0]["claim"]["context"]["possible"] = False
    assert claim is not None
    assert outcomes(forged)["assumed step 1"].startswith("a side may be undefined")


def _possible() -> Theorem:
    @declared("possible", assumes=[possible(tau)])
    def assumed() -> Chain:
        return undefined.chain

    return assumed


def _places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all entries inside."""
    yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from _places(value, (*path, key))


def _changed(data: Any, path: tuple[Any, ...], rng: Random) -> Any:
    data = copy.deepcopy(data)
    place = data
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    options: list[Any] = [None, [], {}, "0", True, 1.5, [old], 10**30]
    if isinstance(old, int) and not isinstance(old, bool):
        options += [old + 1, -old, old * 2 + 1] * 3
    if isinstance(old, list) and old:
        options += [old[:-1], [*old, old[0]], old[::-1]] * 2
    new = rng.choice(options)
    place[path[-1]] = new
    return data if type(new) is not type(old) or new != old else None


@pytest.mark.parametrize("most", [4, pytest.param(12, marks=pytest.mark.deep)])
@pytest.mark.parametrize("theorem", SOURCES)
def test_changing_the_evidence_is_caught(theorem: str, most: int) -> None:
    """The terms stay; what is changed in the evidence is refused, whatever it is."""
    for name, claim in claims(certified(theorem)[1]):
        rng = Random(name)
        places = [path for path in _places(claim["evidence"]) if path and path[0] == "certificate"]
        for path in rng.sample(places, min(12, len(places)))[:most]:
            changed = _changed({"evidence": claim["evidence"]}, ("evidence", *path), rng)
            if changed is None:
                continue
            step = {"step": 1, "line": 1, "label": None, "verdict": "proved" if claim["of"] == "sides" else "estimates",
                    "claim": {**claim, **changed}}
            data = {"schema": 4, "theorems": [{"name": "x", "file": "x.py", "steps": [step]}]}
            assert outcomes(data)["x step 1"] != "verified", (name, path, changed)


@pytest.mark.parametrize(("file", "place", "change"), [
    ("bellman_difference.py", ("sums", 0, "rows"), lambda rows: [*rows, rows[0]]),
    ("gradient_of_a_value.py", ("sums", 0, "rows"), lambda rows: [*rows, rows[0]]),
    ("gradient_of_a_value.py", ("sums", 0, "rows"), lambda rows: [*rows, []]),
    ("fisher_information.py", ("relations",), lambda relations: relations[::-1])])
def test_what_would_show_the_claim_in_another_order_or_twice_is_refused(
        file: str, place: tuple[Any, ...], change: Callable[[list[Any]], list[Any]]) -> None:
    """It has one form: a row that leads nowhere could be listed again without a word."""
    (theorem,) = load(bundled() / file)
    data = json.loads(json.dumps(certificate([SESSION.examine(theorem)])))
    name = next(iter(outcomes(data)))
    assert outcomes(data)[name] == "verified"
    entry = data["theorems"][0]["steps"][0]["claim"]["evidence"]["certificate"]
    for key in place[:-1]:
        entry = entry[key]
    assert len(entry[place[-1]]) >= 2
    entry[place[-1]] = change(entry[place[-1]])
    assert outcomes(data)[name] != "verified"


def test_a_certificate_of_other_terms_is_refused() -> None:
    """The evidence of each step is put to the terms of the next: the kernel unfolds the terms itself."""
    accepted = 0
    for (_, one), (_, two) in pairwise(claims(whole())):
        if one["evidence"] == two["evidence"]:
            continue
        mixed = {**two, "before": ["num", 1, 2], "after": two["after"], "of": "sides"}
        data = {"schema": 4, "theorems": [{"name": "x", "file": "x.py", "steps": [
            {"step": 1, "line": 1, "label": None, "verdict": "proved", "claim": mixed}]}]}
        accepted += outcomes(data)["x step 1"] == "verified"
    assert accepted == 0


@pytest.mark.slow
def test_against_says_what_is_missing_and_what_differs() -> None:
    theorems = [one.theorem for one in examined_all()]
    assert against(whole(), theorems) == []
    fewer = {**whole(), "theorems": whole()["theorems"][1:]}
    assert (theorems[0].name, "is not in the certificate") in against(fewer, theorems)
    assert any("no theorem of that name" in text for _, text in against(whole(), theorems[1:]))
    renamed = [{**entry, "file": "renamed.py"} for entry in whole()["theorems"][:1]]
    (found,) = against({**whole(), "theorems": renamed}, theorems[:1])
    assert found == (theorems[0].name,
                     f"the certificate is of the file renamed.py, this is {Path(theorems[0].file).name}")
    renamed = copy.deepcopy(whole())
    steps = next(one["steps"] for one in renamed["theorems"] if one["name"] == "likelihood_ratio_gradient")
    steps[0]["claim"], steps[1]["claim"] = steps[1]["claim"], steps[0]["claim"]
    assert ("likelihood_ratio_gradient step 1", "the terms are not those of the proof") in against(renamed, theorems)
    moved = copy.deepcopy(whole())
    moved["theorems"][0]["steps"][0]["line"] += 1
    assert any("the line or the label" in text for _, text in against(moved, theorems))


WRONG: list[Any] = [
    5, {}, {"schema": 4, "theorems": []}, {"schema": 2, "theorems": [{}]}, {"schema": 4, "theorems": [5]},
    {"schema": 4, "theorems": [{"name": [], "file": "x", "steps": [{}]}]},
    {"schema": 4, "theorems": [{"name": "x", "file": "x", "steps": 5}]},
    {"schema": 4, "theorems": [{"name": "Riemann hypothesis", "file": "x", "steps": [{"step": 1, "closures": []}]}]},
    {"schema": 4, "theorems": [{"name": "x", "file": "x", "steps": [
        {"step": 1, "line": 1, "label": None, "verdict": "refuted", "claim": {}}]}]},
]


@pytest.mark.parametrize("data", WRONG)
def test_what_has_another_form_is_refused(data: Any) -> None:
    with pytest.raises(NotCertified):
        check_form(data)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b'{"schema": 1e400}', b'{"schema": 4.0}',
                                     b'{"schema": NaN}', b'{"schema": 4, "schema": 4, "theorems": []}'])
def test_what_is_no_certificate_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(NotCertified):
        read(tmp_path / "c.json")
    assert main(["verify", str(tmp_path / "c.json")]) == 2


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, proof = tmp_path / "c.json", str(bundled() / "likelihood_ratio_gradient.py")
    assert main(["check", proof, "--certificate", str(target)]) == 0
    capsys.readouterr()
    assert main(["verify", str(target), "--against", proof]) == 0
    said = capsys.readouterr().out
    assert "likelihood_ratio_gradient step 1: verified" in said
    assert "every finite MDP, every horizon" in said
    assert main(["verify", str(target), "--against", str(bundled() / "policy_gradient.py")]) == 1
    data = json.loads(target.read_text())
    data["theorems"][0]["steps"][0]["claim"] = None
    target.write_text(json.dumps(data))
    assert main(["verify", str(target)]) == 1
    assert main(["verify", str(target), "--partial"]) == 0


FALSE = """from derive import *
@theorem("good")
def good():
    return calc(J, by(regroup), J * 1)
@theorem("bad")
def bad():
    return calc(J, by("words"{}), 2 * J)
"""


@pytest.mark.parametrize(("declared", "options", "status"), [
    ("", (), 1), ("", ("--partial",), 1), (", expect=Refuted", (), 0), (", expect=Refuted", ("--partial",), 0)])
def test_a_claim_without_an_equation_is_not_verified(declared: str, options: tuple[str, ...], status: int,
                                                     tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One verified step made good for a false theorem beside it; so did --partial, though it is no lack of evidence."""
    proof, target = tmp_path / "proof.py", tmp_path / "c.json"
    proof.write_text(FALSE.format(declared), encoding="utf-8")
    assert main(["check", str(proof), "--certificate", str(target), "--exit-zero"]) == 0
    capsys.readouterr()
    assert main(["verify", str(target), "--against", str(proof), *options]) == status
    told = "bad step 1: the proof claims proved, the certificate has refuted" in capsys.readouterr().out
    assert told is (status == 1)


def test_what_claims_no_equation_is_listed_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, target = tmp_path / "proof.py", tmp_path / "c.json"
    proof.write_text(FALSE.format(""), encoding="utf-8")
    assert main(["check", str(proof), "--certificate", str(target), "--exit-zero"]) == 0
    capsys.readouterr()
    assert main(["verify", str(target)]) == 0  # whatever is claimed proved is verified
    printed = capsys.readouterr().out
    assert "bad step 1: refuted, no equation claimed; nothing follows across it" in printed
    assert "1 of 1 claimed equations verified; 1 step claims none (1 refuted)" in printed


def test_where_nothing_is_verified_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "c.json"
    data = json.loads(json.dumps(whole()))
    theorem = {**data["theorems"][0], "steps": [
        {**step, "verdict": "proved", "claim": None} for step in data["theorems"][0]["steps"]]}
    target.write_text(json.dumps({**data, "theorems": [theorem]}))
    for options in ([], ["--partial"]):
        assert main(["verify", str(target), *options]) == 1
        printed = capsys.readouterr().out
        assert "nothing is verified" in printed
        assert "these are the statements above" not in printed


@pytest.mark.slow
def test_it_runs_without_sympy(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(whole()))
    script = ("import sys; from pathlib import Path; from derive.certificates.verify import read, verified; "
              f"print(sum(one.equation is not None for one in verified(read(Path({str(tmp_path / 'c.json')!r})))), "
              "any(name in sys.modules for name in ('sympy', 'flint', 'numpy', 'click')))")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split()[1] == "False"
    assert int(run.stdout.split()[0]) >= 30


def test_a_certificate_that_cannot_be_written_is_refused_before_any_work(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "policy_gradient", "--certificate", str(tmp_path / "no" / "c.json")]) == 2
    printed = capsys.readouterr()
    assert (printed.out, "does not exist. Make it first" in printed.err) == ("", True)


def test_where_nothing_is_claimed_nothing_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, target = tmp_path / "proof.py", tmp_path / "c.json"
    proof.write_text(FALSE.format(", expect=Refuted").replace('@theorem("good")\ndef good():\n'
                                                              "    return calc(J, by(regroup), J * 1)\n", ""))
    assert main(["check", str(proof), "--certificate", str(target)]) == 0
    capsys.readouterr()
    assert main(["verify", str(target), "--against", str(proof)]) == 1
    assert "no step of this certificate claims an equation, so nothing is verified" in capsys.readouterr().out
