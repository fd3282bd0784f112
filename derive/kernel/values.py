"""States with values in them, rewritten: three identities of the tower property and of sums, each guarded.

A state is about the trajectory from now on; its mean is taken over all trajectories, and only what stands in the state
depends on them. ``policy`` is the one in whose coordinates rewards are written, whose V therefore stays.
"""

from __future__ import annotations

from derive.kernel.factors import END, ZERO, at, factor, inside, joined, law, law_of, moves, of_numbers, thawed, times
from derive.kernel.symbols import Symbol, renamed, renamed_inside, symbol
from derive.kernel import local_sums
from derive.kernel.local_sums import over, reduced
from derive.kernel.places import placed
from derive.kernel.polynomials import Monomial, Poly, Refused, add, of, product, put, scaled
from derive.kernel.terms import Tuple
from derive.kernel.unfolding import binder, gradient, put_time

SLOPES = {"dV": 1, "d2V": 2}
VALUED = ("r", "V", "A", "eps", *SLOPES)
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
    still = tuple((f, e) for f, e in monomial if f[0] != "grad" and not moves(f))
    beside = tuple(one for one in monomial if one not in (*slopes, *still))
    if len(slopes) == 1 and slopes[0][1] == 1 and all(of_the_first_step(g, ("s",)) for g, _ in beside):
        body = times(of(still), thawed(slopes[0][0][1]))  # with it, its mean is a function of s_0 and theta
        found = add(scaled(unrolled(one, None, infinite), {c: v}) for (c, one), v in body.items())
        return of(monomial) if found == body else times(of(beside), gradient(found))
    drawn = [(f, e) for f, e in monomial if f[0] == "at" and f[1][0] == "sum" and f[2:] == ZERO]
    related = any(by_coordinates(f[1]) for f, _ in drawn)
    if len(drawn) == 1 and drawn[0][1] == 1:
        found = drawn_step(monomial, drawn[0][0], infinite)
        if related or found != of(monomial):
            return found
    if drawn and not related:
        return least_drawn(monomial, infinite)
    slopes = [(f, e) for f, e in monomial if f[0] == "at" and f[1][0] in SLOPES and f[2:] == ZERO]
    if len(slopes) == 1 and slopes[0][1] == 1:
        return rewards_to_go(monomial, slopes[0][0], infinite)
    values = [(f, e) for f, e in monomial if f[0] == "at" and f[1][0] == "V" and f[2:] == ZERO]
    if len(values) == 1 and values[0][1] == 1 and values[0][0][1][1] != policy:
        return rewards_to_go(monomial, values[0][0], infinite)
    return of(monomial)


def least_drawn(monomial: Monomial, infinite: bool) -> Poly:
    """Of several sums over the first step, beside one another or what one of them is the mean of, the least is drawn.

    The others are functions of s_0 and a_0. A product F(s_1) with nothing else about later steps but the law is its
    mean sum_y P(y|s_0,a_0) F(y) first: ``drawn_step`` asks for that, and is the same equation from right to left.
    """
    ahead = tuple((f, e) for f, e in monomial if f[0] == "at" and f[2:] == ("", 1))
    if any(f[1][3] != ("s",) or f[1][0] in (*VALUED, "sum") for f, _ in ahead):
        return of(monomial)
    step = product(((symbol("P", "", ("x", "s", "a")), 1),), renamed(tuple((f[1], e) for f, e in ahead), {"s": "x"}))
    mean = over("x", step)
    if mean is None:
        return of(monomial)
    folded = product(tuple(one for one in monomial if one not in ahead), tuple((at(f, *ZERO), e) for f, e in mean))
    for f in [f for f, e in folded if e > 0 and f[0] == "at" and f[1][0] == "sum" and f[2:] == ZERO]:
        found = drawn_step(folded, f, infinite)
        if found != of(folded):
            return found
    return of(monomial)


def rewards_to_go(monomial: Monomial, f: Tuple, infinite: bool) -> Poly:
    """V(s_0) beside functions of s_0 and one law, nothing else: the rewards to go, under the law of V's own policy.

    Both laws sum to 1 given s_0, and E[sum_t gamma^t r_t | s_0] = V(s_0), as functions of theta: so with gradients.
    """
    own, (laws, others) = f[1][1], beside(monomial, f)
    if len(laws) != 1 or not all(of_the_first_step(g, ("s",)) for g, _ in others):
        return of(monomial)
    rewards = times(factor(at(REWARD, "!r", 0)), factor(("power", "gamma", "!r")))
    to_go = binder("sum", "!r", ZERO, ("inf" if infinite else "H", 0), rewards)
    found = times(factor(law(own, infinite)), to_go)
    for _ in range(SLOPES.get(f[1][0], 0)):
        found = gradient(found)
    return times(of(others), found)


def beside(monomial: Monomial, f: Tuple) -> tuple[Monomial, Monomial]:
    """(laws, others): what a factor stands beside, of its own power one less."""
    rest = product(monomial, ((f, -1),))
    laws = tuple((g, e) for g, e in rest if law_of(g) and e == 1)
    return laws, tuple(one for one in rest if one not in laws)


