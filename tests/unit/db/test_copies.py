# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
import sqlalchemy as sa

from karbor_copy import exceptions
from karbor_copy.data_models import page
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import checkpoints
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents
from karbor_copy.db import plans
from karbor_copy.db import settle
from tests.fixtures import rows

S = status.CopyStatus
LEASE = 20.0


def any_types(_types: Any) -> None:
    """Let every plugin copy."""


def create(plan: Any, **fields: Any) -> Any:
    return copies.create(rows.request(plan, **fields), any_types)


def members(copy: Any, **fields: Any) -> Any:
    return copies.list_members(copy.project_id, copy.id, page.Page(**fields))


def claim() -> Any:
    log = rows.claim("worker", LEASE)
    assert log is not None
    begin.begin(log)
    return log


def end(log: Any, result: Any, **fields: Any) -> None:
    outcome = settle.Outcome(result=result, **fields)
    settle.settle(log, outcome, LEASE)


def run_all(result: Any = S.FINISHED) -> None:
    """Work until nothing is queued; clean-up included."""
    while (log := rows.claim("worker", LEASE)) is not None:
        begin.begin(log)
        end(log, result if log.operation_type == "copy" else S.FINISHED)


def test_copies_what_is_available_and_no_copy_itself() -> None:
    plan = rows.stored_plan()
    wanted = rows.checkpoint(plan)
    rows.checkpoint(plan, status=status.CheckpointStatus.ERROR)
    rows.checkpoint(plan, copied_from=rows.new_id())
    rows.checkpoint(plan, provider_id=rows.TARGET)
    rows.checkpoint(plan, project_id="other")
    rows.checkpoint(rows.stored_plan())

    made = create(plan, parameters={rows.VOLUME: {"a": 1}})

    assert made.status is S.WAIT_COPYING
    assert made.counts == {S.WAIT_COPYING: 1}
    assert copies.get(plan.project_id, made.id) == made
    (member,) = members(made)
    assert member.checkpoint_id == wanted
    assert member.copy_id == made.id
    assert member.status is S.WAIT_COPYING
    assert member.resources == {}
    (row,) = rows.all_of(models.CheckpointCopy)
    assert row.copy_slot == checkpoint_copies.slot(wanted, rows.TARGET)
    (log,) = rows.all_of(models.OperationLog)
    assert log.id == member.id
    assert log.checkpoint_id == member.checkpoint_copy_id
    assert log.parameters == {rows.VOLUME: {"a": 1}}
    assert (log.state, log.status) == ("queued", "wait_copying")
    assert (log.provider_id, log.plan_id) == (rows.SOURCE, plan.id)
    assert (log.request_id, log.epoch, log.progress) == ("req-1", 0, {})


def test_new_ids_are_all_different() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 200)

    create(plan)

    found = rows.all_of(models.CheckpointCopy)
    ids = {row.id for row in found} | {row.checkpoint_copy_id for row in found}
    assert len(ids) == 400
    assert all(len(id_) == 36 and id_ == id_.lower() for id_ in ids)


def test_a_plan_that_was_never_protected_is_refused() -> None:
    plan = rows.stored_plan()
    with pytest.raises(
        exceptions.InvalidPlan, match="^The plan has not been protected.$"
    ):
        create(plan)
    assert rows.all_of(models.Copy) == []


@pytest.mark.parametrize("change", ["foreign", "deleted", "unknown"])
def test_a_plan_that_is_not_ours_is_not_found(change: Any) -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    request = rows.request(plan)
    if change == "foreign":
        request = rows.request(plan, project_id="other")
    elif change == "deleted":
        plans.delete(plan.project_id, plan.id)
    else:
        request = rows.request(plan, plan_id=rows.new_id())
    with pytest.raises(exceptions.PlanNotFound):
        copies.create(request, any_types)
    assert rows.all_of(models.Copy) == []


def test_a_plan_of_another_provider_is_refused() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    with pytest.raises(exceptions.ProviderMismatch, match="in the plan.$"):
        create(plan, provider_id=rows.TARGET)
    assert rows.all_of(models.Copy) == []


