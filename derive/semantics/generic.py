"""Generic models: every probability, reward and score an indeterminate.

Rows sum to 1 by elimination: the last outcome of a row is one minus the others, and is
declared a known factor, so that products along a trajectory stay factored and sums over
the future collapse. ``zeros`` builds chosen probabilities in as exact zeros, *before*
evaluation: identities with sums over the support do not follow there by continuity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from derive.errors import OutsideFragment
from derive.language.models import Path, Shape
from derive.language.signature import Signature
from derive.language.terms import Function, Policy
from derive.semantics.field import Element, Field, neighbours_added
from derive.semantics.graded import Graded, graded_total
from derive.semantics.rings import RingModel, Way, policy_jets, score_jets

Zeros = frozenset[tuple[Any, ...]]
"""Probabilities that are 0: ("mu", s), ("P", s, a, x), ("pi", s, a)."""

SUMS_IN_LOGARITHMS = 8
"""Indeterminates kept for logarithms of factors that are not single probabilities."""


PRODUCTS = 100
"""Products of two terms that take the time of one element."""


class Polynomials:
    """The ring of exact field elements; logarithms of known factors are indeterminates."""

    ordered = False

    def __init__(self, names: Sequence[str], shape: Shape, logarithms: int) -> None:
        self._trajectories = shape.trajectories
        self._widths = (shape.states, shape.actions) * (shape.horizon + 1)
        spare = [f"log_{j}" for j in range(logarithms)]
        self.field = Field([*names, *spare])
        self.zero, self.one = self.field.zero, self.field.one
        self._spare = spare
        self._logarithms: dict[str, Element] = {}
        self._of_factors: dict[tuple[int, int], Element] = {}

    def begin(self) -> None:
        """A new value: its budget of work starts anew."""
        self.field.begin()

    def size(self, element: Any) -> int:
        """A coefficient and eight exponents a word, for each term."""
        parts = element.parts.values() if type(element) is Graded else [element]
        return sum(len(part.num) for part in parts) * (2 + len(self.field.names) // 8)

    @property
    def made(self) -> int:
        """What the work on this model comes to so far: the elements that were made, and the products of their terms."""
        return self.field.made + (self.field.spent + self.field.work) // PRODUCTS

    def integer(self, number: int) -> Element:
        return self.field.integer(number)

    def total(self, elements: Iterable[Any]) -> Any:
        parts = list(elements)
        if any(type(part) is Graded for part in parts):
            return graded_total(self.field, parts)
        if len(parts) == self._trajectories:  # the last state first: sums over the future collapse
            for width in self._widths:
                parts = neighbours_added(parts, width)
        return self.field.total(parts)

    def is_zero(self, element: Any) -> bool:
        return bool(element.is_zero)

    def collapse(self, element: Any, ways: int) -> Any:
        return element

    def log(self, element: Any) -> Element:
        """The logarithm as a sum over irreducible factors, each an indeterminate.

        Distinct positive irreducible arguments have algebraically independent
        logarithms; unfactored, log(x^2 + 2xy + y^2) and 2 log(x + y) would differ.

        Raises:
            OutsideFragment: when more different factors occur than are provided for.
        """
        if not isinstance(element, Element):
            raise OutsideFragment("the logarithm of a return")
        if element.num.is_zero():
            raise OutsideFragment("the logarithm of zero")
        parts = [] if element.num.is_one() else [self._log_of(element.num, 1)]
        for number, exponent in element.exps.items():
            if (number, exponent) not in self._of_factors:
                self._of_factors[number, exponent] = self._log_of(self.field.factor(number), exponent)
            parts.append(self._of_factors[number, exponent])
        found: Element = self.total(parts)
        return found

    def _log_of(self, polynomial: Any, exponent: int) -> Element:
        content, factors = polynomial.factor()
        parts = [self._atom(str(f if f.leading_coefficient() > 0 else -f), exponent * e) for f, e in factors]
        for prime, power in abs(content).factor():
            parts.append(self._atom(str(prime), exponent * int(power)))
        found: Element = self.total(parts)
        return found

    def _atom(self, key: str, exponent: int) -> Element:
        if key not in self._logarithms:
            if not self._spare:
                raise OutsideFragment("logarithms of too many different factors")
            self._logarithms[key] = self.field.symbol(self._spare.pop(0))
        found: Element = self.integer(exponent) * self._logarithms[key]
        return found


def names_of(shape: Shape, signature: Signature, *, additive: bool) -> list[str]:
    """The indeterminates of the generic model, in the order of the polynomial ring."""
    n, k = range(shape.states), range(shape.actions)
    names = [f"mu_{s}" for s in n[:-1]]
    names += [f"P_{s}_{a}_{x}" for s, a, x in product(n, k, n[:-1])]
    for policy in _stems(signature.policies | {"pi"}, "q").values():
        names += [f"{policy}_{s}_{a}" for s, a in product(n, k[:-1])]
    names += [f"phi_{s}_{a}" for s, a in product(n, k)]
    if signature.order > 1:
        names += [f"psi_{s}_{a}" for s, a in product(n, k)]
    if signature.discount or (additive and signature.returns):
        names.append("gamma")
    if signature.rewards or (additive and signature.returns):
        names += [f"r_{s}_{a}_{x}" for s, a, x in product(n, k, n)]
    stems = _stems((name for name, _ in signature.functions), "f")
    for function, sorts in sorted(signature.functions):
        names += [_entry(stems[function], places) for places in _places(shape, sorts)]
    return names


def called(signature: Signature) -> dict[str, Policy | Function]:
    """What the names of indeterminates begin with, and the policy or the function that they are values of."""
    policies, functions = _stems(signature.policies | {"pi"}, "q"), _stems((one for one, _ in signature.functions), "f")
    return {stem: Policy(name) for name, stem in policies.items()} | {
        stem: Function(name) for name, stem in functions.items()}


def _stems(names: Iterable[str], letter: str) -> dict[str, str]:
    """An indeterminate's name for each policy or function: a number, so that no two can clash."""
    return {name: "pi" if name == "pi" and letter == "q" else f"{letter}{number}"
            for number, name in enumerate(sorted(set(names)))}


