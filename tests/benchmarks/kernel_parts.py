"""Parts of ``bench_kernel.py``, each run in a process of its own.

As a program: PART, and it prints the part's lines; the status is ``MISSED`` if an aim is missed.
"""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from statistics import median
from time import perf_counter, process_time
from typing import Any

from sympy import Expr
from sympy.external.gmpy import GROUND_TYPES

from derive.checking.proof_files import bundled, load, proof_files
from derive.checking.theorems import Theorem
from derive.kernel.contexts import Context
from derive.kernel.equations import by_closure, gap_of
from derive.kernel.terms import Term
from derive.language.assumptions import POSSIBLE, Assumption, additive_return
from derive.language.models import Shape
from derive.language.vocabulary import J, P, R, expect, function, grad, log, pi, t, tau, total, variance
from derive.procedures.certificates import Differs
from derive.procedures.decision import Outside, Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.transfer.probe import Agreement, Disagreement, probe

MISSED = 3
ROUNDS = 7
ARBITRARY = frozenset({POSSIBLE})
ADDITIVE = frozenset({POSSIBLE, additive_return})
CLOSED = total(tau, P(tau) * total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))
LIKELIHOOD = total(tau, grad(P(tau)) * R(tau))

SHAPE = Shape(20, 5, 200)
SEED_AND_ESTIMATE = ("likelihood_ratio_gradient", "score_of_a_trajectory", "policy_gradient",
                     "score_has_mean_zero", "reward_to_go", "state_baseline")
MOST_SEED, MOST_VARIANCE = 0.035, 0.3
SEED = ("likelihood_ratio_gradient", "score_of_a_trajectory", "policy_gradient")
"""The policy gradient theorem with its lemmas: the theorem last."""
MOST_DOUBLING, MOST_CHAIN = {"additive": 1.5, "arbitrary": 2.2}, 0.150
"""Where all steps are alike their matrix is squared; an arbitrary return gives each step numbers of its own."""

BASELINE = function("f")(tau.s[0])
VARIANCES = (
    ("Var[R - J] = Var[R]", variance(tau, R(tau) - J), variance(tau, R(tau))),
    ("Var[R J] = J^2 Var[R]", variance(tau, R(tau) * J), J**2 * variance(tau, R(tau))),
    ("Var[R] = E[(R - J)^2]", variance(tau, R(tau)), expect(tau, (R(tau) - J) ** 2)),
    ("E[(f + J)^2] = E[f^2] + 2 J E[f] + J^2", expect(tau, (BASELINE + J) ** 2),
     expect(tau, BASELINE**2) + 2 * J * expect(tau, BASELINE) + J**2),
)
"""Decided in milliseconds, and once followed by a minute of shapes."""

Step = tuple[frozenset[Assumption], Expr, Expr]
Claimed = tuple[Context, Term, Term]
Decision = Shown | Differs | Outside


def seconds(run: Callable[[], object]) -> float:
    """The processor time of one run; nothing here uses a second thread."""
    gc.collect()
    start = process_time()
    run()
    return process_time() - start


def interleaved(runs: list[Callable[[], object]]) -> list[float]:
    """Median seconds of each, taking turns."""
    rounds = [[seconds(run) for run in runs] for _ in range(ROUNDS)]
    return [median(times) for times in zip(*rounds, strict=True)]


def judged(value: float, aim: float) -> str:
    """The value against the most that it should be."""
    return f"aim at most {aim:g}: {'met' if value <= aim else 'MISSED'}"


def theorems(names: Iterable[str] | None = None) -> list[Theorem]:
    """Those of all bundled proofs, or of the named ones."""
    files = proof_files([bundled()]) if names is None else [bundled() / f"{name}.py" for name in names]
    return [theorem for file in files for theorem in load(file)]


def steps_of(theorem: Theorem) -> list[Step]:
    """The steps that are declared proved."""
    terms, reasons = theorem.chain.terms, theorem.chain.reasons
    return [(frozenset(theorem.assumes), before, after)
            for before, after, by in zip(terms, terms[1:], reasons, strict=False) if by.expect == "proved"]


def proved_steps(names: Iterable[str]) -> list[Step]:
    """The steps declared proved of the named proofs."""
    return [step for theorem in theorems(names) for step in steps_of(theorem)]


def as_claim(assumes: frozenset[Assumption], before: Expr, after: Expr, *, infinite: bool) -> Claimed:
    """An equation as the kernel is asked for it."""
    encoding = Encoding(assumes, infinite=infinite)
    return context_of(assumes, infinite=infinite), encoding.term(before), encoding.term(after)


def claims_of(theorem: Theorem) -> list[Claimed]:
    """The steps declared proved, as the kernel is asked for them."""
    return [as_claim(*step, infinite=theorem.endless) for step in steps_of(theorem)]


def packages() -> bool:
    """What is timed; no aim."""
    print(f"Python {platform.python_version()}, python-flint {version('python-flint')}, sympy {version('sympy')} over "
          f"integers of {GROUND_TYPES}")
    return True


