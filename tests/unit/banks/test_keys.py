# SPDX-License-Identifier: Apache-2.0
import contextlib
import posixpath
import unicodedata
import uuid

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import exceptions
from karbor_copy.banks import keys
from karbor_copy.banks import memory
from karbor_copy.banks import section
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import status
from tests.contract import banks

CHECKPOINT_ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"

nasty = strategies.lists(
    strategies.sampled_from(
        ["/", ".", "..", "a", "data_1", "ä", "\0", "\n", " ", "-", "~", "@"]
    )
    | strategies.text(max_size=3),
    max_size=8,
).map("".join)


def is_good(key: str) -> bool:
    """Say what a key is, in other words than the code's."""
    try:
        data = key.encode()
    except UnicodeEncodeError:
        return False
    return (
        len(data) <= 1024
        and all(part not in {"", ".", ".."} for part in key.split("/"))
        and all(unicodedata.category(char) != "Cc" for char in key)
    )


@hypothesis.given(nasty)
@hypothesis.example("a/..b/.c/...")
@hypothesis.example("é" * 512)
@hypothesis.example("é" * 513)
def test_a_key_is_good_or_refused(key):
    assert keys.is_key(key) == is_good(key)
    if is_good(key):
        assert keys.check_key(key) == key
        # Nothing is left to normalise, so no one else reads it differently.
        assert posixpath.normpath(key) == key


@pytest.mark.parametrize("key", banks.BAD_KEYS, ids=repr)
def test_bad_keys(key):
    with pytest.raises(exceptions.InvalidKey):
        keys.check_key(key)


def test_the_message_is_short():
    with pytest.raises(exceptions.InvalidKey) as caught:
        keys.check_key("x" * 10_000_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "key", ["status", "a b", "by-date/2026-01-01/p/1@x", "x" * 1024, "..a"]
)
def test_good_keys(key):
    assert keys.join(*key.split("/")) == key


@hypothesis.given(nasty, nasty)
def test_a_section_has_no_way_out(key, other):
    bank = memory.MemoryBank()
    bank.set_up()
    inside = section.BankSection(bank, "in/side", writable=True)
    banks.put(bank, "in/sidestep", b"")
    banks.put(bank, "out", b"")
    calls = [
        lambda: inside.put(key, [], size=0),
        lambda: inside.delete(key),
        lambda: list(inside.list(key, marker=other)),
    ]
    for call in calls:
        with contextlib.suppress(exceptions.InvalidKey):
            call()
        found = {info.key for info in bank.list()}
        assert {"in/sidestep", "out"} <= found
        assert all(name.startswith("in/side/") for name in found
                   - {"in/sidestep", "out"})  # fmt: skip
    try:
        listed = [info.key for info in inside.list(key)]
    except exceptions.InvalidKey:
        listed = []
    assert not {"step", "out"} & set(listed)


def test_prefixes():
    assert keys.check_prefix("") == ""
    assert keys.check_prefix("a/b/") == "a/b/"
    assert keys.check_prefix("a/b") == "a/b"
    for prefix in ("/", "a//", "../", "a/../b"):
        with pytest.raises(exceptions.InvalidKey):
            keys.check_prefix(prefix)


def test_layout_is_karbors():
    top = f"checkpoints/{CHECKPOINT_ID}"
    assert keys.index_key(CHECKPOINT_ID) == f"{top}/index.json"
    assert keys.manifest_key(CHECKPOINT_ID) == f"{top}/manifest.jsonl"
    section_prefix = keys.section_prefix(CHECKPOINT_ID, "r1")
    assert section_prefix == f"{top}/resource-data/r1/"
    assert keys.in_checkpoint(section_prefix + "x") == "resource-data/r1/x"
    assert keys.in_checkpoint("elsewhere/x") == "elsewhere/x"


def make_index(**changes):
    values = {
        "id": CHECKPOINT_ID,
        "status": status.CheckpointStatus.AVAILABLE,
        "owner_id": "owner",
        "provider_id": "provider",
        "project_id": "project",
        "protection_plan": {"id": "plan"},
        "resource_graph": None,
        "extra_info": {},
        "created_at": "2026-11-22",
        "timestamp": 1795000000,
        **changes,
    }
    return checkpoint_index.CheckpointIndex(**values)


def test_index_keys_are_karbors():
    tail = f"1795000000@{CHECKPOINT_ID}"
    assert keys.index_keys(make_index()) == (
        f"indices/by-provider/provider/project/{tail}",
        f"indices/by-date/2026-11-22/project/{tail}",
        f"indices/by-plan/plan/project/2026-11-22/{tail}",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"project_id": "../x"},
        {"provider_id": "a/b"},
        {"protection_plan": {"id": ".."}},
        {"id": "x/y"},
    ],
)
def test_index_keys_of_a_hostile_index_are_refused(changes):
    with pytest.raises(exceptions.InvalidKey):
        keys.index_keys(make_index(**changes))


@pytest.mark.parametrize("bad", ["", "..", "a/b", "a\0"])
def test_ids_are_one_part(bad):
    for build in (keys.checkpoint_prefix, keys.index_key, keys.manifest_key):
        with pytest.raises(exceptions.InvalidKey):
            build(bad)
    with pytest.raises(exceptions.InvalidKey):
        keys.section_prefix(str(uuid.uuid4()), bad)
