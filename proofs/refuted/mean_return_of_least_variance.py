"""The mean return is taken for the constant baseline of least variance. False.

    E_{τ~P(·;θ)}[w(h_{H+1}) (R(τ) - J(θ))^2] E_{τ~P(·;θ)}[w(h_{H+1})]
        = E_{τ~P(·;θ)}[w(h_{H+1}) R(τ)^2] E_{τ~P(·;θ)}[w(h_{H+1})] - E_{τ~P(·;θ)}[w(h_{H+1}) R(τ)]^2

w(h_{H+1}) is a function of the whole trajectory, such as the squared score. The right side is the least value that the
left side has for any baseline; J(θ) reaches it only where weight and return are uncorrelated.
"""

from derive import H, J, R, Refuted, by, calc, expect, function, tau, theorem


@theorem("the mean return has the least variance")
def mean_return_of_least_variance():
    w = function("w")(tau.h[H + 1])
    mass, first, second = expect(tau, w), expect(tau, w * R(tau)), expect(tau, w * R(tau) ** 2)
    return calc(
        expect(tau, w * (R(tau) - J) ** 2) * mass,
        by("the best constant baseline is the mean return", expect=Refuted),
        second * mass - first**2,
    )
