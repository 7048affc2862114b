# SPDX-License-Identifier: Apache-2.0
"""The manifest of a checkpoint: every object with its size and digest."""

from collections.abc import Mapping
from dataclasses import dataclass

from karbor_copy.data_models import checkpoint

VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of a checkpoint.

    ``key`` is relative to the checkpoint, as in
    ``resource-data/<resource id>/data_1``; ``size`` is in bytes; digests
    are lower-case hexadecimal; ``serialized`` is Karbor's mark of JSON.
    """

    key: str
    size: int
    sha256: str
    md5: str | None = None
    serialized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A header, the entries by key in lexical order, and a trailer.

    ``origin_verified`` is false for a copy of a source that had no manifest
    to check the bytes against; None for what is no copy.
    """

    checkpoint_id: str
    entries: Mapping[str, Entry]
    copied_from: checkpoint.CopiedFrom | None = None
    origin_verified: bool | None = None

    @property
    def size(self) -> int:
        """Return the sum of the objects' sizes in bytes."""
        return sum(entry.size for entry in self.entries.values())
