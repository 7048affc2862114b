# SPDX-License-Identifier: Apache-2.0
"""The demo's volumes: files with random data and holes, and their digests."""

import hashlib
import json
import os
import pathlib
import uuid
from dataclasses import dataclass
from typing import Final

RESOURCE_TYPE: Final = "OS::Cinder::Volume"
#: A volume is this many slices, of which some are holes.
SLICES: Final = 8
HOLES: Final = frozenset({2, 5})
PAGE: Final = 4096
MIN_SIZE: Final = SLICES * PAGE

_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume file of the demo."""

    id: str
    name: str
    path: pathlib.Path
    size: int


def volume_path(directory: pathlib.Path, volume_id: str) -> pathlib.Path:
    """Return where the file of a volume is."""
    return directory / f"volume-{volume_id}"


def make(
    directory: pathlib.Path, name: str, size: int, project_id: str
) -> Volume:
    """Make a sparse file of random data and the sidecar with its owner.

    :raises OSError: there is no room, or no right to write
    """
    volume_id = str(uuid.uuid4())
    path = volume_path(directory, volume_id)
    volume = Volume(id=volume_id, name=name, path=path, size=size)
    owner = {"project_id": project_id, "name": name}
    sidecar_path(path).write_text(json.dumps(owner), encoding="utf-8")
    with path.open("xb") as stream:
        stream.truncate(size)
    for index in range(SLICES):
        if index not in HOLES:
            start, end = _slice(volume, index)
            _write_random(path, start, end)
    return volume


def change(volume: Volume, turn: int) -> None:
    """Overwrite half a slice with new random data, each turn another one.

    :raises OSError: there is no room, or no right to write
    """
    start, end = _slice(volume, turn % SLICES)
    _write_random(volume.path, start, start + (end - start) // 2)


def remove(volume: Volume) -> None:
    """Delete a volume and its sidecar.

    :raises OSError: it can't be deleted
    """
    volume.path.unlink()
    sidecar_path(volume.path).unlink()


def sidecar_path(path: pathlib.Path) -> pathlib.Path:
    """Return the file that names a volume file's owner."""
    return path.with_name(path.name + ".json")


def digest(path: pathlib.Path) -> str | None:
    """Return the SHA-256 of a file, or None where there is none.

    :raises OSError: it can't be read
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def restored_id(restore_id: str, volume_id: str) -> str:
    """Return the id that a restore gives to a volume that it makes."""
    key = f"{RESOURCE_TYPE}#{volume_id}"
    return str(uuid.uuid5(uuid.UUID(restore_id), key))


def _slice(volume: Volume, index: int) -> tuple[int, int]:
    """Return where a slice begins and ends; the last takes what is left."""
    length = volume.size // SLICES // PAGE * PAGE
    start = index * length
    return start, volume.size if index == SLICES - 1 else start + length


def _write_random(path: pathlib.Path, start: int, end: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(start)
        while start < end:
            start += stream.write(os.urandom(min(_BLOCK, end - start)))
