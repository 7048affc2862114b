# SPDX-License-Identifier: Apache-2.0
"""What the tasks of one operation share while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.banks import base as bank_base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import recorder as recorder_module
from karbor_copy.banks import transfer as transfer_module
from karbor_copy.data_models import checkpoint as checkpoint_model
from karbor_copy.data_models import manifest
from karbor_copy.data_models import parameters as parameters_module
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.plugins import base as plugin_base
from karbor_copy.protection import commit
from karbor_copy.protection import records
from karbor_copy.protection import running
from karbor_copy.providers import provider as provider_model


@dataclass(slots=True, kw_only=True)
class Work:
    """One operation at work: made of its rows, filled by the first task.

    ``provider`` is the one whose plugins do the work; ``bank`` the one that
    a checkpoint is written to, read from or deleted in, ``source_bank`` the
    one that a copy reads, ``earlier_bank`` its target's for what only saves
    bytes. ``row`` is the catalogue's of what a protect or a
    copy makes, as it was when the work began. ``hook_arguments`` are what
    the hooks of this operation get beside the common ones; ``record`` the
    restore or verification that it works for.
    """

    operation: running.RunningOperation
    provider: provider_model.Provider
    context: request_context.RequestContext
    graph: resource.ResourceGraph
    parameters: Mapping[str, Mapping[str, Any] | None]
    transfer: transfer_module.Transfer
    bank: bank_base.Bank
    source_bank: bank_base.Bank | None = None
    earlier_bank: bank_base.Bank | None = None
    recorder: recorder_module.Recorder = field(
        default_factory=recorder_module.Recorder
    )
    source_manifest: manifest.Manifest | None = None
    row: checkpoint_model.Checkpoint | None = None
    checkpoint: checkpoint_store.BankCheckpoint | None = None
    hook_arguments: dict[str, Any] = field(default_factory=dict)
    record: records.Record | None = None
    failures: list[Exception] = field(default_factory=list)
    _plugins: dict[str, plugin_base.ProtectionPlugin] = field(
        default_factory=dict
    )

    @property
    def store(self) -> checkpoint_store.CheckpointStore:
        """Return the checkpoints of the operation's bank."""
        return checkpoint_store.CheckpointStore(self.bank)

    def made_row(self) -> checkpoint_model.Checkpoint:
        """Return the row of the checkpoint that this operation makes."""
        if self.row is None:
            raise AssertionError("the first task reads the row")
        return self.row

    def new_checkpoint(self) -> checkpoint_store.BankCheckpoint:
        """Return the checkpoint that this operation makes, to be written."""
        return checkpoint_store.BankCheckpoint(
            commit.index_of(self.made_row(), self.made_row().status, None),
            self.bank,
            manifest=None,
            recorder=self.recorder,
            writable=True,
        )

    def plugin(self, resource_type: str) -> plugin_base.ProtectionPlugin:
        """Return this flow's own instance of the type's plugin."""
        if resource_type not in self._plugins:
            self._plugins[resource_type] = self.provider.new_plugin(
                resource_type
            )
        return self._plugins[resource_type]

    def arguments(self, item: resource.Resource) -> dict[str, Any]:
        """Return the keyword arguments of a hook on one resource."""
        return {
            "checkpoint": self.checkpoint,
            "resource": item,
            "context": self.context,
            "parameters": parameters_module.for_resource(
                self.parameters, item.type, item.id
            ),
            "operation_log": self.operation,
            "transfer": self.transfer,
            **self.hook_arguments,
        }

    def report(self, item: resource.Resource, error: Exception) -> None:
        """Show at the restore or verification why a resource failed.

        Not where its plugin has told the same already.
        """
        reason = exceptions.reason_of(error)
        if self.record is not None and not self.record.has_told(
            item.type, reason
        ):
            self.record.update_resource_status(
                item.type, item.id, status.ResourceStatus.ERROR, reason
            )
