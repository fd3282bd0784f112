"""Every node and every rule has an example it accepts and one it refuses."""

from __future__ import annotations

import inspect

import pytest
from examples import NODES, index_classes, node_classes
from sympy import Expr

from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import examine
from derive.checking.verdict import Proved
from derive.errors import DoesNotMatch, MalformedTerm
from derive.language.alphabets import LATEX, UNICODE
from derive.language.assumptions import VOCABULARY, undiscounted
from derive.language.notation import write
from derive.language.source import source
from derive.language.typing import check
from derive.procedures.answers import Equal
from derive.procedures.decide import Comparison
from derive.rules import RULES, Rule

DISCOUNTED = tuple(one for one in VOCABULARY if one != undiscounted)
"""The assumptions without arguments that have a model in common."""


def test_every_node_has_a_row() -> None:
    assert node_classes() == set(NODES)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_the_typed_example_is_accepted_and_its_twin_refused(node: type) -> None:
    good, bad = NODES[node]
    assert check(good) is good
    with pytest.raises(MalformedTerm):
        check(bad)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_node_is_written_in_both_alphabets_and_as_source(node: type) -> None:
    import derive

    good, _ = NODES[node]
    assert write(good, LATEX)
    assert write(good, UNICODE)
    names = {name: getattr(derive, name) for name in derive.__all__}
    assert eval(source(good), names) == good


def test_every_sort_of_index_is_bound_somewhere() -> None:
    bound = {type(node.index) for pair in NODES.values() for node in pair[0].args if hasattr(node, "index")}
    bound |= {type(pair[0].index) for pair in NODES.values() if hasattr(pair[0], "index")}
    assert bound <= index_classes()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rule_takes_its_example_and_refuses_the_other(rule: Rule) -> None:
    rule.justify(*rule.takes())
    with pytest.raises(DoesNotMatch):
        rule.justify(*rule.refuses())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rule_is_used_from_right_to_left_too(rule: Rule) -> None:
    before, after = rule.takes()
    rule.justify(after, before)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_kernel_agrees_with_the_example_that_a_rule_takes(rule: Rule) -> None:
    before, after = rule.takes()
    assert isinstance(Comparison([before, after], DISCOUNTED).compare(before, after), Equal)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert rule.statement
    assert rule.proof.endswith(".")
    assert rule.conditions
    assert "every finite MDP" in rule.holds_for


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_example_of_a_rule_is_a_proved_step(rule: Rule) -> None:
    before, after = rule.takes()
    declared = [one for one in DISCOUNTED if one.name != "additive_return" or one in rule.assumes]

    @theorem("the example of a rule", assumes=declared)
    def example():  # type: ignore[no-untyped-def]
        return calc(before, by(rule), after)

    assert isinstance(examine(example).steps[0].verdict, Proved)


def test_no_rule_takes_the_example_of_another_that_it_should_not() -> None:
    """On each of the first eleven lines of the seed exactly the stated rule matches."""
    from derive.checking.proof_files import bundled, load

    taken: dict[str, list[str]] = {}
    for name in ("likelihood_ratio_gradient", "score_of_a_trajectory"):
        chain = load(bundled() / f"{name}.py")[0].chain
        for before, after, reason in zip(chain.terms, chain.terms[1:], chain.reasons, strict=False):
            taken[str(reason.tag)] = [rule.name for rule in RULES if _takes(rule, before, after)]
    assert list(taken) == [f"HF-{number}" for number in range(1, 12)]
    assert taken["HF-3"] == ["factor_without_theta"]
    assert taken["HF-4"] == ["multiply_by_one"]
    assert taken["HF-5"] == ["regroup"]
    assert all(len(names) == 1 for names in taken.values()), taken


def _takes(rule: Rule, before: Expr, after: Expr) -> bool:
    try:
        rule.justify(before, after)
    except DoesNotMatch:
        return False
    return True


def test_rules_are_listed_once() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert not any(inspect.isfunction(rule) for rule in RULES)
