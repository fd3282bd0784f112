"""Concrete models: what is refused and in which words, rows filled in, and the two sums along a path.

``paper_model`` is the two-state MDP with H = 1 that the paper calculations of the kernel's
tests refer to (``test_hand_numbers`` works it out).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from derive.errors import InvalidModel
from derive.language.models import Model, Path, Shape, filled

F = Fraction
HALF, QUARTER, THIRD = F(1, 2), F(1, 4), F(1, 3)


def paper_model(returns: Mapping[Path, Fraction] | None = None, *, horizon: int = 1, samples: int = 1,
                functions: Mapping[str, Mapping[tuple[int, ...], Fraction]] | None = None) -> Model:
    """Two states, two actions; the behaviour policy b is uniform; one transition is sure in (0,1) and in (1,0)."""
    return Model(
        shape=Shape(2, 2, horizon, samples),
        mu=(THIRD, 2 * THIRD),
        P=(((HALF, HALF), (F(1), F(0))), ((F(0), F(1)), (QUARTER, 3 * QUARTER))),
        r=(((F(0), F(2)), (F(1), F(1))), ((F(-1), F(-1)), (F(3), F(0)))),
        gamma=HALF,
        policies={"pi": ((HALF, HALF), (QUARTER, 3 * QUARTER)), "b": ((HALF, HALF), (HALF, HALF))},
        scores=((F(1), F(0)), (F(0), F(2))),
        returns=None if returns is None else {path: returns.get(path, F(0)) for path in Shape(2, 2, horizon).paths()},
        functions=functions or {},
    ).validate()


def test_a_model_with_probability_rows_is_itself() -> None:
    model = paper_model()
    assert model.validate() is model


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"mu": (F(1),)}, "mu has 1 entries, expected 2."),
    ({"mu": (0.5, 0.5)}, "mu holds a float; exact models take ints and Fractions."),
    ({"mu": (F(3, 2), F(-1, 2))}, "mu has the negative entry -1/2; probabilities are at least 0."),
    ({"mu": (HALF, QUARTER)},
     "mu sums to 3/4, expected 1. Give the last probability as None to have it filled in."),
    ({"P": (((HALF, HALF), (F(1), F(0))), ((F(0), F(1)), (QUARTER, QUARTER)))},
     "P(·|s=1, a=1) sums to 1/2, expected 1. Give the last probability as None to have it filled in."),
    ({"P": (((HALF, HALF), (F(1),)), ((F(0), F(1)), (QUARTER, 3 * QUARTER)))},
     "P(·|s=0, a=1) has 1 entries, expected 2."),
    ({"policies": {"pi": ((HALF, HALF), (F(2), F(-1)))}},
     "pi(·|s=1) has the negative entry -1; probabilities are at least 0."),
    ({"policies": {"pi": ((HALF, HALF), (HALF, HALF)), "b": ((1.0, 0.0), (HALF, HALF))}},
     "b(·|s=0) holds a float; exact models take ints and Fractions."),
)


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message[:30] for _, message in REFUSED])
def test_what_is_no_model_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        replace(paper_model(), **change).validate()
    assert str(caught.value) == message


def test_integers_are_exact() -> None:
    assert replace(paper_model(), mu=(1, 0)).validate().mu == (1, 0)


def test_a_last_probability_none_is_filled_in() -> None:
    assert filled([HALF, THIRD, None]) == (HALF, THIRD, F(1, 6))
    assert filled([1, 0]) == (F(1), F(0))
    assert filled([None]) == (F(1),)
    assert filled([]) == ()


def test_a_filled_row_may_still_be_no_row() -> None:
    too_much = replace(paper_model(), mu=filled([F(4, 3), None]))
    with pytest.raises(InvalidModel, match="negative entry -1/3"):
        too_much.validate()


def test_shapes_count_and_list_their_trajectories() -> None:
    # |S| (|A| |S|)^(H+1): 2 (3 2)^1 = 12, 1 (3 1)^2 = 9, 2 (2 2)^2 = 32
    for shape, count in ((Shape(2, 3, 0), 12), (Shape(1, 3, 1), 9), (Shape(2, 2, 1), 32)):
        paths = list(shape.paths())
        assert shape.trajectories == len(paths) == len(set(paths)) == count
        assert paths == sorted(paths)
        assert all(len(path) == 2 * shape.horizon + 3 for path in paths)
    assert list(Shape(1, 2, 0).paths()) == [(0, 0, 0), (0, 1, 0)]
    assert (str(Shape(2, 3, 1)), str(Shape(2, 3, 1, 2))) == ("(2,3,1)", "(2,3,1) m=2")


def test_feasible_trajectories_are_those_along_which_mu_and_p_are_not_0() -> None:
    # P(1|0,1) = P(0|1,0) = 0: three (a, x) from each state, 2 3 3 = 18
    for model in (paper_model(), replace(paper_model(), mu=(F(0), F(1)))):
        wanted = [path for path in model.shape.paths() if model.mu[path[0]] and all(
            model.P[path[j]][path[j + 1]][path[j + 2]] for j in (0, 2))]
        assert list(model.feasible_paths()) == wanted
        assert model.feasible() == len(wanted) < 32
    assert paper_model().feasible() == 18
    certain = replace(paper_model(), policies={"pi": ((F(1), F(0)), (F(1), F(0)))})
    assert certain.feasible() == 18  # whatever the policy


def test_a_return_left_out_is_0() -> None:
    assert replace(paper_model(), returns={}).reward_of((0, 0, 0, 0, 0)) == 0


def test_the_two_products_along_a_path() -> None:
    # (s_0, a_0, s_1, a_1, s_2) = (0, 0, 1, 1, 0): 1/3 1/2 1/2 3/4 1/4 = 1/64; under b 1/3 1/2 1/2 1/2 1/4 = 1/96
    path = (0, 0, 1, 1, 0)
    assert paper_model().probability_of(path) == F(1, 64)
    assert paper_model().probability_of(path, "b") == F(1, 96)
    # r(0,0,1) + 1/2 r(1,1,0) = 2 + 3/2
    assert paper_model().reward_of(path) == F(7, 2)
    assert paper_model({path: F(8)}).reward_of(path) == 8
