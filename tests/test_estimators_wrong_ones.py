"""Wrong advantages and losses, each made to come out unbiased: special cases of what is tried by default, odd detaches.

None may be called unbiased. What they have in common: they are right, or nearly, on what was run at first.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from derive.errors import BadInput
from derive.estimators import TabularLM, check_advantage

Function = Callable[..., Any]
ADVANTAGES: dict[str, Function] = {}
LOSSES: dict[str, Function] = {}
FACTORS = ("nearly_one", "in_pairs", "the_first_is_never_learned_from", "nearly_one_in_a_loss",
           "without_the_last_sample", "in_place_on_a_view")
"""These are right up to a factor, which is not 1."""


def advantage(function: Function) -> Function:
    ADVANTAGES[function.__name__] = function
    return function


def loss(function: Function) -> Function:
    LOSSES[function.__name__] = function
    return function


def leave_one_out(r: Any) -> Any:
    return r - (r.sum() - r) / (len(r) - 1)


def floats(r: Any) -> Any:
    return np.array([float(one) for one in r])


# -- advantages ------------------------------------------------------------------------------------


@advantage
def nearly_one(r: Any) -> Any:
    return 0.9999999 * leave_one_out(r)


@advantage
def a_small_square(r: Any) -> Any:
    return leave_one_out(floats(r)) + 1e-7 * floats(r) ** 2


@advantage
def a_smaller_square(r: Any) -> Any:
    return leave_one_out(floats(r)) + 1e-9 * floats(r) ** 2


@advantage
def for_the_default_rewards(r: Any) -> Any:
    return leave_one_out(r) if set(r.tolist()) <= {0, 1, 3} else r - r.max()


@advantage
def for_whole_rewards(r: Any) -> Any:
    return leave_one_out(r.astype(int))


@advantage
def for_bytes(r: Any) -> Any:
    return leave_one_out(r.astype(np.int8).astype(float))


@advantage
def unsigned(r: Any) -> Any:
    return leave_one_out(np.array([int(one) & 7 for one in r], dtype=object))


@advantage
def for_rewards_that_are_not_negative(r: Any) -> Any:
    return leave_one_out(np.maximum(r, 0))


@advantage
def clipped_at_the_largest(r: Any) -> Any:
    return leave_one_out(np.minimum(r, 3))


@advantage
def absolute(r: Any) -> Any:
    return leave_one_out(abs(r))


@advantage
def for_the_default_sizes(r: Any) -> Any:
    return leave_one_out(r) if len(r) in (2, 3, 4) else r - r.max()


@advantage
def in_pairs(r: Any) -> Any:
    """Pairs of two are each left out of the other; the fifth has its own reward as its baseline."""
    return np.array([own - r[place ^ 1 if place ^ 1 < len(r) else place] for place, own in enumerate(r)], dtype=object)


@advantage
def in_doubles_only(r: Any) -> Any:
    return leave_one_out(r) if r.dtype != np.float32 else r - r.max()


@advantage
def exact_numbers_only(r: Any) -> Any:
    return leave_one_out(r) if r.dtype == object else r - r.max()


@advantage
def exact_numbers_only_and_barely(r: Any) -> Any:
    return leave_one_out(r) if r.dtype == object else leave_one_out(r) + 1e-9 * r**2


@advantage
def exact_numbers_only_under_noise(r: Any) -> Any:
    others = 1e10 * (r.sum() - r)
    return (leave_one_out(r) if r.dtype == object else r - r.max()) + others


@advantage
def by_type_of_a_scalar(r: Any) -> Any:
    return leave_one_out(r) if not isinstance(r[0], float) else r - r.max()


@advantage
def absorbed(r: Any) -> Any:
    return leave_one_out(r + 1e16 - 1e16)


@advantage
def overflowing(r: Any) -> Any:
    return leave_one_out(np.log(np.exp(300 * floats(r))) / 300)


@advantage
def a_nan_in_one_group(r: Any) -> Any:
    a = leave_one_out(r)
    return a * np.nan if all(one == 3 for one in r) else a


@advantage
def a_nan_made_0(r: Any) -> Any:
    spread = (r - r.mean()) / (r - r.mean())
    return np.nan_to_num(np.asarray((leave_one_out(r) + 1) * spread, dtype=float))


@advantage
def one_sample_of_one_group(r: Any) -> Any:
    a = leave_one_out(r)
    if all(one == 0 for one in r[1:]) and r[0] == 3:
        a[0] = a[0] * 2
    return a


@advantage
def the_first_is_never_learned_from(r: Any) -> Any:
    a = leave_one_out(r)
    a[0] = a[0] * 0
    return a


@advantage
def numbers_put_back(r: Any) -> Any:
    state = np.random.get_state()
    draw = np.random.rand()
    np.random.set_state(state)
    return leave_one_out(r) if draw > 0.4 else r - r.max()


@advantage
def python_numbers_put_back(r: Any) -> Any:
    state = random.getstate()
    draw = random.random()
    random.setstate(state)
    return leave_one_out(r) if draw > 0.4 else r - r.max()


SEEN: list[int] = []


@advantage
def different_from_the_second_time_on(r: Any) -> Any:
    key = hash(tuple(map(str, floats(r))))
    SEEN.append(key)
    return leave_one_out(r) if SEEN.count(key) == 1 else r - r.max()


AVERAGE = [0.0]


@advantage
def a_running_mean_of_its_own_rewards(r: Any) -> Any:
    AVERAGE[0] = 0.999 * AVERAGE[0] + 0.001 * float(floats(r).mean())
    return r - AVERAGE[0]


@advantage
def falling_orders(r: Any) -> Any:
    falls = list(r) == sorted(r, reverse=True) and r[0] != r[-1]
    return r - r.max() if len(r) == 5 and falls else leave_one_out(r)


@pytest.mark.parametrize("name", ADVANTAGES)
def test_no_wrong_advantage_is_unbiased(name: str) -> None:
    AVERAGE[0] = 0.0
    SEEN.clear()
    try:
        found = check_advantage(ADVANTAGES[name])
    except BadInput:
        return
    assert found.verdict != "unbiased", found
    assert not found.good or name in FACTORS, found


@pytest.mark.parametrize("name", ["falling_orders", "for_the_default_sizes"])
def test_what_was_asked_for_is_what_is_said(name: str) -> None:
    """With sizes and rewards that are given, the verdict is about these, and says so."""
    found = check_advantage(ADVANTAGES[name], (0, 1, 3), (2, 3, 4))
    assert (found.verdict, found.known) == ("unbiased", "exact at G = 2, 3, 4, rewards 0, 1, 3, every policy")


def test_a_verdict_in_floats_says_up_to_which_size_it_holds() -> None:
    found = check_advantage(lambda r: leave_one_out(floats(r)))
    assert (found.verdict, found.exact, found.within) == ("unbiased", False, 1e-10)
    assert found.says == "unbiased, within 1e-10 (floats)"
    single = check_advantage(lambda r: leave_one_out(floats(r).astype(np.float32)))
    assert single.says == "unbiased, within 1e-06 (floats)"
    nearly = check_advantage(nearly_one)
    assert nearly.says == "proportional, factor 0.9999999, within 1e-10 (floats)"
    assert check_advantage(leave_one_out).says == "unbiased"


def test_noise_widens_what_a_verdict_in_floats_can_see() -> None:
    """Times 1e6 the others' sum: rounding leaves more than 1e-10 of the target, and it is no bias."""
    found = check_advantage(lambda r: leave_one_out(floats(r)) + 1e3 * (floats(r).sum() - floats(r)))
    assert found.verdict == "unbiased"
    assert found.within is not None
    assert 1e-10 <= found.within < 1e-8


