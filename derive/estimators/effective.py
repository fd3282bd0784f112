"""The verdict for every policy, from exact outcomes, by the effective-reward theorem.

A batch is a monomial in the probabilities, so H(o) = E[A_i | o_i = o] is a homogeneous
polynomial (``forms``) that is read off the outcomes; nothing is sampled or rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from derive.estimators import field, forms
from derive.estimators.field import Sum
from derive.estimators.forms import Form
from derive.estimators.groups import Design, multisets
from derive.estimators.result import Factor, Kind, Verdict
from derive.estimators.runs import DROPPED, Outcome

Table = list[list[Form]]
"""A form for each prompt and response."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict at one group size, for every policy, and what it was read from."""

    verdict: Verdict
    effective: Table
    wanted: Table
    undefined: Form
    factor: Factor | None = None
    kind: Kind | None = None
    notes: tuple[str, ...] = ()


def decided(outcomes: Sequence[Outcome], design: Design, wanted: Table) -> Decision:
    """The verdict about ``outcomes`` against a table of effective rewards that are wanted.

    Raises ``field.Unsupported`` if a coefficient is not known to be 0 or not.
    """
    effective, undefined = effective_rewards(outcomes, design)
    kept = _kept(outcomes, design)
    if kept is not None:  # E[g | kept] = E[g 1_kept]/P(kept): compared with the target times P(kept)
        wanted = [[form * kept for form in row] for row in wanted]
    if undefined.terms:
        return Decision("undefined", effective, wanted, undefined)
    given = [_differences(row) for row in effective]
    asked = [_differences(row) for row in wanted]
    if all(form.vanishes() for row in given for form in row):
        nothing = all(not entry.value for outcome in outcomes for entry in outcome.advantages or ())
        return Decision("no gradient" if nothing else "zero mean", effective, wanted, undefined)
    if _parallel(given, asked):
        return _proportional(given[0][-1], asked[0][-1], effective, wanted, undefined)
    if all(_parallel([one], [other]) for one, other in zip(given, asked, strict=True)):
        notes: tuple[str, ...] = ("right direction within a prompt, factors differ between prompts",)
    else:
        notes = ()
    return Decision("biased", effective, wanted, undefined, notes=notes)


def _proportional(given: Form, asked: Form, effective: Table, wanted: Table, undefined: Form) -> Decision:
    constant = given.ratio(asked)
    if constant is not None:
        factor = Factor(field.text(constant), float(field.ball(constant)))
        if constant == field.rational(fmpq(1)):
            return Decision("unbiased", effective, wanted, undefined, factor, "constant")
        notes = ("the direction is the opposite one",) if field.sign(constant) < 0 else ()
        return Decision("proportional", effective, wanted, undefined, factor, "constant", notes)
    factor = Factor(_described(given, asked))
    match given.sign():  # that of the factor: the reward of the last response is the largest
        case "positive":
            notes = ("right direction within a prompt, factors differ between prompts",)
            return Decision("proportional", effective, wanted, undefined, factor, "model-dependent", notes)
        case "negative":
            notes = ("the direction is the opposite one, by a factor that depends on the policy",)
            return Decision("proportional", effective, wanted, undefined, factor, "model-dependent", notes)
        case "changes":
            notes = ("the direction is right for some policies and the opposite one for others",)
            return Decision("biased", effective, wanted, undefined, factor, "model-dependent", notes)
        case "zero" | "unknown":
            notes = ("a multiple of grad J, but the sign of the factor was not decided for every policy",)
            return Decision("undecided", effective, wanted, undefined, factor, "model-dependent", notes)


def _described(given: Form, asked: Form) -> str:
    """The factor as a polynomial in the success rate p, or the range of its values at some policies."""
    if len(given.degrees) == 1 and given.responses == 2 and asked.degrees == (0,):
        slope = given.scaled(field.inverse(next(iter(asked.terms.values()))))
        return forms.in_success(slope)
    values = []
    for number in range(4):
        policies = forms.policies(len(given.degrees), given.responses, number)
        values.append(float(field.ball(given.at(policies))) / float(field.ball(asked.at(policies))))
    return f"depends on the policy: {min(values):.4g} to {max(values):.4g} at 4 policies"


