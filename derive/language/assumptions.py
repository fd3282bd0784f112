"""The fixed vocabulary of assumptions that a theorem may declare.

An assumption narrows the class of models or settles a side condition; each has a name
that the verdicts use, and a sentence that the report prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer

from derive.errors import InvalidChain, MalformedTerm
from derive.language.definitions import resolved
from derive.language.expression import Plus, as_term, subterms
from derive.language.horizons import VALUES, is_endless
from derive.language.terms import TIME, Applied, Objective, Policy, Return, Time, Trajectory
from derive.language.typing import check_equation, sort_of


@dataclass(frozen=True, slots=True)
class Assumption:
    """A named condition on the model class, with the sentence that states it."""

    name: str
    says: str
    kind: str = ""
    """What it says of ``about``; empty for those without arguments."""
    about: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return self.name


policy_positive = Assumption("policy_positive", "every action has positive probability in every state")
initial_positive = Assumption("initial_positive", "every state is an initial state with positive probability")
dynamics_positive = Assumption("dynamics_positive", "every transition has positive probability")
additive_return = Assumption("additive_return", "the return is R(τ) = Σ_t γ^t r(s_t, a_t, s_{t+1})")
discount_below_one = Assumption("discount_below_one", "the discount is at least 0 and below 1")
iid_samples = Assumption("iid_samples", "τ^{(1)}, ..., τ^{(m)} are independent draws from P(·;θ)")
POSSIBLE = Assumption("possible(tau)", "trajectories range over the possible ones, P(τ;θ) > 0")

undiscounted = Assumption("undiscounted", "the discount is 1, at a finite horizon")

VOCABULARY = (policy_positive, initial_positive, dynamics_positive, additive_return, discount_below_one, iid_samples,
              undiscounted, POSSIBLE)

SAMPLES, HORIZON, COVERS, CASE, SCALAR = "samples", "horizon", "covers", "case", "scalar"
POSITIVE, UNIT, BELOW_ONE = "positive", "unit", "below one"
FAMILIES = {
    "samples_at_least(n)": "there are at least n samples", "horizon_at_least(n)": "the last decision is at H >= n",
    "covers(b, p)": "b takes every action that p takes",
    "at_most(t, k)": "t <= k, of which one is a free time", "earlier(t, k)": "t < k",
    "positive(c)": "the number c is above 0", "between_0_and_1(c)": "0 <= c <= 1", "below_one(c)": "0 <= c < 1",
}
"""The assumptions with arguments, and what they say."""


def _whole(number: Any, least: int, what: str) -> int:
    if type(number) is not int or number < least:
        raise InvalidChain(f"{what}({number!r}) takes a whole number of at least {least}.")
    return number


def samples_at_least(number: int) -> Assumption:
    """There are m >= n samples.

    Raises:
        InvalidChain: if this is no number of samples.
    """
    n = _whole(number, 1, "samples_at_least")
    return Assumption(f"samples_at_least({n})", f"there are m ≥ {n} samples", SAMPLES, (n,))


def horizon_at_least(number: int) -> Assumption:
    """The last decision is at H >= n.

    Raises:
        InvalidChain: if this is no time.
    """
    n = _whole(number, 0, "horizon_at_least")
    return Assumption(f"horizon_at_least({n})", f"the last decision is at H ≥ {n}", HORIZON, (n,))


def covers(behaviour: Any, policy: Any) -> Assumption:
    """behaviour(a|s) > 0 wherever policy(a|s) > 0.

    Raises:
        InvalidChain: if these are no two policies.
    """
    if not (isinstance(behaviour, Policy) and isinstance(policy, Policy)) or behaviour.learned:
        raise InvalidChain(f"covers({behaviour}, {policy}) takes a fixed policy and the policy that it covers.")
    return Assumption(f"covers({behaviour}, {policy})", f"{behaviour}(a|s) > 0 wherever {policy}(a|s) > 0", COVERS,
                      (str(behaviour.label), str(policy.label)))


def at_most(first: Any, second: Any) -> Assumption:
    """first <= second, for two times of which at least one is a free letter.

    Raises:
        InvalidChain: if these are no times, or none is a letter.
    """
    one, two = as_term(first), as_term(second)
    if not (isinstance(one, Time) or isinstance(two, Time)):
        one, two = _letter_alone(one, two)
    if sort_of(one) != TIME or sort_of(two) != TIME or not (isinstance(one, Time) or isinstance(two, Time)):
        raise InvalidChain(f"at_most({first}, {second}): one of the two is a free time, as in at_most(t + 1, k) or "
                           "at_most(t, H). Of H, horizon_at_least(n) is what may be assumed.")
    return Assumption(f"{one} ≤ {two}", f"{one} ≤ {two}", CASE, (one, two))


def _letter_alone(one: Expr, two: Expr) -> tuple[Expr, Expr]:
    """t + 4 <= H as t <= H - 4, and H <= t + 4 as H - 4 <= t: the number on the other side."""
    match one, two:
        case Plus(args=(Time() as letter, Integer() as number)), _:
            return letter, two - number
        case _, Plus(args=(Time() as letter, Integer() as number)):
            return one - number, letter
    return one, two


def earlier(first: Any, second: Any) -> Assumption:
    """first < second, for two times of which at least one is a free letter.

    Raises:
        InvalidChain: as ``at_most``.
    """
    one, two = as_term(first), as_term(second)
    return at_most(one + 1, two) if isinstance(two, Time) else at_most(one, two - 1)


def positive(number: Any) -> Assumption:
    """c > 0, for a number without a value.

    Raises:
        InvalidChain: if this is not such a number.
    """
    return _scalar(number, POSITIVE, "{c} > 0")


def between_0_and_1(number: Any) -> Assumption:
    """0 <= c <= 1, for a number without a value.

    Raises:
        InvalidChain: if this is not such a number.
    """
    return _scalar(number, UNIT, "0 ≤ {c} ≤ 1")


def below_one(number: Any) -> Assumption:
    """0 <= c < 1, for a number without a value.

    Raises:
        InvalidChain: if this is not such a number.
    """
    return _scalar(number, BELOW_ONE, "0 ≤ {c} < 1")


def _scalar(number: Any, kind: str, says: str) -> Assumption:
    if not isinstance(number, Applied) or len(number.args) != 1:
        raise InvalidChain(f'{number} is no number without a value. Write lam = scalar("lambda").')
    text = says.format(c=number)
    return Assumption(text, text, SCALAR, (str(number.args[0].label), kind))


def check_assumed(terms: Iterable[Expr], assumptions: Iterable[Assumption], *, endless: bool = False) -> None:
    """Values are sums of rewards, and so is J at an infinite horizon: such terms need the additive return.

    Raises:
        MalformedTerm: with the value, where the return is arbitrary; for assumptions that no model satisfies.
    """
    listed, known = list(terms), frozenset(assumptions)
    infinite = endless or is_endless(*listed)
    if undiscounted in known and (infinite or discount_below_one in known):
        raise MalformedTerm("undiscounted says that the discount is 1; with discount_below_one, or at an infinite "
                            "horizon, no model is left.")
    if additive_return in known:
        return
    of_rewards = (*VALUES, Objective, Return) if infinite else VALUES
    for term in listed:
        for node in subterms(resolved(term, additive=False, infinite=infinite)):
            if isinstance(node, of_rewards):
                raise MalformedTerm(f"{node} has no meaning while R(τ) is arbitrary. Assume additive_return.", node)


def check_step(before: Expr, after: Expr, assumptions: Iterable[Assumption], *, endless: bool = False) -> None:
    """Both sides have a meaning under these assumptions; ``endless`` if their chain has an infinite horizon.

    Raises:
        MalformedTerm: otherwise, with the operand.
    """
    check_equation(before, after, endless=endless)
    check_assumed([before, after], assumptions, endless=endless)


def possible(trajectory: Trajectory) -> Assumption:
    """Trajectories range over the possible ones: P(tau; theta) > 0.

    Raises:
        InvalidChain: if the argument is not a trajectory.
    """
    if not isinstance(trajectory, Trajectory):
        raise InvalidChain(f"possible({trajectory}) speaks of a trajectory. Write possible(tau).")
    return POSSIBLE
