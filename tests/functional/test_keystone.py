# SPDX-License-Identifier: Apache-2.0
"""The service behind a real Keystone, found through its catalogue."""

import os
import pathlib
import subprocess
import types
import uuid
from collections.abc import Iterator

import pytest
from keystoneauth1 import session

from karbor_copy.client.osc import plugin
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import waits
from tests.fixtures import keystone
from tests.fixtures import processes
from tests.fixtures import standalone

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
USER, PROJECT = "member-alpha", keystone.ALPHA


class Site(processes.Processes):
    """API and worker, in a region of their own."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__(path, options=keystone.options())
        self.region = uuid.uuid4().hex
        self.address = self.api().url
        keystone.offer(
            "data-protect", self.region, f"{self.address}/v1/%(project_id)s"
        )
        self.protection()

    def make_volume(self, data: bytes) -> str:
        """Make a volume of the project's; return its id."""
        project_id = keystone.project_id(PROJECT)
        return standalone.make_volume(self.path, data, "disk", project_id)

    def logged_in(self, login: session.Session) -> v1_client.Client:
        """Return the client that ``openstack`` has in this region."""
        manager = types.SimpleNamespace(
            session=login, interface="public", region_name=self.region
        )
        return plugin.make_client(manager)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    running = Site(tmp_path_factory.mktemp("keystone"))
    yield running
    running.close()


def test_the_whole_way(site: Site) -> None:
    login = keystone.login(USER, PROJECT)
    client = site.logged_in(login)
    data = os.urandom(100_000)
    resource = {
        "id": site.make_volume(data),
        "type": standalone.VOLUME,
        "name": "disk",
    }
    plan = client.plans.create("nightly", ONE, [resource])
    checkpoint = client.checkpoints.create(ONE, plan["id"])
    waits.for_checkpoint(
        client, ONE, checkpoint["id"], timeout=standalone.TIMEOUT
    )
    member = site.copied(client, plan)
    target = member["checkpoint_copy_id"]
    restore = client.restores.create(TWO, target)
    waits.for_restore(client, restore["id"], timeout=standalone.TIMEOUT)
    volumes = (site.path / "volumes").iterdir()
    assert sum(path.read_bytes() == data for path in volumes) == 2


def test_karbors_own_client_logs_in(
    site: Site, karborclient: pathlib.Path
) -> None:
    def karbor(*words: str, user: str = USER) -> str:
        done = subprocess.run(
            [karborclient, *words],
            capture_output=True,
            text=True,
            timeout=standalone.TIMEOUT,
            check=False,
            env={
                **os.environ,
                "COLUMNS": "400",
                "OS_AUTH_URL": keystone.url(),
                "OS_USERNAME": user,
                "OS_PASSWORD": keystone.PASSWORD,
                "OS_USER_DOMAIN_NAME": "Default",
                "OS_PROJECT_NAME": PROJECT,
                "OS_PROJECT_DOMAIN_NAME": "Default",
                "OS_REGION_NAME": site.region,
            },
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    volume_id = site.make_volume(b"data")
    assert ONE in karbor("provider-list")
    instances = karbor("protectable-list-instances", standalone.VOLUME)
    assert volume_id in instances
    resource = f"{volume_id}={standalone.VOLUME}=disk"
    made = karbor("plan-create", "weekly", ONE, resource)
    (plan_id,) = (
        line.split("|")[2].strip()
        for line in made.splitlines()
        if line.startswith("| id ")
    )
    karbor("checkpoint-create", ONE, plan_id)
    assert plan_id in karbor("plan-list", user="reader-alpha")
    listed = karbor("checkpoint-list", ONE, "--plan_id", plan_id)
    assert plan_id in listed
