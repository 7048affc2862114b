# SPDX-License-Identifier: Apache-2.0
import uuid

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import memory
from tests.contract import banks


def test_banks_of_one_name_share():
    name = uuid.uuid4().hex
    first = memory.MemoryBank(memory_bank_container=name)
    second = memory.MemoryBank(memory_bank_container=name)
    with pytest.raises(exceptions.BankUnavailable):
        second.stat("x")
    first.set_up()
    banks.put(first, "x", b"1")
    assert banks.get(second, "x") == b"1"
    assert first.location == second.location == f"memory:{name}"


def test_banks_without_a_name_do_not_share():
    first, second = memory.MemoryBank(), memory.MemoryBank()
    first.set_up()
    second.set_up()
    banks.put(first, "x", b"1")
    assert list(second.list()) == []


def test_the_mark_is_kept():
    bank = memory.MemoryBank()
    bank.set_up()
    bank.put("x", [b"{}"], size=2, serialized=True)
    assert bank.stat("x").serialized is True
    assert bank.stat("x").digests == {"sha256": banks.sha256(b"{}")}
