"""Functions of the whole history: what the kernel shows of them, against loops in which each history has its number."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations, islice
from pathlib import Path
from random import Random

import pytest
from claims_histories import HIST, chosen, of_both, past, q
from claims_unfolding import A_, S, mean
from kernel_claims import NAMED, encoded
from kernel_letters import DP, IID, TRUE, Claim
from kernel_oracle import CLOSE, model_of, places_of, values, witness_of_a_difference
from random_careless import careless_pair
from random_pairs import random_pair
from random_places import placed_pair
from sympy import Expr

import derive
from derive import automata, by, calc, define, examine, main, mu, pi, r, s, samples, scalar, t, tau, theorem, total
from derive.checking.judgement import Examined
from derive.checking.proof_files import bundled
from derive.errors import InvalidChain, MalformedTerm, NotATerm, OutsideFragment, Undefined, WorkLimit
from derive.kernel import terms as kernel_terms
from derive.kernel.contexts import Context
from derive.kernel.terms import Malformed
from derive.language.assumptions import Assumption, positive
from derive.language.expression import as_term
from derive.language.horizons import is_endless
from derive.language.models import Shape
from derive.language.signature import signature
from derive.language.source import source
from derive.language.terms import Applied, HistoryAt, StateAt
from derive.language.typing import check
from derive.language.vocabulary import P, a, forever, i, log, same, x
from derive.language.vocabulary import mean as sample_mean
from derive.procedures.decision import Outside, Shown, decided
from derive.report.refutation import describe, replay
from derive.transfer.probe import probe

ENDING_ALIKE = ("history: of states that are alike", "history: two actions change places",
                "history: where every state is possible")
"""False, and true of every function of the state."""
QUICK = range(120)
MODELS, POINTS = 4, 3


def claim(before: object, after: object, assumes: Iterable[Assumption] = ()) -> Claim:
    return Claim("one", as_term(before), as_term(after), frozenset(assumes), TRUE)


def why(one: Claim) -> str:
    found = decided(*encoded(one))
    assert isinstance(found, Outside)
    return found.why


# -- what is not read beside them ------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "reason"), [
    (NAMED["history: of states that are alike"], "indicators"),
    (NAMED["history: two actions change places"], "a transition between other places"),
    (claim(mean(past(HIST[0])), mean(past(HIST[0]) * total(x, mu(x) * mu(x)))), "sums over states"),
    (claim(mean(past(HIST[0])), mean(past(HIST[0]) * total(x, r(S[0], A_[0], x)))), "sums over states"),
    (claim(mean(past(HIST[1])), mean(past(HIST[1]) * total(x, P(x | S[0], A_[0]) * P(x | S[0], a)))),
     "sums over states"),
    (claim(mean(past(HIST[0]) * P(x | S[0], A_[0])), 0), "a transition between other places"),
    (claim(mean(past(HIST[1]) * mu(S[1])), 0), "the initial law of another state"),
    (claim(total(tau, past(HIST[0])), total(tau, past(HIST[1]))), "sums over all trajectories"),
    (claim(mean(past(HIST[0]) * log(total(x, P(x | S[0], a) * scalar("alpha")))), mean(past(HIST[0])),
           [*DP, positive(scalar("alpha"))]), "positive by assumption"),
], ids=lambda value: value if isinstance(value, str) else f"{value.before} = {value.after}")
def test_what_is_not_read_is_named(one: Claim, reason: str) -> None:
    assert reason in why(one)


def rebuilt(term: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The term with each part changed, from inside out."""
    args = tuple(rebuilt(part, change) for part in term.args)
    return change(term.func(*args) if args != term.args else term)


def as_states(term: Expr) -> Expr:
    """f(s_t) for f(h_t)."""
    return rebuilt(term, lambda part: StateAt(*part.args) if isinstance(part, HistoryAt) else part)


@pytest.mark.parametrize("one", [NAMED[name] for name in ENDING_ALIKE],
                         ids=lambda one: one.name)
def test_what_is_not_read_would_be_true_of_functions_of_the_state(one: Claim) -> None:
    assert witness_of_a_difference(one) is not None
    plain = Claim(one.name, as_states(one.before), as_states(one.after), one.assumes, TRUE, sizes=one.sizes)
    assert witness_of_a_difference(plain, range(60)) is None


def test_probabilities_that_are_positive_by_assumption_help_no_function_of_the_history() -> None:
    """In the MDP of histories, most transitions have probability 0."""
    two = claim(mean(past(HIST[t]) * P(S[t + 1] | S[t], A_[t])), mean(past(HIST[t]) * total(
        x, P(x | S[t], A_[t]) * P(x | S[t], A_[t]))), DP)
    assert "sums over states" in why(two)
    assert isinstance(decided(*encoded(claim(mean(past(HIST[0])), mean(past(HIST[0]) * chosen(1)), DP))), Shown)


