# SPDX-License-Identifier: Apache-2.0
"""Beginning and ending an operation: every row it concerns, fenced."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql

from karbor_copy import exceptions
from karbor_copy.data_models import copy_request
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents
from karbor_copy.db import restores
from karbor_copy.db import settle
from karbor_copy.db import verifications
from karbor_copy.db import work_rows
from tests.fixtures import rows

LEASE = 20.0
_Checkpoint = status.CheckpointStatus
_Copy = status.CopyStatus
_Log = status.OperationLogStatus

SUCCESS = settle.Outcome(result=settle.SUCCESS, size=42)
FAILURE = settle.Outcome(result=settle.FAILURE, error_info="the disk is full")
CANCELLED = settle.Outcome(result=settle.CANCELLED)


def claim() -> operation_log.OperationLog:
    log = rows.claim("me", LEASE)
    assert log is not None
    return log


def copied(count: int = 1) -> tuple[plan_model.Plan, copy_request.Copy]:
    """Request the copy of so many checkpoints."""
    plan = rows.stored_plan()
    rows.checkpoints(plan, count)
    return plan, copies.create(rows.request(plan), lambda _types: None)


@engine.reader
def row_of(session: orm.Session, model: Any, row_id: str) -> Any:
    row = session.get_one(model, row_id)
    session.expunge(row)
    return row


@engine.reader
def clean_ups(session: orm.Session, checkpoint_id: str) -> list[float]:
    """Return after how many seconds each queued clean-up is due."""
    log = models.OperationLog
    due = session.scalars(
        sa.select((log.due_at - functions.now_ms()) / 1000)
        .where(
            log.operation_type == status.OperationType.CLEANUP,
            log.checkpoint_id == checkpoint_id,
        )
        .order_by(log.due_at)
    )
    return [round(float(each)) for each in due]


#: What only the statement that counts the members of a request has.
_COUNTS = "GROUP BY copy_members.copy_id"


@pytest.fixture
def statements(monkeypatch):
    """Return the statements that are run from now on, with their locks."""
    seen: list[str] = []

    def remembering(method):
        def call(session, statement, *args, **kwargs):
            seen.append(str(statement.compile(dialect=postgresql.dialect())))
            return method(session, statement, *args, **kwargs)

        return call

    for name in ("execute", "scalar", "scalars"):
        monkeypatch.setattr(
            orm.Session, name, remembering(getattr(orm.Session, name))
        )
    return seen


def _locked(statement: str) -> str | None:
    """Return the table of which a statement locks rows, if it is one."""
    words = statement.split()
    if words[0] == "UPDATE":
        return words[1]
    if statement.endswith("FOR UPDATE"):
        return words[words.index("FROM") + 1]
    return None


def test_a_copy_that_begins_shows_itself():
    plan, copy = copied()
    log = claim()
    begin.begin(log)
    member = work_rows.checkpoint_copy(log.id)
    target = work_rows.checkpoint(member.checkpoint_copy_id)
    source = work_rows.checkpoint(member.checkpoint_id)
    assert member.status is _Copy.COPYING
    assert target.status is _Checkpoint.COPYING
    assert target.provider_id == rows.TARGET
    assert target.copied_from is not None
    assert target.copied_from.checkpoint_id == source.id
    assert target.copied_from.provider_id == rows.SOURCE
    assert (target.timestamp, target.created_at) == (
        source.timestamp,
        source.created_at,
    )
    assert copies.get(rows.PROJECT, copy.id).status is _Copy.COPYING
    # Again, as after a kill.
    begin.begin(log)
    assert work_rows.checkpoint(target.id) == target


def test_a_copy_that_succeeds_is_a_checkpoint_like_any_other():
    plan, copy = copied()
    log = claim()
    begin.begin(log)
    settle.settle(log, SUCCESS, LEASE)
    member = work_rows.checkpoint_copy(log.id)
    target = work_rows.checkpoint(member.checkpoint_copy_id)
    assert member.status is _Copy.FINISHED
    assert target.status is _Checkpoint.AVAILABLE
    assert target.size == 42
    assert target.committed_at is not None
    assert target.extra_info["copy_status"] == "finished"
    assert row_of(models.OperationLog, log.id).status == _Log.SUCCESS
    assert copies.get(rows.PROJECT, copy.id).status is _Copy.FINISHED
    assert clean_ups(target.id) == []


@pytest.mark.parametrize(
    ("outcome", "copy_status", "log_status"),
    [
        (FAILURE, _Copy.ERROR, _Log.ERROR),
        (CANCELLED, _Copy.CANCELLED, _Log.CANCELLED),
    ],
)
def test_a_copy_that_does_not_succeed_frees_its_slot_and_is_swept(
    outcome, copy_status, log_status
):
    plan, copy = copied()
    log = claim()
    begin.begin(log)
    settle.settle(log, outcome, LEASE)
    member = work_rows.checkpoint_copy(log.id)
    assert member.status is copy_status
    assert member.error_info == outcome.error_info
    row = row_of(models.CheckpointCopy, log.id)
    assert row.copy_slot is None
    target = work_rows.checkpoint(member.checkpoint_copy_id)
    assert target.status is _Checkpoint.ERROR
    assert target.committed_at is None
    assert row_of(models.OperationLog, log.id).status == log_status
    assert row_of(models.OperationLog, log.id).error_info == outcome.error_info
    assert copies.get(rows.PROJECT, copy.id).status is copy_status
    assert clean_ups(target.id) == [0, 20, 3600, 86400]


def test_a_request_is_open_until_its_last_member_has_ended():
    _plan, copy = copied(3)
    for outcome, wanted in (
        (SUCCESS, _Copy.COPYING),
        (FAILURE, _Copy.COPYING),
        (SUCCESS, _Copy.ERROR),
    ):
        log = claim()
        begin.begin(log)
        settle.settle(log, outcome, LEASE)
        assert copies.get(rows.PROJECT, copy.id).status is wanted
    counts = copies.get(rows.PROJECT, copy.id).counts
    assert counts == {_Copy.FINISHED: 2, _Copy.ERROR: 1}


def test_who_lost_the_lease_settles_nothing():
    _plan, copy = copied()
    log = claim()
    begin.begin(log)
    expire(log.id)
    second = claim()
    assert second.id == log.id
    with pytest.raises(exceptions.LeaseLost):
        settle.settle(log, FAILURE, LEASE)
    with pytest.raises(exceptions.LeaseLost):
        begin.begin(log)
    assert work_rows.checkpoint_copy(log.id).status is _Copy.COPYING
    assert copies.get(rows.PROJECT, copy.id).status is _Copy.COPYING
    settle.settle(second, SUCCESS, LEASE)
    with pytest.raises(exceptions.LeaseLost):
        settle.settle(second, FAILURE, LEASE)
    assert work_rows.checkpoint_copy(log.id).status is _Copy.FINISHED


@engine.writer
def expire(session: orm.Session, log_id: str) -> None:
    row = session.get_one(models.OperationLog, log_id)
    row.lease_until = 1


def test_what_earlier_attempts_left_is_swept_after_a_success():
    copied()
    log = claim()
    expire(log.id)
    log = claim()
    begin.begin(log)
    settle.settle(log, SUCCESS, LEASE)
    assert log.checkpoint_id is not None
    assert clean_ups(log.checkpoint_id) == [0, 20, 3600, 86400]


def test_what_a_drained_attempt_left_is_swept_after_a_success():
    copied()
    log = claim()
    operation_logs.hand_back(log.id, log.epoch)
    log = claim()
    assert log.attempts == 1
    begin.begin(log)
    settle.settle(log, SUCCESS, LEASE)
    assert log.checkpoint_id is not None
    assert clean_ups(log.checkpoint_id) == [0, 20, 3600, 86400]


def test_a_long_error_is_cut_wherever_it_is_stored():
    copied()
    log = claim()
    begin.begin(log)
    failure = settle.Outcome(result=settle.FAILURE, error_info="x" * 5000)
    settle.settle(log, failure, LEASE)
    for model in (models.CheckpointCopy, models.OperationLog):
        assert row_of(model, log.id).error_info == "x" * 4000


def test_a_status_that_may_not_follow_is_not_given():
    plan = rows.stored_plan()
    made = checkpoints.create_protect(plan, extra_info={}, request_id="r")
    log = claim()
    begin.begin(log)
    rows.change(models.Checkpoint, made.id, status=_Checkpoint.DELETED)
    settle.settle(log, SUCCESS, LEASE)
    assert work_rows.checkpoint(made.id).status is _Checkpoint.DELETED
    assert work_rows.checkpoint(made.id).committed_at is None


def test_a_copy_that_has_ended_is_not_begun_again():
    copied()
    log = claim()
    rows.change(models.CheckpointCopy, log.id, status=_Copy.CANCELLED)
    with pytest.raises(exceptions.LeaseLost):
        begin.begin(log)
    assert work_rows.checkpoint_copy(log.id).status is _Copy.CANCELLED


def test_members_are_not_counted_while_others_are_open(statements):
    _plan, copy = copied(3)
    statements.clear()
    for _ in range(2):
        log = claim()
        begin.begin(log)
        settle.settle(log, SUCCESS, LEASE)
    assert not [each for each in statements if _COUNTS in each]
    log = claim()
    begin.begin(log)
    settle.settle(log, SUCCESS, LEASE)
    assert len([each for each in statements if _COUNTS in each]) == 1
    assert copies.get(rows.PROJECT, copy.id).status is _Copy.FINISHED


def test_who_else_waits_costs_no_statement(statements):
    """Each request that had adopted a copy cost one at each end."""
    plan, _copy = copied(4)
    told = []
    for others in (0, 20):
        for _ in range(others):
            copies.create(rows.request(plan), lambda _types: None)
        log = claim()
        begin.begin(log)
        statements.clear()
        settle.settle(log, SUCCESS, LEASE)
        told.append(len(statements))
    # One shows on all that they have begun.
    assert told[1] <= told[0] + 1


def test_the_request_is_locked_before_the_copy_and_that_before_its_log(
    statements,
):
    copied()
    log = claim()
    for call in (
        lambda: begin.begin(log),
        lambda: operation_logs.heartbeat(
            log.id, log.epoch, LEASE, {"bytes_total": 1}
        ),
        lambda: operation_logs.mark_committing(log, "a" * 64, {}),
        lambda: settle.settle(log, SUCCESS, LEASE),
    ):
        statements.clear()
        call()
        locked = [_locked(each) for each in statements]
        order = ["copies", "checkpoint_copies", "operation_logs"]
        found = sorted(set(locked) & set(order), key=locked.index)
        assert found in (order, order[1:])


def test_protect():
    plan = rows.stored_plan()
    made = checkpoints.create_protect(plan, extra_info={}, request_id="r")
    log = claim()
    begin.begin(log)
    graph = resource.ResourceGraph((resource.Resource("T", "1", "one"),))
    begin.set_graph(log, graph)
    settle.settle(log, SUCCESS, LEASE)
    row = work_rows.checkpoint(made.id)
    assert row.status is _Checkpoint.AVAILABLE
    assert row.resource_graph == graph.serialize()
    assert row.resource_types == ("T",)
    assert row.size == 42
    assert row_of(models.OperationLog, log.id).status == _Log.AVAILABLE


def test_a_graph_is_not_stored_by_who_lost_the_lease():
    plan = rows.stored_plan()
    made = checkpoints.create_protect(plan, extra_info={}, request_id="r")
    log = claim()
    expire(log.id)
    claim()
    graph = resource.ResourceGraph((resource.Resource("T", "1", "one"),))
    with pytest.raises(exceptions.LeaseLost):
        begin.set_graph(log, graph)
    assert work_rows.checkpoint(made.id).resource_graph != graph.serialize()


def test_a_protect_that_fails():
    plan = rows.stored_plan()
    made = checkpoints.create_protect(plan, extra_info={}, request_id="r")
    log = claim()
    begin.begin(log)
    settle.settle(log, FAILURE, LEASE)
    assert work_rows.checkpoint(made.id).status is _Checkpoint.ERROR
    assert clean_ups(made.id) == [0, 20, 3600, 86400]


@pytest.mark.parametrize(
    ("outcome", "checkpoint_status", "log_status", "sweeps"),
    [
        (SUCCESS, _Checkpoint.DELETED, _Log.DELETED, 3),
        (FAILURE, _Checkpoint.ERROR_DELETING, _Log.ERROR_DELETING, 0),
    ],
)
def test_delete(outcome, checkpoint_status, log_status, sweeps):
    checkpoint_id = rows.checkpoint(rows.stored_plan())
    checkpoints.request_delete(rows.PROJECT, rows.SOURCE, checkpoint_id, "r")
    log = claim()
    begin.begin(log)
    settle.settle(log, outcome, LEASE)
    assert work_rows.checkpoint(checkpoint_id).status is checkpoint_status
    assert row_of(models.OperationLog, log.id).status == log_status
    assert len(clean_ups(checkpoint_id)) == sweeps


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (SUCCESS, status.RestoreStatus.SUCCESS),
        (FAILURE, status.RestoreStatus.FAIL),
    ],
)
def test_restore_and_verification(outcome, wanted):
    checkpoint_id = rows.checkpoint(rows.stored_plan())
    restore = restores.create(rows.restore(checkpoint_id), "r")
    verification = verifications.create(rows.verification(checkpoint_id), "r")
    for _ in range(2):
        log = claim()
        begin.begin(log)
        settle.settle(log, outcome, LEASE)
    assert work_rows.restore(restore.id).status is wanted
    assert work_rows.verification(verification.id).status is wanted


def test_the_sweep_settles_requests_that_nobody_settled():
    _plan, copy = copied()
    orphan(copy.id)
    assert parents.find_unsettled() == [copy.id]
    parents.settle_now([copy.id])
    assert copies.get(rows.PROJECT, copy.id).status is _Copy.ERROR
    assert parents.find_unsettled() == []


@engine.writer
def orphan(session: orm.Session, copy_id: str) -> None:
    """End the members without telling the request."""
    session.execute(
        sa.update(models.CheckpointCopy)
        .where(models.CheckpointCopy.copy_id == copy_id)
        .values(status=_Copy.ERROR)
    )


def test_the_sweep_leaves_open_requests_alone():
    copied()
    assert parents.find_unsettled() == []


def test_a_cancel_that_came_first_is_met_at_the_beginning() -> None:
    plan, made = copied()
    log = claim()
    copies.cancel(plan.project_id, made.id)
    with pytest.raises(exceptions.OperationCancelled):
        begin.begin(log)
    settle.settle(log, CANCELLED, LEASE)
    child = row_of(models.CheckpointCopy, log.id)
    assert child.status == _Copy.CANCELLED
    assert child.started_at is None


def test_no_failure_ends_what_was_to_be_cancelled() -> None:
    plan, made = copied()
    log = claim()
    begin.begin(log)
    copies.cancel(plan.project_id, made.id)
    with pytest.raises(exceptions.OperationCancelled):
        settle.settle(log, FAILURE, LEASE)
    assert row_of(models.CheckpointCopy, log.id).status == _Copy.COPYING
    settle.settle(log, CANCELLED, LEASE)
    assert row_of(models.CheckpointCopy, log.id).status == _Copy.CANCELLED
    assert row_of(models.OperationLog, log.id).status == _Log.CANCELLED
