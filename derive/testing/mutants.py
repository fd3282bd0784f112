"""One-step mutants of a chain: what a slip of the pen makes of one of its lines.

A mutant replaces one term of a chain, so the steps before and after that term change and
no other. ``told_apart`` asks the float oracle, which shares no code with the kernel,
whether such a step still holds on random MDPs; a checker that deserves trust refutes
every mutant that the oracle tells apart, and none that it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sympy import Expr

from derive.checking.theorems import Chain, Theorem
from derive.errors import MalformedTerm, NotApplicable, OutsideFragment, Undefined
from derive.language.assumptions import check_step
from derive.language.models import Shape
from derive.language.signature import signature
from derive.numeric.gaps import largest_gap
from derive.numeric.instances import random_instance
from derive.testing.slips import term_mutants

SHAPES = (Shape(1, 2, 0), Shape(1, 3, 0), Shape(2, 2, 0), Shape(2, 2, 1), Shape(2, 2, 2))
SAMPLED_SHAPES = (Shape(1, 2, 0, 2), Shape(1, 3, 0, 2), Shape(2, 2, 0, 2), Shape(1, 2, 1, 2), Shape(1, 2, 0, 3))
MOST_ASSIGNMENTS = 200


@dataclass(frozen=True, slots=True)
class Mutant:
    """A chain with the term number ``place`` (from 0) replaced by ``term``."""

    theorem: Theorem
    place: int
    term: Expr
    says: str

    @property
    def steps(self) -> tuple[int, ...]:
        """The equalities of the chain that touch the mutated term: the one before it, the one after it."""
        reasons = self.theorem.chain.reasons
        return tuple(step for step in (self.place - 1, self.place)
                     if 0 <= step < len(reasons) and reasons[step].relation is None)

    def sides(self, step: int) -> tuple[Expr, Expr]:
        """Both sides of a step of the mutated chain."""
        terms = self.chain.terms
        return terms[step], terms[step + 1]

    @property
    def chain(self) -> Chain:
        """The mutated chain."""
        terms = self.theorem.chain.terms
        return Chain((*terms[: self.place], self.term, *terms[self.place + 1 :]), self.theorem.chain.reasons)

    @property
    def mutated(self) -> Theorem:
        """The theorem with the mutated chain, under the same assumptions and with the same reasons."""
        return _theorem(self, self.chain)

    @property
    def alone(self) -> Theorem:
        """As ``mutated``, but with the steps that touch the mutated term only: quicker to examine."""
        chain, first, last = self.chain, self.steps[0], self.steps[-1]
        return _theorem(self, Chain(chain.terms[first : last + 2], chain.reasons[first : last + 1]))

    def __str__(self) -> str:
        return f"{self.theorem.name}, term {self.place + 1}: {self.says}"


def _theorem(mutant: Mutant, chain: Chain) -> Theorem:
    original = mutant.theorem
    return Theorem(title=str(mutant), name=f"mutant_of_{original.name}", assumes=original.assumes, file=original.file,
                   line=original.line, docstring=original.docstring, written=chain)


def chain_mutants(theorem: Theorem) -> Iterator[Mutant]:
    """Every one-step mutant of a theorem's chain, in a fixed order.

    >>> from proofs.gradient_of_probability import gradient_of_probability
    >>> next(chain_mutants(gradient_of_probability)).says
    'factor 2 brought in'
    """
    for place, term in enumerate(theorem.chain.terms):
        for mutated, says in term_mutants(term):
            mutant = Mutant(theorem, place, mutated, says)
            if mutant.steps:
                yield mutant


# -- the oracle --------------------------------------------------------------------------------------


def told_apart(mutant: Mutant) -> bool:
    """Whether the float oracle sees a step fail that touches the mutated term."""
    return any(differs(*mutant.sides(step), mutant.theorem) for step in mutant.steps)


def differs(before: Expr, after: Expr, theorem: Theorem) -> bool:
    """Whether two terms differ on one of a few random MDPs of the theorem's class; the same ones at every call.

    False also where a side has no value on any of them, or where the step cannot be typed.
    """
    try:
        check_step(before, after, theorem.assumes, endless=theorem.endless)
    except MalformedTerm:
        return False
    parts = signature(before, after)
    shapes = SAMPLED_SHAPES if parts.samples else SHAPES
    for number, shape in enumerate(shapes):
        for zeros in (False, True):
            instance = random_instance(np.random.default_rng([number, zeros]), shape, parts,
                                       assumptions=theorem.assumes, zeros=zeros)
            try:
                gap = largest_gap(before, after, instance, assumptions=theorem.assumes, most=MOST_ASSIGNMENTS)
            except (Undefined, NotApplicable, OutsideFragment):
                continue
            if gap.differs:
                return True
    return False