def test_without_a_last_decision_there_are_none() -> None:
    term = total(t, mean(past(HIST[t])), stop=forever)
    with pytest.raises(Malformed):
        decided(*encoded(claim(term, 0)))


@pytest.mark.parametrize("place", [
    lambda: pi(tau.a[0] | tau.h[0]), lambda: mu(tau.h[0]), lambda: same(tau.h[0], tau.h[0]),
    lambda: r(tau.h[0], tau.a[0], tau.s[1])])
def test_only_free_functions_take_histories(place: Callable[[], Expr]) -> None:
    with pytest.raises(MalformedTerm, match="history"):
        check(mean(place()))


@pytest.mark.parametrize("wrong", [
    ("same", ("h", ("trajectory", "tau"), kernel_terms.time()), ("h", ("trajectory", "tau"), kernel_terms.time())),
    ("mu", ("h", ("trajectory", "tau"), kernel_terms.time())),
    ("V", "pi", kernel_terms.time(), ("h", ("trajectory", "tau"), kernel_terms.time()))])
def test_the_kernel_takes_histories_in_free_functions_only(wrong: kernel_terms.Term) -> None:
    with pytest.raises(Malformed):
        kernel_terms.check(wrong)


def test_functions_of_other_arguments_are_others() -> None:
    """q(h_1, s_0) and q(s_1, h_0) have one name, and end alike; language refuses them, a certificate need not."""
    path = ("trajectory", "tau")

    def over(*kinds: str) -> kernel_terms.Term:
        places = [(kind, path, kernel_terms.time(n)) for kind, n in zip(kinds, (1, 0), strict=True)]
        return kernel_terms.bound("E", path, "pi", ("f", "q", *places))

    apart = [over("h", "s"), over("s", "h"), over("h", "h"), over("s", "s")]
    for one, two in combinations(apart, 2):
        assert not isinstance(decided(Context(), one, two), Shown)
    assert isinstance(decided(Context(), apart[0], apart[0]), Shown)


# -- against loops -----------------------------------------------------------------------------------------


def with_histories(rng: Random, *sides: Expr) -> tuple[Expr, ...] | None:
    """Some of the functions of a state of a trajectory as functions of the history up to it."""
    nodes = [node for side in sides for node in side.atoms(Applied)]
    unable = {str(node.args[0]) for node in nodes if len(node.args) < 2 or not isinstance(node.args[1], StateAt)}
    able = sorted({str(node.args[0]) for node in nodes} - unable)
    names = [name for name in able if rng.random() < 0.7]
    if not names:
        return None

    def changed(part: Expr) -> Expr:
        if not isinstance(part, Applied) or str(part.args[0]) not in names:
            return part
        return Applied(part.args[0], HistoryAt(*part.args[1].args), *part.args[2:])

    return tuple(rebuilt(side, changed) for side in sides)


def campaign(seeds: Iterable[int]) -> tuple[Counter[str], list[int]]:
    counts, wrong = Counter[str](), list[int]()
    for seed in seeds:
        make = (random_pair, placed_pair, careless_pair)[seed % 3]
        try:
            pair = make(seed)
            sides = None if is_endless(pair.before, pair.after) else with_histories(
                Random(f"histories {seed}"), pair.before, pair.after)
        except (NotATerm, MalformedTerm, InvalidChain):
            continue
        if sides is None or signature(*sides).order > 2:
            continue
        one = Claim(f"histories {seed}", *sides, pair.assumptions, TRUE)
        counts["pairs"] += 1
        try:
            found = decided(*encoded(one))
        except (Malformed, MalformedTerm, OutsideFragment, WorkLimit):
            continue
        if not isinstance(found, Shown):
            counts["beside" if isinstance(found, Outside) and "of the history" in found.why else "not shown"] += 1
            continue
        counts["shown"] += 1
        least = found.equation.context.first
        for n in range(MODELS):
            rng = Random(f"model {seed} {n}")
            model = model_of(one, ((1, 2, least), (2, 2, least), (1, 2, least + 1), (2, 2, 1))[n], rng)
            for places in islice(places_of(one, model, rng), POINTS):
                try:
                    seen = values(one, model, places)
                except Undefined:
                    continue
                if seen is not None:
                    counts["compared"] += 1
                    if abs(seen[0] - seen[1]) > CLOSE * max(1, abs(seen[0])):
                        wrong.append(seed)
    return counts, sorted(set(wrong))


@pytest.mark.slow
def test_no_random_pair_is_shown_that_differs() -> None:
    counts, wrong = campaign(QUICK)
    assert not wrong
    assert counts["shown"] > counts["pairs"] // 4
    assert counts["compared"] > counts["shown"]


@pytest.mark.deep
def test_no_random_pair_of_many_is_shown_that_differs() -> None:
    first, last = map(int, os.environ.get("DERIVE_HISTORIES", "1000:4000").split(":"))
    assert not campaign(range(first, last))[1]


