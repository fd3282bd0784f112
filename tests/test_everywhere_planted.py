"""Bugs planted into the everywhere decision: each must make it wrong on a named pair or a random one.

The wrong versions are the traps of the method: tests left out, columns counted as 1 or 0 that are
not, times confused. A suite that does not notice one of them guards nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from test_everywhere import NAMED
from test_everywhere_random import decided

from derive.procedures import automata, closure, coordinates, everywhere, forms, ranges
from derive.procedures.automata import Automaton, Monomial
from derive.procedures.everywhere import Everywhere
from derive.procedures.paths import DYNAMICS

Patch = pytest.MonkeyPatch
Class = tuple[str, Monomial] | None
true_class, true_tested = closure.column_class, closure._tested
true_pushed, true_times, true_expanded = automata.pushed, automata.times, coordinates._expanded
true_unrolled = everywhere.unrolled


def by_class(wrong: Callable[[Monomial, Class], Class]) -> Callable[[Patch], None]:
    """A bug in the table of columns [letter]1."""
    def column_class(letter: Monomial, relations: closure.Relations) -> Class:
        return wrong(letter, true_class(letter, relations))

    return lambda patch: patch.setattr(closure, "column_class", column_class)


def ignore_the_end(patch: Patch) -> None:
    """END c is never tested."""
    def tested(difference: Any, classes: Any, rows: Any, words: Any, *columns: Any) -> Any:
        ends = {c: end for c, end in difference.ends.items() if not c}
        return true_tested(closure.Difference(difference.start, difference.letters, ends, difference.each),
                           classes, rows, words, *columns)
    patch.setattr(closure, "_tested", tested)


def skip_the_start(patch: Patch) -> None:
    """The row u, which has read nothing yet, is not tested."""
    def tested(difference: Any, *others: Any) -> Any:
        return true_tested(closure.Difference({}, difference.letters, difference.ends, difference.each), *others)
    patch.setattr(closure, "_tested", tested)


def end_before_a_letter(patch: Patch) -> None:
    """u is counted among the rows that may end: END c at length 0."""
    def tested(difference: Any, classes: Any, rows: Any, words: Any, *columns: Any) -> Any:
        return true_tested(difference, classes, [difference.start, *rows], [(), *words], *columns)
    patch.setattr(closure, "_tested", tested)


def only_the_last_letter(patch: Patch) -> None:
    """E_1 is tested, the other columns U^j E_1 are not."""
    def tested(difference: Any, classes: Any, rows: Any, words: Any, *columns: Any) -> Any:
        return true_tested(difference, classes, rows, words, *(column[:1] for column in columns))
    patch.setattr(closure, "_tested", tested)


def letters_one_by_one(patch: Patch) -> None:
    """Letters of one class are tested each by itself, not their sum."""
    def tested(difference: Any, classes: Mapping[Any, Any], rows: Any, words: Any, *columns: Any) -> Any:
        single = {(kind, letter): arrows for letter, arrows in difference.letters.items()
                  if (kind := true_class(letter, closure.Relations())) is not None}
        unit = classes.get(("unit", ()))
        return true_tested(difference, {**single, **({("unit", ()): unit} if unit else {})}, rows, words, *columns)
    patch.setattr(closure, "_tested", tested)


def function_of_the_next_state_not_pushed(patch: Patch) -> None:
    """b(s_{t+1}) at t and b(s_t) at t + 1 stay different letters."""
    patch.setattr(automata, "pushed", automata.trimmed)


def next_state_read_as_this_one(patch: Patch) -> None:
    """b(s_{t+1}) is read as b(s_t)."""
    def pushed(one: Automaton) -> Automaton:
        letters: dict[Any, Any] = {}
        for (marks, letter), arrows in one.letters.items():
            here = automata.monomial(*((("s", *symbol[1:]) if symbol[0] == "x" else symbol, e) for symbol, e in letter))
            row = letters.setdefault((marks, here), {})
            for place, weight in arrows.items():
                row[place] = automata.added(row.get(place, {}), weight)
        return true_pushed(Automaton(one.size, one.starts, letters, one.ends, one.marks))
    patch.setattr(automata, "pushed", pushed)


def marks_not_shared(patch: Patch) -> None:
    """Factors at one time t may stand at different steps."""
    def times(left: Automaton, right: Automaton) -> Automaton:
        shared = left.marks & right.marks
        renamed = {(frozenset((mark, "again") if mark in shared else mark for mark in marks), letter): arrows
                   for (marks, letter), arrows in right.letters.items()}
        twins = frozenset((mark, "again") for mark in shared)
        product = true_times(left, Automaton(
            right.size, right.starts, renamed, right.ends, (right.marks - shared) | twins))
        for twin in twins:
            product = automata.forgotten(product, twin)
        return product
    patch.setattr(automata, "times", times)
    patch.setattr(ranges, "times", times)


def of_action(letter: Monomial) -> list[Any]:
    return [(symbol, e) for symbol, e in letter if symbol[0] == "sa"]


def has_reward(letter: Monomial) -> bool:
    return any(symbol[:2] == ("sax", "r") for symbol, _ in letter) and (DYNAMICS, 1) in letter


def without_reward(letter: Monomial) -> Monomial:
    return tuple((symbol, e) for symbol, e in letter if symbol[:2] != ("sax", "r"))


def reward_as_constant(letter: Monomial, kind: Class) -> Class:
    """[P eps r]1, [P pi' r]1: r(s, a, x) taken out of the sum over a and x."""
    if not has_reward(letter):
        return kind
    inner_kind = true_class(without_reward(letter), closure.Relations())
    return None if inner_kind is None else kind


def critic_is_zero(letter: Monomial, kind: Class) -> Class:
    """[P pi' q]1 = 0, as if q did not depend on the action."""
    acts = [symbol[1] for symbol, _ in of_action(letter)]
    return None if "dpi" in acts and set(acts) <= {"dpi", "f"} else kind


def foreign_score_is_zero(letter: Monomial, kind: Class) -> Class:
    """[P beta score]1 = 0: the score of pi under another policy's law."""
    acts = sorted((symbol[1], symbol[2], e) for symbol, e in of_action(letter))
    return None if acts == [("dpi", "pi", 1), ("pi", "beta", 1), ("pi", "pi", -1)] else kind


def one_coordinate_for_all_rewards(patch: Patch) -> None:
    """r^2 is expanded as r."""
    def expanded(letter: Monomial, policy: str) -> Any:
        number = dict(letter).get(coordinates.REWARD, 0)
        once = automata.multiplied(letter, ((coordinates.REWARD, 1 - number),)) if number else letter
        return true_expanded(once, policy)
    patch.setattr(coordinates, "_expanded", expanded)


def unrolled_whatever_follows(patch: Patch) -> None:
    """V(s_t) becomes the rewards to go although later letters are no units."""
    def unrolled(one: Automaton, policies: Any, over: Any) -> Automaton:
        return true_unrolled(one, policies, range(one.size))
    patch.setattr(everywhere, "unrolled", unrolled)
    patch.setattr(forms, "unrolled", unrolled)


PLANTED: dict[str, Callable[[Patch], None]] = {
    "END is ignored": ignore_the_end,
    "u is skipped": skip_the_start,
    "END counts before a letter": end_before_a_letter,
    "unit letters of pi only": by_class(
        lambda letter, kind: ("own", letter) if kind == ("unit", ()) and (("sa", "pi", "beta"), 1) in letter else kind),
    "[b P pi] is a unit": by_class(lambda letter, kind: ("unit", ()) if kind is not None and kind[0] == "c" else kind),
    "P pi' q vanishes": by_class(critic_is_zero),
    "P beta score vanishes": by_class(foreign_score_is_zero),
    "r is free of a and x": by_class(reward_as_constant),
    "only E_1 is tested": only_the_last_letter,
    "f(s_{t+1}) is not pushed": function_of_the_next_state_not_pushed,
    "f(s_{t+1}) is read as f(s_t)": next_state_read_as_this_one,
    "P pi_b A vanishes": by_class(
        lambda letter, kind: None if {symbol[1] for symbol, _ in of_action(letter)} == {"A", "pi"} else kind),
    "P eps r vanishes": by_class(
        lambda letter, kind: None if ("sax", "eps", "pi") in dict(letter) else kind),
    "V is unrolled whatever follows": unrolled_whatever_follows,
    "V_{H+1} is not 0": lambda patch: patch.setattr(closure, "vanishing_end", lambda end, relations: False),
    "A is not centred": by_class(lambda letter, kind: kind or (
        ("m", letter) if any(symbol[1] == "A" for symbol, _ in letter) else None)),
    "eps is not centred": by_class(lambda letter, kind: kind or (
        ("m", letter) if any(symbol[1] == "eps" for symbol, _ in letter) else None)),
    "letters of one class are not summed": letters_one_by_one,
    "marks are not shared in products": marks_not_shared,
    "unit letters with a mark and without are one class": by_class(
        lambda letter, kind: ("unit", ()) if kind is not None and kind[0] == "unit" else kind),
    "r^2 in coordinates is r": one_coordinate_for_all_rewards,
}


def wrong_named() -> Iterator[str]:
    """Named pairs that the decision now gets wrong."""
    for named in NAMED:
        if not isinstance(decided(named.pair(named.right)), Everywhere):
            yield f"false no: {named.name}"
        if isinstance(decided(named.pair(named.twin)), Everywhere):
            yield f"false yes: {named.name}"


def test_the_named_pairs_are_right_without_a_bug() -> None:
    assert list(wrong_named()) == []


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a named pair; a random pair alone would tell less."""
    PLANTED[bug](monkeypatch)
    assert next(wrong_named(), None) is not None
