"""Hypothesis strategies for anybody's tests: shapes, MDPs, policies, trajectories, terms, mutants.

Numbers are drawn from short lists, simplest first, and rows of probabilities from small
integer weights, so nothing is filtered and failures shrink to few states, few actions
and small fractions. Hypothesis is imported here and by what draws from here, ``derive
fuzz``; ``derive check`` does not load it.

>>> from hypothesis import given
>>> from derive.testing.strategies import models
>>> @given(models(additive=True))
... def test_constant_policy_has_no_gradient(model): ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import strategies as st

from derive.checking.theorems import Theorem
from derive.language.models import Model, Path, Shape, Table
from derive.numeric.tabular import FloatArray, TabularMDP, from_model
from derive.testing.mutants import Mutant
from derive.testing.mutants import chain_mutants as all_mutants
from derive.testing.random_terms import FUNCTIONS, numbers, terms

__all__ = [
    "chain_mutants", "float_mdps", "models", "numbers", "policies", "rows", "shapes", "terms", "thetas", "trajectories",
]

LEAST = Shape(1, 1, 0)
DISCOUNTS = tuple(Fraction(n, d) for n, d in ((1, 2), (1, 1), (0, 1), (1, 3), (9, 10)))

@st.composite
def shapes(draw: st.DrawFn, *, max_states: int = 3, max_actions: int = 3, max_horizon: int = 2, max_samples: int = 1,
           most: int = 100, least: Shape = LEAST, favour: str = "") -> Shape:
    """Shapes (|S|, |A|, H) with m samples and at most ``most`` trajectories, or joint samples.

    None is below ``least`` in any part. ``favour`` names a part that is drawn before the
    others, and every other time as large as it may be: "states", "actions" or "horizon".

    >>> shapes(max_horizon=0).example()  # doctest: +SKIP
    Shape(states=1, actions=2, horizon=0, samples=1)
    """
    def largest(shape: Shape, part: str, top: int) -> int:
        sizes = range(getattr(shape, part) + 1, top + 1)
        return max((size for size in sizes if replace(shape, **{part: size}).trajectories**shape.samples <= most),
                   default=getattr(shape, part))

    shape = replace(least, samples=draw(st.integers(least.samples, max(least.samples, max_samples))))
    parts = (("states", max_states), ("actions", max_actions), ("horizon", max_horizon))
    for part, top in sorted(parts, key=lambda one: one[0] != favour):
        low, high = getattr(shape, part), largest(shape, part, top)
        sizes = st.sampled_from([*range(low, high + 1), *[high] * (high - low + 1)])  # the last shrink as numbers do
        shape = replace(shape, **{part: draw(sizes if part == favour else st.integers(low, high))})
    return shape


@st.composite
def rows(draw: st.DrawFn, size: int, *, zeros: bool = False) -> tuple[Fraction, ...]:
    """A row of ``size`` probabilities, with exact zeros if allowed.

    >>> rows(2).example()  # doctest: +SKIP
    (Fraction(1, 2), Fraction(1, 2))
    """
    weight = st.sampled_from((1, 0, 2, 3) if zeros else (1, 2, 3, 5))
    weights = [draw(weight) for _ in range(size)]
    weights[0] += not any(weights)
    return tuple(Fraction(weight, sum(weights)) for weight in weights)


@st.composite
def policies(draw: st.DrawFn, shape: Shape, *, zeros: bool = False) -> Table:
    """A table [s][a] of action probabilities, exact.

    >>> policies(Shape(2, 2, 0)).example()  # doctest: +SKIP
    ((Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 3), Fraction(2, 3)))
    """
    return tuple(draw(rows(shape.actions, zeros=zeros)) for _ in range(shape.states))


@st.composite
def thetas(draw: st.DrawFn, shape: Shape) -> FloatArray:
    """Parameters (S, A) of a softmax policy in floats, between -3 and 3.

    >>> thetas(Shape(1, 2, 0)).example()  # doctest: +SKIP
    array([[0. , 0.5]])
    """
    entries = [[float(draw(numbers())) for _ in range(shape.actions)] for _ in range(shape.states)]
    return np.array(entries)


@st.composite
def models(draw: st.DrawFn, shape: Shape | st.SearchStrategy[Shape] | None = None, *, additive: bool | None = None,
           zeros: bool = False, initial_zeros: bool | None = None, policy_zeros: bool = False,
           fixed_policies: Sequence[str] = ("beta",), functions: Mapping[str, tuple[str, ...]] = FUNCTIONS,
           discounts: Sequence[Fraction] = DISCOUNTS) -> Model:
    """Exact finite MDPs with policies, a direction and tables of free functions.

    ``additive`` chooses the return: additive, arbitrary, or (None) either. ``zeros``
    allows zeros in mu and P, ``initial_zeros`` in mu if it is not to be as in P,
    ``policy_zeros`` in every policy. ``functions`` maps a name to the sorts of its
    arguments.

    >>> models(Shape(1, 2, 0), additive=True).example().returns is None
    True
    """
    if not isinstance(shape, Shape):
        shape = draw(shapes() if shape is None else shape)
    n, k = range(shape.states), range(shape.actions)
    sizes = {"state": n, "action": k}
    tables = {name: draw(policies(shape, zeros=policy_zeros)) for name in fixed_policies if name != "pi"}
    is_additive = draw(st.booleans()) if additive is None else additive
    return Model(
        shape=shape, mu=draw(rows(len(n), zeros=zeros if initial_zeros is None else initial_zeros)),
        P=tuple(tuple(draw(rows(len(n), zeros=zeros)) for _ in k) for _ in n),
        r=tuple(tuple(tuple(draw(numbers()) for _ in n) for _ in k) for _ in n),
        gamma=draw(st.sampled_from(discounts)),
        policies={"pi": draw(policies(shape, zeros=policy_zeros)), **tables},
        scores=tuple(tuple(draw(numbers()) for _ in k) for _ in n),
        returns=None if is_additive else {path: draw(numbers()) for path in shape.paths()},
        functions={name: {places: draw(numbers()) for places in product(*(sizes[sort] for sort in sorts))}
                   for name, sorts in functions.items()},
    ).validate()


@st.composite
def trajectories(draw: st.DrawFn, where: Shape | Model) -> Path:
    """A trajectory (s_0, a_0, ..., s_{H+1}) of a shape; of a model, one that is possible under pi.

    >>> trajectories(Shape(1, 1, 0)).example()
    (0, 0, 0)
    """
    if isinstance(where, Model):
        return draw(st.sampled_from([path for path in where.shape.paths() if where.probability_of(path) > 0]))
    places = [where.states, *(where.actions, where.states) * (where.horizon + 1)]
    return tuple(draw(st.integers(0, size - 1)) for size in places)


def float_mdps(shape: Shape | st.SearchStrategy[Shape] | None = None, *,
               zeros: bool = False) -> st.SearchStrategy[TabularMDP]:
    """Finite MDPs in floats, for the numeric side.

    >>> float_mdps(Shape(2, 2, 1)).example().P.shape
    (2, 2, 2)
    """
    return models(shape, additive=True, zeros=zeros, functions={}).map(from_model)


def chain_mutants(theorem: Theorem) -> st.SearchStrategy[Mutant]:
    """One-step mutants of a theorem's chain.

    >>> from proofs.gradient_of_probability import gradient_of_probability
    >>> chain_mutants(gradient_of_probability).example().theorem.name
    'gradient_of_probability'
    """
    return st.sampled_from(list(all_mutants(theorem)))
