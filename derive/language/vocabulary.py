"""How a derivation is written: the letters, and the functions that build terms.

``J, P, pi, mu, r, R, gamma, H, m`` and ``grad, log, ratio, total, prod, expect,
variance, mean`` read like the formulas of a textbook::

    grad(J)
    total(tau, P(tau) * grad(log(P(tau))) * R(tau))
    total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr

from derive.errors import NotATerm
from derive.language.binding import Index, each
from derive.language.expression import Conditional, Plus, Ratio, Times
from derive.language.terms import (
    Action,
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Batch,
    Between,
    Discount,
    Draw,
    Drawn,
    Everything,
    Expect,
    Forever,
    Function,
    Grad,
    Horizon,
    Initial,
    Law,
    Log,
    Objective,
    Policy,
    Prod,
    Return,
    Reward,
    SampleSize,
    State,
    StateAt,
    StateValue,
    Time,
    Total,
    Trajectory,
    TrajectoryProbability,
    Transition,
    Var,
)

H, m, gamma, forever = Horizon(), SampleSize(), Discount(), Forever()
pi = Policy("pi")
J = Objective(pi)
s, x = State("s"), State("x")
a, b = Action("a"), Action("b")
t, k = Time("t"), Time("k")
i = Draw("i")
tau = Trajectory("tau")
samples = Batch("tau")


def mu(state: Any) -> Expr:
    """mu(s), the initial distribution."""
    return Initial(state)


def P(subject: Any, action: Any = None, *, policy: Policy = pi) -> Expr:
    """``P(x | s, a)``, a transition; or ``P(tau)``, the probability of a trajectory."""
    if isinstance(subject, Conditional) and action is not None:
        return Transition(subject.target, subject.given, action)
    if action is None and isinstance(subject, (Trajectory, Drawn)):
        return TrajectoryProbability(policy, subject)
    raise NotATerm(f"P({subject}) is neither a transition nor a trajectory. Write P(x | s, a) or P(tau).")


def r(state: Any, action: Any, target: Any) -> Expr:
    """r(s, a, x), the reward on going from s by a to x."""
    return Reward(state, action, target)


def R(trajectory: Any) -> Expr:
    """R(tau), the return of a trajectory."""
    return Return(trajectory)


@dataclass(frozen=True, slots=True)
class Value:
    """V, Q or A: ``V[t](s)`` at a finite horizon, ``V(s)`` without a last decision."""

    node: type[Expr]
    time: Expr = forever

    def __getitem__(self, time: Any) -> Value:
        return Value(self.node, time)

    def __call__(self, *places: Any, policy: Policy = pi) -> Expr:
        return self.node(policy, self.time, *places)


V, Q, A = Value(StateValue), Value(ActionValue), Value(Advantage)


def function(name: str) -> Function:
    """A free function of states and actions that does not depend on theta."""
    return Function(name)


def grad(term: Any) -> Expr:
    """The gradient of a term in theta."""
    return Grad(term)


def log(term: Any) -> Expr:
    """The natural logarithm of a term."""
    return Log(term)


def ratio(numerator: Any, denominator: Any) -> Expr:
    """numerator / denominator."""
    return Ratio(numerator, denominator)


def _domain(index: Index, start: Any, stop: Any) -> Expr:
    if isinstance(index, Time):
        return Between(0 if start is None else start, H if stop is None else stop)
    if start is not None or stop is not None:
        raise NotATerm(f"The index {index} runs over its whole sort; only times have a start and a stop.")
    return Between(1, m) if isinstance(index, Draw) else Everything()


def total(index: Index, body: Any, *, start: Any = None, stop: Any = None) -> Expr:
    """The sum over an index; a time runs over 0..H unless start or stop say otherwise."""
    return Total(index, _domain(index, start, stop), body)


def prod(index: Index, body: Any, *, start: Any = None, stop: Any = None) -> Expr:
    """The product over an index; a time runs over 0..H unless start or stop say otherwise."""
    return Prod(index, _domain(index, start, stop), body)


def expect(index: Index, body: Any, *, policy: Policy = pi) -> Expr:
    """The expectation over a trajectory, or over a batch of sampled trajectories."""
    return Expect(index, Law(policy), body)


def variance(index: Index, body: Any, *, policy: Policy = pi) -> Expr:
    """The variance over a trajectory or a batch; of a gradient, its covariance matrix."""
    return Var(index, Law(policy), body)


def mean(index: Draw, body: Any) -> Expr:
    """(1/m) sum_{i=1}^m of the body, the average over the sampled trajectories."""
    return Times(Ratio(1, m), total(index, body))


# -- the three definitions ------------------------------------------------------------------------


def trajectory_probability(policy: Expr, path: Expr) -> Expr:
    """P(tau; theta) = mu(s_0) prod_t P(s_{t+1} | s_t, a_t) pi(a_t | s_t), written out."""

    def step(t: Expr) -> Expr:
        now, act, then = StateAt(path, t), ActionAt(path, t), StateAt(path, Plus(t, 1))
        return Times(Transition(then, now, act), ActionProbability(policy, act, now))

    return Times(Initial(StateAt(path, 0)), each(Prod, Time, Between(0, H), step))


def additive_return(path: Expr) -> Expr:
    """R(tau) = sum_t gamma^t r(s_t, a_t, s_{t+1}), written out."""

    return _discounted(path, H)


def endless_return(path: Expr) -> Expr:
    """sum_t gamma^t r(s_t, a_t, s_{t+1}) over all times, whose expectation is J at an infinite horizon."""
    return _discounted(path, forever)


def _discounted(path: Expr, last: Expr) -> Expr:
    def step(t: Expr) -> Expr:
        return Times(gamma**t, Reward(StateAt(path, t), ActionAt(path, t), StateAt(path, Plus(t, 1))))

    return each(Total, Time, Between(0, last), step)


def objective(policy: Expr) -> Expr:
    """J(theta) = sum_tau P(tau; theta) R(tau), written out."""

    def summand(path: Expr) -> Expr:
        return Times(TrajectoryProbability(policy, path), Return(path))

    return each(Total, Trajectory, Everything(), summand)


def trajectory_probability_of(path: Any, *, policy: Policy = pi) -> Expr:
    """mu(s_0) prod_t P(s_{t+1} | s_t, a_t) pi(a_t | s_t): P(tau; theta) written out."""
    return trajectory_probability(policy, path)


def additive_return_of(path: Any) -> Expr:
    """sum_t gamma^t r(s_t, a_t, s_{t+1}): the additive R(tau) written out."""
    return additive_return(path)
