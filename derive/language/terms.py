"""The vocabulary: every node that a derivation may contain, and how it is written.

Conventions (Sutton and Barto's, at finite horizon): decisions at t = 0..H, a trajectory
is tau = (s_0, a_0, ..., s_H, a_H, s_{H+1}), the reward r(s, a, x) may depend on the
next state x, and the gradient is taken in theta, the parameter of the policy pi.
Nothing here has a meaning yet: meanings are tables, one each in ``semantics.evaluate``,
``counterexample.enumerate`` and ``numeric``.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr

from derive.errors import NotATerm
from derive.language.binding import Atom, Binder
from derive.language.expression import Conditional, Node, Plus, Power, Ratio, Times
from derive.language.indices import Action as Action
from derive.language.indices import ActionAt as ActionAt
from derive.language.indices import Batch as Batch
from derive.language.indices import Draw as Draw
from derive.language.indices import Drawn as Drawn
from derive.language.indices import HistoryAt as HistoryAt
from derive.language.indices import State as State
from derive.language.indices import StateAt as StateAt
from derive.language.indices import Time as Time
from derive.language.indices import Trajectory as Trajectory
from derive.language.notation import Notation

SCALAR, TIME, MOMENT = "scalar", "time", "time or forever"
"""Sorts of arguments that are no index; the others are named by their index."""

# -- atoms ----------------------------------------------------------------------------------


class Horizon(Atom):
    """H, the time of the last decision; a trajectory has H + 1 decisions."""

    __slots__ = ()


class Forever(Atom):
    """No last decision: the upper limit of a sum over all times, and the horizon of values without a time."""

    __slots__ = ()


class SampleSize(Atom):
    """m >= 1, the number of sampled trajectories. Not random."""

    __slots__ = ()


class Discount(Atom):
    """gamma, an indeterminate; ``gamma**0`` is 1, also at gamma = 0."""

    __slots__ = ()


class Everything(Atom):
    """The whole sort as the range of a sum: all states, all actions, all trajectories."""

    __slots__ = ()


class Policy(Atom):
    """A policy; ``pi`` depends on theta, any other name is a fixed policy, one of them with the values of pi."""

    __slots__ = ()

    HELD = "@pi"
    """The label of the policy that has the values of pi and does not move with theta."""

    @property
    def learned(self) -> bool:
        """Whether this is the policy that theta parametrises."""
        return self.label == "pi"

    def __call__(self, conditional: Any) -> Expr:
        """``pi(a | s)``, the probability of action a in state s."""
        if isinstance(conditional, Conditional):
            return ActionProbability(self, conditional.target, conditional.given)
        raise NotATerm(f"{self}({conditional}) is not a probability of an action. Write {self}(a | s).")


class Function(Atom):
    """A free function without theta, such as a baseline b(s) or a critic q(s, a)."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> Expr:
        return Applied(self, *arguments)


# -- the model ----------------------------------------------------------------------------------


class Initial(Node):
    """mu(s), the probability that s is the initial state."""

    __slots__ = ()
    arity = 1


class Transition(Node):
    """P(x | s, a), the probability of the next state x; arguments (x, s, a)."""

    __slots__ = ()
    arity = 3


class ActionProbability(Node):
    """pi(a | s); arguments (policy, a, s)."""

    __slots__ = ()
    arity = 3


class TrajectoryProbability(Node):
    """P(tau; theta) = mu(s_0) prod_t P(s_{t+1}|s_t,a_t) pi(a_t|s_t); arguments (policy, tau)."""

    __slots__ = ()
    arity = 2
    notation = Notation(letter="P", python="P", inside=(1,), policy=0, parameter=True)


class Reward(Node):
    """r(s, a, x), the reward of a step; x is the next state."""

    __slots__ = ()
    arity = 3


class Return(Node):
    """R(tau): arbitrary, or by assumption additive, sum_t gamma^t r(s_t, a_t, s_{t+1})."""

    __slots__ = ()
    arity = 1
    notation = Notation(letter="R", python="R", inside=(0,))


class Same(Node):
    """The indicator 1{x = y} of two states, or of two actions."""

    __slots__ = ()
    arity = 2


class Applied(Node):
    """A free function at its arguments: (function, argument, ...)."""

    __slots__ = ()


