"""What every defined notion is worth: by hand, and by its expansion on models nobody chose.

Each evaluator has fast rows of its own for some notions. A row is right if it gives the number
worked out on paper, and the value of what the record says, everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from sympy import Expr
from three_evaluators import EVALUATORS, TWO_STATE, F, at_hand

from derive.language.binding import substitute
from derive.language.definitions import DEFINITIONS, expanded, meaning_of, resolved
from derive.language.expansion import Definition
from derive.language.expression import subterms
from derive.language.horizons import is_endless
from derive.language.models import Model, Shape
from derive.language.terms import Batch, Law, Log, Policy, StateValue, Time, Trajectory
from derive.language.vocabulary import (
    H,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    gamma,
    grad,
    i,
    k,
    log,
    mean,
    mu,
    notions,
    pi,
    prod,
    r,
    s,
    same,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)

d, p = (notions()[name] for name in ("d", "p"))

# V_2 = 0, V_1(0) = 3/4 1 = 3/4, V_1(1) = 1/2 2 = 1. Q_0(0,0) = 0 + 1/2 3/4 = 3/8, Q_0(0,1) = 1 + 1/2 1 = 3/2,
# V_0(0) = 1/4 3/8 + 3/4 3/2 = 39/32. Along (0,1,1,0,1): R = 1 + 1/2 2 = 2, P = 3/4 1/2; along (0,0,0,1,1):
# R = 1/2, P = 3/16. E R^2 = 3/16 1/4 + 3/8 4 + 3/8 1 = 123/64.
BY_HAND: dict[str, Fraction] = {
    "return": F(2),
    "trajectory_probability": F(3, 8),
    "objective": F(39, 32),
    "action_value": F(3, 2),
    "advantage": F(3, 2) - F(39, 32),
    "variance": F(123, 64) - F(39, 32) ** 2,
    "sample_mean": (F(2) + F(1, 2)) / 2,
    "td_error": F(1) + F(1, 2) * F(1) - F(39, 32),
    "reward_to_go": F(1) + F(1, 2) * F(2),
    # action 1 leads to state 1, which pays 1; the start is state 0
    "expected_reward": F(1),
    "marginal": F(1),
    # d(0) = 1 + 1/2 (1/4 d(0) + 1/2 d(1)), d(1) = 1/2 (3/4 d(0) + 1/2 d(1)): d(1) = d(0)/2, d(0) = 4/3
    "occupancy": F(4, 3),
    "normalized_occupancy": F(2, 3),
    # 1/4 log 4 + 3/4 log 4/3, and 1/4 log 1/2 + 3/4 log 3/2
    "entropy": F("0.562335144618808"),
    "divergence": F("0.130812035941137"),
    # c R - c^2 has the derivative R - 2 c; R = 2 as above, c = 3
    "derivative": F(2) - 2 * 3,
}


def by_name(record: Definition) -> str:
    return record.name


def test_every_notion_has_a_number_worked_out_by_hand() -> None:
    assert set(BY_HAND) == {record.name for record in DEFINITIONS}


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("record", DEFINITIONS, ids=by_name)
def test_the_number_by_hand(record: Definition, evaluator: str) -> None:
    value, term = EVALUATORS[evaluator], record(*record.example)
    if record.infinite and evaluator == "floats":
        pytest.skip("the floats go through trajectories, which end")
    for written in (term, expanded(term, additive=True, infinite=record.infinite)):
        assert value(written, TWO_STATE, at_hand(term)) == pytest.approx(float(BY_HAND[record.name]), abs=1e-14)


# A slip in each record, and the number sees it.
WRONG: dict[str, Callable[..., Expr]] = {
    "return": lambda path: total(t, r(path.s[t], path.a[t], path.s[t + 1])),
    "trajectory_probability": lambda policy, path: prod(
        t, policy(path.a[t] | path.s[t]) * P(path.s[t + 1] | path.s[t], path.a[t]), stop=H - 1),
    "objective": lambda policy: expect(tau, R(tau), policy=Policy("b")),
    "action_value": lambda policy, time, s, a: total(x, P(x | s, a) * (r(s, a, x) + V[time + 1](x))),
    "advantage": lambda policy, time, s, a: StateValue(policy, time, s) - Q[time](s, a),
    "variance": lambda index, law, body: expect(tau, R(tau) * R(tau)) - expect(tau, R(tau)),
    "sample_mean": lambda index, body: total(index, body),
    "td_error": lambda policy, path, t: r(path.s[t], path.a[t], path.s[t + 1]) + gamma * V[t + 1](
        path.s[t]) - V[t](path.s[t]),
    "reward_to_go": lambda path, t: total(k, r(path.s[k], path.a[k], path.s[k + 1]), start=t),
    "expected_reward": lambda s, a: r(s, a, s),
    "marginal": lambda policy, time, s: expect(tau, same(tau.s[time + 1], s)),
    "occupancy": lambda policy, s: total(t, gamma**t * p[t + 1](s), stop=forever),
    "normalized_occupancy": lambda policy, s: d(s),
    "entropy": lambda policy, s: total(a, policy(a | s) * log(policy(a | s))),
    "derivative": lambda body, number: R(tau) - number,
    "divergence": lambda policy, other, s: total(a, other(a | s) * (log(other(a | s)) - log(policy(a | s)))),
}


@pytest.mark.parametrize("record", DEFINITIONS, ids=by_name)
def test_a_slip_in_a_record_is_seen_by_its_number(record: Definition) -> None:
    term = record(*record.example)
    slipped = WRONG[record.name](*(term.args if record.node not in (None, type(term)) else record.example))
    found = EVALUATORS["enumeration"](slipped, TWO_STATE, at_hand(term))
    assert abs(found - BY_HAND[record.name]) > F(1, 100)


# -- every fast row against the expansion ------------------------------------------------------------------

RANDOM_SHAPES = (Shape(2, 2, 0, 2), Shape(1, 3, 1, 2), Shape(2, 2, 1, 1))


def row(rng: random.Random, size: int) -> tuple[Fraction, ...]:
    weights = [rng.choice([0, 1, 1, 2, 3]) for _ in range(size)]
    weights[rng.randrange(size)] += 1
    return tuple(F(weight, sum(weights)) for weight in weights)


def positive(rng: random.Random, size: int) -> tuple[Fraction, ...]:
    weights = [rng.randint(1, 4) for _ in range(size)]
    return tuple(F(weight, sum(weights)) for weight in weights)


def random_model(seed: int, *, additive: bool) -> Model:
    """Zeros in mu and P, none in the policies; R is arbitrary unless ``additive``."""
    rng = random.Random(seed)
    shape = RANDOM_SHAPES[seed % len(RANDOM_SHAPES)]
    n, k = range(shape.states), range(shape.actions)

    def number() -> Fraction:
        return F(rng.randint(-6, 6), rng.randint(1, 4))

    return Model(
        shape=shape, mu=row(rng, len(n)), P=tuple(tuple(row(rng, len(n)) for _ in k) for _ in n),
        r=tuple(tuple(tuple(number() for _ in n) for _ in k) for _ in n), gamma=F(rng.randint(1, 4), 5),
        policies={name: tuple(positive(rng, len(k)) for _ in n) for name in ("pi", "b")},
        scores=tuple(tuple(number() for _ in k) for _ in n), functions={"c": {(): number()}},
        returns=None if additive else {path: number() for path in shape.paths()}).validate()


def uses(record: Definition) -> Iterator[Expr]:
    """The example, of another policy too, and as it stands in sums, means and gradients."""
    yield from in_places(record(*record.example))
    other = tuple(_under_b(argument) for argument in record.example)
    if other != record.example:
        yield from in_places(record(*other))


def _under_b(argument: Expr) -> Expr:
    return {pi: Policy("b"), Law(pi): Law(Policy("b"))}.get(argument, argument)


def in_places(term: Expr) -> Iterator[Expr]:
    yield term
    yield grad(term)
    yield grad(pi(a | s) * term)
    closed = term
    for index in sorted(term.free_symbols, key=str):
        if isinstance(index, (Trajectory, Batch)):
            closed = expect(index, closed)
        elif not isinstance(index, Time):
            closed = total(index, closed)
    times = [index for index in closed.free_symbols if isinstance(index, Time)]
    for time in times:
        yield substitute(closed, {time: t * 0})
        closed = total(time, gamma**time * closed)
    yield closed
    yield grad(closed)


EXTRA: tuple[Expr, ...] = (
    variance(tau, grad(log(P(tau))) * R(tau)),
    variance(samples, mean(i, R(samples[i]))),
    grad(variance(tau, R(tau) + J)),
    variance(tau, P(tau, policy=Policy("b")), policy=Policy("b")),
    variance(tau, total(s, mu(s) * variance(Trajectory("sigma"), R(tau) * P(Trajectory("sigma"))))),
    total(t, Q[t](tau.s[t], tau.a[t]) * V[t + 1](tau.s[t + 1])),
)


def places_of(term: Expr, model: Model, rng: random.Random) -> dict[Any, Any]:
    """Values for the free indices: a random state, action and trajectory, the time 0, sampled trajectories."""
    paths = list(model.feasible_paths())
    values = {
        "state": lambda: rng.randrange(model.shape.states), "action": lambda: rng.randrange(model.shape.actions),
        "time": lambda: rng.randint(0, model.shape.horizon), "draw": lambda: 1,
        "trajectory": lambda: rng.choice(paths),
        "batch": lambda: {number: rng.choice(paths) for number in range(1, model.shape.samples + 1)},
    }
    return {index: values[index.sort]() for index in sorted(term.free_symbols, key=str)}


def differing(term: Expr, other: Expr, seed: int, evaluator: str) -> bool:
    """Whether an evaluator gives two terms different values at a random model."""
    additive = seed % 2 == 0 or not _without_rewards(term)
    model = random_model(seed, additive=additive)
    places = places_of(term, model, random.Random(seed))
    one, two = (EVALUATORS[evaluator](side, model, places) for side in (term, other))
    exact = isinstance(one, Fraction) and not any(isinstance(node, Log) for node in subterms(resolved(
        other, additive=additive, infinite=is_endless(term))))
    return bool(abs(one - two) > F(1, 10**18) if exact else float(one) != pytest.approx(float(two), abs=1e-9))


def _without_rewards(term: Expr) -> bool:
    """Whether the term has a meaning while returns are arbitrary."""
    values = {record.node for record in DEFINITIONS if record.name in ("action_value", "advantage", "td_error")}
    return not any(type(node) in values or isinstance(node, StateValue) for node in subterms(term))


TERMS = [*(term for record in DEFINITIONS for term in uses(record)), *EXTRA]


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("term", TERMS, ids=str)
def test_a_row_has_the_value_of_the_expansion(term: Expr, evaluator: str) -> None:
    if is_endless(term) and evaluator == "floats":
        pytest.skip("the floats go through trajectories, which end")
    for seed in range(4):
        additive = seed % 2 == 0 or not _without_rewards(term)
        written = expanded(term, additive=additive, infinite=is_endless(term))
        assert not differing(term, written, seed, evaluator), seed


def test_the_comparison_sees_a_wrong_row() -> None:
    """A row that were J of b, Q without gamma, or a variance without its square, would not pass."""
    wrong = (
        (J, expect(tau, R(tau), policy=Policy("b"))),
        (total(s, total(a, Q[0](s, a))), total(s, total(a, total(x, P(x | s, a) * (r(s, a, x) + V[1](x)))))),
        (variance(tau, R(tau)), expect(tau, R(tau) * R(tau)) - expect(tau, R(tau))),
        (grad(J), grad(J) * 2),
    )
    for (term, other), evaluator in product(wrong, EVALUATORS):
        assert any(differing(term, other, seed, evaluator) for seed in range(4))


def test_one_definition_at_a_time() -> None:
    """A record's own right side, its notions not yet written out, has the same value."""
    for record in DEFINITIONS:
        term = record(*record.example)
        once = meaning_of(term, additive=True, infinite=record.infinite)
        if once is not None:
            for evaluator in [one for one in EVALUATORS if one != "floats" or not record.infinite]:
                assert not differing(term, once, 0, evaluator)


def test_a_record_carries_what_it_stands_for() -> None:
    """Two records of one name and different meanings are different notions."""
    (record,) = (one for one in DEFINITIONS if one.name == "td_error")
    other = replace(record, stands_for=lambda situation, policy, path, t: r(path.s[t], path.a[t], path.s[t + 1]))
    assert other(*record.example) != record(*record.example)
    assert other(*record.example) == replace(other)(*record.example)