def _logarithms(shape: Shape, signature: Signature) -> int:
    """Indeterminates for logarithms: one a probability, and a few for sums; none if none is asked."""
    if not signature.logarithms:
        return 0
    rows = shape.states * shape.actions
    return shape.states + rows * shape.states + rows * len(signature.policies | {"pi"}) + SUMS_IN_LOGARITHMS


def _places(shape: Shape, sorts: tuple[str, ...]) -> Iterable[tuple[int, ...]]:
    sizes = {"state": shape.states, "action": shape.actions}
    return product(*(range(sizes[sort]) for sort in sorts))


def _entry(function: str, places: tuple[int, ...]) -> str:
    return "_".join([function, *map(str, places)])


def generic_model(shape: Shape, signature: Signature, *, additive: bool, zeros: Zeros = frozenset()) -> RingModel:
    """The generic model of one shape over the exact field."""
    ring = Polynomials(names_of(shape, signature, additive=additive), shape, _logarithms(shape, signature))
    symbol = ring.field.symbol
    n, k = range(shape.states), range(shape.actions)

    def row(free: list[tuple[Any, str]], last: Any) -> dict[Any, Element]:
        entries = {key: ring.zero if key in zeros else ring.field.as_factor(symbol(name)) for key, name in free}
        keep = [*entries, last]
        closing = next(key for key in reversed(keep) if key not in zeros)
        rest = ring.total(entries[key] for key in entries if key != closing)
        entries = {key: entries.get(key, ring.zero) for key in keep}
        entries[closing] = ring.field.as_factor(ring.one - _plain(ring, rest))
        return entries

    mu_row = row([(("mu", s), f"mu_{s}") for s in n[:-1]], ("mu", n[-1]))
    transitions: dict[tuple[int, int, int], Element] = {}
    for s, a in product(n, k):
        entries = row([(("P", s, a, x), f"P_{s}_{a}_{x}") for x in n[:-1]], ("P", s, a, n[-1]))
        transitions |= {key[1:]: value for key, value in entries.items()}
    tables: dict[str, dict[tuple[int, int], Element]] = {}
    for policy, stem in _stems(signature.policies | {"pi"}, "q").items():
        tables[policy] = {}
        for s in n:
            entries = row([((policy, s, a), f"{stem}_{s}_{a}") for a in k[:-1]], (policy, s, k[-1]))
            tables[policy] |= {key[1:]: value for key, value in entries.items()}
    logits = {
        (s, a): (symbol(f"phi_{s}_{a}"), symbol(f"psi_{s}_{a}") if signature.order > 1 else ring.zero)
        for s, a in product(n, k)
    }
    scores = score_jets(ring, logits, shape, tables["pi"], second=signature.order > 1)
    policies = {"pi": policy_jets(tables["pi"], scores, second=signature.order > 1)}
    policies |= {name: {key: (value, ring.zero, ring.zero) for key, value in table.items()}
                 for name, table in tables.items() if name != "pi"}
    stems = _stems((name for name, _ in signature.functions), "f")
    functions = {
        name: {places: symbol(_entry(stems[name], places)) for places in _places(shape, sorts)}
        for name, sorts in signature.functions
    }
    rewards = {(s, a, x): symbol(f"r_{s}_{a}_{x}") for s, a, x in product(n, k, n) if "r_0_0_0" in ring.field.names}
    return RingModel(
        ring=ring, shape=shape, mu=[mu_row["mu", s] for s in n], P=transitions, policies=policies, scores=scores,
        gamma=symbol("gamma") if "gamma" in ring.field.names else ring.one,
        reward=lambda s, a, x: rewards[s, a, x],
        arbitrary_return=None if additive else lambda path: Graded(ring.field, {(path,): ring.one}),
        functions=functions, ways=[plain_way(path) for path in shape.paths()],
    )


def _plain(ring: Polynomials, element: Element) -> Element:
    """The same value with its factors multiplied out."""
    return Element(ring.field, ring.field.expanded(element.num, element.exps), {})


def plain_way(path: Path) -> Way:
    """One trajectory as numbers."""
    return Way(path, path[::2], path[1::2])
