"""Bound names mean nothing: equal up to names is ==, and nothing captures.

The reference is a named lambda calculus of its own (tuples, textbook alpha-equivalence and
capture-avoiding substitution), written without a look at ``derive.language.binding``.
"""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Basic, Dummy, srepr

from derive.errors import DeriveError, NotATerm, OperationRefused
from derive.language import terms as nodes
from derive.language.binding import each, loose_indices, rewrite_bottom_up, substitute
from derive.language.terms import Everything, Function, State, Total
from derive.language.typing import admit
from derive.language.vocabulary import H, P, R, expect, k, t, tau, total

V, W = Function("V"), Function("W")
s, x, y = State("s"), State("x"), State("y")
ALL = Everything()

# -- a reference: named lambda terms as tuples -------------------------------------------------
# ("var", name) | ("f", left, right) | ("sum", name, body)

NAMES = ("p", "q", "r")


def named_terms() -> st.SearchStrategy[Any]:
    leaf = st.sampled_from(NAMES).map(lambda name: ("var", name))

    def larger(inner: Any) -> Any:
        pairs = st.tuples(st.just("f"), inner, inner)
        sums = st.tuples(st.just("sum"), st.sampled_from(NAMES), inner)
        return st.one_of(sums, pairs)

    return st.recursive(leaf, larger, max_leaves=7)


def alpha_equal(left: Any, right: Any, pairs: tuple[tuple[str, str], ...] = ()) -> bool:
    match left, right:
        case ("var", a), ("var", b):
            for mine, yours in pairs:  # innermost first
                if mine == a or yours == b:
                    return mine == a and yours == b
            return a == b
        case ("f", a, b), ("f", c, d):
            return alpha_equal(a, c, pairs) and alpha_equal(b, d, pairs)
        case ("sum", a, body), ("sum", b, other):
            return alpha_equal(body, other, ((a, b), *pairs))
    return False


def free_names(term: Any) -> set[str]:
    match term:
        case ("var", name):
            return {name}
        case ("f", left, right):
            return free_names(left) | free_names(right)
        case ("sum", name, body):
            return free_names(body) - {name}
    raise AssertionError(term)


def substituted(term: Any, values: dict[str, Any]) -> Any:
    match term:
        case ("var", name):
            return values.get(name, term)
        case ("f", left, right):
            return ("f", substituted(left, values), substituted(right, values))
        case ("sum", name, body):
            values = {old: new for old, new in values.items() if old != name}
            avoid = free_names(body) | set(values) | set().union(*map(free_names, values.values()), ())
            fresh = next(f"v{n}" for n in range(99) if f"v{n}" not in avoid)
            return ("sum", fresh, substituted(body, {**values, name: ("var", fresh)}))
    raise AssertionError(term)


def capturing(term: Any, values: dict[str, Any]) -> Any:
    """The wrong substitution, the twin of the one above: it forgets to rename."""
    match term:
        case ("var", name):
            return values.get(name, term)
        case ("f", left, right):
            return ("f", capturing(left, values), capturing(right, values))
        case ("sum", name, body):
            return ("sum", name, capturing(body, {old: new for old, new in values.items() if old != name}))
    raise AssertionError(term)


def built(term: Any) -> Any:
    match term:
        case ("var", name):
            return V(State(name))
        case ("f", left, right):
            return built(left) * built(right)
        case ("sum", name, body):
            return total(State(name), built(body))
    raise AssertionError(term)


def shifted(term: Any) -> Any:
    """An alpha-equal term in which every bound name is new."""
    match term:
        case ("sum", name, body):
            fresh = f"n{len(str(body))}"
            return ("sum", fresh, shifted(substituted(body, {name: ("var", fresh)})))
        case ("f", left, right):
            return ("f", shifted(left), shifted(right))
    return term


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(named_terms(), named_terms())
def test_equality_is_alpha_equivalence(left: Any, right: Any) -> None:
    one, other = built(left), built(right)
    # one direction only: a*b*c flattens; the next test has the other one
    assert not alpha_equal(left, right) or one == other
    assert (one == other) == (srepr(one) == srepr(other))
    renamed = built(shifted(left))
    assert renamed == one
    assert hash(renamed) == hash(one)
    assert srepr(renamed) == srepr(one)


@settings(max_examples=200, deadline=None)
@given(named_terms(), named_terms())
def test_terms_that_are_not_alpha_equal_differ(left: Any, right: Any) -> None:
    def flat(term: Any) -> Any:  # V at a pair instead of a product: no flattening
        match term:
            case ("var", name):
                return V(State(name))
            case ("f", one, two):
                return nodes.Log(flat(one)) / flat(two)
            case ("sum", name, body):
                return total(State(name), flat(body))
        raise AssertionError(term)

    assert (flat(left) == flat(right)) == alpha_equal(left, right)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(named_terms(), st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES), min_size=1))
