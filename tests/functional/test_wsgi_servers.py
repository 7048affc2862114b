# SPDX-License-Identifier: Apache-2.0
"""The sample configurations of uWSGI and gunicorn serve the API."""

import pathlib
import signal
from collections.abc import Iterator

import pytest

from karbor_copy.client.v1 import errors
from tests.fixtures import processes
from tests.fixtures import standalone
from tests.fixtures import wsgi


@pytest.fixture(params=wsgi.COMMANDS)
def program(request: pytest.FixtureRequest) -> str:
    return wsgi.program(str(request.param))


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[processes.Processes]:
    with processes.site(tmp_path) as running:
        yield running


def serve(site: processes.Processes, program: str) -> processes.Running:
    return wsgi.serve(
        site, program, lambda started: counts(site.client(started)) == 2
    )


def counts(client) -> int:
    """Return how many providers there are; -1 if nobody answers."""
    try:
        return len(list(client.providers.list()))
    except errors.ClientError:
        return -1


def test_many_processes_answer(site, program):
    running = serve(site, program)
    site.protection()
    client = site.client(running)
    member = site.copied(client, site.protected(client))
    assert member["status"] == "finished"
    volume = site.volume(b"data")
    made = [
        client.plans.create(
            f"plan {number}",
            standalone.REGION_ONE,
            [{"type": standalone.VOLUME, "id": volume, "name": "disk"}],
        )["id"]
        for number in range(20)
    ]
    found = {plan["id"] for plan in client.plans.list()}
    assert found >= set(made)
    assert running.stop() == 0


def test_sighup_reads_the_files_again(site, program):
    running = serve(site, program)
    client = site.client(running)
    (site.path / "providers.d" / "region-two.conf").unlink()
    running.process.send_signal(signal.SIGHUP)
    standalone.wait(lambda: one_is_left(client))


def one_is_left(client) -> bool:
    """Tell whether every process knows one provider only."""
    return {counts(client) for _ in range(20)} == {1}


def test_a_reload_with_bad_files_ends_it_so_that_it_is_started_anew(
    site, program
):
    """What production.rst says, for which the units look at the files."""
    running = serve(site, program)
    with site.config.open("a") as file:
        file.write("[api]\nmax_limit = many\n")
    running.process.send_signal(signal.SIGHUP)
    assert running.process.wait(standalone.TIMEOUT) != 0
