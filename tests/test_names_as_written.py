"""What proofs import by a star, and what they write beside the names: refused where it would say nothing."""

import importlib
import pkgutil
import sys
from collections.abc import Callable
from typing import Any

import pytest

import derive

PACKAGES = ["derive", *(one.name for one in pkgutil.walk_packages(derive.__path__, "derive.") if one.ispkg)]


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "derive.estimators"])
def test_every_listed_name_is_there(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)] == []


def test_packages_with_lists_are_among_them() -> None:
    listing = {name for name in PACKAGES if getattr(importlib.import_module(name), "__all__", ())}
    assert {"derive", "derive.rules", "derive.estimators"} <= listing


def test_a_loss_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import derive.estimators

    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("derive.estimators.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=r"check_loss needs torch: pip install 'derive-rl\[torch\]'"):
        _ = derive.estimators.check_loss


def test_a_time_among_the_places_is_told_where_it_stands() -> None:
    from derive import Q, V, a, k, s, t
    from derive.errors import NotATerm

    with pytest.raises(NotATerm, match=r"V takes 1 argument, got 2; a time stands in brackets: V\[k \+ 2\]\(s\)"):
        V(k + 2, s)
    with pytest.raises(NotATerm, match=r"Q takes 2 arguments, got 1\.$"):
        Q(s)
    with pytest.raises(NotATerm, match=r"V takes 1 argument, got 2\.$"):
        V[t](s, a)


@pytest.mark.parametrize(("written", "says"), [
    (lambda v: v.notions()["d"][v.t], r"d has no time, so d\[t\] is not in the language. Write d\(s\); .* p\[t\]\(s\)"),
    (lambda v: v.notions()["entropy"][v.t], r"entropy has no time, .* Write entropy\(s\)\.$"),
    (lambda v: v.notions()["delta"](v.tau), r"delta has a time. Write delta\[t\]\(tau\)"),
    (lambda v: v.notions()["entropy"](v.pi, v.s), r"its policy is named: entropy\(s, policy=pi\)"),
    (lambda v: v.mean(v.t, v.J), r"average over the samples i = 1..m. Write ratio\(1, H \+ 1\) \* total\(t, ...\)"),
    (lambda v: v.mean(v.s, v.J), r"Write expect\(s, ...\)"),
])
def test_a_notion_with_places_that_it_does_not_have_is_refused(written: Callable[[Any], Any], says: str) -> None:
    """What was dropped in silence made d_t(s) = d_k(s) an equation."""
    from derive.errors import NotATerm
    from derive.language import vocabulary

    with pytest.raises(NotATerm, match=says):
        written(vocabulary)


def test_a_name_without_a_time_of_its_own_takes_none() -> None:
    from derive import Q, V, a, define, s, t
    from derive.errors import NotATerm

    mine = define("Adv", [s, a], Q(s, a) - V(s))
    assert mine(s, a) == mine(s, a)
    with pytest.raises(NotATerm, match=r"Adv has no time, so Adv\[t\] is not in the language. Write Adv\(s, a\)"):
        mine[t](s, a)
