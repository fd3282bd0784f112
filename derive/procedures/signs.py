"""The calculus of signs: which terms the assumptions imply to be positive, or not 0. Numbers imply nothing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from sympy import Expr, Rational

from derive.errors import MalformedTerm, OutsideFragment
from derive.kernel.definedness import Walk
from derive.language.assumptions import (
    CASE,
    COVERS,
    POSSIBLE,
    Assumption,
    additive_return,
    dynamics_positive,
    iid_samples,
    initial_positive,
    policy_positive,
)
from derive.language.binding import Binder, Index
from derive.language.definitions import meaning_of
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.spoken import Letters
from derive.language.terms import (
    ActionAt,
    ActionProbability,
    Applied,
    Between,
    Defined,
    Drawn,
    Expect,
    Forever,
    Horizon,
    Initial,
    Policy,
    Prod,
    Same,
    SampleSize,
    StateAt,
    Total,
    Trajectory,
    Transition,
    Var,
)
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.linear_times import same_time

Support = Mapping[Index, Any]
"""Trajectories known to be possible -> under which policy; bound times -> (first, last), inner ones last."""


_LETTERS = {"state": "sxyz", "action": "abc", "time": "tkjl", "draw": "ij", "trajectory": "", "batch": ""}


def opened(binder: Binder, support: Support, letters: Letters | None = None) -> tuple[Index, Expr]:
    """The body with a readable letter that neither it nor an enclosing binder has; its author's, where it is known."""
    taken = {str(index.label) for index in (*binder.body.free_symbols, *support) if isinstance(index, Index)}
    own = None if letters is None else letters.of(binder, {})
    if own is not None and own not in taken:
        return binder.opened(own)
    usual = list(_LETTERS[binder.index.sort]) or ["tau"]
    primed = (usual[0] + "'" * n for n in count(1))
    return binder.opened(next(name for name in chain(usual, primed) if name not in taken))


class Signs:
    """Signs of terms under fixed assumptions; ``support`` says which trajectories are possible."""

    def __init__(self, known: frozenset[Assumption], endless: bool) -> None:
        self.known, self.endless = known, endless
        self.covers = {one.about for one in known if one.kind == COVERS}

    def nonzero(self, term: Expr, support: Support) -> bool:
        """Whether the assumptions imply that ``term`` is not 0."""
        match term:
            case Rational():
                return bool(term != 0)
            case Times():
                return all(self.nonzero(factor, support) for factor in term.args)
            case Power(args=(base, _)):
                return self.nonzero(base, support)
            case Ratio(args=(above, _)):
                return self.nonzero(above, support)
            case Defined() if (meaning := self._meaning(term)) is not None:
                return self.nonzero(meaning, support)
        return self.positive(term, support)

    def positive(self, term: Expr, support: Support) -> bool:
        """Whether the assumptions imply that ``term`` is positive."""
        match term:
            case Rational():
                return bool(term > 0)
            case SampleSize():
                return True
            case Plus() | Times() | Ratio():
                return bool(term.args) and (all(self.positive(argument, support) for argument in term.args)
                                            or self._number_above_zero(term))
            case Applied() | Horizon():
                return self._number_above_zero(term)
            case Power(args=(base, _)):
                return self.positive(base, support)
            case Expect(body=Same() | Times()) if _is_event(term.body):
                return self._by_the_kernel(term)
            case Prod() | Expect():
                return self._positive_body(term, support)
            case Total():
                return _is_nonempty(term) and self._positive_body(term, support)
            case Initial(args=(state,)):
                return initial_positive in self.known or self._starts(state, support)
            case Transition():
                return dynamics_positive in self.known or self._happens(term, support)
            case ActionProbability():
                return policy_positive in self.known or self._chosen(term, support)
        meaning = self._meaning(term)
        return meaning is not None and self.positive(meaning, support)

    def _number_above_zero(self, term: Expr) -> bool:
        """Whether a term in gamma, m, H and scalars is positive under what is assumed, as the kernel sees it."""
        return not term.free_symbols and self._by_the_kernel(term)

    def _by_the_kernel(self, term: Expr) -> bool:
        try:
            encoded = Encoding(self.known, infinite=self.endless).term(term)
        except (OutsideFragment, MalformedTerm):
            return False
        plain = [one for one in self.known if one.kind != CASE]
        return Walk(context_of(plain, infinite=self.endless)).positive(encoded, {})

    def _meaning(self, term: Expr) -> Expr | None:
        """What a notion stands for; None for a primitive one, and where typing refuses the term."""
        try:
            return meaning_of(term, additive=additive_return in self.known, infinite=self.endless)
        except MalformedTerm:
            return None

    def _positive_body(self, binder: Binder, support: Support) -> bool:
        index, body = opened(binder, support)
        restricted = self._restricted(binder)
        return self.positive(body, support if restricted is None else {**support, index: restricted})

    def _law_of(self, path: Expr, support: Support) -> str | None:
        """The policy under which a trajectory is known to be possible."""
        if isinstance(path, Drawn):
            return support.get(path.args[0], "pi") if iid_samples in self.known else None
        return support.get(path)

    def _starts(self, state: Expr, support: Support) -> bool:
        return isinstance(state, StateAt) and state.args[1] == 0 and self._law_of(state.args[0], support) is not None

    def _happens(self, term: Expr, support: Support) -> bool:
        """P(s_{t+1} | s_t, a_t) along a possible trajectory."""
        match term.args:
            case (StateAt(args=(one, then)), StateAt(args=(two, now)), ActionAt(args=(three, at))):
                same_path = one == two == three and self._law_of(one, support) is not None
                return same_path and same_time(at, now) and same_time(then, Plus(now, 1))
        return False

    def _chosen(self, term: Expr, support: Support) -> bool:
        """pi(a_t | s_t) along a trajectory that is possible under this policy."""
        match term.args:
            case (policy, ActionAt(args=(one, at)), StateAt(args=(two, now))):
                law = _moving(self._law_of(one, support))
                own = _moving(str(policy.label))
                return one == two and same_time(at, now) and (law == own or (own, law) in self.covers)
        return False

    def _restricted(self, binder: Binder) -> str | None:
        """The policy whose support the bound trajectory is restricted to, if any."""
        if isinstance(binder, (Expect, Var)):
            return str(binder.domain.args[0].label)
        if isinstance(binder.index, Trajectory) and POSSIBLE in self.known:
            return "pi"
        return None


def _moving(label: str | None) -> str | None:
    """The policy that has these values: pi for the one that is held."""
    return "pi" if label == Policy.HELD else label


def _is_event(body: Expr) -> bool:
    return all(isinstance(one, Same) for one in (body.args if isinstance(body, Times) else (body,)))


def _is_nonempty(total: Total) -> bool:
    if not isinstance(total.domain, Between):
        return True  # there is always a state, an action, a trajectory
    first, last = total.domain.args
    return (first == 0 and isinstance(last, (Horizon, Forever))) or (first == 1 and isinstance(last, SampleSize))
