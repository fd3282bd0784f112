"""Closed terms as polynomials in sums over trajectories.

``Forms`` compiles the sides of a claim over one list of atoms. An atom is a sum over all
trajectories of an automaton's value. Sums over the support (expectations, or all sums
when trajectories are declared possible) are such sums only if what is left out is 0, so
each atom is checked for that: every letter must keep a factor P, a factor of the law's
policy, and mu(s_0) at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from sympy import Expr, Integer, Rational

from derive.errors import OutsideFragment
from derive.language.binding import rewrite_bottom_up
from derive.language.definitions import meaning_of
from derive.language.expression import Plus, Power, Ratio, Times, subterms
from derive.language.terms import (
    Batch,
    Between,
    Discount,
    Draw,
    Drawn,
    Expect,
    Grad,
    Law,
    Objective,
    SampleSize,
    Time,
    Total,
    Trajectory,
    Var,
)
from derive.language.vocabulary import pi
from derive.procedures import automata
from derive.procedures.automata import ONE, UNIT, Automaton, Weight, added, weighed
from derive.procedures.compile import PathCompiler, opened
from derive.procedures.convergence import check_convergence
from derive.procedures.coordinates import policies_valued
from derive.procedures.endless import finished, is_unit, unending
from derive.procedures.numbers_inside import apart, has_numbers
from derive.procedures.paths import DYNAMICS, Paths, differentiated, multiplied, policy_symbol
from derive.procedures.ranges import between, discount, listed
from derive.procedures.unrolled import unrolled

Form = dict[tuple[int, ...], Weight]
"""{sorted numbers of the atoms multiplied: weight}."""


class Forms:
    """The atoms of a claim, and its sides over them."""

    def __init__(self, *, additive: bool, possible_only: bool, positive: bool, endless: bool = False) -> None:
        self.additive, self.possible_only, self.positive, self.endless = additive, possible_only, positive, endless
        self.atoms: list[Paths] = []
        self._whole: list[Paths] = []  # the atoms as sums and gradients go on building with them: with their last units
        self._supports: list[Expr | None] = []
        self._known: dict[Expr, Form] = {}

    def form(self, term: Expr) -> Form:
        """The term as a polynomial in atoms.

        Raises:
            OutsideFragment: naming the subterm that cannot be said so.
        """
        if term not in self._known:
            self._known[term] = self._form(term)
        return self._known[term]

    def _form(self, term: Expr) -> Form:
        match term:
            case Rational():
                return {(): {(0, 0): Fraction(int(term.p), int(term.q))}} if term != 0 else {}
            case SampleSize():
                return {(): {(0, 1): Fraction(1)}}
            case Discount():
                return {(): {(1, 0): Fraction(1)}}
            case Power(args=(Discount(), exponent)):
                return self._discounted(exponent)
            case Plus():
                return _sum(self.form(argument) for argument in term.args)
            case Times():
                return self._times(term.args)
            case Power(args=(base, Integer() as exponent)) if int(self.endless) <= int(exponent) <= 4:
                return _product([self.form(base)] * int(exponent))
            case Ratio(args=(above, below)):
                return _scaled(self.form(above), _reciprocal(below))
            case Grad(args=(inner,)):
                return self._derivative(self.form(inner))
            case Objective():
                meaning = meaning_of(term, additive=self.additive or self.endless, infinite=self.endless)
                return self.form(meaning)
            case Expect(index=Trajectory()):
                path, body = opened(term)
                return self._expected(path, term.domain.args[0], body)
            case Total(index=Trajectory()):
                path, body = opened(term)
                return self._atom(self._compiler(path).compiled(body), pi if self.possible_only else None)
            case Total(index=Time()):
                return self._over_time(term)
            case Var(index=Trajectory()):
                path, body = opened(term)
                return self._variance(path, term.domain.args[0], body)
            case Expect(index=Batch()) | Var(index=Batch()):
                return self._over_samples(term)
            case Total(index=Draw(), domain=Between(args=(Integer() as first, SampleSize()))) if first == 1:
                _, body = term.opened()  # what has a form does not depend on which sample it is
                return _scaled(self.form(body), {(0, 1): Fraction(1)})
        raise OutsideFragment(f"{term} is outside the fragment that is decided for every horizon")

    def _compiler(self, path: Expr) -> PathCompiler:
        return PathCompiler(path, additive=self.additive, endless=self.endless)

    def _discounted(self, exponent: Expr) -> Form:
        """gamma^H depends on H, so it is the expectation of a constant."""
        return self._number(self._discount(exponent))

    def _discount(self, exponent: Expr) -> Automaton:
        return discount(self._compiler(Trajectory("_")).time(exponent))

    def _times(self, factors: Sequence[Expr]) -> Form:
        """A product; a discount is no atom of its own but multiplies the others."""
        discounts = [one.args[1] for one in factors if isinstance(one, Power) and isinstance(one.args[0], Discount)]
        others = [one for one in factors if not (isinstance(one, Power) and isinstance(one.args[0], Discount))]
        forms = [self.form(one) for one in others]
        if self.endless and not all(forms):
            raise OutsideFragment("a product with 0 of something that may not converge")
        result = _product(forms)
        for exponent in discounts:
            if any(len(product) > 1 for product in result):
                result = _product([result, self._discounted(exponent)])
            else:
                result = self._when(result, self._discount(exponent))
        return result

    def _number(self, one: Automaton) -> Form:
        """An automaton that reads only marks, as the expectation of the number that it is."""
        law = self._compiler(Trajectory("_")).probability(pi, 1)
        return self._atom({0: automata.times(law, one)}, pi)

    def _over_time(self, binder: Total) -> Form:
        """The sum over a time of sums over trajectories: in each atom the time is a mark, put and forgotten."""
        compiler = self._compiler(Trajectory("_"))
        first, last = compiler.limits(binder)
        values = listed(first, last)
        if values is not None:
            return _sum(self._when(self.form(binder.instantiated(value)), when) for value, when in values)
        index, body = opened(binder)
        return self._when(self.form(body), between(index, first, last), index)

    def _when(self, form: Form, when: Automaton, index: Expr | None = None) -> Form:
        """Each atom times an automaton that reads only marks, the mark ``index`` forgotten."""
        parts: list[Form] = []
        for product, weight in form.items():
            if len(product) > 1:
                raise OutsideFragment("a sum over a time of products of sums over trajectories")
            one = self._number(when) if not product else self._atom(
                {power: automata.times(when, path) for power, path in self._whole[product[0]].items()},
                self._supports[product[0]])
            if index is not None:
                (number,) = next(iter(one))
                one = self._atom({power: automata.forgotten(path, index)
                                  for power, path in self._whole[number].items()}, self._supports[number])
            parts.append(_scaled(one, weight))
        return _sum(parts)

    # -- atoms ----------------------------------------------------------------------------------------

    def _expected(self, path: Expr, policy: Expr, body: Expr) -> Form:
        if has_numbers(body):
            return _sum(self._times([*numbers, Expect(path, Law(policy), function)])
                        for numbers, function in apart(body))
        compiler = self._compiler(path)
        return self._atom(multiplied([{0: compiler.probability(policy, 1)}, compiler.compiled(body)]), policy)

    def _atom(self, paths: Paths, support_of: Expr | None) -> Form:
        """A new atom; ``support_of`` is the policy to whose possible trajectories the sum is restricted."""
        if support_of is not None and not self.positive and not self._vanishes(paths, support_of):
            raise OutsideFragment("a sum over possible trajectories whose terms do not vanish on the impossible ones")
        if any(len(one.starts) > 1 for one in paths.values()):
            raise OutsideFragment("a sum that mixes weights with and without the initial law")
        self._whole.append(paths)
        if self.endless and any(one.marks for one in paths.values()):
            for one in paths.values():
                check_convergence(one, is_unit)
        elif self.endless:
            paths = {power: unending(one) for power, one in paths.items()}
        self.atoms.append(paths)
        self._supports.append(support_of)
        return {(len(self.atoms) - 1,): ONE}

    def _vanishes(self, paths: Paths, policy: Expr) -> bool:
        """Whether every summand has mu(s_0), P and the policy's pi (or pi') as factors on every step.

        Where pi is 0 so is pi', a derivative at a minimum, but not pi'': of the policy
        (theta^2, 1 - theta^2) at theta = 0 the sum of pi'' over the support is -2.
        """
        kinds = {policy_symbol(policy), ("sa", "dpi", str(policy.label))}
        for one in paths.values():
            if any(start < 1 for start in one.starts):
                return False
            for _, letter in one.letters:
                exponents = dict(letter)
                if exponents.get(DYNAMICS, 0) < 1 or sum(exponents.get(kind, 0) for kind in kinds) < 1:
                    return False
        return True

    def _variance(self, path: Expr, policy: Expr, body: Expr) -> Form:
        if has_numbers(body):
            mean = self._expected(path, policy, body)
            return _sum([self._expected(path, policy, Times(body, body)),
                         _scaled(_product([mean, mean]), {(0, 0): Fraction(-1)})])
        compiler = self._compiler(path)
        law, function = {0: compiler.probability(policy, 1)}, compiler.compiled(body)
        mean = self._atom(multiplied([law, function]), policy)
        square = self._atom(multiplied([law, function, function]), policy)
        return _sum([square, _scaled(_product([mean, mean]), {(0, 0): Fraction(-1)})])

    def _derivative(self, form: Form) -> Form:
        """The product rule over the atoms of each product."""
        parts: list[Form] = []
        for product, weight in form.items():
            for place, number in enumerate(product):
                rest: Form = {product[:place] + product[place + 1 :]: weight}
                parts.append(_product([rest, self._atom(self._differentiated(number), self._supports[number])]))
        return _sum(parts)

    def _differentiated(self, number: int) -> Paths:
        """An atom's derivative, its values of pi unrolled before."""
        paths = {power: self._unrolled(one) for power, one in self._whole[number].items()}
        return differentiated(paths, finished if self.endless else lambda one: ())

    def _unrolled(self, one: Automaton) -> Automaton:
        learned = str(pi.label)
        if learned not in policies_valued(one):
            return one
        moved = automata.pushed(one)
        if self.endless:  # there is always a next letter to push to
            moved = automata.trimmed(replace(moved, ends={UNIT: moved.ends.get(UNIT, {})}))
        return unrolled(moved, [learned], finished(moved, endless=self.endless))

    # -- samples ----------------------------------------------------------------------------------------

    def _over_samples(self, term: Expr) -> Form:
        """E or Var of f(tau^(i)), which are those of f(tau); or of w sum_i f(tau^(i)).

        Of the sum: w m E f, and by independence w^2 m (E f^2 - (E f)^2).
        """
        batch, body = term.opened()
        policy, path = term.domain.args[0], Trajectory("_")
        moment = self._expected if isinstance(term, Expect) else self._variance
        single = _function_of_one(body, batch, path)
        if single is not None:
            return moment(path, policy, single)
        weight, function = self._weighted_sum(body, batch, path)
        scale = weight if isinstance(term, Expect) else weighed(weight, weight)
        return _scaled(moment(path, policy, function), weighed(scale, {(0, 1): Fraction(1)}))

    def _weighted_sum(self, body: Expr, batch: Expr, path: Expr) -> tuple[Weight, Expr]:
        """(w, f) where the body is w times the sum over all samples of f of one's own sample only."""
        match body:
            case Times(args=(*factors, inner)) if not any(batch in factor.free_symbols for factor in factors):
                weight, function = self._weighted_sum(inner, batch, path)
                for factor in factors:
                    weight = weighed(weight, _constant(factor))
                return weight, function
            case Ratio(args=(above, below)) if batch not in below.free_symbols:
                weight, function = self._weighted_sum(above, batch, path)
                return weighed(weight, _reciprocal(below)), function
            case Total(index=Draw(), domain=Between(args=(Integer() as first, SampleSize()))) if first == 1:
                number, inner = body.opened()
                summand = _function_of_one(inner, batch, path, number)
                if summand is not None:
                    return ONE, summand
        raise OutsideFragment(f"{body} is not a weighted sum of functions of single samples")