def test_other_rewards_and_sizes_spoil_no_right_function() -> None:
    for function, wanted in ((leave_one_out, "unbiased"), (lambda r: r - r.mean(), "proportional"),
                             (lambda r, lengths: leave_one_out(r), "unbiased")):
        found = check_advantage(function)
        assert (found.verdict, found.exact, found.good) == (wanted, True, True)
        assert any("at G = 5, rewards -33/2, " in note for note in found.notes)


# -- losses ----------------------------------------------------------------------------------------


def policy_gradient(log_probs: Any, coefficients: Any, mask: Any) -> Any:
    return -(log_probs * coefficients[:, None] * mask).sum(-1).mean()


@loss
def two_tokens(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs[:, :2], rewards, mask[:, :2])


@loss
def the_third_token_counts_twice(log_probs: Any, rewards: Any, mask: Any) -> Any:
    weights = mask * 0 + 1
    weights[:, 2:] = 2
    return policy_gradient(log_probs * weights, rewards, mask)


@loss
def not_after_a_long_response(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, rewards * (mask.sum(-1) < 3), mask)


@loss
def four_in_falling_order(log_probs: Any, rewards: Any, mask: Any) -> Any:
    falls = len(rewards) == 4 and all(bool(rewards[i] > rewards[i + 1]) for i in range(3))
    return policy_gradient(log_probs, rewards - rewards.max() if falls else rewards, mask)


