# SPDX-License-Identifier: Apache-2.0
"""What plugin hooks are given: checkpoints, records, transfers, contexts."""

import concurrent.futures
import contextlib
import dataclasses
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from karbor_copy import context
from karbor_copy import exceptions
from karbor_copy.banks import base as bank_base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import memory
from karbor_copy.banks import recorder as recorders
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.plugins import base

PROJECT_ID = "e486a2f49695423ca9c47e589b948108"
PROVIDER_ID = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"


@dataclasses.dataclass(frozen=True)
class OperationLog:
    id: str = "0c5f3b6e-6ad5-4f66-a1c5-2f0b9c1b1a01"
    epoch: int = 1


class Record:
    """A restore or verification that remembers what it was told."""

    def __init__(self) -> None:
        self.id = str(uuid.uuid4())
        self.project_id = PROJECT_ID
        self.told: list[tuple[str, str, str | None]] = []

    def update_resource_status(
        self,
        resource_type: str,
        resource_id: str,
        status: str,
        reason: str | None = None,
    ) -> None:
        self.told.append((f"{resource_type}#{resource_id}", status, reason))


class Progress:
    """Counts what a transfer tells, by kind: (objects, bytes)."""

    def __init__(self) -> None:
        self.total = (0, 0)
        self.copied = (0, 0)
        self.skipped = (0, 0)
        self.reused = (0, 0)

    def add_total(self, resource_key: str, objects: int, size: int) -> None:
        self.total = (self.total[0] + objects, self.total[1] + size)

    def add_copied(self, resource_key: str, objects: int, size: int) -> None:
        self.copied = (self.copied[0] + objects, self.copied[1] + size)

    def add_skipped(self, resource_key: str, objects: int, size: int) -> None:
        self.skipped = (self.skipped[0] + objects, self.skipped[1] + size)

    def add_reused(self, resource_key: str, objects: int, size: int) -> None:
        self.reused = (self.reused[0] + objects, self.reused[1] + size)


@contextlib.contextmanager
def transfer(
    check: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
) -> Iterator[bank_transfer.Transfer]:
    """Yield a real transfer with threads of its own."""
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        yield bank_transfer.Transfer(
            executor=executor,
            check=check,
            progress=progress or Progress(),
            verify="read_back",
        )


def go_on() -> None:
    """Let the work go on."""


def stop() -> None:
    raise exceptions.OperationCancelled


class StopAfter:
    """A check that lets so many calls pass before it stops the work."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            stop()


def new_bank() -> memory.MemoryBank:
    """Return an empty bank that nobody else sees."""
    bank = memory.MemoryBank()
    bank.set_up()
    return bank


def member(project_id: str = PROJECT_ID) -> context.RequestContext:
    return context.for_project(project_id)


def administrator() -> context.RequestContext:
    return context.RequestContext(
        project_id="admins", is_admin=True, overwrite=False
    )


class Checkpoint:
    """One checkpoint of a bank: written, then read by its manifest."""

    def __init__(
        self, bank: bank_base.Bank, *resources: resource.Resource
    ) -> None:
        self.bank = bank
        self.id = str(uuid.uuid4())
        self.recorder = recorders.Recorder()
        self._graph = resource.build_graph(resources, {})

    def for_writing(self) -> checkpoint_store.BankCheckpoint:
        return self._view(None, self.recorder, writable=True)

    def for_reading(self) -> checkpoint_store.BankCheckpoint:
        """Return it with the manifest of what was put so far."""
        entries = dict(sorted(self.recorder.entries().items()))
        found = manifest.Manifest(checkpoint_id=self.id, entries=entries)
        return self._view(found, None, writable=False)

    def without_manifest(self) -> checkpoint_store.BankCheckpoint:
        """Return it as one that Karbor wrote."""
        return self._view(None, None, writable=False)

    def objects(self) -> dict[str, bytes]:
        """Return the bytes by key, relative to the checkpoint."""
        prefix = f"checkpoints/{self.id}/"
        return {
            info.key.removeprefix(prefix): read(self.bank, info.key)
            for info in self.bank.list(prefix)
        }

    def _view(
        self,
        found: manifest.Manifest | None,
        recorder: recorders.Recorder | None,
        *,
        writable: bool,
    ) -> checkpoint_store.BankCheckpoint:
        index = checkpoint_index.CheckpointIndex(
            id=self.id,
            status=status.CheckpointStatus.AVAILABLE,
            owner_id="",
            provider_id=PROVIDER_ID,
            project_id=PROJECT_ID,
            protection_plan={"id": str(uuid.uuid4())},
            resource_graph=self._graph.serialize(),
            extra_info={},
            created_at="2026-11-22",
            timestamp=1795305600,
        )
        return checkpoint_store.BankCheckpoint(
            index,
            self.bank,
            manifest=found,
            recorder=recorder,
            writable=writable,
        )


def read(bank: bank_base.Bank, key: str) -> bytes:
    """Return the bytes of an object."""
    data = bytearray()
    buffer = memoryview(bytearray(bank_base.BLOCK_SIZE))
    with bank.open(key) as reader:
        while count := reader.readinto(buffer):
            data += buffer[:count]
    return bytes(data)


def run(operation: base.Operation, **arguments: Any) -> None:
    """Call all hooks of an operation, as a flow of one resource does."""
    for hook in base.HOOKS:
        getattr(operation, hook)(**arguments)


def arguments(
    checkpoint: checkpoint_store.BankCheckpoint,
    found: resource.Resource,
    transfer: bank_transfer.Transfer,
    **more: Any,
) -> Mapping[str, Any]:
    """Return the keyword arguments that every hook gets, and more."""
    return {
        "checkpoint": checkpoint,
        "resource": found,
        "context": member(),
        "parameters": {},
        "operation_log": OperationLog(),
        "transfer": transfer,
        **more,
    }
