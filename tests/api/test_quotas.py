# SPDX-License-Identifier: Apache-2.0
"""Quotas: shown, set, and nothing done that goes beyond."""

import pytest
import webtest

from tests.fakes import api_site

BASE = f"/v1/{api_site.PROJECT}"
ACTION = f"{BASE}/providers/{api_site.ONE}/checkpoints/action"
COPY = {"copy": {"plan_id": api_site.PLAN}}


def check_refused(site: api_site.Site, path: str, body: object) -> None:
    before, wakes = api_site.counted(), list(site.client.wakes)
    answer = site.user().post_json(path, body, status=413)
    fault = answer.json["overLimit"]
    assert fault["message"] == "Quota exceeded for copies: at most 1."
    assert fault["retryAfter"] == answer.headers["Retry-After"] == "60"
    assert api_site.counted() == before
    assert site.client.wakes == wakes


def request_copy(site: api_site.Site) -> webtest.TestResponse:
    return site.user().post_json(ACTION, COPY, status=202)


def test_a_request_that_goes_beyond(site: api_site.Site) -> None:
    api_site.add_checkpoint()
    site.start("quotas", copies=1)
    check_refused(site, ACTION, COPY)
    site.start("quotas", copies=2)
    assert request_copy(site).json["copy"]["status"] == "wait_copying"


def test_a_retry_that_goes_beyond(site: api_site.Site) -> None:
    api_site.add_checkpoint()
    action = f"{BASE}/copies/{request_copy(site).json['copy']['id']}/action"
    site.user().post_json(action, {"cancel": None}, status=202)
    site.start("quotas", copies=1)
    check_refused(site, action, {"retry": None})
    site.start("quotas", copies=2)
    site.user().post_json(action, {"retry": None}, status=202)


QUOTAS = f"{BASE}/quotas/{api_site.PROJECT}"
OTHERS = f"{BASE}/quotas/{api_site.STRANGER}"
CLASS = f"{BASE}/quota_classes/default"
DEFAULTS = {"plans": 50, "checkpoints": -1, "copies": -1, "copy_gigabytes": -1}


def test_defaults(site: api_site.Site) -> None:
    shown = {"quota": {**DEFAULTS, "id": api_site.PROJECT}}
    for path in (QUOTAS, f"{QUOTAS}/defaults"):
        assert site.user().get(path).json == shown
    assert site.user().get(CLASS).json == {
        "quota_class": {**DEFAULTS, "id": "default"}
    }


def test_what_is_used(site: api_site.Site) -> None:
    request_copy(site)
    found = site.user().get(f"{QUOTAS}/detail").json["quota"]
    assert found["plans"] == {"limit": 50, "in_use": 3, "reserved": 0}
    assert found["copies"] == {"limit": -1, "in_use": 1, "reserved": 0}
    assert found["id"] == api_site.PROJECT


def test_set_and_forgotten(site: api_site.Site) -> None:
    admin = site.user("admin")
    answer = admin.put_json(CLASS, {"quota_class": {"plans": 60, "copies": 4}})
    assert answer.json == {
        "quota_class": {**DEFAULTS, "plans": 60, "copies": 4}
    }
    answer = admin.put_json(QUOTAS, {"quota": {"plans": 3}})
    assert answer.json == {"quota": {**DEFAULTS, "plans": 3, "copies": 4}}
    assert site.user().get(QUOTAS).json["quota"]["plans"] == 3
    assert admin.get(OTHERS).json["quota"]["plans"] == 60
    answer = admin.delete(QUOTAS)
    assert (answer.status_int, answer.body) == (200, b"")
    assert site.user().get(QUOTAS).json["quota"]["plans"] == 60


def test_a_plan_too_many(site: api_site.Site) -> None:
    body = {
        "plan": {
            "name": "one more",
            "provider_id": api_site.ONE,
            "parameters": {},
            "resources": [
                {"id": "a", "type": "OS::Nova::Server", "name": "b"}
            ],
        }
    }
    site.user("admin").put_json(QUOTAS, {"quota": {"plans": 3}})
    before = api_site.counted()
    answer = site.user().post_json(f"{BASE}/plans", body, status=413)
    assert answer.json["overLimit"]["message"] == (
        "Quota exceeded for plans: at most 3."
    )
    assert api_site.counted() == before
    site.user("admin").put_json(QUOTAS, {"quota": {"plans": 4}})
    site.user().post_json(f"{BASE}/plans", body, status=200)


def test_a_checkpoint_too_many(site: api_site.Site) -> None:
    path = f"{BASE}/providers/{api_site.ONE}/checkpoints"
    body = {"checkpoint": {"plan_id": api_site.PLAN}}
    used = site.user().get(f"{QUOTAS}/detail").json["quota"]["checkpoints"]
    limits = {"quota": {"checkpoints": used["in_use"]}}
    site.user("admin").put_json(QUOTAS, limits)
    answer = site.user().post_json(path, body, status=413)
    assert "checkpoints" in answer.json["overLimit"]["message"]


def test_others_see_and_set_nothing(site: api_site.Site) -> None:
    user = site.user()
    for path in (OTHERS, f"{OTHERS}/detail", f"{OTHERS}/defaults"):
        user.get(path, status=403)
    user.put_json(QUOTAS, {"quota": {"plans": 1000}}, status=403)
    user.delete(QUOTAS, status=403)
    user.put_json(CLASS, {"quota_class": {"plans": 1000}}, status=403)
    assert user.get(QUOTAS).json["quota"]["plans"] == 50


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"plans": -2},
        {"plans": None},
        {"plans": "many"},
        {"plans": 1.5},
        {"plans": True},
        {"plans": 2**31},
        {"volumes": 3},
    ],
    ids=str,
)
def test_limits_that_are_none(site: api_site.Site, limits: object) -> None:
    for path, key in ((QUOTAS, "quota"), (CLASS, "quota_class")):
        answer = site.user("admin").put_json(path, {key: limits}, status=400)
        assert key in answer.json["badRequest"]["message"]
    assert site.user().get(QUOTAS).json["quota"]["plans"] == 50


def test_there_is_one_class(site: api_site.Site) -> None:
    path = f"{BASE}/quota_classes/gold"
    site.user().get(path, status=404)
    body = {"quota_class": {"plans": 1}}
    site.user("admin").put_json(path, body, status=404)
