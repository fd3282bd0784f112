"""The product over time survives the logarithm. It has no meaning.

    ∇log P(τ;θ) = Π_{t=0..H} ∇log π_θ(a_t|s_t)

The logarithm turns the product into a sum. A product of gradients is not a gradient.
"""

from derive import Malformed, P, by, calc, grad, log, pi, possible, prod, t, tau, theorem


@theorem("a product of scores for the sum of scores", assumes=[possible(tau)])
def product_of_scores():

    return calc(
        grad(log(P(tau))),
        by("the logarithm of a product", expect=Malformed),
        prod(t, grad(log(pi(tau.a[t] | tau.s[t])))),
    )