def effective_rewards(outcomes: Sequence[Outcome], design: Design) -> tuple[Table, Form]:
    """(H for each prompt and response, the probability that there is no value)."""
    variables = design.prompts * design.responses
    terms: list[dict[tuple[int, ...], Sum]] = [{} for _ in range(variables)]
    undefined: dict[tuple[int, ...], Sum] = {}
    share = fmpq(1, design.group)
    for outcome in outcomes:
        key = design.exponents(outcome.batch)
        if outcome.advantages == DROPPED:
            continue
        if outcome.advantages is None:
            undefined[key] = field.add(undefined.get(key, {}), field.rational(fmpq(outcome.weight)))
            continue
        for response, sums in summed(outcome).items():
            if sums:
                lower = (*key[:response], key[response] - 1, *key[response + 1:])
                term = field.multiply(sums, field.rational(outcome.weight * share))
                into = terms[response]
                into[lower] = field.add(into[lower], term) if lower in into else term
    table = []
    for prompt in range(design.prompts):
        degrees = tuple(design.group - (place == prompt) for place in range(design.prompts))
        rows = terms[prompt * design.responses:(prompt + 1) * design.responses]
        table.append([Form({key: value for key, value in row.items() if value}, degrees, design.responses)
                      for row in rows])
    return table, Form(undefined, (design.group,) * design.prompts, design.responses)


def _kept(outcomes: Sequence[Outcome], design: Design) -> Form | None:
    """The probability that a batch is not sampled again, or None if none is."""
    if all(outcome.advantages != DROPPED for outcome in outcomes):
        return None
    terms: dict[tuple[int, ...], Sum] = {}
    for outcome in outcomes:
        if outcome.advantages != DROPPED:
            key = design.exponents(outcome.batch)
            terms[key] = field.add(terms.get(key, {}), field.rational(fmpq(outcome.weight)))
    return Form(terms, (design.group,) * design.prompts, design.responses)


def summed(outcome: Outcome) -> dict[int, Sum]:
    """The sum of the advantages of the samples that are a given response."""
    counts: dict[tuple[int, int], int] = {}  # few of the advantages of a batch are different objects
    values: dict[tuple[int, int], Sum] = {}
    for response, advantage in zip(outcome.batch, outcome.advantages or (), strict=True):
        key = response, id(advantage)
        counts[key] = counts.get(key, 0) + 1
        values[key] = advantage.value
    sums: dict[int, Sum] = {}
    for key, count in counts.items():
        value = values[key] if count == 1 else field.multiply(values[key], field.rational(fmpq(count)))
        sums[key[0]] = field.add(sums[key[0]], value) if key[0] in sums else value
    return sums


def wanted_for_return(rewards: Sequence[Fraction], prompts: int) -> Table:
    """The effective reward of J = E[r] is r."""
    return [[forms.constant(field.rational(fmpq(reward.numerator, reward.denominator)), prompts=prompts,
                            responses=len(rewards)) for reward in rewards] for _ in range(prompts)]


def wanted_for_best_of(rewards: Sequence[Fraction], prompts: int, k: int) -> Table:
    """The effective reward of E[max of k independent rewards] is k E[max(r, k - 1 others)].

    By the product rule each of the k samples contributes the same. For rewards 0 and 1 it is
    pass@k = 1 - (1-p)^k, up to a baseline.
    """
    responses = len(rewards)
    table = []
    for prompt in range(prompts):
        row = []
        for reward in rewards:
            terms: dict[tuple[int, ...], Sum] = {}
            for chosen, orders in multisets(responses, k - 1):
                best = max([reward, *(rewards[other] for other in chosen)])
                key = [0] * (prompts * responses)
                for other in chosen:
                    key[prompt * responses + other] += 1
                if best:
                    terms[tuple(key)] = field.rational(fmpq(best.numerator, best.denominator) * k * orders)
            degrees = tuple((k - 1) * (place == prompt) for place in range(prompts))
            row.append(Form(terms, degrees, responses))
        table.append(row)
    return table


def curl(table: Table) -> bool:
    """Whether E[g] of one prompt has a curl, so that it is the gradient of no objective.

    E[g] is the form Σ_a H_a dπ_a on the simplex. It is closed, hence exact there, iff
    c_ab - c_ac + c_bc = 0 for all a, b and the last c, where c_ab = ∂_a H_b - ∂_b H_a.
    """
    row = table[0]
    last = len(row) - 1

    def component(a: int, b: int) -> Form:
        return row[b].derivative(a) - row[a].derivative(b)

    return any(not (component(a, b) - (component(a, last) - component(b, last))).vanishes()
               for a in range(last) for b in range(a + 1, last))


def _differences(row: Sequence[Form]) -> list[Form]:
    return [form - row[0] for form in row[1:]]


def _parallel(given: Sequence[Sequence[Form]], asked: Sequence[Sequence[Form]]) -> bool:
    """Whether one function c has given = c asked, in all entries (the last one asked is not 0)."""
    flat = [pair for one, other in zip(given, asked, strict=True) for pair in zip(one, other, strict=True)]
    pivot = next(pair for pair in reversed(flat) if not pair[1].vanishes())
    return all((x * pivot[1] - pivot[0] * y).vanishes() for x, y in flat if (x, y) != pivot)

