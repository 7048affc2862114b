# SPDX-License-Identifier: Apache-2.0
"""Hints can be done without, and so can the thread that hears them."""

import queue
import threading
from typing import cast

import oslo_messaging
import pytest

from karbor_copy.rpc import listener


class Server:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: queue.Queue[str] = queue.Queue()

    def start(self) -> None:
        self.told.put("start")

    def stop(self) -> None:
        self.told.put("stop")


def listening(server: Server) -> listener.Listener:
    return listener.Listener(
        cast(oslo_messaging.MessageHandlingServer, server)
    )


def test_it_starts_and_stops_its_server() -> None:
    server = Server()
    made = listening(server)
    made.start()
    assert server.told.get(timeout=30) == "start"
    made.stop()
    assert server.told.get(timeout=30) == "stop"


def test_nothing_fails_where_there_is_no_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    server = Server()
    made = listening(server)
    made.start()
    made.stop()
    assert server.told.empty()
    for name in ("hints-start", "hints-stop"):
        assert f"No {name}: can't start new thread" in caplog.text
