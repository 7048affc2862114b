# SPDX-License-Identifier: Apache-2.0
"""Whatever an error says can be stored, in every database."""

import time

import pytest

from karbor_copy.data_models import operation_log
from karbor_copy.db import copies
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import restores
from karbor_copy.db import settle
from karbor_copy.protection import running
from tests.fixtures import rows

LEASE = 60.0


@pytest.fixture(
    params=[
        ("no \0 there", "no \ufffd there"),
        ("no \ud83d there", "no \ufffd there"),
        ("no \udcff there", "no \ufffd there"),
        ("Gerät \U0001f4be voll", "Gerät \U0001f4be voll"),
        ("x" * 5000, "x" * 4000),
    ],
    ids=["NUL", "first half", "second half", "good", "long"],
)
def reason(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Give what an error says, and what is stored of it."""
    told: tuple[str, str] = request.param
    return told


def claimed() -> operation_log.OperationLog:
    log = rows.claim("me", LEASE)
    assert log is not None
    return log


@pytest.fixture
def copying() -> operation_log.OperationLog:
    """Give the claimed copy of one checkpoint."""
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copies.create(rows.request(plan), lambda _types: None)
    return claimed()


def test_of_what_has_failed(
    copying: operation_log.OperationLog, reason: tuple[str, str]
) -> None:
    told, stored = reason
    failure = settle.Outcome(result=settle.FAILURE, error_info=told)
    settle.settle(copying, failure, LEASE)
    for model in (models.OperationLog, models.CheckpointCopy):
        (row,) = rows.all_of(model, id=copying.id)
        assert row.error_info == stored


def test_of_what_is_put_off(
    copying: operation_log.OperationLog, reason: tuple[str, str]
) -> None:
    told, stored = reason
    operation_logs.put_off(copying.id, copying.epoch, 1.0, told)
    (row,) = rows.all_of(models.OperationLog)
    assert row.error_info == stored


def test_of_a_resource_that_is_copied(
    copying: operation_log.OperationLog, reason: tuple[str, str]
) -> None:
    told, stored = reason
    operation = running.RunningOperation(
        copying, time.monotonic() + LEASE, lease=LEASE
    )
    operation.set_resource("T#1", "error", told)
    operation_logs.heartbeat(
        copying.id, copying.epoch, LEASE, operation.news()
    )
    (row,) = rows.all_of(models.CheckpointCopy)
    assert row.resources["T#1"]["error_info"] == stored


def test_of_a_resource_that_is_restored(reason: tuple[str, str]) -> None:
    told, stored = reason
    restores.create(rows.restore(rows.checkpoint(rows.stored_plan())), None)
    restores.set_resource_status(claimed(), "T#1", "error", told)
    (row,) = rows.all_of(models.Restore)
    assert row.resources_reason == {"T#1": stored}
