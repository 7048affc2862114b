# SPDX-License-Identifier: Apache-2.0
"""Objects as files under one directory: the work of the file-system bank.

A key is a path below the container directory, so one key can't lie below
another. An object being written has a name in a second directory beside the
container and gets its own by a rename, or by a link where it must not
replace another. In a batch a key that was free is
written in place, and one flush of the file system makes all durable; a file
that exists is never opened for writing, so that a process which wakes up
late can't cut short what another has finished since.

The file system must be one whose ``syncfs`` reaches the medium and tells of
errors: a local one or NFS, on Linux 5.8 or later.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import directory_batch
from karbor_copy.banks import directory_files as files
from karbor_copy.banks import directory_links
from karbor_copy.banks import directory_list
from karbor_copy.banks import directory_lost
from karbor_copy.banks import directory_reader
from karbor_copy.banks import directory_temporary
from karbor_copy.banks import keys


class DirectoryBank(base.Bank):
    """The container ``<path>/<container>``.

    ``exclusive`` tells that nobody else writes into it, so that equal
    objects of two checkpoints may be one file with two names.
    """

    def __init__(
        self, path: str, container: str, *, exclusive: bool = False
    ) -> None:
        self._exclusive = exclusive
        self._root = os.path.join(os.path.abspath(path), container)
        self._lost = directory_lost.Lost()
        self._tree = files.Tree(self._root)
        self._temporary = directory_temporary.TemporaryFiles(
            os.path.join(os.path.abspath(path), f".{container}.tmp")
        )

    @property
    def properties(self) -> base.Properties:
        """Return what this bank can do."""
        return base.Properties(max_connections=4, local=True, copies=True)

    @property
    def location(self) -> str:
        """Return the container's path."""
        return self._root

    def set_up(self) -> None:
        """Create the container, as :meth:`base.Bank.set_up` says."""
        try:
            os.makedirs(self._root, exist_ok=True)
            self._temporary.set_up()
            files.sync_path(os.path.dirname(self._root))
        except OSError as error:
            raise files.translate(error) from error

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """Store an object, as :meth:`base.Bank.put` says."""
        found = self._put_aside(
            key, chunks, size=size, digests=digests, name=self._rename
        )
        return base.ObjectInfo(
            key=key, size=size, digests=found, serialized=serialized
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
        """Store an object, as :meth:`base.Bank.put_new` says."""
        found = self._put_aside(
            key, chunks, size=size, digests=digests, name=self._link
        )
        return base.ObjectInfo(
            key=key, size=size, digests=found, serialized=serialized
        )

    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> contextlib.AbstractContextManager[base.Reader]:
        """Open an object, as :meth:`base.Bank.open` says."""
        return directory_reader.OpenObject(
            self._root, keys.check_key(key), offset, length, lost=self._lost
        )

    def stat(self, key: str) -> base.ObjectInfo:
        """Return the size of an object.

        :raises ObjectNotFound: there is none.
        """
        try:
            found = os.lstat(self._tree.path(key))
        except OSError as error:
            raise files.not_found(self._root, key, error) from error
        if not stat.S_ISREG(found.st_mode):
            raise exceptions.ObjectNotFound(key=key)
        return base.ObjectInfo(key=key, size=found.st_size)

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        """Yield objects, as :meth:`base.Bank.list` says.

        :raises ValueError: the delimiter is not the slash.
        """
        keys.check_prefix(prefix)
        return directory_list.list_objects(
            self._root, prefix, marker, limit, delimiter
        )

    def delete(self, key: str) -> None:
        """Delete an object, and directories that it leaves empty."""
        path = self._tree.path(key)
        try:
            with files.open_directory(os.path.dirname(path)) as directory:
                with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                    os.unlink(os.path.basename(path), dir_fd=directory)
                os.fsync(directory)
        except (FileNotFoundError, NotADirectoryError):
            files.check_container(self._root)
        except OSError as error:
            raise files.translate(error) from error
        self._tree.remove_empty(os.path.dirname(path))

    def sharing(self, prefix: str) -> Mapping[str, Sequence[str]]:
        """Return which files have several names, in an exclusive bank."""
        if not self._exclusive:
            return {}
        return directory_links.sharing(self._root, keys.check_prefix(prefix))

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        """Open a batch, as :meth:`base.Bank.batch` says."""
        files.check_container(self._root)
        # Opened first: syncfs tells of what failed while it was open.
        with files.open_directory(self._root) as root:
            yield directory_batch.DirectoryBatch(
                self,
                self._tree,
                self._put_late,
                exclusive=self._exclusive,
                lost=self._lost,
            )
            try:
                files.sync_file_system(root)
            except OSError as error:
                raise files.translate(error) from error

    def _put_aside(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None,
        name: Callable[[str, str, str], None],
        durable: bool = True,
    ) -> dict[str, str]:
        """Write a temporary file, then give it its name in the bank.

        ``name`` is called with the file's path, the key and the SHA-256.
        """
        path = self._tree.path(key)
        files.check_container(self._root)
        with self._temporary.create() as (file, temporary):
            found = files.write(file, key, chunks, size=size, expected=digests)
            try:
                if durable:
                    os.fsync(file)
                name(temporary, key, found["sha256"])
                if durable:
                    self._tree.sync_parents(path)
            except OSError as error:
                raise files.translate(error) from error
        return found

    def _rename(self, temporary: str, key: str, _sha256: str) -> None:
        self._tree.rename(temporary, self._tree.path(key))

    def _put_late(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None,
    ) -> dict[str, str]:
        """Replace a file by one that a batch will flush."""
        return self._put_aside(
            key,
            chunks,
            size=size,
            digests=digests,
            name=self._rename,
            durable=False,
        )

    def _link(self, temporary: str, key: str, sha256: str) -> None:
        path = self._tree.path(key)
        for _ in range(files.RACES):
            try:
                os.link(temporary, path)
                return
            except FileNotFoundError:
                self._tree.make_parents(path)
            except FileExistsError:
                # It may be deleted before it could be read.
                with contextlib.suppress(exceptions.ObjectNotFound):
                    if self._flushed_digest(key) == sha256:
                        return
                    raise exceptions.ObjectExists(key=key) from None
        raise exceptions.BankUnavailable(reason="names keep vanishing")

    def _flushed_digest(self, key: str) -> str:
        """Return the SHA-256 of an object, made durable."""
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(base.BLOCK_SIZE))
        with directory_reader.OpenObject(
            self._root, key, lost=self._lost
        ) as reader:
            while count := reader.readinto(buffer):
                digest.update(buffer[:count])
            reader.sync()
        return digest.hexdigest()