@pytest.mark.slow
def test_the_loops_tell_histories_from_states() -> None:
    """Twins of the campaign: what is true of functions of the state, and not of those of the history, is seen."""
    one = claim(mean(past(HIST[1]) * same(S[1], S[0])), mean(past(HIST[0]) * same(S[1], S[0])))
    assert witness_of_a_difference(one) is not None
    assert witness_of_a_difference(claim(as_states(one.before), as_states(one.after))) is None


# -- as a reader sees them -----------------------------------------------------------------------------------


def checked(*chain: object, assumes: Iterable[Assumption] = ()) -> Examined:
    @theorem("about a history", assumes=list(assumes))
    def about() -> object:
        return calc(*chain)

    return examine(about)


def test_shapes_alone_prove_nothing_of_them() -> None:
    """Where the kernel does not read a claim, shapes say only what holds for functions of the last state."""
    alike = total(s, same(tau.s[t], s) * past(HIST[t]))
    (step,) = checked(mean(alike), by(automata), mean(past(HIST[t]))).steps
    assert step.verdict.code == "undecided"
    assert "functions of the history beside sums over states" in step.verdict.why
    (plain,) = checked(mean(as_states(alike)), by(automata), mean(as_states(past(HIST[t])))).steps
    assert plain.verdict.code == "proved"


def test_shapes_alone_prove_nothing_of_them_under_a_name() -> None:
    """The name says nothing of the histories in its body."""
    hidden = define("hidden", [t, tau], past(HIST[t]))
    one, two = mean(same(S[0], S[1]) * hidden[0](tau)), mean(same(S[0], S[1]) * hidden[1](tau))
    for reason in (by(automata), by("words"), by()):
        (step,) = checked(one, reason, two).steps
        assert step.verdict.code == "undecided"
        assert step.scope is None
    with pytest.raises(OutsideFragment, match="functions of the history"):
        probe(as_term(one), as_term(two), [], Shape(2, 2, 1))


@pytest.mark.slow
def test_means_that_agree_on_shapes_are_not_said_to_agree() -> None:
    """Estimates of means that are equal for functions of the last state only."""
    def estimate(number: int) -> Expr:
        return sample_mean(i, same(samples[i].s[0], samples[i].s[1]) * past(samples[i].h[number]))

    (step,) = checked(mean(same(S[0], S[1]) * past(HIST[1])), by(automata), estimate(0), assumes=IID).steps
    assert step.verdict.code == "undecided"
    assert "functions of the last state only" in step.verdict.why
    (step,) = checked(estimate(1) + 0 * r(s, a, x), by(automata), 2 * estimate(0) - estimate(1), assumes=IID).steps
    assert step.verdict.code != "same-mean"
    assert "means agree" not in getattr(step.verdict, "note", "")


def test_a_counterexample_says_what_its_function_looks_at() -> None:
    found = checked(mean(past(HIST[1]) * q(S[0], A_[0])), by(automata), mean(past(HIST[0]) * q(S[0], A_[0])))
    (step,) = found.steps
    assert step.verdict.code == "refuted"
    lines = describe(step.verdict.witness, step.before, step.after)
    assert any(line.startswith("past((…, ") for line in lines)
    assert any(line.startswith("q(0, ") for line in lines)
    assert "Enumeration" in replay(step.verdict.witness, step.before, step.after, possible_only=False)


def test_they_are_written_and_read_back() -> None:
    term = total(t, past(HIST[t]) * of_both(samples[2].h[t + 1], tau.a[t]))
    assert str(past(HIST[t])) == "past(h_t)"
    assert source(past(HIST[t])) == "function('past')(tau.h[t])"
    assert eval(source(term), dict(vars(derive), **{name: getattr(derive, name) for name in derive.__all__})) == term


def test_evaluate_says_that_they_look_at_the_last_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "history_baseline", "two-state"]) == 0
    printed = capsys.readouterr().out
    assert "b: drawn, of the last state of a history" in printed
    assert "both sides agree" in printed


def test_a_certificate_states_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.json"
    assert main(["check", "--certificate", str(file), "history_baseline"]) == 0
    capsys.readouterr()
    assert main(["verify", str(file)]) == 0
    assert "b(h_{" in capsys.readouterr().out
    forged = file.read_text().replace('["h",', '["s",')
    assert forged != file.read_text()
    file.write_text(forged)
    assert main(["verify", str(file), "--against", str(bundled() / "history_baseline.py")]) == 1


def test_a_history_that_does_not_exist_is_named() -> None:
    (step,) = checked(mean(total(t, past(HIST[t + 2]))), by(automata), 0).steps
    assert step.verdict.code == "malformed"
    assert "h_{H+2} does not exist: the last history is h_{H+1}" in step.verdict.why