def test_a_request_takes_the_same_few_statements_for_any_plan(
    dialect: str,
) -> None:
    def count(checkpoints: int) -> int:
        plan = rows.stored_plan()
        rows.checkpoints(plan, checkpoints)
        seen = []

        def remember(*values: Any) -> None:
            seen.append(values[2])

        used = engine.get_engine()
        sa.event.listen(used, "before_cursor_execute", remember)
        create(plan)
        sa.event.remove(used, "before_cursor_execute", remember)
        return len([text for text in seen if not text.startswith("BEGIN")])

    few = 4 if dialect == "postgresql" else 6
    assert count(1) == count(50) == few


def test_the_types_of_what_is_uncopied_are_checked_before_a_write() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan, resource_types="A,B")
    rows.checkpoint(plan, resource_types="B,C")
    rows.checkpoint(plan, resource_types="")
    seen = []

    def refuse(types: Any) -> None:
        seen.append(set(types))
        raise exceptions.Invalid(reason="no copy operation")

    with pytest.raises(exceptions.Invalid, match="no copy operation"):
        copies.create(rows.request(plan), refuse)
    assert seen == [{"A", "B", "C"}]
    assert rows.all_of(models.Copy) == []
    assert rows.all_of(models.CheckpointCopy) == []
    assert rows.all_of(models.OperationLog) == []


def test_a_second_request_adopts_what_is_under_way_and_adds_the_rest() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    first = create(plan)
    log = claim()
    new = rows.checkpoint(plan)

    second = create(plan)

    assert second.status is S.COPYING
    assert second.counts == {S.WAIT_COPYING: 2, S.COPYING: 1}
    own = [m for m in members(second) if m.copy_id == second.id]
    assert [m.checkpoint_id for m in own] == [new]
    assert {m.id for m in members(first)} < {m.id for m in members(second)}
    end(log, S.FINISHED)
    run_all()
    assert copies.get(plan.project_id, first.id).status is S.FINISHED
    assert copies.get(plan.project_id, second.id).status is S.FINISHED


def test_all_copied_is_finished_and_empty_and_another_target_is_not() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    create(plan)
    run_all()

    again = create(plan)
    assert again.status is S.FINISHED
    assert again.counts == {}
    assert members(again) == []
    other = create(plan, target_provider_id=rows.new_id())
    assert other.counts == {S.WAIT_COPYING: 2}


def test_what_failed_is_tried_again_under_a_new_id() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    first = create(plan)
    end(claim(), S.ERROR, error_info="bad disk")
    assert copies.get(plan.project_id, first.id).status is S.ERROR

    second = create(plan)

    (old,), (new,) = members(first), members(second)
    assert old.error_info == "bad disk"
    assert new.checkpoint_id == old.checkpoint_id
    assert new.checkpoint_copy_id != old.checkpoint_copy_id


def test_lists_are_scoped_filtered_and_counted() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 3)
    made = create(plan)
    other_plan = rows.stored_plan(project_id="other")
    rows.checkpoint(other_plan)
    other = create(other_plan)

    assert copies.list_page(page.Page(), plan.project_id) == [made]
    assert copies.list_page(page.Page(), None) == [other, made]
    for name, value in (
        ("plan_id", plan.id),
        ("provider_id", rows.SOURCE),
        ("target_provider_id", rows.TARGET),
        ("status", "wait_copying"),
    ):
        found = copies.list_page(
            page.Page(filters={name: value}), plan.project_id
        )
        assert found == [made]
    assert (
        copies.list_page(
            page.Page(filters={"status": "error"}), plan.project_id
        )
        == []
    )
    for project_id in ("other", plan.project_id.upper()):
        with pytest.raises(exceptions.CopyNotFound):
            copies.get(project_id, made.id)
        with pytest.raises(exceptions.CopyNotFound):
            copies.list_members(project_id, made.id, page.Page())
        with pytest.raises(exceptions.CopyNotFound):
            copies.cancel(project_id, made.id)
        with pytest.raises(exceptions.CopyNotFound):
            copies.retry(project_id, made.id, any_types, None)


