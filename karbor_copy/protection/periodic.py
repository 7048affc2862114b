# SPDX-License-Identifier: Apache-2.0
"""Work that comes again in intervals, each in a thread of its own."""

import threading
from collections.abc import Callable

from oslo_log import log as logging

from karbor_copy import exceptions

LOG = logging.getLogger(__name__)


class Periodic:
    """Calls a function at once and then in intervals, in its own thread."""

    def __init__(
        self, name: str, interval: float, function: Callable[[], object]
    ) -> None:
        """Take the interval in seconds."""
        self._interval = interval
        self._function = function
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=name, daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Let the call under way be the last; tell if it ended in time."""
        self._stopping.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._function()
            except exceptions.KarborCopyError as error:
                LOG.warning("%s failed: %s", self._thread.name, error)
            except Exception:
                LOG.exception("%s failed", self._thread.name)
            self._stopping.wait(self._interval)
