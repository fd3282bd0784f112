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
