# SPDX-License-Identifier: Apache-2.0
"""The service behind a real Keystone, found through its catalogue."""

import os
import pathlib
import runpy
from collections.abc import Iterator

import pytest

from karbor_copy.client.v1 import waits
from tests.fixtures import keystone
from tests.fixtures import keystone_site
from tests.fixtures import standalone

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
USER, PROJECT = "member-alpha", keystone.ALPHA
EXAMPLE = (
    pathlib.Path(__file__).parents[2]
    / "doc/source/user/examples/through_keystone.py"
)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[keystone_site.Site]:
    running = keystone_site.Site(tmp_path_factory.mktemp("keystone"))
    yield running
    running.close()


def test_the_whole_way(site: keystone_site.Site) -> None:
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


def test_the_example_of_the_documentation_logs_in(
    site: keystone_site.Site,
) -> None:
    example = runpy.run_path(str(EXAMPLE))
    client = example["connect"](
        keystone.url(), USER, keystone.PASSWORD, PROJECT, site.region
    )
    assert client.project_id == keystone.project_id(PROJECT)
    assert client.providers.find("region-one")["id"] == ONE
