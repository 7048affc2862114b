# SPDX-License-Identifier: Apache-2.0
"""Without Keystone the caller is believed, and is on this host."""

from typing import Any

import pytest
import webob

from karbor_copy.api import faults
from karbor_copy.api import noauth


def identified(**environ: str) -> tuple[dict[str, Any], int]:
    """Return what a request was made of, and the status of its answer."""
    seen: dict[str, Any] = {}

    def inner(environ: dict[str, Any], start_response: Any) -> Any:
        seen.update(environ)
        return webob.Response()(environ, start_response)

    response = webob.Request.blank(
        "/",
        environ={
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:8799",
            **environ,
        },
    ).get_response(faults.FaultMiddleware(noauth.NoAuth(inner)))
    if response.status_int == 403:
        assert response.headers["Connection"] == "close"
    return seen, response.status_int


@pytest.mark.parametrize(
    ("token", "user", "project", "roles"),
    [
        ("alice:p1", "alice", "p1", "member,reader"),
        ("alice", "alice", "alice", "member,reader"),
        ("alice:", "alice", "alice", "member,reader"),
        ("admin:p1", "admin", "p1", "admin,member,reader"),
        ("Admin:p1", "Admin", "p1", "member,reader"),
        ("a:b@c.d_e-f", "a", "b@c.d_e-f", "member,reader"),
    ],
)
def test_tokens(token: str, user: str, project: str, roles: str) -> None:
    environ, _ = identified(HTTP_X_AUTH_TOKEN=token)
    assert environ["HTTP_X_USER_ID"] == user
    assert environ["HTTP_X_PROJECT_ID"] == project
    assert environ["HTTP_X_ROLES"] == roles


@pytest.mark.parametrize(
    "token", ["", ":p1", "alice:a/b", "alice:..", "a:b:c", "a:" + "p" * 256]
)
def test_tokens_that_are_none(token: str) -> None:
    environ, _ = identified(HTTP_X_AUTH_TOKEN=token)
    assert "HTTP_X_USER_ID" not in environ
    assert "HTTP_X_ROLES" not in environ


def test_what_the_caller_made_up_is_removed() -> None:
    made_up = {
        "HTTP_X_USER_ID": "root",
        "HTTP_X_TENANT_ID": "p2",
        "HTTP_X_ROLE": "admin",
        "HTTP_X_SERVICE_ROLES": "service",
        "HTTP_X_DOMAIN_ID": "d",
        "HTTP_X_IS_ADMIN_PROJECT": "True",
        "HTTP_X_SERVICE_CATALOG": "[]",
        "HTTP_OPENSTACK_SYSTEM_SCOPE": "all",
    }
    environ, _ = identified(**made_up)
    assert not set(made_up) & set(environ)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
)
def test_this_host_is_served(address: str) -> None:
    _, status = identified(REMOTE_ADDR=address, HTTP_X_AUTH_TOKEN="a")
    assert status == 200


@pytest.mark.parametrize(
    "address", ["", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "unknown"]
)
def test_no_other_host_is_served(address: str) -> None:
    environ, status = identified(
        REMOTE_ADDR=address, HTTP_X_AUTH_TOKEN="admin"
    )
    assert status == 403
    assert environ == {}


@pytest.mark.parametrize(
    "name", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"]
)
def test_nobody_is_served_through_a_proxy(name: str) -> None:
    _, status = identified(**{name: "127.0.0.1", "HTTP_X_AUTH_TOKEN": "admin"})
    assert status == 403


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:1", "127.0.0.1", "127.1.2.3:8799", "[::1]"],
)
def test_this_hosts_names(host: str) -> None:
    _, status = identified(HTTP_HOST=host, HTTP_X_AUTH_TOKEN="a")
    assert status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "attacker.example",
        "attacker.example:8799",
        "localhost.attacker.example",
        "127.0.0.1.attacker.example",
        "192.0.2.1:8799",
        "[2001:db8::1]:8799",
        "[::1",
        "localhost:8799:1",
    ],
)
def test_a_name_that_may_be_anybodys(host: str) -> None:
    environ, status = identified(HTTP_HOST=host, HTTP_X_AUTH_TOKEN="admin")
    assert status == 403
    assert environ == {}
