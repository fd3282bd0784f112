"""Large shapes at random points, and exact backward evaluation, against the kernel's enumeration."""

from __future__ import annotations

import pytest
from sympy import Expr

from derive import H, J, P, R, additive_return, gamma, grad, log, pi, possible, r, t, tau, total
from derive.cli import main
from derive.errors import BadInput, OutsideFragment, WorkLimit
from derive.language.signature import signature
from derive.models import Shape
from derive.procedures import field
from derive.procedures.backward import exact_value
from derive.procedures.evaluate import Evaluator
from derive.procedures.everywhere import differences
from derive.procedures.generic import generic_model
from derive.procedures.scale import Agreement, Disagreement, probe
from derive.report.probing import shape_of

ADDITIVE = frozenset({possible(tau), additive_return})
ARBITRARY = frozenset({possible(tau)})
scores = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
closed = total(tau, P(tau) * scores * R(tau))
rewards = total(t, gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1]))

FALSE: tuple[Expr, ...] = (
    total(tau, P(tau) * total(t, grad(log(pi(tau.a[t] | tau.s[t]))), stop=H - 1) * R(tau)),
    2 * closed,
    total(tau, P(tau) * grad(log(pi(tau.a[0] | tau.s[0]))) * R(tau)),
)


@pytest.mark.parametrize("assumptions", [ADDITIVE, ARBITRARY], ids=["additive", "arbitrary"])
@pytest.mark.parametrize("shape", [Shape(1, 2, 0), Shape(2, 2, 3), Shape(7, 3, 30), Shape(20, 5, 200)], ids=str)
def test_a_true_identity_agrees_at_every_shape(assumptions: frozenset, shape: Shape) -> None:  # type: ignore[type-arg]
    found = probe(grad(J), closed, assumptions, shape, points=2)
    assert isinstance(found, Agreement)
    assert str(found).startswith("not proved: equal at 2 random points")


@pytest.mark.parametrize("assumptions", [ADDITIVE, ARBITRARY], ids=["additive", "arbitrary"])
@pytest.mark.parametrize("false", FALSE, ids=str)
def test_a_false_identity_differs(assumptions: frozenset, false: Expr) -> None:  # type: ignore[type-arg]
    assert isinstance(probe(grad(J), false, assumptions, Shape(5, 3, 20), points=1), Disagreement)


def test_the_error_bound_of_the_seed_chain_is_as_small_as_promised() -> None:
    found = probe(grad(J), closed, ADDITIVE, Shape(20, 5, 200))
    assert isinstance(found, Agreement)
    assert found.bits >= 140
    assert isinstance(fewer := probe(grad(J), closed, ADDITIVE, Shape(20, 5, 200), points=1), Agreement)
    assert fewer.bits < found.bits / 6


def test_what_has_no_automaton_is_not_probed() -> None:
    with pytest.raises(OutsideFragment):
        probe(log(J), log(J) * 2, ADDITIVE, Shape(2, 2, 1))


@pytest.mark.parametrize(
    "shape", [Shape(1, 3, 0), Shape(2, 2, 1), Shape(2, 3, 1), Shape(3, 2, 1), Shape(2, 2, 2)], ids=str)
@pytest.mark.parametrize("other", [closed, total(tau, P(tau) * grad(rewards * 3)), *FALSE], ids=str)
def test_backward_and_forward_give_what_enumeration_gives(shape: Shape, other: Expr) -> None:
    model = generic_model(shape, signature(grad(J), other, rewards), additive=True)
    kernel = Evaluator(model)
    expected = kernel.value(grad(J), {}) - kernel.value(other, {})
    found = differences(grad(J), other, ADDITIVE)
    for backward in (True, False):
        total_value = model.ring.total([exact_value(one, model, backward=backward) for one in found])
        assert (total_value - expected).is_zero


def test_an_arbitrary_return_has_no_backward_recursion() -> None:
    model = generic_model(Shape(2, 2, 1), signature(grad(J)), additive=False)
    (difference,) = differences(grad(J), 2 * grad(J), ARBITRARY)
    with pytest.raises(OutsideFragment):
        exact_value(difference, model)


def test_the_budget_of_terms_stops_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "MOST_TERMS", 1_000)
    model = generic_model(Shape(2, 2, 6), signature(grad(J), closed), additive=True)
    (difference,) = differences(grad(J), 2 * closed, ADDITIVE)
    with pytest.raises(WorkLimit, match="exceeds 1000 terms"):
        exact_value(difference, model)


@pytest.mark.parametrize("text", ["", "1,2", "a,b,c", "0,1,1", "1,1,-1", "1000,1,1", "2,2,999999999"])
def test_a_shape_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        shape_of(text)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "policy_gradient", "--shape", "6,3,40", "--points", "2"]) == 0
    assert "S=6 A=3 H=40" in capsys.readouterr().out
    assert main(["probe", "horizon_one_short", "--shape", "3,2,5"]) == 0  # declared refuted
    assert "different on the generic model" in capsys.readouterr().out
    assert main(["probe", "--shape", "x"]) == 2
