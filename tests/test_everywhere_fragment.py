"""What the automata take and what they refuse: every construct once, in a true claim, and its refused neighbour."""

from __future__ import annotations

import pytest
from sympy import Expr

from derive import (
    H,
    J,
    P,
    Policy,
    R,
    State,
    additive_return,
    dynamics_positive,
    expect,
    function,
    gamma,
    grad,
    i,
    iid_samples,
    initial_positive,
    k,
    log,
    m,
    mean,
    mu,
    pi,
    policy_positive,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
)
from derive.language.expression import Plus
from derive.language.signature import signature
from derive.models import Shape
from derive.procedures import products
from derive.procedures.backward import exact_value
from derive.procedures.closure import Somewhere
from derive.procedures.decide import Comparison, Different
from derive.procedures.evaluate import Evaluator
from derive.procedures.everywhere import Everywhere, Outside, decide_everywhere, differences
from derive.procedures.generic import generic_model

b, q, w = function("b"), function("q"), function("w")
choice = pi(tau.a[t] | tau.s[t])
reward = r(tau.s[t], tau.a[t], tau.s[t + 1])
first = r(tau.s[0], tau.a[0], tau.s[1])
law = P(tau)

TAKEN: dict[str, tuple[Expr, Expr]] = {
    "m inside": (expect(tau, m * first), m * expect(tau, first)),
    "gamma inside": (expect(tau, gamma * first), gamma * expect(tau, first)),
    "gamma^H": (expect(tau, gamma**H), gamma**H * 1),
    "a function of the step": (expect(tau, total(t, 2 * w(tau.s[t], tau.a[t], tau.s[t + 1]))),
                               2 * expect(tau, total(k, w(tau.s[k], tau.a[k], tau.s[k + 1])))),
    "a power in a product": (total(tau, law * ratio(prod(t, choice**2), prod(t, choice) * prod(k, pi(
        tau.a[k] | tau.s[k])))), total(tau, law)),
    "one in a product": (total(tau, law * prod(t, 1 * choice)), total(tau, law * prod(t, choice))),
    "over a number": (expect(tau, ratio(first, 2)), ratio(expect(tau, first), 2)),
    "over m": (expect(tau, ratio(first, m)), ratio(expect(tau, first), m)),
    "over a product": (total(tau, law * law * ratio(first, 2 * m * law)), ratio(expect(tau, first), 2 * m)),
    "over mu": (total(tau, law * ratio(mu(tau.s[0]), mu(tau.s[0])) * first), expect(tau, first)),
    "over a policy": (total(tau, law * ratio(pi(tau.a[0] | tau.s[0]), pi(tau.a[0] | tau.s[0])) * first),
                      expect(tau, first)),
    "log of a power": (expect(tau, total(t, grad(log(choice**2)))), 0 * grad(J)),
    "log of one": (expect(tau, log(mu(tau.s[0]) * 1)), expect(tau, log(mu(tau.s[0])))),
    "log of a ratio": (expect(tau, log(ratio(law, mu(tau.s[0])))),
                       expect(tau, log(law)) - expect(tau, log(mu(tau.s[0])))),
    "a weighted sample mean": (expect(samples, ratio(total(i, R(samples[i])), 2 * m)), ratio(J, 2)),
    "the last state": (expect(tau, b(tau.s[H + 1])), expect(tau, b(tau.s[H + 1]) * 1)),
    "the last step": (expect(tau, total(t, reward, start=H)), expect(tau, r(tau.s[H], tau.a[H], tau.s[H + 1]))),
    "a product up to t": (total(tau, law * total(t, prod(k, pi(tau.a[k] | tau.s[k]), stop=t) * 2)),
                          2 * total(tau, law * total(t, prod(k, pi(tau.a[k] | tau.s[k]), stop=t)))),
}

REFUSED: dict[str, tuple[Expr, str]] = {
    "two steps joined": (expect(tau, total(t, r(tau.s[t], tau.a[t + 1], tau.s[t + 1]))), "joins different steps"),
    "a free time": (expect(tau, mu(s)), "free indices: s"),
    "a free state": (mu(State("y")) * J, "free indices: y"),
    "mu elsewhere": (expect(tau, mu(tau.s[1])), "start of the trajectory"),
    "division by the discount": (ratio(J, gamma), "division by the discount"),
    "division by a sum": (expect(tau, ratio(first, 1 + first)), "no reciprocal"),
    "a range beyond H": (expect(tau, total(t, gamma**t, stop=H + 1)), "beyond H"),
    "a range before 0": (expect(tau, total(t, gamma**t, start=-1)), "before 0"),
    "a range before another time": (expect(tau, total(t, total(k, gamma**k, start=t - 1))), "beyond the other time"),
    "a function of two states": (expect(tau, total(t, w(tau.s[t], tau.s[t + 1]))), "not a function of one step"),
    "a log of a sum": (log(J + J), "outside the fragment"),
    "a sum over states": (total(State("y"), mu(State("y"))), "no normal form"),
    "two samples at once": (expect(samples, R(samples[1]) * R(samples[2])), "single samples"),
    "weights that do not vanish": (expect(tau, ratio(R(tau), law)), "do not vanish"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_true_claim_is_decided_and_its_double_is_not(name: str) -> None:
    before, after = TAKEN[name]
    assumes = (additive_return, iid_samples)
    assert isinstance(decide_everywhere(before, after, assumes), Everywhere)
    comparison = Comparison([before, after], assumes)
    assert not isinstance(comparison._on_shapes(before, after), Different)
    if after.args[0] != 0:
        doubled = decide_everywhere(before, Plus(after, after), assumes)
        assert isinstance(doubled, Somewhere), name


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_outside_is_refused_with_the_reason(name: str) -> None:
    term, reason = REFUSED[name]
    found = decide_everywhere(term, 2 * term, (iid_samples,))
    assert isinstance(found, Outside)
    assert reason in found.why


def test_an_unsymmetric_matrix_is_refused() -> None:
    one = grad(choice * grad(choice))
    assert isinstance(decide_everywhere(one, one, ()), Outside)


@pytest.mark.parametrize("term", [
    expect(tau, total(t, b(tau.s[t]) * q(tau.s[t], tau.a[t]))),
    expect(tau, total(t, w(tau.s[t], tau.a[t], tau.s[t + 1]) * b(tau.s[t + 1]))),
    total(tau, P(tau, policy=Policy("beta")) * first),
    grad(grad(expect(tau, first))),
], ids=str)
def test_every_symbol_has_its_table_on_a_concrete_shape(term: Expr) -> None:
    model = generic_model(Shape(2, 2, 1), signature(term, first), additive=True)
    (difference,) = differences(term, 3 * term, (additive_return, policy_positive, initial_positive, dynamics_positive))
    expected = Evaluator(model).value(term, {}) - Evaluator(model).value(3 * term, {})
    assert (exact_value(difference, model) - expected).is_zero


def test_a_mean_over_samples_is_a_form() -> None:
    assert isinstance(decide_everywhere(mean(i, expect(tau, R(tau))), J, ()), Everywhere)


def test_a_product_that_takes_too_much_work_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer rather than minutes: tensors are counted as they come."""
    monkeypatch.setattr(products, "MOST_WORK", 3)
    found = decide_everywhere(expect(tau, gamma**H * first) * J, J * expect(tau, first), ())
    assert isinstance(found, Outside)
    assert "take more than 3 steps" in found.why
