"""A claim on a large shape at random points modulo random primes: cost at most linear in the horizon, never a proof.

Where the return is arbitrary, each trajectory is a question of its own. Then R(tau) is a product of independent
indeterminates rho_t(s_t, a_t, s_{t+1}): different trajectories get different monomials, so a combination of
trajectories, linear in the values of R, vanishes with these if and only if each coefficient does. A claim about every
trajectory is asked in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

import numpy as np
from sympy import Expr

from derive.errors import OutsideFragment
from derive.kernel.definedness import OutOfRange
from derive.kernel.differences import Gap, difference
from derive.kernel.factors import MU
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed
from derive.language.assumptions import Assumption
from derive.language.dependence import speaks_of_histories
from derive.language.horizons import is_endless
from derive.language.models import Shape
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.refusals import missing
from derive.semantics.modular import random_primes
from derive.transfer.arrays import Array, Residues
from derive.transfer.automata import Transfer
from derive.transfer.error_bound import of_automaton, of_polynomial
from derive.transfer.tables import Tables
from derive.transfer.unfolding import plain_automaton

POINTS = 8
"""(prime, point) pairs of 31 bits; 8 of them are worth more than 4 of 61."""

MOST_WORK = 1e9
"""Elementary operations that one step may take at all points together."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Both sides agreed at random points; a false identity does so with probability at most 2^-bits.

    ``bits`` is 0 where nothing was left to compare: both sides are one polynomial in one set of sums.
    """

    shape: Shape
    points: int
    bits: int

    def __str__(self) -> str:
        where = f"S={self.shape.states} A={self.shape.actions} H={self.shape.horizon}"
        if not self.bits:
            return f"the same combination of the same sums over trajectories, {where} and every other shape"
        return (f"equal at {self.points} random points modulo random 31-bit primes, {where}, which is no proof: "
                f"a false identity passes with probability at most 2^-{self.bits}")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The sides differ at a random point, hence on the generic model of this shape."""

    shape: Shape

    def __str__(self) -> str:
        return f"different on the generic model S={self.shape.states} A={self.shape.actions} H={self.shape.horizon}"


class RandomPoints(Tables):
    """The generic model of a shape at random points, rows of probabilities normalised, modulo a prime each."""

    def __init__(self, shape: Shape, primes: Array, source: np.random.Generator) -> None:
        super().__init__()
        self.ring: Residues = Residues(primes)
        self.source = source
        self.states, self.actions, self.horizon = shape.states, shape.actions, shape.horizon
        self._tables: dict[tuple[str, str, str], Array] = {}
        self._returns: dict[int, Array] = {}
        self.gamma, self.m = self._drawn(), self._drawn()

    def _drawn(self, *size: int) -> Array:
        return np.stack([self.source.integers(1, int(p), size=size, dtype=np.uint64) for p in self.ring.primes])

    def given(self, what: str, name: str, sorts: str) -> Array:
        if (what, name, sorts) not in self._tables:
            table = self._drawn(*(self.actions if sort == "a" else self.states for sort in sorts))
            if what in ("mu", "P", "pi", "dpi", "d2pi"):  # the first argument is what has this distribution
                total = np.uint64(what in ("mu", "P", "pi"))
                rest = self.ring.total(table[:, 1:], 1)
                table[:, 0] = self.ring.reduced(self.ring.modulus(rest) + total - rest)
            self._tables[what, name, sorts] = table
        return self._tables[what, name, sorts]

    def returned(self, t: int) -> Array:
        if t not in self._returns:
            drawn = self._drawn(self.states, self.actions, self.states)
            self._returns = {**self._returns, t: drawn} if drawn.size * self.horizon < 1e7 else {t: drawn}
        return self._returns[t]


def probe(before: Expr, after: Expr, assumptions: Iterable[Assumption], shape: Shape, *,
          points: int = POINTS, seed: int = 0) -> Agreement | Disagreement:
    """Compare two terms at random points of one shape, however many trajectories it has.

    Raises:
        OutsideFragment: if the kernel does not read the claim as one about sums over trajectories.
        WorkLimit: for more than ``MOST_WORK``.
    """
    if is_endless(before, after):
        raise OutsideFragment("an infinite horizon is not probed")
    if speaks_of_histories(before, after):
        raise OutsideFragment("functions of the history; a model has functions of the last state only")
    known = frozenset(assumptions)
    encoding = Encoding(known, infinite=False)
    try:
        gap = difference(context_of(known, infinite=False), encoding.term(before), encoding.term(after), None)
        return _probed(gap, shape, points, seed)
    except OutOfRange:
        raise OutsideFragment("a time that may lie outside of the trajectory") from None
    except (Refused, Malformed, OutsideFragment) as refused:
        raise OutsideFragment(missing(str(refused)).says) from None


def _probed(gap: Gap, shape: Shape, points: int, seed: int) -> Agreement | Disagreement:
    if gap.context.first > shape.horizon:
        raise OutsideFragment(f"the sides are equal or different from H = {gap.context.first} on")
    primes = random_primes(Random(f"probe/{seed}/{shape}"), points)
    tables = RandomPoints(shape, primes, np.random.default_rng(seed))
    reader, bounds = Transfer(tables, None, MOST_WORK), []
    if gap.polynomial is None:
        for one in gap.sums:
            if one.start:
                bounds.append(of_automaton(one, shape))
                if reader.value(one, int(one.each)).any():
                    return Disagreement(shape)
    else:
        monomials = [monomial for monomial, _ in gap.atoms]
        returning = {k for k, monomial in enumerate(monomials) if dict(monomial).get(("R",))}
        if any(sum(k in returning for k in sums) > 1 for _, (_, sums) in gap.polynomial):
            raise OutsideFragment("a product of sums over an arbitrary return")
        poly = {(c, (n, tuple(monomials[k] for k in sums))): v for (c, (n, sums)), v in gap.polynomial.items()}
        if poly:
            first = gap.context.first
            atoms = {one: of_automaton(plain_automaton(one, first), shape, dict(one).get(MU, 0)) for one in monomials}
            bounds.append(of_polynomial(poly, atoms, shape.horizon))
            if reader.polynomial(poly, first).any():
                return Disagreement(shape)
    return Agreement(shape, points, min((bound.bits(points) for bound in bounds), default=0))
