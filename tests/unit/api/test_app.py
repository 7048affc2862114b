# SPDX-License-Identifier: Apache-2.0
"""The whole stack of middleware, in its order."""

from collections.abc import Iterator
from typing import Any

import pytest
import webob
from oslo_config import fixture as config_fixture

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
    base_url: str | None = None,
    **headers: str,
) -> webob.Response:
    application = app.make_app(
        CONF, providers or registry.Registry({}), api_site.FakeClient()
    )
    return webob.Request.blank(
        path,
        base_url=base_url,
        headers={
            "X-Auth-Token": "alice:p1",
            **{name.replace("_", "-"): headers[name] for name in headers},
        },
    ).get_response(application)


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


def test_links_behind_a_proxy(conf: config_fixture.Config) -> None:
    forwarded = {
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "backup.example.org",
    }
    here = send("/v1/", base_url="http://10.0.0.1:8799", **forwarded)
    href = here.json["version"]["links"][0]["href"]
    assert href == "http://10.0.0.1:8799/v1/"
    conf.config(group="oslo_middleware", enable_proxy_headers_parsing=True)
    there = send("/v1/", **forwarded)
    href = there.json["version"]["links"][0]["href"]
    assert href == "https://backup.example.org/v1/"


def test_browsers_of_another_origin(conf: config_fixture.Config) -> None:
    origin = "https://horizon.example.org"
    response = send(PATH, Origin=origin)
    assert "Access-Control-Allow-Origin" not in response.headers
    conf.config(group="cors", allowed_origin=[origin])
    response = send(PATH, Origin=origin)
    assert response.headers["Access-Control-Allow-Origin"] == origin
    stranger = send(PATH, Origin="https://example.net")
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_methods_that_are_not_allowed(conf: Any) -> None:
    application = app.make_app(
        CONF, registry.Registry({}), api_site.FakeClient()
    )
    response = webob.Request.blank(
        PATH, method="BREW", headers={"X-Auth-Token": "alice:p1"}
    ).get_response(application)
    assert response.status_int == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert response.json["badMethod"]["message"] == "BREW is not allowed here."


def test_a_path_that_is_no_text(conf: Any) -> None:
    response = send("/v1/p1/%ff")
    assert response.status_int == response.json["badRequest"]["code"] == 400


def test_a_query_that_does_not_print(conf: Any) -> None:
    response = send(f"{PATH}/OS::X/instances?name=%00")
    assert "'name'" in response.json["badRequest"]["message"]
