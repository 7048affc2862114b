# SPDX-License-Identifier: Apache-2.0
"""A bank that Karbor wrote is imported, copied, and readable for Karbor."""

import json
import pathlib
import random
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy.db import models
from tests.fixtures import deployment
from tests.fixtures import karbor_bank
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import PROJECT
from tests.fixtures.deployment import TWO

SERVER, DISK, IMAGE = (str(uuid.uuid4()) for _ in range(3))
NODES: list[karbor_bank.Node] = [
    ("OS::Cinder::Volume", DISK, "disk", ()),
    ("OS::Glance::Image", IMAGE, "image", ()),
    ("OS::Nova::Server", SERVER, "web", (DISK, IMAGE)),
    # Karbor keeps a network under the id of its project.
    ("OS::Neutron::Network", PROJECT, "network", ()),
    ("OS::Keystone::Project", PROJECT, "project", ()),
]


class World:
    """What Karbor left behind."""

    def __init__(self, site: deployment.Deployment) -> None:
        self.bank = karbor_bank.KarborBank(site.bank(ONE), ONE, PROJECT)
        self.target = karbor_bank.KarborBank(site.bank(TWO), TWO, PROJECT)
        self.disk = random.randbytes(1000)
        self.plan = karbor_bank.plan_of(ONE, NODES[2:], "nightly")
        put = self.bank.checkpoint
        self.first = put(self.plan, nodes=NODES, data=self.data())
        self.second = put(
            {**self.plan, "name": "renamed"},
            day="2019-05-02",
            timestamp=1556755200,
            extra_info=None,
            nodes=NODES,
            data=self.data(),
        )
        self.shell = put(
            self.plan, status="wait_copying", extra_info={}, nodes=None
        )
        self.failed = put(
            self.plan,
            status="error",
            nodes=NODES,
            data={DISK: {"status": "error"}},
        )
        self.copy = put(
            self.plan,
            extra_info='{"copy_status": "finished"}',
            nodes=NODES,
            data=self.data(),
        )
        self.deleted = put(self.plan, nodes=NODES, data=self.data())
        self.bank.bury(self.deleted)

    def data(self) -> dict[str, Any]:
        image = {"image_metadata": {"disk_format": "raw"}}
        pointer = {"status": "available", "metadata": {"resource_id": "x"}}
        return {
            DISK: karbor_bank.chunked(self.disk, 300, volume_id=DISK),
            IMAGE: karbor_bank.chunked(b"\xff\xfe\x00" * 20, 7, **image),
            SERVER: pointer,
            PROJECT: pointer,
        }

    def object(self, checkpoint_id: str, name: str) -> pathlib.Path:
        """Return where an object of the disk is."""
        root = self.bank.root / "checkpoints" / checkpoint_id
        return root / "resource-data" / DISK / name


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    plugins = (deployment.NOOP,)
    with deployment.deployed(tmp_path, plugins, working=False) as running:
        yield running


@pytest.fixture
def world(site: deployment.Deployment) -> World:
    made = World(site)
    site.reconcile()
    site.work()
    return made


def _copied(copy: deployment.Json) -> dict[str, str]:
    return {
        item["checkpoint_id"]: item["checkpoint_copy_id"]
        for item in copy["checkpoint_copies"]
    }


def test_it_is_imported_with_its_plan(
    site: deployment.Deployment, world: World
) -> None:
    (plan,) = site.get("plans")
    assert plan["id"] == world.plan["id"]
    assert plan["name"] == "renamed"
    assert plan["status"] == "suspended"
    assert {item["id"] for item in plan["resources"]} == {SERVER, PROJECT}
    listed = site.get(f"providers/{ONE}/checkpoints")
    assert {item["id"]: item["status"] for item in listed} == {
        world.first: "available",
        world.second: "available",
        world.copy: "available",
        world.shell: "wait_copying",
        world.failed: "error",
    }
    path = f"providers/{ONE}/checkpoints/{world.deleted}"
    assert site.api.get(site.url(path), status=404)
    shown = site.checkpoint(ONE, world.second)
    assert shown["created_at"] == "2019-05-02"
    assert json.loads(shown["extra_info"]) == {}


