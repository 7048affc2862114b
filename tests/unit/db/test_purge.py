# SPDX-License-Identifier: Apache-2.0
"""Only what has ended goes, and nothing that something else needs."""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from karbor_copy import exceptions
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import plans
from karbor_copy.db import purge
from karbor_copy.db import restores
from karbor_copy.db import settle
from karbor_copy.db import verifications
from tests.fixtures import rows

LEASE = 60.0
DAY = datetime.timedelta(days=1)
OLD = functions.utcnow() - datetime.timedelta(days=30)
NOTHING = {
    "operation_logs": 0,
    "restores": 0,
    "verifications": 0,
    "checkpoints": 0,
    "copy_members": 0,
    "checkpoint_copies": 0,
    "copies": 0,
    "resources": 0,
    "plans": 0,
}
_TIMES = ("created_at", "updated_at", "started_at", "ended_at", "deleted_at")


@engine.writer
def age(session: Any) -> None:
    """Let all rows be as they are since a month ago."""
    for table in models.Base.metadata.sorted_tables:
        for name in _TIMES:
            if name in table.c:
                column = table.c[name]
                session.execute(
                    table.update()
                    .where(column.is_not(None))
                    .values({name: OLD})
                )


def purged() -> dict[str, int]:
    """Purge; check that it was foretold, and is done. Return what went."""
    foretold = purge.count(DAY)
    deleted = purge.purge(DAY)
    assert deleted == foretold
    assert purge.count(DAY) == NOTHING
    assert purge.purge(DAY) == NOTHING
    return {table: count for table, count in deleted.items() if count}


def left(model: Any) -> set[str]:
    return {row.id for row in rows.all_of(model)}


def work(result: Any = settle.SUCCESS) -> None:
    """Let one worker end all that is due."""
    while log := rows.claim("worker", LEASE):
        if log.operation_type is status.OperationType.COPY:
            begin.begin(log)
        settle.settle(log, settle.Outcome(result=result), LEASE)


def copied(plan: Any, **fields: Any) -> str:
    return copies.create(rows.request(plan, **fields), lambda _types: None).id


def remove(provider_id: str, checkpoint_id: str) -> None:
    checkpoints.request_delete(rows.PROJECT, provider_id, checkpoint_id, None)
    work()


def end_clean_up() -> None:
    """Let what is due later be due now, and do it."""
    for log in rows.all_of(models.OperationLog):
        rows.change(models.OperationLog, log.id, due_at=0)
    work()


def target_of(source: str) -> str:
    (child,) = rows.all_of(models.CheckpointCopy, checkpoint_id=source)
    return str(child.checkpoint_copy_id)


def test_an_empty_database() -> None:
    assert purged() == {}


def test_what_is_young_stays() -> None:
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    copied(plan)
    work()
    remove(rows.SOURCE, source)
    end_clean_up()
    assert purged() == {}


def test_what_is_open_stays() -> None:
    plan = rows.stored_plan()
    first, second = rows.checkpoint(plan), rows.checkpoint(plan)
    restores.create(rows.restore(first), None)
    verifications.create(rows.verification(second), None)
    copied(plan)
    running = rows.claim("worker", LEASE)
    assert running is not None
    age()
    assert purged() == {}


def test_logs_and_uses_of_what_lives_go() -> None:
    plan = rows.stored_plan()
    checkpoint = rows.checkpoint(plan)
    restores.create(rows.restore(checkpoint), None)
    verifications.create(rows.verification(checkpoint), None)
    work()
    age()
    assert purged() == {
        "operation_logs": 2,
        "restores": 1,
        "verifications": 1,
    }
    assert left(models.Checkpoint) == {checkpoint}


def test_a_living_copy_keeps_all_that_tells_of_it() -> None:
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    copy_id = copied(plan)
    work()
    remove(rows.SOURCE, source)
    end_clean_up()
    plans.delete(rows.PROJECT, plan.id)
    age()
    target = target_of(source)
    logs = len(rows.all_of(models.OperationLog))
    assert purged() == {"operation_logs": logs, "checkpoints": 1}
    assert left(models.Checkpoint) == {target}
    (child,) = rows.all_of(models.CheckpointCopy)
    assert child.copy_slot is not None
    assert copies.get(rows.PROJECT, copy_id).counts == {
        status.CopyStatus.FINISHED: 1
    }
    assert left(models.Plan) == {plan.id}


def test_nothing_is_left_of_what_was_deleted_with_its_copy() -> None:
    other = rows.stored_plan()
    kept = rows.checkpoint(other)
    kept_copy = copied(other)
    work()
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    copied(plan)
    copied(plan)  # it had nothing to do, but waits for the same
    work()
    target = target_of(source)
    remove(rows.SOURCE, source)
    remove(rows.TARGET, target)
    end_clean_up()
    plans.delete(rows.PROJECT, plan.id)
    age()
    logs = len(rows.all_of(models.OperationLog))
    assert purged() == {
        "operation_logs": logs,
        "checkpoints": 2,
        "copy_members": 2,
        "checkpoint_copies": 1,
        "copies": 2,
        "resources": 1,
        "plans": 1,
    }
    assert left(models.Plan) == {other.id}
    assert left(models.Checkpoint) == {kept, target_of(kept)}
    assert left(models.Copy) == {kept_copy}
    assert len(rows.all_of(models.CopyMember)) == 1
    assert len(rows.all_of(models.CheckpointCopy)) == 1
    assert len(rows.all_of(models.PlanResource)) == 1


