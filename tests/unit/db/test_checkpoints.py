# SPDX-License-Identifier: Apache-2.0
import datetime
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import page
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import plans
from karbor_copy.db import restores
from karbor_copy.db import settle
from tests.fixtures import rows

S = status.CheckpointStatus


def get(
    checkpoint_id: Any,
    provider_id: Any = rows.SOURCE,
    project_id: Any = rows.PROJECT,
) -> Any:
    return checkpoints.get(project_id, provider_id, checkpoint_id)


def delete(
    checkpoint_id: Any,
    provider_id: Any = rows.SOURCE,
    project_id: Any = rows.PROJECT,
) -> None:
    checkpoints.request_delete(project_id, provider_id, checkpoint_id, "req-d")


def reset(
    checkpoint_id: Any, wanted: Any, provider_id: Any = rows.SOURCE
) -> None:
    checkpoints.request_reset(
        rows.PROJECT, provider_id, checkpoint_id, wanted, "req-r"
    )


def list_page(page_: Any = None, **fields: Any) -> Any:
    values = {"provider_id": rows.SOURCE, "project_id": rows.PROJECT}
    return [
        found.id
        for found in checkpoints.list_page(
            page_ or page.Page(), **values | fields
        )
    ]


def copied(source: Any) -> Any:
    """Copy a checkpoint's plan; return the target checkpoint's id."""
    plan = plans.get(rows.PROJECT, get(source).plan_id)
    made = copies.create(rows.request(plan), lambda types: None)
    (member,) = copies.list_members(rows.PROJECT, made.id, page.Page())
    log = rows.claim("w", 20.0)
    begin.begin(log)
    settle.settle(log, settle.Outcome(result=settle.SUCCESS), 20.0)
    return member.checkpoint_copy_id


def test_a_protect_is_a_row_and_its_work() -> None:
    plan = rows.stored_plan(
        resources=(
            resource.Resource("B", "1", "b"),
            resource.Resource("A", "2", "a"),
            resource.Resource("B", "3", "b"),
        ),
        parameters={"A": {"x": "1"}},
    )
    made = checkpoints.create_protect(
        plan, extra_info={"created_by": "manual"}, request_id="req-1"
    )
    assert made.status is S.PROTECTING
    assert made.resource_types == ("A", "B")
    assert made.resource_graph is None
    assert made.copied_from is None
    assert made.committed_at is None
    assert made.protection_plan == plan.protection_plan()
    assert get(made.id) == made
    (log,) = rows.all_of(models.OperationLog)
    assert (log.operation_type, log.status) == ("protect", "protecting")
    assert (log.checkpoint_id, log.plan_id) == (made.id, plan.id)
    assert (log.state, log.request_id) == ("queued", "req-1")
    assert log.parameters == {"A": {"x": "1"}}


def test_a_plan_deleted_meanwhile_is_not_protected() -> None:
    plan = rows.stored_plan()
    plans.delete(plan.project_id, plan.id)
    with pytest.raises(exceptions.PlanNotFound):
        checkpoints.create_protect(plan, extra_info={}, request_id=None)
    assert rows.all_of(models.Checkpoint) == []


@pytest.mark.parametrize(
    ("project_id", "provider_id"),
    [
        ("other", rows.SOURCE),
        (rows.PROJECT.upper(), rows.SOURCE),
        (rows.PROJECT, rows.TARGET),
    ],
)
def test_a_stranger_finds_nothing(project_id: Any, provider_id: Any) -> None:
    made = rows.checkpoint(rows.stored_plan())
    for call in (get, delete):
        with pytest.raises(exceptions.CheckpointNotFound):
            call(made, provider_id, project_id)
    with pytest.raises(exceptions.CheckpointNotFound):
        checkpoints.request_reset(project_id, provider_id, made, S.ERROR, None)
    listed = list_page(project_id=project_id, provider_id=provider_id)
    assert listed == []
    assert get(made).status is S.AVAILABLE


def test_lists_are_newest_first_and_scoped() -> None:
    plan, other = rows.stored_plan(), rows.stored_plan()
    old = rows.checkpoint(plan, timestamp=1000)
    new = rows.checkpoint(other, timestamp=3000)
    middle = rows.checkpoint(plan, timestamp=2000)
    foreign = rows.checkpoint(plan, project_id="other", timestamp=1)
    gone = rows.checkpoint(plan, status=S.DELETED, timestamp=2500)
    assert list_page() == [new, middle, old]
    assert list_page(plan_id=plan.id) == [middle, old]
    assert list_page(project_id=None) == [new, middle, old, foreign]
    assert list_page(page.Page(limit=1, marker=new)) == [middle]
    assert list_page(page.Page(filters={"status": "deleted"})) == [gone]
    assert get(gone).status is S.DELETED


def test_days_are_whole_and_in_utc() -> None:
    plan = rows.stored_plan()
    day = datetime.date(2026, 11, 22)
    midnight = int(
        datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC).timestamp()
    )
    times = (midnight - 1, midnight, midnight + 86399, midnight + 86400)
    before, first, last, after = (
        rows.checkpoint(plan, timestamp=time) for time in times
    )
    assert list_page(start=day, end=day) == [last, first]
    assert list_page(start=day) == [after, last, first]
    assert list_page(end=day) == [last, first, before]


def test_a_copy_names_its_origin() -> None:
    source = rows.checkpoint(rows.stored_plan())
    target = copied(source)
    assert get(target, rows.TARGET).copied_from == checkpoint.CopiedFrom(
        provider_id=rows.SOURCE, checkpoint_id=source
    )
    bare = rows.checkpoint(
        rows.stored_plan(), copied_from=source, extra_info={}
    )
    assert get(bare).copied_from == checkpoint.CopiedFrom(
        provider_id="", checkpoint_id=source
    )


