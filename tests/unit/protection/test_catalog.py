# SPDX-License-Identifier: Apache-2.0
"""The catalogue follows the banks, whatever is in them."""

import dataclasses
import pathlib
import types
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import manifest as manifests
from karbor_copy.banks import memory
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import status
from karbor_copy.db import checkpoints
from karbor_copy.db import models
from karbor_copy.protection import catalog
from karbor_copy.protection import catalog_report
from tests.fakes import operations
from tests.fakes import scripted_bank
from tests.fixtures import database
from tests.fixtures import rows

ONE, TWO, PROJECT = rows.SOURCE, rows.TARGET, rows.PROJECT
S = status.CheckpointStatus
DATA = b"what was on the disk"
SHA256 = "0" * 64


class Site:
    """Two banks, and what a test puts there."""

    def __init__(self) -> None:
        self.scripts = {id_: scripted_bank.Script() for id_ in (ONE, TWO)}
        self.banks: dict[str, base.Bank] = {
            id_: scripted_bank.ScriptedBank(memory.MemoryBank(), script)
            for id_, script in self.scripts.items()
        }
        for bank in self.banks.values():
            bank.set_up()
        #: How often it has told what is wrong with the files.
        self.files_told = 0

    # A registry and a pool of banks.

    def list(self) -> tuple[Any, ...]:
        return tuple(self.get(id_) for id_ in self.banks)

    def tell_errors(self) -> None:
        self.files_told += 1

    def get(self, provider_id: str) -> Any:
        return types.SimpleNamespace(id=provider_id, create_only=False)

    def bank(self, provider_id: str) -> base.Bank:
        return self.banks[provider_id]

    # What tests do.

    def reconciler(self, **projects: str) -> catalog.Reconciler:
        site: Any = self
        return catalog.Reconciler(site, site, projects)

    def reconcile(
        self, provider_id: str = ONE, **projects: str
    ) -> catalog_report.Report:
        return self.reconciler(**projects).reconcile(provider_id)

    def store(
        self, provider_id: str = ONE
    ) -> checkpoint_store.CheckpointStore:
        return checkpoint_store.CheckpointStore(self.banks[provider_id])

    def put(
        self, provider_id: str = ONE, **fields: Any
    ) -> checkpoint_index.CheckpointIndex:
        """Write a whole checkpoint; return its index."""
        index = index_of(provider_id, **fields)
        entry = manifest.Entry(
            key=f"resource-data/{rows.new_id()}/data_1",
            size=len(DATA),
            sha256=SHA256,
        )
        made = manifest.Manifest(
            checkpoint_id=index.id,
            entries={entry.key: entry},
            copied_from=index.copied_from,
        )
        store = self.store(provider_id)
        store.bank.put(
            keys.checkpoint_prefix(index.id) + entry.key,
            (DATA,),
            size=len(DATA),
        )
        data = manifests.dump(made)
        store.bank.put(keys.manifest_key(index.id), (data,), size=len(data))
        index = dataclasses.replace(
            index, manifest_sha256=manifests.digest(data)
        )
        store.write_index(index, operations.go_on)
        return index

    def copy(
        self, source: checkpoint_index.CheckpointIndex, **fields: Any
    ) -> checkpoint_index.CheckpointIndex:
        """Write a whole copy to the other bank; return its index."""
        origin = checkpoint.CopiedFrom(
            provider_id=ONE, checkpoint_id=source.id
        )
        return self.put(
            TWO,
            protection_plan=source.protection_plan,
            extra_info={
                "copied_from": origin.to_dict(),
                "copy_status": "finished",
            },
            **fields,
        )

    def told(
        self,
        index: checkpoint_index.CheckpointIndex,
        wanted: status.CheckpointStatus,
    ) -> None:
        """Let the bank say something else of a checkpoint."""
        self.store(index.provider_id).write_index(
            dataclasses.replace(index, status=wanted), operations.go_on
        )

    def delete(
        self, index: checkpoint_index.CheckpointIndex, *names: str
    ) -> None:
        """Delete what of a checkpoint has one of these names."""
        bank = self.banks[index.provider_id]
        for info in list(bank.list(keys.checkpoint_prefix(index.id))):
            if info.key.rpartition("/")[2] in names:
                bank.delete(info.key)