def test_a_clean_up_to_come_keeps_its_checkpoint() -> None:
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    remove(rows.SOURCE, source)
    age()
    assert purged() == {"operation_logs": 1}
    assert left(models.Checkpoint) == {source}
    end_clean_up()
    age()
    assert purged()["checkpoints"] == 1


def test_a_checkpoint_that_failed_is_listed_and_stays() -> None:
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    copied(plan)
    work(settle.FAILURE)
    end_clean_up()
    age()
    target = target_of(source)
    assert set(purged()) == {"operation_logs"}
    assert left(models.Checkpoint) == {source, target}
    assert len(rows.all_of(models.Copy)) == 1


def test_a_copy_that_was_cancelled_before_it_began_goes() -> None:
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    copies.cancel(rows.PROJECT, copied(plan))
    age()
    assert purged() == {
        "operation_logs": 1,
        "copy_members": 1,
        "checkpoint_copies": 1,
        "copies": 1,
    }
    assert left(models.Checkpoint) == {source}
    assert left(models.Plan) == {plan.id}


def test_an_open_request_keeps_the_members_that_have_ended() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    copy_id = copied(plan)
    first = rows.claim("worker", LEASE)
    assert first is not None
    copies.cancel(rows.PROJECT, copy_id)
    age()
    assert copies.get(rows.PROJECT, copy_id).status == "copying"
    assert purged() == {"operation_logs": 1}
    assert sum(copies.get(rows.PROJECT, copy_id).counts.values()) == 2


def test_a_request_that_had_nothing_to_do_goes() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    done = copied(plan)
    work()
    idle = copied(plan)
    age()
    assert copies.get(rows.PROJECT, idle).counts == {}
    assert purged() == {"operation_logs": 1, "copies": 1}
    assert left(models.Copy) == {done}


@pytest.mark.parametrize("deleted", [True, False])
def test_a_plan_with_nothing_left(deleted: Any) -> None:
    plan = rows.stored_plan()
    if deleted:
        plans.delete(rows.PROJECT, plan.id)
    age()
    assert purged() == ({"resources": 1, "plans": 1} if deleted else {})


def test_more_than_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "_BATCH", 3)
    plan = rows.stored_plan()
    ids = rows.checkpoints(plan, 10)
    for checkpoint_id in ids[:8]:
        rows.change(models.Checkpoint, checkpoint_id, status="deleted")
    age()
    assert purged() == {"checkpoints": 8}
    assert left(models.Checkpoint) == set(ids[8:])


@pytest.fixture
def transactions() -> Iterator[list[int]]:
    """Count the rows that each transaction deletes."""
    made = [0]

    def executed(*values: Any) -> None:
        _connection, cursor, statement, *_ = values
        if statement.startswith("DELETE"):
            made[-1] += cursor.rowcount

    def committed(_connection: sa.Connection) -> None:
        made.append(0)

    used = engine.get_engine()
    sa.event.listen(used, "after_cursor_execute", executed)
    sa.event.listen(used, "commit", committed)
    yield made
    sa.event.remove(used, "after_cursor_execute", executed)
    sa.event.remove(used, "commit", committed)


def test_the_parts_of_a_thing_count_too(
    monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    monkeypatch.setattr(purge, "_BATCH", 6)
    item = rows.plan().resources[0]
    many = [dataclasses.replace(item, id=rows.new_id()) for _ in range(9)]
    plan = rows.stored_plan(resources=tuple(many))
    rows.checkpoints(plan, 5)
    for copy_id in [copied(plan), copied(plan)]:
        copies.cancel(rows.PROJECT, copy_id)
    for row in rows.all_of(models.Checkpoint):
        rows.change(models.Checkpoint, row.id, status="deleted")
    plans.delete(rows.PROJECT, plan.id)
    age()
    transactions[:] = [0]
    assert purge.purge(DAY)["copy_members"] == 10
    # Logs and checkpoints, the copies with two members each, the requests,
    # and a plan that is more than a batch alone.
    found = [count for count in transactions if count]
    assert found == [5, 5, 6, 6, 3, 2, 10]


def test_what_was_opened_again_meanwhile_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copy_id = copied(plan)
    copies.cancel(rows.PROJECT, copy_id)
    age()
    delete = purge._delete

    def retry_first(step: Any, ids: Any) -> Any:
        if step.model is models.CheckpointCopy:
            copies.retry(rows.PROJECT, copy_id, lambda _types: None, None)
        return delete(step, ids)

    monkeypatch.setattr(purge, "_delete", retry_first)
    purge.purge(DAY)
    found = copies.get(rows.PROJECT, copy_id)
    assert found.status == "wait_copying"
    assert found.counts == {status.CopyStatus.WAIT_COPYING: 1}
    work()
    assert copies.get(rows.PROJECT, copy_id).status == "finished"


def test_a_request_that_a_purge_overtakes_is_not_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copy_id = copied(plan)
    copies.cancel(rows.PROJECT, copy_id)
    age()
    find = copies.get

    def purge_then(project_id: str, copy_id: str) -> Any:
        found = find(project_id, copy_id)
        assert "copies" in purged()
        return found

    monkeypatch.setattr(copies, "get", purge_then)
    with pytest.raises(exceptions.CopyNotFound):
        copies.retry(rows.PROJECT, copy_id, lambda _: None, None)
