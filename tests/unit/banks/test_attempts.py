# SPDX-License-Identifier: Apache-2.0
import time

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import attempts
from karbor_copy.banks import memory
from karbor_copy.banks import proven
from tests.contract import banks
from tests.fakes import operations


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses that were made, none of which takes time."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


class Late(memory.MemoryBank):
    """Still has what was deleted, for so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.set_up()
        self._times = times
        banks.put(self, "k", b"of the attempt before")

    def delete(self, key: str) -> None:
        if self._times:
            self._times -= 1
        else:
            super().delete(key)


def put(bank: Late, check=operations.go_on) -> None:
    attempts.put(bank, "k", b"mine", attempt=2, check=check)


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_deletion_that_shows_late_is_waited_for(
    times: int, pauses: list[float]
) -> None:
    bank = Late(times)
    put(bank)
    assert banks.get(bank, "k") == b"mine"
    assert pauses == [0.0, 0.0, *proven.PAUSES[:times]]


def test_a_deletion_that_never_shows_is_told_of(pauses: list[float]) -> None:
    bank = Late(1000)
    with pytest.raises(exceptions.BankUnavailable, match="k was deleted"):
        put(bank)
    assert pauses == [0.0, 0.0, *proven.PAUSES]


def test_each_deletion_is_asked_for() -> None:
    bank = Late(2)
    with pytest.raises(exceptions.OperationCancelled):
        put(bank, operations.StopAfter(2))
    assert banks.get(bank, "k") == b"of the attempt before"