def index_of(
    provider_id: str, **fields: Any
) -> checkpoint_index.CheckpointIndex:
    values: dict[str, Any] = {
        "id": rows.new_id(),
        "status": S.AVAILABLE,
        "owner_id": "alice",
        "provider_id": provider_id,
        "project_id": PROJECT,
        "protection_plan": plan_of(),
        "extra_info": {"created_by": "manual"},
        "created_at": "2024-05-01",
        "timestamp": 1714521600,
    }
    values |= fields
    values.setdefault("resource_graph", rows.graph(values["protection_plan"]))
    return checkpoint_index.CheckpointIndex(**values)


def plan_of(**resource: Any) -> dict[str, Any]:
    item = {"type": rows.VOLUME, "id": rows.new_id(), "name": "disk"}
    return {
        "id": rows.new_id(),
        "name": "nightly",
        "provider_id": ONE,
        "resources": [{**item, **resource}],
    }


def row_of(index: checkpoint_index.CheckpointIndex) -> Any:
    (row,) = rows.all_of(models.Checkpoint, id=index.id)
    return row


def relation_of(index: checkpoint_index.CheckpointIndex) -> Any:
    (row,) = rows.all_of(models.CheckpointCopy, checkpoint_copy_id=index.id)
    return row


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    with database.sqlite(tmp_path):
        yield Site()


# What is gone.


@pytest.mark.parametrize("name", ["index.json", "manifest.jsonl"])
def test_a_copy_that_lost_what_makes_it_one_gives_its_place_up(
    site: Site, name: str
) -> None:
    copy = site.copy(site.put())
    for provider_id in (ONE, TWO):
        site.reconcile(provider_id)
    assert relation_of(copy).copy_slot is not None

    site.delete(copy, name)  # its data is still there
    report = site.reconcile(TWO)

    assert (report.vanished, report.refused) == (1, [])
    assert row_of(copy).status == S.ERROR
    assert relation_of(copy).copy_slot is None
    assert site.reconcile(TWO).vanished == 0


def test_what_is_found_again_is_available_again(site: Site) -> None:
    made = site.put()
    site.reconcile()
    site.delete(made, "index.json")
    site.reconcile()
    assert row_of(made).status == S.ERROR

    site.told(made, S.AVAILABLE)
    assert site.reconcile().changed == 1
    assert row_of(made).status == S.AVAILABLE


def test_what_is_found_again_in_part_stays_an_error(site: Site) -> None:
    made = site.put()
    site.reconcile()
    site.delete(made, "index.json", "data_1")
    site.reconcile()
    site.told(made, S.AVAILABLE)
    report = site.reconcile()
    assert row_of(made).status == S.ERROR
    (refused,) = report.refused
    assert made.id in refused
    assert "data_1 is missing or has another size" in refused


def test_what_changed_since_it_was_read_is_left_alone(site: Site) -> None:
    made = site.put()
    site.reconcile()
    site.delete(made, "index.json")

    def reset(call: str, key: str) -> None:
        if call == "open" and key.endswith("index.json"):
            later = row_of(made).created_at
            rows.change(models.Checkpoint, made.id, updated_at=later)

    site.scripts[ONE].before = reset
    assert site.reconcile().vanished == 0
    assert row_of(made).status == S.AVAILABLE


def test_what_is_in_use_is_left_alone(site: Site) -> None:
    made = site.put()
    site.reconcile()
    checkpoints.request_reset(PROJECT, ONE, made.id, S.ERROR, None)
    assert site.reconcile().changed == 0
    assert row_of(made).status == S.ERROR


# What is odd.


