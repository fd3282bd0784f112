"""What each node means, on the paper model of ``test_models``: in rationals, and in polynomials put there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from sympy import Expr, Integer, Rational
from test_models import paper_model

from derive.counterexample.enumerate import Enumeration
from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.binding import Index
from derive.language.expression import Plus, Times
from derive.language.models import Model, Path
from derive.language.signature import signature
from derive.language.terms import (
    Applied,
    Drawn,
    Everything,
    Horizon,
    Initial,
    Policy,
    Prod,
    Return,
    StateAt,
    Total,
    Trajectory,
)
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    expect,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mean,
    mu,
    objective,
    pi,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)
from derive.semantics.concrete import Balls, Rationals, as_fraction, concrete_model
from derive.semantics.evaluate import Evaluator
from derive.semantics.field import Element
from derive.semantics.generic import generic_model
from derive.semantics.graded import Graded

F = Fraction
b, sigma, f = Policy("b"), Trajectory("sigma"), function("f")
ONE, THREE = (0, 0, 1, 1, 0), (1, 0, 1, 0, 1)  # P = 1/64 and 1/24, score = 1 and -3 (test_hand_numbers)
RETURNS: dict[Path, Fraction] = {ONE: F(8), THREE: F(-2)}
TABLE = {"f": {(0,): F(2), (1,): F(-3)}}
AT = {s: 1, x: 0, a: 1, t: 1, tau: ONE}


def numbers(model: Model, functions: bool) -> dict[str, Fraction]:
    """The value of each indeterminate at a model."""
    n, actions = range(model.shape.states), range(model.shape.actions)
    values = {f"mu_{y}": model.mu[y] for y in n} | {"gamma": model.gamma}
    for y, c in product(n, actions):
        values |= {f"pi_{y}_{c}": model.policies["pi"][y][c], f"q0_{y}_{c}": model.policies["b"][y][c]}
        values |= {f"phi_{y}_{c}": model.scores[y][c], f"psi_{y}_{c}": F(0)}
        for z in n:
            values |= {f"P_{y}_{c}_{z}": model.P[y][c][z], f"r_{y}_{c}_{z}": model.r[y][c][z]}
    if functions:
        values |= {f"f0_{y}": number for (y,), number in model.functions["f"].items()}
    return values


def specialised(value: Any, values: Mapping[str, Fraction], model: Model) -> Fraction:
    """A polynomial element with numbers in the place of its indeterminates."""
    if isinstance(value, Graded):
        return sum((specialised(part, values, model) * _product(model.reward_of(path) for path in monomial)
                    for monomial, part in value.parts.items()), F(0))

    def polynomial(poly: Any) -> Fraction:
        names = value.field.context.names()
        return sum((int(coefficient) * _product(values[str(names[at])] ** int(e) for at, e in enumerate(exponents) if e)
                    for exponents, coefficient in poly.to_dict().items()), F(0))

    assert isinstance(value, Element)
    return polynomial(value.num) * _product(polynomial(value.field.factor(n)) ** e for n, e in value.exps.items())


def _product(factors: Any) -> Fraction:
    result = F(1)
    for factor in factors:
        result *= factor
    return result


@dataclass(frozen=True)
class Setting:
    model: Model
    additive: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def rational(self, term: Expr, at: Mapping[Index, Any]) -> Fraction:
        evaluator = Evaluator(concrete_model(self.model, Rationals()), **self.options)
        return as_fraction(evaluator.value(term, self._places(evaluator, at)))

    def polynomial(self, term: Expr, at: Mapping[Index, Any]) -> Fraction:
        generic = generic_model(self.model.shape, signature(term, f(s)), additive=self.additive)
        evaluator = Evaluator(generic, **self.options)
        result = evaluator.value(term, self._places(evaluator, at))
        return specialised(result, numbers(self.model, bool(self.model.functions)), self.model)

    def _places(self, evaluator: Evaluator, at: Mapping[Index, Any]) -> dict[Index, Any]:
        ways = {way.path: way for way in evaluator.model.ways}
        places: dict[Index, Any] = {}
        for index, place in at.items():
            if isinstance(place, dict):
                places[index] = {number: ways[path] for number, path in place.items()}
            else:
                places[index] = ways[place] if isinstance(place, tuple) else place
        return places


FREE = Setting(paper_model(RETURNS, functions=TABLE))
ADDITIVE = Setting(paper_model(functions=TABLE), additive=True)
SAMPLED = Setting(paper_model(RETURNS, samples=2, functions=TABLE))

MEANINGS: tuple[tuple[Expr, Fraction | int], ...] = (
    (Integer(7), 7),
    (Rational(2, 3) * gamma, F(1, 3)),
    (H * gamma, F(1, 2)),
    (t + 2 * H, 3),
    (Times(t, H, 5) + gamma, F(11, 2)),
    (gamma**t, F(1, 2)),
    (gamma**0, 1),
    (gamma ** (H + 2), F(1, 8)),
    (mu(s), F(2, 3)),
    (mu(tau.s[2]), F(1, 3)),  # s_2 = 0
    (P(x | s, a), F(1, 4)),
    (P(tau.s[t + 1] | tau.s[t], tau.a[t]), F(1, 4)),
    (pi(a | s), F(3, 4)),
    (b(a | s), F(1, 2)),
    (grad(pi(a | s)), F(3, 8)),  # 3/4 1/2
    (grad(b(a | s)), 0),
    (grad(mu(s)), 0),
    (grad(gamma * pi(a | s)), F(3, 16)),
    (grad(pi(a | s) * pi(a | s)), F(9, 16)),  # 2 3/4 3/8
    (grad(pi(a | s) ** 2), F(9, 16)),
    (grad(ratio(1, pi(a | s))), F(-2, 3)),  # -(3/8)/(9/16)
    (grad(ratio(mu(s), pi(a | s))), F(-4, 9)),
    (grad(log(pi(a | s))), F(1, 2)),
    (grad(log(pi(a | s)) + log(mu(s))), F(1, 2)),
    (grad(gamma * log(pi(a | s))), F(1, 4)),
    (grad(log(pi(a | s) * mu(s))), F(1, 2)),
    # u = phi - centre, D u = -sum_b pi phi u: -(3/4 2 1/2) = -3/4
    (grad(grad(log(pi(a | s)))), F(-3, 4)),
    (grad(grad(pi(a | s))), F(-3, 8)),  # 3/4 (1/4 - 3/4)
    (grad(grad(ratio(1, pi(a | s)))), F(4, 3)),  # (u^2 - D u)/pi = (1/4 + 3/4) 4/3
    (grad(grad(pi(a | s) ** 2)), F(-3, 8) * F(3, 2) + 2 * F(9, 64)),  # 2 pi pi'' + 2 pi'^2
    (P(tau), F(1, 64)),
    (P(tau, policy=b), F(1, 96)),
    (grad(P(tau)), F(1, 64)),
    (grad(P(tau, policy=b)), 0),
    # sum_t D u_t: -(1/2 1 1/2) = -1/4 at (0, 0), -3/4 at (1, 1): P (1 - 1) = 0
    (grad(grad(P(tau))), 0),
    (grad(grad(log(P(tau)))), -1),
    (f(s) + f(x), -1),
    (total(s, mu(s) * f(s)), F(-4, 3)),  # 2/3 - 2
    (total(s, f(s)), -1),
    (total(a, total(x, P(x | s, a) * f(x))), F(-3) - F(7, 4)),  # -3;  2/4 - 9/4
    (total(t, gamma**t), F(3, 2)),
    (total(k, gamma**k, start=t), F(1, 2)),
    (total(k, total(t, gamma**t, start=k)), 2),  # 3/2 + 1/2
    (total(k, total(t, gamma ** (t - k), start=k)), F(5, 2)),  # (1 + 1/2) + 1
    (total(t, gamma**t, start=2, stop=1), 0),
    (total(t, mu(tau.s[t + 5]), start=1, stop=0), 0),
    (prod(t, gamma ** (t + 1)), F(1, 8)),
    (prod(t, gamma, start=2, stop=1), 1),
    (prod(s, mu(s)), F(2, 9)),
    (prod(t, pi(tau.a[t] | tau.s[t])), F(3, 8)),
    (grad(prod(t, pi(tau.a[t] | tau.s[t]))), F(3, 8)),  # score 1
    (grad(prod(t, gamma, start=2, stop=1) * pi(a | s)), F(3, 8)),
    (total(t, grad(log(pi(tau.a[t] | tau.s[t])))), 1),
    (total(tau, P(tau)), 1),
    (total(tau, total(sigma, P(tau) * P(sigma))), 1),
    (expect(tau, f(tau.s[0])), F(-4, 3)),
    (expect(tau, f(tau.s[0]), policy=b), F(-4, 3)),
    (expect(tau, f(tau.s[1])), F(-9, 8)),  # Pr(s_1) = (3/8, 5/8)
    (expect(tau, f(tau.s[0]) * expect(sigma, f(sigma.s[1]))), F(3, 2)),
    (variance(tau, f(tau.s[0])), F(50, 9)),  # 25 1/3 2/3
    (expect(tau, grad(log(P(tau)))), 0),
    (variance(tau, grad(log(pi(tau.a[0] | tau.s[0])))), F(1, 3) * F(1, 4) + F(2, 3) * F(3, 4)),
    (grad(expect(tau, pi(tau.a[0] | tau.s[0]))), F(1, 4)),  # 2/3 (2 1/4 (-3/8) + 2 3/4 3/8)
    (grad(variance(tau, f(tau.s[0]))), 0),
)


@pytest.mark.parametrize(("term", "expected"), MEANINGS, ids=[f"{n}: {term}" for n, (term, _) in enumerate(MEANINGS)])
def test_what_a_node_means(term: Expr, expected: Fraction | int) -> None:
    at = {index: place for index, place in AT.items() if index in term.free_symbols}
    for setting in (FREE, ADDITIVE):
        assert setting.rational(term, at) == expected
        assert setting.polynomial(term, at) == expected


def test_the_return_is_arbitrary_or_additive() -> None:
    # arbitrary: R(ONE) = 8, J = 8/64 - 2/24, b: 8/96 - 2 1/3 ... P_b(THREE) = 2/3 1/2 1/2 = 1/6
    for term, expected in ((R(tau), F(8)), (J, F(1, 24)), (objective(b), F(-1, 4)), (grad(J), F(3, 8)),
                           (R(tau) * R(tau), F(64)), (expect(tau, R(tau) * R(tau)), 1 + F(1, 6)),
                           (expect(tau, R(tau), policy=b), F(-1, 4)), (variance(tau, R(tau)), F(7, 6) - F(1, 576))):
        at = {tau: ONE} if tau in term.free_symbols else {}
        assert FREE.rational(term, at) == expected
        assert FREE.polynomial(term, at) == expected
    # additive: 2 + 1/2 3; the reward r(s_1, a_1, s_2) = 3
    for term, expected in ((R(tau), F(7, 2)), (r(tau.s[1], tau.a[1], tau.s[2]), F(3)), (grad(R(tau)), F(0))):
        assert ADDITIVE.rational(term, {tau: ONE}) == expected
        assert ADDITIVE.polynomial(term, {tau: ONE}) == expected


def joint(body: Any) -> Fraction:
    """E over two independent samples, by their joint law."""
    model, paths = SAMPLED.model, list(SAMPLED.model.shape.paths())
    return sum((model.probability_of(one) * model.probability_of(two) * body(one, two)
                for one, two in product(paths, paths)), F(0))


def _return(path: Path) -> Fraction:
    return RETURNS.get(path, F(0))


def first(path: Path) -> Fraction:
    return TABLE["f"][(path[0],)]


@pytest.mark.slow
def test_expectations_over_samples_against_the_joint_law() -> None:
    both = mean(i, R(samples[i]))
    cases: tuple[tuple[Expr, Any], ...] = (
        (both, lambda p, q: (_return(p) + _return(q)) / 2),
        (R(samples[1]) * f(samples[2].s[0]), lambda p, q: _return(p) * first(q)),
        (R(samples[1]) * f(samples[1].s[0]), lambda p, q: _return(p) * first(p)),
        (both * both, lambda p, q: ((_return(p) + _return(q)) / 2) ** 2),
        (both**2, lambda p, q: ((_return(p) + _return(q)) / 2) ** 2),
        (ratio(R(samples[1]) + f(samples[2].s[0]), gamma), lambda p, q: 2 * (_return(p) + first(q))),
        (total(s, mu(s) * R(samples[1]) * R(samples[2])), lambda p, q: _return(p) * _return(q)),
        (total(i, R(samples[i]) * R(samples[1])), lambda p, q: (_return(p) + _return(q)) * _return(p)),
        (m * gamma, lambda p, q: F(1)),
    )
    for body, counted in cases:
        expected = joint(counted)
        assert SAMPLED.rational(expect(samples, body), {}) == expected
        assert SAMPLED.polynomial(expect(samples, body), {}) == expected
        second = joint(lambda p, q, counted=counted: counted(p, q) ** 2)
        assert SAMPLED.rational(variance(samples, body), {}) == second - expected**2
    outer = expect(samples, R(samples[1]) * f(tau.s[0]))
    assert SAMPLED.rational(outer, {tau: THREE}) == joint(lambda p, q: _return(p) * -3)
    assert SAMPLED.polynomial(outer, {tau: THREE}) == joint(lambda p, q: _return(p) * -3)


def test_gradients_over_samples() -> None:
    score = grad(log(P(samples[1])))
    assert SAMPLED.rational(expect(samples, score * R(samples[1]) * R(samples[2])), {}) == F(3, 8) * F(1, 24)
    # the law moves with theta: D (J J) = 2 J grad J
    assert SAMPLED.rational(grad(expect(samples, R(samples[1]) * R(samples[2]))), {}) == 2 * F(1, 24) * F(3, 8)
    # grad (pi(a_0|s_0) of the first times that of the second) under E: two product-rule terms, alike;
    # E[pi] = 1/3 1/2 + 2/3 (1/16 + 9/16) = 7/12;  E[D pi] = 2/3 (1/4 (-3/8) + 3/4 3/8) = 1/8
    one, two = (pi(samples[n].a[0] | samples[n].s[0]) for n in (1, 2))
    assert SAMPLED.rational(expect(samples, grad(one * two)), {}) == 2 * F(7, 12) * F(1, 8)
    at = {samples: {1: ONE, 2: THREE}}
    assert SAMPLED.rational(mean(i, grad(log(P(samples[i]))) * R(samples[i])), at) == 7


def test_possible_trajectories_only() -> None:
    # possible: s_0 free; from (0,0) 2, from (0,1) 1, from (1,0) 1, from (1,1) 2 next states
    # ways of length 2 from 0: states x with counts 3 each from 0 and 1: 3 3 = 9 from either state: 18 of 32
    for only, count in ((False, 32), (True, 18)):
        setting = Setting(FREE.model, options={"possible_only": only})
        assert setting.rational(total(tau, 1), {}) == count
        assert Enumeration(FREE.model, possible_only=only).value(total(tau, 1)) == count
    assert FREE.rational(expect(tau, ratio(1, P(tau))), {}) == 18


NOT_THERE: tuple[tuple[Expr, str], ...] = (
    (mu(tau.s[H + 2]), "s_3 does not exist"),
    (pi(tau.a[H + 1] | s), "a_2 does not exist"),
    (mu(tau.s[t - 2]), "s_-1 does not exist"),
    (R(samples[3]), "τ^{(3)} does not exist for m = 2"),
    (gamma ** (t - 2), "exponent -1"),
    (total(t, mu(tau.s[t + 2])), "s_3 does not exist"),
)


@pytest.mark.parametrize(("term", "message"), NOT_THERE, ids=[str(term) for term, _ in NOT_THERE])
def test_what_a_shape_does_not_have_is_not_applicable(term: Expr, message: str) -> None:
    at = {index: place for index, place in {**AT, samples: {1: ONE, 2: ONE}}.items() if index in term.free_symbols}
    for ask in (SAMPLED.rational, SAMPLED.polynomial, Enumeration(SAMPLED.model).value):
        with pytest.raises(NotApplicable) as caught:
            ask(term, dict(at))
        assert message in str(caught.value) or "exponent is -1" in str(caught.value)


@pytest.mark.parametrize("term", [
    Prod(tau, Everything(), gamma), Total(i, Everything(), gamma),
    Initial(a + 0), Initial(Drawn(samples, 1)), Return(s), mu(StateAt(tau, gamma)), Applied(f, Horizon()) * mu(s),
    expect(samples, log(P(samples[1]) + P(samples[2]))), expect(samples, ratio(1, R(samples[1]) + R(samples[2]))),
    log(mu(s)), Plus(Everything(), 1)], ids=str)
def test_what_has_no_rational_meaning_is_said(term: Expr) -> None:
    at = {index: place for index, place in AT.items() if index in term.free_symbols}
    with pytest.raises((OutsideFragment, NotApplicable)):
        SAMPLED.rational(term, at)


def test_a_logarithm_has_a_value_in_polynomials_and_in_balls() -> None:
    ring = Evaluator(generic_model(FREE.model.shape, signature(log(mu(s))), additive=False))
    gap = ring.value(log(mu(s) * mu(s)) - 2 * log(mu(s)), {s: 0})
    assert ring.ring.is_zero(gap)
    balls = Balls()
    logarithm = Evaluator(concrete_model(FREE.model, balls)).value(log(mu(s)) + Rational(1, 2) + total(a, 1), {s: 0})
    assert abs(float(logarithm) - (2.5 - 1.0986122886681098)) < 1e-14  # ln 3 = 1.0986122886681098
    assert balls.is_zero(balls.zero)
    assert not balls.is_zero(logarithm)
    with pytest.raises(OutsideFragment, match="not certainly positive"):
        Evaluator(concrete_model(FREE.model, balls)).value(log(mu(s) - mu(s)), {s: 0})


def test_a_denominator_zero_is_undefined() -> None:
    term = ratio(1, mu(s) - mu(s))
    for ask in (FREE.polynomial, FREE.rational, Enumeration(FREE.model).value):
        with pytest.raises(Undefined):
            ask(term, {s: 0})


def test_a_bound_sample_that_does_not_exist_is_not_applicable() -> None:
    with pytest.raises(NotApplicable):
        SAMPLED.rational(expect(samples, R(samples[3])), {})
