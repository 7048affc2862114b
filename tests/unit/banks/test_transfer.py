# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import contextlib
import dataclasses
import random
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import digests
from karbor_copy.banks import directory
from karbor_copy.banks import memory
from karbor_copy.banks import recorder
from karbor_copy.banks import section
from karbor_copy.banks import transfer
from karbor_copy.data_models import manifest
from tests.contract import banks

SOURCE = "checkpoints/s/resource-data/r/"
TARGET = "checkpoints/t/resource-data/r/"
RESOURCE = "OS::Cinder::Volume#r"


class Spy(memory.MemoryBank):
    """Counts what is asked of it, and does harm when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.set_up()
        self.puts: list[str] = []
        self.opens: list[str] = []
        self.flushes = 0
        self.lost_flushes = 0
        self.flush_error: exceptions.BankError = exceptions.BatchLost(
            reason="a flush"
        )
        self.on_put: Callable[[str, bytes], bytes | None] = lambda key, data: (
            data
        )
        self.on_open: Callable[[str], None] = lambda key: None
        self.most = 0
        self._open = 0
        self._count = threading.Lock()

    def put(self, key: str, chunks: Any, **options: Any) -> base.ObjectInfo:
        data = b"".join(map(bytes, chunks))
        info = super().put(key, [data], **options)
        self.puts.append(key)
        kept = self.on_put(key, data)
        if kept is None:
            self.delete(key)
        elif kept != data:
            super().put(key, [kept], size=len(kept))
        return info

    @contextlib.contextmanager
    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> Iterator[base.Reader]:
        with self._count:
            self._open += 1
            self.most = max(self.most, self._open)
        self.opens.append(key)
        try:
            self.on_open(key)
            with super().open(key, offset, length) as reader:
                yield reader
        finally:
            with self._count:
                self._open -= 1

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        with super().batch() as writer:
            yield writer
        if self.lost_flushes:
            self.lost_flushes -= 1
            raise self.flush_error
        self.flushes += 1


class Progress:
    """Counts, by kind: (objects, bytes)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = self.copied = self.skipped = (0, 0)

    def _add(self, kind: str, objects: int, size: int) -> None:
        with self._lock:
            before = getattr(self, kind)
            setattr(self, kind, (before[0] + objects, before[1] + size))

    def add_total(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("total", objects, size)

    def add_copied(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("copied", objects, size)

    def add_skipped(self, resource_key: str, objects: int, size: int) -> None:
        assert resource_key == RESOURCE
        self._add("skipped", objects, size)


class World:
    """A source, a target, and a transfer between them."""

    def __init__(self, executor: concurrent.futures.Executor) -> None:
        self.source = Spy()
        self.target = Spy()
        self.progress = Progress()
        self.recorder = recorder.Recorder()
        self.check: Callable[[], None] = lambda: None
        self._executor = executor

    def fill(self, *sizes: int) -> dict[str, bytes]:
        data = {
            f"data_{number:04}": random.randbytes(size)
            for number, size in enumerate(sizes)
        }
        with self.source.batch() as writer:
            for key, value in data.items():
                banks.put(writer, SOURCE + key, value)
        return data

    def entries(
        self, data: dict[str, bytes], **changes: Any
    ) -> dict[str, manifest.Entry]:
        return {
            key: dataclasses.replace(
                manifest.Entry(
                    key=f"resource-data/r/{key}",
                    size=len(value),
                    sha256=banks.sha256(value),
                ),
                **changes,
            )
            for key, value in data.items()
        }

    def make_transfer(self, verify: transfer.Verify) -> transfer.Transfer:
        return transfer.Transfer(
            executor=self._executor,
            check=lambda: self.check(),
            progress=self.progress,
            verify=verify,
        )

    def copy(
        self,
        entries: dict[str, manifest.Entry] | None = None,
        verify: transfer.Verify = "read_back",
    ) -> None:
        self.make_transfer(verify).copy_section(
            section.BankSection(
                self.source, SOURCE, writable=False, entries=entries
            ),
            section.BankSection(
                self.target, TARGET, writable=True, recorder=self.recorder
            ),
            RESOURCE,
        )

    def verify(self, entries: dict[str, manifest.Entry] | None) -> None:
        self.make_transfer("read_back").verify_section(
            section.BankSection(
                self.source, SOURCE, writable=False, entries=entries
            ),
            RESOURCE,
        )

    def assert_copied(self, data: dict[str, bytes]) -> None:
        found = {
            info.key.removeprefix(TARGET): banks.get(self.target, info.key)
            for info in self.target.list(TARGET)
        }
        assert found == data
        recorded = self.recorder.entries()
        assert {
            key: (entry.size, entry.sha256) for key, entry in recorded.items()
        } == {
            f"resource-data/r/{key}": (len(value), banks.sha256(value))
            for key, value in data.items()
        }

    def reset(self) -> None:
        self.progress = Progress()
        self.recorder = recorder.Recorder()
        for bank in (self.source, self.target):
            bank.puts.clear()
            bank.opens.clear()


@pytest.fixture(scope="module")
def executor() -> Iterator[concurrent.futures.Executor]:
    with concurrent.futures.ThreadPoolExecutor(4) as found:
        yield found


@pytest.fixture
def world(executor: concurrent.futures.Executor) -> World:
    return World(executor)


SIZES = (0, 1, 1000, base.BLOCK_SIZE, base.BLOCK_SIZE + 1, 1_500_000)


@pytest.mark.parametrize("verify", ["read_back", "checksum"])
@pytest.mark.parametrize("known", [True, False])
def test_copies_all(world, verify, known):
    data = world.fill(*SIZES)
    world.copy(world.entries(data) if known else None, verify)
    assert len(world.source.opens) == len(data)
    reads = len(data) if verify == "read_back" else 0
    assert len(world.target.opens) == reads
    world.assert_copied(data)
    assert world.progress.total == (len(data), sum(SIZES))
    assert world.progress.copied == (len(data), sum(SIZES))
    assert world.progress.skipped == (0, 0)


def test_an_empty_section(world):
    world.copy()
    world.assert_copied({})


def test_many_small_objects(world):
    data = world.fill(*range(1000))
    world.copy()
    world.assert_copied(data)
    assert world.target.flushes == 1


def test_large_objects_hash_in_a_thread(world, monkeypatch):
    monkeypatch.setattr(digests, "THREAD_SIZE", 1000)
    data = world.fill(*SIZES)
    world.copy(world.entries(data))
    world.assert_copied(data)


def test_the_mark_and_md5_are_kept(world):
    data = world.fill(3)
    md5 = digests.Hasher(["md5"])
    md5.update(data["data_0000"])
    entries = world.entries(data, md5=md5.digests()["md5"], serialized=True)
    world.copy(entries)
    expected = list(entries.values())
    assert list(world.recorder.entries().values()) == expected
    assert world.target.stat(TARGET + "data_0000").serialized
    world.reset()
    world.copy(entries)
    assert list(world.recorder.entries().values()) == expected


def test_without_manifest_the_mark_is_the_source_banks_or_by_name(
    world, tmp_path
):
    world.source.put(SOURCE + "a", [b"{}"], size=2, serialized=True)
    world.source.put(SOURCE + "metadata", [b"x"], size=1, serialized=False)
    world.copy()
    found = {k: e.serialized for k, e in world.recorder.entries().items()}
    assert found == {
        "resource-data/r/a": True,
        "resource-data/r/metadata": False,
    }
    bank = directory.DirectoryBank(str(tmp_path), "c")
    bank.set_up()
    world.source = bank
    world.target = Spy()
    world.recorder = recorder.Recorder()
    for name in ("data_1", "metadata", "x.json"):
        banks.put(bank, SOURCE + name, b"{}")
    world.copy()
    found = {k: e.serialized for k, e in world.recorder.entries().items()}
    assert found == {
        "resource-data/r/data_1": False,
        "resource-data/r/metadata": True,
        "resource-data/r/x.json": True,
    }


# Resuming.


@pytest.mark.parametrize("known", [True, False])
def test_what_is_there_and_right_is_kept(world, known):
    data = world.fill(*SIZES)
    entries = world.entries(data) if known else None
    world.copy(entries)
    world.reset()
    world.copy(entries)
    world.assert_copied(data)
    assert world.target.puts == []
    assert world.progress.copied == (0, 0)
    assert world.progress.skipped == (len(data), sum(SIZES))
    # With a manifest the source isn't even read.
    assert bool(world.source.opens) is not known


@pytest.mark.parametrize("known", [True, False])
def test_what_is_there_and_wrong_is_replaced(world, known):
    data = world.fill(10, 10, 10, 10)
    banks.put(world.target, TARGET + "data_0000", data["data_0000"])
    banks.put(world.target, TARGET + "data_0001", b"0123456789")
    banks.put(world.target, TARGET + "data_0002", b"short")
    world.reset()
    world.copy(world.entries(data) if known else None)
    world.assert_copied(data)
    assert sorted(world.target.puts) == [
        f"{TARGET}data_000{number}" for number in (1, 2, 3)
    ]
    assert world.progress.skipped == (1, 10)


def test_what_vanishes_from_the_target_is_put_again(world):
    data = world.fill(10)
    banks.put(world.target, TARGET + "data_0000", data["data_0000"])
    world.target.on_open = world.target.delete
    with pytest.raises(exceptions.ObjectNotFound):
        world.copy()
    assert world.target.puts.count(TARGET + "data_0000") == 3


# Sources that are not what they should be.


def test_a_rotten_source_object_is_found(world):
    data = world.fill(1000, 1000, 1000)
    entries = world.entries(data)
    rotten = bytearray(data["data_0001"])
    rotten[500] ^= 1
    banks.put(world.source, SOURCE + "data_0001", bytes(rotten))
    with pytest.raises(
        exceptions.SourceCorrupt,
        match="source object resource-data/r/data_0001 is corrupt: it has",
    ):
        world.copy(entries)
    assert TARGET + "data_0001" not in [
        info.key for info in world.target.list()
    ]
    assert world.target.flushes == 0


@pytest.mark.parametrize("change", [b"short", b"x" * 2000, None])
def test_a_source_object_cut_short_grown_or_lost(world, change):
    entries = world.entries(world.fill(1000))
    if change is None:
        world.source.delete(SOURCE + "data_0000")
    else:
        banks.put(world.source, SOURCE + "data_0000", change)
    with pytest.raises(exceptions.SourceCorrupt, match="data_0000"):
        world.copy(entries)


@pytest.mark.parametrize("change", [b"short", b"x" * 2000, None])
def test_without_manifest_a_change_meanwhile_is_found(world, change):
    def meddle(key: str) -> None:
        if change is None:
            world.source.delete(key)
        else:
            banks.put(world.source, key, change)

    world.fill(1000)
    world.source.on_open = meddle
    with pytest.raises(exceptions.SourceChanged, match="data_0000"):
        world.copy()


def test_a_byte_that_flips_on_the_way_is_sent_again(world):
    data = world.fill(1000)
    entries = world.entries(data)
    key = SOURCE + "data_0000"

    def flip_once(opened: str) -> None:
        if world.source.opens == [key]:
            banks.put(world.source, key, bytes(1000))
        else:
            banks.put(world.source, key, data["data_0000"])

    world.source.on_open = flip_once
    world.copy(entries)
    world.assert_copied(data)
    assert world.progress.copied == (1, 1000)


def test_a_source_that_is_away_is_not_the_targets_fault(world):
    def fail(key: str) -> None:
        raise exceptions.BankUnavailable(reason="source")

    world.fill(10)
    world.source.on_open = fail
    with pytest.raises(exceptions.BankUnavailable, match="source"):
        world.copy()


# Targets that lie.


@pytest.mark.parametrize(
    "lie", [lambda data: b"x" * len(data), lambda data: data[:-1], None]
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_target_that_keeps_something_else(world, lie, times):
    data = world.fill(100, 100)
    left = [times]

    def on_put(key: str, value: bytes) -> bytes | None:
        if key.endswith("data_0001") and left[0]:
            left[0] -= 1
            return None if lie is None else lie(value)
        return value

    world.target.on_put = on_put
    if times == 1:
        world.copy()
        world.assert_copied(data)
        assert world.progress.copied == (2, 200)
        return
    with pytest.raises(exceptions.BankError, match="data_0001") as caught:
        world.copy()
    expected = (
        exceptions.ObjectNotFound if lie is None else exceptions.DigestMismatch
    )
    assert type(caught.value) is expected


def test_checksum_does_not_read_the_target(world):
    world.fill(10)
    world.target.on_put = lambda key, data: bytes(len(data))
    world.copy(verify="checksum")
    assert world.target.opens == []


# Flushes that fail.


@pytest.mark.parametrize("times", [1, 3])
def test_what_a_lost_flush_may_have_lost_is_written_anew(world, times):
    data = world.fill(*SIZES)
    banks.put(world.target, TARGET + "data_0000", data["data_0000"])
    world.reset()
    world.target.lost_flushes = times
    world.copy(world.entries(data))
    opened = list(world.target.opens)
    world.assert_copied(data)
    sent = [f"{TARGET}data_{n:04}" for n in range(1, len(data))]
    assert sorted(world.target.puts) == sorted(sent * (times + 1))
    # Read again were only those, and once.
    assert opened[0] == TARGET + "data_0000"
    assert sorted(opened[1:]) == sent
    assert world.progress.total == (len(data), sum(SIZES))
    assert world.progress.copied == (len(data) - 1, sum(SIZES))
    assert world.progress.skipped == (1, 0)


def test_a_flush_that_fails_for_good_fails_the_copy(world):
    world.fill(10)
    world.target.lost_flushes = 2
    world.target.flush_error = exceptions.BankUnavailable(reason="gone")
    with pytest.raises(exceptions.BankUnavailable, match="gone"):
        world.copy()
    assert world.target.lost_flushes == 1


def test_a_repair_is_flushed_too(world):
    data = world.fill(100)
    calls = []

    def on_put(key: str, value: bytes) -> bytes:
        calls.append(key)
        if len(calls) == 1:
            world.target.lost_flushes = 1
            return bytes(len(value))
        return value

    def on_open(key: str) -> None:
        world.target.lost_flushes = len(calls) == 2

    world.target.on_put = on_put
    world.copy()
    world.assert_copied(data)
    calls.clear()
    world.target.delete(TARGET + "data_0000")
    world.target.on_open = on_open
    world.copy()
    world.assert_copied(data)


# Stopping, failing, bounds.


def test_check_is_asked_between_blocks(world):
    def check() -> None:
        calls.append(1)
        if len(calls) > 20:
            raise exceptions.OperationCancelled

    calls: list[int] = []
    world.check = check
    world.fill(100 * base.BLOCK_SIZE)
    with pytest.raises(exceptions.OperationCancelled):
        world.copy()
    assert list(world.target.list()) == []


def test_check_is_asked_between_objects(world):
    def check() -> None:
        if len(world.target.puts) > 10:
            raise exceptions.LeaseLost(operation_log_id="x")

    world.check = check
    world.fill(*[0] * 500)
    with pytest.raises(exceptions.LeaseLost):
        world.copy()
    assert len(world.target.puts) < 30


def test_the_first_error_stops_the_others(world):
    def on_put(key: str, data: bytes) -> bytes:
        raise exceptions.BankRejected(reason="full")

    world.target.on_put = on_put
    world.fill(*[0] * 500)
    with pytest.raises(exceptions.BankRejected, match="full"):
        world.copy()
    assert len(world.target.puts) < 30
    assert world.target.flushes == 0


def test_no_more_connections_than_the_banks_bear(world, monkeypatch):
    few = base.Properties(max_connections=2)
    monkeypatch.setattr(Spy, "properties", few)
    meet = threading.Barrier(2)

    def wait(key: str) -> None:
        meet.wait(timeout=30)

    world.source.on_open = wait
    data = world.fill(*[100_000] * 10)
    world.copy()
    world.assert_copied(data)
    assert world.source.most == 2


def test_small_objects_of_local_banks_stay_on_one_thread(world):
    world.fill(*[100] * 300)
    world.copy()
    assert world.source.most == 1


def test_groups_keep_all_threads_busy():
    @dataclasses.dataclass
    class Item:
        size: int

    def lengths(sizes: list[int], connections: int) -> list[int]:
        items = [Item(size) for size in sizes]
        return [len(g) for g in transfer._groups(items, connections)]

    assert lengths([], 4) == []
    assert lengths([1] * 8, 4) == [1] * 8
    assert lengths([1] * 160, 4) == [10] * 16
    assert lengths([1] * 1000, 1) == [64] * 15 + [40]
    assert lengths([600 * 1024] * 500, 1) == [2] * 250


# Verifying.


def test_verify_reads_all(world):
    data = world.fill(*SIZES)
    world.verify(world.entries(data))
    assert len(world.source.opens) == len(data)
    assert world.progress.total == (len(data), sum(SIZES))
    assert world.progress.copied == (len(data), sum(SIZES))


def test_verify_without_manifest_reads_all(world):
    world.fill(*SIZES)
    world.verify(None)
    assert len(world.source.opens) == len(SIZES)


@pytest.mark.parametrize("change", [b"x" * 100, b"x"])
def test_verify_finds_other_bytes(world, change):
    entries = world.entries(world.fill(100))
    banks.put(world.source, SOURCE + "data_0000", change)
    with pytest.raises(
        exceptions.DigestMismatch, match="resource-data/r/data_0000"
    ):
        world.verify(entries)


def test_verify_finds_what_is_missing(world):
    entries = world.entries(world.fill(100, 100))
    world.source.delete(SOURCE + "data_0001")
    with pytest.raises(exceptions.ObjectNotFound, match="data_0001"):
        world.verify(entries)


def test_from_directory_to_directory(tmp_path, world):
    made = []
    for name in ("one", "two"):
        bank = directory.DirectoryBank(str(tmp_path / name), "karbor")
        bank.set_up()
        made.append(bank)
    world.source, world.target = made
    data = world.fill(*SIZES, *range(200))
    world.copy()
    world.assert_copied(data)
    world.progress = Progress()
    world.copy()
    assert world.progress.copied == (0, 0)
