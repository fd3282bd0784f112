"""The base of all terms, and the four ring operations, none of which evaluates.

SymPy's own ``Add`` and ``Mul`` evaluate at construction and at every rebuild: ``P/P``
becomes 1 and ``0*(P/P)`` becomes 0, and with the quotient goes the side condition that
it owed. So ``+ - * / **`` on terms build the nodes of this file, in the manner of
SymPy's ``MatAdd`` and ``MatMul``; nothing here is ever an argument of ``Add``, ``Mul``
or ``Pow``, and the author's order of factors is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from sympy import Expr, Float, Integer, Rational

from derive.errors import NotATerm, NotExact, OperationRefused, is_ours, named
from derive.language.alphabets import LATEX, UNICODE
from derive.language.notation import write


def as_term(value: Any) -> Expr:
    """``value`` as a term: terms stay, ints and fractions become exact numbers.

    Raises:
        NotExact: for a float. Write 1/2 as ``ratio(1, 2)`` or ``Fraction(1, 2)``.
        NotATerm: for anything else, foreign SymPy expressions included.
    """
    if isinstance(value, (Term, Rational)):
        return value
    if isinstance(value, bool):
        raise NotATerm(f"{value!r} is a truth value, not a term.")
    if isinstance(value, (int, Fraction)):
        _refuse_too_long(value)
    if isinstance(value, int):
        return Integer(value)
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    if isinstance(value, (float, Float)):
        raise NotExact(f"{value!r} is a float; terms are exact. {_exactly(str(value))}")
    if is_ours(value):
        usage = getattr(value, "usage", f"{named(value)}(...)" if callable(value) else "")
        raise NotATerm(f"{named(value)} is not a term by itself{f'; it is written {usage}' if usage else ''}.")
    raise NotATerm(
        f"{named(value)} ({_of_a_type(value)}) is not a term. "
        "Build terms from the names that `derive` exports; foreign SymPy symbols have no meaning here."
    )


def _refuse_too_long(number: int | Fraction) -> None:
    """Raises NotATerm for more digits than Python writes: no message could name the number."""
    most = sys.get_int_max_str_digits()
    if most and max(abs(number.numerator), number.denominator).bit_length() * 0.30103 > most:
        raise NotATerm(f"a number in a term has at most {most:,} digits.")


def _of_a_type(value: Any) -> str:
    """``a list``, ``an ndarray``."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' or name.startswith('ndarray') else 'a'} {name}"


def _exactly(number: str) -> str:
    """How to write a decimal number that was meant."""
    if number == "inf":
        return "A sum without a last term is written with stop=forever."
    try:
        meant = Fraction(number)
    except ValueError:
        return "Write a fraction, such as ratio(1, 2)."
    above, below = meant.numerator, meant.denominator
    return f"Write ratio({above}, {below}) or Fraction({above}, {below})." if below != 1 else f"Write {above}."


def _refuse(operation: str, instead: str) -> Any:
    def refused(self: Term, *args: Any, **kwargs: Any) -> Any:
        raise OperationRefused(f"{operation} on the term {self} is refused: terms are inert. {instead}")

    refused.__name__ = operation
    return refused


