# SPDX-License-Identifier: Apache-2.0
"""The default copy: one bank section to the same section of another bank."""

import threading
import weakref
from typing import Any

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import base

#: Names that Karbor's plugins give their objects.
STATUS_NAME = "status"
METADATA_NAME = "metadata"
DATA_PREFIX = "data_"

#: Bytes of either of them that are read: nobody vouches for what they are.
_MAX_READ = 16 * 1024 * 1024

Listing = list[tuple[str, int]]


class _Claims:
    """Which sections each running operation has taken on already.

    Resources of different types and plugins can share one id, and so one
    section, as Karbor's network shares its project's; what all hooks of one
    operation have in common is their transfer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: weakref.WeakKeyDictionary[
            bank_transfer.Transfer, set[str]
        ] = weakref.WeakKeyDictionary()

    def take(self, transfer: bank_transfer.Transfer, prefix: str) -> bool:
        """Return whether the section is the caller's to copy."""
        with self._lock:
            taken = self._taken.setdefault(transfer, set())
            mine = prefix not in taken
            taken.add(prefix)
        return mine

    def give_back(self, transfer: bank_transfer.Transfer, prefix: str) -> None:
        """Let another have the section, which could not be copied."""
        with self._lock:
            self._taken[transfer].discard(prefix)


_CLAIMS = _Claims()


class BankCopyOperation(base.Operation):
    """Copies all that the resource's bank section holds."""

    def on_main(
        self,
        *,
        checkpoint: checkpoint_store.BankCheckpoint,
        checkpoint_copy: checkpoint_store.BankCheckpoint,
        resource: resource_model.Resource,
        transfer: bank_transfer.Transfer,
        **kwargs: Any,
    ) -> None:
        """Copy the section, once in an operation."""
        source = checkpoint.get_resource_bank_section(resource.id)
        target = checkpoint_copy.get_resource_bank_section(resource.id)
        if not _CLAIMS.take(transfer, target.prefix):
            return
        try:
            if source.entries is not None:
                transfer.copy_section(source, target, resource.key)
            else:
                self._copy_unlisted(source, target, resource, transfer)
        except BaseException:
            _CLAIMS.give_back(transfer, target.prefix)
            raise

    def _copy_unlisted(
        self,
        source: bank_section.BankSection,
        target: bank_section.BankSection,
        resource: resource_model.Resource,
        transfer: bank_transfer.Transfer,
    ) -> None:
        """Copy a section that no manifest vouches for.

        What can be known without one is checked: that Karbor had finished
        it, that no chunk is missing, and that it held still meanwhile.
        """
        before = _listing(source)
        self.check_source(source, before)
        transfer.copy_section(source, target, resource.key)
        if _listing(source) != before:
            raise exceptions.SourceChanged(
                reason=f"the source section of {resource.key} changed while "
                "it was copied"
            )

    def check_source(
        self, source: bank_section.BankSection, listing: Listing
    ) -> None:
        """Check a section that no manifest vouches for.

        :raises ResourceFailed: it was never finished.
        :raises SourceCorrupt: chunks are missing or left over.
        """
        names = [name for name, _ in listing]
        check_available(source)
        if METADATA_NAME not in names:
            return
        match source.get_object(METADATA_NAME, limit=_MAX_READ):
            case {"chunks_num": expected}:
                chunks = sum(name.startswith(DATA_PREFIX) for name in names)
                if chunks != expected:
                    raise exceptions.SourceCorrupt(
                        key=keys.in_checkpoint(source.prefix + METADATA_NAME),
                        reason=f"it counts {exceptions.shown(expected)} "
                        f"chunks, but there are {chunks}",
                    )


def check_available(section: bank_section.BankSection) -> None:
    """Check that what protected or copied the section finished its work.

    :raises ResourceFailed: it did not.
    """
    try:
        found = section.get_object(STATUS_NAME, limit=_MAX_READ)
    except exceptions.ObjectNotFound as error:
        raise exceptions.ResourceFailed(
            reason="the bank holds no status of the resource"
        ) from error
    if found != status.ResourceStatus.AVAILABLE:
        raise exceptions.ResourceFailed(
            reason="the resource's status in the bank is "
            f"{exceptions.shown(found)!r}"
        )


def _listing(section: bank_section.BankSection) -> Listing:
    return [(info.key, info.size) for info in section.list()]
