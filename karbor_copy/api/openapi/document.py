# SPDX-License-Identifier: Apache-2.0
"""Puts the OpenAPI document together."""

from collections.abc import Mapping
from typing import Any
from typing import Final

from karbor_copy import policies
from karbor_copy.api import expose
from karbor_copy.api.openapi import links
from karbor_copy.api.openapi import parameters
from karbor_copy.api.openapi import portable
from karbor_copy.api.openapi import responses
from karbor_copy.api.schemas import components

_VERSION: Final = "3.1.1"
_INFO: Final = {
    "title": "karbor_copy",
    "version": "1.0",
    "summary": "Copies of checkpoints in a second region",
    "description": "The API of Karbor, OpenStack's data protection service,"
    " version 1, and the copies beside it. Errors have Karbor's bodies.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_TOKEN: Final = {
    "type": "apiKey",
    "in": "header",
    "name": "X-Auth-Token",
    "description": "A token of Keystone, scoped to the project.",
}


def document(
    paths: Mapping[str, Mapping[str, expose.Handler]], root: str
) -> dict[str, Any]:
    """Return the document of path -> method -> handler, below a root."""
    places = [
        links.Place(
            id=_id(handler),
            path=path,
            method=method,
            operation=expose.operation_of(handler),
        )
        for path, methods in paths.items()
        for method, handler in methods.items()
    ]
    rules = _rules()
    told: dict[str, dict[str, Any]] = {path: {} for path in paths}
    for place in places:
        handler = paths[place.path][place.method]
        told[place.path][place.method.lower()] = {
            "operationId": place.id,
            "tags": [_noun(handler)],
            "summary": (handler.__doc__ or "").partition("\n")[0].rstrip("."),
            **_operation(place, places),
            **rules.get((place.method, place.path), {}),
        }
    return {
        "openapi": _VERSION,
        "info": _INFO,
        "servers": [{"url": root}],
        "paths": told,
        "components": {
            "schemas": components.COMPONENTS,
            "responses": responses.components(),
            "headers": responses.headers(),
            "securitySchemes": {"token": _TOKEN},
        },
    }


def _noun(handler: expose.Handler) -> str:
    return handler.__module__.rpartition(".")[2]


def _id(handler: expose.Handler) -> str:
    return f"{_noun(handler)}.{handler.__name__}"


def _operation(place: links.Place, places: list[links.Place]) -> Any:
    operation = place.operation
    answers = responses.responses(place.path, operation)
    found = links.links(place, places)
    if found:
        answers[str(operation.status)]["links"] = found
    told: dict[str, Any] = {
        "parameters": parameters.parameters(place.path, operation),
        "responses": answers,
        "security": [] if operation.rule is None else [{"token": []}],
    }
    if operation.schema is not None:
        told["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": portable.portable(operation.schema)
                }
            },
        }
    return told


def _rules() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what policy says of an operation, by method and path."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for rule in policies.list_rules():
        for each in getattr(rule, "operations", ()):
            told = found.setdefault((each["method"], each["path"]), {})
            told.setdefault("x-openstack-policies", []).append(rule.name)
    return found
