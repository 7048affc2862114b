# SPDX-License-Identifier: Apache-2.0
"""A database that is away for a moment, at every moment of an operation.

Whichever transaction of an operation fails, before it or in its commit, of
which nobody knows then whether it came about: the operation comes to its
good end, and no attempt is counted.
"""

import pathlib
import random
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy import exc
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import models
from tests.fixtures import deployment

ONE, TWO = deployment.ONE, deployment.TWO


class Lapse:
    """Lets one transaction of the threads that run operations fail."""

    def __init__(self) -> None:
        self._left = 0

    @property
    def happened(self) -> bool:
        return self._left <= 0

    def plan(self, number: int) -> None:
        """Let the transaction of this number, from 1 on, fail."""
        self._left = number

    def __call__(self, *_args: Any) -> None:
        if threading.current_thread().name.startswith("operation"):
            self._left -= 1
            if self._left == 0:
                raise exc.OperationalError("", {}, Exception("a lapse"))


class Site:
    """A deployment and its lapses."""

    def __init__(self, running: deployment.Deployment, lapse: Lapse) -> None:
        self.running = running
        self._lapse = lapse
        self._worker = running.work()
        self._plan_id = running.plan(
            [running.volume(random.randbytes(3 * deployment.CHUNK))]
        )

    def protect(self) -> str:
        return self.running.protect(self._plan_id)

    def copy(self) -> None:
        assert self.running.copy(self._plan_id)["status"] == "finished"

    def everywhere(
        self,
        operation: Callable[..., object],
        prepare: Callable[[], object] = tuple,
    ) -> None:
        """Run an operation again and again, each time with another lapse.

        What comes before it has none.
        """
        number = 0
        while self._lapse.happened:
            prepared = prepare()
            self._wait_idle()
            number += 1
            self._lapse.plan(number)
            operation(*filter(None, [prepared]))
            self._wait_idle()
        assert number > 1
        self._check()

    def _wait_idle(self) -> None:
        """Wait until nothing runs and nothing is to be done now."""
        deployment.wait(
            lambda: not (due() or self._worker._beat.running_operations())
        )

    def _check(self) -> None:
        for log in deployment.rows(models.OperationLog):
            assert log.error_info is None, log.operation_type
            assert log.attempts <= 1, log.operation_type


def due() -> list[Any]:
    """Return the operations that are to be done, or are being done."""
    now = int(time.time() * 1000)
    return [
        log
        for log in deployment.rows(models.OperationLog)
        if log.state != status.OperationState.SETTLED and log.due_at <= now
    ]


@pytest.fixture(params=["after_begin", "after_commit"])
def site(
    request: pytest.FixtureRequest, tmp_path: pathlib.Path
) -> Iterator[Site]:
    lapse = Lapse()
    with deployment.deployed(tmp_path, working=False) as running:
        event.listen(orm.Session, request.param, lapse)
        try:
            yield Site(running, lapse)
        finally:
            event.remove(orm.Session, request.param, lapse)


def test_protect(site: Site) -> None:
    site.everywhere(site.protect)


def test_copy(site: Site) -> None:
    site.protect()
    site.everywhere(lambda _: site.copy(), prepare=site.protect)


def test_restore(site: Site) -> None:
    checkpoint_id = site.protect()
    site.everywhere(lambda: site.running.restore(ONE, checkpoint_id))


def test_verify(site: Site) -> None:
    checkpoint_id = site.protect()
    site.everywhere(lambda: site.running.verify(ONE, checkpoint_id))


def test_delete(site: Site) -> None:
    site.everywhere(
        lambda id_: site.running.delete(ONE, id_), prepare=site.protect
    )


def test_reset(site: Site) -> None:
    checkpoint_id = site.protect()
    path = site.running.url(f"providers/{ONE}/checkpoints/{checkpoint_id}")
    body = {"os-resetState": {"state": "available"}}
    site.everywhere(lambda: site.running.api.put_json(path, body))
