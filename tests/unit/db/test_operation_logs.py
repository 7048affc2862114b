# SPDX-License-Identifier: Apache-2.0
"""The queue: claims, leases, fencing, cancel and hand-back."""

import concurrent.futures
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import work_rows
from tests.fixtures import rows

LEASE = 60.0
_State = status.OperationState
_Type = status.OperationType


@engine.writer
def queue(session: orm.Session, **columns: Any) -> str:
    """Store a queued verify; return its id."""
    values = operation_logs.new_log(
        _Type.VERIFY, project_id=rows.PROJECT, **columns
    )
    operation_logs.enqueue(session, [values])
    return str(values["id"])


@engine.writer
def change(session: orm.Session, log_id: str, **columns: Any) -> None:
    session.execute(
        sa.update(models.OperationLog)
        .where(models.OperationLog.id == log_id)
        .values(**columns)
    )


@engine.reader
def column(session: orm.Session, log_id: str, name: str) -> Any:
    return getattr(session.get_one(models.OperationLog, log_id), name)


def claimed() -> operation_log.OperationLog:
    """Queue one operation and claim it."""
    queue()
    log = operation_logs.claim("me", LEASE)
    assert log is not None
    return log


def queued_copy() -> str:
    """Queue the copy of one checkpoint; return its log's id."""
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copy = copies.create(rows.request(plan), lambda _types: None)
    [member] = copies.list_members(rows.PROJECT, copy.id, rows.page())
    return member.id


def expire(log_id: str) -> None:
    change(log_id, lease_until=functions.now_ms() - 1)


def test_nothing_to_claim():
    assert operation_logs.claim("me", LEASE) is None


def test_a_claim_takes_the_oldest_and_leases_it():
    first, second = queue(), queue()
    log = operation_logs.claim("me", LEASE)
    assert log is not None
    assert (log.id, log.owner, log.epoch, log.attempts) == (first, "me", 1, 1)
    assert log.state is _State.RUNNING
    again = operation_logs.claim("you", LEASE)
    assert again is not None
    assert again.id == second
    assert operation_logs.claim("you", LEASE) is None


def test_what_is_not_due_waits():
    log_id = queue(due_at=functions.now_ms() + 3_600_000)
    assert operation_logs.claim("me", LEASE) is None
    change(log_id, due_at=functions.now_ms() - 1)
    assert operation_logs.claim("me", LEASE) is not None


def test_a_lost_lease_is_claimed_again_with_a_new_epoch():
    first = claimed()
    expire(first.id)
    second = operation_logs.claim("you", LEASE)
    assert second is not None
    assert (second.id, second.epoch, second.attempts) == (first.id, 2, 2)


def test_a_settled_operation_is_never_claimed():
    change(queue(), state=_State.SETTLED)
    assert operation_logs.claim("me", LEASE) is None


def test_a_commit_under_way_stays_one_when_claimed():
    log = claimed()
    assert operation_logs.mark_committing(log.id, log.epoch, "a" * 64) is None
    expire(log.id)
    again = operation_logs.claim("you", LEASE)
    assert again is not None
    assert again.state is _State.COMMITTING
    assert again.manifest_sha256 == "a" * 64


def test_16_workers_claim_each_operation_once():
    log_ids = {queue() for _ in range(40)}

    def work(name: int) -> list[str]:
        found = []
        while (log := operation_logs.claim(str(name), LEASE)) is not None:
            found.append(log.id)
        return found

    with concurrent.futures.ThreadPoolExecutor(16) as executor:
        found = [
            item for each in executor.map(work, range(16)) for item in each
        ]
    assert sorted(found) == sorted(log_ids)


def test_a_heartbeat_renews_and_stores_the_progress():
    log = claimed()
    before = column(log.id, "lease_until")
    progress = {"resources": {}, "bytes_total": 7}
    change(log.id, lease_until=before - 1000)
    beat = operation_logs.heartbeat(
        log.id, log.epoch, LEASE, progress | dict.fromkeys(_COUNTERS, 0)
    )
    assert beat is None
    assert column(log.id, "lease_until") >= before
    assert column(log.id, "progress")["bytes_total"] == 0


_COUNTERS = (
    "bytes_total",
    "bytes_copied",
    "bytes_skipped",
    "objects_total",
    "objects_copied",
)


def test_who_lost_the_lease_writes_nothing():
    log = claimed()
    expire(log.id)
    assert operation_logs.claim("you", LEASE) is not None
    assert operation_logs.heartbeat(log.id, log.epoch, LEASE, {}) == "lost"
    assert operation_logs.mark_committing(log.id, log.epoch, "b") == "lost"
    assert not operation_logs.hand_back(log.id, log.epoch)
    assert column(log.id, "owner") == "you"
    assert column(log.id, "state") == _State.RUNNING


@pytest.mark.parametrize(("counts", "attempts"), [(False, 0), (True, 1)])
def test_hand_back(counts, attempts):
    log = claimed()
    assert operation_logs.hand_back(log.id, log.epoch, counts=counts)
    assert column(log.id, "state") == _State.QUEUED
    assert column(log.id, "attempts") == attempts
    assert operation_logs.claim("you", LEASE) is not None


def test_handed_back_with_a_delay_it_waits():
    log = claimed()
    assert operation_logs.hand_back(log.id, log.epoch, delay=3600)
    assert operation_logs.claim("you", LEASE) is None


def test_a_cancel_is_heard_by_the_heartbeat_and_stops_the_commit():
    log_id = queued_copy()
    log = operation_logs.claim("me", LEASE)
    assert log is not None
    assert log.id == log_id
    cancel(log_id)
    progress = dict.fromkeys(_COUNTERS, 0) | {"resources": {}}
    assert (
        operation_logs.heartbeat(log.id, log.epoch, LEASE, progress)
        == "cancelled"
    )
    assert (
        operation_logs.mark_committing(log.id, log.epoch, "c") == "cancelled"
    )
    assert column(log.id, "state") == _State.RUNNING


@engine.writer
def cancel(session: orm.Session, log_id: str) -> None:
    session.get_one(models.CheckpointCopy, log_id).cancel_requested = True


def test_the_progress_of_a_copy_is_shown_in_its_checkpoint_copy():
    log_id = queued_copy()
    log = operation_logs.claim("me", LEASE)
    assert log is not None
    progress = {
        "bytes_total": 5,
        "bytes_copied": 3,
        "bytes_skipped": 2,
        "objects_total": 2,
        "objects_copied": 2,
        "resources": {"T#1": {"status": "copying", "bytes_copied": 3}},
    }
    operation_logs.heartbeat(log.id, log.epoch, LEASE, progress)
    shown = work_rows.checkpoint_copy(log_id)
    assert {name: getattr(shown, name) for name in progress} == progress
