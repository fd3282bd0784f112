"""False equations that a reader of the kernel alone once made, each refused now where it went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from derive.kernel import reading
from derive.kernel.closure import NotShown
from derive.kernel.contexts import Context
from derive.kernel.differences import Gap
from derive.kernel.equations import Equation, by_closure, by_normal_form, gap_of, instance, under
from derive.kernel.polynomials import Refused
from derive.kernel.terms import ALL, LAST, Term, Tuple, at, bound, law_term, time

TAU, SIG = ("trajectory", "tau"), ("trajectory", "sig")
T, U = ("time", "t"), ("time", "u")
ONE: Term = ("num", 1, 1)


def s(path: Tuple, when: Tuple) -> Tuple:
    return ("s", path, when)


def chosen(path: Tuple, when: Tuple) -> Term:
    return ("pi", "pi", ("a", path, when), s(path, when))


def choices(first: Tuple) -> Term:
    """prod_{u=first..H} pi(a_u|s_u)."""
    return bound("prod", U, ("from", first, LAST), chosen(SIG, at(U)))


def supported_actions(first: int) -> Term:
    """E_tau[sum_{t=first..0} E_sig[prod_{u>=1} pi / prod_{u>=t+1} pi]]."""
    inner = bound("E", SIG, "pi", ("/", choices(time(1)), choices(at(T, 1))))
    return bound("E", TAU, "pi", bound("sum", T, ("from", time(first), time(0)), inner))


NOTHING_TO_SHOW: dict[str, Any] = {"sums": []}


def test_a_law_is_1_over_its_own_support_only() -> None:
    """E_beta[P_pi / P_beta] and the sum of P_beta over what pi may do: 3/4 and 1/2 on models with zeros."""
    weighted = bound("E", TAU, "beta", ("/", law_term("pi", TAU), law_term("beta", TAU)))
    over = bound("sum", TAU, ALL, law_term("beta", TAU))
    for context, term in ((Context(), weighted), (Context(possible=True), over)):
        with pytest.raises(Refused, match="do not vanish on the impossible ones"):
            gap_of(context, term, ONE)
    own = bound("sum", TAU, ALL, law_term("pi", TAU))
    assert by_closure(gap_of(Context(possible=True), own, ONE), NOTHING_TO_SHOW).context.owes == frozenset()


def test_a_support_is_not_asked_for_at_times_before_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """At t = -1 no factor pi(a_0|s_0) is left: what is summed counts the supported actions, not all of them."""
    with pytest.raises(Refused, match=r"outside of 0\.\.H"):
        gap_of(Context(), supported_actions(-1), ONE)
    assert by_closure(gap_of(Context(), supported_actions(0), ONE), NOTHING_TO_SHOW).context.owes == frozenset()
    monkeypatch.setattr(reading, "open_times", lambda poly: set())  # nobody asks where the times are
    with pytest.raises(Refused, match="do not vanish"):  # a second look, once all times are put in
        gap_of(Context(), supported_actions(-1), ONE)
    monkeypatch.setattr(reading, "vanishes_outside", lambda *atom: True)
    assert isinstance(gap_of(Context(), supported_actions(-1), ONE), Gap)


def owing_equation() -> Equation:
    """f(x)/f(x) = 1, which owes that f(x) is not 0."""
    f = ("f", "f", ("state", "x"))
    found = by_normal_form(Context(), ("/", f, f), ONE)
    assert found.context.owes == {("nonzero", f)}
    return found


def test_what_is_owed_goes_along_with_its_letters() -> None:
    place = s(TAU, time())
    found = instance(owing_equation(), {("state", "x"): place}, Context())
    assert found.context.owes == {("nonzero", ("f", "f", place))}


def test_a_letter_that_something_is_owed_of_is_not_bound() -> None:
    with pytest.raises(Refused, match="owed"):
        under(owing_equation(), [("sum", ("state", "x"), ALL)])
    assert under(owing_equation(), [("sum", ("action", "b"), ALL)]).context.owes


class Lying(list[Any]):
    """A list that is another one when it is read again."""

    def __iter__(self) -> Any:
        return iter([])


@pytest.mark.parametrize("wrong", [Lying(), (), None, True, 1.0, {1: 2}])
def test_a_certificate_is_made_of_plain_data(wrong: Any) -> None:
    gap = gap_of(Context(), bound("E", TAU, "pi", ("f", "f", s(TAU, time()))), ("num", 0, 1))
    for certificate in (wrong, {"sums": wrong}, {"sums": [{"rows": wrong, "steps": [], "columns": [], "units": []}]}):
        with pytest.raises(NotShown):
            by_closure(gap, certificate)


def test_the_reciprocal_of_a_return_is_no_constant() -> None:
    """Each R(tau) is free, also below a bar: E[score/R] is not 0 because E[score] is."""
    score = ("grad", ("log", chosen(TAU, time())))
    gap = gap_of(Context(positive=frozenset({"policy", "dynamics", "initial"})), bound(
        "E", TAU, "pi", ("/", score, ("R", TAU))), ("num", 0, 1))
    assert [one.each for one in gap.sums] == [True]
    plain = gap_of(Context(), bound("E", TAU, "pi", score), ("num", 0, 1))
    assert [one.each for one in plain.sums] == [False]
