# SPDX-License-Identifier: Apache-2.0
import pathlib
from collections.abc import Iterator

import pytest

from tests.fakes import stub_server
from tests.fixtures import standalone
from tools.servers import server


@pytest.fixture
def stub() -> Iterator[stub_server.StubServer]:
    with server.running(stub_server.StubServer) as running:
        yield running


def pids(stub: server.Server) -> list[int]:
    pid = stub.process.pid
    return [pid, *server._children(pid)]


def states(stub: server.Server) -> list[str]:
    """Return the states of its processes, as the kernel names them."""
    return [
        pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2]
        for pid in pids(stub)
    ]


def alive(pid: int) -> bool:
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return text.split()[2] != "Z"


def test_it_serves_for_the_length_of_the_block() -> None:
    with server.running(stub_server.StubServer) as stub:
        assert stub.answers()
        assert (stub.directory / "prepared").exists()
        seen = pids(stub)
        assert len(seen) == 2
    assert not stub.answers()
    assert not stub.directory.exists()
    assert not alive(seen[0])


def test_a_frozen_one_is_there_but_does_not_answer(
    stub: stub_server.StubServer,
) -> None:
    stub.freeze()
    # Its children stop a moment later.
    standalone.wait(lambda: states(stub) == ["T", "T"])
    assert stub.running
    assert not stub.answers()
    stub.thaw()
    stub.wait_until_ready()
    assert "T" not in states(stub)


def test_a_killed_one_is_gone_and_comes_back_where_it_was(
    stub: stub_server.StubServer,
) -> None:
    url, killed = stub.url, pids(stub)
    stub.kill()
    assert not stub.running
    assert not any(alive(pid) for pid in killed)
    stub.start()
    assert stub.answers()
    assert stub.url == url


def test_a_restarted_one_is_another_process(
    stub: stub_server.StubServer,
) -> None:
    before = stub.process.pid
    stub.restart()
    assert stub.process.pid != before
    assert stub.answers()


def test_one_that_runs_is_not_started_twice(
    stub: stub_server.StubServer,
) -> None:
    before = stub.process.pid
    stub.start()
    assert stub.process.pid == before


def test_a_frozen_one_can_be_stopped(stub: stub_server.StubServer) -> None:
    stub.freeze()
    stub.stop()
    assert not stub.running


def test_one_that_does_not_end_is_killed(
    stub: stub_server.StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.1)
    monkeypatch.setattr(stub, "_end", 0)
    stub.stop()
    assert not stub.running


def test_nothing_can_be_done_to_a_dead_one(
    stub: stub_server.StubServer,
) -> None:
    stub.kill()
    for method in (stub.kill, stub.freeze, stub.thaw, stub.stop):
        method()
    assert not stub.running


def test_one_that_was_not_started_has_no_process(
    tmp_path: pathlib.Path,
) -> None:
    stub = stub_server.StubServer(tmp_path)
    assert not stub.running
    with pytest.raises(server.ServerError, match="Stub was not started"):
        _ = stub.process


def test_why_it_does_not_start_is_told() -> None:
    with (
        pytest.raises(server.ServerError, match="does not serve: disk full"),
        server.running(stub_server.BrokenServer),
    ):
        pass


def test_one_is_installed_where_all_its_programs_are() -> None:
    assert server.is_installed(stub_server.StubServer)
    assert not server.is_installed(stub_server.AbsentServer)


def test_a_port_is_free_and_none_that_clients_get() -> None:
    lowest = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    assert server.free_port() < int(lowest.read_text().split()[0])
