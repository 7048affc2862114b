# SPDX-License-Identifier: Apache-2.0
"""What a request passes through: its size, and who it says it is from."""

import io
from typing import Any

import pytest
import webob

from karbor_copy.api import faults
from karbor_copy.api import middleware


class Inner:
    """The application inside; keeps what reached it."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.body = b""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.environ = environ
        self.body = environ["wsgi.input"].read()
        return webob.Response()(environ, start_response)


def limited(**environ: Any) -> tuple[Inner, int]:
    inner = Inner()
    application = faults.FaultMiddleware(middleware.SizeLimit(inner, 10))
    request = webob.Request.blank("/", method="POST", environ=environ)
    return inner, request.get_response(application).status_int


@pytest.mark.parametrize("size", [0, 1, 10])
def test_a_body_within_the_limit(size: int) -> None:
    inner, status = limited(
        **{
            "CONTENT_LENGTH": str(size),
            "wsgi.input": io.BytesIO(b"x" * (size + 5)),
        }
    )
    assert status == 200
    assert inner.body == b"x" * size
    assert inner.environ["CONTENT_LENGTH"] == str(size)


@pytest.mark.parametrize("length", ["11", "9" * 4400])
def test_a_body_beyond_the_limit_is_not_read(length: str) -> None:
    stream = io.BytesIO(b"x" * 11)
    inner, status = limited(**{"CONTENT_LENGTH": length, "wsgi.input": stream})
    assert status == 413
    assert stream.tell() == 0
    assert inner.environ == {}


@pytest.mark.parametrize("length", ["-1", "1e3", "\u0661"])
def test_a_length_that_is_none(length: str) -> None:
    _, status = limited(CONTENT_LENGTH=length)
    assert status == 400


@pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
def test_a_body_in_chunks(size: int, status: int) -> None:
    inner, found = limited(
        **{
            "CONTENT_LENGTH": "",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": io.BytesIO(b"x" * size),
        }
    )
    assert found == status
    assert inner.body == (b"x" * size if status == 200 else b"")


def test_without_a_length_there_is_no_body() -> None:
    inner, status = limited(
        **{"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(b"x")}
    )
    assert (status, inner.body) == (200, b"")


def identified(**environ: str) -> tuple[dict[str, Any], int]:
    inner = Inner()
    application = faults.FaultMiddleware(middleware.NoAuth(inner))
    response = webob.Request.blank("/", environ=environ).get_response(
        application
    )
    return inner.environ, response.status_int


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
        "HTTP_X_STORAGE_TOKEN": "admin:p2",
        "HTTP_OPENSTACK_SYSTEM_SCOPE": "all",
    }
    environ, _ = identified(**made_up)
    assert not set(made_up) & set(environ)


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_host_is_served(address: str) -> None:
    _, status = identified(REMOTE_ADDR=address, HTTP_X_AUTH_TOKEN="a")
    assert status == 200


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "unknown"])
def test_no_other_host_is_served(address: str) -> None:
    environ, status = identified(
        REMOTE_ADDR=address, HTTP_X_AUTH_TOKEN="admin"
    )
    assert status == 403
    assert environ == {}
