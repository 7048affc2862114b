# SPDX-License-Identifier: Apache-2.0
import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.banks import recorder
from karbor_copy.banks import section
from karbor_copy.data_models import manifest
from tests.contract import banks

PREFIX = "checkpoints/c/resource-data/r/"


class Unmarked(memory.MemoryBank):
    """A bank that can't tell what is JSON, as a directory can't."""

    def stat(self, key: str) -> base.ObjectInfo:
        info = super().stat(key)
        return base.ObjectInfo(key=key, size=info.size)


@pytest.fixture
def bank() -> base.Bank:
    found = memory.MemoryBank()
    found.set_up()
    return found


@pytest.fixture
def recorded() -> recorder.Recorder:
    return recorder.Recorder()


@pytest.fixture
def inside(bank: base.Bank, recorded: recorder.Recorder):
    return section.BankSection(bank, PREFIX, writable=True, recorder=recorded)


def test_streams_by_relative_keys(bank, inside):
    info = banks.put(inside, "a/b", b"data")
    assert (info.key, info.size) == ("a/b", 4)
    assert banks.get(bank, PREFIX + "a/b") == b"data"
    assert inside.stat("a/b").key == "a/b"
    with inside.open("a/b", 1, 2) as reader:
        buffer = memoryview(bytearray(9))
        assert reader.readinto(buffer) == 2
    assert bytes(buffer[:2]) == b"at"


def test_lists_only_its_own(bank, inside):
    for key in ("a/1", "a/2", "b"):
        banks.put(inside, key, b"")
    banks.put(bank, PREFIX[:-1] + "0/x", b"")
    banks.put(bank, "other", b"")
    assert [i.key for i in inside.list()] == ["a/1", "a/2", "b"]
    assert [i.key for i in inside.list("a/", "a/1")] == ["a/2"]
    assert [i.key for i in inside.list(limit=1)] == ["a/1"]


def test_records_what_it_puts(bank, inside, recorded):
    banks.put(inside, "one", b"1")
    banks.put(inside, "gone", b"2")
    inside.delete("gone")
    with inside.batch() as writer:
        info = writer.put("two", [b"2"], size=1, serialized=True)
    assert info.key == "two"
    inside.record(manifest.Entry(key="resource-data/r/3", size=0, sha256=""))
    found = recorded.entries()
    assert list(found) == [f"resource-data/r/{n}" for n in ("one", "two", 3)]
    assert found["resource-data/r/two"] == manifest.Entry(
        key="resource-data/r/two",
        size=1,
        sha256=banks.sha256(b"2"),
        serialized=True,
    )


def test_a_failed_put_is_not_recorded(inside, recorded):
    with pytest.raises(exceptions.DigestMismatch):
        inside.put("one", [b"1"], size=2)
    assert recorded.entries() == {}


def test_read_only(bank):
    inside = section.BankSection(bank, PREFIX, writable=False)
    banks.put(bank, PREFIX + "x", b"1")
    calls = [
        lambda: banks.put(inside, "x", b"2"),
        lambda: inside.delete("x"),
        lambda: inside.update_object("x", "2"),
        lambda: inside.delete_object("x"),
    ]
    for call in calls:
        with pytest.raises(exceptions.BankRejected):
            call()
    with inside.batch() as writer, pytest.raises(exceptions.BankRejected):
        banks.put(writer, "x", b"2")
    assert inside.get_object("x") == "1"


@pytest.mark.parametrize("prefix", ["", "/", "a/../b/", "/a"])
def test_a_bad_prefix_is_refused(bank, prefix):
    with pytest.raises(exceptions.InvalidKey):
        section.BankSection(bank, prefix, writable=True)


@pytest.mark.parametrize(
    ("value", "serialized"),
    [
        ("available", False),
        ("", False),
        ("5", False),
        ('{"a": 1}', False),
        (b"\xff\xfe", False),
        ({"a": [1, None]}, True),
        ([], True),
        (None, True),
        (5, True),
        (False, True),
    ],
)
@pytest.mark.parametrize("key", ["status", "data_1"])
def test_karbors_values_come_back(inside, recorded, key, value, serialized):
    inside.update_object(key, value)
    assert inside.get_object(key) == value
    entry = recorded.entries()[f"resource-data/r/{key}"]
    assert entry.serialized is serialized


def test_bytes_that_are_text_come_back_as_text(inside):
    inside.update_object("data", b"text")
    assert inside.get_object("data") == "text"


def test_no_json_form(inside):
    with pytest.raises(TypeError):
        inside.update_object("data", object())


@pytest.mark.parametrize(
    ("key", "data", "expected"),
    [
        ("metadata", b'{"a": 1}', {"a": 1}),
        ("x.json", b"[1]", [1]),
        ("metadata", b"plain", "plain"),
        ("metadata", b"\xff", b"\xff"),
        ("data_1", b'{"a": 1}', '{"a": 1}'),
        ("status", b"5", "5"),
    ],
)
def test_without_a_mark_the_name_decides(key, data, expected):
    bank = Unmarked()
    bank.set_up()
    banks.put(bank, PREFIX + key, data)
    inside = section.BankSection(bank, PREFIX, writable=False)
    assert inside.get_object(key) == expected


def test_the_manifest_decides_before_the_mark(bank):
    bank.put(PREFIX + "a", [b"[1]"], size=3, serialized=True)
    bank.put(PREFIX + "b", [b"[1]"], size=3, serialized=False)
    entries = {
        name: manifest.Entry(
            key=name, size=3, sha256="", serialized=serialized
        )
        for name, serialized in (("a", False), ("b", True))
    }
    inside = section.BankSection(bank, PREFIX, writable=False, entries=entries)
    assert inside.get_object("a") == "[1]"
    assert inside.get_object("b") == [1]


def test_marked_as_json_but_none(bank, inside):
    bank.put(PREFIX + "a", [b"x"], size=1, serialized=True)
    with pytest.raises(exceptions.BankError, match="no JSON"):
        inside.get_object("a")


def test_karbors_listing(inside):
    for number in range(5):
        inside.update_object(f"data_{number}", "x")
    inside.update_object("status", "x")
    data = [f"data_{number}" for number in range(5)]
    assert inside.list_objects() == [*data, "status"]
    assert inside.list_objects(prefix="data_", limit=2) == data[:2]
    assert inside.list_objects(marker="data_3") == ["data_4", "status"]
    assert inside.list_objects("data_", sort_dir="desc") == data[::-1]
    assert inside.list_objects(
        "data_", limit=2, marker="data_3", sort_dir="desc"
    ) == ["data_2", "data_1"]
    inside.delete_object("status")
    inside.delete_object("status")
    assert inside.list_objects() == data


def test_read_all_stops_at_a_limit(bank):
    banks.put(bank, "x", b"123456")
    assert section.read_all(bank, "x", 4) == b"1234"
