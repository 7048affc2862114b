# SPDX-License-Identifier: Apache-2.0
"""Answers of operations: bodies, headers, and every kind of error."""

import http
from collections.abc import Iterator
from typing import Any
from typing import Final

from karbor_copy.api import expose
from karbor_copy.api import faults
from karbor_copy.api import hooks
from karbor_copy.api import path_ids
from karbor_copy.api.openapi import parameters
from karbor_copy.api.schemas import common
from karbor_copy.api.schemas import faults as schema

#: Beside those of each operation.
_ERRORS: Final = (400, 401, 403, 500, 503)
_BODY_ERRORS: Final = (413, 415)
_REQUEST_IDS: Final = ("X-Openstack-Request-Id", "X-Compute-Request-Id")
_HEADERS: Final = {
    401: "WWW-Authenticate",
    413: "Retry-After",
    503: "Retry-After",
}
_DESCRIPTIONS: Final = {
    400: "The request can't be served as it stands.",
    401: "The request bears no token, or one that is not known.",
    403: "Policy does not let the caller do this.",
    404: "The thing named does not exist, or not for this project.",
    409: "The request is right but the present state forbids it.",
    413: "The body is too large, or a limit would be passed.",
    415: "The body is not JSON.",
    500: "Something unexpected went wrong.",
    503: "Something that the service needs is away for the moment.",
}


def components() -> dict[str, Any]:
    """Return the errors, by their name."""
    return {
        _name(status): {
            "description": description,
            "headers": {
                **_request_ids(),
                **(
                    {_HEADERS[status]: _header(_HEADERS[status])}
                    if status in _HEADERS
                    else {}
                ),
            },
            "content": _content(hooks.CONTENT_TYPE, schema.fault(status)),
        }
        for status, description in _DESCRIPTIONS.items()
    }


def headers() -> dict[str, Any]:
    """Return the headers of answers, by name."""
    text = {"type": "string"}
    return {
        **{
            name: {
                "description": "The id of the request, to find it in logs.",
                "required": True,
                "schema": {**text, "pattern": "^req-"},
            }
            for name in _REQUEST_IDS
        },
        "Retry-After": {
            "description": "Seconds after which it is worth trying again.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        },
        "WWW-Authenticate": {
            "description": "How to log in.",
            "required": True,
            "schema": text,
        },
        "ETag": {
            "description": "Changes with the document.",
            "required": True,
            "schema": text,
        },
        "Cache-Control": {
            "description": "For how long the answer may be kept.",
            "required": True,
            "schema": text,
        },
    }


def responses(path: str, operation: expose.Operation) -> dict[str, Any]:
    """Return the answers of an operation, by status."""
    good = {operation.status: operation.answer, **operation.others}
    found: dict[int, Any] = {
        status: {"$ref": f"#/components/responses/{_name(status)}"}
        for status in _errors(path, operation)
    }
    for status, body in good.items():
        found[status] = {
            "description": http.HTTPStatus(status).phrase,
            "headers": {
                **_request_ids(),
                **{name: _header(name) for name in operation.headers},
            },
        }
        if body is not None:
            found[status]["content"] = _content(operation.content_type, body)
    return {str(status): found[status] for status in sorted(found)}


def _errors(path: str, operation: expose.Operation) -> Iterator[int]:
    yield from operation.errors
    if operation.rule is None:
        return
    yield from _ERRORS
    if set(parameters.path_names(path)) - set(path_ids.FREE):
        yield 404
    if operation.schema is not None:
        yield from _BODY_ERRORS


def _name(status: int) -> str:
    return faults.NAMES.get(status, faults.DEFAULT_NAME)


def _content(content_type: str, body: common.Schema) -> dict[str, Any]:
    return {content_type: {"schema": body}}


def _request_ids() -> dict[str, Any]:
    return {name: _header(name) for name in _REQUEST_IDS}


def _header(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/headers/{name}"}
