# SPDX-License-Identifier: Apache-2.0
import datetime
from typing import Any

import pytest

from karbor_copy.data_models import status
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import figures
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from tests.fixtures import rows

ROUTE = (rows.SOURCE, rows.TARGET)
_State = status.OperationState
_Type = status.OperationType
HOUR = 3600


def log(**columns: Any) -> None:
    """Store an operation log as some worker left it."""
    made = operation_logs.new_log(_Type.COPY, project_id=rows.PROJECT)
    engine.writer(operation_logs.enqueue)([made | columns])


def ago(seconds: float) -> datetime.datetime:
    return functions.utcnow() - datetime.timedelta(seconds=seconds)


@engine.reader
def clock(session: Any) -> int:
    """Return the database's clock in milliseconds."""
    now: int = session.scalar(functions.now_ms().select())
    return now


def oldest() -> float:
    return figures.read([]).oldest_waiting


def test_the_queue_is_counted_by_state_and_type() -> None:
    log()
    log()
    log(operation_type=_Type.CLEANUP, state=_State.QUEUED)
    log(state=_State.RUNNING)
    log(state=_State.COMMITTING, operation_type=_Type.PROTECT)
    log(state=_State.SETTLED)
    assert figures.read([]).queue == {
        (_State.QUEUED, _Type.COPY): 2,
        (_State.QUEUED, _Type.CLEANUP): 1,
        (_State.RUNNING, _Type.COPY): 1,
        (_State.COMMITTING, _Type.PROTECT): 1,
    }


def test_what_another_version_has_queued_is_waited_for_not_counted() -> None:
    log(operation_type="inventory", created_at=ago(HOUR))
    log(operation_type="inventory", state=_State.RUNNING)
    assert figures.read([]).queue == {}
    assert oldest() == pytest.approx(HOUR, abs=60)


def test_nothing_waits() -> None:
    now = clock()
    log(state=_State.SETTLED, created_at=ago(HOUR))
    log(due_at=now + HOUR * 1000, created_at=ago(HOUR))
    held = {"state": _State.RUNNING, "created_at": ago(HOUR)}
    log(lease_until=now + HOUR * 1000, **held)
    log(due_at=now + HOUR * 1000, **held)
    assert oldest() == 0.0


def test_a_commit_that_was_handed_back_waits_since_then() -> None:
    """It was no time at all, and hid what others had lost."""
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copies.create(rows.request(plan), lambda types: None)
    taken = rows.claim("w", 60.0)
    assert taken is not None
    rows.change(models.OperationLog, taken.id, state=_State.COMMITTING)
    operation_logs.hand_back(taken.id, taken.epoch)
    (left,) = rows.all_of(models.OperationLog)
    assert left.state == _State.COMMITTING
    rows.change(models.OperationLog, left.id, due_at=left.due_at - 60_000)
    assert oldest() == pytest.approx(60, abs=30)
    # As one without this moment was left.
    log(state=_State.COMMITTING, created_at=ago(HOUR))
    assert oldest() == pytest.approx(60, abs=30)


@pytest.mark.parametrize("state", [_State.RUNNING, _State.COMMITTING])
def test_what_its_worker_lost_waits_since_then(state: Any) -> None:
    log(state=state, lease_until=clock() - 60_000, created_at=ago(HOUR))
    assert oldest() == pytest.approx(60, abs=30)


def test_what_was_put_off_waits_since_it_is_due() -> None:
    now = clock()
    log(due_at=now - 60_000, created_at=ago(HOUR))
    assert oldest() == pytest.approx(60, abs=30)
    log(state=_State.COMMITTING, due_at=now - 180_000, created_at=ago(HOUR))
    assert oldest() == pytest.approx(180, abs=30)


def test_the_oldest_of_all_counts() -> None:
    log()
    assert 0 <= oldest() < 30
    log(created_at=ago(HOUR))
    log(due_at=clock() - 60_000)
    assert oldest() == pytest.approx(HOUR, abs=30)


def test_the_clock_of_another_host_is_ahead() -> None:
    log(created_at=ago(-HOUR))
    assert oldest() == 0.0


def finish(created_at: Any, updated_at: Any, **fields: Any) -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copy = copies.create(rows.request(plan, **fields), lambda _types: None)
    rows.change(
        models.Copy,
        copy.id,
        status=status.CopyStatus.FINISHED,
        created_at=created_at,
        updated_at=updated_at,
    )


def test_the_last_finished_copy_by_route() -> None:
    other = (rows.TARGET, rows.SOURCE)

    def last() -> tuple[float, float]:
        found = figures.read([ROUTE, other]).last_finished
        return found[ROUTE], found[other]

    begin = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)
    moments = [
        begin.replace(tzinfo=None) + datetime.timedelta(hours=hour)
        for hour in range(4)
    ]
    assert last() == (0.0, 0.0)
    finish(moments[0], moments[2])
    assert last() == (begin.timestamp() + 2 * HOUR, 0.0)
    # It had nothing to copy, so that it was finished at once.
    finish(moments[1], None)
    assert last() == (begin.timestamp() + 2 * HOUR, 0.0)
    finish(moments[3], None)
    assert last() == (begin.timestamp() + 3 * HOUR, 0.0)


def test_what_has_not_finished_is_no_finished_copy() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copies.create(rows.request(plan), lambda _types: None)
    assert figures.read([ROUTE]).last_finished == {ROUTE: 0.0}


def test_the_providers_of_open_operations() -> None:
    log(provider_id="a", target_provider_id="b")
    log(provider_id=None, target_provider_id="b", state=_State.COMMITTING)
    log(provider_id="c", target_provider_id="d", state=_State.SETTLED)
    assert figures.providers_at_work() == {"a", "b"}
