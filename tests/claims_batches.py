"""Claims that are about every batch of samples: algebra of baselines and advantages, before any mean is taken."""

from __future__ import annotations

from kernel_letters import ADD, FALSE, IID, PP, TRUE, Claim, at_sizes, claims, f, g, j, reward, score

from derive import G
from derive.language.assumptions import samples_at_least
from derive.language.vocabulary import (
    H,
    J,
    R,
    a,
    gamma,
    grad,
    i,
    k,
    log,
    m,
    mean,
    pi,
    pi_old,
    ratio,
    s,
    samples,
    t,
    total,
)

OWN, GROUP = R(samples[i]), mean(j, R(samples[j]))
OTHERS = ratio(total(j, R(samples[j])) - OWN, m - 1)
AT_T = score(t, path=samples[i])
AT_S = f(samples[i].s[t])
SLOPE, LATER = total(t, AT_T), at_sizes((1, 2, 1, 2), (2, 2, 1, 2))
FIRST = reward(0, path=samples[i])
TWO = [*IID, samples_at_least(2)]
CHOICE = pi(samples[i].a[0] | samples[i].s[0])
RATIO, ONE, OTHER = ratio(CHOICE, pi_old(samples[i].a[0] | samples[i].s[0])), R(samples[1]), R(samples[2])
AT_RATIO = ratio(pi(samples[i].a[t] | samples[i].s[t]), pi_old(samples[i].a[t] | samples[i].s[t]))
SURROGATE = total(t, AT_RATIO * (OWN - GROUP))
PAIR, STATE = grad(log(CHOICE)), f(samples[i].s[0])

