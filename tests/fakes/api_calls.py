# SPDX-License-Identifier: Apache-2.0
"""A request for every route there is, and things to ask for."""

import json
from typing import Any

import webtest

from karbor_copy.db import services
from tests.fakes import api_document
from tests.fakes import api_site

#: What a path's ids are, all of the one project.
IDS = {
    "plan_id": api_site.PLAN,
    "provider_id": api_site.ONE,
    "checkpoint_id": api_site.CHECKPOINT,
    "target_project_id": api_site.PROJECT,
    "class_name": "default",
}
#: Bodies that are good but for whose things they name.
BODIES: dict[str, Any] = {
    "POST plans": {
        "plan": {
            "name": "mine",
            "provider_id": api_site.ONE,
            "parameters": {},
            "resources": [
                {"id": "a", "type": "OS::Nova::Server", "name": "b"}
            ],
        }
    },
    "PUT plans/{plan_id}": {"plan": {"name": "mine"}},
    "POST providers/{provider_id}/checkpoints": {
        "checkpoint": {"plan_id": api_site.PLAN}
    },
    "POST providers/{provider_id}/checkpoints/action": {
        "copy": {"plan_id": api_site.PLAN}
    },
    "PUT providers/{provider_id}/checkpoints/{checkpoint_id}": {
        "os-resetState": {"state": "error"}
    },
    "POST copies/{copy_id}/action": {"cancel": None},
    "POST restores": {
        "restore": {
            "provider_id": api_site.ONE,
            "checkpoint_id": api_site.CHECKPOINT,
            "parameters": {},
        }
    },
    "POST verifications": {
        "verification": {
            "provider_id": api_site.ONE,
            "checkpoint_id": api_site.CHECKPOINT,
        }
    },
    "PUT os-services/{service_id}": {"status": "disabled"},
    "PUT quotas/{target_project_id}": {"quota": {"plans": 70}},
    "PUT quota_classes/{class_name}": {"quota_class": {"plans": 70}},
}
#: What belongs to nobody, and what makes something of the caller's own.
COMMON = (
    "GET providers",
    "GET providers/{provider_id}",
    "GET protectables",
    "GET protectables/{resource_type}",
    "GET protectables/{resource_type}/instances",
    "GET protectables/{resource_type}/instances/{resource_id}",
    "GET os-services",
    "PUT os-services/{service_id}",
    "POST plans",
    # Administrators set these for any project: test_quotas.py.
    "GET quotas/{target_project_id}",
    "PUT quotas/{target_project_id}",
    "DELETE quotas/{target_project_id}",
    "GET quotas/{target_project_id}/defaults",
    "GET quotas/{target_project_id}/detail",
    "GET quota_classes/{class_name}",
    "PUT quota_classes/{class_name}",
)
PREFIX = "/v1/{project_id}/"


def routes_below_project() -> list[str]:
    return [
        f"{method} {path.removeprefix(PREFIX)}"
        for path, methods in api_document.table().items()
        if path.startswith(PREFIX)
        for method in methods
    ]


def make_things(site: api_site.Site) -> dict[str, str]:
    """Return the ids of one thing of each kind of the one project."""
    user, base = site.user(), f"/v1/{api_site.PROJECT}"
    copy = user.post_json(
        f"{base}/providers/{api_site.ONE}/checkpoints/action",
        BODIES["POST providers/{provider_id}/checkpoints/action"],
    ).json["copy"]
    restore = user.post_json(f"{base}/restores", BODIES["POST restores"]).json[
        "restore"
    ]
    verification = user.post_json(
        f"{base}/verifications", BODIES["POST verifications"]
    ).json["verification"]
    log = user.get(f"{base}/operation_logs").json["operation_logs"][0]
    return {
        **IDS,
        "copy_id": copy["id"],
        "restore_id": restore["id"],
        "verification_id": verification["id"],
        "operation_log_id": log["id"],
        "service_id": make_service(),
    }


def make_service() -> str:
    """Return the id of a service, which is no project's."""
    services.report("worker-1", "karbor-protection", "topic")
    (found,) = services.list_all(service_down_time=60.0)
    return str(found.id)


def ask(user: webtest.TestApp, method: str, path: str, body: Any) -> Any:
    return user.request(
        path,
        method=method,
        body=b"" if body is None else json.dumps(body).encode(),
        headers={} if body is None else {"Content-Type": "application/json"},
        expect_errors=True,
    )
