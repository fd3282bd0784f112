"""Every defined notion is what its record says, at every place and under every binder, and nothing else changes.

The expected terms are typed by hand from the textbook's definitions.
"""

from __future__ import annotations

import pytest
from sympy import Expr

from derive.errors import MalformedTerm, WorkLimit
from derive.language.binding import loose_indices
from derive.language.definitions import DEFINITIONS, definition_of, expanded, meaning_of
from derive.language.expression import Plus, Times, subterms
from derive.language.horizons import is_endless
from derive.language.terms import (
    ActionValue,
    Advantage,
    Objective,
    Policy,
    Return,
    State,
    StateValue,
    Trajectory,
    TrajectoryProbability,
    Var,
)
from derive.language.typing import admit
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mean,
    mu,
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

b, sigma, y = Policy("b"), Trajectory("sigma"), State("y")
f = function("f")
DEFINED = (Objective, TrajectoryProbability, ActionValue, Advantage, Var)


def finite(term: Expr) -> Expr:
    return expanded(term, additive=True, infinite=False)


def arbitrary(term: Expr) -> Expr:
    return expanded(term, additive=False, infinite=False)


def meaning(term: Expr) -> Expr | None:
    return meaning_of(term, additive=True, infinite=is_endless(term))


def infinite(term: Expr) -> Expr:
    return expanded(term, additive=True, infinite=True)


def law(path: Expr, policy: Policy = pi) -> Expr:
    return mu(path.s[0]) * prod(k, P(path.s[k + 1] | path.s[k], path.a[k]) * policy(path.a[k] | path.s[k]))


def rewards(path: Expr, last: Expr = H) -> Expr:
    return total(k, gamma**k * r(path.s[k], path.a[k], path.s[k + 1]), stop=last)


def ahead(at: Expr, s: Expr, a: Expr, policy: Policy = pi) -> Expr:
    return total(y, P(y | s, a) * (r(s, a, y) + gamma * V[at](y, policy=policy)))


def test_each_notion_is_what_the_textbook_says() -> None:
    assert finite(P(tau)) == arbitrary(P(tau)) == law(tau)
    assert finite(P(sigma, policy=b)) == law(sigma, b)
    assert finite(R(tau)) == rewards(tau)
    assert arbitrary(R(tau)) == R(tau)
    assert finite(J) == expect(tau, rewards(tau))
    assert arbitrary(Objective(b)) == expect(tau, R(tau), policy=b)
    assert infinite(J) == expect(tau, rewards(tau, forever))
    assert finite(Q[t](s, a)) == ahead(t + 1, s, a)
    assert finite(Q[0](s, a)) == ahead(1, s, a)
    assert infinite(Q(s, a, policy=b)) == ahead(forever, s, a, b)
    assert finite(A[k](x, a, policy=b)) == ahead(k + 1, x, a, b) - V[k](x, policy=b)
    assert infinite(A(s, a)) == ahead(forever, s, a) - V(s)
    square = Times(f(tau.s[0]), f(tau.s[0]))
    assert arbitrary(variance(tau, f(tau.s[0]))) == expect(tau, square) - Times(
        expect(tau, f(tau.s[0])), expect(tau, f(tau.s[0])))
    assert arbitrary(mean(i, R(samples[i]))) == mean(i, R(samples[i])) == ratio(1, m) * total(i, R(samples[i]))


def test_what_is_primitive_stays_the_same_object() -> None:
    for term in (mu(s), V[t](s), V[H + 1](x), total(s, mu(s) * f(s)), expect(tau, r(tau.s[0], tau.a[0], tau.s[1])),
                 grad(log(pi(a | s))), ratio(1, m), gamma**t * f(s), prod(t, pi(tau.a[t] | tau.s[t]))):
        assert finite(term) is term
    assert arbitrary(R(tau) * mu(s)) == R(tau) * mu(s)
    assert infinite(V(s)) == V(s)


def test_everywhere_in_a_term_and_inside_definitions() -> None:
    score = grad(log(P(tau)))
    assert arbitrary(expect(tau, score * R(tau))) == expect(tau, grad(log(law(tau))) * R(tau))
    spread = variance(samples, mean(i, P(samples[i])))
    inner = ratio(1, m) * total(i, law(samples[i]))
    assert arbitrary(spread) == expect(samples, Times(inner, inner)) - Times(
        expect(samples, inner), expect(samples, inner))
    assert finite(total(t, total(s, mu(s) * Q[t + 1](s, a)))) == total(t, total(s, mu(s) * ahead(t + 1 + 1, s, a)))
    assert finite(ratio(J, 1 + J) ** t) == ratio(
        expect(tau, rewards(tau)), 1 + expect(tau, rewards(tau))) ** t


