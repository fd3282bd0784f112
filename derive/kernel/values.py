"""States with values in them, rewritten: three identities of the tower property and of sums, each guarded.

A state is about the trajectory from now on; its mean is taken over all trajectories, and only what stands in the state
depends on them. ``policy`` is the one in whose coordinates rewards are written, whose V therefore stays.
"""

from __future__ import annotations

from derive.kernel import local_sums
from derive.kernel.local_sums import Symbol, symbol
from derive.kernel.polynomials import Monomial, Poly, Refused, add, of, product, put, scaled
from derive.kernel.terms import Tuple
from derive.kernel.unfolding import ZERO, at, binder, factor, gradient, joined, law, law_of, put_time, thawed, times

REWARD = symbol("r", "", ("s", "a", "x"))


def value(policy: str) -> Symbol:
    return symbol("V", policy, ("s",), ("rel", 0))


def in_coordinates(steps: Poly, policy: str, infinite: bool) -> Poly:
    """r = V + A - gamma V(x) + eps in every letter; V(x) is V of what follows."""
    ahead = ("rel", 0 if infinite else 1)
    result: Poly = {}
    for (c, (letter, rest)), v in steps.items():
        if not any(local_sums.rewards_in(f) for f, _ in letter):
            put(result, (c, (letter, rest)), v)
            continue
        for (d, monomial), w in local_sums.in_coordinates(of(letter), policy, ("rel", 0), ahead).items():
            later = [(f, e) for f, e in monomial if f[0] == "V" and f[3] == ("x",)]
            now = tuple(one for one in monomial if one not in later)
            following = rest
            for f, e in later:
                if f[2] != ahead:
                    raise Refused("a value at another time")
                following = joined(following, ((at(value(f[1]), "", 0), e),))
            put(result, (product(c, d), (now, following)), v * w)
    return result


def unrolled(monomial: Monomial, policy: str | None, infinite: bool) -> Poly:
    """The states that a state is a combination of, in the mean."""
    apart = first_apart(monomial, policy)
    if apart is not None:
        return add(scaled(unrolled(one, policy, infinite), {c: v}) for (c, one), v in apart.items())
    slopes = [(f, e) for f, e in monomial if f[0] == "grad"]
    beside = tuple(one for one in monomial if one not in slopes)
    if len(slopes) == 1 and slopes[0][1] == 1 and all(of_the_first_step(g, ("s",)) for g, _ in beside):
        body = thawed(slopes[0][0][1])  # its mean is a function of s_0 and theta: equal functions, equal gradients
        found = add(scaled(unrolled(one, None, infinite), {c: v}) for (c, one), v in body.items())
        return of(monomial) if found == body else times(of(beside), gradient(found))
    drawn = [(f, e) for f, e in monomial if f[0] == "at" and f[1][0] == "sum" and f[2:] == ZERO]
    if len(drawn) == 1 and drawn[0][1] == 1:
        return next_state(monomial, drawn[0][0], ("rel", 0 if infinite else 1))
    values = [(f, e) for f, e in monomial if f[0] == "at" and f[1][0] == "V" and f[2:] == ZERO]
    if len(values) == 1 and values[0][1] == 1 and values[0][0][1][1] != policy:
        return rewards_to_go(monomial, values[0][0], infinite)
    return of(monomial)


def rewards_to_go(monomial: Monomial, f: Tuple, infinite: bool) -> Poly:
    """V(s_0) beside functions of s_0 and one law, nothing else: the rewards to go, under the law of V's own policy.

    Both laws sum to 1 given s_0, and E[sum_t gamma^t r_t | s_0] = V(s_0).
    """
    own, beside = f[1][1], [one for one in monomial if one[0] != f]
    laws = [(g, e) for g, e in beside if law_of(g) and e == 1]
    others = tuple(one for one in beside if one not in laws)
    if len(laws) != 1 or not all(of_the_first_step(g, ("s",)) for g, _ in others):
        return of(monomial)
    rewards = times(factor(at(REWARD, "!r", 0)), factor(("gamma", "!r")))
    to_go = binder("sum", "!r", ZERO, ("inf" if infinite else "H", 0), rewards)
    return times(times(of(others), factor(law(own, infinite))), to_go)


def of_the_first_step(g: Tuple, places: Tuple) -> bool:
    """A guard, or a symbol of the first step in these places (a mark has none)."""
    return g[0] == "ge" or (g[0] == "at" and g[2:] == ZERO and set(g[1][3]) <= set(places))


def first_apart(monomial: Monomial, policy: str | None) -> Poly | None:
    """sum_{t=0..} B(t) = B(0) + sum_{t=1..} B(t), where B(0) has a value or a local sum that may be rewritten."""
    for f, e in monomial:
        if f[0] != "sum" or e != 1 or f[2] != ZERO or not (f[3][0] in ("H", "inf") and f[3][1] <= 0):
            continue
        (((_, within), _),) = f[4]
        if any(g[0] == "at" and g[2:] == (f[1], 0) and ((g[1][0] == "V" and g[1][1] != policy) or g[1][0] == "sum")
               for g, _ in within):
            rest = of(tuple(x for x in monomial if x != (f, e)))
            first = put_time(thawed(f[4]), f[1], "", 0)
            if f[3][0] == "H":  # also where H = -1: the sum is empty then
                first = times(first, factor(("ge", -f[3][1])))
            later = factor(("sum", f[1], ("", 1), f[3], f[4]))
            return add([times(rest, first), times(rest, later)])
    return None


def next_state(monomial: Monomial, f: Tuple, ahead: Tuple) -> Poly:
    """sum_y P(y|s_0,a_0) g(s_0,a_0,y) is the mean of g(s_0,a_0,s_1), where only a law goes beyond s_0, a_0."""
    bound, within = f[1][4]
    beside = [one for one in monomial if one[0] != f]
    laws = [(g, e) for g, e in beside if law_of(g) and e == 1]
    others = [one for one in beside if one not in laws]
    if len(bound) != 1 or len(laws) != 1 or not all(of_the_first_step(g, ("s", "a")) for g, _ in others):
        return of(monomial)
    (y,) = bound
    drawn = (symbol("P", "", (y, "s", "a")), 1)
    if drawn not in within:
        return of(monomial)
    found = of(tuple(beside))
    for one in within:
        if one == drawn:
            continue
        (what, name, when, places, _), e = one
        if places == (y,) and (what == "f" or (what == "V" and when == ahead)):
            then = at(symbol(what, name, ("s",), ("rel", 0) if what == "V" else ()), "", 1)
        elif what in ("r", "eps") and places == ("s", "a", y):
            then = at(symbol(what, name, ("s", "a", "x"), when), *ZERO)
        else:
            return of(monomial)
        found = times(found, factor(then, e))
    return found


