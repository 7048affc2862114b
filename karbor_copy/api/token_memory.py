# SPDX-License-Identifier: Apache-2.0
"""Remembers for a while what Keystone has said of a token."""

import json
import threading
import time
from collections.abc import Callable
from typing import Final

#: Each takes some kilobytes, most of them the catalogue.
_LIMIT: Final = 1000


class TokenMemory:
    """A process's own, with what Keystone's middleware wants of memcached.

    The keys are digests, and the tokens themselves are not remembered.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        #: The first is the oldest.
        self._values: dict[str, tuple[float, bytes]] = {}

    def get(self, key: str) -> bytes | None:
        """Return a value that has not expired."""
        expires, value = self._values.get(key, (0.0, None))
        return value if expires > self._clock() else None

    def set(self, key: str, value: bytes, time: float) -> None:
        """Remember a value for so many seconds, if there are any."""
        said = json.loads(value)
        said["token"].pop("auth_token", None)
        now = self._clock()
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = now + time, json.dumps(said).encode()
            while self._values and (
                len(self._values) > _LIMIT or self._first_expiry() <= now
            ):
                del self._values[next(iter(self._values))]

    def _first_expiry(self) -> float:
        expires, _ = next(iter(self._values.values()))
        return expires
