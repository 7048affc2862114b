# SPDX-License-Identifier: Apache-2.0
"""Hears hints from a thread of its own.

oslo.messaging waits for a broker that is away, without end, when a server
starts and then when it stops. Hints can be done without: nobody else waits.
"""

import threading

import oslo_messaging
from oslo_log import log as logging

LOG = logging.getLogger(__name__)

#: Seconds that the server gets to end; what is left ends with the process.
_PATIENCE = 2.0


class Listener:
    """A server of oslo.messaging that is started and stopped in time."""

    def __init__(self, server: oslo_messaging.MessageHandlingServer) -> None:
        self._server = server

    def start(self) -> None:
        """Begin to listen as soon as there is a broker; returns at once."""
        self._run("start")

    def stop(self) -> None:
        """Listen no more."""
        stopping = self._run("stop")
        if stopping is not None:
            stopping.join(_PATIENCE)

    def _run(self, what: str) -> threading.Thread | None:
        """Begin to do it in a thread of its own; None where there is none."""
        thread = threading.Thread(
            target=self._call, args=(what,), name=f"hints-{what}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            LOG.warning("No %s: %s", thread.name, error)
            return None
        return thread

    def _call(self, what: str) -> None:
        try:
            getattr(self._server, what)()
        except Exception as error:  # noqa: BLE001  work is found without it
            LOG.warning("No hints are heard: %s", type(error).__name__)
