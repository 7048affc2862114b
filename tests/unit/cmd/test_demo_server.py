# SPDX-License-Identifier: Apache-2.0
"""Tests of running a service as a child, with little programs for one."""

import os
import pathlib
import sys

import pytest

from karbor_copy.cmd import demo_server

SERVES = (
    "import signal, sys; sys.stderr.write('up\\n');"
    "print('serves at http://127.0.0.1:1 now', flush=True); signal.pause()"
)


def child(program: str) -> list[str]:
    return [sys.executable, "-S", "-c", program]


def test_a_service_serves_until_it_is_no_longer_needed(
    tmp_path: pathlib.Path,
) -> None:
    log = tmp_path / "log"
    program = SERVES.replace("up", "pid ' + str(__import__('os').getpid()) +'")
    with demo_server.serving(child(program), log) as url:
        assert url == "http://127.0.0.1:1"
        pid = int(log.read_text().split()[1])
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_service_that_does_not_end_is_killed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_server, "STOP_TIMEOUT", 0.1)
    program = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('http://127.0.0.1:1', flush=True)\n"
        "while True: signal.pause()"
    )
    with demo_server.serving(child(program), tmp_path / "log") as url:
        assert url == "http://127.0.0.1:1"


def test_a_service_that_ends_at_once(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log"
    program = "import sys; sys.exit('port is taken')"
    with (
        pytest.raises(demo_server.ServerFailed, match="told no URL"),
        demo_server.serving(child(program), log),
    ):
        pytest.fail("it serves")
    assert demo_server.tail(log) == "port is taken"


def test_a_service_that_is_too_slow(tmp_path: pathlib.Path) -> None:
    with (
        pytest.raises(demo_server.ServerFailed, match=r"not up after 0\.1 s"),
        demo_server.serving(
            child("import signal; signal.pause()"),
            tmp_path / "log",
            timeout=0.1,
        ),
    ):
        pytest.fail("it serves")


def test_tail(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log"
    assert demo_server.tail(log) == ""
    log.write_text("".join(f"{n}\n" for n in range(100)))
    assert demo_server.tail(log).split() == [str(n) for n in range(85, 100)]


def test_command() -> None:
    words = demo_server.command(pathlib.Path("/x"))
    assert words[1:] == [
        *("-m", "karbor_copy.cmd.standalone"),
        *("--state-path", "/x", "--port", "0"),
    ]
