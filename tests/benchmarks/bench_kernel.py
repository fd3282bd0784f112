"""Every finite MDP and horizon, large shapes, other algebra systems, and memory: ratios from one run.

    python tests/benchmarks/bench_kernel.py [--seconds 60] [--memory 6000]

Everything runs in child processes: this one stays small, so that their peaks are their own.
A route is given a budget of time and memory for one answer. Every route that is timed must
also refuse a false twin of the identity. Times are of the processor, not of the clock. The
status is 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import median

from children import Budget, Run, Stopped, answered, status_and_peak

KERNEL = ("enumeration", "kernel")
COMPETITORS = {"sympy ring": "sympy", "sympy together": "sympy", "sympy cancel": "sympy",
               "symengine, steps": "symengine"}
"""The fastest SymPy route, what a user of SymPy writes first, the fastest symengine route; each with its package."""

PARTS, MISSED = ("packages", "decisions", "check", "horizons", "chains"), 3
HIGHEST, ROUNDS = 9, 3
MOST_MEMORY = 200

Runs = list[Run]


def shape(horizon: int) -> str:
    """The shape with two states and two actions."""
    return f"(2,2,{horizon})"


def ask(name: str, horizon: int, budget: Budget, twin: str = "") -> Run | Stopped:
    """One route on one shape, in a child."""
    return answered(["kernel_routes.py", name, str(horizon), twin], budget)


def refused(name: str, horizon: int, budget: Budget) -> str:
    """Have the false twin refused on the shape, or on the largest smaller one where there is time."""
    for smaller in range(horizon, -1, -1):
        twin = "gamma lost" if smaller else "P dropped"  # at horizon 0 there is no gamma to lose
        outcome = ask(name, smaller, budget, twin)
        if isinstance(outcome, Run):
            return f"refuses '{twin}' at {shape(smaller)} in {time(outcome.seconds)}"
    raise SystemExit(f"{name} does not refuse a false twin at any shape up to {shape(horizon)} within {budget}")


def time(seconds: float) -> str:
    """Milliseconds or seconds."""
    return f"{1e3 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def middle(runs: Runs) -> float:
    """The median of the seconds."""
    return median(run.seconds for run in runs)


def lasts(runs: Runs, budget: Budget) -> bool:
    """Whether the budget for one answer is enough for these runs and one more."""
    return not runs or sum(run.seconds for run in runs) + middle(runs) <= budget.seconds


def rounds(names: Sequence[str], horizon: int, budget: Budget, known: dict[str, Runs]) -> dict[str, Runs | Stopped]:
    """The runs of each route on one shape, taking turns, again as long as its budget lasts; ``known`` ones count."""
    found: dict[str, Runs | Stopped] = {name: list(known.get(name, [])) for name in names}
    for _ in range(ROUNDS):
        for name in names:
            runs = found[name]
            if isinstance(runs, Stopped) or not lasts(runs, budget):
                continue
            outcome = ask(name, horizon, budget)
            if isinstance(outcome, Run):
                runs.append(outcome)
            elif not runs:
                found[name] = outcome
    return found


def climbed(name: str, budget: Budget) -> tuple[Runs, str]:
    """One run on each shape of the ladder, until one goes beyond the budget, and why."""
    runs: Runs = []
    while len(runs) <= HIGHEST:
        outcome = ask(name, len(runs), budget)
        if isinstance(outcome, Stopped):
            return runs, f"{shape(len(runs))} stopped: {outcome.why}"
        runs.append(outcome)
    return runs, "the ladder ends there"


def ladder(budget: Budget) -> None:
    """Each competitor on the largest shape that it finishes, and the kernel there."""
    print(f"\nother systems on the largest of the shapes (2,2,0), (2,2,1), ... that they finish in {budget}")
    reached: dict[int, dict[str, Runs]] = {}
    for name, package in COMPETITORS.items():
        try:
            release = version(package)
        except PackageNotFoundError:
            print(f"{name}: {package} is not installed, skipped")
            continue
        runs, end = climbed(name, budget)
        if not runs:
            print(f"{name}, {package} {release}: {end}")
            continue
        horizon = len(runs) - 1
        reached.setdefault(horizon, {})[name] = runs[-1:]
        print(f"{name}, {package} {release}: {', '.join(time(run.seconds) for run in runs)}; {end}; largest "
              f"{shape(horizon)}, peak {runs[-1].peak:.0f} MB, {refused(name, horizon, budget)}", flush=True)
    for horizon, known in sorted(reached.items()):
        against(horizon, known, budget)


def against(horizon: int, known: dict[str, Runs], budget: Budget) -> None:
    """The kernel and the competitors that end on this shape, taking turns."""
    found = rounds([*KERNEL, *known], horizon, budget, known)
    print(f"{shape(horizon)}, {2 * 4 ** (horizon + 1):,} trajectories; 'kernel' is for all shapes at once")
    ours: dict[str, float] = {}
    for name, runs in found.items():
        if isinstance(runs, Stopped):
            print(f"  {name:<17} stopped: {runs.why}")
        elif name in KERNEL:
            ours[name] = middle(runs)
            print(f"  {name:<17} {time(ours[name])}, {refused(name, horizon, budget)}")
        else:
            ratios = ", ".join(f"{middle(runs) / seconds:,.1f} times {way}" for way, seconds in ours.items())
            print(f"  {name:<17} {time(middle(runs))} = {ratios} (runs: {len(runs)})", flush=True)


def parts() -> bool:
    """The parts that have processes of their own, and the memory of a standard run."""
    met = True
    for name in PARTS:
        status, peak = status_and_peak(["kernel_parts.py", name], quiet=False)
        if status not in (0, MISSED):
            raise SystemExit(f"{name}: status {status}")
        met &= status == 0
        print(f"  peak memory of this process {peak:.0f} MB", flush=True)
    status, peak = status_and_peak(["-m", "derive", "check"], quiet=True)
    if status:
        raise SystemExit(f"derive check: status {status}")
    print(f"derive check, the bundled proofs: peak memory {peak:.0f} MB, aim at most {MOST_MEMORY}: "
          f"{'met' if peak <= MOST_MEMORY else 'MISSED'}", flush=True)
    return met and peak <= MOST_MEMORY


def main() -> int:
    """Run all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=10, help="time for one answer of one route (default 10)")
    parser.add_argument("--memory", type=int, default=6000, help="MB for one answer of one route (default 6000)")
    options = parser.parse_args()
    budget = Budget(options.seconds, options.memory)
    met = parts()
    ladder(budget)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
