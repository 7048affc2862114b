# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: fairness between projects, limits, index use."""

import collections
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
from karbor_copy.data_models import service
from karbor_copy.data_models import status
from karbor_copy.db import candidates
from karbor_copy.db import claims
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import services
from karbor_copy.db import work_limits
from tests.fixtures import database
from tests.fixtures import rows
from tests.fixtures import together

LEASE = 60.0
ANY = work_limits.Limits()
SERVERS = database.servers_only()
_Log = models.OperationLog


@engine.writer
def queue(session: orm.Session, project_id: str, **columns: Any) -> str:
    """Store a queued verify; return its id."""
    values = operation_logs.new_log(
        status.OperationType.VERIFY,
        project_id=project_id,
        **{"provider_id": rows.SOURCE} | columns,
    )
    operation_logs.enqueue(session, [values])
    return str(values["id"])


@engine.writer
def settle(session: orm.Session, log: operation_log.OperationLog) -> None:
    session.execute(
        sa.update(_Log)
        .where(_Log.id == log.id)
        .values(state=status.OperationState.SETTLED)
    )


@engine.writer
def change(session: orm.Session, log_id: str, **columns: Any) -> None:
    session.execute(sa.update(_Log).where(_Log.id == log_id).values(**columns))


def worker(
    bounds: work_limits.Limits = ANY,
    host: str = "here",
    providers: tuple[str, ...] | None = None,
) -> claims.Claimer:
    asks = candidates.Worker(host=host, limits=bounds, providers=providers)
    return claims.Claimer(asks, owner="me", lease=LEASE)


def turns(claimer: claims.Claimer, count: int) -> list[str]:
    """Return whose work is done by a worker that does one at a time."""
    found = []
    for _ in range(count):
        log = claimer.claim()
        assert log is not None
        found.append(log.project_id)
        settle(log)
    return found


def let_all_see_the_same(monkeypatch: Any, count: int) -> None:
    """Let so many claims look before any of them takes anything.

    In their first round.
    """
    survey, seen = candidates.survey, threading.Barrier(count)
    by_thread = threading.local()

    def look(*args: Any) -> candidates.Survey | None:
        found = survey(*args)
        if not hasattr(by_thread, "has_looked"):
            by_thread.has_looked = True
            seen.wait(together.DEADLINE)
        return found

    monkeypatch.setattr(candidates, "survey", look)


def claim_all(claimer: claims.Claimer) -> list[operation_log.OperationLog]:
    found = []
    while (log := claimer.claim()) is not None:
        found.append(log)
    return found


def test_one_project_delays_another_by_one_operation():
    claimer = worker()
    for _ in range(20):
        queue("many")
    turns(claimer, 3)
    queue("one")
    assert turns(claimer, 1) == ["one"]


@pytest.mark.parametrize("late", ["alpha", "omega"])
def test_projects_take_turns(late):
    claimer = worker()
    for project in ("beta", "gamma", late) * 2:
        queue(project)
    found = turns(claimer, 6)
    assert set(found[:3]) == set(found[3:]) == {"beta", "gamma", late}


def test_turns_go_by_codes_whatever_the_locale():
    claimer = worker()
    for project in ("a", "B", "c", "D", "_", "Z-1", "z.2"):
        for _ in range(2):
            queue(project)
    found = turns(claimer, 14)
    assert sorted(found[:7]) == sorted(found[7:])


def test_more_projects_than_one_claim_looks_at_all_get_their_turn():
    claimer = worker()
    projects = [f"project-{number:02}" for number in range(40)]
    for project in projects * 2:
        queue(project)
    assert turns(claimer, 80) == projects * 2


def test_a_free_slot_goes_to_who_has_least_at_work():
    for _ in range(3):
        queue("busy")
    other = worker()
    first, second = other.claim(), other.claim()
    assert first is not None
    assert second is not None
    queue("idle")
    queue("zealous")
    claimer = worker()
    found = [log.project_id for log in claim_all(claimer)]
    assert found == ["idle", "zealous", "busy"]


def test_within_a_project_the_oldest_goes_first():
    made = [queue("one") for _ in range(5)]
    assert [log.id for log in claim_all(worker())] == made


def test_what_a_worker_lost_goes_first():
    lost = queue("many")
    for _ in range(3):
        queue("many")
        queue("other")
    assert worker().claim().id == lost
    change(lost, lease_until=functions.now_ms() - 1)
    assert worker().claim().id == lost


