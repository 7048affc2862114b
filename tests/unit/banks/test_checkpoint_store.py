# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json
import uuid

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import manifest
from karbor_copy.banks import memory
from karbor_copy.banks import recorder
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest as manifest_model
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from tests.contract import banks
from tests.fakes import operations
from tests.fakes import scripted_bank

ID = "22b82aa7-9179-4c71-bba2-caf5c0e68db7"
GRAPH = resource.ResourceGraph(
    (resource.Resource("OS::Cinder::Volume", "v1", "volume"),), {}
)
INDEX = checkpoint_index.CheckpointIndex(
    id=ID,
    status=status.CheckpointStatus.AVAILABLE,
    owner_id="owner",
    provider_id="provider",
    project_id="project",
    protection_plan={"id": "plan"},
    resource_graph=GRAPH.serialize(),
    extra_info={"a": 1},
    created_at="2026-11-22",
    timestamp=1795000000,
)
PREFIX = f"checkpoints/{ID}/"


def entry(key):
    return manifest_model.Entry(key=key, size=1, sha256="a" * 64)


MANIFEST = manifest_model.Manifest(
    checkpoint_id=ID,
    entries={
        key: entry(key)
        for key in ("resource-data/v1/a/b", "resource-data/v2/c")
    },
)


@pytest.fixture
def bank() -> base.Bank:
    found = memory.MemoryBank()
    found.set_up()
    return found


@pytest.fixture
def store(bank: base.Bank):
    return checkpoint_store.CheckpointStore(bank)


def nothing() -> None:
    """Let the work go on."""


def write_manifest(store, value=MANIFEST, *, attempt=1, check=nothing) -> str:
    return store.write_manifest(value, attempt=attempt, check=check)


def test_index_comes_back(bank, store):
    with pytest.raises(exceptions.ObjectNotFound):
        store.read_index(ID)
    store.write_index(INDEX, nothing)
    assert store.read_index(ID) == INDEX
    assert bank.stat(PREFIX + "index.json").serialized


def test_index_keys_come_and_go(bank, store):
    store.write_index_keys(INDEX, nothing)
    found = [info.key for info in bank.list("indices/")]
    assert found == sorted(keys.index_keys(INDEX))
    assert {banks.get(bank, key) for key in found} == {ID.encode()}
    store.delete_index_keys(INDEX)
    store.delete_index_keys(INDEX)
    assert list(bank.list()) == []


def test_manifest_comes_back(store):
    with pytest.raises(exceptions.ObjectNotFound):
        store.read_manifest(ID, None)
    sha256 = write_manifest(store)
    assert sha256 == manifest.digest(manifest.dump(MANIFEST))
    assert store.read_manifest(ID, sha256) == MANIFEST
    assert store.read_manifest(ID, None) == MANIFEST
    store.delete_manifest(ID)
    store.delete_manifest(ID)
    with pytest.raises(exceptions.ObjectNotFound):
        store.read_manifest(ID, sha256)


OTHER = dataclasses.replace(MANIFEST, entries={})


def test_the_first_attempts_manifest_never_replaces_a_later_ones(store):
    sha256 = write_manifest(store, attempt=2)
    with pytest.raises(exceptions.ObjectExists):
        write_manifest(store, OTHER, attempt=1)
    assert store.read_manifest(ID, sha256) == MANIFEST


def test_a_later_attempt_replaces_an_earlier_ones_manifest(store):
    write_manifest(store, OTHER, attempt=1)
    sha256 = write_manifest(store, attempt=2)
    assert write_manifest(store, attempt=3) == sha256
    assert store.read_manifest(ID, sha256) == MANIFEST


def test_an_attempt_that_was_replaced_deletes_no_manifest(store):
    sha256 = write_manifest(store, attempt=3)
    with pytest.raises(exceptions.OperationCancelled):
        write_manifest(store, OTHER, attempt=2, check=operations.stop)
    assert store.read_manifest(ID, sha256) == MANIFEST


def test_index_keys_are_put_again_after_a_lost_flush(bank, store):
    lost = [2]

    def before(call, key):
        if call == "flush" and lost[0]:
            lost[0] -= 1
            raise exceptions.BatchLost(reason="a flush")

    script = scripted_bank.Script()
    script.before = before
    checkpoint_store.CheckpointStore(
        scripted_bank.ScriptedBank(bank, script)
    ).write_index_keys(INDEX, nothing)
    assert lost == [0]
    assert len(list(bank.list("indices/"))) == 3


def test_deleting_objects_can_be_stopped(bank, store):
    for number in range(10):
        banks.put(bank, f"{PREFIX}resource-data/r/data_{number}", b"")
    with pytest.raises(exceptions.OperationCancelled):
        store.delete_objects(ID, operations.StopAfter(13))
    assert len(list(store.list_objects(ID))) == 7


def test_another_manifest_than_the_index_names(store):
    sha256 = write_manifest(store)
    store.delete_manifest(ID)
    write_manifest(store, dataclasses.replace(MANIFEST, entries={}))
    with pytest.raises(exceptions.InvalidManifest, match="the index names"):
        store.read_manifest(ID, sha256)


