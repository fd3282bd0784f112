"""Sums over states and actions without a trajectory: one normal form, for every finite MDP.

A term such as sum_a pi(a|s) sum_x P(x|s,a) (r(s,a,x) + gamma V(x)) is a sum of monomials in
symbols with indices, some of them summed over. ``Local`` writes it so, and takes away what
normalisation says of a sum in which an index stands in one place only:

    sum_x mu(x) = sum_x P(x|s,a) = sum_a pi(a|s) = 1,     sum_a pi'(a|s) = sum_a pi''(a|s) = 0,
    sum_a pi(a|s) A(s,a) = 0,     sum_x P(x|s,a) eps(s,a,x) = 0,     V_{H+1} = 0,

the reward being written in the coordinates of a policy's values where these occur
(``coordinates``). Two terms with one normal form are equal in every finite MDP at every
time, whatever the free indices are; monomials that differ only in the names of summed
indices are one. The converse is not claimed: different normal forms decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count, product
from typing import Any

from sympy import Expr, Integer, Rational

from derive.errors import OutsideFragment, WorkLimit
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.horizons import VALUES
from derive.language.terms import (
    Action,
    ActionAt,
    ActionProbability,
    ActionValue,
    Advantage,
    Applied,
    Batch,
    Discount,
    Expect,
    Forever,
    Grad,
    Horizon,
    Initial,
    Log,
    Objective,
    Path,
    Reward,
    SampleSize,
    State,
    StateAt,
    StateValue,
    Total,
    Transition,
    Var,
)
from derive.procedures.automata import ONE, Weight, added, weighed
from derive.procedures.closure import Relations
from derive.procedures.monomials import (
    MOST_MONOMIALS,
    NOTHING,
    Factor,
    Monomial,
    Place,
    Sum,
    added_up,
    counted,
    derivative,
    joined,
    number,
    renamed,
    renamed_least,
    scaled,
)
from derive.procedures.obligations import linear


@dataclass(frozen=True, slots=True)
class Local:
    """Normal forms under some relations; ``coordinates`` are (policy, time) of the values that r is written in."""

    relations: Relations
    coordinates: tuple[str, str] | None = None
    _numbers: Any = field(default_factory=count)

    def vanishes(self, before: Expr, after: Expr) -> bool:
        """Whether both terms have one normal form.

        Raises:
            OutsideFragment: for a term that is no sum of monomials in indexed symbols.
            WorkLimit: for too many of them.
        """
        if any(str(index.label).startswith("#") for term in (before, after) for index in term.free_symbols):
            raise OutsideFragment("an index whose name starts with #")
        gap = added_up([self.normal(before), scaled(self.normal(after), {(0, 0): Fraction(-1)})])
        if self.coordinates is not None:
            gap = added_up(self._reduced(*key, weight) for key, weight in self._in_coordinates(gap))
        canonical: Sum = {}
        for (bound, monomial), weight in gap.items():
            key = renamed_least(bound, monomial)
            canonical[key] = added(canonical.get(key, {}), weight)
        return not any(canonical.values())

    def normal(self, term: Expr) -> Sum:
        """The term as a sum of monomials."""
        match term:
            case Rational():
                return number({(0, 0): Fraction(int(term.p), int(term.q))}) if term != 0 else {}
            case SampleSize():
                return number({(0, 1): Fraction(1)})
            case Discount():
                return number({(1, 0): Fraction(1)})
            case Power(args=(Discount(), exponent)):
                return self._discount(exponent)
            case Plus():
                return added_up(self.normal(argument) for argument in term.args)
            case Times():
                return self._multiplied(self.normal(argument) for argument in term.args)
            case Power(args=(base, Integer() as exponent)) if 0 <= int(exponent) <= 4:
                return self._multiplied([self.normal(base)] * int(exponent))
            case Ratio(args=(above, below)):
                return self._multiplied([self.normal(above), self._inverse(below)])
            case Total(index=State() | Action()):
                return self._total(term)
            case Grad(args=(inner,)):
                return self._differentiated(self.normal(inner))
            case Log(args=(inside,)):
                return self._logarithm(self._single(self.normal(inside), inside))
            case ActionValue(args=(policy, time, s, a)):
                return added_up([self.normal(StateValue(policy, time, s)), self.normal(Advantage(policy, time, s, a))])
            case StateValue(args=(_, time, _)) if self.relations.terminal and _moment(time) == "H+1":
                return {}
        return {(NOTHING, ((self._factor(term), 1),)): ONE}

    def _factor(self, term: Expr) -> Factor:
        match term:
            case Initial(args=(s,)):
                return ("mu", "", "", (_place(s),))
            case Transition(args=(x, s, a)):
                return ("P", "", "", (_place(x), _place(s), _place(a)))
            case ActionProbability(args=(policy, a, s)):
                return ("pi", str(policy.label), "", (_place(a), _place(s)))
            case Reward(args=(s, a, x)):
                return ("r", "", "", (_place(s), _place(a), _place(x)))
            case Applied(args=(function, *places)):
                return ("f", str(function.label), "", tuple(_place(place) for place in places))
            case StateValue(args=(policy, time, s)):
                return ("V", str(policy.label), _moment(time), (_place(s),))
            case Advantage(args=(policy, time, s, a)):
                return ("A", str(policy.label), _moment(time), (_place(s), _place(a)))
        raise OutsideFragment(f"{term} is not a factor with states and actions of its own")

    def _discount(self, exponent: Expr) -> Sum:
        time = linear(exponent)
        if time is None:
            raise OutsideFragment(f"{exponent} is not linear in the times")
        powers = tuple(sorted((("gamma to", "", _name(key), ()), value)
                              for key, value in time.items() if key is not None))
        return {(NOTHING, powers): {(time.get(None, 0), 0): Fraction(1)}}

    # -- operations -----------------------------------------------------------------------------------

    def _multiplied(self, factors: Iterable[Sum]) -> Sum:
        result: Sum = {(NOTHING, ()): ONE}
        for factor in factors:
            products: Sum = {}
            for ((bound, one), weight), (key, other) in product(result.items(), factor.items()):
                others, two = self._fresh(*key)
                entry = (bound | others, joined(one, two))
                products[entry] = added(products.get(entry, {}), weighed(weight, other))
            result = counted(products)
        return result

    def _fresh(self, bound: frozenset[Place], monomial: Monomial) -> tuple[frozenset[Place], Monomial]:
        names = {place: (place[0], f"#{next(self._numbers)}") for place in sorted(bound)}
        return frozenset(names.values()), renamed(monomial, names)

    def _total(self, binder: Any) -> Sum:
        index, body = binder.opened(f"#{next(self._numbers)}")
        place = _place(index)
        return added_up(self._reduced(bound | {place}, monomial, weight)
                        for (bound, monomial), weight in self.normal(body).items())

    def _single(self, found: Sum, term: Expr) -> Monomial:
        match list(found.items()):
            case [((bound, monomial), weight)] if not bound and weight == ONE:
                return monomial
        raise OutsideFragment(f"{term} is not a product of probabilities")

    def _inverse(self, below: Expr) -> Sum:
        found = self.normal(below)
        match list(found.items()):
            case [((bound, monomial), weight)] if not bound and len(weight) == 1:
                (((g, m), value),) = weight.items()
                if g == 0 and not any(factor[0] in ("r", "V", "A") for factor, _ in monomial):
                    return {(NOTHING, tuple((factor, -e) for factor, e in monomial)): {(0, -m): 1 / value}}
        raise OutsideFragment(f"division by {below}")

    def _logarithm(self, monomial: Monomial) -> Sum:
        if any(factor[0] not in ("mu", "P", "pi") for factor, _ in monomial):
            raise OutsideFragment("the logarithm of something that is no product of probabilities")
        return added_up({(NOTHING, (((f"log {what}", name, time, places), 1),)): {(0, 0): Fraction(e)}}
                        for (what, name, time, places), e in monomial)

    def _differentiated(self, found: Sum) -> Sum:
        parts: list[Sum] = []
        for (bound, monomial), weight in found.items():
            for factor, e in monomial:
                rest, changed = joined(monomial, ((factor, -1),)), derivative(factor)
                if changed is not None:
                    parts.append(self._reduced(bound, joined(rest, changed), weighed(weight, {(0, 0): Fraction(e)})))
        return added_up(parts)

    def _in_coordinates(self, gap: Sum) -> list[tuple[tuple[frozenset[Place], Monomial], Weight]]:
        """r(s, a, x) = V(s) + A(s, a) - gamma V(x) + eps(s, a, x), each with the time of the coordinates."""
        assert self.coordinates is not None
        policy, time = self.coordinates
        todo, done = list(gap.items()), []
        while todo:
            (bound, monomial), weight = todo.pop()
            reward = next((factor for factor, e in monomial if factor[0] == "r" and e > 0), None)
            if reward is None:
                done.append(((bound, monomial), weight))
                continue
            s, a, x = reward[3]
            terms: list[tuple[Factor, Weight]] = [
                (("V", policy, time, (s,)), ONE), (("A", policy, time, (s, a)), ONE),
                (("eps", policy, time, (s, a, x)), ONE), (("V", policy, _later(time), (x,)), {(1, 0): Fraction(-1)})]
            if self.relations.terminal and _later(time) == "H+1":
                terms.pop()
            rest = joined(monomial, ((reward, -1),))
            todo += [((bound, joined(rest, ((factor, 1),))), weighed(weight, sign)) for factor, sign in terms]
            if len(todo) + len(done) > MOST_MONOMIALS:
                raise WorkLimit(f"more than {MOST_MONOMIALS} monomials")
        return done

    # -- normalisation --------------------------------------------------------------------------------

    def _reduced(self, bound: frozenset[Place], monomial: Monomial, weight: Weight) -> Sum:
        """The monomial with every sum taken that normalisation knows."""
        while True:
            for place in sorted(bound):
                own = [(factor, e) for factor, e in monomial if place in factor[3]]
                known = self._known(place, own)
                if known is None:
                    continue
                if known == 0:
                    return {}
                bound, monomial = bound - {place}, tuple(one for one in monomial if one not in own)
                break
            else:
                return {(bound, monomial): weight}

    def _known(self, place: Place, own: list[tuple[Factor, int]]) -> int | None:
        """The sum over one index of the factors that hold it: 1, 0, or None where it is not known."""
        use = self.relations
        match own:
            case [(("mu", _, _, (target,)), 1)]:
                return 1 if target == place else None
            case [(("P", _, _, (target, *given)), 1)] if target == place and place not in given and use.dynamics:
                return 1
            case [(("pi", _, _, (target, _)), 1)] if target == place and use.policy:
                return 1
            case [(("dpi" | "d2pi", _, _, (target, _)), 1)] if target == place and use.policy:
                return 0
            case [(("A", name, _, (s, a)), 1), (("pi", policy, _, (target, here)), 1)]:
                centred = name == policy and a == target == place and s == here
                return 0 if centred and use.advantage else None
            case [(("P", _, _, (target, *given)), 1), (("eps", _, _, (s, a, x)), 1)]:
                centred = target == x == place and place not in given and given == [s, a]
                return 0 if centred and use.residual and use.dynamics else None
        return None


def is_local(*terms: Expr) -> bool:
    """Whether the terms speak of states and actions, and of no trajectory."""
    nodes = [node for term in terms for node in (*term.free_symbols, *subterms(term))]
    speaks = any(isinstance(node, (State, Action)) for node in nodes)
    return speaks and not any(
        isinstance(node, (Path, StateAt, ActionAt, Expect, Var, Objective, Batch)) for node in nodes)


def local_coordinates(*terms: Expr) -> list[tuple[str, str] | None]:
    """None, and the policy and time of each value, where that time is one of a decision for sure.

    Q and A have no other; V_{t+1} may be V_{H+1}, after which there is no reward to write in coordinates.
    """
    found = set()
    for node in (node for term in terms for node in subterms(term) if isinstance(node, VALUES)):
        moment = _moment(node.args[1])
        if not isinstance(node, StateValue) or moment in ("H", "forever", "+0") or "+" not in moment:
            found.add((str(node.args[0].label), moment))
    return [None, *sorted(found)]


def _place(index: Expr) -> Place:
    if not isinstance(index, (State, Action)):
        raise OutsideFragment(f"{index} stands on a trajectory")
    return (index.sort, str(index.label))


def _moment(time: Expr) -> str:
    """A time as text: "t+1", "H", "forever"."""
    if isinstance(time, Forever):
        return "forever"
    parts = linear(time)
    if parts is None or any(value != 1 for key, value in parts.items() if key is not None):
        raise OutsideFragment(f"the time {time}")
    names = "+".join(sorted(_name(key) for key in parts if key is not None))
    return _joined(names, parts.get(None, 0))


def _name(key: Any) -> str:
    return "H" if isinstance(key, Horizon) else f"<{key.label}>"


def _later(moment: str) -> str:
    """The time after."""
    if moment == "forever":
        return moment
    names, _, literal = moment.rpartition("+") if moment.rpartition("+")[2].lstrip("-").isdigit() else (moment, "", "0")
    return _joined(names, int(literal) + 1)


def _joined(names: str, literal: int) -> str:
    return f"{names}+{literal}" if names and literal else names or f"+{literal}"