def test_what_was_delayed_starves_nothing_and_does_not_starve():
    claimer = worker()
    late = {queue("one", due_at=1 + number) for number in range(10)}
    soon = {queue("one") for _ in range(10)}
    found = []
    for _ in range(4):
        log = claimer.claim()
        found.append(log.id)
        settle(log)
    assert len(late & set(found)) == len(soon & set(found)) == 2


def test_what_has_become_due_is_claimed():
    waiting = queue("one", due_at=functions.now_ms() + 3_600_000)
    assert worker().claim() is None
    change(waiting, due_at=functions.now_ms() - 1)
    assert worker().claim().id == waiting


def test_a_commit_that_was_put_off_waits_until_it_is_due():
    log_id = queue("one")
    log = worker().claim()
    operation_logs.mark_committing(log, "a" * 64, {})
    operation_logs.put_off(log.id, log.epoch, 3600, "the bank is away")
    assert worker().claim() is None
    change(log_id, due_at=functions.now_ms() - 1)
    assert worker().claim().state is status.OperationState.COMMITTING


def test_a_project_has_no_more_at_work_than_its_limit():
    for _ in range(5):
        queue("many")
    queue("one", due_at=1)
    found = claim_all(worker(work_limits.Limits(per_project=2)))
    counts = collections.Counter(log.project_id for log in found)
    assert counts == {"many": 2, "one": 1}
    settle(found[0])
    assert len(claim_all(worker(work_limits.Limits(per_project=2)))) == 1


def test_a_target_has_no_more_at_work_than_its_limit():
    for _ in range(4):
        queue("many", target_provider_id=rows.TARGET)
    queue("many", target_provider_id=rows.TARGET, due_at=1)
    # Another target of the same project is not held up by it.
    queue("many")
    queue("many", provider_id=None)
    found = claim_all(worker(work_limits.Limits(per_target=2)))
    counts = collections.Counter(log.target_provider_id for log in found)
    assert counts == {rows.TARGET: 2, rows.SOURCE: 1, None: 1}


def test_what_was_put_off_keeps_to_the_limits():
    """Commits of a bank that was away had no limit when they came back."""
    bounds = work_limits.Limits(per_target=2)
    for _ in range(3):
        log_id = queue("one")
        change(log_id, state=status.OperationState.COMMITTING, due_at=1)
    assert len(claim_all(worker(bounds))) == 2
    assert worker().claim() is not None


@pytest.mark.parametrize(
    "bounds",
    [work_limits.Limits(per_project=2), work_limits.Limits(per_target=2)],
)
def test_workers_that_claim_at_once_keep_to_the_limits(monkeypatch, bounds):
    for _ in range(8):
        queue("one")
    let_all_see_the_same(monkeypatch, 8)
    found = together.race([worker(bounds).claim for _ in range(8)])
    assert sum(log is not None for log in found) == 2


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_room_that_others_took_meanwhile_hides_nothing(monkeypatch):
    """All of the first look was full at the second: nothing was claimed."""
    bounds = work_limits.Limits(per_target=1)
    for _ in range(20):
        queue("one", target_provider_id=rows.TARGET)
    last = queue("one")
    waiting, others = candidates._waiting, [worker(bounds)]

    def look(*args: Any) -> list[candidates.Candidate]:
        found = waiting(*args)
        if others:
            assert others.pop().claim() is not None
        return found

    monkeypatch.setattr(candidates, "_waiting", look)
    assert worker(bounds).claim().id == last


def test_what_works_in_nobodys_bank_fills_none():
    for _ in range(4):
        queue("one", provider_id=None)
    assert len(claim_all(worker(work_limits.Limits(per_target=2)))) == 4


def test_a_host_that_was_disabled_takes_nothing():
    queue("one")
    services.report("here", service.PROTECTION, "topic")
    set_disabled("here", value=True)
    assert worker().claim() is None
    assert worker(host="there").claim() is not None
    queue("two")
    set_disabled("here", value=False)
    assert worker().claim() is not None


@engine.writer
def set_disabled(session: orm.Session, host: str, *, value: bool) -> None:
    session.execute(
        sa.update(models.Service)
        .where(models.Service.host == host)
        .values(disabled=value)
    )


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_what_another_worker_has_locked_is_skipped():
    locked, free = queue("one"), queue("two")
    with orm.Session(engine.get_engine()) as session:
        session.execute(
            sa.select(_Log.id).where(_Log.id == locked).with_for_update()
        )
        found = claim_all(worker())
        assert [log.id for log in found] == [free]
    assert worker().claim().id == locked


