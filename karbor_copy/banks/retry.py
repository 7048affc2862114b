# SPDX-License-Identifier: Apache-2.0
"""Tries a bank again while it is unavailable; wraps any bank.

``BankUnavailable`` is retried with growing, random pauses until so many
seconds have passed without any call of the bank having succeeded. What
can't be made again is not retried: a put whose chunks are an iterator (a
generator can be consumed only once; anything else that is iterable is
iterated anew), and the flush at the end of a batch: after one that failed
the bytes must be written again, so it pauses and raises ``BatchLost``, for
``batches.py`` and the like to begin anew. A reader that broke goes on where
it stood.
"""

import builtins
import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import ClassVar

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import patience


class _Reader:
    """Opens the object again where a stream broke; a context manager."""

    def __init__(
        self,
        health: patience.Health,
        bank: base.Bank,
        key: str,
        offset: int,
        length: int | None,
    ) -> None:
        self._health = health
        self._bank = bank
        self._key = key
        self._offset = offset
        self._length = length
        self._stack = contextlib.ExitStack()
        self._reader: base.Reader | None = None

    def __enter__(self) -> base.Reader:
        self._health.call(self._open)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer, as :meth:`base.Reader.readinto` says."""
        return self._health.call(lambda: self._read(buffer))

    def _open(self) -> base.Reader:
        self._reader = self._stack.enter_context(
            self._bank.open(self._key, self._offset, self._length)
        )
        return self._reader

    def _read(self, buffer: memoryview) -> int:
        reader = self._reader or self._open()
        try:
            count = reader.readinto(buffer)
        except exceptions.BankUnavailable:
            self._reader = None
            self._stack.close()
            raise
        self._offset += count
        if self._length is not None:
            self._length -= count
        return count


class _RetryingWriter:
    """The puts of a bank or of a batch."""

    def __init__(self, health: patience.Health, writer: base.Writer) -> None:
        self._health = health
        self._writer = writer

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Writer.put`; an iterator is put only once."""

        def put() -> base.ObjectInfo:
            return self._writer.put(
                key, chunks, size=size, digests=digests, serialized=serialized
            )

        return self._health.call_with(chunks, put)

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """As :meth:`base.Writer.copy_from`."""
        bare = bank.bare if isinstance(bank, RetryingBank) else bank
        return self._health.call(
            lambda: self._writer.copy_from(
                bare, source_key, key, size=size, serialized=serialized
            )
        )


class RetryingBank(base.Bank):
    """A bank that is patient.

    ``check`` is called while it waits, at least every two seconds; what it
    raises ends the waiting.
    """

    OPTS: ClassVar[builtins.list[Any]] = []
    GROUP = ""

    def __init__(
        self,
        bank: base.Bank,
        *,
        timeout: float = 600.0,
        check: Callable[[], None],
    ) -> None:
        self.bare = self._bank = bank
        self._health = patience.Health(timeout, check)
        self._flushes = patience.Flushes(timeout, check)
        self._writer = _RetryingWriter(self._health, bank)

    @property
    def properties(self) -> base.Properties:
        """Return what the wrapped bank can do."""
        return self._bank.properties

    @property
    def location(self) -> str:
        """Return the wrapped bank's."""
        return self._bank.location

    def set_up(self) -> None:
        """As :meth:`base.Bank.set_up`."""
        self._health.call(self._bank.set_up)

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Bank.put`; an iterator is put only once."""
        return self._writer.put(
            key, chunks, size=size, digests=digests, serialized=serialized
        )

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        """As :meth:`base.Bank.copy_from`."""
        return self._writer.copy_from(
            bank, source_key, key, size=size, serialized=serialized
        )

    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Bank.put_new`; an iterator is put only once."""

        def put_new() -> base.ObjectInfo:
            return self._bank.put_new(
                key, chunks, size=size, digests=digests, serialized=serialized
            )

        return self._health.call_with(chunks, put_new)

    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> contextlib.AbstractContextManager[base.Reader]:
        """As :meth:`base.Bank.open`; the reader goes on where it broke."""
        return _Reader(self._health, self._bank, key, offset, length)

    def stat(self, key: str) -> base.ObjectInfo:
        """As :meth:`base.Bank.stat`."""
        return self._health.call(lambda: self._bank.stat(key))

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """As :meth:`base.Bank.list`; it goes on where it broke."""
        failures = patience.Failures(self._health)
        while True:
            try:
                for info in self._bank.list(prefix, marker, limit, delimiter):
                    self._health.succeeded()
                    failures = patience.Failures(self._health)
                    yield info
                    marker = info.key
                    limit = None if limit is None else limit - 1
            except exceptions.BankUnavailable as error:
                failures.pause(error)
            else:
                return

    def delete(self, key: str) -> None:
        """As :meth:`base.Bank.delete`."""
        self._health.call(lambda: self._bank.delete(key))

    def delete_leftovers(self, prefix: str, check: Callable[[], None]) -> int:
        """As :meth:`base.Bank.delete_leftovers`."""
        return self._health.call(
            lambda: self._bank.delete_leftovers(prefix, check)
        )

    def sharing(self, prefix: str) -> Mapping[str, Sequence[str]]:
        """As :meth:`base.Bank.sharing`."""
        return self._health.call(lambda: self._bank.sharing(prefix))

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """As :meth:`base.Bank.batch`.

        :raises BatchLost: the flush failed; there was a pause already.
        """
        with contextlib.ExitStack() as stack:
            writer = self._health.call(
                lambda: stack.enter_context(self._bank.batch())
            )
            yield _RetryingWriter(self._health, writer)
            self._flushes.call(stack.pop_all().close)
