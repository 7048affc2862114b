# SPDX-License-Identifier: Apache-2.0
"""A bank that only ever gets more."""

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import create_only
from karbor_copy.banks import memory
from tests.contract import banks
from tests.contract.banks import KEY


@pytest.fixture
def inner() -> memory.MemoryBank:
    bank = memory.MemoryBank()
    bank.set_up()
    return bank


@pytest.fixture
def bank(inner: memory.MemoryBank) -> create_only.CreateOnlyBank:
    return create_only.CreateOnlyBank(inner)


def test_it_gives_what_the_bank_has(
    bank: create_only.CreateOnlyBank, inner: memory.MemoryBank
) -> None:
    banks.put(inner, KEY, b"data")
    assert banks.get(bank, KEY) == b"data"
    assert bank.stat(KEY).size == 4
    assert banks.names(bank) == [KEY]
    assert bank.location == inner.location


def test_it_adds_objects_one_by_one_and_in_batches(
    bank: create_only.CreateOnlyBank, inner: memory.MemoryBank
) -> None:
    assert banks.put(bank, "a", b"1").digests["sha256"] == banks.sha256(b"1")
    banks.put_new(bank, "b", b"2")
    with bank.batch() as writer:
        banks.put(writer, "c", b"3")
    assert [banks.get(inner, key) for key in "abc"] == [b"1", b"2", b"3"]


def test_the_same_bytes_are_as_good_as_put(
    bank: create_only.CreateOnlyBank,
) -> None:
    for _ in range(2):
        assert banks.put(bank, KEY, b"data").size == 4


def test_nothing_is_replaced_or_deleted(
    bank: create_only.CreateOnlyBank, inner: memory.MemoryBank
) -> None:
    banks.put(bank, KEY, b"data")
    with pytest.raises(exceptions.ObjectExists):
        banks.put(bank, KEY, b"else")
    with bank.batch() as writer, pytest.raises(exceptions.ObjectExists):
        banks.put(writer, KEY, b"else")
    with pytest.raises(exceptions.BankRejected, match="target_cleanup"):
        bank.delete(KEY)
    assert bank.delete_leftovers("checkpoints/c1/", lambda: None) == 0
    assert banks.get(inner, KEY) == b"data"


def test_the_back_end_is_not_asked_to_copy(
    bank: create_only.CreateOnlyBank, inner: memory.MemoryBank
) -> None:
    banks.put(inner, "a", b"1")
    assert inner.properties.copies
    assert not bank.properties.copies
    assert banks.copy(bank, inner, "a", "b", 1) is None
