# SPDX-License-Identifier: Apache-2.0
"""Rot is found, marked and repaired, and nothing else is touched."""

import dataclasses
import hashlib
import pathlib
import time
import types
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import directory
from karbor_copy.banks import keys
from karbor_copy.banks import manifest as manifests
from karbor_copy.banks import memory
from karbor_copy.banks import section
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest
from karbor_copy.data_models import status
from karbor_copy.db import checkpoints
from karbor_copy.db import models
from karbor_copy.db import scrubs
from karbor_copy.protection import catalog
from karbor_copy.protection import heartbeat
from karbor_copy.protection import repair
from karbor_copy.protection import rot
from karbor_copy.protection import running
from karbor_copy.protection import scrub
from tests.fakes import operations
from tests.fakes import scripted_bank
from tests.fixtures import database
from tests.fixtures import rows

ONE, TWO, PROJECT = rows.SOURCE, rows.TARGET, rows.PROJECT
THREE = "0b7d3f6e-2a51-4c8e-9d0f-6b1e8a4c5d72"
S = status.CheckpointStatus
V = rot.Verdict
# Names of tests are made of it.
RESOURCE = "3b4d4301-0464-427a-a5f9-9e38a290b5b0"
DATA = {
    f"resource-data/{RESOURCE}/{name}": name.encode() * 3000
    for name in ("data_1", "data_2", "data_3", "metadata", "status")
}
FIRST, SECOND, *_ = DATA


class Killed(BaseException):
    """The process is gone."""


class Site:
    """Three banks, a catalogue of them, and what a test does there."""

    def __init__(self, banks: list[base.Bank]) -> None:
        self.scripts = {
            id_: scripted_bank.Script() for id_ in (ONE, TWO, THREE)
        }
        self.banks: dict[str, base.Bank] = {
            id_: scripted_bank.ScriptedBank(bank, script)
            for bank, (id_, script) in zip(
                banks, self.scripts.items(), strict=True
            )
        }
        for bank in self.banks.values():
            bank.set_up()

    # A registry and a pool of banks.

    def list(self) -> tuple[Any, ...]:
        return tuple(types.SimpleNamespace(id=id_) for id_ in self.banks)

    def get(self, provider_id: str) -> Any:
        return types.SimpleNamespace(
            id=provider_id,
            create_only=False,
            check_changeable=lambda: None,
        )

    def bank(self, provider_id: str) -> base.Bank:
        return self.banks[provider_id]

    def patient_bank(self, provider: Any, _check: Any) -> base.Bank:
        return self.banks[provider.id]

    # What tests do.

    def store(self, provider_id: str) -> checkpoint_store.CheckpointStore:
        return checkpoint_store.CheckpointStore(self.banks[provider_id])

    def put(
        self,
        provider_id: str = ONE,
        *,
        origin: checkpoint_index.CheckpointIndex | None = None,
        md5: str | None = None,
        **fields: Any,
    ) -> checkpoint_index.CheckpointIndex:
        """Write a whole checkpoint; return its index."""
        if origin is not None:
            source = checkpoint.CopiedFrom(
                provider_id=origin.provider_id, checkpoint_id=origin.id
            )
            fields["protection_plan"] = origin.protection_plan
            fields["extra_info"] = {
                "copied_from": source.to_dict(),
                "copy_status": "finished",
            }
        index = index_of(provider_id, **fields)
        bank = self.banks[provider_id]
        entries = {}
        for key, data in DATA.items():
            self.write(index, key, data)
            entries[key] = manifest.Entry(
                key=key,
                size=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                md5=md5,
            )
        made = manifest.Manifest(
            checkpoint_id=index.id,
            entries=entries,
            copied_from=index.copied_from,
            origin_verified=None if origin is None else True,
        )
        data = manifests.dump(made)
        bank.put(keys.manifest_key(index.id), (data,), size=len(data))
        index = dataclasses.replace(
            index, manifest_sha256=manifests.digest(data)
        )
        self.store(provider_id).write_index(index, operations.go_on)
        return index

    def pair(
        self,
    ) -> tuple[
        checkpoint_index.CheckpointIndex, checkpoint_index.CheckpointIndex
    ]:
        """Write a checkpoint and a copy that the catalogue knows."""
        source = self.put()
        copy = self.put(TWO, origin=source)
        self.reconcile()
        return source, copy

    def reconcile(self) -> None:
        site: Any = self
        for id_ in self.banks:
            catalog.Reconciler(site, site).reconcile(id_)

    def write(
        self, index: checkpoint_index.CheckpointIndex, key: str, data: bytes
    ) -> None:
        self.banks[index.provider_id].put(
            keys.checkpoint_prefix(index.id) + key, (data,), size=len(data)
        )

    def read(self, index: checkpoint_index.CheckpointIndex, key: str) -> bytes:
        return section.read_all(
            self.banks[index.provider_id],
            keys.checkpoint_prefix(index.id) + key,
        )

    def lose(self, index: checkpoint_index.CheckpointIndex, key: str) -> None:
        self.banks[index.provider_id].delete(
            keys.checkpoint_prefix(index.id) + key
        )

    def look(
        self, provider_id: str = ONE, *ids: str, repair: bool = False
    ) -> dict[str, scrub.Result]:
        """Scrub as the command does; return the results by id."""
        site: Any = self
        scrubber = scrub.Scrubber(
            registry=site,
            banks=site,
            beat=heartbeat.Heartbeat(lease=60.0, interval=20.0),
            owner="test",
            lease=60.0,
        )
        found = scrubber.scrub(provider_id, [*ids] or None, repair=repair)
        return {result.checkpoint_id: result for result in found}

    def look_at(
        self, index: checkpoint_index.CheckpointIndex, *, repair: bool = False
    ) -> scrub.Result:
        return self.look(index.provider_id, index.id, repair=repair)[index.id]

    def status(
        self, index: checkpoint_index.CheckpointIndex
    ) -> tuple[str, str]:
        """Return the status in the catalogue and in the bank."""
        (row,) = rows.all_of(models.Checkpoint, id=index.id)
        told = self.store(index.provider_id).read_index(index.id)
        return row.status, told.status


