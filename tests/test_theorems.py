"""A theorem is plain data: it needs no Python function, and what a function says is told once."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields

import pytest

from derive import J, P, R, automata, by, calc, examine, grad, possible, regroup, tau, theorem, total
from derive.checking.derivation import recorded
from derive.checking.theorems import By, Chain, Theorem
from derive.checking.verdict import Proved, Refuted
from derive.errors import InvalidChain


def plain(written: Chain | InvalidChain, name: str = "by_hand") -> Theorem:
    return Theorem(title="made by hand", name=name, assumes=(possible(tau),), file="page.md", line=7, docstring="",
                   written=written)


def one_step(before: object, after: object, reason: object) -> Chain:
    return Chain((before, after), (By(reason, None, "proved", 8),))  # type: ignore[arg-type]


def test_a_theorem_without_a_function_is_examined_like_any_other() -> None:
    summed = total(tau, P(tau) * R(tau))
    true, false = plain(one_step(J, summed, automata)), plain(one_step(J, 2 * summed, automata))
    assert isinstance(examine(true).steps[0].verdict, Proved)
    assert isinstance(examine(false).steps[0].verdict, Refuted)
    assert (true.claim, true.endless, str(true)) == ("J(θ) = Σ_τ P(τ;θ) R(τ)", False, "made by hand")


def test_a_theorem_without_a_function_is_a_lemma() -> None:
    summed = total(tau, P(tau) * R(tau))
    lemma = plain(one_step(J, summed, automata))
    user = plain(one_step(grad(J), grad(summed), lemma), "user")
    assert examine(user).follows
    assert not examine(plain(one_step(grad(J), 2 * grad(summed), lemma), "user")).follows


def test_a_theorem_may_hold_what_is_wrong_with_it_instead_of_a_chain() -> None:
    wrong = plain(InvalidChain("page.md:8: no chain"))
    for ask in (lambda: wrong.chain, lambda: wrong.claim, lambda: examine(wrong)):
        with pytest.raises(InvalidChain, match=r"page\.md:8: no chain"):
            ask()


def test_plain_theorems_travel_between_processes() -> None:
    sent = plain(one_step(J, J * 1, "words"))
    received = pickle.loads(pickle.dumps(sent))
    assert [getattr(received, field.name) for field in fields(Theorem)] == [
        getattr(sent, field.name) for field in fields(Theorem)]


def test_what_a_function_says_becomes_data() -> None:
    @theorem("in Python", assumes=[possible(tau)])
    def in_python() -> Chain:
        """Its statement."""
        return calc(J, by(regroup, tag="1"), J * 1)

    assert (in_python.title, in_python.name, in_python.docstring) == ("in Python", "in_python", "Its statement.")
    assert (in_python.file, in_python.assumes) == (__file__, (possible(tau),))
    with open(__file__, encoding="utf-8") as opened:
        lines = opened.read().splitlines()
    assert '@theorem("in Python"' in lines[in_python.line - 1]
    (reason,) = in_python.chain.reasons
    assert lines[reason.line - 1][reason.column - 1 :].startswith("by(regroup")
    assert in_python.chain is in_python.chain


def test_theorems_are_frozen() -> None:
    @theorem("in Python")
    def in_python() -> Chain:
        return calc(J, by(regroup), J * 1)

    for one in (plain(one_step(J, J, None)), in_python):
        for name in ("title", "written", "line"):
            with pytest.raises((FrozenInstanceError, AttributeError)):
                setattr(one, name, "changed")


def test_a_body_is_read_when_it_is_asked_for_and_once() -> None:
    """Also one that fails: what it prints is printed once. While its file is executed, names are still to come."""
    calls: list[str] = []

    @theorem("later")
    def later() -> Chain:
        calls.append("read")
        return calc(J, by(regroup), J * (1 if len(calls) > 1 else 0.5))

    assert calls == []
    for _ in range(2):
        with pytest.raises(InvalidChain, match=rf"{__file__}:\d+: theorem later: 0\.5 is a float"):
            _ = later.chain
    assert calls == ["read"]
    calls.clear()
    with recorded():  # a file is being executed
        another = theorem("later")(later._body)  # type: ignore[attr-defined]
        assert isinstance(another.written, InvalidChain)
        assert another.chain is another.chain
    assert calls == ["read", "read"]


@pytest.mark.parametrize("words", ["x\ud800", type("S", (str,), {})("x")])
def test_words_that_cannot_be_printed_or_sent_are_refused(words: str) -> None:
    for refused in (lambda: by(words), lambda: by(regroup, tag=words), lambda: theorem(words)):
        with pytest.raises(InvalidChain, match=r"half a character|is a string, not"):
            refused()
    kept = by("x\u00e9", tag="1")
    assert (kept.reason, kept.tag) == ("x\u00e9", "1")
