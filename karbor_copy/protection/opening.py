# SPDX-License-Identifier: Apache-2.0
"""Opens a checkpoint that is to be used: its bank must offer it."""

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import status


def read_available(
    store: checkpoint_store.CheckpointStore, checkpoint_id: str
) -> checkpoint_index.CheckpointIndex:
    """Return the index of a checkpoint that is ``available`` in its bank.

    :raises ResourceFailed: it is not there, has another status, or is an
        empty shell.
    """
    try:
        index = store.read_index(checkpoint_id)
    except exceptions.ObjectNotFound as error:
        raise exceptions.ResourceFailed(
            reason=f"checkpoint {checkpoint_id} is not in its bank"
        ) from error
    if index.status != status.CheckpointStatus.AVAILABLE:
        raise exceptions.ResourceFailed(
            reason=f"checkpoint {checkpoint_id} is {index.status} in its bank"
        )
    try:
        index.graph()
    except ValueError as error:
        raise exceptions.ResourceFailed(
            reason=f"checkpoint {checkpoint_id}: {exceptions.shown(error)}"
        ) from error
    return index
