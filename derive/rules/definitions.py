"""Unfolding a definition: of J, of P(tau; theta), and of the additive return."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from derive.assumptions import additive_return
from derive.errors import InvalidChain
from derive.language.terms import Objective, Return, TrajectoryProbability
from derive.language.vocabulary import J, P, R, expect, grad, log, pi, tau, total, trajectory_probability
from derive.language.vocabulary import additive_return as additive
from derive.language.vocabulary import objective as objective_written_out
from derive.rules.rule import Rule


def _objective(node: Expr) -> Expr:
    return objective_written_out(node.args[0]) if isinstance(node, Objective) and node.args[0].learned else node


definition_of_objective = Rule(
    name="definition_of_objective",
    statement="J(θ) = Σ_τ P(τ;θ) R(τ)",
    proof="The definition of the objective, the expected return. Impossible trajectories add 0.",
    conditions="the policy is π_θ",
    rewrite=_objective,
    takes=lambda: (grad(J), grad(total(tau, P(tau) * R(tau)))),
    refuses=lambda: (grad(J), grad(total(tau, R(tau)))),
)


def _trajectory(node: Expr) -> Expr:
    return trajectory_probability(*node.args) if isinstance(node, TrajectoryProbability) else node


definition_of_trajectory_probability = Rule(
    name="definition_of_trajectory_probability",
    statement="P(τ;θ) = μ(s_0) Π_{t=0..H} P(s_{t+1}|s_t, a_t) π_θ(a_t|s_t)",
    proof="The definition: the chain rule of probability for a Markov decision process with a Markov policy.",
    conditions="none",
    rewrite=_trajectory,
    takes=lambda: (grad(log(P(tau))), grad(log(trajectory_probability(pi, tau)))),
    refuses=lambda: (grad(log(P(tau))), grad(log(trajectory_probability(pi, tau).args[1]))),
)


def _return(node: Expr) -> Expr:
    return additive(node.args[0]) if isinstance(node, Return) else node


definition_of_return = Rule(
    name="definition_of_return",
    statement="R(τ) = Σ_{t=0..H} γ^t r(s_t, a_t, s_{t+1})",
    proof="The definition of the additive return, in force when additive_return is assumed.",
    conditions="the return is declared additive",
    rewrite=_return,
    takes=lambda: (expect(tau, R(tau)), expect(tau, additive(tau))),
    refuses=lambda: (expect(tau, R(tau)), expect(tau, R(tau) * R(tau))),
    assumes=(additive_return,),
)


def definition(subject: Any) -> Rule:
    """The rule that unfolds ``J``, ``P`` or ``R``.

    Raises:
        InvalidChain: for anything that has no definition here.
    """
    if subject == J:
        return definition_of_objective
    if subject is P or isinstance(subject, TrajectoryProbability):
        return definition_of_trajectory_probability
    if subject is R or isinstance(subject, Return):
        return definition_of_return
    raise InvalidChain(f"definition({subject}) is unknown. J, P and R have definitions.")
