"""Attempts to make a false equation by combining, and by certificates changed by hand; each must be refused.

An attempt returns the equation, or a tuple of what one was shown for, if it is let through. The docstring says why it
would be false; faults.md A1, A2, A3, A7 stand among them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from typing import Any

from claims_samples import cost, endless
from claims_unfolding import S, mean, off
from kernel_claims import NAMED, encoded, verdict
from kernel_letters import LT1, NONE, POSS, PP, TRUE, beta, c, claims, f, pair, score
from sympy import Expr

from derive.kernel import equations
from derive.kernel import terms as k_
from derive.kernel.contexts import Context
from derive.kernel.equations import Equation
from derive.language.terms import Time
from derive.language.vocabulary import J, P, a, gamma, grad, inner, k, log, pi, s, t, tau, total, trace
from derive.procedures.decision import Shown, decided

Attempt = Callable[[], Any]
j = Time("j")
TIME, PATH, STATE = ("time", "t"), ("trajectory", "tau"), ("state", "s")


def context_and_sides(before: Any, after: Any, assumes: Any = NONE) -> tuple[Context, k_.Term, k_.Term]:
    return encoded(claims("", ("", before, after, assumes, TRUE))[0])


def equation(before: Any, after: Any, assumes: Any = NONE) -> Equation:
    """What the kernel makes of a true claim."""
    found = verdict(claims("", ("", before, after, assumes, TRUE))[0])
    assert isinstance(found, Shown), found
    return found.equation


def term(one: Any, assumes: Any = NONE) -> k_.Term:
    return context_and_sides(one, one, assumes)[1]


def now(step: int = 0) -> k_.Term:
    """s_n of a free trajectory."""
    return ("s", PATH, k_.time(step))


# -- what is true, to begin with ----------------------------------------------------------------------------------

D = mean(score(0) * f(S[1]))
"""A number that is not 0 from two states and two actions on."""
LATE = mean(score(0) * pair(4))


def tail_by_tail() -> Equation:
    """D as what a sum from t on has more than one from t + 1 on, for t in 0..H."""
    return equation(total(k, D, start=t) - total(k, D, start=t + 1), D)


def rows_of_pi() -> Equation:
    return equation(total(a, pi(a | s)), 1)


def of_costs() -> Equation:
    """An equation of infinite sums that converge below a discount of 1."""
    costs = mean(endless(t, cost(t)))
    return equation(costs, costs, LT1)


def over_all() -> Equation:
    """faults.md A1: the sum over all trajectories of P_beta g is E_beta[g]; not so over those that are possible."""
    return equation(total(tau, P(tau, policy=beta) * pair(0)), off(pair(0)))


def only_at_2() -> tuple[Expr, Expr]:
    """faults.md A2: D at H = 2, else 0; and something that is 0, and exists from H = 4 on."""
    claim = NAMED["nothing at most horizons: only at H = 2"]
    return claim.before, LATE - LATE


def through_a_later_time() -> Equation:
    """faults.md A2: from D [H = 2] to 0, by lines that hold and exist for H >= 4."""
    start, nothing = only_at_2()
    lines = [start, start + nothing, nothing, 0, 0]
    return reduce(equations.chained, (equation(one, two) for one, two in pairwise(lines)))


def under_by_0() -> Equation:
    """Both sides divided by 0: it is owed that 0 is not 0."""
    return equations.under(rows_of_pi(), [("/", ("num", 0, 1))])


# -- combining ----------------------------------------------------------------------------------------------------


def ends_that_do_not_meet() -> Any:
    """E f(s_1) = E c(s_1)."""
    one, two = (equation(mean(x(S[1])), mean(total(t, x(S[t]), start=1, stop=1))) for x in (f, c))
    return equations.chained(one, two)


def all_chained_with_the_possible() -> Any:
    """The false claim of A1."""
    return equations.chained(over_all(), equation(off(pair(0)), off(pair(0)), POSS))


def all_used_for_the_possible() -> Any:
    """The false claim of A1."""
    return equations.instance(over_all(), {}, Context(possible=True))


def the_possible_used_for_all() -> Any:
    """log P(tau) is defined on the possible trajectories only."""
    return equations.instance(equation(log(P(tau)), log(P(tau)), POSS), {}, Context())


def finite_chained_with_infinite() -> Any:
    second = mean(f(S[1]))
    return equations.chained(equation(second, second), equations.same(Context("infinite"), term(second)))


def finite_used_for_infinite() -> Any:
    return equations.instance(equation(mean(f(S[1])), mean(f(S[1]))), {}, Context("infinite"))


def infinite_used_for_finite() -> Any:
    return equations.instance(of_costs(), {}, Context(discount=True))


def without_its_assumption() -> Any:
    """E_beta[pi / beta] = 1 where beta may be 0."""
    return equations.instance(equation(NAMED["support: a ratio where beta is not 0"].before, 1, PP), {}, Context())


def without_its_discount() -> Any:
    return equations.instance(of_costs(), {}, Context("infinite"))


def without_its_samples() -> Any:
    return equations.instance(two_draws_are_independent(), {}, Context())


def two_draws_are_independent() -> Equation:
    """E[R_1 R_2] = J^2, for m >= 2."""
    found = verdict(NAMED["two draws: of two numbers"])
    assert isinstance(found, Shown)
    return found.equation


def two_draws_of_one() -> Any:
    """Two draws are asked for whatever the context says."""
    return equations.instance(two_draws_are_independent(), {}, Context(iid=True))


def at_a_later_horizon() -> Any:
    """A2: a chain for H >= 4, used for every horizon."""
    return equations.instance(through_a_later_time(), {}, Context())


class Lenient(Context):
    """A context with an opinion of its own."""

    __slots__ = ()

    def within(self, other: Context) -> bool:
        return True


def a_context_of_its_own() -> Any:
    """E_beta[pi / beta] = 1 where beta may be 0."""
    return equations.instance(equation(NAMED["support: a ratio where beta is not 0"].before, 1, PP), {}, Lenient())


def at(new: Any) -> Attempt:
    """A3: D = 0 where t is a time after H."""
    return lambda: equations.instance(tail_by_tail(), {TIME: new}, Context())


def a_bound_index() -> Any:
    return equations.instance(tail_by_tail(), {("trajectory", 1): ("trajectory", "x")}, Context())


def a_state_for_an_action() -> Any:
    return equations.instance(rows_of_pi(), {STATE: ("action", "s")}, Context())


def an_action_of_a_path_for_a_state() -> Any:
    return equations.instance(rows_of_pi(), {STATE: ("a", PATH, k_.time())}, Context())


def a_state_after_the_last() -> Any:
    return equations.instance(rows_of_pi(), {STATE: ("s", PATH, k_.time(2, ("H", 1)))}, Context())


def a_policy() -> Any:
    """grad beta = 0, at pi."""
    one = equation(grad(beta(a | s)), 0)
    return equations.instance(one, {"beta": "pi"}, Context())  # type: ignore[dict-item]


def summed(first: k_.Tuple, last: k_.Tuple) -> Attempt:
    """A3: 0 = D at a time that is not in 0..H."""
    return lambda: equations.under(tail_by_tail(), [("sum", TIME, ("from", first, last))])


def summed_without_end() -> Any:
    """sum_t E f(s_0) has no value."""
    one = equations.same(Context("infinite", discount=True), term(mean(f(S[0]))))
    return equations.under(one, [("sum", TIME, ("from", k_.time(), k_.INF))])


def summed_without_end_at_finite_horizons() -> Any:
    return equations.under(tail_by_tail(), [("sum", TIME, ("from", k_.time(), k_.INF))])


def the_possible_under_beta() -> Any:
    """log P(tau) has no value on what only beta does."""
    return equations.under(equation(log(P(tau)), log(P(tau)), POSS), [("E", PATH, "beta")])


def beside_a_gradient() -> Any:
    return equations.under(tail_by_tail(), [("+", [("gamma",)], [])])


def divided_by_a_gradient() -> Any:
    return equations.under(equation(J, J), [("/", term(grad(J)))])


def three_times_differentiated() -> Any:
    return equations.under(equation(J, J), [("grad",)] * 3)


def a_differentiated_trace() -> Any:
    """A third derivative, and no term of the language: what supports owe is owed for two."""
    return equations.under(equation(mean(inner(score(0), score(0))), -mean(trace(grad(score(0)))), PP), [("grad",)])


def twice_differentiated_where_covered() -> Any:
    """At pi = (theta^2, 1 - theta^2), beta = (0, 1), theta = 0, only one side has a second derivative."""
    claim = NAMED["covered: a ratio is a sum over all actions"]
    return equations.under(equation(claim.before, claim.after, claim.assumes), [("grad",), ("grad",)])


def under_what_is_no_operator() -> Any:
    return equations.under(equation(J, J), [("prod", TIME, ("from", k_.time(), k_.LAST))])


def under_a_bound_index() -> Any:
    return equations.under(tail_by_tail(), [("sum", ("time", 1), ("from", k_.time(), k_.LAST))])


def beside_what_is_not_in_scope() -> Any:
    return equations.under(equation(J, J), [("*", [("f", "f", ("s", ("trajectory", 1), k_.time()))], [])])


def summed_over_a_range_of_its_own() -> Any:
    """gamma^t E f = E f for t in 0..0, summed to t, which stays free: for every t."""
    only_0 = Context(ranges=frozenset({(TIME, k_.time(), k_.time())}))
    found = decided(only_0, term(gamma**t * mean(f(S[0]))), term(mean(f(S[0]))))
    assert isinstance(found, Shown)
    return equations.under(found.equation, [("sum", TIME, ("from", k_.time(), k_.at(TIME)))])


def at_what_a_letter_of_no_side_allows() -> Any:
    """0 = E f, at t = H + 1, by a k that is after the last time: sum_{t..H} - sum_{t+1..H} is E f where t <= k <= H."""
    high, ranged = ("time", "k"), Context(ranges=frozenset({(TIME, k_.time(), k_.at(("time", "k")))}))
    last, first = k_.time(1, ("H", 1)), mean(f(S[0]))
    left = term(total(j, first, start=t) - total(j, first, start=t + 1))
    middle = ("+", term(first), ("*", ("num", 0, 1), ("gamma^", k_.at(high))))
    parts = [found.equation for one in ((left, middle), (middle, term(first)))
             if isinstance(found := decided(ranged, *one), Shown)]
    return equations.instance(reduce(equations.chained, parts), {TIME: last},
                              Context(ranges=frozenset({(high, last, last)})))


def beside_what_is_there_once() -> Any:
    """5 + sum_a pi = 1: an iterator is empty when the second side asks for it."""
    return equations.under(rows_of_pi(), [("+", iter([("num", 5, 1)]), [])])


def ranges_in_a_circle() -> Any:
    one, two = ("time", "t"), ("time", "k")
    circle = frozenset({(one, k_.time(), k_.at(two)), (two, k_.time(), k_.at(one))})
    return equations.same(Context(ranges=circle), term(gamma**t))


def joined_by_a_limit_that_is_another() -> Any:
    """t <= k for k in 0..H, and t <= k for k in 5..9."""
    limited = {(TIME, k_.time(), k_.at(("time", "k")))}
    later = limited | {(("time", "k"), k_.time(5), k_.time(9))}
    one, two = (equations.same(Context(ranges=frozenset(x)), term(gamma**t)) for x in (limited, later))
    return equations.by_rule(one.context, one.before, one.after, "a rule", two)


def believed_where_covered() -> Any:
    """The same, by a rule that uses the equation: what a lemma does below two gradients."""
    claim = NAMED["covered: a ratio is a sum over all actions"]
    one = equation(claim.before, claim.after, claim.assumes)
    sides = [("grad", ("grad", side)) for side in (one.before, one.after)]
    return equations.by_rule(one.context, *sides, "a lemma", one)


def believed_without_end() -> Any:
    """sum_t 1 has no value."""
    one = term(endless(t, 1), LT1)
    return equations.by_rule(Context("infinite", discount=True), one, one, "a rule")


def itself_without_end() -> Any:
    """sum_t 1 has no value."""
    return equations.same(Context("infinite", discount=True), term(endless(t, 1), LT1))


def believed_of_no_horizon() -> Any:
    one = term(mean(f(S[1])))
    return equations.by_rule(Context("none"), one, one, "a rule")


def believed_of_two_ranks() -> Any:
    return equations.by_rule(Context(), term(grad(J)), term(J), "a rule")


def believed_by_the_possible() -> Any:
    """The false claim of A1."""
    context, before, after = context_and_sides(total(tau, P(tau, policy=beta) * pair(0)), off(pair(0)), POSS)
    return equations.by_rule(context, before, after, "a rule", over_all())


COMBINING: dict[str, Attempt] = {
    "ends that do not meet": ends_that_do_not_meet,
    "all, chained with the possible (A1)": all_chained_with_the_possible,
    "all, used for the possible (A1)": all_used_for_the_possible,
    "the possible, used for all": the_possible_used_for_all,
    "finite, chained with infinite": finite_chained_with_infinite,
    "finite, used for infinite": finite_used_for_infinite,
    "infinite, used for finite": infinite_used_for_finite,
    "without its assumption": without_its_assumption,
    "without its discount": without_its_discount,
    "without its samples": without_its_samples,
    "in a context of its own": a_context_of_its_own,
    "t := H + 1 (A3)": at(k_.time(1, ("H", 1))),
    "t := -1": at(k_.time(-1)),
    "t := 2t": at(k_.time(0, (TIME, 2))),
    "t := k + 1": at(k_.time(1, (("time", "k"), 1))),
    "t := infinity": at(k_.INF),
    "t := a state": at(STATE),
    "t := what is bound": at(("time", 1)),
    "a bound index": a_bound_index,
    "a state for an action": a_state_for_an_action,
    "an action of a trajectory for a state": an_action_of_a_path_for_a_state,
    "a state after the last": a_state_after_the_last,
    "pi for beta": a_policy,
    "summed to H + 1": summed(k_.time(), k_.time(1, ("H", 1))),
    "summed from -1": summed(k_.time(-1), k_.LAST),
    "summed without end": summed_without_end,
    "summed without end at finite horizons": summed_without_end_at_finite_horizons,
    "the possible under beta": the_possible_under_beta,
    "beside a gradient": beside_a_gradient,
    "divided by a gradient": divided_by_a_gradient,
    "three times differentiated": three_times_differentiated,
    "a differentiated trace": a_differentiated_trace,
    "twice differentiated where covered": twice_differentiated_where_covered,
    "under a product": under_what_is_no_operator,
    "under a bound index": under_a_bound_index,
    "beside what is not in scope": beside_what_is_not_in_scope,
    "summed over a range of its own": summed_over_a_range_of_its_own,
    "at what a letter of no side allows": at_what_a_letter_of_no_side_allows,
    "beside what is there once": beside_what_is_there_once,
    "ranges in a circle": ranges_in_a_circle,
    "joined by a limit that is another": joined_by_a_limit_that_is_another,
    "believed of second gradients where covered": believed_where_covered,
    "believed without end": believed_without_end,
    "itself without end": itself_without_end,
    "believed of no horizon": believed_of_no_horizon,
    "believed of two ranks": believed_of_two_ranks,
    "believed by the possible (A1)": believed_by_the_possible,
}