def test_no_letter_is_captured() -> None:
    """Under a sum over states, Q has a sum over states of its own; along a time, P(tau) has a product over times."""
    assert finite(total(y, Q[t](y, a))) == total(x, total(s, P(s | x, a) * (r(x, a, s) + gamma * V[t + 1](s))))
    assert finite(total(s, total(x, A[t](s, a) * mu(x)))) == total(
        s, total(x, (ahead(t + 1, s, a) - V[t](s)) * mu(x)))
    assert finite(total(t, gamma**t * P(tau))) == total(t, gamma**t * law(tau))
    assert finite(total(t, gamma**t * P(samples[i]))) == total(t, gamma**t * law(samples[i]))
    assert finite(expect(tau, J * R(tau))) == expect(tau, expect(sigma, rewards(sigma)) * rewards(tau))
    both = Times(law(tau), law(sigma))
    assert finite(expect(tau, variance(sigma, P(tau) * P(sigma)))) == expect(
        tau, expect(sigma, Times(both, both)) - Times(expect(sigma, both), expect(sigma, both)))
    assert finite(total(t, Q[t](tau.s[t], tau.a[t]))) == total(t, ahead(t + 1, tau.s[t], tau.a[t]))


def test_an_expansion_is_a_finished_term_of_primitives() -> None:
    big = total(t, expect(tau, total(s, Q[t](s, a) * A[t](tau.s[t], a)) * P(tau) * J)) + variance(tau, P(tau) * J)
    result = finite(big)
    assert admit(result) == result
    assert not loose_indices(result)
    assert result.free_symbols == big.free_symbols
    assert not any(isinstance(node, (*DEFINED, Return)) for node in subterms(result))
    assert finite(result) is result


def test_a_notion_without_a_meaning_is_malformed() -> None:
    for term in (Q(s, a), A(s, a), total(t, A(s, a)), variance(tau, Q(tau.s[0], tau.a[0]))):
        with pytest.raises(MalformedTerm, match="time"):
            finite(term)
    for term in (Q[t](s, a), A[t](s, a), P(tau), R(tau), variance(tau, f(tau.s[0])), grad(log(P(tau)))):
        with pytest.raises(MalformedTerm, match="infinite horizon") as caught:
            infinite(term)
        assert caught.value.where is not None
    for term in (Q[t](s, a), total(t, A[t](s, a))):
        with pytest.raises(MalformedTerm, match="additive_return"):
            arbitrary(term)
    with pytest.raises(MalformedTerm, match="additive_return"):
        expanded(J, additive=False, infinite=True)


def test_definitions_are_acyclic() -> None:
    """A record's right side speaks of primitives and of records above it only."""
    above: set[object] = {None}
    for record in DEFINITIONS:
        term = record(*record.example)
        assert definition_of(term) is (record if record.node is not None else None)
        right = meaning(term) or term
        assert right != term or record.node is None
        assert {definition_of(node) for node in subterms(right)} <= above
        above.add(record)
    assert definition_of(mu(s)) is None
    assert definition_of(StateValue(pi, t, s)) is None


def test_large_terms_are_expanded() -> None:
    """A long chain of different subterms, each expanded once."""
    def large(n: int) -> Expr:
        return Plus(*(Times(number, J, total(t, Q[t + number](tau.s[t], tau.a[t])), grad(log(P(tau))))
                      for number in range(n)))

    assert len(finite(large(400)).args) == 400


def test_nested_variances_stop_at_a_budget() -> None:
    term: Expr = P(tau)
    for number in range(40):
        term = variance(tau, term + f(tau.s[number]))
    with pytest.raises(WorkLimit, match="nodes"):
        finite(term)


def test_too_deep_is_a_limit_of_work_not_of_the_language() -> None:
    term: Expr = P(tau)
    for _ in range(115):
        term = log(term)
    with pytest.raises(WorkLimit, match="nests"):
        finite(total(tau, term))
