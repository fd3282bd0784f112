"""A hole that a definition fills: of every notion, and what is said where nothing is found for a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

import derive
from derive.cli import main
from derive.fixing.spelling import Scope
from derive.language.vocabulary import notions

CHAINS = {
    "entropy": ("entropy(s), by(), -total(a, pi(a | s) * log(pi(a | s)))", "policy_positive"),
    "G": ("G[t](tau), by(), total(k, gamma**(k - t) * r(tau.s[k], tau.a[k], tau.s[k + 1]), start=t)", ""),
    "delta": ("delta[t](tau), by(), r(tau.s[t], tau.a[t], tau.s[t + 1]) + gamma * V[t + 1](tau.s[t + 1]) "
              "- V[t](tau.s[t])", "additive_return"),
    "p": ("p[t](s), by(), expect(tau, same(tau.s[t], s))", ""),
    "d": ("d(s), by(), total(t, gamma**t * p[t](s), stop=forever)", "discount_below_one"),
    "A": ("A[t](s, a), by(), Q[t](s, a) - V[t](s)", "additive_return"),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_hole_is_filled_by_the_definition(name: str, tmp_path: Path) -> None:
    chain, assumes = CHAINS[name]
    words = sorted(set(derive.__all__) - {"__version__", "main", "evaluate", "examine"})
    file = tmp_path / "proof.py"
    file.write_text(f"from derive import ({', '.join(words)})\n\n@theorem('x', assumes=[{assumes}])\n"
                    f"def x(): return calc({chain})\n", encoding="utf-8")
    assert main(["check", "-q", "--fix", str(file)]) == 0
    assert f"by(definition({name}))" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", notions())
def test_a_notion_is_known_by_its_name_however_it_was_imported(name: str) -> None:
    meant = getattr(derive, name)
    assert meant is getattr(derive, name)
    assert Scope({name: meant}, {}).python(name).text == name


def test_nothing_found_for_a_warning_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 0 for a warning, and neither --diff nor --fix said a word."""
    file = tmp_path / "proof.py"
    file.write_text("from derive import *\nreasons = [by()]\n\n@theorem('x')\n"
                    "def x(): return calc(p[t](s), *reasons, 1 * p[t](s))\n", encoding="utf-8")
    for option in ("--diff", "--fix"):
        assert main(["check", option, str(file)]) == 0
        assert "nothing was found that mends it" in capsys.readouterr().err
    file.write_text(file.read_text(encoding="utf-8").replace("by()", "by(regroup)"), encoding="utf-8")
    for option in ("--diff", "--fix"):
        assert main(["check", option, str(file)]) == 0
        assert "nothing was found" not in capsys.readouterr().err
