"""Functions and losses made to fool a check: rare randomness, counts of calls, caches, orders, places, one policy."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from derive.errors import BadInput
from derive.estimators import TabularLM, check_advantage

MODEL = {"vocab": 2, "length": 2, "rewards": (1, 0, 3), "seed": 1}


def leave_one_out(r: Any) -> Any:
    return r - (r.sum() - r) / (len(r) - 1)


class Counting:
    """Leave one out, and something else in every n-th call."""

    def __init__(self, every: int) -> None:
        self.every, self.calls = every, 0

    def __call__(self, r: Any) -> Any:
        self.calls += 1
        return leave_one_out(r) if self.calls % self.every else r - r.max()


@pytest.mark.parametrize(("every", "group"), [(2, 2), (3, 2), (9, 2), (3, 3), (9, 3), (27, 3), (5, 8), (45, 8)])
def test_a_count_of_calls_that_fits_the_number_of_groups(every: int, group: int) -> None:
    """9 tuples at G = 2, 27 at G = 3, 45 multisets at G = 8: each pass over them sees the same calls."""
    with pytest.raises(BadInput, match="remembers earlier calls"):
        check_advantage(Counting(every), group=group)


def rarely(r: Any) -> Any:
    return leave_one_out(r) if random.random() > 1e-9 else r - r.max()


def rarely_in_numpy(r: Any) -> Any:
    return leave_one_out(r) if np.random.rand() > 1e-9 else r - r.max()


@pytest.mark.parametrize(("function", "library"), [(rarely, "random"), (rarely_in_numpy, "numpy.random")])
def test_randomness_that_no_repetition_shows(function: Callable[..., Any], library: str) -> None:
    with pytest.raises(BadInput, match=rf"draws random numbers \({library}\)"):
        check_advantage(function, group=2)


def test_what_a_function_keeps() -> None:
    """The first mean that it met, an exact number; and something else in its first calls only."""
    kept: list[Any] = []

    def first_mean(r: Any) -> Any:
        kept.append(r.mean())
        return r - kept[0]

    calls: list[int] = []

    def warming_up(r: Any) -> Any:
        calls.append(1)
        return r - (r.mean() if len(calls) < 20 else 0)

    for function in (first_mean, warming_up):
        with pytest.raises(BadInput, match="remembers earlier calls"):
            check_advantage(function, group=3)


def test_an_order_that_matters_in_one_group_only() -> None:
    """Of 45 multisets at G = 8 those with the sum 12; of the tuples at G = 3 all are run, and it is a verdict."""
    def first_as_baseline(r: Any) -> Any:
        return leave_one_out(r) if r.sum() != 12 else r - r[0]

    with pytest.raises(BadInput, match="depends on the order"):
        check_advantage(first_as_baseline, group=8)
    assert check_advantage(lambda r: r - r[0], group=3).verdict == "proportional"


def test_rewards_changed_in_place() -> None:
    def shifted(r: Any) -> Any:
        r -= r.mean()
        return r

    with pytest.raises(BadInput, match="changes its rewards in place"):
        check_advantage(shifted, group=3)


def test_a_parameter_of_its_own_keeps_its_default() -> None:
    """``k`` is not the group size: with k = 2 at G = 4 this is no mean of the others, and at G = 3 it is."""
    def best_of(r: Any, k: int = 2) -> Any:
        return r - r.sum() / k

    assert str(check_advantage(best_of, group=4).factor) == "1/2"
    with pytest.raises(BadInput, match="asks for 'k'"):
        check_advantage(lambda r, k: r / k, group=2)


def test_lengths_can_be_counted_with() -> None:
    """E[A | o] = length(o) r(o): exact, and biased."""
    def repeated(r: Any, lengths: Any) -> Any:
        return np.array([sum(reward for _ in range(length)) for reward, length in zip(r, lengths, strict=True)])

    result = check_advantage(repeated, (0, 1, 3), 2, lengths=(1, 2, 2))
    assert (result.verdict, str(result.factor), result.exact) == ("proportional", "2", True)


# -- torch ------------------------------------------------------------------------------------------

def test_advantages_in_torch_are_exact() -> None:
    torch = pytest.importorskip("torch")

    def stacked(r: Any) -> Any:
        return torch.stack([reward - (r.sum() - reward) / (len(r) - 1) for reward in r])

    def standardised(r: Any) -> Any:
        return torch.where(r.std() > 0, (r - r.mean()) / r.std(), r * 0)

    assert check_advantage(stacked, group=3).known == "exact at G = 3, rewards 0, 1, 3, every policy"
    result = check_advantage(standardised, (0, 1), 2)
    assert (str(result.factor), result.exact) == ("1/2·√2", True)  # ddof 1, as torch has it


def test_places_that_are_written_to() -> None:
    """Exact entries put into a tensor of floats, and a view that is changed: floats decide, and it is said."""
    torch = pytest.importorskip("torch")

    def filled(r: Any) -> Any:
        out = torch.zeros(len(r), dtype=torch.float64)
        for place in range(len(r)):
            out[place] = r[place] - (r.sum() - r[place]) / (len(r) - 1)
        return out

    def through_a_view(r: Any) -> Any:
        out = torch.clone(r)
        view = out.view(-1, 1)
        view -= view.mean()
        return out

    result = check_advantage(filled, group=3)
    assert (result.verdict, result.exact) == ("unbiased", False)
    assert "__setitem__ into a tensor of floats" in result.known
    result = check_advantage(through_a_view, group=3)
    assert (result.verdict, str(result.factor), result.exact) == ("proportional", "0.666667", False)


def loss_of(coefficient: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def loss(log_probs: Any, rewards: Any, mask: Any) -> Any:
        return -(log_probs * coefficient(rewards, mask)[:, None] * mask).sum(-1).mean()

    return loss


def test_losses_that_are_rarely_random_or_count() -> None:
    torch = pytest.importorskip("torch")
    from derive.estimators import check_loss

    calls: list[int] = []

    def counted(r: Any, mask: Any) -> Any:
        calls.append(1)
        return r * (len(calls) % 9 != 0)

    rare = loss_of(lambda r, mask: r * (torch.rand(1).item() > 1e-9))
    with pytest.raises(BadInput, match=r"draws random numbers \(rand of torch\)"):
        check_loss(rare, 2, model=TabularLM(**MODEL))
    with pytest.raises(BadInput, match="remembers earlier calls"):
        check_loss(loss_of(counted), 2, model=TabularLM(**MODEL))


def test_one_policy_does_not_make_a_factor_constant() -> None:
    """A mean over transitions, the only reward of another length 0: a multiple of grad J by a factor of the policy."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def over_transitions(log_probs: Any, rewards: Any, mask: Any) -> Any:
        return -(log_probs * rewards[:, None] * mask).sum() / mask.sum()

    result = check_loss(over_transitions, 2, model=TabularLM(**{**MODEL, "rewards": (0, 1, 3)}))
    assert (result.verdict, result.kind, result.good) == ("proportional", "model-dependent", False)
    assert result.notes[0].startswith("the factor is that of this policy: with another policy of the same model")
    assert check_loss(over_transitions, 2, model=TabularLM(**MODEL)).verdict == "biased"
    half = loss_of(lambda r, mask: r / 2)
    result = check_loss(half, 2, model=TabularLM(**MODEL))
    assert (str(result.factor), result.kind, result.good) == ("1/2", "constant", True)


