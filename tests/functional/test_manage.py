# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-manage as a process, beside the state of a standalone."""

import datetime
import os
import pathlib
import shutil
import subprocess
from collections.abc import Callable

import pytest

from karbor_copy.client.v1 import waits
from karbor_copy.cmd import manage as manage_module
from karbor_copy.cmd import state as state_module
from karbor_copy.db import engine
from karbor_copy.db import models
from tests.fixtures import database
from tests.fixtures import forked
from tests.fixtures import rows
from tests.fixtures import standalone

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
REVISION = "0007\n"
GONE = "Bank unavailable: the container is missing"

Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def state(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a directory as a standalone makes it."""
    path = tmp_path / "state"
    state_module.prepare(path)
    return path


@pytest.fixture
def manage(state: pathlib.Path) -> Manage:
    def manage(*words: str) -> subprocess.CompletedProcess[str]:
        return forked.run(
            manage_module.main,
            *("--config-file", str(state / "karbor_copy.conf"), *words),
            timeout=standalone.TIMEOUT,
        )

    return manage


def test_the_database_is_made(manage: Manage) -> None:
    assert manage("db", "version").stdout == "None\n"
    assert manage("db", "sync").returncode == 0
    assert manage("db", "version").stdout == REVISION
    done = manage("db", "sync", "--version", "9999")
    assert done.returncode == 1
    assert done.stderr == (
        "karbor-copy-manage: Can't locate revision identified by '9999'\n"
    )
    done = manage("db", "sync", "--version", "0003")
    assert done.returncode == 1
    assert "there is no way back to 0003" in done.stderr


def test_no_such_configuration(manage: Manage) -> None:
    done = manage("--config-file", "/no/such.conf", "db", "version")
    assert done.returncode == 1
    assert "/no/such.conf" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_providers_are_well(manage: Manage) -> None:
    done = manage("provider", "check")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{TWO} region-two: ok",
        f"{ONE} region-one: ok",
    ]


def test_a_provider_file_is_broken(
    manage: Manage, state: pathlib.Path
) -> None:
    path = state / "providers.d" / "region-two.conf"
    path.write_text(path.read_text().replace(TWO, "no-uuid"))
    done = manage("provider", "check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"error: {path}:4: [provider] id: 'no-uuid' is no UUID",
        f"error: {path.with_name('region-one.conf')}:12: [copy] targets:"
        f" no enabled provider has the id {TWO}",
        f"{ONE} region-one: ok",
    ]


def test_a_bank_is_missing(manage: Manage, state: pathlib.Path) -> None:
    shutil.rmtree(state / "banks" / "region-two")
    done = manage("provider", "check")
    assert done.returncode == 1
    bad, well = done.stdout.splitlines()
    assert bad == f"{TWO} region-two: {GONE}"
    assert well == f"{ONE} region-one: ok"


def test_purge(copied: pathlib.Path, manage: Manage) -> None:
    database.configure(f"sqlite:///{copied}/karbor_copy.sqlite")
    for log in rows.all_of(models.OperationLog):
        rows.change(
            models.OperationLog,
            log.id,
            updated_at=log.updated_at - datetime.timedelta(days=9),
        )
    engine.dispose()
    foretold = manage("db", "purge", "--older-than", "8", "--dry-run")
    assert foretold.stdout.splitlines()[:2] == [
        "operation_logs: 2 would be deleted",
        "restores: 0 would be deleted",
    ]
    done = manage("db", "purge", "--older-than", "8")
    assert "operation_logs: 2 deleted" in done.stdout
    again = manage("db", "purge", "--older-than", "8")
    assert "operation_logs: 0 deleted" in again.stdout
    with standalone.serving(copied) as service:
        client = service.client()
        (copy,) = client.copies.list()
        assert copy["status"] == "finished"
        assert list(client.operation_logs.list()) == []


@pytest.fixture
def copied(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return the state of a standalone that made a copy and has stopped."""
    path = tmp_path / "state"
    with standalone.serving(path) as service:
        client = service.client()
        plan = client.plans.create(
            "nightly",
            ONE,
            [
                {
                    "type": standalone.VOLUME,
                    "id": service.volume(os.urandom(50_000)),
                    "name": "disk",
                }
            ],
        )
        made = client.checkpoints.create(ONE, plan["id"])
        waits.for_checkpoint(client, ONE, made["id"])
        copy = client.copies.create(ONE, plan["id"])
        waits.for_copy(client, copy["id"])
    return path


def forget(state: pathlib.Path) -> None:
    """Lose the database."""
    for path in state.glob("karbor_copy.sqlite*"):
        path.unlink()


def test_the_catalogue_comes_back_from_the_banks(
    copied: pathlib.Path, manage: Manage
) -> None:
    forget(copied)
    assert manage("db", "sync").returncode == 0
    none = "0 changed, 0 vanished, 0 moved, 0 refused"
    done = manage("catalog", "import")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{TWO}: 1 in the bank, 1 added, {none}",
        f"{ONE}: 1 in the bank, 1 added, {none}",
    ]
    unknown = "11111111-2222-4333-8444-555555555555"
    done = manage("catalog", "import", "--provider", unknown)
    assert done.returncode == 1
    assert unknown in done.stderr
    assert "Traceback" not in done.stderr
    done = manage("catalog", "import", "--provider", ONE)
    assert done.stdout == f"{ONE}: 1 in the bank, 0 added, {none}\n"
    with standalone.serving(copied) as service:
        client = service.client()
        (plan,) = client.plans.list()
        copy = client.copies.create(ONE, plan["id"])
        assert copy["status"] == "finished"
        assert len(list(client.checkpoints.list(TWO))) == 1


def test_projects_are_mapped(copied: pathlib.Path, manage: Manage) -> None:
    forget(copied)
    assert manage("db", "sync").returncode == 0
    mapping = f"{standalone.PROJECT}=other"
    done = manage("catalog", "import", "--project-map", mapping)
    assert done.returncode == 0, done.stderr
    with standalone.serving(copied) as service:
        assert list(service.client().checkpoints.list(TWO)) == []
        assert list(service.client().plans.list()) == []


def test_what_is_known_is_moved_to_its_new_project(
    copied: pathlib.Path, manage: Manage
) -> None:
    mapping = f"{standalone.PROJECT}=other"
    done = manage("catalog", "import", "--project-map", mapping)
    assert done.returncode == 0, done.stderr
    of_all = ", ".join(done.stdout.splitlines())
    assert "2 moved" in of_all
    assert "0 moved" in of_all
    with standalone.serving(copied) as service:
        assert list(service.client().checkpoints.list(ONE)) == []
        assert list(service.client().checkpoints.list(TWO)) == []
        assert list(service.client().plans.list()) == []


def test_an_import_of_a_bank_that_is_gone_changes_nothing(
    copied: pathlib.Path, manage: Manage
) -> None:
    shutil.rmtree(copied / "banks" / "region-one")
    done = manage("catalog", "import")
    assert done.returncode == 1
    assert f"{ONE}: " in done.stderr
    assert done.stdout.startswith(f"{TWO}: 1 in the bank, 0 added")
    with standalone.serving(copied) as service:
        (found,) = service.client().checkpoints.list(ONE)
        assert found["status"] == "available"
