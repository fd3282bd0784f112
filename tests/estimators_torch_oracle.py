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
    """-E[d loss / d logits] over all tuples; ``loss`` takes a dictionary of tensors by their usual names."""
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
    for tuple_ in product(range(count), repeat=model.prompts * group):
        owners = [place // group for place in range(len(tuple_))]
        numbers = torch.tensor([p * count + k for p, k in zip(owners, tuple_, strict=True)])
        rows = {name: table[numbers] for name, table in tables.items()}
        lengths = [len(model.responses[k]) for k in tuple_]
        mask = torch.tensor([[1.0] * n + [0.0] * (model.length - n) for n in lengths], dtype=torch.float64)
        rewards = torch.tensor([float(model.reward_table[p][k]) for p, k in zip(owners, tuple_, strict=True)],
                               dtype=torch.float64)
        value = loss({**rows, "mask": mask, "rewards": rewards, "group_size": group,
                      "lengths": torch.tensor(lengths, dtype=torch.float64)})
        weight = 1.0
        for p, k in zip(owners, tuple_, strict=True):
            weight *= probability[p][k]
        if value.requires_grad:
            (gradient,) = torch.autograd.grad(value, logits, retain_graph=True)
            total -= weight * gradient
    return total


def target_gradient(name: str, model: Any) -> Tensor:
    """The direction to go: ∇J, -∇KL, by autograd through the enumerated expectation."""
    logits = logits_of(model, "pi").requires_grad_(True)
    ref = logits_of(model, "ref")
    value = torch.zeros((), dtype=torch.float64)
    for p in range(model.prompts):
        for k in range(len(model.responses)):
            own, other = token_log_probs(model, logits, p, k), token_log_probs(model, ref, p, k)
            if name == "J":
                value = value + own.sum().exp() * float(model.reward_table[p][k])
            elif name == "kl:pi,ref":
                value = value - own.sum().exp() * (own.sum() - other.sum())
            elif name == "kl:ref,pi":
                value = value - other.sum().exp() * (other.sum() - own.sum())
            elif name == "kl:token":  # prefixes and tokens drawn, nothing of the law of the prefixes differentiated
                n = len(model.responses[k])
                law = own.detach().sum().exp()
                value = value - (law * (own - own.detach()).exp()[:n] * (own - other)[:n]).sum()
            else:
                raise ValueError(name)
    (gradient,) = torch.autograd.grad(value / model.prompts, logits)
    return gradient
