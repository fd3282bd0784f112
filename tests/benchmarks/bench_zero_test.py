"""How fast is the zero test? Run: python tests/benchmarks/bench_zero_test.py [--quick]

The likelihood-ratio identity with additive return on the generic 2-state 2-action model:
our kernel, cold, against the same polynomials in FLINT by hand, SymPy and symengine (see
``zero_test_routes.py``). Every route must also refuse two false twins. Quick routes take
turns in this process; slow ones run in a child with a time limit. Targets: 100 times
faster than the fastest SymPy route, 4 times
faster than symengine, at most twice the time of FLINT by hand.
"""

from __future__ import annotations

import gc
import importlib.util
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from zero_test_routes import QUICK, RAW, SLOW, TWINS, Route

LIMIT = {True: 20, False: 120}
KERNEL, HAND = "derive's kernel", "flint by hand"


def timed(route: Route, horizon: int, twin: str) -> float:
    """Seconds for one answer, which must be the right one."""
    gc.collect()
    start = time.perf_counter()
    answer = route(horizon, twin)
    seconds = time.perf_counter() - start
    assert answer is TWINS[twin], (route, horizon, twin, answer)
    return seconds


def interleaved(routes: dict[str, Route], horizon: int, rounds: int) -> dict[str, float]:
    """Median seconds of each route, the routes taking turns; the twins are asked once."""
    for route in routes.values():
        for twin in TWINS:
            timed(route, horizon, twin)
    times: dict[str, list[float]] = {name: [] for name in routes}
    for _ in range(rounds):
        for name, route in routes.items():
            times[name].append(timed(route, horizon, ""))
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def in_child(name: str, horizon: int, twin: str, limit: int) -> float | None:
    """Seconds of a slow route without its imports, or None if it was stopped at the limit."""
    command = [sys.executable, __file__, "--one", name, str(horizon), twin]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def slow_routes(horizon: int, limit: int) -> dict[str, float]:
    """Seconds of the slow routes, the limit for those that were stopped (their twins are not asked)."""
    found = {}
    for name in SLOW:
        seconds = in_child(name, horizon, "", limit)
        found[name] = limit if seconds is None else seconds
        twins = [twin for twin in TWINS if twin and seconds is not None]
        stopped = [twin for twin in twins if in_child(name, horizon, twin, limit) is None]
        print(f"  {name:<18} {'> ' if seconds is None else ''}{found[name]:.3f} s"
              + (f" (no answer in {limit} s: {', '.join(stopped)})" if stopped else ""), flush=True)
    return found


def report(horizon: int, *, quick: bool) -> bool:
    """One shape: the table, the ratios, and whether every target is met."""
    print(f"(2,2,{horizon}), {2 * 4 ** (horizon + 1)} trajectories", flush=True)
    routes = {**QUICK, **RAW}
    if importlib.util.find_spec("symengine") is None:
        print("  symengine is not installed: skipped")
        routes = {name: route for name, route in routes.items() if "symengine" not in name}
    medians = interleaved(routes, horizon, 3 if quick else 7)
    for name, seconds in medians.items():
        print(f"  {name:<18} {seconds * 1e3:,.1f} ms = {seconds / medians[KERNEL]:.2f} kernels")
    slow = slow_routes(horizon, LIMIT[quick])
    sympy_name, sympy_time = min(slow.items(), key=lambda pair: pair[1])
    ratios = [("kernel / flint by hand", medians[KERNEL] / medians[HAND], "at most", 2.0),
              (f"{sympy_name} / kernel", sympy_time / medians[KERNEL], "at least", 100.0),
              ("sympy ring by hand / kernel", medians["sympy ring"] / medians[KERNEL], "at least", 100.0)]
    engines = [medians[name] for name in ("symengine, steps", "symengine, once") if name in medians]
    if engines:
        ratios.append(("symengine / kernel", min(engines) / medians[KERNEL], "at least", 4.0))
    for name, ratio, way, aim in ratios:
        met = ratio <= aim if way == "at most" else ratio >= aim
        print(f"  {name} = {ratio:.2f}, aim {way} {aim:g}: {'met' if met else 'MISSED'}")
    return all(ratio <= aim if way == "at most" else ratio >= aim for _, ratio, way, aim in ratios)


def main(arguments: list[str]) -> int:
    """Status 1 if a target is missed."""
    if arguments[:1] == ["--one"]:
        _, name, horizon, twin = arguments
        print(timed(SLOW[name], int(horizon), twin))
        return 0
    quick = "--quick" in arguments
    met = [report(horizon, quick=quick) for horizon in ((2,) if quick else (2, 3))]
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
