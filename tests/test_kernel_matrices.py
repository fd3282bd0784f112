"""Random pairs of matrices and traces: what becomes an equation holds in all coordinates of theta, in floats."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from claims_unfolding import A_, S
from kernel_claims import verdict
from kernel_letters import ADD, FALSE, PP, TRUE, Claim, f, pair, score
from kernel_oracle import model_of
from sympy import Expr

from derive.language.ranks import rank, settled_by_one_direction
from derive.language.signature import signature
from derive.language.vocabulary import J, Q, R, V, expect, gamma, grad, inner, outer, pi, tau, trace
from derive.numeric.instances import instance_of
from derive.numeric.interpretation import Meaning
from derive.procedures.decision import Shown

SIZE = (1, 3, 1, 1)
RANDOM = [grad(pi(A_[0] | S[0])), score(0), score(1), score(0) * f(S[0]), score(1) * pair(0)]
FIXED = [grad(J), grad(expect(tau, pair(0))), expect(tau, score(0) * R(tau)), expect(tau, score(1) * pair(1))]
NUMBERS = [J, f(S[0]), pair(0), gamma, V[0](S[0]), Q[0](S[0], A_[0])]


def vector(rng: Random) -> Expr:
    one = rng.choice(RANDOM + FIXED)
    return rng.choice([one, one, rng.choice(NUMBERS) * one, one + rng.choice(RANDOM + FIXED)])


def matrix(rng: Random) -> Expr:
    """Symmetric by its form, mostly."""
    u, w, c = vector(rng), vector(rng), rng.choice(NUMBERS)
    return rng.choice([outer(u, u), outer(u, w) + outer(w, u), c * outer(u, w) + c * outer(w, u), grad(score(0)),
                       outer(u, u) - c * outer(w, w), outer(u, w)])


def law(rng: Random) -> tuple[Expr, Expr]:
    """Two ways to write the same matrix, or the same number; what is random is averaged at the end."""
    u, w, v, c = vector(rng), vector(rng), vector(rng), rng.choice(NUMBERS)
    m, n = matrix(rng), matrix(rng)
    return rng.choice([
        (outer(u + w, u + w), outer(u, u) + outer(u, w) + outer(w, u) + outer(w, w)),
        (outer(c * u, u), c * outer(u, u)),
        (outer(u, w) + outer(w, u), outer(u + w, u + w) - outer(u, u) - outer(w, w)),
        (inner(u + v, w), inner(u, w) + inner(w, v)),
        (inner(c * u, w), c * inner(w, u)),
        (trace(m + n), trace(n) + trace(m)),
        (c * trace(m), trace(c * m)),
        (inner(u, u) - inner(w, w), inner(u - w, u + w)),
        (trace(outer(u, w)), trace(outer(w, u))),
        (J * (1 + inner(u, w)) - J, J * inner(w, u)),
    ])


def claim_of(seed: int) -> Claim:
    rng = Random(seed)
    before, after = (expect(tau, side) for side in law(rng))
    near = rng.random() < 0.5
    if near:
        u, w = vector(rng), vector(rng)
        more = rng.choice([outer(u, w), outer(u, w) + outer(w, u)]) if rank(before) == 2 else rng.choice([
            inner(u, w), J * inner(u, u), J])
        after = after + rng.choice([1, -1]) * expect(tau, more)
    return Claim(f"matrix {seed}", before, after, frozenset([*ADD, *PP]), FALSE if near else TRUE)


def apart(claim: Claim) -> float:
    model = model_of(claim, SIZE, Random(0))
    meaning = Meaning(instance_of(model, signature(claim.before, claim.after)))
    one, two = (np.asarray(meaning.value(side, {})) for side in (claim.before, claim.after))
    return float(np.abs(one - two).max()) / max(1.0, float(np.abs(one).max()))


def campaign(seeds: range) -> Counter[str]:
    counts = Counter[str]()
    for seed in seeds:
        claim = claim_of(seed)
        shown = isinstance(verdict(claim), Shown)
        settled = settled_by_one_direction(claim.before, claim.after)
        counts[f"{'settled' if settled else 'open'}, {claim.truth}, {'shown' if shown else 'not shown'}"] += 1
        assert settled or not shown, claim
        if shown:
            assert apart(claim) < 1e-9, claim
        elif settled and claim.truth == FALSE:
            counts["different"] += apart(claim) > 1e-9
    return counts


def test_random_matrices() -> None:
    counts = campaign(range(30))
    assert counts["settled, true, shown"] > 7
    assert counts["settled, true, not shown"] == 0
    assert counts["different"] == counts["settled, false, not shown"] > 4


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_three_thousand_matrices(batch: int) -> None:
    campaign(range(1000 + 300 * batch, 1300 + 300 * batch))
