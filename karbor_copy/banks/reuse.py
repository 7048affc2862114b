# SPDX-License-Identifier: Apache-2.0
"""Objects that a target bank has already, by the digest of their bytes.

The checkpoints of one plan have most of their bytes in common. What the
target holds of an earlier one is copied there, inside the back-end, and what
several copies need at the same time is sent by one of them only.
"""

import contextlib
import threading
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping

#: Bytes of an object below which sending it is as cheap as having it copied.
MIN_SIZE = 64 * 1024
#: Objects that are remembered of one plan; the oldest ones are forgotten.
MAX_COUNT = 250_000

#: Stands where a digest does: for all that there is.
_ALL = ""


class Shelf:
    """Where in one bank the objects of one plan's checkpoints lie.

    Shared by the threads of all copies of that plan to that bank. A place
    may be wrong by now: whoever uses it looks, and tells if it is.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._places: dict[str, str] = {}
        self._going: set[str] = set()
        self._filled = False

    def fill(
        self,
        load: Callable[[], Mapping[str, str]],
        check: Callable[[], None],
    ) -> None:
        """Add what there is, SHA-256 to key, unless it was done before.

        Others wait meanwhile, with ``check`` as in :meth:`turn`. Whatever
        ``load`` raises is raised, nothing is added, and the next one loads.
        """
        with self.turn(_ALL, check):
            if not self._filled:
                for sha256, key in load().items():
                    self.add(sha256, key)
                self._filled = True

    def find(self, sha256: str) -> str | None:
        """Return the bank's key of an object of that digest."""
        with self._changed:
            return self._places.get(sha256)

    def add(self, sha256: str, key: str) -> None:
        """Remember that an object lies there."""
        with self._changed:
            self._places.setdefault(sha256, key)
            if len(self._places) > MAX_COUNT:
                del self._places[next(iter(self._places))]

    def remove(self, sha256: str, key: str) -> None:
        """Forget a place that turned out wrong."""
        with self._changed:
            if self._places.get(sha256) == key:
                del self._places[sha256]

    @contextlib.contextmanager
    def turn(self, sha256: str, check: Callable[[], None]) -> Iterator[None]:
        """Wait until nobody else is sending an object of that digest.

        ``check`` is called while it waits, once a second at least; what it
        raises ends the waiting.
        """
        with self._changed:
            while sha256 in self._going:
                self._changed.wait(1.0)
                check()
            self._going.add(sha256)
        try:
            yield
        finally:
            with self._changed:
                self._going.discard(sha256)
                self._changed.notify_all()


class Shelves:
    """The shelf of each plan and bank, for as long as a copy uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shelves: weakref.WeakValueDictionary[tuple[str, str], Shelf] = (
            weakref.WeakValueDictionary()
        )

    def shelf(self, provider_id: str, plan_id: str) -> Shelf:
        """Return the one for copies of that plan to that provider's bank."""
        with self._lock:
            found = self._shelves.get((provider_id, plan_id))
            if found is None:
                found = Shelf()
                self._shelves[provider_id, plan_id] = found
            return found
