"""Rules about expectations and about the mean over sampled trajectories."""

from __future__ import annotations

from sympy import Expr, Integer, Rational

from derive.language.assumptions import iid_samples
from derive.language.binding import each, rewrite_bottom_up
from derive.language.expression import Plus, Ratio, Times, subterms
from derive.language.terms import (
    Batch,
    Between,
    Draw,
    Drawn,
    Expect,
    SampleSize,
    Total,
    Trajectory,
    Var,
)
from derive.language.vocabulary import P, R, as_a_sum, expect, i, m, mean, ratio, samples, tau, total, variance
from derive.rules.rule import Rule


def _as_sum(node: Expr) -> Expr:
    match node:
        case Expect(args=(Trajectory(), law, _)) if law.args[0].learned:
            return as_a_sum(node)
    return node


expectation_as_a_sum = Rule(
    name="expectation_as_a_sum",
    statement="E_τ[f(τ)] = Σ_τ P(τ;θ) f(τ)",
    proof="The definition of an expectation on a finite set. It runs over the possible trajectories; the "
    "impossible ones add P(τ;θ) f(τ) = 0 to the sum, provided that f is defined there.",
    conditions="the law is that of π_θ, and f is defined off the support or the trajectories range over the "
    "possible ones",
    rewrite=_as_sum,
    takes=lambda: (expect(tau, R(tau)), total(tau, P(tau) * R(tau))),
    refuses=lambda: (expect(tau, R(tau)), total(tau, R(tau))),
)


def _linear(node: Expr) -> Expr:
    match node:
        case Expect(args=(Batch(), _, Plus(args=parts))):
            return Plus(*(Expect(node.index, node.domain, part) for part in parts))
        case Expect(args=(Batch(), _, Total(args=(index, domain, body)))) if node.index not in domain.free_symbols:
            return Total(index, domain, Expect(node.index, node.domain, body))
        case Expect(args=(Batch() as batch, law, Times(args=factors))):
            fixed = [factor for factor in factors if batch not in factor.free_symbols]
            moving = [factor for factor in factors if batch in factor.free_symbols]
            if fixed and moving:
                return Times(*fixed, Expect(batch, law, moving[0] if len(moving) == 1 else Times(*moving)))
        case Expect(args=(Batch() as batch, law, Ratio(args=(above, below)))) if batch not in below.free_symbols:
            return Ratio(Expect(batch, law, above), below)
    return node


linearity_over_samples = Rule(
    name="linearity_over_samples",
    statement="E[(1/m) Σ_{i=1..m} f(τ^(i))] = (1/m) Σ_{i=1..m} E[f(τ^(i))]",
    proof="The expectation is a finite weighted sum over the outcomes of the sample; sums exchange, and factors "
    "that are not random come out.",
    conditions="m is not random",
    rewrite=_linear,
    takes=lambda: (expect(samples, mean(i, R(samples[i]))), mean(i, expect(samples, R(samples[i])))),
    refuses=lambda: (expect(samples, mean(i, R(samples[i]))), total(i, expect(samples, R(samples[i])))),
    holds_for="every finite MDP, every horizon, every number m of samples",
)


def _own_sample_only(term: Expr, batch: Expr) -> Expr | None:
    """tau^(i), if it is the only sample that occurs in the term and the batch does not occur otherwise."""
    drawn = {node for node in subterms(term) if isinstance(node, Drawn) and node.args[0] == batch}
    bare = sum(node == batch for node in subterms(term))
    uses = sum(node in drawn for node in subterms(term))
    if len(drawn) != 1 or bare != uses:
        return None
    own = next(iter(drawn))
    return own if isinstance(own.args[1], Integer) or own.args[1] in term.free_symbols else None


def _replaced(term: Expr, old: Expr, new: Expr) -> Expr:
    return rewrite_bottom_up(term, lambda node: new if node == old else node)


def _single(node: Expr) -> Expr:
    match node:
        case Expect(args=(Batch() as batch, law, body)):
            own = _own_sample_only(body, batch)
            if own is not None:
                return each(Expect, Trajectory, law, lambda path: _replaced(body, own, path))
    return node


