"""Indices, and what is met along a trajectory: states, actions, histories, samples."""

from __future__ import annotations

from typing import Any, NamedTuple

from sympy import Expr

from derive.language.binding import Index
from derive.language.expression import Node, Term

# -- indices ----------------------------------------------------------------------------------


class State(Index):
    """A state, textbook letters s, x."""

    __slots__ = ()
    sort = "state"


class Action(Index):
    """An action, textbook letters a, b."""

    __slots__ = ()
    sort = "action"


class Time(Index):
    """A time index, textbook letters t, k; decisions are taken at t = 0..H."""

    __slots__ = ()
    sort = "time"


class Path(Term):
    """What ``.s[t]`` and ``.a[t]`` may be asked of: a trajectory, bound, free or drawn."""

    __slots__ = ()

    @property
    def s(self) -> Along:
        """The states: ``tau.s[t]`` is s_t."""
        return Along(StateAt, self)

    @property
    def a(self) -> Along:
        """The actions: ``tau.a[t]`` is a_t."""
        return Along(ActionAt, self)

    @property
    def h(self) -> Along:
        """The histories: ``tau.h[t]`` is h_t = (s_0, a_0, ..., s_t)."""
        return Along(HistoryAt, self)


class Along(NamedTuple):
    """``tau.s``, ``tau.a`` or ``tau.h``, to be indexed by a time."""

    node: type[Node]
    path: Expr

    def __getitem__(self, time: Any) -> Any:
        return self.node(self.path, time)

    def __str__(self) -> str:
        letter = {StateAt: "s", ActionAt: "a", HistoryAt: "h"}[self.node]
        return f"{'tau' if isinstance(self.path, Trajectory) else 'samples[i]'}.{letter}"

    @property
    def usage(self) -> str:
        """How a proof writes it."""
        return f"{self}[t]"


class Trajectory(Path, Index):
    """A trajectory tau = (s_0, a_0, ..., s_H, a_H, s_{H+1})."""

    __slots__ = ()
    sort = "trajectory"


class Draw(Index):
    """The number i = 1..m of a sampled trajectory."""

    __slots__ = ()
    sort = "draw"


class Batch(Index):
    """The random sample tau^(1), ..., tau^(m) as a whole."""

    __slots__ = ()
    sort = "batch"

    def __getitem__(self, number: Any) -> Expr:
        """``samples[i]`` is tau^(i)."""
        return Drawn(self, number)


# -- along a trajectory -----------------------------------------------------------------------


class StateAt(Node):
    """s_t, the state of a trajectory at time t; t may be H + 1."""

    __slots__ = ()
    arity = 2


class HistoryAt(StateAt):
    """h_t = (s_0, a_0, ..., s_t), the history up to the state at time t: an argument of free functions.

    What is proved is proved for every function of the history. A concrete model has functions that look at the last
    state of it only, so that what reads a state reads this too; where the sides differ on one, they differ.
    """

    __slots__ = ()


class ActionAt(Node):
    """a_t, the action of a trajectory at time t."""

    __slots__ = ()
    arity = 2


class Drawn(Path, Node):
    """tau^(i), the i-th sampled trajectory of a batch."""

    __slots__ = ()
    arity = 2
