"""derive checks policy-gradient derivations, step by step.

What a proof may import is listed here, and nothing else is public in this module. Names
are loaded on first use, so that ``derive --help`` loads neither SymPy nor FLINT. Notions
that are only records (``language.definitions``) have the names that their records say.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:  # this is read before an interrupt is heeded, and the import takes longer than all the rest
    from typing import Any
del TYPE_CHECKING

__version__ = "0.1.0"

_VOCABULARY = (
    "A", "H", "J", "P", "Q", "R", "V", "a", "additive_return_of", "b", "expect", "forever", "function", "gamma",
    "grad", "i", "inner", "k", "log", "m", "mean", "mu", "outer", "pi", "pi_old", "prod", "r", "ratio", "s", "same",
    "samples", "scalar", "stop_gradient", "t", "tau", "total", "trace", "trajectory_probability_of", "variance", "x",
)
_KINDS = ("Action", "Batch", "Draw", "Policy", "State", "Time", "Trajectory")
_RULES = (
    "automata", "definition", "equal_expectations", "expectation_as_a_sum", "factor_out_of_a_sum",
    "factor_without_theta", "gradient_of_a_constant", "gradient_of_a_sum", "linearity_over_samples", "log_derivative",
    "log_derivative_trick", "log_of_a_product", "mean_of_equal_terms", "multiply_by_one", "product_rule", "regroup",
    "split_a_sum", "variance_of_a_mean",
)
_ASSUMPTIONS = (
    "additive_return", "at_most", "below_one", "between_0_and_1", "covers", "discount_below_one",
    "dynamics_positive", "earlier", "horizon_at_least", "iid_samples", "initial_positive", "policy_positive",
    "positive", "possible", "samples_at_least", "undiscounted",
)
_VERDICTS = (
    "Estimates", "Malformed", "NeedsCondition", "NotClaimed", "Proportional", "Proved", "Refuted", "SameMean",
    "Undecided", "Unjustified",
)
_CHAIN = ("by", "calc", "theorem")
_NAMES = ("define",)
_RELATIONS = ("approximately", "becomes", "proportional")

_HOMES = {
    **dict.fromkeys(_VOCABULARY, "derive.language.vocabulary"),
    **dict.fromkeys(_KINDS, "derive.language.terms"),
    **dict.fromkeys(_RULES, "derive.rules"),
    **dict.fromkeys(_ASSUMPTIONS, "derive.language.assumptions"),
    **dict.fromkeys(_VERDICTS, "derive.checking.verdict"),
    **dict.fromkeys(_CHAIN, "derive.checking.derivation"),
    **dict.fromkeys(_NAMES, "derive.language.introduced"),
    **dict.fromkeys(_RELATIONS, "derive.rules.decision"),
    "evaluate": "derive.evaluation.both_sides",
    "examine": "derive.checking.examine",
    "main": "derive.cli",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__all__" or not name.startswith("_"):
        notions = import_module("derive.language.vocabulary").notions()
        if name == "__all__":
            return [*_HOMES, *notions, "__version__"]
        if name in notions:
            return notions[name]
    raise AttributeError(f"derive has no {name!r}; see derive.__all__ for what a proof may import")


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext derive``: cells that begin with ``%%derive`` are checked."""
    import_module("derive.integrations.notebook").register(shell)


def __dir__() -> list[str]:
    names: list[str] = __getattr__("__all__")
    return sorted(names)
