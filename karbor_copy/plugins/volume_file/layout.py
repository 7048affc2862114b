# SPDX-License-Identifier: Apache-2.0
"""What a volume's bank section looks like: its metadata and chunk names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Bytes: more than any file can have.
MAX_SIZE = 2**63 - 1

_CHUNK_NAME = re.compile(r"data_([0-9]+)_([0-9]+)", re.ASCII)


def chunk_name(epoch: int, index: int) -> str:
    """Return the name of a chunk that one attempt writes."""
    return f"data_{epoch}_{index}"


def chunk_epoch(name: str) -> int | None:
    """Return the attempt that a chunk is of; None for another object."""
    match = _CHUNK_NAME.fullmatch(name)
    return int(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class Part:
    """One chunk of a volume, which is no hole, and its size in bytes."""

    index: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMetadata:
    """The ``metadata`` object: how the chunks make up the volume.

    Sizes are in bytes. ``chunks`` maps the index of a chunk to its object,
    in ascending order; a chunk without one is a hole: zeros, never stored.
    """

    volume_id: str
    size: int
    chunk_size: int
    chunks: Mapping[int, str]

    @property
    def count(self) -> int:
        """Return how many chunks the volume has, holes included."""
        return -(-self.size // self.chunk_size)

    def length(self, index: int) -> int:
        """Return the bytes of a chunk; the last one may be shorter."""
        return min(self.chunk_size, self.size - index * self.chunk_size)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; ``chunks_num`` counts objects, as Karbor's."""
        return {
            "volume_id": self.volume_id,
            "size": self.size,
            "chunk_size": self.chunk_size,
            "chunks_num": len(self.chunks),
            "chunks": [
                {"index": index, "object": name}
                for index, name in self.chunks.items()
            ],
        }

    @classmethod
    def from_dict(cls, value: Any) -> "VolumeMetadata":
        """Read the JSON form, whoever wrote it.

        :raises ValueError: it makes no volume.
        """
        match value:
            case {
                "volume_id": str() as volume_id,
                "size": int() as size,
                "chunk_size": int() as chunk_size,
                "chunks_num": int() as chunks_num,
                "chunks": list() as chunks,
            } if 0 <= size <= MAX_SIZE and chunk_size > 0:
                pass
            case _:
                raise ValueError("it describes no volume file")
        metadata = cls(
            volume_id=volume_id,
            size=size,
            chunk_size=chunk_size,
            chunks=dict(map(_read_chunk, chunks)),
        )
        _check_order(metadata)
        if not len(metadata.chunks) == len(chunks) == chunks_num:
            raise ValueError("chunks_num is not the number of its chunks")
        return metadata


def _read_chunk(value: Any) -> tuple[int, str]:
    match value:
        case {"index": int() as index, "object": str() as name}:
            if chunk_epoch(name) is not None:
                return index, name
    raise ValueError("a chunk has no index or no object")


def _check_order(metadata: VolumeMetadata) -> None:
    indexes = list(metadata.chunks)
    if indexes != sorted(indexes):
        raise ValueError("its chunks are not in order")
    if indexes and not 0 <= indexes[0] <= indexes[-1] < metadata.count:
        raise ValueError("a chunk lies outside the volume")
