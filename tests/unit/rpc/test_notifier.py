# SPDX-License-Identifier: Apache-2.0
"""Notifications wait for nobody, and nobody waits for them."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import oslo_messaging
import pytest
from oslo_messaging.notify import _impl_test

from karbor_copy.conf import CONF
from karbor_copy.rpc import notifier
from karbor_copy.rpc import transport

GROUP = "oslo_messaging_notifications"


class Broker:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.got: queue.Queue[tuple[str, Any]] = queue.Queue()

    def info(self, _context: Any, event_type: str, payload: Any) -> None:
        self.back.wait(60)
        self.got.put((event_type, payload))


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.back.set()


@pytest.fixture
def conf() -> Iterator[None]:
    CONF([], project="karbor_copy", default_config_files=[])
    transport.get_notification_transport(CONF)
    _impl_test.reset()
    yield
    CONF.clear_override("driver", group=GROUP)
    notifier.configure(CONF)


@pytest.mark.parametrize("drivers", [[], ["noop"]])
def test_none_is_made_unless_it_is_asked_for(
    conf: None, drivers: list[str]
) -> None:
    made = []

    def make() -> dict[str, str]:
        made.append("1")
        return {"id": "1"}

    CONF.set_override("driver", drivers, group=GROUP)
    notifier.configure(CONF)
    notifier.send("karbor.test.start", make)
    notifier.flush()
    assert _impl_test.NOTIFICATIONS == []
    assert made == []


def test_what_is_queued_is_sent_in_its_order(conf: None) -> None:
    CONF.set_override("driver", ["test"], group=GROUP)
    notifier.configure(CONF)
    for number in range(3):
        notifier.send("karbor.test.start", lambda n=number: {"id": n})
        if number == 1:
            notifier.flush()
    notifier.flush()
    messages = [sent[1] for sent in _impl_test.NOTIFICATIONS]
    assert [message["payload"]["id"] for message in messages] == [0, 1, 2]
    assert messages[0]["event_type"] == "karbor.test.start"
    assert messages[0]["publisher_id"] == f"karbor_copy.{CONF.host}"
    assert {sent[2:] for sent in _impl_test.NOTIFICATIONS} == {("INFO", 0)}


def test_one_that_can_not_be_made_harms_no_other(conf: None) -> None:
    def make() -> dict[str, str]:
        raise RuntimeError("the database is away")

    CONF.set_override("driver", ["test"], group=GROUP)
    notifier.configure(CONF)
    notifier.send("karbor.test.start", make)
    notifier.send("karbor.test.end", lambda: {})
    notifier.flush()
    (sent,) = _impl_test.NOTIFICATIONS
    assert sent[1]["event_type"] == "karbor.test.end"


def test_a_new_one_lets_go_of_the_connections_of_the_old(
    conf: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection, its heartbeat's thread too, stayed of each SIGHUP."""
    make = transport.get_notification_transport
    made: list[oslo_messaging.Transport] = []
    freed: queue.Queue[oslo_messaging.Transport] = queue.Queue()

    def get(conf: Any) -> oslo_messaging.Transport:
        bus = make(conf)
        bus.cleanup = lambda: freed.put(bus)
        made.append(bus)
        return bus

    monkeypatch.setattr(transport, "get_notification_transport", get)
    CONF.set_override("driver", ["test"], group=GROUP)
    for _ in range(2):
        notifier.configure(CONF)
    assert freed.get(timeout=30) is made[0]
    assert freed.empty()


def test_one_that_can_not_be_made_takes_no_place(
    conf: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All stays as it was, notifications too."""
    CONF.set_override("driver", ["test"], group=GROUP)
    notifier.configure(CONF)

    def refuse(_conf: Any) -> oslo_messaging.Transport:
        raise ValueError("no such transport")

    with monkeypatch.context() as patch:
        patch.setattr(transport, "get_notification_transport", refuse)
        with pytest.raises(ValueError, match="no such"):
            notifier.configure(CONF)
    notifier.send("karbor.test.start", dict)
    notifier.flush()
    assert len(_impl_test.NOTIFICATIONS) == 1


def test_a_frozen_broker_delays_nobody(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "_QUEUE_SIZE", 2)
    monkeypatch.setattr(notifier, "_PATIENCE", 0.01)
    sender = notifier.Notifier(broker)
    taken = threading.Event()

    def make() -> dict[str, int]:
        taken.set()
        return {"id": 0}

    sender.send("first", make)
    assert taken.wait(30)
    for number in range(5):
        sender.send("later", lambda n=number: {"id": n})
    sender.flush()
    broker.back.set()
    found = [broker.got.get(timeout=30) for _ in range(3)]
    assert found == [
        ("first", {"id": 0}),
        ("later", {"id": 0}),
        ("later", {"id": 1}),
    ]
    assert broker.got.empty()


def test_without_a_thread_one_is_dropped_and_the_next_tries_again(
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    start = threading.Thread.start
    refusals = ["can't start new thread"]

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "notify" and refusals:
            raise RuntimeError(refusals.pop())
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    broker.back.set()
    sender = notifier.Notifier(broker)
    sender.send("first", lambda: {})
    sender.flush()
    assert "Notification first dropped: can't start" in caplog.text
    sender.send("second", lambda: {})
    assert broker.got.get(timeout=30) == ("second", {})
    sender.flush()
    assert broker.got.empty()
