# SPDX-License-Identifier: Apache-2.0
"""Files of the file-system bank that have several names."""

import os
from collections.abc import Iterator

from karbor_copy.banks import directory_files as files


def sharing(root: str, directory: str) -> dict[str, list[str]]:
    """Return the other keys of files below a directory of the container.

    By key; one without other keys is not there. Without a file that has
    several names nothing else is looked at, else the whole container is.

    :raises BankError: it can't be read.
    """
    shared = {
        entry.inode(): key
        for key, entry in _walk(root, directory)
        if entry.stat(follow_symlinks=False).st_nlink > 1
    }
    found: dict[str, list[str]] = {}
    if shared:
        for key, entry in _walk(root, ""):
            mine = shared.get(entry.inode(), key)
            if mine != key:
                found.setdefault(mine, []).append(key)
    return found


def _walk(root: str, directory: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the keys of files, in no order, with what the system tells."""
    waiting = [directory]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(os.path.join(root, directory)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{directory}{entry.name}/")
                    elif entry.is_file(follow_symlinks=False):
                        yield directory + entry.name, entry
        except FileNotFoundError:
            files.check_container(root)
        except OSError as error:
            raise files.translate(error) from error
