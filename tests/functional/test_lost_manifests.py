# SPDX-License-Identifier: Apache-2.0
"""A commit whose manifest is lost in the bank comes to an end."""

import pathlib
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import patience
from karbor_copy.data_models import status
from karbor_copy.db import models
from tests.fixtures import deployment as deployments
from tests.fixtures import rows

ONE, TWO = deployments.ONE, deployments.TWO
MAX_ATTEMPTS = 3
Type = status.OperationType
#: The provider whose bank is written to.
BANK = {Type.PROTECT: ONE, Type.COPY: TWO}
INDEX, INDEX_KEYS = "/index.json", "indices/"


class Site:
    """A deployment in which a commit fails behind its point of no return."""

    def __init__(self, deployment: deployments.Deployment) -> None:
        self.deployment = deployment
        self.plan_id = deployment.plan([deployment.volume(b"data" * 9000)])

    def commits(self, kind: Type, part: str) -> None:
        """Begin such an operation; the puts of that part are refused."""
        site = self.deployment
        if kind is Type.COPY:
            site.protect(self.plan_id)

        def before(call: str, key: str) -> None:
            if call == "put" and part in key:
                raise exceptions.BankRejected(reason="the disk is full")

        site.scripts[BANK[kind]].before = before
        if kind is Type.COPY:
            site.request_copy(self.plan_id)
        else:
            body = {"checkpoint": {"plan_id": self.plan_id}}
            site.post(f"providers/{ONE}/checkpoints", body)
        self._kind = kind
        deployments.wait(lambda: self.log().error_info)
        assert self.log().state == "committing"
        site.scripts[BANK[kind]].reset()

    def log(self) -> Any:
        (log,) = deployments.rows(
            models.OperationLog, operation_type=self._kind
        )
        return log

    @property
    def checkpoint_id(self) -> str:
        return str(self.log().checkpoint_id)

    @property
    def manifest(self) -> pathlib.Path:
        root = self.deployment.bank(BANK[self._kind]) / "checkpoints"
        return root / self.checkpoint_id / "manifest.jsonl"

    def try_again(self) -> Any:
        """Let it be due; return the log when a worker is done with it."""
        before = self.log()
        rows.change(models.OperationLog, before.id, due_at=0)

        def tried() -> Any:
            log = self.log()
            return log.attempts > before.attempts and not log.owner and log

        return deployments.wait(tried)

    def try_to_the_end(self) -> Any:
        """Try as often as may be; return the log."""
        while (log := self.log()).attempts < MAX_ATTEMPTS:
            assert log.state == "committing"
            self.try_again()
        return log

    def left(self) -> set[str]:
        """Return what is left of it in its bank after the clean-up."""
        self.deployment.wait_clean()
        return self.deployment.objects(BANK[self._kind], self.checkpoint_id)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    options = {"max_attempts": MAX_ATTEMPTS}
    with deployments.deployed(tmp_path, **options) as running:
        yield Site(running)


@pytest.mark.parametrize("lose", [deployments.flip, pathlib.Path.unlink])
@pytest.mark.parametrize("part", [INDEX, INDEX_KEYS])
@pytest.mark.parametrize("kind", BANK)
def test_it_ends_as_an_error_and_leaves_nothing(
    site: Site, kind: Type, part: str, lose: Callable[[pathlib.Path], None]
) -> None:
    site.commits(kind, part)
    lose(site.manifest)
    log = site.try_to_the_end()
    assert (log.state, log.status) == ("settled", "error")
    assert "its manifest is lost in the bank: " in log.error_info
    found = site.deployment.checkpoint(BANK[kind], site.checkpoint_id)
    assert found["status"] == "error"
    assert site.left() == set()
    assert site.deployment.reconcile()[BANK[kind]].refused == []
    # The place is free.
    if kind is Type.PROTECT:
        site.deployment.protect(site.plan_id)
    assert site.deployment.copy(site.plan_id)["status"] == "finished"


def test_what_the_bank_shows_late_is_found(site: Site) -> None:
    site.commits(Type.COPY, INDEX)
    hidden = site.manifest.rename(site.manifest.with_name("hidden"))
    assert site.try_again().state == "committing"
    hidden.rename(site.manifest)
    assert site.try_again().status == "success"
    site.deployment.wait_checkpoint(TWO, site.checkpoint_id, "available")


def test_a_bank_that_was_away_for_long_is_looked_at_twice(site: Site) -> None:
    site.commits(Type.COPY, INDEX)
    rows.change(models.OperationLog, site.log().id, attempts=MAX_ATTEMPTS)
    site.manifest.unlink()
    assert site.try_again().state == "committing"
    assert site.try_again().state == "settled"


def unreadable(site: Site, *calls: str) -> None:
    """Let the medium not give the manifest to such calls."""

    def before(call: str, key: str) -> None:
        if call in calls and key.endswith(site.manifest.name):
            raise exceptions.ObjectUnreadable(key=key, reason="a bad sector")

    site.deployment.scripts[TWO].before = before


def test_what_the_medium_has_lost_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    site.commits(Type.COPY, INDEX)
    unreadable(site, "open")
    log = site.try_to_the_end()
    assert (log.state, log.status) == ("settled", "error")
    assert "a bad sector" in log.error_info
    assert site.left() == set()


def test_a_bank_that_is_away_has_lost_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may fail as a lost sector does, as NFS mounted soft."""
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    site.commits(Type.COPY, INDEX)
    unreadable(site, "open", "stat")
    for _ in range(MAX_ATTEMPTS + 1):
        assert site.try_again().state == "committing"
    site.deployment.scripts[TWO].reset()
    assert site.try_again().status == "success"


def test_what_the_bank_refuses_is_tried_without_limit(site: Site) -> None:
    site.commits(Type.COPY, INDEX)

    def full(call: str, key: str) -> None:
        if call == "put":
            raise exceptions.BankRejected(reason="the disk is full")

    site.deployment.scripts[TWO].before = full
    for _ in range(MAX_ATTEMPTS + 1):
        assert site.try_again().state == "committing"
    site.deployment.scripts[TWO].reset()
    assert site.try_again().status == "success"
