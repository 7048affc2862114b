# SPDX-License-Identifier: Apache-2.0
"""Claims operations for every free slot and hands them to the runner."""

import threading
import time

from oslo_log import log as logging

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.db import claims
from karbor_copy.protection import heartbeat
from karbor_copy.protection import runner as runner_module
from karbor_copy.protection import running

LOG = logging.getLogger(__name__)


class Dispatcher:
    """Looks for work when woken, when a slot becomes free, and by itself."""

    def __init__(
        self,
        *,
        claimer: claims.Claimer,
        runner: runner_module.Runner,
        beat: heartbeat.Heartbeat,
        slots: int,
        lease: float,
        poll_interval: float,
    ) -> None:
        """Take ``lease`` and ``poll_interval`` in seconds."""
        self._claimer = claimer
        self._runner = runner
        self._beat = beat
        self._lease = lease
        self._poll_interval = poll_interval
        self._free = threading.Semaphore(slots)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="dispatcher", daemon=True
        )

    def start(self) -> None:
        """Begin to look for work."""
        self._thread.start()

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def stop(self, grace: float, timeout: float) -> bool:
        """Claim no more, and let what runs end or hand its work back.

        Operations get ``grace`` seconds to end by themselves. Then they are
        told to hand their work back, which another worker goes on with at
        once. What still runs after ``timeout`` seconds more is left to its
        lease, and the answer is False.
        """
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        if not self._has_ended(grace):
            for operation in self._beat.running_operations():
                operation.stop(exceptions.OperationDrained())
        return self._has_ended(timeout)

    def _has_ended(self, timeout: float) -> bool:
        """Wait for what runs for so many seconds; tell if it has ended."""
        deadline = time.monotonic() + timeout
        while self._beat.running_operations():
            if time.monotonic() >= deadline:
                return False
            self._wake.wait(0.05)
            self._wake.clear()
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self._fill_slots()
            self._wake.wait(self._poll_interval)

    def _fill_slots(self) -> None:
        while not self._stopping.is_set() and self._free.acquire(
            blocking=False
        ):
            operation = self._claim()
            if operation is None:
                self._free.release()
                return
            if not self._begin(operation):
                return

    def _claim(self) -> running.RunningOperation | None:
        deadline = time.monotonic() + self._lease
        log: operation_log.OperationLog | None = None
        try:
            log = self._claimer.claim()
        except Exception as error:  # noqa: BLE001  the database's, any
            LOG.error("No work can be claimed: %s", error)
        if log is None:
            return None
        return running.RunningOperation(log, deadline, lease=self._lease)

    def _begin(self, operation: running.RunningOperation) -> bool:
        """Let it run in a thread of its own; tell if there could be one.

        No executor: one keeps what it has no thread for, and runs it when
        it is another worker's by then.
        """
        self._beat.add(operation)
        thread = threading.Thread(
            target=self._work, args=(operation,), name="operation"
        )
        try:
            thread.start()
        except RuntimeError as error:
            LOG.error("Operation %s can't begin: %s", operation.id, error)
            self._runner.end(operation, exceptions.OperationDrained())
            self._beat.remove(operation)
            self._free.release()
            return False
        return True

    def _work(self, operation: running.RunningOperation) -> None:
        log = operation.log
        try:
            request_context.for_project(log.project_id, log.request_id)
            LOG.info(
                "Operation %s claimed: %s of checkpoint %s, attempt %d",
                log.id,
                log.operation_type,
                log.checkpoint_id,
                log.attempts,
            )
            self._runner.run(operation)
        finally:
            self._beat.remove(operation)
            self._free.release()
            self._wake.set()
