# SPDX-License-Identifier: Apache-2.0
"""First and last task of a restore and of a verification."""

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.protection import opening
from karbor_copy.protection.tasks import lifecycle


class InitiateUseTask(lifecycle.InitiateTask):
    """Opens the checkpoint to read, with its manifest where it has one."""

    def open(self) -> None:
        """Read index and manifest; both must be right."""
        work = self._work
        store = work.store
        index = opening.read_available(
            store, str(work.operation.log.checkpoint_id)
        )
        made = None
        if index.manifest_sha256 is not None:
            made = store.read_manifest(index.id, index.manifest_sha256)
        work.checkpoint = checkpoint_store.BankCheckpoint(
            index, work.bank, manifest=made, recorder=None, writable=False
        )


class CompleteUseTask(lifecycle.CompleteTask):
    """Succeeds if every resource has."""

    def execute(self) -> None:
        """Settle as a success.

        :raises ResourceFailed: one or more resources could not be verified.
        """
        failures = self._work.failures
        if failures:
            raise exceptions.ResourceFailed(
                reason="; ".join(
                    exceptions.reason_of(error) for error in failures[:10]
                )
            )
        self.succeed()
