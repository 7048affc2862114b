# SPDX-License-Identifier: Apache-2.0
"""Copies under a limit: cancelled, handed back, and let go by the file."""

import os
import pathlib
from collections.abc import Iterator

import pytest

from karbor_copy.db import models
from tests.fixtures import deployment as deployments

ONE, TWO = deployments.ONE, deployments.TWO


@pytest.fixture
def deployment(tmp_path: pathlib.Path) -> Iterator[deployments.Deployment]:
    found = deployments.Deployment(tmp_path)
    try:
        yield found
    finally:
        found.stop()


def limit(deployment: deployments.Deployment, rate: str) -> None:
    """Write the limit into the source's file, as an editor does."""
    path = deployment.path / "providers.d" / "region-one.conf"
    lines = [
        line
        for line in path.read_text().splitlines()
        if not line.startswith("bandwidth")
    ]
    lines.insert(lines.index("[copy]") + 1, f"bandwidth = {rate}")
    new = path.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n")
    new.rename(path)


def begin_copy(deployment: deployments.Deployment) -> str:
    """Let a copy at a byte a second begin; return its id."""
    limit(deployment, "1")
    plan_id = deployment.plan([deployment.volume(os.urandom(100_000))])
    deployment.protect(plan_id)
    copy_id = deployment.request_copy(plan_id)

    def sending() -> bool:
        (row,) = deployments.rows(models.CheckpointCopy)
        return bool(row.bytes_total)

    deployments.wait(sending)
    return copy_id


def test_a_copy_is_cancelled_at_a_byte_a_second(
    deployment: deployments.Deployment,
) -> None:
    deployment.start()
    copy_id = begin_copy(deployment)
    deployment.act(copy_id, "cancel")
    assert deployment.wait_copy(copy_id)["status"] == "cancelled"


def test_a_copy_goes_on_when_the_file_lets_it(
    deployment: deployments.Deployment,
) -> None:
    deployment.start()
    copy_id = begin_copy(deployment)
    limit(deployment, "unlimited")
    assert deployment.wait_copy(copy_id)["status"] == "finished"


def test_a_worker_that_stops_hands_its_copy_back(
    deployment: deployments.Deployment,
) -> None:
    deployment.start(working=False)
    worker = deployment.work()
    copy_id = begin_copy(deployment)
    assert worker.stop()
    (log,) = deployments.rows(models.OperationLog, operation_type="copy")
    assert (log.state, log.attempts) == ("queued", 0)
    limit(deployment, "unlimited")
    deployment.work()
    assert deployment.wait_copy(copy_id)["status"] == "finished"


def test_a_lease_is_kept_while_a_copy_waits(
    deployment: deployments.Deployment,
) -> None:
    deployment.start()
    copy_id = begin_copy(deployment)
    (before,) = deployments.rows(models.OperationLog, operation_type="copy")

    def renewed() -> bool:
        (log,) = deployments.rows(models.OperationLog, operation_type="copy")
        return bool(log.lease_until > before.lease_until + 5000)

    deployments.wait(renewed)
    (log,) = deployments.rows(models.OperationLog, operation_type="copy")
    assert log.epoch == before.epoch
    deployment.act(copy_id, "cancel")
    assert deployment.wait_copy(copy_id)["status"] == "cancelled"
