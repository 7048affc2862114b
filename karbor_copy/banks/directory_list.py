# SPDX-License-Identifier: Apache-2.0
"""Listing the file-system bank in the order of keys, one directory a time."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import directory_files as files
from karbor_copy.banks import keys

_NO_DIGESTS: MappingProxyType[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Wanted:
    prefix: str
    marker: str
    delimiter: str | None

    def wants(self, key: str) -> bool:
        """Tell whether a key is to be listed."""
        return key.startswith(self.prefix) and key > self.marker

    def enters(self, directory: str) -> bool:
        """Tell whether a directory, ending in a slash, may hold such."""
        inside = directory.startswith(self.prefix)
        if not inside and not self.prefix.startswith(directory):
            return False
        return directory > self.marker or self.marker.startswith(directory)

    def rolls_up(self, directory: str) -> bool:
        """Tell whether a directory is listed as one item."""
        return self.delimiter is not None and len(directory) > len(self.prefix)


def list_objects(
    root: str,
    prefix: str,
    marker: str | None,
    limit: int | None,
    delimiter: str | None,
) -> Iterator[base.ObjectInfo]:
    """Yield objects, as :meth:`base.Bank.list` says.

    :raises BankUnavailable: the directory is missing or can't be listed.
    :raises ValueError: the delimiter is not the slash.
    """
    if delimiter not in {None, "/"}:
        raise ValueError("a directory can be listed by the slash only")
    wanted = _Wanted(prefix, marker or "", delimiter)
    start = prefix[: prefix.rfind("/") + 1]
    return itertools.islice(_walk(root, start, wanted), limit)


def _walk(
    root: str, directory: str, wanted: _Wanted
) -> Iterator[base.ObjectInfo]:
    for name, entry in _entries(root, directory):
        key = directory + name
        if not name.endswith("/"):
            # What Karbor did not write may have a name that is no key.
            if wanted.wants(key) and keys.is_key(key):
                with contextlib.suppress(FileNotFoundError):
                    size = entry.stat(follow_symlinks=False).st_size
                    yield base.ObjectInfo(
                        key=key, size=size, digests=_NO_DIGESTS
                    )
        elif wanted.rolls_up(key):
            if wanted.wants(key) and _has_objects(root, key):
                yield base.ObjectInfo(key=key, size=0)
        elif wanted.enters(key):
            yield from _walk(root, key, wanted)


def _entries(root: str, directory: str) -> list[tuple[str, os.DirEntry[str]]]:
    """Return names, those of directories with a slash, in order of keys."""
    found = []
    try:
        with os.scandir(os.path.join(root, directory)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    found.append((entry.name + "/", entry))
                elif entry.is_file(follow_symlinks=False):
                    found.append((entry.name, entry))
    except (FileNotFoundError, NotADirectoryError):
        files.check_container(root)
    except OSError as error:
        # Never as if it were empty.
        raise exceptions.BankUnavailable(
            reason=error.strerror or "it can't be listed"
        ) from error
    found.sort(key=lambda item: item[0])
    return found


def _has_objects(root: str, directory: str) -> bool:
    inside = list_objects(root, directory, None, 1, None)
    return next(inside, None) is not None