equal_expectations = Rule(
    name="equal_expectations",
    statement="E[f(τ^(i))] = E_τ[f(τ)]",
    proof="Each sampled trajectory has the law P(·;θ), so every function of that sample alone has the same "
    "expectation as the function of one trajectory.",
    conditions="the samples have the same law, and f uses its own sample only",
    rewrite=_single,
    takes=lambda: (mean(i, expect(samples, R(samples[i]))), mean(i, expect(tau, R(tau)))),
    refuses=lambda: (
        mean(i, expect(samples, R(samples[i]) * R(samples[1]))),
        mean(i, expect(tau, R(tau) * R(tau))),
    ),
    assumes=(iid_samples,),
    holds_for="every finite MDP, every horizon, every number m of samples",
)


def _equal_terms(node: Expr) -> Expr:
    match node:
        case Total(args=(Draw() as index, Between(args=(Integer() as first, SampleSize() as size)), body)) if (
                first == 1 and index not in body.free_symbols):
            return Times(size, body)
    return node


def _m_over_m(node: Expr) -> Expr:
    """(1/m) m = 1, with m >= 1; only the sample size is cancelled."""
    match node:
        case Times(args=factors) if any(factor == Ratio(1, m) for factor in factors):
            rest = list(factors)
            rest.remove(Ratio(1, m))
            for place, factor in enumerate(rest):
                if isinstance(factor, SampleSize):
                    return Times(*rest[:place], *rest[place + 1 :])
                if isinstance(factor, Times) and any(isinstance(inner, SampleSize) for inner in factor.args):
                    inner = list(factor.args)
                    inner.remove(m)
                    return Times(*rest[:place], *inner, *rest[place + 1 :])
        case Ratio(args=(Times(args=factors), SampleSize())) if m in factors:
            rest = list(factors)
            rest.remove(m)
            return Times(*rest)
    return node


mean_of_equal_terms = Rule(
    name="mean_of_equal_terms",
    statement="(1/m) Σ_{i=1..m} c = c",
    proof="The sum has m equal terms, and m ≥ 1.",
    conditions="i does not occur in c, and m ≥ 1",
    rewrite=_equal_terms,
    tidy=_m_over_m,
    takes=lambda: (mean(i, expect(tau, R(tau))), expect(tau, R(tau))),
    refuses=lambda: (mean(i, R(samples[i])), R(samples[1])),
    holds_for="every finite MDP, every horizon, every number m of samples",
)


def _mean_body(term: Expr, batch: Expr) -> Expr | None:
    """f(tau^(i)) where the term is (1/m) sum_i f(tau^(i)), else None."""
    match term:
        case Times(args=(Ratio(args=(Rational() as one, SampleSize())), inner)) if one == 1:
            pass
        case Ratio(args=(inner, SampleSize())):
            pass
        case _:
            return None
    match inner:
        case Total(args=(Draw(), Between(args=(Integer() as first, SampleSize())), body)) if first == 1:
            own = _own_sample_only(body, batch)
            return body if own is not None and own.args[1] == inner.args[0] else None
    return None


def _variance_of_mean(node: Expr) -> Expr:
    match node:
        case Var(args=(Batch() as batch, law, inside)):
            body = _mean_body(inside, batch)
            own = None if body is None else _own_sample_only(body, batch)
            if body is not None and own is not None:
                return Ratio(each(Var, Trajectory, law, lambda path: _replaced(body, own, path)), m)
    return node


variance_of_a_mean = Rule(
    name="variance_of_a_mean",
    statement="Var[(1/m) Σ_{i=1..m} f(τ^(i))] = Var_τ[f(τ)] / m",
    proof="With the mean c = E f, the covariance of the mean is (1/m²) Σ_i Σ_j E[(f_i - c)(f_j - c)]. Independence "
    "makes the m(m-1) terms with i ≠ j vanish; the m others are equal.",
    conditions="independent samples of one law, and the same function of one's own sample only",
    rewrite=_variance_of_mean,
    takes=lambda: (variance(samples, mean(i, R(samples[i]))), ratio(variance(tau, R(tau)), m)),
    refuses=lambda: (variance(samples, total(i, R(samples[i]))), ratio(variance(tau, R(tau)), m)),
    assumes=(iid_samples,),
    holds_for="every finite MDP, every horizon, every number m of samples",
)
