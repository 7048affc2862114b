# SPDX-License-Identifier: Apache-2.0
"""Who listens is told of copies and checkpoints, and of no secret."""

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from oslo_messaging.notify import _impl_test

from karbor_copy import exceptions
from karbor_copy.conf import CONF
from karbor_copy.db import parents
from karbor_copy.protection import recovery
from karbor_copy.protection import service
from karbor_copy.rpc import notifier
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import PROJECT
from tests.fixtures.deployment import TWO

GROUP = "oslo_messaging_notifications"


@pytest.fixture
def world(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path, working=False) as running:
        # The API has registered the option by now.
        CONF.set_override("driver", ["test"], group=GROUP)
        _impl_test.reset()
        yield running
        CONF.clear_override("driver", group=GROUP)
        notifier.configure(CONF)


@pytest.fixture
def worker(world: deployment.Deployment) -> service.ProtectionService:
    return world.work()


@pytest.fixture
def site(
    world: deployment.Deployment, worker: service.ProtectionService
) -> deployment.Deployment:
    return world


def told(*event_types: str) -> list[dict[str, Any]]:
    """Wait for these, in this order; return their payloads."""

    def come() -> bool:
        return len(_impl_test.NOTIFICATIONS) >= len(event_types)

    deployment.wait(come, lambda: _impl_test.NOTIFICATIONS)
    messages = [sent[1] for sent in _impl_test.NOTIFICATIONS]
    assert [message["event_type"] for message in messages] == [
        f"karbor.{event_type}" for event_type in event_types
    ]
    assert "disk" not in json.dumps(messages)
    _impl_test.reset()
    return [message["payload"] for message in messages]


def protected(site: deployment.Deployment) -> str:
    """Return the id of a plan with one checkpoint."""
    plan_id = site.plan([site.volume(os.urandom(100_000))])
    site.protect(plan_id)
    told("checkpoint_create.start", "checkpoint_create.end")
    return plan_id


def test_the_life_of_a_checkpoint(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(os.urandom(100_000))])
    checkpoint_id = site.protect(plan_id)
    start, end = told("checkpoint_create.start", "checkpoint_create.end")
    same = {
        "request_id": start["request_id"],
        "tenant_id": PROJECT,
        "checkpoint_id": checkpoint_id,
        "provider_id": ONE,
    }
    assert start == {**same, "status": "protecting"}
    assert start["request_id"].startswith("req-")
    size = end["size"]
    assert size > 100_000
    assert end == {
        **same,
        "plan_id": plan_id,
        "status": "available",
        "size": size,
    }
    path = f"providers/{ONE}/checkpoints/{checkpoint_id}"
    site.user("admin").put_json(
        site.url(path), {"os-resetState": {"state": "available"}}
    )
    _, end = told("checkpoint_update.start", "checkpoint_update.end")
    assert end["status"] == "success"
    site.delete(ONE, checkpoint_id)
    _, end = told("checkpoint_delete.start", "checkpoint_delete.end")
    assert end["status"] == "deleted"


def test_a_checkpoint_that_fails(site: deployment.Deployment) -> None:
    def before(call: str, key: str) -> None:
        if call == "put":
            raise exceptions.BankRejected(reason="full")

    site.scripts[ONE].before = before
    plan_id = site.plan([site.volume(os.urandom(100_000))])
    site.protect(plan_id, "error")
    _, error = told("checkpoint_create.start", "checkpoint_create.error")
    assert error["status"] == "error"
    assert "full" in error["message"]
    assert "size" not in error


def test_a_copy_and_one_that_has_nothing_to_do(
    site: deployment.Deployment,
) -> None:
    plan_id = protected(site)
    copy = site.copy(plan_id)
    start, end = told("copy.start", "copy.end")
    same = {
        "request_id": start["request_id"],
        "tenant_id": PROJECT,
        "id": copy["id"],
        "plan_id": plan_id,
        "provider_id": ONE,
        "target_provider_id": TWO,
    }
    assert start == {
        **same,
        "status": "wait_copying",
        "checkpoint_copies": {"wait_copying": 1},
    }
    (member,) = copy["checkpoint_copies"]
    figures = ("bytes_total", "bytes_copied", "bytes_skipped")
    figures += ("bytes_reused", "objects_total", "objects_copied")
    assert end == {
        **same,
        "status": "finished",
        "checkpoint_copies": {"finished": 1},
        **{name: member[name] for name in figures},
    }
    again = site.copy(plan_id)
    _, end = told("copy.start", "copy.end")
    assert end["id"] == again["id"]
    assert end["bytes_total"] == 0


def test_a_copy_that_fails_and_is_tried_again(
    site: deployment.Deployment,
) -> None:
    def before(call: str, key: str) -> None:
        if call == "put":
            raise exceptions.BankRejected(reason="full")

    plan_id = protected(site)
    site.scripts[TWO].before = before
    copy = site.copy(plan_id)
    _, error = told("copy.start", "copy.error")
    assert error["status"] == "error"
    assert error["message"] == "1 checkpoint copies have failed."
    site.scripts[TWO].reset()
    site.act(copy["id"], "retry")
    assert site.wait_copy(copy["id"])["status"] == "finished"
    told("copy.start", "copy.end")


def test_a_copy_that_is_cancelled_before_it_begins(
    site: deployment.Deployment, worker: service.ProtectionService
) -> None:
    plan_id = protected(site)
    assert worker.stop()
    copy_id = site.request_copy(plan_id)
    site.act(copy_id, "cancel")
    _, end = told("copy.start", "copy.end")
    assert end["status"] == "cancelled"
    assert end["checkpoint_copies"] == {"cancelled": 1}


def test_what_the_sweep_settles(
    site: deployment.Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = protected(site)
    with monkeypatch.context() as patch:
        # As if its worker had died before it came to the request.
        patch.setattr(parents, "member_ended", lambda *_args: {})
        copy_id = site.request_copy(plan_id)

        def copied() -> bool:
            found = site.get(f"copies/{copy_id}/checkpoint_copies")
            return found[0]["status"] == "finished"

        deployment.wait(copied)
        told("copy.start")
    recovery.sweep()
    (end,) = told("copy.end")
    assert end["id"] == copy_id
