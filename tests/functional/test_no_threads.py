# SPDX-License-Identifier: Apache-2.0
"""A worker that can't start a thread in the middle of an operation."""

import random

import pytest

from karbor_copy.db import models
from tests.fakes import thread_limit
from tests.fixtures import deployment
from tests.fixtures.deployment import TWO


@pytest.mark.parametrize("pool", ["transfer", "resource"])
def test_a_copy_goes_on_when_there_are_threads_again(
    site: deployment.Deployment, monkeypatch: pytest.MonkeyPatch, pool: str
) -> None:
    volumes = [site.volume(random.randbytes(400_000)) for _ in range(2)]
    plan_id = site.plan(volumes)
    site.protect(plan_id)
    limit = thread_limit.ThreadLimit(monkeypatch, pool, 0)
    copy_id = site.request_copy(plan_id)
    deployment.wait(lambda: limit.refused)
    limit.left = 99
    copy = site.wait_copy(copy_id)
    assert copy["status"] == "finished"
    (log,) = deployment.rows(models.OperationLog, operation_type="copy")
    assert (log.attempts, log.error_info) == (1, None)
    (member,) = copy["checkpoint_copies"]
    restore = site.restore(TWO, member["checkpoint_copy_id"])
    assert [
        site.restored(restore, volume).read_bytes() for volume in volumes
    ] == [
        (site.volumes / f"volume-{volume['id']}").read_bytes()
        for volume in volumes
    ]
