# SPDX-License-Identifier: Apache-2.0
"""Puts of large objects that are cut off, and gone on with."""

import functools
import hashlib
import pathlib
import random
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import pace
from karbor_copy.banks import patience
from karbor_copy.banks import retry
from karbor_copy.banks import s3
from karbor_copy.banks import s3_put
from karbor_copy.banks import s3_uploads
from karbor_copy.banks import section
from karbor_copy.banks import swift
from karbor_copy.banks import swift_large
from tests.contract import banks
from tests.fakes import fault_proxy
from tests.fakes import stuck_put
from tests.fakes.fault_proxy import Answer
from tests.fakes.fault_proxy import Fault
from tests.fixtures import forked
from tests.fixtures import object_stores
from tests.fixtures import servers
from tests.fixtures import standalone

KEY = "checkpoints/c1/resource-data/r1/data_1"
#: Bytes of a part.
SIZE = object_stores.PART_SIZE
#: The request for a part of a number, and for making the object of all.
PART = {"swift": "/0000000{}", "s3": "partNumber={}"}
JOIN = {
    "swift": {"method": "PUT", "part": "multipart-manifest=put"},
    "s3": {"method": "POST", "part": "uploadId="},
}


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # As they are, to be put back.
        patch.setattr(swift_large, "SEGMENT_SIZE", swift_large.SEGMENT_SIZE)
        patch.setattr(s3_put, "PART_SIZE", s3_put.PART_SIZE)
        patch.setattr(s3_put.S3Put, "PIECE", s3_put.S3Put.PIECE)
        object_stores.make_parts_small()
        yield


only_swift = pytest.mark.parametrize("kind", ["swift"], indirect=True)
only_s3 = pytest.mark.parametrize("kind", ["s3"], indirect=True)


