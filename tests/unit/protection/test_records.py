# SPDX-License-Identifier: Apache-2.0
"""What a plugin tells of a resource, and what is told in its place."""

from karbor_copy.protection import records


def test_statuses_are_stored_under_type_and_id():
    stored = []
    record = records.Record(
        id="r",
        project_id="p",
        set_status=lambda *told: stored.append(told),
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
