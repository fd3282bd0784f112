"""Which MDPs a fuzzing run draws: those of a theorem's class, by the public strategies.

There are three kinds of examples: small shapes; long horizons, at which the literal times
of the claim exist; and many actions. Half of all have zeros in mu, P and every policy, where no
assumption forbids them.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st
from sympy import Expr

from derive.checking.theorems import Theorem
from derive.language.assumptions import (
    HORIZON,
    SAMPLES,
    additive_return,
    discount_below_one,
    dynamics_positive,
    initial_positive,
    policy_positive,
)
from derive.language.binding import Binder
from derive.language.model_class import fitted
from derive.language.models import Model, Shape
from derive.language.signature import Signature, signature
from derive.language.terms import Trajectory
from derive.testing.strategies import DISCOUNTS, models, shapes

FAVOURS = ("", "horizon", "actions")
"""The kinds of examples, in the order in which a short run takes them; the first alone where decisions never end."""
LONGEST, WIDEST = 8, 5
"""The last decision of a long horizon, unless the claim's literal times ask for more; and the most actions."""
MOST, MOST_LATE = 300, 5_000
"""Trajectories, or joint samples, of an example; and of one at which a claim's literal times exist."""
MOST_WITHOUT_END = 18
"""States times actions times states, where there is no last decision."""


def shapes_of(theorem: Theorem, favour: str = "") -> st.SearchStrategy[Shape]:
    """Shapes at which the theorem may be asked; the horizon is 0 and not read where decisions never end."""
    terms = theorem.chain.terms
    parts, known = signature(*terms), theorem.assumes
    samples = _asked((one.about[0] for one in known if one.kind == SAMPLES), 1)
    if theorem.endless:
        return shapes(max_horizon=0, least=Shape(1, 1, 0, samples), most=MOST_WITHOUT_END)
    first = _asked((one.about[0] for one in known if one.kind == HORIZON), 0)
    latest, most = max(first, parts.largest_offset), MOST
    horizon = max(2, min(latest + 1, 6), first)
    if favour == "horizon":
        first, horizon = latest, max(LONGEST, latest)
        if max(map(_nesting, terms), default=0) <= 1:
            most = max(2 * MOST, min(2 ** (latest + 2), MOST_LATE))  # two states at the latest time
    return shapes(max_states=3, max_actions=WIDEST if favour == "actions" else 3, max_horizon=horizon,
                  max_samples=3 if parts.samples else 1, least=Shape(1, 1, first, samples), most=most, favour=favour)


def _asked(numbers: Iterable[int], otherwise: int) -> int:
    return max(numbers, default=otherwise)


def _nesting(term: Expr) -> int:
    """How many loops over trajectories stand inside each other."""
    inner = max((_nesting(argument) for argument in term.args), default=0)
    return inner + (isinstance(term, Binder) and isinstance(term.index, Trajectory))


def models_of(theorem: Theorem, favour: str = "", shape: Shape | None = None) -> st.SearchStrategy[Model]:
    """Exact MDPs of the theorem's class, with everything that its terms speak of; of one shape, if it is given.

    >>> from proofs.policy_gradient import policy_gradient
    >>> models_of(policy_gradient).example().policies.keys()
    dict_keys(['pi'])
    """
    return _drawn(theorem, signature(*theorem.chain.terms), shape or shapes_of(theorem, favour))


@st.composite
def _drawn(draw: st.DrawFn, theorem: Theorem, parts: Signature, shaped: Shape | st.SearchStrategy[Shape]) -> Model:
    known = theorem.assumes
    below_one = theorem.endless or discount_below_one in known
    shape, zeros = shaped if isinstance(shaped, Shape) else draw(shaped), draw(st.booleans())
    return fitted(known, draw(models(
        shape, additive=additive_return in known or not parts.returns,
        zeros=zeros and dynamics_positive not in known, initial_zeros=zeros and initial_positive not in known,
        policy_zeros=zeros and policy_positive not in known, fixed_policies=sorted(parts.policies - {"pi"}),
        functions=dict(sorted(parts.functions)),
        discounts=[each for each in DISCOUNTS if each < 1 or not below_one])))
