# SPDX-License-Identifier: Apache-2.0
"""Workers go on with what a scrub that was killed has begun."""

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.conf import CONF
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import models
from karbor_copy.db import scrubs
from karbor_copy.providers import registry as provider_registry
from tests.fakes import operations
from tests.fixtures import deployment as deployments
from tests.fixtures import rows

ONE, TWO = deployments.ONE, deployments.TWO
S = status.CheckpointStatus


class Site:
    """A copy with a flipped byte that a scrub has taken on."""

    def __init__(self, deployment: deployments.Deployment) -> None:
        self.deployment = deployment
        worker = deployment.work()
        plan_id = deployment.plan([deployment.volume(b"what was there" * 99)])
        deployment.protect(plan_id)
        assert deployment.copy(plan_id)["status"] == "finished"
        (self.copy,) = deployments.rows(models.Checkpoint, provider_id=TWO)
        (self.path,) = deployment.data(TWO, self.copy.id)
        self.good = self.path.read_bytes()
        deployments.flip(self.path)
        assert worker.stop()

    def begin(self, *, repair: bool = True) -> None:
        """Take the copy on, as a process that dies at once."""
        row = catalog.known_one(self.copy.id)
        assert row is not None
        assert scrubs.begin(
            self.copy.id, row, repair=repair, owner="dead", lease=-1.0
        )

    def log(self) -> Any:
        (log,) = deployments.rows(models.OperationLog, operation_type="scrub")
        return log

    def try_again(self) -> Any:
        """Let it be due; return the log when a worker is done with it."""
        before = self.log()
        rows.change(models.OperationLog, before.id, due_at=0)

        def tried() -> Any:
            log = self.log()
            return log.attempts > before.attempts and not log.owner and log

        return deployments.wait(tried)

    def shown(self) -> str:
        """Return the status in the catalogue after a look at the banks."""
        self.deployment.reconcile()
        (row,) = deployments.rows(models.Checkpoint, id=self.copy.id)
        return str(row.status)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    deployment = deployments.Deployment(tmp_path)
    deployment.start(working=False)
    try:
        yield Site(deployment)
    finally:
        deployment.stop()


def test_a_worker_goes_on(site: Site) -> None:
    site.begin()
    site.deployment.work()
    deployments.wait(lambda: site.log().state == "settled")
    found = site.deployment.checkpoint(TWO, site.copy.id)
    assert found["status"] == "available"
    assert site.path.read_bytes() == site.good
    assert (site.log().status, site.log().epoch) == ("success", 2)


def test_a_bank_that_is_away_is_tried_again(site: Site) -> None:
    script = site.deployment.scripts[TWO]

    def away(call: str, key: str) -> None:
        if call == "put" and key.endswith(site.path.name):
            raise exceptions.BankRejected(reason="the disk is full")

    script.before = away
    site.begin()
    site.deployment.work()
    deployments.wait(lambda: site.log().error_info)
    assert site.log().state == "queued"
    script.reset()
    rows.change(models.OperationLog, site.log().id, due_at=0)
    deployments.wait(lambda: site.log().state == "settled")
    assert site.log().status == "success"
    assert site.path.read_bytes() == site.good


def test_rot_that_can_not_be_marked_is_not_let_go(site: Site) -> None:
    site.begin(repair=False)

    def read_only(call: str, key: str) -> None:
        if call == "put":
            raise exceptions.BankRejected(reason="it is read-only")

    site.deployment.scripts[TWO].before = read_only
    site.deployment.work()
    deployments.wait(lambda: site.log().error_info)
    for _ in range(CONF.protection.max_attempts + 1):
        log = site.try_again()
        assert log.state == "queued"
        assert "it is read-only" in log.error_info
    assert site.shown() == S.ERROR
    site.deployment.scripts[TWO].reset()
    log = site.try_again()
    assert (log.state, log.status) == ("settled", "fail")
    assert log.error_info.startswith("1 bad objects in the bank: ")
    assert site.shown() == S.ERROR


def test_a_provider_that_is_away_is_waited_for(site: Site) -> None:
    site.begin(repair=False)
    whole = site.deployment.registry
    site.deployment.registry = provider_registry.Registry(
        {ONE: whole.get(ONE)}
    )
    worker = site.deployment.work()
    deployments.wait(lambda: site.log().error_info)
    assert site.log().state == "queued"
    assert worker.stop()
    site.deployment.registry = whole
    site.deployment.work()
    assert site.try_again().status == "fail"
    assert site.shown() == S.ERROR


def test_another_service_has_deleted_it(site: Site) -> None:
    bank = site.deployment.registry.get(TWO).make_bank()
    store = checkpoint_store.CheckpointStore(bank)
    index = store.read_index(site.copy.id)
    store.write_index(
        dataclasses.replace(index, status=S.DELETED), operations.go_on
    )
    site.begin()
    site.deployment.work()
    deployments.wait(lambda: site.log().state == "settled")
    assert site.log().error_info == "it is deleted in its bank"
    assert site.path.read_bytes() != site.good
    site.deployment.reconcile()
    (row,) = deployments.rows(models.Checkpoint, id=site.copy.id)
    assert row.status == S.DELETED
