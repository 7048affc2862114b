# SPDX-License-Identifier: Apache-2.0
"""One read for many targets: what several copies want is kept for them.

Copies of one checkpoint to several targets, made by one process at the same
time, go through its objects in the same order. What one of them reads is
kept until the others have had it, within a bound. Who falls behind too far
reads by itself: a slow target must not hold up a fast one for long.
"""

import contextlib
import threading
import time
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass

from karbor_copy.banks import base
from karbor_copy.banks import section as bank_section
from karbor_copy.banks import streams

#: Bytes of the largest object that is kept, and of all of one section.
MAX_SIZE = 16 * 1024 * 1024
MAX_KEPT = 64 * 1024 * 1024
#: Seconds in which nobody takes anything, or that one has waited in all while
#: it had less to do, after which nobody is waited for.
PATIENCE = 5.0


@dataclass(slots=True)
class _Kept:
    """An object's bytes; None while they are being read."""

    size: int
    data: bytearray | None = None


class SharedReads:
    """The objects of one source section, for all copies that read it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers: set[Reader] = set()
        self._kept: dict[str, _Kept] = {}
        self._taken = 0.0

    @contextlib.contextmanager
    def reader(self, keys: Iterable[str]) -> Iterator["Reader"]:
        """Take part for as long as the block lasts.

        ``keys`` are those of all that may be wanted.
        """
        made = Reader(self, keys)
        with self._changed:
            self._readers.add(made)
        try:
            yield made
        finally:
            with self._changed:
                self._readers.discard(made)
                for key in list(self._kept):
                    self._drop_unwanted(key)

    def done(self, reader: "Reader", key: str) -> None:
        """Note that a reader wants an object no more."""
        with self._changed:
            reader.wanted.discard(key)
            if (since := reader.begun.pop(key, None)) is not None:
                reader.worked += time.monotonic() - since
            self._drop_unwanted(key)

    def find(
        self,
        reader: "Reader",
        key: str,
        stream: streams.Chunks,
        size: int,
        check: Callable[[], None],
    ) -> bytearray | None:
        """Return all bytes of an object, which the stream may have to give.

        None if no other reader wants it, or for too long there was no room,
        so that it is not kept. It may be less than an object that is larger
        than ``size``, but is larger too then.
        """
        kept = self._find_or_begin(reader, key, size, check)
        reader.begun[key] = time.monotonic()
        if kept is None:
            return None
        if kept.data is None:
            self._read(key, kept, stream)
        return kept.data

    def _find_or_begin(
        self, reader: "Reader", key: str, size: int, check: Callable[[], None]
    ) -> _Kept | None:
        begin = time.monotonic()
        with self._changed:
            while True:
                kept = self._kept.get(key)
                if kept is None:
                    if not self._is_wanted(key, but_by=reader):
                        return None
                    if self._has_room(size):
                        self._kept[key] = kept = _Kept(size)
                        return kept
                    if self._is_late(reader, begin):
                        self._give_up(but=reader)
                        if not self._has_room(size):
                            # It is what this one keeps, or is being read.
                            return None
                        continue
                elif kept.data is not None:
                    self._taken = time.monotonic()
                    return kept
                before = time.monotonic()
                self._changed.wait(min(1.0, PATIENCE))
                if kept is None:
                    reader.waited += time.monotonic() - before
                check()

    def _is_late(self, reader: "Reader", begin: float) -> bool:
        """Tell whether one that waits for room shall wait no longer.

        Nobody takes anything, or it waits for others more than it works.
        """
        quiet = time.monotonic() - max(begin, self._taken)
        return quiet > PATIENCE or reader.waited > max(PATIENCE, reader.worked)

    def _read(self, key: str, kept: _Kept, stream: streams.Chunks) -> None:
        data = bytearray()
        try:
            for chunk in stream:
                data += chunk
                if len(data) > kept.size:
                    break  # whoever puts it sees that it is wrong
            kept.data = data
        finally:
            with self._changed:
                if kept.data is None:
                    del self._kept[key]
                self._changed.notify_all()

    def _is_wanted(self, key: str, but_by: "Reader | None" = None) -> bool:
        return any(
            key in other.wanted
            for other in self._readers
            if other is not but_by
        )

    def _has_room(self, size: int) -> bool:
        return (
            sum(kept.size for kept in self._kept.values()) + size <= MAX_KEPT
        )

    def _give_up(self, but: "Reader") -> None:
        """Wait no longer for those that have not taken what is kept."""
        for other in self._readers - {but}:
            if other.wanted & self._kept.keys():
                other.wanted.clear()
        for key in list(self._kept):
            self._drop_unwanted(key)

    def _drop_unwanted(self, key: str) -> None:
        kept = self._kept.get(key)
        if kept is None or kept.data is None or self._is_wanted(key):
            return
        del self._kept[key]
        self._changed.notify_all()


class Reader:
    """One copy among those that read a section."""

    def __init__(self, reads: SharedReads, keys: Iterable[str]) -> None:
        self._reads = reads
        #: Keys for which this one is waited for.
        self.wanted = set(keys)
        #: Seconds of all its threads: waiting for room, and at work; since
        #: when on the objects that are under way.
        self.waited = 0.0
        self.worked = 0.0
        self.begun: dict[str, float] = {}

    def chunks(
        self,
        section: bank_section.BankSection,
        key: str,
        size: int,
        check: Callable[[], None],
    ) -> Iterable[bytes | memoryview]:
        """Return an object's bytes, read for this copy or for another.

        ``size`` is the object's in bytes. They can be iterated any number of
        times.

        :raises SourceError: the object can't be read.
        """
        stream = streams.Chunks(section, key, check)
        if size > MAX_SIZE:
            return stream
        data = self._reads.find(self, key, stream, size, check)
        return stream if data is None else _pieces(data)

    def done(self, key: str) -> None:
        """Note that the copy has an object, however it got it."""
        self._reads.done(self, key)


class Sources:
    """The shared reads of each section, for as long as a copy uses them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: weakref.WeakValueDictionary[
            tuple[str, str], SharedReads
        ] = weakref.WeakValueDictionary()

    def of(self, bank_name: str, prefix: str) -> SharedReads:
        """Return those for a section of the bank of that name."""
        with self._lock:
            found = self._sources.get((bank_name, prefix))
            if found is None:
                found = self._sources[bank_name, prefix] = SharedReads()
            return found


def _pieces(data: bytearray) -> list[memoryview]:
    view = memoryview(data)
    return [
        view[at : at + base.BLOCK_SIZE]
        for at in range(0, len(data), base.BLOCK_SIZE)
    ]