class Term(Expr):  # type: ignore[misc]  # SymPy has no types
    """A piece of mathematics as written: inert, typed, equal up to bound names."""

    __slots__ = ()
    _op_priority = 20.0
    __array_ufunc__ = None  # so that numpy's numbers let the term decide
    is_commutative = True
    is_number = False

    def __index__(self) -> int:
        raise TypeError(f"{self} is a term and no number of Python, so it bounds no range: write total(t, f), "
                        "total(t, f, start=1, stop=H - 1) or prod(t, f)")

    def __add__(self, other: Any) -> Expr:
        return plus(self, other)

    def __radd__(self, other: Any) -> Expr:
        return plus(other, self)

    def __sub__(self, other: Any) -> Expr:
        return plus(self, negative(other))

    def __rsub__(self, other: Any) -> Expr:
        return plus(other, negative(self))

    def __mul__(self, other: Any) -> Expr:
        return times(self, other)

    def __rmul__(self, other: Any) -> Expr:
        return times(other, self)

    def __truediv__(self, other: Any) -> Expr:
        return Ratio(self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return Ratio(other, self)

    def __pow__(self, other: Any, modulo: Any = None) -> Expr:
        return Power(self, other)

    def __rpow__(self, other: Any) -> Expr:
        return Power(other, self)

    def __neg__(self) -> Expr:
        return negative(self)

    def __pos__(self) -> Expr:
        return self

    def __or__(self, given: Any) -> Conditional:
        """``a | s`` reads "a given s", on its way into ``pi(a | s)``."""
        return Conditional(self, as_term(given))

    @property
    def free_symbols(self) -> Any:
        """The free indices (and foreign symbols, which the door refuses), as a set."""
        return frozenset().union(*(argument.free_symbols for argument in self.args))

    # Printing in the author's order; SymPy's alphabetical printers are never asked.
    def _latex(self, printer: Any) -> str:
        return _written(self, LATEX)

    def _sympystr(self, printer: Any) -> str:
        return _written(self, UNICODE)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {_written(self, LATEX)}$"

    def __str__(self) -> str:
        return _written(self, UNICODE)

    # What SymPy would do by guessing.
    def subs(self, *args: Any, **kwargs: Any) -> Any:
        """SymPy's ``subs``, free indices only.

        Text, which SymPy evaluates, and ``simultaneous``, which puts a Dummy into every place, are refused.
        """
        if kwargs.get("simultaneous"):
            raise OperationRefused(
                f"simultaneous subs on the term {self} is refused. Write xreplace, which is simultaneous.")
        given = args if len(args) != 1 else args[0].items() if isinstance(args[0], dict) else args[0]
        if any(isinstance(part, str) for pair in given for part in (pair if isinstance(pair, tuple) else (pair,))):
            raise OperationRefused(f"subs of text on the term {self} is refused: SymPy would evaluate it. Give terms.")
        return super().subs(*args, **kwargs)

    def replace(self, query: Any, value: Any, map: bool = False, **options: Any) -> Any:
        """SymPy's ``replace``, refused where it would change a bound index or capture a loose one."""
        result, changes = super().replace(query, value, map=True, **options)
        for old, new in changes.items():
            refuse_capture(old, new)
        return (result, changes) if map else result

    diff = _refuse("diff", "Write grad(term) for the gradient in theta.")
    _eval_derivative = _refuse("differentiation", "Write grad(term) for the gradient in theta.")
    _eval_simplify = _refuse("simplify", "State the step and let `derive` check it.")
    simplify = _refuse("simplify", "State the step and let `derive` check it.")
    _eval_nseries = _refuse("series", "State the step and let `derive` check it.")
    _eval_integral = _refuse("integrate", "Sums over finite sets are written total(index, term).")
    equals = _refuse("equals", "Use == for equality up to bound names, or check a chain.")
    is_constant = _refuse("is_constant", "Dependence on theta is computed by derive.language.dependence.")
    evalf = n = _refuse("evalf", "Numbers come from derive.numeric, on a given MDP.")
    as_real_imag = _refuse("as_real_imag", "Terms are real.")
    integrate = _refuse("integrate", "Sums over finite sets are written total(index, term).")
    _eval_Eq = _refuse("Eq", "Use == for equality up to bound names, or check a chain.")
    _eval_power = _refuse("SymPy's Pow", "Write term**n for a power.")
    __abs__ = _refuse("abs", "It is not in the language.")
    __mod__ = __rmod__ = _refuse("%", "It is not in the language.")
    __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = _refuse("//", "Write / for a ratio.")
    __lt__ = __le__ = __gt__ = __ge__ = _refuse("an inequality", "Only equations are checked.")


class Conditional(NamedTuple):
    """``x | s``, the argument of a probability; not a term by itself."""

    target: Expr
    given: Expr

    def __str__(self) -> str:
        return f"{self.target} | {self.given}"


class Node(Term):
    """A term with arguments; each passes through ``as_term``."""

    __slots__ = ("_extent", "_free", "_moves")
    _extent: Extent
    _free: frozenset[Any]
    _moves: bool
    arity: int | None = None

    def __new__(cls, *arguments: Any) -> Any:
        if cls.arity is not None and len(arguments) != cls.arity:
            raise NotATerm(f"{cls.__name__} takes {cls.arity} arguments, got {len(arguments)}.")
        return Expr.__new__(cls, *(as_term(argument) for argument in arguments))

    @property
    def free_symbols(self) -> Any:
        """The free indices (and foreign symbols), found once; a new set each time, for SymPy adds to it."""
        try:
            return set(self._free)
        except AttributeError:
            self._free = self._free_indices()
            return set(self._free)

    def _free_indices(self) -> frozenset[Any]:
        return frozenset().union(*(argument.free_symbols for argument in self.args))


class Plus(Node):
    """A sum of terms, in the author's order. Never evaluates."""

    __slots__ = ()


class Times(Node):
    """A product of terms, in the author's order. Never evaluates."""

    __slots__ = ()


class Power(Node):
    """``base ** exponent`` with an integer or time exponent; ``x**0`` is 1, also at x = 0."""

    __slots__ = ()
    arity = 2


class Ratio(Node):
    """``numerator / denominator``, the only division. Owes: denominator != 0."""

    __slots__ = ()
    arity = 2


def plus(left: Any, right: Any) -> Expr:
    """``left + right``; a sum on the left is continued, as in a + b + c."""
    first = as_term(left)
    start = first.args if isinstance(first, Plus) else (first,)
    return Expr.__new__(Plus, *start, as_term(right))


def times(left: Any, right: Any) -> Expr:
    """``left * right``; a product on the left is continued, as in a b c."""
    first = as_term(left)
    start = first.args if isinstance(first, Times) else (first,)
    return Expr.__new__(Times, *start, as_term(right))


def negative(value: Any) -> Expr:
    """``-value``; a number is negated, a term gets the factor -1."""
    term = as_term(value)
    return -term if isinstance(term, Rational) else Times(-1, term)


def subterms(term: Expr) -> Iterator[Expr]:
    """The term and everything inside it, outermost first."""
    stack = [term]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.args))


