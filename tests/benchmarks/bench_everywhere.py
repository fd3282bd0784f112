"""Every finite MDP and horizon, and large shapes: times and ratios from one run.

    python tests/benchmarks/bench_everywhere.py
"""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable
from statistics import median
from time import perf_counter

from derive.assumptions import POSSIBLE, additive_return
from derive.errors import WorkLimit
from derive.kernel import field
from derive.kernel.backward import exact_value
from derive.kernel.evaluate import Evaluator
from derive.kernel.everywhere import Everywhere, Sides, decide_everywhere, differences
from derive.kernel.generic import generic_model
from derive.kernel.scale import probe
from derive.language.signature import signature
from derive.language.vocabulary import P, R, grad, log, pi, t, tau, total
from derive.models import Shape
from derive.proof_files import bundled, load, proof_files

ADDITIVE = frozenset({POSSIBLE, additive_return})
CLOSED = total(tau, P(tau) * total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))
LIKELIHOOD = total(tau, grad(P(tau)) * R(tau))


def timed(run: Callable[[], object], repeats: int = 7) -> float:
    """The median of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        gc.collect()
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return median(times)


def seed_chain() -> None:
    """Compile and decide every step of the bundled proofs that are declared proved."""
    steps = []
    for file in proof_files([bundled()]):
        for theorem in load(file):
            terms = theorem.chain.terms
            steps.append((theorem.assumes, [
                (before, after) for before, after, by in zip(terms, terms[1:], theorem.chain.reasons, strict=False)
                if by.expect == "proved"]))

    def decide_all() -> None:
        for assumes, pairs in steps:
            sides = Sides(assumes)
            for before, after in pairs:
                if not isinstance(decide_everywhere(before, after, assumes, sides=sides), Everywhere):
                    raise SystemExit(f"not decided: {before} = {after}")

    decide_all()
    count = sum(len(pairs) for _, pairs in steps)
    print(f"bundled proofs, {count} steps, compiled and decided for every finite MDP and horizon: "
          f"{1e3 * timed(decide_all):.1f} ms")


def horizons() -> None:
    """What doubling the horizon costs at S=20, A=5, one random point."""
    shapes = [Shape(20, 5, horizon) for horizon in (200, 400, 800)]
    times = [timed(lambda shape=shape: probe(LIKELIHOOD, CLOSED, ADDITIVE, shape, points=1)) for shape in shapes]
    for shape, seconds in zip(shapes, times, strict=True):
        print(f"one point at S=20 A=5 H={shape.horizon}: {1e3 * seconds:.0f} ms")
    print(f"ratio H=400 / H=200: {times[1] / times[0]:.2f}, H=800 / H=400: {times[2] / times[1]:.2f}")


def directions() -> None:
    """Exact evaluation of one side on the generic shape: backward, forward, enumeration."""
    (difference,) = differences(CLOSED, 2 * CLOSED, ADDITIVE)
    for shape in (Shape(2, 2, 4), Shape(2, 2, 6), Shape(2, 2, 8)):
        model = generic_model(shape, signature(CLOSED), additive=True)
        backward = timed(lambda model=model: exact_value(difference, model), repeats=3)
        line = f"exact at {shape}, {shape.trajectories:,} trajectories: backward {1e3 * backward:.0f} ms"
        try:
            forward = timed(lambda model=model: exact_value(difference, model, backward=False), repeats=1)
            line += f", forward / backward {forward / backward:.1f}"
        except WorkLimit as limit:
            line += f", forward: {limit}"
        if shape.trajectories <= 40_000:
            try:
                every = timed(lambda model=model: Evaluator(model).value(CLOSED, {}), repeats=1)
                line += f", enumeration / backward {every / backward:.1f}"
            except WorkLimit as limit:
                line += f", enumeration: {limit}"
        print(line)


def main() -> None:
    """Run all, without the budget that stops long computations, and print the peak memory."""
    field.MOST_WORK = 10**12
    seed_chain()
    horizons()
    directions()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
