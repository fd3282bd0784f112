"""Exact numbers under other people's code: what they decide, which floats they read, and that no way out is silent."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from derive.estimators.numbers import Exact, exact, nearest
from derive.estimators.provenance import Ledger, LeftExact, fraction_of


def array(*numbers: Any, ledger: Ledger | None = None) -> Any:
    own = ledger or Ledger()
    return np.array([exact(number, own) for number in numbers], dtype=object)


def number(value: Any, ledger: Ledger | None = None) -> Exact:
    made = exact(value, ledger or Ledger())
    assert made is not None
    return made


# -- which floats are read ------------------------------------------------------------------------

@pytest.mark.parametrize(("double", "fraction"), [
    (4 / 3, Fraction(4, 3)), (1 / 3, Fraction(1, 3)), (0.1, Fraction(1, 10)), (1e-8, Fraction(1, 10**8)),
    (0.123456, Fraction(123456, 10**6)), (-2.5, Fraction(-5, 2)), (0.0, Fraction(0)), (999 / 1000, Fraction(999, 1000)),
    (1e20, Fraction(10**20)), (np.float64(2 / 7), Fraction(2, 7)),
])
def test_a_float_is_read_as_what_its_author_wrote(double: float, fraction: Fraction) -> None:
    assert fraction_of(double) == fraction


@pytest.mark.parametrize("double", [
    math.sqrt(2), math.pi, 0.1 + 0.2, 1 / 1001, 0.1234567, float(np.float32(0.1)), 1 / 3 + 1e-16, math.inf, math.nan,
    math.exp(1), 2 / 3 - 1 / 7 * 1e-7,
])
def test_any_other_float_is_not(double: float) -> None:
    assert fraction_of(double) is None


def test_no_two_fractions_are_read_from_one_float() -> None:
    """Neighbours of every small fraction near 10^6 and near 0 are read as themselves or not at all."""
    chosen = random.Random(1)
    for _ in range(2000):
        q = chosen.randint(1, 1000)
        p = chosen.randint(-q * 1000, q * 1000)
        assert fraction_of(p / q) == Fraction(p, q)
        for neighbour in (math.nextafter(p / q, math.inf), math.nextafter(p / q, -math.inf)):
            read = fraction_of(neighbour)
            assert read is None or read.numerator / read.denominator == neighbour


def test_readings_are_on_the_ledger_and_whole_numbers_are_not_printed() -> None:
    ledger = Ledger()
    assert (number(3, ledger) * 0.5 + 1.0) == Fraction(5, 2)
    assert ledger.lines() == ("the float 0.5 is read as 1/2",)
    with pytest.raises(LeftExact, match=r"the float 1\.414"):
        number(3, ledger) * math.sqrt(2)
    assert ledger.exits == ["the float 1.4142135623730951"]


# -- ways out -------------------------------------------------------------------------------------

WAYS_OUT: dict[str, Callable[[Any], Any]] = {
    "float": lambda r: float(r[0]), "int": lambda r: int(r[0]), "round": lambda r: round(r[0]),
    "math.sqrt": lambda r: math.sqrt(r[1]), "math.exp": lambda r: math.exp(r[1]),
    "math.floor": lambda r: math.floor(r[0]),
    "math.ceil": lambda r: math.ceil(r[0]), "math.trunc": lambda r: math.trunc(r[0]),
    "asarray": lambda r: np.asarray(r, dtype=float), "astype": lambda r: r.astype(np.float32),
    "astype int": lambda r: r.astype(int), "array of floats": lambda r: np.fromiter(r, dtype=float),
    "format": lambda r: f"{r[0]:.3f}", "percent": lambda r: "%.3f" % r[0],  # noqa: UP031
    "//": lambda r: r[1] // r[2],
    "%": lambda r: r[1] % r[2], "divmod": lambda r: divmod(r[1], r[2]), "complex": lambda r: complex(r[0]),
    "hash": lambda r: {r[0]: 1}, "exp of a fraction": lambda r: np.exp(r[0]), "x/0": lambda r: r[0] / (r[1] - r[1]),
    "cube root": lambda r: r[1] ** (1 / 3), "root of a root": lambda r: np.sqrt(np.sqrt(r[1]) + 1),
    "log of a sum": lambda r: np.log(np.sqrt(r[1]) + 1),
    "assigned into floats": lambda r: np.zeros(3).__setitem__(0, r[0]),
    "nan compared": lambda r: (r[0] - r[0]) / (r[0] - r[0]) > 0, "np.float32": lambda r: r * np.float32(0.1),
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_every_way_out_is_named(name: str) -> None:
    ledger = Ledger()
    rewards = array(Fraction(1, 3), 2, 3, ledger=ledger)
    with pytest.raises((LeftExact, TypeError, ValueError)):
        WAYS_OUT[name](rewards)
    assert len(ledger.exits) == 1
    assert len(ledger.exits[0]) > 4


def test_a_way_out_stays_on_the_ledger_when_the_code_catches_it() -> None:
    ledger = Ledger()
    with suppress(Exception):  # as a careless function would
        float(number(2, ledger))
    assert ledger.exits == ["float(), math.* or dtype=float"]


def test_text_is_no_way_out() -> None:
    for text in (str(number(2)), f"{number(2)}", repr(number(2))):
        with pytest.raises(ValueError, match="could not convert"):
            float(text)


# -- arithmetic -----------------------------------------------------------------------------------

def random_number(chosen: random.Random, ledger: Ledger) -> tuple[Any, float]:
    """An exact number with roots, and the same in floats."""
    total, double = number(0, ledger), 0.0
    for d in chosen.sample([1, 2, 3, 5, 6, 12], 3):
        q = Fraction(chosen.randint(-5, 5), chosen.randint(1, 6))
        total, double = total + number(q, ledger) * number(d, ledger).sqrt(), double + float(q) * math.sqrt(d)
    return total, double


def test_random_expressions_agree_with_floats() -> None:
    chosen, ledger = random.Random(5), Ledger()
    for _ in range(300):
        (x, a), (y, b) = random_number(chosen, ledger), random_number(chosen, ledger)
        assert nearest(x * y - x + 2 * y) == pytest.approx(a * b - a + 2 * b, rel=1e-12, abs=1e-12)
        assert (x > y) is (a > b) or abs(a - b) < 1e-9
        if abs(b) > 1e-9:
            assert nearest(x / y) == pytest.approx(a / b, rel=1e-9)
            assert (x / y) * y == x
        assert x - x == 0
        assert nearest(abs(x)) == pytest.approx(abs(a))


def test_numpy_runs_on_them() -> None:
    r, f = array(0, 1, 3, 3), np.array([0.0, 1, 3, 3])
    for function in (np.mean, np.std, np.var, np.sum, np.max, np.min, np.ptp, lambda x: np.std(x, ddof=1),
                     lambda x: np.delete(x, 1).std(), lambda x: np.clip(x - x.mean(), -1, 1).sum(),
                     lambda x: np.where(x > x.mean(), x, 0).sum(), lambda x: np.abs(x - x.mean()).mean(),
                     lambda x: np.sign(x - x.mean()).sum(), lambda x: np.log(x[1:]).sum(), lambda x: np.square(x).sum(),
                     lambda x: np.linalg.norm(x[1:] - 1) if x.dtype == float else ((x[1:] - 1) ** 2).sum() ** 0.5,
                     lambda x: np.float64(0.25) * x[1], lambda x: 1 / x[1] - x[2] ** -2, lambda x: np.median(x),
                     lambda x: (np.eye(4, dtype=int) - 2 * np.tri(4, dtype=int)) @ x @ x, lambda x: np.dot(x, x[::-1]),
                     lambda x: np.einsum("i,ij->j", x, np.outer(x, x)).sum(), lambda x: np.sort(x - 2)[1],
                     lambda x: x[np.argsort(x, kind="stable")][2], lambda x: np.quantile(x, 0.25),
                     lambda x: (np.exp(np.log(x[1:])) / np.exp(np.log(x[1:])).sum())[1],
                     lambda x: sum(x.reshape(2, 2).mean(axis=1)), lambda x: np.cumsum(x)[-1]):
        value = function(r)
        assert nearest(number(value)) == pytest.approx(float(function(f)), rel=1e-12)


def test_nought_by_nought_is_nan_as_in_numpy() -> None:
    c = array(0, 0)
    nan = (c / c.std())[0]
    assert nan.value is None
    assert nan != nan
    assert (nan == 0) is False
    assert ((nan + 1) * 2 - 3).value is None
    assert list(np.where(c.std() > 0, c / c.std(), 0)) == [0, 0]


def test_logarithms_and_their_exponentials() -> None:
    assert number(12).log() == 2 * number(2).log() + number(3).log()
    assert (number(Fraction(3, 8)).log() - number(3).log()).exp() == Fraction(1, 8)
    assert (number(2).log() / 2).exp() == number(2).sqrt()
    assert number(3).log() - number(2).log() > 0
    assert number(2).log() * 19 - number(3).log() * 12 < 0  # 524288 < 531441
    assert number(2).log() != number(2).sqrt()


def test_derivatives_follow_the_rules() -> None:
    """x with dx: d(x^2/(x+1)) = (x^2+2x)/(x+1)^2, d sqrt(x) = 1/(2 sqrt x), d exp(log x) = dx; all at x = 4."""
    ledger = Ledger()
    one = number(1).value
    x = Exact(number(4).value, ledger, {"x": one})

    def slope(value: Any) -> Any:
        return Exact(value.slope.get("x", {}), ledger)

    assert slope(x * x / (x + 1)) == Fraction(24, 25)
    assert slope(x.sqrt()) == Fraction(1, 4)
    assert slope(x.log().exp()) == 1
    assert slope(1 / x) == Fraction(-1, 16)
    assert slope(abs(-x)) == 1
    assert slope(x - x) == 0
    assert slope(x.detach() * x) == 4


def test_a_number_with_an_unknown_zero_is_not_decided() -> None:
    """log 2 log 3 differs from 1, which a ball shows; formal zeros are zeros."""
    product = number(2).log() * number(3).log()
    assert product - product == 0
    assert product != 1
    assert product < 1


def test_doubles_are_near_the_balls() -> None:
    """Single terms are divided and rooted in doubles, sums by a ball: both within two units of the last place."""
    from derive.estimators import field

    chosen, ledger = random.Random(9), Ledger()
    for _ in range(300):
        q = Fraction(chosen.randint(-10**9, 10**9), chosen.randint(1, 10**9))
        value = number(q, ledger) * number(chosen.choice([1, 2, 3, 30, 2 * 3 * 5 * 7 * 11 * 13]), ledger).sqrt()
        other = value + number(chosen.randint(0, 1), ledger).sqrt() - number(Fraction(1, 3), ledger)
        for one in (value, other):
            assert one.value is not None
            assert field.double(one.value) == pytest.approx(float(field.ball(one.value, 256)), rel=4e-16, abs=0)
    for huge in (10**400, Fraction(1, 10**400), Fraction(10**400, 3 * 10**399)):
        value = number(huge, ledger)
        assert value.value is not None
        assert field.double(value.value) == float(field.ball(value.value, 256))
    assert field.double({}) == 0.0