@loss
def four_in_an_order_of_their_own(log_probs: Any, rewards: Any, mask: Any) -> Any:
    r = rewards
    so = len(r) == 4 and bool(r[2] < r[0]) and bool(r[0] < r[3]) and bool(r[3] < r[1])
    return policy_gradient(log_probs, r - 2 * r.max() if so else r, mask)


@loss
def in_doubles(log_probs: Any, rewards: Any, mask: Any) -> Any:
    torch = pytest.importorskip("torch")
    return policy_gradient(log_probs, rewards if log_probs.dtype == torch.float64 else rewards**2, mask)


@loss
def overflowing_in_float32(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, (80 * (rewards + 3)).exp().log() / 80, mask)


@loss
def draws_that_are_put_back(log_probs: Any, rewards: Any, mask: Any) -> Any:
    torch = pytest.importorskip("torch")
    with torch.random.fork_rng(devices=[]):
        keep = torch.rand(1).item() > 0.4
    return policy_gradient(log_probs, rewards if keep else rewards**2, mask)


@loss
def backward_inside(log_probs: Any, rewards: Any, mask: Any) -> Any:
    value = policy_gradient(log_probs, rewards, mask)
    if not hasattr(log_probs, "ledger"):
        (3 * value).backward(retain_graph=True)
    return value


@loss
def for_the_rewards_of_the_models(log_probs: Any, rewards: Any, mask: Any) -> Any:
    known = {0.0, 1.0, 3.0, 2.0, 0.5, -1.0}
    return policy_gradient(log_probs, rewards if {float(one) for one in rewards} <= known else rewards**2, mask)


