# SPDX-License-Identifier: Apache-2.0
"""The guards of the test suite itself hold."""

import os
import random
import socket

import pytest
from oslo_service import backend

BLOCKED = "tests stay on loopback"


def test_native_threads_are_chosen() -> None:
    assert backend.get_backend_type() is backend.BackendType.THREADING


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "0.0.0.0"])  # noqa: S104 - to be refused
def test_sockets_stay_on_loopback(host: str) -> None:
    with socket.socket() as tcp:
        with pytest.raises(RuntimeError, match=BLOCKED):
            tcp.connect((host, 9))
        with pytest.raises(RuntimeError, match=BLOCKED):
            tcp.connect_ex((host, 9))
    with (
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        pytest.raises(RuntimeError, match=BLOCKED),
    ):
        udp.sendto(b"x", (host, 9))


def test_loopback_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_seed_is_set(seed: int) -> None:
    assert random.random() == random.Random(seed).random()
    assert os.environ["KARBOR_COPY_TEST_SEED"] == str(seed)
