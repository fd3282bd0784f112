"""``from derive.X import *`` gives what the package lists."""

import importlib
import pkgutil
import sys

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
