# SPDX-License-Identifier: Apache-2.0
import pytest

from karbor_copy import exceptions
from karbor_copy.banks import memory
from karbor_copy.banks import proven
from tests.contract import banks
from tests.fakes import operations

OBJECTS = {"a": b"one", "b": b"two"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proven, "PAUSES", (0.0,) * 3)


class Liar:
    """Forgets the first puts of the second object."""

    def __init__(self, lies: int) -> None:
        self.bank = memory.MemoryBank()
        self.bank.set_up()
        self.puts = 0
        self._lies = lies

    def put(self) -> None:
        self.puts += 1
        banks.put(self.bank, "a", OBJECTS["a"])
        if self.puts > self._lies:
            banks.put(self.bank, "b", OBJECTS["b"])


@pytest.mark.parametrize("lies", [0, 1, 2])
def test_puts_until_all_is_there(lies: int) -> None:
    liar = Liar(lies)
    proven.put(liar.bank, OBJECTS, liar.put, operations.go_on)
    assert liar.puts == lies + 1


def test_what_is_other_than_it_was_put_is_put_again() -> None:
    liar = Liar(1)
    banks.put(liar.bank, "b", b"old")
    proven.put(liar.bank, OBJECTS, liar.put, operations.go_on)
    assert banks.get(liar.bank, "b") == b"two"


def test_a_bank_that_lies_on_is_told_of() -> None:
    liar = Liar(3)
    with pytest.raises(exceptions.BankUnavailable, match="object b was put"):
        proven.put(liar.bank, OBJECTS, liar.put, operations.go_on)


@pytest.mark.parametrize("tries", [0, 1])
def test_each_try_is_asked_for(tries: int) -> None:
    liar = Liar(3)
    with pytest.raises(exceptions.OperationCancelled):
        proven.put(liar.bank, OBJECTS, liar.put, operations.StopAfter(tries))
    assert liar.puts == tries
