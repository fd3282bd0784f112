"""The routes of ``bench_kernel.py`` to one identity, and the child process that runs one of them.

The identity is that of ``zero_test_routes.py``. It is decided by enumeration on one shape, and by
the kernel for every shape at once; each way starts from the terms. As a program: ROUTE
HORIZON TWIN SECONDS MEGABYTES, and it prints its seconds and its peak memory.
"""

from __future__ import annotations

import gc
import json
import sys
from statistics import median
from time import thread_time

from children import Budget, limited, own_peak
from sympy.core.cache import clear_cache
from zero_test_routes import QUICK, SLOW, TWINS, Route, claim, sympy_together
from zero_test_routes import kernel as enumeration

from derive.language.assumptions import additive_return
from derive.procedures.certificates import Differs
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.semantics import field

ADDITIVE = frozenset({additive_return})
MOST_RUNS, LONG = 5, 0.5
"""A quick route is run again in its child, until this many runs or seconds."""


def by_kernel(horizon: int, twin: str) -> bool:
    """For every finite MDP and every horizon, whatever ``horizon`` is: searched for and accepted."""
    encoding = Encoding(ADDITIVE, infinite=False)
    before, after = map(encoding.term, claim(twin))
    found = decided(context_of(ADDITIVE, infinite=False), before, after)
    assert isinstance(found, Shown | Differs), found
    return isinstance(found, Shown)


ROUTES: dict[str, Route] = {
    **QUICK, **SLOW, "sympy together": sympy_together,
    "enumeration": enumeration, "kernel": by_kernel,
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
