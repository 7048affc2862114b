# SPDX-License-Identifier: Apache-2.0
"""Judges what is on the disk, by the documented format alone.

Nothing of the product is imported: rows are read with plain SQL, banks as
plain files, and every digest is computed again.
"""

import collections
import contextlib
import functools
import json
import pathlib
import sqlite3
import time
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from tests.chaos import oracle_bank

REGIONS = {
    "cf56bd3e-97a7-4078-b6d5-f36246333fd9": "region-one",
    "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e": "region-two",
}
TARGET = "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e"
OPEN = ("wait_copying", "copying")

Row = dict[str, Any]
Read = Callable[[str], list[Row]]


class Oracle:
    """Knows what a site was asked to keep, and tells what is not so."""

    def __init__(
        self,
        path: pathlib.Path,
        originals: Mapping[str, Mapping[str, str]],
        read: Read | None = None,
    ) -> None:
        """Take checkpoint id -> volume id -> SHA-256 of what was protected.

        ``read`` gives all rows of a table, by default of the site's sqlite.
        """
        self._path = path
        self.rows: Read = read or functools.partial(
            _sqlite_rows, path / "karbor_copy.sqlite"
        )
        self._originals = originals
        self.banks = {
            provider_id: oracle_bank.Bank(path / "banks" / name / "karbor")
            for provider_id, name in REGIONS.items()
        }

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
            for key in bank.all_keys():
                if not key.startswith("indices/"):
                    continue
                checkpoint_id = key.rpartition("@")[2]
                index = bank.index(checkpoint_id)
                if index is None or index["status"] == "deleted":
                    yield f"{key} leads to no living checkpoint"
                elif key not in oracle_bank.index_keys(index):
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
            *self._records(),
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
        for row in self.rows("checkpoint_copies"):
            if row["status"] == "error" and not row["error_info"]:
                yield f"copy {row['id']} failed without a reason"

    def _records(self) -> Iterator[str]:
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
                        optional |= oracle_bank.tombstone(bank, row["id"])
            found = bank.all_keys()
            for key in sorted(found - wanted - optional):
                yield f"{REGIONS[provider_id]} has an orphan {key}"
            for key in sorted(wanted - found):
                yield f"{REGIONS[provider_id]} lacks {key}"
            for key in found:
                holds = bank.read(key)
                if key.startswith("indices/") and holds != key[-36:].encode():
                    yield f"{key} holds {holds!r}"

    def _wanted(self, bank: oracle_bank.Bank, row: Row) -> set[str]:
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
            *oracle_bank.index_keys(index),
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
            if (
                not path.exists()
                or oracle_bank.sha256(path.read_bytes()) != digest
            ):
                yield f"restored volume {new_id} is not the original"


def _sqlite_rows(path: pathlib.Path, table: str) -> list[Row]:
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as found:
        found.row_factory = sqlite3.Row
        query = f"SELECT * FROM {table}"  # noqa: S608 - ours
        return [dict(row) for row in found.execute(query)]


def _figures(row: Row, entries: Mapping[str, Row]) -> Iterator[str]:
    total = sum(entry["size"] for entry in entries.values())
    if not (
        row["bytes_total"]
        == row["bytes_copied"] + row["bytes_skipped"] + row["bytes_reused"]
        == total
    ):
        yield (
            f"copy {row['id']} of {total} bytes tells of "
            f"{row['bytes_copied']} copied and {row['bytes_skipped']} skipped"
            f" of {row['bytes_total']}"
        )
    if not row["objects_total"] == row["objects_copied"] == len(entries):
        yield f"copy {row['id']} counts its objects wrong"
    told = row["resources"]
    # Some drivers have parsed it.
    resources = json.loads(told) if isinstance(told, str) else told
    for key, resource in resources.items():
        if resource["status"] != "finished":
            yield f"{key} of the finished copy {row['id']} is not"
