"""The closed form against independent ways to the same number, laws known a priori, and twins that fail."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import InvalidModel, OutsideFragment
from derive.numeric import directions, simulate
from derive.numeric.brute_force import enumerated_gradient, enumerated_objective, trajectories
from derive.numeric.closed_form import closed_form, objective, returns_where_visited, values
from derive.numeric.comparison import Comparison, compare
from derive.numeric.differentiate import central_differences, complex_step
from derive.numeric.sources import bandit, corridor, lake, random_mdp, two_state
from derive.numeric.tabular import TabularMDP

quick = settings(max_examples=25, deadline=None)


@st.composite
def problems(draw) -> tuple[TabularMDP, np.ndarray]:
    seed, n, k, h = (draw(st.integers(lo, hi)) for lo, hi in ((0, 10**6), (1, 3), (1, 3), (0, 2)))
    mdp = random_mdp(seed, n, k, h, gamma=draw(st.sampled_from([0.0, 0.5, 0.9, 1.0, -0.7, 1.3])))
    return mdp, np.random.default_rng(seed).normal(scale=2, size=(n, k))


@quick
@given(problems())
def test_four_ways_agree(problem) -> None:
    mdp, theta = problem
    expected = enumerated_gradient(mdp, theta)
    assert closed_form(mdp, theta) == pytest.approx(expected, abs=1e-13)
    assert complex_step(mdp, theta) == pytest.approx(expected, abs=1e-13)
    differences = central_differences(mdp, theta)
    assert (np.abs(differences.gradient - expected) <= 3 * differences.error + 1e-15).all()
    assert objective(mdp, theta) == pytest.approx(enumerated_objective(mdp, theta), abs=1e-13)


@quick
@given(problems())
def test_the_past_is_computed(problem) -> None:
    """W(s, a) against enumeration: the gradient alone cannot show a wrong past, which drops out of it."""
    mdp, theta = problem
    every = trajectories(mdp, theta)
    visits = np.zeros((mdp.states, mdp.actions))
    for path in range(len(every.returns)):
        for t in range(mdp.horizon + 1):
            weight = every.probability[path] * every.returns[path]
            visits[every.states[path, t], every.actions[path, t]] += weight
    assert returns_where_visited(mdp, theta) == pytest.approx(visits, abs=1e-12)


@quick
@given(problems())
def test_laws(problem) -> None:
    mdp, theta = problem
    assert trajectories(mdp, theta).probability.sum() == pytest.approx(1)
    assert closed_form(mdp, theta).sum(axis=1) == pytest.approx(np.zeros(mdp.states), abs=1e-12)
    assert (values(mdp, theta)[-1] == 0).all()
    constant = replace(mdp, r=np.full(mdp.r.shape, 2.0))  # J = 2 sum_t gamma^t, whatever theta
    assert objective(constant, theta) == pytest.approx(2 * sum(mdp.gamma**t for t in range(mdp.horizon + 1)))
    assert closed_form(constant, theta) == pytest.approx(np.zeros(theta.shape), abs=1e-12)


def test_an_action_that_is_never_taken_has_no_gradient() -> None:
    theta = np.array([[0.0, -np.inf], [0.0, 0.0]])
    for method in (closed_form, enumerated_gradient, complex_step):
        assert (method(two_state(), theta)[0] == 0).all()


def test_too_many_trajectories() -> None:
    with pytest.raises(OutsideFragment, match=r"more than 10\^12 trajectories"):
        enumerated_gradient(lake(), np.zeros((16, 4)))


@pytest.mark.parametrize(("theta", "message"), [
    (np.zeros((2, 3)), r"shape \(2, 3\), expected \(2, 2\)"),
    ([[0, np.nan], [0, 0]], r"theta\[0, 1\] is nan"),
    ([[0, 0], [np.inf, 0]], r"theta\[1, 0\] is inf"),
    ([[0, 0], [-np.inf, -np.inf]], r"theta\[1\] is -inf throughout"),
    ([[0], [0, 1]], "no rectangular array"),
    ("theta", "no rectangular array"),
])
def test_theta_is_checked(theta, message) -> None:
    for method in (closed_form, objective, complex_step, central_differences, enumerated_gradient):
        with pytest.raises(InvalidModel, match=message):
            method(two_state(), theta)


# -- the comparison ----------------------------------------------------------------------------------


def compared(mdp: TabularMDP, closed=closed_form) -> Comparison:
    theta = np.random.default_rng(5).normal(scale=0.5, size=(mdp.states, mdp.actions))
    return compare(mdp, theta, samples=4_000, seed=11, closed=closed)


@pytest.mark.parametrize(
    "mdp", [bandit(), two_state(), corridor(), lake(), random_mdp(3, 3, 2, 3)], ids=lambda mdp: mdp.name)
def test_five_ways_agree(mdp) -> None:
    comparison = compared(mdp)
    assert comparison.agrees
    assert [row.method for row in comparison.rows] == [
        "dynamic programming", "enumeration", "complex step", "central differences", "Monte Carlo"]
    skipped = mdp.shape.trajectories > 200_000
    assert ("trajectories" in comparison.rows[1].skipped) == skipped == (comparison.rows[1].gradient is None)


# -- work limits, and rows that cannot tell -----------------------------------------------------------------


def large() -> TabularMDP:
    """400 states, 6 actions, deterministic moves: a derivative along every coordinate would take minutes."""
    rng, P = np.random.default_rng(0), np.zeros((400, 6, 400))
    P[np.arange(400)[:, None], np.arange(6)[None, :], rng.integers(400, size=(400, 6))] = 1
    return TabularMDP(np.full(400, 1 / 400), P, rng.normal(size=(400, 6, 400)), 0.99, 20, name="large")


@pytest.mark.slow
def test_a_large_mdp_is_looked_at_along_random_directions() -> None:
    theta = np.zeros((400, 6))
    start = time.monotonic()
    comparison = compare(large(), theta, samples=1_000)
    assert time.monotonic() - start < 60
    assert [row.method for row in comparison.rows[2:4]] == [
        "complex step, random directions: 8", "central differences, random directions: 8"]
    assert [row.says for row in comparison.rows[:4]] == ["reference", "left out", "agrees", "agrees"]
    one_wrong_entry = compare(large(), theta, samples=1_000, closed=lambda mdp, point: closed_form(
        mdp, point) + np.eye(400, 6) * 1e-4)
    assert [row.says for row in one_wrong_entry.rows[2:4]] == ["disagrees", "disagrees"]


def test_a_derivative_that_is_too_much_work_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "MOST_WORK", 1_000.0)
    rows = compared(two_state()).rows
    assert [row.skipped for row in rows[2:4]] == ["one derivative of J takes more than the work limit"] * 2
    assert compared(two_state()).agrees


def test_derivatives_along_directions_are_those_of_the_gradient() -> None:
    mdp, theta = random_mdp(3, 3, 2, 2), np.random.default_rng(1).normal(size=(3, 2))
    table = directions.random_directions(mdp, 5, seed=0)
    expected = [float((enumerated_gradient(mdp, theta) * move).sum()) for move in table]
    assert complex_step(mdp, theta, directions=table) == pytest.approx(expected, abs=1e-13)
    assert central_differences(mdp, theta, directions=table).gradient == pytest.approx(expected, abs=1e-8)
    assert directions.along(enumerated_gradient(mdp, theta), table) == pytest.approx(expected)


def test_fewer_episodes_than_asked_for_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "MOST_WORK", 4e5)
    row = compared(two_state()).rows[4]
    assert row.method.startswith("Monte Carlo, ")
    assert row.method.endswith(" of 4,000 episodes: work limit")
    long = replace(two_state(), horizon=100_000)
    assert simulate.affordable(long, 100_000) == 2
    assert simulate.affordable(two_state(), 50) == 50


@pytest.mark.parametrize(("samples", "judged"), [(2, False), (999, False), (1_000, True)])
def test_few_episodes_are_not_judged(samples: int, judged: bool) -> None:
    for seed in range(5):
        row = compare(two_state(), np.zeros((2, 2)), samples=samples, seed=seed).rows[4]
        assert (row.gradient is not None) == judged
        assert row.agrees
        assert ("too few to judge by" in row.skipped) != judged


def test_a_method_that_cannot_tell_the_gradient_from_0_says_so() -> None:
    slow = corridor(8, 8)  # the end is reached once in thousands of episodes
    rows = compare(slow, np.tile([1.0, -1.0], (8, 1)), samples=1_000).rows
    assert rows[4].says == "too coarse to say"
    assert [row.says for row in rows[2:4]] == ["agrees", "agrees"]
    assert compared(two_state()).rows[4].says == "agrees"


@pytest.mark.deep
@pytest.mark.parametrize("mdp", [corridor(), lake(), random_mdp(3, 3, 2, 3)], ids=lambda mdp: mdp.name)
def test_monte_carlo_does_not_disagree_by_chance(mdp: TabularMDP) -> None:
    for seed in range(100):
        theta = np.random.default_rng(seed).normal(size=(mdp.states, mdp.actions))
        assert compare(mdp, theta, samples=1_000, seed=seed).agrees


TWINS = {
    "gamma^t dropped": lambda mdp, theta: closed_form(replace(mdp, gamma=1.0), theta),
    "horizon one short": lambda mdp, theta: closed_form(replace(mdp, horizon=mdp.horizon - 1), theta),
    "ascent for descent": lambda mdp, theta: -closed_form(mdp, theta),
    "score without its mean": returns_where_visited,
    "next state read as state": lambda mdp, theta: closed_form(replace(mdp, r=mdp.r.transpose(2, 1, 0)), theta),
    "rounding a millionth off": lambda mdp, theta: closed_form(mdp, theta) * (1 + 1e-6),
    "not a number": lambda mdp, theta: closed_form(mdp, theta) * np.nan,
}


@pytest.mark.parametrize("name", TWINS)
def test_a_wrong_closed_form_is_seen(name) -> None:
    comparison = compared(random_mdp(3, 3, 2, 3), closed=TWINS[name])
    assert not comparison.agrees
    assert not comparison.rows[1].agrees
    assert not comparison.rows[2].agrees


@pytest.mark.parametrize(
    "name", ["gamma^t dropped", "horizon one short", "ascent for descent", "score without its mean"])
def test_monte_carlo_alone_sees_a_large_error(name) -> None:
    """On the two-state MDP each of these is off by many standard errors."""
    assert not compared(two_state(), closed=TWINS[name]).rows[4].agrees
