"""The unfolded model: it separates what the kernel tells apart, inside the class, and nothing that is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from identities import NAMED, critic, reward, score, to_go
from random_pairs import decision, random_pair
from random_sums import Pair
from residues import agrees, shapes_at
from sympy import Expr
from test_witness import FALSE, checked

import derive.checking.deciding as chain_module
from derive.checking.deciding import Deciding
from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Refuted, Undecided
from derive.counterexample import unfolded
from derive.counterexample.claim import Claim
from derive.counterexample.enumerate import Enumeration
from derive.counterexample.unfolded import GO, Sketch, find_unfolded, separated, unfolded_model, visits
from derive.counterexample.witness import find_witness
from derive.errors import NotApplicable
from derive.language.assumptions import (
    POSSIBLE,
    Assumption,
    additive_return,
    dynamics_positive,
    earlier,
    initial_positive,
    policy_positive,
    possible,
)
from derive.language.expression import as_term
from derive.language.models import Model
from derive.language.terms import Time
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    expect,
    function,
    gamma,
    grad,
    k,
    log,
    m,
    pi,
    ratio,
    scalar,
    t,
    tau,
    total,
)
from derive.procedures.answers import Equal
from derive.procedures.certificates import Differs
from derive.procedures.decide import Comparison
from derive.procedures.decision import Shown

F = Fraction
POSITIVE = (initial_positive, dynamics_positive, policy_positive)
b, q = function("b"), function("q")
n = Time("n")
chosen = pi(tau.a[t] | tau.s[t])
two_actions = 2 * chosen**2 - 3 * chosen + 1
"""Its mean given s_t, 2 sum pi^3 - 3 sum pi^2 + 1, is 0 for two actions, not for three."""


def late_for_two_states_and_three_actions(steps: int) -> Expr:
    """E of a change of state, and some steps later something that three actions can have: 0 on the ladder."""
    change = b(tau.s[k + 1]) - b(tau.s[k])
    return expect(tau, total(k, change * total(t, two_actions, start=k + steps)))


def claim(before: Any, after: Any, *assumes: Assumption) -> Claim:
    return Claim(as_term(before), as_term(after), frozenset(assumes), possible(tau) in assumes)


def claim_of(pair: Pair) -> Claim:
    return Claim(pair.before, pair.after, pair.assumptions, POSSIBLE in pair.assumptions)


def claimed(before: Any, after: Any, *assumes: Assumption) -> Theorem:
    @theorem("claimed", assumes=assumes)
    def stated():
        return calc(as_term(before), by("words"), as_term(after))

    return stated


# -- the model -------------------------------------------------------------------------------------


def test_positions_lead_on_or_to_a_sink() -> None:
    model = unfolded_model(claim(late_for_two_states_and_three_actions(2), q(tau.s[0], tau.a[0])), 2, Random("x"))
    model.validate()
    assert (model.shape.states, model.shape.actions, model.shape.horizon) == (6, 3, 2)
    assert model.mu == (1, 0, 0, 0, 0, 0)
    reached = {(s, a): {x for x in range(6) if model.P[s][a][x]} for s, a in product(range(6), range(3))}
    assert reached == {(s, a): {s + 1, 4, 5} if a == GO and s < 3 else {4, 5} for s, a in product(range(4), range(3))
                       } | {(s, a): {s} for s, a in product((4, 5), range(3))}
    # 1 + 6 (1 + 3 + 9): the way through all positions, and each way to drop out and stay where it is
    assert model.feasible() == len(list(model.feasible_paths())) == 1 + 6 * 13
    assert all(value != 0 for (s,), value in model.functions["b"].items() if s < 4)
    assert not any(model.functions["b"][s,] for s in (4, 5))
    assert not any(model.functions["q"][s, a] for s, a in product((4, 5), range(3)))
    assert not any(entry for s in (4, 5) for row in model.r[s] for entry in row)
    assert 0 not in [entry for row in model.policies["pi"] for entry in row]


def test_an_arbitrary_return_is_given_for_the_possible_trajectories_only() -> None:
    model = unfolded_model(claim(J, 0), 1, Random("x"))
    assert model.returns is not None
    assert set(model.returns) == set(model.feasible_paths())
    assert model.reward_of((1, 0, 1, 0, 1)) == 0
    assert unfolded_model(claim(J, 0, additive_return), 1, Random("x")).returns is None
    scalar_too = unfolded_model(claim(scalar("alpha") * J, 0), 1, Random("x"))  # it was asked for its first place
    assert set(scalar_too.functions["alpha"]) == {()}


def test_the_work_is_counted_in_trajectories() -> None:
    one = expect(tau, R(tau))
    model = unfolded_model(claim(one, 0), 1, Random("x"))
    assert visits(claim(one, 0), model) == 1 + 6 * 4
    assert visits(claim(J, 0), model) == 25
    assert visits(claim(expect(tau, R(tau) * J), 0), model) == 25**2
    assert visits(claim(total(tau, P(tau)), 0), model) == model.shape.trajectories == 5 * 15**2
    assert visits(claim(total(tau, P(tau)), 0, possible(tau)), model) == 25
    asked = Sketch(one, as_term(0), frozenset(), False, left=[49])
    assert asked.values(model, {}) is not None
    assert asked.values(model, {}) is None


# -- what it separates -----------------------------------------------------------------------------


def refuted(seeds: Iterable[int]) -> Iterator[tuple[int, Claim, int]]:
    """Random claims to which the kernel says no, and the horizon it names."""
    for seed in seeds:
        pair = random_pair(seed)
        found = decision(pair)
        if isinstance(found, Differs) and found.horizon is not None:
            yield seed, claim_of(pair), found.horizon


def first_draws(one: Claim, horizon: int) -> int | None:
    """How many draws it takes at the first horizon at which the sides have values."""
    asked = Sketch(one.before, one.after, one.assumptions - set(POSITIVE), True)
    for h, draw in product(range(horizon, max(horizon, one.signature.largest_offset) + 1), range(unfolded.DRAWS)):
        if unfolded.separated(asked, unfolded_model(one, h, Random(f"unfolded/{h}/1/{draw}"))):
            return draw + 1
    return None


def tally(seeds: Iterable[int]) -> tuple[Counter[int | None], list[int]]:
    draws: Counter[int | None] = Counter()
    lost = []
    for seed, one, horizon in refuted(seeds):
        draws[first_draws(one, horizon)] += 1
        if find_unfolded(one, horizon) is None:
            lost.append(seed)
    return draws, lost


NEVER_APPLICABLE = 114
"""gamma^(k - t) with k < t: at no horizon do both sides have a value and differ."""


@pytest.mark.slow
def test_the_first_draw_separates_what_the_automata_tell_apart() -> None:
    draws, lost = tally(range(40))
    assert lost == []
    assert draws == {1: draws.total()}
    assert draws.total() > 5


@pytest.mark.slow
def test_false_claims_of_the_other_search_are_refuted_too() -> None:
    found = 0
    for before, after, assumes, _ in FALSE:
        answer = decision(Pair(as_term(before), as_term(after), frozenset(assumes), ""))
        if isinstance(answer, Differs) and answer.horizon is not None:
            found += 1
            one = claim(before, after, *assumes)  # the unfolded model has one first state
            assert find_unfolded(one, answer.horizon) or find_witness(one)
    assert found >= 4


def test_a_horizon_at_which_the_sides_have_no_value_is_passed_over() -> None:
    for seed, one, horizon in refuted([27, NEVER_APPLICABLE]):
        with pytest.raises(NotApplicable):
            Enumeration(unfolded_model(one, horizon, Random("x"))).value(one.before - one.after)
        found = find_unfolded(one, horizon)
        assert (found is None) == (seed == NEVER_APPLICABLE)
        assert found is None or found.model.shape.horizon > horizon


@pytest.mark.deep
def test_two_thousand_random_pairs() -> None:
    """What no draw separates has no value at the horizon named, or a second derivative."""
    draws, lost = tally(range(200_000, 202_000))
    assert len(lost) == draws[None] < draws.total() / 25
    assert draws.total() - draws[None] - draws[1] < draws.total() / 100
    for seed, one, horizon in refuted(lost):
        applies = [agrees(random_pair(seed), shape) for shape in shapes_at(horizon)]
        assert one.signature.order == 2 or set(applies) == {None}


def test_where_a_zero_leaves_a_side_undefined_every_probability_is_positive() -> None:
    """Sums of grad log P(tau) over all trajectories, which no assumption confines to the possible ones."""
    one = claim(total(tau, P(tau) * (grad(log(P(tau))) + total(t, reward(t), start=1))), 0)
    found = find_unfolded(one, 1)
    assert found is not None
    inside(found.model, claim(0, 0, initial_positive, dynamics_positive))
    checked(found, one.before, one.after, False)


WITHOUT_SAMPLES = [named for named in NAMED if "samples" not in named.name and "average" not in named.name]


@pytest.mark.deep
@pytest.mark.parametrize("named", WITHOUT_SAMPLES, ids=lambda named: named.name)
def test_every_false_twin_is_refuted_and_no_identity(named: Any) -> None:
    test_the_false_twin_is_refuted_and_the_identity_is_not(named)


@pytest.mark.parametrize("named", WITHOUT_SAMPLES[::5], ids=lambda named: named.name)
def test_the_false_twin_is_refuted_and_the_identity_is_not(named: Any) -> None:
    twin = decision(named.pair(named.twin))
    if isinstance(twin, Differs) and twin.horizon is not None:
        one = claim_of(named.pair(named.twin))
        found = find_unfolded(one, twin.horizon)
        assert found is not None
        checked(found, one.before, one.after, one.possible_only)
        inside(found.model, one)
    identity = claim_of(named.pair(named.right))
    asked = Sketch(identity.before, identity.after, identity.assumptions, True)
    for h, draw in product((0, 1), range(2)):
        assert unfolded.separated(asked, unfolded_model(identity, h, Random(draw))) is None


def inside(model: Model, one: Claim) -> None:
    """The assumptions hold of the tables."""
    tables = {initial_positive: [model.mu], dynamics_positive: [row for table in model.P for row in table],
              policy_positive: [row for table in model.policies.values() for row in table]}
    model.validate()
    for assumption, rows in tables.items():
        if assumption in one.assumptions:
            assert all(map(all, rows))


def test_samples_are_tried_until_they_differ() -> None:
    by_three = (m**2 - 3 * m + 2) * J  # 0 for m = 1, 2
    found = find_unfolded(claim(by_three, 0, *POSITIVE), 0)
    assert found is not None
    assert found.model.shape.samples == 3


# -- beyond every small shape ------------------------------------------------------------------------


@pytest.mark.slow
def test_a_claim_that_holds_on_the_whole_ladder_is_refuted() -> None:
    """Two states, three actions and H = 3 at once: no shape that is tried has them."""
    before = late_for_two_states_and_three_actions(3)
    answer = Comparison([before, as_term(0)], ()).compare(before, as_term(0))
    assert isinstance(answer, Equal)
    assert Deciding([before], (), infinite=False).kernel(before, as_term(0)) == Differs(3)
    verdict = examine(claimed(before, 0)).steps[0].verdict
    assert isinstance(verdict, Refuted)
    assert verdict.witness == find_unfolded(claim(before, 0), 3)


@pytest.mark.slow
@pytest.mark.parametrize("assumes", [(initial_positive,), (possible(tau),), POSITIVE], ids=str)
def test_its_witness_has_two_states_and_three_actions(assumes: tuple[Assumption, ...]) -> None:
    one = claim(late_for_two_states_and_three_actions(3), 0, *assumes)
    found = find_unfolded(one, 3)
    assert found is not None
    shape = found.model.shape
    assert (shape.states, shape.actions, shape.horizon) == (2, 3, 3)
    checked(found, one.before, one.after, one.possible_only)
    inside(found.model, one)


def test_two_equal_factors_late_are_equal() -> None:
    """Its true neighbour: pi has mean 1 in the sum over two equal weights, whatever the number of actions."""
    change = b(tau.s[k + 1]) - b(tau.s[k])
    true = expect(tau, total(k, change * total(t, ratio(chosen, chosen) - 1, start=k + 3)))
    assert isinstance(decision(Pair(true, as_term(0), frozenset(POSITIVE), "")), Shown)
    assert find_unfolded(claim(true, 0, *POSITIVE), 3) is None


TRUE = [
    (expect(tau, total(t, score(t) * total(k, reward(k)))), expect(tau, to_go), ()),
    (grad(J), expect(tau, grad(log(P(tau))) * R(tau)), (possible(tau),)),
    (grad(J), total(tau, grad(P(tau)) * R(tau)), ()),
    (grad(log(P(tau))), total(t, score(t)), (possible(tau),)),
    (J, expect(tau, total(t, gamma**t * reward(t))), (additive_return,)),
]


@pytest.mark.parametrize(("before", "after", "assumes"), TRUE, ids=[f"{x} = {y}" for x, y, _ in TRUE])
def test_nothing_is_found_for_a_true_claim(before: Expr, after: Expr, assumes: tuple[Assumption, ...]) -> None:
    assert find_unfolded(claim(before, after, *assumes), 1) is None


# -- the class, and what is printed --------------------------------------------------------------------


@pytest.mark.parametrize("assumes", [
    (), (policy_positive,), (initial_positive,), (dynamics_positive,), POSITIVE, (*POSITIVE, possible(tau))], ids=str)
@pytest.mark.parametrize("additive", [False, True])
def test_a_witness_is_in_the_class_and_confirmed(assumes: tuple[Assumption, ...], additive: bool) -> None:
    assumes = (*assumes, additive_return) if additive else assumes
    for before, after in ((J, 2 * J), (expect(tau, total(t, score(t) * critic(t))), 0 * J),
                          (total(tau, P(tau) * R(tau)), expect(tau, R(tau) ** 2)), (R(tau), gamma * R(tau))):
        one = claim(before, after, *assumes)
        found = find_unfolded(one, 1)
        assert found is not None
        inside(found.model, one)
        checked(found, one.before, one.after, one.possible_only)
        assert found == find_unfolded(one, 1)
        assert found.model.shape.states <= 2
        if one.possible_only:
            assert all(found.model.probability_of(path) > 0 for path in found.indices.values())


def test_values_of_logarithms_are_enclosed() -> None:
    one = claim(expect(tau, total(t, log(chosen))), expect(tau, total(t, log(chosen), start=1)), policy_positive)
    found = find_unfolded(one, 0)
    assert found is not None
    assert not found.exact
    checked(found, one.before, one.after, False)


def test_the_enumeration_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Claim, "values", lambda self, model, indices: None)
    monkeypatch.setattr(unfolded, "DRAWS", 1)
    assert find_unfolded(claim(J, 2 * J), 0) is None


@pytest.mark.slow
def test_without_a_counterexample_the_step_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "find_unfolded", lambda claim, horizon: None)
    verdict = examine(claimed(late_for_two_states_and_three_actions(3), 0)).steps[0].verdict
    assert isinstance(verdict, Undecided)
    assert "the automata, whose normal forms of them differ, do not show more" in str(verdict)
    assert "neither a proof nor a counterexample" in str(verdict)


def test_a_horizon_too_far_is_given_up() -> None:
    far = expect(tau, total(t, chosen, start=H) - total(t, chosen, start=H, stop=H - 1))
    assert find_unfolded(claim(far, 0), 5) is not None
    assert find_unfolded(claim(far, 0), 6) is None  # 3^8 - 2 trajectories are possible


# -- fewer states and actions ----------------------------------------------------------------------------


def test_merging_keeps_probabilities_and_moves_trajectories() -> None:
    one = claim(late_for_two_states_and_three_actions(1), J + q(tau.s[0], tau.a[0]))
    model, sorts = unfolded_model(one, 1, Random("x")), dict(one.signature.functions)
    merged, moved = unfolded._folded(model, sorts, "state", 4, 3)  # the two sinks
    merged.validate()
    assert merged.shape.states == 4
    assert merged.P[0][1][3] == 1
    assert merged.P[0][0][1] == model.P[0][0][1]
    assert moved((0, 0, 3, 2, 4)) == (0, 0, 3, 2, 3)
    assert merged.functions["q"] == {(s, a): model.functions["q"][s, a] for s, a in product(range(4), range(3))}
    fewer, moved = unfolded._folded(model, sorts, "action", 0, 1)
    fewer.validate()
    assert fewer.shape.actions == 2
    assert fewer.policies["pi"][0] == (sum(model.policies["pi"][0][:2]), model.policies["pi"][0][2])
    assert fewer.P[0][1] == model.P[0][2]
    assert moved((0, 1, 3, 2, 4)) == (0, 0, 3, 1, 4)
    assert fewer.returns is not None
    assert set(fewer.returns) == set(fewer.feasible_paths())


def test_a_time_that_the_assumptions_leave_out_separates_nothing() -> None:
    """sum_{n>t} gamma^n without its first term differs at t = H alone, and no k is later."""
    later, split = total(n, gamma**n, start=t + 1), gamma ** (t + 1) + total(n, gamma**n, start=t + 2)
    for assumes, found in (((), True), ((earlier(t, k),), False)):
        one = Sketch(as_term(split), as_term(later), frozenset(assumes), possible_only=False)
        assert (separated(one, unfolded_model(one, 2, Random("a model"))) is not None) == found


def test_a_late_literal_time_with_free_returns_is_refuted() -> None:
    """At H = 10 the sides agree; whether they do is asked there for a remark, where returns are too many to draw."""
    late = expect(tau, total(t, score(t), stop=10) * R(tau))
    found = examine(theorem("a test")(lambda: calc(grad(J), by(), late))).claim
    assert isinstance(found, Refuted)
    assert found.witness.model.shape.horizon == 11
