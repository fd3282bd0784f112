"""The carets stand under the letter that is meant, not the first one like it; and the letters are the author's."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_diagnostics import CHAIN, told

from derive.cli import main

OWN = "y, c, l, sigma, g, f = State('y'), Action('c'), Time('l'), Trajectory('sigma'), function('g'), function('f')\n"
TERMS = {
    # term: what stands before the carets on its line, what they cover, what is said
    "total(s, mu(s)) * expect(tau, s * R(tau))": ("total(s, mu(s)) * expect(tau, ", "s", "s is a state; s R(τ) needs"),
    "expect(tau, tau * R(tau))": ("expect(tau, ", "tau", "τ is a trajectory; τ R(τ) needs"),
    "total(a, total(s, pi(s | a)))": ("total(a, total(s, pi(", "s", "s is a state; π_θ(s|a) needs an action there."),
    "expect(tau, total(t, log(pi(tau.a[t] | tau.s[t])) * pi(t | tau.s[t])))": (
        "expect(tau, total(t, log(pi(tau.a[t] | tau.s[t])) * pi(", "t", "t is a time"),
    "total(y, mu(y) * y * J)": ("total(y, mu(y) * ", "y", "y is a state; μ(y) y J(θ) needs"),
    "total(y, y * mu(y) * J)": ("total(y, ", "y", "y is a state; y μ(y) J(θ) needs"),
    "total(y, mu(y) * (J - y))": ("total(y, mu(y) * (J - ", "y", "y is a state; -y needs"),
    "total(y, mu(y) * pi(l | y))": ("total(y, mu(y) * pi(", "l", "l is a time; π_θ(l|y) needs an action there."),
    "total(y, mu(y) * total(l, g(l, y)))": ("total(y, mu(y) * total(l, g(", "l", "l is a time; g(l, y) takes"),
    "expect(sigma, R(sigma) * sigma)": ("expect(sigma, R(sigma) * ", "sigma", "σ is a trajectory; R(σ) σ needs"),
    "total(y, grad(mu(y)) + mu(y))": ("total(y, ", "grad(mu(y)) + mu(y)", "∇μ(y) + μ(y) adds a gradient"),
    "total(y, log(grad(mu(y))) * grad(mu(y)))": ("total(y, log(", "grad(mu(y))", "∇μ(y) is a gradient and cannot be"),
    "total(y, pi(y | y))": ("total(y, pi(", "y", "y is a state; π_θ(y|y) needs an action there."),
    "total(y, Q[0](y, y))": ("total(y, Q[0](y, ", "y", "y is a state; Q_0(y, y) needs an action there."),
    "total(c, r(c, c, y) * J)": ("total(c, r(", "c", "c is an action; r(c, c, y) needs a state there."),
    "total(l, total(k, ratio(1, l - k), start=0, stop=l))": (
        "total(l, total(k, ", "ratio(1, l - k)", "1/(l - k) is asked for where its denominator is 0"),
    "total(y, y)": ("total(y, ", "y", "is a state"),
}


@pytest.mark.parametrize("term", TERMS)
def test_the_letter_that_is_meant_is_marked_and_named(term: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    before, at, says = TERMS[term]
    (one,) = told(tmp_path, CHAIN.format(term).replace("\n@", f"\n{OWN}@", 1), capsys)
    assert (one["code"], one["at"], one["span"]["column"]) == ("D005", at, 9 + len(before))
    assert says in one["message"]


@pytest.mark.parametrize(("before", "after", "column"), [
    ("gamma**1 * total(t, gamma**t)", "gamma**1 * total(t, gamma**t, start=1)", 45),
    ("2 * J + 3 * R(tau)", "2 * J + 2 * R(tau)", 17),
])
def test_of_two_equal_numbers_the_wrong_one_is_marked(before: str, after: str, column: int, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format(after).replace("        J,", f"        {before},")
    one = told(tmp_path, text, capsys)[0]
    assert (one["code"], one["span"]["column"], one["span"]["end_column"]) == ("D001", column, column + 1)


OWED = {
    "total(y, total(c, grad(log(pi(c | y)))))": ["π_θ(c|y) > 0"],
    "total(y, mu(y) * f(y) / f(y))": ["f(y) ≠ 0"],
    "expect(sigma, total(l, R(sigma) / g(sigma.s[l])))": ["g(s_l^σ) ≠ 0"],
    "total(l, J * gamma**(l - 2))": ["l - 2 ≥ 0 in γ^{l-2}"],
    "expect(samples, mean(n, R(samples[n]) / R(samples[n])))": [
        "R(τ^{(n)}) ≠ 0", "τ^{(1)}, ..., τ^{(m)} have a declared law"],
    "total(y, f(y) / f(y)) * total(s, mu(s) / f(s))": ["f(y) ≠ 0"],  # one condition, in the letter that comes first
    "total(s, mu(s) * f(s) / f(s))": ["f(s) ≠ 0"],  # nothing is renamed where the letter is the usual one
}


@pytest.mark.parametrize("term", OWED)
def test_what_is_owed_is_owed_in_the_letters_of_the_file(term: str, tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format(f"{term} + 0").replace("        J,", f"        {term},")
    (one,) = told(tmp_path, text.replace("\n@", f"\nn = Draw('n')\n{OWN}@", 1), capsys)
    assert one["code"] == "D002"
    assert [part.strip().removeprefix("owes ") for part in one["message"].split(";")[1:]] == OWED[term]


@pytest.mark.parametrize(("term", "owed"), [
    ("total(y, J * f(y) / f(y))", "f(y) ≠ 0"), ("total(y, mu(y) / total(c, f(y, c)))", "Σ_c f(y, c) ≠ 0")])
def test_so_is_what_is_owed_besides(term: str, owed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the kernel does not decide the step."""
    text = CHAIN.format(f"{term} + 0").replace("        J,", f"        {term},").replace("\n@", f"\n{OWN}@", 1)
    (one,) = told(tmp_path, text, capsys)
    assert one["code"] == "D003"
    assert f"it owes {owed} besides" in one["message"]


def test_sides_are_shown_in_the_letters_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines of a chain, a whole side without a meaning, and what is not decided."""
    one, two = "total(y, mu(y) * total(c, f(y, c)))", "total(z, mu(z) * total(b, f(z, b)))"
    text = CHAIN.format(two).replace("        J,", f"        {one},")
    (tmp_path / "x.py").write_text(text.replace("\n@", f"\nz = State('z')\n{OWN}@", 1), encoding="utf-8")
    main(["check", "-v", str(tmp_path / "x.py")])
    printed = capsys.readouterr().out
    assert "Σ_y μ(y) Σ_c f(y, c) = Σ_z μ(z) Σ_b f(z, b)" in printed
    assert "Σ_s" not in printed
    left = "expect(sigma, grad(J) * R(sigma))"
    (told_of,) = told(tmp_path, CHAIN.format("total(l, J)").replace("        J,", f"        {left},").replace(
        "\n@", f"\n{OWN}@", 1), capsys)
    assert "E_{σ~P(·;θ)}" in told_of["message"]
    assert "Σ_{l=0..H}" in told_of["message"]


def test_letters_that_cannot_be_read_are_the_usual_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A term that a loop makes is not computed again."""
    text = CHAIN.format("made() + 0").replace("        J,", "        made(),").replace(
        "\n@", f"\n{OWN}def made(): return total(y, mu(y) * f(y) / f(y))\n@", 1)
    (one,) = told(tmp_path, text, capsys)
    assert one["message"].endswith("owes f(s) ≠ 0")