def decisions() -> bool:
    """Steps searched for and accepted: of the seed, of all proofs, and four claims that once took minutes."""
    claims = [claim for theorem in theorems(SEED_AND_ESTIMATE) for claim in claims_of(theorem)]
    found = [decided(*claim) for claim in claims]
    if not all(isinstance(one, Shown) for one in found):
        raise SystemExit("a step of the seed is not shown")
    accept = accepting(claims, found)
    both, alone = interleaved([lambda: [decided(*claim) for claim in claims], lambda: [one() for one in accept]])
    met = both <= MOST_SEED
    print(f"the seed, {len(claims)} steps, decided for every finite MDP and horizon, and accepted by the kernel: "
          f"{1e3 * both:.1f} ms, {judged(1e3 * both, 1e3 * MOST_SEED)}; {len(accept)} certificates accepted alone "
          f"{1e3 * alone:.1f} ms, a ratio of {both / alone:.2f}")
    every = [claim for theorem in theorems() for claim in claims_of(theorem)]
    start = process_time()
    shown = sum(isinstance(decided(*claim), Shown) for claim in every)
    took = process_time() - start
    print(f"all proofs: {shown} of {len(every)} steps declared proved are shown by the kernel, {took:.2f} s in all, "
          f"{1e3 * took / len(every):.1f} ms a step")
    for says, before, after in VARIANCES:
        claim = as_claim(frozenset(), before, after, infinite=False)
        twin = (*claim[:2], ("*", ("num", 2, 1), claim[2]))
        if not isinstance(decided(*claim), Shown) or isinstance(decided(*twin), Shown):
            raise SystemExit(f"{says} is not shown, or its false twin is")
        (time,) = interleaved([lambda claim=claim: decided(*claim)])  # type: ignore[misc]
        met &= time <= MOST_VARIANCE
        print(f"{says}: {1e3 * time:.0f} ms, {judged(1e3 * time, 1e3 * MOST_VARIANCE)}")
    return met


def accepting(claims: list[Claimed], found: list[Decision]) -> list[Callable[[], object]]:
    """Each closure accepted by the kernel alone."""

    def accepted(claim: Claimed, data: dict[str, Any]) -> Callable[[], object]:
        policy = data["policy"] if isinstance(data["policy"], str) else None
        rest = {key: value for key, value in data.items() if key not in ("by", "policy")}
        return lambda: by_closure(gap_of(*claim, policy), rest)

    return [accepted(claim, one.evidence) for claim, one in zip(claims, found, strict=True)
            if isinstance(one, Shown) and one.evidence["by"] == "closure"]


def check() -> bool:
    """``derive check`` of the bundled proofs in a process of its own, next to starting Python and SymPy."""

    def clock(arguments: list[str]) -> float:
        start = perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - start

    rounds = [(clock(["-m", "derive", "check"]), clock(["-c", "import sympy"])) for _ in range(ROUNDS)]
    ours, sympy = (median(times) for times in zip(*rounds, strict=True))
    print(f"derive check, cold: {ours:.2f} s, {ours / sympy:.1f} times what importing SymPy takes")
    return True


def agree(step: Step, shape: Shape) -> Callable[[], None]:
    """One random point of a true step; a false twin of it is asked first, once."""
    assumes, before, after = step
    assert isinstance(probe(before, 2 * after, assumes, shape, points=1), Disagreement), (before, after)

    def run() -> None:
        found = probe(before, after, assumes, shape, points=1)
        assert isinstance(found, Agreement), (before, after)

    return run


def horizons() -> bool:
    """What doubling the horizon costs at S=20, A=5, one random point."""
    shapes, met = [Shape(20, 5, SHAPE.horizon * 2**j) for j in range(3)], True
    for says, assumes in (("additive", ADDITIVE), ("arbitrary", ARBITRARY)):
        times = interleaved([agree((assumes, LIKELIHOOD, CLOSED), shape) for shape in shapes])
        points = ", ".join(f"H={shape.horizon} {1e3 * time:.0f} ms" for shape, time in zip(shapes, times, strict=True))
        print(f"one point at S=20 A=5, {says} return: {points}")
        for j in (0, 1):
            ratio = times[j + 1] / times[j]
            met &= ratio <= MOST_DOUBLING[says]
            verdict = judged(ratio, MOST_DOUBLING[says])
            print(f"  H={shapes[j + 1].horizon} / H={shapes[j].horizon} = {ratio:.2f}, {verdict}")
    return met


def chains() -> bool:
    """Each step of the policy gradient theorem and of its lemmas at one random point."""
    met = True
    for says, names in (("the theorem's own", SEED[-1:]), ("with those of its lemmas", SEED)):
        runs = [agree(step, SHAPE) for step in proved_steps(names)]
        (time,) = interleaved([lambda runs=runs: [run() for run in runs]])  # type: ignore[misc]
        met &= time <= MOST_CHAIN
        print(f"policy gradient theorem at S=20 A=5 H=200, one point, {len(runs)} steps, {says}: {1e3 * time:.0f} ms, "
              f"{1e3 * time / len(runs):.0f} ms a step, {judged(1e3 * time, 1e3 * MOST_CHAIN)}")
    return met


PARTS: dict[str, Callable[[], bool]] = {
    "packages": packages, "decisions": decisions, "check": check, "horizons": horizons, "chains": chains}

if __name__ == "__main__":
    sys.exit(0 if PARTS[sys.argv[1]]() else MISSED)
