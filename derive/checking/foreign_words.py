"""Words that pages and code have and the language does not, or writes otherwise: what to write instead."""

from __future__ import annotations

from types import MappingProxyType

_NOT = "not in the language"
_CLIP = (f"{_NOT}; near θ_old a clipped ratio is the ratio, and min(u, u) is u: "
         "derive show clipped_surrogate_gradient")
_EXP = (f"{_NOT}: a softmax policy is a policy, and pi, log(pi(a | s)) and grad stand for its own: "
        "derive show soft_value; write u / v for exp(log(u) - log(v))")
_ROOT = f"{_NOT}, nor are other roots; variance(tau, f) is"
_BEST = f"{_NOT}: only equations are checked, and no policy is sought"
_LENGTH = "write inner(f, f) for the square of the length of a gradient, inner(f, g) for a scalar product"
_GAE = ("write total(k, (gamma * lam)**(k - t) * delta[k](tau), start=t), lam = scalar(\"lambda\"): "
        "derive show generalised_advantage")
_HELD = "write stop_gradient(f), or pi_old for a policy that is held"

WORDS = MappingProxyType({
    **dict.fromkeys(("clip", "clamp", "minimum", "maximum", "min", "max"), _CLIP),
    **dict.fromkeys(("exp", "softmax", "sigmoid", "logsumexp", "log_softmax"), _EXP),
    **dict.fromkeys(("sqrt", "std"), _ROOT),
    **dict.fromkeys(("argmax", "argmin"), _BEST),
    **dict.fromkeys(("detach", "sg", "stopgrad", "stop_grad", "no_grad", "At"), _HELD),
    **dict.fromkeys(("abs", "round", "sign"), _NOT),
    **dict.fromkeys(("nabla", "gradient", "Grad", "D"), "write grad(f)"),
    **dict.fromkeys(("E", "Expect", "expectation", "average"), "write expect(tau, f)"),
    **dict.fromkeys(("Sum", "summation"), "write total(t, f), or total(t, f, start=1, stop=H - 1)"),
    **dict.fromkeys(("Product", "product"), "write prod(t, f)"),
    **dict.fromkeys(("inf", "infinity", "oo"), "write forever"),
    **dict.fromkeys(("var", "cov", "Var"), "write variance(tau, f)"),
    **dict.fromkeys(("indicator", "delta_s"), "write same(tau.s[t], s)"),
    **dict.fromkeys(("ln", "log2"), "write log(f), the natural logarithm"),
    **dict.fromkeys(("KL", "DKL", "kl_divergence"), "write kl(pi, b, s)"),
    **dict.fromkeys(("norm", "norm2", "squared_norm", "dot"), _LENGTH),
    **dict.fromkeys(("diff", "Derivative", "partial"), "write derivative[c](f), c = scalar(\"c\")"),
    **dict.fromkeys(("tr", "Trace"), "write trace(f)"),
    "horizon": "write H, the time of the last decision",
    "GAE": _GAE, "gae": _GAE, "generalized_advantage": _GAE,
    "theta": "not written: pi(a | s) depends on it, and grad(f) is the gradient in it",
})
"""The word -> what to write, or that there is nothing to write."""

SCALARS = MappingProxyType({
    **dict.fromkeys(("lam", "lamb", "lambd", "lamda", "lambda_", "lmbda"), "lambda"),
    "alpha": "alpha", "eps": "eps", "epsilon": "eps",
    "eta": "eta", "kappa": "kappa", "temperature": "temperature"})
"""Names of numbers without a value -> how they are printed."""
