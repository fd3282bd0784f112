"""The symbols of one step in floats, at an MDP, a theta and tables for free symbols; derivatives along directions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from derive.errors import OutsideFragment, Undefined
from derive.kernel.contexts import Context
from derive.kernel.histories import name_of
from derive.kernel.polynomials import Refused
from derive.kernel.symbols import Symbol
from derive.kernel.terms import Malformed, Term
from derive.numeric.instances import Instance
from derive.numeric.tabular import FloatArray, softmax
from derive.procedures.refusals import missing
from derive.transfer.arrays import Array, Floats
from derive.transfer.automata import Transfer
from derive.transfer.tables import Tables, sorts_of
from derive.transfer.unfolding import sums_of

MOST_WORK = 5e9
"""Elementary operations that one formula may take."""
PROBABILITIES = ("mu", "P", "pi")
"""Tables that are their own absolute values."""
SPARSE = 0.25
"""The share of transitions that are possible below which the others are left out."""

NARROW = 64
"""States up to which a product with two columns at once is the faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """Values and the sums of the absolute values that went into them, by which rounding is bounded; (K,) each."""

    value: FloatArray
    size: FloatArray


class AtInstance(Tables):
    """The numbers of an instance, derivatives in theta along ``directions`` (K, S, A); or their absolute values.

    These may know the ``signed`` ones, which compute some things for both.
    """

    def __init__(self, instance: Instance, directions: FloatArray, *, absolute: bool = False, infinite: bool = False,
                 signed: AtInstance | None = None) -> None:
        super().__init__()
        self.signed, self._both = signed, dict[str, Array]()
        mdp = instance.mdp
        self.ring, self.instance, self.directions = Floats(absolute=absolute), instance, directions
        self.absolute, self.infinite = absolute, infinite
        self.states, self.actions, self.horizon = mdp.states, mdp.actions, mdp.horizon
        self.gamma, self.m = self._sized(np.array([mdp.gamma])), np.array([float(instance.samples)])

    def _sized(self, table: Array) -> Array:
        return np.abs(table) if self.absolute else table

    def given(self, what: str, name: str, sorts: str) -> Array:
        table = self._given(what, name, sorts)
        return table if what in PROBABILITIES else self._sized(table)

    def is_own(self, one: Symbol) -> bool:
        """Of probabilities, of other tables by their numbers, of values by the rewards and the discount."""
        what, name, _, places, _ = one
        if what in ("r", "f"):
            return bool((self._given(what, name, sorts_of(places)) >= 0).all())
        if what == "V":
            return bool(not self.infinite and self.instance.mdp.gamma >= 0 and (self.instance.mdp.r >= 0).all())
        return what in (*PROBABILITIES, "same")

    def _given(self, what: str, name: str, sorts: str) -> Array:
        mdp = self.instance.mdp
        match what:
            case "mu":
                return mdp.mu[None]
            case "P":
                return np.moveaxis(mdp.P, 2, 0)[None]
            case "r":
                return mdp.r[None]
            case "pi":
                return self._policy(name).T[None]
            case "dpi":
                return self._derivative(name).transpose(0, 2, 1)
            case "d2pi":
                return self._second_derivative(name).transpose(0, 2, 1)
            case "f":
                key = (name_of(name), tuple("action" if sort == "a" else "state" for sort in sorts))
                return self.instance.functions[key][None]
        raise OutsideFragment(f"the symbol {what} has no numbers here")

    def backward(self, policy: str) -> Array:
        if self.infinite or self.instance.mdp.gamma < 0:
            return super().backward(policy)
        both = (self.signed or self).both_values(policy)
        return both[:, -1:] if self.absolute else both[:, :1]

    def both_values(self, policy: str) -> Array:
        """V_0, ..., V_{H+1} with the rewards and with their absolute values, if these are others, (H + 2, 1 or 2, S).

        Probabilities are the same in both, so that one product of matrices a step carries both back, where it is the
        faster: a product with two columns is slower than two with one each where the matrix is large.
        """
        if policy not in self._both:
            mdp, choice = self.instance.mdp, self._policy(policy)
            step = mdp.gamma * (choice[:, None, :] @ mdp.P)[:, 0]
            gains = (np.einsum("sax,sax->sa", mdp.P, r) for r in (mdp.r, np.abs(mdp.r))[:1 + int((mdp.r < 0).any())])
            rewards = np.stack([(choice * gain).sum(axis=1) for gain in gains])
            values = np.zeros((self.horizon + 2, *rewards.shape))
            for t in range(self.horizon, -1, -1):
                if self.states <= NARROW:
                    np.matmul(values[t + 1], step.T, out=values[t])
                else:
                    for after, here in zip(values[t + 1], values[t], strict=True):
                        np.matmul(step, after, out=here)
                values[t] += rewards
            self._both[policy] = values
        return self._both[policy]

    def logarithm(self, table: Array, what: str) -> Array:
        if not (table > 0).all():
            raise Undefined(f"the logarithm of {what}, which is not positive everywhere.")
        return self._sized(np.log(table))

    def _policy(self, name: str) -> FloatArray:
        table: FloatArray = softmax(self.instance.theta) if name == "pi" else self.instance.policies[name]
        return table

    def _derivative(self, name: str) -> FloatArray:
        """D pi(a|s) = pi(a|s) (v(s, a) - sum_b pi(b|s) v(s, b)), (K, S, A)."""
        policy = self._policy(name)
        centre = (policy * self.directions).sum(axis=2, keepdims=True)
        derivative: FloatArray = policy * (self.directions - centre)
        return derivative

    def _second_derivative(self, name: str) -> FloatArray:
        """D^2 pi(a|s) along each direction twice: pi (u^2 - sum_b pi u^2), u = v - sum_b pi v, (K, S, A)."""
        policy = self._policy(name)
        u = self.directions - (policy * self.directions).sum(axis=2, keepdims=True)
        second: FloatArray = policy * (u**2 - (policy * u**2).sum(axis=2, keepdims=True))
        return second


def value(context: Context, side: Term, instance: Instance, directions: FloatArray) -> Amount:
    """A number, or the derivatives along the directions, of a term without free indices.

    What the term owes is the caller's to ask, and so is whether the instance is one of the context's class.

    Raises:
        OutsideFragment: for what the kernel does not read as a polynomial in sums over trajectories.
        NotApplicable: where the term asks for a time or a sample that there is not.
        Undefined: for a division by 0 or the logarithm of 0.
        WorkLimit: for more than ``MOST_WORK``.
    """
    possible = instance.mdp.P > 0
    support = possible if possible.mean() < SPARSE else None
    try:
        shape = replace(instance.mdp.shape, samples=instance.samples)
        poly, first = sums_of(context, side, shape)
        models = [AtInstance(instance, directions, absolute=absolute, infinite=context.infinite)
                  for absolute in (False, True)]
        value, size = (Transfer(one, support, MOST_WORK).polynomial(poly, first) for one in models)
    except (Refused, Malformed) as refused:
        raise OutsideFragment(missing(str(refused)).says) from None
    number = np.zeros(len(directions))
    return Amount(number + value, number + size)
