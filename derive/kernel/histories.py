"""Functions of the history h_t = (s_0, a_0, ..., s_t): functions of the state, in an MDP whose states are histories.

Theorem. An equation between terms that are read here is true in every MDP of its class if and only if it is true with
f(h_t) replaced by f(s_t), f now any function of the state, in every MDP of the class without "initial" and "dynamics".

If. Let M be an MDP, f a function of its histories, N a length that nothing in the claim reaches. M' has the histories
of M of at most N states as its states; mu'(h) = mu(s) where h = (s), else 0; P'(hax | h, a) = P(x | last h, a), every
other entry 0 (the longest ones stay); pi'(a | h) = pi(a | last h) for each policy, r'(h, a, k) = r(last h, a, last k),
g'(h) = g(last h) for functions of a state, f'(h) = f(h). A trajectory (s_0, a_0, s_1, ...) of M becomes (h_0, a_0, h_1,
...), R' of which is R. It has the same law, the others have none; so expectations, sums over possible trajectories and
the support of every law agree. So do V' and V, and sums over a state x that are weighted by mu(x) or P(x | h, a), for
these vanish but at one history for each x. mu(s_0), P(s_{t+1} | s_t, a_t) agree along a trajectory, pi, r, R, V, g
everywhere, a free state s where M' has the history (s). That is all that is read; 1{x = y}, sums over all states or all
trajectories, P(x | s, a) at other places are not: they do not agree. Policies of M' depend on theta as those of M do.
Only if. f(h) = f(last h) is a function of the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from derive.kernel.contexts import Context
from derive.kernel.definedness import defined
from derive.kernel.polynomials import Refused
from derive.kernel.terms import Term, Tuple, shifted, subterms, time

MARK = "@history "
"""Before the name of a function of the history that is read as one of the state; no author's name begins so."""


def as_functions_of_states(context: Context, before: Term, after: Term) -> tuple[Context, Term, Term]:
    """The claim, with histories read as states, in the class of models that the theorem asks for.

    Raises:
        Refused: where the theorem says nothing of the claim.
    """
    if not any(is_history(x) for t in (before, after) for x in subterms(t)):
        return context, before, after
    for t in (before, after):
        for wrong in unread(context, t):
            raise Refused(f"functions of the history beside {wrong}")
    wider = replace(context, positive=context.positive & {"policy"}, owes=frozenset())
    one, two = read(before), read(after)
    found = defined(wider, one, two)
    if found.owes != frozenset(map(read, context.owes)):
        raise Refused("functions of the history beside probabilities that are positive by assumption")
    return found, one, two


def is_history(x: Tuple) -> bool:
    return x[0] == "h" and len(x) == 3


def read(t: Term) -> Term:
    """f(h_t) as f(s_t), the function under a name of its own, which says which arguments are histories."""
    if t[0] == "f" and any(map(is_history, t[2:])):
        kinds = "".join("h" if is_history(x) else "." for x in t[2:])
        return ("f", f"{MARK}{kinds} {t[1]}", *(("s", *x[1:]) if is_history(x) else x for x in t[2:]))
    return tuple(read(x) if type(x) is tuple and x else x for x in t)


def name_of(name: str) -> str:
    """The author's name of a function, whether it is read as one of the state or is one."""
    return name.removeprefix(MARK).split(" ", 1)[1] if name.startswith(MARK) else name


def unread(context: Context, t: Term) -> Iterator[str]:
    """What the theorem does not read."""
    head = t[0]
    if head == "same":
        yield "indicators"
    if head == "P" and not (t[1][0] == "s" and t[2:] == (previous(t[1]), ("a", *previous(t[1])[1:]))):
        yield "a transition between other places than those of one step"
    if head == "mu" and (t[1][0] != "s" or t[1][2] != time()):
        yield "the initial law of another state than the first"
    if head in ("sum", "prod") and t[1][0] == "trajectory" and not (head == "sum" and context.possible):
        yield "sums over all trajectories"
    parts = [x for x in t[1:] if type(x) is tuple and x and type(x[0]) is str]
    if head in ("sum", "prod") and t[1][0] == "state":
        weights = [x for x in factors(t[3]) if x[0] in ("P", "mu") and x[1] == t[1] and t[1] not in x[2:]]
        if head == "prod" or len(weights) != 1 or sum(
                x[0] in ("P", "mu") and x[1] == t[1] for x in subterms(t[3])) != 1:
            yield "sums over states that are not weighted by the law of one step"
        parts = [x for x in factors(t[3]) if x not in weights]
    for x in parts:
        yield from unread(context, x)


def previous(state: Tuple) -> Tuple:
    """s_{t-1} of a trajectory, for its s_t."""
    return ("s", state[1], shifted(state[2], -1))


def factors(t: Term) -> tuple[Term, ...]:
    return tuple(y for x in t[1:] for y in factors(x)) if t[0] == "*" else (t,)