def index_of(
    provider_id: str, **fields: Any
) -> checkpoint_index.CheckpointIndex:
    plan = {
        "id": rows.new_id(),
        "name": "nightly",
        "provider_id": ONE,
        "resources": [{"type": rows.VOLUME, "id": RESOURCE, "name": "disk"}],
    }
    values: dict[str, Any] = {
        "id": rows.new_id(),
        "status": S.AVAILABLE,
        "owner_id": "alice",
        "provider_id": provider_id,
        "project_id": PROJECT,
        "protection_plan": plan,
        "extra_info": {"created_by": "manual"},
        "created_at": "2024-05-01",
        "timestamp": 1714521600,
    }
    values |= fields
    values.setdefault("resource_graph", rows.graph(values["protection_plan"]))
    return checkpoint_index.CheckpointIndex(**values)


def flaws(result: scrub.Result) -> dict[str, str]:
    return {bad.key: bad.flaw.value for bad in result.findings.named}


def slot_of(index: checkpoint_index.CheckpointIndex) -> str | None:
    (row,) = rows.all_of(models.CheckpointCopy, checkpoint_copy_id=index.id)
    found: str | None = row.copy_slot
    return found


def expire(index: checkpoint_index.CheckpointIndex) -> None:
    """Let the lease of the open scrub of a checkpoint run out."""
    found = scrubs.lost(index.id)
    assert found is not None
    rows.change(models.OperationLog, found[0], lease_until=1)


@pytest.fixture(params=["memory", "file_system"])
def site(
    request: pytest.FixtureRequest, tmp_path: pathlib.Path
) -> Iterator[Site]:
    names = ("one", "two", "three")
    for name in names:
        (tmp_path / name).mkdir()
    banks: list[base.Bank] = [
        memory.MemoryBank()
        if request.param == "memory"
        else directory.DirectoryBank(str(tmp_path / name), "karbor")
        for name in names
    ]
    with database.sqlite(tmp_path):
        yield Site(banks)


def rotten(site: Site, index: checkpoint_index.CheckpointIndex) -> None:
    """Flip a byte, cut an object, lose a third one."""
    first, second, third = list(DATA)[:3]
    site.write(index, first, b"D" + DATA[first][1:])
    site.write(index, second, DATA[second][:-1])
    site.lose(index, third)


FLAWS = dict(
    zip(DATA, ("wrong_digest", "wrong_size", "missing"), strict=False)
)


def test_all_is_good(site: Site) -> None:
    source, copy = site.pair()
    for index in (source, copy):
        (result,) = site.look(index.provider_id).values()
        assert result.verdict is V.GOOD
        assert result.status == S.AVAILABLE
        assert site.status(index) == (S.AVAILABLE, S.AVAILABLE)
    assert rows.all_of(models.OperationLog) == []


