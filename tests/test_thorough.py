"""How many shapes are asked where the kernel has an equation: two cheap ones, none for a lemma, more when thorough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from derive.checking.examine import Session, examine
from derive.checking.judgement import Examined
from derive.checking.proof_files import bundled, load
from derive.cli import main
from derive.errors import KernelDisagrees
from derive.language.models import Shape
from derive.procedures.answers import Outcome
from derive.procedures.decide import Comparison

(REWARD_TO_GO,) = load(bundled() / "reward_to_go.py")
LEMMA = REWARD_TO_GO.chain.reasons[0].reason


def scopes(**options: Any) -> list[Any]:
    return [step.scope for step in examine(REWARD_TO_GO, **options).steps]


def test_the_default_asks_two_shapes_and_no_zeros() -> None:
    assert {(len(one.exact), one.with_zeros) for one in scopes()} == {(2, ())}


@pytest.mark.slow
def test_a_thorough_look_asks_more_and_zeros() -> None:
    for one in scopes(thorough=True):
        assert len(one.exact) > 2
    assert any(one.with_zeros for one in scopes(thorough=True))


ENDLESS = [file for file in sorted(bundled().rglob("[a-z]*.py")) if "stop=forever" in file.read_text(encoding="utf-8")]


@pytest.mark.slow
@pytest.mark.parametrize("file", ENDLESS, ids=lambda file: file.stem)
def test_the_oracle_has_no_objection_to_what_the_library_proves_without_end(file: Path) -> None:
    """A look that is not thorough does not ask it where the kernel has an equation."""
    session = Session(thorough=True)
    for one in load(file):
        assert session.examine(one).as_claimed


def test_what_zeros_contradict_is_seen_by_a_thorough_look_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Comparison._quietly

    def contradicted(self: Comparison, before: Any, after: Any, shape: Shape, zeros: Any, *, modular: bool) -> Any:
        return Outcome.DIFFER if zeros else honest(self, before, after, shape, zeros, modular=modular)

    monkeypatch.setattr(Comparison, "_quietly", contradicted)
    assert examine(REWARD_TO_GO).follows
    with pytest.raises(KernelDisagrees):
        examine(REWARD_TO_GO, thorough=True)


def test_a_lemma_is_decided_without_shapes_and_in_full_when_it_is_asked_for_itself(
        monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Examined] = []
    honest = Session._judged
    monkeypatch.setattr(Session, "_judged", lambda self, theorem, lemma: found.append(
        honest(self, theorem, lemma=lemma)) or found[-1])
    session = Session()
    equation = session.lemma(LEMMA)
    lemma = found[-1]
    assert equation is lemma.equation is not None
    assert all(step.scope is not None and not step.scope.exact for step in lemma.steps)
    assert lemma.used == ()
    itself = session.examine(LEMMA)
    assert all(step.scope is not None and step.scope.exact for step in itself.steps)
    (false,) = load(bundled() / "refuted" / "discount_lost.py")
    assert session.lemma(false) is None


@pytest.mark.parametrize(("flags", "zeros"), [([], False), (["--thorough"], True)])
def test_the_flag_reaches_the_child(flags: list[str], zeros: bool, capsys: pytest.CaptureFixture[str]) -> None:
    path: Path = bundled() / "reward_to_go.py"
    assert main(["check", str(path), "-v", *flags]) == 0
    assert ("exact, with zeros" in capsys.readouterr().out) == zeros
