"""False identities that hold on small MDPs, each beside a true neighbour (semantics.md, section 12).

Every false one must be refuted with a model that the enumeration confirms, its neighbour
must not be, and a ladder with fewer shapes would have let the false one pass: so the
shapes are there for a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from sympy import Expr

from derive.checking import deciding
from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.judgement import Examined
from derive.checking.verdict import Malformed, NeedsCondition, Proved, Refuted, Undecided, Unjustified
from derive.counterexample.claim import Witness
from derive.counterexample.enumerate import Enumeration
from derive.errors import InvalidChain
from derive.language.assumptions import Assumption, additive_return, iid_samples, policy_positive, possible
from derive.language.expression import as_term
from derive.language.models import Shape
from derive.language.terms import Action, Policy, State
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    b,
    expect,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    pi,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    x,
)
from derive.procedures import decide
from derive.procedures.decision import Outside
from derive.rules import equal_expectations, expectation_as_a_sum, product_rule, regroup

y, c = State("y"), Action("c")
q, f = function("q"), function("f")
beta = Policy("beta")


def claimed(before: Any, after: Any, *assumes: Assumption, reason: Any = "words") -> Theorem:
    @theorem("claimed", assumes=assumes)
    def claim():
        return calc(as_term(before), by(reason), as_term(after))

    return claim


def chain_of_states(then: Expr, now: Expr) -> Expr:
    """M(x|s) = sum_a pi(a|s) P(x|s, a), the state chain of the policy."""
    return total(a, pi(a | now) * P(then | now, a))


trace = total(s, chain_of_states(s, s))
trace_of_square = total(s, total(x, chain_of_states(x, s) * chain_of_states(s, x)))
trace_of_cube = total(s, total(x, total(y, chain_of_states(x, s) * chain_of_states(y, x) * chain_of_states(s, y))))
excess = trace - 1


def power_sum(n: int) -> Expr:
    """sum_a pi(a|s)^n."""
    return total(a, pi(a | s) ** n)


three_distinct = 1 - 3 * power_sum(2) + 2 * power_sum(3)
"""The sum over three pairwise distinct actions of products of pi, by Newton's identities."""
four_distinct = 1 - 6 * power_sum(2) + 3 * power_sum(2) ** 2 + 8 * power_sum(3) - 6 * power_sum(4)
least_variance = total(b, (1 - pi(b | s)) * q(s, b))
score = grad(log(pi(tau.a[t] | tau.s[t])))
reward = gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1])


@dataclass(frozen=True, slots=True)
class Case:
    """A false identity, a true one like it, and the ladder that would have been deceived."""

    false: tuple[Any, Any]
    true: tuple[Any, Any]
    smaller: Mapping[str, Any]
    """Replacements in ``derive.procedures.decide``."""
    assumes: tuple[Assumption, ...] = ()


def ladder(*shapes: Shape) -> dict[str, Any]:
    return {"EXACT": shapes, "CUTOFF": (), "PROBES": (), "SAMPLED": shapes}


TWO_STATES = ladder(Shape(1, 2, 0), Shape(2, 2, 0), Shape(2, 2, 1), Shape(2, 3, 1))
THREE_STATES = ladder(Shape(1, 2, 0), Shape(2, 2, 0), Shape(3, 2, 0))
TWO_ACTIONS = ladder(Shape(1, 2, 0), Shape(2, 2, 0), Shape(2, 2, 1))
THREE_ACTIONS = ladder(Shape(1, 2, 0), Shape(1, 3, 0), Shape(2, 3, 1))

