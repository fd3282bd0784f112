"""How a derivation is written: the letters, and the functions that build terms.

``J, P, pi, mu, r, R, gamma, H, m`` and ``grad, log, ratio, total, prod, expect,
variance, mean`` read like the formulas of a textbook::

    grad(J)
    total(tau, P(tau) * grad(log(P(tau))) * R(tau))
    total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
"""

from __future__ import annotations

from typing import Any

from sympy import Expr

from derive.errors import NotATerm
from derive.language import definitions
from derive.language.binding import Binder, Index, substitute
from derive.language.expression import Conditional, Ratio, Times, as_term
from derive.language.letters import Letter as Letter
from derive.language.letters import forever as forever
from derive.language.letters import letter_of as letter_of
from derive.language.letters import pi as pi
from derive.language.letters import pi_old as pi_old
from derive.language.terms import (
    Action,
    ActionProbability,
    Batch,
    Between,
    Defined,
    Discount,
    Draw,
    Drawn,
    Everything,
    Expect,
    Function,
    Grad,
    Horizon,
    Initial,
    Law,
    Log,
    Objective,
    Outer,
    Policy,
    Prod,
    Return,
    Reward,
    Same,
    SampleSize,
    State,
    StateValue,
    Time,
    Total,
    Trace,
    Trajectory,
    TrajectoryProbability,
    Transition,
    Var,
)

H, m, gamma = Horizon(), SampleSize(), Discount()
J = Objective(pi)
s, x = State("s"), State("x")
a, b = Action("a"), Action("b")
t, k = Time("t"), Time("k")
i = Draw("i")
tau = Trajectory("tau")
samples = Batch("tau")


def mu(state: Any) -> Expr:
    """mu(s), the initial distribution."""
    return Initial(state)


def P(subject: Any, action: Any = None, *, policy: Policy = pi) -> Expr:
    """``P(x | s, a)``, a transition; or ``P(tau)``, the probability of a trajectory."""
    if isinstance(subject, Conditional) and action is not None:
        return Transition(subject.target, subject.given, action)
    if action is None and isinstance(subject, (Trajectory, Drawn)):
        return TrajectoryProbability(policy, subject)
    raise NotATerm(f"P({subject}) is neither a transition nor a trajectory. Write P(x | s, a) or P(tau).")


def r(state: Any, action: Any, target: Any = None) -> Expr:
    """r(s, a, x), the reward on going from s by a to x; r(s, a), its mean over x."""
    if target is None:
        return definitions.EXPECTED_REWARD(as_term(state), as_term(action))
    return Reward(state, action, target)


def same(one: Any, two: Any) -> Expr:
    """1{x = y}, the indicator that two states, or two actions, are the same."""
    return Same(one, two)


def R(trajectory: Any) -> Expr:
    """R(tau), the return of a trajectory."""
    return Return(trajectory)


V = Letter(StateValue, StateValue.notation)
Q, A = letter_of(definitions.ACTION_VALUE), letter_of(definitions.ADVANTAGE)


def notions() -> dict[str, Letter]:
    """The notions without a class of their own, by the names that proofs write them with."""
    return {record.notation.python: letter_of(record) for record in definitions.DEFINITIONS
            if record.node is Defined and record.notation is not None and record is not definitions.EXPECTED_REWARD}


def function(name: str) -> Function:
    """A free function of states and actions that does not depend on theta."""
    found: Function = Function(name)
    return found


def scalar(name: str) -> Expr:
    """A number without a value that does not depend on theta, such as a trace decay or a temperature."""
    return Function(name)()


def grad(term: Any) -> Expr:
    """The gradient of a term in theta."""
    return Grad(term)


def log(term: Any) -> Expr:
    """The natural logarithm of a term."""
    return Log(term)


def outer(one: Any, two: Any) -> Expr:
    """f g^T, the outer product of two gradients, a matrix."""
    return Outer(one, two)


