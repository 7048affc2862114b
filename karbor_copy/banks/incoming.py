# SPDX-License-Identifier: Apache-2.0
"""The bytes of an object on their way from a server."""

import hashlib
import http.client
import re
from typing import Protocol

import urllib3.exceptions

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import outgoing
from karbor_copy.banks import readers

#: What a stream raises when it breaks.
BROKEN = (
    OSError,
    http.client.HTTPException,
    urllib3.exceptions.HTTPError,
)

_MD5 = re.compile("[0-9a-f]{32}")


class Stream(Protocol):
    """The body of an answer."""

    def read(self, amount: int, /) -> bytes:
        """Return so many bytes at most, none at the end."""


class StreamReader:
    """Reads so many bytes of a body, as :class:`base.Reader` says."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        self._left = size

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer.

        :raises BankUnavailable: the stream broke or ended too early.
        """
        wanted = min(len(buffer), self._left)
        if not wanted:
            return 0
        try:
            data = self._stream.read(wanted)
        except BROKEN as error:
            raise exceptions.BankUnavailable(
                reason=f"an answer broke off ({type(error).__name__})"
            ) from error
        if not data:
            raise exceptions.BankUnavailable(
                reason=f"an answer ended {self._left} bytes too early"
            )
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def is_md5(etag: str) -> bool:
    """Tell whether an ETag, without quotes, can be the MD5 of the bytes."""
    return _MD5.fullmatch(etag) is not None


def reader(stream: Stream, size: int, md5: str | None) -> base.Reader:
    """Return a reader of a body; with its MD5 a small one is fetched first.

    Its bytes are then those that the server has, or none are handed on.

    :raises BankUnavailable: the stream broke, or the bytes changed on
        their way.
    """
    found = StreamReader(stream, size)
    if md5 is None or size > outgoing.SMALL_SIZE:
        return found
    data = memoryview(bytearray(size))
    rest = data
    while rest:
        rest = rest[found.readinto(rest) :]
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        raise exceptions.BankUnavailable(
            reason="an object's bytes changed on their way here"
        )
    return readers.BytesReader(data)
