# SPDX-License-Identifier: Apache-2.0
"""From an operation log to its work and its flow: rows are read here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from taskflow.patterns import linear_flow

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.banks import transfer
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import plan
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import work_rows
from karbor_copy.protection import bank_pool
from karbor_copy.protection import protectables
from karbor_copy.protection import records
from karbor_copy.protection import running
from karbor_copy.protection import transfer_pool
from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import copy
from karbor_copy.protection.flows import delete
from karbor_copy.protection.flows import protect
from karbor_copy.protection.flows import restore
from karbor_copy.protection.flows import verify
from karbor_copy.providers import provider as provider_model
from karbor_copy.providers import registry as provider_registry

_Type = status.OperationType


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMaker:
    """Makes the flow of an operation."""

    registry: provider_registry.Registry
    banks: bank_pool.BankPool
    transfers: transfer_pool.TransferPool

    def make(self, operation: running.RunningOperation) -> linear_flow.Flow:
        """Return the flow that does this operation's work.

        :raises KarborCopyError: a row, provider or plugin is missing.
        :raises NotImplementedError: a plugin lacks the operation.
        """
        maker: dict[_Type, Callable[..., linear_flow.Flow]] = {
            _Type.PROTECT: self._protect,
            _Type.COPY: self._copy,
            _Type.RESTORE: self._restore,
            _Type.VERIFY: self._verify,
            _Type.DELETE: self._delete,
        }
        return maker[operation.log.operation_type](operation)

    def _protect(self, operation: running.RunningOperation) -> Any:
        row = work_rows.checkpoint(str(operation.log.checkpoint_id))
        provider = self.registry.get(row.provider_id)
        context = _context(operation)
        try:
            graph = protectables.build_graph(
                context, provider, plan.resources_of(row.protection_plan)
            )
        except ValueError as error:
            raise exceptions.ResourceFailed(reason=str(error)) from error
        work = self._work(operation, provider, graph, context=context)
        return protect.build_protect_flow(work)

    def _copy(self, operation: running.RunningOperation) -> Any:
        rows = work_rows.checkpoint_copy(operation.id)
        source = work_rows.checkpoint(rows.checkpoint_id)
        provider = self.registry.get(rows.provider_id)
        target = self.registry.get(rows.target_provider_id)
        work = self._work(
            operation,
            provider,
            _graph(source),
            bank_of=target,
            source_bank=self.banks.patient_bank(provider, operation.check),
        )
        return copy.build_copy_flow(work)

    def _restore(self, operation: running.RunningOperation) -> Any:
        row = work_rows.restore(str(operation.log.restore_id))
        record = records.restore_record(row)
        work = self._use(
            operation,
            row.parameters,
            record=record,
            hook_arguments={"restore": record, "new_resources": {}},
        )
        return restore.build_restore_flow(work)

    def _verify(self, operation: running.RunningOperation) -> Any:
        row = work_rows.verification(str(operation.log.verification_id))
        record = records.verification_record(row)
        work = self._use(
            operation,
            row.parameters,
            record=record,
            hook_arguments={"verify": record, "new_resources": {}},
        )
        return verify.build_verify_flow(work)

    def _delete(self, operation: running.RunningOperation) -> Any:
        work = self._use(operation, {})
        return delete.build_delete_flow(work)

    def _use(
        self,
        operation: running.RunningOperation,
        parameters: Any,
        **more: Any,
    ) -> work_module.Work:
        row = work_rows.checkpoint(str(operation.log.checkpoint_id))
        provider = self.registry.get(row.provider_id)
        work = self._work(operation, provider, _graph(row), **more)
        work.parameters = parameters
        return work

    def _work(
        self,
        operation: running.RunningOperation,
        provider: provider_model.Provider,
        graph: resource.ResourceGraph,
        *,
        bank_of: provider_model.Provider | None = None,
        context: request_context.RequestContext | None = None,
        **more: Any,
    ) -> work_module.Work:
        keeper = bank_of or provider
        return work_module.Work(
            operation=operation,
            provider=provider,
            context=context or _context(operation),
            graph=graph,
            parameters=operation.log.parameters,
            transfer=transfer.Transfer(
                executor=self.transfers.executor(provider.id, keeper.id),
                check=operation.check,
                progress=operation,
                verify=provider.verify,
            ),
            bank=self.banks.patient_bank(keeper, operation.check),
            **more,
        )


def _context(
    operation: running.RunningOperation,
) -> request_context.RequestContext:
    return request_context.for_project(
        operation.log.project_id, operation.log.request_id
    )


def _graph(row: checkpoint.Checkpoint) -> resource.ResourceGraph:
    """Return the checkpoint's own graph; empty if it never got one.

    :raises InvalidCheckpoint: the graph in the row is malformed.
    """
    if row.resource_graph is None:
        return resource.ResourceGraph()
    try:
        return resource.ResourceGraph.deserialize(row.resource_graph)
    except ValueError as error:
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=row.id, reason=str(error)
        ) from error
