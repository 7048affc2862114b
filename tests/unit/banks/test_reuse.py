# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import errno
import os
import random
import threading
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import directory
from karbor_copy.banks import reuse
from karbor_copy.banks import section
from karbor_copy.banks import transfer
from tests.contract import banks
from tests.fakes import operations
from tests.fakes import sections

BIG = reuse.MIN_SIZE
EARLIER = "checkpoints/e/resource-data/r/"


@pytest.fixture(scope="module")
def executor() -> Iterator[concurrent.futures.Executor]:
    with concurrent.futures.ThreadPoolExecutor(4) as found:
        yield found


@pytest.fixture
def world(executor: concurrent.futures.Executor) -> sections.World:
    found = sections.World(executor)
    found.shelf = reuse.Shelf()
    return found


def hold(world: sections.World, data: dict[str, bytes]) -> None:
    """Let the target hold an earlier checkpoint, and the shelf know it."""
    hold_in(world, world.target, data)
    world.target.puts.clear()


def hold_in(
    world: sections.World, target: base.Bank, data: dict[str, bytes]
) -> None:
    assert world.shelf is not None
    for key, value in data.items():
        banks.put(target, EARLIER + key, value)
        world.shelf.add(banks.sha256(value), EARLIER + key)


@pytest.mark.parametrize("verify", ["read_back", "checksum"])
def test_only_what_changed_is_sent(
    world: sections.World, verify: transfer.Verify
) -> None:
    data = world.fill(BIG, BIG + 1, 3 * BIG)
    hold(world, {"old_1": data["data_0000"], "old_2": data["data_0002"]})
    world.copy(world.entries(data), verify)
    world.assert_copied(data)
    assert world.target.puts == [sections.TARGET + "data_0001"]
    assert world.source.opens == [sections.SOURCE + "data_0001"]
    assert world.progress.copied == (1, BIG + 1)
    assert world.progress.reused == (2, 4 * BIG)


def test_small_objects_are_sent(world: sections.World) -> None:
    data = world.fill(BIG - 1)
    hold(world, data)
    world.copy(world.entries(data))
    assert world.progress.copied == (1, BIG - 1)


def test_without_a_manifest_all_is_sent(world: sections.World) -> None:
    data = world.fill(BIG)
    hold(world, data)
    world.copy(None)
    assert world.progress.copied == (1, BIG)


def test_what_is_gone_is_sent(world: sections.World) -> None:
    data = world.fill(BIG, BIG)
    hold(world, data)
    world.target.delete(EARLIER + "data_0001")
    world.copy(world.entries(data))
    world.assert_copied(data)
    assert world.progress.copied == world.progress.reused == (1, BIG)


def test_what_the_bank_knows_to_be_wrong_is_sent(
    world: sections.World,
) -> None:
    data = world.fill(BIG)
    hold(world, data)
    banks.put(world.target, EARLIER + "data_0000", random.randbytes(BIG))
    world.copy(world.entries(data), "checksum")
    world.assert_copied(data)
    assert world.progress.copied == (1, BIG)


@pytest.mark.parametrize("exclusive", [True, False])
def test_rot_in_the_earlier_object_is_read_back_and_repaired(
    world: sections.World, tmp_path, *, exclusive: bool
) -> None:
    data = world.fill(BIG)
    target = directory.DirectoryBank(str(tmp_path), "c", exclusive=exclusive)
    target.set_up()
    world.target = target
    wrong = random.randbytes(BIG)
    place = EARLIER + "data_0000"
    banks.put(target, place, wrong)
    world.shelf.add(banks.sha256(data["data_0000"]), place)
    world.copy(world.entries(data))
    world.assert_copied(data)
    # A link was replaced, not written through.
    assert banks.get(target, place) == wrong


