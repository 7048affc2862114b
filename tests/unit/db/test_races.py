# SPDX-License-Identifier: Apache-2.0
"""Requests that cross each other, and workers, in every order."""

import collections
import concurrent.futures
import contextlib
import random
import threading
from typing import Any

import pytest
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import page
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import catalog
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents
from karbor_copy.db import resource_records
from karbor_copy.db import restores
from karbor_copy.db import scrubs
from karbor_copy.db import settle
from tests.fixtures import rows
from tests.fixtures import together

S = status.CopyStatus
OPEN = status.OPEN_COPY_STATUSES
FAILED = settle.Outcome(result=S.ERROR)


def any_types(_types: Any) -> None:
    """Let every plugin copy."""


def work(outcome: Any) -> None:
    """Run what is queued until nothing is; ``outcome`` of each copy."""
    while (log := rows.claim("worker", 60.0)) is not None:
        result = S.FINISHED
        try:
            begin.begin(log)
            if log.operation_type == status.OperationType.COPY:
                result = outcome()
                operation_logs.heartbeat(log.id, log.epoch, 60.0, {})
                if result is S.FINISHED:
                    operation_logs.mark_committing(log, "0" * 64, {})
        except exceptions.OperationCancelled:
            result = S.CANCELLED
        end(log, result)


def end(log: Any, result: S) -> None:
    """Settle as the worker does: a cancel meanwhile wins over a failure."""
    try:
        settle.settle(log, settle.Outcome(result=result), 60.0)
    except exceptions.OperationCancelled:
        settle.settle(log, settle.Outcome(result=S.CANCELLED), 60.0)


def check_slots() -> Any:
    """Each source has at most one copy at the target that counts."""
    holders = collections.Counter(
        row.checkpoint_id
        for row in rows.all_of(models.CheckpointCopy)
        if row.copy_slot is not None
    )
    assert set(holders.values()) <= {1}
    finished = collections.Counter(
        row.checkpoint_id
        for row in rows.all_of(models.CheckpointCopy, status=S.FINISHED)
    )
    assert set(finished.values()) <= {1}
    return finished


def test_64_identical_requests_copy_each_checkpoint_once() -> None:
    plan = rows.stored_plan()
    sources = rows.checkpoints(plan, 5)

    made = together.race(
        [lambda: copies.create(rows.request(plan), any_types)] * 64
    )

    assert len({copy.id for copy in made}) == 64
    children = rows.all_of(models.CheckpointCopy)
    assert sorted(row.checkpoint_id for row in children) == sorted(sources)
    assert len(rows.all_of(models.OperationLog)) == 5
    for copy in made:
        members = copies.list_members(rows.PROJECT, copy.id, page.Page())
        assert sorted(m.checkpoint_id for m in members) == sorted(sources)
    together.race([lambda: work(lambda: S.FINISHED)] * 4)
    assert {copies.get(rows.PROJECT, copy.id).status for copy in made} == {
        S.FINISHED
    }


def test_requests_that_cross_the_work_all_end() -> None:
    plan = rows.stored_plan()
    sources = rows.checkpoints(plan, 12)
    first = copies.create(rows.request(plan), any_types)

    made = together.race(
        [lambda: copies.create(rows.request(plan), any_types)] * 12
        + [lambda: work(lambda: S.FINISHED)] * 4
    )[:12]
    work(lambda: S.FINISHED)

    assert parents.find_unsettled() == []
    for copy in (first, *made):
        assert copies.get(rows.PROJECT, copy.id).status is S.FINISHED
    assert set(check_slots()) == set(sources)


def test_a_failure_that_crosses_a_request_is_tried_again() -> None:
    for _ in range(5):
        plan = rows.stored_plan()
        source = rows.checkpoint(plan)
        first = copies.create(rows.request(plan), any_types)
        log = rows.claim("worker", 60.0)
        begin.begin(log)

        _, second = together.race(
            [
                lambda log=log: settle.settle(log, FAILED, 60.0),
                lambda plan=plan: copies.create(rows.request(plan), any_types),
            ]
        )

        (member,) = copies.list_members(rows.PROJECT, second.id, page.Page())
        assert member.checkpoint_id == source
        assert copies.get(rows.PROJECT, first.id).status is S.ERROR
        # Either the failing one, still open then, or a new one.
        found = copies.get(rows.PROJECT, second.id).status
        assert found is (S.ERROR if member.id == log.id else S.WAIT_COPYING)
        work(lambda: S.FINISHED)


