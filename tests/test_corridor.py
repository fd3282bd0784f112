"""Claims that begin to fail late are refuted by two lanes with few choices; true ones beside them are not."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import pytest
from kernel_letters import ADD, NONE, PP, f, reward, score
from sympy import Expr

from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved, Refuted, Undecided, Verdict
from derive.counterexample.claim import Claim
from derive.counterexample.corridor import find_in_a_corridor
from derive.counterexample.enumerate import Enumeration
from derive.counterexample.shrinking import _simpler_rows_of
from derive.language.assumptions import Assumption, dynamics_positive
from derive.language.expression import as_term
from derive.language.vocabulary import H, J, P, a, expect, gamma, grad, k, mu, notions, pi, s, same, t, tau, total, x
from derive.rules import automata

S = tau.s
LATE = total(t, score(t) * total(k, reward(k), start=t + 7))

# name: the left side, the right side, what is assumed, the horizon at which the sides begin to differ
FALSE = {
    "a literal time 14": (expect(tau, score(14) * f(S[15])), 0, NONE, 14),
    "two literal times": (expect(tau, f(S[14]) * f(S[2])), expect(tau, f(S[14]) * f(S[3])), NONE, 13),
    "a literal power": (expect(tau, gamma**14 * reward(14)), expect(tau, gamma**13 * reward(14)), ADD, 14),
    "late rewards twice": (grad(J), grad(J) + expect(tau, LATE), ADD, 7),
    "late states": (0, expect(tau, total(t, score(t) * f(S[t + 9]), stop=H - 8)), NONE, 8),
    "late states, a positive policy": (0, expect(tau, total(t, score(t) * f(S[t + 9]), stop=H - 8)), PP, 8),
}
TRUE = {
    "a literal time 14": (expect(tau, score(14) * f(S[14])), 0),
    "late states": (0, expect(tau, total(t, score(t + 9) * f(S[t]), stop=H - 9))),
}


def verdict(left: Expr, right: Expr, assumes: Iterable[Assumption]) -> Verdict:
    claim = Theorem(title="claim", name="claim", assumes=tuple(assumes), file="", line=1, docstring="",
                    written=calc(left, by(automata), right))
    return Session().examine(claim).steps[0].verdict


@pytest.mark.slow
@pytest.mark.parametrize("name", FALSE)
def test_a_late_difference_is_shown_on_a_model_that_enumeration_confirms(name: str) -> None:
    left, right, assumes, horizon = FALSE[name]
    found = verdict(left, right, assumes)
    assert isinstance(found, Refuted)
    model, given = found.witness.model, found.witness
    assert horizon <= model.shape.horizon <= horizon + 2
    assert (model.shape.states, model.shape.actions) <= (2, 2)
    oracle = Enumeration(model)
    values = [oracle.value(as_term(side), dict(given.indices)) for side in (left, right)]
    assert all(abs(one - two) < abs(given.left - given.right) / 10**6
               for one, two in zip(values, (given.left, given.right), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_has_no_such_model(name: str) -> None:
    left, right = map(as_term, TRUE[name])
    assert isinstance(verdict(left, right, NONE), Proved)
    assert find_in_a_corridor(Claim(left, right, frozenset(), False), 9 if left == 0 else 14) is None


def test_a_state_that_is_named_is_merged_by_its_name() -> None:
    """It was left alone: 25 states, of which rows of 25 numbers were made simpler for 27 s; now it takes one."""
    p = notions()["p"]
    found = verdict(p[13](s), p[12](s), NONE)
    assert isinstance(found, Refuted)
    assert (found.witness.model.shape.states, found.witness.indices[s]) <= (2, 1)
    acted = verdict(expect(tau, same(tau.a[13], a) * same(S[13], s)), expect(tau, same(tau.a[12], a) * same(S[12], s)),
                    NONE)
    assert isinstance(acted, Refuted)
    assert acted.witness.model.shape.states <= 2
    assert acted.witness.indices[a] < acted.witness.model.shape.actions


def test_simpler_rows_are_made_once_for_each_row() -> None:
    row = tuple(Fraction(n == 3) for n in range(25))
    assert _simpler_rows_of(row) is _simpler_rows_of(tuple(row))
    assert len(_simpler_rows_of(row)) == 3
    assert len(_simpler_rows_of((Fraction(1, 3),) * 3)) == 6  # sure rows and halves


def test_where_every_transition_is_possible_there_is_no_corridor() -> None:
    left, right, *_ = FALSE["late states"]
    claim = Claim(as_term(left), as_term(right), frozenset([dynamics_positive]), False)
    assert find_in_a_corridor(claim, 8) is None


def test_a_free_action_is_one_of_the_two_that_a_corridor_has() -> None:
    """The kernel does not tell two transitions of one step from a square; a third action was looked up, and is none."""
    left = expect(tau, same(tau.a[0], a) * same(S[1], x) * P(x | S[0], tau.a[0]))
    assert isinstance(verdict(left, total(s, mu(s) * pi(a | s) * P(x | s, a) ** 2), NONE), Undecided)
