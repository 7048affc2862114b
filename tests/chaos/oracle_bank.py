# SPDX-License-Identifier: Apache-2.0
"""A bank as the documented format tells it, read as plain files."""

import hashlib
import json
import pathlib
from typing import Any

Row = dict[str, Any]


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Bank:
    """The objects below a container directory."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def all_keys(self) -> set[str]:
        """Return the keys of all objects."""
        return {
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def read(self, key: str) -> bytes | None:
        """Return an object, or None where there is none."""
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None

    def index(self, checkpoint_id: str) -> Row | None:
        """Return what index.json says."""
        data = self.read(f"checkpoints/{checkpoint_id}/index.json")
        return None if data is None else json.loads(data)

    def manifest(self, checkpoint_id: str) -> dict[str, Row]:
        """Return the lines of the manifest by key; trailer and all checked.

        :raises AssertionError: it contradicts itself.
        """
        data = self.read(f"checkpoints/{checkpoint_id}/manifest.jsonl")
        assert data is not None, "no manifest"
        lines = data.splitlines(keepends=True)
        header, trailer = json.loads(lines[0]), json.loads(lines[-1])
        entries = [json.loads(line) for line in lines[1:-1]]
        assert header["checkpoint_id"] == checkpoint_id, "another's manifest"
        assert trailer["count"] == len(entries), "wrong count"
        assert trailer["total"] == sum(e["size"] for e in entries), "total"
        assert trailer["digest"] == sha256(b"".join(lines[:-1])), "digest"
        return {entry["key"]: entry for entry in entries}

    def check_visible(self, checkpoint_id: str, index: Row) -> list[str]:
        """Return what is wrong with a checkpoint that is shown."""
        data = self.read(f"checkpoints/{checkpoint_id}/manifest.jsonl")
        if data is None or sha256(data) != index.get("manifest_sha256"):
            return [f"{checkpoint_id} is shown without its manifest"]
        try:
            entries = self.manifest(checkpoint_id)
        except AssertionError as error:
            return [f"manifest of {checkpoint_id}: {error}"]
        return [
            f"{checkpoint_id} is shown, but {key} is missing or wrong"
            for key, entry in entries.items()
            if not self._is_right(checkpoint_id, entry)
        ]

    def _is_right(self, checkpoint_id: str, entry: Row) -> bool:
        data = self.read(f"checkpoints/{checkpoint_id}/{entry['key']}")
        return (
            data is not None
            and len(data) == entry["size"]
            and sha256(data) == entry["sha256"]
        )

    def volume_digest(self, checkpoint_id: str, volume_id: str) -> str:
        """Return the SHA-256 of a volume put together from its chunks."""
        section = f"checkpoints/{checkpoint_id}/resource-data/{volume_id}"
        metadata = json.loads(self.read(f"{section}/metadata") or b"{}")
        data = bytearray(metadata["size"])
        for chunk in metadata["chunks"]:
            start = chunk["index"] * metadata["chunk_size"]
            part = self.read(f"{section}/{chunk['object']}") or b""
            data[start : start + len(part)] = part
        return sha256(bytes(data))


def index_keys(index: Row) -> set[str]:
    """Return the three keys by which a checkpoint is found."""
    project, provider = index["project_id"], index["provider_id"]
    date, plan = index["created_at"], index["protection_plan"]["id"]
    tail = f"{index['timestamp']}@{index['id']}"
    return {
        f"indices/by-provider/{provider}/{project}/{tail}",
        f"indices/by-date/{date}/{project}/{tail}",
        f"indices/by-plan/{plan}/{project}/{date}/{tail}",
    }


def tombstone(bank: Bank, checkpoint_id: str) -> set[str]:
    """Return what a deleted checkpoint may leave, its index apart."""
    index = bank.index(checkpoint_id)
    if index is not None and index["status"] != "deleted":
        return set()
    root = bank.root / f"checkpoints/{checkpoint_id}/resource-data"
    return {str(path.relative_to(bank.root)) for path in root.glob("*/status")}
