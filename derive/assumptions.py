"""The fixed vocabulary of assumptions that a theorem may declare.

An assumption narrows the class of models or settles a side condition; each has a name
that the verdicts use, and a sentence that the report prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Expr

from derive.errors import InvalidChain, MalformedTerm
from derive.language.expression import subterms
from derive.language.terms import ActionValue, Advantage, StateValue, Trajectory


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
iid_samples = Assumption("iid_samples", "τ^{(1)}, ..., τ^{(m)} are independent draws from P(·;θ)")
POSSIBLE = Assumption("possible(tau)", "trajectories range over the possible ones, P(τ;θ) > 0")

VOCABULARY = (policy_positive, initial_positive, dynamics_positive, additive_return, iid_samples, POSSIBLE)


def check_assumed(terms: Iterable[Expr], assumptions: Iterable[Assumption]) -> None:
    """Values are sums of rewards, so terms that hold them need the additive return.

    Raises:
        MalformedTerm: with the value, where the return is arbitrary.
    """
    if additive_return in frozenset(assumptions):
        return
    for term in terms:
        for node in subterms(term):
            if isinstance(node, (StateValue, ActionValue, Advantage)):
                raise MalformedTerm(f"{node} has no meaning while R(τ) is arbitrary. Assume additive_return.", node)


def possible(trajectory: Trajectory) -> Assumption:
    """Trajectories range over the possible ones: P(tau; theta) > 0.

    Raises:
        InvalidChain: if the argument is not a trajectory.
    """
    if not isinstance(trajectory, Trajectory):
        raise InvalidChain(f"possible({trajectory}) speaks of a trajectory. Write possible(tau).")
    return POSSIBLE
