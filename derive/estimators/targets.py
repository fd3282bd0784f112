"""What a loss may be meant to climb or descend, as exact coefficients of the scores of tokens.

A gradient is Σ_o Σ_t D[o][t] score(token t of o): every target is such a table, with the sign
of something to be minimised. For several prompts it is their mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from flint import fmpq

from derive.errors import BadInput
from derive.estimators import field
from derive.estimators.field import Sum
from derive.estimators.groups import multisets
from derive.estimators.tabular import Policy, TabularModel

Table = list[list[Sum]]
"""A coefficient for each response (prompts x responses, flat) and token."""

NAMES: Mapping[str, str] = {
    "J": "J", "kl:pi,ref": "kl:pi,ref", "kl:ref,pi": "kl:ref,pi", "kl:token": "kl:token",
    "kl:token:ref,pi": "kl:token:ref,pi", "J-kl": "J-kl", "J-kl:token": "J-kl:token", "KL(pi|ref)": "kl:pi,ref",
    "KL(ref|pi)": "kl:ref,pi", "KL per token": "kl:token", "KL(ref|pi) per token": "kl:token:ref,pi",
    "J - beta KL": "J-kl", "J - beta KL per token": "J-kl:token",
}


def target_name(name: str) -> str:
    """The name as the command line has it. Raises ``BadInput``."""
    if isinstance(name, str) and name.startswith("pass@") and name[5:].isdecimal() and int(name[5:]) >= 1:
        return name
    if name not in NAMES:
        raise BadInput(f"the target {name!r} is none of {', '.join(NAMES)}, pass@k")
    return NAMES[name]


def table(name: str, model: TabularModel, behaviour: Policy, beta: Fraction) -> Table:
    """The coefficients of a target (of ``target_name``); ``behaviour`` is the law of the samples.

    KL per token: the law of the prefixes is that of the samples and is not differentiated.
    """
    if name == "J" or name.startswith("pass@"):
        return _expectation(model, _best_of(model, int(name[5:])) if name != "J" else _rewards(model))
    if name.startswith("J-kl"):
        reward, penalty = table("J", model, behaviour, beta), table(
            "kl:token" if name.endswith(":token") else "kl:pi,ref", model, behaviour, beta)
        weight = field.rational(_fmpq(beta))
        return [[field.add(x, field.multiply(y, weight)) for x, y in zip(row, other, strict=True)]
                for row, other in zip(reward, penalty, strict=True)]
    pi, ref = model.policy("pi"), model.policy("ref")
    rows: Table = []
    for prompt in range(model.prompt_count):
        law, other, sampled = (model.law(policy)[prompt] for policy in (pi, ref, behaviour))
        for response in range(len(model.lengths)):
            tokens = model.action_probabilities(pi, prompt, response)
            if name == "kl:pi,ref":
                logarithm = _log(law[response] / other[response])
                row = [_times(logarithm, law[response])] * len(tokens)
            elif name == "kl:ref,pi":
                row = [field.rational(_fmpq(-other[response]))] * len(tokens)
            else:
                arrived = [sampled[response] / b for b in model.action_probabilities(behaviour, prompt, response)]
                pairs = zip(arrived, tokens, model.action_probabilities(ref, prompt, response), strict=True)
                row = ([_times(_log(p / q), weight * p) for weight, p, q in pairs] if name == "kl:token"
                       else [field.rational(_fmpq(-weight * q)) for weight, _, q in pairs])
            rows.append([_times(value, Fraction(1, model.prompt_count)) for value in row])
    return rows


def _rewards(model: TabularModel) -> list[list[Fraction]]:
    return [list(row) for row in model.reward_table]


def _best_of(model: TabularModel, k: int) -> list[list[Fraction]]:
    """k E[max(r(o), k - 1 others)], the effective reward of the best of k."""
    table = []
    for law, rewards in zip(model.law(model.policy("pi")), model.reward_table, strict=True):
        row = []
        for own in rewards:
            total = Fraction(0)
            for chosen, orders in multisets(len(rewards), k - 1):
                probability = Fraction(orders)
                for other in chosen:
                    probability *= law[other]
                total += k * probability * max([own, *(rewards[other] for other in chosen)])
            row.append(total)
        table.append(row)
    return table


def _expectation(model: TabularModel, rewards: list[list[Fraction]]) -> Table:
    """The gradient of -Σ π r, π r on each token."""
    rows: Table = []
    for law, values in zip(model.law(model.policy("pi")), rewards, strict=True):
        for response, (probability, reward) in enumerate(zip(law, values, strict=True)):
            coefficient = field.rational(_fmpq(-probability * reward / model.prompt_count))
            rows.append([coefficient] * model.lengths[response])
    return rows


def in_logits(model: TabularModel, coefficients: Table) -> list[list[Sum]]:
    """-Σ D score in the logits, one flat row for each prompt: the direction in which a loss is descended."""
    pi = model.policy("pi")
    count = len(model.lengths)
    rows = []
    for prompt in range(model.prompt_count):
        at: dict[tuple[int, int], Sum] = {}
        passing: dict[int, Sum] = {}
        for response in range(count):
            for place, value in zip(model.places[response], coefficients[prompt * count + response], strict=True):
                at[place] = field.add(at.get(place, {}), value)
                passing[place[0]] = field.add(passing.get(place[0], {}), value)
        row = []
        for prefix in range(model.place_count):
            for token in range(model.action_count):
                flow = _times(passing.get(prefix, {}), pi[prompt][prefix][token])
                row.append(field.add(flow, at.get((prefix, token), {}), scale=-1))
        rows.append(row)
    return rows


def _log(number: Fraction) -> Sum:
    return field.logarithm(field.rational(_fmpq(number)))


def _times(value: Sum, number: Fraction) -> Sum:
    return field.multiply(value, field.rational(_fmpq(number)))


def _fmpq(number: Fraction) -> fmpq:
    return fmpq(number.numerator, number.denominator)
