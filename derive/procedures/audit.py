"""Which relations between symbols of one step a closure rests on: each is left out in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.errors import WorkLimit
from derive.kernel.closure import Automaton
from derive.kernel.differences import Gap
from derive.kernel.factors import ZERO
from derive.kernel.local_sums import column, over
from derive.kernel.polynomials import Monomial, Poly, Refused, add, by_key, of, put
from derive.kernel.symbols import symbol
from derive.kernel.unfolding import at_end
from derive.procedures.certificates import Differs, closure_of

DYNAMICS, POLICY, ADVANTAGE, RESIDUAL, TERMINAL = (
    "Σ_x P(x|s,a) = 1", "Σ_a π(a|s) = 1", "Σ_a π(a|s) A(s,a) = 0", "E[δ|s,a] = A(s,a)", "V_{H+1} = 0")
RELATIONS = (DYNAMICS, POLICY, ADVANTAGE, RESIDUAL, TERMINAL)
"""The derivatives of Σ_a π(a|s) = 1 go with it."""


def relations_used(gap: Gap) -> tuple[str, ...]:
    """The relations without which the automata of a gap are not found to be 0; none for a claim on trajectories.

    Of a product of sums: those that the linear relations between the sums rest on.
    """
    sums = list(gap.sums)
    if gap.polynomial is not None:
        return ()
    if all(one.each for one in sums):
        return ()
    found = [_used_by(one, gap.context.infinite) for one in sums]
    return tuple(name for name in RELATIONS if any(name in used for used in found))


def _used_by(one: Automaton, infinite: bool) -> set[str]:
    """The relations without which one automaton is not found to be 0: of those that something in it rests on."""
    if one.each:
        return set()
    rests = {letter: _rests_on(letter) for letter in one.letters}
    used = {name for name in set().union(*rests.values()) if _closure_fails(one, infinite, rests, name)}
    if not infinite and (ends := _ends_with_values(one)) != one.ends:
        used |= {TERMINAL} if _closure_fails(replace(one, ends=ends), infinite, rests, TERMINAL) else set()
    return used


def _closure_fails(one: Automaton, infinite: bool, rests: Mapping[Monomial, set[str]], without: str) -> bool:
    try:
        found = closure_of(one, infinite=infinite, columns_of=lambda automaton: _classes(automaton, rests, without))
    except (Refused, WorkLimit):
        return True
    return isinstance(found, Differs)


def _classes(one: Automaton, rests: Mapping[Monomial, set[str]], without: str) -> dict[Monomial, Poly]:
    """As the kernel's, but a letter whose column rests on the relation is a class of its own."""
    classes: dict[Monomial, Poly] = {}
    for letter, arrows in one.letters.items():
        kind = letter if without in rests[letter] else column(letter)
        if kind is not None:
            classes[kind] = add([classes.get(kind, {}), arrows])
    return dict(sorted(classes.items()))


def _rests_on(letter: Monomial) -> set[str]:
    """What the normal form of the sum of a letter over its next state and its action used."""
    used: set[str] = set()
    rest = letter
    for place, relations in (("x", {"eps": RESIDUAL, "P": DYNAMICS}), ("a", {"A": ADVANTAGE})):
        own = {f[0] for f, _ in rest if place in f[3]}
        found = over(place, rest)
        if found is None or not any(f[0] == "sum" and f not in dict(rest) for f, _ in found):
            used |= {next((says for what, says in relations.items() if what in own), POLICY)}
        if found is None:
            break
        rest = found
    return used


def _ends_with_values(one: Automaton) -> dict[Monomial, Poly]:
    """The ends if values after the last step were not known to be 0."""
    reached = {q for arrows in one.letters.values() for _, (_, q) in arrows}
    ends: dict[Monomial, Poly] = {}
    for number in sorted(reached):
        for end, weight in by_key(at_end(of(_unknown(one.states[number])))).items():
            for c, v in weight.items():
                put(ends.setdefault(end, {}), (c, number), v)
    return {end: ends[end] for end in sorted(ends) if ends[end]}


def _unknown(monomial: Monomial) -> Monomial:
    """Values at the last state as functions of it."""

    def changed(f: tuple[object, ...]) -> tuple[object, ...]:
        if f[0] == "at" and f[1][0] == "V" and f[2:] in (ZERO, ("H", 1)):  # type: ignore[index]
            return ("at", symbol("f", f"V {f[1][1]}", ("s",)), *f[2:])  # type: ignore[index]
        return f

    return tuple(sorted((changed(f), e) for f, e in monomial))


