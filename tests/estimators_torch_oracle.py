"""Brute force for losses: every tuple of responses, autograd through the logits of the whole model, doubles only.

It takes from ``derive.estimators`` the numbers of a model (responses, probabilities, rewards) and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import torch

Tensor = Any

torch.set_num_threads(1)  # tensors of a few entries: threads only wait for each other


def logits_of(model: Any, name: str) -> Tensor:
    """(prompts, prefixes, tokens) log-probabilities, which are logits too."""
    return torch.tensor([[[float(p) for p in row] for row in rows] for rows in model.policy(name)],
                        dtype=torch.float64).log()


def token_log_probs(model: Any, logits: Tensor, prompt: int, response: int) -> Tensor:
    """(length,) log-probabilities of one response, 0 on padding."""
    table = torch.log_softmax(logits, -1)
    numbers = {prefix: place for place, prefix in enumerate(model.prefixes)}
    tokens = model.responses[response]
    entries = [table[prompt, numbers[tokens[:place]], token] for place, token in enumerate(tokens)]
    return torch.stack(entries + [torch.zeros((), dtype=torch.float64)] * (model.length - len(tokens)))


def mean_gradient(loss: Callable[..., Tensor], model: Any, group: int, behaviour: str = "old") -> Tensor:
    """-E[d loss / d logits] over all tuples; ``loss`` takes a dictionary of tensors by their usual names.

    Padding holds constants other than 0, so that a loss whose value depends on it is seen; NaN if a value is.
    """
    count = len(model.responses)
    law = logits_of(model, behaviour)
    probability = [[float(token_log_probs(model, law, p, k).sum().exp()) for k in range(count)]
                   for p in range(model.prompts)]
    total = torch.zeros_like(logits_of(model, "pi"))
    logits = logits_of(model, "pi").requires_grad_(True)
    tables = {name: torch.stack([token_log_probs(model, table, p, k) for p in range(model.prompts)
                                 for k in range(count)])
              for name, table in (("log_probs", logits), ("old_log_probs", logits_of(model, "old")),
                                  ("ref_log_probs", logits_of(model, "ref")),
                                  ("rollout_log_probs", logits_of(model, "rollout")))}
    masks = torch.tensor([[float(place < len(tokens)) for place in range(model.length)] for _ in range(model.prompts)
                          for tokens in model.responses], dtype=torch.float64)
    for tuple_ in product(range(count), repeat=model.prompts * group):
        owners = [place // group for place in range(len(tuple_))]
        numbers = torch.tensor([p * count + k for p, k in zip(owners, tuple_, strict=True)])
        mask = masks[numbers]
        rows = {name: table[numbers] + (1 - mask) * padding for (name, table), padding in zip(
            tables.items(), (-2.7, -1.3, -0.6, -1.9), strict=True)}
        lengths = [len(model.responses[k]) for k in tuple_]
        rewards = torch.tensor([float(model.reward_table[p][k]) for p, k in zip(owners, tuple_, strict=True)],
                               dtype=torch.float64)
        by_prompt = rewards.view(model.prompts, group)
        advantages = (by_prompt - (by_prompt.sum(1, keepdim=True) - by_prompt) / max(group - 1, 1)).reshape(-1)
        last = torch.zeros_like(mask)
        values = (1 - mask) * 0.4
        for i, (p, k) in enumerate(zip(owners, tuple_, strict=True)):
            last[i, lengths[i] - 1] = rewards[i]
            for place in range(lengths[i]):
                values[i, place] = value_of(model, p, model.responses[k][:place])
        value = loss({**rows, "mask": mask, "rewards": rewards, "group_size": group, "advantages": advantages,
                      "token_level_rewards": last, "values": values,
                      "lengths": torch.tensor(lengths, dtype=torch.float64)})
        weight = 1.0
        for p, k in zip(owners, tuple_, strict=True):
            weight *= probability[p][k]
        if not torch.isfinite(value):
            return total * torch.nan
        if value.requires_grad:
            (gradient,) = torch.autograd.grad(value, logits, retain_graph=True, allow_unused=True)
            total -= weight * (torch.zeros_like(total) if gradient is None else gradient)
    return total


def value_of(model: Any, prompt: int, prefix: tuple[int, ...]) -> float:
    """E[r | prefix] under pi."""
    table = logits_of(model, "pi")
    total = weight = 0.0
    for k, tokens in enumerate(model.responses):
        if tokens[:len(prefix)] == prefix:
            p = float(token_log_probs(model, table, prompt, k).sum().exp())
            total, weight = total + p * float(model.reward_table[prompt][k]), weight + p
    return total / weight


def target_gradient(name: str, model: Any) -> Tensor:
    """The direction to go: ∇J, -∇KL, by autograd through the enumerated expectation."""
    logits = logits_of(model, "pi").requires_grad_(True)
    ref = logits_of(model, "ref")
    value = torch.zeros((), dtype=torch.float64)
    for p in range(model.prompts):
        for k in range(len(model.responses)):
            own, other = token_log_probs(model, logits, p, k), token_log_probs(model, ref, p, k)
            if name == "J-kl":
                value = value + own.sum().exp() * (float(model.reward_table[p][k]) - (own.sum() - other.sum()) / 10)
            elif name == "J":
                value = value + own.sum().exp() * float(model.reward_table[p][k])
            elif name == "kl:pi,ref":
                value = value - own.sum().exp() * (own.sum() - other.sum())
            elif name == "kl:ref,pi":
                value = value - other.sum().exp() * (other.sum() - own.sum())
            elif name == "kl:token":  # prefixes and tokens drawn, nothing of the law of the prefixes differentiated
                n = len(model.responses[k])
                sampled = token_log_probs(model, logits_of(model, "old"), p, k)
                law, own, other = sampled.sum().exp(), own[:n], other[:n]
                if not torch.equal(sampled[:n], own.detach()):  # prefixes from old, the next token from pi
                    value = value - (law * (own - sampled[:n]).exp() * (own - other).detach()).sum()
                    continue
                value = value - (law * (own - own.detach()).exp() * (own - other)).sum()
            elif name == "kl:token:ref,pi":  # at each prefix passed, the divergence itself, over all tokens there
                passed = token_log_probs(model, logits_of(model, "old"), p, k).sum().exp()
                for place in range(len(model.responses[k])):
                    at = model.prefixes.index(model.responses[k][:place])
                    there, own_there = torch.log_softmax(ref[p, at], -1), torch.log_softmax(logits[p, at], -1)
                    value = value - passed * (there.exp() * (there - own_there)).sum()
            else:
                raise ValueError(name)
    (gradient,) = torch.autograd.grad(value / model.prompts, logits)
    return gradient
