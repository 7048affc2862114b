# SPDX-License-Identifier: Apache-2.0
"""First and last task of a delete."""

import dataclasses

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import status
from karbor_copy.db import work_rows
from karbor_copy.protection import commit
from karbor_copy.protection import work as work_module
from karbor_copy.protection.tasks import lifecycle


def _read_index(
    work: work_module.Work,
) -> checkpoint_index.CheckpointIndex | None:
    """Return the index in the bank; None for what was never committed."""
    row = work_rows.checkpoint(str(work.operation.log.checkpoint_id))
    try:
        return commit.read_index(work.store, row)
    except exceptions.ObjectNotFound:
        return None


class InitiateDeleteTask(lifecycle.InitiateTask):
    """Takes the checkpoint out of sight before any of its data goes."""

    def open(self) -> None:
        """Write index ``deleting``; remove index keys and manifest."""
        work = self._work
        store = work.store
        index = _read_index(work)
        if index is not None:
            index = dataclasses.replace(
                index,
                status=status.CheckpointStatus.DELETING,
                manifest_sha256=None,
            )
            store.write_index(index, work.operation.check)
            store.delete_index_keys(index)
            store.delete_manifest(index.id)
        else:
            row = work_rows.checkpoint(str(work.operation.log.checkpoint_id))
            index = commit.index_of(
                row, status.CheckpointStatus.DELETING, None
            )
        work.checkpoint = checkpoint_store.BankCheckpoint(
            index, work.bank, manifest=None, recorder=None, writable=True
        )


class CompleteDeleteTask(lifecycle.CompleteTask):
    """Removes what no plugin removed, and leaves Karbor's tombstone."""

    def execute(self) -> None:
        """Keep each resource's ``status`` and index.json ``deleted``."""
        work = self._work
        check = work.operation.check
        index = _read_index(work)
        checkpoint_id = str(work.operation.log.checkpoint_id)
        if index is None:
            work.store.delete_objects(checkpoint_id, check)
        else:
            work.store.delete_objects(checkpoint_id, check, only=_is_data)
            work.store.write_index(
                dataclasses.replace(
                    index, status=status.CheckpointStatus.DELETED
                ),
                check,
            )
        self.succeed()


def _is_data(key: str) -> bool:
    return not key.endswith("/status")
