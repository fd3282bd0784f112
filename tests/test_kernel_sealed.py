"""An equation is a value that only makers of the kernel make: not copied, changed, subclassed or imitated."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from claims_unfolding import S, mean
from kernel_attempts import equation, term, through_a_later_time
from kernel_claims import NAMED, encoded
from kernel_letters import f

from derive.kernel.contexts import Context
from derive.kernel.differences import Gap, Sealed
from derive.kernel.equations import Equation, by_closure, by_rule, chained, gap_of, instance, reversed_, under
from derive.language.vocabulary import J
from derive.procedures.certificates import certificate


def an_equation() -> Equation:
    return equation(mean(f(S[0])), mean(f(S[0])))


def a_gap() -> Gap:
    return gap_of(*encoded(NAMED["literal time: as a sum of one"]))


@pytest.mark.parametrize("make", [an_equation, a_gap])
def test_what_the_kernel_made_is_not_copied_or_changed(make: Callable[[], Any]) -> None:
    one = make()
    for way in (copy.copy, copy.deepcopy, pickle.dumps, dataclasses.replace):
        with pytest.raises(TypeError):
            way(one)
    for name in type(one).__slots__:
        with pytest.raises(TypeError):
            setattr(one, name, None)
        with pytest.raises(TypeError):
            delattr(one, name)
    with pytest.raises(TypeError):
        one.anything = 1
    with pytest.raises(TypeError):
        one.__class__ = object
    with pytest.raises(TypeError):
        one.__init__(object(), **{name: getattr(one, name) for name in type(one).__slots__})


@pytest.mark.parametrize("kind", [Equation, Gap])
def test_nobody_else_makes_one(kind: type[Any]) -> None:
    parts = dict.fromkeys(kind.__slots__)
    for key in (None, object(), "key"):
        with pytest.raises(TypeError):
            kind(key, **parts)
    with pytest.raises(TypeError):
        kind(**parts)
    with pytest.raises(TypeError):
        type("Mine", (kind,), {})
    with pytest.raises(TypeError):
        type("Mine", (Sealed,), {})
    blank = object.__new__(kind)
    with pytest.raises(TypeError):
        blank.before = ("num", 1, 1)


def test_a_blank_equation_is_good_for_nothing() -> None:
    blank = object.__new__(Equation)
    for use in (reversed_, lambda x: chained(x, an_equation()), lambda x: chained(an_equation(), x),
                lambda x: instance(x, {}, Context()), lambda x: under(x, [("grad",)]),
                lambda x: by_rule(Context(), term(J), term(J), "a rule", x)):
        with pytest.raises((AttributeError, TypeError)):
            use(blank)


def test_what_looks_like_an_equation_is_none() -> None:
    class Duck:
        context, before, after, trusts = Context(), ("num", 1, 1), ("num", 0, 1), frozenset()

    for use in (reversed_, lambda x: chained(x, x), lambda x: instance(x, {}, Context()), lambda x: under(x, []),
                lambda x: by_rule(Context(), term(J), term(J), "a rule", x)):
        for fake in (Duck(), Duck, None, "an equation", a_gap()):
            with pytest.raises(TypeError):
                use(fake)


def test_a_gap_is_read_only_all_through() -> None:
    one = gap_of(*encoded(NAMED["range of another time: sums change places"]))
    found = certificate(one)
    (automaton,) = one.sums
    with pytest.raises(TypeError):
        automaton.start[((), 0)] = 0  # type: ignore[index]
    with pytest.raises(TypeError):
        automaton.letters[()] = {}  # type: ignore[index]
    with pytest.raises(AttributeError):
        automaton.start = {}
    with pytest.raises(TypeError):
        next(iter(automaton.letters.values()))[((), (0, 0))] = 1  # type: ignore[index]
    assert by_closure(one, found).before == one.before


def test_repr_shows_the_whole_context() -> None:
    text = repr(through_a_later_time())
    assert "first=4" in text
    assert "trusts=[]" in text
    assert "owes" in text
