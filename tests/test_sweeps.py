"""Forward and backward sweeps against enumeration on small models, transfer matrices on larger ones, and by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Expr
from test_transfer import POSITIVE, TERMS, b, made, score, transferred

from derive.errors import OutsideFragment, Undefined, WorkLimit
from derive.language.assumptions import additive_return, discount_below_one, iid_samples
from derive.language.expression import as_term
from derive.language.models import Shape
from derive.language.ranks import rank
from derive.language.signature import signature
from derive.language.vocabulary import (
    J,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    log,
    pi,
    r,
    ratio,
    s,
    t,
    tau,
    total,
)
from derive.numeric import infinite
from derive.numeric.closed_form import closed_form, objective
from derive.numeric.closed_form import values as values_of
from derive.numeric.instances import Instance, random_instance
from derive.numeric.interpretation import value as written
from derive.numeric.sources import lake, random_mdp
from derive.numeric.tabular import softmax
from derive.procedures.encoding import Encoding, context_of
from derive.transfer import arrays, cotangents, steppers, sums, sweeps
from derive.transfer.floats import Amount, AtInstance
from derive.transfer.sums import formula
from derive.transfer.tables import Tables

w = function("w")
VALUED: dict[str, Any] = {
    "the slope of a value": expect(tau, b(tau.s[0]) * grad(V[0](tau.s[0]))),
    "slopes of later values": expect(tau, b(tau.s[0]) * total(t, gamma**t * grad(V[t](tau.s[t])))),
    "slopes of action values": expect(tau, b(tau.s[0]) * total(t, gamma**t * grad(Q[t](tau.s[t], tau.a[t])))),
    "a quotient": ratio(grad(J), 3 + expect(tau, b(tau.s[1])) ** 2),
    "a sum of numbers": total(t, gamma**t) * J,
    "a value of its own time": expect(tau, total(t, score(t) * V[t](tau.s[t]) * Q[t](tau.s[t], tau.a[t]))),
}
EVERY = {**TERMS, **VALUED}


def swept(term: Expr, instance: Instance, known: Any = POSITIVE, **options: Any) -> Amount:
    assumed = frozenset([additive_return, iid_samples, *known])
    encoded = Encoding(assumed, infinite=False).term(as_term(term))
    return formula(context_of(assumed, infinite=False), encoded, rank=rank(as_term(term)), **options).at(instance)


def enumerated(term: Expr, instance: Instance, at: Any = None) -> np.ndarray:
    found = np.asarray(written(as_term(term), instance, at))
    return found.reshape(instance.theta.shape) if rank(as_term(term)) else found


@pytest.mark.parametrize(("shape", "name"), [
    *((Shape(2, 2, 1), name) for name in EVERY), *((Shape(3, 2, 2), name) for name in VALUED)], ids=str)
def test_the_whole_gradient_is_that_of_the_enumeration(name: str, shape: Shape) -> None:
    term = as_term(EVERY[name])
    instance = made(term, Shape(2, 2, 1, 2) if signature(term).samples else shape)
    found, expected = swept(term, instance), enumerated(term, instance)
    assert found.value == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert (found.size >= np.abs(found.value) * (1 - 1e-12)).all()


LARGE = ("score and return", "Q", "ratios", "errors", "baselines", "literal times", "a product of sums", "a variance",
         "sums over next states", "the last state", "a function of a step")


def large(term: Expr) -> Instance:
    """The lake, whose steps are few, with random tables."""
    drawn = random_instance(np.random.default_rng(1), Shape(16, 4, 1), signature(term), assumptions=[additive_return])
    return replace(drawn, mdp=lake())


@pytest.mark.parametrize("name", LARGE)
def test_the_whole_gradient_is_that_of_transfer_matrices(name: str) -> None:
    """Along directions, one batch of matrices each, on a model with 10^37 trajectories."""
    term = as_term(EVERY[name])
    instance = large(term)
    table = np.random.default_rng(5).normal(size=(3, 16, 4))
    found, along = swept(term, instance), transferred(term, instance, table)
    projected = np.tensordot(table, found.value, axes=2) if rank(term) else np.full(3, found.value)
    assert projected == pytest.approx(along.value, rel=1e-9, abs=1e-12 * float(along.size.max()))
    assert np.abs(projected).max() > 0


def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the absolute values is taken from the values."""
    monkeypatch.setattr(sweeps.Sweeps, "is_own", lambda self, one: False)
    monkeypatch.setattr(AtInstance, "backward", Tables.backward)


