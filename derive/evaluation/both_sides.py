"""``derive.evaluate``: both sides of a theorem as it is written, on one model, next to the verdict of ``check``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from derive.checking.examine import examine
from derive.checking.judgement import Examined
from derive.checking.theorems import Theorem, a_theorem
from derive.checking.verdict import Malformed, Refuted, Verdict
from derive.display import badge, table, text
from derive.errors import BadInput, DeriveError, NotApplicable, OutsideFragment, Undefined, WorkLimit
from derive.evaluation.inputs import holds, instance_at, model_of
from derive.evaluation.letters import Sides
from derive.evaluation.reference import gradient_methods
from derive.evaluation.ways import (
    Compared,
    Way,
    as_written,
    by_directions,
    by_dynamic_programming,
    in_the_mean,
)
from derive.language.assumptions import Assumption
from derive.language.dependence import is_random
from derive.language.ranks import rank
from derive.language.signature import signature
from derive.language.vocabulary import J, grad
from derive.numeric.comparison import Comparison, Row
from derive.numeric.tabular import FloatArray, TabularMDP

Progress = Callable[[str], None]
"""Told what is computed next."""
STAGES = 9
"""The verdict, three ways, and five methods for the gradient of J: each is told once."""

Skipped = tuple[tuple[str, str], ...]
"""Ways and the reasons why they gave no numbers."""

SHOWN_ROWS = 16
"""Rows of a way that are shown in a notebook."""
WAYS: Mapping[str, Way] = MappingProxyType({
    "as written": as_written, "by dynamic programming": by_dynamic_programming, "along directions": by_directions})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Evaluation:
    """Both sides of a theorem on one model, and what a reader has to know of them.

    ``compared`` holds the ways that gave numbers, the first being the widest; ``skipped`` the ways that gave none, each
    with its reason. ``methods`` are rows for the gradient of J that read no theorem, where a side is that gradient;
    ``functions`` the tables of what the theorem leaves open, ``drawn`` the names of those that were drawn by seed;
    ``unmet`` the assumptions that the model does not satisfy.
    """

    theorem: Theorem
    examined: Examined
    mdp: TabularMDP
    theta: FloatArray
    theta_from: str
    compared: tuple[Compared, ...]
    skipped: Skipped
    methods: tuple[Row, ...]
    simulated: Comparison | None
    functions: Mapping[str, FloatArray]
    drawn: tuple[str, ...]
    samples: int
    in_the_mean: bool
    unmet: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<{self.theorem.name} on {self.mdp.name}: {self.verdict}; {self.conclusion}>"

    def _repr_html_(self) -> str:
        """Both sides by each way, the largest rows of the widest, and the methods beside them, for notebooks."""
        parts = [f"<p><b>{text(self.theorem.title)}</b> on {text(self.mdp.name)}: {badge(self.verdict)}</p>"]
        parts.append(table([(text(one.way), text(one.counts), f"{np.max(np.abs(one.left - one.right)):.1e}",
                             f"{np.max(one.allowed):.1e}") for one in self.compared],
                           head=("both sides", "", "difference", "allowed")))
        for one in self.compared[-1:]:
            size = np.where(one.differs, np.inf, np.maximum(np.abs(one.left), np.abs(one.right)))
            shown = sorted(map(int, np.argsort(-size, kind="stable")[:SHOWN_ROWS]))
            parts.append(table([(text(one.label(row)), f"{one.left[row]:+.6g}", f"{one.right[row]:+.6g}",
                                 text(one.says(row))) for row in shown], head=("", "left side", "right side", "")))
            if len(one.left) > len(shown):
                parts.append(f"<p>{len(one.left) - len(shown):,} more rows</p>")
        if self.methods:
            parts.append(table([(text(row.method), f"{row.disagreement:.2g}", f"{row.allowed:.2g}", text(row.says))
                                for row in self.methods], head=("method", "disagreement", "allowed", "")))
        parts += [f"<p>{text(name)}: skipped: {text(why)}</p>" for name, why in self.skipped]
        return "".join(parts) + f"<p><b>{text(self.conclusion)}</b></p>"

    @property
    def verdict(self) -> str:
        """The code of the verdict on the claim end to end, or of the first step that is not as claimed."""
        wrong = next((step.verdict.code for step in self.examined.steps if not step.stands), None)
        if isinstance(self.examined.claim, (Refuted, Malformed)) or wrong is None:
            return self.examined.claim.code
        return wrong

    @property
    def stands(self) -> bool:
        """Whether the theorem is as claimed, as ``check`` finds it, and not refuted."""
        return self.examined.as_claimed and not isinstance(self.examined.claim, (Refuted, Malformed))

    @property
    def differs(self) -> bool:
        """Whether the sides differ on this model, by some way."""
        return any(bool(one.differs.any()) for one in self.compared)

    @property
    def methods_differ(self) -> bool:
        """Whether a method that reads no theorem gives another gradient of J."""
        return not all(row.agrees for row in self.methods)

    @property
    def agrees(self) -> bool:
        """Whether the sides were compared and are equal: rows that are 0 or lost in rounding are not compared."""
        return not self.differs and any(bool(one.agrees.any()) for one in self.compared)

    @property
    def why_not_compared(self) -> str:
        """Why the sides were not compared; empty where they were."""
        if self.differs or self.agrees:
            return ""
        if any(bool(one.coarse.any()) for one in self.compared):
            return "what they come to is lost in rounding"
        if self.compared:
            return "every row is empty: 0 on both sides"
        return "; ".join(dict.fromkeys(why for _, why in self.skipped))

    @property
    def conclusion(self) -> str:
        """The last line: "agree" is said of what was compared, and the verdict has the last word."""
        outside = f", which is outside of the theorem's class ({', '.join(self.unmet)})" if self.unmet else ""
        if self.differs:
            said = f"THE SIDES DIFFER on this model{outside}"
        elif self.methods_differ:
            said = f"THE METHODS DISAGREE on this model{outside}"
        elif self.agrees:
            said = f"both sides agree on this model{outside}"
        else:
            said = f"THE SIDES WERE NOT COMPARED on this model ({self.why_not_compared})"
        return said if self.stands else f"{said}; {self.verdict_of_all}"

    @property
    def verdict_of_all(self) -> str:
        """What the theorem is, or its derivation where the claim itself is proved."""
        if self.examined.claim.code == "proved":
            return f"the claim is proved, its derivation is {self.verdict_in_words}"
        return f"the theorem is {self.verdict_in_words}"

    @property
    def verdict_in_words(self) -> str:
        """What the theorem is."""
        return {"unjustified": "not proved", "undecided": "undecided",
                "needs-condition": "true under a condition only"}.get(self.verdict, self.verdict)

    @property
    def status(self) -> int:
        """0 if the theorem stands and its sides agree here, else 1."""
        return 0 if self.stands and self.agrees and not self.methods_differ else 1


def evaluate(theorem: Theorem, model: Any = "two-state", *, theta: Any = None, gamma: float | None = None,
             horizon: int | None = None, functions: Mapping[str, Any] | None = None, samples: int = 10_000,
             seed: int = 0, methods: bool = True, examined: Examined | None = None,
             progress: Progress | None = None) -> Evaluation:
    """Both sides of a theorem on a model, by every way that can, and the verdict of ``check``.

    ``model`` is a ``TabularMDP``, a ``Model``, an environment with Gymnasium's table ``P[s][a]``, a path to a .json or
    .npz file, or a name (built-in, ``random:SEED``, ``gymnasium:ID``). ``theta`` (S, A) are the logits at which to
    look, ``functions`` maps names of functions, numbers and fixed policies that the theorem leaves open to nested
    lists or arrays; what is not given is drawn by ``seed``. Beside a claim about the gradient of J stand ``methods``
    that read no theorem, unless they are declined; ``samples`` are their Monte Carlo trajectories.

    Raises:
        InvalidChain: if what was written is no chain.
        BadInput, InvalidModel: for what is no theorem, for a model or a table that does not fit.
    """
    tell = progress or (lambda _: None)
    theorem = a_theorem(theorem)
    first, last = theorem.chain.terms[0], theorem.chain.terms[-1]
    if theorem.broken is not None:
        raise BadInput(f"{theorem.name} breaks at {theorem.sign}: its first and its last line are not claimed to be "
                       "equal. Give the part before or after it a theorem of its own.")
    mdp, theta, whence = model_of(model, theta=theta, gamma=gamma, horizon=horizon, seed=seed)
    if theorem.endless and not 0 <= mdp.gamma < 1:
        raise BadInput(f"{theorem.name} has no last decision, and the discount of {mdp.name} is {mdp.gamma:g}. "
                       "Give one that is at least 0 and below 1.")
    given = functions or {}
    parts = signature(first, last)
    try:
        instance = instance_at(mdp, theta, parts, theorem.assumes, given, seed=seed)
    except BadInput as error:  # several theorems may be evaluated, and each has functions of its own
        raise BadInput(f"theorem {theorem.name}: {error}") from None
    tell("the verdict of check")
    examined = examined or examine(theorem)
    sides = Sides(in_the_mean(first), in_the_mean(last), max(_rank(first), _rank(last)), frozenset(theorem.assumes),
                  instance, theorem.endless, seed)
    compared, skipped = _by_every_way(sides, examined.claim, tell)
    rows, simulated = gradient_methods(sides, compared, bare=grad(J), samples=samples, seed=seed, tell=tell) if (
        methods and other_side(theorem)) else ((), None)
    tables = {name: table for (name, _), table in instance.functions.items()} | dict(instance.policies)
    return Evaluation(
        theorem=theorem, examined=examined, mdp=mdp, theta=theta, theta_from=whence, compared=compared,
        skipped=skipped, methods=rows, simulated=simulated, functions=MappingProxyType(tables),
        drawn=tuple(name for name in tables if name not in given),
        samples=instance.samples if parts.samples else 0, in_the_mean=is_random(first) or is_random(last),
        unmet=tuple(one.name for one in theorem.assumes if _unmet(one, sides)))


def other_side(theorem: Theorem) -> str | None:
    """The side, left or right, that is a formula for the gradient of J: no random one, nor one for every letter."""
    if theorem.broken is not None:
        return None
    terms = theorem.chain.terms
    for side, bare, other in (("right", terms[0], terms[-1]), ("left", terms[-1], terms[0])):
        if bare == grad(J) and not is_random(other) and not other.free_symbols:
            return side
    return None


def _by_every_way(sides: Sides, claim: Verdict, tell: Progress) -> tuple[tuple[Compared, ...], Skipped]:
    """Directions are a way where the whole gradient has none."""
    compared, skipped = list[Compared](), list[tuple[str, str]]()
    if isinstance(claim, Malformed):
        return (), tuple((name, f"it has no meaning: {claim.why}".rstrip(".")) for name in WAYS)
    for name, way in WAYS.items():
        if name == "along directions" and (not sides.rank or any(one.way.startswith("by") for one in compared)):
            continue
        tell(f"both sides {name}")
        try:
            compared.append(way(sides))
        except (OutsideFragment, WorkLimit, NotApplicable, Undefined) as refused:
            skipped.append((name, str(refused).rstrip(".")))
        except DeriveError as error:
            skipped.append((name, str(error).rstrip(".")))
    return tuple(compared), tuple(skipped)


def _unmet(assumption: Assumption, sides: Sides) -> bool:
    return not holds(assumption, sides.instance, endless=sides.endless)


def _rank(side: Any) -> int:
    try:
        return rank(side)
    except DeriveError:
        return 0  # malformed: every way will say so
