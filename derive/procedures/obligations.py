"""What must hold for a term to be defined, read off the term as written.

Normal forms cancel denominators without a trace, so this pass runs before and
independently of arithmetic. Every ``Ratio`` owes a nonzero denominator, every ``Log`` a
positive argument, every sampled trajectory a law; a gradient of a sum over a support
owes that the support does not move. A small closed calculus discharges what the
assumptions imply; numbers discharge nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from sympy import Expr

from derive.language.assumptions import (
    POSSIBLE,
    VOCABULARY,
    Assumption,
    discount_below_one,
    horizon_at_least,
    iid_samples,
    policy_positive,
    samples_at_least,
    undiscounted,
)
from derive.language.binding import Binder, Index
from derive.language.expression import Power, Ratio, Times, subterms
from derive.language.horizons import is_endless
from derive.language.spoken import Letters
from derive.language.terms import (
    Between,
    Defined,
    Drawn,
    Expect,
    Forever,
    Grad,
    Horizon,
    Log,
    Objective,
    SampleSize,
    Time,
    Trajectory,
    TrajectoryProbability,
    Var,
)
from derive.procedures.linear_times import linear, never_negative
from derive.procedures.signs import Signs, Support, opened

MOVES = "the possible trajectories stay the same near θ"



@dataclass(frozen=True, slots=True)
class Obligation:
    """A condition that a term owes, in the author's letters, and what would settle it."""

    says: str
    subject: Expr
    settled_by: tuple[Assumption, ...] = ()

    def __str__(self) -> str:
        return self.says


def spoken(terms: Iterable[Expr], assumptions: Iterable[Assumption], letters: Letters, *,
           endless: bool = False) -> tuple[str, ...]:
    """What ``undischarged`` says, in the letters of the author: each condition once, in those where it comes first."""
    listed, known = list(terms), frozenset(assumptions)
    found: dict[str, str] = {}
    for term in listed:
        usual, own = (_of_term(term, known, endless or is_endless(*listed), one) for one in (None, letters))
        for one, said in zip(usual, own if len(own) == len(usual) else usual, strict=True):
            found.setdefault(one.says, said.says)
    return tuple(found.values())


def undischarged(terms: Iterable[Expr], assumptions: Iterable[Assumption], *,
                 endless: bool = False) -> tuple[Obligation, ...]:
    """The obligations of ``terms`` that the assumptions do not imply, each once, and what would settle each.

    ``endless`` if others that belong to them speak of an infinite horizon, which says what
    notions stand for.
    """
    listed, known = list(terms), frozenset(assumptions)
    endless = endless or is_endless(*listed)
    found = _found(listed, known, endless)
    if not found:
        return ()

    @cache
    def left(assumed: frozenset[Assumption]) -> frozenset[str]:
        return frozenset(_found(listed, assumed, endless))

    sizes = _sizes(listed, endless)
    return tuple(replace(one, settled_by=_settling(one, known, left, sizes)) for one in found.values())


def owed_by(terms: Iterable[Expr], assumptions: Iterable[Assumption], *, endless: bool = False) -> set[str]:
    """What ``undischarged`` says, without the search for what would settle it."""
    listed = list(terms)
    return set(_found(listed, frozenset(assumptions), endless or is_endless(*listed)))


def _sizes(terms: Iterable[Expr], endless: bool) -> tuple[Assumption, ...]:
    """How many samples, or decisions, may be asked for where the terms count them: the weakest first."""
    spoken = {type(node) for term in terms for node in subterms(term)}
    samples = [samples_at_least(n) for n in (2, 3)] if SampleSize in spoken else []
    horizons = [horizon_at_least(n) for n in (1, 2)] if Horizon in spoken and not endless else []
    return (*samples, *horizons)


def _settling(obligation: Obligation, known: frozenset[Assumption],
              left: Callable[[frozenset[Assumption]], frozenset[str]],
              sizes: tuple[Assumption, ...]) -> tuple[Assumption, ...]:
    """The nearest assumption that would settle an obligation, or a smallest set of several, or nothing.

    ``left`` says what is owed under assumptions.
    """
    moves = obligation.says.startswith(MOVES)
    others = [one for one in VOCABULARY if one not in known and one != POSSIBLE
              and not (one == discount_below_one and undiscounted in known)]  # no model has both
    others += [one for one in sizes if one not in known]
    nearest = [one for one in ([*others, POSSIBLE] if moves else [POSSIBLE, *others]) if one not in known]
    for one in nearest:
        if obligation.says not in left(known | {one}):
            return (one,)
    chosen = list(others)
    if obligation.says in left(known | set(chosen)):
        return ()
    for one in sorted(others, key=lambda one: -one.about[0] if one in sizes else 0):  # the strongest goes first
        rest = [other for other in chosen if other != one]
        if obligation.says not in left(known | set(rest)):
            chosen = rest
    return tuple(chosen)


def _found(terms: Iterable[Expr], known: frozenset[Assumption], endless: bool) -> dict[str, Obligation]:
    found: dict[str, Obligation] = {}
    for term in terms:
        for obligation in _of_term(term, known, endless, None):
            found.setdefault(obligation.says, obligation)
    return found


