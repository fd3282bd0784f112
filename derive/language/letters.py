"""V, Q, A and the like as a proof writes them: the time in brackets, the places in parentheses, the policy by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Expr

from derive.errors import NotATerm
from derive.language import definitions
from derive.language.binding import Index
from derive.language.expansion import Definition
from derive.language.notation import Notation
from derive.language.terms import SCALAR, TIME, Action, ActionAt, Forever, Policy, State, StateAt, Time, Trajectory

pi, pi_old, forever = Policy("pi"), Policy(Policy.HELD), Forever()


@dataclass(frozen=True, slots=True)
class Letter:
    """V, Q, A and the like: ``V[t](s)`` at a finite horizon, ``V(s)`` without a last decision."""

    make: Callable[..., Expr]
    notation: Notation
    below: Expr = forever

    def __str__(self) -> str:
        return self.notation.python

    @property
    def usage(self) -> str:
        """How a proof writes it, with letters of the right sorts."""
        sorts = self.make.sorts if isinstance(self.make, Definition) else ("policy", "time", "state")
        own = self.make.example if isinstance(self.make, Definition) else ()
        letters = {"state": ["s"], "action": ["a"], "trajectory": ["tau"], "policy": ["pi", "b"], SCALAR: ["f"]}
        seen = [sorts[place] for place in self.notation.inside]
        places = ", ".join(str(own[place].label) if len(own) > place and isinstance(own[place], Index)
                           and not own[place].is_bound else letters[sort][seen[:n].count(sort)]
                           for n, (place, sort) in enumerate(zip(self.notation.inside, seen, strict=True)))
        index = "c" if self.notation.below is not None and sorts[self.notation.below] == SCALAR else "t"
        timed = "" if self.notation.below is None else f"[{index if self.below == forever else self.below}]"
        return f"{self}{timed}({places})"

    def __getitem__(self, time: Any) -> Letter:
        if self.notation.below is None:
            law = ("; the law of the state at a time is p[t](s)"
                   if self.make in (definitions.OCCUPANCY, definitions.NORMALISED_OCCUPANCY) else self._time_first())
            raise NotATerm(f"{self} has no time, so {self}[{time}] is not in the language. Write {self.usage}{law}.")
        if self.below is not forever:
            raise NotATerm(f"{self}[{self.below}] has its time, so {self}[{self.below}][{time}] is not in the "
                           f"language. Write {self.usage}.")
        return Letter(self.make, self.notation, time)

    def _time_first(self) -> str:
        """What makes a time a subscript, of a name that was introduced with a time behind other letters."""
        letters = self.make.example if isinstance(self.make, Definition) else ()
        times = [one for one in letters if getattr(one, "sort", "") == TIME]
        if not times:
            return ""
        first = ", ".join(str(one.label) for one in (*times, *(one for one in letters if one not in times)))
        return f"; a time is a subscript where it comes first: define({str(self)!r}, [{first}], ...)"

    def _meant(self, places: Sequence[Any]) -> str:
        """What was meant by one place more than the notion has, in front of them."""
        if len(places) != len(self.notation.inside) + 1:
            return ""
        first, rest = places[0], ", ".join(map(_in_code, places[1:]))
        if isinstance(first, Policy):
            return f"; its policy is named: {self}({rest}, policy={'pi_old' if first == pi_old else first.label})"
        if isinstance(places[-1], Policy):
            return self._meant((places[-1], *places[:-1]))
        if self.notation.below is not None and self.below is forever:
            for time, others in ((first, rest), (places[-1], ", ".join(map(_in_code, places[:-1])))):
                if _is_time(time):
                    return f"; a time stands in brackets: {self}[{time}]({others})"
        return ""

    def __call__(self, *places: Any, policy: Policy = pi) -> Expr:
        notation = self.notation
        if len(places) != len(notation.inside):
            wanted, meant = len(notation.inside), self._meant(places)
            raise NotATerm(f"{self} takes {wanted} argument{'s' * (wanted != 1)}, got {len(places)}{meant}.")
        if notation.policy is None and policy != pi:
            raise NotATerm(f"{notation.python} takes no policy, so it has no other under {policy}.")
        if notation.below is not None and self.below is forever and isinstance(self.make, Definition) and (
                self.make.sorts[notation.below] == TIME):
            raise NotATerm(f"{self} has a time. Write {self.usage}.")
        given = dict(zip(notation.inside, places, strict=True))
        given |= {} if notation.below is None else {notation.below: self.below}
        given |= {} if notation.policy is None else {notation.policy: policy}
        return self.make(*(given[place] for place in sorted(given)))


def _in_code(place: Any) -> str:
    """A place as a proof writes it, as far as its letters go: s_t is tau.s[t]."""
    if isinstance(place, (StateAt, ActionAt)) and isinstance(place.args[0], Trajectory):
        return f"tau.{'s' if isinstance(place, StateAt) else 'a'}[{place.args[1]}]"
    return "tau" if isinstance(place, Trajectory) else str(place)


def _is_time(place: Any) -> bool:
    """Whether a place is a time, rather than something at one."""
    if isinstance(place, (State, Action, StateAt, ActionAt)):
        return False
    return isinstance(place, int) or any(isinstance(one, Time) for one in getattr(place, "free_symbols", ()))


@cache  # a file is mended by the names that it has: they are known by being the same
def letter_of(record: Definition) -> Letter:
    """How a proof writes a notion.

    Raises:
        NotATerm: if it has no notation of its own.
    """
    if record.notation is None:
        raise NotATerm(f"{record.name} is written out at once; it has no letter.")
    return Letter(record, record.notation)
