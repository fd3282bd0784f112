"""Attempts to show false claims by certificates written by hand, each of which one line of the kernel refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from claims_unfolding import S, mean
from kernel_attempts import Attempt, equation
from kernel_claims import NAMED, encoded
from kernel_letters import f

from derive.kernel import equations
from derive.kernel.contexts import Context
from derive.kernel.differences import Gap
from derive.kernel.equations import Equation
from derive.kernel.polynomials import weight_to_data
from derive.kernel.products import relation_sums
from derive.procedures.certificates import certificate, closure_of

ONE = [[[], 1, 1]]
"""The weight 1."""
FINITE, SQUARE = "literal time: of an action, one earlier", "return: is no mean"
INFINITE = "infinite sum: a first term forgotten"


def gap(name: str) -> Gap:
    return equations.gap_of(*encoded(NAMED[name]))


def changed(name: str, **entries: Any) -> Any:
    """A false claim by the certificate that the search writes without testing, with other entries in its closures."""
    one = gap(name)
    found = certificate(one, testing=False)
    assert isinstance(found, dict)
    for closure in found["sums"]:
        closure.update(entries)
    return equations.by_closure(one, found)


def without_rows() -> Any:
    return changed(FINITE, rows=[], steps=[])


def rows_by_what_does_not_hold() -> Any:
    """Each row is said to be 0."""
    steps = [[-1, letter, ONE, []] for letter in steps_of(FINITE)]
    return changed(FINITE, rows=[], steps=steps)


def rows_times_0() -> Any:
    """0 times each row is 0."""
    steps = [[-1, letter, [], []] for letter in steps_of(FINITE)]
    return changed(FINITE, rows=[], steps=steps)


def steps_of(name: str) -> list[int]:
    """The letters that lead somewhere from the start."""
    found = certificate(gap(name), testing=False)
    assert isinstance(found, dict)
    return [letter for place, letter, *_ in found["sums"][0]["steps"] if place == -1]


def without_columns() -> Any:
    return changed(FINITE, columns=[], units=[])


def without_kappa() -> Any:
    return changed(INFINITE, kappa=[])


def without_kappa_and_determinant() -> Any:
    return changed(INFINITE, kappa=[], determinant=[])


def relation(**entries: Any) -> Any:
    """J^2 = E[R^2], by a relation of one of these sums to others."""
    relations = [{"number": number, "factor": ONE, "of": [], "sums": [], **entries} for number in (0, 1)]
    return equations.by_closure(gap(SQUARE), {"relations": relations})


def without_relations() -> Any:
    return equations.by_closure(gap(SQUARE), {"relations": []})


def relations_times_0() -> Any:
    return relation(factor=[])


def relations_that_are_not_shown() -> Any:
    return relation()


def relations_times_0_at_gamma_1() -> Any:
    """J^2 = E[f(s_0)]^2 where gamma = 1: (1 - gamma) times each of the sums is 0 there."""
    one = gap("undiscounted: a square is another")
    factor = {(): 1, (("gamma", 1),): -1}
    relations = [{"number": n, "factor": weight_to_data(factor), "of": [],
                  "sums": [closure_of(found, infinite=False) for found in relation_sums(one, n, factor, {})]}
                 for n in range(len(one.atoms))]
    return equations.by_closure(one, {"relations": relations})


def a_gap_of_ones_own() -> Any:
    """Nothing is to be shown, of a claim that is false."""
    context, before, after = encoded(NAMED[FINITE])
    fake = SimpleNamespace(context=context, reading=context, before=before, after=after, polynomial=None, sums=(),
                           policy=None, atoms=())
    return equations.by_closure(fake, {"sums": []})  # type: ignore[arg-type]


def an_equation_of_ones_own() -> Any:
    """E q(s_0,a_0) = 1."""
    true = equation(mean(f(S[0])), mean(f(S[0])))
    fake = SimpleNamespace(context=Context(), before=("num", 1, 1), after=true.before, trusts=frozenset())
    return equations.chained(fake, true)  # type: ignore[arg-type]


def an_equation_without_the_key() -> Any:
    return Equation(object(), context=Context(), before=("num", 1, 1), after=("num", 0, 1), trusts=frozenset())


def an_equation_that_is_changed() -> Any:
    one = equation(mean(f(S[0])), mean(f(S[0])))
    one.after = ("num", 1, 1)
    return one


CERTIFIED: dict[str, Attempt] = {
    "no rows": without_rows,
    "rows that are said to be 0": rows_by_what_does_not_hold,
    "rows that are 0 times 0": rows_times_0,
    "no columns": without_columns,
    "no kappa": without_kappa,
    "no kappa, times 0": without_kappa_and_determinant,
    "no relations": without_relations,
    "relations times 0": relations_times_0,
    "relations times 0, where gamma is 1": relations_times_0_at_gamma_1,
    "relations that are not shown": relations_that_are_not_shown,
    "a gap of one's own": a_gap_of_ones_own,
    "an equation of one's own": an_equation_of_ones_own,
    "an equation without the key": an_equation_without_the_key,
    "an equation that is changed": an_equation_that_is_changed,
}
