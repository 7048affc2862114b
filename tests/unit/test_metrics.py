# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.metrics that need no service."""

import os
import pathlib
import subprocess
import sys

import prometheus_client

from karbor_copy import metrics
from karbor_copy.data_models import status

COUNT_AND_SHOW = """
import sys
from karbor_copy import metrics
metrics.lease_lost()
metrics.request_answered("GET", "/", "200", 0.01)
sys.stdout.buffer.write(metrics.Exposition([]).text())
"""


def counted(name: str, **labels: str) -> float:
    return prometheus_client.REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_an_operation_does_is_counted() -> None:
    labels = {"operation_type": "copy", "result": "skipped"}
    objects = "karbor_copy_operation_objects_total"
    size = "karbor_copy_operation_bytes_total"
    before = counted(objects, **labels), counted(size, **labels)
    metrics.moved(status.OperationType.COPY, "skipped", 2, 300)
    after = counted(objects, **labels), counted(size, **labels)
    assert (after[0] - before[0], after[1] - before[1]) == (2, 300)


def test_processes_that_share_a_directory_tell_their_sum(
    tmp_path: pathlib.Path,
) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for number in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", COUNT_AND_SHOW],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert f"karbor_copy_lease_losses_total {number}.0" in done.stdout
    request = '{method="GET",route="/",status="2xx"} 2.0'
    assert f"karbor_copy_api_requests_total{request}" in done.stdout
    # Of the service there is nothing to tell, since it has no database.
    assert "karbor_copy_database_up 0.0" in done.stdout
