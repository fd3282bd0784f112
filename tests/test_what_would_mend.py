"""What a refuted step is told besides its counterexample: a missing assumption, a horizon at which it holds."""

from __future__ import annotations

from typing import Any

import pytest

from derive import (
    H,
    J,
    R,
    additive_return,
    by,
    calc,
    examine,
    expect,
    forever,
    gamma,
    grad,
    log,
    pi,
    r,
    s,
    same,
    t,
    tau,
    theorem,
    total,
)

RETURN = total(t, gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1]))
ONE, TWO, THREE = (gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]) for k in range(3))
SCORES = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
THREE_SCORES = sum(grad(log(pi(tau.a[k] | tau.s[k]))) for k in range(3))


def note(before: Any, after: Any, *assumed: Any) -> str:
    @theorem("one", assumes=assumed)
    def one() -> Any:
        return calc(before, by(), after)

    (step,) = examine(one).steps
    assert step.verdict.code == "refuted"
    return str(step.verdict.note)


FORGOTTEN = {"the objective": (J, expect(tau, RETURN)), "the return": (expect(tau, R(tau) * SCORES),
                                                                      expect(tau, RETURN * SCORES))}
STILL_FALSE = {"one reward less": (J, expect(tau, RETURN - ONE)), "its sign": (J, -expect(tau, RETURN)),
               "no rewards": (J, 2 * J)}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_return_that_was_not_said_to_be_a_sum_of_rewards(name: str) -> None:
    assert note(*FORGOTTEN[name]) == "holds under additive_return"


def test_it_is_said_too_where_a_side_may_be_undefined_besides() -> None:
    """A mean given s_0 = s owes that s may be first; nothing was said of the return there."""
    first = [same(tau.s[0], s)]
    said = note(expect(tau, R(tau), given=first), expect(tau, RETURN, given=first))
    assert said == "holds under additive_return, wherever both sides are defined"
    assert note(expect(tau, R(tau), given=first), expect(tau, RETURN - ONE, given=first)) == ""


@pytest.mark.parametrize("name", STILL_FALSE)
def test_it_is_not_said_where_it_would_not_help(name: str) -> None:
    assert "additive_return" not in note(*STILL_FALSE[name])


AT_TWO = {"written out": (J, expect(tau, ONE + TWO + THREE)),
          "with its scores": (grad(J), expect(tau, THREE_SCORES * (ONE + TWO + THREE))),
          "a sum to 2": (J, expect(tau, total(t, gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1]), start=0, stop=2)))}
AT_NONE = {"a discount lost": (J, expect(tau, ONE + TWO + r(tau.s[2], tau.a[2], tau.s[3]))),
           "a reward too few": (J, expect(tau, ONE + THREE)),
           "a sum over all times": (J, expect(tau, RETURN - gamma**H * r(tau.s[H], tau.a[H], tau.s[H + 1])))}


@pytest.mark.parametrize("name", AT_TWO)
def test_a_claim_that_holds_at_one_horizon_is_told_so(name: str) -> None:
    assert note(*AT_TWO[name], additive_return).startswith("at H = 2 the sides agree, on 2 states and 2 actions")


@pytest.mark.parametrize("name", AT_NONE)
def test_one_that_is_false_there_is_not(name: str) -> None:
    assert "the sides agree" not in note(*AT_NONE[name], additive_return)


def test_nothing_is_said_of_a_last_decision_where_there_is_none() -> None:
    assert "the sides agree" not in note(expect(tau, total(t, gamma**t * pi(tau.a[t] | tau.s[t]), stop=forever)),
                                         expect(tau, pi(tau.a[0] | tau.s[0]) + gamma * pi(tau.a[1] | tau.s[1])))
