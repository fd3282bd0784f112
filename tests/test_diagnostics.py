"""What is said of a mistake: in our words, on the user's own source, at the part that is wrong."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from shutil import which
from typing import Any

import pytest

import derive
from derive import (
    J,
    P,
    Policy,
    R,
    State,
    a,
    by,
    calc,
    derivative,
    examine,
    expect,
    function,
    gamma,
    grad,
    log,
    mu,
    pi,
    s,
    scalar,
    tau,
    theorem,
    total,
)
from derive.checking.verdict import Refuted
from derive.cli import main
from derive.counterexample.enumerate import Enumeration
from derive.diagnostics import Span, visible
from derive.errors import InvalidChain
from derive.report.excerpt import Source, cells, cut, excerpt
from derive.report.per_trajectory import claim_of, shares
from derive.report.wording import for_a_shell
from derive.rules import RULES, Rule


def told(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The diagnostics of a file, each with what its span covers as ``at``."""
    path = folder / "proof.py"
    path.write_text(text, encoding="utf-8")
    capsys.readouterr()
    main(["check", "--format", "json", str(path)])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["diagnostics"]
    for one in found:
        span = one["span"]
        one["at"] = span and covered(text, span)
    return found


def covered(text: str, span: dict[str, int]) -> str:
    lines = text.split("\n")[span["line"] - 1 : span["end_line"]]
    lines[-1] = lines[-1][: span["end_column"] - 1]
    lines[0] = lines[0][span["column"] - 1 :]
    return "\n".join(lines)


# -- slips of Python -------------------------------------------------------------------------------

CHAIN = ("from derive import *\n@theorem('ü ∇')\ndef it():\n"
         "    return calc(\n        J,\n        by(),\n        {},\n    )\n")
