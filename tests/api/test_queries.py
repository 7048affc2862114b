# SPDX-License-Identifier: Apache-2.0
"""No route ignores a query parameter, and each id may be in any form."""

from typing import Any

import pytest

from karbor_copy.api import query
from karbor_copy.api.v1 import checkpoint_use
from karbor_copy.api.v1 import checkpoints
from karbor_copy.api.v1 import copies
from karbor_copy.api.v1 import operation_logs
from karbor_copy.api.v1 import plans
from karbor_copy.api.v1 import protectables
from karbor_copy.api.v1 import providers
from tests.fakes import api_calls
from tests.fakes import api_plugins
from tests.fakes import api_site

BASE = f"/v1/{api_site.PROJECT}"
LISTINGS: dict[str, query.Listing] = {
    "plans": plans.LISTING,
    "providers": providers.LISTING,
    "providers/{provider_id}/checkpoints": checkpoints.LISTING,
    "copies": copies.LISTING,
    "copies/{copy_id}/checkpoint_copies": copies.MEMBER_LISTING,
    "restores": checkpoint_use.LISTING,
    "verifications": checkpoint_use.LISTING,
    "protectables/{resource_type}/instances": protectables.LISTING,
    "operation_logs": operation_logs.LISTING,
}


@pytest.fixture
def ids(site: api_site.Site) -> dict[str, str]:
    return {
        **api_calls.make_things(site),
        "resource_type": api_plugins.SERVER,
        "resource_id": api_plugins.SERVERS[0].id,
    }


def ask(site: api_site.Site, path: str, user: str = "admin") -> Any:
    return site.user(user).get(f"{BASE}/{path}", expect_errors=True)


def test_a_parameter_that_a_route_does_not_have(
    site: api_site.Site, ids: dict[str, str]
) -> None:
    before = api_site.counted()
    for route in api_calls.routes_below_project():
        method, _, pattern = route.partition(" ")
        response = api_calls.ask(
            site.user("admin"),
            method,
            f"{BASE}/{pattern.format(**ids)}?zzz=1",
            api_calls.BODIES.get(route),
        )
        message = response.json["badRequest"]["message"]
        assert message == "Unknown query parameter 'zzz'.", route
    assert api_site.counted() == before


@pytest.mark.parametrize("name", ["limit", "marker", "sort", "all_tenants"])
def test_paging_of_what_has_no_pages(
    site: api_site.Site, ids: dict[str, str], name: str
) -> None:
    for route in api_calls.routes_below_project():
        method, _, pattern = route.partition(" ")
        if method == "GET" and pattern not in LISTINGS:
            response = ask(site, f"{pattern.format(**ids)}?{name}=1")
            assert response.status_int == 400, route


@pytest.mark.parametrize("pattern", LISTINGS)
def test_every_sort_key_sorts(
    site: api_site.Site, ids: dict[str, str], pattern: str
) -> None:
    path = pattern.format(**ids)
    for key in LISTINGS[pattern].sort_keys:
        for direction in query.DIRECTIONS:
            response = ask(site, f"{path}?sort={key}:{direction}")
            assert response.status_int == 200, response.text
            (items,) = response.json.values()
            if key == "id":
                found = [item["id"] for item in items]
                wanted = sorted(found, reverse=direction == "desc")
                assert found == wanted
    refused = ask(site, f"{path}?sort_key=zzz").json["badRequest"]["message"]
    keys = ", ".join(LISTINGS[pattern].sort_keys)
    assert refused == f"Unknown sort key 'zzz', use {keys}."


@pytest.mark.parametrize("pattern", LISTINGS)
def test_every_id_may_be_in_any_form(
    site: api_site.Site, ids: dict[str, str], pattern: str
) -> None:
    listing, path = LISTINGS[pattern], pattern.format(**ids)
    for name in (*listing.filters, *listing.others):
        if not listing.is_uuid(name):
            continue
        value = ids.get(name, api_site.TWO)
        forms = (value, value.upper(), value.replace("-", ""))
        answers = [ask(site, f"{path}?{name}={form}") for form in forms]
        bodies = [list(answer.json.values())[0] for answer in answers]
        assert bodies[0] == bodies[1] == bodies[2]
        for wrong in ("nope", f"urn:uuid:{value}", f"{{{value}}}", ""):
            refused = ask(site, f"{path}?{name}={wrong}")
            message = refused.json["badRequest"]["message"]
            assert message == f"{name} {wrong!r} is no UUID."


@pytest.mark.parametrize("pattern", LISTINGS)
def test_a_marker_may_be_in_any_form(
    site: api_site.Site, ids: dict[str, str], pattern: str
) -> None:
    path = pattern.format(**ids)
    (items, *_) = ask(site, f"{path}?sort=id:asc").json.values()
    marker = items[0]["id"]
    forms = [marker]
    if LISTINGS[pattern].is_uuid("marker"):
        forms += [marker.upper(), marker.replace("-", "")]
    for form in forms:
        response = ask(site, f"{path}?sort=id:asc&marker={form}")
        assert list(response.json.values())[0] == items[1:]
    gone = ask(site, f"{path}?marker={api_site.GONE}").json["badRequest"]
    assert gone["message"] == f"Unknown marker '{api_site.GONE}'."
