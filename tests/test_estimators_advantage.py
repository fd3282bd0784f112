"""``check_advantage``: its verdicts by hand, by brute force over tuples, and that none is exact where it may not be."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from estimators_oracle import (
    gradient_of_best_of,
    gradient_of_return,
    judged,
    mean_gradient,
    random_policies,
)

from derive.errors import BadInput
from derive.estimators.advantage import check_advantage


def leave_one_out(r: Any) -> Any:
    return r - (r.sum() - r) / (len(r) - 1)


def centred(r: Any) -> Any:
    return r - r.mean()


def others_over_group(r: Any) -> Any:
    return r - (r.sum() - r) / len(r)


def all_over_others(r: Any) -> Any:
    return r - r.sum() / (len(r) - 1)


def standardised(r: Any) -> Any:
    return np.where(r.std() > 0, (r - r.mean()) / r.std(), 0)


def standardised_sample(r: Any) -> Any:
    s = r.std(ddof=1)
    return (r - r.mean()) / s if s > 0 else r * 0


def above_best(r: Any) -> Any:
    return r - max(r)


def in_pure_python(r: Any) -> Any:
    mean = sum(r) / len(r)
    return [reward - mean for reward in r]


def length_weighted(r: Any, lengths: Any) -> Any:
    return r - (r * lengths).sum() / lengths.sum()


def clipped(r: Any) -> Any:
    return np.clip(r - r.mean(), -1, 1)


def others_standardised(r: Any) -> Any:
    rows = []
    for place in range(len(r)):
        others = np.delete(r, place)
        s = others.std()
        rows.append((r[place] - others.mean()) / (s if s > 0 else 1))
    return np.array(rows, dtype=object)


# -- values known beforehand ----------------------------------------------------------------------

@pytest.mark.parametrize(("function", "rewards", "group", "verdict", "factor", "kind"), [
    (lambda r: r, (0, 1, 3), 4, "unbiased", "1", "constant"),
    (leave_one_out, (0, 1, 3), (2, 3, 4), "unbiased", "1", "constant"),
    (others_over_group, (0, 1, 3), (2, 3, 4), "unbiased", "1", "constant"),
    (centred, (0, 1, 3), (2, 3, 4), "proportional", "(G-1)/G, fits G = 2, 3, 4", "constant"),
    (centred, (0, 1, 3), 4, "proportional", "3/4", "constant"),
    (in_pure_python, (0, 1, 3), 4, "proportional", "3/4", "constant"),
    (all_over_others, (0, 1, 3), (3, 4), "proportional", "(G-2)/(G-1), fits G = 3, 4", "constant"),
    (all_over_others, (0, 1, 3), 2, "zero mean", None, None),
    (lambda r: 2 - leave_one_out(r), (0, 1, 3), 3, "proportional", "-1", "constant"),
    (standardised, (0, 1), 2, "unbiased", "1", "constant"),  # sign(r - r') over 2 has H = -p/2, (1-p)/2, twice
    (standardised_sample, (0, 1), 2, "proportional", "1/2·√2", "constant"),
    (standardised, (0, 1), 3, "proportional", "√2", "constant"),
    (standardised_sample, (0, 1), 3, "proportional", "2/3·√3", "constant"),
    (standardised, (0, 1), 4, "proportional", "√3 + (3 - 2·√3) p + (-3 + 2·√3) p^2", "model-dependent"),
    (standardised, (0, 1, 3), 2, "biased", None, None),
    (others_standardised, (0, 1, 3), 3, "proportional", None, "model-dependent"),
    (lambda r: r * 0 + 7, (0, 1, 3), 3, "zero mean", None, None),
    (lambda r: r * 0, (0, 1, 3), 3, "no gradient", None, None),
    (lambda r: (r.sum() - r), (0, 1, 3), 3, "zero mean", None, None),
    (lambda r: r**2, (0, 1, 3), 2, "biased", None, None),
    (lambda r: r**2, (0, 1), 2, "unbiased", "1", "constant"),
    (above_best, (0, 1), 2, "proportional", "p", "model-dependent"),  # H(0) = -p, H(1) = 0
])
def test_by_hand(function: Callable[..., Any], rewards: tuple[int, ...], group: Any, verdict: str, factor: str | None,
                 kind: str | None) -> None:
    result = check_advantage(function, rewards, group)
    assert (result.verdict, result.kind) == (verdict, kind)
    assert factor is None or str(result.factor) == factor
    assert result.exact
    assert result.known.startswith("exact at G = ")
    assert result.known.endswith("every policy")


def test_a_sign_that_depends_on_the_policy_is_biased() -> None:
    """A_i = r_i (s - c), s the share of ones among the others: the factor E[s - c] = p - 1/2 changes its sign."""
    def function(r: Any) -> Any:
        return r * ((r.sum() - r) / (len(r) - 1) - 0.5)

    result = check_advantage(function, (0, 1), 3)
    assert result.verdict == "biased"
    assert "the opposite one for others" in " ".join(result.notes)
    shifted = check_advantage(lambda r: r * ((r.sum() - r) / (len(r) - 1) + 1), (0, 1), 3)
    assert (shifted.verdict, str(shifted.factor)) == ("proportional", "1 + p")


def test_nan_is_undefined_with_its_probability() -> None:
    """At G = 3 all rewards agree with probability p0^3 + p1^3 + p2^3 = 1/8 + 1/27 + 1/216 = 1/6."""
    result = check_advantage(lambda r: (r - r.mean()) / r.std(), (0, 1, 3), 3)
    assert result.verdict == "undefined"
    assert result.probability == "1/6 at π = (1/2, 1/3, 1/6)"
    assert not result.good
    assert result.notes[0] == "where every reward is 0 it returns no number: a division by 0, a NaN or an infinity"


def test_where_nothing_is_defined_is_said_once_for_all_sizes() -> None:
    others = check_advantage(lambda r: r - (r.sum() - r) / (len(r) - 1), (0, 1, 3), (1, 2, 3))
    assert [row.verdict for row in others.groups] == ["undefined", "unbiased", "unbiased"]
    assert others.notes[0].endswith("an infinity; a group of one has no others, and no spread")
    floats = check_advantage(lambda r: r / float(r[0] - 3), (0, 1, 3), (2, 3))
    assert [note for note in floats.notes if "no number" in note] == [
        "for the rewards (3, 0) it returns no number: a division by 0, a NaN or an infinity"]


def test_two_prompts_see_what_one_does_not() -> None:
    def by_prompt(r: Any, index: Any) -> Any:
        parts = [standardised(r[index == prompt]) for prompt in np.unique(index)]
        return np.concatenate(parts)

    def over_the_batch(r: Any) -> Any:
        return r - r.mean()

    assert check_advantage(by_prompt, (0, 1), 2, prompts=2).verdict == "unbiased"
    result = check_advantage(by_prompt, (0, 1), 4, prompts=2)
    assert result.verdict == "biased"
    assert "right direction within a prompt, factors differ between prompts" in result.notes
    assert "right direction within a prompt, factors differ between prompts" in check_advantage(
        standardised, (0, 1), 4).notes
    batch = check_advantage(over_the_batch, (0, 1, 3), 2, prompts=2)
    assert (batch.verdict, str(batch.factor)) == ("proportional", "3/4")  # the own reward is 1 of 4 in the mean


def test_the_best_of_k_is_another_target() -> None:
    """Rewards 0 and 1: one sample of k = 2 contributes if the other fails, so 2 r_1 (1 - r_2) is unbiased."""
    def pairwise(r: Any) -> Any:
        return 2 * r * (1 - (r.sum() - r) / (len(r) - 1))

    assert check_advantage(pairwise, (0, 1), (2, 3, 4), target="pass@2").verdict == "unbiased"
    assert check_advantage(pairwise, (0, 1), 3).verdict == "proportional"
    assert check_advantage(leave_one_out, (0, 1), 3, target="pass@2").kind == "model-dependent"
    assert check_advantage(leave_one_out, (0, 1, 3), 3, target="pass@2").verdict == "biased"
    assert check_advantage(leave_one_out, (0, 1, 3), 3, target="pass@1").verdict == "unbiased"


def test_curl() -> None:
    """Known: GRPO with three rewards is the gradient of no objective at G = 2; opo at G = 2 is one."""
    assert check_advantage(standardised, (0, 1, 3), 2).curl == "E[g] is the gradient of no objective"
    assert check_advantage(standardised, (0, 1), 2).curl == "E[g] is the gradient of an objective"
    assert check_advantage(length_weighted, (0, 1, 3), 2, lengths=(1, 2, 2)).curl == (
        "E[g] is the gradient of an objective")
    divided = check_advantage(lambda r, lengths: (r - (r.sum() - r) / (len(r) - 1)) / lengths, (0, 1, 3), 2,
                              lengths=(1, 2, 2))
    assert divided.curl == "E[g] is the gradient of no objective"  # (r - J)/|o|: the curl is -1 for lengths 1, 2, 2


def test_the_effective_reward_of_a_length_weighted_baseline() -> None:
    """G = 2: H(a) = Σ_b π_b L_b (r_a - r_b)/(L_a + L_b) (recipe, by hand), times 1."""
    result = check_advantage(length_weighted, (0, 1, 3), 2, lengths=(1, 2, 3))
    pi, r, lengths = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)), (0, 1, 3), (1, 2, 3)
    by_hand = [sum(pi[b] * lengths[b] * Fraction(r[a] - r[b], lengths[a] + lengths[b]) for b in range(3))
               for a in range(3)]
    mean = sum(p * h for p, h in zip(pi, by_hand, strict=True))
    assert [row.effective for row in result.effective_reward] == pytest.approx([float(h - mean) for h in by_hand])
    assert [row.wanted for row in result.effective_reward] == pytest.approx([-5 / 6, 1 / 6, 13 / 6])


# -- the traps ------------------------------------------------------------------------------------

def test_a_ratio_of_sample_sizes_in_floats_is_read_exactly() -> None:
    def function(r: Any) -> Any:
        n = len(r)
        return (n / (n - 1)) * (r - r.mean())

    result = check_advantage(function, (0, 1, 3), 4)
    assert (result.verdict, result.exact) == ("unbiased", True)
    assert "the float 1.3333333333333333 is read as 4/3" in result.notes


def test_a_reciprocal_in_floats_is_read_exactly() -> None:
    result = check_advantage(lambda r: r - r.sum() * (1 / len(r)), (0, 1, 3), 3)
    assert (result.verdict, str(result.factor), result.exact) == ("proportional", "2/3", True)


def test_an_array_of_floats_is_numerical() -> None:
    def function(r: Any) -> Any:
        r = np.asarray(r, dtype=float)
        return r - r.mean()

    result = check_advantage(function, (0, 1, 3), 3)
    assert (result.verdict, result.exact) == ("proportional", False)
    assert result.known.startswith("numerical at G = 3")
    assert "float(), math.* or dtype=float" in result.known
    assert "exact" not in result.known


@pytest.mark.parametrize(("function", "named"), [
    (lambda r: r * 2**0.5, "the float 1.414"),
    (lambda r: [float(x) for x in r], "float()"),
    (lambda r: (r - r.mean()) / np.sqrt(r.astype(float).var() + 1), "float()"),
    (lambda r: np.nan_to_num((r - r.mean()) / r.std()), "exact numbers and floats disagree"),
    (lambda r: r ** 0.3, "the power"),
    (lambda r: np.exp(r), "exp of a number"),
])
def test_what_leaves_exact_numbers_is_named(function: Callable[..., Any], named: str) -> None:
    with np.errstate(all="ignore"):
        result = check_advantage(function, (0, 1, 3), 3)
    assert not result.exact
    assert named in result.known


def test_a_function_that_looks_at_the_type_is_not_exact() -> None:
    assert not check_advantage(lambda r: r - r.mean() if r.dtype == object else r, (0, 1, 3), 3).exact


def test_rounding_that_changes_a_branch_is_not_exact() -> None:
    """In floats the standard deviation of 1/10, 1/10, 1/10 is 1.4e-17 and not 0, and the code divides by it."""
    result = check_advantage(lambda r: np.where(r.std() > 0, (r - r.mean()) / r.std(), 0), ("1/10", 1, 3), 3)
    assert not result.exact
    assert "disagree at the rewards (1/10, 1/10, 1/10)" in result.known


def test_a_caught_way_out_is_not_exact() -> None:
    def function(r: Any) -> Any:
        try:
            scale = float(r.sum())
        except Exception:
            scale = 0.0
        return r - r.mean() + 0 * scale

    assert not check_advantage(function, (0, 1, 3), 3).exact


def test_a_small_epsilon_is_no_rounding() -> None:
    """(r - mean)/(1 + 1e-6 std): three rewards, so biased by an amount that a float tolerance might swallow."""
    result = check_advantage(lambda r: (r - r.mean()) / (1 + 1e-9 * r.std()), (0, 1, 3), 3)
    assert (result.verdict, result.exact) == ("biased", True)


# -- bad input ------------------------------------------------------------------------------------

def test_order_is_part_of_the_question() -> None:
    """The first reward as everybody's baseline: order matters; all tuples are run, and the verdict is right.

    Sample 1 has A = 0 and the others an independent baseline: factor (G-1)/G."""
    result = check_advantage(lambda r: r - r[0], (0, 1, 3), 3)
    assert (result.verdict, str(result.factor)) == ("proportional", "2/3")
    with pytest.raises(BadInput, match="depends on the order of the samples"):
        check_advantage(lambda r: r - r[0], (0, 1, 3), 12)


def remembering() -> Callable[[Any], Any]:
    calls: list[int] = []

    def function(r: Any) -> Any:
        calls.append(1)
        return r * len(calls)

    return function


@pytest.mark.parametrize(("function", "message"), [
    (lambda r: r + np.random.default_rng().integers(10**6), "is random"),
    (remembering(), "remembers earlier calls"),
    (lambda r: r[:1], r"shape \(1,\)"),
    (lambda r: r.sum(), "expected one advantage for each of 3 rewards"),
    (lambda r: np.stack([r, r]), "expected"),
    (lambda r: None, "returned NoneType"),
    (lambda r: r.nothing, "AttributeError"),
    (lambda r, temperature: r, "asks for 'temperature', which is not a name that we have"),
])
def test_bad_functions_get_one_sentence(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_advantage(function, (0, 1, 3), 3)


@pytest.mark.parametrize(("arguments", "message"), [
    ({"rewards": (1, 1)}, "all equal"), ({"rewards": ("x", 1)}, "expected numbers"),
    ({"rewards": (0.1 + 0.2, 1)}, "expected numbers"), ({"group": 0}, "at least 1"), ({"group": ()}, "no group size"),
    ({"lengths": (1, 2)}, "need 3 lengths"), ({"target": "KL"}, "compared with J or pass@k"),
    ({"group": 10**4}, "at most"), ({"rewards": range(20)}, "at most 16"), ({"prompts": 0}, "at least 1"),
])
def test_bad_arguments_get_one_sentence(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_advantage(centred, **{"rewards": (0, 1, 3), "group": 3, **arguments})


def test_lengths_are_asked_for_with_rewards_of_ones_own() -> None:
    with pytest.raises(BadInput, match="give those of the responses"):
        check_advantage(lambda r, lengths: r / lengths, (0, 1, 2), 2)
    assert check_advantage(lambda r, lengths: r / lengths, group=2).lengths == (2, 1, 3, 2)


def test_rewards_may_come_in_any_order_and_form() -> None:
    result = check_advantage(lambda r, lengths: r / lengths, (3, "1/10", 0.5), 2, lengths=(2, 1, 1))
    assert result.rewards == ("1/10", "1/2", "3")
    assert result.lengths == (1, 1, 2)


# -- brute force ----------------------------------------------------------------------------------

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "leave one out": leave_one_out, "centred": centred, "others over group": others_over_group,
    "all over others": all_over_others, "standardised": standardised, "sample std": standardised_sample,
    "above best": above_best, "clipped": clipped, "others standardised": others_standardised,
    "squared": lambda r: (r - r.mean()) ** 2, "first": lambda r: r - r[0], "raw": lambda r: r,
    "rank": lambda r: np.array([sum(x > y for y in r) for x in r]), "median": lambda r: r - np.median(r),
    "range": lambda r: (r - r.min()) / (1 + r.max() - r.min()), "log": lambda r: np.log(1 + r) - np.log(1 + r).mean(),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("group", [2, 3])
@pytest.mark.parametrize("rewards", [(0, 1), (0, 1, 3), (0, 0, 1, 2)])
def test_against_brute_force_over_tuples(name: str, group: int, rewards: tuple[int, ...]) -> None:
    function = FUNCTIONS[name]
    result = check_advantage(function, rewards, group)
    pairs = []
    for seed in range(4):
        policies = random_policies(seed, 1, len(rewards))
        pairs.append((mean_gradient(function, rewards, group, policies), gradient_of_return(rewards, policies)))
    verdict = "zero mean" if result.verdict == "no gradient" else result.verdict
    assert verdict == judged(pairs)
    if result.factor is not None and result.factor.value is not None:
        assert all(np.allclose(mean, result.factor.value * wanted, atol=1e-9) for mean, wanted in pairs)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sizes_against_brute_force(name: str) -> None:
    rewards, policies = (0, 1, 3), np.array([[1 / 2, 1 / 3, 1 / 6]])
    result = check_advantage(FUNCTIONS[name], rewards, 3)
    mean, wanted = mean_gradient(FUNCTIONS[name], rewards, 3, policies), gradient_of_return(rewards, policies)
    assert result.relative_bias == pytest.approx(np.linalg.norm(mean - wanted) / np.linalg.norm(wanted), abs=1e-12)
    if result.cosine is not None:
        assert result.cosine == pytest.approx((mean * wanted).sum() / np.linalg.norm(mean) / np.linalg.norm(wanted))


def test_two_prompts_against_brute_force() -> None:
    for function in (centred, standardised, lambda r: r - r[0], lambda r: r * (r.sum() - r)):
        result = check_advantage(function, (0, 1, 3), 2, prompts=2)
        pairs = []
        for seed in range(3):
            policies = random_policies(seed, 2, 3)
            pairs.append((mean_gradient(function, (0, 1, 3), 2, policies), gradient_of_return((0, 1, 3), policies)))
        assert result.verdict == judged(pairs)


def test_the_gradient_of_the_best_of_k_against_differences() -> None:
    policies = np.array([[1 / 2, 1 / 3, 1 / 6]])
    for k in (1, 2, 3):
        result = check_advantage(leave_one_out, (0, 1, 3), 2, target=f"pass@{k}")
        wanted = gradient_of_best_of((0, 1, 3), policies, k)[0]
        rows = [row.wanted for row in result.effective_reward]
        assert policies[0] * rows == pytest.approx(wanted, abs=1e-8)


def test_exact_against_numerical() -> None:
    """The same functions in floats: same verdicts and sizes, other words."""
    for name, function in FUNCTIONS.items():
        exact = check_advantage(function, (0, 1, 3), 3)

        def in_floats(r: Any, function: Callable[..., Any] = function) -> Any:
            return np.asarray(function(np.asarray(r, dtype=float)), dtype=float)

        rounded = check_advantage(in_floats, (0, 1, 3), 3)
        assert exact.exact, name
        assert not rounded.exact
        assert (rounded.verdict, rounded.kind) == (exact.verdict, exact.kind), name
        assert rounded.relative_bias == pytest.approx(exact.relative_bias, abs=1e-12)
        assert rounded.trace_variance == pytest.approx(exact.trace_variance, abs=1e-12)


def test_against_monte_carlo() -> None:
    """40,000 groups of GRPO at G = 4: every coordinate within 4.5 standard errors, and the variance within 5 %."""
    policy, rewards = np.array([1 / 2, 1 / 3, 1 / 6]), np.array([0.0, 1, 3])
    result = check_advantage(standardised, (0, 1, 3), 4)
    draw = np.random.default_rng(7).choice(3, size=(40_000, 4), p=policy)
    r = rewards[draw]
    spread = r.std(axis=1, keepdims=True)
    advantages = np.where(spread > 0, (r - r.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1), 0)
    gradients = (advantages[:, :, None] * (np.eye(3)[draw] - policy)).mean(axis=1)
    effective = np.array([row.effective for row in result.effective_reward])
    expected = policy * (effective - policy @ effective)
    z = (gradients.mean(axis=0) - expected) / (gradients.std(axis=0) / 200)
    assert np.abs(z).max() < 4.5
    assert gradients.var(axis=0).sum() == pytest.approx(result.trace_variance, rel=0.05)


def test_random_functions_of_the_rewards() -> None:
    """Random small expressions: the exact verdict is that of the brute force, however they come out."""
    chosen = random.Random(11)
    parts: list[Callable[[Any], Any]] = [
        lambda r: r, lambda r: r.mean(), lambda r: r.sum(), lambda r: r.max(), lambda r: r * r, lambda r: r - r.mean(),
        lambda r: (r.sum() - r), lambda r: len(r), lambda r: 1 + r.std(), lambda r: np.abs(r - 1),
    ]
    for _ in range(60):
        a, b, c = (chosen.choice(parts) for _ in range(3))
        number = Fraction(chosen.randint(-3, 3), chosen.randint(1, 4))

        def function(r: Any, a: Any = a, b: Any = b, c: Any = c, number: Any = number) -> Any:
            return r * 0 + a(r) * float(number) - b(r) / (1 + c(r) ** 2)

        result = check_advantage(function, (0, 1, 3), 2)
        pairs = []
        for seed in range(3):
            policies = random_policies(seed, 1, 3)
            pairs.append((mean_gradient(function, (0, 1, 3), 2, policies), gradient_of_return((0, 1, 3), policies)))
        verdict = "zero mean" if result.verdict == "no gradient" else result.verdict
        assert verdict == judged(pairs)