@pytest.mark.parametrize("rewards", ["of both signs", "positive"])
@pytest.mark.parametrize("name", EVERY)
def test_absolute_values_are_the_same_shared_or_not(name: str, rewards: str, monkeypatch: pytest.MonkeyPatch) -> None:
    term = as_term(EVERY[name])
    instance = made(term, Shape(3, 2, 2, 2))
    if rewards == "positive":
        instance = replace(instance, mdp=replace(instance.mdp, r=np.abs(instance.mdp.r)))
    shared = swept(term, instance)
    apart(monkeypatch)
    alone = swept(term, instance)
    assert shared.value == pytest.approx(alone.value, rel=1e-12, abs=1e-15 * float(alone.size.max()))
    assert shared.size == pytest.approx(alone.size, rel=1e-12)


def test_so_are_those_of_a_large_model(monkeypatch: pytest.MonkeyPatch) -> None:
    term, instance = EVERY["Q"], Instance(mdp=random_mdp(0, 80, 2, 9), theta=np.ones((80, 2)))
    shared = swept(term, instance)
    assert shared.size.max() > np.abs(shared.value).max() * 1.1  # rewards of both signs
    apart(monkeypatch)
    assert shared.size == pytest.approx(swept(term, instance).size, rel=1e-12)


def test_to_share_what_is_not_its_own_absolute_value_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    term = as_term(EVERY["Q"])
    instance = made(term, Shape(3, 2, 2, 2))
    before = swept(term, instance)
    monkeypatch.setattr(AtInstance, "is_own", lambda self, one: one[0] != "dpi")
    assert swept(term, instance).size != pytest.approx(before.size, rel=1e-3)


@pytest.mark.parametrize("name", ["Q", "errors", "the last state", "slopes of later values", "a variance"])
def test_steps_one_by_one_are_those_of_one_matrix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    term = as_term(EVERY[name])
    instance = large(term)
    dense = swept(term, instance)
    monkeypatch.setattr(steppers, "SMALL", 0)
    sparse = swept(term, instance)
    assert sparse.value == pytest.approx(dense.value, rel=1e-10, abs=1e-15)
    monkeypatch.setattr(sums, "SPARSE", 0.0)
    every = swept(term, instance)
    assert every.value == pytest.approx(dense.value, rel=1e-10, abs=1e-15)


def test_functions_of_free_places() -> None:
    """A number for every state and action, and a gradient for every state."""
    instance = made(as_term(w(s, a)), Shape(3, 2, 1))
    places = [("action", "a"), ("state", "s")]
    number = pi(a | s) * w(s, a) + expect(tau, pi(a | tau.s[0])) * w(s, a)
    found = swept(number, instance, places=places).value
    for at in np.ndindex(3, 2):
        assert found[at[::-1]] == pytest.approx(enumerated(number, instance, {s: at[0], a: at[1]}), rel=1e-12)
    slope = grad(total(a, pi(a | s) * w(s, a)))
    found = swept(slope, instance, places=[("state", "s")]).value
    assert found.shape == (3, 3, 2)
    for state in range(3):
        assert found[state] == pytest.approx(enumerated(slope, instance, {s: state}), rel=1e-12)


