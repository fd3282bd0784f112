"""The automata on large shapes at random points, backward in time: cost at most linear in the horizon.

A sum over all trajectories is a product of matrices, one a step, so nobody walks through
10^400 trajectories. Here the entries are residues at random points modulo random primes:
any shape, and never a proof. ``backward`` does the same exactly on small shapes.

Where the return is arbitrary, each trajectory is a question of its own. Then R(tau) is
replaced by a product of independent indeterminates rho_t(s_t, a_t, s_{t+1}): different
trajectories get different monomials, so a combination of trajectories vanishes with
these if and only if each coefficient does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log2
from random import Random

import numpy as np
from sympy import Expr

from derive.assumptions import Assumption
from derive.errors import OutsideFragment
from derive.language.horizons import is_endless
from derive.models import Shape
from derive.procedures.closure import Difference
from derive.procedures.coordinates import VALUES
from derive.procedures.everywhere import differences
from derive.procedures.modular import random_primes
from derive.procedures.transfer import Transfer

POINTS = 8
"""(prime, point) pairs of 31 bits; 8 of them are worth more than 4 of 61."""


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
        return (f"not proved: equal at {self.points} random points modulo random 31-bit primes, {where}; "
                f"a false identity passes with probability at most 2^-{self.bits}")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The sides differ at a random point, hence on the generic model of this shape."""

    shape: Shape

    def __str__(self) -> str:
        return f"different on the generic model S={self.shape.states} A={self.shape.actions} H={self.shape.horizon}"


def probe(before: Expr, after: Expr, assumptions: Iterable[Assumption], shape: Shape, *,
          points: int = POINTS, seed: int = 0) -> Agreement | Disagreement:
    """Compare two terms at random points of one shape, however many trajectories it has.

    Raises:
        OutsideFragment: if the claim has no automaton.
    """
    if is_endless(before, after):
        raise OutsideFragment("an infinite horizon is not probed; its shapes are checked by resolvents")
    found = differences(before, after, frozenset(assumptions))
    primes = random_primes(Random(f"probe/{seed}/{shape}"), points)
    source = np.random.default_rng(seed)
    for difference in found:
        if Transfer(difference, shape, source, primes).value().any():
            return Disagreement(shape)
    return Agreement(shape, points, min((_bits(one, shape, points) for one in found), default=0))


def _bits(difference: Difference, shape: Shape, points: int) -> int:
    """The error bound: degree over prime, plus the chance that a random prime divides the gap.

    The gap is a polynomial of degree at most D = (H + 2) d, d the largest degree of a
    letter with its weight. Its coefficients are sums of at most N = (L S A)^(H+1) products
    of at most H + 2 weights of height h, so a nonzero one has at most
    log2(N h^(H+2)) / 30 prime factors above 2^30, of the 5 * 10^7 primes drawn from.
    """
    value = 3 * (shape.horizon + 1) + 1  # of V_t in pi, P, gamma and r
    degree = max((sum(abs(e) * (value if symbol[1] in VALUES else 1) for symbol, e in letter)
                  for letter in difference.letters), default=1) + 4
    steps = shape.horizon + 2
    height = 1 + max((abs(int(c)).bit_length() for arrows in difference.letters.values()
                      for w in arrows.values() for c in w.to_dict().values()), default=1)
    terms = max(2, len(difference.letters)) * shape.states * shape.actions
    divisors = steps * (log2(terms) + height) / 30
    once = steps * degree / 2**30 + divisors / 5e7
    return int(-points * log2(once))
