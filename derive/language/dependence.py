"""What a term depends on: theta, histories, a random sample. By its structure alone."""

from __future__ import annotations

from sympy import Expr

from derive.language.definitions import inside
from derive.language.expression import Node, has
from derive.language.terms import Batch, Defined, HistoryAt, Policy


def depends_on_theta(term: Expr) -> bool:
    """Whether theta occurs, through pi, P(tau; theta), J, a law, or a definition; found once for each node."""
    if isinstance(term, Node) and hasattr(term, "_moves"):
        return term._moves
    found = has(term, Policy, Defined) and any(isinstance(node, Policy) and node.learned for node in inside(term))
    if isinstance(term, Node):
        term._moves = found
    return found


def speaks_of_histories(*terms: Expr) -> bool:
    """Whether a history occurs, also in what a definition says."""
    return any(has(term, HistoryAt, Defined) and any(isinstance(node, HistoryAt) for node in inside(term))
               for term in terms)


def is_random(term: Expr) -> bool:
    """Whether a sampled trajectory occurs free: then the term is a random variable."""
    return any(isinstance(index, Batch) for index in term.free_symbols)
