# SPDX-License-Identifier: Apache-2.0
"""Streams of objects through buffers that each thread keeps and reuses."""

import itertools
import threading
from collections.abc import Callable
from collections.abc import Iterator

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import digests
from karbor_copy.banks import section as bank_section

_local = threading.local()


class SourceError(Exception):
    """Reading failed while a bank was writing; ``error`` says how.

    No BankError: it is none of the bank that was being written to, which
    must not try again because of it.
    """

    def __init__(self, error: exceptions.BankError) -> None:
        super().__init__(str(error))
        self.error = error


class Chunks:
    """An object's bytes, read anew each time they are iterated."""

    def __init__(
        self,
        section: bank_section.BankSection,
        key: str,
        check: Callable[[], None],
    ) -> None:
        self._section = section
        self._key = key
        self._check = check

    def __iter__(self) -> Iterator[memoryview]:
        """Yield views of one buffer.

        :raises SourceError: the object can't be read.
        """
        view = buffer()
        try:
            with self._section.open(self._key) as reader:
                while count := reader.readinto(view):
                    self._check()
                    yield view[:count]
        except exceptions.BankError as error:
            raise SourceError(error) from error


def digest(
    section: bank_section.BankSection,
    key: str,
    size: int,
    check: Callable[[], None],
) -> tuple[str, int]:
    """Return the SHA-256 and the size of an object's bytes.

    ``size`` is what to expect, for choosing the way of hashing only.

    :raises ObjectNotFound: there is none.
    """
    buffers = _buffers()
    if size <= digests.THREAD_SIZE:
        buffers = buffers[:1]
    total = 0
    with digests.hasher(size) as hasher, section.open(key) as reader:
        turns = itertools.cycle(buffers)
        while count := reader.readinto(buffer := next(turns)):
            check()
            hasher.update(buffer[:count])
            total += count
        return hasher.digests()["sha256"], total


def buffer() -> memoryview:
    """Return the buffer of this thread, for what it does next."""
    return _buffers()[0]


def _buffers() -> list[memoryview]:
    found: list[memoryview] | None = getattr(_local, "buffers", None)
    if found is None:
        found = [memoryview(bytearray(base.BLOCK_SIZE)) for _ in range(2)]
        _local.buffers = found
    return found
