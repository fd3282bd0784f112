"""The likelihood-ratio identity with additive return as each algebra system is given it.

    sum_tau grad P(tau) R(tau) = sum_tau P(tau) sum_t grad log pi(a_t|s_t) R(tau)

on the generic model with 2 states and 2 actions: the last outcome of each row is one minus
the other, pi(a|s) has the derivative pi u with u = phi_a - sum_b pi(b|s) phi_b. A route
gets a horizon and a twin, and says whether the two sides are equal. All routes but the
kernel's walk the tree of trajectories, so that the beginnings of trajectories are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import sympy
from flint import fmpz_mpoly_ctx
from sympy import Expr
from sympy.polys.fields import field
from sympy.polys.rings import ring

from derive.language.models import Shape
from derive.language.signature import signature
from derive.language.vocabulary import J, P, R, grad, log, pi, r, t, tau, total
from derive.semantics.evaluate import Evaluator
from derive.semantics.generic import generic_model

TWINS = {"": True, "P dropped": False, "gamma lost": False}
"""The twins of the right side, and whether it equals the left."""

BOTH = (0, 1)
FREE = [
    "mu_0", *(f"P_{s}_{a}_0" for s, a in product(BOTH, BOTH)), *(f"pi_{s}_0" for s in BOTH), "gamma",
    *(f"phi_{s}_{a}" for s, a in product(BOTH, BOTH)), *(f"r_{s}_{a}_{x}" for s, a, x in product(BOTH, BOTH, BOTH)),
]
LAST = ["mu_1", *(f"P_{s}_{a}_1" for s, a in product(BOTH, BOTH)), *(f"pi_{s}_1" for s in BOTH)]
"""Symbols of their own for the last outcomes, for the routes that leave normalisation out."""

Expand = Callable[[Any], Any]


def sides(symbols: Sequence[Any], one: Any, horizon: int, twin: str, *, quotient: bool = False,
          expand: Expand = lambda value: value) -> tuple[list[Any], list[Any]]:
    """The summands of both sides, a trajectory each; ``quotient`` writes the score as pi'/pi."""
    v = dict(zip([*FREE, *LAST], symbols, strict=False))
    entry = {name: v[name] if name in v else one - v[name[:-1] + "0"] for name in [*FREE, *LAST]}
    score, step, slope = {}, {}, {}
    for s, a in product(BOTH, BOTH):
        choice = entry[f"pi_{s}_{a}"]
        u = v[f"phi_{s}_{a}"] - entry[f"pi_{s}_0"] * v[f"phi_{s}_0"] - entry[f"pi_{s}_1"] * v[f"phi_{s}_1"]
        score[s, a] = choice * u / choice if quotient else expand(u)
        for x in BOTH:
            step[s, a, x] = expand(entry[f"P_{s}_{a}_{x}"] * choice)
            slope[s, a, x] = expand(step[s, a, x] * u)
    discounts = [one]
    for _ in range(horizon):
        discounts.append(discounts[-1] * v["gamma"])
    rewards = [{key: discount * v["r_{}_{}_{}".format(*key)] for key in step} for discount in discounts]
    claimed = [rewards[0]] * (horizon + 1) if twin == "gamma lost" else rewards
    left: list[Any] = []
    right: list[Any] = []

    def walk(depth: int, s: int, p: Any, dp: Any, scores: Any, returns: Any, claim: Any) -> None:
        if depth > horizon:
            left.append(expand(dp * returns))
            right.append(expand(scores * claim if twin == "P dropped" else p * (scores * claim)))
            return
        for a, x in product(BOTH, BOTH):
            key = (s, a, x)
            walk(depth + 1, x, expand(p * step[key]), expand(dp * step[key] + p * slope[key]), scores + score[s, a],
                 returns + rewards[depth][key], claim + claimed[depth][key])

    for s in BOTH:
        walk(0, s, entry[f"mu_{s}"], *[one - one] * 4)
    return left, right