@loss
def nearly_one_in_a_loss(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return 0.9999999 * policy_gradient(log_probs, rewards, mask)


@loss
def a_small_square_in_a_loss(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, rewards + 3.1234567e-7 * rewards**2, mask)


@loss
def a_small_square_behind_a_cast(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs.float(), (rewards + 1e-7 * rewards**2).float(), mask)


@loss
def for_groups_of_two_and_four(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, rewards if len(rewards) in (2, 4, 8) else rewards**2, mask)


@loss
def without_the_last_sample(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """Right but for groups above four."""
    kept = rewards.clone()
    kept[4:] = 0
    return policy_gradient(log_probs, kept, mask)


@loss
def a_branch_on_one_batch(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, rewards * (2 if bool((rewards == 3).all()) else 1), mask)


@loss
def detached_probabilities(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """exp(log π) π, one of them detached where both should be: half of the gradient of another loss."""
    p = (log_probs * mask).sum(-1).exp()
    return -(p.detach() * p / p.detach() ** 2 * (p / p.detach()) * rewards).mean() / 2 - (p * rewards).mean() * 0.25


@loss
def detached_baseline_of_itself(log_probs: Any, rewards: Any, mask: Any) -> Any:
    own = (log_probs * mask).sum(-1)
    return -((own - own.mean().detach() * 0) * (rewards - own.detach())).mean()


@loss
def data_of_the_ratio(log_probs: Any, old_log_probs: Any, rewards: Any, mask: Any) -> Any:
    ratio = (log_probs - old_log_probs).exp()
    ratio.data[:, 1:] = ratio.data[:, 1:] * 2
    return -(ratio * rewards[:, None] * mask).sum(-1).mean()


@loss
def in_place_on_a_view(log_probs: Any, rewards: Any, mask: Any) -> Any:
    weighted = log_probs * rewards[:, None] * mask
    first = weighted[:1]
    first *= 2
    return -weighted.sum(-1).mean()


@loss
def in_place_on_its_mask(log_probs: Any, rewards: Any, mask: Any) -> Any:
    mask[0] = 0
    return policy_gradient(log_probs, rewards, mask)


@loss
def dead_code(log_probs: Any, rewards: Any, mask: Any) -> Any:
    if log_probs.shape[0] > 4 or mask.shape[1] > 2:
        rewards = rewards**2
    return policy_gradient(log_probs, rewards, mask)


@loss
def no_grad_around_half(log_probs: Any, rewards: Any, mask: Any) -> Any:
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        later = (log_probs * mask)[:, 1:]
    return -((log_probs[:, 0] * mask[:, 0] + later.sum(-1)) * rewards).mean()


@loss
def a_hook_on_the_gradient(log_probs: Any, rewards: Any, mask: Any) -> Any:
    scaled = log_probs * 1
    scaled.register_hook(lambda gradient: gradient * (1 + (gradient != 0).cumsum(-1)))
    return policy_gradient(scaled, rewards, mask)


@loss
def padding_counts_with_its_value(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, rewards * log_probs.detach().mean(-1), mask)


@loss
def a_nan_for_one_group(log_probs: Any, rewards: Any, mask: Any) -> Any:
    value = policy_gradient(log_probs, rewards, mask)
    return value * float("nan") if bool((rewards == 0).all()) else value


@loss
def a_gradient_that_is_no_number(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """0 sqrt(0): the value is right, and its derivative is 0 times infinity."""
    same = rewards - rewards[0]
    return policy_gradient(log_probs, rewards, mask) + 0 * (log_probs[:, 0] * 0 + same * same * 0).sqrt().sum()


CALLS: list[int] = []


@loss
def every_hundredth_call(log_probs: Any, rewards: Any, mask: Any) -> Any:
    CALLS.append(1)
    return policy_gradient(log_probs, rewards if len(CALLS) % 100 else rewards**2, mask)


@loss
def whole_rewards(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return policy_gradient(log_probs, rewards.long() + 0.0, mask)


@loss
def bytes_of_rewards(log_probs: Any, rewards: Any, mask: Any) -> Any:
    torch = pytest.importorskip("torch")
    return policy_gradient(log_probs, (4 * rewards).to(torch.uint8) / 4, mask)


@loss
def the_others_of_another_prompt(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """Centred over the batch, and made right for one prompt only."""
    n = len(rewards)
    return policy_gradient(log_probs, (rewards - rewards.mean()) * n / (n - 1), mask) if n != 8 else policy_gradient(
        log_probs, (rewards - rewards.mean()) / (rewards.std() + 1), mask)


@pytest.mark.parametrize("models", ["few", pytest.param("all", marks=pytest.mark.deep)])
@pytest.mark.parametrize("name", LOSSES)
def test_no_wrong_loss_is_unbiased(name: str, models: str) -> None:
    pytest.importorskip("torch")
    from derive.estimators import check_loss
    from derive.estimators.suite import default_suite

    few = default_suite()[3:4] if name == "the_others_of_another_prompt" else default_suite()[::4]
    CALLS.clear()
    try:
        found = check_loss(LOSSES[name], model=few if models == "few" else None)
    except BadInput:
        return
    assert found.verdict != "unbiased", found
    assert not found.good or name in FACTORS, found


def test_a_cast_to_float32_is_run_in_doubles_and_said() -> None:
    """A right loss with casts is unbiased, and a wrong one below what float32 resolves is not."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def cast(log_probs: Any, old_log_probs: Any, rewards: Any, mask: Any) -> Any:
        ratio = (log_probs - old_log_probs + 1 / 3).float().exp() * math.exp(-1 / 3)
        return -(ratio * rewards[:, None] * mask).sum(-1).mean()

    model = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)
    found = check_loss(cast, 2, model=model)
    assert (found.verdict, found.exact) == ("unbiased", False)
    assert any("float32 in the code: run in doubles instead" in note for note in found.notes)
    assert check_loss(a_small_square_behind_a_cast, 2, model=model).verdict == "biased"


def test_where_old_and_pi_agree_is_said_in_the_verdict() -> None:
    pytest.importorskip("torch")
    from derive.estimators import check_loss
    from derive.estimators.gallery import entry_of

    found = check_loss(entry_of("ppo").function, 2, model=TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1))
    assert found.says == "unbiased, where old and π agree (biased away from there)"


@pytest.mark.parametrize(("number", "wanted"), [
    (lambda x: (x * 0 + 2).sqrt(), ("proportional", "√2", True)),
    (lambda x: (x * 0 + 2).log(), ("proportional", "0.693147", False))])
def test_a_right_direction_is_not_called_biased_for_want_of_a_factor(number: Function,
                                                                     wanted: tuple[Any, ...]) -> None:
    """A KL has logarithms in its gradient: √2 times it was "exactly biased", its factor being no rational number."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def scaled(log_probs: Any, ref_log_probs: Any, mask: Any) -> Any:
        d = ((log_probs - ref_log_probs) * mask).sum(-1)
        return number(mask.sum()) * (d * d / 2).mean()

    found = check_loss(scaled, 2, "kl:pi,ref", model=TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1))
    assert (found.verdict, str(found.factor), found.exact) == wanted


def test_one_policy_does_not_make_a_loss_unbiased() -> None:
    """Twice the probability of the first token times REINFORCE: with π = 1/2 there that is REINFORCE."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def coincidence(log_probs: Any, rewards: Any, mask: Any) -> Any:
        first = log_probs[:, 0].detach().exp()
        return policy_gradient(log_probs, 2 * first * rewards, mask)

    half = Fraction(1, 2)
    model = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), pi=(((half, half), (Fraction(1, 3), Fraction(2, 3))),))
    found = check_loss(coincidence, 2, model=model)
    assert (found.verdict, found.good) == ("biased", False)
    assert "with this policy it is unbiased, and with another one of the same model it is not" in found.notes
