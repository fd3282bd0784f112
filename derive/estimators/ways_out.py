"""What floats have and exact numbers do not: each is put on the ledger by its name, and raises ``LeftExact``."""

from __future__ import annotations

from typing import Any, NoReturn

from derive.estimators.provenance import Ledger


class WaysOut:
    """The special methods of a number whose results would be rounded, or are no numbers of the field."""

    __slots__ = ()
    ledger: Ledger

    def _leave(self, operation: str) -> NoReturn:
        raise self.ledger.leave(operation)

    def __float__(self) -> float:
        self._leave("float(), math.* or dtype=float")

    def __round__(self, digits: int | None = None) -> int:
        self._leave("round()")

    def __floor__(self) -> int:
        self._leave("floor()")

    def __ceil__(self) -> int:
        self._leave("ceil()")

    def __trunc__(self) -> int:
        self._leave("trunc()")

    def __floordiv__(self, other: Any) -> Any:
        self._leave("the operator //")

    __rfloordiv__ = __floordiv__

    def __mod__(self, other: Any) -> Any:
        self._leave("the operator %")

    __rmod__ = __mod__

    def __divmod__(self, other: Any) -> Any:
        self._leave("divmod()")

    __rdivmod__ = __divmod__

    def __complex__(self) -> complex:
        self._leave("complex()")


class Taken(WaysOut):
    """What ``.item()`` gives: nothing is lost while it is only kept, as a metric is; any use of it is a way out."""

    __slots__ = ("ledger",)

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def _leave(self, operation: str) -> NoReturn:
        raise self.ledger.leave(".item()")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # as copy and NumPy ask, to see what they have
        self._leave(name)

    def __repr__(self) -> str:
        self._leave("repr()")

    def __hash__(self) -> int:
        self._leave("hash()")

    def __format__(self, specification: str) -> str:
        self._leave("a format")

    def _used(self, *unused: Any) -> Any:
        self._leave("an operation")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _used
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _used
    __bool__ = __int__ = __index__ = __array__ = _used
