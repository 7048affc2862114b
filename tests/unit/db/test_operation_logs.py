# SPDX-License-Identifier: Apache-2.0
"""The queue: claims, leases, fencing, cancel and hand-back."""

import concurrent.futures
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import work_rows
from tests.fixtures import database
from tests.fixtures import rows

LEASE = 60.0
SERVERS = database.servers_only()
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
    log = rows.claim("me", LEASE)
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
    assert rows.claim("me", LEASE) is None


def test_a_claim_takes_the_oldest_and_leases_it():
    first, second = queue(), queue()
    log = rows.claim("me", LEASE)
    assert log is not None
    assert (log.id, log.owner, log.epoch, log.attempts) == (first, "me", 1, 1)
    assert log.state is _State.RUNNING
    again = rows.claim("you", LEASE)
    assert again is not None
    assert again.id == second
    assert rows.claim("you", LEASE) is None


def test_what_is_not_due_waits():
    log_id = queue(due_at=functions.now_ms() + 3_600_000)
    assert rows.claim("me", LEASE) is None
    change(log_id, due_at=functions.now_ms() - 1)
    assert rows.claim("me", LEASE) is not None


def test_a_lost_lease_is_claimed_again_with_a_new_epoch():
    first = claimed()
    expire(first.id)
    second = rows.claim("you", LEASE)
    assert second is not None
    assert (second.id, second.epoch, second.attempts) == (first.id, 2, 2)


def test_a_settled_operation_is_never_claimed():
    change(queue(), state=_State.SETTLED)
    assert rows.claim("me", LEASE) is None


def test_a_commit_under_way_stays_one_when_claimed():
    log = claimed()
    operation_logs.mark_committing(log, "a" * 64, {})
    expire(log.id)
    again = rows.claim("you", LEASE)
    assert again is not None
    assert again.state is _State.COMMITTING
    assert again.manifest_sha256 == "a" * 64


def test_16_workers_claim_each_operation_once():
    log_ids = {queue() for _ in range(40)}

    def work(name: int) -> list[str]:
        found = []
        while (log := rows.claim(str(name), LEASE)) is not None:
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
    progress = {"resources": {"T#1": {}}, "bytes_total": 7}
    change(log.id, lease_until=before - 1000)
    operation_logs.heartbeat(log.id, log.epoch, LEASE, progress)
    assert column(log.id, "lease_until") >= before
    assert column(log.id, "progress") == {"bytes_total": 7}


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_heartbeat_waits_for_no_row_that_shows_its_progress():
    """A cancel of many copies held up the leases of all others."""
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copies.create(rows.request(plan), lambda types: None)
    log = rows.claim("me", LEASE)
    before = column(log.id, "lease_until")
    change(log.id, lease_until=before - 1000)
    child = models.CheckpointCopy
    with orm.Session(engine.get_engine()) as session:
        session.execute(
            sa.select(child.id).where(child.id == log.id).with_for_update()
        )
        beat = (log.id, log.epoch, LEASE, {"bytes_copied": 5})
        assert not operation_logs.heartbeat(*beat)
        assert column(log.id, "lease_until") >= before
    assert operation_logs.heartbeat(*beat)
    (row,) = rows.all_of(child)
    assert row.bytes_copied == 5


def test_who_lost_the_lease_writes_nothing():
    log = claimed()
    expire(log.id)
    assert rows.claim("you", LEASE) is not None
    with pytest.raises(exceptions.LeaseLost):
        operation_logs.heartbeat(log.id, log.epoch, LEASE, {})
    with pytest.raises(exceptions.LeaseLost):
        operation_logs.mark_committing(log, "b", {})
    with pytest.raises(exceptions.LeaseLost):
        operation_logs.hand_back(log.id, log.epoch)
    assert column(log.id, "owner") == "you"
    assert column(log.id, "state") == _State.RUNNING


def test_handed_back_it_can_be_claimed_at_once_and_did_not_count():
    log = claimed()
    operation_logs.hand_back(log.id, log.epoch)
    assert column(log.id, "state") == _State.QUEUED
    assert column(log.id, "attempts") == 0
    assert rows.claim("you", LEASE) is not None


def test_handed_back_for_a_while_it_waits_and_did_not_count():
    log = claimed()
    operation_logs.hand_back(log.id, log.epoch, 3600)
    assert column(log.id, "state") == _State.QUEUED
    assert column(log.id, "attempts") == 0
    assert rows.claim("you", LEASE) is None
    change(log.id, due_at=functions.now_ms() - 1)
    again = rows.claim("you", LEASE)
    assert again is not None
    # Both claims and the hand-back counted.
    assert (again.epoch, again.attempts) == (3, 1)


def test_handed_back_it_tells_why_if_there_is_a_reason():
    for reason in ("the database is away", None):
        log = claimed()
        operation_logs.hand_back(log.id, log.epoch, 3600, reason)
        assert column(log.id, "error_info") == reason
        assert column(log.id, "attempts") == 0


def test_put_off_it_waits_counts_and_tells_why():
    log = claimed()
    operation_logs.put_off(log.id, log.epoch, 3600, "the bank is away")
    assert column(log.id, "state") == _State.QUEUED
    assert column(log.id, "attempts") == 1
    assert column(log.id, "error_info") == "the bank is away"
    assert rows.claim("you", LEASE) is None


def test_a_cancel_is_heard_by_the_heartbeat_and_stops_the_commit():
    log_id = queued_copy()
    log = rows.claim("me", LEASE)
    assert log is not None
    assert log.id == log_id
    cancel(log_id)
    change(log_id, lease_until=1)
    with pytest.raises(exceptions.OperationCancelled):
        operation_logs.heartbeat(log.id, log.epoch, LEASE, {"bytes_total": 3})
    # There has to be time to stop.
    assert column(log.id, "lease_until") > 1
    assert column(log.id, "progress") == {"bytes_total": 3}
    with pytest.raises(exceptions.OperationCancelled):
        operation_logs.mark_committing(log, "c", {})
    assert column(log.id, "state") == _State.RUNNING


@engine.writer
def cancel(session: orm.Session, log_id: str) -> None:
    session.get_one(models.CheckpointCopy, log_id).cancel_requested = True


def test_the_progress_of_a_copy_is_shown_in_its_checkpoint_copy():
    log_id = queued_copy()
    log = rows.claim("me", LEASE)
    assert log is not None
    progress = {
        "bytes_total": 5,
        "bytes_copied": 3,
        "bytes_skipped": 2,
        "bytes_reused": 0,
        "objects_total": 2,
        "objects_copied": 2,
        "resources": {"T#1": {"status": "copying", "bytes_copied": 3}},
    }
    operation_logs.heartbeat(log.id, log.epoch, LEASE, progress)
    shown = work_rows.checkpoint_copy(log_id)
    assert {name: getattr(shown, name) for name in progress} == progress
    # Without news of the resources they stay as they are.
    operation_logs.heartbeat(log.id, log.epoch, LEASE, {"bytes_copied": 5})
    shown = work_rows.checkpoint_copy(log_id)
    assert shown.bytes_copied == 5
    assert shown.resources == progress["resources"]


def test_who_lost_the_lease_shows_no_progress():
    log_id = queued_copy()
    log = rows.claim("me", LEASE)
    assert log is not None
    expire(log_id)
    assert rows.claim("you", LEASE) is not None
    with pytest.raises(exceptions.LeaseLost):
        operation_logs.heartbeat(log_id, log.epoch, LEASE, {"bytes_copied": 5})
    assert work_rows.checkpoint_copy(log_id).bytes_copied == 0