def test_what_can_not_be_read_is_sent(
    world: sections.World, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The medium has lost the earlier object; nothing depends on it."""

    def lost(*_: object) -> int:
        raise OSError(errno.EIO, "a bad sector")

    monkeypatch.setattr(os, "copy_file_range", lost)
    data = world.fill(BIG)
    world.target = directory.DirectoryBank(str(tmp_path), "c")
    world.target.set_up()
    hold_in(world, world.target, data)
    world.copy(world.entries(data))
    world.assert_copied(data)
    assert world.progress.copied == (1, BIG)


def test_equal_objects_of_one_section_are_sent_once(
    world: sections.World,
) -> None:
    data = world.fill(BIG)
    data["data_0001"] = data["data_0000"]
    banks.put(world.source, sections.SOURCE + "data_0001", data["data_0001"])
    world.copy(world.entries(data))
    world.assert_copied(data)
    assert len(world.target.puts) == 1


def side_by_side(world: sections.World, data: dict[str, bytes]) -> list[str]:
    """Copy the same section to two checkpoints; return what went wrong."""

    def copy(number: int) -> str:
        try:
            world.make_transfer("read_back").copy_section(
                section.BankSection(
                    world.source,
                    sections.SOURCE,
                    writable=False,
                    entries=world.entries(data),
                ),
                section.BankSection(
                    world.target,
                    f"checkpoints/t{number}/resource-data/r",
                    writable=True,
                ),
                sections.RESOURCE,
            )
        except exceptions.KarborCopyError as error:
            return str(error)
        return ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(copy, range(2)))


def test_copies_side_by_side_send_each_object_once(
    world: sections.World,
) -> None:
    data = world.fill(*[BIG + n for n in range(20)])
    assert side_by_side(world, data) == ["", ""]
    assert len(world.target.puts) == len(data)
    assert world.progress.copied[0] == world.progress.reused[0] == len(data)
    for number in range(2):
        for key, value in data.items():
            place = f"checkpoints/t{number}/resource-data/r/{key}"
            assert banks.get(world.target, place) == value


def test_when_one_can_not_send_the_other_does(world: sections.World) -> None:
    data = world.fill(BIG)
    failed: list[str] = []

    def on_put(key: str, value: bytes) -> bytes:
        if not failed:
            failed.append(key)
            raise exceptions.BankRejected(reason="once")
        return value

    world.target.on_put = on_put
    reasons = side_by_side(world, data)
    assert sorted(map(bool, reasons)) == [False, True]
    assert world.progress.copied == (1, BIG)


def test_waiting_for_another_ends_when_it_shall() -> None:
    shelf = reuse.Shelf()

    def stop() -> None:
        raise exceptions.OperationCancelled

    with shelf.turn("a", lambda: None):
        with shelf.turn("b", stop):
            pass
        waiting = shelf.turn("a", stop)
        with pytest.raises(exceptions.OperationCancelled), waiting:
            pass


def test_after_a_lost_flush_all_is_sent(world: sections.World) -> None:
    data = world.fill(BIG, BIG)
    hold(world, {"old": data["data_0000"]})
    world.target.lost_flushes = 1
    world.copy(world.entries(data))
    world.assert_copied(data)
    assert len(world.target.puts) == 1 + 2


def test_filled_once() -> None:
    shelf = reuse.Shelf()

    def away() -> dict[str, str]:
        raise exceptions.BankUnavailable(reason="for a moment")

    with pytest.raises(exceptions.BankUnavailable):
        shelf.fill(away, operations.go_on)
    shelf.fill(lambda: {"a": "1"}, operations.go_on)
    shelf.fill(lambda: {"b": "2"}, operations.go_on)
    assert (shelf.find("a"), shelf.find("b")) == ("1", None)


def test_who_waits_for_it_to_be_filled_can_be_stopped() -> None:
    shelf = reuse.Shelf()
    loading, go = threading.Event(), threading.Event()

    def load() -> dict[str, str]:
        loading.set()
        assert go.wait(30)
        return {"a": "1"}

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(shelf.fill, load, operations.go_on)
        assert loading.wait(30)
        try:
            second = pool.submit(shelf.fill, dict, operations.stop)
            with pytest.raises(exceptions.OperationCancelled):
                second.result(10)
        finally:
            go.set()
        first.result(30)
    assert shelf.find("a") == "1"


def test_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse, "MAX_COUNT", 2)
    shelf = reuse.Shelf()
    for name in "abc":
        shelf.add(name, name)
    assert [shelf.find(name) for name in "abc"] == [None, "b", "c"]


def test_a_shelf_lasts_while_it_is_used() -> None:
    shelves = reuse.Shelves()
    mine = shelves.shelf("p", "plan")
    mine.add("a", "1")
    assert shelves.shelf("p", "plan") is mine
    assert shelves.shelf("p", "other").find("a") is None
    del mine
    assert shelves.shelf("p", "plan").find("a") is None
