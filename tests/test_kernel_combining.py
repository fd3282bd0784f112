"""Combining equations: what is refused, what is made and with which scope."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from certificate_attempts import CERTIFIED
from claims_unfolding import S, mean, off
from kernel_attempts import (
    COMBINING,
    PATH,
    STATE,
    TIME,
    at_a_later_horizon,
    equation,
    of_costs,
    over_all,
    rows_of_pi,
    tail_by_tail,
    term,
    through_a_later_time,
    two_draws_are_independent,
    two_draws_of_one,
    under_by_0,
)
from kernel_claims import NAMED, encoded, verdict
from kernel_letters import POSS, PP, c, f, rho, score

from derive.kernel import terms as k_
from derive.kernel.closure import NotShown
from derive.kernel.contexts import Context
from derive.kernel.equations import (
    by_normal_form,
    by_rule,
    chained,
    gap_of,
    instance,
    reversed_,
    same,
    under,
)
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Malformed
from derive.language.vocabulary import H, J, P, R, a, grad, i, k, log, pi, ratio, s, samples, t, tau, total
from derive.procedures.decision import Shown, decided

ALL_TIMES = ("from", k_.time(), k_.LAST)


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMBINING)
def test_an_attempt_by_combining_is_refused(name: str) -> None:
    with pytest.raises((Refused, NotShown, Malformed)):
        COMBINING[name]()


@pytest.mark.parametrize("name", CERTIFIED)
def test_an_attempt_by_certificate_is_refused(name: str) -> None:
    with pytest.raises((NotShown, TypeError)):
        CERTIFIED[name]()


# -- first horizons, least m, owes, trusts -------------------------------------------------------------------


def test_a_chain_holds_from_the_first_horizon_of_its_lines_on() -> None:
    """faults.md A2: the chain is true for H >= 4 and says so; its claim is false at H = 2."""
    whole = through_a_later_time()
    assert (whole.context.first, whole.context.owes) == (4, frozenset())
    assert whole.after == ("num", 0, 1)
    assert not isinstance(verdict(NAMED["nothing at most horizons: only at H = 2"]), Shown)


def test_a_chain_used_in_a_sum_keeps_its_first_horizon() -> None:
    whole = through_a_later_time()
    added = under(whole, [("+", [term(grad(mean(f(S[0]))))], [])])
    assert added.context.first == 4
    assert instance(whole, {}, Context(first=6)).context.first == 6


def test_an_instance_keeps_its_first_horizon_and_its_least_m() -> None:
    assert at_a_later_horizon().context.first == 4
    assert two_draws_of_one().context.samples == 2


@pytest.mark.parametrize(("new", "first"), [
    (k_.time(7), 7), (k_.LAST, 0), (k_.time(-3, ("H", 1)), 3), (k_.at(("time", "k")), 0), (k_.time(), 0),
    (k_.time(0, ("H", 1), (("time", "k"), -1)), 0)])
def test_an_instance_owes_that_its_time_is_there(new: Any, first: int) -> None:
    """faults.md A3: at t = 7 the lemma holds for H >= 7 only."""
    assert instance(tail_by_tail(), {TIME: new}, Context()).context.first == first


def test_a_sum_over_an_equation_owes_that_its_times_are_there() -> None:
    assert under(tail_by_tail(), [("sum", TIME, ALL_TIMES)]).context.first == 0
    assert under(tail_by_tail(), [("sum", TIME, ("from", k_.time(), k_.time(5)))]).context.first == 5
    assert under(tail_by_tail(), [("sum", TIME, ("from", k_.time(2), k_.LAST))]).context.first == 0


def test_a_literal_time_inside_a_sum_counts() -> None:
    """faults.md A7."""
    claim = NAMED["time that is there: a literal time inside a sum"]
    found = verdict(claim)
    assert isinstance(found, Shown)
    assert found.equation.context.first == 9


def test_the_least_m_is_kept() -> None:
    two = two_draws_are_independent()
    assert two.context.samples == 2
    more = Context(iid=True, samples=5)
    assert instance(two, {}, more).context.samples == 5
    assert chained(two, equation(J**2, J * J)).context.samples == 2
    assert chained(reversed_(two), two).context.samples == 2


def test_a_free_draw_may_be_a_number_that_is_then_asked_for() -> None:
    one = by_rule(Context(iid=True), term(R(samples[i])), term(R(samples[i])), "a rule")
    assert one.context.samples == 1
    assert instance(one, {("draw", "i"): 3}, Context(iid=True, samples=3)).context.samples == 3
    for wrong in (0, -1, True, 1.0, "1", ("draw", 1)):
        with pytest.raises((Refused, Malformed)):
            instance(one, {("draw", "i"): wrong}, Context(iid=True, samples=3))


def test_what_is_owed_is_never_lost() -> None:
    owed = frozenset({("nonzero", ("num", 0, 1))})
    by_0 = under_by_0()
    assert by_0.context.owes == owed
    assert reversed_(by_0).context.owes == owed
    assert chained(by_0, reversed_(by_0)).context.owes == owed
    assert under(chained(by_0, reversed_(by_0)), [("*", [("num", 0, 1)], [])]).context.owes == owed
    assert instance(by_0, {}, Context()).context.owes == owed


def test_what_the_middle_of_a_chain_owes_is_kept() -> None:
    """1 = f(s) / f(s) = 1 where f is not 0: the ends owe nothing, the chain does."""
    middle = equation(1, mean(ratio(f(S[0]), f(S[0]))))
    whole = chained(middle, reversed_(middle))
    assert {one[0] for one in whole.context.owes} == {"nonzero"}
    assert whole.before == whole.after == ("num", 1, 1)


def test_trust_is_kept() -> None:
    one = by_rule(Context(), term(mean(f(S[0]))), term(mean(c(S[0]))), "wishful thinking")
    assert one.trusts == {"wishful thinking"}
    assert reversed_(one).trusts == one.trusts
    assert under(one, [("grad",)]).trusts == one.trusts
    assert instance(one, {}, Context()).trusts == one.trusts
    assert chained(one, reversed_(one)).trusts == one.trusts
    other = by_rule(Context(), term(mean(c(S[0]))), term(mean(f(S[1]))), "another", one)
    assert other.trusts == {"another", "wishful thinking"}
    assert chained(one, other).trusts == other.trusts


def test_what_serves_both_kinds_of_horizon_owes_what_either_does() -> None:
    """1 - gamma is not 0 without a last decision; an equation that speaks of no horizon is one of finite ones too."""
    below = ("/", ("f", "f", ("state", "s")), ("+", ("num", 1, 1), ("*", ("num", -1, 1), ("gamma",))))
    found = decided(Context("infinite"), below, ("*", below, ("num", 1, 1)))
    assert isinstance(found, Shown)
    assert found.equation.context.horizon == "none"
    assert {what for what, *_ in found.equation.context.owes} == {"nonzero"}
    with_discount = decided(Context("infinite", discount=True), below, ("*", below, ("num", 1, 1)))
    assert isinstance(with_discount, Shown)
    assert not with_discount.equation.context.owes


def test_assumptions_are_united() -> None:
    ratio_is_1 = equation(off(rho(0)), 1, PP)
    one_is_1 = equation(1, 1)
    whole = chained(ratio_is_1, one_is_1)
    assert whole.context.positive == {"policy"}
    believed = by_rule(Context(), term(off(rho(0))), term(1), "a rule", ratio_is_1)
    assert believed.context.positive == {"policy"}
    assert instance(one_is_1, {}, Context(positive=frozenset({"policy"}))).context.positive == {"policy"}


# -- possible trajectories -----------------------------------------------------------------------------------


def test_an_equation_without_trajectories_serves_possible_ones_too() -> None:
    """E_beta means the same under ``possible``; a sum over trajectories does not."""
    context = Context(possible=True)
    assert instance(equation(off(f(S[0])), off(f(S[0]))), {}, context).context.possible
    assert instance(rows_of_pi(), {}, context).context.possible
    with pytest.raises(Refused):
        instance(over_all(), {}, context)


def test_possible_trajectories_go_under_their_own_law() -> None:
    one = equation(grad(log(P(tau))), total(t, score(t)), POSS)
    assert under(one, [("E", PATH, "pi")]).context.possible
    assert under(one, [("sum", PATH, k_.ALL)]).context.possible
    with pytest.raises(Refused):
        under(one, [("E", PATH, "beta")])
    free = equation(total(t, f(S[t + 1]), stop=H - 1), total(t, f(S[t]), start=1))
    assert under(free, [("E", PATH, "beta")]).context.owes == frozenset()


def test_a_sum_over_the_possible_is_no_instance_of_one_over_all_nor_the_reverse() -> None:
    for context, one in ((Context(), equation(total(tau, P(tau) * f(S[0])), mean(f(S[0])), POSS)),
                         (Context(possible=True), equation(total(tau, P(tau) * f(S[0])), mean(f(S[0]))))):
        with pytest.raises(Refused):
            instance(one, {}, context)


# -- horizons: none, finite, infinite ------------------------------------------------------------------------


def test_an_equation_of_no_horizon_serves_both() -> None:
    one = rows_of_pi()
    assert one.context.horizon == "none"
    for horizon in ("none", "finite", "infinite"):
        assert instance(one, {}, Context(horizon)).context.horizon == horizon
    assert chained(one, same(Context(), ("num", 1, 1))).context.horizon == "none"


def test_a_chain_has_the_horizon_of_the_part_that_has_one() -> None:
    finite = equation(mean(1 * f(S[0])), mean(f(S[0])))
    assert finite.context.horizon == "finite"
    number = equation(mean(total(a, pi(a | S[0]))), 1)
    assert chained(number, equation(1, total(a, pi(a | s)))).context.horizon == "finite"
    assert of_costs().context.horizon == "infinite"
    geometric = verdict(NAMED["infinite sum: geometric"])
    assert isinstance(geometric, Shown)
    assert chained(geometric.equation, equation(1, total(a, pi(a | s)))).context.horizon == "infinite"


def test_terms_of_two_horizons_are_no_equation() -> None:
    """Bases H and infinity in one equation, whole trajectories and values with a time where there is no last one."""
    finite, infinite = Context(), Context("infinite", discount=True)
    costs, last = encoded(NAMED["infinite sum: twice"])[1], term(mean(f(S[H])))
    for context, one in ((finite, costs), (infinite, last), (infinite, ("+", costs, last)),
                         (infinite, term(total(tau, P(tau)))), (infinite, ("V", "pi", k_.time(), STATE)),
                         (finite, ("V", "pi", k_.INF, STATE)), (infinite, ("m",)), (infinite, ("R", PATH)),
                         (infinite, ("f", "f", ("s", PATH, k_.time())))):
        with pytest.raises(Malformed):
            same(context, one)
        with pytest.raises(Malformed):
            by_rule(context, one, ("num", 0, 1), "a rule")


# -- letters -------------------------------------------------------------------------------------------------


class TwoMinds(dict[Any, Any]):
    """A mapping that says something else whenever it is asked."""

    def items(self) -> Any:
        self["asked"] = self.get("asked", 0) + 1
        return [(TIME, k_.time(self["asked"] - 1, ("H", min(1, self["asked"] - 1))))]


def test_what_is_put_in_is_asked_for_once() -> None:
    """It was t = 0 when it was looked at, and H + 1 when it was put in."""
    assert instance(tail_by_tail(), TwoMinds(), Context()).before == instance(
        tail_by_tail(), {TIME: k_.time()}, Context()).before


def test_letters_are_put_in_at_once() -> None:
    k_time = ("time", "k")
    one = equation(mean(f(S[t]) * c(S[k])), mean(c(S[k]) * f(S[t])))
    swapped = instance(one, {TIME: k_.at(k_time), k_time: k_.at(TIME)}, Context())
    assert swapped.before == term(mean(f(S[k]) * c(S[t])))


def test_a_letter_may_be_a_place_of_a_trajectory() -> None:
    one = instance(rows_of_pi(), {STATE: ("s", PATH, k_.time(2))}, Context())
    assert one.before == term(total(a, pi(a | S[2])))
    assert one.context.first == 1
    assert under(one, [("E", PATH, "beta")]).before == term(off(total(a, pi(a | S[2]))))


def test_names_of_the_kernel_are_no_letters() -> None:
    for name in ("#1", "!1", "@t", ".s", "\0", "", 1):
        with pytest.raises((Refused, Malformed)):
            instance(tail_by_tail(), {TIME: k_.at(("time", name))}, Context())
        with pytest.raises((Refused, Malformed)):
            instance(rows_of_pi(), {STATE: ("state", name)}, Context())


def test_a_bound_letter_captures_nothing() -> None:
    """A factor with the letter of the sum outside stays outside."""
    one = equation(total(a, pi(a | s)), 1)
    beside = under(one, [("*", [("f", "g", ("action", "a"))], [])])
    assert ("action", "a") in k_.free(beside.before)
    bound = under(beside, [("sum", ("action", "a"), k_.ALL)])
    assert k_.free(bound.before) == {STATE}


def test_differentiating_twice_asks_for_the_support() -> None:
    """E[score] = 0 where pi may be 0; its derivative is of second order, and owes a positive policy."""
    one = under(equation(mean(score(0) * f(S[0])), 0), [("grad",)])
    assert {owed[0] for owed in one.context.owes} == {"support"}
    positive = under(equation(mean(score(0) * f(S[0])), 0, PP), [("grad",)])
    assert positive.context.owes == frozenset()


def test_differentiating_once_below_the_support_owes_nothing() -> None:
    one = under(equation(mean(f(S[1])), mean(total(t, f(S[t]), start=1, stop=1))), [("grad",)])
    assert one.context.owes == frozenset()
    assert one.before == term(grad(mean(f(S[1]))))


# -- contexts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [
    {"horizon": "other"}, {"horizon": None}, {"positive": {"policy"}}, {"positive": frozenset({"rewards"})},
    {"possible": 1}, {"discount": "yes"}, {"iid": None}, {"first": -7}, {"first": 1.0}, {"first": True},
    {"samples": 0}, {"samples": "1"}, {"owes": ()}])
def test_a_context_of_other_kinds_is_none(changes: dict[str, Any]) -> None:
    wrong = dataclasses.replace(Context(), **changes)
    one = term(mean(f(S[0])))
    for maker in (lambda: same(wrong, one), lambda: by_rule(wrong, one, one, "a rule"), lambda: gap_of(wrong, one, one),
                  lambda: by_normal_form(wrong, ("num", 1, 1), ("num", 1, 1)),
                  lambda: instance(rows_of_pi(), {}, wrong)):
        with pytest.raises(Malformed):
            maker()


def test_coordinates_ask_that_their_time_is_there() -> None:
    context, before, after = encoded(NAMED["Bellman: V in rewards"])
    assert by_normal_form(context, before, after, ("pi", k_.at(TIME))).context.first == 0
    for when in (k_.time(3), k_.time(-1), k_.time(1, ("H", 1)), k_.INF):
        with pytest.raises(Refused):
            by_normal_form(context, before, after, ("pi", when))
    with pytest.raises(NotShown):
        by_normal_form(context, before, after, ("beta", k_.at(TIME)))
