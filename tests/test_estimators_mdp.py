"""``check_loss`` on finite MDPs: against autograd through the logits over all trajectories, and values by hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from derive.errors import BadInput, InvalidModel  # noqa: E402
from derive.estimators import TabularLM, check_loss  # noqa: E402
from derive.estimators.episodes import Episodes, episodes_of  # noqa: E402
from derive.estimators.shortening import shortened  # noqa: E402
from derive.language.models import Model, Shape  # noqa: E402
from derive.numeric.sources import built_in, random_mdp  # noqa: E402

F = Fraction


def model(**changes: Any) -> Model:
    """Two states, two actions, two decisions, gamma = 1/2; nothing symmetric."""
    given: dict[str, Any] = {
        "shape": Shape(2, 2, 1), "mu": (F(1, 3), F(2, 3)), "gamma": F(1, 2), "scores": ((0, 0), (0, 0)),
        "P": (((F(1, 4), F(3, 4)), (F(2, 3), F(1, 3))), ((F(1, 2), F(1, 2)), (F(1, 5), F(4, 5)))),
        "r": (((F(1), F(1)), (F(0), F(0))), ((F(2), F(2)), (F(-1), F(-1)))),
        "policies": {"pi": ((F(1, 3), F(2, 3)), (F(3, 5), F(2, 5)))}}
    return Model(**{**given, **changes})


def ending() -> Model:
    """Three states, of which the last ends the episode; gamma = 1."""
    half = F(1, 2)
    return model(
        shape=Shape(3, 2, 2), mu=(half, half, F(0)), gamma=F(1),
        P=(((half, F(0), half), (F(0), F(1), F(0))), ((F(0), F(0), F(1)), (F(1, 4), F(0), F(3, 4))), ((0, 0, 1),) * 2),
        r=(((F(1),) * 3, (F(0),) * 3), ((F(2),) * 3, (F(-1), F(3), F(1))), ((F(5), F(5), F(0)),) * 2),
        policies={"pi": ((F(1, 3), F(2, 3)), (F(3, 5), F(2, 5)), (half, half))})


def bandit(*rewards: int, pi: tuple[Fraction, ...] = (F(1, 2), F(1, 3), F(1, 6)), **policies: Any) -> Model:
    k = len(rewards)
    return Model(shape=Shape(1, k, 0), mu=(F(1),), P=(((F(1),),) * k,), r=(tuple((F(r),) for r in rewards),),
                 gamma=F(1), policies={"pi": (pi,), **policies}, scores=((0,) * k,))


# -- losses as people write them ----------------------------------------------------------------------


def total(x: Any, mask: Any) -> Any:
    return (x * mask).sum(-1).mean()


def reinforce(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return total(-log_probs * rewards[:, None], mask)


def rewards_to_go(log_probs: Any, returns: Any, mask: Any, gamma: float) -> Any:
    weights = gamma ** torch.arange(mask.shape[1], dtype=torch.float64)
    return total(-log_probs * returns * weights, mask)


def discount_forgotten(log_probs: Any, returns: Any, mask: Any) -> Any:
    return total(-log_probs * returns, mask)


def actor_critic(log_probs: Any, token_level_rewards: Any, values: Any, mask: Any, gamma: float) -> Any:
    v = values * mask
    following = torch.cat([v[:, 1:], v[:, :1] * 0], dim=1)
    weights = gamma ** torch.arange(mask.shape[1], dtype=torch.float64)
    return total(-log_probs * (token_level_rewards + gamma * following - v) * weights, mask)


def ppo(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
    ratio = (log_probs - old_log_probs).exp()
    a = advantages[:, None]
    return total(-torch.minimum(ratio * a, ratio.clamp(0.8, 1.2) * a), mask)


def importance(log_probs: Any, old_log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -(((log_probs - old_log_probs) * mask).sum(-1).exp() * rewards).mean()


def standardised(log_probs: Any, rewards: Any, mask: Any) -> Any:
    spread = rewards.std()
    return total(-log_probs * ((rewards - rewards.mean()) / spread if spread > 0 else rewards * 0)[:, None], mask)


def by_state(log_probs: Any, returns: Any, states: Any, mask: Any) -> Any:
    return total(-log_probs * (returns - torch.tensor([0.5, -2.0, 7.0])[states]), mask)


def by_state_and_action(log_probs: Any, returns: Any, states: Any, actions: Any, mask: Any) -> Any:
    return total(-log_probs * (returns - torch.tensor([[0.5, -2.0], [1.0, 1.5], [7.0, 2.0]])[states, actions]), mask)


def token_mean(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -(log_probs * rewards[:, None] * mask).sum() / mask.sum()


def k1_reward(log_probs: Any, ref_log_probs: Any, mask: Any) -> Any:
    return ((log_probs * mask).sum(-1) * ((log_probs - ref_log_probs) * mask).sum(-1).detach()).mean()


def k2_token(log_probs: Any, ref_log_probs: Any, mask: Any) -> Any:
    return total((log_probs - ref_log_probs) ** 2 / 2, mask)


# -- the oracle ------------------------------------------------------------------------------------------


def oracle(loss: Callable[..., Any], given: Model, group: int, target: str, old: Any = None) -> tuple[Any, Any]:
    """(-E[∇ loss], the direction wanted) by the logits (S, A), over all tuples of all trajectories, nothing merged."""
    names = {"returns": "to_go", "gamma": "gamma"}
    logits = torch.tensor([[float(p) for p in row] for row in given.policies["pi"]], dtype=torch.float64).log()
    logits.requires_grad_(True)
    ref = torch.tensor([[float(p) for p in row] for row in given.policies.get("ref", given.policies["pi"])],
                       dtype=torch.float64).log()
    behaviour = logits.detach() if old is None else torch.tensor(
        [[float(p) for p in row] for row in old], dtype=torch.float64).log()
    ends = [s for s in range(given.shape.states) if all(
        given.P[s][a][s] == 1 and given.r[s][a][s] == 0 for a in range(given.shape.actions))]
    steps, gamma = given.shape.horizon + 1, float(given.gamma)
    rows, wanted = [], torch.zeros((), dtype=torch.float64)
    table = torch.log_softmax(logits, -1)
    for path in given.shape.paths():
        p = float(given.probability_of(path)) * np.prod([float(behaviour.exp()[s, a] / logits.detach().exp()[s, a])
                                                         for s, a in zip(path[::2], path[1::2], strict=False)])
        if not p:
            continue
        s, a, x = (torch.tensor(path[start:start + 2 * steps:2]) for start in (0, 1, 2))
        mask = torch.tensor([float(state not in ends) for state in s.tolist()], dtype=torch.float64)
        own, other, was = (one[s, a] * mask for one in (table, torch.log_softmax(ref, -1), behaviour))
        r = torch.tensor([float(given.r[i][j][k]) for i, j, k in zip(s.tolist(), a.tolist(), x.tolist(), strict=True)],
                         dtype=torch.float64)
        weight = gamma ** torch.arange(steps, dtype=torch.float64)
        to_go = torch.stack([(r[t:] * weight[:steps - t]).sum() for t in range(steps)])
        rows.append((p, {"log_probs": own, "ref_log_probs": other, "old_log_probs": was, "mask": mask,
                         "token_level_rewards": r, "to_go": to_go, "rewards": to_go[0], "states": s, "actions": a}))
        if target == "J":
            ratio = (own - was).sum().exp()
            wanted = wanted + p * ratio * to_go[0].detach()
        elif target == "kl:pi,ref":
            wanted = wanted - p * (own - own.detach()).sum().exp() * (own - other).sum()
        else:
            wanted = wanted - p * ((own - own.detach()).exp() * (own - other)).sum()
    (direction,) = torch.autograd.grad(wanted, logits, retain_graph=True)
    for _, one in rows:  # E[to go | time and state], under pi
        one["values"] = torch.zeros(steps, dtype=torch.float64)
        for t in range(steps):
            like = [(q, two["to_go"][t]) for q, two in rows if two["states"][t] == one["states"][t]]
            one["values"][t] = sum(q * g for q, g in like) / sum(q for q, _ in like)
    mean = torch.zeros((), dtype=torch.float64)
    asked = inspect.signature(loss).parameters
    for chosen in product(rows, repeat=group):
        stacked = {name: torch.stack([one[name] for _, one in chosen]) for name in rows[0][1]}
        stacked["advantages"] = stacked["rewards"] - (stacked["rewards"].sum() - stacked["rewards"]) / max(group - 1, 1)
        available = {**stacked, "gamma": gamma}
        value = loss(**{name: available[names.get(name, name)] for name in asked})
        mean = mean - float(np.prod([p for p, _ in chosen])) * value
    return torch.autograd.grad(mean, logits)[0], direction


@pytest.mark.parametrize(("loss", "target", "verdict"), [
    (reinforce, "J", "unbiased"), (rewards_to_go, "J", "unbiased"), (discount_forgotten, "J", "biased"),
    (actor_critic, "J", "unbiased"), (ppo, "J", "unbiased"), (importance, "J", "unbiased"),
    (by_state_and_action, "J", "biased"), (k1_reward, "kl:pi,ref", "unbiased"), (k2_token, "kl:pi,ref", "biased"),
    (k2_token, "kl:token", "unbiased"),
])
def test_against_autograd_over_all_trajectories(loss: Callable[..., Any], target: str, verdict: str) -> None:
    given = model(policies={"pi": model().policies["pi"], "ref": ((F(1, 4), F(3, 4)), (F(2, 7), F(5, 7)))})
    result = check_loss(loss, 1 if loss is not ppo else 2, target, model=given)
    assert (result.verdict, result.exact) == (verdict, True), result.notes
    mean, wanted = oracle(loss, given, 1 if loss is not ppo else 2, target)
    assert float((mean - wanted).norm() / wanted.norm()) == pytest.approx(result.relative_bias, abs=1e-9)
    assert (result.relative_bias == 0.0) == (verdict == "unbiased")


@pytest.mark.parametrize(("loss", "verdict"), [
    (rewards_to_go, "unbiased"), (actor_critic, "unbiased"), (by_state, "unbiased"), (token_mean, "biased"),
    (standardised, "biased")])
def test_episodes_that_end_early(loss: Callable[..., Any], verdict: str) -> None:
    """Padding after a terminal state; the random denominator of a mean over tokens is biased, as for responses."""
    size = 1 if verdict == "unbiased" else 2
    result = check_loss(loss, size, model=ending())
    assert result.verdict == verdict
    mean, wanted = oracle(loss, ending(), size, "J")
    assert float((mean - wanted).norm() / wanted.norm()) == pytest.approx(result.relative_bias, abs=1e-9)
    assert set(episodes_of(ending()).lengths) == {1, 2, 3}


@cache
def seen_by_the_oracle() -> list[tuple[Callable[..., Any], Model, Any, Any]]:
    return [(loss, one, *oracle(loss, one, 1, "J")) for loss in (rewards_to_go, reinforce, token_mean)
            for one in (model(), replace(ending(), gamma=F(1, 2)))]


@pytest.mark.parametrize(("broken", "value"), [
    (None, None),
    ("terminal", frozenset()), ("discount", F(1)), ("chances", property(lambda self: (F(1, 4),) * len(self.places))),
    ("to_go", property(lambda self: self.step_rewards)),
    ("reward_table", property(lambda self: (tuple(sum(row) for row in self.step_rewards[0]),)))])
def test_each_part_of_an_episode_is_compared(monkeypatch: pytest.MonkeyPatch, broken: str | None, value: Any) -> None:
    """A part that is wrong on purpose is seen by the oracle, on some model and loss."""
    if broken is not None:
        monkeypatch.setattr(Episodes, broken, value)

    def agrees(loss: Callable[..., Any], one: Model, mean: Any, direction: Any) -> bool:
        result = check_loss(loss, 1, model=one)
        sizes = float((mean - direction).norm() / direction.norm()), float(direction.norm())
        return not result.mask_leak and np.allclose(sizes, (result.relative_bias, result.at.target_length), atol=1e-9)

    assert all(agrees(*one) for one in seen_by_the_oracle()) == (broken is None)


def test_a_forgotten_mask_is_a_leak_where_episodes_end() -> None:
    def unmasked(log_probs: Any, rewards: Any) -> Any:
        return (-log_probs * rewards[:, None]).sum(-1).mean()

    result = check_loss(unmasked, 1, model=ending())
    assert (result.verdict, result.mask_leak) == ("biased", True)
    assert check_loss(unmasked, 1, model=model()).verdict == "unbiased"


def test_another_policy_of_the_model_is_the_one_that_is_sampled_from() -> None:
    old = ((F(1, 5), F(4, 5)), (F(1, 2), F(1, 2)))
    given = model(policies={"pi": model().policies["pi"], "pi_old": old})
    for loss, size, verdict in ((importance, 1, "unbiased"), (reinforce, 1, "biased"), (ppo, 2, "biased")):
        for off_policy in (False, True):
            result = check_loss(loss, size, model=given, off_policy=off_policy)
            assert (result.verdict, result.away) == (verdict, None)
        mean, wanted = oracle(loss, given, size, "J", old)
        assert float((mean - wanted).norm() / wanted.norm()) == pytest.approx(result.relative_bias, abs=1e-9)
    assert check_loss(importance, 1, model=model()).away == "unbiased"


def test_a_language_model_is_an_mdp_with_deterministic_transitions() -> None:
    """The tree of two tokens by hand: prefixes (), (1,) and the end; the reward comes with the last token."""
    language = TabularLM(vocab=2, length=2, rewards=(0, 1, 3), seed=5)
    rows = language.policy("pi")[0]
    zero, one = F(0), F(1)
    given = Model(
        shape=Shape(3, 2, 1), mu=(one, zero, zero),
        P=(((zero, zero, one), (zero, one, zero)), ((zero, zero, one),) * 2, ((zero, zero, one),) * 2),
        r=(((zero,) * 3,) * 2, ((one,) * 3, (F(3),) * 3), ((zero,) * 3,) * 2), gamma=one,
        policies={"pi": (*rows, rows[0])}, scores=())
    assert sorted(zip(episodes_of(given).places, episodes_of(given).reward_table[0], strict=True)) == sorted(
        zip(language.places, language.reward_table[0], strict=True))
    for loss in (reinforce, token_mean, standardised, ppo):
        ours, theirs = (check_loss(loss, 2, model=one) for one in (given, language))
        assert ours.verdict == theirs.verdict
        assert ours.relative_bias == pytest.approx(theirs.relative_bias)
        assert ours.trace_variance == pytest.approx(theirs.trace_variance)


def test_a_bandit_by_hand() -> None:
    """The smallest biased case of GRPO: uniform policy, rewards 0, 1, 3, G = 2; with 0, 1, 2 it is symmetric."""
    third = (F(1, 3),) * 3

    def population(log_probs: Any, rewards: Any, mask: Any) -> Any:
        spread = rewards.std(unbiased=False)
        return total(-log_probs * ((rewards - rewards.mean()) / spread if spread > 0 else rewards * 0)[:, None], mask)

    assert check_loss(population, 2, model=bandit(0, 1, 3, pi=third)).verdict == "biased"
    symmetric = check_loss(population, 2, model=bandit(0, 1, 2, pi=third))
    assert (symmetric.verdict, str(symmetric.factor), symmetric.kind) == ("proportional", "2/3", "model-dependent")
    assert check_loss(standardised, 4, model=bandit(0, 1, pi=(F(1, 4), F(3, 4)))).kind == "model-dependent"


def test_advantages_of_one_decision_have_the_shape_that_the_loss_means() -> None:
    """With one decision (samples,) times (samples, 1) runs, and means something else."""
    def of_tokens(log_probs: Any, old_log_probs: Any, advantages: Any, mask: Any) -> Any:
        return total(-(log_probs - old_log_probs).exp() * advantages, mask)

    for loss in (of_tokens, ppo):
        assert check_loss(loss, 3, model=bandit(0, 1, 3)).verdict == "unbiased"


def test_returns_of_whole_trajectories() -> None:
    given = model(returns={path: F(sum(path) % 3) for path in model().shape.paths()})
    for loss in (reinforce, rewards_to_go, actor_critic):
        assert check_loss(loss, 1, model=given).verdict == "unbiased"
    assert check_loss(discount_forgotten, 1, model=given).verdict == "unbiased"


def test_mdps_in_floats() -> None:
    """Floats of an MDP are read as fractions, 0.1 as 1/10; its policies are drawn."""
    two_state = built_in("two-state")
    assert episodes_of(two_state).mdp.gamma == F(str(two_state.gamma))
    assert check_loss(rewards_to_go, 1, model=two_state).verdict == "unbiased"
    assert check_loss(discount_forgotten, 1, model=two_state).verdict == "biased"
    assert all(sum(row) == 1 for rows in episodes_of(random_mdp(3, 3, 2, 1)).mdp.P for row in rows)


@pytest.mark.parametrize(("given", "message"), [
    (model(policies={"pi": model().policies["pi"], "b": model().policies["pi"]}), "'b', which means nothing to a loss"),
    (model(policies={"pi": ((F(1), F(0)), (F(1, 2), F(1, 2)))}), "probability 0, which no softmax"),
    (replace(ending(), mu=(F(0), F(1, 2), F(1, 2))), "can start in a terminal state"),
    (model(shape=Shape(2, 2, 7)), "at most 200|more than 20,000"),
    (bandit(1, pi=(F(1),)), "an MDP with 1 actions"),
    (bandit(2, 2, pi=(F(1, 3), F(2, 3))), "the gradient of J is 0 with an MDP"),
    (model(r=(((F(1),),),)), r"not of the shape \(2, 2, 2\)"),
    (3, "expected a TabularLM, a finite MDP"),
    (built_in("lake"), "more than 20,000 trajectories"),
])
def test_what_cannot_be_meant_is_refused_in_one_sentence(given: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        check_loss(reinforce, 1, model=given)
    assert "\n" not in str(caught.value)


def test_rows_that_are_no_probabilities() -> None:
    with pytest.raises(InvalidModel, match="sums to"):
        check_loss(reinforce, 1, model=model(mu=(F(1, 3), F(1, 3))))


def test_what_no_loss_tells_apart_is_one_sample() -> None:
    """Last states that change no reward are merged: the law of the samples still sums to 1."""
    made = episodes_of(model())
    assert len(made.places) < model().shape.trajectories
    assert sum(made.law(made.policy("pi"))[0]) == 1
    assert sum(p * r for p, r in zip(made.law(made.policy("pi"))[0], made.reward_table[0], strict=True)) == sum(
        model().probability_of(path) * model().reward_of(path) for path in model().shape.paths())


def test_the_last_decisions_of_an_mdp_whose_episodes_are_too_many() -> None:
    """lake: the same rows and rewards, another start and horizon; a small MDP stays as it is."""
    lake = built_in("lake")
    short, said = shortened(lake)
    assert said is not None
    assert (short.P == lake.P).all()
    assert (short.r == lake.r).all()
    assert (short.horizon, short.gamma, short.mu.argmax(), short.mu.max()) == (1, lake.gamma, 14, 1.0)
    made = episodes_of(short)
    assert len(made.places) == 48
    assert len(set(made.reward_table[0])) == 3  # the goal at once, in two steps, or not
    small = built_in("two-state")
    assert shortened(small) == (small, None)
    without = replace(lake, r=lake.r * 0)
    with pytest.raises(BadInput, match="too many episodes with any horizon"):
        shortened(without)


def test_an_mdp_is_given_by_its_name() -> None:
    by_name, given = (check_loss(discount_forgotten, model=one, group=2)
                      for one in ("two-state", built_in("two-state")))
    assert (by_name.verdict, by_name.relative_bias) == (given.verdict, given.relative_bias)
    with pytest.raises(BadInput, match="There is no model 'nolake'"):
        check_loss(discount_forgotten, model="nolake", group=2)
