"""Terms that speak of an infinite horizon on one rational model, by linear systems over states.

The definitions and nothing else, as in ``enumerate``: an expectation is a mean over the steps
that are possible, a gradient a difference quotient along a tilted policy (with the same steps
and digits as there). No product rule is known here and no automaton. What ``enumerate`` does
with trajectories is done here with what is left of a term after a step, so nothing is cut
off. A sum that does not converge absolutely on the model has no value, whatever its
equations say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import NotApplicable, OutsideFragment, Undefined
from derive.language.binding import Binder, Index
from derive.language.definitions import resolved
from derive.language.expression import Plus, Power, Ratio, Times, as_term
from derive.language.models import Model, Table
from derive.language.reindexing import reindexed
from derive.language.terms import (
    Action,
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Discount,
    Expect,
    Forever,
    Grad,
    Initial,
    Log,
    Objective,
    Outer,
    Prod,
    Reward,
    Same,
    State,
    StateAt,
    StateValue,
    Time,
    Total,
    Trace,
    Trajectory,
    Transition,
)
from derive.stationary.expectations import Expectations
from derive.stationary.functionals import (
    MOST_INSTANCES,
    Added,
    At,
    Clock,
    Entry,
    Geometric,
    Looped,
    Moment,
    Multiplied,
    Number,
    Of,
    Place,
    Tree,
    clock,
    geometric,
    reciprocal,
)
from derive.stationary.steps import settled
from derive.stationary.systems import F0, F1
from derive.stationary.tables import Tables

STEP = Fraction(1, 10**30)
MOST_EXPONENT = 20
"""The largest literal power of what is random."""
_PRECISE = Context(prec=200)


@dataclass(frozen=True, slots=True)
class Chain:
    """What a bound trajectory stands for: the number of an independent chain."""

    number: int


@dataclass(frozen=True, slots=True)
class Range:
    """What the letter of a sum or product runs over."""

    letter: int
    first: Moment
    last: Moment | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a subterm stands: its indices, the loops around it, the tilt of the policy, and how many gradients."""

    indices: Mapping[Index, int | Moment | Chain]
    ranges: tuple[Range, ...] = ()
    tilt: Fraction = F0
    level: int = 1

    def having(self, index: Index, value: int | Moment | Chain, *ranges: Range) -> Scope:
        """With one more index."""
        return Scope({**self.indices, index: value}, (*self.ranges, *ranges), self.tilt, self.level)

    def tilted(self, step: Fraction) -> Scope:
        """Inside of one more gradient."""
        return Scope(self.indices, self.ranges, self.tilt + step, self.level + 1)

    def fixed(self, term: Expr) -> tuple[tuple[Index, int | Moment], ...] | None:
        """The values of the free indices of a term; None if it changes with a chain or with a loop around it."""
        found: list[tuple[Index, int | Moment]] = []
        for index in sorted(term.free_symbols, key=str):
            value = self.at(index)
            if isinstance(value, Chain) or (isinstance(value, Moment) and value.letters):
                return None
            found.append((index, value))
        return tuple(found)

    def at(self, index: Index) -> int | Moment | Chain:
        """The value of an index."""
        if index not in self.indices:
            raise NotApplicable(f"the free index {index} has no value")
        return self.indices[index]

    def least(self, moment: Moment) -> int | None:
        """A bound from below of a time, each letter in turn at an end of its range; None if that has no end."""
        for one in reversed(self.ranges):
            count = dict(moment.letters).get(one.letter, 0)
            limit = one.first if count > 0 else one.last
            if count and limit is None:
                return None
            if count and limit is not None:
                moment = moment.at(one.letter, limit)
        return moment.number


