"""What is not in the language, or is written otherwise there, is answered by the one thing to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_diagnostics import CHAIN, told
from test_fixing import fixed

REASONS = {
    # reason: a part of the hint
    "policy_gradient": "from derive.proofs.policy_gradient import policy_gradient",
    "policy_gradientt": "did you mean policy_gradient? from derive.proofs.policy_gradient import policy_gradient",
    "regrop": "did you mean regroup?",
    "definitio": "a reason is a rule, automata, a theorem",
    "itsel": "did you mean itself?",
}
OWN = "from derive import *\n@theorem('a lemma')\ndef itself():\n    return calc(J, by(regroup), 1 * J)\n"


@pytest.mark.parametrize("reason", REASONS)
def test_a_name_in_by_is_compared_with_reasons_only(reason: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    text = OWN + CHAIN.format("J").replace("from derive import *\n", "").replace("by()", f"by({reason})")
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["message"].endswith(" is not defined")) == ("D012", True)
    assert REASONS[reason] in one["hint"]
    assert "stop_gradient" not in one["hint"]


@pytest.mark.parametrize(("line", "message", "hint"), [
    ("from derive.proofs.policy_gradient import policy_gradientt",
     "derive.proofs.policy_gradient has no policy_gradientt", "did you mean policy_gradient?"),
    ("from derive.proofs.policy_gradient import reward_to_go", "derive.proofs.policy_gradient has no reward_to_go",
     "from derive.proofs.reward_to_go import reward_to_go"),
    ("from derive.proofs.policy_gradien import policy_gradient", "there is no bundled proof policy_gradien",
     "did you mean policy_gradient?"),
    ("from derive.proofs.zzz import zzz", "there is no bundled proof zzz",
     "as in from derive.proofs.policy_gradient import policy_gradient"),
])
def test_an_import_of_a_bundled_proof_is_told_the_near_name(line: str, message: str, hint: str, tmp_path: Path,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, f"{line}\n{OWN}", capsys)
    assert (one["code"], one["message"]) == ("D012", message)
    assert hint in one["hint"]


TWO = """from derive import J, by, calc, regroup, theorem, total
@theorem("one")
def one():
    return calc(J + totl(t, J), by(regroup), J)
@theorem("two")
def two():
    return calc(1 * J, by(regrop), J)
