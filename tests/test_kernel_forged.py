"""Certificates of false claims: the search's with its tests off, other claims', empty ones, and mutations of all these.

With the tests off every basis and identity is right and only the claim is false, so that nothing but the conditions of
the kernel stand against it. None may be accepted, and the kernel may raise its own exceptions only.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest
from kernel_claims import CLAIMS, NAMED, encoded, verdict
from kernel_letters import FALSE, TRUE, Claim

from derive.errors import MalformedTerm, WorkLimit
from derive.kernel.closure import NotShown
from derive.kernel.differences import Gap
from derive.kernel.equations import by_closure, gap_of
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed
from derive.procedures.certificates import certificate
from derive.procedures.decision import Shown, is_local, policies

EMPTY: tuple[Any, ...] = (
    None, {}, [], "", 0, {"sums": []}, {"relations": []}, {"sums": None}, {"sums": {}}, {"relations": None},
    {"relations": {}}, {"sums": [], "relations": []}, {"sums": [{}]}, {"sums": [[]]}, {"relations": [{}]},
    {"sums": [{"rows": [], "steps": [], "columns": [], "units": []}]},
    {"sums": [{"rows": [], "steps": [], "kappa": [], "determinant": []}]},
    {"sums": [{"rows": [], "steps": [], "kappa": [], "determinant": [[[0, 0], 1, 1]]}]},
    {"relations": [{"number": 0, "factor": [[[0, 0], 1, 1]], "of": [], "sums": []}]})
STRANGE: tuple[Any, ...] = (
    True, False, None, 0, 1, -1, 0.0, 1.5, float("nan"), float("inf"), "", "0", "rows", 10**400, -(10**400), [], {},
    [[]], [0], [[0, 0], 1, 1], [[[0, 0], 1, 1]], [[[0, 0], 1, 0]], [[[1, 0], -1, 1]], {"rows": []}, (1, 2), b"1")


def gaps(claim: Claim) -> Iterator[Gap]:
    """What must vanish for a claim, in each choice of coordinates that the kernel reads."""
    try:
        context, before, after = encoded(claim)
        if is_local(before, after):
            return
        for policy in policies(before, after):
            try:
                yield gap_of(context, before, after, policy)
            except Refused:
                continue
    except (Malformed, MalformedTerm):
        return


@cache
def false_gaps() -> tuple[Gap, ...]:
    return tuple(gap for claim in CLAIMS if claim.truth == FALSE for gap in gaps(claim))


def written(gap: Gap, *, testing: bool) -> Any:
    """What the search writes; None where it writes nothing."""
    try:
        found = certificate(gap, testing=testing)
    except (Refused, WorkLimit):
        return None
    return found if isinstance(found, dict) else None


@cache
def true_certificates() -> tuple[Any, ...]:
    """Certificates of true claims, as they are read from a file."""
    found = [written(gap, testing=True) for claim in CLAIMS if claim.truth == TRUE for gap in gaps(claim)]
    return tuple(json.loads(json.dumps(one)) for one in found if one is not None)


# -- mutations ----------------------------------------------------------------------------------------------------


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every entry inside."""
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(data[key], (*path, key))


