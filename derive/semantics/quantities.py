"""What a model answers by itself: its tables, its values and its objective at the places that indices denote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr

from derive.language.terms import ActionValue, Advantage, StateValue
from derive.semantics import jets
from derive.semantics.indices import Environment, Indices, Whole
from derive.semantics.jets import Jet
from derive.semantics.remembering import Meaning
from derive.semantics.rings import Way
from derive.semantics.values import Values, values_of


class Quantities(Indices):
    """One row a symbol: the closure that computes its jet, of derivatives up to ``order`` and from ``low`` on."""

    ring: Any
    _values: dict[tuple[str, int], Values]

    def _padded(self, order: int, entry: Callable[[Environment], Any]) -> Meaning:
        padding = (self.ring.zero,) * order
        return lambda environment: (entry(environment), *padding)

    def _initial(self, term: Expr, order: int, low: int) -> Meaning:
        state = self.place(term.args[0])
        return self._padded(order, lambda environment: self.model.mu[state(environment)])

    def _transition(self, term: Expr, order: int, low: int) -> Meaning:
        x, s, a = (self.place(argument) for argument in term.args)
        return self._padded(order, lambda e: self.model.P[s(e), a(e), x(e)])

    def _choice(self, term: Expr, order: int, low: int) -> Meaning:
        table = self.model.policies[term.args[0].label]
        a, s = self.place(term.args[1]), self.place(term.args[2])
        return lambda environment: jets.above(table[s(environment), a(environment)][: order + 1], low)

    def _probability(self, term: Expr, order: int, low: int) -> Meaning:
        policy, way = term.args[0].label, self.way(term.args[1])
        return lambda environment: jets.above(way(environment).probability(self.model, policy, order), low)

    def _reward(self, term: Expr, order: int, low: int) -> Meaning:
        s, a, x = (self.place(argument) for argument in term.args)
        return self._padded(order, lambda e: self.model.reward(s(e), a(e), x(e)))

    def _return(self, term: Expr, order: int, low: int) -> Meaning:
        way = self.way(term.args[0])
        return self._padded(order, lambda environment: self.model.return_of(way(environment)))

    def _same_places(self, term: Expr, order: int, low: int) -> Meaning:
        one, two = (self.place(argument) for argument in term.args)

        def equal(environment: Environment) -> Any:
            found = one(environment) == two(environment)
            return self.ring.indicator(found) if getattr(found, "shape", ()) else self.ring.integer(int(found))

        return self._padded(order, equal)

    def _applied(self, term: Expr, order: int, low: int) -> Meaning:
        table = self.model.functions[str(term.args[0].label)]
        places = [self.place(argument) for argument in term.args[1:]]
        return self._padded(order, lambda e: table[tuple(place(e) for place in places)])

    def _value_function(self, term: Expr, order: int, low: int) -> Meaning:
        policy, time, *where = term.args
        at, places = self.moment(time), [self.place(place) for place in where]
        read: Callable[..., Jet] = _VALUES[type(term)]

        def looked_up(environment: Environment) -> Jet:
            values = self._values_of(policy.label, order)
            return jets.above(read(values, at(environment), *(place(environment) for place in places)), low)

        return looked_up

    def moment(self, time: Expr) -> Whole:
        """The closure that computes the time of a value."""
        return self.whole(time)

    def values_from(self, policy: str, order: int) -> Values:
        """V, Q and A of a policy."""
        return values_of(self.model, policy, order)

    def _values_of(self, policy: str, order: int) -> Values:
        key = (policy, order)
        if key not in self._values:
            self._values[key] = self.values_from(policy, order)
        return self._values[key]

    def _objective(self, term: Expr, order: int, low: int) -> Meaning:
        policy = term.args[0].label

        def expected(environment: Environment) -> Jet:
            return self._collapsed([
                jets.scaled(self.model.return_of(way), jets.above(way.probability(self.model, policy, order), low))
                for way in self.model.possible(policy)
            ], order, self.model.possible(policy))

        return expected

    def _collapsed(self, parts: list[Jet], order: int, ways: list[Way]) -> Jet:
        jet = jets.summed(parts, order, self.ring)
        count = sum(way.count for way in ways) if len(ways) == 1 else 1
        return tuple(None if entry is None else self.ring.collapse(entry, count) for entry in jet)


_VALUES: dict[type, Callable[..., Jet]] = {
    StateValue: Values.state, ActionValue: Values.action, Advantage: Values.advantage}
