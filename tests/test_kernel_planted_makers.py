"""Planted bugs in the makers of equations: each lets one attempt through that is refused without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from certificate_attempts import CERTIFIED
from kernel_attempts import COMBINING, through_a_later_time, under_by_0
from kernel_plants import plant

from derive.kernel import closure, contexts, differences, equations, products, wellformed
from derive.kernel.closure import NotShown
from derive.kernel.equations import Equation
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed

ATTEMPTS = {**COMBINING, **CERTIFIED}

MAKERS: tuple[tuple[str, Callable[..., Any], str, str], ...] = (
    ("ends that do not meet", equations.chained, "if one.after != two.before:", "if False:"),
    ("all, chained with the possible (A1)", contexts.Context.joined, "self.possible != other.possible and any(",
     "False and any("),
    ("believed by the possible (A1)", contexts.Context.joined, "self.possible != other.possible and any(",
     "False and any("),
    ("finite, chained with infinite", contexts.Context.joined, "len(kinds) > 1", "False"),
    ("all, used for the possible (A1)", equations.instance, "context.possible != equation.context.possible and (",
     "False and ("),
    ("without its assumption", contexts.Context.within, "self.positive >= other.positive", "True"),
    ("without its assumption", equations.instance, "not context.within(equation.context)", "False"),
    ("finite, used for infinite", contexts.Context.within, 'other.horizon in ("none", self.horizon)', "True"),
    ("in a context of its own", contexts.plain, "type(context) is not Context or", ""),
    ("t := H + 1 (A3)", equations.instance, "walk.at_least_zero(difference_of(high, new), {})", "pass"),
    ("summed to H + 1", equations.under, "walk.at_least_zero(difference_of(high, at(one)), {one: domain[1:]})",
     "pass"),
    ("a differentiated trace", wellformed.rank, 'any(x[0] == "trace" for x in subterms(t[1]))', "False"),
    ("summed without end", equations.under, "if context.infinite:", "if False:"),
    ("summed over a range of its own", equations.under, "type(domain) is tuple and index in free(domain)", "False"),
    ("at what a letter of no side allows", equations.instance, " | equation.context.limiting()", ""),
    ("joined by a limit that is another", contexts.Context.joined, " | self.limiting() | other.limiting()", ""),
    ("beside what is there once", equations.under, "map(_as_tuples, wraps)", "wraps"),
    ("believed of second gradients where covered", equations.by_rule, "any(one.context.covers for one in using) and",
     "False and"),
    ("believed without end", equations.by_rule, "if context.infinite:", "if False:"),
    ("itself without end", equations.same, "if context.infinite:", "if False:"),
    ("believed of two ranks", equations.checked, "well_formed(context.infinite, before, after)", "pass"),
    ("believed of no horizon", equations.checked, 'context.horizon == "none" and', "False and"),
    ("beside a gradient", equations.checked, "well_formed(context.infinite, before, after)", "pass"),
    ("an equation of one's own", equations.genuine, "type(one) is not Equation", "False"),
    ("a gap of one's own", equations.by_closure, "type(gap) is not Gap", "False"),
    ("an equation without the key", differences.Sealed.__init__, "key is not _KEY", "False"),
    ("an equation that is changed", differences.Sealed.__setattr__,
     'raise TypeError(f"{type(self).__name__} does not change")', "object.__setattr__(self, name, value)"),
    ("no rows", closure.check_rows, 'raise NotShown("an identity is missing")', "continue"),
    ("rows that are said to be 0", closure.identity, "if add(gap):", "if False:"),
    ("rows that are 0 times 0", closure.identity, "if not factor_:", "if False:"),
    ("no columns", closure.check_finite, 'raise NotShown("an identity of columns is missing")', "continue"),
    ("no kappa", closure.check_infinite, "not determinant or add(", "False and add("),
    ("no kappa, times 0", closure.check_infinite, "not determinant or add(", "add("),
    ("no relations", products.check_product, "if substituted(", "if False and substituted("),
    ("relations times 0", products.check_product, "not factor or not max(", "not max("),
    ("relations that are not shown", products.check_product, "check_parts(relation_sums(",
     "(relation_sums("),
)


@pytest.mark.parametrize(("attempt", "function", "old", "new"), MAKERS, ids=lambda x: x if type(x) is str else "")
def test_a_planted_bug_lets_an_attempt_through(
        attempt: str, function: Callable[..., Any], old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((Refused, NotShown, Malformed, TypeError)):
        ATTEMPTS[attempt]()
    plant(monkeypatch, function, old, new)
    assert type(ATTEMPTS[attempt]()) is Equation


SCOPES: tuple[tuple[str, Callable[..., Any], str, str, Callable[[], Equation]], ...] = (
    ("first horizon", contexts.Context.joined, "max(self.first, other.first)", "min(self.first, other.first)",
     through_a_later_time),
    ("what is owed", equations._made, "context=checked(context, before, after)", "context=context", under_by_0),
)


@pytest.mark.parametrize(("what", "function", "old", "new", "made"), SCOPES, ids=[one[0] for one in SCOPES])
def test_a_planted_bug_makes_the_scope_larger(
        what: str, function: Callable[..., Any], old: str, new: str, made: Callable[[], Equation],
        monkeypatch: pytest.MonkeyPatch) -> None:
    honest = made().context
    assert honest.first or honest.owes
    plant(monkeypatch, function, old, new)
    assert (made().context.first, made().context.owes) == (0, frozenset())
