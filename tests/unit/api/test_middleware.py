# SPDX-License-Identifier: Apache-2.0
"""What a request passes through: its line in the log, and its size."""

import io
import re
from typing import Any

import pytest
import webob
from oslo_context import context as oslo_context

from karbor_copy import context as request_context
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


class Cut:
    """A body that never comes whole."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _size: int) -> bytes:
        raise self._error


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


@pytest.mark.parametrize(
    ("length", "stream"),
    [
        ("5", io.BytesIO(b"four")),
        ("5", Cut(TimeoutError("timed out"))),
        ("5", Cut(ConnectionResetError())),
        ("", Cut(ValueError("Bad chunked transfer size: b'zz'"))),
    ],
)
def test_a_body_that_does_not_come_whole(length: str, stream: Any) -> None:
    inner = Inner()
    application = faults.FaultMiddleware(middleware.SizeLimit(inner, 10))
    environ = {
        "CONTENT_LENGTH": length,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": stream,
    }
    response = webob.Request.blank(
        "/", method="POST", environ=environ
    ).get_response(application)
    assert response.status_int == 400
    message = response.json["badRequest"]["message"]
    assert message == "The request body could not be read."
    assert response.headers["Connection"] == "close"
    assert inner.environ == {}


def test_one_line_a_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    class Identified(Inner):
        def __call__(self, environ: dict[str, Any], start: Any) -> Any:
            environ["HTTP_X_PROJECT_ID"] = "p1"
            return super().__call__(environ, start)

    for application in (Identified(), Inner()):
        webob.Request.blank(
            "/v1/p1/a%0Ab?secret=1",
            environ={"openstack.request_id": "req-1"},
        ).get_response(middleware.RequestLog(application))
    first, second = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(r"GET /v1/p1/a%0Ab 200, project p1, \d+ ms", first)
    assert re.fullmatch(r"GET /v1/p1/a%0Ab 200, project -, \d+ ms", second)


def test_the_log_knows_the_request_and_not_the_one_before() -> None:
    seen: list[Any] = []

    class Watcher(Inner):
        def __call__(self, environ: dict[str, Any], start: Any) -> Any:
            seen.append(oslo_context.get_current())
            return super().__call__(environ, start)

    before = request_context.RequestContext(user_id="u", project_id="p2")
    webob.Request.blank(
        "/", environ={"openstack.request_id": "req-1"}
    ).get_response(middleware.RequestLog(Watcher()))
    (current,) = seen
    assert current is not before
    assert (current.request_id, current.project_id) == ("req-1", None)


def test_what_monitoring_asks_fills_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    for route in ("/metrics", "/v1/"):
        webob.Request.blank(
            route,
            environ={
                "openstack.request_id": "req-1",
                middleware.ROUTE: route,
            },
        ).get_response(middleware.RequestLog(Inner()))
    assert [record.levelname for record in caplog.records] == [
        *("DEBUG", "INFO")
    ]
