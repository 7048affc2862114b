# SPDX-License-Identifier: Apache-2.0
"""Deleting, verifying, restoring and resetting, of copies too."""

import random
import shutil

import pytest

from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO


def _copied(site: deployment.Deployment, plan_id: str) -> str:
    """Copy the plan's one checkpoint; return the copy's id."""
    copy = site.copy(plan_id)
    assert copy["status"] == "finished"
    (member,) = copy["checkpoint_copies"]
    return str(member["checkpoint_copy_id"])


def _url(
    site: deployment.Deployment, provider_id: str, checkpoint_id: str
) -> str:
    return site.url(f"providers/{provider_id}/checkpoints/{checkpoint_id}")


def test_a_deleted_checkpoint_leaves_a_tombstone(
    site: deployment.Deployment,
) -> None:
    volume = site.volume(b"data")
    checkpoint_id = site.protect(site.plan([volume]))
    site.delete(ONE, checkpoint_id)
    root = f"checkpoints/{checkpoint_id}"
    assert site.objects(ONE, checkpoint_id) == {
        f"{root}/index.json",
        f"{root}/resource-data/{volume['id']}/status",
    }
    status = site.bank(ONE) / root / f"resource-data/{volume['id']}/status"
    assert status.read_text() == "deleted"
    assert site.get(f"providers/{ONE}/checkpoints") == []
    site.api.delete(_url(site, ONE, checkpoint_id), status=409)


def test_a_deleted_copy_is_made_again(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    first = _copied(site, plan_id)
    site.delete(TWO, first)
    second = _copied(site, plan_id)
    assert second != first
    assert site.restore(TWO, second)["status"] == "success"


def test_a_copy_outlives_its_source(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(b"data")])
    checkpoint_id = site.protect(plan_id)
    copy_id = _copied(site, plan_id)
    site.delete(ONE, checkpoint_id)
    assert site.verify(TWO, copy_id)["status"] == "success"
    assert site.restore(TWO, copy_id)["status"] == "success"