def test_by_hand() -> None:
    """One state, two actions with rewards 1 and 3, H = 1, gamma = 1/2, pi = (1/4, 3/4).

    J = 3/2 (1/4 + 9/4) = 15/4, and D J / D theta(0) = 3/2 pi_0 pi_1 (1 - 3) = -9/16.
    """
    mdp = replace(random_mdp(0, 1, 2, 1), r=np.array([[[1.0], [3.0]]]), gamma=0.5)
    instance = Instance(mdp=mdp, theta=np.log([[1.0, 3.0]]))
    assert swept(J, instance).value == pytest.approx(15 / 4)
    assert swept(grad(J), instance).value == pytest.approx(np.array([[-9 / 16, 9 / 16]]))
    # E[log pi(a_0)] = 1/4 log 1/4 + 3/4 log 3/4 is -0.5623351446188083
    assert swept(expect(tau, log(pi(tau.a[0] | tau.s[0]))), instance).value == pytest.approx(-0.5623351446188083)
    # 1/(1 + J) = 4/19
    assert swept(ratio(1, 1 + J), instance).value == pytest.approx(4 / 19)
    assert swept(ratio(grad(J), 1 + J), instance).value[0, 0] == pytest.approx(-9 / 76)


def test_a_gradient_that_cancels_is_0_within_what_is_said_of_its_rounding() -> None:
    """Policies that are almost sure, and large rewards: D pi is small, and so must its rounding be."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        mdp = replace(random_mdp(seed, 3, 2, 3), r=1e6 * rng.normal(size=(3, 2, 3)))
        instance = Instance(mdp=mdp, theta=rng.normal(size=(3, 2)) * 4)
        found = swept(expect(tau, score(1) * r(tau.s[0], tau.a[0], tau.s[1])), instance)
        assert (np.abs(found.value) <= 8 * 5 * np.finfo(float).eps * found.size).all()


def test_against_the_closed_form_at_a_long_horizon() -> None:
    mdp = replace(lake(), horizon=300)
    theta = np.random.default_rng(3).normal(size=(16, 4))
    instance = Instance(mdp=mdp, theta=theta)
    claim = expect(tau, total(t, score(t)) * R(tau))
    assert swept(claim, instance).value == pytest.approx(closed_form(mdp, theta), rel=1e-9, abs=1e-12)
    assert swept(J, instance).value == pytest.approx(objective(mdp, theta))
    assert swept(expect(tau, V[7](tau.s[7])), instance).value == pytest.approx(
        mdp.mu @ np.linalg.matrix_power(np.einsum("sa,sax->sx", softmax(theta), mdp.P), 7) @ values_of(mdp, theta)[7])


# -- without a last decision ---------------------------------------------------------------------------------------


def endless(term: Any, instance: Instance, **options: Any) -> Amount:
    assumed = frozenset([additive_return, discount_below_one, *POSITIVE])
    encoded = Encoding(assumed, infinite=True).term(as_term(term))
    return formula(context_of(assumed, infinite=True), encoded, rank=rank(as_term(term)), **options).at(instance)


def test_linear_systems_against_occupancies_and_long_horizons() -> None:
    mdp = replace(lake(), gamma=0.9)
    theta = np.random.default_rng(3).normal(size=(16, 4))
    instance = Instance(mdp=mdp, theta=theta, functions={("b", ("state",)): np.arange(16.0)})
    claim = total(t, gamma**t * expect(tau, score(t) * Q(tau.s[t], tau.a[t])), stop=forever)
    found = endless(claim, instance)
    assert found.value == pytest.approx(infinite.gradient(mdp, theta), rel=1e-9, abs=1e-15)
    # to H = 400 what is left is 0.9^400 = 5e-19
    cut = expect(tau, total(t, gamma**t * b(tau.s[t])))
    long = replace(instance, mdp=replace(mdp, horizon=400))
    whole = total(t, gamma**t * expect(tau, b(tau.s[t])), stop=forever)
    assert endless(whole, instance).value == pytest.approx(swept(cut, long).value, rel=1e-12)
    slope = endless(grad(whole), instance).value
    assert slope == pytest.approx(swept(grad(cut), long).value, rel=1e-9, abs=1e-12)
    bellman = endless(grad(V(s)), instance, places=[("state", "s")]).value
    h = 1e-6
    for state, action in ((14, 2), (8, 1)):
        step = np.zeros((16, 4))
        step[state, action] = h
        quotient = (infinite.values(mdp, theta + step) - infinite.values(mdp, theta - step)) / (2 * h)
        assert bellman[:, state, action] == pytest.approx(quotient, rel=1e-4, abs=1e-9)


def test_states_that_lead_nowhere_are_worth_nothing_exactly() -> None:
    """LAPACK's exchanges of rows leave rounding of other states there; elimination without them does not."""
    mdp, theta = replace(lake(), gamma=0.99), np.random.default_rng(0).normal(size=(16, 4))
    found = endless(V(s), Instance(mdp=mdp, theta=theta), places=[("state", "s")])
    holes = [5, 7, 11, 12, 15]
    assert (found.value[holes] == 0).all()
    assert (found.size[holes] == 0).all()
    assert (found.value[[14, 10]] > 1e-3).all()
    with_pivots = infinite.values(mdp, theta)
    assert (with_pivots[holes] != 0).any()


