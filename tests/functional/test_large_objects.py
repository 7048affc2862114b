# SPDX-License-Identifier: Apache-2.0
"""Objects that are too large to be gathered before they are sent."""

import hashlib
import itertools
import random
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import s3_put
from karbor_copy.banks import section
from karbor_copy.banks import swift_large
from tests.contract import banks
from tests.fixtures import object_stores

KEY = "a/b"
#: Two parts of S3, many chunks for Swift.
SIZE = s3_put.PART_SIZE + 12_345


@pytest.fixture(scope="module", params=["swift", "segments", "s3"])
def module_bank(request: pytest.FixtureRequest) -> Iterator[base.Bank]:
    found: base.Bank = (
        object_stores.s3_bank()
        if request.param == "s3"
        else object_stores.swift_bank()
    )
    found.set_up()
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "segments":
            patch.setattr(swift_large, "SEGMENT_SIZE", 2_000_000)
        yield found


@pytest.fixture
def bank(module_bank: base.Bank) -> Iterator[base.Bank]:
    yield module_bank
    for info in module_bank.list():
        module_bank.delete(info.key)
    module_bank.delete_leftovers("", lambda: None)


@pytest.fixture(scope="module")
def data() -> bytes:
    return random.randbytes(SIZE)


def chunks(data: bytes) -> list[memoryview]:
    whole = memoryview(data)
    size = base.BLOCK_SIZE
    return [whole[start : start + size] for start in range(0, SIZE, size)]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("known", [False, True])
def test_it_comes_back(bank: base.Bank, data: bytes, known) -> None:
    digests = {"md5": md5(data), "sha256": banks.sha256(data)}
    info = bank.put(
        KEY,
        iter(chunks(data)),
        size=SIZE,
        digests=digests if known else None,
        serialized=True,
    )
    assert info.digests["sha256"] == digests["sha256"]
    if known:
        assert info.digests["md5"] == digests["md5"]
    assert section.read_all(bank, KEY) == data
    found = bank.stat(KEY)
    assert (found.size, found.serialized) == (SIZE, True)
    buffer = memoryview(bytearray(100))
    with bank.open(KEY, s3_put.PART_SIZE - 50, 100) as reader:
        count = 0
        while got := reader.readinto(buffer[count:]):
            count += got
    start = s3_put.PART_SIZE - 50
    assert buffer == data[start : start + 100]


@pytest.mark.parametrize("digests", [{"sha256": "0" * 64}, {"md5": "0" * 32}])
@pytest.mark.parametrize("new", [False, True])
def test_a_wrong_one_leaves_nothing(
    bank: base.Bank, data: bytes, digests: dict[str, str], new
) -> None:
    put = bank.put_new if new else bank.put
    with pytest.raises(exceptions.DigestMismatch):
        put(KEY, chunks(data), size=SIZE, digests=digests)
    with pytest.raises(exceptions.DigestMismatch):
        put(KEY, chunks(data), size=SIZE + 1)
    with pytest.raises(exceptions.DigestMismatch):
        put(KEY, chunks(data), size=SIZE - 1)
    assert banks.names(bank) == []
    bank.delete_leftovers("", lambda: None)
    assert not object_stores.parts(bank)


def test_a_source_that_breaks_leaves_nothing(
    bank: base.Bank, data: bytes
) -> None:
    def breaking() -> Iterator[memoryview]:
        yield from itertools.islice(chunks(data), 34)
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        bank.put(KEY, breaking(), size=SIZE)
    assert banks.names(bank) == []
    assert not object_stores.parts(bank)


def test_put_new_replaces_nothing(bank: base.Bank, data: bytes) -> None:
    banks.put(bank, KEY, b"first")
    for source in (chunks(data), iter(chunks(data))):
        with pytest.raises(exceptions.ObjectExists):
            bank.put_new(KEY, source, size=SIZE)
    assert section.read_all(bank, KEY) == b"first"
    bank.delete(KEY)
    for _ in range(2):
        info = bank.put_new(KEY, iter(chunks(data)), size=SIZE)
        assert info.digests["sha256"] == banks.sha256(data)
    assert section.read_all(bank, KEY) == data


def test_put_new_that_began_first_comes_too_late(
    bank: base.Bank, data: bytes
) -> None:
    def late() -> Iterator[memoryview]:
        yield from itertools.islice(chunks(data), 20)
        banks.put(bank, KEY, b"second")
        yield from itertools.islice(chunks(data), 20, None)

    with pytest.raises(exceptions.ObjectExists):
        bank.put_new(KEY, late(), size=SIZE)
    assert section.read_all(bank, KEY) == b"second"


@pytest.mark.parametrize("size", [SIZE, 100])
def test_one_in_the_place_of_another(
    bank: base.Bank, data: bytes, size: int
) -> None:
    other = bytes(size)
    bank.put(KEY, chunks(data), size=SIZE)
    bank.put(KEY, [other], size=size, serialized=True)
    assert section.read_all(bank, KEY) == other
    found = bank.stat(KEY)
    assert (found.size, found.serialized) == (size, True)
    bank.put(KEY, iter(chunks(data)), size=SIZE)
    assert section.read_all(bank, KEY) == data
    assert bank.stat(KEY).serialized is False
    assert [(info.key, info.size) for info in bank.list()] == [(KEY, SIZE)]
    bank.delete(KEY)
    assert not object_stores.parts(bank)