class Callers:
    """Ask for anything that is possible, of one plan."""

    def __init__(self) -> None:
        self.plan = rows.stored_plan()
        self.sources = rows.checkpoints(self.plan, 8)
        self.seen: list[str] = []
        self.create()

    def create(self) -> None:
        made = copies.create(rows.request(self.plan), any_types)
        self.seen.append(made.id)

    def cancel(self) -> None:
        with contextlib.suppress(exceptions.Conflict):
            copies.cancel(rows.PROJECT, random.choice(self.seen))

    def retry(self) -> None:
        with contextlib.suppress(exceptions.Conflict):
            copies.retry(
                rows.PROJECT, random.choice(self.seen), any_types, None
            )

    def delete(self) -> None:
        source = random.choice(self.sources)
        with contextlib.suppress(exceptions.Conflict):
            checkpoints.request_delete(rows.PROJECT, rows.SOURCE, source, None)

    def import_(self) -> None:
        """Find some of a bank's checkpoints lost, or back, and a new one."""
        before = list(catalog.known(rows.SOURCE).items())
        for id_, known in random.sample(before, len(before) // 2):
            told = rows.found(self.plan, id=id_)
            assert not catalog.add(told, self.plan)
            if known.status == status.CheckpointStatus.AVAILABLE:
                wanted = status.CheckpointStatus.ERROR
                catalog.give_up(id_, known, wanted)
            elif known.status == status.CheckpointStatus.ERROR:
                catalog.take_over(known, told)
        assert catalog.add(rows.found(self.plan), self.plan)

    def work(self) -> None:
        work(lambda: random.choice([S.FINISHED, S.ERROR]))


def test_create_cancel_retry_delete_import_and_work_in_any_order() -> None:
    they = Callers()
    calls = [they.create, they.cancel, they.retry]
    calls += [they.delete, they.import_, they.work]
    for _ in range(3):
        together.race(calls * 2)
        check_slots()
    # With nothing left to fail, every request ends by itself.
    work(lambda: S.FINISHED)
    assert parents.find_unsettled() == []
    for model in (models.Copy, models.CheckpointCopy):
        assert not [row for row in rows.all_of(model) if row.status in OPEN]
    final = copies.create(rows.request(they.plan), any_types)
    work(lambda: S.FINISHED)
    available = {
        row.id
        for row in rows.all_of(models.Checkpoint, provider_id=rows.SOURCE)
        if row.status == status.CheckpointStatus.AVAILABLE
    }
    assert copies.get(rows.PROJECT, final.id).status is S.FINISHED
    assert available <= set(check_slots())


def test_a_restore_and_a_delete_never_both_win() -> None:
    for _ in range(8):
        made = rows.checkpoint(rows.stored_plan())

        def restore(made: Any = made) -> Any:
            try:
                restores.create(rows.restore(made), None)
            except exceptions.InvalidCheckpoint:
                return False
            return True

        def delete(made: Any = made) -> Any:
            try:
                checkpoints.request_delete(
                    rows.PROJECT, rows.SOURCE, made, None
                )
            except exceptions.OperationInProgress:
                return False
            return True

        assert sorted(together.race([restore, delete])) == [False, True]


@engine.writer
def restore_slowly(
    session: orm.Session, made: str, stored: threading.Event, go_on: Any
) -> None:
    """Do what ``restores.create`` does, and commit when it is told to."""
    restore, restoring = rows.restore(made), status.OperationType.RESTORE
    columns = {"restore_id": restore.id, "request_id": None}
    resource_records.insert(
        session, models.Restore, restore, restoring, columns
    )
    session.flush()
    stored.set()
    assert go_on.wait(together.DEADLINE)


def scrub(made: str, before: catalog.Known) -> bool:
    found = scrubs.begin(made, before, repair=True, owner="x", lease=60.0)
    return found is not None


def lose(made: str, before: catalog.Known) -> bool:
    return catalog.give_up(made, before, status.CheckpointStatus.ERROR)


def move(_made: str, before: catalog.Known) -> bool:
    with contextlib.suppress(exceptions.OperationInProgress):
        catalog.move_plan(before.plan_id, before.project_id, "new")
        return True
    return False


@pytest.mark.parametrize("change", [scrub, lose, move])
def test_a_restore_that_is_being_stored_is_seen(change: Any) -> None:
    made = rows.checkpoint(rows.stored_plan())
    before = catalog.known_one(made)
    stored, go_on = threading.Event(), threading.Event()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        restoring = pool.submit(restore_slowly, made, stored, go_on)
        assert stored.wait(together.DEADLINE)
        changing = pool.submit(change, made, before)
        together.until_one_waits()
        go_on.set()
        restoring.result()
        assert changing.result() is False
    (log,) = rows.all_of(models.OperationLog)
    assert log.operation_type == status.OperationType.RESTORE
    (row,) = rows.all_of(models.Checkpoint)
    assert row.status == status.CheckpointStatus.AVAILABLE
    assert row.project_id == rows.PROJECT