BATCHES: list[Claim] = claims(
    "every batch",
    ("the mean of the others", OWN - GROUP, ratio(m - 1, m) * (OWN - OTHERS), TWO, TRUE, {"samples": 2}),
    ("the mean of the others, turned", OWN - GROUP, ratio(m, m - 1) * (OWN - OTHERS), TWO, FALSE),
    ("what is centred adds up to 0", mean(i, OWN - GROUP), 0, IID, TRUE),
    ("what is centred, weighed by itself, adds up to 0", mean(i, OWN * (OWN - GROUP)), 0, IID, FALSE),
    ("the variance of a sample", mean(i, (OWN - GROUP) ** 2), mean(i, OWN**2) - GROUP**2, IID, TRUE),
    ("the variance of a sample, with one", mean(i, (OWN - GROUP) ** 2), mean(i, OWN**2) - OWN * GROUP, IID, FALSE),
    ("pairs", mean(i, mean(j, (OWN - R(samples[j])) ** 2)), 2 * mean(i, OWN**2) - 2 * GROUP**2, IID, TRUE),
    ("pairs, once", mean(i, mean(j, (OWN - R(samples[j])) ** 2)), mean(i, OWN**2) - GROUP**2, IID, FALSE),
    ("an estimate", mean(i, SLOPE * (OWN - GROUP)), ratio(m - 1, m) * mean(i, SLOPE * (OWN - OTHERS)), TWO, TRUE,
     {"samples": 2}),
    ("an estimate, without its factor", mean(i, SLOPE * (OWN - GROUP)), mean(i, SLOPE * (OWN - OTHERS)), TWO, FALSE),
    ("along the trajectory", mean(i, OWN), mean(i, FIRST + gamma * G[1](samples[i])), [*IID, *ADD], TRUE),
    ("along the trajectory, without the discount", mean(i, OWN), mean(i, FIRST + G[1](samples[i])), [*IID, *ADD], FALSE,
     at_sizes((1, 2, 1, 1), (2, 2, 1, 1))),
    ("a number of the samples", total(i, OWN + J), total(i, OWN) + m * J, IID, TRUE),
    ("a number of the samples, once", total(i, OWN + J), total(i, OWN) + J, IID, FALSE),
    ("a product of sums", total(i, OWN) * total(j, R(samples[j]) + 1), total(i, total(j, OWN * (R(samples[j]) + 1))),
     IID, TRUE),
    ("a product of sums, of one", total(i, OWN) * total(i, OWN), total(i, OWN**2), IID, FALSE),
    ("the gradient of a product", grad(mean(i, CHOICE * GROUP)), mean(i, grad(CHOICE)) * GROUP, IID, TRUE),
    ("the gradient of a square", grad(mean(i, CHOICE) ** 2), 2 * mean(i, CHOICE) * mean(i, grad(CHOICE)), IID, TRUE),
    ("the gradient of a square, once", grad(mean(i, CHOICE) ** 2), mean(i, CHOICE) * mean(i, grad(CHOICE)), IID, FALSE),
    ("a ratio at theta", mean(i, RATIO * (OWN - GROUP)), 0, [*IID, *PP], TRUE),
    ("the gradient of a ratio", grad(mean(i, RATIO * OWN)), mean(i, PAIR * OWN), [*IID, *PP], TRUE),
    ("the gradient of a ratio, of the mean", grad(mean(i, RATIO * OWN)), mean(i, PAIR * GROUP), [*IID, *PP], FALSE),
    ("a surrogate", grad(mean(i, SURROGATE)), mean(i, total(t, AT_T * (OWN - GROUP))), [*IID, *PP], TRUE),
    ("a surrogate, of one's own", grad(mean(i, SURROGATE)), mean(i, total(t, AT_T * OWN)), [*IID, *PP], FALSE),
    ("two literal samples", (ONE - OTHER) ** 2, ONE**2 - 2 * ONE * OTHER + OTHER**2, TWO, TRUE, {"samples": 2}),
    ("two literal samples, exchanged", ONE * f(samples[2].s[0]), OTHER * f(samples[1].s[0]), TWO, FALSE),
    ("two draws that may be one", OWN * f(samples[j].s[0]), f(samples[j].s[0]) * OWN, IID, TRUE),
    ("two draws that may be one, exchanged", OWN * f(samples[j].s[0]), R(samples[j]) * STATE, IID, FALSE),
    ("at each time", mean(i, total(t, gamma**t * AT_T * (OWN - GROUP))),
     mean(i, total(t, gamma**t * AT_T) * (OWN - GROUP)), [*IID, *PP], TRUE),
    ("at each time, without the discount", mean(i, total(t, gamma**t * AT_T * (OWN - GROUP))),
     mean(i, total(t, AT_T) * (OWN - GROUP)), [*IID, *PP], FALSE, LATER),
    ("at each time, a discount twice", mean(i, total(t, gamma**t * AT_T * (OWN - GROUP))),
     mean(i, total(t, gamma ** (2 * t) * AT_T) * (OWN - GROUP)), [*IID, *PP], FALSE, LATER),
    ("at each time from the second on", mean(i, total(t, AT_T * (OWN - GROUP), start=1)),
     mean(i, total(t, AT_T) * (OWN - GROUP)), [*IID, *PP], FALSE, LATER),
    ("at each time, of no draw", mean(i, total(t, OWN)), (H + 1) * mean(i, OWN), IID, TRUE),
    ("at each time, of no draw, once less", mean(i, total(t, OWN)), H * mean(i, OWN), IID, FALSE),
    ("at each time, of numbers", total(t, gamma**t * mean(i, OWN)), total(t, gamma**t) * mean(i, OWN), IID, TRUE),
    ("at each time, of other numbers", total(t, gamma**t * mean(i, OWN)), total(t, gamma ** (2 * t)) * mean(i, OWN),
     IID, FALSE, LATER),
    ("a sum over times outside", total(t, gamma**t * mean(i, AT_T * OWN)), mean(i, total(t, gamma**t * AT_T) * OWN),
     IID, TRUE),
    ("a sum over times outside, of squares", total(t, total(i, AT_S) ** 2), total(i, total(t, AT_S)), IID, FALSE),
    ("a sum over times outside, of products", total(t, total(i, AT_S) * total(j, g(samples[j].a[t]))),
     total(i, total(t, AT_S)), IID, FALSE),
    ("sums over two times outside", total(t, total(k, mean(i, AT_S * g(samples[i].a[k])), start=t)),
     mean(i, total(k, g(samples[i].a[k]) * total(t, AT_S, stop=k))), IID, TRUE),
    ("sums over two times outside, over all", total(t, total(k, mean(i, AT_S * g(samples[i].a[k])), start=t)),
     mean(i, total(k, g(samples[i].a[k]) * total(t, AT_S))), IID, FALSE, LATER),
    ("a sum of one draw", total(j, STATE), m * STATE, IID, TRUE),
    ("a square", total(i, OWN) ** 2, 2 * total(i, OWN) ** 2, IID, FALSE),
    ("a square is none", total(i, OWN) ** 2, total(i, OWN), IID, FALSE),
    ("a sum of another draw", total(j, STATE), total(j, f(samples[j].s[0])), IID, FALSE),
    ("what is beside a sum", STATE * total(j, R(samples[j])), total(j, f(samples[j].s[0]) * R(samples[j])), IID, FALSE),
    ("the gradient of a product, of one", grad(mean(i, CHOICE) * mean(j, pi(samples[j].a[0] | samples[j].s[0]) ** 2)),
     mean(i, grad(CHOICE)) * mean(i, CHOICE**2), IID, FALSE),
    ("a sum is a draw", total(j, R(samples[j])), OWN, IID, FALSE),
    ("beside another number", total(i, OWN) * J, total(i, OWN) * J**2, IID, FALSE),
    ("a function of a draw", total(i, STATE * total(a, pi(a | samples[i].s[0]))), total(i, STATE), IID, TRUE),
    ("a function of a draw, of a state", total(i, STATE), m * f(s), IID, FALSE),
    ("divided by a number", ratio(total(i, OWN - J), H + 1), ratio(total(i, OWN), H + 1) - ratio(m * J, H + 1), IID,
     TRUE),
    ("divided by another number", ratio(total(i, OWN - J), H + 1), ratio(total(i, OWN) - m * J, H + 2), IID, FALSE),
)
