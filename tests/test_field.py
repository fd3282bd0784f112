"""Field elements, graded elements and jets, against fractions at random points and against SymPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import OutsideFragment, Undefined, WorkLimit
from derive.language.models import Shape
from derive.semantics import field as field_module
from derive.semantics import graded as graded_module
from derive.semantics import jets
from derive.semantics.concrete import Rationals
from derive.semantics.field import Element, Field
from derive.semantics.generic import PRODUCTS, Polynomials
from derive.semantics.graded import Graded, graded_total

NAMES = ("u", "v", "w")
POINT = {"u": Fraction(2), "v": Fraction(-3, 5), "w": Fraction(7, 11)}


def at_point(element: Element) -> Fraction:
    """The element with rationals substituted, factor by factor."""

    def polynomial(poly: Any) -> Fraction:
        result = Fraction(0)
        for exponents, coefficient in poly.to_dict().items():
            term = Fraction(int(coefficient))
            for name, exponent in zip(NAMES, exponents, strict=True):
                term *= POINT[name] ** int(exponent)
            result += term
        return result

    result = polynomial(element.num)
    for number, exponent in element.exps.items():
        result *= polynomial(element.field.factor(number)) ** exponent
    return result


# A recipe is a value in both worlds: ("u",), ("+", p, q), ... evaluated by two interpreters.
LEAVES = st.sampled_from([*NAMES, "declared", -2, 0, 1, 3])
RECIPES = st.recursive(LEAVES, lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner), max_leaves=9)


def built(recipe: Any, field: Field) -> Element:
    if isinstance(recipe, int):
        return field.integer(recipe)
    if recipe == "declared":
        return field.as_factor(field.one - field.symbol("u"))
    if isinstance(recipe, str):
        return field.symbol(recipe)
    sign, left, right = recipe
    return _operation(sign)(built(left, field), built(right, field))


def counted(recipe: Any) -> Fraction:
    if isinstance(recipe, int):
        return Fraction(recipe)
    if recipe == "declared":
        return 1 - POINT["u"]
    if isinstance(recipe, str):
        return POINT[recipe]
    sign, left, right = recipe
    return _operation(sign)(counted(left), counted(right))


def _operation(sign: str) -> Callable[[Any, Any], Any]:
    table: Mapping[str, Callable[[Any, Any], Any]] = {
        "+": lambda p, q: p + q, "-": lambda p, q: p - q, "*": lambda p, q: p * q, "/": lambda p, q: p / q}
    return table[sign]


def symbolic(recipe: Any) -> Any:
    if isinstance(recipe, int):
        return sympy.Integer(recipe)
    if recipe == "declared":
        return 1 - sympy.Symbol("u")
    if isinstance(recipe, str):
        return sympy.Symbol(recipe)
    sign, left, right = recipe
    return _operation(sign)(symbolic(left), symbolic(right))


@given(RECIPES)
def test_arithmetic_against_fractions_at_a_point(recipe: Any) -> None:
    try:
        element = built(recipe, Field(NAMES))
    except Undefined:
        with pytest.raises(ZeroDivisionError):
            counted(recipe)
        return
    try:
        expected = counted(recipe)
    except ZeroDivisionError:  # an element that is not 0 may vanish at the point
        return
    assert at_point(element) == expected


@given(RECIPES, RECIPES)
def test_the_zero_test_against_sympy(one: Any, two: Any) -> None:
    field = Field(NAMES)
    try:
        gap = built(one, field) - built(two, field)
    except Undefined:
        return
    assert gap.is_zero == (sympy.cancel(symbolic(one) - symbolic(two)) == 0)


@given(RECIPES, st.integers(-3, 3))
def test_powers_are_repeated_products(recipe: Any, exponent: int) -> None:
    try:
        element = built(recipe, Field(NAMES))
        power = element**exponent
    except Undefined:
        return
    expected = element.field.one
    for _ in range(abs(exponent)):
        expected = expected * element if exponent > 0 else expected / element
    assert (power - expected).is_zero


@given(st.lists(RECIPES, max_size=6))
def test_a_total_is_the_sum_in_any_grouping(recipes: list[Any]) -> None:
    field = Field(NAMES)
    try:
        elements = [built(recipe, field) for recipe in recipes]
    except Undefined:
        return
    expected = field.zero
    for element in elements:
        expected = expected + element
    assert (field.total(elements) - expected).is_zero


def test_declared_factors_cancel_as_exponents() -> None:
    field = Field(NAMES)
    p, q = field.as_factor(field.symbol("u")), field.as_factor(field.one - field.symbol("u"))
    quotient = p * p * q / (p * q * q)
    assert sorted(quotient.exps.values()) == [-1, 1]
    assert quotient.num.is_one()
    assert (p * q / (p * q)).exps == {}
    assert (quotient * q - p).is_zero
    assert ((-p) + p).is_zero
    assert (field.fraction(2, 6) - field.one / field.integer(3)).is_zero
    assert not (field.fraction(2, 6) - field.one / field.integer(2)).is_zero


def test_a_constant_is_no_factor_and_a_factor_is_declared_once() -> None:
    field = Field(NAMES)
    assert field.as_factor(field.integer(3)).exps == {}
    assert field.as_factor(field.symbol("v")).exps == field.as_factor(field.symbol("v")).exps
    assert Field(()).integer(2).is_zero is False  # a field without indeterminates


def test_division_by_zero_is_undefined() -> None:
    field = Field(NAMES)
    zero = field.symbol("u") - field.symbol("u")
    for denominator in (field.zero, zero, zero / field.symbol("v")):
        with pytest.raises(Undefined, match="division by zero"):
            field.one / denominator
    with pytest.raises(Undefined):
        field.zero**-1


def test_an_element_is_neither_hashable_nor_mixed_with_numbers() -> None:
    element = Field(NAMES).symbol("u")
    with pytest.raises(TypeError):
        hash(element)
    for sign in "+-*/":
        with pytest.raises(TypeError):
            _operation(sign)(element, 0.5)


def test_an_element_shows_its_factors() -> None:
    field = Field(NAMES)
    shown = repr(field.symbol("v") / (field.one - field.symbol("u")))
    assert "v" in shown
    assert shown.endswith("**-1")


def test_a_product_beyond_the_budget_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_module, "MOST_TERMS", 8)
    field = Field(NAMES)
    two, three = field.symbol("u") + field.symbol("v"), field.symbol("u") + field.symbol("v") + field.symbol("w")
    assert at_point(two * three) == (POINT["u"] + POINT["v"]) * sum(POINT.values())
    with pytest.raises(WorkLimit, match="3 by 3 terms exceeds 8"):
        three * three


def test_the_products_of_one_value_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_module, "MOST_WORK", 10)
    field = Field(NAMES)
    two = field.symbol("u") + field.symbol("v")
    for _ in range(2):  # 4 terms each
        two * two
    with pytest.raises(WorkLimit, match="exceed 10 terms in all"):
        two * two


def test_the_polynomials_of_one_value_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """FLINT ends the process where it gets no memory: sums are bounded as products are."""
    field = Field(("x", "y"))
    monkeypatch.setattr(field_module, "MOST_HELD", 39)
    term = field.symbol("x") + field.symbol("y")
    for _ in range(11):
        term = term + field.symbol("x")
    with pytest.raises(WorkLimit, match="the polynomials of one value have more than 39 terms in all"):
        term + term
    field.begin()  # the next value
    assert (term - term).num.is_zero()


def test_a_product_of_too_many_returns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graded_module, "MOST_PRODUCTS", 3)
    field = Field(NAMES)
    both = graded_total(field, [Graded(field, {(path,): field.one}) for path in (ONE, TWO)])
    with pytest.raises(WorkLimit, match="2 by 2 returns exceeds 3"):
        both * both


# -- graded elements -------------------------------------------------------------------------------

ONE, TWO = (0, 0, 0), (0, 1, 0)
RETURNS = {ONE: Fraction(5), TWO: Fraction(-4, 3)}


def graded_at_point(value: Any) -> Fraction:
    if isinstance(value, Element):
        return at_point(value)
    result = Fraction(0)
    for monomial, part in value.parts.items():
        term = at_point(part)
        for path in monomial:
            term *= RETURNS[path]
        result += term
    return result


def both(recipe: Any, field: Field) -> tuple[Any, Fraction]:
    """A polynomial in u, v, R(ONE), R(TWO) in the kernel and as a number."""
    if isinstance(recipe, tuple) and recipe and recipe[0] in ("+", "-", "*"):
        (one, left), (two, right) = both(recipe[1], field), both(recipe[2], field)
        return _operation(recipe[0])(one, two), _operation(recipe[0])(left, right)
    if recipe in (ONE, TWO):
        return Graded(field, {(recipe,): field.one}), RETURNS[recipe]
    return field.symbol(recipe), POINT[recipe]


GRADED = st.recursive(st.sampled_from(["u", "v", ONE, TWO]),
                      lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner), max_leaves=7)


@given(GRADED, GRADED)
def test_graded_arithmetic_against_fractions(one: Any, two: Any) -> None:
    field = Field(NAMES)
    (left, expected), (right, other) = both(one, field), both(two, field)
    assert graded_at_point(left) == expected
    for value, number in ((left + right, expected + other), (left - right, expected - other),
                          (left * right, expected * other), (left * left, expected * expected)):
        assert graded_at_point(value) == number
    assert (left * left - left * both(one, field)[0]).is_zero  # a square is found in its own way
    total = graded_total(field, [left, right, left])
    assert graded_at_point(total) == 2 * expected + other
    assert ((left - right) + (right - left)).is_zero
    assert graded_at_point(-left) == -expected


def test_the_product_of_returns_commutes_and_is_compared_by_trajectory() -> None:
    field = Field(NAMES)
    first, second = (Graded(field, {(path,): field.one}) for path in (ONE, TWO))
    assert (first * second - second * first).is_zero
    assert not (first - second).is_zero
    assert not (first - field.one).is_zero
    assert ((first * field.symbol("u")) / field.symbol("u") - first).is_zero


def test_nothing_is_divided_by_a_return() -> None:
    field = Field(NAMES)
    graded = Graded(field, {(ONE,): field.one})
    for above in (field.one, graded):
        with pytest.raises(OutsideFragment, match="division by a return"):
            above / graded


# -- logarithms ------------------------------------------------------------------------------------


def logs() -> Polynomials:
    return Polynomials(NAMES, Shape(1, 2, 0), 8)


def test_logarithms_split_into_irreducible_factors() -> None:
    ring = logs()
    u, v = ring.field.symbol("u"), ring.field.symbol("v")
    log = ring.log
    assert ring.is_zero(log((u + v) * (u + v)) - log(u + v) - log(u + v))
    assert ring.is_zero(log(u * u + u * v + u * v + v * v) - log(u + v) - log(v + u))
    assert ring.is_zero(log(u / v) - (log(u) - log(v)))
    assert ring.is_zero(log(ring.integer(12)) - log(ring.integer(3)) - log(ring.integer(2)) - log(ring.integer(2)))
    assert ring.is_zero(log(ring.one))
    assert ring.is_zero(log(u - v) - log(-(v - u)))
    assert not ring.is_zero(log(u + v) - log(u) - log(v))
    assert not ring.is_zero(log(u) - u)


def test_what_has_no_logarithm() -> None:
    ring = logs()
    with pytest.raises(OutsideFragment, match="logarithm of zero"):
        ring.log(ring.zero)
    with pytest.raises(OutsideFragment, match="logarithm of a return"):
        ring.log(Graded(ring.field, {(ONE,): ring.one}))
    for number in range(8):
        ring.log(ring.field.symbol("u") + ring.integer(number))
    with pytest.raises(OutsideFragment, match="different factors"):
        ring.log(ring.field.symbol("v"))


# -- jets against symbolic derivatives --------------------------------------------------------------

z = sympy.Symbol("z")
POLYNOMIALS = st.lists(st.integers(-4, 4), min_size=3, max_size=3).map(lambda c: c[0] + c[1] * z + c[2] * z**2)
RING = Rationals()


def jet_of(function: Any, order: int) -> tuple[Any, ...]:
    """(f, f', f'') at z = 1."""
    numbers = [sympy.Rational(sympy.diff(function, z, n).subs(z, 1)) for n in range(order + 1)]
    return tuple(RING.number(Fraction(int(number.p), int(number.q))) for number in numbers)


@pytest.mark.slow
@settings(max_examples=40)
@given(POLYNOMIALS, POLYNOMIALS, st.integers(0, 2))
def test_jets_follow_the_rules_of_differentiation(f: Any, g: Any, order: int) -> None:
    assert jets.product(jet_of(f, order), jet_of(g, order)) == jet_of(f * g, order)
    assert jets.summed([jet_of(f, order), jet_of(g, order)], order, RING) == jet_of(f + g, order)
    assert jets.scaled(RING.integer(3), jet_of(f, order)) == jet_of(3 * f, order)
    if g.subs(z, 1) != 0:
        assert jets.quotient(jet_of(f, order), jet_of(g, order)) == jet_of(sympy.sympify(f) / g, order)
        # (log g)' = g'/g, and its derivative
        assert jets.log_derivatives(jet_of(g, order)) == (None, *jet_of(sympy.diff(g, z) / g, 1))[: order + 1]


def test_entries_that_nobody_asks_for_stay_none() -> None:
    jet, hidden = jet_of(z**2, 2), (None, RING.one, RING.one)
    assert jets.above(jet, 0) == jet
    assert jets.above(jet, 2) == (None, None, jet[2])
    assert jets.scaled(RING.integer(2), hidden) == (None, RING.integer(2), RING.integer(2))
    assert jets.summed([jet, hidden], 2, RING)[0] is None
    assert jets.summed([], 1, RING) == (RING.zero, RING.zero)


def test_the_work_on_polynomials_counts_with_the_elements() -> None:
    """Few elements of many terms: a claim of two inner products took 100 s, one shape after the other."""
    field = Field(["x", "y"])
    one = field.symbol("x") + field.symbol("y")
    for _ in range(6):
        one = one * one
    assert field.work > 1_000 > field.made
    before = field.work
    field.begin()
    assert (field.work, field.spent) == (0, before)
    ring = Polynomials(["x"], Shape(1, 1, 0), 0)
    made = ring.made
    ring.field.work += 100 * PRODUCTS
    assert ring.made == made + 100
    ring.begin()
    assert ring.made == made + 100
