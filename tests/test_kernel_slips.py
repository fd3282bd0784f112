"""Slips in the claims: a time, a limit, a policy, a number changed, a part dropped, an assumption too few.

Most slips of a true claim are false, and some are true for another reason. What becomes an equation is tried on small
models. This reaches samples, local sums, values of two policies and supports, which no generator of random pairs speaks
of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from kernel_claims import CLAIMS, encoded
from kernel_decoding import decoded
from kernel_letters import TRUE, Claim
from kernel_oracle import SAMPLED, sizes_of, witness_of_a_difference

from derive.errors import DeriveError
from derive.kernel import terms as k_
from derive.kernel.terms import Malformed, Term
from derive.language.assumptions import POSSIBLE
from derive.language.horizons import is_endless
from derive.language.signature import signature
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of

ALIKE = {"f": "cb", "c": "fb", "b": "f", "q": "z", "z": "q"}
"""Functions of the same arguments."""
SMALL = ((1, 2, 0), (2, 2, 0), (1, 2, 1), (2, 2, 1), (1, 2, 2))


def spots(t: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """The paths to all tuples inside."""
    return [path, *(spot for n, x in enumerate(t) if type(x) is tuple and x for spot in spots(x, (*path, n)))]


def found(t: Any, path: tuple[int, ...]) -> Any:
    for n in path:
        t = t[n]
    return t


def exchanged(t: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    return (*t[: path[0]], exchanged(t[path[0]], path[1:], new), *t[path[0] + 1 :])


def slipped(x: Any, rng: Random) -> Any:
    """A changed tuple, or None where there is nothing to slip on."""
    match x:
        case ("lin", n, parts):
            way = rng.choice(["number", "number", "base", "none"])
            if way == "base" and parts:
                return k_.time(n, ("H", 1))
            if way == "none" and parts:
                return k_.time(max(n, 0))
            return ("lin", n + rng.choice([-1, 1]), parts)
        case ("num", p, q):
            return ("num", rng.choice([p + 1, p - 1, -p]), q)
        case ("^", base, n):
            return rng.choice([("^", base, n + 1), base])
        case ("pi", policy, *places):
            return ("pi", "beta" if policy == "pi" else "pi", *places)
        case ("V", policy, time, s):
            return ("V", "beta" if policy == "pi" else "pi", time, s)
        case ("E", index, policy, body):
            return ("E", index, "beta" if policy == "pi" else "pi", body)
        case ("f", name, *places) if name in ALIKE:
            return ("f", rng.choice(ALIKE[name]), *places)
        case ("P", y, s, a):
            return ("P", s, y, a)
        case ("r", s, a, y):
            return ("r", y, a, s)
        case ("+" | "*", first, second, *rest):
            return rng.choice([first, second, (x[0], second, *rest), (x[0], first, *rest)])
        case ("/", above, below):
            return rng.choice([above, ("/", below, above)])
        case ("drawn", batch, draw):
            return ("drawn", batch, rng.choice([1, 2]) if type(draw) is int else 1)
        case ("gamma",):
            return ("num", 1, 1)
        case ("m",):
            return ("+", ("m",), ("num", -1, 1))
        case ("log", inside):
            return inside
    return None


@cache
def bases() -> tuple[Claim, ...]:
    return tuple(claim for claim in CLAIMS if claim.truth == TRUE)


def slip(seed: int) -> Claim | None:
    """A true claim with one or two slips, and sometimes other assumptions; None where it is no term any more."""
    rng = Random(f"slip {seed}")
    claim = rng.choice(bases())
    sides = list(encoded(claim)[1:])
    for _ in range(rng.choice([1, 1, 2])):
        side = rng.randrange(2)
        for _ in range(20):
            path = rng.choice(spots(sides[side]))
            new = slipped(found(sides[side], path), rng)
            if new is not None:
                sides[side] = exchanged(sides[side], path, new)
                break
    assumes = set(claim.assumes)
    if assumes and rng.random() < 0.25:
        assumes.discard(rng.choice(sorted(assumes, key=str)))
    if rng.random() < 0.1:
        assumes.add(POSSIBLE)
    try:
        before, after = map(decoded, sides)
        made = Claim(f"slip {seed} of {claim.name}", before, after, frozenset(assumes), TRUE)
        return made if signature(before, after).order <= 2 else None
    except (DeriveError, Malformed, TypeError, ValueError):  # what a slip made is not always a term
        return None


def is_false(claim: Claim, first: int, m: int) -> bool | None:
    """Whether a small model separates the sides; None if none is small enough."""
    depth = max(map(paths_inside, encoded(claim)[1:]))
    drawn = tuple((*size[:3], max(size[3], m)) for size in SAMPLED)
    endless, sampled = is_endless(claim.before, claim.after), signature(claim.before, claim.after).samples
    sizes = sizes_of(claim) if endless else drawn if sampled else SMALL
    fitting = tuple(size for size in (*sizes, (1, 2, first, m), (2, 1, first, m)) if size[2] >= first
                    and (size[0] * size[1]) ** (size[2] + 1) <= (20 if depth > 1 else 70))
    if not fitting:
        return None
    return witness_of_a_difference(replace(claim, sizes=fitting), range(1)) is not None


def paths_inside(t: Term) -> int:
    """How deep sums over trajectories stand in one another."""
    inner = max((paths_inside(x) for x in t if type(x) is tuple), default=0)
    return inner + (len(t) == 4 and t[0] in ("E", "sum") and t[1][0] == "trajectory")


def campaign(seeds: range) -> tuple[list[Claim], Counter[str]]:
    wrong, counts = [], Counter[str]()
    for seed in seeds:
        claim = slip(seed)
        if claim is None:
            counts["no term"] += 1
            continue
        infinite = is_endless(claim.before, claim.after)
        encoding = Encoding(claim.assumes, infinite=infinite)
        try:
            sides = encoding.term(claim.before), encoding.term(claim.after)
            answer = decided(context_of(claim.assumes, infinite=infinite), *sides)
        except (Malformed, DeriveError):
            counts["malformed"] += 1
            continue
        counts[type(answer).__name__] += 1
        if isinstance(answer, Shown):
            context = answer.equation.context
            differs = is_false(claim, context.first, context.samples)
            counts["compared"] += differs is not None
            if differs:
                wrong.append(claim)
    return wrong, counts


@pytest.mark.slow
def test_slips_that_are_shown_are_true() -> None:
    wrong, counts = campaign(range(140))
    assert wrong == []
    assert min(counts["compared"], counts["Differs"], counts["Outside"]) > 6


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_twenty_thousand_slips(batch: int) -> None:
    assert campaign(range(10_000 + 2_000 * batch, 12_000 + 2_000 * batch))[0] == []