"""


def test_a_fix_is_kept_only_where_its_own_theorem_is_better_for_it(tmp_path: Path) -> None:
    """``total`` leads to the next error of its theorem; that the other one is mended is no reason to write it."""
    found, _ = fixed(tmp_path, TWO, "--unsafe-fixes")
    assert found == TWO.replace("regrop", "regroup").encode()
    whole = TWO.replace("theorem, total", "t, theorem, total").replace("J + totl(t, J)", "J + totl(t, 0 * J)")
    found, _ = fixed(tmp_path, whole, "--unsafe-fixes")
    assert b"J + total(t, 0 * J)" in found


LETTERS = {
    # what is typed in a term: the hint
    ("τ", "expect(τ, R(τ))"): "write tau",
    ("π", "total(a, π(a | s))"): "write pi",
    ("γ", "γ**t * J"): "write gamma",
    ("μ", "total(s, μ(s))"): "write mu",
    ("μ", "expect(tau, μ(a | s))"): 'b = Policy("b") declares a policy; mu is the law of the first state',
    ("δ", "expect(tau, δ[t](tau))"): "write delta",
    ("Σ", "Σ(t, gamma**t)"): "write total(t, f)",
    ("Sigma", "Sigma(t, gamma**t)"): "write total(t, f)",
    ("Π", "Π(t, gamma)"): "write prod(t, f)",
    ("λ", "λ * J"): 'write lam, where lam = scalar("lambda") declares the number',
    ("ε", "(1 - ε) * J"): 'write eps, where eps = scalar("eps") declares the number',
    ("θ", "grad(J, θ)"): "θ is not written: pi(a | s) depends on it, and grad(f) is the gradient in it",
    ("β", "expect(tau, R(tau), policy=β)"): 'β = Policy("β") declares a policy',
    ("b2", "kl(pi, b2, s)"): 'b2 = Policy("b2") declares a policy',
}
UNREAD = {"∇(J)": "write grad(f)", "∑(t, J)": "write total(t, f)", "J · J": "write * for a product",
          "total(t, J, stop=∞)": "write forever"}


@pytest.mark.parametrize(("name", "term"), LETTERS)
def test_a_sign_of_a_page_is_the_word_of_the_language(name: str, term: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", name, LETTERS[name, term])


@pytest.mark.parametrize("term", UNREAD)
def test_a_sign_that_python_does_not_read_is_the_word_too(term: str, tmp_path: Path,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["hint"]) == ("D011", UNREAD[term])


def test_a_policy_of_an_assumption_is_declared_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("1 * J").replace("'ü ∇'", "'it', assumes=[covers(β, pi)]")
    (one,) = told(tmp_path, text, capsys)
    assert (one["at"], one["hint"]) == ("β", 'β = Policy("β") declares a policy')
    latin = text.replace("β", "b").replace("import *", "import J, by, calc, covers, pi, theorem")
    (one,) = told(tmp_path, latin, capsys)
    assert (one["at"], one["hint"]) == ("b", 'b = Policy("b") declares a policy')


def test_a_letter_is_imported_with_the_fix_that_writes_it(tmp_path: Path) -> None:
    text = ("from derive import by, calc, regroup, theorem\n@theorem('it')\ndef it():\n"
            "    return calc(1 * γ, by(regroup), 1 * 1 * γ)\n")
    found, status = fixed(tmp_path, text.replace("1 * 1 * γ", "gamma"), "--unsafe-fixes")
    assert (found.decode().splitlines()[0], status) == ("from derive import by, calc, gamma, regroup, theorem", 0)
    assert b"calc(1 * gamma, by(regroup), gamma)" in found


TERMS = {
    # a term: what the carets cover, the whole hint
    "expect(total(t, J) * J, tau)": ("expect(total(t, J) * J, tau)", "write expect(tau, total(t, J) * J)"),
    "total(grad(J), t, stop=3)": ("total(grad(J), t, stop=3)", "write total(t, grad(J), stop=3)"),
    "mean(R(samples[i]), i)": ("mean(R(samples[i]), i)", "write mean(i, R(samples[i]))"),
    "total(gamma, k)": ("total(gamma, k)", "write total(k, gamma)"),
    "total(t, gamma**t, stop=float('inf'))": ("float('inf')", "write forever"),
    "total(t, gamma**t, stop=__import__('math').inf)": ("__import__('math').inf", "write forever"),
    "total(t, gamma**t, stop=__import__('sympy').oo)": ("__import__('sympy').oo", "write forever"),
    "ratio(1, N) * total(i, R(samples[i]))": ("N", "the number of samples is written m"),
    "ratio(1, n) * total(i, R(samples[i]))": ("n", "the number of samples is written m"),
    "expect(tau, G[t](tau), given=s)": ("s", "write given=[same(tau.s[t], s)]"),
    "expect(tau, G[k + 1](tau), given=s)": ("s", "write given=[same(tau.s[k + 1], s)]"),
    "expect(tau, G[t](tau), given=a)": ("a", "write given=[same(tau.a[t], a)]"),
    "expect(tau, R(tau), given=s)": ("s", "write given=[same(tau.s[0], s)]"),
    "expect(tau, G[t](tau), given=[tau.s[t] == s])": ("tau.s[t] == s", "write same(tau.s[t], s)"),
    "expect(tau, G[t](tau), given=tau.s[t] == s)": ("tau.s[t] == s", "write same(tau.s[t], s)"),
    "define(Adv, [s], V(s))(s)": ("Adv", 'a new name stands in quotes: write "Adv"'),
    "Policy(beta)(a | s)": ("beta", 'a new name stands in quotes: write "beta"'),
    "Policy('mu')(a | s)": ("'mu'", ""),
    "define('A', [s, a], Q(s, a))(s, a)": ("'A'", ""),
    "scalar('gamma') * J": ("'gamma'", "write gamma, from derive import gamma"),
}


@pytest.mark.parametrize("term", TERMS)
def test_the_next_move_is_one_and_at_its_place(term: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, CHAIN.format(term), capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", *TERMS[term])
    if "has this name" in one["message"]:  # one next move: another name, or the word itself
        assert ("Give another one" in one["message"]) != bool(one["hint"])


def test_a_letter_that_the_file_declares_is_one_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("total(grad(J), n)").replace("@", 'n = Time("n")\n@', 1)
    assert told(tmp_path, text, capsys)[0]["hint"] == "write total(n, grad(J))"
    text = CHAIN.format("total(grad(J), c)").replace("@", 'c = scalar("c")\n@', 1)
    assert "grad(J))" not in told(tmp_path, text, capsys)[0]["hint"]


def test_assumptions_under_a_word_like_it_are_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("1 * J").replace("'ü ∇'", "'it', assume=additive_return")
    (one,) = told(tmp_path, text, capsys)
    assert one["hint"] == "write assumes=[additive_return]"


@pytest.mark.parametrize(("letters", "use", "says"), [
    ("[s, a, t]", "Adv[t](s, a)", "Write Adv(s, a, t); a time is a subscript where it comes first: "
                                  "define('Adv', [t, s, a], ...)."),
    ("[s, x]", "Adv[t](s, x)", "Write Adv(s, x)."),
])
def test_a_name_of_the_author_is_shown_with_its_letters(letters: str, use: str, says: str, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    body = "Q[t](s, a) - V[t](s)" if "t" in letters else "V(s) - V(x)"
    text = CHAIN.format(use).replace("@", f"Adv = define('Adv', {letters}, {body})\n@", 1)
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["at"]) == ("D012", "Adv[t]")
    assert one["message"].endswith(says)


def test_a_name_that_a_function_gives_later_is_not_called_undefined(tmp_path: Path,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("1 * J").replace("    return", "    Adv = define(Adv, [s], V(s))\n    return")
    (one,) = told(tmp_path, text, capsys)
    assert (one["message"], one["at"]) == ("Adv is not defined", "Adv")
    assert one["hint"] == 'a new name stands in quotes: write "Adv"'
    text = CHAIN.format("1 * J").replace("    return", "    gamma = 2 * gamma\n    return")
    (one,) = told(tmp_path, text, capsys)
    assert (one["message"], one["at"]) == ("gamma has no value yet", "gamma")


@pytest.mark.parametrize(("term", "instead"), [
    ("total(t, gamma**t * V[t](s), stop=forever)", "V(s)"),
    ("total(t, expect(tau, Q[t](tau.s[t], tau.a[t])), stop=forever)", "Q(tau.s[t], tau.a[t])"),
    ("total(t, gamma**t * V[t](s, policy=Policy('b')), stop=forever)", "V(s, policy=b)"),
    ("total(t, gamma**t * A[t](s, a, policy=pi_old), stop=forever)", "A(s, a, policy=pi_old)"),
])
def test_a_value_with_time_to_go_is_said_to_be_one(term: str, instead: str, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    found = told(tmp_path, CHAIN.format(term), capsys)
    assert found[0]["message"].endswith(f"is a value with time to go; without a last decision write {instead}.")


@pytest.mark.parametrize(("line", "at", "hint"), [
    ("from math import log", "log", "line 2 hides log: drop from math import log"),
    ("from math import *", "tau", "line 2 hides gamma, log, pi, prod and tau: drop from math import *"),
    ("from numpy import log, prod", "log", "line 2 hides log and prod: drop from numpy import log, prod"),
])
def test_an_import_that_hides_words_is_named(line: str, at: str, hint: str, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("expect(tau, log(pi(tau.a[0] | tau.s[0])))")
    (one,) = told(tmp_path, text.replace("import *\n", f"import *\n{line}\n"), capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", at, hint)
    found = told(tmp_path, f"{line}\n{text}", capsys)  # derive gives its words last
    assert "D012" not in [each["code"] for each in found]


WRITTEN = {
    # a chain: what the carets cover, the whole hint
    "J, by(definition('J')), J": ("'J'", "write definition(J)"),
    "J, by(regroup()), J": ("regroup()", "write regroup"),
    "J, by(automata()), J": ("automata()", "write automata"),
    "grad(J) @ grad(J), by(), J": ("grad(J) @ grad(J)", "write inner(grad(J), grad(J)) for the scalar product, "
                                                        "outer(grad(J), grad(J)) for the matrix"),
    "[J, by(), J]": ("[J, by(), J]", "leave the brackets out: calc(term, by(...), term)"),
    "J + half(J), by(), J": ("ratio(1, 2) * f", "write return ratio(1, 2) * f"),
    "half(J), by(), J": ("ratio(1, 2) * f", "write return ratio(1, 2) * f"),
    "J + nothing(), by(), J": ("nothing()", "end nothing with return, and the term"),
    "b * J, by(), J": ("scalar(f'{J}')", ""),
    "total(a, nobody(a | s)), by(), J": ("Policy()", 'write Policy("b"), with a name of your own'),
    "10**5000 * grad(J), by(), J": ("10**5000 * grad(J)", ""),
    "Fraction(1, 10**5000) * grad(J), by(), J": ("Fraction(1, 10**5000) * grad(J)", ""),
}
BEFORE = """from fractions import Fraction
from derive import *
def half(f):
    ratio(1, 2) * f
