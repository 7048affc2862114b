# SPDX-License-Identifier: Apache-2.0
"""The API behind a real Keystone: who comes in, and who does not."""

import contextlib
import pathlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from oslo_context import context as oslo_context

from tests.fakes import api_site
from tests.fakes import fault_proxy
from tests.fixtures import keystone
from tests.fixtures.keystone import ADMIN
from tests.fixtures.keystone import ALPHA
from tests.fixtures.keystone import BETA

BODY = {
    "plan": {
        "name": "mine",
        "provider_id": api_site.ONE,
        "parameters": {},
        "resources": [{"id": "a", "type": "OS::Nova::Server", "name": "b"}],
    }
}
#: Who asks where it does not matter.
READER = ("reader-alpha", ALPHA)


@contextlib.contextmanager
def serving(path: pathlib.Path, **options: Any) -> Iterator[api_site.Site]:
    made = api_site.Site(path, keystone.options(**options))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[api_site.Site]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def proxied(
    tmp_path: pathlib.Path,
) -> Iterator[tuple[api_site.Site, fault_proxy.Proxy]]:
    """Stand between the service and Keystone."""
    region = uuid.uuid4().hex
    with fault_proxy.proxying(keystone.url()) as proxy:
        keystone.offer("identity", region, f"{proxy.url}/v3")
        with serving(
            tmp_path,
            auth_url=f"{proxy.url}/v3",
            # The catalogue says where tokens are validated.
            interface="public",
            region_name=region,
            http_request_max_retries=0,
        ) as running:
            yield running, proxy


def path(project: str, rest: str = "plans") -> str:
    return f"/v1/{keystone.project_id(project)}/{rest}"


def asked(
    site: api_site.Site, token: str, where: str | None = None, **headers: str
) -> Any:
    return site.bearer(token).get(
        where or path(ALPHA), headers=headers, expect_errors=True
    )


def test_who_may_do_what(site: api_site.Site) -> None:
    reader = site.bearer(keystone.token("reader-alpha", ALPHA))
    assert reader.get(path(ALPHA)).json == {"plans": []}
    refused = reader.post_json(path(ALPHA), BODY, status=403)
    assert "plan:create" in refused.json["forbidden"]["message"]
    for role in ("member", "manager"):
        user = site.bearer(keystone.token(f"{role}-alpha", ALPHA))
        user.post_json(path(ALPHA), BODY)
        user.get(path(ALPHA, "os-services"), status=403)
    assert len(reader.get(path(ALPHA)).json["plans"]) == 2
    admin = site.bearer(keystone.token(ADMIN, ADMIN))
    assert admin.get(path(ADMIN, "os-services")).json == {"services": []}
    everybody = admin.get(path(ADMIN, "plans?all_tenants=1")).json["plans"]
    assert len(everybody) == 2


@pytest.mark.parametrize(
    ("user", "project"), [("member-beta", BETA), (ADMIN, ADMIN)]
)
def test_nobody_comes_into_another_project(
    site: api_site.Site, user: str, project: str
) -> None:
    stranger = site.bearer(keystone.token(user, project))
    answers = (
        stranger.get(path(ALPHA), status=400),
        stranger.post_json(path(ALPHA), BODY, status=400),
    )
    for answer in answers:
        assert answer.json["badRequest"]["message"] == "Malformed request url"
    assert api_site.counted()["plans"] == 0


@pytest.mark.parametrize("token", ["", "gAAAAABonsense", "member-alpha:x"])
def test_what_is_no_token_is_refused(site: api_site.Site, token: str) -> None:
    answer = asked(site, token)
    assert answer.status_int == 401
    told = f'Keystone uri="{keystone.url()}"'
    assert answer.headers["WWW-Authenticate"] == told
    assert answer.json["unauthorized"]["code"] == 401


@pytest.mark.parametrize(
    ("user", "scope"),
    [
        (ADMIN, {"system_scope": "all"}),
        (ADMIN, {"domain_id": "default"}),
        ("reader-alpha", {"unscoped": True}),
    ],
)
def test_a_token_must_be_for_a_project(
    site: api_site.Site, user: str, scope: dict[str, Any]
) -> None:
    if "domain_id" in scope:
        keystone.grant_on_domain(user, "admin")
    answer = asked(site, keystone.token(user, **scope))
    assert answer.status_int == 403
    message = answer.json["forbidden"]["message"]
    assert message == "The token must be scoped to a project."


