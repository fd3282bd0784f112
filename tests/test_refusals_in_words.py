"""What is not decided is named in the words of the reader, wherever it is said: no head of a kernel term, no class."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from random_pairs import decision
from random_sums import POSITIVE, Pair
from sympy import Expr
from test_kernel_refusals import REFUSED

import derive.kernel
import derive.language.expression
import derive.language.terms
from derive import (
    H,
    J,
    R,
    additive_return,
    automata,
    expect,
    function,
    i,
    iid_samples,
    k,
    log,
    m,
    mu,
    pi,
    prod,
    s,
    samples,
    t,
    tau,
    total,
    variance,
)
from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.theorems import Theorem
from derive.checking.verdict import Refuted
from derive.cli import main
from derive.language.expression import as_term
from derive.procedures.decision import Outside
from derive.procedures.refusals import missing

a = derive.language.terms.Action("a")
f, sigma = function("f"), derive.language.terms.Trajectory("sigma")
choice = pi(a | s)
CLASSES = {name for module in (derive.language.terms, derive.language.expression) for name, value in vars(
    module).items() if isinstance(value, type) and issubclass(value, Expr)} - {"Expr", "Policy", "State", "Action"}
HEADS = {"prod", "num", "grad", "dpi", "gamma", "q^", "c^", "E", "f"}

NOT_DECIDED: dict[str, tuple[Expr, Expr]] = {
    "a power with a time": (prod(k, choice), choice ** (H + 1)),
    "a power of J": (J ** (H + 1), 2 * J * J**H),
    "a power of m": (m**H, 2 * m**H),
    "a product outside": (prod(k, choice), choice * prod(t, choice, start=1)),
    "a product below a sum over states": (total(s, mu(s) * prod(k, f(s))), total(s, mu(s) * f(s) * prod(
        k, f(s), start=1))),
    "a product inside, of no step": (expect(tau, prod(k, choice)), expect(tau, choice * prod(t, choice, start=1))),
    "a product of samples": (expect(samples, prod(i, R(samples[i]))), expect(samples, 2 * prod(i, R(samples[i])))),
    "a logarithm of samples": (expect(samples, log(total(i, R(samples[i])))), expect(samples, log(J))),
    "a time that is no sum": (total(t, f(tau.s[t * k])), 2 * total(t, f(tau.s[t * k]))),
    "another trajectory inside": (expect(tau, expect(sigma, (R(sigma) - R(tau)) ** 2)), 2 * variance(tau, R(tau))),
    "a product over trajectories": (prod(tau, R(tau)), 2 * prod(tau, R(tau))),
}


def jargon(text: str) -> list[str]:
    """Words of the program in a message, the terms that it shows left out."""
    words = re.findall(r"(?<![\w{(|^.])[A-Za-z^]\w*(?![\w(|_{^])", text)
    return [one for one in words if one in (CLASSES | HEADS) - {"E", "f"}] + re.findall(
        r"\b[Ef] (?:of|beside|here|inside)\b|no node", text)


@pytest.mark.parametrize("name", NOT_DECIDED)
def test_why_a_step_is_not_decided_is_said_in_words(name: str) -> None:
    before, after = NOT_DECIDED[name]
    theorem = Theorem("x", "x", (additive_return, iid_samples), "", 1, "", calc(before, by(automata), after))
    verdict = Session().examine(theorem).steps[0].verdict
    if not isinstance(verdict, Refuted):
        assert jargon(str(getattr(verdict, "why", ""))) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_kernel_refuses_is_said_in_words(name: str) -> None:
    term, _ = REFUSED[name]
    known = frozenset({additive_return, iid_samples}) | (POSITIVE if name != "weights that do not vanish" else set())
    found = decision(Pair(as_term(term), as_term(2 * term), known, name))
    assert isinstance(found, Outside)
    assert jargon(missing(found.why).says) == []


@pytest.mark.parametrize("why", ["prod beside sums over trajectories", "Power has no node in the kernel: x",
                                 "a sum over states or actions of a prod that depends on them", "E of several samples"])
def test_the_twin_what_the_program_says_to_itself_is_found(why: str) -> None:
    assert jargon(why)
    assert "no node" in why or not jargon(missing(why).says)


def test_a_power_is_answered_by_what_may_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.py"
    file.write_text("from derive import *\n@theorem('x')\ndef x():\n"
                    "    return calc(prod(k, pi(a | s)), by(automata), pi(a | s)**(H + 1))\n", encoding="utf-8")
    main(["check", str(file)])
    printed = " ".join(capsys.readouterr().out.split())
    assert "π_θ(a|s)^{H+1}, a power whose exponent is H or a time, of something else than γ or a number" in printed
    assert 'a declared one, c = scalar("c"), may stand for the base' in printed
    main(["probe", str(file)])
    assert "π_θ(a|s)^{H+1}, a power whose exponent is H or a time" in capsys.readouterr().out


def test_what_is_said_of_kernel_words_is_in_one_place() -> None:
    """A refusal of the kernel reaches a reader through ``procedures.refusals`` only."""
    root = Path(derive.kernel.__file__).parent.parent
    others = [path for path in root.rglob("*.py") if path.parent.name not in ("kernel", "certificates")]
    handed_on = re.compile(r"Fragment\(str\((refused|outside)\)\)|\{refused\}")
    raw = [str(path.relative_to(root)) for path in others if handed_on.search(path.read_text(encoding="utf-8"))]
    assert raw == []
