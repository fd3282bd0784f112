"""Term -> LaTeX and Unicode text, in the author's order.

One writer, two alphabets. It dispatches on class names, as SymPy's printers do, so it
imports no node and lies below all of them. Bound names are chosen here, given the
names in scope; a name hint stored on a node would depend on the process's history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# How tightly a piece binds: a sum, a product ending in a big operator, a product, a factor.
SUM, OPERATOR, PRODUCT, FACTOR = range(4)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How the pieces of a formula are put together in one medium."""

    names: dict[str, str]
    subscript: Callable[[str, str], str]
    superscript: Callable[[str, str], str]
    fraction: Callable[[str, str], str]
    big: Callable[[str, str, str], str]
    bracket: Callable[[str, str, str], str]
    juxtapose: str
    given: str
    number: Callable[[int, int], str]
    mark: Callable[[str], str]


def _latex_big(symbol: str, lower: str, upper: str) -> str:
    single = len(lower) == 1 or (lower.startswith("\\") and lower[1:].isalpha())
    return symbol + (f"_{lower}" if single else f"_{{{lower}}}") + (f"^{{{upper}}}" if upper else "") + " "


def _unicode_big(symbol: str, lower: str, upper: str) -> str:
    if not upper:
        return f"{symbol}_{lower} " if len(lower) == 1 else f"{symbol}_{{{lower}}} "
    return f"{symbol}_{{{lower}..{upper}}} "


def _unicode_script(joint: str) -> Callable[[str, str], str]:
    return lambda base, script: f"{base}{joint}{script}" if len(script) == 1 else f"{base}{joint}{{{script}}}"


LATEX = Alphabet(
    names={
        "grad": r"\nabla_\theta ", "log": r"\log ", "sum": r"\sum", "prod": r"\prod", "E": r"\mathbb{E}",
        "Var": r"\operatorname{Var}", "tau": r"\tau", "theta": r"\theta", "mu": r"\mu", "pi": r"\pi",
        "gamma": r"\gamma", "phi": r"\phi", "beta": r"\beta", "~": r"\sim ", "rho": r"\rho", "lambda": r"\lambda",
        "minus": "-", "prime": "'", ";": ";", "times": r" \cdot ",
    },
    subscript=lambda base, script: f"{base}_{{{script}}}" if len(script) > 1 else f"{base}_{script}",
    superscript=lambda base, script: f"{base}^{{{script}}}" if len(script) > 1 else f"{base}^{script}",
    fraction=lambda n, d: rf"\frac{{{n}}}{{{d}}}",
    big=_latex_big,
    bracket=lambda left, inside, right: rf"\left{left} {inside} \right{right}",
    juxtapose=r"\,",
    given=r" \mid ",
    number=lambda p, q: str(p) if q == 1 else rf"\tfrac{{{p}}}{{{q}}}",
    mark=lambda text: rf"\underline{{{text}}}",
)

UNICODE = Alphabet(
    names={
        "grad": "∇", "log": "log ", "sum": "Σ", "prod": "Π", "E": "E", "Var": "Var", "tau": "τ", "theta": "θ",
        "mu": "μ", "pi": "π", "gamma": "γ", "phi": "φ", "beta": "β", "~": "~", "rho": "ρ", "lambda": "λ",
        "minus": "-", "prime": "'", ";": ";", "times": "·",
    },
    subscript=_unicode_script("_"),
    superscript=_unicode_script("^"),
    fraction=lambda n, d: f"({n})/({d})",
    big=_unicode_big,
    bracket=lambda left, inside, right: f"{left}{inside}{right}",
    juxtapose=" ",
    given="|",
    number=lambda p, q: str(p) if q == 1 else f"{p}/{q}",
    mark=lambda text: f"\x01{text}\x02",
)

_LETTERS = {
    "state": ("s", "x", "y", "z"), "action": ("a", "b", "c"), "time": ("t", "k", "j", "l"), "draw": ("i", "j"),
    "trajectory": ("tau",), "batch": ("tau",),
}


