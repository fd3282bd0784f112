"""Trajectories as numbers: their probability, with derivatives, their return, and the values along them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from derive.errors import InvalidModel, NotApplicable
from derive.language.models import HELD, Path
from derive.numeric import jets
from derive.numeric.instances import Instance
from derive.numeric.jets import Jet
from derive.numeric.tabular import FloatArray, softmax


@dataclass(frozen=True, slots=True, eq=False)
class TrajectoryLaw:
    """P(tau; policy) and R(tau) on one instance, each computed once."""

    instance: Instance
    pi: FloatArray = field(init=False)
    actions: dict[tuple[str, int, int, int], Jet] = field(default_factory=dict, init=False, repr=False)
    probabilities: dict[tuple[str, Path, int], Jet] = field(default_factory=dict, init=False, repr=False)
    laws: dict[tuple[str, int], list[tuple[Path, Jet]]] = field(default_factory=dict, init=False, repr=False)

    values: dict[tuple[str, int, int, int], Jet] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pi", softmax(self.instance.theta))

    def every(self) -> list[Path]:
        """All trajectories, possible or not."""
        return list(self.instance.mdp.shape.paths())

    def support(self, policy: str) -> list[Path]:
        """The trajectories of positive probability."""
        return [path for path, _ in self.weighted(policy, 0)]

    def weighted(self, policy: str, order: int) -> list[tuple[Path, Jet]]:
        """The possible trajectories, each with its probability."""
        found = self.laws.get((policy, order))
        if found is None:
            pairs = [(path, self.probability(policy, path, order)) for path in self.every()]
            found = self.laws[policy, order] = [(path, weight) for path, weight in pairs if weight[0] is not None]
        return found

    def probability(self, policy: str, path: Path, order: int) -> Jet:
        """mu(s_0) prod_t P(s_{t+1}|s_t, a_t) policy(a_t|s_t)."""
        key = policy, path, order
        if key not in self.probabilities:
            mdp = self.instance.mdp
            fixed = float(mdp.mu[path[0]])
            for t in range(mdp.horizon + 1):
                fixed *= float(mdp.P[path[2 * t : 2 * t + 3]])
            weight = jets.constant(fixed, order)
            for t in range(mdp.horizon + 1):
                s, a = path[2 * t : 2 * t + 2]
                weight = jets.times(weight, self.action(policy, s, a, order), order)
            self.probabilities[key] = weight
        return self.probabilities[key]

    def return_of(self, path: Path) -> float:
        """R(tau): the table's entry, or sum_t gamma^t r(s_t, a_t, s_{t+1})."""
        instance = self.instance
        if instance.returns is not None:
            return instance.returns[path]
        steps = (path[2 * t : 2 * t + 3] for t in range(instance.mdp.horizon + 1))
        return float(sum(instance.mdp.gamma**t * instance.mdp.r[step] for t, step in enumerate(steps)))

    def state_value(self, policy: str, t: int, s: int, order: int) -> Jet:
        """V_t(s), forward by recursion: sum_a policy(a|s) Q_t(s, a), and 0 at t = H + 1.

        Raises:
            NotApplicable: for a time outside 0..H+1.
        """
        mdp = self.instance.mdp
        if not 0 <= t <= mdp.horizon + 1:
            raise NotApplicable(f"V_{t}(s) is asked for; at H = {mdp.horizon} there are 0..{mdp.horizon + 1}.")
        if t == mdp.horizon + 1:
            return jets.constant(0.0, order)
        key = policy, t, s, order
        if key not in self.values:
            self.values[key] = jets.plus(
                [jets.times(self.action(policy, s, a, order), self.action_value(policy, t, s, a, order), order)
                 for a in range(mdp.actions)], order)
        return self.values[key]

    def action_value(self, policy: str, t: int, s: int, a: int, order: int) -> Jet:
        """Q_t(s, a) = sum_x P(x|s,a) (r(s,a,x) + gamma V_{t+1}(x)).

        Raises:
            NotApplicable: for a time outside 0..H.
        """
        mdp = self.instance.mdp
        if not 0 <= t <= mdp.horizon:
            raise NotApplicable(f"Q_{t}(s, a) is asked for; at H = {mdp.horizon} there are 0..{mdp.horizon}.")
        gain = float(mdp.P[s, a] @ mdp.r[s, a])
        ahead = [jets.times(jets.constant(float(mdp.gamma * mdp.P[s, a, x]), order),
                            self.state_value(policy, t + 1, x, order), order) for x in range(mdp.states)]
        return jets.plus([jets.constant(gain, order), *ahead], order)

    def action(self, policy: str, s: int, a: int, order: int) -> Jet:
        """policy(a|s): for pi with its derivatives in theta, for any other policy a constant.

        Raises:
            InvalidModel: if the instance has no table for the policy.
        """
        key = policy, s, a, order
        if key not in self.actions:
            if policy == "pi":
                self.actions[key] = _softmax_jet(self.pi, s, a)[: order + 1]
            elif policy == HELD:
                self.actions[key] = jets.constant(float(self.pi[s, a]), order)
            elif policy in self.instance.policies:
                self.actions[key] = jets.constant(float(self.instance.policies[policy][s][a]), order)
            else:
                raise InvalidModel(f"The instance has no table for the policy {policy}. Give one in `policies`.")
        return self.actions[key]


def _softmax_jet(pi: FloatArray, s: int, a: int) -> Jet:
    """pi_a, pi_a (e_a - pi), pi_a ((e_a - pi)(e_a - pi)^T - diag(pi) + pi pi^T), in row s of theta."""
    states, actions = pi.shape
    if pi[s, a] == 0:
        return None, None, None
    row, probability = pi[s], float(pi[s, a])
    score = np.eye(actions)[a] - row
    gradient, hessian = np.zeros((states, actions)), np.zeros((states, actions, states, actions))
    gradient[s] = probability * score
    hessian[s, :, s, :] = probability * (np.outer(score, score) - np.diag(row) + np.outer(row, row))
    size = states * actions
    return probability, gradient.ravel(), hessian.reshape(size, size)
