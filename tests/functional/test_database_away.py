# SPDX-License-Identifier: Apache-2.0
"""The database server goes away in mid copy, and comes back."""

import concurrent.futures
import pathlib
import re
import signal
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from karbor_copy.client.v1 import client as v1_client
from tests.fixtures import database
from tests.fixtures import processes
from tests.fixtures import servers
from tests.fixtures import standalone
from tools.servers import kinds
from tools.servers import server

ONE = standalone.REGION_ONE
LEASE = 2

#: Half a second a chunk, so that there is time to interfere.
SLOW = {"pause": 0.5}
OPTIONS = {
    "copy_engine": {"transfer_threads": 1},
    "protection": {"lease": LEASE},
    "database": {"response_timeout": 3},
}


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def running(request: pytest.FixtureRequest) -> Iterator[server.Server]:
    with servers.own(kinds.ALL[request.param]) as started:
        yield started


@pytest.fixture
def site(
    running: server.Server, tmp_path: pathlib.Path
) -> Iterator[processes.Processes]:
    with database.own_database(running.url) as url:
        try:
            with processes.site(
                tmp_path, database=url, options=OPTIONS
            ) as made:
                yield made
        finally:
            running.thaw()
            running.start()


def refused(
    api: processes.Running, method: str, path: str, body: Any = None
) -> None:
    """Ask for what needs the database, and be told to come again."""
    answer = requests.request(
        method,
        f"{api.url}/v1/{standalone.PROJECT}/{path}",
        headers={"X-Auth-Token": f"alice:{standalone.PROJECT}"},
        json=body,
        timeout=standalone.TIMEOUT,
    )
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "10"
    fault = answer.json()["serviceUnavailable"]
    assert fault["message"] == "The database is not available for the moment."


@pytest.mark.parametrize(
    ("away", "back"), [("kill", "start"), ("freeze", "thaw")]
)
def test_a_copy_goes_on_when_the_database_is_back(
    site: processes.Processes, running: server.Server, away: str, back: str
) -> None:
    api = site.api()
    worker = site.protection(**SLOW)
    client = site.client(api)
    plan = site.protected(client, 32)
    copy = client.copies.create(ONE, plan["id"])
    log_id = standalone.wait(lambda: under_way(client, copy))
    getattr(running, away)()
    refused(api, "GET", f"copies/{copy['id']}")
    body = {"copy": {"plan_id": plan["id"]}}
    refused(api, "POST", f"providers/{ONE}/checkpoints/action", body)
    # The worker has given up what another one might have by now.
    given_up = rf"Operation {log_id} (was taken over|is left)"
    standalone.wait(lambda: re.search(given_up, worker.log))
    getattr(running, back)()
    member = site.ended(client, copy)
    assert member["status"] == "finished"
    assert member["bytes_skipped"] > 0
    assert member["attempts"] <= 3
    logs = list(client.operation_logs.list())
    assert {log["status"] for log in logs} == {"available", "success"}
    assert "Traceback" not in api.log + worker.log


def under_way(client: v1_client.Client, copy: Mapping[str, Any]) -> str:
    """Return the id of the one checkpoint copy once data was copied."""
    member = processes.member_of(client, copy)
    return str(member["id"]) if member["bytes_copied"] else ""


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_sighup_while_the_database_is_away(
    site: processes.Processes, running: server.Server, away: str
) -> None:
    """Each request waited for the ones before it to connect ten times."""
    api = site.api()
    getattr(running, away)()
    api.process.send_signal(signal.SIGHUP)
    standalone.wait(lambda: "files read again" in api.log)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(refused, api, "GET", "copies") for _ in range(8)]
    for each in asked:
        each.result()
    api.process.send_signal(signal.SIGHUP)
    assert api.stop() == 0