def test_its_available_checkpoints_are_copied(
    site: deployment.Deployment, world: World
) -> None:
    copy = site.copy(world.plan["id"])
    assert copy["status"] == "finished", copy
    made = _copied(copy)
    assert made.keys() == {world.first, world.second}

    listed = {item["id"]: item for item in world.target.list_checkpoints()}
    assert listed.keys() == set(made.values())
    assert world.target.list_by_date("2019-05-02") == [made[world.second]]
    by_plan = world.target.list_by_plan(world.plan["id"])
    assert by_plan == sorted(made.values())
    for source_id, target_id in made.items():
        source, target = world.bank.read(source_id), listed[target_id]
        assert target["status"] == "available"
        assert target["provider_id"] == TWO
        for name in (
            "project_id",
            "protection_plan",
            "resource_graph",
            "created_at",
            "timestamp",
        ):
            assert target[name] == source[name]
        extra_info = json.loads(target["extra_info"])
        assert extra_info["copy_status"] == "finished"
        origin = {"provider_id": ONE, "checkpoint_id": source_id}
        assert extra_info["copied_from"] == origin
        disk = world.target.restore_chunks(target_id, DISK)
        assert disk == world.disk
        image = world.target.restore_chunks(target_id, IMAGE)
        assert image == b"\xff\xfe\x00" * 20
        sections = (world.target.root / "checkpoints" / target_id).glob(
            "resource-data/*"
        )
        assert {path.name for path in sections} == {
            DISK,
            IMAGE,
            SERVER,
            PROJECT,
        }


def test_the_manifest_says_that_the_origin_was_not_verified(
    site: deployment.Deployment, world: World
) -> None:
    made = _copied(site.copy(world.plan["id"]))
    root = world.target.root / "checkpoints" / made[world.first]
    header = json.loads((root / "manifest.jsonl").read_text().splitlines()[0])
    assert header["origin_verified"] is False
    assert header["copied_from"]["checkpoint_id"] == world.first
    verification = site.verify(TWO, made[world.first])
    assert verification["status"] == "success"


def test_what_karbor_did_not_finish_is_no_source(
    site: deployment.Deployment, world: World
) -> None:
    world.object(world.first, "data_2").unlink()
    world.object(world.second, "status").write_text("protecting")
    copy = site.copy(world.plan["id"])
    assert copy["counts"] == {"error": 2}
    errors = {
        item["checkpoint_id"]: item["error_info"]
        for item in copy["checkpoint_copies"]
    }
    assert "counts 4 chunks, but there are 3" in errors[world.first]
    assert "'protecting'" in errors[world.second]
    site.wait_clean()
    assert world.target.list_checkpoints() == []


def test_data_that_the_graph_does_not_name_is_not_lost(
    site: deployment.Deployment, world: World
) -> None:
    plan = karbor_bank.plan_of(ONE, NODES[:1], "other graph")
    world.bank.checkpoint(plan, nodes=NODES[:1], data=world.data())
    site.reconcile()
    copy = site.copy(plan["id"])
    assert copy["status"] == "error"
    (member,) = copy["checkpoint_copies"]
    assert "no resource of the checkpoint has it" in member["error_info"]


def test_a_shell_can_not_be_made_available(
    site: deployment.Deployment, world: World
) -> None:
    for checkpoint_id in (world.shell, world.failed):
        site.api.put_json(
            site.url(f"providers/{ONE}/checkpoints/{checkpoint_id}"),
            {"os-resetState": {"state": "available"}},
            status=409,
        )
    site.reconcile()
    assert site.checkpoint(ONE, world.shell)["status"] == "wait_copying"


def _reset(
    site: deployment.Deployment, checkpoint_id: str, state: str
) -> str | None:
    """Reset a checkpoint; return why the bank did not follow, if so."""
    site.api.put_json(
        site.url(f"providers/{ONE}/checkpoints/{checkpoint_id}"),
        {"os-resetState": {"state": state}},
    )

    def ended() -> list[Any]:
        logs = deployment.rows(
            models.OperationLog,
            checkpoint_id=checkpoint_id,
            operation_type="reset",
        )
        return logs if all(log.ended_at for log in logs) else []

    deployment.wait(ended)
    last = max(ended(), key=lambda log: log.created_at)
    return last.error_info


