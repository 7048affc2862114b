# SPDX-License-Identifier: Apache-2.0
"""What a bank tells, in the catalogue, on every database."""

import datetime
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import catalog_limits
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import models
from tests.fixtures import rows
from tests.fixtures import together

S = status.CheckpointStatus


def copy_of(
    source: checkpoint.Checkpoint, plan: plan_model.Plan, **fields: Any
) -> checkpoint.Checkpoint:
    origin = checkpoint.CopiedFrom(
        provider_id=source.provider_id, checkpoint_id=source.id
    )
    return rows.found(
        plan,
        provider_id=rows.TARGET,
        extra_info={"copied_from": origin.to_dict()},
        copied_from=origin,
        **fields,
    )


def known(of: checkpoint.Checkpoint) -> catalog.Known:
    return catalog.known(of.provider_id)[of.id]


def test_several_processes_import_the_same_bank_at_once() -> None:
    for _ in range(5):
        plan = rows.plan()
        made = [rows.found(plan) for _ in range(3)]
        source = made[0]
        made += [copy_of(source, plan) for _ in range(2)]
        calls = [
            lambda item=item, plan=plan: catalog.add(item, plan)
            for item in made
            for _ in range(4)
        ]
        added = together.race(calls)
        assert sum(added) == len(made)
        relations = rows.all_of(models.CheckpointCopy, checkpoint_id=source.id)
        held = [row.copy_slot for row in relations if row.copy_slot]
        assert (len(relations), len(held)) == (2, 1)
        (row,) = rows.all_of(models.Plan, id=plan.id)
        assert len(rows.all_of(models.PlanResource, plan_id=row.id)) == 1


def test_a_copy_is_related_whatever_its_status() -> None:
    plan = rows.plan()
    source = rows.found(plan)
    copy = copy_of(source, plan, status=S.ERROR)
    for item in (source, copy):
        catalog.add(item, plan)
    (relation,) = rows.all_of(models.CheckpointCopy)
    assert relation.copy_slot is None
    before = known(copy)
    assert catalog.take_over(before, copy_of(source, plan, id=copy.id, size=7))
    (relation,) = rows.all_of(models.CheckpointCopy)
    assert relation.copy_slot is not None
    (row,) = rows.all_of(models.Checkpoint, id=copy.id)
    assert (row.status, row.size) == (S.AVAILABLE, 7)
    assert catalog.give_up(copy.id, known(copy), S.ERROR)
    (relation,) = rows.all_of(models.CheckpointCopy)
    assert relation.copy_slot is None


def uncopied(plan: plan_model.Plan) -> int:
    """Ask for a copy of a plan; return how many checkpoints it copies."""
    made = copies.create(rows.request(plan), lambda _types: None)
    return made.counts.get(status.CopyStatus.WAIT_COPYING, 0)


@pytest.mark.parametrize("first", ["source", "copy"])
def test_a_copy_that_names_it_is_a_copy_if_it_is_of_its_plan(
    first: str,
) -> None:
    plan = rows.plan()
    source = rows.found(plan)
    copy = copy_of(source, plan)
    both = [source, copy] if first == "source" else [copy, source]
    for item in both:
        assert catalog.add(item, plan)
    assert uncopied(plan) == 0


@pytest.mark.parametrize("first", ["source", "copy"])
@pytest.mark.parametrize("project_id", ["mallory", rows.PROJECT])
def test_a_copy_of_another_plan_takes_no_place(
    project_id: str, first: str
) -> None:
    plan, other = rows.plan(), rows.plan(project_id=project_id)
    source = rows.found(plan)
    copy = copy_of(source, other)
    both = [(source, plan), (copy, other)]
    for item, of in both if first == "source" else reversed(both):
        assert catalog.add(item, of)
    assert uncopied(plan) == 1
    # It is a checkpoint as any other all the same.
    assert known(copy).status is S.AVAILABLE
    assert catalog.give_up(copy.id, known(copy), S.ERROR)
    checkpoints.request_reset(
        project_id, rows.TARGET, copy.id, S.AVAILABLE, None
    )


def test_only_what_was_available_was_whole() -> None:
    plan = rows.plan()
    shell = rows.found(plan, status=S.PROTECTING, committed_at=None)
    catalog.add(shell, plan)
    assert catalog.give_up(shell.id, known(shell), S.ERROR)
    assert known(shell).committed_at is None
    assert catalog.take_over(
        known(shell), rows.found(plan, id=shell.id, committed_at=rows.DAY)
    )
    assert known(shell).committed_at == rows.DAY
    later = rows.DAY + datetime.timedelta(days=1)
    assert catalog.give_up(shell.id, known(shell), S.ERROR)
    assert catalog.take_over(
        known(shell), rows.found(plan, id=shell.id, committed_at=later)
    )
    assert known(shell).committed_at == rows.DAY


