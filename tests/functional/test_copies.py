# SPDX-License-Identifier: Apache-2.0
"""Copies that fail, are cancelled, are tried again, or meet each other."""

import pathlib
import threading
from collections.abc import Iterator

import pytest

from karbor_copy.db import models
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO


class Gate:
    """Holds the first data that is written to the target until released."""

    def __init__(self, site: deployment.Deployment) -> None:
        self.reached = threading.Event()
        self._released = threading.Event()
        site.scripts[TWO].before = self._before

    def _before(self, call: str, key: str) -> None:
        if call == "put" and "/data_" in key:
            self.reached.set()
            assert self._released.wait(deployment.TIMEOUT)

    def release(self) -> None:
        self._released.set()


@pytest.fixture
def gate(site: deployment.Deployment) -> Iterator[Gate]:
    made = Gate(site)
    yield made
    made.release()


def _members(copy: deployment.Json) -> dict[str, deployment.Json]:
    return {item["checkpoint_id"]: item for item in copy["checkpoint_copies"]}


def test_the_third_of_five_fails(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(b"data" * 1000)])
    checkpoints = [site.protect(plan_id) for _ in range(5)]
    bad = checkpoints[2]
    (path,) = site.data(ONE, bad)
    deployment.flip(path)

    failed = site.copy(plan_id)
    assert failed["status"] == "error"
    assert failed["counts"] == {"finished": 4, "error": 1}
    members = _members(failed)
    assert members[bad]["status"] == "error"
    key = path.relative_to(site.bank(ONE) / "checkpoints" / bad)
    assert members[bad]["error_info"].startswith(
        f"source object {key} is corrupt: "
    )
    (resource,) = members[bad]["resources"].values()
    assert resource["status"] == "error"
    assert "is corrupt" in resource["error_info"]
    log = site.get(f"operation_logs/{members[bad]['id']}")
    assert log["status"] == "error"
    assert log["error_info"] == members[bad]["error_info"]
    dead = members[bad]["checkpoint_copy_id"]
    assert site.checkpoint(TWO, dead)["status"] == "error"
    site.wait_clean()
    assert site.objects(TWO, dead) == set()

    deployment.flip(path)
    site.act(failed["id"], "retry")
    done = site.wait_copy(failed["id"])
    assert done["status"] == "finished"
    again = _members(done)
    assert again.keys() == members.keys()
    assert again[bad]["checkpoint_copy_id"] != dead
    for checkpoint_id in checkpoints[:2] + checkpoints[3:]:
        assert again[checkpoint_id] == members[checkpoint_id]
    logs = deployment.rows(models.OperationLog, operation_type="copy")
    assert len(logs) == 6
    restore = site.restore(TWO, again[bad]["checkpoint_copy_id"])
    assert restore["status"] == "success"


def test_a_new_request_takes_up_what_failed(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    good, bad = site.protect(plan_id), site.protect(plan_id)
    (path,) = site.data(ONE, bad)
    deployment.flip(path, 0)
    assert site.copy(plan_id)["status"] == "error"
    deployment.flip(path, 0)
    done = site.copy(plan_id)
    assert done["status"] == "finished"
    assert _members(done).keys() == {bad}
    assert good not in _members(done)


def test_a_queued_copy_is_cancelled_at_once(tmp_path: pathlib.Path) -> None:
    with deployment.deployed(tmp_path) as site:
        plan_id = site.plan([site.volume(b"data")])
        checkpoint_id = site.protect(plan_id)
        site.stop()
        site.start(working=False)
        site.reconcile()
        copy_id = site.request_copy(plan_id)
        cancelled = site.act(copy_id, "cancel")
        assert cancelled["status"] == "cancelled"
        assert cancelled["counts"] == {"cancelled": 1}
        site.api.post_json(
            site.url(f"copies/{copy_id}/action"), {"cancel": None}, status=409
        )
        site.work()
        (dead,) = _members(site.wait_copy(copy_id)).values()
        site.act(copy_id, "retry")
        done = site.wait_copy(copy_id)
        assert done["status"] == "finished"
        member = _members(done)[checkpoint_id]
        assert member["checkpoint_copy_id"] != dead["checkpoint_copy_id"]
        assert site.objects(TWO, dead["checkpoint_copy_id"]) == set()


def test_a_running_copy_is_cancelled(
    site: deployment.Deployment, gate: Gate
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    copy_id = site.request_copy(plan_id)
    assert gate.reached.wait(deployment.TIMEOUT)
    shown = site.act(copy_id, "cancel")
    assert shown["status"] == "copying"
    gate.release()
    cancelled = site.wait_copy(copy_id)
    assert cancelled["status"] == "cancelled"
    (member,) = cancelled["checkpoint_copies"]
    assert member["status"] == "cancelled"
    log = site.get(f"operation_logs/{member['id']}")
    assert log["status"] == "cancelled"
    target = member["checkpoint_copy_id"]
    assert site.checkpoint(TWO, target)["status"] == "error"
    site.wait_clean()
    assert site.objects(TWO, target) == set()

    site.act(copy_id, "retry")
    done = site.wait_copy(copy_id)
    assert done["status"] == "finished"
    assert _members(done)[member["checkpoint_id"]]["status"] == "finished"


def test_a_second_request_waits_for_the_first_ones_work(
    site: deployment.Deployment, gate: Gate
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    first = site.request_copy(plan_id)
    assert gate.reached.wait(deployment.TIMEOUT)
    second = site.request_copy(plan_id)
    waited_for = [
        [
            item["id"]
            for item in site.get(f"copies/{copy_id}/checkpoint_copies")
        ]
        for copy_id in (first, second)
    ]
    assert waited_for[0] == waited_for[1]
    gate.release()
    for copy_id in (first, second):
        assert site.wait_copy(copy_id)["status"] == "finished"
    assert len(deployment.rows(models.CheckpointCopy)) == 1


def test_a_cancel_leaves_what_another_request_waits_for(
    site: deployment.Deployment, gate: Gate
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    first = site.request_copy(plan_id)
    assert gate.reached.wait(deployment.TIMEOUT)
    second = site.request_copy(plan_id)
    site.act(first, "cancel")
    gate.release()
    assert site.wait_copy(second)["status"] == "finished"
    assert site.wait_copy(first)["status"] == "cancelled"
