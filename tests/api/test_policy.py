# SPDX-License-Identifier: Apache-2.0
"""Who is let in where: every route, asked by everyone, in both projects."""

from collections.abc import Iterable
from typing import Any

import pytest
from oslo_policy import policy

from karbor_copy import policies
from karbor_copy.api import app
from tests.fakes import api_calls
from tests.fakes import api_site

#: The roles of a token, as Keystone implies them; each may more.
ROLES = {
    "nobody": "",
    "auditor": "auditor",
    "reader": "reader",
    "member": "member,reader",
    "manager": "manager,member,reader",
    "admin": "admin,manager,member,reader",
}
ORDER = list(ROLES)
#: The least that a route asks for. A new one finds its place here first.
LEAST = {
    "GET plans": "reader",
    "POST plans": "member",
    "GET plans/{plan_id}": "reader",
    "PUT plans/{plan_id}": "member",
    "DELETE plans/{plan_id}": "member",
    "GET providers": "reader",
    "GET providers/{provider_id}": "reader",
    "GET providers/{provider_id}/checkpoints": "reader",
    "POST providers/{provider_id}/checkpoints": "member",
    "POST providers/{provider_id}/checkpoints/action": "member",
    "GET providers/{provider_id}/checkpoints/{checkpoint_id}": "reader",
    "PUT providers/{provider_id}/checkpoints/{checkpoint_id}": "member",
    "DELETE providers/{provider_id}/checkpoints/{checkpoint_id}": "member",
    "GET copies": "reader",
    "GET copies/{copy_id}": "reader",
    "POST copies/{copy_id}/action": "member",
    "GET copies/{copy_id}/checkpoint_copies": "reader",
    "GET restores": "reader",
    "POST restores": "member",
    "GET restores/{restore_id}": "reader",
    "GET verifications": "reader",
    "POST verifications": "member",
    "GET verifications/{verification_id}": "reader",
    "GET protectables": "reader",
    "GET protectables/{resource_type}": "reader",
    "GET protectables/{resource_type}/instances": "reader",
    "GET protectables/{resource_type}/instances/{resource_id}": "reader",
    "GET operation_logs": "reader",
    "GET operation_logs/{operation_log_id}": "reader",
    "GET os-services": "admin",
    "PUT os-services/{service_id}": "admin",
    "GET quotas/{target_project_id}": "reader",
    "PUT quotas/{target_project_id}": "admin",
    "DELETE quotas/{target_project_id}": "admin",
    "GET quotas/{target_project_id}/defaults": "reader",
    "GET quotas/{target_project_id}/detail": "reader",
    "GET quota_classes/{class_name}": "reader",
    "PUT quota_classes/{class_name}": "admin",
}


class Believer:
    """In Keystone's place: a token is ``persona:project``."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        persona, _, project = environ["HTTP_X_AUTH_TOKEN"].partition(":")
        environ["HTTP_X_USER_ID"] = persona
        environ["HTTP_X_PROJECT_ID"] = project
        environ["HTTP_X_ROLES"] = ROLES[persona]
        return self._application(environ, start_response)  # type: ignore[no-any-return]


@pytest.fixture
def ids(site: api_site.Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the ids of things that are there; believe everybody then."""
    made = {
        **api_calls.make_things(site),
        "resource_type": "OS::Nova::Server",
        "resource_id": "3f8af6c6-ecea-42bd-b44c-724785bbe5ea",
    }
    monkeypatch.setattr(app, "authentication", lambda _conf: Believer)
    site.start()
    return made


def bodies(route: str) -> list[Any]:
    if route == "POST copies/{copy_id}/action":
        return [{"cancel": None}, {"retry": None}]
    return [api_calls.BODIES.get(route)]


def test_every_route_has_its_place() -> None:
    assert set(api_calls.routes_below_project()) == set(LEAST)


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    operations = {
        f"{operation['method']} {operation['path']}"
        for rule in policies.list_rules()
        if isinstance(rule, policy.DocumentedRuleDefault)
        for operation in rule.operations
    }
    assert operations == {
        route.replace(" ", f" {api_calls.PREFIX}", 1) for route in LEAST
    }


@pytest.mark.parametrize("persona", ROLES)
def test_own_project(
    site: api_site.Site, ids: dict[str, str], persona: str
) -> None:
    user = site.bearer(f"{persona}:{api_site.PROJECT}")
    for route, least in LEAST.items():
        method, _, pattern = route.partition(" ")
        path = f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}"
        for body in bodies(route):
            before = api_site.counted()
            answer = api_calls.ask(user, method, path, body)
            if ORDER.index(persona) < ORDER.index(least):
                assert answer.status_int == 403, route
                assert api_site.counted() == before
            else:
                # A thing may be gone, or not be in the state for this.
                assert answer.status_int in (200, 202, 204, 404, 409), route


@pytest.mark.parametrize("persona", ROLES)
def test_another_project(
    site: api_site.Site, ids: dict[str, str], persona: str
) -> None:
    before = api_site.counted()
    user = site.bearer(f"{persona}:{api_site.STRANGER}")
    for route in LEAST:
        method, _, pattern = route.partition(" ")
        path = f"/v1/{api_site.PROJECT}/{pattern.format(**ids)}"
        for body in bodies(route):
            answer = api_calls.ask(user, method, path, body)
            assert answer.status_int == 400, route
            message = answer.json["badRequest"]["message"]
            assert message == "Malformed request url"
    assert api_site.counted() == before