def test_a_malformed_index_of_what_is_known_is_told(site: Site) -> None:
    made = site.put()
    site.reconcile()
    site.banks[ONE].put(keys.index_key(made.id), (b"{",), size=1)
    (refused,) = site.reconcile().refused
    assert made.id in refused
    assert row_of(made).status == S.AVAILABLE


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"protection_plan": plan_of(type="x" * 65)}, "resource_type"),
        ({"protection_plan": plan_of(id="x" * 256)}, "resource_id"),
        ({"protection_plan": plan_of(name={})}, None),
        ({"protection_plan": plan_of(name=["x"])}, "resource_name"),
        ({"protection_plan": plan_of(extra_info="[1]")}, "extra_info"),
        ({"protection_plan": plan_of(extra_info="{")}, "Expecting"),
        ({"protection_plan": {**plan_of(), "id": "x" * 37}}, "id has more"),
        ({"protection_plan": {**plan_of(), "resources": [{}]}}, "type"),
        ({"project_id": "x" * 256}, "project_id has more than 255"),
        ({"resource_graph": "[" * 100_000}, "nested more than 100"),
        ({"resource_graph": "{}"}, "graph"),
        (
            {"resource_graph": f'[{{"0x0": ["{"x" * 1025}", "1", ""]}}, []]'},
            "resource_types has more than 1024",
        ),
        (
            {"extra_info": {"copied_from": {}, "copy_status": "finished"}},
            "copied_from",
        ),
        (
            {"extra_info": {"copied_from": "x", "copy_status": "finished"}},
            "copied_from",
        ),
        (
            {
                "extra_info": {
                    "copied_from": {
                        "provider_id": "x" * 37,
                        "checkpoint_id": "x",
                    }
                }
            },
            "provider_id has more than 36",
        ),
        ({"provider_id": TWO}, f"it belongs to provider {TWO}"),
    ],
)
def test_one_odd_checkpoint_stops_nothing(
    site: Site, fields: dict[str, Any], reason: str | None
) -> None:
    odd = dataclasses.replace(index_of(ONE, status=S.ERROR), **fields)
    site.store().write_index(odd, operations.go_on)
    good = site.put()
    report = site.reconcile()
    assert row_of(good).status == S.AVAILABLE
    if reason is None:  # harmless, and shown
        assert report.refused == []
        assert row_of(odd).status == S.ERROR
        return
    (refused,) = report.refused
    assert odd.id in refused
    assert reason in refused
    assert rows.all_of(models.Checkpoint, id=odd.id) == []