def inner(one: Any, two: Any) -> Expr:
    """f . g, the inner product of two gradients, a number: the trace of f g^T."""
    return Trace(Outer(one, two))


def trace(matrix: Any) -> Expr:
    """The trace of a matrix, a number: of a covariance, of a second gradient, of an outer product."""
    return Trace(matrix)


def ratio(numerator: Any, denominator: Any) -> Expr:
    """numerator / denominator."""
    return Ratio(numerator, denominator)


def _domain(index: Index, start: Any, stop: Any) -> Expr:
    for name, limit in (("start", start), ("stop", stop)):
        if isinstance(index, Time) and limit is not None and index in as_term(limit).free_symbols:
            other = "k" if str(index) != "k" else "t"
            raise NotATerm(f"The sum or product over {index} has {name}={limit}: its limits lie outside of it, where "
                           f"{index} is not what it runs over. Give it another letter: {other}, with {name}={limit}.")
    if isinstance(index, Time):
        return Between(0 if start is None else start, H if stop is None else stop)
    if start is not None or stop is not None:
        raise NotATerm(f"The index {index} runs over its whole sort; only times have a start and a stop.")
    return Between(1, m) if isinstance(index, Draw) else Everything()


def total(index: Index, body: Any, *, start: Any = None, stop: Any = None, other_than: Any = None) -> Expr:
    """The sum over an index; a time runs over 0..H unless start or stop say otherwise.

    ``other_than`` is a sample that a sum over samples leaves out, as in a sum over j != i: sum_j f(j) - f(i).

    Raises:
        NotATerm: for a start or a stop of another index than a time, and for what is left out of another sum.
    """
    found = Total(index, _domain(index, start, stop), body)
    if other_than is None:
        return found
    if not isinstance(index, Draw):
        raise NotATerm(f"other_than leaves a sample out; the sum runs over {index}. Times have a start and a stop.")
    if not isinstance(other_than, (Draw, int)):
        raise NotATerm(f"other_than={other_than}: it is a sample, such as i or 1.")
    return found - substitute(as_term(body), {index: as_term(other_than)})


def prod(index: Index, body: Any, *, start: Any = None, stop: Any = None) -> Expr:
    """The product over an index; a time runs over 0..H unless start or stop say otherwise."""
    return Prod(index, _domain(index, start, stop), body)


def expect(index: Index, body: Any, *, policy: Policy = pi, given: Any = None, law: Letter | None = None) -> Expr:
    """The expectation over a trajectory, or over a batch of sampled trajectories.

    Also over an action given a state, over a next state given (state, action), over a first state, and over states
    that have a ``law``, d_normalized or p[t]: these are sums, written out. Over a trajectory given events, which are
    indicators, it is E[f 1{...}] / P(...), which owes that the events are possible.
    """
    if isinstance(index, Action) and given is not None and law is None:
        return total(index, Times(ActionProbability(policy, index, given), as_term(body)))
    if law is not None and not isinstance(law, Letter):
        raise NotATerm(f"law={getattr(law, '__name__', law)} is no law of states that is named. It is d_normalized or "
                       "p[t]; without one, expect(s, ...) has the initial law, and given=(s, a) that of a step.")
    if isinstance(index, State) and law is not None and given is None:
        return total(index, Times(law(index, policy=policy), as_term(body)))
    if isinstance(index, State) and law is None:
        weight = Initial(index) if given is None else Transition(index, *given)
        return total(index, Times(weight, as_term(body)))
    if given is not None and law is None and isinstance(index, Trajectory):
        events = [as_term(one) for one in (given if isinstance(given, (list, tuple)) else [given])]
        if not all(isinstance(one, Same) for one in events):
            raise NotATerm("A mean is taken given events. Write given=[same(tau.s[t], s), same(tau.a[t], a)].")
        return Ratio(Expect(index, Law(policy), Times(*events, as_term(body))),
                     Expect(index, Law(policy), Times(*events) if len(events) > 1 else events[0]))
    if given is not None or law is not None:
        raise NotATerm(f"The mean over {index} is given nothing, and has no law of states.")
    return Expect(index, Law(policy), body)


