"""Exact tensors: products, orders, softmax and shapes give what torch gives in floats, derivatives included."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional

from derive.estimators import TabularLM, check_loss, field  # noqa: E402
from derive.estimators.numbers import Exact, exact, nearest  # noqa: E402
from derive.estimators.provenance import Ledger, LeftExact  # noqa: E402
from derive.estimators.tensors import ExactTensor  # noqa: E402

NUMBERS = (3, 1, 2, 5, 4, 7, 6, 9, 8)
ONE = field.rational(field.fmpq(1))


def exact_input(numbers: Any, ledger: Ledger) -> ExactTensor:
    """A (3, 3) tensor in which entry (i, j) is a variable of that name."""
    array = np.empty((3, 3), dtype=object)
    for place, number in zip(np.ndindex(3, 3), numbers, strict=True):
        made = exact(number, ledger)
        assert made is not None
        array[place] = Exact(made.value, ledger, {place: ONE})
    return ExactTensor(array, ledger)


def gradient_of(total: Any) -> Any:
    slope = total.array.item().slope
    return np.array([[float(field.ball(slope.get((i, j), {}))) for j in range(3)] for i in range(3)])


EYE = torch.eye(3, dtype=torch.float64)
WEIGHTS = torch.tensor([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0], [2.0, 1.0, 0.0]], dtype=torch.float64)
COVERED: dict[str, Callable[[Any], Any]] = {
    "@": lambda x: x @ WEIGHTS, "reversed @": lambda x: WEIGHTS @ x, "x @ x": lambda x: x @ x,
    "matmul": lambda x: torch.matmul(x, x[0]), "mm": lambda x: torch.mm(x, WEIGHTS),
    "mv": lambda x: torch.mv(WEIGHTS, x[1]), "bmm": lambda x: torch.bmm(x[None], WEIGHTS[None]),
    "dot": lambda x: torch.dot(x[0], x[1]), "inner": lambda x: torch.inner(x[0], x[1]),
    "outer": lambda x: torch.outer(x[0], x[1]), "matmul of a comparison": lambda x: (x > 4).double() @ x,
    "einsum": lambda x: torch.einsum("ij,jk->ik", x, WEIGHTS), "einsum floats first": lambda x: torch.einsum(
        "ij, j -> i", WEIGHTS, x[0]), "einsum ...": lambda x: torch.einsum("...i,...i->...", x, x),
    "einsum of one": lambda x: torch.einsum("ii->", x), "einsum of three": lambda x: torch.einsum(
        "i,j,k->", x[0], x[1], x[2]),
    "sort": lambda x: torch.sort(x, dim=1).values * WEIGHTS,
    "sort down": lambda x: x.sort(0, descending=True)[0] * WEIGHTS,
    "argsort": lambda x: x.gather(1, torch.argsort(x, dim=1)) * WEIGHTS, "topk": lambda x: x.topk(2, dim=1).values,
    "median": lambda x: x.median(1).values * 1, "median of all": lambda x: x.median() * x[0],
    "max along": lambda x: x.max(1).values * x[:, 0], "min along": lambda x: x.min(dim=0, keepdim=True)[0] * x,
    "max of all": lambda x: x.max() * x, "amax": lambda x: x.amax((0, 1)) * x,
    "amin": lambda x: x.amin(1, keepdim=True) * x,
    "argmax": lambda x: x[0, x.argmax(1)], "argmin of all": lambda x: x.view(-1)[x.argmin()] * x,
    "softmax": lambda x: torch.softmax(x.log(), -1) * WEIGHTS,
    "F.softmax": lambda x: F.softmax(x.log(), dim=0) * WEIGHTS,
    "softmax of equals": lambda x: torch.softmax(x.detach() * 0 + 5, 1) * x,
    "log_softmax": lambda x: F.log_softmax(x.log(), -1) * WEIGHTS,
    "x.log_softmax": lambda x: x.log().log_softmax(0) * WEIGHTS,
    "logsumexp": lambda x: torch.logsumexp(x.log() + x.log()[:, :1], 1) * x[0],
    "norm": lambda x: (x[0] * x[0].detach() * 0 + x[:, :1]).norm(dim=1), "nansum": lambda x: x.nansum(0) * x,
    "mse_loss": lambda x: F.mse_loss(x, WEIGHTS), "full_like": lambda x: torch.full_like(x, 2.0) * x,
    "T": lambda x: x.T * WEIGHTS, "mT": lambda x: x.mT * WEIGHTS, "t": lambda x: x.t() * WEIGHTS,
    "permute": lambda x: x.permute(1, 0) * WEIGHTS, "tril": lambda x: x.tril() * WEIGHTS,
    "triu": lambda x: torch.triu(x, diagonal=1) * WEIGHTS, "roll": lambda x: x.roll(1, 1) * WEIGHTS,
    "unbind": lambda x: x.unbind(1)[2] * x[0], "split": lambda x: x.split(2)[1] * WEIGHTS,
    "split sizes": lambda x: x.split([1, 2], dim=1)[1] * x[:, :1], "chunk": lambda x: x.chunk(2, dim=1)[0] * x[:, :1],
    "gather": lambda x: x.gather(1, torch.tensor([[2], [0], [1]])) * x,
    "index_select": lambda x: x.index_select(1, torch.tensor([2, 0])),
    "masked_select": lambda x: x.masked_select(x > 3),
}


@pytest.mark.parametrize("name", COVERED)
def test_values_and_derivatives_are_those_of_torch(name: str) -> None:
    function, ledger = COVERED[name], Ledger()
    for seed in range(3):
        numbers = random.Random(seed).sample(NUMBERS, 9)
        floats = torch.tensor(numbers, dtype=torch.float64).view(3, 3).requires_grad_(True)
        found, wanted = function(exact_input(numbers, ledger)), function(floats)
        assert tuple(found.shape) == tuple(wanted.shape)
        values = [nearest(exact(entry, ledger)) for entry in found.array.reshape(-1)]  # type: ignore[arg-type]
        assert np.allclose(values, wanted.detach().numpy().reshape(-1), rtol=1e-12)
        weights = torch.arange(1, wanted.numel() + 1, dtype=torch.float64).view(wanted.shape)
        (gradient,) = torch.autograd.grad((wanted * weights).sum(), floats)
        assert np.allclose(gradient_of((found * weights).sum()), gradient.numpy(), rtol=1e-12)
    assert not ledger.exits


def test_shared_extremes_share_the_derivative_and_say_so() -> None:
    numbers, ledger = (2, 2, 1, 0, 2, 1, 2, 1, 0), Ledger()
    floats = torch.tensor(numbers, dtype=torch.float64).view(3, 3).requires_grad_(True)
    for function in (lambda x: x.max(), lambda x: x.amax(1).sum(), lambda x: x.min()):
        (gradient,) = torch.autograd.grad(function(floats), floats)
        assert np.allclose(gradient_of(function(exact_input(numbers, ledger))), gradient.numpy())
    assert any("extreme of equal numbers" in tie for tie in ledger.ties)


def test_an_order_of_equal_numbers_is_said() -> None:
    ledger = Ledger()
    exact_input((2, 2, 1, 0, 2, 1, 2, 1, 0), ledger).sort(1)
    assert ledger.ties == {"an order of equal numbers with different derivatives: that of their places"}


@pytest.mark.parametrize(("function", "named"), [
    (lambda x: torch.softmax(x, -1), "exp of a number that is no half-integer combination"),
    (lambda x: F.log_softmax(x, dim=-1), "exp of a number"), (lambda x: torch.logsumexp(x, 0), "exp of a number"),
    (lambda x: torch.softmax(x.log(), -1, dtype=torch.float32), "a cast to torch.float32"),
    (lambda x: x.norm(p=3), "a norm of order 3"), (lambda x: torch.cdist(x, x), "torch cdist"),
    (lambda x: x.einsum(x, x), "einsum without an equation"),
])
def test_what_is_not_exact_is_named(function: Callable[[Any], Any], named: str) -> None:
    ledger = Ledger()
    with pytest.raises(LeftExact, match=named):
        function(exact_input(NUMBERS, ledger))
    assert named in ledger.exits[0]


def test_roots_are_sorted_by_sign() -> None:
    """√2 + √3 > √(9.89...): 3.1462... against 3.1446..., and 17/12 > √2 > 41/29."""
    ledger = Ledger()
    two, three = (exact(number, ledger).sqrt() for number in (2, 3))  # type: ignore[union-attr]
    row = np.array([two + three, exact(17, ledger) / 12 * 1, two, exact(41, ledger) / 29], dtype=object)  # type: ignore[operator]
    assert ExactTensor(row, ledger).argsort().tolist() == [3, 2, 1, 0]
    assert [nearest(one) for one in np.sort(row)] == sorted(map(nearest, row))


# -- in losses -----------------------------------------------------------------------------------------

SMALL = TabularLM(vocab=2, length=2, rewards=(1, 0, 3), seed=1)


def by_matrices(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """RLOO by a matrix."""
    n = len(rewards)
    baseline = ((torch.ones(n, n, dtype=torch.float64) - torch.eye(n, dtype=torch.float64)) / (n - 1)) @ rewards
    return -torch.einsum("it,it,i->", log_probs, mask, rewards - baseline) / n


def by_ranks(log_probs: Any, rewards: Any, mask: Any) -> Any:
    """The rank as advantage: the number of rewards that are smaller, ties by place."""
    ranks = torch.argsort(torch.argsort(rewards, stable=True), stable=True).double()
    return -((log_probs * mask).sum(-1) * ranks).mean()


def by_softmax(log_probs: Any, old_log_probs: Any, rewards: Any, mask: Any) -> Any:
    """Self-normalised weights of responses."""
    weights = torch.softmax(((log_probs - old_log_probs) * mask).sum(-1), 0).detach()
    return -(weights * rewards * (log_probs * mask).sum(-1)).sum()


def above_the_median(log_probs: Any, rewards: Any, mask: Any) -> Any:
    return -((log_probs * mask).sum(-1) * (rewards - rewards.median())).mean()


def best_two(log_probs: Any, rewards: Any, mask: Any) -> Any:
    kept = torch.topk(rewards, 2).indices
    return -((log_probs * mask).sum(-1)[kept] * rewards[kept]).mean()


@pytest.mark.parametrize(("loss", "group", "verdict"), [
    (by_matrices, 3, "unbiased"), (by_softmax, 3, "unbiased"), (above_the_median, 3, "biased"), (by_ranks, 2, "biased"),
    (best_two, 3, "biased")])
def test_losses_that_use_them_are_decided_exactly(loss: Callable[..., Any], group: int, verdict: str) -> None:
    result = check_loss(loss, group, model=SMALL)
    assert (result.verdict, result.exact) == (verdict, True), result.notes
    assert check_loss(loss, group, model=SMALL, exact=False).verdict == verdict


def test_softmax_of_rewards_is_numerical_and_named() -> None:
    def weighted(log_probs: Any, rewards: Any, mask: Any) -> Any:
        return -(torch.softmax(rewards, 0) * (log_probs * mask).sum(-1)).sum()

    result = check_loss(weighted, 2, model=SMALL)
    assert not result.exact
    assert any("left exact numbers: exp of a number" in note for note in result.notes)


@pytest.mark.parametrize(("name", "planted"), [
    ("_order", lambda self, dim, descending: np.zeros(self.array.shape, dtype=int)),
    ("_product", lambda self, function, *operands: self._made(function(*map(self._numbers, operands)) * 2)),
    ("_powers", lambda self, dim: (self._entrywise(lambda x: (2 * x).exp(), self), self))])
def test_an_operation_that_is_wrong_is_no_exact_verdict(monkeypatch: pytest.MonkeyPatch, name: str,
                                                         planted: Callable[..., Any]) -> None:
    """Every batch is compared with floats: a planted defect ends as numerical, with the verdict of the floats."""
    loss, wanted = {"_order": (best_two, "biased"), "_product": (by_matrices, "unbiased"),
                    "_powers": (by_softmax, "biased")}[name]
    group = 3
    monkeypatch.setattr(ExactTensor, name, planted)
    result = check_loss(loss, group, model=SMALL, off_policy=name == "_powers")
    assert (result.verdict, result.exact) == (wanted, False)
    assert any("exact numbers and floats disagree" in note for note in result.notes)