class Objective(Node):
    """J(theta) = E[R(tau)], the expected return of a policy."""

    __slots__ = ()
    arity = 1
    notation = Notation(letter="J", python="J", policy=0, parameter=True)


class StateValue(Node):
    """V_t(s) = E[sum_{k >= t} gamma^(k-t) r_k | s_t = s]; arguments (policy, t, s).

    0 at t = H + 1. Without a last decision t is ``Forever`` and V depends on s alone.
    """

    __slots__ = ()
    arity = 3
    notation = Notation(letter="V", python="V", inside=(2,), below=1, policy=0)


class ActionValue(Node):
    """Q_t(s, a) = sum_x P(x|s,a) (r(s,a,x) + gamma V_{t+1}(x)); arguments (policy, t, s, a)."""

    __slots__ = ()
    arity = 4
    notation = Notation(letter="Q", python="Q", inside=(2, 3), below=1, policy=0)


class Advantage(Node):
    """A_t(s, a) = Q_t(s, a) - V_t(s); arguments (policy, t, s, a)."""

    __slots__ = ()
    arity = 4
    notation = Notation(letter="A", python="A", inside=(2, 3), below=1, policy=0)


class Notion(Atom):
    """The name of a defined notion without a class of its own; it carries the record (``definitions``)."""

    __slots__ = ("record",)
    record: Any

    def __new__(cls, record: Any) -> Any:
        atom = super().__new__(cls, record.name)
        atom.record = record
        return atom

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.record)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.record,)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.record,)


class Defined(Node):
    """A defined notion without a class of its own: (notion, argument, ...)."""

    __slots__ = ()

    def __new__(cls, notion: Any, *arguments: Any) -> Any:
        if not isinstance(notion, Notion):
            raise NotATerm(f"{notion!r} is not the name of a defined notion.")
        if len(arguments) != len(notion.record.sorts):
            raise NotATerm(f"{notion} takes {len(notion.record.sorts)} arguments, got {len(arguments)}.")
        return super().__new__(cls, notion, *arguments)

    @property
    def record(self) -> Any:
        """The record of the notion."""
        return self.args[0].record

    @property
    def notation(self) -> Notation:
        """How the notion is written."""
        found: Notation = self.record.notation
        return found


# -- operators --------------------------------------------------------------------------------


class Grad(Node):
    """The gradient in theta. Sampled values are held fixed."""

    __slots__ = ()
    arity = 1


class Log(Node):
    """The natural logarithm. Owes: argument > 0."""

    __slots__ = ()
    arity = 1


class Outer(Node):
    """f g^T, the outer product of two gradients, a matrix."""

    __slots__ = ()
    arity = 2


class Trace(Node):
    """tr M, the sum over the coordinates of theta of the diagonal of a matrix."""

    __slots__ = ()
    arity = 1
    notation = Notation(letter="tr", python="trace", inside=(0,))


class Between(Node):
    """The range first, first + 1, ..., last; empty when last < first."""

    __slots__ = ()
    arity = 2


class Law(Node):
    """The law of trajectories under a policy; of a batch: independent draws from it."""

    __slots__ = ()
    arity = 1


class Total(Binder):
    """A sum over an index; the empty sum is 0."""

    __slots__ = ()


class Prod(Binder):
    """A product over an index; the empty product is 1."""

    __slots__ = ()


class Expect(Binder):
    """An expectation over the support of a law: only possible values count."""

    __slots__ = ()


class Var(Binder):
    """The variance under a law; of a gradient, the covariance matrix."""

    __slots__ = ()
    notation = Notation(letter="Var", python="variance", binds=True)


NODES: frozenset[type[Expr]] = frozenset({
    Plus, Times, Power, Ratio,
    State, Action, Time, Trajectory, Draw, Batch,
    Horizon, Forever, SampleSize, Discount, Everything, Policy, Function,
    StateAt, ActionAt, HistoryAt, Drawn,
    Initial, Transition, ActionProbability, TrajectoryProbability, Reward, Return, Same, Applied, Objective,
    StateValue, ActionValue, Advantage, Notion, Defined,
    Grad, Log, Outer, Trace, Between, Law, Total, Prod, Expect, Var,
})
"""Every node of the language. What is none of these and no exact number has no meaning, and is refused."""