def test_rot_is_told_and_marked_for_good(site: Site) -> None:
    _, copy = site.pair()
    good = site.put(TWO)
    site.reconcile()
    rotten(site, copy)
    results = site.look(TWO)
    assert results[good.id].verdict is V.GOOD
    found = results[copy.id]
    assert found.verdict is V.BAD
    assert found.status == S.ERROR
    assert flaws(found) == FLAWS
    assert site.status(copy) == (S.ERROR, S.ERROR)
    assert slot_of(copy) is None
    (log,) = rows.all_of(models.OperationLog)
    assert (log.operation_type, log.status) == ("scrub", "fail")
    assert log.error_info.startswith("3 bad objects in the bank: ")
    site.reconcile()
    assert site.status(copy) == (S.ERROR, S.ERROR)
    assert site.look_at(copy).verdict is V.BAD


def test_a_copy_is_repaired_from_its_source(site: Site) -> None:
    source, copy = site.pair()
    rotten(site, copy)
    puts: list[str] = []
    site.scripts[TWO].before = lambda call, key: (
        puts.append(key.partition(copy.id)[2]) if call == "put" else None
    )
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.REPAIRED
    assert result.status == S.AVAILABLE
    assert flaws(result) == FLAWS
    assert {bad.repaired_from for bad in result.findings.named} == {source.id}
    assert {key: site.read(copy, key) for key in DATA} == DATA
    assert site.status(copy) == (S.AVAILABLE, S.AVAILABLE)
    assert slot_of(copy) is not None
    # Nothing but what was bad, between two writes of the index.
    assert puts == ["/index.json", *(f"/{key}" for key in FLAWS), puts[0]]
    assert site.look_at(copy, repair=True).verdict is V.GOOD


def test_a_source_is_repaired_from_its_copy(site: Site) -> None:
    source, _ = site.pair()
    rotten(site, source)
    assert site.look_at(source).verdict is V.BAD
    assert site.look_at(source, repair=True).verdict is V.REPAIRED
    assert site.status(source) == (S.AVAILABLE, S.AVAILABLE)


def unreadable(*lost: str) -> Callable[[str, str], None]:
    """Return a script of a medium which has lost what ends like this."""

    def before(call: str, key: str) -> None:
        if call == "open" and key.endswith(lost):
            raise exceptions.ObjectUnreadable(key=key, reason="a bad sector")

    return before


@pytest.mark.parametrize("name", [FIRST, keys.MANIFEST_NAME])
def test_what_the_medium_has_lost_is_told_and_marked(
    site: Site, name: str
) -> None:
    _, copy = site.pair()
    site.scripts[TWO].before = unreadable(name)
    result = site.look_at(copy)
    assert result.verdict is V.BAD
    assert flaws(result) == {name: "unreadable"}
    assert site.status(copy) == (S.ERROR, S.ERROR)


@pytest.mark.parametrize("name", [FIRST, keys.MANIFEST_NAME])
def test_what_the_medium_has_lost_is_written_anew(
    site: Site, name: str
) -> None:
    source, copy = site.pair()
    lose, script = unreadable(name), site.scripts[TWO]

    def found_again(call: str, key: str) -> None:
        """Let the new bytes lie elsewhere on the medium."""
        if call == "put" and key.endswith(name):
            script.before = lambda _call, _key: None

    script.before, script.after = lose, found_again
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.REPAIRED
    assert flaws(result) == {name: "unreadable"}
    (bad,) = result.findings.named
    assert bad.repaired_from == source.id
    assert site.status(copy) == (S.AVAILABLE, S.AVAILABLE)


def test_a_bank_that_is_away_is_not_rot(site: Site) -> None:
    """It may fail as a lost sector does, as NFS mounted soft."""
    _, copy = site.pair()
    opened: list[str] = []

    def before(call: str, key: str) -> None:
        if call == "open":
            opened.append(key)
            if len(opened) > 3:
                raise exceptions.ObjectUnreadable(key=key, reason="away")

    site.scripts[TWO].before = before
    result = site.look_at(copy)
    assert result.verdict is V.UNREADABLE
    site.scripts[TWO].reset()
    assert site.status(copy) == (S.AVAILABLE, S.AVAILABLE)


