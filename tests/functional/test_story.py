# SPDX-License-Identifier: Apache-2.0
"""The main job: protect, copy, lose the main bank, restore from the copy."""

import random
import shutil

from tests.fixtures import deployment


def _make_volumes(site: deployment.Deployment) -> list[deployment.Json]:
    chunk = random.randbytes(deployment.CHUNK)
    hole = bytes(deployment.CHUNK)
    return [
        site.volume(b"", "empty"),
        site.volume(b"x", "one byte"),
        site.volume(chunk + hole + chunk + random.randbytes(777), "holes"),
        site.volume(hole * 3, "all zeros"),
        site.volume(random.randbytes(deployment.CHUNK + 1), "chunk plus one"),
    ]


def test_the_copy_survives_the_main_bank(site: deployment.Deployment) -> None:
    volumes = _make_volumes(site)
    plan_id = site.plan(volumes)
    first = site.protect(plan_id)
    changed = site.volumes / f"volume-{volumes[2]['id']}"
    deployment.flip(changed)
    second = site.protect(plan_id)
    originals = {
        item["id"]: deployment.sha256(site.volumes / f"volume-{item['id']}")
        for item in volumes
    }

    copied = site.copy(plan_id)
    assert copied["status"] == "finished"
    members = {m["checkpoint_id"]: m for m in copied["checkpoint_copies"]}
    assert members.keys() == {first, second}
    assert {m["status"] for m in members.values()} == {"finished"}
    assert all(m["bytes_copied"] for m in members.values())

    again = site.copy(plan_id)
    assert again["status"] == "finished"
    assert again["checkpoint_copies"] == []

    shutil.rmtree(site.bank(deployment.ONE))
    for path in site.volumes.iterdir():
        path.unlink()
    target = members[second]["checkpoint_copy_id"]
    assert site.verify(deployment.TWO, target)["status"] == "success"
    restore = site.restore(deployment.TWO, target)
    assert restore["status"] == "success", restore
    for item in volumes:
        path = site.restored(restore, item)
        assert deployment.sha256(path) == originals[item["id"]]

    earlier = members[first]["checkpoint_copy_id"]
    restore = site.restore(deployment.TWO, earlier)
    path = site.restored(restore, volumes[2])
    deployment.flip(path)
    assert deployment.sha256(path) == originals[volumes[2]["id"]]


def test_the_copy_looks_like_any_checkpoint(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    source_id = site.protect(plan_id)
    (member,) = site.copy(plan_id)["checkpoint_copies"]
    source = site.checkpoint(deployment.ONE, source_id)
    listed = site.get(f"providers/{deployment.TWO}/checkpoints")
    (copy,) = listed
    assert copy["id"] == member["checkpoint_copy_id"]
    assert copy["status"] == "available"
    for name in ("created_at", "protection_plan", "resource_graph"):
        assert copy[name] == source[name]
    log = site.get(f"operation_logs/{member['id']}")
    assert log["operation_type"] == "copy"
    assert log["status"] == "success"
    assert log["checkpoint_id"] == copy["id"]
