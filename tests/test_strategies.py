"""The public strategies: what they promise about what they draw, and that failures shrink to something small."""

from __future__ import annotations

import doctest
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NonInteractiveExampleWarning, NoSuchExample

import derive.testing.random_terms
import derive.testing.strategies
from derive.language.expression import subterms
from derive.language.models import Model, Shape
from derive.language.ranks import rank
from derive.language.terms import Expect, Log, Prod, Total, Trajectory
from derive.language.typing import admit, check
from derive.language.vocabulary import a, s, t, tau
from derive.numeric.tabular import TabularMDP, softmax
from derive.testing.strategies import (
    chain_mutants,
    float_mdps,
    models,
    policies,
    rows,
    shapes,
    terms,
    thetas,
    trajectories,
)
from proofs.gradient_of_probability import gradient_of_probability

FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEARCH = settings(max_examples=2000, deadline=None, database=None)


@FEW
@given(shapes(max_states=3, max_actions=4, max_horizon=2, max_samples=3, most=60))
def test_shapes_keep_their_limits(shape: Shape) -> None:
    assert 1 <= shape.states <= 3
    assert 1 <= shape.actions <= 4
    assert 0 <= shape.horizon <= 2
    assert 1 <= shape.samples <= 3
    assert shape.trajectories**shape.samples <= 60


@FEW
@given(st.data(), st.integers(1, 4), st.booleans())
def test_rows_are_probabilities(data: st.DataObject, size: int, zeros: bool) -> None:
    row = data.draw(rows(size, zeros=zeros))
    assert sum(row) == 1
    assert min(row) >= 0
    assert zeros or min(row) > 0


@FEW
@given(models(zeros=True, policy_zeros=True))
def test_models_are_valid(model: Model) -> None:
    assert model.validate() is model
    assert set(model.policies) == {"pi", "beta"}
    assert set(model.functions) == {"b", "q"}
    assert sum(model.probability_of(path) for path in model.shape.paths()) == 1
    assert model.returns is None or set(model.returns) == set(model.shape.paths())


@FEW
@given(shapes(least=Shape(1, 2, 3, 2), max_samples=2, most=10_000))
def test_shapes_are_no_smaller_than_asked(shape: Shape) -> None:
    assert min(shape.actions, shape.samples) == 2
    assert shape.horizon == 3


@FEW
@given(models(zeros=True, initial_zeros=False, discounts=[Fraction(1, 3)]))
def test_zeros_of_the_start_and_discounts_are_asked_apart(model: Model) -> None:
    assert min(model.mu) > 0
    assert model.gamma == Fraction(1, 3)


@FEW
@given(models(additive=True), models(additive=False, fixed_policies=(), functions={}))
def test_positive_models_have_no_zeros(one: Model, two: Model) -> None:
    for model in (one, two):
        assert all(model.probability_of(path) > 0 for path in model.shape.paths())
    assert one.returns is None
    assert two.returns is not None
    assert set(two.policies) == {"pi"}
    assert not two.functions


@FEW
@given(st.data())
def test_policies_thetas_and_trajectories_fit_their_shape(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    assert [len(row) for row in data.draw(policies(shape))] == [shape.actions] * shape.states
    theta = data.draw(thetas(shape))
    assert softmax(theta).sum(axis=1) == pytest.approx(np.ones(shape.states))
    path = data.draw(trajectories(shape))
    assert len(path) == 2 * shape.horizon + 3
    assert max(path[::2]) < shape.states
    assert max(path[1::2]) < shape.actions
    model = data.draw(models(shape, zeros=True, policy_zeros=True))
    assert model.probability_of(data.draw(trajectories(model))) > 0


@FEW
@given(float_mdps())
def test_float_mdps(mdp: TabularMDP) -> None:
    assert mdp.P.sum(axis=2) == pytest.approx(np.ones(mdp.P.shape[:2]))


@FEW
@given(terms(free=(s, a, tau, t)), terms(rank=1, free=(s, tau)), terms(logs=True, depth=2))
def test_terms_are_finished_and_well_typed(scalar: Any, gradient: Any, closed: Any) -> None:
    for term, expected in ((scalar, 0), (gradient, 1), (closed, 0)):
        assert check(admit(term)) is term
        assert rank(term) == expected
    assert scalar.free_symbols <= {s, a, tau, t}
    assert gradient.free_symbols <= {s, tau}
    assert not closed.free_symbols


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Log, Prod, Expect])
def test_terms_reach_the_vocabulary(kind: type) -> None:
    options: dict[str, Any] = {"rank": 1} if kind is Log else {}
    found = find(terms(depth=2, **options), lambda term: any(isinstance(node, kind) for node in subterms(term)),
                 settings=SEARCH)
    assert sum(1 for _ in subterms(found)) < 20