def test_each_object_comes_from_where_it_is_good(site: Site) -> None:
    source, copy = site.pair()
    other = site.put(THREE, origin=source)
    site.reconcile()
    rotten(site, copy)
    site.lose(source, FIRST)
    site.write(other, SECOND, b"x")
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.REPAIRED
    origins = {bad.key: bad.repaired_from for bad in result.findings.named}
    assert origins[FIRST] == other.id
    assert origins[SECOND] == source.id
    assert {key: site.read(copy, key) for key in DATA} == DATA


def test_rot_in_both_is_told_and_not_made_worse(site: Site) -> None:
    source, copy = site.pair()
    rotten(site, copy)
    site.write(source, SECOND, b"worse")
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.BAD
    assert (result.findings.bad, result.findings.repaired) == (3, 2)
    assert result.reason == f"1 bad objects in the bank: {SECOND} (wrong_size)"
    assert site.read(copy, SECOND) == DATA[SECOND][:-1]
    assert site.read(copy, FIRST) == DATA[FIRST]
    assert site.status(copy) == (S.ERROR, S.ERROR)
    assert site.status(source) == (S.AVAILABLE, S.AVAILABLE)


@pytest.mark.parametrize("md5", [None, "0" * 32])
@pytest.mark.parametrize("data", [None, b"{}\n"])
def test_a_manifest_is_made_anew(
    site: Site, md5: str | None, data: bytes | None
) -> None:
    source = site.put(md5=md5)
    copy = site.put(TWO, origin=source)
    site.reconcile()
    before = site.read(copy, keys.MANIFEST_NAME)
    site.lose(copy, keys.MANIFEST_NAME)
    if data is not None:
        site.write(copy, keys.MANIFEST_NAME, data)
    result = site.look_at(copy)
    assert flaws(result) == {
        keys.MANIFEST_NAME: "wrong_digest" if data else "missing"
    }
    assert site.look_at(copy, repair=True).verdict is V.REPAIRED
    assert site.read(copy, keys.MANIFEST_NAME) == before
    assert site.status(copy) == (S.AVAILABLE, S.AVAILABLE)


@pytest.mark.parametrize("data", [None, b"no index"])
def test_an_index_is_not_made_anew(site: Site, data: bytes | None) -> None:
    _, copy = site.pair()
    site.lose(copy, keys.INDEX_NAME)
    if data is not None:
        site.write(copy, keys.INDEX_NAME, data)
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.BAD
    assert flaws(result) == {
        keys.INDEX_NAME: "malformed" if data else "missing"
    }
    (row,) = rows.all_of(models.Checkpoint, id=copy.id)
    assert row.status == S.ERROR


def test_what_karbor_wrote_is_read_and_never_marked(site: Site) -> None:
    index = index_of(ONE)
    for key, data in DATA.items():
        site.write(index, key, data)
    site.store(ONE).write_index(index, operations.go_on)
    site.reconcile()
    site.write(index, FIRST, b"who knows")
    result = site.look_at(index, repair=True)
    assert result.verdict is V.UNVERIFIED
    assert result.reason == "no manifest: unverified"
    assert site.status(index) == (S.AVAILABLE, S.AVAILABLE)


def test_what_is_in_use_is_left_alone(site: Site) -> None:
    source, copy = site.pair()
    rotten(site, copy)
    checkpoints.request_delete(PROJECT, TWO, copy.id, None)
    result = site.look(TWO, repair=True)[copy.id]
    assert (result.verdict, result.status) == (V.SKIPPED, S.DELETING)
    checkpoints.request_reset(PROJECT, ONE, source.id, S.AVAILABLE, None)
    rotten(site, source)
    result = site.look_at(source, repair=True)
    assert (result.verdict, result.reason) == (V.SKIPPED, scrub.IN_USE)
    assert site.read(source, SECOND) == DATA[SECOND][:-1]


def test_a_delete_while_it_is_read_wins(site: Site) -> None:
    _, copy = site.pair()
    rotten(site, copy)

    def delete(call: str, key: str) -> None:
        if call == "open" and key.endswith(FIRST):
            site.scripts[TWO].reset()
            checkpoints.request_delete(PROJECT, TWO, copy.id, None)

    site.scripts[TWO].before = delete
    assert site.look_at(copy, repair=True).verdict is V.SKIPPED
    assert site.status(copy) == (S.DELETING, S.AVAILABLE)


