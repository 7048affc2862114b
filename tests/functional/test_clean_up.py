# SPDX-License-Identifier: Apache-2.0
"""Deleting is long work too: it stops when the worker shall stop."""

import pathlib
import random
import threading

from karbor_copy.data_models import status
from karbor_copy.db import models
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO


def test_a_clean_up_is_handed_back_at_shut_down(
    tmp_path: pathlib.Path,
) -> None:
    options = {"working": False, "shutdown_timeout": 0.0, "lease": 60.0}
    with deployment.deployed(tmp_path, **options) as site:
        worker = site.work()
        volume = site.volume(random.randbytes(800_000))
        plan_id = site.plan([volume])
        site.protect(plan_id)
        deployment.flip(site.data(ONE, _only(site, ONE))[-1])
        reached, go = threading.Event(), threading.Event()
        deleted: list[str] = []

        def before(call: str, key: str) -> None:
            if call == "delete" and "/data_" in key:
                deleted.append(key)
                reached.set()
                assert go.wait(deployment.TIMEOUT)

        site.scripts[TWO].before = before
        assert site.copy(plan_id)["status"] == "error"
        target = _only(site, TWO)
        assert reached.wait(deployment.TIMEOUT)
        assert not worker.stop()
        go.set()
        deployment.wait(lambda: not _running(target))
        assert len(deleted) == 1
        assert len(site.data(TWO, target)) > 1
        site.work()
        site.wait_clean()
        assert site.objects(TWO, target) == set()


def _running(checkpoint_id: str) -> bool:
    return any(
        log.state == status.OperationState.RUNNING
        for log in deployment.rows(
            models.OperationLog, checkpoint_id=checkpoint_id
        )
    )


def _only(site: deployment.Deployment, provider_id: str) -> str:
    (found,) = (site.bank(provider_id) / "checkpoints").iterdir()
    return found.name
