# SPDX-License-Identifier: Apache-2.0
"""A project can't have more of anything than it may."""

import concurrent.futures
import dataclasses
import functools
import threading
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import copy_request
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import quota
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import models
from karbor_copy.db import plans
from karbor_copy.db import quotas
from karbor_copy.db import settle
from tests.fixtures import deployment
from tests.fixtures import rows
from tests.fixtures import together

NONE = quota.UNLIMITED
R = quota.Resource
S = status.CopyStatus
RACERS = 8
GIB = 1 << 30


def any_types(_types: Any) -> None:
    """Let every plugin copy."""


def create(
    plan: plan_model.Plan, most: int, **fields: Any
) -> copy_request.Copy:
    request = rows.request(plan, **fields)
    return copies.create(request, any_types, {R.COPIES: most})


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
    with pytest.raises(exceptions.QuotaExceeded, match="copies: at most 1"):
        create(plan, 1)
    assert deployment.counted() == before
    assert create(plan, 2).counts == {S.WAIT_COPYING: 2}


def test_other_plans_count_and_other_projects_do_not() -> None:
    create(protected(2), NONE)
    create(protected(9, project_id="other"), NONE)
    plan = protected(2)
    with pytest.raises(exceptions.QuotaExceeded):
        create(plan, 3)
    create(plan, 4)


def test_what_has_ended_makes_room() -> None:
    create(protected(2), 2)
    plan = protected(1)
    for result in (S.FINISHED, S.ERROR):
        with pytest.raises(exceptions.QuotaExceeded):
            create(plan, 1)
        end_one(result)
    create(plan, 1)


def test_who_adds_nothing_needs_no_room() -> None:
    plan = protected(3)
    first = create(plan, NONE)
    second = create(plan, 1)
    assert second.counts == first.counts


def test_a_retry_needs_room_too() -> None:
    plan = protected(2)
    failed = create(plan, NONE)
    end_one(S.ERROR)
    end_one(S.ERROR)

    def retry(most: int) -> copy_request.Copy:
        limits = {R.COPIES: most}
        return copies.retry(
            plan.project_id, failed.id, any_types, "req-2", limits
        )

    before = rows.all_of(models.Copy)[0].status, deployment.counted()
    with pytest.raises(exceptions.QuotaExceeded):
        retry(1)
    assert (rows.all_of(models.Copy)[0].status, deployment.counted()) == before
    assert retry(2).counts == {S.WAIT_COPYING: 2}


def test_plans_that_race_do_not_go_beyond() -> None:
    made = [protected(2) for _ in range(RACERS)]
    start = threading.Barrier(RACERS)

    def ask(plan: plan_model.Plan) -> bool:
        start.wait()
        try:
            create(plan, 7)
        except exceptions.QuotaExceeded:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(RACERS) as pool:
        accepted = list(pool.map(ask, made))
    assert accepted.count(True) == 3
    assert len(rows.all_of(models.CheckpointCopy)) == 6


def new_plan(project_id: str = rows.PROJECT) -> plan_model.Plan:
    return dataclasses.replace(
        rows.plan(), id=rows.new_id(), project_id=project_id
    )


def protect(plan: plan_model.Plan, limits: quota.Limits) -> Any:
    return checkpoints.create_protect(
        plan, extra_info={}, request_id=None, defaults=limits
    )


def in_use(project_id: str = rows.PROJECT) -> dict[str, int]:
    found = quotas.usage(project_id, quota.NO_LIMITS)
    return {str(name): item.in_use for name, item in found.items()}


def test_plans_are_counted_until_they_are_deleted() -> None:
    limits = {R.PLANS: 1}
    plan = plans.create(new_plan(), limits)
    with pytest.raises(exceptions.QuotaExceeded, match="plans: at most 1"):
        plans.create(new_plan(), limits)
    assert in_use()["plans"] == 1
    plans.create(new_plan("other"), limits)
    plans.delete(plan.project_id, plan.id)
    plans.create(new_plan(), limits)


def test_the_first_plans_that_race_do_not_go_beyond() -> None:
    start = threading.Barrier(RACERS)

    def ask(_number: int) -> bool:
        start.wait()
        try:
            plans.create(new_plan(), {R.PLANS: 3})
        except exceptions.QuotaExceeded:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(RACERS) as pool:
        accepted = list(pool.map(ask, range(RACERS)))
    assert accepted.count(True) == 3
    assert in_use()["plans"] == 3


def test_checkpoints_are_counted_and_their_copies_are_not() -> None:
    plan = protected(2)
    rows.checkpoint(plan, copied_from=rows.new_id())
    rows.checkpoint(plan, status="deleted")
    assert in_use()["checkpoints"] == 2
    before = deployment.counted()
    with pytest.raises(exceptions.QuotaExceeded, match="checkpoints"):
        protect(plan, {R.CHECKPOINTS: 2})
    assert deployment.counted() == before
    protect(plan, {R.CHECKPOINTS: 3})


def test_gigabytes_of_copies_are_counted_before_they_are_made() -> None:
    plan = protected(2)
    for row in rows.all_of(models.Checkpoint):
        rows.change(models.Checkpoint, row.id, size=GIB)
    limits = {R.COPY_GIGABYTES: 1}
    with pytest.raises(exceptions.QuotaExceeded, match="copy_gigabytes"):
        copies.create(rows.request(plan), any_types, limits)
    copies.create(rows.request(plan), any_types, {R.COPY_GIGABYTES: 2})
    assert in_use()["copy_gigabytes"] == 2
    assert in_use()["copies"] == 2
    end_one(S.ERROR)
    assert in_use()["copy_gigabytes"] == 1


def test_a_projects_own_limit_goes_before_the_class_and_the_default() -> None:
    defaults = dict.fromkeys(R, 5)
    assert quotas.get("p", defaults) == defaults
    quotas.set_class(quota.DEFAULT_CLASS, {R.PLANS: 6, R.COPIES: 7})
    quotas.set_project("p", {R.PLANS: 8})
    quotas.set_project("p", {R.PLANS: 9})
    assert quotas.get("p", defaults) == {
        **defaults,
        R.PLANS: 9,
        R.COPIES: 7,
    }
    assert quotas.get("P", defaults)[R.PLANS] == 6
    quotas.delete_project("p")
    assert quotas.get("p", defaults)[R.PLANS] == 6


def test_limits_that_are_set_at_once_are_those_of_one_of_them() -> None:
    wanted = [dict.fromkeys(R, limit) for limit in range(4)]
    for number in range(5):
        project_id = f"p{number}"
        set_project = functools.partial(quotas.set_project, project_id)
        together.race([functools.partial(set_project, w) for w in wanted])
        assert quotas.get(project_id, quota.NO_LIMITS) in wanted


def test_limits_that_are_set_and_deleted_at_once_are_there_or_not() -> None:
    defaults, wanted = dict.fromkeys(R, 5), dict.fromkeys(R, 7)
    delete = functools.partial(quotas.delete_project, "p")
    set_ = functools.partial(quotas.set_project, "p", wanted)
    for _ in range(5):
        quotas.set_project("p", dict.fromkeys(R, 6))
        together.race([delete, set_] * 2)
        assert quotas.get("p", defaults) in (defaults, wanted)


def test_a_class_that_is_set_at_once_is_as_one_of_them_says() -> None:
    wanted = [dict.fromkeys(R, limit) for limit in range(4)]
    set_class = functools.partial(quotas.set_class, quota.DEFAULT_CLASS)
    together.race([functools.partial(set_class, w) for w in wanted])
    assert quotas.get_defaults(quota.NO_LIMITS) in wanted