@pytest.fixture(scope="module", params=["swift", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def module_proxy() -> Iterator[fault_proxy.Proxy]:
    with fault_proxy.proxying(servers.shared_url("swift")) as found:
        yield found


@pytest.fixture
def proxy(module_proxy: fault_proxy.Proxy) -> Iterator[fault_proxy.Proxy]:
    module_proxy.requests.clear()
    yield module_proxy
    module_proxy.faults.clear()


@pytest.fixture(scope="module")
def options(kind: str, module_proxy: fault_proxy.Proxy) -> dict[str, Any]:
    make = (
        object_stores.swift_options
        if kind == "swift"
        else object_stores.s3_options
    )
    return make(module_proxy.url)


@pytest.fixture(scope="module")
def module_bank(kind: str, options: dict[str, Any]) -> base.Bank:
    found: base.Bank = (
        swift.SwiftBank(**options) if kind == "swift" else s3.S3Bank(**options)
    )
    found.set_up()
    return found


@pytest.fixture
def bank(
    module_bank: base.Bank, proxy: fault_proxy.Proxy
) -> Iterator[base.Bank]:
    yield module_bank
    proxy.faults.clear()
    for info in module_bank.list():
        module_bank.delete(info.key)
    module_bank.delete_leftovers("", lambda: None)
    assert object_stores.parts(module_bank) == []


@pytest.fixture
def patient(
    bank: base.Bank, monkeypatch: pytest.MonkeyPatch
) -> retry.RetryingBank:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    return retry.RetryingBank(bank, timeout=30, check=lambda: None)


@pytest.fixture(scope="module")
def data() -> bytes:
    """Return an object of five parts."""
    return random.randbytes(4 * SIZE + SIZE // 3)


class Source:
    """Chunks that can be had again; told how far it has got."""

    def __init__(
        self, data: bytes, at: Callable[[int], object] | None = None
    ) -> None:
        self._data = memoryview(data)
        self._at = at

    def __iter__(self) -> Iterator[memoryview]:
        for start in range(0, len(self._data), base.BLOCK_SIZE):
            if self._at is not None:
                self._at(start)
            yield self._data[start : start + base.BLOCK_SIZE]


def put(
    bank: base.Bank,
    data: bytes,
    promised: bytes | None = None,
    at: Callable[[int], object] | None = None,
) -> base.ObjectInfo:
    digests = {"sha256": banks.sha256(data if promised is None else promised)}
    return bank.put(KEY, Source(data, at), size=len(data), digests=digests)


def cut(
    kind: str, bank: base.Bank, proxy: fault_proxy.Proxy, data: bytes
) -> None:
    """Lose the connection in the middle of the third part."""
    name = PART[kind].format(3)
    proxy.add(Fault(method="PUT", part=name, request_reset=SIZE // 2))
    with pytest.raises(exceptions.BankUnavailable) as caught:
        put(bank, data)
    assert caught.value.progress
    assert banks.names(bank) == []
    assert len(object_stores.parts(bank)) == {"swift": 2, "s3": 1}[kind]
    proxy.requests.clear()


def sent(kind: str, proxy: fault_proxy.Proxy) -> list[int]:
    """Return the numbers of the parts that were sent."""
    return [
        number
        for number in range(1, 6)
        for _ in range(proxy.count("PUT", PART[kind].format(number)))
    ]


def whole(kind: str, bank: base.Bank, data: bytes) -> None:
    """See that the object is there, and nothing beside it."""
    assert section.read_all(bank, KEY) == data
    assert [(i.key, i.size) for i in bank.list()] == [(KEY, len(data))]
    assert len(object_stores.parts(bank)) == {"swift": 5, "s3": 0}[kind]
    assert bank.delete_leftovers("", lambda: None) == 0
    assert section.read_all(bank, KEY) == data


def spoil(bank: base.Bank, number: int, wrong: bytes) -> None:
    """Put other bytes in the place of a part of the object to come."""
    if isinstance(bank, swift.SwiftBank):
        name = object_stores.parts(bank)[number - 1]
        assert name.endswith(f"/0000000{number}")
        bank._client.request("PUT", name, body=wrong)
        return
    assert isinstance(bank, s3.S3Bank)
    (found,) = s3_uploads.Uploads(bank._client)._listed("/" + KEY)
    bank._client.call(
        "upload_part", **found.where, PartNumber=number, Body=wrong
    )


def test_only_what_is_missing_is_sent(kind, bank, proxy, data):
    cut(kind, bank, proxy, data)
    info = put(bank, data)
    assert info.kept == 2 * SIZE
    assert info.digests["sha256"] == banks.sha256(data)
    assert sent(kind, proxy) == [3, 4, 5]
    whole(kind, bank, data)


def test_what_is_there_waits_for_no_pace(kind, bank, proxy, data):
    cut(kind, bank, proxy, data)
    held = 0

    def hold(view: memoryview, _check: object) -> Iterator[memoryview]:
        nonlocal held
        held += len(view)
        yield view

    info = bank.put(
        KEY,
        pace.Paced(Source(data), hold, lambda: None),
        size=len(data),
        digests={"sha256": banks.sha256(data)},
    )
    assert info.kept == 2 * SIZE
    # Chunks and parts do not end at the same bytes.
    assert abs(len(data) - info.kept - held) < base.BLOCK_SIZE
    whole(kind, bank, data)


def test_the_patient_bank_goes_on(kind, bank, patient, proxy, data):
    for number in (2, 4):
        name = PART[kind].format(number)
        proxy.add(Fault(method="PUT", part=name, request_reset=SIZE // 2))
    assert put(patient, data).kept == 3 * SIZE
    assert sent(kind, proxy) == [1, 2, 2, 3, 4, 4, 5]
    whole(kind, bank, data)


def test_a_first_put_keeps_nothing(kind, bank, proxy, data):
    assert put(bank, data).kept == 0
    assert sent(kind, proxy) == [1, 2, 3, 4, 5]
    whole(kind, bank, data)


def test_after_a_kill(kind, options, bank, proxy, data, tmp_path):
    digests = {"sha256": banks.sha256(data)}
    process = forked.Forked(
        functools.partial(
            stuck_put.main,
            *(kind, options, KEY, data, 2 * SIZE + SIZE // 2, digests),
        ),
        output=pathlib.Path(tmp_path, "out"),
        errors=pathlib.Path(tmp_path, "err"),
    )
    try:
        assert process.first_line(standalone.TIMEOUT) == "stuck"
    finally:
        process.kill()
        process.wait()
    assert banks.names(bank) == []
    proxy.requests.clear()
    assert put(bank, data).kept == 2 * SIZE
    assert sent(kind, proxy) == [3, 4, 5]
    whole(kind, bank, data)


def test_wrong_bytes_are_sent_again(kind, bank, proxy, data):
    cut(kind, bank, proxy, data)
    spoil(bank, 1, bytes(SIZE))
    proxy.requests.clear()
    assert put(bank, data).kept == SIZE
    assert sorted(sent(kind, proxy)) == [1, 3, 4, 5]
    whole(kind, bank, data)


def test_a_part_of_another_size_is_sent_again(kind, bank, proxy, data):
    cut(kind, bank, proxy, data)
    spoil(bank, 2, b"short")
    put(bank, data)
    assert section.read_all(bank, KEY) == data
    bank.delete_leftovers("", lambda: None)
    whole(kind, bank, data)


def test_a_source_that_has_changed(kind, bank, proxy, data):
    cut(kind, bank, proxy, data)
    other = bytes(len(data))
    assert put(bank, other).kept == 0
    assert section.read_all(bank, KEY) == other
    # What the first one has left is no part of it.
    removed = bank.delete_leftovers("", lambda: None)
    assert removed == {"swift": 2, "s3": 0}[kind]
    whole(kind, bank, other)


def test_a_source_that_is_wrong(kind, bank, proxy, data):
    cut(kind, bank, proxy, data)
    wrong = data[:-1] + bytes([data[-1] ^ 1])
    with pytest.raises(exceptions.DigestMismatch):
        put(bank, wrong, promised=data)
    with pytest.raises(exceptions.DigestMismatch):
        put(bank, bytes(len(data)), promised=data)
    assert banks.names(bank) == []
    put(bank, data)
    whole(kind, bank, data)


def test_a_wrong_source_spoils_nothing_that_is_there(kind, bank, data):
    put(bank, data)
    with pytest.raises(exceptions.DigestMismatch):
        put(bank, bytes(len(data)), promised=data)
    assert section.read_all(bank, KEY) == data
    bank.delete_leftovers("", lambda: None)
    assert section.read_all(bank, KEY) == data


def test_a_worker_that_is_late(kind, bank, data):
    """Two send the same object, and one ends while the other stands."""
    turns = []

    def at(start: int) -> None:
        if start >= 2 * SIZE and not turns:
            turns.append(start)
            put(bank, data)

    try:
        put(bank, data, at=at)
    except exceptions.BankUnavailable:
        assert section.read_all(bank, KEY) == data
        put(bank, data)
    whole(kind, bank, data)


def test_a_late_worker_that_fails(kind, bank, data):
    """What two have sent is not removed by the one who gives up."""

    class Stopped(Exception):
        pass

    def at(start: int) -> None:
        if start >= 3 * SIZE:
            raise Stopped

    def meanwhile(start: int) -> None:
        if start >= 4 * SIZE:
            with pytest.raises(Stopped):
                put(bank, data, at=at)

    put(bank, data, at=meanwhile)
    whole(kind, bank, data)


@pytest.mark.parametrize("new", [False, True])
def test_a_lost_answer_at_the_end(kind, bank, patient, proxy, data, new):
    proxy.add(Fault(**JOIN[kind], lost=True))
    call = patient.put_new if new else patient.put
    digests = {"sha256": banks.sha256(data)}
    call(KEY, Source(data), size=len(data), digests=digests)
    whole(kind, bank, data)


def test_no_resume_of_what_can_be_read_once(kind, bank, proxy, data):
    name = PART[kind].format(3)
    proxy.add(Fault(method="PUT", part=name, request_reset=SIZE // 2))
    with pytest.raises(exceptions.BankUnavailable) as caught:
        bank.put(KEY, iter(Source(data)), size=len(data))
    assert not caught.value.progress
    assert object_stores.parts(bank) == []
    assert bank.put(KEY, iter(Source(data)), size=len(data)).kept == 0
    whole(kind, bank, data)


def test_the_mark_is_that_of_the_last_put(kind, bank, patient, proxy, data):
    cut(kind, bank, proxy, data)
    digests = {"sha256": banks.sha256(data)}
    patient.put(
        KEY, Source(data), size=len(data), digests=digests, serialized=True
    )
    assert bank.stat(KEY).serialized is True
    whole(kind, bank, data)


def test_clean_up_removes_parts(kind, bank, proxy, data):
    ids = [str(uuid.uuid4()) for _ in range(2)]
    digests = {"sha256": banks.sha256(data)}
    for checkpoint_id in ids:
        key = keys.section_prefix(checkpoint_id, "r1") + "data_1"
        name = PART[kind].format(3)
        proxy.add(Fault(method="PUT", part=name, request_reset=1000))
        with pytest.raises(exceptions.BankUnavailable):
            bank.put(key, Source(data), size=len(data), digests=digests)
    before = object_stores.parts(bank)
    store = checkpoint_store.CheckpointStore(bank)
    count = store.delete_objects(ids[0], lambda: None)
    left = object_stores.parts(bank)
    assert count == len(before) // 2
    assert len(left) == len(before) - count
    if kind == "swift":
        assert all(ids[1] in name for name in left)


@only_s3
def test_the_server_has_no_list_of_uploads(kind, bank, proxy, data):
    """Then there is nothing to go on with, and nothing to remove."""
    proxy.add(Fault(method="GET", part="uploads", times=2, answer=Answer(501)))
    put(bank, data)
    assert bank.delete_leftovers("", lambda: None) == 0
    assert not any(fault.times for fault in proxy.faults)
    whole(kind, bank, data)


@only_s3
def test_a_server_whose_parts_have_no_md5(
    kind, bank, proxy, data, monkeypatch
):
    cut(kind, bank, proxy, data)
    monkeypatch.setattr(s3_put, "_md5", lambda _: "another")
    assert put(bank, data).kept == 0
    whole(kind, bank, data)


@only_s3
@pytest.mark.parametrize("part", ["uploads", "uploadId="])
def test_what_nobody_can_find_again_is_no_progress(
    kind, bank, proxy, data, part
):
    """Each try would be as far as the last one, and leave its parts."""
    if part == "uploadId=":
        cut(kind, bank, proxy, data)
    before = len(object_stores.parts(bank))
    proxy.add(Fault(method="GET", part=part, times=2, answer=Answer(403)))
    name = PART[kind].format(3)
    proxy.add(Fault(method="PUT", part=name, request_reset=SIZE // 2))
    with pytest.raises(exceptions.BankUnavailable) as caught:
        put(bank, data)
    assert not caught.value.progress
    proxy.faults.clear()
    assert len(object_stores.parts(bank)) == before


@only_s3
def test_parts_without_md5_are_no_progress(
    kind, bank, proxy, data, monkeypatch
):
    """They are all sent again by the next try."""
    monkeypatch.setattr(s3_put, "_md5", lambda _: "another")
    name = PART[kind].format(3)
    proxy.add(Fault(method="PUT", part=name, request_reset=SIZE // 2))
    with pytest.raises(exceptions.BankUnavailable) as caught:
        put(bank, data)
    assert not caught.value.progress


@only_swift
def test_swift_makes_no_large_objects(kind, bank, proxy, data):
    proxy.add(Fault(**JOIN["swift"], answer=Answer(422)))
    with pytest.raises(exceptions.BankRejected, match="large objects"):
        put(bank, data)


@only_swift
def test_a_manifest_is_no_object(kind, bank, data):
    """Without the middleware it would be one; its ETag says no."""
    put(bank, data)
    answer = bank._client.request(
        "PUT",
        "plain",
        headers={"ETag": "0" * 32},
        body=b"[]",
    )
    assert answer.status_code == 422


@only_swift
def test_a_segment_that_went_away(kind, bank, patient, proxy, data):
    def at(start: int) -> None:
        names = object_stores.parts(bank)
        if len(names) == 3 and not gone:
            gone.append(names[0])
            bank._segments.delete(names[:1])

    gone: list[str] = []
    assert put(patient, data, at=at).kept
    assert gone
    whole("swift", bank, data)


@only_swift
def test_a_byte_that_flips_in_a_segment(kind, bank, patient, proxy, data):
    name = PART["swift"].format(2)
    proxy.add(Fault(method="PUT", part=name, request_flip=50))
    put(patient, data)
    assert sent("swift", proxy) == [1, 2, 2, 3, 4, 5]
    whole("swift", bank, data)


@only_swift
def test_keys_below_a_key_keep_their_segments(kind, bank, data):
    digests = {"sha256": banks.sha256(data)}
    for key in (KEY, KEY + "/x", KEY + "x"):
        bank.put(key, Source(data), size=len(data), digests=digests)
    bank.delete(KEY)
    assert len(object_stores.parts(bank)) == 10
    assert section.read_all(bank, KEY + "/x") == data
    assert section.read_all(bank, KEY + "x") == data


@only_swift
def test_a_small_object_leaves_segments_to_clean_up(kind, bank, data):
    put(bank, data)
    banks.put(bank, KEY, b"small")
    assert bank.delete_leftovers("checkpoints/c2/", lambda: None) == 0
    assert bank.delete_leftovers("checkpoints/c1/", lambda: None) == 5
    assert section.read_all(bank, KEY) == b"small"


@only_swift
def test_a_key_that_has_no_room_for_segments(kind, bank, data):
    key = "k" * 1000
    with pytest.raises(exceptions.InvalidKey, match="large object"):
        bank.put(key, Source(data), size=len(data))
    banks.put(bank, key, b"small")


@only_swift
def test_the_known_md5_is_checked(kind, bank, data):
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    digests = {"sha256": banks.sha256(data), "md5": md5}
    info = bank.put(KEY, Source(data), size=len(data), digests=digests)
    assert info.digests == digests
