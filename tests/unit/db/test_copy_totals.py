# SPDX-License-Identifier: Apache-2.0
from karbor_copy.data_models import status
from karbor_copy.db import begin
from karbor_copy.db import copies
from karbor_copy.db import copy_totals
from karbor_copy.db import settle
from tests.fixtures import rows

LEASE = 60.0
FIGURES = {
    "bytes_total": 300,
    "bytes_copied": 200,
    "bytes_skipped": 70,
    "bytes_reused": 30,
    "objects_total": 3,
    "objects_copied": 2,
}


def end_one(progress: dict[str, int]) -> dict[str, status.CopyStatus]:
    """Let a worker end the next copy; return the requests that end too."""
    log = rows.claim("worker", LEASE)
    assert log is not None
    begin.begin(log)
    outcome = settle.Outcome(result=settle.SUCCESS, progress=progress)
    return settle.settle(log, outcome, LEASE)


def test_the_sums_of_all_members() -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, 2)
    copy_id = copies.create(rows.request(plan), lambda _types: None).id
    assert end_one(FIGURES) == {}
    assert end_one(FIGURES) == {copy_id: status.CopyStatus.FINISHED}
    copy, totals = copy_totals.read(copy_id)
    assert copy == copies.get(rows.PROJECT, copy_id)
    assert totals == {name: 2 * value for name, value in FIGURES.items()}
    assert {type(value) for value in totals.values()} == {int}


def test_one_that_had_nothing_to_do() -> None:
    plan = rows.stored_plan()
    rows.checkpoint(plan)
    copies.create(rows.request(plan), lambda _types: None)
    end_one(FIGURES)
    copy_id = copies.create(rows.request(plan), lambda _types: None).id
    copy, totals = copy_totals.read(copy_id)
    assert copy.status is status.CopyStatus.FINISHED
    assert set(totals.values()) == {0}
