# SPDX-License-Identifier: Apache-2.0
"""A deployment in which every role of the exchanges is taken."""

import json
import uuid
from typing import Any

from karbor_copy import exceptions
from tests.fixtures import deployment
from tests.fixtures import user

MEMBER_PROJECT = "aaaa0000bbbb1111cccc2222dddd3333"
STRANGER_PROJECT = "bbbb0000cccc1111dddd2222eeee3333"
THIRD_PROJECT = "cccc0000dddd1111eeee2222ffff3333"
TOKENS = {
    "admin": ("admin", deployment.PROJECT),
    "member": ("bob", MEMBER_PROJECT),
    "stranger": ("carol", STRANGER_PROJECT),
    "third_admin": ("admin", THIRD_PROJECT),
}
ABSENT = "11111111-2222-4333-8444-555555555555"


class _Member(user.User):
    project = MEMBER_PROJECT


def build(site: deployment.Deployment) -> dict[str, str]:
    """Make all that the exchanges name; return the id of each role.

    The protection service is stopped at the end, so that what is requested
    from then on stays as it was accepted.
    """
    site.api = site.user(*TOKENS["admin"])
    worker = site.work()
    volume = site.volume(b"bytes" * 100, "v1")
    roles = {
        "absent": ABSENT,
        "provider": deployment.ONE,
        "provider_upper": deployment.ONE.upper(),
        "other_provider": deployment.TWO,
        "other_provider_name": deployment.REGIONS[deployment.TWO],
        "copy_provider": deployment.TWO,
        "resource": volume["id"],
        "project": site.project,
        "member_project": MEMBER_PROJECT,
        "stranger_project": STRANGER_PROJECT,
        "third_project": THIRD_PROJECT,
    }
    for role in ("plan", "spare_plan", "unprotected_plan"):
        roles[role] = site.plan([volume])
    roles.update(_protected(site, volume))
    made = site.checkpoint(deployment.ONE, roles["checkpoint"])
    roles["day"] = made["created_at"]
    roles.update(_doomed(site, volume))
    roles.update(_failed(site))
    roles.update(_member(site))
    roles.update(_other_provider(site, volume))
    roles["restore"] = site.restore(deployment.ONE, roles["checkpoint"])["id"]
    roles["verification"] = site.verify(deployment.ONE, roles["checkpoint"])[
        "id"
    ]
    logs = site.get("operation_logs?operation_type=copy")
    roles["operation_log"] = logs[0]["id"]
    roles.update(_unfinished(site, volume))
    worker.stop()
    return roles


def _copied(site: deployment.Deployment, plan_id: str) -> str:
    site.copy(plan_id)
    path = f"providers/{deployment.TWO}/checkpoints?plan_id={plan_id}"
    return str(site.get(path)[0]["id"])


def _protected(
    site: deployment.Deployment, volume: user.Json
) -> dict[str, str]:
    protected, copied = site.plan([volume]), site.plan([volume])
    site.protect(copied)
    roles = {
        "protected_plan": protected,
        "protected_plan_upper": protected.upper(),
        "checkpoint": site.protect(protected),
        "second_checkpoint": site.protect(protected),
        "copied_plan": copied,
    }
    roles["copy"] = _copied(site, protected)
    roles["second_copy"] = _copied(site, copied)
    return roles


def _doomed(site: deployment.Deployment, volume: user.Json) -> dict[str, str]:
    plan_id, other_id = site.plan([volume]), site.plan([volume])
    site.protect(other_id)
    roles = {"deleted_checkpoint": site.protect(plan_id)}
    roles["deleted_copy"] = _copied(site, plan_id)
    roles["other_deleted_copy"] = _copied(site, other_id)
    roles["buried_checkpoint"] = site.protect(plan_id)
    site.delete(deployment.ONE, roles["buried_checkpoint"])
    return roles


def _failed(site: deployment.Deployment) -> dict[str, str]:
    volume = site.volume(b"gone")
    plan_id = site.plan([volume])
    (site.volumes / f"volume-{volume['id']}").unlink()
    path = f"providers/{deployment.ONE}/checkpoints"
    made = site.post(path, {"checkpoint": {"plan_id": plan_id}})
    user.wait(
        lambda: (
            site.checkpoint(deployment.ONE, made["id"])["status"] == "error"
        )
    )
    return {"failing_plan": plan_id, "failed_checkpoint": made["id"]}


def _member(site: deployment.Deployment) -> dict[str, str]:
    volume = {
        "id": str(uuid.uuid4()),
        "type": deployment.VOLUME,
        "name": "member's",
    }
    path = site.volumes / f"volume-{volume['id']}"
    path.write_bytes(b"member's")
    path.with_name(path.name + ".json").write_text(
        json.dumps({"project_id": MEMBER_PROJECT, "name": "member's"})
    )
    member = _Member()
    member.api = site.user(*TOKENS["member"])
    plan_id = member.plan([volume])
    return {
        "member_plan": plan_id,
        "member_checkpoint": member.protect(plan_id),
        "member_operation_log": member.get("operation_logs")[0]["id"],
    }


def _other_provider(
    site: deployment.Deployment, volume: user.Json
) -> dict[str, str]:
    plan_id = site.plan([volume], deployment.TWO)
    path = f"providers/{deployment.TWO}/checkpoints"
    made = site.post(path, {"checkpoint": {"plan_id": plan_id}})
    site.wait_checkpoint(deployment.TWO, made["id"], "available")
    return {
        "other_provider_plan": plan_id,
        "other_provider_checkpoint": made["id"],
    }


def _unfinished(
    site: deployment.Deployment, volume: user.Json
) -> dict[str, str]:
    plan_id = site.plan([volume])
    site.protect(plan_id)

    def away(call: str, key: str) -> None:
        if call == "put" and "/data_" in key:
            raise exceptions.BankUnavailable(reason="away")

    site.scripts[deployment.TWO].before = away
    path = f"copies/{site.request_copy(plan_id)}/checkpoint_copies"

    def copying() -> Any:
        (member,) = site.get(path)
        return member["status"] == "copying" and member["checkpoint_copy_id"]

    unfinished = user.wait(copying)
    site.wait_checkpoint(deployment.TWO, unfinished, "copying")
    return {"copying_plan": plan_id, "unfinished_copy": unfinished}