SLIPS = {
    "totl(tau, P(tau) * R(tau))": ("totl", "totl is not defined", "did you mean total?"),
    "expect(tau, log(pi(a, s)))": ("pi(a, s)", "conditional probability", "write pi(a | s)"),
    "expect(tau, Policy('β')(a, s))": ("Policy('β')(a, s)", "conditional probability", "write Policy('β')(a | s)"),
    "expect(tau, P(x, s, a))": ("P(x, s, a)", "conditional probability", "write P(x | s, a)"),
    "expect(tau, log(pi(s, a)))": ("pi(s, a)", "conditional probability", "write pi(a | s)"),
    "expect(tau, log(pi(tau.s[t], tau.a[t])))": (
        "pi(tau.s[t], tau.a[t])", "conditional probability", "write pi(tau.a[t] | tau.s[t])"),
    "expect(tau, P(s, a, x))": ("P(s, a, x)", "conditional probability", "write P(x | s, a)"),
    "expect(R(tau))": ("expect(R(tau))", "expect has no index to run over", "write expect(tau, R(tau))"),
    "expect(tau, function('f')(tau.s(t)))": ("tau.s(t)", "times stand in square brackets", "write tau.s[t]"),
    "expect(tau, function('f')(tau[t].s))": ("tau[t].s", "have times", "write tau.s[t]"),
    "expect(tau, function('f')(s_t))": ("s_t", "s_t is not defined", "write tau.s[t]"),
    "expect(tau, function('f')[t](tau.s[t]))": (
        "function('f')[t]", "a free function has no time", "a function of the history: f(tau.h[t])"),
    "__import__('numpy').log(R(tau))": ("__import__('numpy').log", "a function of numbers", "write log(...)"),
    "expect(s, mu(s), law=mu)": ("expect(s, mu(s), law=mu)", "law=mu is no law of states", ""),
    "expect(tau, function('ü')(tau.actions[t]))": ("tau.actions", "tau has no actions", "its actions tau.a[t]"),
    "expect(tau, total(j, R(tau)))": ("j", "j is not defined", 'j = Time("j")'),
    "expect(tau, log(pi(c | s)))": ("c", "c is not defined", 'c = Action("c")'),
    "expect(tau, log(pi(a | y)))": ("y", "y is not defined", 'y = State("y")'),
    "expect(samples, mean(n, R(samples[n])))": ("n", "n is not defined", 'n = Draw("n")'),
    "expect(theta, J)": ("theta", "theta is not defined", "grad(f) is the gradient in it"),
    "J * d": ("J * d", "d is not a term by itself; it is written d(s).", ""),
    "1 / d": ("d", "d is not a term by itself; it is written d(s)", ""),
    "2 * V": ("V", "V is not a term by itself; it is written V[t](s)", ""),
    "V + J": ("V + J", "V is not a term by itself; it is written V[t](s).", ""),
    "expect(tau, G[t] * J)": ("G[t] * J", "G is not a term by itself; it is written G[t](tau).", ""),
    "expect(tau, tau.s * J)": ("tau.s * J", "tau.s is not a term by itself; it is written tau.s[t].", ""),
    "total(tau, R)": ("total(tau, R)", "R is not a term by itself; it is written R(...).", ""),
    "J * log_derivative": ("J * log_derivative", "it is written by(log_derivative).", ""),
    "J * by()": ("J * by()", "by(...) is not a term by itself", ""),
    "J * (lambda: 0)": ("J * (lambda: 0)", "<lambda> (a function) is not a term", ""),
    "expect(tau)": ("expect(tau)", "expect is not called so: it lacks 1 required", "its arguments are expect("),
    "clip(J, 1, 2)": ("clip", "clip is not defined", "near θ_old a clipped ratio is the ratio"),
    "min(J, 1)": ("min(J, 1)", "an inequality on the term", "min: not in the language"),
    "detach(J)": ("detach", "detach is not defined", "write stop_gradient(f)"),
    "exp(J)": ("exp", "exp is not defined", "a softmax policy is a policy"),
    "argmax(J)": ("argmax", "argmax is not defined", "only equations are checked"),
    "sqrt(J)": ("sqrt", "sqrt is not defined", "nor are other roots"),
    "lam * J": ("lam", "lam is not defined", 'lam = scalar("lambda")'),
    "expect(tau, log(behaviour(a | s)))": ("behaviour", "is not defined", 'behaviour = Policy("behaviour")'),
    "expect(tau, critic(tau.s[0]))": ("critic", "critic is not defined", 'critic = function("critic")'),
    "sum(t, R(tau))": ("sum", "sum is Python's own", "write total(t, f)"),
    "total(t, gamma**t * r[t])": ("r[t]", "r[t] is no reward", "write r(tau.s[t], tau.a[t], tau.s[t + 1])"),
    "expect(tau, mu[s])": ("mu[s]", "mu has no times", "its arguments are mu("),
    "total(t, gamma^t)": ("gamma^t", "is no power", "write gamma**t"),
    "expect(tau, pi(tau.a | tau.s))": ("tau.a | tau.s", "has no time", "write tau.a[t] | tau.s[t]"),
    "expect(tau, V(s[t]))": ("s[t]", "a letter for a state has no time", "write tau.s[t]"),
    "expect(pi, R(tau))": ("pi", "binds an index", "write expect(tau, ..., policy=pi)"),
    "expect(tau, R(tau), policy='b')": ("'b'", "is text, and no policy", "write policy=Policy('b')"),
    "0.95 * J": ("0.95 * J", "Write ratio(19, 20)", ""),
    "J * 1e-3": ("J * 1e-3", "Write ratio(1, 1000)", ""),
    "2.0 * J": ("2.0 * J", "Write 2.", ""),
    "float('nan') * J": ("float('nan') * J", "Write a fraction", ""),
    "expect(tau, R(tau), tau)": ("expect(tau, R(tau), tau)", "expect is not called so", "its arguments are expect("),
}


@pytest.mark.parametrize("term", SLIPS)
def test_a_slip_is_marked_and_what_to_write_is_said(term: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    at, message, hint = SLIPS[term]
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["at"]) == ("D012", at)
    assert message in one["message"]
    assert hint in one["hint"]


