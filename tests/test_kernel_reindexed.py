"""Random sums over a time, counted from another one or from the first, with slips in one place of four."""

from __future__ import annotations

from random import Random

import pytest
from kernel_claims import NAMED, verdict
from kernel_letters import ADD, END, FALSE, TRUE, Claim, b, f, g, q, reward, score
from kernel_plants import plant
from random_claims import tally
from sympy import Expr, Integer

from derive.kernel import reading, reindexing
from derive.language.vocabulary import H, expect, forever, gamma, grad, k, t, tau, total
from derive.procedures.decision import Shown

SIZES = ((1, 2, 2), (2, 2, 1), (1, 2, 1))


def pair(seed: int) -> Claim:
    rng = Random(f"reindexed/{seed}")
    endless, near, free = rng.random() < 0.4, rng.random() < 0.5, rng.random() < 0.3
    slip = rng.choice(["start", "weight", "place", "stop"]) if near else ""
    power, first, ahead = rng.choice([1, 2]), rng.choice([0, 0, 1]), rng.choice([0, 0, 1])
    inner = rng.choice([reward, lambda at: f(tau.s[at]) * g(tau.a[at]), lambda at: q(tau.s[at], tau.a[at])])
    outside = rng.choice([score(t), b(tau.s[t]), Integer(1)]) * gamma**t

    def late(at: Expr) -> Expr:
        return f(tau.s[at + ahead]) * inner(at)

    last = forever if endless else H
    there = total(k, gamma ** (power * (k - t)) * late(k), start=t + first, stop=last)
    shifted = k + t + int(slip == "place")
    stop = forever if endless else H - t - 1 if slip in ("stop", "place") else H - t
    weight = gamma ** (power * k + int(slip == "weight"))
    here = total(k, weight * late(shifted), start=first + int(slip == "start"), stop=stop)
    if slip == "stop" and endless:
        here = here + gamma**3 * late(t + 5)
    if free:
        before, after = expect(tau, outside * there), expect(tau, outside * here)
    else:
        before, after = (expect(tau, total(t, outside * one, stop=last)) for one in (there, here))
    if rng.random() < 0.2 and not free and "∇" not in str(outside):
        before, after = grad(before), grad(after)
    return Claim(f"reindexed {seed}", before, after, frozenset(END if endless else ADD), FALSE if near else TRUE,
                 sizes=((1, 2, 3), (2, 2, 3)) if endless else SIZES)


def test_three_looks_keep_a_bound_time_inside_of_its_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each without the ones before it; without the three, the false claim that an attack found is an equation."""
    false = NAMED["added times: of a sum in it, not out of it"]
    assert "a sum of times" in str(verdict(false))
    monkeypatch.setattr(reindexing, "is_outside", lambda part: True)
    assert "no time in scope" in str(verdict(false))
    monkeypatch.setattr(reindexing, "check", lambda term: None)
    assert "a bound time outside of its sum" in str(verdict(false))
    plant(monkeypatch, reading.Closed.time, "type(base[1]) is int", "False")
    assert isinstance(verdict(false), Shown)


@pytest.mark.slow
def test_random_reindexed_sums() -> None:
    counts = tally(map(pair, range(16)))
    assert counts["shown, true"] > 0.8 * counts["true"] > 3
    assert counts["near"] > 4


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_two_thousand_reindexed_sums(batch: int) -> None:
    counts = tally(map(pair, range(1000 + 200 * batch, 1200 + 200 * batch)))
    assert counts["shown, true"] > 0.8 * counts["true"]
