# SPDX-License-Identifier: Apache-2.0
"""Resources that hang from each other, few and very many of them."""

import pathlib
import uuid
from collections.abc import Iterator

import pytest

from karbor_copy.data_models import resource as resource_model
from karbor_copy.db import models
from tests.fakes import plugins
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    plugins.CLOUD.reset()
    with deployment.deployed(tmp_path, (plugins.STACK,)) as running:
        yield running
    plugins.CLOUD.reset()


def _server(name: str, volumes: int) -> deployment.Json:
    """Add a server with volumes to the cloud."""
    server_id = str(uuid.uuid4())
    for number in range(volumes):
        plugins.CLOUD.children[server_id].append(
            resource_model.Resource(
                plugins.VOLUME, str(uuid.uuid4()), f"{name}-{number}"
            )
        )
    return {"id": server_id, "type": plugins.SERVER, "name": name}


def _check_order(calls: list[plugins.Call]) -> None:
    """Check Karbor's order of hooks over all servers and volumes."""
    when = {
        (call.moment, call.hook, call.key): position
        for position, call in enumerate(calls)
    }
    assert len(when) == len(calls)

    def before(hook: str, key: str, later_hook: str, later_key: str) -> None:
        end = when["end", hook, key]
        assert end < when["begin", later_hook, later_key]

    keys = {key for _, _, key in when}
    hooks = ("on_prepare_begin", "on_prepare_finish", "on_main", "on_complete")
    assert len(when) == 2 * len(hooks) * len(keys)
    for key in keys:
        for first, then in zip(hooks, hooks[1:], strict=False):
            before(first, key, then, key)
    for server_id, volumes in plugins.CLOUD.children.items():
        parent = f"{plugins.SERVER}#{server_id}"
        for volume in volumes:
            before("on_prepare_begin", parent, "on_prepare_begin", volume.key)
            before(
                "on_prepare_finish", volume.key, "on_prepare_finish", parent
            )
            before("on_complete", volume.key, "on_complete", parent)


def test_the_hooks_run_in_karbors_order(
    site: deployment.Deployment,
) -> None:
    servers = [_server("web", 3), _server("db", 1), _server("alone", 0)]
    plan_id = site.plan(servers)
    checkpoint_id = site.protect(plan_id)
    _check_order(plugins.CLOUD.calls)
    plugins.CLOUD.calls.clear()
    copy = site.copy(plan_id)
    assert copy["status"] == "finished"
    _check_order(plugins.CLOUD.calls)
    (member,) = copy["checkpoint_copies"]
    assert len(member["resources"]) == 7
    assert {item["status"] for item in member["resources"].values()} == {
        "finished"
    }
    assert member["objects_copied"] == 2 * 7
    (row,) = deployment.rows(models.Checkpoint, id=checkpoint_id)
    assert row.resource_types == f"{plugins.VOLUME},{plugins.SERVER}"


def test_a_shared_volume_is_copied_once(
    site: deployment.Deployment,
) -> None:
    first, second = _server("first", 1), _server("second", 0)
    (shared,) = plugins.CLOUD.children[first["id"]]
    plugins.CLOUD.children[second["id"]].append(shared)
    plan_id = site.plan([first, second])
    site.protect(plan_id)
    plugins.CLOUD.calls.clear()
    assert site.copy(plan_id)["status"] == "finished"
    _check_order(plugins.CLOUD.calls)


def test_more_than_1000_atoms(site: deployment.Deployment) -> None:
    servers = [_server(f"server-{number}", 2) for number in range(90)]
    plan_id = site.plan(servers)
    checkpoint_id = site.protect(plan_id)
    _check_order(plugins.CLOUD.calls)
    plugins.CLOUD.calls.clear()
    copy = site.copy(plan_id)
    assert copy["status"] == "finished"
    _check_order(plugins.CLOUD.calls)
    (member,) = copy["checkpoint_copies"]
    assert member["objects_copied"] == 2 * 270
    target = member["checkpoint_copy_id"]
    assert len(site.objects(TWO, target)) == len(
        site.objects(ONE, checkpoint_id)
    )
