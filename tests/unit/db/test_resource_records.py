# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import dataclasses
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import page
from karbor_copy.data_models import status
from karbor_copy.db import models
from karbor_copy.db import restores
from karbor_copy.db import settle
from karbor_copy.db import verifications
from tests.fixtures import rows


@dataclasses.dataclass(frozen=True)
class Noun:
    module: object
    make: object
    model: object
    operation_type: str
    log_column: str
    not_found: type


NOUNS = [
    Noun(
        restores,
        rows.restore,
        models.Restore,
        "restore",
        "restore_id",
        exceptions.RestoreNotFound,
    ),
    Noun(
        verifications,
        rows.verification,
        models.Verification,
        "verify",
        "verification_id",
        exceptions.VerificationNotFound,
    ),
]


@pytest.fixture(params=NOUNS, ids=lambda noun: noun.operation_type)
def noun(request: Any) -> Any:
    return request.param


@pytest.fixture
def checkpoint_id() -> Any:
    return rows.checkpoint(rows.stored_plan())


def claimed(lease: float = 60.0) -> operation_log.OperationLog:
    log = rows.claim("me", lease)
    assert log is not None
    return log


def test_a_record_is_a_row_and_its_work(noun: Any, checkpoint_id: Any) -> None:
    record = noun.make(checkpoint_id, parameters={"T": {"a": "b"}})
    assert noun.module.create(record, "req-1") == record
    assert noun.module.get(rows.PROJECT, record.id) == record
    (log,) = rows.all_of(models.OperationLog)
    assert log.operation_type == noun.operation_type
    assert getattr(log, noun.log_column) == record.id
    assert (log.checkpoint_id, log.provider_id) == (
        checkpoint_id,
        rows.SOURCE,
    )
    assert (log.status, log.state) == ("in_progress", "queued")
    assert log.parameters == {"T": {"a": "b"}}
    assert log.request_id == "req-1"


def test_only_an_available_checkpoint_is_used(
    noun: Any, checkpoint_id: Any
) -> None:
    rows.change(models.Checkpoint, checkpoint_id, status="deleting")
    with pytest.raises(exceptions.InvalidCheckpoint, match="deleting"):
        noun.module.create(noun.make(checkpoint_id), None)
    assert rows.all_of(noun.model) == []
    assert rows.all_of(models.OperationLog) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"project_id": "other"},
        {"provider_id": rows.TARGET},
        {"checkpoint_id": "00000000-0000-4000-8000-000000000000"},
    ],
)
def test_only_a_checkpoint_of_ours_is_used(
    noun: Any, checkpoint_id: Any, fields: Any
) -> None:
    record = dataclasses.replace(noun.make(checkpoint_id), **fields)
    with pytest.raises(exceptions.CheckpointNotFound):
        noun.module.create(record, None)


def test_lists_are_scoped_and_filtered(noun: Any, checkpoint_id: Any) -> None:
    first, second = noun.make(checkpoint_id), noun.make(checkpoint_id)
    for record in (first, second):
        noun.module.create(record, None)
    module = noun.module
    assert module.list_page(page.Page(), rows.PROJECT) == [second, first]
    assert module.list_page(page.Page(), None) == [second, first]
    assert module.list_page(page.Page(), "other") == []
    for name, value in (
        ("status", "in_progress"),
        ("provider_id", rows.SOURCE),
        ("checkpoint_id", checkpoint_id),
    ):
        found = page.Page(filters={name: value}, limit=1, marker=second.id)
        assert module.list_page(found, rows.PROJECT) == [first]
    with pytest.raises(noun.not_found, match=first.id):
        module.get("other", first.id)


def test_each_resource_has_its_status_and_reason(
    noun: Any, checkpoint_id: Any
) -> None:
    record = noun.make(checkpoint_id)
    noun.module.create(record, None)
    log = claimed()
    tell = noun.module.set_resource_status
    tell(log, "A#1", "error", "no space")
    tell(log, "B#2", "available")
    found = noun.module.get(rows.PROJECT, record.id)
    assert found.resources_status == {"A#1": "error", "B#2": "available"}
    assert found.resources_reason == {"A#1": "no space"}
    tell(log, "A#1", "available", None)
    found = noun.module.get(rows.PROJECT, record.id)
    assert found.resources_reason == {}
    assert found.status is status.RestoreStatus.IN_PROGRESS


def test_many_resources_at_once_lose_none(
    noun: Any, checkpoint_id: Any
) -> None:
    record = noun.make(checkpoint_id)
    noun.module.create(record, None)
    log = claimed()
    keys = [f"T#{number}" for number in range(24)]

    def tell(key: Any) -> None:
        noun.module.set_resource_status(log, key, "available", "r")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(tell, keys))
    found = noun.module.get(rows.PROJECT, record.id)
    assert set(found.resources_status) == set(keys)
    assert set(found.resources_reason) == set(keys)


def test_who_lost_the_lease_tells_nothing(
    noun: Any, checkpoint_id: Any
) -> None:
    record = noun.make(checkpoint_id)
    noun.module.create(record, None)
    late = claimed(lease=-1.0)
    heir = claimed()
    tell = noun.module.set_resource_status
    tell(heir, "A#1", "available")
    with pytest.raises(exceptions.LeaseLost):
        tell(late, "A#1", "error", "late")
    found = noun.module.get(rows.PROJECT, record.id)
    assert found.resources_status == {"A#1": "available"}
    assert found.resources_reason == {}


def test_what_has_ended_stays_as_it_ended(
    noun: Any, checkpoint_id: Any
) -> None:
    record = noun.make(checkpoint_id)
    noun.module.create(record, None)
    log = claimed()
    settle.settle(log, settle.Outcome(result=settle.SUCCESS), 60.0)
    with pytest.raises(exceptions.LeaseLost):
        noun.module.set_resource_status(log, "A#1", "error", "late")
    found = noun.module.get(rows.PROJECT, record.id)
    assert found.resources_status == {}
