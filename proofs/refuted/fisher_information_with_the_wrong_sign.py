"""The Fisher information is said to be the mean Hessian of log π. False.

    Var_{τ~P(·;θ)}[∇log π_θ(a_t|s_t)] = E_{τ~P(·;θ)}[∇∇log π_θ(a_t|s_t)]

The mean Hessian is minus the Fisher information.
"""

from derive import Refuted, by, calc, expect, grad, log, pi, policy_positive, t, tau, theorem, variance


@theorem("the Fisher information with the wrong sign", assumes=[policy_positive])
def fisher_information_with_the_wrong_sign():
    log_policy = log(pi(tau.a[t] | tau.s[t]))
    return calc(
        variance(tau, grad(log_policy)),
        by("the Fisher information", expect=Refuted),
        expect(tau, grad(grad(log_policy))),
    )
