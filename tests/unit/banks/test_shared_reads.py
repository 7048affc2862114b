# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import contextlib
import random
import threading
from collections.abc import Callable
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import section
from karbor_copy.banks import shared_reads
from karbor_copy.banks import streams
from karbor_copy.banks import transfer
from tests.contract import banks
from tests.fakes import operations
from tests.fakes import sections

SIZE = 100_000


class World:
    """A section, and readers of all of it that have all begun."""

    def __init__(self, readers: int, objects: int, size: int = SIZE) -> None:
        self.bank = sections.Spy()
        self.data = {
            f"data_{number:04}": random.randbytes(size)
            for number in range(objects)
        }
        for key, value in self.data.items():
            banks.put(self.bank, sections.SOURCE + key, value)
        self.section = section.BankSection(
            self.bank, sections.SOURCE, writable=False
        )
        self.reads = shared_reads.SharedReads()
        self._stack = contextlib.ExitStack()
        self.readers = [
            self._stack.enter_context(self.reads.reader(self.data))
            for _ in range(readers)
        ]

    def take(
        self,
        reader: shared_reads.Reader,
        key: str,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        size = len(self.data[key])
        chunks = reader.chunks(self.section, key, size, check)
        for _ in range(2):  # as for another try
            assert b"".join(map(bytes, chunks)) == self.data[key]
        reader.done(key)

    def take_all(self, reader: shared_reads.Reader) -> None:
        for key in self.data:
            self.take(reader, key)

    @property
    def kept(self) -> int:
        return len(self.reads._kept)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def world() -> Iterator[World]:
    found = World(readers=3, objects=30)
    yield found
    found.close()


def opened(world: World) -> int:
    return len(world.bank.opens)


def test_who_is_alone_keeps_nothing() -> None:
    world = World(readers=1, objects=3)
    world.take_all(world.readers[0])
    assert world.kept == 0


def test_several_read_once(world: World) -> None:
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(world.take_all, world.readers))
    assert sorted(world.bank.opens) == [
        sections.SOURCE + key for key in world.data
    ]
    assert world.kept == 0


def test_who_leaves_is_not_waited_for(world: World) -> None:
    first, second, _ = world.readers
    key = next(iter(world.data))
    world.take(first, key)
    world.take(second, key)
    assert world.kept == 1
    world.close()
    assert world.kept == 0


def test_large_objects_are_read_by_each(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "MAX_SIZE", SIZE - 1)
    key = next(iter(world.data))
    for reader in world.readers:
        world.take(reader, key)
    assert set(world.bank.opens) == {sections.SOURCE + key}
    assert opened(world) == 6


def test_who_falls_behind_reads_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "MAX_KEPT", 5 * SIZE)
    monkeypatch.setattr(shared_reads, "PATIENCE", 0.0)
    fast, slow, _ = world.readers
    world.take_all(fast)
    assert opened(world) >= len(world.data)
    assert world.kept == 0
    world.take_all(slow)
    assert world.kept == 0


def test_who_is_slow_all_the_time_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes an object whenever the fast one has waited for room."""
    monkeypatch.setattr(shared_reads, "MAX_KEPT", 5 * SIZE)
    monkeypatch.setattr(shared_reads, "PATIENCE", 0.05)
    world = World(readers=2, objects=30)
    fast, slow = world.readers
    left = list(world.data)

    def check() -> None:
        """Be the slow one, unless the fast one is reading."""
        kept = world.reads._kept.values()
        if kept and all(each.data is not None for each in kept):
            world.take(slow, left.pop(0))

    for key in world.data:
        world.take(fast, key, check)
    assert len(left) > 15
    assert world.kept == 0
    for key in left:
        world.take(slow, key)
    world.close()


def test_who_keeps_all_the_room_itself_reads_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others wait for is not what takes up the room: nobody gives up."""
    monkeypatch.setattr(shared_reads, "MAX_KEPT", 2 * SIZE)
    monkeypatch.setattr(shared_reads, "PATIENCE", 0.0)
    fast, slow, _ = world.readers
    one, two, three, *_ = world.data
    for key in (one, two):
        world.take(fast, key)
    assert world.kept == 2
    # Its other threads are still busy with the first two.
    world.take(slow, three)
    for key in (one, two):
        world.take(slow, key)
    assert opened(world) == 4


def test_no_more_is_read_than_there_should_be(world: World) -> None:
    key = next(iter(world.data))
    data = random.randbytes(3 * base.BLOCK_SIZE)
    banks.put(world.bank, sections.SOURCE + key, data)
    chunks = world.readers[0].chunks(world.section, key, SIZE, lambda: None)
    read = b"".join(map(bytes, chunks))
    assert SIZE < len(read) < len(data)
    assert data.startswith(read)


def test_no_more_is_kept_than_there_is_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "MAX_KEPT", 5 * SIZE)
    most = 0

    def on_open(key: str) -> None:
        nonlocal most
        most = max(most, world.kept)

    world.bank.on_open = on_open
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(world.take_all, world.readers))
    assert most <= 5
    assert opened(world) == len(world.data)


def test_when_one_can_not_read_another_does(world: World) -> None:
    key = next(iter(world.data))
    failed: list[str] = []

    def on_open(name: str) -> None:
        if not failed:
            failed.append(name)
            raise exceptions.BankRejected(reason="once")

    world.bank.on_open = on_open
    first, second, third = world.readers
    with pytest.raises(streams.SourceError):
        world.take(first, key)
    world.take(second, key)
    world.take(third, key)
    assert opened(world) == 2


def test_waiting_for_another_ends_when_it_shall(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "MAX_KEPT", 0)
    key = next(iter(world.data))

    def stop() -> None:
        raise exceptions.OperationCancelled

    with pytest.raises(exceptions.OperationCancelled):
        world.readers[0].chunks(world.section, key, SIZE, stop)


def test_sources_last_while_they_are_used() -> None:
    sources = shared_reads.Sources()
    mine = sources.of("bank", "a/")
    assert sources.of("bank", "a/") is mine
    assert sources.of("other", "a/") is not mine


def test_two_targets_one_read() -> None:
    world = World(readers=0, objects=50, size=1000)
    sources = shared_reads.Sources()
    reads = sources.of(world.bank.location, sections.SOURCE)
    together = threading.Event()

    def poll() -> None:
        if len(reads._readers) == 2:
            together.set()

    def on_open(_key: str) -> None:
        """Let the first one wait until the other has begun too."""
        poll()
        assert together.wait(60)

    def copy(target: sections.Spy) -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            transfer.Transfer(
                executor=executor,
                check=poll,
                progress=operations.Progress(),
                verify="read_back",
                sources=sources,
            ).copy_section(
                world.section,
                section.BankSection(target, sections.TARGET, writable=True),
                sections.RESOURCE,
            )

    world.bank.on_open = on_open
    targets = [sections.Spy(), sections.Spy()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(copy, targets))
    # What the first one had begun to read was its own.
    assert opened(world) <= len(world.data) + 1
    for target in targets:
        for key, value in world.data.items():
            assert banks.get(target, sections.TARGET + key) == value
