"""An estimator or a loss that needs torch, where torch is not installed: how it is installed is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from derive.cli import main
from derive.errors import BadInput
from derive.estimators import assert_unbiased

FILES = {
    "at the top": ("import torch\n\ndef f(log_probs, rewards, mask): return -(log_probs * rewards).sum()\n", "f"),
    "a part of it": ("from torch.nn import functional\n\ndef f(log_probs, rewards): return log_probs.sum()\n", "f"),
    "in a loss": ("def f(log_probs, rewards, mask):\n    import torch\n    return torch.exp(log_probs).sum()\n", "f"),
    "in an advantage": ("def f(rewards):\n    import torch\n    return rewards - torch.mean(rewards)\n", "f"),
    "in what it calls": ("def g(rewards):\n    import torch as th\n    return rewards - th.mean(rewards)\n\n"
                         "def f(rewards): return g(rewards)\n", "f"),
}


@pytest.fixture(autouse=True)
def _not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("torch.")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("name", FILES)
def test_the_command_names_the_next_move(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, function = FILES[name]
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    assert main(["estimator", f"{tmp_path}/own.py:{function}", "--group", "2"]) == 2
    assert "pip install 'derive-rl[torch]'" in capsys.readouterr().err


def test_so_does_an_assertion() -> None:
    def loss(log_probs: object, rewards: object) -> object:
        return rewards

    with pytest.raises(BadInput, match=r"loss is a loss and needs torch: pip install 'derive-rl\[torch\]'"):
        assert_unbiased(loss, group=2)


def test_another_module_that_is_missing_is_not_torch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.py").write_text("import torchh\n\ndef f(rewards): return rewards\n", encoding="utf-8")
    assert main(["estimator", f"{tmp_path}/own.py:f", "--group", "2"]) == 2
    assert "derive-rl" not in capsys.readouterr().err
