# SPDX-License-Identifier: Apache-2.0
"""From an operation log to its work: the rows are read here."""

from dataclasses import dataclass
from dataclasses import field
from typing import Any

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.banks import reuse
from karbor_copy.banks import shared_reads
from karbor_copy.banks import transfer
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import plan
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import work_rows
from karbor_copy.protection import bandwidth as bandwidth_module
from karbor_copy.protection import bank_pool
from karbor_copy.protection import earlier
from karbor_copy.protection import protectables
from karbor_copy.protection import records
from karbor_copy.protection import running
from karbor_copy.protection import transfer_pool
from karbor_copy.protection import work as work_module
from karbor_copy.providers import provider as provider_model
from karbor_copy.providers import registry as provider_registry

_Type = status.OperationType


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkMaker:
    """Makes the work of an operation, of what all operations share."""

    registry: provider_registry.Registry
    banks: bank_pool.BankPool
    transfers: transfer_pool.TransferPool
    bandwidth: bandwidth_module.Bandwidth
    shelves: reuse.Shelves = field(default_factory=reuse.Shelves)
    sources: shared_reads.Sources = field(default_factory=shared_reads.Sources)

    def make(self, operation: running.RunningOperation) -> work_module.Work:
        """Return what this operation's flow is built from.

        :raises KarborCopyError: a row, provider or plugin is missing.
        """
        makers = {
            _Type.PROTECT: self._protect,
            _Type.COPY: self._copy,
            _Type.RESTORE: self._restore,
            _Type.VERIFY: self._verify,
            _Type.DELETE: self._delete,
        }
        return makers[operation.log.operation_type](operation)

    def _protect(
        self, operation: running.RunningOperation
    ) -> work_module.Work:
        row = work_rows.checkpoint(str(operation.log.checkpoint_id))
        provider = self.registry.get(row.provider_id)
        context = _context(operation)
        return work_module.Work(
            operation=operation,
            provider=provider,
            context=context,
            graph=_live_graph(context, provider, row),
            parameters=operation.log.parameters,
            transfer=self._transfer(operation, provider, provider),
            bank=self.banks.patient_bank(provider, operation.check),
        )

    def _copy(self, operation: running.RunningOperation) -> work_module.Work:
        row = work_rows.checkpoint_copy(operation.id)
        source = self.registry.get(row.provider_id)
        target = self.registry.get(row.target_provider_id)
        return work_module.Work(
            operation=operation,
            provider=source,
            context=_context(operation),
            graph=_own_graph(work_rows.checkpoint(row.checkpoint_id)),
            parameters=operation.log.parameters,
            transfer=self._transfer(
                operation,
                source,
                target,
                shelf=self.shelves.shelf(target.id, row.plan_id),
            ),
            bank=self.banks.patient_bank(target, operation.check),
            source_bank=self.banks.patient_bank(source, operation.check),
            earlier_bank=self.banks.patient_bank(
                target, operation.check, earlier.PATIENCE
            ),
        )

    def _restore(
        self, operation: running.RunningOperation
    ) -> work_module.Work:
        row = work_rows.restore(str(operation.log.restore_id))
        record = records.restore_record(row, operation)
        return self._on_existing(
            operation,
            parameters=row.parameters,
            record=record,
            hook_arguments={"restore": record, "new_resources": {}},
        )

    def _verify(self, operation: running.RunningOperation) -> work_module.Work:
        row = work_rows.verification(str(operation.log.verification_id))
        record = records.verification_record(row, operation)
        return self._on_existing(
            operation,
            parameters=row.parameters,
            record=record,
            hook_arguments={"verify": record, "new_resources": {}},
        )

    def _delete(self, operation: running.RunningOperation) -> work_module.Work:
        return self._on_existing(
            operation, parameters={}, record=None, hook_arguments={}
        )

    def _on_existing(
        self,
        operation: running.RunningOperation,
        *,
        parameters: plan.Parameters,
        record: records.Record | None,
        hook_arguments: dict[str, Any],
    ) -> work_module.Work:
        """Return the work on a checkpoint that was made before."""
        row = work_rows.checkpoint(str(operation.log.checkpoint_id))
        provider = self.registry.get(row.provider_id)
        return work_module.Work(
            operation=operation,
            provider=provider,
            context=_context(operation),
            graph=_own_graph(row),
            parameters=parameters,
            transfer=self._transfer(operation, provider, provider),
            bank=self.banks.patient_bank(provider, operation.check),
            hook_arguments=hook_arguments,
            record=record,
        )

    def _transfer(
        self,
        operation: running.RunningOperation,
        source: provider_model.Provider,
        target: provider_model.Provider,
        *,
        shelf: reuse.Shelf | None = None,
    ) -> transfer.Transfer:
        return transfer.Transfer(
            executor=self.transfers.executor(source.id, target.id),
            check=operation.check,
            progress=operation,
            verify=source.verify,
            pace=self.bandwidth.pace(source, target),
            shelf=shelf,
            sources=self.sources,
        )


def _context(
    operation: running.RunningOperation,
) -> request_context.RequestContext:
    return request_context.for_project(
        operation.log.project_id, operation.log.request_id
    )


def _live_graph(
    context: request_context.RequestContext,
    provider: provider_model.Provider,
    row: checkpoint.Checkpoint,
) -> resource.ResourceGraph:
    """Return the graph of the plan's resources as they are now.

    :raises ResourceFailed: they depend on each other in a loop.
    """
    try:
        return protectables.build_graph(
            context, provider, plan.resources_of(row.protection_plan)
        )
    except ValueError as error:
        raise exceptions.ResourceFailed(reason=str(error)) from error


def _own_graph(row: checkpoint.Checkpoint) -> resource.ResourceGraph:
    """Return the checkpoint's own graph; empty if it never got one.

    :raises InvalidCheckpoint: the graph in the row is malformed.
    """
    if row.resource_graph is None:
        return resource.ResourceGraph()
    try:
        return resource.ResourceGraph.deserialize(row.resource_graph)
    except ValueError as error:
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=row.id, reason=exceptions.shown(error)
        ) from error