@pytest.mark.parametrize("updated_at", [None, rows.DAY])
def test_what_changed_meanwhile_stays(
    updated_at: datetime.datetime | None,
) -> None:
    plan = rows.plan()
    made = rows.found(plan)
    catalog.add(made, plan)
    rows.change(models.Checkpoint, made.id, updated_at=updated_at)
    before = known(made)
    later = rows.DAY + datetime.timedelta(microseconds=1)
    rows.change(models.Checkpoint, made.id, updated_at=later)
    assert not catalog.give_up(made.id, before, S.ERROR)
    rows.change(models.Checkpoint, made.id, updated_at=updated_at)
    assert catalog.give_up(made.id, before, S.ERROR)


def test_what_is_in_use_stays() -> None:
    plan = rows.plan()
    made = rows.found(plan)
    catalog.add(made, plan)
    checkpoints.request_reset(
        rows.PROJECT, rows.SOURCE, made.id, S.AVAILABLE, None
    )
    assert known(made).in_use
    assert not catalog.give_up(made.id, known(made), S.ERROR)
    with pytest.raises(exceptions.OperationInProgress):
        catalog.move_plan(plan.id, rows.PROJECT, "new")


def test_a_status_that_may_not_follow() -> None:
    plan = rows.plan()
    made = rows.found(plan, status=S.DELETED)
    catalog.add(made, plan)
    assert not catalog.take_over(known(made), rows.found(plan, id=made.id))
    assert known(made).status is S.DELETED


def test_a_plan_moves_as_a_whole_and_alone() -> None:
    plan, other = rows.plan(), rows.plan()
    source = rows.found(plan)
    for item, of in (
        (source, plan),
        (copy_of(source, plan), plan),
        (rows.found(other), other),
    ):
        catalog.add(item, of)
    rows.checkpoint(plan, project_id="third")
    assert catalog.move_plan(plan.id, rows.PROJECT, "new") == 2
    moved = rows.all_of(models.Checkpoint, project_id="new")
    assert {row.plan_id for row in moved} == {plan.id}
    (row,) = rows.all_of(models.Plan, project_id="new")
    assert row.id == plan.id
    (relation,) = rows.all_of(models.CheckpointCopy)
    assert relation.project_id == "new"
    left = rows.all_of(models.Checkpoint, project_id="third")
    assert len(left) == 1


def test_a_plan_is_of_one_project() -> None:
    plan = rows.plan()
    assert catalog.add(rows.found(plan), plan)
    foreign = rows.found(plan, project_id="third")
    with pytest.raises(exceptions.InvalidCheckpoint, match="another project"):
        catalog.add(foreign, rows.plan(id=plan.id, project_id="third"))
    assert rows.all_of(models.Checkpoint, project_id="third") == []


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_the_edges_of_what_an_index_may_say(year: int) -> None:
    edges = {"huge": 2**80, "tiny": 5e-324, "deep": [[[]]], "": "\U0010ffff"}
    plan = rows.plan(name="\U0010ffff" * 255)
    told = {**plan.protection_plan(), "x": edges}
    made = rows.found(
        plan,
        created_at=datetime.datetime(year, 12, 31),
        timestamp=checkpoint_index.MAX_TIMESTAMP,
        protection_plan=told,
        extra_info=edges,
        size=2**62,
    )
    assert catalog.add(made, plan)
    found = checkpoints.get(plan.project_id, plan.provider_id, made.id)
    assert found.created_at == made.created_at
    assert found.protection_plan == told
    assert found.extra_info == edges
    assert (found.timestamp, found.size) == (made.timestamp, made.size)


def test_what_fits_the_limits_fits_the_columns() -> None:
    plan = rows.plan(
        id="p" * 36,
        project_id="é" * 255,
        provider_id="q" * 36,
        resources=(resource.Resource("t" * 64, "i" * 255, "n" * 255, {}),),
    )
    origin = checkpoint.CopiedFrom(
        provider_id="o" * 36, checkpoint_id="c" * 36
    )
    made = rows.found(
        plan,
        copied_from=origin,
        extra_info={"copied_from": origin.to_dict()},
        resource_types=("t" * 1024,),
    )
    catalog_limits.check_plan(plan)
    catalog_limits.check_checkpoint(made)
    assert catalog.add(made, plan)
