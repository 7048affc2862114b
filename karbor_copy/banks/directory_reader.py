# SPDX-License-Identifier: Apache-2.0
"""An open object of the file-system bank."""

import os
import stat
from typing import Self

from karbor_copy import exceptions
from karbor_copy.banks import directory_files as files
from karbor_copy.banks import directory_lost

#: Bytes that the system is asked to copy at a time.
_PIECE = 64 * 1024 * 1024


class OpenObject:
    """A file, or a part of it, as a reader; a context manager."""

    def __init__(
        self,
        root: str,
        key: str,
        offset: int = 0,
        length: int | None = None,
        *,
        lost: directory_lost.Lost | None = None,
    ) -> None:
        """Take where it is; ``lost`` if it must have been written back."""
        self._lost = lost
        self._root = root
        self._key = key
        self._offset = offset
        self._length = length
        self._size = 0
        self._left = 0
        self._file = -1

    def __enter__(self) -> Self:
        try:
            self._file = os.open(f"{self._root}/{self._key}", files.READ)
        except OSError as error:
            raise files.not_found(self._root, self._key, error) from error
        found = os.fstat(self._file)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._file)
            raise exceptions.ObjectNotFound(key=self._key)
        self._left = max(found.st_size - self._offset, 0)
        if self._length is not None:
            self._left = min(self._left, self._length)
        self._size = self._left
        if self._lost is not None:
            self._wait_written(self._lost)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    @property
    def size(self) -> int:
        """Return how many bytes were to be read when it was opened."""
        return self._size

    def copy_to(self, file: int) -> None:
        """Let the system copy the whole file to another, without reading it.

        :raises OSError: it can't be done so, or it can't be written.
        :raises BankUnavailable: the file became shorter meanwhile.
        """
        left = self._size
        while left:
            count = os.copy_file_range(self._file, file, min(left, _PIECE))
            if not count:
                raise self._shorter()
            left -= count

    def sync(self) -> None:
        """Make the file's bytes durable.

        :raises OSError: they may not be.
        """
        os.fsync(self._file)

    def _wait_written(self, lost: directory_lost.Lost) -> None:
        try:
            lost.wait_written(self._file)
        except OSError as error:
            os.close(self._file)
            raise exceptions.ObjectUnreadable(
                key=self._key, reason=error.strerror
            ) from error

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer, as :meth:`base.Reader.readinto` says."""
        if not self._left:
            return 0
        if len(buffer) > self._left:
            buffer = buffer[: self._left]
        try:
            count = os.preadv(self._file, [buffer], self._offset)
        except OSError as error:
            raise files.unreadable(self._key, error) from error
        if not count:
            raise self._shorter()
        self._offset += count
        self._left -= count
        return count

    def _shorter(self) -> exceptions.BankUnavailable:
        return exceptions.BankUnavailable(
            reason=f"object {self._key} became shorter"
        )