def test_substitution_agrees_with_the_reference(term: Any, renaming: dict[str, str]) -> None:
    expected = built(substituted(term, {old: ("var", new) for old, new in renaming.items()}))
    values = {State(old): State(new) for old, new in renaming.items()}
    mine = built(term)
    assert substitute(mine, values) == expected
    assert mine.xreplace(values) == expected
    assert rewrite_bottom_up(mine, lambda node: values.get(node, node)) == expected
    if len(values) == 1:
        assert mine.subs(*next(iter(values.items()))) == expected
        assert mine.replace(*next(iter(values.items()))) == expected
    assert not loose_indices(expected)


def test_a_capturing_substitution_would_be_seen() -> None:
    term = ("sum", "p", ("f", ("var", "p"), ("var", "q")))
    values = {"q": ("var", "p")}
    assert built(capturing(term, values)) != built(substituted(term, values))
    assert substitute(built(term), {State("q"): State("p")}) == built(substituted(term, values))


@settings(max_examples=150, deadline=None)
@given(named_terms())
def test_rebuild_copy_and_pickle_are_the_identity(term: Any) -> None:
    mine = built(term)
    for node in (mine, *mine.args):
        if node.args:
            assert node.func(*node.args) == node
    for other in (copy.copy(mine), copy.deepcopy(mine), pickle.loads(pickle.dumps(mine)), mine.copy()):
        assert other == mine
        assert hash(other) == hash(mine)
    names = {name: getattr(nodes, name) for name in dir(nodes)}
    exec("from sympy import Integer, Rational\nfrom derive.language.expression import *", names)
    assert eval(srepr(mine), names) == mine


# -- the places where SymPy captures ---------------------------------------------------------


def test_sympy_examples_of_capture_come_out_right() -> None:
    term = total(y, V(x) * W(y))  # Sum(x*y, (y, 1, 3)).subs(x, y) is 14 in SymPy, 6*y is right
    right = total(x, V(y) * W(x))
    wrong = total(y, V(y) * W(y))
    for result in (term.subs(x, y), term.xreplace({x: y}), term.replace(x, y), substitute(term, {x: y}),
                   term.replace(lambda e: e == x, lambda e: y), term.subs([(x, y)]), term.subs({x: y})):
        assert result == right != wrong
    swapped = {x: y, y: x}
    both = total(s, V(s) * W(x)) * V(y)
    assert both.xreplace(swapped) == total(s, V(s) * W(y)) * V(x) == substitute(both, swapped)
    with pytest.raises(OperationRefused, match="simultaneous"):
        both.subs(swapped, simultaneous=True)


@pytest.mark.parametrize("pairs", [("x", y), (x, "print(7)"), ({x: "print(7)"},), ([(x, "print(7)")],)])
def test_text_is_not_evaluated_by_subs(pairs: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OperationRefused, match="subs of text"):
        W(x).subs(*pairs)
    assert capsys.readouterr().out == ""


