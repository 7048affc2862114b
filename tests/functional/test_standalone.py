# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-standalone as a process: how it starts, refuses and ends."""

import configparser
import os
import pathlib
import signal
import socket
import time

import pytest

from karbor_copy.client.v1 import waits
from tests.fixtures import standalone

#: Far less than what running work is given to hand itself back.
QUICK = 15


def contents(directory: pathlib.Path) -> dict[str, bytes]:
    """Return the files that an operator may change."""
    files = [directory / "karbor_copy.conf", *directory.glob("providers.d/*")]
    return {str(path): path.read_bytes() for path in files}


def test_an_empty_directory_is_enough(tmp_path: pathlib.Path) -> None:
    state = tmp_path / "a" / "state"
    state.parent.mkdir()
    with standalone.serving(state) as service:
        found = service.client().providers.list()
        assert {item["name"]: item["id"] for item in found} == {
            "region-one": standalone.REGION_ONE,
            "region-two": standalone.REGION_TWO,
        }
        assert service.stop() == 0
        assert service.process.output.read_text().count("\n") == 1
    assert f"State is in {state}" in service.log
    assert sorted(path.name for path in state.iterdir()) == [
        *("banks", "karbor_copy.conf", "karbor_copy.sqlite"),
        *("providers.d", "volumes"),
    ]


def test_a_request_has_an_end(tmp_path: pathlib.Path) -> None:
    with standalone.serving(tmp_path / "state") as service:
        for words, status in (
            ("GET / HTTP/1.1\r\nHost: localhost\r\nX-Pad: ", 413),
            ("GET /?", 414),
        ):
            with socket.create_connection(address(service.url)) as client:
                client.settimeout(QUICK)
                client.sendall(words.encode() + b"x" * 70_000)
                answer = client.recv(100).decode()
            assert answer.startswith(f"HTTP/1.1 {status} ")
        assert service.client().providers.list()


def address(url: str) -> tuple[str, int]:
    host, _, port = url.rpartition("/")[2].rpartition(":")
    return host, int(port)


def test_what_an_operator_changed_stays(tmp_path: pathlib.Path) -> None:
    state = tmp_path / "state"
    with standalone.serving(state) as service:
        volume_id = service.volume(b"x" * 10_000)
        client = service.client()
        plan = client.plans.create(
            "nightly",
            standalone.REGION_ONE,
            [{"type": standalone.VOLUME, "id": volume_id, "name": "disk"}],
        )
        assert service.stop() == 0
    path = state / "providers.d" / "region-two.conf"
    text = path.read_text().replace("region = region-two", "region = moon")
    path.write_text(text)
    config = state / "karbor_copy.conf"
    config.write_text(config.read_text() + "[api]\nmax_limit = 1\n")
    changed = contents(state)
    with standalone.serving(state) as service:
        client = service.client()
        assert client.plans.get(plan["id"])["name"] == "nightly"
        two = client.providers.get(standalone.REGION_TWO)
        assert two["region"] == "moon"
    assert contents(state) == changed


def test_work_goes_on_after_a_restart(tmp_path: pathlib.Path) -> None:
    """What is queued when the service stops is done by the next one."""
    state = tmp_path / "state"
    with standalone.serving(state) as service:
        volume_id = service.volume(os.urandom(100_000))
        client = service.client()
        plan = client.plans.create(
            "nightly",
            standalone.REGION_ONE,
            [{"type": standalone.VOLUME, "id": volume_id, "name": "disk"}],
        )
        made = [
            client.checkpoints.create(standalone.REGION_ONE, plan["id"])["id"]
            for _ in range(10)
        ]
        assert service.stop() == 0
    with standalone.serving(state) as service:
        for checkpoint_id in made:
            waits.for_checkpoint(
                service.client(), standalone.REGION_ONE, checkpoint_id
            )


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
)
def test_a_signal_ends_it_well(
    tmp_path: pathlib.Path, number: signal.Signals
) -> None:
    with standalone.serving(tmp_path / "state") as service:
        began = time.monotonic()
        assert service.stop(number) == 0
        assert time.monotonic() - began < QUICK
    assert "Traceback" not in service.log


def test_strangers_are_not_served_without_keystone(
    tmp_path: pathlib.Path,
) -> None:
    host = "192.0.2.1"
    code, out, err = standalone.run(
        tmp_path / "state", "--host", host, "--port", "0"
    )
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "karbor-copy-standalone: auth_strategy noauth serves on loopback"
        f" addresses only, not on {host}"
    ]


def test_the_port_is_taken(tmp_path: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = standalone.run(
            tmp_path / "state", "--port", str(port)
        )
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    assert f"('127.0.0.1', {port})" in err.splitlines()[-1]
    assert "Address already in use" in err.splitlines()[-1]


def test_the_state_path_is_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "state"
    path.touch()
    code, out, err = standalone.run(path)
    assert (code, out) == (1, "")
    assert err.startswith("karbor-copy-standalone: ")
    assert f"'{path}" in err
    assert len(err.splitlines()) == 1


def test_the_state_path_can_not_be_written() -> None:
    code, out, err = standalone.run(pathlib.Path("/proc/karbor-copy"))
    assert (code, out) == (1, "")
    assert err.startswith("karbor-copy-standalone: ")
    assert "/proc/karbor-copy" in err
    assert len(err.splitlines()) == 1


def test_the_configuration_is_broken(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "karbor_copy.conf"
    path.write_text("what is this\n")
    code, out, err = standalone.run(tmp_path)
    assert (code, out) == (1, "")
    assert str(path) in err
    assert "Traceback" not in err


def test_the_database_is_broken(tmp_path: pathlib.Path) -> None:
    (tmp_path / "karbor_copy.sqlite").write_bytes(b"no database" * 1000)
    code, out, err = standalone.run(tmp_path)
    assert (code, out) == (1, "")
    assert "\nkarbor-copy-standalone: (sqlite3.DatabaseError) file" in err


def test_a_broken_provider_file_disables_that_provider_only(
    tmp_path: pathlib.Path,
) -> None:
    state = tmp_path / "state"
    with standalone.serving(state):
        pass
    path = state / "providers.d" / "region-two.conf"
    parser = configparser.ConfigParser()
    parser.read(path)
    parser["provider"]["bank"] = "no-such-bank"
    with path.open("w") as stream:
        parser.write(stream)
    with standalone.serving(state) as service:
        found = service.client().providers.list()
        assert [item["name"] for item in found] == ["region-one"]
    assert "no-such-bank" in service.log
    assert str(path) in service.log


def test_options_go_to_the_configuration(tmp_path: pathlib.Path) -> None:
    code, out, _ = standalone.run(tmp_path, "--", "--version")
    assert code == 0
    assert out.strip()