CASES = {
    "trace of the square, two states": Case(
        (trace_of_square, 1 + excess**2),
        (trace_of_square, total(x, total(s, chain_of_states(s, x) * chain_of_states(x, s)))),
        TWO_STATES),
    "trace of the cube, three states": Case(
        (trace_of_cube, 1 + excess**3 - Fraction(3, 2) * excess * (excess**2 - trace_of_square + 1)),
        (total(x, total(y, chain_of_states(x, s) * chain_of_states(y, x))), 1),
        THREE_STATES),
    "four distinct actions": Case(
        (four_distinct, 0),
        (four_distinct, power_sum(1) ** 4 - 6 * power_sum(1) ** 2 * power_sum(2) + 3 * power_sum(2) ** 2
         + 8 * power_sum(1) * power_sum(3) - 6 * power_sum(4)),
        THREE_ACTIONS),
    "the other action's gradient": Case(
        (grad(pi(a | s)) * (pi(a | s) - pi(b | s)), -grad(pi(b | s)) * (pi(a | s) - pi(b | s))),
        (grad(pi(a | s)), grad(pi(a | s)) - total(b, grad(pi(b | s)))),
        TWO_ACTIONS),
    "minimum-variance baseline, one state": Case(
        (grad(log(pi(a | s))) * (q(s, a) - least_variance),
         total(c, pi(c | s) * grad(log(pi(c | s))) * (q(s, c) - least_variance))),
        (total(c, grad(pi(c | s)) * q(s, c)),
         total(c, pi(c | s) * grad(log(pi(c | s))) * (q(s, c) - least_variance))),
        TWO_ACTIONS, (policy_positive,)),
    "rewards three steps later": Case(
        (expect(tau, total(t, total(k, reward, start=t + 3))), 0),
        (expect(tau, total(t, total(k, reward, start=H + 1))), 0),
        ladder(Shape(1, 2, 0), Shape(2, 2, 1), Shape(2, 2, 2))),
    "credit for rewards three steps later": Case(
        (expect(tau, total(t, score * total(k, reward, start=t + 3))), 0),
        (expect(tau, total(t, score * total(k, reward, stop=t - 1))), 0),
        ladder(Shape(1, 2, 0), Shape(2, 2, 1), Shape(2, 2, 2)), (additive_return, possible(tau))),
    "two actions times one step": Case(
        (three_distinct * H * (H - 1), 0),
        (three_distinct * H * (H - 1), (1 - 3 * power_sum(2) + 2 * power_sum(3)) * (H**2 - H)),
        {"PROBES": (Shape(1, 4, 0), Shape(4, 2, 1), Shape(2, 2, 3))}),
    "two actions times one step, as a sum": Case(
        (three_distinct * total(t, gamma**t, start=2), 0),
        (three_distinct * total(t, gamma**t, start=H + 1), 0),
        {"PROBES": (Shape(1, 4, 0), Shape(4, 2, 1), Shape(2, 2, 3))}),
    "three sample sizes": Case(
        (ratio(1, m), ratio(m**2 - 6 * m + 11, 6)),
        (ratio(1, m), ratio(m, m**2)),
        {"sufficient_samples": lambda before, after: 3, **dict.fromkeys(("PROBES", "CUTOFF"), ())}),
}


def verdict_of(examined: Examined) -> Any:
    return examined.steps[0].verdict


def assert_confirmed(witness: Witness, case: Case) -> None:
    """Once more by brute force, at the values of the free indices."""
    witness.model.validate()
    oracle = Enumeration(witness.model, possible_only=possible(tau) in case.assumes)
    left, right = (oracle.value(as_term(side), dict(witness.indices)) for side in case.false)
    assert abs(left - right) > Fraction(1, 10**6)
    assert abs(left - witness.left) < Fraction(1, 10**15)
    assert abs(right - witness.right) < Fraction(1, 10**15)


SMALLEST = {
    "trace of the square, two states": {"states": 3},
    "trace of the cube, three states": {"states": 4},
    "four distinct actions": {"actions": 4, "states": 1, "horizon": 0},
    "the other action's gradient": {"actions": 3, "states": 1, "horizon": 0},
    "minimum-variance baseline, one state": {"actions": 3, "states": 1, "horizon": 0},
    "rewards three steps later": {"horizon": 3},
    "credit for rewards three steps later": {"horizon": 3},
    "two actions times one step": {"actions": 3, "horizon": 2},
    "two actions times one step, as a sum": {"actions": 3, "horizon": 2},
    "three sample sizes": {"samples": 4},
}
"""By section 12: the least that a counterexample needs."""


SLOW = {"credit for rewards three steps later"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.deep) if name in SLOW else name for name in CASES])
def test_false_identities_are_refuted_by_the_smallest_model(name: str) -> None:
    case = CASES[name]
    verdict = verdict_of(examine(claimed(*case.false, *case.assumes)))
    assert isinstance(verdict, Refuted)
    assert_confirmed(verdict.witness, case)
    for field, least in SMALLEST[name].items():
        assert getattr(verdict.witness.model.shape, field) == least


