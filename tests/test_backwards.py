"""Sums whose places run backwards, and sums over nothing, at random: what the kernel shows is so by enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from kernel_letters import f, score
from sympy import Expr

from derive.checking.deciding import Deciding
from derive.counterexample.claim import AGREEMENT, Claim
from derive.counterexample.enumerate import Enumeration
from derive.counterexample.witness import random_model
from derive.errors import MalformedTerm
from derive.kernel.terms import Tuple
from derive.language.assumptions import check_step
from derive.language.binding import substitute
from derive.language.expression import as_term
from derive.language.models import Shape
from derive.language.vocabulary import H, expect, function, gamma, k, t, tau, total
from derive.procedures import encoding
from derive.procedures.decision import Shown

S, g = tau.s, function("g")
RANGES = ((0, H), (0, H), (1, H), (0, H - 1))
INNER = ((0, t), (t, H), (0, H - t), (H - t, H), (0, H), (t + 1, t), (t + 1, H))


def summand(source: Random) -> Expr:
    """A term at the time t, whose places run forwards or backwards."""
    backwards, later = source.random() < 0.6, source.choice((0, 0, 0, 1))
    now = f(S[(H - t if backwards else t) + later])
    match source.randrange(5):
        case 0:
            return now * g(S[H - t if backwards else t])
        case 1:
            return score(H - t if backwards else t) * now
        case 2:
            return gamma ** source.choice((t, H - t, 2 * t)) * now
        case 3:
            first, last = source.choice(INNER)
            return now * total(k, g(S[source.choice((k, k, H - k))]), start=first, stop=last)
    return now + total(k, f(S[k]), start=source.choice((H + 1, 1)), stop=source.choice((H, 0)))


def pair(source: Random) -> tuple[Expr, Expr]:
    """A sum and the same counted from its other end, often; with another range, or another sum, else."""
    (first, last), one = source.choice(RANGES), summand(source)
    other = substitute(one, {t: H - t})
    low, high = H - last, H - first
    if source.random() < 0.3:
        low, high = source.choice(RANGES)
    if source.random() < 0.3:
        other = summand(source)
    return as_term(expect(tau, total(t, one, start=first, stop=last))), as_term(
        expect(tau, total(t, other, start=low, stop=high)))


def shown(seeds: range) -> Iterator[tuple[Expr, Expr, int, int]]:
    """The pairs that become equations, with their first horizons and seeds."""
    for seed in seeds:
        before, after = pair(Random(seed))
        try:
            check_step(before, after, ())
        except MalformedTerm:
            continue
        found = Deciding([before, after], (), infinite=False).kernel(before, after)
        if isinstance(found, Shown) and not found.equation.context.owes:
            yield before, after, found.equation.context.first, seed


def false_ones(seeds: range) -> Iterator[int]:
    """The seeds of pairs that are shown, and differ on a model."""
    for before, after, first, seed in shown(seeds):
        for horizon in range(first, first + 2):
            claim = Claim(before, after, frozenset(), False)
            oracle = Enumeration(random_model(claim, Shape(2, 2, horizon), Random(seed), "positive"))
            if abs(oracle.value(before) - oracle.value(after)) > AGREEMENT:
                yield seed
                break


def test_what_is_shown_is_true() -> None:
    assert list(false_ones(range(25))) == []
    assert len(list(shown(range(25)))) > 5


@pytest.mark.deep
def test_what_is_shown_is_true_at_length() -> None:
    assert list(false_ones(range(25, 1500))) == []


def test_a_wrong_end_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = encoding.forwards

    def wrong(index: Tuple, span: Tuple, body: Tuple) -> Tuple:
        """Counted from H, whatever the range is."""
        if right(index, span, body) == body:
            return body
        return tuple(encoding.k.replaced(body, index, encoding.k.time(0, ("H", 1), (index, -1))))

    monkeypatch.setattr(encoding, "forwards", wrong)
    assert any(True for _ in false_ones(range(25)))


def test_a_sum_that_is_not_empty_is_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "never", lambda span: span[0] == "from" and encoding.k.INF not in span
                        and span[1] == encoding.k.time(1))
    assert any(True for _ in false_ones(range(25)))
