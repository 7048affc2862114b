# SPDX-License-Identifier: Apache-2.0
"""What has a rotten index.json can be deleted, and cleaned up after."""

import pathlib
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.banks import patience
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from tests.fixtures import deployment
from tests.fixtures.deployment import TWO

Type = status.OperationType


class Site:
    """A deployment with a copy."""

    def __init__(self, running: deployment.Deployment) -> None:
        self.running = running
        self.plan_id = running.plan([running.volume(b"what was there" * 99)])
        running.protect(self.plan_id)
        self.id = self.copied()

    def copied(self) -> str:
        copy = self.running.copy(self.plan_id)
        assert copy["status"] == "finished"
        (member,) = copy["checkpoint_copies"]
        return str(member["checkpoint_copy_id"])

    def store(self) -> checkpoint_store.CheckpointStore:
        bank = self.running.registry.get(TWO).make_bank()
        return checkpoint_store.CheckpointStore(bank)

    def left(self) -> set[str]:
        """Return the names of what is in the bank, without directories."""
        found = self.running.objects(TWO, self.id)
        return {key.rpartition("/")[2] for key in found}

    def clean_up(self) -> Any:
        """Queue a clean-up; return its log when a worker is done with it."""
        log_id = _queue(self.id)

        def tried() -> Any:
            (log,) = deployment.rows(models.OperationLog, id=log_id)
            return log.attempts and not log.owner and log

        return deployment.wait(tried)


@engine.writer
def _queue(session: orm.Session, checkpoint_id: str) -> str:
    row = session.get_one(models.Checkpoint, checkpoint_id)
    log = operation_logs.new_log(
        Type.CLEANUP,
        project_id=row.project_id,
        checkpoint_id=row.id,
        plan_id=row.plan_id,
        target_provider_id=TWO,
    )
    operation_logs.enqueue(session, [log])
    return str(log["id"])


def malformed(site: Site, key: str) -> None:
    (site.running.bank(TWO) / key).write_bytes(b"{")


def unreadable(site: Site, lost: str) -> None:
    """Let the medium not give what is at a key, until it is put anew."""
    script = site.running.scripts[TWO]

    def before(call: str, key: str) -> None:
        if call == "open" and key == lost:
            raise exceptions.ObjectUnreadable(key=key, reason="a bad sector")

    def after(call: str, key: str) -> None:
        if call == "put" and key == lost:
            script.reset()

    script.before, script.after = before, after


spoilt = pytest.mark.parametrize("spoil", [malformed, unreadable])
Spoil = Callable[[Site, str], None]


@pytest.fixture
def site(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    with deployment.deployed(tmp_path) as running:
        yield Site(running)


@spoilt
def test_it_is_deleted(site: Site, spoil: Spoil) -> None:
    spoil(site, keys.index_key(site.id))
    site.running.delete(TWO, site.id)
    assert site.left() == {"index.json", "status"}
    assert site.store().read_index(site.id).status == "deleted"
    assert site.copied() != site.id


@spoilt
def test_a_tombstone_is_put_right(site: Site, spoil: Spoil) -> None:
    site.running.delete(TWO, site.id)
    spoil(site, keys.index_key(site.id))
    assert site.clean_up().state == "settled"
    assert site.left() == {"index.json", "status"}
    assert site.store().read_index(site.id).status == "deleted"


@spoilt
@pytest.mark.parametrize("key_of", [keys.index_key, keys.manifest_key])
def test_nothing_is_deleted_where_nothing_tells_what_may_be(
    site: Site, spoil: Spoil, key_of: Callable[[str], str]
) -> None:
    before = site.running.objects(TWO, site.id)
    spoil(site, key_of(site.id))
    assert site.clean_up().state == "settled"
    assert site.running.objects(TWO, site.id) == before


def test_a_bank_that_is_away_is_not_taken_for_rotten(site: Site) -> None:
    def before(call: str, key: str) -> None:
        if call == "open":
            raise exceptions.ObjectUnreadable(key=key, reason="I/O error")
        if call == "stat":
            raise exceptions.BankUnavailable(reason="I/O error")

    site.running.scripts[TWO].before = before
    log = site.clean_up()
    assert log.state == "queued"
    assert log.due_at > 0
