# SPDX-License-Identifier: Apache-2.0
"""Reads files and bank objects in small pieces, checking all the while."""

import errno
import hashlib
import json
import os
from collections.abc import Callable
from collections.abc import Iterator

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import section as bank_section
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins.volume_file import layout

Check = Callable[[], None]

#: Bytes; a manifest of so many chunks could not be read either.
MAX_METADATA_SIZE = 256 * 1024 * 1024

_ZEROS = bytes(base.BLOCK_SIZE)


def new_buffer() -> memoryview:
    """Return the one buffer that the work on one volume needs."""
    return memoryview(bytearray(base.BLOCK_SIZE))


def is_zero(block: memoryview) -> bool:
    """Tell whether a block, at most a buffer long, is zeros only."""
    # NOTE: most blocks differ in the first byte, and comparing bytes is a
    # memcmp, which comparing views is not.
    return not block or (not block[0] and bytes(block) == _ZEROS[: len(block)])


class FileChunk:
    """A part of a file, as what a bank puts; iterating reads it anew."""

    def __init__(
        self,
        descriptor: int,
        offset: int,
        length: int,
        *,
        buffer: memoryview,
        check: Check,
    ) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._length = length
        self._buffer = buffer
        self._check = check

    def __iter__(self) -> Iterator[memoryview]:
        """Yield the bytes as views of the buffer.

        :raises SourceChanged: the file ends early.
        :raises ResourceFailed: it can't be read; not an OSError, which the
            bank that iterates would take for one of its own.
        """
        position, end = self._offset, self._offset + self._length
        while position < end:
            self._check()
            view = self._buffer[: end - position]
            try:
                count = os.preadv(self._descriptor, [view], position)
            except OSError as error:
                raise exceptions.ResourceFailed(
                    reason=f"the volume can't be read: {error.strerror}"
                ) from error
            if not count:
                raise exceptions.SourceChanged(reason="the volume was cut")
            yield view[:count]
            position += count

    def is_hole(self) -> bool:
        """Tell whether the part is zeros only, however it is stored.

        :raises SourceChanged, ResourceFailed: as iterating.
        """
        return all(map(is_zero, self))


def data_parts(
    descriptor: int, size: int, chunk_size: int
) -> list[layout.Part]:
    """Return the chunks of a file but for those that are holes in it."""
    parts = []
    position = _next_data(descriptor, 0, size)
    while position < size:
        index = position // chunk_size
        end = min((index + 1) * chunk_size, size)
        parts.append(layout.Part(index, end - index * chunk_size))
        position = _next_data(descriptor, end, size)
    return parts


def _next_data(descriptor: int, offset: int, size: int) -> int:
    """Return where the first byte at or after the offset is stored."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError as error:
        # Unless it is the end, the file system can't tell: the bytes will.
        return size if error.errno == errno.ENXIO else offset


def read_verified(
    section: bank_section.BankSection,
    key: str,
    *,
    buffer: memoryview,
    check: Check,
) -> Iterator[memoryview]:
    """Yield an object's bytes as views of the buffer.

    What was yielded counts only when the iteration has ended: it is held
    against the manifest, where there is one, at the end.

    :raises ObjectNotFound: the bank or its manifest has no such object.
    :raises DigestMismatch: the bytes are not the manifest's.
    """
    entry = None
    if section.entries is not None:
        entry = section.entries.get(key)
        if entry is None:
            raise exceptions.ObjectNotFound(key=key)
    digest = hashlib.sha256()
    with section.open(key) as reader:
        while count := reader.readinto(buffer):
            check()
            digest.update(buffer[:count])
            yield buffer[:count]
    if entry is not None and digest.hexdigest() != entry.sha256:
        raise exceptions.DigestMismatch(
            key=key, actual=digest.hexdigest(), expected=entry.sha256
        )


def read_metadata(
    section: bank_section.BankSection, *, buffer: memoryview, check: Check
) -> layout.VolumeMetadata:
    """Return what the section says of the volume.

    :raises ObjectNotFound, DigestMismatch: as :func:`read_verified`.
    :raises SourceCorrupt: it says nothing that makes a volume.
    """
    key = bank_copy.METADATA_NAME
    data = bytearray()
    try:
        for block in read_verified(section, key, buffer=buffer, check=check):
            data += block
            if len(data) > MAX_METADATA_SIZE:
                raise ValueError(f"larger than {MAX_METADATA_SIZE} bytes")
        return layout.VolumeMetadata.from_dict(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise exceptions.SourceCorrupt(key=key, reason=str(error)) from error