def stop_gradient(term: Any) -> Expr:
    """The term with pi held at theta wherever it occurs: the same value, and it does not move.

    A name that has pi in its body only is replaced by the body.

    Raises:
        NotATerm: for a gradient inside, of which this is not so: the gradient of what is held is 0.
    """

    def held(part: Any) -> Any:
        if part == pi:
            return pi_old
        if isinstance(part, Defined) and pi not in part.args and pi in definitions.inside(part):
            return held(definitions.some_meaning(part))
        kept = part.args[:1] if isinstance(part, Binder) else ()
        arguments = kept + tuple(map(held, part.args[len(kept):]))
        return part.func(*arguments) if arguments != part.args else part

    moves = as_term(term)
    gradient = next((part for part in definitions.inside(moves) if isinstance(part, Grad)), None)
    if gradient is not None:
        raise NotATerm(f"stop_gradient of {moves}: there is no term for the gradient {gradient} that does not move. "
                       "Where nothing is differentiated once more, leave stop_gradient out: the value is the same.")
    return held(moves)


def variance(index: Index, body: Any, *, policy: Policy = pi) -> Expr:
    """The variance over a trajectory or a batch; of a gradient, its covariance matrix."""
    return Var(index, Law(policy), body)


def mean(index: Draw, body: Any) -> Expr:
    """(1/m) sum_{i=1}^m of the body, the average over the sampled trajectories.

    Raises:
        NotATerm: for another index than a draw.
    """
    if not isinstance(index, Draw):
        instead = (f"ratio(1, H + 1) * total({index}, ...)" if isinstance(index, Time) else
                   f"expect({index}, ...)" if isinstance(index, (Trajectory, State)) else
                   f"expect({index}, ..., given=s)" if isinstance(index, Action) else "mean(i, ...)")
        shown = "samples" if isinstance(index, Batch) else index
        raise NotATerm(f"mean({shown}, ...): it is the average over the samples i = 1..m. Write {instead}.")
    return definitions.SAMPLE_MEAN(index, as_term(body))


# -- definitions written out ----------------------------------------------------------------------


def trajectory_probability(policy: Expr, path: Expr) -> Expr:
    """P(tau; theta) = mu(s_0) prod_t P(s_{t+1} | s_t, a_t) pi(a_t | s_t), written out."""
    return _written_out(TrajectoryProbability(policy, path))


def additive_return(path: Expr) -> Expr:
    """R(tau) = sum_t gamma^t r(s_t, a_t, s_{t+1}), written out."""
    return _written_out(Return(path))


def objective(policy: Expr) -> Expr:
    """J(theta) = sum_tau P(tau; theta) R(tau): the expectation that J is, as a sum over all trajectories."""
    return as_a_sum(_written_out(Objective(policy)))


def as_a_sum(expectation: Expr) -> Expr:
    """E_tau[f(tau)] as the sum over all trajectories of P(tau) f(tau)."""
    index, law, body = expectation.args
    return Total(index, Everything(), Times(TrajectoryProbability(law.args[0], index), body))


def _written_out(term: Expr) -> Expr:
    meaning = definitions.meaning_of(term, additive=True, infinite=False)
    assert meaning is not None
    return meaning


def trajectory_probability_of(path: Any, *, policy: Policy = pi) -> Expr:
    """mu(s_0) prod_t P(s_{t+1} | s_t, a_t) pi(a_t | s_t): P(tau; theta) written out."""
    return trajectory_probability(policy, path)


def additive_return_of(path: Any) -> Expr:
    """sum_t gamma^t r(s_t, a_t, s_{t+1}): the additive R(tau) written out."""
    return additive_return(path)