def test_members_are_paged_without_repeating_or_missing_any() -> None:
    plan = rows.stored_plan()
    sources = rows.checkpoints(plan, 10)
    made = create(plan)
    seen, marker = [], None
    while found := members(made, limit=3, marker=marker):
        seen += found
        marker = found[-1].id
    assert sorted(m.checkpoint_id for m in seen) == sorted(sources)
    (one,) = members(made, filters={"checkpoint_id": sources[4]})
    assert one.checkpoint_id == sources[4]


def test_cancel_ends_what_is_queued_at_once_and_tells_what_runs() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 3)
    made = create(plan)
    log = claim()

    cancelled = copies.cancel(plan.project_id, made.id)

    assert cancelled.status is S.COPYING
    assert cancelled.counts == {S.COPYING: 1, S.CANCELLED: 2}
    assert rows.all_of(models.CheckpointCopy, copy_slot=None) != []
    assert {row.copy_slot for row in rows.all_of(models.CheckpointCopy)} == {
        None
    }
    assert {
        (row.status, row.state)
        for row in rows.all_of(models.OperationLog)
        if row.id != log.id
    } == {("cancelled", "settled")}
    with pytest.raises(exceptions.OperationCancelled):
        operation_logs.heartbeat(log.id, log.epoch, LEASE, {})
    with pytest.raises(exceptions.OperationCancelled):
        operation_logs.mark_committing(log, "0" * 64, {})
    assert parents.find_unsettled() == []
    end(log, S.CANCELLED)
    ended = copies.get(plan.project_id, made.id)
    assert ended.status is S.CANCELLED
    with pytest.raises(exceptions.InvalidTransition):
        copies.cancel(plan.project_id, made.id)


def test_a_request_after_a_cancel_does_not_adopt_what_is_dying() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    first = create(plan)
    log = claim()
    copies.cancel(plan.project_id, first.id)

    second = create(plan)

    (member,) = members(second)
    assert member.id != log.id
    end(log, S.CANCELLED)
    run_all()
    assert copies.get(plan.project_id, first.id).status is S.CANCELLED
    assert copies.get(plan.project_id, second.id).status is S.FINISHED


def test_cancel_leaves_alone_what_others_wait_for() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    first = create(plan)
    second = create(plan)

    cancelled = copies.cancel(plan.project_id, first.id)

    assert cancelled.status is S.CANCELLED
    assert cancelled.counts == {S.WAIT_COPYING: 2}
    # Nobody but the second waits for them now.
    both = copies.cancel(plan.project_id, second.id)
    assert both.status is S.CANCELLED
    assert both.counts == {S.CANCELLED: 2}


def test_a_cancelled_request_stays_so_when_what_it_shared_finishes() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    first = create(plan)
    second = create(plan)
    copies.cancel(plan.project_id, first.id)
    run_all()
    assert copies.get(plan.project_id, first.id).status is S.CANCELLED
    assert copies.get(plan.project_id, second.id).status is S.FINISHED
    again = copies.retry(plan.project_id, first.id, any_types, None)
    assert again.status is S.FINISHED
    assert again.counts == {S.FINISHED: 2}


def test_cancel_is_refused_while_all_is_being_committed() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    made = create(plan)
    log = claim()
    operation_logs.mark_committing(log, "0" * 64, {})

    with pytest.raises(exceptions.Conflict, match="being committed"):
        copies.cancel(plan.project_id, made.id)

    end(log, S.FINISHED)
    assert copies.get(plan.project_id, made.id).status is S.FINISHED


def test_cancel_lets_a_committing_one_finish_and_stops_the_others() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    made = create(plan)
    log = claim()
    operation_logs.mark_committing(log, "0" * 64, {})

    cancelled = copies.cancel(plan.project_id, made.id)

    assert cancelled.status is S.CANCELLED
    end(log, S.FINISHED)
    assert copies.get(plan.project_id, made.id).counts == {
        S.FINISHED: 1,
        S.CANCELLED: 1,
    }


