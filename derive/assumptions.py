"""The fixed vocabulary of assumptions that a theorem may declare.

An assumption narrows the class of models or settles a side condition; each has a name
that the verdicts use, and a sentence that the report prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Expr

from derive.errors import InvalidChain, MalformedTerm
from derive.language.definitions import resolved
from derive.language.expression import subterms
from derive.language.horizons import VALUES, is_endless
from derive.language.terms import Objective, Return, Trajectory
from derive.language.typing import check_equation


@dataclass(frozen=True, slots=True)
class Assumption:
    """A named condition on the model class, with the sentence that states it."""

    name: str
    says: str

    def __str__(self) -> str:
        return self.name


policy_positive = Assumption("policy_positive", "every action has positive probability in every state")
initial_positive = Assumption("initial_positive", "every state is an initial state with positive probability")
dynamics_positive = Assumption("dynamics_positive", "every transition has positive probability")
additive_return = Assumption("additive_return", "the return is R(τ) = Σ_t γ^t r(s_t, a_t, s_{t+1})")
discount_below_one = Assumption("discount_below_one", "the discount is at least 0 and below 1")
iid_samples = Assumption("iid_samples", "τ^{(1)}, ..., τ^{(m)} are independent draws from P(·;θ)")
POSSIBLE = Assumption("possible(tau)", "trajectories range over the possible ones, P(τ;θ) > 0")

VOCABULARY = (policy_positive, initial_positive, dynamics_positive, additive_return, discount_below_one, iid_samples,
              POSSIBLE)


def check_assumed(terms: Iterable[Expr], assumptions: Iterable[Assumption], *, endless: bool = False) -> None:
    """Values are sums of rewards, and so is J at an infinite horizon: such terms need the additive return.

    Raises:
        MalformedTerm: with the value, where the return is arbitrary.
    """
    listed = list(terms)
    if additive_return in frozenset(assumptions):
        return
    infinite = endless or is_endless(*listed)
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
