"""How long does a verdict about an estimator take? Run: python tests/benchmarks/bench_estimators.py

Each verdict stands next to what any check by enumeration has to do, the same calls of the same function in plain
floats, and takes turns with it in this process; medians and their ratio are printed, beside the seconds that are aimed
at. Losses need torch and are left out without it. The status is 1 if an aim is missed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from derive.commands.estimator_command import runnable
from derive.estimators import TabularLM, check_advantage
from derive.estimators.gallery import entry_of
from derive.estimators.subjects import of_entry

ROUNDS = 5
LIGHT = "import sys; import derive.estimators; print(sorted({'torch', 'sympy'} & set(sys.modules)))"


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compared(name: str, verdict: Callable[[], Any], plain: Callable[[], Any], aim: float, rounds: int) -> bool:
    """Prints the medians and their ratio; whether the aim is met. The first call, which imports, is not counted."""
    verdict(), plain()
    times = [(seconds(verdict), seconds(plain)) for _ in range(rounds)]
    own, floats = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:44} {own:8.3f} s  aim {aim:5.1f} s   plain floats {floats:7.4f} s   ratio {own / floats:6.1f}")
    return own <= aim


def symbolic_grpo() -> bool:
    function, rewards = entry_of("grpo").function, (0, 1, 3)

    def plain() -> None:
        for group in combinations_with_replacement(rewards, 16):
            function(np.array(group, dtype=float))

    return compared("GRPO, every policy, G = 16", lambda: check_advantage(function, rewards, 16), plain, 0.1, ROUNDS)


def torch_loss(model: TabularLM, group: int, aim: float, rounds: int) -> bool:
    from derive.estimators import check_loss
    from derive.estimators.batches import asked_for, float_gradient
    from derive.estimators.enumeration import Case

    def loss(log_probs: Any, rewards: Any, mask: Any) -> Any:
        baseline = (rewards.sum() - rewards) / (len(rewards) - 1)
        return -(log_probs * (rewards - baseline)[:, None] * mask).sum(-1).mean()

    case = Case(loss, model, group, "old", None)
    assert asked_for(loss)

    def plain() -> None:
        for responses, _ in case.batches:
            float_gradient(loss, case.batch(responses))

    return compared(f"a loss, {len(model.responses)} responses, G = {group}, {len(case.batches)} batches",
                    lambda: check_loss(loss, group, model=model), plain, aim, rounds)


def gallery() -> bool:
    total = seconds(lambda: [of_entry(entry_of(name)) for name in runnable()])
    print(f"{f'the gallery, {len(runnable())} entries':44} {total:8.3f} s  aim  60.0 s")
    return total <= 60


def main() -> int:
    found = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{'import derive.estimators loads':44} {found}  aim []")
    met = [found == "[]", symbolic_grpo()]
    if find_spec("torch") is not None:
        met.append(torch_loss(TabularLM(vocab=2, length=2, rewards=(0, 1, 3)), 16, 0.5, ROUNDS))
        met.append(torch_loss(TabularLM(vocab=3, length=2, rewards=range(7)), 8, 5.0, 1))
    met.append(gallery())
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
