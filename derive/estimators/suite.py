"""The models that a loss is run on: those that are given, or a suite in which nothing is symmetric."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from derive.errors import BadInput
from derive.estimators.episodes import episodes_of
from derive.estimators.model import TabularLM
from derive.estimators.tabular import TabularModel
from derive.evaluation.inputs import model_of
from derive.language.models import Model
from derive.numeric.tabular import TabularMDP

Given = TabularModel | Model | TabularMDP
BINARY = (0, 1, 1, 0, 1, 0, 1)
"""Seven responses whose length is no function of the reward."""


def default_suite() -> tuple[TabularLM, ...]:
    """Small models, none symmetric.

    Three rewards; seven responses with ties and a 0; two rewards; two prompts; responses of up to three tokens whose
    rewards are fractions and not positive.
    """
    return (
        TabularLM(vocab=2, length=2, rewards=(0, 1, 3), seed=1),
        TabularLM(vocab=3, length=2, rewards=(0, 2, Fraction(1, 2), 1, -1, 2, 3), seed=2),
        TabularLM(vocab=3, length=2, rewards=BINARY, seed=3),
        TabularLM(vocab=2, length=2, prompts=2, rewards=((0, 1, 3), (1, 0, 0)), seed=4),
        TabularLM(vocab=2, length=3, rewards=(Fraction(1, 4), Fraction(-3, 2), 2, Fraction(9, 2)), seed=5),
    )


def further_models() -> tuple[TabularLM, ...]:
    """Longer responses and larger rewards than those of the suite; more prompts. What is cut off there shows here."""
    return (TabularLM(vocab=2, length=6, rewards=(0, 1, 3, -2, 15, -25, 30), seed=6),
            TabularLM(vocab=2, length=1, prompts=3, rewards=((0, 1), (1, 3), (2, 0)), seed=7))


def three_responses(rewards: Sequence[object]) -> tuple[TabularLM, ...]:
    """Models with three responses and these rewards. Raises ``BadInput`` for another number of them."""
    if len(rewards) != 3:
        raise BadInput(f"a loss is run on 3 responses, of 1, 2 and 2 tokens: give 3 rewards, not {len(rewards)}")
    return tuple(TabularLM(vocab=2, length=2, rewards=tuple(rewards), seed=seed) for seed in (1, 2, 3))


def models_of(given: Any) -> tuple[TabularModel, ...]:
    """The models given, MDPs as their episodes; None is the default suite.

    An MDP is given by itself, or by its name, as ``derive evaluate`` takes it.

    Raises:
        BadInput: for anything else.
    """
    if given is None:
        return default_suite()
    several = tuple(given) if isinstance(given, list | tuple) else (given,)
    several = tuple(model_of(one)[0] if isinstance(one, str) else one for one in several)
    if not several or not all(isinstance(one, Given) for one in several):
        raise BadInput(f"the model {given!r}: expected a TabularLM, a finite MDP (derive.language.models.Model or "
                       "derive.numeric.tabular.TabularMDP, or a name such as two-state), or several")
    return tuple(one if isinstance(one, TabularModel) else episodes_of(one) for one in several)
