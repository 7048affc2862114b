# SPDX-License-Identifier: Apache-2.0
"""What is counted while checkpoints are protected and copied."""

import contextlib
import http.client
import os
import pathlib
import socket
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import parser

from karbor_copy import exceptions
from tests.fixtures import deployment
from tests.fixtures import processes
from tests.fixtures import standalone
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

SIZE = 200_000


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path) as running:
        yield running


def read(site: deployment.Deployment, name: str, **labels: str) -> float:
    """Return the value of the one sample with these labels; 0 for none."""
    text = site.api.get("/metrics").text
    found: list[Any] = [
        sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"karbor_copy_{name}" and sample.labels == labels
    ]
    return float(found[0]) if found else 0.0


def figures(site: deployment.Deployment) -> dict[str, float]:
    copy = {"operation_type": "copy"}
    return {
        "finished": read(site, "operations_total", result="finished", **copy),
        "error": read(site, "operations_total", result="error", **copy),
        "bytes": read(site, "operation_bytes_total", result="copied", **copy),
        "objects": read(
            site, "operation_objects_total", result="copied", **copy
        ),
    }


def test_copies_are_counted_and_the_last_one_is_known(
    site: deployment.Deployment,
) -> None:
    def before(call: str, key: str) -> None:
        if call == "put":
            raise exceptions.BankRejected(reason="full")

    def last() -> float:
        return read(
            site,
            "last_finished_copy_timestamp_seconds",
            provider_id=ONE,
            target_provider_id=TWO,
        )

    plan_id = site.plan([site.volume(os.urandom(SIZE))])
    site.protect(plan_id)
    begin, started = figures(site), time.time()
    site.scripts[TWO].before = before
    copy = site.copy(plan_id)
    assert copy["status"] == "error"
    assert last() == 0.0
    site.scripts[TWO].reset()
    copy = site.copy(plan_id)
    assert copy["status"] == "finished"
    assert started <= last() <= time.time()
    (member,) = copy["checkpoint_copies"]
    # What has ended in the database is counted next.
    standalone.wait(lambda: figures(site)["finished"] > begin["finished"])
    end = figures(site)
    assert {name: end[name] - begin[name] for name in end} == {
        "finished": 1,
        "error": 1,
        "bytes": member["bytes_copied"],
        "objects": member["objects_copied"],
    }
    assert member["bytes_copied"] >= SIZE


def test_api_and_each_worker_show_their_own_and_the_same_queue(
    tmp_path: pathlib.Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with processes.site(tmp_path) as site:
        api = site.api()
        assert get(f"{api.url}/healthcheck")[0] == 200
        status, body = get(f"{api.url}/healthcheck/ready")
        assert (status, "no enabled service has reported" in body) == (
            503,
            True,
        )
        worker = site.protection(workers=2, metrics_port=port)
        site.protected(site.client(api))
        assert get(f"{api.url}/healthcheck/ready")[0] == 200
        urls = [api.url, *(f"http://127.0.0.1:{port + n}" for n in (0, 1))]

        def counted() -> list[str]:
            # A worker counts what has ended in the database.
            found = [get(f"{url}/metrics")[1] for url in urls]
            return found if any(ended in text for text in found) else []

        ended = 'karbor_copy_operations_total{operation_type="protect"'
        texts = standalone.wait(counted)
        assert [ended in text for text in texts].count(True) == 1
        assert ended not in texts[0]
        queues = [
            [line for line in text.splitlines() if "_queue_operations" in line]
            for text in texts
        ]
        assert queues[0] == queues[1] == queues[2]
        assert len(queues[0]) > 10
        assert worker.stop() == 0


def get(url: str) -> tuple[int, str]:
    """Return status and body of an answer."""
    found = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(found.netloc, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", found.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
