"""Rules of elementary algebra: regroup, multiply by one, the logarithm of a product."""

from __future__ import annotations

from sympy import Expr, Integer

from derive.errors import DoesNotMatch
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import Log, Prod, Time, Total
from derive.language.vocabulary import P, R, a, grad, k, log, mu, pi, prod, ratio, s, t, tau, total
from derive.rules.ring import ring, same_by_ring
from derive.rules.rule import Rule


def _unchanged(node: Expr) -> Expr:
    return node


class _Regroup(Rule):
    """Regrouping rewrites nothing; it compares normal forms."""

    __slots__ = ()

    def touches(self, before: Expr, after: Expr) -> bool:
        return True

    def justify(self, before: Expr, after: Expr) -> None:
        if before == after:
            raise DoesNotMatch("regroup: the two sides are the same term; nothing changed.")
        if not same_by_ring(before, after):
            raise DoesNotMatch(
                f"regroup: by ring laws the left side is {ring(before)}, and the right side {ring(after)}.")


regroup = _Regroup(
    name="regroup",
    statement="a b = b a,  a (b + c) = a b + a c,  (a/b) c = a (c/b), and so on",
    proof="The laws of a commutative ring, with a/b read as a times 1/b. Nothing cancels against a denominator, "
    "and no sum over an index, gradient or logarithm is crossed.",
    conditions="scalars, and at most one gradient among the factors; obligations may be dropped, never created",
    rewrite=_unchanged,
    takes=lambda: (ratio(P(tau), P(tau)) * grad(P(tau)), P(tau) * ratio(grad(P(tau)), P(tau))),
    refuses=lambda: (ratio(P(tau), P(tau)) * grad(P(tau)), grad(P(tau))),
)


def _cancelled(node: Expr) -> Expr:
    match node:
        case Ratio(args=(above, below)) if same_by_ring(above, below):
            return Integer(1)
    return node


multiply_by_one = Rule(
    name="multiply_by_one",
    statement="f = (x/x) f",
    proof="Where x is defined and not 0, x/x = 1.",
    conditions="x is a defined scalar, x ≠ 0 for every value of the indices in scope, and brings no new free index",
    rewrite=_cancelled,
    takes=lambda: (total(tau, grad(P(tau)) * R(tau)), total(tau, ratio(P(tau), P(tau)) * grad(P(tau)) * R(tau))),
    refuses=lambda: (total(tau, grad(P(tau)) * R(tau)), total(tau, P(tau) * grad(P(tau)) * R(tau))),
)


def _log_split(node: Expr) -> Expr:
    match node:
        case Log(args=(Times(args=factors),)) if factors:
            return Plus(*(Log(factor) for factor in factors))
        case Log(args=(Ratio(args=(above, below)),)):
            return Plus(Log(above), Times(-1, Log(below)))
        case Log(args=(Power(args=(base, exponent)),)):
            return Times(exponent, Log(base))
        case Log(args=(Prod(args=(Time() as index, domain, body)),)):
            return Total(index, domain, Log(body))
    return node


def _sum_split(node: Expr) -> Expr:
    match node:
        case Total(args=(index, domain, Plus(args=parts))):
            return Plus(*(Total(index, domain, part) for part in parts))
    return node


log_of_a_product = Rule(
    name="log_of_a_product",
    statement="log (x y) = log x + log y,  log Π_t x_t = Σ_t log x_t",
    proof="The functional equation of the logarithm on positive numbers, applied to finitely many factors; "
    "the resulting finite sum is split, Σ_t (u_t + v_t) = Σ_t u_t + Σ_t v_t.",
    conditions="every factor is positive, and there are finitely many",
    rewrite=_log_split,
    tidy=_sum_split,
    takes=lambda: (
        log(mu(s) * prod(t, pi(tau.a[t] | tau.s[t]))),
        log(mu(s)) + total(t, log(pi(tau.a[t] | tau.s[t]))),
    ),
    refuses=lambda: (log(mu(s) + pi(a | s)), log(mu(s)) + log(pi(a | s))),
)

split_a_sum = Rule(
    name="split_a_sum",
    statement="Σ_i (f_i + g_i) = Σ_i f_i + Σ_i g_i",
    proof="Commutativity and associativity of addition, finitely many times.",
    conditions="the sum is finite",
    rewrite=_sum_split,
    takes=lambda: (
        total(t, log(pi(tau.a[t] | tau.s[t])) + 1),
        total(t, log(pi(tau.a[t] | tau.s[t]))) + total(k, Integer(1)),
    ),
    refuses=lambda: (
        total(t, log(pi(tau.a[t] | tau.s[t])) + 1),
        total(t, log(pi(tau.a[t] | tau.s[t]))) + 1,
    ),
)


def _factor_out(node: Expr) -> Expr:
    match node:
        case Total(args=(index, domain, Times(args=factors))):
            fixed = [factor for factor in factors if index not in factor.free_symbols]
            moving = [factor for factor in factors if index in factor.free_symbols]
            if fixed and moving:
                return Times(*fixed, Total(index, domain, moving[0] if len(moving) == 1 else Times(*moving)))
    return node


factor_out_of_a_sum = Rule(
    name="factor_out_of_a_sum",
    statement="Σ_i c f_i = c Σ_i f_i  where c does not depend on i",
    proof="The distributive law, finitely many times.",
    conditions="the index of the sum does not occur in c",
    rewrite=_factor_out,
    takes=lambda: (
        total(t, R(tau) * log(pi(tau.a[t] | tau.s[t]))),
        R(tau) * total(t, log(pi(tau.a[t] | tau.s[t]))),
    ),
    refuses=lambda: (
        total(t, pi(tau.a[t] | tau.s[t]) * log(pi(tau.a[t] | tau.s[t]))),
        pi(tau.a[0] | tau.s[0]) * total(t, log(pi(tau.a[t] | tau.s[t]))),
    ),
)
