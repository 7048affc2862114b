# SPDX-License-Identifier: Apache-2.0
"""Tests of sending a request and reading the answer."""

import socket
from typing import Any

import pytest

from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from tests.fakes import scripted_api


def fault(name: str, code: int, message: str) -> dict[str, Any]:
    return {name: {"code": code, "message": message}}


def test_token_and_project(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", "/plans/p", {"plan": {"id": "p"}})
    assert client.plans.get("p") == {"id": "p"}
    assert api.requests[0].token == "alice:demo"


def test_ids_are_quoted(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", "/plans/a/b?c", {"plan": {"id": "odd"}})
    assert client.plans.get("a/b?c") == {"id": "odd"}


def test_not_found_tells_the_servers_message_and_the_next_step(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on(
        "GET",
        "/plans/p",
        fault("itemNotFound", 404, "Plan p could not be found."),
        status=404,
        headers={"x-openstack-request-id": "req-1"},
    )
    with pytest.raises(errors.NotFound) as e:
        client.plans.get("p")
    assert str(e.value) == (
        "Plan p could not be found. Look for the right id or name with the "
        "noun's 'list'. (HTTP 404, request req-1)"
    )
    assert e.value.request_id == "req-1"


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (401, "Check the user"),
        (403, "Ask an administrator"),
        (409, r"No. Look at its state with 'show'. \(HTTP 409\)"),
        (500, "The log of the server"),
        (503, "Try again in a while"),
    ],
)
def test_next_steps(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    code: int,
    step: str,
) -> None:
    api.on("GET", "/plans/p", fault("x", code, "No."), status=code)
    with pytest.raises(errors.ApiError, match=step) as e:
        client.plans.get("p")
    assert (e.value.code, e.value.message) == (code, "No.")


def test_unavailable_is_an_error_of_its_own(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", "/plans/p", fault("x", 503, "No."), status=503)
    with pytest.raises(errors.Unavailable):
        client.plans.get("p")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>bad gateway</html>", "<html>bad gateway</html>"),
        (b"", "Bad Gateway"),
        ([1], "[1]"),
        ({}, "{}"),
        ({"a": {"b": 1}}, '{"a": {"b": 1}}'),
    ],
)
def test_errors_in_another_shape(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    body: Any,
    message: str,
) -> None:
    api.on("GET", "/plans/p", body, status=502)
    with pytest.raises(errors.ApiError) as e:
        client.plans.get("p")
    assert e.value.message == message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"hello", "no JSON"),
        ([1], "no JSON object"),
        ({"x": 1}, "it has no 'plan'"),
        (b"", "it has no 'plan'"),
    ],
)
def test_something_else_answers(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    body: Any,
    reason: str,
) -> None:
    api.on("GET", "/plans/p", body)
    with pytest.raises(errors.UnexpectedAnswer, match=reason):
        client.plans.get("p")


def test_a_path_that_leads_elsewhere(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    api.on("GET", "/plans", b"<html>not here</html>", status=404)
    with pytest.raises(errors.UnexpectedAnswer) as e:
        list(client.plans.list())
    assert "HTTP 404. Does the URL lead to a karbor-copy API?" in str(e.value)


def test_what_a_request_names_may_not_be_there(
    api: scripted_api.ScriptedApi, client: v1_client.Client
) -> None:
    """A mistyped id was taken for a service that is not there."""
    fault = {"itemNotFound": {"code": 404, "message": "No checkpoint c."}}
    api.on("POST", "/restores", fault, status=404)
    with pytest.raises(errors.NotFound, match="No checkpoint c"):
        client.restores.create("p", "c")


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        client = v1_client.connect(url, project="demo", user="alice")
        with pytest.raises(errors.Unreachable) as e:
            client.plans.get("p")
    assert str(e.value).startswith(
        f"No answer from {url}/v1/demo: the connection failed. Is the"
    )


def test_slow_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v1_client, "REQUEST_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = v1_client.connect(url, project="demo", user="alice")
        with pytest.raises(errors.Unreachable, match="it took too long"):
            client.plans.get("p")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8799", "ftp://x", "http:"])
def test_bad_url(url: str) -> None:
    with pytest.raises(errors.ClientError, match="is no URL of a service"):
        v1_client.connect(url, project="demo", user="alice")


def test_trailing_slash() -> None:
    with scripted_api.serving() as api:
        api.on("GET", "/plans/p", {"plan": {}})
        client = v1_client.connect(f"{api.url}/", project="demo", user="a")
        assert client.plans.get("p") == {}