def test_nothing_else_begins_while_it_is_repaired(site: Site) -> None:
    _, copy = site.pair()
    rotten(site, copy)
    refused: list[str] = []

    def interfere(call: str, key: str) -> None:
        if call == "put" and key.endswith(FIRST):
            with pytest.raises(exceptions.OperationInProgress):
                checkpoints.request_delete(PROJECT, TWO, copy.id, None)
            site.reconcile()
            refused.append(site.look_at(copy).verdict)

    site.scripts[TWO].before = interfere
    assert site.look_at(copy, repair=True).verdict is V.REPAIRED
    assert refused == [V.SKIPPED]


def test_a_bank_that_says_deleted_is_believed(site: Site) -> None:
    _, copy = site.pair()
    index = dataclasses.replace(copy, status=S.DELETED)
    site.store(TWO).write_index(index, operations.go_on)
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.SKIPPED
    assert result.reason == "it is deleted in its bank"
    assert site.status(copy) == (S.AVAILABLE, S.DELETED)


def test_a_bank_that_says_deleted_in_the_end(site: Site) -> None:
    _, copy = site.pair()
    rotten(site, copy)

    def delete(call: str, key: str) -> None:
        if call == "open" and key.endswith(FIRST):
            index = dataclasses.replace(copy, status=S.DELETED)
            site.store(TWO).write_index(index, operations.go_on)

    site.scripts[TWO].before = delete
    result = site.look_at(copy, repair=True)
    assert (result.verdict, result.reason) == (
        V.SKIPPED,
        "it is deleted in its bank",
    )
    assert scrubs.lost(copy.id) is None
    site.reconcile()
    assert site.status(copy) == (S.DELETED, S.DELETED)


def test_another_copy_has_taken_the_place(site: Site) -> None:
    source, copy = site.pair()
    rotten(site, copy)
    site.look_at(copy)
    second = site.put(TWO, origin=source)
    site.reconcile()
    assert slot_of(second) is not None
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.BAD
    assert result.reason is not None
    assert "another copy of its source has its place" in result.reason
    assert site.status(copy) == (S.ERROR, S.ERROR)
    assert {key: site.read(copy, key) for key in DATA} == DATA


def mark(site: Site, index: checkpoint_index.CheckpointIndex) -> None:
    """Let a scrub find rot that is gone afterwards."""
    site.write(index, FIRST, b"rotten")
    assert site.look_at(index).verdict is V.BAD
    site.write(index, FIRST, DATA[FIRST])


def test_what_reads_well_again_is_told(site: Site) -> None:
    _, copy = site.pair()
    mark(site, copy)
    result = site.look_at(copy)
    assert (result.verdict, result.status) == (V.GOOD, S.ERROR)
    assert result.reason == scrub.MARKED
    assert site.status(copy) == (S.ERROR, S.ERROR)
    assert len(rows.all_of(models.OperationLog)) == 1


@pytest.mark.parametrize("provider_id", [ONE, TWO])
def test_what_reads_well_again_is_available_again(
    site: Site, provider_id: str
) -> None:
    index = {item.provider_id: item for item in site.pair()}[provider_id]
    mark(site, index)
    result = site.look_at(index, repair=True)
    assert (result.verdict, result.status) == (V.GOOD, S.AVAILABLE)
    assert result.reason is None
    assert site.status(index) == (S.AVAILABLE, S.AVAILABLE)
    if provider_id == TWO:
        assert slot_of(index) is not None
    assert site.look_at(index).reason is None


def test_what_reads_well_again_and_has_lost_its_place(site: Site) -> None:
    source, copy = site.pair()
    mark(site, copy)
    second = site.put(TWO, origin=source)
    site.reconcile()
    assert slot_of(second) is not None
    result = site.look_at(copy, repair=True)
    assert (result.verdict, result.status) == (V.GOOD, S.ERROR)
    assert "another copy of its source has its place" in str(result.reason)
    assert site.status(copy) == (S.ERROR, S.ERROR)


def test_what_never_counted_is_not_made_available(site: Site) -> None:
    _, copy = site.pair()
    mark(site, copy)
    rows.change(models.Checkpoint, copy.id, committed_at=None)
    assert site.look_at(copy, repair=True).verdict is V.SKIPPED
    assert site.status(copy) == (S.ERROR, S.ERROR)


