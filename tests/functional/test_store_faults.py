# SPDX-License-Identifier: Apache-2.0
"""Swift and S3 banks whose server fails, lies or is slow.

Every call ends right when it is tried again, or with an error that says
what is wrong, and never with a secret in it.
"""

import hashlib
import logging
import random
import threading
from collections.abc import Callable
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import patience
from karbor_copy.banks import retry
from karbor_copy.banks import s3_client
from karbor_copy.banks import section
from karbor_copy.banks import swift_client
from tests.contract import banks
from tests.fakes import fault_proxy
from tests.fakes.fault_proxy import Answer
from tests.fakes.fault_proxy import Fault
from tests.fixtures import object_stores
from tests.fixtures import servers
from tools.servers import swift as swift_server

KEY = "a/b"
SMALL = b"0123456789" * 10
LARGE = 2_000_000

CALLS: dict[str, Callable[[base.Bank], object]] = {
    "set_up": lambda bank: bank.set_up(),
    "put": lambda bank: banks.put(bank, KEY, SMALL),
    "put_new": lambda bank: banks.put_new(bank, KEY, SMALL),
    "open": lambda bank: section.read_all(bank, KEY),
    "stat": lambda bank: bank.stat(KEY),
    "list": lambda bank: banks.names(bank),
    "delete": lambda bank: bank.delete(KEY),
    "batch": lambda bank: bank.batch().__enter__(),
}


