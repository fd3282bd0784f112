"""Index atoms, binders and substitution: everything that renames is in this file.

SymPy 1.14 captures: ``Sum(x*y, (y, 1, 3)).subs(x, y).doit()`` gives 14 where 6*y is
right. Here an index named by a ``str`` is free and an index named by an ``int`` is
bound, and a binder names its index by *height*: one more than the highest index bound
in its body. The name depends on the shape of the term only, so terms that are equal up
to bound names are the same tree: ``==``, ``hash``, ``srepr``, pickle and SymPy's caches
agree, and substituting free names can never capture.

A traversal that rebuilds bottom-up by ``func(*args)`` meets bodies with a loose bound
index. If the new name of an inner binder would clash with such a loose index it takes
a higher one for the moment, and the outer binder, which sees the loose index go,
renumbers what is inside. ``tests/test_binding.py`` holds the capture examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from sympy import AtomicExpr, Expr

from derive.errors import NotATerm, OperationRefused
from derive.language.expression import Node, Term, as_term, refuse_capture, refuse_too_large, subterms


class Atom(AtomicExpr, Term):  # type: ignore[misc]  # SymPy has no types
    """A term without parts, told apart by its class and its ``label``."""

    __slots__ = ("label",)
    label: str | int

    def __new__(cls, label: str | int = "") -> Any:
        bound = isinstance(label, int) and not isinstance(label, bool) and issubclass(cls, Index)
        if not (isinstance(label, str) or bound):
            raise NotATerm(f"{cls.__name__}({label!r}): a name is a string.")
        atom = Expr.__new__(cls)
        atom.label = label
        return atom

    def _hashable_content(self) -> tuple[Any, ...]:
        kind = 1 if isinstance(self.label, int) else 0
        return (kind, f"{self.label:06d}" if kind else self.label)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.label,)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.label,)

    def _sympyrepr(self, printer: Any) -> str:
        return f"{type(self).__name__}({self.label!r})" if self.label != "" else f"{type(self).__name__}()"

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (1, (self._sympyrepr(None),)), (), 1

    @property
    def free_symbols(self) -> set[Any]:
        return set()


class Index(Atom):
    """A variable of a finite sort. ``str`` names are free, ``int`` names are bound."""

    __slots__ = ()
    sort: ClassVar[str] = ""

    @property
    def is_bound(self) -> bool:
        return isinstance(self.label, int)

    @property
    def free_symbols(self) -> set[Any]:
        return {self}


class Binder(Node):
    """A node that binds an index in its body: ``Binder(index, domain, body)``.

    The domain lies outside the scope of the index.
    """

    __slots__ = ()
    arity = 3

    def __new__(cls, index: Any, domain: Any, body: Any) -> Any:
        if not isinstance(index, Index):
            raise NotATerm(f"{cls.__name__} binds an index, got {index!r}.")
        domain, body = as_term(domain), as_term(body)
        refuse_too_large(body, room=1)
        height, raised = _survey(body)
        held = index
        if raised:
            held = _unused(index, body)
            body = _canonical(_renamed(body, {index: held}))
            height = _survey(body)[0]
        height += 1
        loose = body.free_symbols - {held}
        while type(index)(height) in loose:
            height += 1  # a loose index of an outer binder in mid-rebuild; that binder renumbers
        bound = type(index)(height)
        return Expr.__new__(cls, bound, domain, _renamed(body, {held: bound}))

    @property
    def index(self) -> Index:
        found: Index = self.args[0]
        return found

    @property
    def domain(self) -> Expr:
        return self.args[1]

    @property
    def body(self) -> Expr:
        return self.args[2]

    @property
    def bound_symbols(self) -> list[Any]:
        return [self.index]

    def _free_indices(self) -> frozenset[Any]:
        return frozenset(self.domain.free_symbols | (self.body.free_symbols - {self.index}))

    def opened(self, name: str | None = None) -> tuple[Index, Expr]:
        """A free index that is not in the body, and the body written with it.

        Nested binders open with different names; two binders side by side may open with
        the same one, so bodies of both belong together only by way of ``each``.

        Raises:
            OperationRefused: if an index called ``name`` is free in the body already.
        """
        fresh = _unused(self.index, self.body) if name is None else type(self.index)(name)
        if fresh in self.body.free_symbols:
            raise OperationRefused(f"{fresh} is free in the body of {self}; open it with another name.")
        return fresh, _renamed(self.body, {self.index: fresh})

    def instantiated(self, value: Any) -> Expr:
        """The body with ``value`` in the place of the index."""
        return substitute(self.body, {self.index: as_term(value)}, loose=True)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), self.args

    def _eval_subs(self, old: Any, new: Any) -> Any:
        self._refuse_bound(old, new)
        return None

    def _xreplace(self, rule: Any) -> Any:
        if isinstance(rule, Mapping):
            for old, new in rule.items():
                self._refuse_bound(old, new)
        return super()._xreplace(rule)

    def _refuse_bound(self, old: Any, new: Any) -> None:
        if isinstance(old, Index) and old.is_bound:
            raise OperationRefused(f"{old._sympyrepr(None)} is bound in {self}; a bound index cannot be replaced.")
        for term in (old, new):
            if self.index in getattr(term, "free_symbols", ()):
                raise OperationRefused(
                    f"{self} binds {self.index._sympyrepr(None)}, which is loose in the replacement. "
                    "Open the binder, or build the new one with each.")


def _survey(term: Expr) -> tuple[int, bool]:
    """The largest height bound in the term, and whether some height is not the one that its shape gives."""
    highest, raised = 0, False
    for place, argument in enumerate(term.args):
        inner, inner_raised = _survey(argument)
        highest, raised = max(highest, inner), raised or inner_raised
        if place == 2 and isinstance(term, Binder):
            raised = raised or term.args[0].label != 1 + inner
    return (max(highest, term.args[0].label) if isinstance(term, Binder) else highest), raised


def _unused(index: Index, *terms: Expr) -> Index:
    """A free index of the same kind that occurs in none of ``terms``; its name tells the height of a bound one."""
    taken = {node.label for term in terms for node in subterms(term) if isinstance(node, Index)}
    name = f"_{index.label if index.is_bound else 0}"
    while name in taken:
        name += "'"
    found: Index = type(index)(name)
    return found


def _renamed(term: Expr, renaming: Mapping[Index, Expr]) -> Expr:
    """Plain replacement of atoms, binders kept as they are: the one place that does so."""
    if isinstance(term, Index):
        return renaming.get(term, term)
    if not term.args:
        return term
    if isinstance(term, Binder) and term.args[0] in renaming:  # shadowed inside
        return Expr.__new__(term.func, term.args[0], _renamed(term.args[1], renaming), term.args[2])
    arguments = tuple(_renamed(argument, renaming) for argument in term.args)
    if all(new is old for new, old in zip(arguments, term.args, strict=True)):
        return term
    return Expr.__new__(term.func, *arguments) if isinstance(term, Binder) else term.func(*arguments)


def _canonical(term: Expr) -> Expr:
    """The term with every binder renumbered whose height is not the one its shape gives."""
    if not _survey(term)[1]:
        return term
    return term.func(*(_canonical(argument) for argument in term.args))


def substitute(term: Expr, values: Mapping[Index, Expr], *, loose: bool = False) -> Expr:
    """``term`` with free indices replaced, without capture.

    Raises:
        OperationRefused: if asked to replace a bound index (``loose`` is for binder
            bodies that this package has just opened).
    """
    if not loose:
        for old in values:
            if old.is_bound:
                raise OperationRefused(f"{old._sympyrepr(None)} is a bound index and cannot be replaced.")
    if isinstance(term, Index):
        return values.get(term, term)
    if not term.args:
        return term
    if not any(index in term.free_symbols for index in values):
        return term
    if isinstance(term, Binder):
        index, body = term.args[0], term.args[2]
        inner = {old: new for old, new in values.items() if old != index}
        if any(index in new.free_symbols for new in inner.values()):  # a loose index under a binder of its name
            fresh = _unused(index, body, *inner, *inner.values())
            index, body = fresh, _renamed(body, {index: fresh})
        domain = substitute(term.args[1], values, loose=loose)
        return term.func(index, domain, substitute(body, inner, loose=loose))
    return term.func(*(substitute(argument, values, loose=loose) for argument in term.args))


def each(binder: type[Binder], kind: type[Index], domain: Any, body: Callable[[Any], Any]) -> Any:
    """A binder built with an index that no argument of ``body`` can clash with.

    ``lambda n: total(Time("k"), gamma**(Time("k") + n))`` applied to n = k captures in
    Python itself; rules build binders with this function instead.
    """
    probe = as_term(body(kind("_")))
    fresh = _unused(kind("_"), probe)
    return binder(fresh, domain, body(fresh))


def rewrite_bottom_up(term: Expr, rewrite: Callable[[Expr], Expr], *, closed: tuple[type, ...] = ()) -> Expr:
    """Apply ``rewrite`` to every node but the index of a binder, innermost first; the one traversal that rebuilds.

    Nodes of the classes ``closed`` are rewritten as wholes, and nothing inside them is.

    Raises:
        OperationRefused: if ``rewrite`` changes a bound index, or brings a loose one to a
            place that did not have it: the binder above would capture it.
    """
    if term.args and not isinstance(term, closed):
        kept = term.args[:1] if isinstance(term, Binder) else ()
        arguments = kept + tuple(
            rewrite_bottom_up(argument, rewrite, closed=closed) for argument in term.args[len(kept):])
        if any(new is not old for new, old in zip(arguments, term.args, strict=True)):
            term = term.func(*arguments)
    result = rewrite(term)
    if result is not term:
        refuse_capture(term, result)
    return result


def loose_indices(term: Expr) -> set[Index]:
    """Bound indices without their binder: never present in a finished term."""
    return {index for index in term.free_symbols if isinstance(index, Index) and index.is_bound}