@pytest.mark.parametrize("n", [1, 2, 16, 17, 40, 101])
def test_elimination_solves(n: int) -> None:
    rng = np.random.default_rng(n)
    steps = rng.random((2, n, n))
    matrix = np.eye(n) - 0.95 * steps / steps.sum(axis=-1, keepdims=True)
    right = rng.normal(size=(1, n, 3))
    found = arrays.eliminated(matrix, right)
    assert np.matmul(matrix, found) == pytest.approx(np.broadcast_to(right, (2, n, 3)), abs=1e-11)


# -- what is refused, and twins ----------------------------------------------------------------------------------


def test_what_has_no_value_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = made(as_term(b(s)), Shape(2, 2, 1))
    with pytest.raises(OutsideFragment, match="second derivatives"):
        swept(grad(grad(J)), instance)
    zero = replace(instance, mdp=replace(instance.mdp, r=np.zeros((2, 2, 2))))
    with pytest.raises(Undefined, match="a division by a sum that is 0"):
        swept(ratio(1, J), zero)
    level = np.full(2, objective(instance.mdp, instance.theta))
    with pytest.raises(Undefined, match="lost in rounding"):
        swept(ratio(1, J - expect(tau, b(tau.s[0]))), replace(instance, functions={("b", ("state",)): level}))
    inverse = expect(tau, ratio(1, b(tau.s[0])) * score(0))
    with pytest.raises(Undefined, match="a division by f"):
        swept(inverse, replace(instance, functions={("b", ("state",)): np.array([0.0, 1.0])}))
    monkeypatch.setattr(sweeps, "MOST_NUMBERS", 10)
    with pytest.raises(WorkLimit):
        swept(J, instance)


PLANTS: dict[str, tuple[Any, str, Any, str]] = {}


def planted(name: str, owner: Any, attribute: str, term: str) -> Any:
    def kept(wrong: Any) -> Any:
        PLANTS[name] = (owner, attribute, wrong, term)
        return wrong
    return kept


@planted("every state is one from which a law goes on", sweeps, "is_law", "to go")
def lawful(monomial: Any) -> bool:
    return True


@planted("what leads there starts one step late", steppers.Steppers, "forward", "Q")
def late(self: Any, start: Any) -> Any:
    found = self._swept(start, back=False)
    return np.concatenate([found[:1], found[:-1]])


@planted("what follows is that of one step before", steppers.Steppers, "backward", "score and return")
def early(self: Any, end: Any) -> Any:
    found = self._swept(end, back=True)
    return np.concatenate([found[:1], found[:-1]])


@planted("falls on values are not carried on", cotangents.Cotangent, "_through_values", "slopes of later values")
def dropped(self: Any, policy: str, falls: Any) -> Any:
    return np.zeros(self.slot.shape)


TRULY = sweeps.Sweeps.contracted


@planted("what stands beside the table is forgotten", sweeps.Sweeps, "contracted", "the slope of a sum over actions")
def forgotten(self: Any, operands: Any, monomial: Any, out: Any, over: Any) -> Any:
    return TRULY(self, operands, monomial[1:] if operands else monomial, out, over)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_error_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute, wrong, of = PLANTS[name]
    term = as_term(EVERY[of])
    instance = made(term, Shape(3, 2, 2))
    expected = enumerated(term, instance)
    assert swept(term, instance).value == pytest.approx(expected, rel=1e-9, abs=1e-12)
    monkeypatch.setattr(owner, attribute, wrong)
    assert swept(term, instance).value != pytest.approx(expected, rel=1e-6)
