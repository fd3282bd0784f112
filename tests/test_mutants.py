"""One-step mutants of every bundled proof: what the float oracle tells apart is refuted, and nothing else is.

The oracle (``numeric``) shares no code with the kernel. The default run takes a fixed
selection of the mutants; ``-m deep`` takes all of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import further_theorems
import pytest
from sympy import Expr, Integer

from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.verdict import Estimates, Malformed, Proved, Refuted, SameMean, Undecided, Verdict
from derive.language.assumptions import additive_return, iid_samples, possible
from derive.language.expression import Times, as_term
from derive.language.typing import check
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
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)
from derive.testing.mutants import Mutant, chain_mutants, differs, told_apart
from derive.testing.slips import term_mutants
from proofs.gradient_of_probability import gradient_of_probability
from proofs.likelihood_ratio_gradient import likelihood_ratio_gradient
from proofs.policy_gradient import policy_gradient
from proofs.sample_estimate_is_unbiased import sample_estimate_is_unbiased
from proofs.score_of_a_trajectory import score_of_a_trajectory
from proofs.variance_of_the_estimate import variance_of_the_estimate

BUNDLED = (gradient_of_probability, likelihood_ratio_gradient, score_of_a_trajectory, policy_gradient,
           sample_estimate_is_unbiased, variance_of_the_estimate)
FURTHER = (further_theorems.values, further_theorems.difference, further_theorems.squares)
ENDLESS = (further_theorems.gradient, further_theorems.telescoping, further_theorems.geometric)
"""With values; and with an infinite horizon, where the oracle has no numbers."""
SELECTED = 4
"""Mutants of each proof in the default run, spread evenly over its chain."""


# -- the campaign ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """One step that touches a mutated term: what the oracle says, and what the checker says."""

    mutant: Mutant
    before: Expr
    after: Expr
    apart: bool
    verdict: Verdict

    @property
    def killed(self) -> bool:
        """Whether a step that the oracle sees fail is refuted (Estimates and SameMean come with a witness too)."""
        return isinstance(self.verdict, (Refuted, Malformed, Estimates, SameMean))

    @property
    def right(self) -> bool:
        return self.killed if self.apart else not isinstance(self.verdict, (Refuted, Estimates, SameMean))

    def __str__(self) -> str:
        seen = "told apart" if self.apart else "not told apart"
        return f"{self.mutant} ({seen}, {self.verdict.code}): {self.before} = {self.after}"


def judged(session: Session, mutant: Mutant) -> list[Judged]:
    steps = session.examine(mutant.alone).steps
    return [Judged(mutant, step.before, step.after, differs(step.before, step.after, mutant.theorem), step.verdict)
            for step in steps]


def read(proof: Theorem) -> list[Mutant]:
    """The mutants that the kernel reads: gamma^(t-1) asks for gamma^-1, which has no meaning for it."""
    return [mutant for mutant in chain_mutants(proof) if "exponent one too small" not in mutant.says]


def selected(proof: Theorem) -> list[Mutant]:
    everything = read(proof)
    return everything[1 :: max(1, len(everything) // SELECTED)]


def assert_killed(results: list[Judged], name: str) -> None:
    wrong = [str(one) for one in results if not one.right]
    apart = [one for one in results if one.apart]
    killed = [one for one in apart if one.killed]
    codes = dict(Counter(one.verdict.code for one in results))
    print(f"{name}: {len({one.mutant for one in results})} mutants, {len(results)} steps, "
          f"killed {len(killed)} of {len(apart)} that the oracle tells apart; verdicts {codes}")
    assert not wrong, "\n".join(wrong)
    assert apart
    assert len(killed) == len(apart)
    assert not any(one.apart and isinstance(one.verdict, Proved) for one in results)


@pytest.mark.slow
@pytest.mark.parametrize("proof", [*BUNDLED, *FURTHER], ids=lambda proof: proof.name)
def test_selected_mutants(proof: Theorem) -> None:
    session = Session()
    assert_killed([one for mutant in selected(proof) for one in judged(session, mutant)], proof.name)


@pytest.mark.slow
@pytest.mark.parametrize("proof", ENDLESS, ids=lambda proof: proof.name)
def test_no_mutant_without_a_last_decision_is_proved(proof: Theorem) -> None:
    verdicts = [step.verdict for mutant in selected(proof) for step in Session().examine(mutant.alone).steps]
    assert not any(isinstance(verdict, Proved) for verdict in verdicts)
    assert any(isinstance(verdict, Refuted) for verdict in verdicts)


@pytest.mark.deep
@pytest.mark.parametrize("proof", [*BUNDLED, *FURTHER], ids=lambda proof: proof.name)
def test_every_mutant(proof: Theorem) -> None:
    session = Session()
    assert_killed([one for mutant in read(proof) for one in judged(session, mutant)], proof.name)


@pytest.mark.parametrize("proof", BUNDLED[:2], ids=lambda proof: proof.name)
def test_only_the_steps_that_touch_the_mutated_term_change(proof: Theorem) -> None:
    session = Session()
    original = session.examine(proof)
    for mutant in selected(proof)[1::3]:
        changed = session.examine(mutant.mutated)
        assert_only_touched(mutant, original, changed)


def assert_only_touched(mutant: Mutant, original: Examined, changed: Examined) -> None:
    for place, (old, new) in enumerate(zip(original.steps, changed.steps, strict=True)):
        if place in mutant.steps:
            continue
        assert isinstance(old.verdict, Proved)
        assert isinstance(new.verdict, Proved)
        assert (new.before, new.after) == (old.before, old.after)
    if told_apart(mutant):
        assert any(not isinstance(changed.steps[place].verdict, Proved) for place in mutant.steps)


# -- what a slip is ---------------------------------------------------------------------------------------

score = grad(log(pi(tau.a[t] | tau.s[t])))
drawn = samples[i]

SLIPS = {
    "a summand": (log(mu(s)) + J + gamma, log(mu(s)) + gamma),
    "a factor": (P(tau) * J * R(tau), P(tau) * R(tau)),
    "1/m": (mean(i, R(drawn)), total(i, R(drawn))),
    "a square": (P(tau) * R(tau), P(tau) * R(tau) * R(tau)),
    "a sign": (J - R(tau), J + Times(-1, Times(-1, R(tau)))),
    "factor 2": (J, 2 * J),
    "sum and product": (total(t, log(pi(tau.a[t] | tau.s[t]))), prod(t, log(pi(tau.a[t] | tau.s[t])))),
    "product and sum": (prod(t, pi(tau.a[t] | tau.s[t])), total(t, pi(tau.a[t] | tau.s[t]))),
    "first instant": (total(t, score), total(t, score, start=1)),
    "last instant": (total(t, score), total(t, score, stop=H + Integer(-1))),
    "a start that is a time": (total(t, R(tau), start=k), total(t, R(tau), start=k + 1)),
    "gradient onto the return": (grad(P(tau)) * R(tau), P(tau) * grad(R(tau))),
    "gradient of one factor": (grad(P(tau) * J), P(tau) * grad(J)),
    "logarithm out": (expect(tau, log(P(tau))), log(expect(tau, P(tau)))),
    "logarithm in": (log(total(a, pi(a | s))), total(a, log(pi(a | s)))),
    "gradient out": (expect(tau, grad(log(P(tau)))), grad(expect(tau, log(P(tau))))),
    "mu for log mu": (grad(log(mu(s))), grad(mu(s))),
    "the ratio": (ratio(grad(P(tau)), P(tau)) * R(tau), grad(P(tau)) * R(tau)),
    "the ratio over": (ratio(J, m), ratio(m, J)),
    "discount": (total(t, gamma**t * R(tau)), total(t, 1 * R(tau))),
    "discount shifted": (total(t, gamma**t * R(tau)), total(t, gamma ** (t + 1) * R(tau))),
    "next state": (r(tau.s[0], tau.a[0], tau.s[1]), r(tau.s[0], tau.a[0], tau.s[2])),
    "reward turned": (r(s, a, x), r(x, a, s)),
    "dynamics turned": (P(x | s, a), P(s | x, a)),
    "first sample": (total(i, R(drawn) * J), total(i, R(samples[1]) * J)),
    "expectation of a sum": (total(tau, P(tau) * R(tau)), expect(tau, P(tau) * R(tau))),
    "weights": (expect(tau, R(tau)), total(tau, R(tau))),
    "second moment": (variance(tau, R(tau)), expect(tau, R(tau) * R(tau))),
    "m + 1": (ratio(J, m), ratio(J, m + 1)),
}


@pytest.mark.parametrize("name", SLIPS)
def test_slips(name: str) -> None:
    term, expected = SLIPS[name]
    found = [mutated for mutated, _ in term_mutants(term)]
    assert as_term(expected) in found
    assert term not in found
    assert len(found) == len(set(found))
    for mutated in found:
        assert check(mutated) is mutated


def test_ill_typed_slips_are_left_out() -> None:
    squared = score * score
    assert squared not in {mutated for mutated, _ in term_mutants(score * R(tau))}
    assert total(i, R(drawn)) not in {mutated for mutated, _ in term_mutants(prod(i, R(samples[1]) * J))}


def test_the_order_is_fixed() -> None:
    one, two = (list(chain_mutants(policy_gradient)) for _ in range(2))
    assert [str(mutant) for mutant in one] == [str(mutant) for mutant in two]
    assert len(one) == len({(mutant.place, mutant.term) for mutant in one}) > 30


def test_a_mutant_knows_its_steps() -> None:
    places = {mutant.place: mutant for mutant in chain_mutants(gradient_of_probability)}
    assert {place: mutant.steps for place, mutant in places.items()} == {0: (0,), 1: (0, 1), 2: (1, 2), 3: (2,)}
    middle = places[1]
    assert middle.sides(0)[1] == middle.sides(1)[0] == middle.term
    assert middle.mutated.chain.terms[1] == middle.term
    assert len(middle.alone.chain.reasons) == 2
    assert middle.mutated.assumes == gradient_of_probability.assumes
    assert str(middle).startswith("gradient_of_probability, term 2: ")


# -- the oracle -------------------------------------------------------------------------------------------


def one_step(before, after, *assumes) -> Theorem:
    @theorem("one step", assumes=assumes)
    def step():
        return calc(as_term(before), by("words"), as_term(after))

    return step


def test_the_oracle_tells_apart_what_differs_and_nothing_else() -> None:
    to_go = total(k, gamma**k * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)
    true = one_step(grad(J), expect(tau, total(t, score * to_go)), additive_return)
    assert not differs(*true.chain.terms, true)
    late = one_step(grad(J), expect(tau, total(t, score * to_go, start=1)), additive_return)
    assert differs(*late.chain.terms, late)
    arbitrary = one_step(*true.chain.terms)
    assert differs(*arbitrary.chain.terms, arbitrary)
    for nothing in (one_step(R(tau), ratio(1, J - J)), one_step(grad(J), J),
                    one_step(J, expect(tau, mu(tau.s[9])))):
        assert not differs(*nothing.chain.terms, nothing)


def test_an_undecided_mutant_is_not_proved() -> None:
    """A score that mixes two samples is outside the kernel's fragment: the checker says so, and no more."""
    mixed = expect(samples, grad(log(pi(samples[1].a[0] | samples[2].s[0]))) * R(samples[1]))
    step = one_step(grad(J), mixed, possible(tau), iid_samples)
    assert differs(*step.chain.terms, step)
    assert isinstance(Session().examine(step).steps[0].verdict, (Undecided, Refuted))
