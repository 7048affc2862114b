# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document: valid, whole, and served to anyone."""

import json
import re
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest

from karbor_copy import policies
from karbor_copy.api.openapi import portable
from tests.fakes import api_calls
from tests.fakes import api_document
from tests.fakes import api_site
from tests.fakes import response_schemas

DOCUMENT = "/v1/openapi.json"


def operations() -> Iterator[tuple[str, Any]]:
    for path, methods in api_document.load()["paths"].items():
        for method, told in methods.items():
            yield f"{method.upper()} {path}", told


def test_it_is_valid() -> None:
    openapi_spec_validator.validate(api_document.load())


def test_it_has_every_route_and_no_other() -> None:
    assert {name for name, _ in operations()} == api_document.served()


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [told["operationId"] for _, told in operations()]
    assert len(set(ids)) == len(ids)


def test_every_operation_has_a_sentence() -> None:
    for name, told in operations():
        assert re.fullmatch(r"[A-Z][^.]+", told["summary"]), name


def test_every_path_of_a_policy_is_there() -> None:
    rules = {
        (f"{each['method']} {each['path']}", rule.name)
        for rule in policies.list_rules()
        for each in getattr(rule, "operations", ())
    }
    told = {
        (name, rule)
        for name, told in operations()
        for rule in told.get("x-openstack-policies", ())
    }
    assert told == rules


def test_a_token_is_asked_for_below_a_project_only() -> None:
    for name, told in operations():
        below = "{project_id}" in name
        assert told["security"] == ([{"token": []}] if below else []), name


def test_every_reference_leads_somewhere() -> None:
    document = api_document.load()
    text = json.dumps(document)
    references = set(re.findall(r'"\$ref": "#/components/(.*?)"', text))
    named = {
        f"{kind}/{name}"
        for kind in ("schemas", "responses", "headers")
        for name in document["components"][kind]
    }
    assert references == named


def test_what_can_be_done_next() -> None:
    links = {
        name: {
            target
            for answer in told["responses"].values()
            for target in answer.get("links", ())
        }
        for name, told in operations()
    }
    below = "POST /v1/{project_id}/"
    assert links[below + "plans"] == {
        "plans.show",
        "plans.update",
        "plans.delete",
        "checkpoints.create",
        "copies.create",
    }
    assert links[below + "providers/{provider_id}/checkpoints"] == {
        "checkpoints.show",
        "checkpoints.reset",
        "checkpoints.delete",
        "restores.create",
        "verifications.create",
    }
    assert links[below + "providers/{provider_id}/checkpoints/action"] == {
        "copies.show",
        "copies.action",
        "copies.index_members",
    }
    assert links["GET /v1/{project_id}/plans/{plan_id}"] == set()


def test_a_link_names_what_its_target_takes() -> None:
    document = api_document.load()
    answer = document["paths"]["/v1/{project_id}/plans"]["post"]["responses"]
    assert answer["200"]["links"]["checkpoints.create"] == {
        "operationId": "checkpoints.create",
        "parameters": {
            "project_id": "$request.path.project_id",
            "provider_id": "$response.body#/plan/provider_id",
        },
        "requestBody": {"checkpoint": {"plan_id": "$response.body#/plan/id"}},
    }


@pytest.mark.parametrize("token", ["", ":"])
def test_where_a_token_is_asked_for_it_is_needed(
    site: api_site.Site, token: str
) -> None:
    nobody = site.bearer(token)
    for name, told in operations():
        method, _, path = name.partition(" ")
        where = re.sub(r"{\w+}", api_site.GONE, path)
        answer = api_calls.ask(nobody, method, where, None)
        assert (answer.status_int == 401) == bool(told["security"]), name


def test_it_tells_below_which_path_the_api_is_served(
    site: api_site.Site,
) -> None:
    nobody = site.bearer("")
    for path, url in ("", "/"), ("/data-protect", "/data-protect"):
        answer = nobody.get(DOCUMENT, extra_environ={"SCRIPT_NAME": path})
        assert answer.json["servers"] == [{"url": url}]
    site.start(public_endpoint="https://backup.example.com/data-protect/")
    answer = site.bearer("").get(DOCUMENT)
    assert answer.json["servers"] == [{"url": "/data-protect"}]


def test_anyone_may_read_it(site: api_site.Site) -> None:
    answer = site.bearer("").get(DOCUMENT)
    assert answer.json == api_document.load()
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_it_is_sent_once(site: api_site.Site) -> None:
    nobody = site.bearer("")
    tag = nobody.get(DOCUMENT).headers["ETag"]
    again = nobody.get(DOCUMENT, headers={"If-None-Match": tag}, status=304)
    assert again.body == b""
    assert again.headers["ETag"] == tag
    nobody.get(DOCUMENT, headers={"If-None-Match": '"other"'}, status=200)


def test_its_head_is_without_a_body(site: api_site.Site) -> None:
    answer = site.bearer("").head(DOCUMENT)
    assert answer.body == b""
    assert answer.headers["ETag"]


def test_a_query_is_not_taken(site: api_site.Site) -> None:
    site.bearer("").get(f"{DOCUMENT}?a=b", status=400)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("POST plans", {"plan": {"name": " "}}),
        ("GET plans", {"plans": [{}]}),
    ],
)
def test_an_answer_that_is_not_told_fails(path: str, value: Any) -> None:
    method, _, noun = path.partition(" ")
    told = response_schemas.operation(method, f"/v1/p/{noun}")
    schema = told["responses"]["200"]["content"]["application/json"]["schema"]
    with pytest.raises(AssertionError):
        response_schemas.check(schema, value)


def test_schemas_are_made_portable() -> None:
    made = portable.portable(
        {
            "properties": {
                "format": {"type": "string", "pattern": r"^a\Z"},
                "b": {"format": "name that is not blank"},
            },
            "patternProperties": {r"^c\Z": {"format": "uuid"}},
            "allOf": ({"const": 1},),
        }
    )
    assert made == {
        "properties": {
            "format": {"type": "string", "pattern": "^a$"},
            "b": {"pattern": "[^ ]"},
        },
        "patternProperties": {"^c$": {"format": "uuid"}},
        "allOf": [{"const": 1}],
    }
