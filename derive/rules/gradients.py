"""Rules that move a gradient: through sums, past factors without theta, into a logarithm."""

from __future__ import annotations

from sympy import Expr, Integer, Rational

from derive.language.dependence import depends_on_theta
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.terms import Grad, Log, Total
from derive.language.vocabulary import P, R, a, grad, log, mu, pi, ratio, s, tau, total
from derive.rules.rule import Rule


def _through_a_sum(node: Expr) -> Expr:
    match node:
        case Grad(args=(Plus(args=parts),)):
            return Plus(*(Grad(part) for part in parts))
        case Grad(args=(Total(args=(index, domain, body)),)):
            return Total(index, domain, Grad(body))
    return node


def _numbers_out(node: Expr) -> Expr:
    match node:
        case Grad(args=(Times(args=(Rational() as number, *rest)),)):
            return Times(number, Grad(rest[0] if len(rest) == 1 else Times(*rest)))
    return node


gradient_of_a_sum = Rule(
    name="gradient_of_a_sum",
    statement="∇ Σ_i f_i = Σ_i ∇f_i",
    proof="The sum is finite, so the derivative is a limit of finite sums of difference quotients, and the limit "
    "passes through a finite sum. A sum over the possible trajectories is a finite sum over a set that may "
    "change with θ; the terms themselves owe that it does not (or that what leaves vanishes to first order).",
    conditions="the range is finite and does not depend on θ",
    rewrite=_through_a_sum,
    tidy=_numbers_out,
    takes=lambda: (grad(total(tau, P(tau) * R(tau))), total(tau, grad(P(tau) * R(tau)))),
    refuses=lambda: (grad(total(tau, P(tau) * R(tau))), total(tau, grad(P(tau)) * R(tau))),
)


def _out_of_gradient(node: Expr) -> Expr:
    match node:
        case Grad(args=(Times(args=factors),)):
            fixed = [factor for factor in factors if not depends_on_theta(factor)]
            moving = [factor for factor in factors if depends_on_theta(factor)]
            if fixed and moving:
                return Times(*fixed, Grad(moving[0] if len(moving) == 1 else Times(*moving)))
        case Grad(args=(Ratio(args=(above, below)),)) if depends_on_theta(above) and not depends_on_theta(below):
            return Ratio(Grad(above), below)
    return node


factor_without_theta = Rule(
    name="factor_without_theta",
    statement="∇(c f) = c ∇f  where c does not depend on θ",
    proof="The difference quotient of c f is c times the difference quotient of f.",
    conditions="c does not depend on θ, directly or through what it is defined by",
    rewrite=_out_of_gradient,
    takes=lambda: (total(tau, grad(P(tau) * R(tau))), total(tau, grad(P(tau)) * R(tau))),
    refuses=lambda: (total(tau, grad(P(tau) * R(tau))), total(tau, P(tau) * grad(R(tau)))),
)


def _constant(node: Expr) -> Expr:
    match node:
        case Grad(args=(inside,)) if not depends_on_theta(inside):
            return Integer(0)
    return node


gradient_of_a_constant = Rule(
    name="gradient_of_a_constant",
    statement="∇c = 0  where c does not depend on θ",
    proof="The difference quotient of a function that does not change is 0. The term must still be defined: "
    "∇ log μ(s_0) = 0 owes μ(s_0) > 0.",
    conditions="c is defined and does not depend on θ, directly or through what it is defined by",
    rewrite=_constant,
    takes=lambda: (grad(log(mu(s))) + grad(log(pi(a | s))), grad(log(pi(a | s)))),
    refuses=lambda: (grad(log(mu(s)) + log(pi(a | s))), grad(log(pi(a | s)))),
)


def _log_trick(node: Expr) -> Expr:
    match node:
        case Grad(args=(Log(args=(inside,)),)):
            return Ratio(Grad(inside), inside)
    return node


log_derivative = Rule(
    name="log_derivative",
    statement="∇ log f = ∇f / f",
    proof="The chain rule for the logarithm, whose derivative at f > 0 is 1/f.",
    conditions="f is a positive, differentiable scalar",
    rewrite=_log_trick,
    takes=lambda: (P(tau) * ratio(grad(P(tau)), P(tau)), P(tau) * grad(log(P(tau)))),
    refuses=lambda: (grad(P(tau)), grad(log(P(tau)))),
)


def _without_logarithm(node: Expr) -> Expr:
    match node:
        case Times(args=factors):
            for place, factor in enumerate(factors):
                match factor:
                    case Grad(args=(Log(args=(inside,)),)):
                        rest = [*factors[:place], *factors[place + 1:]]
                        own = inside.args if isinstance(inside, Times) else (inside,)
                        if all(rest.count(one) >= own.count(one) for one in own):
                            for one in own:
                                rest.remove(one)
                            return Times(*rest, Grad(inside)) if rest else Grad(inside)
    return node


log_derivative_trick = Rule(
    name="log_derivative_trick",
    statement="∇f = f ∇log f",
    proof="f ∇log f = f (∇f / f) by the chain rule for the logarithm, and f/f = 1 where f > 0.",
    conditions="f is a positive, differentiable scalar",
    rewrite=_without_logarithm,
    takes=lambda: (total(tau, grad(P(tau)) * R(tau)), total(tau, P(tau) * grad(log(P(tau))) * R(tau))),
    refuses=lambda: (total(tau, grad(P(tau)) * R(tau)), total(tau, R(tau) * grad(log(P(tau))))),
)


def _product_rule(node: Expr) -> Expr:
    match node:
        case Grad(args=(Times(args=factors),)) if len(factors) > 1:
            return Plus(*(
                Times(*(Grad(factor) if place == at else factor for place, factor in enumerate(factors)))
                for at in range(len(factors))
            ))
        case Grad(args=(Power(args=(base, Integer() as n)),)) if n >= 1:
            return Times(n, Power(base, n - 1), Grad(base))
    return node


product_rule = Rule(
    name="product_rule",
    statement="∇(f g) = ∇f g + f ∇g",
    proof="f(θ+h) g(θ+h) - f g = (f(θ+h) - f) g(θ+h) + f (g(θ+h) - g); divide by h and let it go to 0.",
    conditions="f and g are differentiable scalars",
    rewrite=_product_rule,
    takes=lambda: (grad(pi(a | s) * P(tau)), grad(pi(a | s)) * P(tau) + pi(a | s) * grad(P(tau))),
    refuses=lambda: (grad(pi(a | s) * P(tau)), grad(pi(a | s)) * grad(P(tau))),
)
