"""Where MDPs come from: the built-in ones, random ones, tables, files, and every mistake in them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from derive.errors import BadInput, InvalidModel
from derive.language.models import Model, Shape
from derive.numeric import files
from derive.numeric.closed_form import objective
from derive.numeric.files import from_json, from_npz, load
from derive.numeric.sources import BUILT_IN, built_in, corridor, from_gymnasium, lake, random_mdp, two_state
from derive.numeric.tabular import TabularMDP, from_model

# -- built in and random ------------------------------------------------------------------------------


def test_built_in() -> None:
    assert {name: built_in(name).shape for name in BUILT_IN} == {
        "bandit": Shape(1, 3, 0), "two-state": Shape(2, 2, 1), "corridor": Shape(5, 2, 8), "lake": Shape(16, 4, 20)}
    with pytest.raises(BadInput, match="Choose one of bandit, two-state, corridor, lake"):
        built_in("maze")


def test_lake_by_hand() -> None:
    """From the upper left corner, right: 0.8 to the right, 0.1 down, 0.1 up against the rim."""
    P = lake().P
    assert P[0, 2, [1, 4, 0]] == pytest.approx([0.8, 0.1, 0.1])
    assert P[5, 0, 5] == 1  # a hole
    assert P[14, 2, [15, 10, 14]] == pytest.approx([0.8, 0.1, 0.1])  # right beside the goal: below is the rim
    assert lake().r[14, 2, 15] == 1
    assert lake().r[15].max() == 0


def test_corridor_by_hand() -> None:
    """Always right, no slip: the goal is entered at t = 3, worth 0.95^3."""
    theta = np.tile([-np.inf, 0.0], (5, 1))
    assert objective(corridor(slip=0.0), theta) == pytest.approx(0.95**3)
    assert objective(corridor(slip=0.0, horizon=2), theta) == 0


def test_random_mdps_are_reproducible() -> None:
    one, same, other = random_mdp(1, 4, 3, 2), random_mdp(1, 4, 3, 2), random_mdp(2, 4, 3, 2)
    assert (one.P == same.P).all()
    assert (one.P != other.P).any()
    assert (one.P == 0).any()
    with pytest.raises(BadInput, match="0 states and 2 actions"):
        random_mdp(1, 0, 2, 1)


@pytest.mark.slow
def test_random_numbers_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import numpy as np; from derive.language.models import Shape\n"
        "from derive.language.signature import signature\n"
        "from derive.language.vocabulary import J, R, s, a, tau, function, pi\n"
        "from derive.language.terms import Policy\n"
        "from derive.numeric.instances import random_instance\n"
        "from derive.numeric.gaps import assignments\n"
        "parts = signature(J, *(function(c)(s) for c in 'bcdefg'), *(Policy(c)(a | s) for c in 'uvw'))\n"
        "one = random_instance(np.random.default_rng(0), Shape(2, 2, 1), parts)\n"
        "print(one.functions, one.policies, list(assignments({s, a, tau}, one, most=5)))")
    outputs = {subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed},
                              capture_output=True, text=True, check=True).stdout for seed in ("1", "2")}
    assert len(outputs) == 1


def test_from_model() -> None:
    half, one = Fraction(1, 2), Fraction(1)
    model = Model(shape=Shape(1, 2, 3), mu=(one,), P=(((one,), (one,)),), r=(((half,), (one,)),), gamma=half,
                  policies={"pi": ((half, half),)}, scores=((one, one),))
    mdp = from_model(model)
    assert (mdp.gamma, mdp.horizon, mdp.r.tolist()) == (0.5, 3, [[[0.5], [1.0]]])


# -- the checks of TabularMDP ---------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "message"), [
    ({"mu": [0.5, 0.4]}, "mu sums to 0.9, expected 1. Divide the row by its sum"),
    ({"mu": [1.5, -0.5]}, "mu has the negative entry -0.5"),
    ({"mu": [1.0]}, "mu has shape (1,), but P has 2 states"),
    ({"mu": [np.nan, 1]}, "mu[0] is nan"),
    ({"P": np.full((2, 2, 2), 0.45)}, "P(·|s=0, a=0) sums to 0.9, expected 1"),
    ({"P": [[[1, 0], [0, 1]], [[0, 1], [2, -1]]]}, "P(·|s=1, a=1) has the negative entry -1"),
    ({"P": np.ones((2, 2))}, "P has shape (2, 2), expected (S, A, S)"),
    ({"P": np.ones((2, 0, 2))}, "P has shape (2, 0, 2)"),
    ({"P": [[[1, 0], [0]]]}, "P is no rectangular array of numbers"),
    ({"r": np.zeros((2, 2))}, "r has shape (2, 2), but P has (2, 2, 2)"),
    ({"r": [[[0, 0], [0, np.inf]], [[0, 0], [0, 0]]]}, "r[0, 1, 1] is inf"),
    ({"gamma": "high"}, "gamma is 'high', not a number"),
    ({"gamma": True}, "gamma is True, not a number"),
    ({"gamma": np.nan}, "gamma is nan"),
    ({"gamma": 10**400}, "gamma is inf"),
    ({"horizon": -1}, "horizon is -1"),
    ({"horizon": 1.5}, "horizon is 1.5"),
    ({"horizon": 10**9}, "at most 100,000"),
])
def test_mistakes_in_an_mdp(changes, message) -> None:
    with pytest.raises(InvalidModel, match=re.escape(message)):
        replace(two_state(), **changes)


def test_rows_that_nearly_sum_to_one_are_divided_by_their_sum() -> None:
    near = replace(two_state(), mu=[1, 1e-9], P=[[[1, 1e-9], [0, 1]], [[0.5, 0.5 - 4e-9], [0.25, 0.75]]])
    assert [near.mu.sum(), near.P[0, 0].sum(), near.P[1, 0].sum()] == pytest.approx([1] * 3, abs=3e-16)
    assert near.mu[1] == pytest.approx(1e-9, rel=1e-6)
    assert near.P[1, 1].tolist() == [0.25, 0.75]  # a row that sums to 1 stays the same
    with pytest.raises(ValueError, match="read-only"):
        near.P[0, 0, 0] = 0.5
    with pytest.raises(InvalidModel, match="Divide the row by its sum"):
        replace(two_state(), mu=[1, 1e-7])


def test_an_mdp_cannot_be_changed_behind_its_back() -> None:
    mine = np.array([1.0, 0.0])
    mdp = replace(two_state(), mu=mine)
    mine[:] = 5
    assert mdp.mu.tolist() == [1, 0]
    with pytest.raises(ValueError, match="read-only"):
        mdp.mu[0] = 2


# -- Gymnasium-style tables -----------------------------------------------------------------------------


def table(*rows) -> SimpleNamespace:
    return SimpleNamespace(P={s: dict(enumerate(row)) for s, row in enumerate(rows)})


def test_gymnasium_terminal_states_and_merging() -> None:
    """As in FrozenLake: two entries lead to 1, rewards 1 and 4 with 0.25 each (mean 2.5); 2 ends the episode."""
    env = table(
        [[(0.25, 1, 1.0, False), (0.25, 1, 4.0, False), (0.5, 2, 3.0, True)]],
        [[(1.0, 1, 1.0, False)]],
        [[(1.0, 0, 9.0, False)]])
    mdp = from_gymnasium(SimpleNamespace(unwrapped=env), gamma=0.5, horizon=1)
    assert mdp.mu.tolist() == [1, 0, 0]
    assert mdp.P[0, 0].tolist() == [0, 0.5, 0.5]
    assert mdp.r[0, 0].tolist() == [0, 2.5, 3]
    assert (mdp.P[2, 0].tolist(), mdp.r[2, 0].tolist()) == ([0, 0, 1], [0, 0, 0])
    # J = 1/2 (2.5 + 1/2) + 1/2 3 = 3
    assert objective(mdp, np.zeros((3, 1))) == pytest.approx(3)


def test_gymnasium_an_ordinary_state_may_end_an_episode() -> None:
    """State 1 is the start and also where 0 ends (as in Taxi): the end is an added state, 2."""
    env = table([[(1.0, 1, 5.0, True)]], [[(1.0, 0, 1.0, False)]])
    env.initial_state_distrib = np.array([0.0, 1.0])
    mdp = from_gymnasium(env, gamma=1.0, horizon=3)
    assert mdp.states == 3
    assert objective(mdp, np.zeros((3, 1))) == 6  # 1, then 5, then nothing


def test_gymnasium_isd_and_name() -> None:
    env = table([[(1.0, 0, 0.0, False)]], [[(1.0, 1, 0.0, False)]])
    env.isd, env.spec = [0.5, 0.5], SimpleNamespace(id="Tiny-v0")
    mdp = from_gymnasium(env, gamma=1.0, horizon=0)
    assert (mdp.mu.tolist(), mdp.name) == ([0.5, 0.5], "Tiny-v0")


@pytest.mark.parametrize(("env", "message"), [
    (SimpleNamespace(), "no table P"),
    (SimpleNamespace(P=3), "no table P"),
    (SimpleNamespace(P={}), "no table P"),
    (SimpleNamespace(P={5: {0: []}}), "not of the form"),
    (table([[(1.0, 0, 0.0)]]), "not of the form"),
    (table([[(1.0, 7, 0.0, False)]]), "P[0][0] of SimpleNamespace leads to 7"),
    (table([[(1.0, 0, float("nan"), False)]]), "Give finite numbers"),
    (table([[(1.0, 0, 0.0, False)]], []), "P[1] of SimpleNamespace has 0 actions"),
    (SimpleNamespace(P=[[[(1.0, 0, 0.0, False)]]], isd=[0.5, 0.5]), "initial distribution of SimpleNamespace has"),
    (SimpleNamespace(P=[[[(1.0, 0, 0.0, False)]]], isd="x"), "initial distribution"),
])
def test_gymnasium_mistakes(env, message) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        from_gymnasium(env, gamma=0.9, horizon=1)


def test_gymnasium_rows_are_checked() -> None:
    with pytest.raises(InvalidModel, match=r"sums to 0\.5"):
        from_gymnasium(table([[(0.5, 0, 0.0, False)]]), gamma=0.9, horizon=1)


# -- files ------------------------------------------------------------------------------------------------

GOOD = {"mu": [1, 0], "P": [[[1, 0], [0, 1]], [[0, 1], [1, 0]]], "r": [[0, 1], [2, 3]], "gamma": 0.5, "horizon": 1}


def written(folder, fields) -> str:
    path = folder / "mdp.json"
    path.write_text(fields if isinstance(fields, str) else json.dumps(fields), encoding="utf-8")
    return str(path)


def test_json(tmp_path) -> None:
    loaded = load(written(tmp_path, {**GOOD, "theta": [[0, 1], [2, 3]], "name": "mine"}))
    assert loaded.mdp.r[1, 0].tolist() == [2, 2]  # r(s, a) holds whatever the next state
    assert (loaded.mdp.horizon, loaded.mdp.gamma, loaded.mdp.name) == (1, 0.5, "mine")
    assert loaded.theta is not None
    assert loaded.theta.tolist() == [[0, 1], [2, 3]]
    assert load(written(tmp_path, GOOD)).theta is None


def test_npz(tmp_path) -> None:
    path = tmp_path / "mdp.npz"
    arrays = {"mu": two_state().mu, "P": two_state().P, "r": two_state().r}
    np.savez(path, **arrays, gamma=0.5, horizon=1, theta=np.zeros((2, 2)), name="mine")
    loaded = load(path)
    assert (loaded.mdp.r == two_state().r).all()
    assert (loaded.mdp.horizon, loaded.mdp.name) == (1, "mine")
    assert loaded.theta is not None


@pytest.mark.parametrize(("fields", "error", "message"), [
    ("", BadInput, "is empty"),
    ("{", BadInput, "line 1, column 2: not JSON"),
    ("[" * 100_000, BadInput, "nests its lists too deeply"),
    ("[1]", BadInput, "holds a list"),
    ('{"mu": [1], "mu": [1]}', BadInput, "field 'mu' is given twice"),
    ('{"mu": ' + "1" * 5000 + "}", BadInput, "digits"),
    ({**GOOD, "rewards": []}, BadInput, "unknown field 'rewards'"),
    ({key: GOOD[key] for key in ("mu", "P", "r", "gamma")}, BadInput, "no field 'horizon'"),
    ({**GOOD, "mu": ["1", "0"]}, BadInput, "mu holds something that is not a real number"),
    ({**GOOD, "mu": [True, False]}, BadInput, "mu holds something"),
    ({**GOOD, "mu": None}, BadInput, "mu holds something"),
    ({**GOOD, "mu": [10**30, 0]}, BadInput, "mu holds something"),
    ({**GOOD, "P": [[[1, 0], [1]]]}, BadInput, "the rows of P differ in length"),
    ({**GOOD, "P": [[1, 0], [0, 1]]}, InvalidModel, "P has shape (2, 2)"),
    ({**GOOD, "r": [[0, 1, 2]]}, InvalidModel, "r has shape (1, 3)"),
    ({**GOOD, "r": [[0, float("nan")], [0, 0]]}, InvalidModel, "r[0, 1, 0] is nan"),
    ({**GOOD, "theta": [[0, 1]]}, InvalidModel, "theta has shape (1, 2)"),
    ({**GOOD, "horizon": "1"}, InvalidModel, "horizon is '1'"),
    ({**GOOD, "gamma": None}, InvalidModel, "gamma is None"),
])
def test_mistakes_in_json(tmp_path, fields, error, message) -> None:
    path = written(tmp_path, fields)
    with pytest.raises(error, match=re.escape(message)) as caught:
        load(path)
    assert str(caught.value).startswith(path)


def test_files_that_cannot_be_read(tmp_path, monkeypatch) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        from_json(tmp_path / "none.json")
    with pytest.raises(BadInput, match="is a folder"):
        load(tmp_path)
    with pytest.raises(BadInput, match=r"cannot be opened|does not exist"):
        load("a\0b.json")
    with pytest.raises(BadInput, match=r"cannot be opened|does not exist"):
        load("x" * 5000 + ".json")
    text = tmp_path / "mdp.txt"
    text.write_text("{}")
    with pytest.raises(BadInput, match=re.escape("Give a .json or .npz file")):
        load(text)
    binary = tmp_path / "mdp.json"
    binary.write_bytes(b"\x80\x81\x00")
    with pytest.raises(BadInput, match="is not text"):
        load(binary)
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(BadInput, match="not a regular file"):
        load(tmp_path / "pipe.json")
    monkeypatch.setattr(files, "LARGEST_FILE", 2)
    with pytest.raises(BadInput, match="has 3 bytes; at most 2"):
        load(binary)


def test_mistakes_in_npz(tmp_path) -> None:
    path = tmp_path / "mdp.npz"
    for content in (b"not a zip", b"PK\x03\x04 cut off", b"PK\x05\x06" + bytes(18)):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=r"not an NPZ archive|has no field"):
            load(path)
    np.savez(path, **{**GOOD, "P": np.array([{}], dtype=object)})
    with pytest.raises(BadInput, match="pickled objects"):
        from_npz(path)
    np.savez(path, mu=np.array([1.0]))
    with pytest.raises(BadInput, match="no field 'P'"):
        load(path)
    np.savez(path, **{**GOOD, "mu": np.array([1j, 0])})
    with pytest.raises(BadInput, match="not a real number"):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mu.npy", b"garbage")
    with pytest.raises(BadInput):
        load(path)


def test_an_npz_bomb_is_not_unpacked(tmp_path) -> None:
    path = tmp_path / "mdp.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mu.npy", bytes(files.LARGEST_FILE + 1))
    assert path.stat().st_size < 100_000
    with pytest.raises(BadInput, match="unpacks to"):
        load(path)


def test_the_errors_above_are_not_raised_for_a_good_mdp() -> None:
    good = two_state()
    assert isinstance(TabularMDP(good.mu, good.P, good.r, good.gamma, good.horizon), TabularMDP)
