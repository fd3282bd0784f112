"""Names that an author introduces, and relations that claim no equality."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import derive
from derive import (
    A,
    Estimates,
    J,
    NotClaimed,
    P,
    Q,
    R,
    Refuted,
    V,
    a,
    additive_return,
    approximately,
    automata,
    becomes,
    by,
    calc,
    define,
    definition,
    delta,
    evaluate,
    examine,
    expect,
    function,
    gamma,
    grad,
    i,
    iid_samples,
    k,
    log,
    main,
    mean,
    mu,
    pi,
    policy_positive,
    r,
    s,
    samples,
    stop_gradient,
    t,
    tau,
    theorem,
    total,
    x,
)
from derive.checking.judgement import Examined
from derive.errors import BadInput, InvalidChain, MalformedTerm, NotATerm, NotExact
from derive.language.assumptions import Assumption
from derive.language.introduced import introduced
from derive.language.source import source
from derive.language.terms import Policy, State, Time
from derive.testing.fuzz import fuzz
from derive.testing.mutants import chain_mutants

ADV = define("Adv", [t, s, a], Q[t](s, a) - V[t](s))
SCORE = define("psi", [t, tau], grad(log(pi(tau.a[t] | tau.s[t]))))
TO_GO = define("Rtg", [t, tau], total(k, gamma ** (k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t))
ESTIMATE = define("g", [samples], mean(i, total(t, grad(log(pi(samples[i].a[t] | samples[i].s[t])))) * R(samples[i])))


def checked(*chain: Any, assumes: Iterable[Assumption] = ()) -> Examined:
    @theorem("one", assumes=list(assumes))
    def one() -> Any:
        return calc(*chain)

    return examine(one)


def codes(examined: Examined) -> list[str]:
    return [step.verdict.code for step in examined.steps]


# -- names ---------------------------------------------------------------------------------------------------


def test_a_name_stands_for_its_body_everywhere() -> None:
    found = checked(expect(a, ADV[t](s, a), given=s), by(definition(ADV)),
                    total(a, pi(a | s) * (Q[t](s, a) - V[t](s))), by(automata), 0, assumes=[additive_return])
    assert codes(found) == ["proved", "proved"]
    assert found.follows
    assert codes(checked(ADV[t](s, a), by(automata), A[t](s, a), assumes=[additive_return])) == ["proved"]
    # its twin: the value of the next time
    assert codes(checked(ADV[t](s, a), by(automata, expect=Refuted), Q[t](s, a) - V[t + 1](s),
                         assumes=[additive_return])) == ["refuted"]


def test_names_below_a_sum_take_its_letter() -> None:
    true = expect(tau, total(t, gamma**t * SCORE[t](tau) * TO_GO[t](tau)))
    assert codes(checked(grad(J), by(automata), true, assumes=[additive_return])) == ["proved"]
    false = expect(tau, total(t, SCORE[t](tau) * TO_GO[t](tau)))
    assert codes(checked(grad(J), by(automata, expect=Refuted), false, assumes=[additive_return])) == ["refuted"]


def test_no_letter_is_captured() -> None:
    """The body sums over x; the argument is an x of outside."""
    mass = define("mass", [s, a], total(x, P(x | s, a) * function("f")(s, x)))
    written = total(State("y"), P(State("y") | x, a) * function("f")(x, State("y")))
    assert codes(checked(mass(x, a), by(automata), written)) == ["proved"]
    assert codes(checked(total(x, function("g")(x) * mass(x, a)), by(automata), total(
        x, function("g")(x) * written))) == ["proved"]
    captured = total(x, P(x | x, a) * function("f")(x, x))
    assert codes(checked(mass(x, a), by(automata, expect=Refuted), captured)) == ["refuted"]


def test_a_name_of_a_name() -> None:
    twice = define("Two", [t, s, a], ADV[t](s, a) + ADV[t](s, a))
    assert codes(checked(twice[t](s, a), by(automata), 2 * A[t](s, a), assumes=[additive_return])) == ["proved"]
    assert [str(one.term) for one in introduced([twice[t](s, a)])] == ["Adv_t(s, a)", "Two_t(s, a)"]


@pytest.mark.slow
def test_gradients_of_logarithms_in_a_body_are_rounded_on_random_models() -> None:
    @theorem("one")
    def one() -> Any:
        return calc(expect(tau, SCORE[t](tau) * function("f")(tau.s[t])), by(automata), 0)

    assert fuzz([one], examples=12, seed=0).passed


def test_a_held_name_does_not_move() -> None:
    """pi stands in the body, where nothing that is written shows it."""
    ahead = define("ahead", [s], total(x, mu(x) * total(a, pi(a | x) * function("f")(s, x, a))))
    outside = define("outside", [s], ahead(s) * ahead(s))
    for name in (ADV[t](s, a), outside(s), total(x, function("g")(x) * ahead(x)), A[t](s, a), delta[t](tau)):
        assert codes(checked(grad(stop_gradient(name)), by(automata), grad(0 * name),
                             assumes=[additive_return])) == ["proved"], name
    held = grad(total(a, pi(a | s) * stop_gradient(ADV[t](s, a))))
    assert codes(checked(held, by(automata), total(a, grad(pi(a | s)) * Q[t](s, a)),
                         assumes=[additive_return])) == ["proved"]
    # its twin: what is not held moves
    assert codes(checked(held, by(automata, expect=Refuted), grad(total(a, pi(a | s) * ADV[t](s, a))),
                         assumes=[additive_return])) == ["refuted"]
    assert stop_gradient(TO_GO[t](tau)) == TO_GO[t](tau)  # no pi in it: the name stays


def test_a_gradient_is_not_held() -> None:
    """It was held inside, where the gradient is 0: that stop_gradient(grad(J)) is 0 was proved."""
    for moving in (grad(J), J * grad(J), total(t, gamma**t * grad(log(pi(a | s))))):
        with pytest.raises(NotATerm, match="there is no term for the gradient"):
            stop_gradient(moving)
    assert codes(checked(grad(stop_gradient(J)), by(automata), 0 * grad(J))) == ["proved"]


def test_a_name_has_the_policies_of_its_body() -> None:
    beta = Policy("beta")
    occupied = define("occ", [s], mu(s))
    with pytest.raises(NotATerm, match="Adv takes no policy"):
        ADV[t](s, a, policy=beta)
    with pytest.raises(NotATerm, match="occ takes no policy"):
        expect(s, V[0](s), law=occupied, policy=beta)
    assert expect(s, V[0](s), law=occupied) == total(s, occupied(s) * V[0](s))


def test_a_random_name_estimates() -> None:
    found = checked(grad(J), by(automata, expect=Estimates), ESTIMATE(samples), assumes=[iid_samples])
    assert codes(found) == ["estimates"]


def test_the_mean_of_a_random_name_is_refuted_as_what_it_stands_for() -> None:
    """Its samples stand in the body, where nothing that is written shows them."""
    average = define("avg", [samples], mean(i, R(samples[i])))
    assert codes(checked(expect(samples, average(samples)), by(automata), J, assumes=[iid_samples])) == ["proved"]
    for false in (2 * J, expect(samples, average(samples) * average(samples)), J * J):
        assert codes(checked(expect(samples, average(samples)), by(automata, expect=Refuted), false,
                             assumes=[iid_samples])) == ["refuted"]


@pytest.mark.parametrize(("wrong", "says"), [
    (lambda: define("Adv", [s], Q[t](s, a)), "speaks of a, t"),
    (lambda: define("Adv", [s, s], V[t](s)), "not different"),
    (lambda: define("Adv", [], J), "no letters"),
    (lambda: define("Adv", s, V(s)), "a list"),
    (lambda: define("Adv", "s", V(s)), "a list"),
    (lambda: define("Adv", [1], V(s)), "a list"),
    (lambda: define(7, [s], V(s)), "a string"),
    (lambda: checked(define("J", [s], V(s))(s), by(), 0), "has this name already"),
    (lambda: checked(define("pi", [s], V(s))(s), by(), 0), "has this name already"),
    (lambda: checked(define("", [s], V(s))(s), by(), 0), "begins with a letter"),
    (lambda: checked(define("f", [s], V(s))(s), by(), function("f")(s, a)), "another name too"),
    (lambda: checked(define("f", [s], V(s))(s), by(), define("f", [s], 2 * V(s))(s)), "two things"),
    (lambda: checked(define("f", [s], function("f")(s, a) + 0 * V(s))(s), by(), 0), "speaks of a"),
    (lambda: checked(define("f", [s], function("f")(s))(s), by(), 0), "another name too"),
])
def test_what_introduces_no_name(wrong: Any, says: str) -> None:
    with pytest.raises(InvalidChain, match=says):
        wrong()


F, FIRST = function("f"), State("s_0")


@pytest.mark.parametrize(("chain", "says"), [
    ((expect(tau, F(FIRST)), by(automata), F(FIRST)), "s at the time 0"),  # E[f(s_0)] = f(s_0), true of a letter
    ((expect(tau, function("V_t")(tau.s[t])), by(), 0), "V at the time t"),
    ((F(State("s'_H")), by(), 0), "s at the time H"),
    ((function("δ_k")(s), by(), 0), "delta at the time k"),
    ((total(Time("n"), ADV[t](s, a)) * function("Adv_t")(s), by(), 0), "Adv at the time t"),
    ((V[Time("n")](s), by(), function("V_n")(s)), "V at the time n"),
    ((V[Time("t_1")](s), by(), function("V_t_1")(s)), "V at the time t_1"),
    ((V[Time("n'")](s), by(), function("V_n'")(s)), "V at the time n"),
    ((grad(log(Policy("pi_theta")(a | s))), by(automata), 0 * grad(J)), "has this name already"),
    ((Policy("π_θ")(a | s), by(), 0), "has this name already"),
    ((function("alpha")(s), by(), function("α")(s)), "printed alike"),
    ((function("f_alpha")(s), by(), define("f_α", [s], V[0](s))(s)), "printed alike"),
])
def test_no_name_is_printed_as_something_else(chain: Any, says: str) -> None:
    with pytest.raises(InvalidChain, match=says):
        calc(*chain)


def test_a_subscript_that_is_no_time_is_a_name() -> None:
    for name in ("Q_w", "f_t", "V_hat", "s_next", "b_1", "q_old"):
        assert calc(function(name)(s), by(), 0)


@pytest.mark.slow
def test_names_of_names_are_bounded_where_they_are_written_out() -> None:
    """Each level doubles what is read: 24 of them never ended."""
    def doubled(levels: int) -> Any:
        name = define("n0", [s], V[0](s))
        for level in range(1, levels):
            name = define(f"n{level}", [s], name(s) * (name(s) + 1))
        return name

    assert doubled(10)
    with pytest.raises(InvalidChain, match=r"written out, the body has [\d,]+ parts; at most 50,000"):
        doubled(25)


def test_a_body_without_meaning_is_refused_at_once() -> None:
    with pytest.raises(MalformedTerm):
        define("Adv", [s, a], grad(J) * grad(J) + V(s))
    with pytest.raises(NotExact):
        define("Adv", [s], 0.5)


def test_arguments_are_typed() -> None:
    assert codes(checked(ADV[t](a, s), by(), 0, assumes=[additive_return])) == ["malformed"]
    with pytest.raises(NotATerm):
        ADV[t](s)


def test_a_name_is_written_where_it_is_introduced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.py"
    path.write_text("from derive import *\nAdv = define('Adv', [t, s, a], Q[t](s, a) - V[t](s))\n"
                    "@theorem('own', assumes=[additive_return])\ndef own():\n"
                    "    return calc(Adv[t](s, a), by(definition(Adv)), Q[t](s, a) - V[t](s))\n")
    assert main(["check", "-v", str(path)]) == 0
    assert "where Adv_t(s, a) := Q_t(s, a) - V_t(s)" in capsys.readouterr().out
    assert main(["show", str(path)]) == 0
    assert "where Adv_t(s, a) := Q_t(s, a) - V_t(s)" in capsys.readouterr().out
    assert main(["check", "--format", "json", str(path)]) == 0
    (one,) = json.loads(capsys.readouterr().out)["theorems"]
    assert one["introduces"] == [{"term": "Adv_t(s, a)", "stands_for": "Q_t(s, a) - V_t(s)"}]
    assert main(["report", "-o", str(tmp_path / "r.tex"), str(path)]) == 0
    assert r"\lead{Names.} $Adv_t(s, a) := Q_t(s, a) - V_t(s)$." in (tmp_path / "r.tex").read_text()
    certificate = tmp_path / "c.json"
    assert main(["check", "--certificate", str(certificate), str(path)]) == 0
    assert main(["verify", str(certificate), "--against", str(path)]) == 0


@pytest.mark.slow
def test_a_page_says_what_a_name_stands_for(tmp_path: Path) -> None:
    pytest.importorskip("latex2mathml")
    assert main(["report", "soft_value", "policy_gradient", "-o", str(tmp_path / "r.html")]) == 0
    written = (tmp_path / "r.html").read_text()
    assert written.count("<p>where ") == 1
    assert ":=" in written


def test_its_source_builds_it_again() -> None:
    names = {name: getattr(derive, name) for name in derive.__all__} | {"Time": Time}
    for term in (ADV[t](s, a), total(t, ADV[t](x, a)), expect(tau, total(t, SCORE[t](tau) * TO_GO[t](tau)))):
        assert eval(source(term), names) == term


# -- relations -----------------------------------------------------------------------------------------------


ROLLED = expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))


def test_a_relation_breaks_the_chain() -> None:
    found = checked(grad(J), by(automata), ROLLED, by(approximately), ESTIMATE(samples), by(definition(ESTIMATE)),
                    mean(i, total(t, grad(log(pi(samples[i].a[t] | samples[i].s[t])))) * R(samples[i])),
                    assumes=[iid_samples])
    assert codes(found) == ["proved", "not-claimed", "proved"]
    assert found.as_claimed
    assert not found.follows
    assert found.claim.code == "not-claimed"
    assert found.equation is None
    assert "≈" in found.theorem.claim
    assert "=" not in found.theorem.claim.split("≈")[0]


def test_what_stands_beside_a_break_is_judged_all_the_same() -> None:
    found = checked(grad(J), by(automata), 2 * ROLLED, by(becomes), grad(J))
    assert codes(found) == ["refuted", "not-claimed"]
    assert not found.as_claimed
    assert checked(grad(J), by(becomes), J).steps[0].verdict.code == "malformed"


def test_nothing_follows_across_it() -> None:
    @theorem("broken")
    def broken() -> Any:
        return calc(J, by(approximately), 2 * J)

    @theorem("over it")
    def over() -> Any:
        return calc(J, by(broken), 2 * J)

    assert codes(examine(over)) == ["refuted"]

    @theorem("over a true one")
    def true() -> Any:
        return calc(grad(J), by(approximately), ROLLED)

    @theorem("over that")
    def that() -> Any:
        return calc(grad(J), by(true), ROLLED)

    (step,) = examine(that).steps
    assert step.verdict.code == "unjustified"
    assert "breaks at ≈" in step.verdict.why
    with pytest.raises(BadInput, match="breaks at ≈"):
        evaluate(broken)
    assert not list(chain_mutants(broken))


def test_an_assumption_is_idle_where_nothing_is_claimed() -> None:
    assert checked(grad(J), by(approximately), ROLLED, assumes=[policy_positive]).idle == (policy_positive,)


def test_no_verdict_is_declared_of_a_relation() -> None:
    with pytest.raises(InvalidChain, match="claims no equality"):
        by(approximately, expect=Refuted)
    assert by(becomes).expect == NotClaimed.code


def test_a_relation_is_printed_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.py"
    path.write_text("from derive import *\n@theorem('broken')\ndef broken():\n"
                    "    return calc(grad(J), by(approximately), 2 * grad(J), by(becomes), 3 * grad(J))\n")
    assert main(["check", "-v", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "≈ 2 ∇J(θ)" in printed
    assert "← 3 ∇J(θ)" in printed
    assert "the chain breaks at ≈; nothing is claimed across it" in printed
    assert main(["show", "--latex", str(path)]) == 0
    assert "&\\approx 2" in capsys.readouterr().out
    assert main(["report", "-o", str(tmp_path / "r.tex"), str(path)]) == 0
    written = (tmp_path / "r.tex").read_text()
    assert r"\approx" in written
    assert "nothing is claimed across it" in written
    assert main(["fuzz", "--examples", "2", str(path)]) == 0
    assert main(["probe", str(path), "--shape", "2,2,1"]) == 0
    assert "no equality is claimed" in capsys.readouterr().out
    certificate = tmp_path / "c.json"
    assert main(["check", "--certificate", str(certificate), str(path)]) == 0
    assert main(["verify", str(certificate), "--against", str(path)]) == 1  # it verifies nothing
    assert "2 steps claim none" in capsys.readouterr().out