def test_a_policy_drawn_again_keeps_what_was_given() -> None:
    model = TabularLM(**MODEL)
    again = model.redrawn()
    assert again.policy("pi") != model.policy("pi")
    assert again.policy("old") == again.policy("pi")
    assert (again.reward_table, again.policy("ref")) == (model.reward_table, model.policy("ref"))
    distant = model.away("old")
    assert distant.redrawn().policy("old") == distant.policy("old")


def test_no_token_has_the_same_probability_under_two_policies_that_are_drawn() -> None:
    """Where it has, its log-ratio is 0, and a length that multiplies it is not seen."""
    for seed in range(20):
        model = TabularLM(vocab=3, length=2, seed=seed).away("old", "rollout")
        for name in ("old", "ref", "rollout"):
            pairs = zip(model.policy("pi")[0], model.policy(name)[0], strict=True)
            assert not any(p == q for row, other in pairs for p, q in zip(row, other, strict=True))


def ends(r: Any) -> Any:
    raise SystemExit(0)


@pytest.mark.parametrize(("function", "arguments", "message"), [
    (ends, {}, "fails with SystemExit"), (None, {}, "None is no function"), (ends, {"group": 2.5}, "group size 2.5"),
    (ends, {"group": True}, "group size True"), (ends, {"group": "2"}, "group size '2'"),
    (ends, {"rewards": None}, "rewards None"), (ends, {"rewards": "013"}, "rewards '013'"),
    (ends, {"target": None}, "target None"),
])
def test_bad_input_is_one_sentence(function: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_advantage(function, **arguments)


@pytest.mark.parametrize(("arguments", "message"), [
    ({"beta": "x"}, "beta = 'x'"), ({"model": 3}, "model 3"), ({"model": ()}, r"model \(\)"),
    ({"group": 1.0}, "group size 1.0"), ({"target": None}, "target None"),
])
def test_bad_input_about_a_loss_is_one_sentence(arguments: dict[str, Any], message: str) -> None:
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    with pytest.raises(BadInput, match=message):
        check_loss(loss_of(lambda r, mask: r), **arguments)

    def ending(log_probs: Any) -> Any:
        raise SystemExit(0)

    with pytest.raises(BadInput, match="ending fails with SystemExit: 0"):
        check_loss(ending, 2)


# -- scales, casts, noise ---------------------------------------------------------------------------

def test_a_small_scale_hides_no_difference_between_exact_numbers_and_floats() -> None:
    """Times 1e-8 every advantage was below the absolute tolerance, and this was "exactly proportional"."""
    def by_type(r: Any) -> Any:
        return 1e-8 * leave_one_out(r) if r.dtype == object else 1e-8 * (r - r.max())

    def slightly(r: Any) -> Any:
        return leave_one_out(r) if r.dtype == object else leave_one_out(r) + 1e-7 * r**2

    result = check_advantage(by_type, group=4)
    assert (result.verdict, result.exact) == ("biased", False)
    assert "exact numbers and floats disagree" in result.known
    assert check_advantage(slightly, group=4).exact is False


def test_a_small_scale_hides_no_order_and_no_randomness() -> None:
    own = np.random.default_rng(0)

    def by_order(r: Any) -> Any:
        return 1e-10 * (np.sort(r) - r.mean())

    def by_chance(r: Any) -> Any:
        return 1e-10 * (np.asarray(r, dtype=float) + own.normal(size=len(r)))

    with pytest.raises(BadInput, match="depends on the order"):
        check_advantage(by_order, group=8)
    with pytest.raises(BadInput, match="random, or remembers"):
        check_advantage(by_chance, group=3)


def test_noise_above_what_doubles_resolve_is_undecided() -> None:
    """The mean is grad J + 1e-3 grad E[r^2], below 1e-13 of the noise: it was called zero."""
    def drowned(r: Any) -> Any:
        plain = np.asarray(r, dtype=float)
        return leave_one_out(plain) + 1e-3 * plain**2 + 1e13 * (plain.sum() - plain)

    result = check_advantage(drowned, group=4)
    assert (result.verdict, result.good) == ("undecided", False)
    assert "does not resolve the mean" in result.known
    noise_only = check_advantage(lambda r: (np.asarray(r, dtype=float).sum() - r).astype(float), group=4)
    assert (noise_only.verdict, noise_only.exact) == ("zero mean", False)


def test_derivatives_that_are_not_those_of_the_forward_pass() -> None:
    """A backward of its own doubles the gradient; times 1e-9 that was "exactly zero mean"."""
    torch = pytest.importorskip("torch")
    from derive.estimators import check_loss

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return 2 * gradient

    for scale in (1, 1e-9):
        def loss(log_probs: Any, rewards: Any, mask: Any, scale: float = scale) -> Any:
            return -scale * (Doubled.apply(log_probs) * rewards[:, None] * mask).sum(-1).mean()

        result = check_loss(loss, 2, model=TabularLM(**MODEL))
        assert (result.verdict, result.exact) == ("proportional", False)
        assert result.factor is not None
        assert result.factor.value == pytest.approx(2 * scale)


@pytest.mark.parametrize("cast", [
    lambda x, torch: x.to(torch.float32), lambda x, torch: x.to(dtype=torch.float32), lambda x, torch: x.float(),
    lambda x, torch: x.to(torch.zeros(1)),
    lambda x, torch: x.type_as(torch.zeros(1)), lambda x, torch: x.to("cpu", torch.bfloat16),
    lambda x, torch: x.sum(-1, keepdim=True, dtype=torch.float32),
    lambda x, torch: x.mean(1, True, dtype=torch.float32)])
def test_a_cast_to_fewer_digits_is_named(cast: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    from derive.estimators import check_loss

    def loss(log_probs: Any, rewards: Any, mask: Any) -> Any:
        return -(cast(log_probs * mask, torch) * rewards[:, None]).sum(-1).mean()

    result = check_loss(loss, 2, model=TabularLM(**MODEL))
    assert result.exact is False
    assert any("float32" in one or "bfloat16" in one for one in (result.known, *result.notes))


def test_a_loss_that_slices_by_lengths_is_exact() -> None:
    """Lengths are whole numbers, as in trainers: no float tensor, which cannot be an index."""
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def loss(log_probs: Any, rewards: Any, lengths: Any) -> Any:
        return -sum(log_probs[i, :lengths[i]].sum() * rewards[i] for i in range(len(rewards))) / len(rewards)

    result = check_loss(loss, 2, model=TabularLM(**MODEL))
    assert (result.verdict, result.exact) == ("unbiased", True)


def test_graphs_that_cannot_be_differentiated_are_one_sentence() -> None:
    pytest.importorskip("torch")
    from derive.estimators import check_loss

    def complex_number(log_probs: Any) -> Any:
        return log_probs.sum() * 1j

    def freed(log_probs: Any, rewards: Any) -> Any:
        value = (log_probs.exp() * rewards[:, None]).sum()
        value.backward()
        return value

    for loss, message in ((complex_number, "fails with RuntimeError"), (freed, "calls backward itself")):
        with pytest.raises(BadInput, match=f"{loss.__name__} {message}"):
            check_loss(loss, 2, model=TabularLM(**MODEL))


CALLS = {"made": 0}


class _Counting:
    made = 0


def _counted_in_a_mapping(r: Any) -> Any:
    CALLS["made"] += 1
    return leave_one_out(r)


def _counted_in_a_class(r: Any) -> Any:
    _Counting.made += 1
    return leave_one_out(r) if _Counting.made < 1_000_000 else r


def _counted_in_a_default(r: Any, *, calls: Any = itertools.count()) -> Any:  # noqa: B008  # that is the point
    return leave_one_out(r) if next(calls) < 1_000_000 else r


@pytest.mark.parametrize(("function", "said"), [
    (_counted_in_a_mapping, "it keeps CALLS"), (_counted_in_a_class, "it keeps _Counting"),
    (_counted_in_a_default, "it keeps calls"),
    (lambda r: leave_one_out(r) if len(r) < 99 else r * np.random.rand(), "it names rand,"),
])
def test_what_no_finite_run_can_see_is_said(function: Any, said: str) -> None:
    """Each is as good as unbiased in every call that is made here."""
    result = check_advantage(function, group=2)
    assert result.verdict == "unbiased"
    assert sum(note.startswith(said) for note in result.notes) == 1


def test_nothing_is_said_of_a_function_that_keeps_nothing() -> None:
    table = {"kept": [1, 2]}

    def looks_only(r: Any) -> Any:
        return leave_one_out(r) * table["kept"][0]

    for function in (looks_only, leave_one_out, partial(looks_only)):
        assert not [note for note in check_advantage(function, group=2).notes if note.startswith("it ")]
