# SPDX-License-Identifier: Apache-2.0
"""Work without plugins: clean-up after the dead, and resets.

Clean-up is tried until it is done. What it may delete it learns when it
runs, from the row: under an id that was never committed and is terminal
everything, under one that lives on only chunks that no manifest lists.
"""

import dataclasses
from collections.abc import Callable
from collections.abc import Mapping

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.banks import abandoned
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import status
from karbor_copy.db import settle
from karbor_copy.db import work_rows
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import base as plugin_base
from karbor_copy.protection import commit
from karbor_copy.protection import contents
from karbor_copy.protection import running
from karbor_copy.protection import settling

LOG = logging.getLogger(__name__)

_Status = status.CheckpointStatus


def clean_up(operation: running.RunningOperation, bank: base.Bank) -> None:
    """Delete what nothing stands for any more.

    :raises BankError: the bank did not let us; it is to be tried again.
    :raises OperationStopped: the worker is shutting down or was replaced.
    """
    row = work_rows.checkpoint(str(operation.log.checkpoint_id))
    store = checkpoint_store.CheckpointStore(bank)
    check = operation.check
    if row.committed_at is None and row.status is _Status.ERROR:
        deleted = _erase(store, row, check)
    elif row.status is _Status.DELETED:
        deleted = _bury(store, row, check)
    elif row.status is _Status.AVAILABLE:
        deleted = _delete_unlisted(store, row, check)
    else:
        deleted = 0
    if deleted:
        LOG.info("%d left-over objects of %s deleted", deleted, row.id)
    done(operation)


def give_up(operation: running.RunningOperation, bank: base.Bank) -> None:
    """Leave what nothing stands for to the service of the bank's region.

    :raises BankError: the bank did not let us; it is to be tried again.
    """
    row = work_rows.checkpoint(str(operation.log.checkpoint_id))
    if row.committed_at is None and row.status is _Status.ERROR:
        abandoned.mark(bank, row.id)
    done(operation)


def done(operation: running.RunningOperation) -> None:
    """Settle maintenance as a success."""
    settling.settle(operation, settle.Outcome(result=settle.SUCCESS))


def _erase(
    store: checkpoint_store.CheckpointStore,
    row: checkpoint.Checkpoint,
    check: Callable[[], None],
) -> int:
    """Delete all under an id that never counted, what would show it first."""
    try:
        store.bank.stat(keys.index_key(row.id))
    except exceptions.ObjectNotFound:
        # As always but where a commit was given up.
        pass
    else:
        store.delete_index(commit.index_of(row, row.status, None))
    deleted = store.delete_objects(row.id, check)
    store.delete_manifest(row.id)
    return deleted


def _bury(
    store: checkpoint_store.CheckpointStore,
    row: checkpoint.Checkpoint,
    check: Callable[[], None],
) -> int:
    """Put a tombstone right that a late commit has written over."""
    store.delete_manifest(row.id)
    try:
        index = commit.read_index(store, row)
    except exceptions.ObjectNotFound:
        # It was never committed, so it has none.
        return store.delete_objects(row.id, check)
    if index.status is not _Status.DELETED:
        store.write_index(
            dataclasses.replace(
                index, status=_Status.DELETED, manifest_sha256=None
            ),
            check,
        )
    store.delete_index_keys(index)
    return store.delete_objects(row.id, check, only=_is_not_status)


def _delete_unlisted(
    store: checkpoint_store.CheckpointStore,
    row: checkpoint.Checkpoint,
    check: Callable[[], None],
) -> int:
    """Delete chunks that the manifest does not list; none if it is rotten."""
    try:
        index = store.read_index(row.id)
        if index.manifest_sha256 is None:
            return 0
        made = store.read_manifest(row.id, index.manifest_sha256)
    except (
        exceptions.InvalidCheckpoint,
        exceptions.InvalidManifest,
        exceptions.ObjectUnreadable,
    ) as error:
        # Raises where it is the bank that is away, and not an object of it.
        store.bank.stat(keys.index_key(row.id))
        LOG.warning("Left-over objects of %s are left: %s", row.id, error)
        return 0
    return store.delete_objects(
        row.id, check, keep=made.entries, only=_is_chunk
    )


def _is_chunk(key: str) -> bool:
    return key.rpartition("/")[2].startswith("data_")


def _is_not_status(key: str) -> bool:
    return not key.endswith("/status")


def reset(
    operation: running.RunningOperation,
    bank: base.Bank,
    plugins: Mapping[str, type[plugin_base.ProtectionPlugin]],
) -> None:
    """Write the status that the catalogue has got into index.json.

    ``plugins`` are those of the provider, by resource type.

    :raises BankError: the bank did not let us.
    :raises InvalidCheckpoint: it can't be ``available``: not all of it is in
        the bank.
    """
    row = work_rows.checkpoint(str(operation.log.checkpoint_id))
    store = checkpoint_store.CheckpointStore(bank)
    try:
        index = store.read_index(row.id)
    except exceptions.ObjectNotFound as error:
        if row.status is _Status.AVAILABLE:
            raise exceptions.InvalidCheckpoint(
                checkpoint_id=row.id, reason="it is not in the bank"
            ) from error
        LOG.info("Nothing to reset: no index of the checkpoint in the bank")
    else:
        if row.status is _Status.AVAILABLE:
            _check_whole(store, index, plugins)
        store.write_index(
            dataclasses.replace(index, status=row.status), operation.check
        )
    done(operation)


def _check_whole(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
    plugins: Mapping[str, type[plugin_base.ProtectionPlugin]],
) -> None:
    """:raises InvalidCheckpoint: another service has deleted it, or a part."""
    if index.status in (_Status.DELETING, _Status.DELETED):
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=index.id, reason=f"it is {index.status} in the bank"
        )
    contents.measure(store, index)
    if index.manifest_sha256 is None:
        _check_statuses(store, index, plugins)


def _check_statuses(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
    plugins: Mapping[str, type[plugin_base.ProtectionPlugin]],
) -> None:
    """Ask for what Karbor's plugins leave when a resource is finished.

    :raises InvalidCheckpoint: a resource was not finished, or is gone.
    """
    opened = checkpoint_store.BankCheckpoint(
        index, store.bank, manifest=None, recorder=None, writable=False
    )
    for node in index.graph().nodes:
        if node.type in plugins and plugins[node.type].KEEPS_STATUS:
            try:
                bank_copy.check_available(
                    opened.get_resource_bank_section(node.id)
                )
            except exceptions.ResourceFailed as error:
                raise exceptions.InvalidCheckpoint(
                    checkpoint_id=index.id,
                    reason=f"{node.key}: {exceptions.reason_of(error)}",
                ) from error