def mutated(data: Any, rng: Random) -> Any:
    """One to three entries changed: numbers, entries dropped, doubled, swapped, of another type."""
    data = copy.deepcopy(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        found = list(places(data))
        if not found:
            return data
        *path, key = rng.choice(found)
        inside = data
        for part in path:
            inside = inside[part]
        entry = inside[key]
        match rng.choice(["number", "number", "drop", "double", "swap", "clear", "strange", "other"]):
            case "number" if type(entry) is int:
                inside[key] = entry + rng.choice([-2, -1, 1, 2])
            case "drop":
                inside.pop(key)
            case "double" if isinstance(inside, list):
                inside.insert(key, copy.deepcopy(entry))
            case "swap" if isinstance(inside, list):
                other = rng.randrange(len(inside))
                inside[key], inside[other] = inside[other], inside[key]
            case "clear" if isinstance(entry, (list, dict)):
                entry.clear()
            case "other":
                inside[key] = copy.deepcopy(value(data, rng.choice(found)))
            case _:
                inside[key] = copy.deepcopy(rng.choice(STRANGE))
    return data


def value(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


# -- the attack -----------------------------------------------------------------------------------------------------


def forged(gap: Gap, rng: Random, mutations: int) -> Iterator[Any]:
    """Certificates for a claim that is false."""
    own = written(gap, testing=False)
    others = rng.sample(true_certificates(), 2)
    yield from (one for one in (own, *others) if one is not None)
    yield from rng.sample(EMPTY, 2)
    if own is not None:
        for _ in range(mutations):
            yield mutated(own, rng)
    for _ in range(mutations // 4):
        yield mutated(rng.choice(others), rng)


def attacked(listed: tuple[Gap, ...], seed: int, mutations: int) -> tuple[Counter[str], list[Any]]:
    """What the kernel says of forged certificates, and those that it accepts."""
    said, accepted = Counter[str](), []
    for gap in listed:
        for one in forged(gap, Random(f"forged {seed} {gap.before} {gap.after}"), mutations):
            try:
                by_closure(gap, one)
            except (NotShown, Refused) as refusal:
                said[type(refusal).__name__] += 1
                continue
            said["accepted"] += 1
            accepted.append((gap.before, gap.after, one))
    return said, accepted


@pytest.mark.slow
def test_no_certificate_of_a_false_claim_is_accepted() -> None:
    said, accepted = attacked(false_gaps()[::8], 1, 7)
    assert accepted == []
    assert said["NotShown"] > 300


@pytest.mark.deep
def test_no_certificate_of_any_false_claim_is_accepted() -> None:
    assert attacked(false_gaps(), 2, 8)[1] == []


def test_a_forged_certificate_fails_by_a_condition_and_not_by_its_form() -> None:
    """What the search writes without testing is refused for what it would show."""
    reasons = Counter[str]()
    for gap in false_gaps()[::4]:
        own = written(gap, testing=False)
        if own is not None:
            with pytest.raises((NotShown, Refused)) as refusal:
                by_closure(gap, own)
            reasons[str(refusal.value).split(" are ")[0][:24]] += 1
    assert any("whose last letter" in reason or "words" in reason for reason in reasons)
    assert not any("no certificate" in reason or "other entries" in reason for reason in reasons)


def test_nothing_is_shown_by_an_empty_certificate() -> None:
    for gap in false_gaps()[::12]:
        for one in EMPTY:
            with pytest.raises((NotShown, Refused)):
                by_closure(gap, one)


def test_the_certificate_of_a_true_claim_is_accepted_as_it_is_read_from_a_file() -> None:
    for name in ("gradient: of J by what follows", "product: to a time is a change of law",
                 "infinite horizon: policy gradient", "product of sums: of equal sums", "two draws: sample variance"):
        found = verdict(NAMED[name])
        assert isinstance(found, Shown)
        context, before, after = encoded(NAMED[name])
        evidence = json.loads(json.dumps(found.evidence))
        assert evidence.pop("by") == "closure"
        gap = gap_of(context, before, after, evidence.pop("policy"))
        assert by_closure(gap, evidence).before == before


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_a_strange_entry_anywhere_is_refused_or_changes_nothing(strange: Any) -> None:
    """Of a false claim, wherever it is put."""
    (gap, *_) = gaps(NAMED["gradient: of J by the first score"])
    own = written(gap, testing=False)
    found = list(places(own))
    for path in found[:: max(1, len(found) // 20)]:
        changed = copy.deepcopy(own)
        value(changed, path[:-1])[path[-1]] = copy.deepcopy(strange)
        with pytest.raises((NotShown, Refused)):
            by_closure(gap, changed)


def test_lists_nested_without_measure_are_refused() -> None:
    (gap, *_) = gaps(NAMED["gradient: of J by the first score"])
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    own = written(gap, testing=False)
    for key in ("rows", "steps", "columns", "units"):
        with pytest.raises(NotShown):
            by_closure(gap, {"sums": [{**own["sums"][0], key: deep}]})
    for one in (deep, {"sums": deep}, {"relations": deep}):
        with pytest.raises(NotShown):
            by_closure(gap, one)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
def test_many_forged_certificates(seed: int) -> None:
    said, accepted = attacked(false_gaps(), 100 + seed, 24)
    assert accepted == []
    assert sum(said.values()) > 5_000
