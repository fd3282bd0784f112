"""The TD error compares the state with itself. False.

    ∇J(θ) = Σ_{t=0..∞} γ^t E_{τ~P(·;θ)}[∇log π_θ(a_t|s_t) (r(s_t, a_t, s_{t+1}) + γ V(s_t) - V(s_t))]

A slip of an index that runs without an error: the next value is taken at s_t.
"""

from derive import (
    J,
    Refuted,
    V,
    additive_return,
    by,
    calc,
    discount_below_one,
    expect,
    forever,
    gamma,
    grad,
    log,
    pi,
    r,
    t,
    tau,
    theorem,
    total,
)


@theorem("the TD error of the same state", assumes=[additive_return, discount_below_one])
def td_error_of_the_same_state():
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    wrong = r(tau.s[t], tau.a[t], tau.s[t + 1]) + gamma * V(tau.s[t]) - V(tau.s[t])
    return calc(
        grad(J),
        by("the policy gradient with TD errors", expect=Refuted),
        total(t, gamma**t * expect(tau, score * wrong), stop=forever),
    )
