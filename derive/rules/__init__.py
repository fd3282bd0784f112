"""The reasons a step may give. Each is one record; this is their table of contents."""

from derive.rules.algebra import factor_out_of_a_sum, log_of_a_product, multiply_by_one, regroup, split_a_sum
from derive.rules.decision import automata
from derive.rules.definitions import DEFINITION_RULES, definition
from derive.rules.expectations import (
    equal_expectations,
    expectation_as_a_sum,
    linearity_over_samples,
    mean_of_equal_terms,
    variance_of_a_mean,
)
from derive.rules.gradients import (
    factor_without_theta,
    gradient_of_a_constant,
    gradient_of_a_sum,
    log_derivative,
    log_derivative_trick,
    product_rule,
)
from derive.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *DEFINITION_RULES,
    gradient_of_a_sum,
    factor_without_theta,
    gradient_of_a_constant,
    multiply_by_one,
    regroup,
    log_derivative,
    log_derivative_trick,
    product_rule,
    log_of_a_product,
    split_a_sum,
    factor_out_of_a_sum,
    expectation_as_a_sum,
    linearity_over_samples,
    equal_expectations,
    mean_of_equal_terms,
    variance_of_a_mean,
)

__all__ = ["RULES", "Rule", "automata", "definition", *(rule.name for rule in RULES[len(DEFINITION_RULES):])]
