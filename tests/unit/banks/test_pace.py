# SPDX-License-Identifier: Apache-2.0
"""A clock of the test's own: whoever sleeps moves it."""

import collections
import concurrent.futures
import heapq
from collections.abc import Callable
from collections.abc import Iterator
from unittest import mock

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.banks import pace
from karbor_copy.banks import section
from karbor_copy.banks import transfer

SECONDS = 200


def nothing() -> None:
    """Let the waiting go on."""


class World:
    """Threads that send all the time, one after the other as they are due."""

    def __init__(self, rate: Callable[[float], int | None]) -> None:
        self.now = 0.0
        self.bucket = pace.Bucket(
            lambda: rate(self.now), clock=lambda: self.now
        )
        #: Time, thread, bytes.
        self.sent: list[tuple[float, int, int]] = []

    def run(self, threads: int, size: int, until: float) -> None:
        waiting = [(0.0, index, self.sender(size)) for index in range(threads)]
        while waiting[0][0] < until:
            due, index, sender = heapq.heappop(waiting)
            self.now = due
            delay, count = next(sender)
            if count:
                self.sent.append((self.now, index, count))
            heapq.heappush(waiting, (self.now + delay, index, sender))

    def sender(self, size: int) -> Iterator[tuple[float, int]]:
        """Yield how long it sleeps, or how much it sends, as pace() does."""
        while True:
            piece = self.bucket.piece(size)
            place = self.bucket.ask(piece)
            while (delay := self.bucket.delay(place)) > 0:
                yield min(delay, 0.5), 0
            yield 1e-6, piece


def most_in_a_minute(sent: list[tuple[float, int, int]]) -> int:
    window: collections.deque[tuple[float, int]] = collections.deque()
    most = total = 0
    for now, _, count in sent:
        window.append((now, count))
        total += count
        while window[0][0] <= now - 60:
            total -= window.popleft()[1]
        most = max(most, total)
    return most


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(
    rate=strategies.integers(1, 2000),
    threads=strategies.integers(1, 8),
    size=strategies.integers(1, base.BLOCK_SIZE),
)
def test_the_rate_is_kept_and_reached(
    rate: int, threads: int, size: int
) -> None:
    world = World(lambda _now: rate)
    world.run(threads, size, SECONDS)
    assert most_in_a_minute(world.sent) <= rate * 60 * 1.05
    after = [count for now, _, count in world.sent if now >= 100]
    assert sum(after) >= rate * (SECONDS - 100) * 0.95


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(
    rate=strategies.integers(100, 10**9), threads=strategies.integers(2, 8)
)
def test_threads_get_about_the_same(rate: int, threads: int) -> None:
    world = World(lambda _now: rate)
    world.run(threads, base.BLOCK_SIZE, 60)
    share: collections.Counter[int] = collections.Counter()
    for _, index, count in world.sent:
        share[index] += count
    assert len(share) == threads
    assert min(share.values()) >= 0.9 * max(share.values())


def test_what_was_not_used_is_no_more_than_a_second() -> None:
    world = World(lambda _now: 1000)
    world.now = 3600.0
    assert world.bucket.delay(world.bucket.ask(1000)) == 0
    assert world.bucket.delay(world.bucket.ask(500)) == pytest.approx(0.5)


def test_who_waits_sees_that_the_rate_has_changed() -> None:
    rates = [1]
    world = World(lambda _now: rates[0])
    place = world.bucket.ask(1_000_000)
    assert world.bucket.delay(place) == pytest.approx(1_000_000)
    rates[0] = 1_000_000
    world.now = 0.5
    assert world.bucket.delay(place) == pytest.approx(0.5)


def test_no_limit_any_more() -> None:
    rates: list[int | None] = [1]
    world = World(lambda _now: rates[0])
    place = world.bucket.ask(1000)
    rates[0] = None
    assert world.bucket.delay(place) == 0
    assert world.bucket.piece(1000) == 1000
    rates[0] = 10
    assert world.bucket.delay(world.bucket.ask(10)) == pytest.approx(1.0)


def test_all_buckets_have_their_say() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def bucket(rate: int | None) -> pace.Bucket:
        return pace.Bucket(lambda: rate, clock=lambda: now[0])

    paced = pace.pace(bucket(None), bucket(100), bucket(1000), sleep=sleep)
    data = memoryview(bytes(range(250)) * 4)
    assert b"".join(paced(data, nothing)) == data
    assert now[0] == pytest.approx(10.0, rel=0.01)


def test_a_cancel_is_heard_at_a_byte_a_second() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        assert seconds <= 0.5
        now[0] += seconds

    def check() -> None:
        if now[0] > 5:
            raise exceptions.OperationCancelled

    slow = pace.Bucket(lambda: 1, clock=lambda: now[0])
    paced = pace.pace(slow, sleep=sleep)(memoryview(b"x" * 99), check)
    assert [len(next(paced)) for _ in range(5)] == [1] * 5
    with pytest.raises(exceptions.OperationCancelled):
        next(paced)
    assert now[0] < 6


def test_what_is_sent_goes_at_a_pace_and_what_is_read_does_not() -> None:
    passed: list[int] = []

    def paced(
        view: memoryview, _check: Callable[[], None], /
    ) -> Iterator[memoryview]:
        for start in range(0, len(view), 1000):
            passed.append(len(view[start : start + 1000]))
            yield view[start : start + 1000]

    banks = memory.MemoryBank(), memory.MemoryBank()
    sections = []
    for bank in banks:
        bank.set_up()
        prefix = "checkpoints/c/resource-data/r/"
        sections.append(section.BankSection(bank, prefix, writable=True))
    data = bytes(range(256)) * 2000
    sections[0].put("data_1", [data], size=len(data))
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        transfer.Transfer(
            executor=executor,
            check=nothing,
            progress=mock.Mock(),
            verify="read_back",
            pace=paced,
        ).copy_section(*sections, "OS::Cinder::Volume#r")
    assert sum(passed) == len(data)
    assert section.read_all(banks[1], f"{prefix}data_1") == data
