# SPDX-License-Identifier: Apache-2.0
"""A batch of the file-system bank: many files, made durable by one flush."""

import errno
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Protocol

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import directory_files as files
from karbor_copy.banks import directory_lost
from karbor_copy.banks import directory_reader
from karbor_copy.banks import keys

#: The file system has no way of its own to copy or to link, or the medium
#: has lost what is to be copied.
_UNABLE = frozenset(
    {
        errno.EINVAL,
        errno.EIO,
        errno.EMLINK,
        errno.ENOSYS,
        errno.EOPNOTSUPP,
        errno.EPERM,
        errno.EXDEV,
    }
)


class Put(Protocol):
    """Replaces an object whose file is there, and returns its digests."""

    def __call__(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None,
    ) -> dict[str, str]:
        """As :meth:`base.Writer.put`, not durable."""


class DirectoryBatch:
    """The writer of a batch; the flush comes at the batch's end."""

    def __init__(
        self,
        bank: base.Bank,
        tree: files.Tree,
        replace: Put,
        *,
        exclusive: bool,
        lost: directory_lost.Lost,
    ) -> None:
        self._bank = bank
        self._tree = tree
        self._replace = replace
        self._exclusive = exclusive
        self._lost = lost

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """Store an object, as :meth:`base.Writer.put` says."""
        found = self._put(key, chunks, size=size, digests=digests)
        return base.ObjectInfo(
            key=key, size=size, digests=found, serialized=serialized
        )

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,  # noqa: ARG002 - a file can't tell
    ) -> Mapping[str, str] | None:
        """Copy a file of this bank, as :meth:`base.Writer.copy_from` says.

        In an exclusive bank it gets a second name, else blocks of its own,
        which some file systems share until one of the files is written to.
        """
        if bank is not self._bank:
            return None
        try:
            copied = self._copy(source_key, self._tree.path(key), size)
        except FileExistsError:
            return None
        except OSError as error:
            if error.errno in _UNABLE:
                return None
            raise files.translate(error) from error
        return {} if copied else None

    def _put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None,
    ) -> dict[str, str]:
        """Write in place where the key is free, else aside and rename."""
        path = self._tree.path(key)
        try:
            file = self._tree.create(path)
        except FileExistsError:
            return self._replace(key, chunks, size=size, digests=digests)
        except OSError as error:
            raise files.translate(error) from error
        try:
            return files.write(file, key, chunks, size=size, expected=digests)
        except exceptions.DigestMismatch:
            files.unlink_same(path, file)
            raise
        finally:
            files.close(file)

    def _copy(self, source_key: str, path: str, size: int) -> bool:
        """Make a new file of another one, if that has the right size."""
        with directory_reader.OpenObject(
            self._tree.root,
            keys.check_key(source_key),
            # A second name has no bytes of its own.
            lost=self._lost if self._exclusive else None,
        ) as source:
            if source.size != size:
                return False
            if self._exclusive:
                self._tree.link(self._tree.path(source_key), path)
                return True
            file = self._tree.create(path)
            try:
                source.copy_to(file)
            except BaseException:
                files.unlink_same(path, file)
                raise
            finally:
                files.close(file)
        return True