@dataclass(slots=True)
class _Writer:
    alphabet: Alphabet
    names: dict[Any, str]
    mark: Any = None
    trajectories: list[Any] = field(default_factory=list)

    # -- plumbing ---------------------------------------------------------------------

    def piece(self, term: Any) -> tuple[str, int]:
        text, level = self._dispatch(term)
        if self.mark is not None and term == self.mark:
            return self.alphabet.mark(text), level
        return text, level

    def _dispatch(self, term: Any) -> tuple[str, int]:
        for kind in type(term).__mro__:
            method = getattr(self, f"write_{kind.__name__}", None)
            if method is not None:
                return method(term)
        raise TypeError(f"no notation for {type(term).__name__}")

    def text(self, term: Any) -> str:
        return self.piece(term)[0]

    def at(self, term: Any, level: int, left: str = "(", right: str = ")") -> str:
        text, own = self.piece(term)
        return text if own >= level else self.alphabet.bracket(left, text, right)

    def symbol(self, name: str) -> str:
        stem = name.rstrip("'")
        spelled = self.alphabet.names.get(stem, stem)
        return spelled + self.alphabet.names["prime"] * (len(name) - len(stem))

    def binding(self, binder: Any) -> tuple[str, Any]:
        """Choose a letter for the bound index that no name in scope has."""
        sort = binder.index.sort
        taken = {self.names[index] for index in binder.body.free_symbols if index in self.names}
        letters = [*_LETTERS[sort], *(letter + "'" * n for n in range(1, 9) for letter in _LETTERS[sort][:1])]
        letter = next(name for name in letters if name not in taken)
        return letter, binder.index

    def scoped(self, binder: Any, write: Callable[[str], tuple[str, int]]) -> tuple[str, int]:
        letter, index = self.binding(binder)
        outer = self.names.get(index)
        self.names[index] = letter
        try:
            return write(letter)
        finally:
            if outer is None:
                del self.names[index]
            else:
                self.names[index] = outer

    # -- numbers and ring operations ---------------------------------------------------

    def write_Rational(self, term: Any) -> tuple[str, int]:
        text = self.alphabet.number(int(term.p), int(term.q))
        return text, FACTOR if term.p >= 0 and term.q == 1 else PRODUCT if term.p >= 0 else SUM

    def write_Plus(self, term: Any) -> tuple[str, int]:
        parts: list[str] = []
        for argument in term.args:
            negated = _negated(argument)
            body = self.at(argument if negated is None else negated, OPERATOR)
            sign = " + " if negated is None else f" {self.alphabet.names['minus']} "
            parts.append(body if not parts and negated is None else sign.strip() + body if not parts else sign + body)
        return "".join(parts) or "0", SUM

    def write_Times(self, term: Any) -> tuple[str, int]:
        factors = list(term.args)
        negated = _negated(term)
        if negated is not None:
            return f"{self.alphabet.names['minus']}{self.at(negated, OPERATOR)}", SUM
        written = [self.at(factor, PRODUCT if factor is not factors[-1] else OPERATOR) for factor in factors]
        level = self.piece(factors[-1])[1] if factors else FACTOR
        return self._juxtaposed(written) or "1", min(level, PRODUCT)

    def _juxtaposed(self, written: list[str]) -> str:
        joined = ""
        for text in written:
            joint = self.alphabet.names["times"] if text[:1].isdigit() else self.alphabet.juxtapose
            joined += (joint if joined else "") + text
        return joined

    def write_Power(self, term: Any) -> tuple[str, int]:
        base, exponent = term.args
        return self.alphabet.superscript(self.at(base, FACTOR), self.text(exponent)), FACTOR

    def write_Ratio(self, term: Any) -> tuple[str, int]:
        numerator, denominator = term.args
        if self.alphabet is UNICODE:
            return f"{self.at(numerator, FACTOR)}/{self.at(denominator, FACTOR)}", PRODUCT
        return self.alphabet.fraction(self.text(numerator), self.text(denominator)), FACTOR

    # -- indices and atoms ----------------------------------------------------------------

    def write_Index(self, term: Any) -> tuple[str, int]:
        name = self.names.get(term, str(term.label) if not term.is_bound else f"?{term.label}")
        return self.symbol(name), FACTOR

    def write_Drawn(self, term: Any) -> tuple[str, int]:
        return self.alphabet.superscript(self.symbol("tau"), f"({self.text(term.args[1])})"), FACTOR

    def _along(self, letter: str, term: Any) -> tuple[str, int]:
        trajectory, time = term.args
        indexed = self.alphabet.subscript(letter, self.text(time).replace(" ", ""))
        if type(trajectory).__name__ == "Drawn":
            return self.alphabet.superscript(indexed, f"({self.text(trajectory.args[1])})"), FACTOR
        name = self.names.get(trajectory, str(trajectory.label))
        prefixed = letter + self.alphabet.names["prime"] * name.count("'")
        return self.alphabet.subscript(prefixed, self.text(time).replace(" ", "")), FACTOR

    def write_StateAt(self, term: Any) -> tuple[str, int]:
        return self._along("s", term)

    def write_ActionAt(self, term: Any) -> tuple[str, int]:
        return self._along("a", term)

    def write_Symbol(self, term: Any) -> tuple[str, int]:
        return str(term), FACTOR

    def write_Horizon(self, term: Any) -> tuple[str, int]:
        return "H", FACTOR

    def write_SampleSize(self, term: Any) -> tuple[str, int]:
        return "m", FACTOR

    def write_Discount(self, term: Any) -> tuple[str, int]:
        return self.symbol("gamma"), FACTOR

    def write_Policy(self, term: Any) -> tuple[str, int]:
        base = self.symbol(term.label)
        return (self.alphabet.subscript(base, self.symbol("theta")) if term.learned else base), FACTOR

    def write_Function(self, term: Any) -> tuple[str, int]:
        return self.symbol(term.label), FACTOR

    def write_Everything(self, term: Any) -> tuple[str, int]:
        return "", FACTOR

    # -- the model ----------------------------------------------------------------------

    def _call(self, head: str, *arguments: str) -> tuple[str, int]:
        return f"{head}({', '.join(arguments)})", FACTOR

    def write_Initial(self, term: Any) -> tuple[str, int]:
        return self._call(self.symbol("mu"), self.text(term.args[0]))

    def write_Transition(self, term: Any) -> tuple[str, int]:
        target, state, action = (self.text(argument) for argument in term.args)
        return self._call("P", f"{target}{self.alphabet.given}{state}, {action}")

    def write_ActionProbability(self, term: Any) -> tuple[str, int]:
        policy, action, state = (self.text(argument) for argument in term.args)
        return self._call(policy, f"{action}{self.alphabet.given}{state}")

    def write_TrajectoryProbability(self, term: Any) -> tuple[str, int]:
        policy, trajectory = term.args
        parameter = self.symbol("theta") if policy.learned else self.text(policy)
        return self._call("P", f"{self.text(trajectory)};{parameter}")

    def write_Reward(self, term: Any) -> tuple[str, int]:
        return self._call("r", *(self.text(argument) for argument in term.args))

    def write_Return(self, term: Any) -> tuple[str, int]:
        return self._call("R", self.text(term.args[0]))

    def write_Applied(self, term: Any) -> tuple[str, int]:
        return self._call(self.text(term.args[0]), *(self.text(argument) for argument in term.args[1:]))

    def write_Objective(self, term: Any) -> tuple[str, int]:
        policy = term.args[0]
        return self._call("J", self.symbol("theta") if policy.learned else self.text(policy))

    # -- operators ------------------------------------------------------------------------

    def _operand(self, term: Any) -> str:
        kind = type(term).__name__
        bare = kind in ("Total", "Prod", "Log", "Grad") or self.piece(term)[1] == FACTOR
        if bare:
            return self.text(term)
        return self.alphabet.bracket("[" if self.alphabet is LATEX else "(", self.text(term),
                                     "]" if self.alphabet is LATEX else ")")

    def _prefixed(self, name: str, term: Any) -> tuple[str, int]:
        level = self.piece(term)[1]
        return self.alphabet.names[name] + self._operand(term), OPERATOR if level == OPERATOR else FACTOR

    def write_Grad(self, term: Any) -> tuple[str, int]:
        return self._prefixed("grad", term.args[0])

    def write_Log(self, term: Any) -> tuple[str, int]:
        text, level = self._prefixed("log", term.args[0])
        return text, min(level, PRODUCT) if level != FACTOR else FACTOR

    def _big(self, name: str, term: Any) -> tuple[str, int]:
        def finish(letter: str) -> tuple[str, int]:
            lower, upper = self.symbol(letter), ""
            if type(term.domain).__name__ == "Between":
                first, last = term.domain.args
                lower, upper = f"{lower}={self.text(first)}".replace(" ", ""), self.text(last).replace(" ", "")
            head = self.alphabet.big(self.alphabet.names[name], lower, upper)
            return head + self.at(term.body, OPERATOR), OPERATOR

        return self.scoped(term, finish)

    def write_Total(self, term: Any) -> tuple[str, int]:
        return self._big("sum", term)

    def write_Prod(self, term: Any) -> tuple[str, int]:
        return self._big("prod", term)

    def _mean(self, name: str, term: Any) -> tuple[str, int]:
        def finish(letter: str) -> tuple[str, int]:
            shown = self.symbol(letter)
            if term.index.sort == "batch":
                shown = self.alphabet.superscript(shown, "(1:m)")
            law = term.domain.args[0]
            parameter = self.symbol("theta") if law.learned else self.text(law)
            sampled = f"{shown}{self.alphabet.names['~']}P(·;{parameter})" if self.alphabet is UNICODE else (
                rf"{shown} \sim P(\cdot;{parameter})")
            head = self.alphabet.big(self.alphabet.names[name], sampled if name == "E" else shown, "").rstrip()
            return f"{head}{self.alphabet.bracket('[', self.text(term.body), ']')}", FACTOR

        return self.scoped(term, finish)

    def write_Expect(self, term: Any) -> tuple[str, int]:
        return self._mean("E", term)

    def write_Var(self, term: Any) -> tuple[str, int]:
        return self._mean("Var", term)


def _negated(term: Any) -> Any:
    """X where ``term`` is -X as written, else None."""
    if type(term).__name__ == "Times" and len(term.args) > 1 and term.args[0] == -1:
        rest = term.args[1:]
        return rest[0] if len(rest) == 1 else term.func(*rest)
    if getattr(term, "is_Rational", False) and term.p < 0:
        return -term
    return None


def write(term: Any, alphabet: Alphabet, mark: Any = None) -> str:
    """``term`` as text; ``mark`` is a subterm to underline wherever it occurs."""
    free = {index: str(index.label) for index in term.free_symbols if hasattr(index, "label")}
    return _Writer(alphabet, free, mark).text(term)
