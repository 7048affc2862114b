# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.protection.metrics_server."""

import contextlib
import http.client
import socket
from collections.abc import Iterator

import pytest
from oslo_config import fixture as config_fixture

from karbor_copy.conf import CONF
from karbor_copy.protection import metrics_server
from karbor_copy.providers import registry


@pytest.fixture
def conf() -> Iterator[config_fixture.Config]:
    fixture = config_fixture.Config(CONF)
    fixture.setUp()
    CONF([], project="karbor_copy", default_config_files=[])
    yield fixture
    fixture.cleanUp()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
    return found


@contextlib.contextmanager
def serving(number: int = 0) -> Iterator[None]:
    server = metrics_server.MetricsServer(CONF, registry.Registry({}), number)
    server.start()
    try:
        yield
    finally:
        assert server.stop()


def read(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


def test_each_worker_has_a_port(
    conf: config_fixture.Config, port: int
) -> None:
    conf.config(group="protection", metrics_port=port - 1)
    with serving(number=1):
        assert "karbor_copy_lease_losses_total" in read(port)
    with pytest.raises(ConnectionError):
        read(port)


def test_none_is_shown_unless_asked_for(conf: config_fixture.Config) -> None:
    with serving(number=3):
        pass


def test_a_port_that_is_taken_stops_no_work(
    conf: config_fixture.Config, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        conf.config(group="protection", metrics_port=taken)
        with serving():
            pass
    assert f"No metrics on port {taken}" in caplog.text
