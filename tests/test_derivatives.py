"""The derivative in a number without a value: against difference quotients, by verdicts, and where it has none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sympy import Expr, latex
from three_evaluators import TWO_STATE

import derive
from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.counterexample.enumerate import Enumeration
from derive.errors import MalformedTerm
from derive.language.assumptions import positive
from derive.language.definitions import expanded
from derive.language.ranks import rank
from derive.language.source import source
from derive.language.vocabulary import (
    J,
    P,
    R,
    expect,
    function,
    gamma,
    grad,
    inner,
    log,
    notions,
    outer,
    pi,
    prod,
    ratio,
    scalar,
    t,
    tau,
    total,
    trace,
    variance,
)
from derive.rules import automata

c, k = scalar("c"), scalar("k")
derivative = notions()["derivative"]
SCORE = grad(log(P(tau)))
TERMS: list[Expr] = [
    c**3 - 2 * c * J, c * (J + c) * (2 - c), ratio(J + c, c**2 + 1), log(c) * J, log(c**2 + J), J / 2,
    expect(tau, (R(tau) - c) ** 2), total(t, (c + t) ** 2), variance(tau, c * R(tau) + R(tau) ** 2),
    grad(c**2 * J), grad(c * J * J), variance(tau, SCORE * (R(tau) - c)),
    trace(variance(tau, SCORE * (R(tau) - c))), outer(c * grad(J), grad(c * J)), inner(grad(J), c * grad(J)),
    expect(tau, log(c * pi(tau.a[0] | tau.s[0])) * R(tau)), derivative[c](c**4 * J),
]


def at(term: Expr, value: Fraction) -> Fraction:
    return Enumeration(replace(TWO_STATE, functions={"c": {(): value}})).value(term)


@pytest.mark.parametrize("term", TERMS, ids=str)
def test_it_is_what_difference_quotients_go_to(term: Expr) -> None:
    here, step = Fraction(3, 2), Fraction(1, 10**6)
    quotient = (at(term, here + step) - at(term, here - step)) / (2 * step)
    found = at(expanded(derivative[c](term), additive=True, infinite=False), here)
    assert float(found) == pytest.approx(float(quotient), abs=1e-9)
    assert rank(derivative[c](term)) in (rank(term), 0)  # of a constant it is 0
    if quotient:
        assert float(found) != pytest.approx(float(quotient) * 1.01, abs=1e-9)


def code(before: Any, after: Any, *assumes: Any) -> str:
    @theorem("a test", assumes=list(assumes))
    def step() -> Any:
        return calc(before, by(automata), after)

    return examine(step).steps[0].verdict.code


def test_the_verdicts() -> None:
    squared = inner(SCORE, SCORE)
    total_variance = trace(variance(tau, SCORE * (R(tau) - c)))
    slope = 2 * c * expect(tau, squared) - 2 * expect(tau, squared * R(tau))
    assert code(derivative[c](total_variance), slope) == "proved"
    assert code(derivative[c](total_variance), slope * 2) == "refuted"
    assert code(derivative[c](expect(tau, (R(tau) - c) ** 2)), 2 * (c - J)) == "proved"
    assert code(derivative[c](expect(tau, (R(tau) - c) ** 2)), 2 * (J - c)) == "refuted"
    assert code(derivative[k](expect(tau, (R(tau) - c) ** 2)), 0) == "proved"
    assert code(derivative[c](log(c)), 1 / c, positive(c)) == "proved"
    assert code(derivative[c](log(c)), 1 / c) == "needs-condition"


@pytest.mark.parametrize("owing", [ratio(1, R(tau)), log(R(tau)), ratio(R(tau), R(tau)) - 1])
def test_where_the_term_has_no_value_it_has_no_derivative(owing: Expr) -> None:
    """What stands beside the number goes when it is differentiated, and what it owes stays."""
    open_ = ("needs-condition", "undecided")
    assert code(derivative[c](c * J + owing), J) in open_
    assert code(derivative[c](c * owing + J), owing) in open_
    assert code(derivative[c](c * J + R(tau)), J) == "proved"


@pytest.mark.parametrize("term", [
    derivative[c](total(t, c**t)), derivative[c](prod(t, c * gamma)), derivative[t](J), derivative[J](J),
    derivative[function("f")(tau.s[0])](J)], ids=str)
def test_where_it_has_none_that_is_said(term: Expr) -> None:
    with pytest.raises(MalformedTerm, match="derivative"):
        expanded(term, additive=True, infinite=False)
    assert code(term, J) == "malformed"


def test_how_it_is_written() -> None:
    term = derivative[c](c * J)
    assert str(term) == "∂_c(c J(θ))"
    assert latex(term) == r"\partial_c(c\,J(\theta))"
    assert eval(source(term), {name: getattr(derive, name) for name in derive.__all__}) == term
