# SPDX-License-Identifier: Apache-2.0
"""What the API does about a Keystone that is badly configured or away."""

from collections.abc import Iterator
from typing import Any

import pytest
import webob
from oslo_config import fixture as config_fixture

from karbor_copy.api import faults
from karbor_copy.api import keystone
from karbor_copy.conf import CONF
from tests.fixtures import ini
from tests.fixtures import keystone as keystone_fixture
from tools.servers import server

PATH = "/v1/p1/plans"


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options for a Keystone at a port where nothing serves."""
    return {
        "www_authenticate_uri": "https://keystone.example.org",
        "auth_type": "password",
        "auth_url": f"http://{server.HOST}:{server.free_port()}/v3",
        "username": "karbor",
        "password": "open sesame",
        "project_name": "service",
        "http_request_max_retries": 0,
    }


@pytest.fixture
def make(tmp_path: Any, options: dict[str, Any]) -> Iterator[Any]:
    fixture = config_fixture.Config(CONF)
    fixture.setUp()

    def make(seen: dict[str, Any] | None = None) -> Any:
        file = tmp_path / "karbor_copy.conf"
        file.write_text(ini.text({"keystone_authtoken": options}))
        CONF([], project="karbor_copy", default_config_files=[str(file)])

        def inner(environ: dict[str, Any], start_response: Any) -> Any:
            if seen is not None:
                seen.update(environ)
            return webob.Response()(environ, start_response)

        return faults.FaultMiddleware(keystone.Keystone(inner, CONF))

    yield make
    fixture.cleanUp()
    keystone_fixture.forget_options()


def send(application: Any, path: str = PATH, **environ: str) -> webob.Response:
    return webob.Request.blank(path, environ=environ).get_response(application)


def test_a_keystone_that_is_away_makes_the_service_unavailable(
    make: Any,
) -> None:
    response = send(make(), HTTP_X_AUTH_TOKEN="gAAAA")
    assert response.status_int == 503
    assert response.headers["Retry-After"] == "10"
    message = response.json["serviceUnavailable"]["message"]
    assert message == "Keystone does not answer."


def test_who_shows_no_token_is_told_where_to_get_one(make: Any) -> None:
    response = send(make())
    assert response.status_int == 401
    told = 'Keystone uri="https://keystone.example.org"'
    assert response.headers["WWW-Authenticate"] == told
    message = response.json["unauthorized"]["message"]
    assert message == faults.UNAUTHENTICATED


def test_without_an_address_for_users_it_is_the_services_own(
    make: Any, options: dict[str, Any]
) -> None:
    del options["www_authenticate_uri"]
    response = send(make())
    assert response.status_int == 401
    told = f'Keystone uri="{options["auth_url"]}"'
    assert response.headers["WWW-Authenticate"] == told


def test_what_no_token_answers_for_is_an_absence_too(
    make: Any, options: dict[str, Any]
) -> None:
    """The middleware itself lets such an error through."""
    options["cafile"] = "/nonexistent"
    options["auth_url"] = options["auth_url"].replace("http:", "https:")
    assert send(make(), HTTP_X_AUTH_TOKEN="gAAAA").status_int == 503


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/openapi.json", "/healthcheck", "/nope"]
)
def test_open_paths_ask_nobody(make: Any, path: str) -> None:
    seen: dict[str, Any] = {}
    made_up = {"HTTP_X_USER_ID": "root", "HTTP_X_ROLES": "admin"}
    application = make(seen)
    for token in ({}, {"HTTP_X_AUTH_TOKEN": "gAAAA"}):
        assert send(application, path, **token, **made_up).status_int == 200
        assert not set(made_up) & set(seen)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("auth_type", "", r"\[keystone_authtoken\] auth_type is needed"),
        ("auth_type", "magic", "magic could not be found"),
        ("auth_url", "", "not given: auth_url"),
    ],
)
def test_options_that_can_not_work_are_refused(
    make: Any, options: dict[str, Any], name: str, value: str, reason: str
) -> None:
    del options[name]
    if value:
        options[name] = value
    with pytest.raises(ValueError, match=reason):
        make()
