"""Polynomials in the probabilities of a policy, homogeneous for each prompt, with coefficients in the field.

The probabilities of one prompt sum to 1, so a polynomial may be multiplied by their sum.
Made homogeneous of one degree, it vanishes for every policy iff all its coefficients do:
it scales from the simplex to the cone above it, which is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Literal

from flint import fmpq

from derive.estimators import field
from derive.estimators.field import Sum
from derive.estimators.groups import multisets

Exponents = tuple[int, ...]
Sign = Literal["positive", "negative", "zero", "changes", "unknown"]
POLYA = (0, 1, 2, 4, 8)
"""Powers of the sum of the probabilities that are tried before a sign is looked for at points."""


@dataclass(frozen=True, slots=True)
class Form:
    """Exponents (prompts x responses, flat) -> coefficient; ``degrees`` of each prompt."""

    terms: dict[Exponents, Sum]
    degrees: tuple[int, ...]
    responses: int

    def raised(self, degrees: tuple[int, ...]) -> Form:
        """The same function on the policies, homogeneous of these larger degrees."""
        form = self
        for prompt, degree in enumerate(degrees):
            missing = degree - form.degrees[prompt]
            if missing:
                form = form * power_of_one(prompt, missing, prompts=len(degrees), responses=self.responses)
        return form

    def __sub__(self, other: Form) -> Form:
        left, right = _alike(self, other)
        terms = dict(left.terms)
        for key, value in right.terms.items():
            new = field.add(terms.get(key, {}), value, scale=-1)
            if new:
                terms[key] = new
            else:
                del terms[key]
        return Form(terms, left.degrees, self.responses)

    def __mul__(self, other: Form) -> Form:
        for one, constant_one in ((self, other), (other, self)):
            if not any(constant_one.degrees):
                return one.scaled(next(iter(constant_one.terms.values()), {}))
        terms: dict[Exponents, Sum] = {}
        for left, x in self.terms.items():
            for right, y in other.terms.items():
                key = tuple(i + j for i, j in zip(left, right, strict=True))
                terms[key] = field.add(terms.get(key, {}), field.multiply(x, y))
        degrees = tuple(i + j for i, j in zip(self.degrees, other.degrees, strict=True))
        return Form({key: value for key, value in terms.items() if value}, degrees, self.responses)

    def scaled(self, number: Sum) -> Form:
        """The form times a number of the field."""
        terms = {key: field.multiply(value, number) for key, value in self.terms.items()} if number else {}
        return Form(terms, self.degrees, self.responses)

    def vanishes(self) -> bool:
        """Whether the form is 0 for every policy. Raises ``field.Unsupported`` where that is not known."""
        return all(field.is_zero(value) for value in self.terms.values())

    def at(self, policies: Sequence[Sequence[fmpq]]) -> Sum:
        """The value at one rational policy for each prompt."""
        flat = [probability for policy in policies for probability in policy]
        total: Sum = {}
        for key, value in self.terms.items():
            weight = fmpq(1)
            for probability, power in zip(flat, key, strict=True):
                if power:
                    weight *= probability**power
            total = field.add(total, field.multiply(value, field.rational(weight)))
        return total

    def ratio(self, other: Form) -> Sum | None:
        """The constant c with self = c other for every policy, or None."""
        left, right = _alike(self, other)
        key = next(iter(right.terms))
        constant = field.multiply(left.terms.get(key, {}), field.inverse(right.terms[key]))
        return constant if (left - right.scaled(constant)).vanishes() else None

    def derivative(self, variable: int) -> Form:
        """The partial derivative, of a form of one prompt."""
        terms = {}
        for key, value in self.terms.items():
            if key[variable]:
                lower = tuple(power - (place == variable) for place, power in enumerate(key))
                terms[lower] = field.multiply(value, field.rational(fmpq(key[variable])))
        return Form(terms, (max(self.degrees[0] - 1, 0),), self.responses)

    def sign(self) -> Sign:
        """The sign for every policy with full support.

        Coefficients of one sign decide it (Pólya 1928: after enough multiplications by the sum
        of the probabilities every form that is positive on the simplex has them). Two points
        of opposite sign show that it changes.
        """
        if self.vanishes():
            return "zero"
        for power in POLYA:
            signs = {field.sign(value) for value in self.raised(tuple(d + power for d in self.degrees)).terms.values()}
            if signs <= {0, 1}:
                return "positive"
            if signs <= {0, -1}:
                return "negative"
        prompts = len(self.degrees)
        found = {field.sign(self.at(policies(prompts, self.responses, number))) for number in range(2 * 8)}
        return "changes" if {1, -1} <= found else "unknown"


def constant(number: Sum, *, prompts: int, responses: int) -> Form:
    """A number as a form of degree 0."""
    terms = {(0,) * (prompts * responses): number} if number else {}
    return Form(terms, (0,) * prompts, responses)


def power_of_one(prompt: int, power: int, *, prompts: int, responses: int) -> Form:
    """(the sum of the probabilities of a prompt)^power: the number 1, as a form."""
    terms: dict[Exponents, Sum] = {}
    for chosen, orders in multisets(responses, power):
        key = [0] * (prompts * responses)
        for response in chosen:
            key[prompt * responses + response] += 1
        terms[tuple(key)] = field.rational(fmpq(orders))
    return Form(terms, tuple(power if place == prompt else 0 for place in range(prompts)), responses)


def policies(prompts: int, responses: int, number: int = 0) -> tuple[tuple[fmpq, ...], ...]:
    """Rational policies with full support, one for each prompt: asymmetric, and no two alike.

    Number 0 is the one at which sizes are printed, (1/2, 1/3, 1/6) for three responses; from
    2 on, response ``number`` modulo K is likely, and the more so the larger the number.
    """
    made = []
    for prompt in range(prompts):
        likely = responses - 1 - (number + prompt) % responses
        extra = 0 if number < 2 else 4 ** (number // responses + 1)
        if (number + prompt) % 2 == 0:
            weights = [responses - place for place in range(responses)]
        else:
            weights = [(place + 1) ** 2 for place in range(responses)]
        weights = [weight + (extra if place == likely else 0) for place, weight in enumerate(weights)]
        made.append(tuple(fmpq(weight, sum(weights)) for weight in weights))
    return tuple(made)


def in_success(form: Form) -> str:
    """A form of one prompt with two responses as a polynomial in p, the probability of the second, as text."""
    total: dict[int, Sum] = {}
    for (zeros, ones), value in form.terms.items():
        for j in range(zeros + 1):  # (1 - p)^zeros
            binomial = factorial(zeros) // factorial(j) // factorial(zeros - j)
            term = field.multiply(value, field.rational(fmpq(binomial * (-1) ** j)))
            total[ones + j] = field.add(total.get(ones + j, {}), term)
    parts = []
    for power, value in sorted(total.items()):
        if value:
            number = field.text(value)
            symbol = "" if power == 0 else "p" if power == 1 else f"p^{power}"
            parts.append(symbol if symbol and number == "1" else
                         number if not symbol else f"({number}) {symbol}" if " " in number else f"{number} {symbol}")
    return " + ".join(parts).replace("+ -", "- ") or "0"


def _alike(left: Form, right: Form) -> tuple[Form, Form]:
    degrees = tuple(max(i, j) for i, j in zip(left.degrees, right.degrees, strict=True))
    return left.raised(degrees), right.raised(degrees)
