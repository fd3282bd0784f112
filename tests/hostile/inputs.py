"""Inputs that nobody would write: mutants of proofs, certificates, models and arguments, each from its own seed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PROOF = """from derive import *
@theorem("the estimate", assumes=[possible(tau), iid_samples])
def one():
    score = total(t, grad(log(pi(tau.a[t] | tau.s[t]))))
    return calc(grad(J), by(definition(J)), grad(total(tau, P(tau) * R(tau))), by(gradient_of_a_sum),
                total(tau, grad(P(tau) * R(tau))), by(), expect(tau, score * R(tau)))
@theorem("false")
def two():
    return calc(J, by("words"), 2 * J + gamma**3 * expect(tau, function("f")(tau.s[1], tau.a[0])))
"""
TEXTS = ("", "x", "\x1b[2K", "\u202e", "\x00", "\ud800", "\u2028", "é", "𝔼", "9" * 5000, "-1", "1e400", "0.5", "10**9",
         "10**5000", "None", "...", "lambda: 0", "(" * 200, "1/0", "by", "calc", "J", "tau", "tau.s[H + 2]",
         "stop=10**9", "P(tau)", "forever", "pi(s | a)", "raise SystemExit(0)", "raise KeyboardInterrupt", "return",
         "del one", "import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)", "print('x' * 10**6)", "*", "**{}",
         "\t", "\r")
VALUES: tuple[Any, ...] = (None, True, False, 0, -1, 1, 10**400, 1.5, 1e308, float("inf"), float("nan"), "", "x",
                           "\x1b", "\ud800", [], {}, [[]], [1], {"x": 1}, "1/0", "γ" * 1000)
ARGUMENTS = ("check", "show", "verify", "explain", "probe", "report", "fuzz", "-v", "-q", "--strict", "--format",
             "json", "github", "xml", "--select", "D001", "D", "--ignore", "", "-o", "out.txt", "/dev/null",
             "/dev/full", "/nowhere/x", "-j", "2", "0", "999", "--timeout", "1", "nan", "inf", "--memory", "300", "-",
             "--", ".", "a.py", "missing.py", "../..", "x" * 300, "x" * 5000, "a\x00b", "\ud800", "~", "*",
             "policy_gradient",
             "score_squared", "--shape", "2,2,2", "1,1", "9" * 30 + ",1,1", "--points", "--examples", "--seed", "1",
             "--replay", "--latex", "--against", "c.json", "--partial", "--exit-zero", "--if-any", "--certificate",
             "--statistics", "--exclude", "--help", "--version", "scope", "D017", "--nope")


@dataclass(frozen=True, slots=True)
class Input:
    """Files, a command line, and the exit statuses that are right."""

    kind: str
    seed: int
    arguments: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    right: frozenset[int] = frozenset((0, 1, 2))


def inputs(count: int, certificate: str) -> list[Input]:
    """``count`` inputs, the same for the same number, of every kind in turn; ``certificate`` is a valid one."""
    makers: tuple[Callable[[Random, str], tuple[tuple[str, ...], dict[str, bytes]]], ...] = (
        _proof, _certificate, _arguments, _proof, _model)
    found = []
    for seed in range(count):
        maker = makers[seed % len(makers)]
        arguments, files = maker(Random(seed), certificate)
        found.append(Input(maker.__name__[1:], seed, arguments, files))
    return found


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _proof(rng: Random, _: str) -> tuple[tuple[str, ...], dict[str, bytes]]:
    tokens = re.findall(r"\w+|\s+|.", PROOF)
    for _step in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(tokens))
        match rng.randrange(5):
            case 0:
                tokens[place] = rng.choice(TEXTS)
            case 1:
                tokens.insert(place, rng.choice(TEXTS))
            case 2:
                del tokens[place]
            case 3:
                tokens[place] = rng.choice(tokens)
            case 4:
                tokens[place], tokens[-place] = tokens[-place], tokens[place]
    content = _encoded("".join(tokens))
    if rng.randrange(20) == 0:
        content = bytes(rng.randrange(256) for _byte in range(200)) + content
    style = rng.choice(("full", "concise", "json", "github", "sarif", "junit"))
    options = rng.choice((("-v",), ("-q",), ("--strict",), ("--statistics",), ("-j", "2"), ()))
    return ("check", "a.py", "--format", style, "--timeout", "20", *options), {"a.py": content}


def _places(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            found += _places(value, (*here, key))
    return found


def _changed(rng: Random, data: Any) -> Any:
    data = json.loads(json.dumps(data))
    for _step in range(rng.choice((1, 1, 2, 5))):
        places = _places(data)
        if not places:
            break
        *way, last = rng.choice(places)
        holder = data
        for key in way:
            holder = holder[key]
        match rng.randrange(4):
            case 0 | 1:
                holder[last] = deepcopy(rng.choice(VALUES))
            case 2:
                del holder[last]
            case 3:
                holder[last] = [holder[last], deepcopy(holder[last])]
    return data


def _written(rng: Random, data: Any) -> bytes:
    text = json.dumps(_changed(rng, data))
    if rng.randrange(10) == 0:
        text = text[: rng.randrange(len(text) + 1)]
    return (b"\xef\xbb\xbf" if rng.randrange(20) == 0 else b"") + _encoded(text)


def _certificate(rng: Random, valid: str) -> tuple[tuple[str, ...], dict[str, bytes]]:
    content = _written(rng, json.loads(valid))
    against = ("--against", "a.py") if rng.randrange(3) == 0 else ()
    return ("verify", "c.json", *against), {"c.json": content, "a.py": _encoded(PROOF)}


def _model(rng: Random, _: str) -> tuple[tuple[str, ...], dict[str, bytes]]:
    data = {"mu": [1, 0], "P": [[[0.5, 0.5], [1, 0]], [[0, 1], [0, 1]]], "r": [[1, 0], [0, 2]], "gamma": 0.9,
            "horizon": 2}
    return ("evaluate", "policy_gradient", "m.json", "--samples", "50"), {"m.json": _written(rng, data)}


def _arguments(rng: Random, valid: str) -> tuple[tuple[str, ...], dict[str, bytes]]:
    count = rng.choice((0, 1, 2, 3, 5, 8))
    given = tuple(rng.choice(ARGUMENTS) for _each in range(count))
    bounded = ("--examples", "2") if given[:1] == ("fuzz",) else ()  # that it is asked for a million is no hang
    return (*given, *bounded), {"a.py": _encoded(PROOF), "c.json": _encoded(valid)}
