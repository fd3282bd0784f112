"""What settles a step that owes several conditions: all of them together, and none that is idle."""

from __future__ import annotations

from pathlib import Path

import pytest
from sympy import Expr

from derive import (
    H,
    J,
    NeedsCondition,
    R,
    automata,
    expect,
    gamma,
    grad,
    i,
    iid_samples,
    initial_positive,
    log,
    m,
    mean,
    mu,
    pi,
    ratio,
    s,
    samples,
    samples_at_least,
    scalar,
    t,
    tau,
    total,
    variance,
)
from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.theorems import Theorem
from derive.checking.verdict import Estimates, Verdict
from derive.cli import main
from derive.language.assumptions import Assumption
from derive.language.terms import Draw
from derive.procedures.obligations import undischarged

j = Draw("j")
OTHERS = total(j, R(samples[j]), other_than=i) / (m - 1)
SCORE = total(t, grad(log(pi(samples[i].a[t] | samples[i].s[t]))))
SPREAD = total(i, (R(samples[i]) - mean(j, R(samples[j]))) ** 2)

OWING: dict[str, tuple[Expr, Expr, set[str]]] = {
    "leave one out": (grad(J), expect(samples, mean(i, SCORE * (R(samples[i]) - OTHERS))),
                      {"iid_samples", "samples_at_least(2)"}),  # policy_positive was named, and idle
    "the others": (expect(tau, R(tau)), expect(samples, mean(i, OTHERS)), {"iid_samples", "samples_at_least(2)"}),
    "a sample variance": (variance(tau, R(tau)), expect(samples, SPREAD) / (m - 1),
                          {"iid_samples", "samples_at_least(2)"}),
    "two samples left out": (J, J * (m - 2) / (m - 2), {"samples_at_least(3)"}),
    "a horizon": (J, J * H / H, {"horizon_at_least(1)"}),
    "a horizon and a law": (J / J * expect(samples, mean(i, R(samples[i]))), J * H / H, set()),
    "what nothing settles beside what something does": (J, J * (gamma / gamma) * ratio(mu(s), mu(s)), set()),
    "a number beside it": (J, J * (scalar("c") / scalar("c")) * ((m - 1) / (m - 1)), set()),
}


def verdict_on(before: Expr, after: Expr, *assumes: Assumption) -> Verdict:
    """The verdict on a step by the automata."""
    theorem = Theorem("owed", "owed", assumes, "", 1, "", calc(before, by(automata), after))
    return Session().examine(theorem).steps[0].verdict


def judged(before: Expr, after: Expr, *assumes: Assumption) -> NeedsCondition | None:
    """The verdict on a step, if it owes something."""
    verdict = verdict_on(before, after, *assumes)
    return verdict if isinstance(verdict, NeedsCondition) else None


@pytest.mark.parametrize("name", OWING)
def test_what_is_named_settles_everything(name: str) -> None:
    before, after, expected = OWING[name]
    found = judged(before, after)
    assert found is not None
    assert set(found.settled_by) == expected


@pytest.mark.parametrize("name", [name for name, (_, _, expected) in OWING.items() if len(expected) > 1])
def test_none_of_them_is_enough_alone(name: str) -> None:
    before, after, _ = OWING[name]
    assert judged(before, after, iid_samples, samples_at_least(2)) is None
    assert judged(before, after, samples_at_least(2)) is not None
    assert judged(before, after, iid_samples) is not None


def test_the_weakest_number_of_samples_is_named_also_beside_others() -> None:
    (found,) = undischarged([ratio(1, (m - 1) * mu(s))], ())
    assert set(found.settled_by) == {initial_positive, samples_at_least(2)}


def test_without_a_last_decision_no_horizon_is_named() -> None:
    assert [one.settled_by for one in undischarged([ratio(1, m - 1)], (), endless=True)] == [(samples_at_least(2),)]
    assert [one.settled_by for one in undischarged([ratio(1, H)], (), endless=True)] == [()]


STEP = """from derive import R, Draw, automata, by, calc, expect, i, m, mean, samples, tau, theorem, total
j = Draw("j")


@theorem("the others")
def others():
    return calc(
        expect(tau, R(tau)),
        by(automata),
        expect(samples, mean(i, total(j, R(samples[j]), other_than=i) / (m - 1))),
    )
"""


def test_the_fix_adds_them_all(tmp_path: Path) -> None:
    file = tmp_path / "proof.py"
    file.write_text(STEP, encoding="utf-8")
    assert main(["check", "-q", "--fix", "--unsafe-fixes", str(file)]) == 0
    assert "assumes=[iid_samples, samples_at_least(2)]" in file.read_text(encoding="utf-8")


ESTIMATES = {
    "leave one out": (grad(J), mean(i, SCORE * (R(samples[i]) - OTHERS)), (iid_samples, samples_at_least(2))),
    "the others": (expect(tau, R(tau)), mean(i, OTHERS), (iid_samples, samples_at_least(2))),
    "reinforce": (grad(J), mean(i, SCORE * R(samples[i])), (iid_samples,)),
}


@pytest.mark.parametrize("name", ESTIMATES)
def test_an_estimate_without_a_law_is_told_all_that_it_needs(name: str) -> None:
    """iid_samples alone was named, and left a counterexample at one sample."""
    before, after, needed = ESTIMATES[name]
    names = ", ".join(one.name for one in needed)
    assert f"under assumes=[{names}] the means agree" in getattr(verdict_on(before, after), "why", "")
    assert isinstance(verdict_on(before, after, *needed), Estimates)
    for one in needed:
        rest = [other for other in needed if other != one]
        assert not isinstance(verdict_on(before, after, *rest), Estimates)


def test_where_the_means_differ_nothing_is_promised() -> None:
    found = verdict_on(grad(J), mean(i, 2 * SCORE * R(samples[i])))
    assert found.code == "refuted"
    assert "the means agree" not in getattr(found, "note", "")
