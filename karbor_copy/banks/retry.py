# SPDX-License-Identifier: Apache-2.0
"""Tries a bank again while it is unavailable; wraps any bank.

``BankUnavailable`` is retried with growing, random pauses until so many
seconds have passed without any call of the bank having succeeded. What
can't be made again is not retried: a put whose chunks are an iterator (a
generator can be consumed only once; anything else that is iterable is
iterated anew), and the flush at the end of a batch, since after a flush that
failed the bytes must be written again. A reader that broke goes on where it
stood.
"""

import builtins
import contextlib
import logging
import random
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import ClassVar
from typing import TypeVar

from karbor_copy import exceptions
from karbor_copy.banks import base

LOG = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
#: Seconds between two checks for a reason to stop, while pausing.
CHECK_INTERVAL = 1.0

_T = TypeVar("_T")


class _Health:
    """What all calls of one bank know of it."""

    def __init__(self, timeout: float, check: Callable[[], None]) -> None:
        self.timeout = timeout
        self.check = check
        self.progress = time.monotonic()

    def succeeded(self) -> None:
        """Remember that the bank does something."""
        self.progress = time.monotonic()

    def call(self, function: Callable[[], _T]) -> _T:
        """Return what the function returns, in the end.

        :raises BankUnavailable: for too long.
        """
        failures = _Failures(self)
        while True:
            try:
                result = function()
            except exceptions.BankUnavailable as error:
                failures.pause(error)
            else:
                self.succeeded()
                return result


class _Failures:
    """Those of one call, and the pauses between them."""

    def __init__(self, health: _Health) -> None:
        self._health = health
        self._since: float | None = None
        self._longest = FIRST_PAUSE

    def pause(self, error: exceptions.BankUnavailable) -> None:
        """Wait, or raise the error if the bank was away for too long."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        quiet = now - max(self._since, self._health.progress)
        if quiet >= self._health.timeout:
            raise error
        # Full jitter: those who wait must not all come back together.
        until = now + random.uniform(0, self._longest)  # noqa: S311
        self._longest = min(self._longest * 2, LONGEST_PAUSE)
        LOG.info("Bank unavailable, trying again: %s", error)
        self._health.check()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, CHECK_INTERVAL))
            self._health.check()


class _Reader:
    """Opens the object again where a stream broke; a context manager."""

    def __init__(
        self,
        health: _Health,
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

    def __init__(self, health: _Health, writer: base.Writer) -> None:
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

        if isinstance(chunks, Iterator):
            info = put()
            self._health.succeeded()
            return info
        return self._health.call(put)


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
        self._bank = bank
        self._health = _Health(timeout, check)
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
        failures = _Failures(self._health)
        while True:
            try:
                for info in self._bank.list(prefix, marker, limit, delimiter):
                    self._health.succeeded()
                    failures = _Failures(self._health)
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

    def copy_within(self, source_key: str, key: str) -> bool:
        """As :meth:`base.Bank.copy_within`."""
        return self._health.call(
            lambda: self._bank.copy_within(source_key, key)
        )

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """As :meth:`base.Bank.batch`; its flush is not tried again."""
        with contextlib.ExitStack() as stack:
            writer = self._health.call(
                lambda: stack.enter_context(self._bank.batch())
            )
            yield _RetryingWriter(self._health, writer)
