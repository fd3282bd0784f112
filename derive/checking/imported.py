"""An import that finds nothing: the name, or the module, that was meant."""

from __future__ import annotations

import ast
import re

import derive  # its names only
from derive.checking.file_tree import FileTree
from derive.checking.foreign_words import WORDS
from derive.checking.slip import Slip
from derive.checking.undefined import is_an_index, letter, meant, replaced
from derive.checking.unknown_reasons import bundled_theorems, imported, nearest
from derive.diagnostics import Fix, Span
from derive.errors import said

PROOFS = "derive.proofs."


def not_imported(error: ImportError, file: FileTree) -> Slip | None:
    """What to import instead."""
    found = re.match(r"cannot import name '(\w+)' from '(derive[\w.]*)'", said(error))
    if found is None:
        return _no_module(error.name or "", file)
    name, module = found[1], found[2]
    place = next((file.span(alias) for node in ast.walk(file.tree) if isinstance(node, ast.ImportFrom)
                  for alias in node.names if alias.name == name), None)
    message = f"{module} has no {name}"
    if module.startswith(PROOFS):
        return _of_a_proof(message, name, module.removeprefix(PROOFS), place)
    if len(name) == 1 and is_an_index(name, file):
        return Slip(message=message, span=place, hint=letter(name, file))
    if name in WORDS:
        return Slip(message=message, span=place, hint=WORDS[name])
    if name in bundled_theorems():
        return Slip(message=message, span=place, hint=f"it is a bundled proof: {imported(name)}")
    return Slip(message=message, span=place, hint=meant(name, derive.__all__), fix=replaced(name, place))


def _of_a_proof(message: str, name: str, proof: str, place: Span | None) -> Slip:
    """A name that a bundled proof does not have, which has a theorem of its own name."""
    proofs = bundled_theorems()
    if name in proofs:
        return Slip(message=message, span=place, hint=f"each theorem has a file of its own: {imported(name)}")
    if nearest(name, [proof]):
        return Slip(message=message, span=place, hint=f"did you mean {proof}?", fix=None if place is None else Fix(
            span=place, text=proof, says=f"{name}: {proof}", unsafe=True))
    near = nearest(name, proofs)
    return Slip(message=message, span=place, hint=f"did you mean {near}? {imported(near)}" if near else
                f"its theorem is {proof}")


def _no_module(name: str, file: FileTree) -> Slip | None:
    if name.startswith(PROOFS):
        place = next((file.span(node) for node in ast.walk(file.tree) if isinstance(node, ast.ImportFrom)
                      and node.module == name), None)
        near = nearest(name.removeprefix(PROOFS), bundled_theorems())
        return Slip(message=f"there is no bundled proof {name.removeprefix(PROOFS)}", span=place,
                    hint=f"did you mean {near}? {imported(near)}" if near else
                    f"a bundled proof is imported by its name, as in {imported('policy_gradient')}")
    if name and "._derive_" not in f".{name}":
        return None
    return Slip(message="this import asks for a file that is not beside this one",
                hint="a proof imports lemmas from files of its own folder: from .lemmas import mine; "
                     "and bundled ones: from derive.proofs.policy_gradient import policy_gradient")