def test_one_bad_bank_stops_no_other(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    made = site.put(TWO)

    class Broken(RuntimeError):
        """What nobody has thought of."""

    for error in (
        Broken("a bug"),
        exceptions.Invalid(reason="no bank"),
        exceptions.BankUnavailable(reason="down"),
    ):

        def before(call: str, key: str, error: Exception = error) -> None:
            raise error

        site.scripts[ONE].before = before
        site.reconciler().reconcile_all()
        assert str(error) in caplog.text
    assert row_of(made).status == S.AVAILABLE
    assert site.files_told == 3


def test_an_import_tells_what_is_not_whole(site: Site) -> None:
    reasons = {
        "manifest.jsonl": "its manifest is missing",
        "data_1": "data_1 is missing or has another size",
    }
    for name, reason in reasons.items():
        made = site.put()
        site.delete(made, name)
        (refused,) = [
            item for item in site.reconcile().refused if made.id in item
        ]
        assert reason in refused
    other = site.put()
    site.store().write_index(
        dataclasses.replace(other, manifest_sha256=SHA256), operations.go_on
    )
    copy = site.copy(other)
    site.store(TWO).write_index(
        dataclasses.replace(copy, manifest_sha256=None), operations.go_on
    )
    assert "not the one that the index names" in str(site.reconcile().refused)
    assert "a copy without a manifest" in str(site.reconcile(TWO).refused)
    assert rows.all_of(models.Checkpoint) == []


def test_what_is_not_committed_yet_is_no_fault(site: Site) -> None:
    made = site.put()
    site.delete(made, "index.json")
    report = site.reconcile()
    assert (report.seen, report.added, report.refused) == (1, 0, [])


# What the bank says.


def test_a_failed_delete_is_not_taken_for_one_that_goes_on(
    site: Site,
) -> None:
    made = site.put()
    site.reconcile()
    rows.change(models.Checkpoint, made.id, status=S.ERROR_DELETING)
    site.told(made, S.DELETING)
    assert site.reconcile().changed == 0
    checkpoints.request_delete(PROJECT, ONE, made.id, None)


def test_a_deletion_that_was_lost_with_its_database_can_be_asked_for(
    site: Site,
) -> None:
    made = site.put(status=S.DELETING)
    site.reconcile()
    assert row_of(made).status == S.ERROR_DELETING
    assert site.reconcile().changed == 0
    checkpoints.request_delete(PROJECT, ONE, made.id, None)


@pytest.mark.parametrize(
    "before", [S.PROTECTING, S.COPYING, S.AVAILABLE, S.ERROR_DELETING]
)
def test_what_another_service_has_deleted(
    site: Site, before: status.CheckpointStatus
) -> None:
    made = site.put()
    site.reconcile()
    rows.change(models.Checkpoint, made.id, status=before)
    site.told(made, S.DELETED)
    assert site.reconcile().changed == 1
    assert row_of(made).status == S.DELETED


def test_a_deletion_that_failed_is_not_undone(site: Site) -> None:
    made = site.put()
    site.reconcile()
    rows.change(models.Checkpoint, made.id, status=S.ERROR_DELETING)
    assert site.reconcile().changed == 0
    assert row_of(made).status == S.ERROR_DELETING


def test_tombstones_are_read_once_and_not_added(site: Site) -> None:
    made = site.put(status=S.DELETED)
    opened: list[str] = []
    site.scripts[ONE].before = lambda call, key: opened.append(key)
    reconciler = site.reconciler()
    for _ in range(2):
        assert reconciler.reconcile(ONE).added == 0
        assert opened.count(keys.index_key(made.id)) == 1
    assert rows.all_of(models.Checkpoint) == []
    # A plan of which nothing else is known is not made anew for it.
    assert rows.all_of(models.Plan) == []


def test_a_shell_that_failed_was_never_whole(site: Site) -> None:
    shell = index_of(ONE, status=S.PROTECTING)
    site.store().write_index(shell, operations.go_on)
    site.reconcile()
    site.told(shell, S.ERROR)
    assert site.reconcile().changed == 1
    assert row_of(shell).committed_at is None
    with pytest.raises(exceptions.Conflict, match="never whole"):
        checkpoints.request_reset(PROJECT, ONE, shell.id, S.AVAILABLE, None)


def test_a_shell_that_becomes_whole_is_shown_as_it_is_then(
    site: Site,
) -> None:
    volume = rows.new_id()
    graph = f'[{{"0x0": ["{rows.VOLUME}", "{volume}", "disk"]}}, []]'
    shell = index_of(ONE, status=S.PROTECTING)
    site.store().write_index(shell, operations.go_on)
    site.reconcile()
    made = site.put(
        id=shell.id,
        protection_plan=shell.protection_plan,
        resource_graph=graph,
    )
    assert site.reconcile().changed == 1
    row = row_of(made)
    assert row.status == S.AVAILABLE
    assert row.committed_at is not None
    assert row.resource_types == rows.VOLUME
    assert row.resource_graph == graph
    assert row.size == len(DATA)


# Copies.


def test_a_copy_that_was_an_error_takes_its_place_later(site: Site) -> None:
    source = site.put()
    copy = site.copy(source, status=S.ERROR)
    site.reconcile(ONE)
    site.reconcile(TWO)
    assert relation_of(copy).copy_slot is None

    site.told(copy, S.AVAILABLE)
    assert site.reconcile(TWO).changed == 1

    assert relation_of(copy).copy_slot == f"{source.id}:{TWO}"


def test_a_copy_that_was_an_error_can_be_reset(site: Site) -> None:
    copy = site.copy(site.put(), status=S.ERROR)
    for provider_id in (ONE, TWO):
        site.reconcile(provider_id)
    checkpoints.request_reset(PROJECT, TWO, copy.id, S.AVAILABLE, None)
    assert relation_of(copy).copy_slot is not None


@pytest.mark.parametrize("order", [(ONE, TWO), (TWO, ONE)])
def test_the_earliest_copy_of_a_source_has_its_place(
    site: Site, order: tuple[str, str]
) -> None:
    source = site.put()
    made = [
        site.copy(source, id=str(uuid.UUID(int=number)), timestamp=100)
        for number in (3, 1, 2)
    ]
    added = {id_: site.reconcile(id_).added for id_ in order}
    assert added == {ONE: 1, TWO: 3}
    held = [copy for copy in made if relation_of(copy).copy_slot is not None]
    assert held == [made[1]]
    assert {row_of(copy).status for copy in made} == {S.AVAILABLE}


def test_a_plan_is_as_its_newest_checkpoint_tells(site: Site) -> None:
    plan = plan_of()
    for timestamp in (2, 3, 1):
        told = {**plan, "name": f"name {timestamp}"}
        site.put(protection_plan=told, timestamp=timestamp)
    site.reconcile()
    (row,) = rows.all_of(models.Plan)
    assert row.name == "name 3"


def test_little_is_kept_of_what_is_unknown(site: Site) -> None:
    """Each is read when it is added, not all of them before the first."""
    for _ in range(3):
        site.put()
    seen: list[int] = []

    def before(call: str, key: str) -> None:
        if call == "open" and key.endswith("manifest.jsonl"):
            seen.append(len(rows.all_of(models.Checkpoint)))

    site.scripts[ONE].before = before
    assert site.reconcile().added == 3
    assert seen == [0, 1, 2]


def test_no_bank_is_asked_within_a_transaction(site: Site) -> None:
    """Nothing else could be written as long as the bank takes."""
    source = site.put()
    copy = site.copy(source)
    site.reconcile(TWO)
    site.told(copy, S.ERROR)
    site.reconcile(TWO)
    site.told(copy, S.AVAILABLE)
    calls: list[str] = []

    def before(call: str, key: str) -> None:
        rows.stored_plan()  # would wait for its turn for ever
        calls.append(call)

    site.scripts[TWO].before = before
    assert site.reconcile(TWO).changed == 1
    assert {"list", "open"} <= set(calls)


# Projects.


def projects_of(index: checkpoint_index.CheckpointIndex) -> set[str]:
    """Return all projects that have to do with a checkpoint's plan."""
    found = [
        *rows.all_of(models.Plan, id=index.plan_id),
        *rows.all_of(models.Checkpoint, plan_id=index.plan_id),
        *rows.all_of(models.CheckpointCopy, plan_id=index.plan_id),
    ]
    return {row.project_id for row in found}


def test_projects_are_mapped(site: Site) -> None:
    made = site.put(project_id="old")
    other = site.put()
    assert site.reconcile(old="new").moved == 0
    assert projects_of(made) == {"new"}
    assert projects_of(other) == {PROJECT}


def test_what_came_without_a_map_is_moved_with_all_that_hangs_on_it(
    site: Site,
) -> None:
    source = site.put(project_id="old")
    copy = site.copy(source, project_id="old")
    other = site.put(project_id="other")
    for provider_id in (ONE, TWO):
        site.reconcile(provider_id)
    late = site.put(project_id="old", protection_plan=source.protection_plan)
    report = site.reconcile(old="new")
    assert (report.added, report.moved, report.refused) == (1, 2, [])
    assert projects_of(copy) == {"new"}
    assert row_of(late).project_id == "new"
    assert projects_of(other) == {"other"}
    assert site.reconcile(old="new").moved == 0


def test_a_plan_that_another_providers_import_brought_is_moved(
    site: Site,
) -> None:
    source = site.put(project_id="old")
    site.reconcile(ONE)
    copy = site.copy(source, project_id="old")
    assert site.reconcile(TWO, old="new").moved == 1
    assert projects_of(copy) == {"new"}
    assert relation_of(copy).copy_slot is not None


def test_what_was_mapped_is_not_mapped_again(site: Site) -> None:
    first = site.put(project_id="a")
    second = site.put(project_id="b")
    for _ in range(2):
        assert site.reconcile(a="b", b="c").moved == 0
    assert projects_of(first) == {"b"}
    assert projects_of(second) == {"c"}
    assert site.reconcile(a="a").moved == 0


def test_what_is_in_use_is_not_moved_and_told(site: Site) -> None:
    made = site.put(project_id="old")
    site.reconcile()
    checkpoints.request_reset("old", ONE, made.id, S.ERROR, None)
    report = site.reconcile(old="new")
    assert report.moved == 0
    assert f"{made.id} is in use" in str(report.refused)
    assert projects_of(made) == {"old"}
