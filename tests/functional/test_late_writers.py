# SPDX-License-Identifier: Apache-2.0
"""A worker that hangs in a put, is replaced, and goes on when all is done."""

import pathlib
import random
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE


class Hang:
    """Holds the first put of a key back until it is let go."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._used = False
        self.reached = threading.Event()
        self._go = threading.Event()

    def before(self, call: str, key: str) -> None:
        with self._lock:
            mine = call == "put" and key.endswith(self._name)
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


def _epoch(checkpoint_id: str) -> int:
    found = deployment.rows(
        models.OperationLog,
        checkpoint_id=checkpoint_id,
        operation_type=status.OperationType.PROTECT,
    )
    return int(found[0].epoch)


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
    before = _epoch(made["id"])

    def replaced() -> bool:
        _expire(made["id"])
        return _epoch(made["id"]) > before

    deployment.wait(replaced)
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