def nothing():
    pass
b = scalar(f'{J}')
nobody = Policy()
@theorem('it')
def it():
    return calc("""


@pytest.mark.parametrize("chain", WRITTEN)
def test_a_chain_is_mended_where_the_fault_is_made(chain: str, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, f"{BEFORE}{chain})\n", capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", *WRITTEN[chain])


def test_a_number_that_can_be_written_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(tmp_path, f"{BEFORE}10**4200 * grad(J), by(), 10**4200 * grad(J))\n", capsys)
    assert not {"D012", "D015"} & {one["code"] for one in found}


def test_the_function_of_a_theorem_takes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BEFORE.replace("def it():", "def it(t):") + "J, by(), J)\n"
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["at"]) == ("D012", "t")
    assert one["message"].endswith("A theorem takes nothing: write def it(), and declare its letters.")
    found = told(tmp_path, text.replace("(t)", "(t=3)"), capsys)
    assert "D012" not in [each["code"] for each in found]


def test_an_assumption_has_no_parentheses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = told(tmp_path, BEFORE.replace("'it'", "'it', assumes=[policy_positive()]") + "J, by(), J)\n", capsys)
    assert (one["at"], one["hint"]) == ("policy_positive()", "write policy_positive")


DECLARED = {
    # a term: what the carets cover, the whole hint
    "total(s, phi(s))": ("phi", 'phi = function("phi_b") declares a free function'),
    "total(s, φ(s))": ("φ", 'φ = function("φ_b") declares a free function'),
    "expect(tau, rho(tau) * R(tau))": ("rho", 'rho = define("rho", [tau], f) names a term f of tau'),
    "expect(tau, ρ[t] * R(tau))": ("ρ", "what has a time is a function of the history, f = function(\"f\"), written "
                                        "f(tau.h[t])"),
    "expect(tau, Adv[t](tau.s[t], tau.a[t]))": (
        "Adv", 'Adv = define("Adv", [t, s, a], f) names a term f of them'),
    "expect(tau, rho[t](tau))": ("rho", 'rho = define("rho", [t, tau], f) names a term f of them'),
    "total(t, gamma**t, stop=math.inf)": ("math.inf", "write forever"),
    "total(t, gamma**t, stop=np.inf)": ("np.inf", "write forever"),
    "expect(tau, np.log(pi(a | s)))": ("np.log", "write log"),
    "1 * J, by(definition[J]), J": ("definition[J]", "write definition(J)"),
    "grad[J]": ("grad[J]", "write grad(J)"),
    "total(t, 1, H - 1, gamma**t)": ("total(t, 1, H - 1, gamma**t)", "write total(t, gamma**t, start=1, stop=H - 1)"),
    "total(gamma**t, t, 0, H)": ("total(gamma**t, t, 0, H)", "write total(t, gamma**t, start=0, stop=H)"),
    "total(gamma**t, (t, 0, H))": ("total(gamma**t, (t, 0, H))", "write total(t, gamma**t, start=0, stop=H)"),
    "expect(tau, R(tau), given=(tau.s[0], s))": ("(tau.s[0], s)", "write given=[same(tau.s[0], s)]"),
}


@pytest.mark.parametrize("term", DECLARED)
def test_what_is_proposed_is_not_refused_in_turn(term: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at, hint = DECLARED[term]
    text = CHAIN.format(term)
    (one,) = told(tmp_path, text, capsys)
    assert (one["code"], one["at"], one["hint"]) == ("D012", at, hint)
    if hint.startswith("write "):
        followed = text.replace(at, hint.removeprefix("write ").removeprefix("given="))
    elif " declares" in hint:
        followed = text.replace("@", f"{hint.partition(' declares')[0]}\n@", 1)
    elif " names" in hint:
        body = "Q[t](s, a)" if "s, a]" in hint else "P(tau)"
        declared = hint.partition(" names")[0].replace("], f)", f"], {body})")
        followed = text.replace("@", f"{declared}\n@", 1)
    else:
        return
    assert not {"D011", "D012"} & {each["code"] for each in told(tmp_path, followed, capsys)}


def test_a_name_that_nothing_keeps_is_told_to_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CHAIN.format("total(s, Own(s))").replace("    return", "    define('Own', [s], V(s))\n    return")
    (one,) = told(tmp_path, text, capsys)
    assert (one["at"], one["hint"]) == ("define('Own', [s], V(s))", "write Own = define('Own', [s], V(s))")
    found = told(tmp_path, text.replace("    define", "    Own = define"), capsys)
    assert "D012" not in [each["code"] for each in found]


@pytest.mark.parametrize("returned", ["J, by(), 1 * J", "[J, by(), 1 * J]"])
def test_a_chain_without_calc_is_put_into_it(returned: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"from derive import *\n@theorem('it')\ndef it():\n    return {returned}\n"
    (one,) = told(tmp_path, text, capsys)
    assert (one["at"], one["hint"]) == (returned, "write return calc(J, by(), 1 * J)")
    assert fixed(tmp_path, text)[1] == 0
