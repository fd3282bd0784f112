"""Theorems examined: every step judged, the chain put together, assumptions sorted into used and idle."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

from derive.checking.deciding import Crossing
from derive.checking.judgement import Examined
from derive.checking.judging import Examiner
from derive.checking.letters import in_the_authors_letters
from derive.checking.linking import both_false, linked
from derive.checking.theorems import Theorem, a_theorem
from derive.checking.use import assumption_use
from derive.checking.verdict import (
    NotClaimed,
    Proved,
    Verdict,
)
from derive.errors import DeriveError, DoesNotMatch, InvalidChain
from derive.kernel.equations import Equation
from derive.semantics.kept_models import Models

MOST_NESTED = 20
"""Lemmas within lemmas that are examined as they are asked for."""


class Session:
    """Examines theorems, each once, however many others use it as a lemma.

    A ``thorough`` one asks more shapes, and shapes with zeros, where the kernel has decided already.
    """

    def __init__(self, *, thorough: bool = False) -> None:
        self.thorough = thorough
        self.models = Models()
        self._examined: dict[Theorem, Examined] = {}
        self._lemmas: dict[Theorem, Equation | None] = {}
        self._open: set[Theorem] = set()

    def examine(self, theorem: Theorem) -> Examined:
        """The judgement of every step of a theorem, and of its claim.

        Raises:
            RuleDisagrees: when a rule gives a step that has a verified counterexample.
            KernelDisagrees: when two kinds of evidence contradict each other.
            DoesNotMatch: when the theorem is being examined already: it rests on itself.
        """
        if theorem not in self._examined:
            self._examined[theorem] = self._run(theorem, lemma=False)
        return self._examined[theorem]

    def lemma(self, theorem: Theorem) -> Equation | None:
        """What a theorem that rests on this one asks of it: its steps as one equation; None if one is not proved.

        No shapes are asked, and no use of assumptions, where the kernel decides.

        Raises:
            As ``examine``.
        """
        if theorem not in self._lemmas:
            examined = self._examined.get(theorem) or self._run(theorem, lemma=True)
            self._lemmas[theorem] = examined.equation if examined.follows else None
        return self._lemmas[theorem]

    def _run(self, theorem: Theorem, *, lemma: bool) -> Examined:
        if theorem in self._open:
            raise DoesNotMatch(f"{theorem.name} rests on itself.")
        self._open.add(theorem)
        try:
            for deep in self._too_deep(theorem):
                with suppress(DeriveError):  # said where it is asked for
                    self.lemma(deep)
            return self._judged(theorem, lemma=lemma)
        finally:
            self._open.remove(theorem)

    def _too_deep(self, theorem: Theorem) -> list[Theorem]:
        """Lemmas of lemmas that are not known yet, the deepest first; none where asking one for another is no matter.

        Each asks for its own, and Python goes to a depth of some hundred of them.
        """
        order, seen, stack, deepest = list[Theorem](), {theorem}, [iter(lemmas(theorem))], 0
        path = [theorem]
        while stack:
            one = next(stack[-1], None)
            if one is None:
                stack.pop()
                order.append(path.pop())
            elif one not in seen and one not in self._lemmas:
                seen.add(one)
                stack.append(iter(lemmas(one)))
                path.append(one)
                deepest = max(deepest, len(stack))
        return order[:-1] if deepest > MOST_NESTED else []

    def _judged(self, theorem: Theorem, *, lemma: bool) -> Examined:
        start = perf_counter()
        crossing: Crossing = "thorough" if self.thorough else "none" if lemma else "cheapest"
        examiner = Examiner(theorem, self.models, crossing, self.lemma)
        terms, reasons = theorem.chain.terms, theorem.chain.reasons
        steps = tuple(examiner.judged(*step) for step in zip(terms, terms[1:], reasons, strict=False))
        steps = in_the_authors_letters(theorem, steps)
        whole = linked(steps)
        if theorem.broken is not None:
            claim: Verdict = NotClaimed(f"the chain breaks at {theorem.sign}")
        elif len(steps) == 1:
            claim = steps[0].verdict
        else:
            claim = examiner.linked(terms[0], terms[-1], whole)
        used, idle, unknown = ((), (), ()) if lemma else assumption_use(theorem, steps)
        wrong = tuple(number for number in range(1, len(steps)) if both_false(steps, number) and isinstance(
            claim if len(steps) == 2 else examiner.claimed(terms[number - 1], terms[number + 1]), Proved))
        return Examined(theorem=theorem, steps=steps, claim=claim, equation=whole, used=used, idle=idle,
                        unknown=unknown, wrong_terms=wrong, seconds=perf_counter() - start)


def lemmas(theorem: Theorem) -> list[Theorem]:
    """The theorems that are reasons of its steps; none if its chain could not be built."""
    if isinstance(theorem.written, InvalidChain):
        return []
    return [by.reason for by in theorem.chain.reasons if isinstance(by.reason, Theorem)]


def examine(theorem: Theorem, *, thorough: bool = False) -> Examined:
    """The judgement of every step of a theorem, and of its claim; see ``Session``.

    Raises:
        BadInput: for what is no theorem.
        InvalidChain: if what was written is no chain.
    """
    return Session(thorough=thorough).examine(a_theorem(theorem))
