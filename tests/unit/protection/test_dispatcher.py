# SPDX-License-Identifier: Apache-2.0
"""The dispatcher goes on, whatever keeps an operation from beginning."""

import threading
from typing import Any
from typing import cast

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.db import claims
from karbor_copy.protection import dispatcher
from karbor_copy.protection import heartbeat
from karbor_copy.protection import runner
from karbor_copy.protection import running
from tests.fakes import logs

TIMEOUT = 60.0


class Queue:
    """One operation, which can be claimed again when it was handed back."""

    def __init__(self) -> None:
        self.waiting = True
        self.epoch = 0

    def claim(self) -> operation_log.OperationLog | None:
        if not self.waiting:
            return None
        self.waiting = False
        self.epoch += 1
        return logs.operation_log(epoch=self.epoch)


class Runner:
    """Tells what it has run, and hands back what could not begin."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.handed_back = threading.Event()
        self.has_run = threading.Event()
        self.told: list[tuple[str, int]] = []

    def run(self, operation: running.RunningOperation) -> None:
        self.told.append(("run", operation.epoch))
        self.has_run.set()

    def end(self, operation: running.RunningOperation, error: Any) -> None:
        assert isinstance(error, exceptions.OperationDrained)
        self.told.append(("handed back", operation.epoch))
        self._queue.waiting = True
        self.handed_back.set()


def test_an_operation_without_a_thread_is_handed_back_and_its_slot_free(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = threading.Thread.start
    refusals = ["can't start new thread"]

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("operation") and refusals:
            raise RuntimeError(refusals.pop())
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    queue = Queue()
    fake = Runner(queue)
    beat = heartbeat.Heartbeat(lease=TIMEOUT, interval=TIMEOUT)
    started = dispatcher.Dispatcher(
        claimer=cast(claims.Claimer, queue),
        runner=cast(runner.Runner, fake),
        beat=beat,
        slots=1,
        lease=TIMEOUT,
        poll_interval=3600.0,
    )
    started.start()
    assert fake.handed_back.wait(TIMEOUT)
    started.wake()
    assert fake.has_run.wait(TIMEOUT)
    assert started.stop(TIMEOUT, TIMEOUT)
    assert fake.told == [("handed back", 1), ("run", 2)]
    assert beat.running_operations() == []
    assert "can't start new thread" in caplog.text
