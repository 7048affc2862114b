# SPDX-License-Identifier: Apache-2.0
"""Lets bytes go on no faster than they may."""

import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Final
from typing import Protocol

#: Bytes a second at this moment; None is any number.
Rate = Callable[[], int | None]

#: Seconds of the rate that what was not used adds up to.
BURST: Final = 1.0
#: Pieces of a second's bytes that are let through one by one.
_PIECES: Final = 16
#: Seconds after which whoever waits looks again whether it shall stop.
_CHECK_INTERVAL: Final = 0.5


class Pace(Protocol):
    """What a stream asks before it goes on."""

    def __call__(
        self, view: memoryview, check: Callable[[], None], /
    ) -> Iterator[memoryview]:
        """Yield the bytes in pieces, each when it may be sent.

        ``check`` is called while it waits and raises what shall end it.
        """


class Bucket:
    """A token bucket that serves in the order of asking.

    Who asks gets a place in the row of all bytes; what may be sent grows
    with time, up to a second's worth beyond what was asked for.
    """

    def __init__(
        self, rate: Rate, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take a clock in seconds."""
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = 0.0
        self._allowed = 0.0
        self._grown_at = clock()

    @property
    def unlimited(self) -> bool:
        """Tell whether any number of bytes may go on just now."""
        return self._rate() is None

    def piece(self, size: int) -> int:
        """Return how many of so many bytes to ask for at a time."""
        rate = self._rate()
        return size if rate is None else min(size, max(1, rate // _PIECES))

    def ask(self, size: int) -> float:
        """Return a place in the row for so many bytes."""
        with self._lock:
            self._grow()
            self._asked += size
            return self._asked

    def delay(self, place: float) -> float:
        """Return the seconds until that place is due; 0 if it is."""
        with self._lock:
            rate = self._grow()
            if rate is None or self._allowed >= place:
                return 0.0
            return (place - self._allowed) / rate

    def _grow(self) -> int | None:
        now, rate = self._clock(), self._rate()
        if rate is None:
            self._allowed = self._asked
        else:
            self._allowed = min(
                self._allowed + rate * (now - self._grown_at),
                self._asked + rate * BURST,
            )
        self._grown_at = now
        return rate


def pace(
    *buckets: Bucket, sleep: Callable[[float], None] = time.sleep
) -> Pace:
    """Return the pace that all of the buckets allow."""

    def paced(
        view: memoryview, check: Callable[[], None], /
    ) -> Iterator[memoryview]:
        for bucket in buckets:
            if not bucket.unlimited:
                break
        else:
            yield view
            return
        while view:
            size = min(bucket.piece(len(view)) for bucket in buckets)
            for bucket in buckets:
                place = bucket.ask(size)
                while (delay := bucket.delay(place)) > 0:
                    check()
                    sleep(min(delay, _CHECK_INTERVAL))
            yield view[:size]
            view = view[size:]

    return paced


class Paced:
    """An object's bytes at a pace, anew each time they are iterated.

    While ``unsent`` is true they are read for no more than to be looked at,
    so that no pace holds for them.
    """

    def __init__(
        self,
        chunks: Iterable[bytes | memoryview],
        pace: Pace,
        check: Callable[[], None],
    ) -> None:
        self._chunks = chunks
        self._pace = pace
        self._check = check
        self.unsent = False

    def __iter__(self) -> Iterator[memoryview]:
        """Yield views of the chunks, each when it may be sent."""
        for chunk in self._chunks:
            pace = unlimited if self.unsent else self._pace
            yield from pace(memoryview(chunk), self._check)


def unlimited(
    view: memoryview, _check: Callable[[], None], /
) -> Iterator[memoryview]:
    """Let all bytes through at once."""
    yield view
