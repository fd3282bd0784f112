"""Claims about outer products and traces: what one direction of theta decides, and what it does not see."""

from __future__ import annotations

from claims_unfolding import A_, S
from kernel_letters import ALL, END, FALSE, IID, MALFORMED, PP, TRUE, Claim, claims, e, pair, score

from derive.language.assumptions import earlier, samples_at_least
from derive.language.vocabulary import (
    A,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    gamma,
    grad,
    i,
    inner,
    k,
    log,
    m,
    mean,
    notions,
    outer,
    pi,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    trace,
    variance,
)

d = notions()["d"]
AT_T, AT_K = score(t), score(k)
SLOPE, SECOND = total(t, AT_T), grad(grad(log(pi(A_[t] | S[t]))))
LAW = log(P(tau))
ESTIMATE = SLOPE * R(tau)
OF_DRAW = total(t, score(t, path=samples[i])) * R(samples[i])
ONE, OTHER = (total(t, score(t, path=samples[n])) * R(samples[n]) for n in (1, 2))
CHOICE, ELSE = grad(pi(a | s)), grad(pi(e | s))
U, W = grad(J), grad(expect(tau, pair(0)))

OUTER: list[Claim] = claims(
    "outer product",
    ("the information", expect(tau, outer(AT_T, AT_T)), -expect(tau, SECOND), PP, TRUE),
    ("the information, of the wrong sign", expect(tau, outer(AT_T, AT_T)), expect(tau, SECOND), PP, FALSE),
    ("a covariance", variance(tau, ESTIMATE), expect(tau, outer(ESTIMATE, ESTIMATE)) - outer(U, U), PP, TRUE),
    ("a covariance without its mean", variance(tau, ESTIMATE), expect(tau, outer(ESTIMATE, ESTIMATE)), PP, FALSE),
    ("the second derivative of the objective", grad(U),
     expect(tau, R(tau) * (outer(grad(LAW), grad(LAW)) + grad(grad(LAW)))), ALL, TRUE),
    ("the second derivative without its second part", grad(U), expect(tau, R(tau) * outer(grad(LAW), grad(LAW))), ALL,
     FALSE),
    ("of two times, and its transpose", expect(tau, outer(AT_T, AT_K)) + expect(tau, outer(AT_K, AT_T)), 0,
     [*PP, earlier(t, k)], TRUE),
    ("of two times that may be one", expect(tau, outer(AT_T, AT_K)) + expect(tau, outer(AT_K, AT_T)), 0, PP, FALSE),
    ("of a gradient and a multiple", expect(tau, outer(AT_T, ratio(R(tau), 3) * AT_T)), expect(
        tau, outer(R(tau) * AT_T, AT_T)) * ratio(1, 3), PP, TRUE),
    ("of a gradient and a multiple, without it", expect(tau, outer(AT_T, ratio(R(tau), 3) * AT_T)), expect(
        tau, outer(AT_T, AT_T)), PP, FALSE),
    ("of the slopes of pi and Q, and its transpose", grad(grad(J)), total(s, d(s) * total(
        a, Q(s, a) * grad(CHOICE) + outer(CHOICE, grad(Q(s, a))) + outer(grad(Q(s, a)), CHOICE))), [*END, *PP], TRUE),
    ("of the slopes of pi and Q, twice that of Q", grad(grad(J)), total(s, d(s) * total(
        a, Q(s, a) * grad(CHOICE) + outer(grad(Q(s, a)), grad(Q(s, a))))), [*END, *PP], FALSE),
)

