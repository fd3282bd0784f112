"""Sums over states and actions without a trajectory: normal forms against the shapes, on named and on random claims."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest
from random_pairs import decision
from random_sums import Pair
from sympy import Expr

from derive.checking.derivation import Chain, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Proved, Refuted
from derive.errors import NotApplicable
from derive.language.assumptions import additive_return, discount_below_one, policy_positive
from derive.language.expression import as_term
from derive.language.models import Shape
from derive.language.signature import signature
from derive.language.terms import Action, Policy, State, Time
from derive.language.vocabulary import (
    A,
    H,
    P,
    Q,
    V,
    a,
    function,
    gamma,
    grad,
    log,
    mu,
    pi,
    r,
    ratio,
    s,
    t,
    total,
    x,
)
from derive.procedures.answers import Different, Equal
from derive.procedures.decide import Comparison
from derive.procedures.decision import Outside, Shown
from derive.rules import automata
from derive.semantics.evaluate import Evaluator
from derive.semantics.modular import residue_model

ASSUMED = (additive_return, policy_positive)
b, q, beta, c = function("b"), function("q"), Policy("beta"), Action("c")
score = grad(log(pi(a | s)))


def asked(before: Any, after: Any) -> object:
    return decision(Pair(as_term(before), as_term(after), frozenset(ASSUMED), ""))


def acting(f: Any, policy: Policy = pi) -> Expr:
    """sum_a pi(a|s) f."""
    return total(a, policy(a | s) * f)


def moving(f: Any) -> Expr:
    """sum_x P(x|s,a) f."""
    return total(x, P(x | s, a) * f)


CLAIMS: dict[str, tuple[Any, Any, Any]] = {
    "probabilities sum to 1": (acting(1), 1, 2),
    "next states too": (moving(1), 1, total(x, P(x | x, a))),
    "initial states too": (total(s, mu(s)), 1, total(s, mu(s) * mu(s))),
    "the score has mean 0": (acting(score * b(s)), 0, acting(score * q(s, a))),
    "under its own policy": (acting(score), 0, acting(score, beta)),
    "the log trick": (grad(pi(a | s)), pi(a | s) * score, score),
    "twice": (grad(grad(log(pi(a | s)))), grad(score), grad(grad(pi(a | s)))),
    "importance": (acting(ratio(pi(a | s), beta(a | s)) * q(s, a), beta), acting(q(s, a)), acting(q(s, a), beta)),
    "V is the mean of Q": (V[t](s), acting(Q[t](s, a)), acting(Q[t](s, a), beta)),
    "of its own policy": (V[t](s, policy=beta), acting(Q[t](s, a, policy=beta), beta), acting(Q[t](s, a), beta)),
    "Bellman's equation for Q": (
        Q[t](s, a), moving(r(s, a, x) + gamma * V[t + 1](x)), moving(r(s, a, x) + V[t + 1](x))),
    "Bellman's equation for V": (
        V[t](s), acting(moving(r(s, a, x) + gamma * V[t + 1](x))), acting(moving(r(s, a, x) + gamma * V[t](x)))),
    "sums in the other order": (
        V[t](s), total(x, acting(P(x | s, a) * (r(s, a, x) + gamma * V[t + 1](x)))),
        total(x, acting(P(x | s, a) * r(s, a, x)))),
    "the advantage is centred": (acting(A[t](s, a)), 0, acting(A[t](s, a), beta)),
    "the mean error is the advantage": (
        A[t](s, a), moving(r(s, a, x) + gamma * V[t + 1](x) - V[t](s)), moving(r(s, a, x) + gamma * V[t + 1](x))),
    "nothing comes after the last": (Q[H](s, a), moving(r(s, a, x)), moving(r(s, a, x) + V[H](x))),
    "a baseline in one state": (acting(score * Q[t](s, a)), acting(score * A[t](s, a)), acting(score * V[t](s))),
    "V of H + 1 is 0": (V[H + 1](s), 0, V[H](s)),
    "a time named H is no last time": (V[Time("H")](s), V[Time("H")](s) + 0 * gamma, V[H](s)),
    "names of summed states": (total(s, b(s)) ** 2, total(s, total(x, b(s) * b(x))), total(s, b(s) ** 2)),
    "two steps": (
        total(s, mu(s) * acting(total(x, P(x | s, a) * total(c, pi(c | x) * b(x))))),
        total(s, mu(s) * acting(moving(b(x)))), total(s, mu(s) * b(s))),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_holds_everywhere_and_its_twin_does_not(name: str) -> None:
    left, right, twin = (as_term(side) for side in CLAIMS[name])
    comparison = Comparison([left, right, twin], ASSUMED)
    assert isinstance(asked(left, right), Shown)
    assert isinstance(comparison.compare(left, right), Equal)
    assert not isinstance(asked(left, twin), Shown)
    assert isinstance(comparison.compare(left, twin), Different)


def test_a_chain_of_local_steps_is_proved_by_automata() -> None:
    @theorem("Bellman", assumes=ASSUMED)
    def bellman() -> Chain:
        return calc(V[t](s), by(automata), acting(Q[t](s, a)), by(automata),
                    acting(moving(r(s, a, x) + gamma * V[t + 1](x))))

    examined = examine(bellman)
    assert examined.follows
    assert all(isinstance(step.verdict, Proved) and step.scope and step.scope.everywhere for step in examined.steps)


def test_bellman_without_a_last_decision_is_proved_and_its_twin_refuted() -> None:
    @theorem("Bellman", assumes=(*ASSUMED, discount_below_one))
    def bellman() -> Chain:
        return calc(V(s), by(automata), acting(Q(s, a)), by(automata), acting(moving(r(s, a, x) + gamma * V(x))),
                    by(automata), acting(moving(r(s, a, x) + gamma * V(s))))

    *true, final = examine(bellman).steps
    assert all(isinstance(one.verdict, Proved) and one.scope and "infinite horizon" in one.scope.everywhere
               for one in true)
    last = final.verdict
    assert isinstance(last, Refuted)
    assert last.witness.left != last.witness.right


def test_an_index_cannot_be_taken_for_a_summed_one() -> None:
    odd = State("#0")
    assert isinstance(asked(b(odd), total(s, b(s))), Outside)


def test_values_after_the_last_decision_are_no_coordinates() -> None:
    """V_{t+1} may be V_{H+1}, and then no reward follows it."""
    ahead = V[t + 1](s)
    assert isinstance(asked(ahead, acting(moving(r(s, a, x)))), Outside)


# -- random claims ---------------------------------------------------------------------------------

SHAPES = [Shape(1, 2, 1), Shape(2, 2, 0), Shape(2, 2, 1), Shape(3, 2, 1), Shape(2, 3, 1)]


def random_sides(rng: Random) -> tuple[Expr, Expr]:
    """A sum of local products, and the same rewritten by what is known, sometimes with a slip."""
    before, after = as_term(0), as_term(0)
    besides = rng.choice([[as_term(1), b(s), q(s, a)], [score, score * q(s, a), score * b(s)]])
    for _ in range(rng.randrange(1, 4)):
        law = rng.choice([pi, pi, beta])
        beside = rng.choice(besides)
        core, same = rng.choice([
            (Q[t](s, a), V[t](s) + A[t](s, a)),
            (A[t](s, a), moving(r(s, a, x) + gamma * V[t + 1](x) - V[t](s))),
            (Q[t](s, a), moving(r(s, a, x) + gamma * V[t + 1](x))),
            (V[t](s), total(c, pi(c | s) * Q[t](s, c))),
            (as_term(1), moving(1)),
            (b(s), moving(b(s)) + total(c, pi(c | s) * A[t](s, c))),
            (moving(b(x)), moving(b(x)) + b(s) * total(c, beta(c | s)) - b(s)),
        ])
        if rng.random() < 0.3:
            same = rng.choice([same + A[t](s, a), same * gamma, moving(r(s, a, x)), same + b(s), same + V[t + 1](s)])
        first, second = acting(beside * core, law), acting(beside * same, law)
        if rng.random() < 0.3 and law is pi and beside == score:
            second = second + acting(score * V[t](s))
        before, after = (before + first, after + second) if rng.random() < 0.5 else (before + second, after + first)
    return before, after


def differs(before: Expr, after: Expr) -> bool:
    """Whether some shape separates the sides at a random point, at some values of the free indices."""
    spoken = signature(before, after, r(s, a, x), gamma * b(s))
    for shape in SHAPES:
        model = residue_model(shape, spoken, additive=True, seed=3, points=2)
        kernel = Evaluator(model)
        free = sorted(before.free_symbols | after.free_symbols, key=str)
        sizes = {"state": shape.states, "action": shape.actions, "time": shape.horizon + 1}
        for places in product(*(range(sizes[index.sort]) for index in free)):
            at = dict(zip(free, places, strict=True))
            try:
                if not model.ring.is_zero(kernel.value(before, dict(at)) - kernel.value(after, dict(at))):
                    return True
            except NotApplicable:
                continue
    return False


def campaign(seeds: range) -> tuple[int, list[int], list[int]]:
    """How many were called equal, those wrongly so, and those that no shape separates and no normal form equates."""
    yes, wrong, missed = 0, [], []
    for seed in seeds:
        before, after = random_sides(Random(f"local {seed}"))
        decision = asked(before, after)
        apart = differs(before, after)
        yes += isinstance(decision, Shown)
        if isinstance(decision, Shown) and apart:
            wrong.append(seed)
        if not isinstance(decision, Shown) and not apart:
            missed.append(seed)
    return yes, wrong, missed


@pytest.mark.slow
def test_a_sample_of_random_local_claims() -> None:
    yes, wrong, missed = campaign(range(60))
    assert wrong == []
    assert missed == []
    assert 15 < yes < 50


@pytest.mark.deep
def test_thousands_of_random_local_claims() -> None:
    _, wrong, missed = campaign(range(1_000, 4_000))
    assert wrong == []
    assert missed == []