def tree(parts: list[Any]) -> Any:
    """A sum added up as a balanced tree."""
    while len(parts) > 1:
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)] + parts[len(parts) // 2 * 2 :]
    return parts[0]


# -- routes ------------------------------------------------------------------------------------------


def claim(twin: str) -> tuple[Expr, Expr]:
    """Both sides as terms of ours."""
    scores = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
    undiscounted = total(t, r(tau.s[t], tau.a[t], tau.s[t + 1]))
    return grad(J), total(tau, {"": P(tau) * scores * R(tau), "P dropped": scores * R(tau),
                                "gamma lost": P(tau) * scores * undiscounted}[twin])


def kernel(horizon: int, twin: str) -> bool:
    """Ours, cold: the model, both sides and the zero test."""
    before, after = claim(twin)
    model = generic_model(Shape(2, 2, horizon), signature(before, after), additive=True)
    evaluator = Evaluator(model)
    return model.ring.is_zero(evaluator.value(before, {}) - evaluator.value(after, {}))


def flint_by_hand(horizon: int, twin: str, names: Sequence[str] = FREE) -> bool:
    """fmpz_mpoly, plain enumeration: the limit."""
    context = fmpz_mpoly_ctx.get(tuple(names), "lex")
    left, right = sides(context.gens(), context.constant(1), horizon, twin)
    return bool((tree(left) - tree(right)).is_zero())


def sympy_ring(horizon: int, twin: str, names: Sequence[str] = FREE) -> bool:
    """SymPy's sparse polynomials, the same program."""
    polynomials, *generators = ring(names, sympy.ZZ)
    left, right = sides(generators, polynomials.one, horizon, twin)
    return bool(tree(left) == tree(right))


def sympy_field(horizon: int, twin: str) -> bool:
    """SymPy's field of fractions; the score as pi'/pi."""
    fractions, *generators = field(FREE, sympy.ZZ)
    left, right = sides(generators, fractions.one, horizon, twin, quotient=True)
    return bool(tree(left) == tree(right))


def _expression(horizon: int, twin: str) -> Any:
    left, right = sides(sympy.symbols(FREE), sympy.Integer(1), horizon, twin, quotient=True)
    return sympy.Add(*left) - sympy.Add(*right)


def sympy_expand(horizon: int, twin: str) -> bool:
    """``expand(left - right) == 0``: correct here, where every denominator cancels by itself."""
    return bool(sympy.expand(_expression(horizon, twin)) == 0)


def sympy_cancel(horizon: int, twin: str) -> bool:
    """``cancel(left - right) == 0``."""
    return bool(sympy.cancel(_expression(horizon, twin)) == 0)


def sympy_together(horizon: int, twin: str) -> bool:
    """The numerator of ``together(left - right)``, expanded."""
    numerator, _ = sympy.fraction(sympy.together(_expression(horizon, twin)))
    return bool(sympy.expand(numerator) == 0)


def sympy_simplify(horizon: int, twin: str) -> bool:
    """``simplify(left - right) == 0``."""
    return bool(sympy.simplify(_expression(horizon, twin)) == 0)


def symengine_steps(horizon: int, twin: str, names: Sequence[str] = FREE) -> bool:
    """symengine, every product expanded along the trajectory: its fastest route found for H = 2 and 3."""
    import symengine

    symbols = symengine.symbols(" ".join(names))
    left, right = sides(symbols, symengine.Integer(1), horizon, twin, expand=symengine.expand)
    return bool(symengine.expand(symengine.Add(*left) - symengine.Add(*right)) == 0)


def symengine_once(horizon: int, twin: str) -> bool:
    """symengine, the whole difference expanded at the end."""
    import symengine

    left, right = sides(symengine.symbols(" ".join(FREE)), symengine.Integer(1), horizon, twin)
    return bool(symengine.expand(symengine.Add(*left) - symengine.Add(*right)) == 0)


Route = Callable[[int, str], bool]

QUICK: dict[str, Route] = {
    "derive's kernel": kernel,
    "flint by hand": flint_by_hand,
    "symengine, steps": symengine_steps,
    "symengine, once": symengine_once,
    "sympy ring": sympy_ring,
}
SLOW: dict[str, Route] = {
    "sympy expand": sympy_expand,
    "sympy FracField": sympy_field,
    "sympy cancel": sympy_cancel,
    "sympy simplify": sympy_simplify,
}
RAW: dict[str, Route] = {
    "flint, raw": lambda horizon, twin: flint_by_hand(horizon, twin, [*FREE, *LAST]),
    "symengine, raw": lambda horizon, twin: symengine_steps(horizon, twin, [*FREE, *LAST]),
    "sympy ring, raw": lambda horizon, twin: sympy_ring(horizon, twin, [*FREE, *LAST]),
}
"""Each probability a symbol, rows not normalised: monomials, and a narrower question that
happens to suffice here. Not the same polynomials; printed so that nothing is hidden."""
