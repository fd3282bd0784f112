"""The brute-force oracle: what only it decides (steps, roundings, refusals); its values are in test_evaluate."""

from __future__ import annotations

from fractions import Fraction

import pytest
from sympy import Expr
from test_evaluate import AT, FREE, MEANINGS, SAMPLED
from test_models import paper_model

from derive.counterexample.enumerate import Enumeration
from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.expression import Plus
from derive.language.terms import Everything, Initial, Return, StateAt
from derive.language.vocabulary import (
    J,
    P,
    R,
    a,
    expect,
    gamma,
    grad,
    i,
    log,
    mean,
    mu,
    pi,
    ratio,
    s,
    samples,
    tau,
    variance,
    x,
)

F = Fraction
CLOSE = F(1, 10**25)


@pytest.mark.parametrize(("term", "expected"), MEANINGS, ids=[f"{n}: {term}" for n, (term, _) in enumerate(MEANINGS)])
def test_the_hand_typed_meanings(term: Expr, expected: Fraction | int) -> None:
    at = {index: place for index, place in AT.items() if index in term.free_symbols}
    assert abs(Enumeration(FREE.model).value(term, at) - expected) < CLOSE


def test_the_step_of_the_difference_quotient_is_what_separates_it_from_the_derivative() -> None:
    # D pi(1|1) = 3/8, D^2 pi(1|1) = -3/8: (pi(e) - pi(0))/e = 3/8 - 3/16 e + O(e^2)
    at, previous = {s: 1, a: 1}, F(0)
    for step in (F(1, 10**3), F(1, 10**6)):
        error = Enumeration(paper_model(), step=step).value(grad(pi(a | s)), dict(at)) - F(3, 8)
        assert abs(error / step + F(3, 16)) < 2 * step
        assert error != previous
        previous = error


def test_values_without_a_gradient_are_exact() -> None:
    assert Enumeration(FREE.model).value(J) == F(1, 24)
    assert Enumeration(FREE.model).value(variance(tau, R(tau))) == F(7, 6) - F(1, 576)
    assert Enumeration(SAMPLED.model).value(expect(samples, mean(i, R(samples[i])) ** 2)) == (F(7, 6) + F(1, 576)) / 2


def test_logarithms_have_200_digits() -> None:
    # log 1/3 = -1.09861228866810969139524523692252570464749...
    found = Enumeration(FREE.model).value(log(mu(s)), {s: 0})
    assert abs(found + F("1.0986122886681096913952452369225257046474")) < F(1, 10**39)
    product = Enumeration(FREE.model).value(log(mu(s) * mu(x)) - log(mu(s)) - log(mu(x)), {s: 0, x: 1})
    assert abs(product) < F(1, 10**190)


@pytest.mark.parametrize(("term", "message"), [
    (log(mu(s) - 1), "log is asked of"), (log(mu(s) - mu(s)), "which is 0 here"),
    (ratio(1, mu(s) - mu(s)), "divides by it"),
], ids=str)
def test_what_is_undefined(term: Expr, message: str) -> None:
    with pytest.raises(Undefined, match=message):
        Enumeration(FREE.model).value(term, {s: 0})


def test_an_expectation_does_not_ask_its_body_off_the_support() -> None:
    assert Enumeration(FREE.model).value(expect(tau, ratio(1, P(tau)))) == 18
    with pytest.raises(Undefined):
        Enumeration(FREE.model).value(ratio(1, P(tau)), {tau: (0, 1, 1, 0, 0)})


@pytest.mark.parametrize("term", [
    Initial(a + 0), Return(s), StateAt(tau, gamma), Plus(Everything(), 1), Initial(samples[1])], ids=str)
def test_what_has_no_meaning_is_refused(term: Expr) -> None:
    with pytest.raises(OutsideFragment):
        Enumeration(SAMPLED.model).value(term, {**AT, samples: {1: AT[tau], 2: AT[tau]}})


def test_what_does_not_exist_is_not_applicable() -> None:
    with pytest.raises(NotApplicable, match=r"τ\^\{\(3\)\} does not exist for m = 2"):
        Enumeration(SAMPLED.model).value(expect(samples, R(samples[3])))
    with pytest.raises(NotApplicable, match="a_2 does not exist for H = 1"):
        Enumeration(SAMPLED.model).value(pi(tau.a[2] | tau.s[0]), {tau: AT[tau]})
