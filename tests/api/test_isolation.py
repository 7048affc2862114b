# SPDX-License-Identifier: Apache-2.0
"""No project sees or changes another's things, on any route there is."""

import pytest
import webtest

from tests.fakes import api_calls
from tests.fakes import api_site


@pytest.mark.parametrize("name", ["bob", "admin"])
def test_a_stranger_finds_nothing(site: api_site.Site, name: str) -> None:
    ids = api_calls.make_things(site)
    before = api_site.counted()
    site.client.wakes.clear()
    stranger = site.user(name, "another")
    for route in api_calls.routes_below_project():
        if route in api_calls.COMMON:
            continue
        method, _, pattern = route.partition(" ")
        path = f"/v1/another/{pattern.format(**ids)}"
        response = api_calls.ask(
            stranger, method, path, api_calls.BODIES.get(route)
        )
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
        **api_calls.make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "x",
    }
    before = api_site.counted()
    stranger = site.user(name, "another")
    for route in api_calls.routes_below_project():
        method, _, pattern = route.partition(" ")
        path = f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}"
        response = api_calls.ask(
            stranger, method, path, api_calls.BODIES.get(route)
        )
        assert response.status_int == 400, route
        message = response.json["badRequest"]["message"]
        assert message == "Malformed request url"
        assert (
            api_calls.ask(
                webtest.TestApp(site.app), method, path, None
            ).status_int
            == 401
        )
    assert api_site.counted() == before


@pytest.mark.parametrize("name", ["bob", "admin", ""])
def test_no_route_serves_nobodys_project(
    site: api_site.Site, name: str
) -> None:
    ids = {
        **api_calls.make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "x",
    }
    before = api_site.counted()
    user = site.user(name, "another") if name else webtest.TestApp(site.app)
    for route in api_calls.routes_below_project():
        method, _, pattern = route.partition(" ")
        path = f"/v1//{pattern.format(**ids)}"
        response = api_calls.ask(
            user, method, path, api_calls.BODIES.get(route)
        )
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
    ids = {**api_calls.make_things(site), "target_provider_id": api_site.TWO}
    path = f"/v1/another/{route.format(**ids)}?{query.format(**ids)}"
    response = api_calls.ask(site.user("bob", "another"), "GET", path, None)
    if response.status_int == 200:
        (items,) = response.json.values()
        assert items == []
    else:
        assert "Unknown query" in response.json["badRequest"]["message"]
    # An administrator who asks for everybody's sees them, so there are some.
    admin = api_calls.ask(site.user("admin", "another"), "GET", path, None)
    if response.status_int == 200 and "all_tenants" in query:
        (items,) = admin.json.values()
        assert items


@pytest.mark.parametrize("route", SCOPED)
@pytest.mark.parametrize("user", ["bob", "admin"])
def test_a_strangers_marker_is_unknown(
    site: api_site.Site, route: str, user: str
) -> None:
    ids = api_calls.make_things(site)
    marker = ids[SCOPED[route]]
    path = f"/v1/another/{route.format(**ids)}?marker={marker}"
    response = api_calls.ask(site.user(user, "another"), "GET", path, None)
    message = response.json["badRequest"]["message"]
    assert message == f"Unknown marker '{marker}'."


def test_every_route_knows_its_own_things(site: api_site.Site) -> None:
    ids = {
        **api_calls.make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "3f8af6c6-ecea-42bd-b44c-724785bbe5ea",
    }
    admin = site.user("admin")
    for route in api_calls.routes_below_project():
        method, _, pattern = route.partition(" ")
        if method != "GET":
            continue
        path = f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}"
        assert api_calls.ask(admin, method, path, None).status_int == 200, (
            route
        )
