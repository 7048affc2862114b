# SPDX-License-Identifier: Apache-2.0
"""Karbor's own client, unmodified, without a Keystone and behind one."""

import contextlib
import os
import pathlib
import re
import subprocess
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

import pytest

from karbor_copy.client.v1 import client as v1_client
from tests.fixtures import keystone
from tests.fixtures import keystone_site
from tests.fixtures import standalone

ONE, VOLUME = standalone.REGION_ONE, standalone.VOLUME

#: Runs the client's shell; returns what it printed.
Karbor = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A service, and what the client has to be told of it and its user."""

    state: pathlib.Path
    project: str
    client: v1_client.Client
    words: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def volume(self, data: bytes) -> str:
        """Make a volume of the project's; return its id."""
        return standalone.make_volume(self.state, data, "disk", self.project)


@contextlib.contextmanager
def without_keystone(path: pathlib.Path) -> Iterator[Place]:
    with standalone.serving(path / "state") as running:
        project = standalone.PROJECT
        yield Place(
            state=running.state,
            project=project,
            client=running.client(),
            words=(
                *("--os-no-client-auth", "--os-auth-token"),
                *(f"admin:{project}", "--karbor-url"),
                f"{running.url}/v1/{project}",
            ),
        )


@contextlib.contextmanager
def behind_keystone(path: pathlib.Path) -> Iterator[Place]:
    """Let an administrator of the project log in with a password."""
    user = f"admin-{uuid.uuid4()}"
    keystone.make_user(user, keystone.PASSWORD, keystone.ALPHA, "admin")
    site = keystone_site.Site(path)
    try:
        yield Place(
            state=site.path,
            project=keystone.project_id(keystone.ALPHA),
            client=site.logged_in(keystone.login(user, keystone.ALPHA)),
            env=keystone.environment(user, keystone.ALPHA, site.region),
        )
    finally:
        site.close()


@pytest.fixture(scope="module", params=[without_keystone, behind_keystone])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with request.param(tmp_path_factory.mktemp("karborclient")) as found:
        yield found


@pytest.fixture
def run(
    service: Place, karborclient: pathlib.Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [karborclient, *service.words, *words],
            capture_output=True,
            text=True,
            timeout=standalone.TIMEOUT,
            check=False,
            env={**os.environ, "COLUMNS": "400", **service.env},
        )

    return run