TRACE: list[Claim] = claims(
    "trace",
    ("of the information", expect(tau, inner(AT_T, AT_T)), -expect(tau, trace(SECOND)), PP, TRUE),
    ("of the information, of the wrong sign", expect(tau, inner(AT_T, AT_T)), expect(tau, trace(SECOND)), PP, FALSE),
    ("of a covariance", trace(variance(tau, ESTIMATE)), expect(tau, R(tau)**2 * inner(SLOPE, SLOPE)) - inner(U, U), PP,
     TRUE),
    ("of a covariance, without its mean", trace(variance(tau, ESTIMATE)), expect(tau, R(tau)**2 * inner(SLOPE, SLOPE)),
     PP, FALSE),
    ("of the covariance of a sample mean", m * trace(variance(samples, mean(i, OF_DRAW))),
     trace(variance(tau, ESTIMATE)), [*IID, *PP], TRUE),
    ("of the covariance of a sample mean, without m", trace(variance(samples, mean(i, OF_DRAW))),
     trace(variance(tau, ESTIMATE)), [*IID, *PP], FALSE),
    ("of two samples", expect(samples, inner(ONE, OTHER)), inner(U, U), [*IID, *PP, samples_at_least(2)], TRUE,
     {"samples": 2}),
    ("of one sample with itself", expect(samples, inner(ONE, ONE)), inner(U, U), [*IID, *PP], FALSE),
    ("beside numbers", J * (1 + inner(U, U)) - J, J * inner(U, expect(tau, ESTIMATE)), PP, TRUE),
    ("a number is lost beside it", J * (1 + inner(U, U)), J * inner(U, expect(tau, ESTIMATE)), PP, FALSE),
    ("of a matrix that is not symmetric", trace(outer(CHOICE, ELSE)), inner(ELSE, CHOICE), PP, TRUE),
    ("of two actions, of which one is the other", inner(CHOICE, ELSE), inner(CHOICE, CHOICE), PP, FALSE),
    ("without end", inner(U, U), inner(U, total(t, gamma**t * expect(tau, AT_T * A(S[t], A_[t])), stop=forever)), END,
     TRUE),
    ("without end, of the values", inner(U, U),
     inner(U, total(t, gamma**t * expect(tau, AT_T * V(S[t])), stop=forever)), END, FALSE),
    ("of a gradient", trace(U), J, PP, MALFORMED),
    ("of a number", trace(J), J, PP, MALFORMED),
    ("is a number", inner(U, U), U, PP, MALFORMED),
)

SEVERAL: list[Claim] = claims(
    "several directions",
    ("the transpose", outer(U, W), outer(W, U), ALL, FALSE),
    ("the transpose, of local gradients", outer(CHOICE, ELSE), outer(ELSE, CHOICE), ALL, FALSE),
    ("the transpose, twice", outer(U, W) + outer(U, W), outer(W, U) + outer(W, U), ALL, FALSE),
    ("a transpose for the other", outer(U, W) + 2 * outer(W, U), outer(W, U) + 2 * outer(U, W), ALL, FALSE),
    ("in a mean", expect(tau, pair(t) * outer(AT_T, U)), expect(tau, pair(t) * outer(U, AT_T)), ALL, FALSE),
    ("in a mean, of pairs that do not fit", expect(tau, pair(t) ** 2 * outer(AT_T, W) + pair(t) * outer(W, AT_T)),
     expect(tau, pair(t) ** 2 * outer(W, AT_T) + pair(t) * outer(AT_T, W)), ALL, FALSE),
    ("lengths and angles", inner(U, U) * inner(W, W), inner(U, W) ** 2, ALL, FALSE),
    ("lengths and angles, a product", inner(U, U) * inner(W, W), inner(U, W) * inner(U, W), ALL, FALSE),
    ("lengths and angles, in squares", (inner(U, U) + inner(W, W)) ** 2 - (inner(U, U) - inner(W, W)) ** 2,
     4 * inner(U, W) ** 2, ALL, FALSE),
    ("a projection is the whole", inner(U, W) * W, inner(W, W) * U, ALL, FALSE),
    ("a projection is the whole, of local gradients", inner(CHOICE, ELSE) * ELSE, inner(ELSE, ELSE) * CHOICE, ALL,
     FALSE),
    ("divided by lengths", ratio(1, inner(U, U) + inner(U, W)) + ratio(1, inner(W, W) + inner(U, W)),
     ratio(1, inner(U, W)), ALL, FALSE),
    ("logarithms of lengths", log(inner(U, U)) + log(inner(W, W)), log(inner(U, W) ** 2), ALL, FALSE),
)
"""True along each direction of theta, and false: two coordinates show it."""

