"""Certificates: every one verifies, and every corruption is caught."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import further_theorems
import pytest

from derive import A, J, additive_return, automata, calc, expect, gamma, grad, log, pi, t, tau, total
from derive import by as because
from derive import theorem as declared
from derive.certificate import against, certificate
from derive.cli import main
from derive.derivation import Chain, Theorem
from derive.proof_files import bundled, load, proof_files
from derive.verify import NotCertified, check_closure, check_product, read, verified

THEOREMS: list[Theorem] = [
    *(theorem for file in proof_files([bundled()]) for theorem in load(file)), *further_theorems.THEOREMS]
CERTIFICATE = json.loads(json.dumps(certificate(THEOREMS)))


@declared("values", assumes=[additive_return])
def with_values() -> Chain:
    return calc(grad(J), because(automata), expect(tau, total(
        t, gamma**t * grad(log(pi(tau.a[t] | tau.s[t]))) * A[t](tau.s[t], tau.a[t]))))


VALUED = json.loads(json.dumps(certificate([with_values])))
CLOSURES = [
    (f"{theorem['name']}-{step['step']}-{number}", closure)
    for theorem in CERTIFICATE["theorems"] for step in theorem["steps"]
    for number, closure in enumerate(step["closures"] or ())
]


def test_every_step_of_the_seed_chain_is_certified_and_verified() -> None:
    outcomes = dict(verified(CERTIFICATE))
    for theorem in THEOREMS:
        for number, reason in enumerate(theorem.chain.reasons, 1):
            if reason.expect == "proved":
                assert outcomes[f"{theorem.name} step {number}"] == "verified"


def test_no_false_step_has_a_certificate() -> None:
    outcomes = dict(verified(CERTIFICATE))
    for theorem in THEOREMS:
        for number, reason in enumerate(theorem.chain.reasons, 1):
            if reason.expect in ("refuted", "estimates", "malformed"):
                assert outcomes[f"{theorem.name} step {number}"] == "no certificate"


def _numbers(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all integers inside a closure."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        if isinstance(value, bool):
            continue
        if isinstance(value, int):
            yield (*path, key)
        else:
            yield from _numbers(value, (*path, key))


def _changed(data: Any, path: tuple[Any, ...], by: int) -> Any:
    copied = copy.deepcopy(data)
    place = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] += by
    return copied


def _rejected(closure: Any) -> bool:
    try:
        check_closure(closure)
    except (NotCertified, KeyError, TypeError, ValueError, IndexError):
        return True
    return False


PROOF = "rows", "columns", "steps", "units", "determinant"


@pytest.mark.parametrize(("name", "closure"), CLOSURES, ids=lambda value: value if isinstance(value, str) else "")
def test_changing_any_number_of_a_proof_is_caught(name: str, closure: Any) -> None:
    """Numbers of the proof part; the claim part (start, letters, ends) is compared with the terms instead."""
    caught = total = 0
    for path in _numbers({key: closure[key] for key in PROOF}):
        if path[0] == "steps" and path[-1] in ("row", "letter"):
            continue
        for by in (1, -1):
            total += 1
            caught += _rejected(_changed(closure, path, by))
    assert caught == total or _only_slack(closure), f"{name}: {caught} of {total}"


def _only_slack(closure: Any) -> bool:
    """Whether the closure has nothing to prove: no rows, no columns."""
    return not closure["rows"] and not closure["columns"]


@pytest.mark.parametrize(("name", "closure"), CLOSURES, ids=lambda value: value if isinstance(value, str) else "")
def test_leaving_anything_out_is_caught(name: str, closure: Any) -> None:
    for key in ("steps", "units"):
        for number in range(len(closure[key])):
            broken = copy.deepcopy(closure)
            del broken[key][number]
            assert _rejected(broken), (name, key, number)
    if closure["rows"]:
        broken = {**closure, "rows": closure["rows"][:-1]}
        assert _rejected(broken)


def test_a_certificate_of_a_false_claim_is_rejected() -> None:
    """Take the closure of a true step and change a weight of its claim: some condition must fail."""
    for name, closure in CLOSURES:
        if not closure["rows"]:
            continue
        changed = [_changed(closure, path, 1) for path in _numbers({"letters": closure["letters"]})
                   if path[-1] == 2 and path[-3] != "letter" and len(path) > 4]
        assert all(map(_rejected, changed)), name


PRODUCTS = [(f"{theorem['name']}-{step['step']}", step["product"])
            for theorem in CERTIFICATE["theorems"] for step in theorem["steps"] if step["product"]]


@pytest.mark.parametrize(("name", "product"), PRODUCTS, ids=[name for name, _ in PRODUCTS])
def test_changing_any_number_of_a_product_is_caught(name: str, product: Any) -> None:
    """Coefficients; of the sums themselves equal ones may stand for each other. Nor may a relation be left out."""
    check_product(product)
    for path in (path for path in _numbers(product) if path[0] != "polynomial" or path[2] != 0):
        for by in (1, -1):
            try:
                check_product(_changed(product, path, by))
            except (NotCertified, KeyError, IndexError):
                continue
            raise AssertionError((name, path, by))
    for number in range(len(product["relations"])):
        with pytest.raises(NotCertified):
            check_product({**product, "relations": product["relations"][:number] + product["relations"][number + 1 :]})


def test_a_number_times_a_sum_is_decided_without_a_certificate() -> None:
    data = json.loads(json.dumps(certificate(further_theorems.UNCERTIFIED)))
    assert [outcome for _, outcome in verified(data)] == ["no certificate"]


def test_a_certificate_cannot_be_attached_to_another_step() -> None:
    assert against(CERTIFICATE, THEOREMS) == []
    moved = copy.deepcopy(CERTIFICATE)
    likelihood = next(one for one in moved["theorems"] if one["name"] == "likelihood_ratio_gradient")
    first, second = likelihood["steps"][:2]
    first["closures"], second["closures"] = second["closures"], first["closures"]
    assert all(outcome == "verified" for step, outcome in verified({"theorems": [likelihood]}))
    swapped = dict(against(moved, THEOREMS))
    renamed = copy.deepcopy(CERTIFICATE)
    renamed["theorems"][0]["steps"][0]["after"] = "grad(J)"
    assert "the terms are not those of the proof" in dict(against(renamed, THEOREMS)).values()
    assert not swapped or "the automata are not those of the terms" in swapped.values()
    short = copy.deepcopy(CERTIFICATE)
    del short["theorems"][0]["steps"][0]
    assert against(short, THEOREMS)
    assumed = copy.deepcopy(CERTIFICATE)
    assumed["theorems"][0]["assumptions"] = []
    assert against(assumed, THEOREMS)
    unknown = copy.deepcopy(CERTIFICATE)
    unknown["theorems"][0]["name"] = "nobody"
    assert against(unknown, THEOREMS)


ONE = [[0, 0, 1]]


def _of_one_letter(letter: list[Any], end: list[Any]) -> dict[str, Any]:
    """A closure whose automaton reads one letter on every step; consistent in itself."""
    kept: dict[str, Any] = {"factor": ONE, "of": [[0, ONE]]}
    return {
        "each": False, "endless": False, "start": [[0, ONE]], "letters": [{"letter": letter, "arrows": [[0, 0, ONE]]}],
        "ends": [{"end": end, "column": [[0, ONE]]}], "rows": [[[0, ONE]]], "columns": [] if end else [[[0, ONE]]],
        "steps": [{"row": row, "letter": 0, **kept} for row in (-1, 0)],
        "units": [{"factor": ONE, "of": []} if end else kept]}


P_STEP, PI_STEP = ["sax", "P", "", 1], ["sa", "pi", "pi", 1]


@pytest.mark.parametrize(("factor", "end"), [
    (["sax", "eps", "pi", 1], []), (["sa", "dpi", "pi", 1], []), (PI_STEP, [["s", "V", "pi", 1]])], ids=str)
def test_a_symbol_that_is_listed_twice_or_divided_by_is_no_relation(factor: list[Any], end: list[Any]) -> None:
    """E[eps] = 0 but E[eps^2] is not; V_{H+1} = 0 says nothing of 1 / V_{H+1}, nor of a mark called V."""
    check_closure(_of_one_letter([P_STEP, factor], end))
    assert _rejected(_of_one_letter([P_STEP, factor, factor], end))
    for wrong in (["s", "V", "pi", -1], ["mark", "V", "", 1], ["x", "V", "pi", 1], ["s", "V", "pi", 0]):
        assert _rejected(_of_one_letter([P_STEP, factor], [*end, wrong]))


@pytest.mark.parametrize("coordinates", [["beta", False], "pi", 0, True, ["pi"], ["pi", 1], {}, "absent"], ids=str)
def test_coordinates_are_a_policy_or_nothing(coordinates: Any) -> None:
    """A closure fits the coordinates it was made in; other data is refused without a crash."""
    assert against(VALUED, [with_values]) == []
    changed = copy.deepcopy(VALUED)
    for one in changed["theorems"]:
        for step in one["steps"]:
            step["coordinates"] = coordinates
            if coordinates == "absent":
                del step["coordinates"]
    assert "the automata are not those of the terms" in dict(against(changed, [with_values])).values()


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, target = str(bundled() / "policy_gradient.py"), tmp_path / "certificate.json"
    assert main(["check", proof, "--certificate", str(target)]) == 0
    assert main(["verify", str(target), "--against", proof]) == 0
    assert "3 of 3 steps verified" in capsys.readouterr().out
    assert main(["verify", str(target), "--against", str(bundled() / "score_of_a_trajectory.py")]) == 1
    data = json.loads(target.read_text(encoding="utf-8"))
    data["theorems"][0]["steps"][0]["closures"][0]["rows"] = []
    target.write_text(json.dumps(data), encoding="utf-8")
    assert main(["verify", str(target)]) == 1
    assert "NOT CERTIFIED" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_certificate_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(NotCertified):
        read(path)
    assert main(["verify", str(path)]) == 2
    assert main(["verify", str(tmp_path / "missing.json")]) == 2


def test_malformed_closures_are_not_certified() -> None:
    for closures in ([{}], [1], "x", [{"start": 1}]):
        data = {"theorems": [{"name": "t", "steps": [{"step": 1, "closures": closures}]}]}
        assert verified(data)[0][1].startswith("NOT CERTIFIED")
    assert verified({"theorems": [{}]})[0][1].startswith("NOT CERTIFIED")
