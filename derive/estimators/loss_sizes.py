"""Sizes of a loss in doubles, in the logits of a tabular language model, summed over all batches; for printing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from derive.estimators import field, targets
from derive.estimators.enumeration import Floats
from derive.estimators.field import Sum
from derive.estimators.provenance import LARGEST_DENOMINATOR
from derive.estimators.result import Effective, WorstGroup
from derive.estimators.rounding import FloatArray
from derive.estimators.tabular import TabularModel


class Measured:
    """Sizes in doubles, in the logits of the model: mean gradient, variance, effective reward, worst batch."""

    def __init__(self, floats: Floats, wanted: list[list[Sum]], aim: targets.Table) -> None:
        case, defined = floats.case, floats.defined
        self.case = case
        model, count = case.model, case.design.responses
        weights = np.array([float(case.probability(responses, orders)) for responses, orders in case.batches])
        derivatives = np.where(defined[:, None, None], floats.derivatives, 0.0)
        numbers = np.array([responses for responses, _ in case.batches])
        lengths = np.array(model.lengths * model.prompt_count)
        inside = np.arange(model.longest)[None, None, :] < lengths[numbers][:, :, None]
        self.undefined = float(weights[~defined].sum())
        self.leak = float(np.abs(np.where(inside, 0.0, derivatives)).max(initial=0.0))
        gradients = -np.einsum("bit,bitn->bn", np.where(inside, derivatives, 0.0), _scores(model)[numbers])
        self.mean = (weights[:, None] * gradients).sum(axis=0).reshape(model.prompt_count, -1)
        self.wanted = np.array([[float(field.ball(entry)) for entry in row] for row in wanted])
        self.noise = float((weights * np.linalg.norm(gradients, axis=1)).sum())
        self.trace_variance = float((weights * (gradients**2).sum(axis=1)).sum() - (self.mean**2).sum())
        self.aim = np.array([-sum(float(field.ball(entry)) for entry in row) / len(row) for row in aim])
        self.effective = self._effective(derivatives, numbers, weights, inside, lengths, count)
        far = weights * np.linalg.norm(gradients - self.wanted.reshape(1, -1), axis=1) * defined
        idle = np.array([not row.any() and len(set(case.batch(responses).rewards)) == 1
                         for row, (responses, _) in zip(gradients, case.batches, strict=True)])
        far = far if idle.all() else np.where(idle, 0.0, far)  # equal rewards have no gradient in any group
        self.worst = self._worst(int(np.argmax(far)), derivatives, inside)

    def _effective(self, derivatives: FloatArray, numbers: Any, weights: FloatArray, inside: Any, lengths: Any,
                   count: int) -> tuple[Effective, ...]:
        """-E[d loss/d log_probs] P/π(o), the mean over the tokens of o; next to that of the target; without means."""
        model = self.case.model
        total = np.zeros(model.prompt_count * count)
        shares = -(np.where(inside, derivatives, 0.0).sum(axis=2) / lengths[numbers]) * weights[:, None]
        np.add.at(total, numbers.ravel(), shares.ravel())
        law = np.array([float(p) for row in model.law(model.policy("pi")) for p in row])
        rows = []
        for prompt in range(model.prompt_count):
            part = slice(prompt * count, (prompt + 1) * count)
            climbed = total[part] * model.prompt_count / law[part]
            asked = self.aim[part] * model.prompt_count / law[part]
            for response in range(count):
                rows.append(Effective(prompt, _written(model.reward_table[prompt][response]),
                                      model.lengths[response],
                                      float(climbed[response] - climbed @ law[part]),
                                      float(asked[response] - asked @ law[part])))
        return tuple(rows)

    def _worst(self, place: int, derivatives: FloatArray, inside: Any) -> WorstGroup:
        responses, orders = self.case.batches[place]
        batch = self.case.batch(responses)
        sums = -np.where(inside[place], derivatives[place], 0.0).sum(axis=1)
        return WorstGroup(tuple(map(_written, batch.rewards)), tuple(batch.lengths),
                          float(self.case.probability(responses, orders)), tuple(float(entry) for entry in sums))


def _written(reward: Fraction) -> str:
    """A reward for reading; that of an MDP in floats may be a double, whose fraction nobody reads."""
    return str(reward) if reward.denominator <= LARGEST_DENOMINATOR else f"{float(reward):.6g}"


def _scores(model: TabularModel) -> FloatArray:
    """The score of each token of each response: (prompts x responses, length, prompts x prefixes x tokens)."""
    pi, count, prompts = model.policy("pi"), len(model.lengths), model.prompt_count
    scores = np.zeros((prompts * count, model.longest, prompts, model.place_count, model.action_count))
    for prompt in range(model.prompt_count):
        for response in range(count):
            for place, (prefix, token) in enumerate(model.places[response]):
                row = scores[prompt * count + response, place, prompt, prefix]
                row -= np.array([float(p) for p in pi[prompt][prefix]])
                row[token] += 1
    return scores.reshape(model.prompt_count * count, model.longest, -1)
