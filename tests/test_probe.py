"""Large shapes at random points: true claims agree, false ones differ, and residues are those of exact values."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from kernel_letters import ALL, TRUE, Claim
from kernel_oracle import model_of
from sympy import Expr
from three_evaluators import evaluated

from derive import (
    A,
    H,
    J,
    P,
    Policy,
    Q,
    R,
    a,
    additive_return,
    expect,
    function,
    gamma,
    grad,
    log,
    pi,
    possible,
    prod,
    r,
    ratio,
    t,
    tau,
    total,
    variance,
)
from derive.cli import main
from derive.errors import BadInput, OutsideFragment
from derive.language.expression import as_term
from derive.language.models import Model, Shape
from derive.procedures.encoding import Encoding, context_of
from derive.report.probing import shape_of
from derive.semantics.modular import random_primes
from derive.transfer.arrays import Residues
from derive.transfer.automata import Transfer
from derive.transfer.error_bound import Bound, of_automaton
from derive.transfer.probe import Agreement, Disagreement, probe
from derive.transfer.tables import Tables
from derive.transfer.unfolding import plain_automaton, sums_of

b, beta = function("b"), Policy("beta")
ADDITIVE = frozenset({possible(tau), additive_return})
ARBITRARY = frozenset({possible(tau)})
scores = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
closed = total(tau, P(tau) * scores * R(tau))
rewards = total(t, gamma**t * r(tau.s[t], tau.a[t], tau.s[t + 1]))

FALSE: tuple[Expr, ...] = (
    total(tau, P(tau) * total(t, grad(log(pi(tau.a[t] | tau.s[t]))), stop=H - 1) * R(tau)),
    2 * closed,
    total(tau, P(tau) * grad(log(pi(tau.a[0] | tau.s[0]))) * R(tau)),
)


@pytest.mark.parametrize("assumptions", [ADDITIVE, ARBITRARY], ids=["additive", "arbitrary"])
@pytest.mark.parametrize("shape", [Shape(1, 2, 0), Shape(2, 2, 3), Shape(7, 3, 30), Shape(20, 5, 200)], ids=str)
def test_a_true_identity_agrees_at_every_shape(assumptions: frozenset, shape: Shape) -> None:  # type: ignore[type-arg]
    found = probe(grad(J), closed, assumptions, shape, points=2)
    assert isinstance(found, Agreement)
    assert str(found).startswith("equal at 2 random points modulo")


@pytest.mark.parametrize("assumptions", [ADDITIVE, ARBITRARY], ids=["additive", "arbitrary"])
@pytest.mark.parametrize("false", FALSE, ids=str)
def test_a_false_identity_differs(assumptions: frozenset, false: Expr) -> None:  # type: ignore[type-arg]
    assert isinstance(probe(grad(J), false, assumptions, Shape(5, 3, 20), points=1), Disagreement)


@pytest.mark.slow
def test_the_error_bound_of_the_seed_chain_is_as_small_as_promised() -> None:
    found = probe(grad(J), closed, ADDITIVE, Shape(20, 5, 200))
    assert isinstance(found, Agreement)
    assert found.bits >= 140
    assert isinstance(fewer := probe(grad(J), closed, ADDITIVE, Shape(20, 5, 200), points=1), Agreement)
    assert fewer.bits < found.bits / 6


def test_what_has_no_automaton_is_not_probed() -> None:
    with pytest.raises(OutsideFragment):
        probe(log(J), log(J) * 2, ADDITIVE, Shape(2, 2, 1))


class Remainders(Tables):
    """A rational model modulo primes, its derivative along its direction: as ``RandomPoints``, but known."""

    def __init__(self, model: Model, primes: np.ndarray) -> None:
        super().__init__()
        self.ring, self.model = Residues(primes), model
        self.states, self.actions, self.horizon = model.shape.states, model.shape.actions, model.shape.horizon
        self.gamma, self.m = self.ring.number(model.gamma), self.ring.number(model.shape.samples)

    def given(self, what: str, name: str, sorts: str) -> np.ndarray:
        sizes = [self.actions if sort == "a" else self.states for sort in sorts]
        columns = [self.ring.number(self.entry(what, name, *place)) for place in product(*map(range, sizes))]
        return np.stack(columns, axis=1).reshape(-1, *sizes)

    def entry(self, what: str, name: str, *at: int) -> Fraction:
        model = self.model
        match what, at:
            case "mu", (s,):
                return model.mu[s]
            case "P", (x, s, a):
                return model.P[s][a][x]
            case "r", (s, a, x):
                return model.r[s][a][x]
            case "pi", (a, s):
                return model.policies[name][s][a]
            case "dpi", (a, s):
                row, slopes = model.policies["pi"][s], model.scores[s]
                return row[a] * (slopes[a] - sum(p * phi for p, phi in zip(row, slopes, strict=True)))
        return model.functions[name][at]


TERMS: dict[str, Expr] = {
    "objective": grad(J), "score and return": closed, "a horizon short": FALSE[0], "values": expect(
        tau, total(t, gamma**t * grad(log(pi(tau.a[t] | tau.s[t]))) * A[t](tau.s[t], tau.a[t], policy=beta))),
    "sums inside": expect(tau, b(tau.s[0]) * total(a, pi(a | tau.s[0]) * Q[0](tau.s[0], a))), "reciprocals": expect(
        tau, prod(t, ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t]))) * rewards, policy=beta),
    "products": J * expect(tau, b(tau.s[H + 1])) + gamma**H * expect(tau, b(tau.s[1])),
    "the last but one": expect(tau, b(tau.s[H])) - expect(tau, total(t, b(tau.s[t]), stop=H - 1)),
}


@pytest.mark.parametrize("size", [(1, 3, 0), (2, 2, 1), (2, 3, 1), (3, 2, 1), (2, 2, 2)], ids=str)
@pytest.mark.parametrize("name", TERMS)
def test_residues_are_those_of_the_exact_value(name: str, size: tuple[int, ...]) -> None:
    term, primes = TERMS[name], random_primes(Random(3), 2)
    claim = Claim(name, term, term, ADDITIVE - {possible(tau)} | set(ALL), TRUE)
    model = model_of(claim, size, Random(f"{name} {size}"))
    expected = evaluated(term, model, {})
    encoded = Encoding(claim.assumes, infinite=False).term(term)
    poly, first = sums_of(context_of(claim.assumes, infinite=False), encoded, model.shape)
    assert bool(expected) != (name == "a horizon short" and size[2] == 0)
    assert (Transfer(Remainders(model, primes)).polynomial(poly, first) == Residues(primes).number(expected)).all()


def test_a_long_walk_and_squaring_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """H + 1 = 41 in binary is 101001."""
    claim, primes = Claim("", closed, closed, ADDITIVE | set(ALL), TRUE), random_primes(Random(3), 2)
    model = model_of(claim, (2, 2, 40), Random(4))
    encoded = Encoding(ADDITIVE, infinite=False).term(closed)
    poly, first = sums_of(context_of(ADDITIVE, infinite=False), encoded, model.shape)
    found = []
    for way in (True, False):
        monkeypatch.setattr(Transfer, "_squares", lambda self, one, letters, way=way: way)
        found.append(Transfer(Remainders(model, primes)).polynomial(poly, first))
    assert (found[0] == found[1]).all()
    assert found[0].any()


def test_products_and_powers_of_an_arbitrary_return() -> None:
    square, other = expect(tau, R(tau) ** 2), expect(tau, b(tau.s[0]))
    assert isinstance(probe(square * other, other * expect(tau, R(tau) * R(tau)), ARBITRARY, Shape(3, 2, 4)), Agreement)
    assert isinstance(probe(square * other, J * other, ARBITRARY, Shape(3, 2, 4)), Disagreement)
    with pytest.raises(OutsideFragment, match="a product of sums over an arbitrary return"):
        probe(variance(tau, R(tau)), square, ARBITRARY, Shape(3, 2, 4))
    assert isinstance(probe(variance(tau, R(tau)), square, ADDITIVE, Shape(3, 2, 4)), Disagreement)


def test_below_its_first_horizon_a_claim_says_nothing() -> None:
    with pytest.raises(OutsideFragment, match="from H = 2 on"):
        probe(expect(tau, b(tau.s[3])), expect(tau, b(tau.s[2])), ADDITIVE, Shape(2, 2, 1))


def test_a_reciprocal_weakens_the_bound() -> None:
    """It counts with its whole table: a common denominator is a product of b(s) over all states."""
    shape = Shape(50, 2, 3)

    def bound(one: Expr) -> Bound:
        context = context_of(ADDITIVE | set(ALL), infinite=False)
        encoded = Encoding(ADDITIVE, infinite=False).term(as_term(one))
        (((_, (_, (monomial,))),), first) = sums_of(context, encoded, shape)
        return of_automaton(plain_automaton(monomial, first), shape)

    over, plain = bound(expect(tau, ratio(1, b(tau.s[0])) * b(tau.s[1]))), bound(expect(tau, b(tau.s[0]) * b(tau.s[1])))
    assert over.degree >= plain.degree + 5 * 50
    assert over.bits(1) < plain.bits(1)


@pytest.mark.parametrize("text", ["", "1,2", "a,b,c", "0,1,1", "1,1,-1", "1000,1,1", "2,2,999999999"])
def test_a_shape_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        shape_of(text)


@pytest.mark.slow
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "policy_gradient", "--shape", "6,3,40", "--points", "2"]) == 0
    assert "S=6 A=3 H=40" in capsys.readouterr().out
    assert main(["probe", "horizon_one_short", "--shape", "3,2,5"]) == 0  # declared refuted
    assert "different on the generic model" in capsys.readouterr().out
    assert main(["probe", "--shape", "x"]) == 2
