# SPDX-License-Identifier: Apache-2.0
"""Tests of what each binding sends, and of lists and names."""

from typing import Any

import pytest

from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from tests.fakes import scripted_api

ID = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
NEXT = [{"rel": "next", "href": "http://behind-a-proxy/"}]


def body_of(api: scripted_api.ScriptedApi, method: str) -> tuple[str, Any]:
    (request,) = api.sent(method)
    return request.path, request.body


def test_create_plan(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("POST", "/plans", {"plan": {"id": ID}})
    resource = {"type": "OS::Cinder::Volume", "id": ID, "name": "v"}
    assert client.plans.create("p", "prov", [resource]) == {"id": ID}
    plan = {
        "name": "p",
        "provider_id": "prov",
        "resources": [resource],
        "parameters": {},
        "description": None,
    }
    assert body_of(api, "POST") == ("/plans", {"plan": plan})


def test_update_plan(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("PUT", "/plans/p", {"plan": {"id": "p", "name": "new"}})
    assert client.plans.update("p", {"name": "new"})["name"] == "new"
    assert body_of(api, "PUT") == ("/plans/p", {"plan": {"name": "new"}})


def test_delete_plan_has_no_content(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("DELETE", "/plans/p", b"")
    client.plans.delete("p")
    assert body_of(api, "DELETE") == ("/plans/p", None)


def test_create_checkpoint_spells_extra_info_with_a_hyphen(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    path = "/providers/prov/checkpoints"
    api.on("POST", path, {"checkpoint": {"id": "c"}})
    client.checkpoints.create("prov", "p", {"why": "demo"})
    checkpoint = {"plan_id": "p", "extra-info": {"why": "demo"}}
    assert body_of(api, "POST") == (path, {"checkpoint": checkpoint})


def test_delete_checkpoint(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    path = "/providers/prov/checkpoints/c"
    api.on("DELETE", path, {})
    client.checkpoints.delete("prov", "c")
    assert body_of(api, "DELETE") == (path, None)


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {"plan_id": "p", "parameters": {}}),
        (
            {"target_provider_id": "two", "parameters": {"T": {}}},
            {
                "plan_id": "p",
                "parameters": {"T": {}},
                "target_provider_id": "two",
            },
        ),
    ],
)
def test_create_copy(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    options: Any,
    body: Any,
) -> None:
    path = "/providers/prov/checkpoints/action"
    api.on("POST", path, {"copy": {"id": "c"}}, status=202)
    assert client.copies.create("prov", "p", **options) == {"id": "c"}
    assert body_of(api, "POST") == (path, {"copy": body})


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_copy_actions(
    api: scripted_api.ScriptedApi, client: v1_client.Client, action: str
) -> None:
    api.on("POST", "/copies/c/action", {"copy": {"id": "c"}}, status=202)
    assert getattr(client.copies, action)("c") == {"id": "c"}
    assert body_of(api, "POST") == ("/copies/c/action", {action: None})


@pytest.mark.parametrize("noun", ["restore", "verification"])
def test_use_a_checkpoint(
    api: scripted_api.ScriptedApi, client: v1_client.Client, noun: str
) -> None:
    api.on("POST", f"/{noun}s", {noun: {"id": "u"}})
    uses = getattr(client, f"{noun}s")
    assert uses.create("prov", "c") == {"id": "u"}
    body = {"provider_id": "prov", "checkpoint_id": "c", "parameters": {}}
    assert body_of(api, "POST") == (f"/{noun}s", {noun: body})


def test_protectables(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    kind = "OS::Cinder::Volume"
    api.on("GET", "/protectables", {"protectable_type": [kind]})
    path = f"/protectables/{kind}/instances"
    api.on("GET", path, {"instances": [{"id": ID}]})
    api.on("GET", f"{path}/{ID}", {"instance": {"id": ID}})
    assert client.protectables.list_types() == [kind]
    assert list(client.protectables.list_instances(kind)) == [{"id": ID}]
    assert client.protectables.get_instance(kind, ID) == {"id": ID}


def test_pages_are_followed_by_marker(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on(
        "GET",
        "/plans",
        {"plans": [{"id": "a"}, {"id": "b"}], "plans_links": NEXT},
        {"plans": [{"id": "c"}]},
    )
    assert [p["id"] for p in client.plans.list({"name": "n"})] == list("abc")
    assert [r.query for r in api.requests] == [
        {"name": "n"},
        {"name": "n", "marker": "b"},
    ]


def test_an_empty_page_is_the_last(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", "/plans", {"plans": [], "plans_links": NEXT})
    assert list(client.plans.list()) == []


def test_limit_ends_a_list(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    page = {"plans": [{"id": "a"}, {"id": "b"}], "plans_links": NEXT}
    api.on("GET", "/plans", page)
    assert [p["id"] for p in client.plans.list(limit=2)] == ["a", "b"]
    assert [r.query for r in api.requests] == [{"limit": "2"}]


def test_find_by_id(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", f"/plans/{ID}", {"plan": {"id": ID}})
    assert client.plans.find(ID) == {"id": ID}


def test_find_by_name(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    plans = [{"id": "a", "name": "x"}, {"id": "b", "name": "xx"}]
    api.on("GET", "/plans", {"plans": plans})
    assert client.plans.find("x")["id"] == "a"


def test_find_by_a_name_that_looks_like_an_id(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", "/plans", {"plans": [{"id": "a", "name": ID}]})
    assert client.plans.find(ID)["id"] == "a"


@pytest.mark.parametrize("text", ["x", ID])
def test_find_no_such_name(
    api: scripted_api.ScriptedApi, client: v1_client.Client, text: str
) -> None:
    api.on("GET", "/plans", {"plans": []})
    reason = f"No plan has the name or id '{text}': 'plan list' shows them"
    with pytest.raises(errors.NameNotFound, match=reason):
        client.plans.find(text)


def test_find_ambiguous_name(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    plans = [{"id": "a", "name": "x"}, {"id": "b", "name": "x"}]
    api.on("GET", "/plans", {"plans": plans})
    with pytest.raises(errors.NameNotUnique, match="one of the ids a, b"):
        client.plans.find("x")


def test_reasons_of_operation_logs(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    logs = [{"error_info": None}, {"error_info": "disk full"}, {}]
    api.on("GET", "/operation_logs", {"operation_logs": logs})
    query = {"checkpoint_id": "c"}
    assert client.operation_logs.reasons(query) == ["disk full"]
    assert api.requests[0].query == query
