"""The weight γ^t of the states is dropped, without a last decision. False.

    ∇J(θ) = Σ_{t=0..∞} E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) Q(s_t, a_t)]

On most MDPs the sum does not even converge. Where it does, because one comes to rest in a
state without reward, it is another number.
"""

from derive import (
    J,
    Q,
    Refuted,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    grad,
    log,
    pi,
    t,
    tau,
    theorem,
    total,
)


@theorem("the weight of the states is dropped, without a last decision", assumes=[additive_return, discount_below_one])
def discount_of_the_state_dropped_infinite():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    return calc(
        grad(J),
        by("the policy gradient with action values", expect=Refuted),
        total(t, expect(tau, score * Q(tau.s[t], tau.a[t])), stop=forever),
    )