@pytest.mark.parametrize("term", [term for term in SLIPS if "write" in SLIPS[term][2] or "mean" in SLIPS[term][2]])
def test_a_proposed_fix_is_no_slip_any_more(term: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is proposed is put in its place, and Python then reads the file."""
    text = CHAIN.format(term)
    (one,) = told(tmp_path, text, capsys)
    if one["fix"] is None:
        pytest.skip("the hint has no single text to put in")
    lines, span = text.split("\n"), one["fix"]["span"]
    line = lines[span["line"] - 1]
    lines[span["line"] - 1] = line[: span["column"] - 1] + one["fix"]["text"] + line[span["end_column"] - 1 :]
    assert all(each["code"] != "D012" for each in told(tmp_path, "\n".join(lines), capsys))


WHOLE = {
    "forgotten return": ("@theorem('x')\ndef x():\n    calc(J, by(), J * 1)\n", "calc", "x returns nothing",
                         "write return calc(...)"),
    "by without parentheses": ("@theorem('x')\ndef x():\n    return calc(J, by, J * 1)\n", "by",
                               "by has no parentheses", "write by()"),
    "no by between": ("@theorem('x')\ndef x():\n    return calc(J, by(), J * 1, J)\n", "J",
                      "no by(...) stands before this term", "term, by(...), term"),
    "two reasons": ("@theorem('x')\ndef x():\n    return calc(J, by(), by(), J * 1)\n", "by()",
                    "two reasons stand side by side", "term, by(...), term"),
    "a name of a definition": ("@theorem('x')\ndef x():\n    return calc(J, by(definition_of_objective), J)\n",
                               "definition_of_objective", "is not defined", "by(definition(J))"),
    "a compared claim": ("@theorem('x')\ndef x():\n    return calc(J == J, by(), J)\n", "J == J",
                         "== compares in Python", "write J, by(), J"),
    "a foreign import": ("from derive import clip\n@theorem('x')\ndef x(): return calc(J, by(), J)\n", "clip",
                         "derive has no clip", "not in the language"),
    "an import": ("from derive import gradd\n@theorem('x')\ndef x(): return calc(J, by(), J)\n", "gradd",
                  "derive has no gradd", "did you mean grad?"),
    "a bundled proof": ("from derive import all_actions_form\n@theorem('x')\ndef x(): return calc(J, by(), J)\n",
                        "all_actions_form", "derive has no all_actions_form",
                        "from derive.proofs.all_actions_form import all_actions_form"),
    "no title": ("@theorem(' ')\ndef x():\n    return calc(J, by(), J)\n", "theorem(' ')", "has no title", ""),
    "the name of a letter": ("@theorem('x')\ndef x(): return calc(J, by(), total(x, J))\n", "x",
                             "got theorem x", "the theorem x has taken the name that derive gives x"),
    "a relative import": ("from .lemmas import one\n@theorem('x')\ndef x(): return calc(J, by(), J)\n",
                          "from .lemmas import one", "a file that is not beside this one", "from .lemmas import mine"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_slip_in_the_form_of_a_chain(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, at, message, hint = WHOLE[name]
    (one,) = told(tmp_path, "from derive import *\n" + text, capsys)
    assert (one["code"], one["at"]) == ("D012", at)
    assert message in one["message"]
    assert hint in one["hint"]
    assert "_derive_" not in one["message"]


DECLARED = {
    "no title": ("@theorem\n", "theorem", "@theorem has no title"),
    "a title that is none": ("@theorem(3)\n", "theorem(3)", "a title is a string, not 3"),
    "an assumption in quotes": ("@theorem('x', assumes=['undiscounted'])\n",
                                "'undiscounted'", "without quotes"),
    "assumptions without brackets": ("@theorem('x', assumes=undiscounted)\n",
                                     "undiscounted", "assumes is a list"),
    "no plain function": ("@theorem('x')\nasync ", "theorem('x')", "decorates an async function"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_bad_declaration_hides_no_other_theorem(name: str, tmp_path: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    """The file ended there, and nothing of it was checked."""
    head, at, message = DECLARED[name]
    good = "@theorem('one')\ndef {}():\n    return calc(J, by(), 2 * J)\n"
    bad = f"{head}def x():\n    return calc(J, by(), J)\n"
    text = f"from derive import *\n{good.format('one')}{bad}{good.format('two')}"
    found = sorted(told(tmp_path, text, capsys), key=lambda one: str(one["theorem"]))
    assert [(one["code"], one["theorem"]) for one in found] == [("D001", "one"), ("D001", "two"), ("D012", "x")]
    assert (found[2]["at"], message in found[2]["message"]) == (at, True)


def test_one_bad_theorem_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ("from derive import *\n@theorem('1')\ndef one(): return calc(J, by(), totl)\n"
            "@theorem('2')\ndef two(): return calc(J, by('words'), 2 * J)\n"
            "@theorem('3')\ndef three(): calc(J, by(), J)\n"
            "@theorem('4')\ndef four(): return calc(J, by(regroup), 1*J)\n")
    assert [(one["theorem"], one["code"]) for one in told(tmp_path, text, capsys)] == [
        ("one", "D012"), ("two", "D001"), ("three", "D012")]


# -- the part that is wrong ------------------------------------------------------------------------

SCORES = "expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))"
PARTS = {
    "the swapped arguments": (SCORES, SCORES.replace("tau.a[t] | tau.s[t]", "tau.s[t] | tau.a[t]"), "tau.s[t]"),
    "the exponent of one summand": ("gamma*J + gamma**2*J + gamma**3*J", "gamma*J + gamma**2*J + gamma**5 * J", "5"),
    "the limit of a sum": (SCORES, SCORES.replace("| tau.s[t])))", "| tau.s[t]))), start=1"), "1"),
    "the factor more": ("J * gamma", "J * gamma * m", "m"),
    "the argument of a function": ("expect(tau, q(tau.s[0]))", "expect(tau, q(tau.s[ 1 ]))", "1"),
    "an operand that is a variable": ("gamma * J", "gamma * twice", "twice"),
    "a part of a variable": ("gamma * (J + gamma)", "gamma * more", "gamma * 7"),
    "the left side": ("expect(tau, tau.a[0] * J)", "J", "tau.a[0]"),
    "the whole, where the sides have nothing in common": ("grad(J)", "expect(tau, grad(R(tau)))",
                                                          "expect(tau, grad(R(tau)))"),
}


@pytest.mark.parametrize("name", PARTS)
def test_the_wrong_part_is_marked_where_it_was_written(name: str, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    before, after, at = PARTS[name]
    text = ("from derive import *\nq = function('q')\n@theorem('∇ü')\ndef it():\n    twice = 2 * J\n"
            "    more = J + gamma * 7\n"
            f"    return calc(\n        {before},\n        by('ü'),\n        {after},\n    )\n")
    one = told(tmp_path, text, capsys)[0]
    assert one["severity"] == "error"
    assert one["at"] == at


def test_what_is_not_written_in_a_known_way_is_marked_as_a_whole(tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    text = ("from derive import *\ndef mine(f): return 2 * f\n@theorem('x')\ndef it():\n"
            "    return calc(J, by('w'), mine(J))\n")
    assert told(tmp_path, text, capsys)[0]["at"] == "mine(J)"
    text = ("from derive import *\n@theorem('x')\ndef it():\n"
            "    items = [J, by('w'), 2 * J]\n    return calc(*items)\n")
    assert told(tmp_path, text, capsys)[0]["span"]["line"] == 4


def test_the_terminal_shows_the_line_with_carets(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told(tmp_path, CHAIN.format("gamma * J * 2").replace("J,\n        by()", "gamma * J,\n        by()"), capsys)
    main(["check", str(tmp_path / "proof.py")])
    lines = capsys.readouterr().out.splitlines()
    shown = next(place for place, line in enumerate(lines) if line == "    7 |         gamma * J * 2,")
    assert lines[shown + 1] == "      |                     ^"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_of_source_is_wider_than_the_terminal(width: int) -> None:
    line = "    return calc(" + "grad(J) + " * 40 + "∇" * 9 + ", " + "日本" * 60 + ")"
    for first, last in ((5, 9), (16, 400), (396, 406), (500, 540), (len(line), len(line) + 1)):
        span = Span(line=1, column=first, end_line=1, end_column=last)
        for text, _ in excerpt(Source(line), span, width):
            assert cells(text) <= width, text
    before, carets = cut("a" * 100, "b", "c" * 100, 40)
    assert before[carets.index("^")] == "b"


def test_columns_are_characters_however_the_line_begins() -> None:
    source = Source("∇ü = totl\n")
    span = source.in_characters(Span(line=1, column=9, end_line=1, end_column=13))
    assert (span.column, span.end_column) == (6, 10)


# -- beyond the ends of a trajectory ---------------------------------------------------------------

REWARD = "r(tau.s[t], tau.a[t], tau.s[t + 1])"
BEYOND = {
    f"expect(tau, total(t, {REWARD}, stop=H + 1))": ("tau.a[t]", "a_{H+1} does not exist: the last decision is a_H"),
    "expect(tau, total(t, r(tau.s[t], tau.a[t], tau.s[t + 2])))": (
        "tau.s[t + 2]", "s_{H+2} does not exist: a trajectory ends with s_{H+1}"),
    "expect(tau, total(t, r(tau.s[t - 1], tau.a[t], tau.s[t])))": (
        "tau.s[t - 1]", "s_{-1} does not exist: times begin with 0"),
    "expect(tau, R(tau) + function('f')(tau.a[H + 1]))": ("tau.a[H + 1]", "a_{H+1} does not exist"),
    "expect(tau, G[-1](tau))": ("G[-1](tau)", "a_{-1} does not exist: times begin with 0"),
    "mean(i, R(samples[i])) - R(samples[0])": ("samples[0]", "τ^{(0)} does not exist: samples are numbered from 1"),
    f"expect(tau, total(t, gamma**(t - 1) * {REWARD}))": ("gamma**(t - 1)", "the exponent of γ begins with 0"),
    "total(t, J / t)": ("J / t", "J(θ)/t is asked for where its denominator is 0"),
    "total(t, J / (H - t))": ("J / (H - t)", "is asked for where its denominator is 0"),
}


@pytest.mark.parametrize("term", BEYOND)
def test_what_does_not_exist_is_said(term: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at, why = BEYOND[term]
    one = told(tmp_path, CHAIN.format(term), capsys)[0]
    assert (one["code"], one["at"]) == ("D005", at)
    assert why in one["message"]


def test_what_exists_at_late_horizons_only_is_not_called_missing(tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    """The twins: s_3 exists from H = 2 on, s_{H+1} always, and t + 1 where t ends with H - 1."""
    for term in ("total(t, J / t, start=1)", "total(t, J / (H - t), stop=H - 1)", "total(t, J / (t + 1))",
                 "expect(tau, function('f')(tau.s[3]))", "expect(tau, function('f')(tau.s[H + 1]))",
                 "expect(tau, total(t, function('f')(tau.a[t + 1]), stop=H - 1))"):
        said = [one["message"] for one in told(tmp_path, CHAIN.format(term), capsys)]
        assert all("does not exist" not in one and "denominator" not in one for one in said)


@pytest.mark.parametrize(("term", "at", "says"), [
    ("expect(tau, total(t, Q(tau.s[t], tau.a[t])))", "Q(tau.s[t], tau.a[t])", "Write Q[t](...) there, or stop=forever"),
    ("expect(tau, V(tau.s[1]) * R(tau))", "V(tau.s[1])", "V(s_1) has no time, as without a last decision"),
    ("expect(tau, R(tau)**ratio(1, 2))", "ratio(1, 2)", "roots are not in the language"),
    ("expect(tau, function('b')(t, tau.s[t]))", "t", "a function of the history: b(tau.h[t])"),
    ("expect(samples, total(i, same(i, i) * R(samples[i])))", "i", "total(j, ..., other_than=i)"),
])
def test_what_is_meant_is_said(term: str, at: str, says: str, tmp_path: Path,
                               capsys: pytest.CaptureFixture[str]) -> None:
    one = told(tmp_path, CHAIN.format(term), capsys)[0]
    assert (one["code"], one["at"]) == ("D005", at)
    assert says in one["message"]


def test_an_infinite_horizon_that_is_meant_is_not_taken_for_a_forgotten_time(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The twin: other sums of the term have no end."""
    text = CHAIN.format("expect(tau, total(t, gamma**t * V(tau.s[t]), stop=forever)) * total(k, gamma**k)")
    assert "which an infinite horizon does not have" in told(tmp_path, text, capsys)[0]["message"]


def test_the_name_of_a_theorem_that_hides_one_of_the_language(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ("from derive import *\n@theorem('one')\ndef P(): return calc(J, by(), J)\n"
            "@theorem('two')\ndef two(): return calc(total(tau, P(tau)), by(), 1)\n")
    one = next(one for one in told(tmp_path, text, capsys) if one["code"] == "D012")
    assert (one["at"], one["message"]) == ("P", "P is a theorem here")
    assert "call it otherwise" in one["hint"]


@pytest.mark.parametrize(("line", "at"), [("x = calc(J by(), J)", "J by()"), ("y = (", "(")])
def test_what_is_not_python_is_shown_where_reading_ends(line: str, at: str, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    one = told(tmp_path, f"from derive import *\ntheorem\n{line}\n", capsys)[0]
    assert (one["code"], one["at"]) == ("D011", at)


def test_the_side_that_has_no_meaning_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The J without a gradient is a summand on the left, and not the right side, which is J too."""
    text = "from derive import *\n@theorem('x')\ndef x(): return calc(total(k, grad(J) + J), by(), J)\n"
    one = told(tmp_path, text, capsys)[0]
    assert (one["code"], one["at"]) == ("D005", "grad(J) + J")



# -- a shared wrong term ---------------------------------------------------------------------------

MIDDLE = """from derive import *
@theorem('x')
def it():
    return calc(
        grad(J), by(definition(J)),
        grad(total(tau, P(tau) * R(tau))), by(gradient_of_a_sum),
        {}, by(factor_without_theta),
        total(tau, grad(P(tau)) * R(tau)){},
    )
"""


def test_one_wrong_term_is_named_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong, right = "total(tau, grad(P(tau)) * R(tau) * 2)", "total(tau, grad(P(tau) * R(tau)))"
    shared, *steps = told(tmp_path, MIDDLE.format(wrong, ""), capsys)
    assert (shared["code"], shared["severity"], shared["at"]) == ("D019", "note", wrong)
    assert "steps 2 and 3 are false for one reason" in shared["message"]
    assert [one["code"] for one in steps] == ["D001", "D001"]
    assert told(tmp_path, MIDDLE.format(right, ""), capsys) == []
    both = told(tmp_path, MIDDLE.format(wrong, " * 3"), capsys)  # the neighbours differ too
    assert [one["code"] for one in both] == ["D001", "D001"]


# -- the sums, per trajectory ----------------------------------------------------------------------


def _refuted(before: Any, after: Any) -> Any:
    @theorem("x")
    def it() -> Any:
        return calc(before, by("w"), after)

    return examine(it)


SUMS = {
    "J": (J, expect(tau, R(tau) * gamma)),
    "a gradient": (grad(J), total(tau, P(tau) * grad(log(pi(tau.a[0] | tau.s[0]))) * 3 * R(tau))),
    "a factor outside": (gamma * J, total(tau, P(tau) * R(tau))),
    "summands": (J + J, expect(tau, R(tau)) + total(tau, P(tau) * R(tau) * gamma)),
}


@pytest.mark.parametrize("name", SUMS)
def test_the_shares_of_trajectories_are_those_of_enumeration(name: str) -> None:
    """They add up to both sides, and each is what brute force says of its trajectory."""
    one = _refuted(*SUMS[name])
    step = one.steps[0]
    assert isinstance(step.verdict, Refuted)
    witness = step.verdict.witness
    found = shares(claim_of(one, step), witness)
    assert found
    assert sum(share.left for share in found) == witness.left
    assert sum(share.right for share in found) == witness.right
    assert any(share.left != share.right for share in found)
    if name == "J":  # by hand: P(τ) R(τ) and P(τ) R(τ) γ
        at = Enumeration(witness.model)
        for share in found:
            value = Fraction(at.value(P(tau) * R(tau), {tau: share.path}))
            assert (share.left, share.right) == (value, value * witness.model.gamma)


def test_sides_that_are_no_sums_over_trajectories_have_no_shares() -> None:
    one = _refuted(J, J * J)
    step = one.steps[0]
    assert isinstance(step.verdict, Refuted)
    assert shares(claim_of(one, step), step.verdict.witness) == ()


# -- what is printed -------------------------------------------------------------------------------


def test_nothing_that_a_terminal_obeys_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Titles, labels and reasons with escapes, as text that overwrites a verdict would have them."""
    hostile = "\x1b[2K\x1b[1G proved \x1b[8m\x9b\x7f\u202e\u2028\x00"
    text = ("from derive import *\n"
            f"@theorem({hostile!r})\ndef it():\n    return calc(J, by({hostile!r}, tag={hostile!r}), 2 * J)\n")
    path = tmp_path / "proof.py"
    path.write_text(text, encoding="utf-8")
    for options in ((), ("-v",), ("--format", "concise"), ("--format", "github"), ("--format", "junit")):
        main(["check", str(path), *options])
        printed = capsys.readouterr().out
        assert all(visible(line) == line for line in printed.splitlines()), options
        assert "\x1b" not in printed
    main(["show", str(path)])
    assert all(visible(line) == line for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("reason", ["'words'", "", "regroup"])
def test_a_name_of_a_file_is_printed_on_one_line(reason: str, tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    """The line of the verdict, the command of the replay, and the titles of other commands had it as it is."""
    path = tmp_path / "a\x07\x1b[31m'\nc.py"
    right = "J * 1" if reason != "'words'" else "2 * J"
    path.write_text(f"from derive import *\n@theorem('it')\ndef it(): return calc(J, by({reason}), {right})\n",
                    encoding="utf-8")
    for command in (["check"], ["check", "-v"], ["check", "--format", "concise"], ["show"], ["audit"], ["evaluate"],
                    ["report", "--handout", "-o", str(tmp_path / "d\x07\ne.tex")]):
        main([command[0], str(path), *command[1:]])
        printed = capsys.readouterr()
        for line in (printed.out + printed.err).splitlines():
            assert visible(line) == line, command
            assert not line.startswith(("c.py", "e.tex")), command


def test_the_command_of_a_replay_can_be_copied() -> None:
    if (bash := which("bash")) is None:
        pytest.skip("no bash here")
    for name in ("plain.py", "two words.py", "a\x07\x1b[31m'\nc.py", "b\\\n.py"):
        command = for_a_shell(name)
        assert visible(command) == command
        run = subprocess.run([bash, "-c", f"printf %s {command}"], capture_output=True, text=True, check=True)
        assert run.stdout == name


HOSTILE = ["b(s) = 2 b", "J = 0, and R", "J", "R", "π", "gamma", "Ј", "", "1x", "x y", "\\input{/etc/passwd}", "x" * 41,
           "a\x1bb", "\u202eb", "x\n", "f(", "θ", "V", "Σ", "Π", "∇", "γ", "E", "∂", "∑", "μ", "τ", "𝔼", "𝚺",
           "J²", "½", "②", "Jᶿ", "J_theta", "V_pi", "πθ", "Q_π", "с d",
           "Σ_t", "Π_k", "Σ'", "E_b", "E'", "Var_b", "ℋ", "∞"]
KEPT = ["b", "f", "g", "q_old", "β", "ψ", "ω", "Φ", "Ψ", "Ω", "Δ", "Γ", "λ", "σ", "Ex", "Variance", "Σ1",
        "b'", "w1", "V_w", "r'", "критик", "x" * 40]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_looks_like_something_else_is_refused(name: str) -> None:
    """``function("b(s) = 2 b")`` was printed as ``b(s) = 2 b(s) = b(s) = 2 b(s)``, and proved."""
    with pytest.raises(InvalidChain, match=r"function\("):
        calc(function(name)(s), by(), function(name)(s) * 1)
    with pytest.raises(InvalidChain, match=r"Policy\("):
        calc(Policy(name)(a | s), by(), J)


@pytest.mark.parametrize("name", KEPT)
def test_a_name_that_is_one_is_kept(name: str) -> None:
    calc(function(name)(s), by(), function(name)(s) * 1)
    calc(Policy(name)(a | s), by(), J)
    calc(total(State(name), mu(State(name))), by(), J)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_hint_is_python_that_runs(rule: Rule) -> None:
    """``by(definition_of_objective)`` was proposed, and is no name."""
    assert eval(rule.python, {name: getattr(derive, name) for name in derive.__all__}) == rule


def test_only_a_file_that_was_not_looked_at_is_said_to_be_unchecked(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lost theorem hides nothing of the others; a file that Python refuses has no verdict at all."""
    lost = 'from derive import *\n@theorem("one")\ndef one(): return calc(J, by(regroup), J * 1)\n'
    file = tmp_path / "proof.py"
    twice = lost + lost.partition("\n")[2].replace('"one"', '"two"')
    for text, whole in ((twice, False), ("from derive import *\n1 +\ntheorem", True)):
        file.write_text(text, encoding="utf-8")
        assert main(["check", str(file)]) == 2
        assert ("nothing of this file was checked" in " ".join(capsys.readouterr().out.split())) is whole


@pytest.mark.parametrize(("claim", "warned"), [("J * 1", True), ("J * 2", False), ("grad(J)", False)])
def test_that_an_assumption_is_idle_is_said_only_where_dropping_it_says_more(
        claim: str, warned: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is false under an assumption is false without it: there the longer list says more."""
    file = tmp_path / "proof.py"
    file.write_text("from derive import *\n@theorem('one', assumes=[policy_positive])\n"
                    f"def one(): return calc(J, by(regroup), {claim})\n", encoding="utf-8")
    main(["check", str(file)])
    assert ("is idle; drop it" in capsys.readouterr().out) is warned


@pytest.mark.parametrize("other", ["с", "ｃ"])
def test_names_that_are_printed_alike_are_not_two(other: str) -> None:
    """A Cyrillic letter, and a wide one: ∂_c(с) = 0 was proved."""
    with pytest.raises(InvalidChain, match=r"printed alike|a name is at most"):
        calc(derivative[scalar("c")](scalar(other)), by(), 0)


def test_no_assumption_is_called_idle_beside_a_step_that_is_not_settled(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the mean given two events, 1 ≤ t was to be dropped, which makes them possible."""
    events = "given=[same(tau.s[0], s), same(tau.s[t], x)]"
    text = ("from derive import *\n@theorem('one', assumes=[at_most(1, t), initial_positive])\ndef one():\n"
            f"    return calc(expect(tau, R(tau), {events}), by(automata), expect(tau, R(tau) * 1, {events}))\n")
    file = tmp_path / "one.py"
    file.write_text(text, encoding="utf-8")
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().out
    assert "is not known to follow" in said
    assert "idle" not in said
    file.write_text(text.replace(events, "given=[same(tau.s[0], s)]").replace(events, "given=[same(tau.s[0], s)]"))
    assert main(["check", str(file)]) == 0  # the twin: settled, and 1 ≤ t is of no use
    assert "idle" in capsys.readouterr().out