class Extent(NamedTuple):
    """Of a term: the number of nested operators, and of parts, a shared one counted wherever it is written.

    ``kinds`` are the classes of its parts.
    """

    depth: int
    parts: int
    kinds: frozenset[type]


def extent(term: Expr) -> Extent:
    """How large a term is, found once for each of its nodes (an explicit stack: no recursion limit here).

    What reads a term goes through it as it is written: ``e = e*e`` said 60 times has 60 nodes and 2^60 parts.
    """
    foreign: dict[int, Extent] = {}

    def known(node: Any) -> Extent | None:
        return getattr(node, "_extent", None) or foreign.get(id(node))

    if (found := known(term)) is not None:
        return found
    stack = [term]
    while stack:
        node = stack[-1]
        if missing := [argument for argument in node.args if argument.args and known(argument) is None]:
            stack += missing
            continue
        depth, parts, kinds = 0, 1, {type(stack.pop())}
        for argument in node.args:
            inner = known(argument) if argument.args else None
            depth = max(depth, inner.depth if inner else 1)
            parts += inner.parts if inner else 1
            kinds |= inner.kinds if inner else {type(argument)}
        found = Extent(1 + depth, parts, frozenset(kinds))
        if isinstance(node, Node):
            node._extent = found
        else:
            foreign[id(node)] = found
    assert found is not None
    return found


def has(term: Expr, *kinds: type) -> bool:
    """Whether a part of the term is of one of the classes; a part that only a definition says is none of it."""
    return any(issubclass(one, kinds) for one in extent(term).kinds)


DEEPEST = 120
"""Nested operators that a term may have; SymPy's recursion fails at some 200 to 400."""

MOST_PARTS = 50_000
"""Parts that a term may have as it is written; a page of a textbook has some hundreds."""


def refuse_too_large(term: Expr, *, room: int = 0) -> None:
    """Raise NotATerm if the term, with ``room`` operators around it, has more than ``DEEPEST`` or ``MOST_PARTS``."""
    found = extent(term)
    if found.depth + room > DEEPEST:
        raise NotATerm(
            f"The term nests {found.depth + room} operators; at most {DEEPEST} are read. Name a part as a lemma.")
    if found.parts > MOST_PARTS:
        raise NotATerm(f"The term has {_counted(found.parts)} parts as it is written; at most {MOST_PARTS:,} are read. "
                       "Name a part as a lemma.")


def _written(term: Expr, alphabet: Any) -> str:
    """The term as text, or how large it is if that is too much for any recursion, or any reader."""
    found = extent(term)
    if found.depth > DEEPEST:
        return f"[a term of {found.depth} nested operators]"
    return write(term, alphabet) if found.parts <= MOST_PARTS else f"[a term of {_counted(found.parts)} parts]"


def _counted(parts: int) -> str:
    return f"{parts:,}" if parts < 10**12 else "more than 10^12"


def refuse_capture(old: Expr, new: Expr) -> None:
    """Raise unless ``new`` may stand in the place of ``old`` under any binder.

    Raises:
        OperationRefused: if ``old`` is a bound index, or ``new`` has a loose index that
            ``old`` has not: a binder above could capture it.
    """
    if getattr(old, "is_bound", False) and new != old:
        raise OperationRefused(f"{old} is a bound index and cannot be replaced by {new}.")
    brought = {index for index in new.free_symbols - old.free_symbols if getattr(index, "is_bound", False)}
    if brought:
        names = ", ".join(sorted(map(str, brought)))
        raise OperationRefused(f"Replacing {old} by {new} would bring {names} under a binder. Build it with each.")