class Stationary:
    """The meaning of terms without a last decision at one rational model.

    Args of ``value``: free indices as State, Action, Time -> int. A gradient is its part
    along the model's direction.
    """

    def __init__(self, model: Model, *, step: Fraction = STEP) -> None:
        self.model, self.step, self.tables = model, step, Tables(model)
        self._chains: dict[int, Table] = {}
        self._numbers: dict[Any, Fraction] = {}
        self._logarithms: dict[Fraction, Fraction] = {}

    def value(self, term: Expr, indices: Mapping[Index, int] | None = None) -> Fraction:
        """The number that ``term`` denotes.

        Raises:
            Diverges: a sum over all times does not converge absolutely on this model.
            Undefined: a denominator is 0, or the argument of a logarithm is not positive.
            NotApplicable: a time or an exponent is below 0.
            OutsideFragment: a subterm has no meaning here, by name.
        """
        given: dict[Index, int | Moment | Chain] = {
            index: Moment(place) if isinstance(index, Time) else place for index, place in (indices or {}).items()}
        term = reindexed(resolved(as_term(term), additive=self.model.returns is None, infinite=True))
        return self._mean(self._tree(term, Scope(given)))

    def _mean(self, functional: Tree) -> Fraction:
        law = Expectations(self.model.mu, self.model.P, self._chains, self.tables.read)
        return law.mean(settled(functional, {}, self.tables.read))

    # -- terms as functionals ----------------------------------------------------------------------

    def _tree(self, term: Expr, scope: Scope) -> Tree:
        if isinstance(term, (Expect, Total, Prod, Grad)) and (at := scope.fixed(term)) is not None:
            key = (term, at, scope.tilt, scope.level)
            if key not in self._numbers:
                self._numbers[key] = self._mean(self._operator(term, scope))
            return Number(self._numbers[key])
        return self._operator(term, scope)

    def _operator(self, term: Expr, scope: Scope) -> Tree:
        match term:
            case Plus():
                return Added(tuple(self._tree(argument, scope) for argument in term.args))
            case Trace(args=(matrix,)):  # theta is one number where there is one direction
                return self._tree(matrix, scope)
            case Times() | Outer():
                return Multiplied(tuple(self._tree(argument, scope) for argument in term.args))
            case Power(args=(base, exponent)):
                return self._power(term, base, self._moment(exponent, scope), scope)
            case Ratio(args=(above, below)):
                return Multiplied((self._tree(above, scope), self._of(reciprocal(str(below)), below, scope)))
            case Log(args=(inside,)):
                return self._of(partial(self._log, inside), inside, scope)
            case Grad(args=(inside,)):
                step = self.step**scope.level
                ahead, here = self._tree(inside, scope.tilted(step)), self._tree(inside, scope.tilted(F0))
                return Added((Multiplied((Number(1 / step), ahead)), Multiplied((Number(-1 / step), here))))
            case Total(index=State() | Action()) | Prod(index=State() | Action()):
                sizes = {State: self.model.shape.states, Action: self.model.shape.actions}
                parts = tuple(self._tree(term.body, scope.having(term.index, place))
                              for place in range(sizes[type(term.index)]))
                return Multiplied(parts) if isinstance(term, Prod) else Added(parts)
            case Total(index=Time()) | Prod(index=Time()):
                return self._looped(term, scope)
            case Expect(index=Trajectory() as index, domain=law, body=body):
                chain = Chain(len(self._chains))
                self._chains[chain.number] = self.tables.policy(law.args[0].label, scope.tilt)
                return self._tree(body, scope.having(index, chain))
        return self._atom(term, scope)

    def _atom(self, term: Expr, scope: Scope) -> Tree:
        match term:
            case Rational():
                return Number(Fraction(int(term.p), int(term.q)))
            case Discount():
                return Number(self.model.gamma)
            case Time():
                return clock(self._moment(term, scope))
            case Objective(args=(policy,)):
                values = self.tables.values(policy.label, self._tilt(policy, scope))
                return Number(sum((p * v for p, v in zip(self.model.mu, values, strict=True)), F0))
            case Initial(args=places):
                return self._entry(("mu",), places, scope)
            case Transition(args=places):
                return self._entry(("P",), places, scope)
            case Reward(args=places):
                return self._entry(("r",), places, scope)
            case Same(args=places):
                return self._entry(("same",), places, scope)
            case Applied(args=(function, *places)):
                return self._entry(("function", str(function.label)), places, scope)
            case ActionProbability(args=(policy, *places)):
                return self._entry(("policy", policy.label, self._tilt(policy, scope)), places, scope)
        match term:
            case StateValue(args=(policy, Forever(), *places)):
                letter = "V"
            case ActionValue(args=(policy, Forever(), *places)):
                letter = "Q"
            case Advantage(args=(policy, Forever(), *places)):
                letter = "A"
            case _:
                raise OutsideFragment(f"{term} has no meaning at an infinite horizon")
        return self._entry((letter, policy.label, self._tilt(policy, scope)), places, scope)

    def _entry(self, table: tuple[object, ...], places: Any, scope: Scope) -> Tree:
        return settled(Entry(table, tuple(self._place(place, scope) for place in places)), {}, self.tables.read)

    def _tilt(self, policy: Any, scope: Scope) -> Fraction:
        return scope.tilt if policy.label == "pi" else F0

    # -- operators ---------------------------------------------------------------------------------

    def _power(self, term: Expr, base: Expr, exponent: Moment, scope: Scope) -> Tree:
        least = scope.least(exponent)
        if least is not None and least < 0 and not exponent.letters:
            raise NotApplicable(f"the exponent of {term} is {exponent.number} here")
        if least is None or least < 0:
            raise OutsideFragment(f"{term}, whose exponent may be below 0")
        if scope.fixed(base) is not None:
            return geometric(self._mean(self._tree(base, scope)), exponent)
        if exponent.letters or exponent.number > MOST_EXPONENT:
            raise OutsideFragment(f"{term}, a power of what changes from step to step")
        if exponent.number == 0:  # 1, if the base has a value
            return Added((Number(F1), Multiplied((Number(F0), self._tree(base, scope)))))
        return Multiplied(tuple(self._tree(base, scope) for _ in range(exponent.number)))

    def _of(self, function: Callable[[Fraction], Fraction], inside: Expr, scope: Scope) -> Tree:
        """A function of a number that is fixed, or is known once some states and actions are."""
        if scope.fixed(inside) is not None:
            return Number(function(self._mean(self._tree(inside, scope))))
        chains, tree = len(self._chains), self._tree(inside, scope)
        if len(self._chains) > chains or _has(tree, Looped):
            raise OutsideFragment(f"a quotient by, or logarithm of, a sum or mean that changes with time: {inside}")
        return Of(function, tree)

    def _log(self, inside: Expr, value: Fraction) -> Fraction:
        if value <= 0:
            raise Undefined(f"log is asked of {inside}, which is {value} here")
        if value not in self._logarithms:
            quotient = _PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))
            self._logarithms[value] = Fraction(_PRECISE.ln(quotient))
        return self._logarithms[value]

    def _looped(self, binder: Binder, scope: Scope) -> Tree:
        multiplies, index = isinstance(binder, Prod), binder.index
        first = self._limit(binder.domain.args[0], scope)
        last = None if isinstance(binder.domain.args[1], Forever) else self._limit(binder.domain.args[1], scope)
        gap = None if last is None else last.plus(first, -1)
        if gap is not None and not gap.letters:
            if gap.number >= MOST_INSTANCES:
                raise OutsideFragment(f"{binder}, with more than {MOST_INSTANCES} instances")
            parts = [self._tree(binder.body, scope.having(index, first.plus(Moment(n)))) for n in range(gap.number + 1)]
            return Multiplied(tuple(parts)) if multiplies else Added(tuple(parts))
        chains, letter = len(self._chains), int(index.label)
        body = self._tree(binder.body, scope.having(index, Moment(0, ((letter, 1),)), Range(letter, first, last)))
        changes = last is None or letter not in body.letters or _has(body, Geometric, Clock)
        if multiplies and (changes or len(self._chains) > chains):
            raise OutsideFragment(f"{binder}, a product over times of more than functions of states and actions")
        return Looped(letter, first, last, body, multiplies)

    # -- times and places --------------------------------------------------------------------------

    def _moment(self, term: Expr, scope: Scope) -> Moment:
        match term:
            case Integer():
                return Moment(int(term))
            case Time():
                value = scope.at(term)
                if isinstance(value, Moment):
                    return value
            case Plus():
                total = Moment(0)
                for argument in term.args:
                    total = total.plus(self._moment(argument, scope))
                return total
            case Times():
                result = Moment(1)
                for factor in (self._moment(argument, scope) for argument in term.args):
                    if result.letters and factor.letters:
                        raise OutsideFragment(f"the time {term}")
                    plain, other = (result, factor) if not result.letters else (factor, result)
                    result = Moment(0).plus(other, plain.number)
                return result
        raise OutsideFragment(f"{term} is no time of an infinite horizon")

    def _limit(self, term: Expr, scope: Scope) -> Moment:
        """A time that is a number, or a letter plus a number."""
        moment = self._moment(term, scope)
        if len(moment.letters) > 1 or any(count != 1 for _, count in moment.letters):
            raise OutsideFragment(f"the time {term}")
        return moment

    def _place(self, term: Expr, scope: Scope) -> Place:
        match term:
            case State() | Action():
                place = scope.at(term)
                if isinstance(place, int):
                    return place
            case StateAt(args=(path, time)) | ActionAt(args=(path, time)):
                chain = scope.at(path) if isinstance(path, Trajectory) else None
                if isinstance(chain, Chain):
                    kind = "s" if isinstance(term, StateAt) else "a"
                    return At(kind, chain.number, self._limit(time, scope))
        raise OutsideFragment(f"{term} is neither a state nor an action of a chain")


def _has(tree: Tree, *kinds: type[Tree]) -> bool:
    return isinstance(tree, kinds) or any(_has(part, *kinds) for part in tree.children)
