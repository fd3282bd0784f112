"""Outer products and traces: what they are in coordinates, how they are written, and what one direction leaves open."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from claims_matrices import OUTER, SEVERAL, TRACE
from kernel_letters import FALSE, TRUE, Claim
from kernel_oracle import model_of
from sympy import Expr, latex

import derive
from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Malformed, Proved, Refuted
from derive.counterexample.enumerate import Enumeration
from derive.errors import MalformedTerm
from derive.language.assumptions import CASE, policy_positive
from derive.language.horizons import is_endless
from derive.language.models import Model, Shape
from derive.language.ranks import is_symmetric, rank, settled_by_one_direction
from derive.language.signature import signature
from derive.language.source import source
from derive.language.terms import Action, State
from derive.language.typing import check
from derive.language.vocabulary import (
    J,
    R,
    a,
    expect,
    grad,
    inner,
    k,
    log,
    outer,
    pi,
    s,
    t,
    tau,
    total,
    trace,
    variance,
)
from derive.numeric.instances import instance_of
from derive.numeric.interpretation import Meaning
from derive.procedures.decide import Comparison
from derive.rules import automata

SIZE, SAMPLED = (2, 3, 1, 1), (2, 2, 0, 2)
ENDING = [claim for claim in (*OUTER, *TRACE) if not is_endless(claim.before, claim.after)]
U, W = grad(J), grad(expect(tau, R(tau) ** 2))
CHOICE = grad(log(pi(a | s)))


def in_coordinates(model: Model, claim: Claim) -> tuple[Any, Any]:
    """Both sides in floats, over all coordinates of theta, at one value of the free indices; t < k if that is said."""
    meaning = Meaning(instance_of(model, signature(claim.before, claim.after)))
    letters = sorted(claim.before.free_symbols | claim.after.free_symbols, key=str)
    earlier = any(one.kind == CASE for one in claim.assumes)
    at = {x: int(str(x) == "e") if isinstance(x, (State, Action)) else int(earlier and x == k) for x in letters}
    return meaning.value(claim.before, at), meaning.value(claim.after, at)


def apart(claim: Claim, seed: int) -> float:
    size = SAMPLED if signature(claim.before, claim.after).samples else SIZE
    one, two = in_coordinates(model_of(claim, size, Random(seed)), claim)
    return float(np.abs(np.asarray(one) - np.asarray(two)).max())


@pytest.mark.parametrize("claim", [one for one in ENDING if one.truth == TRUE], ids=lambda claim: claim.name)
def test_what_one_direction_settles_holds_in_all_coordinates(claim: Claim) -> None:
    assert max(apart(claim, seed) for seed in range(3)) < 1e-9


@pytest.mark.parametrize("claim", [*SEVERAL, *(one for one in ENDING if one.truth == FALSE)], ids=lambda one: one.name)
def test_what_is_false_is_false_in_coordinates(claim: Claim) -> None:
    assert max(apart(claim, seed) for seed in range(3)) > 1e-4


def test_a_trace_adds_up_the_directions() -> None:
    """In floats over all coordinates at once; by brute force along one after the other."""
    claim = next(one for one in TRACE if one.name == "trace: of a covariance")
    model = model_of(claim, (2, 2, 0), Random(3))
    whole, _ = in_coordinates(model, claim)
    units = [tuple(tuple(Fraction((x, y) == (one, two)) for y in range(2)) for x in range(2))
             for one in range(2) for two in range(2)]
    parts = [Enumeration(replace(model, scores=unit)).value(claim.before) for unit in units]
    assert whole == pytest.approx(float(sum(parts)), rel=1e-12)
    assert whole != pytest.approx(float(parts[0]), rel=1e-3)


def verdict(before: Expr, after: Expr) -> Any:
    @theorem("a test", assumes=[policy_positive])
    def step() -> Any:
        return calc(before, by(automata), after)

    return examine(step).steps[0].verdict


@pytest.mark.slow
def test_the_verdicts() -> None:
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    assert isinstance(verdict(expect(tau, outer(score, score)), -expect(tau, grad(score))), Proved)
    assert isinstance(verdict(expect(tau, outer(score, score)), expect(tau, grad(score))), Refuted)
    assert "two directions" in verdict(inner(U, U) * inner(W, W), inner(U, W) * inner(U, W)).why
    assert isinstance(verdict(outer(U, W), 2 * outer(W, U)), (Refuted, Malformed))
    assert isinstance(verdict(inner(U, U) * inner(W, W), 2 * inner(U, W) * inner(U, W)), (Refuted, Malformed))


@pytest.mark.parametrize("claim", SEVERAL, ids=lambda claim: claim.name)
def test_no_verdict_rests_on_one_direction(claim: Claim) -> None:
    """The shapes of the ladder agree on these claims, and say nothing."""
    asked = Comparison([claim.before, claim.after], [])
    assert asked.agrees(claim.before, claim.after, Shape(2, 2, 0)) in (True, None)
    assert not settled_by_one_direction(claim.before, claim.after)


def test_ranks() -> None:
    assert [rank(check(term)) for term in (outer(U, W), trace(outer(U, W)), inner(U, U) * U, trace(grad(U)))] == [
        2, 0, 1, 0]
    wrong = {
        "no gradient": [outer(U, J), outer(J, U), outer(grad(U), U)],
        "no matrix": [trace(U), trace(J), J + trace(log(pi(a | s)))],
        "third derivative": [grad(inner(U, U)), grad(J * trace(variance(tau, U))), grad(outer(U, U))],
        "write outer(f, g)": [U * W, U * CHOICE],
        "write outer(f, f)": [U**2],
    }
    for said, terms in wrong.items():
        for term in terms:
            with pytest.raises(MalformedTerm) as error:
                check(term)
            assert said.lower() in str(error.value).lower()


def test_symmetry_by_the_form() -> None:
    held = [outer(U, U), outer(U, W) + outer(W, U), J * outer(U, W) + J * outer(W, U), variance(tau, U) - outer(U, U),
            expect(tau, outer(U, CHOICE)) + expect(tau, outer(CHOICE, U)), outer(U, W) / 2 + outer(W, U) / 2]
    broken = [outer(U, W), outer(U, W) + outer(U, W), J * outer(U, W) + outer(W, U), outer(U, W) - outer(W, U),
              expect(tau, outer(U, CHOICE)) + outer(CHOICE, W), outer(U, W) / 2 + outer(W, U) / 3]
    assert [is_symmetric(one) for one in held] == [True] * len(held)
    assert [is_symmetric(one) for one in broken] == [False] * len(broken)


def test_what_one_direction_settles() -> None:
    settled = [inner(U, W), J * inner(U, W) + inner(W, W), total(t, trace(variance(tau, U))), trace(outer(U, W)), J]
    open_ = [inner(U, W) * inner(U, W), inner(U, W) ** 2, J / inner(U, W), inner(U, W) * U, log(inner(U, U)),
             outer(U, W)]
    assert [settled_by_one_direction(one) for one in settled] == [True] * len(settled)
    assert [settled_by_one_direction(one) for one in open_] == [False] * len(open_)


def test_how_they_are_written() -> None:
    assert str(outer(U, CHOICE - U)) == "∇J(θ) (∇log π_θ(a|s) - ∇J(θ))^T"
    assert str(J * outer(CHOICE, U)) == "J(θ) ∇log π_θ(a|s) (∇J(θ))^T"
    assert str(inner(U, CHOICE)) == "⟨∇J(θ), ∇log π_θ(a|s)⟩"
    assert str(trace(variance(tau, U))).startswith("tr(Var_{τ~P(·;θ)}[∇J(θ)")
    assert str(J * inner(U, U) ** 1) == "J(θ) (‖∇J(θ)‖^2)^1"
    assert latex(inner(U, U)) == r"\left\lVert \nabla_\theta J(\theta) \right\rVert^2"
    assert latex(inner(U, CHOICE)).startswith(r"\left\langle \nabla_\theta J(\theta), \nabla_\theta ")
    assert latex(trace(grad(U))) == r"\operatorname{tr}(\nabla_\theta \nabla_\theta J(\theta))"
    names = {name: getattr(derive, name) for name in derive.__all__}
    for term in (outer(U, CHOICE), inner(U, U) * J, trace(variance(tau, U)), outer(U + W, W)):
        assert eval(source(term), names) == term
