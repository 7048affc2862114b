# SPDX-License-Identifier: Apache-2.0
"""The servers that tests run bear what the tests do to them."""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.fixtures import servers
from tools.servers import kinds
from tools.servers import server

TIMEOUT = 60
#: Runs a server, and never ends by itself.
OWNER = """\
import signal, sys
from tools.servers import kinds
from tools.servers import server
with server.running(kinds.ALL[sys.argv[1]]) as running:
    print(running.directory, flush=True)
    signal.pause()
"""


#: Those that need no other.
KINDS = [name for name, kind in kinds.ALL.items() if not kind.needs]


@pytest.fixture(scope="module", params=KINDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def running(name: str) -> Iterator[server.Server]:
    with servers.own(kinds.ALL[name]) as started:
        yield started


def inhabitants(directory: pathlib.Path) -> list[str]:
    """Return the ids of the processes that work in a directory."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (path / "cwd").readlink().is_relative_to(directory):
                found.append(path.name)
    return found


def clean_up(directory: pathlib.Path) -> None:
    """Remove what a server that was killed left of itself."""
    lock = directory / "data/postmaster.pid"
    if lock.exists():
        _key, memory = lock.read_text().splitlines()[6].split()
        subprocess.run(["ipcrm", "--shmem-id", memory], check=True)
    shutil.rmtree(directory)


def test_it_is_frozen_and_goes_on(running: server.Server) -> None:
    running.freeze()
    assert not running.answers()
    running.thaw()
    running.wait_until_ready()


def test_it_is_killed_and_comes_back(running: server.Server) -> None:
    running.kill()
    assert not running.answers()
    running.start()
    running.restart()


@pytest.mark.parametrize("name", ["mariadb", "postgresql"], indirect=True)
def test_a_kill_loses_nothing_that_was_committed(
    running: server.Server,
) -> None:
    url = sa.make_url(running.url)
    url = url.set(database=url.database or "mysql")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    kept = sa.table("kept", sa.column("n"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (n INTEGER)")
    for number in range(100):
        with engine.begin() as connection:
            connection.execute(sa.insert(kept).values(n=number))
    running.kill()
    running.start()
    with engine.connect() as connection:
        found = connection.execute(sa.select(kept)).scalars().all()
    assert sorted(found) == list(range(100))


def test_it_dies_with_its_owner(name: str) -> None:
    servers.need(kinds.ALL[name])
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, name], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        directory = pathlib.Path(owner.stdout.readline().strip())
        assert inhabitants(directory)
        owner.kill()
    deadline = time.monotonic() + TIMEOUT
    while found := inhabitants(directory):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    clean_up(directory)
