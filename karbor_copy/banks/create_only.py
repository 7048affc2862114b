# SPDX-License-Identifier: Apache-2.0
"""A bank that this side only adds to; wraps any bank.

For credentials that may read and create, but neither replace nor delete:
then whoever steals them can't destroy what is there. Every object is put
with ``put_new``; the same bytes under its key already are as good as put.
"""

import builtins
import contextlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from typing import ClassVar

from karbor_copy import exceptions
from karbor_copy.banks import base


class CreateOnlyBank(base.Bank):
    """A bank whose objects are deleted by others."""

    OPTS: ClassVar[builtins.list[Any]] = []
    GROUP = ""

    def __init__(self, bank: base.Bank) -> None:
        self._bank = bank

    @property
    def properties(self) -> base.Properties:
        """Return what the bank can do without replacing anything."""
        return replace(self._bank.properties, copies=False)

    @property
    def location(self) -> str:
        """Return the wrapped bank's."""
        return self._bank.location

    def set_up(self) -> None:
        """As :meth:`base.Bank.set_up`."""
        self._bank.set_up()

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Bank.put_new`.

        :raises ObjectExists: the key holds other bytes.
        """
        return self._bank.put_new(
            key, chunks, size=size, digests=digests, serialized=serialized
        )

    put_new = put

    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> contextlib.AbstractContextManager[base.Reader]:
        """As :meth:`base.Bank.open`."""
        return self._bank.open(key, offset, length)

    def stat(self, key: str) -> base.ObjectInfo:
        """As :meth:`base.Bank.stat`."""
        return self._bank.stat(key)

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """As :meth:`base.Bank.list`."""
        return self._bank.list(prefix, marker, limit, delimiter)

    def delete(self, key: str) -> None:
        """Refuse to.

        :raises BankRejected: always.
        """
        raise exceptions.BankRejected(
            reason=f"object {key} can only be deleted in its own region"
            " ([copy] target_cleanup is local)"
        )

    def sharing(self, prefix: str) -> Mapping[str, Sequence[str]]:
        """As :meth:`base.Bank.sharing`."""
        return self._bank.sharing(prefix)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """Yield the bank itself: each put is durable when it returns."""
        with self._bank.batch():
            yield self
