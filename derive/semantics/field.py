"""Exact field elements: FLINT polynomials with known factors kept apart.

An element is ``num * prod_i factor_i ** e_i`` with signed exponents and ``num`` an
integer polynomial. P(tau; theta) is then a bare product of factors, pi'/pi cancels by
subtracting exponents, and no multivariate gcd is ever taken: 5 times faster than
``fmpz_mpoly`` quotients and hundreds of times faster than SymPy's ``cancel``. The
representation is not canonical. The one question it answers is whether an element is
zero: factors are nonzero polynomials, so it is zero exactly when ``num`` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any

from flint import fmpz_mpoly_ctx

from derive.errors import Undefined, WorkLimit

MOST_TERMS = 2_000_000
"""Terms that a product may have; FLINT can neither be interrupted nor run out of memory safely."""

MOST_WORK = 8_000_000
"""Terms that all products of one value may have together."""

MOST_ELEMENTS = 400_000
"""Elements that the computation of one value may make; those of a proof that is read by people need some thousands."""

MOST_HELD = 4_000_000
"""Terms that all polynomials of one value may have together: some 400 MB. Without a bound FLINT ends the process."""

Exponents = dict[int, int]


class Field:
    """Rational functions in named indeterminates, with a table of known factors."""

    __slots__ = ("_factors", "_ids", "_powers", "context", "held", "last", "made", "names", "one", "spent", "work",
                 "zero")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.made = self.spent = self.work = 0
        self.begin()
        self.context = fmpz_mpoly_ctx.get(tuple(names) or ("unused",), "lex")
        self._factors: list[Any] = []
        self._ids: dict[str, int] = {}
        self._powers: dict[tuple[int, int], Any] = {}
        self.zero = Element(self, self.context.constant(0), {})
        self.one = Element(self, self.context.constant(1), {})

    def begin(self) -> None:
        """A new value: its budget starts anew; ``spent`` is the work on all before it."""
        self.spent += self.work
        self.work, self.held, self.last = 0, 0, self.made + MOST_ELEMENTS

    def symbol(self, name: str) -> Element:
        """The indeterminate of that name, as a polynomial."""
        return Element(self, self.context.gen(self.context.variable_to_index(name)), {})

    def integer(self, number: int) -> Element:
        """An integer."""
        return Element(self, self.context.constant(number), {})

    def fraction(self, numerator: int, denominator: int) -> Element:
        """A rational number."""
        found: Element = self.integer(numerator) / self.integer(denominator)
        return found

    def as_factor(self, element: Element) -> Element:
        """The same value with its polynomial declared a known factor.

        Declaring the probabilities and their last outcomes keeps products along a
        trajectory as exponent lists.
        """
        if element.num.is_constant():
            return element
        number = self._declare(element.num)
        return Element(self, self.one.num, _merged(element.exps, {number: 1}))

    def _declare(self, polynomial: Any) -> int:
        key = str(polynomial)
        if key not in self._ids:
            self._ids[key] = len(self._factors)
            self._factors.append(polynomial)
        return self._ids[key]

    def power(self, number: int, exponent: int) -> Any:
        """A known factor to a positive power, remembered."""
        key = (number, exponent)
        if key not in self._powers:
            self._powers[key] = self._factors[number] ** exponent
        return self._powers[key]

    def factor(self, number: int) -> Any:
        """The polynomial of a known factor."""
        return self._factors[number]

    def expanded(self, num: Any, exps: Exponents) -> Any:
        """``num`` times factors with positive exponents, multiplied out."""
        for number, exponent in exps.items():
            num = _product(self, num, self.power(number, exponent))
        return num

    def total(self, elements: Iterable[Element]) -> Element:
        """A sum, added up as a balanced tree: ``acc += small`` in a loop is quadratic."""
        level = [element for element in elements if not element.num.is_zero()]
        while len(level) > 1:
            level = neighbours_added(level, 2)
        return level[0] if level else self.zero


def neighbours_added(elements: Sequence[Element], width: int) -> list[Element]:
    """The sums of each ``width`` neighbours."""
    return [reduce(add, elements[j : j + width]) for j in range(0, len(elements), width)]


def _merged(left: Exponents, right: Exponents) -> Exponents:
    if not right:
        return left
    if not left:
        return right
    merged = dict(left)
    for number, exponent in right.items():
        total = merged.get(number, 0) + exponent
        if total:
            merged[number] = total
        else:
            del merged[number]
    return merged


def _product(field: Field, left: Any, right: Any) -> Any:
    if right.is_one():
        return left
    if left.is_one():
        return right
    work = len(left) * len(right)
    field.work += work
    if work > MOST_TERMS:
        raise WorkLimit(f"a product of {len(left)} by {len(right)} terms exceeds {MOST_TERMS} terms")
    if field.work > MOST_WORK:
        raise WorkLimit(f"the products of one value exceed {MOST_WORK} terms in all")
    return left * right


class Element:
    """``num * prod_i factor_i ** exps[i]``; see the module's docstring."""

    __slots__ = ("exps", "field", "num")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, field: Field, num: Any, exps: Exponents) -> None:
        self.field, self.num, self.exps = field, num, exps
        field.made += 1
        field.held += len(num)
        if field.made > field.last:
            raise WorkLimit(f"the computation of one value takes more than {MOST_ELEMENTS:,} operations")
        if field.held > MOST_HELD:
            raise WorkLimit(f"the polynomials of one value have more than {MOST_HELD:,} terms in all")

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Element:
            return NotImplemented
        return Element(self.field, _product(self.field, self.num, other.num), _merged(self.exps, other.exps))

    def __neg__(self) -> Element:
        return Element(self.field, -self.num, self.exps)

    def __sub__(self, other: Any) -> Any:
        if type(other) is not Element:
            return NotImplemented
        if self.exps == other.exps and self.num == other.num:  # so are nearly all sides that are equal: 20 times faster
            return self.field.zero
        one, two, shared = self._aligned(other)
        return Element(self.field, one - two, shared)

    def __add__(self, other: Any) -> Any:
        if type(other) is not Element:
            return NotImplemented
        one, two, shared = self._aligned(other)
        return Element(self.field, one + two, shared)

    def _aligned(self, other: Element) -> tuple[Any, Any, Exponents]:
        """Two numerators over the factors that both elements share."""
        mine, theirs = self.exps, other.exps
        if mine == theirs or other.num.is_zero():
            return self.num, other.num, mine
        if self.num.is_zero():
            return self.num, other.num, theirs
        shared: Exponents = {}
        left: Exponents = {}
        right: Exponents = {}
        for number, one in mine.items():
            two = theirs.get(number, 0)
            if low := min(one, two):
                shared[number] = low
            if one > two:
                left[number] = one - two
            elif two > one:
                right[number] = two - one
        for number, two in theirs.items():
            if number in mine:
                continue
            if two > 0:
                right[number] = two
            else:
                shared[number], left[number] = two, -two
        return self.field.expanded(self.num, left), self.field.expanded(other.num, right), shared

    def __truediv__(self, other: Any) -> Any:
        if type(other) is not Element:
            return NotImplemented
        if other.num.is_zero():
            raise Undefined("division by zero")
        flipped = {number: -exponent for number, exponent in other.exps.items()}
        if other.num.is_one():
            return Element(self.field, self.num, _merged(self.exps, flipped))
        flipped = _merged(flipped, {self.field._declare(other.num): -1})
        return Element(self.field, self.num, _merged(self.exps, flipped))

    def __pow__(self, exponent: int) -> Element:
        if exponent < 0:
            found: Element = self.field.one / self**-exponent
            return found
        return Element(self.field, self.num**exponent, {n: e * exponent for n, e in self.exps.items() if exponent})

    @property
    def is_zero(self) -> bool:
        """Whether the element is 0, exactly."""
        return bool(self.num.is_zero())

    def __repr__(self) -> str:
        factors = "".join(f" * ({self.field.factor(n)})**{e}" for n, e in sorted(self.exps.items()))
        return f"({self.num}){factors}"
