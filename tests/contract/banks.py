# SPDX-License-Identifier: Apache-2.0
"""What every bank driver must do; a driver's own test class inherits it.

``bank`` is a fixture that gives an empty bank that is set up; ``missing``
one whose container was never made.
"""

import concurrent.futures
import contextlib
import hashlib
import random
import threading
from collections.abc import Mapping

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.banks import retry
from karbor_copy.banks import section

KEY = "checkpoints/c1/resource-data/r1/data_1"

BAD_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/..",
    "a/../../b",
    "a/./b",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "a\ud800b",
    "a" * 1025,
]


class Stopped(Exception):
    """An error that is none of the bank's."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(writer: base.Writer, key: str, data: bytes) -> base.ObjectInfo:
    return writer.put(key, [data] if data else [], size=len(data))


def put_new(bank: base.Bank, key: str, data: bytes) -> base.ObjectInfo:
    return bank.put_new(key, [data] if data else [], size=len(data))


def get(bank: base.Bank, key: str) -> bytes:
    return section.read_all(bank, key)


def copy(
    writer: base.Writer, bank: base.Bank, source_key: str, key: str, size: int
) -> Mapping[str, str] | None:
    return writer.copy_from(bank, source_key, key, size=size, serialized=True)


def names(bank: base.Bank, **options: object) -> list[str]:
    return [info.key for info in bank.list(**options)]


class BankContract:
    """The suite."""

    @pytest.mark.parametrize(
        "size", [0, 1, base.BLOCK_SIZE - 1, base.BLOCK_SIZE, 1_000_001]
    )
    def test_gives_back_what_was_put(self, bank, size):
        data = random.randbytes(size)
        info = put(bank, KEY, data)
        assert (info.key, info.size) == (KEY, size)
        assert info.digests["sha256"] == sha256(data)
        assert get(bank, KEY) == data
        assert bank.stat(KEY).size == size
        assert [(i.key, i.size) for i in bank.list()] == [(KEY, size)]

    def test_put_takes_views_of_one_reused_buffer(self, bank):
        buffer = bytearray(4)

        def chunks():
            for number in range(1000):
                buffer[:] = number.to_bytes(4, "big")
                yield memoryview(buffer)

        bank.put(KEY, chunks(), size=4000)
        expected = b"".join(n.to_bytes(4, "big") for n in range(1000))
        assert get(bank, KEY) == expected

    def test_put_replaces(self, bank):
        put(bank, KEY, b"a long first value")
        put(bank, KEY, b"second")
        assert get(bank, KEY) == b"second"
        assert names(bank) == [KEY]

    def test_put_computes_and_checks_md5_where_it_is_given(self, bank):
        md5 = hashlib.md5(b"data", usedforsecurity=False).hexdigest()
        info = bank.put(KEY, [b"data"], size=4, digests={"md5": md5})
        assert info.digests["md5"] == md5
        with pytest.raises(exceptions.DigestMismatch):
            bank.put(KEY, [b"else"], size=4, digests={"md5": md5})
        assert get(bank, KEY) == b"data"

    @pytest.mark.parametrize("batch", [False, True])
    @pytest.mark.parametrize(
        ("chunks", "size", "digest"),
        [
            ([b"data"], 4, "0" * 64),
            ([b"data"], 3, None),
            ([b"da", b"ta", b"and more"], 4, None),
            ([b"data"], 5, sha256(b"data")),
        ],
    )
    def test_nothing_wrong_becomes_visible(
        self, bank, chunks, size, digest, batch
    ):
        digests = {"sha256": digest} if digest else None
        with bank.batch() as writer:
            target = writer if batch else bank
            with pytest.raises(exceptions.DigestMismatch):
                target.put(KEY, chunks, size=size, digests=digests)
        assert names(bank) == []
        with pytest.raises(exceptions.ObjectNotFound):
            bank.stat(KEY)

    def test_a_failed_put_keeps_what_was_there(self, bank):
        def chunks():
            yield b"ha"
            raise Stopped

        put(bank, KEY, b"first")
        with pytest.raises(Stopped):
            bank.put(KEY, chunks(), size=4)
        assert get(bank, KEY) == b"first"

    def test_a_failed_first_put_leaves_nothing(self, bank):
        def chunks():
            yield b"ha"
            raise Stopped

        with pytest.raises(Stopped):
            bank.put(KEY, chunks(), size=4)
        assert names(bank) == []

    @pytest.mark.parametrize(
        ("offset", "length", "expected"),
        [
            (0, None, b"0123456789"),
            (3, None, b"3456789"),
            (3, 4, b"3456"),
            (8, 10, b"89"),
            (0, 0, b""),
            (10, None, b""),
            (11, 5, b""),
        ],
    )
    def test_open_gives_a_part(self, bank, offset, length, expected):
        put(bank, KEY, b"0123456789")
        found = bytearray()
        buffer = memoryview(bytearray(3))
        with bank.open(KEY, offset, length) as reader:
            while count := reader.readinto(buffer):
                found += buffer[:count]
        assert found == expected

    def test_what_is_not_there_is_not_found(self, bank):
        put(bank, KEY, b"x")
        for key in ("other", "checkpoints", "checkpoints/c1", KEY + "x"):
            with pytest.raises(exceptions.ObjectNotFound):
                bank.stat(key)
            with pytest.raises(exceptions.ObjectNotFound), bank.open(key):
                pass

    def test_delete_is_idempotent(self, bank):
        put(bank, KEY, b"x")
        put(bank, KEY + "0", b"y")
        bank.delete(KEY)
        bank.delete(KEY)
        bank.delete("never/was")
        bank.delete("checkpoints/c1")
        assert names(bank) == [KEY + "0"]

    def test_list_is_in_order_of_bytes(self, bank):
        keys = ["a-b", "a.b/c", "a/b", "a0", "b/a/a", "b/a/ä", "b/a/€", "b/a0"]
        for key in random.sample(keys, len(keys)):
            put(bank, key, b"")
        assert names(bank) == sorted(keys, key=str.encode)

    def test_list_by_prefix_marker_and_limit(self, bank):
        for key in ("a/1", "a/2", "a/3", "a/b/1", "ab", "b"):
            put(bank, key, b"")
        assert names(bank, prefix="a/") == ["a/1", "a/2", "a/3", "a/b/1"]
        assert names(bank, prefix="a") == [*names(bank, prefix="a/"), "ab"]
        assert names(bank, prefix="a/b/") == ["a/b/1"]
        assert names(bank, prefix="c/") == []
        assert names(bank, prefix="b/") == []
        assert names(bank, marker="a/2", limit=2) == ["a/3", "a/b/1"]
        assert names(bank, marker="a/b") == ["a/b/1", "ab", "b"]
        assert names(bank, prefix="a/", marker="a/b/1") == []
        assert names(bank, prefix="a/", marker="0") == names(bank, prefix="a/")
        assert names(bank, limit=0) == []

    def test_list_pages_give_the_whole(self, bank):
        keys = [f"{a}/{b}/{c}" for a in "xyz" for b in "kl" for c in "123"]
        for key in keys:
            put(bank, key, b"")
        found: list[str] = []
        while page := names(
            bank, marker=found[-1] if found else None, limit=4
        ):
            found += page
        assert found == keys

    def test_list_rolls_up_at_the_delimiter(self, bank):
        for key in ("a/1", "a/2/3", "ab/1", "b", "c/d/e"):
            put(bank, key, b"123")
        rolled = [(i.key, i.size) for i in bank.list(delimiter="/")]
        assert rolled == [("a/", 0), ("ab/", 0), ("b", 3), ("c/", 0)]
        assert names(bank, prefix="a/", delimiter="/") == ["a/1", "a/2/"]
        assert names(bank, prefix="c", delimiter="/") == ["c/"]
        assert names(bank, delimiter="/", marker="ab/") == ["b", "c/"]

    def test_a_rolled_up_prefix_ends_with_its_last_object(self, bank):
        put(bank, "a/b/c", b"")
        bank.delete("a/b/c")
        assert names(bank, delimiter="/") == []

    @pytest.mark.parametrize("key", BAD_KEYS, ids=repr)
    def test_bad_keys_touch_nothing(self, bank, key):
        calls = [
            lambda: put(bank, key, b"x"),
            lambda: get(bank, key),
            lambda: bank.stat(key),
            lambda: bank.delete(key),
            lambda: put_new(bank, key, b"x"),
        ]
        for call in calls:
            with pytest.raises(exceptions.InvalidKey):
                call()
        with bank.batch() as writer, pytest.raises(exceptions.InvalidKey):
            put(writer, key, b"x")
        assert names(bank) == []

    def test_put_new_puts_what_is_not_there(self, bank):
        info = put_new(bank, KEY, b"data")
        assert (info.key, info.size) == (KEY, 4)
        assert info.digests["sha256"] == sha256(b"data")
        assert get(bank, KEY) == b"data"

    def test_put_new_replaces_nothing(self, bank):
        put(bank, KEY, b"first")
        for data in (b"other", b"", b"a longer one"):
            with pytest.raises(exceptions.ObjectExists, match=KEY):
                put_new(bank, KEY, data)
        assert get(bank, KEY) == b"first"
        assert names(bank) == [KEY]

    def test_put_new_again_is_done(self, bank):
        put_new(bank, KEY, b"data")
        info = put_new(bank, KEY, b"data")
        assert info.digests["sha256"] == sha256(b"data")
        put(bank, "old", b"data")
        put_new(bank, "old", b"data")
        assert names(bank) == [KEY, "old"]

    def test_put_new_after_a_delete(self, bank):
        put_new(bank, KEY, b"first")
        bank.delete(KEY)
        put_new(bank, KEY, b"second")
        assert get(bank, KEY) == b"second"

    def test_put_new_checks_what_it_gets(self, bank):
        with pytest.raises(exceptions.DigestMismatch):
            bank.put_new(KEY, [b"data"], size=3)
        with pytest.raises(exceptions.DigestMismatch):
            bank.put_new(KEY, [b"data"], size=4, digests={"sha256": "0" * 64})
        assert names(bank) == []

    def test_put_new_that_began_first_comes_too_late(self, bank):
        def chunks():
            yield b"fi"
            put(bank, KEY, b"second")
            yield b"rst"

        with pytest.raises(exceptions.ObjectExists):
            bank.put_new(KEY, chunks(), size=5)
        assert get(bank, KEY) == b"second"

    def test_of_racing_new_puts_one_wins(self, bank):
        together = threading.Barrier(8)

        def work(number: int) -> bytes | None:
            data = f"value {number}".encode()
            together.wait()
            try:
                put_new(bank, key, data)
            except exceptions.ObjectExists:
                return None
            return data

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for turn in range(20):
                key = f"a/{turn}/b"
                won = [data for data in pool.map(work, range(8)) if data]
                assert won == [get(bank, key)]

    def test_new_puts_race_with_deletes(self, bank):
        # A server that is pushed like that may say that it is busy.
        bank = retry.RetryingBank(bank, timeout=30, check=lambda: None)

        turns = 50 if bank.properties.local else 10

        def work(number: int) -> None:
            for _ in range(turns):
                with contextlib.suppress(exceptions.ObjectExists):
                    put_new(bank, "a/b/c", f"value {number}".encode())
                bank.delete("a/b/c")

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert names(bank) == []

    def test_nothing_that_ended_leaves_anything(self, bank):
        for key in (KEY, KEY + "x", "other"):
            put(bank, key, b"first")
            put(bank, key, b"second")
        with pytest.raises(exceptions.ObjectExists):
            put_new(bank, KEY, b"third")
        assert bank.delete_leftovers("", lambda: None) == 0
        bank.delete(KEY)
        assert bank.delete_leftovers("", lambda: None) == 0
        assert get(bank, KEY + "x") == b"second"

    def test_leftovers_are_no_objects(self, bank):
        put(bank, KEY, b"some data")
        with pytest.raises(exceptions.DigestMismatch):
            bank.put(KEY, [b"x"] * 9, size=9, digests={"sha256": "0" * 64})
        bank.delete_leftovers("checkpoints/c1/", lambda: None)
        assert get(bank, KEY) == b"some data"
        assert names(bank) == [KEY]

    def test_a_batch_puts(self, bank):
        put(bank, "old", b"a long old value")
        with bank.batch() as writer:
            info = put(writer, KEY, b"new")
            put(writer, "old", b"replaced")
        assert info.digests["sha256"] == sha256(b"new")
        assert get(bank, KEY) == b"new"
        assert get(bank, "old") == b"replaced"

    def test_a_batch_copies_within(self, bank):
        data = random.randbytes(1_000_001)
        put(bank, KEY, data)
        with bank.batch() as writer:
            told = copy(writer, bank, KEY, "a/copy", len(data))
        assert told is not None
        assert (
            told.items()
            <= {
                "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
                "sha256": sha256(data),
            }.items()
        )
        bank.delete(KEY)
        assert get(bank, "a/copy") == data
        assert bank.stat("a/copy").serialized in {True, None}

    def test_a_copy_within_replaces_or_leaves_it(self, bank):
        put(bank, KEY, b"new")
        put(bank, "old", b"a long old value")
        with bank.batch() as writer:
            told = copy(writer, bank, KEY, "old", 3)
        expected = b"a long old value" if told is None else b"new"
        assert get(bank, "old") == expected

    def test_what_is_not_there_is_not_copied(self, bank):
        with bank.batch() as writer, pytest.raises(exceptions.ObjectNotFound):
            copy(writer, bank, "nothing", "copy", 3)
        assert names(bank) == []

    def test_a_strange_bank_is_not_copied_from(self, bank):
        strange = memory.MemoryBank()
        strange.set_up()
        put(strange, KEY, b"value")
        with bank.batch() as writer:
            assert copy(writer, strange, KEY, "copy", 5) is None
        assert names(bank) == []

    @pytest.mark.parametrize("key", ["../x", "a//b"])
    def test_bad_keys_are_not_copied(self, bank, key):
        put(bank, KEY, b"value")
        with bank.batch() as writer:
            for pair in ((KEY, key), (key, "copy")):
                with pytest.raises(exceptions.InvalidKey):
                    copy(writer, bank, *pair, 5)
        assert names(bank) == [KEY]

    def test_a_batch_passes_errors_on(self, bank):
        with pytest.raises(Stopped), bank.batch():
            raise Stopped

    def test_a_batch_serves_many_threads(self, bank):
        count = 300 if bank.properties.local else 50
        data = {f"d/{n % 7}/{n}": random.randbytes(n) for n in range(count)}
        pool = concurrent.futures.ThreadPoolExecutor(8)
        with pool, bank.batch() as writer:
            list(pool.map(lambda k: put(writer, k, data[k]), data))
        assert {key: get(bank, key) for key in names(bank)} == data

    def test_threads_putting_and_deleting_side_by_side(self, bank):
        turns = 20 if bank.properties.local else 5

        def work(number: int) -> None:
            key = f"a/b/{number}"
            for _ in range(turns):
                put(bank, key, b"x")
                assert get(bank, key) == b"x"
                bank.delete(key)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert names(bank) == []

    def test_a_missing_container_is_no_empty_one(self, missing):
        calls = [
            lambda: put(missing, KEY, b"x"),
            lambda: put_new(missing, KEY, b"x"),
            lambda: get(missing, KEY),
            lambda: missing.stat(KEY),
            lambda: missing.delete(KEY),
            lambda: list(missing.list()),
            lambda: list(missing.list("a/b/")),
            lambda: list(missing.list(delimiter="/")),
            lambda: missing.batch().__enter__(),
        ]
        for call in calls:
            with pytest.raises(exceptions.BankUnavailable):
                call()

    def test_set_up_again_keeps_all(self, bank):
        put(bank, KEY, b"x")
        bank.set_up()
        assert get(bank, KEY) == b"x"

    def test_tells_of_itself(self, bank):
        assert bank.properties.max_connections > 0
        assert bank.location
        assert bank.GROUP
        assert all(option.help for option in bank.OPTS)
