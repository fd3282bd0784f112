"""The text of a term builds that term again, whatever its letters and however many sums are nested."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import further_theorems
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer, Rational

import derive
from derive import (
    Action,
    Batch,
    Draw,
    H,
    J,
    P,
    Policy,
    Q,
    R,
    State,
    Time,
    Trajectory,
    V,
    expect,
    forever,
    function,
    gamma,
    grad,
    i,
    log,
    m,
    mean,
    mu,
    pi,
    prod,
    r,
    ratio,
    s,
    samples,
    t,
    tau,
    total,
    variance,
    x,
)
from derive.checking.proof_files import bundled, load, proof_files
from derive.cli import main
from derive.language.binding import Index, each
from derive.language.expression import Plus, Power, Times
from derive.language.source import source
from derive.language.terms import Between, Everything, Objective, Prod, StateAt, Total
from derive.testing.slips import term_mutants
from derive.testing.strategies import terms

VOCABULARY = {name: getattr(derive, name) for name in derive.__all__}
f, beta = function("f"), Policy("beta")
y, z = State("y"), State("z")


def built(text: str) -> Any:
    """What the text evaluates to, with the names that its first lines import."""
    value = eval(text, {"Fraction": Fraction, **VOCABULARY})
    return Integer(value) if isinstance(value, int) else (
        Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.one_of(terms(depth=4), terms(rank=1, depth=4), terms(logs=True, free=(s, x, y, tau, t, Trajectory("sigma"))),
                 terms(rank=1, free=(State("x1"), Action("c"), Time("l")))))
@example(Rational(1, 2) * J)
def test_the_source_of_every_term_evaluates_to_it(term: Expr) -> None:
    assert built(source(term)) == term


def nested(kind: type[Index], depth: int, binder: type = Total) -> Expr:
    """A sum in a sum in a sum, whose body has every index."""
    domain: Any = Between(0, H) if kind is Time else Between(1, m) if kind is Draw else Everything()

    def level(number: int, indices: tuple[Expr, ...]) -> Expr:
        if number == 0:
            if kind is Time:
                return sum((gamma**index for index in indices[1:]), gamma**indices[0])
            if kind in (State, Action):
                return f(*indices)
            paths = indices if kind is Trajectory else [samples[index] for index in indices]
            return sum((R(path) for path in paths[1:]), R(paths[0]))
        return each(binder, kind, domain, lambda index: level(number - 1, (*indices, index)))

    return level(depth, ())


@pytest.mark.parametrize("kind", [State, Action, Time, Trajectory, Draw])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
def test_letters_never_run_out(kind: type[Index], depth: int) -> None:
    term = nested(kind, depth)
    assert built(source(term)) == term


def by_hand() -> Iterator[Expr]:
    yield from (J + J + J, J + (J + J), Plus(J + J, J), Plus(J), Plus(), Times(J), Times(), Times(J * J, J))
    yield 2 * (J * J)
    yield from (Plus(7, 1), Plus(1, 1, H), Plus(H, 1, 1), Times(2, 3), Times(-1, J))
    yield Plus(Fraction(1, 2), Fraction(1, 3))
    yield from (Power(2, 3), Power(-1, t), Power(Fraction(1, 2), t), (gamma**t) ** 2, gamma ** (t * 2), (J + J) ** 2)
    yield from (J * Fraction(1, 2), Fraction(-1, 2) * J, ratio(1, 2) * J, ratio(J, ratio(2, J)), J - 1, -J, 0 * J)
    yield from (Integer(3), Rational(-2, 3), forever, m, H, gamma)
    yield from (f(y), f(State("t")), f(State("x1"), x), f(), mu(y), P(z | y, Action("a'")), r(y, Action("c"), z))
    yield from (gamma ** Time("s"), R(Trajectory("s")), R(Batch("rho")[Draw("j")]), R(samples[2]))
    yield R(samples[Draw("j")])
    yield from (Objective(beta), P(tau, policy=beta), beta(Action("c") | y), expect(tau, R(tau), policy=beta))
    yield from (V(s), V(y, policy=beta), V[t](y), Q[H - 1](y, Action("c"), policy=Policy("pi_old")))
    yield from (mu(StateAt(tau, Plus(0, 1))), mu(tau.s[t + 1]), mu(samples[i].s[Time("l")]))
    yield total(State("s"), f(s) * total(x, total(y, f(x, y) * f(State("x1"), State("x2")))))
    yield total(s, mu(s)) + total(State("q"), mu(State("q")) * f(s, x))
    yield total(t, gamma**t, stop=forever)
    yield total(t, total(Time("k"), total(Time("l"), gamma ** Time("l"), start=t, stop=Time("k")), start=1), stop=H - 1)
    yield Total(i, Between(2, m), R(samples[i]))
    yield Total(t, Everything(), gamma**t)
    yield Prod(s, Everything(), f(s))
    yield prod(t, pi(tau.a[t] | tau.s[t]))
    yield expect(tau, mean(i, R(samples[i])))
    other = Trajectory("sigma")
    yield expect(samples, expect(tau, expect(other, R(tau) * R(other)) * mean(i, R(samples[i]))))
    yield expect(samples, expect(Batch("more"), mean(i, R(samples[i]) * R(Batch("more")[i]))))
    yield variance(samples, mean(i, grad(log(P(samples[i]))) * R(samples[i])), policy=beta)
    yield total(Trajectory("tau"), total(other, P(tau) * P(other) * R(Trajectory("rho"))))


@pytest.mark.parametrize("term", list(by_hand()), ids=str)
def test_terms_by_hand(term: Expr) -> None:
    assert built(source(term)) == term


@pytest.mark.slow
@pytest.mark.parametrize("share", [8, pytest.param(1, marks=pytest.mark.deep)])
def test_every_line_of_the_proofs_and_every_slip_in_a_share_of_them(share: int) -> None:
    theorems = [theorem for file in proof_files([bundled()]) for theorem in load(file)]
    lines = dict.fromkeys(term for theorem in (*theorems, *further_theorems.THEOREMS) for term in theorem.chain.terms)
    for term in {*lines, *(slip for line in [*lines][::share] for slip, _ in term_mutants(line))}:
        assert built(source(term)) == term


# -- end to end: a refuted step is printed in every way, and its replay runs ---------------------------------

LONG = {
    "three_states": "total(s, total(x, total(y, f(s, x, y))))",
    "three_times": "total(t, total(k, total(l, gamma**t * gamma**k * gamma**l)))",
    "four_actions": "total(a, total(b, total(c, total(d, f(a, b) * f(c, d)))))",
    "samples_under_tau": "expect(tau, mean(i, R(samples[i])))",
    "free_letters": "f(y, z) * total(s, total(x, f(s, x))) * gamma**l",
}
LETTERS = ("from derive import *\ny, z, l, c, d = State('y'), State('z'), Time('l'), Action('c'), Action('d')\n"
           "f = function('f')\n")


@pytest.mark.parametrize("name", LONG)
def test_a_refuted_step_is_printed_end_to_end(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, certificate = tmp_path / f"{name}.py", tmp_path / "c.json"
    path.write_text(f"{LETTERS}@theorem('false')\ndef false():\n"
                    f"    e = {LONG[name]}\n    return calc(e, by(), 2 * e)\n")
    for style in ("full", "concise", "json"):
        assert main(["check", "--format", style, str(path)]) == 1
        printed = capsys.readouterr().out
        assert "refuted" in printed or "error[D001]" in printed
    step = json.loads(printed)["theorems"][0]["steps"][0]
    assert main(["show", str(path), "--replay", "1"]) == 0
    shown = capsys.readouterr().out
    assert shown.strip() == step["counterexample"]["replay"].strip()
    exec(compile(shown, "replay", "exec"), {})
    left, right = (float(line) for line in capsys.readouterr().out.split())
    expected = [float(Fraction(step["counterexample"][side])) for side in ("left", "right")]
    assert [left, right] == pytest.approx(expected)
    assert right == pytest.approx(2 * left) != left
    assert main(["check", str(path), "--certificate", str(certificate)]) == 1
    (written,) = json.loads(certificate.read_text())["theorems"][0]["steps"]
    assert (written["verdict"], written["claim"]) == ("refuted", None)
