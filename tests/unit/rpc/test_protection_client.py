# SPDX-License-Identifier: Apache-2.0
"""Hints wait for each other, and nobody waits for them."""

import queue
import threading
from collections.abc import Iterator
from typing import Any
from typing import Self

import pytest

from karbor_copy import context
from karbor_copy.rpc import protection_client

CONTEXT = context.RequestContext(project_id="demo", request_id="req-1")


class Broker:
    """Takes a cast when it is told to, the first one at once."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(1)
        self.begun: queue.Queue[str] = queue.Queue()

    def prepare(self, retry: int) -> Self:
        assert retry == 0
        return self

    def cast(
        self, ctxt: Any, method: str, operation_type: str, row_id: str
    ) -> None:
        assert (ctxt, method) == ({"request_id": "req-1"}, "wake")
        assert operation_type == "copy"
        self.begun.put(row_id)
        assert self.free.acquire(timeout=60)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.free.release(100)


@pytest.fixture
def client(broker: Broker) -> protection_client.ProtectionClient:
    """Give a client whose second hint, "under way", is being sent."""
    made = protection_client.ProtectionClient(broker)
    for name in ("first", "under way"):
        made.wake(CONTEXT, "copy", name)
        assert broker.begun.get(timeout=60) == name
    return made


def test_one_hint_is_sent_for_all_that_wait(
    broker: Broker, client: protection_client.ProtectionClient
) -> None:
    for number in range(50):
        client.wake(CONTEXT, "copy", f"row {number}")
    broker.free.release(2)
    client.close()
    assert broker.begun.get(timeout=60) == "row 0"
    assert broker.begun.empty()


def test_a_hint_waits_for_none_that_is_being_sent(
    broker: Broker, client: protection_client.ProtectionClient
) -> None:
    client.wake(CONTEXT, "copy", "next")
    broker.free.release()
    assert broker.begun.get(timeout=60) == "next"
    client.wake(CONTEXT, "copy", "last")
    broker.free.release()
    assert broker.begun.get(timeout=60) == "last"


def test_an_end_waits_for_a_frozen_broker_but_not_for_long(
    broker: Broker,
    client: protection_client.ProtectionClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protection_client, "_PATIENCE", 0.01)
    client.wake(CONTEXT, "copy", "waits")
    client.close()
    assert broker.begun.empty()


def test_hints_that_come_in_a_row_are_sent_at_a_pace(
    broker: Broker,
) -> None:
    pauses: queue.Queue[float] = queue.Queue()
    go_on = threading.Semaphore(0)

    def sleep(seconds: float) -> None:
        pauses.put(seconds)
        assert go_on.acquire(timeout=60)

    client = protection_client.ProtectionClient(broker, sleep)
    broker.free.release(100)
    client.wake(CONTEXT, "copy", "at once")
    assert pauses.get(timeout=60) > 0
    for number in range(50):
        client.wake(CONTEXT, "copy", f"row {number}")
    go_on.release(2)
    assert pauses.get(timeout=60) > 0
    client.close()
    sent = [broker.begun.get(timeout=60) for _ in range(2)]
    assert sent == ["at once", "row 0"]
    assert broker.begun.empty()
