# SPDX-License-Identifier: Apache-2.0
"""The sample configurations of uWSGI and gunicorn serve the API."""

import os
import pathlib
import re
import shutil
import signal
import sys
from collections.abc import Iterator

import pytest

from karbor_copy.client.v1 import errors
from tests.fixtures import processes
from tests.fixtures import servers
from tests.fixtures import standalone
from tools.servers import server

SAMPLES = pathlib.Path(__file__).parents[2] / "etc" / "karbor_copy"
COMMANDS = {
    "gunicorn": ("-c", "karbor-copy-api-gunicorn.conf.py"),
    "uwsgi": ("--ini", "karbor-copy-api-uwsgi.ini"),
}

#: What each process says when it is there.
READY = {"gunicorn": "Booting worker", "uwsgi": "WSGI app 0"}


@pytest.fixture(params=COMMANDS)
def program(request: pytest.FixtureRequest) -> str:
    """Return the path of a WSGI server that runs in this environment."""
    name = str(request.param)
    path = pathlib.Path(sys.executable).parent / name
    if not path.exists():
        reason = f"{name} is not installed: pip install {name}"
        if servers.required():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return str(path)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[processes.Processes]:
    with processes.site(tmp_path) as running:
        yield running


def serve(site: processes.Processes, program: str) -> processes.Running:
    """Serve as the sample says, on a free port; wait until it does."""
    option, sample = COMMANDS[pathlib.Path(program).name]
    # As an operator does: a copy of the sample, with another address.
    config = shutil.copy(SAMPLES / sample, site.path)
    address = f"{server.HOST}:{server.free_port()}"
    text = pathlib.Path(config).read_text().replace("127.0.0.1:8799", address)
    # Fewer processes start sooner.
    text, changed = re.subn(
        r"^(workers|processes) = 4$", r"\1 = 2", text, flags=re.M
    )
    assert changed == 1
    pathlib.Path(config).write_text(text)
    started = site.start(
        [program, option, str(config)],
        {**os.environ, "KARBOR_COPY_CONFIG_FILES": str(site.config)},
        url=f"http://{address}",
    )
    client = site.client(started)
    standalone.wait(lambda: answers(client, started))
    # uWSGI forgets a SIGHUP for a process that is still starting.
    name = pathlib.Path(program).name
    standalone.wait(lambda: started.log.count(READY[name]) == 2)
    return started


def answers(client, started: processes.Running) -> bool:
    assert started.process.poll() is None, started.log
    try:
        return len(list(client.providers.list())) == 2
    except errors.ClientError:
        return False


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
    try:
        counts = {len(list(client.providers.list())) for _ in range(20)}
    except errors.ClientError:
        return False
    return counts == {1}