def of_the_first_step(g: Tuple, places: Tuple) -> bool:
    """A guard, a sum of numbers, or a symbol of the first step in these places (a mark has none)."""
    return g[0] == "ge" or (g[0] == "sum" and of_numbers(g)) or (
        g[0] == "at" and g[2:] == ZERO and set(g[1][3]) <= set(places))


def first_apart(monomial: Monomial, policy: str | None) -> Poly | None:
    """sum_{t=0..} B(t) = B(0) + sum_{t=1..} B(t), where B(0) has a value or a local sum that may be rewritten."""
    for f, e in monomial:
        if f[0] != "sum" or e != 1 or f[2] != ZERO or not (f[3][0] in ("H", "inf") and f[3][1] <= 0):
            continue
        (((_, within), _),) = f[4]
        if any(may_be_rewritten(g, f[1], policy) for g, _ in within):
            rest = of(tuple(x for x in monomial if x != (f, e)))
            first = put_time(thawed(f[4]), f[1], "", 0)
            if f[3][0] == "H":  # also where H = -1: the sum is empty then
                first = times(first, factor(("ge", -f[3][1])))
            later = factor(("sum", f[1], ("", 1), f[3], f[4]))
            return add([times(rest, first), times(rest, later)])
    return None


def may_be_rewritten(g: Tuple, var: str, policy: str | None) -> bool:
    """Whether a factor is a value or a local sum of the step of a time, or a local sum under a gradient."""
    if g[0] == "grad":
        return any(h[0] == "at" and h[1][0] == "sum" and h[2:] == (var, 0) for h in inside(g))
    return bool(g[0] == "at" and g[2:] == (var, 0) and (
        (g[1][0] == "V" and g[1][1] != policy) or g[1][0] in ("sum", *SLOPES)))


def by_coordinates(f: Symbol) -> bool:
    """Whether a sum is related to others by the coordinates of a policy."""
    return any(g[0] in VALUED for g, _ in f[4][1])


def to_states(f: Symbol) -> list[str]:
    """The bound states that the first step goes to, in a sum over them of what is multiplied by the probability."""
    return [p for p in f[4][0] if (symbol("P", "", (p, "s", "a")), 1) in f[4][1]]


def with_drawn(monomial: Monomial, f: Symbol) -> Monomial | None:
    """A function of the first step, with s_1 for a state that it goes to in one copy of a sum; None where that is 0."""
    bound, within = f[4]
    names = {p: f"{p[0]}#{j}" for j, p in enumerate(bound)} | {to_states(f)[0]: "x"}
    rest = tuple(one for one in within if one != (symbol("P", "", (to_states(f)[0], "s", "a")), 1))
    found = reduced([p for p in names.values() if p != "x"], renamed_inside(rest, names))
    return None if found is None else product(product(monomial, ((f, -1),)), found)


def drawn_step(monomial: Monomial, f: Tuple, infinite: bool) -> Poly:
    """A sum over actions and states of the first step, as the mean of what is summed, where a law alone goes on.

    sum_y P(y|s_0,a_0) g(s_0,a_0,y) is the mean of g(s_0,a_0,s_1) given s_0 and a_0, for g without s_1. sum_{a,y}
    P(y|s_0,a) g(s_0,a,y) is sum_{a_0,s_1} P(s_1|s_0,a_0) g(s_0,a_0,s_1): g stands for pi in the first step, and the law
    goes on from s_1, where it sums to 1. Without a function of y, sum_y P(y|s_0,a) = 1 is put in; so it is where g is a
    product of several such sums, for those by coordinates stay as they are beside one another. When no step is left,
    the sum stays.
    """
    bound, within = f[1][4]
    laws, others = beside(monomial, f)
    ahead = "a" in f[1][3] or any(g[0] == "at" and "a" in g[1][3] for g, _ in others)
    actions = [p for p in bound if p[0] == "a"]
    if len(laws) != 1 or not (ahead or actions) or not all(
            of_the_first_step(g, ("s", "a") if ahead else ("s",)) for g, _ in (*others, (f, 1))):
        return of(monomial)
    chosen = {} if ahead else {next((p for p in actions if any(g[3] == (p, "s") for g, _ in within)), actions[0]): "a"}
    names = {p: chosen.get(p, f"{p[0]}#{j}") for j, p in enumerate(bound)}
    found = reduced([p for p in names.values() if p != "a"], renamed_inside(within, names))
    sums = {g: e for g, e in found or () if e > 0 and g[0] == "sum" and to_states(g)}
    if ahead and not sums:
        return of(monomial)
    if found and sums and (sum(sums.values()) == 1 or not by_coordinates(f[1])):
        found = with_drawn(found, min(sums))
    try:
        step = {} if found is None else of(joined(placed(found, "", 0, infinite), others))
    except Refused:
        return of(monomial)
    if ahead:
        return times(step, of(laws))
    (_, var, _, hi, body), _ = laws[0]
    first = ((at(symbol("P", "", ("x", "s", "a")), *ZERO), 1), (("prod", var, ("", 1), hi, body), 1))
    step = times(step, of(joined((), tuple(sorted(first)))))
    return step if infinite else add([times(step, factor(("ge", 0))), of(joined(others, ((END, 1), (f, 1))))])
