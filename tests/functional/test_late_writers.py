# SPDX-License-Identifier: Apache-2.0
"""A worker that hangs in a bank, is replaced, and goes on when all is done."""

import pathlib
import random
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from karbor_copy.banks import checkpoint_store
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE


class Hang:
    """Holds the first such call for a key back until it is let go."""

    def __init__(self, name: str, call: str = "put") -> None:
        self._name = name
        self._call = call
        self._lock = threading.Lock()
        self._used = False
        self.reached = threading.Event()
        self._go = threading.Event()

    def before(self, call: str, key: str) -> None:
        with self._lock:
            mine = call == self._call and key.endswith(self._name)
            mine = mine and not self._used
            self._used = self._used or mine
        if mine:
            self.reached.set()
            assert self._go.wait(deployment.TIMEOUT)

    def release(self) -> None:
        self._go.set()


@engine.writer
def _expire(session: sa.orm.Session, checkpoint_id: str) -> None:
    session.execute(
        sa.update(models.OperationLog)
        .where(models.OperationLog.checkpoint_id == checkpoint_id)
        .values(lease_until=0)
    )


def _epoch(checkpoint_id: str, kind: status.OperationType) -> int:
    found = deployment.rows(
        models.OperationLog,
        checkpoint_id=checkpoint_id,
        operation_type=kind,
    )
    return int(found[0].epoch)


def _replace(checkpoint_id: str, kind: status.OperationType) -> None:
    """Let another attempt begin beside the one that hangs."""
    before = _epoch(checkpoint_id, kind)

    def replaced() -> bool:
        _expire(checkpoint_id)
        return _epoch(checkpoint_id, kind) > before

    deployment.wait(replaced)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    options = {"working": False, "max_concurrent_operations": 2}
    with deployment.deployed(tmp_path, **options) as found:
        yield found


@pytest.mark.parametrize("name", ["metadata", "status", "manifest.jsonl"])
def test_a_late_attempt_at_a_protect(
    site: deployment.Deployment, name: str
) -> None:
    worker = site.work()
    data = random.randbytes(200_000)
    volume = site.volume(data)
    plan_id = site.plan([volume])
    hang = Hang(name)
    site.scripts[ONE].before = hang.before
    body = {"checkpoint": {"plan_id": plan_id}}
    made = site.post(f"providers/{ONE}/checkpoints", body)
    assert hang.reached.wait(deployment.TIMEOUT)
    _replace(made["id"], status.OperationType.PROTECT)
    deployment.wait(
        lambda: site.checkpoint(ONE, made["id"])["status"] == "available"
    )
    hang.release()
    # It ends only after the late attempt has.
    assert worker.stop()
    site.work()
    assert site.verify(ONE, made["id"])["status"] == "success"
    restore = site.restore(ONE, made["id"])
    assert site.restored(restore, volume).read_bytes() == data


def _shown(site: deployment.Deployment, checkpoint_id: str) -> str:
    """Return the status that the bank tells."""
    bank = site.registry.get(ONE).make_bank()
    return (
        checkpoint_store.CheckpointStore(bank).read_index(checkpoint_id).status
    )


def _reset(
    site: deployment.Deployment, checkpoint_id: str, wanted: str
) -> None:
    site.user("admin").put_json(
        site.url(f"providers/{ONE}/checkpoints/{checkpoint_id}"),
        {"os-resetState": {"state": wanted}},
    )


def _wait_settled(kind: status.OperationType) -> None:
    deployment.wait(
        lambda: all(
            log.state == status.OperationState.SETTLED
            for log in deployment.rows(
                models.OperationLog, operation_type=kind
            )
        )
    )


def test_a_late_reset_undoes_no_newer_one(site: deployment.Deployment) -> None:
    worker = site.work()
    made = site.protect(site.plan([site.volume(random.randbytes(99))]))
    hang = Hang("/resource-data/", "list")
    site.scripts[ONE].before = hang.before
    _reset(site, made, "available")
    assert hang.reached.wait(deployment.TIMEOUT)
    _replace(made, status.OperationType.RESET)
    _wait_settled(status.OperationType.RESET)
    _reset(site, made, "error")
    _wait_settled(status.OperationType.RESET)
    hang.release()
    # It ends only after the late attempt has.
    assert worker.stop()
    assert _shown(site, made) == "error"


def test_a_late_delete_leaves_the_tombstone(
    site: deployment.Deployment,
) -> None:
    worker = site.work()
    made = site.protect(site.plan([site.volume(random.randbytes(99))]))
    hang = Hang("/index.json", "open")
    site.scripts[ONE].before = hang.before
    site.api.delete(site.url(f"providers/{ONE}/checkpoints/{made}"))
    assert hang.reached.wait(deployment.TIMEOUT)
    _replace(made, status.OperationType.DELETE)
    _wait_settled(status.OperationType.DELETE)
    hang.release()
    assert worker.stop()
    assert _shown(site, made) == "deleted"
