"""Products of expectations that are written in different ways on the two sides, at a free time."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from kernel_letters import ADD, NONE, f
from sympy import Expr
from test_parts import certified, examined

from derive import G
from derive.certificates.statements import statement
from derive.checking.verdict import Refuted
from derive.language.assumptions import Assumption
from derive.language.vocabulary import Q, V, expect, grad, t, tau, variance

S, ACTION = tau.s, tau.a
TO_GO, VALUE, PAIR = G[t](tau), V[t](S[t]), Q[t](S[t], ACTION[t])

TRUE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "a square": (expect(tau, TO_GO) ** 2, expect(tau, VALUE) ** 2, ADD),
    "variance by the state": (variance(tau, TO_GO), expect(tau, (TO_GO - VALUE) ** 2) + variance(tau, VALUE), ADD),
    "variance by the pair": (variance(tau, TO_GO), variance(tau, PAIR) + expect(tau, (TO_GO - PAIR) ** 2), ADD),
    "under a gradient": (grad(expect(tau, TO_GO) ** 2), grad(expect(tau, PAIR) * expect(tau, VALUE)), ADD)}
FALSE: dict[str, tuple[Expr, Expr, Iterable[Assumption]]] = {
    "a square": (expect(tau, TO_GO) ** 2, expect(tau, VALUE**2), ADD),
    "variance by the state": (variance(tau, TO_GO), expect(tau, (TO_GO - VALUE) ** 2), ADD),
    "variance by the pair": (variance(tau, TO_GO), variance(tau, PAIR) + expect(tau, (TO_GO - VALUE) ** 2), ADD),
    "under a gradient": (grad(expect(tau, TO_GO) ** 2), grad(expect(tau, PAIR) * expect(tau, VALUE)) / 2, ADD),
    "another time": (expect(tau, f(S[t])) ** 2, expect(tau, f(S[t + 1])) ** 2, NONE)}


@pytest.mark.parametrize("name", TRUE)
def test_true_ones_are_proved_and_certified(name: str) -> None:
    found = examined(*TRUE[name])
    certified(found)
    assert found.claim.equation.context.first == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("name", FALSE)
def test_false_ones_are_refuted(name: str) -> None:
    assert isinstance(examined(*FALSE[name]).claim, Refuted)


def test_a_letter_that_was_bound_is_said_as_one() -> None:
    """derive audit said 1{s_{t2} = #0.3} of what is owed inside a sum."""
    assert statement(("mu", ("state", "#0.3"))) == "μ(x3)"
    assert statement(("+", ("mu", ("state", "#0.3")), ("mu", ("state", "x3")))) == "(μ(x3') + μ(x3))"
