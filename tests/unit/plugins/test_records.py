# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.records."""

import pytest

from karbor_copy import exceptions
from karbor_copy.data_models import status
from karbor_copy.plugins import records
from tests.fakes import operations

RUNNING = status.ResourceStatus.RESTORING
KEY = "OS::Nova::Server#5c1b"


def run(record: operations.Record, error: Exception | None = None) -> None:
    with records.reported(record, "OS::Nova::Server", "5c1b", RUNNING):
        if error is not None:
            raise error


def test_success_is_told() -> None:
    record = operations.Record()
    run(record)
    assert record.told == [
        (KEY, "restoring", None),
        (KEY, "available", None),
    ]


def test_a_failure_is_told_with_its_reason() -> None:
    record = operations.Record()
    with pytest.raises(exceptions.ResourceFailed):
        run(record, exceptions.ResourceFailed(reason="no space"))
    assert record.told == [
        (KEY, "restoring", None),
        (KEY, "error", "no space"),
    ]


@pytest.mark.parametrize(
    "error", [exceptions.OperationDrained(), ZeroDivisionError()]
)
def test_a_stop_and_a_defect_are_not_told(error: Exception) -> None:
    record = operations.Record()
    with pytest.raises(type(error)):
        run(record, error)
    assert record.told == [(KEY, "restoring", None)]
