"""What each name that a proof may import stands for: how it is written, what it means, its definition if it has one."""

from __future__ import annotations

import inspect
from textwrap import fill
from types import MappingProxyType
from typing import Any

import derive  # its names only
from derive.checking.misused import signature
from derive.errors import InvalidChain
from derive.language.binding import Index
from derive.language.typing import with_article
from derive.rules.decision import Relation
from derive.rules.definitions import definition
from derive.rules.rule import Rule

WIDTH = 96
"""Characters of a line."""
_HEADS = MappingProxyType({
    "J": "J", "P": "P(tau), P(x | s, a)", "R": "R(tau)", "r": "r(s, a, x), r(s, a)", "variance": "variance(tau, f)",
    "mean": "mean(i, f)", "V": "V[t](s), V(s)", "Q": "Q[t](s, a), Q(s, a)", "A": "A[t](s, a), A(s, a)",
    "pi": "pi(a | s)", "pi_old": "pi_old(a | s)", "tau": "tau.s[t], tau.a[t], tau.h[t]", "samples": "samples[i]",
    "calc": "calc(term, by(reason), term, by(reason), term)", "theorem": '@theorem("title", assumes=[...])'})
"""How names are written that are no call with the arguments of a signature."""
_SAYS = MappingProxyType({
    "V": "The value of a state: the discounted rewards from there on. V[t](s) has steps to go up to the last decision, "
         "and V[H + 1](s) = 0; V(s) has no last decision. It is primitive, so it has no definition to put in; "
         "by(automata) knows its recursion. It asks for additive_return.",
    "pi": "The policy, the probability of an action in a state. It depends on θ: grad differentiates in it. Any other "
          'policy is fixed, beta = Policy("beta").',
    "pi_old": "The policy held at θ: its values are those of pi, and it has no gradient. An equation with it holds at "
              "θ, and not under a gradient.",
    "tau": "A trajectory (s_0, a_0, ..., s_H, a_H, s_{H+1}); its states, actions and histories have times in brackets.",
    "samples": "The sampled trajectories τ^{(1)}, ..., τ^{(m)} as a whole; samples[i] is one of them. "
               "iid_samples says that they are independent draws.",
    "gamma": "The discount, a number without a value; gamma**t is its power.",
    "forever": "No last decision: total(t, f, stop=forever) is the sum over all times."})
"""What is said of names that have no sentence of their own."""


def of_word(name: str) -> str | None:
    """What a name of the language stands for; None if it is none."""
    if name not in derive.__all__ or name.startswith("_"):
        return None
    value = getattr(derive, name)
    head = f"by({name})" if isinstance(value, Relation) else name if isinstance(value, Index) else signature(name)
    lines = [_HEADS.get(name, head)]
    rule = _definition(value)
    if rule is not None:
        lines += ["", f"  {rule.statement}", "", _filled(_capital(rule.proof.removeprefix("The definition: "))), "",
                  _filled(f"by({rule.python}) puts in what it stands for.{_asked(rule)}")]
    elif isinstance(value, Index) and name not in _SAYS:
        maker, sort = type(value).__name__, "a sample" if value.sort == "draw" else with_article(value.sort)
        lines += ["", _filled(f"A letter for {sort}. {maker}(\"{name}2\") is one more.")]
    elif isinstance(value, Relation):
        lines += ["", _filled(f"{value.sign} between two lines: {value.says}. No equality is claimed.")]
    else:
        lines += ["", _filled(_SAYS.get(name) or _sentence(value))]
    return "\n".join(lines)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _filled(text: str) -> str:
    return fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _definition(value: Any) -> Rule | None:
    """The rule that puts in what a notion stands for, if it has one."""
    try:
        return definition(value)
    except InvalidChain:
        return None


def _asked(rule: Rule) -> str:
    return f" It asks for {', '.join(one.name for one in rule.assumes)}." if rule.assumes else ""


def _sentence(value: Any) -> str:
    """The first paragraph of what a value says of itself."""
    return " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split()).replace("``", "")
