"""What is not of the language is refused with a sentence by whatever reads terms; it is never taken for a constant."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from examples import index_classes, node_classes
from sympy import Add, Expr, Symbol

from derive import J, a, automata, gamma, grad, log, mu, pi, s
from derive.checking.deciding import Deciding
from derive.checking.examine import examine
from derive.checking.theorems import By, Chain, Theorem
from derive.counterexample.enumerate import Enumeration
from derive.errors import NotATerm
from derive.language import terms
from derive.language.alphabets import LATEX, UNICODE, Alphabet
from derive.language.assumptions import VOCABULARY
from derive.language.binding import Atom, Index
from derive.language.dependence import depends_on_theta
from derive.language.expression import Node, Plus, Times
from derive.language.models import Model, Shape
from derive.language.notation import write
from derive.language.signature import signature
from derive.language.source import source
from derive.language.terms import NODES, Everything, Grad, State, Total
from derive.language.typing import admit, check
from derive.numeric.gaps import largest_gap
from derive.numeric.instances import random_instance
from derive.numeric.interpretation import value as value_in_floats
from derive.procedures.decide import Comparison
from derive.semantics.concrete import Rationals, concrete_model
from derive.semantics.evaluate import Evaluator


class Median(Node):
    """A node that this language does not have."""

    __slots__ = ()
    arity = 1


class Quantile(Atom):
    """An atom that this language does not have."""

    __slots__ = ()


class Twice(Total):
    """A sum that counts double: it must not pass for the sum that it inherits from."""

    __slots__ = ()


class Room(State):
    """A kind of index that this language does not have."""

    __slots__ = ()


q = Symbol("q")
room = Room("room")
FOREIGN: dict[str, Expr] = {
    "symbol": q, "node": Median(gamma), "atom": Quantile("q"), "binder": Twice(s, Everything(), mu(s)),
    "index": mu(room), "sum": Add(q, 1),
}


def around(foreign: Expr) -> dict[str, Expr]:
    """Places where theta does not occur in the foreign part, and a reader might skip it."""
    return {
        "itself": foreign,
        "a summand": Expr.__new__(Plus, J, foreign),
        "a factor": Expr.__new__(Times, foreign, grad(J)),
        "below a gradient": Expr.__new__(Grad, foreign),
        "beside theta below a gradient": Expr.__new__(Grad, Expr.__new__(Times, foreign, log(pi(a | s)))),
        "in a sum": Expr.__new__(Total, State(1), Everything(), Expr.__new__(Times, mu(State(1)), foreign)),
    }


PARTS = {f"{kind}, {place}": term for kind, foreign in FOREIGN.items() for place, term in around(foreign).items()}


F = Fraction
EVEN = (F(1, 2), F(1, 2))
MODEL = Model(shape=Shape(2, 2, 0), mu=EVEN, P=((EVEN, EVEN), (EVEN, EVEN)), r=(((F(1), F(0)),) * 2,) * 2,
              gamma=F(1, 2), policies={"pi": (EVEN, EVEN)}, scores=((F(0), F(1)), (F(1), F(0))), returns=None,
              functions={})
INSTANCE = random_instance(np.random.default_rng(0), Shape(2, 2, 0), signature(J, mu(s)))
AT: dict[Any, Any] = {s: 0, a: 1, room: 0}
READERS: dict[str, Callable[[Expr], Any]] = {
    "the door": admit,
    "the types": check,
    "source": source,
    "exact": lambda term: Evaluator(concrete_model(MODEL, Rationals())).value(term, AT),
    "enumeration": lambda term: Enumeration(MODEL).value(term, AT),
    "floats": lambda term: value_in_floats(term, INSTANCE, AT),
    "a gap in floats": lambda term: largest_gap(term, term, INSTANCE),
    "every horizon": lambda term: Deciding([term, J], VOCABULARY, infinite=False).kernel(term, J),
    "every horizon, on the right": lambda term: Deciding([term, J], VOCABULARY, infinite=False).kernel(J, term),
    "the comparison": lambda term: Comparison([term, J], VOCABULARY).compare(term, J),
    "a chain": lambda term: examine(stated(term, term)),
}


def stated(before: Expr, after: Expr) -> Theorem:
    """A theorem that did not pass through ``calc``, which has a door."""
    return Theorem(title="stated", name="stated", assumes=VOCABULARY, file="page.md", line=1, docstring="",
                   written=Chain((before, after), (By(automata, None, "proved", 2),)))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("part", PARTS)
def test_a_foreign_part_is_refused_with_a_sentence(part: str, reader: str) -> None:
    with pytest.raises(NotATerm, match=r"foreign SymPy symbol|is not (a term )?of this language"):
        READERS[reader](PARTS[part])


@pytest.mark.parametrize("part", [part for part in PARTS if not part.startswith(("sum, itself", "symbol, itself"))])
@pytest.mark.parametrize("alphabet", [LATEX, UNICODE])
def test_a_foreign_part_has_no_notation(part: str, alphabet: Alphabet) -> None:
    with pytest.raises(NotATerm, match="is not of this language"):
        write(PARTS[part], alphabet)
    with pytest.raises(NotATerm):
        str(PARTS[part])


@pytest.mark.parametrize("place", around(gamma))
def test_the_same_places_with_a_part_of_the_language_are_read(place: str) -> None:
    """The twin: with gamma there instead, every reader reads."""
    term = around(gamma)[place]
    for name, read in READERS.items():
        if name != "a gap in floats":
            read(term)
    assert write(term, LATEX)
    assert write(term, UNICODE)


def test_what_would_happen_if_a_foreign_part_were_a_constant() -> None:
    """The refusals matter: below a gradient a part without theta is 0, whatever it is."""
    assert not depends_on_theta(Median(gamma))
    row = Evaluator(concrete_model(MODEL, Rationals())).meaning(Expr.__new__(Grad, Median(gamma)), 0, 0)
    assert row({}) == (0,)  # behind the door
    with pytest.raises(NotATerm):
        Evaluator(concrete_model(MODEL, Rationals())).value(Expr.__new__(Grad, Median(gamma)), {})


def test_the_list_of_nodes_is_whole() -> None:
    atoms = {value for value in vars(terms).values() if isinstance(value, type) and issubclass(value, Atom)}
    assert node_classes() | index_classes() | (atoms - {Atom, Index}) == NODES
