# SPDX-License-Identifier: Apache-2.0
"""The commit: from when on a checkpoint exists.

The manifest is written first; then the row passes the point of no return
and remembers the manifest's digest; from there any worker can roll forward
from the row and the target bank alone: index.json, index keys, rows.
Manifest and index are pure functions of rows and digests.
"""

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import status
from karbor_copy.db import operation_logs
from karbor_copy.db import settle
from karbor_copy.protection import running
from karbor_copy.protection import settling

LOG = logging.getLogger(__name__)


class ManifestLost(exceptions.KarborCopyError):
    """What a commit that was begun needs to go on is gone, or seems so."""

    msg_fmt = "its manifest is lost in the bank: %(reason)s"


def index_of(
    row: checkpoint.Checkpoint,
    index_status: status.CheckpointStatus,
    manifest_sha256: str | None,
) -> checkpoint_index.CheckpointIndex:
    """Return the index.json that stands for a row of the catalogue."""
    extra_info = dict(row.extra_info)
    if row.copied_from is not None:
        extra_info["copy_status"] = status.CHECKPOINT_STATUS_COPY_FINISHED
    return checkpoint_index.CheckpointIndex(
        id=row.id,
        status=index_status,
        owner_id=row.provider_id,
        provider_id=row.provider_id,
        project_id=row.project_id,
        protection_plan=row.protection_plan,
        resource_graph=row.resource_graph,
        extra_info=extra_info,
        created_at=row.created_at.date().isoformat(),
        timestamp=row.timestamp,
        manifest_sha256=manifest_sha256,
    )


def read_index(
    store: checkpoint_store.CheckpointStore, row: checkpoint.Checkpoint
) -> checkpoint_index.CheckpointIndex:
    """Return the index of what is to go; from its row where it is rotten.

    :raises ObjectNotFound: there is none.
    """
    try:
        return store.read_index(row.id)
    except (
        exceptions.InvalidCheckpoint,
        exceptions.ObjectUnreadable,
    ) as error:
        LOG.warning("The index is made from the catalogue: %s", error)
        return index_of(row, status.CheckpointStatus.ERROR, None)


def commit(
    operation: running.RunningOperation,
    store: checkpoint_store.CheckpointStore,
    row: checkpoint.Checkpoint,
    made: manifest.Manifest,
) -> None:
    """Make the checkpoint exist.

    :raises OperationStopped: the lease was lost or a cancel came first.
    :raises BankError: up to the point of no return nothing has happened;
        behind it the commit has to be rolled forward.
    """
    operation.check()
    digest = store.write_manifest(
        made, attempt=operation.epoch, check=operation.check
    )
    with operation.storing:
        operation_logs.mark_committing(
            operation.log, digest, operation.progress()
        )
    operation.set_committing()
    _show(operation, store, row, made, digest)


def roll_forward(
    operation: running.RunningOperation,
    store: checkpoint_store.CheckpointStore,
    row: checkpoint.Checkpoint,
) -> None:
    """Finish a commit that another worker, or this one, began.

    :raises OperationStopped: the lease was lost, or the worker stops.
    :raises BankError: it has to be tried again.
    :raises ManifestLost: so has this, as the bank may not show for a while
        what it has; but not for ever.
    """
    digest = operation.log.manifest_sha256
    try:
        made = store.read_manifest(row.id, digest)
    except (exceptions.ObjectNotFound, exceptions.InvalidManifest) as error:
        raise ManifestLost(reason=str(error)) from error
    except exceptions.ObjectUnreadable as error:
        # Raises where it is the bank that is away, and not this one object.
        store.bank.stat(keys.manifest_key(row.id))
        raise ManifestLost(reason=str(error)) from error
    if digest is None:
        raise AssertionError("a committing log has a manifest digest")
    _show(operation, store, row, made, digest)


def _show(
    operation: running.RunningOperation,
    store: checkpoint_store.CheckpointStore,
    row: checkpoint.Checkpoint,
    made: manifest.Manifest,
    digest: str,
) -> None:
    index = index_of(row, status.CheckpointStatus.AVAILABLE, digest)
    store.write_index(index, operation.check)
    store.write_index_keys(index, operation.check)
    settling.settle(
        operation,
        settle.Outcome(
            result=settle.SUCCESS,
            size=made.size,
            progress=operation.progress(),
        ),
    )
    LOG.info(
        "Checkpoint %s is available: %d objects, %d bytes",
        row.id,
        len(made.entries),
        made.size,
    )
