# SPDX-License-Identifier: Apache-2.0
"""Leases are kept, and a process survives taking over from itself."""

import concurrent.futures
import queue
import threading
import time
import types
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.db import operation_logs
from karbor_copy.protection import commit
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
        # Then another transaction has the row that shows it.
        return len(told) > 2

    monkeypatch.setattr(operation_logs, "heartbeat", beat)
    kept = operation()
    kept.add_copied("T#1", 1, 1)
    for _ in range(4):
        heartbeat.Heartbeat(lease=LEASE, interval=LEASE)._beat(kept)
    assert told == [True, True, True, False]


@pytest.mark.parametrize(
    "answer",
    [None, exceptions.LeaseLost(operation_log_id="x"), ValueError("odd")],
)
def test_what_ended_without_a_database_is_handed_back_when_it_is_here(
    monkeypatch, beat, answer
):
    """It lay still until its lease had run out, and counted as at work."""
    answers = [exceptions.DatabaseUnavailable()] * 2 + [answer]
    asked = queue.Queue()

    def hand_back(log_id, epoch, *_rest):
        asked.put((log_id, epoch))
        if answers and (error := answers.pop(0)) is not None:
            raise error

    answering(monkeypatch, None)
    monkeypatch.setattr(operation_logs, "hand_back", hand_back)
    ended = operation(epoch=3)
    beat.add(ended)
    ended.left = exceptions.DatabaseUnavailable()
    beat.remove(ended)
    assert {asked.get(timeout=30) for _ in range(3)} == {(ended.id, 3)}
    assert beat._thread.is_alive()
    beat.stop()
    assert asked.empty()


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


def test_no_beat_stores_figures_behind_the_last_ones(monkeypatch):
    """One that a busy database had held up put older ones over them."""
    kept = heartbeat.Heartbeat(lease=LEASE, interval=0.01)
    working, last = operation(), threading.Event()
    begun, free = threading.Event(), threading.Event()
    told = []

    def beat(_id, _epoch, _lease, _progress):
        begun.set()
        assert free.wait(5)
        told.append("beat")

    def mark(_log, _digest, _progress):
        told.append("last")
        last.set()

    monkeypatch.setattr(operation_logs, "heartbeat", beat)
    monkeypatch.setattr(operation_logs, "mark_committing", mark)
    monkeypatch.setattr(commit, "_show", lambda *_args: None)
    store: Any = types.SimpleNamespace(write_manifest=lambda *_, **__: "0")
    nothing: Any = None
    kept.start()
    try:
        kept.add(working)
        assert begun.wait(5)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            done = pool.submit(commit.commit, working, store, nothing, nothing)
            assert not last.wait(0.2)
            free.set()
            done.result(timeout=5)
    finally:
        free.set()
        kept.stop()
    assert told[:2] == ["beat", "last"]