def _function_of_one(body: Expr, batch: Expr, path: Expr, number: Expr | None = None) -> Expr | None:
    """f(path) where the body is f(tau^(i)) for one i (``number``, if given) and has no other sample; else None."""
    drawn = {node for node in subterms(body) if isinstance(node, Drawn) and node.args[0] == batch}
    if len(drawn) != 1:
        return None
    own = next(iter(drawn))
    draw = own.args[1]
    bound_inside = not isinstance(draw, Integer) and draw not in body.free_symbols
    if bound_inside or (number is not None and draw != number):
        return None
    function = rewrite_bottom_up(body, lambda node: path if node == own else node)
    return None if {batch, draw} & function.free_symbols else function


def _constant(term: Expr) -> Weight:
    form = Forms(additive=False, possible_only=False, positive=False).form(term)
    if set(form) - {()}:
        raise OutsideFragment(f"{term} is not a constant")
    return form.get((), {})


def _reciprocal(below: Expr) -> Weight:
    weight = _constant(below)
    if len(weight) != 1:
        raise OutsideFragment(f"division by {below}")
    (((g, m), value),) = weight.items()
    if g:
        raise OutsideFragment("division by the discount")
    return {(0, -m): 1 / value}


def _sum(parts: Iterable[Form]) -> Form:
    result: Form = {}
    for part in parts:
        for product, weight in part.items():
            result[product] = added(result.get(product, {}), weight)
    return {product: weight for product, weight in result.items() if weight}


def _product(factors: Iterable[Form]) -> Form:
    result: Form = {(): ONE}
    for factor in factors:
        result = _sum({tuple(sorted(left + right)): weighed(one, two)}
                      for left, one in result.items() for right, two in factor.items())
    return result


def _scaled(form: Form, weight: Weight) -> Form:
    return {product: weighed(old, weight) for product, old in form.items()}
