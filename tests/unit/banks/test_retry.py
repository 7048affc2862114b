# SPDX-License-Identifier: Apache-2.0
import contextlib
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.banks import patience
from karbor_copy.banks import retry
from tests.contract import banks

KEY = "a/b"


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class BreakingReader:
    def __init__(self, bank: "Flaky", reader: base.Reader) -> None:
        self._bank = bank
        self._reader = reader

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._reader.readinto(buffer[:2])
        self._bank.fail()
        return count


class Flaky(memory.MemoryBank):
    """Fails as often as it is told, whatever is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.calls = 0

    def fail(self) -> None:
        self.calls += 1
        if self.failures > 0:
            self.failures -= 1
            raise exceptions.BankUnavailable(reason="not now")

    def set_up(self) -> None:
        self.fail()
        super().set_up()

    def put(self, key, chunks, **options):
        info = super().put(key, chunks, **options)
        self.fail()
        return info

    @contextlib.contextmanager
    def open(self, key, offset=0, length=None):
        self.fail()
        with super().open(key, offset, length) as reader:
            yield BreakingReader(self, reader)

    def stat(self, key):
        self.fail()
        return super().stat(key)

    def list(self, *arguments):
        for info in super().list(*arguments):
            self.fail()
            yield info

    def delete(self, key):
        self.fail()
        super().delete(key)

    def put_new(self, key, chunks, **options):
        info = super().put_new(key, chunks, **options)
        self.fail()
        return info

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        self.fail()
        yield self
        self.fail()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(patience, "time", found)
    # The longest pauses that chance could choose.
    monkeypatch.setattr(patience.random, "uniform", lambda low, high: high)
    return found


@pytest.fixture
def flaky() -> Flaky:
    bank = Flaky()
    bank.set_up()
    banks.put(bank, KEY, b"0123456789")
    return bank


@pytest.fixture
def patient(flaky: Flaky) -> retry.RetryingBank:
    return retry.RetryingBank(flaky, timeout=600, check=lambda: None)


def test_every_call_is_made_again(flaky, patient):
    calls = [
        lambda: patient.set_up(),
        lambda: banks.put(patient, KEY, b"0123456789"),
        lambda: banks.get(patient, KEY) == b"0123456789",
        lambda: patient.stat(KEY),
        lambda: [i.key for i in patient.list()] == [KEY],
        lambda: banks.put_new(patient, "new", b"data"),
        lambda: patient.delete("new"),
        lambda: patient.batch().__enter__(),
    ]
    for call in calls:
        flaky.failures = 3
        assert call() is not False
        assert flaky.failures == 0


def test_a_broken_reader_goes_on_where_it_stood(flaky, patient):
    flaky.failures = 1
    found = bytearray()
    buffer = memoryview(bytearray(100))
    with patient.open(KEY, 1, 7) as reader:
        while count := reader.readinto(buffer):
            found += buffer[:count]
            flaky.failures = 2
    assert found == b"1234567"


def test_a_broken_listing_goes_on_where_it_stood(flaky, patient):
    keys = [KEY, *(f"x/{number}" for number in range(5))]
    for key in keys:
        banks.put(flaky, key, b"")
    found = []
    for info in patient.list(limit=4):
        found.append(info.key)
        flaky.failures = 2
    assert found == keys[:4]


def test_pauses_grow_up_to_a_minute_until_the_timeout(
    flaky, patient, clock, monkeypatch
):
    monkeypatch.setattr(patience, "CHECK_INTERVAL", 1000.0)
    flaky.failures = 1000
    with pytest.raises(exceptions.BankUnavailable, match="not now"):
        patient.stat(KEY)
    assert clock.pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert 600 <= sum(clock.pauses) < 660


def test_the_server_s_own_wish_comes_first(flaky, patient, clock):
    asks = [30.0, 10_000.0]
    flaky.set_up()

    def stat(key):
        if asks:
            raise exceptions.BankUnavailable(
                reason="not now", retry_after=asks.pop(0)
            )

    flaky.stat = stat
    patient.stat(KEY)
    # The second wish is longer than the patience.
    assert 630.0 <= sum(clock.pauses) <= 633.0


def test_any_success_starts_the_timeout_anew(flaky, patient, clock):
    def chunks() -> Iterator[bytes]:
        if len(times) < 20:
            times.append(clock.now)
            flaky.failures = 0
            patient.stat(KEY)  # another thread's success
            flaky.failures = 1
        yield b"x"

    class Anew:
        def __iter__(self):
            return chunks()

    times: list[float] = []
    patient.put("x", Anew(), size=1)
    assert times[-1] - times[0] > 600


def test_a_long_call_that_fails_once_is_tried_again(flaky, patient, clock):
    class Slow:
        def __iter__(self):
            clock.now += 3600
            yield b"x"

    flaky.failures = 1
    patient.put("x", Slow(), size=1)
    assert banks.get(flaky, "x") == b"x"


def test_a_try_that_got_further_starts_the_timeout_anew(patient, clock):
    error = exceptions.BankUnavailable(reason="cut off")

    def fail_for_a_day():
        clock.now += 3600
        if clock.now < 86_400:
            raise error
        return "done"

    with pytest.raises(exceptions.BankUnavailable):
        patient._health.call(fail_for_a_day)
    error.progress = True
    assert patient._health.call(fail_for_a_day) == "done"


def test_chunks_that_can_not_be_had_anew_are_put_once(flaky, patient, clock):
    flaky.failures = 1
    with pytest.raises(exceptions.BankUnavailable):
        patient.put("x", iter([b"x"]), size=1)
    assert clock.pauses == []
    patient.put("x", iter([b"x"]), size=1)


def test_waiting_can_be_interrupted(flaky, clock):
    def check() -> None:
        checks.append(clock.now)
        if clock.now > 1010:
            raise exceptions.OperationCancelled

    checks: list[float] = []
    patient = retry.RetryingBank(flaky, check=check)
    flaky.failures = 1000
    with pytest.raises(exceptions.OperationCancelled):
        patient.stat(KEY)
    assert clock.now < 1012.1
    assert all(b - a <= 2 for a, b in zip(checks, checks[1:], strict=False))


def test_what_waiting_can_not_mend_is_raised_at_once(flaky, patient, clock):
    with pytest.raises(exceptions.ObjectNotFound):
        patient.stat("nothing")
    with pytest.raises(exceptions.DigestMismatch):
        patient.put("x", [b"x"], size=2)
    with pytest.raises(exceptions.InvalidKey):
        patient.stat("../x")
    assert clock.pauses == []


def test_puts_of_a_batch_are_made_again_but_not_its_flush(flaky, patient):
    with patient.batch() as writer:
        flaky.failures = 2
        banks.put(writer, "x", b"1")
    assert banks.get(flaky, "x") == b"1"
    with pytest.raises(exceptions.BatchLost), patient.batch():
        flaky.failures = 1


def lose(flaky, patient):
    """Let a flush fail after a put that succeeded."""
    with patient.batch() as writer:
        banks.put(writer, "x", b"1")
        flaky.failures = 1


def test_a_batch_is_lost_after_a_pause_until_patience_ends(
    flaky, patient, clock
):
    begun = clock.now
    while clock.now < begun + 600:
        with pytest.raises(exceptions.BatchLost):
            lose(flaky, patient)
    with pytest.raises(exceptions.BankUnavailable) as caught:
        lose(flaky, patient)
    assert caught.type is exceptions.BankUnavailable


def test_a_flush_that_succeeds_renews_the_patience(flaky, patient, clock):
    for _ in range(5):
        with pytest.raises(exceptions.BatchLost, match="not now"):
            lose(flaky, patient)
        with patient.batch():
            pass
        clock.now += 500


def test_an_error_inside_a_batch_passes(patient):
    with pytest.raises(banks.Stopped), patient.batch():
        raise banks.Stopped


class Unreadable(memory.MemoryBank):
    """A medium that has lost an object, and counts who asks."""

    asked = 0

    @contextlib.contextmanager
    def open(self, key, offset=0, length=None):
        self.asked += 1
        raise exceptions.ObjectUnreadable(key=key, reason="a bad sector")
        yield


def test_a_lost_object_is_read_some_times_only():
    bank = Unreadable()
    patient = retry.RetryingBank(bank, timeout=600, check=lambda: None)
    with pytest.raises(exceptions.ObjectUnreadable, match="a bad sector"):
        banks.get(patient, KEY)
    assert bank.asked == patience.READS
