# SPDX-License-Identifier: Apache-2.0
"""The whole stack of middleware, in its order."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import webob
from oslo_config import fixture as config_fixture
from oslo_context import context as oslo_context

from karbor_copy.api import app
from karbor_copy.conf import CONF
from karbor_copy.providers import registry
from tests.fakes import api_site

PATH = "/v1/p1/protectables"


@pytest.fixture
def conf() -> Iterator[config_fixture.Config]:
    fixture = config_fixture.Config(CONF)
    fixture.setUp()
    CONF([], project="karbor_copy", default_config_files=[])
    yield fixture
    fixture.cleanUp()


def send(
    path: str,
    providers: Any = None,
    method: str = "GET",
    **environ: Any,
) -> webob.Response:
    application = app.make_app(
        CONF, providers or registry.Registry({}), api_site.FakeClient()
    )
    return webob.Request.blank(
        path,
        method=method,
        environ={
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_X_AUTH_TOKEN": "alice:p1",
            **environ,
        },
    ).get_response(application)


class Unread:
    """A body that nobody may read."""

    def read(self, size: int = -1) -> bytes:
        raise RuntimeError(f"{size} bytes of a stranger's body were read")


class Ids(logging.Handler):
    """Remembers under which request each line is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        current = oslo_context.get_current()
        assert current is not None
        self.seen.append((record.levelname, current.request_id))


def test_every_answer_names_its_request(conf: Any) -> None:
    for path, status in ((PATH, 200), ("/nope", 404), ("/v1/p2/x", 400)):
        response = send(path)
        assert response.status_int == status
        name = response.headers["x-openstack-request-id"]
        assert name.startswith("req-")
        assert response.headers["x-compute-request-id"] == name


def test_what_breaks_tells_nothing_but_its_request(
    conf: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(registry.Registry):
        def resource_types(self) -> tuple[str, ...]:
            raise RuntimeError("a secret")

    response = send(PATH, Broken({}))
    fault = response.json["computeFault"]
    assert response.status_int == fault["code"] == 500
    assert fault["request_id"] == response.headers["x-openstack-request-id"]
    assert "secret" not in response.text
    assert "a secret" in caplog.text


def test_the_log_of_what_breaks_bears_the_id_of_the_answer(
    conf: Any,
) -> None:
    handler = Ids()
    logger = logging.getLogger("karbor_copy.api")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        send(PATH, HTTP_X_AUTH_TOKEN="bob:p1")
        handler.seen.clear()
        # It breaks before it is known who asks for what.
        response = send(
            PATH, **{"wsgi.input": Unread(), "CONTENT_LENGTH": "1"}
        )
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    request_id = response.json["computeFault"]["request_id"]
    assert handler.seen == [("ERROR", request_id), ("INFO", request_id)]


def test_a_strangers_body_is_not_read(conf: Any) -> None:
    response = send(
        PATH,
        REMOTE_ADDR="192.0.2.1",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": "1"},
    )
    assert response.status_int == 403


def test_an_application_made_meanwhile_disturbs_no_request(conf: Any) -> None:
    class Reloading(registry.Registry):
        def resource_types(self) -> tuple[str, ...]:
            app.make_app(CONF, self, api_site.FakeClient())
            return ()

    assert send(PATH, Reloading({})).json == {"protectable_type": []}


def test_browsers_of_another_origin(conf: Any) -> None:
    response = send(PATH, HTTP_ORIGIN="https://horizon.example.org")
    assert not [name for name in response.headers if "Access" in name]


@pytest.mark.parametrize("method", ["BREW", "OPTIONS"])
def test_methods_that_are_not_allowed(conf: Any, method: str) -> None:
    response = send(PATH, method=method)
    assert response.status_int == 405
    assert response.headers["Allow"] == "GET, HEAD"
    message = response.json["badMethod"]["message"]
    assert message == f"{method} is not allowed here."
    assert send("/v1/p1/nope", method=method).status_int == 404


def test_a_body_is_read_where_one_is_taken(conf: Any) -> None:
    bad: dict[str, Any] = {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "1",
    }
    for path, method, status in (
        ("/v1/p1/plans", "PATCH", 405),
        ("/v1/p1/nope", "POST", 404),
        ("/v1/p1/plans", "POST", 400),
    ):
        stream = io.BytesIO(b"{")
        answer = send(path, method=method, **{"wsgi.input": stream}, **bad)
        assert answer.status_int == status


def test_a_path_that_is_no_text(
    conf: Any, caplog: pytest.LogCaptureFixture
) -> None:
    response = send("/v1/p1/%ff")
    assert response.status_int == 400
    message = response.json["badRequest"]["message"]
    assert message == "The path is not UTF-8."
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("path", ["/v1//", "/v1//plans", "/v1//nope"])
def test_a_path_without_a_project(conf: Any, path: str) -> None:
    assert send(path).json["badRequest"]["message"] == "Malformed request url"
    assert send(path, HTTP_X_AUTH_TOKEN="").status_int == 401


def test_a_query_that_does_not_print(conf: Any) -> None:
    response = send(f"{PATH}/OS::X/instances?name=%00")
    assert "'name'" in response.json["badRequest"]["message"]
