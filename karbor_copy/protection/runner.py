# SPDX-License-Identifier: Apache-2.0
"""Runs one claimed operation to its end."""

import contextlib
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging
from taskflow import engines
from taskflow import exceptions as taskflow_exceptions
from taskflow import flow as taskflow_flow
from taskflow.patterns import linear_flow

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.data_models import status
from karbor_copy.db import reasons
from karbor_copy.db import work_rows
from karbor_copy.protection import bank_pool
from karbor_copy.protection import commit
from karbor_copy.protection import ending
from karbor_copy.protection import maintenance
from karbor_copy.protection import repair
from karbor_copy.protection import rot
from karbor_copy.protection import running
from karbor_copy.protection import threads
from karbor_copy.protection import work_maker as work_maker_module
from karbor_copy.protection.flows import operation_flow
from karbor_copy.providers import provider as provider_model
from karbor_copy.providers import registry as provider_registry

LOG = logging.getLogger(__name__)

_Type = status.OperationType

#: First task, one task in the graph, last task: nothing is parallel.
_SERIAL_TASKS = 3


class Runner:
    """Picks what to do by operation type and state; raises nothing."""

    def __init__(
        self,
        *,
        registry: provider_registry.Registry,
        banks: bank_pool.BankPool,
        work_maker: work_maker_module.WorkMaker,
        resource_threads: int,
        max_attempts: int,
    ) -> None:
        self._registry = registry
        self._banks = banks
        self._work_maker = work_maker
        self._threads = resource_threads
        self._max_attempts = max_attempts

    def run(self, operation: running.RunningOperation) -> None:
        """Do the work and settle it, whatever happens on the way."""
        log = operation.log
        try:
            if log.operation_type is _Type.CLEANUP:
                self._clean_up(operation)
            elif log.operation_type is _Type.SCRUB:
                # Without limit: the bank may still show what is rotten.
                self._scrub(operation)
            elif operation.committing:
                self._roll_forward(operation)
            elif log.attempts > self._max_attempts:
                raise exceptions.ResourceFailed(
                    reason=f"{self._max_attempts} workers were lost while"
                    " they worked on it"
                )
            elif log.operation_type is _Type.RESET:
                self._reset(operation)
            else:
                self._run_flow(operation)
        except Exception as error:
            if not exceptions.is_told(error):
                LOG.exception("Operation %s failed", log.id)
            self.end(operation, error)

    def end(
        self, operation: running.RunningOperation, error: Exception
    ) -> None:
        """Settle what failed outside of a flow; raises nothing."""
        try:
            chosen = ending.choose(operation, [error])
            ending.end(operation, chosen)
        except Exception:
            LOG.exception(
                "Operation %s could not be settled; its lease will expire",
                operation.id,
            )

    def _run_flow(self, operation: running.RunningOperation) -> None:
        work = self._work_maker.make(operation)
        with self._engine(operation_flow.build_flow(work)) as engine:
            # What fails before the first task has begun is not reverted.
            engine.compile()
            engine.prepare()
            try:
                engine.run()
            except Exception as error:
                # The first task's revert has settled it; an error that is
                # not ours deserves its traceback all the same.
                if not _is_ours(error):
                    LOG.exception("Operation %s failed", operation.id)

    @contextlib.contextmanager
    def _engine(self, flow: linear_flow.Flow) -> Iterator[Any]:
        """Yield an engine, in threads only where there is a choice."""
        tasks = sum(
            len(child) if isinstance(child, taskflow_flow.Flow) else 1
            for child in flow
        )
        if tasks <= _SERIAL_TASKS:
            yield engines.load(flow, engine="serial")
            return
        # Threads of its own: those of other operations may all be waiting
        # for a bank that is down.
        with threads.Threads(self._threads, "resource") as executor:
            # With one it can go on; what fails in the engine itself without
            # any is not reverted.
            executor.submit(lambda: None)
            yield engines.load(flow, engine="parallel", executor=executor)

    def _provider(
        self, operation: running.RunningOperation
    ) -> provider_model.Provider:
        row = work_rows.checkpoint(str(operation.log.checkpoint_id))
        return self._registry.get(row.provider_id)

    def _bank(self, operation: running.RunningOperation) -> base.Bank:
        provider = self._provider(operation)
        return self._banks.patient_bank(provider, operation.check)

    def _reset(self, operation: running.RunningOperation) -> None:
        provider = self._provider(operation)
        bank = self._banks.patient_bank(provider, operation.check)
        maintenance.reset(operation, bank, provider.plugins)

    def _roll_forward(self, operation: running.RunningOperation) -> None:
        """Finish a commit; give it up where its manifest stays lost.

        A bank that was away has used attempts too, so what is lost must
        have been so at the last one already.
        """
        log = operation.log
        checkpoint_id = str(log.checkpoint_id)
        row = work_rows.checkpoint(checkpoint_id)
        store = checkpoint_store.CheckpointStore(self._bank(operation))
        try:
            commit.roll_forward(operation, store, row)
        except commit.ManifestLost as error:
            reason = reasons.storable(exceptions.reason_of(error))
            lost_before = log.error_info == reason
            if log.attempts < self._max_attempts or not lost_before:
                raise
            ending.give_up(operation, error)

    def _scrub(self, operation: running.RunningOperation) -> None:
        """Go on with a scrub whose process died, until it is settled."""
        try:
            repair.run(operation, registry=self._registry, banks=self._banks)
        except rot.DeletedElsewhere as error:
            LOG.warning("Scrub %s: %s", operation.id, error)
        except exceptions.OperationStopped:
            raise
        except exceptions.KarborCopyError as error:
            ending.put_off(operation, error)

    def _clean_up(self, operation: running.RunningOperation) -> None:
        """Clean up, tried again with growing pauses until it is done."""
        log = operation.log
        try:
            row = work_rows.checkpoint(str(log.checkpoint_id))
            bank = self._banks.bank(row.provider_id)
            if self._registry.get(row.provider_id).create_only:
                maintenance.give_up(operation, bank)
            else:
                maintenance.clean_up(operation, bank)
        except exceptions.CheckpointNotFound:
            # The operation ended before it had written anything.
            maintenance.done(operation)
        except exceptions.OperationStopped:
            raise
        except exceptions.KarborCopyError as error:
            ending.put_off(operation, error)


def _is_ours(error: BaseException) -> bool:
    """Tell whether an error, or each of several at once, is one of ours."""
    if isinstance(error, taskflow_exceptions.WrappedFailure):
        return all(_is_ours(failure.exception) for failure in error)
    return exceptions.is_told(error)
