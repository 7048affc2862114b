# SPDX-License-Identifier: Apache-2.0
"""First and last task of a copy: open the source, commit the target."""

from collections.abc import Iterable

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import status
from karbor_copy.db import work_rows
from karbor_copy.protection import commit
from karbor_copy.protection import earlier
from karbor_copy.protection import opening
from karbor_copy.protection import work as work_module
from karbor_copy.protection.tasks import lifecycle


class InitiateCopyTask(lifecycle.InitiateTask):
    """Marks the copy as ``copying``; its revert marks it ``error``."""

    def open(self) -> None:
        """Open the source checkpoint to read and the copy to write."""
        work = self._work
        for node in work.graph.nodes:
            work.operation.set_resource(
                node.key, status.CHECKPOINT_STATUS_WAIT_COPYING
            )
        work.row = work_rows.checkpoint(str(work.operation.log.checkpoint_id))
        if work.source_bank is None:
            raise AssertionError("a copy has a source bank")
        source = checkpoint_store.CheckpointStore(work.source_bank)
        index = opening.read_available(source, _origin(work.row).checkpoint_id)
        work.source_manifest = _read_manifest(source, index)
        _check_graph(work, source, index.id)
        if work.source_manifest is not None:
            work.operation.expect(
                len(work.source_manifest.entries), work.source_manifest.size
            )
        earlier.fill(work)
        work.checkpoint = checkpoint_store.BankCheckpoint(
            index,
            work.source_bank,
            manifest=work.source_manifest,
            recorder=None,
            writable=False,
        )
        work.hook_arguments["checkpoint_copy"] = work.new_checkpoint()


def _origin(row: checkpoint.Checkpoint) -> checkpoint.CopiedFrom:
    if row.copied_from is None:
        raise AssertionError("a copy has an origin")
    return row.copied_from


def _read_manifest(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
) -> manifest.Manifest | None:
    """Return the source's manifest; None only where Karbor wrote it."""
    if index.manifest_sha256 is None:
        return None
    try:
        return store.read_manifest(index.id, index.manifest_sha256)
    except (exceptions.ObjectNotFound, exceptions.InvalidManifest) as error:
        raise exceptions.SourceCorrupt(
            key=keys.MANIFEST_NAME, reason=str(error)
        ) from error


def _check_graph(
    work: work_module.Work,
    store: checkpoint_store.CheckpointStore,
    checkpoint_id: str,
) -> None:
    """Refuse a source that has data no resource of its graph stands for."""
    known = {node.id for node in work.graph.nodes}
    found: Iterable[str] = (
        (info.key for info in store.list_objects(checkpoint_id))
        if work.source_manifest is None
        else work.source_manifest.entries
    )
    for key in found:
        if key.split("/")[1] not in known:
            raise exceptions.SourceCorrupt(
                key=key, reason="no resource of the checkpoint has it"
            )


class CompleteCopyTask(lifecycle.CompleteTask):
    """Commits the copy: from here it is a checkpoint like any other."""

    def execute(self) -> None:
        """Write manifest and index, settle as a success."""
        work = self._work
        row = work.made_row()
        made = manifest.Manifest(
            checkpoint_id=row.id,
            entries=work.recorder.entries(),
            copied_from=_origin(row),
            origin_verified=work.source_manifest is not None,
        )
        commit.commit(work.operation, work.store, row, made)
