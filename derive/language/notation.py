"""Term -> LaTeX, Typst and Unicode text, in the author's order.

One writer, an alphabet for each (``alphabets``). It dispatches on class names, as SymPy's printers do, so it
imports no node and lies below all of them. Bound names are chosen here, given the
names in scope (``pieces``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from derive.language.alphabets import ATOM, FACTOR, OPERATOR, PRODUCT, QUOTIENT, SUM, Alphabet
from derive.language.pieces import Pieces, loose

_OPERATORS = ("Total", "Prod", "Log", "Grad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How a notion is written, in both alphabets and in Python; numbers are places among its arguments.

    ``below`` is a time in the subscript, left out where there is none. ``policy`` stands in the
    superscript unless it is pi, or with ``parameter`` behind a semicolon. A notion that ``binds``
    is written as a mean is: Var_{tau~P}[...].
    """

    letter: str
    python: str
    inside: tuple[int, ...] = ()
    below: int | None = None
    policy: int | None = None
    parameter: bool = False
    binds: bool = False


def arguments_of(term: Any) -> tuple[Any, ...]:
    """The arguments of a notion, without the name that a ``Defined`` node carries first."""
    return tuple(term.args[1:] if type(term).__name__ == "Defined" else term.args)


class _Writer(Pieces):
    """A row for each node."""

    # -- numbers and ring operations ---------------------------------------------------

    def write_Rational(self, term: Any) -> tuple[str, int]:
        text = self.alphabet.number(abs(int(term.p)), int(term.q))
        if term.p < 0:
            return f"-{text}", SUM
        return text, ATOM if term.q == 1 else FACTOR if self.alphabet.stacked else QUOTIENT

    def write_Plus(self, term: Any) -> tuple[str, int]:
        written = ""
        for argument in term.args:
            negated = _negated(argument)
            if negated is None:
                written += (" + " if written else "") + self.at(argument, QUOTIENT)
            else:
                body = self.marked(argument, self.at(negated, QUOTIENT))
                written += (" - " if written else "-") + body
        return written or "0", SUM

    def write_Times(self, term: Any) -> tuple[str, int]:
        negated = _negated(term)
        if negated is not None:
            return f"-{self.at(negated, OPERATOR)}", SUM
        if not term.args:
            return "1", ATOM
        *init, last = (self.piece(factor) for factor in term.args)
        written = [*(self.fenced(piece, PRODUCT) for piece in init), self.fenced(last, OPERATOR)]
        return self._juxtaposed(written), OPERATOR if last[1] == OPERATOR else PRODUCT

    def _juxtaposed(self, written: list[str]) -> str:
        joined = ""
        for text in written:
            joint = self.alphabet.signs["times"] if text[:1].isdigit() else self.alphabet.juxtapose
            joined += (joint if joined else "") + text
        return joined

    def write_Power(self, term: Any) -> tuple[str, int]:
        base, exponent = term.args
        return self.alphabet.superscript(self.at(base, ATOM), self.script(exponent)), FACTOR

    def write_Ratio(self, term: Any) -> tuple[str, int]:
        numerator, denominator = term.args
        if (given := _given(numerator, denominator)) and self.mark not in term.args:
            return self._mean("E", numerator, given)
        if self.alphabet.stacked:
            return self.alphabet.fraction(self.text(numerator), self.text(denominator)), FACTOR
        return f"{self._beside_slash(numerator)}/{self._beside_slash(denominator)}", QUOTIENT

    def _beside_slash(self, term: Any) -> str:
        # log x/y would be read as log (x/y); grad x/y is the page's own way to write (grad x)/y.
        return self.at(term, ATOM if type(term).__name__ == "Log" else FACTOR)

    # -- indices and atoms ----------------------------------------------------------------

    def write_State(self, term: Any) -> tuple[str, int]:
        name = self.names.get(term, loose(term) if term.is_bound else str(term.label))
        return self.symbol(name), ATOM

    write_Action = write_Time = write_Trajectory = write_Draw = write_Batch = write_State

    def write_Drawn(self, term: Any) -> tuple[str, int]:
        batch, number = term.args
        return self.alphabet.superscript(self.text(batch), f"({self.text(number)})"), FACTOR

    def _along(self, letter: str, term: Any) -> tuple[str, int]:
        """s_t; s'_t along tau', s_t^{(i)} along tau^{(i)}, s_t^{sigma} along sigma."""
        path, number = term.args[0], ""
        if type(path).__name__ == "Drawn":
            path, number = path.args[0], f"({self.text(path.args[1])})"
        name = self.text(path)
        stem = name.rstrip("'")
        if stem != self.symbol("tau"):
            stem, number = "", ";".join(part for part in (name, number) if part)
        primes = "'" * (len(name) - len(stem)) if stem else ""
        indexed = self.alphabet.subscript(letter + primes, self.script(term.args[1]))
        return (self.alphabet.superscript(indexed, number) if number else indexed), ATOM

    def write_StateAt(self, term: Any) -> tuple[str, int]:
        return self._along("s", term)

    def write_HistoryAt(self, term: Any) -> tuple[str, int]:
        return self._along("h", term)

    def write_ActionAt(self, term: Any) -> tuple[str, int]:
        return self._along("a", term)

    def write_Horizon(self, term: Any) -> tuple[str, int]:
        return "H", ATOM

    def write_Forever(self, term: Any) -> tuple[str, int]:
        return self.alphabet.signs["forever"], ATOM

    def write_SampleSize(self, term: Any) -> tuple[str, int]:
        return "m", ATOM

    def write_Discount(self, term: Any) -> tuple[str, int]:
        return self.symbol("gamma"), ATOM

    def write_Policy(self, term: Any) -> tuple[str, int]:
        if term.label == term.HELD:
            return self.alphabet.subscript(self.symbol("pi"), self._spelled("old")), ATOM
        base = self.symbol(term.label)
        return (self.alphabet.subscript(base, self.symbol("theta")) if term.learned else base), ATOM

    def write_Function(self, term: Any) -> tuple[str, int]:
        return self.symbol(term.label), ATOM

    # Names of notions, ranges and laws stand alone only in error messages.
    def write_Notion(self, term: Any) -> tuple[str, int]:
        return str(term.label), ATOM

    def write_Everything(self, term: Any) -> tuple[str, int]:
        return "everything", ATOM

    def write_Between(self, term: Any) -> tuple[str, int]:
        first, last = (self.text(argument) for argument in term.args)
        return f"{first}{self.alphabet.signs['..']}{last}", SUM

    def write_Law(self, term: Any) -> tuple[str, int]:
        return self._call("P", f"{self.alphabet.signs['dot']};{self._parameter(term.args[0])}")

    # -- the model ----------------------------------------------------------------------

    def _call(self, head: str, *arguments: str) -> tuple[str, int]:
        return f"{head}({', '.join(arguments)})", ATOM

    def _parameter(self, policy: Any) -> str:
        return self.symbol("theta") if getattr(policy, "learned", False) else self.text(policy)

    def write_Initial(self, term: Any) -> tuple[str, int]:
        return self._call(self.symbol("mu"), self.text(term.args[0]))

    def write_Transition(self, term: Any) -> tuple[str, int]:
        target, state, action = (self.text(argument) for argument in term.args)
        return self._call("P", f"{target}{self.alphabet.given}{state}, {action}")

    def write_ActionProbability(self, term: Any) -> tuple[str, int]:
        policy, action, state = (self.text(argument) for argument in term.args)
        return self._call(policy, f"{action}{self.alphabet.given}{state}")

    def write_Reward(self, term: Any) -> tuple[str, int]:
        return self._call("r", *(self.text(argument) for argument in term.args))

    def write_Same(self, term: Any) -> tuple[str, int]:
        one, two = (self.text(argument) for argument in term.args)
        return f"{self.alphabet.signs['indicator']}{self.alphabet.bracket('{', f'{one} = {two}', '}')}", ATOM

    def write_Applied(self, term: Any) -> tuple[str, int]:
        if len(term.args) == 1:
            return self.text(term.args[0]), ATOM
        return self._call(self.text(term.args[0]), *(self.text(argument) for argument in term.args[1:]))

    def _noted(self, term: Any, notation: Notation) -> tuple[str, int]:
        """J(theta), P(tau;theta), V(s), V_t(s); of another policy than pi, V_t^{other}(s)."""
        if notation.binds:
            return self._mean(notation.letter, term)
        arguments, letter = arguments_of(term), self.symbol(notation.letter)
        inside = ", ".join(self.text(arguments[place]) for place in notation.inside)
        if notation.below is not None and type(time := arguments[notation.below]).__name__ != "Forever":
            letter = self.alphabet.subscript(letter, self.script(time))
        policy = None if notation.policy is None else arguments[notation.policy]
        if notation.parameter:
            inside = ";".join(part for part in (inside, self._parameter(policy)) if part)
        elif policy is not None and not getattr(policy, "learned", False):
            letter = self.alphabet.superscript(letter, self.text(policy))
        return self._call(letter, inside) if inside else (letter, ATOM)

    def write_noted(self, term: Any) -> tuple[str, int]:
        return self._noted(term, term.notation)

    write_TrajectoryProbability = write_Return = write_Objective = write_noted
    write_StateValue = write_ActionValue = write_Advantage = write_Var = write_Defined = write_noted

    # -- operators ------------------------------------------------------------------------

    def _prefixed(self, name: str, term: Any) -> tuple[str, int]:
        """grad or log before its operand: bare before one thing, in brackets before several."""
        text, level = self.piece(term)
        head = self.alphabet.signs[name]
        if level == ATOM or type(term).__name__ in _OPERATORS or (level == FACTOR and type(term).__name__ == "Ratio"):
            return head + text, min(level, FACTOR)
        left, right = ("[", "]") if self.alphabet.stacked else ("(", ")")
        return head + self.alphabet.bracket(left, text, right), FACTOR

    def write_Grad(self, term: Any) -> tuple[str, int]:
        return self._prefixed("grad", term.args[0])

    def write_Log(self, term: Any) -> tuple[str, int]:
        return self._prefixed("log", term.args[0])

    def write_Outer(self, term: Any) -> tuple[str, int]:
        one, two = term.args
        return self._juxtaposed([self.at(one, FACTOR), self.alphabet.superscript(self.at(two, ATOM), "T")]), PRODUCT

    def write_Trace(self, term: Any) -> tuple[str, int]:
        """Of an outer product <f, g>, or |f|^2, of another matrix tr(M)."""
        (matrix,) = term.args
        if type(matrix).__name__ != "Outer":
            return self.write_noted(term)
        if matrix.args[0] == matrix.args[1]:
            return self.alphabet.superscript(self._within("length", self.text(matrix.args[0])), "2"), FACTOR
        return self._within("angle", ", ".join(map(self.text, matrix.args))), ATOM

    def _within(self, name: str, text: str) -> str:
        left, right = self.alphabet.signs[name].split()
        return self.alphabet.bracket(left, text, right)

    def _big(self, name: str, term: Any) -> tuple[str, int]:
        def finish(letter: str) -> tuple[str, int]:
            head = self.alphabet.big(self.alphabet.signs[name], self.symbol(letter) + lower, upper)
            return head + self.at(term.body, OPERATOR), OPERATOR

        lower = upper = ""
        if type(term.domain).__name__ == "Between":  # outside the scope of the index
            first, last = term.domain.args
            lower, upper = f"={self.script(first)}", self.script(last)
        return self.scoped(term, finish)

    def write_Total(self, term: Any) -> tuple[str, int]:
        return self._big("sum", term)

    def write_Prod(self, term: Any) -> tuple[str, int]:
        return self._big("prod", term)

    def _mean(self, name: str, term: Any, given: tuple[Any, ...] = ()) -> tuple[str, int]:
        """E_{tau~P}[f], or E_{tau~P}[f | s_t = s] where f and the events are ``given``."""

        def finish(letter: str) -> tuple[str, int]:
            shown = self.symbol(letter)
            if term.index.sort == "batch":
                shown = self.alphabet.superscript(shown, "(1:m)")
            head = self.alphabet.big(self.alphabet.signs[name], f"{shown}{self.alphabet.signs['~']}{law}", "").rstrip()
            body, *events = given or (term.body,)
            inside = self.text(body)
            if events:
                bar = self.alphabet.given if self.alphabet.stacked else " | "
                inside += bar + ", ".join(self.marked(one, " = ".join(map(self.text, one.args))) for one in events)
            return f"{head}{self.alphabet.bracket('[', inside, ']')}", ATOM

        law = self.text(term.domain)
        return self.scoped(term, finish)

    def write_Expect(self, term: Any) -> tuple[str, int]:
        return self._mean("E", term)