def test_a_delete_is_a_status_and_its_work() -> None:
    made = rows.checkpoint(rows.stored_plan())
    delete(made)
    assert get(made).status is S.DELETING
    (log,) = rows.all_of(models.OperationLog)
    assert (log.operation_type, log.status) == ("delete", "deleting")
    assert (log.checkpoint_id, log.state) == (made, "queued")
    with pytest.raises(exceptions.InvalidTransition, match="deleting"):
        delete(made)


@pytest.mark.parametrize("current", list(S))
def test_only_some_statuses_can_be_deleted(current: Any) -> None:
    made = rows.checkpoint(rows.stored_plan(), status=current)
    if current in (S.AVAILABLE, S.ERROR, S.ERROR_DELETING):
        delete(made)
    else:
        with pytest.raises(exceptions.InvalidTransition):
            delete(made)
        assert rows.all_of(models.OperationLog) == []


def test_what_is_in_use_is_neither_deleted_nor_reset() -> None:
    plan = rows.stored_plan()
    copying, restoring = rows.checkpoints(plan, 2)
    restores.create(rows.restore(restoring), None)
    rows.change(models.Checkpoint, restoring, copied_from=copying)
    copies.create(rows.request(plan), lambda types: None)
    for used in (copying, restoring):
        with pytest.raises(exceptions.OperationInProgress, match=used):
            delete(used)
        with pytest.raises(exceptions.OperationInProgress, match=used):
            reset(used, S.ERROR)
        assert get(used).status is S.AVAILABLE


def test_clean_up_does_not_count_as_use() -> None:
    made = rows.checkpoint(rows.stored_plan())

    @engine.writer
    def clean_up(session: Any) -> None:
        log = operation_logs.new_log(
            status.OperationType.CLEANUP,
            project_id=rows.PROJECT,
            checkpoint_id=made,
        )
        operation_logs.enqueue(session, [log])

    clean_up()
    delete(made)
    assert get(made).status is S.DELETING


def test_deleting_a_source_keeps_its_copy() -> None:
    source = rows.checkpoint(rows.stored_plan())
    target = copied(source)
    delete(source)
    assert get(target, rows.TARGET).status is S.AVAILABLE


def test_a_reset_is_a_status_and_its_work() -> None:
    made = rows.checkpoint(rows.stored_plan())
    reset(made, S.ERROR)
    assert get(made).status is S.ERROR
    (log,) = rows.all_of(models.OperationLog)
    assert (log.operation_type, log.status) == ("reset", "in_progress")
    with pytest.raises(exceptions.OperationInProgress):
        reset(made, S.AVAILABLE)
    rows.change(models.OperationLog, log.id, state="settled")
    reset(made, S.AVAILABLE)
    assert get(made).status is S.AVAILABLE


@pytest.mark.parametrize("current", [S.DELETING, S.DELETED, S.ERROR_DELETING])
def test_some_statuses_can_not_be_reset(current: Any) -> None:
    made = rows.checkpoint(rows.stored_plan(), status=current)
    with pytest.raises(exceptions.InvalidCheckpoint, match="not be reset"):
        reset(made, S.ERROR)


def test_what_is_being_protected_can_not_be_reset() -> None:
    plan = rows.stored_plan()
    made = checkpoints.create_protect(plan, extra_info={}, request_id=None)
    for wanted in (S.ERROR, S.AVAILABLE):
        with pytest.raises(exceptions.InvalidCheckpoint, match="not be reset"):
            reset(made.id, wanted)


def test_what_nobody_here_protects_can_be_given_up() -> None:
    made = rows.checkpoint(rows.stored_plan(), status=S.PROTECTING)
    with pytest.raises(exceptions.InvalidCheckpoint, match="not be reset"):
        reset(made, S.AVAILABLE)
    reset(made, S.ERROR)
    assert get(made).status is S.ERROR


def test_only_what_was_whole_can_be_available() -> None:
    made = rows.checkpoint(
        rows.stored_plan(), status=S.ERROR, committed_at=None
    )
    with pytest.raises(exceptions.Conflict, match="never whole"):
        reset(made, S.AVAILABLE)


def test_a_copy_gives_its_place_up_and_takes_it_back() -> None:
    plan = rows.stored_plan()
    target = copied(rows.checkpoint(plan))
    reset(target, S.ERROR, rows.TARGET)
    (row,) = rows.all_of(models.CheckpointCopy)
    assert row.copy_slot is None
    for log in rows.all_of(models.OperationLog):
        rows.change(models.OperationLog, log.id, state="settled")
    reset(target, S.AVAILABLE, rows.TARGET)
    (row,) = rows.all_of(models.CheckpointCopy)
    assert row.copy_slot is not None
    made = copies.create(rows.request(plan), lambda types: None)
    assert made.status is status.CopyStatus.FINISHED


def test_a_copy_whose_place_is_taken_stays_as_it_is() -> None:
    plan = rows.stored_plan()
    target = copied(rows.checkpoint(plan))
    reset(target, S.ERROR, rows.TARGET)
    for log in rows.all_of(models.OperationLog):
        rows.change(models.OperationLog, log.id, state="settled")
    copies.create(rows.request(plan), lambda types: None)
    with pytest.raises(exceptions.Conflict, match="another copy"):
        reset(target, S.AVAILABLE, rows.TARGET)
    orphan = rows.checkpoint(plan, copied_from=rows.new_id(), status=S.ERROR)
    with pytest.raises(exceptions.Conflict, match="another copy"):
        reset(orphan, S.AVAILABLE)
