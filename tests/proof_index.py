"""proofs/README.md, made from the bundled proofs: ``python tests/proof_index.py`` writes it anew."""

from __future__ import annotations

from pathlib import Path

from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.proof_files import bundled, load, proof_files
from derive.checking.scope import reach_of
from derive.checking.verdict import Refuted
from derive.report.prose import words

HEAD = """# The bundled proofs

Written by `python tests/proof_index.py` from what `derive check` finds; not to be edited by hand.
"""


def entry(one: Examined, file: Path) -> str:
    """Statement, claim, assumptions, scope, source of one theorem."""
    said = words(one.theorem.docstring)
    verdict = one.steps[-1].verdict
    scope = f"proved for every finite MDP, {reach_of(one.equation.context)}" if one.equation is not None else (
        verdict.code + (f"; {verdict.note}" if isinstance(verdict, Refuted) and verdict.note else ""))
    assumed = ", ".join(map(str, one.theorem.assumes)) or "nothing"
    source = f" Source: {said.source}" if said.source else ""
    return (f"**[{one.theorem.name}]({file.as_posix()})** {said.statement}\n\n    {one.theorem.claim}\n\n"
            f"Assumes {assumed}; {scope}.{source}\n")


def index(session: Session) -> str:
    """The whole file."""
    true, false = list[str](), list[str]()
    for file in proof_files([bundled()]):
        place = file.relative_to(bundled())
        (false if len(place.parts) > 1 else true).extend(
            entry(session.examine(theorem), place) for theorem in load(file))
    return "\n".join([HEAD, f"## Theorems ({len(true)})\n", *true, f"## Mistakes ({len(false)})\n", *false])


if __name__ == "__main__":
    (bundled() / "README.md").write_text(index(Session()), encoding="utf-8")
