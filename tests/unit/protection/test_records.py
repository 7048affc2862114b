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
    record.update_resource_status("T", "1", "error", "the disk is full")
    assert stored == [
        ("r", "T#1", "restoring", None),
        ("r", "T#1", "error", "the disk is full"),
    ]
    assert record.has_told("T", "the disk is full")
    assert not record.has_told("U", "the disk is full")
    assert not record.has_told("T", "something else")


def test_the_operation_stops_when_the_database_is_away() -> None:
    away = exceptions.DatabaseUnavailable()
    stops: list[Any] = []

    def set_status(*_told: Any) -> None:
        raise away

    record = records.Record(
        id="r", project_id="p", set_status=set_status, stop=stops.append
    )
    with pytest.raises(exceptions.DatabaseUnavailable):
        record.update_resource_status("T", "1", "error", "no room")
    assert stops == [away]
    # It is not told, so that somebody else tells it.
    assert not record.has_told("T", "no room")