def _factors(term: Any) -> tuple[Any, ...]:
    return tuple(term.args) if type(term).__name__ == "Times" else (term,)


def _renamed(term: Any, old: Any, new: Any) -> Any:
    """An event with one index for another; nothing is bound in it."""
    if term == old or not term.args:
        return new if term == old else term
    return term.func(*(_renamed(one, old, new) for one in term.args))


def _given(above: Any, below: Any) -> tuple[Any, ...]:
    """f and the events where a quotient is E[1{...} f] / E[1{...}], the mean of f given them; else nothing."""
    if any(type(side).__name__ != "Expect" for side in (above, below)) or above.domain != below.domain or (
            above.index.sort != below.index.sort):
        return ()
    events, factors = _factors(below.body), _factors(above.body)
    first, rest = factors[:len(events)], factors[len(events):]
    if not rest or any(type(one).__name__ != "Same" for one in (*first, *events)):
        return ()
    if tuple(_renamed(one, above.index, below.index) for one in first) != events:
        return ()
    return (rest[0] if len(rest) == 1 else above.body.func(*rest), *first)


def _negated(term: Any) -> Any:
    """X where ``term`` is -X as written, else None."""
    if type(term).__name__ == "Times" and len(term.args) > 1 and term.args[0] == -1:
        rest = term.args[1:]
        return rest[0] if len(rest) == 1 else term.func(*rest)
    if getattr(term, "is_Rational", False) and term.p < 0:
        return -term
    return None


def _names(term: Any) -> dict[Any, str]:
    """The names of free indices and of functions, which no bound index may take."""
    names, stack = {}, [term]
    while stack:
        node = stack.pop()
        if isinstance(getattr(node, "label", None), str):
            names[node] = node.label
        stack.extend(node.args)
    return names


def write(term: Any, alphabet: Alphabet, mark: Any = None,
          letters: Callable[[Any, dict[Any, str]], str | None] | None = None) -> str:
    """``term`` as text; ``mark`` is a subterm to underline wherever it occurs, ``letters`` those of its binders."""
    return _Writer(alphabet, _names(term), mark, letters).text(term)
