# SPDX-License-Identifier: Apache-2.0
"""How long a bank that is unavailable is tried again, with which pauses."""

import logging
import random
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import TypeVar

from karbor_copy import exceptions

LOG = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
#: Seconds between two checks for a reason to stop, while pausing.
CHECK_INTERVAL = 1.0
#: So often an object is tried that the medium does not give: the system has
#: tried it for long each time.
READS = 3

_T = TypeVar("_T")


class Health:
    """What all calls of one bank know of it."""

    def __init__(self, timeout: float, check: Callable[[], None]) -> None:
        self.timeout = timeout
        self.check = check
        self.progress = time.monotonic()

    def succeeded(self) -> None:
        """Remember that the bank does something."""
        self.progress = time.monotonic()

    def call(self, function: Callable[[], _T]) -> _T:
        """Return what the function returns, in the end.

        :raises BankUnavailable: for too long.
        """
        failures = Failures(self)
        while True:
            try:
                result = function()
            except exceptions.BankUnavailable as error:
                failures.pause(error)
            else:
                self.succeeded()
                return result

    def call_with(self, chunks: object, function: Callable[[], _T]) -> _T:
        """As :meth:`call`, once only if the chunks can't be had again."""
        if not isinstance(chunks, Iterator):
            return self.call(function)
        result = function()
        self.succeeded()
        return result


class Failures:
    """Those of one call, and the pauses between them."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._since: float | None = None
        self._longest = FIRST_PAUSE
        self._unreadable = 0

    def pause(self, error: exceptions.BankUnavailable) -> None:
        """Wait, or raise the error: away for too long, or lost."""
        now = time.monotonic()
        if error.progress:
            self._health.succeeded()
        if self._since is None:
            self._since = now
        quiet = now - max(self._since, self._health.progress)
        self._unreadable += isinstance(error, exceptions.ObjectUnreadable)
        if quiet >= self._health.timeout or self._unreadable == READS:
            raise error
        # Full jitter: those who wait must not all come back together. What
        # the back-end asks for comes first, within the patience there is.
        until = now + random.uniform(0, self._longest)  # noqa: S311
        until += min(error.retry_after, self._health.timeout)
        self._longest = min(self._longest * 2, LONGEST_PAUSE)
        LOG.info("Bank unavailable, trying again: %s", error)
        self._health.check()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, CHECK_INTERVAL))
            self._health.check()


class Flushes:
    """Those of one bank's batches; puts in between are no progress."""

    def __init__(self, timeout: float, check: Callable[[], None]) -> None:
        self._health = Health(timeout, check)
        self._failures = Failures(self._health)

    def call(self, flush: Callable[[], None]) -> None:
        """Flush once.

        :raises BatchLost: it failed and is worth putting again, after a
            pause.
        :raises BankUnavailable: it failed for too long.
        """
        try:
            flush()
        except exceptions.BankUnavailable as error:
            self._failures.pause(error)
            raise exceptions.BatchLost(str(error)) from error
        self._failures = Failures(self._health)