def test_a_failed_checkpoint_can_be_deleted(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([{**site.volume(b""), "id": deployment.ONE}])
    checkpoint_id = site.protect(plan_id, "error")
    site.delete(ONE, checkpoint_id)


def test_verify_goes_on_over_all_resources(
    site: deployment.Deployment,
) -> None:
    volumes = [site.volume(random.randbytes(100)) for _ in range(4)]
    plan_id = site.plan(volumes)
    site.protect(plan_id)
    copy_id = _copied(site, plan_id)
    root = site.bank(TWO) / "checkpoints" / copy_id / "resource-data"
    rotten, lost = volumes[0]["id"], volumes[2]["id"]
    (path,) = (root / rotten).glob("data_*")
    deployment.flip(path)
    (path,) = (root / lost).glob("data_*")
    path.unlink()

    verification = site.verify(TWO, copy_id)
    assert verification["status"] == "fail"
    key = {item["id"]: f"{item['type']}#{item['id']}" for item in volumes}
    assert verification["resources_status"] == {
        key[item["id"]]: (
            "error" if item["id"] in (rotten, lost) else "available"
        )
        for item in volumes
    }
    reasons = verification["resources_reason"]
    assert "has digest" in reasons[key[rotten]]
    assert "not found" in reasons[key[lost]]
    assert reasons.keys() == {key[rotten], key[lost]}
    (log,) = site.get("operation_logs?status=fail")
    assert "has digest" in log["error_info"]
    assert "not found" in log["error_info"]


def test_a_rotten_copy_is_not_restored(site: deployment.Deployment) -> None:
    volumes = [site.volume(b"good"), site.volume(b"rots")]
    plan_id = site.plan(volumes)
    site.protect(plan_id)
    copy_id = _copied(site, plan_id)
    section = f"resource-data/{volumes[1]['id']}"
    root = site.bank(TWO) / "checkpoints" / copy_id / section
    (path,) = root.glob("data_*")
    deployment.flip(path)
    restore = site.restore(TWO, copy_id)
    assert restore["status"] == "fail"
    assert any(
        "has digest" in reason
        for reason in restore["resources_reason"].values()
    ), restore
    rotten = site.restored(restore, volumes[1])
    assert not rotten.exists()
    assert not list(site.volumes.glob(f"*{rotten.name}*"))


def test_what_is_in_use_is_not_deleted(site: deployment.Deployment) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    copy_id = _copied(site, plan_id)
    answers = []

    def during(call: str, key: str) -> None:
        site.scripts[TWO].reset()
        answer = site.user().delete(
            _url(site, TWO, copy_id), expect_errors=True
        )
        answers.append(answer)

    site.scripts[TWO].before = during
    assert site.verify(TWO, copy_id)["status"] == "success"
    (answer,) = answers
    assert answer.status_int == 409
    assert "in use" in answer.json["conflictingRequest"]["message"]
    site.delete(TWO, copy_id)


def _wait_resets(site: deployment.Deployment, checkpoint_id: str) -> None:
    """Wait until the bank has heard of all resets."""
    admin = site.user("admin")
    path = site.url(f"operation_logs?checkpoint_id={checkpoint_id}")

    def settled() -> bool:
        logs = admin.get(path).json["operation_logs"]
        resets = [log for log in logs if log["operation_type"] == "reset"]
        return all(log["status"] == "success" for log in resets)

    deployment.wait(settled)


@pytest.mark.parametrize("provider_id", [ONE, TWO])
def test_reset_to_error_and_back(
    site: deployment.Deployment, provider_id: str
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    source_id = site.protect(plan_id)
    target_id = _copied(site, plan_id)
    checkpoint_id = source_id if provider_id == ONE else target_id
    url = _url(site, provider_id, checkpoint_id)
    index = site.bank(provider_id) / f"checkpoints/{checkpoint_id}/index.json"
    for state in ("error", "available"):
        site.api.put_json(url, {"os-resetState": {"state": state}})
        _wait_resets(site, checkpoint_id)
        site.reconcile()
        assert site.checkpoint(provider_id, checkpoint_id)["status"] == state
        assert f'"status": "{state}"' in index.read_text()
    again = site.copy(plan_id)
    assert again["checkpoint_copies"] == []
    assert site.restore(TWO, target_id)["status"] == "success"


def test_a_copy_that_lost_its_place_can_not_be_reset(
    site: deployment.Deployment,
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    first = _copied(site, plan_id)
    body = {"os-resetState": {"state": "error"}}
    site.api.put_json(_url(site, TWO, first), body)
    second = _copied(site, plan_id)
    assert second != first
    body = {"os-resetState": {"state": "available"}}
    answer = site.api.put_json(_url(site, TWO, first), body, status=409)
    assert "another copy" in answer.json["conflictingRequest"]["message"]


@pytest.mark.parametrize("lost", ["", "manifest.jsonl", "resource-data"])
def test_what_the_bank_has_lost_can_not_be_reset_to_available(
    site: deployment.Deployment, lost: str
) -> None:
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    copy_id = _copied(site, plan_id)
    url = _url(site, TWO, copy_id)
    site.api.put_json(url, {"os-resetState": {"state": "error"}})
    _wait_resets(site, copy_id)
    path = site.bank(TWO) / "checkpoints" / copy_id / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()

    site.api.put_json(url, {"os-resetState": {"state": "available"}})
    logs = site.url(f"operation_logs?checkpoint_id={copy_id}")

    def failed() -> list[str]:
        found = site.user("admin").get(logs).json["operation_logs"]
        return [log["error_info"] for log in found if log["status"] == "fail"]

    deployment.wait(failed)
    (reason,) = failed()
    assert copy_id in reason
    assert "not in the bank" in reason or "missing" in reason
    assert site.checkpoint(TWO, copy_id)["status"] == "error"
    (member,) = site.copy(plan_id)["checkpoint_copies"]
    assert member["checkpoint_copy_id"] != copy_id
