# SPDX-License-Identifier: Apache-2.0
"""The bytes of a put on their way to a server: hashed, counted, checked."""

import contextlib
import hashlib
import itertools
from collections.abc import Callable
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping

from karbor_copy.banks import digests
from karbor_copy.banks import pace

#: Up to so many bytes an object is gathered before it is sent, so that its
#: digest goes ahead of it, and fetched whole before it is handed on.
SMALL_SIZE = 1024 * 1024


class Piece:
    """Some of an object's bytes in a row, to be read once."""

    #: As of :class:`Outgoing`.
    repeatable = False

    def __init__(self, take: Callable[[int], memoryview], size: int) -> None:
        """Take what gives the next bytes, at most so many."""
        self._take = take
        self._size = size
        #: Of its bytes; None until all of them were read.
        self.md5: str | None = None

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[memoryview]:
        """Yield its chunks.

        :raises DigestMismatch: the object is not what was promised.
        """
        md5 = hashlib.md5(usedforsecurity=False)
        left = self._size
        while left:
            chunk = self._take(left)
            md5.update(chunk)
            left -= len(chunk)
            yield chunk
        self.md5 = md5.hexdigest()

    def drain(self) -> None:
        """Read its bytes for their digests alone.

        :raises DigestMismatch: the object is not what was promised.
        """
        for _ in self:
            pass


class Outgoing:
    """An object's chunks; its length is that of the object.

    Iterating yields them, the last one only when number and digests of all
    bytes are as they must be: whoever sends them as they come can't send a
    wrong object whole. It may be done again if the chunks can be had again.
    """

    def __init__(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        expected: Mapping[str, str] | None,
        algorithms: Iterable[str] = (),
    ) -> None:
        """Compute SHA-256, what is expected and the algorithms."""
        self._key = key
        self._chunks = chunks
        self._size = size
        self._expected = expected
        self._algorithms = {*digests.algorithms_of(expected), *algorithms}
        self.repeatable = not isinstance(chunks, Iterator)
        #: Of all the bytes; empty until the last ones were yielded.
        self.digests: dict[str, str] = {}
        #: What ended the iteration before its time.
        self.error: Exception | None = None

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes | memoryview]:
        """Yield the chunks.

        :raises DigestMismatch: they are not what was promised.
        """
        self.digests = {}
        self.error = None
        try:
            yield from self._checked()
        except Exception as error:
            self.error = error
            raise

    def gather(self) -> bytearray:
        """Return all bytes at once.

        :raises DigestMismatch: they are not what was promised.
        """
        data = bytearray()
        for chunk in self:
            data += chunk
        return data

    def drain(self) -> None:
        """Go through all bytes for their digests alone.

        :raises DigestMismatch: they are not what was promised.
        """
        for _ in self:
            pass

    def parts(
        self, size: int, there: Container[int] = ()
    ) -> Iterator[bytearray]:
        """Yield the bytes in parts of that size, the last one smaller.

        ``there`` are the numbers, from 1 on, of those that are likely to be
        compared only.

        :raises DigestMismatch: they are not what was promised.
        """
        for number, piece in enumerate(self.pieces(size), start=1):
            part = bytearray()
            with self.unsent(number in there):
                for chunk in piece:
                    part += chunk
            yield part

    @contextlib.contextmanager
    def unsent(self, unsent: bool = True) -> Iterator[None]:  # noqa: FBT001, FBT002
        """Let no pace hold for what is read in the block, if it is unsent."""
        chunks = self._chunks
        if not isinstance(chunks, pace.Paced):
            yield
            return
        chunks.unsent = unsent
        try:
            yield
        finally:
            chunks.unsent = False

    def pieces(self, size: int) -> Iterator["Piece"]:
        """Yield the bytes as streams of that size, the last one smaller.

        Each must be read to its end before the next one is asked for. The
        end of the last one is only to be had if all is as it must be.

        :raises DigestMismatch: they are not what was promised.
        """
        chunks = iter(self)
        rest = memoryview(b"")

        def take(most: int) -> memoryview:
            nonlocal rest
            if not rest:
                rest = memoryview(next(chunks))
            chunk, rest = rest[:most], rest[most:]
            return chunk

        for start in range(0, max(1, self._size), size):
            yield Piece(take, min(size, self._size - start))
        for _ in chunks:
            pass

    def _checked(self) -> Iterator[bytes | memoryview]:
        total = 0
        last = b""
        with digests.hasher(self._size, self._algorithms) as hasher:
            for chunk in itertools.chain(self._chunks, (b"",)):
                total += len(chunk)
                hasher.update(chunk)
                if chunk and total < self._size:
                    yield chunk
                elif chunk:
                    last = bytes(chunk)
                hasher.wait()
            digests.check_size(self._key, total, self._size)
            found = hasher.digests()
        digests.check(self._key, found, self._expected)
        if last:
            yield last
        self.digests = found
