# SPDX-License-Identifier: Apache-2.0
"""What was begun and given up, where its writer can't delete it.

The writer leaves a mark beside it. Whoever may delete there believes the
mark only of what is no checkpoint: of one that counts it means nothing, so
the right to create objects is not the right to have one deleted.
"""

from collections.abc import Callable

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys


def mark(bank: base.Bank, checkpoint_id: str) -> None:
    """Leave what was begun under this id to whoever may delete it.

    :raises BankError: it has to be tried again.
    """
    key, data = keys.abandoned_key(checkpoint_id), checkpoint_id.encode()
    bank.put_new(key, (data,), size=len(data))


def is_abandoned(bank: base.Bank, checkpoint_id: str) -> bool:
    """Tell whether it was begun and given up, and never counted.

    :raises BankUnavailable: it can't be told.
    """
    return _has(bank, keys.abandoned_key(checkpoint_id)) and not _has(
        bank, keys.index_key(checkpoint_id)
    )


def delete(
    bank: base.Bank, checkpoint_id: str, check: Callable[[], None]
) -> int:
    """Delete all that was begun, its mark last; return how many objects.

    ``check`` is called for each and raises what shall stop the work.

    :raises BankError: some may still be there, and the mark is.
    """
    store = checkpoint_store.CheckpointStore(bank)
    deleted = store.delete_objects(checkpoint_id, check)
    store.delete_manifest(checkpoint_id)
    bank.delete(keys.abandoned_key(checkpoint_id))
    return deleted


def _has(bank: base.Bank, key: str) -> bool:
    try:
        bank.stat(key)
    except exceptions.ObjectNotFound:
        return False
    return True