def test_a_drained_one_is_left_to_a_worker_to_cancel() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    made = create(plan)
    log = claim()
    operation_logs.hand_back(log.id, log.epoch)

    cancelled = copies.cancel(plan.project_id, made.id)

    assert cancelled.status is S.COPYING
    again = rows.claim("worker", LEASE)
    assert again is not None
    with pytest.raises(exceptions.OperationCancelled):
        begin.begin(again)
    with pytest.raises(exceptions.OperationCancelled):
        operation_logs.heartbeat(again.id, again.epoch, LEASE, {})
    end(again, S.CANCELLED)
    assert copies.get(plan.project_id, made.id).status is S.CANCELLED


def test_retry_copies_just_what_is_missing_under_new_ids() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 3)
    made = create(plan)
    end(claim(), S.FINISHED)
    failed = claim()
    end(failed, S.ERROR)
    run_all()
    assert copies.get(plan.project_id, made.id).status is S.ERROR
    before = {m.id for m in members(made)}

    again = copies.retry(plan.project_id, made.id, any_types, "req-2")

    assert again.status is S.COPYING
    assert again.counts == {S.FINISHED: 2, S.WAIT_COPYING: 1}
    (new,) = {m.id for m in members(made)} - before
    (log,) = rows.all_of(models.OperationLog, id=new)
    assert log.request_id == "req-2"
    # The old row is history, no member.
    assert len(rows.all_of(models.CheckpointCopy, copy_id=made.id)) == 4
    run_all()
    assert copies.get(plan.project_id, made.id).status is S.FINISHED
    with pytest.raises(exceptions.InvalidTransition):
        copies.retry(plan.project_id, made.id, any_types, None)


def test_retry_takes_what_another_request_has_made_meanwhile() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    first = create(plan)
    run_all(S.ERROR)
    second = create(plan)

    again = copies.retry(plan.project_id, first.id, any_types, None)

    assert {m.id for m in members(first)} == {m.id for m in members(second)}
    assert again.status is S.WAIT_COPYING
    assert len(rows.all_of(models.CheckpointCopy)) == 4


def test_retry_of_a_cancelled_request_can_be_cancelled_again() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    made = create(plan)
    assert copies.cancel(plan.project_id, made.id).status is S.CANCELLED
    again = copies.retry(plan.project_id, made.id, any_types, None)
    assert again.counts == {S.WAIT_COPYING: 2}
    assert copies.cancel(plan.project_id, made.id).status is S.CANCELLED


def test_retry_needs_an_available_source() -> None:
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    made = create(plan)
    run_all(S.ERROR)
    rows.change(models.Checkpoint, source, status="error")
    with pytest.raises(exceptions.Conflict, match="None of what copy"):
        copies.retry(plan.project_id, made.id, any_types, None)
    assert copies.get(plan.project_id, made.id).status is S.ERROR


def test_retry_checks_the_types_first() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    made = create(plan)
    run_all(S.ERROR)

    def refuse(types: Any) -> None:
        assert set(types) == {rows.VOLUME}
        raise exceptions.Invalid(reason="no copy operation")

    with pytest.raises(exceptions.Invalid, match="no copy operation"):
        copies.retry(plan.project_id, made.id, refuse, None)
    assert len(rows.all_of(models.CheckpointCopy)) == 1


def test_a_request_whose_members_are_all_gone_is_found_and_settled() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    made = create(plan)
    (member,) = members(made)
    assert parents.find_unsettled() == []
    rows.change(models.CheckpointCopy, member.id, status="error")
    assert parents.find_unsettled() == [made.id]
    parents.settle_now([made.id])
    assert copies.get(plan.project_id, made.id).status is S.ERROR


def test_deleting_a_copy_makes_its_source_uncopied() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    made = create(plan)
    run_all()
    (member,) = members(made)
    checkpoints.request_delete(
        plan.project_id, rows.TARGET, member.checkpoint_copy_id, None
    )
    assert create(plan).counts == {S.WAIT_COPYING: 1}