def test_objects_beyond_their_limit_are_not_read_whole(
    bank, store, monkeypatch
):
    monkeypatch.setattr(checkpoint_index, "MAX_SIZE", 9)
    monkeypatch.setattr(manifest, "MAX_SIZE", 9)
    for name in ("index.json", "manifest.jsonl"):
        banks.put(bank, PREFIX + name, b"x" * 100)
    with pytest.raises(exceptions.InvalidCheckpoint, match="larger"):
        store.read_index(ID)
    with pytest.raises(exceptions.InvalidManifest, match="larger"):
        store.read_manifest(ID, None)


def test_list_ids_are_uuids(bank, store):
    ids = sorted(str(uuid.uuid4()) for _ in range(5))
    for checkpoint_id in (*ids, "no-uuid", ids[0].upper(), "x" + ids[0]):
        banks.put(bank, f"checkpoints/{checkpoint_id}/index.json", b"")
    banks.put(bank, f"checkpoints/{ids[0]}/resource-data/r/x", b"")
    banks.put(bank, "indices/x", b"")
    assert list(store.list_ids()) == ids


def test_list_and_delete_objects(bank, store):
    for name in ("index.json", "manifest.jsonl"):
        banks.put(bank, PREFIX + name, b"")
    for name in ("r/data_1", "r/data_2", "r/status", "s/data_1"):
        banks.put(bank, f"{PREFIX}resource-data/{name}", b"")
    names = [info.key for info in store.list_objects(ID)]
    assert names == [
        f"resource-data/{name}"
        for name in ("r/data_1", "r/data_2", "r/status", "s/data_1")
    ]
    deleted = store.delete_objects(
        ID,
        nothing,
        keep={"resource-data/r/data_2"},
        only=lambda key: key.rpartition("/")[2].startswith("data_"),
    )
    assert deleted == 2
    assert [info.key for info in store.list_objects(ID)] == [
        "resource-data/r/data_2",
        "resource-data/r/status",
    ]
    assert store.delete_objects(ID, nothing) == 2
    assert [info.key for info in bank.list()] == [
        PREFIX + "index.json",
        PREFIX + "manifest.jsonl",
    ]


def test_parts_of_objects_are_deleted_after_the_objects():
    class Leaving(memory.MemoryBank):
        def delete_leftovers(self, prefix, check):
            check()
            seen.append((prefix, [info.key for info in self.list(prefix)]))
            return 3

    seen: list[tuple[str, list[str]]] = []
    leaving = Leaving()
    leaving.set_up()
    prefix = PREFIX + "resource-data/"
    banks.put(leaving, prefix + "r/data_1", b"")
    store = checkpoint_store.CheckpointStore(leaving)
    assert store.delete_objects(ID, nothing) == 4
    assert seen == [(prefix, [])]


def view(bank, index=INDEX, **options):
    values = {"manifest": None, "recorder": None, "writable": False}
    return checkpoint_store.BankCheckpoint(
        index, bank, **{**values, **options}
    )


def test_a_plugin_sees_karbors_attributes(bank):
    seen = view(bank)
    assert seen.id == ID
    assert seen.status == status.CheckpointStatus.AVAILABLE
    assert seen.provider_id == "provider"
    assert seen.project_id == "project"
    assert seen.protection_plan == {"id": "plan"}
    assert seen.extra_info == {"a": 1}
    assert seen.created_at == "2026-11-22"
    assert seen.timestamp == 1795000000
    assert seen.resource_graph == GRAPH
    assert seen.resource_graph is seen.resource_graph


def test_no_graph_is_an_empty_one(bank):
    index = dataclasses.replace(INDEX, resource_graph=None)
    assert view(bank, index).resource_graph == resource.ResourceGraph()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, '[{"0x0": 1}, []]', "[{}, [1]]"]
)
def test_a_hostile_graph(bank, text):
    index = dataclasses.replace(INDEX, resource_graph=text)
    with pytest.raises(exceptions.InvalidCheckpoint):
        assert view(bank, index).resource_graph


def test_sections_have_their_own_entries(bank):
    seen = view(bank, manifest=MANIFEST)
    section = seen.get_resource_bank_section("v1")
    assert section.entries == {"a/b": entry("resource-data/v1/a/b")}
    assert seen.get_resource_bank_section("none").entries == {}
    with pytest.raises(exceptions.BankRejected):
        section.update_object("a", "b")


def test_sections_without_a_manifest_have_none(bank):
    assert view(bank).get_resource_bank_section("v1").entries is None


def test_a_writable_section_records(bank):
    recorded = recorder.Recorder()
    seen = view(bank, recorder=recorded, writable=True)
    seen.get_resource_bank_section("v1").update_object("metadata", {"a": 1})
    assert json.loads(
        banks.get(bank, f"{PREFIX}resource-data/v1/metadata")
    ) == {"a": 1}
    assert list(recorded.entries()) == ["resource-data/v1/metadata"]


@pytest.mark.parametrize("resource_id", ["", "..", "a/b"])
def test_a_hostile_resource_id(bank, resource_id):
    with pytest.raises(exceptions.InvalidKey):
        view(bank).get_resource_bank_section(resource_id)
