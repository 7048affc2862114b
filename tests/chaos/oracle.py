# SPDX-License-Identifier: Apache-2.0
"""Judges what is on the disk, by the documented format alone.

Nothing of the product is imported: rows are read with sqlite3, banks as
plain files, and every digest is computed again.
"""

import collections
import contextlib
import hashlib
import json
import pathlib
import sqlite3
import time
import uuid
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

REGIONS = {
    "cf56bd3e-97a7-4078-b6d5-f36246333fd9": "region-one",
    "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e": "region-two",
}
TARGET = "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e"
OPEN = ("wait_copying", "copying")

Row = dict[str, Any]
#: Key -> inode and time of the last change, of objects that are right.
Whole = dict[str, tuple[int, int]]


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Bank:
    """The objects below a container directory."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def keys(self) -> set[str]:
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


class Oracle:
    """Knows what a site was asked to keep, and tells what is not so."""

    def __init__(
        self,
        path: pathlib.Path,
        originals: Mapping[str, Mapping[str, str]],
        threads: int,
    ) -> None:
        """Take checkpoint id -> volume id -> SHA-256 of what was protected."""
        self._path = path
        self._originals = originals
        self._threads = threads
        self.banks = {
            provider_id: Bank(path / "banks" / name / "karbor")
            for provider_id, name in REGIONS.items()
        }

    def rows(self, table: str) -> list[Row]:
        """Return all rows of a table."""
        path = self._path / "karbor_copy.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as found:
            found.row_factory = sqlite3.Row
            query = f"SELECT * FROM {table}"  # noqa: S608 - ours
            return [dict(row) for row in found.execute(query)]

    # At any time, also right after a kill.

    def at_any_time(self) -> list[str]:
        """Return what must never be seen, whatever was killed."""
        return [*self._visible(), *self._index_keys(), *self._copy_rows()]

    def _visible(self) -> Iterator[str]:
        for bank in self.banks.values():
            for path in bank.root.glob("checkpoints/*/index.json"):
                index = json.loads(path.read_bytes())
                if index["status"] == "available":
                    yield from bank.check_visible(path.parent.name, index)

    def _index_keys(self) -> Iterator[str]:
        for bank in self.banks.values():
            for key in bank.keys():
                if not key.startswith("indices/"):
                    continue
                checkpoint_id = key.rpartition("@")[2]
                index = bank.index(checkpoint_id)
                if index is None or index["status"] == "deleted":
                    yield f"{key} leads to no living checkpoint"
                elif key not in index_keys(index):
                    yield f"{key} is not a key of its checkpoint"
                elif not checkpoint_id.encode().startswith(
                    bank.read(key) or b""
                ):
                    yield f"{key} holds something else"

    def _copy_rows(self) -> Iterator[str]:
        rows = self.rows("checkpoint_copies")
        finished = collections.Counter(
            (row["checkpoint_id"], row["target_provider_id"])
            for row in rows
            if row["copy_slot"] is not None
        )
        for pair, count in finished.items():
            if count > 1:
                yield f"{pair} is copied {count} times"
        for row in rows:
            ended = row["status"] in ("error", "cancelled")
            if ended and row["copy_slot"] is not None:
                yield f"{row['id']} is {row['status']} and holds its slot"
            if row["status"] == "finished":
                yield from self._finished(row)

    def _finished(self, row: Row) -> Iterator[str]:
        bank = self.banks[row["target_provider_id"]]
        copy_id = row["checkpoint_copy_id"]
        known = {item["id"]: item for item in self.rows("checkpoints")}
        if known[copy_id]["status"] != "available":
            return
        index = bank.index(copy_id)
        if index is None or index["status"] != "available":
            yield f"{copy_id} is finished and not in its bank"
            return
        entries = bank.manifest(copy_id)
        source = self.banks[row["provider_id"]].manifest(row["checkpoint_id"])
        if {k: e["sha256"] for k, e in entries.items()} != {
            k: e["sha256"] for k, e in source.items()
        }:
            yield f"{copy_id} is not what its source is"
        for volume_id, digest in self._originals[row["checkpoint_id"]].items():
            if bank.volume_digest(copy_id, volume_id) != digest:
                yield f"volume {volume_id} in {copy_id} is not the original"
        yield from _figures(row, entries)

    # At rest, when nothing is open.

    def at_rest(self) -> list[str]:
        """Return what is wrong when all has been settled."""
        return [
            *self.at_any_time(),
            *self._open_rows(),
            *self._protected(),
            *self._objects(),
            *self._volumes(),
        ]

    def _open_rows(self) -> Iterator[str]:
        soon = (time.time() + 10) * 1000
        for log in self.rows("operation_logs"):
            late = log["operation_type"] == "cleanup" and (
                (log["due_at"] or 0) > soon
            )
            if log["state"] != "settled" and not late:
                yield f"operation {log['id']} is {log['state']}"
            if log["status"] in ("error", "fail") and not log["error_info"]:
                yield f"operation {log['id']} failed without a reason"
        for name in ("checkpoint_copies", "copies", "checkpoints"):
            for row in self.rows(name):
                if row["status"] in (*OPEN, "protecting", "deleting"):
                    yield f"{name} {row['id']} is still {row['status']}"
                if name == "checkpoint_copies" and row["status"] == "error":
                    if not row["error_info"]:
                        yield f"copy {row['id']} failed without a reason"
        for name in ("restores", "verifications"):
            for row in self.rows(name):
                if row["status"] not in ("success", "fail"):
                    yield f"{name} {row['id']} is still {row['status']}"

    def _protected(self) -> Iterator[str]:
        for row in self.rows("checkpoints"):
            originals = self._originals.get(row["id"], {})
            if row["status"] != "available":
                continue
            bank = self.banks[row["provider_id"]]
            for volume_id, digest in originals.items():
                if bank.volume_digest(row["id"], volume_id) != digest:
                    yield f"volume {volume_id} in {row['id']} is another"

    def _objects(self) -> Iterator[str]:
        """Yield objects that nothing stands for, and those that miss."""
        for provider_id, bank in self.banks.items():
            wanted: set[str] = set()
            optional: set[str] = set()
            for row in self.rows("checkpoints"):
                if row["provider_id"] == provider_id:
                    wanted |= self._wanted(bank, row)
                    if row["status"] == "deleted":
                        optional |= _tombstone(bank, row["id"])
            found = bank.keys()
            for key in sorted(found - wanted - optional):
                yield f"{REGIONS[provider_id]} has an orphan {key}"
            for key in sorted(wanted - found):
                yield f"{REGIONS[provider_id]} lacks {key}"
            for key in found:
                holds = bank.read(key)
                if key.startswith("indices/") and holds != key[-36:].encode():
                    yield f"{key} holds {holds!r}"

    def _wanted(self, bank: Bank, row: Row) -> set[str]:
        """Return the keys that a row of the catalogue stands for."""
        prefix = f"checkpoints/{row['id']}"
        if row["committed_at"] is None:
            return set()
        index = bank.index(row["id"])
        if index is None or row["status"] == "deleted":
            return {f"{prefix}/index.json"}
        data = {f"{prefix}/{key}" for key in bank.manifest(row["id"])}
        return {
            f"{prefix}/index.json",
            f"{prefix}/manifest.jsonl",
            *index_keys(index),
            *data,
        }

    def _volumes(self) -> Iterator[str]:
        for path in (self._path / "volumes").iterdir():
            if path.name.startswith("."):
                yield f"{path.name} was left in the volumes"
        for row in self.rows("restores"):
            if row["status"] == "success":
                yield from self._restored(row)

    def _restored(self, row: Row) -> Iterator[str]:
        source = next(
            item["copied_from"] or item["id"]
            for item in self.rows("checkpoints")
            if item["id"] == row["checkpoint_id"]
        )
        for volume_id, digest in self._originals[source].items():
            key = f"OS::Cinder::Volume#{volume_id}"
            new_id = uuid.uuid5(uuid.UUID(row["id"]), key)
            path = self._path / "volumes" / f"volume-{new_id}"
            if not path.exists() or sha256(path.read_bytes()) != digest:
                yield f"restored volume {new_id} is not the original"

    # What was there before a restart must not be sent again.

    def whole(self) -> tuple[Whole, list[str]]:
        """Return right objects of open copies, and if too many are not."""
        whole: Whole = {}
        parts: list[str] = []
        for row in self.rows("checkpoint_copies"):
            if row["status"] not in OPEN:
                continue
            prefix = f"checkpoints/{row['checkpoint_copy_id']}/"
            bank = self.banks[row["target_provider_id"]]
            source = self.banks[row["provider_id"]]
            entries = source.manifest(row["checkpoint_id"])
            for path in (bank.root / prefix).rglob("resource-data/*/*"):
                key = str(path.relative_to(bank.root / prefix))
                if sha256(path.read_bytes()) == entries[key]["sha256"]:
                    found = path.stat()
                    whole[prefix + key] = (found.st_ino, found.st_mtime_ns)
                else:
                    parts.append(prefix + key)
        if len(parts) > self._threads:
            return whole, [f"{len(parts)} objects are half-written: {parts}"]
        return whole, []

    def sent_again(self, whole: Whole) -> list[str]:
        """Return which of them were written once more."""
        again = []
        for key, (inode, changed) in whole.items():
            path = self.banks[TARGET].root / key
            if not path.exists():
                continue
            found = path.stat()
            if (found.st_ino, found.st_mtime_ns) != (inode, changed):
                again.append(f"{key} was there and was sent again")
        return again

    def kept_too_few(self, whole: Whole) -> list[str]:
        """Return which finished copies do not tell what they kept."""
        sizes: collections.Counter[str] = collections.Counter()
        for key in whole:
            data = self.banks[TARGET].read(key)
            sizes[key.split("/")[1]] += len(data or b"")
        return [
            f"copy {row['id']} skipped {row['bytes_skipped']} bytes of the "
            f"{sizes[row['checkpoint_copy_id']]} that were there"
            for row in self.rows("checkpoint_copies")
            if row["status"] == "finished"
            and row["bytes_skipped"] < sizes[row["checkpoint_copy_id"]]
        ]


def _figures(row: Row, entries: Mapping[str, Row]) -> Iterator[str]:
    total = sum(entry["size"] for entry in entries.values())
    if not (
        row["bytes_total"]
        == row["bytes_copied"] + row["bytes_skipped"]
        == total
    ):
        yield (
            f"copy {row['id']} of {total} bytes tells of "
            f"{row['bytes_copied']} copied and {row['bytes_skipped']} skipped"
            f" of {row['bytes_total']}"
        )
    if not row["objects_total"] == row["objects_copied"] == len(entries):
        yield f"copy {row['id']} counts its objects wrong"
    for key, resource in json.loads(row["resources"]).items():
        if resource["status"] != "finished":
            yield f"{key} of the finished copy {row['id']} is not"


def _tombstone(bank: Bank, checkpoint_id: str) -> set[str]:
    """Return what a deleted checkpoint may leave, its index apart."""
    index = bank.index(checkpoint_id)
    if index is not None and index["status"] != "deleted":
        return set()
    root = bank.root / f"checkpoints/{checkpoint_id}/resource-data"
    return {str(path.relative_to(bank.root)) for path in root.glob("*/status")}
