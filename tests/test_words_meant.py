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


LETTERS = {
    # what is typed in a term: the hint
    ("τ", "expect(τ, R(τ))"): "write tau",
    ("π", "total(a, π(a | s))"): "write pi",
    ("γ", "γ**t * J"): "write gamma",
    ("μ", "total(s, μ(s))"): "write mu",
    ("μ", "expect(tau, μ(a | s))"): 'b = Policy("b") declares a policy; mu is the law of the first state',
    ("δ", "expect(tau, δ[t](tau))"): "write delta",
    ("Σ", "Σ(t, gamma**t)"): "write total(t, f)",
    ("Sigma", "Sigma(t, gamma**t)"): "write total(t, f)",
    ("Π", "Π(t, gamma)"): "write prod(t, f)",
    ("λ", "λ * J"): 'write lam, where lam = scalar("lambda") declares the number',
    ("ε", "(1 - ε) * J"): 'write eps, where eps = scalar("eps") declares the number',
    ("θ", "grad(J, θ)"): "θ is not written: pi(a | s) depends on it, and grad(f) is the gradient in it",
    ("β", "expect(tau, R(tau), policy=β)"): 'β = Policy("β") declares a policy',
    ("b2", "kl(pi, b2, s)"): 'b2 = Policy("b2") declares a policy',
}
UNREAD = {"∇(J)": "write grad(f)", "∑(t, J)": "write total(t, f)", "J · J": "write * for a product",
          "total(t, J, stop=∞)": "write forever"}


@pytest.mark.parametrize(("name", "term"), LETTERS)
def test_a_sign_of_a_page_is_the_word_of_the_language(name: str, term: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", name, LETTERS[name, term])


@pytest.mark.parametrize("term", UNREAD)
def test_a_sign_that_python_does_not_read_is_the_word_too(term: str, tmp_path: Path,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["hint"]) == ("D011", UNREAD[term])


def test_a_policy_of_an_assumption_is_declared_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("1 * J").replace("'ü ∇'", "'it', assumes=[covers(β, pi)]")
    (one,) = told(tmp_path, text, capsys)
    assert (one["at"], one["hint"]) == ("β", 'β = Policy("β") declares a policy')
    latin = text.replace("β", "b").replace("import *", "import J, by, calc, covers, pi, theorem")
    (one,) = told(tmp_path, latin, capsys)
    assert (one["at"], one["hint"]) == ("b", 'b = Policy("b") declares a policy')


def test_a_letter_is_imported_with_the_fix_that_writes_it(tmp_path: Path) -> None:
    text = ("from derive import by, calc, regroup, theorem\n@theorem('it')\ndef it():\n"
            "    return calc(1 * γ, by(regroup), 1 * 1 * γ)\n")
    found, status = fixed(tmp_path, text.replace("1 * 1 * γ", "gamma"), "--unsafe-fixes")
    assert (found.decode().splitlines()[0], status) == ("from derive import by, calc, gamma, regroup, theorem", 0)
    assert b"calc(1 * gamma, by(regroup), gamma)" in found
