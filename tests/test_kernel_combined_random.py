"""Random instances, contexts and chains of equations that the kernel made: what comes out is true, says the oracle.

The result is read back as the author's term and enumerated on small models, from the first horizon and least m on that
its context names. What it owes is passed over where it does not hold, for a side has no value there.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest
from kernel_claims import CLAIMS, encoded, verdict
from kernel_decoding import assumptions_of, decoded
from kernel_letters import TRUE, Claim
from kernel_oracle import witness_of_a_difference

from derive.kernel import terms as k_
from derive.kernel.closure import NotShown
from derive.kernel.contexts import Context
from derive.kernel.definedness import OutOfRange
from derive.kernel.equations import Equation, chained, instance, reversed_, under
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed, subterms
from derive.language.assumptions import additive_return
from derive.language.models import Shape
from derive.procedures.decision import Shown
from derive.procedures.encoding import context_of

PATH, TIME, K = ("trajectory", "tau"), ("time", "t"), ("time", "k")
STATE, ACTION = ("state", "s"), ("action", "a")
TIMES = (k_.time(), k_.time(1), k_.time(2), k_.LAST, k_.time(-1, ("H", 1)), k_.time(1, ("H", 1)), k_.time(-1),
         k_.at(TIME), k_.at(K), k_.at(K, 1), k_.at(TIME, -1), k_.time(0, ("H", 1), (K, -1)))
FACTORS = (("num", 2, 1), ("gamma",), ("f", "f", STATE), ("pi", "pi", ACTION, STATE), ("gamma^", k_.at(TIME)),
           ("f", "f", ("s", PATH, k_.time())), ("f", "q", ("s", PATH, k_.at(TIME)), ("a", PATH, k_.at(TIME))),
           ("log", ("pi", "pi", ("a", PATH, k_.time()), ("s", PATH, k_.time()))))
LARGE, MOST = 60, 130
"""Terms of more tuples, and models of more trajectories, are left out: their enumeration takes long."""


@cache
def lemmas() -> tuple[Equation, ...]:
    """Small equations at both kinds of horizons, and of none."""
    found = [verdict(claim) for claim in CLAIMS if claim.truth == TRUE]
    made = [one.equation for one in found if isinstance(one, Shown)]
    return tuple(one for one in made if sum(1 for t in (one.before, one.after) for _ in subterms(t)) < 2 * LARGE)


def an_instance(one: Equation, rng: Random) -> Equation:
    """At other letters, in a context that may be larger, smaller, or mean something else."""
    put: dict[Any, Any] = {}
    for old in sorted(k_.free(one.before) | k_.free(one.after)):
        if rng.random() < 0.8:
            match old[0]:
                case "time":
                    put[old] = rng.choice(TIMES)
                case "state":
                    put[old] = rng.choice([STATE, ("state", "x"), ("s", PATH, rng.choice(TIMES))])
                case "action":
                    put[old] = rng.choice([ACTION, ("action", "b"), ("a", PATH, rng.choice(TIMES))])
                case "draw":
                    put[old] = rng.choice([1, 2, ("draw", "i"), ("draw", "j")])
                case _:
                    put[old] = (old[0], rng.choice(["tau", "other"]))
    changes: dict[str, Any] = {}
    if one.context.horizon == "none":
        changes["horizon"] = rng.choice(["finite", "finite", "infinite"])
    if rng.random() < 0.15:
        changes["possible"] = rng.random() < 0.5
    if rng.random() < 0.1:
        changes["positive"] = frozenset(rng.sample(["policy", "initial", "dynamics"], rng.randrange(4)))
    known = one.context
    context = Context(**{"horizon": known.horizon, "positive": known.positive, "possible": known.possible,
                         "discount": known.discount, "iid": known.iid, "first": known.first, "samples": known.samples,
                         **changes})
    return instance(one, put, context)


def a_context(one: Equation, rng: Random) -> Equation:
    """Inside a sum, a product, a gradient, a mean, a range."""
    first, last = rng.choice(TIMES[:8]), rng.choice(TIMES[:8])
    wraps: list[Any] = [("+", [rng.choice(FACTORS)], []), ("*", [], [rng.choice(FACTORS)]), ("^", 2), ("grad",),
                        ("grad",), ("sum", TIME, ("from", k_.time(), k_.LAST)), ("sum", TIME, ("from", first, last)),
                        ("sum", K, ("from", first, k_.LAST)), ("sum", STATE, k_.ALL), ("sum", ACTION, k_.ALL),
                        ("E", PATH, "pi"), ("E", PATH, "pi"), ("E", PATH, "beta"), ("sum", PATH, k_.ALL),
                        ("/", rng.choice(FACTORS)), ("sum", TIME, ("from", first, k_.INF))]
    return under(one, [rng.choice(wraps)])


def a_chain(one: Equation, rng: Random) -> Equation:
    """With itself backward, or with any other lemma, which will seldom meet it."""
    return chained(one, rng.choice([reversed_(one), rng.choice(lemmas())]))


def combined(seed: int) -> tuple[Equation, Counter[str]]:
    rng, counts = Random(f"combined {seed}"), Counter[str]()
    one = rng.choice(lemmas())
    for _ in range(rng.choice([1, 2, 3, 4])):
        step = rng.choice([an_instance, an_instance, a_context, a_context, a_context, a_chain])
        try:
            one = step(one, rng)
            counts[step.__name__] += 1
        except (Refused, NotShown, OutOfRange, Malformed):
            counts["refused"] += 1
    return one, counts


def paths_inside(t: k_.Term) -> int:
    """How deep sums over trajectories stand in one another, a free trajectory being one."""
    inner = max((paths_inside(x) for x in t if type(x) is tuple), default=0)
    return inner + (len(t) == 4 and t[0] in ("E", "sum") and t[1][0] == "trajectory")


def is_false(one: Equation, name: str) -> bool:
    """Whether a small model separates the sides."""
    before, after, context = decoded(one.before), decoded(one.after), one.context
    first, m = context.first, context.samples
    if first > 3:
        return False
    sampled = any(x[0] in ("m", "draw") for t in (one.before, one.after) for x in subterms(t))
    sizes = [(1, 2, 3), (2, 1, 3)] if context.infinite else [
        (1, 2, first, m), (1, 2, 0, m + 1), (2, 2, 0, m)] if sampled else [
        (1, 2, first), (2, 2, first), (1, 2, first + 1), (2, 2, 1)]
    depth = max(paths_inside(one.before), paths_inside(one.after))
    quick = tuple(size for size in sizes if size[2] >= first and Shape(*size).trajectories ** max(depth, m) <= MOST)
    if not quick:
        return False
    claim = Claim(name, before, after, assumptions_of(context) | {additive_return}, TRUE, sizes=quick)
    return witness_of_a_difference(claim, range(1)) is not None


def campaign(seeds: range) -> tuple[list[tuple[int, Equation]], Counter[str]]:
    wrong, counts = [], Counter[str]()
    for seed in seeds:
        one, steps = combined(seed)
        counts += steps
        if set(steps) - {"refused"} and sum(1 for t in (one.before, one.after) for _ in subterms(t)) < 3 * LARGE:
            counts["compared"] += 1
            if is_false(one, f"combined {seed}"):
                wrong.append((seed, one))
    return wrong, counts


@pytest.mark.slow
def test_random_combinations_are_true() -> None:
    wrong, counts = campaign(range(48))
    assert wrong == []
    assert min(counts[name] for name in ("compared", "an_instance", "a_context", "a_chain", "refused")) > 2


def test_the_way_back_means_the_same() -> None:
    """A claim that is encoded and decoded is decided alike, and not separated from itself."""
    for claim in CLAIMS[::9]:
        if claim.truth == TRUE and (claim.first, claim.samples) == (0, 1):
            context, before, _ = encoded(claim)
            same = Claim("", claim.before, decoded(before), claim.assumes, TRUE, sizes=claim.sizes)
            assert encoded(same)[1] == before
            assert witness_of_a_difference(same, range(1), sizes=1) is None
            assert context_of(assumptions_of(context), infinite=context.infinite) == context


@pytest.mark.deep
@pytest.mark.parametrize("batch", range(10))
def test_five_thousand_combinations_are_true(batch: int) -> None:
    assert campaign(range(10_000 + 500 * batch, 10_500 + 500 * batch))[0] == []