@pytest.mark.parametrize("name", CASES)
def test_true_neighbours_are_not(name: str) -> None:
    case = CASES[name]
    assert isinstance(verdict_of(examine(claimed(*case.true, *case.assumes))), (Unjustified, Proved))


@pytest.mark.parametrize("name", CASES)
def test_a_smaller_ladder_alone_would_have_been_deceived(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    for replaced, value in case.smaller.items():
        monkeypatch.setattr(decide, replaced, value)
    monkeypatch.setattr(deciding, "decided", lambda *sides: Outside("shapes alone"))
    if "EXACT" in case.smaller:
        monkeypatch.setattr(decide.Comparison, "_reach", lambda self, before, after: 0)
    assert isinstance(verdict_of(examine(claimed(*case.false, *case.assumes))), Unjustified)


# -- attacks on soundness ------------------------------------------------------------------------------------

u, v = pi(a | s), pi(b | s)


def test_what_was_tried_and_held() -> None:
    """Odd ranges, nesting, other policies, zeros: never Proved, never Refuted without reason."""
    held = {
        Refuted: [
            claimed(total(tau, P(tau, policy=beta)), 1, possible(tau)),  # beta may go where pi does not
            claimed(total(t, R(tau), start=1, stop=0), R(tau)),
            claimed(expect(samples, R(samples[1]) * R(samples[2])), J, iid_samples),
            claimed((gamma - gamma) ** t, 0),  # 0^0 = 1
        ],
        NeedsCondition: [
            claimed(grad(grad(J)), grad(grad(total(tau, P(tau) * R(tau)))), possible(tau)),
            claimed(expect(tau, grad(log(P(tau))), policy=beta),
                    expect(tau, ratio(grad(P(tau)), P(tau)), policy=beta), possible(tau)),
        ],
        Malformed: [claimed(grad(log(pi(tau.a[H + 1] | tau.s[H + 1]))), 0, policy_positive)],
    }
    for expected, claims in held.items():
        for claim in claims:
            assert isinstance(verdict_of(examine(claim)), expected), claim.claim


HESSIANS = (grad(u * grad(v)) - u * grad(grad(v)), grad(v * grad(u)) - v * grad(grad(u)))
SQUARE = total(i, R(samples[i])) * total(i, R(samples[i]))
ONE_SAMPLE = total(i, R(tau)) * total(i, R(tau))
BETWEEN_TWO = expect(samples, total(i, (R(samples[i]) - R(samples[1])) * (R(samples[i]) - R(samples[2]))))

ATTACKS: dict[str, tuple[Theorem, tuple[type, ...]]] = {
    "grad u (grad v)^T is not symmetric": (
        claimed(*HESSIANS, policy_positive, reason=product_rule), (Refuted, Undecided, Malformed)),
    "an expectation under beta summed where pi goes": (
        claimed(expect(tau, R(tau), policy=beta), total(tau, P(tau, policy=beta) * R(tau)), possible(tau),
                reason=expectation_as_a_sum), (Refuted,)),
    "the square of a sum over samples": (
        claimed(expect(samples, SQUARE), expect(tau, ONE_SAMPLE), iid_samples, reason=equal_expectations), (Refuted,)),
    "a logarithm of zero on the way to a witness": (claimed(H * grad(log(u)), 0), (Refuted,)),
    "a negative exponent hides a division": (
        claimed(gamma**t * gamma ** (-1 * t), 1, reason=regroup), (NeedsCondition, Malformed, Undecided)),
    "a time summed up to m": (claimed(total(t, gamma**t, start=1, stop=m), gamma + (m - 1) * gamma**2), (Refuted,)),
    "two fixed samples": (claimed(BETWEEN_TWO, 0, iid_samples), (Refuted,)),
    "importance weights where beta is zero": (
        claimed(expect(tau, ratio(P(tau), P(tau, policy=beta)), policy=beta), 1), (Refuted, NeedsCondition)),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(name: str) -> None:
    theorem_, expected = ATTACKS[name]
    assert isinstance(verdict_of(examine(theorem_)), expected)


def test_one_name_for_two_functions_is_refused() -> None:
    with pytest.raises(InvalidChain, match="two kinds of arguments"):
        examine(claimed(total(s, f(s)), total(a, f(a))))
