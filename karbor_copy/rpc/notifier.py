# SPDX-License-Identifier: Apache-2.0
"""Sends notifications without ever making anybody wait.

``[oslo_messaging_notifications] driver`` turns them on. They are made and
sent by a thread of their own, through a bounded queue: with a broker that is
away they are dropped, and what they tell of can be asked for.
"""

import atexit
import contextlib
import queue
import threading
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy.rpc import transport

LOG = logging.getLogger(__name__)

Payload = Mapping[str, Any]
_Event = tuple[str, Callable[[], Payload]]

_QUEUE_SIZE = 1024
#: Seconds that the last ones get.
_PATIENCE = 2.0

_notifier: "Notifier | None" = None


def configure(conf: cfg.ConfigOpts) -> None:
    """Send from now on as the configuration says."""
    global _notifier
    made = oslo_messaging.Notifier(
        transport.get_notification_transport(conf),
        publisher_id=f"karbor_copy.{conf.host}",
        retry=0,
    )
    # NOTE: is_enabled() of oslo.messaging holds no driver at all for one.
    drivers = set(conf.oslo_messaging_notifications.driver) - {"noop"}
    old, _notifier = _notifier, Notifier(made) if drivers else None
    if old is not None:
        old.close()


def send(event_type: str, make: Callable[[], Payload]) -> None:
    """Send a notification whose payload is made later; returns at once."""
    notifier = _notifier  # it may be another one a moment later
    if notifier is not None:
        notifier.send(event_type, make)


@atexit.register
def flush() -> None:
    """Wait until what is queued has been sent, but not for long."""
    if _notifier is not None:
        _notifier.flush()


class Notifier:
    """oslo.messaging's, behind a queue and a thread."""

    def __init__(self, notifier: oslo_messaging.Notifier) -> None:
        self._notifier = notifier
        self._queue: queue.Queue[_Event | None] = queue.Queue(_QUEUE_SIZE)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, event_type: str, make: Callable[[], Payload]) -> None:
        """Queue a notification; dropped where there is no room or thread."""
        try:
            self._begin()
            self._queue.put_nowait((event_type, make))
        except queue.Full:
            LOG.warning("Notification %s dropped", event_type)
        except RuntimeError as error:
            LOG.warning("Notification %s dropped: %s", event_type, error)

    def _begin(self) -> None:
        """Have a thread; begun when needed: the process may have forked.

        :raises RuntimeError: there can be none; the next one tries again.
        """
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(
                    target=self._run, name="notify", daemon=True
                )
                thread.start()
                self._thread = thread

    def flush(self) -> None:
        """Let the thread end when it has sent what is queued, or soon."""
        with self._lock:
            ending, self._thread = self._thread, None
        if ending is not None:
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)
            ending.join(_PATIENCE)

    def close(self) -> None:
        """Flush, and let go of the connections to the broker.

        By a thread of its own, too: a broker that is away may not answer.
        """
        self.flush()
        with contextlib.suppress(RuntimeError):
            threading.Thread(
                target=self._notifier.transport.cleanup,
                name="notify-close",
                daemon=True,
            ).start()

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            event_type, make = event
            try:
                self._notifier.info({}, event_type, make())
            except Exception as error:  # noqa: BLE001  the database's, any
                LOG.warning(
                    "Notification %s not sent: %s",
                    event_type,
                    type(error).__name__,
                )
