# SPDX-License-Identifier: Apache-2.0
"""Keeps the leases of running operations and hears of cancels."""

import threading
import time
from typing import NamedTuple

from oslo_log import log as logging

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import operation_logs
from karbor_copy.protection import ending
from karbor_copy.protection import running

LOG = logging.getLogger(__name__)


class _Left(NamedTuple):
    """An operation that ended without a database, until when it is ours."""

    log: operation_log.OperationLog
    error: exceptions.DatabaseUnavailable
    deadline: float


class Heartbeat:
    """One thread for all the operations of a process.

    An operation whose lease can't be renewed stops by itself when the lease
    has run out: by then another worker may have it.
    """

    def __init__(self, *, lease: float, interval: float) -> None:
        """Take both in seconds."""
        self._lease = lease
        self._interval = interval
        # By id and epoch: this very process may take over what it has lost,
        # while a thread of the attempt before has not noticed yet.
        self._operations: dict[tuple[str, int], running.RunningOperation] = {}
        #: Those that have ended while the database was away.
        self._left: list[_Left] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="heartbeat", daemon=True
        )

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join()

    def add(self, operation: running.RunningOperation) -> None:
        """Keep the lease of this operation from now on.

        An earlier attempt at it that still runs here is told to stop.
        """
        with self._lock:
            for known in self._operations.values():
                if known.id == operation.id:
                    known.stop(exceptions.LeaseLost(operation_log_id=known.id))
            self._operations[(operation.id, operation.epoch)] = operation

    def remove(self, operation: running.RunningOperation) -> None:
        """Forget an operation that has ended; hand back one that was left."""
        with self._lock:
            self._operations.pop((operation.id, operation.epoch), None)
            if operation.left is not None:
                self._left.append(
                    _Left(
                        operation.log,
                        operation.left,
                        time.monotonic() + self._lease,
                    )
                )

    def running_operations(self) -> list[running.RunningOperation]:
        """Return the operations that are at work."""
        with self._lock:
            return list(self._operations.values())

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            for operation in self.running_operations():
                # Else its last figures are being stored; a lease lasts for
                # more than the beat that is left out.
                if operation.storing.acquire(blocking=False):
                    try:
                        self._beat(operation)
                    finally:
                        operation.storing.release()
            self._hand_back()

    def _hand_back(self) -> None:
        """Give up the leases of what was left, if the database is back.

        Else they would count as at work, and lie still, until they run out.
        """
        with self._lock:
            left = list(self._left)
        for one in left:
            log = one.log
            request_context.for_project(log.project_id, log.request_id)
            try:
                if time.monotonic() < one.deadline:
                    ending.lapse(log, one.error)
            except exceptions.DatabaseUnavailable:
                return
            except exceptions.LeaseLost:
                LOG.debug("Operation %s is another worker's by now", log.id)
            except Exception:
                LOG.exception(
                    "Operation %s could not be handed back; its lease will"
                    " expire",
                    log.id,
                )
            with self._lock:
                self._left.remove(one)

    def _beat(self, operation: running.RunningOperation) -> None:
        log = operation.log
        request_context.for_project(log.project_id, log.request_id)
        deadline = time.monotonic() + self._lease
        try:
            shown = operation_logs.heartbeat(
                operation.id, operation.epoch, self._lease, operation.news()
            )
            if not shown and log.operation_type is status.OperationType.COPY:
                operation.news_lost()
        except exceptions.LeaseLost as lost:
            operation.stop(lost)
            return
        except exceptions.OperationCancelled as cancelled:
            if not operation.committing:
                operation.stop(cancelled)
        except Exception as error:  # noqa: BLE001  the database's, any
            LOG.warning("Heartbeat of %s failed: %s", operation.id, error)
            operation.news_lost()
            return
        operation.extend_lease(deadline)