def test_what_callers_make_up_is_not_believed(site: api_site.Site) -> None:
    made_up = {
        "X-Roles": "admin",
        "X-Role": "admin",
        "X-User-Id": "root",
        "X-Project-Id": keystone.project_id(ALPHA),
        "X-Identity-Status": "Confirmed",
        "OpenStack-System-Scope": "all",
    }
    services = path(ALPHA, "os-services")
    token = keystone.token(*READER)
    assert asked(site, token, services, **made_up).status_int == 403
    assert asked(site, "", services, **made_up).status_int == 401


def test_a_service_token_must_be_a_services(site: api_site.Site) -> None:
    token = keystone.token(*READER)
    service = keystone.token(keystone.SERVICE, "service")
    other = keystone.token("manager-alpha", ALPHA)
    for shown, status in ((service, 200), (other, 401), ("nonsense", 401)):
        answer = asked(site, token, **{"X-Service-Token": shown})
        assert answer.status_int == status


def test_an_application_credential_does_what_it_is_for(
    site: api_site.Site,
) -> None:
    rule = {"service": "data-protect", "method": "GET", "path": "/v1/*/plans"}
    with keystone.application_credential(
        "member-alpha", ALPHA, access_rules=[rule]
    ) as credential:
        user = site.bearer(keystone.token_for(credential))
        assert user.get(path(ALPHA)).json == {"plans": []}
        user.get(path(ALPHA, "copies"), status=401)
        user.post_json(path(ALPHA), BODY, status=401)


def test_what_outlives_a_request_holds_no_token(site: api_site.Site) -> None:
    project_id = keystone.project_id(ALPHA)
    api_site.add_plan(api_site.PLAN, project_id=project_id)
    api_site.add_checkpoint(project_id=project_id)
    token = keystone.token("member-alpha", ALPHA)
    service = keystone.token(keystone.SERVICE, "service")
    site.bearer(token).post_json(
        path(ALPHA, f"providers/{api_site.ONE}/checkpoints/action"),
        {"copy": {"plan_id": api_site.PLAN}},
        headers={"X-Service-Token": service},
        status=202,
    )
    # What wakes the workers, and what the next log line would show.
    (told,) = site.client.contexts
    for context in (told, oslo_context.get_current()):
        kept = repr(vars(context))
        assert project_id in kept
        assert token not in kept
        assert service not in kept


def test_keystone_is_asked_once_for_a_token(
    proxied: tuple[api_site.Site, fault_proxy.Proxy],
) -> None:
    site, proxy = proxied
    token = keystone.token(*READER)
    assert asked(site, token).status_int == 200
    count = len(proxy.requests)
    assert asked(site, token).status_int == 200
    assert len(proxy.requests) == count
    assert asked(site, keystone.token(*READER)).status_int == 200
    assert len(proxy.requests) == count + 1


def test_a_revoked_token_is_refused(tmp_path: pathlib.Path) -> None:
    token = keystone.token(*READER)
    with serving(tmp_path, token_cache_time=-1) as site:
        assert asked(site, token).status_int == 200
        keystone.revoke(token)
        assert asked(site, token).status_int == 401


def test_a_keystone_that_does_not_say_is_no_verdict(
    proxied: tuple[api_site.Site, fault_proxy.Proxy],
) -> None:
    site, proxy = proxied
    token = keystone.token(*READER)
    for status in (401, 403, 429, 500, 503):
        answer = fault_proxy.Answer(status)
        fault = fault_proxy.Fault(answer=answer, times=fault_proxy.FOREVER)
        proxy.faults[:] = [fault]
        assert asked(site, token).status_int == 503, status
        assert asked(site, "", "/healthcheck").status_int == 200
    # When it is back the service goes on without a restart.
    proxy.faults.clear()
    assert asked(site, token).status_int == 200
    # What is remembered serves while it is away.
    proxy.faults.append(fault)
    assert asked(site, token).status_int == 200


def test_a_service_that_keystone_does_not_know_is_unavailable(
    tmp_path: pathlib.Path,
) -> None:
    with serving(tmp_path, password="shut sesame") as site:
        assert asked(site, keystone.token(*READER)).status_int == 503


def test_what_is_for_memcached_does_not_harm_without_it(
    tmp_path: pathlib.Path,
) -> None:
    options = {
        "memcache_security_strategy": "ENCRYPT",
        "memcache_secret_key": "open sesame",
    }
    with serving(tmp_path, **options) as site:
        reader = site.bearer(keystone.token(*READER))
        for _ in range(2):
            assert reader.get(path(ALPHA)).json == {"plans": []}
