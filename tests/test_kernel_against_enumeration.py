"""The kernel against brute force, on terms and models nobody chose.

Two code paths that share no arithmetic: the kernel (jets, FLINT, factored denominators)
and ``derive.counterexample.enumerate`` (loops over everything, difference quotients in ``Fraction``).
Then the kernel's three rings against each other, and the float interpretation against
the enumeration.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sympy import Expr

from derive.counterexample.enumerate import Enumeration
from derive.errors import NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.language.expression import subterms
from derive.language.models import Model, Shape
from derive.language.signature import signature
from derive.language.terms import Grad, Log
from derive.language.vocabulary import J, P, R, a, expect, grad, log, mu, pi, prod, ratio, s, t, tau, total, variance, x
from derive.numeric.instances import instance_of
from derive.numeric.interpretation import value as float_value
from derive.semantics.concrete import Balls, Rationals, as_fraction, concrete_model
from derive.semantics.evaluate import Evaluator
from derive.semantics.field import Element
from derive.semantics.generic import generic_model
from derive.semantics.graded import Graded
from derive.semantics.modular import residue_model
from derive.testing.strategies import models, shapes, terms

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SMALL = shapes(max_states=2, max_actions=3, max_horizon=1, most=40)
FREE = (s, a)
AT = {s: 0, a: 0}

FIRST_ORDER = Fraction(1, 10**20)
"""A difference quotient with step h = 10^-30 errs by h f''/2: 28 digits or so, of which 20 are asked."""
SECOND_ORDER = Fraction(1, 10**15)
"""One of step h of quotients of step h^2: the outer error is h f'''/2, the inner one h^2/h. Again some 28 digits."""


def both(term: Expr, model: Model, *, possible_only: bool = False) -> tuple[Fraction, Fraction] | None:
    """(kernel, enumeration), or None where neither has a value."""
    oracle = Enumeration(model, possible_only=possible_only)
    kernel = Evaluator(concrete_model(model, Rationals()), possible_only=possible_only)
    environment: dict[Any, Any] = {index: AT[index] for index in term.free_symbols}
    try:
        expected = oracle.value(term, environment)
    except Undefined:
        return None
    return as_fraction(kernel.value(term, environment)), expected


def close(found: Fraction, expected: Fraction, tolerance: Fraction) -> bool:
    return abs(found - expected) <= tolerance * max(Fraction(1), abs(found))


# -- the kernel on rationals ----------------------------------------------------------------------------


@SLOW
@given(terms(free=FREE), models(SMALL))
def test_terms_without_gradients_are_exactly_equal(term: Expr, model: Model) -> None:
    found = both(term, model)
    assert found is not None  # denominators are products of positive probabilities
    assert found[0] == found[1]


@SLOW
@given(terms(rank=1, free=FREE), models(SMALL))
def test_gradients_agree_to_twenty_digits(term: Expr, model: Model) -> None:
    found = both(term, model)
    assert found is not None
    assert close(*found, FIRST_ORDER)


@pytest.mark.slow
@SLOW
@given(terms(depth=2, free=FREE), models(SMALL))
def test_second_derivatives_agree_to_fifteen_digits(term: Expr, model: Model) -> None:
    found = both(grad(grad(term)), model)
    assert found is not None
    assert close(*found, SECOND_ORDER)


@pytest.mark.slow
@SLOW
@given(terms(rank=1, depth=2, free=FREE), models(SMALL))
def test_gradients_of_gradients(term: Expr, model: Model) -> None:
    found = both(grad(term), model)
    assert found is not None
    assert close(*found, SECOND_ORDER)


@pytest.mark.slow
@SLOW
@given(terms(free=FREE), models(SMALL, zeros=True, policy_zeros=True), st.booleans())
def test_zeros_leave_what_is_defined_exactly_equal(term: Expr, model: Model, possible_only: bool) -> None:
    found = both(term, model, possible_only=possible_only)
    assume(found is not None)
    assert found is not None
    assert found[0] == found[1]


@pytest.mark.slow
@SLOW
@given(terms(rank=1, depth=2, free=FREE), models(SMALL, zeros=True, policy_zeros=True), st.booleans())
def test_zeros_leave_gradients_that_are_defined(term: Expr, model: Model, possible_only: bool) -> None:
    found = both(term, model, possible_only=possible_only)
    assume(found is not None)
    assert found is not None
    assert close(*found, FIRST_ORDER)


@pytest.mark.slow
@SLOW
@given(terms(depth=2, free=FREE, logs=True), models(SMALL))
def test_logarithms_lie_in_their_balls(term: Expr, model: Model) -> None:
    kernel = Evaluator(concrete_model(model, Balls()))
    environment: dict[Any, Any] = {index: AT[index] for index in term.free_symbols}
    expected = Enumeration(model).value(term, environment)
    found = kernel.value(term, environment)
    centre = Fraction(str(found.mid().str(30, radius=False)))
    assert abs(centre - expected) <= Fraction(1, 10**9) * max(1, abs(expected))


BY_NAME = {
    "variance": variance(tau, R(tau)),
    "covariance of a score": variance(tau, grad(log(P(tau)))),
    "gradient of a variance": grad(variance(tau, R(tau))),
    "product over actions": prod(a, pi(a | s)),
    "empty sum": total(t, R(tau), start=1, stop=0),
    "empty product": prod(t, R(tau), start=2, stop=0),
    "quotient": grad(ratio(pi(a | s), 1 + pi(a | s))),
    "transition": total(x, P(x | s, a) * mu(x)),
    "chain in one state": grad(expect(tau, pi(tau.a[0] | tau.s[0]) * R(tau))),
}


@pytest.mark.parametrize("name", BY_NAME)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_terms_that_the_generator_does_not_build(name: str, data: st.DataObject) -> None:
    model = data.draw(models(shapes(max_states=2, max_actions=2, max_horizon=1)))
    path = next(iter(model.shape.paths()))
    term = BY_NAME[name]
    kernel = Evaluator(concrete_model(model, Rationals()))
    way = next(way for way in kernel.model.ways if way.path == path)
    free = term.free_symbols
    found = as_fraction(kernel.value(term, {s: 0, a: 0, tau: way} if tau in free else dict(AT)))
    assert close(found, Enumeration(model).value(term, {s: 0, a: 0, tau: path}), FIRST_ORDER)


# -- the kernel's rings against each other ----------------------------------------------------------------


def numbers_of(model: Model, term: Expr) -> dict[str, Fraction]:
    """The value of every indeterminate of the generic model of a term, at a concrete model.

    Policies other than pi are q0, q1, ... and functions f0, f1, ..., by their place in the
    alphabet among those that the term speaks of (pi is always among the policies).
    """
    speaks = signature(term)
    policies = {name: name if name == "pi" else f"q{place}"
                for place, name in enumerate(sorted(speaks.policies | {"pi"}))}
    functions = {name: f"f{place}" for place, name in enumerate(sorted({name for name, _ in speaks.functions}))}
    n, k = range(model.shape.states), range(model.shape.actions)
    values = {"gamma": model.gamma} | {f"mu_{s}": model.mu[s] for s in n}
    values |= {f"P_{s}_{a}_{x}": model.P[s][a][x] for s, a, x in product(n, k, n)}
    values |= {f"r_{s}_{a}_{x}": model.r[s][a][x] for s, a, x in product(n, k, n)}
    values |= {f"{stem}_{s}_{a}": model.policies[name][s][a] for name, stem in policies.items()
               for s, a in product(n, k)}
    values |= {f"phi_{s}_{a}": model.scores[s][a] for s, a in product(n, k)}
    values |= {f"psi_{s}_{a}": Fraction(0) for s, a in product(n, k)}
    for name, stem in functions.items():
        values |= {"_".join([stem, *map(str, places)]): number for places, number in model.functions[name].items()}
    return values


def substituted(element: Any, model: Model, term: Expr) -> Fraction:
    """A field element at a concrete model: monomials and factors one by one, in ``Fraction``."""
    if isinstance(element, Graded):
        assert model.returns is not None
        total_ = Fraction(0)
        for monomial, part in element.parts.items():
            weight = Fraction(1)
            for path in monomial:
                weight *= model.returns[path]
            total_ += weight * substituted(part, model, term)
        return total_
    assert isinstance(element, Element)
    values, names = numbers_of(model, term), element.field.context.names()

    def polynomial(p: Any) -> Fraction:
        total_ = Fraction(0)
        for powers, coefficient in p.to_dict().items():
            term = Fraction(int(coefficient))
            for name, power in zip(names, powers, strict=True):
                term *= values[name] ** int(power) if power else 1
            total_ += term
        return total_

    result = polynomial(element.num)
    for number, exponent in element.exps.items():
        result *= polynomial(element.field.factor(number)) ** exponent
    return result


def generic(term: Expr, shape: Shape, *, additive: bool) -> Evaluator:
    return Evaluator(generic_model(shape, signature(term), additive=additive))


SECOND_DERIVATIVES = terms(depth=1, free=FREE).map(lambda term: grad(grad(term)))


@pytest.mark.slow
@settings(SLOW, max_examples=40)
@given(terms(depth=2, free=FREE) | terms(rank=1, depth=2, free=FREE) | SECOND_DERIVATIVES,
       models(shapes(max_states=2, max_actions=2, max_horizon=1)))
def test_the_generic_model_at_a_point_is_the_concrete_model(term: Expr, model: Model) -> None:
    environment: dict[Any, Any] = {index: AT[index] for index in term.free_symbols}
    try:
        element = generic(term, model.shape, additive=model.returns is None).value(term, environment)
    except WorkLimit:
        return
    concrete = Evaluator(concrete_model(model, Rationals())).value(term, environment)
    assert substituted(element, model, term) == as_fraction(concrete)


@settings(SLOW, max_examples=40)
@given(terms(depth=2, free=FREE) | terms(rank=1, depth=2, free=FREE), st.booleans(), st.booleans(),
       shapes(max_states=2, max_actions=2, max_horizon=1))
def test_residues_vanish_exactly_when_the_field_element_does(
        term: Expr, vanishing: bool, additive: bool, shape: Shape) -> None:
    difference = term - term if vanishing else term
    environment: dict[Any, Any] = {index: AT[index] for index in term.free_symbols}
    exact = generic(difference, shape, additive=additive)
    modular = Evaluator(residue_model(shape, signature(difference), additive=additive, seed=1))
    try:
        element = exact.value(difference, environment)
        residue = modular.value(difference, environment)
    except (OutsideFragment, WorkLimit):  # a return in a denominator
        return
    assert exact.ring.is_zero(element) == modular.ring.is_zero(residue)
    assert exact.ring.is_zero(element) or not vanishing


# -- floats -------------------------------------------------------------------------------------------------


@SLOW
@given(terms(free=FREE) | terms(rank=1, depth=2, free=FREE) | terms(depth=2, logs=True, free=FREE), models(SMALL))
def test_floats_agree_with_the_enumeration(term: Expr, model: Model) -> None:
    at = {index: AT[index] for index in term.free_symbols}
    found = float_value(term, instance_of(model, signature(term)), at)
    if np.ndim(found):
        found = found @ np.array([float(entry) for row in model.scores for entry in row])
    expected = float(Enumeration(model).value(term, at))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-7 * _size(term, model))


def _size(term: Expr, model: Model) -> float:
    """Numbers that may cancel in the term: a bound on what its products can reach."""
    largest = float(max(1, *(abs(number) for row in model.r for table in row for number in table),
                        *(abs(number) for number in (model.returns or {(): Fraction(0)}).values())))
    nodes = sum(1 for _ in subterms(term))
    return max(1.0, largest) ** min(nodes, 8)


# -- twins: what would be noticed -----------------------------------------------------------------------------


def test_a_wrong_model_is_noticed() -> None:
    half, one = Fraction(1, 2), Fraction(1)
    model = Model(shape=Shape(1, 2, 0), mu=(one,), P=(((one,), (one,)),), r=(((one,), (2 * one,)),), gamma=half,
                  policies={"pi": ((half, half),)}, scores=((one, -one),))
    mistaken = Model(shape=Shape(1, 2, 0), mu=(one,), P=(((one,), (one,)),), r=(((one,), (2 * one,)),), gamma=half,
                     policies={"pi": ((half, half),)}, scores=((-one, one),))
    # by hand: grad J = sum_a pi_a (phi_a - sum_b pi_b phi_b) r_a = 1/2 * 1 * 1 + 1/2 * (-1) * 2 = -1/2
    kernel = as_fraction(Evaluator(concrete_model(model, Rationals())).value(grad(J), {}))
    assert kernel == Fraction(-1, 2)
    assert close(kernel, Enumeration(model).value(grad(J)), FIRST_ORDER)
    assert not close(kernel, Enumeration(mistaken).value(grad(J)), FIRST_ORDER)


def test_a_logarithm_needs_balls() -> None:
    model = Model(shape=Shape(1, 1, 0), mu=(Fraction(1),), P=(((Fraction(1),),),), r=(((Fraction(0),),),),
                  gamma=Fraction(1), policies={"pi": ((Fraction(1),),)}, scores=((Fraction(0),),))
    with pytest.raises(OutsideFragment):
        Evaluator(concrete_model(model, Rationals())).value(log(pi(a | s)), dict(AT))
    assert any(isinstance(node, Log) for node in subterms(log(pi(a | s))))
    assert any(isinstance(node, Grad) for node in subterms(grad(J)))
    with pytest.raises(NotApplicable):
        Evaluator(concrete_model(model, Rationals())).value(expect(tau, mu(tau.s[2])), {})
    assert fmpq(1, 2) == Rationals().number(Fraction(1, 2))