def test_sympy_evaluates_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The twin: what terms did with text until they refused it."""
    with pytest.raises(DeriveError):
        Basic.subs(W(x), x, "print(7)")
    assert "7" in capsys.readouterr().out


def test_a_bound_index_cannot_be_touched() -> None:
    term = total(y, V(x) * W(y))
    bound = term.index
    for attempt in (lambda: term.subs(bound, x), lambda: term.xreplace({bound: x}), lambda: term.replace(bound, x),
                    lambda: substitute(term, {bound: x}), lambda: term.replace(State, lambda *a: State("z")),
                    lambda: rewrite_bottom_up(term, lambda e: s if isinstance(e, State) and e.is_bound else e),
                    lambda: term.opened("x")):
        with pytest.raises(OperationRefused):
            attempt()


def test_a_loose_index_is_never_captured() -> None:
    """What a rule sees on raw ``.args``: the loose index of an outer binder."""
    outer = total(x, V(x) * total(y, W(y)))  # heights: x is 2, y is 1
    inner = outer.body.args[1]
    loose = inner.index  # State(1), now loose
    host = total(y, V(x) * W(y))  # binds State(1) too
    for attempt in (lambda: host.subs(x, loose), lambda: host.xreplace({x: loose}), lambda: host.replace(x, loose),
                    lambda: host.subs(V(x), V(loose)),
                    lambda: rewrite_bottom_up(host, lambda e: loose if e == x else e)):
        with pytest.raises(OperationRefused):
            attempt()
    safe = substitute(host, {x: loose})  # right, with the inner index out of the way
    assert safe.free_symbols == {loose}
    assert total(x, 1 * substitute(safe, {loose: x}, loose=True)) == total(x, 1 * host)
    assert Total(loose, ALL, safe) == total(x, host)
    assert Total(loose, ALL, host.instantiated(loose)) == total(s, V(x) * W(s))


def test_opened_and_instantiated() -> None:
    term = total(y, V(x) * W(y))
    fresh, body = term.opened()
    assert body == V(x) * W(fresh)
    assert not fresh.is_bound
    assert fresh != x
    assert Total(fresh, ALL, body) == term
    assert term.opened("s") == (s, V(x) * W(s))
    assert term.instantiated(x) == V(x) * W(x)
    assert term.instantiated(tau.s[t]) == V(x) * W(tau.s[t])
    with pytest.raises(OperationRefused, match="free in the body"):
        term.opened("x")
    nested = total(x, V(x) * total(y, W(y)))  # x is not in the inner body, yet the names differ
    first, outside = nested.opened()
    second, inside = outside.args[1].opened()
    assert first != second
    moved = total(first, Total(second, ALL, V(first) * inside))
    assert moved == total(x, total(y, V(x) * W(y)))


def test_each_is_capture_free_where_a_literal_name_captures() -> None:
    def literal(n: Any) -> Any:
        return total(k, P(tau) ** (k + n))

    def by_each(n: Any) -> Any:
        return each(Total, nodes.Time, nodes.Between(0, H), lambda i: P(tau) ** (i + n))

    assert by_each(t) == literal(t)
    assert by_each(k) == total(t, P(tau) ** (t + k)) != literal(k)
    assert each(Total, State, ALL, lambda a: each(Total, State, ALL, lambda b: V(a) * W(b))) == total(
        x, total(y, V(x) * W(y)))


def test_nested_binders_of_one_kind() -> None:
    assert total(x, total(y, V(x) * W(y))) != total(x, total(y, V(y) * W(x)))
    assert total(x, total(y, V(x) * W(y))) == total(y, total(x, V(y) * W(x)))
    assert total(x, total(x, V(x))) == total(y, total(x, V(x))) != total(y, total(x, V(y)))
    assert total(x, V(x) * total(x, W(x))) == total(y, V(y) * total(s, W(s)))


def test_the_range_lies_outside_the_scope() -> None:
    """So a letter there is not the one that is bound; ``total`` refuses to be written so."""
    term = Total(t, nodes.Between(0, t), P(tau) ** t)
    assert term == total(k, P(tau) ** k, stop=t) != Total(k, nodes.Between(0, k), P(tau) ** k)
    assert term.free_symbols == {tau, t}
    assert substitute(term, {t: k}) == total(t, P(tau) ** t, stop=k)


def test_rebuilding_with_a_deeper_body_renumbers() -> None:
    """V(x) becomes a sum of sums: the outer name collides in mid-rebuild, for any rewriting service."""
    deep = total(s, total(x, total(y, V(s) * W(x) * W(y))))
    term = total(s, total(x, W(s) * V(x)))
    expected = total(s, total(x, W(s) * (V(x) * deep)))

    def is_value(node: Any) -> bool:
        return isinstance(node, nodes.Applied) and node.args[0] == V

    assert rewrite_bottom_up(term, lambda e: e * deep if is_value(e) else e) == expected
    assert term.replace(is_value, lambda e: e * deep) == expected
    assert admit(expected) == expected
    shrunk = total(s, total(x, W(s) * V(s)))  # and a binder that loses its inner binder
    assert rewrite_bottom_up(shrunk, lambda e: e.body if isinstance(e, Total) and e.index not in e.body.free_symbols
                             else e) == total(s, W(s) * V(s))


def test_swapping_on_raw_arguments() -> None:
    term = total(s, total(x, V(s) * W(x) * total(y, V(y))))

    def swap(node: Any) -> Any:
        inner = node.body
        return Total(inner.index, inner.domain, Total(node.index, node.domain, inner.body))

    assert swap(term) == total(x, total(s, V(s) * W(x) * total(y, V(y)))) != term
    assert swap(swap(term)) == term
    around = total(State("z"), V(State("z")) * term)
    by_rewrite = rewrite_bottom_up(
        around, lambda e: swap(e) if isinstance(e, Total) and isinstance(e.body, Total) else e)
    assert by_rewrite == total(State("z"), V(State("z")) * swap(term))


def test_a_rebuild_never_changes_the_sort_or_name_it_binds() -> None:
    with pytest.raises(NotATerm, match="binds an index"):
        Total(V(x), ALL, V(x))
    with pytest.raises(NotATerm):
        total(x, V(x)).xreplace({V: Dummy()})


def test_equal_terms_agree_across_processes() -> None:
    """Names chosen in another order, in another process, with another hash seed."""
    code = (
        "import pickle, sys; from derive.language.vocabulary import *; from derive.language.terms import *;"
        "V = Function('V'); total(s, total(x, V(s)));"
        "q = Trajectory('q');"
        "sys.stdout.buffer.write(pickle.dumps(expect(q, total(x, V(x) * total(s, V(s))) * R(q))))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env={
        "PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(path or "." for path in sys.path)})
    there = pickle.loads(run.stdout)
    here = expect(tau, total(y, V(y) * total(s, V(s))) * R(tau))
    assert there == here
    assert hash(there) == hash(here)
    assert there != expect(tau, total(y, V(y) * total(s, V(y))) * R(tau))


def test_a_loose_index_in_the_range_is_not_the_bound_one() -> None:
    """In mid-rebuild a range may hold the loose index of an outer binder, under the very name bound below it."""
    loose = total(k, P(tau) ** k).index
    clash = total(k, P(tau) ** k, stop=loose)
    assert clash.index == loose
    assert substitute(clash, {loose: t}, loose=True) == total(k, P(tau) ** k, stop=t)
    assert total(loose, clash) == total(t, total(k, P(tau) ** k, stop=t)) != total(
        t, Total(k, nodes.Between(0, k), P(tau) ** k))
