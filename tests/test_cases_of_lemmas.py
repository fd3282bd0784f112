"""A lemma with cases (t < k) serves at any letters whose cases imply its own, whatever the letters are called."""

from __future__ import annotations

from itertools import permutations

import pytest
from sympy import Expr

from derive.checking.derivation import by, calc
from derive.checking.examine import Session
from derive.checking.theorems import Theorem
from derive.checking.verdict import Proved, Verdict
from derive.errors import InvalidChain
from derive.language.assumptions import Assumption, at_most, earlier
from derive.language.terms import Time
from derive.language.vocabulary import H, expect, function, grad, log, pi, tau
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