def test_trajectories_are_summed_over_once() -> None:
    @FEW
    @given(terms(depth=4))
    def nested(term: Any) -> None:
        for node in subterms(term):
            if isinstance(node, (Total, Expect)) and isinstance(node.index, Trajectory):
                assert not any(isinstance(inner, (Total, Expect)) and isinstance(inner.index, Trajectory)
                               for inner in subterms(node.body))

    nested()


# -- shrinking: each search ends at the smallest example there is ---------------------------------------------


def test_shapes_shrink_to_the_smallest() -> None:
    assert find(shapes(), lambda shape: shape.horizon == 1, settings=SEARCH) == Shape(1, 1, 1)
    assert find(shapes(), lambda shape: shape.states * shape.actions >= 4, settings=SEARCH) == Shape(2, 2, 0)


def test_a_part_that_is_favoured_is_large_half_of_the_time_and_shrinks_all_the_same() -> None:
    sizes: list[int] = []
    with pytest.raises(NoSuchExample):
        find(shapes(max_horizon=8, most=10**9, favour="horizon"), lambda shape: sizes.append(shape.horizon),
             settings=settings(SEARCH, max_examples=60))
    assert sizes.count(8) > 15
    assert find(shapes(max_horizon=8, favour="horizon"), lambda shape: shape.horizon > 4,
                settings=SEARCH) == Shape(1, 1, 5)


@pytest.mark.slow
def test_models_shrink_to_even_rows_and_zeros() -> None:
    model = find(models(Shape(2, 2, 0), additive=True), lambda model: model.r[1][0][1] > 1, settings=SEARCH)
    assert model.mu == (Fraction(1, 2), Fraction(1, 2))
    rewards = [number for table in model.r for row in table for number in row]
    assert sorted(rewards) == [*(Fraction(0),) * 7, Fraction(2)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pi", "beta"])
def test_a_policy_that_never_takes_an_action_is_drawn_where_that_is_allowed(name: str) -> None:
    def never(model: Model) -> bool:
        return any(0 in row for row in model.policies[name])

    model = find(models(Shape(1, 2, 0), policy_zeros=True), never, settings=SEARCH)
    assert sorted(model.policies[name][0]) == [0, 1]
    with pytest.raises(NoSuchExample):
        find(models(Shape(1, 2, 0), zeros=True), never, settings=settings(SEARCH, max_examples=200))


def test_mutants_are_those_of_the_chain() -> None:
    mutant = find(chain_mutants(gradient_of_probability), lambda mutant: mutant.place == 2, settings=SEARCH)
    assert mutant.theorem is gradient_of_probability
    assert mutant.steps == (1, 2)


# -- the docstrings, and what is not imported -------------------------------------------------------------------


@pytest.mark.filterwarnings(f"ignore::{NonInteractiveExampleWarning.__module__}.NonInteractiveExampleWarning")
def test_the_examples_in_the_docstrings() -> None:
    results = [doctest.testmod(module) for module in (derive.testing.strategies, derive.testing.random_terms)]
    assert sum(one.attempted for one in results) > 8
    assert [one.failed for one in results] == [0, 0]


@pytest.mark.slow
def test_hypothesis_is_not_loaded() -> None:
    modules = "derive.runs.run_check, derive.report.formats, derive.testing.mutants, derive.cli"
    script = f"import sys, {modules}; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    script = "import sys, derive.testing.fuzz; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 1
