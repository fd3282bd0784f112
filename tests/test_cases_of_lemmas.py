"""A lemma with cases (t < k) serves at any letters whose cases imply its own, whatever the letters are called."""

from __future__ import annotations

from itertools import permutations

import pytest
from sympy import Expr

from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved, Refuted, Verdict
from derive.errors import InvalidChain
from derive.language.assumptions import Assumption, at_most, earlier
from derive.language.terms import Time
from derive.language.vocabulary import H, J, expect, function, grad, log, pi, tau, total
from derive.procedures.encoding import ranges_of
from derive.rules import automata

f = function("f")


def product(one: Expr, two: Expr) -> Expr:
    """E[f(s_one) score_two], which is 0 where one <= two."""
    return expect(tau, f(tau.s[one]) * grad(log(pi(tau.a[two] | tau.s[two]))))


def theorem(name: str, left: Expr, reason: object, cases: list[Assumption]) -> Theorem:
    return Theorem(title=name, name=name, assumes=tuple(cases), file="", line=1, docstring="",
                   written=calc(left, by(reason), 0))


def verdict(said: list[Assumption], at: tuple[Expr, Expr], known: list[Assumption],
            letters: tuple[Expr, Expr] = (Time("t"), Time("k"))) -> Verdict:
    lemma = theorem("lemma", product(*letters), automata, said)
    return Session().examine(theorem("use", 2 * product(*at), lemma, known)).steps[0].verdict


@pytest.mark.parametrize("letters", [("t", "k"), ("a", "b")])
@pytest.mark.parametrize("at", list(permutations("akt", 2)))
def test_the_letters_do_not_matter(letters: tuple[str, str], at: tuple[str, str]) -> None:
    (t, k), (c, d) = ((Time(one), Time(two)) for one, two in (letters, at))
    for case in (earlier, at_most, lambda one, two: at_most(one + 1, two), lambda one, two: at_most(one, two - 1)):
        assert isinstance(verdict([case(t, k)], (c, d), [case(c, d)], (t, k)), Proved)


@pytest.mark.parametrize("at", list(permutations("akt", 2)))
def test_a_case_that_does_not_imply_it_is_not_enough(at: tuple[str, str]) -> None:
    t, k, c, d = Time("t"), Time("k"), *map(Time, at)
    for known in ([at_most(c, d)], [earlier(d, c)], [at_most(c, H)], []):
        found = verdict([earlier(t, k)], (c, d), known)
        assert not isinstance(found, Proved)
        assert "lin" not in str(getattr(found, "why", ""))
    weaker = verdict([earlier(t, k)], (c, d), [at_most(c, d)])
    assert "lemma is about times with t + 1 ≤ k" in getattr(weaker, "why", "")


def test_what_gives_no_time_a_range_is_refused() -> None:
    t = Time("t")
    for case in (at_most(t, t), at_most(t, H - t)):
        with pytest.raises(InvalidChain, match="gives no free time"):
            ranges_of([case])


def test_no_time_is_below_0_whatever_a_case_says() -> None:
    """t = Σ_{k=1..t} 1 was proved for -1 ≤ t, and then used at t = -1 and k - 1."""
    t, k, n = Time("t"), Time("k"), Time("n")
    said = [at_most(-1, t)]
    lemma = Theorem(title="lemma", name="lemma", assumes=tuple(said), file="", line=1, docstring="",
                    written=calc(t * J, by(automata), total(n, 1, start=1, stop=t) * J))
    assert isinstance(Session().examine(lemma).claim, Proved)
    for at in (-1, k - 1):
        use = theorem("use", at * J - total(n, 1, start=1, stop=at) * J, lemma, said)
        assert isinstance(Session().examine(use).claim, Refuted)


def test_a_range_that_begins_below_0_counts_backwards() -> None:
    """Under t ≤ k + 1, which is read as a range of k, k goes down to -1 where t is 0; at k = -1 this is k."""
    t, k, n = Time("t"), Time("k"), Time("n")
    up, down = total(n, 1, start=1, stop=k), total(n, 1, start=k + 1, stop=0)
    assert isinstance(claimed(k * J, (up - down) * J, at_most(t, k + 1)), Proved)
    assert not isinstance(claimed(k * J + 0 * t * J, up * J, at_most(t, k + 1)), Proved)  # the kernel asks at -1 too
    assert isinstance(claimed(k * J, up * J), Proved)


def claimed(left: Expr, right: Expr, *said: Assumption) -> Verdict:
    return Session().examine(Theorem(title="one", name="one", assumes=said, file="", line=1, docstring="",
                                     written=calc(left, by(automata), right))).claim
