# SPDX-License-Identifier: Apache-2.0
"""What was right at the target before a restart must not be sent again."""

import collections
from dataclasses import dataclass

from tests.chaos import oracle as oracle_module
from tests.chaos import oracle_bank


@dataclass(frozen=True, slots=True)
class Seen:
    """An object that was right when its worker died.

    ``counted``: the next attempt will have to count it as skipped; a commit
    that only rolls forward counts nothing.
    """

    inode: int
    changed: int
    counted: bool


Whole = dict[str, Seen]


def whole(
    oracle: oracle_module.Oracle, threads: int
) -> tuple[Whole, list[str]]:
    """Return right objects of open copies, and if too many are not."""
    whole: Whole = {}
    parts: list[str] = []
    states = {log["id"]: log["state"] for log in oracle.rows("operation_logs")}
    for row in oracle.rows("checkpoint_copies"):
        if row["status"] not in oracle_module.OPEN:
            continue
        prefix = f"checkpoints/{row['checkpoint_copy_id']}/"
        bank = oracle.banks[row["target_provider_id"]]
        source = oracle.banks[row["provider_id"]]
        entries = source.manifest(row["checkpoint_id"])
        for path in (bank.root / prefix).rglob("resource-data/*/*"):
            key = str(path.relative_to(bank.root / prefix))
            if oracle_bank.sha256(path.read_bytes()) == entries[key]["sha256"]:
                found = path.stat()
                whole[prefix + key] = Seen(
                    found.st_ino,
                    found.st_mtime_ns,
                    states[row["id"]] != "committing",
                )
            else:
                parts.append(prefix + key)
    if len(parts) > threads:
        return whole, [f"{len(parts)} objects are half-written: {parts}"]
    return whole, []


def sent_again(oracle: oracle_module.Oracle, found: Whole) -> list[str]:
    """Return which of them were written once more."""
    again = []
    for key, seen in found.items():
        path = oracle.banks[oracle_module.TARGET].root / key
        if not path.exists():
            continue
        now = path.stat()
        if (now.st_ino, now.st_mtime_ns) != (
            seen.inode,
            seen.changed,
        ):
            again.append(f"{key} was there and was sent again")
    return again


def kept_too_few(oracle: oracle_module.Oracle, found: Whole) -> list[str]:
    """Return which finished copies do not tell what they kept."""
    sizes: collections.Counter[str] = collections.Counter()
    for key, seen in found.items():
        data = oracle.banks[oracle_module.TARGET].read(key) or b""
        sizes[key.split("/")[1]] += len(data) if seen.counted else 0
    return [
        f"copy {row['id']} skipped {row['bytes_skipped']} bytes of the "
        f"{sizes[row['checkpoint_copy_id']]} that were there"
        for row in oracle.rows("checkpoint_copies")
        if row["status"] == "finished"
        and row["bytes_skipped"] < sizes[row["checkpoint_copy_id"]]
    ]
