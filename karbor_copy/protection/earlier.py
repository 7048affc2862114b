# SPDX-License-Identifier: Apache-2.0
"""What a target bank holds of an earlier checkpoint of the same plan."""

import logging
from collections.abc import Mapping

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import reuse
from karbor_copy.data_models import manifest
from karbor_copy.db import work_rows
from karbor_copy.protection import work as work_module

LOG = logging.getLogger(__name__)

#: Seconds without progress that it is worth waiting for: it only saves bytes.
PATIENCE = 60.0


def fill(work: work_module.Work) -> None:
    """Let the copy know of objects that need not be sent again.

    Only if it has such that are worth it.
    """
    shelf, wanted = work.transfer.shelf, work.source_manifest
    bank = work.earlier_bank
    if shelf is None or wanted is None or bank is None:
        return
    if any(_is_worth_it(entry) for entry in wanted.entries.values()):
        shelf.fill(lambda: _places(work, bank), work.operation.check)


def _is_worth_it(entry: manifest.Entry) -> bool:
    return entry.size >= reuse.MIN_SIZE


def _places(work: work_module.Work, bank: base.Bank) -> Mapping[str, str]:
    """Return SHA-256 to key of the newest earlier checkpoint's objects."""
    found = work_rows.newest_before(work.made_row())
    if found is None:
        return {}
    store = checkpoint_store.CheckpointStore(bank)
    try:
        index = store.read_index(found)
        if index.manifest_sha256 is None:
            return {}
        held = store.read_manifest(found, index.manifest_sha256)
    except (exceptions.BankError, exceptions.Invalid) as error:
        # Nothing depends on it: all can be sent.
        LOG.warning("Nothing of checkpoint %s is reused: %s", found, error)
        return {}
    prefix = keys.checkpoint_prefix(found)
    return {
        entry.sha256: prefix + entry.key
        for entry in held.entries.values()
        if _is_worth_it(entry)
    }
