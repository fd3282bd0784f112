"""``derive explain``: every name that a proof may import, as it is written there; and what is near what is none."""

from __future__ import annotations

import pytest

import derive
from derive.checking.verdict import CODES
from derive.cli import main
from derive.language.vocabulary import notions
from derive.report.words import of_word

NAMES = [name for name in derive.__all__ if name not in ("__version__", "main")]

SAID = {
    "by(definition(J))": "J(θ) = Σ_τ P(τ;θ) R(τ)", "by(regroup)": "commutative ring", "by( automata )": "automata",
    "pi": "It depends on θ", "pi_old": "not under a gradient", "V": "steps to go", "V[t](s)": "steps to go",
    "J": "by(definition(J)) puts in what it stands for", "kl": "kl(pi, b, s)", "Q": "It asks for additive_return",
    "d": "d(s) = Σ_{t=0..∞} γ^t p_t(s)", "G[t](tau)": "γ^{k-t}", "P(tau)": "Π_{t=0..H}", "tau.s[t]": "A trajectory",
    "expect": "given=None", "calc": "calc(term, by(reason), term", "samples[i]": "iid_samples", "s": "for a state",
    "derivative": "derivative[c](f)", "GAE": "derive show generalised_advantage", "E": "write expect(tau, f)",
    "theta": "grad(f)",
}


@pytest.mark.parametrize("subject", SAID)
def test_a_name_is_explained_as_it_is_written(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", subject]) == 0
    assert SAID[subject] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    printed = capsys.readouterr().out
    assert "``" not in printed
    assert len(printed.strip().splitlines()) > 1
    if name in notions():
        assert f"by(definition({name}))" in printed


@pytest.mark.parametrize(("subject", "near"), [
    ("v", "V"), ("Entropy", "entropy"), ("theorm", "theorem"), ("discount_below", "discount_below_one"),
    ("policy_gradien", "policy_gradient"), ("by(regrup)", "regroup")])
def test_what_is_none_has_names_near_it(subject: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", subject]) == 2
    assert near in capsys.readouterr().err.partition("Near: ")[2].partition(". ")[0].split(", ")


def test_nothing_is_said_of_what_is_no_name() -> None:
    assert [of_word(name) for name in ("foo", "__version__", "", "Pi")] == [None] * 4
    assert "proved" in CODES


def test_the_list_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    printed = capsys.readouterr().out.replace("(", " ").replace(",", " ").replace(")", " ").split()
    verdicts = {verdict.__name__ for verdict in CODES.values()}
    assert set(NAMES) - {"definition", *verdicts} <= set(printed)