@pytest.mark.parametrize("nodes", [None, ()])
@pytest.mark.parametrize("held", [(), (DISK, IMAGE)])
def test_an_available_shell_is_not_imported(
    site: deployment.Deployment, world: World, nodes: Any, held: Any
) -> None:
    """It restored and verified nothing, with success."""
    plan = karbor_bank.plan_of(ONE, NODES[:1], "shell")
    data = {name: world.data()[name] for name in held}
    made = world.bank.checkpoint(plan, nodes=nodes, data=data)
    (reason,) = site.reconcile()[ONE].refused
    assert made in reason
    assert "none of its plan's resources" in reason
    path = f"providers/{ONE}/checkpoints/{made}"
    assert site.api.get(site.url(path), status=404)


def test_a_shell_that_was_imported_once_is_of_no_use(
    site: deployment.Deployment, world: World
) -> None:
    for checkpoint_id in (world.first, world.second):
        key = f"/checkpoints/{checkpoint_id}/index.json"
        index = world.bank.get(key)
        del index["resource_graph"]
        world.bank.put(key, index)
    reason = "it holds none of its plan's resources"
    made = site.verify(ONE, world.first)
    assert made["status"] == "fail"
    made = site.restore(ONE, world.first)
    assert made["status"] == "fail"
    copy = site.copy(world.plan["id"])
    assert copy["counts"] == {"error": 2}
    for member in copy["checkpoint_copies"]:
        assert reason in member["error_info"]


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("resource-data", "holds no status"),
        ("status", "holds no status"),
        (None, "'protecting'"),
    ],
)
def test_what_karbor_has_lost_is_an_error_again(
    tmp_path: pathlib.Path, lost: str | None, reason: str
) -> None:
    with deployment.deployed(tmp_path) as site:
        bank = karbor_bank.KarborBank(site.bank(ONE), ONE, PROJECT)
        plan = karbor_bank.plan_of(ONE, NODES[:1], "disk")
        data = {DISK: karbor_bank.chunked(b"data", 2)}
        made = bank.checkpoint(plan, nodes=NODES[:1], data=data)
        site.reconcile()
        root = bank.root / "checkpoints" / made / "resource-data"
        status = root / DISK / "status"
        if lost == "resource-data":
            shutil.rmtree(root)
        elif lost == "status":
            status.unlink()
        else:
            status.write_text("protecting")
        assert _reset(site, made, "error") is None
        assert reason in str(_reset(site, made, "available"))
        assert site.checkpoint(ONE, made)["status"] == "error"


def test_what_karbor_was_at_can_be_given_up_and_deleted(
    site: deployment.Deployment, world: World
) -> None:
    made = world.bank.checkpoint(world.plan, status="protecting", nodes=None)
    site.reconcile()
    assert site.checkpoint(ONE, made)["status"] == "protecting"
    assert _reset(site, made, "error") is None
    path = site.url(f"providers/{ONE}/checkpoints/{made}")
    site.api.delete(path)
    deployment.wait(lambda: world.bank.read(made)["status"] == "deleted")


def test_the_banks_bring_a_lost_database_back(
    site: deployment.Deployment, world: World
) -> None:
    made = _copied(site.copy(world.plan["id"]))
    before = {
        provider_id: site.get(f"providers/{provider_id}/checkpoints")
        for provider_id in (ONE, TWO)
    }
    plans = site.get("plans")
    site.lose_database()
    site.reconcile()
    for provider_id, checkpoints in before.items():
        found = site.get(f"providers/{provider_id}/checkpoints")
        assert _by_id(found) == _by_id(checkpoints)
    assert site.get("plans") == plans
    relations = deployment.rows(models.CheckpointCopy, status="finished")
    assert {
        row.checkpoint_id: row.checkpoint_copy_id for row in relations
    } == made

    again = site.copy(world.plan["id"])
    assert again["status"] == "finished"
    assert again["checkpoint_copies"] == []
    assert len(world.target.list_checkpoints()) == 2


def _by_id(items: list[deployment.Json]) -> dict[str, deployment.Json]:
    """Return what is shown by id, the text of extra_info as its object."""
    return {
        item["id"]: {**item, "extra_info": json.loads(item["extra_info"])}
        for item in items
    }
