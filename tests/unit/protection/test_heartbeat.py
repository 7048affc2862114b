# SPDX-License-Identifier: Apache-2.0
"""Leases are kept, and a process survives taking over from itself."""

import threading
import time

import pytest

from karbor_copy import exceptions
from karbor_copy.db import operation_logs
from karbor_copy.protection import heartbeat
from karbor_copy.protection import running
from tests.fakes import logs

LEASE = 60.0


def operation(epoch: int = 1) -> running.RunningOperation:
    return running.RunningOperation(
        logs.operation_log(epoch=epoch),
        time.monotonic() + LEASE,
        lease=LEASE,
    )


@pytest.fixture
def beat():
    kept = heartbeat.Heartbeat(lease=LEASE, interval=0.01)
    kept.start()
    yield kept
    kept.stop()


def answering(monkeypatch, answer):
    """Let the database answer a heartbeat so; return an event of it."""
    heard = threading.Event()

    def beat(*_args):
        heard.set()
        if answer is not None:
            raise answer

    monkeypatch.setattr(operation_logs, "heartbeat", beat)
    return heard


def test_taking_over_from_itself_keeps_the_new_attempt():
    kept = heartbeat.Heartbeat(lease=LEASE, interval=LEASE)
    first, second = operation(1), operation(2)
    kept.add(first)
    kept.add(second)
    assert isinstance(first.stop_reason, exceptions.LeaseLost)
    assert second.stop_reason is None
    kept.remove(first)
    assert kept.running_operations() == [second]
    kept.remove(second)
    kept.remove(second)
    assert kept.running_operations() == []


def test_a_database_that_is_away_is_no_reason_to_stop_at_once(
    beat, monkeypatch
):
    heard = answering(monkeypatch, RuntimeError("the database is away"))
    kept = operation()
    beat.add(kept)
    assert heard.wait(5)
    beat.remove(kept)
    assert kept.stop_reason is None


def test_a_lost_beat_is_told_again(monkeypatch):
    told = []

    def beat(_id, _epoch, _lease, progress):
        told.append("resources" in progress)
        if len(told) == 1:
            raise RuntimeError("the database is away")

    monkeypatch.setattr(operation_logs, "heartbeat", beat)
    kept = operation()
    kept.add_copied("T#1", 1, 1)
    for _ in range(3):
        heartbeat.Heartbeat(lease=LEASE, interval=LEASE)._beat(kept)
    assert told == [True, True, False]


@pytest.mark.parametrize(
    "answer",
    [
        exceptions.LeaseLost(operation_log_id="x"),
        exceptions.OperationCancelled(),
    ],
)
def test_what_the_database_answers_stops_the_operation(monkeypatch, answer):
    answering(monkeypatch, answer)
    kept = operation()
    heartbeat.Heartbeat(lease=LEASE, interval=LEASE)._beat(kept)
    assert kept.stop_reason is answer


def test_a_cancel_that_comes_too_late_is_not_heard(monkeypatch):
    answering(monkeypatch, exceptions.OperationCancelled())
    kept = operation()
    kept.set_committing()
    heartbeat.Heartbeat(lease=LEASE, interval=LEASE)._beat(kept)
    assert kept.stop_reason is None
