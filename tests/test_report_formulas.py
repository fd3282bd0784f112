"""Formulas: widths against TeX's own, breaks that lose nothing, a step spelled out, a witness in print."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from sympy import Expr

from derive import G, V, d_normalized, derivative, scalar
from derive.checking.derivation import by, calc, theorem
from derive.checking.theorems import Chain
from derive.counterexample.claim import Witness
from derive.errors import BadInput
from derive.language.definitions import TD_ERROR, resolved
from derive.language.introduced import define
from derive.language.models import Model, Shape
from derive.language.terms import Function, Policy, State
from derive.language.vocabulary import (
    J,
    P,
    R,
    a,
    expect,
    function,
    gamma,
    grad,
    k,
    letter_of,
    log,
    pi,
    pi_old,
    r,
    ratio,
    s,
    same,
    t,
    tau,
    total,
)
from derive.report.counterexample import counterexample
from derive.report.formulas import formula, lines
from derive.report.lines import broken, width
from derive.report.notions import stand_for
from derive.report.spelled_out import spelled, spelled_step
from derive.rules import regroup

b, q = function("b"), function("q_old")
delta = letter_of(TD_ERROR)
SCORES = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
LONG = total(tau, P(tau) * (SCORES + b(tau.s[0]) + ratio(q(tau.s[0], tau.a[0]), 2)) * R(tau)) - grad(J) + b(tau.s[0])
FORMULAS = [
    grad(J), total(tau, P(tau) * SCORES * R(tau)), expect(tau, SCORES * R(tau)), LONG, grad(log(P(tau))),
    total(s, total(a, pi(a | s) * b(s))), ratio(grad(P(tau)), P(tau)) * R(tau),
]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_widths_are_those_of_tex(tmp_path: Path) -> None:
    boxes = "".join(rf"\sbox0{{$\displaystyle {formula(term)}$}}\typeout{{width \the\wd0}}" for term in FORMULAS)
    (tmp_path / "w.tex").write_text(
        r"\documentclass[11pt]{article}\usepackage[T1]{fontenc}\usepackage{lmodern,amsmath,amssymb}"
        rf"\begin{{document}}{boxes}\end{{document}}", encoding="utf-8")
    subprocess.run(["pdflatex", "-interaction=batchmode", "w.tex"], cwd=tmp_path, check=True, capture_output=True)
    measured = [float(found) for found in re.findall(r"width ([\d.]+)pt", (tmp_path / "w.log").read_text())]
    assert len(measured) == len(FORMULAS)
    for term, points in zip(FORMULAS, measured, strict=True):
        assert 0.94 * points - 2 <= width(formula(term)) <= 1.15 * points + 5, formula(term)


def _content(latex: str) -> str:
    """What is left when everything that a break may change is gone."""
    return re.sub(r"\\(?:(?:left|right|Bigl|Bigr|cdot)(?![A-Za-z])|,)|\{\}|\s", "", latex)


@pytest.mark.parametrize("limit", [110.0, 160.0, 230.0, 500.0])
def test_a_break_loses_nothing_and_every_line_fits(limit: float) -> None:
    for term in FORMULAS:
        found = lines(term, limit, limit - 20)
        assert len(found) > 1 or "fit" in found[0] or width(formula(term)) <= limit
        whole = "".join(re.sub(r"\\fit\{\d+pt\}\{(.*)\}$", r"\1", line) for line in found)
        assert _content(whole) == _content(formula(term))
        for place, line in enumerate(found):
            assert "fit" in line or width(line) <= limit - 20 * (place > 0)
            assert line.count("{") == line.count("}")
            assert line.count(r"\left") == line.count(r"\right")


def test_a_short_formula_stays_whole_and_a_long_one_starts_lines_with_signs() -> None:
    assert broken("a + b", 100) == ["a + b"]
    _, *rest = lines(LONG, 230, 210)
    assert rest
    assert all(line.startswith(("{}+", "{}-", r"{}\cdot", r"\fit{210pt}{{}")) for line in rest)


def test_what_cannot_be_broken_is_scaled_down() -> None:
    (only,) = broken(r"\frac{aaaaaaaaaaaaaaaaaaaa}{b}", 50)
    assert only.startswith(r"\fit{50pt}{")


def test_names_beyond_ascii_become_commands_and_other_signs_are_refused() -> None:
    assert formula(Function("δ")(s)) == r"\delta (s)"
    with pytest.raises(BadInput, match=r"The name .* cannot be set in a formula\. Use letters, digits, _ and '"):
        formula(Function(r"x}\input{y")(s))
    with pytest.raises(BadInput):
        formula(State("100%"))


# -- one step spelled out ------------------------------------------------------------------------------


def test_a_sum_over_trajectories_is_written_out() -> None:
    side = spelled(total(tau, P(tau) * SCORES * R(tau)))
    assert len(side.args) == 8
    assert str(side.args[0]) == "μ(0) P(0|0, 0) π_θ(0|0) ∇log π_θ(0|0) R(0, 0, 0)"
    assert str(side.args[-2]) == "μ(1) P(0|1, 1) π_θ(1|1) ∇log π_θ(1|1) R(1, 1, 0)"
    assert spelled(expect(tau, SCORES * R(tau))) == side
    inner = total(t, gamma**t * total(k, gamma**(k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t))
    assert str(spelled(total(tau, inner)).args[3]) == "γ^0 γ^0 r(0, 1, 1)"
    assert str(spelled(expect(tau, R(tau), policy=Policy("b"))).args[0]) == "μ(0) P(0|0, 0) b(0|0) R(0, 0, 0)"


def test_the_step_is_one_that_says_something() -> None:
    likelihood = total(tau, P(tau) * grad(log(P(tau))) * R(tau))
    theorem = total(tau, P(tau) * SCORES * R(tau))
    found = spelled_step((grad(J), likelihood, theorem, expect(tau, SCORES * R(tau))))
    assert found is not None
    assert found.number == 2
    assert spelled_step((grad(log(P(tau))), SCORES)) is None
    assert spelled_step((theorem, expect(tau, SCORES * R(tau)))) is None
    # what a notion says is not written out on named trajectories, as V is not
    errors = total(tau, P(tau) * total(t, delta[t](tau)))
    assert spelled_step((total(tau, P(tau)), errors, total(tau, P(tau) * R(tau)))) is None


def test_a_fraction_of_sums_is_not_written_out_for_it_has_no_lines() -> None:
    weighted = expect(tau, ratio(R(tau), 2) + b(tau.s[0]))
    assert spelled_step((weighted, expect(tau, R(tau)))) is not None
    given = expect(tau, R(tau), given=same(tau.s[0], s))
    assert spelled_step((total(s, b(s) * given), expect(tau, R(tau)))) is None


# -- a witness in print --------------------------------------------------------------------------------

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
MODEL = Model(
    shape=Shape(2, 2, 0), mu=(Fraction(1), Fraction(0)), P=(((HALF, HALF), (Fraction(1), Fraction(0))),) * 2,
    r=(((Fraction(0), Fraction(3)), (Fraction(0), Fraction(0))),) * 2, gamma=HALF,
    policies={"pi": ((QUARTER, 3 * QUARTER),) * 2}, scores=((Fraction(1), Fraction(0)),) * 2)


def test_the_numbers_of_a_witness_are_those_on_paper() -> None:
    """D pi(0|0) = 1/4 (1 - 1/4) = 3/16, so D P(0,0,1) = 1/2 3/16 = 3/32; its return is 3."""
    shown = counterexample(grad(J), J, Witness(MODEL, {}, Fraction(9, 32), Fraction(3, 8), True), additive=True)
    entries = {entry.name: entry.values for entry in shown.entries}
    assert entries["initial law"] == r"$\mu(0) = 1$"
    assert entries["dynamics"] == (
        r"$P(0 \mid 0, 0) = \tfrac{1}{2}$, $P(1 \mid 0, 0) = \tfrac{1}{2}$, $P(0 \mid 0, 1) = 1$")
    assert entries["direction"] == r"$\varphi(0 \mid 0) = 1$"
    assert entries["along it"] == (
        r"$D\pi_{\theta}(0 \mid 0) = \tfrac{3}{16}$, $D\pi_{\theta}(1 \mid 0) = -\tfrac{3}{16}$".replace(
            r"\pi_{\theta}", r"\pi_\theta"))
    assert entries["reward"] == "$r(0, 0, 1) = 3$"
    assert "discount" not in entries
    ways = [(way.path, way.probability, way.derivative, way.returned) for way in shown.ways]
    assert ways == [("(0, 0, 0)", r"\tfrac{1}{8}", r"\tfrac{3}{32}", "0"),
                    ("(0, 0, 1)", r"\tfrac{1}{8}", r"\tfrac{3}{32}", "3"),
                    ("(0, 1, 0)", r"\tfrac{3}{4}", r"-\tfrac{3}{16}", "0")]
    assert (shown.left, shown.relation, shown.right) == (r"\tfrac{9}{32}", "=", r"\tfrac{3}{8}")


def test_a_witness_shows_only_what_the_sides_speak_of() -> None:
    sides = (pi(a | s), pi(a | s) * 2)
    indices = {s: 1, a: 0}
    shown = counterexample(*sides, Witness(MODEL, indices, QUARTER, HALF, False), additive=False)
    assert [entry.name for entry in shown.entries] == ["policy", "at", "at"]
    assert shown.relation == r"\approx"
    assert not shown.ways


def test_what_a_notion_speaks_of_is_in_print() -> None:
    """A TD error has rewards, a discount, transitions and a policy, none of which it names."""
    sides = (delta[0](tau), delta[0](tau) * 2)
    shown = counterexample(*sides, Witness(MODEL, {tau: (0, 0, 1)}, QUARTER, HALF, True), additive=True)
    plain = tuple(resolved(side, additive=True, infinite=False) for side in sides)
    spoken = counterexample(*plain, Witness(MODEL, {tau: (0, 0, 1)}, QUARTER, HALF, True), additive=True)
    assert shown == spoken
    assert {"dynamics", "reward"} <= {entry.name for entry in shown.entries}


def test_the_old_policy_has_a_name_that_can_be_set() -> None:
    assert "old" in formula(pi_old(a | s))
    with pytest.raises(BadInput, match="cannot be set"):
        formula(Policy("@beta")(a | s))


# -- what letters stand for ---------------------------------------------------------------------------


def said_of(term: Expr) -> dict[str, str]:
    @theorem("a test")
    def stated() -> Chain:
        return calc(term, by(regroup), term * 1)

    return {str(name): str(body) for name, body in stand_for(stated)}


def test_notions_say_what_they_stand_for_and_what_that_speaks_of() -> None:
    assert said_of(G[t](tau)) == {"G_t(τ)": "Σ_{k=t..H} γ^{k-t} r(s_k, a_k, s_{k+1})"}
    assert said_of(d_normalized(s)) == {
        "d̄(s)": "(1 - γ) d(s)", "d(s)": "Σ_{t=0..∞} γ^t p_t(s)", "p_t(s)": "E_{τ~P(·;θ)}[1{s_t = s}]"}
    twice = define("Two", [t, tau], 2 * G[t](tau))
    assert list(said_of(twice[t](tau))) == ["Two_t(τ)", "G_t(τ)"]


def test_what_every_document_explains_is_not_said_again() -> None:
    c = scalar("c")
    assert said_of(J + V[0](s) + expect(tau, R(tau)) + derivative[c](R(tau) * c)) == {}
