"""Brute force over tuples in floats: what E[g] is, without multisets, exact numbers or the effective-reward theorem.

It shares no code with ``derive.estimators``. The policy is a softmax of free logits, and
E[g] = E[(1/PG) Σ_i A_i ∇log π(o_i)], one row for each prompt; ∇J is differentiated by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

Array = Any


def mean_gradient(function: Callable[..., Any], rewards: Sequence[float], group: int, policies: Array,
                  **arguments: Any) -> Array:
    """E[g] at ``policies`` (prompts, responses): every tuple of responses, in the order of the batch."""
    prompts, responses = policies.shape
    total = np.zeros_like(policies)
    values = np.array(rewards, dtype=float)
    for batch in product(range(responses), repeat=prompts * group):
        owner = [place // group for place in range(len(batch))]
        probability = np.prod([policies[p, o] for p, o in zip(owner, batch, strict=True)])
        more = {name: np.asarray(value)[list(batch)] if name == "lengths" else value
                for name, value in arguments.items()}
        with np.errstate(all="ignore"):
            advantages = np.asarray(function(values[list(batch)], **more), dtype=float)
        for p, o, advantage in zip(owner, batch, advantages, strict=True):
            score = -policies[p].copy()
            score[o] += 1
            total[p] += probability * advantage * score / len(batch)
    return total


def gradient_of_return(rewards: Sequence[float], policies: Array) -> Array:
    """∇J in the logits: π(o) (r(o) - J) for each prompt, averaged over prompts."""
    values = np.array(rewards, dtype=float)
    return policies * (values - policies @ values[:, None]) / len(policies)


def gradient_of_best_of(rewards: Sequence[float], policies: Array, k: int) -> Array:
    """The gradient of E[max of k], by central differences of the enumerated expectation."""
    def objective(logits: Array) -> float:
        pi = np.exp(logits) / np.exp(logits).sum()
        return float(sum(np.prod(pi[list(batch)]) * max(rewards[o] for o in batch)
                         for batch in product(range(len(pi)), repeat=k)))

    rows = []
    for pi in policies:
        row = []
        for place in range(len(pi)):
            step = np.eye(len(pi))[place] * 1e-5
            row.append((objective(np.log(pi) + step) - objective(np.log(pi) - step)) / 2e-5)
        rows.append(row)
    return np.array(rows) / len(policies)


def random_policies(seed: int, prompts: int, responses: int) -> Array:
    """Dirichlet policies that are far from the corners."""
    return np.random.default_rng(seed).dirichlet(np.full(responses, 3.0), size=prompts)


def judged(pairs: Sequence[tuple[Array, Array]]) -> str:
    """A coarse verdict from (E[g], ∇J) at several policies: unbiased, proportional, biased or zero mean."""
    if max(np.abs(mean).max() for mean, _ in pairs) < 1e-12:
        return "zero mean"
    if all(np.abs(mean - wanted).max() < 1e-9 for mean, wanted in pairs):
        return "unbiased"
    factors = [float((mean * wanted).sum() / (wanted * wanted).sum()) for mean, wanted in pairs]
    if min(factors) * max(factors) > 0 and all(np.abs(mean - factor * wanted).max() < 1e-9
                                               for factor, (mean, wanted) in zip(factors, pairs, strict=True)):
        return "proportional"
    return "biased"
