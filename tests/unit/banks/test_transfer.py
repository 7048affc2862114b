# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import dataclasses
import threading
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import digests
from karbor_copy.banks import directory
from karbor_copy.banks import recorder
from karbor_copy.banks import transfer
from tests.contract import banks
from tests.fakes import sections


@pytest.fixture(scope="module")
def executor() -> Iterator[concurrent.futures.Executor]:
    with concurrent.futures.ThreadPoolExecutor(4) as found:
        yield found


@pytest.fixture
def world(executor: concurrent.futures.Executor) -> sections.World:
    return sections.World(executor)


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
    assert world.target.stat(sections.TARGET + "data_0000").serialized
    world.reset()
    world.copy(entries)
    assert list(world.recorder.entries().values()) == expected


def test_without_manifest_the_mark_is_the_source_banks_or_by_name(
    world, tmp_path
):
    world.source.put(sections.SOURCE + "a", [b"{}"], size=2, serialized=True)
    world.source.put(
        sections.SOURCE + "metadata", [b"x"], size=1, serialized=False
    )
    world.copy()
    found = {k: e.serialized for k, e in world.recorder.entries().items()}
    assert found == {
        "resource-data/r/a": True,
        "resource-data/r/metadata": False,
    }
    bank = directory.DirectoryBank(str(tmp_path), "c")
    bank.set_up()
    world.source = bank
    world.target = sections.Spy()
    world.recorder = recorder.Recorder()
    for name in ("data_1", "metadata", "x.json"):
        banks.put(bank, sections.SOURCE + name, b"{}")
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
    banks.put(world.target, sections.TARGET + "data_0000", data["data_0000"])
    banks.put(world.target, sections.TARGET + "data_0001", b"0123456789")
    banks.put(world.target, sections.TARGET + "data_0002", b"short")
    world.reset()
    world.copy(world.entries(data) if known else None)
    world.assert_copied(data)
    assert sorted(world.target.puts) == [
        f"{sections.TARGET}data_000{number}" for number in (1, 2, 3)
    ]
    assert world.progress.skipped == (1, 10)


def test_what_a_put_has_kept_was_not_sent(world, monkeypatch):
    data = world.fill(3000, 10)
    put = sections.Spy.put

    def keep(self, key, chunks, *, size, **options):
        info = put(self, key, chunks, size=size, **options)
        return dataclasses.replace(info, kept=size // 1000 * 1000)

    monkeypatch.setattr(sections.Spy, "put", keep)
    world.copy(world.entries(data))
    world.assert_copied(data)
    assert world.progress.copied == (2, 10)
    assert world.progress.skipped == (0, 3000)


def test_what_vanishes_from_the_target_is_put_again(world):
    data = world.fill(10)
    banks.put(world.target, sections.TARGET + "data_0000", data["data_0000"])
    world.target.on_open = world.target.delete
    with pytest.raises(exceptions.ObjectNotFound):
        world.copy()
    assert world.target.puts.count(sections.TARGET + "data_0000") == 3


# Sources that are not what they should be.


def test_a_rotten_source_object_is_found(world):
    data = world.fill(1000, 1000, 1000)
    entries = world.entries(data)
    rotten = bytearray(data["data_0001"])
    rotten[500] ^= 1
    banks.put(world.source, sections.SOURCE + "data_0001", bytes(rotten))
    with pytest.raises(
        exceptions.SourceCorrupt,
        match="source object resource-data/r/data_0001 is corrupt: it has",
    ):
        world.copy(entries)
    assert sections.TARGET + "data_0001" not in [
        info.key for info in world.target.list()
    ]
    assert world.target.flushes == 0


@pytest.mark.parametrize("change", [b"short", b"x" * 2000, None])
def test_a_source_object_cut_short_grown_or_lost(world, change):
    entries = world.entries(world.fill(1000))
    if change is None:
        world.source.delete(sections.SOURCE + "data_0000")
    else:
        banks.put(world.source, sections.SOURCE + "data_0000", change)
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
    key = sections.SOURCE + "data_0000"

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
    banks.put(world.target, sections.TARGET + "data_0000", data["data_0000"])
    world.reset()
    world.target.lost_flushes = times
    world.copy(world.entries(data))
    opened = list(world.target.opens)
    world.assert_copied(data)
    kept, *sent = [f"{sections.TARGET}data_{n:04}" for n in range(len(data))]
    # What was there may have been written by one who died before its flush.
    anew = [kept, *sent] * times
    assert sorted(world.target.puts) == sorted(sent + anew)
    # Read back is each of them once.
    assert opened[0] == kept
    assert sorted(opened[1:]) == [kept, *sent]
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
    world.target.delete(sections.TARGET + "data_0000")
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


def test_what_has_not_begun_is_not_waited_for():
    """A cancel waited behind the work of others, in the same threads."""
    others = threading.Event()

    def check() -> None:
        raise exceptions.OperationCancelled

    with (
        concurrent.futures.ThreadPoolExecutor(1) as executor,
        concurrent.futures.ThreadPoolExecutor(1) as caller,
    ):
        executor.submit(others.wait)
        world = sections.World(executor)
        world.fill(1000)
        world.check = check
        try:
            with pytest.raises(exceptions.OperationCancelled):
                caller.submit(world.copy).result(timeout=30)
        finally:
            others.set()


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
    monkeypatch.setattr(sections.Spy, "properties", few)
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
    banks.put(world.source, sections.SOURCE + "data_0000", change)
    with pytest.raises(
        exceptions.DigestMismatch, match="resource-data/r/data_0000"
    ):
        world.verify(entries)


def test_verify_finds_what_is_missing(world):
    entries = world.entries(world.fill(100, 100))
    world.source.delete(sections.SOURCE + "data_0001")
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
    world.progress = sections.Progress()
    world.copy()
    assert world.progress.copied == (0, 0)
