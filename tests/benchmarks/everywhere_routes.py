"""The routes of ``bench_everywhere.py`` to one identity, and the child process that runs one of them.

The identity is that of ``zero_test_routes.py``. The kernel decides it in four ways, of which
the last settles every shape at once; each way starts from the terms. As a program: ROUTE
HORIZON TWIN SECONDS MEGABYTES, and it prints its seconds and its peak memory.
"""

from __future__ import annotations

import gc
import json
import sys
from statistics import median
from time import thread_time

from children import Budget, limited, own_peak
from derive.procedures.backward import exact_value
from derive.procedures.everywhere import Everywhere, Somewhere, decide_everywhere, differences
from sympy.core.cache import clear_cache
from zero_test_routes import QUICK, SLOW, TWINS, Route, claim, kernel, sympy_together

from derive.assumptions import additive_return
from derive.language.signature import signature
from derive.models import Shape
from derive.procedures import field
from derive.procedures.generic import generic_model

ADDITIVE = frozenset({additive_return})
MOST_RUNS, LONG = 5, 0.5
"""A quick route is run again in its child, until this many runs or seconds."""


def _by_products(horizon: int, twin: str, *, backward: bool) -> bool:
    before, after = claim(twin)
    model = generic_model(Shape(2, 2, horizon), signature(before, after), additive=True)
    return all(model.ring.is_zero(exact_value(difference, model, backward=backward))
               for difference in differences(before, after, ADDITIVE))


def by_backward(horizon: int, twin: str) -> bool:
    """The automata on the generic model, exactly, backward in time."""
    return _by_products(horizon, twin, backward=True)


def by_forward(horizon: int, twin: str) -> bool:
    """The same, forward in time."""
    return _by_products(horizon, twin, backward=False)


def by_automata(horizon: int, twin: str) -> bool:
    """For every finite MDP and every horizon, whatever ``horizon`` is."""
    decision = decide_everywhere(*claim(twin), ADDITIVE)
    assert isinstance(decision, Everywhere | Somewhere), decision
    return isinstance(decision, Everywhere)


ROUTES: dict[str, Route] = {
    **QUICK, **SLOW, "sympy together": sympy_together,
    "backward": by_backward, "forward": by_forward, "enumeration": kernel, "everywhere": by_automata,
}


def cold(name: str, horizon: int, twin: str) -> float:
    """Seconds of one answer, which must be right, without what SymPy remembers of earlier ones.

    Of this thread: a limit on the process makes the clock of the process tick every 4 ms only.
    """
    clear_cache()
    gc.collect()
    start = thread_time()
    answer = ROUTES[name](horizon, twin)
    seconds = thread_time() - start
    assert answer is TWINS[twin], (name, horizon, twin, answer)
    return seconds


def main(name: str, horizon: str, twin: str, seconds: str, megabytes: str) -> None:
    """Answer once at horizon 0, which imports what is needed, and then within the budget."""
    field.MOST_TERMS = field.MOST_WORK = 10**12
    cold(name, 0, "")
    limited(Budget(int(seconds), int(megabytes)))
    times = [cold(name, int(horizon), twin)]
    while len(times) < MOST_RUNS and sum(times) < LONG:
        times.append(cold(name, int(horizon), twin))
    print(json.dumps({"seconds": median(times), "peak": own_peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
