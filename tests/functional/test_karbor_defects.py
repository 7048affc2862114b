# SPDX-License-Identifier: Apache-2.0
"""What went wrong in Karbor's copies, one test each.

Those of quotas, retention and notifications do not apply: there are none.
"""

import json
import pathlib
import random
import shutil
import threading
import uuid
from collections.abc import Iterator

import pytest

from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.db import models
from tests.fakes import plugins
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import STRANGER
from tests.fixtures.deployment import TWO


@pytest.fixture
def stack(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    """Serve servers with volumes."""
    plugins.CLOUD.reset()
    with deployment.deployed(tmp_path, (plugins.STACK,)) as running:
        yield running
    plugins.CLOUD.reset()


def _server() -> deployment.Json:
    """Add a server with a volume to the cloud."""
    server = {
        "id": str(uuid.uuid4()),
        "type": plugins.SERVER,
        "name": "web",
    }
    plugins.CLOUD.children[server["id"]].append(
        resource_model.Resource(plugins.VOLUME, str(uuid.uuid4()), "disk")
    )
    return server


def _targets(copy: deployment.Json) -> dict[str, str]:
    return {
        item["checkpoint_id"]: item["checkpoint_copy_id"]
        for item in copy["checkpoint_copies"]
    }


def test_01_more_than_one_checkpoint(stack: deployment.Deployment) -> None:
    """Tasks of two sources had one name, so that only one could be copied."""
    plan_id = stack.plan([_server()])
    sources = {stack.protect(plan_id) for _ in range(3)}
    copy = stack.copy(plan_id)
    assert copy["counts"] == {"finished": 3}
    assert _targets(copy).keys() == sources


def test_02_one_failure_spoils_no_finished_copy(
    site: deployment.Deployment,
) -> None:
    """The failure of one source reverted the copies that were finished."""
    plan_id = site.plan([site.volume(b"data")])
    sources = [site.protect(plan_id) for _ in range(4)]
    (path,) = site.data(ONE, sources[-1])
    deployment.flip(path)
    copy = site.copy(plan_id)
    assert copy["counts"] == {"finished": 3, "error": 1}
    targets = _targets(copy)
    for source_id in sources[:3]:
        shown = site.checkpoint(TWO, targets[source_id])
        assert shown["status"] == "available"
        assert site.verify(TWO, shown["id"])["status"] == "success"


def test_03_a_flow_that_can_not_be_built(
    stack: deployment.Deployment,
) -> None:
    """One source without a copy operation left all others waiting for ever."""
    plan_id = stack.plan([_server()])
    good = stack.protect(plan_id)
    refused = _server()
    stack.api.put_json(
        stack.url(f"plans/{plan_id}"), {"plan": {"resources": [refused]}}
    )
    bad = stack.protect(plan_id)
    plugins.CLOUD.refused.add(refused["id"])
    copy = stack.copy(plan_id)
    assert copy["status"] == "error"
    members = {
        item["checkpoint_id"]: item for item in copy["checkpoint_copies"]
    }
    assert members[good]["status"] == "finished"
    assert members[bad]["status"] == "error"
    assert members[bad]["error_info"] == "this one can't be copied"


def test_04_every_plugin_shipped_can_copy(
    tmp_path: pathlib.Path,
) -> None:
    """No plugin had a copy operation."""
    names = (deployment.NOOP, deployment.VOLUME_FILE)
    site = deployment.Deployment(tmp_path, names)
    provider = site.registry.get(ONE)
    assert set(provider.plugin_names.values()) == set(names)
    for resource_type in provider.resource_types:
        assert provider.supports("copy", resource_type)


def test_05_a_second_request_copies_nothing(
    site: deployment.Deployment,
) -> None:
    """Each request copied everything again."""
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    assert site.copy(plan_id)["counts"] == {"finished": 1}
    before = sorted(site.bank(TWO).rglob("*"))
    again = site.copy(plan_id)
    assert (again["status"], again["counts"]) == ("finished", {})
    assert sorted(site.bank(TWO).rglob("*")) == before


def test_06_a_copy_survives_the_loss_of_the_source_bank(
    site: deployment.Deployment,
) -> None:
    """Copies lay in the same bank as their sources."""
    volume = site.volume(b"data")
    plan_id = site.plan([volume])
    site.protect(plan_id)
    (copy_id,) = _targets(site.copy(plan_id)).values()
    shutil.rmtree(site.bank(ONE))
    (listed,) = site.get(f"providers/{TWO}/checkpoints")
    assert listed["id"] == copy_id
    restore = site.restore(TWO, copy_id)
    assert site.restored(restore, volume).read_bytes() == b"data"


@pytest.mark.parametrize("shape", [list, dict])
def test_07_parameters_may_be_left_out(
    site: deployment.Deployment, shape: type
) -> None:
    """A body without parameters was a 400, as were the blueprint's lists."""
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    item = {"plan_id": plan_id, "provider_id": ONE}
    answer = site.api.post_json(
        site.url(f"providers/{ONE}/checkpoints/action"),
        {"copy": [item] if shape is list else item},
        status=202,
    )
    assert answer.json["copy"]["parameters"] == {}


def test_08_options_of_the_plan_do_not_reach_the_copy(
    stack: deployment.Deployment,
) -> None:
    """The plan's protect options leaked into the hooks of the copy."""
    server = _server()
    options = {plugins.SERVER: {"consistent": True}}
    plan_id = stack.plan([server], parameters=options)
    stack.protect(plan_id)
    key = f"{plugins.SERVER}#{server['id']}"
    given = {plugins.SERVER: {"priority": 1}, key: {"priority": 2}}
    copy = stack.copy(plan_id, parameters=given)
    assert copy["status"] == "finished"
    seen = {
        (call.operation, call.key): call.parameters
        for call in plugins.CLOUD.calls
        if call.key == key
    }
    assert seen["protect", key] == {"consistent": True}
    assert seen["copy", key] == {"priority": 2}


def test_09_the_live_cloud_is_not_asked(
    stack: deployment.Deployment,
) -> None:
    """What was copied came from the live cloud and the plan of today."""
    plan_id = stack.plan([_server()])
    source_id = stack.protect(plan_id)
    stack.api.put_json(
        stack.url(f"plans/{plan_id}"),
        {"plan": {"name": "other", "resources": [_server()]}},
    )
    plugins.CLOUD.children.clear()
    plugins.CLOUD.gone = True
    copy = stack.copy(plan_id)
    assert copy["status"] == "finished"
    source = stack.checkpoint(ONE, source_id)
    made = stack.checkpoint(TWO, _targets(copy)[source_id])
    assert made["protection_plan"] == source["protection_plan"]
    assert made["protection_plan"]["name"] == "nightly"
    assert made["resource_graph"] == source["resource_graph"]


def test_09_a_deleted_volume_is_copied(site: deployment.Deployment) -> None:
    """The disaster is just when the resources are gone."""
    volume = site.volume(b"data")
    plan_id = site.plan([volume])
    site.protect(plan_id)
    for path in site.volumes.iterdir():
        path.unlink()
    (copy_id,) = _targets(site.copy(plan_id)).values()
    restore = site.restore(TWO, copy_id)
    assert site.restored(restore, volume).read_bytes() == b"data"


def test_10_11_24_a_copy_tells_of_its_origin(
    site: deployment.Deployment,
) -> None:
    """Origin, creator and date of the source were lost."""
    plan_id = site.plan([site.volume(b"data")])
    body = {"plan_id": plan_id, "extra-info": {"ticket": "42"}}
    made = site.post(f"providers/{ONE}/checkpoints", {"checkpoint": body})
    source = site.wait_checkpoint(ONE, made["id"], "available")
    copy = site.copy(plan_id)
    shown = site.checkpoint(TWO, _targets(copy)[source["id"]])
    assert json.loads(shown["extra_info"]) == {
        "created_by": "manual",
        "ticket": "42",
        "copied_from": {"provider_id": ONE, "checkpoint_id": source["id"]},
        "copy_status": "finished",
    }
    assert shown["created_at"] == source["created_at"]
    (source_row,) = deployment.rows(models.Checkpoint, id=source["id"])
    (copy_row,) = deployment.rows(models.Checkpoint, id=shown["id"])
    assert copy_row.timestamp == source_row.timestamp


def test_12_a_restart_resumes(tmp_path: pathlib.Path) -> None:
    """What ran at a restart stayed ``copying`` for ever."""
    with deployment.deployed(tmp_path, working=False) as site:
        worker = site.work()
        data = random.randbytes(4 * deployment.CHUNK)
        volume = site.volume(data)
        plan_id = site.plan([volume])
        site.protect(plan_id)
        reached, release = threading.Event(), threading.Event()

        def hold(call: str, key: str) -> None:
            if call == "put" and key.endswith("/data_1_2"):
                reached.set()
                assert release.wait(deployment.TIMEOUT)

        site.scripts[TWO].before = hold
        copy_id = site.request_copy(plan_id)
        assert reached.wait(deployment.TIMEOUT)
        stopping = threading.Thread(target=worker.stop)
        stopping.start()
        (operation,) = worker._beat.running_operations()
        deployment.wait(lambda: operation.stop_reason)
        release.set()
        stopping.join()
        site.scripts[TWO].reset()
        (log,) = deployment.rows(models.OperationLog, operation_type="copy")
        assert (log.state, log.attempts) == (status.OperationState.QUEUED, 0)
        site.work()
        copy = site.wait_copy(copy_id)
        assert copy["status"] == "finished"
        (member,) = copy["checkpoint_copies"]
        assert member["bytes_skipped"] >= deployment.CHUNK
        target = member["checkpoint_copy_id"]
        assert site.verify(TWO, target)["status"] == "success"


def test_13_a_failed_copy_leaves_a_reason_and_nothing_else(
    site: deployment.Deployment,
) -> None:
    """Data of failed copies was never removed, and no reason was given."""
    plan_id = site.plan([site.volume(random.randbytes(3 * deployment.CHUNK))])
    source_id = site.protect(plan_id)
    deployment.flip(site.data(ONE, source_id)[-1])
    copy = site.copy(plan_id)
    (member,) = copy["checkpoint_copies"]
    assert member["error_info"]
    site.wait_clean()
    assert site.objects(TWO, member["checkpoint_copy_id"]) == set()
    assert not list(site.bank(TWO).glob("checkpoints/*"))


def test_16_a_failed_copy_can_not_be_made_available(
    site: deployment.Deployment,
) -> None:
    """A reset made an empty shell ``available``, and then a source."""
    plan_id = site.plan([site.volume(b"data")])
    (path,) = site.data(ONE, site.protect(plan_id))
    deployment.flip(path, 0)
    (target,) = _targets(site.copy(plan_id)).values()
    site.api.put_json(
        site.url(f"providers/{TWO}/checkpoints/{target}"),
        {"os-resetState": {"state": "available"}},
        status=409,
    )
    assert site.checkpoint(TWO, target)["status"] == "error"


def test_18_a_request_waits_for_no_worker(tmp_path: pathlib.Path) -> None:
    """The request waited, in a call with a time limit, for all its rows."""
    with deployment.deployed(tmp_path, working=False) as site:
        worker = site.work()
        plan_id = site.plan([site.volume(b"data")])
        site.protect(plan_id)
        worker.stop()
        copy_id = site.request_copy(plan_id)
        shown = site.api.get(site.url(f"copies/{copy_id}")).json["copy"]
        assert shown["status"] == "wait_copying"
        site.work()
        assert site.wait_copy(copy_id)["status"] == "finished"


def test_19_20_an_administrator_of_another_project(
    site: deployment.Deployment,
) -> None:
    """An administrator was told that another project's plan had nothing."""
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    answer = site.user("admin", STRANGER).post_json(
        f"/v1/{STRANGER}/providers/{ONE}/checkpoints/action",
        {"copy": {"plan_id": plan_id}},
        status=404,
    )
    message = answer.json["itemNotFound"]["message"]
    assert message == f"Plan {plan_id} could not be found."


def test_21_only_failed_checkpoints_are_nothing_to_copy(
    site: deployment.Deployment,
) -> None:
    """A plan with failed checkpoints only was an empty success."""
    plan_id = site.plan([{**site.volume(b""), "id": str(uuid.uuid4())}])
    site.protect(plan_id, "error")
    answer = site.api.post_json(
        site.url(f"providers/{ONE}/checkpoints/action"),
        {"copy": {"plan_id": plan_id}},
        status=400,
    )
    message = answer.json["badRequest"]["message"]
    assert message == "The plan has not been protected."


def test_23_one_id_in_two_types(stack: deployment.Deployment) -> None:
    """Tasks were kept by resource id alone, so that one took the other's."""
    server = _server()
    image = {"id": server["id"], "type": plugins.IMAGE, "name": "image"}
    plan_id = stack.plan([server, image])
    stack.protect(plan_id)
    copy = stack.copy(plan_id)
    assert copy["status"] == "finished"
    copied = {
        call.key for call in plugins.CLOUD.calls if call.operation == "copy"
    }
    types = (plugins.SERVER, plugins.IMAGE)
    assert {f"{name}#{server['id']}" for name in types} < copied


def test_25_the_operation_log_is_a_success(
    site: deployment.Deployment,
) -> None:
    """The log of a copy ended as ``available``, against the blueprint."""
    plan_id = site.plan([site.volume(b"data")])
    site.protect(plan_id)
    (target,) = _targets(site.copy(plan_id)).values()
    (log,) = site.get(f"operation_logs?checkpoint_id={target}")
    assert (log["operation_type"], log["status"]) == ("copy", "success")
    assert log["started_at"] <= log["ended_at"]


@pytest.mark.parametrize("provider_id", [ONE, TWO])
def test_26_what_is_being_copied_can_not_be_deleted(
    site: deployment.Deployment, provider_id: str
) -> None:
    """A source could be deleted while it was copied."""
    plan_id = site.plan([site.volume(b"data")])
    source_id = site.protect(plan_id)
    statuses = []

    def during(call: str, key: str) -> None:
        if call != "put":
            return
        site.scripts[TWO].reset()
        target_id = key.split("/")[1]
        chosen = source_id if provider_id == ONE else target_id
        url = site.url(f"providers/{provider_id}/checkpoints/{chosen}")
        answer = site.user().delete(url, expect_errors=True)
        statuses.append(answer.status_int)

    site.scripts[TWO].before = during
    assert site.copy(plan_id)["status"] == "finished"
    assert statuses == [409]


@pytest.mark.parametrize("bad", ["../../x", "a/b", "..", ".", ""])
def test_keys_can_not_leave_their_section(
    site: deployment.Deployment, bad: str
) -> None:
    """An id with dots and slashes reached other sections of the bank."""
    before = deployment.counted()
    resource = {"id": bad, "type": deployment.VOLUME, "name": "x"}
    plan = {
        "name": "x",
        "provider_id": ONE,
        "parameters": {},
        "resources": [resource],
    }
    answer = site.api.post_json(site.url("plans"), {"plan": plan}, status=400)
    assert "id" in answer.json["badRequest"]["message"]
    assert deployment.counted() == before
