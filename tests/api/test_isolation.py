# SPDX-License-Identifier: Apache-2.0
"""No project sees or changes another's things, on any route there is."""

import json
from typing import Any

import pytest
import webtest

from karbor_copy.api import collaborators
from karbor_copy.api import routes
from karbor_copy.db import services
from karbor_copy.providers import registry
from tests.fakes import api_site

#: What a path's ids are, all of the one project.
IDS = {
    "plan_id": api_site.PLAN,
    "provider_id": api_site.ONE,
    "checkpoint_id": api_site.CHECKPOINT,
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
)
PREFIX = "/v1/{project_id}/"


def routes_below_project() -> list[str]:
    nothing: Any = None
    table = routes.table(
        collaborators.Collaborators(
            registry=registry.Registry({}),
            client=nothing,
            max_limit=1,
            max_open_copies=0,
            service_down_time=1.0,
        )
    )
    return [
        f"{method} {path.removeprefix(PREFIX)}"
        for path, methods in table.items()
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


@pytest.mark.parametrize("name", ["bob", "admin"])
def test_a_stranger_finds_nothing(site: api_site.Site, name: str) -> None:
    ids = make_things(site)
    before = api_site.counted()
    site.client.wakes.clear()
    stranger = site.user(name, "another")
    for route in routes_below_project():
        if route in COMMON:
            continue
        method, _, pattern = route.partition(" ")
        path = f"/v1/another/{pattern.format(**ids)}"
        response = ask(stranger, method, path, BODIES.get(route))
        if response.status_int == 200:
            # A list, then, and nothing on it.
            (items,) = response.json.values()
            assert items == [], route
        else:
            assert response.status_int == 404, (route, response.text)
            assert api_site.PROJECT not in response.text
    assert api_site.counted() == before
    assert site.client.wakes == []


@pytest.mark.parametrize("name", ["bob", "admin"])
def test_no_route_serves_another_project(
    site: api_site.Site, name: str
) -> None:
    ids = {
        **make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "x",
    }
    before = api_site.counted()
    stranger = site.user(name, "another")
    for route in routes_below_project():
        method, _, pattern = route.partition(" ")
        path = f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}"
        response = ask(stranger, method, path, BODIES.get(route))
        assert response.status_int == 400, route
        message = response.json["badRequest"]["message"]
        assert message == "Malformed request url"
        assert (
            ask(webtest.TestApp(site.app), method, path, None).status_int
            == 401
        )
    assert api_site.counted() == before


@pytest.mark.parametrize("name", ["bob", "admin", ""])
def test_no_route_serves_nobodys_project(
    site: api_site.Site, name: str
) -> None:
    ids = {
        **make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "x",
    }
    before = api_site.counted()
    user = site.user(name, "another") if name else webtest.TestApp(site.app)
    for route in routes_below_project():
        method, _, pattern = route.partition(" ")
        path = f"/v1//{pattern.format(**ids)}"
        response = ask(user, method, path, BODIES.get(route))
        assert response.status_int == (400 if name else 401), route
    assert api_site.counted() == before


#: Lists of what belongs to a project, with the thing of it to look for.
SCOPED = {
    "plans": "plan_id",
    "providers/{provider_id}/checkpoints": "checkpoint_id",
    "copies": "copy_id",
    "restores": "restore_id",
    "verifications": "verification_id",
    "operation_logs": "operation_log_id",
}


@pytest.mark.parametrize("route", SCOPED)
@pytest.mark.parametrize(
    "query",
    [
        "all_tenants=1",
        f"all_tenants=1&project_id={api_site.PROJECT}",
        f"project_id={api_site.PROJECT}",
        *(
            f"all_tenants=1&{name}={{{name}}}"
            for name in (
                "plan_id",
                "provider_id",
                "target_provider_id",
                "checkpoint_id",
                "restore_id",
            )
        ),
    ],
)
def test_no_query_shows_a_strangers_things(
    site: api_site.Site, route: str, query: str
) -> None:
    ids = {**make_things(site), "target_provider_id": api_site.TWO}
    path = f"/v1/another/{route.format(**ids)}?{query.format(**ids)}"
    response = ask(site.user("bob", "another"), "GET", path, None)
    if response.status_int == 200:
        (items,) = response.json.values()
        assert items == []
    else:
        assert "Unknown query" in response.json["badRequest"]["message"]
    # An administrator who asks for everybody's sees them, so there are some.
    admin = ask(site.user("admin", "another"), "GET", path, None)
    if response.status_int == 200 and "all_tenants" in query:
        (items,) = admin.json.values()
        assert items


@pytest.mark.parametrize("route", SCOPED)
@pytest.mark.parametrize("user", ["bob", "admin"])
def test_a_strangers_marker_is_unknown(
    site: api_site.Site, route: str, user: str
) -> None:
    ids = make_things(site)
    marker = ids[SCOPED[route]]
    path = f"/v1/another/{route.format(**ids)}?marker={marker}"
    response = ask(site.user(user, "another"), "GET", path, None)
    message = response.json["badRequest"]["message"]
    assert message == f"Unknown marker '{marker}'."


def test_every_route_knows_its_own_things(site: api_site.Site) -> None:
    ids = {
        **make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "3f8af6c6-ecea-42bd-b44c-724785bbe5ea",
    }
    admin = site.user("admin")
    for route in routes_below_project():
        method, _, pattern = route.partition(" ")
        if method != "GET":
            continue
        path = f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}"
        assert ask(admin, method, path, None).status_int == 200, route
