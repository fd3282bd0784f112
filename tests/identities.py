"""Identities that everybody knows, each beside a false twin; and theorems' terms that other tests are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from random_sums import POSITIVE, Pair, beta
from sympy import Expr

from derive.language.assumptions import Assumption, additive_return, iid_samples, possible
from derive.language.expression import as_term
from derive.language.vocabulary import (
    A,
    H,
    J,
    P,
    Q,
    R,
    V,
    expect,
    function,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mean,
    mu,
    pi,
    prod,
    r,
    ratio,
    samples,
    t,
    tau,
    total,
    variance,
)

b, q = function("b"), function("q")


def score(at: Any) -> Expr:
    return grad(log(pi(tau.a[at] | tau.s[at])))


def reward(at: Any) -> Expr:
    return r(tau.s[at], tau.a[at], tau.s[as_term(at) + 1])


def critic(at: Any) -> Expr:
    return q(tau.s[at], tau.a[at])


def weights(upto: Any) -> Expr:
    """prod of pi / beta up to a time."""
    return prod(k, ratio(pi(tau.a[k] | tau.s[k]), beta(tau.a[k] | tau.s[k])), stop=upto)


def along(f: Any) -> Expr:
    """mu(s_0) prod_t P(s_{t+1}|s_t, a_t) f(a_t, s_t), with an f that need not be a policy."""
    return mu(tau.s[0]) * prod(t, P(tau.s[t + 1] | tau.s[t], tau.a[t]) * f)


def value(at: Any, **under: Any) -> Expr:
    return V[at](tau.s[at], **under)


def action_value(at: Any) -> Expr:
    return Q[at](tau.s[at], tau.a[at])


def advantage(at: Any, **under: Any) -> Expr:
    return A[at](tau.s[at], tau.a[at], **under)


def error(at: Any) -> Expr:
    """The temporal-difference error."""
    return reward(at) + gamma * value(as_term(at) + 1) - value(at)


scores = total(t, score(t))
rewards = total(t, reward(t))
to_go = total(t, score(t) * total(k, reward(k), start=t))
every_pair = expect(tau, total(t, score(t) * total(k, reward(k))))


@dataclass(frozen=True)
class Named:
    """An identity and a twin of its right-hand side that is false."""

    name: str
    left: Any
    right: Any
    twin: Any
    assumes: frozenset[Assumption] = POSITIVE
    residues: bool = True  # whether residues can evaluate it: no values of logarithms, no samples
    first: int | None = 0  # the first horizon of the equation; None where the kernel has none

    def pair(self, side: Any) -> Pair:
        return Pair(as_term(self.left), as_term(side), self.assumes, self.name)


VALUED = POSITIVE | {additive_return}
SAMPLED = POSITIVE | {iid_samples}

NAMED = [
    Named("the score has mean 0, but not times a critic of its action",
          expect(tau, total(t, score(t) * b(tau.s[t]))) + expect(tau, scores), 0,
          expect(tau, total(t, score(t) * critic(t)))),
    Named("the mean of a baseline is 0 for s_t, not for s_{t+1}",
          expect(tau, total(t, score(t) * b(tau.s[t]))), 0, expect(tau, total(t, score(t) * b(tau.s[t + 1])))),
    Named("the score has mean 0 under its own policy only",
          0, expect(tau, total(t, score(t))), expect(tau, total(t, score(t)), policy=beta)),
    Named("a score knows nothing of past rewards, but of its own",
          expect(tau, total(t, total(k, score(t) * reward(k), stop=t - 1))), 0,
          expect(tau, total(t, total(k, score(t) * reward(k), stop=t)))),
    Named("causality: k >= t, not k > t", every_pair, expect(tau, to_go),
          expect(tau, total(t, score(t) * total(k, reward(k), start=t + 1)))),
    Named("causality is not the own reward only (H = 0)", every_pair, expect(tau, to_go),
          expect(tau, total(t, score(t) * reward(t)))),
    Named("causality is not the last reward only (H = 0)", grad(expect(tau, reward(H))),
          expect(tau, scores * reward(H)), expect(tau, score(H) * reward(H))),
    Named("rewards three steps late count too (H <= 2)", every_pair, expect(tau, to_go),
          expect(tau, to_go) + expect(tau, total(t, score(t) * total(k, reward(k), start=t + 3)))),
    Named("discounted REINFORCE keeps gamma^t", grad(expect(tau, total(t, gamma**t * reward(t)))),
          expect(tau, total(t, gamma**t * score(t) * total(k, gamma**(k - t) * reward(k), start=t))),
          expect(tau, total(t, score(t) * total(k, gamma**(k - t) * reward(k), start=t)))),
    Named("gamma^k times k + 1", expect(tau, total(t, gamma**t * total(k, gamma**(k - t) * reward(k), start=t))),
          expect(tau, total(k, gamma**k * reward(k) * total(t, 1, stop=k))),
          expect(tau, total(k, gamma**(k + 1) * reward(k) * total(t, 1, stop=k)))),
    Named("gamma^(H - t) is gamma^(H - k) gamma^(k - t)",
          expect(tau, total(t, total(k, gamma**(H - t) * reward(k), start=t))),
          expect(tau, total(t, total(k, gamma**(H - k) * gamma**(k - t) * reward(k), start=t))),
          expect(tau, total(t, total(k, gamma**(H - k) * reward(k), start=t)))),
    Named("importance ratios up to the reward's action", expect(tau, rewards),
          expect(tau, total(t, weights(t) * reward(t)), policy=beta),
          expect(tau, total(t, weights(t - 1) * reward(t)), policy=beta)),
    Named("importance ratios before the state", expect(tau, total(t, b(tau.s[t]))),
          expect(tau, total(t, weights(t - 1) * b(tau.s[t])), policy=beta),
          expect(tau, total(t, weights(t - 1) * b(tau.s[t + 1])), policy=beta)),
    Named("full and partial ratios", expect(tau, weights(H) * rewards, policy=beta),
          expect(tau, total(t, weights(t) * reward(t)), policy=beta),
          expect(tau, weights(H - 1) * rewards, policy=beta)),
    Named("the score under another law needs its ratio", 0,
          expect(tau, total(t, weights(t) * score(t) * b(tau.s[t])), policy=beta),
          expect(tau, total(t, weights(t - 1) * score(t) * b(tau.s[t])), policy=beta)),
    Named("the first state knows no policy, the second does", expect(tau, b(tau.s[0])),
          expect(tau, b(tau.s[0]), policy=beta), expect(tau, b(tau.s[1]), policy=beta)),
    Named("the first state is not the last (H = 0)", expect(tau, b(tau.s[0])),
          expect(tau, total(t, b(tau.s[t]), stop=0)), expect(tau, b(tau.s[H]))),
    Named("a mean-one ratio leaves the present alone, not the future", expect(tau, total(t, b(tau.s[t]))),
          expect(tau, total(t, b(tau.s[t]) * ratio(beta(tau.a[t] | tau.s[t]), pi(tau.a[t] | tau.s[t])))),
          expect(tau, total(t, b(tau.s[t + 1]) * ratio(beta(tau.a[t] | tau.s[t]), pi(tau.a[t] | tau.s[t]))))),
    Named("telescoping ends in s_{H+1}", expect(tau, total(t, b(tau.s[t + 1]) - b(tau.s[t]))),
          expect(tau, b(tau.s[H + 1]) - b(tau.s[0])), expect(tau, b(tau.s[H]) - b(tau.s[0]))),
    Named("telescoping on every trajectory", total(t, b(tau.s[t + 1]) - b(tau.s[t])), b(tau.s[H + 1]) - b(tau.s[0]),
          b(tau.s[H]) - b(tau.s[0])),
    Named("the end state may not be forgotten", expect(tau, total(t, b(tau.s[t + 1]))),
          expect(tau, total(t, b(tau.s[t]), start=1) + b(tau.s[H + 1])), expect(tau, total(t, b(tau.s[t]), start=1))),
    Named("all scores touch the end state", grad(expect(tau, b(tau.s[H + 1]))), expect(tau, scores * b(tau.s[H + 1])),
          expect(tau, score(H) * b(tau.s[H + 1]))),
    Named("the first term split off", expect(tau, rewards), expect(tau, reward(0) + total(t, reward(t), start=1)),
          expect(tau, reward(0) + total(t, reward(t), start=2))),
    Named("the last term split off", expect(tau, rewards), expect(tau, total(t, reward(t), stop=H - 1) + reward(H)),
          expect(tau, total(t, reward(t), stop=H - 1) + reward(0))),
    Named("not the first reward only (H = 0)", expect(tau, rewards), expect(tau, total(k, reward(k))),
          expect(tau, reward(0))),
    Named("not the last reward only (H = 0)", expect(tau, rewards), expect(tau, total(k, reward(k))),
          expect(tau, reward(H))),
    Named("sums swapped", expect(tau, total(t, total(k, reward(k) * score(t), stop=t))),
          expect(tau, total(k, total(t, reward(k) * score(t), start=k))),
          expect(tau, total(k, total(t, reward(k) * score(t), start=k + 1)))),
    Named("the number of steps", expect(tau, total(t, 1)), 1 + expect(tau, total(t, 1, start=1)),
          2 + expect(tau, total(t, 1, start=2))),
    Named("s_1 exists at H = 0", expect(tau, b(tau.s[1])), expect(tau, total(t, b(tau.s[t]), start=1, stop=1)),
          expect(tau, total(t, b(tau.s[t]), start=1) - total(t, b(tau.s[t]), start=2))),
    Named("0..2 is three numbers, also at H = 0", expect(tau, total(t, gamma**t, stop=2)), 1 + gamma + gamma**2,
          expect(tau, total(t, gamma**t) - total(t, gamma**t, start=3))),
    Named("k..1 goes beyond H too", expect(tau, total(k, total(t, 1, start=k, stop=1))),
          2 + expect(tau, total(k, 1, start=1) - total(k, 1, start=2)),
          1 + expect(tau, 2 * total(k, 1, start=1) - 2 * total(k, 1, start=2))),
    Named("H-1..H is two numbers, also at H = 0", expect(tau, total(t, 1, start=H - 1)), 2,
          expect(tau, total(t, 1) - total(t, 1, stop=H - 2))),
    Named("the Fisher identity", expect(tau, grad(grad(log(P(tau))))), -variance(tau, grad(log(P(tau)))),
          variance(tau, grad(log(P(tau))))),
    Named("the second gradient of J", grad(grad(J)), total(tau, grad(grad(P(tau))) * R(tau)),
          expect(tau, grad(grad(log(P(tau)))) * R(tau))),
    Named("the score of a trajectory", grad(log(P(tau))), scores, total(t, score(t), start=1)),
    Named("the log ratio of two laws", log(P(tau)) - log(P(tau, policy=beta)),
          total(t, log(ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t])))),
          total(t, log(ratio(pi(tau.a[t] | tau.s[t]), beta(tau.a[t] | tau.s[t]))), stop=H - 1),
          residues=False),
    Named("an arbitrary return", grad(J), expect(tau, scores * R(tau)),
          expect(tau, total(t, score(t), start=1) * R(tau))),
    Named("the square of a return", grad(expect(tau, R(tau) ** 2)), expect(tau, scores * R(tau) ** 2),
          2 * J * grad(J)),
    Named("a product of expectations", grad(J * J), 2 * J * expect(tau, scores * R(tau)),
          J * expect(tau, scores * R(tau))),
    Named("nothing is known of a product that is not known of its factors", J * J, J * expect(tau, R(tau)),
          expect(tau, R(tau) ** 2)),
    Named("H + 1 is a number", expect(tau, total(t, 1)) * expect(tau, rewards), expect(tau, total(t, 1) * rewards),
          expect(tau, rewards)),
    Named("gamma^H is a number", expect(tau, gamma**H * rewards) * expect(tau, b(tau.s[0])),
          expect(tau, rewards) * expect(tau, gamma**H * b(tau.s[0])), expect(tau, rewards) * expect(tau, b(tau.s[0]))),
    Named("a square of a sum", (expect(tau, rewards) + expect(tau, b(tau.s[0]))) ** 2,
          expect(tau, rewards + b(tau.s[0])) ** 2, expect(tau, rewards) ** 2 + expect(tau, b(tau.s[0])) ** 2),
    Named("three factors in any order", expect(tau, rewards) * expect(tau, b(tau.s[0])) * expect(tau, b(tau.s[1])),
          expect(tau, b(tau.s[1])) * expect(tau, rewards) * expect(tau, b(tau.s[0])),
          expect(tau, b(tau.s[0])) * expect(tau, rewards) * expect(tau, b(tau.s[0]))),
    Named("0 at H = 0 only", 0, expect(tau, 0 * rewards) * J,
          (1 - expect(tau, total(t, 1, start=1)) + expect(tau, total(t, 1, start=2))) * expect(tau, rewards)),
    Named("a mean inside a mean", variance(tau, R(tau)), expect(tau, (R(tau) - J) ** 2), expect(tau, R(tau) ** 2 - J)),
    Named("the mean return as a baseline", expect(tau, scores * R(tau)), expect(tau, scores * (R(tau) - J)),
          expect(tau, scores * (R(tau) - critic(0)))),
    Named("the variance", variance(tau, R(tau)), expect(tau, R(tau) ** 2) - J**2, expect(tau, R(tau) ** 2) - J),
    Named("an additive return", grad(J), expect(tau, total(t, score(t) * total(k, gamma**k * reward(k), start=t))),
          expect(tau, total(t, score(t) * total(k, gamma**k * reward(k), start=t + 1))), POSITIVE | {additive_return}),
    Named("a sum over all trajectories", total(tau, P(tau) * scores * R(tau)), expect(tau, scores * R(tau)),
          expect(tau, score(0) * R(tau)), frozenset({possible(tau)})),
    Named("a factor called pi is no policy", total(tau, along(pi(tau.a[t] | tau.s[t]))), 1,
          total(tau, along(function("pi")(tau.s[t], tau.a[t])))),
    Named("a factor called dpi is no derivative", 0, expect(tau, total(t, score(t) * b(tau.s[t]))),
          total(tau, along(function("dpi")(tau.s[t], tau.a[t])))),
    Named("the average of samples", expect(samples, mean(i, R(samples[i]))), J, m * J, SAMPLED, residues=False),
    Named("1/m is no polynomial through m = 1, 2, 3", ratio(1, m) * J, J / m, ratio(m**2 - 6 * m + 11, 6) * J,
          residues=False),
    Named("the variance of an average", variance(samples, mean(i, R(samples[i]))), variance(tau, R(tau)) / m,
          variance(tau, R(tau)), SAMPLED, residues=False),
    Named("the objective is the first value", J, expect(tau, value(0)), expect(tau, value(H)), VALUED),
    Named("the policy gradient theorem", grad(J), expect(tau, total(t, gamma**t * score(t) * action_value(t))),
          expect(tau, total(t, score(t) * action_value(t))), VALUED),
    Named("with the advantage", grad(J), expect(tau, total(t, gamma**t * score(t) * advantage(t))),
          expect(tau, total(t, gamma**t * score(t) * value(t))), VALUED),
    Named("with the temporal-difference error", grad(J), expect(tau, total(t, gamma**t * score(t) * error(t))),
          expect(tau, total(t, gamma**t * score(t) * (error(t) - gamma * value(t + 1)))), VALUED),
    Named("the performance difference", expect(tau, R(tau), policy=beta) - J,
          expect(tau, total(t, gamma**t * advantage(t)), policy=beta), expect(tau, total(t, gamma**t * advantage(t))),
          VALUED),
    Named("the value after the last step is 0", -J,
          expect(tau, total(t, gamma**t * (gamma * value(t + 1) - value(t)))),
          expect(tau, total(t, gamma**t * (gamma * value(t + 1) - value(t)), stop=H - 1)), VALUED),
    Named("an advantage is centred under its own policy only", expect(tau, advantage(t)), 0,
          expect(tau, advantage(t), policy=beta), VALUED),
    Named("a value is the mean of what follows, whatever came before",
          expect(tau, score(0) * value(1)), expect(tau, score(0) * total(k, gamma**(k - 1) * reward(k), start=1)),
          expect(tau, score(0) * total(k, gamma**k * reward(k), start=1)), VALUED),
    Named("squared errors", expect(tau, total(t, gamma**t * error(t)) ** 2),
          expect(tau, total(t, gamma ** (2 * t) * error(t) ** 2)),
          expect(tau, total(t, gamma**t * error(t) ** 2)), VALUED),
    Named("Q = V + A on every trajectory", action_value(t), value(t) + advantage(t), value(t), VALUED),
    Named("the mean error is the advantage, its square is not", expect(tau, total(t, error(t) * advantage(t))),
          expect(tau, total(t, advantage(t) ** 2)), expect(tau, total(t, error(t) ** 2)), VALUED),
    Named("a value of another policy", expect(tau, value(0, policy=beta)), expect(tau, R(tau), policy=beta), J, VALUED),
    Named("values of two policies", expect(tau, value(0, policy=beta) - value(0)),
          -expect(tau, total(t, gamma**t * advantage(t, policy=beta))),
          -expect(tau, total(t, gamma**t * advantage(t, policy=beta)), policy=beta), VALUED),
    Named("a value is not the rewards to come where these matter again",
          expect(tau, (value(0, policy=beta) - value(0)) * b(tau.s[H + 1])),
          expect(tau, value(0, policy=beta) * b(tau.s[H + 1])) - expect(tau, value(0) * b(tau.s[H + 1])),
          expect(tau, value(0, policy=beta) * b(tau.s[H + 1]))
          - expect(tau, total(k, gamma**k * reward(k)) * b(tau.s[H + 1])), VALUED),
    Named("an advantage under another law", expect(tau, advantage(0, policy=beta)),
          expect(tau, reward(0) + gamma * value(1, policy=beta) - value(0, policy=beta)),
          expect(tau, reward(0) + gamma * value(1) - value(0, policy=beta)), VALUED),
    Named("the gradient of a value", grad(expect(tau, value(0))),
          expect(tau, total(t, gamma**t * score(t) * action_value(t))),
          expect(tau, total(t, score(t) * action_value(t))), VALUED),
    Named("the gradient of a value at every t", grad(expect(tau, value(t))),
          expect(tau, total(k, score(k) * value(t), stop=t - 1)
                 + total(k, gamma**(k - t) * score(k) * advantage(k), start=t)),
          expect(tau, total(k, gamma**(k - t) * score(k) * advantage(k), start=t)), VALUED, first=None),
    Named("a value beside a score of its own action", expect(tau, score(0) * value(0)), 0,
          expect(tau, score(0) * action_value(0)), VALUED),
    Named("one step before the last", expect(tau, value(H - 1)), expect(tau, reward(H - 1) + gamma * reward(H)),
          expect(tau, reward(H - 1) + reward(H)), VALUED, first=1),
    Named("the second step", expect(tau, action_value(2)), expect(tau, reward(2) + gamma * value(3)),
          expect(tau, reward(2) + value(3)), VALUED, first=2),
    Named("for every t the score has mean 0", expect(tau, score(t) * b(tau.s[t])), 0,
          expect(tau, score(t) * critic(t))),
    Named("for every t and k, what comes later is not foreseen",
          expect(tau, reward(t) * total(k, score(k), start=t + 1)), 0,
          expect(tau, reward(t) * total(k, score(k), start=t))),
    Named("for every t as many times from t on, not up to t, though both have one sum over t",
          expect(tau, total(k, 1, start=t)), total(k, 1, start=t), expect(tau, total(k, 1, stop=t))),
    Named("a square has the square of the reward", expect(tau, error(t) ** 2),
          expect(tau, reward(t) ** 2 + 2 * reward(t) * (gamma * value(t + 1) - value(t))
                 + (gamma * value(t + 1) - value(t)) ** 2),
          expect(tau, reward(t) + 2 * reward(t) * (gamma * value(t + 1) - value(t))
                 + (gamma * value(t + 1) - value(t)) ** 2), VALUED),
    Named("discounted expectations", total(t, gamma**t * expect(tau, reward(t))), J, total(t, expect(tau, reward(t))),
          VALUED),
    Named("a sum of expectations", total(t, expect(tau, reward(t))), expect(tau, rewards),
          total(t, expect(tau, reward(t)), start=1)),
]