def test_workers_that_claim_at_once_all_get_work(monkeypatch):
    # More than one of them looks at.
    oldest = [queue("one") for _ in range(20)]
    let_all_see_the_same(monkeypatch, len(oldest))
    found = together.race([worker().claim for _ in oldest])
    assert {log.id for log in found} == set(oldest)


@pytest.mark.parametrize("server", [database.SQLITE], indirect=True)
def test_a_claim_reads_by_the_index_alone():
    for _ in range(3):
        queue("one")
    claimer = worker()
    claimer.claim()
    plans = plans_of(claimer)
    assert "SEARCH services USING" in plans.pop(0)
    assert len(plans) == 6
    for plan in plans:
        assert "SCAN operation_logs" not in plan
        assert "SEARCH operation_logs USING" in plan
    # The walk from project to project does not sort what they have queued.
    assert "TEMP B-TREE" not in "".join(plans[1:])


@engine.reader
def plans_of(session: orm.Session, claimer: claims.Claimer) -> list[str]:
    """Return how sqlite runs the statements of one claim."""
    seen: list[Any] = []

    def remember(_conn, _cursor, statement, values, *_rest):
        if statement.startswith(("SELECT", "UPDATE")):
            seen.append((f"EXPLAIN QUERY PLAN {statement}", values))

    event = (engine.get_engine(), "before_cursor_execute", remember)
    sa.event.listen(*event)
    try:
        assert claimer.claim() is not None
    finally:
        sa.event.remove(*event)
    return [
        "\n".join(
            row.detail
            for row in session.connection().exec_driver_sql(*statement)
        )
        for statement in seen[:-1]
    ]


def test_projects_that_are_full_hide_no_other() -> None:
    claimer = worker(work_limits.Limits(per_project=1))
    for number in range(16):
        for due_at in (0, 0, 1000):
            queue(f"p{number:02d}", due_at=due_at)
    claim_all(claimer)
    queue("z")
    assert worker(work_limits.Limits(per_project=1)).claim().project_id == "z"
    queue("y", due_at=5000)
    assert worker(work_limits.Limits(per_project=1)).claim().project_id == "y"


def test_what_is_handed_back_takes_its_projects_turn() -> None:
    claimer = worker()
    queue("b")
    log = claimer.claim()
    operation_logs.hand_back(log.id, log.epoch)
    for number in range(60):
        queue("a", due_at=1000 + number)
    assert "b" in [claimer.claim().project_id for _ in range(3)]


def test_what_one_project_has_delayed_holds_up_no_other() -> None:
    claimer = worker()
    for number in range(40):
        queue("many", due_at=1 + number)
    for number in range(2):
        queue("few", due_at=1000 + number)
    found = []
    for _ in range(4):
        log = claimer.claim()
        found.append(log.project_id)
        settle(log)
    assert found == ["few", "many", "few", "many"]


def test_a_worker_that_lacks_providers_leaves_their_work_to_others() -> None:
    """It ended each of them as an error, and so emptied the queue."""
    one = (rows.SOURCE,)
    for due_at in (0, 1000):
        queue("a", provider_id=rows.TARGET, due_at=due_at)
        queue("b", target_provider_id=rows.TARGET, due_at=due_at)
    mine = {queue("c", due_at=due_at) for due_at in (0, 1000)}
    # A clean-up names the bank alone.
    mine.add(queue("c", provider_id=None, target_provider_id=rows.SOURCE))
    lost = queue("d", provider_id=rows.TARGET)
    change(lost, state=status.OperationState.RUNNING, lease_until=1, epoch=1)
    found = claim_all(worker(providers=one))
    assert {log.id for log in found} == mine
    assert worker(providers=()).claim() is None
    assert len(claim_all(worker())) == 5


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"due_at": 1},
        {"state": "running", "lease_until": 1},
        {"state": "committing"},
    ],
    ids=["queued", "delayed", "lost", "put off"],
)
def test_what_another_version_has_queued_holds_up_nobody(
    columns: dict[str, Any],
) -> None:
    newer, known = queue("a"), queue("a")
    change(newer, operation_type="inventory", **columns)
    assert [log.id for log in claim_all(worker())] == [known]
    (row,) = rows.all_of(_Log, id=newer)
    assert row.epoch == 0
    assert claims.take_lost(newer, 0, "me", LEASE) is None


def test_what_another_version_works_on_counts() -> None:
    newer = queue("a")
    assert claim_all(worker())
    change(newer, operation_type="inventory")
    queue("a")
    assert worker(work_limits.Limits(per_project=1)).claim() is None
