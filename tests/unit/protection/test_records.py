# SPDX-License-Identifier: Apache-2.0
"""What a plugin tells of a resource, and what is told in its place."""

from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.protection import records


def test_statuses_are_stored_under_type_and_id():
    stored = []
    record = records.Record(
        id="r",
        project_id="p",
        set_status=lambda *told: stored.append(told),
        stop=pytest.fail,
    )
    record.update_resource_status("T", "1", "restoring")
    record.save()  # as Karbor's plugins do
    record.update_resource_status("T", "1", "error", "the disk is full")
    assert stored == [
        ("T#1", "restoring", None),
        ("T#1", "error", "the disk is full"),
    ]
    assert record.has_told("T", "the disk is full")
    assert not record.has_told("U", "the disk is full")
    assert not record.has_told("T", "something else")


@pytest.mark.parametrize(
    "error",
    [
        exceptions.DatabaseUnavailable(),
        exceptions.LeaseLost(operation_log_id="x"),
    ],
)
def test_the_operation_stops_where_nothing_can_be_told(
    error: exceptions.OperationStopped,
) -> None:
    stops: list[Any] = []

    def set_status(*_told: Any) -> None:
        raise error

    record = records.Record(
        id="r", project_id="p", set_status=set_status, stop=stops.append
    )
    with pytest.raises(type(error)):
        record.update_resource_status("T", "1", "error", "no room")
    assert stops == [error]
    # It is not told, so that somebody else tells it.
    assert not record.has_told("T", "no room")
