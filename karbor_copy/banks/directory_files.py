# SPDX-License-Identifier: Apache-2.0
"""Files of the file-system bank: writing, flushing, and what errors mean."""

import contextlib
import ctypes
import errno
import os
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import TypeVar

from karbor_copy import exceptions
from karbor_copy.banks import digests as digest_checks
from karbor_copy.banks import keys

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: How often directories may be removed under our hands by a delete.
RACES = 20

#: Not worth another try.
_REJECTED = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EFBIG,
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENOTEMPTY,
        errno.ELOOP,
        errno.EXDEV,
        errno.EINVAL,
    }
)

#: A sector that is lost, or a checksum of the file system that is wrong.
_LOST = frozenset({errno.EIO, errno.EBADMSG, errno.EUCLEAN})

_T = TypeVar("_T")
_libc = ctypes.CDLL(None, use_errno=True)


def translate(error: OSError) -> exceptions.BankError:
    """Return the bank's error for one of the operating system."""
    reason = error.strerror or type(error).__name__
    if error.errno in _REJECTED:
        return exceptions.BankRejected(reason=reason)
    return exceptions.BankUnavailable(reason=reason)


def unreadable(key: str, error: OSError) -> exceptions.BankError:
    """Return the bank's error for one of reading an object."""
    if error.errno in _LOST:
        return exceptions.ObjectUnreadable(key=key, reason=error.strerror)
    return translate(error)


def check_container(root: str) -> None:
    """Let the caller go on if the container is there.

    :raises BankUnavailable: it is missing: not set up, or not mounted.
    """
    if not os.path.isdir(root):
        raise exceptions.BankUnavailable(reason="the container is missing")


def not_found(root: str, key: str, error: OSError) -> exceptions.BankError:
    """Return what to raise for an error of looking for an object.

    :raises BankUnavailable: the container is missing.
    """
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
        check_container(root)
        return exceptions.ObjectNotFound(key=key)
    return unreadable(key, error)


def sync_file_system(file: int) -> None:
    """Flush all of the file system that an open file lies on.

    :raises OSError: what was written since the file was opened, by anyone,
        may not be on the medium.
    """
    if _libc.syncfs(file):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def open_directory(path: str) -> Iterator[int]:
    """Open a directory for flushing it and for names in it.

    :raises OSError: it can't be opened.
    """
    file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def sync_path(path: str) -> None:
    """Flush the names in a directory.

    :raises OSError: they may not be on the medium.
    """
    with open_directory(path) as file:
        os.fsync(file)


def close(file: int) -> None:
    """Close a file that was written: NFS may tell of errors only then.

    :raises BankRejected, BankUnavailable: what was written is lost.
    """
    try:
        os.close(file)
    except OSError as error:
        raise translate(error) from error


def write(
    file: int,
    key: str,
    chunks: Iterable[bytes | memoryview],
    *,
    size: int,
    expected: Mapping[str, str] | None,
) -> dict[str, str]:
    """Write chunks to an open file and return the digests of the bytes.

    :raises DigestMismatch: size or digests differ from those promised.
    :raises BankRejected, BankUnavailable: it can't be written.
    """
    written = 0
    algorithms = digest_checks.algorithms_of(expected)
    with digest_checks.hasher(size, algorithms) as hasher:
        for chunk in chunks:
            hasher.update(chunk)
            written += _write_all(file, chunk)
            if written > size:
                break
            hasher.wait()
        digest_checks.check_size(key, written, size)
        found = hasher.digests()
    digest_checks.check(key, found, expected)
    return found


def _write_all(file: int, chunk: bytes | memoryview) -> int:
    length = len(chunk)
    try:
        count = os.write(file, chunk)
        while count < length:
            count += os.write(file, memoryview(chunk)[count:])
    except OSError as error:
        raise translate(error) from error
    return length


def unlink_same(path: str, file: int) -> None:
    """Remove a path if it is still the file that is open."""
    with contextlib.suppress(OSError):
        if os.path.samestat(os.lstat(path), os.fstat(file)):
            os.unlink(path)


class Tree:
    """The directories between the container and its files."""

    def __init__(self, root: str) -> None:
        self.root = root

    def path(self, key: str) -> str:
        """Return the path of an object's file.

        :raises InvalidKey: it is none.
        """
        return f"{self.root}/{keys.check_key(key)}"

    def create(self, path: str) -> int:
        """Open a new file for writing, in directories that may be missing.

        :raises FileExistsError: the path is taken.
        :raises OSError: it can't be made.
        :raises BankUnavailable: the container is missing, or somebody keeps
            removing the directories.
        """
        return self._make(path, lambda: os.open(path, CREATE, 0o640))

    def link(self, path: str, new_path: str) -> None:
        """Give a file a second name, in directories that may be missing.

        :raises FileExistsError: the new path is taken.
        :raises OSError: it can't be made.
        :raises BankUnavailable: as :meth:`create`; the file may be gone.
        """
        self._make(new_path, lambda: os.link(path, new_path))

    def rename(self, path: str, new_path: str) -> None:
        """Rename a file, into directories that may be missing.

        :raises OSError: it can't be done.
        :raises BankUnavailable: as :meth:`create`.
        """
        self._make(new_path, lambda: os.rename(path, new_path))

    def make_parents(self, path: str) -> None:
        """Make the directories above a path.

        :raises BankUnavailable: the container is missing.
        """
        check_container(self.root)
        for directory in reversed(list(self._parents(path))):
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                os.mkdir(directory, 0o750)

    def sync_parents(self, path: str) -> None:
        """Flush the names of a path and of the directories above it.

        :raises OSError: they may not be on the medium.
        """
        # All of them: another thread may have made one and not synced yet.
        # One that is gone was empty: the file is deleted again already.
        for directory in self._parents(path):
            with contextlib.suppress(FileNotFoundError):
                sync_path(directory)
        sync_path(self.root)

    def remove_empty(self, directory: str) -> None:
        """Remove a directory and those above it, up to one in use."""
        with contextlib.suppress(OSError):
            while directory != self.root:
                os.rmdir(directory)
                directory = os.path.dirname(directory)

    def _make(self, path: str, function: Callable[[], _T]) -> _T:
        """Call what makes a path, with the directories above it there."""
        for _ in range(RACES):
            try:
                return function()
            except FileNotFoundError:
                self.make_parents(path)
        raise exceptions.BankUnavailable(reason="directories keep vanishing")

    def _parents(self, path: str) -> Iterator[str]:
        directory = os.path.dirname(path)
        while directory != self.root:
            yield directory
            directory = os.path.dirname(directory)
