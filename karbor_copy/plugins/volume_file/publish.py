# SPDX-License-Identifier: Apache-2.0
"""Brings a volume into the directory: whole, durable, over no other.

The file is written aside under a name of the attempt's own, the owner is
named first, and a hard link, which never overwrites, gives the volume its
name. A worker that was replaced can so only lose the race or lay down the
same bytes.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from collections.abc import Mapping

from karbor_copy import exceptions
from karbor_copy.banks import base as bank_base
from karbor_copy.plugins.volume_file import chunks
from karbor_copy.plugins.volume_file import volumes

#: The owner and the group of the service may read and write, if the umask
#: lets them; a volume is nobody else's to see.
_MODE = 0o660


class Publication:
    """One attempt to publish one volume."""

    def __init__(
        self,
        directory: volumes.VolumeDirectory,
        volume_id: str,
        epoch: int,
    ) -> None:
        self._directory = directory
        self._volume_id = volume_id
        self._epoch = epoch
        self._aside = directory.path / f".volume-{volume_id}.{epoch}.part"

    @contextlib.contextmanager
    def open_aside(self) -> Iterator[int]:
        """Open an empty file that goes away again with the block.

        Those of dead attempts go too.

        :raises OSError: it can't be made.
        """
        self._delete_leftovers()
        descriptor = _create(self._aside)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
            self._aside.unlink(missing_ok=True)

    def publish(
        self,
        owner: Mapping[str, str],
        descriptor: int,
        check: chunks.Check,
    ) -> None:
        """Give the file aside its owner and its name, durably.

        A volume of equal bytes that is there already is ours, from an
        attempt that ended too early to tell.

        :raises ResourceFailed: another file is in the way.
        :raises OSError: the file system refuses.
        """
        os.fsync(descriptor)
        self._publish_owner(owner)
        path = self._directory.volume_path(self._volume_id)
        try:
            os.link(self._aside, path, follow_symlinks=False)
        except FileExistsError as error:
            with volumes.open_regular(path) as existing:
                if not _same_bytes(descriptor, existing, check):
                    raise exceptions.ResourceFailed(
                        reason=f"another volume {self._volume_id} is in the "
                        "way"
                    ) from error
        _sync_directory(self._directory)

    def _publish_owner(self, owner: Mapping[str, str]) -> None:
        aside = self._aside.with_suffix(".owner")
        descriptor = _create(aside)
        try:
            write_at(descriptor, json.dumps(dict(owner)).encode(), 0)
            os.fsync(descriptor)
            path = self._directory.owner_path(self._volume_id)
            os.link(aside, path, follow_symlinks=False)
        except FileExistsError as error:
            found = self._directory.read_owner(self._volume_id)
            if found.get("project_id") != owner["project_id"]:
                raise exceptions.ResourceFailed(
                    reason=f"volume {self._volume_id} has another owner"
                ) from error
        finally:
            os.close(descriptor)
            aside.unlink(missing_ok=True)
        _sync_directory(self._directory)

    def _delete_leftovers(self) -> None:
        """Delete what earlier attempts at this volume left aside."""
        pattern = re.compile(
            rf"\.volume-{re.escape(self._volume_id)}\.([0-9]+)\.(part|owner)"
        )
        for name in os.listdir(self._directory.path):
            match = pattern.fullmatch(name)
            if match and int(match[1]) <= self._epoch:
                (self._directory.path / name).unlink(missing_ok=True)


def _create(path: os.PathLike[str]) -> int:
    """Make a file of our own and open it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, _MODE)


def set_size(descriptor: int, size: int) -> None:
    """Make the file one hole of that size."""
    os.ftruncate(descriptor, size)


def write_at(descriptor: int, data: bytes | memoryview, position: int) -> None:
    """Write all of the data.

    :raises OSError: the disk is full, or refuses.
    """
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, position)
        view = view[count:]
        position += count


def _same_bytes(first: int, second: int, check: chunks.Check) -> bool:
    """Tell whether two open files hold the same bytes."""
    if os.fstat(first).st_size != os.fstat(second).st_size:
        return False
    position = 0
    while True:
        check()
        block = os.pread(first, bank_base.BLOCK_SIZE, position)
        if block != os.pread(second, bank_base.BLOCK_SIZE, position):
            return False
        if not block:
            return True
        position += len(block)


def _sync_directory(directory: volumes.VolumeDirectory) -> None:
    descriptor = os.open(directory.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
