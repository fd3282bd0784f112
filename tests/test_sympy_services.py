"""Terms are inert: no operator and no SymPy service evaluates one, and none captures.

Each service of SymPy either leaves the mathematics alone or raises; the two tables below
say which. SymPy's own constructors evaluate before they ask a term anything; the last
tests record what they do, and that the door refuses what comes out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy
import pytest
import sympy
from sympy import Add, Derivative, Eq, Expr, Integer, Mul, Ne, Poly, Pow, Rational, S, Symbol, Wild

from derive.errors import DeriveError, NotATerm, NotExact, OperationRefused
from derive.language.expression import DEEPEST, MOST_PARTS, Plus, Power, Ratio, Term, Times, extent, subterms
from derive.language.terms import Everything, Function, Grad, Log, State, Total
from derive.language.typing import admit, check
from derive.language.vocabulary import J, P, R, expect, gamma, log, ratio, s, tau, total, x

V, W = Function("V"), Function("W")
q = Symbol("q")
X = V(x)
SUBJECTS = (total(s, V(s) * W(x)), ratio(X, X), X - X, 0 * ratio(1, X), X**0, J * log(X))

# -- the four operations -------------------------------------------------------------------------


def test_nothing_cancels_and_the_order_is_the_authors() -> None:
    p = P(tau)
    assert (p / p).args == (p, p)
    assert type(p / p) is Ratio
    assert (X - X).args == (X, Times(-1, X))
    assert (0 * X).args == (0, X)
    assert type(X**0) is Power
    assert (X * W(x)).args != (W(x) * X).args
    assert X * W(x) != W(x) * X
    assert X + W(x) != W(x) + X
    assert (X + W(x) + J).args == (X, W(x), J)
    assert (X + (W(x) + J)).args == (X, W(x) + J)
    assert Times(2, Plus(X, J)) == 2 * (X + J)
    assert type(log(Power(X, 2))) is Log
    assert sum([X, J]).args == (0, X, J)
    assert math.prod([X, J]).args == (1, X, J)
    assert -Times(-1, X) == Times(-1, Times(-1, X))


@pytest.mark.parametrize("number", [2, Integer(2), Fraction(1, 2), Rational(1, 2), S.Half, S.Zero, S.One])
def test_exact_numbers_on_either_side(number: Any) -> None:
    exact = Rational(number) if not isinstance(number, Fraction) else Rational(1, 2)
    assert (number + X, X + number) == (Plus(exact, X), Plus(X, exact))
    assert (number * X, X * number) == (Times(exact, X), Times(X, exact))
    assert (number / X, X / number) == (Ratio(exact, X), Ratio(X, exact))
    assert (number - X, X - number) == (Plus(exact, Times(-1, X)), Plus(X, -exact))
    assert X**number == Power(X, exact)
    if isinstance(number, Fraction):  # Python turns the base of Fraction ** anything into a float
        with pytest.raises(NotExact):
            number**X
    else:
        assert number**X == Power(exact, X)


@pytest.mark.parametrize("operation", [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**b])
@pytest.mark.parametrize(("value", "error"), [
    (0.5, NotExact), (numpy.float64(0.5), NotExact), (sympy.Float(0.5), NotExact), (True, NotATerm), (q, NotATerm),
    (sympy.pi, NotATerm), (S.Infinity, NotATerm), ("x", NotATerm), (None, NotATerm), (numpy.int64(2), NotATerm),
    (1j, NotATerm), (numpy.ones(2), NotATerm)])
def test_anything_else_is_refused_on_either_side(operation: Callable[[Any, Any], Any], value: Any, error: type) -> None:
    with pytest.raises(error):
        operation(X, value)
    with pytest.raises(error):
        operation(value, X)
    assert isinstance(operation(X, 2), Term)


# -- services --------------------------------------------------------------------------------------

SAME: dict[str, Callable[[Any], Any]] = {
    "expand": sympy.expand, "expand()": lambda e: e.expand(), "expand_log": sympy.expand_log,
    "doit": lambda e: e.doit(),
    "together": sympy.together, "powsimp": sympy.powsimp, "trigsimp": sympy.trigsimp, "logcombine": sympy.logcombine,
    "sympify": sympy.sympify, "rewrite": lambda e: e.rewrite(sympy.log), "as_expr": lambda e: e.as_expr(),
    "limit": lambda e: sympy.limit(e, q, 0), "series": lambda e: sympy.series(e, q, 0, 3),
    "match": lambda e: Wild("w").matches(e)[Wild("w")], "copy": lambda e: e.copy(),
}
RAISES: dict[str, Callable[[Any], Any]] = {
    "diff": lambda e: e.diff(q), "diff in an index": lambda e: e.diff(x), "sympy.diff": lambda e: sympy.diff(e, q),
    "sympy.diff in an index": lambda e: sympy.diff(e, x), "simplify": sympy.simplify, "equals": lambda e: e.equals(e),
    "nsimplify": sympy.nsimplify, "evalf": lambda e: e.evalf(), "n": lambda e: e.n(), "N": sympy.N, "float": float,
    "int": int, "round": round, "complex": complex, "is_constant": lambda e: e.is_constant(),
    "integrate": lambda e: sympy.integrate(e, q), "integrate()": lambda e: e.integrate(q),
    "limit in an index": lambda e: sympy.limit(e, x, 0), "solve": lambda e: sympy.solve(e, q),
    "solve in an index": lambda e: sympy.solve(e, x), "Eq": lambda e: Eq(e, e), "Eq 0": lambda e: Eq(e, 0),
    "Ne": lambda e: Ne(e, e), "<": lambda e: e < e, ">= 0": lambda e: e >= 0, "0 <": lambda e: e > 0, "abs": abs,
    "%": lambda e: e % 2, "2 %": lambda e: 2 % e, "//": lambda e: e // 2, "divmod": lambda e: divmod(e, 2),
    "Pow": lambda e: Pow(e, -1), "sqrt": sympy.sqrt, "sympy.log": sympy.log, "re": sympy.re,
    "lambdify": lambda e: sympy.lambdify([q], e), "pycode": sympy.pycode, "ccode": sympy.ccode,
    "subs to a symbol": lambda e: (e + X).subs(x, q), "xreplace to a symbol": lambda e: (e + X).xreplace({x: q}),
    "subs to a float": lambda e: (e + X).subs(x, 0.5), "times a matrix": lambda e: e * sympy.Matrix([2]),
    "subs simultaneous": lambda e: e.subs({x: s}, simultaneous=True),
}
# These build new, larger terms of ours around the old one, with the same value: X -> 1*(X/1), X + 0.
WRAPS: dict[str, Callable[[Any], Any]] = {
    "factor": sympy.factor, "cancel": sympy.cancel, "apart": lambda e: sympy.apart(e, q), "radsimp": sympy.radsimp,
    "ratsimp": sympy.ratsimp, "collect": lambda e: sympy.collect(e, q),
    "Sum.doit": lambda e: sympy.Sum(e, (q, 1, 1)).doit(),
}
# These build objects of SymPy, which the door refuses.
FOREIGN: dict[str, Callable[[Any], Any]] = {
    "Derivative": lambda e: Derivative(e, q), "exp": sympy.exp, "conjugate": lambda e: e.conjugate(), "Poly": Poly,
    "Add": lambda e: Add(e, q), "Mul": lambda e: Mul(e, q), "2 terms": lambda e: Add(e, e),
    "Integral": lambda e: sympy.Integral(e, q), "Sum": lambda e: sympy.Sum(e, (q, 1, 3)), "Symbol": lambda e: q,
}


@pytest.mark.parametrize("service", SAME)
def test_services_that_leave_a_term_alone(service: str) -> None:
    for subject in SUBJECTS:
        assert SAME[service](subject) == subject


@pytest.mark.parametrize("service", RAISES)
def test_services_that_raise(service: str) -> None:
    for subject in SUBJECTS:
        with pytest.raises((DeriveError, TypeError, ValueError, NotImplementedError)):
            RAISES[service](subject)
    assert admit(SUBJECTS[0])


@pytest.mark.parametrize("service", [
    "diff", "sympy.diff", "simplify", "equals", "evalf", "is_constant", "Eq", "Eq 0", "Ne", "<", "abs", "%", "//",
    "Pow", "sqrt", "integrate()", "subs simultaneous"])
def test_refusals_of_ours_name_the_term_and_the_next_move(service: str) -> None:
    with pytest.raises(OperationRefused, match=r"on the term .* is refused.*\. [A-Z]"):
        RAISES[service](SUBJECTS[0])


@pytest.mark.parametrize("service", WRAPS)
def test_services_that_wrap_keep_every_part(service: str) -> None:
    for subject in SUBJECTS:
        try:
            result = WRAPS[service](subject)
        except (AttributeError, DeriveError):
            continue
        assert set(subject.args) <= set(subterms(result))
        assert result.free_symbols == subject.free_symbols
        assert admit(result) == result


@pytest.mark.parametrize("service", FOREIGN)
def test_what_sympy_builds_is_refused_at_the_door(service: str) -> None:
    for subject in SUBJECTS:
        with pytest.raises(NotATerm):
            admit(FOREIGN[service](subject))


def test_known_trap_sympys_own_constructors_evaluate_before_they_ask() -> None:
    """Not what we want: what is. No operator, no rule and no rebuild may call these on terms."""
    assert Add(X, Mul(-1, X)) == 0
    assert Mul(0, ratio(1, X)) == 0
    assert sympy.solveset(X, q) == S.EmptySet
    assert bool(X - X)  # truth of a term is that of any Python object
    with pytest.raises(OperationRefused):
        Mul(X, X)


def test_no_rebuild_makes_a_sympy_operation() -> None:
    term = total(s, (V(s) + 1) * X / X - 0 * X**0) / 2
    for result in (term, term.subs(x, State("z")), term.xreplace({x: s}), term.func(*term.args), term.expand(),
                   term.replace(X, J), sympy.sympify(term)):
        assert not any(isinstance(node, (Add, Mul, Pow)) for node in subterms(result))
        assert any(isinstance(node, Ratio) for node in subterms(result))


def test_the_door_takes_terms_and_numbers_only() -> None:
    for good in (*SUBJECTS, Integer(0), Rational(1, 2), X):
        assert admit(good) is good
    loose = total(s, V(s)).body
    bad: tuple[Expr, ...] = (q, Add(X, 1), Mul(2, X), sympy.Float(0.5), sympy.pi, S.Infinity, loose, X * loose)
    for term in bad:
        with pytest.raises(NotATerm):
            admit(term)


# -- depth and width -----------------------------------------------------------------------------

GROW: dict[str, Callable[[Any], Any]] = {
    "log": Log, "plus": lambda e: Plus(1, e), "plus on the left": lambda e: Plus(e, 1), "times": lambda e: Times(2, e),
    "ratio": lambda e: Ratio(e, 2), "below": lambda e: Ratio(1, e), "power": lambda e: Power(e, 2),
    "total": lambda e: Total(s, Everything(), e), "minus": lambda e: Times(-1, e),
}


def nested(grow: Callable[[Any], Any], operators: int, seed: Any = gamma) -> Any:
    term = seed
    for _ in range(operators - extent(seed).depth):
        term = grow(term)
    return term


@pytest.mark.parametrize("kind", GROW)
def test_120_operators_pass_everywhere(kind: str) -> None:
    for seed in (gamma, J):
        term = nested(GROW[kind], DEEPEST, seed)
        assert check(admit(term)) is term
        assert len(str(term)) > DEEPEST / 2
        assert sympy.latex(term)
        assert term.xreplace({x: s}) == term.subs(x, s) == term
        assert hash(term) == hash(term.func(*term.args))
    assert check(nested(lambda e: Times(2, e), DEEPEST, Grad(J)))


@pytest.mark.parametrize("kind", GROW)
@pytest.mark.parametrize("operators", [DEEPEST + 1, 400, 2000])
def test_deeper_terms_get_one_clear_error(kind: str, operators: int) -> None:
    with pytest.raises(NotATerm, match=rf"nests \d+ operators; at most {DEEPEST} are read"):
        admit(nested(GROW[kind], operators))


@pytest.mark.parametrize("times", [14, 18, 25, 59])
def test_a_term_that_is_shared_and_larger_than_a_book_gets_one_clear_error(times: int) -> None:
    """It has few nodes and is read as it is written: 60 times without end, 18 times for minutes."""
    term = gamma
    for _ in range(times):
        term = term * (term + 1)
    with pytest.raises(NotATerm, match=rf"parts as it is written; at most {MOST_PARTS:,} are read"):
        admit(term)
    with pytest.raises(NotATerm, match="parts as it is written"):
        expect(tau, term)
    assert str(term).startswith("[a term of ")


def test_a_shared_term_below_the_bound_is_read() -> None:
    term = gamma
    for _ in range(13):
        term = term * (term + 1)
    assert 20_000 < extent(term).parts <= MOST_PARTS
    assert admit(term) is term


def test_a_deep_term_can_be_shown_in_an_error() -> None:
    assert str(nested(Log, 3000)) == "[a term of 3000 nested operators]"


@pytest.mark.slow
def test_5000_summands_are_read() -> None:
    """It took minutes where the cost was quadratic."""
    long = sum((V(State(f"s{n}")) * R(tau) for n in range(5000)), start=J)
    assert len(long.args) == 5001
    term = total(s, V(s) * long + sum((total(x, V(x) * W(s)) for _ in range(1000)), start=J))
    assert check(admit(term)) is term
    assert str(term).count("V(") == 6001
    assert len(term.subs(State("s7"), x).free_symbols) == 5001
