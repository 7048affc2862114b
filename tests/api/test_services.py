# SPDX-License-Identifier: Apache-2.0
"""Administrators enable and disable protection services."""

from typing import Any

import pytest

from karbor_copy.db import services
from tests.fakes import api_site

PATH = f"/v1/{api_site.PROJECT}/os-services"


@pytest.fixture
def service(site: api_site.Site) -> str:
    """Return the path of a protection service that reports."""
    services.report("worker-1", "karbor-protection", "topic")
    return f"{PATH}/{shown(site)['id']}"


def shown(site: api_site.Site, host: str = "worker-1") -> dict[str, Any]:
    (found,) = site.user("admin").get(f"{PATH}?host={host}").json["services"]
    return dict(found)


def test_disable_with_a_reason_and_enable(
    site: api_site.Site, service: str
) -> None:
    admin = site.user("admin")
    before = shown(site)
    body = {"status": "disabled", "disabled_reason": "a new disk"}
    disabled = admin.put_json(service, body).json["service"]
    assert disabled == {**before, **body} == shown(site)
    enabled = admin.put_json(service, {"status": "enabled"}).json["service"]
    assert enabled == before == shown(site)
    # It need not wait for its next poll.
    assert site.client.wakes == [("service", str(before["id"]))]


def test_disable_without_a_reason(site: api_site.Site, service: str) -> None:
    admin = site.user("admin")
    for body in (
        {"status": "disabled", "disabled_reason": "a new disk"},
        {"status": "disabled"},
    ):
        admin.put_json(service, body)
    assert shown(site)["status"] == "disabled"
    assert shown(site)["disabled_reason"] is None
    body = {"status": "enabled", "disabled_reason": None}
    admin.put_json(service, body)
    assert shown(site)["status"] == "enabled"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"status": "enabled", "disabled_reason": "why"}, "disabled_reason"),
        ({"status": "asleep"}, "status"),
        ({"disabled_reason": "why"}, "status"),
        ({"status": "disabled", "disabled_reason": 5}, "disabled_reason"),
        ({"status": "disabled", "disabled_reason": "x" * 256}, "255"),
        ({"status": "disabled", "disabled_reason": "a\nb"}, "disabled_reason"),
        ({"service": {"status": "disabled"}}, "status"),
        ({}, "status"),
    ],
)
def test_bad_bodies(
    site: api_site.Site, service: str, body: Any, message: str
) -> None:
    before = shown(site)
    answer = site.user("admin").put_json(service, body, status=400)
    assert message in answer.json["badRequest"]["message"]
    assert shown(site) == before


def test_a_service_of_another_kind(site: api_site.Site) -> None:
    services.report("other", "karbor-operationengine", "topic")
    path = f"{PATH}/{shown(site, 'other')['id']}"
    body = {"status": "disabled"}
    answer = site.user("admin").put_json(path, body, status=400)
    assert "karbor-protection" in answer.json["badRequest"]["message"]
    assert shown(site, "other")["status"] == "enabled"


@pytest.mark.parametrize(
    "service_id", ["0", "999999999", "9" * 30, "-1", "1.0", "x", "%C2%B2"]
)
def test_no_such_service(
    site: api_site.Site, service: str, service_id: str
) -> None:
    path = f"{PATH}/{service_id}"
    body = {"status": "disabled"}
    site.user("admin").put_json(path, body, status=404)
    assert shown(site)["status"] == "enabled"


def test_users_may_not(site: api_site.Site, service: str) -> None:
    site.user().put_json(service, {"status": "disabled"}, status=403)
    assert shown(site)["status"] == "enabled"
