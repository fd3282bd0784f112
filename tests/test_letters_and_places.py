"""The carets stand under the letter that is meant, not the first one like it; and the letters are the author's."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_diagnostics import CHAIN, told

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
