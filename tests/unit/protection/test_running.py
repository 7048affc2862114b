# SPDX-License-Identifier: Apache-2.0
"""An operation stops for the right reason and counts what it does."""

import time

import pytest

from karbor_copy import exceptions
from karbor_copy.protection import running
from tests.fakes import logs


def _operation(seconds: float = 60.0) -> running.RunningOperation:
    return running.RunningOperation(
        logs.operation_log(),
        time.monotonic() + seconds,
        lease=60.0,
    )


def test_goes_on_while_nothing_stops_it() -> None:
    operation = _operation()
    operation.check()
    assert operation.stop_reason is None


def test_the_first_reason_stays_but_a_lost_lease_outranks_it() -> None:
    operation = _operation()
    operation.stop(exceptions.OperationCancelled())
    operation.stop(exceptions.OperationDrained())
    with pytest.raises(exceptions.OperationCancelled):
        operation.check()
    operation.stop(exceptions.LeaseLost(operation_log_id="x"))
    with pytest.raises(exceptions.LeaseLost):
        operation.check()


def test_stops_by_itself_when_its_lease_has_run_out() -> None:
    operation = _operation(-0.001)
    with pytest.raises(exceptions.LeaseLost):
        operation.check()


def test_a_renewed_lease_lets_it_go_on() -> None:
    operation = _operation(-0.001)
    operation.extend_lease(time.monotonic() + 60)
    operation.check()


def test_counts_by_resource_and_in_all() -> None:
    operation = _operation()
    operation.add_total("T#1", 3, 300)
    operation.add_copied("T#1", 1, 100)
    operation.add_skipped("T#2", 2, 200)
    operation.add_reused("T#2", 1, 50)
    operation.set_resource("T#1", "error", "why")
    progress = operation.progress()
    assert progress == {
        "bytes_total": 300,
        "bytes_copied": 100,
        "bytes_skipped": 200,
        "bytes_reused": 50,
        "objects_total": 3,
        "objects_copied": 4,
        "resources": {
            "T#1": {
                "status": "error",
                "bytes_copied": 100,
                "error_info": "why",
            },
            "T#2": {
                "status": "copying",
                "bytes_copied": 0,
                "error_info": None,
            },
        },
    }


def test_totals_are_known_before_all_resources_have_added_up() -> None:
    operation = _operation()
    operation.expect(5, 500)
    operation.add_total("T#1", 3, 300)
    assert operation.progress()["bytes_total"] == 500
    operation.add_total("T#2", 3, 300)
    assert operation.progress()["bytes_total"] == 600
    assert operation.progress()["objects_total"] == 6


def test_what_came_to_no_end_gets_the_status_of_the_whole() -> None:
    operation = _operation()
    operation.set_resource("T#1", "wait_copying")
    operation.set_resource("T#2", "copying")
    operation.set_resource("T#3", "finished")
    operation.set_resource("T#4", "error", "why")
    operation.end_resources("cancelled")
    resources = operation.progress()["resources"]
    assert [resources[f"T#{n}"]["status"] for n in range(1, 5)] == [
        "cancelled",
        "cancelled",
        "finished",
        "error",
    ]


def test_news_tell_of_the_resources_only_when_these_have_changed() -> None:
    operation = _operation()
    assert "resources" not in operation.news()
    operation.add_copied("T#1", 1, 100)
    assert operation.news() == operation.progress()
    operation.expect(3, 300)
    news = operation.news()
    assert "resources" not in news
    assert news["objects_total"] == 3
    operation.news_lost()
    assert operation.news() == operation.progress()
    operation.end_resources("cancelled")
    assert operation.news()["resources"]["T#1"]["status"] == "cancelled"


def test_what_was_done_before_is_shown_until_there_is_something_new() -> None:
    known = {
        "bytes_total": 300,
        "bytes_copied": 100,
        "bytes_skipped": 0,
        "bytes_reused": 0,
        "objects_total": 3,
        "objects_copied": 1,
    }
    operation = running.RunningOperation(
        logs.operation_log(progress=known),
        time.monotonic() + 60,
        lease=60.0,
    )
    assert operation.progress() == known | {"resources": {}}
    assert operation.news() == known
    operation.expect(3, 300)
    assert operation.news()["bytes_copied"] == 0
