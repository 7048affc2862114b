# SPDX-License-Identifier: Apache-2.0
"""Checks every answer of the API against its OpenAPI document."""

import functools
import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import jsonschema
import referencing
import referencing.jsonschema

from karbor_copy.api import faults
from karbor_copy.api import routes
from karbor_copy.api.schemas import faults as fault_schema
from tests.fakes import api_document

_URI = "urn:openapi"


@functools.cache
def _router() -> routes.Router:
    return routes.Router(api_document.table())


@functools.cache
def _registry() -> "referencing.Registry[Any]":
    return referencing.Registry().with_resource(
        _URI,
        referencing.jsonschema.DRAFT202012.create_resource(
            api_document.load()
        ),
    )


@functools.cache
def _validator(text: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {"$id": _URI + ":answer", **json.loads(_absolute(text))},
        registry=_registry(),
    )


def _absolute(text: str) -> str:
    return text.replace('"#/components/', f'"{_URI}#/components/')


def check(schema: Mapping[str, Any], value: Any) -> None:
    """Fail unless the value is as the schema says."""
    validator = _validator(json.dumps(schema))
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    assert error is None, str(error)


def check_component(name: str, value: Any) -> None:
    """Fail unless the value is what the document calls by this name."""
    check({"$ref": f"#/components/schemas/{name}"}, value)


def operation(method: str, path: str) -> Any:
    """Return what the document says of a request, None for no operation."""
    try:
        match = _router().match(path.split("/")[1:])
    except faults.HTTPFault:
        return None
    name = routes.ALIASES.get(match.path, match.path)
    return api_document.load()["paths"][name].get(method.lower())


def resolve(value: Any) -> Any:
    """Return what a reference in the document leads to."""
    if "$ref" not in value:
        return value
    found = api_document.load()
    for part in value["$ref"].split("/")[1:]:
        found = found[part]
    return found


class Checker:
    """A WSGI application around the API's, called from this host."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        environ.setdefault("REMOTE_ADDR", "127.0.0.1")
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        seen: dict[str, Any] = {}

        def remember(status: str, headers: Any, *args: Any) -> Any:
            seen.update(code=int(status[:3]), headers=dict(headers))
            return start_response(status, headers, *args)

        body = b"".join(self._application(environ, remember))
        if method != "HEAD":
            _check(method, path, seen, body)
        return [body]


def _check(
    method: str, path: str, seen: Mapping[str, Any], body: bytes
) -> None:
    code, headers = seen["code"], seen["headers"]
    told = operation(method, path)
    response = (told or {"responses": {}})["responses"].get(str(code))
    if response is None:
        _check_untold(told, code)
        response = _fault(code)
    response = resolve(response)
    given = {name.lower() for name in headers}
    for name in response["headers"]:
        assert name.lower() in given, (method, path, code, name)
    if "content" not in response:
        assert body == b""
        return
    ((content_type, media),) = response["content"].items()
    assert headers["Content-Type"] == content_type
    value = json.loads(body) if "json" in content_type else body.decode()
    check(media["schema"], value)


def _check_untold(told: Any, code: int) -> None:
    """Fail unless this may be answered where the document is silent."""
    assert code >= 400
    if told is not None and told["security"]:
        # Whoever sends a body where none is taken.
        assert "requestBody" not in told, code
        assert code in (413, 415), code


def _fault(code: int) -> dict[str, Any]:
    return {
        "headers": {"X-Openstack-Request-Id": {}, "X-Compute-Request-Id": {}},
        "content": {"application/json": {"schema": fault_schema.fault(code)}},
    }
