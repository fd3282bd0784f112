"""What is not in the language, or is written otherwise there, is answered by the one thing to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_diagnostics import CHAIN, told
from test_fixing import fixed

REASONS = {
    # reason: a part of the hint
    "policy_gradient": "from derive.proofs.policy_gradient import policy_gradient",
    "policy_gradientt": "did you mean policy_gradient? from derive.proofs.policy_gradient import policy_gradient",
    "regrop": "did you mean regroup?",
    "definitio": "a reason is a rule, automata, a theorem",
    "itsel": "did you mean itself?",
}
OWN = "from derive import *\n@theorem('a lemma')\ndef itself():\n    return calc(J, by(regroup), 1 * J)\n"


@pytest.mark.parametrize("reason", REASONS)
def test_a_name_in_by_is_compared_with_reasons_only(reason: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    text = OWN + CHAIN.format("J").replace("from derive import *\n", "").replace("by()", f"by({reason})")
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["message"].endswith(" is not defined")) == ("D012", True)
    assert REASONS[reason] in one["hint"]
    assert "stop_gradient" not in one["hint"]


@pytest.mark.parametrize(("line", "message", "hint"), [
    ("from derive.proofs.policy_gradient import policy_gradientt",
     "derive.proofs.policy_gradient has no policy_gradientt", "did you mean policy_gradient?"),
    ("from derive.proofs.policy_gradient import reward_to_go", "derive.proofs.policy_gradient has no reward_to_go",
     "from derive.proofs.reward_to_go import reward_to_go"),
    ("from derive.proofs.policy_gradien import policy_gradient", "there is no bundled proof policy_gradien",
     "did you mean policy_gradient?"),
])
def test_an_import_of_a_bundled_proof_is_told_the_near_name(line: str, message: str, hint: str, tmp_path: Path,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, f"{line}\n{OWN}", capsys)
    assert (one["code"], one["message"]) == ("D012", message)
    assert hint in one["hint"]


TWO = """from derive import J, by, calc, regroup, theorem, total
@theorem("one")
def one():
    return calc(J + totl(t, J), by(regroup), J)
@theorem("two")
def two():
    return calc(1 * J, by(regrop), J)
"""


def test_a_fix_is_kept_only_where_its_own_theorem_is_better_for_it(tmp_path: Path) -> None:
    """``total`` leads to the next error of its theorem; that the other one is mended is no reason to write it."""
    found, _ = fixed(tmp_path, TWO, "--unsafe-fixes")
    assert found == TWO.replace("regrop", "regroup").encode()
    whole = TWO.replace("theorem, total", "t, theorem, total").replace("J + totl(t, J)", "J + totl(t, 0 * J)")
    found, _ = fixed(tmp_path, whole, "--unsafe-fixes")
    assert b"J + total(t, 0 * J)" in found