@lru_cache(maxsize=1_000)  # a term stands in two steps, and each asks with all assumptions and without some
def _of_term(term: Expr, known: frozenset[Assumption], endless: bool,
             letters: Letters | None) -> tuple[Obligation, ...]:
    support = {index: "pi" for index in term.free_symbols if isinstance(index, Trajectory) and POSSIBLE in known}
    return tuple(_Pass(known, endless, letters).owed(term, support, gradients=0))


def obligations(terms: Iterable[Expr], assumptions: Iterable[Assumption] = (), *,
                endless: bool = False) -> tuple[Obligation, ...]:
    """All obligations of ``terms``, whatever is assumed, and which of these assumptions alone settles each."""
    listed = list(terms)
    endless = endless or is_endless(*listed)
    found = _found(listed, frozenset(), endless)
    left = {one: _found(listed, frozenset([one]), endless) for one in assumptions} if found else {}
    return tuple(replace(obligation, settled_by=tuple(
        one for one, others in left.items() if says not in others)[:1]) for says, obligation in found.items())


class _Pass(Signs):
    """One walk over a term under fixed assumptions; what is said is said in ``letters``, where they are known."""

    def __init__(self, known: frozenset[Assumption], endless: bool, letters: Letters | None = None) -> None:
        super().__init__(known, endless)
        self.letters = letters

    def owed(self, term: Expr, support: Support, gradients: int) -> Iterator[Obligation]:
        match term:
            case Ratio(args=(_, below)) if not self.nonzero(below, support):
                yield Obligation(f"{self._said(below)} ≠ 0", below)
            case Log(args=(inside,)) if not self.positive(inside, support):
                yield Obligation(f"{self._said(inside)} > 0", inside)
            case Power(args=(_, exponent)) if not never_negative(exponent, support):
                yield Obligation(f"{self._said(exponent)} ≥ 0 in {self._said(term)}", term)
            case Forever() if discount_below_one not in self.known:
                yield Obligation("γ < 1", term)
            case Objective() if self.endless and discount_below_one not in self.known:
                yield Obligation("γ < 1", term)
            case Defined() if (meaning := self._meaning(term)) is not None:
                yield from self.owed(meaning, support, gradients)
            case Drawn() if iid_samples not in self.known:
                yield Obligation("τ^{(1)}, ..., τ^{(m)} have a declared law", term)
        if isinstance(term, Grad):
            gradients += 1
        if isinstance(term, Binder):
            yield from self._bound(term, support, gradients)
            return
        for argument in term.args:
            yield from self.owed(argument, support, gradients)

    def _bound(self, binder: Binder, support: Support, gradients: int) -> Iterator[Obligation]:
        if _is_empty(binder):
            return
        index, body = opened(binder, support, self.letters)
        inside = dict(support)
        if isinstance(binder.domain, Between):
            inside[index] = binder.domain.args
            yield from self.owed(binder.domain, support, gradients)
        restricted = self._restricted(binder)
        if restricted is not None:
            inside[index] = restricted
        if restricted is not None and self._support_moves(binder, index, body, support, gradients):
            yield Obligation(f"{MOVES} in {self._said(binder)}", binder)
        yield from self.owed(body, inside, gradients)

    def _support_moves(self, binder: Binder, index: Index, body: Expr, support: Support, gradients: int) -> bool:
        """Whether a gradient may not pass the restriction to the support.

        For a positive policy the support does not depend on theta. An expectation of what is
        defined everywhere is the sum of P(tau; theta) f(tau) over all trajectories, as a function
        of theta. A sum over the possible ones is so to first order, where P(tau; theta) = 0
        implies grad P(tau; theta) = 0 (a differentiable nonnegative function at its minimum).
        """
        order = gradients + _gradients(body)
        if policy_positive in self.known or not (gradients or order > 1):
            return False
        if isinstance(binder, (Expect, Var)):
            if self._restricted(binder) != "pi":  # the support of a fixed law stays where it is
                return False
            rest = [body]
        else:
            factors = list(body.args) if isinstance(body, Times) else [body]
            weights = [f for f in factors if isinstance(f, TrajectoryProbability)
                       and f.args[1] == index and f.args[0].label == self._restricted(binder)]
            if not weights or order > 1:
                return True
            rest = [factor for factor in factors if factor is not weights[0]]
        off = {**support, index: None}  # it need not be possible
        return any(True for factor in rest for _ in self.owed(factor, off, 0))

    def _said(self, term: Expr) -> str:
        return str(term) if self.letters is None else self.letters.written(term)


def _gradients(term: Expr) -> int:
    """How deep gradients are nested in a term."""
    inner = max((_gradients(argument) for argument in term.args), default=0)
    return inner + isinstance(term, Grad)


def _is_empty(binder: Binder) -> bool:
    """Whether a sum or product runs over no times, whatever H and the letters are: nothing inside is asked for."""
    if not isinstance(binder.domain, Between) or not isinstance(binder.index, Time):
        return False
    first, last = (linear(end) for end in binder.domain.args)
    if first is None or last is None:
        return False
    rest = [{key: number for key, number in end.items() if key is not None} for end in (first, last)]
    return rest[0] == rest[1] and last.get(None, 0) < first.get(None, 0)
