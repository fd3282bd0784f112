"""The kernel on identities that everybody knows, each beside a false twin; random points say the same."""

from __future__ import annotations

import pytest
from identities import NAMED, Named
from random_pairs import decision
from residues import agrees, first_difference, shapes_at

from derive.procedures.certificates import Differs
from derive.procedures.decision import Shown


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.name)
def test_an_identity_is_shown_and_its_twin_is_not(named: Named) -> None:
    found = decision(named.pair(named.right))
    if named.first is None:
        assert not isinstance(found, Shown)
    else:
        assert isinstance(found, Shown)
        assert (found.equation.context.first, found.equation.context.owes) == (named.first, frozenset())
    assert not isinstance(decision(named.pair(named.twin)), Shown)


@pytest.mark.parametrize("named", [named for named in NAMED if named.residues], ids=lambda named: named.name)
def test_random_points_say_the_same(named: Named) -> None:
    assert first_difference(named.pair(named.right)) is None
    assert first_difference(named.pair(named.twin)) is not None
    twin = decision(named.pair(named.twin))
    if isinstance(twin, Differs) and twin.horizon is not None:
        assert False in [agrees(named.pair(named.twin), shape) for shape in shapes_at(twin.horizon)]
