# SPDX-License-Identifier: Apache-2.0
"""A project can't have more checkpoint copies open than it may."""

import concurrent.futures
import threading
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import copy_request
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import status
from karbor_copy.db import admission
from karbor_copy.db import begin
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import settle
from tests.fixtures import database
from tests.fixtures import deployment
from tests.fixtures import rows

S = status.CopyStatus
RACERS = 8


def any_types(_types: Any) -> None:
    """Let every plugin copy."""


def create(
    plan: plan_model.Plan, max_open: int, **fields: Any
) -> copy_request.Copy:
    request = rows.request(plan, **fields)
    return copies.create(request, any_types, max_open)


def protected(count: int, **fields: Any) -> plan_model.Plan:
    plan = rows.stored_plan(**fields)
    rows.checkpoints(plan, count)
    return plan


def end_one(result: S) -> None:
    log = rows.claim("worker", 60.0)
    assert log is not None
    begin.begin(log)
    settle.settle(log, settle.Outcome(result=result), 60.0)


def test_so_many_are_allowed_and_no_more() -> None:
    plan = protected(2)
    before = deployment.counted()
    with pytest.raises(exceptions.TooManyCopies, match=r"allowed \(1\)"):
        create(plan, 1)
    assert deployment.counted() == before
    assert create(plan, 2).counts == {S.WAIT_COPYING: 2}


def test_other_plans_count_and_other_projects_do_not() -> None:
    create(protected(2), 0)
    create(protected(9, project_id="other"), 0)
    plan = protected(2)
    with pytest.raises(exceptions.TooManyCopies):
        create(plan, 3)
    create(plan, 4)


def test_what_has_ended_makes_room() -> None:
    create(protected(2), 2)
    plan = protected(1)
    for result in (S.FINISHED, S.ERROR):
        with pytest.raises(exceptions.TooManyCopies):
            create(plan, 1)
        end_one(result)
    create(plan, 1)


def test_who_adds_nothing_needs_no_room() -> None:
    plan = protected(3)
    first = create(plan, 0)
    second = create(plan, 1)
    assert second.counts == first.counts


def test_a_retry_needs_room_too() -> None:
    plan = protected(2)
    failed = create(plan, 0)
    end_one(S.ERROR)
    end_one(S.ERROR)

    def retry(max_open: int) -> copy_request.Copy:
        return copies.retry(
            plan.project_id, failed.id, any_types, "req-2", max_open
        )

    before = rows.all_of(models.Copy)[0].status, deployment.counted()
    with pytest.raises(exceptions.TooManyCopies):
        retry(1)
    assert (rows.all_of(models.Copy)[0].status, deployment.counted()) == before
    assert retry(2).counts == {S.WAIT_COPYING: 2}


@pytest.mark.parametrize("server", [database.SQLITE], indirect=True)
def test_what_is_open_is_counted_by_an_index() -> None:
    with engine.get_engine().connect() as connection:
        statement = admission._OPEN.params(project_id="p").compile(
            connection, compile_kwargs={"literal_binds": True}
        )
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        details = plan.scalars("detail").all()
    assert ["USING COVERING INDEX" in detail for detail in details] == [True]


def test_plans_that_race_do_not_go_beyond() -> None:
    plans = [protected(2) for _ in range(RACERS)]
    start = threading.Barrier(RACERS)

    def ask(plan: plan_model.Plan) -> bool:
        start.wait()
        try:
            create(plan, 7)
        except exceptions.TooManyCopies:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(RACERS) as pool:
        accepted = list(pool.map(ask, plans))
    assert accepted.count(True) == 3
    assert len(rows.all_of(models.CheckpointCopy)) == 6