@pytest.fixture
def karbor(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> Karbor:
    def karbor(*words: str) -> str:
        done = run(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    return karbor


def value(table: str, name: str) -> str:
    """Return a value of a table of properties."""
    found = re.search(rf"^\| {name} +\| (.*?) +\|$", table, re.MULTILINE)
    assert found is not None, table
    return found[1]


def row(table: str, item_id: str) -> list[str]:
    """Return the cells of the line that begins with the id."""
    found = re.search(rf"^\| {item_id} +\|.*$", table, re.MULTILINE)
    assert found is not None, table
    return [cell.strip() for cell in found[0].strip("|").split("|")]


def reaches(karbor: Karbor, status: str, *words: str) -> None:
    standalone.wait(lambda: value(karbor(*words), "status") == status)


def test_the_whole_way(service: Place, karbor: Karbor) -> None:
    volume_id = service.volume(os.urandom(100_000))
    assert row(karbor("provider-list"), ONE)[1] == "region-one"
    assert value(karbor("provider-show", ONE), "id") == ONE
    assert VOLUME in karbor("protectable-list")
    assert value(karbor("protectable-show", VOLUME), "name") == VOLUME
    instances = karbor("protectable-list-instances", VOLUME)
    assert row(instances, volume_id)[1:3] == [VOLUME, "disk"]
    shown = karbor("protectable-show-instance", VOLUME, volume_id)
    assert value(shown, "id") == volume_id

    plan_id = _plan(karbor, volume_id)
    checkpoint_id = _checkpoint(karbor, plan_id)
    restored = _restored(karbor, checkpoint_id)
    _verified(karbor, checkpoint_id)
    _logged(karbor, restored)
    assert "karbor-protection" in karbor("service-list")

    karbor("checkpoint-delete", ONE, checkpoint_id)
    reaches(karbor, "deleted", "checkpoint-show", ONE, checkpoint_id)
    karbor("plan-delete", plan_id)
    assert plan_id not in karbor("plan-list")


def _plan(karbor: Karbor, volume_id: str) -> str:
    resource = f"{volume_id}={VOLUME}=disk"
    made = karbor("plan-create", "nightly", ONE, resource)
    plan_id = value(made, "id")
    assert value(karbor("plan-show", plan_id), "name") == "nightly"
    changed = karbor("plan-update", plan_id, "--name", "weekly")
    assert value(changed, "name") == "weekly"
    listed = karbor("plan-list", "--name", "weekly")
    assert row(listed, plan_id)[3:] == [ONE, "suspended"]
    return plan_id


def _checkpoint(karbor: Karbor, plan_id: str) -> str:
    note = ("--extra_info", "who=me")
    made = karbor("checkpoint-create", ONE, plan_id, *note)
    assert value(made, "status") == "protecting"
    assert '"who": "me"' in value(made, "extra_info")
    checkpoint_id = value(made, "id")
    show = ("checkpoint-show", ONE, checkpoint_id)
    reaches(karbor, "available", *show)
    listed = karbor("checkpoint-list", ONE, "--plan_id", plan_id)
    assert row(listed, checkpoint_id)[2:4] == ["available", "Name: weekly"]

    karbor("checkpoint-reset-state", ONE, checkpoint_id)
    assert value(karbor(*show), "status") == "error"
    resets = karbor("operationlog-list")
    assert row(resets, _id_of(resets, "reset"))[1] == "reset"
    standalone.wait(lambda: "in_progress" not in karbor("operationlog-list"))
    karbor("checkpoint-reset-state", ONE, checkpoint_id, "--available")
    assert value(karbor(*show), "status") == "available"
    return checkpoint_id


def _id_of(table: str, operation: str) -> str:
    found = re.search(rf"^\| (\S+) +\| {operation} ", table, re.MULTILINE)
    assert found is not None, table
    return found[1]


def _restored(karbor: Karbor, checkpoint_id: str) -> str:
    restore_id = value(karbor("restore-create", ONE, checkpoint_id), "id")
    reaches(karbor, "success", "restore-show", restore_id)
    listed = karbor("restore-list", "--status", "success")
    assert row(listed, restore_id)[3] == checkpoint_id
    return restore_id


def _verified(karbor: Karbor, checkpoint_id: str) -> None:
    made = karbor("verification-create", ONE, checkpoint_id)
    verification_id = value(made, "id")
    reaches(karbor, "success", "verification-show", verification_id)
    listed = karbor("verification-list")
    assert row(listed, verification_id)[3] == checkpoint_id


def _logged(karbor: Karbor, restore_id: str) -> None:
    logs = karbor("operationlog-list")
    assert "fail" not in logs
    log_id = _id_of(logs, "restore")
    assert row(logs, log_id)[5] == restore_id
    shown = karbor("operationlog-show", log_id)
    assert value(shown, "restore_id") == restore_id


def test_services_are_disabled_and_enabled(karbor: Karbor) -> None:
    listed = standalone.wait(
        lambda: _if_in(karbor("service-list"), "karbor-protection")
    )
    service_id = _id_of(listed, "karbor-protection")
    disabled = karbor("service-disable", service_id, "--reason", "a new disk")
    assert row(disabled, service_id)[3] == "disabled"
    assert row(karbor("service-list"), service_id)[6] == "a new disk"
    enabled = karbor("service-enable", service_id)
    assert row(enabled, service_id)[3] == "enabled"
    disabled = karbor("service-disable", service_id)
    assert row(disabled, service_id)[3] == "disabled"
    karbor("service-enable", service_id)


def _if_in(text: str, part: str) -> str:
    return text if part in text else ""


def test_a_copy_is_a_checkpoint_like_any_other(
    service: Place, karbor: Karbor
) -> None:
    data = os.urandom(100_000)
    volume_id = service.volume(data)
    plan_id = _plan(karbor, volume_id)
    made = karbor("checkpoint-create", ONE, plan_id)
    checkpoint_id = value(made, "id")
    show = ("checkpoint-show", ONE, checkpoint_id)
    reaches(karbor, "available", *show)
    client = service.client
    copy = client.copies.create(ONE, plan_id)
    target = standalone.wait(lambda: _finished(client, copy["id"]))
    two = standalone.REGION_TWO
    assert row(karbor("checkpoint-list", two), target)[2] == "available"
    shown = karbor("checkpoint-show", two, target)
    assert checkpoint_id in value(shown, "extra_info")
    restore = karbor("restore-create", two, target)
    restore_id = value(restore, "id")
    reaches(karbor, "success", "restore-show", restore_id)
    volumes = (service.state / "volumes").iterdir()
    assert sum(path.read_bytes() == data for path in volumes) == 2


def _finished(client: v1_client.Client, copy_id: str) -> str | None:
    copy = client.copies.get(copy_id)
    if copy["status"] != "finished":
        return None
    (member,) = copy["checkpoint_copies"]
    return str(member["checkpoint_copy_id"])


@pytest.mark.parametrize(
    "words",
    [
        ("trigger-list",),
        ("scheduledoperation-list",),
    ],
    ids=lambda words: words[0],
)
def test_what_is_not_served_is_not_found(
    run: Callable[..., subprocess.CompletedProcess[str]],
    words: tuple[str, ...],
) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert "could not be found. (HTTP 404)" in done.stderr


def test_quotas(service: Place, karbor: Karbor) -> None:
    project = ("--tenant", service.project)
    assert value(karbor("quota-show", *project), "plans") == "50"
    karbor("quota-update", service.project, "--plans", "70")
    assert value(karbor("quota-show", *project), "plans") == "70"
    assert value(karbor("quota-defaults", *project), "plans") == "50"
    karbor("quota-class-update", "default", "--plans", "60")
    assert value(karbor("quota-class-show", "default"), "plans") == "60"
