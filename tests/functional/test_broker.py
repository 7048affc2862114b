# SPDX-License-Identifier: Apache-2.0
"""Hints over a real broker: they wake, they are lost, they come again."""

import gc
import queue
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import pytest
from oslo_config import fixture as config_fixture

from karbor_copy import context
from karbor_copy.conf import CONF
from karbor_copy.rpc import protection_client
from karbor_copy.rpc import transport as rpc_transport
from tools.servers import rabbitmq

# amqp closes no socket of a connection that it gives up.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket")

TIMEOUT = 60
CONTEXT = context.RequestContext(project_id="demo", request_id="req-1")
#: More than the client keeps and has under way.
MANY = 100


class Service:
    """What hears the hints."""

    def __init__(self) -> None:
        self.heard: queue.Queue[str] = queue.Queue()

    def wake(
        self, ctxt: Mapping[str, Any], operation_type: str, row_id: str
    ) -> None:
        assert ctxt["request_id"] == CONTEXT.request_id
        assert operation_type == "copy"
        self.heard.put(row_id)


@pytest.fixture
def url(broker: rabbitmq.RabbitMQ) -> Iterator[str]:
    """Give the URL of the broker, whose silence is noticed after 2 s."""
    with config_fixture.Config(CONF):
        CONF([], project="karbor_copy", default_config_files=[])
        yield f"{broker.url}?heartbeat_timeout_threshold=2"


@pytest.fixture
def service(broker: rabbitmq.RabbitMQ, url: str) -> Iterator[Service]:
    transport = rpc_transport.get_transport(CONF, url)
    service = Service()
    server = rpc_transport.get_server(transport, "host", [service])
    server.start()
    yield service
    broker.thaw()
    broker.start()
    server.stop()
    server.wait()
    transport.cleanup()
    gc.collect()  # here, where no warning of a socket counts


@pytest.fixture
def client(
    service: Service, url: str
) -> Iterator[protection_client.ProtectionClient]:
    """Give a client that has reached the service once."""
    transport = rpc_transport.get_transport(CONF, url)
    client = protection_client.ProtectionClient(
        rpc_transport.get_client(transport)
    )
    client.wake(CONTEXT, "copy", "first")
    assert service.heard.get(timeout=TIMEOUT) == "first"
    yield client
    client.close()
    transport.cleanup()


def wait(found: Callable[[], bool]) -> None:
    """Wait until the function returns true.

    :raises AssertionError: it never did.
    """
    deadline = time.monotonic() + TIMEOUT
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def hear_again(
    client: protection_client.ProtectionClient, service: Service
) -> set[str]:
    """Send hints until one arrives; return all that arrived meanwhile."""
    heard = set()

    def arrived() -> bool:
        client.wake(CONTEXT, "copy", "again")
        while not service.heard.empty():
            heard.add(service.heard.get())
        return "again" in heard

    wait(arrived)
    return heard


def test_a_hint_is_lost_with_the_broker_and_the_next_one_is_not(
    broker: rabbitmq.RabbitMQ,
    service: Service,
    client: protection_client.ProtectionClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker.kill()
    client.wake(CONTEXT, "copy", "lost")
    wait(lambda: "Protection services not woken" in caplog.text)

    broker.start()

    assert hear_again(client, service) == {"again"}


def test_nobody_waits_for_a_broker_that_is_frozen(
    broker: rabbitmq.RabbitMQ,
    service: Service,
    client: protection_client.ProtectionClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "karbor_copy.rpc.protection_client")
    broker.freeze()
    for number in range(MANY):
        client.wake(CONTEXT, "copy", str(number))
    # The first is still under way.
    assert f"Hint for copy {MANY - 1} dropped" in caplog.text
    wait(lambda: "Protection services not woken" in caplog.text)

    broker.thaw()

    assert str(MANY - 1) not in hear_again(client, service)
