"""∝ between two lines: the factor is found, by the kernel alone, and the chain breaks there."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive import (
    Draw,
    J,
    P,
    Proportional,
    Q,
    R,
    Undecided,
    a,
    additive_return,
    approximately,
    automata,
    by,
    calc,
    d,
    d_normalized,
    discount_below_one,
    examine,
    expect,
    forever,
    function,
    gamma,
    grad,
    i,
    iid_samples,
    log,
    mean,
    pi,
    proportional,
    s,
    samples,
    samples_at_least,
    t,
    tau,
    theorem,
    total,
)
from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem
from derive.cli import main
from derive.errors import InvalidChain

ENDLESS = (additive_return, discount_below_one)
j = Draw("j")
SCORE = grad(log(P(samples[i])))


def occupied(law: object) -> object:
    return total(s, law(s) * total(a, grad(pi(a | s)) * Q(s, a)))  # type: ignore[operator]


def claimed(before: object, after: object, *assumes: object) -> Theorem:
    @theorem("a claim", assumes=assumes)  # type: ignore[arg-type]
    def claim() -> object:
        return calc(before, by(proportional), after)

    return claim


def found(before: object, after: object, *assumes: object) -> Examined:
    return examine(claimed(before, after, *assumes))


@pytest.mark.parametrize(("before", "after", "assumes", "says"), [
    (grad(J), occupied(d_normalized), ENDLESS, "the right side is 1 - γ times the left side"),
    (grad(J), expect(samples, mean(i, SCORE * (R(samples[i]) - mean(j, R(samples[j]))))), 
     (iid_samples, samples_at_least(2)), "the right side is (m - 1)/m times the left side, every horizon, every m ≥ 2"),
    (J, J * gamma + 0 * total(t, gamma**t, stop=forever), ENDLESS,
     "the right side is γ times the left side, every discount below 1, infinite horizon, γ > 0"),
    (J, total(tau, P(tau) * R(tau)), (), "both sides are equal, every horizon"),
    (J, -J, (), "the right side is -1 times the left side"),
])
def test_the_factor_is_named(before: object, after: object, assumes: tuple[object, ...], says: str) -> None:
    one = found(before, after, *assumes)
    (step,) = one.steps
    assert isinstance(step.verdict, Proportional)
    assert says in step.verdict.why
    assert one.as_claimed
    assert one.claim.code == "not-claimed"


@pytest.mark.parametrize(("before", "after"), [
    (J, J**2), (J, J + 1), (J, expect(tau, function("f")(tau.s[0]))), (grad(J), grad(J) * J), (J, 0 * J)])
def test_another_factor_is_none(before: object, after: object) -> None:
    """The twins: a factor that depends on the MDP, a summand, another function, and 0."""
    one = found(before, after)
    assert one.steps[0].verdict.code == "undecided"
    assert not one.as_claimed


@pytest.mark.parametrize(("before", "after", "which"), [
    (expect(tau, grad(log(P(tau)))), grad(J), "left"), (grad(J), expect(tau, grad(log(P(tau)))), "right"),
    (grad(J), 0, "right"), (0, grad(J), "left")])
def test_the_factor_0_is_refused_and_why_is_said(before: object, after: object, which: str) -> None:
    """0 = 0 times ∇J says nothing of ∇J; that no factor is found was all that was said."""
    (step,) = found(before, after).steps
    assert isinstance(step.verdict, Undecided)
    assert step.verdict.why.startswith(f"the {which} side is 0 in every MDP")
    assert "The factor 0 is refused" in step.verdict.why


def test_where_neither_side_is_0_or_both_are_nothing_is_said_of_it() -> None:
    (step,) = found(grad(J), J * grad(J)).steps
    assert "no number, and no factor" in getattr(step.verdict, "why", "")
    (step,) = found(expect(tau, grad(log(P(tau)))), 0).steps
    assert isinstance(step.verdict, Undecided)
    assert step.verdict.why.startswith("both sides are 0 in every MDP")


def test_a_factor_that_is_0_for_one_sample_is_none() -> None:
    """At m = 1 the right side is 0. It had a check mark, and m ≥ 2 was said with -v only."""
    centred = expect(samples, mean(i, SCORE * (R(samples[i]) - mean(j, R(samples[j])))))
    one = found(grad(J), centred, iid_samples)
    assert not one.as_claimed
    assert "(m - 1)/m times the left side, every horizon, every m ≥ 2; of others nothing is known" in (
        one.steps[0].verdict.why)  # type: ignore[union-attr]
    summed = expect(samples, total(i, SCORE * R(samples[i])))
    assert found(grad(J), summed, iid_samples).as_claimed  # the twin: m is not 0


def test_nothing_follows_across_the_line() -> None:
    @theorem("across", assumes=ENDLESS)
    def across() -> object:
        return calc(grad(J), by(automata), occupied(d), by(proportional), occupied(d_normalized))

    one = examine(across)
    assert [step.verdict.code for step in one.steps] == ["proved", "proportional"]
    assert one.theorem.claim.count("∝") == 1
    assert not one.follows
    assert not one.idle


def test_it_is_no_equality_and_no_approximation() -> None:
    with pytest.raises(InvalidChain, match="claims no equality"):
        by(proportional, expect=Proportional)
    assert by(approximately).expect != by(proportional).expect


def test_a_factor_that_is_not_found_is_an_error_with_its_reason(tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "proof.py"
    file.write_text("from derive import *\n@theorem('x')\ndef x_(): return calc(J, by(proportional), J**2)\n")
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().out
    assert "error[D004]" in said
    assert "no number, and no factor of γ, m or H, is found" in said
