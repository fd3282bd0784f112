"""What a newcomer writes that is not in the language is answered by what to write, at the place where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_diagnostics import CHAIN, told

MISUSED = {
    # term: what the carets cover, a part of the message, a part of the hint
    "total(t, gamma(t) * V(tau.s[t]))": ("gamma(t)", "gamma is a number", "write gamma**t"),
    "total(t, gamma[t + 1] * J)": ("gamma[t + 1]", "gamma is a number", "write gamma**(t + 1)"),
    "H(t) * J": ("H(t)", "H is a time", "write H"),
    "J(pi)": ("J(pi)", "J is a number", "write J"),
    "expect(samples, mean(i, R(samples(i))))": ("samples(i)", "takes no arguments", "write samples[i]"),
    "total(s, grad(V(s, t)))": ("V(s, t)", "V takes 1 argument, got 2", "write V[t](s)"),
    "expect(tau, Q(tau.s[t], tau.a[t], t))": (
        "Q(tau.s[t], tau.a[t], t)", "Q takes 2 arguments, got 3", "write Q[t](tau.s[t], tau.a[t])"),
    "total(s, grad(V(0, s)))": ("V(0, s)", "V takes 1 argument, got 2", "write V[0](s)"),
    "total(s, Q(s, a)[0])": ("Q(s, a)[0]", "Q(s, a) is a term", "write Q[0](s, a)"),
    "total(s, Q[1](s, a)[0])": ("Q[1](s, a)[0]", "takes no brackets", "it has its time already: write Q[1](s, a)"),
    "expect(tau, R(tau)[t])": ("R(tau)[t]", "takes no brackets", "r(tau.s[t], tau.a[t], tau.s[t + 1])"),
    "expect(tau, R(tau[0]))": ("tau[0]", "tau is a trajectory", "tau.s[t]"),
    "expect(tau, log(pi[t](a | s)))": ("pi[t]", "pi is a policy", "the same at every time: write pi(a | s)"),
    "expect(tau, b(tau.s[t]) * R(tau))": ("b(tau.s[t])", "b is an action", 'f = function("f")'),
    "s(t) * J": ("s(t)", "s is a state", "write tau.s[t]"),
    "J * scalar('c')(s)": ("scalar('c')(s)", "takes no arguments", 'b = function("b")'),
    "grad(J)(R(tau))": ("grad(J)(R(tau))", "grad(J) is a term", "grad(J) * (R(tau))"),
    "total(s, log(__import__('math').log(pi(a | s))))": (
        "__import__('math').log", "a function of numbers, not of terms", "write log(...), from derive import log"),
    "float(J) * J": ("float", "a function of numbers, not of terms", "has none by itself"),
    "total((s, a), grad(pi(a | s)))": ("(s, a)", "total runs over one index",
                                       "write total(s, total(a, grad(pi(a | s))))"),
    "total(range(3), J)": ("range(3)", "total runs over a letter", "write total(t, J)"),
    "expect('tau', R(tau))": ("'tau'", "expect runs over a letter", "write expect(tau, R(tau))"),
    "total(t, gamma**t, stop='forever')": ("'forever'", "is text", "write forever without quotes"),
    "J * total(tau, 'R')": ("'R'", "is text", "write R without quotes"),
    "total(t, gamma**t, stop=t)": ("t", "has stop=t: its limits lie outside of it", ""),
    "prod(k, gamma**t, start=k - 1)": ("k - 1", "Give it another letter: t, with start=k - 1.", ""),
    "expect(tau, V(tau.s[0], t=0))": ("t=0", "unexpected keyword", "its arguments are V[t](s)"),
    "J - offset": ("offset", "offset is not defined", 'offset = scalar("offset") declares a number'),
    "expect(tau, Q[t][k](tau.s[t], tau.a[t]))": ("Q[t][k]", "Q[t] has its time", ""),
    "expect(samples, mean(samples, J))": ("mean(samples, J)", "mean(samples, ...): it is the average", ""),
    "total(t, [J, J])": ("[J, J]", "is not a term", "a term is one formula"),
    "J, by(), [J]": ("[J]", "is not a term", "a term is one formula"),
    "total(t, J, stp=3)": ("stp=3", "unexpected keyword argument", "write stop=3"),
}

MISLED = {
    # what was answered by a hint that led to the next error
    "total(t, lambda t: gamma**t)": ("lambda t: gamma**t", "is not a term", "write the term itself: gamma**t"),
    "expect(lambda tau: R(tau))": ("expect(lambda tau: R(tau))", "no index", "write expect(tau, R(tau))"),
    "lamda * J": ("lamda", "is not defined", 'lamda = scalar("lambda")'),
    "(1 / N) * J": ("N", "N is not defined", "the number of samples is written m"),
    "total(i, R(samples[i])) / n": ("n", "n is not defined", "the number of samples is written m"),
    "total(t, gamma**t, stop=T)": ("T", "T is not defined", "the time of the last decision is written H"),
    "total(t, gamma**t, stop=n)": ("n", "n is not defined", 'n = Time("n")'),
    "gamma**n * J": ("n", "n is not defined", 'n = Time("n")'),
    "J * c": ("c", "c is not defined", 'c = scalar("c") declares a number'),
    "total(s, total(a, pi(a)))": ("pi(a)", "conditional probability", "write pi(a | s)"),
    "expect(tau, log(pi(tau.a[t])))": ("pi(tau.a[t])", "conditional probability", "write pi(tau.a[t] | tau.s[t])"),
    "expect(tau, Policy('β')(s))": ("Policy('β')(s)", "conditional probability", "write Policy('β')(a | s)"),
    "expect(tau, R(tau), policy='pi')": ("'pi'", "is text, and no policy", "write policy=pi"),
    "scalar('gamma') * J": ("'gamma'", "scalar('gamma'): the language has this name already",
                            "write gamma, from derive import gamma"),
    "function('V')(s) * J": ("'V'", "function('V'): the language has this name already", ""),
    "J, by(definition(J), automata), J": ("automata", "by(...) has one reason",
                                          "write by(definition(J)), the term that it gives, by(automata)"),
    "J, by(definition(J), tga='x'), J": ("tga='x'", "unexpected keyword", "write tag='x'"),
    "J, by(definition(J), verdict=1), J": ("verdict=1", "unexpected keyword",
                                           "by(reason=None, *, tag=None, expect=Proved)"),
    "expect(tau)": ("expect(tau)", "expect is not called so", "policy=pi, given=None"),
    "J, 'by definition', J": ("'by definition'", "a reason in words stands in by(...)", "write by('by definition')"),
}
MISUSED |= MISLED


@pytest.mark.parametrize("term", MISUSED)
def test_what_to_write_instead_is_said_at_its_place(term: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    at, message, hint = MISUSED[term]
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["at"]) == ("D012", at)
    assert message in one["message"]
    assert hint in one["hint"]


NO_TEXT = ("...", " without ", "write V,", ", from", ", the term")
"""Parts of hints that are no single text to put in."""


@pytest.mark.parametrize("term", MISUSED)
def test_what_is_proposed_is_read(term: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hint is followed: what it says to write, in the place of what the carets cover."""
    at, _, hint = MISUSED[term]
    if not hint.startswith("write ") or any(part in hint for part in NO_TEXT):
        pytest.skip("the hint is no text that can be put in")
    fit = hint.removeprefix("write ").removeprefix("the term itself: ").removeprefix("policy=")
    whole = fit.startswith(("total(", "expect("))
    text = fit if whole else term.replace(at, fit)
    assert not {"D011", "D012"} & {one["code"] for one in told(tmp_path, CHAIN.format(text), capsys)}


