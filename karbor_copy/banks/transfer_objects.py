# SPDX-License-Identifier: Apache-2.0
"""The objects that a transfer copies or verifies."""

from dataclasses import dataclass
from typing import Protocol

from karbor_copy.banks import section as bank_section
from karbor_copy.data_models import manifest


class Sized(Protocol):
    """Something with a number of bytes."""

    @property
    def size(self) -> int:
        """Return the number of bytes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as it should be; ``entry`` where a manifest vouches."""

    key: str
    size: int
    serialized: bool
    entry: manifest.Entry | None

    @property
    def digests(self) -> dict[str, str] | None:
        """Return what the bytes must hash to, as far as it is known."""
        if self.entry is None:
            return None
        known = {"sha256": self.entry.sha256}
        if self.entry.md5 is not None:
            known["md5"] = self.entry.md5
        return known


@dataclass(frozen=True, slots=True)
class Written:
    """An object that was sent to a target, and the digest of its bytes.

    ``kept`` of them were there already.
    """

    wanted: Wanted
    sha256: str
    kept: int = 0

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return self.wanted.size


def wanted_of(section: bank_section.BankSection) -> list[Wanted]:
    """Return a section's objects: by the manifest, else by a listing."""
    if section.entries is not None:
        return [
            Wanted(key, entry.size, entry.serialized, entry)
            for key, entry in sorted(section.entries.items())
        ]
    return [
        Wanted(
            info.key,
            info.size,
            bank_section.is_json_name(info.key)
            if info.serialized is None
            else info.serialized,
            None,
        )
        for info in section.list()
    ]
