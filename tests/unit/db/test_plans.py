# SPDX-License-Identifier: Apache-2.0
import dataclasses
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import page
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import plans
from tests.fixtures import rows


def some_resources() -> Any:
    return (
        resource.Resource("B", "2", "two", {"az": "nova"}),
        resource.Resource("A", "1", "one"),
        resource.Resource("C", "3", "three", {}),
    )


def test_a_plan_comes_back_as_it_was_stored() -> None:
    plan = rows.plan(
        description="d",
        resources=some_resources(),
        parameters={"A": {"x": "True"}, "B#1": {}},
    )
    assert plans.create(plan) == plan
    found = plans.get(plan.project_id, plan.id)
    assert found == plan
    assert [r.extra_info for r in found.resources] == [
        {"az": "nova"},
        None,
        {},
    ]


def test_an_update_changes_what_it_names_only() -> None:
    plan = rows.stored_plan(description="d")
    changed = plans.update(
        plan.project_id,
        plan.id,
        {"name": "new", "resources": some_resources()},
    )
    assert changed == dataclasses.replace(
        plan, name="new", resources=some_resources()
    )
    changed = plans.update(
        plan.project_id,
        plan.id,
        {"description": None, "status": status.PlanStatus.STARTED},
    )
    assert changed.description is None
    assert changed.status is status.PlanStatus.STARTED
    assert plans.get(plan.project_id, plan.id) == changed
    with pytest.raises(exceptions.InvalidPlan, match="started"):
        plans.update(plan.project_id, plan.id, {"name": "late"})


def test_a_deleted_plan_is_gone_and_its_row_stays() -> None:
    plan = rows.stored_plan()
    plans.delete(plan.project_id, plan.id)
    for call in (
        lambda: plans.get(plan.project_id, plan.id),
        lambda: plans.delete(plan.project_id, plan.id),
        lambda: plans.update(plan.project_id, plan.id, {"name": "x"}),
    ):
        with pytest.raises(exceptions.PlanNotFound, match=plan.id):
            call()
    assert plans.list_page(page.Page(), None) == []
    (row,) = rows.all_of(models.Plan)
    assert row.deleted
    assert row.deleted_at is not None


@pytest.mark.parametrize("stranger", ["other", rows.PROJECT.upper(), ""])
def test_a_stranger_finds_nothing(stranger: Any) -> None:
    plan = rows.stored_plan()
    for call in (
        lambda: plans.get(stranger, plan.id),
        lambda: plans.delete(stranger, plan.id),
        lambda: plans.update(stranger, plan.id, {"name": "x"}),
    ):
        with pytest.raises(exceptions.PlanNotFound):
            call()
    assert plans.list_page(page.Page(), stranger) == []
    assert plans.get(plan.project_id, plan.id) == plan


def test_lists_are_newest_first_with_filters() -> None:
    first = rows.stored_plan(name="a", resources=some_resources())
    second = rows.stored_plan(name="b", resources=())
    rows.stored_plan(project_id="other")
    assert plans.list_page(page.Page(), rows.PROJECT) == [second, first]
    assert len(plans.list_page(page.Page(), None)) == 3
    by_name = page.Page(sort=(("name", "asc"),))
    assert plans.list_page(by_name, rows.PROJECT) == [first, second]
    only = page.Page(filters={"name": "a", "status": "suspended"})
    assert plans.list_page(only, rows.PROJECT) == [first]


def test_insert_missing_leaves_what_is_there() -> None:
    @engine.writer
    def insert_missing(session: Any, plan: Any) -> None:
        plans.insert_missing(session, plan)

    kept = rows.stored_plan(name="kept")
    insert_missing(dataclasses.replace(kept, name="from a bank"))
    assert plans.get(kept.project_id, kept.id) == kept
    gone = rows.stored_plan()
    plans.delete(gone.project_id, gone.id)
    insert_missing(gone)
    with pytest.raises(exceptions.PlanNotFound):
        plans.get(gone.project_id, gone.id)
    new = rows.plan(resources=some_resources())
    insert_missing(new)
    assert plans.get(new.project_id, new.id) == new