NO_NUMBERS = {
    "R(tau) - b": ("b", 'A number is b = scalar("b")'),
    "R(tau) - function('b')": ("function('b')", "Write it of a state, b(s) or b(tau.s[t])"),
    "R(tau) * pi": ("pi", "A probability is pi(a | s)."),
    "R(tau) * tau": ("tau", "Write R(tau) for its return"),
}


@pytest.mark.parametrize("body", NO_NUMBERS)
def test_what_is_no_number_is_answered_by_what_is_one(body: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    at, says = NO_NUMBERS[body]
    (one,) = told(tmp_path, CHAIN.format(f"expect(tau, {body})"), capsys)
    assert (one["code"], one["at"]) == ("D005", at)
    assert says in one["message"]


ASSUMED = {
    "assumes=[possible(tau), gamma]": ("gamma", "not an assumption", ""),
    "assumes=[iid_samples, positive]": ("positive", "Write positive(c)", ""),
    "assumes=['undiscounted']": ("'undiscounted'", "without quotes", ""),
    "assumes='possible'": ("'possible'", "Write assumes=[possible(tau)].", ""),
    "assumes=possible": ("possible", "Write assumes=[possible(tau)].", ""),
    "assumes=['below_one']": ("'below_one'", "Write below_one(c) without quotes.", ""),
    "assumes=undiscounted": ("undiscounted", "assumes is a list", ""),
    "assumes=[gamma < 1]": ("gamma < 1", "an inequality", "discount_below_one"),
    "assume=[possible(tau)]": ("assume=[possible(tau)]", "unexpected keyword", "write assumes=[possible(tau)]"),
    "assumes=[covers(pi, Policy('β'))]": ("covers(pi, Policy('β'))", "takes a fixed policy",
                                          "write covers(Policy('β'), pi)"),
    "assumes=[covers(pi, pi)]": ("covers(pi, pi)", "takes a fixed policy", 'write covers(Policy("beta"), pi)'),
    "assumes=[covers('β', pi)]": ("covers('β', pi)", "takes a fixed policy", "write covers(Policy('β'), pi)"),
}


@pytest.mark.parametrize("given", ASSUMED)
def test_an_assumption_that_is_none_is_marked(given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at, message, hint = ASSUMED[given]
    text = f"from derive import *\n@theorem('it', {given})\ndef it():\n    return calc(J, by(), 1 * J)\n"
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["at"]) == ("D012", at)
    assert message in one["message"]
    assert hint in one["hint"]


@pytest.mark.parametrize(("body", "name", "hint"), [
    ("expect(tau, R(tau) - b)", "b", 'b = scalar("b")'),
    ("expect(tau, R(tau) - b(tau.s[0]))", "b", 'b = function("b") declares a free function'),
    ("expect(tau, log(b(tau.a[0] | tau.s[0])))", "b", 'b = Policy("b") declares a policy'),
    ("total(b, log(pi(b | s)))", "b", "from derive import b"),
])
def test_a_letter_that_was_not_imported_is_what_it_is_used_for(
        body: str, name: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``from derive import b`` made an action of a baseline."""
    text = CHAIN.format(body).replace("import *", "import J, R, by, calc, expect, log, pi, s, tau, theorem, total")
    (one,) = told(tmp_path, text, capsys)
    assert (one["message"], one["at"]) == (f"{name} is not defined", name)
    assert hint in one["hint"]


def test_lambda_as_a_name_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format("total(t, lambda**t * J)"), capsys)
    assert (one["code"], 'lam = scalar("lambda")' in one["hint"]) == ("D011", True)
    (other,) = told(tmp_path, CHAIN.format("total(t, lambda t: J J)"), capsys)
    assert (other["code"], other["hint"]) == ("D011", "")


@pytest.mark.parametrize(("returned", "at", "hint"), [
    ("J == 1 * J", "J == 1 * J", "write return calc(J, by(), 1 * J)"),
    ("grad(J)", "grad(J)", "write return calc(term, by(reason), term)"),
])
def test_what_is_returned_and_is_no_chain(returned: str, at: str, hint: str, tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    text = f"from derive import *\n@theorem('it')\ndef it():\n    return {returned}\n"
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", at, hint)


def test_words_that_name_a_rule_are_that_rule_without_quotes(tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (("'definition(J)'", True), ("'definition of J'", False)):
        text = CHAIN.format("1 * J").replace("by()", f"by({words})")
        (one,) = told(tmp_path, text, capsys)
        assert ("without quotes it is the rule of that name" in one["message"]) is said


def test_a_denominator_that_is_written_as_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format("ratio(J, 0)"), capsys)
    assert "divides by 0, and has no value" in one["message"]


LEMMAS = """from derive import *
@theorem('a lemma', assumes=[additive_return, possible(tau)])
def lemma(): return calc(J, by(definition(J)), total(tau, P(tau) * R(tau)))
@theorem('a step')
def step(): return calc({before}, by({reason}), {after})
"""
BY_DEFINITION = "total(tau, P(tau) * R(tau))"


@pytest.mark.parametrize(("before", "reason", "after", "headline", "hint"), [
    ("J", "lemma", BY_DEFINITION, "its reason does not give it",
     "assumes=[additive_return, possible(tau)] lets the reason give this step; by(definition(J)) gives it without"),
    ("J + 0", "lemma", "J", "its reason does not give it", "by(regroup) gives this step"),
    ("J", "regroup", BY_DEFINITION, "its reason does not give it", "by(definition(J)) gives this step"),
    ("J", "", BY_DEFINITION, "its reason is missing", "by(definition(J)) gives this step"),
    ("J", "'clear'", BY_DEFINITION, "its reason is missing", "by(definition(J)) gives this step"),
])
def test_a_reason_that_does_not_fit_is_not_missing_and_lacks_what_it_lacks(
        before: str, reason: str, after: str, headline: str, hint: str, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    found = told(tmp_path, LEMMAS.format(before=before, reason=reason, after=after), capsys)
    (one,) = [each for each in found if each["theorem"] == "step"]
    assert (one["code"], one["hint"]) == ("D003", hint)
    assert headline in one["message"]


@pytest.mark.parametrize("name", ["1b", "b" * 41, "o'\"), o", 'b")'])
def test_a_name_that_is_none_is_marked_where_it_is_given(name: str, tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format(f"J * function({name!r})(s)"), capsys)
    assert (one["code"], one["at"]) == ("D012", repr(name))
    assert "a name is at most 40 letters" in one["message"]


@pytest.mark.parametrize(("name", "why", "instead"), [
    ("φ", "counterexamples print φ for the direction", "φ_b"), ("phi", "counterexamples print φ", "phi_b"),
    ("ϕ", "counterexamples print φ", "ϕ_b"), ("D", "counterexamples print D", "D_b"),
    ("θ", "counterexamples print θ", "θ_b"), ("V'", "", "V'"), ("R", "the language has this name", "R_b"),
    ("Σ", "the language has this name already", "f")])
def test_a_name_that_is_taken_is_told_why_and_what_may_be_written(name: str, why: str, instead: str, tmp_path: Path,
                                                                  capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format(f"J * function({name!r})(s)")
    found = told(tmp_path, text, capsys)
    if not why:  # a prime makes it another name: nothing is taken
        assert "D012" not in [one["code"] for one in found]
        return
    assert why in found[0]["message"]
    assert found[0]["message"].endswith(f"such as {instead}.")
    taken = told(tmp_path, text.replace(repr(name), repr(instead)), capsys)
    assert "D012" not in [one["code"] for one in taken]
