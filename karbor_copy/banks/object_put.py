# SPDX-License-Identifier: Apache-2.0
"""One put of one object into an object store."""

import abc
import contextlib
import hashlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import object_names
from karbor_copy.banks import outgoing

#: So often an object may come and go while one is put in its place.
_TURNS = 10


class Taken(Exception):
    """Another object is there, and was to be left alone."""


class ObjectPut(abc.ABC):
    """Sends the bytes of an object; a driver tells how."""

    #: Up to so many bytes they are gathered and sent in one piece.
    PIECE: int

    def __init__(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        expected: Mapping[str, str] | None,
        serialized: bool,
        algorithms: Iterable[str] = (),
    ) -> None:
        self._key = key
        self._name = object_names.name_of(key)
        self._size = size
        self._serialized = serialized
        self._out = outgoing.Outgoing(
            key, chunks, size=size, expected=expected, algorithms=algorithms
        )
        self._gathered: bytearray | None = None
        self._kept = 0
        self._sent = 0
        # What such a put sends in parts is the same whoever sends it. So
        # the parts are left for the next one, and are nobody's to remove.
        self._resumable = self._out.repeatable and "sha256" in (expected or {})

    @abc.abstractmethod
    def _send(self, condition: Mapping[str, str]) -> str:
        """Send the object with these headers; return its ETag, if told.

        :raises Taken: a condition does not hold.
        """

    @abc.abstractmethod
    def _etag_there(self) -> str | None:
        """Return the ETag of the object that is there, None without one."""

    @abc.abstractmethod
    def _is_there(self) -> bool | None:
        """Tell whether the object there has these bytes; None without one."""

    def put(self) -> base.ObjectInfo:
        """Store the object, in the place of any other."""
        with self._telling():
            self._send({})
        return self._info()

    def put_new(self) -> base.ObjectInfo:
        """Store the object unless another one is there.

        :raises ObjectExists: another one is there.
        """
        self._gather()
        for _ in range(_TURNS):
            # An answer in the middle of a long PUT may be lost: so it is
            # not begun where another object is known to be.
            if self._in_one_piece or self._etag_there() is None:
                with contextlib.suppress(Taken), self._telling():
                    return self._stayed(self._send({"If-None-Match": "*"}))
            if not self._out.digests:
                self._out.drain()
            if (same := self._is_there()) is not None:
                if not same:
                    raise exceptions.ObjectExists(key=self._key)
                return self._info()
            if not self._in_one_piece and not self._out.repeatable:
                break
        raise exceptions.BankUnavailable(
            reason=f"object {self._key} comes and goes"
        )

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Let an error tell whether the next try goes on from further on."""
        try:
            yield
        except exceptions.BankUnavailable as error:
            error.progress = self._resumable and self._sent > 0
            raise

    @property
    def _in_one_piece(self) -> bool:
        return self._size <= self.PIECE

    def _gather(self) -> bytearray | None:
        """Return all bytes, checked, if they are to be sent in one piece."""
        if self._gathered is None and self._in_one_piece:
            self._gathered = self._out.gather()
        return self._gathered

    def _stayed(self, etag: str) -> base.ObjectInfo:
        """Return the object if no later PUT has taken its place."""
        # Some servers don't tell the ETag of what was put in parts.
        if etag and self._etag_there() not in (None, etag):
            raise exceptions.ObjectExists(key=self._key)
        return self._info()

    def _info(self) -> base.ObjectInfo:
        return base.ObjectInfo(
            key=self._key,
            size=self._size,
            digests=dict(self._out.digests),
            serialized=self._serialized,
            kept=self._kept,
        )

    def _is_same(self, reader: base.Reader) -> bool:
        """Tell whether what is read has the digest of these bytes."""
        sha256 = hashlib.sha256()
        buffer = memoryview(bytearray(base.BLOCK_SIZE))
        while count := reader.readinto(buffer):
            sha256.update(buffer[:count])
        return sha256.hexdigest() == self._out.digests["sha256"]
