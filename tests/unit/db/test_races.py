# SPDX-License-Identifier: Apache-2.0
"""Requests that cross each other, and workers, in every order."""

import collections
import concurrent.futures
import random
import threading
from typing import Any

from karbor_copy import exceptions
from karbor_copy.data_models import page
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents
from karbor_copy.db import restores
from karbor_copy.db import settle
from tests.fixtures import rows

S = status.CopyStatus
OPEN = status.OPEN_COPY_STATUSES
FAILED = settle.Outcome(result=S.ERROR)


def any_types(_types: Any) -> None:
    """Let every plugin copy."""


def race(calls: Any) -> Any:
    """Begin all calls at once; return what they return."""
    start = threading.Barrier(len(calls))

    def run(call: Any) -> Any:
        start.wait()
        return call()

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
    return [future.result() for future in futures]


def work(outcome: Any) -> None:
    """Run what is queued until nothing is; ``outcome`` of each copy."""
    while (log := rows.claim("worker", 60.0)) is not None:
        begin.begin(log)
        result = S.FINISHED
        if log.operation_type == status.OperationType.COPY:
            result = outcome()
            try:
                operation_logs.heartbeat(log.id, log.epoch, 60.0, {})
                if result is S.FINISHED:
                    operation_logs.mark_committing(log, "0" * 64, {})
            except exceptions.OperationCancelled:
                result = S.CANCELLED
        settle.settle(log, settle.Outcome(result=result), 60.0)


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

    made = race([lambda: copies.create(rows.request(plan), any_types)] * 64)

    assert len({copy.id for copy in made}) == 64
    children = rows.all_of(models.CheckpointCopy)
    assert sorted(row.checkpoint_id for row in children) == sorted(sources)
    assert len(rows.all_of(models.OperationLog)) == 5
    for copy in made:
        members = copies.list_members(rows.PROJECT, copy.id, page.Page())
        assert sorted(m.checkpoint_id for m in members) == sorted(sources)
    race([lambda: work(lambda: S.FINISHED)] * 4)
    assert {copies.get(rows.PROJECT, copy.id).status for copy in made} == {
        S.FINISHED
    }


def test_requests_that_cross_the_work_all_end() -> None:
    plan = rows.stored_plan()
    sources = rows.checkpoints(plan, 12)
    first = copies.create(rows.request(plan), any_types)

    made = race(
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

        _, second = race(
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


def test_create_cancel_retry_delete_and_work_in_any_order() -> None:
    plan = rows.stored_plan()
    sources = rows.checkpoints(plan, 8)
    seen = [copies.create(rows.request(plan), any_types).id]

    def create() -> None:
        seen.append(copies.create(rows.request(plan), any_types).id)

    def allowed(call: Any) -> Any:
        try:
            call()
        except (exceptions.Conflict, exceptions.InvalidPlan):
            return False
        return True

    def cancel() -> None:
        allowed(lambda: copies.cancel(rows.PROJECT, random.choice(seen)))

    def retry() -> None:
        allowed(
            lambda: copies.retry(
                rows.PROJECT, random.choice(seen), any_types, None
            )
        )

    def delete() -> None:
        source = random.choice(sources)
        allowed(
            lambda: checkpoints.request_delete(
                rows.PROJECT, rows.SOURCE, source, None
            )
        )

    def worker() -> None:
        work(lambda: random.choice([S.FINISHED, S.ERROR]))

    for _ in range(3):
        race([create, create, cancel, cancel, retry, delete, worker, worker])
        check_slots()
    # With nothing left to fail, every request ends by itself.
    work(lambda: S.FINISHED)
    assert parents.find_unsettled() == []
    for copy in rows.all_of(models.Copy):
        assert copy.status not in OPEN
    assert not [
        row for row in rows.all_of(models.CheckpointCopy) if row.status in OPEN
    ]
    final = copies.create(rows.request(plan), any_types)
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

        assert sorted(race([restore, delete])) == [False, True]
