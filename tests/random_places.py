"""Random equal pairs with letters, indicators, marginals, held policies, quotients and counts; and near misses.

A side is built together with a rewriting of it by true identities: the one-point rule, the tower property, Bellman
equations, a score of mean zero, a change of measure, marginals, exchanged sums, the product rule. A near miss is the
same pair with one slip in the rewriting: an index, a policy, a power of gamma, a sign, a letter. It is nearly always
false; whether it is, is for the evaluation on models to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from kernel_letters import beta, c, e, f, h, q, w, y, z
from sympy import Expr, Integer

from derive import d, d_normalized, p
from derive.language.assumptions import (
    Assumption,
    additive_return,
    below_one,
    covers,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
    positive,
    undiscounted,
)
from derive.language.expression import as_term
from derive.language.terms import Grad, Policy
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    k,
    log,
    mu,
    pi,
    pi_old,
    r,
    ratio,
    s,
    same,
    scalar,
    stop_gradient,
    t,
    tau,
    total,
    x,
)

Twin = tuple[Expr, Expr]
"""Two terms that are equal, if no slip happened."""
both, actions = function("both"), function("actions")
"""Of two states; of two actions."""
lam, nu = scalar("lam"), scalar("nu")
OTHER = {pi: beta, beta: pi, pi_old: beta}


@dataclass(frozen=True)
class PlacedPair:
    """Two terms, what is assumed, and whether they were made equal."""

    before: Expr
    after: Expr
    assumptions: frozenset[Assumption]
    endless: bool
    equal: bool
    made: str


def differentiated(term: Expr) -> bool:
    """Whether a gradient stands in a term: another one would ask for second derivatives."""
    return bool(term.has(Grad))


class Slips:
    """Chances of a slip in the rewriting, counted; the one that is armed happens."""

    def __init__(self, armed: int | None = None) -> None:
        self.armed, self.chances = armed, 0

    def __call__(self, right: Any, wrong: Any) -> Any:
        self.chances += 1
        return wrong if self.chances - 1 == self.armed else right


class Maker:
    """Builds one pair; the letter of a sum is never one that is free in its body."""

    def __init__(self, rng: Random, slip: Slips, *, endless: bool) -> None:
        self.rng, self.slip, self.endless = rng, slip, endless
        self.assumes: set[Assumption] = {additive_return} | ({discount_below_one} if endless else set())
        self.held = False
        self.made: list[str] = []

    def one_of(self, *ways: Callable[..., Twin], **given: Any) -> Twin:
        way = self.rng.choice(ways)
        self.made.append(way.__name__)
        return way(**given)

    # -- values with the right time ---------------------------------------------------------------------------

    def v(self, at: Any, place: Any, policy: Policy = pi) -> Expr:
        return V(place, policy=policy) if self.endless else V[at](place, policy=policy)

    def q(self, at: Any, place: Any, chosen: Any, policy: Policy = pi) -> Expr:
        return Q(place, chosen, policy=policy) if self.endless else Q[at](place, chosen, policy=policy)

    def adv(self, at: Any, place: Any, chosen: Any, policy: Policy = pi) -> Expr:
        return A(place, chosen, policy=policy) if self.endless else A[at](place, chosen, policy=policy)

    # -- functions of a state or of a state and an action ------------------------------------------------------

    def of_state(self, at: Any, place: Any, depth: int = 2) -> Twin:
        """Two equal functions of a state at a time."""
        ways: list[Callable[..., Twin]] = [self.plain]
        if depth:
            ways += [self.chosen, self.point, self.value, self.split_sum, self.nothing_chosen]
        return self.one_of(*ways, at=at, place=place, depth=depth)

    def plain(self, at: Any, place: Any, depth: int) -> Twin:
        one = self.rng.choice([f, c])
        return one(place), self.slip(one, c if one == f else f)(place)

    def chosen(self, at: Any, place: Any, depth: int) -> Twin:
        policy = self.rng.choice([pi, pi, beta])
        left, right = self.of_pair(at, place, a, depth - 1)
        return (total(a, policy(a | place) * left), total(a, self.slip(policy, OTHER[policy])(a | place) * right))

    def nothing_chosen(self, at: Any, place: Any, depth: int) -> Twin:
        left, right = self.of_state(at, place, depth - 1)
        return left, total(e, self.slip(pi(e | place), pi(e | place) ** 2) * right)

    def point(self, at: Any, place: Any, depth: int) -> Twin:
        left, _ = self.of_state(at, place, 0)
        one = f if left == f(place) else c
        return left, total(y, same(y, place) * self.slip(one(y), one(y) ** 2))

    def value(self, at: Any, place: Any, depth: int) -> Twin:
        policy = self.rng.choice([pi, pi, beta])
        after = at + 1
        forms = [self.v(at, place, policy),
                 total(a, self.slip(policy, OTHER[policy])(a | place) * self.q(at, place, a, policy)),
                 total(a, policy(a | place) * total(x, P(x | place, a) * (r(place, a, x) + self.slip(
                     gamma, 1) * self.v(self.slip(after, at) if not self.endless else after, x, policy))))]
        return forms[0], self.rng.choice(forms[1:])

    def split_sum(self, at: Any, place: Any, depth: int) -> Twin:
        policy = self.rng.choice([pi, beta])
        return (total(a, policy(a | place) * (q(place, a) + z(place, a))),
                total(a, policy(a | place) * q(place, a)) + self.slip(1, -1) * total(e, policy(e | place) * z(place,
         e)))

    def of_pair(self, at: Any, place: Any, chosen: Any, depth: int = 1) -> Twin:
        """Two equal functions of a state and an action."""
        ways: list[Callable[..., Twin]] = [self.plain_pair, self.next_state, self.action_value, self.advantage]
        return self.one_of(*ways, at=at, place=place, chosen=chosen, depth=depth)

    def plain_pair(self, at: Any, place: Any, chosen: Any, depth: int) -> Twin:
        return q(place, chosen), self.slip(q, z)(place, chosen)

    def next_state(self, at: Any, place: Any, chosen: Any, depth: int) -> Twin:
        left = total(x, P(x | place, chosen) * (f(x) + h(place, chosen, x)))
        right = total(y, P(y | place, chosen) * f(y)) + self.slip(1, 2) * total(x, h(place, chosen, x) * P(
            x | place, chosen))
        return left, right

    def action_value(self, at: Any, place: Any, chosen: Any, depth: int) -> Twin:
        policy = self.rng.choice([pi, beta])
        return (self.q(at, place, chosen, policy), total(x, P(x | place, chosen) * (r(place, chosen, x) + self.slip(
            gamma, gamma**2) * self.v(at + 1, x, self.slip(policy, OTHER[policy])))))

    def advantage(self, at: Any, place: Any, chosen: Any, depth: int) -> Twin:
        return (self.adv(at, place, chosen), self.q(at, place, chosen) - self.slip(1, 2) * self.v(at, place))

    # -- means at one time ------------------------------------------------------------------------------------

    def past(self, at: Any) -> Expr:
        """A function of what comes before the action at a time."""
        S, chosen = tau.s, tau.a
        ways = [Integer(1), c(S[at]), f(S[at]) * 2]
        if at not in (0, t):
            ways.append(q(S[0], chosen[0]) if at == 1 else f(S[0]))
        return as_term(self.rng.choice(ways))

    def mean_at(self, at: Any) -> Twin:
        """Two equal means of what is said at a time."""
        ways: list[Callable[..., Twin]] = [
            self.tower, self.tower_ahead, self.marginal, self.score_zero, self.all_actions, self.indicated,
            self.bellman_step, self.a_law_changed, self.transition, self.slope_ahead, self.of_the_state,
            self.drawn_again, self.chosen_again]
        return self.one_of(*ways, at=at)

    def mean(self, body: Any, policy: Policy = pi) -> Expr:
        return expect(tau, body, policy=policy)

    def of_the_state(self, at: Any) -> Twin:
        policy, past = self.rng.choice([pi, beta]), self.past(at)
        left, right = self.of_state(at, tau.s[at])
        return self.mean(past * left, policy), self.mean(past * right, self.slip(policy, OTHER[policy]))

    def tower(self, at: Any) -> Twin:
        policy, past, S = self.rng.choice([pi, pi, beta]), self.past(at), tau.s[at]
        left, _ = self.of_pair(at, S, tau.a[at])
        right = left.xreplace({tau.a[at]: a}) if not left.has(a) else None
        if right is None or right.has(tau.a[at]):
            left, right = q(S, tau.a[at]), q(S, a)
        return (self.mean(past * left, policy), self.mean(past * total(a, self.slip(policy, OTHER[policy])(
            a | S) * right), policy))

    def tower_ahead(self, at: Any) -> Twin:
        policy, past, S, chosen = self.rng.choice([pi, pi, beta]), self.past(at), tau.s[at], tau.a[at]
        beside = self.rng.choice([Integer(1), q(S, chosen)])
        after = self.rng.choice([f, c, lambda place: self.v(at + 1, place), lambda place: self.v(at + 1, place, beta)])
        return (self.mean(past * beside * after(tau.s[at + 1]), policy), self.mean(past * beside * total(
            y, P(y | S, chosen) * self.slip(after(y), after(y) ** 2)), policy))

    def marginal(self, at: Any) -> Twin:
        policy = self.rng.choice([pi, pi, beta])
        left, right = self.of_state(at, s, 1)
        return (self.mean(left.xreplace({s: tau.s[at]}), policy) if not left.has(y) else self.mean(f(tau.s[at]),
         policy),
                total(s, p[at](s, policy=self.slip(policy, OTHER[policy])) * (right if not left.has(y) else f(s))))

    def score(self, at: Any) -> Expr:
        return grad(log(pi(tau.a[at] | tau.s[at])))

    def score_zero(self, at: Any) -> Twin:
        left, _ = self.of_state(at, tau.s[at], 1)
        past = self.past(at)
        return (self.mean(past * self.score(at) * (q(tau.s[at], tau.a[at]) - left)), self.mean(
            past * self.score(at) * q(tau.s[at], tau.a[at])) + self.slip(0, 1) * self.mean(self.score(at) * f(
                tau.s[at + 1])))

    def all_actions(self, at: Any) -> Twin:
        past, S = self.past(at), tau.s[at]
        one = self.rng.choice([q, lambda *places: self.q(at, *places), lambda *places: self.adv(at, *places)])
        other = self.slip(one, lambda *places: self.v(at, places[0]) + q(*places))
        return (self.mean(past * self.score(at) * one(S, tau.a[at])), self.mean(past * total(
            e, grad(pi(e | S)) * other(S, e))))

    def indicated(self, at: Any) -> Twin:
        policy, past, place = self.rng.choice([pi, beta]), self.past(at), tau.s[self.rng.choice([at, at + 1])]
        one = self.rng.choice([f, c])
        there = self.slip(place, tau.s[at + 1] if place == tau.s[at] else tau.s[at])
        return (self.mean(past * one(place), policy), self.mean(past * total(x, same(x, there) * one(x)), policy))

    def bellman_step(self, at: Any) -> Twin:
        past, S, after = self.past(at), tau.s[at], tau.s[at + 1]
        sign = self.slip(gamma, 1)
        return (self.mean(past * self.v(at, S)), self.mean(past * (r(S, tau.a[at], after) + sign * self.v(
            at + 1, after)), self.slip(pi, beta)))

    def a_law_changed(self, at: Any) -> Twin:
        self.assumes.add(self.rng.choice([covers(beta, pi), policy_positive]))
        past, S, chosen = self.rng.choice([Integer(1), c(tau.s[at])]), tau.s[at], tau.a[at]
        rho = ratio(pi(chosen | S), beta(chosen | S))
        left, right = self.mean(past * self.slip(rho, rho**2) * q(S, chosen), beta), self.mean(past * total(
            a, pi(a | S) * q(S, a)), beta)
        return right, left

    def drawn_again(self, at: Any) -> Twin:
        S, chosen, after, policy = tau.s[at], tau.a[at], tau.s[at + 1], self.rng.choice([pi, beta])
        past = self.past(at)
        if self.rng.random() < 0.3:  # two next states, drawn apart
            return (self.mean(total(y, P(y | S, chosen) * both(after, y)), policy), self.mean(total(x, total(
                y, P(x | S, chosen) * P(y | S, chosen) * both(x, self.slip(y, x)))), policy))
        return (self.mean(past * both(S, after), policy), self.mean(past * total(
            y, P(y | S, chosen) * both(self.slip(S, after), self.slip(y, S))), policy))

    def chosen_again(self, at: Any) -> Twin:
        S, chosen, after, policy = tau.s[at], tau.a[at], tau.s[at + 1], self.rng.choice([pi, beta])
        return (self.mean(actions(chosen, chosen) * h(S, chosen, S), policy), self.mean(total(e, self.slip(
            policy, OTHER[policy])(e | S) * actions(e, self.slip(e, chosen)) * h(S, e, self.slip(S, after))), policy))

    def transition(self, at: Any) -> Twin:
        S, chosen, policy = tau.s[at], tau.a[at], self.rng.choice([pi, beta])
        left = self.mean(same(S, s) * same(chosen, a) * f(tau.s[at + 1]), policy)
        return left, p[at](s, policy=policy) * self.slip(policy, OTHER[policy])(a | s) * total(
            x, P(x | s, a) * f(x))

    def slope_ahead(self, at: Any) -> Twin:
        """sum_y P(y|s_t,a_t) grad V(y), grad Q, and grad V along the trajectory."""
        S, chosen, past = tau.s[at], tau.a[at], self.past(at)
        return (self.mean(past * grad(self.q(at, S, chosen))), self.mean(past * gamma * self.slip(1, 2) * grad(
            self.v(at + 1, tau.s[at + 1])), self.slip(pi, beta)))

    # -- terms without a trajectory ---------------------------------------------------------------------------

    def local(self) -> Twin:
        ways: list[Callable[..., Twin]] = [
            self.slope_of_v, self.slope_of_q, self.two_policies, self.exchanged, self.one_point, self.slope_of_a,
            self.surrogate, self.local_value, self.local_pair]
        ways += [self.occupancy, self.occupied, self.slope_of_occupancy, self.by_occupancy] if self.endless else [
            self.marginal_step, self.marginal_mean, self.slope_of_marginal]
        return self.one_of(*ways)

    def local_value(self) -> Twin:
        return self.of_state(t, s)

    def local_pair(self) -> Twin:
        return self.of_pair(t, s, e)

    def slope_of_v(self) -> Twin:
        chosen = total(a, grad(pi(a | s)) * self.q(t, s, a))
        forms = [chosen + self.slip(1, 0) * total(a, pi(a | s) * grad(self.q(t, s, a))),
                 chosen + self.slip(gamma, 1) * total(a, pi(a | s) * total(x, P(x | s, a) * grad(self.v(t + 1, x)))),
                 total(a, grad(self.slip(pi, pi_old)(a | s) * self.q(t, s, a)))]
        return grad(self.v(t, s)), self.rng.choice(forms)

    def slope_of_q(self) -> Twin:
        return grad(self.q(t, s, a)), self.slip(gamma, 1) * total(x, P(x | s, a) * grad(self.v(
            t + 1, x, self.slip(pi, beta))))

    def slope_of_a(self) -> Twin:
        return total(a, pi(a | s) * grad(self.adv(t, s, a))), -total(a, grad(pi(a | s)) * self.slip(
            self.adv(t, s, a), q(s, a)))

    def two_policies(self) -> Twin:
        one, two = self.rng.choice([(pi, beta), (beta, pi)])
        gap = total(x, P(x | s, a) * (self.v(t + 1, x, one) - self.v(t + 1, x, two)))
        return (self.v(t, s, one) - self.v(t, s, two), total(a, (one(a | s) - two(a | s)) * self.q(
            t, s, a, self.slip(two, one))) + gamma * total(a, self.slip(one, two)(a | s) * gap))

    def exchanged(self) -> Twin:
        one, two = self.of_state(t, s, 1)
        return (total(s, mu(s) * total(a, q(s, a) * pi(a | s) * one)) if not one.has(a) else total(s, f(s) * total(
            a, pi(a | s) * q(s, a))), total(a, total(s, q(s, a) * self.slip(pi, beta)(a | s) * (
                mu(s) * two if not one.has(a) else f(s)))))

    def one_point(self) -> Twin:
        return (total(s, same(s, y) * f(s) * q(s, a)), self.slip(f(y), f(x)) * total(e, same(e, a) * self.slip(
            q(y, e), q(x, e))))

    def surrogate(self) -> Twin:
        """Equal at theta."""
        self.held = True
        held = self.slip(stop_gradient(self.q(t, s, a)), self.q(t, s, a) + q(s, a))
        return (total(a, grad(pi(a | s)) * self.q(t, s, a)), self.rng.choice([
            grad(total(a, pi(a | s) * held)), total(a, pi_old(a | s) * ratio(grad(pi(a | s)), pi_old(a | s)) * held)
            if policy_positive in self.assumes else grad(total(a, (pi(a | s) - pi_old(a | s)) * held))]))

    def marginal_step(self) -> Twin:
        policy = self.rng.choice([pi, beta])
        return p[t + 1](x, policy=policy), total(s, p[self.slip(t, t + 1)](s, policy=policy) * total(
            a, self.slip(policy, OTHER[policy])(a | s) * P(x | s, a)))

    def marginal_mean(self) -> Twin:
        one, two = self.of_state(t, s, 1)
        return total(s, p[t](s) * one), total(s, p[t](s, policy=self.slip(pi, beta)) * two)

    def slope_of_marginal(self) -> Twin:
        at = self.rng.choice([t, 1, t])
        return (grad(total(s, p[at](s) * pi(a | s) * f(s))), total(s, (self.slip(1, 0) * grad(p[at](s)) * pi(
            a | s) + p[at](s) * grad(pi(a | s))) * f(s)))

    def occupancy(self) -> Twin:
        policy = self.rng.choice([pi, beta])
        if self.rng.random() < 0.5:
            return d(x, policy=policy), mu(x) + self.slip(gamma, 1) * total(s, d(s, policy=policy) * total(
                a, self.slip(policy, OTHER[policy])(a | s) * P(x | s, a)))
        return d_normalized(x, policy=policy), self.slip(1 - gamma, 1) * mu(x) + gamma * total(s, d_normalized(
            s, policy=policy) * total(a, policy(a | s) * P(x | s, a)))

    def occupied(self) -> Twin:
        policy = self.rng.choice([pi, beta])
        one, two = self.of_state(t, s, 1)
        along = one.xreplace({s: tau.s[k]}) if not one.has(y) else f(tau.s[k])
        return (total(k, gamma**k * expect(tau, along, policy=policy), stop=forever), total(s, d(
            s, policy=self.slip(policy, OTHER[policy])) * (two if not one.has(y) else f(s))))

    def slope_of_occupancy(self) -> Twin:
        return (grad(total(s, d(s) * pi(a | s) * f(s))), total(s, (grad(d(s)) * pi(a | s) + self.slip(1, 0) * d(
            s) * grad(pi(a | s))) * f(s)))

    def by_occupancy(self) -> Twin:
        critic = self.rng.choice([self.q, self.adv])
        if self.rng.random() < 0.4:
            self.held = True
            return grad(J), grad(total(s, self.slip(stop_gradient(d(s)), d(s)) * total(a, pi(a | s) * stop_gradient(
                self.q(t, s, a)))))
        return grad(J), total(s, self.slip(d, d_normalized)(s) * total(a, grad(pi(a | s)) * critic(t, s, a)))

    # -- around it ---------------------------------------------------------------------------------------------

    def whole(self) -> Twin:
        if self.rng.random() < 0.45:
            twin = self.local()
        elif self.endless:
            twin = self.summed() if self.rng.random() < 0.8 else self.mean_at(Integer(self.rng.choice([0, 1])))
        else:
            twin = self.summed() if self.rng.random() < 0.4 else self.mean_at(self.rng.choice([t, Integer(0),
         Integer(1)]))
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            twin = self.wrapped(twin)
        return twin

    def summed(self) -> Twin:
        """Over all times, with discounts; the first apart, or an index shifted."""
        one, two = self.mean_at(k)
        if self.endless:
            weight: Expr = gamma**k
            if self.rng.random() < 0.25:
                self.assumes.add(below_one(lam))
                weight = gamma**k * lam**k
            return total(k, weight * one, stop=forever), total(k, self.slip(weight, weight * gamma) * two, stop=forever)
        weight = self.rng.choice([Integer(1), gamma**k, lam**k])
        return total(k, weight * one), total(k, self.slip(weight, weight * 2) * two)

    def wrapped(self, twin: Twin) -> Twin:
        ways = [self.beside_a_letter, self.divided, self.added, self.scaled_down, self.by_a_number]
        if not self.held:
            ways += [self.held_still, self.differentiated]
        if not self.endless:
            ways += [self.counted, self.powered]
        return self.one_of(*ways, twin=twin)

    def beside_a_letter(self, twin: Twin) -> Twin:
        one, two = twin
        return one * f(w), two * self.slip(f(w), f(y) if not two.has(y) else c(w))

    def divided(self, twin: Twin) -> Twin:
        """By a sum that is surely positive."""
        one, two = twin
        self.assumes |= {discount_below_one}
        by = self.rng.choice([1 + gamma, 2 - gamma])
        if self.rng.random() < 0.3 and not differentiated(one):
            by = total(a, pi(a | w) ** 2)
            self.assumes |= {policy_positive}
        other = self.slip(by, by**2)
        return ratio(one, by), self.rng.choice([ratio(two, other), ratio(two * by, by * other)])

    def added(self, twin: Twin) -> Twin:
        one, two = twin
        return one * 2, two + self.slip(two, 0 * two)

    def scaled_down(self, twin: Twin) -> Twin:
        one, two = twin
        self.assumes.add(below_one(nu))
        return one, two * ratio(1 - self.slip(nu, nu**2), 1 - nu)

    def by_a_number(self, twin: Twin) -> Twin:
        one, two = twin
        self.assumes.add(positive(lam) if below_one(lam) not in self.assumes else below_one(lam))
        return one * lam**2, two * lam * self.slip(lam, 1)

    def held_still(self, twin: Twin) -> Twin:
        """At theta."""
        one, two = twin
        if differentiated(two):
            return twin
        self.held = True
        return one, stop_gradient(two)

    def differentiated(self, twin: Twin) -> Twin:
        one, two = twin
        if differentiated(one) or differentiated(two):
            return twin
        return grad(one), grad(two)

    def counted(self, twin: Twin) -> Twin:
        one, two = twin
        if one.has(k) or two.has(k):
            return twin
        return self.rng.choice([
            (total(k, one), (H + self.slip(1, 0)) * two), (total(k, one, start=1), self.slip(H, H + 1) * two),
            (total(k, one, stop=t), (t + self.slip(1, 0)) * two)])

    def powered(self, twin: Twin) -> Twin:
        one, two = twin
        if differentiated(one):
            return twin
        return one**2, one * self.slip(two, one**2)


def placed_pair(seed: int) -> PlacedPair:
    """A pair that is equal, or, for every other seed, one with a slip."""
    rng = Random(f"places {seed}")
    endless, choice = rng.random() < 0.35, rng.random()
    slips = Slips()
    maker, twin = _made(seed, slips, endless)
    if seed % 2 and slips.chances:
        maker, twin = _made(seed, Slips(rng.randrange(slips.chances)), endless)
    assumes = set(maker.assumes)
    if choice < 0.4:
        assumes |= {policy_positive, initial_positive, dynamics_positive}
    elif choice < 0.5 and not endless and discount_below_one not in assumes:
        assumes.add(undiscounted)
    if discount_below_one not in assumes and undiscounted not in assumes and rng.random() < 0.5:
        assumes.add(discount_below_one)
    return PlacedPair(*twin, frozenset(assumes), endless, not seed % 2, " ".join(maker.made))


def _made(seed: int, slips: Slips, endless: bool) -> tuple[Maker, Twin]:
    maker = Maker(Random(f"inside {seed}"), slips, endless=endless)
    one, two = maker.whole()
    return maker, (as_term(one), as_term(two))
