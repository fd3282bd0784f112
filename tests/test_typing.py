"""Every node with an example that has a type and a twin that has none; dependence, randomness, signature."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Integer

from derive.errors import MalformedTerm
from derive.language import vocabulary as v
from derive.language.dependence import depends_on_theta, is_random
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.ranks import rank
from derive.language.signature import signature
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    Applied,
    Between,
    Drawn,
    Everything,
    Expect,
    Function,
    Grad,
    Initial,
    Law,
    Log,
    Objective,
    Policy,
    Prod,
    Return,
    Reward,
    StateAt,
    Total,
    TrajectoryProbability,
    Transition,
    Var,
)
from derive.language.typing import check, check_equation, sort_of
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    expect,
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
    s,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)

V = Function("V")
f, G = V(s), grad(J)
ALL, LAW, TIMES = Everything(), Law(v.pi), Between(0, H)

# node: (well-typed, ill-typed by sort or range, ...)
SORTS: dict[str, tuple[Any, ...]] = {
    "StateAt": (mu(tau.s[t]), mu(StateAt(s, t)), mu(tau.s[s]), mu(samples[i]), mu(StateAt(samples, t))),
    "ActionAt": (pi(tau.a[t] | s), pi(ActionAt(tau, a) | s), pi(ActionAt(a, t) | s)),
    "Drawn": (R(samples[i]), R(Drawn(samples, t)), R(Drawn(tau, i)), R(samples)),
    "Initial": (mu(s), mu(a), mu(t), mu(tau), mu(gamma)),
    "Transition": (P(x | s, a), Transition(a, s, x), Transition(x, a, s), Transition(x, s, t)),
    "ActionProbability": (pi(a | s), pi(s | a), pi(a | a), ActionProbability(s, a, s), ActionProbability(V, a, s)),
    "TrajectoryProbability": (P(tau), TrajectoryProbability(v.pi, s), TrajectoryProbability(tau, tau)),
    "Reward": (r(s, a, x), r(a, s, x), r(s, a, t), r(s, s, x)),
    "Return": (R(tau), R(s), R(samples), R(gamma)),
    "Applied": (V(s, a), V(t), V(tau), V(gamma), Applied(v.pi, s), Applied(s, s)),
    "Objective": (J, Objective(s), Objective(V)),
    "Plus": (f + gamma, f + s, Plus(tau, f), f + v.pi, f + TIMES, f + LAW, f + ALL, f + V),
    "Times": (f * gamma, f * s, a * f, f * tau, f * samples),
    "Ratio": (f / gamma, f / s, s / f, Ratio(tau, 2)),
    "Power": (gamma**t, gamma**f, s**2, gamma**s, Power(gamma, -1), gamma ** (Integer(1) / Integer(2))),
    "Log": (log(f), log(s), log(tau), log(v.pi)),
    "Grad": (grad(f), grad(s), grad(v.pi), grad(tau)),
    "Between": (total(t, f, stop=k - 1), total(t, f, stop=s), total(t, f, start=gamma), total(t, f, stop=f)),
    "Law": (expect(tau, R(tau)),
            Expect(tau, Law(s), R(tau)), Expect(tau, ALL, R(tau)), Expect(tau, TIMES, R(tau)), LAW),
    "Total": (total(s, f), total(s, s), Total(s, TIMES, f), Total(t, ALL, f), Total(s, LAW, f), Total(samples, ALL, f),
              Total(i, ALL, f), Total(tau, LAW, R(tau))),
    "Prod": (prod(t, f), prod(t, s), Prod(t, ALL, f), Prod(samples, ALL, f)),
    "Expect": (expect(samples, R(samples[i])),
               Expect(s, LAW, f), Expect(t, LAW, f), expect(tau, tau), Expect(a, ALL, f)),
    "Var": (variance(tau, R(tau)), Var(s, LAW, f), variance(tau, tau), Var(tau, ALL, R(tau))),
    "alone": (Integer(0), s, a, tau, samples, i, v.pi, V, ALL, TIMES, LAW, tau.s[t], samples[i]),
}
# node: (rank, well-typed, ill-typed by rank, ...)
RANKS: dict[str, tuple[Any, ...]] = {
    "scalar": (0, f), "gradient": (1, G), "hessian": (2, grad(G), grad(grad(G))),
    "sum": (1, G + grad(f), G + f, f + G, G + 1, f + grad(G), G + grad(G), total(s, G) + f),
    "product": (1, f * G * gamma, G * G, G * f * grad(f), grad(G) * G, Times(2, Times(G, 3), G)),
    "ratio": (1, G / f, f / G, G / G, 1 / (f * G), 1 / grad(G)),
    "power": (1, Power(G, 1), G**2, G**0, G**t, (f * G) ** 2),
    "log": (0, log(f), log(G), log(f * G), log(total(s, G)), log(grad(G))),
    "total": (1, total(s, grad(pi(a | s)) * f), total(s, G * G), total(s, G + f)),
    "prod": (0, prod(t, f), prod(t, G), prod(t, f * G)),
    "expect": (1, expect(tau, grad(log(P(tau))) * R(tau)), expect(tau, G * G), expect(tau, log(G))),
    "variance": (0, variance(tau, R(tau)),
                 variance(tau, log(G)), variance(tau, grad(G)), variance(tau, variance(tau, G))),
    "covariance": (2, variance(tau, G), grad(variance(tau, G)), variance(tau, G) + G, log(variance(tau, G))),
}


@pytest.mark.parametrize("node", SORTS)
def test_sorts(node: str) -> None:
    good, *bad = SORTS[node]
    assert check(good) is good
    for term in bad:
        with pytest.raises(MalformedTerm) as caught:
            check(term)
        assert caught.value.where is not None
        assert str(caught.value).endswith(".")


@pytest.mark.parametrize("node", RANKS)
def test_ranks(node: str) -> None:
    expected, good, *bad = RANKS[node]
    assert rank(check(good)) == expected
    for term in bad:
        with pytest.raises(MalformedTerm, match=r"gradient|matrix|derivative"):
            check(term)


def test_an_ill_typed_part_is_found_anywhere() -> None:
    places = (lambda e: e + f, lambda e: 2 * e, log, lambda e: total(x, e), lambda e: expect(tau, e), lambda e: f / e)
    for place in places:
        assert check(place(mu(s)))
        with pytest.raises(MalformedTerm) as caught:
            check(place(mu(a)))
        assert caught.value.where == a


def test_zero_has_every_rank_and_only_the_literal_zero() -> None:
    assert rank(check(G + 0)) == rank(check(0 + grad(G))) - 1 == 1
    check_equation(G, Integer(0))
    check_equation(Integer(0), grad(G))
    check_equation(f, Integer(0))
    for left, right in ((G, f), (f, grad(G)), (G, Integer(1)), (G, f - f), (G, 0 * f)):
        with pytest.raises(MalformedTerm, match="cannot be equal"):
            check_equation(left, right)
    with pytest.raises(MalformedTerm):
        check_equation(f, mu(a))
    with pytest.raises(MalformedTerm):
        check(G + 1)


def test_the_lines_of_the_page_have_one_rank() -> None:
    definition = grad(total(tau, P(tau) * R(tau)))
    score = total(tau, P(tau) * grad(log(P(tau))) * R(tau))
    estimate = mean(i, grad(log(P(samples[i]))) * R(samples[i]))
    for line in (definition, score, estimate):
        check_equation(G, line)
        with pytest.raises(MalformedTerm):
            check_equation(J, line)
    check(v.trajectory_probability(v.pi, tau))
    check(v.additive_return(tau))
    check(v.objective(v.pi))


def test_sort_of() -> None:
    assert [sort_of(term) for term in (s, tau.s[t], a, tau.a[0], t, H, t + 1, 2 * t - k, Integer(3))] == [
        "state", "state", "action", "action", *["time"] * 5]
    assert [sort_of(term) for term in (m, gamma, t + gamma, f, t / 2)] == ["scalar"] * 5
    assert [sort_of(term) for term in (tau, samples[1], samples, i)] == ["trajectory", "trajectory", "batch", "draw"]


def test_dependence_on_theta_is_by_closure() -> None:
    other = Policy("beta")
    free = (mu(s), P(x | s, a), r(s, a, x), R(tau), f, gamma, H, m, other(a | s), P(tau, policy=other),
            Objective(other), expect(tau, R(tau), policy=other), total(t, log(mu(tau.s[0]))), Policy("pi_old")(a | s))
    for term in free:
        assert not depends_on_theta(term)
        assert depends_on_theta(term * pi(a | s))
        assert depends_on_theta(total(s, term / (1 + J)))
    assert all(depends_on_theta(term) for term in (
        J, P(tau), pi(a | s), G, expect(tau, R(tau)), variance(tau, R(tau)), total(a, pi(a | s) * f)))


def test_randomness_is_a_free_sample() -> None:
    estimate = mean(i, R(samples[i]))
    assert is_random(estimate)
    assert is_random(J - estimate)
    assert is_random(R(samples[1]))
    assert not is_random(expect(samples, estimate))
    assert not is_random(variance(samples, estimate))
    assert is_random(expect(samples, estimate) - estimate)
    assert not is_random(R(tau) / m)


def test_signature() -> None:
    plain = signature(f, mu(s))
    assert (plain.rewards, plain.returns, plain.discount, plain.samples, plain.order, plain.largest_offset) == (
        False, False, False, False, 0, 0)
    assert plain.functions == {("V", ("state",))}
    assert plain.policies == frozenset()
    rich = signature(grad(G) + V(s, a), total(t, gamma ** (t + 2) * r(tau.s[t], a, tau.s[t + 3])), R(samples[i]))
    assert (rich.rewards, rich.returns, rich.discount, rich.samples, rich.order, rich.largest_offset) == (
        True, True, True, True, 2, 3)
    assert rich.policies == {"pi"}
    assert rich.functions == {("V", ("state", "action"))}
    assert signature(Policy("b")(a | s) / pi(a | s)).policies == {"b", "pi"}
    assert signature(log(G) + total(s, grad(f)), f).order == 1


def test_the_largest_literal_time() -> None:
    for term, expected in ((mu(tau.s[4]), 4), (mu(tau.s[t - 2]), 2), (pi(tau.a[5] | s), 5), (total(t, f, start=3), 3),
                           (total(t, f, stop=H - 1), 1), (Power(100, t) * f, 0), (100 * f, 0),
                           (mu(samples[7].s[1]), 1)):
        assert signature(term).largest_offset == expected


def test_every_node_is_in_the_tables() -> None:
    seen = {type(node) for good, *_ in SORTS.values() for node in _inside(good)}
    seen |= {type(node) for row in RANKS.values() for node in _inside(row[1])}
    every = {StateAt, ActionAt, Drawn, Initial, Transition, ActionProbability, TrajectoryProbability, Reward, Return,
             Applied, Objective, Grad, Log, Between, Law, Total, Prod, Expect, Var, Plus, Times, Power, Ratio}
    assert every <= seen


def _inside(term: Any) -> Any:
    yield term
    for argument in term.args:
        yield from _inside(argument)