def test_what_reads_well_again_where_it_can_not_be_marked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, copy = site.pair()
    mark(site, copy)
    provider = site.get(TWO)
    provider.create_only = True
    monkeypatch.setattr(site, "get", lambda _id: provider)
    result = site.look_at(copy)
    assert (result.verdict, result.reason) == (V.GOOD, scrub.NOT_HERE)


@pytest.mark.parametrize(
    ("when", "call", "name"),
    [
        ("before", "put", keys.INDEX_NAME),
        ("after", "put", keys.INDEX_NAME),
        ("before", "open", FIRST),
        ("before", "put", FIRST),
        ("after", "put", FIRST),
        ("after", "put", SECOND),
    ],
)
def test_killed_and_run_again(
    site: Site, when: str, call: str, name: str
) -> None:
    _, copy = site.pair()
    rotten(site, copy)
    assert scrubs.lost(copy.id) is None

    def kill(made: str, key: str) -> None:
        taken = scrubs.lost(copy.id) is not None
        if taken and made == call and key.endswith(name):
            raise Killed

    setattr(site.scripts[TWO], when, kill)
    with pytest.raises(Killed):
        site.look_at(copy, repair=True)
    site.scripts[TWO].reset()
    site.reconcile()
    assert site.look_at(copy, repair=True).verdict is V.SKIPPED
    expire(copy)
    assert site.look_at(copy, repair=True).verdict is V.REPAIRED
    assert {key: site.read(copy, key) for key in DATA} == DATA
    assert site.status(copy) == (S.AVAILABLE, S.AVAILABLE)
    assert slot_of(copy) is not None


def test_a_worker_goes_on_where_a_scrub_died(site: Site) -> None:
    _, copy = site.pair()
    rotten(site, copy)

    def kill(call: str, key: str) -> None:
        if call == "put" and key.endswith(SECOND):
            raise Killed

    site.scripts[TWO].before = kill
    with pytest.raises(Killed):
        site.look_at(copy, repair=True)
    site.scripts[TWO].reset()
    expire(copy)
    log = rows.claim("worker", 60.0)
    assert log is not None
    operation = running.RunningOperation(
        log, time.monotonic() + 60.0, lease=60.0
    )
    place: Any = site
    done = repair.run(operation, registry=place, banks=place)
    assert done.verdict is V.REPAIRED
    assert site.status(copy) == (S.AVAILABLE, S.AVAILABLE)


def test_a_bank_that_goes_away_is_tried_again(site: Site) -> None:
    _, copy = site.pair()
    rotten(site, copy)

    def away(call: str, key: str) -> None:
        if call == "put" and key.endswith(FIRST):
            raise exceptions.BankUnavailable(reason="gone")

    site.scripts[TWO].before = away
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.UNREADABLE
    assert "gone" in str(result.reason)
    (log,) = rows.all_of(models.OperationLog)
    assert (log.state, log.lease_until) == ("queued", None)
    site.scripts[TWO].reset()
    rows.change(models.OperationLog, log.id, due_at=0)
    assert site.look_at(copy, repair=True).verdict is V.REPAIRED


def test_a_bank_of_a_peer_that_is_away_does_not_count(site: Site) -> None:
    source, copy = site.pair()
    other = site.put(THREE, origin=source)
    site.reconcile()
    rotten(site, copy)

    def away(_call: str, _key: str) -> None:
        raise exceptions.BankUnavailable(reason="gone")

    site.scripts[ONE].before = away
    result = site.look_at(copy, repair=True)
    assert result.verdict is V.REPAIRED
    assert {bad.repaired_from for bad in result.findings.named} == {other.id}


def test_a_bank_that_cannot_be_listed(site: Site) -> None:
    site.pair()

    def away(_call: str, _key: str) -> None:
        raise exceptions.BankUnavailable(reason="gone")

    site.scripts[TWO].before = away
    with pytest.raises(exceptions.BankUnavailable):
        site.look(TWO)
    with pytest.raises(exceptions.CheckpointNotFound):
        site.look(ONE, rows.new_id())


def test_what_was_never_finished_is_not_looked_at(site: Site) -> None:
    source = site.put()
    site.reconcile()
    rows.change(
        models.Checkpoint, source.id, status=S.ERROR, committed_at=None
    )
    assert site.look() == {}
    assert site.look_at(source).verdict is V.SKIPPED


def test_only_so_many_are_named(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rot, "MAX_NAMED", 2)
    _, copy = site.pair()
    rotten(site, copy)
    result = site.look_at(copy)
    assert (len(result.findings.named), result.findings.bad) == (2, 3)
