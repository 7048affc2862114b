# SPDX-License-Identifier: Apache-2.0
"""What else may come in, beside good bodies and bad ones."""

import json

import pytest

from karbor_copy.data_models import resource as resource_model
from tests.api import test_bad_input
from tests.fakes import api_plugins
from tests.fakes import api_site


def test_a_password_is_not_repeated(site: api_site.Site) -> None:
    response = site.user().post_json(
        f"/v1/{api_site.PROJECT}/restores",
        test_bad_input.restore(
            restore_auth={"type": "password", "password": "hunter2"}
        ),
        status=400,
    )
    assert "hunter2" not in response.text


def test_a_body_where_none_belongs(site: api_site.Site) -> None:
    response = site.user().request(
        f"/v1/{api_site.PROJECT}/plans",
        body=b"{}",
        headers={"Content-Type": "application/json"},
        status=400,
    )
    assert "no body" in response.json["badRequest"]["message"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "application/json; charset=latin1",
        "application/json; charset=nope",
        "application/json;charset=",
        "Application/JSON",
    ],
)
def test_a_media_type_in_other_words(
    site: api_site.Site, content_type: str
) -> None:
    for body, status in ((test_bad_input.plan(name="Ä"), 200), ({}, 400)):
        site.user().post(
            f"/v1/{api_site.PROJECT}/plans",
            json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": content_type},
            status=status,
        )


def test_a_resources_parameters_are_kept_under_one_form(
    site: api_site.Site,
) -> None:
    server = api_plugins.SERVERS[0]
    given = {f"{server.type}#{server.id.upper()}": {"consistent": True}}
    response = site.user().post_json(
        f"/v1/{api_site.PROJECT}/plans", test_bad_input.plan(parameters=given)
    )
    assert response.json["plan"]["parameters"] == {
        server.key: {"consistent": True}
    }


def test_the_limit_is_an_option(site: api_site.Site) -> None:
    site.start(max_body_size=1024)
    response = site.user().post(
        f"/v1/{api_site.PROJECT}/plans", b" " * 1025, status=413
    )
    fault = response.json["overLimit"]
    assert fault["retryAfter"] == "0"
    assert response.headers["Retry-After"] == "0"


def test_any_accept_gets_json(site: api_site.Site) -> None:
    response = site.user().get(
        f"/v1/{api_site.PROJECT}/plans", headers={"Accept": "text/html"}
    )
    assert response.content_type == "application/json"


@pytest.mark.parametrize("path", ["plans/%ff", "plans/%2e%2e", "a%2Fb"])
def test_odd_paths(site: api_site.Site, path: str) -> None:
    response = site.user().get(
        f"/v1/{api_site.PROJECT}/{path}", expect_errors=True
    )
    assert response.status_int in (400, 404)


def test_a_provider_that_copies_nowhere(site: api_site.Site) -> None:
    plan_id = "77777777-0000-4000-8000-000000000000"
    api_site.add_plan(plan_id, provider_id=api_site.TWO)
    response = site.user().post_json(
        f"/v1/{api_site.PROJECT}/providers/{api_site.TWO}/checkpoints/action",
        {"copy": {"plan_id": plan_id}},
        status=400,
    )
    assert "no provider to copy to" in response.json["badRequest"]["message"]


@pytest.mark.parametrize(
    ("path", "noun"), [("", "checkpoint"), ("/action", "copy")]
)
def test_a_plan_of_another_provider(
    site: api_site.Site, path: str, noun: str
) -> None:
    plan_id = "77777777-0000-4000-8000-000000000002"
    api_site.add_plan(plan_id, provider_id=api_site.TWO)
    response = site.user().post_json(
        f"/v1/{api_site.PROJECT}/providers/{api_site.ONE}/checkpoints{path}",
        {noun: {"plan_id": plan_id}},
        status=400,
    )
    assert "value in the plan" in response.json["badRequest"]["message"]


def test_a_plan_that_the_provider_can_not_protect(
    site: api_site.Site,
) -> None:
    share = resource_model.Resource(api_plugins.SHARE, "s1", "share")
    plan_id = "77777777-0000-4000-8000-000000000001"
    api_site.add_plan(plan_id, resources=(share,))
    response = site.user().post_json(
        f"/v1/{api_site.PROJECT}/providers/{api_site.ONE}/checkpoints",
        {"checkpoint": {"plan_id": plan_id}},
        status=400,
    )
    assert api_plugins.SHARE in response.json["badRequest"]["message"]
