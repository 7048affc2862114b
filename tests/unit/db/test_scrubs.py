# SPDX-License-Identifier: Apache-2.0
import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import checkpoints
from karbor_copy.db import claims
from karbor_copy.db import models
from karbor_copy.db import scrubs
from karbor_copy.db import settle
from tests.fixtures import rows

S = status.CheckpointStatus


def copied() -> tuple[str, str]:
    """Store a source and its copy; return their ids."""
    plan = rows.stored_plan()
    source = rows.checkpoint(plan)
    origin = checkpoint.CopiedFrom(
        provider_id=rows.SOURCE, checkpoint_id=source
    )
    copy = rows.found(
        plan,
        provider_id=rows.TARGET,
        copied_from=origin,
        extra_info={"copied_from": origin.to_dict()},
    )
    assert catalog.add(copy, plan)
    return source, copy.id


def known(checkpoint_id: str) -> catalog.Known:
    found = catalog.known_one(checkpoint_id)
    assert found is not None
    return found


def begin(checkpoint_id: str) -> operation_log.OperationLog:
    log = scrubs.begin(
        checkpoint_id,
        known(checkpoint_id),
        repair=True,
        owner="host:1",
        lease=60.0,
    )
    assert log is not None
    return log


def row_of(checkpoint_id: str) -> models.Checkpoint:
    (row,) = rows.all_of(models.Checkpoint, id=checkpoint_id)
    found: models.Checkpoint = row
    return found


def slot_of(checkpoint_id: str) -> str | None:
    (row,) = rows.all_of(
        models.CheckpointCopy, checkpoint_copy_id=checkpoint_id
    )
    found: str | None = row.copy_slot
    return found


def test_source_and_copies_are_peers() -> None:
    source, copy = copied()
    at_source = scrubs.Peer(rows.SOURCE, source)
    at_target = scrubs.Peer(rows.TARGET, copy)
    assert scrubs.peers(source) == [at_target]
    assert scrubs.peers(copy) == [at_source]
    assert scrubs.peers(rows.new_id()) == []


def test_a_scrub_has_its_checkpoint_alone() -> None:
    _, copy = copied()
    before = known(copy)
    log = begin(copy)
    assert (log.state, log.epoch) == (status.OperationState.RUNNING, 1)
    assert log.parameters == {"repair": True}
    assert known(copy).in_use
    assert (row_of(copy).status, slot_of(copy)) == (S.ERROR, None)
    for seen in (before, known(copy)):
        assert (
            scrubs.begin(copy, seen, repair=True, owner="other", lease=60.0)
            is None
        )
    with pytest.raises(exceptions.OperationInProgress):
        checkpoints.request_delete(rows.PROJECT, rows.TARGET, copy, None)
    assert rows.claim("worker", 60.0) is None
    assert scrubs.take_place(log)
    settle.settle(log, settle.Outcome(result=settle.SUCCESS), 60.0)
    assert row_of(copy).status == S.AVAILABLE
    assert slot_of(copy) is not None
    assert scrubs.lost(copy) is None


def test_what_stays_bad_has_no_place() -> None:
    _, copy = copied()
    log = begin(copy)
    assert scrubs.take_place(log)
    outcome = settle.Outcome(result=settle.FAILURE, error_info="rot")
    settle.settle(log, outcome, 60.0)
    assert (row_of(copy).status, slot_of(copy)) == (S.ERROR, None)
    (row,) = rows.all_of(models.OperationLog)
    assert (row.status, row.error_info) == ("fail", "rot")


def test_only_a_lost_lease_is_taken_over() -> None:
    source, _ = copied()
    log = begin(source)
    found = scrubs.lost(source)
    assert found == (log.id, 1)
    assert claims.take_lost(*found, "host:2", 60.0) is None
    rows.change(models.OperationLog, log.id, lease_until=1)
    taken = claims.take_lost(*found, "host:2", 60.0)
    assert taken is not None
    assert (taken.epoch, taken.attempts) == (2, 2)
    with pytest.raises(exceptions.LeaseLost):
        scrubs.take_place(log)
    assert scrubs.take_place(taken)


def test_what_has_changed_since_it_was_read_is_left_alone() -> None:
    source, _ = copied()
    before = known(source)
    rows.change(models.Checkpoint, source, status=S.DELETED)
    assert (
        scrubs.begin(source, before, repair=True, owner="x", lease=60.0)
        is None
    )
    assert row_of(source).status == S.DELETED
