"""A claim that says more than its steps, and assumptions about times that leave none."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from derive import Time, at_most, discount_below_one, earlier, expect, forever, function, gamma, horizon_at_least
from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.judgement import Examined
from derive.checking.verdict import Refuted
from derive.cli import main
from derive.errors import InvalidChain
from derive.language.assumptions import Assumption
from derive.language.model_class import holds_at, leave_times
from derive.language.vocabulary import H, J, k, t, tau, total
from derive.report.findings import findings
from derive.rules import automata

b, n = function("b"), Time("n")
AT_TWO = J + expect(tau, 0 * b(tau.s[2]))
"""J, and a state that there is from H = 1 on."""
FROM_ONE = J * (total(k, 1, start=1) - total(k, 1, start=2))
"""J from H = 1 on, and 0 at H = 0."""


def examined(*lines: Any, assumes: tuple[Assumption, ...] = ()) -> Examined:
    @theorem("a test", assumes=assumes)
    def stated() -> Any:
        return calc(*lines)

    return examine(stated)


CHAINS = {
    "holes": ((J, by(), AT_TWO, by(), FROM_ONE), ()),
    "reasons": ((J, by(automata), AT_TWO, by(automata), FROM_ONE), ()),
}


@pytest.mark.parametrize("name", ["holes", "reasons"])
def test_a_claim_that_is_false_where_its_steps_have_no_meaning_is_not_as_claimed(name: str) -> None:
    """Both steps are true from H = 1 on. It was said that the claim holds, with exit status 0."""
    lines, assumes = CHAINS[name]
    one = examined(*lines, assumes=assumes)
    assert all(step.stands for step in one.steps)
    assert isinstance(one.claim, Refuted)
    assert one.claim.witness.model.shape.horizon == 0
    assert (one.overreaches, one.as_claimed, one.holds, one.follows) == (True, False, "", False)
    (found,) = [told for told in findings(one) if told.code == "D022"]
    assert "the claim end to end is false: left side 1, right side 0" in found.message


def test_steps_that_nobody_can_put_one_after_the_other_make_no_claim() -> None:
    """At t = H there is no k > t, so the line between says nothing; the claim is true there, which nobody has shown.

    It had a check mark and exit status 0.
    """
    u = Time("u")
    sums = total(u, total(n, 1, start=u, stop=t + 1) - total(n, 1, start=u, stop=t))
    lines = (sums, by(automata), t + 2 + 0 * k, by(automata), t + 2)
    one = examined(*lines, assumes=(earlier(t, k),))
    assert [step.verdict.code for step in one.steps] == ["proved", "proved"]
    assert (one.claim.code, one.overreaches, one.as_claimed, one.follows) == ("undecided", True, False, False)
    (found,) = [told for told in findings(one) if told.code == "D022"]
    assert "the claim end to end is undecided: a letter of a line between" in found.message
    assert examined(J, by(automata), J + 0 * k, by(automata), J).as_claimed  # the twin: 0..H is never empty


@pytest.mark.parametrize("name", ["holes", "reasons"])
def test_where_what_the_steps_need_is_assumed_it_is(name: str) -> None:
    one = examined(*CHAINS[name][0], assumes=(horizon_at_least(1),))
    assert (one.overreaches, one.as_claimed) == (False, True)
    assert bool(one.holds) is (name == "holes")
    assert one.follows is (name == "reasons")


def test_its_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """from derive import *
@theorem('x'{})
def x():
    return calc(J, by(automata), J + expect(tau, 0 * function("b")(tau.s[2])),
                by(automata), J * (total(k, 1, start=1) - total(k, 1, start=2)))
"""
    for assumes, status in (("", 1), (", assumes=[horizon_at_least(1)]", 0)):
        (tmp_path / "x.py").write_text(text.format(assumes), encoding="utf-8")
        assert main(["check", str(tmp_path / "x.py")]) == status
        assert ("D022" in capsys.readouterr().out) is (status == 1)
    (tmp_path / "x.py").write_text(text.format(""), encoding="utf-8")
    assert main(["check", str(tmp_path / "x.py"), "--ignore", "D022"]) == 0  # asked for; and marked, not called true
    assert capsys.readouterr().out.startswith("- x")


# -- times that assumptions leave ------------------------------------------------------------------


@pytest.mark.parametrize("cases", [
    (earlier(t, k), earlier(k, t)), (at_most(5, t), at_most(t, 3)), (earlier(H, t),), (earlier(t, 0),)])
def test_cases_that_leave_no_times_are_refused(cases: tuple[Assumption, ...]) -> None:
    """J = 2 J was proved under them, where the letter stood in it: of no time, all is true."""
    with pytest.raises(InvalidChain, match="no times are left, at any horizon"):
        theorem("a test", assumes=cases)


@pytest.mark.parametrize("cases", [
    (earlier(t, k), earlier(k, n)), (at_most(5, t), at_most(t, H - 3)), (at_most(t, 0),), (earlier(0, t),)])
def test_cases_that_leave_some_are_not(cases: tuple[Assumption, ...]) -> None:
    theorem("a test", assumes=cases)


LATER = total(n, gamma**n, start=t + 1)
SPLIT = gamma ** (t + 1) + total(n, gamma**n, start=t + 2)
"""The same, but for t = H; and where t < k, it is not."""


def test_a_letter_that_stands_on_no_side_has_a_time_too() -> None:
    """At t = H the sides differ, and there is no k after it: the claim is not made there."""
    assert not isinstance(examined(SPLIT, by(), LATER, assumes=(earlier(t, k),)).claim, Refuted)
    assert isinstance(examined(SPLIT, by(), LATER).claim, Refuted)
    found = examined(SPLIT, by(), 2 * LATER, assumes=(earlier(t, k),)).claim
    assert isinstance(found, Refuted)
    assert found.witness.model.shape.horizon >= 1


def test_times_by_hand() -> None:
    one = earlier(t, k)
    assert holds_at([one], {t: 0, k: 1}, 1)
    assert not holds_at([one], {t: 1, k: 1}, 1)
    assert holds_at([one], {t: 0}, 1)
    assert not holds_at([one], {t: 1}, 1)  # k would be 2
    assert holds_at([one], {t: 1}, 1, infinite=True)
    assert [holds_at([one], {}, horizon) for horizon in (0, 1)] == [False, True]
    assert leave_times([at_most(20, t)])
    assert leave_times([])
    began = time.process_time()
    assert not holds_at([at_most(10**6, t), earlier(t, k)], {}, 0, infinite=True)  # too many to try: not claimed
    assert time.process_time() - began < 20


def test_without_a_last_decision_every_time_has_a_later_one() -> None:
    endless = total(n, gamma**n, stop=forever)
    assert isinstance(examined(endless, by(), 2 * endless, assumes=(earlier(t, k), discount_below_one)).claim, Refuted)