@pytest.fixture(scope="module", params=["swift", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def module_proxy(kind: str) -> Iterator[fault_proxy.Proxy]:
    with fault_proxy.proxying(servers.shared_url("swift")) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def module_bank(kind: str, module_proxy: fault_proxy.Proxy) -> base.Bank:
    return make(kind, module_proxy)


def make(kind: str, proxy: fault_proxy.Proxy) -> base.Bank:
    found: base.Bank = (
        object_stores.swift_bank(
            swift_auth_url=f"{proxy.url}/auth/v1.0",
        )
        if kind == "swift"
        else object_stores.s3_bank(s3_endpoint=proxy.url)
    )
    found.set_up()
    return found


@pytest.fixture
def proxy(
    module_proxy: fault_proxy.Proxy,
) -> Iterator[fault_proxy.Proxy]:
    module_proxy.requests.clear()
    yield module_proxy
    module_proxy.faults.clear()


@pytest.fixture
def bank(module_bank: base.Bank, proxy: fault_proxy.Proxy) -> base.Bank:
    """Return a bank that holds one object; a test leaves no other."""
    banks.put(module_bank, KEY, SMALL)
    proxy.requests.clear()
    return module_bank


@pytest.fixture
def patient(
    bank: base.Bank, monkeypatch: pytest.MonkeyPatch
) -> retry.RetryingBank:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    return retry.RetryingBank(bank, timeout=30, check=lambda: None)


@pytest.fixture(autouse=True)
def secrecy(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Look for what must not be told, in all that is logged."""
    caplog.set_level(logging.DEBUG)
    yield
    told(caplog.text)


def told(text: str) -> str:
    """Return a text that has no secret in it."""
    account, user, key = swift_server.USERS[0]
    for secret in (f"{account}:{user}", f"'{key}'", "AUTH_tk", "Signature="):
        assert secret not in text
    return text


def fails(
    call: Callable[[], object], error: type[exceptions.BankError]
) -> exceptions.BankError:
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    told(str(caught.value))
    return caught.value


@pytest.mark.parametrize("name", CALLS)
def test_a_storm_passes(bank, patient, proxy, name):
    if name == "put_new":
        bank.delete(KEY)
    for status in (500, 502, 503, 504, 429, 408):
        proxy.add(Fault(answer=Answer(status)))
    error = fails(lambda: CALLS[name](bank), exceptions.BankUnavailable)
    assert "500" in str(error)
    CALLS[name](patient)
    assert not any(fault.times for fault in proxy.faults)
    if name in ("put", "put_new"):
        assert section.read_all(bank, KEY) == SMALL


def test_the_server_says_when_to_come_back(bank, proxy):
    answer = Answer(503, (("Retry-After", "17"),))
    proxy.add(Fault(answer=answer))
    error = fails(lambda: bank.stat(KEY), exceptions.BankUnavailable)
    assert error.retry_after == 17
    proxy.add(Fault(method="PUT", answer=answer))
    call = CALLS["put"]
    error = fails(lambda: call(bank), exceptions.BankUnavailable)
    assert error.retry_after == 17


@pytest.mark.parametrize("name", CALLS)
def test_what_is_final_is_not_tried_again(patient, proxy, name):
    for status in (507, 413, 403, 405, 501):
        proxy.requests.clear()
        proxy.add(Fault(answer=Answer(status)))
        error = fails(lambda: CALLS[name](patient), exceptions.BankRejected)
        assert str(status) in str(error)
        assert len(proxy.requests) == 1


@pytest.mark.parametrize("name", CALLS)
def test_no_redirect_is_followed(bank, proxy, name):
    elsewhere = f"http://127.0.0.1:{object_stores.free_port()}/"
    for status in (301, 302, 307):
        answer = Answer(status, (("Location", elsewhere),))
        proxy.add(Fault(answer=answer))
        fails(lambda: CALLS[name](bank), exceptions.BankRejected)


@pytest.mark.parametrize("size", [0, 1, 50, LARGE // 2])
def test_a_put_that_is_cut_off(patient, proxy, size):
    data = random.randbytes(LARGE)
    proxy.add(Fault(method="PUT", times=2, request_reset=size))
    banks.put(patient, KEY, data)
    assert section.read_all(patient, KEY) == data


@pytest.mark.parametrize("how", ["reset", "truncate"])
@pytest.mark.parametrize("size", [100, LARGE])
def test_a_get_that_is_cut_off(patient, proxy, how, size):
    data = random.randbytes(size)
    banks.put(patient, KEY, data)
    proxy.add(Fault(method="GET", part=KEY, **{how: 0}))
    proxy.add(Fault(method="GET", part=KEY, **{how: size // 2}))
    assert section.read_all(patient, KEY) == data
    assert proxy.count("GET", KEY) == 3


@pytest.mark.parametrize("how", ["reset", "truncate"])
def test_a_listing_that_is_cut_off(patient, proxy, how):
    proxy.add(Fault(method="GET", **{how: 10}))
    assert banks.names(patient) == [KEY]


def test_a_listing_that_is_none(bank, proxy):
    proxy.add(Fault(method="GET", answer=Answer(200, body=b"<html>")))
    fails(lambda: banks.names(bank), exceptions.BankUnavailable)


@pytest.mark.parametrize("size", [100, LARGE])
def test_a_byte_that_flips_on_its_way_there(bank, patient, proxy, size):
    bank.delete(KEY)
    data = random.randbytes(size)
    proxy.add(Fault(method="PUT", times=2, request_flip=50))
    fails(lambda: banks.put(bank, KEY, data), exceptions.BankUnavailable)
    assert banks.names(bank) == []
    banks.put(patient, KEY, data)
    assert section.read_all(bank, KEY) == data


def test_a_byte_that_flips_under_a_known_md5(bank, kind, proxy):
    data = random.randbytes(LARGE)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    proxy.add(Fault(method="PUT", request_flip=50))
    # Swift alone has not digested it before: the source may be wrong.
    error = {
        "swift": exceptions.DigestMismatch,
        "s3": exceptions.BankUnavailable,
    }[kind]
    fails(
        lambda: bank.put(KEY, [data], size=LARGE, digests={"md5": md5}),
        error,
    )
    assert section.read_all(bank, KEY) == SMALL


def test_a_byte_that_flips_on_its_way_back(bank, patient, proxy):
    proxy.add(Fault(method="GET", times=2, flip=50))
    fails(lambda: section.read_all(bank, KEY), exceptions.BankUnavailable)
    assert section.read_all(patient, KEY) == SMALL


def test_an_object_that_was_not_stored_is_not_there(bank, proxy):
    proxy.add(Fault(method="PUT", lie=True))
    banks.put(bank, "new", SMALL)
    fails(lambda: section.read_all(bank, "new"), exceptions.ObjectNotFound)


def test_an_object_that_is_not_there_yet(bank, proxy):
    proxy.add(Fault(method="HEAD", part="/late", answer=Answer(404)))
    proxy.add(Fault(method="GET", part="/late", answer=Answer(404)))
    banks.put(bank, "late", SMALL)
    fails(lambda: bank.stat("late"), exceptions.ObjectNotFound)
    fails(lambda: section.read_all(bank, "late"), exceptions.ObjectNotFound)
    assert section.read_all(bank, "late") == SMALL
    bank.delete("late")
    proxy.add(Fault(method="HEAD", part="/late", answer=Answer(404)))
    assert banks.put_new(bank, "late", SMALL).size == len(SMALL)
    bank.delete("late")


def test_a_lost_answer_to_a_new_put(patient, bank, proxy):
    bank.delete(KEY)
    proxy.add(Fault(method="PUT", lost=True))
    info = banks.put_new(patient, KEY, SMALL)
    assert info.digests["sha256"] == banks.sha256(SMALL)
    assert proxy.count("PUT") == 2


def test_a_slow_stream_comes_through(bank, proxy):
    data = random.randbytes(LARGE)
    banks.put(bank, KEY, data)
    proxy.add(Fault(method="GET", slow=0.02))
    assert section.read_all(bank, KEY) == data


def test_a_server_that_says_nothing(kind, proxy, monkeypatch):
    monkeypatch.setattr(swift_client, "TIMEOUT", (0.3, 0.3))
    monkeypatch.setattr(s3_client, "READ_TIMEOUT", 0.3)
    hasty = make(kind, proxy)
    over = threading.Event()
    proxy.add(Fault(method="HEAD", delay=over))
    fails(lambda: hasty.stat(KEY), exceptions.BankUnavailable)
    proxy.add(Fault(method="PUT", delay=over))
    fails(lambda: CALLS["put"](hasty), exceptions.BankUnavailable)
    over.set()


def test_a_server_that_is_away(kind, monkeypatch):
    url = f"http://127.0.0.1:{object_stores.free_port()}"
    away = (
        object_stores.swift_bank(swift_auth_url=f"{url}/auth/v1.0")
        if kind == "swift"
        else object_stores.s3_bank(s3_endpoint=url)
    )
    for call in CALLS.values():
        fails(lambda call=call: call(away), exceptions.BankUnavailable)


@pytest.mark.parametrize("kind", ["swift"], indirect=True)
@pytest.mark.parametrize("name", CALLS)
def test_a_token_that_is_refused_is_replaced_once(kind, bank, proxy, name):
    if name == "put_new":
        bank.delete(KEY)
    proxy.requests.clear()
    proxy.add(Fault(part="/v1/", answer=Answer(401)))
    CALLS[name](bank)
    assert proxy.count("GET", "/auth/") == 1
    proxy.add(Fault(part="/v1/", times=2, answer=Answer(401)))
    fails(lambda: CALLS[name](bank), exceptions.BankRejected)
    assert proxy.count("GET", "/auth/") <= 3


@pytest.mark.parametrize("kind", ["swift"], indirect=True)
@pytest.mark.parametrize("again", [True, False])
def test_a_token_that_is_refused_in_a_long_put(kind, bank, proxy, again):
    data = random.randbytes(LARGE)
    proxy.add(Fault(method="PUT", answer=Answer(401)))
    if again:
        bank.put(KEY, [data], size=LARGE)
    else:
        fails(
            lambda: bank.put(KEY, iter([data]), size=LARGE),
            exceptions.BankUnavailable,
        )
        bank.put(KEY, iter([data]), size=LARGE)
    assert section.read_all(bank, KEY) == data
