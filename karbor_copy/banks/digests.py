# SPDX-License-Identifier: Apache-2.0
"""Digests of what streams by, checked against what was promised."""

import contextlib
import hashlib
import queue
import threading
from collections.abc import Iterable
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from karbor_copy import exceptions

#: Above so many bytes the hash has a thread of its own: hashing then
#: overlaps with reading and writing, which is dear for small objects.
THREAD_SIZE = 64 * 1024 * 1024


class Hasher:
    """Several digests of one stream; a context manager."""

    def __init__(self, algorithms: Iterable[str] = ("sha256",)) -> None:
        self._hashes = {
            # MD5 is no proof of anything here: SHA-256 stands beside it.
            name: hashlib.new(name, usedforsecurity=False)
            if name != "sha256"
            else hashlib.sha256()
            for name in algorithms
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of what hashing needed."""

    def update(self, chunk: bytes | memoryview) -> None:
        """Take in a chunk; leave it unchanged until :meth:`wait`."""
        for value in self._hashes.values():
            value.update(chunk)

    def wait(self) -> None:
        """Return when all chunks have been taken in."""

    def digests(self) -> dict[str, str]:
        """Return lower-case hexadecimal by algorithm."""
        self.wait()
        return {
            name: value.hexdigest() for name, value in self._hashes.items()
        }


class ThreadHasher(Hasher):
    """Hashes one chunk while its caller does something else.

    Where no thread can be started, it hashes in the caller's.
    """

    def __init__(self, algorithms: Iterable[str] = ("sha256",)) -> None:
        super().__init__(algorithms)
        self._chunks: queue.SimpleQueue[bytes | memoryview | None] = (
            queue.SimpleQueue()
        )
        self._done: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._busy = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        with contextlib.suppress(RuntimeError):
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread; the buffers are the caller's again."""
        if self._thread.is_alive():
            self._chunks.put(None)
            self._thread.join()

    def update(self, chunk: bytes | memoryview) -> None:
        """Start on a chunk as soon as the one before it is done."""
        if not self._thread.is_alive():
            super().update(chunk)
            return
        self.wait()
        self._busy = True
        self._chunks.put(chunk)

    def wait(self) -> None:
        """Return when all chunks have been taken in."""
        if self._busy:
            self._done.get()
            self._busy = False

    def _run(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            super().update(chunk)
            self._done.put(None)


def hasher(size: int, algorithms: Iterable[str] = ("sha256",)) -> Hasher:
    """Return what hashes that many bytes best."""
    if size > THREAD_SIZE:
        return ThreadHasher(algorithms)
    return Hasher(algorithms)


def algorithms_of(expected: Mapping[str, str] | None) -> Iterable[str]:
    """Return the algorithms to compute: SHA-256 and those expected."""
    return {"sha256", *expected} if expected else ("sha256",)


def check(
    key: str,
    actual: Mapping[str, str],
    expected: Mapping[str, str] | None,
) -> None:
    """Compare all digests that were expected.

    :raises DigestMismatch: one differs.
    """
    for name, value in (expected or {}).items():
        if actual[name] != value:
            raise exceptions.DigestMismatch(
                key=key, actual=actual[name], expected=value
            )


def check_size(key: str, actual: int, expected: int) -> None:
    """Compare sizes, a digest of the simplest kind.

    :raises DigestMismatch: they differ.
    """
    if actual != expected:
        raise exceptions.DigestMismatch(
            f"Object {key} has {actual} bytes, but {expected} were expected."
        )
