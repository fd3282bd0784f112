"""Every term is written as a person would write it, and no two so that a reader takes one for the other.

The expected texts are typed by hand from the page (``seed.md``), not pasted from a run.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational, latex

from derive.language import vocabulary as v
from derive.language.alphabets import LATEX, UNICODE
from derive.language.expression import Plus, Power, Ratio, Times
from derive.language.notation import write
from derive.language.terms import (
    Between,
    Everything,
    Function,
    Grad,
    Law,
    Log,
    Policy,
    State,
    StateAt,
    Total,
    Trajectory,
)
from derive.language.vocabulary import (
    H,
    J,
    P,
    R,
    a,
    b,
    expect,
    gamma,
    grad,
    i,
    k,
    log,
    mean,
    mu,
    pi,
    prod,
    ratio,
    s,
    same,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)

f, g, h = Function("V")(s), Function("W")(s), Function("U")(s)
U, V = Function("U"), Function("V")
HERE, CHOSEN = same(tau.s[t], s), same(tau.a[t], a)


def compact(text: str) -> str:
    """Spaces and the sizes of brackets carry no meaning in LaTeX."""
    return text.replace(r"\left", "").replace(r"\right", "").replace(" ", "")


SCORES = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
SEED = {
    "1": (grad(total(tau, P(tau) * R(tau))), r"\nabla_\theta \sum_\tau P(\tau;\theta)\,R(\tau)"),
    "2": (total(tau, grad(P(tau) * R(tau))), r"\sum_\tau \nabla_\theta [ P(\tau;\theta)\,R(\tau) ]"),
    "3": (total(tau, grad(P(tau)) * R(tau)), r"\sum_\tau \nabla_\theta P(\tau;\theta)\,R(\tau)"),
    "4": (total(tau, ratio(P(tau), P(tau)) * grad(P(tau)) * R(tau)),
          r"\sum_\tau \frac{P(\tau;\theta)}{P(\tau;\theta)}\,\nabla_\theta P(\tau;\theta)\,R(\tau)"),
    "5": (total(tau, P(tau) * ratio(grad(P(tau)), P(tau)) * R(tau)),
          r"\sum_\tau P(\tau;\theta)\,\frac{\nabla_\theta P(\tau;\theta)}{P(\tau;\theta)}\,R(\tau)"),
    "6": (total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
          r"\sum_\tau P(\tau;\theta)\,\nabla_\theta \log P(\tau;\theta)\,R(\tau)"),
    "7": (grad(log(v.trajectory_probability(pi, tau))),
          r"\nabla_\theta \log [ \mu(s_0)\,\prod_{t=0}^{H} P(s_{t+1} \mid s_t, a_t)\,\pi_{\theta}(a_t \mid s_t) ]"),
    "8": (grad(log(mu(tau.s[0])) + total(t, log(P(tau.s[t + 1] | tau.s[t], tau.a[t])))
               + total(t, log(pi(tau.a[t] | tau.s[t])))),
          r"\nabla_\theta [ \log \mu(s_0) + \sum_{t=0}^{H} \log P(s_{t+1} \mid s_t, a_t)"
          r" + \sum_{t=0}^{H} \log \pi_{\theta}(a_t \mid s_t) ]"),
    "9": (grad(log(mu(tau.s[0]))) + grad(total(t, log(pi(tau.a[t] | tau.s[t])))),
          r"\nabla_\theta \log \mu(s_0) + \nabla_\theta \sum_{t=0}^{H} \log \pi_{\theta}(a_t \mid s_t)"),
    "10": (grad(total(t, log(pi(tau.a[t] | tau.s[t])))),
           r"\nabla_\theta \sum_{t=0}^{H} \log \pi_{\theta}(a_t \mid s_t)"),
    "11": (SCORES, r"\sum_{t=0}^{H} \nabla_\theta \log \pi_{\theta}(a_t \mid s_t)"),
    "12": (mean(i, grad(log(P(samples[i]))) * R(samples[i])),
           r"\frac{1}{m}\,\sum_{i=1}^{m} \nabla_\theta \log P(\tau^{(i)};\theta)\,R(\tau^{(i)})"),
    "13": (mean(i, total(t, grad(log(pi(samples[i].a[t] | samples[i].s[t])))) * R(samples[i])),
           r"\frac{1}{m}\,\sum_{i=1}^{m} ( \sum_{t=0}^{H} \nabla_\theta \log"
           r" \pi_{\theta}(a_t^{(i)} \mid s_t^{(i)}) )\,R(\tau^{(i)})"),
    "J": (grad(J), r"\nabla_\theta J(\theta)"),
}


@pytest.mark.parametrize("line", SEED)
def test_the_lines_of_the_page(line: str) -> None:
    term, expected = SEED[line]
    assert compact(latex(term)) == compact(expected)
    assert term._repr_latex_() == f"$\\displaystyle {latex(term)}$"


BRACKETS: tuple[tuple[Any, str], ...] = (
    (total(x, V(x)) * g, "(Σ_x V(x)) W(s)"), (g * total(x, V(x)), "W(s) Σ_x V(x)"),
    (total(x, V(x) * g), "Σ_x V(x) W(s)"), (g * total(x, V(x)) * h, "W(s) (Σ_x V(x)) U(s)"),
    (total(x, V(x)) * total(x, V(x)), "(Σ_s V(s)) Σ_s V(s)"), (total(x, V(x)) + g, "Σ_x V(x) + W(s)"),
    (total(x, V(x) + g), "Σ_x (V(x) + W(s))"), (g - total(x, V(x)), "W(s) - Σ_x V(x)"),
    ((g * total(x, V(x))) * 2, "W(s) (Σ_x V(x))·2"), (-total(x, V(x)), "-Σ_s V(s)"), (total(x, -V(x)), "Σ_s (-V(s))"),
    (total(x, ratio(V(x), g)), "Σ_x (V(x)/W(s))"), (ratio(total(x, V(x)), g), "(Σ_x V(x))/W(s)"),
    (grad(f * g), "∇(V(s) W(s))"), (grad(f) * g, "∇V(s) W(s)"), (grad(f + g), "∇(V(s) + W(s))"),
    (grad(f) + g, "∇V(s) + W(s)"), (grad(total(x, V(x))), "∇Σ_s V(s)"),
    (grad(total(x, V(x))) * g, "(∇Σ_x V(x)) W(s)"), (grad(-f), "∇(-V(s))"),
    (grad(f * total(x, V(x))) * g, "∇(V(s) Σ_x V(x)) W(s)"), (grad(grad(f)), "∇∇V(s)"), (grad(f) / f, "∇V(s)/V(s)"),
    (grad(f / g), "∇(V(s)/W(s))"), (grad(f**2), "∇(V(s)^2)"), (log(f) ** 2, "(log V(s))^2"),
    (log(f**2), "log (V(s)^2)"), (log(f) * g, "log V(s) W(s)"), (log(f * g), "log (V(s) W(s))"),
    (log(f) / g, "(log V(s))/W(s)"), (log(f / g), "log (V(s)/W(s))"), (log(f + g), "log (V(s) + W(s))"),
    (log(log(f)), "log log V(s)"), (log(Integer(2)), "log 2"), ((f + g) * h, "(V(s) + W(s)) U(s)"),
    ((f + g) ** 2, "(V(s) + W(s))^2"), ((f * g) ** 2, "(V(s) W(s))^2"), ((f**2) ** 3, "(V(s)^2)^3"),
    (gamma ** (t + 1), "γ^{t+1}"), ((f / g) ** 2, "(V(s)/W(s))^2"), (Power(-2, t), "(-2)^t"),
    (Rational(1, 2) * f, "(1/2) V(s)"), (Rational(1, 2) ** f, "(1/2)^{V(s)}"), (f * Integer(-2), "V(s) (-2)"),
    (2 * f * 3, "2 V(s)·3"), ((f / g) / h, "(V(s)/W(s))/U(s)"), (f / (g / h), "V(s)/(W(s)/U(s))"),
    ((f * g) / h, "(V(s) W(s))/U(s)"), (f * (g / h), "V(s) (W(s)/U(s))"), ((f / g) * h, "(V(s)/W(s)) U(s)"),
    (f / (g * h), "V(s)/(W(s) U(s))"), (f + g / h, "V(s) + W(s)/U(s)"), ((f + g) / h, "(V(s) + W(s))/U(s)"),
    ((-f) / g, "(-V(s))/W(s)"), (-(f / g), "-(V(s)/W(s))"), (-(f + g), "-(V(s) + W(s))"), (-f + g, "-V(s) + W(s)"),
    (f - (g - h), "V(s) - (W(s) - U(s))"), (f - g - h, "V(s) - W(s) - U(s)"), (f + (g - h), "V(s) + (W(s) - U(s))"),
    (f - (-g), "V(s) - (-W(s))"), (f + -g * h, "V(s) - W(s) U(s)"), (f * -g, "V(s) (-W(s))"), (f - 2, "V(s) - 2"),
    (f + Plus(2, g), "V(s) + (2 + W(s))"), (sum([f, g]), "0 + V(s) + W(s)"),
    (expect(tau, R(tau)) * f, "E_{τ~P(·;θ)}[R(τ)] V(s)"), (expect(tau, R(tau) * f), "E_{τ~P(·;θ)}[R(τ) V(s)]"),
    (expect(tau, R(tau), given=[HERE]), "E_{τ~P(·;θ)}[R(τ) | s_t = s]"),
    (expect(tau, R(tau) * 2, given=[HERE, CHOSEN]), "E_{τ~P(·;θ)}[R(τ)·2 | s_t = s, a_t = a]"),
    (expect(tau, R(tau), given=[HERE], policy=Policy("beta")) ** 2, "E_{τ~P(·;β)}[R(τ) | s_t = s]^2"),
    (expect(tau, total(k, V(tau.s[k])), given=[HERE]) / f, "E_{τ~P(·;θ)}[Σ_{k=0..H} V(s_k) | s_t = s]/V(s)"),
    (expect(tau, CHOSEN * R(tau)) / expect(tau, HERE),
     "E_{τ~P(·;θ)}[1{a_t = a} R(τ)]/E_{τ~P(·;θ)}[1{s_t = s}]"),
    (expect(tau, R(tau) * HERE) / expect(tau, HERE), "E_{τ~P(·;θ)}[R(τ)·1{s_t = s}]/E_{τ~P(·;θ)}[1{s_t = s}]"),
    (expect(tau, HERE * R(tau)) / expect(tau, HERE, policy=Policy("beta")),
     "E_{τ~P(·;θ)}[1{s_t = s} R(τ)]/E_{τ~P(·;β)}[1{s_t = s}]"),
    (expect(tau, total(k, V(tau.s[k])) * HERE) / expect(tau, HERE),
     "E_{τ~P(·;θ)}[(Σ_{k=0..H} V(s_k))·1{s_t = s}]/E_{τ~P(·;θ)}[1{s_t = s}]"),
    (expect(tau, HERE) / expect(tau, HERE), "E_{τ~P(·;θ)}[1{s_t = s}]/E_{τ~P(·;θ)}[1{s_t = s}]"),
    (variance(tau, R(tau)), "Var_{τ~P(·;θ)}[R(τ)]"),
    (variance(tau, R(tau), policy=Policy("beta")), "Var_{τ~P(·;β)}[R(τ)]"),
    (prod(t, f) * g, "(Π_{t=0..H} V(s)) W(s)"), (Policy("pi_old")(a | s), "π_{old}(a|s)"),
    (Function("log")(s), "log(s)"), (Function("grad")(s), "grad(s)"), (Function("V_w")(s), "V_w(s)"),
    (Law(v.pi), "P(·;θ)"), (Between(0, H - 1), "0..H - 1"),
)


@pytest.mark.parametrize(("term", "expected"), BRACKETS, ids=[expected for _, expected in BRACKETS])
def test_brackets_where_needed_and_only_there(term: Any, expected: str) -> None:
    assert str(term) == repr(term) == expected


def test_different_terms_are_written_differently() -> None:
    for alphabet in (UNICODE, LATEX):
        for (one, _), (other, _) in combinations(BRACKETS, 2):
            assert one == other or write(one, alphabet) != write(other, alphabet), (one, other)


def flat(term: Any) -> Any:
    """The term up to what juxtaposition hides on purpose: a(bc) = (ab)c, and where a minus sign stands."""
    arguments = tuple(flat(argument) for argument in term.args)
    if isinstance(term, Times):
        parts = [part for each in arguments for part in (each.args if isinstance(each, Times) else (each,))]
        return Times(*parts)
    return term.func(*arguments) if arguments else term


def written_terms() -> st.SearchStrategy[Any]:
    leaf = st.sampled_from([f, g, J, Integer(2), gamma])
    return st.recursive(leaf, lambda inner: st.one_of(
        *(st.builds(kind, inner, inner) for kind in (Plus, Ratio, Times)), st.builds(lambda e: e**2, inner),
        *(st.builds(kind, inner) for kind in (Grad, Log)), st.builds(lambda e: Total(x, Everything(), e * V(x)), inner),
        st.builds(lambda e: Times(-1, e), inner)), max_leaves=5)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(written_terms(), written_terms())
def test_no_two_terms_share_a_text(one: Any, other: Any) -> None:
    """Equal texts only for terms that differ in how a product is grouped."""
    for alphabet in (UNICODE, LATEX):
        if write(one, alphabet) == write(other, alphabet):
            assert flat(one) == flat(other)


# -- names -----------------------------------------------------------------------------------------


def test_bound_names_avoid_free_names_and_outer_bound_names() -> None:
    other = Trajectory("other")
    second = total(other, P(other) * V(other.s[0]))
    cases = (
        (total(tau, V(tau.s[0]) * second), "Σ_τ V(s_0) Σ_{τ'} P(τ';θ) V(s'_0)"),
        (total(tau, P(tau)) * R(tau), "(Σ_{τ'} P(τ';θ)) R(τ)"),
        (total(other, P(other)) + total(tau, P(tau)), "Σ_τ P(τ;θ) + Σ_τ P(τ;θ)"),
        (total(x, V(x) * total(s, V(s))), "Σ_s V(s) Σ_x V(x)"),
        (total(x, V(x)) * f, "(Σ_x V(x)) V(s)"),
        (total(k, V(tau.s[k]) * total(t, gamma**t, stop=k)), "Σ_{t=0..H} V(s_t) Σ_{k=0..t} γ^k"),
        (total(k, gamma**k, stop=t), "Σ_{k=0..t} γ^k"),
        (total(k, gamma**k, start=t), "Σ_{k=t..H} γ^k"),
        (total(a, pi(a | s) * total(b, pi(b | s) * Function("b")(s))), "Σ_a π_θ(a|s) Σ_c π_θ(c|s) b(s)"),
        (total(v.Draw("n"), R(samples[v.Draw("n")])) * R(samples[i]), "(Σ_{j=1..m} R(τ^{(j)})) R(τ^{(i)})"),
        (total(i, total(v.Draw("n"), R(samples[v.Draw("n")]) * R(samples[i]))),
         "Σ_{i=1..m} Σ_{j=1..m} R(τ^{(j)}) R(τ^{(i)})"),
        (expect(tau, R(tau) * expect(other, R(other))), "E_{τ~P(·;θ)}[R(τ) E_{τ'~P(·;θ)}[R(τ')]]"),
        (V(Trajectory("sigma").s[t]) * V(tau.s[t]), "V(s_t^σ) V(s_t)"),
        (V(samples[2].s[t]) * V(Trajectory("tau'").s[t]), "V(s_t^{(2)}) V(s'_t)"),
    )
    for term, expected in cases:
        assert str(term) == expected


def test_many_nested_binders_have_distinct_letters() -> None:
    term: Any = Integer(1)
    for _ in range(12):
        term = total(tau, P(tau) * term)
    heads = [part.split(" ")[0] for part in str(term).split("Σ_")[1:]]
    assert len(set(heads)) == 12


def test_a_loose_index_is_shown_as_one() -> None:
    """A part of a term, as a message shows it, has a letter for an index whose binder is not shown."""
    assert str(total(x, V(x)).body) == "V(s)"


def test_ill_typed_terms_can_be_shown() -> None:
    for term in (v.TrajectoryProbability(s, tau), v.Objective(s), StateAt(gamma, t), v.Expect(tau, Everything(), f),
                 Plus(Between(0, H), 1), v.Drawn(tau, i), Total(s, Law(v.pi), f)):
        assert str(term)
        assert latex(term)


def test_marks() -> None:
    term = total(tau, P(tau) * grad(log(P(tau))) * R(tau))
    assert write(f - g, UNICODE, mark=g) == write(f - g, UNICODE, mark=-g) == "V(s) - \x01W(s)\x02"
    assert write(f * g, LATEX, mark=g) == r"V(s)\,\underline{W(s)}"
    assert write(f * g, LATEX, mark=h) == write(f * g, LATEX)
    assert write(term, LATEX, mark=term) == rf"\underline{{{latex(term)}}}"
    mean_given = expect(tau, R(tau), given=[HERE])
    event = mean_given.args[0].body.args[0]
    assert write(mean_given, UNICODE, mark=event) == "E_{τ~P(·;θ)}[R(τ) | \x01s_t = s\x02]"
    assert write(mean_given, UNICODE, mark=mean_given.args[1]).endswith("/\x01E_{τ~P(·;θ)}[1{s_t = s}]\x02")
    inner = term.body.args[1]
    assert write(term, LATEX, mark=inner).count(r"\underline{\nabla_\theta \log P(\tau;\theta)}") == 1
    assert write((f + g) * h, UNICODE, mark=f + g) == "(\x01V(s) + W(s)\x02) U(s)"
    assert State("x") in {x}
