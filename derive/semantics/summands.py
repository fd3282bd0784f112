"""What a sum over all times is made of once it is multiplied out.

A ``Summand`` is a number times

    sum over times of  weights that shrink by the step  E[ functions of single steps ].

Its times are letters with *bounds* u - v >= c between them; every function stands at a
letter plus a number, or at a number. Functions, and the numbers around the sums, stay
terms. ``walks`` says what a summand is on a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from sympy import Expr

from derive.errors import OutsideFragment
from derive.language.terms import Time, Trajectory


class Moment(NamedTuple):
    """A letter plus a number; without a letter, a number."""

    letter: Time | None
    number: int


class Bound(NamedTuple):
    """later - earlier >= gap; None is time 0."""

    later: Time | None
    earlier: Time | None
    gap: int


class Function(NamedTuple):
    """A function of one step, and the step."""

    term: Expr
    step: Moment


class Run(NamedTuple):
    """A function of one step at every step from first to last, multiplied."""

    letter: Time
    function: Function
    first: Moment
    last: Moment


class Growth(NamedTuple):
    """number * gamma^power for each step before the letter."""

    letter: Time | None
    number: Fraction
    power: int


@dataclass(frozen=True, slots=True)
class Summand:
    """outside * D^derived (inside * the sum); ``law`` is that of its one trajectory, if it has one."""

    outside: tuple[Expr, ...] = ()
    inside: tuple[Expr, ...] = ()
    derived: int = 0
    law: str | None = None
    path: Trajectory | None = None
    letters: tuple[Time, ...] = ()
    bounds: tuple[Bound, ...] = ()
    growths: tuple[Growth, ...] = ()
    functions: tuple[Function, ...] = ()
    runs: tuple[Run, ...] = ()

    def times(self, other: Summand) -> Summand:
        """The product.

        Raises:
            OutsideFragment: of two means, or two gradients, that change with time.
        """
        if (self.law and other.law) or (self.derived and other.derived):
            raise OutsideFragment("a sum over all times of a product of two means, or of a power of one, such as "
                                  "E[f(s_t)]²")
        one, two = (self, other) if self.derived else (other, self)
        if one.derived and (two.functions or two.runs or two.law):
            raise OutsideFragment("a gradient that changes with time, times a function of a trajectory")
        return Summand(
            outside=(*self.outside, *other.outside, *(two.inside if one.derived else ())),
            inside=one.inside if one.derived else (*self.inside, *other.inside),
            derived=one.derived, law=self.law or other.law, path=self.path or other.path,
            letters=self.letters + other.letters, bounds=self.bounds + other.bounds,
            growths=self.growths + other.growths, functions=self.functions + other.functions,
            runs=self.runs + other.runs)
