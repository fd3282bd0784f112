"""A theorem whose decorator raises is an error of its own: the others of its file are checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from derive.cli import main

GOOD = "return calc(J, by(regroup), J * 1)"
OTHERS = f"@theorem('first')\ndef first(): {GOOD}\n", f"@theorem('last')\ndef last(): {GOOD}\n"

# what stands in the decorator: what is said of it
WRONG = {
    "'one', assumes=['policy_positive']": "Write policy_positive without quotes.",
    "'one', assumes=[policy_possitive]": "policy_possitive is not defined",
    "'one', assumes=policy_positive": "assumes is a list. Write assumes=[policy_positive].",
    "'one', assumes=5": "assumes is a list. Write assumes=[5].",
    "'one', assumes=None": "assumes is a list. Write assumes=[None].",
    "'one', assumes=[3]": "assumes 3, which is not an assumption. derive explain lists them.",
    "'one', assumes=[H == 2]": "horizon_at_least(n) is what may be assumed of H.",
    "'one', assumes=[at_most(H, 2)]": "one of the two is a free time",
    "'one', assumes=[at_most]": "assumes at_most, which says nothing without its arguments. Write at_most(t, k).",
    "'one', assumes=[possible]": "Write possible(tau).",
    "'one', assumes=[covers(pi, pi)]": "takes a fixed policy and the policy that it covers",
    "'one',\n    assumes=[samples_at_least('2')]": "samples_at_least('2') takes a whole number",
    "'one',\n    assumes=[samples_at_least(0)]": "takes a whole number of at least 1",
    "'one', assumed=[]": "assumed",
    "3": "a title is a string, not 3",
}


def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    status = main(["check", "--format", "json", str(path)])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("inside", WRONG)
def test_the_others_are_checked(inside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "three.py"
    first, last = OTHERS
    path.write_text(f"from derive import *\n{first}@theorem({inside})\ndef one(): {GOOD}\n{last}", encoding="utf-8")
    status, data = checked(path, capsys)
    assert status == 2
    assert [one["name"] for one in data["theorems"]] == ["first", "last"]  # type: ignore[attr-defined]
    (said,) = data["diagnostics"]  # type: ignore[misc]
    assert (said["theorem"], said["span"]["line"]) == ("one", 4 + inside.count("\n") * ("\n    assumes" in inside))
    assert WRONG[inside] in f"{said['message']} {said['hint']}"


def test_it_is_not_lost_where_its_name_is_given_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "twice.py"
    path.write_text(f"from derive import *\n@theorem('one', assumes=3)\ndef one(): {GOOD}\n"
                    f"@theorem('one')\ndef one(): {GOOD}\n", encoding="utf-8")
    status, data = checked(path, capsys)
    assert (status, len(data["theorems"]), len(data["errors"])) == (2, 1, 1)  # type: ignore[arg-type]


def test_what_rests_on_it_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lemma.py"
    path.write_text(f"from derive import *\n@theorem('bad', assumes=3)\ndef bad(): {GOOD}\n"
                    "@theorem('two')\ndef two(): return calc(J, by(bad), J * 1)\n", encoding="utf-8")
    status, data = checked(path, capsys)
    assert status == 2
    assert all("theorem bad: theorem 'bad': assumes is a list" in line for line in data["errors"])  # type: ignore[attr-defined]
    assert [said["theorem"] for said in data["diagnostics"]] == ["bad", "two"]  # type: ignore[attr-defined]


def test_what_fails_elsewhere_stops_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "elsewhere.py"
    path.write_text(f"from derive import *\n{OTHERS[0]}raise ValueError('no')\n{OTHERS[1]}", encoding="utf-8")
    status, data = checked(path, capsys)
    assert (status, data["theorems"]) == (2, [])
