"""Mutants of every gallery entry: a term dropped, a sign, a denominator, a detach. None is called unbiased falsely.

The judge is brute force in floats. Whatever it tells apart from the target must not come out
unbiased, and whatever it cannot must.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from estimators_oracle import gradient_of_best_of, gradient_of_return, judged, mean_gradient, random_policies

from derive.errors import BadInput
from derive.estimators import check_advantage
from derive.estimators.gallery import ENTRIES
from derive.estimators.gallery.entry import Entry

SWAPPED: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
RENAMED = {"sum": "mean", "mean": "sum", "max": "min", "minimum": "maximum", "clamp": None, "detach": None, "exp": None,
           "cumsum": None}


def mutations(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that may stand in the place of one."""
    if isinstance(node, ast.BinOp):
        yield node.left
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            yield ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right)
        if isinstance(node.op, ast.Sub | ast.Mult):
            yield node.right
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RENAMED:
        other = RENAMED[node.func.attr]
        yield node.func.value if other is None else ast.Call(
            ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))


def mutants(function: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """(what was changed, the function so changed) for each place and change; closures keep their cells' values."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    root = tree.body[0]
    assert isinstance(root, ast.FunctionDef)
    root.decorator_list = []
    places = [node for part in root.body for node in ast.walk(part)]
    cells = inspect.getclosurevars(function)
    for number, place in enumerate(places):
        for change, new in enumerate(mutations(place)):
            changed = copy.deepcopy(tree)
            target = [node for part in changed.body[0].body for node in ast.walk(part)][number]
            new = copy.deepcopy(new)

            class Replace(ast.NodeTransformer):
                def visit(self, node: ast.AST, target: Any = target, new: Any = new) -> Any:
                    return new if node is target else self.generic_visit(node)

            text = ast.unparse(ast.fix_missing_locations(Replace().visit(changed)))
            scope = {**inspect.unwrap(function).__globals__, **cells.nonlocals}
            exec(compile(text, "<mutant>", "exec"), scope)
            yield f"{function.__name__}:{ast.unparse(place)}:{change}", scope[function.__name__]


ADVANTAGES = [one for one in ENTRIES if not one.loss and one.name != "dynamic-sampling"]
LOSSES = [one for one in ENTRIES if one.loss and one.name != "padding-in"]
QUICK = ("token-ratio", "no-ratio-off", "k2-sequence", "k1-loss")
"""Run by default; the others are deep."""


def by_brute_force(one: Entry, function: Callable[..., Any], group: int) -> str | None:
    pairs = []
    corners = [np.roll(np.array([[0.02, *[0.98 / (len(one.rewards) - 1)] * (len(one.rewards) - 1)]]), place, axis=1)
               for place in range(len(one.rewards))] if one.prompts == 1 else []
    for policies in [*(random_policies(seed, one.prompts, len(one.rewards)) for seed in range(3)), *corners]:
        arguments: dict[str, Any] = {}
        if "index" in inspect.signature(one.function).parameters:
            arguments["index"] = np.repeat(np.arange(one.prompts), group)
        if one.lengths is not None:
            arguments["lengths"] = one.lengths

        def plain(r: Any, **more: Any) -> Any:
            return np.array([float(x) for x in function(r, **more)])

        mean = mean_gradient(plain, one.rewards, group, policies, **arguments)
        wanted = (gradient_of_return(one.rewards, policies) if one.target == "J"
                  else gradient_of_best_of(one.rewards, policies, 2))
        if not np.isfinite(mean).all():
            return None
        pairs.append((mean, wanted))
    return judged(pairs)


@pytest.mark.parametrize("one", [
    pytest.param(one, id=one.name, marks=() if one.prompts == 1 and one.name != "grpo-leave-one-out-std"
                 else pytest.mark.deep) for one in ADVANTAGES])
def test_mutants_of_advantages(one: Entry) -> None:
    tried = 0
    group = min(one.groups)
    for name, function in mutants(one.function):
        try:
            expected = by_brute_force(one, function, group)
        except Exception:  # a mutant that does not run is no estimator
            expected = "error"
        if expected == "error":
            continue
        try:
            result = check_advantage(function, one.rewards, group, prompts=one.prompts, lengths=one.lengths,
                                     target=one.target)
        except BadInput:
            continue
        tried += 1
        if expected is None:
            assert result.verdict == "undefined", name
        else:
            assert ("zero mean" if result.verdict == "no gradient" else result.verdict) == expected, name
    assert tried or one.function.__name__ in ("per_prompt", "whitened", "whitened_after_centring")


@pytest.mark.parametrize("one", [
    pytest.param(one, id=one.name, marks=() if one.name in QUICK else pytest.mark.deep) for one in LOSSES])
def test_mutants_of_losses(one: Entry) -> None:
    torch = pytest.importorskip("torch")
    from estimators_torch_oracle import mean_gradient as brute_force
    from estimators_torch_oracle import target_gradient

    from derive.estimators import TabularLM, check_loss
    from derive.estimators.loss import conventions

    model = TabularLM(vocab=2, length=2, rewards=(0, 1, 3), seed=6)
    names = inspect.signature(one.function).parameters
    behaviour = "rollout" if "rollout_log_probs" in names else "old"
    model = model.away(behaviour) if one.off_policy else model
    wanted = target_gradient(one.target, model)
    tried = 0
    for name, function in mutants(one.function):
        try:
            mean = brute_force(lambda data, function=function: function(**{key: data[key] for key in names}), model, 2,
                               behaviour)
            result = check_loss(function, 2, one.target, model=model)
        except Exception:  # a mutant that does not run, or returns no number, is no loss
            continue
        tried += 1
        if conventions(function, model, behaviour)[0] == "token":
            continue  # it runs only where samples are as many as tokens
        refused = result.verdict in ("undefined", "biased", "no gradient")
        if not torch.isfinite(mean).all() or (name.endswith("mask:1") and refused):
            # a division by the mask has a NaN gradient at padding, for which the oracle does not ask
            assert refused, name
            continue
        if result.mask_leak:
            assert result.verdict == "biased", name
            continue
        bias = float((mean - wanted).norm() / wanted.norm())
        factor = float((mean * wanted).sum() / (wanted * wanted).sum())
        residual = float((mean - factor * wanted).norm() / wanted.norm())
        if bias < 1e-10:
            assert result.verdict == "unbiased", name
        elif float(mean.norm()) < 1e-12:
            assert result.verdict in ("zero mean", "no gradient"), name
        elif residual < 1e-10:
            assert result.verdict == "proportional", name
        else:
            assert result.verdict == "biased", name
    assert tried
