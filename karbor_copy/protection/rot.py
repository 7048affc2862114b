# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a checkpoint in its bank."""

import enum
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Final

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import pace as paces
from karbor_copy.banks import proof
from karbor_copy.banks import section as bank_section
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import status
from karbor_copy.protection import contents

#: Bad objects of one checkpoint that are named; the others are counted.
MAX_NAMED: Final = 1000

_Status = status.CheckpointStatus


class Verdict(enum.StrEnum):
    """What is told of a checkpoint."""

    GOOD = "good"
    BAD = "bad"
    REPAIRED = "repaired"
    UNVERIFIED = "unverified"
    SKIPPED = "skipped"
    UNREADABLE = "unreadable"


class DeletedElsewhere(exceptions.KarborCopyError):
    """Another service is deleting it, or has."""

    msg_fmt = "it is %(status)s in its bank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """An object, by its key relative to the checkpoint.

    ``shared_with`` are the checkpoints which had the same bytes on the
    medium when they were found bad: theirs are no better.
    """

    key: str
    flaw: proof.Flaw
    repaired_from: str | None = None
    shared_with: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """The bad objects: the first by name, all by number."""

    named: list[Bad] = field(default_factory=list)
    bad: int = 0
    repaired: int = 0

    def add(self, found: Bad) -> None:
        """Note one more."""
        self.bad += 1
        self.repaired += found.repaired_from is not None
        if len(self.named) < MAX_NAMED:
            self.named.append(found)


@dataclass(slots=True, kw_only=True)
class Done:
    """How a repair came out; ``reason`` is why it stays ``error``."""

    verdict: Verdict
    findings: Findings
    reason: str | None = None


def read_index(
    store: checkpoint_store.CheckpointStore,
    provider_id: str,
    checkpoint_id: str,
) -> checkpoint_index.CheckpointIndex | Bad:
    """Return the index, or what is wrong with it.

    :raises DeletedElsewhere: it says that the checkpoint is going or gone.
    """
    try:
        index = contents.read_index(store, checkpoint_id, provider_id)
    except exceptions.ObjectNotFound:
        return Bad(key=keys.INDEX_NAME, flaw=proof.Flaw.MISSING)
    except exceptions.InvalidCheckpoint:
        return Bad(key=keys.INDEX_NAME, flaw=proof.Flaw.MALFORMED)
    if index.status not in (_Status.AVAILABLE, _Status.ERROR):
        raise DeletedElsewhere(status=index.status)
    return index


def read_manifest(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
) -> manifest.Manifest | Bad:
    """Return the manifest that the index names, or what is wrong with it."""
    try:
        return store.read_manifest(index.id, index.manifest_sha256)
    except exceptions.ObjectNotFound:
        return Bad(key=keys.MANIFEST_NAME, flaw=proof.Flaw.MISSING)
    except exceptions.InvalidManifest:
        return Bad(key=keys.MANIFEST_NAME, flaw=proof.Flaw.WRONG_DIGEST)
    except exceptions.ObjectUnreadable:
        _check_answers(store, index.id)
        return Bad(key=keys.MANIFEST_NAME, flaw=proof.Flaw.UNREADABLE)


def bad_objects(
    store: checkpoint_store.CheckpointStore,
    made: manifest.Manifest,
    check: Callable[[], None],
    pace: paces.Pace,
) -> Iterator[tuple[manifest.Entry, proof.Flaw]]:
    """Read all that the manifest lists and yield what is wrong."""
    section = whole_of(store, made.checkpoint_id, check, pace)
    for entry in made.entries.values():
        check()
        try:
            flaw, _ = proof.flaw_of(section, entry, check)
        except exceptions.ObjectUnreadable:
            _check_answers(store, made.checkpoint_id)
            flaw = proof.Flaw.UNREADABLE
        if flaw is not None:
            yield entry, flaw


def _check_answers(
    store: checkpoint_store.CheckpointStore, checkpoint_id: str
) -> None:
    """See that it is one object that can't be read, and not the bank.

    A network file system that is away may fail as a lost sector does; but
    then it does not open another file either.

    :raises BankError: it is the bank.
    """
    store.read_index(checkpoint_id)


def whole_of(
    store: checkpoint_store.CheckpointStore,
    checkpoint_id: str,
    check: Callable[[], None],
    pace: paces.Pace,
) -> bank_section.BankSection:
    """Return a section of all of a checkpoint, to read at that pace."""
    return proof.PacedSection(
        store.bank,
        keys.checkpoint_prefix(checkpoint_id),
        pace=pace,
        check=check,
    )


def sharers(
    store: checkpoint_store.CheckpointStore, checkpoint_id: str
) -> dict[str, tuple[str, ...]]:
    """Return by keys which checkpoints have bytes in common with this one.

    Keys are relative to the checkpoint.

    :raises BankError: the bank can't be read.
    """
    prefix = keys.checkpoint_prefix(checkpoint_id)
    return {
        keys.in_checkpoint(key): tuple(
            sorted(filter(None, map(keys.checkpoint_of, others)))
        )
        for key, others in store.bank.sharing(prefix).items()
    }


def look(
    store: checkpoint_store.CheckpointStore,
    provider_id: str,
    checkpoint_id: str,
    check: Callable[[], None],
    pace: paces.Pace,
) -> Verdict:
    """Tell whether a checkpoint is good, up to the first flaw.

    :raises DeletedElsewhere: it is going or gone.
    :raises BankError: the bank can't be read.
    """
    index = read_index(store, provider_id, checkpoint_id)
    if isinstance(index, Bad):
        return Verdict.BAD
    if index.manifest_sha256 is None:
        _read_all(store, checkpoint_id, check, pace)
        return Verdict.UNVERIFIED
    made = read_manifest(store, index)
    if isinstance(made, Bad) or any(bad_objects(store, made, check, pace)):
        return Verdict.BAD
    return Verdict.GOOD


def _read_all(
    store: checkpoint_store.CheckpointStore,
    checkpoint_id: str,
    check: Callable[[], None],
    pace: paces.Pace,
) -> None:
    """Read what no manifest vouches for: it can be read at least."""
    section = whole_of(store, checkpoint_id, check, pace)
    for info in section.list(keys.RESOURCE_DATA):
        entry = manifest.Entry(key=info.key, size=info.size, sha256="")
        proof.flaw_of(section, entry, check)
